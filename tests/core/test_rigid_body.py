"""Free tumbling against conservation laws, the exact solution, and another integrator."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.core.rigid_body import STEP_NS, Tumble
from fsw.kernel.time import SECOND
from fsw.world.vectors import length, multiply, rotate, subtract

INERTIA = (6.6e-4, 7.2e-4, 7.9e-4)
UPRIGHT = (1.0, 0.0, 0.0, 0.0)
END_NS = 2000 * SECOND

directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: length(v) > 0.1)
attitudes = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: sum(part * part for part in q) > 0.1)
# Two sides of a box of given size and mass, spread, make any possible triple of moments.
inertias = st.tuples(*[st.floats(0.5, 2.0)] * 3).map(lambda e: (e[1] + e[2], e[2] + e[0], e[0] + e[1]))


def rate_about(axis, rate_deg_s):
    size = math.radians(rate_deg_s) / length(axis)
    return tuple(part * size for part in axis)


def energy(inertia, rate):
    return sum(moment * part * part for moment, part in zip(inertia, rate))


def momentum(inertia, attitude, rate):
    return rotate(attitude, tuple(moment * part for moment, part in zip(inertia, rate)))


@given(inertias, attitudes, directions, st.floats(5, 60), st.integers(0, END_NS))
@settings(max_examples=15, deadline=None)
def test_energy_and_angular_momentum_are_conserved(inertia, attitude, axis, rate_deg_s, t_ns):
    tumble = Tumble(inertia, attitude, rate_about(axis, rate_deg_s))
    before, after = tumble.state(0), tumble.state(t_ns)
    assert energy(inertia, after[1]) == pytest.approx(energy(inertia, before[1]), rel=1e-9)
    first, last = momentum(inertia, *before), momentum(inertia, *after)
    assert length(subtract(first, last)) < 1e-8 * length(first)
    assert math.fsum(part * part for part in after[0]) == pytest.approx(1.0, abs=1e-15)


def test_about_a_principal_axis_it_spins_evenly():
    tumble = Tumble(INERTIA, UPRIGHT, (0.0, 0.0, math.radians(20)))
    attitude, rate = tumble.state(9 * SECOND)  # 180 deg
    assert rate == (0.0, 0.0, math.radians(20))
    assert attitude == pytest.approx((0.0, 0.0, 0.0, 1.0), abs=1e-11)
    # 40000 deg in all are 111 turns and 40 deg.
    w, _, _, z = tumble.state(END_NS)[0]
    assert math.degrees(2 * math.atan2(z, w)) % 360 == pytest.approx(40.0, abs=1e-5)


def test_about_the_middle_axis_it_turns_over_as_dzhanibekovs_nut():
    tumble = Tumble(INERTIA, UPRIGHT, rate_about((0.001, 1.0, 0.001), 60.0))
    middle = [tumble.state(t * SECOND)[1][1] for t in range(0, 600, 2)]
    assert max(middle) > math.radians(59.9)
    assert min(middle) < math.radians(-59.9)


def test_rates_are_jacobis_elliptic_functions():
    special = pytest.importorskip("scipy.special", reason="scipy is not installed")
    a, b, c = INERTIA  # ascending
    # At time zero the middle rate is zero and the energy on the side of the largest moment.
    p0, r0 = math.radians(18.0), math.radians(20.0)
    twice_energy, momentum2 = a * p0 * p0 + c * r0 * r0, (a * p0) ** 2 + (c * r0) ** 2
    assert momentum2 > b * twice_energy
    frequency = math.sqrt((c - b) * (momentum2 - a * twice_energy) / (a * b * c))
    m = (b - a) * (c * twice_energy - momentum2) / ((c - b) * (momentum2 - a * twice_energy))
    q0 = math.sqrt((c * twice_energy - momentum2) / (b * (c - b)))
    tumble = Tumble(INERTIA, UPRIGHT, (p0, 0.0, r0))
    for t_s in (0.0, 0.0125, 3.7, 61.003, 999.9, 2000.0):
        sn, cn, dn, _ = special.ellipj(frequency * t_s, m)
        rate = tumble.state(round(t_s * SECOND))[1]
        # dp/dt = (b - c)/a q r < 0 while q, r > 0; q grows as (c - a)/b r p > 0.
        assert rate == pytest.approx((p0 * cn, q0 * sn, r0 * dn), abs=2e-9)


def reference(inertia, attitude, rate, end_s, steps):
    """The same equations by extrapolated midpoint rules of order 8: another method, in Python."""
    a, b, c = inertia

    def slope(y):
        w, x, yy, z, p, q, r = y
        turn = multiply((w, x, yy, z), (0.0, p, q, r))
        torque = ((b - c) / a * q * r, (c - a) / b * r * p, (a - b) / c * p * q)
        return np.array([*(0.5 * part for part in turn), *torque])

    state, h = np.array([*attitude, *rate]), end_s / steps
    for _ in range(steps):
        columns = []
        for n in (2, 4, 6, 8):
            before, at = state, state + h / n * slope(state)
            for _ in range(n - 1):
                before, at = at, before + 2 * h / n * slope(at)
            row = [0.5 * (at + before + h / n * slope(at))]
            for m in range(len(columns)):
                ratio = (n / (n - 2 * (m + 1))) ** 2
                row.append(row[m] + (row[m] - columns[-1][m]) / (ratio - 1))
            columns.append(row)
        state = columns[-1][-1]
    return state


def test_attitude_agrees_with_another_integrator():
    rate = rate_about((0.3, 1.0, -0.2), 20.0)
    attitude, end_rate = Tumble(INERTIA, UPRIGHT, rate).state(100 * SECOND)
    expected = reference(INERTIA, UPRIGHT, rate, 100.0, 200)
    assert [*attitude, *end_rate] == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.integers(0, 300 * SECOND), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_a_state_does_not_depend_on_what_was_asked_before(times):
    rate = rate_about((0.3, 1.0, -0.2), 20.0)
    asked = Tumble(INERTIA, UPRIGHT, rate)
    attitudes, rates = asked.states(times)
    for time, attitude, end_rate in zip(times, attitudes, rates):
        fresh = Tumble(INERTIA, UPRIGHT, rate).state(time)
        assert fresh == (tuple(attitude), tuple(end_rate))


@given(st.integers(0, 20 * SECOND))
@settings(deadline=None)
def test_neighbouring_times_are_neighbouring_states(t_ns):
    tumble = Tumble(INERTIA, UPRIGHT, rate_about((0.3, 1.0, -0.2), 60.0))
    for step_ns in (1, STEP_NS - 1, STEP_NS):
        (before, _), (after, _) = tumble.state(t_ns), tumble.state(t_ns + step_ns)
        assert math.dist(before, after) <= 0.5 * math.radians(60.0) * step_ns / SECOND * 1.01 + 1e-15


def test_bits_are_the_same_on_every_machine():
    attitude, rate = Tumble(INERTIA, UPRIGHT, (0.1, 0.3, -0.2)).state(1234_567_890_123)
    assert [value.hex() for value in (*attitude, *rate)] == BITS


@pytest.mark.parametrize(("arguments", "message"), [
    (((1e-4, 2e-4, 4e-4), UPRIGHT, (0, 0, 0)), "moments of inertia"),
    (((0.0, 1.0, 1.0), UPRIGHT, (0, 0, 0)), "moments of inertia"),
    (((1.0, 1.0), UPRIGHT, (0, 0, 0)), "moments of inertia"),
    ((INERTIA, (0.0, 0.0, 0.0, 0.0), (0, 0, 0)), "attitude"),
    ((INERTIA, (math.nan, 0.0, 0.0, 0.0), (0, 0, 0)), "attitude"),
    ((INERTIA, UPRIGHT, (7.0, 0, 0)), "rate .* up to 6.28319"),
    ((INERTIA, UPRIGHT, (math.nan, 0, 0)), "rate"),
])  # fmt: skip
def test_impossible_bodies_are_refused(arguments, message):
    with pytest.raises(FswError, match=message):
        Tumble(*arguments)


def test_times_before_the_release_are_refused():
    with pytest.raises(FswError, match="-1 ns after release"):
        Tumble(INERTIA, UPRIGHT, (0, 0, 0)).state(-1)


BITS = [
    "0x1.602fbc2d6e8b6p-3",
    "-0x1.9231338544b7ep-2",
    "-0x1.79c8e1a769f4fp-2",
    "0x1.a638f56615602p-1",
    "0x1.fe3ba245b34f4p-3",
    "-0x1.2de6b757d5d8cp-5",
    "-0x1.1cad3abb58a1cp-2",
]
