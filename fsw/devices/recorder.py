"""A recorder as a level: what flows in and out of it at steady rates, exactly.

For months at a time, where `fsw.devices.mass_memory` keeps the octets themselves. Volumes are integers of
bits times nanoseconds a second, a rate in bit/s times a time in ns, so nothing is ever rounded.
"""

from dataclasses import dataclass

OCTET = 8 * 1_000_000_000  # as such a volume


@dataclass(slots=True)
class Recorder:
    """limit: what it may hold. level: what it holds. The others: all that came, went, found no room."""

    limit: int
    level: int = 0
    recorded: int = 0
    returned: int = 0
    turned_away: int = 0

    def flow(self, span_ns: int, in_bit_s: int, out_bit_s: int) -> int:
        """Both rates for a time; what went out.

        The empty recorder sends no more than comes in; the full one takes no more than goes out.
        """
        offered, wanted = span_ns * in_bit_s, span_ns * out_bit_s
        # The level moves one way only, and stays where it meets an end.
        came = min(offered, self.limit - self.level + wanted)
        sent = min(wanted, self.level + came)
        self.level += came - sent
        self.recorded += came
        self.returned += sent
        self.turned_away += offered - came
        return sent
