"""CFDP class 2 (acknowledged) sending entity: files in, blocks of Space Packets out, answers in.

Pulled like class 1: `produce` gives what the link has room for. Answers to the receiver go first, then
what it lacks, then new data; the next file starts while the last ones wait for their Finished, so that
light time costs nothing. A file's octets are kept until its transaction has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_assembly import Ranges, include
from fsw.protocols.cfdp_checksum import checksum
from fsw.protocols.cfdp_class2 import (
    REMEMBERED,
    FaultDeclared,
    Faults,
    Handler,
    Progress,
    Resumed,
    Suspended,
    TransferEnded,
    condition_of,
    save_transaction,
)
from fsw.protocols.cfdp_directives import Ack, Finished, KeepAlive, Nak, Prompt, PromptFor, Status
from fsw.protocols.cfdp_packets import PacketBlock, PacketWriter
from fsw.protocols.cfdp_pdu import Condition, Directive, EndOfFile, Metadata, OtherDirective, Transaction
from fsw.protocols.cfdp_sender import PutRequest, SenderSettings

Event = FaultDeclared | Suspended | Resumed | TransferEnded | Progress

_METADATA, _DATA, _END, _WAITING = range(4)  # what of a transfer comes next
_MOST_ANSWERS = 1024


@dataclass(frozen=True, slots=True)
class Class2SenderSettings:
    """link: as for class 1. large: offsets of 8 octets for every file, not only those past 4 GB.

    keep_alive_limit_octets: how far a keep-alive may lag behind what was sent; None for any distance.
    """

    link: SenderSettings
    faults: Faults = field(default_factory=Faults)
    large: bool = False
    keep_alive_limit_octets: int | None = None


@dataclass(slots=True)
class _Transfer:
    """resend: what the receiver lacks, of what was sent. condition: why it is cancelled, if it is.

    While waiting the deadline is that of the acknowledgement, then that of inactivity.
    """

    transaction: Transaction
    request: PutRequest
    stage: int = _METADATA
    offset: int = 0
    resend_metadata: bool = False
    resend: Ranges = field(default_factory=list)
    prompts: list[PromptFor] = field(default_factory=list)
    condition: Condition = Condition.NO_ERROR
    end_acknowledged: bool = False
    suspended: bool = False
    deadline_ns: int | None = None
    expiries: int = 0

    @property
    def has_output(self) -> bool:
        if self.suspended:
            return False
        return self.stage != _WAITING or self.resend_metadata or bool(self.resend) or bool(self.prompts)


class Class2Sender:
    """One sending entity. `receive` answers, `poll` when `next_deadline_ns` has come, `produce` always."""

    def __init__(self, settings: Class2SenderSettings) -> None:
        self.settings = settings
        self._open: dict[int, _Transfer] = {}  # by sequence number, in the order put
        self._ended: dict[int, None] = {}
        self._answers: dict[int, bytes] = {}  # acknowledgements to send, one for each transaction
        self._next_sequence = 0
        self._writer = PacketWriter(settings.link.apid)
        self.dropped: dict[str, int] = {}

    @property
    def open_transfers(self) -> int:
        return len(self._open)

    @property
    def waiting_octets(self) -> int:
        """File octets not yet sent for the first time."""
        return sum(len(transfer.request.octets) - transfer.offset for transfer in self._open.values())

    @property
    def has_output(self) -> bool:
        """Whether `produce` has something to send, given room."""
        return bool(self._answers) or any(transfer.has_output for transfer in self._open.values())

    @property
    def next_deadline_ns(self) -> int | None:
        """When `poll` has something to do, or None."""
        running = (t.deadline_ns for t in self._open.values() if not t.suspended)
        return min((deadline for deadline in running if deadline is not None), default=None)

    def put(self, request: PutRequest) -> int:
        """Queue a file; its transaction sequence number. Raises FswError on a name or message too long."""
        sequence = self._next_sequence
        link = self.settings.link
        transaction = Transaction(
            link.entity,
            sequence,
            link.peer,
            True,
            link.crc,
            self.settings.large or len(request.octets) >= 1 << 32,
            link.entity_octets,
            link.sequence_octets,
        )
        transfer = _Transfer(transaction, request)
        pdus.encode(self._metadata(transfer))  # refuses here what could not be sent later
        if sequence in self._open:
            raise FswError(f"CFDP sequence number {sequence} is still in use: all numbers are taken")
        self._next_sequence = (sequence + 1) % (1 << 8 * link.sequence_octets)
        self._ended.pop(sequence, None)
        self._open[sequence] = transfer
        return sequence

    def cancel(self, sequence: int) -> list[Event]:
        """End a transfer early with an EOF that says so; nothing if it is not open."""
        transfer = self._open.get(sequence)
        if transfer is None or transfer.condition:
            return []
        return self._cancel(transfer, Condition.CANCEL_REQUEST)

    def suspend(self, sequence: int) -> list[Event]:
        transfer = self._open.get(sequence)
        return self._suspend(transfer, Condition.SUSPEND_REQUEST) if transfer is not None else []

    def resume(self, sequence: int, now_ns: int) -> list[Event]:
        """Go on; timers start anew."""
        transfer = self._open.get(sequence)
        if transfer is None or not transfer.suspended:
            return []
        transfer.suspended = False
        transfer.expiries = 0
        if transfer.stage == _WAITING:
            self._start_timer(transfer, now_ns)
        return [Resumed(*transfer.transaction.key)]

    def prompt(self, sequence: int, kind: PromptFor) -> bool:
        """Ask the receiver what it lacks, or how far it has got. False if the transfer is not open."""
        transfer = self._open.get(sequence)
        if transfer is None:
            return False
        if kind not in transfer.prompts:
            transfer.prompts.append(kind)
        return True

    def receive(self, octets: bytes, now_ns: int) -> list[Event]:
        """One protocol data unit from the receiver (the data field of a Space Packet)."""
        pdu = pdus.decode(octets)
        if isinstance(pdu, str):
            return self._drop(pdu)
        if pdu.transaction.source != self.settings.link.entity:
            return self._drop("another entity's")
        if not isinstance(pdu, OtherDirective):
            return self._drop("for a receiver")
        content = directives.read(pdu)
        if isinstance(content, str):
            return self._drop(content)
        if isinstance(content, Prompt) or (isinstance(content, Ack) and content.directive != Directive.EOF):
            return self._drop("for a receiver")
        sequence = pdu.transaction.sequence
        transfer = self._open.get(sequence)
        if isinstance(content, Finished):
            if transfer is not None or sequence in self._ended:
                self._answer(pdu.transaction, content, Status.TERMINATED)
            else:
                self._answer(pdu.transaction, content, Status.UNRECOGNIZED)
        if transfer is None:
            return self._drop("transaction is not open")
        if transfer.stage == _METADATA:
            return self._drop("nothing was sent yet")
        if transfer.end_acknowledged and not transfer.suspended:
            transfer.deadline_ns = now_ns + self.settings.faults.inactivity_ns
        match content:
            case Finished():
                condition = condition_of(content.condition)
                return self._end(transfer, condition, content.complete and condition == Condition.NO_ERROR)
            case Ack():
                return self._end_acknowledged(transfer, content, now_ns)
            case Nak():
                self._lacking(transfer, content)
            case KeepAlive():
                limit = self.settings.keep_alive_limit_octets
                events: list[Event] = [Progress(*transfer.transaction.key, content.progress)]
                if limit is not None and transfer.offset - content.progress > limit:
                    events += self._fault(transfer, Condition.KEEP_ALIVE_LIMIT, now_ns)
                return events
        return []

    def _end_acknowledged(self, transfer: _Transfer, ack: Ack, now_ns: int) -> list[Event]:
        if transfer.stage != _WAITING or ack.condition != transfer.condition:
            return self._drop("acknowledges another end of file")
        if transfer.condition:
            return self._end(transfer, transfer.condition, False)
        if not transfer.end_acknowledged:
            transfer.end_acknowledged = True
            transfer.expiries = 0
            self._start_timer(transfer, now_ns)
        return []

    def _lacking(self, transfer: _Transfer, nak: Nak) -> None:
        """A cancelled transfer sends nothing again; what was not sent yet will come by itself."""
        if transfer.condition:
            return
        for low, high in nak.missing:
            if low == high == 0:
                transfer.resend_metadata = True
            else:
                include(transfer.resend, low, min(high, transfer.offset))

    def poll(self, now_ns: int) -> list[Event]:
        """Timers that have run out, in the order of the files."""
        events: list[Event] = []
        for transfer in list(self._open.values()):
            if transfer.suspended or transfer.deadline_ns is None or transfer.deadline_ns > now_ns:
                continue
            transfer.deadline_ns = None
            if transfer.end_acknowledged:
                events += self._fault(transfer, Condition.INACTIVITY, now_ns)
                continue
            transfer.expiries += 1
            if transfer.expiries < self.settings.faults.ack_limit:
                transfer.stage = _END
            else:
                events += self._fault(transfer, Condition.ACK_LIMIT, now_ns)
        return events

    def produce(self, room_octets: int, now_ns: int) -> PacketBlock:
        """The next whole packets, together not more than `room_octets`; none when nothing fits or waits."""
        writer = self._writer
        writer.begin(room_octets)
        while self._answers:
            sequence = next(iter(self._answers))
            if not writer.add(self._answers[sequence]):
                return writer.block()
            del self._answers[sequence]
        # What a receiver waits for goes before new data.
        for transfer in self._open.values():
            if not transfer.suspended and not self._produce_again(transfer, now_ns):
                return writer.block()
        for transfer in self._open.values():
            if not transfer.suspended and not self._produce_new(transfer, now_ns):
                break
        return writer.block()

    def _produce_again(self, transfer: _Transfer, now_ns: int) -> bool:
        """False when there is no more room."""
        writer = self._writer
        while transfer.prompts and transfer.stage != _METADATA:
            if not writer.add(directives.encode(transfer.transaction, Prompt(transfer.prompts[0]))):
                return False
            transfer.prompts.pop(0)
        if transfer.resend_metadata:
            if not writer.add(pdus.encode(self._metadata(transfer))):
                return False
            transfer.resend_metadata = False
        while transfer.resend:
            low, high = transfer.resend[0]
            at = writer.add_data(
                transfer.transaction, transfer.request.octets, low, high, self.settings.link.segment_octets
            )
            if at > low and transfer.end_acknowledged:
                transfer.deadline_ns = now_ns + self.settings.faults.inactivity_ns
            if at < high:
                transfer.resend[0] = (at, high)
                return False
            transfer.resend.pop(0)
        return True

    def _produce_new(self, transfer: _Transfer, now_ns: int) -> bool:
        """False when there is no more room."""
        writer = self._writer
        octets = transfer.request.octets
        if transfer.stage == _METADATA:
            if not writer.add(pdus.encode(self._metadata(transfer))):
                return False
            transfer.stage = _DATA
        if transfer.stage == _DATA:
            transfer.offset = writer.add_data(
                transfer.transaction, octets, transfer.offset, len(octets), self.settings.link.segment_octets
            )
            if transfer.offset < len(octets):
                return False
            transfer.stage = _END
        if transfer.stage == _END:
            if not writer.add(pdus.encode(self._end_of_file(transfer))):
                return False
            transfer.stage = _WAITING
            self._start_timer(transfer, now_ns)
        return True

    def _start_timer(self, transfer: _Transfer, now_ns: int) -> None:
        faults = self.settings.faults
        wait_ns = faults.inactivity_ns if transfer.end_acknowledged else faults.ack_ns
        transfer.deadline_ns = now_ns + wait_ns

    def _metadata(self, transfer: _Transfer) -> Metadata:
        request = transfer.request
        return Metadata(
            transfer.transaction,
            self.settings.link.checksum_type,
            len(request.octets),
            request.name,
            request.name,
            request.messages,
        )

    def _end_of_file(self, transfer: _Transfer) -> EndOfFile:
        """A cancelled file's covers what was sent (4.6.6.1.1)."""
        return EndOfFile(
            transfer.transaction,
            transfer.condition,
            checksum(
                self.settings.link.checksum_type, memoryview(transfer.request.octets)[: transfer.offset]
            ),
            transfer.offset,
            self.settings.link.entity if transfer.condition else None,
        )

    def _fault(self, transfer: _Transfer, condition: Condition, now_ns: int) -> list[Event]:
        handler = self.settings.faults.handler(condition)
        events: list[Event] = [FaultDeclared(*transfer.transaction.key, condition, handler)]
        match handler:
            case Handler.CANCEL:
                events += self._cancel(transfer, condition)
            case Handler.SUSPEND:
                events += self._suspend(transfer, condition)
            case Handler.ABANDON:
                events += self._end(transfer, condition, False, abandoned=True)
            case Handler.IGNORE:
                transfer.expiries = 0
                if transfer.end_acknowledged:
                    self._start_timer(transfer, now_ns)
                elif transfer.stage == _WAITING and transfer.deadline_ns is None:
                    transfer.stage = _END
        return events

    def _cancel(self, transfer: _Transfer, condition: Condition) -> list[Event]:
        if transfer.condition:  # a fault while cancelling ends it (4.6.6.1)
            return self._end(transfer, condition, False, abandoned=True)
        transfer.condition = condition
        if transfer.stage == _METADATA:
            return self._end(transfer, condition, False)
        transfer.stage = _END
        transfer.end_acknowledged = False
        transfer.resend_metadata = False
        transfer.resend.clear()
        transfer.prompts.clear()
        transfer.deadline_ns = None
        transfer.expiries = 0
        if transfer.suspended:
            transfer.suspended = False
            return [Resumed(*transfer.transaction.key)]
        return []

    def _suspend(self, transfer: _Transfer, condition: Condition) -> list[Event]:
        if transfer.suspended or transfer.condition:
            return []
        transfer.suspended = True
        transfer.deadline_ns = None
        return [Suspended(*transfer.transaction.key, condition)]

    def _end(
        self, transfer: _Transfer, condition: Condition, delivered: bool, abandoned: bool = False
    ) -> list[Event]:
        sequence = transfer.transaction.sequence
        del self._open[sequence]
        self._ended[sequence] = None
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]
        return [
            TransferEnded(*transfer.transaction.key, transfer.request.name, condition, delivered, abandoned)
        ]

    def _answer(self, transaction: Transaction, finished: Finished, status: Status) -> None:
        if len(self._answers) < _MOST_ANSWERS or transaction.sequence in self._answers:
            ack = Ack(Directive.FINISHED, finished.condition, status)
            self._answers[transaction.sequence] = directives.encode(transaction, ack)

    def _drop(self, reason: str) -> list[Event]:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        return []

    def save(self) -> dict[str, Any]:
        """Plain data; settings are the caller's."""
        return {
            "open": [
                [
                    save_transaction(t.transaction),
                    [t.request.name, t.request.octets, list(t.request.messages)],
                    t.stage,
                    t.offset,
                    t.resend_metadata,
                    [list(pair) for pair in t.resend],
                    [int(kind) for kind in t.prompts],
                    int(t.condition),
                    t.end_acknowledged,
                    t.suspended,
                    t.deadline_ns,
                    t.expiries,
                ]
                for t in self._open.values()
            ],
            "ended": list(self._ended),
            "answers": [[sequence, octets] for sequence, octets in self._answers.items()],
            "next_sequence": self._next_sequence,
            "next_count": self._writer.next_count,
            "dropped": dict(self.dropped),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._open = {}
        for transaction, request, stage, offset, again, resend, prompts, condition, *rest in saved["open"]:
            transfer = _Transfer(
                Transaction(*transaction),
                PutRequest(request[0], request[1], tuple(request[2])),
                stage,
                offset,
                again,
                [(low, high) for low, high in resend],
                [PromptFor(kind) for kind in prompts],
                Condition(condition),
                *rest,
            )
            self._open[transfer.transaction.sequence] = transfer
        self._ended = dict.fromkeys(saved["ended"])
        self._answers = {sequence: octets for sequence, octets in saved["answers"]}
        self._next_sequence = saved["next_sequence"]
        self._writer.next_count = saved["next_count"]
        self.dropped = dict(saved["dropped"])
