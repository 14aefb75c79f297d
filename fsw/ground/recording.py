"""The channel access data units as received: in a file, or in memory where nothing is to be kept."""

import hashlib
from pathlib import Path
from typing import BinaryIO

FILE = "downlink.cadu"


class Recording:
    """folder: where `downlink.cadu` goes; None keeps the octets in memory. Raises OSError."""

    def __init__(self, folder: Path | None) -> None:
        self._octets = bytearray()
        self._file: BinaryIO | None = None if folder is None else (folder / FILE).open("w+b")
        self._hash = hashlib.sha256()

    def keep(self, octets: bytes) -> None:
        """Behind what is there."""
        self._hash.update(octets)
        if self._file is not None:
            self._file.write(octets)
        else:
            self._octets += octets

    @property
    def sha256(self) -> str:
        """Of all of it, in hexadecimal."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Whole, whatever happened."""
        if self._file is not None:
            self._file.close()

    def save(self) -> bytes:
        """All of it."""
        if self._file is None:
            return bytes(self._octets)
        self._file.flush()
        self._file.seek(0)
        return self._file.read()

    def load(self, octets: bytes) -> None:
        """These instead of what is there."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
        self._octets.clear()
        self._hash = hashlib.sha256()
        self.keep(octets)
