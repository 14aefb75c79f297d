"""Orbits about a planet for months at a time: an ellipse whose node, periapsis and mean anomaly drift.

The drift is the secular part of J2's pull (Vallado, Fundamentals of Astrodynamics and Applications, 4th ed.,
9.6.2); periodic terms, some kilometres, are left out, as are the Sun's tide and the air. For pictures and
minutes `fsw.world.orbit` is the tool; this one says which hours a planet hides its orbiter, at the same cost
in any month.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND, Epoch
from fsw.missions.relay_year import Phase, Plane
from fsw.world.planets import Planet, planet_named
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Vector, add, cross, scale

_DEGREE = PI / 180.0
_MOST_ITERATIONS = 60
_DEGREES_ENOUGH = 1e-10


def eccentric_anomaly_deg(mean_anomaly_deg: float, eccentricity: float) -> float:
    """Kepler's equation, solved to 1e-10 deg by Newton's rule, halved where it would leave the root."""
    turns = mean_anomaly_deg // 360.0
    mean = mean_anomaly_deg - 360.0 * turns
    low, high = 0.0, 360.0
    guess = mean + eccentricity / _DEGREE * sine_cosine_degrees(mean)[0]
    for _ in range(_MOST_ITERATIONS):
        sine, cosine = sine_cosine_degrees(guess)
        wrong = guess - eccentricity / _DEGREE * sine - mean
        if wrong > 0.0:
            high = min(high, guess)
        else:
            low = max(low, guess)
        step = wrong / (1.0 - eccentricity * cosine)
        better = guess - step
        if not low <= better <= high:
            better = 0.5 * (low + high)
        if abs(better - guess) < _DEGREES_ENOUGH:
            guess = better
            break
        guess = better
    return guess + 360.0 * turns


@dataclass(frozen=True)
class MeanOrbit:
    """t_ns: when node, periapsis and mean anomaly are as said; angles in the planet's equator of J2000."""

    planet: Planet
    t_ns: int
    semi_major_axis_km: float
    eccentricity: float
    inclination_deg: float
    ascending_node_deg: float
    argument_of_periapsis_deg: float
    mean_anomaly_deg: float

    def __post_init__(self) -> None:
        if not (self.semi_major_axis_km > 0.0 and 0.0 <= self.eccentricity < 1.0):
            raise FswError(
                f"orbit with semi-major axis {self.semi_major_axis_km} km, eccentricity {self.eccentricity}: "
                "allowed are positive ones, and eccentricities from 0 to below 1"
            )

    @cached_property
    def _rates_deg_s(self) -> Vector:
        """Of node, periapsis and mean anomaly."""
        a, e = self.semi_major_axis_km, self.eccentricity
        motion = sqrt(self.planet.gm_km3_s2 / (a * a * a)) / _DEGREE
        flat = self.planet.zonal_radius_km / (a * (1.0 - e * e))
        pull = 1.5 * self.planet.zonal[0] * flat * flat * motion
        cosine = sine_cosine_degrees(self.inclination_deg)[1]
        return (
            -pull * cosine,
            pull * (2.0 - 2.5 * (1.0 - cosine * cosine)),
            motion + pull * sqrt(1.0 - e * e) * (1.0 - 1.5 * (1.0 - cosine * cosine)),
        )

    @property
    def period_s(self) -> float:
        """From periapsis to periapsis."""
        return 360.0 / self._rates_deg_s[2]

    def angles_deg(self, t_ns: int) -> Vector:
        """Node, argument of periapsis and mean anomaly, as far as they have come."""
        seconds = (t_ns - self.t_ns) / SECOND
        node, periapsis, mean = self._rates_deg_s
        return (
            self.ascending_node_deg + node * seconds,
            self.argument_of_periapsis_deg + periapsis * seconds,
            self.mean_anomaly_deg + mean * seconds,
        )

    @cached_property
    def _equator(self) -> tuple[Vector, Vector, Vector]:
        return self.planet.equator()

    def position_km(self, t_ns: int) -> Vector:
        """From the planet's centre, axes of the ICRF."""
        node_deg, periapsis_deg, mean_deg = self.angles_deg(t_ns)
        node_axis, beyond, pole = self._equator
        so, co = sine_cosine_degrees(node_deg)
        si, ci = sine_cosine_degrees(self.inclination_deg)
        sw, cw = sine_cosine_degrees(periapsis_deg)
        node = add(scale(node_axis, co), scale(beyond, so))
        normal = add(scale(pole, ci), scale(cross(node, pole), si))
        towards = add(scale(node, cw), scale(cross(normal, node), sw))
        se, ce = sine_cosine_degrees(eccentric_anomaly_deg(mean_deg, self.eccentricity))
        a, e = self.semi_major_axis_km, self.eccentricity
        along, across = a * (ce - e), a * sqrt(1.0 - e * e) * se
        return add(scale(towards, along), scale(cross(normal, towards), across))


def phase_orbits(epoch: Epoch, plane: Plane, phases: Sequence[Phase]) -> list[MeanOrbit]:
    """An orbit for each phase, begun in its periapsis.

    Node and periapsis drift from one into the next, through the epoch of the plane.
    """
    planet = planet_named(plane.planet)
    starts = [epoch.parse(phase.from_utc) for phase in phases]

    def orbit(index: int, t_ns: int, node: float, periapsis: float) -> MeanOrbit:
        low = planet.equatorial_km + phases[index].periapsis_altitude_km
        high = planet.equatorial_km + phases[index].apoapsis_altitude_km
        size, shape = 0.5 * (low + high), (high - low) / (high + low)
        return MeanOrbit(planet, t_ns, size, shape, plane.inclination_deg, node, periapsis, 0.0)

    at_ns = epoch.parse(plane.elements_utc)
    home = max(index for index, start in enumerate(starts) if start <= at_ns or index == 0)
    found: dict[int, MeanOrbit] = {}
    angles = (plane.ascending_node_deg, plane.argument_of_periapsis_deg)
    for index in range(home, -1, -1):
        from_ns = at_ns if index == home else starts[index + 1]
        angles = orbit(index, from_ns, *angles).angles_deg(starts[index])[:2]
        found[index] = orbit(index, starts[index], *angles)
    for index in range(home + 1, len(starts)):
        angles = found[index - 1].angles_deg(starts[index])[:2]
        found[index] = orbit(index, starts[index], *angles)
    return [found[index] for index in range(len(starts))]


def orbit_at(orbits: Sequence[MeanOrbit], t_ns: int) -> MeanOrbit:
    """That of the phase under way: the last that has begun, or the first."""
    return max((orbit for orbit in orbits if orbit.t_ns <= t_ns), key=lambda one: one.t_ns, default=orbits[0])
