"""The keys that both ends of a protected link hold at launch, and where their numbers begin.

A ground and its spacecraft are given the same `LinkKeys`. Numbers begin anew with each flight, at a place of
its own: so no IV comes twice under one key, and what was recorded in one flight is stale in the next.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from fsw.core.errors import FswError

KEY_OCTETS = 32
FIRST_SESSION_KEY = 128  # ours, as NASA CryptoLib's: lower identifiers are master keys
MASTER_KEY = 1
FOR_AD, FOR_BD, FOR_RECOVERY = 128, 129, 130  # the session keys in use at launch
MOST_KEY_ID = 0xFFFF
MOST_FLIGHTS = 0xFFFF
_TEST_KEY_TEXT = "fsw published test key: protects nothing, "


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """keys: octets by identifier; below 128 master keys. flight: 1 and up with keys of one's own.

    published: everybody knows them; for trying things out only.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    flight: int = 0
    published: bool = False

    def __post_init__(self) -> None:
        for number, octets in self.keys.items():
            if not 0 < number <= MOST_KEY_ID or len(octets) != KEY_OCTETS:
                raise FswError(
                    f"key {number}, {len(octets)} octets: allowed are 1 to {MOST_KEY_ID}, {KEY_OCTETS} octets"
                )
        if len(set(self.keys.values())) != len(self.keys):
            raise FswError("two keys are the same: each must be its own")
        missing = [each for each in (MASTER_KEY, FOR_AD, FOR_BD, FOR_RECOVERY) if each not in self.keys]
        if missing:
            raise FswError(f"keys {', '.join(map(str, missing))} are missing: needed are 1 and 128 to 130")
        if not 0 <= self.flight <= MOST_FLIGHTS:
            raise FswError(f"flight {self.flight}: allowed are 0 to {MOST_FLIGHTS}; make new keys")

    @classmethod
    def test(cls) -> "LinkKeys":
        """Keys that everybody can work out."""
        numbers = (MASTER_KEY, *range(FIRST_SESSION_KEY, FIRST_SESSION_KEY + 8))
        keys = {n: hashlib.sha256(f"{_TEST_KEY_TEXT}{n}".encode()).digest() for n in numbers}
        return cls(keys, 0, published=True)

    def first_number(self, number_octets: int) -> int:
        """The anti-replay number before this flight's first one, of so many octets."""
        return self.flight << 4 * number_octets
