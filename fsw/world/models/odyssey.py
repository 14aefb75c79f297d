"""2001 Mars Odyssey as it flew in 2005. Metres, its body axes: +Z towards Mars, wing along +Y.

Stated (JPL): the body fits a box of 2.2 x 1.7 x 2.6 m; one solar array of three panels; the high-gain antenna
is 1.3 m across; the boom of the gamma ray spectrometer reaches 6.2 m from the spacecraft. Assumed, from
pictures: every other dimension, where the parts sit, and that the boom points away from the wing.
"""

from fsw.world.materials import Material as M
from fsw.world.mesh import Mesh, MeshBuilder, Placement
from fsw.world.models.parts import dish, facing_sun, towards, wing
from fsw.world.vectors import Vector

BODY_M = (2.2, 2.6, 1.7)
DISH_DIAMETER_M = 1.3
BOOM_M = 6.2
PANEL_M = (1.75, 1.35)  # assumed: 7 m2 in three panels
PANELS = 3
YOKE_M = 0.7
BOOM_ROOT_M = (-0.5, -BODY_M[1] / 2, 0.6)

_DECK_Z = BODY_M[2] / 2
_DISH_ROOT = (0.55, -0.35, -_DECK_Z)
_DISH_MAST_M = 1.1
_WING_ROOT = (0.0, BODY_M[1] / 2, -0.3)


def odyssey(sun: Vector, earth: Vector) -> Mesh:
    """The whole spacecraft, its array square to the Sun and its dish towards the Earth (unit, body axes)."""
    b = MeshBuilder()
    _body(b)
    _boom(b)
    b.push(Placement(origin=_WING_ROOT))
    b.push(facing_sun((0.0, 1.0, 0.0), sun))
    wing(b, PANELS, PANEL_M, YOKE_M)
    b.pop()
    b.pop()
    x, y, z = _DISH_ROOT
    b.next_part()
    b.tube(_DISH_ROOT, (x, y, z - _DISH_MAST_M), 0.05, M.ALUMINIUM, 10)
    b.push(towards(earth, (x, y, z - _DISH_MAST_M), 0.12))
    dish(b, DISH_DIAMETER_M, 0.5)
    b.pop()
    return b.mesh()


def _body(b: MeshBuilder) -> None:
    """Equipment and propulsion modules in foil; instruments on the deck that faces Mars."""
    length, width, height = BODY_M
    b.next_part()
    b.box((0.0, 0.0, -0.25), (1.5, 1.6, height - 0.5), M.GOLD_FOIL)
    b.box((0.0, 0.0, _DECK_Z - 0.06), (length, width, 0.12), M.AMBER_FOIL)
    b.next_part()
    for y in (-0.75, 0.75):
        b.box((0.0, y * 1.15, -0.25), (0.9, 0.35, 0.8), M.SILVER_FOIL)
    b.box((0.76, 0.0, -0.2), (0.03, 0.9, 0.7), M.ALUMINIUM, {(0, 1): M.MIRROR_RADIATOR})
    b.box((0.4, -0.7, _DECK_Z + 0.14), (0.55, 0.37, 0.28), M.BLACK_PAINT)  # THEMIS
    b.box((-0.5, 0.7, _DECK_Z + 0.1), (0.3, 0.3, 0.2), M.WHITE_PAINT)  # neutron detector
    b.tube((0.3, 0.75, _DECK_Z), (0.3, 0.75, _DECK_Z + 0.45), 0.12, M.WHITE_PAINT, 16)  # UHF antenna
    b.next_part()
    b.push(Placement(z=(0.0, 0.0, -1.0), y=(0.0, -1.0, 0.0), origin=(0.0, 0.0, -_DECK_Z)))
    b.revolve([(0.07, 0.0), (0.11, 0.08), (0.17, 0.3)], M.NOZZLE, 24)
    b.pop()


def _boom(b: MeshBuilder) -> None:
    """The mast, and the gamma sensor head in its housing at the end of it."""
    x, y, z = BOOM_ROOT_M
    end = y - BOOM_M
    b.next_part()
    b.tube(BOOM_ROOT_M, (x, end, z), 0.06, M.WHITE_PAINT, 10)
    b.next_part()
    b.box((x, end + 0.25, z), (0.60, 0.50, 0.60), M.WHITE_PAINT)
