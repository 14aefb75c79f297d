"""How long a radio signal is under way between the spacecraft and Earth.

Solved exactly (straight line at the speed of light, barycentric ICRF, the geocentre as station: an
antenna on the ground is up to 21 ms nearer or farther) at the ends of minutes, and by a cubic between
them; there it differs from the exact solution by less than a nanosecond in cruise, by up to twenty in a low
orbit.
"""

from functools import lru_cache
from typing import Literal

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.world.ephemeris import SPEED_OF_LIGHT_KM_S
from fsw.world.flight_path import FlightPath
from fsw.world.vectors import length, subtract

Direction = Literal["down", "up"]

_NODE_NS = 60 * SECOND
_MOST_KEPT = 256
_MOST_ITERATIONS = 20


class LightTime:
    """One-way light times of one trajectory. A pure function of time: what is stored is a cache."""

    def __init__(self, trajectory: FlightPath) -> None:
        self._trajectory = trajectory
        # A flight of months passes many, and comes back to none.
        self._node = lru_cache(_MOST_KEPT)(self._solve_node)
        self._cubic = lru_cache(_MOST_KEPT)(self._fit_cubic)

    def solve_s(self, t_ns: int, direction: Direction) -> float:
        """Seconds under way of what leaves at `t_ns`: "down" from the spacecraft, "up" from Earth."""
        if direction not in ("down", "up"):
            raise FswError(f"direction {direction!r}: allowed are 'down' and 'up'")
        ephemeris, trajectory = self._trajectory.ephemeris, self._trajectory
        if direction == "down":
            origin = trajectory.barycentric_state(t_ns)[0]
        else:
            origin = ephemeris.position_km("earth", t_ns)
        # Arrival is where the receiver will be. Each round gains the factor v/c = 1e-4.
        delay_s = 0.0
        for _ in range(_MOST_ITERATIONS):
            arrival_ns = t_ns + round(delay_s * SECOND)
            if direction == "down":
                target, velocity = ephemeris.state("earth", arrival_ns)
            else:
                target, velocity = trajectory.barycentric_state(arrival_ns)
            # What rounding to whole nanoseconds left out moves the receiver by micrometres.
            beyond_s = delay_s - (arrival_ns - t_ns) / SECOND
            way = subtract(target, origin)
            way = (
                way[0] + velocity[0] * beyond_s,
                way[1] + velocity[1] * beyond_s,
                way[2] + velocity[2] * beyond_s,
            )
            before_s, delay_s = delay_s, length(way) / SPEED_OF_LIGHT_KM_S
            if abs(delay_s - before_s) < 1e-11:
                return delay_s
        raise FswError(f"light time at {ephemeris.epoch.utc(t_ns)} has no solution: nothing outruns light")

    def _solve_node(self, direction: Direction, index: int) -> float:
        return self.solve_s(index * _NODE_NS, direction)

    def _fit_cubic(self, direction: Direction, index: int) -> tuple[int, float, float, float, float]:
        """Whole nanoseconds at node `index`, and the cubic [ns] of what is added, through nodes -1..2."""
        middle = self._node(direction, index)
        base_ns = round(middle * SECOND)
        # Offsets from the base are small, so no digits are lost.
        a, b, c, d = ((self._node(direction, index + k) * SECOND) - base_ns for k in (-1, 0, 1, 2))
        third = (d - 3.0 * c + 3.0 * b - a) / 6.0
        second = (c - 2.0 * b + a) / 2.0
        first = c - b - second - third
        return base_ns, b, first, second, third

    def one_way_light_time_ns(self, t_ns: int, direction: Direction = "down") -> int:
        """Nanoseconds under way of what leaves at `t_ns`. Arrival, t_ns + this, never runs backwards.

        Near the limits of the trajectory the nodes a minute before and two after must be within it.
        """
        index, offset_ns = divmod(t_ns, _NODE_NS)
        base_ns, zeroth, first, second, third = self._cubic(direction, index)
        s = offset_ns / _NODE_NS
        return base_ns + round(zeroth + s * (first + s * (second + s * third)))
