"""ST[14] real-time forwarding control (ECSS-E-ST-70-41C 6.14): which reports go down as they are made.

At first all of them, of housekeeping and diagnostics all structures, and no event is kept back. What is not
forwarded may still be stored (ST[15]), and be retrieved. The parts of a large report (ST[13]) go the way of
the report.
"""

from functools import partial

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services import report_selection
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.services.report_types import APPLICATIONS, APPLICATIONS_REPORTED

_SELECTION = {
    "HOUSEKEEPING_ADD": 5, "HOUSEKEEPING_DELETE": 6, "HOUSEKEEPING_REPORT": 7, "HOUSEKEEPING_SELECTED": 8,
    "DIAGNOSTICS_ADD": 9, "DIAGNOSTICS_DELETE": 10, "DIAGNOSTICS_REPORT": 11, "DIAGNOSTICS_SELECTED": 12,
    "EVENTS_UNBLOCK": 13, "EVENTS_BLOCK": 14, "EVENTS_REPORT": 15, "EVENTS_BLOCKED": 16,
}  # fmt: skip
_request, _report = partial(request, 14), partial(report, 14)
TELECOMMANDS = (
    _request(
        "FORWARDING_ADD",
        1,
        "Sends reports of these types in real time.",
        "TC_COMPLETED; FORWARDED_TYPES [14,4] after FORWARDING_REPORT; the reports themselves.",
        APPLICATIONS,
        failures=(FailureCode.UNKNOWN_REPORT_TYPE,),
    ),
    _request(
        "FORWARDING_DELETE",
        2,
        "No longer sends reports of these types in real time. Verification too may be silenced so: what a "
        "telecommand came to is then known only from a packet store.",
        "FORWARDED_TYPES [14,4] after FORWARDING_REPORT; the reports stop.",
        APPLICATIONS,
        failures=(FailureCode.UNKNOWN_REPORT_TYPE,),
    ),
    _request(
        "FORWARDING_REPORT", 3, "Reports the types that are sent in real time.", "FORWARDED_TYPES [14,4]."
    ),
    *report_selection.requests(14, "FORWARDING", "their reports are sent in real time", _SELECTION),
)
REPORTS = (
    _report("FORWARDED_TYPES", 4, "Report types that are sent in real time", APPLICATIONS_REPORTED),
    *report_selection.reports(14, "FORWARDING", _SELECTION),
)
