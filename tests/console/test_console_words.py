"""Times and durations as an operator writes them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.console.words import clock, parse_duration, parse_time, span
from fsw.core.errors import FswError
from fsw.kernel.time import SECOND, Epoch

EPOCH = Epoch.from_utc("2020-09-30T15:59:50Z")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("90", 90), ("1h30m", 5400), ("1.5s", 1.5), ("200ms", 0.2), ("1d2h", 93600)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == round(seconds * SECOND)


@pytest.mark.parametrize("text", ["", "s", "-5s", "5x", "1m30", "0s", "1e3", "5 m", "٣s", "9999999d", "nan"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(FswError, match="allowed are such as 30s"):
        parse_duration(text)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text):
    with contextlib.suppress(FswError):
        assert parse_duration(text) > 0


def test_times_of_day_are_those_of_the_mission_s_day():
    assert parse_time("16:05", EPOCH, 0) == 310 * SECOND
    assert parse_time("16:05:00.25Z", EPOCH, 0) == 310 * SECOND + SECOND // 4
    assert parse_time("2020-10-01T00:00:00Z", EPOCH, 0) == 28810 * SECOND
    with pytest.raises(FswError, match="allowed"):
        parse_time("25:00", EPOCH, 0)
    with pytest.raises(FswError, match="UTC time 'noon'"):
        parse_time("noon", EPOCH, 0)


def test_clock_and_span_as_shown():
    assert clock(EPOCH, 310 * SECOND) == "16:05:00.0Z"
    assert [span(s * SECOND) for s in (3, 80, 7500)] == ["3.0 s", "1 m 20 s", "2 h 05 m"]
