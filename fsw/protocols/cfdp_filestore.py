"""The virtual filestore of CFDP (CCSDS 727.0-B-5, 4.9 and 5.4.1, 5.4.2), and one that lives in memory.

Names are relative, with '/' between directories; a directory exists once it was created. Nothing here
touches a disk: whoever owns a `FileStore` decides where its octets last. One in a folder is
`fsw.ground.file_store`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols.cfdp_tlv import lv, name_octets, name_of, take_lv

MOST_NAME_OCTETS = 120  # so that two names and a message fit into one option


class FileAction(IntEnum):
    """Action codes of filestore requests."""

    CREATE_FILE = 0
    DELETE_FILE = 1
    RENAME_FILE = 2
    APPEND_FILE = 3
    REPLACE_FILE = 4
    CREATE_DIRECTORY = 5
    REMOVE_DIRECTORY = 6
    DENY_FILE = 7  # delete, if it exists
    DENY_DIRECTORY = 8


_TWO_NAMES = (FileAction.RENAME_FILE, FileAction.APPEND_FILE, FileAction.REPLACE_FILE)
SUCCESSFUL = 0
NOT_PERFORMED = 15
# Status codes that differ by action: nothing there, the second name's trouble, not allowed.
_ABSENT = 1
_SECOND = 2
_NOT_ALLOWED = {
    FileAction.CREATE_FILE: 1,
    FileAction.DELETE_FILE: 2,
    FileAction.RENAME_FILE: 3,
    FileAction.APPEND_FILE: 3,
    FileAction.REPLACE_FILE: 3,
    FileAction.CREATE_DIRECTORY: 1,
    FileAction.REMOVE_DIRECTORY: 2,
    FileAction.DENY_FILE: 2,
    FileAction.DENY_DIRECTORY: 2,
}


@dataclass(frozen=True, slots=True)
class FilestoreRequest:
    action: FileAction
    first: str
    second: str = ""

    def encode(self) -> bytes:
        """The value of its option. Raises FswError on a name too long."""
        octets = bytes([self.action << 4]) + lv(name_octets(self.first), "file name")
        if self.action in _TWO_NAMES:
            octets += lv(name_octets(self.second), "file name")
        return octets


@dataclass(frozen=True, slots=True)
class FilestoreResponse:
    """status: 0 successful, 15 not performed, others by action (table 5-18)."""

    action: FileAction
    status: int
    first: str
    second: str = ""
    message: bytes = b""

    def encode(self) -> bytes:
        octets = bytes([self.action << 4 | self.status]) + lv(name_octets(self.first), "file name")
        if self.action in _TWO_NAMES:
            octets += lv(name_octets(self.second), "file name")
        return octets + lv(self.message, "filestore message")


def _names(octets: bytes) -> tuple[FileAction, str, str, int] | str:
    if not octets or octets[0] >> 4 not in FileAction._value2member_map_:
        return "filestore action unknown"
    action = FileAction(octets[0] >> 4)
    first = take_lv(octets, 1)
    if first is None:
        return "filestore option cut in a name"
    if action not in _TWO_NAMES:
        return action, name_of(first[0]), "", first[1]
    second = take_lv(octets, first[1])
    if second is None:
        return "filestore option cut in a name"
    return action, name_of(first[0]), name_of(second[0]), second[1]


def read_request(octets: bytes) -> FilestoreRequest | str:
    """What an option asks for, or the reason why nothing. Never raises."""
    found = _names(octets)
    return found if isinstance(found, str) else FilestoreRequest(*found[:3])


def read_response(octets: bytes) -> FilestoreResponse | str:
    """What an option answers, or the reason why nothing. Never raises."""
    found = _names(octets)
    if isinstance(found, str):
        return found
    action, first, second, at = found
    message = take_lv(octets, at)
    if message is None:
        return "filestore option cut in its message"
    return FilestoreResponse(action, octets[0] & 0xF, first, second, message[0])


class Filestore(ABC):
    """What an entity needs of a filestore. Nothing raises: what cannot be done changes nothing."""

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """A file's octets, or None."""

    @abstractmethod
    def write(self, name: str, octets: bytes) -> bool:
        """Make or replace a file; False where that is refused."""

    @abstractmethod
    def delete(self, name: str) -> bool:
        """False where there is no such file, or it must stay."""

    @abstractmethod
    def rename(self, old: str, new: str) -> bool:
        """Of a file, to a name that is free."""

    @abstractmethod
    def is_file(self, name: str) -> bool: ...

    @abstractmethod
    def is_directory(self, name: str) -> bool:
        """'' is the top."""

    @abstractmethod
    def create_directory(self, name: str) -> bool: ...

    @abstractmethod
    def remove_directory(self, name: str) -> bool:
        """False where there is none, or it is not empty."""

    @abstractmethod
    def listing(self, directory: str) -> bytes | None:
        """What is in a directory, a line each; None where there is no such directory."""

    def execute(self, request: FilestoreRequest) -> FilestoreResponse:
        """Carry out a request of a peer's; the status says how that went."""
        status = self._execute(request)
        return FilestoreResponse(request.action, status, request.first, request.second)

    def _execute(self, request: FilestoreRequest) -> int:
        first, second = request.first, request.second
        done = False
        match request.action:
            case FileAction.CREATE_FILE:
                done = not self.is_file(first) and self.write(first, b"")
            case FileAction.DELETE_FILE:
                if not self.is_file(first):
                    return _ABSENT
                done = self.delete(first)
            case FileAction.RENAME_FILE:
                if not self.is_file(first) or self.is_file(second):
                    return _SECOND if self.is_file(first) else _ABSENT
                done = self.rename(first, second)
            case FileAction.APPEND_FILE | FileAction.REPLACE_FILE:
                one, two = self.read(first), self.read(second)
                if one is None or two is None:
                    return _ABSENT if one is None else _SECOND
                done = self.write(first, one + two if request.action == FileAction.APPEND_FILE else two)
            case FileAction.CREATE_DIRECTORY:
                done = self.create_directory(first)
            case FileAction.REMOVE_DIRECTORY:
                if not self.is_directory(first):
                    return _ABSENT
                done = self.remove_directory(first)
            case FileAction.DENY_FILE:
                done = not self.is_file(first) or self.delete(first)
            case FileAction.DENY_DIRECTORY:
                done = not self.is_directory(first) or self.remove_directory(first)
        return SUCCESSFUL if done else _NOT_ALLOWED[request.action]

    def make_parents(self, name: str) -> list[str] | None:
        """Make the directories that a file of this name lacks; those made, or None (and none) if refused."""
        made: list[str] = []
        missing: list[str] = []
        directory = parent(name)
        while directory and not self.is_directory(directory):
            missing.append(directory)
            directory = parent(directory)
        for directory in reversed(missing):
            if not self.create_directory(directory):
                self.take_back(made)
                return None
            made.append(directory)
        return made

    def take_back(self, made: list[str]) -> None:
        """Directories that `make_parents` has made in vain."""
        for directory in reversed(made):
            self.remove_directory(directory)


def listed(entries: Iterable[tuple[str, int | None, bool]]) -> bytes:
    """A listing: names with, of files, a tab, their octets, and whether locked. None octets: a directory."""
    lines = [
        name if octets is None else f"{name}\t{octets}" + "\tlocked" * locked
        for name, octets, locked in entries
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def execute_all(store: Filestore | None, requests: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Responses to coded requests, in order; after one that failed none is performed (4.9.5)."""
    responses = []
    failed = store is None
    for octets in requests:
        request = read_request(octets)
        if isinstance(request, str):
            failed = True
            continue
        if store is None or failed:
            response = FilestoreResponse(request.action, NOT_PERFORMED, request.first, request.second)
        else:
            response = store.execute(request)
            failed = response.status != SUCCESSFUL
        responses.append(response.encode())
    return tuple(responses)


@dataclass(slots=True)
class StoredFile:
    """locked: neither changed nor deleted until unlocked."""

    octets: bytes
    locked: bool = False


@dataclass(frozen=True, slots=True)
class FileStoreSettings:
    most_octets: int = 1 << 22
    most_file_octets: int = 1 << 20
    most_files: int = 256
    most_directories: int = 64


def parent(name: str) -> str:
    return name.rpartition("/")[0]


def tame(name: str) -> bool:
    """A relative path of plain parts: no way out of the store, nothing invisible."""
    if not name or not name.isprintable() or len(name_octets(name)) > MOST_NAME_OCTETS:
        return False
    return all(part not in ("", ".", "..") for part in name.split("/"))


class FileStore(Filestore):
    """Files and directories with names, contents and locks, in bounded memory.

    `take_changed`: names whose files were written, locked, renamed or deleted since the last call.
    """

    def __init__(self, settings: FileStoreSettings | None = None) -> None:
        self.settings = settings or FileStoreSettings()
        self._files: dict[str, StoredFile] = {}
        self._directories: dict[str, None] = {}
        self._used = 0
        self._changed: dict[str, None] = {}

    @property
    def used_octets(self) -> int:
        return self._used

    @property
    def files(self) -> list[str]:
        """Names, sorted."""
        return sorted(self._files)

    @property
    def directories(self) -> list[str]:
        return sorted(self._directories)

    def take_changed(self) -> list[str]:
        changed, self._changed = list(self._changed), {}
        return changed

    def _mark(self, *names: str) -> None:
        self._changed |= dict.fromkeys(names)

    def find(self, name: str) -> StoredFile | None:
        return self._files.get(name)

    def is_file(self, name: str) -> bool:
        return name in self._files

    def is_directory(self, name: str) -> bool:
        return name == "" or name in self._directories

    def inside(self, directory: str) -> list[str]:
        """Names of what is directly in a directory, sorted; those of directories end in '/'."""
        found = [name for name in self._files if parent(name) == directory]
        found += [f"{name}/" for name in self._directories if parent(name) == directory]
        return sorted(found)

    def read(self, name: str) -> bytes | None:
        found = self._files.get(name)
        return None if found is None else found.octets

    def write(self, name: str, octets: bytes) -> bool:
        old = self._files.get(name)
        if not tame(name) or not self.is_directory(parent(name)) or self.is_directory(name):
            return False
        if (old is not None and old.locked) or (old is None and len(self._files) >= self.settings.most_files):
            return False
        used = self._used + len(octets) - (len(old.octets) if old is not None else 0)
        if len(octets) > self.settings.most_file_octets or used > self.settings.most_octets:
            return False
        self._used = used
        self._files[name] = StoredFile(bytes(octets))
        self._mark(name)
        return True

    def delete(self, name: str) -> bool:
        """False where there is no such file, or it is locked."""
        found = self._files.get(name)
        if found is None or found.locked:
            return False
        self._used -= len(found.octets)
        del self._files[name]
        self._mark(name)
        return True

    def lock(self, name: str, locked: bool) -> bool:
        """False where there is no such file."""
        found = self._files.get(name)
        if found is None:
            return False
        found.locked = locked
        self._mark(name)
        return True

    def rename(self, old: str, new: str) -> bool:
        """Of a file. False where that is not possible, with nothing changed."""
        found = self._files.get(old)
        if found is None or found.locked or not self._is_free(new):
            return False
        self._files[new] = self._files.pop(old)
        self._mark(old, new)
        return True

    def create_directory(self, name: str) -> bool:
        if not self._is_free(name) or len(self._directories) >= self.settings.most_directories:
            return False
        self._directories[name] = None
        return True

    def remove_directory(self, name: str) -> bool:
        """False where there is none, or it is not empty."""
        if name not in self._directories or self.inside(name):
            return False
        del self._directories[name]
        return True

    def rename_directory(self, old: str, new: str) -> bool:
        """With all that is in it. False where that is not possible, with nothing changed."""
        if old not in self._directories or not self._is_free(new) or (f"{new}/").startswith(f"{old}/"):
            return False
        inside = f"{old}/"
        names = [name for name in self._files if name.startswith(inside)]
        moved = [new + name[len(old) :] for name in (*names, *self._directories) if name.startswith(inside)]
        if any(self._files[name].locked for name in names) or not all(map(tame, moved)):
            return False
        for name in names:
            self._files[new + name[len(old) :]] = self._files.pop(name)
            self._mark(name, new + name[len(old) :])
        for name in list(self._directories):
            if name == old or name.startswith(inside):
                del self._directories[name]
                self._directories[new + name[len(old) :]] = None
        return True

    def _is_free(self, name: str) -> bool:
        """Whether something may be made under this name."""
        taken = name in self._files or self.is_directory(name)
        return tame(name) and not taken and self.is_directory(parent(name))

    def listing(self, directory: str) -> bytes | None:
        directory = directory.strip("/")
        if not self.is_directory(directory):
            return None
        found = [(name, self._files.get(name)) for name in self.inside(directory)]
        return listed(
            (name, None if file is None else len(file.octets), file is not None and file.locked)
            for name, file in found
        )

    def save(self) -> dict[str, Any]:
        """Plain data; settings are the caller's."""
        return {
            "files": [[name, file.octets, file.locked] for name, file in self._files.items()],
            "directories": list(self._directories),
            "changed": list(self._changed),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        """Raises FswError on what is too much for this store."""
        self._files = {name: StoredFile(octets, locked) for name, octets, locked in saved["files"]}
        self._directories = dict.fromkeys(saved["directories"])
        self._changed = dict.fromkeys(saved["changed"])
        self._used = sum(len(file.octets) for file in self._files.values())
        if self._used > self.settings.most_octets:
            raise FswError(f"saved files of {self._used} octets: allowed are {self.settings.most_octets}")
