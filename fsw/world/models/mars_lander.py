"""The platform that brought Zhurong down: octagonal body on four legs, engine below, ramps, flag. Metres.

x along the ramps, z up, origin on level ground below its middle. Its flag is as large as the rover's; every
dimension is assumed from pictures.
"""

from math import pi

from fsw.world.materials import Material as M
from fsw.world.mesh import (
    TAU,
    Mesh,
    MeshBuilder,
    Placement,
    about_z,
    add,
    cosine,
    cross,
    length,
    scaled,
    sine,
    unit,
)

RAMP_FOOT_M = 3.2  # from the middle
LEG_REACH_M = 2.05
FLAG_M = (0.39, 0.26)
_FLOOR, _DEPTH, _RADIUS = 0.62, 0.52, 1.32
_DECK = _FLOOR + _DEPTH
_APOTHEM = _RADIUS * 0.9238795325112867


def lander() -> Mesh:
    """The platform with its ramps down."""
    b = MeshBuilder(finest_m=0.2)
    _body(b)
    _sides(b)
    _deck(b)
    _engine(b)
    for k in range(4):
        _leg(b, pi / 4 + k * pi / 2)
    for side in (1, -1):
        _ramp(b, side)
    return b.mesh()


def _body(b: MeshBuilder) -> None:
    b.next_part()
    b.push(about_z(pi / 8))
    b.prism(8, _RADIUS, _FLOOR, _DECK, M.GOLD_FOIL, M.WHITE_PAINT, M.GOLD_FOIL)
    b.pop()
    b.next_part()
    for k in range(8):
        p, q = (_corner(k), _corner(k + 1))
        for z in (_FLOOR, _DECK):
            b.tube((*p, z), (*q, z), 0.028, M.WHITE_PAINT, 10)
        b.tube((*p, _FLOOR), (*p, _DECK), 0.028, M.WHITE_PAINT, 10)


def _corner(k: int) -> tuple[float, float]:
    a = pi / 8 + k * pi / 4
    return (_RADIUS * cosine(a), _RADIUS * sine(a))


def _side(k: int) -> Placement:
    """On side k: x along it, y up, z outwards; origin at its foot."""
    a = k * pi / 4
    n = (cosine(a), sine(a), 0.0)
    return Placement((-n[1], n[0], 0.0), (0.0, 0.0, 1.0), n, (n[0] * _APOTHEM, n[1] * _APOTHEM, _FLOOR))


def _sides(b: MeshBuilder) -> None:
    for k in range(1, 8):
        b.next_part()
        b.push(_side(k))
        if k in (2, 6):
            b.box((0.0, 0.26, 0.025), (0.56, 0.40, 0.04), M.WHITE_PAINT)
            w, h = FLAG_M
            b.quad((-w / 2, 0.26 - h / 2, 0.048), (w, 0.0, 0.0), (0.0, h, 0.0), M.FLAG, at_zero=True)
        elif k % 2:
            b.box((0.0, 0.40, 0.03), (0.40, 0.16, 0.05), M.SILVER_FOIL if k % 4 == 1 else M.WHITE_PAINT)
        else:
            b.box((0.12, 0.22, 0.05), (0.30, 0.26, 0.10), M.WHITE_PAINT)
            b.tube((-0.22, 0.30, 0.0), (-0.22, 0.30, 0.12), 0.07, M.BLACK_PAINT, 16, 0.09)
        b.pop()


def _deck(b: MeshBuilder) -> None:
    b.next_part()
    for x, y, s in ((-0.55, 0.50, 0.30), (-0.60, -0.45, 0.26), (-0.2, 0.85, 0.18), (-0.15, -0.85, 0.2)):
        b.box((x, y, _DECK + s * 0.4), (s * 1.3, s, s * 0.8), M.WHITE_PAINT if x < -0.58 else M.SILVER_FOIL)
    for y in (0.42, -0.42):  # rails on which the rover stood
        b.box((0.15, y, _DECK + 0.03), (2.0, 0.26, 0.03), M.ALUMINIUM)
    b.tube((-0.85, 0.0, _DECK), (-0.85, 0.0, _DECK + 0.85), 0.026, M.WHITE_PAINT, 12)
    b.box((-0.85, 0.0, _DECK + 0.90), (0.14, 0.14, 0.12), M.WHITE_PAINT)
    b.tube((0.85, 0.80, _DECK), (0.85, 0.80, _DECK + 0.30), 0.02, M.WHITE_PAINT, 10)


def _engine(b: MeshBuilder) -> None:
    b.next_part()
    top = _FLOOR + 0.02
    bell = [(0.09 + (0.30 - 0.09) * (k / 8) ** 2 * (2 - k / 8), top - 0.36 * k / 8) for k in range(9)]
    b.revolve(bell, M.NOZZLE, 32)
    b.revolve([(r - 0.01, z) for r, z in bell], M.BLACK_PAINT, 32)
    for k in range(4):
        a = k * TAU / 4
        x, y = 0.75 * cosine(a), 0.75 * sine(a)
        b.tube((x, y, _FLOOR), (x, y, _FLOOR - 0.16), 0.035, M.NOZZLE, 14, 0.07, capped=False)
        tank = [(0.001, -0.10), (0.2, -0.08), (0.24, 0.0)]
        b.revolve_at((x * 0.62, y * 0.62, _FLOOR - 0.02), tank, M.AMBER_FOIL, 24)


def _leg(b: MeshBuilder, azimuth: float) -> None:
    """One main strut with its honeycomb sleeve, two side struts, a pad."""
    b.next_part()
    c = (cosine(azimuth), sine(azimuth), 0.0)
    t = (-c[1], c[0], 0.0)
    top = add(scaled(c, _RADIUS * 0.93), (0.0, 0.0, _DECK - 0.08))
    foot = add(scaled(c, LEG_REACH_M), (0.0, 0.0, 0.07))
    knee = add(scaled(top, 0.55), scaled(foot, 0.45))
    ankle = add(scaled(top, 0.18), scaled(foot, 0.82))
    b.tube(top, add(foot, (0.0, 0.0, 0.04)), 0.055, M.WHITE_PAINT, 16, 0.042)
    b.tube(knee, ankle, 0.070, M.AMBER_FOIL, 16)
    for side in (1, -1):
        start = add(add(scaled(c, _RADIUS * 0.80), scaled(t, side * 0.46)), (0.0, 0.0, _FLOOR + 0.05))
        b.tube(start, add(scaled(top, 0.28), scaled(foot, 0.72)), 0.028, M.WHITE_PAINT, 12)
    b.next_part()
    pad = [(0.001, 0.01), (0.24, 0.0), (0.29, 0.05), (0.24, 0.045), (0.001, 0.05)]
    b.revolve_at((foot[0], foot[1], 0.0), pad, M.ALUMINIUM, 32)
    b.tube((foot[0], foot[1], 0.04), (foot[0], foot[1], 0.13), 0.06, M.ALUMINIUM, 14)


def _ramp(b: MeshBuilder, side: int) -> None:
    b.next_part()
    p, q = (_APOTHEM - 0.02, side * 0.42, _DECK + 0.02), (RAMP_FOOT_M, side * 0.42, 0.03)
    d = (q[0] - p[0], q[1] - p[1], q[2] - p[2])
    reach, x = length(d), unit(d)
    b.push(Placement(x, (0.0, 1.0, 0.0), cross(x, (0.0, 1.0, 0.0)), p))
    b.box((reach / 2, 0.0, 0.0), (reach, 0.27, 0.028), M.ALUMINIUM)
    for k in range(16):
        b.box((reach * (k + 0.5) / 16, 0.0, 0.020), (0.02, 0.26, 0.012), M.WHITE_PAINT)
    for edge in (-0.135, 0.135):
        b.box((reach / 2, edge, 0.028), (reach, 0.02, 0.055), M.WHITE_PAINT)
    b.pop()
