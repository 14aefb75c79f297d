"""Makes transfer frames of what all tasks report, a second's worth at a time, in a real spacecraft's modes.

Tianwen-1's. LOW: four frames a second in the order 245/1, 245/1, 245/3 (idle), 82/1. HIGH: 245/1 as it
needs, then 245/4 with picture files, the rest 245/3; the lander's packets wait. Frames carry the time of
their first bit in the insert zone. Packets retrieved from packet stores go with the picture files in the high
rate, and behind the real-time packets, in a bounded share of 245/1, in the low one.

Tianwen-2's. One frame a second on 237/1, of 220 octets in LOW and of 892 in HIGH; there files and what comes
from packet stores fill what the real-time packets leave.

None of these has an operational control field. One idle frame in a while (a managed parameter) therefore
goes on a virtual channel of ours that has one, and carries a control word (CLCW) of the telecommand
channels, each in its turn.

A change of rate happens on a beat, after what waits in 245/1 has gone in the old one. The first beat
after it is idle, so that receivers may lock before anything is said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core import space_packet
from fsw.core.frame_format import FrameFormat
from fsw.core.telemetry import VirtualChannelSender
from fsw.dictionary import tianwen1
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import (
    LANDER_APID,
    LANDER_SCID,
    ORBITER_SCID,
    TIANWEN2_SCID,
    DownlinkRate,
    FailureCode,
)
from fsw.dictionary.services.st09_time import DEFAULT_RATE, TIME_REPORT
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer, Spend
from fsw.kernel.time import MICROSECOND, SECOND
from fsw.protocols.pus import LONGEST_PACKET_OCTETS
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.file_messages import FilePackets
from fsw.tasks.messages import (
    AskControlWords,
    ControlWords,
    DownlinkRoom,
    Execute,
    Gather,
    Occurred,
    PacketsMade,
    PlainPacket,
    PusReport,
    Radiate,
    ReplayPackets,
    ReplayWanted,
    SafeMode,
    Tick,
    TimeReportRate,
    Values,
)
from fsw.tasks.packet_path import PacketPath

BEAT_NS = SECOND
INSERT_ZONE_OCTETS = 8
LOW_FRAME_OCTETS = 220
HIGH_FRAME_OCTETS = 892
PICTURE_CAPACITY_OCTETS = 1 << 20
MOST_BEATS_TO_DRAIN = 5
LOW_REPLAY_OCTETS = 100  # of stored packets a beat in the low rate: a quarter of 245/1
MOST_LOW_REPLAY_OCTETS = 400  # saved up
HIGH_REPLAY_OCTETS = 1 << 15  # and in the high rate
REAL_TIME_RESERVE_OCTETS = 1 << 14  # of the queue of 245/1, never for stored packets
FRAME_NS = 20 * MICROSECOND  # modelled processing time

SHARED_BEATS_AHEAD = (
    2  # frames of files that wait on a channel that is also the real-time one's, and a beat's
)

_REAL_TIME, _REPLAY, _LANDER = 1, 4, 1
# What follows the time in the insert zone (real, see the vectors of Tianwen-1).
_TAIL_REAL_TIME, _TAIL_IDLE, _TAIL_REPLAY, _TAIL_LANDER = b"\x4a\xaa", b"\x8a\xaa", b"\x7a\xaa", b"\x40\x11"

Octets = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ControlChannel:
    """The virtual channel with the operational control field, and how often a frame of it goes."""

    virtual_channel: int
    period_ns: int


@dataclass(frozen=True, slots=True)
class Frames:
    """Whose frames these are. idle_channel: of frames without packets. signalling: of those, spare bits and
    cycle. shared: one virtual channel carries all packets, real-time ones and files. tail_low, tail_high:
    of a shared channel's insert zones; fill: of idle data, in either rate."""

    spacecraft_id: int
    low_frames_per_second: int
    idle_channel: int
    signalling: tuple[int, int]
    fill_low: int
    fill_high: int
    shared: bool = False
    tail_low: bytes = b""
    tail_high: bytes = b""


TIANWEN1 = Frames(ORBITER_SCID, 4, 3, (2, 10), 0xAA, 0x55)
# Decoded recordings (Estevez et al., CC BY 4.0) show 237/1 only, always full; what idle frames look like is
# assumed: virtual channel 63 (732.0-B-4, 4.1.2.3.3).
TIANWEN2 = Frames(TIANWEN2_SCID, 1, 63, (0, 0), 0xAA, 0xAA, True, b"\x00\x01", b"\x30\x0b")


class Downlink:
    """high_frames_per_second: of the high rate. control: where control words go. lander: whether the fourth
    of Tianwen-1's low rate is its; without one it is idle. frames: whose they are."""

    def __init__(
        self,
        clock: OnBoardClock,
        high_frames_per_second: int,
        control: ControlChannel,
        lander: bool = True,
        frames: Frames = TIANWEN1,
        carrier: bool = True,
    ) -> None:
        self._clock = clock
        self._frames = frames
        self._carrier = carrier
        self._has_lander = lander
        self._control = control
        self._words: tuple[bytes, ...] = ()
        self._word = 0  # the one that goes next
        self._control_ns = 0  # when the next frame with one is due
        self._path = PacketPath(clock)
        self._per_second = {
            DownlinkRate.LOW: frames.low_frames_per_second,
            DownlinkRate.HIGH: high_frames_per_second,
        }
        self._rate = DownlinkRate.LOW
        self._senders = _senders(frames, DownlinkRate.LOW, control.virtual_channel)
        # The lander's packets wait here while the rate is high.
        self._lander = _sender(frames, DownlinkRate.LOW, _LANDER, spacecraft_id=LANDER_SCID)
        # Picture files wait here while the rate is low.
        self._pictures = _sender(frames, DownlinkRate.HIGH, _REPLAY, replay=True, capacity=True)
        self._time_rate = DEFAULT_RATE  # a time report for every 2**rate frames of 245/1
        self._locking = False  # this beat is the first in its rate
        self._wanted: list[Any] | None = None  # rate, request, acknowledgement, beats left to drain
        self._replay_wanted = False
        self._replay_credit = 0  # octets that stored packets may still take of 245/1 in the low rate
        self._frames_sent = 0
        self._idle_frames_sent = 0
        self._packets_dropped = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        return [SetTimer("beat", _next_beat(now_ns), Tick("beat")), Send(names.COMMANDING, AskControlWords())]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case PusReport():
                for packet in self._path.report(message, now_ns):
                    self._push(packet, message.apid == LANDER_APID)
            case PlainPacket(apid, data):
                for packet in self._path.plain(apid, data, now_ns):
                    self._push(packet, False)
            case FilePackets(octets, answers) if self._carrier:
                if not (self._senders[0] if answers or self._frames.shared else self._pictures).push(octets):
                    self._packets_dropped += len(space_packet.index(octets))
            case TimeReportRate(exponent):
                self._time_rate = exponent
            case Tick("beat"):
                return self._beat(now_ns)
            case ControlWords(words):
                self._words = words
            case ReplayPackets(octets, channel):
                self._push_replay(octets, channel)
            case ReplayWanted(wanted):
                self._replay_wanted, self._replay_credit = wanted, 0
            case Execute(request, acknowledge, "DOWNLINK_RATE", arguments):
                return self._change(DownlinkRate[arguments["rate"]], request, acknowledge)
            case SafeMode(True):
                return self._fall_back()
            case Execute():
                return self._control_forwarding(message, now_ns)
            case Gather(Structure.RADIO, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    # ---- packets --------------------------------------------------------------------------------

    def _report_time(self, first_count: int, times_ns: npt.NDArray[np.int64]) -> None:
        """Time reports for the coming frames of 245/1, counted from `first_count`, whose turn it is.

        A second's frames are made at once, so when their first bits go is known before (6.9.4.2).
        """
        every = 1 << self._time_rate
        for time_ns in times_ns[-first_count % every :: every].tolist():
            shown_ns = self._clock.agency_ns(time_ns)
            values = {
                "rate_exponent": self._time_rate,
                "time_s": shown_ns // SECOND,
                "time_fraction": (shown_ns % SECOND << 24) // SECOND,
            }
            for packet in self._path.time_report(TIME_REPORT.encode(values)):
                self._push(packet, False)

    def _push(self, packet: bytes, from_lander: bool) -> None:
        if self._carrier and not (self._lander if from_lander else self._senders[0]).push(packet):
            self._packets_dropped += 1

    def _push_replay(self, octets: bytes, channel: int) -> None:
        if not self._carrier:
            return
        low = self._rate is DownlinkRate.LOW or self._frames.shared
        if low:
            self._replay_credit -= len(octets)
        if not (self._senders[0] if low or channel == _REAL_TIME else self._pictures).push(octets):
            self._packets_dropped += len(space_packet.index(octets))

    def _replay_room(self) -> int:
        """Octets that stored packets may take in the coming beat; the real-time ones go first."""
        if self._wanted is not None:
            return 0  # the queues are to be empty soon
        if self._rate is DownlinkRate.HIGH and not self._frames.shared:
            most = min(self._pictures.room, self._senders[0].room - REAL_TIME_RESERVE_OCTETS)
            return max(0, min(most, HIGH_REPLAY_OCTETS))
        self._replay_credit = min(self._replay_credit + LOW_REPLAY_OCTETS, MOST_LOW_REPLAY_OCTETS)
        waiting = self._senders[0].pending_octets > LOW_FRAME_OCTETS
        return 0 if waiting else max(0, self._replay_credit)

    def _control_forwarding(self, message: Execute, now_ns: int) -> list[Action]:
        """ST[14]."""
        outcome = self._path.execute(message.name, message.arguments)
        failure = outcome if isinstance(outcome, FailureCode) else None
        if isinstance(outcome, PusReport):
            for packet in self._path.report(outcome, now_ns):
                self._push(packet, False)
        return [executed(message.request, message.acknowledge, failure)]

    # ---- frames ---------------------------------------------------------------------------------

    def _beat(self, now_ns: int) -> list[Action]:
        actions: list[Action] = [SetTimer("beat", now_ns + BEAT_NS, Tick("beat"))]
        high = self._rate is DownlinkRate.HIGH
        if not self._carrier:
            frames = _NO_FRAMES
        elif self._locking:
            frames = self._idle_frames(now_ns)
        elif self._frames.shared:
            frames = self._shared_frames(now_ns)
        else:
            frames = self._high_frames(now_ns) if high else self._low_frames(now_ns)
        self._locking = False
        self._frames_sent += len(frames)
        actions.append(Emit(names.TRANSPONDER_PORT, Radiate(high, now_ns, frames.tobytes())))
        actions.append(Spend(FRAME_NS * len(frames)))
        actions += self._change_when_drained()
        if made := self._path.take_made():
            actions.append(Send(names.PACKET_STORES, PacketsMade(made)))
        replay = self._replay_room() if self._replay_wanted else 0
        if replay:
            actions.append(Send(names.PACKET_STORES, DownlinkRoom(replay)))
        if high:
            # One packet more than the room may come from the stores.
            taken = replay + LONGEST_PACKET_OCTETS if replay else 0
            actions.append(Send(names.FILES, DownlinkRoom(max(0, self._files_room() - taken))))
        return actions

    def _files_room(self) -> int:
        if not self._frames.shared:
            return self._pictures.room
        # Little: what the spacecraft has to say meanwhile goes behind them.
        most = HIGH_FRAME_OCTETS * (self._per_second[self._rate] + SHARED_BEATS_AHEAD)
        return 0 if self._wanted is not None else most - self._senders[0].pending_octets

    def _shared_frames(self, now_ns: int) -> Octets:
        """All packets on one channel. A frame that has none to carry is idle, or brings a control word."""
        channel, idle, _ = self._senders
        count = self._per_second[self._rate]
        times = now_ns + np.arange(count, dtype=np.int64) * BEAT_NS // count
        zones = self._own_zones(times)
        if self._control_due(now_ns):
            words = self._control_frame(now_ns, zones[:1])
            self._report_time(channel.frame_count, times[1:])
            return np.concatenate([words, channel.frames(count - 1, zones[1:])])
        if not channel.pending_octets and channel.between_packets:
            self._idle_frames_sent += count
            return idle.frames(count, zones, idle=True)
        self._report_time(channel.frame_count, times)
        return channel.frames(count, zones)

    def _own_zones(self, times_ns: npt.NDArray[np.int64]) -> Octets:
        """Insert zones of a shared channel: as the lander's, since an epoch four years later."""
        low = self._rate is DownlinkRate.LOW
        ticks = np.array([self._clock.tianwen2_ticks(int(t)) for t in times_ns], dtype="<u8")
        tail = self._frames.tail_low if low else self._frames.tail_high
        return _with_tail(ticks.view(np.uint8).reshape(-1, 8)[:, :6], tail)

    def _low_frames(self, now_ns: int) -> Octets:
        orbiter, idle, _ = self._senders
        times = now_ns + np.arange(4, dtype=np.int64) * (BEAT_NS // 4)
        frames = np.empty((4, LOW_FRAME_OCTETS), np.uint8)
        self._report_time(orbiter.frame_count, times[:2])
        frames[:2] = orbiter.frames(2, self._zones(times[:2], _TAIL_REAL_TIME))
        if self._control_due(now_ns):
            frames[2:3] = self._control_frame(now_ns, self._zones(times[2:3], _TAIL_IDLE))
        else:
            frames[2:3] = idle.frames(1, self._zones(times[2:3], _TAIL_IDLE), idle=True)
            self._idle_frames_sent += 1
        if self._has_lander:
            frames[3:] = self._lander.frames(1, self._lander_zones(times[3:]))
        else:
            frames[3:] = idle.frames(1, self._zones(times[3:], _TAIL_IDLE), idle=True)
            self._idle_frames_sent += 1
        return frames

    def _high_frames(self, now_ns: int) -> Octets:
        orbiter, idle, _ = self._senders
        total = self._per_second[DownlinkRate.HIGH]
        zone = orbiter.format.data_octets
        times = now_ns + np.arange(total, dtype=np.int64) * BEAT_NS // total
        first = min(max(2, -(-orbiter.pending_octets // zone)), total // 4)
        frames = np.empty((total, HIGH_FRAME_OCTETS), np.uint8)
        self._report_time(orbiter.frame_count, times[:first])
        frames[:first] = orbiter.frames(first, self._zones(times[:first], _TAIL_REAL_TIME))
        if self._control_due(now_ns):
            zones = self._zones(times[first : first + 1], _TAIL_REPLAY)
            frames[first : first + 1] = self._control_frame(now_ns, zones)
            first += 1
        # Rounded up, so that the end of a dump does not wait; an idle packet fills its last frame.
        second = min(first + -(-self._pictures.pending_octets // zone), total)
        self._idle_frames_sent += total - second
        pictures = self._pictures.frames(second - first, self._zones(times[first:second], _TAIL_REPLAY))
        frames[first:second] = pictures
        frames[second:] = idle.frames(total - second, self._zones(times[second:], _TAIL_REPLAY), idle=True)
        return frames

    def _idle_frames(self, now_ns: int) -> Octets:
        count = self._per_second[self._rate]
        times = now_ns + np.arange(count, dtype=np.int64) * BEAT_NS // count
        tail = _TAIL_REPLAY if self._rate is DownlinkRate.HIGH else _TAIL_IDLE
        zones = self._own_zones(times) if self._frames.shared else self._zones(times, tail)
        self._idle_frames_sent += count
        return self._senders[1].frames(count, zones, idle=True)

    def _control_due(self, now_ns: int) -> bool:
        return bool(self._words) and now_ns >= self._control_ns

    def _control_frame(self, now_ns: int, zones: Octets) -> Octets:
        """Idle data, with a control word. No packets: readers that know of no OCF here lose nothing."""
        word = self._words[self._word % len(self._words)]
        self._word = (self._word + 1) % len(self._words)
        self._control_ns = now_ns + self._control.period_ns
        return self._senders[2].frames(1, zones, word, idle=True)

    def _zones(self, times_ns: npt.NDArray[np.int64], tail: bytes) -> Octets:
        """Insert zones: 48-bit big-endian ticks of 100 us, then two octets."""
        ticks = self._clock.agency_ns_of(times_ns) // tianwen1.CLOCK_TICK_NS
        return _with_tail(ticks.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:], tail)

    def _lander_zones(self, times_ns: npt.NDArray[np.int64]) -> Octets:
        """Insert zones of the lander: 48-bit little-endian ticks of 2**-16 s, then two octets."""
        ticks = np.array([self._clock.lander_ticks(int(t)) for t in times_ns], dtype="<u8")
        return _with_tail(ticks.view(np.uint8).reshape(-1, 8)[:, :6], _TAIL_LANDER)

    # ---- changing the rate ----------------------------------------------------------------------

    def _change(self, rate: DownlinkRate, request: bytes, acknowledge: int) -> list[Action]:
        if self._wanted is not None:
            return [executed(request, acknowledge, FailureCode.BUSY)]
        self._wanted = [int(rate), request, acknowledge, MOST_BEATS_TO_DRAIN]
        return []

    def _fall_back(self) -> list[Action]:
        """Safe mode: the low rate, whatever else was wanted."""
        actions: list[Action] = []
        if self._wanted is not None:
            _, request, acknowledge, _ = self._wanted
            actions.append(executed(request, acknowledge, FailureCode.NOT_IN_SAFE_MODE))
            self._wanted = None
        if self._rate is not DownlinkRate.LOW:
            self._wanted = [int(DownlinkRate.LOW), b"", 0, MOST_BEATS_TO_DRAIN]
        return actions

    def _change_when_drained(self) -> list[Action]:
        if self._wanted is None:
            return []
        rate, request, acknowledge, beats = self._wanted
        old = self._senders
        if rate != self._rate and not self._drained(DownlinkRate(rate)) and beats > 0:
            self._wanted[3] -= 1
            return []
        self._wanted = None
        if rate != self._rate:
            self._rate = DownlinkRate(rate)
            self._locking = True
            self._senders = _senders(self._frames, self._rate, self._control.virtual_channel)
            for before, after in zip(old, self._senders, strict=True):
                after.frame_count = before.frame_count
            self._carry_over(old[0])
        changed = Occurred(Event.DOWNLINK_RATE_CHANGED, {"downlink_rate": self._rate.name})
        return [
            Send(names.EVENTS, changed),
            executed(request, acknowledge),
        ]

    def _drained(self, rate: DownlinkRate) -> bool:
        """Nothing that would be torn by the change: what has begun in this rate is through."""
        leaving_low = rate is DownlinkRate.HIGH
        return not self._senders[0].pending_octets and not (leaving_low and self._lander.pending_octets)

    def _carry_over(self, old: VirtualChannelSender) -> None:
        """Packets that found no frame in the old rate go in the new one, but for the one begun."""
        octets = old.save()["pending"][old.rest_octets :]
        self._packets_dropped += 1 if old.rest_octets else 0
        if octets and not self._senders[0].push(octets):
            self._packets_dropped += len(space_packet.index(octets))

    def _values(self) -> dict[str, Any]:
        return {
            "downlink_rate": self._rate.name,
            "frames_sent": self._frames_sent,
            "idle_frames_sent": self._idle_frames_sent,
            "octets_waiting": sum(
                sender.pending_octets for sender in (*self._senders, self._lander, self._pictures)
            ),
            "packets_dropped": self._packets_dropped,
        }

    # ---- what outlives what ---------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """Counts, and what goes down how often. The rate is low again; what waited for a frame is lost."""
        return self.safeguarded() | {
            "time_rate": self._time_rate,
            "forwarded": self._path.forwarded(),
            "replay_wanted": self._replay_wanted,
        }

    def recall(self, retained: dict[str, Any]) -> None:
        self.recover(retained)
        self._time_rate = retained["time_rate"]
        self._path.forward(retained["forwarded"])
        self._replay_wanted = retained["replay_wanted"]

    def safeguarded(self) -> dict[str, Any]:
        """Counts that the ground follows: no two frames or packets may ever bear one."""
        senders = (*self._senders, self._lander, self._pictures)
        return {
            "frame_counts": [sender.frame_count for sender in senders],
            "path": self._path.counts(),
            "sent": [self._frames_sent, self._idle_frames_sent, self._packets_dropped],
        }

    def recover(self, safeguarded: dict[str, Any]) -> None:
        senders = (*self._senders, self._lander, self._pictures)
        for sender, count in zip(senders, safeguarded["frame_counts"], strict=True):
            sender.frame_count = count
        self._path.count_on(safeguarded["path"])
        self._frames_sent, self._idle_frames_sent, self._packets_dropped = safeguarded["sent"]

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "rate": int(self._rate),
            "senders": [sender.save() for sender in self._senders],
            "lander": self._lander.save(),
            "pictures": self._pictures.save(),
            "path": self._path.save(),
            "time_rate": self._time_rate,
            "words": self._words,
            "word": self._word,
            "control_ns": self._control_ns,
            "locking": self._locking,
            "wanted": None if self._wanted is None else list(self._wanted),
            "replay_wanted": self._replay_wanted,
            "replay_credit": self._replay_credit,
            "frames_sent": self._frames_sent,
            "idle_frames_sent": self._idle_frames_sent,
            "packets_dropped": self._packets_dropped,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._rate = DownlinkRate(saved["rate"])
        self._senders = _senders(self._frames, self._rate, self._control.virtual_channel)
        for sender, state in zip(self._senders, saved["senders"], strict=True):
            sender.load(state)
        self._lander.load(saved["lander"])
        self._pictures.load(saved["pictures"])
        self._path.load(saved["path"])
        self._time_rate = saved["time_rate"]
        self._words = saved["words"]
        self._word = saved["word"]
        self._control_ns = saved["control_ns"]
        self._locking = saved["locking"]
        self._wanted = None if saved["wanted"] is None else list(saved["wanted"])
        self._replay_wanted = saved["replay_wanted"]
        self._replay_credit = saved["replay_credit"]
        self._frames_sent = saved["frames_sent"]
        self._idle_frames_sent = saved["idle_frames_sent"]
        self._packets_dropped = saved["packets_dropped"]


def _sender(
    frames: Frames,
    rate: DownlinkRate,
    virtual_channel: int,
    *,
    spacecraft_id: int | None = None,
    idle: bool = False,
    replay: bool = False,
    capacity: bool = False,
    ocf: bool = False,
) -> VirtualChannelSender:
    """Signalling fields and idle fill as the real spacecraft's (see the vectors of Tianwen-1)."""
    high = rate is DownlinkRate.HIGH
    octets = HIGH_FRAME_OCTETS if high else LOW_FRAME_OCTETS
    frame_format = FrameFormat("aos", octets, insert_zone=INSERT_ZONE_OCTETS, ocf=ocf)
    spare, cycle = frames.signalling if idle else (0, 0)
    return VirtualChannelSender(
        frame_format,
        frames.spacecraft_id if spacecraft_id is None else spacecraft_id,
        virtual_channel,
        capacity=PICTURE_CAPACITY_OCTETS if capacity else 1 << 16,
        replay=replay or (idle and not frames.shared),
        spare=spare,
        cycle=cycle,
        idle_fill=frames.fill_high if high else frames.fill_low,
    )


def _senders(
    frames: Frames, rate: DownlinkRate, control_channel: int
) -> tuple[VirtualChannelSender, VirtualChannelSender, VirtualChannelSender]:
    """Orbiter real time, orbiter idle, control words."""
    return (
        _sender(frames, rate, _REAL_TIME),
        _sender(frames, rate, frames.idle_channel, idle=True),
        _sender(frames, rate, control_channel, idle=True, ocf=True),
    )


_NO_FRAMES: Octets = np.empty((0, LOW_FRAME_OCTETS), np.uint8)


def _with_tail(ticks: Octets, tail: bytes) -> Octets:
    zones = np.empty((len(ticks), INSERT_ZONE_OCTETS), np.uint8)
    zones[:, :6] = ticks
    zones[:, 6:] = np.frombuffer(tail, np.uint8)
    return zones


def _next_beat(now_ns: int) -> int:
    return -(-now_ns // BEAT_NS) * BEAT_NS
