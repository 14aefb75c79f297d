"""Memories of the computer: what was written is read, and a snapshot has their upsets."""

from hypothesis import given
from hypothesis import strategies as st

from fsw.core.crc import crc16
from fsw.devices.onboard_memory import ProgramImage, ScratchMemory

OCTETS = 256


@given(writes=st.lists(st.tuples(st.integers(0, OCTETS), st.binary(max_size=40)), max_size=8))
def test_scratch_memory_is_as_an_array_that_ends(writes):
    memory, model = ScratchMemory(OCTETS), bytearray(OCTETS + 100)
    for offset, octets in writes:
        memory.write(offset, octets)
        model[offset : offset + len(octets)] = octets
        assert memory.raw(0, 9999) == model[:OCTETS]
        model[OCTETS:] = bytes(100)
    other = ScratchMemory(1)
    other.load(memory.save())
    assert other.raw(0, OCTETS) == model[:OCTETS]


@given(bits=st.lists(st.integers(0, 8 * OCTETS - 1), max_size=5))
def test_a_program_image_ends_in_its_own_crc_until_upsets_come(bits):
    image, other = ProgramImage(OCTETS), ProgramImage(OCTETS)
    assert crc16(image.raw(0, OCTETS)) == 0
    for bit in bits:
        image.flip(bit)
    other.flip(3)
    other.load(image.save())
    assert other.raw(0, OCTETS) == image.raw(0, OCTETS)
    flipped = {bit for bit in bits if bits.count(bit) % 2}
    # A CRC of 16 bits finds every burst and every odd number of wrong bits, and all pairs here.
    assert (crc16(image.raw(0, OCTETS)) == 0) == (not flipped) or len(flipped) > 3
