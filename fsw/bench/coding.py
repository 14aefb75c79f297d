"""Decoding speeds beside libfec's: Reed-Solomon (255,223) with 0, 8 and 16 errors, and Viterbi."""

from collections.abc import Callable

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
    goal = _RS_GOALS[errors]

    peer = _libfec_reed_solomon(words)
    ours, theirs = _seconds(lambda: rs_decode(words, basis="conventional"), peer)
    ratio = theirs / ours if theirs else None
    return Figure(
        name=f"rs_decode_{errors}",
        value=megabytes / ours,
        unit="MB/s",
        peer="libfec decode_rs_8" + ("" if peer else _ABSENT),
        peer_value=megabytes / theirs if theirs else None,
        ratio=ratio,
        goal=f">= {goal:g}x libfec",
        met=None if ratio is None else ratio >= goal,
    )


def _viterbi() -> Figure:
    """Decoded megabits a second, soft decisions, at 4 dB Eb/N0."""
    data = np.random.default_rng(1).integers(0, 256, _VITERBI_BITS // 8, dtype=np.uint8)
    symbols = ConvolutionalEncoder(False).encode(data)
    soft = soft_symbols(symbols, es_n0_db=1.0, seed=1, position=0)
    decoder = ViterbiDecoder(False)
    peer = _libfec_viterbi(soft)
    ours, theirs = _seconds(lambda: decoder.feed(soft), peer)
    megabits = _VITERBI_BITS / 1e6
    ratio = theirs / ours if theirs else None
    value = megabits / ours
    return Figure(
        name="viterbi",
        value=value,
        unit="Mbit/s",
        peer="libfec viterbi27" + ("" if peer else _ABSENT),
        peer_value=megabits / theirs if theirs else None,
        ratio=ratio,
        goal=f">= {_VITERBI_GOAL_MBIT:g} Mbit/s and >= {_VITERBI_GOAL_RATIO:g}x libfec",
        met=None if ratio is None else value >= _VITERBI_GOAL_MBIT and ratio >= _VITERBI_GOAL_RATIO,
    )


def _seconds(ours: Callable[[], object], peer: Callable[[], object] | None) -> tuple[float, float | None]:
    if peer is None:
        return paired_seconds(ours, ours)[0], None
    return paired_seconds(ours, peer)


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
