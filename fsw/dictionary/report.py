"""A telemetry report: where it is found, what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import construct

from fsw.core.errors import FswError
from fsw.dictionary.identifiers import Origin
from fsw.dictionary.layout import Group, Layout
from fsw.dictionary.parameter import Parameter, Value, Violation

Severity = Literal["info", "low", "medium", "high"]
IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Report:
    """One kind of telemetry packet.

    service, subtype: PUS type, or None for packets without secondary header.
    identifier: the structure identifier (ST[3,25]) or event identifier (ST[5]) that opens the source
    data, 16 bits, or None. period_s: how often it is sent unless told otherwise; None on occasion.
    groups: counted groups of fields, after the parameters.

    `decode` and `encode` work on the source data: what lies between the secondary header and the
    packet error control, or the whole packet data field where there is no secondary header.
    """

    name: str
    apid: int
    parameters: tuple[Parameter, ...]
    text: str
    origin: Origin
    service: int | None = None
    subtype: int | None = None
    identifier: int | None = None
    severity: Severity | None = None
    period_s: float | None = None
    groups: tuple[Group, ...] = ()
    layout: Layout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        head: tuple[Parameter, ...] = ()
        if self.identifier is not None:
            head = (
                Parameter(
                    IDENTIFIER,
                    construct.Int16ub,
                    "Structure or event identifier",
                    default=self.identifier,
                    hidden=True,
                ),
            )
        object.__setattr__(self, "layout", Layout(self.name, (*head, *self.parameters, *self.groups)))

    def decode(self, octets: bytes, hidden: bool = False) -> dict[str, Value]:
        """Named values of the source data.

        Raises FswError when the length is not this report's or another identifier opens the data.
        """
        if self.identifier is not None and int.from_bytes(octets[:2], "big") != self.identifier:
            raise FswError(f"{self.name}: identifier {octets[:2].hex()} is not {self.identifier:04x}")
        return self.layout.decode(octets, hidden)

    def encode(self, values: Mapping[str, Any] | None = None) -> bytes:
        """Source data of engineering values by name; a group's are a list of mappings.

        Raises FswError on unknown, missing or unfit ones.
        """
        return self.layout.encode(values or {})

    def check(self, values: Mapping[str, Value]) -> list[Violation]:
        """Limits that decoded values pass."""
        return self.layout.check(values)
