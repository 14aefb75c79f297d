"""Telecommands from the operator to the transmitter, and what became of them.

dictionary -> PUS telecommand -> Space Packet -> TC transfer frame (bypass, type BD) -> CLTU. Each stage
of verification that the spacecraft reports (ST[1]) is kept by the telecommand's request identifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fsw.core.telecommand import encode_cltu, encode_frame
from fsw.dictionary import Request
from fsw.dictionary.identifiers import GROUND_SOURCE, ORBITER_SCID
from fsw.ground.telemetry import Telemetry
from fsw.protocols import pus
from fsw.protocols.pus import Acknowledge, RequestId, SequenceCounters

Stage = Literal["radiated", "accepted", "started", "in progress", "completed", "failed"]

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
    "radiated": 0,
    "accepted": 1,
    "started": 2,
    "in progress": 3,
    "completed": 4,
    "failed": 5,
}


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Managed parameters of the telecommand link (ours)."""

    spacecraft: int = ORBITER_SCID
    virtual_channel: int = 0
    randomized: bool = True
    segment: tuple[int, int] | None = None
    source: int = GROUND_SOURCE


@dataclass(slots=True)
class Sent:
    """A telecommand that was radiated. stage: the furthest reported; history: (received_ns, stage).

    failure: the failure code's text, when it failed.
    """

    name: str
    request: RequestId
    radiated_ns: int
    packet: bytes
    stage: Stage = "radiated"
    failure: str | None = None
    history: list[tuple[int, Stage]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Radiation:
    """What goes to the transmitter, and the packet in it."""

    cltu: bytes
    frame: bytes
    packet: bytes
    request: RequestId


class Commander:
    """Numbers, frames and remembers telecommands. One per spacecraft."""

    def __init__(self, settings: UplinkSettings | None = None) -> None:
        self.settings = settings or UplinkSettings()
        self._counts = SequenceCounters()
        self._frame_sequence = 0
        self.sent: list[Sent] = []
        self.unmatched = 0  # verification reports of telecommands that we did not send

    def radiate(self, request: Request, now_ns: int, acknowledge: Acknowledge = Acknowledge.ALL) -> Radiation:
        """The CLTU of a telecommand that leaves at `now_ns`. Raises FswError on forbidden arguments."""
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
        packet = pus.encode_telecommand(telecommand)
        frame = encode_frame(
            self.settings.spacecraft,
            self.settings.virtual_channel,
            packet,
            sequence=self._frame_sequence,
            segment=self.settings.segment,
        )
        self._frame_sequence = (self._frame_sequence + 1) % 256
        cltu = encode_cltu(frame, randomize=self.settings.randomized)
        self.sent.append(Sent(command.name, telecommand.request_id, now_ns, packet))
        return Radiation(cltu, frame, packet, telecommand.request_id)

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
        stage = _STAGE_OF[telemetry.subtype]
        sent.history.append((telemetry.received_ns, stage))
        if _RANK[stage] > _RANK[sent.stage]:
            sent.stage = stage
        if stage == "failed":
            sent.failure = str(values["failure_code"].value)
        return sent

    def save(self) -> dict[str, Any]:
        return {
            "counts": self._counts.save(),
            "frame_sequence": self._frame_sequence,
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
                }
                for sent in self.sent
            ],
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._counts.load(saved["counts"])
        self._frame_sequence = saved["frame_sequence"]
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
            )
            for row in saved["sent"]
        ]
