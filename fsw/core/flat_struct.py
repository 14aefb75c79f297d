"""Structs of C as octets: flat, so that a snapshot has all of one, and numpy reads rows of them."""

from typing import Any

import numpy as np

from fsw.core.binding import ffi
from fsw.core.errors import FswError


def load_struct(state: Any, saved: bytes, name: str) -> None:
    """Make the struct that `state` points to what was saved. FswError, and no change, if that is of another
    size."""
    size = ffi.sizeof(state[0])
    if len(saved) != size:
        raise FswError(f"saved {name} of {len(saved)} octets: allowed is {size} (this build)")
    ffi.memmove(state, saved, size)


def check_rows(dtype: np.dtype[np.void], struct: str) -> None:
    """ImportError, for the module that declares it, if rows of `dtype` are not as large as C's struct."""
    if dtype.itemsize != ffi.sizeof(struct):
        raise ImportError(f"{struct} is {ffi.sizeof(struct)} octets in C, {dtype.itemsize} here")
