"""The cells of an emulated memory: octets whose bits may change by themselves."""

from typing import Any


class Cells:
    """All of it is state. Bits are counted octet by octet, the lowest first."""

    def __init__(self, octets: bytes) -> None:
        self._cells = bytearray(octets)

    @property
    def bits(self) -> int:
        return 8 * len(self._cells)

    def raw(self, offset: int, octets: int) -> bytes:
        """As they are; fewer where the memory ends."""
        return bytes(self._cells[offset : offset + octets])

    def flip(self, bit: int) -> None:
        """An upset: a bit changes by itself."""
        self._cells[bit // 8] ^= 1 << bit % 8

    def save(self) -> dict[str, Any]:
        return {"cells": bytes(self._cells)}

    def load(self, saved: dict[str, Any]) -> None:
        self._cells = bytearray(saved["cells"])
