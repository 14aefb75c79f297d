"""What the camera measures of its way: where it is from the host, and what its thrusters gave it.

A camera finds the host's direction, a laser its range: one position a cycle, in start axes. Three faults:
no sightings any more, the same one over and over, and ranges that are wrong by a factor.
"""

from dataclasses import dataclass
from typing import Any, Literal

from fsw.kernel.seeds import Stream
from fsw.world.vectors import Vector, add, cross, length, scale

SensorFault = Literal["none", "lost", "frozen", "scale"]


@dataclass(frozen=True, slots=True)
class SensorFigures:
    """range_error_m, bearing_error, accelerometer_error_m_s: standard deviations [m, rad, m/s a cycle].

    range_scale_error: of a factor that stays the same through a flight. lost: part of sightings that fail.
    """

    range_error_m: float
    range_scale_error: float
    bearing_error: float
    accelerometer_error_m_s: float
    most_range_m: float
    lost: float


@dataclass(frozen=True, slots=True)
class SensorFaults:
    """From from_ns on. scale: what ranges are multiplied by, with the fault of that name."""

    kind: SensorFault = "none"
    from_ns: int = 0
    scale: float = 1.0


class ProximitySensor:
    def __init__(self, figures: SensorFigures, faults: SensorFaults, stream: Stream) -> None:
        self._figures = figures
        self._faults = faults
        self._stream = stream
        self._factor = 1.0 + figures.range_scale_error * stream.normal()
        self._shown: Vector | None = None

    def sighting(self, at: Vector, now_ns: int) -> Vector | None:
        """From the true position [m] to the measured one; None where there is none."""
        figures, stream = self._figures, self._stream
        failed = now_ns >= self._faults.from_ns
        # Drawn whatever comes of it, so that a fault changes nothing of what another cycle draws.
        along = figures.range_error_m * stream.normal()
        tilt = scale((stream.normal(), stream.normal(), stream.normal()), figures.bearing_error)
        missed = stream.uniform() < figures.lost
        distance = length(at)
        if missed or not 0.0 < distance <= figures.most_range_m:
            return None
        if failed and self._faults.kind == "lost":
            return None
        if failed and self._faults.kind == "frozen" and self._shown is not None:
            return self._shown
        factor = self._factor * (self._faults.scale if failed and self._faults.kind == "scale" else 1.0)
        turned = add(at, cross(tilt, at))
        self._shown = scale(turned, (factor * distance + along) / distance)
        return self._shown

    def gained(self, given: Vector) -> Vector:
        """What the accelerometers make of the velocity that thrusters gave in a cycle [m/s]."""
        error, stream = self._figures.accelerometer_error_m_s, self._stream
        return add(given, (error * stream.normal(), error * stream.normal(), error * stream.normal()))

    def save(self) -> dict[str, Any]:
        return {"stream": self._stream.save(), "shown": self._shown}

    def load(self, saved: dict[str, Any]) -> None:
        self._stream.load(saved["stream"])
        self._shown = saved["shown"]
