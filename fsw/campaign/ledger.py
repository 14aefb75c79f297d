"""What a campaign has done: an append-only file of lines, each whole or known not to be.

    CRC-32 of the rest, 8 hexadecimal digits; a space; one JSON object; a line feed

The first object says which campaign it is, each further one is the row of a run. A line is written by one
call and handed to the system at once, so what was written outlives `kill -9`; it is flushed to the disk
(fsync) once a second at most and at the end. At the start the torn tail of a line that was being written is
cut off; a line that is damaged otherwise is left out, and its run flown again. Of two rows of one run the
first counts.
"""

import fcntl
import json
import os
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

from fsw.core.errors import FswError

FSYNC_EVERY_S = 1.0


def line_of(entry: dict[str, Any]) -> bytes:
    """An entry as it stands in the file."""
    text = json.dumps(entry, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def entry_of(line: bytes) -> dict[str, Any] | None:
    """The entry in a line without its line feed; None if it is not as it was written."""
    crc, _, text = line.partition(b" ")
    if crc != b"%08x" % zlib.crc32(text):
        return None
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


class Ledger:
    """The file at `path`, made or continued; locked against another campaign until it is closed.

    identity: what the campaign is; one that is continued must have the same. rows: by run. damaged: lines
    that were left out. Raises FswError when another process holds it, or it is of another campaign.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path = path
        self.rows: dict[int, dict[str, Any]] = {}
        self.damaged = 0
        self._synced_s = time.monotonic()
        try:
            self._file = path.open("a+b", buffering=0)
            self._lock()
            self._read(identity)
        except OSError as error:
            raise FswError(f"{path}: {error.strerror or error}") from error
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FswError(f"{self.path}: another campaign is writing into this folder") from error

    def _read(self, identity: dict[str, Any]) -> None:
        self._file.seek(0)
        octets = self._file.read()
        whole = octets.rfind(b"\n") + 1
        if whole < len(octets):
            self._file.truncate(whole)
        lines = octets[:whole].splitlines()
        if not lines:
            self._file.truncate(0)
            self._write(identity)
            return
        first = entry_of(lines[0])
        if first is None:
            raise FswError(f"{self.path}: its first line is damaged; another folder is needed")
        for name, value in identity.items():
            if first.get(name) != value:
                raise FswError(
                    f"{self.path.parent}: it holds a campaign with {name} {first.get(name)!r}, and this"
                    f" is one with {value!r}; allowed are the same arguments, or another folder"
                )
        for line in lines[1:]:
            entry = entry_of(line)
            if entry is None or not isinstance(entry.get("run"), int):
                self.damaged += 1
            else:
                self.rows.setdefault(entry["run"], entry)

    def add(self, row: dict[str, Any]) -> bool:
        """The row of a run; False, and nothing, if it is there already."""
        if row["run"] in self.rows:
            return False
        self._write(row)
        self.rows[row["run"]] = row
        if time.monotonic() - self._synced_s >= FSYNC_EVERY_S:
            self._sync()
        return True

    def _write(self, entry: dict[str, Any]) -> None:
        line = line_of(entry)
        written = self._file.write(line)
        if written != len(line):
            raise OSError(28, os.strerror(28), str(self.path))

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced_s = time.monotonic()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sync()
        self._file.close()
