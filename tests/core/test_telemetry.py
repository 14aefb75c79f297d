"""Packets into frames."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.crc import crc16
from fsw.core.errors import FswError
from fsw.core.frame_format import FrameFormat
from fsw.core.space_packet import SpacePacket
from fsw.core.telemetry import VirtualChannelSender, frame_header_error_control

VECTORS = Path(__file__).parents[1] / "vectors"
TIANWEN1 = json.loads((VECTORS / "tianwen1_frames.json").read_text())
LOW_RATE = FrameFormat("aos", 220, insert_zone=8)


def packet(size: int, apid: int = 0x101, count: int = 0) -> bytes:
    """A packet of `size` octets in all."""
    return SpacePacket(apid, count, bytes((k * 7 + size) & 0xFF for k in range(size - 6))).encode()


def pointer(frame: np.ndarray, frame_format: FrameFormat) -> int:
    at = 4 if frame_format.kind == "tm" else frame_format.header_octets - 2
    return int.from_bytes(frame[at : at + 2].tobytes(), "big") & 0x7FF


def test_header_error_control_equals_an_independent_encoder():
    for vector in json.loads((VECTORS / "crc16.json").read_text())["aos_fhec_rs10_6"]["vectors"]:
        identification, signalling = int(vector["gvcid"], 16), int(vector["signaling"], 16)
        assert frame_header_error_control(identification, signalling) == int(vector["fhec"], 16)


def test_a_tianwen1_frame_is_made_octet_for_octet():
    frame = bytes.fromhex(TIANWEN1["constructed_cadu"]["frame"])
    insert_zone, sent = frame[6:14], frame[16:136]
    sender = VirtualChannelSender(LOW_RATE, 245, 1)
    sender.frame_count = int.from_bytes(frame[2:5], "big")
    assert sender.push(sent)
    assert sender.frames(1, np.frombuffer(insert_zone, np.uint8)[None]).tobytes() == frame


@pytest.mark.parametrize("row", TIANWEN1["real_headers_r00t"]["rows"], ids=lambda row: row["first_14_bytes"])
def test_the_headers_of_the_real_tianwen1_are_made(row):
    expected = bytes.fromhex(row["first_14_bytes"])
    sender = VirtualChannelSender(LOW_RATE, row["scid"], row["vcid"])
    sender.frame_count = row["vcfc"]
    frame = sender.frames(1, np.frombuffer(expected[6:], np.uint8)[None])[0]
    assert frame[:14].tobytes() == expected


def test_the_idle_channel_of_tianwen1():
    # 245/3: replay 1, spare 2, cycle 10, fill AA, frames of idle data only.
    sender = VirtualChannelSender(LOW_RATE, 245, 3, replay=True, spare=2, cycle=10, idle_fill=0xAA)
    zone = np.frombuffer(bytes.fromhex("01776d6dd4fd8aaa"), np.uint8)
    frames = sender.frames(3, np.tile(zone, (3, 1)), idle=True)
    assert frames[2].tobytes().hex() == "7d43000002aa" + "01776d6dd4fd8aaa" + "07fe" + "aa" * 204


def test_a_tm_frame_laid_out_by_hand():
    frame_format = FrameFormat("tm", 30, ocf=True, fecf=True, secondary_header=4)
    sender = VirtualChannelSender(frame_format, 0x2A5, 5, idle_fill=0x55)
    sender.frame_count = 0xFE
    sender.push(packet(12))
    frame = sender.frames(
        1,
        np.array([[1, 2, 3]], np.uint8),
        bytes.fromhex("01042a03"),
        master_counts=np.array([0x77], np.uint8),
    )[0].tobytes()
    # SCID 2A5, VC 5, OCF; MC 77, VC FE; secondary header, segment length 11, pointer 0; its ID: length 3
    head = "2a5b" + "77fe" + "9800" + "03010203"
    assert frame[:-2].hex() == head + packet(12).hex() + "55" * 0 + frame[22:24].hex() + "01042a03"
    assert crc16(frame) == 0


FORMATS = [
    FrameFormat("aos", 220, insert_zone=8),
    FrameFormat("aos", 64, fhec=True, ocf=True, fecf=True),
    FrameFormat("aos", 12),
    FrameFormat("tm", 100, fecf=True),
    FrameFormat("tm", 40, ocf=True, secondary_header=9),
]


def test_first_header_pointers_of_packets_that_span():
    frame_format = FrameFormat("aos", 28)  # a zone of 20 octets
    sender = VirtualChannelSender(frame_format, 1, 2)
    sender.push(packet(50) + packet(10) + packet(20))
    frames = sender.frames(5)
    # 50: frames 0, 1 and 10 octets of 2; 10: the rest of 2; 20: all of 3; then nothing at all.
    assert [pointer(frame, frame_format) for frame in frames] == [0, 0x7FF, 10, 0, 0x7FE]
    assert sender.counters["idle_frames"] == 1


def test_an_idle_packet_too_long_for_its_frame_spans_into_the_next():
    frame_format = FrameFormat("aos", 28)
    sender = VirtualChannelSender(frame_format, 1, 2, idle_fill=0x33, idle_apid=0x7FF)
    sender.push(packet(17))
    first = sender.frames(1)[0]
    assert pointer(first, frame_format) == 0
    assert first[25:].tobytes() == bytes.fromhex("07ffc0")
    assert not sender.between_packets
    with pytest.raises(FswError, match="middle of a packet"):
        sender.frames(1, idle=True)
    sender.push(packet(16))
    second = sender.frames(1)[0]
    assert pointer(second, frame_format) == 4
    assert second[8:12].tobytes() == bytes.fromhex("00000033")
    assert second[12:].tobytes() == packet(16)


def test_idle_packets_are_counted_in_their_sequence_count():
    sender = VirtualChannelSender(LOW_RATE, 1, 2)
    for expected in range(3):
        sender.push(packet(20))
        frame = sender.frames(1)[0].tobytes()
        assert frame[36:40].hex() == f"07ff{0xC000 | expected:04x}"


def zones(frames: np.ndarray, frame_format: FrameFormat) -> bytes:
    end = frame_format.length - frame_format.trailer_octets
    return frames[:, frame_format.header_octets : end].tobytes()


@given(
    st.sampled_from(FORMATS),
    st.lists(st.one_of(st.integers(7, 300), st.none()), max_size=40),
)
def test_what_is_pushed_leaves_in_order_among_idle_packets(frame_format, steps):
    """None: pull a frame; a number: push a packet of that size."""
    sender = VirtualChannelSender(frame_format, 3, 4, capacity=1000)
    pushed, stream = [], b""
    for step in [*steps, *[None] * 400]:
        if step is not None:
            if sender.push(packet(step)):
                pushed.append(packet(step))
            continue
        frame = sender.frames(1)
        where = pointer(frame[0], frame_format)
        if where == 0x7FE:
            assert zones(frame, frame_format) == b"\xaa" * frame_format.data_octets
            continue
        zone = zones(frame, frame_format)
        at = len(stream)
        stream += zone
        starts = [s for s in _starts(stream) if s >= at]
        assert where == (starts[0] - at if starts else 0x7FF)
    found = [stream[a:b] for a, b in _packets(stream)]
    assert [one for one in found if int.from_bytes(one[:2], "big") & 0x7FF != 0x7FF] == pushed
    assert sender.pending_octets == 0
    assert sender.room == 1000


def _starts(stream: bytes) -> list[int]:
    starts, at = [], 0
    while at < len(stream):
        starts.append(at)
        if len(stream) - at < 6:
            break
        at += int.from_bytes(stream[at + 4 : at + 6], "big") + 7
    return starts


def _packets(stream: bytes) -> list[tuple[int, int]]:
    starts = _starts(stream)
    ends = (
        [*starts[1:], starts[-1] + int.from_bytes(stream[starts[-1] + 4 :][:2], "big") + 7] if starts else []
    )
    return list(zip(starts, ends, strict=True))


@given(st.sampled_from(FORMATS), st.integers(0, 12), st.integers(0, 12))
def test_frames_in_one_call_or_several_and_through_a_save_are_the_same(frame_format, first, second):
    def filled() -> VirtualChannelSender:
        sender = VirtualChannelSender(frame_format, 3, 4, capacity=700)
        for size in (200, 7, 93, 300):
            sender.push(packet(size))
        return sender

    whole = filled().frames(first + second)
    sender, other = filled(), VirtualChannelSender(frame_format, 9, 7, capacity=700)
    parts = [sender.frames(first)]
    other.load(sender.save())
    assert other.save() == sender.save()
    for each in (sender, other):  # the ring wraps here
        each.push(packet(150))
    assert np.array_equal(sender.frames(second), other.frames(second))
    again = filled()
    parts.append(again.frames(first) if first else again.frames(0))
    assert np.array_equal(np.concatenate([parts[0], again.frames(second)]), whole)


def test_a_full_sender_refuses_and_counts():
    sender = VirtualChannelSender(LOW_RATE, 1, 1, capacity=100)
    assert sender.push(packet(60))
    assert not sender.push(packet(41))
    assert sender.push(packet(40))
    assert (sender.room, sender.pending_octets, sender.counters["refused"]) == (0, 100, 1)


@pytest.mark.parametrize("octets", [b"\x00" * 6, packet(20)[:-1], b"\xe0" + bytes(20), packet(9) + b"\x00"])
def test_what_is_not_whole_packets_is_refused(octets):
    sender = VirtualChannelSender(LOW_RATE, 1, 1)
    with pytest.raises(FswError, match="whole space packets"):
        sender.push(octets)
    assert sender.pending_octets == 0


def test_frame_counts_wrap_and_the_cycle_counts_on():
    sender = VirtualChannelSender(LOW_RATE, 1, 1, cycle=15, cycle_in_use=True)
    sender.frame_count = 0xFFFFFF
    frames = sender.frames(2)
    assert frames[:, 2:6].tobytes().hex() == "ffffff4f" + "00000040"
    tm = VirtualChannelSender(FrameFormat("tm", 30), 1, 1)
    tm.frame_count = 255
    assert tm.frames(2)[:, 2:4].tobytes().hex() == "00ff" + "0100"


@pytest.mark.parametrize(
    "wrong",
    [
        {"spacecraft_id": 256},
        {"virtual_channel": 64},
        {"spare": 4},
        {"cycle": 16},
        {"idle_fill": 256},
        {"idle_apid": 2048},
        {"capacity": 6},
        {"format": FrameFormat("aos", 4096)},
        {"format": FrameFormat("tm", 100), "virtual_channel": 8},
    ],
)
def test_channels_that_cannot_be_are_refused(wrong):
    with pytest.raises(FswError, match="allowed"):
        VirtualChannelSender(**{"format": LOW_RATE, "spacecraft_id": 1, "virtual_channel": 1, **wrong})


def test_extras_of_the_wrong_shape_are_refused():
    sender = VirtualChannelSender(FrameFormat("aos", 60, insert_zone=4, ocf=True), 1, 1)
    with pytest.raises(FswError, match=r"insert zones are uint8 \(1, 4\): allowed is uint8 \(2, 4\)"):
        sender.frames(2, np.zeros((1, 4), np.uint8))
    with pytest.raises(FswError, match="OCF of 3 octets"):
        sender.frames(1, None, b"123")
    with pytest.raises(FswError, match="has none"):
        VirtualChannelSender(LOW_RATE, 1, 1).frames(1, None, b"1234")
    with pytest.raises(FswError, match="this build"):
        sender.load({"state": b"", "pending": b""})
