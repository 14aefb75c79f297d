"""Telecommands: CLTU, frame, segment, and whatever else the radio brings."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.binding import lib
from fsw.core.crc import crc16
from fsw.core.errors import FswError
from fsw.core.space_packet import SpacePacket
from fsw.core.telecommand import (
    DISCARD_REASONS,
    SEGMENT_CONTINUATION,
    SEGMENT_FIRST,
    SEGMENT_LAST,
    SEGMENT_WHOLE,
    CltuReceiver,
    Discard,
    TelecommandFrame,
    TelecommandReceiver,
    acquisition_sequence,
    decode_frame,
    encode_cltu,
    encode_frame,
)

PING = bytes.fromhex("1f80c000001f") + bytes(32)  # a space packet: its content is nobody's business here
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "cltu.json").read_text())
FRAMES = {name: bytes.fromhex(frame) for name, frame in VECTORS["dariol83"]["frames"].items()}


@pytest.mark.parametrize("name", FRAMES)
def test_cltus_equal_those_of_an_independent_sender(name):
    assert encode_cltu(FRAMES[name]).hex() == VECTORS["dariol83"]["cltus"][name]
    assert encode_cltu(FRAMES[name], randomize=True).hex() == VECTORS["dariol83"]["cltus_randomized"][name]


@pytest.mark.parametrize("pair", VECTORS["spacepylib"]["pairs"], ids=["long", "short"])
def test_cltus_of_another_sender_are_made_and_read(pair):
    frame = bytes.fromhex(pair["frame"])
    assert encode_cltu(frame).hex() == pair["cltu"]
    (candidate,) = CltuReceiver().feed(bytes.fromhex(pair["cltu"]))
    assert candidate[: len(frame)] == frame
    assert set(candidate[len(frame) :]) <= {0x55}


def test_frames_equal_those_of_an_independent_sender():
    data = bytes.fromhex("01020304")
    assert encode_frame(0x52, 1, data, sequence=7, bypass=False) == FRAMES["AD_n7"]
    assert encode_frame(0x52, 1, data, sequence=9) == FRAMES["BD_n9"]
    assert encode_frame(0x52, 1, b"\x00", control=True) == FRAMES["BC_unlock"]
    assert encode_frame(0x52, 1, b"\x82\x00\x55", control=True) == FRAMES["BC_setvr_55"]


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("randomized", [False, True])
def test_every_kind_of_frame_arrives(name, randomized):
    receiver = TelecommandReceiver(0x52, randomized)
    receiver.feed(encode_cltu(FRAMES[name], randomize=randomized))
    (frame,) = receiver.frames
    assert frame == decode_frame(FRAMES[name], spacecraft_id=0x52)
    assert frame.kind == name[:2]
    assert receiver.control_frames == ([frame] if frame.control else [])
    assert "bad_fecf" not in receiver.discarded


def shifted(octets: bytes, bits: int) -> bytes:
    """The same bits, `bits` later, so that octet boundaries are lost."""
    value = int.from_bytes(octets, "big") << (8 - bits)
    return value.to_bytes(len(octets) + 1, "big")


def flipped(octets: bytes, *bits: int) -> bytes:
    changed = bytearray(octets)
    for bit in bits:
        changed[bit >> 3] ^= 0x80 >> (bit & 7)
    return bytes(changed)


def one_by_one(receiver, octets: bytes) -> list:
    return [found for octet in octets for found in receiver.feed(bytes([octet]))]


frames = st.builds(
    lambda data, vc, sequence, bypass: encode_frame(0x155, vc, data, sequence=sequence, bypass=bypass),
    st.binary(max_size=60),
    st.integers(0, 63),
    st.integers(0, 255),
    st.booleans(),
)


@given(frames, st.booleans(), st.integers(0, 7), st.binary(max_size=6))
def test_a_cltu_is_found_at_any_bit(frame, randomized, slip, after):
    receiver = CltuReceiver(randomized)
    stream = shifted(bytes([0x55] * 9) + encode_cltu(frame, randomize=randomized) + after, slip)
    (candidate,) = receiver.feed(stream)[:1]
    assert candidate[: len(frame)] == frame
    assert len(candidate) - len(frame) < 7
    again = CltuReceiver(randomized)
    assert one_by_one(again, stream)[0] == candidate
    assert again.counters == receiver.counters
    assert again.save() == receiver.save() or receiver.counters["candidates"] > 1


@given(frames, st.data())
def test_one_wrong_bit_in_the_start_and_in_every_codeblock_is_corrected(frame, draw):
    cltu = encode_cltu(frame)
    blocks = (len(cltu) - 10) // 8
    wrong = [draw.draw(st.integers(0, 15))]
    wrong += [16 + 64 * k + draw.draw(st.integers(0, 62)) for k in range(blocks)]
    receiver = CltuReceiver()
    (candidate,) = receiver.feed(flipped(cltu, *wrong))
    assert candidate[: len(frame)] == frame
    assert receiver.counters["inexact_starts"] == 1
    assert receiver.counters["corrected"] == blocks


@given(st.integers(0, 62), st.integers(0, 62))
def test_two_wrong_bits_end_a_cltu_there(first, second):
    if first == second:
        return
    cltu = encode_cltu(bytes(range(21)))
    receiver = CltuReceiver()
    candidates = receiver.feed(flipped(cltu, 16 + 64 + first, 16 + 64 + second))
    assert candidates[0] == bytes(range(7))
    assert receiver.counters["corrected"] == 0


def test_the_filler_bit_is_not_looked_at():
    cltu = encode_cltu(bytes(range(7)))
    receiver = CltuReceiver()
    assert receiver.feed(flipped(cltu, 16 + 63)) == [bytes(range(7))]
    assert receiver.counters["corrected"] == 0


@pytest.mark.parametrize("slip", range(8))
def test_the_tail_sequence_ends_a_cltu_and_holds_no_start_sequence(slip):
    receiver = CltuReceiver()
    for k in range(1, 60):
        (candidate,) = receiver.feed(shifted(encode_cltu(bytes(range(k))), slip) + bytes(16))
        assert candidate[:k] == bytes(range(k))
    assert receiver.counters["starts"] == 59
    assert receiver.counters["empty"] == 0


def test_a_start_sequence_behind_a_lost_tail_is_not_swallowed():
    first, second = encode_frame(1, 2, b"first"), encode_frame(1, 2, b"second")
    receiver = TelecommandReceiver(1)
    receiver.feed(encode_cltu(first)[:-8] + encode_cltu(second))
    assert [frame.data for frame in receiver.frames] == [b"first", b"second"]


def test_a_cltu_without_end_is_cut_at_the_bound_and_counted():
    receiver = CltuReceiver()
    (candidate,) = receiver.feed(encode_cltu(bytes(range(256)) * 12))
    assert len(candidate) == lib.CLTU_MOST_CODEBLOCKS * 7
    assert receiver.counters["overlong"] == 1
    assert receiver.counters["codeblocks"] == -(-256 * 12 // 7)


@given(st.binary(max_size=400), st.booleans(), st.integers(0, 400))
def test_anything_may_come_in_any_pieces(octets, randomized, cut):
    whole, pieces = CltuReceiver(randomized), CltuReceiver(randomized)
    expected = whole.feed(octets)
    found = pieces.feed(octets[:cut])
    moved = CltuReceiver(not randomized)
    moved.load(pieces.save())
    found += moved.feed(octets[cut:])
    assert found == expected
    assert moved.counters == whole.counters
    counts = whole.counters
    assert counts["candidates"] == len(expected)
    assert counts["starts"] >= counts["candidates"] + counts["empty"]


def test_noise_before_a_cltu_does_not_hide_it():
    random = np.random.default_rng(11)
    frame = encode_frame(7, 1, b"after noise")
    found = 0
    for _ in range(60):
        noise = random.integers(0, 256, 40, dtype=np.uint8).tobytes()
        receiver = TelecommandReceiver(7)
        receiver.feed(noise + bytes([0x55] * 16) + encode_cltu(frame))
        found += [f.data for f in receiver.frames] == [b"after noise"]
    # A start sequence in noise, one in 3855 bits, may open a CLTU just before: the idle ends it.
    assert found == 60


REASONS = {
    "too_short": lambda f: f[:6],
    "bad_version": lambda f: flipped(f, 0),
    "bad_length": lambda f: f[:-1],
    "bad_fecf": lambda f: flipped(f, 50),
    "bad_spare": lambda f: _with_fecf(flipped(f, 4)),
    "bad_flags": lambda f: _with_fecf(flipped(f, 2, 3)),
    "bad_spacecraft": lambda f: _with_fecf(flipped(f, 15)),
}


def _with_fecf(frame: bytes) -> bytes:
    return frame[:-2] + crc16(frame[:-2]).to_bytes(2, "big")


@pytest.mark.parametrize("reason", DISCARD_REASONS)
def test_a_frame_is_discarded_for_its_reason(reason):
    good = encode_frame(0x2A5, 5, b"some data")
    assert isinstance(decode_frame(good, spacecraft_id=0x2A5), TelecommandFrame)
    assert decode_frame(REASONS[reason](good), spacecraft_id=0x2A5) == Discard(reason)


@given(st.binary(max_size=64))
def test_any_octets_are_a_frame_or_discarded(octets):
    frame = decode_frame(octets, spacecraft_id=0)
    if isinstance(frame, TelecommandFrame):
        assert crc16(octets[: frame.octets]) == 0
        assert len(frame.data) == frame.octets - 7
    else:
        assert frame.reason in DISCARD_REASONS


@pytest.mark.parametrize(
    "wrong",
    [
        {"spacecraft_id": 1024},
        {"virtual_channel": 64},
        {"sequence": 256},
        {"data": bytes(1018)},
        {"segment": (3, 64)},
        {"segment": (4, 0)},
        {"bypass": False, "control": True},
    ],
)
def test_frames_that_cannot_be_are_refused(wrong):
    with pytest.raises(FswError, match=r"allowed|must"):
        encode_frame(**{"spacecraft_id": 1, "virtual_channel": 1, "data": b"", **wrong})


def test_the_longest_frame_arrives():
    frame = encode_frame(1, 2, bytes(1017))
    assert len(frame) == 1024
    receiver = TelecommandReceiver(1)
    receiver.feed(encode_cltu(frame))
    assert receiver.frames[0].data == bytes(1017)


def packet(apid: int, size: int) -> SpacePacket:
    return SpacePacket(apid, 0, bytes(k & 0xFF for k in range(size)), telecommand=True)


def segments(sent: SpacePacket, map_id: int, size: int = 200) -> list[bytes]:
    octets = sent.encode()
    pieces = [octets[k : k + size] for k in range(0, len(octets), size)]
    flags = [SEGMENT_FIRST, *[SEGMENT_CONTINUATION] * (len(pieces) - 2), SEGMENT_LAST]
    return [
        encode_cltu(encode_frame(3, 4, piece, segment=(flag, map_id)))
        for flag, piece in zip(flags if len(pieces) > 1 else [SEGMENT_WHOLE], pieces, strict=True)
    ]


def test_segments_of_two_maps_interleaved_are_two_packets():
    first, second = packet(1, 900), packet(2, 700)
    receiver = TelecommandReceiver(3, segmented=[4])
    a, b = segments(first, 10), segments(second, 11)
    found = []
    for k in range(max(len(a), len(b))):
        found += receiver.feed(b"".join(part[k] for part in (a, b) if k < len(part)))
    assert found == [second, first]
    assert receiver.discarded == {}


def test_a_lost_segment_costs_its_packet_alone():
    receiver = TelecommandReceiver(3, segmented=[4])
    parts = segments(packet(1, 900), 0)
    whole = segments(packet(2, 900), 0)
    assert receiver.feed(b"".join(parts[:2])) == []
    assert receiver.feed(b"".join(whole)) == [packet(2, 900)]
    assert receiver.feed(b"".join(whole[1:])) == []
    assert receiver.discarded == {"segment_unfinished": 1, "segment_orphan": len(whole) - 1}


def test_a_unit_longer_than_the_buffer_is_dropped_and_counted():
    receiver = TelecommandReceiver(3, segmented=[4], segment_capacity=500)
    receiver.feed(b"".join(segments(packet(1, 900), 0)))
    assert receiver.discarded["segment_overflow"] == 1
    assert receiver.feed(b"".join(segments(packet(1, 400), 0))) == [packet(1, 400)]


def test_two_packets_blocked_in_one_frame_and_two_frames_in_one_cltu():
    receiver = TelecommandReceiver(3)
    frame = encode_frame(3, 0, packet(1, 5).encode() + packet(2, 6).encode())
    assert receiver.feed(encode_cltu(frame + encode_frame(3, 0, packet(7, 9).encode()))) == [
        packet(1, 5),
        packet(2, 6),
        packet(7, 9),
    ]
    assert receiver.discarded == {}


def test_what_is_no_packet_is_counted():
    receiver = TelecommandReceiver(3, segmented=[4])
    receiver.feed(encode_cltu(encode_frame(3, 0, packet(1, 5).encode() + b"\x00")))
    receiver.feed(encode_cltu(encode_frame(3, 4, b"")))
    assert receiver.discarded == {"bad_packet": 1, "no_segment_header": 1}
    assert receiver.counters["packets"] == 1


def test_the_acceptance_step_stands_between_frame_and_packet():
    def only_expected(frame: TelecommandFrame) -> bool:
        return frame.bypass or frame.sequence == 4

    receiver = TelecommandReceiver(3, accept=only_expected)
    for sequence in (3, 4):
        receiver.feed(encode_cltu(encode_frame(3, 0, packet(1, 5).encode(), sequence=sequence, bypass=False)))
    assert receiver.counters["frames_ad"] == 2
    assert receiver.counters["packets"] == 1
    assert receiver.discarded == {"not_accepted": 1}


@given(st.integers(0, 3000))
def test_a_receiver_saved_anywhere_goes_on_as_if_nothing_had_happened(cut):
    stream = b"".join(segments(packet(1, 900), 5) + segments(packet(2, 800), 6))
    whole = TelecommandReceiver(3, segmented=[4])
    expected = whole.feed(stream)
    assert len(expected) == 2
    first, second = TelecommandReceiver(3, segmented=[4]), TelecommandReceiver(3, segmented=[4])
    found = first.feed(stream[:cut])
    second.load(first.save())
    assert found + second.feed(stream[cut:]) == expected
    assert second.counters == whole.counters
    assert second.save() == whole.save()


@given(st.binary(max_size=300), st.lists(st.integers(0, 2399), max_size=12))
def test_a_damaged_uplink_brings_no_false_packet(prefix, bits):
    sent = packet(1, 150)
    stream = encode_cltu(encode_frame(3, 0, sent.encode()))
    receiver = TelecommandReceiver(3)
    hurt = flipped(stream, *(bit for bit in set(bits) if bit < 8 * len(stream)))
    found = receiver.feed(prefix + hurt)
    assert all(one == sent for one in found)


def test_a_saved_state_of_another_build_is_refused():
    with pytest.raises(FswError, match="this build"):
        CltuReceiver().load(b"short")


@given(
    noise=st.binary(max_size=40),
    octets=st.integers(16, 24),
    starts=st.integers(0, 1),
    corrects=st.booleans(),
    data=st.binary(min_size=1, max_size=60),
    offset=st.integers(0, 7),
)
def test_behind_an_acquisition_sequence_no_noise_can_hide_a_cltu(
    noise, octets, starts, corrects, data, offset
):
    frame = encode_frame(7, 0, data)
    clean = acquisition_sequence(octets) + encode_cltu(frame, randomize=True)
    # At any bit offset to what came before.
    bits = int.from_bytes(clean, "big") << offset
    stream = noise + b"\xeb\x90" * starts + bits.to_bytes(len(clean) + 1, "big")
    candidates = CltuReceiver(randomized=True, corrects=corrects).feed(stream)
    assert any(candidate[: len(frame)] == frame for candidate in candidates)


def test_an_acquisition_sequence_is_128_alternating_bits_or_more_in_both_phases():
    assert acquisition_sequence() == b"\xaa" * 16 + b"\x55" * 16
    assert len(acquisition_sequence(100)) == 200
    with pytest.raises(FswError, match="16 or more"):
        acquisition_sequence(15)


@given(data=st.binary(min_size=1, max_size=60), bit=st.integers(0, 10**6))
def test_with_error_detection_only_no_wrong_bit_passes(data, bit):
    frame = encode_frame(7, 0, data)
    cltu = bytearray(encode_cltu(frame))
    bit %= 8 * (len(cltu) - 8)  # start sequence and codeblocks
    cltu[bit // 8] ^= 0x80 >> bit % 8
    detecting, correcting = CltuReceiver(corrects=False), CltuReceiver()
    filler = bit >= 16 and (bit - 16) % 64 == 63  # the bit that is not part of the code
    assert any(c[: len(frame)] == frame for c in detecting.feed(cltu)) == filler
    assert any(c[: len(frame)] == frame for c in correcting.feed(cltu))
    assert detecting.counters["corrected"] == detecting.counters["inexact_starts"] == 0


def test_maps_that_are_not_in_use_are_dropped():
    receiver = TelecommandReceiver(3, segmented=[4], maps={4: [1]})
    for map_id, packets in ((0, 0), (1, 1), (2, 0)):
        frame = encode_frame(3, 4, PING, segment=(3, map_id))
        assert len(receiver.feed(encode_cltu(frame))) == packets
    assert receiver.discarded == {"unknown_map": 2}


def test_security_stands_between_acceptance_and_segments():
    seen = []

    def process(frame):
        seen.append(frame.data)
        return None if frame.data[1:2] == b"!" else frame.data[:1] + frame.data[3:-2]

    receiver = TelecommandReceiver(
        3, segmented=[4], accept=lambda frame: frame.sequence == 9, process_security=process
    )
    for sequence, protected in (
        (9, b"sa" + PING + b"ok"),
        (9, b"!a" + PING + b"ok"),
        (8, b"sa" + PING + b"ok"),
    ):
        receiver.feed(encode_cltu(encode_frame(3, 4, protected, sequence=sequence, segment=(3, 1))))
    assert seen == [b"\xc1sa" + PING + b"ok", b"\xc1!a" + PING + b"ok"]
    assert receiver.counters["packets"] == 1
    assert receiver.discarded == {"security": 1, "not_accepted": 1}
