"""ST[20] on-board parameters: reports and sets them, keeps them in the protected area, scrubs it.

The area behind the port is the only place where set values live: every request reads it, and a task that
needs a parameter asks for it when it starts and is told when it changes. A word that cannot be mended, or
that holds what its parameter may not be, is lost: the parameter has its default again, and an event says so.
Scrubbing is switched by ST[6].
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary import pool
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.pool import number
from fsw.dictionary.services.st06_memory import MEMORIES
from fsw.dictionary.settings import ADDRESSES, SETTINGS, SettableParameter, value_in, word
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.tasks import names
from fsw.tasks.answers import answered, executed, report
from fsw.tasks.messages import (
    AreaTold,
    AskParameters,
    Execute,
    Occurred,
    ParameterChanged,
    ReadArea,
    Tick,
    Values,
    WriteArea,
)
from fsw.tasks.routing import gather, user_of

COMPOSE_AFTER_NS = MILLISECOND
MOST_JOBS = 16
_NO_JOB = 0  # of a write that only mends
_MEASURED = "measured"  # a job that waits for values, and not for the area


class Parameters:
    def __init__(self) -> None:
        self._jobs: dict[int, list[Any]] = {}  # by number: what it is, and what belongs to it
        self._number = _NO_JOB
        self._mended = 0
        self._scrubbing = True
        self._scrub_period_s = SETTINGS[SettableParameter.SCRUB_PERIOD_S].default
        self._told: dict[str, Any] = {}

    def start(self, now_ns: int) -> Iterable[Action]:
        return self._job(["scrub"], now_ns)

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case AskParameters(task):
                return self._job(["tell", task], now_ns)
            case Tick("scrub"):
                return self._job(["scrub"], now_ns) if self._scrubbing else [self._next_scrub(now_ns)]
            case AreaTold(job, words, mended):
                return self._area_told(job, words, mended, now_ns)
            case Values(values):
                self._told.update(values)
            case Tick("compose", job):
                return self._compose(job)
            case Execute(request, acknowledge, name, arguments):
                if "memory" in arguments:
                    on = name == "MEMORY_SCRUBBING_ENABLE"
                    return answered(request, acknowledge, self._switch(on, arguments["memory"], now_ns))
                if name == "PARAMETERS_SET":
                    return self._set(request, acknowledge, arguments["parameters"], now_ns)
                identifiers = [entry["parameter"] for entry in arguments["parameters"]]
                return self._report(request, acknowledge, identifiers, now_ns)
        return ()

    def _job(self, job: list[Any], now_ns: int, words: dict[int, bytes] | None = None) -> list[Action]:
        """Writes words if there are any, reads the area back, and then goes on with the job."""
        if len(self._jobs) >= MOST_JOBS:
            # Its answer got lost with an overflowing mailbox; who waits for it is told by a time-out.
            del self._jobs[min(self._jobs)]
        self._number += 1
        self._jobs[self._number] = job
        ask = ReadArea(self._number) if words is None else WriteArea(self._number, words)
        actions: list[Action] = [Emit(names.PARAMETER_AREA_PORT, ask)]
        if job == ["scrub"]:
            # Also when the answer never comes: scrubbing must not stop.
            actions.append(self._next_scrub(now_ns))
        return actions

    def _next_scrub(self, now_ns: int) -> SetTimer:
        return SetTimer("scrub", now_ns + round(self._scrub_period_s * SECOND), Tick("scrub"))

    # ---- requests -------------------------------------------------------------------------------

    def _switch(self, on: bool, memory: int, now_ns: int) -> list[Action] | FailureCode:
        found = MEMORIES.get(memory)
        if found is None:
            return FailureCode.UNKNOWN_MEMORY
        if not found.scrubbed:
            return FailureCode.NOT_SCRUBBED
        self._scrubbing = on
        return self._job(["scrub"], now_ns) if on else []

    def _set(
        self, request: bytes, acknowledge: int, entries: list[dict[str, Any]], now_ns: int
    ) -> list[Action]:
        values: dict[int, float] = {}
        for entry in entries:
            identifier, value = entry["parameter"], float(entry["value"])
            if identifier in pool.PARAMETERS:
                return [executed(request, acknowledge, FailureCode.PARAMETER_NOT_SETTABLE)]
            if identifier not in set(SettableParameter):
                return [executed(request, acknowledge, FailureCode.UNKNOWN_PARAMETER)]
            if not SETTINGS[SettableParameter(identifier)].allows(value):
                return [executed(request, acknowledge, FailureCode.VALUE_NOT_ALLOWED)]
            values[identifier] = value
        if len(self._jobs) >= MOST_JOBS:
            return [executed(request, acknowledge, FailureCode.BUSY)]
        words = {
            ADDRESSES[SettableParameter(identifier)]: word(value) for identifier, value in values.items()
        }
        return self._job(["set", request, acknowledge, values], now_ns, words)

    def _report(self, request: bytes, acknowledge: int, identifiers: list[int], now_ns: int) -> list[Action]:
        known = {*pool.PARAMETERS, *SettableParameter}
        if any(identifier not in known for identifier in identifiers):
            return [executed(request, acknowledge, FailureCode.UNKNOWN_PARAMETER)]
        if len(self._jobs) >= MOST_JOBS:
            return [executed(request, acknowledge, FailureCode.BUSY)]
        return self._job(["report", request, acknowledge, identifiers], now_ns)

    # ---- the area -------------------------------------------------------------------------------

    def _area_told(
        self, number_of_job: int, words: tuple[bytes | None, ...], mended: int, now_ns: int
    ) -> list[Action]:
        actions: list[Action] = []
        if mended:
            self._mended += mended
            counts = {"words": mended, "words_so_far": self._mended}
            actions.append(Send(names.EVENTS, Occurred(Event.UPSET_CORRECTED, counts)))
        values, lost = _values_in(words)
        for identifier in lost:
            told = {"parameter": int(identifier), "value": values[identifier]}
            actions.append(Send(names.EVENTS, Occurred(Event.PARAMETER_LOST, told)))
            actions += self._changed(identifier, values[identifier], now_ns)
        if lost:
            mends = {ADDRESSES[identifier]: word(values[identifier]) for identifier in lost}
            actions.append(Emit(names.PARAMETER_AREA_PORT, WriteArea(_NO_JOB, mends)))
        job = self._jobs.get(number_of_job)
        if job is None or job[0] == _MEASURED:
            return actions
        del self._jobs[number_of_job]
        match job:
            case ["scrub"]:
                actions += self._follow(values, now_ns)
            case ["tell", task]:
                actions += [
                    Send(task, ParameterChanged(int(identifier), value))
                    for identifier, value in values.items()
                    if user_of(identifier) == task
                ]
            case ["set", request, acknowledge, wanted]:
                kept = all(values[SettableParameter(key)] == value for key, value in wanted.items())
                for key in wanted:
                    identifier = SettableParameter(key)
                    actions += self._changed(identifier, values[identifier], now_ns)
                actions.append(executed(request, acknowledge, None if kept else FailureCode.NOT_KEPT))
            case ["report", request, acknowledge, identifiers]:
                known = {int(identifier): value for identifier, value in values.items()}
                self._jobs[number_of_job] = [_MEASURED, request, acknowledge, identifiers, known]
                actions += self._measure(number_of_job, identifiers, now_ns)
        return actions

    def _changed(self, identifier: SettableParameter, value: float, now_ns: int) -> list[Action]:
        if user_of(identifier) != names.PARAMETERS:
            return [Send(user_of(identifier), ParameterChanged(int(identifier), value))]
        assert identifier is SettableParameter.SCRUB_PERIOD_S
        self._scrub_period_s = value
        return [self._next_scrub(now_ns)]

    def _follow(self, values: dict[SettableParameter, float], now_ns: int) -> list[Action]:
        period_s = values[SettableParameter.SCRUB_PERIOD_S]
        if period_s == self._scrub_period_s:
            return []
        return self._changed(SettableParameter.SCRUB_PERIOD_S, period_s, now_ns)

    # ---- reports --------------------------------------------------------------------------------

    def _measure(self, number_of_job: int, identifiers: list[int], now_ns: int) -> list[Action]:
        """Asks for what is measured; what is set is known."""
        measured = [identifier for identifier in identifiers if identifier in pool.PARAMETERS]
        actions: list[Action] = []
        for structure in sorted({pool.PARAMETERS[identifier].structure for identifier in measured}):
            actions += gather(structure, names.PARAMETERS)
        if not any(job[0] == _MEASURED for key, job in self._jobs.items() if key != number_of_job):
            self._told = {}  # no old value passes for a new one
        compose = Tick("compose", number_of_job)
        return [*actions, SetTimer(f"compose {number_of_job}", now_ns + COMPOSE_AFTER_NS, compose)]

    def _compose(self, number_of_job: int) -> list[Action]:
        job = self._jobs.get(number_of_job)
        if job is None or job[0] != _MEASURED:
            return []
        del self._jobs[number_of_job]
        _, request, acknowledge, identifiers, known = job
        rows = []
        for identifier in identifiers:
            value = known[identifier] if identifier in known else number(identifier, self._told)
            if value is None:
                return [executed(request, acknowledge, FailureCode.NOT_MEASURED)]
            rows.append({"parameter": identifier, "value": value})
        return answered(request, acknowledge, [report("PARAMETER_VALUES", {"parameters": rows})])

    # ---- what outlives this task ----------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """The count and the switch; the parameters are in the area."""
        return {"mended": self._mended, "scrubbing": self._scrubbing}

    def recall(self, retained: dict[str, Any]) -> None:
        self._mended = int(retained["mended"])
        self._scrubbing = bool(retained["scrubbing"])

    def save(self) -> dict[str, Any]:
        return {
            "jobs": {key: _copied(job) for key, job in self._jobs.items()},
            "number": self._number,
            "mended": self._mended,
            "scrubbing": self._scrubbing,
            "scrub_period_s": self._scrub_period_s,
            "told": dict(self._told),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._jobs = {key: _copied(job) for key, job in saved["jobs"].items()}
        self._number = saved["number"]
        self._mended = saved["mended"]
        self._scrubbing = saved["scrubbing"]
        self._scrub_period_s = saved["scrub_period_s"]
        self._told = dict(saved["told"])


def _copied(job: list[Any]) -> list[Any]:
    return [part.copy() if isinstance(part, (list, dict)) else part for part in job]


def _values_in(
    words: tuple[bytes | None, ...],
) -> tuple[dict[SettableParameter, float], list[SettableParameter]]:
    """Values of all parameters, and which of them are lost and have their default."""
    values: dict[SettableParameter, float] = {}
    lost: list[SettableParameter] = []
    for identifier, setting in SETTINGS.items():
        address = ADDRESSES[identifier]
        octets = words[address] if address < len(words) else None
        # More than two wrong bits may pass for a whole word: a value is not trusted for its code alone.
        value = None if octets is None else value_in(octets)
        if value is None or not setting.allows(value):
            lost.append(identifier)
            value = setting.default
        values[identifier] = value
    return values, lost
