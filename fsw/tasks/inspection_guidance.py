"""Flies the camera round its host once, from waypoint to waypoint, then leaves towards the Sun.

Between waypoints it coasts along chords of a circle. A burn that never comes leaves it on a chord's
straight line, which only leads outwards: each hop is safe without the next.
"""

from collections.abc import Iterable
from math import sqrt
from typing import Any

from fsw.dictionary.inspector import InspectorEvent
from fsw.kernel.record import record
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.kernel.time import SECOND
from fsw.tasks.inspection import (
    EVENT_PORT,
    THRUSTERS,
    Aborted,
    Burn,
    Estimate,
    Reported,
    Vector,
    fallen,
)

LEAST_CORRECTION_M_S = 0.002


@record
class GuidanceFigures:
    """waypoints: round the host [m], the first of them come back to. leave: velocity at the end [m/s]."""

    waypoints: tuple[Vector, ...]
    hop_s: float
    leave: Vector
    pull: float


class InspectionGuidance:
    def __init__(self, figures: GuidanceFigures) -> None:
        self._figures = figures
        self._first = -1  # waypoint that was begun with; -1: not yet begun
        self._hop = 0  # under way; 0 leads to the first waypoint
        self._arrive_ns = 0
        self._corrected = False
        self._over = False

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Aborted():
                self._over = True
            case Estimate() if not self._over:
                return self._steer(message, now_ns)
        return ()

    def _steer(self, estimate: Estimate, now_ns: int) -> list[Action]:
        points, hop_ns = self._figures.waypoints, round(self._figures.hop_s * SECOND)
        if self._first < 0:
            self._first = min(range(len(points)), key=lambda k: _square(estimate.at, points[k]))
            return self._aim(estimate, now_ns, now_ns + hop_ns)
        if now_ns < self._arrive_ns:
            left_ns = self._arrive_ns - now_ns
            if self._corrected or 2 * left_ns > hop_ns:
                return []
            self._corrected = True
            change = self._change(estimate, now_ns, left_ns)
            return [Send(THRUSTERS, Burn(change))] if _size(change) > LEAST_CORRECTION_M_S else []
        off = sqrt(_square(estimate.at, self._target()))
        reached = Emit(
            EVENT_PORT,
            Reported(InspectorEvent.WAYPOINT_REACHED, {"waypoint": self._hop, "off_m": round(off, 2)}),
        )
        if self._hop == len(points):
            self._over = True
            leave = self._figures.leave
            change = (
                leave[0] - estimate.velocity[0],
                leave[1] - estimate.velocity[1],
                leave[2] - estimate.velocity[2],
            )
            done = Emit(EVENT_PORT, Reported(InspectorEvent.CIRCUIT_DONE, {"waypoints": len(points)}))
            return [reached, done, Send(THRUSTERS, Burn(change))]
        self._hop += 1
        return [reached, *self._aim(estimate, now_ns, self._arrive_ns + hop_ns)]

    def _target(self) -> Vector:
        points = self._figures.waypoints
        return points[(self._first + self._hop) % len(points)]

    def _aim(self, estimate: Estimate, now_ns: int, arrive_ns: int) -> list[Action]:
        self._arrive_ns, self._corrected = arrive_ns, False
        return [Send(THRUSTERS, Burn(self._change(estimate, now_ns, arrive_ns - now_ns)))]

    def _change(self, estimate: Estimate, now_ns: int, left_ns: int) -> Vector:
        """Of velocity, to be at the target when that much time is over."""
        left_s = max(left_ns / SECOND, 1.0)
        fall = fallen(left_s, now_ns / SECOND, self._figures.pull)
        x, y, z = (
            (target - at - way) / left_s - speed
            for target, at, way, speed in zip(
                self._target(), estimate.at, fall, estimate.velocity, strict=True
            )
        )
        return x, y, z

    def save(self) -> dict[str, Any]:
        return {
            "first": self._first,
            "hop": self._hop,
            "arrive_ns": self._arrive_ns,
            "corrected": self._corrected,
            "over": self._over,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._first, self._hop = saved["first"], saved["hop"]
        self._arrive_ns, self._corrected = saved["arrive_ns"], saved["corrected"]
        self._over = saved["over"]


def _size(a: Vector) -> float:
    return sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


def _square(a: Vector, b: Vector) -> float:
    return sum((p - q) * (p - q) for p, q in zip(a, b, strict=True))
