"""Wireshark's dissector, which has no code of ours in it, reads our Space Packets as we meant them."""

import shutil
import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fsw.core.space_packet import CONTINUATION, FIRST, IDLE_APID, LAST, UNSEGMENTED, SpacePacket, encode_many

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

LINKTYPE_USER0 = 147
DISSECT_USER0_AS_SPACE_PACKETS = 'uat:user_dlts:"User 0 (DLT=147)","ccsds","0","","0",""'
FIELDS = ("version", "type", "secheader", "apid", "seqflag", "seqnum", "length")


def _capture(path: Path, packets: list[bytes]) -> Path:
    """A capture file in pcap's own layout (libpcap, pcap-savefile(5))."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINKTYPE_USER0))
        for second, packet in enumerate(packets):
            file.write(struct.pack("<IIII", second, 0, len(packet), len(packet)) + packet)
    return path


def _dissect(capture: Path) -> list[tuple[int, ...]]:
    """FIELDS of every packet, as tshark reads them."""
    done = subprocess.run(
        [
            *("tshark", "-n", "-r", capture, "-o", DISSECT_USER0_AS_SPACE_PACKETS),
            *("-T", "fields", "-E", "separator=,"),
            *(word for name in FIELDS for word in ("-e", f"ccsds.{name}")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = []
    for line in done.stdout.splitlines():
        truth = {"True": "1", "False": "0"}
        rows.append(tuple(int(truth.get(word, word), 0) for word in line.split(",")))
    return rows


def _as_dissected(packet: SpacePacket) -> tuple[int, ...]:
    return (
        0,
        int(packet.telecommand),
        int(packet.secondary_header),
        packet.apid,
        packet.flags,
        packet.count,
        len(packet.data) - 1,
    )


def test_tshark_reads_every_header_field_of_a_packet(tmp_path):
    packets = [
        SpacePacket(1281, 9, bytes(range(1, 60))),
        SpacePacket(1287, 0x2A5C, b"\x10\x03\x19" + bytes(range(16)), secondary_header=True),
        SpacePacket(0x123, 0x3FFF, b"\x2f\x11\x01\x00\x07", telecommand=True, secondary_header=True),
        SpacePacket(1, 0, b"\xa5", flags=FIRST),
        SpacePacket(1, 1, b"\xa5\x5a", flags=CONTINUATION),
        SpacePacket(1, 2, b"\xa5\x5a\xa5", flags=LAST),
        SpacePacket(IDLE_APID, 77, b"\x55" * 300),
        SpacePacket(0x7FE, 0x1555, b"\x3c" * 65536, flags=UNSEGMENTED),
    ]
    read = _dissect(_capture(tmp_path / "packets.pcap", [packet.encode() for packet in packets]))
    assert read == [_as_dissected(packet) for packet in packets]


def test_tshark_reads_a_batch_as_it_was_encoded(tmp_path):
    lengths = [1, 2, 7, 64, 255, 256, 1017, 4096] * 8
    bounds = np.cumsum([0, *lengths], dtype=np.uint64)
    data = np.arange(int(bounds[-1]), dtype=np.uint64).astype(np.uint8).tobytes()
    apids = np.arange(3, 3 + 29 * len(lengths), 29, dtype=np.uint16)
    first_count = 0x3FFF - 5  # the count passes its end inside the batch
    octets, offsets = encode_many(data, bounds, apids, first_count, secondary_header=True, crc=True)
    packets = [octets[start:end].tobytes() for start, end in pairwise(offsets)]
    read = _dissect(_capture(tmp_path / "batch.pcap", packets))
    assert read == [
        (0, 0, 1, int(apid), UNSEGMENTED, (first_count + k) % 0x4000, length + 2 - 1)
        for k, (apid, length) in enumerate(zip(apids, lengths, strict=True))
    ]
