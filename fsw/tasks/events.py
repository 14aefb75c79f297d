"""Turns what happens on board into ST[5] reports, and the scheduler's troubles with it."""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import RestartReason, Task
from fsw.dictionary.rover import RoverEvent
from fsw.kernel.scheduler import Action, Send, Trouble
from fsw.tasks import names
from fsw.tasks.answers import answered, executed, pus_report, report
from fsw.tasks.messages import Booted, Execute, Fault, Gather, Occurred, Values
from fsw.tasks.routing import ORBITER, Computer

_REASON_OF = {
    "watchdog": RestartReason.WATCHDOG,
    "exception": RestartReason.EXCEPTION,
    "budget": RestartReason.BUDGET,
}


class Events:
    def __init__(self, computer: Computer = ORBITER) -> None:
        self._computer = computer
        self._reported = 0
        self._disabled: list[int] = []

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Occurred(event, values):
                return self._report(event, values)
            case Trouble():
                return self._trouble(message)
            case Booted(kind, reason, boots, recovered, refused):
                told = {"boot_kind": kind.name, "boot_reason": reason.name, "boots": boots}
                told |= {"tasks_recovered": recovered, "tasks_refused": refused}
                return self._report(Event.COMPUTER_STARTED, told)
            case Execute(request, acknowledge, "EVENTS_DISABLED_REPORT", _):
                rows = [{"event": event} for event in self._disabled]
                return answered(request, acknowledge, [report("EVENTS_DISABLED", {"events": rows})])
            case Execute(request, acknowledge, name, arguments):
                self._switch(name == "EVENTS_ENABLE", [Event[text] for text in arguments["events"]])
                return [executed(request, acknowledge)]
            case Gather(Structure.COMPUTER, reply_to):
                return [Send(reply_to, Values({"events_reported": self._reported}))]
        return ()

    def _switch(self, enable: bool, events: list[Event]) -> None:
        chosen = {int(event) for event in events}
        kept = set(self._disabled) - chosen if enable else set(self._disabled) | chosen
        self._disabled = sorted(kept)

    def _report(self, event: Event | RoverEvent, values: dict[str, Any]) -> list[Action]:
        declared = self._computer.book.report(f"EVENT_{event.name}")
        heard: list[Action] = [Send(task, Occurred(event, values)) for task in self._computer.listeners]
        if declared.severity != "info":
            heard.append(Send(names.FDIR, Fault(event)))
        if event in self._disabled:
            return heard  # not told, but not overlooked either
        self._reported += 1
        return [Send(names.DOWNLINK, pus_report(declared, values)), *heard]

    def _trouble(self, trouble: Trouble) -> list[Action]:
        task = Task[trouble.task.upper()].name
        if trouble.kind == "overflow":
            return self._report(Event.MAILBOX_OVERFLOW, {"task": task, "messages_lost": trouble.count})
        if trouble.kind == "overrun":
            used = {"used_us": trouble.used_ns // 1000, "budget_us": trouble.budget_ns // 1000}
            return self._report(Event.BUDGET_OVERRUN, {"task": task, **used})
        reason = _REASON_OF[trouble.kind].name
        return self._report(Event.TASK_RESTARTED, {"task": task, "reason": reason, "restarts": trouble.count})

    def retained(self) -> dict[str, Any]:
        return self.save()

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(retained)

    def save(self) -> dict[str, Any]:
        return {"reported": self._reported, "disabled": list(self._disabled)}

    def load(self, saved: dict[str, Any]) -> None:
        self._reported = saved["reported"]
        self._disabled = list(saved["disabled"])
