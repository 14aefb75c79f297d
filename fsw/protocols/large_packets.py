"""Large packets in parts (ECSS-E-ST-70-41C 6.13): cut on one side, put together on the other.

Parts are numbered from 1 and come in order; one that does not ends its transfer. The caller keeps the time.
"""

from enum import Enum, IntEnum
from typing import Any


class Place(Enum):
    FIRST = 0
    NEXT = 1
    LAST = 2


class AbortReason(IntEnum):
    """Why the parts of a transfer were dropped."""

    TIMED_OUT = 1
    OUT_OF_ORDER = 2
    TOO_LONG = 3
    BEGUN_ANEW = 4
    TOO_MANY = 5
    UNKNOWN = 6


def split(packet: bytes, part_octets: int) -> list[tuple[Place, int, bytes]]:
    """Parts with their places and numbers; the packet must be longer than one."""
    assert len(packet) > part_octets > 0
    parts = [packet[at : at + part_octets] for at in range(0, len(packet), part_octets)]
    places = [Place.FIRST, *[Place.NEXT] * (len(parts) - 2), Place.LAST]
    return [(place, number, part) for number, (place, part) in enumerate(zip(places, parts, strict=True), 1)]


class Reassembler:
    """most_transfers: at once. longest_octets: of a packet."""

    def __init__(self, most_transfers: int, longest_octets: int) -> None:
        self._most_transfers = most_transfers
        self._longest_octets = longest_octets
        self._parts: dict[int, list[bytes]] = {}

    def __contains__(self, transfer: int) -> bool:
        return transfer in self._parts

    def drop(self, transfer: int) -> None:
        self._parts.pop(transfer, None)

    def take(self, transfer: int, place: Place, number: int, part: bytes) -> bytes | AbortReason | None:
        """The whole packet with its last part; why the transfer has ended; or None while it goes on.

        A first part begins its transfer anew.
        """
        if place is Place.FIRST:
            self.drop(transfer)
            if len(self._parts) >= self._most_transfers:
                return AbortReason.TOO_MANY
            self._parts[transfer] = []
        parts = self._parts.get(transfer)
        if parts is None:
            return AbortReason.UNKNOWN
        if number != len(parts) + 1:
            self.drop(transfer)
            return AbortReason.OUT_OF_ORDER
        parts.append(part)
        if sum(map(len, parts)) > self._longest_octets:
            self.drop(transfer)
            return AbortReason.TOO_LONG
        if place is not Place.LAST:
            return None
        self.drop(transfer)
        return b"".join(parts)

    def save(self) -> list[Any]:
        return [[transfer, list(parts)] for transfer, parts in self._parts.items()]

    def load(self, saved: list[Any]) -> None:
        self._parts = {transfer: list(parts) for transfer, parts in saved}
