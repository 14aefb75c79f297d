"""ST[13] on the ground: large reports put together again, large requests cut into parts."""

from typing import Any

from fsw import dictionary
from fsw.dictionary import Request
from fsw.ground.telemetry import Telemetry
from fsw.protocols.large_packets import Place, Reassembler, split
from fsw.protocols.pus import LONGEST_PACKET_OCTETS

SERVICE = 13
MOST_TRANSFERS = 16
_PLACE_OF = {1: Place.FIRST, 2: Place.NEXT, 3: Place.LAST}
_NAME_OF = {Place.FIRST: "LARGE_FIRST", Place.NEXT: "LARGE_NEXT", Place.LAST: "LARGE_LAST"}


class LargeReports:
    """Give it telemetry; it gives whole packets."""

    def __init__(self) -> None:
        self._transfers = Reassembler(MOST_TRANSFERS, LONGEST_PACKET_OCTETS)

    def take(self, telemetry: Telemetry) -> bytes | None:
        """The packet that is whole with this part; None for other telemetry, and while parts are missing."""
        place = _PLACE_OF.get(telemetry.subtype or 0) if telemetry.service == SERVICE else None
        if place is None or telemetry.report is None:
            return None
        transfer, number, part = (telemetry.values[k].raw for k in ("transaction", "part_number", "part"))
        assert isinstance(transfer, int)
        assert isinstance(number, int)
        assert isinstance(part, bytes)
        whole = self._transfers.take(transfer, place, number, part)
        return whole if isinstance(whole, bytes) else None

    def save(self) -> list[Any]:
        return self._transfers.save()

    def load(self, saved: list[Any]) -> None:
        self._transfers.load(saved)


def requests_for(packet: bytes, transaction: int, part_octets: int) -> list[Request]:
    """The requests that bring a telecommand packet up in parts of so many octets, the last one shorter."""
    return [
        dictionary.parse_telecommand(
            _NAME_OF[place], {"transaction": transaction, "part_number": number, "part": part}
        )
        for place, number, part in split(packet, part_octets)
    ]
