"""The format of the mass memory's log, and what is found in one that was killed, torn or damaged.

The file begins with 16 octets: magic `FSWMMLOG`, version (16 bits, now 1), octets of this header (16 bits),
CRC-32 of these. Then record follows record, each at the end of the one before:

    octets  field
    4       sync marker `FSWR`
    1       kind: 1 stores octets under a key, 2 deletes the key, 3: all before it outlives a power loss
    1       0
    2       octets of the key, 1024 at the most; 0 of kind 3
    4       octets stored; 0 of kinds 2 and 3
    8       sequence number: one more than that of the record before
    4       CRC-32 of the octets stored
    4       CRC-32 of the record's offset in the file (64 bits), of all fields above, and of the key
            the key (UTF-8)
            the octets stored

All numbers are big-endian, unsigned. The later record of a key counts. Since the offset is under the CRC, a
log that is stored as a file in a log is never mistaken for records of the outer one, and since the lengths
are under a CRC of their own, damage to the octets of a record costs that record only.

Where no record's head is found, the scan looks on for the next sync marker that begins one. If there is none
up to the end, what is left is the tail that a power loss tore off.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from fsw.devices.log_file import LogFile

VERSION = 1
SYNC = b"FSWR"
HEAD_OCTETS = 28
LONGEST_KEY_OCTETS = 1024  # so that a scan through garbage takes no long CRCs in vain
MOST_OCTETS = (1 << 32) - 1

_MAGIC = b"FSWMMLOG"
_FILE = struct.Struct(">8sHH")
_CRC_OCTETS = 4
FILE_HEADER_OCTETS = _FILE.size + _CRC_OCTETS
_FIELDS = struct.Struct(">4sBBHIQI")
_PLACE = struct.Struct(">Q")
_WINDOW_OCTETS = 1 << 20
assert _FIELDS.size + _CRC_OCTETS == HEAD_OCTETS


class Kind(IntEnum):
    STORE = 1
    DELETE = 2
    FLUSHED = 3


_KINDS = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Head:
    """A record's head whose CRC is right. crc: of the octets stored."""

    kind: Kind
    key: bytes
    octets: int
    sequence: int
    crc: int

    @property
    def record_octets(self) -> int:
        return HEAD_OCTETS + len(self.key) + self.octets


@dataclass(frozen=True, slots=True)
class Damage:
    """Octets of the log that hold no whole record. key: whose record it was, "" when that is not known.

    what: `header` of the file, `head` of a record or more, `octets` under a key, or the `tail`.
    """

    at: int
    octets: int
    what: Literal["header", "head", "octets", "tail"]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A record whose head is right. whole: its octets are too."""

    at: int
    head: Head
    whole: bool


def encode_file_header() -> bytes:
    header = _FILE.pack(_MAGIC, VERSION, FILE_HEADER_OCTETS)
    return header + zlib.crc32(header).to_bytes(4, "big")


def file_version(octets: bytes) -> int | None:
    """The version that a file's first octets tell, None when they are no header."""
    header, crc = octets[: _FILE.size], octets[_FILE.size : FILE_HEADER_OCTETS]
    if len(octets) < FILE_HEADER_OCTETS or zlib.crc32(header).to_bytes(4, "big") != crc:
        return None
    magic, version, _ = _FILE.unpack(header)
    return int(version) if magic == _MAGIC else None


def encode_head(at: int, kind: Kind, key: bytes, octets: bytes, sequence: int) -> bytes:
    """What goes before key and octets in a record at this offset."""
    fields = _FIELDS.pack(SYNC, kind, 0, len(key), len(octets), sequence, zlib.crc32(octets))
    return fields + _head_crc(at, fields, key).to_bytes(4, "big")


def decode_head(at: int, octets: bytes) -> Head | None:
    """The head of the record at this offset of the file, None when the octets do not begin with one."""
    if len(octets) < HEAD_OCTETS:
        return None
    fields = octets[: _FIELDS.size]
    sync, kind, zero, key_octets, stored, sequence, crc = _FIELDS.unpack(fields)
    key = octets[HEAD_OCTETS : HEAD_OCTETS + key_octets]
    if sync != SYNC or kind not in _KINDS or zero or len(key) != key_octets:
        return None
    if _head_crc(at, fields, key).to_bytes(4, "big") != octets[_FIELDS.size : HEAD_OCTETS]:
        return None
    return Head(Kind(kind), bytes(key), stored, sequence, crc)


def decode_stored(at: int, key: bytes, record: bytes) -> bytes | None:
    """The octets stored under `key` by the whole record at this offset, None when it is damaged."""
    head = decode_head(at, record)
    if head is None or head.key != key or head.record_octets != len(record):
        return None
    octets = record[HEAD_OCTETS + len(key) :]
    return octets if zlib.crc32(octets) == head.crc else None


def _head_crc(at: int, fields: bytes, key: bytes) -> int:
    return zlib.crc32(key, zlib.crc32(fields, zlib.crc32(_PLACE.pack(at))))


def scan(file: LogFile) -> Iterator[Found | Damage]:
    """Everything behind the file's header, in order, each octet in one of the answers.

    The last one may be a `tail`: nothing behind its beginning is a record.
    """
    window = _Window(file)
    at, sequence = FILE_HEADER_OCTETS, -1
    while at < window.end:
        head = window.head(at)
        if head is None or head.sequence <= sequence:
            behind = _next_head(window, at + 1, sequence)
            what: Literal["head", "tail"] = "tail" if behind is None else "head"
            behind = window.end if behind is None else behind
            yield Damage(at, behind - at, what)
            at = behind
            continue
        if at + head.record_octets > window.end:
            yield Damage(at, window.end - at, "tail", head.key.decode())
            return
        stored_at = at + HEAD_OCTETS + len(head.key)
        yield Found(at, head, window.crc(stored_at, head.octets) == head.crc)
        at, sequence = at + head.record_octets, head.sequence


def _next_head(window: "_Window", at: int, sequence: int) -> int | None:
    """Where the next record begins, None when there is none up to the end."""
    while (found := window.find_sync(at)) is not None:
        head = window.head(found)
        if head is not None and head.sequence > sequence:
            return found
        at = found + 1
    return None


class _Window:
    """A log of any size through a window of about a mebioctet."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self.end = file.size()
        self._at = 0
        self._octets = b""

    def take(self, at: int, octets: int) -> bytes:
        """Fewer octets only where the file ends."""
        if not self._at <= at <= at + octets <= self._at + len(self._octets):
            self._at, self._octets = at, self._file.read(at, max(octets, _WINDOW_OCTETS))
        return self._octets[at - self._at : at - self._at + octets]

    def head(self, at: int) -> Head | None:
        fields = self.take(at, HEAD_OCTETS)
        if len(fields) < HEAD_OCTETS or fields[: len(SYNC)] != SYNC:
            return None
        key_octets = int.from_bytes(fields[6:8], "big")
        if key_octets > LONGEST_KEY_OCTETS:
            return None
        return decode_head(at, self.take(at, HEAD_OCTETS + key_octets))

    def crc(self, at: int, octets: int) -> int:
        crc, end = 0, at + octets
        while at < end:
            part = self.take(at, min(_WINDOW_OCTETS, end - at))
            if not part:
                return -1  # the file has become shorter: of no octets is this the CRC
            crc, at = zlib.crc32(part, crc), at + len(part)
        return crc

    def find_sync(self, at: int) -> int | None:
        while at < self.end:
            if not self.take(at, min(len(SYNC), self.end - at)):
                return None
            found = self._octets.find(SYNC, at - self._at)
            if found >= 0:
                return self._at + found
            at = max(at, self._at + len(self._octets) - len(SYNC)) + 1  # one may begin in this window's end
        return None
