"""CRC-16/CCITT-FALSE: one value whatever the length, the path inside and the build."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.binding import ffi, lib
from fsw.core.crc import crc16, crc16_many
from fsw.core.errors import FswError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "crc16.json").read_text())["fecf_pec_crc16"]


def bit_by_bit(data: bytes, crc: int = 0xFFFF) -> int:
    for octet in data:
        crc ^= octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["data"])
def test_published_vectors(vector):
    assert crc16(bytes.fromhex(vector["data"])) == int(vector["crc"], 16)


@given(st.binary(max_size=700), st.integers(0, 0xFFFF))
def test_equals_the_definition_bit_by_bit(data, initial):
    expected = bit_by_bit(data, initial)
    assert crc16(data, initial) == expected
    assert lib.crc16(initial, data, len(data)) == expected


def test_every_length_gives_the_same_on_the_flight_and_the_wide_path():
    octets = np.random.default_rng(5).integers(0, 256, 70000, dtype=np.uint8).tobytes()
    running = 0x1D0F
    for length in range(4200):
        assert lib.crc16(0x1D0F, octets, length) == running == lib.crc16_bulk(0x1D0F, octets, length)
        running = bit_by_bit(octets[length : length + 1], running)
    for length in (8191, 8192, 16383, 16384, 16385, 65535, 65536, 69999):
        halves = lib.crc16(lib.crc16(0xFFFF, octets, 3001), octets[3001:], length - 3001)
        assert lib.crc16(0xFFFF, octets, length) == halves == crc16(octets[:length])


@given(st.binary(min_size=1, max_size=2500), st.data())
def test_a_run_in_two_parts_is_one_run(data, draw):
    cut = draw.draw(st.integers(0, len(data)))
    assert crc16(data[cut:], crc16(data[:cut])) == crc16(data)


@given(st.binary(max_size=3000))
def test_data_followed_by_their_crc_leave_no_residue(data):
    assert crc16(data + crc16(data).to_bytes(2, "big")) == 0


def test_any_contiguous_buffer_is_taken():
    data = bytes(range(200))
    array = np.frombuffer(data, np.uint8)
    views = (bytearray(data), memoryview(data), array, array.reshape(10, 20), array.view(">u4"))
    assert {crc16(view) for view in views} == {crc16(data)}


def test_what_is_no_buffer_is_refused():
    with pytest.raises(FswError, match="allowed are contiguous buffers"):
        crc16("text")
    with pytest.raises(FswError, match="allowed are 0 to 65535"):
        crc16(b"123456789", 65536)


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(0, 0xFFFF))
def test_many_at_once_are_as_one_by_one(runs, initial):
    lengths = np.array([len(run) for run in runs], np.uint32)
    offsets = (np.cumsum(lengths) - lengths).astype(np.uint64)
    crcs = crc16_many(b"".join(runs), offsets, lengths, initial)
    assert crcs.tolist() == [crc16(run, initial) for run in runs]


def test_many_refuses_runs_that_leave_the_buffer():
    with pytest.raises(FswError, match="beyond the 10 octets"):
        crc16_many(bytes(10), np.array([4], np.uint64), np.array([7], np.uint32))
    with pytest.raises(FswError, match="beyond the 10 octets"):
        crc16_many(bytes(10), np.array([2**64 - 4], np.uint64), np.array([7], np.uint32))


def test_nothing_outside_the_run_is_read():
    # The run ends with its allocation: the address sanitizer sees a read too far.
    for length in (1, 2, 15, 63, 64, 65, 129, 1115):
        exact = ffi.new("uint8_t[]", length)
        assert lib.crc16_bulk(0xFFFF, exact, length) == bit_by_bit(bytes(length))


def test_it_is_called_as_any_function():
    assert crc16(b"6789", initial=crc16(b"12345")) == 0x29B1
    with pytest.raises(TypeError, match="takes data"):
        crc16(b"1", preset=0)
    with pytest.raises(TypeError, match="takes data"):
        crc16()
    with pytest.raises(FswError, match="CRC initial value -1"):
        crc16(b"1", -1)
    with pytest.raises(FswError, match="contiguous"):
        crc16(np.zeros((8, 8), np.uint8)[:, ::2])
