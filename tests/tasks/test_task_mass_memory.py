"""The mass memory's task: nothing damaged is sent as good, and a dump stops where it says."""

import pytest

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import GROUND_ENTITY, PICTURE_FILES_APID, FailureCode
from fsw.dictionary.picture_label import OCTETS as LABEL
from fsw.dictionary.picture_label import decode_label
from fsw.protocols import cfdp_receiver as cfdp
from fsw.tasks import names
from fsw.tasks.file_messages import FilePackets
from fsw.tasks.messages import (
    Chosen,
    DownlinkRoom,
    Fetch,
    Fetched,
    Gather,
    List,
    Listed,
    MemoryDamaged,
    MemoryFound,
    MemoryNotFlushed,
    Picture,
    Store,
    Stored,
    Thumbnail,
)

PLENTY = 1 << 20


def picture(number, octets=b"picture", coding=0):
    return Picture(number, number % 2, 0, coding, 1_498_320_000_000 + number, 500, 12.3, octets)


class Memory:
    """The device behind the port, as the task sees it, and the file link that takes the dump.

    `damaged` keys give nothing.
    """

    def __init__(self, task, files, capacity=10**6):
        self.task, self.capacity, self.kept, self.damaged, self.used = task, capacity, {}, set(), 0
        self.tasks = {names.MASS_MEMORY: task, names.FILES: files}
        self.packets = b""
        self.events = []

    def tell(self, message):
        """The message, and all that follows from it."""
        to = names.FILES if isinstance(message, DownlinkRoom) else names.MASS_MEMORY
        waiting, executed = [(to, message)], []
        while waiting:
            to, message = waiting.pop(0)
            task = self.tasks[to]
            task.tell(message)
            self.packets += b"".join(m.octets for m in task.sent(names.DOWNLINK, FilePackets))
            self.events += task.events()
            executed += task.executed()
            waiting += [(other, message) for other in self.tasks for message in task.sent(other)]
            waiting += [self._access(value) for value in task.emitted(names.MEMORY_PORT)]
        return executed

    def _access(self, value):
        match value:
            case Store(key, octets, to):
                kept = self.used + len(octets) <= self.capacity
                if kept:
                    self.kept[key] = octets
                    self.used += len(octets)
                return to, Stored(key, kept, self.used)
            case Fetch(keys, to):
                return to, Fetched({k: None if k in self.damaged else self.kept.get(k) for k in keys})
            case List(prefix, to):
                octets = {k: len(v) for k, v in self.kept.items() if k.startswith(prefix)}
                return to, Listed(prefix, octets)
        raise AssertionError(value)

    def store(self, number, octets=b"picture", thumbnail=b"thumb"):
        self.tell(picture(number, octets))
        self.tell(Thumbnail(number, 0, thumbnail))

    def values(self):
        self.task.tell(Gather(Structure.MASS_MEMORY))
        return self.task.values()

    def files(self):
        """What a receiver on the ground makes of the packets: whole files, and names of the others."""
        receiver, whole, at = cfdp.Receiver(cfdp.ReceiverSettings(GROUND_ENTITY)), {}, 0
        events = []
        count = None
        while at < len(self.packets):
            assert int.from_bytes(self.packets[at : at + 2], "big") == PICTURE_FILES_APID
            sequence = int.from_bytes(self.packets[at + 2 : at + 4], "big") & 0x3FFF
            assert count is None or sequence == (count + 1) % 16384
            count = sequence
            end = at + 7 + int.from_bytes(self.packets[at + 4 : at + 6], "big")
            events += receiver.receive(self.packets[at + 6 : end], 0)
            at = end
        events += receiver.finish()
        for event in events:
            if isinstance(event, cfdp.FileReceived):
                label = decode_label(event.messages[0])
                assert label.file_name == event.name
                whole[event.name] = event.octets
        return whole, [e.name for e in events if isinstance(e, cfdp.FileIncomplete)]


@pytest.fixture
def memory(bench):
    return Memory(bench.of(names.MASS_MEMORY), bench.of(names.FILES))


def test_thumbnails_come_first_then_the_chosen_in_their_order(memory, bench):
    for number in (1, 2, 3):
        memory.store(number, b"full %d" % number, b"thumb %d" % number)
    memory.tell(Chosen((3, 1)))
    assert memory.tell(bench.execute("DUMP_START")) == [None]
    memory.tell(DownlinkRoom(PLENTY))
    whole, incomplete = memory.files()
    assert incomplete == []
    assert list(whole) == [
        "thumb/0000001.jpg", "thumb/0000002.jpg", "thumb/0000003.jpg", "full/0000003.jpg", "full/0000001.jpg",
    ]  # fmt: skip
    assert whole["full/0000003.jpg"] == b"full 3"
    total = {"files": 5, "file_octets": 3 * 7 + 2 * 6}
    assert memory.events == [("DUMP_STARTED", total), ("DUMP_DONE", total)]
    values = memory.values()
    assert (values["thumbnails_sent"], values["full_frames_sent"], values["dump"]) == (3, 2, "OFF")
    assert (values["files_waiting"], values["octets_waiting_kib"]) == (0, 0)


def test_raw_pictures_are_named_so_and_their_thumbnails_are_jpeg(memory, bench):
    memory.tell(picture(9, b"raw", coding=1))
    memory.tell(Thumbnail(9, 0, b"jpeg"))
    memory.tell(Chosen((9,)))
    memory.tell(bench.execute("DUMP_START"))
    memory.tell(DownlinkRoom(PLENTY))
    assert list(memory.files()[0]) == ["thumb/0000009.jpg", "full/0000009.raw"]


@pytest.mark.parametrize(
    ("which", "names_sent"),
    [("THUMBNAILS", ["thumb/0000001.jpg", "thumb/0000002.jpg"]), ("SELECTED", ["full/0000002.jpg"])],
)
def test_a_dump_sends_what_was_asked_for(memory, bench, which, names_sent):
    memory.store(1)
    memory.store(2)
    memory.tell(Chosen((2, 77)))  # 77 was never stored
    memory.tell(bench.execute("DUMP_START", which))
    memory.tell(DownlinkRoom(PLENTY))
    assert list(memory.files()[0]) == names_sent


def test_nothing_stored_busy_and_not_running_are_told(memory, bench):
    assert memory.tell(bench.execute("DUMP_START")) == [FailureCode.NOTHING_STORED]
    assert memory.tell(bench.execute("DUMP_STOP")) == [FailureCode.NOT_RUNNING]
    memory.store(1)
    assert memory.tell(bench.execute("DUMP_START", "SELECTED")) == [FailureCode.NOTHING_STORED]
    assert memory.tell(bench.execute("DUMP_START")) == [None]
    assert memory.tell(bench.execute("DUMP_START")) == [FailureCode.BUSY]


def test_without_room_the_dump_waits_and_never_gives_more_than_it(memory, bench):
    memory.store(1, bytes(range(256)) * 40)
    memory.tell(Chosen((1,)))
    memory.tell(bench.execute("DUMP_START"))
    assert memory.packets == b""
    rooms = [0, 40, 1000, 3000, 5000, 6000]
    for room in rooms:
        before = len(memory.packets)
        memory.tell(DownlinkRoom(room))
        assert len(memory.packets) - before <= room
    assert memory.files()[0]["full/0000001.jpg"] == bytes(range(256)) * 40


def test_a_damaged_record_is_never_sent(memory, bench):
    for number in (1, 2, 3):
        memory.store(number)
    memory.damaged = {"picture/full/2", "picture/thumbnail/1", "picture/thumbnail/3"}
    memory.tell(Chosen((1, 2)))
    memory.tell(bench.execute("DUMP_START"))
    memory.tell(DownlinkRoom(PLENTY))
    assert list(memory.files()[0]) == ["thumb/0000002.jpg", "full/0000001.jpg"]
    assert memory.events[-1][0] == "DUMP_DONE"
    memory.damaged = set(memory.kept)
    memory.tell(bench.execute("DUMP_START"))
    memory.tell(DownlinkRoom(PLENTY))
    assert (memory.events[-1][0], memory.values()["dump"]) == ("DUMP_DONE", "OFF")


def test_a_stopped_dump_ends_with_the_file_on_its_way(memory, bench):
    large = bytes(5000)
    for number in (1, 2, 3):
        memory.store(number, large)
    memory.tell(Chosen((1, 2, 3)))
    memory.tell(bench.execute("DUMP_START", "SELECTED"))
    memory.tell(DownlinkRoom(7000))
    assert memory.tell(bench.execute("DUMP_STOP")) == [None]
    assert memory.events[-1] == ("DUMP_STOPPED", {"files": 3, "file_octets": 15_000})
    for _ in range(3):
        memory.tell(DownlinkRoom(3000))
    whole, incomplete = memory.files()
    assert (list(whole), incomplete) == (["full/0000001.jpg", "full/0000002.jpg"], [])
    assert memory.values()["files_waiting"] == 0
    assert memory.values()["full_frames_sent"] == 2
    assert memory.tell(bench.execute("DUMP_START", "SELECTED")) == [None]


def test_a_full_memory_is_told_and_what_it_refused_is_not_in_the_catalogue(memory, bench):
    memory.capacity = 15 + 3 * LABEL
    memory.store(1, b"12345678", b"1234")
    memory.store(2, b"12345678", b"1234")  # the frame is refused, and a thumbnail without it
    assert memory.events == [("MASS_MEMORY_FULL", {"picture": 2})]
    memory.store(3, b"123", b"1234")  # the frame fits, its thumbnail does not
    assert memory.events[1:] == [("MASS_MEMORY_FULL", {"picture": 3})]
    values = memory.values()
    assert (values["pictures_stored"], values["memory_used_kib"]) == (2, (15 + 3 * LABEL) / 1024)
    memory.tell(Chosen((2, 3, 1)))
    memory.tell(bench.execute("DUMP_START"))
    memory.tell(DownlinkRoom(PLENTY))
    assert list(memory.files()[0]) == ["thumb/0000001.jpg", "full/0000003.jpg", "full/0000001.jpg"]


def test_a_picture_that_loses_its_place_while_its_dump_waits_does_no_harm(memory, bench):
    memory.store(1)
    memory.store(2)
    memory.tell(bench.execute("DUMP_START"))
    memory.capacity = 0
    memory.tell(picture(1))  # the same number again, and no room for it
    memory.values()
    memory.tell(DownlinkRoom(PLENTY))
    assert "thumb/0000002.jpg" in memory.files()[0]


def test_the_fill_is_of_the_memory_that_the_mission_has(memory):
    memory.store(1, bytes(100_000 - 2 * LABEL), b"")
    assert memory.values()["memory_fill"] == pytest.approx(10.0)  # of the bench's million octets


def test_the_catalogue_is_made_again_of_what_the_memory_lists(memory, bench):
    for number in (1, 2):
        memory.store(number, b"full %d" % number, b"thumb %d" % number)
    before = memory.values()
    memory.task.tell(picture(3))  # of the third only the frame came through
    (third,) = memory.task.emitted(names.MEMORY_PORT)
    memory.kept[third.key] = third.octets
    restarted = Memory(bench.of(names.MASS_MEMORY), bench.of(names.FILES))
    assert restarted.task.emitted(names.MEMORY_PORT) == [List("picture/", names.MASS_MEMORY)]
    restarted.kept = memory.kept
    restarted.tell(Listed("picture/", {k: len(v) for k, v in memory.kept.items()}))
    assert restarted.values()["pictures_stored"] == 3
    restarted.tell(Chosen((3, 1)))
    restarted.tell(bench.execute("DUMP_START"))
    waiting = restarted.values()
    assert waiting["files_waiting"] == 4
    assert waiting["octets_waiting_kib"] == (2 * 7 + 7 + 6) / 1024
    restarted.tell(DownlinkRoom(PLENTY))
    whole, incomplete = restarted.files()
    assert whole == {
        "thumb/0000001.jpg": b"thumb 1",
        "thumb/0000002.jpg": b"thumb 2",
        "full/0000003.jpg": b"picture",
        "full/0000001.jpg": b"full 1",
    }
    assert incomplete == []
    assert before["pictures_stored"] == 2


def test_what_the_memory_finds_and_loses_is_told(memory):
    memory.tell(MemoryFound(7, 10_240))
    memory.tell(MemoryDamaged(4096, 50, False, 1))
    memory.tell(MemoryDamaged(8192, 3, True, 2))
    memory.tell(MemoryNotFlushed())
    assert memory.events == [
        ("MASS_MEMORY_FOUND", {"records": 7, "memory_used_kib": 10}),
        ("MASS_MEMORY_DAMAGED", {"damaged_at": 4096, "damaged_octets": 50, "memory_damaged": 1}),
        ("MASS_MEMORY_TORN", {"damaged_at": 8192, "damaged_octets": 3, "memory_damaged": 2}),
        ("MASS_MEMORY_NOT_FLUSHED", {}),
    ]
    values = memory.values()
    assert (values["memory_used_kib"], values["memory_damaged"]) == (10, 2)
