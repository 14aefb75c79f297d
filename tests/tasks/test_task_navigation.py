"""Navigation: which phase the mission is in, on command, and remembered."""

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import Execute, Gather, Occurred, Values
from fsw.tasks.navigation import Navigation


def navigation(bench):
    assert isinstance(bench.clock, OnBoardClock)
    return Navigation(bench.clock)


def begin(task, phase, now_ns=0):
    return list(task.handle(Execute(b"abcd", 1, "MISSION_PHASE", {"mission_phase": phase}), now_ns))


def values(task, now_ns):
    (sent,) = task.handle(Gather(int(Structure.MISSION), names.HOUSEKEEPING), now_ns)
    assert sent.to == names.HOUSEKEEPING
    assert isinstance(sent.message, Values)
    return sent.message.values


def test_a_phase_begins_once_and_is_told(bench):
    task = navigation(bench)
    assert values(task, 5 * SECOND) == {"mission_phase": "NONE", "phase_s": 5, "phases_begun": 0}
    event, answer = begin(task, "TOUCH", 10 * SECOND)
    assert event.message == Occurred(Event.MISSION_PHASE_BEGUN, {"mission_phase": "TOUCH"})
    assert answer == executed(b"abcd", 1)
    assert values(task, 14 * SECOND) == {"mission_phase": "TOUCH", "phase_s": 4, "phases_begun": 1}
    assert begin(task, "TOUCH") == [executed(b"abcd", 1, FailureCode.ALREADY_SO)]
    assert len(begin(task, "SAMPLE_STOWED")) == 2


def test_the_phase_outlives_a_boot_and_a_snapshot(bench):
    task, booted, restored = (navigation(bench) for _ in range(3))
    begin(task, "HOVER", 3 * SECOND)
    booted.recall(task.retained())
    restored.load(task.save())
    for other in (booted, restored):
        assert values(other, 9 * SECOND) == values(task, 9 * SECOND)
    assert restored.save() == task.save()
