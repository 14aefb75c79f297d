"""CRC-16/CCITT-FALSE (0x1021, preset to ones): FECF of frames, packet error control of PUS.

232.0-B-4 4.1.4.2, 132.0-B-3 4.1.6, ECSS-E-ST-70-41C annex B.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError

PRESET = 0xFFFF

_bulk: Callable[[int, Any, int], int] = lib.crc16_bulk


def crc16(data: Any, initial: int = PRESET) -> int:
    """CRC of anything with a contiguous buffer, continuing from `initial`.

    The CRC over data followed by its own CRC, most significant octet first, is 0.
    """
    try:
        return _bulk(initial, data, len(data))  # bytes cross as they are: the shortest way
    except (TypeError, OverflowError):
        pass
    if not 0 <= initial <= 0xFFFF:
        raise FswError(f"CRC initial value {initial}: allowed are 0 to 65535")
    try:
        octets = ffi.from_buffer(data)
    except (TypeError, ValueError, BufferError) as error:
        raise FswError(f"CRC of {type(data).__name__}: allowed are contiguous buffers ({error})") from error
    return _bulk(initial, ffi.cast("uint8_t *", octets), len(octets))


def crc16_many(
    octets: Any,
    offsets: npt.NDArray[np.uint64],
    lengths: npt.NDArray[np.uint32],
    initial: int = PRESET,
) -> npt.NDArray[np.uint16]:
    """CRCs of many runs in one buffer: run i is octets[offsets[i] : offsets[i] + lengths[i]]."""
    buffer = ffi.from_buffer("uint8_t[]", octets)
    starts = np.ascontiguousarray(offsets, dtype=np.uint64)
    sizes = np.ascontiguousarray(lengths, dtype=np.uint32)
    if starts.ndim != 1 or starts.shape != sizes.shape:
        raise FswError(f"offsets {starts.shape} and lengths {sizes.shape}: allowed are two equal rows")
    if not 0 <= initial <= 0xFFFF:
        raise FswError(f"CRC initial value {initial}: allowed are 0 to 65535")
    total = len(buffer)
    if starts.size and (int(starts.max()) > total or bool((starts + sizes > total).any())):
        raise FswError(f"a run ends beyond the {total} octets given")
    crcs = np.empty(starts.size, np.uint16)
    lib.crc16_bulk_many(
        initial,
        buffer,
        ffi.from_buffer("uint64_t[]", starts),
        ffi.from_buffer("uint32_t[]", sizes),
        starts.size,
        ffi.from_buffer("uint16_t[]", crcs, require_writable=True),
    )
    return crcs
