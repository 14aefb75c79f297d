"""Both ends of a Proximity-1 link: data come once and in order, whatever is lost, however late answers."""

from hypothesis import given
from hypothesis import strategies as st

from fsw.kernel.snapshot import pack, unpack
from fsw.protocols.proximity1 import Construction, SetVr
from fsw.protocols.proximity1_link import LinkEnd, packets_in

LEAST_ROOM = 40


class Pair:
    """Two ends whose portions arrive `late` steps after they were sent; each is made anew every step."""

    def __init__(self, patience, late, cut=False):
        self.ends = [LinkEnd(82, patience, 10), LinkEnd(82, patience, 10)]
        self.under_way = [[b""] * late, [b""] * late]
        self.got, self.cut = [[], []], cut

    def step(self, room=LEAST_ROOM, lost=(False, False)):
        said = [end.portion(room) for end in self.ends]
        for n, octets in enumerate(said):
            assert len(octets) <= room
            self.under_way[n].append(b"" if lost[n] else octets)
        for n in (0, 1):
            heard = self.under_way[1 - n].pop(0)
            pieces = [heard[at : at + 1] for at in range(len(heard))] if self.cut else [heard]
            for piece in pieces:
                self.got[n] += [(f.construction, f.data) for f in self.ends[n].hear(piece)]
        for n, end in enumerate(self.ends):
            self.ends[n] = LinkEnd(82, end.patience, end.most_octets)
            self.ends[n].load(unpack(pack(end.save())))


@given(
    st.integers(1, 5),
    st.integers(0, 4),
    st.booleans(),
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(LEAST_ROOM, 200), st.booleans(), st.booleans()), max_size=40),
)
def test_all_data_come_once_and_in_order_both_ways(patience, late, cut, count, steps):
    pair = Pair(patience, late, cut)
    data = [(Construction.USER_DEFINED if n % 3 else Construction.PACKETS, bytes([n])) for n in range(count)]
    for construction, octets in data:
        for end in pair.ends:
            end.fop.send(octets, construction=construction)
    for room, *lost in steps:
        pair.step(room, lost)
        assert pair.got[0] == data[: len(pair.got[0])]
    for _ in range(12 * count + 6 * (late + patience) + 20):
        pair.step(400)
    assert pair.got == [data, data]
    assert [end.fop.outstanding for end in pair.ends] == [0, 0]


@given(st.integers(0, 4), st.integers(1, 60))
def test_with_patience_for_the_answer_nothing_goes_twice_on_a_link_that_loses_nothing(late, count):
    pair = Pair(2 * late + 2, late)
    for n in range(count):
        pair.ends[0].fop.send(bytes([n]))
    for _ in range(count + 4 * late + 8):
        pair.step(100)
    assert len(pair.got[1]) == count
    assert pair.ends[0].fop.counts["again"] == 0


def test_what_was_lost_and_all_behind_it_go_again_once():
    pair = Pair(4, 1)
    for n in range(20):
        pair.ends[0].fop.send(bytes([n]))
    for step in range(30):
        pair.step(120, (step == 2, False))
    assert len(pair.got[1]) == 20
    assert 1 <= pair.ends[0].fop.counts["again"] <= 20
    assert pair.ends[1].farm.counts["behind"] == 0  # nothing came that was there already


def test_ends_that_have_lost_each_other_find_each_other():
    pair = Pair(3, 1)
    pair.ends[1].farm.set(SetVr(77))
    for n in range(10):
        pair.ends[0].fop.send(bytes([n]))
    for _ in range(30):
        pair.step(100)
    assert [data for _, data in pair.got[1]] == [bytes([n]) for n in range(10)]
    assert pair.ends[0].fop.counts["set_vr"] >= 1


def test_data_are_asked_for_when_there_is_room():
    end, asked = LinkEnd(82, 4, 10), []

    def supply():
        asked.append(1)
        if len(asked) <= 3:
            end.fop.send(b"0123456789")

    end.portion(LEAST_ROOM, supply)
    assert len(asked) == 1
    end.portion(300, supply)
    assert len(asked) == 4
    assert end.fop.counts["sent"] == 3


@given(st.binary(max_size=300))
def test_packets_in_garbage_are_whole_ones_or_none(data):
    found = packets_in(data)
    assert b"".join(found) == data[: sum(map(len, found))]
    assert all(len(one) == 7 + int.from_bytes(one[4:6], "big") for one in found)
