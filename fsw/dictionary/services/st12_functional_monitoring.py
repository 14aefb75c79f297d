"""ST[12] on-board monitoring, functional subservice (ECSS-E-ST-70-41C 6.12.4, 8.12): requests and reports.

A functional monitor fails when at least so many of its parameter monitors are LOW or HIGH; it is checked
whenever one of them is. Ours, besides widths: a parameter monitor that any functional one goes by cannot be
deleted, and one that a protected one goes by cannot be disabled or changed either; when a parameter monitor
is switched or changed, the functional ones that go by it are UNCHECKED until the next check. While parameter
monitoring is off, nothing is checked. A request is carried out whole or not at all.
"""

from functools import partial

import construct

from fsw.dictionary.events import FunctionalMonitorEvent
from fsw.dictionary.identifiers import FailureCode, FunctionalStatus, Protection, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.monitors import MOST_FUNCTIONAL_MONITORS
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.pool import OnBoardParameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import MOST_IN_A_LIST, Argument, ArgumentGroup

_U8, _U16, _U32 = construct.Int8ub, construct.Int16ub, construct.Int32ub
MOST_ADDED = 8  # by one request

_MONITOR = Parameter("functional_monitor", _U16, "Which functional monitor")
_VALIDITY_TEXT = "Parameter its condition looks at; 0: none"
_VALIDITY_MASK = Parameter("validity_mask", _U32, "Bits of the condition", default=0)
_VALIDITY_EXPECTED = Parameter("validity_expected", _U32, "Value & mask must be this", default=0)
_EVENT_TEXT = "Event when it fails"
_LEAST = Parameter("least_failing", _U8, "Parameter monitors that must fail; 1: any", default=1)

_ADDED = ArgumentGroup(
    "functional_monitors",
    (
        Argument(_MONITOR, 1, 0xFFFF),
        Argument(Parameter("validity_parameter", _U16, _VALIDITY_TEXT, default=0), names=OnBoardParameter),
        Argument(_VALIDITY_MASK),
        Argument(_VALIDITY_EXPECTED),
        Argument(Parameter("event", _U16, _EVENT_TEXT), names=FunctionalMonitorEvent),
        Argument(_LEAST, 1, MOST_IN_A_LIST),
        Argument(Parameter("monitors", _U16, "Parameter monitors that it goes by"), listed=True),
    ),
    "Functional monitors",
    most=MOST_ADDED,
)
_CHOSEN = Argument(Parameter("functional_monitors", _U16, "Functional monitors"), listed=True)
_CHOSEN_OR_ALL = Argument(
    Parameter("functional_monitors", _U16, "Functional monitors; none for all"), listed=True, least=0
)
assert MOST_FUNCTIONAL_MONITORS <= MOST_IN_A_LIST, "a request must be able to name all"

_UNKNOWN = FailureCode.UNKNOWN_FUNCTIONAL_MONITOR
_SEEN_STATUS = "FUNCTIONAL_MONITORING_STATUS [12,28]."
_SEEN_DEFINITIONS = "FUNCTIONAL_MONITORING_DEFINITIONS [12,26]."

_request, _report = partial(request, 12), partial(report, 12)
TELECOMMANDS = (
    _request("FUNCTIONAL_MONITORING_ENABLE", 17, "Lets functional monitoring run.", _SEEN_STATUS),
    _request(
        "FUNCTIONAL_MONITORING_DISABLE",
        18,
        "Stops functional monitoring; every status of it is UNCHECKED.",
        _SEEN_STATUS,
    ),
    _request(
        "FUNCTIONAL_MONITORS_ENABLE",
        19,
        "Checks these functions from now on; their status is UNCHECKED until the next check.",
        _SEEN_STATUS,
        _CHOSEN,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_MONITORS_DISABLE",
        20,
        "No longer checks these functions; their status is UNCHECKED.",
        _SEEN_STATUS,
        _CHOSEN,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_MONITORS_PROTECT",
        21,
        "Lets nobody delete these functional monitors, or disable or change their parameter monitors.",
        _SEEN_STATUS,
        _CHOSEN,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_MONITORS_UNPROTECT",
        22,
        "Takes the protection away again.",
        _SEEN_STATUS,
        _CHOSEN,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_MONITORS_ADD",
        23,
        f"Adds functional monitors, disabled and unprotected; at most {MOST_FUNCTIONAL_MONITORS} in all.",
        _SEEN_DEFINITIONS,
        _ADDED,
        failures=(
            FailureCode.FUNCTIONAL_MONITOR_EXISTS,
            FailureCode.FUNCTIONAL_MONITORS_FULL,
            FailureCode.UNKNOWN_PARAMETER,
            FailureCode.UNKNOWN_EVENT,
            FailureCode.UNKNOWN_MONITOR,
            FailureCode.CHECK_SENSELESS,
        ),
    ),
    _request(
        "FUNCTIONAL_MONITORS_DELETE",
        24,
        "Deletes functional monitors that are neither enabled nor protected.",
        _SEEN_STATUS,
        _CHOSEN,
        failures=(
            _UNKNOWN,
            FailureCode.FUNCTIONAL_MONITOR_PROTECTED,
            FailureCode.FUNCTIONAL_MONITOR_ENABLED,
        ),
    ),
    _request(
        "FUNCTIONAL_MONITORS_REPORT",
        25,
        "Reports the definitions of functional monitors, in as many reports as it takes.",
        _SEEN_DEFINITIONS,
        _CHOSEN_OR_ALL,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_MONITORING_STATUS_REPORT",
        27,
        "Reports the status of all functional monitors.",
        _SEEN_STATUS,
    ),
)

_PROTECTION = Parameter("protection", _U8, "Whether it is protected", enumeration=Protection)
_ENABLED = Parameter("enabled", _U8, "Whether it is checked", enumeration=Switch)
REPORTS = (
    _report(
        "FUNCTIONAL_MONITORING_DEFINITIONS",
        26,
        "Definitions of functional monitors",
        Group(
            "functional_monitors",
            (
                _MONITOR,
                # Its 0 for none is no parameter's identifier: shown as a number.
                Parameter("validity_parameter", _U16, _VALIDITY_TEXT),
                _VALIDITY_MASK,
                _VALIDITY_EXPECTED,
                _PROTECTION,
                _ENABLED,
                Parameter("event", _U16, _EVENT_TEXT, enumeration=FunctionalMonitorEvent),
                _LEAST,
                Group(
                    "monitors",
                    (Parameter("monitor", _U16, "Parameter monitor"),),
                    "Parameter monitors that it goes by",
                ),
            ),
            "Functional monitors",
        ),
    ),
    _report(
        "FUNCTIONAL_MONITORING_STATUS",
        28,
        "Status of all functional monitors",
        Parameter("functional_monitoring", _U8, "Whether functional monitoring runs", enumeration=Switch),
        Group(
            "functional_monitors",
            (
                _MONITOR,
                _PROTECTION,
                _ENABLED,
                Parameter("status", _U8, "What it has found", enumeration=FunctionalStatus),
            ),
            "All",
        ),
    ),
)
