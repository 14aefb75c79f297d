"""Mission time against the calendar, leap seconds and the calendar of the standard library."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND, Epoch, earliest

EPOCH = Epoch.from_utc("2020-09-30T15:59:50Z")
instants = st.integers(min_value=-48 * 365 * DAY, max_value=400 * 365 * DAY)


def test_tai_is_37_seconds_ahead_since_2017():
    days = (datetime(2020, 9, 30) - datetime(1958, 1, 1)).days
    assert EPOCH.tai_ns(0) == (days * 86400 + 15 * 3600 + 59 * 60 + 50 + 37) * SECOND


def test_release_is_ten_seconds_after_start():
    assert EPOCH.parse("2020-09-30T16:00:00Z") == 10 * SECOND
    assert EPOCH.utc(10 * SECOND, 0) == "2020-09-30T16:00:00Z"


@pytest.mark.parametrize(("utc", "tai_minus_utc"), [
    ("1972-01-01T00:00:00Z", 10), ("1998-12-31T23:59:59Z", 31), ("1999-01-01T00:00:00Z", 32),
    ("2016-12-31T23:59:59Z", 36), ("2017-01-01T00:00:00Z", 37),
])  # fmt: skip
def test_leap_seconds_of_bulletin_c(utc, tai_minus_utc):
    utc_seconds = (datetime.fromisoformat(utc) - datetime(1958, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert Epoch.from_utc(utc).start_tai_ns == (utc_seconds + tai_minus_utc) * SECOND


def test_a_leap_second_is_written_and_read_as_second_60():
    epoch = Epoch.from_utc("2016-12-31T23:59:59Z")
    assert epoch.utc(SECOND + SECOND // 2, 1) == "2016-12-31T23:59:60.5Z"
    assert epoch.parse("2016-12-31T23:59:60.5Z") == SECOND + SECOND // 2
    assert epoch.utc(2 * SECOND, 0) == "2017-01-01T00:00:00Z"
    # A counter of 86400-second days shows the leap second and the one after alike.
    assert epoch.posix_ns(SECOND) == epoch.posix_ns(2 * SECOND)


@given(instants)
def test_utc_reads_back_to_the_nanosecond(t_ns):
    assert EPOCH.parse(EPOCH.utc(t_ns, 9)) == t_ns


@given(instants, st.integers(0, 8))
def test_fewer_decimals_cut_off_and_never_round_up(t_ns, decimals):
    shown = EPOCH.parse(EPOCH.utc(t_ns, decimals))
    assert 0 <= t_ns - shown < 10 ** (9 - decimals)


@given(st.datetimes(datetime(2017, 1, 2), datetime(9999, 1, 1)))
def test_posix_count_is_the_standard_librarys(moment):
    utc = moment.replace(tzinfo=UTC)
    t_ns = EPOCH.parse(moment.isoformat() + "Z")
    expected = (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert EPOCH.posix_ns(t_ns) == expected
    assert EPOCH.from_posix_ns(expected) == t_ns


@given(st.lists(st.none() | st.integers(0, 9), max_size=5))
def test_the_earliest_is_the_least_that_ever_comes(times):
    assert earliest(*times) == min((time for time in times if time is not None), default=None)


def test_tdb_is_tt():
    # 2020-09-30T15:59:50 UTC is 16:00:59.184 TT; noon of that day is JD 2459123.
    day, fraction = EPOCH.tdb_julian_date(0)
    assert day == 2459122.5
    assert fraction * 86400 == pytest.approx(16 * 3600 + 59.184, abs=1e-9)
    assert Epoch.from_utc("2000-01-01T11:58:55.816Z").tdb_ns(0) == 0


@pytest.mark.parametrize("utc", [
    "2020-09-31T00:00:00Z", "2020-09-30", "2020-09-30T24:00:00Z", "2020-09-30T23:59:60Z", "soon",
    "1971-12-31T23:59:59Z", "2020-09-30T15:59:50+08:00", "２020-09-30T15:59:50Z",
])  # fmt: skip
def test_other_times_are_refused_and_named(utc):
    with pytest.raises(FswError, match="UTC time"):
        Epoch.from_utc(utc)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        epoch = Epoch.from_utc(text)
    except FswError:
        return
    assert Epoch.from_utc(epoch.utc(0, 9)) == epoch
