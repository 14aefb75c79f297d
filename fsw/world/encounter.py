"""Two spacecraft that pass each other about a planet, and how a line camera on one is swept past the other.

Both fly orbits of their own (`fsw.world.orbit`); what lies between them is the difference of two paths that
are integrated alike. Geometric: light time and aberration together shift what is seen by relative speed over
that of light, some 20 urad along the target's way, the same for all of it; they are left out.
"""

from dataclasses import dataclass

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.world.integrator import State
from fsw.world.orbit import PlanetOrbit
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Matrix, Vector, add, cross, dot, length, scale, subtract, unit

SEARCH_NS = 600 * SECOND  # to either side of the target's elements
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Encounter:
    """carrier, target: their orbits. near_ns: mission time within `SEARCH_NS` of which they are closest."""

    carrier: PlanetOrbit
    target: PlanetOrbit
    near_ns: int

    def relative(self, t_ns: int) -> State:
        """From carrier to target [km], and its rate [km/s], axes of the ICRF."""
        there, here = (orbit.planet_centred_state(t_ns) for orbit in (self.target, self.carrier))
        return subtract(there[0], here[0]), subtract(there[1], here[1])

    def range_km(self, t_ns: int) -> float:
        return length(self.relative(t_ns)[0])

    def closest_ns(self) -> int:
        """When they are closest: a bracket of ten seconds, then golden sections, to a microsecond."""
        step = 10 * SECOND
        times = range(self.near_ns - SEARCH_NS, self.near_ns + SEARCH_NS + 1, step)
        best = min(times, key=self.range_km)
        if best in (times[0], times[-1]):
            raise FswError("no closest approach within ten minutes of the target's elements")
        low, high = best - step, best + step
        while high - low > 1000:
            left = high - round((high - low) * _GOLDEN)
            right = low + round((high - low) * _GOLDEN)
            if self.range_km(left) < self.range_km(right):
                high = right
            else:
                low = left
        return (low + high) // 2

    def receding_ns(self, range_km: float) -> int:
        """When the target, going away, is that far."""
        low = self.closest_ns()
        high = low + SEARCH_NS
        if not self.range_km(low) <= range_km <= self.range_km(high):
            raise FswError(
                f"range {range_km:g} km; allowed are {self.range_km(low):.1f} to {self.range_km(high):.1f}, "
                "from the closest approach to ten minutes later"
            )
        while high - low > 1:
            middle = (low + high) // 2
            if self.range_km(middle) < range_km:
                low = middle
            else:
                high = middle
        return high

    def lowest_km(self, t_ns: int) -> float:
        """How near the line of sight to the target, and on beyond it, comes to the planet's centre."""
        here, sight = self.carrier.planet_centred_state(t_ns)[0], unit(self.relative(t_ns)[0])
        along = max(0.0, -dot(here, sight))
        return length(add(here, scale(sight, along)))


@dataclass(frozen=True, slots=True)
class Sweep:
    """A boresight that turns evenly. At `t_ns` it points along `boresight`, and moves towards `ahead` (unit,
    ICRF, at right angles) at `rate_rad_s`."""

    t_ns: int
    boresight: Vector
    ahead: Vector
    rate_rad_s: float

    def axes(self, t_ns: int) -> Matrix:
        """Camera axes in the ICRF: along the line, ahead, boresight."""
        angle = self.rate_rad_s * ((t_ns - self.t_ns) / SECOND)
        sine, cosine = sine_cosine_degrees(angle * (180.0 / PI))
        z = add(scale(self.boresight, cosine), scale(self.ahead, sine))
        y = subtract(scale(self.ahead, cosine), scale(self.boresight, sine))
        return cross(y, z), y, z

    def shifted(self, along_rad: float, across_rad: float) -> "Sweep":
        """The same, off its course by small angles, ahead and along the line."""
        x = cross(self.ahead, self.boresight)
        z = unit(add(self.boresight, add(scale(self.ahead, along_rad), scale(x, across_rad))))
        y = unit(subtract(self.ahead, scale(z, dot(self.ahead, z))))
        return Sweep(self.t_ns, z, y, self.rate_rad_s)

    def place(self, encounter: Encounter, t_ns: int) -> tuple[float, float]:
        """Where the target is: tangents of the angles off the boresight, along the line and ahead."""
        x, y, z = self.axes(t_ns)
        way = encounter.relative(t_ns)[0]
        return dot(way, x) / dot(way, z), dot(way, y) / dot(way, z)

    def drift(self, encounter: Encounter, t_ns: int) -> tuple[float, float]:
        """How fast `place` changes [1/s]: it smears the picture, and sets its scale from line to line."""
        step = SECOND // 1000
        before, after = self.place(encounter, t_ns - step), self.place(encounter, t_ns + step)
        seconds = 2 * step / SECOND
        return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds

    def crossing_ns(self, encounter: Encounter, near_ns: int) -> int:
        """When the line is over the target, near that time (Newton's steps)."""
        t_ns = near_ns
        for _ in range(20):
            ahead = self.place(encounter, t_ns)[1]
            rate = self.drift(encounter, t_ns)[1]
            step = -ahead / rate if rate else 1e9
            if abs(step) > 10.0:
                break
            t_ns += round(step * SECOND)
            if abs(step) < 1e-7:
                return t_ns
        raise FswError(
            "the line does not cross the target: the sweep is as fast as the target appears to move"
        )


def sweep_twice(encounter: Encounter, first_ns: int, second_ns: int) -> Sweep:
    """The even sweep that is over the target at both times."""
    one, two = (unit(encounter.relative(t_ns)[0]) for t_ns in (first_ns, second_ns))
    normal = cross(one, two)
    ahead = unit(cross(normal, one))
    sine = length(normal)
    if dot(one, two) < 0.9 or sine < 1e-6:
        raise FswError("a sweep that meets its target twice: allowed are places 0.001 to 25 deg apart")
    angle = _arc_sine(sine)
    return Sweep(first_ns, one, ahead, angle / ((second_ns - first_ns) / SECOND))


def sweep_once(encounter: Encounter, t_ns: int, rate_rad_s: float, tilt_deg: float) -> Sweep:
    """A sweep over the target at that time, its direction off the target's apparent one by the tilt."""
    way, velocity = encounter.relative(t_ns)
    sight = unit(way)
    moving = unit(subtract(velocity, scale(sight, dot(velocity, sight))))
    sine, cosine = sine_cosine_degrees(tilt_deg)
    ahead = add(scale(moving, cosine), scale(cross(sight, moving), sine))
    return Sweep(t_ns, sight, ahead, rate_rad_s)


def _arc_sine(sine: float) -> float:
    """Of a small angle, by Newton's steps."""
    angle = sine
    for _ in range(6):
        s, c = sine_cosine_degrees(angle * (180.0 / PI))
        angle += (sine - s) / c
    return angle


def body_axes(orbit: PlanetOrbit, t_ns: int, sun: Vector) -> Matrix:
    """How the targets are taken to fly (assumed): +Z down, +X off the orbit's plane on the Sun's side."""
    position, velocity = orbit.planet_centred_state(t_ns)
    down = scale(unit(position), -1.0)
    normal = unit(cross(position, velocity))
    x = normal if dot(normal, sun) > 0.0 else scale(normal, -1.0)
    return x, cross(down, x), down
