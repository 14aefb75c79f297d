"""Windows of time: found where they are, and combined as sets of instants are."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fsw.world.windows import both, total_ns, windows, without

EDGES = st.lists(st.integers(0, 300), unique=True).map(sorted)


def spans(edges):
    return list(zip(edges[::2], edges[1::2]))


def instants(some):
    return {t for begin, end in some for t in range(begin, end)}


def apart(some):
    return all(begin < end for begin, end in some) and all(a[1] <= b[0] for a, b in pairwise(some))


@given(EDGES.map(spans), EDGES.map(spans))
def test_windows_combine_as_sets_do(first, second):
    for found, wanted in (
        (both(first, second), instants(first) & instants(second)),
        (without(first, second), instants(first) - instants(second)),
    ):
        assert instants(found) == wanted
        assert total_ns(found) == len(wanted)
        assert apart(found)


@given(st.lists(st.integers(3, 40), min_size=1, max_size=12), st.booleans(), st.integers(1, 3))
def test_changes_are_found_to_what_is_asked_for(lengths, starts_true, step):
    """Everything lasts three at least, and somebody looks at least that often."""
    truth, value = [], starts_true
    for length in lengths:
        truth += [value] * length
        value = not value
    end = len(truth) - 1
    found = windows(lambda t: truth[t], 0, end, step, 1)
    assert instants(found) == {t for t in range(end) if truth[t]}
    assert apart(found)
