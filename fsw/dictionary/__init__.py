"""Every telecommand and telemetry report of the flight, declared once.

On board and ground encode and decode through this; the printed dictionary comes from it. Each
declaration says whether its layout is Tianwen-1's own or ours (`origin`). What is here is the orbiter's,
and what it carries; the rover has a book of its own (`fsw.dictionary.rover`).
"""

from fsw.dictionary import commands, events, housekeeping, security, services, tianwen1, verification
from fsw.dictionary.book import Book
from fsw.dictionary.identifiers import ORBITER_APID
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Value, Violation
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Argument, ArgumentGroup, ArgumentValue, Request, Telecommand

__all__ = [
    "ORBITER",
    "Argument",
    "ArgumentGroup",
    "ArgumentValue",
    "Book",
    "Group",
    "Report",
    "Request",
    "Telecommand",
    "Value",
    "Violation",
    "known_services",
    "parse_telecommand",
    "recognise_report",
    "recognise_telecommand",
    "report",
    "report_for",
    "reports",
    "telecommand",
    "telecommands",
]

ORBITER = Book(
    ORBITER_APID,
    (*commands.TELECOMMANDS, *services.TELECOMMANDS, *security.TELECOMMANDS),
    (
        *tianwen1.REPORTS,
        *verification.REPORTS,
        *housekeeping.REPORTS,
        *events.REPORTS,
        *services.REPORTS,
        *security.REPORTS,
    ),
)
telecommands = ORBITER.telecommands
telecommand = ORBITER.telecommand
reports = ORBITER.reports
report = ORBITER.report
report_for = ORBITER.report_for
recognise_report = ORBITER.recognise_report
parse_telecommand = ORBITER.parse_telecommand
known_services = ORBITER.known_services
recognise_telecommand = ORBITER.recognise_telecommand
