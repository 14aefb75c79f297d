"""A flight past small things that no ephemeris has: their places are told from the spacecraft's.

The spacecraft flies its own path about the Sun. Where it stands from a small body is what waypoints say:
straight lines between them, in a frame that the Sun's direction at the first one fixes (towards the Sun, and
at right angles to that in the ecliptic). Before the first and after the last it stays where that has it.
"""

from dataclasses import dataclass
from functools import cached_property

from fsw.kernel.time import SECOND
from fsw.missions.mounted import MountedMission, SmallBody
from fsw.world.flight_path import FlightPath
from fsw.world.integrator import State
from fsw.world.special import sine_cosine_degrees
from fsw.world.trajectory import Trajectory
from fsw.world.vectors import Matrix, Vector, add, cross, scale, subtract, unit

_ECLIPTIC_NORTH: Vector = (0.0, -0.3977771559, 0.9174820621)  # at J2000


@dataclass(frozen=True)
class Approach:
    """Positions of the spacecraft from the body [km, ICRF] at mission times, in order."""

    points: tuple[tuple[int, Vector], ...]

    def state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s] from the body."""
        before = [point for point in self.points if point[0] <= t_ns]
        if not before or len(before) == len(self.points):
            return (before[-1] if before else self.points[0])[1], (0.0, 0.0, 0.0)
        (t0, p0), (t1, p1) = before[-1], self.points[len(before)]
        way = subtract(p1, p0)
        return add(p0, scale(way, (t_ns - t0) / (t1 - t0))), scale(way, SECOND / (t1 - t0))


class Encounter(FlightPath):
    """Of a mission with small bodies."""

    def __init__(self, mission: MountedMission, path: Trajectory) -> None:
        super().__init__(path.ephemeris)
        self._mission = mission
        self._path = path
        self.bodies = {body.name: body for body in mission.small_body}

    @cached_property
    def _approaches(self) -> dict[str, Approach]:
        return {name: self._approach(name) for name in self.bodies}

    def _approach(self, name: str) -> Approach:
        parse = self._mission.epoch.parse
        points = [point for point in self._mission.waypoint if point.body == name]
        sun = unit(self._path.to_body("sun", parse(points[0].at_utc))[0])
        aside = unit(cross(_ECLIPTIC_NORTH, sun))
        found = []
        for point in points:
            sine, cosine = sine_cosine_degrees(point.phase_deg)
            direction = add(scale(sun, cosine), scale(aside, sine))
            found.append((parse(point.at_utc), scale(direction, point.distance_m / 1000.0)))
        return Approach(tuple(found))

    def barycentric_state(self, t_ns: int) -> State:
        return self._path.barycentric_state(t_ns)

    def to_body(self, body: str, t_ns: int) -> State:
        """Also to a small body."""
        if body not in self.bodies:
            return self._path.to_body(body, t_ns)
        position, velocity = self._approaches[body].state(t_ns)
        return scale(position, -1.0), scale(velocity, -1.0)


def body_axes(body: SmallBody, t_ns: int) -> Matrix:
    """Its fixed axes in the ICRF, the third its pole, at mission time `t_ns`."""
    (sa, ca), (sd, cd) = (
        sine_cosine_degrees(angle) for angle in (body.pole_right_ascension_deg, body.pole_declination_deg)
    )
    period_ns = round(body.rotation_s * SECOND)
    sw, cw = sine_cosine_degrees(body.spin_deg + 360.0 * (t_ns % period_ns / period_ns))
    pole, node = (cd * ca, cd * sa, sd), (-sa, ca, 0.0)
    prime = add(scale(node, cw), scale(cross(pole, node), sw))
    return prime, cross(pole, prime), pole
