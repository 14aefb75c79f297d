"""The noisy channel against the theory of binary signalling, and its determinism."""

import hashlib
import itertools
from math import erfc, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.channel_coding import ConvolutionalEncoder
from fsw.core.errors import FswError
from fsw.core.radio_channel import flip_bits, soft_symbols
from fsw.core.receiver import ViterbiDecoder


def tail(x):
    return 0.5 * erfc(x / sqrt(2))


@pytest.mark.parametrize("es_n0_db", [-10.0, -3.0, 0.0, 3.0, 6.8])
def test_symbol_errors_are_those_of_theory(es_n0_db):
    count = 4_000_000
    sent = np.random.default_rng(1).integers(0, 256, count // 8, dtype=np.uint8)
    soft = soft_symbols(sent, es_n0_db=es_n0_db, seed=11, position=0)
    expected = tail(sqrt(2 * 10 ** (es_n0_db / 10)))
    errors = int(((soft >> 7) != np.unpackbits(sent)).sum())
    assert abs(errors - count * expected) < 5 * sqrt(count * expected)


@pytest.mark.parametrize("es_n0_db", [-4.0, 1.0, 5.0])
def test_every_soft_level_is_as_frequent_as_the_normal_distribution_says(es_n0_db):
    count = 2_000_000
    soft = soft_symbols(np.full(count // 8, 255, np.uint8), es_n0_db=es_n0_db, seed=5, position=3)
    deviation = 64 / sqrt(2 * 10 ** (es_n0_db / 10))
    below = [1 - tail((level + 1 - 192) / deviation) for level in range(255)]
    expected = count * np.diff([0, *below, 1])
    seen = np.bincount(soft, minlength=256)
    used = expected > 20
    statistic = ((seen[used] - expected[used]) ** 2 / expected[used]).sum()
    freedom = used.sum() - 1
    assert statistic < freedom + 5 * sqrt(2 * freedom)
    assert seen[~used].sum() < expected[~used].sum() + 100


def test_noise_is_white():
    soft = soft_symbols(np.full(250_000, 255, np.uint8), es_n0_db=0.0, seed=5, position=0).astype(float)
    noise = (soft - soft.mean()) / soft.std()
    for lag in (1, 2, 3, 8, 64):
        assert abs((noise[lag:] * noise[:-lag]).mean()) < 5 / sqrt(noise.size)
    other = soft_symbols(np.full(250_000, 255, np.uint8), es_n0_db=0.0, seed=6, position=0).astype(float)
    assert abs((noise * (other - other.mean()) / other.std()).mean()) < 5 / sqrt(noise.size)


@given(st.integers(0, 2**40), st.lists(st.integers(0, 400), max_size=5), st.booleans())
def test_a_symbol_s_fate_depends_on_seed_and_position_alone(position, cuts, inverted):
    packed = np.arange(50, dtype=np.uint8)
    whole = soft_symbols(packed, es_n0_db=1.0, seed=8, position=position, inverted=inverted)
    edges = [0, *sorted(cuts), 400]
    bits = np.unpackbits(packed)
    parts = [
        soft_symbols(np.packbits(bits[a:b]), b - a, 1.0, seed=8, position=position + a, inverted=inverted)
        for a, b in itertools.pairwise(edges)
    ]
    assert (np.concatenate(parts) == whole).all()
    mirrored = soft_symbols(packed, es_n0_db=1.0, seed=8, position=position, inverted=not inverted)
    assert (mirrored == 255 - whole).all()


def test_the_noise_of_a_seed_is_fixed_for_all_machines():
    soft = np.concatenate(
        [
            soft_symbols(bytes(1000), es_n0_db=db, seed=2020, position=0)
            for db in (-30.0, -1.5, 0.1, 12.0, 40.0)
        ]
    )
    assert (
        hashlib.sha256(soft).hexdigest() == "85947d4fbc39335932cbd7648c779cd735de78cd717e0a3622a6d55ee208b234"
    )


@pytest.mark.parametrize(("eb_n0_db", "least", "most"), [(3.0, 2e-4, 9e-4), (4.0, 1e-5, 9e-5)])
def test_coded_bit_errors_are_those_of_the_standard_s_code(eb_n0_db, least, most):
    """Published soft-decision curves of the (7, 1/2) code: about 5e-4 at 3 dB, 4e-5 at 4 dB."""
    data = np.random.default_rng(2).integers(0, 256, 125_000, dtype=np.uint8)
    soft = soft_symbols(ConvolutionalEncoder().encode(data), es_n0_db=eb_n0_db - 3.0103, seed=3, position=0)
    octets, _ = ViterbiDecoder().feed(soft)
    rate = np.unpackbits(octets ^ data[: octets.size]).mean()
    assert least < rate < most


@pytest.mark.parametrize("rate", [0.0, 1e-4, 0.02, 0.5, 1.0])
def test_flipped_bits_are_as_many_as_asked_for(rate):
    octets = bytes(200_000)
    flipped = flip_bits(octets, rate, seed=1, position=0)
    count = int(np.unpackbits(flipped).sum())
    assert abs(count - 1_600_000 * rate) <= 5 * sqrt(1_600_000 * rate * (1 - rate))
    parts = [flip_bits(octets[:777], rate, seed=1, position=0)]
    parts.append(flip_bits(octets[777:], rate, seed=1, position=8 * 777))
    assert (np.concatenate(parts) == flipped).all()


def test_what_is_no_channel_says_so():
    with pytest.raises(FswError, match="0 to 8"):
        soft_symbols(b"a", 9, seed=0, position=0)
    with pytest.raises(FswError, match="0 to 1"):
        flip_bits(b"a", 1.5, seed=0, position=0)
    with pytest.raises(FswError, match="position -1"):
        soft_symbols(b"a", seed=0, position=-1)
    with pytest.raises(FswError, match="finite"):
        soft_symbols(b"a", es_n0_db=float("nan"), seed=0, position=0)
