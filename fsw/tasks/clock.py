"""The orbiter's clock: mission time as the spacecraft writes it into packets and frames.

It counts 100 us ticks of UTC from 2015-12-31T16:00Z (the epoch of the real Tianwen-1); PUS reports
and the camera use the same epoch in CUC 4+3.
"""

from fsw.dictionary import tianwen1
from fsw.kernel.time import Epoch, tai_from_utc
from fsw.protocols import time_codes

_CUC = time_codes.CucFormat(coarse=4, fine=3, implicit=True)
_TICK_NS = tianwen1.CLOCK_TICK_NS


class OnBoardClock:
    """Conversions from mission time. A pure function of its epoch: nothing to save."""

    def __init__(self, epoch: Epoch) -> None:
        zero = Epoch(tai_from_utc(tianwen1.EPOCH_UTC))
        self._offset_ns = epoch.posix_ns(0) - zero.posix_ns(0)
        self._epoch = epoch

    def agency_ns(self, now_ns: int) -> int:
        """Nanoseconds since 2015-12-31T16:00Z, leap seconds not counted."""
        return now_ns + self._offset_ns

    def mission_ns(self, agency_ns: int) -> int:
        """Mission time of such a count."""
        return agency_ns - self._offset_ns

    def ticks(self, now_ns: int) -> int:
        """Ticks of 100 us."""
        return (now_ns + self._offset_ns) // _TICK_NS

    def cuc(self, now_ns: int) -> bytes:
        """CUC 4+3 without P-field, 7 octets."""
        return _CUC.encode(now_ns + self._offset_ns)

    def lander_ticks(self, now_ns: int) -> int:
        """Ticks of 2**-16 s since the same epoch, as the lander stack's frames carry."""
        return ((now_ns + self._offset_ns) << 16) // 1_000_000_000
