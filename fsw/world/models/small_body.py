"""A small body as a mesh: an ellipsoid with swells, craters and boulders, all of it from a seed. Metres.

Elementwise arithmetic on integers and floats, square roots and `fsw.core.render`'s own exponential: the same
triangles on every machine.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsw.core import render
from fsw.core.render import Doubles
from fsw.kernel.seeds import Stream
from fsw.world.materials import Material
from fsw.world.vectors import Vector, cross, unit

_FACES = (
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
)  # of a cube: outwards, and two edges that turn about it
_SWELLS = ((1.3, 0.17), (2.9, 0.085), (6.5, 0.028), (15.0, 0.009), (37.0, 0.0030), (90.0, 0.0011))
_BOULDER_GRID = 5
_SINK = 0.35  # of a boulder's radius


@dataclass(frozen=True, slots=True)
class Rock:
    """half_axes_m: of the ellipsoid. rough: of the swells, 1 as rubble has them, 0 for none. craters,
    boulders: how many. grid: squares along a twelfth of the equator's half, of which the mesh is made."""

    seed: int
    half_axes_m: Vector
    rough: float
    craters: int
    boulders: int
    grid: int = 150
    ground: Material = Material.REGOLITH


@dataclass(frozen=True, slots=True)
class Triangles:
    """position, normal (v, 3); uv (v, 2) [m]; corner (f, 3); material (f,)."""

    position: Doubles
    normal: Doubles
    uv: Doubles
    corner: NDArray[np.int32]
    material: NDArray[np.uint16]


def rock(figures: Rock) -> Triangles:
    """Its mesh: 6 x 2 x grid^2 triangles, and some 300 for each boulder."""
    stream = Stream(figures.seed, "small body")
    pits = [(stream.unit_vector(), _crater_radius(stream)) for _ in range(figures.craters)]

    def surface(p: Doubles) -> Doubles:
        return _surface(p, figures, pits)

    parts = [_sphere(figures.grid, surface, figures.ground, max(figures.half_axes_m))]
    if figures.boulders:
        places = np.array([stream.unit_vector() for _ in range(figures.boulders)])
        at = surface(places.T).T
        mean = sum(figures.half_axes_m) / 3
        for number in range(figures.boulders):
            parts.append(_boulder(stream, at[number], places[number], mean, figures.seed + number))
    return _joined(parts)


def _crater_radius(stream: Stream) -> float:
    """In body radii: many small ones, few as large as a quarter."""
    u = stream.uniform()
    return 0.045 / (1.0 - 0.84 * u)


def _surface(p: Doubles, figures: Rock, pits: list[tuple[Vector, float]]) -> Doubles:
    """Points (3, n) of the surface along unit directions (3, n)."""
    lift = np.zeros(p.shape[1:])
    if figures.rough:
        for number, (frequency, size) in enumerate(_SWELLS):
            lift += figures.rough * size * _noise(p * frequency, figures.seed * 31 + number)
    for centre, radius in pits:
        dx, dy, dz = (p[k] - centre[k] for k in range(3))
        far2 = (dx * dx + dy * dy + dz * dz) / (radius * radius)
        near = far2 < 6.0
        d2 = far2[near]
        if d2.size:
            bowl = np.where(d2 < 1.0, d2 - 1.0, 0.0) * 0.34
            ring = np.sqrt(d2) - 1.0
            lift[near] += radius * (bowl + 0.075 * render.exp(-(ring * ring) / 0.06))
    return np.stack([p[k] * (figures.half_axes_m[k] * (1.0 + lift)) for k in range(3)])


def _sphere(grid: int, surface: "object", ground: Material, metres: float) -> Triangles:
    """A cube's faces blown up to a sphere and laid on the surface; normals by neighbours on the grid."""
    assert callable(surface)
    steps = np.arange(-1, grid + 2) * (2.0 / grid) - 1.0
    u, v = np.broadcast_to(steps[:, None], (grid + 3, grid + 3)), np.broadcast_to(steps, (grid + 3, grid + 3))
    square = np.arange(grid)
    first = (square[:, None] * (grid + 1) + square).ravel()
    corners = np.stack([first, first + grid + 1, first + grid + 2, first + 1], 1)
    triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
    parts = []
    for out, along, across in _FACES:
        d = [out[k] + u * along[k] + v * across[k] for k in range(3)]
        size = np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
        points = surface(np.stack([(c / size).ravel() for c in d])).reshape(3, grid + 3, grid + 3)
        a, b = points[:, 2:, 1:-1] - points[:, :-2, 1:-1], points[:, 1:-1, 2:] - points[:, 1:-1, :-2]
        n = np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
        n = n / np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
        inner = points[:, 1:-1, 1:-1]
        uv = np.stack([u[1:-1, 1:-1].ravel(), v[1:-1, 1:-1].ravel()], 1) * metres
        parts.append(
            Triangles(
                inner.reshape(3, -1).T,
                n.reshape(3, -1).T,
                uv,
                triangles.astype(np.int32),
                np.full(len(triangles), int(ground), np.uint16),
            )
        )
    return _joined(parts)


def _boulder(stream: Stream, at: Doubles, up: Doubles, body_m: float, seed: int) -> Triangles:
    u = stream.uniform()
    radius = body_m * 0.010 / (1.0 - 0.90 * u) ** 0.8
    z = unit((up[0], up[1], up[2]))
    x = unit(cross(z, stream.unit_vector()))
    y = cross(z, x)
    stretch = tuple(radius * stream.between(0.65, 1.25) for _ in range(3))

    def surface(p: Doubles) -> Doubles:
        lift = 1.0 + 0.28 * _noise(p * 1.7, seed * 7 + 5) + 0.10 * _noise(p * 4.3, seed * 7 + 6)
        own = [p[k] * lift * stretch[k] for k in range(3)]
        out = [
            at[k] - z[k] * _SINK * radius + own[0] * x[k] + own[1] * y[k] + own[2] * z[k] for k in range(3)
        ]
        return np.stack(out)

    return _sphere(_BOULDER_GRID, surface, Material.BOULDER, radius)


def _joined(parts: list[Triangles]) -> Triangles:
    offset, corners = 0, []
    for part in parts:
        corners.append(part.corner + np.int32(offset))
        offset += len(part.position)
    return Triangles(
        np.concatenate([part.position for part in parts]),
        np.concatenate([part.normal for part in parts]),
        np.concatenate([part.uv for part in parts]),
        np.concatenate(corners),
        np.concatenate([part.material for part in parts]),
    )


def _noise(p: Doubles, seed: int) -> Doubles:
    """Value noise of points (3, n), -1 to 1, smooth between the corners of a lattice."""
    cell = np.floor(p)
    f = p - cell
    f = f * f * f * (f * (f * 6.0 - 15.0) + 10.0)
    i = cell.astype(np.int64)
    total = np.zeros(p.shape[1:])
    for corner in range(8):
        x, y, z = corner & 1, corner >> 1 & 1, corner >> 2 & 1
        weight = (f[0] if x else 1.0 - f[0]) * (f[1] if y else 1.0 - f[1]) * (f[2] if z else 1.0 - f[2])
        total += weight * _hashed(i[0] + x, i[1] + y, i[2] + z, seed)
    return total


def _hashed(x: NDArray[np.int64], y: NDArray[np.int64], z: NDArray[np.int64], seed: int) -> Doubles:
    """A number from -1 to 1 for each corner of the lattice."""
    h = (x * 73856093 ^ y * 19349663 ^ z * 83492791 ^ (seed * 2654435761 & 0x7FFFFFFF)) & 0xFFFFFFFF
    h = (h ^ h >> 16) * 0x45D9F3B & 0xFFFFFFFF
    h = (h ^ h >> 16) * 0x45D9F3B & 0xFFFFFFFF
    return (h ^ h >> 16) / 2147483648.0 - 1.0
