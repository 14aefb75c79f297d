"""A file as it arrives in CFDP segments of any order: its octets, and which of them have come."""

from bisect import bisect_left
from dataclasses import dataclass, field

Ranges = list[tuple[int, int]]


def include(ranges: Ranges, start: int, stop: int) -> None:
    """Add start..stop to sorted ranges that neither touch nor overlap, and keep them so."""
    if stop <= start:
        return
    if not ranges or start > ranges[-1][1]:  # past all that has come
        ranges.append((start, stop))
        return
    first = bisect_left(ranges, start, key=lambda pair: pair[1])
    last = first
    while last < len(ranges) and ranges[last][0] <= stop:
        start, stop = min(start, ranges[last][0]), max(stop, ranges[last][1])
        last += 1
    ranges[first:last] = [(start, stop)]


def gaps(ranges: Ranges, start: int, stop: int) -> Ranges:
    """What of start..stop is in none of the sorted ranges."""
    found = []
    for low, high in ranges:
        if low >= stop:
            break
        if low > start:
            found.append((start, low))
        start = max(start, high)
    if start < stop:
        found.append((start, stop))
    return found


@dataclass(slots=True)
class Assembly:
    """ranges: what has come, sorted, neither touching nor overlapping."""

    octets: bytearray = field(default_factory=bytearray)
    ranges: Ranges = field(default_factory=list)

    def add(self, offset: int, octets: bytes) -> None:
        stop = offset + len(octets)
        buffer = self.octets
        if offset == len(buffer):  # in order: the common case
            buffer += octets
        else:
            if stop > len(buffer):
                buffer.extend(bytes(stop - len(buffer)))
            buffer[offset:stop] = octets
        ranges = self.ranges
        if ranges and ranges[-1][1] == offset:  # spares a call for each segment
            ranges[-1] = (ranges[-1][0], stop)
        else:
            include(ranges, offset, stop)

    def received(self) -> int:
        return sum(high - low for low, high in self.ranges)
