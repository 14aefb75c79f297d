"""How the orbiter points: a rule from the Sun and another body, and the small wandering of its control.

In cruise: decoded telemetry has the Sun in the body XZ plane, 20 deg off +X towards -Z, and Earth
63.6 deg from -Z. The Sun then is 70 deg from -Z, and with Earth 6.27 deg from the Sun no attitude brings
Earth nearer than 63.73 deg: 0.13 deg short of the decoded figure, which was read off a graph. That nearest
place is in the XZ plane too, so the rule here is: the Sun exactly, Earth in the XZ plane on its -Z side.
It leaves no freedom, and both decoded figures come out as closely as both can.

About a planet: the same rule with the planet in Earth's place, at one instant; from then on held against
the stars, so that wings and dish can stand still.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property, lru_cache

from fsw.kernel.time import SECOND
from fsw.world.flight_path import FlightPath
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import (
    Quaternion,
    Vector,
    add,
    multiply,
    normalise,
    quaternion_from_axes,
    rotate_back,
    scale,
)

_sine_cosine = lru_cache(maxsize=64)(sine_cosine_degrees)


@dataclass(frozen=True)
class Attitude(ABC):
    """Body to ICRF at any time; pure.

    dead_band_deg: half the width of each axis's limit cycle; limit_cycle_s: the period of each. Between
    thruster pulses, at the edges, an axis drifts at a constant rate: a triangle in time.
    """

    trajectory: FlightPath
    sun_from_plus_x_deg: float
    dead_band_deg: float
    limit_cycle_s: Vector

    @abstractmethod
    def target_state(self, t_ns: int) -> tuple[Quaternion, Vector]:
        """What the rule asks for (geometric directions), and its rate [rad/s, ICRF axes]."""

    def target(self, t_ns: int) -> Quaternion:
        """The attitude that the pointing rule asks for."""
        return self.target_state(t_ns)[0]

    def _by_sun_and(self, body: str, t_ns: int) -> tuple[Quaternion, Vector]:
        """The Sun at its angle off +X in the XZ plane, and the body in that plane, on its -Z side."""
        sun, y_axis, beyond, turning = self.trajectory.plane_of_sun_and(body, t_ns)
        sine, cosine = _sine_cosine(self.sun_from_plus_x_deg)
        x_axis = add(scale(sun, cosine), scale(beyond, -sine))
        z_axis = add(scale(sun, -sine), scale(beyond, -cosine))
        return quaternion_from_axes(x_axis, y_axis, z_axis), turning

    def _wandering(self, t_ns: int, axis: int) -> tuple[float, float]:
        """Angle [rad] about a body axis from the target, and its rate [rad/s]."""
        period_ns = round(self.limit_cycle_s[axis] * SECOND)
        # A third of a cycle apart, so that the axes do not turn back together at mission time zero.
        phase = (t_ns + axis * period_ns // 3) % period_ns / period_ns
        edge = self.dead_band_deg * (PI / 180.0)
        rate = 4.0 * edge / self.limit_cycle_s[axis]
        if phase < 0.5:
            return edge * (4.0 * phase - 1.0), rate
        return edge * (3.0 - 4.0 * phase), -rate

    def state(self, t_ns: int) -> tuple[Quaternion, Vector]:
        """Attitude as flown (w, x, y, z; w not negative) and rate in body axes [rad/s]."""
        target, turning = self.target_state(t_ns)
        (x, p), (y, q), (z, r) = (self._wandering(t_ns, axis) for axis in range(3))
        small = normalise((1.0, 0.5 * x, 0.5 * y, 0.5 * z))
        attitude = normalise(multiply(target, small))
        if attitude[0] < 0.0:
            attitude = (-attitude[0], -attitude[1], -attitude[2], -attitude[3])
        return attitude, add((p, q, r), rotate_back(attitude, turning))

    def attitude(self, t_ns: int) -> Quaternion:
        """Attitude as flown (w, x, y, z; w not negative)."""
        return self.state(t_ns)[0]


class CruiseAttitude(Attitude):
    """Sun and Earth decide, all the time."""

    def target_state(self, t_ns: int) -> tuple[Quaternion, Vector]:
        """With Sun and Earth 6 deg apart the plane through both turns faster than either: by 2e-6 rad/s."""
        return self._by_sun_and("earth", t_ns)


@dataclass(frozen=True)
class HeldAttitude(Attitude):
    """Sun and planet decide at `held_ns`; before and after, the attitude is the same."""

    planet: str
    held_ns: int

    @cached_property
    def _held(self) -> Quaternion:
        return self._by_sun_and(self.planet, self.held_ns)[0]

    def target_state(self, t_ns: int) -> tuple[Quaternion, Vector]:
        return self._held, (0.0, 0.0, 0.0)
