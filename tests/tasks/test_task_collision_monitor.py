"""The collision monitor: never silent inside the keep-out sphere, and no burn that leads nearer."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.inspector import InspectorEvent
from fsw.kernel.scheduler import Emit, Send
from fsw.kernel.time import SECOND
from fsw.tasks.collision_monitor import CollisionMonitor, MonitorFigures
from fsw.tasks.inspection import (
    GUIDANCE,
    THRUSTERS,
    Aborted,
    Estimate,
    Isolate,
    Retreat,
    ThrusterFault,
    fallen,
    fallen_speed,
)

PULL = -1.5e-7
FIGURES = MonitorFigures(True, 25.0, 900.0, 3.0, 0.15, 20 * 86_400.0, 420.0, 400.0, 0.0025, PULL)
AWAY = replace(FIGURES, enabled=False)

metres = st.floats(-120.0, 120.0)
speeds = st.floats(-0.3, 0.3)
estimates = st.builds(
    Estimate,
    st.tuples(metres, metres, metres),
    st.tuples(speeds, speeds, speeds),
    st.floats(0.05, 3.0),
    st.floats(1e-4, 0.01),
    st.integers(0, 600 * SECOND),
)
times = st.integers(0, 5 * 3600 * SECOND)


def estimate(at, velocity=(0.0, 0.0, 0.0), stale_s=0):
    return Estimate(at, velocity, 0.3, 0.001, stale_s * SECOND)


def events(actions):
    return [action.value.event for action in actions if isinstance(action, Emit)]


def retreats(actions):
    return [
        action.message
        for action in actions
        if isinstance(action, Send) and isinstance(action.message, Retreat)
    ]


@given(estimates, times)
def test_it_is_never_silent_inside_the_keep_out_sphere(found, now_ns):
    actions = list(CollisionMonitor(FIGURES).handle(found, now_ns))
    if math.hypot(*found.at) < FIGURES.keep_out_m:
        assert InspectorEvent.ABORT in events(actions)
        assert len(retreats(actions)) == 1
        assert Send(GUIDANCE, Aborted()) in actions


def nearest(found, change, now_ns):
    """Of free flight, from when a burn could have acted, in the model on board."""
    at, speed = found.at, [v + c for v, c in zip(found.velocity, change, strict=True)]
    least = math.inf
    for t_s in (*range(30, 600, 10), *range(600, 2 * 86_400, 600)):
        fall = fallen(t_s, now_ns / SECOND, PULL)
        least = min(least, math.hypot(*(p + v * t_s + f for p, v, f in zip(at, speed, fall, strict=True))))
    return least


@given(estimates, times)
def test_a_retreat_burn_keeps_the_camera_further_off_than_none(found, now_ns):
    monitor = CollisionMonitor(FIGURES)
    actions = list(monitor.handle(found, now_ns))
    if InspectorEvent.RETREAT_BURN in events(actions):
        (retreat,) = retreats(actions)
        change, gain, _ = monitor.best_change(found, now_ns)
        assert retreat.change == change
        assert gain > 0.0
        # A deviation of what a burn gives counts against it, so the gain is no less without.
        spread = 3.0 * found.velocity_deviation * 30.0 + 3.0 * found.at_deviation
        assert nearest(found, change, now_ns) > nearest(found, (0.0, 0.0, 0.0), now_ns) - spread


@given(estimates, times, st.sets(st.integers(0, 5), max_size=3))
def test_faulty_thrusters_are_not_asked_for(found, now_ns, faulty):
    monitor = CollisionMonitor(FIGURES)
    for thruster in sorted(faulty):
        monitor.handle(ThrusterFault(thruster, False), now_ns)
    actions = list(monitor.handle(found, now_ns))
    for retreat in retreats(actions):
        for axis, part in enumerate(retreat.change):
            assert part == 0.0 or 2 * axis + (part < 0.0) not in faulty


@given(st.lists(estimates, max_size=6))
def test_switched_off_it_does_nothing(found):
    monitor = CollisionMonitor(AWAY)
    assert not any(list(monitor.handle(each, k * 60 * SECOND)) for k, each in enumerate(found))


@given(st.lists(estimates, min_size=2, max_size=6), st.integers(0, 5))
def test_what_it_saves_is_all_it_needs(found, at):
    one, two = CollisionMonitor(FIGURES), CollisionMonitor(FIGURES)
    for k, each in enumerate(found):
        if k == min(at, len(found) - 1):
            two.load(one.save())
            assert one.handle(each, k * 60 * SECOND) == two.handle(each, k * 60 * SECOND)
            break
        one.handle(each, k * 60 * SECOND)


def test_the_circuit_does_not_alarm_it():
    monitor = CollisionMonitor(FIGURES)
    assert list(monitor.handle(estimate((60.0, 0.0, 0.0), (-0.01, 0.03, 0.0)), 0)) == []


def test_on_its_way_to_the_host_it_is_turned_away_in_time():
    monitor = CollisionMonitor(FIGURES)
    actions = list(monitor.handle(estimate((60.0, 0.0, 0.0), (-0.06, 0.0, 0.0)), 0))
    assert events(actions) == [InspectorEvent.ABORT, InspectorEvent.RETREAT_BURN]
    (retreat,) = retreats(actions)
    velocity = (-0.06 + retreat.change[0], *retreat.change[1:])
    assert nearest(estimate((60.0, 0.0, 0.0), velocity), (0.0, 0.0, 0.0), 0) > 58.0


def test_from_behind_the_host_it_does_not_retreat_to_where_sunlight_brings_it_back():
    """Straight away from the Sun, this slowly, it would come back after eight days."""
    slow = replace(FIGURES, retreat_m_s=0.05)
    monitor = CollisionMonitor(slow)
    (retreat,) = retreats(monitor.handle(estimate((20.0, 0.0, 0.0)), 0))
    assert math.hypot(*retreat.change[1:]) > 0.02


@pytest.mark.parametrize(("stale_s", "said"), [(420, []), (480, [InspectorEvent.ABORT])])
def test_without_sightings_it_does_not_wait_for_long(stale_s, said):
    monitor = CollisionMonitor(FIGURES)
    actions = monitor.handle(estimate((60.0, 0.0, 0.0), (0.0, 0.03, 0.0), stale_s), 0)
    assert events(actions)[: len(said)] == said
    assert bool(list(actions)) == bool(said)


def test_an_open_thruster_is_isolated_at_once_and_then_the_camera_leaves():
    monitor = CollisionMonitor(FIGURES)
    assert list(monitor.handle(ThrusterFault(4, True), 0)) == [Send(THRUSTERS, Isolate(4))]
    actions = list(monitor.handle(estimate((60.0, 0.0, 0.0)), 0))
    assert events(actions) == [InspectorEvent.ABORT, InspectorEvent.RETREAT_BURN]
    assert retreats(actions)[0].change[2] <= 0.0  # not by that one, which would push along +z


@given(st.floats(0.0, 2e6), st.floats(0.0, 1e6))
def test_the_fall_on_board_is_that_of_a_pull_which_turns(t_s, now_s):
    """Against the closed form, whose small differences cost digits; the series is the better one."""
    n = 1.990986e-7
    a, b = n * now_s, n * (now_s + t_s)
    x = (math.cos(a) - math.cos(b)) / n**2 - t_s * math.sin(a) / n
    y = (math.sin(a) - math.sin(b)) / n**2 + t_s * math.cos(a) / n
    assert fallen(t_s, now_s, 1.0) == pytest.approx((x, y, 0.0), rel=1e-4, abs=1e3)
    u, v = (math.sin(b) - math.sin(a)) / n, (math.cos(a) - math.cos(b)) / n
    assert fallen_speed(t_s, now_s, 1.0) == pytest.approx((u, v, 0.0), rel=3e-4, abs=1.0)
