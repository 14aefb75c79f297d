"""The C core's own elementary functions, judged by the platform's and by identities."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core import render

ANGLES = st.floats(-1e4, 1e4)


@given(ANGLES)
def test_sine_and_cosine_agree_with_the_platform(x):
    assert float(render.sin(x)) == pytest.approx(math.sin(x), abs=5e-13)
    assert float(render.cos(x)) == pytest.approx(math.cos(x), abs=5e-13)


@given(st.floats(-700, 700))
def test_exponential_agrees_and_logarithm_undoes_it(x):
    y = float(render.exp(x))
    assert y == pytest.approx(math.exp(x), rel=1e-14)
    assert float(render.log(y)) == pytest.approx(x, abs=1e-12)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_atan2_agrees_in_every_quadrant(y, x):
    if x == 0 and y == 0:
        assert float(render.atan2(y, x)) == 0
    elif abs(x) + abs(y) > 1e-300 and not (y == 0 and x < 0):
        assert float(render.atan2(y, x)) == pytest.approx(math.atan2(y, x), abs=1e-14)


@given(st.floats(-1e9, 1e9))
def test_cube_root_cubed_is_the_number(x):
    y = float(render.cbrt(x))
    assert y * y * y == pytest.approx(x, rel=1e-14, abs=1e-290)


@given(st.floats(-1, 1))
def test_arc_functions_agree(x):
    assert float(render.asin(x)) == pytest.approx(math.asin(x), abs=1e-14)
    assert float(render.acos(x)) == pytest.approx(math.acos(x), abs=1e-14)


def test_small_arguments_keep_their_digits():
    x = np.array([1e-300, 1e-20, 1e-9])
    assert render.sin(x) == pytest.approx(x, rel=1e-15)
    assert render.asin(x) == pytest.approx(x, rel=1e-15)


def test_power_of_two_is_exact_enough():
    assert render.power([2.0, 9.0, 0.0, -1.0], 0.5) == pytest.approx([math.sqrt(2), 3, 0, 0], rel=1e-15)


def test_known_bits():
    """Any machine, any compiler: these very numbers."""
    x = np.array([0.1, 1.0, 2.5, -7.75, 123.456])
    assert [v.hex() for v in (*render.sin(x).tolist(), *render.exp(x).tolist())] == [
        "0x1.98eaecb8bcb2cp-4",
        "0x1.aed548f090ceep-1",
        "0x1.326af0dcfcab0p-1",
        "-0x1.fd3c0d19d91a6p-1",
        "-0x1.9b9dadc41aeb5p-1",
        "0x1.1aec7b35a00d4p+0",
        "0x1.5bf0a8b14576ap+1",
        "0x1.85d6fd931e0bbp+3",
        "0x1.c3aa91ff0d498p-12",
        "0x1.1428e1cbc0143p+178",
    ]
