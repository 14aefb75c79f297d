"""A small body near by: made by seed, as large as said, lit from its side, turning in its time."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest

from fsw import missions
from fsw.kernel.time import SECOND
from fsw.missions.phases import PhasedMission
from fsw.world.heavens import Heavens
from fsw.world.models.small_body import Rock, rock
from fsw.world.mounted import MountedView
from fsw.world.rendezvous import body_axes
from fsw.world.vectors import dot, length, scale, subtract, unit

MISSION = missions.load("tianwen2-kamooalewa", PhasedMission)
KAMOOALEWA = MISSION.small_body[0]
FOCAL_PX = 1024 / math.tan(math.radians(1.5))
SMALL = Rock(5, (36.0, 27.0, 24.0), 1.0, 30, 8, grid=40)


def test_the_same_seed_makes_the_same_rock():
    mesh, again, other = rock(SMALL), rock(SMALL), rock(replace(SMALL, seed=6))
    digest = hashlib.sha256(mesh.position.tobytes() + mesh.normal.tobytes()).hexdigest()
    assert digest == hashlib.sha256(again.position.tobytes() + again.normal.tobytes()).hexdigest()
    assert not np.array_equal(mesh.position, other.position)


def test_a_rock_is_about_its_ellipsoid_and_irregular():
    mesh = rock(replace(SMALL, boulders=0))
    share = np.sqrt(((mesh.position / SMALL.half_axes_m) ** 2).sum(axis=1))
    assert 0.6 < share.min() < 0.92 < 1.05 < share.max() < 1.45
    assert abs(share.mean() - 1.0) < 0.1
    assert np.allclose((mesh.normal**2).sum(axis=1), 1.0)
    # Normals look outwards, and triangles turn as they do.
    assert ((mesh.normal * mesh.position).sum(axis=1) > 0).mean() > 0.99
    a, b, c = (mesh.position[mesh.corner[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    assert ((faces * mesh.normal[mesh.corner[:, 0]]).sum(axis=1) > 0).mean() > 0.99


def test_a_smooth_body_is_its_ellipsoid():
    mesh = rock(Rock(1, (0.45, 0.45, 0.32), 0.0, 0, 0, grid=12))
    share = np.sqrt(((mesh.position / (0.45, 0.45, 0.32)) ** 2).sum(axis=1))
    assert np.allclose(share, 1.0)


def test_craters_are_pits_with_rims():
    plain, pitted = (rock(replace(SMALL, rough=0.0, boulders=0, craters=n)) for n in (0, 30))
    deeper = np.linalg.norm(pitted.position, axis=1) / np.linalg.norm(plain.position, axis=1)
    assert deeper.min() < 0.99
    assert 1.001 < deeper.max() < 1.1


def test_it_turns_once_in_its_period():
    period_ns = round(KAMOOALEWA.rotation_s * SECOND)
    start, quarter, whole = (body_axes(KAMOOALEWA, t_ns) for t_ns in (0, period_ns // 4, period_ns))
    assert whole == start
    assert dot(start[0], quarter[0]) == pytest.approx(0.0, abs=1e-9)
    assert quarter[2] == start[2]
    assert KAMOOALEWA.rotation_s == pytest.approx(0.467 * 3600)


@pytest.fixture(scope="module")
def approach():
    phase = MISSION.phase[0]
    mission = MISSION.flight(phase)
    mission = replace(mission, small_body=(replace(KAMOOALEWA, boulders=10, craters=20),))
    heavens = Heavens.of(mission)
    return phase, mission, heavens, MountedView(mission, heavens, 3)


def test_the_way_is_that_of_the_waypoints(approach):
    phase, _, heavens, _ = approach
    for share in (0.0, 0.5, 1.0):
        t_ns = round(share * phase.duration_s * SECOND)
        way, rate = heavens.trajectory.to_body("kamooalewa", t_ns)
        assert length(way) * 1000 == pytest.approx(phase.from_m + share * (phase.to_m - phase.from_m))
        to_sun = heavens.trajectory.to_body("sun", t_ns)[0]
        phase_deg = math.degrees(math.acos(dot(unit(scale(way, -1.0)), unit(subtract(to_sun, way)))))
        assert phase_deg == pytest.approx(phase.phase_angle_deg, abs=0.1)
        if share < 1.0:
            assert length(rate) * 1000 == pytest.approx((phase.from_m - phase.to_m) / phase.duration_s)


def test_it_grows_as_it_comes_nearer_and_its_night_side_is_dark(approach):
    _, mission, heavens, view = approach
    areas = []
    for one in (mission.observation[0], mission.observation[-1]):  # 240 and 680 px wide
        t_ns = mission.epoch.parse(one.begin_utc)
        canvas = view.radiance(t_ns, 1600, 1200, 300)
        covered, light = canvas.radiance[:, :, 3] > 0.5, canvas.radiance[:, :, 1]
        distance_m = 1000 * length(heavens.trajectory.to_body("kamooalewa", t_ns)[0])
        width = covered.any(axis=0).sum() * distance_m / FOCAL_PX
        assert 44 < width < 80
        areas.append(covered.sum() * distance_m**2)
        columns = np.nonzero(covered)[1]
        left, right = columns.min(), columns.max()
        third = (right - left) // 4
        # The Sun is to the right; on the left hills throw shadows.
        assert light[:, right - third : right].sum() > 1.5 * light[:, left : left + third].sum()
        dark = (light < 0.02 * light.max()) & covered
        assert 0.02 < dark.sum() / covered.sum() < 0.5
    assert areas[0] == pytest.approx(areas[1], rel=0.35)  # of another side of the same rock
