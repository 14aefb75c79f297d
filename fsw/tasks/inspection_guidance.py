"""Flies the camera round its host once, from waypoint to waypoint, then leaves it.

Between waypoints it coasts along chords of a circle. A burn that never comes leaves it on a chord's
straight line, which only leads outwards: each hop is safe without the next. The first waypoint is the one
whose straight line from where the camera is found passes the host furthest off.
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
    """waypoints: round the host [m], the first of them come back to. leave_m_s: speed at the end.

    hop_s: between two of them. approach_m_s: at most, on the way to the first.
    """

    waypoints: tuple[Vector, ...]
    hop_s: float
    leave_m_s: float
    approach_m_s: float
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
            # Of two that pass as far off, as those to both sides do, that with the lower number.
            self._first = max(range(len(points)), key=lambda k: round(_passes(estimate.at, points[k])))
            way = sqrt(_square(estimate.at, self._target()))
            left_ns = max(hop_ns, round(way / self._figures.approach_m_s * SECOND))
            return self._aim(estimate, now_ns, now_ns + left_ns)
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
            x, y, z = (
                self._figures.leave_m_s * part - speed
                for part, speed in zip(_away(estimate.at), estimate.velocity, strict=True)
            )
            done = Emit(EVENT_PORT, Reported(InspectorEvent.CIRCUIT_DONE, {"waypoints": len(points)}))
            return [reached, done, Send(THRUSTERS, Burn((x, y, z)))]
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


def _passes(at: Vector, towards: Vector) -> float:
    """Least distance from the host's centre, of one who flies from here through there and on [m]."""
    x, y, z = (t - a for t, a in zip(towards, at, strict=True))
    square = x * x + y * y + z * z
    share = 0.0 if square == 0.0 else max(0.0, -(at[0] * x + at[1] * y + at[2] * z) / square)
    return _size((at[0] + share * x, at[1] + share * y, at[2] + share * z))


def _away(at: Vector) -> Vector:
    """Direction to leave in: outwards, but from behind the host aside, since sunlight leads back sunward."""
    x, y, z = min(at[0], 0.0), at[1], at[2]
    size = sqrt(x * x + y * y + z * z)
    return (x / size, y / size, z / size) if size > 0.0 else (0.0, 0.0, 1.0)
