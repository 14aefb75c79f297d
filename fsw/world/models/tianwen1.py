"""Tianwen-1: orbiter and entry capsule as they flew to Mars, and the orbiter alone. Metres, its body axes.

+Z towards the capsule, wings along +Y and -Y, the high-gain antenna on +X. Span 16 m, antenna 2.5 m, flag
39 x 26 cm, capsule 3.4 m across are public figures; every other dimension is assumed from pictures.
"""

import itertools
from dataclasses import dataclass
from math import pi, sqrt

from fsw.world.materials import Material as M
from fsw.world.mesh import (
    TAU,
    Mesh,
    MeshBuilder,
    Placement,
    about_y,
    about_z,
    add,
    cosine,
    cross,
    scaled,
    sine,
    unit,
)

BUS_HEIGHT_M = 1.45
BUS_RADIUS_M = 1.55
SPAN_M = 16.0
DISH_DIAMETER_M = 2.5
CAPSULE_DIAMETER_M = 3.4
FLAG_M = (0.39, 0.26)

_APOTHEM_M = BUS_RADIUS_M * 0.8660254037844386
_WING_HEIGHT_M = BUS_HEIGHT_M * 0.55
_DISH_HUB = (2.45, 0.0, -1.0)  # low, so that in cruise its shadow leaves most of the bus in the Sun


@dataclass(frozen=True, slots=True)
class Articulation:
    """wing: rotation about +Y [rad]; 0 turns the cells to +X, positive towards -Z.
    Dish boresight: azimuth from +X towards +Y, elevation towards +Z [rad]."""

    wing_rad: float = 0.0
    dish_azimuth_rad: float = 0.0
    dish_elevation_rad: float = 0.0


def cruise_stack(articulation: Articulation) -> Mesh:
    """Orbiter and capsule together, as in cruise."""
    b = MeshBuilder()
    _orbiter(b, articulation)
    _capsule(b, BUS_HEIGHT_M + 0.43)
    return b.mesh()


def orbiter(articulation: Articulation) -> Mesh:
    """The orbiter alone, as at Mars since 14 May 2021."""
    b = MeshBuilder()
    _orbiter(b, articulation)
    return b.mesh()


def _orbiter(b: MeshBuilder, articulation: Articulation) -> None:
    _bus(b)
    for side in range(6):
        _side(b, side)
    _deck(b)
    _propulsion(b)
    for side in (1, -1):
        _wing(b, side, articulation.wing_rad)
    _antenna(b, articulation)
    _booms(b)


def _side_placement(side: int) -> Placement:
    """On side `side` of the bus: x along it, y up, z outwards; origin at its foot."""
    a = pi / 6 + side * pi / 3
    n = (cosine(a), sine(a), 0.0)
    return Placement((-n[1], n[0], 0.0), (0.0, 0.0, 1.0), n, scaled(n, _APOTHEM_M))


def _bus(b: MeshBuilder) -> None:
    b.next_part()
    h, r = BUS_HEIGHT_M, BUS_RADIUS_M
    b.prism(6, r, 0.0, h, M.GOLD_FOIL, M.GOLD_FOIL, M.GOLD_FOIL)
    b.next_part()
    for k in range(6):
        c = (r * cosine(k * pi / 3), r * sine(k * pi / 3))
        d = (r * cosine((k + 1) * pi / 3), r * sine((k + 1) * pi / 3))
        b.tube((*c, 0.0), (*c, h), 0.03, M.ALUMINIUM, 10)
        for z in (0.0, h):
            b.tube((*c, z), (*d, z), 0.026, M.ALUMINIUM, 10)


def _side(b: MeshBuilder, side: int) -> None:
    """What is mounted on each side; 1 and 4 carry the wings."""
    h = BUS_HEIGHT_M
    b.next_part()
    b.push(_side_placement(side))
    if side in (1, 4):
        for x in (-0.45, 0.45):
            b.box((x, h * 0.5, 0.02), (0.36, h * 0.78, 0.03), M.ALUMINIUM, {(2, 1): M.MIRROR_RADIATOR})
        b.tube((0.0, h * 0.55, 0.0), (0.0, h * 0.55, 0.13), 0.15, M.ALUMINIUM, 24, 0.11)
    elif side == 0:
        b.box((-0.18, 0.52, 0.05), (0.75, 0.62, 0.10), M.SILVER_FOIL)
        b.box((0.42, 0.98, 0.04), (0.5, 0.42, 0.08), M.WHITE_PAINT)
        b.tube((0.42, 0.42, 0.0), (0.42, 0.42, 0.40), 0.15, M.BLACK_PAINT, 24, 0.19)  # star tracker baffle
        b.tube((0.42, 0.42, 0.39), (0.42, 0.42, 0.41), 0.195, M.ALUMINIUM, 24, 0.195, capped=False)
        b.tube((-0.2, 1.16, 0.0), (-0.2, 1.16, 0.16), 0.06, M.WHITE_PAINT, 16)
    elif side == 5:
        b.box((0.0, 0.98, 0.035), (0.62, 0.44, 0.03), M.WHITE_PAINT)
        w, v = FLAG_M
        b.quad((-w / 2, 0.98 - v / 2, 0.0525), (w, 0.0, 0.0), (0.0, v, 0.0), M.FLAG, at_zero=True)
        b.box((0.0, 0.42, 0.06), (0.95, 0.5, 0.12), M.AMBER_FOIL)
        b.tube((-0.25, 0.42, 0.1), (-0.25, 0.42, 0.50), 0.11, M.BLACK_PAINT, 24, 0.14)
        b.tube((0.25, 0.42, 0.1), (0.25, 0.42, 0.38), 0.08, M.ALUMINIUM, 20)
    elif side == 2:
        b.box((0.0, 0.75, 0.07), (0.9, 0.95, 0.14), M.AMBER_FOIL)
        b.tube(
            (0.0, 0.8, 0.1), (0.0, 0.8, 0.75), 0.30, M.WHITE_PAINT, 40, 0.30, capped=False
        )  # high-resolution camera
        b.revolve_at(
            (0.0, 0.8, 0.0), [(0.30, 0.75), (0.275, 0.752), (0.265, 0.30), (0.001, 0.29)], M.BLACK_PAINT, 40
        )
    else:
        b.box((-0.3, 0.5, 0.05), (0.5, 0.5, 0.1), M.SILVER_FOIL)
        b.box((0.35, 0.9, 0.06), (0.45, 0.6, 0.12), M.AMBER_FOIL)
        b.tube((0.3, 0.3, 0.0), (0.3, 0.3, 0.3), 0.12, M.BLACK_PAINT, 20, 0.15)
    b.pop()


def _deck(b: MeshBuilder) -> None:
    """Top: adapter cone, separation ring, struts, boxes."""
    h = BUS_HEIGHT_M
    b.next_part()
    b.revolve([(0.95, h), (0.84, h + 0.13), (0.73, h + 0.25), (0.62, h + 0.38)], M.ALUMINIUM, 64)
    b.revolve(
        [(0.62, h + 0.38), (0.66, h + 0.385), (0.66, h + 0.43), (0.56, h + 0.43), (0.56, h + 0.38)],
        M.WHITE_PAINT,
        64,
        sharp=True,
    )
    b.revolve([(0.56, h + 0.43), (0.3, h + 0.39), (0.001, h + 0.36)], M.GOLD_FOIL, 48)
    b.next_part()
    for k in range(6):
        a = k * pi / 3 + 0.3
        foot = (1.28 * cosine(a), 1.28 * sine(a), h)
        b.tube(foot, (0.66 * cosine(a + 0.3), 0.66 * sine(a + 0.3), h + 0.36), 0.022, M.CARBON, 10)
        b.tube(foot, (0.66 * cosine(a - 0.3), 0.66 * sine(a - 0.3), h + 0.36), 0.022, M.CARBON, 10)
    for x, y in ((0.9, -0.75), (-0.75, 0.95), (0.55, 0.98)):
        b.box((x, y, h + 0.08), (0.34, 0.3, 0.16), M.SILVER_FOIL)
    b.box((-0.95, -0.2, h + 0.06), (0.3, 0.5, 0.12), M.BLACK_PAINT)


def _bell(b: MeshBuilder, z: float, throat: float, exit_radius: float, size: float, segments: int) -> None:
    steps = [(i / 7, sqrt(i / 7)) for i in range(8)]
    outer = [(throat + (exit_radius - throat) * root, z - size * t) for t, root in steps]
    b.revolve(outer, M.NOZZLE, segments)
    b.revolve([(r * 0.965, zz) for r, zz in outer], M.BLACK_PAINT, segments)


def _propulsion(b: MeshBuilder) -> None:
    """Bottom: thrust cone, main engine, eight settling and twelve attitude thrusters."""
    b.next_part()
    b.revolve([(1.02, 0.0), (0.91, -0.21), (0.80, -0.42)], M.GOLD_FOIL, 64)
    b.revolve(
        [(0.80, -0.42), (0.84, -0.43), (0.84, -0.50), (0.72, -0.50), (0.72, -0.42)],
        M.ALUMINIUM,
        64,
        sharp=True,
    )
    b.revolve([(0.72, -0.44), (0.35, -0.40), (0.001, -0.36)], M.AMBER_FOIL, 48)
    b.next_part()
    _bell(b, -0.36, 0.09, 0.42, 0.95, 48)
    for k in range(8):
        a = k * pi / 4 + pi / 8
        b.push(Placement(origin=(1.18 * cosine(a), 1.18 * sine(a), 0.0)))
        b.tube((0.0, 0.0, 0.0), (0.0, 0.0, -0.14), 0.05, M.ALUMINIUM, 10)
        _bell(b, -0.12, 0.02, 0.075, 0.2, 16)
        b.pop()
    for k in range(6):
        a = k * pi / 3
        c, s = cosine(a), sine(a)
        b.box((1.56 * c, 1.56 * s, 0.12), (0.16, 0.16, 0.16), M.AMBER_FOIL, turned=about_z(a))
        for side in (-1, 1):
            p = (1.62 * c - side * 0.08 * s, 1.62 * s + side * 0.08 * c, 0.10)
            d = (c - side * 0.6 * s, s + side * 0.6 * c, -0.4)
            b.tube(p, add(p, scaled(d, 0.09)), 0.012, M.NOZZLE, 10, 0.03)


def _wing(b: MeshBuilder, side: int, wing_rad: float) -> None:
    """Yoke and three panels along +Y (side 1) or -Y (-1); cells towards the turned +X."""
    b.next_part()
    b.push(Placement(origin=(0.0, 0.0, _WING_HEIGHT_M)))
    b.push(about_y(wing_rad))
    # Mirrored by turning half a turn about the local X axis, which keeps the cells in front.
    b.push(Placement() if side > 0 else Placement((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)))
    root, yoke, gap, panels, width, thick = 1.46, 0.95, 0.03, 3, 2.3, 0.025
    size = (SPAN_M / 2 - root - yoke - 0.05 - (panels - 1) * gap) / panels
    b.tube((0.0, root - 0.14, 0.0), (0.0, root + 0.10, 0.0), 0.07, M.ALUMINIUM, 16)
    for s in (1, -1):
        b.tube((0.0, root + 0.08, 0.05 * s), (0.0, root + yoke, 0.62 * s), 0.028, M.CARBON, 10)
    b.tube((0.0, root + 0.55, -0.36), (0.0, root + 0.55, 0.36), 0.02, M.CARBON, 10)
    b.tube((0.0, root + yoke, -0.8), (0.0, root + yoke, 0.8), 0.028, M.CARBON, 10)
    y = root + yoke + 0.05
    for panel in range(panels):
        b.next_part()
        middle = y + size / 2
        b.box((0.0, middle, 0.0), (thick, size, width), M.CARBON, {(0, 1): M.SOLAR_CELLS, (0, -1): M.CARBON})
        for z in (-0.62, 0.62):
            for place in (0.25, 0.75):
                at = y + size * place
                b.tube((thick / 2, at, z), (thick / 2 + 0.010, at, z), 0.026, M.WHITE_PAINT, 12)
                b.tube((-thick / 2, at, z), (-thick / 2 - 0.03, at, z), 0.05, M.ALUMINIUM, 12)
        b.box((-thick / 2 - 0.010, middle, 0.02), (0.02, size * 0.98, 0.05), M.HARNESS)
        b.box((-thick / 2 - 0.008, middle, -0.55), (0.016, size * 0.9, 0.02), M.HARNESS)
        if panel < panels - 1:
            for z in (-0.7, 0.0, 0.7):
                b.box((0.0, y + size + gap / 2, z), (0.035, 0.07, 0.06), M.ALUMINIUM)
        y += size + gap
    for _ in range(3):
        b.pop()


def _antenna(b: MeshBuilder, articulation: Articulation) -> None:
    """High-gain antenna on its two-axis arm."""
    b.next_part()
    b.box((1.50, 0.0, 0.28), (0.24, 0.30, 0.30), M.ALUMINIUM)
    b.tube((1.5, 0.0, 0.25), (2.18, 0.0, -0.92), 0.06, M.ALUMINIUM, 16)
    b.box((2.20, 0.0, -0.95), (0.2, 0.24, 0.22), M.WHITE_PAINT)
    ca, sa = cosine(articulation.dish_azimuth_rad), sine(articulation.dish_azimuth_rad)
    ce, se = cosine(articulation.dish_elevation_rad), sine(articulation.dish_elevation_rad)
    b.push(Placement((-sa, ca, 0.0), (-se * ca, -se * sa, ce), (ce * ca, ce * sa, se), _DISH_HUB))
    b.next_part()
    radius, focus, segments = DISH_DIAMETER_M / 2, 0.72, 96
    rings = [max(radius * i / 14, 1e-4) for i in range(15)]
    deep = radius * radius / (4 * focus)
    b.revolve([(r, r * r / (4 * focus)) for r in rings], M.DISH_FACE, segments)
    b.revolve([(r, r * r / (4 * focus) - 0.03) for r in rings], M.DISH_BACK, segments)
    b.revolve([(radius, deep - 0.03), (radius + 0.012, deep - 0.015), (radius, deep)], M.DISH_BACK, segments)
    for k in range(12):
        c, s = cosine(k * TAU / 12), sine(k * TAU / 12)
        r = [0.15 + (radius * 0.97 - 0.15) * i / 6 for i in range(7)]
        for i in range(6):
            ends = [(q * c, q * s, q * q / (4 * focus) - 0.05) for q in r[i : i + 2]]
            b.tube(ends[0], ends[1], 0.012, M.DISH_BACK, 8, capped=False)
    b.next_part()
    b.tube((0.0, 0.0, 0.0), (0.0, 0.0, focus * 0.55), 0.07, M.WHITE_PAINT, 20, 0.05)
    b.revolve([(0.05, focus * 0.55), (0.11, focus * 0.62), (0.02, focus * 0.66)], M.BLACK_PAINT, 24)
    top = focus * 0.98
    for k in range(3):
        a = k * TAU / 3 + 0.5
        q = radius * 0.62
        foot = (q * cosine(a), q * sine(a), q * q / (4 * focus))
        b.tube(foot, (0.1 * cosine(a), 0.1 * sine(a), top), 0.014, M.WHITE_PAINT, 8)
    subreflector = [
        (1e-4, top - 0.03),
        (0.12, top - 0.05),
        (0.15, top),
        (0.15, top + 0.03),
        (1e-4, top + 0.05),
    ]
    b.revolve(subreflector, M.WHITE_PAINT, 32)
    b.tube((0.0, 0.0, -0.05), (0.0, 0.0, -0.25), 0.16, M.ALUMINIUM, 20)
    b.pop()


def _booms(b: MeshBuilder) -> None:
    """Subsurface radar whips, magnetometer boom, low-gain antennas."""
    h = BUS_HEIGHT_M
    b.next_part()
    for s in (1, -1):
        b.tube((-0.9, s * 0.9, 0.2), (-1.2, s * 5.9, 0.15), 0.017, M.WHITE_PAINT, 8)
    b.tube((-1.1, 0.5, h), (-2.2, 0.9, h + 2.75), 0.018, M.BLACK_PAINT, 8)
    b.box((-2.2, 0.9, h + 2.8), (0.10, 0.10, 0.16), M.WHITE_PAINT)
    b.tube((-0.9, -0.7, h), (-0.95, -0.75, h + 0.55), 0.012, M.WHITE_PAINT, 8)
    b.tube((0.6, 1.0, h), (0.6, 1.0, h + 0.3), 0.03, M.WHITE_PAINT, 12, 0.09)


def _capsule(b: MeshBuilder, z: float) -> None:
    """Back shell of three cones towards the orbiter, 70 deg sphere-cone heat shield outwards."""
    segments, radius = 96, CAPSULE_DIAMETER_M / 2
    back = [(0.62, z), (0.66, z + 0.10), (1.02, z + 0.55), (1.40, z + 1.02), (radius - 0.02, z + 1.66)]
    b.next_part()
    b.revolve(back[:2], M.ALUMINIUM, segments, sharp=True)
    for low, high in itertools.pairwise(back[1:]):  # the first is the ring just made
        steps = [(low[0] + (high[0] - low[0]) * i / 3, low[1] + (high[1] - low[1]) * i / 3) for i in range(4)]
        b.revolve(steps, M.BACK_SHELL, segments)
    b.next_part()
    base, blunt, slope = z + 1.66, 0.85, 70 * TAU / 360
    b.revolve([(radius - 0.02, base), (radius - 0.02, base + 0.015)], M.BLACK_PAINT, segments)
    angles = [-pi / 2 + (slope + pi / 2) * i / 8 for i in range(9)]
    shoulder = [(radius - 0.06 + 0.06 * cosine(t), base + 0.06 + 0.06 * sine(t)) for t in angles]
    tangent = blunt * cosine(slope)
    r0, z0 = shoulder[-1]
    z1 = z0 + (r0 - tangent) * cosine(slope) / sine(slope)
    b.revolve(shoulder, M.HEAT_SHIELD, segments)
    b.revolve(
        [(r0 + (tangent - r0) * i / 6, z0 + (z1 - z0) * i / 6) for i in range(7)], M.HEAT_SHIELD, segments
    )
    centre = z1 - blunt * sine(slope)
    caps = [slope + (pi / 2 - slope) * i / 5 for i in range(6)]
    b.revolve(
        [(max(blunt * cosine(t), 1e-5), centre + blunt * sine(t)) for t in caps], M.HEAT_SHIELD, segments
    )
    b.next_part()
    for k in range(8):
        c, s = cosine(k * pi / 4 + 0.2), sine(k * pi / 4 + 0.2)
        for low, high in itertools.pairwise(back):
            p, q = low[0] + 0.004, high[0] + 0.004
            b.tube((p * c, p * s, low[1]), (q * c, q * s, high[1]), 0.009, M.HARNESS, 6, capped=False)
    for k in range(4):  # reaction control pods
        a = k * pi / 2 + 0.6
        c, s = cosine(a), sine(a)
        n, t = (c, s, 0.0), (-s, c, 0.0)
        tilt = unit(add(n, (0.0, 0.0, -0.75)))
        b.box(
            (1.32 * c, 1.32 * s, z + 0.86),
            (0.20, 0.30, 0.16),
            M.BACK_SHELL,
            turned=Placement(tilt, t, cross(tilt, t)),
        )
        for step in (-0.07, 0.07):
            o = add(add(scaled(n, 1.39), scaled(t, step)), (0.0, 0.0, z + 0.80))
            b.tube(o, add(o, scaled(add(scaled(n, 0.8), (0.0, 0.0, -0.6)), 0.09)), 0.02, M.NOZZLE, 12, 0.04)
    for k in range(24):  # shoulder fittings
        a = k * pi / 12
        at = ((radius - 0.005) * cosine(a), (radius - 0.005) * sine(a), base - 0.06)
        b.box(at, (0.03, 0.05, 0.07), M.ALUMINIUM, turned=about_z(a))
