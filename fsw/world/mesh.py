"""Builds triangle models from quads, boxes, tubes and surfaces of revolution. Metres.

Only + - * / and square roots of numpy (which IEEE 754 fixes) and `fsw.core.render`'s own sine and cosine: the
same triangles on every machine. No matrix products: BLAS libraries round as they like.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core import render
from fsw.core.render import Doubles, Floats, TriangleScene

Vector = tuple[float, float, float]
TAU = 6.283185307179586


def sine(angle_rad: float) -> float:
    return float(render.sin([angle_rad])[0])


def cosine(angle_rad: float) -> float:
    return float(render.cos([angle_rad])[0])


def add(a: Sequence[float], b: Sequence[float]) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def scaled(a: Sequence[float], factor: float) -> Vector:
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def cross(a: Sequence[float], b: Sequence[float]) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def length(a: Sequence[float]) -> float:
    return sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


def unit(a: Sequence[float]) -> Vector:
    return scaled(a, 1 / length(a))


@dataclass(frozen=True, slots=True)
class Placement:
    """Axes of a local frame, in the frame outside, and its origin."""

    x: Vector = (1.0, 0.0, 0.0)
    y: Vector = (0.0, 1.0, 0.0)
    z: Vector = (0.0, 0.0, 1.0)
    origin: Vector = (0.0, 0.0, 0.0)

    def direction(self, v: Sequence[float]) -> Vector:
        return add(add(scaled(self.x, v[0]), scaled(self.y, v[1])), scaled(self.z, v[2]))

    def inside(self, outer: "Placement") -> "Placement":
        return Placement(
            outer.direction(self.x),
            outer.direction(self.y),
            outer.direction(self.z),
            add(outer.direction(self.origin), outer.origin),
        )

    def turn(self, vectors: Doubles) -> Doubles:
        """Directions (..., 3) from the local frame to the one outside."""
        out = np.empty_like(vectors)
        for k in range(3):
            out[..., k] = (vectors[..., 0] * self.x[k] + vectors[..., 1] * self.y[k]) + vectors[
                ..., 2
            ] * self.z[k]
        return out


def about_z(angle_rad: float, origin: Vector = (0.0, 0.0, 0.0)) -> Placement:
    c, s = cosine(angle_rad), sine(angle_rad)
    return Placement((c, s, 0.0), (-s, c, 0.0), (0.0, 0.0, 1.0), origin)


def about_y(angle_rad: float, origin: Vector = (0.0, 0.0, 0.0)) -> Placement:
    c, s = cosine(angle_rad), sine(angle_rad)
    return Placement((c, 0.0, -s), (0.0, 1.0, 0.0), (s, 0.0, c), origin)


def along(z: Sequence[float], origin: Vector) -> Placement:
    """A frame whose z axis points along `z`."""
    w = unit(z)
    x = unit(cross(w, (0.0, 0.0, 1.0) if abs(w[2]) < 0.9 else (1.0, 0.0, 0.0)))
    return Placement(x, cross(w, x), w, origin)


@dataclass(frozen=True, slots=True)
class Mesh:
    """position, normal (v, 3), uv (v, 2) [m]; corner (f, 3), material and part (f,)."""

    position: Doubles
    normal: Doubles
    uv: Doubles
    corner: NDArray[np.int32]
    material: NDArray[np.uint16]
    part: NDArray[np.uint16]

    def scene(self, materials: Floats, foil: Floats) -> TriangleScene:
        """For rays, with a table of materials and a foil map (see `TriangleScene`)."""
        return TriangleScene(
            self.position.astype(np.float32),
            self.normal.astype(np.float32),
            self.uv.astype(np.float32),
            self.corner,
            self.material,
            self.part,
            materials,
            foil,
        )


class MeshBuilder:
    """Collects surfaces in the current placement, as the current part."""

    def __init__(self, finest_m: float = 0.28) -> None:
        self._finest_m = finest_m  # large faces are cut to this, so that baked light can vary across them
        self._pieces: list[tuple[Doubles, Doubles, Doubles, NDArray[np.int32], int, int]] = []
        self._count = 0
        self._stack = [Placement()]
        self._part = 0
        self._patch = 0

    def next_part(self) -> None:
        self._part += 1

    def push(self, placement: Placement) -> None:
        self._stack.append(placement.inside(self._stack[-1]))

    def pop(self) -> None:
        self._stack.pop()

    def mesh(self) -> Mesh:
        pieces = self._pieces
        return Mesh(
            np.concatenate([p[0] for p in pieces]),
            np.concatenate([p[1] for p in pieces]),
            np.concatenate([p[2] for p in pieces]),
            np.concatenate([p[3] for p in pieces]).astype(np.int32),
            np.concatenate([np.full(len(p[3]), p[4], np.uint16) for p in pieces]),
            np.concatenate([np.full(len(p[3]), p[5], np.uint16) for p in pieces]),
        )

    def grid(self, position: Doubles, normal: Doubles, uv: Doubles, material: int) -> None:
        """A surface of m x n points (m, n, 3); neighbours are joined by two triangles."""
        place = self._stack[-1]
        rows, columns = position.shape[:2]
        index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns) + self._count
        a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
        corner = np.concatenate(
            [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
        )
        points = place.turn(position.reshape(-1, 3)) + np.array(place.origin)
        self._pieces.append(
            (points, place.turn(normal.reshape(-1, 3)), uv.reshape(-1, 2), corner, material, self._part)
        )
        self._count += rows * columns

    def quad(
        self,
        origin: Sequence[float],
        u: Sequence[float],
        v: Sequence[float],
        material: int,
        at_zero: bool = False,
    ) -> None:
        """Parallelogram origin + s u + t v. Its uv start at zero or, for what has grain, somewhere new."""
        across, along_v = length(u), length(v)
        m, n = (max(1, min(12, ceil(size / self._finest_m))) for size in (across, along_v))
        s = (np.arange(m + 1) / m)[:, None, None]
        t = (np.arange(n + 1) / n)[None, :, None]
        position = np.array(origin, float) + s * np.array(u, float) + t * np.array(v, float)
        normal = np.broadcast_to(np.array(unit(cross(u, v))), position.shape)
        self._patch += 0 if at_zero else 1
        shift = 0.0 if at_zero else (self._patch * 0.7548776662) % 1.6
        uv = np.concatenate([shift + s * across + 0 * t, shift + 0 * s + t * along_v], -1)
        self.grid(position, np.ascontiguousarray(normal), uv, material)

    def box(
        self,
        centre: Sequence[float],
        size: Sequence[float],
        material: int,
        faces: dict[tuple[int, int], int] | None = None,
        turned: Placement | None = None,
    ) -> None:
        """A box; `faces` gives (axis, side) its own material; `turned` turns it about its centre."""
        c = (float(centre[0]), float(centre[1]), float(centre[2]))
        frame = turned or Placement()
        self.push(Placement(frame.x, frame.y, frame.z, c))
        half = [s / 2 for s in size]
        for axis in range(3):
            for side in (1, -1):
                j, k = (axis + 1) % 3, (axis + 2) % 3
                if side < 0:
                    j, k = k, j
                origin = [0.0, 0.0, 0.0]
                u, v = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
                origin[axis], origin[j], origin[k] = side * half[axis], -half[j], -half[k]
                u[j], v[k] = 2 * half[j], 2 * half[k]
                chosen = (faces or {}).get((axis, side))
                self.quad(origin, u, v, material if chosen is None else chosen, at_zero=chosen is not None)
        self.pop()

    def revolve(
        self,
        profile: Sequence[tuple[float, float]],
        material: int,
        segments: int = 48,
        sharp: bool = False,
    ) -> None:
        """Turns a profile of (radius, z) about z; `sharp` keeps its corners."""
        points = [(float(r), float(z)) for r, z in profile]
        pieces = [points[i : i + 2] for i in range(len(points) - 1)] if sharp else [points]
        angle = np.arange(segments + 1) * (TAU / segments)
        c, s = render.cos(angle), render.sin(angle)
        c[-1], s[-1] = c[0], s[0]
        for piece in pieces:
            r, z = np.array([p[0] for p in piece]), np.array([p[1] for p in piece])
            dr, dz = np.gradient(r), np.gradient(z)
            size = np.sqrt(dr * dr + dz * dz)
            size[size == 0] = 1
            nr, nz = dz / size, -dr / size
            position = np.stack([r[:, None] * c, r[:, None] * s, z[:, None] + 0 * c], -1)
            normal = np.stack([nr[:, None] * c, nr[:, None] * s, nz[:, None] + 0 * c], -1)
            steps = np.sqrt((r[1:] - r[:-1]) * (r[1:] - r[:-1]) + (z[1:] - z[:-1]) * (z[1:] - z[:-1]))
            run = np.concatenate([[0.0], np.cumsum(steps)])
            uv = np.stack(
                [0 * run[:, None] + angle * max(float(r.max()), 0.05), run[:, None] + 0 * angle], -1
            )
            self.grid(position, normal, uv, material)

    def revolve_at(
        self, origin: Vector, profile: Sequence[tuple[float, float]], material: int, segments: int = 48
    ) -> None:
        """As `revolve`, sharp, about an axis through `origin`."""
        self.push(Placement(origin=origin))
        self.revolve(profile, material, segments, sharp=True)
        self.pop()

    def tube(
        self,
        start: Sequence[float],
        end: Sequence[float],
        radius: float,
        material: int,
        segments: int = 10,
        end_radius: float | None = None,
        capped: bool = True,
    ) -> None:
        """A round rod or, with `end_radius`, a cone."""
        a = (float(start[0]), float(start[1]), float(start[2]))
        axis = (end[0] - a[0], end[1] - a[1], end[2] - a[2])
        size = length(axis)
        last = radius if end_radius is None else end_radius
        self.push(along(axis, a))
        body = [(radius, 0.0), (last, size)]
        profile = [(1e-6, 0.0), *body, (1e-6, size)] if capped else body
        self.revolve(profile, material, segments, sharp=True)
        self.pop()

    def prism(
        self,
        sides: int,
        radius: float,
        low: float,
        high: float,
        material: int,
        top: int | None,
        bottom: int | None,
    ) -> None:
        """A regular prism about z, first corner on +x."""
        corners = [(radius * cosine(i * TAU / sides), radius * sine(i * TAU / sides)) for i in range(sides)]
        for i in range(sides):
            p, q = corners[i], corners[(i + 1) % sides]
            self.quad((p[0], p[1], low), (q[0] - p[0], q[1] - p[1], 0.0), (0.0, 0.0, high - low), material)
        for z, cap in ((high, top), (low, bottom)):
            if cap is None:
                continue
            # Rings from the centre out, so that baked light can vary across the deck.
            rings = max(1, ceil(radius / self._finest_m))
            for i in range(sides):
                p, q = corners[i], corners[(i + 1) % sides]
                s = (np.arange(rings + 1) / rings)[:, None]
                t = (np.arange(5) / 4)[None, :]
                x = s * (p[0] + (q[0] - p[0]) * t)
                y = s * (p[1] + (q[1] - p[1]) * t)
                position = np.stack([x, y, z + 0 * x], -1)
                normal = np.zeros_like(position)
                normal[..., 2] = 1.0 if z == high else -1.0
                self.grid(position, normal, position[..., :2].copy(), cap)


def bounds(mesh: Mesh) -> tuple[Any, Any]:
    """Least and greatest corner [m]."""
    return mesh.position.min(0), mesh.position.max(0)
