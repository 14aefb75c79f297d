"""The sky of a place on a planet: the Sun, its light through dust, and the hour that it makes."""

from dataclasses import dataclass
from math import atan2

from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM, SOLAR_IRRADIANCE_W_M2, Ephemeris
from fsw.world.passes import SurfaceSite
from fsw.world.special import PI, exp
from fsw.world.vectors import Matrix, Vector, cross, dot, length, subtract, unit

_NIGHT_SINE = 0.02  # the Sun lower than a degree gives the wings nothing


@dataclass(frozen=True, slots=True)
class SurfaceSky:
    """Pure functions of mission time."""

    ephemeris: Ephemeris
    site: SurfaceSite

    def _sun_km(self, t_ns: int) -> Vector:
        """From the planet's centre, axes of the ICRF; light time is left out, 0.1 deg of a sol's turn."""
        return subtract(
            self.ephemeris.position_km("sun", t_ns),
            self.ephemeris.position_km(self.site.planet.name, t_ns),
        )

    def sun(self, t_ns: int) -> tuple[float, float]:
        """Sine of the Sun's elevation, and its distance [au]."""
        way = self._sun_km(t_ns)
        far = length(way)
        axes = self.site.planet.axes(self.ephemeris.epoch.tdb_ns(t_ns))
        return dot(way, self.site.up(axes)) / far, far / ASTRONOMICAL_UNIT_KM

    def sun_direction(self, t_ns: int) -> Vector:
        """Unit vector to the Sun: east, north, up."""
        way = self.sun_icrf(t_ns)
        east, north, up = self.axes(t_ns)
        return dot(way, east), dot(way, north), dot(way, up)

    def sun_icrf(self, t_ns: int) -> Vector:
        """The same, ICRF."""
        return unit(self._sun_km(t_ns))

    def axes(self, t_ns: int) -> Matrix:
        """East, north and up, in ICRF axes."""
        axes = self.site.planet.axes(self.ephemeris.epoch.tdb_ns(t_ns))
        up = self.site.up(axes)
        east = unit(cross(axes[2], up))
        return east, cross(up, east), up

    def light_w_m2(self, t_ns: int, optical_depth: float) -> float:
        """On level ground, beam and sky together.

        Dust takes from the beam, and gives most of that back from the sky: what arrives falls by three
        tenths of the optical depth along the slant way (assumed, by net fluxes as Appelbaum and Flood,
        NASA TM-102299, tabulate them).
        """
        sine, au = self.sun(t_ns)
        if sine < _NIGHT_SINE:
            return 0.0
        return SOLAR_IRRADIANCE_W_M2 / (au * au) * sine * exp(-0.3 * optical_depth / sine)

    def local_hours(self, t_ns: int) -> float:
        """True local solar time, a sol has 24 of these hours."""
        way = self._sun_km(t_ns)
        prime, east, _ = self.site.planet.axes(self.ephemeris.epoch.tdb_ns(t_ns))
        under_deg = atan2(dot(way, east), dot(way, prime)) / (PI / 180.0)
        return (12.0 + (self.site.longitude_deg - under_deg) / 15.0) % 24.0
