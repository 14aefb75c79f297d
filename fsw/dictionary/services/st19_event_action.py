"""ST[19] event-action: a request that an event releases (6.19 and 8.19).

One definition for each event of an application. It is added disabled, as the standard has it. An event
counts when it occurs, reported or not. A definition releases once a second at most, so that no action
can feed on its own event.
"""

from functools import partial

import construct

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import PACKET, Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument, ArgumentGroup

_U8, _U16 = construct.Int8ub, construct.Int16ub
_EVENT = (
    Parameter("apid", _U16, "Application that reports the event", default=ORBITER_APID),
    Parameter("event", _U16, "Event identifier"),
)
_PACKET = Parameter("packet", PACKET, "The request: a whole telecommand packet")
_STATUS = Parameter("status", _U8, "Enabled or not", enumeration=Switch)
_EVENT_ARGUMENTS = tuple(Argument(p) for p in _EVENT)
_NAMED = ArgumentGroup("definitions", _EVENT_ARGUMENTS, "Events of definitions")
_NAMED_OR_ALL = ArgumentGroup("definitions", _EVENT_ARGUMENTS, "Events of definitions; none: all", least=0)
_NO_SUCH, _PARTLY = FailureCode.NO_SUCH_ITEM, FailureCode.PARTLY_DONE

_STATUS_TOLD, _DEFINITIONS_TOLD = "EVENT_ACTIONS_STATUS [19,7].", "EVENT_ACTIONS_DEFINITIONS [19,11]."
_request = partial(request, 19)
TELECOMMANDS = (
    _request(
        "EVENT_ACTIONS_ADD",
        1,
        "Adds definitions, disabled; one that is disabled is replaced.",
        _DEFINITIONS_TOLD,
        ArgumentGroup("definitions", (*_EVENT_ARGUMENTS, Argument(_PACKET)), "Event and request", most=16),
        failures=(FailureCode.BAD_REQUEST_INSIDE, FailureCode.IN_USE, FailureCode.NO_ROOM, _PARTLY),
    ),
    _request(
        "EVENT_ACTIONS_DELETE",
        2,
        "Deletes definitions that are disabled.",
        _STATUS_TOLD,
        _NAMED,
        failures=(_NO_SUCH, FailureCode.IN_USE, _PARTLY),
    ),
    _request(
        "EVENT_ACTIONS_DELETE_ALL", 3, "Deletes all definitions and disables the function.", _STATUS_TOLD
    ),
    _request(
        "EVENT_ACTIONS_ENABLE",
        4,
        "Lets definitions act.",
        _STATUS_TOLD,
        _NAMED_OR_ALL,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request(
        "EVENT_ACTIONS_DISABLE",
        5,
        "Keeps definitions from acting.",
        _STATUS_TOLD,
        _NAMED_OR_ALL,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request("EVENT_ACTIONS_REPORT_STATUS", 6, "Reports the status of each definition.", _STATUS_TOLD),
    _request(
        "EVENT_ACTIONS_FUNCTION_ENABLE", 8, "Lets enabled definitions act.", "The requests' own reports."
    ),
    _request("EVENT_ACTIONS_FUNCTION_DISABLE", 9, "Keeps all definitions from acting.", "TC_COMPLETED."),
    _request(
        "EVENT_ACTIONS_REPORT",
        10,
        "Reports definitions with their requests.",
        _DEFINITIONS_TOLD,
        _NAMED_OR_ALL,
        failures=(_NO_SUCH, _PARTLY),
    ),
)


def _report(name: str, subtype: int, text: str, *fields: Parameter) -> Report:
    group = Group("definitions", fields, "By application and event")
    return report(19, name, subtype, text, group)


REPORTS = (
    _report("EVENT_ACTIONS_STATUS", 7, "Event-action definitions", *_EVENT, _STATUS),
    _report(
        "EVENT_ACTIONS_DEFINITIONS",
        11,
        "Event-action definitions with their requests; many in several reports",
        *_EVENT,
        _STATUS,
        _PACKET,
    ),
)
