"""Wings and battery: energy in, energy out, in steps of ten minutes at most."""

from collections.abc import Callable
from typing import Any

from fsw.kernel.time import SECOND

_STEP_NS = 600 * SECOND
_HOUR_NS = 3600 * SECOND


class PowerUnit:
    """wing_w: what the wings give at a mission time [W]. The battery is full at first."""

    def __init__(self, wing_w: Callable[[int], float], capacity_wh: float, efficiency: float) -> None:
        self._wing_w = wing_w
        self.capacity_wh = capacity_wh
        self._efficiency = efficiency
        self.battery_wh = capacity_wh
        self.load_w = 0.0
        self._now_ns = 0
        self.wing_wh = 0.0  # all that the wings gave, used or not

    @property
    def fill(self) -> float:
        """Of the battery, 0 to 1."""
        return self.battery_wh / self.capacity_wh

    def wing_w(self, now_ns: int) -> float:
        """Power of the wings now."""
        return self._wing_w(now_ns)

    def advance(self, now_ns: int) -> None:
        """Charges or discharges until now."""
        while self._now_ns < now_ns:
            ahead_ns = min(_STEP_NS, now_ns - self._now_ns)
            hours = ahead_ns / _HOUR_NS
            given_wh = self._wing_w(self._now_ns + ahead_ns // 2) * hours
            self.wing_wh += given_wh
            gained_wh = given_wh - self.load_w * hours
            if gained_wh > 0.0:
                gained_wh *= self._efficiency
            self.battery_wh = max(0.0, min(self.capacity_wh, self.battery_wh + gained_wh))
            self._now_ns += ahead_ns

    def draw(self, load_w: float, now_ns: int) -> None:
        """From now on so much is drawn."""
        self.advance(now_ns)
        self.load_w = load_w

    def save(self) -> dict[str, Any]:
        return {
            "battery_wh": self.battery_wh,
            "load_w": self.load_w,
            "now_ns": self._now_ns,
            "wing_wh": self.wing_wh,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.battery_wh, self.load_w = saved["battery_wh"], saved["load_w"]
        self._now_ns, self.wing_wh = saved["now_ns"], saved["wing_wh"]
