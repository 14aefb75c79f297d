"""ST[11] time-based scheduling: requests that wait on board for their time (6.11 and 8.11).

A request is released when the on-board time reaches its release time, if then the schedule, its
sub-schedule and its group are enabled; if not, it is dropped, and an event tells. A sub-schedule begins,
enabled, with its first activity and ends with its last. Group 0 always is, and is enabled.

Ours in widths: sub-schedule and group 8 bits, N 8 bits, times CUC 4+3; both times of a window are there
whatever its type; a shift is in milliseconds, 32 bits, signed. Of a request that asks for several things
those that can be done are done; PARTLY_DONE tells that others were not.
"""

from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import CUC_TIME, PACKET, Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument, ArgumentGroup

ACTIVITIES_AT_ONCE = 16
_U8, _U16 = construct.Int8ub, construct.Int16ub


class Window(IntEnum):
    """Which release times: all, or those from and to the times given, both included."""

    ALL = 0
    FROM_TO = 1
    FROM = 2
    TO = 3


_SUB_SCHEDULE = Parameter("sub_schedule", _U8, "Sub-schedule")
_GROUP = Parameter("group", _U8, "Group; 0 is none")
_RELEASE_TIME = Parameter("release_time", CUC_TIME, "On-board time of the release")
_PACKET = Parameter("packet", PACKET, "The request: a whole telecommand packet")
_STATUS = Parameter("status", _U8, "Enabled or not", enumeration=Switch)
_REQUEST = (
    Parameter("source", _U16, "Source of the request"),
    Parameter("apid", _U16, "APID of the request"),
    Parameter("count", _U16, "Packet sequence count of the request"),
)
_REQUESTS = ArgumentGroup("requests", tuple(Argument(p) for p in _REQUEST), "Scheduled requests")
_OFFSET = Argument(Parameter("offset_ms", construct.Int32sb, "Later by so much; negative: earlier", "ms"))
_FILTER = (
    Argument(Parameter("window", _U8, "Which release times", enumeration=Window, default="ALL")),
    Argument(Parameter("from_time", CUC_TIME, "First release time", default=bytes(7))),
    Argument(Parameter("to_time", CUC_TIME, "Last release time", default=bytes(7))),
    ArgumentGroup("sub_schedules", (Argument(_SUB_SCHEDULE),), "Only these; none: all", least=0),
    ArgumentGroup("groups", (Argument(_GROUP),), "Only these; none: all", least=0),
)
_SUB_SCHEDULES = ArgumentGroup("sub_schedules", (Argument(_SUB_SCHEDULE),), "Which; none: all", least=0)
_NEW_GROUP = Argument(_GROUP, 1, 255)
_GROUPS = ArgumentGroup("groups", (_NEW_GROUP,), "Which; none: all", least=0)

_NO_SUCH, _PARTLY = FailureCode.NO_SUCH_ITEM, FailureCode.PARTLY_DONE
_IN_SUMMARY = "SCHEDULE_SUMMARY [11,13] when asked for."

_request, _report = partial(request, 11), partial(report, 11)
TELECOMMANDS = (
    _request("SCHEDULE_ENABLE", 1, "Releases requests at their time.", "Their own reports."),
    _request(
        "SCHEDULE_DISABLE", 2, "Releases nothing; what falls due is dropped.", "Event ACTIVITY_NOT_RELEASED."
    ),
    _request(
        "SCHEDULE_RESET", 3, "Disables the schedule; deletes activities, sub-schedules, groups.", _IN_SUMMARY
    ),
    _request(
        "SCHEDULE_INSERT",
        4,
        "Inserts activities.",
        _IN_SUMMARY,
        Argument(_SUB_SCHEDULE),
        ArgumentGroup(
            "activities",
            (Argument(_GROUP), Argument(_RELEASE_TIME), Argument(_PACKET)),
            "What is released when",
            most=ACTIVITIES_AT_ONCE,
        ),
        failures=(
            FailureCode.RELEASE_TIME_PAST,
            FailureCode.NO_ROOM,
            FailureCode.BAD_REQUEST_INSIDE,
            FailureCode.ALREADY_THERE,
            _NO_SUCH,
            _PARTLY,
        ),
    ),
    _request(
        "SCHEDULE_DELETE", 5, "Deletes activities.", _IN_SUMMARY, _REQUESTS, failures=(_NO_SUCH, _PARTLY)
    ),
    _request(
        "SCHEDULE_DELETE_FILTERED", 6, "Deletes the activities that pass a filter.", _IN_SUMMARY, *_FILTER
    ),
    _request(
        "SCHEDULE_SHIFT",
        7,
        "Moves activities in time.",
        _IN_SUMMARY,
        _OFFSET,
        _REQUESTS,
        failures=(FailureCode.RELEASE_TIME_PAST, FailureCode.ARGUMENTS_WRONG, _NO_SUCH, _PARTLY),
    ),
    _request(
        "SCHEDULE_SHIFT_FILTERED",
        8,
        "Moves the activities that pass a filter in time, or none if one would fall into the past.",
        _IN_SUMMARY,
        _OFFSET,
        *_FILTER,
        failures=(FailureCode.RELEASE_TIME_PAST, FailureCode.ARGUMENTS_WRONG),
    ),
    _request(
        "SCHEDULE_SHIFT_ALL",
        15,
        "Moves all activities in time, or none if one would fall into the past.",
        _IN_SUMMARY,
        _OFFSET,
        failures=(FailureCode.RELEASE_TIME_PAST, FailureCode.ARGUMENTS_WRONG),
    ),
    _request(
        "SCHEDULE_REPORT_DETAIL",
        9,
        "Reports activities with their requests.",
        "SCHEDULE_DETAIL [11,10].",
        _REQUESTS,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request(
        "SCHEDULE_REPORT_DETAIL_FILTERED",
        11,
        "The same of those that pass a filter.",
        "SCHEDULE_DETAIL [11,10].",
        *_FILTER,
    ),
    _request("SCHEDULE_REPORT_DETAIL_ALL", 16, "The same of all.", "SCHEDULE_DETAIL [11,10]."),
    _request(
        "SCHEDULE_REPORT",
        12,
        "Reports activities.",
        "SCHEDULE_SUMMARY [11,13].",
        _REQUESTS,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request(
        "SCHEDULE_REPORT_FILTERED",
        14,
        "The same of those that pass a filter.",
        "SCHEDULE_SUMMARY [11,13].",
        *_FILTER,
    ),
    _request("SCHEDULE_REPORT_ALL", 17, "The same of all.", "SCHEDULE_SUMMARY [11,13]."),
    _request(
        "SCHEDULE_SUBSCHEDULES_REPORT", 18, "Reports the sub-schedules.", "SCHEDULE_SUBSCHEDULES [11,19]."
    ),
    _request(
        "SCHEDULE_SUBSCHEDULES_ENABLE",
        20,
        "Releases what is due in sub-schedules.",
        "SCHEDULE_SUBSCHEDULES [11,19].",
        _SUB_SCHEDULES,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request(
        "SCHEDULE_SUBSCHEDULES_DISABLE",
        21,
        "Drops what falls due in sub-schedules.",
        "SCHEDULE_SUBSCHEDULES [11,19].",
        _SUB_SCHEDULES,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request(
        "SCHEDULE_GROUPS_CREATE",
        22,
        "Creates groups.",
        "SCHEDULE_GROUPS [11,27].",
        ArgumentGroup("groups", (_NEW_GROUP, Argument(_STATUS)), "New groups"),
        failures=(FailureCode.ALREADY_THERE, FailureCode.NO_ROOM, _PARTLY),
    ),
    _request(
        "SCHEDULE_GROUPS_DELETE",
        23,
        "Deletes groups that hold no activity; none: all of those.",
        "SCHEDULE_GROUPS [11,27].",
        _GROUPS,
        failures=(_NO_SUCH, FailureCode.IN_USE, _PARTLY),
    ),
    _request(
        "SCHEDULE_GROUPS_ENABLE",
        24,
        "Releases what is due in groups.",
        "SCHEDULE_GROUPS [11,27].",
        _GROUPS,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request(
        "SCHEDULE_GROUPS_DISABLE",
        25,
        "Drops what falls due in groups.",
        "SCHEDULE_GROUPS [11,27].",
        _GROUPS,
        failures=(_NO_SUCH, _PARTLY),
    ),
    _request("SCHEDULE_GROUPS_REPORT", 26, "Reports the groups.", "SCHEDULE_GROUPS [11,27]."),
)

REPORTS = (
    _report(
        "SCHEDULE_DETAIL",
        10,
        "Scheduled activities with their requests; many in several reports",
        Group("activities", (_SUB_SCHEDULE, _GROUP, _RELEASE_TIME, _PACKET), "In order of release"),
    ),
    _report(
        "SCHEDULE_SUMMARY",
        13,
        "Scheduled activities; many in several reports",
        Group("activities", (_SUB_SCHEDULE, _GROUP, _RELEASE_TIME, *_REQUEST), "In order of release"),
    ),
    _report(
        "SCHEDULE_SUBSCHEDULES",
        19,
        "Sub-schedules",
        Group("sub_schedules", (_SUB_SCHEDULE, _STATUS), "By number"),
    ),
    _report("SCHEDULE_GROUPS", 27, "Scheduling groups", Group("groups", (_GROUP, _STATUS), "By number")),
)
