"""The inspector's host, and what its camera sees of it."""

import numpy as np
import pytest

from fsw import missions
from fsw.missions.inspection import Inspection
from fsw.vehicles.inspector import waypoints
from fsw.world.image_sensor import Exposure
from fsw.world.inspection_view import HostView, Stand
from fsw.world.models.space_telescope import METRES_OUT, materials, space_telescope

MISSION = missions.load("inspector", Inspection)
AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@pytest.fixture(scope="module")
def view():
    return HostView(MISSION.picture, MISSION.epoch, 1.01, 1)


def stand(waypoint):
    at = waypoints(MISSION)[waypoint]
    return Stand(0, at, tuple(-x for x in at), AXES)


def test_it_is_as_large_as_stated():
    mesh = space_telescope()
    low, high = mesh.position.min(0), mesh.position.max(0)
    assert (high - low)[1:] == pytest.approx([21.2, 14.2], abs=0.2)
    gold = mesh.corner[mesh.material == len(materials()) - 2]
    a, b, c = (mesh.position[gold[:, k]] for k in range(3))
    mirror = mesh.position[gold][..., 1].max(1) < 0.0  # not the secondary
    corners = mesh.position[gold[mirror]].reshape(-1, 3)
    assert np.ptp(corners[:, [0, 2]], axis=0) == pytest.approx([6.1, 6.6], abs=0.05)  # "6.5 m across"
    # NASA states 25.4 m2 that collect; 18 hexagons of 1.32 m have 27.2 m2 less their edges.
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)[mirror].sum() / 2
    assert area == pytest.approx(18 * 1.32**2 * 3**0.5 / 2, rel=1e-6)


def test_it_stays_near_the_boxes_that_decide_a_contact():
    points = space_telescope().position
    out = [
        np.linalg.norm(np.maximum(np.maximum(part.low_m - points, points - part.high_m), 0.0), axis=1)
        for part in MISSION.host.part
    ]
    assert np.min(out, axis=0).max() < METRES_OUT


def test_only_the_side_towards_the_sun_is_lit(view):
    exposure = Exposure(800, 600, 1000)
    sunward, shaded = (view.radiance(stand(k), exposure, False).radiance for k in (0, 5))
    assert np.median(sunward[..., 1][sunward[..., 3] > 0.9]) > 20.0
    lit = (shaded[..., 1] > 1.0).sum()
    assert 0 <= lit < 0.02 * (shaded[..., 3] > 0.9).sum()  # but for edges
    by_lamp = view.radiance(stand(5), exposure, True).radiance
    assert np.median(by_lamp[..., 1][by_lamp[..., 3] > 0.9]) > 1e-4


def test_a_picture_is_the_same_again_and_tells_of_its_exposure(view):
    taken = view.take(stand(2))
    assert taken == view.take(stand(2))
    assert not taken.lamp
    assert taken.exposure_us < 5000
    assert stand(2).phase_deg == pytest.approx(60.0)
    assert stand(2).distance_m == pytest.approx(60.0)
