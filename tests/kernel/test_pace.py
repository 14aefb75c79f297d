"""Mission time against the wall's clock."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.kernel.pace import BEHIND_NS, SLICE_NS, Pace
from fsw.kernel.time import SECOND

MS = SECOND // 1000


def test_paused_time_stands_still():
    pace = Pace()
    assert [pace.target(wall * SECOND, 77) for wall in range(5)] == [77] * 5
    assert pace.waiting_ns(0, 77, 78) is None


@given(
    st.sampled_from([0.1, 0.5, 1.0, 2.5, 60.0]),
    st.lists(st.integers(1, 100 * MS), min_size=1, max_size=60),
)
def test_a_flight_that_keeps_up_is_never_off_by_a_nanosecond(rate, naps):
    pace = Pace(rate)
    wall, now = 12345, 0
    now = pace.target(wall, now)
    for nap in naps:
        wall += nap
        now = pace.target(wall, now)
    assert now == (wall - 12345) * round(rate * 10) // 10
    assert pace.slipped_ns == 0


@given(st.lists(st.integers(0, 5 * SECOND), max_size=40), st.floats(0.01, 100))
def test_time_never_goes_back_and_never_runs_more_than_a_slice(naps, rate):
    pace = Pace(rate)
    wall = now = 0
    for nap in naps:
        wall += nap
        then, now = now, pace.target(wall, now)
        assert then <= now <= then + max(SLICE_NS, SLICE_NS * rate * (1 + 1e-9) + 1)


def test_a_flight_that_cannot_keep_up_slips_and_does_not_race_to_catch_up():
    pace = Pace(1.0)
    now = pace.target(0, 0)
    now = pace.target(60 * SECOND, now)  # the machine slept a minute
    assert pace.slipped_ns == 60 * SECOND - SLICE_NS
    assert now == SLICE_NS
    assert pace.target(60 * SECOND + 100 * MS, now) == SLICE_NS + 100 * MS


def test_a_little_behind_is_caught_up():
    pace = Pace(1.0)
    now = pace.target(0, 0)
    wall = BEHIND_NS
    while (then := now) != (now := pace.target(wall, now)):
        assert now > then
    assert (now, pace.slipped_ns) == (wall, 0)


def test_a_goal_is_reached_exactly_and_then_the_rate_holds_again():
    pace = Pace(1.0)
    now = pace.target(0, 0)
    pace.hurry_to(10 * SECOND + 7)
    assert pace.text == "as fast as it can"
    while pace.goal_ns is not None:
        now = pace.target(0, now)
    assert now == 10 * SECOND + 7
    assert pace.target(200 * MS, now) == 10 * SECOND + 7 + 200 * MS


def test_waiting_is_what_is_left_until_the_next_event():
    pace = Pace(2.0)
    now = pace.target(1000, 0)
    assert pace.waiting_ns(1000, now, 100 * MS) == 50 * MS
    assert pace.waiting_ns(1000 + 20 * MS, now, 100 * MS) == 30 * MS
    assert pace.waiting_ns(1000 + 90 * MS, now, 100 * MS) == 0
    pace.set_rate(inf)
    assert pace.waiting_ns(1000, now, 100 * MS) == 0


@pytest.mark.parametrize("rate", [-1.0, 0.001, 1e6, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(FswError, match=r"allowed are 0\.01 to 10000"):
        Pace(rate)
