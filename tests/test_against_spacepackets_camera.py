"""The camera's packets as a library that nobody here wrote reads them."""

import numpy as np
import pytest

from fsw.core.camera_unit import CameraParameters, CameraUnit

spacepackets = pytest.importorskip("spacepackets", reason="the outside judge of packet headers")
SECOND_NS = 1_000_000_000


def test_every_packet_of_a_flight_is_a_space_packet_to_others():
    from spacepackets.ccsds.spacepacket import PacketType, SequenceFlags, SpacePacketHeader

    unit = CameraUnit(CameraParameters(part_octets=100))
    unit.separation(0)
    counts = {0x310: 0, 0x311: 0, 0x312: 0}
    parts = []
    for now_ns in range(0, 5 * SECOND_NS, SECOND_NS):
        for order in unit.poll(now_ns):
            assert unit.commit(order.handle, bytes([order.number]) * 100 * order.number, now_ns)
        octets, lengths = unit.transmit(now_ns, 100_000)
        ends = np.cumsum(lengths)
        for end, length in zip(ends, lengths, strict=True):
            header = SpacePacketHeader.unpack(octets[end - length : end].tobytes())
            assert header.ccsds_version == 0
            assert header.packet_type == PacketType.TM
            assert not header.sec_header_flag
            assert header.data_len + 7 == length
            assert header.seq_count == counts[header.apid]
            counts[header.apid] += 1
            if header.apid == 0x310:
                parts.append(header.seq_flags)
            else:
                assert header.seq_flags == SequenceFlags.UNSEGMENTED
    first, middle, last = (
        SequenceFlags.FIRST_SEGMENT,
        SequenceFlags.CONTINUATION_SEGMENT,
        SequenceFlags.LAST_SEGMENT,
    )
    expected = [SequenceFlags.UNSEGMENTED]
    for pieces in range(2, 7):
        expected += [first, *[middle] * (pieces - 2), last]
    assert parts == expected
