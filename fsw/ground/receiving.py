"""The station's receivers: soft symbols or CADUs of each downlink mode in, packets with their times out.

Each mode has its own chain (Viterbi decoder, frame synchroniser, Reed-Solomon decoder, packet extractor),
as a station has for each modulation; what is lost is counted over all of them. A frame's time of reception
is that of its last symbol, from its position in the stream; a packet's is that of the frame in which it
began.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fsw.core.channel_coding import ChannelCode
from fsw.core.errors import FswError
from fsw.core.frame_format import FECF_OCTETS, OCF_OCTETS, FrameFormat
from fsw.core.frames_to_packets import DROPPED, Batch, PacketExtractor
from fsw.core.receiver import Receiver, Reception
from fsw.ground.archive import UNKNOWN, Archive
from fsw.ground.frame_counts import FrameCounter
from fsw.kernel.record import record
from fsw.kernel.time import SECOND

_KEPT_ANCHORS = 64
_KEPT_TIMES = 4096  # of frames in which packets not yet complete may have begun


@record
class DownlinkMode:
    """One modulation of the downlink. symbol_rate: channel symbols a second, as the code counts them.

    ocf_channels: virtual channels whose frames end in an operational control field; they carry idle data.
    """

    name: str
    frame: FrameFormat
    code: ChannelCode
    symbol_rate: int
    without_packets: frozenset[int] = frozenset()
    ocf_channels: frozenset[int] = frozenset()

    @property
    def cadu_ns(self) -> int:
        """Time that a CADU takes on the link."""
        return self.code.cadu_symbols(self.frame.length) * SECOND // self.symbol_rate


_LOW_FRAME = FrameFormat("aos", 220, insert_zone=8)
_HIGH_FRAME = FrameFormat("aos", 892, insert_zone=8)

# Tianwen-1's own (decoded by amateurs; see fsw.dictionary.tianwen1 for the source). 16384 symbols/s give
# four 256-octet CADUs a second; 2.048 Mbaud of QPSK carry two symbols each.
TIANWEN1_LOW = DownlinkMode(
    "low", _LOW_FRAME, ChannelCode("tm255", 32, "conventional", 1, "g2-inverted"), 16_384
)
TIANWEN1_HIGH = DownlinkMode(
    "high",
    _HIGH_FRAME,
    ChannelCode("tm255", 32, "conventional", 4, "plain"),
    4_096_000,
    without_packets=frozenset({24}),
)


@record
class ReceivedPacket:
    """A whole Space Packet. received_ns: mission time at which the frame in which it began was whole."""

    octets: bytes
    received_ns: int
    spacecraft: int
    virtual_channel: int
    apid: int


@record
class ReceivedField:
    """An operational control field, four octets, and the mission time at which its frame was whole."""

    octets: bytes
    received_ns: int
    spacecraft: int
    virtual_channel: int


class _Chain:
    """Receiver and extractor of one mode, and the times of what they hold."""

    def __init__(self, mode: DownlinkMode, spacecraft: Iterable[int]) -> None:
        self.mode = mode
        self.cadu_ns = mode.cadu_ns
        self.receiver = Receiver(mode.code, mode.frame.length)
        self.extractor = PacketExtractor(
            mode.frame, spacecraft_ids=spacecraft, without_packets=mode.without_packets
        )
        self.fed = 0  # symbols, or bits of CADUs
        self.anchors: list[tuple[int, int]] = [(0, 0)]  # (symbol or bit, its time): one a call
        self.as_bits = False
        self.frame_times: list[int] = []  # of the latest frames given to the extractor

    def anchor(self, start_ns: int, units: int) -> None:
        self.anchors.append((self.fed, start_ns))
        del self.anchors[:-_KEPT_ANCHORS]
        self.fed += units

    def time_of(self, position: int) -> int:
        """Time at which a frame beginning there was whole."""
        rate = self.mode.symbol_rate
        if self.as_bits and self.mode.code.convolutional:
            rate //= 2
        for anchor in reversed(self.anchors):
            if anchor[0] <= position:
                break
        base, start_ns = anchor
        return start_ns + (position - base) * SECOND // rate + self.cadu_ns


class Station:
    """All chains of one station. What comes out goes to the archive's frame statistics as well.

    spacecraft: whose frames are taken. cadu_sink: called with the octets of CADUs as received, each
    beginning with its sync marker, in order. timed: spacecraft and virtual channel of whose frames
    frame_sink is told the count and when the first bit came in, before their packets come out.
    """

    def __init__(
        self,
        modes: Iterable[DownlinkMode],
        spacecraft: Iterable[int],
        archive: Archive | None = None,
        cadu_sink: Callable[[bytes], object] | None = None,
        timed: tuple[int, int] | None = None,
        frame_sink: Callable[[int, int], object] | None = None,
    ) -> None:
        taken = sorted(spacecraft)
        self._chains = {mode.name: _Chain(mode, taken) for mode in modes}
        self._archive = archive
        self._cadu_sink = cadu_sink
        self._timed = timed
        self._frame_sink = frame_sink
        self._counter = FrameCounter()
        self.frames = 0
        self.failures = 0
        self.corrected_symbols = 0
        self.channel_symbols = 0  # judged by the Viterbi decoder
        self.channel_symbol_errors = 0  # and overruled by it
        self._fields: list[ReceivedField] = []

    def receive_symbols(
        self, mode: str, soft_symbols: npt.NDArray[np.uint8], start_ns: int
    ) -> list[ReceivedPacket]:
        """Soft symbols (uint8: 0 a sure 0, 255 a sure 1), the first of which came in at `start_ns`."""
        chain = self._chain(mode)
        chain.anchor(start_ns, len(soft_symbols))
        return self._take(chain, chain.receiver.feed(soft_symbols))

    def receive_cadus(self, mode: str, cadus: bytes, start_ns: int) -> list[ReceivedPacket]:
        """CADUs as a demodulator with a Viterbi decoder gives them, the first bit at `start_ns`."""
        chain = self._chain(mode)
        chain.as_bits = True
        chain.anchor(start_ns, 8 * len(cadus))
        return self._take(chain, chain.receiver.feed_cadus(cadus))

    def end_of_signal(self, mode: str) -> list[ReceivedPacket]:
        """The carrier is gone, or the mode was switched: what the decoders still hold."""
        chain = self._chain(mode)
        return self._take(chain, chain.receiver.flush())

    def locked(self, mode: str) -> bool:
        """Frames are where they are expected."""
        return self._chain(mode).receiver.locked

    @property
    def lost_frames(self) -> dict[str, int]:
        """Frames missing in the counts, by 'SCID/VC', all modes together."""
        channels = sorted(self._counter.channels.items())
        return {f"{scid}/{vc}": counts.lost_frames for (scid, vc), counts in channels}

    @property
    def discarded(self) -> dict[str, int]:
        """What the extractors dropped, by reason, all modes together."""
        total: dict[str, int] = {}
        for chain in self._chains.values():
            for reason, many in chain.extractor.discarded.items():
                total[reason] = total.get(reason, 0) + many
        return dict(sorted(total.items()))

    def _chain(self, mode: str) -> _Chain:
        chain = self._chains.get(mode)
        if chain is None:
            raise FswError(f"downlink mode {mode!r}: allowed are {', '.join(self._chains)}")
        return chain

    def _take(self, chain: _Chain, reception: Reception) -> list[ReceivedPacket]:
        times = [chain.time_of(position) for position in reception.positions.tolist()]
        self.failures += reception.failures
        self.channel_symbols += reception.symbols
        self.channel_symbol_errors += reception.symbol_errors
        if reception.failures and self._archive is not None:
            at = times[-1] if times else chain.time_of(chain.fed) - chain.cadu_ns
            self._archive.add_frames(at, UNKNOWN, UNKNOWN, failures=reception.failures)
        if not times:
            return []
        self.frames += len(times)
        self.corrected_symbols += int(reception.corrected.sum())
        if self._cadu_sink is not None:
            self._cadu_sink(reception.cadus.tobytes())
        batch = chain.extractor.feed(reception.frames)
        for channel in sorted(chain.mode.ocf_channels):
            self._take_fields(chain, channel, reception.frames, batch, times)
        self._note_frames(chain.mode.frame.kind, batch, times, reception.corrected.tolist())
        if self._frame_sink is not None and self._timed is not None:
            spacecraft, virtual_channel = self._timed
            ours = (batch.frame_spacecraft_id == spacecraft) & (
                batch.frame_virtual_channel == virtual_channel
            )
            for index in np.flatnonzero(ours & (batch.verdict < DROPPED)).tolist():
                self._frame_sink(int(batch.frame_count[index]), times[index] - chain.cadu_ns)
        before = len(chain.frame_times)
        chain.frame_times += times
        packets = []
        rows = zip(
            batch.offset.tolist(),
            batch.length.tolist(),
            batch.frame_index.tolist(),
            batch.spacecraft_id.tolist(),
            batch.virtual_channel.tolist(),
            batch.apid.tolist(),
            strict=True,
        )
        octets = batch.octets.tobytes()
        for offset, length, frame, spacecraft, virtual_channel, apid in rows:
            at = max(0, before + frame)
            packets.append(
                ReceivedPacket(
                    octets[offset : offset + length],
                    chain.frame_times[at],
                    spacecraft,
                    virtual_channel,
                    apid,
                )
            )
        del chain.frame_times[:-_KEPT_TIMES]
        return packets

    def _take_fields(self, chain: _Chain, channel: int, frames: Any, batch: Any, times: list[int]) -> None:
        end = chain.mode.frame.length - (FECF_OCTETS if chain.mode.frame.fecf else 0)
        good = (batch.frame_virtual_channel == channel) & (batch.verdict < DROPPED)
        for row in np.flatnonzero(good).tolist():
            octets = frames[row, end - OCF_OCTETS : end].tobytes()
            spacecraft = int(batch.frame_spacecraft_id[row])
            self._fields.append(ReceivedField(octets, times[row], spacecraft, channel))

    def take_fields(self) -> list[ReceivedField]:
        """Operational control fields received since the last call, in order."""
        fields, self._fields = self._fields, []
        return fields

    def _note_frames(
        self, kind: Literal["aos", "tm"], batch: Batch, times: list[int], corrected: list[int]
    ) -> None:
        archive = self._archive
        rows = zip(batch.frames(), times, corrected, strict=True)
        for (verdict, spacecraft, virtual_channel, count), time_ns, symbols in rows:
            if verdict >= DROPPED:
                if archive is not None:
                    archive.add_frames(time_ns, UNKNOWN, UNKNOWN, corrected_symbols=symbols, failures=1)
                continue
            gaps, lost = self._counter.follow(kind, spacecraft, virtual_channel, count)
            if archive is not None:
                archive.add_frames(
                    time_ns,
                    spacecraft,
                    virtual_channel,
                    received=1,
                    corrected_symbols=symbols,
                    gaps=gaps,
                    lost_frames=lost,
                )

    def save(self) -> dict[str, Any]:
        """Plain data: decoders' states, symbols in flight, times."""
        return {
            "chains": {
                name: {
                    "receiver": chain.receiver.save(),
                    "extractor": chain.extractor.save(),
                    "fed": chain.fed,
                    "anchors": [list(anchor) for anchor in chain.anchors],
                    "as_bits": chain.as_bits,
                    "frame_times": list(chain.frame_times),
                }
                for name, chain in self._chains.items()
            },
            "counter": self._counter.save(),
            "frames": self.frames,
            "failures": self.failures,
            "corrected_symbols": self.corrected_symbols,
            "channel_symbols": self.channel_symbols,
            "channel_symbol_errors": self.channel_symbol_errors,
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        for name, state in saved["chains"].items():
            chain = self._chain(name)
            chain.receiver.load(state["receiver"])
            chain.extractor.load(state["extractor"])
            chain.fed, chain.as_bits = state["fed"], state["as_bits"]
            chain.anchors = [(base, start_ns) for base, start_ns in state["anchors"]]
            chain.frame_times = list(state["frame_times"])
        self._counter.load(saved["counter"])
        self.frames, self.failures = saved["frames"], saved["failures"]
        self.corrected_symbols = saved["corrected_symbols"]
        self.channel_symbols = saved["channel_symbols"]
        self.channel_symbol_errors = saved["channel_symbol_errors"]
