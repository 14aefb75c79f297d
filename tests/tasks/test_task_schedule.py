"""ST[11]: what is inserted is released at its time, once, if it may be; against a simple model."""

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from fsw import dictionary, missions
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.scheduler import Send
from fsw.kernel.snapshot import pack
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.tasks import names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import ClockSteered, Execute, Executed, Occurred, PusReport, SafeMode, Submit, Tick
from fsw.tasks.schedule import ASK_AGAIN_NS, LATE_NS, MAX_ACTIVITIES, MAX_GROUPS, Schedule


def ping(count, source=1):
    telecommand = pus.Telecommand(1920, count, 17, 1, source, pus.Acknowledge.ALL, b"")
    return pus.encode_telecommand(telecommand)


@pytest.fixture
def schedule(bench):
    task = bench.of(names.SCHEDULE)
    task.tell(bench.execute("SCHEDULE_ENABLE"))
    return task


@pytest.fixture
def when(bench):
    """On-board time at a mission time [s]."""
    return lambda seconds: pus.TIME_FORMAT.encode(bench.clock.agency_ns(0) + round(seconds * SECOND))


@pytest.fixture
def insert(schedule, bench, when):
    def inserted(*activities, sub_schedule=1, now_ns=0):
        """activities: seconds, count and group; the failure of the request."""
        rows = [
            {"group": group, "release_time": when(seconds), "packet": ping(count)}
            for seconds, count, group in activities
        ]
        arguments = {"sub_schedule": sub_schedule, "activities": rows}
        schedule.tell(Execute(b"abcd", 15, "SCHEDULE_INSERT", arguments), now_ns)
        return schedule.executed()[0]

    return inserted


def ask(schedule, bench, name, arguments="", now_ns=0):
    """The failure of a request."""
    schedule.tell(bench.execute(name, arguments), now_ns)
    return schedule.executed()[0]


def released(schedule):
    return [message.packet for message in schedule.sent(names.COMMANDING, Submit)]


def pass_to(schedule, seconds):
    """All that the timer does until then, with its time [s]."""
    told = []
    while "due" in schedule.timers and schedule.timers["due"].at_ns <= seconds * SECOND:
        at_ns = schedule.timers["due"].at_ns
        schedule.expire("due")
        told += [(at_ns / SECOND, pus.RequestId.of(packet).count) for packet in released(schedule)]
        told += [(at_ns / SECOND, values["dropped"]) for _, values in schedule.events()]
    return told


def requests(*counts):
    return (
        "requests='" + str([{"source": 1, "apid": 1920, "count": c} for c in counts]).replace("'", '"') + "'"
    )


def counts_of(schedule, bench):
    """Of the summary reports in the latest answers."""
    told = [bench.decoded(report) for report in schedule.sent(names.DOWNLINK, PusReport)]
    return [v for name, values in told for key, v in values.items() if key.endswith(".count")]


def test_requests_are_released_at_their_time_and_in_order(schedule, insert):
    assert insert((5, 1, 0), (2.5, 2, 0), (5, 3, 0)) is None
    told = pass_to(schedule, 100)
    assert [count for _, count in told] == [2, 1, 3]
    assert [at for at, _ in told] == pytest.approx([2.5, 5, 5], abs=1e-7)
    assert all(at >= due for (at, _), due in zip(told, [2.5, 5, 5], strict=True))
    assert "due" not in schedule.timers


def test_the_packet_is_released_as_it_came(schedule, insert):
    insert((5, 77, 0))
    schedule.expire("due")
    assert released(schedule) == [ping(77)]


def test_a_far_release_is_watched_for(schedule, insert):
    insert((95, 1, 0))
    assert schedule.timers["due"].at_ns == ASK_AGAIN_NS
    assert [round(at) for at, _ in pass_to(schedule, 200)] == [95]


@pytest.mark.parametrize(("by_s", "at_s"), [(15, 5), (19, 1), (40, 1)])
def test_a_clock_that_is_set_moves_the_release_at_once(bench, by_s, at_s):
    clock = OnBoardClock(bench.mission.epoch)
    schedule = Schedule(clock)
    list(schedule.handle(bench.execute("SCHEDULE_ENABLE"), 0))
    time = pus.TIME_FORMAT.encode(clock.agency_ns(0) + 20 * SECOND)
    row = {"group": 0, "release_time": time, "packet": ping(1)}
    arguments = {"sub_schedule": 1, "activities": [row]}
    list(schedule.handle(Execute(b"abcd", 0, "SCHEDULE_INSERT", arguments), 0))
    assert clock.set(clock.agency_ns(SECOND) + by_s * SECOND, SECOND)
    (timer,) = schedule.handle(ClockSteered(), SECOND)
    assert timer.at_ns == pytest.approx(at_s * SECOND, abs=100)
    (released, _) = schedule.handle(timer.message, timer.at_ns)
    assert released.message.packet == ping(1)


def test_late_insertions_are_refused(schedule, insert):
    assert insert((0.5, 1, 0)) is FailureCode.RELEASE_TIME_PAST
    assert insert((99, 1, 0), now_ns=99 * SECOND) is FailureCode.RELEASE_TIME_PAST
    assert insert((1.5, 1, 0), (0.5, 2, 0)) is FailureCode.PARTLY_DONE
    assert [count for _, count in pass_to(schedule, 9)] == [1]


def test_requests_inside_are_checked_at_insertion(schedule, bench, when):
    good = ping(4)
    for packet in (good[:-1] + b"\0", b"\x18\x80\xc0\0\0\0\0", good.replace(b"\x11\x01", b"\x11\x09")):
        arguments = {
            "sub_schedule": 1,
            "activities": [{"group": 0, "release_time": when(9), "packet": packet}],
        }
        schedule.tell(Execute(b"abcd", 15, "SCHEDULE_INSERT", arguments))
        assert schedule.executed() == [FailureCode.BAD_REQUEST_INSIDE]


def test_a_request_is_there_once(schedule, insert):
    assert insert((5, 1, 0)) is None
    assert insert((6, 1, 0)) is FailureCode.ALREADY_THERE


def test_a_full_schedule_refuses(schedule, insert):
    for first in range(0, MAX_ACTIVITIES, 16):
        assert insert(*[(50, first + n, 0) for n in range(16)]) is None
    assert insert((60, MAX_ACTIVITIES, 0)) is FailureCode.NO_ROOM
    told = pass_to(schedule, 50.1)  # a few at a time, in one instant
    assert [count for _, count in told] == list(range(MAX_ACTIVITIES))
    assert len({at for at, _ in told}) == 1


@pytest.mark.parametrize(
    ("request_name", "arguments", "why"),
    [
        ("SCHEDULE_DISABLE", "", "SCHEDULE_DISABLED"),
        ("SCHEDULE_SUBSCHEDULES_DISABLE", "", "SUB_SCHEDULE_DISABLED"),
        ("SCHEDULE_GROUPS_DISABLE", "", "GROUP_DISABLED"),
    ],
)
def test_what_is_disabled_is_dropped_and_told(schedule, bench, insert, request_name, arguments, why):
    ask(schedule, bench, "SCHEDULE_GROUPS_CREATE", 'groups=\'[{"group": 3, "status": "ON"}]\'')
    assert insert((5, 1, 3)) is None
    assert ask(schedule, bench, request_name, arguments) is None
    assert [what for _, what in pass_to(schedule, 9)] == [why]
    enable = request_name.replace("DISABLE", "ENABLE")
    assert ask(schedule, bench, enable) is None
    assert insert((15, 1, 3)) is None
    assert [what for _, what in pass_to(schedule, 20)] == [1]


def test_safe_mode_disables_the_schedule(schedule, insert):
    insert((5, 1, 0))
    schedule.tell(SafeMode(True))
    schedule.tell(SafeMode(False))
    assert [what for _, what in pass_to(schedule, 9)] == ["SCHEDULE_DISABLED"]


def test_activities_are_deleted_by_request_and_by_filter(schedule, bench, insert, when):
    insert((5, 1, 0), (6, 2, 0), (7, 3, 0), (8, 4, 0))
    assert ask(schedule, bench, "SCHEDULE_DELETE", requests(2)) is None
    assert ask(schedule, bench, "SCHEDULE_DELETE", requests(2)) is FailureCode.NO_SUCH_ITEM
    assert ask(schedule, bench, "SCHEDULE_DELETE", requests(1, 9)) is FailureCode.PARTLY_DONE
    window = f"window=TO to_time={when(7).hex()}"
    assert ask(schedule, bench, "SCHEDULE_DELETE_FILTERED", window) is None
    assert [count for _, count in pass_to(schedule, 99)] == [4]


@pytest.mark.parametrize(
    ("window", "counts"),
    [
        ("window=ALL", [1, 2, 3]),
        ("window=FROM from_time={1}", [2, 3]),
        ("window=TO to_time={1}", [1, 2]),
        ("window=FROM_TO from_time={1} to_time={1}", [2]),
        ("groups='[{{\"group\": 3}}]'", [2]),
        ("sub_schedules='[{{\"sub_schedule\": 2}}]'", [3]),
        ("window=TO to_time={0} sub_schedules='[{{\"sub_schedule\": 2}}]'", []),
    ],
)
def test_filters_choose_by_time_sub_schedule_and_group(schedule, bench, insert, when, window, counts):
    ask(schedule, bench, "SCHEDULE_GROUPS_CREATE", 'groups=\'[{"group": 3, "status": "ON"}]\'')
    insert((5, 1, 0), (6, 2, 3))
    insert((7, 3, 0), sub_schedule=2)
    arguments = window.format(when(5).hex(), when(6).hex())
    assert ask(schedule, bench, "SCHEDULE_REPORT_FILTERED", arguments) is None
    assert counts_of(schedule, bench) == counts


def test_shifts_move_what_they_name(schedule, bench, insert):
    insert((5, 1, 0), (6, 2, 0), (7, 3, 0))
    assert ask(schedule, bench, "SCHEDULE_SHIFT", "offset_ms=5000 " + requests(1)) is None
    assert ask(schedule, bench, "SCHEDULE_SHIFT", "offset_ms=1 " + requests(8)) is FailureCode.NO_SUCH_ITEM
    assert ask(schedule, bench, "SCHEDULE_SHIFT", "offset_ms=-5500 " + requests(2, 3)) is (
        FailureCode.PARTLY_DONE
    )
    assert ask(schedule, bench, "SCHEDULE_SHIFT_ALL", "offset_ms=-900") is FailureCode.RELEASE_TIME_PAST
    assert ask(schedule, bench, "SCHEDULE_SHIFT_ALL", "offset_ms=500") is None
    assert pass_to(schedule, 99) == [
        (pytest.approx(at, abs=1e-6), count) for at, count in [(2, 3), (6.5, 2), (10.5, 1)]
    ]


def test_a_shift_that_no_report_could_show_is_refused(schedule, bench, insert):
    row = {"group": 0, "release_time": b"\xff" * 7, "packet": ping(1)}
    arguments = {"sub_schedule": 1, "activities": [row]}
    schedule.tell(Execute(b"abcd", 15, "SCHEDULE_INSERT", arguments))
    assert ask(schedule, bench, "SCHEDULE_SHIFT_ALL", "offset_ms=1000") is FailureCode.ARGUMENTS_WRONG
    assert ask(schedule, bench, "SCHEDULE_REPORT_ALL") is None


def test_reports_tell_activities_in_order_of_release(schedule, bench, insert, when):
    insert((6, 2, 0), (5, 1, 0), sub_schedule=4)
    schedule.tell(bench.execute("SCHEDULE_REPORT_DETAIL_ALL"))
    (told,) = schedule.sent(names.DOWNLINK, PusReport)
    name, values = bench.decoded(told)
    assert (told.subtype, name) == (10, "SCHEDULE_DETAIL")
    assert values["activities[0].packet"] == ping(1)
    assert values["activities[1].release_time"] == when(6)
    schedule.tell(bench.execute("SCHEDULE_REPORT", requests(2)))
    (told,) = schedule.sent(names.DOWNLINK, PusReport)
    assert (told.subtype, bench.decoded(told)[1]["activities[0].sub_schedule"]) == (13, 4)
    assert ask(schedule, bench, "SCHEDULE_REPORT", requests(3)) is FailureCode.NO_SUCH_ITEM


def test_many_activities_are_told_in_several_reports(schedule, bench, insert):
    for first in range(0, 160, 16):
        insert(*[(50, first + n, 0) for n in range(16)])
    schedule.tell(bench.execute("SCHEDULE_REPORT_ALL"))
    assert counts_of(schedule, bench) == list(range(160))
    assert all(len(told.source_data) <= 1000 for told in schedule.sent(names.DOWNLINK))


def test_sub_schedules_begin_and_end_with_their_activities(schedule, bench, insert):
    def told():
        schedule.tell(bench.execute("SCHEDULE_SUBSCHEDULES_REPORT"))
        (report,) = schedule.sent(names.DOWNLINK)
        return {k: v for k, v in bench.decoded(report)[1].items() if "." in k}

    assert told() == {}
    insert((5, 1, 0), sub_schedule=9)
    key = "sub_schedules[0]"
    assert told() == {f"{key}.sub_schedule": 9, f"{key}.status": "ON"}
    arguments = "sub_schedules='[{\"sub_schedule\": 9}]'"
    assert ask(schedule, bench, "SCHEDULE_SUBSCHEDULES_DISABLE", arguments) is None
    assert told()[f"{key}.status"] == "OFF"
    ask(schedule, bench, "SCHEDULE_DELETE", requests(1))
    assert told() == {}
    assert ask(schedule, bench, "SCHEDULE_SUBSCHEDULES_ENABLE", arguments) is FailureCode.NO_SUCH_ITEM


def test_groups_are_created_and_deleted_when_empty(schedule, bench, insert):
    new = 'groups=\'[{"group": 3, "status": "OFF"}, {"group": 4, "status": "ON"}]\''
    assert insert((5, 1, 3)) is FailureCode.NO_SUCH_ITEM
    assert ask(schedule, bench, "SCHEDULE_GROUPS_CREATE", new) is None
    assert ask(schedule, bench, "SCHEDULE_GROUPS_CREATE", new) is FailureCode.ALREADY_THERE
    assert insert((5, 1, 3)) is None
    named = "groups='[{\"group\": 3}]'"
    assert ask(schedule, bench, "SCHEDULE_GROUPS_DELETE", named) is FailureCode.IN_USE
    assert ask(schedule, bench, "SCHEDULE_GROUPS_DELETE") is None  # all that are empty
    schedule.tell(bench.execute("SCHEDULE_GROUPS_REPORT"))
    (report,) = schedule.sent(names.DOWNLINK)
    told = bench.decoded(report)[1]
    assert {k: v for k, v in told.items() if "." in k} == {"groups[0].group": 3, "groups[0].status": "OFF"}
    for first in range(5, 5 + MAX_GROUPS - 1):
        one = f'groups=\'[{{"group": {first}, "status": "ON"}}]\''
        assert ask(schedule, bench, "SCHEDULE_GROUPS_CREATE", one) is None
    assert ask(schedule, bench, "SCHEDULE_GROUPS_CREATE", one.replace("35", "99")) is FailureCode.NO_ROOM


def test_a_reset_leaves_nothing(schedule, bench, insert):
    ask(schedule, bench, "SCHEDULE_GROUPS_CREATE", 'groups=\'[{"group": 3, "status": "ON"}]\'')
    insert((5, 1, 3))
    assert ask(schedule, bench, "SCHEDULE_RESET") is None
    assert pack(schedule.task.save()) == pack(schedule.make().save())
    assert "due" not in schedule.timers


def test_the_schedule_outlives_a_restart_but_not_too_late(schedule, bench, insert):
    insert((5, 1, 0), (50, 2, 0), (90, 3, 0))
    successor = schedule.make()
    successor.recall(schedule.task.retained())
    actions = list(successor.start(70 * SECOND))
    assert actions[0].at_ns == 70 * SECOND
    sent = [a.message for a in successor.handle(Tick("due"), 70 * SECOND) if isinstance(a, Send)]
    assert [type(message) for message in sent] == [Occurred, Submit]  # 65 s late, and 20
    assert sent[0].values["dropped"] == "TOO_LATE"
    assert LATE_NS == 60 * SECOND


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": "yes"},
        {"sub_schedules": {}},
        {"activities": None},
        {"activities": ["nonsense"]},
    ],
)
def test_what_makes_no_sense_is_not_taken_over(schedule, insert, change):
    insert((5, 1, 0), (50, 2, 0))
    with pytest.raises((AssertionError, KeyError, TypeError, AttributeError)):
        schedule.make().recall(schedule.task.retained() | change)


# ---- against a model --------------------------------------------------------------------------------

SECONDS = st.integers(0, 300)
COUNTS = st.integers(0, 12)


class Model(RuleBasedStateMachine):
    """A dictionary of what waits, and a clock that only goes on."""

    @initialize()
    def begin(self):
        self.clock = OnBoardClock(missions.load("tianwen1-cruise").epoch)
        self.task = Schedule(self.clock)
        self.now_ns = 0
        self.enabled = False
        self.waiting = {}  # count: release time [s], order of insertion
        self.order = 0
        self.due_ns = None
        self.told = []  # released or dropped
        self.note(self.task.start(0))

    def note(self, actions):
        for action in actions:
            match action:
                case Send(names.COMMANDING, Submit(packet)):
                    self.told.append((self.now_ns, pus.RequestId.of(packet).count, True))
                case Send(names.EVENTS, Occurred(_, values)):
                    self.told.append((self.now_ns, values["request_sequence"] & 0x3FFF, False))
                case Send(names.COMMANDING, Executed(_, _, failure)):
                    self.failure = failure
                case _ if type(action).__name__ == "SetTimer":
                    self.due_ns = action.at_ns
                case _ if type(action).__name__ == "CancelTimer":
                    self.due_ns = None

    def ask(self, name, **arguments):
        self.note(self.task.handle(Execute(b"abcd", 15, name, arguments), self.now_ns))
        return self.failure

    @rule(seconds=SECONDS, count=COUNTS)
    def insert(self, seconds, count):
        time = pus.TIME_FORMAT.encode(self.clock.agency_ns(0) + seconds * SECOND)
        row = {"group": 0, "release_time": time, "packet": ping(count)}
        failure = self.ask("SCHEDULE_INSERT", sub_schedule=1, activities=[row])
        late = pus.TIME_FORMAT.decode(time) < self.clock.agency_ns(self.now_ns) + SECOND
        if late:
            assert failure is FailureCode.RELEASE_TIME_PAST
        elif count in self.waiting:
            assert failure is FailureCode.ALREADY_THERE
        else:
            assert failure is None
            self.order += 1
            self.waiting[count] = (pus.TIME_FORMAT.decode(time) - self.clock.agency_ns(0), self.order)

    @rule(count=COUNTS)
    def delete(self, count):
        failure = self.ask("SCHEDULE_DELETE", requests=[{"source": 1, "apid": 1920, "count": count}])
        assert (failure is None) == (count in self.waiting)
        self.waiting.pop(count, None)

    @rule(count=COUNTS, seconds=st.integers(-300, 300))
    def shift(self, count, seconds):
        named = [{"source": 1, "apid": 1920, "count": count}]
        failure = self.ask("SCHEDULE_SHIFT", offset_ms=seconds * 1000, requests=named)
        if count not in self.waiting:
            assert failure is FailureCode.NO_SUCH_ITEM
            return
        at_ns, order = self.waiting[count]
        if at_ns + seconds * SECOND < self.now_ns + SECOND:
            assert failure is FailureCode.RELEASE_TIME_PAST
        else:
            assert failure is None
            self.waiting[count] = (at_ns + seconds * SECOND, order)

    @rule(enabled=st.booleans())
    def switch(self, enabled):
        self.ask("SCHEDULE_ENABLE" if enabled else "SCHEDULE_DISABLE")
        self.enabled = enabled

    @rule()
    def report(self):
        self.ask("SCHEDULE_REPORT_ALL")
        assert len(self.task.save()["activities"]) == len(self.waiting)

    @rule(seconds=st.integers(1, 100))
    @precondition(lambda self: True)
    def pass_time(self, seconds):
        until_ns = self.now_ns + seconds * SECOND
        self.told.clear()
        while self.due_ns is not None and self.due_ns <= until_ns:
            self.now_ns = max(self.now_ns, self.due_ns)
            self.due_ns = None
            self.note(self.task.handle(Tick("due"), self.now_ns))
        self.now_ns = until_ns
        due = sorted((at_ns, count) for count, (at_ns, _) in self.waiting.items() if at_ns <= until_ns)
        assert sorted(told[:2] for told in self.told) == due
        assert all(told[2] is self.enabled for told in self.told)
        assert [told[0] for told in self.told] == sorted(told[0] for told in self.told)
        for _, count in due:
            del self.waiting[count]

    @rule()
    def restart(self):
        successor = Schedule(self.clock)
        successor.recall(self.task.retained())
        self.task = successor
        self.due_ns = None
        self.note(self.task.start(self.now_ns))


Model.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestScheduleAgainstModel = Model.TestCase


def test_every_request_of_the_service_is_handled(bench):
    task = bench.of(names.SCHEDULE).task
    declared = {c.name for c in dictionary.telecommands() if c.service == 11}
    assert declared - set(task._handlers) == {"SCHEDULE_REPORT", "SCHEDULE_REPORT_DETAIL"}
