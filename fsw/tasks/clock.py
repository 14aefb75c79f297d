"""An on-board clock: what its oscillator counts, as the spacecraft writes it and as the ground steers it.

It shows nanoseconds since 2015-12-31T16:00Z (the epoch of the real Tianwen-1), leap seconds not counted:
as 100 us ticks in insert zones, as CUC 4+3 in PUS reports and to the camera. The scheduler runs on
mission time, as hardware timers do; who promises something at an on-board time asks `mission_ns`.

The ground may set the clock forward (a jump), shift it (at most `SLEW_DIVISOR`ths faster or slower until
the shift is done) and trim its rate. So it never goes back, whatever is commanded.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fsw.dictionary import tianwen1
from fsw.dictionary.identifiers import TimeStatus
from fsw.kernel.time import DAY, Epoch, tai_from_utc
from fsw.protocols import time_codes

SLEW_DIVISOR = 1024  # a shift of 1 s takes 1024 s
TRIM_UNIT = 10**12
MOST_TRIM = 10**7  # 1e-5

_CUC = time_codes.CucFormat(coarse=4, fine=3, implicit=True)
_TICK_NS = tianwen1.CLOCK_TICK_NS
_TIANWEN2_EPOCH_NS = 1461 * DAY  # 2019-12-31T16:00Z from our own
_RATE_OVER_NS = 100_000_000  # shorter, and the nanosecond's rounding tells more than the rate
_SLEW = TRIM_UNIT // SLEW_DIVISOR
assert _SLEW * SLEW_DIVISOR == TRIM_UNIT  # so that both corrections are rounded once, together


class Counter(Protocol):
    """What a clock counts by: `fsw.devices.oscillator`."""

    def count_ns(self, now_ns: int) -> int:
        """Nanoseconds counted at mission time `now_ns`; never goes back."""
        ...


class _Perfect:
    def count_ns(self, now_ns: int) -> int:
        return now_ns


class OnBoardClock:
    """Shows at mission time 0 what the calendar and the counter's offset say, until it is steered.

    Read it at any mission time, past ones too: what it says of times to come holds until it is steered.
    counter: None for one without error.
    """

    def __init__(self, epoch: Epoch, counter: Counter | None = None) -> None:
        zero = Epoch(tai_from_utc(tianwen1.EPOCH_UTC))
        self._counter: Counter = _Perfect() if counter is None else counter
        # Since the base: shown = base_shown + elapsed + elapsed * trim + what of the shift is done.
        self._base_count = 0
        self._base_shown = epoch.posix_ns(0) - zero.posix_ns(0)
        self._trim = 0  # in TRIM_UNITths
        self._shift_ns = 0  # to do since the base
        self._set = False
        self._inverse: tuple[int, int] | None = None  # what `mission_ns` was last asked, and its answer
        self._rate = (1, 1)  # nanoseconds shown and passed between two such answers: only a first guess

    # ---- reading --------------------------------------------------------------------------------

    def agency_ns(self, now_ns: int) -> int:
        """Nanoseconds since 2015-12-31T16:00Z that it shows at mission time `now_ns`. Never goes back."""
        elapsed = self._counter.count_ns(now_ns) - self._base_count
        if self._trim or self._shift_ns:
            return self._base_shown + elapsed + self._correction(elapsed)
        return self._base_shown + elapsed

    def _correction(self, elapsed: int) -> int:
        shifted = min(max(0, elapsed) * _SLEW, abs(self._shift_ns) * TRIM_UNIT)
        return (elapsed * self._trim + (shifted if self._shift_ns > 0 else -shifted)) // TRIM_UNIT

    def agency_ns_of(self, times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The same for ascending times within two seconds, as if the rate were constant between them.

        It is, but where the counter's wander bends (nanoseconds) or a shift ends (a quarter millisecond).
        """
        if not len(times_ns):
            return times_ns
        first_ns, span_ns = int(times_ns[0]), int(times_ns[-1] - times_ns[0])
        first = self.agency_ns(first_ns)
        if span_ns == 0:
            return np.full(len(times_ns), first, np.int64)
        # The product stays within 63 bits: twice 2e9.
        assert span_ns <= 2_000_000_000
        gained = self.agency_ns(first_ns + span_ns) - first
        shown: npt.NDArray[np.int64] = first + (times_ns - first_ns) * gained // span_ns
        return shown

    def mission_ns(self, agency_ns: int) -> int:
        """The first mission time at which it shows `agency_ns` or more; in the past if it has jumped over."""
        t_ns = agency_ns - self._base_shown
        if self._inverse is not None:
            if self._inverse[0] == agency_ns:
                return self._inverse[1]
            # On from the latest answer at the rate between the two before: mostly a nanosecond off.
            shown, passed = self._rate
            t_ns = self._inverse[1] + (agency_ns - self._inverse[0]) * passed // shown
        # Rates differ from 1 by a thousandth at most, so each turn gains three digits.
        while abs(short := agency_ns - self.agency_ns(t_ns)) > 2:
            t_ns += short
        while short > 0:
            t_ns += 1
            short = agency_ns - self.agency_ns(t_ns)
        while self.agency_ns(t_ns - 1) >= agency_ns:
            t_ns -= 1
        if self._inverse is not None and agency_ns - self._inverse[0] >= _RATE_OVER_NS:
            self._rate = agency_ns - self._inverse[0], t_ns - self._inverse[1]
        self._inverse = agency_ns, t_ns
        return t_ns

    def ticks(self, now_ns: int) -> int:
        """Ticks of 100 us."""
        return self.agency_ns(now_ns) // _TICK_NS

    def cuc(self, now_ns: int) -> bytes:
        """CUC 4+3 without P-field, 7 octets."""
        return _CUC.encode(self.agency_ns(now_ns))

    def lander_ticks(self, now_ns: int) -> int:
        """Ticks of 2**-16 s since the same epoch, as the lander stack's frames carry."""
        return (self.agency_ns(now_ns) << 16) // 1_000_000_000

    def tianwen2_ticks(self, now_ns: int) -> int:
        """Ticks of 2**-16 s since 2019-12-31T16:00Z, no leap seconds, as Tianwen-2's frames carry."""
        return (self.agency_ns(now_ns) - _TIANWEN2_EPOCH_NS << 16) // 1_000_000_000

    def status(self, now_ns: int) -> TimeStatus:
        """The time reference status that PUS headers carry."""
        if self._shift_left(now_ns):
            return TimeStatus.SHIFTING
        return TimeStatus.SET if self._set else TimeStatus.FREE_RUNNING

    def _shift_left(self, now_ns: int) -> int:
        if not self._shift_ns:
            return 0
        elapsed = max(0, self._counter.count_ns(now_ns) - self._base_count)
        left = max(0, abs(self._shift_ns) - elapsed // SLEW_DIVISOR)
        return left if self._shift_ns > 0 else -left

    # ---- steering -------------------------------------------------------------------------------

    def set(self, agency_ns: int, now_ns: int) -> bool:
        """Show `agency_ns` from now on, a shift under way forgotten. False, and nothing, if that is back."""
        if agency_ns < self.agency_ns(now_ns):
            return False
        self._rebase(now_ns)
        self._base_shown, self._shift_ns = agency_ns, 0
        self._set = True
        return True

    def synchronise(self, agency_ns: int, now_ns: int) -> None:
        """As `set`, but back too: for a clock that nobody has relied on yet."""
        self._rebase(now_ns)
        self._base_shown, self._shift_ns = agency_ns, 0

    def shift(self, by_ns: int, now_ns: int) -> None:
        """Gain (or lose) so much, little by little, besides what a shift under way has still to do."""
        left_ns = self._shift_left(now_ns)
        self._rebase(now_ns)
        self._shift_ns = left_ns + by_ns
        self._set = True

    def trim(self, rate: int, now_ns: int) -> None:
        """Run faster by so many 1e-12 than the counter, at most `MOST_TRIM` to either side."""
        assert abs(rate) <= MOST_TRIM
        left_ns = self._shift_left(now_ns)
        self._rebase(now_ns)
        self._trim, self._shift_ns = rate, left_ns
        self._set = True

    def _rebase(self, now_ns: int) -> None:
        """What it shows now is the new base: no step, whatever the corrections become."""
        self._base_shown = self.agency_ns(now_ns)
        self._base_count = self._counter.count_ns(now_ns)
        self._inverse = None

    def save(self) -> dict[str, Any]:
        return {
            "base_count": self._base_count,
            "base_shown": self._base_shown,
            "trim": self._trim,
            "shift_ns": self._shift_ns,
            "set": self._set,
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._base_count = saved["base_count"]
        self._base_shown = saved["base_shown"]
        self._trim = saved["trim"]
        self._shift_ns = saved["shift_ns"]
        self._set = saved["set"]
        self._inverse = None
