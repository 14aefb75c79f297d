"""The mass memory's file: what is damaged is not found again, the rest is; a snapshot holds all of it."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw.core.errors import FswError
from fsw.devices.mass_memory import MassMemory
from fsw.kernel.snapshot import pack, unpack

KEYS = st.sampled_from(["full/1", "full/2", "thumbnail/1", "thumbnail/é"])
RECORDS = st.lists(st.tuples(KEYS, st.binary(max_size=200)), min_size=1, max_size=8)


@given(RECORDS)
def test_what_is_stored_is_fetched_and_the_latest_of_a_key_counts(records):
    memory = MassMemory(10_000)
    for key, octets in records:
        assert memory.store(key, octets)
    for key, octets in dict(records).items():
        assert memory.fetch(key) == octets
    assert memory.fetch("full/3") is None
    assert memory.damaged == 0
    memory.close()


@given(RECORDS, st.data())
def test_a_flipped_bit_costs_one_record_at_the_most_and_is_counted(records, data):
    memory, stored = MassMemory(10_000), dict(records)
    for key, octets in records:
        memory.store(key, octets)
    bit = data.draw(st.integers(0, 8 * memory.used_octets - 1))
    memory._file.seek(bit // 8)
    octet = memory._file.read(1)[0]
    memory._file.seek(bit // 8)
    memory._file.write(bytes([octet ^ 1 << bit % 8]))
    fetched = {key: memory.fetch(key) for key in stored}
    wrong = [key for key in stored if fetched[key] != stored[key]]
    assert [fetched[key] for key in wrong] == [None] * len(wrong)
    assert len(wrong) == memory.damaged <= 1
    memory.close()


@given(RECORDS, st.data())
def test_of_a_torn_file_what_lies_before_the_tear_is_found(records, data):
    memory, stored = MassMemory(10_000), dict(records)
    ends = {}
    for key, octets in records:
        memory.store(key, octets)
        ends[key] = memory.used_octets
    tear = data.draw(st.integers(0, memory.used_octets))
    memory._file.truncate(tear)
    for key, octets in stored.items():
        assert memory.fetch(key) == (octets if ends[key] <= tear else None)
    assert memory.damaged == sum(end > tear for end in ends.values())
    memory.close()


def test_a_full_memory_refuses_and_keeps_what_it_has():
    memory = MassMemory(60)
    assert memory.store("a", bytes(20))
    assert not memory.store("b", bytes(20))
    assert not memory.store("a", bytes(40))
    assert memory.fetch("a") == bytes(20)
    assert memory.store("b", bytes(60 - memory.used_octets - 15))
    assert memory.used_octets == 60
    memory.close()


def test_a_full_disk_is_a_refusal():
    memory = MassMemory(10_000)
    assert memory.store("a", b"good")
    with open("/dev/full", "r+b", buffering=0) as full:
        real, memory._file = memory._file, full
        assert not memory.store("b", bytes(100))
        memory._file = real
    assert memory.fetch("a") == b"good"
    assert memory.store("b", b"after all")
    assert memory.fetch("b") == b"after all"
    memory.close()


@given(RECORDS, RECORDS)
def test_a_snapshot_restores_every_record_into_a_used_memory(records, others):
    memory, used = MassMemory(10_000), MassMemory(10_000)
    for key, octets in records:
        memory.store(key, octets)
    for key, octets in others:
        used.store("other " + key, octets)
    saved = pack(memory.save())
    used.load(unpack(saved))
    assert pack(used.save()) == saved
    assert {key: used.fetch(key) for key in dict(records)} == dict(records)
    assert used.store("full/9", b"and goes on")
    assert used.fetch("full/9") == b"and goes on"
    memory.close()
    used.close()


@pytest.mark.parametrize("cut", [1, 20])
def test_an_index_that_points_past_the_octets_is_refused(cut):
    memory = MassMemory(10_000)
    memory.store("a", bytes(20))
    saved = memory.save()
    with pytest.raises(FswError, match="outside"):
        memory.load({**saved, "octets": saved["octets"][:-cut]})
    memory.close()
