"""ST[5] event reports: identifier (16 bits), then what belongs to the event. All ours.

The severity fixes the subtype: 1 informative, 2 low, 3 medium, 4 high (ECSS-E-ST-70-41C 6.5).
"""

from enum import IntEnum, unique
from functools import partial

import construct

from fsw.dictionary.identifiers import (
    ORBITER_APID,
    BootKind,
    BootReason,
    DownlinkRate,
    FailureCode,
    Lens,
    MissionPhase,
    Origin,
    RestartReason,
    SafeModeReason,
    Steering,
    Task,
    WhyDropped,
    WifiState,
)
from fsw.dictionary.parameter import Linear, Parameter
from fsw.dictionary.pool import OnBoardParameter
from fsw.dictionary.report import Report, Severity
from fsw.dictionary.settings import SettableParameter
from fsw.protocols.obcp import End
from fsw.protocols.sdls_codes import FrameRefusal

SUBTYPE_OF: dict[Severity, int] = {"info": 1, "low": 2, "medium": 3, "high": 4}


@unique
class Event(IntEnum):
    """Event identifiers."""

    COMPUTER_STARTED = 1
    TASK_RESTARTED = 2
    MAILBOX_OVERFLOW = 3
    BUDGET_OVERRUN = 4
    TC_REJECTED = 5
    SAFE_MODE_ENTERED = 6
    SAFE_MODE_LEFT = 7
    COMPUTER_RESET = 8
    FARM_LOCKOUT = 12
    FARM_UNLOCKED = 13
    SECURITY_REJECTED = 14
    SECURITY_KEYS_PUBLISHED = 15
    RELEASE_ARMED = 16
    RELEASE_DISARMED = 17
    RELEASE_FIRED = 18
    SEPARATION_SEEN = 19
    SEPARATION_MISSING = 20
    WIFI_SWITCHED = 32
    CAMERA_AWAKE = 33
    LINK_MODE_CHANGED = 34
    LINK_LOST = 35
    PICTURE_INCOMPLETE = 36
    CAMERA_BATTERY_LOW = 37
    SELECTION_DONE = 48
    MASS_MEMORY_FULL = 49
    MASS_MEMORY_FOUND = 50
    MASS_MEMORY_DAMAGED = 51
    MASS_MEMORY_TORN = 52
    MASS_MEMORY_NOT_FLUSHED = 53
    DOWNLINK_RATE_CHANGED = 64
    MISSION_PHASE_BEGUN = 68
    DUMP_STARTED = 65
    DUMP_DONE = 66
    DUMP_STOPPED = 67
    PACKET_STORE_FULL = 176
    PACKETS_RETRIEVED = 177
    STORED_PACKETS_LOST = 178
    CLOCK_STEERED = 96
    ACTIVITY_NOT_RELEASED = 112
    SEQUENCE_COMPLETED = 113
    SEQUENCE_FAILED = 114
    PROCEDURE_COMPLETED = 115
    PROCEDURE_FAILED = 116
    PROCEDURE_STEP = 117
    PROCEDURE_INFO = 118
    PROCEDURE_LOW = 119
    PROCEDURE_MEDIUM = 120
    PROCEDURE_HIGH = 121
    MONITOR_INFO = 128
    MONITOR_LOW = 129
    MONITOR_MEDIUM = 130
    MONITOR_HIGH = 131
    COMPUTER_OVERLOADED = 132
    MEMORY_FILLING = 133
    MEMORY_NEARLY_FULL = 134
    TRANSMIT_POWER_WRONG = 135
    AMPLIFIER_TEMPERATURE_WARNING = 136
    AMPLIFIER_TEMPERATURE_ALARM = 137
    AMPLIFIER_THERMOMETER_JUMPED = 138
    WIFI_SIGNAL_WEAK = 139
    CAMERA_FAR = 140
    CAMERA_SILENT = 141
    CAMERA_VOLTAGE_LOW = 142
    CAMERA_VOLTAGE_ALARM = 143
    CAMERA_ENERGY_WARNING = 144
    CAMERA_ENERGY_ALARM = 145
    CAMERA_TEMPERATURE_WARNING = 146
    CAMERA_TEMPERATURE_ALARM = 147
    RELEASE_TEMPERATURE_WARNING = 148
    SEPARATION_UNEXPECTED = 149
    FUNCTION_INFO = 150
    FUNCTION_LOW = 151
    FUNCTION_MEDIUM = 152
    FUNCTION_HIGH = 153
    AMPLIFIER_FAILING = 154
    UPSET_CORRECTED = 160
    PARAMETER_LOST = 161
    PROGRAM_DAMAGED = 162
    FILE_RECEIVED = 192
    FILE_NOT_RECEIVED = 193
    FILE_SENT = 194
    FILE_NOT_SENT = 195


_U8, _U16, _U32 = construct.Int8ub, construct.Int16ub, construct.Int32ub
_TASK = Parameter("task", _U8, "Which task", enumeration=Task)
_RANGE = Parameter("range_m", _U16, "Range of the camera", "m", Linear(0.1), overflow="saturate")
_NAME = construct.PascalString(_U8, "utf8")
_SEQUENCE = Parameter("sequence", _NAME, "Name of the sequence")
_PROCEDURE = Parameter("procedure", _NAME, "Name of the procedure")
_TOLD_BY_PROCEDURE = (
    _PROCEDURE,
    Parameter("number", _U16, "Which of its events"),
    Parameter("value", construct.Float64b, "What it tells"),
)
_FILES = Parameter("files", _U32, "Files of the dump")
_OCTETS = Parameter("file_octets", _U32, "Octets of these files", overflow="saturate")
_BOOT = (
    Parameter("boot_kind", _U8, "What it remembers", enumeration=BootKind),
    Parameter("boot_reason", _U8, "Why", enumeration=BootReason),
)
_STORE = Parameter("store", _U8, "Packet store")
_NAME = Parameter("file", construct.PascalString(construct.Int8ub, "utf8"), "Path and name of the file")
_TRANSACTION = (
    Parameter("entity", _U32, "CFDP entity that sends it", overflow="wrap"),
    Parameter("transaction", _U32, "Its transaction sequence number", overflow="wrap"),
)
_CONDITION = Parameter("condition", _U8, "CFDP condition code, 0 where there was no fault")
_DAMAGE = (
    Parameter("damaged_at", construct.Int64ub, "Where in the memory's log"),
    Parameter("damaged_octets", _U32, "Octets that hold no whole record", overflow="saturate"),
    Parameter("memory_damaged", _U16, "Such places found so far", overflow="wrap"),
)

_FARM = (
    Parameter("virtual_channel", _U8, "Telecommand virtual channel"),
    Parameter("farm_expected", _U8, "V(R): number of the type-AD frame that must come next"),
)


_RAISED_BY_MONITORS: dict[Event, tuple[Severity, str]] = {
    Event.MONITOR_INFO: ("info", "A monitor found what it was told to look for"),
    Event.MONITOR_LOW: ("low", "A monitor found what it was told to look for"),
    Event.MONITOR_MEDIUM: ("medium", "A monitor found what it was told to look for"),
    Event.MONITOR_HIGH: ("high", "A monitor found what it was told to look for"),
    Event.COMPUTER_OVERLOADED: ("medium", "The computer has next to no time left"),
    Event.MEMORY_FILLING: ("low", "The mass memory is filling"),
    Event.MEMORY_NEARLY_FULL: ("medium", "The mass memory is nearly full"),
    Event.TRANSMIT_POWER_WRONG: ("medium", "The transmitter's power is out of its limits"),
    Event.AMPLIFIER_TEMPERATURE_WARNING: ("low", "The amplifier is warmer or colder than it should be"),
    Event.AMPLIFIER_TEMPERATURE_ALARM: ("high", "The amplifier is so warm or cold that it may fail"),
    Event.AMPLIFIER_THERMOMETER_JUMPED: ("low", "The amplifier cannot change its temperature so fast"),
    Event.WIFI_SIGNAL_WEAK: ("low", "The camera's signal is weak"),
    Event.CAMERA_FAR: ("info", "The camera is nearly out of range"),
    Event.CAMERA_SILENT: ("medium", "The camera is linked and tells nothing"),
    Event.CAMERA_VOLTAGE_LOW: ("low", "The camera's battery voltage is low"),
    Event.CAMERA_VOLTAGE_ALARM: ("medium", "The camera's battery voltage is so low that it may stop"),
    Event.CAMERA_ENERGY_WARNING: ("low", "The camera has drawn most of its battery's energy"),
    Event.CAMERA_ENERGY_ALARM: ("medium", "The camera has drawn nearly all of its battery's energy"),
    Event.CAMERA_TEMPERATURE_WARNING: ("low", "The camera is warmer or colder than it should be"),
    Event.CAMERA_TEMPERATURE_ALARM: ("medium", "The camera is so warm or cold that it may fail"),
    Event.RELEASE_TEMPERATURE_WARNING: ("low", "The release mechanism is warmer or colder than it should be"),
    Event.SEPARATION_UNEXPECTED: ("high", "The break-wire is open and nobody has fired"),
}
MonitorEvent = IntEnum(  # type: ignore[misc]
    "MonitorEvent", {"NONE": 0} | {event.name: int(event) for event in _RAISED_BY_MONITORS}
)
MonitorEvent.__doc__ = "Events that a monitor may raise; all tell the same. NONE raises none."
_RAISED_BY_FUNCTIONAL_MONITORS: dict[Event, tuple[Severity, str]] = {
    Event.FUNCTION_INFO: ("info", "A functional monitor has failed"),
    Event.FUNCTION_LOW: ("low", "A functional monitor has failed"),
    Event.FUNCTION_MEDIUM: ("medium", "A functional monitor has failed"),
    Event.FUNCTION_HIGH: ("high", "A functional monitor has failed"),
    Event.AMPLIFIER_FAILING: ("high", "The amplifier's temperature and the transmitted power are both wrong"),
}
FunctionalMonitorEvent = IntEnum(  # type: ignore[misc]
    "FunctionalMonitorEvent", {event.name: int(event) for event in _RAISED_BY_FUNCTIONAL_MONITORS}
)
FunctionalMonitorEvent.__doc__ = "Events that a functional monitor may raise; all tell the same."
_TOLD_BY_FUNCTIONAL_MONITORS = (
    Parameter("functional_monitor", _U16, "Which functional monitor"),
    Parameter("failing", _U8, "How many of its parameter monitors are low or high"),
    Parameter("least_failing", _U8, "How many it takes"),
)
_TOLD_BY_MONITORS = (
    Parameter("monitor", _U16, "Which monitor"),
    Parameter("parameter", _U16, "What it looks at", enumeration=OnBoardParameter),
    Parameter("monitored_value", construct.Float64b, "What it found; of an enumeration, its number"),
    Parameter("limit_crossed", construct.Float64b, "The limit, or the value that was expected"),
)


def event_report(apid: int, event: IntEnum, severity: Severity, text: str, *parameters: Parameter) -> Report:
    """An event report, ST[5], of the computer with that APID."""
    return Report(
        f"EVENT_{event.name}",
        apid,
        parameters,
        text,
        Origin.OURS,
        service=5,
        subtype=SUBTYPE_OF[severity],
        identifier=int(event),
        severity=severity,
    )


_event = partial(event_report, ORBITER_APID)


REPORTS = (
    _event(
        Event.COMPUTER_STARTED,
        "info",
        "The orbiter's computer has started: the boot report",
        *_BOOT,
        Parameter("boots", _U16, "Boots so far, this one included", overflow="wrap"),
        Parameter("tasks_recovered", _U8, "Tasks that found their state again"),
        Parameter("tasks_refused", _U8, "Tasks that found it unfit, and begin from nothing"),
    ),
    _event(Event.COMPUTER_RESET, "high", "The orbiter's computer is about to start anew", *_BOOT),
    _event(
        Event.SAFE_MODE_ENTERED,
        "high",
        "The orbiter has gone into safe mode",
        Parameter("safe_mode_reason", _U8, "Why", enumeration=SafeModeReason),
        Parameter("cause", _U16, "Identifier of the event that caused it, or 0"),
    ),
    _event(Event.SAFE_MODE_LEFT, "info", "The orbiter has left safe mode"),
    _event(
        Event.TASK_RESTARTED,
        "medium",
        "The watchdog restarted a task; its state is as after start",
        _TASK,
        Parameter("reason", _U8, "Why", enumeration=RestartReason),
        Parameter("restarts", _U16, "Restarts of this task so far", overflow="saturate"),
    ),
    _event(
        Event.MAILBOX_OVERFLOW,
        "low",
        "A message was lost because the mailbox was full",
        _TASK,
        Parameter("messages_lost", _U32, "Messages this task lost so far", overflow="wrap"),
    ),
    _event(
        Event.BUDGET_OVERRUN,
        "low",
        "An activation took longer than its budget",
        _TASK,
        Parameter("used_us", _U32, "Time used", "us", overflow="saturate"),
        Parameter("budget_us", _U32, "Time allowed", "us", overflow="saturate"),
    ),
    _event(
        Event.TC_REJECTED,
        "low",
        "A telecommand was refused",
        Parameter("request_packet_id", _U16, "Version, type and APID of the telecommand"),
        Parameter("request_sequence", _U16, "Sequence flags and count of the telecommand"),
        Parameter("failure_code", _U16, "Why", enumeration=FailureCode),
    ),
    _event(
        Event.FARM_LOCKOUT,
        "medium",
        "A type-AD frame outside the window locked a telecommand channel until the ground sends Unlock",
        *_FARM,
    ),
    _event(Event.FARM_UNLOCKED, "info", "A telecommand channel takes type-AD frames again", *_FARM),
    _event(
        Event.SECURITY_REJECTED,
        "medium",
        "A telecommand frame was refused: not genuine, or not fresh",
        Parameter("refusal", _U8, "Why", enumeration=FrameRefusal),
        Parameter("spi", _U16, "Security association that it claims"),
        Parameter("number", _U32, "Its anti-replay number, the low 32 bits"),
    ),
    _event(
        Event.SECURITY_KEYS_PUBLISHED,
        "high",
        "Telecommands are protected by published test keys, which protect nothing",
    ),
    _event(Event.RELEASE_ARMED, "info", "The release mechanism is armed"),
    _event(Event.RELEASE_DISARMED, "info", "The release mechanism is safe again"),
    _event(Event.RELEASE_FIRED, "info", "The firing pulse was given"),
    _event(
        Event.SEPARATION_SEEN,
        "info",
        "The break-wire is open",
        Parameter("after_firing_us", _U32, "Time since the firing pulse", "us", overflow="saturate"),
    ),
    _event(Event.SEPARATION_MISSING, "high", "The firing pulse was given and the break-wire is closed"),
    _event(
        Event.WIFI_SWITCHED,
        "info",
        "The access point changed state on command",
        Parameter("wifi", _U8, "New state", enumeration=WifiState),
    ),
    _event(Event.CAMERA_AWAKE, "info", "The first packet of the camera has come", _RANGE),
    _event(
        Event.LINK_MODE_CHANGED,
        "info",
        "The Wi-Fi rate follows the range",
        Parameter("rate_before_kbps", _U16, "Net rate before", "kbit/s", overflow="saturate"),
        Parameter("rate_now_kbps", _U16, "Net rate now", "kbit/s", overflow="saturate"),
        _RANGE,
    ),
    _event(Event.LINK_LOST, "medium", "Nothing more comes from the camera", _RANGE),
    _event(
        Event.PICTURE_INCOMPLETE,
        "low",
        "A picture was cut short by loss; it is not kept as good",
        Parameter("picture", _U32, "Number of the picture"),
        Parameter("lens", _U8, "Lens", enumeration=Lens),
        Parameter("octets_received", _U32, "Octets that came"),
        Parameter("octets_expected", _U32, "Octets announced; 0 when not known"),
    ),
    _event(
        Event.CAMERA_BATTERY_LOW,
        "medium",
        "The camera's primary battery is nearly empty",
        Parameter("battery_used_wh", _U16, "Energy drawn", "Wh", Linear(0.001), overflow="saturate"),
    ),
    _event(
        Event.SELECTION_DONE,
        "info",
        "Pictures for full downlink are chosen",
        Parameter("selected", _U16, "Pictures chosen", overflow="saturate"),
        Parameter("stored", _U32, "Pictures to choose from"),
    ),
    _event(
        Event.MASS_MEMORY_FULL,
        "high",
        "A picture could not be stored",
        Parameter("picture", _U32, "Number of the picture"),
    ),
    _event(
        Event.MASS_MEMORY_FOUND,
        "info",
        "The mass memory has records of an earlier time",
        Parameter("records", _U32, "Records found whole"),
        Parameter("memory_used_kib", _U32, "Octets used", "KiB", Linear(1.0), overflow="saturate"),
    ),
    _event(Event.MASS_MEMORY_DAMAGED, "medium", "What was stored there is lost", *_DAMAGE),
    _event(
        Event.MASS_MEMORY_TORN,
        "low",
        "The end of the memory's log is no record, as after a loss of power; it was cut off",
        *_DAMAGE,
    ),
    _event(
        Event.MASS_MEMORY_NOT_FLUSHED,
        "high",
        "The memory cannot say that what it keeps would outlive a loss of power",
    ),
    _event(
        Event.DOWNLINK_RATE_CHANGED,
        "info",
        "The downlink has changed its mode",
        Parameter("downlink_rate", _U8, "New mode", enumeration=DownlinkRate),
    ),
    _event(
        Event.MISSION_PHASE_BEGUN,
        "info",
        "A phase of the mission has begun on command",
        Parameter("mission_phase", _U8, "Which", enumeration=MissionPhase),
    ),
    _event(Event.DUMP_STARTED, "info", "Pictures go to the downlink", _FILES, _OCTETS),
    _event(Event.DUMP_DONE, "info", "All pictures of the dump have gone to the downlink", _FILES, _OCTETS),
    _event(Event.DUMP_STOPPED, "info", "The dump was stopped by telecommand", _FILES, _OCTETS),
    _event(Event.PACKET_STORE_FULL, "low", "A bounded packet store takes no more", _STORE),
    _event(
        Event.PACKETS_RETRIEVED,
        "info",
        "Retrieval by a range of times has come to its end",
        _STORE,
        Parameter("packets", _U32, "Packets sent"),
        Parameter("packets_lost", _U32, "Packets that were found damaged in the memory"),
    ),
    _event(
        Event.STORED_PACKETS_LOST,
        "medium",
        "Packets could not be stored, or were found damaged",
        _STORE,
        Parameter("packets", _U32, "Packets lost"),
    ),
    _event(
        Event.CLOCK_STEERED,
        "info",
        "The clock was set, shifted or trimmed by telecommand",
        Parameter("steering", _U8, "How", enumeration=Steering),
        Parameter(
            "steered_by", construct.Int64sb, "Time set [ns since the epoch], shift [ns] or trim [1e-12]"
        ),
    ),
    _event(
        Event.ACTIVITY_NOT_RELEASED,
        "low",
        "A scheduled request fell due and was dropped",
        Parameter("request_packet_id", _U16, "Version, type and APID of the request"),
        Parameter("request_sequence", _U16, "Sequence flags and count of the request"),
        Parameter("dropped", _U8, "Why", enumeration=WhyDropped),
    ),
    _event(Event.SEQUENCE_COMPLETED, "info", "All requests of a sequence are completed", _SEQUENCE),
    _event(
        Event.SEQUENCE_FAILED,
        "medium",
        "A request of a sequence failed; the rest is not released",
        _SEQUENCE,
        Parameter("entry", _U8, "Which request, from 0"),
        Parameter("failure_code", _U16, "Why", enumeration=FailureCode),
    ),
    _event(Event.PROCEDURE_COMPLETED, "info", "A procedure has come to its end", _PROCEDURE),
    _event(
        Event.PROCEDURE_FAILED,
        "medium",
        "A procedure has ended before its end",
        _PROCEDURE,
        Parameter("end", _U8, "How", enumeration=End),
        Parameter("code", _U16, "Of its own, of the telecommand, or the parameter that was not told"),
        Parameter("address", _U16, "Of the instruction"),
        Parameter("step", _U16, "Step it was in"),
    ),
    _event(
        Event.PROCEDURE_STEP,
        "info",
        "A procedure begins a step",
        _PROCEDURE,
        Parameter("step", _U16, "Which"),
    ),
    _event(Event.PROCEDURE_INFO, "info", "What a procedure tells", *_TOLD_BY_PROCEDURE),
    _event(Event.PROCEDURE_LOW, "low", "What a procedure tells", *_TOLD_BY_PROCEDURE),
    _event(Event.PROCEDURE_MEDIUM, "medium", "What a procedure tells", *_TOLD_BY_PROCEDURE),
    _event(Event.PROCEDURE_HIGH, "high", "What a procedure tells", *_TOLD_BY_PROCEDURE),
    *(
        _event(event, severity, text, *_TOLD_BY_MONITORS)
        for event, (severity, text) in _RAISED_BY_MONITORS.items()
    ),
    *(
        _event(event, severity, text, *_TOLD_BY_FUNCTIONAL_MONITORS)
        for event, (severity, text) in _RAISED_BY_FUNCTIONAL_MONITORS.items()
    ),
    _event(
        Event.UPSET_CORRECTED,
        "low",
        "Scrubbing found words of the parameter area with one wrong bit each and put them right",
        Parameter("words", _U16, "Words mended this time", overflow="saturate"),
        Parameter("words_so_far", _U32, "Words mended so far", overflow="wrap"),
    ),
    _event(
        Event.PARAMETER_LOST,
        "medium",
        "More bits were wrong than can be put right; the parameter has its default again",
        Parameter("parameter", _U16, "Which", enumeration=SettableParameter),
        Parameter("value", construct.Float64b, "What it is now"),
    ),
    _event(
        Event.PROGRAM_DAMAGED,
        "medium",
        "The program image is not what was loaded; MEMORY_DUMP shows where",
        Parameter("checksum", _U16, "CRC-16 of all of it, which should be 0"),
    ),
    _event(Event.FILE_RECEIVED, "info", "A file has come by CFDP", *_TRANSACTION, _OCTETS, _NAME),
    _event(
        Event.FILE_NOT_RECEIVED,
        "low",
        "A file has not come whole by CFDP; nothing of it is kept",
        *_TRANSACTION,
        Parameter("octets_received", _U32, "Octets that came", overflow="saturate"),
        _NAME,
    ),
    _event(Event.FILE_SENT, "info", "A file has gone to the ground by CFDP", *_TRANSACTION, _NAME),
    _event(
        Event.FILE_NOT_SENT,
        "low",
        "A file has not gone to the ground by CFDP",
        *_TRANSACTION,
        _CONDITION,
        _NAME,
    ),
)
