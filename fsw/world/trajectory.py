"""A spacecraft's free flight among Sun and planets, from start states, the same bits everywhere.

Barycentric ICRF, point masses (Sun, Moon, planets of DE421). Six hours are one step of Stoermer's rule
extrapolated in h^2 (Gragg, Bulirsch and Stoer; seven columns, order 14), in plain floats. Between the
nodes runs a quintic through position, velocity and acceleration of both ends. Other nodes give the same
path within centimetres where planets are more than a million km away, within a metre down to 0.3;
nearer, the steps are too long and this is not the tool.

Left out, over ten days at 1.2 au: solar pressure on 8e-3 m2/kg (about 10 km), relativity (0.05 km).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND
from fsw.world.ephemeris import GM_KM3_S2, Ephemeris
from fsw.world.vectors import Vector, add, length, scale, subtract

State = tuple[Vector, Vector]

_STEP_NS = DAY // 4
_STEP_S = _STEP_NS / SECOND
# Substeps of each column; all times are then twenty-fourths of a step, shared between columns.
_COLUMNS = (1, 2, 3, 4, 6, 8, 12)
_TICKS = 24
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
    """One start state's flight: nodes six hours apart, made when first asked for, in either direction.

    The nodes are a cache: they depend on the start state alone, whatever was asked in what order.
    """

    def __init__(self, start: StartState, ephemeris: Ephemeris) -> None:
        self._t_ns = start.t_ns
        self._ephemeris = ephemeris
        sun_position, sun_velocity = ephemeris.state("sun", start.t_ns)
        position = add(start.position_km, sun_position)
        node = (position, add(start.velocity_km_s, sun_velocity), self._pull(position, start.t_ns))
        self._nodes: dict[int, tuple[Vector, Vector, Vector]] = {0: node}
        self._quintics: dict[int, tuple[tuple[float, ...], ...]] = {}
        self._path_km: dict[int, float] = {0: 0.0}

    def _bodies(self, t_ns: int) -> list[tuple[float, Vector]]:
        return [(gm, self._ephemeris.position_km(name, t_ns)) for name, gm in _BODIES]

    def _pull(self, position: Vector, t_ns: int) -> Vector:
        return _acceleration(position, self._bodies(t_ns))

    def _node(self, index: int) -> tuple[Vector, Vector, Vector]:
        """Safe in threads: what two of them make at once is the same."""
        sign = 1 if index >= 0 else -1
        known = index
        while known not in self._nodes:
            known -= sign
        while known != index:
            self._step(known, sign)
            known += sign
        return self._nodes[index]

    def _step(self, index: int, sign: int) -> None:
        position, velocity, pull = self._nodes[index]
        t_ns = self._t_ns + index * _STEP_NS
        bodies: dict[int, list[tuple[float, Vector]]] = {}

        def pull_at(at: Vector, tick: int) -> Vector:
            if tick not in bodies:
                bodies[tick] = self._bodies(t_ns + sign * (tick * _STEP_NS // _TICKS))
            return _acceleration(at, bodies[tick])

        rows: list[list[tuple[float, ...]]] = []
        for n in _COLUMNS:
            h = sign * _STEP_S / n
            increment = scale(add(velocity, scale(pull, h / 2.0)), h)
            at = add(position, increment)
            for k in range(1, n):
                increment = add(increment, scale(pull_at(at, k * _TICKS // n), h * h))
                at = add(at, increment)
            speed = add(scale(increment, 1.0 / h), scale(pull_at(at, _TICKS), h / 2.0))
            # The change over the step, not the state, is extrapolated: it keeps more digits.
            row: list[tuple[float, ...]] = [(*subtract(at, position), *subtract(speed, velocity))]
            for m, coarser in enumerate(rows[-1] if rows else []):
                ratio = n / _COLUMNS[len(rows) - 1 - m]
                weight = 1.0 / (ratio * ratio - 1.0)
                row.append(tuple(fine + (fine - c) * weight for fine, c in zip(row[m], coarser, strict=True)))
            rows.append(row)
        change = rows[-1][-1]
        position = add(position, (change[0], change[1], change[2]))
        velocity = add(velocity, (change[3], change[4], change[5]))
        self._nodes[index + sign] = (position, velocity, pull_at(position, _TICKS))

    def _quintic(self, index: int) -> tuple[tuple[float, ...], ...]:
        """Coefficients of each axis in s = 0..1 from node `index` to the next."""
        found = self._quintics.get(index)
        if found is None:
            first, second = self._node(index), self._node(index + 1)
            h = _STEP_S
            axes = []
            for axis in range(3):
                p0, v0, a0 = first[0][axis], first[1][axis] * h, first[2][axis] * h * h
                v1, a1 = second[1][axis] * h, second[2][axis] * h * h
                # What the end adds to the parabola of the start: position, slope, curvature.
                dp = second[0][axis] - p0 - v0 - 0.5 * a0
                dv = v1 - v0 - a0
                da = a1 - a0
                axes.append(
                    (
                        p0,
                        v0,
                        0.5 * a0,
                        10.0 * dp - 4.0 * dv + 0.5 * da,
                        -15.0 * dp + 7.0 * dv - da,
                        6.0 * dp - 3.0 * dv + 0.5 * da,
                    )
                )
            found = self._quintics[index] = tuple(axes)
        return found

    def state(self, t_ns: int) -> State:
        """Barycentric position [km] and velocity [km/s]."""
        index, offset_ns = divmod(t_ns - self._t_ns, _STEP_NS)
        s = offset_ns / _STEP_NS
        position, velocity = [], []
        for c0, c1, c2, c3, c4, c5 in self._quintic(index):
            position.append(c0 + s * (c1 + s * (c2 + s * (c3 + s * (c4 + s * c5)))))
            slope = c1 + s * (2.0 * c2 + s * (3.0 * c3 + s * (4.0 * c4 + s * (5.0 * c5))))
            velocity.append(slope / _STEP_S)
        return (position[0], position[1], position[2]), (velocity[0], velocity[1], velocity[2])

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


class Trajectory:
    """Where a spacecraft is. A pure function of time: what is stored is a cache, not state.

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
        self.ephemeris = ephemeris
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

    def state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s], ICRF from the Sun."""
        position, velocity = self.barycentric_state(t_ns)
        sun_position, sun_velocity = self.ephemeris.state("sun", t_ns)
        return subtract(position, sun_position), subtract(velocity, sun_velocity)

    def to_body(self, body: str, t_ns: int) -> State:
        """From the spacecraft to a body: separation [km] and its rate [km/s], geometric, ICRF."""
        position, velocity = self.barycentric_state(t_ns)
        body_position, body_velocity = self.ephemeris.state(body, t_ns)
        return subtract(body_position, position), subtract(body_velocity, velocity)

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
