"""The mass memory's log: what was acknowledged is there, what is damaged is told, whatever happens."""

import os
import signal
import subprocess
import sys
import zlib

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fsw.core.errors import FswError
from fsw.devices import mass_memory
from fsw.devices.log_file import NAME, FolderLogFile, TemporaryLogFile
from fsw.devices.log_records import FILE_HEADER_OCTETS, HEAD_OCTETS, Damage
from fsw.devices.mass_memory import MassMemory
from fsw.kernel.snapshot import pack, unpack

KEYS = st.sampled_from(["full/1", "full/2", "thumbnail/1", "thumbnail/é"])
RECORDS = st.lists(st.tuples(KEYS, st.binary(max_size=200)), min_size=1, max_size=8)
ROOM = 100_000


def filled(disk, rows):
    memory = MassMemory(ROOM, disk)
    for key, octets in rows:
        assert memory.store(key, octets)
    return memory


def contents(memory):
    return {key: memory.fetch(key) for key in list(memory.keys())}


def crc(*parts):
    return zlib.crc32(b"".join(parts)).to_bytes(4, "big")


def test_header_and_records_are_as_they_are_documented(disk):
    file = disk()
    memory = filled(file, [("a", b"xyz"), ("é", b"")])
    memory.delete("a")
    header = b"FSWMMLOG" + bytes.fromhex("0001 0010")
    first = b"FSWR" + bytes.fromhex("01 00 0001 00000003 0000000000000000") + crc(b"xyz")
    second = b"FSWR" + bytes.fromhex("01 00 0002 00000000 0000000000000001 00000000")
    third = b"FSWR" + bytes.fromhex("02 00 0001 00000000 0000000000000002 00000000")
    place = [octets.to_bytes(8, "big") for octets in (16, 16 + 28 + 4, 16 + 28 + 4 + 28 + 2)]
    assert file.now == b"".join(
        (
            *(header, crc(header)),
            *(first, crc(place[0], first, b"a"), b"a", b"xyz"),
            *(second, crc(place[1], second, "é".encode()), "é".encode()),
            *(third, crc(place[2], third, b"a"), b"a"),
        )
    )


@given(RECORDS)
def test_what_is_stored_is_found_again_and_the_latest_of_a_key_counts(disk, records):
    file = disk()
    memory = filled(file, records)
    assert contents(memory) == dict(records)
    again = MassMemory(ROOM, file)
    assert contents(again) == dict(records)
    assert (again.fetch("full/3"), again.damaged, again.take_damage()) == (None, 0, [])
    assert again.keys() == memory.keys() == {key: len(octets) for key, octets in contents(memory).items()}
    assert list(again.keys()) == list(memory.keys())
    assert (again.used_octets, again.log_octets) == (memory.used_octets, memory.log_octets)


def test_keys_are_listed_by_their_beginning_the_oldest_first():
    memory = filled(None, [("b/2", b"12"), ("a/1", b""), ("b/1", b"1"), ("b/2", b"123")])
    assert list(memory.keys("b/").items()) == [("b/1", 1), ("b/2", 3)]
    memory.close()


@given(RECORDS, st.data())
def test_a_flipped_bit_costs_one_record_at_the_most_and_is_told_where_it_lies(disk, records, data):
    file = disk()
    memory, stored = filled(file, records), dict(records)
    where = {key: memory._index[key][0] for key in stored}
    bit = data.draw(st.integers(8 * FILE_HEADER_OCTETS, 8 * len(file.now) - 1))
    file.flip(bit)
    fetched = {key: memory.fetch(key) for key in stored}
    wrong = [key for key in stored if fetched[key] != stored[key]]
    assert [fetched[key] for key in wrong] == [None] * len(wrong)
    assert len(wrong) == memory.damaged <= 1
    assert [(d.at, d.key) for d in memory.take_damage()] == [(where[key], key) for key in wrong]


@given(RECORDS, st.booleans(), st.data())
def test_a_bit_flipped_while_nobody_looked_is_told_at_the_next_start(disk, records, flushed, data):
    file = disk()
    memory = filled(file, records)
    if flushed:
        memory.flush()
    bit = data.draw(st.integers(0, 8 * len(file.now) - 1))
    file.flip(bit)
    again = MassMemory(ROOM, file)
    (damage,) = again.take_damage()
    assert damage.at <= bit // 8 < damage.at + damage.octets
    assert again.damaged == 1
    versions = {}
    for key, octets in records:
        versions.setdefault(key, []).append(octets)
    lost = [key for key in versions if again.fetch(key) != versions[key][-1]]
    assert len(lost) <= 1
    for key in lost:  # of flushed octets nothing is left; else perhaps an older record of the key
        older = [None] if flushed and damage.what == "octets" else [None, *versions[key][:-1]]
        assert again.fetch(key) in older
        assert damage.key in ("", key)
    assert again.store("full/9", b"and goes on")
    third = MassMemory(ROOM, file)
    assert contents(third) == contents(again)


@given(RECORDS, st.data())
def test_a_torn_tail_is_cut_and_what_lies_before_it_is_found(disk, records, data):
    file, ends, stored = disk(), [], []
    memory = MassMemory(ROOM, file)
    for key, octets in records:
        memory.store(key, octets)
        ends.append(len(file.now))
    tear = data.draw(st.integers(FILE_HEADER_OCTETS, len(file.now)))
    del file.now[tear:]
    stored = [row for row, end in zip(records, ends) if end <= tear]
    again = MassMemory(ROOM, file)
    assert contents(again) == dict(stored)
    whole = max([FILE_HEADER_OCTETS, *(end for end in ends if end <= tear)])
    assert len(file.now) == again.log_octets == whole
    told = [(d.at, d.octets, d.what) for d in again.take_damage()]
    assert told == ([(whole, tear - whole, "tail")] if tear > whole else [])
    assert again.store("full/9", b"after")
    assert contents(MassMemory(ROOM, file)) == {**dict(stored), "full/9": b"after"}


@pytest.mark.parametrize("octets", range(FILE_HEADER_OCTETS + 1))
def test_a_log_killed_while_it_was_made_is_made_anew(octets, disk):
    whole = disk()
    MassMemory(ROOM, whole)
    for born in (whole.now[:octets], bytes(octets)):
        file = disk(born)
        memory = MassMemory(ROOM, file)
        assert file.now == file.stable == whole.now
        assert memory.store("a", b"1")
        assert contents(MassMemory(ROOM, file)) == {"a": b"1"}


def test_another_file_and_another_version_are_refused_and_left_alone(disk):
    other = disk(b"some other file of somebody's")
    with pytest.raises(FswError, match="not a log"):
        MassMemory(ROOM, other)
    assert other.now == b"some other file of somebody's"
    header = b"FSWMMLOG" + bytes.fromhex("0002 0010")
    newer = disk(header + crc(header))
    with pytest.raises(FswError, match=r"version 2; this fsw reads 1"):
        MassMemory(ROOM, newer)


def test_a_log_stored_as_a_file_is_never_mistaken_for_the_log(disk):
    inner = disk()
    filled(inner, [("inner", b"1"), ("inner2", b"2")])
    file = disk()
    memory = filled(file, [("before", b"0"), ("copy", bytes(inner.now)), ("after", b"3")])
    at, _ = memory._index["copy"]
    file.flip(8 * (at + 12))  # its head is lost, so that the scan looks through its octets
    again = MassMemory(ROOM, file)
    assert list(again.keys()) == ["before", "after"]
    assert [(d.at, d.what) for d in again.take_damage()] == [(at, "head")]


def test_sync_markers_without_end_do_not_take_for_ever(disk):
    file = disk()
    memory = MassMemory(1 << 30, file)
    worst = b"FSWR\x01\0\x04\0" * 20_000  # each could begin a record with a long key
    assert memory.store("a", worst)
    assert memory.store("b", b"1")
    file.flip(8 * (memory._index["a"][0] + 8))
    assert list(MassMemory(1 << 30, file).keys()) == ["b"]


def test_a_full_memory_refuses_and_keeps_what_it_has():
    memory = MassMemory(100)
    assert memory.store("a", bytes(20))
    assert not memory.store("b", bytes(30))
    assert memory.store("a", bytes(70))  # in place of the other
    assert memory.fetch("a") == bytes(70)
    assert memory.used_octets == HEAD_OCTETS + 1 + 70
    assert not memory.store("b", b"")
    assert memory.delete("a")
    assert memory.used_octets == 0
    assert memory.store("b", bytes(71))
    assert memory.fetch("b") == bytes(71)
    memory.close()


def test_a_full_disk_is_a_refusal_and_leaves_nothing_behind(disk):
    file = disk(room=100)
    memory = filled(file, [("a", b"good")])
    before = bytes(file.now)
    assert not memory.store("b", bytes(100))
    assert not memory.store("a", bytes(100))
    assert file.now == before
    assert memory.fetch("a") == b"good"
    file.room = len(before)
    assert not memory.delete("a")
    assert memory.fetch("a") == b"good"
    file.room = 1000
    assert memory.store("b", b"after all")
    assert contents(MassMemory(ROOM, file)) == {"a": b"good", "b": b"after all"}


def test_the_real_full_disk_is_a_refusal_too():
    file = TemporaryLogFile()
    memory = filled(file, [("a", b"good")])
    with open("/dev/full", "r+b", buffering=0) as full:
        real, file._fd = file._fd, full.fileno()
        assert not memory.store("b", bytes(100))
        file._fd = real
    assert memory.fetch("a") == b"good"
    assert memory.store("b", b"after all")
    assert memory.fetch("b") == b"after all"
    memory.close()


def test_a_write_that_the_system_takes_in_pieces_is_whole(monkeypatch):
    real = os.pwritev, os.pwrite, os.pread
    monkeypatch.setattr(os, "pwritev", lambda fd, parts, at: real[1](fd, b"".join(parts)[:5], at))
    monkeypatch.setattr(os, "pwrite", lambda fd, octets, at: real[1](fd, bytes(octets)[:7], at))
    monkeypatch.setattr(os, "pread", lambda fd, octets, at: real[2](fd, min(octets, 11), at))
    memory = filled(None, [("a", bytes(range(100))), ("b", b"2")])
    assert contents(memory) == {"a": bytes(range(100)), "b": b"2"}
    memory.close()


def test_what_a_flush_cannot_promise_is_said_until_one_can(disk):
    file = disk()
    memory = filled(file, [("a", b"1")])
    assert memory.flush()
    file.syncs_fail = True
    assert memory.flush()  # nothing new
    memory.store("b", b"2")
    assert [memory.flush(), memory.flush(), memory.flushes_failed] == [False, False, 2]
    file.syncs_fail = False
    assert [memory.flush(), memory.flushes_failed] == [True, 0]
    assert file.stable == file.now[:-HEAD_OCTETS]  # the record that says so may still be lost


def test_a_record_torn_by_a_power_loss_does_not_cost_what_it_was_to_replace(disk):
    file = disk()
    memory = filled(file, [("a", b"older")])
    memory.flush()
    memory.store("a", b"x" * 100)
    memory.store("b", b"x" * 100)
    assert [change[0] for change in file.changes] == ["write"] * 3  # the flush's, and the two
    file = file.after_power_loss([1, 0.9, 0.3])
    again = MassMemory(ROOM, file)
    assert contents(again) == {"a": b"older"}
    assert [(d.what, d.key) for d in again.take_damage()] == [("octets", "a"), ("tail", "b")]


def test_what_a_killed_program_left_is_on_the_disk_once_it_is_found_again(disk):
    file = disk()
    filled(file, [("a", b"1")])
    file = file.killed()
    MassMemory(ROOM, file)
    assert contents(MassMemory(ROOM, file.after_power_loss([0] * len(file.changes)))) == {"a": b"1"}


def test_what_was_replaced_and_deleted_does_not_fill_the_disk(disk, monkeypatch):
    monkeypatch.setattr(mass_memory, "SPARE_OCTETS", 2000)
    file, model = disk(), {}
    memory = MassMemory(ROOM, file)
    for k in range(1000):
        key = f"store/{k % 7}"
        if k % 5 == 3:
            memory.delete(key)
            model.pop(key, None)
        else:
            model[key] = bytes([k % 256]) * (k % 90)
            assert memory.store(key, model[key])
        assert memory.log_octets <= 2 * memory.used_octets + 2000 + FILE_HEADER_OCTETS + 200
        assert len(file.now) == memory.log_octets
    assert contents(memory) == model
    assert contents(MassMemory(ROOM, file)) == model


def test_compaction_tells_of_what_it_finds_damaged_and_drops_nothing_else(disk, monkeypatch):
    monkeypatch.setattr(mass_memory, "SPARE_OCTETS", 500)
    file = disk()
    memory = filled(file, [("keep", b"k" * 50), ("lost", b"l" * 50)])
    at, _ = memory._index["lost"]
    file.flip(8 * (at + 60))
    for _ in range(10):
        memory.store("often", bytes(100))
    assert memory.take_damage() == [Damage(at, HEAD_OCTETS + 4 + 50, "octets", "lost")]
    assert list(memory.keys()) == ["keep", "often"]
    assert memory.used_octets == 2 * HEAD_OCTETS + 4 + 50 + 5 + 100
    assert contents(MassMemory(ROOM, file)) == {"keep": b"k" * 50, "often": bytes(100)}


def test_a_disk_without_room_for_two_logs_is_used_to_its_end(disk, monkeypatch):
    monkeypatch.setattr(mass_memory, "SPARE_OCTETS", 100)
    file = disk(room=1000)
    memory = filled(file, [("a", bytes(300))])
    monkeypatch.setattr(file, "fresh", lambda: disk(room=50))
    kept = [memory.store("b", bytes([k]) * 60) for k in range(10)]
    assert kept == [True] * 7 + [False] * 3
    assert contents(memory) == {"a": bytes(300), "b": bytes([6]) * 60}


@given(RECORDS, RECORDS)
def test_a_snapshot_restores_every_record_into_a_used_memory(disk, records, others):
    file = disk()
    memory, used = filled(None, records), filled(file, [("other " + k, o) for k, o in others])
    saved = pack(memory.save())
    used.load(unpack(saved))
    assert pack(used.save()) == saved
    assert contents(used) == dict(records)
    assert used.used_octets == memory.used_octets
    assert used.store("full/9", b"and goes on")
    assert contents(MassMemory(ROOM, file)) == {**dict(records), "full/9": b"and goes on"}
    memory.close()


@pytest.mark.parametrize("cut", [1, 20])
def test_an_index_that_points_past_the_octets_is_refused(cut, disk):
    memory = filled(None, [("a", bytes(20))])
    saved = memory.save()
    with pytest.raises(FswError, match="outside"):
        memory.load({**saved, "octets": saved["octets"][:-cut]})
    memory.load(saved)
    assert memory.fetch("a") == bytes(20)
    memory.close()


# ---- in a folder --------------------------------------------------------------------------------


def test_a_folder_is_found_again_and_has_one_user(tmp_path):
    folder = tmp_path / "new" / "memory"
    memory = filled(FolderLogFile(folder), [("a", b"1")])
    with pytest.raises(FswError, match="in use"):
        FolderLogFile(folder)
    memory.close()
    (folder / (NAME + ".new")).write_bytes(b"of a compaction that was broken off")
    memory = MassMemory(ROOM, FolderLogFile(folder))
    assert contents(memory) == {"a": b"1"}
    assert [path.name for path in folder.iterdir()] == [NAME]
    memory.close()


def test_a_folder_is_compacted_and_restored_in_place(tmp_path, monkeypatch):
    monkeypatch.setattr(mass_memory, "SPARE_OCTETS", 1000)
    memory = MassMemory(ROOM, FolderLogFile(tmp_path))
    for k in range(200):
        assert memory.store("often", bytes([k]) * 50)
    assert memory.flush()
    assert (tmp_path / NAME).stat().st_size == memory.log_octets < 2000
    saved = memory.save()
    memory.store("later", b"1")
    memory.load(saved)
    memory.close()
    memory = MassMemory(ROOM, FolderLogFile(tmp_path))
    assert contents(memory) == {"often": bytes([199]) * 50}
    memory.close()


def test_a_folder_that_is_none_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FswError, match="mass memory"):
        FolderLogFile(tmp_path / "file")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / NAME).write_bytes(b"no log of ours, and longer than a header")
    with pytest.raises(FswError, match="not a log"):
        MassMemory(ROOM, FolderLogFile(tmp_path / "foreign"))


CHILD = """
import os, sys
from pathlib import Path
from fsw.devices import mass_memory
from fsw.devices.log_file import FolderLogFile

mass_memory.SPARE_OCTETS = 5000
memory = mass_memory.MassMemory(1 << 30, FolderLogFile(Path(sys.argv[1])))
for k in range(int(sys.argv[2]), 1 << 30):
    key = f"key/{k % 50}"
    if k % 7 == 6:
        assert memory.delete(key)
    else:
        assert memory.store(key, k.to_bytes(8, "big") * (k % 40 + 1))
    if k % 3 == 0:
        assert memory.flush()
    os.write(1, k.to_bytes(8, "big"))  # acknowledged
"""


def expected(first, last):
    """What the child's log holds after these steps, by key; None where nothing is."""
    held = {}
    for k in range(first, last + 1):
        held[f"key/{k % 50}"] = None if k % 7 == 6 else k.to_bytes(8, "big") * (k % 40 + 1)
    return held


def test_whatever_was_acknowledged_before_kill_9_is_there(tmp_path):
    model, first = {}, 0
    for acknowledgements in (1, 40, 333):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(first)], stdout=subprocess.PIPE
        )
        last = first - 1
        for _ in range(acknowledgements):
            last = int.from_bytes(child.stdout.read(8), "big")
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()  # acknowledged before it died
        assert child.wait() == -signal.SIGKILL
        last = int.from_bytes(rest[len(rest) // 8 * 8 - 8 :][:8], "big") if len(rest) >= 8 else last
        assert last - first + 1 >= acknowledgements
        model |= expected(first, last)
        memory = MassMemory(1 << 30, FolderLogFile(tmp_path))
        under_way = expected(last + 1, last + 1)  # perhaps done, perhaps not
        for key, octets in model.items():
            assert memory.fetch(key) in ((octets, under_way[key]) if key in under_way else (octets,))
        assert {d.what for d in memory.take_damage()} <= {"tail"}
        model = {key: memory.fetch(key) for key in model | under_way}
        memory.close()
        first = last + 2


# ---- whatever happens ---------------------------------------------------------------------------


class Log(RuleBasedStateMachine):
    """model: acknowledged. stable: acknowledged and flushed, with what came for each key since then."""

    Disk = None

    def __init__(self):
        super().__init__()
        self.file = self.Disk(room=6000)
        self.memory = MassMemory(4000, self.file)
        self.model, self.flushed, self.since = {}, {}, {}

    @rule(key=KEYS, octets=st.binary(max_size=300))
    def store(self, key, octets):
        if self.memory.store(key, octets):
            self.model[key] = octets
            self.since.setdefault(key, []).append(octets)

    @rule(key=KEYS)
    def delete(self, key):
        if self.memory.delete(key):
            self.model.pop(key, None)
            self.since.setdefault(key, []).append(None)

    @rule()
    def flush(self):
        if self.memory.flush():
            self.flushed, self.since = dict(self.model), {}

    @rule(fails=st.booleans())
    def syncs(self, fails):
        self.file.syncs_fail = fails

    @rule(room=st.integers(500, 6000))
    def disk_of_others(self, room):
        self.file.room = room

    @rule(torn=st.none() | st.integers(0, 400), key=KEYS, octets=st.binary(max_size=300))
    def killed_while_storing(self, torn, key, octets):
        older = len(self.file.changes)
        stored = self.memory.store(key, octets)
        written = len(self.file.changes) == older + 1  # else it was refused, or the log compacted
        self.file = self.file.killed(torn if stored and written else None)
        self.memory = MassMemory(4000, self.file)
        found = self.memory.fetch(key)
        if stored and (torn is None or not written):
            assert found == octets
        assert found in ((octets, self.model.get(key)) if stored else (self.model.get(key),))
        if found is not None:
            self.model[key] = found
        self.flushed, self.since = dict(self.model), {}

    @precondition(lambda self: self.file.changes)
    @rule(data=st.data())
    def power_lost(self, data):
        share = st.sampled_from([0, 0.3, 0.9, 1])
        count = len(self.file.changes)
        kept = data.draw(st.lists(share, min_size=count, max_size=count))
        self.file = self.file.after_power_loss(kept)
        self.memory = MassMemory(4000, self.file)
        found = contents(self.memory)
        for key in {*self.flushed, *found}:
            allowed = [self.flushed.get(key), *self.since.get(key, [])]
            assert found.get(key) in allowed, key
        self.model, self.flushed, self.since = found, dict(found), {}

    @invariant()
    def holds_what_was_acknowledged(self):
        assert contents(self.memory) == self.model
        assert self.memory.used_octets == sum(
            HEAD_OCTETS + len(key.encode()) + len(octets) for key, octets in self.model.items()
        )


Log.TestCase.settings = settings(max_examples=30, stateful_step_count=25)


@pytest.fixture(autouse=True, scope="module")
def _small_logs(disk):
    Log.Disk = disk
    before, mass_memory.SPARE_OCTETS = mass_memory.SPARE_OCTETS, 600
    yield
    mass_memory.SPARE_OCTETS = before


TestLog = Log.TestCase
