"""The mass memory: a file of checksummed records that only grows, with an index in memory.

Record: magic `FSWR`, key length (16 bits), octets (32 bits), CRC-32 of key and octets, key, octets.
A record that is damaged, or cut off by a full disk or a power loss, is not found again; the rest is.
"""

import os
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError

_HEAD = struct.Struct(">4sHII")
_MAGIC = b"FSWR"


class MassMemory:
    """folder: where the file lives; None for a temporary file that goes with the object.

    capacity_octets: emulated size; a record that does not fit is refused.
    """

    def __init__(self, capacity_octets: int, folder: Path | None = None) -> None:
        self._capacity_octets = capacity_octets
        if folder is None:
            # Unbuffered: what a full disk refuses must not be tried again at the next read.
            self._file: Any = tempfile.TemporaryFile(prefix="fsw-mass-memory-", buffering=0)  # noqa: SIM115
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / "mass_memory.log").open("w+b", buffering=0)
        self._index: dict[str, tuple[int, int]] = {}  # key: where its record begins, octets
        self._end = 0
        self.damaged = 0

    @property
    def used_octets(self) -> int:
        """Of the emulated capacity."""
        return self._end

    def store(self, key: str, octets: bytes) -> bool:
        """Append a record; False when there is no room for it. A key stored again is replaced."""
        name = key.encode()
        size = _HEAD.size + len(name) + len(octets)
        if self._end + size > self._capacity_octets:
            return False
        crc = zlib.crc32(octets, zlib.crc32(name))
        try:
            self._write(self._end, _HEAD.pack(_MAGIC, len(name), len(octets), crc) + name + octets)
        except OSError:
            return False  # the disk is full: what lies beyond the end is not part of the store
        self._index[key] = (self._end, len(octets))
        self._end += size
        return True

    def fetch(self, key: str) -> bytes | None:
        """The octets stored under this key; None when there are none or the record is damaged."""
        found = self._index.get(key)
        if found is None:
            return None
        start, length = found
        name = key.encode()
        size = _HEAD.size + len(name) + length
        record = self._read(start, size)
        octets: bytes = record[_HEAD.size + len(name) :]
        crc = zlib.crc32(octets, zlib.crc32(name))
        if len(record) != size or record[: _HEAD.size] != _HEAD.pack(_MAGIC, len(name), length, crc):
            self.damaged += 1
            return None
        return octets

    def save(self) -> dict[str, Any]:
        """Everything, the stored octets included."""
        index = {key: list(where) for key, where in self._index.items()}
        return {"octets": self._read(0, self._end), "index": index, "damaged": self.damaged}

    def load(self, saved: dict[str, Any]) -> None:
        """Raises FswError when the index points outside the octets."""
        octets = saved["octets"]
        ends = [
            start + _HEAD.size + len(key.encode()) + length for key, (start, length) in saved["index"].items()
        ]
        if any(end > len(octets) for end in ends):
            raise FswError("saved mass memory: a record lies outside it")
        os.ftruncate(self._file.fileno(), 0)
        self._write(0, octets)
        self._end = len(octets)
        self._index = {key: (start, length) for key, (start, length) in saved["index"].items()}
        self.damaged = saved["damaged"]

    def _write(self, start: int, octets: bytes) -> None:
        left = memoryview(octets)
        while left:
            written = os.pwrite(self._file.fileno(), left, start)
            left, start = left[written:], start + written

    def _read(self, start: int, size: int) -> bytes:
        """Fewer octets only where the file ends."""
        parts: list[bytes] = []
        while size and (part := os.pread(self._file.fileno(), size, start)):
            parts.append(part)
            start, size = start + len(part), size - len(part)
        return b"".join(parts)

    def close(self) -> None:
        """The file is not used any more."""
        self._file.close()
