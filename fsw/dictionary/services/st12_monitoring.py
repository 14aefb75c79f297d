"""ST[12] on-board monitoring (ECSS-E-ST-70-41C 6.12, 8.12): requests and reports.

Ours: identifiers of 16 bits; values, limits and thresholds are engineering values as binary64, of an
enumeration its number, -inf and inf where there is no limit; all criteria are there whatever the check,
and those of another check are ignored. A request is carried out whole or not at all: the failure code
is that of the first entry that is wrong.
"""

from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.events import MonitorEvent
from fsw.dictionary.identifiers import CheckStatus, CheckType, FailureCode, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.monitors import ALL_BITS, BEATS_PER_SECOND, MOST_MONITORS
from fsw.dictionary.parameter import Linear, Parameter
from fsw.dictionary.pool import OnBoardParameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument, ArgumentGroup

_U8, _U16, _U32, _F64 = construct.Int8ub, construct.Int16ub, construct.Int32ub, construct.Float64b
MOST_IN_A_REPORT = 12  # definitions, so that one packet does not fill the low rate for seconds


def _field(
    name: str,
    layout: object,
    text: str,
    unit: str = "",
    calibration: Linear | None = None,
    enumeration: type[IntEnum] | None = None,
    default: float | str | None = None,
) -> Parameter:
    return Parameter(name, layout, text, unit, calibration, enumeration, default=default)


_MONITOR = _field("monitor", _U16, "Which monitor")
_PARAMETER_TEXT, _VALIDITY_TEXT = "Parameter it looks at", "Parameter its condition looks at; 0: none"
_VALIDITY_MASK = _field("validity_mask", _U32, "Bits of the condition", default=0)
_VALIDITY_EXPECTED = _field("validity_expected", _U32, "Value & mask must be this", default=0)
_INTERVAL = _field("interval_s", _U16, "From check to check", "s", Linear(1 / BEATS_PER_SECOND))
_REPETITIONS = _field("repetitions", _U8, "Checks in a row that must agree", default=1)
_CHECK = _field("check", _U8, "Which check", enumeration=CheckType)
_LOW = _field("low", _F64, "LIMIT, DELTA: lower limit", default=float("-inf"))
_HIGH = _field("high", _F64, "LIMIT, DELTA: upper limit", default=float("inf"))
_LOW_EVENT_TEXT = "Event when low or not as expected; 0: none"
_HIGH_EVENT_TEXT = "Event when high; 0: none"
_MASK = _field("mask", _U32, "EXPECTED: bits that are checked", default=ALL_BITS)
_EXPECTED = _field("expected", _U32, "EXPECTED: value & mask must be this", default=0)
_DELTAS = _field("deltas", _U8, "DELTA: changes that are averaged", default=1)

_CRITERIA: tuple[Argument, ...] = (
    Argument(_REPETITIONS, 1, 255),
    Argument(_CHECK),
    Argument(_LOW),
    Argument(_field("low_event", _U16, _LOW_EVENT_TEXT, default=0), names=MonitorEvent),
    Argument(_HIGH),
    Argument(_field("high_event", _U16, _HIGH_EVENT_TEXT, default=0), names=MonitorEvent),
    Argument(_MASK),
    Argument(_EXPECTED),
    Argument(_DELTAS, 1, 16),
)
_ADDED = ArgumentGroup(
    "monitors",
    (
        Argument(_MONITOR, 1, 0xFFFF),
        Argument(_field("parameter", _U16, _PARAMETER_TEXT), names=OnBoardParameter),
        Argument(
            _field("validity_parameter", _U16, _VALIDITY_TEXT, default=0),
            names=OnBoardParameter,
        ),
        Argument(_VALIDITY_MASK),
        Argument(_VALIDITY_EXPECTED),
        Argument(_INTERVAL, 1 / BEATS_PER_SECOND, 3600),
        *_CRITERIA,
    ),
    "Monitors",
    most=16,
)
_MODIFIED = ArgumentGroup("monitors", (Argument(_MONITOR), *_CRITERIA), "Monitors", most=16)
_MONITORS = ArgumentGroup("monitors", (Argument(_MONITOR),), "Monitors", most=MOST_MONITORS)
_MONITORS_OR_ALL = ArgumentGroup(
    "monitors", (Argument(_MONITOR),), "Monitors; none given: all", least=0, most=MOST_MONITORS
)

_SEEN_STATUS = "MONITORING_STATUS [12,14]."
_SEEN_DEFINITIONS = "MONITORING_DEFINITIONS [12,9]."

_request, _report = partial(request, 12), partial(report, 12)
TELECOMMANDS = (
    _request(
        "MONITORS_ENABLE",
        1,
        "Checks these parameters from now on; their status is UNCHECKED until it is known.",
        _SEEN_STATUS,
        _MONITORS,
        failures=(FailureCode.UNKNOWN_MONITOR,),
    ),
    _request(
        "MONITORS_DISABLE",
        2,
        "No longer checks these parameters; their status is UNCHECKED.",
        _SEEN_STATUS,
        _MONITORS,
        failures=(FailureCode.UNKNOWN_MONITOR, FailureCode.MONITOR_PROTECTED),
    ),
    _request(
        "MONITORING_REPORTING_DELAY",
        3,
        "Sets how long a change of status may wait for others before it is reported.",
        "MONITORING_DEFINITIONS [12,9]; the time between changes and MONITORING_TRANSITIONS [12,12].",
        Argument(_field("delay_s", _U16, "Longest delay", "s", Linear(0.1)), 0.1, 3600),
    ),
    _request(
        "MONITORS_DELETE_ALL",
        4,
        "Deletes all monitors. Only while monitoring is disabled and no functional monitor goes by one.",
        _SEEN_STATUS,
        failures=(FailureCode.MONITORING_ENABLED, FailureCode.MONITOR_IN_USE),
    ),
    _request(
        "MONITORS_ADD",
        5,
        "Adds monitors, disabled.",
        _SEEN_DEFINITIONS,
        _ADDED,
        failures=(
            FailureCode.MONITOR_EXISTS,
            FailureCode.MONITORS_FULL,
            FailureCode.UNKNOWN_PARAMETER,
            FailureCode.UNKNOWN_EVENT,
            FailureCode.CHECK_SENSELESS,
        ),
    ),
    _request(
        "MONITORS_DELETE",
        6,
        "Deletes monitors that are disabled and that no functional monitor goes by.",
        _SEEN_STATUS,
        _MONITORS,
        failures=(
            FailureCode.UNKNOWN_MONITOR,
            FailureCode.MONITOR_ENABLED,
            FailureCode.MONITOR_IN_USE,
        ),
    ),
    _request(
        "MONITORS_MODIFY",
        7,
        "Replaces the check of monitors; parameter, condition and interval stay. Status becomes UNCHECKED.",
        _SEEN_DEFINITIONS,
        _MODIFIED,
        failures=(
            FailureCode.UNKNOWN_MONITOR,
            FailureCode.MONITOR_PROTECTED,
            FailureCode.UNKNOWN_EVENT,
            FailureCode.CHECK_SENSELESS,
        ),
    ),
    _request(
        "MONITORS_REPORT",
        8,
        f"Reports the definitions of monitors, {MOST_IN_A_REPORT} in a report.",
        _SEEN_DEFINITIONS,
        _MONITORS_OR_ALL,
        failures=(FailureCode.UNKNOWN_MONITOR,),
    ),
    _request(
        "MONITORING_OUT_OF_LIMITS_REPORT",
        10,
        "Reports what is out of limits or not as expected now.",
        "MONITORING_OUT_OF_LIMITS [12,11].",
    ),
    _request("MONITORING_STATUS_REPORT", 13, "Reports the status of all monitors.", _SEEN_STATUS),
    _request("MONITORING_ENABLE", 15, "Lets monitoring run.", _SEEN_STATUS),
    _request(
        "MONITORING_DISABLE",
        16,
        "Stops monitoring, functional monitoring with it; every status is UNCHECKED.",
        _SEEN_STATUS,
    ),
)

_REPORTED_PARAMETER = _field("parameter", _U16, _PARAMETER_TEXT, enumeration=OnBoardParameter)
_ENABLED = _field("enabled", _U8, "Whether it is checked", enumeration=Switch)
_DEFINITION = (
    _MONITOR,
    _REPORTED_PARAMETER,
    # Its 0 for none is no parameter's identifier: shown as a number.
    _field("validity_parameter", _U16, _VALIDITY_TEXT),
    _VALIDITY_MASK,
    _VALIDITY_EXPECTED,
    _INTERVAL,
    _ENABLED,
    _REPETITIONS,
    _CHECK,
    _LOW,
    _field("low_event", _U16, _LOW_EVENT_TEXT, enumeration=MonitorEvent),
    _HIGH,
    _field("high_event", _U16, _HIGH_EVENT_TEXT, enumeration=MonitorEvent),
    _MASK,
    _EXPECTED,
    _DELTAS,
)
_STATUS_TEXT = "What it has found"
_TRANSITION = (
    _MONITOR,
    _REPORTED_PARAMETER,
    _CHECK,
    _field("value", _F64, "Value that decided; 0 of an invalid one"),
    _field("limit", _F64, "Limit crossed or value expected; 0 of an invalid one"),
    _field("before", _U8, "Status before", enumeration=CheckStatus),
    _field("status", _U8, _STATUS_TEXT, enumeration=CheckStatus),
    _field("at", construct.Bytes(7), "When: on-board time as in the packet's header"),
)
_MONITORING = _field("monitoring", _U8, "Whether monitoring runs", enumeration=Switch)

REPORTS = (
    _report(
        "MONITORING_DEFINITIONS",
        9,
        "Definitions of monitors",
        _field("delay_s", _U16, "Longest delay of a transition", "s", Linear(0.1)),
        Group("monitors", _DEFINITION, "Monitors"),
    ),
    _report(
        "MONITORING_OUT_OF_LIMITS",
        11,
        "What is out of limits now",
        Group("monitors", _TRANSITION, "Monitors and how they came to it"),
    ),
    _report(
        "MONITORING_TRANSITIONS",
        12,
        "Changes of status",
        Group("transitions", _TRANSITION, "Changes, the oldest first"),
    ),
    _report(
        "MONITORING_STATUS",
        14,
        "Status of all monitors",
        _MONITORING,
        Group(
            "monitors",
            (_MONITOR, _ENABLED, _field("status", _U8, _STATUS_TEXT, enumeration=CheckStatus)),
            "All",
        ),
    ),
)
