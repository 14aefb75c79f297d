"""What of a grey picture is lit, against numpy's own count."""

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from fsw.core import lit_subject
from fsw.core.errors import FswError


@given(
    grey=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=70)),
    level=st.integers(0, 255),
    step=st.integers(0, 255),
)
@example(np.array([[0, 255], [255, 0]], np.uint8), 48, 255)
@example(np.array([[47, 48]], np.uint8), 48, 1)
@example(np.array([[48], [47], [48]], np.uint8), 48, 2)
def test_the_counts_are_numpys(grey, level, step):
    outline = sharp = 0
    for axis in (0, 1):
        border = np.diff((grey >= level).astype(int), axis=axis) != 0
        outline += np.count_nonzero(border)
        sharp += np.count_nonzero(border & (np.abs(np.diff(grey.astype(int), axis=axis)) >= step))
    expected = (np.count_nonzero(grey >= level), outline, sharp)
    assert lit_subject.count(grey.tobytes(), grey.shape[1], level, step) == expected


@given(
    grey=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)), step=st.integers(1, 255)
)
@example(np.array([[0, 9, 0]], np.uint8), 9)
@example(np.array([[9], [0], [9]], np.uint8), 9)
@example(np.array([[0, 9, 18]], np.uint8), 9)
def test_the_details_are_numpys(grey, step):
    expected = 0
    for rows in (grey.astype(int), grey.astype(int).T):
        before, after = rows[:, 1:-1] - rows[:, :-2], rows[:, 1:-1] - rows[:, 2:]
        above, below = np.minimum(before, after), np.maximum(before, after)
        expected += np.count_nonzero((above >= step) | (below <= -step))
    assert lit_subject.details(grey.tobytes(), grey.shape[1], step) == expected


def test_an_edge_or_a_slope_is_no_detail_and_a_line_is():
    edge, slope, line = (np.zeros((20, 20), np.uint8) for _ in range(3))
    edge[:, 10:] = 200
    slope[:] = np.arange(20) * 12
    line[:, 10] = 200
    assert lit_subject.details(edge.tobytes(), 20, 8) == lit_subject.details(slope.tobytes(), 20, 8) == 0
    assert lit_subject.details(line.tobytes(), 20, 8) == 20


def test_a_picture_without_rows_has_nothing():
    assert lit_subject.count(b"", 100, 48, 20) == (0, 0, 0)
    assert lit_subject.details(b"", 100, 20) == 0


@pytest.mark.parametrize("step", [0, -1, 256])
def test_a_step_that_none_or_all_have_is_the_callers_mistake(step):
    with pytest.raises(FswError, match="to 255"):
        lit_subject.details(b"12", 2, step)


@pytest.mark.parametrize(("octets", "width"), [(b"12345", 2), (b"12345", 0), (b"12345", -1), (b"1", 2)])
def test_half_rows_are_the_callers_mistake(octets, width):
    with pytest.raises(FswError, match="whole rows"):
        lit_subject.count(octets, width, 48, 20)


@pytest.mark.parametrize(("level", "step"), [(-1, 0), (256, 0), (0, -1), (0, 256)])
def test_a_level_that_no_pixel_has_is_the_callers_mistake(level, step):
    with pytest.raises(FswError, match="0 to 255"):
        lit_subject.count(b"12", 2, level, step)
