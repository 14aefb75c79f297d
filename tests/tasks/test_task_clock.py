"""The on-board clock: never back, whatever is commanded; and when it will show a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.devices.oscillator import Oscillator, OscillatorFigures
from fsw.dictionary.identifiers import TimeStatus
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import DAY, MILLISECOND, SECOND, Epoch
from fsw.tasks.clock import MOST_TRIM, SLEW_DIVISOR, OnBoardClock

EPOCH = Epoch.from_utc("2020-09-30T15:59:50Z")
POOR = OscillatorFigures(
    -1_800_000, drift=-50_000_000_000, ageing=10**8, swing=10**10, wander_ns=20_000
)  # 50 ppm slow: far worse than any that flies


def clock(figures=POOR, seed=5):
    return OnBoardClock(EPOCH, Oscillator(figures, seed))


STEERING = st.lists(
    st.tuples(
        st.integers(0, 40 * SECOND),  # after the last
        st.one_of(
            st.tuples(st.just("set"), st.integers(-SECOND, 10 * SECOND)),
            st.tuples(st.just("shift"), st.integers(-SECOND, SECOND)),
            st.tuples(st.just("trim"), st.integers(-MOST_TRIM, MOST_TRIM)),
        ),
    ),
    max_size=6,
)


def steer(one, kind, value, now_ns):
    if kind == "set":
        one.set(one.agency_ns(now_ns) + value, now_ns)
    elif kind == "shift":
        one.shift(value, now_ns)
    else:
        one.trim(value, now_ns)


@given(STEERING)
def test_never_back_through_any_steering(steering):
    one, now_ns, shown = clock(), 0, 0
    for after_ns, (kind, value) in steering:
        # On the way, a nanosecond apart too: rounding must not step back either.
        half = after_ns // 2
        for at_ns in sorted({now_ns + min(k, after_ns) for k in (0, half, half + 1, half + 2, after_ns)}):
            assert one.agency_ns(at_ns) >= shown
            shown = one.agency_ns(at_ns)
        now_ns += after_ns
        steer(one, kind, value, now_ns)
        assert one.agency_ns(now_ns) >= shown
        shown = one.agency_ns(now_ns)


@given(STEERING, st.integers(0, 30 * DAY))
def test_the_inverse_is_the_first_instant_that_shows_it(steering, ahead_ns):
    one, now_ns = clock(), 0
    for after_ns, (kind, value) in steering:
        now_ns += after_ns
        steer(one, kind, value, now_ns)
    wanted = one.agency_ns(now_ns) + ahead_ns
    t_ns = one.mission_ns(wanted)
    assert one.agency_ns(t_ns) >= wanted > one.agency_ns(t_ns - 1)
    assert one.mission_ns(wanted) == t_ns
    assert one.mission_ns(wanted + 1) >= t_ns


@given(STEERING, st.integers(0, DAY))
def test_a_saved_clock_goes_on_the_same(steering, later_ns):
    one, twin, now_ns = clock(), clock(), 0
    for after_ns, (kind, value) in steering:
        now_ns += after_ns
        steer(one, kind, value, now_ns)
    twin.load(unpack(pack(one.save())))
    at_ns = now_ns + later_ns
    assert (twin.agency_ns(at_ns), twin.status(at_ns)) == (one.agency_ns(at_ns), one.status(at_ns))
    assert twin.save() == one.save()


@given(st.integers(0, DAY), st.integers(1, 250), STEERING)
def test_many_times_at_once_are_right_to_a_nanosecond(start_ns, count, steering):
    one = clock()
    for after_ns, (kind, value) in steering:
        start_ns += after_ns
        steer(one, kind, value, start_ns)
    times = start_ns + np.arange(count, dtype=np.int64) * SECOND // count
    shown = one.agency_ns_of(times)
    # Within a second the rate bends at a knot of the wander (by 2e-10) or at the end of a shift (by 1e-3).
    bound_ns = 250_002 if any(kind == "shift" for _, (kind, _) in steering) else 42
    for t, s in zip(times.tolist(), shown.tolist(), strict=True):
        assert abs(s - one.agency_ns(t)) <= bound_ns
    assert list(shown) == sorted(shown)


def test_none_at_once_are_none():
    assert len(clock().agency_ns_of(np.empty(0, np.int64))) == 0


def test_a_perfect_counter_shows_the_calendar():
    one = OnBoardClock(EPOCH)
    assert one.ticks(SECOND) == 10_000 * (1735 * 86400 - 9)
    assert one.mission_ns(one.agency_ns(123_456_789)) == 123_456_789
    assert one.status(0) is TimeStatus.FREE_RUNNING


def test_set_jumps_forward_and_refuses_to_go_back():
    one = clock()
    shown = one.agency_ns(SECOND)
    assert not one.set(shown - 1, SECOND)
    assert one.status(SECOND) is TimeStatus.FREE_RUNNING
    assert one.set(shown + 5 * SECOND, SECOND)
    assert one.agency_ns(SECOND) == shown + 5 * SECOND
    assert one.status(SECOND) is TimeStatus.SET
    # What was jumped over is past.
    assert one.mission_ns(shown + 3 * SECOND) < SECOND


@pytest.mark.parametrize("by_ns", [3 * MILLISECOND, -3 * MILLISECOND])
def test_a_shift_is_done_little_by_little(by_ns):
    one, plain = OnBoardClock(EPOCH), OnBoardClock(EPOCH)
    one.shift(by_ns, 10 * SECOND)
    assert one.status(10 * SECOND) is TimeStatus.SHIFTING
    done_ns = 10 * SECOND + abs(by_ns) * SLEW_DIVISOR
    half_ns = (10 * SECOND + done_ns) // 2
    assert one.agency_ns(half_ns) - plain.agency_ns(half_ns) == by_ns // 2
    assert one.agency_ns(done_ns) - plain.agency_ns(done_ns) == by_ns
    assert one.agency_ns(2 * done_ns) - plain.agency_ns(2 * done_ns) == by_ns
    assert one.status(done_ns) is TimeStatus.SET


def test_a_second_shift_adds_to_what_the_first_has_left():
    one, plain = OnBoardClock(EPOCH), OnBoardClock(EPOCH)
    one.shift(4 * MILLISECOND, 0)
    one.shift(-MILLISECOND, SECOND)
    assert one.agency_ns(DAY) - plain.agency_ns(DAY) == 3 * MILLISECOND


def test_a_trim_changes_the_rate():
    one = OnBoardClock(EPOCH)
    one.trim(-120_000, 100 * SECOND)  # 1.2e-7 slower
    shown = one.agency_ns(100 * SECOND)
    assert one.agency_ns(1100 * SECOND) - shown == 1000 * SECOND - 120_000
