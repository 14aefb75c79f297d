"""What the tables of mission files are made of: labelled figures, and marks on what may stand where."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

Label = Literal["stated", "derived", "assumed"]
LABELS: tuple[Label, ...] = ("stated", "derived", "assumed")

Triple = tuple[float, float, float]
Quadruple = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One labelled value of a mission file."""

    value: Any
    unit: str
    label: Label
    source: str
    note: str = ""


class Within:
    """Marks a number, or each of several, as allowed from `low` to `high`."""

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high


class OneOf:
    """Marks a text as one of some."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices


PLAIN = "text that names or describes: no figure, no label"
UTC = "a UTC calendar time"
COMPUTED = "not in the file"

Name = Annotated[str, PLAIN]
Utc = Annotated[str, UTC]
