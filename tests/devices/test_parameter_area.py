"""The protected parameter area: one wrong bit in a word is mended, two are found, whichever they are."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.devices.parameter_area import CELL_BITS, ParameterArea, check_bits
from fsw.kernel.seeds import Streams

WORDS = st.binary(min_size=8, max_size=8)


@given(words=st.lists(WORDS, min_size=1, max_size=6))
def test_what_was_written_is_read(words):
    area = ParameterArea(words)
    assert area.read() == (tuple(words), 0)
    area.write({0: bytes(8), 99: b"\xff" * 8})
    assert area.read() == ((bytes(8), *words[1:]), 0)


@given(word=WORDS)
def test_check_bits_are_linear_and_no_word_is_near_another(word):
    other = bytes([0x80, 0, 0, 1, 0, 0x10, 0, 0])
    both = bytes(a ^ b for a, b in zip(word, other, strict=True))
    assert check_bits(both) == check_bits(word) ^ check_bits(other)
    # Distance 4 of a linear code: no word but 0 has fewer than four bits, check bits included.
    ones = int.from_bytes(word, "big").bit_count() + check_bits(word).bit_count()
    assert word == bytes(8) or ones >= 4


@pytest.mark.parametrize("word", [bytes(8), b"\xff" * 8, bytes.fromhex("4016000000000000")])
def test_any_single_upset_is_mended_and_any_two_are_found(word):
    for bit in range(CELL_BITS):
        area = ParameterArea([word, b"neighbou"])
        area.flip(bit)
        assert area.read() == ((word, b"neighbou"), 1)
        assert area.read() == ((word, b"neighbou"), 0)  # it stays mended
    for one, other in itertools.combinations(range(CELL_BITS), 2):
        area = ParameterArea([word, b"neighbou"])
        area.flip(one)
        area.flip(other)
        assert area.read() == ((None, b"neighbou"), 0)


class Irradiated:
    """Wraps an area: with every read some bits have flipped before, by a seeded stream."""

    def __init__(self, area, stream, upsets):
        self._area, self._stream, self._upsets = area, stream, upsets

    def read(self):
        for _ in range(self._upsets):
            self._area.flip(int(self._stream.uniform() * self._area.bits))
        return self._area.read()


@given(words=st.lists(WORDS, min_size=4, max_size=9), seed=st.integers(0, 2**32))
def test_scrubbed_often_enough_nothing_is_ever_lost(words, seed):
    area = Irradiated(ParameterArea(words), Streams(seed).stream("upsets"), 1)
    for _ in range(40):
        assert area.read() == (tuple(words), 1)


@given(words=st.lists(WORDS, min_size=1, max_size=5), flips=st.lists(st.integers(0, 10**4), max_size=4))
def test_a_snapshot_has_the_upsets_too(words, flips):
    area, other = ParameterArea(words), ParameterArea([b"anything"])
    for flip in flips:
        area.flip(flip % area.bits)
    other.load(area.save())
    assert other.read() == area.read()
