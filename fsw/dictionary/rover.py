"""The rover's book: what its computer understands and tells. All ours; nothing is published of Zhurong's.

ST[8] functions, ST[17] connection test, ST[1] verification, ST[3] structures and ST[5] events, on an
application process of its own.
"""

from dataclasses import replace
from enum import IntEnum, unique
from functools import partial

import construct

from fsw.dictionary import verification
from fsw.dictionary.book import Book
from fsw.dictionary.events import event_report
from fsw.dictionary.identifiers import (
    ROVER_APID,
    BootKind,
    BootReason,
    FailureCode,
    Origin,
    RestartReason,
    Switch,
    Task,
)
from fsw.dictionary.parameter import Limits, Linear, Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.services import st13_large_packets
from fsw.dictionary.telecommand import Argument, Telecommand

_U8, _U16, _U32 = construct.Int8ub, construct.Int16ub, construct.Int32ub
_S16, _S32 = construct.Int16sb, construct.Int32sb

MOST_DISTANCE_M = 100.0
MINUTES_A_DAY = 1440
MOST_AHEAD_S = 5_000_000


@unique
class DriveState(IntEnum):
    """What the wheels are told to do."""

    STANDING = 0
    DRIVING = 1
    TURNING = 2


class Function(IntEnum):
    """Function identifiers of ST[8,1] on the rover."""

    DRIVE = 1
    TURN = 2
    STOP = 3
    PLAN_DRIVE = 4
    PLAN_PICTURE = 8
    WAKE_AT = 16
    SLEEP = 17
    PASS_AT = 18


class RoverStructure(IntEnum):
    """Structure identifiers (SID)."""

    ENERGY = 1
    MOBILITY = 2
    LINK = 3


@unique
class RoverEvent(IntEnum):
    """Event identifiers of the rover; the first are those that any computer here has."""

    COMPUTER_STARTED = 1
    TASK_RESTARTED = 2
    MAILBOX_OVERFLOW = 3
    BUDGET_OVERRUN = 4
    TC_REJECTED = 5
    DRIVE_DONE = 16
    HAZARD_STOP = 17
    DRIVE_STOPPED = 18
    PLAN_DROPPED = 19
    PICTURE_TAKEN = 24
    GOING_TO_SLEEP = 32
    BATTERY_LOW = 33
    SESSION_BEGUN = 48
    SESSION_ENDED = 49


def _function(
    function: Function,
    effect: str,
    verified: str,
    *arguments: Argument,
    failures: tuple[FailureCode, ...] = (),
) -> Telecommand:
    return Telecommand(function.name, 8, 1, effect, verified, failures, arguments, int(function), ROVER_APID)


_HEADING = Argument(Parameter("heading_deg", _U16, "From north by east", "deg", Linear(0.01)), 0.0, 359.99)

_DISTANCE = Argument(Parameter("distance_m", _U16, "How far", "m", Linear(0.01)), 0.5, MOST_DISTANCE_M)
_MINUTES = Argument(
    Parameter("minutes", _U16, "Local mean solar time, a sol has 1440 of these", "min"), 0, MINUTES_A_DAY - 1
)

TELECOMMANDS = (
    _function(
        Function.DRIVE,
        "Turns in place to this heading, then drives straight on, half a metre at a time; stops before what"
        " the hazard cameras see.",
        "Progress at each step; event DRIVE_DONE; `odometer_m` in HOUSEKEEPING_MOBILITY.",
        _DISTANCE,
        _HEADING,
        failures=(
            FailureCode.BUSY,
            FailureCode.LOW_POWER,
            FailureCode.HAZARD_AHEAD,
            FailureCode.ABORTED,
            FailureCode.NO_ANSWER,
        ),
    ),
    _function(
        Function.PLAN_DRIVE,
        "Keeps a drive for the next such local time, in place of one kept before. It outlives sleep.",
        "Event DRIVE_DONE, HAZARD_STOP, DRIVE_STOPPED or PLAN_DROPPED at that time.",
        _MINUTES,
        _DISTANCE,
        _HEADING,
    ),
    _function(
        Function.TURN,
        "Turns in place until the heading is this.",
        "`heading_deg` in HOUSEKEEPING_MOBILITY.",
        _HEADING,
        failures=(FailureCode.BUSY, FailureCode.LOW_POWER, FailureCode.ABORTED, FailureCode.NO_ANSWER),
    ),
    _function(
        Function.STOP,
        "Stops the wheels; what was under way fails with ABORTED.",
        "Event DRIVE_STOPPED if they turned.",
    ),
    _function(
        Function.PLAN_PICTURE,
        "Keeps a picture by the mast camera for the next such local time, in place of one kept before. It"
        " outlives sleep.",
        "Event PICTURE_TAKEN at that time; then report PICTURE, in parts.",
        _MINUTES,
        Argument(Parameter("azimuth_deg", _U16, "From north by east", "deg", Linear(0.01)), 0.0, 359.99),
        Argument(Parameter("elevation_deg", _S16, "Up", "deg", Linear(0.01)), -80.0, 80.0),
    ),
    _function(
        Function.WAKE_AT,
        "Sets when the computer wakes each sol.",
        "`wake_minutes` in HOUSEKEEPING_ENERGY.",
        _MINUTES,
    ),
    _function(
        Function.SLEEP,
        "Puts the computer to sleep until it wakes next. Nothing is heard until then.",
        "Event GOING_TO_SLEEP.",
        failures=(FailureCode.BUSY,),
    ),
    _function(
        Function.PASS_AT,
        "Keeps a pass of the orbiter: the computer wakes for it, and stays awake until it is over.",
        "Event SESSION_BEGUN at that time.",
        Argument(Parameter("in_s", _U32, "How far ahead it begins", "s"), 0, MOST_AHEAD_S),
        Argument(Parameter("for_s", _U16, "How long it lasts", "s"), 1, 43_200),
        failures=(FailureCode.NO_ROOM,),
    ),
    Telecommand(
        "PING",
        17,
        1,
        "Asks whether the computer runs.",
        "Report ALIVE.",
        apid=ROVER_APID,
    ),
)


def _analogue(
    name: str, text: str, unit: str, scale: float, limits: Limits | None = None, layout: object = _U16
) -> Parameter:
    return Parameter(name, layout, text, unit, Linear(scale), limits=limits, overflow="saturate")


def _counter(name: str, text: str, layout: object = _U32) -> Parameter:
    return Parameter(name, layout, text, overflow="wrap")


def _structure(sid: RoverStructure, period_s: float, text: str, *parameters: Parameter) -> Report:
    return Report(
        f"HOUSEKEEPING_{sid.name}",
        ROVER_APID,
        parameters,
        text,
        Origin.OURS,
        service=3,
        subtype=25,
        identifier=int(sid),
        period_s=period_s,
    )


STRUCTURES = (
    _structure(
        RoverStructure.ENERGY,
        600.0,
        "Battery, wings, and when it sleeps",
        _analogue("battery_wh", "Energy in the battery", "Wh", 0.1),
        _analogue("battery_fill", "Share of the battery's energy", "%", 0.01, Limits(40, None, 25, None)),
        _analogue("wing_w", "Power of the wings", "W", 0.1),
        _analogue("load_w", "Power drawn", "W", 0.1),
        _counter("wake_minutes", "When it wakes, local mean solar time", _U16),
        _counter("sleeps", "Times that it went to sleep", _U16),
    ),
    _structure(
        RoverStructure.MOBILITY,
        600.0,
        "Odometry",
        Parameter("drive_state", _U8, "What the wheels are told to do", enumeration=DriveState),
        _analogue("odometer_m", "Way by the wheels", "m", 0.01, layout=_U32),
        _analogue("heading_deg", "Heading, from north by east", "deg", 0.01),
        _analogue("north_m", "Where it reckons to be, from the lander", "m", 0.01, layout=_S32),
        _analogue("east_m", "Where it reckons to be, from the lander", "m", 0.01, layout=_S32),
        _counter("drives", "Drives begun", _U16),
        _counter("hazard_stops", "Drives that a hazard ended", _U16),
    ),
    _structure(
        RoverStructure.LINK,
        600.0,
        "Proximity-1 to the orbiter, and what waits for it",
        Parameter("session", _U8, "A session with the orbiter is under way", enumeration=Switch),
        _counter("sessions", "Sessions so far", _U16),
        _counter("frames_sent", "Frames sent for the first time"),
        _counter("frames_again", "Frames sent again"),
        _counter("frames_heard", "Frames taken from the orbiter"),
        _counter("packets_lost", "Reports for which there was no room", _U16),
        Parameter("packets_waiting", _U16, "Reports that wait for a session", overflow="saturate"),
    ),
)


_event = partial(event_report, ROVER_APID)


_TASK = Parameter("task", _U8, "Which task", enumeration=Task)
_WAY = Parameter("way_m", _U16, "Way of this drive by the wheels", "m", Linear(0.01), overflow="saturate")
_FILL = Parameter("battery_fill", _U16, "Share of the battery's energy", "%", Linear(0.01))
EVENTS = (
    _event(
        RoverEvent.COMPUTER_STARTED,
        "info",
        "The computer has started",
        Parameter("boot_kind", _U8, "What it remembers", enumeration=BootKind),
        Parameter("boot_reason", _U8, "Why", enumeration=BootReason),
        Parameter("boots", _U16, "Boots so far", overflow="wrap"),
        Parameter("tasks_recovered", _U8, "Tasks that found their state fit"),
        Parameter("tasks_refused", _U8, "Tasks that did not"),
    ),
    _event(
        RoverEvent.TASK_RESTARTED,
        "medium",
        "The scheduler has started a task anew",
        _TASK,
        Parameter("reason", _U8, "Why", enumeration=RestartReason),
        Parameter("restarts", _U16, "Restarts of this task so far", overflow="wrap"),
    ),
    _event(
        RoverEvent.MAILBOX_OVERFLOW,
        "medium",
        "A message was lost",
        _TASK,
        Parameter("messages_lost", _U32, "Messages that this task has lost so far", overflow="wrap"),
    ),
    _event(
        RoverEvent.BUDGET_OVERRUN,
        "low",
        "A task took longer than it may",
        _TASK,
        Parameter("used_us", _U32, "Time taken", "us", overflow="saturate"),
        Parameter("budget_us", _U32, "Time allowed", "us", overflow="saturate"),
    ),
    _event(
        RoverEvent.TC_REJECTED,
        "low",
        "A telecommand was not accepted",
        Parameter("request_packet_id", _U16, "Version, type and APID of the telecommand"),
        Parameter("request_sequence", _U16, "Sequence flags and count of the telecommand"),
        Parameter("failure_code", _U16, "Why", enumeration=FailureCode),
    ),
    _event(
        RoverEvent.PICTURE_TAKEN,
        "info",
        "The mast camera has taken a picture",
        Parameter("number", _U16, "Which picture", overflow="wrap"),
        Parameter("octets", _U32, "Octets of it"),
    ),
    _event(RoverEvent.DRIVE_DONE, "info", "The drive went as far as it should", _WAY),
    _event(
        RoverEvent.HAZARD_STOP,
        "low",
        "It stopped before an obstacle",
        _WAY,
        Parameter("clear_m", _U16, "Free way ahead", "m", Linear(0.001), overflow="saturate"),
    ),
    _event(RoverEvent.DRIVE_STOPPED, "low", "The drive was stopped", _WAY),
    _event(
        RoverEvent.PLAN_DROPPED,
        "low",
        "The drive that was kept for now did not begin",
        Parameter("failure_code", _U16, "Why", enumeration=FailureCode),
    ),
    _event(
        RoverEvent.GOING_TO_SLEEP,
        "info",
        "The computer sleeps until it wakes next",
        _FILL,
        Parameter("for_s", _U32, "How long", "s"),
    ),
    _event(RoverEvent.BATTERY_LOW, "medium", "The battery is so low that nothing but sleep is left", _FILL),
    _event(
        RoverEvent.SESSION_BEGUN,
        "info",
        "The orbiter hails",
        Parameter("rate_kbit_s", _U16, "Rate of the return link", "kbit/s"),
    ),
    _event(
        RoverEvent.SESSION_ENDED,
        "info",
        "The orbiter is gone",
        Parameter("frames_sent", _U32, "Frames sent for the first time, so far", overflow="wrap"),
    ),
)
PICTURE = Report(
    "PICTURE",
    ROVER_APID,
    (
        Parameter("number", _U16, "Which picture", overflow="wrap"),
        Parameter("azimuth_deg", _U16, "Where to, from north by east", "deg", Linear(0.01)),
        Parameter("elevation_deg", _S16, "Up", "deg", Linear(0.01)),
        Parameter("jpeg", construct.GreedyBytes, "The picture"),
    ),
    "A picture by the mast camera, whole; longer than a packet may be, it comes in parts (ST[13])",
    Origin.OURS,
    128,
    1,
)
# The standard's parts of large reports, on this application process.
LARGE = tuple(
    replace(report, apid=ROVER_APID) for report in st13_large_packets.REPORTS if report.subtype in (1, 2, 3)
)
ALIVE = Report("ALIVE", ROVER_APID, (), "The answer to PING", Origin.OURS, 17, 2)

BOOK = Book(
    ROVER_APID,
    TELECOMMANDS,
    (*verification.reports(ROVER_APID), *STRUCTURES, *EVENTS, *LARGE, PICTURE, ALIVE),
)
