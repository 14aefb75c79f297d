"""Monitors of ST[12] (ECSS-E-ST-70-41C 6.12): what one is, and those on board from the start. All ours.

A parameter monitor looks at one parameter, a functional one at how many of its parameter monitors fail.

The default ones watch the warning and alarm limits of the housekeeping structures where acting on them
makes sense on board; counters of troubles have events of their own.
"""

from collections.abc import Container
from dataclasses import dataclass, fields
from functools import lru_cache
from math import inf
from typing import Any

from fsw.dictionary.events import FunctionalMonitorEvent, MonitorEvent
from fsw.dictionary.identifiers import CheckType, FailureCode, ReleaseState, Switch, WifiState
from fsw.dictionary.pool import BY_NAME, PARAMETERS, number
from fsw.kernel.snapshot import plain

BEATS_PER_SECOND = 4  # intervals are whole numbers of beats
MOST_MONITORS = 64
MOST_FUNCTIONAL_MONITORS = 32
ALL_BITS = 0xFFFFFFFF
DEFAULT_REPORTING_DELAY_S = 8.0


@plain
@dataclass(frozen=True, slots=True)
class Monitor:
    """identifier, parameter, validity_parameter: identifiers; the last is 0 where it is always valid.

    validity_mask, validity_expected: valid while (value & mask) is this. interval: between two checks
    [beats]. repetitions: checks in a row that must agree before the status changes. check: a CheckType.
    low, high: limits of the value (LIMIT) or of the mean of the last `deltas` changes from check to check
    (DELTA). mask, expected: (value & mask) must be this (EXPECTED). low_event, high_event: raised when
    the status becomes LOW, HIGH; 0 raises none.
    """

    identifier: int
    parameter: int
    validity_parameter: int
    validity_mask: int
    validity_expected: int
    interval: int
    repetitions: int
    check: int
    low: float
    low_event: int
    high: float
    high_event: int
    mask: int
    expected: int
    deltas: int

    def wrong(self) -> FailureCode | None:
        """What makes no sense in it, or None."""
        if self.parameter not in PARAMETERS or self.validity_parameter not in {0, *PARAMETERS}:
            return FailureCode.UNKNOWN_PARAMETER
        events = set(MonitorEvent)
        if self.low_event not in events or self.high_event not in events:
            return FailureCode.UNKNOWN_EVENT
        if not self._sensible():
            return FailureCode.CHECK_SENSELESS
        return None

    def _sensible(self) -> bool:
        if not _sensible_condition(self):
            return False
        if self.check == CheckType.EXPECTED:
            return _has_bits(self.parameter) and not self.expected & ~self.mask
        return self.low < self.high

    @property
    def structures(self) -> tuple[int, ...]:
        """Housekeeping structures that hold what it looks at."""
        return _structures_of(self.parameter, self.validity_parameter)


@lru_cache(maxsize=256)
def _structures_of(*identifiers: int) -> tuple[int, ...]:
    return tuple(sorted({int(PARAMETERS[identifier].structure) for identifier in identifiers if identifier}))


@plain
@dataclass(frozen=True, slots=True)
class FunctionalMonitor:
    """identifier; validity_parameter, validity_mask, validity_expected: as of a `Monitor`. event: raised
    when it fails. least_failing: parameter monitors that must be LOW or HIGH for that: 1 for any of them.
    monitors: those that it goes by.
    """

    identifier: int
    validity_parameter: int
    validity_mask: int
    validity_expected: int
    event: int
    least_failing: int
    monitors: tuple[int, ...]

    def wrong(self, monitors: Container[int]) -> FailureCode | None:
        """What makes no sense in it, or None. monitors: parameter monitors that there are."""
        if self.validity_parameter not in {0, *PARAMETERS}:
            return FailureCode.UNKNOWN_PARAMETER
        if self.event not in set(FunctionalMonitorEvent):
            return FailureCode.UNKNOWN_EVENT
        if any(identifier not in monitors for identifier in self.monitors):
            return FailureCode.UNKNOWN_MONITOR
        many = len(set(self.monitors))
        if not (1 <= self.least_failing <= many == len(self.monitors) and _sensible_condition(self)):
            return FailureCode.CHECK_SENSELESS
        return None

    @property
    def structure(self) -> int | None:
        """The housekeeping structure that holds what its condition looks at."""
        conditional = bool(self.validity_parameter)
        return int(PARAMETERS[self.validity_parameter].structure) if conditional else None


def _sensible_condition(monitor: Monitor | FunctionalMonitor) -> bool:
    if not monitor.validity_parameter:
        return True
    return _has_bits(monitor.validity_parameter) and not monitor.validity_expected & ~monitor.validity_mask


def valid(monitor: Monitor | FunctionalMonitor, told: dict[str, Any]) -> bool:
    """Whether its condition holds, by what the owners told; that of one without always does."""
    if not monitor.validity_parameter:
        return True
    value = number(monitor.validity_parameter, told)
    return value is not None and int(value) & monitor.validity_mask == monitor.validity_expected


def _has_bits(identifier: int) -> bool:
    """A mask has sense on counters and enumerations alone."""
    return PARAMETERS[identifier].parameter.calibration is None


_NAMES = tuple(field.name for field in fields(Monitor))
_COMMON: dict[str, Any] = {
    "validity_parameter": 0,
    "validity_mask": 0,
    "validity_expected": 0,
    "repetitions": 2,
    "check": int(CheckType.LIMIT),
    "low": -inf,
    "low_event": 0,
    "high": inf,
    "high_event": 0,
    "mask": ALL_BITS,
    "expected": 0,
    "deltas": 1,
}


def _default(identifier: int, name: str, event: str, every_s: int = 8, **others: Any) -> Monitor:
    """low, high: raise `event` when passed."""
    given: dict[str, Any] = {
        **_COMMON,
        "identifier": identifier,
        "parameter": BY_NAME[name].identifier,
        "interval": every_s * BEATS_PER_SECOND,
        "low_event": int(MonitorEvent[event]),
        "high_event": int(MonitorEvent[event]),
        **others,
    }
    monitor = Monitor(**{name: given[name] for name in _NAMES})
    assert monitor.wrong() is None, name
    return monitor


def _while(name: str, state: int) -> dict[str, Any]:
    return {
        "validity_parameter": BY_NAME[name].identifier,
        "validity_mask": 0xFF,
        "validity_expected": int(state),
    }


def _within(name: str, level: str) -> dict[str, Any]:
    """The warning or alarm limits that the dictionary declares."""
    limits = BY_NAME[name].parameter.limits
    assert limits is not None
    low, high = getattr(limits, f"{level}_low"), getattr(limits, f"{level}_high")
    return {"low": -inf if low is None else low, "high": inf if high is None else high}


_LINKED = _while("wifi", WifiState.LINKED)
DEFAULTS = (
    _default(1, "cpu_load", "COMPUTER_OVERLOADED", 16, repetitions=3, **_within("cpu_load", "alarm")),
    _default(2, "memory_fill", "MEMORY_FILLING", 16, **_within("memory_fill", "warning")),
    _default(3, "memory_fill", "MEMORY_NEARLY_FULL", 16, **_within("memory_fill", "alarm")),
    _default(4, "transmit_power_w", "TRANSMIT_POWER_WRONG", 16, **_within("transmit_power_w", "alarm")),
    _default(
        5,
        "amplifier_temperature_c",
        "AMPLIFIER_TEMPERATURE_WARNING",
        16,
        **_within("amplifier_temperature_c", "warning"),
    ),
    _default(
        6,
        "amplifier_temperature_c",
        "AMPLIFIER_TEMPERATURE_ALARM",
        16,
        **_within("amplifier_temperature_c", "alarm"),
    ),
    _default(
        7,
        "amplifier_temperature_c",
        "AMPLIFIER_THERMOMETER_JUMPED",
        16,
        check=int(CheckType.DELTA),
        low=-10.0,
        high=10.0,
        repetitions=1,
    ),
    _default(8, "wifi_signal_dbm", "WIFI_SIGNAL_WEAK", **_within("wifi_signal_dbm", "warning"), **_LINKED),
    _default(9, "camera_range_m", "CAMERA_FAR", **_within("camera_range_m", "warning"), **_LINKED),
    _default(10, "health_age_s", "CAMERA_SILENT", **_within("health_age_s", "warning"), **_LINKED),
    _default(
        11,
        "battery_voltage_v",
        "CAMERA_VOLTAGE_LOW",
        **_within("battery_voltage_v", "warning"),
        **_LINKED,
    ),
    _default(
        12, "battery_voltage_v", "CAMERA_VOLTAGE_ALARM", **_within("battery_voltage_v", "alarm"), **_LINKED
    ),
    _default(
        13, "battery_used_wh", "CAMERA_ENERGY_WARNING", **_within("battery_used_wh", "warning"), **_LINKED
    ),
    _default(14, "battery_used_wh", "CAMERA_ENERGY_ALARM", **_within("battery_used_wh", "alarm"), **_LINKED),
    _default(
        15,
        "camera_temperature_c",
        "CAMERA_TEMPERATURE_WARNING",
        **_within("camera_temperature_c", "warning"),
        **_LINKED,
    ),
    _default(
        16,
        "camera_temperature_c",
        "CAMERA_TEMPERATURE_ALARM",
        **_within("camera_temperature_c", "alarm"),
        **_LINKED,
    ),
    _default(
        17,
        "release_temperature_c",
        "RELEASE_TEMPERATURE_WARNING",
        16,
        **_within("release_temperature_c", "warning"),
    ),
    _default(
        18,
        "break_wire",
        "SEPARATION_UNEXPECTED",
        16,
        check=int(CheckType.EXPECTED),
        mask=0xFF,
        expected=int(Switch.OFF),
        **_while("release", ReleaseState.SAFE),
    ),
)
assert len({monitor.identifier for monitor in DEFAULTS}) == len(DEFAULTS)

# A thermometer or a power meter that fails alone is no failing amplifier.
FUNCTIONAL_DEFAULTS = (
    FunctionalMonitor(1, 0, 0, 0, int(FunctionalMonitorEvent["AMPLIFIER_FAILING"]), 2, (4, 6)),
)
assert not any(one.wrong([monitor.identifier for monitor in DEFAULTS]) for one in FUNCTIONAL_DEFAULTS)
