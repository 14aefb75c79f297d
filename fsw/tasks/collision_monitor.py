"""Keeps the camera from striking its host: predicts the closest approach, and retreats before it is one.

WATCHING --inside the limit soon, thruster fault, no sightings--> RETREATING

Each estimate is carried on over the horizon; what counts is the distance less some deviations. A retreat
adds or leaves the camera a velocity, of 27 tried each, whose free flight stays furthest off for weeks:
sunlight must not bring it back. Thrusters that are known to be faulty are not used for it. While it
retreats the watch goes on: what is too near again is answered by another burn, or by an event if none helps.
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
    GUIDANCE,
    THRUSTERS,
    Aborted,
    Estimate,
    Isolate,
    Reported,
    Retreat,
    ThrusterFault,
    Vector,
    fallen,
    margin,
)

REACTION_S = 30.0  # no burn changes what comes before
WATCH_STEPS = 16
DAY_S = 86_400.0
GAIN_M = 0.1  # of closest approach, below which a burn is not worth it
BURN_ERROR = 0.05  # deviation of what a burn gives, as a part of it

_STEPS = (-1.0, 0.0, 1.0)
DIRECTIONS: tuple[Vector, ...] = tuple(
    (x / r, y / r, z / r)
    for x in _STEPS
    for y in _STEPS
    for z in _STEPS
    if (r := sqrt(x * x + y * y + z * z)) > 0.0
)


@record
class MonitorFigures:
    """enabled: otherwise it only looks on. keep_out_m: of the host's centre. deviations: of the estimate's
    error. retreat_m_s: speed of a retreat. passive_s: how long that must be safe. stale_s: without a
    sighting that was believed, longer than which is not waited nearer than sighted_m. acceleration: of a
    thruster [m/s2]."""

    enabled: bool
    keep_out_m: float
    horizon_s: float
    deviations: float
    retreat_m_s: float
    passive_s: float
    stale_s: float
    sighted_m: float
    acceleration: float
    pull: float


class CollisionMonitor:
    def __init__(self, figures: MonitorFigures) -> None:
        self._figures = figures
        self._retreating = False
        self._burning_until_ns = 0
        self._faulty: list[int] = []
        self._cause: str | None = None  # to retreat, as soon as it is known from where
        step = figures.horizon_s / WATCH_STEPS
        self._watched_s = tuple(k * step for k in range(WATCH_STEPS + 1))
        # Close together at first, then four times a day.
        soon = [REACTION_S]
        while soon[-1] * 1.3 < min(figures.passive_s, 0.25 * DAY_S):
            soon.append(soon[-1] * 1.3)
        quarters = (0.25 * DAY_S * k for k in range(1, 1 + int(4.0 * figures.passive_s / DAY_S)))
        self._passive_s = (*soon, *quarters)

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        if not self._figures.enabled:
            return ()
        match message:
            case Estimate():
                return self._watch(message, now_ns)
            case ThrusterFault(thruster, is_open):
                self._faulty.append(thruster)
                self._cause = "thruster open" if is_open else "thruster dead"
                return [Send(THRUSTERS, Isolate(thruster))] if is_open else []
        return ()

    def _watch(self, estimate: Estimate, now_ns: int) -> list[Action]:
        least = self._closest(estimate, self._watched_s, now_ns)
        near = least < self._figures.keep_out_m
        why, self._cause = self._cause, None
        if why is not None:
            return self._abort(why, estimate, now_ns, least)
        if not self._retreating:
            if near:
                return self._abort("too near", estimate, now_ns, least)
            stale = estimate.stale_ns > self._figures.stale_s * SECOND and least < self._figures.sighted_m
            return self._abort("no sightings", estimate, now_ns, least) if stale else []
        if near and now_ns >= self._burning_until_ns and self._closing(estimate):
            return self._retreat(estimate, now_ns)
        return []

    def _closing(self, estimate: Estimate) -> bool:
        """Comes nearer, or leaves more slowly than it should."""
        outwards = sum(p * v for p, v in zip(estimate.at, estimate.velocity, strict=True))
        return outwards < 0.5 * self._figures.retreat_m_s * sqrt(sum(p * p for p in estimate.at))

    def _closest(self, estimate: Estimate, times_s: tuple[float, ...], now_ns: int) -> float:
        """Least distance at these times, less deviations [m]."""
        k, pull, now_s = self._figures.deviations, self._figures.pull, now_ns / SECOND
        at, velocity = estimate.at, estimate.velocity
        dp, dv = k * estimate.at_deviation, k * estimate.velocity_deviation
        return min(margin(at, velocity, fallen(t, now_s, pull), t, dp, dv) for t in times_s)

    def _abort(self, why: str, estimate: Estimate, now_ns: int, least: float) -> list[Action]:
        """What stops the inspection; once, but a retreat each time."""
        actions: list[Action] = []
        if not self._retreating:
            self._retreating = True
            values: dict[str, float | int | str] = {"why": why, "closest_m": round(least, 2)}
            actions = [Send(GUIDANCE, Aborted()), Emit(EVENT_PORT, Reported(InspectorEvent.ABORT, values))]
        return [*actions, *self._retreat(estimate, now_ns)]

    def _retreat(self, estimate: Estimate, now_ns: int) -> list[Action]:
        change, gain, least = self.best_change(estimate, now_ns)
        if gain < GAIN_M:
            # The inspection's burn, if one is under way, must end all the same.
            report = Reported(InspectorEvent.RETREAT_NOT_POSSIBLE, {"closest_m": round(least, 2)})
            return [Send(THRUSTERS, Retreat((0.0, 0.0, 0.0))), Emit(EVENT_PORT, report)]
        longest_s = max(abs(part) for part in change) / self._figures.acceleration
        self._burning_until_ns = now_ns + round((longest_s + REACTION_S) * SECOND)
        size = sqrt(sum(part * part for part in change))
        values: dict[str, float | int | str] = {"change_m_s": round(size, 4), "closest_m": round(least, 2)}
        return [
            Send(THRUSTERS, Retreat(change)),
            Emit(EVENT_PORT, Reported(InspectorEvent.RETREAT_BURN, values)),
        ]

    def best_change(self, estimate: Estimate, now_ns: int) -> tuple[Vector, float, float]:
        """Change of velocity, how much further off it keeps the closest approach, and that [m].

        No change, and no gain, where none of those tried is better than free flight.
        """
        k, pull, now_s = self._figures.deviations, self._figures.pull, now_ns / SECOND
        falls = [(t, fallen(t, now_s, pull)) for t in self._passive_s]
        at, speed = estimate.at, estimate.velocity
        dp = k * estimate.at_deviation

        def closest(change: Vector) -> float:
            error = BURN_ERROR * BURN_ERROR * sum(part * part for part in change)
            dv = k * sqrt(estimate.velocity_deviation * estimate.velocity_deviation + error)
            velocity = (speed[0] + change[0], speed[1] + change[1], speed[2] + change[2])
            return min(margin(at, velocity, fall, t, dp, dv) for t, fall in falls)

        free = closest((0.0, 0.0, 0.0))
        best, most = (0.0, 0.0, 0.0), free
        distance = sqrt(sum(p * p for p in at))
        outwards = (
            (at[0] / distance, at[1] / distance, at[2] / distance) if distance > 0.0 else (-1.0, 0.0, 0.0)
        )
        for direction in (outwards, *DIRECTIONS):
            push = tuple(self._figures.retreat_m_s * part for part in direction)
            for wanted in (push, tuple(p - v for p, v in zip(push, speed, strict=True))):
                change = self._possible(wanted)
                found = closest(change)
                if found > most:
                    best, most = change, found
        return best, most - free, most

    def _possible(self, change: tuple[float, ...]) -> Vector:
        """Without what faulty thrusters would have to give."""
        x, y, z = (
            0.0 if 2 * axis + (part < 0.0) in self._faulty else part for axis, part in enumerate(change)
        )
        return x, y, z

    def save(self) -> dict[str, Any]:
        return {
            "retreating": self._retreating,
            "burning_until_ns": self._burning_until_ns,
            "faulty": list(self._faulty),
            "cause": self._cause,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._retreating = saved["retreating"]
        self._burning_until_ns = saved["burning_until_ns"]
        self._faulty = list(saved["faulty"])
        self._cause = saved["cause"]
