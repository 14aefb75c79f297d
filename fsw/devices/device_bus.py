"""Simple devices behind one bus: heaters that on/off lines switch, and registers to read and to load.

The heaters are modelled and ours: warmth rises and falls by as much a second, up to a most.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fsw.kernel.time import MILLISECOND

_NS_PER_MILLIDEGREE = 60 * MILLISECOND
_MOST_MILLIDEGREES = 12_000


class Heater:
    """Off and cold at first."""

    def __init__(self) -> None:
        self.on = False
        self._since_ns = 0  # last switched
        self._then = 0  # warmth at that time [0.001 K]

    def switch(self, on: bool, now_ns: int) -> None:
        if on != self.on:
            self._then, self._since_ns, self.on = self.warmth(now_ns), now_ns, on

    def warmth(self, now_ns: int) -> int:
        """What it adds to the temperature [0.001 K]."""
        change = (now_ns - self._since_ns) // _NS_PER_MILLIDEGREE
        return min(_MOST_MILLIDEGREES, max(0, self._then + (change if self.on else -change)))

    def save(self) -> dict[str, Any]:
        return {"on": self.on, "since_ns": self._since_ns, "then": self._then}

    def load(self, saved: dict[str, Any]) -> None:
        self.on, self._since_ns, self._then = saved["on"], saved["since_ns"], saved["then"]


class LoadedRegister:
    """Holds what was loaded last; zero at first. octets: its width."""

    def __init__(self, octets: int) -> None:
        self._contents = bytes(octets)

    def read(self, now_ns: int) -> bytes:
        return self._contents

    def write(self, octets: bytes) -> None:
        """Octets of another length are not taken."""
        if len(octets) == len(self._contents):
            self._contents = bytes(octets)

    def save(self) -> dict[str, Any]:
        return {"contents": self._contents}

    def load(self, saved: dict[str, Any]) -> None:
        self._contents = bytes(saved["contents"])


@dataclass(frozen=True, slots=True)
class Register:
    """read: its octets at a time [ns]. write: None where nothing can be loaded."""

    read: Callable[[int], bytes]
    write: Callable[[bytes], None] | None = None


class DeviceBus:
    """lines: by address, the heater that a pulse switches, and whether on. registers: by address.

    What is sent to an address where nothing is has no effect, and nothing answers from there: b"".
    """

    def __init__(self, lines: Mapping[int, tuple[Heater, bool]], registers: Mapping[int, Register]) -> None:
        self._lines = dict(lines)
        self._registers = dict(registers)

    def pulse(self, address: int, now_ns: int) -> None:
        """An on/off command."""
        if address in self._lines:
            heater, on = self._lines[address]
            heater.switch(on, now_ns)

    def read(self, address: int, now_ns: int) -> bytes:
        """What a register holds."""
        return self._registers[address].read(now_ns) if address in self._registers else b""

    def write(self, address: int, octets: bytes) -> None:
        """Load a register."""
        register = self._registers.get(address)
        if register is not None and register.write is not None:
            register.write(octets)
