"""Second-order equations of motion, solved to the same bits everywhere.

One step is Stoermer's rule extrapolated in h^2 (Gragg, Bulirsch and Stoer; seven columns, order 14), in
plain floats. Between the nodes runs a quintic through position, velocity and acceleration of both ends.
"""

from collections.abc import Callable

from fsw.kernel.time import SECOND
from fsw.world.vectors import Vector, add, scale, subtract

State = tuple[Vector, Vector]
# Acceleration [km/s2] at a position [km]; and the field of an instant (mission time).
Field = Callable[[Vector], Vector]
FieldAt = Callable[[int], Field]

# Substeps of each column; all times are then twenty-fourths of a step, shared between columns.
_COLUMNS = (1, 2, 3, 4, 6, 8, 12)
_TICKS = 24


class Arc:
    """The flight through one state: nodes `step_ns` apart, made when first asked for, in either direction.

    t_ns: mission time of the state. The nodes are a cache: they depend on the state and the field alone,
    whatever was asked in what order.
    """

    def __init__(self, t_ns: int, state: State, step_ns: int, field_at: FieldAt) -> None:
        self.t_ns = t_ns
        self.step_ns = step_ns
        self._step_s = step_ns / SECOND
        self._field_at = field_at
        position, velocity = state
        self._nodes: dict[int, tuple[Vector, Vector, Vector]] = {
            0: (position, velocity, field_at(t_ns)(position))
        }
        self._quintics: dict[int, tuple[tuple[float, ...], ...]] = {}

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
        t_ns = self.t_ns + index * self.step_ns
        fields: dict[int, Field] = {}

        def pull_at(at: Vector, tick: int) -> Vector:
            if tick not in fields:
                fields[tick] = self._field_at(t_ns + sign * (tick * self.step_ns // _TICKS))
            return fields[tick](at)

        rows: list[list[tuple[float, ...]]] = []
        for n in _COLUMNS:
            h = sign * self._step_s / n
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
            h = self._step_s
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
        """Position [km] and velocity [km/s]."""
        index, offset_ns = divmod(t_ns - self.t_ns, self.step_ns)
        s = offset_ns / self.step_ns
        position, velocity = [], []
        for c0, c1, c2, c3, c4, c5 in self._quintic(index):
            position.append(c0 + s * (c1 + s * (c2 + s * (c3 + s * (c4 + s * c5)))))
            slope = c1 + s * (2.0 * c2 + s * (3.0 * c3 + s * (4.0 * c4 + s * (5.0 * c5))))
            velocity.append(slope / self._step_s)
        return (position[0], position[1], position[2]), (velocity[0], velocity[1], velocity[2])
