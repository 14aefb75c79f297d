"""ST[14] real-time forwarding control (ECSS-E-ST-70-41C 6.14): which reports go down as they are made.

At first all of them. What is not forwarded may still be stored (ST[15]), and be retrieved. The parts of a
large report (ST[13]) go the way of the report.
"""

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin
from fsw.dictionary.report import Report
from fsw.dictionary.services.report_types import APPLICATIONS, APPLICATIONS_REPORTED
from fsw.dictionary.telecommand import Telecommand

TELECOMMANDS = (
    Telecommand(
        "FORWARDING_ADD",
        14,
        1,
        "Sends reports of these types in real time.",
        "TC_COMPLETED; FORWARDED_TYPES [14,4] after FORWARDING_REPORT; the reports themselves.",
        (FailureCode.UNKNOWN_REPORT_TYPE,),
        (APPLICATIONS,),
    ),
    Telecommand(
        "FORWARDING_DELETE",
        14,
        2,
        "No longer sends reports of these types in real time. Verification too may be silenced so: what a "
        "telecommand came to is then known only from a packet store.",
        "FORWARDED_TYPES [14,4] after FORWARDING_REPORT; the reports stop.",
        (FailureCode.UNKNOWN_REPORT_TYPE,),
        (APPLICATIONS,),
    ),
    Telecommand(
        "FORWARDING_REPORT",
        14,
        3,
        "Reports the types that are sent in real time.",
        "FORWARDED_TYPES [14,4].",
    ),
)
REPORTS = (
    Report(
        "FORWARDED_TYPES",
        ORBITER_APID,
        (),
        "Report types that are sent in real time",
        Origin.OURS,
        14,
        4,
        groups=(APPLICATIONS_REPORTED,),
    ),
)
