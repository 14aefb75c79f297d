"""How a six-wheeled rover moves over ground: legs of straight driving, waits and turns in place.

Pure functions of time: where it stands and is headed, how far each wheel has turned, where its wheels meet
the ground, and what they have done to it.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core.errors import FswError
from fsw.core.render import Doubles
from fsw.core.site import MARK, Marks
from fsw.world.mesh import Placement, add, cosine, cross, scaled, sine, unit
from fsw.world.models.zhurong import WHEEL_RADIUS_M, WHEEL_WIDTH_M, WHEELS
from fsw.world.terrain import Ground, noise

STEER_S = 7.0  # from straight to across
_MOST_STEERING = 0.2  # of a turn's time, each way
_STEP_M = 0.05  # between the prints of one wheel
_REACH_M = 0.20
NEVER = 3e38
_BITE_M = 0.006  # a wheel sinks so far


@dataclass(frozen=True, slots=True)
class Leg:
    """seconds: how long; ahead_m: how far on, negative backwards; turn_rad: to the left, in place. One of the
    last two is 0; both: a wait."""

    seconds: float
    ahead_m: float = 0.0
    turn_rad: float = 0.0

    def __post_init__(self) -> None:
        if self.seconds <= 0 or (self.ahead_m and self.turn_rad):
            raise FswError(f"leg {self}: it takes time, and either drives or turns")


@dataclass(frozen=True, slots=True)
class Stand:
    """x, y [m], heading from x towards y [rad], way of each wheel along the ground [m].

    steered: from 0, wheels straight, to 1, wheels across, to turn in place.
    """

    x: float
    y: float
    heading_rad: float
    wheel_way_m: tuple[float, ...]
    steered: float


class Drive:
    """Legs one after the other, from a place and heading at time 0."""

    def __init__(self, x: float, y: float, heading_rad: float, legs: tuple[Leg, ...]) -> None:
        still = (0.0,) * len(WHEELS)
        self._starts: list[tuple[float, Leg | None, Stand]] = []
        t, stand = 0.0, Stand(x, y, heading_rad, still, 0.0)
        for leg in legs:
            self._starts.append((t, leg, stand))
            t += leg.seconds
            stand = _moved(stand, leg, 1.0)
        self._starts.append((t, None, stand))
        self.seconds = t

    def at(self, seconds: float) -> Stand:
        """Where it is; before its start and after its end it stands."""
        t, leg, stand = self._starts[0]
        for each in self._starts:
            if each[0] > seconds:
                break
            t, leg, stand = each
        if leg is None or seconds <= t:
            return stand
        return _moved(stand, leg, (seconds - t) / leg.seconds)

    def marks(self, lower: tuple[float, float], upper: tuple[float, float], pitch: float, seed: int) -> Marks:
        """What its wheels do to the ground of a rectangle, on this clock. From the first wheel that passes a
        square shows what the last one leaves."""
        columns, rows = (ceil((upper[k] - lower[k]) / pitch) for k in (0, 1))
        squares = np.zeros((rows, columns), MARK)
        squares["when"] = NEVER
        x: Doubles = lower[0] + (np.arange(columns, dtype=np.float64) + 0.5) * pitch
        y: Doubles = lower[1] + (np.arange(rows, dtype=np.float64) + 0.5) * pitch
        across, up = np.meshgrid(x, y)
        wobble, rough = 0.012 * noise(across * 9, up * 9, seed), noise(across * 40, up * 40, seed + 1)
        field = _Field(squares, x, y, wobble, rough)
        for t, leg, _ in self._starts:
            if leg is None or not (leg.ahead_m or leg.turn_rad):
                continue
            steps = ceil(max(abs(leg.ahead_m), abs(leg.turn_rad) * 0.9) / _STEP_M)
            for i in range(steps + 1):
                when = t + leg.seconds * i / steps
                stand = self.at(when)
                for wheel in range(len(WHEELS)):
                    _print(field, stand, wheel, when)
        squares.flags.writeable = False
        return Marks(squares, lower[0], lower[1], pitch)


def _moved(stand: Stand, leg: Leg, share: float) -> Stand:
    c, s = cosine(stand.heading_rad), sine(stand.heading_rad)
    way, turn, steered = leg.ahead_m * share, 0.0, 0.0
    if leg.turn_rad:  # between the wheels' steering there and back
        steering_share = min(STEER_S / leg.seconds, _MOST_STEERING)
        turn = leg.turn_rad * min(max((share - steering_share) / (1.0 - 2.0 * steering_share), 0.0), 1.0)
        steered = min(share / steering_share, (1.0 - share) / steering_share, 1.0)
    wheels = tuple(w + way + turn * _arm(place) for w, place in zip(stand.wheel_way_m, WHEELS, strict=True))
    return Stand(stand.x + c * way, stand.y + s * way, stand.heading_rad + turn, wheels, steered)


def _arm(wheel: tuple[float, float, float]) -> float:
    """Radius of its circle in a turn in place; the right wheels run ahead in a turn to the left."""
    size = float(np.sqrt(wheel[0] * wheel[0] + wheel[1] * wheel[1]))
    return -size if wheel[1] > 0 else size


def steering(wheel: tuple[float, float, float], steered: float) -> Placement:
    """A wheel's axes in the rover's: x the way it rolls."""
    if not steered:
        return Placement()
    side = -1.0 if wheel[1] < 0 else 1.0
    across = unit((side * wheel[1], -side * wheel[0], 0.0))
    # Between straight and across the straight line does: nobody sees how evenly it steers.
    ahead = unit((1.0 - steered + steered * across[0], steered * across[1], 0.0))
    return Placement(ahead, (-ahead[1], ahead[0], 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """Squares with the places of their middles, and what makes each print a little different."""

    squares: NDArray[Any]
    x: Doubles
    y: Doubles
    wobble: Doubles
    rough: Doubles


def _print(field: _Field, stand: Stand, wheel: int, when: float) -> None:
    """One wheel's print: pressed soil, grousers' bars across, a rim thrown up on either side."""
    c, s = cosine(stand.heading_rad), sine(stand.heading_rad)
    place = WHEELS[wheel]
    x, y = stand.x + c * place[0] - s * place[1], stand.y + s * place[0] + c * place[1]
    axes = steering(place, stand.steered).x
    ux, uy = c * axes[0] - s * axes[1], s * axes[0] + c * axes[1]
    i0, i1 = np.searchsorted(field.x, (x - _REACH_M, x + _REACH_M))
    j0, j1 = np.searchsorted(field.y, (y - _REACH_M, y + _REACH_M))
    if i0 == i1 or j0 == j1:
        return
    px, py = field.x[i0:i1] - x, field.y[j0:j1, None] - y
    wobble, rough = field.wobble[j0:j1, i0:i1], field.rough[j0:j1, i0:i1]
    forth, across = px * ux + py * uy, py * ux - px * uy
    half = WHEEL_WIDTH_M / 2
    side = np.abs(across) - half + wobble
    new = (np.abs(forth) <= _STEP_M * 0.75) & (side < 0.055)
    old = field.squares[j0:j1, i0:i1]
    new &= (old["when"] > when) | (side < 0)
    pressed = np.clip(-side / 0.02, 0, 1)
    rim = np.clip(1 - np.abs(side - 0.02) / 0.035, 0, 1)
    rolled = stand.wheel_way_m[wheel] + forth
    bar = rolled / (WHEEL_RADIUS_M * 6.283185307179586 / 20)
    bar = bar - np.floor(bar)
    tread = np.where(bar < 0.5, bar * 4 - 1, 3 - bar * 4) * pressed
    outward = np.where(across > 0, 1.0, -1.0)
    wall = outward * (0.30 * np.clip(1 - np.abs(side) / 0.015, 0, 1) - 0.22 * rim * (side > 0.02))
    along = 0.30 * np.where(bar < 0.5, 1.0, -1.0) * pressed
    slope_x = wall * -uy + along * ux + 0.10 * rough * rim
    slope_y = wall * ux + along * uy + 0.10 * rough * rim
    shade = -0.26 * pressed + 0.10 * tread - 0.10 * rim * rough - 0.08 * rim
    at = np.nonzero(new)
    first = np.minimum(old["when"][at], np.float32(when))
    old["slope"][at] = np.clip(np.stack([slope_x, slope_y], -1)[at] * 100, -127, 127).astype(np.int8)
    old["shade"][at] = np.clip(shade[at] * 128, -127, 127).astype(np.int8)
    old["when"][at] = first


@dataclass(frozen=True, slots=True)
class Posture:
    """Placements in the site: of the body, and of each wheel (turned as it has rolled)."""

    body: Placement
    wheels: tuple[Placement, ...]


def posture(stand: Stand, ground: Ground) -> Posture:
    """How it stands on the ground: level with the plane through its wheels, each wheel on its own spot."""
    c, s = cosine(stand.heading_rad), sine(stand.heading_rad)
    spots = [(stand.x + c * w[0] - s * w[1], stand.y + s * w[0] + c * w[1]) for w in WHEELS]
    z = [float(v) for v in ground.height([p[0] for p in spots], [p[1] for p in spots])]
    left, right = sum(z[:3]) / 3, sum(z[3:]) / 3
    front, rear = (z[0] + z[3]) / 2, (z[2] + z[5]) / 2
    pitch = (front - rear) / (WHEELS[0][0] - WHEELS[2][0])
    roll = (left - right) / (WHEELS[0][1] - WHEELS[3][1])
    ahead = unit((c, s, pitch))
    across = unit((-s - roll * pitch * c, c - roll * pitch * s, roll))
    up = unit(cross(ahead, across))
    across = cross(up, ahead)
    level = sum(z) / len(z)
    body = Placement(ahead, across, up, (stand.x, stand.y, level - _BITE_M))
    wheels = []
    for place, height, way in zip(WHEELS, z, stand.wheel_way_m, strict=True):
        yaw = steering(place, stand.steered)
        angle = way / WHEEL_RADIUS_M  # forwards: the top goes ahead
        ca, sa = cosine(angle), sine(angle)
        x = add(scaled(yaw.x, ca), scaled(yaw.z, -sa))
        zed = add(scaled(yaw.x, sa), scaled(yaw.z, ca))
        turned = Placement(body.direction(x), body.direction(yaw.y), body.direction(zed))
        middle = add(body.direction((place[0], place[1], 0.0)), body.origin)
        # Rocker and bogie let each wheel follow the ground, as far as they reach.
        lift = min(max(height - _BITE_M - middle[2], -0.08), 0.08)
        centre = (middle[0], middle[1], middle[2] + lift + WHEEL_RADIUS_M)
        wheels.append(Placement(turned.x, turned.y, turned.z, centre))
    return Posture(body, tuple(wheels))
