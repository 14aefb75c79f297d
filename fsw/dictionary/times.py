"""On-board time as an argument or a field: CUC 4+3 without P-field, shown in seconds."""

import construct

from fsw.dictionary.parameter import Linear, Parameter
from fsw.dictionary.telecommand import Argument

TICKS_PER_S = 1 << 24
LATEST_S = 4_000_000_000  # a little before the clock's 32 bits of seconds are full

UNIT = "s since 2015-12-31T16:00Z"


def on_board_time(name: str, text: str) -> Parameter:
    """Resolution 2**-24 s."""
    return Parameter(name, construct.BytesInteger(7), text, UNIT, Linear(1 / TICKS_PER_S))


def time_argument(name: str, text: str) -> Argument:
    return Argument(on_board_time(name, text), 0, LATEST_S)


def ticks_of(seconds: float) -> int:
    """The clock's count that the seconds of such an argument stand for."""
    return round(seconds * TICKS_PER_S)
