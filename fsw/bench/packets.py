"""CRC, space packets, frames to packets: beside fastcrc, a struct loop, spacepackets and memcpy.

What is timed is what a user calls, Python and the crossing included. Buffers are warm: a batch is as
large as a reader of a recording would take at once, and fits the caches as theirs would.
"""

import struct
from binascii import crc_hqx  # the fastest CRC-16 that comes with Python: the loops are as good as can be
from collections.abc import Callable
from typing import Any

import numpy as np

from fsw.bench.figure import Figure, paired_seconds
from fsw.core import space_packet
from fsw.core.crc import crc16
from fsw.core.frame_format import FrameFormat
from fsw.core.frames_to_packets import PacketExtractor
from fsw.core.telemetry import VirtualChannelSender

PACKETS = 4096
PACKET_OCTETS = 64
DATA_OCTETS = PACKET_OCTETS - space_packet.HEADER_OCTETS - space_packet.CRC_OCTETS
FRAMES = 1024
FRAME_OCTETS = 1115
_HEADER = struct.Struct(">HHH")


def measure() -> list[Figure]:
    """crc_1k, crc_64k, packet_encode_64, packet_decode_64, frames_to_packets."""
    octets = np.random.default_rng(20200930).integers(0, 256, PACKETS * PACKET_OCTETS, dtype=np.uint8)
    return [
        _crc("crc_1k", octets[:1024].tobytes(), 20),
        _crc("crc_64k", octets[:65536].tobytes(), 100),
        _encode(octets[: PACKETS * DATA_OCTETS].tobytes()),
        _decode(octets[: PACKETS * DATA_OCTETS].tobytes()),
        _frames(octets),
    ]


def _crc(name: str, data: bytes, times: int) -> Figure:
    goal = f"{times} x fastcrc"
    try:
        import fastcrc
    except ImportError:
        ours, _ = paired_seconds(lambda: crc16(data), lambda: None)
        return Figure(name, len(data) / ours / 1e6, "MB/s", "fastcrc (not installed)", None, None, goal, None)
    peer_crc = fastcrc.crc16.ibm_3740
    ours, peer = paired_seconds(lambda: crc16(data), lambda: peer_crc(data))
    value, peer_value = len(data) / ours / 1e6, len(data) / peer / 1e6
    return Figure(
        name, value, "MB/s", "fastcrc", peer_value, value / peer_value, goal, value >= times * peer_value
    )


def _encode(data: bytes) -> Figure:
    bounds = np.arange(PACKETS + 1, dtype=np.uint64) * np.uint64(DATA_OCTETS)
    counts = np.arange(PACKETS, dtype=np.uint16)
    apids = np.full(PACKETS, 100, np.uint16)
    payloads = [data[i * DATA_OCTETS : (i + 1) * DATA_OCTETS] for i in range(PACKETS)]

    def ours() -> object:
        return space_packet.encode_many(data, bounds, apids, counts, crc=True)

    def by_struct() -> object:
        octets = bytearray()
        for i, payload in enumerate(payloads):
            packet = _HEADER.pack(100, 0xC000 | i, DATA_OCTETS + 1) + payload
            octets += packet + crc_hqx(packet, 0xFFFF).to_bytes(2, "big")
        return octets

    def by_spacepackets() -> object:
        from spacepackets.ccsds.spacepacket import (
            PacketType,
            SpacePacketHeader,
        )

        octets = bytearray()
        for i, payload in enumerate(payloads):
            header = SpacePacketHeader(
                packet_type=PacketType.TM, apid=100, seq_count=i, data_len=DATA_OCTETS + 1
            )
            packet = header.pack() + payload
            octets += packet + crc_hqx(packet, 0xFFFF).to_bytes(2, "big")
        return octets

    return _against_both("packet_encode_64", ours, by_struct, by_spacepackets)


def _decode(data: bytes) -> Figure:
    bounds = np.arange(PACKETS + 1, dtype=np.uint64) * np.uint64(DATA_OCTETS)
    packets = space_packet.encode_many(data, bounds, 100, 0, crc=True)[0].tobytes()

    def ours() -> object:
        return space_packet.index(packets, crc=True)

    def by_struct() -> object:
        found = []
        at = 0
        while at < len(packets):
            identification, sequence, length = _HEADER.unpack_from(packets, at)
            end = at + length + space_packet.FEWEST_OCTETS
            found.append((at, identification, sequence, length, crc_hqx(packets[at:end], 0xFFFF) == 0))
            at = end
        return found

    def by_spacepackets() -> object:
        from spacepackets.ccsds.spacepacket import SpacePacketHeader

        found = []
        at = 0
        while at < len(packets):
            header = SpacePacketHeader.unpack(packets[at : at + space_packet.HEADER_OCTETS])
            end = at + header.packet_len
            found.append((at, header, crc_hqx(packets[at:end], 0xFFFF) == 0))
            at = end
        return found

    return _against_both("packet_decode_64", ours, by_struct, by_spacepackets)


def _against_both(
    name: str, ours: Callable[[], Any], by_struct: Callable[[], Any], by_spacepackets: Callable[[], Any]
) -> Figure:
    """The ratio named is that of the goal that is harder to meet."""
    goal = "30 x struct and 80 x spacepackets"
    seconds, peer = paired_seconds(ours, by_struct)
    value = PACKETS / seconds / 1e6
    rows = [("struct", PACKETS / peer / 1e6, peer / seconds, 30)]
    try:
        import spacepackets  # noqa: F401
    except ImportError:
        goal += " (not installed)"
    else:
        seconds, peer = paired_seconds(ours, by_spacepackets)
        rows.append(("spacepackets", PACKETS / peer / 1e6, peer / seconds, 80))
    peer_name, peer_value, ratio, times = min(rows, key=lambda row: row[2] / row[3])
    return Figure(name, value, "M/s", peer_name, peer_value, ratio, goal, ratio >= times)


def _frames(octets: np.ndarray) -> Figure:
    """TM frames of 1115 octets with FECF, packets of 200 to 700 octets spanning them."""
    frame_format = FrameFormat("tm", FRAME_OCTETS, fecf=True)
    sizes = np.random.default_rng(1).integers(200, 700, FRAMES * frame_format.data_octets // 450)
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.uint64)
    data = np.resize(octets, int(bounds[-1]))
    packets, _ = space_packet.encode_many(data, bounds, 100, 0)
    sender = VirtualChannelSender(frame_format, 5, 1, capacity=packets.size)
    sender.push(packets)
    frames = sender.frames(FRAMES)
    copy = np.empty_like(frames)
    extractor = PacketExtractor(frame_format)
    seconds, memcpy = paired_seconds(lambda: extractor.feed(frames), lambda: np.copyto(copy, frames))
    assert extractor.verdicts["fecf"] == 0
    value, peer_value = FRAMES / seconds / 1e6, FRAMES / memcpy / 1e6
    ratio = value / peer_value
    return Figure(
        "frames_to_packets",
        value,
        "M frames/s",
        "memcpy",
        peer_value,
        ratio,
        "6 M frames/s or 0.5 x memcpy",
        value >= 6 or ratio >= 0.5,
    )
