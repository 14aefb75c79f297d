"""CFDP protocol data units in blocks of Space Packets: one place for what all sending entities do.

One protocol data unit per packet, without secondary header; a run of equal segments is one array.
"""

from collections.abc import Hashable, Iterable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fsw.core.errors import FswError
from fsw.kernel.record import record
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_pdu import FileData, Transaction

PACKET_HEADER_OCTETS = 6
IDLE_APID = 2047
COUNTS = 1 << 14
_FEW_SEGMENTS = 4  # below this, joining octets beats setting up an array


Key = TypeVar("Key", bound=Hashable)


@record
class PacketBlock:
    """Space Packets one after another: all octets, and the length of each packet."""

    octets: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.int64]


class PacketWriter:
    """Puts protocol data units of one APID into packets and counts them; `begin`, add, `block`.

    telecommand: the packet type, for what goes up. Raises FswError on an APID that there is not.
    """

    def __init__(self, apid: int, telecommand: bool = False) -> None:
        if not 0 <= apid < IDLE_APID:
            raise FswError(f"APID {apid}: allowed are 0 to {IDLE_APID - 1}")
        self.next_count = 0
        self._packet_id = (telecommand << 12 | apid).to_bytes(2, "big")
        self.begin(0)

    def begin(self, room_octets: int) -> None:
        """A new block of not more than so many octets."""
        self.room_octets = room_octets
        self._parts: list[bytes] = []
        self._lengths: list[int] = []

    def block(self) -> PacketBlock:
        octets = np.frombuffer(b"".join(self._parts), dtype=np.uint8)
        return PacketBlock(octets, np.array(self._lengths, dtype=np.int64))

    def add(self, pdu: bytes) -> bool:
        """One protocol data unit, if there is room."""
        length = PACKET_HEADER_OCTETS + len(pdu)
        if length > self.room_octets:
            return False
        count = self.next_count
        self.next_count = (count + 1) % COUNTS
        header = (0xC000 | count).to_bytes(2, "big") + (len(pdu) - 1).to_bytes(2, "big")
        self._parts.append(self._packet_id + header + pdu)
        self._lengths.append(length)
        self.room_octets -= length
        return True

    def drain(self, waiting: dict[Key, bytes]) -> bool:
        """As many waiting data units as fit, oldest first; those go. False when some are left."""
        while waiting:
            key = next(iter(waiting))
            if not self.add(waiting[key]):
                return False
            del waiting[key]
        return True

    def add_data(
        self, transaction: Transaction, octets: bytes, offset: int, end: int, segment_octets: int
    ) -> int:
        """Octets offset..end of a file in as many segments as fit; the offset it got to."""
        crc = pdus.CRC_OCTETS * transaction.crc
        overhead = PACKET_HEADER_OCTETS + transaction.header_octets + transaction.size_octets + crc
        whole = min((end - offset) // segment_octets, self.room_octets // (overhead + segment_octets))
        if whole >= _FEW_SEGMENTS and not crc:
            self._parts.append(self._many_segments(transaction, octets, offset, whole, segment_octets))
            self._lengths.extend([overhead + segment_octets] * whole)
            self.room_octets -= whole * (overhead + segment_octets)
            offset += whole * segment_octets
        while offset < end:
            piece = octets[offset : min(offset + segment_octets, end)]
            if overhead + len(piece) > self.room_octets:
                break
            self.add(pdus.encode(FileData(transaction, offset, piece)))
            offset += len(piece)
        return offset

    def _many_segments(
        self, transaction: Transaction, octets: bytes, offset: int, count: int, segment: int
    ) -> bytes:
        """Whole segments as one array: constant columns, then counts, offsets and data."""
        size = transaction.size_octets
        pdu_header = transaction.header(size + segment, file_data=True)
        offset_at = PACKET_HEADER_OCTETS + len(pdu_header)
        data_at = offset_at + size
        rows = np.empty((count, data_at + segment), dtype=np.uint8)
        rows[:, :2] = np.frombuffer(self._packet_id, np.uint8)
        counts = (self.next_count + np.arange(count)) % COUNTS | 0xC000
        rows[:, 2:4] = counts.astype(">u2").view(np.uint8).reshape(count, 2)
        length = len(pdu_header) + size + segment - 1
        rows[:, 4:6] = np.frombuffer(length.to_bytes(2, "big"), np.uint8)
        rows[:, PACKET_HEADER_OCTETS:offset_at] = np.frombuffer(pdu_header, np.uint8)
        offsets = offset + segment * np.arange(count)
        rows[:, offset_at:data_at] = offsets.astype(f">u{size}").view(np.uint8).reshape(count, size)
        data = np.frombuffer(octets, np.uint8, count * segment, offset)
        rows[:, data_at:] = data.reshape(count, segment)
        self.next_count = (self.next_count + count) % COUNTS
        return rows.tobytes()


def data_units(block: PacketBlock) -> Iterable[bytes]:
    """The protocol data unit of each packet of a block, in order."""
    octets, at = block.octets.tobytes(), 0
    for length in block.lengths.tolist():
        yield octets[at + PACKET_HEADER_OCTETS : at + length]
        at += length
