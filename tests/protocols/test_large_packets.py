"""Large packets in parts: whole again in order, and nothing at all when a part is missing or out of place."""

import hypothesis.strategies as st
from hypothesis import given

from fsw.protocols.large_packets import AbortReason, Place, Reassembler, split

PACKETS = st.binary(min_size=2, max_size=300)


@given(st.lists(PACKETS, min_size=1, max_size=4), st.data())
def test_interleaved_transfers_come_whole(packets, data):
    waiting = {n: split(p, data.draw(st.integers(1, len(p) - 1))) for n, p in enumerate(packets)}
    reassembler, got = Reassembler(4, 1000), {}
    while waiting:
        transfer = data.draw(st.sampled_from(sorted(waiting)))
        place, number, part = waiting[transfer].pop(0)
        if not waiting[transfer]:
            del waiting[transfer]
        other = Reassembler(4, 1000)
        other.load(reassembler.save())
        result = reassembler.take(transfer, place, number, part)
        assert other.take(transfer, place, number, part) == result
        assert other.save() == reassembler.save()
        if isinstance(result, bytes):
            got[transfer] = result
    assert got == dict(enumerate(packets))


@given(PACKETS, st.data())
def test_a_part_that_is_missing_twice_or_misplaced_ends_the_transfer(packet, data):
    parts = split(packet, data.draw(st.integers(1, max(1, len(packet) // 3))))
    at = data.draw(st.integers(1, len(parts) - 1))
    spoilt = parts[:at] + data.draw(st.sampled_from([parts[at + 1 :], parts[at - 1 :]]))
    reassembler = Reassembler(4, 1000)
    results = [reassembler.take(7, *part) for part in spoilt]
    assert not any(isinstance(result, bytes) for result in results) or spoilt[at:] == parts


def test_bounds_are_kept_and_say_so():
    reassembler = Reassembler(2, 10)
    assert reassembler.take(1, Place.NEXT, 2, b"x") is AbortReason.UNKNOWN
    assert reassembler.take(1, Place.FIRST, 2, b"x") is AbortReason.OUT_OF_ORDER
    assert 1 not in reassembler
    assert reassembler.take(1, Place.FIRST, 1, b"12345") is None
    assert reassembler.take(2, Place.FIRST, 1, b"12345") is None
    assert reassembler.take(3, Place.FIRST, 1, b"12345") is AbortReason.TOO_MANY
    assert reassembler.take(1, Place.LAST, 2, b"123456") is AbortReason.TOO_LONG
    assert reassembler.take(2, Place.FIRST, 1, b"anew ") is None
    assert reassembler.take(2, Place.LAST, 2, b"whole") == b"anew whole"
    assert reassembler.save() == []
