"""The inspector's navigation, guidance and thruster control: what each says to what it is told."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.inspector import SEVERITY, InspectorEvent
from fsw.kernel.scheduler import Emit, Send
from fsw.kernel.seeds import Stream
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND
from fsw.tasks.inspection import (
    GUIDANCE,
    MONITOR,
    THRUSTER_PORT,
    THRUSTERS,
    Aborted,
    Awake,
    Burn,
    CloseLatch,
    Estimate,
    Isolate,
    Measured,
    Pulse,
    Retreat,
    ThrusterFault,
)
from fsw.tasks.inspection_guidance import GuidanceFigures, InspectionGuidance
from fsw.tasks.relative_navigation import SIGHTINGS_TO_SETTLE, NavigationFigures, RelativeNavigation
from fsw.tasks.thruster_control import ThrusterControl, ThrusterFigures

CYCLE_NS = 60 * SECOND
NAVIGATION = NavigationFigures(0.0, 0.3, 0.005, 0.00015, 0.0012, 0.0025)
CONTROL = ThrusterFigures(0.0025, 0.004, 0.3)
STILL = (0.0, 0.0, 0.0)
SQUARE = ((60.0, 0.0, 0.0), (0.0, 60.0, 0.0), (-60.0, 0.0, 0.0), (0.0, -60.0, 0.0))
GUIDANCE_FIGURES = GuidanceFigures(SQUARE, 1000.0, 0.1, 0.06, 0.0)


def events(actions):
    return [
        action.value.event
        for action in actions
        if isinstance(action, Emit) and hasattr(action.value, "event")
    ]


def messages(actions, to):
    return [action.message for action in actions if isinstance(action, Send) and action.to == to]


def navigate(sightings, gains=None):
    """Estimates, in the order they came, each with the time."""
    task = RelativeNavigation(NAVIGATION)
    task.handle(Awake(), 0)
    found = []
    for k, sighting in enumerate(sightings):
        gained = STILL if gains is None else gains[k]
        actions = task.handle(Measured(sighting, gained), k * CYCLE_NS)
        found.append((events(actions), messages(actions, MONITOR)))
    return found


def noisy(at, stream):
    return tuple(axis + 0.4 * stream.normal() for axis in at)


def test_it_says_nothing_before_it_knows_and_then_says_it_to_both():
    task = RelativeNavigation(NAVIGATION)
    assert list(task.handle(Measured((60.0, 0.0, 0.0), STILL), 0)) == []  # asleep
    task.handle(Awake(), 0)
    for k in range(SIGHTINGS_TO_SETTLE + 1):
        actions = list(task.handle(Measured((60.0, 0.0, 0.0), STILL), k * CYCLE_NS))
        assert (
            len(messages(actions, MONITOR))
            == len(messages(actions, GUIDANCE))
            == int(k >= SIGHTINGS_TO_SETTLE - 1)
        )


def test_it_finds_position_and_velocity_within_the_deviations_it_claims():
    stream, velocity = Stream(3, "n"), (0.03, -0.01, 0.02)
    truth = [
        tuple(p + v * 60.0 * k for p, v in zip((-50.0, 30.0, 0.0), velocity, strict=True)) for k in range(30)
    ]
    _, (estimate,) = navigate([noisy(at, stream) for at in truth])[-1]
    assert math.dist(estimate.at, truth[-1]) < 4.0 * estimate.at_deviation
    assert math.dist(estimate.velocity, velocity) < 4.0 * estimate.velocity_deviation
    assert estimate.velocity_deviation < 0.002


def test_a_burn_that_the_accelerometers_show_is_known_at_once():
    gains = [STILL] * 20
    gains[19] = (0.1, 0.0, 0.0)
    _, (estimate,) = navigate([(60.0, 0.0, 0.0)] * 19 + [None], gains)[-1]
    assert estimate.velocity == pytest.approx((0.1, 0.0, 0.0), abs=0.002)
    assert estimate.at[0] == pytest.approx(
        60.0 + 0.1 * (60.0 - 20.0), abs=0.2
    )  # 40 s of burn, from its begin


@pytest.mark.parametrize("sighting", [None, (90.0, 0.0, 0.0)])
def test_without_sightings_to_believe_it_grows_uncertain_and_says_so(sighting):
    found = navigate([(60.0, 0.0, 0.0)] * 10 + [sighting] * 6)
    stale = [estimates[0].stale_ns // CYCLE_NS for _, estimates in found[10:]]
    assert stale == [1, 2, 3, 4, 5, 6]
    deviations = [estimates[0].at_deviation for _, estimates in found[10:]]
    assert deviations == sorted(deviations)
    said = [event for each, _ in found[10:] for event in each]
    assert said.count(InspectorEvent.SIGHTINGS_LOST) == 1
    assert said.count(InspectorEvent.SIGHTING_REFUSED) == (0 if sighting is None else 6)


def estimate(at, velocity=STILL):
    return Estimate(at, velocity, 0.3, 0.001, 0)


def test_guidance_goes_round_and_leaves():
    """In a world without forces, with burns that are given as asked for."""
    task = InspectionGuidance(GUIDANCE_FIGURES)
    at, velocity, said = (-100.0, 0.0, 0.0), STILL, []
    for k in range(120):
        actions = list(task.handle(estimate(at, velocity), k * CYCLE_NS))
        for burn in messages(actions, THRUSTERS):
            velocity = tuple(v + c for v, c in zip(velocity, burn.change, strict=True))
        said += events(actions)
        at = tuple(p + 60.0 * v for p, v in zip(at, velocity, strict=True))
        assert math.hypot(*at) > 40.0
    assert said.count(InspectorEvent.WAYPOINT_REACHED) == 5
    assert said[-1] == InspectorEvent.CIRCUIT_DONE
    assert math.hypot(*velocity) == pytest.approx(0.1)


@given(st.floats(70.0, 400.0), st.floats(-180.0, 180.0))
def test_the_way_to_the_first_waypoint_does_not_lead_to_the_host(distance, angle_deg):
    angle = math.radians(angle_deg)
    at = (distance * math.cos(angle), distance * math.sin(angle), 0.0)
    (burn,) = messages(InspectionGuidance(GUIDANCE_FIGURES).handle(estimate(at), 0), THRUSTERS)
    speed = math.hypot(*burn.change)
    assert 0.0 < speed < 0.1
    nearest = min(
        math.hypot(*(p + v * t for p, v in zip(at, burn.change, strict=True))) for t in range(0, 20_000, 20)
    )
    assert nearest > 40.0


def test_guidance_rests_when_the_monitor_has_taken_over():
    task = InspectionGuidance(GUIDANCE_FIGURES)
    task.handle(Aborted(), 0)
    assert list(task.handle(estimate((-100.0, 0.0, 0.0)), CYCLE_NS)) == []


changes = st.tuples(*[st.floats(-0.3, 0.3)] * 3)


@given(changes)
def test_a_burn_is_pulses_of_the_thrusters_that_push_that_way(change):
    actions = ThrusterControl(CONTROL).handle(Burn(change), 0)
    given_m_s = [0.0, 0.0, 0.0]
    for action in actions:
        assert action.port == THRUSTER_PORT
        pulse = action.value
        given_m_s[pulse.thruster // 2] += (-1) ** pulse.thruster * CONTROL.acceleration * pulse.on_ns / SECOND
    assert given_m_s == pytest.approx(list(change), abs=1e-9)


@given(changes, changes)
def test_thrust_as_it_was_asked_for_is_no_fault(first, second):
    control = ThrusterControl(CONTROL)
    control.handle(Burn(first), 0)
    left = [[part, 0] for part in first]
    for k in range(1, 4):
        gained = []
        for axis in left:
            most = CONTROL.acceleration * 60.0
            now = max(-most, min(most, axis[0]))
            axis[0] -= now
            gained.append(1.05 * now)
        assert list(control.handle(Measured(None, tuple(gained)), k * CYCLE_NS)) == []
    control.handle(Burn(second), 3 * CYCLE_NS)


@pytest.mark.parametrize("thruster", range(6))
def test_a_dead_and_an_open_thruster_are_told_apart_and_told_once(thruster):
    sign, axis = (-1) ** thruster, thruster // 2
    change = tuple(sign * 0.05 if k == axis else 0.0 for k in range(3))
    dead = ThrusterControl(CONTROL)
    dead.handle(Burn(change), 0)
    assert messages(dead.handle(Measured(None, STILL), CYCLE_NS), MONITOR) == [ThrusterFault(thruster, False)]
    leaking = ThrusterControl(CONTROL)
    gained = tuple(sign * 0.15 if k == axis else 0.0 for k in range(3))
    assert messages(leaking.handle(Measured(None, gained), CYCLE_NS), MONITOR) == [
        ThrusterFault(thruster, True)
    ]
    assert messages(leaking.handle(Measured(None, gained), 2 * CYCLE_NS), MONITOR) == []
    assert Emit(THRUSTER_PORT, CloseLatch(thruster)) in leaking.handle(Isolate(thruster), 2 * CYCLE_NS)


def test_a_retreat_ends_what_burns_and_locks_guidance_out():
    control = ThrusterControl(CONTROL)
    control.handle(Burn((0.3, 0.0, 0.0)), 0)
    actions = list(control.handle(Retreat((0.0, -0.05, 0.0)), 10 * SECOND))
    assert actions == [Emit(THRUSTER_PORT, Pulse(0, 0)), Emit(THRUSTER_PORT, Pulse(3, 20 * SECOND))]
    assert events(control.handle(Burn((0.1, 0.0, 0.0)), 11 * SECOND)) == [InspectorEvent.BURN_REFUSED]
    # Ten seconds of the first and all of the second are what is expected now.
    assert list(control.handle(Measured(None, (0.025, -0.05, 0.0)), CYCLE_NS)) == []


sightings = st.one_of(st.none(), st.tuples(*[st.floats(-100.0, 100.0)] * 3))
told = st.one_of(
    st.builds(Measured, sightings, st.tuples(*[st.floats(-0.2, 0.2)] * 3)),
    st.builds(
        Estimate,
        st.tuples(*[st.floats(-100.0, 100.0)] * 3),
        st.tuples(*[st.floats(-0.2, 0.2)] * 3),
        st.floats(0.01, 10.0),
        st.floats(0.0001, 0.1),
        st.integers(0, 600 * SECOND),
    ),
    st.builds(Burn, changes),
    st.builds(Retreat, changes),
    st.builds(Isolate, st.integers(0, 5)),
    st.just(Aborted()),
    st.just(Awake()),
)
MAKERS = (
    lambda: RelativeNavigation(NAVIGATION),
    lambda: InspectionGuidance(GUIDANCE_FIGURES),
    lambda: ThrusterControl(CONTROL),
)


@given(st.sampled_from(MAKERS), st.lists(told, min_size=1, max_size=25), st.integers(0, 24))
def test_each_task_goes_on_from_what_it_saved(make, stream, at):
    task = make()
    for k, message in enumerate(stream):
        if k == at:
            other = make()
            other.load(unpack(pack(task.save())))
            task_before, task = task, other
            assert task.save() == task_before.save()
            assert list(task.handle(message, k * CYCLE_NS)) == list(task_before.handle(message, k * CYCLE_NS))
        else:
            task.handle(message, k * CYCLE_NS)


def test_every_event_has_a_severity():
    assert set(SEVERITY) == set(InspectorEvent)
