"""CFDP class 1 (unacknowledged) sending entity: files in, blocks of Space Packets out.

Pulled, not pushed: `produce` gives as many packets as the link has room for, in one block of octets,
so that a whole picture crosses each seam once. One protocol data unit per Space Packet, without
secondary header. `receive` takes what the peer sends back: nothing in class 1, so it only counts.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType, checksum
from fsw.protocols.cfdp_packets import PacketBlock as PacketBlock
from fsw.protocols.cfdp_packets import PacketWriter
from fsw.protocols.cfdp_pdu import Condition, EndOfFile, Metadata, Transaction


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """segment_octets: file data in one packet; large ones cost less, small ones lose less."""

    entity: int
    peer: int
    apid: int
    segment_octets: int = 1024
    checksum_type: ChecksumType = ChecksumType.MODULAR
    crc: bool = False
    entity_octets: int = 2
    sequence_octets: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.segment_octets <= 65000:
            raise FswError(f"CFDP segments of {self.segment_octets} octets: allowed are 1 to 65000")
        if not 0 <= self.apid < 2047:
            raise FswError(f"APID {self.apid}: allowed are 0 to 2046")
        Transaction(
            self.entity, 0, self.peer, entity_octets=self.entity_octets, sequence_octets=self.sequence_octets
        )


@dataclass(frozen=True, slots=True)
class PutRequest:
    """A file to send: name at the receiver, octets, messages to its user."""

    name: str
    octets: bytes
    messages: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The last packet of a file was produced, or the file was cancelled."""

    sequence: int
    name: str
    cancelled: bool = False


class _Transfer:
    """A file on its way: stage 0 before metadata, 1 in its data, 2 before end of file."""

    def __init__(self, sequence: int, request: PutRequest) -> None:
        self.sequence = sequence
        self.request = request
        self.offset = 0
        self.stage = 0
        self.cancelled = False


class Sender:
    """One sending entity. Files go out in the order put, one at a time."""

    def __init__(self, settings: SenderSettings) -> None:
        self.settings = settings
        self._queue: deque[_Transfer] = deque()
        self._next_sequence = 0
        self._writer = PacketWriter(settings.apid)
        self._events: list[Sent] = []
        self.unexpected_pdus = 0

    @property
    def waiting_files(self) -> int:
        """Files not sent to the end, the one on its way included."""
        return len(self._queue)

    @property
    def waiting_octets(self) -> int:
        """File octets not yet sent."""
        return sum(len(transfer.request.octets) - transfer.offset for transfer in self._queue)

    def put(self, request: PutRequest) -> int:
        """Queue a file; its transaction sequence number. Raises FswError on a name or message too long."""
        sequence = self._next_sequence
        transfer = _Transfer(sequence, request)
        pdus.encode(self._metadata(transfer))  # refuses here what could not be sent later
        self._next_sequence = (sequence + 1) % (1 << 8 * self.settings.sequence_octets)
        self._queue.append(transfer)
        return sequence

    def cancel(self, sequence: int) -> bool:
        """End a file early with an EOF that says so; one not begun is dropped. False if not queued."""
        for transfer in self._queue:
            if transfer.sequence == sequence:
                transfer.cancelled = True
                return True
        return False

    def events(self) -> list[Sent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    def receive(self, octets: bytes) -> None:
        """A PDU from the receiving entity: class 1 expects none."""
        self.unexpected_pdus += 1

    def produce(self, room_octets: int) -> PacketBlock:
        """The next whole packets, together not more than `room_octets`; none when nothing fits or waits."""
        self._writer.begin(room_octets)
        while self._queue:
            transfer = self._queue[0]
            if transfer.cancelled and transfer.stage == 0:
                self._finish()
                continue
            if transfer.stage == 1 and not transfer.cancelled:
                done = self._add_data(transfer)
            else:
                done = self._add_directive(transfer)
            if not done:
                break
        return self._writer.block()

    def _transaction(self, transfer: _Transfer) -> Transaction:
        settings = self.settings
        return Transaction(
            settings.entity,
            transfer.sequence,
            settings.peer,
            crc=settings.crc,
            entity_octets=settings.entity_octets,
            sequence_octets=settings.sequence_octets,
        )

    def _metadata(self, transfer: _Transfer) -> Metadata:
        request = transfer.request
        return Metadata(
            self._transaction(transfer),
            self.settings.checksum_type,
            len(request.octets),
            request.name,
            request.name,
            request.messages,
        )

    def _add_directive(self, transfer: _Transfer) -> bool:
        """Metadata or end of file; False when there is no room."""
        if transfer.stage == 0:
            pdu = pdus.encode(self._metadata(transfer))
        else:
            # A cancelled file's EOF covers what was sent (4.6.6.1.1).
            sent = transfer.request.octets[: transfer.offset]
            cancelled = transfer.cancelled
            pdu = pdus.encode(
                EndOfFile(
                    self._transaction(transfer),
                    Condition.CANCEL_REQUEST if cancelled else Condition.NO_ERROR,
                    checksum(self.settings.checksum_type, sent),
                    transfer.offset,
                    self.settings.entity if cancelled else None,
                )
            )
        if not self._writer.add(pdu):
            return False
        if transfer.stage == 0:
            transfer.stage = 1 if transfer.request.octets else 2
        else:
            self._finish()
        return True

    def _add_data(self, transfer: _Transfer) -> bool:
        """As many segments as fit; False when not all did."""
        octets = transfer.request.octets
        transfer.offset = self._writer.add_data(
            self._transaction(transfer), octets, transfer.offset, len(octets), self.settings.segment_octets
        )
        if transfer.offset < len(octets):
            return False
        transfer.stage = 2
        return True

    def _finish(self) -> None:
        transfer = self._queue.popleft()
        self._events.append(Sent(transfer.sequence, transfer.request.name, transfer.cancelled))

    def save(self) -> dict[str, Any]:
        """Plain data; settings are the caller's."""
        return {
            "queue": [
                [
                    t.sequence,
                    t.request.name,
                    t.request.octets,
                    list(t.request.messages),
                    t.offset,
                    t.stage,
                    t.cancelled,
                ]
                for t in self._queue
            ],
            "next_sequence": self._next_sequence,
            "next_count": self._writer.next_count,
            "events": [[event.sequence, event.name, event.cancelled] for event in self._events],
            "unexpected_pdus": self.unexpected_pdus,
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._queue = deque()
        for sequence, name, octets, messages, offset, stage, cancelled in saved["queue"]:
            transfer = _Transfer(sequence, PutRequest(name, octets, tuple(messages)))
            transfer.offset, transfer.stage, transfer.cancelled = offset, stage, cancelled
            self._queue.append(transfer)
        self._next_sequence = saved["next_sequence"]
        self._writer.next_count = saved["next_count"]
        self._events = [Sent(*row) for row in saved["events"]]
        self.unexpected_pdus = saved["unexpected_pdus"]
