"""Telecommands over the radio, both ends: CLTU (231.0-B-4), TC transfer frame, segment (232.0-B-4).

Sending: `encode_frame`, `encode_cltu`. Receiving: `CltuReceiver` -> `decode_frame` -> an acceptance step
(FARM-1 belongs there) -> `SegmentAssembler` -> packets; `TelecommandReceiver` is that chain.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fsw.core import space_packet
from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import load_struct
from fsw.core.space_packet import SpacePacket

HEADER_OCTETS: int = lib.TELECOMMAND_HEADER_OCTETS
FECF_OCTETS: int = lib.TELECOMMAND_FECF_OCTETS
MOST_FRAME_OCTETS: int = lib.TELECOMMAND_FRAME_MOST_OCTETS
SEGMENT_CONTINUATION: int = lib.TELECOMMAND_SEGMENT_CONTINUATION
SEGMENT_FIRST: int = lib.TELECOMMAND_SEGMENT_FIRST
SEGMENT_LAST: int = lib.TELECOMMAND_SEGMENT_LAST
SEGMENT_WHOLE: int = lib.TELECOMMAND_SEGMENT_WHOLE
ACQUISITION_OCTETS: int = lib.CLTU_ACQUISITION_OCTETS
SPACECRAFT_IDS = 1024
VIRTUAL_CHANNELS = 64
MAPS = 64

Saved = dict[str, Any]


def encode_frame(
    spacecraft_id: int,
    virtual_channel: int,
    data: bytes | bytearray | memoryview,
    *,
    sequence: int = 0,
    bypass: bool = True,
    control: bool = False,
    segment: tuple[int, int] | None = None,
) -> bytes:
    """A TC transfer frame with FECF. segment: (sequence flags, MAP), or None for no segment header.

    bypass and control as on the wire: (True, False) is BD, (False, False) AD, (True, True) BC.
    """
    if not 0 <= spacecraft_id < SPACECRAFT_IDS or not 0 <= virtual_channel < VIRTUAL_CHANNELS:
        raise FswError(
            f"spacecraft id {spacecraft_id}, virtual channel {virtual_channel}: "
            f"allowed are 0 to {SPACECRAFT_IDS - 1}, 0 to {VIRTUAL_CHANNELS - 1}"
        )
    if not 0 <= sequence <= 255:
        raise FswError(f"frame sequence number {sequence}: allowed are 0 to 255")
    if control and not bypass:
        raise FswError("control frames must bypass the sequence check (232.0-B-4 table 4-1)")
    header = ffi.new("telecommand_header_t *")
    header.segment_header = -1
    if segment is not None:
        flags, map_id = segment
        if not 0 <= flags <= 3 or not 0 <= map_id < MAPS:
            raise FswError(f"segment flags {flags}, MAP {map_id}: allowed are 0 to 3, 0 to 63")
        header.segment_header = flags << 6 | map_id
    header.spacecraft_id, header.virtual_channel = spacecraft_id, virtual_channel
    header.bypass, header.control, header.sequence = bypass, control, sequence
    out = ffi.new("uint8_t[]", MOST_FRAME_OCTETS)
    octets = lib.telecommand_encode_frame(
        out, len(out), header, ffi.from_buffer("uint8_t[]", data), len(data)
    )
    if octets == 0:
        most = MOST_FRAME_OCTETS - HEADER_OCTETS - FECF_OCTETS - (segment is not None)
        raise FswError(f"frame data of {len(data)} octets: allowed are 0 to {most}")
    return bytes(ffi.buffer(out, octets))


def encode_cltu(frame: bytes | bytearray | memoryview, *, randomize: bool = False) -> bytes:
    """Start sequence, BCH(63,56) codeblocks and tail sequence around one frame (or several in a row)."""
    if not len(frame):
        raise FswError("CLTU of 0 octets: allowed are 1 or more")
    out = ffi.new("uint8_t[]", lib.cltu_octets(len(frame)))
    octets = lib.cltu_encode(out, len(out), ffi.from_buffer("uint8_t[]", frame), len(frame), randomize)
    return bytes(ffi.buffer(out, octets))


def acquisition_sequence(octets: int = ACQUISITION_OCTETS) -> bytes:
    """Alternating bits before a CLTU, on which the receiver locks, and stays locked between CLTUs.

    Acquisition sequence and then idle sequence of 231.0-B-4 section 5, each of `octets`, 16 or more. The
    first begins with a one and the second with a zero: whatever came before, and whatever the receiver takes
    it for, one of the two phases ends that before the CLTU begins (see the C header).
    """
    if octets < ACQUISITION_OCTETS:
        raise FswError(f"acquisition sequence of {octets} octets: allowed are {ACQUISITION_OCTETS} or more")
    return bytes([lib.CLTU_ACQUISITION]) * octets + bytes([lib.CLTU_IDLE]) * octets


class CltuReceiver:
    """Finds CLTUs in whatever comes in, at any bit offset; corrects one bit in each codeblock.

    corrects: False for error detection only, in which no bit may be wrong (231.0-B-4 section 3).
    """

    def __init__(self, randomized: bool = False, *, corrects: bool = True) -> None:
        self._state = ffi.new("cltu_receiver_t *")
        self.count: Any = self._state.count  # of C, by the names of `counters`
        lib.cltu_receiver_start(self._state, randomized, corrects)

    def feed(self, octets: bytes | bytearray | memoryview) -> list[bytes]:
        """Candidates completed by these octets: what each CLTU carried, fill included."""
        buffer = ffi.from_buffer("uint8_t[]", octets)
        state = self._state
        candidates = []
        at = 0
        while at < len(buffer):
            at += lib.cltu_receiver_feed(state, buffer + at, len(buffer) - at)
            if state.ready:
                candidates.append(bytes(ffi.buffer(state.candidate, state.ready)))
        return candidates

    @property
    def counters(self) -> dict[str, int]:
        """starts, inexact_starts, codeblocks, corrected, candidates, empty, overlong; see the C header."""
        return _counters(self.count)

    def save(self) -> bytes:
        return bytes(ffi.buffer(self._state))

    def load(self, saved: bytes) -> None:
        load_struct(self._state, saved, "CLTU receiver")


@dataclass(frozen=True, slots=True)
class TelecommandFrame:
    """A valid TC transfer frame. `data` begins with the segment header if the channel has one."""

    spacecraft_id: int
    virtual_channel: int
    bypass: bool
    control: bool
    sequence: int
    data: bytes
    octets: int

    @property
    def kind(self) -> str:
        """'AD' (sequence-controlled data), 'BD' (expedited data) or 'BC' (command to FARM-1)."""
        return ("B" if self.bypass else "A") + ("C" if self.control else "D")


@dataclass(frozen=True, slots=True)
class Discard:
    """Why octets are not a frame for this spacecraft; one of `DISCARD_REASONS`."""

    reason: str


_REASON_OF = {
    lib.TELECOMMAND_TOO_SHORT: "too_short",
    lib.TELECOMMAND_BAD_VERSION: "bad_version",
    lib.TELECOMMAND_BAD_LENGTH: "bad_length",
    lib.TELECOMMAND_BAD_FECF: "bad_fecf",
    lib.TELECOMMAND_BAD_SPARE: "bad_spare",
    lib.TELECOMMAND_BAD_FLAGS: "bad_flags",
    lib.TELECOMMAND_BAD_SPACECRAFT: "bad_spacecraft",
}
DISCARD_REASONS = tuple(_REASON_OF.values())


def decode_frame(octets: bytes | bytearray | memoryview, *, spacecraft_id: int) -> TelecommandFrame | Discard:
    """Validates the frame at the start of `octets`; what follows it (fill) is not looked at."""
    frame = ffi.new("telecommand_frame_t *")
    buffer = ffi.from_buffer("uint8_t[]", octets)
    verdict = lib.telecommand_decode_frame(buffer, len(buffer), spacecraft_id, frame)
    if verdict != lib.TELECOMMAND_GOOD:
        return Discard(_REASON_OF[verdict])
    return TelecommandFrame(
        spacecraft_id=frame.spacecraft_id,
        virtual_channel=frame.virtual_channel,
        bypass=bool(frame.bypass),
        control=bool(frame.control),
        sequence=frame.sequence,
        data=bytes(ffi.buffer(buffer + HEADER_OCTETS, frame.data_octets)),
        octets=frame.octets,
    )


class SegmentAssembler:
    """Puts the segments of one MAP together; a unit longer than `capacity` octets is dropped."""

    def __init__(self, capacity: int = space_packet.MOST_OCTETS) -> None:
        if capacity < 1:
            raise FswError(f"segment buffer of {capacity} octets: allowed are 1 or more")
        self._state = ffi.new("telecommand_map_t *")
        self.count: Any = self._state.count  # of C, by the names of `counters`
        self._buffer = ffi.new("uint8_t[]", capacity)

    def put(self, flags: int, data: bytes) -> bytes | None:
        """The unit that this segment completes, or None; drops are counted."""
        verdict = lib.telecommand_assemble(
            self._state, self._buffer, len(self._buffer), flags, ffi.from_buffer("uint8_t[]", data), len(data)
        )
        return self._held() if verdict == lib.TELECOMMAND_UNIT else None

    def _held(self) -> bytes:
        return bytes(ffi.buffer(self._buffer, self._state.filled))

    @property
    def counters(self) -> dict[str, int]:
        """units, unfinished, orphans, overflows."""
        return _counters(self.count)

    def save(self) -> Saved:
        return {"state": bytes(ffi.buffer(self._state)), "held": self._held()}

    def load(self, saved: Saved) -> None:
        load_struct(self._state, saved["state"], "segment assembler")
        ffi.memmove(self._buffer, saved["held"], len(saved["held"]))


Accept = Callable[[TelecommandFrame], bool]
ProcessSecurity = Callable[[TelecommandFrame], bytes | None]


class TelecommandReceiver:
    """Octets of the uplink -> space packets, with every discard counted by its reason.

    segmented: virtual channels whose frames carry a segment header (232.0-B-4 4.1.3.2.2).
    maps: MAPs in use on them, by virtual channel; frames of others are dropped. Without it all are.
    corrects: see `CltuReceiver`.
    accept: the acceptance step between validation and service (FARM-1); it sees each valid frame, BC
    frames too, and says whether the frame goes on. Without it all data frames do. BC frames never
    carry packets; those of the latest feed are in `control_frames`, all valid ones in `frames`.
    process_security: SDLS's ProcessSecurity (355.0-B-2 3.3): of each data frame that was accepted, the frame
    data field without security header and trailer, segment header first if the channel has one; None
    drops the frame, which whoever did so has counted by its own reasons.
    """

    def __init__(
        self,
        spacecraft_id: int,
        randomized: bool = False,
        *,
        segmented: Iterable[int] = (),
        maps: Mapping[int, Iterable[int]] | None = None,
        corrects: bool = True,
        accept: Accept | None = None,
        process_security: ProcessSecurity | None = None,
        segment_capacity: int = space_packet.MOST_OCTETS,
    ) -> None:
        if not 0 <= spacecraft_id < SPACECRAFT_IDS:
            raise FswError(f"spacecraft id {spacecraft_id}: allowed are 0 to {SPACECRAFT_IDS - 1}")
        self.spacecraft_id = spacecraft_id
        self.segmented = frozenset(segmented)
        self.maps = None if maps is None else {vc: frozenset(ids) for vc, ids in maps.items()}
        self.accept = accept
        self.process_security = process_security
        self.frames: list[TelecommandFrame] = []
        self.control_frames: list[TelecommandFrame] = []
        self._cltus = CltuReceiver(randomized, corrects=corrects)
        self._segment_capacity = segment_capacity
        self._assemblers: dict[tuple[int, int], SegmentAssembler] = {}
        self._counters = dict.fromkeys(("frames", "frames_ad", "frames_bd", "frames_bc", "packets"), 0)
        self._discarded: dict[str, int] = {}

    def feed(self, octets: bytes | bytearray | memoryview) -> list[SpacePacket]:
        """Packets completed by these octets, in order of arrival."""
        self.frames, self.control_frames = [], []
        packets: list[SpacePacket] = []
        for candidate in self._cltus.feed(octets):
            packets += self._take_candidate(candidate)
        return packets

    def _take_candidate(self, candidate: bytes) -> list[SpacePacket]:
        packets: list[SpacePacket] = []
        at = 0
        # A CLTU may hold several frames; less than a frame's overhead after the last is fill.
        while at == 0 or len(candidate) - at >= HEADER_OCTETS + FECF_OCTETS:
            frame = decode_frame(candidate[at:], spacecraft_id=self.spacecraft_id)
            if isinstance(frame, Discard):
                self._drop(frame.reason)
                break
            at += frame.octets
            packets += self._take_frame(frame)
        return packets

    def _take_frame(self, frame: TelecommandFrame) -> list[SpacePacket]:
        self.frames.append(frame)
        self._counters["frames"] += 1
        self._counters[f"frames_{frame.kind.lower()}"] += 1
        if self.accept is not None and not self.accept(frame):
            self._drop("not_accepted")
            return []
        if frame.control:
            self.control_frames.append(frame)
            return []
        data: bytes | None = frame.data
        if self.process_security is not None:
            data = self.process_security(frame)
            if data is None:
                self._drop("security")
                return []
        assert data is not None
        if frame.virtual_channel not in self.segmented:
            return self._split(data)
        if not data:
            self._drop("no_segment_header")
            return []
        flags, map_id = data[0] >> 6, data[0] & 0x3F
        if self.maps is not None and map_id not in self.maps.get(frame.virtual_channel, ()):
            self._drop("unknown_map")
            return []
        key = (frame.virtual_channel, map_id)
        if key not in self._assemblers:
            self._assemblers[key] = SegmentAssembler(self._segment_capacity)
        unit = self._assemblers[key].put(flags, data[1:])
        return [] if unit is None else self._split(unit)

    def _split(self, unit: bytes) -> list[SpacePacket]:
        """A unit is one packet or several whole ones (blocking)."""
        found = space_packet.index(unit)
        if found.consumed != len(unit) or not unit:
            self._drop("bad_packet")
        packets = [
            SpacePacket.decode(unit[offset : offset + length])
            for offset, length in zip(found.offset.tolist(), found.length.tolist(), strict=True)
        ]
        self._counters["packets"] += len(packets)
        return packets

    def _drop(self, reason: str) -> None:
        self._discarded[reason] = self._discarded.get(reason, 0) + 1

    @property
    def counters(self) -> dict[str, int]:
        """Frames by kind, packets, and what the CLTU receiver counts."""
        return {**self._counters, **self._cltus.counters}

    @property
    def discarded(self) -> dict[str, int]:
        """Drops by reason: those of frames, 'not_accepted', 'security', 'no_segment_header',
        'unknown_map', 'bad_packet', and of segments 'segment_unfinished', 'segment_orphan',
        'segment_overflow'; 'cltu_empty', 'cltu_overlong'.
        """
        every = dict(self._discarded)
        for key, reason in (
            ("unfinished", "segment_unfinished"),
            ("orphans", "segment_orphan"),
            ("overflows", "segment_overflow"),
        ):
            every[reason] = sum(a.counters[key] for a in self._assemblers.values())
        every["cltu_empty"] = self._cltus.counters["empty"]
        every["cltu_overlong"] = self._cltus.counters["overlong"]
        return {reason: many for reason, many in sorted(every.items()) if many}

    @property
    def dropped(self) -> int:
        """All of these together."""
        cltus = self._cltus.count
        every = sum(self._discarded.values()) + int(cltus.empty) + int(cltus.overlong)
        for assembler in self._assemblers.values():
            count = assembler.count
            every += int(count.unfinished) + int(count.orphans) + int(count.overflows)
        return every

    @property
    def starts(self) -> int:
        """Start sequences met."""
        return int(self._cltus.count.starts)

    def save(self) -> Saved:
        """Plain data; `accept` and the managed parameters are the caller's and are not saved."""
        return {
            "cltus": self._cltus.save(),
            "counters": dict(self._counters),
            "discarded": dict(self._discarded),
            "assemblers": [[vc, map_id, a.save()] for (vc, map_id), a in sorted(self._assemblers.items())],
        }

    def load(self, saved: Saved) -> None:
        self._cltus.load(saved["cltus"])
        self._counters = dict(saved["counters"])
        self._discarded = dict(saved["discarded"])
        self._assemblers = {}
        for virtual_channel, map_id, state in saved["assemblers"]:
            assembler = SegmentAssembler(self._segment_capacity)
            assembler.load(state)
            self._assemblers[virtual_channel, map_id] = assembler


def _counters(count: Any) -> dict[str, int]:
    return {name: int(getattr(count, name)) for name in _fields_of(ffi.typeof(count))}


@lru_cache
def _fields_of(ctype: Any) -> tuple[str, ...]:
    return tuple(name for name, _ in ctype.fields)
