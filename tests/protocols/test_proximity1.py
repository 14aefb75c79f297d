"""Proximity-1: frames and units on the wire, and what a reader makes of anything."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols.cfdp_checksum import proximity_1
from fsw.protocols.proximity1 import (
    IDLE,
    MARKER,
    MOST_DATA_OCTETS,
    UNIT_OVERHEAD_OCTETS,
    Construction,
    Frame,
    Plcw,
    SetVr,
    UnitReader,
    decode_frame,
    decode_supervisory,
    unit,
)

FRAMES = st.builds(
    Frame,
    spacecraft=st.integers(0, 1023),
    data=st.binary(max_size=60),
    sequence=st.integers(0, 255),
    expedited=st.booleans(),
    supervisory=st.booleans(),
    construction=st.sampled_from(Construction),
    physical_channel=st.integers(0, 1),
    port=st.integers(0, 7),
    destination=st.booleans(),
)
NOISE = st.binary(max_size=40).filter(lambda octets: MARKER not in octets)


@pytest.mark.parametrize(("octets", "crc"), [
    ("12345678", 0x34D74CB3),  # Yamcs, ProximityCrcTest
    ("8000000400", 0xBCC004E7),  # Starcom, docs: v3-header-only, by an independent division of bits
])  # fmt: skip
def test_the_crc_is_the_standards(octets, crc):
    assert proximity_1(bytes.fromhex(octets)) == crc


def test_the_smallest_unit_is_the_published_one():
    """Starcom (github.com, docs), named vector v3-header-only."""
    assert unit(Frame(0, b"")) == bytes.fromhex("FAF3208000000400BCC004E7")


def test_each_field_has_its_place():
    # 10 1 1 11 1000000001, 1 101 1 and 7 octets less one, sequence 0x5A; by the figure of 211.0, 3.2.2.
    frame = Frame(0x201, b"\x12\x34", 0x5A, True, True, Construction.USER_DEFINED, 1, 5, True)
    assert frame.encode() == bytes.fromhex("BE01D8065A1234")
    assert Frame(1, bytes(MOST_DATA_OCTETS)).encode()[2:4] == bytes.fromhex("07FF")


@given(FRAMES)
def test_a_frame_comes_back_as_it_went(frame):
    assert decode_frame(frame.encode()) == frame
    assert len(unit(frame)) == UNIT_OVERHEAD_OCTETS + len(frame.data)


@given(st.lists(st.tuples(NOISE, FRAMES), max_size=6), NOISE, st.data())
def test_units_are_read_whole_octet_by_octet_and_in_any_pieces(sent, tail, data):
    stream = b"".join(noise + IDLE + unit(frame) for noise, frame in sent) + tail
    # Noise that ends like a marker's begin must not complete one with what follows.
    assume(stream.count(MARKER) == len(sent))
    frames = [frame for _, frame in sent]
    whole, single, pieces = UnitReader(), UnitReader(), UnitReader()
    assert whole.feed(stream) == frames
    assert [frame for octet in stream for frame in single.feed(bytes([octet]))] == frames
    cut = data.draw(st.integers(0, len(stream)))
    got = pieces.feed(stream[:cut])
    again = UnitReader()
    again.load(pieces.save())  # a snapshot in the middle changes nothing
    assert got + again.feed(stream[cut:]) == frames
    assert whole.counts == single.counts == again.counts


@given(st.lists(st.one_of(st.binary(max_size=30), st.just(MARKER), FRAMES.map(unit)), max_size=12))
def test_any_octets_are_read_without_a_fault_and_alike_in_pieces(parts):
    stream = b"".join(parts)
    whole, single = UnitReader(), UnitReader()
    assert whole.feed(stream) == [frame for octet in stream for frame in single.feed(bytes([octet]))]
    assert whole.counts == single.counts


@given(FRAMES, FRAMES, st.data())
def test_a_damaged_unit_is_dropped_and_counted_and_the_next_is_read(first, second, data):
    damaged = bytearray(unit(first))
    bit = data.draw(st.integers(8 * (len(MARKER) + 5), 8 * len(damaged) - 1))
    damaged[bit // 8] ^= 0x80 >> bit % 8
    stream = bytes(damaged) + unit(second)
    assume(stream.count(MARKER) == 2)
    reader = UnitReader()
    assert reader.feed(stream) == [second]
    assert reader.counts["crc"] == 1


@pytest.mark.parametrize(("octets", "count"), [
    ("FAF3204000000400", "version"), ("FAF3208000000300", "length"),
])  # fmt: skip
def test_what_cannot_be_a_frame_is_counted_by_its_reason(octets, count):
    reader = UnitReader()
    assert reader.feed(bytes.fromhex(octets)) == []
    assert reader.counts[count] == 1


def test_the_reserved_construction_is_refused():
    octets = bytearray(Frame(5, b"x").encode())
    octets[0] |= 0x08
    assert decode_frame(bytes(octets)) == "construction"
    reader = UnitReader()
    reader.feed(MARKER + octets + proximity_1(octets).to_bytes(4, "big"))
    assert reader.counts["construction"] == 1


@pytest.mark.parametrize("change", [
    {"spacecraft": 1024}, {"sequence": 256}, {"port": 8}, {"physical_channel": 2}, {"data": bytes(2044)},
])  # fmt: skip
def test_what_has_no_room_in_its_field_is_refused(change):
    with pytest.raises(FswError, match="allowed are 0 to"):
        Frame(**({"spacecraft": 1, "data": b""} | change)).encode()


@given(st.integers(0, 255), st.booleans(), st.integers(0, 1), st.integers(0, 7), st.integers(0, 255))
def test_supervisory_words_come_back(report, retransmit, channel, expedited, value):
    words = [Plcw(report, retransmit, channel, expedited), SetVr(value)]
    assert decode_supervisory(b"".join(word.encode() for word in words)) == words


def test_supervisory_words_lie_as_the_standard_draws_them():
    assert Plcw(127, expedited=3).encode() == bytes.fromhex("837F")
    assert Plcw(0xF4, True, 1, 6).encode() == bytes.fromhex("B6F4")
    assert SetVr(42).encode() == bytes.fromhex("022A03")


@given(st.binary(max_size=24))
def test_any_supervisory_data_are_read_without_a_fault(data):
    found = decode_supervisory(data)
    assert found is None or len(found) <= len(data)
