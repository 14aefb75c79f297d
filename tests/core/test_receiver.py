"""Frames through coding, a noisy channel and the receiver: found, corrected, counted, wherever cut."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.binding import variant
from fsw.core.channel_coding import ASM, ChannelCode, ConvolutionalEncoder, encode_cadus, randomize
from fsw.core.errors import FswError
from fsw.core.radio_channel import flip_bits, soft_symbols
from fsw.core.receiver import FrameSynchroniser, Receiver, ViterbiDecoder

LOW = ChannelCode("tm255", 32, "conventional", 1, "g2-inverted")
HIGH = ChannelCode("tm255", 32, "conventional", 4, "plain")
HARD = ChannelCode("tm131071", 16, "dual", 2)
BARE = ChannelCode(None, 0)


def some_frames(count, length, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (count, length), dtype=np.uint8)


def symbols_of(frames, code):
    cadus = encode_cadus(frames, code).reshape(-1)
    return ConvolutionalEncoder(code.convolutional == "g2-inverted").encode(cadus)


def receive(receiver, soft, cuts=()):
    edges = [0, *sorted(min(c, len(soft)) for c in cuts), len(soft)]
    parts = [receiver.feed(soft[a:b]) for a, b in itertools.pairwise(edges)]
    return [*parts, receiver.flush()]


def rows(parts, name):
    return np.concatenate([getattr(part, name) for part in parts])


def total(parts, name):
    return sum(getattr(part, name) for part in parts)


@pytest.mark.parametrize(("code", "length"), [(LOW, 220), (HIGH, 892)])
@pytest.mark.parametrize("inverted", [False, True])
def test_every_frame_arrives_at_0_db(code, length, inverted):
    frames = some_frames(25, length)
    soft = soft_symbols(symbols_of(frames, code), es_n0_db=0.0, seed=9, position=0, inverted=inverted)
    parts = receive(Receiver(code, length), soft)
    assert (rows(parts, "frames") == frames).all()
    assert (rows(parts, "positions") == np.arange(25) * code.cadu_symbols(length)).all()
    assert (rows(parts, "inverted") == inverted).all()
    assert total(parts, "failures") == 0
    error_rate = total(parts, "symbol_errors") / total(parts, "symbols")
    assert abs(error_rate - 0.0786) < 0.004, "Q(sqrt(2 Es/N0))"


def test_cadus_are_as_received_with_the_exact_asm():
    frames = some_frames(10, 220)
    clean = encode_cadus(frames, HARD)
    damaged = clean.copy()
    damaged[3, 1] ^= 0x10
    damaged[4, 50] ^= 0xFF
    damaged[4, 53] ^= 0x01
    receiver = Receiver(HARD, 220)
    parts = [receiver.feed_cadus(damaged.reshape(-1)), receiver.flush()]
    expected = damaged.copy()
    expected[:, :4] = np.frombuffer(ASM, np.uint8)
    assert (rows(parts, "cadus") == expected).all()
    assert (rows(parts, "frames") == frames).all()
    assert rows(parts, "corrected").tolist() == [0, 0, 0, 0, 2, 0, 0, 0, 0, 0]
    assert rows(parts, "marker_errors").tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert rows(parts, "positions").tolist() == (np.arange(10) * 8 * clean.shape[1]).tolist()


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(0, 60000), max_size=6),
    st.sampled_from([(LOW, 220), (HARD, 100), (BARE, 300)]),
    st.integers(0, 9),
    st.sampled_from([8.0, 2.0, -1.0]),
)
def test_receiver_does_not_see_how_its_input_is_cut(cuts, code_and_length, lead, es_n0_db):
    code, length = code_and_length
    frames = some_frames(14, length)
    sent = symbols_of(frames, code) if code.convolutional else encode_cadus(frames, code).reshape(-1)
    soft = soft_symbols(sent, es_n0_db=es_n0_db, seed=3, position=0)
    soft = np.concatenate([np.full(lead, 60, np.uint8), soft])
    whole = receive(Receiver(code, length), soft)
    receiver, parts = Receiver(code, length), []
    edges = [0, *sorted(min(c, len(soft)) for c in cuts), len(soft)]
    for a, b in itertools.pairwise(edges):
        successor = Receiver(code, length)
        successor.load(receiver.save())
        receiver = successor
        parts.append(receiver.feed(soft[a:b]))
    parts.append(receiver.flush())
    for name in ("frames", "cadus", "corrected", "positions", "marker_errors", "inverted"):
        assert (rows(parts, name) == rows(whole, name)).all(), name
    for name in ("failures", "symbols", "symbol_errors"):
        assert total(parts, name) == total(whole, name), name


@pytest.mark.parametrize("lost", [1, 2, 7])
def test_lost_symbols_cost_only_the_frames_they_touch(lost):
    frames = some_frames(40, 220)
    soft = soft_symbols(symbols_of(frames, LOW), es_n0_db=3.0, seed=1, position=0)
    cut = 15 * 4096 + 1000
    receiver = Receiver(LOW, 220)
    parts = receive(receiver, np.delete(soft, np.arange(cut, cut + lost)))
    received = {frame.tobytes() for frame in rows(parts, "frames")}
    missing = [n for n, frame in enumerate(frames) if frame.tobytes() not in received]
    # An odd loss turns the pairing, which four bad groups of 1024 bits must show.
    assert missing == [15] if lost % 2 == 0 else missing == list(range(15, 15 + len(missing)))
    assert len(missing) <= 4
    places = rows(parts, "positions")
    assert (places[-5:] == np.arange(35, 40) * 4096 - lost).all()
    assert receiver.symbol_drops == lost % 2


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_bit_slips_cost_only_the_frames_they_touch(data):
    """Also with bits wrong in the markers, anywhere, either way up."""
    body = data.draw(st.integers(20, 60))
    frames = some_frames(12, body, seed=data.draw(st.integers(0, 99)))
    bits = np.unpackbits(encode_cadus(frames, BARE).reshape(-1))
    period = 8 * (body + 4)
    slip_frame, slip = data.draw(st.integers(2, 9)), data.draw(st.integers(-9, 9).filter(bool))
    at = slip_frame * period + data.draw(st.integers(40, period - 20))
    noisy_frame = data.draw(st.integers(0, 11).filter(lambda n: n not in (0, slip_frame + 1)))
    for wrong in data.draw(st.lists(st.integers(0, 31), max_size=2, unique=True)):
        bits[noisy_frame * period + wrong] ^= 1
    bits = np.delete(bits, np.arange(at, at - slip)) if slip < 0 else np.insert(bits, at, [1, 0, 1] * 3)
    lead = data.draw(st.integers(0, 40))
    bits = np.concatenate([np.zeros(lead, np.uint8), bits]) ^ data.draw(st.integers(0, 1))
    synchroniser = FrameSynchroniser(ASM, body, flywheel=data.draw(st.integers(0, 3)))
    parts, at = [], 0
    while at < bits.size:
        size = data.draw(st.integers(1, 2000))
        parts.append(synchroniser.feed(np.packbits(bits[at : at + size]), bits[at : at + size].size))
        at += size
    parts.append(synchroniser.flush())
    found = {body.tobytes() for bodies, _ in parts for body in bodies}
    missing = [n for n, frame in enumerate(frames) if frame.tobytes() not in found]
    assert set(missing) <= {slip_frame}


def test_polarity_that_turns_in_mid_stream_is_followed():
    frames = some_frames(12, 100)
    stream = encode_cadus(frames, HARD)
    stream[5:8] ^= 0xFF
    receiver = Receiver(HARD, 100)
    parts = [receiver.feed_bits(stream.reshape(-1)), receiver.flush()]
    assert (rows(parts, "frames") == frames).all()
    assert rows(parts, "inverted").tolist() == [5 <= n < 8 for n in range(12)]
    assert receiver.polarity_turns == 2


def test_flywheel_carries_over_a_marker_that_is_gone():
    frames = some_frames(8, 100)
    stream = encode_cadus(frames, HARD)
    stream[4, :4] = 0
    for flywheel, count in ((1, 8), (0, 7)):
        receiver = Receiver(HARD, 100, flywheel=flywheel)
        parts = [receiver.feed_bits(stream.reshape(-1)), receiver.flush()]
        assert len(rows(parts, "frames")) == count


@given(st.binary(max_size=3000), st.integers(0, 60))
@settings(deadline=None, max_examples=50)
def test_garbage_yields_no_frames_and_hides_none_after_it(garbage, cut):
    frames = some_frames(3, 100)
    stream = np.concatenate([np.frombuffer(garbage, np.uint8), encode_cadus(frames, HARD).reshape(-1)])
    receiver = Receiver(HARD, 100)
    parts = [receiver.feed_bits(stream[:cut]), receiver.feed_bits(stream[cut:]), receiver.flush()]
    assert (rows(parts, "frames") == frames).all()


def test_noise_alone_yields_nothing():
    noise = soft_symbols(np.zeros(40000, np.uint8), es_n0_db=-30.0, seed=2, position=0)
    parts = receive(Receiver(LOW, 220), noise)
    assert len(rows(parts, "frames")) == 0


def test_what_cannot_be_fed_says_so():
    with pytest.raises(FswError, match="multiples of 4"):
        Receiver(HIGH, 893)
    receiver = Receiver(LOW, 220)
    receiver.feed_bits(b"abc")
    with pytest.raises(FswError, match="flush"):
        receiver.feed(np.zeros(10, np.uint8))
    with pytest.raises(FswError, match="uint8"):
        Receiver(LOW, 220).feed(np.zeros(10))
    with pytest.raises(FswError, match="convolutional"):
        Receiver(HARD, 220).load(receiver.save())
    with pytest.raises(FswError, match="quarter"):
        FrameSynchroniser(ASM, 100, search_errors=8)


DIGEST = """
import hashlib, numpy as np
from fsw.core.channel_coding import *
from fsw.core.radio_channel import *
from fsw.core.receiver import *
frames = np.random.default_rng(5).integers(0, 256, (30, 892), dtype=np.uint8)
code = ChannelCode("tm255", 32, "dual", 4, "plain")
symbols = ConvolutionalEncoder(False).encode(encode_cadus(frames, code))
digest = hashlib.sha256(symbols)
for db in (6.0, 0.0, -1.3, -2.0, -9.0):
    soft = soft_symbols(symbols, es_n0_db=db, seed=1, position=7)
    digest.update(soft)
    receiver, decoder = Receiver(code, 892), ViterbiDecoder(False)
    bits, groups = decoder.feed(soft)
    digest.update(bits.tobytes() + groups.tobytes() + decoder.save())
    for part in (receiver.feed(soft), receiver.flush()):
        digest.update(part.frames.tobytes() + part.corrected.tobytes() + part.positions.tobytes())
        digest.update(str((part.failures, part.symbols, part.symbol_errors)).encode())
digest.update(flip_bits(symbols, 1e-3, seed=4, position=3).tobytes())
print(digest.hexdigest())
"""


def test_every_build_gives_the_same_octets():
    results = {}
    for name in ("portable", "v3", "v4")[: ("portable", "v3", "v4").index(variant) + 1]:
        environment = {**os.environ, "FSW_CORE": name}
        run = subprocess.run([sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        results[name] = run.stdout.strip()
    assert set(results.values()) == {"8e53458a5a518c953752bf7b01248e3c7712ef821747ef7aadb0e430d6e27265"}


def test_viterbi_decodes_what_was_sent_and_counts_flipped_symbols():
    data = some_frames(1, 4000)[0]
    symbols = ConvolutionalEncoder(True).encode(data)
    hard = np.unpackbits(symbols) * np.uint8(255)
    flipped = np.arange(100, hard.size - 100, 97)
    hard[flipped] ^= 255
    decoder = ViterbiDecoder(True)
    octets, groups = decoder.feed(hard)
    rest, last = decoder.flush()
    assert (np.concatenate([octets, rest]) == data).all()
    assert groups["symbol_errors"].sum() + last["symbol_errors"].sum() == flipped.size
    assert groups["bits"].sum() + last["bits"].sum() == 8 * data.size


def test_flipped_bits_are_corrected_on_a_hard_link():
    frames = some_frames(30, 478)
    stream = flip_bits(encode_cadus(frames, HARD).reshape(-1), 1e-3, seed=1, position=0)
    receiver = Receiver(HARD, 478)
    parts = [receiver.feed_bits(stream), receiver.flush()]
    assert (rows(parts, "frames") == frames).all()
    assert rows(parts, "corrected").sum() > 80
    assert (randomize(rows(parts, "cadus")[:, 4:], "tm131071")[:, :478] != frames).any()
