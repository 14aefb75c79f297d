"""Space Packets (CCSDS 133.0-B-2): one at a time, in batches, and out of damaged streams."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError

HEADER_OCTETS: int = lib.SPACE_PACKET_HEADER_OCTETS
CRC_OCTETS: int = lib.SPACE_PACKET_CRC_OCTETS
FEWEST_OCTETS: int = lib.SPACE_PACKET_FEWEST_OCTETS
MOST_OCTETS: int = lib.SPACE_PACKET_MOST_OCTETS
MOST_DATA_OCTETS = MOST_OCTETS - HEADER_OCTETS
IDLE_APID: int = lib.SPACE_PACKET_IDLE_APID
APIDS: int = lib.SPACE_PACKET_APIDS
COUNTS: int = lib.SPACE_PACKET_COUNTS

CONTINUATION: int = lib.SPACE_PACKET_CONTINUATION
FIRST: int = lib.SPACE_PACKET_FIRST
LAST: int = lib.SPACE_PACKET_LAST
UNSEGMENTED: int = lib.SPACE_PACKET_UNSEGMENTED

_NO_CRC = ffi.cast("crc16_function *", 0)
_CRC = ffi.addressof(lib, "crc16_bulk")


@dataclass(frozen=True, slots=True)
class SpacePacket:
    """One packet. `data` is everything after the primary header, 1 to 65536 octets."""

    apid: int
    count: int
    data: bytes
    telecommand: bool = False
    secondary_header: bool = False
    flags: int = UNSEGMENTED

    def __post_init__(self) -> None:
        if not 0 <= self.apid < APIDS or not 0 <= self.count < COUNTS or not 0 <= self.flags <= 3:
            raise FswError(
                f"APID {self.apid}, count {self.count}, flags {self.flags}: "
                f"allowed are 0 to {APIDS - 1}, 0 to {COUNTS - 1}, 0 to 3"
            )
        if not 1 <= len(self.data) <= MOST_DATA_OCTETS:
            raise FswError(f"packet data of {len(self.data)} octets: allowed are 1 to {MOST_DATA_OCTETS}")

    def encode(self) -> bytes:
        """The packet's octets."""
        identification = self.telecommand << 12 | self.secondary_header << 11 | self.apid
        sequence = self.flags << 14 | self.count
        header = identification << 32 | sequence << 16 | len(self.data) - 1
        return header.to_bytes(HEADER_OCTETS, "big") + self.data

    @classmethod
    def decode(cls, octets: bytes | bytearray | memoryview) -> "SpacePacket":
        """Reads a buffer that is exactly one packet; FswError says what it is otherwise."""
        if len(octets) < FEWEST_OCTETS:
            raise FswError(f"packet of {len(octets)} octets: allowed are {FEWEST_OCTETS} or more")
        identification, sequence, length = (int.from_bytes(octets[k : k + 2], "big") for k in (0, 2, 4))
        if identification >> 13:
            raise FswError(f"packet version {identification >> 13}: allowed is 0")
        if length + FEWEST_OCTETS != len(octets):
            raise FswError(f"packet of {len(octets)} octets: its length field says {length + FEWEST_OCTETS}")
        return cls(
            apid=identification & 0x7FF,
            count=sequence & 0x3FFF,
            data=bytes(octets[HEADER_OCTETS:]),
            telecommand=bool(identification >> 12 & 1),
            secondary_header=bool(identification >> 11 & 1),
            flags=sequence >> 14,
        )


def encode_many(
    data: Any,
    data_offsets: npt.NDArray[np.uint64],
    apid: npt.NDArray[np.uint16] | int,
    count: npt.NDArray[np.uint16] | int,
    *,
    telecommand: bool = False,
    secondary_header: bool = False,
    flags: int = UNSEGMENTED,
    crc: bool = False,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
    """Many packets from one buffer: packet i carries data[data_offsets[i] : data_offsets[i + 1]].

    apid, count: one for each packet, or one APID for all and the first of consecutive counts.
    crc: ends each packet with its CRC-16. Returns the octets and the n + 1 offsets of the packets.
    """
    payload = ffi.from_buffer("uint8_t[]", data)
    bounds = np.ascontiguousarray(data_offsets, dtype=np.uint64)
    if bounds.ndim != 1 or bounds.size < 1:
        raise FswError(f"data offsets of shape {bounds.shape}: allowed is a row of one more than packets")
    many = bounds.size - 1
    if int(bounds[-1]) > len(payload) or bool((bounds[1:] < bounds[:-1]).any()):
        raise FswError(f"data offsets must not fall, nor pass the {len(payload)} octets given")
    if not 0 <= flags <= 3:
        raise FswError(f"sequence flags {flags}: allowed are 0 to 3")
    apids = _row(apid, many, APIDS, "APID", step=0)
    counts = _row(count, many, COUNTS, "count", step=1)
    overhead = HEADER_OCTETS + CRC_OCTETS * crc
    octets = np.empty(int(bounds[-1] - bounds[0]) + many * overhead, np.uint8)
    offsets = np.empty(many + 1, np.uint64)
    common = ffi.new("space_packet_header_t *")
    common.telecommand, common.secondary_header, common.flags = telecommand, secondary_header, flags
    out = ffi.from_buffer("uint8_t[]", octets, require_writable=True)
    ends = ffi.from_buffer("uint64_t[]", offsets, require_writable=True)
    rows = (
        common,
        ffi.from_buffer("uint16_t[]", apids),
        ffi.from_buffer("uint16_t[]", counts),
        payload,
        ffi.from_buffer("uint64_t[]", bounds),
        many,
    )
    if crc:
        done = lib.packet_bulk_encode_many(out, octets.size, *rows, ends)
    else:
        done = lib.space_packet_encode_many(out, octets.size, *rows, _NO_CRC, ends)
    if done != many:
        size = int(bounds[done + 1] - bounds[done])
        least, most = (0, MOST_DATA_OCTETS - CRC_OCTETS) if crc else (1, MOST_DATA_OCTETS)
        raise FswError(f"data of packet {done} has {size} octets: allowed are {least} to {most}")
    return octets, offsets


def _row(given: Any, many: int, limit: int, name: str, *, step: int) -> npt.NDArray[np.uint16]:
    if isinstance(given, int | np.integer):
        if not 0 <= given < limit:
            raise FswError(f"{name} {given}: allowed are 0 to {limit - 1}")
        if step == 0:
            return np.full(many, given, np.uint16)
        consecutive = np.arange(many, dtype=np.uint32)
        consecutive += np.uint32(given)
        consecutive %= np.uint32(limit)
        return consecutive.astype(np.uint16)
    row = np.asarray(given)
    if row.shape != (many,):
        raise FswError(f"{name} array of shape {row.shape}: allowed is ({many},)")
    if many and (int(row.min()) < 0 or int(row.max()) >= limit):
        raise FswError(f"{name} {int(row.min())} to {int(row.max())}: allowed are 0 to {limit - 1}")
    return np.ascontiguousarray(row, dtype=np.uint16)


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """Where the packets of a buffer are; each array has one element a packet.

    offset, length: octets, header included. crc_right: all true unless CRCs were asked for.
    consumed: octets that the packets fill. stop: 'end' (all of the buffer), 'incomplete' (the rest is
    the start of a packet), 'damaged' (the rest does not begin with a space packet).
    """

    offset: npt.NDArray[np.uint64]
    length: npt.NDArray[np.uint32]
    apid: npt.NDArray[np.uint16]
    count: npt.NDArray[np.uint16]
    flags: npt.NDArray[np.uint8]
    telecommand: npt.NDArray[np.bool_]
    secondary_header: npt.NDArray[np.bool_]
    crc_right: npt.NDArray[np.bool_]
    consumed: int
    stop: str

    def __len__(self) -> int:
        return self.offset.size


_STOPS = {
    lib.SPACE_PACKET_AT_END: "end",
    lib.SPACE_PACKET_INCOMPLETE: "incomplete",
    lib.SPACE_PACKET_DAMAGED: "damaged",
    lib.SPACE_PACKET_FULL: "full",
}
_INDEX_FIELDS = (
    ("offset", "uint64_t[]", np.uint64),
    ("octets", "uint32_t[]", np.uint32),
    ("apid", "uint16_t[]", np.uint16),
    ("count", "uint16_t[]", np.uint16),
    ("flags", "uint8_t[]", np.uint8),
    ("telecommand", "uint8_t[]", np.bool_),
    ("secondary_header", "uint8_t[]", np.bool_),
    ("crc_right", "uint8_t[]", np.bool_),
)


def index(octets: Any, *, crc: bool = False) -> PacketIndex:
    """Walks whole packets from the start of a buffer. crc: also checks each packet's last two octets."""
    buffer = ffi.from_buffer("uint8_t[]", octets)
    most = len(buffer) // FEWEST_OCTETS
    chunk = min(most, max(256, len(buffer) // 64))
    parts: list[list[npt.NDArray[Any]]] = []
    consumed = 0
    stop = "full"
    while stop == "full":
        arrays: list[npt.NDArray[Any]] = [np.empty(chunk, dtype) for _, _, dtype in _INDEX_FIELDS]
        table = ffi.new("space_packet_index_t *")
        views = [ffi.from_buffer(ctype, a) for (_, ctype, _), a in zip(_INDEX_FIELDS, arrays, strict=True)]
        for (name, _, _), view in zip(_INDEX_FIELDS, views, strict=True):
            setattr(table, name, view)
        took, why = ffi.new("size_t *"), ffi.new("space_packet_stop_t *")
        found = lib.space_packet_index(
            buffer + consumed, len(buffer) - consumed, table, chunk, _CRC if crc else _NO_CRC, took, why
        )
        arrays = [a[:found] for a in arrays]
        arrays[0] += np.uint64(consumed)
        parts.append(arrays)
        consumed += took[0]
        stop = _STOPS[why[0]]
        chunk = most
    columns = parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts, strict=True)]
    fields: list[Any] = [*columns, consumed, stop]
    return PacketIndex(*fields)


def resynchronise(
    octets: Any, start: int = 0, *, apids: Iterable[int] | None = None, crc: bool = False
) -> int | None:
    """Offset, from `start` on, of the next whole packet that can be believed; None if there is none.

    Believed is version 0 with an APID among `apids` (all if None), and, with `crc`, a right CRC; without
    it, the header that follows must be believable too if it is in the buffer.
    """
    buffer = ffi.from_buffer("uint8_t[]", octets)
    if start < 0:
        raise FswError(f"start {start}: allowed are 0 or more")
    belief = ffi.new("space_packet_belief_t *")
    belief.crc = _CRC if crc else _NO_CRC
    if apids is not None:
        allowed = apid_map(apids)
        allowed_view = ffi.from_buffer("uint8_t[]", allowed)
        belief.apids = allowed_view
    at: int = lib.space_packet_resynchronise(buffer, len(buffer), start, belief)
    return at if at < len(buffer) else None


def apid_map(apids: Iterable[int]) -> bytes:
    """256 octets with bit (apid % 8) of octet (apid // 8) set for each APID."""
    octets = bytearray(APIDS // 8)
    for apid in apids:
        if not 0 <= apid < APIDS:
            raise FswError(f"APID {apid}: allowed are 0 to {APIDS - 1}")
        octets[apid >> 3] |= 1 << (apid & 7)
    return bytes(octets)
