"""How fast mission time runs against the wall's clock: paused, at a rate, as fast as it can, or to a goal.

The wall's time is an argument here; only the edges read a clock.
"""

from fractions import Fraction
from math import inf

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND

SLICE_NS = SECOND // 4  # mission time run at once, so that whoever waits is served in between
BEHIND_NS = SECOND  # wall time by which a flight may fall behind before its beat slips
LOWEST_RATE, HIGHEST_RATE = 0.01, 10_000.0


class Pace:
    """rate: mission seconds a second; 0 is paused, inf as fast as possible.

    A goal (`hurry_to`) is run to as fast as possible, whatever the rate; then the rate holds again.
    When the flight cannot keep up, the beat slips and `slipped_ns` (wall time) tells by how much.
    """

    def __init__(self, rate: float = 0.0) -> None:
        self.goal_ns: int | None = None
        self.slipped_ns = 0
        self.jumps = 0
        self._anchor: tuple[int, int] | None = None  # wall, mission
        self.set_rate(rate)

    @property
    def rate(self) -> float:
        return self._rate

    def set_rate(self, rate: float) -> None:
        """Raises FswError outside 0.01 to 10000; 0 pauses, inf is as fast as possible."""
        if rate not in (0.0, inf) and not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise FswError(f"rate {rate:g}: allowed are {LOWEST_RATE:g} to {HIGHEST_RATE:g}, or max")
        self._rate = rate = float(rate)
        self._ratio = Fraction(0) if rate in (0.0, inf) else Fraction(repr(rate))
        self._anchor = None

    def hurry_to(self, goal_ns: int) -> None:
        """As fast as possible until then."""
        self.goal_ns = goal_ns
        self._anchor = None

    def stop(self) -> None:
        """Forget the goal, and pause."""
        self.goal_ns = None
        self.set_rate(0.0)

    def jumped(self) -> None:
        """Mission time was set from outside (a snapshot was restored)."""
        self.goal_ns = None
        self.jumps += 1
        self._anchor = None

    @property
    def text(self) -> str:
        """For people: 'paused', '10x', 'as fast as it can'."""
        if self.goal_ns is not None or self._rate == inf:
            return "as fast as it can"
        return f"{self._rate:g}x" if self._rate else "paused"

    def target(self, wall_ns: int, now_ns: int) -> int:
        """The mission time to run to next: a slice at most. `now_ns` itself when there is nothing to do."""
        if self.goal_ns is not None:
            if now_ns < self.goal_ns:
                return min(self.goal_ns, now_ns + SLICE_NS)
            self.goal_ns = None
            self._anchor = None
        if self._rate == inf:
            return now_ns + SLICE_NS
        if not self._ratio:
            return now_ns
        if self._anchor is None:
            self._anchor = (wall_ns, now_ns)
        wall_0, mission_0 = self._anchor
        due_ns = mission_0 + int((wall_ns - wall_0) * self._ratio)
        slice_ns = max(SLICE_NS, int(SLICE_NS * self._ratio))
        behind_ns = int((due_ns - now_ns - slice_ns) / self._ratio)
        if behind_ns > BEHIND_NS:
            self.slipped_ns += behind_ns
            self._anchor = (wall_0 + behind_ns, mission_0)
        return max(now_ns, min(due_ns, now_ns + slice_ns))

    def waiting_ns(self, wall_ns: int, now_ns: int, next_ns: int | None) -> int | None:
        """Wall time until mission time `next_ns` is due: 0 when it is, None when never."""
        if self._rate == inf or self.goal_ns is not None:
            return 0
        if not self._ratio or next_ns is None:
            return None
        if self._anchor is None:
            return max(0, int((next_ns - now_ns) / self._ratio))
        wall_0, mission_0 = self._anchor
        return max(0, wall_0 + int((next_ns - mission_0) / self._ratio) - wall_ns)
