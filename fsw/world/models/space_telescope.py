"""A telescope like JWST: sunshield, primary mirror, secondary on its tripod, bus. Metres, the host's axes of
missions of kind inspection: +X away from the Sun, +Y along the shield's length, where the mirror looks.

Stated (NASA): a shield of five layers, 21.2 by 14.2 m, shaped like a kite; a primary mirror of 18 hexagons,
1.32 m from flat to flat, 6.5 m across, gold on beryllium; a secondary of 0.74 m on three struts; solar array
and antenna on the side towards the Sun. Assumed, from pictures: every other dimension, and where the parts
sit. All of it stays within METRES_OUT of the boxes that a contact is decided by.
"""

from functools import cache
from math import sqrt

import numpy as np

from fsw.core.render import Doubles, Floats
from fsw.world.materials import Material as M
from fsw.world.materials import material_table
from fsw.world.mesh import TAU, Mesh, MeshBuilder, Placement, cosine, sine, unit
from fsw.world.models.parts import dish, towards
from fsw.world.vectors import Vector

HALF_LENGTH_M, HALF_WIDTH_M = 10.6, 7.1
LAYERS, LAYERS_M = 5, 0.8  # assumed: from the first to the last at the edge
HEXAGON_M, GAP_M = 1.32, 0.007  # from flat to flat, and between two
CURVATURE_M = 15.9
MIRROR_M: Vector = (4.15, -2.2, 0.0)  # the middle of the primary
SECONDARY_AT_M = 6.7  # before the primary; stated are 7.2
METRES_OUT = 1.6

_GOLD, _SHIELD = len(M), len(M) + 1  # rows of this model's own
_NARROW = 0.14  # of the shield's half width, at its ends


@cache
def materials() -> Floats:
    """Of all models, and two of this one's: gold on polished beryllium, and silicon on aluminised film."""
    table = material_table()
    gold, film = table[M.MIRROR_RADIATOR].copy(), table[M.SILVER_FOIL].copy()
    gold[0:6] = 0.02, 0.014, 0.006, 0.95, 0.78, 0.40
    film[0:6] = 0.16, 0.11, 0.14, 0.74, 0.62, 0.70
    return np.concatenate([table, gold[None], film[None]]).astype(np.float32)


@cache
def space_telescope() -> Mesh:
    """The whole spacecraft."""
    b = MeshBuilder(finest_m=0.5)
    for layer in range(LAYERS):
        _layer(b, layer)
    _frame(b)
    _bus(b)
    _telescope(b)
    return b.mesh()


def _half_width(y: Doubles) -> Doubles:
    """Of the shield, hollowed a little where it hangs between its booms."""
    along = np.abs(y) / HALF_LENGTH_M
    straight = 1.0 - (1.0 - _NARROW) * along
    return HALF_WIDTH_M * (straight - 0.10 * 4.0 * along * (1.0 - along))


def _layer(b: MeshBuilder, layer: int) -> None:
    """A sheet, both of its sides; the later ones are smaller, and all come together in the middle."""
    b.next_part()
    size = 1.0 - 0.02 * layer
    rows, columns = 44, 28
    y = np.linspace(-1.0, 1.0, rows + 1)[:, None] * HALF_LENGTH_M
    t = np.linspace(-1.0, 1.0, columns + 1)[None, :]
    z = t * _half_width(y)
    apart = (layer / (LAYERS - 1) - 0.5) * LAYERS_M
    outwards = np.maximum(np.abs(t) + 0 * y, np.abs(y) / HALF_LENGTH_M + 0 * t)
    x = apart * (0.35 + 0.65 * outwards)
    for side in (-1.0, 1.0):
        place = np.stack([x + side * 0.006, size * y + 0 * t, size * z], -1)
        normal = np.zeros_like(place)
        normal[..., 0] = side
        if side > 0:
            place, normal = place, normal
        else:
            place, normal = place[:, ::-1], normal[:, ::-1]
        hot = layer < 2 and side < 0
        b.grid(np.ascontiguousarray(place), normal, place[..., 1:].copy(), _SHIELD if hot else M.SILVER_FOIL)


def _frame(b: MeshBuilder) -> None:
    """Booms to the sides, pallets along the length, all behind the first layer's sunward face."""
    b.next_part()
    for side in (1.0, -1.0):
        b.tube((-0.47, 0.0, 0.0), (-0.47, 0.0, side * HALF_WIDTH_M), 0.09, M.CARBON, 10)
        b.box((-0.48, side * 6.0, 0.0), (0.16, 8.6, 1.5), M.CARBON, {(0, -1): M.SILVER_FOIL})


def _bus(b: MeshBuilder) -> None:
    """Towards the Sun: the bus, radiators, the solar array aft, the antenna that looks to Earth."""
    b.next_part()
    faces: dict[tuple[int, int], int] = {
        (1, 1): M.MIRROR_RADIATOR,
        (1, -1): M.MIRROR_RADIATOR,
        (0, -1): M.GOLD_FOIL,
    }
    b.box((-1.35, 0.0, 0.0), (1.5, 3.1, 3.1), M.SILVER_FOIL, faces)
    b.box((-2.2, 0.0, 0.55), (0.25, 1.3, 1.1), M.AMBER_FOIL)
    b.next_part()
    for k in range(5):
        middle = (-0.92, -2.2 - 1.17 * k, 0.0)
        b.box(middle, (0.05, 1.13, 1.9), M.CARBON, {(0, -1): M.SOLAR_CELLS})
    b.tube((-0.9, -1.5, 0.0), (-0.9, -7.4, 0.0), 0.05, M.CARBON, 8)
    b.next_part()
    b.tube((-2.1, 0.9, -1.0), (-2.35, 0.9, -1.0), 0.05, M.ALUMINIUM, 8)
    b.push(towards((-1.0, 0.0, 0.0), (-2.35, 0.9, -1.0)))
    dish(b, 0.6, 0.24, 32)
    b.pop()


def _telescope(b: MeshBuilder) -> None:
    """Tower, instruments behind the mirror, 18 hexagons, the secondary on its tripod."""
    mx, my, mz = MIRROR_M
    b.next_part()
    b.tube((0.4, my - 0.5, 0.0), (1.4, my - 0.6, 0.0), 0.75, M.CARBON, 20)
    b.box((mx - 0.3, my - 1.15, mz), (4.0, 1.5, 3.6), M.SILVER_FOIL)
    b.box((mx, my - 0.3, mz), (5.2, 0.16, 4.6), M.CARBON)
    for place, axis in _hexagons():
        b.next_part()
        _hexagon(b, place, axis)
    b.next_part()
    tip = (mx, my + SECONDARY_AT_M, mz)
    for x, z in ((3.4, 0.0), (-2.5, 2.5), (-2.5, -2.5)):
        foot = (mx + x, my + 0.1, mz + z)
        b.tube(foot, (mx + 0.07 * x, tip[1] + 0.15, mz + 0.07 * z), 0.07, M.CARBON, 10)
    b.next_part()
    b.push(Placement((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), tip))
    b.revolve([(1e-4, 0.0), (0.2, 0.012), (0.37, 0.045)], _GOLD, 40)
    b.revolve([(0.37, 0.045), (0.40, 0.10), (0.36, 0.30), (1e-4, 0.32)], M.SILVER_FOIL, 40, sharp=True)
    b.pop()
    b.next_part()
    b.tube((mx, my, mz), (mx, my + 1.7, mz), 0.36, M.BLACK_PAINT, 32, end_radius=0.16)  # aft optics


def _hexagons() -> list[tuple[Vector, Vector]]:
    """Middle and axis of each: two rings about a middle that stays empty."""
    pitch = HEXAGON_M + GAP_M
    found = []
    for q in range(-2, 3):
        for r in range(-2, 3):
            if not 1 <= max(abs(q), abs(r), abs(q + r)) <= 2:
                continue
            u, v = pitch * (q + r / 2), pitch * r * sqrt(3) / 2
            deep = (u * u + v * v) / (2 * CURVATURE_M)
            mx, my, mz = MIRROR_M
            # Two of its corners towards the shield and away from it, as pictures show it.
            found.append(((mx + v, my + deep, mz + u), unit((-v / CURVATURE_M, 1.0, -u / CURVATURE_M))))
    return found


def _hexagon(b: MeshBuilder, place: Vector, axis: Vector) -> None:
    """Gold to the front, its back a carbon plate."""
    x = unit((1.0, -axis[0] / axis[1], 0.0))
    y = (axis[1] * x[2] - axis[2] * x[1], axis[2] * x[0] - axis[0] * x[2], axis[0] * x[1] - axis[1] * x[0])
    b.push(Placement(x, y, axis, place))
    radius = HEXAGON_M / sqrt(3)
    for k in range(6):
        angles = (TAU * k / 6, TAU * (k + 1) / 6)
        p, q = ((radius * cosine(a), radius * sine(a)) for a in angles)
        for low, material, turn in ((0.0, _GOLD, 1), (-0.06, M.CARBON, -1)):
            ends = (p, q) if turn > 0 else (q, p)
            corners = [[(0.0, 0.0, low), (0.0, 0.0, low)], [(*ends[0], low), (*ends[1], low)]]
            position = np.array(corners)
            normal = np.zeros_like(position)
            normal[..., 2] = turn
            b.grid(position, normal, position[..., :2].copy(), material)
        b.quad((p[0], p[1], -0.06), (q[0] - p[0], q[1] - p[1], 0.0), (0.0, 0.0, 0.06), M.CARBON)
    b.pop()
