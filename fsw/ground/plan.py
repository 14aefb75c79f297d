"""The flight plan: which telecommands arrive when, from the mission's figures and the time there is.

A camera that is released is set free; when it is out of reach, or so early that what was taken still comes
home before the end, the best pictures are chosen and everything is sent down at the high rate. One that stays
on board takes what the mission's observations ask for, and each observation's pictures come down behind it.
One that a rover puts on the ground watches it; what it took last comes down where the drive's legs ask.
"""

from dataclasses import dataclass

from fsw.kernel.time import SECOND
from fsw.missions.mission_file import MissionFile
from fsw.missions.mounted import MountedMission
from fsw.missions.portrait import PortraitMission

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
CHOICE_NS = 3 * SECOND  # of pictures on the ground, before the rover moves again
# Of a mounted camera: the high rate after its power, its exposure before the first beat.
HIGH_RATE_NS = 2 * SECOND
SETTINGS_NS = 5 * SECOND


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
    picture, and what was chosen has come down. Observations have their times: all of it."""
    if isinstance(mission, MountedMission | PortraitMission):
        return mission.default_duration_ns
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


def planned(
    mission: MissionFile,
    duration_ns: int,
    light_time_ns: int,
    selection: int | None = None,
    stop_camera: bool = False,
) -> Plan:
    """The mission's main job: see `selfie` and `observations`."""
    if isinstance(mission, MountedMission):
        return observations(mission, duration_ns, light_time_ns, selection)
    if isinstance(mission, PortraitMission):
        return portraits(mission, duration_ns, light_time_ns, selection)
    return selfie(mission, duration_ns, light_time_ns, selection, stop_camera)


def observations(
    mission: MountedMission, duration_ns: int, light_time_ns: int, selection: int | None = None
) -> Plan:
    """The camera on, then each observation's exposures, and its newest pictures down in the high rate.

    selection: how many full pictures of each, None for the mission's numbers. What does not come down before
    the end is left out, and a note says so.
    """
    last_ns = duration_ns - light_time_ns
    parse, period_ns = mission.epoch.parse, round(mission.camera.period_s * SECOND)
    power_ns = parse(mission.observation[0].begin_utc) - round(mission.camera.first_frame_s * SECOND)
    steps = [Step(min(PING_NS, power_ns), "PING"), Step(power_ns, "WIFI", "ON")]
    if power_ns + HIGH_RATE_NS < last_ns:
        steps.append(Step(power_ns + HIGH_RATE_NS, "DOWNLINK_RATE", "HIGH"))
    late = []
    for number, one in enumerate(mission.observation):
        begin_ns, end_ns = parse(one.begin_utc), mission.end_of(one)
        if end_ns + 3 * SECOND + LEAST_DUMP_NS > last_ns:
            late.append(one.name)
            continue
        steps.append(Step(begin_ns - SETTINGS_NS, "CAMERA_EXPOSURE", str(one.exposure_us)))
        if number:
            steps.append(Step(begin_ns - period_ns // 2, "CAMERA_START"))
        count = one.full_pictures if selection is None else selection
        final = one is mission.observation[-1]
        steps.append(Step(end_ns - period_ns // 2, "CAMERA_STOP"))
        if count:
            steps += _down(end_ns, count, final)
    return Plan(tuple(steps), _too_short(duration_ns, late))


def _down(end_ns: int, count: int, final: bool) -> list[Step]:
    """Behind what ended then: so many pictures in full; behind the last of all, thumbnails of all before."""
    content = "THUMBNAILS_THEN_SELECTED" if final else "SELECTED"
    return [
        Step(end_ns + SECOND, "SELECT_PICTURES", str(count)),
        Step(end_ns + 2 * SECOND, "DUMP_START", content),
    ]


def _too_short(duration_ns: int, late: list[str]) -> str:
    """A plan's note of what does not come down any more."""
    return f"{duration_ns / SECOND:g} s is too short for: {', '.join(late)}" if late else ""


def portraits(
    mission: PortraitMission, duration_ns: int, light_time_ns: int, selection: int | None = None
) -> Plan:
    """The camera down, and for each leg of the drive that asks for it the newest pictures in the high rate:
    chosen before the leg ends, so that none of what follows is among them. At the end of the last of them the
    camera stops, and all thumbnails come.

    selection: how many full pictures of each, None for the mission's numbers.
    """
    release_ns, last_ns = mission.release_ns, duration_ns - light_time_ns
    steps = _release(mission)
    wanted = [(mission.leg_end_ns(n), leg) for n, leg in enumerate(mission.drive.leg) if leg.full_pictures]
    late = [leg.name for end_ns, leg in wanted if end_ns + 3 * SECOND + LEAST_DUMP_NS > last_ns]
    if len(late) < len(wanted):
        steps.append(Step(release_ns + HIGH_RATE_NS, "DOWNLINK_RATE", "HIGH"))
    for number, (end_ns, leg) in enumerate(wanted):
        if leg.name in late:
            continue
        count = leg.full_pictures if selection is None else selection
        final = number == len(wanted) - 1
        if final:
            steps.append(Step(end_ns, "CAMERA_STOP"))
        steps += _down(end_ns if final else end_ns - CHOICE_NS, count, final)
    return Plan(tuple(steps), _too_short(duration_ns, late))


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
