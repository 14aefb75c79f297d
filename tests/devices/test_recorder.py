"""The recorder as a level: nothing made, nothing lost, and a time in pieces is the time whole."""

from hypothesis import given
from hypothesis import strategies as st

from fsw.devices.recorder import Recorder

FLOWS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 30), st.integers(0, 30)), max_size=30)


def state(recorder):
    return recorder.level, recorder.recorded, recorder.returned, recorder.turned_away


@given(st.integers(0, 500), FLOWS)
def test_what_came_went_or_is_still_there(limit, flows):
    recorder = Recorder(limit)
    sent = sum(recorder.flow(*flow) for flow in flows)
    assert sent == recorder.returned
    assert recorder.level == recorder.recorded - recorder.returned
    assert 0 <= recorder.level <= limit
    assert recorder.recorded + recorder.turned_away == sum(span * into for span, into, _ in flows)


@given(st.integers(0, 500), FLOWS)
def test_a_time_in_pieces_is_the_time_whole(limit, flows):
    whole, pieces = Recorder(limit), Recorder(limit)
    for span, into, out in flows:
        whole.flow(span, into, out)
        for _ in range(span):
            pieces.flow(1, into, out)
        assert state(whole) == state(pieces)


def test_full_takes_what_goes_and_empty_sends_what_comes():
    recorder = Recorder(10)
    assert recorder.flow(2, 8, 0) == 0
    assert state(recorder) == (10, 10, 0, 6)
    assert recorder.flow(3, 5, 2) == 6
    assert recorder.level == 10
    assert recorder.flow(20, 1, 2) == 30
    assert state(recorder)[0] == 0
