"""Parameters that ST[20] sets: what the flight software can be told to do otherwise. All ours.

Identifiers from 0x8000 on, beside those of `fsw.dictionary.pool`, which are only measured. Each is kept as
binary64 in a word of the protected parameter area, at the address of its place in this table.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum


class SettableParameter(IntEnum):
    """Identifiers of settable parameters."""

    ANSWER_WITHIN_S = 0x8001
    CAMERA_ANSWERS_WITHIN_S = 0x8002
    LOW_BATTERY_WH = 0x8003
    LIT_ENOUGH_PPM = 0x8004
    ARMED_FOR_S = 0x8005
    SCRUB_PERIOD_S = 0x8006


@dataclass(frozen=True, slots=True)
class Setting:
    """minimum, maximum: allowed values, both included. whole: only whole numbers."""

    default: float
    minimum: float
    maximum: float
    unit: str
    text: str
    whole: bool = False

    def allows(self, value: float) -> bool:
        """Whether it may have this value."""
        return self.minimum <= value <= self.maximum and (not self.whole or value == int(value))

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        kind = "whole numbers, " if self.whole else ""
        return f"{kind}{self.minimum:g} to {self.maximum:g} {self.unit}"


SETTINGS = {
    SettableParameter.ANSWER_WITHIN_S: Setting(
        60, 5, 600, "s", "Time a task has to answer a telecommand before it has failed"
    ),
    SettableParameter.CAMERA_ANSWERS_WITHIN_S: Setting(
        5, 1, 60, "s", "Time the camera has to answer a command"
    ),
    SettableParameter.LOW_BATTERY_WH: Setting(
        5.5, 0.1, 20, "Wh", "Energy drawn from the camera's battery that event CAMERA_BATTERY_LOW tells of"
    ),
    SettableParameter.LIT_ENOUGH_PPM: Setting(
        # 0.05 % of the picture: the orbiter at 400 m.
        500,
        1,
        1_000_000,
        "ppm",
        "Lit share from which a picture counts as lit",
        True,
    ),
    SettableParameter.ARMED_FOR_S: Setting(
        60, 10, 120, "s", "Time after which an armed release mechanism is made safe"
    ),
    SettableParameter.SCRUB_PERIOD_S: Setting(
        32, 1, 3600, "s", "Time between two passes over the parameter area"
    ),
}
ADDRESSES = {identifier: address for address, identifier in enumerate(SETTINGS)}
assert set(SETTINGS) == set(SettableParameter)
assert all(setting.allows(setting.default) for setting in SETTINGS.values())

WORD_OCTETS = 8
_WORD = struct.Struct(">d")


def word(value: float) -> bytes:
    """A value as the parameter area keeps it."""
    return _WORD.pack(value)


def value_in(octets: bytes) -> float:
    """The value that a word of the area holds."""
    value: float = _WORD.unpack(octets)[0]
    return value
