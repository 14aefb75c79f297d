"""Devices behind on/off lines and registers: what switching and loading does, and what a snapshot holds."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw.devices.device_bus import DeviceBus, Heater, LoadedRegister, Register
from fsw.devices.transponder import UplinkReceiver
from fsw.kernel.time import SECOND

SWITCHINGS = st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=12)


def test_a_heater_warms_a_kelvin_a_minute_up_to_its_most_and_cools_as_fast():
    heater = Heater()
    assert heater.warmth(5 * SECOND) == 0
    heater.switch(True, 100 * SECOND)
    assert [heater.warmth((100 + s) * SECOND) for s in (0, 60, 90, 720, 9999)] == [
        0,
        1000,
        1500,
        12000,
        12000,
    ]
    heater.switch(False, 1000 * SECOND)
    assert [heater.warmth((1000 + s) * SECOND) for s in (0, 60, 720, 9999)] == [12000, 11000, 0, 0]


@given(SWITCHINGS)
def test_warmth_never_jumps_and_a_snapshot_changes_nothing(switchings):
    heater, now_s = Heater(), 0
    for after_s, on in switchings:
        before = heater.warmth(now_s * SECOND)
        now_s += after_s
        warmth = heater.warmth(now_s * SECOND)
        assert abs(warmth - before) <= 1000 * after_s // 60 + 1
        assert 0 <= warmth <= 12000
        heater.switch(on, now_s * SECOND)
        assert heater.on == on
        assert heater.warmth(now_s * SECOND) == warmth
        twin = Heater()
        twin.load(heater.save())
        assert twin.save() == heater.save()
        assert twin.warmth((now_s + 77) * SECOND) == heater.warmth((now_s + 77) * SECOND)


def test_a_switched_heater_switched_again_goes_on_as_it_was():
    once, twice = Heater(), Heater()
    for heater in (once, twice):
        heater.switch(True, 0)
    for ms in range(0, 60_000, 7):
        twice.switch(True, ms * SECOND // 1000)
    assert twice.warmth(60 * SECOND) == once.warmth(60 * SECOND) == 1000


@given(st.binary(max_size=8))
def test_a_register_takes_what_fits_only(octets):
    register = LoadedRegister(4)
    register.write(octets)
    assert register.read(0) == (octets if len(octets) == 4 else bytes(4))
    twin = LoadedRegister(4)
    twin.load(register.save())
    assert twin.read(0) == register.read(0)


@pytest.fixture
def bus():
    heater, test = Heater(), LoadedRegister(2)
    registers = {7: Register(test.read, test.write), 8: Register(lambda now_ns: bytes([heater.on]))}
    return DeviceBus({3: (heater, True), 4: (heater, False)}, registers)


def test_pulses_reach_their_device_and_nothing_else_does(bus):
    for address, on in ((4, 0), (3, 1), (5, 1), (3, 1), (4, 0), (9, 0)):
        bus.pulse(address, 0)
        assert bus.read(8, 0) == bytes([on])


def test_only_what_can_be_loaded_is(bus):
    for address in (6, 7, 8):
        bus.write(address, b"ab")
    assert [bus.read(address, 0) for address in (6, 7, 8)] == [b"", b"ab", b"\0"]


def test_the_receiver_counts_its_locks_on_bits():
    receiver = UplinkReceiver()
    for at_ms in (1000, 1100, 2000, 2999, 4000, 90_000, 90_001):
        receiver.advance(at_ms * SECOND // 1000)
        receiver.hear(at_ms * SECOND // 1000)
    twin = UplinkReceiver()
    twin.load(receiver.save())
    assert twin.locks == receiver.locks == 3
