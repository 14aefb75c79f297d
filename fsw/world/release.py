"""The camera after its release: where it is, seen from the orbiter, and how it turns.

In cruise it recedes in a straight line. Left out, each over 2000 s: the Sun's tide, 2 GM/r^3 = 5e-14 per
s2, 0.04 mm at 400 m; solar pressure, which differs by some 3e-8 m/s2 between a light camera and a heavy
orbiter, 6 cm; the orbiter's own gravity, 5 t at 1.5 m and more, 2 mm.
"""

from dataclasses import dataclass
from math import sqrt

from fsw.core.errors import FswError
from fsw.core.rigid_body import Tumble
from fsw.kernel.time import SECOND
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Quaternion, Vector, add, length, rotate, rotate_back, scale, unit


def axis_from_uniform(u: float, v: float) -> Vector:
    """A direction from two numbers, 0 to 1; evenly spread over the sphere where they are even."""
    if not (0.0 <= u <= 1.0 and 0.0 <= v <= 1.0):
        raise FswError(f"numbers {u}, {v}: allowed are 0 to 1")
    z = 1.0 - 2.0 * u
    radius = sqrt(max(0.0, 1.0 - z * z))
    sine, cosine = sine_cosine_degrees(360.0 * v)
    return (radius * cosine, radius * sine, z)


@dataclass(frozen=True, slots=True)
class Release:
    """The instant at which the camera left, and with what motion.

    t_ns: mission time. orbiter_attitude: body to ICRF then. point_m, direction: where from and whereto,
    orbiter body axes (the direction need not be a unit one). speed_m_s: along it.
    """

    t_ns: int
    orbiter_attitude: Quaternion
    point_m: Vector
    direction: Vector
    speed_m_s: float

    def position_m(self, t_ns: int) -> Vector:
        """From the orbiter's origin, ICRF axes. FswError before the release."""
        if t_ns < self.t_ns:
            raise FswError(f"{t_ns} ns: the camera is released at {self.t_ns} ns")
        way_m = self.speed_m_s * ((t_ns - self.t_ns) / SECOND)
        return rotate(self.orbiter_attitude, add(self.point_m, scale(unit(self.direction), way_m)))

    def range_m(self, t_ns: int) -> float:
        """Distance from the point of release, which the orbiter's antenna is near."""
        return self.speed_m_s * (max(0, t_ns - self.t_ns) / SECOND)

    def position_from_orbiter_m(self, t_ns: int, orbiter_attitude: Quaternion) -> Vector:
        """From the orbiter's origin, in the body axes that the orbiter has at that time."""
        return rotate_back(orbiter_attitude, self.position_m(t_ns))


def tumble(inertia_kg_m2: Vector, attitude: Quaternion, axis: Vector, rate_deg_s: float) -> Tumble:
    """Free tumbling from the release on: camera to ICRF, at first about `axis` (camera axes)."""
    if not length(axis) > 0.0:
        raise FswError("axis of the tumble: allowed is any direction but (0, 0, 0)")
    rate = scale(unit(axis), rate_deg_s * (PI / 180.0))
    return Tumble(inertia_kg_m2, attitude, rate)
