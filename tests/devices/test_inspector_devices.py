"""The inspector's thrusters and proximity sensor, whole and broken."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.devices.proximity_sensor import ProximitySensor, SensorFaults, SensorFigures
from fsw.devices.thrusters import ThrusterFaults, ThrusterFigures, Thrusters
from fsw.kernel.seeds import Stream
from fsw.kernel.time import SECOND

EXACT = ThrusterFigures(0.0025, 2000 * SECOND, 0.0, 0.0)
SENSOR = SensorFigures(0.3, 0.01, 0.005, 0.0003, 500.0, 0.0)


def thrusters(faults=None, figures=EXACT):
    unit = Thrusters(figures, faults or ThrusterFaults(), Stream(1, "t"))
    unit.open_latches()
    return unit


def given_velocity(unit, until_ns):
    """What they give until then, from change to change."""
    total, now_ns = [0.0, 0.0, 0.0], 0
    while now_ns < until_ns:
        change_ns = unit.next_ns()
        next_ns = until_ns if change_ns is None else min(until_ns, change_ns)
        total = [v + a * (next_ns - now_ns) / SECOND for v, a in zip(total, unit.acceleration(), strict=True)]
        unit.advance(next_ns)
        now_ns = next_ns
    return total


@pytest.mark.parametrize("thruster", range(6))
def test_a_pulse_gives_what_it_should_along_its_axis(thruster):
    unit = thrusters()
    unit.pulse(thruster, 16 * SECOND, 0)
    expected = [0.0, 0.0, 0.0]
    expected[thruster // 2] = -0.04 if thruster % 2 else 0.04
    assert given_velocity(unit, 60 * SECOND) == pytest.approx(expected)
    assert unit.left_ns == 1984 * SECOND


def test_a_dead_one_gives_nothing_and_costs_nothing():
    unit = thrusters(ThrusterFaults(dead=3, from_ns=10 * SECOND))
    unit.pulse(3, 16 * SECOND, 0)
    assert given_velocity(unit, 60 * SECOND) == pytest.approx([0.0, -0.025, 0.0])


def test_an_open_one_pushes_until_its_latch_closes_or_the_gas_is_gone():
    unit = thrusters(ThrusterFaults(leaking=0, from_ns=10 * SECOND))
    assert given_velocity(unit, 30 * SECOND) == pytest.approx([0.05, 0.0, 0.0])
    unit.close_latch(0)
    assert unit.acceleration() == (0.0, 0.0, 0.0)
    free = thrusters(ThrusterFaults(leaking=0))
    assert given_velocity(free, 9000 * SECOND) == pytest.approx([5.0, 0.0, 0.0])
    assert free.left_ns == 0
    assert free.next_ns() is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100), st.integers(1, 50)), max_size=12))
def test_gas_is_never_more_than_was_in_the_tank(pulses):
    unit = thrusters(figures=ThrusterFigures(0.0025, 60 * SECOND, 0.02, 0.01))
    now_s = 0
    for thruster, on_s, later_s in pulses:
        unit.pulse(thruster, on_s * SECOND, now_s * SECOND)
        now_s += later_s
        while unit.acceleration() != (0.0, 0.0, 0.0) and unit.next_ns() < now_s * SECOND:
            unit.advance(unit.next_ns())
        unit.advance(now_s * SECOND)
        assert 0 <= unit.left_ns <= 60 * SECOND
    again = thrusters(figures=ThrusterFigures(0.0025, 60 * SECOND, 0.02, 0.01))
    again.load(unit.save())
    assert again.acceleration() == unit.acceleration()
    assert again.next_ns() == unit.next_ns()


def test_sightings_scatter_as_much_as_they_are_said_to():
    sensor = ProximitySensor(SENSOR, SensorFaults(), Stream(5, "s"))
    at = (60.0, 0.0, 0.0)
    seen = [sensor.sighting(at, k) for k in range(400)]
    along = [math.hypot(*one) for one in seen]
    middle = sum(along) / len(along)
    assert abs(middle - 60.0) < 3.0  # one scale a flight, of 1 %
    assert (sum((a - middle) ** 2 for a in along) / 400) ** 0.5 == pytest.approx(0.3, rel=0.15)
    across = [one[1] for one in seen]
    assert (sum(a * a for a in across) / 400) ** 0.5 == pytest.approx(0.3, rel=0.15)


def test_nothing_is_seen_out_of_reach():
    sensor = ProximitySensor(SENSOR, SensorFaults(), Stream(5, "s"))
    assert sensor.sighting((400.0, 301.0, 0.0), 0) is None
    assert sensor.sighting((400.0, 299.0, 0.0), 0) is not None


def test_its_faults():
    def shown(kind, scale=1.0):
        sensor = ProximitySensor(SENSOR, SensorFaults(kind, 2, scale), Stream(5, "s"))
        return [sensor.sighting((60.0 + 5.0 * k, 0.0, 0.0), k) for k in range(5)]

    whole = shown("none")
    assert shown("lost") == [*whole[:2], None, None, None]
    assert shown("frozen") == [*whole[:2], whole[1], whole[1], whole[1]]
    wrong = shown("scale", 2.0)
    assert wrong[:2] == whole[:2]
    assert math.hypot(*wrong[4]) == pytest.approx(160.0, rel=0.04)


def test_a_saved_sensor_goes_on_with_the_same_errors():
    one, two = (ProximitySensor(SENSOR, SensorFaults(), Stream(5, "s")) for _ in range(2))
    one.sighting((60.0, 0.0, 0.0), 0)
    two.load(one.save())
    assert one.sighting((60.0, 1.0, 0.0), 1) == two.sighting((60.0, 1.0, 0.0), 1)
