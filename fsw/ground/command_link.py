"""The sending side of the telecommand link: packets -> segments -> security -> FOP-1 -> frames -> CLTUs.

One `CommandLink` for a spacecraft, with FOP-1 on each virtual channel (232.1-B-2). Type-AD frames wait here
until FOP-1 takes them, one at a time; they go to the transmitter as FOP-1 says, and what became of each is
told by its tag. Time comes in as an argument; bursts for the link come out.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from fsw.core.errors import FswError
from fsw.core.telecommand import (
    ACQUISITION_OCTETS,
    FECF_OCTETS,
    HEADER_OCTETS,
    MOST_FRAME_OCTETS,
    SEGMENT_CONTINUATION,
    SEGMENT_FIRST,
    SEGMENT_LAST,
    SEGMENT_WHOLE,
    encode_cltu,
)
from fsw.dictionary.identifiers import GROUND_SOURCE, ORBITER_SCID
from fsw.ground.transmitter import Burst, Transmitter
from fsw.kernel.time import SECOND
from fsw.missions.mission_file import Uplink
from fsw.protocols import fop as fop1
from fsw.protocols.clcw import Clcw
from fsw.protocols.fop import Directive, Fop, FopSettings
from fsw.protocols.fop_table import AlertReason, FopState

Outcome = Literal["radiated", "delivered", "unconfirmed", "lost"]
Initiation = Literal["auto", "check", "unlock", "set-vr", "unchecked"]

_ALERT_TEXTS = {
    "limit": "a frame was sent as often as allowed",
    "T1": "nothing came back in time",
    "lockout": "the spacecraft is locked out",
    "synch": "a control word that does not fit what was sent",
    "NN(R)": "the spacecraft expects a number that was never due",
    "CLCW": "a control word that contradicts itself",
    "lower layer": "the transmitter refused a frame",
}


@dataclass(frozen=True, slots=True)
class LinkChannel:
    """Managed parameters of one virtual channel. maps: those in use; none for no segment headers.

    window: K. t1_margin_ns: T1 beyond the round trip. timeout_type: 0 alert, 1 suspend.
    """

    virtual_channel: int = 0
    maps: tuple[int, ...] = ()
    window: int = 5
    t1_margin_ns: int = 20 * SECOND
    transmission_limit: int = 3
    timeout_type: int = 0


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Managed parameters of the telecommand link. frame_octets: most of a frame."""

    spacecraft: int = ORBITER_SCID
    channels: tuple[LinkChannel, ...] = (LinkChannel(),)
    randomized: bool = True
    source: int = GROUND_SOURCE
    frame_octets: int = MOST_FRAME_OCTETS
    bit_rate_bit_s: float = 2000.0
    acquisition_octets: int = ACQUISITION_OCTETS

    @classmethod
    def of(cls, uplink: Uplink) -> "UplinkSettings":
        """From a mission's figures."""
        channels = tuple(
            LinkChannel(
                channel.vcid,
                channel.maps,
                channel.fop_window,
                round(channel.t1_margin_s * SECOND),
                channel.transmission_limit,
                int(channel.timeout_type == "suspend"),
            )
            for channel in uplink.channel
        )
        return cls(
            uplink.scid,
            channels,
            uplink.randomized,
            frame_octets=uplink.frame_octets,
            bit_rate_bit_s=uplink.bit_rate_bit_s,
            acquisition_octets=uplink.acquisition_octets,
        )


@dataclass(frozen=True, slots=True)
class LinkNotice:
    """What the sending side has to say to the operator."""

    received_ns: int
    virtual_channel: int
    text: str
    alarm: bool = False


class FrameSecurity(Protocol):
    """SDLS's ApplySecurity (355.0-B-2 3.2)."""

    @property
    def octets(self) -> int:
        """How much longer a frame data field becomes at most."""
        ...

    def apply(self, virtual_channel: int, data: bytes, bypass: bool) -> bytes:
        """A frame data field, protected. The segment header, if the channel has them, stays in front."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """COP-1 of one virtual channel as the ground knows it. word: the latest CLCW, received at `word_ns`."""

    virtual_channel: int
    state: FopState
    suspended: bool
    vs: int
    nn_r: int
    window: int
    t1_ns: int
    transmission_count: int
    transmission_limit: int
    due_ns: int | None
    waiting: int
    word: Clcw | None
    word_ns: int

    @property
    def outstanding(self) -> int:
        """Frames sent and not acknowledged."""
        return (self.vs - self.nn_r) % 256

    @property
    def open(self) -> bool:
        """Type-AD telecommands are taken."""
        return self.state is not FopState.INITIAL or self.suspended


@dataclass(slots=True)
class _Channel:
    """FOP-1 of one virtual channel and what waits for it."""

    settings: LinkChannel
    fop: Fop
    queue: list[tuple[int, bytes]] = field(default_factory=list)  # tag, frame data field
    taken: int | None = None  # the tag of the frame that FOP-1 gives down next
    unconfirmed: list[tuple[int, int]] = field(default_factory=list)  # tag, N(S): given up by FOP-1
    word: bytes | None = None  # the latest control word, and when it was received
    word_ns: int = 0
    radiated_ns: int | None = None  # when the last frame that counts (AD, BC) was through
    round_trip_ns: int = 0


class CommandLink:
    """security: between segments and FOP-1, if there is any."""

    def __init__(self, settings: UplinkSettings, security: FrameSecurity | None = None) -> None:
        self.settings = settings
        self.security = security
        self.transmitter = Transmitter(settings.bit_rate_bit_s, settings.acquisition_octets)
        self._channels = {
            channel.virtual_channel: _Channel(
                channel,
                Fop(
                    FopSettings(
                        settings.spacecraft,
                        channel.virtual_channel,
                        window=channel.window,
                        t1_ns=channel.t1_margin_ns or 1,
                        transmission_limit=channel.transmission_limit,
                        timeout_type=channel.timeout_type,
                    )
                ),
            )
            for channel in settings.channels
        }
        self._next_tag = 0
        self._answers: list[tuple[int, int, str]] = []  # time, virtual channel, kind: of frames on the air
        self._bursts: list[Burst] = []
        self._outcomes: list[tuple[int, Outcome]] = []
        self._notices: list[LinkNotice] = []

    # ---- units in -----------------------------------------------------------------------------------

    def expedite(
        self, unit: bytes, now_ns: int, channel: int | None = None, map_id: int | None = None
    ) -> list[bytes]:
        """Type-BD frames of a packet, to be radiated by the caller in this order."""
        to = self._channel(channel)
        frames = []
        for data in self._segments(to, unit, map_id):
            for event in to.fop.transfer(self._secured(to, data, True), now_ns, bypass=True):
                if isinstance(event, fop1.Transmit):
                    frames.append(event.frame)
            to.fop.lower("BD", True, now_ns)
        return frames

    def octets_on_air(self, unit_octets: int) -> int:
        """About how many a packet of so many octets becomes, acquisition sequence and all."""
        extra = 0 if self.security is None else self.security.octets
        most = self.settings.frame_octets - HEADER_OCTETS - FECF_OCTETS - 1 - extra
        frames = max(1, -(-unit_octets // most))
        framed = unit_octets + frames * (HEADER_OCTETS + FECF_OCTETS + 1 + extra)
        return frames * len(self.transmitter.acquisition) + len(encode_cltu(bytes(framed)))

    def enqueue(
        self, unit: bytes, now_ns: int, channel: int | None = None, map_id: int | None = None
    ) -> list[int]:
        """A packet for the AD service: the tags of its frames. FswError if the service is not open."""
        self.require_open(channel)
        to = self._channel(channel)
        tags = []
        for data in self._segments(to, unit, map_id):
            tags.append(self._next_tag)
            to.queue.append((self._next_tag, data))
            self._next_tag += 1
        self._feed(to, now_ns)
        return tags

    def require_open(self, channel: int | None = None) -> None:
        """Raises FswError if the AD service takes no telecommands."""
        status = self.status(channel)
        if not status.open:
            raise FswError(
                f"AD service of virtual channel {status.virtual_channel} is not open: initiate it first"
            )

    def _segments(self, to: _Channel, unit: bytes, map_id: int | None) -> list[bytes]:
        """Frame data fields: the unit cut into segments, each behind its header, if the channel has them."""
        extra = 0 if self.security is None else self.security.octets
        room = self.settings.frame_octets - HEADER_OCTETS - FECF_OCTETS - extra
        maps = to.settings.maps
        if not maps:
            if map_id is not None:
                raise FswError(f"MAP {map_id}: virtual channel {to.settings.virtual_channel} has no segments")
            if len(unit) > room:
                raise FswError(f"{len(unit)} octets: allowed are {room} on a channel without segments")
            return [unit]
        map_id = maps[0] if map_id is None else map_id
        if map_id not in maps:
            raise FswError(f"MAP {map_id}: allowed are {', '.join(map(str, maps))}")
        room -= 1
        if len(unit) <= room:
            return [bytes([SEGMENT_WHOLE << 6 | map_id]) + unit]
        pieces = [unit[at : at + room] for at in range(0, len(unit), room)]
        flags = [SEGMENT_FIRST, *[SEGMENT_CONTINUATION] * (len(pieces) - 2), SEGMENT_LAST]
        return [bytes([flag << 6 | map_id]) + piece for flag, piece in zip(flags, pieces, strict=True)]

    def _secured(self, to: _Channel, data: bytes, bypass: bool) -> bytes:
        if self.security is None:
            return data
        return self.security.apply(to.settings.virtual_channel, data, bypass)

    # ---- the operator ---------------------------------------------------------------------------------

    def initiate(
        self,
        now_ns: int,
        how: Initiation = "auto",
        *,
        channel: int | None = None,
        round_trip_ns: int = 0,
        value: int = 0,
    ) -> str:
        """Opens the AD service; in words, how.

        'check', 'unlock', 'set-vr' (to `value`) and 'unchecked' are the standard's directives. 'auto' reads
        the latest control word: it sets V(S) to N(R), which is sound once nothing is under way, and
        unlocks if the spacecraft waits, retransmits or is locked out. round_trip_ns: of light; with it, T1
        becomes that, a frame's time on the air, and the margin.
        """
        to = self._channel(channel)
        fop = to.fop
        if fop.state is not FopState.INITIAL:
            raise FswError("the AD service is open: terminate it first")
        if round_trip_ns:
            frame_ns = (self.settings.frame_octets * 8 // 7 + 32) * self.transmitter.octet_ns
            to.round_trip_ns = round_trip_ns
            self._direct(to, Directive.SET_T1, now_ns, round_trip_ns + frame_ns + to.settings.t1_margin_ns)
        if how == "auto":
            how = self._synchronise(to, now_ns)
        directive = {
            "check": Directive.INIT_WITH_CLCW,
            "unlock": Directive.INIT_WITH_UNLOCK,
            "set-vr": Directive.INIT_WITH_SET_VR,
            "unchecked": Directive.INIT_WITHOUT_CLCW,
        }[how]
        if not self._direct(to, directive, now_ns, value):
            raise FswError(f"{directive.value}: refused by FOP-1, whose last frame is still on its way out")
        return directive.value

    def _synchronise(self, to: _Channel, now_ns: int) -> Initiation:
        """V(S) to the N(R) of the latest control word; which initiation is needed then."""
        if to.word is None:
            raise FswError("no control word has come yet: wait for one, or initiate 'unchecked'")
        dry_ns = 0 if to.radiated_ns is None else to.radiated_ns + to.round_trip_ns
        if to.radiated_ns is not None and to.word_ns < dry_ns:
            wait_s = (dry_ns - now_ns) / SECOND
            raise FswError(
                f"frames may still be under way: needed is a control word received in {wait_s:.0f} s or later"
            )
        word = Clcw.decode(to.word)
        if to.fop.suspended_in:
            # Purge what was suspended; nothing is sent between the two.
            self._direct(to, Directive.INIT_WITHOUT_CLCW, now_ns)
            self._direct(to, Directive.TERMINATE, now_ns)
        for tag, sequence in to.unconfirmed:
            # Before N(R): it had arrived all the same.
            arrived = 1 <= (word.report_value - sequence) % 256 <= 128
            self._outcomes.append((tag, "delivered" if arrived else "lost"))
        to.unconfirmed = []
        self._direct(to, Directive.SET_VS, now_ns, word.report_value)
        return "unlock" if word.lockout or word.wait or word.retransmit else "check"

    def direct(self, directive: Directive, now_ns: int, value: int = 0, channel: int | None = None) -> None:
        """Any directive to FOP-1 (table 4-1). Raises FswError if FOP-1 rejects it."""
        if not self._direct(self._channel(channel), directive, now_ns, value):
            raise FswError(f"{directive.value} {value}: rejected by FOP-1 in its present state")

    def _direct(self, to: _Channel, directive: Directive, now_ns: int, value: int = 0) -> bool:
        events = to.fop.directive(directive, now_ns, tag=directive.value, value=value)
        self._note(to, events, now_ns)
        self._feed(to, now_ns)
        return not any(isinstance(event, fop1.Rejected) and event.tag == directive.value for event in events)

    # ---- what comes back, and time ------------------------------------------------------------------

    def control_word(self, octets: bytes, received_ns: int, now_ns: int) -> None:
        """A CLCW from the operational control field; those of no channel of ours are ignored."""
        word = Clcw.decode(octets)
        to = self._channels.get(word.virtual_channel)
        if to is None or word.control_type:
            return
        to.word, to.word_ns = octets, received_ns
        self._note(to, to.fop.clcw(octets, now_ns), now_ns)
        self._feed(to, now_ns)

    def next_ns(self) -> int | None:
        """When `advance` has work."""
        next_ns = self._answers[0][0] if self._answers else None
        for channel in self._channels.values():
            due_ns = channel.fop.due_ns
            if due_ns is not None and (next_ns is None or due_ns < next_ns):
                next_ns = due_ns
        return next_ns

    def advance(self, now_ns: int) -> None:
        """Frames that are through with the transmitter, and timers."""
        while self._answers and self._answers[0][0] <= now_ns:
            _, channel, kind = self._answers.pop(0)
            to = self._channels[channel]
            self._note(to, to.fop.lower(kind, True, now_ns), now_ns)
            self._feed(to, now_ns)
        for to in self._channels.values():
            self._note(to, to.fop.tick(now_ns), now_ns)
            self._feed(to, now_ns)

    def _feed(self, to: _Channel, now_ns: int) -> None:
        """FOP-1's wait queue holds one frame; the next goes in when it has left."""
        while to.queue and to.taken is None and to.fop.state <= FopState.RETRANSMIT_WAIT:
            tag, data = to.queue.pop(0)
            to.taken = tag
            self._note(to, to.fop.transfer(self._secured(to, data, False), now_ns, tag=tag), now_ns)

    def _note(self, to: _Channel, events: list[fop1.Event], now_ns: int) -> None:
        for event in events:
            match event:
                case fop1.Transmit(kind, frame, _):
                    cltu = encode_cltu(frame, randomize=self.settings.randomized)
                    burst = self.transmitter.radiate_cltu(cltu, now_ns, now_ns)
                    self._bursts.append(burst)
                    self._answers.append((burst.end_ns, to.settings.virtual_channel, kind))
                    self._answers.sort()
                    to.radiated_ns = burst.end_ns
                case fop1.Abort():
                    pass  # what the transmitter has goes out; a frame that comes twice is nothing to FARM-1
                case fop1.Accepted(int(tag)):
                    to.taken = None
                    self._outcomes.append((tag, "radiated"))
                case fop1.Confirmed(int(tag)):
                    self._outcomes.append((tag, "delivered"))
                case fop1.NotConfirmed(int(tag), int(sequence)):
                    to.unconfirmed.append((tag, sequence))
                    self._outcomes.append((tag, "unconfirmed"))
                case fop1.Rejected(int(tag)):
                    to.taken = None
                    self._outcomes.append((tag, "lost"))
                case fop1.Confirmed(str(directive)) if directive.startswith("initiate"):
                    self._say(to, now_ns, f"AD service open ({directive})")
                case fop1.Alert(reason):
                    self._outcomes += [(tag, "lost") for tag, _ in to.queue]
                    to.queue, to.taken = [], None
                    if reason is AlertReason.TERM:
                        self._say(to, now_ns, "AD service closed")
                        continue
                    text = f"AD service ended: {_ALERT_TEXTS[reason.value]} (alert {reason.value})"
                    self._say(to, now_ns, text, True)
                case fop1.Suspended():
                    self._say(to, now_ns, "AD service suspended: nothing came back in time", True)

    def _say(self, to: _Channel, now_ns: int, text: str, alarm: bool = False) -> None:
        self._notices.append(LinkNotice(now_ns, to.settings.virtual_channel, text, alarm))

    # ---- what comes out -----------------------------------------------------------------------------

    def take_bursts(self) -> list[Burst]:
        """For the link, since the last call."""
        bursts, self._bursts = self._bursts, []
        return bursts

    def take_outcomes(self) -> list[tuple[int, Outcome]]:
        """What became of frames since the last call, by tag, in order."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def take_notices(self) -> list[LinkNotice]:
        """For the operator, since the last call."""
        notices, self._notices = self._notices, []
        return notices

    @property
    def channels(self) -> tuple[int, ...]:
        """The virtual channels, the usual one first."""
        return tuple(self._channels)

    def status(self, channel: int | None = None) -> ChannelStatus:
        """How COP-1 of a virtual channel stands."""
        to = self._channel(channel)
        fop = to.fop
        return ChannelStatus(
            to.settings.virtual_channel,
            fop.state,
            bool(fop.suspended_in),
            fop.vs,
            fop.nn_r,
            fop.window,
            fop.t1_ns,
            fop.transmission_count,
            fop.transmission_limit,
            fop.due_ns,
            len(to.queue) + (to.taken is not None),
            None if to.word is None else Clcw.decode(to.word),
            to.word_ns,
        )

    def _channel(self, channel: int | None) -> _Channel:
        if channel is None:
            return next(iter(self._channels.values()))
        if channel not in self._channels:
            raise FswError(f"virtual channel {channel}: allowed are {', '.join(map(str, self._channels))}")
        return self._channels[channel]

    # ---- snapshots ----------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Plain data. Bursts, outcomes and notices must have been taken."""
        assert not self._bursts
        assert not self._outcomes
        assert not self._notices
        return {
            "transmitter": self.transmitter.save(),
            "next_tag": self._next_tag,
            "answers": [list(answer) for answer in self._answers],
            "channels": [
                {
                    "channel": channel,
                    "fop": to.fop.save(),
                    "queue": [list(waiting) for waiting in to.queue],
                    "taken": to.taken,
                    "unconfirmed": [list(frame) for frame in to.unconfirmed],
                    "word": to.word,
                    "word_ns": to.word_ns,
                    "radiated_ns": to.radiated_ns,
                    "round_trip_ns": to.round_trip_ns,
                }
                for channel, to in self._channels.items()
            ],
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.transmitter.load(saved["transmitter"])
        self._next_tag = saved["next_tag"]
        self._answers = [(time_ns, channel, kind) for time_ns, channel, kind in saved["answers"]]
        for row in saved["channels"]:
            to = self._channels[row["channel"]]
            to.fop.load(row["fop"])
            to.queue = [(tag, data) for tag, data in row["queue"]]
            to.taken = row["taken"]
            to.unconfirmed = [(tag, sequence) for tag, sequence in row["unconfirmed"]]
            to.word, to.word_ns = row["word"], row["word_ns"]
            to.radiated_ns, to.round_trip_ns = row["radiated_ns"], row["round_trip_ns"]
