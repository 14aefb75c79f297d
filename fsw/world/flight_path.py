"""Where a spacecraft is, whatever moves it: what the kinds of trajectory have in common."""

from abc import ABC, abstractmethod

from fsw.core.errors import FswError
from fsw.world.ephemeris import Ephemeris
from fsw.world.integrator import State
from fsw.world.vectors import Vector, add, cross, dot, length, scale, subtract

# Sun and Earth nearer than this [sine of the angle] leave the roll about the Sun undefined.
_IN_LINE = 1e-5


def across(direction: Vector, rate: Vector) -> Vector:
    """The part of `rate` at right angles to a unit vector."""
    return subtract(rate, scale(direction, dot(direction, rate)))


def direction_and_rate(way: tuple[Vector, Vector]) -> tuple[Vector, Vector]:
    """A separation and its rate as a unit vector and its rate [1/s]."""
    separation, rate = way
    distance = length(separation)
    direction = scale(separation, 1.0 / distance)
    return direction, scale(across(direction, rate), 1.0 / distance)


class FlightPath(ABC):
    """A pure function of time. What a kind of path stores besides its figures is a cache, not state."""

    def __init__(self, ephemeris: Ephemeris) -> None:
        self.ephemeris = ephemeris

    @abstractmethod
    def barycentric_state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s], ICRF from the solar system's barycentre."""

    def state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s], ICRF from the Sun."""
        position, velocity = self.barycentric_state(t_ns)
        sun_position, sun_velocity = self.ephemeris.state("sun", t_ns)
        return subtract(position, sun_position), subtract(velocity, sun_velocity)

    def to_body(self, body: str, t_ns: int) -> State:
        """From the spacecraft to a body: separation [km] and its rate [km/s], geometric, ICRF."""
        position, velocity = self.barycentric_state(t_ns)
        body_position, body_velocity = self.ephemeris.state(body, t_ns)
        return subtract(body_position, position), subtract(body_velocity, velocity)

    def plane_of_sun_and(self, body: str, t_ns: int) -> tuple[Vector, Vector, Vector, Vector]:
        """The plane of Sun and body, seen from the spacecraft, as three axes of ICRF: the Sun, the plane's
        normal (Sun x body), and in the plane 90 deg from the Sun, on the body's side; and the rate at which
        they turn [rad/s]. Raises FswError where the two are in line."""
        sun, sun_rate = direction_and_rate(self.to_body("sun", t_ns))
        other, other_rate = direction_and_rate(self.to_body(body, t_ns))
        normal = cross(sun, other)
        size = length(normal)
        if size < _IN_LINE:
            utc = self.ephemeris.epoch.utc(t_ns)
            raise FswError(f"attitude at {utc}: Sun and {body.capitalize()} in line")
        y_axis = scale(normal, 1.0 / size)
        y_rate = scale(across(y_axis, add(cross(sun_rate, other), cross(sun, other_rate))), 1.0 / size)
        beyond = cross(y_axis, sun)
        beyond_rate = add(cross(y_rate, sun), cross(y_axis, sun_rate))
        # Of three axes at right angles, half the sum of axis x rate is the rate at which all turn.
        turning = add(add(cross(sun, sun_rate), cross(y_axis, y_rate)), cross(beyond, beyond_rate))
        return sun, y_axis, beyond, scale(turning, 0.5)
