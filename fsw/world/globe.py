"""A planet or moon as a disc with a face: spheroid, light, ground; one ray a pixel, sixteen at the limb.

Lens axes: boresight +z, +x to the right of the picture, +y down; a pinhole. Positions are km, directions unit
vectors, radiances W m^-2 sr^-1 in three bands (red, green, blue). Elementwise arithmetic only, so that every
machine draws the same.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fsw.core.render import Canvas, Doubles
from fsw.world.vectors import Vector

LIMB_SAMPLES = 4  # squared
BLOCK_ROWS = 128  # of rays at a time: keeps the arrays in the caches


class Surface(Protocol):
    """What the ground, and the air above it, make of sunlight."""

    def reflectance(
        self, normal: Doubles, mu0: Doubles, mu: Doubles, cos_phase: Doubles, sun: Vector
    ) -> Doubles:
        """Radiance over that of a white card square to the Sun, (3, n).

        normal (3, n): body-fixed axes (prime meridian, 90 deg east, north pole); mu0, mu: cosines of the
        angles of incidence and emission; cos_phase: of the angle between Sun and camera; sun: unit vector.
        """
        ...


@dataclass(frozen=True, slots=True)
class Globe:
    """centre_km: lens axes. axes: of the body-fixed frame, lens axes. sun: from the body, lens axes.
    irradiance: of sunlight there, three bands."""

    centre_km: Vector
    axes: tuple[Vector, Vector, Vector]
    equatorial_km: float
    polar_km: float
    sun: Vector
    irradiance: Vector
    surface: Surface

    @property
    def distance_km(self) -> float:
        x, y, z = self.centre_km
        return sqrt(x * x + y * y + z * z)

    def rays(self, x: Doubles, y: Doubles) -> tuple[NDArray[np.bool_], Doubles]:
        """Whether rays along (x, y, 1) meet it (n,), and their radiance (3, n), zero where they do not."""
        size = np.sqrt(x * x + y * y + 1.0)
        d = (x / size, y / size, 1.0 / size)
        squash = self.equatorial_km / self.polar_km
        origin: list[float] = []
        ray: list[Doubles] = []
        for axis, stretch in zip(self.axes, (1.0, 1.0, squash), strict=True):
            origin.append(-stretch * sum(a * c for a, c in zip(axis, self.centre_km, strict=True)))
            ray.append(stretch * (axis[0] * d[0] + axis[1] * d[1] + axis[2] * d[2]))
        a = ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]
        b = origin[0] * ray[0] + origin[1] * ray[1] + origin[2] * ray[2]
        c = sum(o * o for o in origin) - self.equatorial_km * self.equatorial_km
        inside = b * b - a * c
        hit = (inside > 0.0) & (b < 0.0)
        out = np.zeros((3, x.size))
        if not hit.any():
            return hit, out
        a, b, inside = a[hit], b[hit], inside[hit]
        way = (-b - np.sqrt(inside)) / a
        n = [o + way * r[hit] for o, r in zip(origin, ray, strict=True)]
        n[2] = n[2] * squash  # of the ellipsoid's gradient, since z is stretched already
        norm = np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
        normal = np.stack([component / norm for component in n])
        sun = [sum(p * q for p, q in zip(axis, self.sun, strict=True)) for axis in self.axes]
        back = [-(axis[0] * d[0][hit] + axis[1] * d[1][hit] + axis[2] * d[2][hit]) for axis in self.axes]
        mu0 = normal[0] * sun[0] + normal[1] * sun[1] + normal[2] * sun[2]
        mu = normal[0] * back[0] + normal[1] * back[1] + normal[2] * back[2]
        cos_phase = back[0] * sun[0] + back[1] * sun[1] + back[2] * sun[2]
        shade = self.surface.reflectance(
            normal, mu0, np.maximum(mu, 1e-3), cos_phase, (sun[0], sun[1], sun[2])
        )
        for band in range(3):
            out[band, hit] = shade[band] * (self.irradiance[band] / 3.141592653589793)
        return hit, out


def draw(canvas: Canvas, globe: Globe) -> int:
    """Draws it behind what the canvas holds and before what follows; how many pixels it lies on."""
    x, y, z = globe.centre_km
    if z <= 0.0:
        return 0
    height, width = canvas.radiance.shape[:2]
    focal, cx, cy = canvas.lens.focal_px, (width - 1) / 2.0, (height - 1) / 2.0
    u, v = cx + focal * x / z, cy + focal * y / z
    # Of the circle round it, a little more than it can be off the axis.
    radius = 1.02 * focal * globe.equatorial_km / z + 4.0
    left, right = max(0, int(u - radius)), min(width, int(u + radius) + 2)
    top, bottom = max(0, int(v - radius)), min(height, int(v + radius) + 2)
    if left >= right or top >= bottom:
        return 0
    across: Doubles = (np.arange(left, right, dtype=np.float64) - cx) / focal
    drawn = 0
    for first in range(top, bottom, BLOCK_ROWS):
        last = min(bottom, first + BLOCK_ROWS)
        # A row more at both ends, to find the limb.
        down: Doubles = (np.arange(first - 1, last + 1, dtype=np.float64) - cy) / focal
        hit, light = globe.rays(np.tile(across, down.size), np.repeat(down, across.size))
        cover = hit.reshape(down.size, across.size)
        share = cover.astype(np.float64)
        light = light.reshape(3, down.size, across.size)
        edge = _limb(cover)
        edge[0] = edge[-1] = False
        if edge.any():
            _refine(globe, edge, across, down, focal, share, light)
        drawn += _blend(canvas, share[1:-1], light[:, 1:-1], left, first)
    return drawn


def _limb(cover: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels whose neighbours differ from them."""
    edge = np.zeros_like(cover)
    across, down = cover[:, 1:] != cover[:, :-1], cover[1:] != cover[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def _refine(
    globe: Globe,
    edge: NDArray[np.bool_],
    across: Doubles,
    down: Doubles,
    focal: float,
    share: Doubles,
    light: Doubles,
) -> None:
    """Means of many rays, in place; light is that of the covered part times the share."""
    rows, columns = np.nonzero(edge)
    steps = (np.arange(LIMB_SAMPLES) + 0.5) / LIMB_SAMPLES - 0.5
    total, count = np.zeros((3, rows.size)), np.zeros(rows.size)
    for step_y in steps.tolist():
        for step_x in steps.tolist():
            hit, shade = globe.rays(across[columns] + step_x / focal, down[rows] + step_y / focal)
            total += shade
            count += hit
    many = float(LIMB_SAMPLES * LIMB_SAMPLES)
    share[rows, columns] = count / many
    light[:, rows, columns] = total / many


def _blend(canvas: Canvas, share: Doubles, light: Doubles, left: int, top: int) -> int:
    rows, columns = share.shape
    part = canvas.radiance[top : top + rows, left : left + columns]
    free = 1.0 - part[:, :, 3].astype(np.float64)
    for band in range(3):
        part[:, :, band] += (free * light[band]).astype(np.float32)
    part[:, :, 3] += (free * share).astype(np.float32)
    for row in np.flatnonzero(share.any(axis=1)).tolist():
        at = np.flatnonzero(share[row])
        span = canvas.span[top + row]
        low, high = left + int(at[0]), left + int(at[-1]) + 1
        empty = span[0] == span[1]
        span[0], span[1] = (low, high) if empty else (min(span[0], low), max(span[1], high))
    return int(np.count_nonzero(share))
