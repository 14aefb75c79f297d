"""The camera after its release: where it is, seen from the orbiter, and how it turns.

About a planet, camera and orbiter each fly their own orbit. In cruise the camera recedes in a straight
line. Left out there, each over 2000 s: the Sun's tide, 2 GM/r^3 = 5e-14 per s2, 0.04 mm at 400 m; solar
pressure, which differs by some 3e-8 m/s2 between a light camera and a heavy orbiter, 6 cm; the orbiter's
own gravity, 5 t at 1.5 m and more, 2 mm.
"""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core.errors import FswError
from fsw.core.rigid_body import Tumble
from fsw.kernel.time import SECOND
from fsw.world.flight_path import FlightPath
from fsw.world.orbit import PlanetOrbit
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Quaternion, Vector, add, length, rotate, rotate_back, scale, subtract, unit


def axis_from_uniform(u: float, v: float) -> Vector:
    """A direction from two numbers, 0 to 1; evenly spread over the sphere where they are even."""
    if not (0.0 <= u <= 1.0 and 0.0 <= v <= 1.0):
        raise FswError(f"numbers {u}, {v}: allowed are 0 to 1")
    z = 1.0 - 2.0 * u
    radius = sqrt(max(0.0, 1.0 - z * z))
    sine, cosine = sine_cosine_degrees(360.0 * v)
    return (radius * cosine, radius * sine, z)


@dataclass(frozen=True)
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

    def each_second_m(self, count: int) -> NDArray[np.float64]:
        """`position_m` at the release and each second after it, (count, 3)."""
        way_m = self.speed_m_s * np.arange(count, dtype=np.float64)
        # The same arithmetic, in the same order, on arrays.
        places: Any = tuple(at + along * way_m for at, along in zip(self.point_m, unit(self.direction)))
        return np.stack(rotate(self.orbiter_attitude, places), axis=1)

    def range_m(self, t_ns: int) -> float:
        """Distance from the point of release, which the orbiter's antenna is near."""
        return self.speed_m_s * (max(0, t_ns - self.t_ns) / SECOND)

    def position_from_orbiter_m(self, t_ns: int, orbiter_attitude: Quaternion) -> Vector:
        """From the orbiter's origin, in the body axes that the orbiter has at that time."""
        return rotate_back(orbiter_attitude, self.position_m(t_ns))


@dataclass(frozen=True)
class OrbitRelease(Release):
    """About a planet: two orbits, propagated alike. host: the orbiter's.

    That the orbiter's control turns it as it lets go, by some 1e-5 rad/s, is left out: centimetres.
    """

    host: PlanetOrbit

    @cached_property
    def _point_m(self) -> Vector:
        """Where it left, ICRF axes."""
        return rotate(self.orbiter_attitude, self.point_m)

    @cached_property
    def _camera(self) -> PlanetOrbit:
        position, velocity = self.host.planet_centred_state(self.t_ns)
        push_m_s = rotate(self.orbiter_attitude, scale(unit(self.direction), self.speed_m_s))
        state = (add(position, scale(self._point_m, 1e-3)), add(velocity, scale(push_m_s, 1e-3)))
        return PlanetOrbit(self.host.ephemeris, self.host.planet, self.t_ns, state)

    @cached_property
    def _ranges_m(self) -> dict[int, float]:
        """By whole seconds from the release; only a cache."""
        return {}

    def position_m(self, t_ns: int) -> Vector:
        """From the orbiter's origin, ICRF axes. FswError before the release."""
        if t_ns < self.t_ns:
            raise FswError(f"{t_ns} ns: the camera is released at {self.t_ns} ns")
        camera, host = (orbit.planet_centred_state(t_ns)[0] for orbit in (self._camera, self.host))
        return scale(subtract(camera, host), 1e3)

    def each_second_m(self, count: int) -> NDArray[np.float64]:
        """`position_m` at the release and each second after it, (count, 3)."""
        places = [self.position_m(self.t_ns + second * SECOND) for second in range(count)]
        return np.array(places).reshape(-1, 3)

    def range_m(self, t_ns: int) -> float:
        """Distance from the point of release, on an orbiter that is held; straight within a second."""
        second, rest_ns = divmod(max(0, t_ns - self.t_ns), SECOND)
        before, after = self._range_at(second), self._range_at(second + 1)
        return before + (after - before) * (rest_ns / SECOND)

    def _range_at(self, second: int) -> float:
        if second not in self._ranges_m:
            position_m = self.position_m(self.t_ns + second * SECOND)
            self._ranges_m[second] = length(subtract(position_m, self._point_m))
        return self._ranges_m[second]


def release(
    path: FlightPath, t_ns: int, attitude: Quaternion, point_m: Vector, direction: Vector, speed_m_s: float
) -> Release:
    """Of the kind that the orbiter's path asks for."""
    if isinstance(path, PlanetOrbit):
        return OrbitRelease(t_ns, attitude, point_m, direction, speed_m_s, path)
    return Release(t_ns, attitude, point_m, direction, speed_m_s)


def tumble(inertia_kg_m2: Vector, attitude: Quaternion, axis: Vector, rate_deg_s: float) -> Tumble:
    """Free tumbling from the release on: camera to ICRF, at first about `axis` (camera axes)."""
    if not length(axis) > 0.0:
        raise FswError("axis of the tumble: allowed is any direction but (0, 0, 0)")
    rate = scale(unit(axis), rate_deg_s * (PI / 180.0))
    return Tumble(inertia_kg_m2, attitude, rate)
