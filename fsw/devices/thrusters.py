"""Six cold-gas thrusters, one each way of three axes, with their faults.

Each has a valve that opens for a pulse, and before it a latch valve, which is closed at the release, opened
once, and closed for good when the thruster fails. What a thruster gives differs from the nominal by a factor
of its own; all are turned by one small mounting error.
"""

from dataclasses import dataclass
from typing import Any

from fsw.kernel.seeds import Stream
from fsw.world.vectors import Vector, add, cross, scale

COUNT = 6


@dataclass(frozen=True, slots=True)
class ThrusterFigures:
    """acceleration: of one [m/s2]. left_ns: how long the gas lasts for one. spread, misalignment:
    standard deviations, as a part and in radians."""

    acceleration: float
    left_ns: int
    spread: float
    misalignment: float


@dataclass(frozen=True, slots=True)
class ThrusterFaults:
    """From from_ns on: a thruster that gives nothing any more, and one that opens by itself."""

    dead: int | None = None
    leaking: int | None = None
    from_ns: int = 0


class Thrusters:
    def __init__(self, figures: ThrusterFigures, faults: ThrusterFaults, stream: Stream) -> None:
        m = figures.misalignment
        tilt = (m * stream.normal(), m * stream.normal(), m * stream.normal())
        axes: list[Vector] = []
        for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
            turned = add(axis, cross(tilt, axis))
            axes += [turned, scale(turned, -1.0)]
        self._gives = [
            scale(axis, figures.acceleration * (1.0 + figures.spread * stream.normal())) for axis in axes
        ]
        self._faults = faults
        self._left_ns = figures.left_ns
        self._closes_ns = [0] * COUNT
        self._latched = [True] * COUNT
        self._now_ns = 0

    @property
    def left_ns(self) -> int:
        """How long the gas lasts for one thruster."""
        return self._left_ns

    def pulse(self, thruster: int, on_ns: int, now_ns: int) -> None:
        """Opens its valve from now for so long; 0 closes it. Before, `advance` must have come to now."""
        self._closes_ns[thruster] = now_ns + on_ns

    def open_latches(self) -> None:
        """All of them: gas reaches the valves."""
        self._latched = [False] * COUNT

    def close_latch(self, thruster: int) -> None:
        """For good."""
        self._latched[thruster] = True

    def _on(self, now_ns: int) -> list[int]:
        if self._left_ns <= 0:
            return []
        failed = now_ns >= self._faults.from_ns
        found = []
        for k in range(COUNT):
            if self._latched[k] or (failed and k == self._faults.dead):
                continue
            if self._closes_ns[k] > now_ns or (failed and k == self._faults.leaking):
                found.append(k)
        return found

    def acceleration(self) -> Vector:
        """What they give until `next_ns` [m/s2]."""
        total = (0.0, 0.0, 0.0)
        for k in self._on(self._now_ns):
            total = add(total, self._gives[k])
        return total

    def next_ns(self) -> int | None:
        """When that changes by itself."""
        now_ns, on = self._now_ns, self._on(self._now_ns)
        times = [self._closes_ns[k] for k in on if self._closes_ns[k] > now_ns]
        if on:
            times.append(now_ns + -(-self._left_ns // len(on)))
        if self._faults.from_ns > now_ns:
            times.append(self._faults.from_ns)
        return min(times, default=None)

    def advance(self, now_ns: int) -> None:
        """On to a time, not after `next_ns`."""
        self._left_ns = max(0, self._left_ns - len(self._on(self._now_ns)) * (now_ns - self._now_ns))
        self._now_ns = now_ns

    def save(self) -> dict[str, Any]:
        return {
            "left_ns": self._left_ns,
            "closes_ns": list(self._closes_ns),
            "latched": list(self._latched),
            "now_ns": self._now_ns,
        }

    def load(self, saved: dict[str, Any]) -> None:
        """What each thruster gives is not in it: that follows from figures and seed."""
        self._left_ns, self._now_ns = saved["left_ns"], saved["now_ns"]
        self._closes_ns, self._latched = list(saved["closes_ns"]), list(saved["latched"])
