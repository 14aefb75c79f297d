"""Halo orbits about the Sun-Earth L2 point, and the neighbourhood of a host on one."""

import math

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.inspection import surroundings
from fsw.kernel.time import DAY, SECOND
from fsw.missions.inspection import Inspection
from fsw.world.halo import EARTH_KM, halo, outer_point_km
from fsw.world.relative_motion import Box, Neighbour, Neighbourhood


@pytest.fixture(scope="module")
def mission():
    return missions.load("inspector", Inspection)


@pytest.fixture(scope="module")
def around(mission):
    return surroundings(mission)


def still(orbit, parts):
    """Nothing acts there but what a test adds: sunlight on both alike, and the tide."""
    return Neighbourhood(orbit, 0, 0.0, parts)


def test_the_outer_point_lies_a_million_and_a_half_km_beyond_earth():
    assert 1.50e6 < outer_point_km() - EARTH_KM < 1.51e6
    assert outer_point_km(3e-5) < outer_point_km()  # sunlight takes weight: nearer to the Sun


def test_the_orbit_is_as_stated_of_jwst(around):
    """Six months a turn, between 250,000 and 832,000 km from the point (NASA)."""
    orbit = around.halo
    assert 170 < orbit.period_ns / DAY < 190
    arc = orbit.arc(0)
    distances = [math.hypot(*orbit.from_point_km(arc, k * orbit.period_ns // 40)) for k in range(41)]
    assert min(distances) > 250_000
    assert max(distances) < 832_000


def test_it_closes(around):
    orbit = around.halo
    arc = orbit.arc(0)
    first, last = (orbit.from_point_km(arc, t_ns) for t_ns in (0, orbit.period_ns))
    assert math.dist(first, last) < 1.0


def test_an_orbit_that_there_is_not_is_refused():
    with pytest.raises(FswError, match="no halo orbit"):
        halo(-5_000.0, 0.0)


def test_the_camera_falls_sunward_at_once_and_the_sun_turns_a_degree_a_day(around):
    block = around.block(0)
    assert -1.6e-7 < block.pull[0] < -1.3e-7
    x = around.block(10 * DAY).axes[0]
    assert 8.0 < math.degrees(math.atan2(x[1], x[0])) < 12.0


def test_the_distance_to_a_box():
    box = Box("b", (-1.0, -2.0, -3.0), (1.0, 2.0, 3.0))
    assert box.distance((0.5, -1.0, 2.0)) == 0.0
    assert box.distance((4.0, 0.0, 0.0)) == 3.0
    assert box.distance((2.0, 3.0, 4.0)) == pytest.approx(math.sqrt(3.0))


@pytest.mark.parametrize("speed", [0.01, 0.3, 40.0])
def test_no_contact_is_jumped_over_and_none_is_before_its_time(around, speed):
    """Straight at a thin shield, 60 m away: so soon, and not later."""
    world = still(around.halo, [Box("shield", (-0.005, -10.0, -10.0), (0.005, 10.0, 10.0))])
    body = Neighbour(world, 0.25, (60.0, 0.0, 0.0), (-speed, 0.0, 0.0))
    body.fly(2 * round(60.0 / speed) * SECOND)
    touches_s = (60.0 - 0.005 - 0.25) / speed
    assert body.passage.contact_ns is not None
    assert body.passage.contact_ns / SECOND == pytest.approx(touches_s, rel=0.01)
    assert body.t_ns == body.passage.contact_ns  # and there it ends


def test_one_that_passes_by_is_no_contact(around):
    world = still(around.halo, [Box("ball", (-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))])
    body = Neighbour(world, 0.25, (60.0, 1.5, 0.0), (-0.1, 0.0, 0.0))
    body.fly(1200 * SECOND)
    assert body.passage.contact_ns is None
    assert body.passage.nearest_m == pytest.approx(0.25, abs=0.02)


def test_how_a_flight_is_asked_for_changes_nothing_of_free_flight(around):
    one = Neighbour(around, 0.25, (30.0, 4.0, -5.0), (0.02, 0.03, 0.0))
    two = Neighbour(around, 0.25, (30.0, 4.0, -5.0), (0.02, 0.03, 0.0))
    one.fly(DAY)
    for k in range(1, 25):
        two.fly(k * DAY // 24)
    assert math.dist(one.at, two.at) < 1e-3
