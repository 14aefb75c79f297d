"""Channel coding of telemetry, both ends' managed parameters and the sending half: CCSDS 131.0-B.

Frames and codeblocks are `uint8` arrays of shape (count, octets). Order on the link: Reed-Solomon
encode, randomise, attach the ASM, then the convolutional encoder over the endless stream of CADUs.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError

Octets = NDArray[np.uint8]
Randomizer = Literal["tm255", "tm131071", "tc255"]
Basis = Literal["conventional", "dual"]

ASM = bytes.fromhex("1acffc1d")
WORD_OCTETS = 255
MOST_INTERLEAVE = 8

_RANDOMIZERS: dict[str | None, int] = {
    None: lib.RANDOMIZER_NONE,
    "tm255": lib.RANDOMIZER_TM_255,
    "tm131071": lib.RANDOMIZER_TM_131071,
    "tc255": lib.RANDOMIZER_TC_255,
}


@dataclass(frozen=True, slots=True)
class ChannelCode:
    """Managed parameters of one telemetry channel's coding.

    randomizer: 'tm255' (x^8+x^7+x^5+x^3+1: 131.0-B-3 and before, Tianwen-1), 'tm131071' (since
    131.0-B-6), or None. reed_solomon: check octets of a code word: 32 for (255,223), 16 for (255,239),
    0 for none. basis, interleave: of the Reed-Solomon code. convolutional: rate 1/2 with the standard's
    inverted G2, 'plain' without the inversion, or None. asm: attached sync marker, 1 to 8 octets.

    Virtual fill follows from the frame length: a 220-octet frame makes (252,220).
    """

    randomizer: Literal["tm255", "tm131071"] | None = "tm131071"
    reed_solomon: Literal[32, 16, 0] = 32
    basis: Basis = "dual"
    interleave: int = 1
    convolutional: Literal["g2-inverted", "plain"] | None = None
    asm: bytes = ASM

    def __post_init__(self) -> None:
        if self.randomizer not in ("tm255", "tm131071", None):
            raise FswError(f"randomizer {self.randomizer!r}: allowed are 'tm255', 'tm131071' and None")
        if self.reed_solomon not in (32, 16, 0):
            raise FswError(f"Reed-Solomon check octets {self.reed_solomon!r}: allowed are 32, 16 and 0")
        _check_basis(self.basis)
        if not 1 <= self.interleave <= MOST_INTERLEAVE:
            raise FswError(f"interleave {self.interleave}: allowed are 1 to {MOST_INTERLEAVE}")
        if self.convolutional not in ("g2-inverted", "plain", None):
            raise FswError(
                f"convolutional code {self.convolutional!r}: allowed are 'g2-inverted', 'plain' and None"
            )
        if not 1 <= len(self.asm) <= lib.CHANNEL_MOST_MARKER_OCTETS:
            raise FswError(
                f"ASM of {len(self.asm)} octets: allowed are 1 to {lib.CHANNEL_MOST_MARKER_OCTETS}"
            )

    def codeblock_octets(self, frame_length: int) -> int:
        """Octets between ASM and ASM for frames of `frame_length` octets. FswError: does not fit."""
        octets: int = lib.channel_codeblock_octets(_c_code(self), max(0, frame_length))
        if not octets:
            raise FswError(self._why_not(frame_length))
        return octets

    def cadu_octets(self, frame_length: int) -> int:
        """ASM and codeblock."""
        return len(self.asm) + self.codeblock_octets(frame_length)

    def cadu_symbols(self, frame_length: int) -> int:
        """Channel symbols of one CADU."""
        return 8 * self.cadu_octets(frame_length) * (2 if self.convolutional else 1)

    def virtual_fill(self, frame_length: int) -> int:
        """Zero octets, not sent, at the front of each code word."""
        self.codeblock_octets(frame_length)
        if not self.reed_solomon:
            return 0
        return WORD_OCTETS - self.reed_solomon - frame_length // self.interleave

    def _why_not(self, frame_length: int) -> str:
        if not self.reed_solomon:
            return f"frame length {frame_length} octets: allowed are 1 to {lib.CHANNEL_LONGEST_FRAME_OCTETS}"
        return (
            f"frame length {frame_length} octets: allowed with RS(255,{WORD_OCTETS - self.reed_solomon}) "
            f"and interleave {self.interleave} are multiples of {self.interleave} up to "
            f"{(WORD_OCTETS - self.reed_solomon) * self.interleave}"
        )


def encode_cadus(frames: ArrayLike, code: ChannelCode) -> Octets:
    """Frames (n, L) as CADUs (n, code.cadu_octets(L)): coded, randomised, with ASM; not convolved."""
    return _encode(as_rows(frames, "frames"), code, marker=code.asm, randomizer=code.randomizer)


def rs_encode(
    frames: ArrayLike, *, parity: Literal[32, 16] = 32, basis: Basis = "dual", interleave: int = 1
) -> Octets:
    """Frames (n, L) as Reed-Solomon codeblocks (n, L + parity * interleave), not randomised."""
    code = ChannelCode(reed_solomon=parity, basis=basis, interleave=interleave)
    return _encode(as_rows(frames, "frames"), code, marker=b"", randomizer=None)


def rs_decode(
    codeblocks: ArrayLike,
    *,
    parity: Literal[32, 16] = 32,
    basis: Basis = "dual",
    interleave: int = 1,
    zero_fill: bool = True,
) -> tuple[Octets, NDArray[np.int8]]:
    """Codeblocks (n, length), not randomised, as frames (n, length - parity * interleave) and counts.

    The counts (n, interleave) are the symbols corrected in each code word, check octets included, or -1
    where a word could not be corrected: its octets are then as received. zero_fill=False also takes
    words whose encoder filled with something else than zeros (Queqiao's does), at the cost of one
    correction for each such octet; these are not counted.
    """
    rows = as_rows(codeblocks, "codeblocks")
    frame_length = rows.shape[1] - parity * interleave
    decoder = _decoder(parity, interleave, basis, frame_length, zero_fill)
    frames = np.empty((len(rows), frame_length), np.uint8)
    corrected = np.empty((len(rows), interleave), np.int8)
    lib.rs_decoder_decode(
        decoder,
        ffi.from_buffer("uint8_t[]", rows),
        rows.shape[1],
        len(rows),
        ffi.from_buffer("uint8_t[]", frames),
        ffi.from_buffer("int8_t[]", corrected),
    )
    return frames, corrected


def randomize(octets: ArrayLike, randomizer: Randomizer | None) -> Octets:
    """A copy of the rows (n, L), or of one row (L,), each XORed with the sequence from its beginning."""
    if randomizer not in _RANDOMIZERS:
        raise FswError(f"randomizer {randomizer!r}: allowed are 'tm255', 'tm131071', 'tc255' and None")
    out = np.array(octets, dtype=np.uint8, order="C")
    rows = out if out.ndim == 2 else out.reshape(1, -1)
    lib.randomizer_apply_rows(
        _RANDOMIZERS[randomizer], ffi.from_buffer("uint8_t[]", rows), rows.shape[1], len(rows)
    )
    return out


class ConvolutionalEncoder:
    """The rate 1/2, constraint length 7 encoder over an endless stream of octets."""

    def __init__(self, g2_inverted: bool = True) -> None:
        self._state = ffi.new("convolutional_t *", {"last_bits": 0, "invert_g2": g2_inverted})

    def encode(self, octets: ArrayLike | bytes) -> Octets:
        """Packed symbols, first one most significant: two octets for each octet in."""
        data = as_octets(octets)
        symbols = np.empty(2 * data.size, np.uint8)
        lib.convolutional_encode(
            self._state,
            ffi.from_buffer("uint8_t[]", data),
            data.size,
            ffi.from_buffer("uint8_t[]", symbols),
        )
        return symbols

    def save(self) -> dict[str, Any]:
        return {"last_bits": self._state.last_bits, "g2_inverted": bool(self._state.invert_g2)}

    def load(self, saved: dict[str, Any]) -> None:
        if not 0 <= saved["last_bits"] < 64:
            raise FswError(f"saved encoder holds bits {saved['last_bits']}: allowed are 0 to 63")
        self._state.last_bits = saved["last_bits"]
        self._state.invert_g2 = saved["g2_inverted"]


# ---- shared with the receiving half ---------------------------------------------------------------


def as_octets(data: ArrayLike | bytes) -> Octets:
    """One contiguous row of octets, without a copy where possible."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        return np.frombuffer(data, np.uint8)
    array = np.asarray(data)
    if array.dtype != np.uint8:
        raise FswError(f"octets given as {array.dtype}: allowed is uint8, or bytes")
    return np.ascontiguousarray(array).reshape(-1)


def as_rows(data: ArrayLike, what: str) -> Octets:
    """Contiguous rows (n, L) of octets; one row (L,) becomes (1, L)."""
    array = np.asarray(data)
    if array.dtype != np.uint8 or array.ndim not in (1, 2):
        raise FswError(f"{what} given as {array.dtype} {array.shape}: allowed is uint8 (count, octets)")
    return np.ascontiguousarray(array.reshape(-1, array.shape[-1]))


def _check_basis(basis: str) -> None:
    if basis not in get_args(Basis):
        raise FswError(f"basis {basis!r}: allowed are 'conventional' and 'dual'")


@lru_cache(maxsize=16)
def _c_code(code: ChannelCode, marker: bytes | None = None, randomizer: str | None = None) -> Any:
    return ffi.new(
        "channel_code_t *",
        {
            "marker": list(code.asm if marker is None else marker),
            "marker_octets": len(code.asm if marker is None else marker),
            "randomizer": _RANDOMIZERS[randomizer],
            "reed_solomon_used": bool(code.reed_solomon),
            "reed_solomon": (code.reed_solomon, code.interleave, code.basis == "dual"),
        },
    )


def _encode(frames: Octets, code: ChannelCode, *, marker: bytes, randomizer: str | None) -> Octets:
    count, length = frames.shape
    out = np.empty((count, len(marker) + code.codeblock_octets(length)), np.uint8)
    lib.channel_encode(
        _c_code(code, marker, randomizer),
        ffi.from_buffer("uint8_t[]", frames),
        length,
        count,
        ffi.from_buffer("uint8_t[]", out),
    )
    return out


@lru_cache(maxsize=16)
def _decoder(
    parity: Literal[32, 16], interleave: int, basis: Basis, frame_length: int, zero_fill: bool
) -> Any:
    """Tables of the Reed-Solomon decoder, made once for each code and only read afterwards."""
    ChannelCode(reed_solomon=parity, basis=basis, interleave=interleave).codeblock_octets(frame_length)
    decoder = ffi.new("rs_decoder_t *")
    code = ffi.new("reed_solomon_code_t *", (parity, interleave, basis == "dual"))
    if not lib.rs_decoder_init(decoder, code, frame_length, zero_fill):
        raise AssertionError("checked by codeblock_octets")
    return decoder
