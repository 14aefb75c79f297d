"""No two faces of different materials share a place: which of them a ray met would be chance, and speckle."""

import numpy as np
import pytest

from fsw.core.render import foil_map
from fsw.world.materials import Material, material_table
from fsw.world.models import tianwen1

ABOVE_M = 1e-3


@pytest.mark.parametrize("corner", [(1 / 3, 1 / 3), (0.6, 0.2), (0.1, 0.8)])
def test_the_entry_capsule_has_one_skin(corner):
    """Rays from just above each face of the capsule meet that face's material, or something before it."""
    scene = tianwen1.cruise_stack(tianwen1.Articulation()).scene(material_table(), foil_map(5))
    faces = scene._faces
    capsule = faces["part"] == faces["part"][faces["material"] == Material.BACK_SHELL].min()
    assert capsule.sum() > 1000
    assert set(faces["material"][capsule]) == {Material.BACK_SHELL, Material.ALUMINIUM}
    a, b, c = (scene._position[faces["corner"][capsule, k]] for k in range(3))
    point = a + corner[0] * (b - a) + corner[1] * (c - a)
    normal = faces["normal"][capsule]
    met, distance = scene.nearest(point + ABOVE_M * normal, -normal)
    there = np.abs(distance - ABOVE_M) < 1e-5
    assert there.mean() > 0.9
    assert (faces["material"][met][there] == faces["material"][capsule][there]).all()
