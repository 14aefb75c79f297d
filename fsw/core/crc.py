"""CRC-16/CCITT-FALSE (0x1021, preset to ones): FECF of frames, packet error control of PUS.

232.0-B-4 4.1.4.2, 132.0-B-3 4.1.6, ECSS-E-ST-70-41C annex B.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError

PRESET = 0xFFFF

crc16: Callable[..., int] = ctypes.cast(lib.crc16_builtin(), ctypes.py_object).value
"""crc16(data, /, initial=0xFFFF): CRC of anything with a contiguous buffer, continuing from `initial`.

The CRC over data followed by its own CRC, most significant octet first, is 0. FswError if `data` is no
contiguous buffer or `initial` has more than 16 bits. A built-in function (host/crc16_builtin.h): through
cffi the call would take four times as long as the CRC of a kilobyte.
"""


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
