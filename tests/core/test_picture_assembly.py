"""The receiving end: pictures given up, packets refused, snapshots, and any octets at all."""

import binascii
import struct

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from fsw.core.errors import FswError
from fsw.core.picture_assembly import Complete, Health, Incomplete, PictureAssembler, Report

SECOND_NS = 1_000_000_000


def with_crc(body):
    return body + struct.pack(">H", binascii.crc_hqx(body, 0xFFFF))


def packet(apid, flags, count, data):
    return with_crc(struct.pack(">HHH", apid, flags << 14 | count % 16384, len(data) + 1) + data)


def parts_of(number, octets, size, lens=0, mode=0, picture_crc=None, count=0):
    """All parts of a picture as packets: written here a second time, from the header's table alone."""
    picture_crc = binascii.crc_hqx(octets, 0xFFFF) if picture_crc is None else picture_crc
    packets = []
    for offset in range(0, len(octets), size):
        data = struct.pack(">IIIHBB", number, offset, len(octets), size, lens, mode)
        if offset == 0:
            width, height = [(800, 600), (1600, 1200)][mode >> 4]
            data += struct.pack(">I3sBIHHHH", 9, b"\x80\0\0", 0, 1000, 256, width, height, picture_crc)
        flags = (offset == 0) + 2 * (offset + size >= len(octets))
        packets.append(packet(0x310, flags, count + len(packets), data + octets[offset : offset + size]))
    return packets


def feed(assembler, packets, now_ns=0):
    return assembler.feed(b"".join(packets), None, np.array([len(p) for p in packets], np.uint32), now_ns)


PICTURE = bytes(range(250)) * 4


def test_a_picture_told_from_the_table_alone_is_taken():
    (event,) = feed(PictureAssembler(), parts_of(7, PICTURE, 300, lens=1, mode=0x11))
    assert isinstance(event, Complete)
    assert event.octets == PICTURE
    picture = event.picture
    assert (picture.number, picture.lens, picture.width, picture.height) == (7, 1, 1600, 1200)
    assert (picture.encoding, picture.total_octets) == ("raw", 1000)
    assert picture.descriptor.start_ns == 9 * SECOND_NS + SECOND_NS // 2
    assert (picture.descriptor.exposure_us, picture.descriptor.gain_256ths) == (1000, 256)


@given(order=st.permutations(range(10)), again=st.lists(st.integers(0, 9), max_size=5))
def test_parts_may_come_in_any_order_and_again(order, again):
    parts = parts_of(3, PICTURE, 100)
    assembler = PictureAssembler()
    events = feed(assembler, [parts[i] for i in order] + [parts[i] for i in again])
    assert [event.octets for event in events] == [PICTURE]
    assert assembler.counters()["packets_late"] == len(again)
    assert assembler.abandon() == []


def test_a_picture_is_given_up_when_nothing_of_it_comes_for_the_timeout():
    assembler = PictureAssembler(timeout_ns=5 * SECOND_NS)
    parts = parts_of(3, PICTURE, 300)
    assert feed(assembler, parts[1:2], SECOND_NS) == []
    assert feed(assembler, parts[3:], 4 * SECOND_NS) == []
    assert assembler.next_ns() == 9 * SECOND_NS
    assert assembler.expire(9 * SECOND_NS - 1) == []
    (event,) = assembler.expire(9 * SECOND_NS)
    assert isinstance(event, Incomplete)
    assert (event.picture.number, event.received_octets, event.picture.total_octets) == (3, 400, 1000)
    assert (event.reason, event.picture.descriptor) == ("timed out", None)
    assert assembler.next_ns() is None
    assert feed(assembler, parts, 9 * SECOND_NS) == []
    assert assembler.counters()["packets_late"] == 4


def test_octets_that_are_not_the_picture_are_never_shown_as_it():
    (event,) = feed(PictureAssembler(), parts_of(3, PICTURE, 300, picture_crc=0x1234))
    assert isinstance(event, Incomplete)
    assert (event.reason, event.received_octets) == ("crc wrong", 1000)


def test_the_picture_that_waited_longest_gives_way_to_a_new_one():
    assembler = PictureAssembler(slots=2)
    first, second, third = (parts_of(n, PICTURE, 300) for n in (1, 2, 3))
    feed(assembler, first[:1], 1)
    feed(assembler, second[:1], 2)
    feed(assembler, first[1:2], 3)
    (event,) = feed(assembler, third[:1], 4)
    assert (event.picture.number, event.reason) == (2, "slot needed")
    assert [e.picture.number for e in feed(assembler, first[2:] + third[1:], 5)] == [1, 3]


def test_more_whole_pictures_than_slots_and_events_in_one_call():
    packets = [p for n in range(1, 200) for p in parts_of(n, PICTURE[:n], 1000)]
    packets += [packet(0x311, 3, 0, b"health"), packet(0x312, 3, 0, b"report")]
    events = feed(PictureAssembler(slots=1, slot_octets=200), packets)
    assert [event.octets for event in events[:-2]] == [PICTURE[:n] for n in range(1, 200)]
    assert events[-2:] == [Health(packets[-2]), Report(packets[-1])]


def spoilt(octets, at, value):
    return with_crc(octets[:at] + bytes([value]) + octets[at + 1 : -2])


@pytest.mark.parametrize(
    ("octets", "fate"),
    [
        (b"", "length"),
        (parts_of(1, PICTURE, 300)[1][:-1], "length"),
        (parts_of(1, PICTURE, 300)[1] + b"\0", "length"),
        (parts_of(1, PICTURE, 300)[1][:-1] + b"\0", "crc"),
        (spoilt(parts_of(1, PICTURE, 300)[1], 0, 0x13), "header"),
        (spoilt(parts_of(1, PICTURE, 300)[1], 0, 0x23), "header"),
        (spoilt(parts_of(1, PICTURE, 300)[1], 0, 0x0B), "header"),
        (spoilt(parts_of(1, PICTURE, 300)[1], 1, 0x13), "apid"),
        (spoilt(parts_of(1, PICTURE, 300)[1], 13, 0x2D), "layout"),
        (parts_of(1, bytes(2001), 300)[1], "too_large"),
        (parts_of(0x01000001, PICTURE, 300)[1], "part"),
        (parts_of(1, PICTURE, 300)[0], "duplicate"),
        (parts_of(1, PICTURE + b"x", 300)[1], "contradiction"),
        (parts_of(1, PICTURE, 300, lens=1)[1], "contradiction"),
        (parts_of(1, PICTURE, 300, mode=1)[1], "contradiction"),
        (parts_of(1, PICTURE, 200)[1], "contradiction"),
    ],
)
def test_each_packet_meets_one_fate(octets, fate):
    assembler = PictureAssembler(slot_octets=2000)
    feed(assembler, parts_of(1, PICTURE, 300)[:1])
    before = assembler.counters()
    feed(assembler, [octets])
    after = assembler.counters()
    changed = [name for name in after if name.startswith("packets_") and after[name] != before[name]]
    assert changed == [f"packets_{fate}"]
    assert [e.octets for e in feed(assembler, parts_of(1, PICTURE, 300)[1:])] == [PICTURE]


def test_too_many_parts_are_refused():
    assembler = PictureAssembler()
    feed(assembler, parts_of(1, bytes(8193), 1)[:1] + parts_of(2, bytes(8192), 1)[:1])
    counters = assembler.counters()
    assert (counters["packets_too_large"], counters["packets_part"]) == (1, 1)


@given(
    start=st.integers(0, 16383),
    lost=st.sets(st.integers(1, 98)),
    swaps=st.lists(st.integers(0, 90), max_size=20),
    repeated=st.sets(st.integers(0, 99)),
)
def test_lost_packets_are_counted_by_their_sequence_counts(start, lost, swaps, repeated):
    counts = [i for i in range(100) if i not in lost]
    for i in swaps:  # packets that overtake each other
        if 1 <= i < len(counts) - 2:
            counts[i], counts[i + 1] = counts[i + 1], counts[i]
    counts = [i for i in counts for _ in range(1 + (i in repeated))]
    late = any(max(counts[: k + 1]) - count >= 32 for k, count in enumerate(counts))
    assembler = PictureAssembler()
    feed(assembler, [packet(0x311, 3, start + i, b"health") for i in counts])
    assert late or assembler.counters()["lost"] == len(lost)


def test_slots_keep_to_themselves():
    """A part changes the octets of its own place and no other, in its slot and in its neighbours'."""
    assembler = PictureAssembler(slots=3, slot_octets=1000)
    assembler._memory[:] = 0xA5
    feed(assembler, [parts_of(n, PICTURE, 300)[0] for n in (1, 2, 3)])
    expected = bytearray(b"\xa5" * 3000)
    for slot in range(3):
        expected[slot * 1000 : slot * 1000 + 300] = PICTURE[:300]
    assert assembler._memory.tobytes() == expected
    feed(assembler, parts_of(2, PICTURE, 300)[3:])
    expected[1900:2000] = PICTURE[900:]
    assert assembler._memory.tobytes() == expected


@given(data=st.data())
def test_a_snapshot_anywhere_continues_the_same(data):
    packets = [p for trio in zip(*(parts_of(n, PICTURE, 90) for n in (1, 2, 3)), strict=True) for p in trio]
    lost = data.draw(st.sets(st.integers(0, len(packets) - 1), max_size=4))
    packets = [p for i, p in enumerate(packets) if i not in lost]
    cut = data.draw(st.integers(0, len(packets)))
    whole, before, after = (PictureAssembler(slots=3, slot_octets=1000) for _ in range(3))
    expected = feed(whole, packets) + whole.abandon()
    events = feed(before, packets[:cut])
    after.load(before.save())
    assert after.save() == before.save()
    events += feed(after, packets[cut:]) + after.abandon()
    assert events == expected
    assert after.counters() == whole.counters()


@given(at=st.integers(0, 3000), value=st.integers(0, 255))
def test_a_snapshot_from_elsewhere_is_refused_or_harmless(at, value):
    assembler = PictureAssembler(slots=2, slot_octets=1000)
    feed(assembler, parts_of(1, PICTURE, 300)[:2])
    saved = assembler.save()
    state = bytearray(saved["state"])
    state[at] = value
    other = PictureAssembler(slots=2, slot_octets=1000)
    try:
        other.load(saved | {"state": bytes(state)})
    except FswError:
        assert other.abandon() == []
    feed(other, parts_of(1, PICTURE, 300) + parts_of(2, PICTURE, 70))
    other.abandon()
    with pytest.raises(FswError):
        other.load(saved | {"slots": {}})
    with pytest.raises(FswError):
        PictureAssembler(slots=3, slot_octets=1000).load(saved)


@given(packets=st.lists(st.binary(max_size=60), max_size=5), mend=st.booleans())
def test_any_octets_are_sorted_and_never_become_a_picture_but_by_its_crc(packets, mend):
    if mend:  # let them past the header and the CRC
        packets = [packet(0x310, 3, 0, p[6:] or b"x") for p in packets]
    assembler = PictureAssembler(slots=2, slot_octets=100)
    for event in feed(assembler, packets) + assembler.abandon():
        if isinstance(event, Complete):
            assert binascii.crc_hqx(event.octets, 0xFFFF) == event.picture.descriptor.crc
    assert sum(n for name, n in assembler.counters().items() if name.startswith("packets_")) == len(packets)


@pytest.mark.parametrize(
    ("offsets", "lengths"),
    [
        ([1], [10]),
        ([11], [0]),
        ([2**64 - 1], [5]),
        ([0], [11]),
        ([0, 0], [1]),
        ([[0]], [[1]]),
        (None, [11]),
        (None, [5, 6]),
        (None, [2**32 - 1] * 3),
    ],
)
def test_packets_outside_the_octets_are_the_callers_mistake(offsets, lengths):
    starts = None if offsets is None else np.array(offsets, np.uint64)
    with pytest.raises(FswError):
        PictureAssembler().feed(bytes(10), starts, np.array(lengths, np.uint32), 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"slots": 0},
        {"slots": 17},
        {"slot_octets": 0},
        {"timeout_ns": 0},
        {"apid_health": 0x310},
        {"slots": -1},
    ],
)
def test_an_assembler_out_of_bounds_is_refused(wrong):
    with pytest.raises(FswError):
        PictureAssembler(**wrong)
