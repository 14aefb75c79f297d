"""Deterministic functions against libm, and their bits against what they were."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.world import special


@given(st.floats(-700, 700))
def test_exp(x):
    assert special.exp(x) == pytest.approx(math.exp(x), rel=4.5e-16)


@given(st.floats(1e-300, 1e300))
def test_log(x):
    assert special.log(x) == pytest.approx(math.log(x), rel=4.5e-16, abs=4.5e-16)
    assert special.log10(x) == pytest.approx(math.log10(x), rel=7e-16, abs=4.5e-16)


@given(st.floats(-6, 26))
def test_erfc(x):
    assert special.erfc(x) == pytest.approx(math.erfc(x), rel=3e-13)


@given(st.floats(-720, 720))
def test_sine_and_cosine(angle_deg):
    sine, cosine = special.sine_cosine_degrees(angle_deg)
    assert sine == pytest.approx(math.sin(math.radians(angle_deg)), abs=3e-15)
    assert cosine == pytest.approx(math.cos(math.radians(angle_deg)), abs=3e-15)
    assert sine * sine + cosine * cosine == pytest.approx(1.0, abs=5e-16)


def test_exact_values():
    assert special.exp(0.0) == 1.0
    assert special.log(1.0) == 0.0
    assert special.erfc(0.0) == 1.0
    assert special.sine_cosine_degrees(90.0) == (1.0, 0.0)
    assert special.sine_cosine_degrees(-180.0) == (0.0, -1.0)


def test_bits_are_the_same_on_every_machine():
    values = [
        special.exp(1.0), special.exp(-33.3), special.log(3.0), special.log10(7.7), special.erfc(0.5),
        special.erfc(4.2), *special.sine_cosine_degrees(63.6),
    ]  # fmt: skip
    assert [value.hex() for value in values] == BITS


@pytest.mark.parametrize("x", [0.0, -1.0, math.inf, math.nan])
def test_logarithms_of_other_numbers_are_refused(x):
    with pytest.raises(FswError, match="logarithm"):
        special.log(x)


BITS = [
    "0x1.5bf0a8b14576ap+1",
    "0x1.f165bb9b59d94p-49",
    "0x1.193ea7aad030bp+0",
    "0x1.c5e21cc1a571cp-1",
    "0x1.eb02147ce245ap-2",
    "0x1.8874c50bdceffp-29",
    "0x1.ca9abb59bde2ep-1",
    "0x1.c74e71c5005f4p-2",
]
