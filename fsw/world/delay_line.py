"""What is under way on a link: sent, and not yet arrived."""

import bisect
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class DelayLine(Generic[T]):
    """Items by time of arrival; those that arrive together keep the order in which they were sent."""

    def __init__(self) -> None:
        self._under_way: list[tuple[int, int, T]] = []
        self._sent = 0

    def __len__(self) -> int:
        return len(self._under_way)

    def send(self, arrival_ns: int, item: T) -> None:
        """On its way; arrives at `arrival_ns`."""
        entry = (arrival_ns, self._sent, item)
        self._sent += 1
        bisect.insort(self._under_way, entry, key=lambda e: e[:2])

    def next_ns(self) -> int | None:
        """When the next item arrives."""
        return self._under_way[0][0] if self._under_way else None

    def arrived(self, now_ns: int) -> list[tuple[int, T]]:
        """Times and items that have arrived by now, in order."""
        if not self._under_way or self._under_way[0][0] > now_ns:
            return []
        count = bisect.bisect_right(self._under_way, now_ns, key=lambda e: e[0])
        found, self._under_way = self._under_way[:count], self._under_way[count:]
        return [(arrival_ns, item) for arrival_ns, _, item in found]

    def save(self) -> dict[str, Any]:
        return {"under_way": list(self._under_way), "sent": self._sent}

    def load(self, saved: dict[str, Any]) -> None:
        self._under_way = [tuple(entry) for entry in saved["under_way"]]
        self._sent = saved["sent"]
