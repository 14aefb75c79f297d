"""The standard services (ECSS-E-ST-70-41C), a module each: requests and reports as declared.

Ours in identifiers and widths: the standard leaves them to the mission, and nothing is published of
Tianwen-1's.
"""

from fsw.dictionary.report import Report
from fsw.dictionary.services import st03_housekeeping, st05_events, st09_time, st17_test
from fsw.dictionary.telecommand import Telecommand

TELECOMMANDS: tuple[Telecommand, ...] = (
    *st03_housekeeping.TELECOMMANDS,
    *st05_events.TELECOMMANDS,
    *st09_time.TELECOMMANDS,
    *st17_test.TELECOMMANDS,
)
REPORTS: tuple[Report, ...] = (
    *st09_time.REPORTS,
    *st17_test.REPORTS,
)
