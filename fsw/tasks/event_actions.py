"""Releases telecommands when events occur: ST[19] (ECSS-E-ST-70-41C 6.19)."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode
from fsw.kernel.scheduler import Action, Send
from fsw.kernel.snapshot import plain
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import answered, executed, portions, report, together
from fsw.tasks.embedded import request_inside
from fsw.tasks.messages import Execute, Occurred, Submit

MAX_DEFINITIONS = 64
MAX_OCTETS = 16384  # of all requests
AGAIN_AFTER_NS = SECOND  # an action that raises its own event must not feed on it

Key = tuple[int, int]  # APID, event identifier


@plain
@dataclass(slots=True)
class Definition:
    packet: bytes
    enabled: bool = False
    released_ns: int | None = None  # last time


class EventActions:
    def __init__(self) -> None:
        self._enabled = True  # the function
        self._definitions: dict[Key, Definition] = {}
        self._handlers: dict[str, Callable[[list[dict[str, Any]]], FailureCode | None]] = {
            "EVENT_ACTIONS_ADD": self._add,
            "EVENT_ACTIONS_DELETE": self._delete,
            "EVENT_ACTIONS_DELETE_ALL": self._delete_all,
            "EVENT_ACTIONS_ENABLE": lambda named: self._switch(named, True),
            "EVENT_ACTIONS_DISABLE": lambda named: self._switch(named, False),
            "EVENT_ACTIONS_FUNCTION_ENABLE": lambda named: self._switch_function(True),
            "EVENT_ACTIONS_FUNCTION_DISABLE": lambda named: self._switch_function(False),
        }

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Occurred(event):
                return self._act((ORBITER_APID, int(event)), now_ns)
            case Execute(request, acknowledge, "EVENT_ACTIONS_REPORT_STATUS"):
                return answered(request, acknowledge, self._status())
            case Execute(_, _, "EVENT_ACTIONS_REPORT", {"definitions": named}):
                return self._report(message, named)
            case Execute(request, acknowledge, name, arguments):
                failure = self._handlers[name](arguments.get("definitions", []))
                return [executed(request, acknowledge, failure)]
        return ()

    def _act(self, key: Key, now_ns: int) -> list[Action]:
        definition = self._definitions.get(key)
        if definition is None or not (self._enabled and definition.enabled):
            return []
        last_ns = definition.released_ns
        if last_ns is not None and now_ns - last_ns < AGAIN_AFTER_NS:
            return []
        definition.released_ns = now_ns
        return [Send(names.COMMANDING, Submit(definition.packet))]

    # ---- requests -------------------------------------------------------------------------------

    def _add(self, entries: list[dict[str, Any]]) -> FailureCode | None:
        failures: list[FailureCode | None] = []
        for entry in entries:
            key, packet = _key(entry), entry["packet"]
            failure = self._objection(key, packet)
            failures.append(failure)
            if failure is None:
                self._definitions[key] = Definition(packet)
        return together(failures)

    def _objection(self, key: Key, packet: bytes) -> FailureCode | None:
        if request_inside(packet) is None:
            return FailureCode.BAD_REQUEST_INSIDE
        there = self._definitions.get(key)
        if there is not None and there.enabled:
            return FailureCode.IN_USE
        others = [one for other, one in self._definitions.items() if other != key]
        if len(others) >= MAX_DEFINITIONS or sum(len(o.packet) for o in others) + len(packet) > MAX_OCTETS:
            return FailureCode.NO_ROOM
        return None

    def _delete(self, named: list[dict[str, Any]]) -> FailureCode | None:
        failures: list[FailureCode | None] = []
        for key in map(_key, named):
            there = self._definitions.get(key)
            if there is None:
                failures.append(FailureCode.NO_SUCH_ITEM)
            elif there.enabled:
                failures.append(FailureCode.IN_USE)
            else:
                del self._definitions[key]
                failures.append(None)
        return together(failures)

    def _delete_all(self, named: list[dict[str, Any]]) -> None:
        self._definitions.clear()
        self._enabled = False

    def _switch(self, named: list[dict[str, Any]], enabled: bool) -> FailureCode | None:
        keys, failure = self._named(named)
        for key in keys:
            self._definitions[key].enabled = enabled
        return failure

    def _switch_function(self, enabled: bool) -> None:
        self._enabled = enabled

    def _named(self, named: list[dict[str, Any]]) -> tuple[list[Key], FailureCode | None]:
        """In order; those that are there, or all when none is named."""
        keys = [_key(entry) for entry in named]
        missing = [None if key in self._definitions else FailureCode.NO_SUCH_ITEM for key in keys]
        wanted = [key for key in sorted(self._definitions) if key in keys or not keys]
        return wanted, together(missing)

    def _status(self) -> list[Action]:
        rows = [_row(key, definition) for key, definition in sorted(self._definitions.items())]
        return [report("EVENT_ACTIONS_STATUS", {"definitions": rows})]

    def _report(self, message: Execute, named: list[dict[str, Any]]) -> list[Action]:
        keys, failure = self._named(named)
        found = [(key, self._definitions[key]) for key in keys]
        rows = [_row(key, definition) | {"packet": definition.packet} for key, definition in found]
        sizes = [5 + len(definition.packet) for _, definition in found]
        told = [report("EVENT_ACTIONS_DEFINITIONS", {"definitions": part}) for part in portions(rows, sizes)]
        return [*(told if keys or not named else ()), executed(message.request, message.acknowledge, failure)]

    # ---- state ----------------------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """All of it: what protects the spacecraft outlives a restart and a warm boot."""
        return self.save()

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(retained)
        assert isinstance(self._enabled, bool)
        for (apid, event), definition in self._definitions.items():
            assert 0 <= apid < 2048
            assert 0 <= event < 65536
            assert isinstance(definition.enabled, bool)
            assert request_inside(definition.packet) is not None

    def save(self) -> dict[str, Any]:
        rows = [[*key, copy.copy(definition)] for key, definition in self._definitions.items()]
        return {"enabled": self._enabled, "definitions": rows}

    def load(self, saved: dict[str, Any]) -> None:
        self._enabled = saved["enabled"]
        self._definitions = {(row[0], row[1]): copy.copy(row[2]) for row in saved["definitions"]}


def _key(entry: dict[str, Any]) -> Key:
    return entry["apid"], entry["event"]


def _row(key: Key, definition: Definition) -> dict[str, Any]:
    return {"apid": key[0], "event": key[1], "status": "ON" if definition.enabled else "OFF"}
