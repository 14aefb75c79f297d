"""Times and durations as an operator writes them."""

import re

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND, Epoch

_UNITS_NS = {"ms": SECOND // 1000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": DAY}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?Z?", re.ASCII)
LONGEST_NS = 100 * DAY


def parse_duration(text: str) -> int:
    """Nanoseconds of '30s', '5m', '1h30m', '1.5s', '200ms'; without a unit, seconds. FswError otherwise."""
    at = total_ns = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None or (match.group(2) is None and (at or match.end() < len(text))):
            at = -1
            break
        number, unit = match.group(1), match.group(2) or "s"
        whole, _, decimals = number.partition(".")
        scale = _UNITS_NS[unit]
        total_ns += int(whole) * scale
        if decimals:
            total_ns += int(decimals) * scale // 10 ** len(decimals)
        at = match.end()
    if at <= 0 or not 0 < total_ns <= LONGEST_NS:
        raise FswError(f"duration {text!r}: allowed are such as 30s, 5m, 1h30m, 200ms, up to 100 days")
    return total_ns


def parse_time(text: str, epoch: Epoch, now_ns: int) -> int:
    """Mission time of '16:05', '16:05:00.5' (today, UTC) or a whole UTC time. Raises FswError."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return epoch.parse(text)
    day = epoch.utc(now_ns, 0).partition("T")[0]
    return epoch.parse(f"{day}T{match.group(1)}:{match.group(2)}:{match.group(3) or '00'}Z")


def clock(epoch: Epoch, t_ns: int, decimals: int = 1) -> str:
    """The time of day, UTC: '16:05:00.0Z'."""
    return epoch.utc(t_ns, decimals).partition("T")[2]


def span(ns: int) -> str:
    """A duration as people say it: '3.2 s', '1 m 20 s', '2 h 05 m'."""
    seconds = ns / SECOND
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} m {int(seconds % 60):02d} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} m"
