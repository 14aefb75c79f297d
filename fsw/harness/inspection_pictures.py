"""The inspector's pictures: one of its host at each waypoint that it reached, as its camera writes them.

The camera looks to where navigation believes the host's centre to be. Exposures are a second at most, in
which the camera goes three centimetres: it is taken to stand still. The halo's axes (`fsw.world.halo`) lie in
the ICRF by where Earth is on the day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fsw.dictionary.inspector import InspectorEvent
from fsw.harness import picture_folder, truth
from fsw.inspection import InspectionFlight, Row
from fsw.kernel.time import SECOND
from fsw.missions.inspection import Inspection, Picture
from fsw.world import optics
from fsw.world.ephemeris import Ephemeris
from fsw.world.halo import AU_KM, SUN_KM
from fsw.world.inspection_view import HostView, Stand
from fsw.world.special import sine_cosine_degrees
from fsw.world.vectors import Matrix, Vector, add, cross, dot, length, scale, subtract, unit

OBLIQUITY_DEG = 23.4392911


@dataclass(frozen=True, slots=True)
class Photographed:
    """A picture with its entry in the index and the emulator's line about it. t_ns: the exposure begins;
    there_ns: it is read out."""

    entry: picture_folder.Entry
    octets: bytes
    known: str
    t_ns: int
    there_ns: int


def photograph(
    mission: Inspection, flight: InspectionFlight, rows: Iterable[Row], seed: int
) -> list[Photographed]:
    """Of each waypoint, when it was reached, in order of time. None without [picture]."""
    if mission.picture is None:
        return []
    when = {row.t_ns: row for row in rows}
    sun_km = length(subtract(flight.around.host.state(0)[0], (SUN_KM, 0.0, 0.0)))
    view = HostView(mission.picture, mission.epoch, sun_km / AU_KM, seed)
    inertial = _inertial_axes(mission)
    found = []
    for t_ns, said in flight.events:
        row = when.get(t_ns)
        if said.event is InspectorEvent.WAYPOINT_REACHED and row is not None and row.estimate is not None:
            stand = _stand(flight, row, row.estimate, inertial)
            found.append(_taken(mission, mission.picture, view, stand, int(said.values["waypoint"])))
    return found


def _inertial_axes(mission: Inspection) -> Matrix:
    """Of the halo's inertial axes, in the ICRF: x from the Sun to Earth at mission time zero, z north."""
    ephemeris = Ephemeris(mission.epoch)
    sine, cosine = sine_cosine_degrees(OBLIQUITY_DEG)
    north: Vector = (0.0, -sine, cosine)
    away = subtract(ephemeris.position_km("earth", 0), ephemeris.position_km("sun", 0))
    x = unit(subtract(away, scale(north, dot(away, north))))
    return x, cross(north, x), north


def _stand(flight: InspectionFlight, row: Row, estimate: Vector, inertial: Matrix) -> Stand:
    around, block = flight.around, flight.around.block(row.t_ns)
    host = tuple(_out_of(inertial, _out_of(around.axes, axis)) for axis in block.axes)
    look = block.to_body(scale(estimate, -1.0))
    return Stand(row.t_ns, block.to_body(row.at), look, (host[0], host[1], host[2]))


def _out_of(axes: Matrix, v: Vector) -> Vector:
    """From these axes to those in which they are given."""
    return add(add(scale(axes[0], v[0]), scale(axes[1], v[1])), scale(axes[2], v[2]))


def _taken(
    mission: Inspection, figures: Picture, view: HostView, stand: Stand, waypoint: int
) -> Photographed:
    taken = view.take(stand)
    file = f"full/{waypoint:07d}.jpg"
    said: dict[str, Any] = {
        "kind": "full",
        "picture": waypoint,
        "size": figures.size,
        "coding": "jpeg",
        "exposed_at_utc": mission.epoch.utc(stand.t_ns, 3),
        "exposure_us": taken.exposure_us,
        "range_m": round(stand.distance_m, 2),
        "target": mission.host.name,
        "phase_deg": round(stand.phase_deg, 2),
        "lamp": taken.lamp,
        "optics": {
            "telescope": mission.name,
            "instrument": "camera",
            "field_of_view_deg": figures.field_of_view_deg,
            "distortion": optics.DISTORTION,
        },
    }
    line_time_s = optics.LINE_TIME_S[figures.size_px]
    read_ns = round(line_time_s * SECOND) * figures.size_px[1]
    middle_ns = stand.t_ns + taken.exposure_us * 500 + read_ns // 2
    there_ns = stand.t_ns + taken.exposure_us * 1000 + read_ns
    known = truth.line(
        file,
        mission.epoch.utc(middle_ns, 6),
        stand.attitude_icrf,
        (0.0, 0.0, 0.0),
        line_time_s,
        scale(stand.host_icrf[0], -1.0),
        position_m=stand.at_m,
    )
    entry = picture_folder.entry(file, taken.octets, **said)
    return Photographed(entry, taken.octets, known, stand.t_ns, there_ns)
