"""The cooperative scheduler of one on-board computer.

A task is a run-to-completion state machine: the scheduler hands it one message, it answers with
actions and returns. Higher priority first, then oldest message first. Everything is bounded and
counted: mailboxes, timers, work per activation, activations per instant. A task that misbehaves
(raises, answers nonsense, overruns its budget again and again, floods, or falls silent) is
restarted and reported; the others never notice.

Processing time is modelled, in mission time: an activation costs `ACTIVATION_NS`, each action
`ACTION_NS`, and what the task itself declares by `Spend`. The host's clock is never read.
"""

import copy
import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from fsw.kernel.record import record
from fsw.kernel.snapshot import plain

ACTIVATION_NS = 20_000
ACTION_NS = 5_000
MAX_TIMERS_PER_TASK = 64
MAX_ACTIVATIONS_PER_INSTANT = 10_000
OVERRUNS_BEFORE_RESTART = 3
RESTARTS_BEFORE_HOLD = 3  # in one instant
HOLD_NS = 1_000_000_000


@record
class Send:
    """Put a message into another task's mailbox."""

    to: str
    message: Any


@record
class Emit:
    """Hand a value to the hardware behind a port; the vehicle's wiring knows where it goes."""

    port: str
    value: Any


@record
class SetTimer:
    """Deliver `message` to this task at `at_ns`; a timer of the same name is replaced."""

    name: str
    at_ns: int
    message: Any


@record
class CancelTimer:
    name: str


@record
class Spend:
    """Declare processing time beyond the ordinary, charged to the activation's budget."""

    ns: int


Action = Send | Emit | SetTimer | CancelTimer | Spend


class Task(Protocol):
    """What the scheduler runs. State must be plain data (see `fsw.kernel.snapshot`)."""

    def start(self, now_ns: int) -> Iterable[Action]:
        """Once at boot and once after every restart."""
        ...

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        """One message in, actions out."""
        ...

    def save(self) -> Any: ...

    def load(self, saved: Any) -> None: ...


@runtime_checkable
class Retaining(Protocol):
    """A task of whose state something outlives a restart and a warm boot."""

    def retained(self) -> Any:
        """Plain data: what its successor needs."""
        ...

    def recall(self, retained: Any) -> None:
        """Take it over, before `start`. Judged as a stranger's: what makes no sense raises."""
        ...


@runtime_checkable
class Safeguarding(Protocol):
    """A task of whose state something outlives even a cold boot: it is kept in safeguard memory."""

    def safeguarded(self) -> Any:
        """Plain data: counters that must never run twice, and the like."""
        ...

    def recover(self, safeguarded: Any) -> None:
        """As `Retaining.recall`."""
        ...


@record
class TaskSettings:
    """priority: smaller runs first. mailbox: messages held at most. budget_ns: modelled time per
    activation. heartbeat_ns: longest silence allowed, 0 for a task that may sleep for ever."""

    name: str
    priority: int
    make: Callable[[], Task]
    mailbox: int = 32
    budget_ns: int = 10_000_000
    heartbeat_ns: int = 0


@plain
@record
class Trouble:
    """What the scheduler reports of a task.

    kind: `overflow` (message dropped, mailbox full), `overrun` (budget exceeded), `exception`,
    `budget` or `watchdog` (the reasons of a restart). count: messages dropped, overruns or restarts of
    this task so far. used_ns, budget_ns: of an overrun.
    """

    kind: str
    task: str
    why: str
    count: int = 0
    used_ns: int = 0
    budget_ns: int = 0


@plain
@dataclass(slots=True)
class TaskCounters:
    activations: int = 0
    dropped: int = 0
    overruns: int = 0
    restarts: int = 0
    worst_ns: int = 0


@dataclass(slots=True)
class _Slot:
    settings: TaskSettings
    task: Task
    mailbox: deque[Any] = field(default_factory=deque)
    timers: dict[str, int] = field(default_factory=dict)
    counters: TaskCounters = field(default_factory=TaskCounters)
    consecutive_overruns: int = 0
    last_active_ns: int = 0
    held_until_ns: int = 0
    fullest: int = 0  # most messages in the mailbox since that was last asked
    place: int = 0  # in the order of priority
    instant_ns: int = -1  # of the latest activation, and how many there have been in it
    in_instant: int = 0


class Scheduler:
    """Runs the tasks of one computer.

    outside: called with each `Emit`. trouble_to: the task that receives `Trouble` messages.
    """

    def __init__(
        self,
        tasks: Iterable[TaskSettings],
        outside: Callable[[str, Any, int], None],
        *,
        trouble_to: str | None = None,
    ) -> None:
        ordered = sorted(tasks, key=lambda settings: settings.priority)
        self._slots = {
            settings.name: _Slot(settings, settings.make(), place=place)
            for place, settings in enumerate(ordered)
        }
        self._by_priority = list(self._slots.values())
        if len(self._slots) != len(ordered):
            raise ValueError("two tasks of one name")
        self._watched = [slot for slot in self._slots.values() if slot.settings.heartbeat_ns]
        self._ready = 0  # a bit for each task whose mailbox holds something, by its place
        self._heartbeat_ns = 0  # no heartbeat is due before
        self._flood = MAX_ACTIVATIONS_PER_INSTANT // max(1, len(self._slots))
        self._outside = outside
        self._trouble_to = trouble_to
        self._heap: list[tuple[int, int, str, str, Any]] = []
        self._sequence = 0
        self._instant_ns = -1
        self._instant: dict[str, dict[str, int]] = {}  # restarts and reports by task
        self.now_ns = 0
        self.busy_ns = 0
        self.unknown_recipient = 0
        self._halted = False

    # ---- for the vehicle ------------------------------------------------------------------------

    def boot(self, now_ns: int) -> None:
        """Start every task, in order of priority."""
        self.now_ns = now_ns
        for slot in self._slots.values():
            self._start(slot)

    def halt(self) -> None:
        """The computer stops in the middle of what it does: nothing runs or is taken in until `reboot`."""
        self._halted = True

    def halted(self) -> bool:
        """The computer stands, until `reboot`."""
        return self._halted

    def reboot(self, now_ns: int, *, cold: bool) -> tuple[int, int]:
        """Start every task anew after a reset; mailboxes and timers are empty.

        Warm: tasks take over what they retain. Cold: only what they safeguard. Returns how many recovered
        it, and how many found it unfit and begin from nothing.
        """
        self._halted = False
        self.now_ns = now_ns
        self._ready = 0
        self._heartbeat_ns = 0
        self._heap.clear()
        recovered = refused = 0
        for slot in self._slots.values():
            slot.mailbox.clear()
            slot.timers.clear()
            slot.held_until_ns = 0
            before = slot.task
            slot.task, fit = _successor(slot, cold=cold)
            if isinstance(before, Safeguarding if cold else Retaining):
                recovered, refused = recovered + fit, refused + (not fit)
        for slot in self._slots.values():
            self._start(slot)
        return recovered, refused

    def post(self, to: str, message: Any) -> bool:
        """A message from outside; False, counted and reported, when that mailbox is full."""
        if self._halted:
            return False
        slot = self._slots.get(to)
        if slot is None:
            self.unknown_recipient += 1
            return False
        mailbox = slot.mailbox
        waiting = len(mailbox)
        if waiting >= slot.settings.mailbox or self.now_ns < slot.held_until_ns:
            slot.counters.dropped += 1
            self._report(Trouble("overflow", to, type(message).__name__, slot.counters.dropped))
            return False
        mailbox.append(message)
        self._ready |= 1 << slot.place
        if waiting >= slot.fullest:
            slot.fullest = waiting + 1
        return True

    def next_ns(self) -> int | None:
        """When `advance` has work next: now if a message waits, else the next timer or heartbeat."""
        if self._halted:
            return None
        if self._ready:
            return self.now_ns
        timer_ns = self._heap[0][0] if self._heap else None
        if not self._watched or (timer_ns is not None and timer_ns <= self._heartbeat_ns):
            return timer_ns
        # Asked anew only when the earliest known could be the next: activity makes heartbeats later.
        beats = [slot.last_active_ns + slot.settings.heartbeat_ns for slot in self._watched]
        self._heartbeat_ns = min(beats)
        return self._heartbeat_ns if timer_ns is None else min(timer_ns, self._heartbeat_ns)

    def advance(self, now_ns: int) -> None:
        """Fire what is due, in order of time, and run until every mailbox is empty."""
        if self._halted:
            self.now_ns = max(self.now_ns, now_ns)
            return
        if self._ready:
            self._run()
        while (heap := self._heap) and heap[0][0] <= now_ns and not self._halted:
            at_ns, sequence, name, timer, message = heapq.heappop(heap)
            if at_ns > self.now_ns:
                self.now_ns = at_ns
            slot = self._slots[name]
            if slot.timers.get(timer) == sequence:
                if self.now_ns < slot.held_until_ns:
                    # Dropped like a message it would never come again, and with it what it paces.
                    heapq.heappush(self._heap, (slot.held_until_ns, sequence, name, timer, message))
                    continue
                del slot.timers[timer]
                self.post(name, message)
                self._run()
        if now_ns > self.now_ns:
            self.now_ns = now_ns
        if self.now_ns < self._heartbeat_ns:
            return
        for slot in () if self.halted() else self._watched:
            beat = slot.settings.heartbeat_ns
            if self.now_ns - slot.last_active_ns >= beat:
                self._restart(slot, "watchdog", f"silent for {beat // 1_000_000} ms")
        self._run()

    def task(self, name: str) -> Task:
        """The task itself, for wiring and tests."""
        return self._slots[name].task

    def counters(self) -> dict[str, TaskCounters]:
        """By task, in order of priority."""
        return {name: slot.counters for name, slot in self._slots.items()}

    def waiting(self) -> int:
        """Messages in all mailboxes."""
        return sum(len(slot.mailbox) for slot in self._by_priority)

    def take_fullest_mailboxes(self) -> dict[str, float]:
        """Greatest fill of each mailbox [0 to 1] since the last call."""
        fills = {name: slot.fullest / slot.settings.mailbox for name, slot in self._slots.items()}
        for slot in self._slots.values():
            slot.fullest = len(slot.mailbox)
        return fills

    # ---- running --------------------------------------------------------------------------------

    def _run(self) -> None:
        now_ns = self.now_ns  # which no task moves
        while (ready := self._ready) and not self._halted:
            slot = self._by_priority[(ready & -ready).bit_length() - 1]  # the first that has a message
            mailbox = slot.mailbox
            message = mailbox.popleft()
            if not mailbox:
                self._ready = ready & (ready - 1)
            slot.last_active_ns = now_ns
            slot.counters.activations += 1
            try:
                actions = slot.task.handle(message, now_ns)
                if type(actions) is not list and type(actions) is not tuple:
                    actions = list(actions)
            except Exception as error:
                why = f"{type(error).__name__} on {type(message).__name__}: {error}"
                self._restart(slot, "exception", why)
            else:
                wrong = self._perform(slot, actions)
                if wrong:
                    self._restart(slot, *wrong)
            # Time that stands still while tasks run is a livelock: the busiest task is held.
            if slot.instant_ns != now_ns:
                slot.instant_ns, slot.in_instant = now_ns, 1
            else:
                slot.in_instant += 1
                if slot.in_instant >= self._flood:
                    self._stop_a_flood(slot)

    def _stop_a_flood(self, slot: _Slot) -> None:
        # Held as well as restarted: two tasks that flood each other would never let go.
        slot.held_until_ns = self.now_ns + HOLD_NS
        self._restart(slot, "watchdog", f"flooding: {slot.in_instant} activations in one instant")
        for each in self._by_priority:
            each.instant_ns = -1

    def _counts_of_this_instant(self, what: str) -> dict[str, int]:
        if self._instant_ns != self.now_ns:
            self._instant_ns, self._instant = self.now_ns, {}
        return self._instant.setdefault(what, {})

    def _perform(self, slot: _Slot, actions: Sequence[Action]) -> tuple[str, str] | None:
        """Carries the actions out; the kind of what was wrong with them and why, or nothing."""
        cost_ns = ACTIVATION_NS + ACTION_NS * len(actions)
        for action in actions:
            # Tested, not matched: this is the busiest loop of all.
            if isinstance(action, Send):
                self.post(action.to, action.message)
            elif isinstance(action, SetTimer):
                if not self._set_timer(slot, action):
                    return "exception", f"more than {MAX_TIMERS_PER_TASK} timers"
            elif isinstance(action, Emit):
                self._outside(action.port, action.value, self.now_ns)
            elif isinstance(action, CancelTimer):
                slot.timers.pop(action.name, None)
            elif isinstance(action, Spend):
                cost_ns += action.ns
            else:
                return "exception", f"answered {type(action).__name__}, which is no action"
        self.busy_ns += cost_ns
        if cost_ns > slot.counters.worst_ns:
            slot.counters.worst_ns = cost_ns
        if cost_ns <= slot.settings.budget_ns:
            slot.consecutive_overruns = 0
            return None
        slot.counters.overruns += 1
        slot.consecutive_overruns += 1
        budget_ns, overruns = slot.settings.budget_ns, slot.counters.overruns
        why = f"{cost_ns} ns of {budget_ns} ns allowed"
        self._report(Trouble("overrun", slot.settings.name, why, overruns, cost_ns, budget_ns))
        if slot.consecutive_overruns >= OVERRUNS_BEFORE_RESTART:
            return "budget", f"{slot.consecutive_overruns} overruns in a row"
        return None

    def _set_timer(self, slot: _Slot, timer: SetTimer) -> bool:
        """False when the task has too many."""
        timers, name = slot.timers, timer.name
        if name not in timers and len(timers) >= MAX_TIMERS_PER_TASK:
            return False
        self._sequence = timers[name] = sequence = self._sequence + 1
        due_ns = timer.at_ns if timer.at_ns > self.now_ns else self.now_ns
        heapq.heappush(self._heap, (due_ns, sequence, slot.settings.name, name, timer.message))
        if len(self._heap) > 2 * MAX_TIMERS_PER_TASK * len(self._slots):
            self._forget_replaced_timers()
        return True

    def _forget_replaced_timers(self) -> None:
        self._heap = [entry for entry in self._heap if self._slots[entry[2]].timers.get(entry[3]) == entry[1]]
        heapq.heapify(self._heap)

    def _start(self, slot: _Slot) -> None:
        slot.last_active_ns = self.now_ns
        slot.consecutive_overruns = 0
        try:
            wrong = self._perform(slot, list(slot.task.start(self.now_ns)))
        except Exception as error:
            wrong = ("exception", str(error))
        if wrong:
            # It stays down until its heartbeat or next message: starting it again now would loop.
            why = f"cannot start: {wrong[1]}"
            self._report(Trouble(wrong[0], slot.settings.name, why, slot.counters.restarts))

    def _restart(self, slot: _Slot, kind: str, why: str) -> None:
        """The watchdog's bite: a fresh task with what it retains, an empty mailbox, no timers."""
        slot.counters.restarts += 1
        restarts = self._counts_of_this_instant("restarts")
        restarts[slot.settings.name] = restarts.get(slot.settings.name, 0) + 1
        if restarts[slot.settings.name] >= RESTARTS_BEFORE_HOLD:
            slot.held_until_ns = self.now_ns + HOLD_NS
        slot.counters.dropped += len(slot.mailbox)
        self._ready &= ~(1 << slot.place)
        slot.mailbox.clear()
        slot.timers.clear()
        slot.task, _ = _successor(slot, cold=False)
        self._report(Trouble(kind, slot.settings.name, why, slot.counters.restarts))
        self._start(slot)

    def _report(self, trouble: Trouble) -> None:
        """Of each kind one report a task and instant: a report must not cause the next trouble. All of
        them are counted."""
        if self._trouble_to is None:
            return
        reported = self._counts_of_this_instant("reports")
        key = f"{trouble.kind} {trouble.task}"
        reported[key] = reported.get(key, 0) + 1
        if reported[key] == 1 and not (trouble.kind == "overflow" and trouble.task == self._trouble_to):
            self.post(self._trouble_to, trouble)

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "now_ns": self.now_ns,
            "busy_ns": self.busy_ns,
            "sequence": self._sequence,
            "unknown_recipient": self.unknown_recipient,
            "halted": self._halted,
            "instant": [self._instant_ns, copy.deepcopy(self._instant)],
            "heap": sorted(self._heap, key=lambda entry: entry[:2]),
            "tasks": {
                name: {
                    "state": slot.task.save(),
                    "mailbox": list(slot.mailbox),
                    "timers": dict(slot.timers),
                    "counters": slot.counters,
                    "consecutive_overruns": slot.consecutive_overruns,
                    "last_active_ns": slot.last_active_ns,
                    "held_until_ns": slot.held_until_ns,
                    "fullest": slot.fullest,
                    "instant": [slot.instant_ns, slot.in_instant],
                }
                for name, slot in self._slots.items()
            },
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Continue exactly where `save` was; the tasks must be those of the saved scheduler."""
        if list(saved["tasks"]) != list(self._slots):
            raise ValueError(f"saved tasks {list(saved['tasks'])}: expected {list(self._slots)}")
        self.now_ns = saved["now_ns"]
        self.busy_ns = saved["busy_ns"]
        self._sequence = saved["sequence"]
        self.unknown_recipient = saved["unknown_recipient"]
        self._halted = saved["halted"]
        self._instant_ns, self._instant = copy.deepcopy(saved["instant"])
        self._heap = [tuple(entry) for entry in saved["heap"]]  # sorted, hence a heap
        for name, state in saved["tasks"].items():
            slot = self._slots[name]
            slot.task = slot.settings.make()
            slot.task.load(state["state"])
            slot.mailbox = deque(state["mailbox"])
            slot.timers = dict(state["timers"])
            slot.counters = state["counters"]
            slot.consecutive_overruns = state["consecutive_overruns"]
            slot.last_active_ns = state["last_active_ns"]
            slot.held_until_ns = state["held_until_ns"]
            slot.fullest = state["fullest"]
            slot.instant_ns, slot.in_instant = state["instant"]
        self._ready = sum(1 << slot.place for slot in self._by_priority if slot.mailbox)
        self._heartbeat_ns = 0


def _successor(slot: _Slot, *, cold: bool) -> tuple[Task, bool]:
    """A fresh task with what the old one handed down, and whether that was fit.

    What the successor refuses may be what ailed the old one: then it begins from nothing.
    """
    fresh = slot.settings.make()
    try:
        if cold and isinstance(slot.task, Safeguarding) and isinstance(fresh, Safeguarding):
            fresh.recover(copy.deepcopy(slot.task.safeguarded()))
        elif not cold and isinstance(slot.task, Retaining) and isinstance(fresh, Retaining):
            fresh.recall(copy.deepcopy(slot.task.retained()))
    except Exception:
        return slot.settings.make(), False
    return fresh, True
