"""The scheduler: order, bounds, timers, the watchdog, and saving in the middle."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fsw.kernel.scheduler import (
    MAX_TIMERS_PER_TASK,
    CancelTimer,
    Emit,
    Scheduler,
    Send,
    SetTimer,
    Spend,
    TaskSettings,
    Trouble,
)
from fsw.kernel.snapshot import pack, unpack


class Scripted:
    """Answers each message with what the script says of it, and remembers what it was told."""

    def __init__(self, script: dict[Any, list[Any]] | None = None, first: list[Any] | None = None) -> None:
        self.script = script or {}
        self.first = first or []
        self.heard: list[Any] = []

    def start(self, now_ns: int) -> list[Any]:
        return self.first

    def handle(self, message: Any, now_ns: int) -> list[Any]:
        self.heard.append((now_ns, message))
        answer = self.script.get(message, [])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def save(self) -> Any:
        return list(self.heard)

    def load(self, saved: Any) -> None:
        self.heard = list(saved)


def ignore(port: str, value: Any, now_ns: int) -> None:
    pass


def scheduler_of(*settings: TaskSettings, outside=ignore, **options: Any) -> Scheduler:
    scheduler = Scheduler(settings, outside, **options)
    scheduler.boot(0)
    return scheduler


def test_higher_priority_runs_first_and_a_mailbox_keeps_its_order():
    out = []
    low = TaskSettings("low", 9, lambda: Scripted({k: [Emit("p", ("low", k))] for k in range(3)}))
    high = TaskSettings("high", 1, lambda: Scripted({k: [Emit("p", ("high", k))] for k in range(3)}))
    scheduler = scheduler_of(low, high, outside=lambda port, value, now: out.append(value))
    for k in range(3):
        scheduler.post("low", k)
        scheduler.post("high", k)
    scheduler.advance(5)
    assert out == [("high", 0), ("high", 1), ("high", 2), ("low", 0), ("low", 1), ("low", 2)]


def test_a_full_mailbox_drops_counts_and_reports():
    scheduler = scheduler_of(
        TaskSettings("a", 1, Scripted, mailbox=2), TaskSettings("events", 2, Scripted), trouble_to="events"
    )
    assert [scheduler.post("a", k) for k in range(4)] == [True, True, False, False]
    scheduler.advance(0)
    assert scheduler.counters()["a"].dropped == 2
    assert [m for _, m in scheduler.task("events").heard] == [Trouble("overflow", "a", "int", 1)]


def test_the_reporters_own_overflow_does_not_feed_itself():
    scheduler = scheduler_of(TaskSettings("events", 1, Scripted, mailbox=1), trouble_to="events")
    for k in range(5):
        scheduler.post("events", k)
    scheduler.advance(0)
    assert scheduler.counters()["events"].dropped == 4
    assert len(scheduler.task("events").heard) == 1


def test_timers_fire_in_order_at_their_times_and_can_be_replaced_or_cancelled():
    first = [
        SetTimer("b", 30, "late"),
        SetTimer("a", 10, "early"),
        SetTimer("c", 20, "never"),
        CancelTimer("c"),
        SetTimer("d", 5, "replaced"),
        SetTimer("d", 25, "instead"),
    ]
    scheduler = scheduler_of(TaskSettings("t", 1, lambda: Scripted(first=first)))
    assert scheduler.next_ns() == 5  # a replaced timer may wake the computer, but delivers nothing
    scheduler.advance(100)
    assert scheduler.task("t").heard == [(10, "early"), (25, "instead"), (30, "late")]
    assert scheduler.next_ns() is None


def test_a_task_that_raises_is_restarted_and_reported_and_the_others_never_notice():
    scheduler = scheduler_of(
        TaskSettings("bad", 1, lambda: Scripted({"bang": ValueError("no")})),
        TaskSettings("good", 2, Scripted),
        TaskSettings("events", 3, Scripted),
        trouble_to="events",
    )
    for message in ("bang", "lost"):
        scheduler.post("bad", message)
    scheduler.post("good", 1)
    scheduler.advance(0)
    assert scheduler.task("bad").heard == []
    assert scheduler.counters()["bad"].restarts == 1
    assert scheduler.counters()["bad"].dropped == 1
    assert scheduler.task("good").heard == [(0, 1)]
    assert scheduler.task("events").heard == [(0, Trouble("exception", "bad", "ValueError on str: no", 1))]


def test_nonsense_for_an_answer_restarts_the_task():
    scheduler = scheduler_of(TaskSettings("bad", 1, lambda: Scripted({1: ["what?"]})))
    scheduler.post("bad", 1)
    scheduler.advance(0)
    assert scheduler.counters()["bad"].restarts == 1


def test_a_task_that_cannot_start_does_not_loop():
    scheduler = scheduler_of(
        TaskSettings("bad", 1, lambda: Scripted(first=["what?"])),
        TaskSettings("events", 2, Scripted),
        trouble_to="events",
    )
    scheduler.advance(0)
    (entry,) = scheduler.task("events").heard
    assert "cannot start" in entry[1].why


def test_overruns_are_counted_and_three_in_a_row_restart():
    scheduler = scheduler_of(
        TaskSettings("slow", 1, lambda: Scripted({1: [Spend(10**9)], 2: []}), budget_ns=10**6),
        TaskSettings("events", 2, Scripted),
        trouble_to="events",
    )
    for message in (1, 1, 2, 1, 1):
        scheduler.post("slow", message)
    scheduler.advance(0)
    assert scheduler.counters()["slow"].overruns == 4
    assert scheduler.counters()["slow"].restarts == 0
    scheduler.post("slow", 1)
    scheduler.advance(0)
    assert scheduler.counters()["slow"].restarts == 1
    assert scheduler.busy_ns > 5 * 10**9


def test_two_tasks_that_flood_each_other_are_stopped():
    scheduler = scheduler_of(
        TaskSettings("a", 1, lambda: Scripted({"ping": [Send("b", "ping")]})),
        TaskSettings("b", 2, lambda: Scripted({"ping": [Send("a", "ping")]}, first=[Send("a", "ping")])),
    )
    scheduler.advance(0)
    counters = scheduler.counters()
    assert counters["a"].restarts + counters["b"].restarts >= 1
    assert scheduler.waiting() == 0


def test_a_task_that_fails_again_and_again_in_one_instant_is_held_for_a_while():
    talker = TaskSettings("talker", 1, lambda: Scripted({"bang": ValueError("no")}))
    # Every report of trouble is answered with what causes the next.
    teaser = Scripted()
    teaser.handle = lambda message, now_ns: [Send("talker", "bang")]  # type: ignore[method-assign]
    scheduler = scheduler_of(talker, TaskSettings("events", 2, lambda: teaser), trouble_to="events")
    scheduler.post("talker", "bang")
    scheduler.advance(0)
    assert scheduler.counters()["talker"].restarts <= 3
    assert not scheduler.waiting()
    scheduler.advance(2_000_000_000)
    assert scheduler.post("talker", "hello")


def test_silence_beyond_the_heartbeat_restarts():
    scheduler = scheduler_of(TaskSettings("quiet", 1, Scripted, heartbeat_ns=100))
    assert scheduler.next_ns() == 100
    scheduler.advance(99)
    assert scheduler.counters()["quiet"].restarts == 0
    scheduler.advance(100)
    assert scheduler.counters()["quiet"].restarts == 1


def test_too_many_timers_restart_the_task():
    first = [SetTimer(str(k), k, k) for k in range(MAX_TIMERS_PER_TASK)]  # due at once, too: a livelock
    make = lambda: Scripted({0: [SetTimer("x", 9, 9), SetTimer("y", 9, 9)]}, first)  # noqa: E731
    scheduler = scheduler_of(TaskSettings("t", 1, make))
    scheduler.advance(0)
    assert scheduler.counters()["t"].restarts > 1
    assert scheduler.waiting() == 0


class Chatty:
    """Two of these talk at random: every message decides what follows by arithmetic alone."""

    def __init__(self, other: str) -> None:
        self.other = other
        self.total = 0

    def start(self, now_ns: int) -> list[Any]:
        return [SetTimer("tick", now_ns + 7, 1)]

    def handle(self, message: int, now_ns: int) -> list[Any]:
        self.total = (self.total * 31 + message + now_ns) % 1_000_003
        actions: list[Any] = [Emit("log", (self.other, now_ns, self.total))]
        if self.total % 3 == 0 and message < 50:
            actions.append(Send(self.other, message + 1))
        if message == 1:
            actions.append(SetTimer("tick", now_ns + 7, 1))
        return actions

    def save(self) -> Any:
        return {"total": self.total}

    def load(self, saved: Any) -> None:
        self.total = saved["total"]


def chatty_scheduler(log: list[Any]) -> Scheduler:
    return Scheduler(
        [TaskSettings("a", 1, lambda: Chatty("b"), mailbox=3), TaskSettings("b", 2, lambda: Chatty("a"))],
        lambda port, value, now: log.append(value),
        trouble_to="b",
    )


@given(st.integers(0, 400), st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60)), max_size=12))
def test_saved_in_the_middle_and_restored_it_goes_on_as_if_nothing_had_happened(cut, posts):
    whole_log: list[Any] = []
    whole = chatty_scheduler(whole_log)
    whole.boot(0)
    for to, message in posts:
        whole.post(to, message)
    whole.advance(cut)
    for to, message in posts:
        whole.post(to, message)
    saved = unpack(pack(whole.save()))
    before = len(whole_log)
    whole.advance(500)

    other_log: list[Any] = []
    other = chatty_scheduler(other_log)
    other.load(saved)
    other.advance(500)
    assert other_log == whole_log[before:]
    assert other.save() == whole.save()


class Keeper(Scripted):
    """Retains how often it was told something; refuses a count below nought."""

    def __init__(self):
        super().__init__({"bang": ["no action"]})
        self.told = 0

    def handle(self, message, now_ns):
        self.told += 1
        return super().handle(message, now_ns)

    def retained(self):
        return {"told": self.told}

    def recall(self, retained):
        if retained["told"] < 0:
            raise ValueError("never told so often")
        self.told = retained["told"]


def test_what_a_task_retains_outlives_its_restart():
    scheduler = Scheduler([TaskSettings("keeper", 1, Keeper)], lambda *_: None)
    scheduler.boot(0)
    scheduler.post("keeper", "bang")
    scheduler.advance(1)
    assert scheduler.counters()["keeper"].restarts == 1
    assert scheduler.task("keeper").told == 1


def test_what_its_successor_refuses_is_not_retained():
    scheduler = Scheduler([TaskSettings("keeper", 1, Keeper)], lambda *_: None)
    scheduler.boot(0)
    scheduler.task("keeper").told = -5
    scheduler.post("keeper", "bang")
    scheduler.advance(1)
    assert scheduler.counters()["keeper"].restarts == 1
    assert scheduler.task("keeper").told == 0
