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
from fsw.protocols import cfdp_messages
from fsw.protocols.cfdp_entity import Answered, Entity, Peer
from fsw.protocols.cfdp_filestore import FileStore, FileStoreSettings, parent
from fsw.protocols.cfdp_messages import DirectoryListingRequest, DirectoryListingResponse
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.cfdp_transfer import TransferEnded
from fsw.tasks import names
from fsw.tasks.answers import executed, report
from fsw.tasks.file_copies import Copies, How, not_sent, occurred, told
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
_HOW: dict[str, How] = {
    f"FILE_{which}_{how}": how for which in ("COPY", "COPIES") for how in ("SUSPEND", "RESUME", "ABORT")
}
_LOCKED, _UNLOCKED = b"\1", b"\0"  # what a record begins with


@dataclass(frozen=True, slots=True)
class FilesSettings:
    """peer: the link to the ground. acknowledged_pictures: class 2 for what comes by `SendFiles`."""

    peer: Peer
    acknowledged_pictures: bool
    store: FileStoreSettings


class Files:
    def __init__(self, settings: FilesSettings) -> None:
        self._settings = settings
        self._store = FileStore(settings.store)
        self._entity = Entity((settings.peer,), self._store, users=_is_listing, most_open=MOST_UNDER_WAY)
        self._given: dict[int, str] = {}  # transactions of `SendFiles`, and their files' names
        self._copies = Copies(self._entity, self._store)
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
        listing = b""
        for event in events:
            match event:
                case FileReceived() if _is_listing(event.messages):
                    listing = event.octets  # its answer comes next
                case Answered(answer=DirectoryListingResponse() as answer):
                    actions.append(self._listed(answer, listing))
                case Answered():
                    actions += self._copies.answered(event)
                case FileReceived() if event.name:
                    values: dict[str, Any] = {"file_octets": len(event.octets), "file": told(event.name)}
                    actions.append(occurred(Event.FILE_RECEIVED, event, values))
                case FileIncomplete():
                    values = {"octets_received": event.received_octets, "file": told(event.name or "")}
                    actions.append(occurred(Event.FILE_NOT_RECEIVED, event, values))
                case TransferEnded() if event.sequence in self._given:
                    name = self._given.pop(event.sequence)
                    (failed if event.delivered is False else sent).append(name)
                    if event.delivered is False and event.condition:
                        actions.append(not_sent(event))
                case TransferEnded():
                    actions += self._copies.ended(event)
        if sent or failed:
            actions.append(Send(names.MASS_MEMORY, FilesGone(tuple(sent), tuple(failed))))
        return actions

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
                    {"entity": 0, "transaction": 0, "octets_received": 0, "file": told(name)},
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
                return self._copies.begin(arguments, name == "FILE_MOVE"), []
            case "FILE_COPY_SUSPEND" | "FILE_COPY_RESUME" | "FILE_COPY_ABORT":
                return self._steer(_HOW[name], arguments["operations"], now_ns)
            case "FILE_COPIES_SUSPEND" | "FILE_COPIES_RESUME" | "FILE_COPIES_ABORT":
                path, how = arguments["path"], _HOW[name]
                if not path.startswith(GROUND) and not self._store.is_directory(path):
                    return FailureCode.NO_SUCH_DIRECTORY, []
                return self._steer(how, self._copies.involving(how, path), now_ns)
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
        if name == "DIRECTORY_SUMMARY" and path.startswith(GROUND):
            return self._ask_for_listing(path.removeprefix(GROUND).strip("/")), []
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
        values = {"path": path, "objects": _objects(self._store.inside(path))}
        return None, [report("DIRECTORY_CONTENT", values)]

    def _ask_for_listing(self, directory: str) -> FailureCode | None:
        """Of a directory of the ground's; reported when it has come."""
        try:
            self._entity.ask(DirectoryListingRequest(directory, "listing"))
        except FswError:  # a name too long, or too many under way
            return FailureCode.FILE_STORE_REFUSES
        return None

    def _listed(self, answer: DirectoryListingResponse, listing: bytes) -> Action:
        path = told(GROUND + answer.directory)
        if not answer.listed:
            values = {"entity": self._entity.entity, "transaction": 0, "octets_received": 0, "file": path}
            return Send(names.EVENTS, Occurred(Event.FILE_NOT_RECEIVED, values))
        lines = [line.partition("\t")[0] for line in listing.decode("utf-8", "replace").splitlines()]
        return report("DIRECTORY_CONTENT", {"path": path, "objects": _objects(lines)})

    def _steer(self, how: How, operations: list[int], now_ns: int) -> tuple[FailureCode | None, list[Action]]:
        steered = self._copies.steer(how, operations, now_ns)
        if isinstance(steered, FailureCode):
            return steered, []
        events, actions = steered
        return None, [*self._tell(events), *actions]

    def _status(self) -> Action:
        return report("FILE_COPY_STATUS", {"copies": self._copies.rows()[:MOST_FOUND]})

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
            "copies": self._copies.save(),
            "room": self._room,
            "timer_ns": self._timer_ns,
            "status_ns": self._status_ns,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._store.load(saved["store"])
        self._entity.load(saved["entity"])
        self._given = {sequence: name for sequence, name in saved["given"]}
        self._copies.load(saved["copies"])
        self._room = saved["room"]
        self._timer_ns = saved["timer_ns"]
        self._status_ns = saved["status_ns"]


def _is_listing(said: tuple[bytes, ...]) -> bool:
    """Whether a file with these messages is a listing that we have asked for: it is told, not kept."""
    found = cfdp_messages.read(said)
    return not isinstance(found, str) and isinstance(found.operation, DirectoryListingResponse)


def _objects(entries: list[str]) -> list[dict[str, str]]:
    """For DIRECTORY_CONTENT; names of directories end in '/'."""
    return [
        {
            "kind": "DIRECTORY" if entry.endswith("/") else "FILE",
            "name": told(entry.rstrip("/").rpartition("/")[2]),
        }
        for entry in entries[:MOST_FOUND]
    ]
