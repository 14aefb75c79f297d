"""The communications link control word, as the ground reads it (232.0-B-4 4.2)."""

from dataclasses import dataclass

from fsw.core.errors import FswError

OCTETS = 4
COP_1 = 1

# Name, first bit counted from the most significant, number of bits. Bits 14, 15 and 23 are spare.
_FIELDS = (
    ("control_type", 0, 1),
    ("version", 1, 2),
    ("status", 3, 3),
    ("cop", 6, 2),
    ("virtual_channel", 8, 6),
    ("no_rf", 16, 1),
    ("no_bit_lock", 17, 1),
    ("lockout", 18, 1),
    ("wait", 19, 1),
    ("retransmit", 20, 1),
    ("farm_b", 21, 2),
    ("report_value", 24, 8),
)


@dataclass(frozen=True, slots=True)
class Clcw:
    """Field values as on the wire; control_type 1 is some other report, and no CLCW."""

    virtual_channel: int
    report_value: int
    control_type: int = 0
    version: int = 0
    status: int = 0
    cop: int = COP_1
    no_rf: int = 0
    no_bit_lock: int = 0
    lockout: int = 0
    wait: int = 0
    retransmit: int = 0
    farm_b: int = 0

    def __post_init__(self) -> None:
        for name, _, bits in _FIELDS:
            if not 0 <= getattr(self, name) < 1 << bits:
                raise FswError(f"CLCW {name} {getattr(self, name)}: allowed are 0 to {(1 << bits) - 1}")

    @classmethod
    def decode(cls, octets: bytes | bytearray | memoryview) -> "Clcw":
        """The operational control field, four octets; spare bits are not looked at."""
        if len(octets) != OCTETS:
            raise FswError(f"CLCW of {len(octets)} octets: allowed is {OCTETS}")
        word = int.from_bytes(octets, "big")
        return cls(**{name: word >> 32 - first - bits & (1 << bits) - 1 for name, first, bits in _FIELDS})

    def encode(self) -> bytes:
        word = 0
        for name, first, bits in _FIELDS:
            word |= int(getattr(self, name)) << 32 - first - bits
        return word.to_bytes(OCTETS, "big")
