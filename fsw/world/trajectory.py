"""A spacecraft's free flight among Sun and planets, from start states, the same bits everywhere.

Barycentric ICRF, point masses (Sun, Moon, planets of DE421), in steps of six hours (see
`fsw.world.integrator`). Other nodes give the same path within centimetres where planets are more than a
million km away, within a metre down to 0.3; nearer, the steps are too long, and `fsw.world.orbit` is the
tool.

Left out, over ten days at 1.2 au: solar pressure on 8e-3 m2/kg (about 10 km), relativity (0.05 km).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND
from fsw.world.ephemeris import GM_KM3_S2, Ephemeris
from fsw.world.flight_path import FlightPath
from fsw.world.integrator import Arc, Field, State
from fsw.world.vectors import Vector, add, length, subtract

_STEP_NS = DAY // 4
_BODIES = tuple(GM_KM3_S2.items())


@dataclass(frozen=True, slots=True)
class StartState:
    """A known state, and the flight it is good for: between two manoeuvres, None for no limit.

    t_ns: mission time of the state. position_km, velocity_km_s: heliocentric ICRF.
    """

    t_ns: int
    position_km: Vector
    velocity_km_s: Vector
    from_ns: int | None = None
    to_ns: int | None = None

    def holds(self, t_ns: int) -> bool:
        """Whether this state's flight covers the instant; the end belongs to the next one."""
        return (self.from_ns is None or self.from_ns <= t_ns) and (self.to_ns is None or t_ns < self.to_ns)


def _acceleration(position: Vector, bodies: list[tuple[float, Vector]]) -> Vector:
    """km/s2 at a barycentric position [km], from (GM [km3/s2], position [km]) of each body."""
    px, py, pz = position
    ax = ay = az = 0.0
    for gm, (bx, by, bz) in bodies:
        dx, dy, dz = bx - px, by - py, bz - pz
        distance2 = dx * dx + dy * dy + dz * dz
        factor = gm / (distance2 * math.sqrt(distance2))
        ax, ay, az = ax + factor * dx, ay + factor * dy, az + factor * dz
    return (ax, ay, az)


class _Arc:
    """One start state's flight, and the way along it about the Sun."""

    def __init__(self, start: StartState, ephemeris: Ephemeris) -> None:
        self._ephemeris = ephemeris
        sun_position, sun_velocity = ephemeris.state("sun", start.t_ns)
        state = (add(start.position_km, sun_position), add(start.velocity_km_s, sun_velocity))
        self._arc = Arc(start.t_ns, state, _STEP_NS, self._field_at)
        self._t_ns = start.t_ns
        self._path_km: dict[int, float] = {0: 0.0}

    def _field_at(self, t_ns: int) -> Field:
        bodies = [(gm, self._ephemeris.position_km(name, t_ns)) for name, gm in _BODIES]
        return lambda position: _acceleration(position, bodies)

    def state(self, t_ns: int) -> State:
        """Barycentric position [km] and velocity [km/s]."""
        return self._arc.state(t_ns)

    def _sun_speed(self, t_ns: int) -> float:
        return length(subtract(self.state(t_ns)[1], self._ephemeris.state("sun", t_ns)[1]))

    def _way(self, from_ns: int, to_ns: int) -> float:
        """Heliocentric way [km] within one step, by Simpson's rule: 1e-8 of it and better."""
        middle_ns = (from_ns + to_ns) // 2
        speeds = self._sun_speed(from_ns) + 4.0 * self._sun_speed(middle_ns) + self._sun_speed(to_ns)
        return speeds * ((to_ns - from_ns) / SECOND) / 6.0

    def path_km(self, t_ns: int) -> float:
        """Heliocentric way from the start state's instant, negative before it."""
        index = (t_ns - self._t_ns) // _STEP_NS
        if index not in self._path_km:
            step = 1 if index > 0 else -1
            for k in range(0, index, step):
                low = k if step > 0 else k - 1
                if k + step not in self._path_km:
                    node_ns = self._t_ns + low * _STEP_NS
                    self._path_km[k + step] = self._path_km[k] + step * self._way(node_ns, node_ns + _STEP_NS)
        node_ns = self._t_ns + index * _STEP_NS
        return self._path_km[index] + self._way(node_ns, t_ns)


class Trajectory(FlightPath):
    """Free flight between manoeuvres. A pure function of time: what is stored is a cache, not state.

    starts: in order of time; from one's flight to the next the state jumps by what the manoeuvre
    between them and small forces did (kilometres), since each is flown from its own data.
    path_reference: mission time and path [km] flown until then since launch.
    """

    def __init__(
        self,
        ephemeris: Ephemeris,
        starts: Sequence[StartState],
        path_reference: tuple[int, float] = (0, 0.0),
    ) -> None:
        if not starts:
            raise FswError("a trajectory needs at least one start state")
        for before, after in itertools.pairwise(starts):
            if before.to_ns is None or before.to_ns != after.from_ns:
                raise FswError("start states: each flight must begin where the one before it ends")
        super().__init__(ephemeris)
        self.starts = tuple(starts)
        self._arcs: dict[int, _Arc] = {}
        self._path_reference = path_reference

    def _index(self, t_ns: int) -> int:
        for index, start in enumerate(self.starts):
            if start.holds(t_ns):
                return index
        raise FswError(f"trajectory: no start state covers {self.ephemeris.epoch.utc(t_ns)}")

    def _arc(self, index: int) -> _Arc:
        if index not in self._arcs:
            self._arcs[index] = _Arc(self.starts[index], self.ephemeris)
        return self._arcs[index]

    def barycentric_state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s], ICRF from the solar system's barycentre."""
        return self._arc(self._index(t_ns)).state(t_ns)

    def path_flown_km(self, t_ns: int) -> float:
        """Way about the Sun since launch, the reference's figure included."""
        from_ns, flown_km = self._path_reference
        sign = 1.0
        low_ns, high_ns = from_ns, t_ns
        if low_ns > high_ns:
            low_ns, high_ns, sign = high_ns, low_ns, -1.0
        way = 0.0
        for index in range(self._index(low_ns), self._index(high_ns) + 1):
            start, arc = self.starts[index], self._arc(index)
            begin = low_ns if start.from_ns is None else max(low_ns, start.from_ns)
            end = high_ns if start.to_ns is None else min(high_ns, start.to_ns)
            way += arc.path_km(end) - arc.path_km(begin)
        return flown_km + sign * way
