"""The receiving half of a telemetry link: soft symbols or bits in, checked frames and their CADUs out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsw.core.binding import ffi, lib
from fsw.core.channel_coding import ChannelCode, Octets, as_octets, randomize, rs_decode
from fsw.core.errors import FswError
from fsw.core.flat_struct import check_rows, load_struct

_GROUP = np.dtype([("first_symbol", "u8"), ("bits", "u4"), ("symbol_errors", "u4")])
_FRAME = np.dtype(
    [("position", "u8"), ("marker_errors", "u1"), ("trust", "u1"), ("inverted", "?")], align=True
)
check_rows(_GROUP, "viterbi_group_t")
check_rows(_FRAME, "frame_sync_frame_t")

_FRAMES_AT_ONCE = 64


class ViterbiDecoder:
    """Soft symbols to bits, rate 1/2, constraint length 7, over an endless stream (ground/viterbi.h)."""

    def __init__(self, g2_inverted: bool = True) -> None:
        self._state = ffi.new("viterbi_t *")
        lib.viterbi_init(self._state, g2_inverted)

    @property
    def synchronised(self) -> bool:
        """The last groups of bits explain their symbols: the symbols are paired rightly."""
        return bool(self._state.synchronised)

    @property
    def drops(self) -> int:
        """Symbols dropped to change the pairing."""
        return int(self._state.drops)

    def feed(self, soft_symbols: ArrayLike) -> tuple[Octets, NDArray[Any]]:
        """Packed bits and their groups, a structured array of first_symbol, bits and symbol_errors.

        soft_symbols: uint8, 0 a sure 0, 255 a sure 1. Every group is 1024 bits.
        """
        soft = as_octets(soft_symbols)
        groups = np.empty(lib.viterbi_most_groups(soft.size), _GROUP)
        octets = np.empty(groups.size * lib.VITERBI_GROUP_OCTETS, np.uint8)
        found = lib.viterbi_feed(
            self._state,
            ffi.from_buffer("uint8_t[]", soft),
            soft.size,
            ffi.from_buffer("uint8_t[]", octets),
            ffi.from_buffer("viterbi_group_t[]", groups),
        )
        return octets[: found * lib.VITERBI_GROUP_OCTETS], groups[:found]

    def flush(self) -> tuple[Octets, NDArray[Any]]:
        """Ends the stream: the bits still held, as one group of any number of bits, or none."""
        groups = np.empty(1, _GROUP)
        octets = np.empty(lib.VITERBI_FLUSH_OCTETS, np.uint8)
        found = lib.viterbi_flush(
            self._state, ffi.from_buffer("uint8_t[]", octets), ffi.from_buffer("viterbi_group_t[]", groups)
        )
        bits = int(groups["bits"][0]) if found else 0
        return octets[: (bits + 7) // 8], groups[:found]

    def save(self) -> bytes:
        return bytes(ffi.buffer(self._state))

    def load(self, saved: bytes) -> None:
        load_struct(self._state, saved, "Viterbi decoder")


class FrameSynchroniser:
    """Finds frames between sync markers, at any bit alignment and polarity (ground/frame_sync.h)."""

    def __init__(
        self,
        marker: bytes,
        body_octets: int,
        *,
        search_errors: int = 2,
        lock_errors: int = 6,
        flywheel: int = 1,
    ) -> None:
        self.body_octets = body_octets
        self._state = ffi.new("frame_sync_t *")
        config = ffi.new("frame_sync_config_t *")
        bad = not 1 <= len(marker) <= 8 or min(search_errors, lock_errors, flywheel, body_octets) < 0
        if not bad:
            most = 2 * len(marker) - 1
            bad = max(search_errors, lock_errors) > most or flywheel > lib.FRAME_SYNC_MOST_FLYWHEEL
            bad = bad or not 1 <= body_octets <= lib.FRAME_SYNC_LONGEST_BODY
        if bad:
            raise FswError(
                f"marker of {len(marker)} octets with {search_errors} errors in search and {lock_errors} in "
                f"lock, {body_octets} octets between markers, flywheel {flywheel}: allowed are 1 to 8 "
                f"octets, errors below a quarter of the marker's bits, 1 to {lib.FRAME_SYNC_LONGEST_BODY} "
                f"octets, flywheel 0 to {lib.FRAME_SYNC_MOST_FLYWHEEL}"
            )
        config.marker = list(marker) + [0] * (8 - len(marker))
        config.marker_octets = len(marker)
        config.search_errors, config.lock_errors = search_errors, lock_errors
        config.flywheel, config.body_octets = flywheel, body_octets
        if not lib.frame_sync_init(self._state, config):
            raise AssertionError("checked above")

    @property
    def locked(self) -> bool:
        return bool(self._state.state == lib.FRAME_SYNC_LOCK)

    @property
    def locks_lost(self) -> int:
        return int(self._state.count.locks_lost)

    @property
    def polarity_turns(self) -> int:
        return int(self._state.count.polarity_turns)

    def feed(self, octets: ArrayLike | bytes, bits: int | None = None) -> tuple[Octets, NDArray[Any]]:
        """The bodies (m, body_octets) of the frames that packed bits complete, upright, and about them a
        structured array: position (bit number of the marker), marker_errors, trust, inverted."""
        data = as_octets(octets)
        bits = 8 * data.size if bits is None else bits
        if not 0 <= bits <= 8 * data.size:
            raise FswError(f"{bits} bits of {data.size} octets: allowed are 0 to {8 * data.size}")
        source = ffi.from_buffer("uint8_t[]", data)
        taken = ffi.new("size_t *", 0)

        def feed(bodies: Any, frames: Any, room: int) -> int:
            found: int = lib.frame_sync_feed(self._state, source, taken[0], bits, bodies, frames, room, taken)
            return found

        return self._collect(feed, min(_FRAMES_AT_ONCE, 2 + bits // (8 * self.body_octets)))

    def flush(self) -> tuple[Octets, NDArray[Any]]:
        """Ends the stream: the whole frames that still await the marker after them."""

        def flush(bodies: Any, frames: Any, room: int) -> int:
            found: int = lib.frame_sync_flush(self._state, bodies, frames, room)
            return found

        return self._collect(flush, 4)

    def _collect(self, give: Callable[[Any, Any, int], int], room: int) -> tuple[Octets, NDArray[Any]]:
        """Calls until what is given leaves room."""
        parts: list[tuple[Octets, NDArray[Any]]] = []
        while not parts or len(parts[-1][0]) == room:
            bodies = np.empty((room, self.body_octets), np.uint8)
            frames = np.zeros(room, _FRAME)
            found = give(
                ffi.from_buffer("uint8_t[]", bodies), ffi.from_buffer("frame_sync_frame_t[]", frames), room
            )
            parts.append((bodies[:found], frames[:found]))
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def save(self) -> bytes:
        return bytes(ffi.buffer(self._state))

    def load(self, saved: bytes) -> None:
        load_struct(self._state, saved, "frame synchroniser")


@dataclass(frozen=True, slots=True)
class Reception:
    """What one feed of a receiver completed; arrays have one row for each of m good frames.

    frames (m, L): corrected, upright, derandomised. cadus (m, ASM + codeblock): as received, that is still
    randomised and with the channel's errors, but upright and with the exact ASM. corrected (m,): symbols
    that the Reed-Solomon decoder corrected. positions (m,): number of the ASM's first symbol in the
    stream fed (its first bit, for bits). marker_errors (m,): bits of the ASM that were wrong. inverted
    (m,): polarity received. failures: frames found but not decodable. symbols, symbol_errors: channel
    symbols that the Viterbi decoder has judged since the last feed, and how many of them it overruled.
    """

    frames: Octets
    cadus: Octets
    corrected: NDArray[np.int32]
    positions: NDArray[np.int64]
    marker_errors: NDArray[np.uint8]
    inverted: NDArray[np.bool_]
    failures: int
    symbols: int
    symbol_errors: int


class Receiver:
    """Viterbi decoder, frame synchroniser, derandomiser and Reed-Solomon decoder of one channel.

    feed() takes soft symbols; feed_bits() takes bits that are decoded already, such as a file of CADUs.
    Use one of the two for a stream, then flush(). Results do not depend on how the stream is cut.

    search_errors and asm_errors: wrong bits tolerated in the ASM while searching and once locked.
    flywheel: frames in a row that may lack their ASM before the search begins anew. A frame is good if the
    Reed-Solomon decoder says so; without that code, if its ASM was seen and either the next ASM was seen
    too or its own was without error.
    """

    def __init__(
        self,
        code: ChannelCode,
        frame_length: int,
        *,
        search_errors: int = 2,
        asm_errors: int = 6,
        flywheel: int = 1,
    ) -> None:
        self.code = code
        self.frame_length = frame_length
        self._synchroniser = FrameSynchroniser(
            code.asm,
            code.codeblock_octets(frame_length),
            search_errors=search_errors,
            lock_errors=asm_errors,
            flywheel=flywheel,
        )
        self._viterbi = ViterbiDecoder(code.convolutional == "g2-inverted") if code.convolutional else None
        self._bits = 0
        # Runs of bits without a dropped symbol: (first bit, its symbol's number - 2 * its own).
        self._runs: list[tuple[int, int]] = [(0, 0)]
        self._fed_bits = False
        self._fed_symbols = False  # since the start or the latest flush

    @property
    def locked(self) -> bool:
        """Frames are where they are expected."""
        return self._synchroniser.locked

    @property
    def locks_lost(self) -> int:
        return self._synchroniser.locks_lost

    @property
    def polarity_turns(self) -> int:
        return self._synchroniser.polarity_turns

    @property
    def symbol_drops(self) -> int:
        """Symbols dropped by the Viterbi decoder to pair them rightly."""
        return self._viterbi.drops if self._viterbi else 0

    def feed(self, soft_symbols: ArrayLike) -> Reception:
        """Soft symbols, uint8, 0 a sure 0, 255 a sure 1."""
        if self._fed_bits:
            raise FswError("soft symbols after bits: flush the receiver between two streams")
        if self._viterbi:
            self._fed_symbols = True
            octets, groups = self._viterbi.feed(soft_symbols)
            self._note_runs(groups)
            return self._synchronise(octets, 8 * octets.size, groups)
        bits = as_octets(soft_symbols) >> 7
        return self._synchronise(np.packbits(bits), bits.size)

    def feed_bits(self, octets: ArrayLike | bytes, bits: int | None = None) -> Reception:
        """Packed bits, after any convolutional decoding: `bits` of them, all by default."""
        if self._fed_symbols:
            raise FswError("bits after soft symbols: flush the receiver between two streams")
        self._fed_bits = self._viterbi is not None
        data = as_octets(octets)
        return self._synchronise(data, 8 * data.size if bits is None else bits)

    def feed_cadus(self, octets: ArrayLike | bytes) -> Reception:
        """CADUs one behind the other; damaged, cut or shifted by bits as they may be."""
        return self.feed_bits(octets)

    def flush(self) -> Reception:
        """Ends the stream: what the decoders still hold. A new stream may then be fed; positions go on."""
        parts = []
        if self._viterbi and not self._fed_bits:
            octets, groups = self._viterbi.flush()
            self._note_runs(groups)
            parts.append(self._synchronise(octets, int(groups["bits"].sum()), groups))
        parts.append(self._decode(*self._synchroniser.flush()))
        self._fed_bits = self._fed_symbols = False
        return _joined(parts)

    def save(self) -> dict[str, Any]:
        return {
            "viterbi": self._viterbi.save() if self._viterbi else None,
            "synchroniser": self._synchroniser.save(),
            "bits": self._bits,
            "fed_bits": self._fed_bits,
            "fed_symbols": self._fed_symbols,
            "runs": [list(run) for run in self._runs],
        }

    def load(self, saved: dict[str, Any]) -> None:
        if (saved["viterbi"] is None) != (self._viterbi is None):
            raise FswError("saved receiver and this one differ in their convolutional code")
        if self._viterbi:
            self._viterbi.load(saved["viterbi"])
        self._synchroniser.load(saved["synchroniser"])
        self._bits = saved["bits"]
        self._fed_bits, self._fed_symbols = saved["fed_bits"], saved["fed_symbols"]
        self._runs = [(int(bit), int(offset)) for bit, offset in saved["runs"]]

    # ---- parts ----------------------------------------------------------------------------------

    def _note_runs(self, groups: NDArray[Any]) -> None:
        bit = self._bits
        for first_symbol, bits in zip(groups["first_symbol"].tolist(), groups["bits"].tolist()):
            offset = first_symbol - 2 * bit
            if offset != self._runs[-1][1]:
                self._runs.append((bit, offset))
            bit += bits
        # The synchroniser holds fewer bits than its whole state: older runs are of no more use.
        oldest = self._bits - 8 * ffi.sizeof("frame_sync_t")
        while len(self._runs) > 1 and self._runs[1][0] < oldest:
            del self._runs[0]

    def _synchronise(self, octets: Octets, bits: int, groups: NDArray[Any] | None = None) -> Reception:
        bodies, found = self._synchroniser.feed(octets, bits)
        self._bits += bits
        return self._decode(bodies, found, groups)

    def _positions(self, bits: NDArray[np.uint64]) -> NDArray[np.int64]:
        places = bits.astype(np.int64)
        if self._viterbi is None or self._fed_bits:
            return places
        if len(self._runs) == 1:
            return 2 * places + self._runs[0][1]
        starts = np.array([run[0] for run in self._runs], np.int64)
        offsets = np.array([run[1] for run in self._runs], np.int64)
        run = np.maximum(np.searchsorted(starts, places, side="right") - 1, 0)
        symbols: NDArray[np.int64] = 2 * places + offsets[run]
        return symbols

    def _decode(self, bodies: Octets, found: NDArray[Any], groups: NDArray[Any] | None = None) -> Reception:
        code = self.code
        plain = randomize(bodies, code.randomizer)
        if code.reed_solomon:
            frames, counts = rs_decode(
                plain, parity=code.reed_solomon, basis=code.basis, interleave=code.interleave
            )
            good = counts.min(axis=1) >= 0
            corrected = counts.sum(axis=1, dtype=np.int32)
        else:
            frames = plain
            confirmed = found["trust"] == lib.FRAME_SYNC_CONFIRMED
            exact = (found["trust"] == lib.FRAME_SYNC_UNCONFIRMED) & (found["marker_errors"] == 0)
            good = confirmed | exact
            corrected = np.zeros(len(found), np.int32)
        many, failures = len(found), 0
        if not good.all():
            frames, corrected, bodies, found = frames[good], corrected[good], bodies[good], found[good]
            many, failures = len(found), many - len(found)
        cadus = np.empty((many, len(code.asm) + bodies.shape[1]), np.uint8)
        cadus[:, : len(code.asm)] = np.frombuffer(code.asm, np.uint8)
        cadus[:, len(code.asm) :] = bodies
        return Reception(
            frames=frames,
            cadus=cadus,
            corrected=corrected,
            positions=self._positions(found["position"]),
            marker_errors=found["marker_errors"],
            inverted=found["inverted"],
            failures=failures,
            symbols=0 if groups is None else 2 * int(groups["bits"].sum()),
            symbol_errors=0 if groups is None else int(groups["symbol_errors"].sum()),
        )


def _joined(parts: list[Reception]) -> Reception:
    def rows(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    return Reception(
        frames=rows("frames"),
        cadus=rows("cadus"),
        corrected=rows("corrected"),
        positions=rows("positions"),
        marker_errors=rows("marker_errors"),
        inverted=rows("inverted"),
        failures=sum(part.failures for part in parts),
        symbols=sum(part.symbols for part in parts),
        symbol_errors=sum(part.symbol_errors for part in parts),
    )
