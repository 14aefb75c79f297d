"""ST[12] on-board monitoring: checks parameters at their intervals, raises events, reports transitions.
Functional monitors are in `fsw.tasks.functional_monitoring`.

Checks fall on beats of a quarter of a second that all monitors share, so that those of one interval ask
a structure's owners once. At a beat the structures that hold what is due are asked; when all have answered,
in the same instant, it is checked, at the next beat at the latest. What nobody told is INVALID, never an
old value.
"""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import CheckStatus, CheckType, FailureCode
from fsw.dictionary.monitors import (
    BEATS_PER_SECOND,
    DEFAULT_REPORTING_DELAY_S,
    DEFAULTS,
    FUNCTIONAL_DEFAULTS,
    MOST_MONITORS,
    FunctionalMonitor,
    Monitor,
    valid,
)
from fsw.dictionary.pool import number
from fsw.dictionary.services.st12_monitoring import MOST_IN_A_REPORT
from fsw.kernel.scheduler import Action, CancelTimer, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import answered, report
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.functional_monitoring import FunctionalMonitoring
from fsw.tasks.gathering import Gathering
from fsw.tasks.messages import Execute, Occurred, Tick, Values

BEAT_NS = SECOND // BEATS_PER_SECOND
IDLE_BEATS = 30 * BEATS_PER_SECOND  # with nothing to check it still shows that it lives
MOST_TRANSITIONS = 32

_GOOD, _UNCHECKED, _INVALID = CheckStatus.GOOD, CheckStatus.UNCHECKED, CheckStatus.INVALID
_LOW, _HIGH = CheckStatus.LOW, CheckStatus.HIGH
_FAILING = (_LOW, _HIGH)
_CRITERIA = ("repetitions", "low", "low_event", "high", "high_event", "mask", "expected", "deltas")


class Monitoring:
    """clock: dates transitions. monitors, functional: on board and enabled at first."""

    def __init__(
        self,
        clock: OnBoardClock,
        monitors: tuple[Monitor, ...] = DEFAULTS,
        functional: tuple[FunctionalMonitor, ...] = FUNCTIONAL_DEFAULTS,
    ) -> None:
        self._clock = clock
        self._functional = FunctionalMonitoring(functional)
        self._on = True
        self._monitors = {monitor.identifier: monitor for monitor in monitors}
        self._enabled = sorted(self._monitors)
        self._delay_s = DEFAULT_REPORTING_DELAY_S
        self._gathering = Gathering(names.MONITORING)  # about a beat
        self._forget()

    def _forget(self) -> None:
        """Nothing is known of any parameter or function."""
        self._functional.forget()
        self._status: dict[int, int] = {}  # by monitor; UNCHECKED is not kept
        self._agreed: dict[int, list[int]] = {}  # by monitor: status that checks agree on, how many
        self._samples: dict[int, list[float]] = {}  # by DELTA monitor, the oldest first
        self._latest: dict[int, dict[str, Any]] = {}  # by failing monitor: how it came to it
        self._transitions: list[dict[str, Any]] = []  # to be reported
        self._gathering.forget()

    def start(self, now_ns: int) -> Iterable[Action]:
        return [self._next_beat(now_ns)]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Values(values):
                return self._check(self._gathering.answered(values), now_ns)
            case Tick("beat", beat):
                late = self._check(self._gathering.end(), now_ns)
                return [*late, self._next_beat(now_ns), *self._ask(beat)]
            case Tick("report"):
                return self._report_transitions()
            case Execute(request, acknowledge, name, arguments):
                return answered(request, acknowledge, self._execute(name, arguments, now_ns))
        return ()

    # ---- checks ---------------------------------------------------------------------------------

    def _due(self, beat: int) -> list[Monitor]:
        monitors = (self._monitors[identifier] for identifier in self._enabled)
        return [monitor for monitor in monitors if beat % monitor.interval == 0]

    def _next_beat(self, now_ns: int) -> SetTimer:
        beat = now_ns // BEAT_NS
        intervals = {self._monitors[identifier].interval for identifier in self._enabled}
        due = min(((beat // interval + 1) * interval for interval in intervals), default=beat + IDLE_BEATS)
        due = min(due, beat + IDLE_BEATS)
        return SetTimer("beat", due * BEAT_NS, Tick("beat", due))

    def _ask(self, beat: int) -> list[Action]:
        due = self._due(beat) if self._on else []
        structures = {sid for monitor in due for sid in monitor.structures}
        structures |= self._functional.structures({monitor.identifier for monitor in due})
        return self._gathering.ask(structures, beat)

    def _check(self, beat: int | None, now_ns: int) -> list[Action]:
        """Of what was asked for at this beat, with the answers that are there."""
        if beat is None:
            return []
        actions: list[Action] = []
        waiting = len(self._transitions)
        due = self._due(beat)
        for monitor in due:
            value, status, limit = self._verdict(monitor)
            if self._confirmed(monitor, status):
                actions += self._change(monitor, value, status, limit, now_ns)
        actions += self._functional.check(
            {monitor.identifier for monitor in due}, self._latest.keys(), self._gathering.values
        )
        if len(self._transitions) >= MOST_TRANSITIONS:
            return [*actions, CancelTimer("report"), *self._report_transitions()]
        if self._transitions and not waiting:
            due_ns = now_ns + round(self._delay_s * SECOND)
            actions.append(SetTimer("report", due_ns, Tick("report")))
        return actions

    def _verdict(self, monitor: Monitor) -> tuple[float, CheckStatus, float]:
        """The value, the status that this check alone gives, and the limit that decided."""
        told = self._gathering.values
        value = number(monitor.parameter, told) if valid(monitor, told) else None
        if value is None:
            return 0.0, _INVALID, 0.0
        if monitor.check == CheckType.EXPECTED:
            status = _GOOD if int(value) & monitor.mask == monitor.expected else _LOW
            return value, status, monitor.expected
        if monitor.check == CheckType.DELTA:
            samples = self._samples.setdefault(monitor.identifier, [])
            samples.append(value)
            del samples[: -1 - monitor.deltas]
            if len(samples) <= monitor.deltas:
                return value, _UNCHECKED, 0.0
            value = (samples[-1] - samples[0]) / monitor.deltas  # the mean of the changes
        if value < monitor.low:
            return value, _LOW, monitor.low
        if value > monitor.high:
            return value, _HIGH, monitor.high
        crossed_back = self._latest.get(monitor.identifier)
        return value, _GOOD, 0.0 if crossed_back is None else crossed_back["limit"]

    def _confirmed(self, monitor: Monitor, status: CheckStatus) -> bool:
        """Whether the status changes to this one now."""
        identifier = monitor.identifier
        if status is _INVALID:
            # At once: there is nothing to repeat, and what was gathered before does not count.
            self._agreed.pop(identifier, None)
            self._samples.pop(identifier, None)
        if status is _UNCHECKED or status == self._status.get(identifier, _UNCHECKED):
            self._agreed.pop(identifier, None)
            return False
        if status is _INVALID:
            return True
        agreed = self._agreed.setdefault(identifier, [int(status), 0])
        if agreed[0] != status:
            agreed[:] = [int(status), 0]
        agreed[1] += 1
        if agreed[1] < monitor.repetitions:
            return False
        del self._agreed[identifier]
        return True

    def _change(
        self, monitor: Monitor, value: float, status: CheckStatus, limit: float, now_ns: int
    ) -> list[Action]:
        identifier = monitor.identifier
        transition = {
            "monitor": identifier,
            "parameter": monitor.parameter,
            "check": monitor.check,
            "value": value,
            "limit": limit,
            "before": self._status.get(identifier, int(_UNCHECKED)),
            "status": int(status),
            "at": self._clock.cuc(now_ns),
        }
        self._transitions.append(transition)
        self._status[identifier] = int(status)
        if status not in _FAILING:
            self._latest.pop(identifier, None)
            return []
        self._latest[identifier] = transition
        event = monitor.low_event if status is _LOW else monitor.high_event
        if not event:
            return []
        values = {
            "monitor": identifier,
            "parameter": monitor.parameter,
            "monitored_value": value,
            "limit_crossed": limit,
        }
        return [Send(names.EVENTS, Occurred(Event(event), values))]

    # ---- reports --------------------------------------------------------------------------------

    def _report_transitions(self) -> list[Action]:
        transitions, self._transitions = self._transitions, []
        return [report("MONITORING_TRANSITIONS", {"transitions": transitions})] if transitions else []

    def _report_definitions(self, identifiers: list[int]) -> list[Action]:
        definitions = [self._definition(self._monitors[identifier]) for identifier in identifiers]
        parts = range(0, max(len(definitions), 1), MOST_IN_A_REPORT)
        return [
            report(
                "MONITORING_DEFINITIONS",
                {"delay_s": self._delay_s, "monitors": definitions[start : start + MOST_IN_A_REPORT]},
            )
            for start in parts
        ]

    def _definition(self, monitor: Monitor) -> dict[str, Any]:
        fields = asdict(monitor)
        interval_s = fields.pop("interval") / BEATS_PER_SECOND
        identifier = fields.pop("identifier")
        enabled = "ON" if identifier in self._enabled else "OFF"
        return {"monitor": identifier, "interval_s": interval_s, "enabled": enabled, **fields}

    def _report_status(self) -> list[Action]:
        rows = [
            {
                "monitor": identifier,
                "enabled": "ON" if identifier in self._enabled else "OFF",
                "status": self._status.get(identifier, int(_UNCHECKED)),
            }
            for identifier in sorted(self._monitors)
        ]
        return [report("MONITORING_STATUS", {"monitoring": "ON" if self._on else "OFF", "monitors": rows})]

    # ---- requests -------------------------------------------------------------------------------

    def _execute(self, name: str, arguments: dict[str, Any], now_ns: int) -> list[Action] | FailureCode:
        if name.startswith("FUNCTIONAL_"):
            return self._functional.execute(name, arguments, self._monitors)
        match name:
            case "MONITORS_ADD":
                return self._add(arguments["monitors"])
            case "MONITORS_MODIFY":
                return self._modify(arguments["monitors"])
            case "MONITORS_DELETE_ALL":
                return self._delete_all(now_ns)
            case "MONITORING_REPORTING_DELAY":
                self._delay_s = arguments["delay_s"]
                return []
            case "MONITORING_ENABLE" | "MONITORING_DISABLE":
                return self._switch(name == "MONITORING_ENABLE")
            case "MONITORING_STATUS_REPORT":
                return self._report_status()
            case "MONITORING_OUT_OF_LIMITS_REPORT":
                rows = [self._latest[identifier] for identifier in sorted(self._latest)]
                return [report("MONITORING_OUT_OF_LIMITS", {"monitors": rows})]
        chosen = sorted({entry["monitor"] for entry in arguments["monitors"]})
        if any(identifier not in self._monitors for identifier in chosen):
            return FailureCode.UNKNOWN_MONITOR
        if name == "MONITORS_REPORT":
            return self._report_definitions(chosen or sorted(self._monitors))
        if name == "MONITORS_DELETE":
            return self._delete(chosen)
        if name == "MONITORS_DISABLE" and self._functional.protects(chosen):
            return FailureCode.MONITOR_PROTECTED
        for identifier in chosen:
            self._clear(identifier)
        kept = [identifier for identifier in self._enabled if identifier not in chosen]
        self._enabled = sorted([*kept, *chosen]) if name == "MONITORS_ENABLE" else kept
        return [self._next_beat(now_ns)]

    def _add(self, entries: list[dict[str, Any]]) -> list[Action] | FailureCode:
        added: dict[int, Monitor] = {}
        for entry in entries:
            fields = dict(entry)
            identifier = fields.pop("monitor")
            fields["interval"] = round(fields.pop("interval_s") * BEATS_PER_SECOND)
            fields["check"] = int(CheckType[fields["check"]])
            monitor = Monitor(identifier, **fields)
            if identifier in self._monitors or identifier in added:
                return FailureCode.MONITOR_EXISTS
            wrong = monitor.wrong()
            if wrong is not None:
                return wrong
            added[identifier] = monitor
        if len(self._monitors) + len(added) > MOST_MONITORS:
            return FailureCode.MONITORS_FULL
        self._monitors |= added
        return []

    def _modify(self, entries: list[dict[str, Any]]) -> list[Action] | FailureCode:
        modified: dict[int, Monitor] = {}
        for entry in entries:
            before = self._monitors.get(entry["monitor"])
            if before is None:
                return FailureCode.UNKNOWN_MONITOR
            if self._functional.protects([before.identifier]):
                return FailureCode.MONITOR_PROTECTED
            criteria = {name: entry[name] for name in _CRITERIA}
            monitor = replace(before, check=int(CheckType[entry["check"]]), **criteria)
            wrong = monitor.wrong()
            if wrong is not None:
                return wrong
            modified[monitor.identifier] = monitor
        self._monitors |= modified
        for identifier in modified:
            self._clear(identifier)
        return []

    def _delete(self, chosen: list[int]) -> list[Action] | FailureCode:
        if any(identifier in self._enabled for identifier in chosen):
            return FailureCode.MONITOR_ENABLED
        if self._functional.uses(chosen):
            return FailureCode.MONITOR_IN_USE
        for identifier in chosen:
            del self._monitors[identifier]
        return []

    def _delete_all(self, now_ns: int) -> list[Action] | FailureCode:
        if self._on:
            return FailureCode.MONITORING_ENABLED
        if self._functional.uses(self._monitors):
            return FailureCode.MONITOR_IN_USE
        self._monitors, self._enabled = {}, []
        return [self._next_beat(now_ns)]

    def _switch(self, on: bool) -> list[Action]:
        if on == self._on:
            return []
        transitions = self._report_transitions()  # of what was seen while it ran
        self._on = on
        self._forget()
        return [CancelTimer("report"), *transitions]

    def _clear(self, identifier: int) -> None:
        """The monitor begins anew; transitions that it made are still reported."""
        self._functional.unsettle(identifier)
        self._status.pop(identifier, None)
        self._agreed.pop(identifier, None)
        self._samples.pop(identifier, None)
        self._latest.pop(identifier, None)

    # ---- what outlives this task ----------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """Definitions and switches; no status, which is found anew."""
        return {
            "on": self._on,
            "monitors": list(self._monitors.values()),
            "enabled": list(self._enabled),
            "delay_s": self._delay_s,
            "functional": self._functional.retained(),
        }

    def recall(self, retained: dict[str, Any]) -> None:
        """Raises ValueError when a definition makes no sense."""
        monitors = {monitor.identifier: monitor for monitor in retained["monitors"]}
        wrong = [identifier for identifier, monitor in monitors.items() if monitor.wrong() is not None]
        if wrong or not set(retained["enabled"]) <= set(monitors) or len(monitors) > MOST_MONITORS:
            raise ValueError(f"retained monitors {wrong} make no sense")
        self._functional.recall(retained["functional"], monitors)
        self._on = bool(retained["on"])
        self._monitors = monitors
        self._enabled = sorted(retained["enabled"])
        self._delay_s = float(retained["delay_s"])

    def save(self) -> dict[str, Any]:
        return {
            **self.retained(),
            "status": dict(self._status),
            "agreed": {identifier: list(agreed) for identifier, agreed in self._agreed.items()},
            "samples": {identifier: list(samples) for identifier, samples in self._samples.items()},
            "latest": {identifier: dict(latest) for identifier, latest in self._latest.items()},
            "transitions": [dict(transition) for transition in self._transitions],
            "gathering": self._gathering.save(),
            "functional": self._functional.save(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved)
        self._status = dict(saved["status"])
        self._agreed = {identifier: list(agreed) for identifier, agreed in saved["agreed"].items()}
        self._samples = {identifier: list(samples) for identifier, samples in saved["samples"].items()}
        self._latest = {identifier: dict(latest) for identifier, latest in saved["latest"].items()}
        self._transitions = [dict(transition) for transition in saved["transitions"]]
        self._gathering.load(saved["gathering"])
        self._functional.load(saved["functional"])
