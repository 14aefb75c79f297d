"""What the compiler asks the spacecraft's dictionary for."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol


class Hole(NamedTuple):
    """Where a computed argument goes: raw = round((value - shift) / scale), big-endian, in `octets`."""

    offset: int
    octets: int
    signed: bool
    scale: float = 1.0
    shift: float = 0.0


class TelecommandWord(NamedTuple):
    """A telecommand with its arguments; the octets of the holes are filled on board."""

    service: int
    subtype: int
    application_data: bytes
    holes: dict[str, Hole]


class ParameterWord(NamedTuple):
    """A housekeeping parameter: its on-board identifier (16 bits), whether its values are reals, and
    the numbers of its enumeration's texts."""

    identifier: int
    real: bool
    texts: Mapping[str, int]


class Vocabulary(Protocol):
    """Each raises FswError, saying what is allowed."""

    def telecommand(
        self, name: str, arguments: Mapping[str, str], computed: Collection[str]
    ) -> TelecommandWord:
        """arguments: as an operator writes them. computed: names of those that are made on board."""
        ...

    def parameter(self, name: str) -> ParameterWord: ...

    def event(self, name: str) -> int:
        """Its identifier (16 bits)."""
        ...
