"""One measured speed, beside the peer it is compared with and the goal it must reach."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the bench table; the fields are those of `fsw bench --json`.

    `ratio` is value / peer_value (peer_value / value where less is better); None without a peer.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    goal: str
    met: bool | None


def paired_seconds(
    ours: Callable[[], object], peer: Callable[[], object], *, rounds: int = 7, target_s: float = 0.05
) -> tuple[float, float]:
    """Seconds per call of two functions, timed in alternation so that both meet the same noise.

    Each round runs each function for about `target_s`; the minimum over the rounds is returned,
    the value least disturbed by whatever else the machine does.
    """
    best = [float("inf"), float("inf")]
    loops = [_loops_for(function, target_s) for function in (ours, peer)]
    for _ in range(rounds):
        for k, function in enumerate((ours, peer)):
            start = time.perf_counter()
            for _ in range(loops[k]):
                function()
            best[k] = min(best[k], (time.perf_counter() - start) / loops[k])
    return best[0], best[1]


def _loops_for(function: Callable[[], object], target_s: float) -> int:
    loops = 1
    while True:
        start = time.perf_counter()
        for _ in range(loops):
            function()
        spent = time.perf_counter() - start
        if spent > target_s / 4:
            return max(1, round(loops * target_s / spent))
        loops *= 4
