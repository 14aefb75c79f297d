"""The rover's way to the orbiter: Proximity-1 both ways, and the reports that wait for it.

A report becomes a packet at once, is numbered and dated, and waits; while the orbiter's carrier is there,
what the radio has room for goes out, COP-P sends again what was lost, a control word goes with each portion.
Packets of the forward link go to commanding as if from a radio of its own. On the rover's computer this task
has the mailbox of the downlink.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.identifiers import Switch
from fsw.dictionary.rover import RoverEvent, RoverStructure
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.protocols import pus
from fsw.protocols.large_packets import Place, split
from fsw.protocols.proximity1 import (
    UNIT_OVERHEAD_OCTETS,
    Frame,
    Plcw,
    SetVr,
    UnitReader,
    decode_supervisory,
    unit,
)
from fsw.protocols.proximity1_cop import FarmP, FopP
from fsw.tasks import names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import Gather, Occurred, PusReport, Submit, Values
from fsw.tasks.rover_messages import Busy, CarrierLost, FromOrbiter, RadioRoom, ToOrbiter

MOST_WAITING = 20_000  # reports: some weeks without a session
FRAME_OCTETS = 1000  # of packets in a frame; a longer report goes in parts (ST[13])
PART_OCTETS = FRAME_OCTETS - pus.TM_OVERHEAD_OCTETS - 4  # behind transaction and number
LONGEST_DATA_OCTETS = pus.LONGEST_PACKET_OCTETS - pus.TM_OVERHEAD_OCTETS
TRANSFERS = 1 << 16
PACKET_HEADER_OCTETS = 6
_GROUND = 1  # destination of reports
_SUBTYPE_OF = {Place.FIRST: 1, Place.NEXT: 2, Place.LAST: 3}


class Proximity:
    """spacecraft: in the frames of both directions, the rover's."""

    def __init__(self, clock: OnBoardClock, spacecraft: int) -> None:
        self._clock = clock
        self._spacecraft = spacecraft
        self._sequence = pus.SequenceCounters()
        self._messages = pus.MessageCounters()
        self._waiting: list[bytes] = []
        self._lost = 0
        self._transfer = 0  # number of the next large report
        self._fop = FopP(spacecraft)
        self._farm = FarmP()
        self._reader = UnitReader()
        self._session = False
        self._sessions = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case PusReport():
                self._keep(message, now_ns)
            case RadioRoom(octets, rate):
                return [*self._begin(rate), Emit(names.UHF_PORT, ToOrbiter(self._portion(octets)))]
            case FromOrbiter(octets):
                return [action for frame in self._reader.feed(octets) for action in self._take(frame)]
            case CarrierLost() if self._session:
                self._session = False
                sent = {"frames_sent": self._fop.counts["sent"]}
                return [
                    Send(names.FDIR, Busy(names.DOWNLINK, False)),
                    Send(names.EVENTS, Occurred(RoverEvent.SESSION_ENDED, sent)),
                ]
            case Gather(RoverStructure.LINK, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    def _begin(self, rate_kbit_s: int) -> list[Action]:
        if self._session:
            return []
        self._session = True
        self._sessions += 1
        return [
            Send(names.FDIR, Busy(names.DOWNLINK, True)),
            Send(names.EVENTS, Occurred(RoverEvent.SESSION_BEGUN, {"rate_kbit_s": rate_kbit_s})),
        ]

    def _keep(self, report: PusReport, now_ns: int) -> None:
        if len(self._waiting) >= MOST_WAITING or len(report.source_data) > LONGEST_DATA_OCTETS:
            self._lost += 1
            return
        packet = self._packet(report, now_ns)
        if len(packet) <= FRAME_OCTETS:
            self._waiting.append(packet)
            return
        transfer, self._transfer = self._transfer, (self._transfer + 1) % TRANSFERS
        for place, number, part in split(packet, PART_OCTETS):
            head = transfer.to_bytes(2, "big") + number.to_bytes(2, "big")
            one = PusReport(report.apid, 13, _SUBTYPE_OF[place], head + part)
            self._waiting.append(self._packet(one, now_ns))

    def _packet(self, report: PusReport, now_ns: int) -> bytes:
        return pus.encode_report(
            pus.Report(
                report.apid,
                self._sequence.take(report.apid),
                report.service,
                report.subtype,
                self._messages.take(report.service, report.subtype, _GROUND),
                _GROUND,
                self._clock.cuc(now_ns),
                report.source_data,
                self._clock.status(now_ns),
            )
        )

    def _portion(self, octets: int) -> bytes:
        """Units that fit: a control word, then frames, none of them twice."""
        word = Frame(self._spacecraft, self._farm.report().encode(), expedited=True, supervisory=True)
        units = [unit(word)]
        room = octets - len(units[0])
        again, once = self._fop.counts["again"], self._fop.unacknowledged
        while room >= UNIT_OVERHEAD_OCTETS + FRAME_OCTETS:
            if not self._fop.waiting and self._waiting:
                self._fop.send(self._next_data())
            if self._fop.counts["again"] - again >= once and not self._fop.has_news:
                break
            frame = self._fop.next_frame()
            if frame is None:
                break
            units.append(unit(frame))
            room -= len(units[-1])
        return b"".join(units)

    def _next_data(self) -> bytes:
        """As many waiting packets as one frame holds."""
        count = octets = 0
        for packet in self._waiting:
            if count and octets + len(packet) > FRAME_OCTETS:
                break
            count, octets = count + 1, octets + len(packet)
        data, self._waiting = b"".join(self._waiting[:count]), self._waiting[count:]
        return data

    def _take(self, frame: Frame) -> list[Action]:
        if frame.supervisory:
            for word in decode_supervisory(frame.data) or ():
                if isinstance(word, Plcw):
                    self._fop.acknowledge(word)
                elif isinstance(word, SetVr):
                    self._farm.set(word)
            return []
        if not self._farm.accept(frame):
            return []
        return [Send(names.COMMANDING, Submit(packet)) for packet in packets_in(frame.data)]

    def _values(self) -> dict[str, Any]:
        return {
            "session": Switch(self._session).name,
            "sessions": self._sessions,
            "frames_sent": self._fop.counts["sent"],
            "frames_again": self._fop.counts["again"],
            "frames_heard": self._reader.counts["taken"],
            "packets_lost": self._lost,
            "packets_waiting": len(self._waiting),
        }

    def retained(self) -> dict[str, Any]:
        """Everything but the session: neither a report nor its number may be lost by a night's sleep."""
        saved = self.save()
        del saved["session"]
        return saved

    def recall(self, retained: dict[str, Any]) -> None:
        self.load({**retained, "session": False})

    def save(self) -> dict[str, Any]:
        return {
            "sequence": self._sequence.save(),
            "messages": self._messages.save(),
            "waiting": list(self._waiting),
            "lost": self._lost,
            "transfer": self._transfer,
            "fop": self._fop.save(),
            "farm": self._farm.save(),
            "reader": self._reader.save(),
            "session": self._session,
            "sessions": self._sessions,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._sequence.load(saved["sequence"])
        self._messages.load(saved["messages"])
        self._waiting = list(saved["waiting"])
        self._lost, self._transfer = saved["lost"], saved["transfer"]
        self._fop.load(saved["fop"])
        self._farm.load(saved["farm"])
        self._reader.load(saved["reader"])
        self._session, self._sessions = saved["session"], saved["sessions"]


def packets_in(data: bytes) -> list[bytes]:
    """The whole Space Packets in a frame's data; what does not add up is left out."""
    found, at = [], 0
    while at + PACKET_HEADER_OCTETS < len(data):
        end = at + PACKET_HEADER_OCTETS + 1 + int.from_bytes(data[at + 4 : at + 6], "big")
        if end > len(data):
            break
        found.append(data[at:end])
        at = end
    return found
