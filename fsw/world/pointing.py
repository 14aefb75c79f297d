"""How a spacecraft points whose camera is mounted on it: at one target after the other.

At a target the boresight, a direction in the body's XZ plane, looks at it, and the Sun is in that plane, so
that wings along Y can face it: on the +X side of a boresight along +Z, on the -Z side of one along +X. From
target to target the body turns about one axis, and the turned share of the angle is a quintic of time whose
first two derivatives vanish at both ends.
"""

from dataclasses import dataclass

from fsw.core import render
from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions.mounted import MountedMission
from fsw.world.attitude import Attitude
from fsw.world.flight_path import FlightPath, across, direction_and_rate
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import (
    Quaternion,
    Vector,
    add,
    conjugate,
    cross,
    length,
    multiply,
    quaternion_from_axes,
    rotate,
    scale,
    subtract,
    unit,
)

_IN_LINE = 1e-5  # sine of the angle between Sun and target below which the roll is undefined
_NO_TURN = 1e-12


@dataclass(frozen=True, slots=True)
class Turn:
    """From `begin_ns` on, for `span_ns`, the body turns to `target`."""

    target: str
    begin_ns: int
    span_ns: int


@dataclass(frozen=True)
class PointedAttitude(Attitude):
    """boresight: body axes. turns: in order of time; before the first it looks at the first one's target."""

    boresight: Vector
    turns: tuple[Turn, ...]

    def __post_init__(self) -> None:
        if self.boresight[1]:
            raise FswError(f"boresight {self.boresight}: allowed are directions in the body's XZ plane")

    @classmethod
    def of(cls, mission: MountedMission, trajectory: FlightPath) -> "PointedAttitude":
        """From a mission file."""
        turns = tuple(
            Turn(one.target, mission.epoch.parse(one.slew_utc), round(one.slew_s * SECOND))
            for one in mission.observation
        )
        rule = mission.attitude
        boresight = unit(mission.camera.mount.boresight)
        return cls(trajectory, 0.0, rule.dead_band_deg, rule.limit_cycle_s, boresight, turns)

    def target_state(self, t_ns: int) -> tuple[Quaternion, Vector]:
        """The target's attitude; in a turn, part of the way from the one before."""
        begun = [index for index, turn in enumerate(self.turns) if index and turn.begin_ns <= t_ns]
        index = begun[-1] if begun else 0
        turn = self.turns[index]
        after, rate = self._at(turn.target, t_ns)
        past_ns = t_ns - turn.begin_ns
        if index == 0 or past_ns >= turn.span_ns:
            return after, rate
        before, rate_before = self._at(self.turns[index - 1].target, t_ns)
        share, speed = _eased(past_ns / turn.span_ns)
        # Both targets move meanwhile: by 1e-6 rad/s.
        rate = add(rate_before, scale(subtract(rate, rate_before), share))
        way = multiply(conjugate(before), after)
        axis = scale((way[1], way[2], way[3]), 1.0 if way[0] >= 0.0 else -1.0)
        size = length(axis)
        if size < _NO_TURN:
            return before, rate
        half_rad = float(render.atan2(size, abs(way[0])))
        sine, cosine = sine_cosine_degrees(half_rad * share * (180.0 / PI))
        part = scale(axis, sine / size)
        attitude = multiply(before, (cosine, part[0], part[1], part[2]))
        turning = scale(rotate(before, axis), 2.0 * half_rad * speed * SECOND / turn.span_ns / size)
        return attitude, add(rate, turning)

    def _at(self, target: str, t_ns: int) -> tuple[Quaternion, Vector]:
        """Boresight at the target, Sun in the XZ plane, and the rate of both [rad/s, ICRF axes]."""
        look, look_rate = direction_and_rate(self.trajectory.to_body(target, t_ns))
        sun, sun_rate = direction_and_rate(self.trajectory.to_body("sun", t_ns))
        normal = cross(look, sun)
        size = length(normal)
        if size < _IN_LINE:
            utc = self.trajectory.ephemeris.epoch.utc(t_ns)
            raise FswError(f"attitude at {utc}: Sun and {target.capitalize()} in line")
        y_axis = scale(normal, 1.0 / size)
        y_rate = scale(across(y_axis, add(cross(look_rate, sun), cross(look, sun_rate))), 1.0 / size)
        beyond = cross(y_axis, look)
        beyond_rate = add(cross(y_rate, look), cross(y_axis, look_rate))
        x, _, z = self.boresight
        x_axis = add(scale(look, x), scale(beyond, z))
        z_axis = subtract(scale(look, z), scale(beyond, x))
        turning = add(add(cross(look, look_rate), cross(y_axis, y_rate)), cross(beyond, beyond_rate))
        return quaternion_from_axes(x_axis, y_axis, z_axis), scale(turning, 0.5)


def _eased(s: float) -> tuple[float, float]:
    """A quintic from 0 to 1, and its slope."""
    return s * s * s * (10.0 + s * (6.0 * s - 15.0)), 30.0 * s * s * (1.0 - s) * (1.0 - s)
