"""The inspector's world against scipy: host and camera as two whole trajectories, integrated by DOP853."""

import math

import pytest

from fsw import missions
from fsw.inspection import surroundings
from fsw.kernel.time import DAY, SECOND
from fsw.missions.inspection import Inspection
from fsw.world.halo import EARTH_GM, EARTH_KM, RATE, SUN_GM, SUN_KM
from fsw.world.relative_motion import Neighbour, lightness, push_m_s2

np = pytest.importorskip("numpy")
solve_ivp = pytest.importorskip("scipy.integrate", reason="scipy is in the extra `judges`").solve_ivp


def pull(light):
    """Sun, Earth and sunlight on one body, in inertial axes [km, s]; written from the definitions alone."""

    def derivative(t, state):
        c, s = math.cos(RATE * t), math.sin(RATE * t)
        total = np.zeros(3)
        for gm, along in ((SUN_GM * (1 - light), SUN_KM), (EARTH_GM, EARTH_KM)):
            way = np.array([c * along, s * along, 0.0]) - state[:3]
            total += gm * way / np.linalg.norm(way) ** 3
        return np.concatenate([state[3:], total])

    return derivative


def flown(light, state, days):
    found = solve_ivp(pull(light), (0, days * 86400), state, method="DOP853", rtol=1e-13, atol=1e-9)
    return found.y[:, -1]


@pytest.fixture(scope="module")
def mission():
    return missions.load("inspector", Inspection)


@pytest.fixture(scope="module")
def around(mission):
    return surroundings(mission)


def test_the_halo_orbit_comes_back_to_where_it_crossed(mission, around):
    host = mission.host
    light = lightness(push_m_s2(host.sunlit_m2, host.reflection, host.mass_kg))
    halo = around.halo
    assert halo.lightness == light
    start = [halo.x_km, 0.0, halo.z_km, 0.0, halo.speed_km_s + RATE * halo.x_km, 0.0]
    half = flown(light, start, 0.5 * halo.period_ns / DAY)
    angle = RATE * 0.5 * halo.period_ns / SECOND
    across = -math.sin(angle) * half[0] + math.cos(angle) * half[1]
    # scipy's own error after ninety days is a few kilometres: the orbit is unstable.
    assert abs(across) < 20.0
    assert abs(half[5]) < 1e-5


@pytest.mark.parametrize("velocity", [(-0.1, 0.0, 0.0), (0.05, 0.02, -0.03), (0.0, 0.1, 0.0)])
def test_relative_motion_is_the_difference_of_two_trajectories(mission, around, velocity):
    days = 4
    host, camera = mission.host, mission.camera
    of_host = lightness(push_m_s2(host.sunlit_m2, host.reflection, host.mass_kg))
    of_camera = lightness(push_m_s2(camera.sunlit_m2, camera.reflection, camera.mass_kg))
    axes = np.array(around.axes)
    at = (60.0, -20.0, 10.0)
    position, speed = around.host.state(0)
    host_state = np.concatenate([position, speed])
    offset = np.concatenate([axes.T @ np.array(at), axes.T @ np.array(velocity)]) * 1e-3
    apart = (flown(of_camera, host_state + offset, days) - flown(of_host, host_state, days))[:3]
    expected = axes @ apart * 1e3
    body = Neighbour(around, camera.radius_m, at, velocity)
    body.fly(days * DAY)
    assert math.dist(expected, at) > 10_000.0
    assert math.dist(body.at, expected) < 0.1
