"""COP-P: all data, in order, once, whatever the link loses; and what happens when both lose each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols.proximity1 import Frame, Plcw, SetVr, decode_supervisory
from fsw.protocols.proximity1_cop import FarmP, FopP


class Link:
    """A sender and a receiver; each step one frame goes, and a control word comes back, if not lost."""

    def __init__(self, window):
        self.fop, self.farm, self.got, self.urgent = FopP(1, window), FarmP(), [], []

    def step(self, frame_lost=False, word_lost=False):
        frame = self.fop.next_frame()
        if frame is not None and not frame_lost:
            if frame.supervisory:
                for word in decode_supervisory(frame.data):
                    self.farm.set(word)
            elif self.farm.accept(frame):
                (self.urgent if frame.expedited else self.got).append(frame.data)
        if not word_lost:
            self.fop.acknowledge(self.farm.report())


@given(
    st.integers(1, 127), st.integers(0, 40), st.lists(st.tuples(st.booleans(), st.booleans()), max_size=150)
)
def test_all_data_come_once_and_in_order_over_a_link_that_loses(window, count, losses):
    link = Link(window)
    data = [bytes([n]) for n in range(count)]
    for one in data:
        link.fop.send(one)
    for frame_lost, word_lost in losses:
        link.step(frame_lost, word_lost)
        assert link.got == data[: len(link.got)]
        # Saved and restored in the middle of it: nothing shows.
        fop, farm = FopP(1, window), FarmP()
        fop.load(link.fop.save())
        farm.load(link.farm.save())
        link.fop, link.farm = fop, farm
    for _ in range(2 * count + 2 * window + 2):
        link.step()
    assert link.got == data
    assert link.fop.outstanding == 0
    assert link.fop.next_frame() is None


def test_numbers_come_round():
    link = Link(100)
    data = [n.to_bytes(2, "big") for n in range(1000)]
    for one in data:
        link.fop.send(one)
    for n in range(3000):
        link.step(frame_lost=n % 7 == 3, word_lost=n % 5 == 1)
    assert link.got == data
    assert link.farm.counts["ahead"] > 0


def test_expedited_data_overtake_and_are_not_sent_again():
    link = Link(10)
    link.fop.send(b"slow")
    link.fop.send(b"first", expedited=True)
    link.fop.send(b"lost", expedited=True)
    link.step()
    link.step(frame_lost=True)
    link.step()
    assert (link.urgent, link.got) == ([b"first"], [b"slow"])
    assert link.farm.report().expedited == 1
    assert link.fop.next_frame() is None


def test_a_full_window_waits_and_sends_again_from_the_oldest():
    fop = FopP(1, 3)
    for n in range(5):
        fop.send(bytes([n]))
    assert [fop.next_frame().sequence for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    assert fop.acknowledge(Plcw(2)) == 2
    assert [fop.next_frame().sequence for _ in range(3)] == [2, 3, 4]
    fop.acknowledge(Plcw(3, retransmit=True))
    assert [fop.next_frame().sequence for _ in range(2)] == [3, 4]


def test_two_that_lost_each_other_find_each_other():
    link = Link(20)
    link.farm.set(SetVr(200))
    for n in range(10):
        link.fop.send(bytes([n]))
    for _ in range(40):
        link.step()
    assert link.got == [bytes([n]) for n in range(10)]
    assert link.fop.counts["set_vr"] >= 1


def test_what_came_already_is_not_taken_again():
    farm = FarmP()
    assert farm.accept(Frame(1, b"a", 0))
    assert not farm.accept(Frame(1, b"a", 0))
    assert not farm.accept(Frame(1, b"c", 2))
    assert farm.report() == Plcw(1, retransmit=True)
    assert farm.accept(Frame(1, b"b", 1))
    assert farm.counts == {"accepted": 2, "expedited": 0, "ahead": 1, "behind": 1}


@pytest.mark.parametrize("window", [0, 128])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(FswError, match="allowed are 1 to 127"):
        FopP(1, window)
