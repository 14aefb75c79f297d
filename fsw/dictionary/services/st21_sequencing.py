"""ST[21] request sequencing: requests released one after the other (6.21 and 8.21).

A sequence that is activated releases its first request; the next follows when its delay has passed and
its outcome has come. A request that fails ends its sequence, and an event tells. Ours: names of variable
length, N 8 bits, delays in milliseconds, 32 bits. A file of the store on board that is loaded by reference
holds the entries as the checksum covers them: packet, delay, packet, delay (`encode_entries`).
"""

from collections.abc import Iterable
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode, SequenceState
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import PACKET, Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.services.st23_files import FILE, PATH
from fsw.dictionary.telecommand import Argument, ArgumentGroup

LONGEST_NAME = 16
MOST_REQUESTS = 32
_U8, _U16, _U32 = construct.Int8ub, construct.Int16ub, construct.Int32ub
_NAME = Parameter("sequence", construct.PascalString(_U8, "utf8"), "Name of the sequence")
_ENTRY = (
    Parameter("packet", PACKET, "The request: a whole telecommand packet"),
    Parameter("delay_ms", _U32, "From this release to the next, at least", "ms"),
)
_STATE = Parameter("state", _U8, "What it does", enumeration=SequenceState)
_ONE = Argument(_NAME, 1, LONGEST_NAME)
_NO_SUCH = FailureCode.NO_SUCH_ITEM

_LOAD_FILE = (
    FailureCode.NO_SUCH_FILE,
    FailureCode.ALREADY_THERE,
    FailureCode.NO_ROOM,
    FailureCode.BAD_REQUEST_INSIDE,
)
_DELAY_OCTETS = 4
_PACKET_HEAD_OCTETS = 6


def encode_entries(entries: Iterable[tuple[bytes, int]]) -> bytes:
    """Packets and the delays [ms] behind them, as a file holds them and the checksum covers them."""
    return b"".join(packet + delay_ms.to_bytes(_DELAY_OCTETS, "big") for packet, delay_ms in entries)


def decode_entries(octets: bytes) -> list[tuple[bytes, int]] | None:
    """What a file holds; None if that is not whole entries, or too many, or none. Packets are not read."""
    entries: list[tuple[bytes, int]] = []
    at = 0
    while at < len(octets):
        end = at + _PACKET_HEAD_OCTETS + 1 + int.from_bytes(octets[at + 4 : at + _PACKET_HEAD_OCTETS], "big")
        if end + _DELAY_OCTETS > len(octets) or len(entries) == MOST_REQUESTS:
            return None
        entries.append((octets[at:end], int.from_bytes(octets[end : end + _DELAY_OCTETS], "big")))
        at = end + _DELAY_OCTETS
    return entries or None


_request, _report = partial(request, 21), partial(report, 21)
TELECOMMANDS = (
    _request(
        "SEQUENCE_LOAD",
        1,
        "Loads a sequence.",
        "SEQUENCE_CONTENT [21,12] when asked for.",
        _ONE,
        ArgumentGroup("entries", tuple(Argument(p) for p in _ENTRY), "Requests", most=MOST_REQUESTS),
        failures=(FailureCode.ALREADY_THERE, FailureCode.NO_ROOM, FailureCode.BAD_REQUEST_INSIDE),
    ),
    _request(
        "SEQUENCE_LOAD_BY_REFERENCE",
        2,
        "Loads a sequence that lies in a file on board.",
        "SEQUENCE_CRC [21,10] when asked for.",
        _ONE,
        PATH,
        FILE,
        failures=_LOAD_FILE,
    ),
    _request(
        "SEQUENCE_UNLOAD",
        3,
        "Forgets a sequence that is not active.",
        "SEQUENCES_STATUS [21,7].",
        _ONE,
        failures=(_NO_SUCH, FailureCode.IN_USE),
    ),
    _request(
        "SEQUENCE_ACTIVATE",
        4,
        "Releases its requests, the first at once.",
        "SEQUENCES_STATUS [21,7]; event SEQUENCE_COMPLETED or SEQUENCE_FAILED.",
        _ONE,
        failures=(_NO_SUCH, FailureCode.IN_USE, FailureCode.NO_ROOM),
    ),
    _request(
        "SEQUENCE_ABORT",
        5,
        "Releases no more of its requests.",
        "SEQUENCES_STATUS [21,7].",
        _ONE,
        failures=(_NO_SUCH, FailureCode.NOT_RUNNING),
    ),
    _request("SEQUENCES_REPORT", 6, "Reports the state of each sequence.", "SEQUENCES_STATUS [21,7]."),
    _request(
        "SEQUENCE_LOAD_AND_ACTIVATE",
        8,
        "Loads a sequence that lies in a file on board, and releases its requests, the first at once.",
        "SEQUENCES_STATUS [21,7]; event SEQUENCE_COMPLETED or SEQUENCE_FAILED.",
        _ONE,
        PATH,
        FILE,
        failures=_LOAD_FILE,
    ),
    _request(
        "SEQUENCE_CHECKSUM",
        9,
        "Reports the CRC-16 of a sequence's entries, as they were loaded.",
        "SEQUENCE_CRC [21,10].",
        _ONE,
        failures=(_NO_SUCH,),
    ),
    _request(
        "SEQUENCE_REPORT",
        11,
        "Reports a sequence's entries.",
        "SEQUENCE_CONTENT [21,12].",
        _ONE,
        failures=(_NO_SUCH,),
    ),
    _request("SEQUENCES_ABORT", 13, "Aborts all sequences and reports them.", "SEQUENCES_ABORTED [21,14]."),
)

REPORTS = (
    _report("SEQUENCES_STATUS", 7, "State of each sequence", Group("sequences", (_NAME, _STATE), "By name")),
    _report(
        "SEQUENCE_CRC",
        10,
        "Checksum of a sequence",
        _NAME,
        Parameter("crc", _U16, "CRC-16 of its entries: packet, delay, packet, delay"),
    ),
    _report(
        "SEQUENCE_CONTENT",
        12,
        "Entries of a sequence; many in several reports",
        _NAME,
        Parameter("first_entry", _U8, "Number of the first of these, from 0"),
        Group("entries", _ENTRY, "In order of release"),
    ),
    _report("SEQUENCES_ABORTED", 14, "Sequences aborted", Group("sequences", (_NAME,), "By name")),
)
