"""What the spacecraft's clock shows when: estimated from its time reports, light time removed.

ECSS-E-ST-70-41C 6.9: a time report tells what the clock showed at the first bit of a transfer frame whose
count is a multiple of 2**rate, and comes down with it or some frames later. Here each report finds its
frame, the frame its time of reception, that its time of radiation; the clock's error then is a straight
line through the latest of these, by least squares, without those that lie off it.

All arithmetic is on integers, so that every machine estimates the same.
"""

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

from fsw.kernel.time import Epoch
from fsw.protocols import pus

WINDOW = 32  # samples that make an estimate
LEAST = 3  # and the fewest
UNIT = 10**15  # rates are integers of 1e-15
OUTLIER_FLOOR_NS = 1_000  # nearer to the line than this is never an outlier
OUTLIER_DEVIATIONS = 8  # median absolute deviations
STEP = 4  # so many outliers in a row are no outliers: the clock was set
KEPT_FRAMES = 2048
CANDIDATES = 8  # frames that a report may be of
MOST_RATE = UNIT // 500  # no clock is worse, also while it is being shifted
# A code is cut off, so the clock showed half its last place more, on average.
_HALF_PLACE_NS = 1_000_000_000 >> 25

Sample = tuple[int, int]  # mission time [ns], what the clock showed beyond it [ns]


@dataclass(frozen=True, slots=True)
class Correlation:
    """The clock's error as a line: at `reference_ns` it showed `offset_ns` too much, and gains at `rate`.

    rate: 1e-15. residual_ns: root mean square of the samples used. rejected: those of the window not used.
    """

    reference_ns: int
    offset_ns: int
    rate: int
    residual_ns: int
    samples: int
    rejected: int

    def error_ns(self, t_ns: int) -> int:
        """What the clock shows too much at mission time `t_ns`."""
        return self.offset_ns + self.rate * (t_ns - self.reference_ns) // UNIT

    def corrected_ns(self, shown_ns: int) -> int:
        """Mission time at which the clock showed what a perfect one shows at `shown_ns`."""
        t_ns = shown_ns
        for _ in range(3):  # each round gains the rate, a thousandth at worst
            t_ns = shown_ns - self.error_ns(t_ns)
        return t_ns


class TimeCorrelation:
    """light_time_ns: predicted one-way light time of a signal received at a mission time.

    on_sample: told of each sample, and of the correlation after it, if there is one.
    """

    def __init__(
        self,
        epoch: Epoch,
        light_time_ns: Callable[[int], int],
        on_sample: Callable[[Sample, Correlation | None], object] | None = None,
    ) -> None:
        self._epoch = epoch
        self._light_time_ns = light_time_ns
        self._on_sample = on_sample
        self._frames: deque[Sample] = deque(maxlen=KEPT_FRAMES)  # count, time of its first bit
        self._samples: deque[Sample] = deque(maxlen=WINDOW)
        self.correlation: Correlation | None = None
        self.taken = 0
        self.lost = 0  # reports whose frame was not received
        self.steps = 0

    def frame(self, count: int, first_bit_ns: int) -> None:
        """A frame of the channel that carries the reports: its count, and when its first bit came in."""
        self._frames.append((count, first_bit_ns))

    def report(self, rate_exponent: int, time: bytes, received_ns: int) -> None:
        """A time report of a packet that began in the frame received at `received_ns`."""
        posix_ns = pus.decode_time(time) + _HALF_PLACE_NS
        every = 1 << rate_exponent
        dated = (t for count, t in reversed(self._frames) if count % every == 0 and t < received_ns)
        candidates = [self._sample(t_ns, posix_ns) for t_ns in itertools.islice(dated, CANDIDATES)]
        if not candidates:
            self.lost += 1
            return
        self.add(min(candidates, key=self._away) if self._samples else candidates[0])

    def _away(self, sample: Sample) -> int:
        """How far a sample lies off what is known already."""
        if self.correlation is None:
            return abs(sample[1] - self._samples[-1][1])
        return abs(sample[1] - self.correlation.error_ns(sample[0]))

    def _sample(self, first_bit_ns: int, posix_ns: int) -> Sample:
        t_ns = first_bit_ns - self._light_time_ns(first_bit_ns)
        return t_ns, posix_ns - self._epoch.posix_ns(t_ns)

    def add(self, sample: Sample) -> None:
        """A mission time, and what the clock showed beyond it."""
        self.taken += 1
        self._samples.append(sample)
        samples = list(self._samples)
        used = _agreeing(samples)
        newest = samples[-STEP:]
        if len(samples) > STEP and not set(newest) & set(used):
            self.steps += 1
            self._samples = deque(newest, WINDOW)
            samples, used = newest, _agreeing(newest)
        self.correlation = _line(used, len(samples) - len(used))
        if self._on_sample is not None:
            self._on_sample(sample, self.correlation)

    def save(self) -> dict[str, Any]:
        return {
            "frames": [list(frame) for frame in self._frames],
            "samples": [list(sample) for sample in self._samples],
            "taken": self.taken,
            "lost": self.lost,
            "steps": self.steps,
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._frames = deque(((row[0], row[1]) for row in saved["frames"]), KEPT_FRAMES)
        self._samples = deque(((row[0], row[1]) for row in saved["samples"]), WINDOW)
        self.taken, self.lost, self.steps = saved["taken"], saved["lost"], saved["steps"]
        samples = list(self._samples)
        used = _agreeing(samples)
        self.correlation = _line(used, len(samples) - len(used))


def _agreeing(samples: Sequence[Sample]) -> list[Sample]:
    """Those near the line whose slope is the median of all pairs' (Theil 1950, Sen 1968)."""
    pairs = itertools.combinations(samples, 2)
    every = ((e1 - e0) * UNIT // (t1 - t0) for (t0, e0), (t1, e1) in pairs if t1 != t0)
    slopes = sorted(slope for slope in every if abs(slope) <= MOST_RATE)
    if not slopes:
        return list(samples)
    slope = slopes[len(slopes) // 2]
    t_0 = samples[0][0]
    levels = [error - slope * (t - t_0) // UNIT for t, error in samples]
    level = sorted(levels)[len(levels) // 2]
    off = [abs(one - level) for one in levels]
    allowed = max(OUTLIER_FLOOR_NS, OUTLIER_DEVIATIONS * sorted(off)[len(off) // 2])
    return [sample for sample, away in zip(samples, off, strict=True) if away <= allowed]


def _line(samples: Sequence[Sample], rejected: int) -> Correlation | None:
    """Least squares, through the samples' centre. None for too few, or where they tell of no clock."""
    count = len(samples)
    if count < LEAST:
        return None
    centre = sum(t for t, _ in samples) // count
    offset = sum(error for _, error in samples) // count
    square = sum((t - centre) ** 2 for t, _ in samples)
    rate = sum((t - centre) * (error - offset) for t, error in samples) * UNIT // square if square else 0
    if abs(rate) > MOST_RATE:
        return None
    residuals = (error - offset - rate * (t - centre) // UNIT for t, error in samples)
    return Correlation(
        centre, offset, rate, isqrt(sum(one * one for one in residuals) // count), count, rejected
    )
