"""File stores of the ground: one in a folder of the user's, and one in memory.

What comes from the spacecraft is kept there, what it asks for is read there, and its filestore requests are
carried out there: so the folder is all that it can reach. Names are relative paths of plain parts; each
part is opened below the one before without following links, so that neither `..`, an absolute name nor a
link leads out, whoever made it. Only plain files and directories are seen.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols.cfdp_filestore import FileStore, Filestore, FileStoreSettings, listed, tame

# Bounds on what the spacecraft can make the ground keep.
BOUNDS = FileStoreSettings(
    most_octets=1 << 28, most_file_octets=1 << 26, most_files=4096, most_directories=256
)
MEMORY_BOUNDS = replace(BOUNDS, most_octets=1 << 26)  # which each snapshot holds
_PART = ".fsw-part"  # a file while it is being written
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe must not keep us waiting for somebody to write into it.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class MemoryStore(FileStore):
    """In memory, so in snapshots too. A file comes with the directories that it needs."""

    def __init__(self, settings: FileStoreSettings = MEMORY_BOUNDS) -> None:
        super().__init__(settings)

    def write(self, name: str, octets: bytes) -> bool:
        made = self.make_parents(name) if tame(name) else None
        if made is None:
            return False
        if super().write(name, octets):
            return True
        self.take_back(made)
        return False

    def _mark(self, *names: str) -> None:
        """Nobody asks what has changed."""

    def load(self, saved: Mapping[str, Any] | None) -> None:
        """None is of a flight with a folder: what it held is not known."""
        super().load(saved or MemoryStore().save())


class FolderStore(Filestore):
    """In a folder, which is made if it is not there. Raises FswError if it cannot be.

    The folder is its user's, who may put files there and take them away at any time; so it is not part of
    snapshots. A file is written whole or not at all, and comes with the directories that it needs.
    """

    def __init__(self, folder: Path, settings: FileStoreSettings = BOUNDS) -> None:
        self.settings = settings
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.close(self._top())
        except OSError as error:
            raise FswError(f"folder of files {folder}: {error.strerror or error}") from error

    def _top(self) -> int:
        """The user's own path may lead over links."""
        return os.open(self._folder, _DIRECTORY & ~os.O_NOFOLLOW)

    @contextmanager
    def _opened(self, directory: str) -> Iterator[int]:
        """A descriptor of a directory below the folder, '' for itself. Raises OSError."""
        descriptor = self._top()
        try:
            for part in directory.split("/") if directory else ():
                below = os.open(part, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _place(self, name: str) -> Iterator[tuple[int, str]]:
        """Of a name: its directory's descriptor, and its last part. Raises OSError, on a wild name too."""
        if not _allowed(name):
            raise OSError("a name that this store has not")
        directory, _, last = name.rpartition("/")
        with self._opened(directory) as descriptor:
            yield descriptor, last

    def _mode(self, name: str) -> int:
        """What there is under a name, as `stat` codes it; 0 where there is nothing."""
        with suppress(OSError), self._place(name) as (directory, last):
            return os.stat(last, dir_fd=directory, follow_symlinks=False).st_mode
        return 0

    def is_file(self, name: str) -> bool:
        return stat.S_ISREG(self._mode(name))

    def is_directory(self, name: str) -> bool:
        return name == "" or stat.S_ISDIR(self._mode(name))

    def read(self, name: str) -> bytes | None:
        most = self.settings.most_file_octets
        try:
            with self._place(name) as (directory, last):
                descriptor = os.open(last, _READ, dir_fd=directory)
            with os.fdopen(descriptor, "rb") as file:
                plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
                octets = file.read(most + 1) if plain else None
        except OSError:
            return None
        return octets if octets is not None and len(octets) <= most else None

    def write(self, name: str, octets: bytes) -> bool:
        taken = self._mode(name) and not self.is_file(name)
        if not _allowed(name) or taken or not self._has_room(name, octets):
            return False
        made = self.make_parents(name)
        if made is None:
            return False
        with suppress(OSError), self._place(name) as (directory, last):
            with suppress(FileNotFoundError):  # of a program that was killed
                os.unlink(_PART, dir_fd=directory)
            try:
                with os.fdopen(os.open(_PART, _WRITE, 0o666, dir_fd=directory), "wb") as part:
                    part.write(octets)
                os.rename(_PART, last, src_dir_fd=directory, dst_dir_fd=directory)
                return True
            except OSError:
                os.unlink(_PART, dir_fd=directory)
        self.take_back(made)
        return False

    def _has_room(self, name: str, octets: bytes) -> bool:
        files = {found: size for found, size in self._walk() if size is not None}
        old = files.pop(name, 0)
        limits, used = self.settings, sum(files.values())
        return (
            len(octets) <= limits.most_file_octets
            and len(files) < limits.most_files
            and (used + len(octets) <= limits.most_octets or len(octets) <= old)
        )

    def delete(self, name: str) -> bool:
        if not self.is_file(name):
            return False
        with suppress(OSError), self._place(name) as (directory, last):
            os.unlink(last, dir_fd=directory)
            return True
        return False

    def rename(self, old: str, new: str) -> bool:
        if not self.is_file(old) or self._mode(new):
            return False
        with suppress(OSError), self._place(old) as (source, before), self._place(new) as (target, after):
            os.rename(before, after, src_dir_fd=source, dst_dir_fd=target)
            return True
        return False

    def create_directory(self, name: str) -> bool:
        if sum(1 for _, size in self._walk() if size is None) >= self.settings.most_directories:
            return False
        with suppress(OSError), self._place(name) as (directory, last):
            os.mkdir(last, dir_fd=directory)
            return True
        return False

    def remove_directory(self, name: str) -> bool:
        with suppress(OSError), self._place(name) as (directory, last):
            os.rmdir(last, dir_fd=directory)
            return True
        return False

    def listing(self, directory: str) -> bytes | None:
        directory = directory.strip("/")
        found = self._inside(directory)
        if found is None:
            return None
        return listed((f"{name}/" if size is None else name, size, False) for name, size in found)

    def _walk(self) -> Iterator[tuple[str, int | None]]:
        """All names with their octets, None of a directory; no more than tell that the store is full."""
        most = self.settings.most_files + self.settings.most_directories + 2
        waiting = [""]
        while waiting and most > 0:
            for name, size in self._inside(waiting.pop()) or ():
                if size is None:
                    waiting.append(name)
                most -= 1
                yield name, size

    def _inside(self, directory: str) -> list[tuple[str, int | None]] | None:
        """What is directly in a directory, sorted; None where there is no such directory."""
        if directory and not _allowed(directory):
            return None
        inside = f"{directory}/" if directory else ""
        most = self.settings.most_files + self.settings.most_directories
        found: list[tuple[str, int | None]] = []
        try:
            with self._opened(directory) as descriptor, os.scandir(descriptor) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # it has just gone
                        found += _seen(inside + entry.name, entry)
                    if len(found) > most:
                        break
        except OSError:
            return None
        return sorted(found, key=lambda pair: pair[0])

    def save(self) -> None:
        """The folder is not part of snapshots."""

    def load(self, saved: Mapping[str, Any] | None) -> None:
        """The folder stays as it is."""


def _allowed(name: str) -> bool:
    return tame(name) and _PART not in name.split("/")


def _seen(name: str, entry: os.DirEntry[str]) -> list[tuple[str, int | None]]:
    """An entry of a folder, if the store knows of such."""
    status = entry.stat(follow_symlinks=False)
    if not _allowed(name) or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return []
    return [(name, status.st_size if stat.S_ISREG(status.st_mode) else None)]


GroundStore = MemoryStore | FolderStore
