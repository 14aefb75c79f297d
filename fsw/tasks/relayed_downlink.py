"""The downlink of a computer that hears of the Earth by way of an orbiter: Proximity-1 both ways.

It does for the other tasks what `fsw.tasks.downlink` does, in its mailbox. Packets wait until the orbiter
passes; then they go in transfer frames, whole ones, in order and completely (COP-P): real-time ones first, to
one port, files and stored packets behind them, to another. In the low rate files wait. Time reports belong to
frames that say when they were sent: those are the orbiter's, so there are none here.

User-defined octets go both ways, too: what the orbiter heard on the telecommand link, for commanding, and
the control words of its reception (CLCW), for the orbiter's frames.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import DownlinkRate, FailureCode
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.protocols.proximity1 import MOST_DATA_OCTETS, Construction, Frame
from fsw.protocols.proximity1_link import LinkEnd, packets_in
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
    ReplayPackets,
    ReplayWanted,
    SafeMode,
    Tick,
    Uplinked,
    Values,
)
from fsw.tasks.packet_path import PacketPath
from fsw.tasks.rover_messages import CarrierLost, FromOrbiter, RadioRoom, ToOrbiter

BEAT_NS = SECOND
ANSWER_PORTIONS = 4  # an acknowledgement comes that much later
REAL_TIME_OCTETS = 1 << 22  # of real-time packets that wait: some hours without a pass
FILES_OCTETS = 1 << 19  # of files and stored packets that wait
REPLAY_OCTETS = 1 << 15  # of stored packets a beat
REAL_TIME_PORT, FILES_PORT = 0, 1  # of the orbiter
_REAL_TIME = 1  # the channel of stored packets that go among the real-time ones


class Waiting:
    """Packets in order, up to so many octets in all; none that no frame could hold."""

    def __init__(self, most_octets: int) -> None:
        self._most = most_octets
        self._packets: list[bytes] = []
        self._begin = 0  # those before it are gone
        self.octets = 0
        self.dropped = 0

    @property
    def room(self) -> int:
        """Octets that it takes still."""
        return self._most - self.octets

    def push(self, packet: bytes) -> None:
        """Waits, or is dropped and counted."""
        if len(packet) > min(self.room, MOST_DATA_OCTETS):
            self.dropped += 1
            return
        self._packets.append(packet)
        self.octets += len(packet)

    def take(self, most_octets: int) -> list[bytes]:
        """The oldest, as many as fit."""
        taken, room = [], most_octets
        while self._begin < len(self._packets) and len(self._packets[self._begin]) <= room:
            packet = self._packets[self._begin]
            self._begin += 1
            room -= len(packet)
            taken.append(packet)
        self.octets -= most_octets - room
        if self._begin > len(self._packets) // 2:
            del self._packets[: self._begin]
            self._begin = 0
        return taken

    def save(self) -> dict[str, Any]:
        return {"packets": self._packets[self._begin :], "dropped": self.dropped}

    def load(self, saved: dict[str, Any]) -> None:
        self._packets, self._begin, self.dropped = list(saved["packets"]), 0, saved["dropped"]
        self.octets = sum(map(len, self._packets))


class RelayedDownlink:
    """spacecraft: in the frames of both directions. carrier: whether there is a radio at all."""

    def __init__(self, clock: OnBoardClock, spacecraft: int, carrier: bool = True) -> None:
        self._carrier = carrier
        self._path = PacketPath(clock)
        self._link = LinkEnd(spacecraft, ANSWER_PORTIONS, MOST_DATA_OCTETS)
        self._real_time = Waiting(REAL_TIME_OCTETS)
        self._files = Waiting(FILES_OCTETS)
        self._rate = DownlinkRate.LOW
        self._session = False
        self._words: tuple[bytes, ...] = ()
        self._words_due = False
        self._replay_wanted = False

    def start(self, now_ns: int) -> Iterable[Action]:
        beat_ns = -(-now_ns // BEAT_NS) * BEAT_NS
        return [SetTimer("beat", beat_ns, Tick("beat")), Send(names.COMMANDING, AskControlWords())]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case PusReport():
                self._push(self._real_time, self._path.report(message, now_ns))
            case PlainPacket(apid, data):
                self._push(self._real_time, self._path.plain(apid, data, now_ns))
            case FilePackets(octets, answers):
                self._push(self._real_time if answers else self._files, packets_in(octets))
            case ReplayPackets(octets, channel):
                self._push(self._real_time if channel == _REAL_TIME else self._files, packets_in(octets))
            case ReplayWanted(wanted):
                self._replay_wanted = wanted
            case Tick("beat"):
                return self._beat(now_ns)
            case ControlWords(words):
                self._words, self._words_due = words, bool(words)
            case RadioRoom(octets, _):
                return [self._portion(octets)]
            case FromOrbiter(octets):
                return [action for frame in self._link.hear(octets) for action in _heard(frame)]
            case CarrierLost():
                self._session = False
            case Execute(request, acknowledge, "DOWNLINK_RATE", arguments):
                changed = self._change(DownlinkRate[arguments["rate"]])
                return [changed, executed(request, acknowledge)]
            case SafeMode(True) if self._rate is not DownlinkRate.LOW:
                return [self._change(DownlinkRate.LOW)]
            case Execute():
                return self._control_forwarding(message, now_ns)
            case Gather(Structure.RADIO, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    def _push(self, where: Waiting, packets: list[bytes]) -> None:
        if self._carrier:
            for packet in packets:
                where.push(packet)

    def _beat(self, now_ns: int) -> list[Action]:
        """Once a second: what was made goes to the stores, and they and the files are told of room."""
        actions: list[Action] = [SetTimer("beat", now_ns + BEAT_NS, Tick("beat"))]
        if made := self._path.take_made():
            actions.append(Send(names.PACKET_STORES, PacketsMade(made)))
        if not self._session:
            return actions
        room = self._files.room
        replay = min(REPLAY_OCTETS, room - LONGEST_PACKET_OCTETS) if self._replay_wanted else 0
        if replay > 0:
            # One packet more than the room may come from the stores.
            room -= replay + LONGEST_PACKET_OCTETS
            actions.append(Send(names.PACKET_STORES, DownlinkRoom(replay)))
        if self._rate is DownlinkRate.HIGH:
            actions.append(Send(names.FILES, DownlinkRoom(max(0, room))))
        return actions

    # ---- the radio ------------------------------------------------------------------------------

    def _portion(self, octets: int) -> Action:
        self._words_due = self._words_due or (not self._session and bool(self._words))
        self._session = True
        if self._words_due:
            self._link.fop.send(b"".join(self._words), construction=Construction.USER_DEFINED)
            self._words_due = False
        counts = self._link.fop.counts
        anew, again = counts["sent"], counts["again"]
        units = self._link.portion(octets, self._supply)
        told = ToOrbiter(units, counts["sent"] - anew, counts["again"] - again)
        return Emit(names.UHF_PORT, told)

    def _supply(self) -> None:
        """As many packets for one port as one frame holds."""
        for port, waiting in ((REAL_TIME_PORT, self._real_time), (FILES_PORT, self._files)):
            if packets := waiting.take(MOST_DATA_OCTETS):
                self._link.fop.send(b"".join(packets), port=port)
                return

    # ---- requests -------------------------------------------------------------------------------

    def _change(self, rate: DownlinkRate) -> Action:
        self._rate = rate
        return Send(names.EVENTS, Occurred(Event.DOWNLINK_RATE_CHANGED, {"downlink_rate": rate.name}))

    def _control_forwarding(self, message: Execute, now_ns: int) -> list[Action]:
        """ST[14]."""
        outcome = self._path.execute(message.name, message.arguments)
        failure = outcome if isinstance(outcome, FailureCode) else None
        if isinstance(outcome, PusReport):
            self._push(self._real_time, self._path.report(outcome, now_ns))
        return [executed(message.request, message.acknowledge, failure)]

    def _values(self) -> dict[str, Any]:
        return {
            "downlink_rate": self._rate.name,
            "frames_sent": self._link.fop.counts["sent"] + self._link.fop.counts["again"],
            "idle_frames_sent": 0,
            "octets_waiting": self._real_time.octets + self._files.octets,
            "packets_dropped": self._real_time.dropped + self._files.dropped,
        }

    # ---- what outlives what ---------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """All but the session: what waits for a pass waits on. The rate is low again."""
        return {
            "path": self._path.counts(),
            "forwarded": self._path.forwarded(),
            "link": self._link.save(),
            "real_time": self._real_time.save(),
            "files": self._files.save(),
            "replay_wanted": self._replay_wanted,
        }

    def recall(self, retained: dict[str, Any]) -> None:
        self._path.count_on(retained["path"])
        self._path.forward(retained["forwarded"])
        self._load_link(retained)

    def _load_link(self, kept: dict[str, Any]) -> None:
        """The link and what waits for it."""
        self._link.load(kept["link"])
        self._real_time.load(kept["real_time"])
        self._files.load(kept["files"])
        self._replay_wanted = kept["replay_wanted"]

    def safeguarded(self) -> dict[str, Any]:
        """Counts that the ground follows: no two packets may ever bear one. COP-P finds itself again."""
        return {"path": self._path.counts()}

    def recover(self, safeguarded: dict[str, Any]) -> None:
        self._path.count_on(safeguarded["path"])

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return self.retained() | {
            "path": self._path.save(),
            "rate": int(self._rate),
            "session": self._session,
            "words": self._words,
            "words_due": self._words_due,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._path.load(saved["path"])
        self._load_link(saved)
        self._rate, self._session = DownlinkRate(saved["rate"]), saved["session"]
        self._words, self._words_due = saved["words"], saved["words_due"]


def _heard(frame: Frame) -> list[Action]:
    """Telecommand octets go to the receiver's port; packets for nobody here are left out."""
    if frame.construction is not Construction.USER_DEFINED:
        return []
    return [Emit(names.UHF_PORT, Uplinked(frame.data))]
