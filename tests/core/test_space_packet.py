"""Space packets, whole, many, cut short and damaged."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fsw.core import space_packet
from fsw.core.space_packet import SpacePacket

packets = st.builds(
    SpacePacket,
    apid=st.integers(0, 2047),
    count=st.integers(0, 16383),
    data=st.binary(min_size=1, max_size=80),
    telecommand=st.booleans(),
    secondary_header=st.booleans(),
    flags=st.integers(0, 3),
)


def test_a_header_laid_out_by_hand():
    packet = SpacePacket(apid=0x507, count=0x0123, data=b"\xa5\x5a\x01", telecommand=True, flags=1)
    assert packet.encode().hex() == "150741230002a55a01"


@given(packets)
def test_a_packet_comes_back(packet):
    assert SpacePacket.decode(packet.encode()) == packet


@given(st.lists(packets, max_size=20), st.data())
def test_an_index_finds_every_whole_packet_and_says_what_is_left(sent, draw):
    octets = b"".join(packet.encode() for packet in sent)
    cut = draw.draw(st.integers(0, len(octets)))
    found = space_packet.index(octets[:cut])
    ends = np.cumsum([0] + [len(packet.encode()) for packet in sent])
    whole = int(np.searchsorted(ends, cut, side="right")) - 1
    assert len(found) == whole
    assert found.consumed == ends[whole]
    assert found.stop == ("end" if found.consumed == cut else "incomplete")
    assert found.apid.tolist() == [packet.apid for packet in sent[:whole]]
    assert found.count.tolist() == [packet.count for packet in sent[:whole]]
    assert found.flags.tolist() == [packet.flags for packet in sent[:whole]]
    assert found.telecommand.tolist() == [packet.telecommand for packet in sent[:whole]]
    assert found.secondary_header.tolist() == [packet.secondary_header for packet in sent[:whole]]
