"""Who hears whom when: sites on turning planets, the planet in between, and the Sun behind.

Times are those at which the orbiter transmits; what a station on Earth hears then arrives a light time later,
and it is the Earth of that later time that counts. The Earth turns by its rotation angle of IAU 2000 about
the pole of IAU 2006 (IERS Conventions 2010, 5.4.4 and 5.5.3, without nutation; UTC for UT1): directions
are right to 0.02 deg, no refraction, no aberration. Pure functions of time; what is stored is a cache.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import acos, floor, sqrt

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND, Epoch
from fsw.world.ephemeris import SPEED_OF_LIGHT_KM_S, Ephemeris
from fsw.world.planets import Planet
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Matrix, Vector, add, dot, length, scale, subtract, unit

_HOUR_NS = 3600 * SECOND
_NODES_KEPT = 64
_ARC_SECOND = PI / 648_000.0
_CENTURY_DAYS = 36_525.0
_J2000_POSIX_DAYS = 10_957.5  # 2000-01-01T12:00 counted from 1970


def earth_axes(epoch: Epoch, t_ns: int) -> Matrix:
    """Axes fixed in the Earth, in the ICRF: meridian of Greenwich, 90 deg east, north pole."""
    days, rest_ns = divmod(epoch.posix_ns(t_ns), DAY)
    since = days - _J2000_POSIX_DAYS + rest_ns / DAY
    century = since / _CENTURY_DAYS
    x = (2004.191898 - 0.4297829 * century) * century * _ARC_SECOND
    y = (-0.025896 - 22.4072747 * century) * century * _ARC_SECOND
    z = sqrt(1.0 - x * x - y * y)
    b = 1.0 / (1.0 + z)
    along, aside = (1.0 - b * x * x, -b * x * y, -x), (-b * x * y, 1.0 - b * y * y, -y)
    # Noon is half a turn on from midnight; whole turns are taken off before they cost digits.
    turn = 0.7790572732640 + (rest_ns / DAY - 0.5) + 0.00273781191135448 * since
    sine, cosine = sine_cosine_degrees(360.0 * (turn - floor(turn)))
    prime = add(scale(along, cosine), scale(aside, sine))
    east = add(scale(along, -sine), scale(aside, cosine))
    return prime, east, (x, y, z)


def zenith(axes: Matrix, latitude_deg: float, longitude_deg: float) -> Vector:
    """Up, at geodetic latitude and east longitude on a body with these axes."""
    sine_lat, cosine_lat = sine_cosine_degrees(latitude_deg)
    sine_lon, cosine_lon = sine_cosine_degrees(longitude_deg)
    level = add(scale(axes[0], cosine_lon), scale(axes[1], sine_lon))
    return add(scale(level, cosine_lat), scale(axes[2], sine_lat))


class PlanetToEarth:
    """The way of a signal from a planet's centre to that of the Earth, by the time of its leaving."""

    def __init__(self, ephemeris: Ephemeris, planet: str) -> None:
        self.ephemeris, self.planet = ephemeris, planet
        self._node = lru_cache(_NODES_KEPT)(self._solve)

    def _solve(self, hour: int) -> tuple[Vector, Vector]:
        """At an hour: where the Earth will be from where the planet is, and the Sun from that Earth [km]."""
        t_ns = hour * _HOUR_NS
        origin = self.ephemeris.position_km(self.planet, t_ns)
        arrival_ns = t_ns
        for _ in range(4):
            earth = self.ephemeris.position_km("earth", arrival_ns)
            way = subtract(earth, origin)
            arrival_ns = t_ns + round(length(way) / SPEED_OF_LIGHT_KM_S * SECOND)
        return way, subtract(self.ephemeris.position_km("sun", arrival_ns), earth)

    def _between(self, t_ns: int, which: int) -> Vector:
        hour, rest_ns = divmod(t_ns, _HOUR_NS)
        first, second = self._node(hour)[which], self._node(hour + 1)[which]
        # A straight line for an hour is 10 km wrong at most.
        return add(first, scale(subtract(second, first), rest_ns / _HOUR_NS))

    def way_km(self, t_ns: int) -> Vector:
        """From the planet at t_ns to the Earth that the signal meets, axes of the ICRF."""
        return self._between(t_ns, 0)

    def light_time_ns(self, t_ns: int) -> int:
        """Between the two centres."""
        return round(length(self.way_km(t_ns)) / SPEED_OF_LIGHT_KM_S * SECOND)

    def sun_cosine(self, t_ns: int) -> float:
        """Of the angle between Sun and planet, as seen from the Earth when the signal arrives."""
        return -dot(unit(self._between(t_ns, 1)), unit(self.way_km(t_ns)))

    def sun_angle_deg(self, t_ns: int) -> float:
        """The same as an angle, to tell; what decides is the cosine, the same on every machine."""
        return acos(max(-1.0, min(1.0, self.sun_cosine(t_ns)))) / (PI / 180.0)

    def elevation_sine(self, t_ns: int, latitude_deg: float, longitude_deg: float) -> float:
        """Of the planet above a place on Earth when the signal arrives."""
        way = self.way_km(t_ns)
        arrival_ns = t_ns + round(length(way) / SPEED_OF_LIGHT_KM_S * SECOND)
        up = zenith(earth_axes(self.ephemeris.epoch, arrival_ns), latitude_deg, longitude_deg)
        return -dot(up, way) / length(way)


def hidden(position_km: Vector, way: Vector, planet: Planet, pole: Vector) -> bool:
    """Whether the planet's spheroid stands between an orbiter and what is far away in a direction.

    position_km: of the orbiter from the planet's centre. way: the direction, of any length. pole: unit.
    """
    # Stretched along the pole until the spheroid is a sphere: straight lines stay straight.
    stretch = planet.equatorial_km / planet.polar_km - 1.0
    position = add(position_km, scale(pole, stretch * dot(position_km, pole)))
    towards = unit(add(way, scale(pole, stretch * dot(way, pole))))
    along = dot(position, towards)
    return along < 0.0 and dot(position, position) - along * along < planet.equatorial_km**2


@dataclass(frozen=True, slots=True)
class SurfaceSite:
    """A place on a planet, as missions to Mars give it: planet-centred latitude north, longitude east.

    That is how the IAU's working group maps Mars since 2000 (Seidelmann et al., Celest. Mech. Dyn. Astr. 82,
    2002), and how Zhurong's place was published: 109.925 E, 25.066 N, 4099.4 m below the zero level (Liu et
    al., Nat. Astron. 6, 2022). radius_km: from the planet's centre; None on the spheroid. Up is the normal
    of the spheroid, on Mars at 25 deg north 0.26 deg more northerly than the radius.
    """

    planet: Planet
    latitude_deg: float
    longitude_deg: float
    radius_km: float | None = None

    def __post_init__(self) -> None:
        if not -90 <= self.latitude_deg <= 90:
            raise FswError(f"latitude of {self.latitude_deg} deg: -90 to 90 is allowed")
        if not -180 <= self.longitude_deg <= 360:
            raise FswError(f"longitude of {self.longitude_deg} deg: -180 to 360 is allowed")
        if self.radius_km is not None and not self.radius_km > 0:
            raise FswError(f"radius of {self.radius_km} km: more than 0 is allowed")

    def _towards(self, axes: Matrix, level: float, polar: float) -> Vector:
        meridian = zenith(axes, 0.0, self.longitude_deg)
        return add(scale(meridian, level), scale(axes[2], polar))

    def position_km(self, axes: Matrix) -> Vector:
        """From the planet's centre, in the frame in which its axes are given."""
        sine, cosine = sine_cosine_degrees(self.latitude_deg)
        radius = self.radius_km
        if radius is None:
            a, c = self.planet.equatorial_km, self.planet.polar_km
            radius = a * c / sqrt(c * c * cosine * cosine + a * a * sine * sine)
        return self._towards(axes, radius * cosine, radius * sine)

    def up(self, axes: Matrix) -> Vector:
        """Unit vector to the zenith."""
        sine, cosine = sine_cosine_degrees(self.latitude_deg)
        a2, c2 = self.planet.equatorial_km**2, self.planet.polar_km**2
        return unit(self._towards(axes, c2 * cosine, a2 * sine))

    def look(self, axes: Matrix, position_km: Vector) -> tuple[float, float]:
        """Range [km] and sine of the elevation of an orbiter at a planet-centred position."""
        way = subtract(position_km, self.position_km(axes))
        away = length(way)
        return away, dot(way, self.up(axes)) / away
