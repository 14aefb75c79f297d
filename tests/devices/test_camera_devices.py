"""Battery, gauges, release mechanism and image sensor."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from fsw.devices.battery import voltage_mv
from fsw.devices.gauges import GAUGES, heater_cycles, reading
from fsw.devices.image_sensor import READ_OUT_NS, ImageSensor, Shot, Taken
from fsw.devices.release_mechanism import WIRE_OPENS_AFTER_NS, ReleaseMechanism
from fsw.kernel.seeds import Stream
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND

# ---- battery ------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 40_000_000), min_size=2, max_size=20))
def test_the_voltage_only_falls(drawn_mj):
    volts = [voltage_mv(6.0, used) for used in sorted(drawn_mj)]
    assert volts == sorted(volts, reverse=True)
    assert all(500 <= v <= 3100 for v in volts)


def test_the_voltage_has_no_steps():
    volts = np.array([voltage_mv(6.0, used) for used in range(0, 30_000_000, 10_000)])
    assert volts[0] == 3100
    assert np.abs(np.diff(volts)).max() <= 5
    assert volts[-1] == 500


# ---- gauges -------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(GAUGES)), st.integers(0, 10**13), st.integers(0, 2**63))
def test_a_reading_is_a_pure_function_within_its_swing(name, now_ns, seed):
    gauge = GAUGES[name]
    value = reading(name, now_ns, seed)
    assert value == reading(name, now_ns, seed)
    assert abs(value - gauge.middle) <= gauge.swing + gauge.noise + 1e-9
    later = reading(name, now_ns + SECOND, seed)
    slope = 4 * gauge.swing / gauge.period_s
    assert abs(later - value) <= slope + 2 * gauge.noise + 1e-9


def test_gauges_and_seeds_differ_and_heaters_count_up():
    assert len({reading(n, SECOND, 1) - GAUGES[n].middle for n in GAUGES}) == len(GAUGES)
    assert reading("bus_voltage_v", SECOND, 1) != reading("bus_voltage_v", SECOND, 2)
    assert [heater_cycles(t * SECOND) for t in (0, 219, 220, 2200)] == [0, 0, 1, 10]


# ---- release mechanism --------------------------------------------------------------------------


def released(seed):
    mechanism = ReleaseMechanism(0.2, (0.75, -0.45, 0.48), 20.0, Stream(seed, "release"))
    mechanism.fire(5 * SECOND)
    return mechanism.opened(5 * SECOND + WIRE_OPENS_AFTER_NS)


def test_releases_differ_as_a_spring_does():
    flights = [released(seed) for seed in range(300)]
    speeds = np.array([f["speed_m_s"] for f in flights])
    assert abs(speeds.mean() - 0.2) < 0.001
    assert 0.003 < speeds.std() < 0.005
    directions = np.array([f["direction"] for f in flights])
    assert np.allclose(np.linalg.norm(directions, axis=1), 1.0)
    nominal = np.array((0.75, -0.45, 0.48)) / np.linalg.norm((0.75, -0.45, 0.48))
    off = np.degrees(np.arccos(np.clip(directions @ nominal, -1, 1)))
    assert 0.2 < off.mean() < 1.5
    axes = np.array([f["axis"] for f in flights])
    assert np.allclose(np.linalg.norm(axes, axis=1), 1.0)
    assert np.abs(axes.mean(axis=0)).max() < 0.2
    assert {f["rate_deg_s"] for f in flights} == {20.0}
    assert released(4) == released(4)


def test_the_wire_opens_once_after_the_pulse_and_a_second_pulse_finds_nothing():
    mechanism = ReleaseMechanism(0.2, (1.0, 0.0, 0.0), 20.0, Stream(1, "release"))
    assert mechanism.opened(SECOND) is None
    mechanism.fire(SECOND)
    mechanism.fire(SECOND + 1)
    assert mechanism.next_ns() == SECOND + WIRE_OPENS_AFTER_NS
    assert mechanism.opened(SECOND + WIRE_OPENS_AFTER_NS - 1) is None
    again = ReleaseMechanism(0.2, (1.0, 0.0, 0.0), 20.0, Stream(1, "release"))
    again.load(unpack(pack(mechanism.save())))
    assert again.opened(mechanism.next_ns()) == mechanism.opened(mechanism.next_ns()) is not None
    mechanism.fire(9 * SECOND)
    assert (mechanism.next_ns(), mechanism.opened(20 * SECOND)) == (None, None)


# ---- image sensor -------------------------------------------------------------------------------


def take(shot):
    return Taken(repr(shot).encode(), shot.exposure_us or 77)


def shot(lens, start_ns, exposure_us=500, width=800):
    return Shot(lens, start_ns, exposure_us, 256, width, width * 3 // 4, "jpeg")


SHOTS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 1),
        st.sampled_from([0, 500, 900_000]),
        st.sampled_from([800, 1600]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda s: s[:2],
)


def fly(sensor, orders, cut=None):
    """What is ready, second by second; with `cut`, from there on by a sensor made from a snapshot."""
    got = []
    handles = itertools.count(1)
    for second in range(10):
        if second == cut:
            other = ImageSensor(take, SECOND, workers=0)
            other.load(unpack(pack(sensor.save())))
            sensor.close()
            sensor = other
        got += [(second, handle, taken) for handle, taken in sensor.ready(second * SECOND)]
        for at, lens, exposure_us, width in sorted(orders):
            if at == second:
                sensor.order(next(handles), shot(lens, at * SECOND, exposure_us, width))
    assert sensor.next_ns() is None
    sensor.close()
    return got


@pytest.mark.parametrize("workers", [1, 3])
@given(orders=SHOTS, cut=st.integers(0, 9))
def test_threads_guesses_and_snapshots_change_no_picture(orders, cut, workers):
    plain = fly(ImageSensor(take, SECOND, workers=0), orders)
    assert len(plain) == len(orders)
    assert fly(ImageSensor(take, SECOND, workers=workers), orders) == plain
    assert fly(ImageSensor(take, SECOND, workers=workers), orders, cut) == plain


def test_a_picture_is_ready_when_exposed_and_read_out():
    sensor = ImageSensor(take, SECOND, workers=0)
    sensor.order(1, shot(0, SECOND, 300_000, 1600))
    sensor.order(2, shot(1, SECOND, 500, 1600))
    assert sensor.next_ns() == SECOND + 500_000 + READ_OUT_NS[1600]
    assert [h for h, _ in sensor.ready(sensor.next_ns())] == [2]
    assert sensor.ready(SECOND + 300_000_000 + READ_OUT_NS[1600] - 1) == []
    ((handle, taken),) = sensor.ready(SECOND + 300_000_000 + READ_OUT_NS[1600])
    assert (handle, taken.exposure_us) == (1, 300_000)
