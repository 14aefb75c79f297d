"""The low-shock release device: a pulse, and some milliseconds later the camera is on its way."""

from typing import Any

from fsw.kernel.seeds import Stream
from fsw.kernel.time import MILLISECOND
from fsw.world.release import axis_from_uniform
from fsw.world.vectors import Vector, add, scale, unit

WIRE_OPENS_AFTER_NS = 18 * MILLISECOND
# How far one release differs from the next, as standard deviations (assumed; a spring and a cage).
SPEED_SPREAD = 0.02
DIRECTION_SPREAD = 0.01


class ReleaseMechanism:
    """speed_m_s, direction, tumble_deg_s: nominal motion of what it releases; see `Motion`.

    stream: decides how this one release differs from the nominal.
    """

    def __init__(self, speed_m_s: float, direction: Vector, tumble_deg_s: float, stream: Stream) -> None:
        self._speed_m_s = speed_m_s
        self._direction = unit(direction)
        self._tumble_deg_s = tumble_deg_s
        self._stream = stream
        self._opens_ns: int | None = None
        self.spent = False

    def fire(self, now_ns: int) -> None:
        """The pulse. A second one finds nothing to release."""
        if not self.spent:
            self.spent = True
            self._opens_ns = now_ns + WIRE_OPENS_AFTER_NS

    @property
    def wire_open(self) -> bool:
        """What the break-wire shows."""
        return self.spent and self._opens_ns is None

    def next_ns(self) -> int | None:
        """When the break-wire will open."""
        return self._opens_ns

    def opened(self, now_ns: int) -> dict[str, Any] | None:
        """Once, when the wire has opened: speed [m/s], direction and first attitude of the camera in the
        orbiter's axes, axis of its tumble in its own axes, and rate [deg/s]."""
        if self._opens_ns is None or now_ns < self._opens_ns:
            return None
        self._opens_ns = None
        stream = self._stream
        speed = self._speed_m_s * (1.0 + SPEED_SPREAD * stream.normal())
        tilt = (stream.normal(), stream.normal(), stream.normal())
        direction = unit(add(self._direction, scale(tilt, DIRECTION_SPREAD)))
        axis = axis_from_uniform(stream.uniform(), stream.uniform())
        return {
            "speed_m_s": speed,
            "direction": direction,
            "axis": axis,
            "rate_deg_s": self._tumble_deg_s,
        }

    def save(self) -> dict[str, Any]:
        return {"opens_ns": self._opens_ns, "spent": self.spent}

    def load(self, saved: dict[str, Any]) -> None:
        self._opens_ns = saved["opens_ns"]
        self.spent = saved["spent"]


class NoMechanism(ReleaseMechanism):
    """Where nothing is to be released: a pulse does nothing, and the break-wire's input stays closed."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(0.0, (0.0, 0.0, 1.0), 0.0, stream)

    def fire(self, now_ns: int) -> None:
        """Into an open connector."""
