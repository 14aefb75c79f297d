"""The Zhurong rover. Metres; x ahead, y left, z up, origin on level ground below its middle.

Height 1.85 m, six wheels and the flag's 39 x 26 cm are public figures; every other dimension is assumed from
pictures.
"""

import numpy as np

from fsw.world.materials import Material as M
from fsw.world.mesh import TAU, Mesh, MeshBuilder, Placement, about_z, along, cosine, sine

WHEEL_RADIUS_M, WHEEL_WIDTH_M = 0.15, 0.20
# Left, then right: front, middle, rear; centres on level ground.
WHEELS = tuple((x, side * 0.62, WHEEL_RADIUS_M) for side in (1, -1) for x in (0.56, 0.0, -0.60))
HEIGHT_M = 1.85
FLAG_M = (0.39, 0.26)
BELLY_M = 0.48  # above the ground: what is put down there must be lower

_LENGTH, _WIDTH, _DEPTH, _FLOOR = 1.18, 0.86, 0.36, 0.50
_DECK = _FLOOR + _DEPTH


def body() -> Mesh:
    """All but the wheels."""
    b = MeshBuilder(finest_m=0.2)
    _box(b)
    for side in (1, -1):
        _wings(b, side)
        _suspension(b, side)
    _mast(b)
    _antennas(b)
    return b.mesh()


def wheel() -> Mesh:
    """One wheel about its own centre; its axle is y."""
    b = MeshBuilder()
    r, w = WHEEL_RADIUS_M, WHEEL_WIDTH_M
    b.push(along((0.0, 1.0, 0.0), (0.0, 0.0, 0.0)))
    profile = [(0.05, -w / 2 + 0.03), (r * 0.90, -w / 2), (r * 0.97, -w / 2), (r * 0.97, w / 2)]
    b.revolve([*profile, (r * 0.90, w / 2), (0.05, w / 2 - 0.03)], M.WHEEL, 36, sharp=True)
    for side in (-1, 1):
        z = side * (w / 2 - 0.028)
        b.tube((0.0, 0.0, z - 0.02), (0.0, 0.0, z + 0.03), 0.045, M.ALUMINIUM, 16)
    for k in range(20):  # grousers
        a = k * TAU / 20
        c, s = cosine(a), sine(a)
        b.box((r * c * 0.985, r * s * 0.985, 0.0), (0.016, 0.009, w), M.WHEEL, turned=about_z(a))
    for k in range(6):  # spokes
        a = k * TAU / 6
        c, s = cosine(a), sine(a)
        for side in (-1, 1):
            z = side * (w / 2 - 0.006)
            b.tube((0.04 * c, 0.04 * s, z), (0.84 * r * c, 0.84 * r * s, z), 0.011, M.BLACK_PAINT, 6)
    b.pop()
    return b.mesh()


def _box(b: MeshBuilder) -> None:
    b.next_part()
    x, y, z = _LENGTH, _WIDTH, _FLOOR
    b.box((0.0, 0.0, z + _DEPTH / 2), (x, y, _DEPTH), M.GOLD_FOIL, {(0, 1): M.WHITE_PAINT})
    b.next_part()
    b.box((0.0, 0.0, _DECK + 0.012), (x + 0.06, y + 0.06, 0.024), M.WHITE_PAINT)
    for side in (-0.19, 0.19):  # windows that let the Sun melt undecane, for warmth at night
        b.tube((0.20, side, _DECK + 0.02), (0.20, side, _DECK + 0.034), 0.165, M.ALUMINIUM, 32)
        b.tube((0.20, side, _DECK + 0.02), (0.20, side, _DECK + 0.040), 0.145, M.BLACK_PAINT, 32)
    w, h = FLAG_M
    b.quad((x / 2 + 0.003, -w / 2, z + 0.06), (0.0, w, 0.0), (0.0, 0.0, h), M.FLAG, at_zero=True)
    b.next_part()
    b.box((-x / 2 - 0.05, 0.0, z + 0.18), (0.10, 0.50, 0.26), M.SILVER_FOIL)
    b.box((x / 2 + 0.045, 0.34, z + 0.10), (0.09, 0.12, 0.12), M.WHITE_PAINT)
    b.box((x / 2 + 0.045, -0.34, z + 0.10), (0.09, 0.12, 0.12), M.BLACK_PAINT)
    for side in (0.30, -0.30):  # hazard cameras
        b.tube((x / 2, side, z + 0.27), (x / 2 + 0.06, side, z + 0.25), 0.028, M.BLACK_PAINT, 14, 0.034)
    b.box((-0.40, -0.20, _DECK + 0.06), (0.22, 0.20, 0.08), M.SILVER_FOIL)


def _panel(b: MeshBuilder, corners: list[tuple[float, float]], lift: float) -> None:
    """A flat wing between two edges: root (two corners), tip (two corners), a thin sandwich."""
    p, q, r, s = corners
    for z, material in ((0.012, M.SOLAR_CELLS), (-0.012, M.DISH_BACK)):
        _patch(b, (*p, lift + z), (*q, lift + z), (*s, lift + z), (*r, lift + z), material)
    for (ax, ay), (bx, by) in ((p, q), (q, s), (s, r), (r, p)):
        b.quad((ax, ay, lift - 0.012), (bx - ax, by - ay, 0.0), (0.0, 0.0, 0.024), M.ALUMINIUM, at_zero=True)


def _patch(
    b: MeshBuilder,
    p: tuple[float, float, float],
    q: tuple[float, float, float],
    s: tuple[float, float, float],
    r: tuple[float, float, float],
    material: int,
) -> None:
    """Two triangles' worth of any four corners, in strips, so that baked light can vary across."""
    n = 7
    u = (np.arange(n) / (n - 1))[:, None, None]
    v = (np.arange(n) / (n - 1))[None, :, None]
    a, c, d, e = (np.array(corner, float) for corner in (p, q, r, s))
    position = (a * (1 - u) + c * u) * (1 - v) + (d * (1 - u) + e * u) * v
    normal = np.zeros_like(position)
    normal[..., 2] = 1.0
    b.grid(position, normal, np.ascontiguousarray(position[..., :2]), material)


def _wings(b: MeshBuilder, side: int) -> None:
    """Two on each side, as a butterfly's: the front one swept ahead, the rear one back."""
    tilt = -0.09 * side
    c, s = cosine(tilt), sine(tilt)
    hinge = side * (_WIDTH / 2 + 0.04)
    b.push(Placement((1.0, 0.0, 0.0), (0.0, c, s), (0.0, -s, c), (0.0, hinge, _DECK + 0.035)))
    b.next_part()
    y = float(side)
    _panel(b, [(0.02, 0.0), (0.62, 0.0), (0.22, 0.98 * y), (0.88, 0.80 * y)], 0.0)
    b.next_part()
    _panel(b, [(-0.62, 0.0), (-0.04, 0.0), (-0.78, 0.90 * y), (0.12, 1.02 * y)], 0.0)
    b.next_part()
    for x in (0.14, 0.50, -0.50, -0.14):
        b.box((x, -0.01 * y, -0.008), (0.08, 0.07, 0.045), M.ALUMINIUM)
    for x, tip in ((0.32, 0.52), (-0.34, -0.34)):
        b.tube((x, 0.0, -0.022), (tip, 0.86 * y, -0.022), 0.012, M.WHITE_PAINT, 8)
    b.pop()


def _mast(b: MeshBuilder) -> None:
    b.next_part()
    b.tube((0.48, 0.0, _DECK), (0.48, 0.0, _DECK + 0.80), 0.042, M.WHITE_PAINT, 20, 0.034)
    b.tube((0.48, 0.0, _DECK + 0.08), (0.48, 0.0, _DECK + 0.20), 0.062, M.GOLD_FOIL, 20)
    b.tube((0.48, 0.0, _DECK + 0.74), (0.48, 0.0, _DECK + 0.82), 0.060, M.ALUMINIUM, 20)
    b.next_part()
    b.push(about_z(0.12, (0.48, 0.0, HEIGHT_M - 0.10)))
    b.box((0.0, 0.0, 0.0), (0.18, 0.54, 0.17), M.WHITE_PAINT)
    b.box((0.0, 0.0, 0.092), (0.12, 0.34, 0.016), M.SILVER_FOIL)
    for y in (-0.18, 0.18):  # navigation and terrain camera
        b.tube((0.08, y, 0.0), (0.16, y, 0.0), 0.052, M.BLACK_PAINT, 22, 0.060)
        b.tube((0.10, y, 0.0), (0.150, y, 0.0), 0.034, M.MIRROR_RADIATOR, 16)
    b.tube((0.08, 0.0, 0.01), (0.13, 0.0, 0.01), 0.042, M.GOLD_FOIL, 16)
    b.tube((0.08, 0.0, -0.055), (0.115, 0.0, -0.055), 0.020, M.BLACK_PAINT, 12)
    b.pop()


def _antennas(b: MeshBuilder) -> None:
    b.next_part()
    base = (-0.28, 0.26, _DECK)
    b.tube(base, (-0.28, 0.26, _DECK + 0.34), 0.024, M.WHITE_PAINT, 12)
    dish = along((0.55, -0.25, 0.80), (-0.28, 0.26, _DECK + 0.40))
    b.push(dish)
    bowl = [(max(0.18 * k / 6, 1e-3), 0.18 * 0.18 * k * k / 36 / 0.4) for k in range(7)]
    b.revolve(bowl, M.DISH_FACE, 28)
    b.revolve([(r, z - 0.012) for r, z in bowl], M.DISH_BACK, 28)
    b.tube((0.0, 0.0, 0.0), (0.0, 0.0, 0.12), 0.012, M.ALUMINIUM, 8)
    b.pop()
    b.tube((-0.50, -0.30, _DECK), (-0.50, -0.30, _DECK + 0.62), 0.009, M.WHITE_PAINT, 8)  # UHF
    b.tube((-0.50, 0.34, _DECK), (-0.50, 0.34, _DECK + 0.30), 0.012, M.WHITE_PAINT, 8)
    for side in (1, -1):  # radar: whips ahead
        b.tube((0.58, side * 0.22, _DECK - 0.1), (0.98, side * 0.60, 0.62), 0.009, M.WHITE_PAINT, 8)


def _suspension(b: MeshBuilder, side: int) -> None:
    """Rocker and bogie of one side, as they stand on level ground."""
    b.next_part()
    y = side * 0.45
    front, middle, rear = ((w[0], w[2]) for w in WHEELS[:3])
    pivot, bogie = (0.10, 0.60), (-0.30, 0.47)
    for x, z in (front, middle, rear):
        b.tube((x, y, z + 0.02), (x, y, 0.44), 0.027, M.WHITE_PAINT, 12)
        b.tube((x, y, z), (x, side * 0.53, z), 0.032, M.ALUMINIUM, 12)
        b.tube((x, y, 0.40), (x, y, 0.47), 0.045, M.ALUMINIUM, 14)  # steering drive
    for (ax, az), (bx, bz) in (
        ((front[0], 0.45), pivot),
        (pivot, bogie),
        ((middle[0], 0.45), bogie),
        (bogie, (rear[0], 0.45)),
    ):
        b.tube((ax, y, az), (bx, y, bz), 0.031, M.WHITE_PAINT, 12)
    b.tube((pivot[0], side * 0.40, pivot[1]), (pivot[0], side * 0.50, pivot[1]), 0.055, M.ALUMINIUM, 16)
    b.tube((bogie[0], side * 0.42, bogie[1]), (bogie[0], side * 0.49, bogie[1]), 0.04, M.ALUMINIUM, 14)
