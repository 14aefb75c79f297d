"""Keeps pictures and thumbnails in the mass memory and dumps them as files.

The octets are in the memory behind the port, each picture behind its label, so that the catalogue here can
be made again of what the memory lists. A dump goes as fast as the file link asks for more; in the low rate
it does not, and the dump waits. A dump is done when its files have gone, by CFDP class 2 when they are there.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import (
    FailureCode,
    Lens,
    PictureCoding,
    PictureKind,
    PictureSet,
    PictureSize,
)
from fsw.dictionary.picture_label import OCTETS as LABEL_OCTETS
from fsw.dictionary.picture_label import PictureLabel, decode_label
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.file_messages import FilesGone, FilesWanted, SendFile, SendFiles, StopFiles
from fsw.tasks.messages import (
    Chosen,
    Execute,
    Fetch,
    Fetched,
    Gather,
    List,
    Listed,
    MemoryDamaged,
    MemoryFound,
    MemoryNotFlushed,
    Occurred,
    Picture,
    SafeMode,
    Store,
    Stored,
    Thumbnail,
    Values,
)


@dataclass(slots=True)
class Entry:
    """What the catalogue knows of a stored picture. octets: by kind, 0 when there is none.

    label: the full frame's, as it is stored with it; empty when only the memory's list tells of it.
    """

    full_octets: int = 0
    thumbnail_octets: int = 0
    label: bytes = b""


_KEYS = "picture/"


def _key(kind: PictureKind, number: int) -> str:
    return f"{_KEYS}{kind.name.lower()}/{number}"


def _of_key(key: str) -> tuple[PictureKind, int]:
    _, kind, number = key.split("/")
    return PictureKind[kind.upper()], int(number)


class MassMemory:
    """capacity_octets: of the memory behind the port."""

    def __init__(self, capacity_octets: int) -> None:
        self._capacity_octets = capacity_octets
        self._catalogue: dict[int, Entry] = {}
        self._chosen: tuple[int, ...] = ()
        self._used_octets = 0
        self._damaged = 0
        self._dumping = False
        self._to_fetch: deque[tuple[int, int]] = deque()  # kind, number
        self._fetching = 0
        self._under_way: dict[str, int] = {}  # names of files given to the file link, and their octets
        self._dump_files = 0
        self._dump_octets = 0
        self._sent = {int(kind): 0 for kind in PictureKind}

    def start(self, now_ns: int) -> Iterable[Action]:
        return [Emit(names.MEMORY_PORT, List(_KEYS, names.MASS_MEMORY))]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Picture():
                return self._keep(message)
            case Thumbnail(number, _, octets):
                return self._keep_thumbnail(number, octets)
            case Stored():
                return self._stored(message)
            case Listed(_, octets):
                self._find(octets)
            case MemoryFound(records, used_octets):
                self._used_octets = used_octets
                values = {"records": records, "memory_used_kib": used_octets / 1024}
                return [Send(names.EVENTS, Occurred(Event.MASS_MEMORY_FOUND, values))]
            case MemoryDamaged():
                return self._note_damage(message)
            case MemoryNotFlushed():
                return [Send(names.EVENTS, Occurred(Event.MASS_MEMORY_NOT_FLUSHED, {}))]
            case Chosen(numbers):
                self._chosen = numbers
            case FilesWanted() if self._dumping:
                return self._fetch(message)
            case FilesGone():
                return self._gone(message)
            case Fetched(octets):
                return self._fetched(octets)
            case Execute(request, acknowledge, "DUMP_START", arguments):
                return self._start_dump(PictureSet[arguments["pictures"]], request, acknowledge)
            case Execute(request, acknowledge, "DUMP_STOP", _):
                return self._stop_dump(request, acknowledge)
            case SafeMode(True) if self._dumping:
                return self._end_dump()
            case Gather(Structure.MASS_MEMORY, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    # ---- storing --------------------------------------------------------------------------------

    def _keep(self, picture: Picture) -> list[Action]:
        label = PictureLabel(
            picture.number,
            PictureKind.FULL,
            Lens(picture.lens),
            PictureSize(picture.size),
            PictureCoding(picture.coding),
            picture.exposed_at_100us,
            picture.exposure_us,
            picture.range_m,
        ).encode()
        self._catalogue[picture.number] = Entry(len(picture.octets), label=label)
        return [self._store(PictureKind.FULL, picture.number, label + picture.octets)]

    def _keep_thumbnail(self, number: int, octets: bytes) -> list[Action]:
        entry = self._catalogue.get(number)
        label = None if entry is None else decode_label(entry.label)
        if entry is None or label is None:
            return []
        entry.thumbnail_octets = len(octets)
        label = replace(label, kind=PictureKind.THUMBNAIL)
        return [self._store(PictureKind.THUMBNAIL, number, label.encode() + octets)]

    def _store(self, kind: PictureKind, number: int, octets: bytes) -> Emit:
        return Emit(names.MEMORY_PORT, Store(_key(kind, number), octets, names.MASS_MEMORY))

    def _find(self, octets: dict[str, int]) -> None:
        """The catalogue, made of what the memory holds; labels may have outlived a restart."""
        before, self._catalogue = self._catalogue, {}
        for key, stored in octets.items():
            kind, number = _of_key(key)
            label = before[number].label if number in before else b""
            entry = self._catalogue.setdefault(number, Entry(label=label))
            if kind is PictureKind.FULL:
                entry.full_octets = stored - LABEL_OCTETS
            else:
                entry.thumbnail_octets = stored - LABEL_OCTETS

    def _note_damage(self, damage: MemoryDamaged) -> list[Action]:
        self._damaged = damage.damaged
        event = Event.MASS_MEMORY_TORN if damage.torn else Event.MASS_MEMORY_DAMAGED
        values = {"damaged_at": damage.at, "damaged_octets": damage.octets, "memory_damaged": damage.damaged}
        return [Send(names.EVENTS, Occurred(event, values))]

    def _stored(self, stored: Stored) -> list[Action]:
        self._used_octets = stored.used_octets
        if stored.kept:
            return []
        kind, number = _of_key(stored.key)
        if kind is PictureKind.FULL:
            self._catalogue.pop(number, None)
        elif number in self._catalogue:
            self._catalogue[number].thumbnail_octets = 0
        return [Send(names.EVENTS, Occurred(Event.MASS_MEMORY_FULL, {"picture": number}))]

    # ---- dumping --------------------------------------------------------------------------------

    def _start_dump(self, which: PictureSet, request: bytes, acknowledge: int) -> list[Action]:
        def answer(failure: FailureCode | None = None) -> Send:
            return executed(request, acknowledge, failure)

        if self._dumping:
            return [answer(FailureCode.BUSY)]
        files: list[tuple[int, int]] = []
        if which is not PictureSet.SELECTED:
            files += [
                (int(PictureKind.THUMBNAIL), number)
                for number, entry in sorted(self._catalogue.items())
                if entry.thumbnail_octets
            ]
        if which is not PictureSet.THUMBNAILS:
            files += [
                (int(PictureKind.FULL), number)
                for number in self._chosen
                if number in self._catalogue and self._catalogue[number].full_octets
            ]
        if not files:
            return [answer(FailureCode.NOTHING_STORED)]
        self._dumping = True
        self._to_fetch = deque(files)
        self._dump_files = len(files)
        self._dump_octets = sum(self._size(*file) for file in files)
        return [answer(), self._event(Event.DUMP_STARTED)]

    def _stop_dump(self, request: bytes, acknowledge: int) -> list[Action]:
        if not self._dumping:
            return [executed(request, acknowledge, FailureCode.NOT_RUNNING)]
        return [*self._end_dump(), executed(request, acknowledge)]

    def _end_dump(self) -> list[Action]:
        self._to_fetch.clear()
        self._dumping = False
        return [Send(names.FILES, StopFiles()), self._event(Event.DUMP_STOPPED)]

    def _size(self, kind: int, number: int) -> int:
        entry = self._catalogue.get(number)
        if entry is None:
            return 0  # its place was needed by a later one of that number
        return entry.full_octets if kind == PictureKind.FULL else entry.thumbnail_octets

    def _fetch(self, wanted: FilesWanted) -> list[Action]:
        """As much as the file link takes."""
        if self._fetching:
            return []
        keys: list[str] = []
        octets = 0
        while self._to_fetch and len(keys) < wanted.files and octets < wanted.octets:
            kind, number = self._to_fetch.popleft()
            keys.append(_key(PictureKind(kind), number))
            octets += self._size(kind, number)
        if not keys:
            return []
        self._fetching = len(keys)
        return [Emit(names.MEMORY_PORT, Fetch(tuple(keys), names.MASS_MEMORY))]

    def _fetched(self, found: dict[str, bytes | None]) -> list[Action]:
        self._fetching = 0
        if not self._dumping:
            return []  # stopped meanwhile
        files: list[SendFile] = []
        for octets in found.values():
            message = b"" if octets is None else octets[:LABEL_OCTETS]
            label = decode_label(message)
            if octets is None or label is None:
                continue  # damaged in memory: never sent as good
            files.append(SendFile(label.file_name, octets[LABEL_OCTETS:], (message,)))
        self._under_way |= {file.name: len(file.octets) for file in files}
        actions: list[Action] = [Send(names.FILES, SendFiles(tuple(files)))] if files else []
        return actions + self._done()

    def _gone(self, gone: FilesGone) -> list[Action]:
        for name in (*gone.sent, *gone.failed):
            self._under_way.pop(name, None)
        for name in gone.sent:
            kind = PictureKind.THUMBNAIL if name.startswith("thumb") else PictureKind.FULL
            self._sent[int(kind)] += 1
        return self._done()

    def _done(self) -> list[Action]:
        if not self._dumping or self._to_fetch or self._fetching or self._under_way:
            return []
        self._dumping = False
        return [self._event(Event.DUMP_DONE)]

    def _event(self, event: Event) -> Send:
        values = {"files": self._dump_files, "file_octets": self._dump_octets}
        return Send(names.EVENTS, Occurred(event, values))

    def _values(self) -> dict[str, Any]:
        waiting = sum(self._under_way.values()) + sum(self._size(*file) for file in self._to_fetch)
        files = len(self._to_fetch) + len(self._under_way)
        return {
            "memory_used_kib": self._used_octets / 1024,
            "memory_fill": 100.0 * self._used_octets / self._capacity_octets,
            "memory_damaged": self._damaged,
            "pictures_stored": len(self._catalogue),
            "thumbnails_sent": self._sent[PictureKind.THUMBNAIL],
            "full_frames_sent": self._sent[PictureKind.FULL],
            "files_waiting": files,
            "octets_waiting_kib": waiting / 1024,
            "dump": "ON" if self._dumping else "OFF",
        }

    # ---- what outlives what ---------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """A dump does not outlive anything; which pictures there are, the memory tells again in any case."""
        return {
            "catalogue": [[number, asdict(entry)] for number, entry in self._catalogue.items()],
            "chosen": self._chosen,
            "used_octets": self._used_octets,
            "damaged": self._damaged,
            "sent": dict(self._sent),
        }

    def recall(self, retained: dict[str, Any]) -> None:
        self._catalogue = {number: Entry(**fields) for number, fields in retained["catalogue"]}
        self._chosen = retained["chosen"]
        self._used_octets = retained["used_octets"]
        self._damaged = retained["damaged"]
        self._sent = dict(retained["sent"])

    def safeguarded(self) -> dict[str, Any]:
        return self.retained()

    def recover(self, safeguarded: dict[str, Any]) -> None:
        self.recall(safeguarded)

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            **self.retained(),
            "dumping": self._dumping,
            "to_fetch": list(self._to_fetch),
            "fetching": self._fetching,
            "under_way": dict(self._under_way),
            "dump_files": self._dump_files,
            "dump_octets": self._dump_octets,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved)
        self._dumping = saved["dumping"]
        self._to_fetch = deque(saved["to_fetch"])
        self._fetching = saved["fetching"]
        self._under_way = dict(saved["under_way"])
        self._dump_files = saved["dump_files"]
        self._dump_octets = saved["dump_octets"]
