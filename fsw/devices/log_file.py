"""What the mass memory's log lies on: octets at offsets, in a folder or in a temporary file.

The log asks nothing else of its medium than `LogFile`, so that tests put one under it that tears writes,
is full, flips bits or forgets what was not flushed.
"""

import fcntl
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from fsw.core.errors import FswError

NAME = "mass_memory.log"
_NEW = NAME + ".new"


class LogFile(Protocol):
    """Every method may raise OSError, as a disk may."""

    def size(self) -> int: ...

    def read(self, at: int, octets: int) -> bytes:
        """Fewer octets only where the file ends."""
        ...

    def write(self, at: int, parts: Sequence[bytes]) -> None:
        """All the parts, one behind the other, from `at` on; an error may leave some of them there."""
        ...

    def truncate(self, size: int) -> None: ...

    def sync(self) -> None:
        """When it returns, all that was written outlives a loss of power."""
        ...

    def fresh(self) -> "LogFile":
        """An empty file beside this one, to be filled and then given to `become`."""
        ...

    def become(self, other: "LogFile") -> None:
        """Hold what `other`, made by `fresh`, holds, at once or not at all; `other` is not used again."""
        ...

    def close(self) -> None: ...


class _OpenFile:
    """The octets of an open file, whichever it is."""

    _fd: int

    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def read(self, at: int, octets: int) -> bytes:
        part = os.pread(self._fd, octets, at)
        if len(part) == octets:
            return part
        parts = [part]
        while part:
            at, octets = at + len(part), octets - len(part)
            part = os.pread(self._fd, octets, at)
            parts.append(part)
        return b"".join(parts)

    def write(self, at: int, parts: Sequence[bytes]) -> None:
        written = os.pwritev(self._fd, parts, at)
        if written == sum(map(len, parts)):
            return
        left = memoryview(b"".join(parts))[written:]
        while left:
            at += written
            written = os.pwrite(self._fd, left, at)
            left = left[written:]

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)


class TemporaryLogFile(_OpenFile):
    """Goes with the object, so it has nothing to outlive: `sync` does nothing."""

    def __init__(self) -> None:
        # Unbuffered: what a full disk refuses must not be tried again at the next read.
        self._file = tempfile.TemporaryFile(prefix="fsw-mass-memory-", buffering=0)  # noqa: SIM115
        self._fd = self._file.fileno()

    def sync(self) -> None:
        return

    def fresh(self) -> "TemporaryLogFile":
        return TemporaryLogFile()

    def become(self, other: LogFile) -> None:
        assert isinstance(other, TemporaryLogFile)
        self._file.close()
        self._file, self._fd = other._file, other._fd

    def close(self) -> None:
        self._file.close()
        self._fd = -1  # the number may soon be another file's


class FolderLogFile(_OpenFile):
    """`mass_memory.log` in a folder, made if need be; found again by the next program that opens it.

    Raises FswError when the folder cannot be used, or is in use: a log has one writer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder_fd = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._folder_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (folder / _NEW).unlink(missing_ok=True)  # of a compaction that was broken off
            self._fd = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            if self._folder_fd >= 0:
                os.close(self._folder_fd)
            if isinstance(error, BlockingIOError):
                raise FswError(f"mass memory {folder}: in use by another spacecraft") from error
            raise FswError(f"mass memory {folder}: {error.strerror or error}") from error
        self._entry_flushed = False  # the folder's entry for the file

    def sync(self) -> None:
        os.fsync(self._fd)
        if not self._entry_flushed:
            os.fsync(self._folder_fd)
            self._entry_flushed = True

    def fresh(self) -> "_NewLogFile":
        return _NewLogFile(self._folder / _NEW)

    def become(self, other: LogFile) -> None:
        assert isinstance(other, _NewLogFile)
        other.sync()
        (self._folder / _NEW).replace(self._folder / NAME)
        os.close(self._fd)
        self._fd = other.release()
        self._entry_flushed = False  # until then the old file may come back; it holds the same

    def close(self) -> None:
        os.close(self._fd)
        os.close(self._folder_fd)  # and with it the lock


class _NewLogFile(_OpenFile):
    """The file that will replace a folder's log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)

    def sync(self) -> None:
        os.fsync(self._fd)

    def fresh(self) -> LogFile:
        raise AssertionError("a new log has none beside it")

    def become(self, other: LogFile) -> None:
        raise AssertionError("a new log is not replaced")

    def release(self) -> int:
        return self._fd

    def close(self) -> None:
        """It did not come to replace the log."""
        os.close(self._fd)
        self._path.unlink(missing_ok=True)
