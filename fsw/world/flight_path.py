"""Where a spacecraft is, whatever moves it: what the kinds of trajectory have in common."""

from abc import ABC, abstractmethod

from fsw.world.ephemeris import Ephemeris
from fsw.world.integrator import State
from fsw.world.vectors import subtract


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
