"""ST[15] on-board storage and retrieval (ECSS-E-ST-70-41C 6.15): packet stores in the mass memory.

A circular store overwrites its oldest packets, a bounded one takes no more when it is full. What was stored
goes down again, octet for octet, with its first counts and times: those of a range of times, or all from a
time on with what is still being stored (open retrieval). A request that names several stores is carried out
for all of them or, when one refuses, for none.
"""

from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services import report_selection
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.services.report_types import APPLICATIONS, APPLICATIONS_REPORTED
from fsw.dictionary.telecommand import Argument, ArgumentGroup
from fsw.dictionary.times import on_board_time, time_argument


class StoreKind(IntEnum):
    CIRCULAR = 0
    BOUNDED = 1


class ReplayChannel(IntEnum):
    """Virtual channel of the orbiter by which a store is retrieved in the high rate; in the low one all
    come by the first."""

    REAL_TIME = 1
    REPLAY = 4


class TimeWindow(IntEnum):
    FROM_TO = 0
    FROM = 1
    UP_TO = 2


SMALLEST_STORE_OCTETS = 1 << 12

_U8, _U32 = construct.Int8ub, construct.Int32ub
_STORE = Parameter("store", _U8, "Packet store")
_OCTETS = Parameter("octets", _U32, "Size of the store, 11 octets a packet added", "octets")
_KIND = Parameter("kind", _U8, "What it does when it is full", enumeration=StoreKind)
_CHANNEL = Parameter("channel", _U8, "Virtual channel of retrieval", enumeration=ReplayChannel)
_ALL_OR_SOME = Argument(Parameter("stores", _U8, "Packet stores; none for all"), listed=True, least=0)
_SOME = Argument(Parameter("stores", _U8, "Packet stores"), listed=True)
_SIZE = Argument(_OCTETS, SMALLEST_STORE_OCTETS, (1 << 32) - 1)

_UNKNOWN, _BUSY = FailureCode.UNKNOWN_STORE, FailureCode.STORE_BUSY
_STATUS = "PACKET_STORE_STATUS [15,19] after STORE_STATUS."
_CONFIGURATION = "PACKET_STORE_CONFIGURATION [15,23] after STORE_CONFIGURATION."
_SUMMARY = "PACKET_STORE_SUMMARY [15,13] after STORE_SUMMARY."

_SELECTION = {
    "HOUSEKEEPING_ADD": 29, "HOUSEKEEPING_DELETE": 30, "HOUSEKEEPING_REPORT": 35, "HOUSEKEEPING_SELECTED": 36,
    "DIAGNOSTICS_ADD": 31, "DIAGNOSTICS_DELETE": 32, "DIAGNOSTICS_REPORT": 37, "DIAGNOSTICS_SELECTED": 38,
    "EVENTS_UNBLOCK": 33, "EVENTS_BLOCK": 34, "EVENTS_REPORT": 39, "EVENTS_BLOCKED": 40,
}  # fmt: skip
_request, _report = partial(request, 15), partial(report, 15)
TELECOMMANDS = (
    _request("STORE_ENABLE", 1, "Stores packets from now on.", _STATUS, _ALL_OR_SOME, failures=(_UNKNOWN,)),
    _request("STORE_DISABLE", 2, "Stores no more packets.", _STATUS, _ALL_OR_SOME, failures=(_UNKNOWN,)),
    _request(
        "STORE_TYPES_ADD",
        3,
        "Stores reports of these types in this store too.",
        "STORED_TYPES [15,6] after STORE_TYPES_REPORT.",
        Argument(_STORE),
        APPLICATIONS,
        failures=(_UNKNOWN, FailureCode.UNKNOWN_REPORT_TYPE),
    ),
    _request(
        "STORE_TYPES_DELETE",
        4,
        "No longer stores reports of these types in this store; those stored stay.",
        "STORED_TYPES [15,6] after STORE_TYPES_REPORT.",
        Argument(_STORE),
        APPLICATIONS,
        failures=(_UNKNOWN, FailureCode.UNKNOWN_REPORT_TYPE),
    ),
    _request(
        "STORE_TYPES_REPORT",
        5,
        "Reports the types that a store takes.",
        "STORED_TYPES [15,6].",
        Argument(_STORE),
        failures=(_UNKNOWN,),
    ),
    _request(
        "STORE_RETRIEVE",
        9,
        "Sends what stores hold of a range of times, once.",
        "The packets; EVENT_PACKETS_RETRIEVED when the last has gone to the downlink.",
        ArgumentGroup(
            "ranges",
            (
                Argument(_STORE),
                time_argument("start", "First on-board time"),
                time_argument("end", "Last on-board time"),
            ),
            "Stores, each with a range",
        ),
        failures=(_UNKNOWN, _BUSY, FailureCode.TIMES_WRONG),
    ),
    _request(
        "STORE_CLEAR",
        11,
        "Deletes packets up to a time, that one included.",
        _SUMMARY,
        time_argument("until", "Last on-board time to delete"),
        _ALL_OR_SOME,
        failures=(_UNKNOWN, _BUSY, FailureCode.MEMORY_REFUSED),
    ),
    _request(
        "STORE_SUMMARY",
        12,
        "Reports what stores hold, after it has been put into the mass memory.",
        "PACKET_STORE_SUMMARY [15,13].",
        _ALL_OR_SOME,
        failures=(_UNKNOWN,),
    ),
    _request(
        "STORE_OPEN_FROM",
        14,
        "Lets open retrieval begin at this time.",
        _SUMMARY,
        time_argument("start", "First on-board time"),
        _ALL_OR_SOME,
        failures=(_UNKNOWN, _BUSY),
    ),
    _request(
        "STORE_OPEN_RESUME",
        15,
        "Begins open retrieval, or goes on where it was suspended: sends what is stored and what comes.",
        "The packets; " + _STATUS,
        _ALL_OR_SOME,
        failures=(_UNKNOWN,),
    ),
    _request(
        "STORE_OPEN_SUSPEND", 16, "Suspends open retrieval.", _STATUS, _ALL_OR_SOME, failures=(_UNKNOWN,)
    ),
    _request(
        "STORE_RETRIEVE_ABORT",
        17,
        "Ends retrieval by ranges of times.",
        "EVENT_PACKETS_RETRIEVED; " + _STATUS,
        _ALL_OR_SOME,
        failures=(_UNKNOWN,),
    ),
    _request(
        "STORE_STATUS", 18, "Reports which stores store and are retrieved.", "PACKET_STORE_STATUS [15,19]."
    ),
    _request(
        "STORE_CREATE",
        20,
        "Makes packet stores, empty and not storing, that take no report type yet; of the types added later "
        "they take all structures and events.",
        _CONFIGURATION,
        ArgumentGroup(
            "stores",
            (Argument(_STORE), _SIZE, Argument(_KIND), Argument(_CHANNEL)),
            "Definitions",
        ),
        failures=(FailureCode.STORE_EXISTS, FailureCode.STORE_NO_ROOM),
    ),
    _request(
        "STORE_DELETE",
        21,
        "Deletes stores that are disabled and not being retrieved, with all that they hold.",
        _CONFIGURATION,
        _SOME,
        failures=(_UNKNOWN, _BUSY),
    ),
    _request(
        "STORE_CONFIGURATION",
        22,
        "Reports size, kind and channel of each store.",
        "PACKET_STORE_CONFIGURATION [15,23].",
    ),
    _request(
        "STORE_COPY",
        24,
        "Copies packets of a window of times into an empty, disabled store.",
        _SUMMARY,
        Argument(Parameter("window", _U8, "Which times count", enumeration=TimeWindow)),
        time_argument("start", "First on-board time; unused when UP_TO"),
        time_argument("end", "Last on-board time; unused when FROM"),
        Argument(Parameter("source", _U8, "Packet store to copy from")),
        Argument(Parameter("destination", _U8, "Packet store to copy to")),
        failures=(
            _UNKNOWN,
            _BUSY,
            FailureCode.TIMES_WRONG,
            FailureCode.STORE_NOT_EMPTY,
            FailureCode.STORE_FULL,
            FailureCode.MEMORY_REFUSED,
        ),
    ),
    _request(
        "STORE_RESIZE",
        25,
        "Changes the size of stores that are disabled and not being retrieved.",
        _CONFIGURATION,
        ArgumentGroup("sizes", (Argument(_STORE), _SIZE), "Stores, each with its new size"),
        failures=(_UNKNOWN, _BUSY, FailureCode.STORE_NO_ROOM),
    ),
    _request(
        "STORE_CIRCULAR",
        26,
        "Makes disabled stores overwrite their oldest packets.",
        _CONFIGURATION,
        _SOME,
        failures=(_UNKNOWN, _BUSY),
    ),
    _request(
        "STORE_BOUNDED",
        27,
        "Makes disabled stores take no more when they are full.",
        _CONFIGURATION,
        _SOME,
        failures=(_UNKNOWN, _BUSY),
    ),
    _request(
        "STORE_CHANNEL",
        28,
        "Changes the virtual channel of a store that is not being retrieved.",
        _CONFIGURATION,
        Argument(_STORE),
        Argument(_CHANNEL),
        failures=(_UNKNOWN, _BUSY),
    ),
    *report_selection.requests(
        15,
        "STORE",
        "their reports are stored in this store",
        _SELECTION,
        Argument(_STORE),
        failures=(_UNKNOWN,),
    ),
)
REPORTS = (
    _report("STORED_TYPES", 6, "Report types that a store takes", _STORE, APPLICATIONS_REPORTED),
    _report(
        "PACKET_STORE_SUMMARY",
        13,
        "What packet stores hold",
        Group(
            "stores",
            (
                _STORE,
                on_board_time("oldest", "Oldest packet; 0 when empty"),
                on_board_time("newest", "Newest packet; 0 when empty"),
                on_board_time("open_from", "Where open retrieval begins"),
                Parameter("fill", _U8, "Share filled", "%"),
                Parameter("open_fill", _U8, "Share filled from there on", "%"),
            ),
            "Packet stores",
        ),
    ),
    _report(
        "PACKET_STORE_STATUS",
        19,
        "Which packet stores store and are retrieved",
        Group(
            "stores",
            (
                _STORE,
                Parameter("storage", _U8, "Stores packets", enumeration=Switch),
                Parameter("open_retrieval", _U8, "In progress, or suspended", enumeration=Switch),
                Parameter("range_retrieval", _U8, "By a range of times", enumeration=Switch),
            ),
            "Packet stores",
        ),
    ),
    _report(
        "PACKET_STORE_CONFIGURATION",
        23,
        "How packet stores are made",
        Group("stores", (_STORE, _OCTETS, _KIND, _CHANNEL), "Packet stores"),
    ),
    *report_selection.reports(15, "STORE", _SELECTION, _STORE),
)
