"""The oscillator: what it counts is what its figures say, in order, and the same for one seed."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fsw.devices.oscillator import UNIT, WANDER_KNOT_NS, Oscillator, OscillatorFigures
from fsw.kernel.time import DAY, SECOND

FIGURES = st.builds(
    OscillatorFigures,
    offset_ns=st.integers(-(10**12), 10**12),
    drift=st.integers(-(10**11), 10**11),
    ageing=st.integers(-(10**8), 10**8),
    swing=st.integers(0, 10**11),
    swing_period_ns=st.integers(1, 10**14),
    wander_ns=st.integers(0, 50_000),
)
TIMES = st.integers(-DAY, 300 * DAY)


@given(FIGURES, st.integers(0, 2**63), TIMES, st.integers(0, 10))
def test_a_count_never_goes_back(figures, seed, t_ns, step_ns):
    oscillator = Oscillator(figures, seed)
    assert oscillator.count_ns(t_ns) <= oscillator.count_ns(t_ns + step_ns)


@given(TIMES, st.integers(-(10**11), 10**11), st.integers(-(10**8), 10**8), st.integers(-(10**12), 10**12))
def test_offset_drift_and_ageing_add_up(t_ns, drift, ageing, offset_ns):
    oscillator = Oscillator(OscillatorFigures(offset_ns, drift, ageing))
    exact = t_ns + offset_ns + Fraction(drift * t_ns, UNIT) + Fraction(ageing * t_ns * t_ns, 2 * DAY * UNIT)
    assert abs(oscillator.count_ns(t_ns) - exact) <= 1


def test_a_swing_gives_back_in_half_a_period_what_it_took():
    period = 5400 * SECOND
    oscillator = Oscillator(OscillatorFigures(swing=10**7, swing_period_ns=period))  # 1e-8
    assert oscillator.count_ns(period) == period
    assert oscillator.count_ns(period // 2) == period // 2
    # A quarter of the period at half the swing on average: 1350 s * 0.5e-8.
    assert oscillator.count_ns(period // 4) == period // 4 - 6750
    assert oscillator.count_ns(3 * period // 4) == 3 * period // 4 + 6750


@given(st.integers(0, 2**63), TIMES, st.integers(1, 50_000))
def test_wander_stays_within_its_bounds(seed, t_ns, wander_ns):
    late = Oscillator(OscillatorFigures(wander_ns=wander_ns), seed).count_ns(t_ns) - t_ns
    assert -wander_ns <= late <= wander_ns


def test_wander_depends_on_the_seed_alone():
    figures = OscillatorFigures(wander_ns=1000)
    times = [number * WANDER_KNOT_NS + 7 for number in range(40)]
    one, other = Oscillator(figures, 1), Oscillator(figures, 2)
    late = [one.count_ns(t) - t for t in times]
    assert [Oscillator(figures, 1).count_ns(t) - t for t in reversed(times)] == late[::-1]
    assert [other.count_ns(t) - t for t in times] != late
    assert min(late) < -500
    assert max(late) > 500


def test_figures_are_taken_to_whole_units():
    figures = OscillatorFigures.of(
        offset_s=-0.0018, drift=1.2e-7, ageing_per_day=2e-10, thermal_swing=5e-9, thermal_period_s=5400.0,
        wander_s=3e-7,
    )  # fmt: skip
    assert figures == OscillatorFigures(-1_800_000, 120_000_000, 200_000, 5_000_000, 5400 * SECOND, 300)
