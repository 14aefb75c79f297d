"""Mars Express as it flew in April 2005. Metres, its body axes: +Z towards Mars, wings along +-Y.

Stated (ESA, DLR): body 1.5 x 1.8 x 1.4 m; wings of 11.42 m2 with 12 m of span; the high-gain antenna is 1.8 m
across (others say 1.6); the radar's booms were deployed in May and June 2005, after these pictures, and so
are stowed here. Assumed, from pictures: which side is how long, panel sizes that make that area and span, and
where the parts sit; the antenna, which is fixed, is on the side -X.
"""

from fsw.world.materials import Material as M
from fsw.world.mesh import Mesh, MeshBuilder, Placement
from fsw.world.models.parts import dish, turned_to_sun, wing
from fsw.world.vectors import Vector

BODY_M = (1.5, 1.8, 1.4)
SPAN_M = 12.0
PANELS = 4
WING_AREA_M2 = 11.42
DISH_DIAMETER_M = 1.8

_YOKE_M = 0.9
_GAP_M = 0.03
_PANEL_LENGTH_M = (SPAN_M / 2 - BODY_M[1] / 2 - _YOKE_M - (PANELS - 1) * _GAP_M) / PANELS
PANEL_M = (_PANEL_LENGTH_M, WING_AREA_M2 / (2 * PANELS) / _PANEL_LENGTH_M)


def mars_express(sun: Vector, earth: Vector) -> Mesh:
    """The whole spacecraft, its wings turned to the Sun (unit, body axes). Its dish is fixed, wherever the
    Earth is."""
    del earth
    b = MeshBuilder()
    x, y, z = (side / 2 for side in BODY_M)
    b.next_part()
    b.box((0.0, 0.0, 0.0), BODY_M, M.BLACK_PAINT, {(0, 1): M.GOLD_FOIL, (2, 1): M.GOLD_FOIL})
    b.next_part()
    b.box((0.35, 0.4, z + 0.15), (0.45, 0.4, 0.3), M.WHITE_PAINT)  # stereo camera
    b.box((-0.3, -0.35, z + 0.12), (0.5, 0.6, 0.24), M.AMBER_FOIL)
    b.box((x + 0.06, 0.0, -0.1), (0.12, 1.5, 0.3), M.WHITE_PAINT)  # the radar's booms, folded
    for side in (1, -1):
        b.box((0.1, side * (y + 0.01), 0.0), (0.9, 0.02, 1.0), M.ALUMINIUM, {(1, side): M.MIRROR_RADIATOR})
    b.next_part()
    b.push(Placement(z=(0.0, 0.0, -1.0), y=(0.0, -1.0, 0.0), origin=(0.0, 0.0, -z)))
    b.revolve([(0.06, 0.0), (0.13, 0.15), (0.24, 0.45)], M.NOZZLE, 24)
    b.pop()
    b.push(Placement((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0), (-x - 0.1, 0.0, -0.1)))
    dish(b, DISH_DIAMETER_M, 0.6)
    b.pop()
    for outwards in (1.0, -1.0):
        b.push(Placement(origin=(0.0, outwards * y, 0.0)))
        b.push(turned_to_sun((0.0, outwards, 0.0), sun))
        wing(b, PANELS, PANEL_M, _YOKE_M, _GAP_M)
        b.pop()
        b.pop()
    return b.mesh()
