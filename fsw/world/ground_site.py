"""A place that turns with its planet: its axes, and the Sun and the stations as seen from there."""

from fsw.world.ephemeris import Ephemeris
from fsw.world.flight_path import FlightPath
from fsw.world.integrator import State
from fsw.world.passes import SurfaceSite
from fsw.world.vectors import Matrix, Vector, add, cross, dot, subtract, unit

_HALF_SECOND_NS = 500_000_000


class GroundSite(FlightPath):
    """A place on a planet, which is where what stands there is: pure functions of time."""

    def __init__(self, ephemeris: Ephemeris, place: SurfaceSite) -> None:
        super().__init__(ephemeris)
        self.place = place
        self.planet = place.planet

    def planet_axes(self, t_ns: int) -> Matrix:
        """Axes fixed in the planet, in ICRF axes."""
        return self.planet.axes(self.ephemeris.epoch.tdb_ns(t_ns))

    def axes(self, t_ns: int) -> Matrix:
        """East, north and up, in ICRF axes."""
        fixed = self.planet_axes(t_ns)
        up = self.place.up(fixed)
        east = unit(cross(fixed[2], up))
        return east, cross(up, east), up

    def planet_centred_state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s] from the planet's centre, ICRF axes."""
        before, now, after = (
            self.place.position_km(self.planet_axes(t_ns + k * _HALF_SECOND_NS)) for k in (-1, 0, 1)
        )
        return now, subtract(after, before)  # over a second

    def barycentric_state(self, t_ns: int) -> State:
        position, velocity = self.planet_centred_state(t_ns)
        planet_position, planet_velocity = self.ephemeris.state(self.planet.name, t_ns)
        return add(position, planet_position), add(velocity, planet_velocity)

    def direction(self, body: str, t_ns: int) -> Vector:
        """Unit vector towards a body, site axes: east, north, up."""
        way = unit(self.to_body(body, t_ns)[0])
        east, north, up = self.axes(t_ns)
        return (dot(way, east), dot(way, north), dot(way, up))
