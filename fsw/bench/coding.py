"""Decoding speeds beside libfec's: Reed-Solomon (255,223) with 0, 8 and 16 errors, and Viterbi."""

from collections.abc import Callable
from functools import partial

import numpy as np

from fsw.bench.figure import Figure, paired_seconds
from fsw.bench.libfec import libfec
from fsw.core.channel_coding import ConvolutionalEncoder, Octets, rs_decode, rs_encode
from fsw.core.radio_channel import soft_symbols
from fsw.core.receiver import ViterbiDecoder

_WORDS = 1024
_RS_GOALS = {0: 100.0, 8: 25.0, 16: 20.0}
_VITERBI_BITS = 1 << 17
_VITERBI_GOAL_MBIT, _VITERBI_GOAL_RATIO = 200.0, 10.0
_ABSENT = " (not installed: apt-get install libfec-dev)"


def measure() -> list[Figure]:
    return [*(_reed_solomon(errors) for errors in _RS_GOALS), _viterbi()]


def _reed_solomon(errors: int) -> Figure:
    """Corrected megabytes of frame data a second, conventional basis, words all alike in errors."""
    rng = np.random.default_rng(1)
    words = rs_encode(rng.integers(0, 256, (_WORDS, 223), dtype=np.uint8), basis="conventional")
    for word in words:
        word[rng.choice(255, errors, replace=False)] ^= rng.integers(1, 256, errors, dtype=np.uint8)
    megabytes = _WORDS * 223 / 1e6
    corrected = rs_decode(words, basis="conventional")[1]
    if not (corrected == errors).all():
        raise AssertionError("the decoder under measurement does not decode")
    ours, peer = partial(rs_decode, words, basis="conventional"), _libfec_reed_solomon(words)
    return _beside(f"rs_decode_{errors}", megabytes, "MB", ours, "decode_rs_8", peer, _RS_GOALS[errors])


def _viterbi() -> Figure:
    """Decoded megabits a second, soft decisions, at 4 dB Eb/N0."""
    data = np.random.default_rng(1).integers(0, 256, _VITERBI_BITS // 8, dtype=np.uint8)
    symbols = ConvolutionalEncoder(False).encode(data)
    soft = soft_symbols(symbols, es_n0_db=1.0, seed=1, position=0)
    ours, peer = partial(ViterbiDecoder(False).feed, soft), _libfec_viterbi(soft)
    megabits = _VITERBI_BITS / 1e6
    goals = _VITERBI_GOAL_RATIO, _VITERBI_GOAL_MBIT
    return _beside("viterbi", megabits, "Mbit", ours, "viterbi27", peer, *goals)


def _beside(
    name: str,
    amount: float,
    unit: str,
    ours: Callable[[], object],
    function: str,
    peer: Callable[[], object] | None,
    least_ratio: float,
    least: float | None = None,
) -> Figure:
    """How much of the unit a second we do, and the function of libfec. least: that much in any case."""
    seconds, theirs = paired_seconds(ours, peer or ours)
    value, ratio = amount / seconds, theirs / seconds
    goal = "" if least is None else f">= {least:g} {unit}/s and "
    return Figure(
        name=name,
        value=value,
        unit=f"{unit}/s",
        peer=f"libfec {function}" + ("" if peer else _ABSENT),
        peer_value=amount / theirs if peer else None,
        ratio=ratio if peer else None,
        goal=f"{goal}>= {least_ratio:g}x libfec",
        met=ratio >= least_ratio and value >= (least or 0.0) if peer else None,
    )


def _libfec_reed_solomon(words: Octets) -> Callable[[], object] | None:
    found = libfec()
    if found is None:
        return None
    ffi, library = found
    work = np.empty_like(words)
    pointers = [ffi.cast("unsigned char *", work.ctypes.data + 255 * k) for k in range(len(work))]
    null, decode = ffi.NULL, library.decode_rs_8

    def run() -> None:
        work[:] = words  # it corrects in place
        for pointer in pointers:
            decode(pointer, null, 0, 0)

    return run


def _libfec_viterbi(soft: Octets) -> Callable[[], object] | None:
    found = libfec()
    if found is None:
        return None
    ffi, library = found
    steps = soft.size // 2
    decoder = library.create_viterbi27(steps)
    # Its bits run the other way and 0x6d comes second: the same code as ours.
    library.set_viterbi27_polynomial(ffi.new("int[2]", [0x4F, 0x6D]))
    symbols = ffi.from_buffer("unsigned char[]", soft)
    octets = ffi.new("unsigned char[]", steps // 8 + 8)

    def run() -> None:
        library.init_viterbi27(decoder, 0)
        library.update_viterbi27_blk(decoder, symbols, steps)
        library.chainback_viterbi27(decoder, octets, steps - 6, 0)

    return run
