"""Snapshots: exact round trips, and a kind word for everything that is not one."""

import enum
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.kernel.snapshot import SnapshotError, pack, plain, unpack


@plain
@dataclass(frozen=True, slots=True)
class Point:
    x: int
    label: str


@plain
class Colour(enum.Enum):
    RED = 1


@dataclass
class Stranger:
    x: int


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(Point, st.integers(), st.text())
    | st.just(Colour.RED),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def same(a, b):
    """Equal in value and in type, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b


@given(values)
def test_what_goes_in_comes_out(value):
    assert same(unpack(pack(value)), value)


def test_an_unregistered_type_is_refused_by_name():
    with pytest.raises(TypeError, match="Stranger is not plain data"):
        pack({"a": [Stranger(1)]})


@given(values, st.data())
def test_damage_is_noticed(value, data):
    octets = bytearray(pack(value))
    where = data.draw(st.integers(0, len(octets) - 1))
    octets[where] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SnapshotError):
        unpack(bytes(octets))


@given(st.binary())
def test_garbage_is_refused(octets):
    with pytest.raises(SnapshotError, match="snapshot"):
        unpack(octets)
