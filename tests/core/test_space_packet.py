"""Space packets, whole, many, cut short and damaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core import space_packet
from fsw.core.binding import ffi, lib
from fsw.core.crc import crc16
from fsw.core.errors import FswError
from fsw.core.space_packet import SpacePacket

packets = st.builds(
    SpacePacket,
    apid=st.integers(0, 2047),
    count=st.integers(0, 16383),
    data=st.binary(min_size=1, max_size=80),
    telecommand=st.booleans(),
    secondary_header=st.booleans(),
    flags=st.integers(0, 3),
)


def test_a_header_laid_out_by_hand():
    packet = SpacePacket(apid=0x507, count=0x0123, data=b"\xa5\x5a\x01", telecommand=True, flags=1)
    assert packet.encode().hex() == "150741230002a55a01"


@given(packets)
def test_a_packet_comes_back(packet):
    assert SpacePacket.decode(packet.encode()) == packet


def test_the_longest_packet_comes_back():
    packet = SpacePacket(1, 2, bytes(65536))
    assert len(packet.encode()) == 65542
    assert SpacePacket.decode(packet.encode()) == packet


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"apid": 2048}, "APID 2048"),
        ({"count": 16384}, "count 16384"),
        ({"flags": 4}, "flags 4"),
        ({"data": b""}, "0 octets"),
        ({"data": bytes(65537)}, "65537 octets"),
    ],
)
def test_values_that_no_header_can_hold_are_refused(wrong, text):
    with pytest.raises(FswError, match=text):
        SpacePacket(**{"apid": 1, "count": 1, "data": b"1", **wrong})


@pytest.mark.parametrize(
    ("octets", "text"),
    [("000000000000", "allowed are 7"), ("20000000000000", "version 1"), ("0000000000010a", "says 8")],
)
def test_octets_that_are_not_one_packet_are_refused(octets, text):
    with pytest.raises(FswError, match=text):
        SpacePacket.decode(bytes.fromhex(octets))


@given(st.lists(st.binary(min_size=0, max_size=140), max_size=12), st.integers(0, 16383), st.booleans())
def test_a_batch_is_the_packets_one_by_one(payloads, first_count, crc):
    payloads = [payload or (b"" if crc else b"\x00") for payload in payloads]
    bounds = np.cumsum([0] + [len(payload) for payload in payloads]).astype(np.uint64)
    octets, offsets = space_packet.encode_many(
        b"".join(payloads), bounds, 0x3A5, first_count, telecommand=True, flags=2, crc=crc
    )
    expected = []
    for i, payload in enumerate(payloads):
        identification, sequence = 0x1000 | 0x3A5, 2 << 14 | (first_count + i) % 16384
        head = (identification << 32 | sequence << 16 | len(payload) + 2 * crc - 1).to_bytes(6, "big")
        packet = head + payload
        expected.append(packet + crc16(packet).to_bytes(2, "big") if crc else packet)
    assert octets.tobytes() == b"".join(expected)
    assert offsets.tolist() == np.cumsum([0] + [len(packet) for packet in expected]).tolist()
    assert space_packet.index(octets, crc=crc).crc_right.all()


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=8), st.integers(0, 500))
def test_the_wide_batch_is_the_flight_batch_and_keeps_within_the_capacity(payloads, capacity):
    bounds = np.cumsum([0] + [len(payload) for payload in payloads]).astype(np.uint64)
    many = len(payloads)
    data, ids = b"".join(payloads), np.arange(many, dtype=np.uint16)
    results = []
    for encode, last in (
        (lib.space_packet_encode_many, (ffi.addressof(lib, "crc16"),)),
        (lib.packet_bulk_encode_many, ()),
    ):
        out = np.full(capacity + 64, 0xEE, np.uint8)
        offsets = np.zeros(many + 1, np.uint64)
        common = ffi.new("space_packet_header_t *", {"flags": 3, "secondary_header": 1})
        views = [ffi.from_buffer("uint16_t[]", ids), ffi.from_buffer("uint16_t[]", ids)]
        done = encode(
            ffi.from_buffer("uint8_t[]", out),
            capacity,
            common,
            *views,
            ffi.from_buffer("uint8_t[]", data),
            ffi.from_buffer("uint64_t[]", bounds),
            many,
            *last,
            ffi.from_buffer("uint64_t[]", offsets),
        )
        assert (out[capacity:] == 0xEE).all()
        results.append((done, out[: int(offsets[done])].tobytes(), offsets[: done + 1].tolist()))
    assert results[0] == results[1]


def test_a_batch_says_which_packet_cannot_be():
    with pytest.raises(FswError, match="packet 1 has 0 octets: allowed are 1"):
        space_packet.encode_many(b"abc", np.array([0, 2, 2, 3], np.uint64), 1, 0)
    with pytest.raises(FswError, match="packet 0 has 65535 octets: allowed are 0 to 65534"):
        space_packet.encode_many(bytes(65535), np.array([0, 65535], np.uint64), 1, 0, crc=True)
    with pytest.raises(FswError, match="must not fall"):
        space_packet.encode_many(b"abc", np.array([0, 4], np.uint64), 1, 0)
    with pytest.raises(FswError, match="APID 0 to 2048"):
        space_packet.encode_many(b"abc", np.array([0, 1, 2], np.uint64), np.array([0, 2048]), 0)


@given(st.lists(packets, max_size=20), st.data())
def test_an_index_finds_every_whole_packet_and_says_what_is_left(sent, draw):
    octets = b"".join(packet.encode() for packet in sent)
    cut = draw.draw(st.integers(0, len(octets)))
    found = space_packet.index(octets[:cut])
    ends = np.cumsum([0] + [len(packet.encode()) for packet in sent])
    whole = int(np.searchsorted(ends, cut, side="right")) - 1
    assert len(found) == whole
    assert found.consumed == ends[whole]
    assert found.stop == ("end" if found.consumed == cut else "incomplete")
    assert found.apid.tolist() == [packet.apid for packet in sent[:whole]]
    assert found.count.tolist() == [packet.count for packet in sent[:whole]]
    assert found.flags.tolist() == [packet.flags for packet in sent[:whole]]
    assert found.telecommand.tolist() == [packet.telecommand for packet in sent[:whole]]
    assert found.secondary_header.tolist() == [packet.secondary_header for packet in sent[:whole]]


@given(st.binary(max_size=3000))
def test_an_index_of_anything_keeps_within_it(octets):
    found = space_packet.index(octets, crc=True)
    assert found.offset.tolist() == (np.cumsum(found.length) - found.length).tolist()
    assert found.consumed == int(found.length.sum()) <= len(octets)
    if found.stop == "damaged":
        assert octets[found.consumed] >> 5
    assert (found.stop == "end") == (found.consumed == len(octets))
    for start, length, right in zip(found.offset, found.length, found.crc_right, strict=True):
        assert right == (crc16(octets[int(start) : int(start) + int(length)]) == 0)


def test_an_index_longer_than_its_first_arrays_is_whole():
    octets = SpacePacket(5, 0, b"\x01").encode() * 40000
    found = space_packet.index(octets)
    assert len(found) == 40000
    assert np.array_equal(found.offset, np.arange(40000) * 7)


def _stream(many: int, apid: int = 0x123) -> tuple[np.ndarray, np.ndarray]:
    payload = np.random.default_rng(3).integers(0, 256, many * 100, dtype=np.uint8)
    bounds = np.arange(many + 1, dtype=np.uint64) * np.uint64(100)
    return space_packet.encode_many(payload, bounds, apid, 0, crc=True)


@pytest.mark.parametrize("crc", [False, True])
def test_five_bad_octets_cost_only_the_packet_that_they_touch(crc):
    octets, offsets = _stream(50)
    octets[int(offsets[20]) : int(offsets[20]) + 5] = 0xFF
    found = space_packet.index(octets)
    assert (len(found), found.stop) == (20, "damaged")
    again = space_packet.resynchronise(octets, found.consumed, apids=[0x123], crc=crc)
    assert again == offsets[21]
    rest = space_packet.index(octets[again:], crc=True)
    assert len(rest) == 29
    assert rest.crc_right.all()


def test_a_length_gone_wrong_is_found_by_the_crc():
    octets, offsets = _stream(5)
    octets[int(offsets[2]) + 5] ^= 0x10
    assert not space_packet.index(octets, crc=True).crc_right.all()
    assert space_packet.resynchronise(octets, int(offsets[2]), crc=True) == offsets[3]


def test_resynchronisation_finds_nothing_where_nothing_is():
    assert space_packet.resynchronise(b"\xff" * 100) is None
    assert space_packet.resynchronise(b"") is None
    assert space_packet.resynchronise(SpacePacket(9, 0, b"1").encode(), apids=[8]) is None
    assert space_packet.resynchronise(SpacePacket(9, 0, b"1").encode(), apids=[9]) == 0
    with pytest.raises(FswError, match="APID 2048"):
        space_packet.resynchronise(b"", apids=[2048])


@given(st.binary(max_size=200), st.integers(0, 250))
def test_resynchronisation_of_anything_gives_a_whole_packet_with_a_right_crc(octets, start):
    at = space_packet.resynchronise(octets, start, crc=True)
    if at is not None:
        assert at >= start
        found = space_packet.index(octets[at:], crc=True)
        assert found.crc_right[0]
