"""What the emulator knows of a picture and the ground does not: how the camera stood when it was taken.

`truth.jsonl`, a line for each full picture that came whole and was rendered:

    file            as in the ground's index
    middle_utc      middle of the exposure of the middle row, true time (the index has the camera's clock)
    attitude_icrf   w, x, y, z: lens axes (x right, y down in the picture, z boresight) -> ICRF, at that time
    rate_deg_s      angular velocity in lens axes
    line_time_s     from one row's exposure to the next one's
    position_m      of a released camera in the orbiter's body axes, of one on the ground in the site's
                    (east, north, up); a mounted one has none
    sun_icrf        direction to the Sun
    target          what a mounted camera was to look at, and target_km, how far away its centre was

None of it came down: a real tumbling camera knows no attitude.
"""

import io
import json
from collections.abc import Iterator
from math import pi
from typing import Any

from PIL import ExifTags, Image

from fsw.ground.received_picture import TRUTH as FILE
from fsw.kernel.time import SECOND, Epoch
from fsw.missions.mounted import MountedMission
from fsw.simulation import Simulation
from fsw.world.imaging import ReleasedCamera, read_out_of
from fsw.world.mounted import MountedView
from fsw.world.optics import LINE_TIME_S
from fsw.world.portrait import PlacedView
from fsw.world.vectors import Quaternion, Vector, length, multiply, quaternion_from_axes

__all__ = ["FILE", "line", "lines"]

_HALF_TURN = (0.0, 0.0, 1.0, 0.0)  # lens B: x and z reversed
_UNIQUE_ID = 0xA420


def lines(simulation: Simulation) -> Iterator[str]:
    """In the order of the ground's index."""
    released, pictures = simulation.released, simulation.control.pictures
    if released is None or simulation.settings.pictures != "rendered":
        return
    for entry in pictures.entries:
        if entry["complete"] and entry["kind"] == "full" and entry["coding"] == "jpeg":
            start_ns = _start_ns(pictures.contents(entry["file"]))
            if isinstance(released, ReleasedCamera):
                yield _released(released, simulation.epoch, entry, start_ns)
            elif isinstance(released, PlacedView):
                yield _placed(released, simulation.epoch, entry, start_ns)
            elif isinstance(released, MountedView):
                yield _mounted(released, simulation.mission, entry, start_ns)


def line(
    file: str,
    middle_utc: str,
    attitude_icrf: Quaternion,
    rate_rad_s: Vector,
    line_time_s: float,
    sun_icrf: Vector,
    **more: Any,
) -> str:
    """One of the file."""
    known = {
        "file": file,
        "middle_utc": middle_utc,
        "attitude_icrf": attitude_icrf,
        "rate_deg_s": [rate * 180 / pi for rate in rate_rad_s],
        "line_time_s": line_time_s,
        **more,
        "sun_icrf": sun_icrf,
    }
    return json.dumps(known) + "\n"


def _start_ns(jpeg: bytes) -> int:
    """Mission time of the exposure, from the camera's unique number of the picture (`PictureTags`)."""
    with Image.open(io.BytesIO(jpeg)) as image:
        unique = str(image.getexif().get_ifd(ExifTags.IFD.Exif)[_UNIQUE_ID])
    return int(unique[16:], 16) >> 1


def _size(entry: dict[str, Any]) -> tuple[int, int]:
    width, height = (int(side) for side in entry["size"].split("x"))
    return width, height


def _released(camera: ReleasedCamera, epoch: Epoch, entry: dict[str, Any], start_ns: int) -> str:
    middle_ns = start_ns + entry["exposure_us"] * 500 + read_out_of(*_size(entry)) // 2
    pose, light = camera.pose(middle_ns), camera.light(middle_ns)
    attitude, sign = multiply(light.scene_to_icrf, pose.attitude), 1
    if entry["lens"] == "B":
        attitude, sign = multiply(attitude, _HALF_TURN), -1
    x, y, z = pose.rate_rad_s
    return line(
        entry["file"],
        epoch.utc(middle_ns, 6),
        attitude,
        (x * sign, y, z * sign),
        LINE_TIME_S[_size(entry)],
        camera.sun_icrf(middle_ns),
        position_m=pose.position_m,
    )


def _placed(camera: PlacedView, epoch: Epoch, entry: dict[str, Any], start_ns: int) -> str:
    middle_ns = start_ns + entry["exposure_us"] * 500 + read_out_of(*_size(entry)) // 2
    attitude, rate, sun = camera.standing(middle_ns)
    return line(
        entry["file"],
        epoch.utc(middle_ns, 6),
        attitude,
        rate,
        LINE_TIME_S[_size(entry)],
        sun,
        position_m=camera.pose.position_m,
    )


def _mounted(camera: MountedView, mission: Any, entry: dict[str, Any], start_ns: int) -> str:
    assert isinstance(mission, MountedMission)
    line_time_s = mission.camera.mount.line_time_s
    read_ns = round(SECOND * line_time_s * _size(entry)[1])
    middle_ns = start_ns + entry["exposure_us"] * 500 + read_ns // 2
    target = mission.observed_at(middle_ns).target
    return line(
        entry["file"],
        mission.epoch.utc(middle_ns, 6),
        quaternion_from_axes(*camera.axes(middle_ns)),
        camera.rate_rad_s(middle_ns),
        line_time_s,
        camera.sun_icrf(middle_ns),
        target=target,
        target_km=length(camera.way_km(target, middle_ns)),
    )
