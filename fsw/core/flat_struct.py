"""C state out of snapshots: it is flat, so the octets of the struct are all of it."""

from typing import Any

from fsw.core.binding import ffi
from fsw.core.errors import FswError


def load_struct(state: Any, saved: bytes, name: str) -> None:
    """Make the struct that `state` points to what was saved. FswError, and no change, if that is of another
    size."""
    size = ffi.sizeof(state[0])
    if len(saved) != size:
        raise FswError(f"saved {name} of {len(saved)} octets: allowed is {size} (this build)")
    ffi.memmove(state, saved, size)
