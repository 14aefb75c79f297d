"""The oscillator behind an on-board clock: nanoseconds counted, not quite those that pass.

A count is a pure function of true time, in integers, so that a flight can be asked for any instant and
gives the same on every machine. What it models: an offset, a constant error of frequency, its ageing, a
thermal swing (frequency follows a triangle of temperature), and wander: phase noise between two bounds,
seeded, linear between knots.
"""

from dataclasses import dataclass

from fsw.kernel.time import DAY, SECOND

UNIT = 10**15  # frequency errors are integers of 1e-15
WANDER_KNOT_NS = 256 * SECOND

_MASK = (1 << 64) - 1
_TWO_DAYS = 2 * DAY
# Whatever the figures, time must not stand still; 1e-3 is a broken clock, not a bad one.
_WORST = UNIT // 1000


@dataclass(frozen=True, slots=True)
class OscillatorFigures:
    """Errors at true time 0. Frequencies in 1e-15 of nominal (positive is fast), times in nanoseconds.

    ageing: change of frequency a day. swing: of frequency, to either side. wander_ns: of phase, to
    either side.
    """

    offset_ns: int = 0
    drift: int = 0
    ageing: int = 0
    swing: int = 0
    swing_period_ns: int = 5400 * SECOND
    wander_ns: int = 0

    @classmethod
    def of(
        cls,
        *,
        offset_s: float = 0.0,
        drift: float,
        ageing_per_day: float,
        thermal_swing: float,
        thermal_period_s: float,
        wander_s: float,
    ) -> "OscillatorFigures":
        """From figures as mission files have them: seconds, and parts of one."""
        return cls(
            round(offset_s * SECOND),
            round(drift * UNIT),
            round(ageing_per_day * UNIT),
            round(thermal_swing * UNIT),
            round(thermal_period_s * SECOND),
            round(wander_s * SECOND),
        )

    def __post_init__(self) -> None:
        assert abs(self.drift) + self.swing < _WORST, "the clock could stand still"
        assert self.swing >= 0 < self.swing_period_ns
        assert 0 <= self.wander_ns < WANDER_KNOT_NS // 4000


class Oscillator:
    """seed: of the wander."""

    def __init__(self, figures: OscillatorFigures = OscillatorFigures(), seed: int = 0) -> None:
        self._figures = figures
        self._constants = (
            figures.offset_ns,
            figures.drift,
            figures.ageing,
            figures.swing,
            figures.swing_period_ns,
            figures.wander_ns > 0,
        )
        self._seed = seed
        self._knot: tuple[int, int, int] | None = None  # of the last count: number, its noise, the next's
        # Times and counts of the last two: many ask in one instant, and `mission_ns` also the one before it.
        self._last = self._before = (0, self._count_ns(0))

    def count_ns(self, now_ns: int) -> int:
        """Nanoseconds counted at true time `now_ns`, which may be negative. Never goes back."""
        last = self._last
        if last[0] == now_ns:
            return last[1]
        found = self._before
        if found[0] != now_ns:
            found = (now_ns, self._count_ns(now_ns))
        self._before, self._last = last, found
        return found[1]

    def _count_ns(self, now_ns: int) -> int:
        offset_ns, drift, ageing, swing, period, wanders = self._constants
        # All terms in 1e-15 ns, rounded once.
        late = drift * now_ns
        if ageing:
            late += ageing * now_ns * now_ns // _TWO_DAYS
        if swing:
            # The integral of a triangle from -swing over +swing (half the period) back: nothing in a whole.
            within = now_ns % period
            if 2 * within >= period:
                back = period - within
                late += swing * back - 2 * swing * back * back // period
            else:
                late += 2 * swing * within * within // period - swing * within
        if wanders:
            number, within = divmod(now_ns, WANDER_KNOT_NS)
            if self._knot is None or self._knot[0] != number:
                self._knot = (number, self._noise(number), self._noise(number + 1))
            _, here, there = self._knot
            late += (here * WANDER_KNOT_NS + (there - here) * within) * UNIT // WANDER_KNOT_NS
        return now_ns + offset_ns + late // UNIT

    def _noise(self, number: int) -> int:
        """Uniform over -wander to +wander; splitmix64 (Steele, Lea and Flood, 2014) of seed and number."""
        x = (self._seed + (number + 1) * 0x9E3779B97F4A7C15) & _MASK
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        x = (x ^ x >> 27) * 0x94D049BB133111EB & _MASK
        x ^= x >> 31
        return x % (2 * self._figures.wander_ns + 1) - self._figures.wander_ns
