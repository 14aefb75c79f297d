"""The rover's way to the orbiter: Proximity-1 both ways, and the reports that wait for it.

A report becomes a packet at once, is numbered and dated, and waits; while the orbiter's carrier is there,
what the radio has room for goes out, COP-P sends again what was lost, a control word goes with each portion.
Packets of the forward link go to commanding as if from a radio of its own. On the rover's computer this task
has the mailbox of the downlink.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.identifiers import ROVER_APID, Switch
from fsw.dictionary.rover import RoverEvent, RoverStructure
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.protocols import pus
from fsw.protocols.proximity1 import Frame
from fsw.protocols.proximity1_link import LinkEnd, packets_in
from fsw.tasks import names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import Gather, Occurred, PusReport, Submit, Values
from fsw.tasks.report_packets import ReportPackets
from fsw.tasks.rover_messages import Busy, CarrierLost, FromOrbiter, RadioRoom, ToOrbiter

MOST_WAITING = 20_000  # reports: some weeks without a session
FRAME_OCTETS = 1000  # of packets in a frame; a longer report goes in parts (ST[13])
LONGEST_DATA_OCTETS = pus.LONGEST_PACKET_OCTETS - pus.TM_OVERHEAD_OCTETS


class Proximity:
    """spacecraft: in the frames of both directions, the rover's."""

    def __init__(self, clock: OnBoardClock, spacecraft: int) -> None:
        self._clock = clock
        self._packets = ReportPackets(clock, (ROVER_APID,), FRAME_OCTETS)
        self._waiting: list[bytes] = []
        self._lost = 0
        self._link = LinkEnd(spacecraft, most_octets=FRAME_OCTETS)
        self._session = False
        self._sessions = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case PusReport():
                self._keep(message, now_ns)
            case RadioRoom(octets, rate):
                units = self._link.portion(octets, self._supply)
                return [*self._begin(rate), Emit(names.UHF_PORT, ToOrbiter(units))]
            case FromOrbiter(octets):
                return [action for frame in self._link.hear(octets) for action in _submitted(frame)]
            case CarrierLost() if self._session:
                self._session = False
                sent = {"frames_sent": self._link.fop.counts["sent"]}
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
        self._waiting += self._packets.of(report, self._clock.cuc(now_ns), now_ns)

    def _supply(self) -> None:
        """As many waiting packets as one frame holds."""
        if not self._waiting:
            return
        count = octets = 0
        for packet in self._waiting:
            if count and octets + len(packet) > FRAME_OCTETS:
                break
            count, octets = count + 1, octets + len(packet)
        data, self._waiting = b"".join(self._waiting[:count]), self._waiting[count:]
        self._link.fop.send(data)

    def _values(self) -> dict[str, Any]:
        return {
            "session": Switch(self._session).name,
            "sessions": self._sessions,
            "frames_sent": self._link.fop.counts["sent"],
            "frames_again": self._link.fop.counts["again"],
            "frames_heard": self._link.reader.counts["taken"],
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
            "counts": self._packets.counts(),
            "waiting": list(self._waiting),
            "lost": self._lost,
            "link": self._link.save(),
            "session": self._session,
            "sessions": self._sessions,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._packets.count_on(saved["counts"])
        self._waiting, self._lost = list(saved["waiting"]), saved["lost"]
        self._link.load(saved["link"])
        self._session, self._sessions = saved["session"], saved["sessions"]


def _submitted(frame: Frame) -> list[Action]:
    return [Send(names.COMMANDING, Submit(packet)) for packet in packets_in(frame.data)]
