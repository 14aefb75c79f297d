"""Parts that many spacecraft have: wings of solar panels, and dishes. Metres, in the builder's placement."""

from fsw.core.errors import FswError
from fsw.world.materials import Material as M
from fsw.world.mesh import TAU, MeshBuilder, Placement, add, cosine, cross, scaled, sine, unit
from fsw.world.vectors import Vector, dot, length, subtract

_STEEPEST = 0.3  # a wing is not turned about its second axis beyond what leaves this much of its direction


def wing(b: MeshBuilder, panels: int, size: tuple[float, float], yoke: float, gap: float = 0.03) -> None:
    """Panels along +Y from the origin, cells towards +X. size: of one, along Y and Z; yoke: before them."""
    along, across = size
    thick = 0.03
    b.next_part()
    for s in (1, -1):
        b.tube((0.0, 0.0, 0.0), (0.0, yoke, s * across * 0.3), 0.025, M.CARBON, 8)
    y = yoke
    for _ in range(panels):
        b.next_part()
        middle = (0.0, y + along / 2, 0.0)
        b.box(middle, (thick, along, across), M.CARBON, {(0, 1): M.SOLAR_CELLS, (0, -1): M.CARBON})
        b.box((-thick, y + along / 2, 0.0), (thick, along * 0.95, 0.05), M.HARNESS)
        y += along + gap


def facing_sun(outwards: Vector, sun: Vector) -> Placement:
    """Axes of a wing on a two-axis drive: its cells (+X) square to the Sun, its length (+Y) as near to
    `outwards` as that allows."""
    left = subtract(outwards, scaled(sun, dot(outwards, sun)))
    if length(left) < _STEEPEST:
        raise FswError(f"Sun {sun}: allowed are directions 18 deg and more off the wing, {outwards}")
    y = unit(left)
    return Placement(sun, y, cross(sun, y))


def turned_to_sun(axis: Vector, sun: Vector) -> Placement:
    """Axes of a wing that turns about its length (+Y, `axis`), its cells (+X) best turned to the Sun."""
    x = unit(subtract(sun, scaled(axis, dot(axis, sun))))
    return Placement(x, axis, cross(x, axis))


def dish(b: MeshBuilder, diameter: float, focus: float, segments: int = 64) -> None:
    """A paraboloid with its vertex at the origin and its boresight along +Z, feed and struts."""
    b.next_part()
    radius = diameter / 2
    rings = [max(radius * i / 10, 1e-4) for i in range(11)]
    deep = radius * radius / (4 * focus)
    b.revolve([(r, r * r / (4 * focus)) for r in rings], M.DISH_FACE, segments)
    b.revolve([(r, r * r / (4 * focus) - 0.03) for r in rings], M.DISH_BACK, segments)
    b.revolve([(radius, deep - 0.03), (radius + 0.01, deep - 0.015), (radius, deep)], M.DISH_BACK, segments)
    b.next_part()
    for k in range(3):
        a = k * TAU / 3 + 0.5
        q = radius * 0.65
        foot = (q * cosine(a), q * sine(a), q * q / (4 * focus))
        b.tube(foot, (0.08 * cosine(a), 0.08 * sine(a), focus), 0.012, M.WHITE_PAINT, 8)
    b.tube((0.0, 0.0, focus - 0.05), (0.0, 0.0, focus + 0.05), radius * 0.12, M.WHITE_PAINT, 20)


def towards(z: Vector, origin: Vector, start: float = 0.0) -> Placement:
    """A frame at `start` metres from `origin` along `z`, which is its third axis."""
    x = unit(cross(z, (0.0, 0.0, 1.0) if abs(z[2]) < 0.9 else (1.0, 0.0, 0.0)))
    return Placement(x, cross(z, x), z, add(origin, scaled(z, start)))
