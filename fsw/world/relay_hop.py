"""The way from a place on a planet to an orbiter that passes over it: when it hears, and how far it is.

A bent pipe: what the orbiter hears goes on to Earth at once, what is sent outside of its passes is lost.
Pure functions of time.
"""

from dataclasses import dataclass

from fsw.kernel.time import SECOND
from fsw.missions.portrait import PortraitMission
from fsw.world.ephemeris import SPEED_OF_LIGHT_KM_S
from fsw.world.ground_site import GroundSite
from fsw.world.orbit import PlanetOrbit
from fsw.world.special import sine_cosine_degrees
from fsw.world.vectors import dot, length, subtract


@dataclass(frozen=True, slots=True)
class RelayHop:
    """lowest_sine: of the orbiter's elevation from which on it hears."""

    site: GroundSite
    orbiter: PlanetOrbit
    lowest_sine: float

    @classmethod
    def of(cls, mission: PortraitMission, site: GroundSite) -> "RelayHop":
        """From a mission file."""
        path = PlanetOrbit.of(mission.relay.orbit, site.ephemeris)
        return cls(site, path, sine_cosine_degrees(mission.relay.lowest_elevation_deg)[0])

    def look(self, t_ns: int) -> tuple[float, float]:
        """Range [km] and sine of the elevation."""
        here, there = self.site.planet_centred_state(t_ns)[0], self.orbiter.planet_centred_state(t_ns)[0]
        way = subtract(there, here)
        away = length(way)
        return away, dot(way, self.site.axes(t_ns)[2]) / away

    def hears(self, t_ns: int) -> bool:
        """Whether the orbiter stands high enough."""
        return self.look(t_ns)[1] >= self.lowest_sine

    def way_ns(self, t_ns: int) -> int:
        """Time under way from the site to the orbiter."""
        return round(self.look(t_ns)[0] / SPEED_OF_LIGHT_KM_S * SECOND)
