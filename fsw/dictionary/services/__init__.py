"""The standard services (ECSS-E-ST-70-41C), a module each: requests and reports as declared.

Ours in identifiers and widths: the standard leaves them to the mission, and nothing is published of
Tianwen-1's.
"""

from itertools import chain

from fsw.dictionary.report import Report
from fsw.dictionary.services import (
    st02_device_access,
    st03_housekeeping,
    st04_statistics,
    st05_events,
    st06_memory,
    st09_time,
    st11_scheduling,
    st12_monitoring,
    st13_large_packets,
    st14_forwarding,
    st15_storage,
    st17_test,
    st18_procedures,
    st19_event_action,
    st20_parameters,
    st21_sequencing,
    st23_files,
)
from fsw.dictionary.telecommand import Telecommand

TELECOMMANDS: tuple[Telecommand, ...] = tuple(
    chain(
        st02_device_access.TELECOMMANDS,
        st03_housekeeping.TELECOMMANDS,
        st04_statistics.TELECOMMANDS,
        st05_events.TELECOMMANDS,
        st06_memory.TELECOMMANDS,
        st09_time.TELECOMMANDS,
        st11_scheduling.TELECOMMANDS,
        st12_monitoring.TELECOMMANDS,
        st13_large_packets.TELECOMMANDS,
        st14_forwarding.TELECOMMANDS,
        st15_storage.TELECOMMANDS,
        st17_test.TELECOMMANDS,
        st18_procedures.TELECOMMANDS,
        st19_event_action.TELECOMMANDS,
        st20_parameters.TELECOMMANDS,
        st21_sequencing.TELECOMMANDS,
        st23_files.TELECOMMANDS,
    )
)
REPORTS: tuple[Report, ...] = tuple(
    chain(
        st02_device_access.REPORTS,
        st03_housekeeping.REPORTS,
        st04_statistics.REPORTS,
        st05_events.REPORTS,
        st06_memory.REPORTS,
        st09_time.REPORTS,
        st11_scheduling.REPORTS,
        st12_monitoring.REPORTS,
        st13_large_packets.REPORTS,
        st14_forwarding.REPORTS,
        st15_storage.REPORTS,
        st17_test.REPORTS,
        st18_procedures.REPORTS,
        st19_event_action.REPORTS,
        st20_parameters.REPORTS,
        st21_sequencing.REPORTS,
        st23_files.REPORTS,
    )
)
