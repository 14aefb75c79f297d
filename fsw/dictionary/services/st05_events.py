"""ST[5] event reporting: requests. The events are in `fsw.dictionary.events`."""

from functools import partial

import construct

from fsw.dictionary.events import Event
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument

_EVENTS = Argument(Parameter("events", construct.Int16ub, "Events", enumeration=Event), listed=True)

_request, _report = partial(request, 5), partial(report, 5)
TELECOMMANDS = (
    _request("EVENTS_ENABLE", 5, "Reports events.", "TC_COMPLETED; the event when it comes.", _EVENTS),
    _request(
        "EVENTS_DISABLE",
        6,
        "No longer reports events; they are still counted.",
        "TC_COMPLETED; `events_reported` in HOUSEKEEPING_COMPUTER stands.",
        _EVENTS,
    ),
    _request("EVENTS_DISABLED_REPORT", 7, "Reports which events are not reported.", "EVENTS_DISABLED [5,8]."),
)
REPORTS = (
    _report(
        "EVENTS_DISABLED",
        8,
        "Events that are not reported",
        Group("events", (Parameter("event", construct.Int16ub, "Which", enumeration=Event),), "Events"),
    ),
)
