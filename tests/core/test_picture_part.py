"""A part of a picture on the wire, told again by struct and the standard library's CRC."""

import binascii
import struct
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw.core.binding import ffi, lib

PART = {
    "start_ns": 3_500_000_000,
    "number": 0x01020304,
    "offset": 0,
    "total": 7,
    "size": 5,
    "exposure_us": 0x0A0B0C0D,
    "gain": 0x0180,
    "width": 1600,
    "height": 1200,
    "picture_crc": 0xBEEF,
    "lens": 1,
    "mode": 0x10,
}


def written(apid, count, part, data):
    out = bytearray(len(data) + lib.PICTURE_PART_OVERHEAD_OCTETS)
    part = ffi.new("picture_part_t *", part | {"data_octets": len(data)})
    octets = lib.picture_part_write(ffi.from_buffer(out), apid, count, part, ffi.from_buffer(data))
    return bytes(out[:octets])


def read(packet):
    part = ffi.new("picture_part_t *")
    return part if lib.picture_part_read(part, ffi.from_buffer(packet), len(packet)) else None


def test_the_first_part_octet_for_octet():
    packet = written(0x310, 0x1234, PART, b"\xff\xd8\xff\xe0\x00")
    by_hand = (
        "0310 5234 002a"  # telemetry, APID 310, first of a group, count 1234, 49 octets
        "01020304 00000000 00000007 0005 01 10"
        "00000003 800000 00"  # 3.5 s
        "0a0b0c0d 0180 0640 04b0 beef"
        "ffd8ffe000"
    )
    body = bytes.fromhex(by_hand)
    assert packet[:-2] == body
    assert packet[-2:] == struct.pack(">H", binascii.crc_hqx(body, 0xFFFF))


def test_the_last_part_octet_for_octet():
    packet = written(0x310, 0x3FFF, PART | {"offset": 5}, b"\xff\xd9")
    body = bytes.fromhex("0310 bfff 0013 01020304 00000005 00000007 0005 01 10 ffd9")
    assert packet == body + struct.pack(">H", binascii.crc_hqx(body, 0xFFFF))


@given(
    data=st.data(),
    size=st.integers(1, 2000),
    total=st.integers(1, 10**6),
    start_ns=st.integers(0, 2**32 * 10**9 - 1),
    number=st.integers(1, 2**32 - 1),
    lens=st.integers(0, 255),
    mode=st.sampled_from([0x00, 0x01, 0x10, 0x11]),
)
def test_what_is_written_is_read(data, size, total, start_ns, number, lens, mode):
    offset = size * data.draw(st.integers(0, (total - 1) // size))
    octets = bytes(i * 31 & 255 for i in range(min(size, total - offset)))
    width, height = [(800, 600), (1600, 1200)][mode >> 4]
    given_part = PART | {
        "size": size, "total": total, "offset": offset, "start_ns": start_ns, "number": number,
        "lens": lens, "mode": mode, "width": width, "height": height,
    }  # fmt: skip
    packet = written(5, 6, given_part, octets)
    part = read(packet)
    assert part is not None
    assert binascii.crc_hqx(packet, 0xFFFF) == 0
    for name in ("number", "offset", "total", "size", "lens", "mode"):
        assert getattr(part, name) == given_part[name]
    assert packet[part.data_offset : part.data_offset + part.data_octets] == octets
    assert bool(part.described) == (offset == 0)
    for name in ("exposure_us", "gain", "width", "height", "picture_crc"):
        assert getattr(part, name) == (given_part[name] if offset == 0 else 0)
    assert 0 <= (start_ns if offset == 0 else 0) - part.start_ns < 60
    for length in range(len(packet) - 3, len(packet)):
        assert read(packet[:length]) is None
    assert read(packet + b"\x00") is None


@pytest.mark.parametrize(
    ("at", "octets"),
    [
        (0, b"\x03\x10\xd2\x34"),  # sequence flags: the whole picture
        (6, b"\x00\x00\x00\x00"),  # picture number 0
        (10, b"\x00\x00\x00\x05"),  # offset of the other part
        (10, b"\x00\x00\x00\x01"),  # offset between parts
        (14, b"\x00\x00\x00\x05"),  # total: then it would be the last part too
        (14, b"\x00\x00\x00\x00"),
        (18, b"\x00\x00"),  # part size 0
        (18, b"\x00\x06"),
        (21, b"\x20"),  # no such size
        (21, b"\x12"),  # no such encoding
        (21, b"\x00"),  # not the descriptor's width and height
        (29, b"\x01"),  # spare
    ],
)
def test_fields_that_contradict_each_other_are_refused(at, octets):
    packet = written(0x310, 0x1234, PART, b"\xff\xd8\xff\xe0\x00")
    assert read(packet) is not None
    assert read(packet[:at] + octets + packet[at + len(octets) :]) is None


@given(packet=st.binary(max_size=80))
def test_any_octets_are_read_or_refused_within_their_bounds(packet):
    part = read(packet)
    if part is not None:
        assert 1 <= part.data_octets <= part.size
        assert part.offset % part.size == 0
        assert part.offset + part.data_octets <= part.total
        assert part.data_offset + part.data_octets + 2 == len(packet)


@given(time_ns=st.integers(0, 2**32 * 10**9 - 1))
def test_time_code_is_cut_to_its_resolution_and_reads_back_the_same(time_ns):
    out = bytearray(7)
    lib.cuc_4_3_write(ffi.from_buffer(out), time_ns)
    units = int.from_bytes(out, "big")
    assert units == int(Fraction(time_ns, 10**9) * 2**24)
    read_ns = lib.cuc_4_3_read(ffi.from_buffer(out))
    assert read_ns == -int(-Fraction(units, 2**24) * 10**9 // 1)
    again = bytearray(7)
    lib.cuc_4_3_write(ffi.from_buffer(again), read_ns)
    assert again == out
