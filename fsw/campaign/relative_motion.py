"""Many cameras and their host, left to themselves: how near they come to it again.

All of them are propagated alike, as points, in axes of the ICRF: about a planet in its gravity with J2 to
J4, elsewhere in the Sun's; with the Sun's tide and the push of sunlight, none in the planet's shadow (a
cylinder). One step is a fixed part of the time in which the host would swing through a radian; its error is
common to all and cancels in the difference, but for some 1e-5 of the distance in three revolutions. Between
the nodes runs a cubic through relative position and velocity of both ends.

Left out: the equator's ellipticity and other tesseral harmonics, air, other bodies, the host's own gravity
and manoeuvres, and what the camera's outgassing does.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fsw.kernel.time import SECOND
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM, GM_KM3_S2, Ephemeris
from fsw.world.planets import Planet

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STEP_RAD = 0.025
LONGEST_STEP_S = 600.0
SUNLIGHT_N_M2 = 1360.8 / 299_792_458.0  # on a black surface at 1 au: irradiance by the speed of light
SAMPLES = 9  # of each step in which somebody may come near


@dataclass(frozen=True, slots=True)
class Nature:
    """What pulls. planet: None in flight about the Sun; pole: its own, a unit vector."""

    ephemeris: Ephemeris
    planet: Planet | None
    pole: tuple[float, float, float] | None

    @property
    def gm_km3_s2(self) -> float:
        return GM_KM3_S2["sun"] if self.planet is None else self.planet.gm_km3_s2

    def sun_km(self, t_ns: int) -> Doubles:
        """From the centre of what is flown about."""
        if self.planet is None:
            return np.zeros(3)
        sun, planet = (self.ephemeris.position_km(name, t_ns) for name in ("sun", self.planet.name))
        from_planet: Doubles = np.array(sun) - np.array(planet)
        return from_planet

    def field(self, t_ns: int, push_km_s2: Doubles, host_km: Doubles) -> Callable[[Doubles], Doubles]:
        """Accelerations [km/s2] at positions (n, 3) [km], with the Sun where it is at `t_ns`.

        push_km_s2: of sunlight at 1 au, for each. host_km: who is in the shadow, all are.
        """
        sun = self.sun_km(t_ns)
        if self.planet is None:
            gm = self.gm_km3_s2

            def about_sun(position: Doubles) -> Doubles:
                distance = np.sqrt(np.einsum("ij,ij->i", position, position))
                pushed = push_km_s2 * ASTRONOMICAL_UNIT_KM**2 - gm
                pulled: Doubles = position * (pushed / distance**3)[:, None]
                return pulled

            return about_sun
        planet, pole = self.planet, np.array(self.pole)
        sun_distance = float(np.linalg.norm(sun))
        away = -sun / sun_distance
        lit = 0.0 if _shadowed(host_km, away, planet.equatorial_km) else 1.0
        light = (lit * push_km_s2 * (ASTRONOMICAL_UNIT_KM / sun_distance) ** 2)[:, None] * away
        tide = GM_KM3_S2["sun"] / sun_distance**3

        def about_planet(position: Doubles) -> Doubles:
            # To first order in position over the Sun's distance: the rest is 1e-4 of it.
            tides = tide * (3.0 * (position @ away)[:, None] * away - position)
            pulled: Doubles = _gravity(planet, pole, position) + tides + light
            return pulled

        return about_planet


def _shadowed(position: Doubles, away: Doubles, radius_km: float) -> bool:
    behind = float(position @ away)
    aside = position - behind * away
    return behind > 0.0 and float(aside @ aside) < radius_km * radius_km


def _gravity(planet: Planet, pole: Doubles, position: Doubles) -> Doubles:
    """As `fsw.world.orbit.gravity`, for many at once."""
    j2, j3, j4 = planet.zonal
    square = np.einsum("ij,ij->i", position, position)
    distance = np.sqrt(square)
    s = (position @ pole) / distance
    s2 = s * s
    q = planet.zonal_radius_km / distance
    q2 = q * q
    a2, a3, a4 = j2 * q2, j3 * q2 * q, j4 * q2 * q2
    along = (
        1.0
        - 3.0 * a2 * (1.5 * s2 - 0.5)
        - 4.0 * a3 * (2.5 * s2 - 1.5) * s
        - 5.0 * a4 * ((4.375 * s2 - 3.75) * s2 + 0.375)
    )
    polar = a2 * 3.0 * s + a3 * (7.5 * s2 - 1.5) + a4 * (17.5 * s2 - 7.5) * s
    factor = -planet.gm_km3_s2 / square
    outwards = factor * (along - polar * s) / distance
    pulled: Doubles = outwards[:, None] * position + (factor * polar)[:, None] * pole
    return pulled


def step(
    field: Callable[[Doubles], Doubles], position: Doubles, velocity: Doubles, h: Doubles | float
) -> tuple[Doubles, Doubles]:
    """One step [s] of Nystroem's fourth-order rule, which takes three pulls; h: one for all, or (n, 1)."""
    k1 = field(position)
    k2 = field(position + 0.5 * h * velocity + 0.125 * h * h * k1)
    k3 = field(position + h * velocity + 0.5 * h * h * k2)
    moved = position + h * velocity + h * h * (k1 + 2.0 * k2) / 6.0
    return moved, velocity + h * (k1 + 4.0 * k2 + k3) / 6.0


@dataclass(frozen=True, slots=True)
class Returns:
    """Of n cameras. closest_m: least distance from the host since the camera, beyond all of the radii, began
    to come nearer again, infinite if it never did; closest_s: when. first_s: (radii, n), when it first came
    back within each radius after having been beyond it, infinite where it did not. end_m: distance at the
    end."""

    closest_m: Doubles
    closest_s: Doubles
    first_s: Doubles
    end_m: Doubles


def watch(
    nature: Nature,
    start_ns: int,
    host: tuple[Doubles, Doubles],
    cameras: tuple[Doubles, Doubles],
    push_km_s2: tuple[float, Doubles],
    duration_s: float,
    radii_m: Doubles,
) -> Returns:
    """From one instant, at which all have left, to `duration_s` later. States in km and km/s, from the
    centre of what is flown about; cameras (n, 3). push_km_s2: of sunlight at 1 au on host and on each camera.

    Leaving and coming back within one step goes unseen: a camera would have to turn about within a minute.
    """
    position = np.vstack([host[0], cameras[0]])
    velocity = np.vstack([host[1], cameras[1]])
    push = np.concatenate([[push_km_s2[0]], push_km_s2[1]])
    count = len(cameras[0])
    beyond = np.zeros((len(radii_m), count), bool)
    first = np.full((len(radii_m), count), np.inf)
    closest, closest_s = np.full(count, np.inf), np.full(count, np.inf)
    turned = np.zeros(count, bool)
    largest = int(np.argmax(radii_m))
    near, near_v = _relative(position, velocity)
    elapsed_s = 0.0
    while elapsed_s < duration_s:
        radius = float(np.linalg.norm(position[0]))
        h = min(STEP_RAD * (radius**3 / nature.gm_km3_s2) ** 0.5, LONGEST_STEP_S, duration_s - elapsed_s)
        t_ns = start_ns + round((elapsed_s + h / 2.0) * SECOND)
        position, velocity = step(nature.field(t_ns, push, position[0]), position, velocity, h)
        far, far_v = _relative(position, velocity)
        distance, next_m = _length(near), _length(far)
        beyond |= distance > radii_m[:, None]
        turned |= beyond[largest] & (next_m < distance)
        # Nobody's distance changes faster than this, but for the little that the pull adds in a step.
        reach = 0.6 * h * np.maximum(_length(near_v), _length(far_v))
        least = np.minimum(distance, next_m) - reach
        wanted = np.where(turned, closest, 0.0)
        open_m = np.where(beyond & np.isinf(first), radii_m[:, None], 0.0).max(axis=0)
        candidates = np.flatnonzero(least < np.maximum(wanted, open_m))
        if candidates.size:
            found_m, found_s = _nearest(
                near[candidates], near_v[candidates], far[candidates], far_v[candidates], h
            )
            better = turned[candidates] & (found_m < closest[candidates])
            closest[candidates[better]] = found_m[better]
            closest_s[candidates[better]] = elapsed_s + found_s[better]
            for k, radius_m in enumerate(radii_m):
                hit = beyond[k, candidates] & np.isinf(first[k, candidates]) & (found_m < radius_m)
                first[k, candidates[hit]] = elapsed_s + found_s[hit]
        near, near_v = far, far_v
        elapsed_s += h
    return Returns(closest, closest_s, first, _length(near))


def _relative(position: Doubles, velocity: Doubles) -> tuple[Doubles, Doubles]:
    """The cameras' from the host, m and m/s."""
    return 1e3 * (position[1:] - position[0]), 1e3 * (velocity[1:] - velocity[0])


def _length(rows: Doubles) -> Doubles:
    lengths: Doubles = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return lengths


def _nearest(p0: Doubles, v0: Doubles, p1: Doubles, v1: Doubles, h: float) -> tuple[Doubles, Doubles]:
    """Least distance [m] along the cubic between two nodes, and when in the step [s]."""
    s = np.linspace(0.0, 1.0, SAMPLES)[:, None, None]
    a, b = h * v0, h * v1
    way = p0 + s * (a + s * ((3.0 * (p1 - p0) - 2.0 * a - b) + s * (2.0 * (p0 - p1) + a + b)))
    squares = np.einsum("kij,kij->ki", way, way)
    middle = np.clip(squares.argmin(axis=0), 1, SAMPLES - 2)
    each = np.arange(len(p0))
    left, here, right = (squares[middle + shift, each] for shift in (-1, 0, 1))
    # The square of the distance is a parabola where the motion is straight, as it is over a ninth of a step.
    bend = left - 2.0 * here + right
    aside = np.where(
        bend > 0.0, np.clip((left - right) / np.where(bend > 0.0, 2.0 * bend, 1.0), -1.0, 1.0), 0.0
    )
    lowest = here + aside * ((right - left) / 2.0 + aside * bend / 2.0)
    lowest = np.minimum(np.minimum(lowest, here), np.minimum(left, right))
    at = (middle + aside) / (SAMPLES - 1) * h
    nearest: Doubles = np.sqrt(np.maximum(lowest, 0.0))
    return nearest, at
