"""The orbiter's CFDP entity and its file store: files from the ground, files to it, ST[23].

Pictures come from the mass memory task and go down as the channel of files has room; answers to the
ground go at once, among the real-time packets, in either rate. A file of the store is a record in the mass
memory, so that it outlives a cold boot; what is under way outlives a restart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from fsw.core.errors import FswError
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st23_files import GROUND, MOST_FOUND
from fsw.kernel.scheduler import Action, CancelTimer, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.protocols import cfdp_entity as cfdp
from fsw.protocols.cfdp_entity import Entity, Peer
from fsw.protocols.cfdp_filestore import FileStore, FileStoreSettings, parent
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.cfdp_transfer import TransferEnded
from fsw.tasks import names
from fsw.tasks.answers import executed, report
from fsw.tasks.file_messages import (
    FilePackets,
    FileRead,
    FilesGone,
    FilesWanted,
    FileUnit,
    ReadFile,
    SendFile,
    SendFiles,
    StopFiles,
    of_store,
)
from fsw.tasks.messages import (
    Delete,
    DownlinkRoom,
    Execute,
    Fetch,
    Fetched,
    Gather,
    List,
    Listed,
    Occurred,
    Store,
    Stored,
    Tick,
    Values,
)

AHEAD_OCTETS = 1 << 19  # of files that have not begun
FILES_AT_ONCE = 64
MOST_UNDER_WAY = 1024
MOST_HELD_OCTETS = 1 << 26  # of files that go out, until the ground has them
ANSWER_ROOM_OCTETS = 2048  # in one activation
KEYS = "file/"
_LOCKED, _UNLOCKED = b"\1", b"\0"  # what a record begins with
_TOLD_CHARACTERS = 80  # of a name in an event


@dataclass(frozen=True, slots=True)
class FilesSettings:
    """peer: the link to the ground. acknowledged_pictures: class 2 for what comes by `SendFiles`."""

    peer: Peer
    acknowledged_pictures: bool
    store: FileStoreSettings


@dataclass(slots=True)
class _Copy:
    """An operation of ST[23]: a file on its way to the ground. move: it is deleted when it is there.

    target: its name there, behind `ground:`.
    """

    operation: int
    name: str
    move: bool
    target: str


class Files:
    def __init__(self, settings: FilesSettings) -> None:
        self._settings = settings
        self._store = FileStore(settings.store)
        self._entity = Entity((settings.peer,), self._store, most_open=MOST_UNDER_WAY)
        self._given: dict[int, str] = {}  # transactions of `SendFiles`, and their files' names
        self._copies: dict[int, _Copy] = {}  # by transaction
        self._room = 0
        self._timer_ns: int | None = None
        self._status_ns = 0  # interval of the copies' status reports, 0 for none

    def start(self, now_ns: int) -> Iterable[Action]:
        listing = Emit(names.MEMORY_PORT, List(KEYS, names.FILES))
        return [*self._settle([], now_ns), *self._next_status(now_ns), listing]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case DownlinkRoom(octets):
                self._room = octets
                return [*self._settle([], now_ns), *self._ask_for_more()]
            case FileUnit(octets):
                return self._settle(self._entity.receive(octets, now_ns), now_ns)
            case SendFiles(files):
                # Thumbnails are small: the room of a beat takes several helpings.
                return [*self._send(files), *self._settle([], now_ns), *self._ask_for_more()]
            case StopFiles():
                return [*self._stop(), *self._settle([], now_ns)]
            case Tick("transfers"):
                self._timer_ns = None
                return self._settle(self._entity.poll(now_ns), now_ns)
            case Tick("status"):
                return [self._status(), *self._next_status(now_ns)]
            case Execute(request, acknowledge, name, arguments):
                failure, actions = self._execute(name, arguments, now_ns)
                answer = executed(request, acknowledge, failure)
                return [*actions, *self._settle([], now_ns), answer]
            case ReadFile(file, asker, request):
                return [Send(asker, FileRead(self._store.read(file), request))]
            case Listed(_, octets):
                missing = tuple(key for key in octets if self._store.find(key.removeprefix(KEYS)) is None)
                return [Emit(names.MEMORY_PORT, Fetch(missing, names.FILES))] if missing else []
            case Fetched(found):
                self._find(found)
            case Stored(key, False):
                return self._not_kept(key.removeprefix(KEYS))
            case Gather(Structure.MASS_MEMORY, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    # ---- transfers ------------------------------------------------------------------------------

    def _send(self, files: tuple[SendFile, ...]) -> list[Action]:
        failed = []
        for file in files:
            try:
                sequence = self._entity.put(
                    PutRequest(
                        file.name,
                        file.octets,
                        file.messages,
                        acknowledged=self._settings.acknowledged_pictures,
                    )
                )
            except FswError:  # more than was asked for
                failed.append(file.name)
                continue
            self._given[sequence] = file.name
        return [Send(names.MASS_MEMORY, FilesGone((), tuple(failed)))] if failed else []

    def _stop(self) -> list[Action]:
        """No event tells of each: who asked for it knows."""
        ended = [e for e in self._entity.cancel_waiting(self._given) if isinstance(e, TransferEnded)]
        stopped = tuple(self._given.pop(event.sequence) for event in ended)
        return [Send(names.MASS_MEMORY, FilesGone((), stopped))] if stopped else []

    def _ask_for_more(self) -> list[Action]:
        octets = AHEAD_OCTETS - self._entity.waiting_octets
        files = min(FILES_AT_ONCE, MOST_UNDER_WAY // 2 - self._entity.open_outgoing)
        if min(octets, files, self._room, MOST_HELD_OCTETS - self._entity.held_octets) <= 0:
            return []
        return [Send(names.MASS_MEMORY, FilesWanted(octets, files))]

    def _settle(self, events: list[cfdp.Event], now_ns: int) -> list[Action]:
        """What there is to send, to tell and to keep, and the next timer."""
        entity = self._entity
        actions: list[Action] = []
        if self._room and entity.has_output:
            octets = entity.produce(self._room, now_ns).octets.tobytes()
            if octets:
                self._room -= len(octets)
                actions.append(Send(names.DOWNLINK, FilePackets(octets)))
        actions += self._tell([*events, *entity.events()])
        if entity.has_answers:
            octets = entity.produce_answers(ANSWER_ROOM_OCTETS, now_ns).octets.tobytes()
            actions.append(Send(names.DOWNLINK, FilePackets(octets, answers=True)))
        for name in self._store.take_changed():
            actions.append(self._kept(name))
        return actions + self._next_timer(now_ns)

    def _next_timer(self, now_ns: int) -> list[Action]:
        due_ns = self._entity.next_deadline_ns
        if self._entity.has_answers:
            due_ns = min(now_ns + SECOND, due_ns if due_ns is not None else now_ns + SECOND)
        if due_ns == self._timer_ns:
            return []
        self._timer_ns = due_ns
        if due_ns is None:
            return [CancelTimer("transfers")]
        return [SetTimer("transfers", max(due_ns, now_ns), Tick("transfers"))]

    def _tell(self, events: list[cfdp.Event]) -> list[Action]:
        actions: list[Action] = []
        sent: list[str] = []
        failed: list[str] = []
        for event in events:
            match event:
                case FileReceived() if event.name:
                    values: dict[str, Any] = {"file_octets": len(event.octets), "file": _told(event.name)}
                    actions.append(_occurred(Event.FILE_RECEIVED, event, values))
                case FileIncomplete():
                    values = {"octets_received": event.received_octets, "file": _told(event.name or "")}
                    actions.append(_occurred(Event.FILE_NOT_RECEIVED, event, values))
                case TransferEnded() if event.sequence in self._given:
                    name = self._given.pop(event.sequence)
                    (failed if event.delivered is False else sent).append(name)
                    if event.delivered is False and event.condition:
                        actions.append(_not_sent(event))
                case TransferEnded():
                    actions += self._gone(event)
        if sent or failed:
            actions.append(Send(names.MASS_MEMORY, FilesGone(tuple(sent), tuple(failed))))
        return actions

    def _gone(self, ended: TransferEnded) -> list[Action]:
        copy = self._copies.pop(ended.sequence, None)
        if ended.delivered is False:
            return [_not_sent(ended)] if ended.name else []
        if copy is not None and copy.move:
            self._store.lock(copy.name, False)
            self._store.delete(copy.name)
        return [_occurred(Event.FILE_SENT, ended, {"file": _told(ended.name)})] if ended.name else []

    # ---- the store in the mass memory -------------------------------------------------------------

    def _kept(self, name: str) -> Emit:
        file = self._store.find(name)
        key = f"{KEYS}{name}"
        if file is None:
            return Emit(names.MEMORY_PORT, Delete((key,)))
        record = (_LOCKED if file.locked else _UNLOCKED) + file.octets
        return Emit(names.MEMORY_PORT, Store(key, record, names.FILES))

    def _find(self, found: dict[str, bytes | None]) -> None:
        """Files of an earlier life, with the directories that they are in."""
        for key, record in found.items():
            name = key.removeprefix(KEYS)
            if record is None or self._store.find(name) is not None:
                continue
            parts = parent(name).split("/")
            for depth in range(1, len(parts) + 1):
                self._store.create_directory("/".join(parts[:depth]))
            self._store.write(name, record[1:])
            if record[:1] == _LOCKED:
                self._store.lock(name, True)
        self._store.take_changed()

    def _not_kept(self, name: str) -> list[Action]:
        """The memory is full: what does not outlive a boot is not said to be there."""
        self._store.lock(name, False)
        self._store.delete(name)
        return [
            Send(
                names.EVENTS,
                Occurred(
                    Event.FILE_NOT_RECEIVED,
                    {"entity": 0, "transaction": 0, "octets_received": 0, "file": _told(name)},
                ),
            ),
            *(self._kept(changed) for changed in self._store.take_changed()),
        ]

    # ---- ST[23] ---------------------------------------------------------------------------------

    def _execute(
        self, name: str, arguments: dict[str, Any], now_ns: int
    ) -> tuple[FailureCode | None, list[Action]]:
        match name:
            case "FILE_COPY" | "FILE_MOVE":
                return self._copy(arguments, name == "FILE_MOVE"), []
            case "FILE_COPY_SUSPEND" | "FILE_COPY_RESUME" | "FILE_COPY_ABORT":
                return self._steer(name, arguments["operations"], now_ns)
            case "FILE_COPIES_SUSPEND" | "FILE_COPIES_RESUME" | "FILE_COPIES_ABORT":
                path = arguments["path"]
                if path.startswith(GROUND):
                    path = GROUND + path.removeprefix(GROUND).strip("/")
                elif not self._store.is_directory(path):
                    return FailureCode.NO_SUCH_DIRECTORY, []
                return self._steer(name.replace("COPIES", "COPY"), self._involving(path), now_ns)
            case "FILE_COPY_STATUS_ENABLE":
                self._status_ns = arguments["interval_s"] * SECOND
                return None, self._next_status(now_ns)
            case "FILE_COPY_STATUS_DISABLE":
                self._status_ns = 0
                return None, [CancelTimer("status")]
            case "FILE_FIND" | "DIRECTORY_SUMMARY":
                return self._search(name, arguments)
            case "DIRECTORY_CREATE" | "DIRECTORY_DELETE" | "DIRECTORY_RENAME":
                return self._directory(name, arguments), []
        return self._file(name, arguments)

    def _file(self, name: str, arguments: dict[str, Any]) -> tuple[FailureCode | None, list[Action]]:
        path, file = arguments["path"], of_store(arguments["path"], arguments["file"])
        found = self._store.find(file)
        if name == "FILE_CREATE":
            if found is not None or self._store.is_directory(file):
                return FailureCode.FILE_EXISTS, []
            if not self._store.is_directory(path):
                return FailureCode.NO_SUCH_DIRECTORY, []
            return None if self._store.write(file, b"") else FailureCode.FILE_STORE_REFUSES, []
        if found is None:
            return FailureCode.NO_SUCH_FILE, []
        match name:
            case "FILE_DELETE":
                return None if self._store.delete(file) else FailureCode.FILE_LOCKED, []
            case "FILE_LOCK" | "FILE_UNLOCK":
                self._store.lock(file, name == "FILE_LOCK")
                return None, []
        attributes = {
            "path": path,
            "file": arguments["file"],
            "file_octets": len(found.octets),
            "locked": int(found.locked),
        }
        return None, [report("FILE_ATTRIBUTES", attributes)]

    def _directory(self, name: str, arguments: dict[str, Any]) -> FailureCode | None:
        path, store = arguments["path"], self._store
        directory = of_store(path, arguments["directory"])
        if name == "DIRECTORY_CREATE":
            if not store.is_directory(path):
                return FailureCode.NO_SUCH_DIRECTORY
            if store.is_directory(directory) or store.find(directory) is not None:
                return FailureCode.FILE_EXISTS
            return None if store.create_directory(directory) else FailureCode.FILE_STORE_REFUSES
        if not store.is_directory(directory):
            return FailureCode.NO_SUCH_DIRECTORY
        if name == "DIRECTORY_DELETE":
            return None if store.remove_directory(directory) else FailureCode.DIRECTORY_NOT_EMPTY
        new = of_store(path, arguments["new_name"])
        if store.is_directory(new) or store.find(new) is not None:
            return FailureCode.FILE_EXISTS
        if any(f.startswith(f"{directory}/") and self._is_locked(f) for f in store.files):
            return FailureCode.FILE_LOCKED
        return None if store.rename_directory(directory, new) else FailureCode.FILE_STORE_REFUSES

    def _search(self, name: str, arguments: dict[str, Any]) -> tuple[FailureCode | None, list[Action]]:
        path = arguments["path"]
        if not self._store.is_directory(path):
            return FailureCode.NO_SUCH_DIRECTORY, []
        if name == "FILE_FIND":
            inside = f"{path}/" if path else ""
            pattern = arguments["pattern"]
            found = [
                {"name": file}
                for file in self._store.files
                if file.startswith(inside) and fnmatchcase(file.rpartition("/")[2], pattern)
            ]
            values = {"path": path, "pattern": pattern, "found": found[:MOST_FOUND]}
            return None, [report("FILES_FOUND", values)]
        objects = [
            {
                "kind": "DIRECTORY" if entry.endswith("/") else "FILE",
                "name": entry.rstrip("/").rpartition("/")[2],
            }
            for entry in self._store.inside(path)
        ]
        return None, [report("DIRECTORY_CONTENT", {"path": path, "objects": objects[:MOST_FOUND]})]

    def _copy(self, arguments: dict[str, Any], move: bool) -> FailureCode | None:
        source = of_store(arguments["source_path"], arguments["source_file"])
        path, operation = arguments["target_path"], arguments["operation"]
        found = self._store.find(source)
        if found is None:
            return FailureCode.NO_SUCH_FILE
        if move and found.locked:
            return FailureCode.FILE_LOCKED
        if path.startswith(GROUND):
            if any(copy.operation == operation for copy in self._copies.values()):
                return FailureCode.OPERATION_EXISTS
            target = of_store(path.removeprefix(GROUND).strip("/"), arguments["target_file"])
            try:
                request = PutRequest(target, found.octets, source_name=source, acknowledged=True)
                sequence = self._entity.put(request)
            except FswError:  # a name too long, or too many under way
                return FailureCode.FILE_STORE_REFUSES
            self._copies[sequence] = _Copy(operation, source, move, GROUND + target)
            return None
        target = of_store(path, arguments["target_file"])
        if self._store.find(target) is not None:
            return FailureCode.FILE_EXISTS
        done = self._store.rename(source, target) if move else self._store.write(target, found.octets)
        return None if done else FailureCode.FILE_STORE_REFUSES

    def _steer(
        self, name: str, operations: list[int], now_ns: int
    ) -> tuple[FailureCode | None, list[Action]]:
        sequences = {copy.operation: sequence for sequence, copy in self._copies.items()}
        if any(operation not in sequences for operation in operations):
            return FailureCode.NO_SUCH_ITEM, []
        events: list[cfdp.Event] = []
        us = self._entity.entity
        for operation in operations:
            match name:
                case "FILE_COPY_SUSPEND":
                    events += self._entity.suspend(us, sequences[operation])
                case "FILE_COPY_RESUME":
                    events += self._entity.resume(us, sequences[operation], now_ns)
                case "FILE_COPY_ABORT":
                    events += self._entity.cancel(us, sequences[operation])
        return None, self._tell(events)

    def _involving(self, path: str) -> list[int]:
        """Copies from or to a path and what is below it."""
        inside = GROUND if path == GROUND else f"{path}/"
        return [
            copy.operation
            for copy in self._copies.values()
            if not path or copy.name.startswith(inside) or copy.target.startswith(inside)
        ]

    def _status(self) -> Action:
        copies = [
            {
                "operation": self._copies[standing.sequence].operation,
                "suspended": int(standing.suspended),
                "octets_sent": standing.octets,
                "file_octets": standing.size or 0,
            }
            for standing in self._entity.standings()
            if standing.source == self._entity.entity and standing.sequence in self._copies
        ]
        return report("FILE_COPY_STATUS", {"copies": copies[:MOST_FOUND]})

    def _next_status(self, now_ns: int) -> list[Action]:
        return [SetTimer("status", now_ns + self._status_ns, Tick("status"))] if self._status_ns else []

    def _is_locked(self, name: str) -> bool:
        found = self._store.find(name)
        return found is not None and found.locked

    def _values(self) -> dict[str, Any]:
        return {
            "files_stored": len(self._store.files),
            "file_store_kib": self._store.used_octets / 1024,
            "file_transfers": self._entity.open_outgoing + self._entity.open_incoming,
            "file_units_dropped": sum(self._entity.drops().values()),
        }

    # ---- snapshots, restarts ----------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """Files, and what is under way: a transfer goes on where it was."""
        return self.save()

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(retained)
        self._room = 0  # the downlink will say
        self._timer_ns = None

    def save(self) -> dict[str, Any]:
        return {
            "store": self._store.save(),
            "entity": self._entity.save(),
            "given": [[sequence, name] for sequence, name in self._given.items()],
            "copies": [
                [sequence, copy.operation, copy.name, copy.move, copy.target]
                for sequence, copy in self._copies.items()
            ],
            "room": self._room,
            "timer_ns": self._timer_ns,
            "status_ns": self._status_ns,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._store.load(saved["store"])
        self._entity.load(saved["entity"])
        self._given = {sequence: name for sequence, name in saved["given"]}
        self._copies = {sequence: _Copy(*copy) for sequence, *copy in saved["copies"]}
        self._room = saved["room"]
        self._timer_ns = saved["timer_ns"]
        self._status_ns = saved["status_ns"]


def _told(name: str) -> str:
    """A name as it goes into an event: whatever a peer has called it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:_TOLD_CHARACTERS]


def _occurred(
    event: Event, transfer: FileReceived | FileIncomplete | TransferEnded, values: dict[str, Any]
) -> Send:
    transaction = {"entity": transfer.source, "transaction": transfer.sequence}
    return Send(names.EVENTS, Occurred(event, transaction | values))


def _not_sent(ended: TransferEnded) -> Send:
    return _occurred(
        Event.FILE_NOT_SENT, ended, {"condition": int(ended.condition), "file": _told(ended.name)}
    )
