"""The rover's wheels, gyros and hazard cameras, and the ground under them.

Wheels slip: the ground is less than what they count, by a share drawn anew for each drive. Obstacles lie
along the way at random; turning looks at another way, with another obstacle.
"""

from typing import Any

from fsw.kernel.seeds import Stream
from fsw.kernel.time import SECOND
from fsw.world.special import log, sine_cosine_degrees

SIGHT_MM = 6000.0  # of the hazard cameras
_NEAREST_MM = 2000.0  # that somebody chose a way with an obstacle nearer than that is not modelled


class Chassis:
    """obstacle_every_m: mean free way. slip: least and greatest share of the wheels' way that is lost."""

    def __init__(
        self, ground: Stream, obstacle_every_m: float, slip: tuple[float, float], turn_deg_s: float
    ) -> None:
        self._ground = ground
        self._obstacle_every_mm = 1000.0 * obstacle_every_m
        self._slip = slip
        self._turn_deg_s = turn_deg_s
        self._now_ns = 0
        self._mm_s = 0
        self._lost = 0.0  # share, of this drive
        self.wheels_mm = 0.0
        self.way_mm = 0.0  # over ground
        self.north_mm = 0.0
        self.east_mm = 0.0
        self.heading_deg = 180.0
        self._wanted_deg = 180.0
        self._clear_mm = self._free_way()

    @property
    def moving(self) -> bool:
        """The motors draw power."""
        return self._mm_s != 0 or self.heading_deg != self._wanted_deg

    def _free_way(self) -> float:
        return _NEAREST_MM - self._obstacle_every_mm * log(1.0 - self._ground.uniform())

    def advance(self, now_ns: int) -> None:
        """What the wheels did until now."""
        seconds = (now_ns - self._now_ns) / SECOND
        self._now_ns = now_ns
        if self._mm_s:
            turned = self._mm_s * seconds
            gone = min(turned * (1.0 - self._lost), max(0.0, self._clear_mm))
            sine, cosine = sine_cosine_degrees(self.heading_deg)
            self.wheels_mm += turned
            self.way_mm += gone
            self.north_mm += gone * cosine
            self.east_mm += gone * sine
            self._clear_mm -= gone
        elif self.heading_deg != self._wanted_deg:
            # The shorter way round.
            ahead = (self._wanted_deg - self.heading_deg + 180.0) % 360.0 - 180.0
            most = self._turn_deg_s * seconds
            if abs(ahead) <= most:
                self.heading_deg = self._wanted_deg
            else:
                self.heading_deg = (self.heading_deg + (most if ahead > 0.0 else -most)) % 360.0

    def move(self, mm_s: int, now_ns: int) -> None:
        """Straight on, or 0."""
        self.advance(now_ns)
        if mm_s and not self._mm_s:
            self._lost = self._ground.between(*self._slip)
        self._mm_s = mm_s
        if not mm_s:
            self._wanted_deg = self.heading_deg

    def turn_to(self, heading_deg: float, now_ns: int) -> None:
        """In place."""
        self.move(0, now_ns)
        if heading_deg != self.heading_deg:
            self._clear_mm = self._free_way()
        self._wanted_deg = heading_deg

    def read(self, now_ns: int) -> tuple[int, int, tuple[float, float], bool, int | None]:
        """Wheels' way [mm], heading [mdeg] and as (north, east), whether it turns, free way seen [mm]."""
        self.advance(now_ns)
        sine, cosine = sine_cosine_degrees(self.heading_deg)
        clear = round(self._clear_mm) if self._clear_mm < SIGHT_MM else None
        turning = self.heading_deg != self._wanted_deg
        return round(self.wheels_mm), round(1000 * self.heading_deg), (cosine, sine), turning, clear

    def save(self) -> dict[str, Any]:
        return {
            "ground": self._ground.save(),
            "now_ns": self._now_ns,
            "mm_s": self._mm_s,
            "floats": [
                self._lost, self.wheels_mm, self.way_mm, self.north_mm, self.east_mm, self.heading_deg,
                self._wanted_deg, self._clear_mm,
            ],
        }  # fmt: skip

    def load(self, saved: dict[str, Any]) -> None:
        self._ground.load(saved["ground"])
        self._now_ns, self._mm_s = saved["now_ns"], saved["mm_s"]
        (
            self._lost, self.wheels_mm, self.way_mm, self.north_mm, self.east_mm, self.heading_deg,
            self._wanted_deg, self._clear_mm,
        ) = saved["floats"]  # fmt: skip
