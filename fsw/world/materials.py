"""What the surfaces of spacecraft and rocks are made of. Reflectances are typical values (assumed).

Bands: red 600-700 nm, green 500-600 nm, blue 400-500 nm. Columns as `material_t` in c_core/world/materials.h.
"""

from enum import IntEnum

import numpy as np

from fsw.core.render import MATERIAL_FLOATS, Floats


class Material(IntEnum):
    GOLD_FOIL = 0
    SILVER_FOIL = 1
    WHITE_PAINT = 2
    SOLAR_CELLS = 3
    CARBON = 4
    ALUMINIUM = 5
    BLACK_PAINT = 6
    FLAG = 7
    MIRROR_RADIATOR = 8
    NOZZLE = 9
    BACK_SHELL = 10
    HEAT_SHIELD = 11
    DISH_BACK = 12
    AMBER_FOIL = 13
    HARNESS = 14
    DISH_FACE = 15
    WHEEL = 16
    TEXTILE = 17
    REGOLITH = 18
    BOULDER = 19
    SOIL = 20  # from here on natural: see c_core/world/site.h
    ROCK = 21


PLAIN, CELLS, FLAG, QUILT, GORES = range(5)

_COLUMNS = (
    "roughness broad broad_roughness crumple crumple_scale mirror texture seam seam_pitch_m".split()  # noqa: SIM905
)


def _row(
    diffuse: tuple[float, float, float], specular: tuple[float, float, float], roughness: float, **more: float
) -> list[float]:
    given = {
        "roughness": roughness,
        "crumple_scale": 1.0,
        "broad_roughness": 1.0,
        "seam_pitch_m": 1.0,
        **more,
    }
    row = [*diffuse, *specular, *(float(given.get(name, 0)) for name in _COLUMNS)]
    return row + [0.0] * (MATERIAL_FLOATS - len(row))


def _grey(value: float) -> tuple[float, float, float]:
    return (value, value, value)


_TABLE = {
    Material.GOLD_FOIL: _row(
        (0.105, 0.062, 0.020),
        (0.93, 0.69, 0.33),
        0.36,
        broad=0.55,
        broad_roughness=0.74,
        crumple=1.0,
        mirror=0.75,
        texture=QUILT,
        seam=0.35,
        seam_pitch_m=0.46,
    ),
    Material.AMBER_FOIL: _row(
        (0.10, 0.050, 0.014),
        (0.88, 0.58, 0.22),
        0.38,
        broad=0.55,
        broad_roughness=0.74,
        crumple=1.0,
        crumple_scale=1.5,
        mirror=0.7,
        texture=QUILT,
        seam=0.35,
        seam_pitch_m=0.30,
    ),
    Material.SILVER_FOIL: _row(
        _grey(0.10),
        (0.87, 0.87, 0.86),
        0.32,
        broad=0.5,
        broad_roughness=0.72,
        crumple=0.9,
        crumple_scale=1.3,
        mirror=0.75,
        texture=QUILT,
        seam=0.3,
        seam_pitch_m=0.40,
    ),
    Material.WHITE_PAINT: _row((0.76, 0.76, 0.74), _grey(0.04), 0.60),
    Material.SOLAR_CELLS: _row(
        (0.012, 0.017, 0.043), (0.045, 0.05, 0.068), 0.17, crumple=0.02, mirror=0.8, texture=CELLS
    ),
    Material.CARBON: _row((0.045, 0.045, 0.047), _grey(0.04), 0.55),
    Material.ALUMINIUM: _row(_grey(0.20), _grey(0.58), 0.46, broad=0.3, broad_roughness=0.75, mirror=0.5),
    Material.BLACK_PAINT: _row((0.034, 0.033, 0.032), _grey(0.04), 0.62),
    Material.FLAG: _row((0.60, 0.05, 0.04), _grey(0.035), 0.65, texture=FLAG),
    Material.MIRROR_RADIATOR: _row((0.03, 0.03, 0.035), (0.86, 0.87, 0.90), 0.13, crumple=0.015, mirror=1.0),
    Material.NOZZLE: _row((0.10, 0.085, 0.075), (0.42, 0.38, 0.34), 0.48, mirror=0.3),
    Material.BACK_SHELL: _row(
        (0.50, 0.495, 0.475),
        _grey(0.16),
        0.52,
        broad=0.4,
        broad_roughness=0.8,
        crumple=0.16,
        crumple_scale=0.8,
        texture=GORES,
        seam=0.12,
        seam_pitch_m=0.62,
    ),
    Material.HEAT_SHIELD: _row(
        (0.58, 0.565, 0.54), _grey(0.05), 0.65, crumple=0.03, texture=GORES, seam=0.10, seam_pitch_m=0.62
    ),
    Material.DISH_BACK: _row((0.33, 0.33, 0.33), _grey(0.05), 0.6),
    Material.HARNESS: _row((0.30, 0.30, 0.29), _grey(0.12), 0.55, crumple=0.3, crumple_scale=4.0),
    Material.DISH_FACE: _row((0.78, 0.78, 0.765), _grey(0.04), 0.68),
    Material.WHEEL: _row((0.19, 0.165, 0.14), _grey(0.30), 0.5, broad=0.4, broad_roughness=0.8),
    Material.TEXTILE: _row((0.42, 0.40, 0.36), _grey(0.03), 0.8, crumple=0.35, crumple_scale=1.2),
    Material.REGOLITH: _row((0.150, 0.132, 0.108), _grey(0.01), 0.95, crumple=0.9, crumple_scale=1.7),
    Material.BOULDER: _row((0.175, 0.155, 0.130), _grey(0.01), 0.9, crumple=0.8, crumple_scale=1.2),
    # Seen in mirrors and as bounced light only: what the eye sees has albedo at each vertex.
    Material.SOIL: _row((0.30, 0.165, 0.085), _grey(0.0), 1.0),
    Material.ROCK: _row((0.17, 0.12, 0.085), _grey(0.0), 1.0),
}


def material_table() -> Floats:
    """(materials, MATERIAL_FLOATS), indexed by `Material`."""
    return np.array([_TABLE[material] for material in Material], np.float32)
