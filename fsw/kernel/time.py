"""Mission time: an integer of nanoseconds since the mission's start, and what the world calls it.

Mission time runs with TAI: it has no leap seconds and never jumps. `Epoch` ties it to the calendar.
Nothing here reads a clock, and all arithmetic is on integers, but for `tdb_julian_date`.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

from fsw.core.errors import FswError

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
MICROSECOND = 1_000
DAY = 86_400 * SECOND

_DAY_1958 = date(1958, 1, 1).toordinal()
_DAY_1970 = date(1970, 1, 1).toordinal()
_DAY_J2000 = date(2000, 1, 1).toordinal()
POSIX_TO_1958_NS = (_DAY_1970 - _DAY_1958) * DAY

# TT - TAI, exact by definition (IAU 1991).
TT_MINUS_TAI_NS = 32_184 * MILLISECOND
# J2000.0 is 2000-01-01T12:00:00 TT.
_J2000_TAI_NS = (_DAY_J2000 - _DAY_1958) * DAY + DAY // 2 - TT_MINUS_TAI_NS
_J2000_JULIAN_DAY = 2_451_545

# TAI - UTC [s] from 0h UTC of each day (IERS Bulletin C); unchanged since 2017 as this is written.
_LEAP_SECONDS: tuple[tuple[tuple[int, int, int], int], ...] = (
    ((1972, 1, 1), 10), ((1972, 7, 1), 11), ((1973, 1, 1), 12), ((1974, 1, 1), 13),
    ((1975, 1, 1), 14), ((1976, 1, 1), 15), ((1977, 1, 1), 16), ((1978, 1, 1), 17),
    ((1979, 1, 1), 18), ((1980, 1, 1), 19), ((1981, 7, 1), 20), ((1982, 7, 1), 21),
    ((1983, 7, 1), 22), ((1985, 7, 1), 23), ((1988, 1, 1), 24), ((1990, 1, 1), 25),
    ((1991, 1, 1), 26), ((1992, 7, 1), 27), ((1993, 7, 1), 28), ((1994, 7, 1), 29),
    ((1996, 1, 1), 30), ((1997, 7, 1), 31), ((1999, 1, 1), 32), ((2006, 1, 1), 33),
    ((2009, 1, 1), 34), ((2012, 7, 1), 35), ((2015, 7, 1), 36), ((2017, 1, 1), 37),
)  # fmt: skip
_STEP_DAY = [date(*day).toordinal() for day, _ in _LEAP_SECONDS]
_STEP_OFFSET = [offset for _, offset in _LEAP_SECONDS]
# The instant (TAI since 1958) from which each offset holds.
_STEP_TAI_NS = [
    (day - _DAY_1958) * DAY + offset * SECOND for day, offset in zip(_STEP_DAY, _STEP_OFFSET, strict=True)
]

_UTC = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,18}))?(?:Z|\+00:00)?", re.ASCII)


def tai_from_utc(utc: str) -> int:
    """TAI nanoseconds since 1958-01-01T00:00:00 TAI of a UTC calendar time, decimals past ns cut off.

    Second 60 is taken where a leap second was. Raises FswError on anything else, or before 1972.
    """
    match = _UTC.fullmatch(utc.strip())
    if match is None:
        raise FswError(f"UTC time {utc!r}: allowed is YYYY-MM-DDTHH:MM:SS with decimals and Z if wished")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError as error:
        raise FswError(f"UTC time {utc!r}: {error}") from error
    if ordinal < _STEP_DAY[0]:
        raise FswError(f"UTC time {utc!r}: allowed are times from 1972-01-01 on, when leap seconds began")
    last_of_day = hour == 23 and minute == 59
    longest = 60 if last_of_day and ordinal + 1 in _STEP_DAY[1:] else 59
    if hour > 23 or minute > 59 or second > longest:
        raise FswError(f"UTC time {utc!r}: allowed are 00:00:00 to 23:59:{longest} on that day")
    offset = _STEP_OFFSET[bisect_right(_STEP_DAY, ordinal) - 1]
    decimals_ns = int((match.group(7) or "0").ljust(9, "0")[:9])
    seconds = (ordinal - _DAY_1958) * 86_400 + hour * 3600 + minute * 60 + second + offset
    return seconds * SECOND + decimals_ns


def earliest(*times_ns: int | None) -> int | None:
    """The first of these times; None stands for never."""
    first_ns = None
    for time_ns in times_ns:
        if time_ns is not None and (first_ns is None or time_ns < first_ns):
            first_ns = time_ns
    return first_ns


def _utc_fields(tai_ns: int) -> tuple[int, int]:
    """The UTC day (proleptic ordinal) and the nanosecond within it, 86400 s and more in a leap second."""
    step = bisect_right(_STEP_TAI_NS, tai_ns) - 1
    if step < 0:
        raise FswError("time before 1972-01-01, when leap seconds began")
    day, within = divmod(tai_ns - _STEP_OFFSET[step] * SECOND, DAY)
    ordinal = _DAY_1958 + day
    if step + 1 < len(_STEP_DAY) and ordinal == _STEP_DAY[step + 1]:
        return ordinal - 1, within + DAY
    return ordinal, within


@dataclass(frozen=True, slots=True)
class Epoch:
    """The instant of mission time zero: TAI nanoseconds since 1958-01-01T00:00:00 TAI."""

    start_tai_ns: int

    @classmethod
    def from_utc(cls, utc: str) -> "Epoch":
        """From a calendar time such as "2020-09-30T15:59:50Z"."""
        return cls(tai_from_utc(utc))

    def tai_ns(self, t_ns: int) -> int:
        """TAI nanoseconds since 1958-01-01T00:00:00 TAI, the epoch of CCSDS 301.0-B."""
        return self.start_tai_ns + t_ns

    def from_tai_ns(self, tai_ns: int) -> int:
        """Mission time of a TAI instant."""
        return tai_ns - self.start_tai_ns

    def utc(self, t_ns: int, decimals: int = 3) -> str:
        """ISO 8601 UTC with 0 to 9 decimals, later digits cut off (a clock shows no time not yet come)."""
        if not 0 <= decimals <= 9:
            raise FswError(f"{decimals} decimals: allowed are 0 to 9")
        ordinal, within = _utc_fields(self.tai_ns(t_ns))
        second, fraction = divmod(within, SECOND)
        leap = max(0, second - 86_399)
        hour, rest = divmod(second - leap, 3600)
        minute, second = divmod(rest, 60)
        digits = f".{fraction // 10 ** (9 - decimals):0{decimals}d}" if decimals else ""
        return f"{date.fromordinal(ordinal)}T{hour:02d}:{minute:02d}:{second + leap:02d}{digits}Z"

    def parse(self, utc: str) -> int:
        """Mission time of a UTC calendar time."""
        return tai_from_utc(utc) - self.start_tai_ns

    def posix_ns(self, t_ns: int) -> int:
        """Nanoseconds since 1970-01-01 in days of 86400 s, as computers and many spacecraft count UTC.

        A leap second repeats the count of the second that follows it.
        """
        ordinal, within = _utc_fields(self.tai_ns(t_ns))
        return (ordinal - _DAY_1970) * DAY + within

    def from_posix_ns(self, posix_ns: int) -> int:
        """Mission time of a count of UTC in days of 86400 s; a repeated second means the later one."""
        day, within = divmod(posix_ns, DAY)
        ordinal = _DAY_1970 + day
        if ordinal < _STEP_DAY[0]:
            raise FswError("time before 1972-01-01, when leap seconds began")
        offset = _STEP_OFFSET[bisect_right(_STEP_DAY, ordinal) - 1]
        return (ordinal - _DAY_1958) * DAY + within + offset * SECOND - self.start_tai_ns

    def tdb_ns(self, t_ns: int) -> int:
        """TDB nanoseconds since J2000.0.

        TT is taken for TDB. They differ by 1.7 ms at most, periodically: 50 m of Earth's way round the
        Sun, and no more in any distance here.
        """
        return self.tai_ns(t_ns) - _J2000_TAI_NS

    def tdb_julian_date(self, t_ns: int) -> tuple[float, float]:
        """Julian date (whole days, fraction from 0 to below 1), TDB taken as TT: see `tdb_ns`."""
        half_days = self.tdb_ns(t_ns) + DAY // 2
        day, within = divmod(half_days, DAY)
        return _J2000_JULIAN_DAY - 0.5 + day, within / DAY
