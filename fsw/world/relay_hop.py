"""The way between a place on a planet and an orbiter that passes over it: when each hears the other, how far
it is, and how fast their radios may be. Pure functions of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fsw.kernel.time import SECOND, Epoch
from fsw.missions.relay_year import Phase, Plane
from fsw.missions.uhf import Uhf
from fsw.world.ephemeris import SPEED_OF_LIGHT_KM_S
from fsw.world.mean_orbit import MeanOrbit, orbit_at, phase_orbits
from fsw.world.passes import SurfaceSite
from fsw.world.radio import SpaceLink
from fsw.world.special import sine_cosine_degrees
from fsw.world.vectors import Vector, dot, subtract, unit


@dataclass(frozen=True, slots=True)
class RelayHop:
    """orbits: of the orbiter, as `phase_orbits` gives them. lowest_sine: of the elevation from which on they
    hear each other."""

    epoch: Epoch
    site: SurfaceSite
    orbits: Sequence[MeanOrbit]
    uhf: Uhf
    lowest_sine: float
    link: SpaceLink

    @classmethod
    def of(
        cls, epoch: Epoch, site: SurfaceSite, plane: Plane, phases: Sequence[Phase], uhf: Uhf
    ) -> "RelayHop":
        """From a mission file's figures."""
        link = SpaceLink(
            uhf.frequency_hz,
            uhf.transmit_power_w,
            uhf.antenna_gains_dbi,
            0.0,
            uhf.system_temperature_k,
            uhf.losses_db,
        )
        lowest = sine_cosine_degrees(uhf.least_elevation_deg)[0]
        return cls(epoch, site, phase_orbits(epoch, plane, phases), uhf, lowest, link)

    def position_km(self, t_ns: int) -> Vector:
        """Of the orbiter from the planet's centre, axes of the ICRF."""
        return orbit_at(self.orbits, t_ns).position_km(t_ns)

    def look(self, t_ns: int) -> tuple[float, float]:
        """Range [km] and sine of the orbiter's elevation."""
        axes = self.site.planet.axes(self.epoch.tdb_ns(t_ns))
        return self.site.look(axes, self.position_km(t_ns))

    def hears(self, t_ns: int) -> bool:
        """Whether the orbiter stands high and near enough."""
        away, sine = self.look(t_ns)
        return sine >= self.lowest_sine and away <= self.uhf.most_range_km

    def way_ns(self, t_ns: int) -> int:
        """Time under way between site and orbiter."""
        return round(self.look(t_ns)[0] / SPEED_OF_LIGHT_KM_S * SECOND)

    def ahead_ns(self, towards: Vector, t_ns: int) -> int:
        """How much sooner a signal from far away, from where `towards` points, is at the orbiter than at the
        site; ICRF axes."""
        axes = self.site.planet.axes(self.epoch.tdb_ns(t_ns))
        way = subtract(self.position_km(t_ns), self.site.position_km(axes))
        return round(dot(way, unit(towards)) / SPEED_OF_LIGHT_KM_S * SECOND)

    def rate_kbit_s(self, range_km: float) -> int:
        """The fastest that leaves the margin, or 0."""
        uhf = self.uhf
        for rate in uhf.rates_kbit_s:
            # Two symbols of the inner code for each bit.
            if self.link.es_n0_db(range_km, 2000.0 * rate, 0.0) >= uhf.needed_es_n0_db + uhf.margin_db:
                return rate
        return 0
