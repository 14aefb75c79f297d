"""What the emulator knows of a picture and the ground does not: how the camera stood when it was taken.

`truth.jsonl`, a line for each full picture that came whole and was rendered:

    file            as in the ground's index
    middle_utc      middle of the exposure of the middle row, true time (the index has the camera's clock)
    attitude_icrf   w, x, y, z: lens axes (x right, y down in the picture, z boresight) -> ICRF, at that time
    rate_deg_s      angular velocity in lens axes
    line_time_s     from one row's exposure to the next one's
    position_m      of the camera in the orbiter's body axes
    sun_icrf        direction to the Sun

None of it came down: a real tumbling camera knows no attitude.
"""

import io
import json
from collections.abc import Iterator
from math import pi
from typing import Any

from PIL import ExifTags, Image

from fsw.ground.received_picture import TRUTH as FILE
from fsw.kernel.time import Epoch
from fsw.simulation import Simulation
from fsw.world.imaging import ReleasedCamera, read_out_of
from fsw.world.optics import LINE_TIME_S
from fsw.world.vectors import multiply

__all__ = ["FILE", "lines"]

_HALF_TURN = (0.0, 0.0, 1.0, 0.0)  # lens B: x and z reversed
_UNIQUE_ID = 0xA420


def lines(simulation: Simulation) -> Iterator[str]:
    """In the order of the ground's index."""
    released, pictures = simulation.released, simulation.control.pictures
    if not isinstance(released, ReleasedCamera) or simulation.settings.pictures != "rendered":
        return
    for entry in pictures.entries:
        if entry["complete"] and entry["kind"] == "full" and entry["coding"] == "jpeg":
            start_ns = _start_ns(pictures.contents(entry["file"]))
            yield json.dumps(_truth(released, simulation.epoch, entry, start_ns)) + "\n"


def _start_ns(jpeg: bytes) -> int:
    """Mission time of the exposure, from the camera's unique number of the picture (`PictureTags`)."""
    with Image.open(io.BytesIO(jpeg)) as image:
        unique = str(image.getexif().get_ifd(ExifTags.IFD.Exif)[_UNIQUE_ID])
    return int(unique[16:], 16) >> 1


def _truth(camera: ReleasedCamera, epoch: Epoch, entry: dict[str, Any], start_ns: int) -> dict[str, Any]:
    width, height = (int(side) for side in entry["size"].split("x"))
    middle_ns = start_ns + entry["exposure_us"] * 500 + read_out_of(width, height) // 2
    pose, light = camera.pose(middle_ns), camera.light(middle_ns)
    attitude, sign = multiply(light.scene_to_icrf, pose.attitude), 1
    if entry["lens"] == "B":
        attitude, sign = multiply(attitude, _HALF_TURN), -1
    x, y, z = (rate * 180 / pi for rate in pose.rate_rad_s)
    return {
        "file": entry["file"],
        "middle_utc": epoch.utc(middle_ns, 6),
        "attitude_icrf": attitude,
        "rate_deg_s": (x * sign, y, z * sign),
        "line_time_s": LINE_TIME_S[width, height],
        "position_m": pose.position_m,
        "sun_icrf": camera.sun_icrf(middle_ns),
    }
