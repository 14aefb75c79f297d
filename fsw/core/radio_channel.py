"""What a radio link does to symbols and bits: noise whose every draw is fixed by seed and position."""

from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fsw.core.binding import ffi, lib
from fsw.core.channel_coding import Octets, as_octets
from fsw.core.errors import FswError

_WORD = (1 << 64) - 1
LEAST_ES_N0_DB, MOST_ES_N0_DB = -30.0, 40.0


def soft_symbols(
    packed_symbols: ArrayLike | bytes,
    count: int | None = None,
    es_n0_db: float = 0.0,
    *,
    seed: int,
    position: int,
    inverted: bool = False,
) -> Octets:
    """Packed symbols (first one most significant) through white Gaussian noise, as `count` soft octets.

    Soft octets are offset binary: 0 a sure 0, 255 a sure 1. es_n0_db: symbol energy over noise density,
    dB, taken as -30 to 40. position: number of the first symbol in its stream; what happens to a symbol
    depends on seed and position alone, however the stream is cut. inverted: the link turns polarity.
    """
    packed = as_octets(packed_symbols)
    count = 8 * packed.size if count is None else count
    if not 0 <= count <= 8 * packed.size:
        raise FswError(f"{count} symbols of {packed.size} octets: allowed are 0 to {8 * packed.size}")
    if not isfinite(es_n0_db):
        raise FswError(f"Es/N0 {es_n0_db} dB: allowed are finite values")
    _check_position(position)
    soft = np.empty(count, np.uint8)
    lib.radio_channel_soft_symbols(
        _channel(min(max(float(es_n0_db), LEAST_ES_N0_DB), MOST_ES_N0_DB)),
        ffi.from_buffer("uint8_t[]", packed),
        count,
        seed & _WORD,
        position,
        inverted,
        ffi.from_buffer("uint8_t[]", soft),
    )
    return soft


def flip_bits(octets: ArrayLike | bytes, bit_error_rate: float, *, seed: int, position: int) -> Octets:
    """A copy with each bit inverted with the chance `bit_error_rate` (0 to 1); position: of the first bit."""
    if not 0 <= bit_error_rate <= 1:
        raise FswError(f"bit error rate {bit_error_rate}: allowed are 0 to 1")
    _check_position(position)
    out = as_octets(octets).copy()
    lib.radio_channel_flip_bits(
        ffi.from_buffer("uint8_t[]", out), out.size, bit_error_rate, seed & _WORD, position
    )
    return out


def _check_position(position: int) -> None:
    if not 0 <= position <= _WORD:
        raise FswError(f"position {position}: allowed are 0 to {_WORD}")


@lru_cache(maxsize=64)
def _channel(es_n0_db: float) -> Any:
    channel = ffi.new("radio_channel_t *")
    lib.radio_channel_init(channel, es_n0_db)
    return channel
