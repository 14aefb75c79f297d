"""Telecommands from the operator to the transmitter, and what became of them.

dictionary -> PUS telecommand -> Space Packet -> `CommandLink` (segments, FOP-1, frames, CLTUs). Each stage
of verification that the spacecraft reports (ST[1]) is kept by the telecommand's request identifier, and
before it what FOP-1 tells of its frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fsw.core.telecommand import encode_cltu
from fsw.dictionary import Request
from fsw.ground.command_link import CommandLink, FrameSecurity, LinkNotice, Outcome, UplinkSettings
from fsw.ground.telemetry import Telemetry
from fsw.ground.transmitter import Burst
from fsw.protocols import pus
from fsw.protocols.pus import Acknowledge, RequestId, SequenceCounters

Service = Literal["AD", "BD"]
Stage = Literal[
    "waiting",
    "radiated",
    "unconfirmed",
    "lost",
    "delivered",
    "accepted",
    "started",
    "in progress",
    "completed",
    "failed",
]

_STAGE_OF: dict[int, Stage] = {
    1: "accepted",
    2: "failed",
    3: "started",
    4: "failed",
    5: "in progress",
    6: "failed",
    7: "completed",
    8: "failed",
    10: "failed",
}
_RANK: dict[Stage, int] = {
    "waiting": 0,
    "radiated": 1,
    "unconfirmed": 2,
    "lost": 3,
    "delivered": 4,
    "accepted": 5,
    "started": 6,
    "in progress": 7,
    "completed": 8,
    "failed": 9,
}


@dataclass(slots=True)
class Sent:
    """A telecommand given to the link. stage: the furthest reported; history: (received_ns, stage).

    Of the AD service ('waiting', then 'radiated') FOP-1 tells whether all its frames were 'delivered', or
    that it gave them up: 'unconfirmed' may have been accepted on board, 'lost' was not. BD is 'radiated'
    at once. failure: the failure code's text, when it failed. frames: of AD, those not yet delivered.
    reports: the verification packets, for one retrieved from a packet store later tells nothing new.
    """

    name: str
    request: RequestId
    radiated_ns: int
    packet: bytes
    stage: Stage = "radiated"
    failure: str | None = None
    history: list[tuple[int, Stage]] = field(default_factory=list)
    service: Service = "BD"
    frames: int = 0
    reports: list[bytes] = field(default_factory=list)

    def advance(self, stage: Stage) -> None:
        """To this stage, if it is further than the one reported before."""
        if _RANK[stage] > _RANK[self.stage]:
            self.stage = stage


@dataclass(frozen=True, slots=True)
class Radiation:
    """A type-BD telecommand for the transmitter: its CLTUs, the frames in them, and the packet in these."""

    cltus: tuple[bytes, ...]
    frames: tuple[bytes, ...]
    packet: bytes
    request: RequestId

    @property
    def cltu(self) -> bytes:
        """All of them, one after the other."""
        return b"".join(self.cltus)


class Commander:
    """Numbers, sends and remembers telecommands. One per spacecraft. link: its frames and their order."""

    def __init__(self, settings: UplinkSettings | None = None, security: FrameSecurity | None = None) -> None:
        self.settings = settings or UplinkSettings()
        self.link = CommandLink(self.settings, security)
        self._counts = SequenceCounters()
        self._frames: dict[int, int] = {}  # tag of a type-AD frame: index of its telecommand
        self.sent: list[Sent] = []
        self.unmatched = 0  # verification reports of telecommands that we did not send

    def radiate(
        self,
        request: Request,
        now_ns: int,
        acknowledge: Acknowledge = Acknowledge.ALL,
        *,
        map_id: int | None = None,
    ) -> Radiation:
        """A telecommand that leaves at `now_ns`, type BD. Raises FswError on forbidden arguments."""
        packet, identifier = self._packet(request, acknowledge)
        frames = self.link.expedite(packet, now_ns, map_id=map_id)
        self.sent.append(Sent(request.telecommand.name, identifier, now_ns, packet))
        return Radiation(self._cltus(frames), tuple(frames), packet, identifier)

    def prepare(
        self, request: Request, radiate_ns: int, acknowledge: Acknowledge = Acknowledge.ALL
    ) -> tuple[bytes, int]:
        """The packet of a telecommand that is to leave later, for `expedite`; and the octets that will be.

        Frames are protected when they leave: else their numbers would not be in the order of arrival.
        """
        packet, identifier = self._packet(request, acknowledge)
        self.sent.append(Sent(request.telecommand.name, identifier, radiate_ns, packet))
        return packet, self.link.octets_on_air(len(packet))

    def expedite(self, packet: bytes, now_ns: int, *, map_id: int | None = None) -> tuple[bytes, ...]:
        """The CLTUs of a packet that was prepared and leaves now, type BD."""
        return self._cltus(self.link.expedite(packet, now_ns, map_id=map_id))

    def _cltus(self, frames: list[bytes]) -> tuple[bytes, ...]:
        return tuple(encode_cltu(frame, randomize=self.settings.randomized) for frame in frames)

    def send(
        self,
        request: Request,
        now_ns: int,
        acknowledge: Acknowledge = Acknowledge.ALL,
        *,
        map_id: int | None = None,
    ) -> Sent:
        """A telecommand for the AD service: it goes when its turn comes. FswError if the service is not open.

        Afterwards and after each `advance` and `control_word`, `settle` gives what goes on the link.
        """
        self.link.require_open()
        packet, identifier = self._packet(request, acknowledge)
        tags = self.link.enqueue(packet, now_ns, map_id=map_id)
        sent = Sent(
            request.telecommand.name, identifier, now_ns, packet, "waiting", service="AD", frames=len(tags)
        )
        self._frames |= dict.fromkeys(tags, len(self.sent))
        self.sent.append(sent)
        return sent

    def settle(self, now_ns: int) -> tuple[list[Burst], list[LinkNotice]]:
        """What the link has for the air and for the operator; what became of frames is noted."""
        for tag, outcome in self.link.take_outcomes():
            self._outcome(tag, outcome, now_ns)
        return self.link.take_bursts(), self.link.take_notices()

    def _outcome(self, tag: int, outcome: Outcome, now_ns: int) -> None:
        if tag not in self._frames:
            return
        sent = self.sent[self._frames[tag]]
        if outcome == "radiated":
            if sent.stage == "waiting":
                sent.radiated_ns = now_ns
            sent.advance("radiated")
            return
        if outcome == "delivered":
            sent.frames -= 1
            if sent.frames:
                del self._frames[tag]
                return
        # What is unconfirmed may yet turn out to have been delivered.
        if outcome != "unconfirmed":
            del self._frames[tag]
        sent.history.append((now_ns, outcome))
        sent.advance(outcome)

    def _packet(self, request: Request, acknowledge: Acknowledge) -> tuple[bytes, RequestId]:
        command = request.telecommand
        application_data = request.encode()
        telecommand = pus.Telecommand(
            command.apid,
            self._counts.take(command.apid),
            command.service,
            command.subtype,
            self.settings.source,
            acknowledge,
            application_data,
        )
        return pus.encode_telecommand(telecommand), telecommand.request_id

    def note(self, telemetry: Telemetry) -> Sent | None:
        """A verification report; the telecommand it belongs to, or None. Other telemetry is ignored."""
        if telemetry.service != 1 or telemetry.report is None or telemetry.subtype not in _STAGE_OF:
            return None
        values = telemetry.values
        packet_id, sequence = values["request_packet_id"].raw, values["request_sequence"].raw
        assert isinstance(packet_id, int)
        assert isinstance(sequence, int)
        request = RequestId(packet_id, sequence)
        for sent in reversed(self.sent):  # counts repeat after 16384: the latest is meant
            if sent.request == request:
                break
        else:
            self.unmatched += 1
            return None
        if telemetry.octets in sent.reports:
            return sent
        sent.reports.append(telemetry.octets)
        stage = _STAGE_OF[telemetry.subtype]
        sent.history.append((telemetry.received_ns, stage))
        sent.advance(stage)
        if stage == "failed":
            sent.failure = str(values["failure_code"].value)
        return sent

    def save(self) -> dict[str, Any]:
        return {
            "counts": self._counts.save(),
            "link": self.link.save(),
            "frames": [list(item) for item in self._frames.items()],
            "unmatched": self.unmatched,
            "sent": [
                {
                    "name": sent.name,
                    "request": [sent.request.packet_id, sent.request.sequence],
                    "radiated_ns": sent.radiated_ns,
                    "packet": sent.packet,
                    "stage": sent.stage,
                    "failure": sent.failure,
                    "history": [list(row) for row in sent.history],
                    "service": sent.service,
                    "frames": sent.frames,
                    "reports": list(sent.reports),
                }
                for sent in self.sent
            ],
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._counts.load(saved["counts"])
        self.link.load(saved["link"])
        self._frames = {tag: index for tag, index in saved["frames"]}
        self.unmatched = saved["unmatched"]
        self.sent = [
            Sent(
                row["name"],
                RequestId(*row["request"]),
                row["radiated_ns"],
                row["packet"],
                row["stage"],
                row["failure"],
                [(time_ns, stage) for time_ns, stage in row["history"]],
                row["service"],
                row["frames"],
                list(row["reports"]),
            )
            for row in saved["sent"]
        ]
