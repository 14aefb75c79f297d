"""CFDP sending entity, both classes: files in, blocks of Space Packets out, answers in.

Pulled, not pushed: `produce` gives as many packets as the link has room for, in one block of octets, so
that a whole picture crosses each seam once. Answers to the receiver go first, then what it lacks, then
new data, file after file in the order put.

Class 1 (unacknowledged): a file has ended with its last packet, or, where closure is requested, with the
receiver's Finished or the check limit. Class 2 (acknowledged): the next file starts while the last ones
wait for their Finished, so that light time costs nothing; octets are kept until their transfer has ended.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_assembly import include
from fsw.protocols.cfdp_checksum import ChecksumType, checksum
from fsw.protocols.cfdp_directives import Ack, Content, Finished, KeepAlive, Nak, Prompt, PromptFor, Status
from fsw.protocols.cfdp_end import LinkEnd
from fsw.protocols.cfdp_outgoing import DATA, END, METADATA, WAITING, Outgoing
from fsw.protocols.cfdp_outgoing import PutRequest as PutRequest
from fsw.protocols.cfdp_outgoing import load as load_outgoing
from fsw.protocols.cfdp_outgoing import save as save_outgoing
from fsw.protocols.cfdp_packets import PacketWriter
from fsw.protocols.cfdp_pdu import Condition, Directive, EndOfFile, Metadata, OtherDirective, Transaction
from fsw.protocols.cfdp_transfer import (
    REMEMBERED,
    FaultDeclared,
    Faults,
    Handler,
    Progress,
    Resumed,
    Standing,
    Suspended,
    TransferEnded,
    condition_of,
)

Event = FaultDeclared | Suspended | Resumed | TransferEnded | Progress


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """Managed parameters of files that go from an entity to a peer.

    segment_octets: file data in one packet; large ones cost less, small ones lose less. acknowledged and
    closure: for files that do not say themselves. large: sizes of 8 octets for every file, not only those
    past 4 GB. keep_alive_limit_octets: how far a keep-alive may lag behind what was sent; None for any
    distance. telecommand: the packets' type, for what goes up.
    """

    entity: int
    peer: int
    apid: int
    segment_octets: int = 1024
    checksum_type: ChecksumType = ChecksumType.MODULAR
    crc: bool = False
    entity_octets: int = 2
    sequence_octets: int = 4
    acknowledged: bool = False
    closure: bool = False
    large: bool = False
    faults: Faults = field(default_factory=Faults)
    keep_alive_limit_octets: int | None = None
    telecommand: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.segment_octets <= 65000:
            raise FswError(f"CFDP segments of {self.segment_octets} octets: allowed are 1 to 65000")
        PacketWriter(self.apid)
        Transaction(
            self.entity, 0, self.peer, entity_octets=self.entity_octets, sequence_octets=self.sequence_octets
        )


class Sender(LinkEnd[int, Event]):
    """One sending entity. `receive` answers, `poll` when `next_deadline_ns` has come, `produce` always.

    writer: of packets, where another has the same APID. answers: of acknowledgements, where those go
    another way; `fill_answers` puts them there.
    """

    def __init__(
        self,
        settings: SenderSettings,
        writer: PacketWriter | None = None,
        answers: PacketWriter | None = None,
    ) -> None:
        super().__init__(settings.entity, writer or PacketWriter(settings.apid, settings.telecommand))
        self.settings = settings
        self._open: dict[int, Outgoing] = {}  # by sequence number, in the order put
        self._ended: dict[int, None] = {}
        self.next_sequence = 0
        self._answer_writer = answers or self._writer
        self._events: list[TransferEnded] = []

    @property
    def open_transfers(self) -> int:
        return len(self._open)

    @property
    def waiting_files(self) -> int:
        """Files not sent to the end for the first time, the one on its way included."""
        return sum(transfer.stage != WAITING for transfer in self._open.values())

    @property
    def waiting_octets(self) -> int:
        """File octets not yet sent for the first time."""
        return sum(len(transfer.request.octets) - transfer.offset for transfer in self._open.values())

    @property
    def held_octets(self) -> int:
        """File octets of all open transfers."""
        return sum(len(transfer.request.octets) for transfer in self._open.values())

    @property
    def has_output(self) -> bool:
        """Whether `produce` has something to send, given room."""
        return self.has_answers or any(transfer.has_output for transfer in self._open.values())

    @property
    def has_answers(self) -> bool:
        """Acknowledgements only."""
        return bool(self._answers)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `poll` has something to do, or None."""
        running = (t.deadline_ns for t in self._open.values() if not t.suspended)
        return min((deadline for deadline in running if deadline is not None), default=None)

    def put(self, request: PutRequest) -> int:
        """Queue a file; its transaction sequence number.

        Raises FswError on a name or message too long, or when all sequence numbers are taken.
        """
        sequence, link = self.next_sequence, self.settings
        transaction = Transaction(
            link.entity,
            sequence,
            link.peer,
            link.acknowledged if request.acknowledged is None else request.acknowledged,
            link.crc,
            link.large or len(request.octets) >= 1 << 32,
            link.entity_octets,
            link.sequence_octets,
        )
        closure = link.closure if request.closure is None else request.closure
        transfer = Outgoing(transaction, request, closure and not transaction.acknowledged)
        pdus.encode(self._metadata(transfer))  # refuses here what could not be sent later
        if sequence in self._open:
            raise FswError(f"CFDP sequence number {sequence} is still in use: all numbers are taken")
        self.next_sequence = (sequence + 1) % (1 << 8 * link.sequence_octets)
        self._ended.pop(sequence, None)
        self._open[sequence] = transfer
        return sequence

    def cancel(self, sequence: int) -> list[Event]:
        """End a transfer early with an EOF that says so; nothing if it is not open."""
        transfer = self._open.get(sequence)
        if transfer is None or transfer.condition:
            return []
        return self._cancel(transfer, Condition.CANCEL_REQUEST)

    def cancel_waiting(self, among: Collection[int]) -> list[Event]:
        """Cancel those of these transfers that have not begun."""
        waiting = [n for n, transfer in self._open.items() if n in among and transfer.stage == METADATA]
        return [event for sequence in waiting for event in self.cancel(sequence)]

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
        if transfer.stage == WAITING:
            self._start_timer(transfer, now_ns)
        return [Resumed(*transfer.transaction.key)]

    def prompt(self, sequence: int, kind: PromptFor) -> bool:
        """Ask the receiver what it lacks, or how far it has got. False if no such one of class 2 is open."""
        transfer = self._open.get(sequence)
        if transfer is None or not transfer.transaction.acknowledged:
            return False
        if kind not in transfer.prompts:
            transfer.prompts.append(kind)
        return True

    def events(self) -> list[TransferEnded]:
        """What producing has brought to an end since the last call."""
        events, self._events = self._events, []
        return events

    def standings(self) -> list[Standing]:
        """The open transfers, in the order put."""
        return [
            Standing(
                *transfer.transaction.key,
                transfer.transaction.destination,
                transfer.request.name,
                transfer.offset,
                len(transfer.request.octets),
                transfer.suspended,
            )
            for transfer in self._open.values()
        ]

    def entity_of(self, transaction: Transaction) -> int:
        return transaction.source

    def take(self, pdu: pdus.Pdu, now_ns: int) -> list[Event]:
        if not isinstance(pdu, OtherDirective):
            return self._drop("for a receiver")
        content = directives.read(pdu)
        if isinstance(content, str):
            return self._drop(content)
        if isinstance(content, Prompt) or (isinstance(content, Ack) and content.directive != Directive.EOF):
            return self._drop("for a receiver")
        sequence = pdu.transaction.sequence
        transfer = self._open.get(sequence)
        if not pdu.transaction.acknowledged:
            return self._closed(transfer, content)
        if isinstance(content, Finished):
            known = transfer is not None or sequence in self._ended
            status = Status.TERMINATED if known else Status.UNRECOGNIZED
            self._acknowledge(sequence, pdu.transaction, Ack(Directive.FINISHED, content.condition, status))
        if transfer is None:
            return self._drop("transaction is not open")
        if transfer.stage == METADATA or not transfer.transaction.acknowledged:
            return self._drop("out of place")
        if transfer.end_acknowledged and not transfer.suspended:
            transfer.deadline_ns = now_ns + self.settings.faults.inactivity_ns
        match content:
            case Finished():
                return self._finished(transfer, content)
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

    def _closed(self, transfer: Outgoing | None, content: Content) -> list[Event]:
        """Class 1: a Finished is expected where closure was requested, and nothing else ever."""
        if transfer is None:
            return self._drop("transaction is not open")
        if not isinstance(content, Finished) or not transfer.closure or transfer.stage == METADATA:
            return self._drop("not in class 1")
        return self._finished(transfer, content)

    def _finished(self, transfer: Outgoing, finished: Finished) -> list[Event]:
        condition = condition_of(finished.condition)
        whole = finished.complete and condition == Condition.NO_ERROR
        return [*self._end(transfer, condition, whole, responses=finished.filestore_responses)]

    def _end_acknowledged(self, transfer: Outgoing, ack: Ack, now_ns: int) -> list[Event]:
        if transfer.stage != WAITING or ack.condition != transfer.condition:
            return self._drop("acknowledges another end of file")
        if transfer.condition:
            return [*self._end(transfer, transfer.condition, False)]
        if not transfer.end_acknowledged:
            transfer.end_acknowledged = True
            transfer.expiries = 0
            self._start_timer(transfer, now_ns)
        return []

    def _lacking(self, transfer: Outgoing, nak: Nak) -> None:
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
            faults = self.settings.faults
            if transfer.transaction.acknowledged:
                if transfer.expiries < faults.ack_limit:
                    transfer.stage = END
                else:
                    events += self._fault(transfer, Condition.ACK_LIMIT, now_ns)
            elif transfer.expiries < faults.check_limit:
                self._start_timer(transfer, now_ns)
            else:
                events += self._fault(transfer, Condition.CHECK_LIMIT, now_ns)
        return events

    def fill(self, now_ns: int) -> bool:
        if self._answer_writer is self._writer and not self.fill_answers():
            return False
        # What a receiver waits for goes before new data.
        for transfer in self._open.values():
            if not transfer.suspended and not self._produce_again(transfer, now_ns):
                return False
        # Requests and answers between users have no file, and do not wait behind one.
        for transfer in sorted(self._open.values(), key=lambda transfer: transfer.request.is_file):
            if not transfer.suspended and not self._produce_new(transfer, now_ns):
                return False
        return True

    def fill_answers(self) -> bool:
        """Acknowledgements, into the block that their writer has begun. False when it has no more room."""
        return self._answer_writer.drain(self._answers)

    def _produce_again(self, transfer: Outgoing, now_ns: int) -> bool:
        """False when there is no more room."""
        writer = self._writer
        while transfer.prompts and transfer.stage != METADATA:
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
                transfer.transaction, transfer.request.octets, low, high, self.settings.segment_octets
            )
            if at > low and transfer.end_acknowledged:
                transfer.deadline_ns = now_ns + self.settings.faults.inactivity_ns
            if at < high:
                transfer.resend[0] = (at, high)
                return False
            transfer.resend.pop(0)
        return True

    def _produce_new(self, transfer: Outgoing, now_ns: int) -> bool:
        """False when there is no more room."""
        writer = self._writer
        octets = transfer.request.octets
        if transfer.stage == METADATA:
            if not writer.add(pdus.encode(self._metadata(transfer))):
                return False
            transfer.stage = DATA
        if transfer.stage == DATA:
            transfer.offset = writer.add_data(
                transfer.transaction, octets, transfer.offset, len(octets), self.settings.segment_octets
            )
            if transfer.offset < len(octets):
                return False
            transfer.stage = END
        if transfer.stage == END:
            if not writer.add(pdus.encode(self._end_of_file(transfer))):
                return False
            transfer.stage = WAITING
            if transfer.transaction.acknowledged or (transfer.closure and not transfer.condition):
                self._start_timer(transfer, now_ns)
            else:
                self._events += self._end(transfer, transfer.condition, False if transfer.condition else None)
        return True

    def _start_timer(self, transfer: Outgoing, now_ns: int) -> None:
        faults = self.settings.faults
        wait_ns = faults.inactivity_ns if transfer.end_acknowledged else faults.ack_ns
        if not transfer.transaction.acknowledged:
            wait_ns = faults.check_ns
        transfer.deadline_ns = now_ns + wait_ns

    def _metadata(self, transfer: Outgoing) -> Metadata:
        request = transfer.request
        return Metadata(
            transfer.transaction,
            self.settings.checksum_type,
            len(request.octets),
            request.name if request.source_name is None else request.source_name,
            request.name,
            request.messages,
            transfer.closure,
            request.filestore_requests,
            request.fault_handlers,
        )

    def _end_of_file(self, transfer: Outgoing) -> EndOfFile:
        """A cancelled file's covers what was sent (4.6.6.1.1)."""
        return EndOfFile(
            transfer.transaction,
            transfer.condition,
            checksum(self.settings.checksum_type, memoryview(transfer.request.octets)[: transfer.offset]),
            transfer.offset,
            self.settings.entity if transfer.condition else None,
        )

    def _fault(self, transfer: Outgoing, condition: Condition, now_ns: int) -> list[Event]:
        handler = self.settings.faults.handler(condition, transfer.request.fault_handlers)
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
                if transfer.end_acknowledged or condition == Condition.CHECK_LIMIT:
                    self._start_timer(transfer, now_ns)
                elif transfer.stage == WAITING and transfer.deadline_ns is None:
                    transfer.stage = END
        return events

    def _cancel(self, transfer: Outgoing, condition: Condition) -> list[Event]:
        if transfer.condition:  # a fault while cancelling ends it (4.6.6.1)
            return [*self._end(transfer, condition, False, abandoned=True)]
        transfer.condition = condition
        if transfer.stage == METADATA:
            return [*self._end(transfer, condition, False)]
        transfer.stage = END
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

    def _suspend(self, transfer: Outgoing, condition: Condition) -> list[Event]:
        if transfer.suspended or transfer.condition:
            return []
        transfer.suspended = True
        transfer.deadline_ns = None
        return [Suspended(*transfer.transaction.key, condition)]

    def _end(
        self,
        transfer: Outgoing,
        condition: Condition,
        delivered: bool | None,
        abandoned: bool = False,
        responses: tuple[bytes, ...] = (),
    ) -> list[TransferEnded]:
        sequence = transfer.transaction.sequence
        del self._open[sequence]
        if transfer.transaction.acknowledged:
            self._ended[sequence] = None
            if len(self._ended) > REMEMBERED:
                del self._ended[next(iter(self._ended))]
        name, key = transfer.request.name, transfer.transaction.key
        return [TransferEnded(*key, name, condition, delivered, abandoned, responses)]

    def save(self) -> dict[str, Any]:
        """Plain data; settings are the caller's."""
        return {
            "open": [save_outgoing(transfer) for transfer in self._open.values()],
            "ended": list(self._ended),
            "answers": [[sequence, octets] for sequence, octets in self._answers.items()],
            "events": [[e.source, e.sequence, e.name, int(e.condition), e.delivered] for e in self._events],
            "next_sequence": self.next_sequence,
            "next_count": self._writer.next_count,
            "dropped": dict(self.dropped),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        transfers = [load_outgoing(row) for row in saved["open"]]
        self._open = {transfer.transaction.sequence: transfer for transfer in transfers}
        self._ended = dict.fromkeys(saved["ended"])
        self._answers = {sequence: octets for sequence, octets in saved["answers"]}
        self._events = [
            TransferEnded(source, sequence, name, Condition(condition), delivered)
            for source, sequence, name, condition, delivered in saved["events"]
        ]
        self.next_sequence = saved["next_sequence"]
        self._writer.next_count = saved["next_count"]
        self.dropped = dict(saved["dropped"])
