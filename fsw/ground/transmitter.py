"""The station's telecommand transmitter: one burst after the other, each CLTU behind alternating bits.

231.0-B-4 section 5 (PLOP-2): the acquisition sequence lets the receiver lock before the first CLTU, the idle
sequence keeps it locked between CLTUs. The carrier is not modelled between bursts, so both go before each.
Octets and times only: whoever has a link takes the bursts.
"""

from dataclasses import dataclass
from typing import Any

from fsw.core.telecommand import ACQUISITION_OCTETS, acquisition_sequence
from fsw.kernel.time import SECOND


@dataclass(frozen=True, slots=True)
class Burst:
    """Octets that go on the air without a break from `start_ns` to `end_ns`."""

    start_ns: int
    end_ns: int
    octets: bytes


class Transmitter:
    """Gives each burst its time. Bursts may be given ahead, in any order; they never overlap."""

    def __init__(self, bit_rate_bit_s: float, acquisition_octets: int = ACQUISITION_OCTETS) -> None:
        self.octet_ns = round(8 * SECOND / bit_rate_bit_s)
        self.acquisition = acquisition_sequence(acquisition_octets)
        self._busy: list[list[int]] = []  # from, to [ns] of what has yet to end

    def radiate(self, octets: bytes, at_ns: int, now_ns: int) -> Burst:
        """Octets as they are, at `at_ns` or as soon after as the transmitter is free for so long."""
        duration_ns = len(octets) * self.octet_ns
        start_ns = at_ns
        earliest_ns = min(at_ns, now_ns)
        self._busy = [span for span in self._busy if span[1] > earliest_ns]
        for begin_ns, end_ns in self._busy:
            if start_ns + duration_ns <= begin_ns:
                break
            start_ns = max(start_ns, end_ns)
        self._busy.append([start_ns, start_ns + duration_ns])
        self._busy.sort()
        return Burst(start_ns, start_ns + duration_ns, octets)

    def radiate_cltu(self, cltu: bytes, at_ns: int, now_ns: int) -> Burst:
        """A CLTU behind its alternating bits."""
        return self.radiate(self.acquisition + cltu, at_ns, now_ns)

    def save(self) -> dict[str, Any]:
        return {"busy": [list(span) for span in self._busy]}

    def load(self, saved: dict[str, Any]) -> None:
        self._busy = [list(span) for span in saved["busy"]]
