"""Karn's libfec (Debian `libfec-dev`) through cffi, as a peer to measure and to be judged by."""

from functools import cache
from typing import Any

import cffi

_DECLARATIONS = """
void encode_rs_8(unsigned char *data, unsigned char *parity, int pad);
int decode_rs_8(unsigned char *data, int *eras_pos, int no_eras, int pad);
void encode_rs_ccsds(unsigned char *data, unsigned char *parity, int pad);
int decode_rs_ccsds(unsigned char *data, int *eras_pos, int no_eras, int pad);
void *create_viterbi27(int len);
void set_viterbi27_polynomial(int polys[2]);
int init_viterbi27(void *vp, int starting_state);
int update_viterbi27_blk(void *vp, unsigned char sym[], int npairs);
int chainback_viterbi27(void *vp, unsigned char *data, unsigned int nbits, unsigned int endstate);
void delete_viterbi27(void *vp);
"""


@cache
def libfec() -> tuple[Any, Any] | None:
    """(ffi, library), or None where it is not installed."""
    ffi = cffi.FFI()
    ffi.cdef(_DECLARATIONS)
    for name in ("libfec.so.0", "libfec.so"):
        try:
            return ffi, ffi.dlopen(name)
        except OSError:
            continue
    return None
