"""Where a rover stands on its planet, and which way its body points: from a mission file's drive."""

from dataclasses import dataclass

from fsw.kernel.time import SECOND
from fsw.missions.portrait import PortraitMission
from fsw.world.attitude import Attitude
from fsw.world.drive import Drive, Leg
from fsw.world.ephemeris import Ephemeris
from fsw.world.ground_site import GroundSite
from fsw.world.passes import SurfaceSite
from fsw.world.planets import planet_named
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Quaternion, Vector, add, multiply, quaternion_from_axes, scale

_RAD = PI / 180.0
_HALF_NS = SECOND // 2


def site_of(mission: PortraitMission, ephemeris: Ephemeris) -> GroundSite:
    """Where it plays."""
    site = mission.site
    planet = planet_named(site.planet)
    return GroundSite(ephemeris, SurfaceSite(planet, site.latitude_deg, site.longitude_deg, site.radius_km))


def drive_of(mission: PortraitMission) -> Drive:
    """The rover's way, on a clock that begins with the first leg."""
    x, y = mission.drive.position_m
    legs = tuple(Leg(leg.seconds, leg.ahead_m, leg.turn_deg * _RAD) for leg in mission.drive.leg)
    return Drive(x, y, from_compass(mission.drive.heading_deg), legs)


def from_compass(azimuth_deg: float) -> float:
    """From x (east) towards y (north) [rad]."""
    return (90.0 - azimuth_deg) * _RAD


@dataclass(frozen=True)
class DrivenAttitude(Attitude):
    """A rover on level ground: X ahead, Z up. That it tilts by a degree or two on uneven ground is left out
    of its attitude, though not of its pictures."""

    drive: Drive
    drive_ns: int

    @classmethod
    def of(cls, mission: PortraitMission, site: GroundSite) -> "DrivenAttitude":
        """From a mission file."""
        return cls(site, 0.0, 0.0, (1000.0, 1000.0, 1000.0), drive_of(mission), mission.drive_ns)

    def _heading_rad(self, t_ns: int) -> float:
        return self.drive.at((t_ns - self.drive_ns) / SECOND).heading_rad

    def target_state(self, t_ns: int) -> tuple[Quaternion, Vector]:
        site = self.trajectory
        assert isinstance(site, GroundSite)
        axes = site.axes(t_ns)
        sine, cosine = sine_cosine_degrees(self._heading_rad(t_ns) / _RAD)
        ahead = quaternion_from_axes((cosine, sine, 0.0), (-sine, cosine, 0.0), (0.0, 0.0, 1.0))
        turning = self._heading_rad(t_ns + _HALF_NS) - self._heading_rad(t_ns - _HALF_NS)  # over a second
        pole = site.planet_axes(t_ns)[2]
        spin = site.planet.prime_meridian_deg[1] * _RAD / 86400.0
        return multiply(quaternion_from_axes(*axes), ahead), add(scale(axes[2], turning), scale(pole, spin))
