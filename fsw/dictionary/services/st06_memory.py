"""ST[6] memory management (ECSS-E-ST-70-41C 6.6, 8.6): raw data memories, by absolute addresses. Ours.

A request is carried out whole or not at all. Checksums are CRC-16 as of packets (annex B). Left out: memories
of objects [6,1], [6,3] and so on, since none here holds other than raw data; loads in a transaction [6,11],
since each is one; aborting dumps [6,12], since a dump is made at once; by way of files [6,19] to [6,22].
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.settings import SETTINGS
from fsw.dictionary.telecommand import AnyArgument, Argument, ArgumentGroup

_U8, _U16, _U32 = construct.Int8ub, construct.Int16ub, construct.Int32ub
MOST_LOADED, MOST_DUMPED, MOST_CHECKED = 512, 1024, 1 << 16  # octets of an area
MOST_AREAS = 8


class Memory(IntEnum):
    """Memory identifiers."""

    PROGRAM = 1
    SCRATCH = 2
    PARAMETER_AREA = 3


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """Where a memory lies. loadable: by ST[6], while it is not protected. scrubbed: it has check bits."""

    start: int
    octets: int
    loadable: bool
    scrubbed: bool = False

    def holds(self, address: int, octets: int) -> bool:
        """Whether all of these octets are in it."""
        return self.start <= address and address + octets <= self.start + self.octets


_CELL_OCTETS = 9  # of the parameter area: a word and its check bits
MEMORIES: dict[int, MemoryMap] = {
    # Ends in its own CRC-16, so that the CRC of all of it is 0.
    Memory.PROGRAM: MemoryMap(0, 32 << 10, False),
    Memory.SCRATCH: MemoryMap(0x2000_0000, 16 << 10, True),
    # Set by ST[20], which knows what is allowed.
    Memory.PARAMETER_AREA: MemoryMap(0x6000_0000, _CELL_OCTETS * len(SETTINGS), False, scrubbed=True),
}

_MEMORY = "Which memory"
_ADDRESS = Parameter("address", _U32, "Absolute address of the first octet")
_DATA = Parameter("data", construct.Prefixed(_U16, construct.GreedyBytes), "The octets")
_CHECKSUM = Parameter("checksum", _U16, "CRC-16 of the octets")
_WHICH = Argument(Parameter("memory", _U8, _MEMORY), names=Memory)


def _octets(layout: object, most: int) -> Argument:
    return Argument(Parameter("octets", layout, "How many octets"), 1, most)


def _areas(*fields: AnyArgument) -> ArgumentGroup:
    return ArgumentGroup("areas", fields, "Areas of the memory", most=MOST_AREAS)


_NOT_THERE = (FailureCode.UNKNOWN_MEMORY, FailureCode.ADDRESS_OUT_OF_RANGE)
_NOT_SCRUBBED = (FailureCode.UNKNOWN_MEMORY, FailureCode.NOT_SCRUBBED)
_NOT_PROTECTABLE = (FailureCode.UNKNOWN_MEMORY, FailureCode.NOT_PROTECTABLE)
_request = partial(request, 6)
TELECOMMANDS = (
    _request(
        "MEMORY_LOAD",
        2,
        "Writes octets into a memory.",
        "TC_COMPLETED comes after they were read back; MEMORY_DUMP, MEMORY_CHECK.",
        _WHICH,
        _areas(Argument(_ADDRESS), Argument(_DATA, 1, MOST_LOADED), Argument(_CHECKSUM)),
        failures=(
            *_NOT_THERE,
            FailureCode.MEMORY_READ_ONLY,
            FailureCode.MEMORY_PROTECTED,
            FailureCode.DATA_CHECKSUM_WRONG,
            FailureCode.BUSY,
            FailureCode.NOT_KEPT,
        ),
    ),
    _request(
        "MEMORY_DUMP",
        5,
        "Reports octets of a memory, an area in a report.",
        "MEMORY_DUMPED [6,6].",
        _WHICH,
        _areas(Argument(_ADDRESS), _octets(_U16, MOST_DUMPED)),
        failures=(*_NOT_THERE, FailureCode.BUSY),
    ),
    _request(
        "MEMORY_CHECK",
        9,
        "Reports the checksums of areas of a memory.",
        "MEMORY_CHECKED [6,10].",
        _WHICH,
        _areas(Argument(_ADDRESS), _octets(_U32, MOST_CHECKED)),
        failures=(*_NOT_THERE, FailureCode.BUSY),
    ),
    _request(
        "MEMORY_SCRUBBING_ENABLE",
        13,
        "Looks through a memory that has check bits now, and then every SCRUB_PERIOD_S. So it is at first.",
        "EVENT_UPSET_CORRECTED and EVENT_PARAMETER_LOST when something is found.",
        _WHICH,
        failures=_NOT_SCRUBBED,
    ),
    _request(
        "MEMORY_SCRUBBING_DISABLE",
        14,
        "No longer looks through a memory by itself; what is read is still put right.",
        "No more such events.",
        _WHICH,
        failures=_NOT_SCRUBBED,
    ),
    _request(
        "MEMORY_PROTECT",
        15,
        "Refuses to load a memory.",
        "MEMORY_LOAD fails with MEMORY_PROTECTED.",
        _WHICH,
        failures=_NOT_PROTECTABLE,
    ),
    _request(
        "MEMORY_UNPROTECT",
        16,
        "Lets a memory be loaded again.",
        "MEMORY_LOAD.",
        _WHICH,
        failures=_NOT_PROTECTABLE,
    ),
)


def _report(name: str, subtype: int, text: str, *fields: Parameter) -> Report:
    memory = Parameter("memory", _U8, _MEMORY, enumeration=Memory)
    group = Group("areas", fields, "Areas")
    return report(6, name, subtype, text, memory, group)


REPORTS = (
    _report("MEMORY_DUMPED", 6, "Octets of a memory", _ADDRESS, _DATA, _CHECKSUM),
    _report(
        "MEMORY_CHECKED",
        10,
        "Checksums of a memory",
        _ADDRESS,
        Parameter("octets", _U32, "How many octets"),
        _CHECKSUM,
    ),
)
