"""Where the camera is from its host: a Kalman filter of position and velocity, the three axes alike.

The axes share one covariance, since each sighting is given the error of its worst direction. Velocity that
thrusters gave is taken from the accelerometers. A sighting further off than it could be is refused, so that
a sensor that is stuck makes the estimate grow uncertain instead of wrong; nothing is said before six have
been believed.
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
    MONITOR,
    Awake,
    Estimate,
    Measured,
    Reported,
    Vector,
    fallen,
    fallen_speed,
)

SIGHTINGS_TO_SETTLE = 6
GATE = 5.0  # deviations of a sighting that is still believed
STARTING_SPEED_M_S = 0.3  # deviation of each axis's before anything is known
GAIN_ERROR = 0.02  # of what the accelerometers show: scale, and attitude
BURN_PLACE = 0.05  # of a cycle: how well it is known when a burn was
LOST_AFTER = 5  # cycles without a sighting that is believed: an event


@record
class NavigationFigures:
    """pull: differential, of sunlight [m/s2]. range_error_m, bearing_error: of a sighting [m, rad].

    drift_m_s: how far velocity wanders in a cycle that nothing is known to push in. dead_band_m_s: what the
    accelerometers show below it is noise. acceleration: of a thruster [m/s2].
    """

    pull: float
    range_error_m: float
    bearing_error: float
    drift_m_s: float
    dead_band_m_s: float
    acceleration: float


class RelativeNavigation:
    def __init__(self, figures: NavigationFigures) -> None:
        self._figures = figures
        self._awake = False
        self._at: Vector = (0.0, 0.0, 0.0)
        self._velocity: Vector = (0.0, 0.0, 0.0)
        # Variances of position and velocity of an axis, and their covariance.
        self._pp, self._pv, self._vv = 0.0, 0.0, 0.0
        self._then_ns = 0
        self._seen_ns = 0
        self._sightings = 0
        self._missed = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Awake():
                self._awake = True
                return [Emit(EVENT_PORT, Reported(InspectorEvent.AWAKE, {}))]
            case Measured(sighting, gained) if self._awake:
                return self._measured(sighting, gained, now_ns)
        return ()

    def _measured(self, sighting: Vector | None, gained: Vector, now_ns: int) -> list[Action]:
        actions: list[Action] = []
        if not self._sightings:
            if sighting is None:
                return []
            variance = self._variance(sighting)
            self._at, self._velocity = sighting, (0.0, 0.0, 0.0)
            self._pp, self._pv, self._vv = variance, 0.0, STARTING_SPEED_M_S * STARTING_SPEED_M_S
            self._sightings, self._seen_ns, self._then_ns = 1, now_ns, now_ns
            return []
        self._predict(gained, now_ns)
        if sighting is not None and self._believed(sighting):
            self._sightings = min(self._sightings + 1, SIGHTINGS_TO_SETTLE)
            self._seen_ns, self._missed = now_ns, 0
        else:
            self._missed += 1
            if sighting is not None:
                off = sqrt(sum((s - a) * (s - a) for s, a in zip(sighting, self._at, strict=True)))
                actions.append(self._report(InspectorEvent.SIGHTING_REFUSED, off_m=round(off, 2)))
            if self._missed == LOST_AFTER:
                actions.append(self._report(InspectorEvent.SIGHTINGS_LOST, cycles=self._missed))
        if self._sightings < SIGHTINGS_TO_SETTLE:
            return actions
        estimate = Estimate(self._at, self._velocity, sqrt(self._pp), sqrt(self._vv), now_ns - self._seen_ns)
        return [*actions, *(Send(to, estimate) for to in (MONITOR, GUIDANCE))]

    def _predict(self, gained: Vector, now_ns: int) -> None:
        figures = self._figures
        dt = (now_ns - self._then_ns) / SECOND
        fall = fallen(dt, self._then_ns / SECOND, figures.pull)
        faster = fallen_speed(dt, self._then_ns / SECOND, figures.pull)
        least = figures.dead_band_m_s
        given = tuple(gain if abs(gain) > least else 0.0 for gain in gained)
        # Burns begin with a cycle; what goes on into the next one, or is a fault's, is as uncertain as it is.
        self._at = tuple(
            p + v * dt + g * max(dt - 0.5 * abs(g) / figures.acceleration, 0.5 * dt) + f
            for p, v, g, f in zip(self._at, self._velocity, given, fall, strict=True)
        )  # type: ignore[assignment]
        self._velocity = tuple(v + g + f for v, g, f in zip(self._velocity, given, faster, strict=True))  # type: ignore[assignment]
        most = max(abs(gain) for gain in given)
        wander = figures.drift_m_s * figures.drift_m_s + (GAIN_ERROR * most) * (GAIN_ERROR * most)
        late = BURN_PLACE * most * dt
        self._pp += 2.0 * dt * self._pv + dt * dt * (self._vv + 0.25 * wander) + late * late
        self._pv += dt * (self._vv + 0.5 * wander)
        self._vv += wander
        self._then_ns = now_ns

    def _variance(self, sighting: Vector) -> float:
        square = sum(axis * axis for axis in sighting)
        figures = self._figures
        return figures.range_error_m * figures.range_error_m + figures.bearing_error**2 * square

    def _believed(self, sighting: Vector) -> bool:
        """Takes it in, unless it is too far off."""
        variance = self._variance(sighting)
        total = self._pp + variance
        off = tuple(s - a for s, a in zip(sighting, self._at, strict=True))
        if max(abs(axis) for axis in off) > GATE * sqrt(total):
            return False
        kp, kv = self._pp / total, self._pv / total
        self._at = tuple(a + kp * o for a, o in zip(self._at, off, strict=True))  # type: ignore[assignment]
        self._velocity = tuple(v + kv * o for v, o in zip(self._velocity, off, strict=True))  # type: ignore[assignment]
        self._vv -= kv * self._pv
        self._pv -= kv * self._pp
        self._pp -= kp * self._pp
        return True

    def _report(self, event: InspectorEvent, **values: float | int) -> Action:
        return Emit(EVENT_PORT, Reported(event, dict(values)))

    def save(self) -> dict[str, Any]:
        return {
            "awake": self._awake,
            "at": self._at,
            "velocity": self._velocity,
            "covariance": (self._pp, self._pv, self._vv),
            "then_ns": self._then_ns,
            "seen_ns": self._seen_ns,
            "sightings": self._sightings,
            "missed": self._missed,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._awake = saved["awake"]
        self._at, self._velocity = saved["at"], saved["velocity"]
        self._pp, self._pv, self._vv = saved["covariance"]
        self._then_ns, self._seen_ns = saved["then_ns"], saved["seen_ns"]
        self._sightings, self._missed = saved["sightings"], saved["missed"]
