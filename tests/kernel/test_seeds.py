"""Random streams: known values, independence, saving."""

from hypothesis import given
from hypothesis import strategies as st

from fsw.kernel.seeds import Stream, Streams


def test_the_generator_is_xoshiro256_starstar():
    # First outputs for state (1, 2, 3, 4), computed by hand from the published recurrence.
    stream = Stream(0, "")
    stream.load([1, 2, 3, 4])
    assert [stream.u64() for _ in range(4)] == [11520, 0, 1509978240, 1215971899390074240]


def test_streams_do_not_disturb_each_other():
    alone = Streams(7).stream("a").u64()
    streams = Streams(7)
    streams.stream("b").u64()
    assert streams.stream("a").u64() == alone
    assert streams.stream("b").u64() != Streams(8).stream("b").u64()
    assert streams.seed_of("a") != streams.seed_of("b")
    assert 0 <= streams.seed_of("a") < 2**63


@given(st.integers(), st.integers(1, 1 << 63))
def test_below_stays_below(seed, bound):
    assert 0 <= Stream(seed, "x").below(bound) < bound


def test_the_normal_deviate_has_mean_zero_and_variance_one():
    stream = Stream(3, "n")
    draws = [stream.normal() for _ in range(20_000)]
    mean = sum(draws) / len(draws)
    variance = sum((x - mean) ** 2 for x in draws) / len(draws)
    assert abs(mean) < 0.03
    assert abs(variance - 1) < 0.04


def test_unit_vectors_have_unit_length_and_no_preferred_side():
    stream = Stream(4, "v")
    vectors = [stream.unit_vector() for _ in range(4000)]
    assert all(abs(x * x + y * y + z * z - 1) < 1e-12 for x, y, z in vectors)
    for axis in range(3):
        assert abs(sum(v[axis] for v in vectors) / len(vectors)) < 0.04


def test_saved_streams_continue():
    streams = Streams(1)
    streams.stream("a").u64()
    copy = Streams(1)
    copy.load(streams.save())
    assert copy.stream("a").u64() == streams.stream("a").u64()
