"""PyPI `spacepackets` reads our packets, and we read its."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core import space_packet
from fsw.core.crc import crc16
from fsw.core.space_packet import SpacePacket

pytest.importorskip("spacepackets", reason="the judge is not installed")

from spacepackets.ccsds.spacepacket import PacketType, SequenceFlags, SpacePacketHeader
from spacepackets.ecss.tc import PusTc


@given(
    st.integers(0, 2047),
    st.integers(0, 16383),
    st.integers(1, 65536),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3),
)
def test_headers_are_the_same(apid, count, size, telecommand, secondary_header, flags):
    ours = SpacePacket(apid, count, bytes(size), telecommand, secondary_header, flags).encode()
    theirs = SpacePacketHeader(
        packet_type=PacketType.TC if telecommand else PacketType.TM,
        apid=apid,
        seq_count=count,
        data_len=size - 1,
        sec_header_flag=secondary_header,
        seq_flags=SequenceFlags(flags),
    )
    assert ours[:6] == theirs.pack()
    read = SpacePacketHeader.unpack(ours)
    assert (read.apid, read.seq_count, read.packet_len) == (apid, count, len(ours))


def test_its_pus_telecommands_are_found_with_their_crc_right():
    packets = [PusTc(17, k, apid=0x42 + k, app_data=bytes(k)).pack() for k in range(30)]
    assert all(crc16(packet) == 0 for packet in packets)
    found = space_packet.index(b"".join(packets), crc=True)
    assert found.apid.tolist() == [0x42 + k for k in range(30)]
    assert found.crc_right.all()
    assert found.telecommand.all()
    assert found.secondary_header.all()


def test_it_finds_the_packets_of_our_batches():
    bounds = np.array([0, 3, 60, 61, 300], np.uint64)
    octets, offsets = space_packet.encode_many(bytes(300), bounds, 0x155, 16382, crc=True)
    for k in range(4):
        theirs = SpacePacketHeader.unpack(octets[int(offsets[k]) :].tobytes())
        assert theirs.packet_len == int(offsets[k + 1] - offsets[k])
        assert theirs.seq_count == (16382 + k) % 16384
