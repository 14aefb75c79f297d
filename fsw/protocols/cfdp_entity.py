"""A CFDP entity (CCSDS 727.0-B-5): all its transactions with all its peers, and the users' operations.

Octets in, events out, time as an argument. Each peer has a link of its own with a sender and a receiver,
whose packets of one APID share a count; sequence numbers are the entity's. On a peer's request, files are
put by proxy and directories listed (6.2, 6.3), out of the filestore.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fsw.core.errors import FswError
from fsw.protocols import cfdp_messages as messages
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols import cfdp_receiver, cfdp_sender
from fsw.protocols.cfdp_directives import FileStatus, PromptFor, Status
from fsw.protocols.cfdp_filestore import Filestore
from fsw.protocols.cfdp_messages import (
    DirectoryListingRequest,
    DirectoryListingResponse,
    ProxyPut,
    ProxyPutCancel,
    ProxyPutResponse,
    RemoteResume,
    RemoteStanding,
    RemoteSuspend,
    Request,
    Response,
)
from fsw.protocols.cfdp_packets import PacketBlock, PacketWriter
from fsw.protocols.cfdp_pdu import Condition
from fsw.protocols.cfdp_receiver import FileReceived, Receiver, ReceiverSettings, Users
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.protocols.cfdp_transfer import Standing, TransferEnded


@dataclass(frozen=True, slots=True)
class Peer:
    """Managed parameters of what goes to a peer and of what comes from it.

    Answers go in packets of the receiver's APID. Where that differs from the sender's, they have a way of
    their own (`Entity.produce_answers`), so that they need not wait for room for files.
    """

    sender: SenderSettings
    receiver: ReceiverSettings

    def __post_init__(self) -> None:
        if self.sender.entity != self.receiver.entity:
            raise FswError(
                f"CFDP link of entities {self.sender.entity} and {self.receiver.entity}: "
                "allowed are the same at both ends"
            )


@dataclass(frozen=True, slots=True)
class Asked:
    """A peer's operation, which its transaction asked for. granted: it is done, or under way."""

    source: int
    sequence: int
    operation: Request
    granted: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """A peer's answer to the operation that our transaction `sequence` asked for."""

    sequence: int
    answer: Response


class _Asker(NamedTuple):
    """A peer's transaction that asked for something; the answer goes by the same class."""

    source: int
    sequence: int
    acknowledged: bool


Event = cfdp_sender.Event | cfdp_receiver.Event | Asked | Answered


class _Link:
    def __init__(self, peer: Peer, filestore: Filestore | None, users: Users | None) -> None:
        self.writer = self.answers = PacketWriter(peer.sender.apid, peer.sender.telecommand)
        if peer.receiver.apid != peer.sender.apid:
            self.answers = PacketWriter(peer.receiver.apid, peer.receiver.telecommand)
        self.sender = Sender(peer.sender, self.writer, self.answers)
        self.receiver = Receiver(peer.receiver, filestore, self.answers, users)


class Entity:
    """peers: at least one; the first is where files go unless said otherwise.

    filestore, users: see `Receiver`. most_open: files on their way out at a time. `receive` or
    `receive_block`, `poll` when due, `produce` when a link has room, and `events` after it.
    """

    def __init__(
        self,
        peers: tuple[Peer, ...],
        filestore: Filestore | None = None,
        *,
        users: Users | None = None,
        most_open: int = 1024,
    ) -> None:
        self.peers = peers
        self.entity = peers[0].sender.entity
        self._links = {peer.sender.peer: _Link(peer, filestore, users) for peer in peers}
        if any(peer.sender.entity != self.entity for peer in peers) or len(self._links) != len(peers):
            raise FswError("CFDP peers of one entity: allowed is one link for each of its peers")
        self._first = peers[0].sender.peer
        self._filestore = filestore
        self._most_open = most_open
        self._next_sequence = 0
        self._proxies: dict[int, _Asker] = {}  # by our transaction
        self.dropped: dict[str, int] = {}

    # ---- the user's requests --------------------------------------------------------------------

    def put(self, request: PutRequest, peer: int | None = None) -> int:
        """Queue a file; its transaction sequence number.

        Raises FswError on a name or message too long, an unknown peer, or too many open transfers.
        """
        link = self._link(peer)
        open_now = self.open_outgoing
        if open_now >= self._most_open:
            raise FswError(f"CFDP put with {open_now} transfers open: allowed are up to {self._most_open}")
        link.sender.next_sequence = self._next_sequence
        sequence = link.sender.put(request)
        self._next_sequence = link.sender.next_sequence
        return sequence

    def number_from(self, sequence: int) -> None:
        """The next transactions get numbers from this one on, if theirs are not greater already.

        For an entity that may have forgotten those that it used: its peers have not.
        """
        self._next_sequence = max(self._next_sequence, sequence)

    def ask(self, operation: Request, peer: int | None = None, about: tuple[int, int] | None = None) -> int:
        """Ask a peer for a proxy put, its cancel, a listing, or to suspend or resume a transfer at its end;
        our transaction's sequence number.

        about: the transaction that is to be cancelled. It goes by class 2, whatever files do; what comes of
        it is told by `Answered`.
        """
        origin = () if about is None else (messages.originating(*about),)
        said = (*origin, *messages.encode(operation))
        return self.put(PutRequest("", b"", said, acknowledged=True), peer)

    def cancel(self, source: int, sequence: int) -> list[Event]:
        """End a transfer, ours or a peer's; nothing if it is not open."""
        events: list[Event] = []
        for link in self._links.values():
            if source == self.entity:
                events += link.sender.cancel(sequence)
            else:
                events += link.receiver.cancel(source, sequence)
        return self._served(events)

    def cancel_waiting(self, among: Collection[int]) -> list[Event]:
        """Cancel those of our transfers, by sequence number, that have not begun."""
        return self._served([e for link in self._links.values() for e in link.sender.cancel_waiting(among)])

    def suspend(self, source: int, sequence: int) -> list[Event]:
        """Stop a transfer and its timers until it is resumed."""
        events: list[Event] = []
        for link in self._links.values():
            if source == self.entity:
                events += link.sender.suspend(sequence)
            else:
                events += link.receiver.suspend(source, sequence)
        return events

    def resume(self, source: int, sequence: int, now_ns: int) -> list[Event]:
        events: list[Event] = []
        for link in self._links.values():
            if source == self.entity:
                events += link.sender.resume(sequence, now_ns)
            else:
                events += link.receiver.resume(source, sequence, now_ns)
        return self._served(events, now_ns)

    def prompt(self, sequence: int, kind: PromptFor) -> bool:
        """Ask a transfer's receiver what it lacks, or how far it has got. False if none is open."""
        return any(link.sender.prompt(sequence, kind) for link in self._links.values())

    # ---- what stands ----------------------------------------------------------------------------

    @property
    def open_outgoing(self) -> int:
        return sum(link.sender.open_transfers for link in self._links.values())

    @property
    def open_incoming(self) -> int:
        return sum(link.receiver.open_transfers for link in self._links.values())

    @property
    def waiting_files(self) -> int:
        """Files not sent to the end for the first time."""
        return sum(link.sender.waiting_files for link in self._links.values())

    @property
    def waiting_octets(self) -> int:
        """File octets not yet sent for the first time."""
        return sum(link.sender.waiting_octets for link in self._links.values())

    @property
    def held_octets(self) -> int:
        """File octets kept for transfers that go out."""
        return sum(link.sender.held_octets for link in self._links.values())

    def standings(self) -> list[Standing]:
        """All open transfers, those that go out first."""
        links = self._links.values()
        out = [standing for link in links for standing in link.sender.standings()]
        return out + [standing for link in links for standing in link.receiver.standings()]

    def drops(self) -> dict[str, int]:
        """What was dropped, by reason, on all links."""
        total = dict(self.dropped)
        for link in self._links.values():
            for counts in (link.sender.dropped, link.receiver.dropped):
                for reason, count in counts.items():
                    total[reason] = total.get(reason, 0) + count
        return total

    @property
    def has_output(self) -> bool:
        """Whether `produce` has something to send on some link, given room."""
        return any(link.sender.has_output or link.receiver.has_output for link in self._links.values())

    @property
    def has_answers(self) -> bool:
        """Whether `produce_answers` has."""
        return any(link.sender.has_answers or link.receiver.has_output for link in self._links.values())

    @property
    def next_deadline_ns(self) -> int | None:
        """When `poll` has something to do, or None."""
        deadlines = [
            deadline
            for link in self._links.values()
            for deadline in (link.sender.next_deadline_ns, link.receiver.next_deadline_ns)
            if deadline is not None
        ]
        return min(deadlines, default=None)

    # ---- octets and time ------------------------------------------------------------------------

    def receive(self, octets: bytes, now_ns: int) -> list[Event]:
        """One data unit (the data field of a Space Packet), from whichever peer."""
        return self._served(self._dispatch(octets, now_ns), now_ns)

    def receive_block(self, block: PacketBlock, now_ns: int, peer: int | None = None) -> list[Event]:
        """Space Packets with a data unit each from one peer; runs of a file's segments go as arrays."""
        events = self._link(peer).receiver.receive_block(block, now_ns, self._dispatch)
        return self._served(events, now_ns)

    def _dispatch(self, octets: bytes, now_ns: int) -> list[Any]:
        pdu = pdus.decode(octets)
        if isinstance(pdu, str):
            return self._drop(pdu)
        transaction = pdu.transaction
        outgoing = transaction.source == self.entity
        if not outgoing and transaction.destination != self.entity:
            return self._drop("another entity's")
        link = self._links.get(transaction.destination if outgoing else transaction.source)
        if link is None:
            return self._drop("unknown peer")
        return [*(link.sender.take(pdu, now_ns) if outgoing else link.receiver.take(pdu, now_ns))]

    def poll(self, now_ns: int) -> list[Event]:
        """Timers that have run out."""
        events: list[Event] = []
        for link in self._links.values():
            events += link.sender.poll(now_ns)
            events += link.receiver.poll(now_ns)
        return self._served(events, now_ns)

    def produce(self, room_octets: int, now_ns: int, peer: int | None = None) -> PacketBlock:
        """The next whole packets for a peer, together not more than `room_octets`.

        Answers go first, unless they have a way of their own.
        """
        link = self._link(peer)
        link.writer.begin(room_octets)
        if link.answers is not link.writer or link.receiver.fill(now_ns):
            link.sender.fill(now_ns)
        return link.writer.block()

    def produce_answers(self, room_octets: int, now_ns: int, peer: int | None = None) -> PacketBlock:
        """As `produce`, but answers only, on their own way."""
        link = self._link(peer)
        link.answers.begin(room_octets)
        if link.sender.fill_answers():
            link.receiver.fill(now_ns)
        return link.answers.block()

    def events(self) -> list[Event]:
        """What producing has brought to an end since the last call."""
        return self._served([event for link in self._links.values() for event in link.sender.events()])

    def finish(self) -> list[Event]:
        """Give up incoming files that are not whole: the flight has ended."""
        return [event for link in self._links.values() for event in link.receiver.finish()]

    def _link(self, peer: int | None) -> _Link:
        link = self._links.get(self._first if peer is None else peer)
        if link is None:
            raise FswError(f"CFDP peer {peer}: allowed are {', '.join(map(str, self._links))}")
        return link

    def _drop(self, reason: str) -> list[Any]:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        return []

    # ---- users' operations ----------------------------------------------------------------------

    def _served(self, events: list[Any], now_ns: int = 0) -> list[Event]:
        """The events, with what peers asked for done, and their answers told.

        Only what was received asks for anything, and only that needs the time.
        """
        served: list[Event] = []
        for event in events:
            match event:
                case FileReceived():
                    served += self._with_operations(event, now_ns)
                case TransferEnded() if event.sequence in self._proxies:
                    self._answer_proxy(event)
                    served.append(event)
                case _:
                    served.append(event)
        return served

    def _with_operations(self, event: FileReceived, now_ns: int) -> list[Event]:
        found = messages.read(event.messages)
        if isinstance(found, str):
            self._drop(found)
            return [event]
        asker = _Asker(event.source, event.sequence, event.acknowledged)
        told: list[Event] = [event] if event.name or event.octets else []
        match found.operation:
            case None:
                return [event]
            case ProxyPutResponse() | DirectoryListingResponse() | RemoteStanding():
                if found.originating is None or found.originating[0] != self.entity:
                    self._drop("answer to another entity")
                    return told
                return [*told, Answered(found.originating[1], found.operation)]
            case ProxyPut():
                granted = self._put_by_proxy(found.operation, asker)
            case DirectoryListingRequest():
                granted = self._list(found.operation, asker)
            case ProxyPutCancel():
                mine = [n for n, whose in self._proxies.items() if whose[:2] == found.originating]
                told += [end for sequence in mine for end in self.cancel(self.entity, sequence)]
                granted = bool(mine)
            case RemoteSuspend() | RemoteResume():
                granted = self._steer(found.operation, asker, now_ns, told)
        return [*told, Asked(event.source, event.sequence, found.operation, granted)]

    def _steer(
        self, wanted: RemoteSuspend | RemoteResume, asker: _Asker, now_ns: int, told: list[Event]
    ) -> bool:
        """Of transfers with the asker only: what others do is not its concern."""
        transfer, resume = (wanted.source, wanted.sequence), isinstance(wanted, RemoteResume)

        def found() -> Standing | None:
            with_asker = (s for s in self.standings() if asker.source in (s.source, s.destination))
            return next((s for s in with_asker if (s.source, s.sequence) == transfer), None)

        if found() is not None:
            told += self.resume(*transfer, now_ns) if resume else self.suspend(*transfer)
        now = found()
        suspended = now is not None and now.suspended
        status = Status.ACTIVE if now is not None else Status.UNDEFINED
        self._respond(RemoteStanding(resume, suspended, status, *transfer), asker)
        return now is not None and suspended != resume

    def _put_by_proxy(self, wanted: ProxyPut, asker: _Asker) -> bool:
        octets: bytes | None = b""
        if wanted.source_name:
            octets = None if self._filestore is None else self._filestore.read(wanted.source_name)
        sequence = None
        if octets is not None:
            sequence = self._reply(
                PutRequest(
                    wanted.name,
                    octets,
                    (messages.originating(*asker[:2]), *wanted.messages),
                    wanted.source_name,
                    wanted.acknowledged,
                    wanted.closure,
                    wanted.filestore_requests,
                    wanted.fault_handlers,
                ),
                wanted.destination,
            )
        if sequence is None:
            refusal = ProxyPutResponse(Condition.FILESTORE_REJECTION, False, FileStatus.UNREPORTED)
            self._respond(refusal, asker)
            return False
        self._proxies[sequence] = asker
        return True

    def _answer_proxy(self, ended: TransferEnded) -> None:
        asker = self._proxies.pop(ended.sequence)
        status = FileStatus.RETAINED if ended.delivered else FileStatus.UNREPORTED
        complete = ended.delivered is not False
        self._respond(ProxyPutResponse(ended.condition, complete, status, ended.filestore_responses), asker)

    def _list(self, wanted: DirectoryListingRequest, asker: _Asker) -> bool:
        listing = None if self._filestore is None else self._filestore.listing(wanted.directory)
        answer = DirectoryListingResponse(listing is not None, wanted.directory, wanted.file_name)
        if listing is None:
            self._respond(answer, asker)
            return False
        said = (messages.originating(*asker[:2]), *messages.encode(answer))
        request = PutRequest(wanted.file_name, listing, said, wanted.directory, asker.acknowledged)
        return self._reply(request, asker.source) is not None

    def _respond(self, answer: Response, asker: _Asker) -> None:
        said = (messages.originating(*asker[:2]), *messages.encode(answer))
        self._reply(PutRequest("", b"", said, acknowledged=asker.acknowledged), asker.source)

    def _reply(self, request: PutRequest, peer: int) -> int | None:
        """As `put`; what a peer has made impossible is dropped."""
        try:
            return self.put(request, peer)
        except FswError:
            self._drop("operation impossible")
            return None

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Plain data; settings and the filestore are the caller's."""
        return {
            "links": [[peer, link.sender.save(), link.receiver.save()] for peer, link in self._links.items()],
            "next_sequence": self._next_sequence,
            "proxies": [[sequence, *asker] for sequence, asker in self._proxies.items()],
            "dropped": dict(self.dropped),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        for peer, sender, receiver in saved["links"]:
            self._links[peer].sender.load(sender)
            self._links[peer].receiver.load(receiver)
        self._next_sequence = saved["next_sequence"]
        self._proxies = {sequence: _Asker(*asker) for sequence, *asker in saved["proxies"]}
        self.dropped = dict(saved["dropped"])
