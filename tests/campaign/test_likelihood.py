"""Clopper and Pearson's interval, against its definition, published values and SciPy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.campaign.likelihood import incomplete_beta, interval
from fsw.core.errors import FswError


def tail(k: int, n: int, p: float) -> float:
    """P(X >= k) of the binomial distribution, summed up."""
    return math.fsum(math.comb(n, j) * p**j * (1.0 - p) ** (n - j) for j in range(k, n + 1))


@given(st.integers(1, 60), st.floats(0.001, 0.999), st.data())
def test_incomplete_beta_is_the_binomial_tail(n: int, p: float, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n))
    assert incomplete_beta(k, n - k + 1, p) == pytest.approx(tail(k, n, p), rel=1e-9, abs=1e-14)


@given(st.integers(1, 60), st.data())
def test_at_its_ends_the_count_is_just_as_improbable_as_it_says(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = interval(k, n)
    assert low <= k / n <= high
    if k:
        assert tail(k, n, low) == pytest.approx(0.025, rel=1e-6)
    if k < n:
        assert 1.0 - tail(k + 1, n, high) == pytest.approx(0.025, rel=1e-6)


def test_none_and_all_have_closed_forms() -> None:
    assert interval(0, 20_000) == (0.0, pytest.approx(1.0 - 0.025 ** (1 / 20_000), rel=1e-9))
    assert interval(7, 7) == (pytest.approx(0.025 ** (1 / 7), rel=1e-9), 1.0)


def test_against_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="needs SciPy: the extra 'judges'")
    for counted, of in ((1, 2000), (12, 4000), (266, 4000), (49_999, 100_000)):
        judge = stats.binomtest(counted, of).proportion_ci(0.95, "exact")
        assert interval(counted, of) == (
            pytest.approx(judge.low, rel=1e-8),
            pytest.approx(judge.high, rel=1e-8),
        )


@pytest.mark.parametrize(("counted", "of"), [(0, 0), (3, 2), (-1, 5)])
def test_nonsense_is_refused(counted: int, of: int) -> None:
    with pytest.raises(FswError, match="allowed are 0 to all"):
        interval(counted, of)
