"""ST[6]: what is loaded is read back; what is not there, not allowed or damaged on the way is refused."""

import pytest

from fsw.core.crc import crc16
from fsw.devices.onboard_memory import ProgramImage, ScratchMemory
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st06_memory import MEMORIES, Memory
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import MemoryTold, Occurred, WriteMemory

START = MEMORIES[Memory.SCRATCH].start


class Memories:
    """The task with real memories behind its port."""

    def __init__(self, bench):
        self.bench = bench
        self.devices = {
            Memory.PROGRAM: ProgramImage(MEMORIES[Memory.PROGRAM].octets),
            Memory.SCRATCH: ScratchMemory(MEMORIES[Memory.SCRATCH].octets),
        }
        self.task = bench.of(names.MEMORY)
        self.answer()

    def answer(self):
        actions = list(self.task.answers)
        for question in self.task.emitted(names.ONBOARD_MEMORY_PORT):
            device, start = self.devices[question.memory], MEMORIES[question.memory].start
            spans = question.spans if not isinstance(question, WriteMemory) else ()
            if isinstance(question, WriteMemory):
                for address, octets in question.loads:
                    device.write(address - start, octets)
                spans = [(address, len(octets)) for address, octets in question.loads]
            contents = tuple(device.raw(address - start, octets) for address, octets in spans)
            actions += self.task.tell(MemoryTold(question.job, contents))
        self.task.answers = actions

    def order(self, name, memory, *areas):
        self.task.tell(self.bench.execute(name, {"memory": memory, "areas": list(areas)}))
        self.answer()
        return self.task.executed()

    def reports(self):
        return [self.bench.decoded(report) for report in self.task.sent(names.DOWNLINK)]

    def check_program(self):
        self.task.expire("program")
        self.answer()
        return [(m.event.name, m.values) for m in self.task.sent(names.EVENTS, Occurred)]


@pytest.fixture
def memories(bench):
    return Memories(bench)


def area(address, data, checksum=None):
    return {"address": address, "data": data, "checksum": crc16(data) if checksum is None else checksum}


def test_what_is_loaded_is_dumped_and_checked(memories):
    assert memories.order("MEMORY_LOAD", "SCRATCH", area(START, b"abc"), area(START + 3, b"defg")) == [None]
    spans = ({"address": START + 1, "octets": 4}, {"address": START + 100, "octets": 2})
    assert memories.order("MEMORY_DUMP", "SCRATCH", *spans) == [None]
    first, second = memories.reports()
    assert first == (
        "MEMORY_DUMPED",
        {
            "memory": "SCRATCH",
            "areas": 1,
            "areas[0].address": START + 1,
            "areas[0].data": b"bcde",
            "areas[0].checksum": crc16(b"bcde"),
        },
    )
    assert second[1]["areas[0].data"] == bytes(2)
    assert memories.order("MEMORY_CHECK", "SCRATCH", {"address": START, "octets": 7}) == [None]
    ((name, values),) = memories.reports()
    assert (name, values["areas[0].checksum"]) == ("MEMORY_CHECKED", crc16(b"abcdefg"))


LAST = START + MEMORIES[Memory.SCRATCH].octets - 1


@pytest.mark.parametrize(
    ("name", "memory", "wrong", "failure"),
    [
        ("MEMORY_LOAD", 9, area(START, b"x"), FailureCode.UNKNOWN_MEMORY),
        ("MEMORY_DUMP", 0, {"address": 0, "octets": 1}, FailureCode.UNKNOWN_MEMORY),
        ("MEMORY_CHECK", 255, {"address": 0, "octets": 1}, FailureCode.UNKNOWN_MEMORY),
        ("MEMORY_LOAD", "SCRATCH", area(LAST, b"xy"), FailureCode.ADDRESS_OUT_OF_RANGE),
        ("MEMORY_LOAD", "SCRATCH", area(START - 1, b"x"), FailureCode.ADDRESS_OUT_OF_RANGE),
        ("MEMORY_DUMP", "SCRATCH", {"address": LAST, "octets": 2}, FailureCode.ADDRESS_OUT_OF_RANGE),
        ("MEMORY_CHECK", "PROGRAM", {"address": 0, "octets": 32769}, FailureCode.ADDRESS_OUT_OF_RANGE),
        ("MEMORY_LOAD", "PROGRAM", area(0, b"x"), FailureCode.MEMORY_READ_ONLY),
        (
            "MEMORY_LOAD",
            "PARAMETER_AREA",
            area(MEMORIES[Memory.PARAMETER_AREA].start, b"x"),
            FailureCode.MEMORY_READ_ONLY,
        ),
        ("MEMORY_LOAD", "SCRATCH", area(START, b"x", 0), FailureCode.DATA_CHECKSUM_WRONG),
    ],
)
def test_one_wrong_area_and_nothing_is_done(memories, name, memory, wrong, failure):
    good = area(START, b"good") if name == "MEMORY_LOAD" else {"address": START, "octets": 1}
    areas = [good, wrong] if memory == "SCRATCH" else [wrong]
    assert memories.order(name, memory, *areas) == [failure]
    assert memories.reports() == []
    assert memories.devices[Memory.SCRATCH].raw(0, 4) == bytes(4)


def test_a_memory_that_does_not_keep_what_is_written_is_no_success(memories):
    memories.task.tell(memories.bench.execute("MEMORY_LOAD", {"memory": 2, "areas": [area(START, b"x")]}))
    (write,) = memories.task.emitted(names.ONBOARD_MEMORY_PORT)
    memories.task.tell(MemoryTold(write.job, (b"\0",)))
    assert memories.task.executed() == [FailureCode.NOT_KEPT]


def test_damage_to_the_program_is_found_by_itself_and_told_once(memories):
    assert memories.task.timers["program"].at_ns == 600 * SECOND
    assert memories.check_program() == []
    memories.devices[Memory.PROGRAM].flip(12345)
    ((name, values),) = memories.check_program()
    assert name == "PROGRAM_DAMAGED"
    assert values["checksum"] != 0
    assert memories.check_program() == []
    memories.devices[Memory.PROGRAM].flip(54321)
    assert len(memories.check_program()) == 1
    memories.devices[Memory.PROGRAM].flip(54321)
    memories.devices[Memory.PROGRAM].flip(12345)
    assert memories.check_program() == []


def test_memories_that_do_not_answer_are_busy_and_the_program_is_still_checked(memories):
    for _ in range(20):
        memories.task.expire("program")
        assert len(memories.task.emitted(names.ONBOARD_MEMORY_PORT)) == 1
    for _ in range(20):
        memories.task.tell(
            memories.bench.execute("MEMORY_DUMP", {"memory": 2, "areas": [{"address": START, "octets": 1}]})
        )
    assert memories.task.executed() == [FailureCode.BUSY]


def test_a_protected_memory_is_not_loaded_until_it_is_not_and_that_outlives_a_restart(memories):
    def switch(what, memory=Memory.SCRATCH):
        memories.task.tell(memories.bench.execute(f"MEMORY_{what}", {"memory": int(memory)}))
        return memories.task.executed()

    load = area(START, b"patch")
    assert switch("PROTECT") == switch("PROTECT") == [None]
    assert memories.order("MEMORY_LOAD", Memory.SCRATCH, load) == [FailureCode.MEMORY_PROTECTED]
    assert memories.devices[Memory.SCRATCH].raw(0, 5) == bytes(5)
    dump = {"address": START, "octets": 5}
    assert memories.order("MEMORY_DUMP", Memory.SCRATCH, dump) == [None]
    successor = memories.task.make()
    successor.recall(memories.task.task.retained())
    assert successor.save()["protected"] == [Memory.SCRATCH]
    assert switch("UNPROTECT") == switch("UNPROTECT") == [None]
    assert memories.order("MEMORY_LOAD", Memory.SCRATCH, load) == [None]
    for what in ("PROTECT", "UNPROTECT"):
        assert switch(what, Memory.PROGRAM) == [FailureCode.NOT_PROTECTABLE]
        assert switch(what, 77) == [FailureCode.UNKNOWN_MEMORY]
