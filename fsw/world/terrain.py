"""Ground of a plain on Mars: relief, craters, rocks by a size-frequency law, as triangles about a camera.

Rocks follow Golombek and Rapp (J. Geophys. Res. 102, 1997): those wider than D cover the share
k e^(-q D) of the ground, q = 1.79 + 0.152 / k. Everything is made from hashes and seeded streams with + - * /
and square roots: the same ground on every machine.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core import render
from fsw.core.errors import FswError
from fsw.core.render import Doubles, Floats
from fsw.core.site import Fan
from fsw.kernel.seeds import Stream
from fsw.world.materials import Material
from fsw.world.mesh import TAU, Mesh, cosine, sine

RADIUS_M = 3_393_000.0  # of Mars at 25 deg north
SOIL_ALBEDO = (0.285, 0.155, 0.080)
ROCK_ALBEDO = (0.150, 0.105, 0.075)
_WIDEST_ROCK_M = 0.65
_RINGS = 295


@dataclass(frozen=True, slots=True)
class GroundFigures:
    """rock_cover: share k of the ground under rocks of any size. level: x, y, radius of places where the
    ground is level (what stands there was set down on it). clear: the same, where no rock lies. blast: x, y,
    radius of what an engine's plume has swept."""

    seed: int
    rock_cover: float
    level: tuple[tuple[float, float, float], ...] = ()
    clear: tuple[tuple[float, float, float], ...] = ()
    blast: tuple[float, float, float] | None = None


def _hash(i: NDArray[Any], j: NDArray[Any], seed: int) -> Doubles:
    """-1..1 for each corner of a lattice."""
    h = (i.astype(np.uint32) * np.uint32(0x9E3779B1)) ^ (j.astype(np.uint32) * np.uint32(0x85EBCA77))
    h ^= np.uint32((seed * 0xC2B2AE3D + 0x27D4EB2F) & 0xFFFFFFFF)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    h ^= h >> np.uint32(15)
    return h.astype(np.float64) * (2.0 / 4294967295.0) - 1.0


def noise(x: Doubles, y: Doubles, seed: int, period: int = 0) -> Doubles:
    """Smooth, -1..1, about one bump a unit. period: repeats after so many units; 0: never."""
    fx, fy = np.floor(x), np.floor(y)
    i, j = fx.astype(np.int64), fy.astype(np.int64)
    u, v = x - fx, y - fy
    u, v = u * u * u * (u * (u * 6 - 15) + 10), v * v * v * (v * (v * 6 - 15) + 10)
    i1, j1 = i + 1, j + 1
    if period:
        i, j, i1, j1 = i % period, j % period, i1 % period, j1 % period
    a, b, c, d = (
        _hash(p & 0xFFFFFFFF, q & 0xFFFFFFFF, seed) for p, q in ((i, j), (i1, j), (i, j1), (i1, j1))
    )
    low, high = a + (b - a) * u, c + (d - c) * u
    return low + (high - low) * v


def layers(x: Doubles, y: Doubles, per_m: float, count: int, seed: int, gain: float = 0.5) -> Doubles:
    """Octaves of noise, each turned and twice as fine as the one before."""
    total, weight, scale = np.zeros(np.broadcast_shapes(x.shape, y.shape)), 1.0, per_m
    for octave in range(count):
        u, v = (0.8 * x - 0.6 * y) * scale, (0.6 * x + 0.8 * y) * scale
        total = total + weight * noise(u + 17.3 * octave, v - 9.1 * octave, seed + octave)
        x, y = u / scale, v / scale
        weight, scale = weight * gain, scale * 2.03
    return total


def _step(low: float, high: float, x: Doubles) -> Doubles:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


class Ground:
    """Height and albedo of the plain; z = 0 about the site's origin."""

    def __init__(self, figures: GroundFigures) -> None:
        self.figures = figures
        stream = Stream(figures.seed, "craters")
        self._craters: list[tuple[float, float, float, float]] = []
        while len(self._craters) < 40:
            # Radius by a power law of -2, between 0.4 and 8 m; shallow, as worn craters are.
            radius = 0.4 / sqrt(max(1 - stream.uniform() * 0.9975, 1e-6))
            place = (stream.between(-70, 70), stream.between(-40, 120))
            depth = stream.between(0.05, 0.11) * radius
            if any(_apart(place, p) < 1.4 * radius + p[2] for p in figures.level):
                continue
            self._craters.append((*place, radius, depth))

    def height(self, x: Any, y: Any) -> Doubles:
        """z [m]."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        seed = self.figures.seed
        away2 = x * x + y * y
        away = np.sqrt(away2)
        gentle = 0.05 * layers(x, y, 0.16, 3, seed + 10) + 0.016 * layers(x, y, 0.8, 3, seed + 20)
        level = np.ones(gentle.shape)
        for px, py, radius in self.figures.level:
            level = level * (0.12 + 0.88 * _step(0.6, 1.5, np.sqrt((x - px) ** 2 + (y - py) ** 2) / radius))
        z = gentle * level + 0.004 * layers(x, y, 4.0, 2, seed + 30)
        z = z + 0.55 * layers(x, y, 0.018, 3, seed + 40) * _step(14, 60, away)
        z = z + 5.0 * layers(x, y, 0.0016, 3, seed + 50) * _step(200, 1500, away)
        # Low ripples of sand in the hollows between.
        wavy = x * 0.9 + y * 0.45 + 0.5 * layers(x, y, 0.5, 2, seed + 60)
        crest = np.abs(wavy * 2.2 - np.floor(wavy * 2.2) - 0.5) * 2
        z = z + 0.012 * crest * crest * level * _step(0.1, 0.7, layers(x, y, 0.11, 2, seed + 70))
        for cx, cy, radius, depth in self._craters:
            q = np.sqrt((x - cx) ** 2 + (y - cy) ** 2) / radius
            bowl = np.where(q < 1, q * q * 1.25 - 1, 0.25 * (1 - _step(1.0, 2.2, q)))
            z = z + depth * np.where(q < 2.2, bowl, 0)
        if self.figures.blast is not None:
            bx, by, radius = self.figures.blast
            z = z - 0.05 * (1 - _step(0.15, 0.55, np.sqrt((x - bx) ** 2 + (y - by) ** 2) / radius))
        return np.asarray(z - away2 / (2 * RADIUS_M))

    def albedo(self, x: Doubles, y: Doubles) -> Floats:
        """(..., 3): dust that drifted here and there, and what the plume laid bare."""
        seed = self.figures.seed
        patch = layers(x, y, 0.07, 3, seed + 80) + 0.6 * layers(x, y, 0.6, 2, seed + 90)
        shade = 1 + 0.11 * patch
        cool = np.clip(0.3 - 0.5 * patch, 0, 1) * 0.10
        if self.figures.blast is not None:
            bx, by, radius = self.figures.blast
            dx, dy = x - bx, y - by
            q = np.sqrt(dx * dx + dy * dy) + 1e-6
            # Streaks run outwards: noise on the circle of directions, drawn out along the radius.
            streak = noise(dx / q * 9 + 40, dy / q * 9 + 40, seed + 95) + 0.4 * noise(
                dx / q * 24 + 80, dy / q * 24 + 80, seed + 96
            )
            swept = (1 - _step(0.35, 1.0, q / radius * (1 - 0.28 * streak))) * (0.8 + 0.2 * streak)
            shade = shade * (1 - 0.24 * swept)
            cool = cool + 0.10 * swept
        soil = np.array(SOIL_ALBEDO)
        tint = np.stack([shade * (1 - 0.9 * cool), shade * (1 - 0.2 * cool), shade * (1 + 0.7 * cool)], -1)
        return np.asarray(tint * soil, np.float32)


def _apart(a: tuple[float, float], b: tuple[float, ...]) -> float:
    return sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)


@dataclass(frozen=True, slots=True)
class Outlook:
    """From where the ground is made finest: the lens's place, and the azimuth (from x to y) it looks to."""

    x: float
    y: float
    z: float
    azimuth_rad: float


FAN_STEP = 0.005  # tangent between columns of vertices
FAN_COLUMNS = 401


def fan_of(mesh: Mesh, outlook: Outlook) -> Fan:
    """How rays from the camera find the ground of `ground_mesh`."""
    position = mesh.position.astype(np.float32)
    across = len(position) // _RINGS
    rings = position.reshape(_RINGS, across, 3)[:, :FAN_COLUMNS].astype(float)
    dx, dy = rings[..., 0] - outlook.x, rings[..., 1] - outlook.y
    slope = (rings[..., 2] - outlook.z) / np.sqrt(dx * dx + dy * dy)
    cell = np.maximum(np.maximum(slope[:-1, :-1], slope[1:, :-1]), np.maximum(slope[:-1, 1:], slope[1:, 1:]))
    steepest = np.ascontiguousarray(cell.T, np.float32) + np.float32(2e-6)  # against rounding
    return Fan(
        (outlook.x, outlook.y, outlook.z),
        (cosine(outlook.azimuth_rad), sine(outlook.azimuth_rad)),
        FAN_STEP,
        across,
        position,
        steepest,
        np.maximum.accumulate(steepest, axis=1),
    )


def ground_mesh(ground: Ground, outlook: Outlook, part: int) -> tuple[Mesh, Floats]:
    """Rings about the camera, as wide as they look, and albedo at each vertex."""
    rings = np.concatenate([[0.02, 0.08, 0.14], 0.2 * _powers(1.0336, _RINGS - 3)])  # to 3 km
    # Ahead, columns at equal steps of the tangent, from right to left; the rest in coarse steps.
    tangent = (np.arange(FAN_COLUMNS) - (FAN_COLUMNS - 1) / 2) * FAN_STEP
    ahead = render.atan2(tangent, np.ones(FAN_COLUMNS))
    rest = TAU - 2 * float(ahead[-1])
    count = round(rest / 0.06)
    around = float(ahead[-1]) + np.arange(1, count + 1) * (rest / count)
    azimuth = np.concatenate([ahead, around]) + outlook.azimuth_rad
    c, s = render.cos(azimuth), render.sin(azimuth)
    x, y = outlook.x + rings[:, None] * c, outlook.y + rings[:, None] * s
    z = ground.height(x, y)
    x[:, -1], y[:, -1], z[:, -1] = x[:, 0], y[:, 0], z[:, 0]
    position = np.stack([x, y, z], -1)
    normal = _grid_normals(position)
    rows, columns = z.shape
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, d, e = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    corner = np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, e], -1).reshape(-1, 3)])
    uv = np.stack([x, y], -1).reshape(-1, 2)
    count = len(corner)
    mesh = Mesh(
        position.reshape(-1, 3),
        normal.reshape(-1, 3),
        uv,
        corner,
        np.full(count, Material.SOIL, np.uint16),
        np.full(count, part, np.uint16),
    )
    return mesh, ground.albedo(x, y).reshape(-1, 3)


def _powers(base: float, count: int) -> Doubles:
    out = [1.0]
    for _ in range(count - 1):
        out.append(out[-1] * base)
    return np.array(out)


def _grid_normals(position: Doubles) -> Doubles:
    out_, round_ = np.empty_like(position), np.empty_like(position)
    out_[1:-1] = position[2:] - position[:-2]
    out_[0], out_[-1] = position[1] - position[0], position[-1] - position[-2]
    round_[:, 1:-1] = position[:, 2:] - position[:, :-2]
    round_[:, 0] = round_[:, -1] = position[:, 1] - position[:, -2]
    n = np.stack(
        [
            out_[..., 1] * round_[..., 2] - out_[..., 2] * round_[..., 1],
            out_[..., 2] * round_[..., 0] - out_[..., 0] * round_[..., 2],
            out_[..., 0] * round_[..., 1] - out_[..., 1] * round_[..., 0],
        ],
        -1,
    )
    return n / np.sqrt(n[..., 0] ** 2 + n[..., 1] ** 2 + n[..., 2] ** 2)[..., None]


# ---- Rocks ----------------------------------------------------------------------------------------------


class RockNumbers:
    """How many rocks lie on a square metre: n(D) pi D^2 / 4 dD = cover q e^(-q D) dD, from 2 cm to 2 m."""

    def __init__(self, cover: float) -> None:
        if not 0.001 <= cover <= 0.4:
            raise FswError(f"rock cover of {cover}: 0.001 to 0.4 is allowed")
        q, steps = 1.79 + 0.152 / cover, 800
        ratio = float(render.power([100.0], 1 / steps)[0])
        edge = 0.02 * _powers(ratio, steps + 1)
        middle = (edge[1:] + edge[:-1]) / 2
        each = 4 / 3.141592653589793 * cover * q * render.exp(-q * middle) / (middle * middle)
        self._diameter = edge
        self._wider = np.concatenate([np.cumsum((each * (edge[1:] - edge[:-1]))[::-1])[::-1], [0.0]])

    def wider(self, diameter_m: float) -> float:
        """Than this, on a square metre."""
        return float(np.interp(diameter_m, self._diameter, self._wider))

    def draw(self, least_m: float, most_m: float, u: float) -> float:
        """A diameter between two, u from 0 to 1."""
        low, high = self.wider(most_m), self.wider(least_m)
        wanted = high + (low - high) * u
        return float(np.interp(-wanted, -self._wider, self._diameter))


@dataclass(frozen=True, slots=True)
class Rock:
    x: float
    y: float
    diameter_m: float


def scatter(figures: GroundFigures, outlook: Outlook, furthest_m: float = 70.0) -> list[Rock]:
    """Rocks within the camera's outlook that look wider than some five pixels, near ones first."""
    stream = Stream(figures.seed, "rocks")
    rocks: list[Rock] = []
    numbers = RockNumbers(figures.rock_cover)
    near, half = 0.9, 0.80
    while near < furthest_m:
        far = near * 1.25
        least = max(0.022, 0.0042 * near)
        area = half * (far * far - near * near)
        expected = (numbers.wider(least) - numbers.wider(_WIDEST_ROCK_M)) * area
        count = int(expected) + (stream.uniform() < expected - int(expected))
        for _ in range(count):
            r = sqrt(near * near + (far * far - near * near) * stream.uniform())
            a = outlook.azimuth_rad + stream.between(-half, half)
            diameter = numbers.draw(least, _WIDEST_ROCK_M, stream.uniform())
            x, y = outlook.x + r * cosine(a), outlook.y + r * sine(a)
            if all(_apart((x, y), p) > p[2] + diameter for p in figures.clear):
                rocks.append(Rock(x, y, diameter))
        near = far
    return rocks


def _ball(splits: int) -> tuple[Doubles, NDArray[np.int32]]:
    """An icosahedron, each face cut in four `splits` times, on the unit sphere."""
    p = (1 + sqrt(5.0)) / 2
    points = [
        (-1, p, 0), (1, p, 0), (-1, -p, 0), (1, -p, 0), (0, -1, p), (0, 1, p),
        (0, -1, -p), (0, 1, -p), (p, 0, -1), (p, 0, 1), (-p, 0, -1), (-p, 0, 1),
    ]  # fmt: skip
    faces = [
        (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2),
        (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5),
        (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
    ]  # fmt: skip
    for _ in range(splits):
        middle: dict[tuple[int, int], int] = {}
        finer = []
        for a, b, c in faces:
            ends = []
            for i, j in ((a, b), (b, c), (c, a)):
                key = (min(i, j), max(i, j))
                if key not in middle:
                    middle[key] = len(points)
                    points.append(tuple((points[i][k] + points[j][k]) / 2 for k in range(3)))  # type: ignore[arg-type]
                ends.append(middle[key])
            ab, bc, ca = ends
            finer += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        faces = finer
    v = np.array(points, float)
    v = v / np.sqrt(v[:, 0] ** 2 + v[:, 1] ** 2 + v[:, 2] ** 2)[:, None]
    return v, np.array(faces, np.int32)


def rock_mesh(ground: Ground, rocks: list[Rock], outlook: Outlook, part: int) -> tuple[Mesh, Floats]:
    """Angular, half buried stones with dust on their tops; those that look large are finer."""
    pieces: list[tuple[Mesh, Floats]] = []
    for splits in (0, 1, 2, 3):
        chosen = [(i, r) for i, r in enumerate(rocks) if _splits(r, outlook) == splits]
        if chosen:
            pieces.append(_stones(ground, chosen, splits, part))
    return join([m for m, _ in pieces]), np.concatenate([a for _, a in pieces])


def _splits(rock: Rock, outlook: Outlook) -> int:
    looks = rock.diameter_m / sqrt((rock.x - outlook.x) ** 2 + (rock.y - outlook.y) ** 2)
    return 3 if looks > 0.06 else 2 if looks > 0.02 else 1 if looks > 0.008 else 0


def _stones(ground: Ground, rocks: list[tuple[int, Rock]], splits: int, part: int) -> tuple[Mesh, Floats]:
    ball, faces = _ball(splits)
    n, seed = len(rocks), ground.figures.seed
    number = np.array([i for i, _ in rocks])
    draw = np.stack([_hash(number, np.full(n, k), seed + 200) for k in range(24)], 1)  # -1..1
    shape = np.stack([np.ones(n), 0.8 + 0.2 * draw[:, 0], 0.62 + 0.17 * draw[:, 1]], 1)
    v = np.broadcast_to(ball, (n, *ball.shape)).copy()
    bump = layers(v[..., 0] * 1.0 + number[:, None] * 7.7, v[..., 1] + 0.73 * v[..., 2], 1.3, 3, seed + 210)
    v = v * (1 + 0.22 * bump)[..., None]
    for k in range(4):  # flat facets, as where stones broke
        m = draw[:, 2 + 3 * k : 5 + 3 * k] + 1e-3
        m = m / np.sqrt(m[:, 0] ** 2 + m[:, 1] ** 2 + m[:, 2] ** 2)[:, None]
        beyond = (v[..., 0] * m[:, None, 0] + v[..., 1] * m[:, None, 1]) + v[..., 2] * m[:, None, 2]
        beyond = np.maximum(beyond - (0.66 + 0.14 * draw[:, 14 + k])[:, None], 0)
        v = v - (beyond * 0.92)[..., None] * m[:, None, :]
    half = np.array([r.diameter_m / 2 for _, r in rocks])
    v = v * shape[:, None, :] * half[:, None, None]
    c, s = render.cos(draw[:, 20] * 3.14159265), render.sin(draw[:, 20] * 3.14159265)
    px, py = np.array([r.x for _, r in rocks]), np.array([r.y for _, r in rocks])
    x = v[..., 0] * c[:, None] - v[..., 1] * s[:, None] + px[:, None]
    y = v[..., 0] * s[:, None] + v[..., 1] * c[:, None] + py[:, None]
    z = v[..., 2] + (ground.height(px, py) + half * (0.22 + 0.18 * draw[:, 21]))[:, None]
    position = np.stack([x, y, z], -1).reshape(-1, 3)
    corner = (faces[None] + (np.arange(n, dtype=np.int32) * len(ball))[:, None, None]).reshape(-1, 3)
    normal = _vertex_normals(position, corner)
    dusty = np.clip((normal[:, 2] - 0.45) / 0.45, 0, 1)[:, None] * 0.65
    tone = np.repeat(1 + 0.25 * draw[:, 22], len(ball))[:, None]
    albedo = np.array(ROCK_ALBEDO) * tone * (1 - dusty) + np.array(SOIL_ALBEDO) * 0.95 * dusty
    count = len(corner)
    mesh = Mesh(
        position,
        normal,
        position[:, :2].copy(),
        corner,
        np.full(count, Material.ROCK, np.uint16),
        np.full(count, part, np.uint16),
    )
    return mesh, albedo.astype(np.float32)


def _vertex_normals(position: Doubles, corner: NDArray[np.int32]) -> Doubles:
    a, b, c = (position[corner[:, k]] for k in range(3))
    e, f = b - a, c - a
    cross = np.stack([e[:, i] * f[:, j] - e[:, j] * f[:, i] for i, j in ((1, 2), (2, 0), (0, 1))], 1)
    out = np.zeros_like(position)
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(corner[:, k], cross[:, axis], len(position))
    return out / np.maximum(np.sqrt(out[:, 0] ** 2 + out[:, 1] ** 2 + out[:, 2] ** 2), 1e-12)[:, None]


def join(meshes: list[Mesh]) -> Mesh:
    """All as one."""
    first = np.cumsum([0, *(len(m.position) for m in meshes[:-1])])
    return Mesh(
        np.concatenate([m.position for m in meshes]),
        np.concatenate([m.normal for m in meshes]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate([m.corner + int(f) for m, f in zip(meshes, first, strict=True)]).astype(np.int32),
        np.concatenate([m.material for m in meshes]),
        np.concatenate([m.part for m in meshes]),
    )


def soil_map(seed: int) -> Floats:
    """Grains and clods, 1.6 m across and periodic, laid out as a foil map: slope x, slope y, slope^2,
    brightness, and its halves down to 4 x 4."""
    n = 512
    i = np.arange(n)[None, :] + np.zeros((n, 1))
    j = np.arange(n)[:, None] + np.zeros((1, n))
    height, shade = np.zeros((n, n)), np.zeros((n, n))
    for octave, (bumps, size, tone) in enumerate(
        ((6, 0.012, 0.03), (17, 0.010, 0.045), (41, 0.0062, 0.07), (97, 0.0030, 0.10), (211, 0.0013, 0.10))
    ):
        wave = noise(i * (bumps / n), j * (bumps / n), seed + 300 + octave, bumps)
        height += size * (wave if octave < 2 else np.maximum(wave, -0.25) * 1.3)
        shade += tone * wave
    texel = 1.6 / n
    level = np.zeros((n, n, 4))
    level[..., 0] = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) / (2 * texel)
    level[..., 1] = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) / (2 * texel)
    level[..., 2] = level[..., 0] ** 2 + level[..., 1] ** 2
    level[..., 3] = shade
    out = [level.astype(np.float32)]
    while out[-1].shape[0] > 4:
        a = out[-1]
        out.append(np.float32(0.25) * ((a[::2, ::2] + a[::2, 1::2]) + (a[1::2, ::2] + a[1::2, 1::2])))
    return np.concatenate([a.reshape(-1) for a in out])
