"""How much of a grey picture is lit (c_core/flight/lit_subject.h)."""

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError


def count(grey: bytes, width: int, level: int, step: int) -> tuple[int, int, int]:
    """Of rows of `width` pixels: those of `level` or more; pairs of neighbours, in a row or a column, of
    which one is lit; and how many of these pairs differ by `step` or more (0 to 255 both)."""
    height = _rows(grey, width, level, step)
    found = lib.lit_subject_count(ffi.from_buffer("uint8_t[]", grey), width, height, level, step)
    return found.lit, found.outline, found.sharp


def details(grey: bytes, width: int, step: int) -> int:
    """Pixels brighter, or darker, than both neighbours in a row or a column by `step` or more (1 to 255)."""
    height = _rows(grey, width, 0, step)
    if not step:
        raise FswError("step 0: allowed are 1 to 255")
    return int(lib.lit_subject_details(ffi.from_buffer("uint8_t[]", grey), width, height, step))


def _rows(grey: bytes, width: int, level: int, step: int) -> int:
    if width < 1 or len(grey) % width:
        raise FswError(f"grey picture of {len(grey)} octets: allowed are whole rows of {width} pixels")
    if not 0 <= level <= 255 or not 0 <= step <= 255:
        raise FswError(f"level {level}, step {step}: allowed are 0 to 255")
    return len(grey) // width
