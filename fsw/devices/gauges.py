"""Thermometers, voltmeters and the like: slow drifts with a little noise, the same for one seed.

The shapes are assumed; nothing is published of the real housekeeping. A reading is a pure function of
seed, gauge and time, so nothing here has state.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from fsw.kernel.time import SECOND


@dataclass(frozen=True, slots=True)
class Gauge:
    """middle and swing: of a triangle of period_s, with noise of +-noise on top."""

    middle: float
    swing: float
    period_s: float
    noise: float


GAUGES = {
    "transmit_power_w": Gauge(100.0, 0.4, 900.0, 0.1),
    "amplifier_temperature_c": Gauge(41.0, 1.5, 2400.0, 0.05),
    "release_temperature_c": Gauge(-12.0, 2.0, 3600.0, 0.03),
    "camera_temperature_c": Gauge(4.0, 6.0, 5400.0, 0.05),
    "battery_temperature_c": Gauge(6.0, 4.0, 5400.0, 0.05),
    "bus_voltage_v": Gauge(29.1, 0.15, 700.0, 0.01),
    "bus_current_a": Gauge(1.35, 0.25, 300.0, 0.01),
    "heatshield_temperature_c": Gauge(-58.0, 3.0, 7200.0, 0.05),
    "backshell_temperature_c": Gauge(-41.0, 2.5, 7200.0, 0.05),
    "rover_battery_temperature_c": Gauge(8.5, 1.5, 1800.0, 0.03),
    "propellant_pressure_mpa": Gauge(1.72, 0.01, 5400.0, 0.001),
}


def reading(name: str, now_ns: int, seed: int) -> float:
    """What the gauge shows at `now_ns`."""
    gauge, period_ns, phase = _gauge(name, seed)
    digest = sha256(f"{seed}/{name}/{now_ns}".encode()).digest()
    noise = int.from_bytes(digest[:4], "big") / 2.0**31 - 1.0
    cycle = (now_ns / period_ns + phase) % 1.0
    triangle = 4.0 * cycle - 1.0 if cycle < 0.5 else 3.0 - 4.0 * cycle
    return gauge.middle + gauge.swing * triangle + gauge.noise * noise


@lru_cache(maxsize=256)
def _gauge(name: str, seed: int) -> tuple[Gauge, float, float]:
    """A gauge, the period of its triangle [ns], and the triangle's phase, 0 to 1."""
    gauge = GAUGES[name]
    digest = sha256(f"{seed}/{name}".encode()).digest()
    return gauge, gauge.period_s * SECOND, int.from_bytes(digest[:4], "big") / 2.0**32


def heater_cycles(now_ns: int) -> int:
    """Switchings of the lander's heaters since the mission's start."""
    return now_ns // (220 * SECOND)
