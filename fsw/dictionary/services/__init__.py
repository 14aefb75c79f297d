"""The standard services (ECSS-E-ST-70-41C), a module each: requests and reports as declared.

Ours in identifiers and widths: the standard leaves them to the mission, and nothing is published of
Tianwen-1's.
"""

from fsw.dictionary.report import Report
from fsw.dictionary.services import (
    st03_housekeeping,
    st05_events,
    st09_time,
    st11_scheduling,
    st17_test,
    st18_procedures,
    st19_event_action,
    st21_sequencing,
)
from fsw.dictionary.telecommand import Telecommand

TELECOMMANDS: tuple[Telecommand, ...] = (
    *st03_housekeeping.TELECOMMANDS,
    *st05_events.TELECOMMANDS,
    *st09_time.TELECOMMANDS,
    *st11_scheduling.TELECOMMANDS,
    *st17_test.TELECOMMANDS,
    *st18_procedures.TELECOMMANDS,
    *st19_event_action.TELECOMMANDS,
    *st21_sequencing.TELECOMMANDS,
)
REPORTS: tuple[Report, ...] = (
    *st09_time.REPORTS,
    *st11_scheduling.REPORTS,
    *st17_test.REPORTS,
    *st18_procedures.REPORTS,
    *st19_event_action.REPORTS,
    *st21_sequencing.REPORTS,
)
