"""All figures of `fsw bench`, by name."""

from collections.abc import Callable, Collection, Iterator

from fsw.bench import cfdp, coding, flights, frames, long_flight, packets
from fsw.bench.figure import Figure
from fsw.core.errors import FswError


def _of(measure: Callable[[], list[Figure]]) -> Callable[[Collection[str]], list[Figure]]:
    return lambda names: [figure for figure in measure() if figure.name in names]


_SUBJECTS: tuple[tuple[tuple[str, ...], Callable[[Collection[str]], list[Figure]]], ...] = (
    (("help_seconds",), flights.measure),
    (
        ("crc_1k", "crc_64k", "packet_encode_64", "packet_decode_64", "frames_to_packets"),
        _of(packets.measure),
    ),
    (("rs_decode_0", "rs_decode_8", "rs_decode_16", "viterbi"), _of(coding.measure)),
    (("cfdp_10mb",), _of(cfdp.measure)),
    (frames.NAMES, frames.measure),
    (("housekeeping",), flights.measure),
    (("long_flight", "long_flight_growth_mb"), _of(long_flight.measure)),
    (("flight_stored_frame", "flight_800x600", "flight_1600x1200", "peak_memory_mb"), flights.measure),
)
NAMES = tuple(name for names, _ in _SUBJECTS for name in names)


def measured(only: Collection[str] = ()) -> Iterator[Figure]:
    """Figures as they are measured, the quick ones first; all, or those named.

    Raises FswError on a name that there is not.
    """
    unknown = [name for name in only if name not in NAMES]
    if unknown:
        raise FswError(f"bench {', '.join(unknown)}: allowed are {', '.join(NAMES)}")
    for names, measure in _SUBJECTS:
        wanted = [name for name in names if not only or name in only]
        if wanted:
            yield from measure(wanted)
