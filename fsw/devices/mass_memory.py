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
            self._file: Any = tempfile.TemporaryFile(prefix="fsw-mass-memory-")  # noqa: SIM115
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / "mass_memory.log").open("w+b")
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
            self._file.seek(self._end)
            self._file.write(_HEAD.pack(_MAGIC, len(name), len(octets), crc) + name)
            self._file.write(octets)
            self._file.flush()  # so that a full disk shows here, not at the next read
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
        self._file.seek(start)
        record = self._file.read(size)
        octets: bytes = record[_HEAD.size + len(name) :]
        crc = zlib.crc32(octets, zlib.crc32(name))
        if len(record) != size or record[: _HEAD.size] != _HEAD.pack(_MAGIC, len(name), length, crc):
            self.damaged += 1
            return None
        return octets

    def save(self) -> dict[str, Any]:
        """Everything, the stored octets included."""
        self._file.flush()
        self._file.seek(0)
        index = {key: list(where) for key, where in self._index.items()}
        return {"octets": self._file.read(self._end), "index": index, "damaged": self.damaged}

    def load(self, saved: dict[str, Any]) -> None:
        """Raises FswError when the index points outside the octets."""
        octets = saved["octets"]
        ends = [
            start + _HEAD.size + len(key.encode()) + length for key, (start, length) in saved["index"].items()
        ]
        if any(end > len(octets) for end in ends):
            raise FswError("saved mass memory: a record lies outside it")
        self._file.seek(0)
        os.ftruncate(self._file.fileno(), 0)
        self._file.write(octets)
        self._end = len(octets)
        self._index = {key: (start, length) for key, (start, length) in saved["index"].items()}
        self.damaged = saved["damaged"]

    def close(self) -> None:
        """The file is not used any more."""
        self._file.close()
