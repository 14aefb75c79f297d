"""ST[5] event reporting: requests. The events are in `fsw.dictionary.events`."""

import construct

from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import ORBITER_APID, Origin
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Argument, Telecommand

_EVENTS = Argument(Parameter("events", construct.Int16ub, "Events", enumeration=Event), listed=True)

TELECOMMANDS = (
    Telecommand(
        "EVENTS_ENABLE",
        5,
        5,
        "Reports events.",
        "TC_COMPLETED; the event when it comes.",
        arguments=(_EVENTS,),
    ),
    Telecommand(
        "EVENTS_DISABLE",
        5,
        6,
        "No longer reports events; they are still counted.",
        "TC_COMPLETED; `events_reported` in HOUSEKEEPING_COMPUTER stands.",
        arguments=(_EVENTS,),
    ),
    Telecommand(
        "EVENTS_DISABLED_REPORT", 5, 7, "Reports which events are not reported.", "EVENTS_DISABLED [5,8]."
    ),
)
REPORTS = (
    Report(
        "EVENTS_DISABLED",
        ORBITER_APID,
        (),
        "Events that are not reported",
        Origin.OURS,
        5,
        8,
        groups=(
            Group("events", (Parameter("event", construct.Int16ub, "Which", enumeration=Event),), "Events"),
        ),
    ),
)
