"""Proximity-1: version-3 transfer frames and the units that carry them (CCSDS 211.0-B-6, 211.2-B-3).

Transfer frame (211.0, 3.2): version 2 bits = 10, quality of service 1 (1 expedited), PDU type 1 (1
supervisory), data field construction 2, spacecraft 10; physical channel 1, port 3, source or destination 1
(1 destination), octets less one 11; sequence number 8; then up to 2043 octets of data.

PLTU (211.2, 3.2): marker FAF320, the frame, CRC-32 over the frame alone. Here a link gives whole octets: the
search for a marker does not look between them. Supervisory words (211.0, 3.2.8 and annex B): the PLCW, 16
bits, and the directive SET V(R).
"""

from enum import IntEnum

from fsw.core.errors import FswError
from fsw.kernel.record import record
from fsw.protocols.cfdp_checksum import proximity_1

MARKER = bytes.fromhex("FAF320")
IDLE = bytes.fromhex("352EF853")  # between units, again and again (211.2, 3.3)
HEADER_OCTETS = 5
CRC_OCTETS = 4
MOST_FRAME_OCTETS = 2048
MOST_DATA_OCTETS = MOST_FRAME_OCTETS - HEADER_OCTETS
UNIT_OVERHEAD_OCTETS = len(MARKER) + HEADER_OCTETS + CRC_OCTETS
_VERSION = 0b10
_SET_VR = 0b011


class Construction(IntEnum):
    """What a frame's data field holds (211.0, 3.2.2.5)."""

    PACKETS = 0
    SEGMENT = 1
    USER_DEFINED = 3


@record
class Frame:
    """A version-3 transfer frame. supervisory: a P-frame, whose data are SPDUs."""

    spacecraft: int
    data: bytes
    sequence: int = 0
    expedited: bool = False
    supervisory: bool = False
    construction: Construction = Construction.PACKETS
    physical_channel: int = 0
    port: int = 0
    destination: bool = False

    def encode(self) -> bytes:
        """The frame's octets. Raises FswError on a value that has no room in its field."""
        for name, value, most in (
            ("spacecraft", self.spacecraft, 1023),
            ("sequence number", self.sequence, 255),
            ("physical channel", self.physical_channel, 1),
            ("port", self.port, 7),
            ("octets of data", len(self.data), MOST_DATA_OCTETS),
        ):
            if not 0 <= value <= most:
                raise FswError(f"Proximity-1 frame, {name} {value}: allowed are 0 to {most}")
        first = (
            _VERSION << 14
            | self.expedited << 13
            | self.supervisory << 12
            | int(self.construction) << 10
            | self.spacecraft
        )
        less_one = HEADER_OCTETS + len(self.data) - 1
        second = self.physical_channel << 15 | self.port << 12 | self.destination << 11 | less_one
        return first.to_bytes(2, "big") + second.to_bytes(2, "big") + bytes([self.sequence]) + self.data


def decode_frame(octets: bytes) -> Frame | str:
    """The frame in these octets, or why there is none."""
    if len(octets) < HEADER_OCTETS:
        return "short"
    first, second = int.from_bytes(octets[:2], "big"), int.from_bytes(octets[2:4], "big")
    if first >> 14 != _VERSION:
        return "version"
    if (second & 0x7FF) + 1 != len(octets):
        return "length"
    construction = first >> 10 & 3
    if construction == 2:
        return "construction"
    return Frame(
        first & 0x3FF,
        octets[HEADER_OCTETS:],
        octets[4],
        bool(first >> 13 & 1),
        bool(first >> 12 & 1),
        Construction(construction),
        second >> 15,
        second >> 12 & 7,
        bool(second >> 11 & 1),
    )


def unit(frame: Frame) -> bytes:
    """The PLTU that carries a frame."""
    octets = frame.encode()
    return MARKER + octets + proximity_1(octets).to_bytes(CRC_OCTETS, "big")


class UnitReader:
    """Octets of a link in, in any pieces, frames out; between units anything may stand.

    counts: units taken, markers behind which no frame could be ("length", "version", "construction"), and
    CRCs that did not fit. After each of these the search goes on right behind the marker, since the marker
    itself may have been chance.
    """

    def __init__(self) -> None:
        self.counts = {"taken": 0, "length": 0, "version": 0, "construction": 0, "crc": 0}
        self._held = b""

    def feed(self, octets: bytes) -> list[Frame]:
        """The frames that are complete now."""
        found: list[Frame] = []
        held, at = self._held + octets, 0
        while True:
            marker = held.find(MARKER, at)
            if marker < 0:
                at = max(at, len(held) - len(MARKER) + 1)
                break
            at, begin = marker, marker + len(MARKER)
            if len(held) < begin + HEADER_OCTETS:
                break
            long = (int.from_bytes(held[begin + 2 : begin + 4], "big") & 0x7FF) + 1
            if held[begin] >> 6 != _VERSION or long < HEADER_OCTETS:
                self.counts["version" if held[begin] >> 6 != _VERSION else "length"] += 1
                at = begin
                continue
            end = begin + long + CRC_OCTETS
            if len(held) < end:
                break
            at = self._take(held[begin : end - CRC_OCTETS], held[end - CRC_OCTETS : end], begin, end, found)
        self._held = held[at:]
        return found

    def _take(self, octets: bytes, crc: bytes, begin: int, end: int, found: list[Frame]) -> int:
        """Where the search goes on."""
        if proximity_1(octets).to_bytes(CRC_OCTETS, "big") != crc:
            self.counts["crc"] += 1
            return begin
        frame = decode_frame(octets)
        if isinstance(frame, str):
            self.counts[frame] += 1
            return begin
        self.counts["taken"] += 1
        found.append(frame)
        return end

    def save(self) -> dict[str, object]:
        """Counts and what is held of a unit that is not whole yet."""
        return {"counts": dict(self.counts), "held": self._held}

    def load(self, saved: dict[str, object]) -> None:
        """As it was when `save` was called."""
        counts, held = saved["counts"], saved["held"]
        assert isinstance(counts, dict), "saved by this class"
        assert isinstance(held, bytes), "saved by this class"
        self.counts, self._held = dict(counts), held


@record
class Plcw:
    """Proximity link control word: V(R), whether the frame of this number is to be sent again, and how many
    expedited frames came (modulo 8)."""

    report: int
    retransmit: bool = False
    physical_channel: int = 0
    expedited: int = 0

    def encode(self) -> bytes:
        """Two octets: SPDU format 1, type 0 (fixed length)."""
        word = (
            0x8000
            | self.retransmit << 13
            | (self.physical_channel & 1) << 12
            | (self.expedited & 7) << 8
            | self.report & 0xFF
        )
        return word.to_bytes(2, "big")


@record
class SetVr:
    """The directive that sets the receiver's V(R), for resynchronisation."""

    value: int

    def encode(self) -> bytes:
        """Three octets: an SPDU of variable length with one directive of type 1."""
        return bytes([2, self.value & 0xFF, _SET_VR])


def decode_supervisory(data: bytes) -> list[Plcw | SetVr] | None:
    """The words of a P-frame, those that are known here; None where they do not add up to the data."""
    found: list[Plcw | SetVr] = []
    at = 0
    while at < len(data):
        head = data[at]
        long = (4 if head & 0x40 else 2) if head & 0x80 else 1 + (head & 0x0F)
        body = data[at : at + long]
        if len(body) < long:
            return None
        if head >> 6 == 0b10:
            found.append(Plcw(body[1], bool(head & 0x20), head >> 4 & 1, head & 7))
        elif head >> 4 == 0:
            words = [body[1 + n : 3 + n] for n in range(0, long - 1, 2)]
            found += [SetVr(word[0]) for word in words if len(word) == 2 and word[1] & 7 == _SET_VR]
        at += long
    return found
