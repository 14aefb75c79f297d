"""On-board parameters: every value of the orbiter's housekeeping by a 16-bit identifier.

ST[3] definitions, ST[4] statistics, ST[12] monitoring, ST[18] procedures and ST[20] name parameters so.
Ours: structure identifier x 256 + place in the structure, counted from 1.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fsw.dictionary import housekeeping
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import LANDER_APID
from fsw.dictionary.parameter import Parameter


@dataclass(frozen=True, slots=True)
class PoolParameter:
    """A parameter that its owners tell when they are asked for its structure."""

    identifier: int
    structure: Structure
    parameter: Parameter

    @property
    def name(self) -> str:
        return self.parameter.name


def _identified() -> dict[int, PoolParameter]:
    found = {}
    for report in housekeeping.REPORTS:
        if report.apid == LANDER_APID or report.identifier is None:
            continue  # the lander's computer keeps its own
        for place, parameter in enumerate(report.parameters, start=1):
            identifier = report.identifier << 8 | place
            found[identifier] = PoolParameter(identifier, Structure(report.identifier), parameter)
    return found


PARAMETERS = _identified()
BY_NAME = {parameter.name: parameter for parameter in PARAMETERS.values()}
assert len(BY_NAME) == len(PARAMETERS), "a housekeeping parameter's name is used twice"
OnBoardParameter = IntEnum(  # type: ignore[misc]
    "OnBoardParameter", {name.upper(): parameter.identifier for name, parameter in BY_NAME.items()}
)
OnBoardParameter.__doc__ = "Identifiers of on-board parameters, by name."


def number(identifier: int, told: dict[str, Any]) -> float | int | None:
    """The value of a parameter among those that its owners told; of an enumeration, its number."""
    found = PARAMETERS[identifier]
    value = told.get(found.name)
    enumeration = found.parameter.enumeration
    if value is None or enumeration is None:
        return value
    return int(enumeration[value])
