"""Rays that go through the tree together find what each finds alone, to the bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.render import TriangleScene, foil_map
from fsw.world.materials import material_table

DIRECTIONS = [(0.0, 0.0, 1.0), (0.6, 0.0, -0.8), (-0.36, 0.48, 0.8), (0.0, -1.0, 0.0)]


def soup(seed: int, faces: int) -> TriangleScene:
    """Triangles of all sizes and places within some metres; many narrow, some in one plane."""
    noise = np.random.default_rng(seed)
    centre = noise.uniform(-2, 2, (faces, 1, 3))
    size = 10 ** noise.uniform(-2, 0.3, (faces, 1, 1))
    corner = centre + size * noise.normal(size=(faces, 3, 3))
    corner[: faces // 4, :, 2] = np.round(corner[: faces // 4, :1, 2] * 2) / 2
    position = corner.reshape(-1, 3).astype(np.float32)
    return TriangleScene(
        position,
        np.tile(np.float32((0, 0, 1)), (len(position), 1)),
        position[:, :2],
        np.arange(len(position), dtype=np.int32).reshape(-1, 3),
        np.zeros(faces, np.uint16),
        np.zeros(faces, np.uint16),
        material_table(),
        foil_map(5),
    )


SCENES = [soup(1, 3), soup(2, 40), soup(3, 2000)]


@pytest.mark.parametrize("scene", SCENES, ids=["3 faces", "40 faces", "2000 faces"])
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 200),
    apart=st.sampled_from([0.0, 0.01, 0.3, 3.0]),
    spread=st.sampled_from([0.0, 0.02, 0.3, 3.0]),
)
def test_the_nearest_hits_are_those_of_single_rays(scene, seed, count, apart, spread):
    """Narrow bundles and wild ones; directions that differ in sign, or are all along an axis."""
    noise = np.random.default_rng(seed)
    axis = np.array(DIRECTIONS[seed % len(DIRECTIONS)])
    origin = noise.uniform(-3, 3, 3) + apart * noise.normal(size=(count, 3))
    direction = axis + spread * noise.normal(size=(count, 3))
    face, distance = scene.nearest(origin, direction)
    found, so_far = scene.nearest(origin, direction, together=True)
    assert (distance == so_far).all()
    # Of faces at the very same distance either will do.
    other = face != found
    assert other.mean() < 0.02


@pytest.mark.parametrize("scene", SCENES, ids=["3 faces", "40 faces", "2000 faces"])
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 200),
    apart=st.sampled_from([0.0, 0.01, 0.3, 3.0]),
    towards=st.sampled_from(DIRECTIONS),
    side=st.sampled_from([(0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.6, 0.0, 0.8), (-0.8, 0.6, 0.0)]),
)
def test_what_is_blocked_alone_is_blocked_together(scene, seed, count, apart, towards, side):
    """Whichever way the side looks: towards the light, away from it, or no way at all."""
    noise = np.random.default_rng(seed)
    origin = (noise.uniform(-3, 3, 3) + apart * noise.normal(size=(count, 3))).astype(np.float32)
    alone = scene.nearest(origin, np.tile(towards, (count, 1)))[0] >= 0
    assert (scene.blocked(origin, np.tile(side, (count, 1)), towards) == alone).all()
