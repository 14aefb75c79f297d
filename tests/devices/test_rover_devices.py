"""Wheels on the ground, and energy in and out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.devices.chassis import Chassis
from fsw.devices.power_unit import PowerUnit
from fsw.kernel.seeds import Stream
from fsw.kernel.time import SECOND

HOUR = 3600 * SECOND


def chassis(seed=1, every_m=1e6):
    return Chassis(Stream(seed, "ground"), every_m, (0.05, 0.05), 2.0)


def test_wheels_turn_further_than_the_ground_goes():
    wheels = chassis()
    wheels.move(50, 0)
    way, heading, forward, turning, clear = wheels.read(20 * SECOND)
    assert (way, heading, turning, clear) == (1000, 180_000, False, None)
    assert forward == (-1.0, 0.0)
    assert wheels.way_mm == pytest.approx(950)
    assert (wheels.north_mm, wheels.east_mm) == (pytest.approx(-950), 0.0)
    wheels.move(0, 20 * SECOND)
    assert wheels.read(99 * SECOND)[0] == 1000


@pytest.mark.parametrize(("start", "wanted", "after_s", "then"), [
    (180.0, 90.0, 10, 160.0), (180.0, 90.0, 45, 90.0), (350.0, 20.0, 5, 0.0), (20.0, 350.0, 15, 350.0),
])  # fmt: skip
def test_it_turns_the_shorter_way_round(start, wanted, after_s, then):
    wheels = chassis()
    wheels.turn_to(start, 0)
    wheels.read(200 * SECOND)
    wheels.turn_to(wanted, 200 * SECOND)
    _, heading, _, turning, _ = wheels.read((200 + after_s) * SECOND)
    assert heading == pytest.approx(1000 * then)
    assert turning == (then != wanted)


def test_an_obstacle_comes_nearer_and_is_not_driven_over():
    wheels = chassis(every_m=5.0)
    wheels.move(50, 0)
    free = [wheels.read(at * 10 * SECOND)[4] for at in range(1, 200)]
    seen = [clear for clear in free if clear is not None]
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 0
    wheels.turn_to(90.0, 2000 * SECOND)
    assert wheels.read(2001 * SECOND)[4] != 0  # another way, another obstacle


def test_a_snapshot_goes_on_as_the_trunk_does():
    trunk = chassis(every_m=3.0)
    trunk.move(50, 0)
    trunk.read(7 * SECOND)
    branch = chassis(seed=2, every_m=3.0)
    branch.load(trunk.save())
    for wheels in (trunk, branch):
        wheels.turn_to(10.0, 8 * SECOND)
        wheels.move(50, 200 * SECOND)
    assert trunk.read(230 * SECOND) == branch.read(230 * SECOND)
    assert trunk.save() == branch.save()


def test_energy_is_what_came_less_what_went():
    unit = PowerUnit(lambda t_ns: 100.0 if t_ns < 2 * HOUR else 0.0, 1000.0, 0.9)
    unit.battery_wh = 500.0
    unit.draw(50.0, 0)
    unit.advance(2 * HOUR)
    assert unit.battery_wh == pytest.approx(500 + 2 * 50 * 0.9)
    unit.advance(4 * HOUR)
    assert unit.battery_wh == pytest.approx(590 - 100)
    assert unit.wing_wh == pytest.approx(200)


@given(st.lists(st.tuples(st.integers(0, 30_000), st.floats(0, 500)), max_size=20), st.floats(0, 300))
def test_a_battery_is_never_more_than_full_nor_less_than_empty(loads, wing):
    unit = PowerUnit(lambda t_ns: wing, 300.0, 0.9)
    now_ns = 0
    for seconds, load in loads:
        unit.draw(load, now_ns)
        now_ns += seconds * SECOND
        unit.advance(now_ns)
        assert 0.0 <= unit.battery_wh <= 300.0
    twin = PowerUnit(lambda t_ns: wing, 300.0, 0.9)
    twin.load(unit.save())
    assert twin.save() == unit.save()
