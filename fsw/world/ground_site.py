"""A place that turns with its planet: its axes, and the Sun and the stations as seen from there.

Latitude is planet-centred, as missions to Mars give it; "up" is along the radius (at 25 deg north the
spheroid's normal is 0.26 deg farther north).
"""

from dataclasses import dataclass

from fsw.core.errors import FswError
from fsw.world.ephemeris import Ephemeris
from fsw.world.flight_path import FlightPath
from fsw.world.integrator import State
from fsw.world.planets import Planet
from fsw.world.special import sine_cosine_degrees
from fsw.world.vectors import Matrix, Vector, add, cross, dot, scale, unit

_HALF_SECOND_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Planet-centred latitude north, longitude east, height over the reference radius there."""

    latitude_deg: float
    longitude_deg: float
    radius_km: float

    def __post_init__(self) -> None:
        if not -89.9 <= self.latitude_deg <= 89.9:
            raise FswError(f"latitude of {self.latitude_deg} deg: -89.9 to 89.9 is allowed")
        if not -180 <= self.longitude_deg <= 360:
            raise FswError(f"longitude of {self.longitude_deg} deg: -180 to 360 is allowed")
        if not self.radius_km > 0:
            raise FswError(f"radius of {self.radius_km} km: more than 0 is allowed")


class GroundSite(FlightPath):
    """A place on a planet, which is where what stands there is: pure functions of time."""

    def __init__(self, ephemeris: Ephemeris, planet: Planet, place: Coordinates) -> None:
        super().__init__(ephemeris)
        self.planet = planet
        self.place = place
        sine, cosine = sine_cosine_degrees(place.latitude_deg)
        east, prime = sine_cosine_degrees(place.longitude_deg)
        self._up_fixed: Vector = (cosine * prime, cosine * east, sine)

    def axes(self, t_ns: int) -> Matrix:
        """East, north and up, in ICRF axes."""
        prime, beyond, pole = self.planet.axes(self.ephemeris.epoch.tdb_ns(t_ns))
        x, y, z = self._up_fixed
        up = add(add(scale(prime, x), scale(beyond, y)), scale(pole, z))
        east = unit(cross(pole, up))
        return east, cross(up, east), up

    def planet_centred_state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s] from the planet's centre, ICRF axes."""
        radius = self.place.radius_km
        before, after = (self.axes(t_ns + k * _HALF_SECOND_NS)[2] for k in (-1, 1))
        speed = scale(add(after, scale(before, -1.0)), radius)  # over a second
        return scale(self.axes(t_ns)[2], radius), speed

    def barycentric_state(self, t_ns: int) -> State:
        position, velocity = self.planet_centred_state(t_ns)
        planet_position, planet_velocity = self.ephemeris.state(self.planet.name, t_ns)
        return add(position, planet_position), add(velocity, planet_velocity)

    def direction(self, body: str, t_ns: int) -> Vector:
        """Unit vector towards a body, site axes: east, north, up."""
        way = unit(self.to_body(body, t_ns)[0])
        east, north, up = self.axes(t_ns)
        return (dot(way, east), dot(way, north), dot(way, up))
