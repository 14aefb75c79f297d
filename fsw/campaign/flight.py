"""One flight of a campaign, from its variation to the row that it adds to the table.

Measured from the truth of the simulation, not from telemetry: a campaign asks how the mission goes, and
flies without a ground unless it is told otherwise. A row depends on mission, campaign seed, run, and
`FlightSettings` alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.campaign.variation import AZIMUTH, Variation, varied
from fsw.core.errors import FswError
from fsw.devices.wifi import RANGE_STEP_M
from fsw.ground.plan import release_only, selfie
from fsw.kernel.time import SECOND
from fsw.missions import MissionFile
from fsw.missions.dispersions import Dispersions
from fsw.simulation import Link, Pictures, Settings, Simulation
from fsw.vehicles.camera import PACKET_OVERHEAD_OCTETS
from fsw.world.heavens import Heavens
from fsw.world.imaging import ReleasedCamera
from fsw.world.optics import DISTORTION

LINK_GONE_S = 5  # without the link so long, a flight without pictures is over
NEAR_S = 60  # closest approaches count from so long after the separation
ANSWERS_KEPT = 8192  # some 2 MB of each
LONGEST = 2  # times the mission's own duration, where the link does not end

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table. unit: empty for counts and texts."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class FlightSettings:
    """How every flight of a campaign is flown. duration_s: at most, None for twice the mission's own without
    pictures (which end when the link does), else the mission's own."""

    campaign_seed: int = 1
    pictures: Pictures = "none"
    link: Link = "none"
    duration_s: float | None = None


_DRAWN = {
    "separation_speed_m_s": ("m/s", "drawn: nominal speed of this device"),
    "direction_off_deg": ("deg", "drawn: angle between the mission's release direction and this device's"),
    AZIMUTH: ("deg", "drawn: of that angle, about the mission's direction"),
    "tumble_deg_s": ("deg/s", "drawn: rate of the tumble"),
    "wifi_loss_db": ("dB", "drawn: added to the Wi-Fi's other losses"),
    "battery_wh": ("Wh", "drawn: capacity of the camera's battery"),
    "sun_off_deg": ("deg", "drawn: added to the Sun's angle off the orbiter's +X"),
    "release_late_s": ("s", "drawn: how much later than planned RELEASE_FIRE arrives"),
}
_MEASURED = (
    Column("flown_s", "s", "mission time at which the flight was ended"),
    Column("separation_s", "s", "mission time at which the break-wire opened; none: it did not"),
    Column("speed_m_s", "m/s", "with which the camera left, the release mechanism's own spread included"),
    Column("off_nominal_deg", "deg", "angle between its way and the mission's release direction, likewise"),
    Column(
        "link_end_s",
        "s",
        "from the separation to the last whole second of mission time in which camera and orbiter heard each "
        "other; none: they still did at the end, or never",
    ),
    Column("link_end_range_m", "m", "distance from the point of release then"),
    Column(
        "link_end_why",
        "",
        "'battery': the camera had shut down; 'range': it had passed wifi.range_m; 'signal': neither",
    ),
    Column("range_end_s", "s", "from the separation until it passed wifi.range_m; none: it did not"),
    Column("wifi_sent_packets", "", "packets that the camera gave to its radio"),
    Column("wifi_lost_packets", "", "of these, the ones that no repeat brought over"),
    Column("wifi_sent_octets", "octets", "in the packets sent"),
    Column("wifi_lost_octets", "octets", "in the packets lost"),
    Column("pictures_due", "", "beats of the camera, first frame to the link's end, times its lenses"),
    Column(
        "pictures_deliverable",
        "",
        "expected number of these that the link could bring over whole, if it carried nothing else: on each "
        "beat the lesser of the lenses and what the net rate at that range holds in one period, times the "
        "chance that no packet of a picture is lost for good",
    ),
    Column("pictures_taken", "", "exposures that gave a picture"),
    Column("pictures_received", "", "of these, the ones that came down, thumbnail or full"),
    Column("battery_used_wh", "Wh", "drawn by the camera up to the flight's end"),
    Column("battery_left", "1", "what was left then, as a part of the capacity"),
    Column("range_at_end_m", "m", "distance from the point of release at the flight's end"),
    Column(
        "closest_m",
        "m",
        f"least distance from the orbiter's origin, at whole seconds from {NEAR_S} s after the separation to "
        "the flight's end",
    ),
    Column("sun_in_picture", "1", "part of the beats, to the link's end, with the Sun in either picture"),
    Column("host_in_picture", "1", "part of those with the orbiter's origin in either picture"),
    Column(
        "host_lit_in_picture",
        "1",
        "part of those with it in a picture and less than 90 deg between Sun and camera, seen from it",
    ),
    Column("task_restarts", "", "restarts of the orbiter's tasks"),
    Column("error", "", "why the flight could not be flown; everything measured is none then"),
)


def columns(dispersions: Dispersions) -> tuple[Column, ...]:
    """Of the table, in order."""
    names = list(dispersions.varied())
    if "direction_off_deg" in names:
        names.insert(names.index("direction_off_deg") + 1, AZIMUTH)
    drawn = (Column(f"drawn_{name}", *_DRAWN[name]) for name in names)
    head = (Column("run", "", "number of the run"), Column("seed", "", "of its flight"))
    return (*head, *drawn, *_MEASURED)


@lru_cache(maxsize=1)
def _sky_of(mission: "_ByItsSky") -> Heavens:
    """Shared by the flights of a process. They ask for the same instants: what they were told is kept."""
    heavens = Heavens.of(mission.file)
    for owner, question in (
        (heavens.ephemeris, "state"),
        (heavens.trajectory, "barycentric_state"),
        (heavens.trajectory, "state"),
        (heavens.trajectory, "planet_centred_state"),
        (heavens.trajectory, "plane_of_sun_and"),
    ):
        if hasattr(owner, question):
            setattr(owner, question, lru_cache(maxsize=ANSWERS_KEPT)(getattr(owner, question)))
    return heavens


class _ByItsSky:
    """A mission file, equal to every other with the same epoch and path."""

    def __init__(self, file: MissionFile) -> None:
        self.file = file
        self._sky = (file.mission.start_utc, file.trajectory)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByItsSky) and self._sky == other._sky

    def __hash__(self) -> int:
        return hash(self._sky)


def fly(mission: MissionFile, settings: FlightSettings, run: int) -> dict[str, Any]:
    """The row of one run: a value, or None, for each of `columns`."""
    variation = varied(mission, settings.campaign_seed, run)
    row: dict[str, Any] = {"run": run, "seed": variation.seed}
    row |= {f"drawn_{name}": value for name, value in variation.drawn.items()}
    row |= {column.name: None for column in _MEASURED}
    try:
        row |= _flown(mission, variation, settings)
    except FswError as error:
        row["error"] = str(error)
    return row


def _flown(mission: MissionFile, variation: Variation, settings: FlightSettings) -> dict[str, Any]:
    flown = variation.mission
    heavens = _sky_of(_ByItsSky(mission)).pointed(flown)
    alone = settings.pictures == "none"
    limit_s = flown.mission.default_duration_s * (LONGEST if alone else 1)
    limit_s = limit_s if settings.duration_s is None else settings.duration_s
    made = Settings(variation.seed, link=settings.link, pictures=settings.pictures, workers=0)
    with Simulation(flown, made, heavens=heavens) as simulation:
        limit_ns = round(limit_s * SECOND)
        way_ns = heavens.light_time.one_way_light_time_ns(limit_ns, "down")
        plan = release_only(flown) if alone else selfie(flown, limit_ns, way_ns)
        for step in plan.steps:
            simulation.command(step.telecommand, step.arguments, arrive_ns=step.arrive_ns)
        linked_ns: int | None = None
        while simulation.now_ns < limit_ns:
            simulation.run_until(min(simulation.now_ns + SECOND, limit_ns))
            if simulation.wifi.linked:
                linked_ns = simulation.now_ns
            elif alone and linked_ns is not None and simulation.now_ns - linked_ns >= LINK_GONE_S * SECOND:
                break
        simulation.finish()
        return _measured(mission, simulation, linked_ns)


def _measured(mission: MissionFile, simulation: Simulation, linked_ns: int | None) -> dict[str, Any]:
    """mission: the one that nothing was varied of."""
    flown, camera, wifi = simulation.mission, simulation.camera, simulation.wifi
    counters = simulation.orbiter.scheduler.counters()
    used_wh = camera.unit.energy_mj / 3_600_000
    row: dict[str, Any] = {
        "flown_s": simulation.now_ns / SECOND,
        "wifi_sent_packets": wifi.sent_packets,
        "wifi_lost_packets": wifi.lost_packets,
        "wifi_sent_octets": wifi.sent_octets,
        "wifi_lost_octets": wifi.lost_octets,
        "pictures_taken": camera.pictures_taken,
        "pictures_received": simulation.summary()["pictures_received"],
        "battery_used_wh": used_wh,
        "battery_left": 1.0 - used_wh / flown.camera.battery_wh,
        "task_restarts": sum(counter.restarts for counter in counters.values()),
    }
    if isinstance(simulation.released, ReleasedCamera):
        row |= _way(mission, simulation, simulation.released, linked_ns)
    return row


def _way(
    mission: MissionFile, simulation: Simulation, released: ReleasedCamera, linked_ns: int | None
) -> dict[str, Any]:
    """What the camera's way after the release says."""
    flown, release = simulation.mission, released.release
    count = (simulation.now_ns - release.t_ns) // SECOND + 1
    places, attitudes = released.each_second(count)
    ranges = np.array([release.range_m(release.t_ns + second * SECOND) for second in range(count)])
    row: dict[str, Any] = {
        "separation_s": release.t_ns / SECOND,
        "speed_m_s": release.speed_m_s,
        "off_nominal_deg": _angle_deg(release.direction, mission.orbiter.release_direction),
        "range_end_s": _passes(ranges, flown.wifi.range_m),
        "range_at_end_m": release.range_m(simulation.now_ns),
    }
    distances = np.sqrt((places * places).sum(axis=1))
    if count > NEAR_S:
        row["closest_m"] = float(distances[NEAR_S:].min())
    last_s = (simulation.now_ns if linked_ns is None else linked_ns - release.t_ns) / SECOND
    ended = linked_ns is not None and linked_ns < simulation.now_ns - SECOND
    if linked_ns is not None and ended:
        row["link_end_s"] = last_s
        row["link_end_range_m"] = release.range_m(linked_ns)
        off = not simulation.camera.radio_on
        # A second later it is further away, and the channel looks at ranges in steps.
        gone_m = release.range_m(linked_ns + SECOND) + RANGE_STEP_M
        row["link_end_why"] = "battery" if off else "range" if gone_m >= flown.wifi.range_m else "signal"
    beats_s = np.arange(
        flown.camera.first_frame_s, last_s if linked_ns is not None else 0.0, flown.camera.period_s
    )
    row |= _pictures(simulation, ranges, beats_s)
    if len(beats_s):
        sun = np.array(simulation.heavens.direction("sun", release.t_ns).unit)
        at = np.minimum(np.rint(beats_s).astype(int), count - 1)
        row |= _views(flown, places[at], attitudes[at], sun)
    return row


def _angle_deg(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    x, y = np.array(a), np.array(b)
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(x, y)), x @ y)))


def _passes(ranges: Doubles, limit_m: float) -> float | None:
    """When a range, known at whole seconds, first reaches a limit [s]; straight between them."""
    beyond = np.flatnonzero(ranges >= limit_m)
    if not beyond.size or beyond[0] == 0:
        return None
    second = int(beyond[0]) - 1
    return float(second + (limit_m - ranges[second]) / (ranges[second + 1] - ranges[second]))


def _pictures(simulation: Simulation, ranges: Doubles, beats_s: Doubles) -> dict[str, Any]:
    flown, link = simulation.mission, simulation.wifi
    camera = flown.camera
    mode = next(mode for mode in camera.mode if mode.name == camera.default_mode)
    # The encoder's ratio is that of eight bits a pixel, before the colours are made.
    octets = mode.width * mode.height / camera.jpeg_ratio
    part = flown.wifi.packet_octets - PACKET_OVERHEAD_OCTETS
    packets = -(-octets // part)
    whole = 8 * (octets + packets * PACKET_OVERHEAD_OCTETS)
    expected = 0.0
    for range_m in np.interp(beats_s, np.arange(len(ranges)), ranges).tolist():
        state = link.state_at(range_m)
        brought = min(float(camera.lenses), state.rate_bit_s * camera.period_s / whole)
        expected += brought * (1.0 - state.packet_loss) ** packets
    return {"pictures_due": len(beats_s) * camera.lenses, "pictures_deliverable": expected}


def _views(flown: MissionFile, places: Doubles, attitudes: Doubles, sun: Doubles) -> dict[str, Any]:
    """Parts of the beats in which Sun and orbiter are in the pictures. sun: unit vector, ICRF."""
    distances = np.sqrt((places * places).sum(axis=1))
    towards_host = -places / distances[:, None]
    host_in = _in_picture(flown, attitudes, towards_host)
    sun_in = _in_picture(flown, attitudes, np.broadcast_to(sun, places.shape))
    lit = (places @ sun) > 0.0
    return {
        "sun_in_picture": float(sun_in.mean()),
        "host_in_picture": float(host_in.mean()),
        "host_lit_in_picture": float((host_in & lit).mean()),
    }


def _in_picture(flown: MissionFile, attitudes: Doubles, directions: Doubles) -> npt.NDArray[np.bool_]:
    """Whether a direction (ICRF) falls into the picture of one of the lenses."""
    x, y, z = _into_body(attitudes, directions).T
    mode = next(mode for mode in flown.camera.mode if mode.name == flown.camera.default_mode)
    diagonal = np.hypot(mode.width, mode.height)
    across = np.hypot(x, y)
    off = np.arctan2(across, np.abs(z))  # lens B looks along -Z
    half = np.radians(flown.camera.field_of_view_deg / 2)
    # From the middle of the picture, as a part of its half diagonal.
    out = _image_height(off) / _image_height(half)
    scale = out / np.maximum(across, 1e-12)
    inside = (np.abs(x) * scale <= mode.width / diagonal) & (np.abs(y) * scale <= mode.height / diagonal)
    inside &= off <= half
    return np.asarray(inside if flown.camera.lenses == 2 else inside & (z > 0.0))


def _image_height(angle: Any) -> Any:
    """Of the lens: how far from the picture's middle a direction falls, in focal lengths."""
    square = angle * angle
    k1, k2, k3, k4 = DISTORTION
    return angle * (1.0 + square * (k1 + square * (k2 + square * (k3 + square * k4))))


def _into_body(attitudes: Doubles, directions: Doubles) -> Doubles:
    """From ICRF to the axes of bodies with these attitudes (w, x, y, z; body to ICRF)."""
    w, axis = attitudes[:, :1], -attitudes[:, 1:]
    across = np.cross(axis, directions)
    turned: Doubles = directions + 2.0 * (w * across + np.cross(axis, across))
    return turned
