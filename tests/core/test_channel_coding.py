"""The coding of telemetry against golden vectors, and its laws."""

import hashlib
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.channel_coding import (
    ChannelCode,
    ConvolutionalEncoder,
    encode_cadus,
    randomize,
    rs_decode,
    rs_encode,
)
from fsw.core.errors import FswError

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"

# Found from the words themselves: Queqiao's encoder runs over the end of the ASM instead of zeros.
QUEQIAO_FILL = "cffc1d"


def vectors(name):
    return json.loads((VECTORS / name).read_text())


def octets(text):
    return np.frombuffer(bytes.fromhex(text), np.uint8)


def hexadecimal(array):
    return np.asarray(array).tobytes().hex()


@pytest.mark.parametrize("name", ["tm255", "tc255"])
def test_randomizers_of_255_bits_match_the_vectors(name):
    sequence = octets(vectors("randomizers.json")[name]["hex"])
    assert hexadecimal(randomize(np.zeros(600, np.uint8), name)) == hexadecimal(np.tile(sequence, 3)[:600])


def test_randomizer_of_131071_bits_matches_the_vector_over_its_whole_period():
    vector = vectors("randomizers.json")["tm131071"]
    sequence = randomize(np.zeros(2 * 131071 // 8 + 1, np.uint8), "tm131071")
    assert hexadecimal(sequence[:256]) == vector["first_256_bytes"]
    digest = hashlib.sha256(sequence[: 131064 // 8].tobytes()).hexdigest()
    assert digest == vector["sha256_of_first_131064_bits_packed"]
    bits = np.unpackbits(sequence)
    assert bits[:131071].sum() == vector["ones"]
    assert (bits[131071:262142] == bits[:131071]).all()


@pytest.mark.parametrize("name", ["tm255", "tm131071", "tc255", None])
def test_randomizing_twice_restores_and_begins_anew_with_each_row(name):
    rows = np.random.default_rng(1).integers(0, 256, (3, 1020), dtype=np.uint8)
    once = randomize(rows, name)
    assert (randomize(once, name) == rows).all()
    assert (once[2] == randomize(rows[2], name)).all()


def rs_case(vector):
    """Data, parameters and check octets of a named vector."""
    name, check = vector["name"], vector.get("parity") or vector["check_symbols"]
    parity = 16 if name.startswith("E8") else 32
    interleave = 4 if " I4 " in name else 5 if " I5 " in name else 1
    basis = "conventional" if "conventional" in name.lower() else "dual"
    length = {"de": 223, "ee": 239, "db": 220}.get(name[-2:])
    if length is None:
        length = 892 if interleave == 4 else 1115
        data = (np.arange(length) * 7 + 3) % 256
    else:
        data = np.arange(length)
    return data.astype(np.uint8), {"parity": parity, "basis": basis, "interleave": interleave}, check


@pytest.mark.parametrize("vector", vectors("reed_solomon.json")["vectors"], ids=lambda v: v["name"])
def test_reed_solomon_encoder_matches_the_vectors(vector):
    data, parameters, check = rs_case(vector)
    codeblock = rs_encode(data, **parameters)[0]
    assert hexadecimal(codeblock[: data.size]) == hexadecimal(data)
    assert hexadecimal(codeblock[data.size :]) == check


def test_reed_solomon_decoder_corrects_the_one_wrong_octet_of_real_queqiao_words():
    words = np.stack([octets(w) for w in vectors("reed_solomon.json")["real_queqiao_codewords"]["codewords"]])
    frames, corrected = rs_decode(words, basis="dual", zero_fill=False)
    assert corrected.tolist() == [[1]] * len(words)
    assert (frames == words[:, :220]).all(), "the wrong octet is the last check octet"
    filled = np.hstack([np.tile(octets(QUEQIAO_FILL), (len(words), 1)), frames])
    again = rs_encode(filled, basis="dual")[:, 3:]
    assert np.nonzero((again != words).any(axis=0))[0].tolist() == [251]
    assert (rs_decode(words, basis="dual")[1] == -1).all(), "zeros are not what it filled with"


def test_convolutional_encoder_matches_the_vectors():
    asm, impulse = vectors("convolutional.json")["vectors"]
    assert hexadecimal(ConvolutionalEncoder(True).encode(octets(asm["data"]))) == asm["g2_inverted"]
    assert hexadecimal(ConvolutionalEncoder(False).encode(octets(asm["data"]))) == asm["g2_not_inverted"]
    assert hexadecimal(ConvolutionalEncoder(True).encode(octets("80000000"))) == impulse["g2_inverted"]


def test_tianwen_1_cadu_is_built_octet_for_octet():
    vector = vectors("tianwen1_cadu.json")["constructed_cadu"]
    code = ChannelCode("tm255", 32, "conventional", convolutional="g2-inverted")
    assert hexadecimal(encode_cadus(octets(vector["frame"]), code)) == vector["cadu"]
    assert code.cadu_octets(220) == 256
    assert code.cadu_symbols(220) == 4096
    assert code.virtual_fill(220) == 3


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=8), inverted=st.booleans())
def test_convolutional_encoder_does_not_see_how_its_input_is_cut(data, cuts, inverted):
    whole = ConvolutionalEncoder(inverted).encode(data)
    edges = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    encoder, parts = ConvolutionalEncoder(inverted), []
    for a, b in itertools.pairwise(edges):
        successor = ConvolutionalEncoder(not inverted)
        successor.load(encoder.save())
        encoder = successor
        parts.append(encoder.encode(data[a:b]))
    assert (np.concatenate(parts) == whole).all()


@st.composite
def damaged_codeblocks(draw, beyond=0):
    """A code, frames, and as many errors in each word as the code corrects or fewer, or `beyond` more."""
    parity = draw(st.sampled_from([32, 16]))
    interleave = draw(st.integers(1, 8))
    length = interleave * draw(st.integers(1, 255 - parity))
    parameters = {
        "parity": parity,
        "basis": draw(st.sampled_from(["dual", "conventional"])),
        "interleave": interleave,
    }
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    frames = rng.integers(0, 256, (draw(st.integers(1, 9)), length), dtype=np.uint8)
    codeblocks = rs_encode(frames, **parameters)
    word_octets = codeblocks.shape[1] // interleave
    most = min(parity // 2 + beyond, word_octets)
    counts = rng.integers(beyond and most, most + 1, (len(frames), interleave))
    for n in range(len(frames)):
        for word in range(interleave):
            places = rng.choice(word_octets, counts[n, word], replace=False)
            codeblocks[n, places * interleave + word] ^= rng.integers(1, 256, places.size, dtype=np.uint8)
    return parameters, frames, codeblocks, counts


@settings(deadline=None)
@given(damaged_codeblocks())
def test_reed_solomon_corrects_up_to_the_bound_and_counts(case):
    parameters, frames, codeblocks, counts = case
    decoded, corrected = rs_decode(codeblocks, **parameters)
    assert (decoded == frames).all()
    assert (corrected == counts).all()


@settings(deadline=None)
@given(damaged_codeblocks(beyond=3))
def test_reed_solomon_beyond_the_bound_never_calls_a_wrong_word_right(case):
    parameters, _, codeblocks, counts = case
    decoded, corrected = rs_decode(codeblocks, **parameters)
    again = rs_encode(decoded, **parameters)
    interleave = parameters["interleave"]
    for n, word in np.argwhere(corrected >= 0):
        distance = int((again[n, word::interleave] != codeblocks[n, word::interleave]).sum())
        assert distance == corrected[n, word] <= parameters["parity"] // 2
    for n, word in np.argwhere(corrected < 0):
        received = codeblocks[n, word::interleave][: decoded[n, word::interleave].size]
        assert (decoded[n, word::interleave] == received).all(), "failed words stay as received"
    if parameters["parity"] == 32:
        assert (corrected[counts > 16] < 0).all(), "a chance of 1e-13 each"


def test_batches_of_any_size_decode_alike():
    rng = np.random.default_rng(3)
    frames = rng.integers(0, 256, (200, 223), dtype=np.uint8)
    codeblocks = rs_encode(frames)
    errors = np.arange(200) % 19
    for n, count in enumerate(errors):
        codeblocks[n, rng.choice(255, count, replace=False)] ^= 0x5A
    decoded, corrected = rs_decode(codeblocks)
    for size in (1, 63, 64, 65):
        part, counts = rs_decode(codeblocks[:size])
        assert (part == decoded[:size]).all()
        assert (counts == corrected[:size]).all()
    assert (corrected[:, 0] == np.where(errors <= 16, errors, -1)).all()


@pytest.mark.parametrize(
    ("parameters", "length", "text"),
    [
        ({"interleave": 0}, 223, "allowed are 1 to 8"),
        ({"interleave": 4}, 223, "multiples of 4 up to 892"),
        ({}, 224, "up to 223"),
        ({"reed_solomon": 16}, 240, "up to 239"),
        ({"basis": "berlekamp"}, 223, "'conventional' and 'dual'"),
        ({"randomizer": "tc255"}, 223, "'tm255', 'tm131071' and None"),
        ({"asm": b""}, 223, "1 to 8"),
    ],
)
def test_a_code_that_cannot_be_says_what_can(parameters, length, text):
    with pytest.raises(FswError, match=text):
        ChannelCode(**parameters).codeblock_octets(length)


def test_committed_tables_are_those_of_the_definitions():
    subprocess.run([sys.executable, ROOT / "tools" / "coding_tables.py", "--check"], check=True)
