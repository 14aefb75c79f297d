"""CFDP receiving entity, both classes: data units in; whole files and answers out.

A file is given out once, when all its octets are there and the checksum is right. A transfer that ends
otherwise is told of as incomplete, with what is missing. A peer's garbage is dropped and counted by reason.

Class 1: what is missing some time after the end of file (check timer, 4.6.3.3) never comes; the sender is
told how it ended only where it has requested closure. Class 2: what is lacking is asked for again, as soon
as a gap shows (immediate), or when the end of file has come, then whenever nothing new came for the NAK
time (deferred).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fsw.core.crc import crc16
from fsw.core.errors import FswError
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_assembly import Ranges, gaps
from fsw.protocols.cfdp_checksum import checksum
from fsw.protocols.cfdp_directives import Ack, Finished, KeepAlive, Nak, Prompt, PromptFor, Status
from fsw.protocols.cfdp_end import LinkEnd
from fsw.protocols.cfdp_filestore import Filestore, execute_all
from fsw.protocols.cfdp_incoming import FileIncomplete as FileIncomplete
from fsw.protocols.cfdp_incoming import FileReceived as FileReceived
from fsw.protocols.cfdp_incoming import Incoming, Reason
from fsw.protocols.cfdp_incoming import load as load_incoming
from fsw.protocols.cfdp_incoming import save as save_incoming
from fsw.protocols.cfdp_packets import PACKET_HEADER_OCTETS, PacketBlock, PacketWriter
from fsw.protocols.cfdp_pdu import Condition, Directive, EndOfFile, FileData, Metadata, Transaction
from fsw.protocols.cfdp_transfer import (
    REMEMBERED,
    FaultDeclared,
    Faults,
    Handler,
    Resumed,
    Standing,
    Suspended,
    condition_of,
)

Key = tuple[int, int]
_REASONS: dict[Condition, Reason] = {
    Condition.CHECKSUM_FAILURE: "checksum",
    Condition.FILE_SIZE_ERROR: "size",
    Condition.INACTIVITY: "inactivity",
    Condition.UNSUPPORTED_CHECKSUM: "unsupported checksum",
    Condition.FILESTORE_REJECTION: "no room",
    Condition.CANCEL_REQUEST: "cancelled",
}  # any other: data missing
_FEW_PACKETS = 4  # below this, one at a time is no slower

Event = FileReceived | FileIncomplete | FaultDeclared | Suspended | Resumed
Users = Callable[[tuple[bytes, ...]], bool]


def _none_of_them(messages: tuple[bytes, ...]) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Managed parameters of files that come to an entity; its answers have the APID.

    immediate: ask for a gap when it shows, not only at the end of file.
    nak_ns, nak_limit: silence after which what is lacking is asked for again, and how often in a row; a
    round trip of light must fit into it. nak_delay_ns: how long data may come after the end of file before
    the first deferred NAK. keep_alive_ns: how often progress is told unasked; None for never. nak_octets:
    the longest NAK. most_*: bounds on what a peer can make us keep. telecommand: the packets' type.
    """

    entity: int
    apid: int = 0
    faults: Faults = field(default_factory=Faults)
    immediate: bool = False
    nak_ns: int = 10_000_000_000
    nak_limit: int = 4
    nak_delay_ns: int = 0
    keep_alive_ns: int | None = None
    nak_octets: int = 1024
    most_file_octets: int = 1 << 26
    most_open: int = 256
    most_kept_octets: int = 1 << 28
    telecommand: bool = False

    def __post_init__(self) -> None:
        if min(self.nak_ns, self.nak_limit) <= 0 or self.nak_delay_ns < 0:
            raise FswError(
                f"CFDP NAK time {self.nak_ns} ns, limit {self.nak_limit}, delay {self.nak_delay_ns} ns: "
                "allowed are more than 0, more than 0, 0 or more"
            )
        if self.keep_alive_ns is not None and self.keep_alive_ns <= 0:
            raise FswError(f"CFDP keep-alive time {self.keep_alive_ns} ns: allowed are more than 0, or None")
        PacketWriter(self.apid)


class Receiver(LinkEnd[Key, Event]):
    """One receiving entity. `receive` or `receive_block`, `poll` when due, and `produce` its answers.

    filestore: where files are kept before their sender is told so, and requests are carried out; without
    one, the user keeps the files. users: tells by its messages a file that the user keeps all the same.
    writer: of packets, where another has the same APID.
    """

    def __init__(
        self,
        settings: ReceiverSettings,
        filestore: Filestore | None = None,
        writer: PacketWriter | None = None,
        users: Users | None = None,
    ) -> None:
        super().__init__(settings.entity, writer or PacketWriter(settings.apid, settings.telecommand))
        self.settings = settings
        self._filestore = filestore
        self._users = users or _none_of_them
        self._open: dict[Key, Incoming] = {}
        # Metadata as received of those that ended, where it was known.
        self._ended: dict[Key, bytes] = {}
        self._kept = 0

    @property
    def open_transfers(self) -> int:
        return len(self._open)

    @property
    def has_output(self) -> bool:
        """Whether `produce` has something to send, given room."""
        return bool(self._answers) or any(transfer.has_output for transfer in self._open.values())

    @property
    def next_deadline_ns(self) -> int | None:
        """When `poll` has something to do, or None."""
        running = [t for t in self._open.values() if not t.suspended]
        deadlines = [t.deadline_ns for t in running] + [t.keep_alive_at_ns for t in running]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def receive_block(
        self, block: PacketBlock, now_ns: int, one: Callable[[bytes, int], list[Event]] | None = None
    ) -> list[Event]:
        """Space Packets with a data unit each; runs of a file's segments are taken as arrays.

        one: what takes each of the others, in place of `receive`.
        """
        one = one or self.receive
        lengths = block.lengths
        events: list[Event] = []
        at, first = 0, 0
        ends = [*(np.flatnonzero(np.diff(lengths)) + 1).tolist(), len(lengths)] if len(lengths) else []
        for last in ends:
            length, count = int(lengths[first]), last - first
            rows = block.octets[at : at + count * length].reshape(count, length)[:, PACKET_HEADER_OCTETS:]
            at, first = at + count * length, last
            row = 0
            while row < count:
                taken = self._take_run(rows[row:], now_ns, events) if count - row >= _FEW_PACKETS else 0
                if not taken:
                    events += one(rows[row].tobytes(), now_ns)
                row += max(taken, 1)
        return events

    def _take_run(self, rows: Any, now_ns: int, events: list[Event]) -> int:
        """Leading rows that are consecutive segments of an open transfer; how many there were."""
        pdu = pdus.decode(rows[0].tobytes())
        if not isinstance(pdu, FileData) or not pdu.octets:
            return 0
        transaction = pdu.transaction
        transfer = self._open.get(transaction.key)
        header, segment = transaction.header_octets, len(pdu.octets)
        data_end = rows.shape[1] - pdus.CRC_OCTETS * transaction.crc
        data_at = data_end - segment
        offset_ends = header + transaction.size_octets
        if data_at != offset_ends or transfer is None or transaction != transfer.transaction:
            return 0
        offsets = np.ascontiguousarray(rows[:, header:offset_ends])
        offsets = offsets.view(f">u{transaction.size_octets}")[:, 0]
        next_to = offsets == (pdu.offset + segment * np.arange(len(rows))).astype(np.uint64)
        alike = (rows[:, :header] == rows[0, :header]).all(axis=1) & next_to
        count = len(rows) if alike.all() else int(np.argmin(alike))
        if transaction.crc:
            count = next((row for row in range(count) if crc16(rows[row])), count)
        stop = pdu.offset + count * segment
        if transfer.finished is not None or stop > self.settings.most_file_octets:
            return 0
        events += self._data(transfer, pdu.offset, rows[:count, data_at:data_end].tobytes(), now_ns)
        return count

    def entity_of(self, transaction: Transaction) -> int:
        return transaction.destination

    def standings(self) -> list[Standing]:
        """The open transfers, in the order begun."""
        return [
            Standing(
                *transfer.transaction.key,
                transfer.transaction.destination,
                transfer.metadata.destination_name if transfer.metadata is not None else None,
                transfer.received(),
                transfer.size,
                transfer.suspended,
            )
            for transfer in self._open.values()
            if transfer.finished is None
        ]

    def take(self, pdu: pdus.Pdu, now_ns: int) -> list[Event]:
        transaction = pdu.transaction
        transfer = self._open.get(transaction.key)
        if isinstance(pdu, pdus.OtherDirective):
            return self._directive(transfer, pdu, now_ns)
        if transfer is None and transaction.key in self._ended:
            if not self._is_another_file(pdu):
                if isinstance(pdu, EndOfFile) and transaction.acknowledged:
                    self._acknowledge_end(pdu, Status.TERMINATED)
                return self._drop("transaction is finished")
            del self._ended[transaction.key]
        reach = pdu.offset + len(pdu.octets) if isinstance(pdu, FileData) else pdu.file_size
        if reach > self.settings.most_file_octets:
            return self._drop("file too large")
        events: list[Event] = []
        if transfer is None:
            if len(self._open) >= self.settings.most_open:
                events = self._make_room(transaction.key)
                if not events:
                    return self._drop("no room for another transfer")
            transfer = self._open[transaction.key] = Incoming(transaction=transaction)
            if self.settings.keep_alive_ns is not None and transaction.acknowledged:
                transfer.keep_alive_at_ns = now_ns + self.settings.keep_alive_ns
        elif transaction.acknowledged != transfer.transaction.acknowledged:
            return self._drop("transmission mode changed")
        if transfer.finished is not None:
            if isinstance(pdu, EndOfFile) and transaction.acknowledged:
                self._acknowledge_end(pdu, Status.ACTIVE)
            return self._drop("transaction is finishing")
        match pdu:
            case FileData():
                return events + self._data(transfer, pdu.offset, pdu.octets, now_ns)
            case Metadata():
                if transfer.metadata is None:
                    transfer.metadata = pdu
                    self._heard(transfer, now_ns, news=True)
            case EndOfFile():
                if transaction.acknowledged:
                    self._acknowledge_end(pdu, Status.ACTIVE)
                if pdu.condition != Condition.NO_ERROR:
                    # Finished too: a sender may wait for it after its cancel (4.6.6, notice of completion).
                    transfer.end = pdu
                    transfer.suspended = False
                    events.append(transfer.incomplete("cancelled"))
                    self._say_finished(transfer, condition_of(pdu.condition), False, pdu.fault_entity)
                    return events
                if transfer.end is not None:
                    return events + self._drop("end of file again")
                transfer.end = pdu
                wait_ns = self.settings.nak_delay_ns
                if not transaction.acknowledged:
                    wait_ns = self.settings.faults.check_ns
                transfer.deadline_ns = now_ns + wait_ns
        return events + self._advance(transfer, now_ns)

    def _make_room(self, for_key: Key) -> list[Event]:
        """Gives up the oldest transfer of class 1, whose sender will not miss it, but not `for_key`."""
        for key, transfer in self._open.items():
            if key != for_key and not transfer.transaction.acknowledged and transfer.finished is None:
                return [self._close(transfer, "no room")]
        return []

    def _is_another_file(self, pdu: pdus.Pdu) -> bool:
        """A sender that was restarted numbers from zero again: other metadata mean another file."""
        known = self._ended[pdu.transaction.key]
        return isinstance(pdu, Metadata) and known != b"" and pdus.encode(pdu) != known

    def _directive(self, transfer: Incoming | None, pdu: pdus.OtherDirective, now_ns: int) -> list[Event]:
        content = directives.read(pdu)
        if isinstance(content, str):
            return self._drop(content)
        if transfer is None:
            return self._drop("transaction is not open")
        if not transfer.transaction.acknowledged:
            return self._drop("not in class 1")
        match content:
            case Ack(directive=Directive.FINISHED):
                if transfer.finished is None:
                    return self._drop("acknowledges what was not sent")
                self._forget(transfer)
            case Prompt() if transfer.finished is None:
                self._heard(transfer, now_ns, news=False)
                if content.kind == PromptFor.NAK:
                    transfer.nak_due = True
                else:
                    transfer.keep_alive_due = True
            case _:
                return self._drop("for a sender")
        return []

    def _data(self, transfer: Incoming, offset: int, octets: bytes, now_ns: int) -> list[Event]:
        come = transfer.received()
        growth = max(0, offset + len(octets) - len(transfer.octets))
        events: list[Event] = []
        while self._kept + growth > self.settings.most_kept_octets:
            made = self._make_room(transfer.transaction.key)
            if not made:
                self._drop("no room for the file")
                return events + self._fault(transfer, Condition.FILESTORE_REJECTION, now_ns)
            events += made
        transfer.add(offset, octets)
        self._kept += growth
        acknowledged = transfer.transaction.acknowledged
        if self.settings.immediate and acknowledged and transfer.end is None and offset > transfer.asked:
            transfer.gaps_due += gaps(transfer.ranges, transfer.asked, offset)
        transfer.asked = max(transfer.asked, offset + len(octets))
        self._heard(transfer, now_ns, news=transfer.received() > come)
        return events + self._advance(transfer, now_ns)

    def _heard(self, transfer: Incoming, now_ns: int, news: bool) -> None:
        """Silence counts from now: for inactivity any data unit breaks it, for NAKs only news.

        The check timer of class 1 runs on whatever comes.
        """
        if transfer.suspended:
            return
        if transfer.end is None:
            transfer.deadline_ns = now_ns + self.settings.faults.inactivity_ns
        elif news and not transfer.nak_due and transfer.transaction.acknowledged:
            transfer.deadline_ns = max(transfer.deadline_ns or 0, now_ns + self.settings.nak_ns)
            transfer.expiries = 0

    def _advance(self, transfer: Incoming, now_ns: int) -> list[Event]:
        """Ask for the metadata at once where gaps are asked for at once; finish what is whole."""
        acknowledged = transfer.transaction.acknowledged
        asks_now = self.settings.immediate and acknowledged
        if asks_now and transfer.metadata is None and not transfer.metadata_asked:
            transfer.metadata_asked = True
            transfer.gaps_due.insert(0, (0, 0))
        end, metadata = transfer.end, transfer.metadata
        if end is None:
            self._heard(transfer, now_ns, news=False)
            return []
        if not transfer.size_ignored:
            beyond = bool(transfer.ranges) and transfer.ranges[-1][1] > end.file_size
            # Metadata of size 0 may be those of a file whose size was not known yet.
            if beyond or (metadata is not None and metadata.file_size not in (0, end.file_size)):
                events = self._fault(transfer, Condition.FILE_SIZE_ERROR, now_ns)
                if not transfer.size_ignored or transfer.suspended:
                    return events
                return events + self._advance(transfer, now_ns)
        if metadata is None or gaps(transfer.ranges, 0, end.file_size):
            at_once = acknowledged and self.settings.nak_delay_ns == 0 and transfer.deadline_ns == now_ns
            if at_once and not transfer.suspended:
                transfer.nak_due, transfer.deadline_ns = True, None
            return []
        return self._complete(transfer, metadata, end, now_ns)

    def _complete(self, transfer: Incoming, metadata: Metadata, end: EndOfFile, now_ns: int) -> list[Event]:
        octets = memoryview(transfer.octets)[: end.file_size]
        fault = None
        try:
            if checksum(metadata.checksum_type, octets) != end.checksum:
                fault = Condition.CHECKSUM_FAILURE
        except FswError:
            fault = Condition.UNSUPPORTED_CHECKSUM
        events: list[Event] = []
        whole = bytes(octets)
        octets.release()
        if fault is not None:
            events = self._fault(transfer, fault, now_ns)
            if self._handler(transfer, fault) != Handler.IGNORE:
                return events
        name, store = metadata.destination_name, self._filestore
        kept = (name or whole) and not self._users(metadata.messages)
        if store is not None and kept and not store.write(name, whole):
            self._drop("the filestore refused the file")
            events += self._fault(transfer, Condition.FILESTORE_REJECTION, now_ns)
            if self._handler(transfer, Condition.FILESTORE_REJECTION) == Handler.IGNORE:
                events += self._cancel(
                    transfer, Condition.FILESTORE_REJECTION
                )  # there is nothing to go on with
            return events
        key = transfer.transaction.key
        events.append(FileReceived(*key, name, whole, metadata.messages, transfer.transaction.acknowledged))
        responses = execute_all(store, metadata.filestore_requests)
        self._say_finished(transfer, fault or Condition.NO_ERROR, complete=True, responses=responses)
        return events

    def _say_finished(
        self,
        transfer: Incoming,
        condition: Condition,
        complete: bool,
        fault_entity: int | None = None,
        responses: tuple[bytes, ...] = (),
    ) -> None:
        """Or, where the sender does not want to know, forget the transfer."""
        closure = transfer.metadata is not None and transfer.metadata.closure
        if not (transfer.transaction.acknowledged or closure):
            self._forget(transfer)
            return
        status = directives.FileStatus.RETAINED if complete else directives.FileStatus.DISCARDED
        if condition == Condition.FILESTORE_REJECTION:
            status = directives.FileStatus.REJECTED
        fault = fault_entity
        if fault is None and directives.carries_fault_entity(condition):
            fault = self.settings.entity
        transfer.finished = Finished(condition, complete, status, responses, fault)
        transfer.finished_due = True
        transfer.nak_due = transfer.keep_alive_due = False
        transfer.gaps_due = []
        transfer.deadline_ns = transfer.keep_alive_at_ns = None
        transfer.expiries = 0
        self._release(transfer)

    def cancel(self, source: int, sequence: int) -> list[Event]:
        """End a transfer and tell the sender so; nothing if it is not open or has ended already."""
        transfer = self._open.get((source, sequence))
        if transfer is None or transfer.finished is not None:
            return []
        return self._cancel(transfer, Condition.CANCEL_REQUEST)

    def suspend(self, source: int, sequence: int) -> list[Event]:
        """Ask for nothing and time nothing; what comes is still kept."""
        transfer = self._open.get((source, sequence))
        return self._suspend(transfer, Condition.SUSPEND_REQUEST) if transfer is not None else []

    def resume(self, source: int, sequence: int, now_ns: int) -> list[Event]:
        """Go on; timers start anew, and what is lacking is asked for at once if the end has come."""
        transfer = self._open.get((source, sequence))
        if transfer is None or not transfer.suspended:
            return []
        transfer.suspended, transfer.deadline_ns = False, None
        transfer.expiries = 0
        if transfer.finished is not None:
            transfer.finished_due = True
        elif transfer.end is not None and not transfer.transaction.acknowledged:
            transfer.deadline_ns = now_ns + self.settings.faults.check_ns
        elif transfer.end is not None:
            transfer.nak_due = True
        else:
            transfer.deadline_ns = now_ns + self.settings.faults.inactivity_ns
        tells = self.settings.keep_alive_ns is not None and transfer.transaction.acknowledged
        if transfer.finished is None and tells:
            transfer.keep_alive_at_ns = now_ns + (self.settings.keep_alive_ns or 0)
        resumed: list[Event] = [Resumed(source, sequence)]
        return resumed if transfer.finished is not None else resumed + self._advance(transfer, now_ns)

    def poll(self, now_ns: int) -> list[Event]:
        """Timers that have run out, in the order the transfers began."""
        events: list[Event] = []
        for transfer in list(self._open.values()):
            if transfer.suspended:
                continue
            if transfer.keep_alive_at_ns is not None and transfer.keep_alive_at_ns <= now_ns:
                transfer.keep_alive_due = True
                transfer.keep_alive_at_ns = now_ns + (self.settings.keep_alive_ns or 0)
            if transfer.deadline_ns is None or transfer.deadline_ns > now_ns:
                continue
            transfer.deadline_ns = None
            if transfer.finished is None and transfer.end is None:
                events += self._fault(transfer, Condition.INACTIVITY, now_ns)
                continue
            transfer.expiries += 1
            if not transfer.transaction.acknowledged:
                if transfer.expiries < self.settings.faults.check_limit:
                    transfer.deadline_ns = now_ns + self.settings.faults.check_ns
                else:
                    events += self._fault(transfer, Condition.CHECK_LIMIT, now_ns)
            elif transfer.finished is not None:
                if transfer.expiries < self.settings.faults.ack_limit:
                    transfer.finished_due = True
                else:
                    events += self._fault(transfer, Condition.ACK_LIMIT, now_ns)
            # The first to run out is the check time, before anything was asked for.
            elif transfer.expiries <= self.settings.nak_limit:
                transfer.nak_due = True
            else:
                events += self._fault(transfer, Condition.NAK_LIMIT, now_ns)
        return events

    def fill(self, now_ns: int) -> bool:
        if not self._writer.drain(self._answers):
            return False
        for transfer in list(self._open.values()):
            if not transfer.suspended and not self._produce(transfer, now_ns):
                return False
        return True

    def _produce(self, transfer: Incoming, now_ns: int) -> bool:
        """False when there is no more room."""
        writer, transaction = self._writer, transfer.transaction
        if transfer.finished_due and transfer.finished is not None:
            if not writer.add(directives.encode(transaction, transfer.finished)):
                return False
            transfer.finished_due = False
            if not transaction.acknowledged:  # of class 1: said once, never acknowledged
                self._forget(transfer)
                return True
            transfer.deadline_ns = now_ns + self.settings.faults.ack_ns
        if transfer.keep_alive_due:
            if not writer.add(directives.encode(transaction, KeepAlive(len(transfer.octets)))):
                return False
            transfer.keep_alive_due = False
        if transfer.nak_due:
            lacking = [] if transfer.metadata is not None else [(0, 0)]
            lacking += gaps(transfer.ranges, 0, transfer.reach)
            if not self._produce_naks(transaction, lacking, transfer.reach):
                return False
            transfer.nak_due = False
            transfer.gaps_due = []
            if transfer.end is not None:
                transfer.deadline_ns = now_ns + self.settings.nak_ns
                transfer.expiries = max(transfer.expiries, 1)
        elif transfer.gaps_due:
            # What has come in the meantime is not asked for.
            lacking = []
            for low, high in transfer.gaps_due:
                still = gaps(transfer.ranges, low, high)
                lacking += still if high else [(0, 0)] * (transfer.metadata is None)
            if lacking and not self._produce_naks(transaction, lacking, lacking[-1][1]):
                return False
            transfer.gaps_due = []
        return True

    def _produce_naks(self, transaction: Transaction, lacking: Ranges, reach: int) -> bool:
        """As many NAKs as it takes, scopes side by side, or none of what does not fit."""
        most = directives.nak_requests(transaction, self.settings.nak_octets)
        start = 0
        for at in range(0, max(len(lacking), 1), most):
            part = lacking[at : at + most]
            end = part[-1][1] if at + most < len(lacking) else reach
            if not self._writer.add(directives.encode(transaction, Nak(start, end, tuple(part)))):
                # What was asked for is lost time at most; the rest waits for room, or for the timer.
                return at > 0
            start = end
        return True

    def finish(self) -> list[Event]:
        """Give up whatever is not whole: the recording or the flight has ended."""
        return [
            self._close(transfer, "inactivity" if transfer.end is None else "data missing")
            for transfer in list(self._open.values())
            if transfer.finished is None
        ]

    def _handler(self, transfer: Incoming, condition: Condition) -> Handler:
        overrides = () if transfer.metadata is None else transfer.metadata.fault_handlers
        return self.settings.faults.handler(condition, overrides)

    def _fault(self, transfer: Incoming, condition: Condition, now_ns: int) -> list[Event]:
        handler = self._handler(transfer, condition)
        events: list[Event] = [FaultDeclared(*transfer.transaction.key, condition, handler)]
        match handler:
            case Handler.CANCEL:
                events += self._cancel(transfer, condition)
            case Handler.SUSPEND:
                events += self._suspend(transfer, condition)
            case Handler.ABANDON:
                if transfer.finished is None:
                    events.append(self._close(transfer, "abandoned"))
                else:
                    self._forget(transfer)
            case Handler.IGNORE:
                transfer.expiries = 0
                transfer.size_ignored = transfer.size_ignored or condition == Condition.FILE_SIZE_ERROR
                if transfer.finished is not None:
                    transfer.finished_due = True
                elif transfer.end is None:
                    self._heard(transfer, now_ns, news=False)
                elif condition == Condition.NAK_LIMIT:
                    transfer.nak_due = True
                elif condition == Condition.CHECK_LIMIT:
                    transfer.deadline_ns = now_ns + self.settings.faults.check_ns
        return events

    def _cancel(self, transfer: Incoming, condition: Condition) -> list[Event]:
        if transfer.finished is not None:  # a fault while finishing ends it (4.6.6.1)
            self._forget(transfer)
            return []
        incomplete = transfer.incomplete(_REASONS.get(condition, "data missing"))
        transfer.suspended = False
        self._say_finished(transfer, condition, complete=False)
        return [incomplete]

    def _suspend(self, transfer: Incoming, condition: Condition) -> list[Event]:
        if transfer.suspended:
            return []
        transfer.suspended = True
        transfer.deadline_ns = transfer.keep_alive_at_ns = None
        return [Suspended(*transfer.transaction.key, condition)]

    def _close(self, transfer: Incoming, reason: Reason) -> FileIncomplete:
        incomplete = transfer.incomplete(reason)
        self._forget(transfer)
        return incomplete

    def _release(self, transfer: Incoming) -> None:
        self._kept -= len(transfer.octets)
        transfer.octets, transfer.ranges = bytearray(), []

    def _forget(self, transfer: Incoming) -> None:
        self._release(transfer)
        key = transfer.transaction.key
        del self._open[key]
        self._ended[key] = b"" if transfer.metadata is None else pdus.encode(transfer.metadata)
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def _acknowledge_end(self, end: EndOfFile, status: Status) -> None:
        ack = Ack(Directive.EOF, end.condition, status)
        self._acknowledge(end.transaction.key, end.transaction, ack)

    def save(self) -> dict[str, Any]:
        """Plain data; settings are the caller's. Data units are kept as their octets."""
        return {
            "open": [save_incoming(transfer) for transfer in self._open.values()],
            "ended": [[*key, metadata] for key, metadata in self._ended.items()],
            "answers": [[*key, octets] for key, octets in self._answers.items()],
            "next_count": self._writer.next_count,
            "dropped": dict(self.dropped),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        transfers = [load_incoming(row) for row in saved["open"]]
        self._open = {transfer.transaction.key: transfer for transfer in transfers}
        self._kept = sum(len(transfer.octets) for transfer in transfers)
        self._ended = {(source, sequence): octets for source, sequence, octets in saved["ended"]}
        self._answers = {(source, sequence): octets for source, sequence, octets in saved["answers"]}
        self._writer.next_count = saved["next_count"]
        self.dropped = dict(saved["dropped"])
