"""Copies between the store on board and the ground's: the operations of ST[23] that take their time.

To the ground a file goes by CFDP; from the ground it is asked for by proxy put. A copy is known by the
transaction that the orbiter begins: that of the file, or of the request for it.
"""

from dataclasses import dataclass
from typing import Any, Literal

from fsw.core.errors import FswError
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st23_files import GROUND
from fsw.kernel.scheduler import Action, Send
from fsw.protocols import cfdp_entity as cfdp
from fsw.protocols.cfdp_entity import Answered, Entity
from fsw.protocols.cfdp_filestore import FileAction, FileStore, FilestoreRequest, parent, tame
from fsw.protocols.cfdp_messages import (
    ProxyPut,
    ProxyPutCancel,
    ProxyPutResponse,
    RemoteResume,
    RemoteSuspend,
    Request,
)
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.cfdp_transfer import Standing, TransferEnded
from fsw.tasks import names
from fsw.tasks.file_messages import of_store
from fsw.tasks.messages import Occurred

How = Literal["SUSPEND", "RESUME", "ABORT"]
_TOLD_OCTETS = 120  # of a name in an event or a report


@dataclass(slots=True)
class _Copy:
    """source, target: names in the store, or behind `ground:`. move: the source goes when it is copied."""

    operation: int
    source: str
    target: str
    move: bool

    @property
    def comes(self) -> bool:
        return self.source.startswith(GROUND)


class Copies:
    """begin, steer; and told by `ended` and `answered` what became of them."""

    def __init__(self, entity: Entity, store: FileStore) -> None:
        self._entity, self._store = entity, store
        self._copies: dict[int, _Copy] = {}  # by our transaction

    def begin(self, arguments: dict[str, Any], move: bool) -> FailureCode | None:
        """FILE_COPY or FILE_MOVE; one on board is done at once."""
        copy = _Copy(
            arguments["operation"],
            _name(arguments["source_path"], arguments["source_file"]),
            _name(arguments["target_path"], arguments["target_file"]),
            move,
        )
        if copy.comes:
            return self._fetch(copy)
        found = self._store.find(copy.source)
        if found is None:
            return FailureCode.NO_SUCH_FILE
        if move and found.locked:
            return FailureCode.FILE_LOCKED
        if not copy.target.startswith(GROUND):
            if self._store.is_file(copy.target):
                return FailureCode.FILE_EXISTS
            done = (
                self._store.rename(copy.source, copy.target)
                if move
                else self._store.write(copy.target, found.octets)
            )
            return None if done else FailureCode.FILE_STORE_REFUSES
        name = copy.target.removeprefix(GROUND)
        return self._keep(copy, PutRequest(name, found.octets, source_name=copy.source, acknowledged=True))

    def _fetch(self, copy: _Copy) -> FailureCode | None:
        if copy.target.startswith(GROUND):
            return FailureCode.FILE_STORE_REFUSES
        if self._store.is_file(copy.target) or any(c.target == copy.target for c in self._copies.values()):
            return FailureCode.FILE_EXISTS
        if not tame(copy.target) or not self._store.is_directory(parent(copy.target)):
            return FailureCode.FILE_STORE_REFUSES
        name = copy.source.removeprefix(GROUND)
        return self._keep(copy, ProxyPut(self._entity.entity, name, copy.target, acknowledged=True))

    def _keep(self, copy: _Copy, begun_by: PutRequest | ProxyPut) -> FailureCode | None:
        if any(other.operation == copy.operation for other in self._copies.values()):
            return FailureCode.OPERATION_EXISTS
        try:
            if isinstance(begun_by, PutRequest):
                sequence = self._entity.put(begun_by)
            else:
                sequence = self._entity.ask(begun_by)
        except FswError:  # a name too long, or too many under way
            return FailureCode.FILE_STORE_REFUSES
        self._copies[sequence] = copy
        return None

    # ---- under way ------------------------------------------------------------------------------

    def steer(
        self, how: How, operations: list[int], now_ns: int
    ) -> FailureCode | tuple[list[cfdp.Event], list[Action]]:
        """Suspend, resume or abort; what the entity tells of it, and what there is to do."""
        sequences = {copy.operation: sequence for sequence, copy in self._copies.items()}
        if any(o not in sequences or not self._can(how, sequences[o]) for o in operations):
            return FailureCode.NO_SUCH_ITEM
        events: list[cfdp.Event] = []
        actions: list[Action] = []
        for operation in operations:
            sequence = sequences[operation]
            standing = self._standing(sequence)
            if not self._copies[sequence].comes:
                events += self._local(how, self._entity.entity, sequence, now_ns)
                continue
            if standing is not None:
                events += self._local(how, standing.source, standing.sequence, now_ns)
            if how == "ABORT":
                copy = self._copies.pop(sequence)
                if standing is None:
                    self._ask(ProxyPutCancel(), about=(self._entity.entity, sequence))
                    actions.append(self._not_come(sequence, copy))
            elif standing is not None:
                kind = RemoteSuspend if how == "SUSPEND" else RemoteResume
                self._ask(kind(standing.source, standing.sequence))
        return events, actions

    def _can(self, how: How, sequence: int) -> bool:
        """What has not begun to come can be aborted only: its transaction is not known."""
        comes = self._copies[sequence].comes
        return how == "ABORT" or not comes or self._standing(sequence) is not None

    def _local(self, how: How, source: int, sequence: int, now_ns: int) -> list[cfdp.Event]:
        match how:
            case "SUSPEND":
                return self._entity.suspend(source, sequence)
            case "RESUME":
                return self._entity.resume(source, sequence, now_ns)
            case "ABORT":
                return self._entity.cancel(source, sequence)

    def _ask(self, operation: Request, about: tuple[int, int] | None = None) -> None:
        try:
            self._entity.ask(operation, about=about)
        except FswError:  # too many under way: the ground finds out by its timers
            return

    def involving(self, how: How, path: str) -> list[int]:
        """Copies from or to a path, or what is below it, that can be steered so now."""
        if path.startswith(GROUND):
            path = GROUND + path.removeprefix(GROUND).strip("/")
        inside = GROUND if path == GROUND else f"{path}/"
        return [
            copy.operation
            for sequence, copy in self._copies.items()
            if (not path or copy.source.startswith(inside) or copy.target.startswith(inside))
            and self._can(how, sequence)
        ]

    def _standing(self, sequence: int) -> Standing | None:
        copy, us = self._copies[sequence], self._entity.entity
        for standing in self._entity.standings():
            if copy.comes and standing.source != us and standing.name == copy.target:
                return standing
            if not copy.comes and (standing.source, standing.sequence) == (us, sequence):
                return standing
        return None

    def rows(self) -> list[dict[str, Any]]:
        """For FILE_COPY_STATUS."""
        rows = []
        for sequence, copy in self._copies.items():
            standing = self._standing(sequence)
            rows.append(
                {
                    "operation": copy.operation,
                    "suspended": int(standing is not None and standing.suspended),
                    "octets_copied": 0 if standing is None else standing.octets,
                    "file_octets": 0 if standing is None else standing.size or 0,
                }
            )
        return rows

    # ---- how they ended -------------------------------------------------------------------------

    def ended(self, ended: TransferEnded) -> list[Action]:
        """A transfer of ours, whether a copy or not."""
        copy = self._copies.get(ended.sequence)
        if copy is not None and copy.comes:
            if ended.delivered is not False:
                return []  # the ground has the request; now the file is to come
            return [self._not_come(ended.sequence, self._copies.pop(ended.sequence))]
        self._copies.pop(ended.sequence, None)
        if ended.delivered is False:
            return [not_sent(ended)] if ended.name else []
        if copy is not None and copy.move:
            self._store.lock(copy.source, False)
            self._store.delete(copy.source)
        return [occurred(Event.FILE_SENT, ended, {"file": told(ended.name)})] if ended.name else []

    def answered(self, answered: Answered) -> list[Action]:
        """The ground's answer to a request for a file. That the file has come was told by itself."""
        answer = answered.answer
        if not isinstance(answer, ProxyPutResponse) or answered.sequence not in self._copies:
            return []
        copy = self._copies.pop(answered.sequence)
        if not answer.complete:
            return [self._not_come(answered.sequence, copy)]
        if copy.move:
            request = FilestoreRequest(FileAction.DELETE_FILE, copy.source.removeprefix(GROUND)).encode()
            try:
                self._entity.put(PutRequest("", b"", filestore_requests=(request,), acknowledged=True))
            except FswError:  # too many under way: the file stays on the ground
                return []
        return []

    def _not_come(self, sequence: int, copy: _Copy) -> Send:
        transaction = {"entity": self._entity.entity, "transaction": sequence}
        values = {**transaction, "octets_received": 0, "file": told(copy.target)}
        return Send(names.EVENTS, Occurred(Event.FILE_NOT_RECEIVED, values))

    # ---- state ----------------------------------------------------------------------------------

    def save(self) -> list[list[Any]]:
        return [[n, c.operation, c.source, c.target, c.move] for n, c in self._copies.items()]

    def load(self, saved: list[list[Any]]) -> None:
        self._copies = {sequence: _Copy(*copy) for sequence, *copy in saved}


def _name(path: str, file: str) -> str:
    if path.startswith(GROUND):
        return GROUND + of_store(path.removeprefix(GROUND).strip("/"), file)
    return of_store(path, file)


def told(name: str) -> str:
    """A name as it goes into an event or a report: whatever a peer has called it."""
    octets = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()
    return octets[:_TOLD_OCTETS].decode("utf-8", "ignore")


def occurred(
    event: Event, transfer: FileReceived | FileIncomplete | TransferEnded, values: dict[str, Any]
) -> Send:
    transaction = {"entity": transfer.source, "transaction": transfer.sequence}
    return Send(names.EVENTS, Occurred(event, transaction | values))


def not_sent(ended: TransferEnded) -> Send:
    values = {"condition": int(ended.condition), "file": told(ended.name)}
    return occurred(Event.FILE_NOT_SENT, ended, values)
