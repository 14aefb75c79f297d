"""One frame counter a link: gaps, losses, repeats, and counts that run over or go back."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw.ground.frame_counts import COUNT_MASK, FrameCounter


def follow_all(kind, counts, virtual_channel=1):
    counter = FrameCounter()
    return counter, [counter.follow(kind, 245, virtual_channel, count) for count in counts]


@given(
    kind=st.sampled_from(["aos", "tm"]),
    start=st.integers(0, 0xFFFFFF),
    lost=st.lists(st.integers(0, 100), min_size=1, max_size=20),
)
def test_every_frame_missing_is_counted_once_also_where_the_count_runs_over(kind, start, lost):
    counts, at = [start & COUNT_MASK[kind]], start
    for missing in lost:
        at += 1 + missing
        counts.append(at & COUNT_MASK[kind])
    counter, told = follow_all(kind, counts)
    assert told == [(0, 0), *((int(missing > 0), missing) for missing in lost)]
    channel = counter.channels[245, 1]
    assert (channel.gaps, channel.lost_frames) == (sum(missing > 0 for missing in lost), sum(lost))


@pytest.mark.parametrize(
    ("kind", "counts", "told"),
    [
        ("aos", [7, 7, 7, 8], [(0, 0)] * 4),  # repeated
        ("tm", [255, 0, 0, 1], [(0, 0)] * 4),
        ("aos", [1000, 10, 11], [(0, 0), (1, 0), (0, 0)]),  # went back: nothing is known of a loss
        ("tm", [100, 90], [(0, 0), (1, 0)]),
        ("tm", [0, 128], [(0, 0), (1, 127)]),
        ("tm", [0, 129], [(0, 0), (1, 0)]),
    ],
)
def test_what_the_count_does_and_what_that_tells(kind, counts, told):
    assert follow_all(kind, counts)[1] == told


def test_the_idle_channel_of_aos_need_not_count_and_that_of_tm_is_a_channel_as_others_are():
    assert follow_all("aos", [5, 9, 2], virtual_channel=63)[1] == [(0, 0)] * 3
    assert follow_all("tm", [5, 9], virtual_channel=7)[1] == [(0, 0), (1, 3)]


def test_channels_and_spacecraft_are_told_apart_and_saved():
    counter = FrameCounter()
    for spacecraft, virtual_channel, count in ((245, 1, 5), (245, 3, 90), (82, 1, 7), (245, 1, 8)):
        counter.follow("aos", spacecraft, virtual_channel, count)
    again = FrameCounter()
    again.load(counter.save())
    assert again.channels == counter.channels
    assert again.save() == [[82, 1, 8, 0, 0], [245, 1, 9, 1, 2], [245, 3, 91, 0, 0]]
