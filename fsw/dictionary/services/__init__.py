"""The standard services (ECSS-E-ST-70-41C), a module each: requests and reports as declared.

Ours in identifiers and widths: the standard leaves them to the mission, and nothing is published of
Tianwen-1's.
"""

from itertools import chain

from fsw.dictionary.report import Report
from fsw.dictionary.services import (
    st02_device_access,
    st02_devices,
    st03_functional_reporting,
    st03_housekeeping,
    st04_statistics,
    st05_events,
    st06_memory,
    st09_time,
    st11_scheduling,
    st12_functional_monitoring,
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

_SERVICES = (
    st02_device_access,
    st02_devices,
    st03_housekeeping,
    st03_functional_reporting,
    st04_statistics,
    st05_events,
    st06_memory,
    st09_time,
    st11_scheduling,
    st12_monitoring,
    st12_functional_monitoring,
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
TELECOMMANDS: tuple[Telecommand, ...] = tuple(chain.from_iterable(one.TELECOMMANDS for one in _SERVICES))
REPORTS: tuple[Report, ...] = tuple(chain.from_iterable(one.REPORTS for one in _SERVICES))
