"""Telemetry frames to space packets, the ground's end, with an account of everything that is lost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.frame_format import FrameFormat
from fsw.core.telemetry import native_format

VERDICTS = ("good", "corrected", "repeated", "fecf", "fhec", "bad_version", "foreign", "no_channel")
"""Names of `Batch.verdict`'s values; from DROPPED on the frame was dropped."""
DROPPED: int = lib.F2P_BAD_FECF
REASONS = ("gap", "truncated", "bad_pointer", "bad_packet_header")
"""Why packets were dropped: begun, then a frame was lost; a tail whose beginning was never received;
first header pointer and packet lengths contradict each other; no packet where one had to begin."""
MOST_FOREIGN = 1024

assert len(VERDICTS) == lib.F2P_VERDICTS
assert len(REASONS) == lib.F2P_REASONS

_CHANNEL_COUNTS = (
    "frames",
    "gaps",
    "lost_frames",
    "restarts",
    "repeated",
    "replays",
    "idle_frames",
    "packets",
    "idle_packets",
)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of frames held.

    octets: the packets one after the other. offset, length, apid, count, spacecraft_id,
    virtual_channel, frame_index: one a packet; frame_index is the frame of this batch in which the
    packet began, negative if it began in an earlier batch. verdict (index into VERDICTS),
    frame_spacecraft_id, frame_virtual_channel, frame_count: one a frame, the last three as its header
    reads, whatever the verdict.
    """

    octets: npt.NDArray[np.uint8]
    offset: npt.NDArray[np.uint64]
    length: npt.NDArray[np.uint32]
    apid: npt.NDArray[np.uint16]
    count: npt.NDArray[np.uint16]
    spacecraft_id: npt.NDArray[np.uint16]
    virtual_channel: npt.NDArray[np.uint8]
    frame_index: npt.NDArray[np.int64]
    verdict: npt.NDArray[np.uint8]
    frame_spacecraft_id: npt.NDArray[np.uint16]
    frame_virtual_channel: npt.NDArray[np.uint8]
    frame_count: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return self.offset.size

    def frames(self) -> Iterator[tuple[int, int, int, int]]:
        """verdict, frame_spacecraft_id, frame_virtual_channel, frame_count of one after the other."""
        return zip(
            self.verdict.tolist(),
            self.frame_spacecraft_id.tolist(),
            self.frame_virtual_channel.tolist(),
            self.frame_count.tolist(),
            strict=True,
        )

    def packet(self, i: int) -> bytes:
        """The octets of packet i."""
        start = int(self.offset[i])
        return self.octets[start : start + int(self.length[i])].tobytes()


_PACKET_ARRAYS = (
    ("offset", "uint64_t[]", np.uint64),
    ("length", "uint32_t[]", np.uint32),
    ("apid", "uint16_t[]", np.uint16),
    ("count", "uint16_t[]", np.uint16),
    ("spacecraft_id", "uint16_t[]", np.uint16),
    ("virtual_channel", "uint8_t[]", np.uint8),
    ("frame", "int64_t[]", np.int64),
)
_FRAME_ARRAYS = (
    ("verdict", "uint8_t[]", np.uint8),
    ("frame_spacecraft_id", "uint16_t[]", np.uint16),
    ("frame_virtual_channel", "uint8_t[]", np.uint8),
    ("frame_count", "uint32_t[]", np.uint32),
)


class PacketExtractor:
    """Reassembles packets per (spacecraft, virtual channel) from batches of frames of one format.

    spacecraft_ids: those whose frames are taken, None for all. without_packets: virtual channels whose
    frames are counted but carry no packets. channels_most: how many virtual channels are kept apart;
    frames of further ones are dropped and counted as 'no_channel'.
    """

    def __init__(
        self,
        format: FrameFormat,
        *,
        spacecraft_ids: Iterable[int] | None = None,
        without_packets: Iterable[int] = (),
        channels_most: int = 64,
    ) -> None:
        if not 1 <= channels_most <= 4096:
            raise FswError(f"{channels_most} virtual channels at most: allowed are 1 to 4096")
        self.format = format
        self._most = channels_most
        self._ours = _spacecraft_map(spacecraft_ids)
        self._without = _channel_map(without_packets)
        self._foreign: dict[tuple[int, int], int] = {}
        self._state = ffi.new("f2p_t *")
        self._channels = ffi.new("f2p_channel_t[]", channels_most)
        self._partials = np.zeros((channels_most, lib.F2P_PARTIAL_OCTETS), np.uint8)
        self._partials_view = ffi.from_buffer("uint8_t[]", self._partials, require_writable=True)
        self._grow_scratch(1)
        lib.f2p_start(
            self._state,
            native_format(format),
            ffi.from_buffer("uint8_t[]", self._ours),
            self._without,
            channels_most,
        )

    def feed(self, frames: Any) -> Batch:
        """frames: uint8 (n, length), or any buffer of n whole frames. Packets in order of completion."""
        array = frames if isinstance(frames, np.ndarray) else np.frombuffer(frames, np.uint8)
        length = self.format.length
        if array.dtype != np.uint8 or array.size % length or (array.ndim == 2 and array.shape[1] != length):
            raise FswError(f"frames {array.dtype} {array.shape}: allowed is uint8 (n, {length})")
        array = np.ascontiguousarray(array)
        n = array.size // length
        room = int(lib.f2p_most_octets(self._state, self._channels, n))
        octets = np.empty(room, np.uint8)
        verdicts: list[npt.NDArray[Any]] = [np.empty(n, dtype) for _, _, dtype in _FRAME_ARRAYS]
        batch = ffi.new("f2p_batch_t *")
        views = [ffi.from_buffer("uint8_t[]", octets, require_writable=True)]
        batch.octets = views[0]
        if room // 7 >= self._scratch_packets:
            self._grow_scratch(room // 7 + 1)
        for (name, _, _), view in zip(_PACKET_ARRAYS, self._scratch_views, strict=True):
            setattr(batch, name, view)
        for (name, ctype, _), row in zip(_FRAME_ARRAYS, verdicts, strict=True):
            view = ffi.from_buffer(ctype, row, require_writable=True)
            views.append(view)
            setattr(batch, name, view)
        filled = ffi.new("uint64_t *")
        foreign = self._state.verdicts[lib.F2P_FOREIGN]
        packets = lib.f2p_feed(
            self._state,
            self._channels,
            self._partials_view,
            ffi.from_buffer("uint8_t[]", array),
            n,
            batch,
            filled,
        )
        found = Batch(octets[: filled[0]], *(row[:packets].copy() for row in self._scratch), *verdicts)
        if self._state.verdicts[lib.F2P_FOREIGN] != foreign:
            self._note_foreign(found)
        return found

    def _grow_scratch(self, packets: int) -> None:
        """Rows for as many packets as a batch could hold: kept, since most of them are never touched."""
        self._scratch_packets = packets
        self._scratch: list[npt.NDArray[Any]] = [np.empty(packets, dtype) for _, _, dtype in _PACKET_ARRAYS]
        self._scratch_views = [
            ffi.from_buffer(ctype, row, require_writable=True)
            for (_, ctype, _), row in zip(_PACKET_ARRAYS, self._scratch, strict=True)
        ]

    def _note_foreign(self, batch: Batch) -> None:
        for i in np.flatnonzero(batch.verdict == lib.F2P_FOREIGN).tolist():
            key = (int(batch.frame_spacecraft_id[i]), int(batch.frame_virtual_channel[i]))
            if key in self._foreign or len(self._foreign) < MOST_FOREIGN:
                self._foreign[key] = self._foreign.get(key, 0) + 1

    @property
    def stats(self) -> dict[str, dict[str, Any]]:
        """Per virtual channel, 'SCID/VC': frames, gaps, lost_frames, restarts (gaps in which an AOS count
        went backwards), repeated, replays, idle_frames, packets, idle_packets, discarded by reason."""
        table: dict[str, dict[str, Any]] = {}
        for i in range(self._state.channels):
            channel = self._channels[i]
            row: dict[str, Any] = {name: int(getattr(channel, name)) for name in _CHANNEL_COUNTS}
            row["discarded"] = {
                reason: int(channel.discarded[k]) for k, reason in enumerate(REASONS) if channel.discarded[k]
            }
            table[f"{channel.spacecraft_id}/{channel.virtual_channel}"] = row
        return dict(sorted(table.items(), key=lambda item: tuple(map(int, item[0].split("/")))))

    @property
    def foreign(self) -> dict[str, int]:
        """Frames not ours, per 'SCID/VC': other spacecraft, or TM among AOS frames and the reverse."""
        return {f"{scid}/{vc}": many for (scid, vc), many in sorted(self._foreign.items())}

    @property
    def verdicts(self) -> dict[str, int]:
        """How many frames had each verdict."""
        return {name: int(self._state.verdicts[k]) for k, name in enumerate(VERDICTS)}

    @property
    def discarded(self) -> dict[str, int]:
        """All that was dropped, by reason: REASONS count packets, the others whole frames."""
        total = {
            reason: sum(int(self._channels[i].discarded[k]) for i in range(self._state.channels))
            for k, reason in enumerate(REASONS)
        }
        total |= {name: many for name, many in self.verdicts.items() if VERDICTS.index(name) >= DROPPED}
        return {reason: many for reason, many in total.items() if many}

    @property
    def idle_packets(self) -> int:
        return sum(int(self._channels[i].idle_packets) for i in range(self._state.channels))

    def save(self) -> dict[str, Any]:
        """State, and of each channel the packet that is not complete."""
        used = range(self._state.channels)
        return {
            "state": bytes(ffi.buffer(self._state)),
            "channels": bytes(ffi.buffer(self._channels, len(used) * ffi.sizeof("f2p_channel_t"))),
            "held": [self._partials[i, : self._channels[i].held].tobytes() for i in used],
            "foreign": [[scid, vc, many] for (scid, vc), many in sorted(self._foreign.items())],
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Goes on exactly as the extractor that was saved, which had the same format and parameters."""
        state, channels, held = saved["state"], saved["channels"], saved["held"]
        size = ffi.sizeof("f2p_channel_t")
        if len(state) != ffi.sizeof("f2p_t") or len(channels) != len(held) * size or len(held) > self._most:
            raise FswError("saved extractor of another build, or of more channels than this one keeps")
        ffi.memmove(self._state, state, len(state))
        ffi.memmove(self._channels, channels, len(channels))
        for i, octets in enumerate(held):
            self._partials[i, : len(octets)] = np.frombuffer(octets, np.uint8)
        self._foreign = {(scid, vc): many for scid, vc, many in saved["foreign"]}


def _spacecraft_map(spacecraft_ids: Iterable[int] | None) -> bytes:
    if spacecraft_ids is None:
        return b"\xff" * int(lib.F2P_SPACECRAFT_IDS // 8)
    octets = bytearray(lib.F2P_SPACECRAFT_IDS // 8)
    for scid in spacecraft_ids:
        if not 0 <= scid < lib.F2P_SPACECRAFT_IDS:
            raise FswError(f"spacecraft id {scid}: allowed are 0 to {lib.F2P_SPACECRAFT_IDS - 1}")
        octets[scid >> 3] |= 1 << (scid & 7)
    return bytes(octets)


def _channel_map(virtual_channels: Iterable[int]) -> int:
    bits = 0
    for channel in virtual_channels:
        if not 0 <= channel < 64:
            raise FswError(f"virtual channel {channel}: allowed are 0 to 63")
        bits |= 1 << channel
    return bits
