"""Frames in, packets out, and an account of everything lost."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.binding import ffi, lib
from fsw.core.crc import crc16
from fsw.core.errors import FswError
from fsw.core.frame_format import FrameFormat
from fsw.core.frames_to_packets import VERDICTS, Batch, PacketExtractor
from fsw.core.space_packet import SpacePacket
from fsw.core.telemetry import VirtualChannelSender

RECORDINGS = Path(__file__).resolve().parents[2] / ".." / "shared" / "recordings"
FORMATS = {
    "tianwen-2/2026-05-25T155215_frames_892.u8": FrameFormat("aos", 892, insert_zone=8),
    "tianwen-2/2026-06-08T132135_lowrate_frames_220.u8": FrameFormat("aos", 220, insert_zone=8),
    "change-5/2021-09-18_frames_220.u8": FrameFormat("aos", 220, insert_zone=8),
    "hera/2024-10-07T162420_lowrate_frames.u8": FrameFormat("tm", 1113, ocf=True),
}


@pytest.mark.skipif(not RECORDINGS.exists(), reason="recordings are absent: ../shared/recordings")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("frames_a_batch", [1, 7, 1 << 20])
def test_recordings_hold_what_an_independent_reading_found(name, frames_a_batch):
    expected = json.loads((RECORDINGS / "expected.json").read_text())[name]
    extractor = PacketExtractor(FORMATS[name])
    octets = np.fromfile(RECORDINGS / name, np.uint8).reshape(-1, FORMATS[name].length)
    batches = [extractor.feed(octets[k : k + frames_a_batch]) for k in range(0, len(octets), frames_a_batch)]
    channels = {
        key: {"frames": row["frames"], "gaps": row["gaps"]} for key, row in extractor.stats.items()
    } | {key: {"frames": frames, "gaps": 0} for key, frames in extractor.foreign.items()}
    assert channels == expected["virtual_channels"]
    assert extractor.verdicts["bad_version"] == expected["bad_version"]
    assert sum(extractor.verdicts.values()) == expected["frames"]
    # Where a gap or a bad frame cuts packets two readings may differ by two for each.
    slack = 2 * (sum(row["gaps"] for row in channels.values()) + expected["bad_version"])
    assert abs(sum(map(len, batches)) - expected["packets"]) <= slack
    apids, counts = np.unique(np.concatenate([batch.apid for batch in batches]), return_counts=True)
    found = dict(zip(map(str, apids.tolist()), counts.tolist(), strict=True))
    assert found.keys() == expected["apids"].keys()
    assert all(abs(found[apid] - many) <= slack for apid, many in expected["apids"].items())


FEW = [
    FrameFormat("aos", 60, insert_zone=3, fecf=True),
    FrameFormat("aos", 40, fhec=True, ocf=True),
    FrameFormat("aos", 13),
    FrameFormat("tm", 50, fecf=True, secondary_header=3),
]


def sent(
    frame_format: FrameFormat, sizes: list[int], n: int, channel: int = 2
) -> tuple[list[bytes], np.ndarray]:
    """Packets of these sizes, and n frames that begin with them."""
    packets = [
        SpacePacket(0x100 + i % 5, i, bytes([i & 0xFF]) * (size - 6)).encode() for i, size in enumerate(sizes)
    ]
    sender = VirtualChannelSender(frame_format, 77, channel, capacity=1 << 16)
    assert sender.push(b"".join(packets))
    return packets, sender.frames(n)


def packets_of(*batches: Batch) -> list[bytes]:
    return [batch.packet(i) for batch in batches for i in range(len(batch))]


def until_idle(frame_format: FrameFormat, sizes: list[int]) -> int:
    return sum(sizes) // frame_format.data_octets + 8


@given(
    st.sampled_from(FEW),
    st.lists(st.integers(7, 250), min_size=1, max_size=15),
    st.lists(st.integers(1, 20), max_size=20),
)
def test_packets_come_back_however_the_frames_are_batched(frame_format, sizes, batches):
    packets, frames = sent(frame_format, sizes, until_idle(frame_format, sizes))
    whole = PacketExtractor(frame_format)
    batch = whole.feed(frames)
    assert packets_of(batch) == packets
    assert whole.discarded == {}
    assert batch.apid.tolist() == [0x100 + i % 5 for i in range(len(sizes))]
    assert batch.count.tolist() == list(range(len(sizes)))
    assert set(batch.spacecraft_id.tolist()) == {77}
    starts = (np.cumsum(sizes) - sizes) // frame_format.data_octets
    assert batch.frame_index.tolist() == starts.tolist()
    pieces = PacketExtractor(frame_format)
    found, first = [], 0
    for k, frame in enumerate(np.split(frames, np.minimum(np.cumsum(batches), len(frames)).astype(int))):
        if k % 2:  # a saved extractor goes on as if nothing had happened
            saved = pieces.save()
            pieces = PacketExtractor(frame_format)
            pieces.load(saved)
            assert pieces.save() == saved
        part = pieces.feed(frame)
        found += packets_of(part)
        assert (part.frame_index + first).tolist() == starts[len(found) - len(part) : len(found)].tolist()
        first += len(frame)
    assert found == packets
    assert pieces.stats == whole.stats


@given(
    st.sampled_from(FEW),
    st.lists(st.integers(7, 250), min_size=1, max_size=15),
    st.sets(st.integers(0, 100), max_size=6),
)
def test_lost_frames_cost_only_the_packets_in_them(frame_format, sizes, lost):
    n = until_idle(frame_format, sizes)
    packets, frames = sent(frame_format, sizes, n)
    keep = np.array([k for k in range(n) if k not in lost], int)
    extractor = PacketExtractor(frame_format)
    found = packets_of(extractor.feed(frames[keep]))
    ends = np.cumsum(sizes)
    zone = frame_format.data_octets
    touched = [
        bool(lost & set(range((end - size) // zone, (end - 1) // zone + 1)))
        for size, end in zip(sizes, ends.tolist(), strict=True)
    ]
    expected = [packet for packet, hit in zip(packets, touched, strict=True) if not hit]
    assert found == expected
    if keep.size:
        row = next(iter(extractor.stats.values()))
        inside = sorted(k for k in lost if keep[0] < k < keep[-1])
        assert row["lost_frames"] == len(inside)
        assert row["gaps"] == sum(k - 1 not in lost for k in inside)
        assert row["frames"] == keep.size


def test_a_packet_begun_before_a_gap_and_a_tail_after_it_are_counted():
    frame_format = FrameFormat("aos", 28)  # a zone of 20 octets
    packets, frames = sent(frame_format, [30, 40, 30, 30], 7)
    extractor = PacketExtractor(frame_format)
    assert packets_of(extractor.feed(frames[[0, 1, 3, 4, 5, 6]])) == [packets[0], packets[2], packets[3]]
    assert extractor.discarded == {"gap": 1, "truncated": 1}


@pytest.mark.parametrize("frame_format", [f for f in FEW if f.fecf])
def test_a_frame_with_a_wrong_octet_is_dropped_whole(frame_format):
    packets, frames = sent(frame_format, [20] * 40, 30)
    frames[7, 11] ^= 0x20
    extractor = PacketExtractor(frame_format)
    batch = extractor.feed(frames)
    assert [VERDICTS[v] for v in batch.verdict] == ["good"] * 7 + ["fecf"] + ["good"] * 22
    assert extractor.discarded["fecf"] == 1
    assert next(iter(extractor.stats.values()))["lost_frames"] == 1
    assert 0 < len(packets) - len(batch) <= 2 + frame_format.data_octets // 20


def test_two_wrong_nibbles_of_a_protected_header_are_corrected_and_three_are_not_taken_for_good():
    frame_format = FrameFormat("aos", 40, fhec=True)
    packets, frames = sent(frame_format, [100] * 4, 20)
    protected = [0, 1, 5, 6, 7]
    for a in range(10):
        for b in range(10):
            hurt = frames.copy()
            for nibble, value in ((a, 0x5), (b, 0xC)):
                hurt[3, protected[nibble // 2]] ^= value << (0 if nibble % 2 else 4)
            extractor = PacketExtractor(frame_format)
            batch = extractor.feed(hurt)
            assert VERDICTS[batch.verdict[3]] == "corrected"
            assert packets_of(batch) == packets
    hurt = frames.copy()
    hurt[3, 0] ^= 0x11
    hurt[3, 1] ^= 0x10
    extractor = PacketExtractor(frame_format)
    assert VERDICTS[extractor.feed(hurt).verdict[3]] == "fhec"


def test_header_correction_never_changes_what_it_does_not_make_right():
    random = np.random.default_rng(4)
    for _ in range(3000):
        octets = random.integers(0, 256, 5, dtype=np.uint8).tobytes()
        header = ffi.new("uint8_t[]", octets)
        fixed = lib.f2p_correct_header(header)
        after = bytes(ffi.buffer(header, 5))
        if fixed < 0:
            assert after == octets
        else:
            changed = sum((x ^ y) >> s & 15 != 0 for x, y in zip(octets, after, strict=True) for s in (0, 4))
            assert changed == fixed <= 2
            assert lib.telemetry_fhec(after[0] << 8 | after[1], after[2]) == after[3] << 8 | after[4]


def test_other_spacecraft_and_other_frames_are_foreign():
    frame_format = FrameFormat("aos", 50)
    _, ours = sent(frame_format, [30], 2)
    _, tm = sent(FrameFormat("tm", 50), [30], 1)
    other = VirtualChannelSender(frame_format, 78, 9).frames(1)
    noise = np.full((1, 50), 0xFF, np.uint8)
    extractor = PacketExtractor(frame_format, spacecraft_ids=[77])
    batch = extractor.feed(np.concatenate([ours, tm, other, noise]))
    assert [VERDICTS[v] for v in batch.verdict] == ["good", "good", "foreign", "foreign", "bad_version"]
    assert extractor.foreign == {"77/2": 1, "78/9": 1}
    assert extractor.discarded == {"foreign": 2, "bad_version": 1}
    assert list(extractor.stats) == ["77/2"]


def test_channels_interleaved_keep_apart():
    frame_format = FrameFormat("tm", 50)
    a, frames_a = sent(frame_format, [100] * 4, 12, channel=1)
    b, frames_b = sent(frame_format, [99] * 4, 12, channel=6)
    batch = PacketExtractor(frame_format).feed(np.stack([frames_a, frames_b], 1).reshape(-1, 50))
    found = packets_of(batch)
    assert [p for p, vc in zip(found, batch.virtual_channel, strict=True) if vc == 1] == a
    assert [p for p, vc in zip(found, batch.virtual_channel, strict=True) if vc == 6] == b


def test_more_channels_than_there_is_room_for_are_counted():
    frame_format = FrameFormat("aos", 50)
    frames = np.concatenate([VirtualChannelSender(frame_format, 1, vc).frames(1) for vc in range(5)])
    extractor = PacketExtractor(frame_format, channels_most=3)
    extractor.feed(frames)
    assert extractor.discarded == {"no_channel": 2}
    assert len(extractor.stats) == 3


def test_idle_channels_and_channels_without_packets_are_only_counted():
    frame_format = FrameFormat("aos", 50)
    idle = VirtualChannelSender(frame_format, 1, 63).frames(3)
    data = np.concatenate([VirtualChannelSender(frame_format, 1, 24).frames(2), np.zeros((0, 50), np.uint8)])
    data[:, 8:] = 0xEB
    extractor = PacketExtractor(frame_format, without_packets=[24])
    assert len(extractor.feed(np.concatenate([idle, data]))) == 0
    assert extractor.stats["1/63"]["idle_frames"] == 3
    assert extractor.stats["1/24"]["frames"] == 2
    assert extractor.discarded == {}


def test_repeats_restarts_and_replays():
    frame_format = FrameFormat("aos", 50)
    packets, frames = sent(frame_format, [100], 4)
    extractor = PacketExtractor(frame_format)
    batch = extractor.feed(frames[[0, 1, 1, 2, 3]])
    assert packets_of(batch) == packets
    assert VERDICTS[batch.verdict[2]] == "repeated"
    extractor.feed(frames)
    row = extractor.stats["77/2"]
    assert (row["repeated"], row["gaps"], row["restarts"], row["lost_frames"]) == (1, 1, 1, 0)
    extractor.feed(VirtualChannelSender(frame_format, 77, 2, replay=True).frames(2))
    assert extractor.stats["77/2"]["replays"] == 2


@pytest.mark.parametrize(
    ("zone", "pointer", "reason"),
    [
        (b"\x00" * 44, 2045, "bad_pointer"),
        (b"\xe0" * 44, 0, "bad_packet_header"),
        (SpacePacket(1, 0, bytes(10)).encode() + b"\xff" * 28, 0, "bad_packet_header"),
        (b"\x00" * 44, 5, "bad_pointer"),
        (b"\x00" * 44, 0x7FE, "bad_pointer"),
    ],
)
def test_a_contradiction_is_counted_and_the_next_frame_is_read(zone, pointer, reason):
    frame_format = FrameFormat("aos", 52)
    sender = VirtualChannelSender(frame_format, 7, 7)
    sender.push(SpacePacket(9, 0, bytes(70)).encode())
    frames = sender.frames(2)  # a packet of 76 octets: 32 of them in the second frame
    hurt = frames[1].copy()
    hurt[6:8] = np.frombuffer(pointer.to_bytes(2, "big"), np.uint8)
    hurt[8:] = np.frombuffer(zone, np.uint8)
    sender.push(SpacePacket(10, 0, bytes(20)).encode())
    extractor = PacketExtractor(frame_format)
    batch = extractor.feed(np.stack([frames[0], hurt, *sender.frames(1)]))
    assert batch.apid.tolist()[-1] == 10
    assert reason in extractor.discarded


@given(st.sampled_from(FEW), st.binary(max_size=2000), st.integers(0, 40))
def test_anything_may_be_fed(frame_format, octets, cut):
    frames = np.frombuffer(
        octets[: len(octets) // frame_format.length * frame_format.length], np.uint8
    ).reshape(-1, frame_format.length)
    frames = frames.copy()
    if frame_format.fecf:  # let them pass the first check, or nothing else is tried
        for frame in frames:
            frame[-2:] = np.frombuffer(crc16(frame[:-2].tobytes()).to_bytes(2, "big"), np.uint8)
    whole, pieces = PacketExtractor(frame_format), PacketExtractor(frame_format)
    expected = whole.feed(frames)
    found = [pieces.feed(frames[:cut]), pieces.feed(frames[cut:])]
    assert packets_of(*found) == packets_of(expected)
    assert pieces.stats == whole.stats
    for octets_of_one in packets_of(expected):
        assert SpacePacket.decode(octets_of_one).apid != 0x7FF
    assert sum(whole.verdicts.values()) == len(frames)


def test_frames_of_another_length_are_refused():
    extractor = PacketExtractor(FrameFormat("aos", 50))
    with pytest.raises(FswError, match=r"allowed is uint8 \(n, 50\)"):
        extractor.feed(np.zeros((2, 49), np.uint8))
    with pytest.raises(FswError, match="allowed"):
        extractor.feed(b"1" * 51)
    with pytest.raises(FswError, match="1 to 2046"):
        PacketExtractor(FrameFormat("aos", 4000))
