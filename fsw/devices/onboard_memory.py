"""Memories of the computer without protection: scratch RAM, and the program image in its store."""

import hashlib
from typing import Any

from fsw.core.crc import crc16
from fsw.devices.cells import Cells

_CRC_OCTETS = 2


class ScratchMemory(Cells):
    """octets: its size. Zero at first."""

    def __init__(self, octets: int) -> None:
        super().__init__(bytes(octets))

    def write(self, offset: int, octets: bytes) -> None:
        """What would lie beyond the end is not written."""
        room = max(0, len(self._cells) - offset)
        self._cells[offset : offset + len(octets)] = octets[:room]


class ProgramImage(Cells):
    """A read-only image that ends in the CRC-16 of the rest. Stands for machine code: any octets do.

    Only its upsets are saved.
    """

    def __init__(self, octets: int) -> None:
        blocks = -(-octets // hashlib.sha256().digest_size)
        made = b"".join(hashlib.sha256(f"program image {k}".encode()).digest() for k in range(blocks))
        body = made[: octets - _CRC_OCTETS]
        self._good = body + crc16(body).to_bytes(_CRC_OCTETS, "big")
        super().__init__(self._good)

    def save(self) -> dict[str, Any]:
        if self._cells == self._good:
            return {"upsets": {}}
        pairs = enumerate(zip(self._cells, self._good, strict=True))
        return {"upsets": {offset: now ^ good for offset, (now, good) in pairs if now != good}}

    def load(self, saved: dict[str, Any]) -> None:
        self._cells = bytearray(self._good)
        for offset, upset in saved["upsets"].items():
            self._cells[offset] ^= upset
