"""The transmitter: what it sends is received, and a snapshot in the middle of a stream is not seen."""

import numpy as np
import pytest

from fsw import missions
from fsw.core.receiver import Receiver
from fsw.devices.transponder import Transmitter, UplinkReceiver
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND
from fsw.vehicles.orbiter import HIGH, LOW, transmit_modes

MODES = transmit_modes(missions.load("tianwen1-cruise"))
FIGURES = {mode.name: mode for mode in MODES}


def frames(name, number, seed=1):
    octets = FIGURES[name].frame_octets
    return np.random.default_rng(seed).integers(0, 256, (number, octets), np.uint8)


def soft(transmission):
    return np.unpackbits(np.frombuffer(transmission.symbols, np.uint8)) * np.uint8(255)


@pytest.mark.parametrize("name", [LOW, HIGH])
@pytest.mark.parametrize("inverted", [False, True])
def test_symbols_are_received_as_the_frames_that_went_in(name, inverted):
    mode = FIGURES[name]
    transmitter, receiver = Transmitter(MODES, coded=True), Receiver(mode.code, mode.frame_octets)
    sent = frames(name, 24)
    got = []
    for k in range(0, 24, 8):
        transmission = transmitter.transmit(name, k * mode.frame_ns, sent[k : k + 8].tobytes())
        assert transmission.coded
        assert transmission.end_ns == (k + 8) * mode.frame_ns
        assert transmission.first_symbol == 8 * len(transmission.symbols) * (k // 8)
        symbols = soft(transmission)
        got.append(receiver.feed(255 - symbols if inverted else symbols).frames)
    got.append(receiver.flush().frames)
    received = np.concatenate(got)
    assert len(received) >= 23
    assert received.tobytes() == sent[24 - len(received) :].tobytes()


@pytest.mark.parametrize("name", [LOW, HIGH])
def test_uncoded_it_gives_cadus_with_their_marker(name):
    mode = FIGURES[name]
    transmission = Transmitter(MODES, coded=False).transmit(name, 0, frames(name, 5).tobytes())
    assert not transmission.coded
    cadu_octets = {LOW: 256, HIGH: 1024}[name]
    assert len(transmission.symbols) == 5 * cadu_octets
    assert all(transmission.symbols[k * cadu_octets :][:4].hex() == "1acffc1d" for k in range(5))
    receiver = Receiver(mode.code, mode.frame_octets)
    got = [receiver.feed_cadus(transmission.symbols).frames, receiver.flush().frames]
    assert np.concatenate(got).tobytes() == frames(name, 5).tobytes()


def test_a_snapshot_between_two_beats_and_a_change_of_mode_are_not_seen():
    plain, cut = Transmitter(MODES, coded=True), Transmitter(MODES, coded=True)
    told = []
    for name, beat in ((LOW, 0), (LOW, 1), (HIGH, 2), (HIGH, 3), (LOW, 4)):
        octets = frames(name, 4, beat).tobytes()
        again = Transmitter(MODES, coded=True)
        again.load(unpack(pack(cut.save())))
        cut = again
        expected = plain.transmit(name, beat * SECOND, octets)
        assert cut.transmit(name, beat * SECOND, octets) == expected
        told.append((name, expected.first_symbol))
    per_beat = 4 * 256 * 8 * 2
    assert told == [(LOW, 0), (LOW, per_beat), (HIGH, 0), (HIGH, 4 * 1024 * 8 * 2), (LOW, 0)]


def test_the_receiver_shows_bits_for_a_second_and_the_carrier_for_a_minute():
    receiver = UplinkReceiver()
    assert (receiver.carrier, receiver.bits, receiver.next_ns()) == (False, False, None)
    assert not receiver.advance(SECOND)
    assert receiver.hear(5 * SECOND)
    assert not receiver.hear(5 * SECOND + 1)
    assert receiver.next_ns() == 6 * SECOND + 1
    assert not receiver.advance(6 * SECOND)
    assert receiver.advance(6 * SECOND + 1)
    assert (receiver.carrier, receiver.bits) == (True, False)
    again = UplinkReceiver()
    again.load(receiver.save())
    assert again.next_ns() == 65 * SECOND + 1
    assert again.advance(65 * SECOND + 1)
    assert (again.carrier, again.next_ns()) == (False, None)
