"""The flight plan: which telecommands arrive when, from the mission's figures and the time there is.

The camera is set free; when it is out of reach, or so early that what was taken still comes home before
the end, the best pictures are chosen and everything is sent down at the high rate.
"""

from dataclasses import dataclass

from fsw.kernel.time import SECOND
from fsw.missions.mission_file import MissionFile

PING_NS = 2 * SECOND
WIFI_NS = 3 * SECOND
ARM_BEFORE_RELEASE_NS = 5 * SECOND
OUT_OF_REACH_NS = 5 * SECOND  # after the camera has passed the range of its Wi-Fi
DUMP_NS = 50 * SECOND  # all thumbnails and the chosen pictures, of the largest size too, at
DUMP_BIT_S = 1_784_000  # this rate of frame data; longer at lower ones
DUMP_SHARE = (2, 5)  # of what is left of a short flight
PORTRAIT_SPANS = 3.0  # how far a camera goes that shows its spacecraft from near to small
# From the first exposure until there is a picture to choose, and the least that a dump is worth.
FIRST_PICTURES_NS = 2 * SECOND
LEAST_DUMP_NS = 10 * SECOND


@dataclass(frozen=True, slots=True)
class Step:
    """A telecommand, by the mission time at which it is to arrive."""

    arrive_ns: int
    telecommand: str
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """steps: in order of arrival. note: what the time does not suffice for, in one line; or empty."""

    steps: tuple[Step, ...]
    note: str = ""


def housekeeping() -> Plan:
    """Nothing is released: telemetry and its downlink only."""
    return Plan((Step(PING_NS, "PING"),))


def portrait_ns(mission: MissionFile, light_time_ns: int) -> int:
    """How long the shortest flight is that shows what the mission shows: until the spacecraft is small in the
    picture, and what was chosen has come down."""
    watched_ns = round(PORTRAIT_SPANS * mission.orbiter.span_m / mission.camera.separation_speed_m_s * SECOND)
    return mission.release_ns + min(watched_ns, _reach_ns(mission)) + _dump_ns(mission) + light_time_ns


def release_only(mission: MissionFile) -> Plan:
    """The camera is set free, and nothing is chosen or sent down."""
    return Plan(tuple(_release(mission)))


def _release(mission: MissionFile) -> list[Step]:
    release_ns = mission.release_ns
    return [
        Step(min(PING_NS, release_ns), "PING"),
        Step(min(WIFI_NS, release_ns), "WIFI", "ON"),
        Step(max(0, release_ns - ARM_BEFORE_RELEASE_NS), "RELEASE_ARM"),
        Step(release_ns, "RELEASE_FIRE"),
    ]


def selfie(
    mission: MissionFile,
    duration_ns: int,
    light_time_ns: int,
    selection: int | None = None,
    stop_camera: bool = False,
) -> Plan:
    """The mission's main job in `duration_ns`, all of which has come down at its end.

    light_time_ns: one way, spacecraft to Earth. selection: how many full pictures, None for the
    mission's number. stop_camera: before the choice, since what it takes after that stays on board. A time
    too short for pictures gives a plan without them, and a note.
    """
    release_ns = mission.release_ns
    steps = _release(mission)
    last_ns = duration_ns - light_time_ns  # what is sent later is not received
    lost_ns = release_ns + _reach_ns(mission) + OUT_OF_REACH_NS
    pictures_ns = release_ns + round(mission.camera.first_frame_s * SECOND) + FIRST_PICTURES_NS
    window_ns = min(_dump_ns(mission), max(0, last_ns) * DUMP_SHARE[0] // DUMP_SHARE[1])
    window_ns = max(window_ns, LEAST_DUMP_NS)
    start_ns = min(lost_ns, last_ns - window_ns)
    if start_ns < pictures_ns:
        least_s = -(-(pictures_ns + LEAST_DUMP_NS + light_time_ns) // SECOND)
        note = f"{duration_ns / SECOND:g} s is too short for pictures to come down; the least is {least_s} s"
        return Plan(tuple(steps), note)
    count = mission.selection.full_pictures if selection is None else selection
    if stop_camera:
        steps.append(Step(start_ns, "CAMERA_STOP"))
    steps += [
        Step(start_ns, "SELECT_PICTURES", str(count)),
        Step(start_ns + SECOND, "DOWNLINK_RATE", "HIGH"),
        Step(start_ns + 2 * SECOND, "DUMP_START"),
    ]
    return Plan(tuple(steps))


def _reach_ns(mission: MissionFile) -> int:
    return round(mission.wifi.range_m / mission.camera.separation_speed_m_s * SECOND)


def _dump_ns(mission: MissionFile) -> int:
    return max(DUMP_NS, round(DUMP_NS * DUMP_BIT_S / mission.downlink.high.data_bit_s))
