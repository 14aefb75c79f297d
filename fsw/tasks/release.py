"""Arms and fires the camera's release mechanism, and watches the break-wire.

SAFE --arm--> ARMED --fire--> FIRED --break-wire--> SEPARATED
  ^--safe, or time--+           +--no break-wire in 2 s--> FIRED stays, event SEPARATION_MISSING

Started again, it begins SAFE; but what is gone is gone: an open break-wire says SEPARATED.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode, ReleaseState
from fsw.dictionary.settings import SETTINGS, SettableParameter
from fsw.kernel.scheduler import Action, CancelTimer, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.messages import (
    AskParameters,
    BreakWire,
    Execute,
    Fire,
    Gather,
    Occurred,
    ParameterChanged,
    ReadWire,
    SafeMode,
    Tick,
    Values,
)

SEPARATION_WITHIN_NS = 2 * SECOND


class Release:
    def __init__(self) -> None:
        self._state = ReleaseState.SAFE
        self._armed_for_s = SETTINGS[SettableParameter.ARMED_FOR_S].default
        self._firings = 0
        self._fired_ns = 0
        self._wire_open = False
        self._request: list[Any] | None = None  # the fire request that waits: identifier, acknowledgement

    def start(self, now_ns: int) -> Iterable[Action]:
        return [
            Emit(names.RELEASE_PORT, ReadWire()),
            Send(names.PARAMETERS, AskParameters(names.RELEASE)),
        ]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(_, _, "RELEASE_ARM", {"state": "ON"}):
                return self._arm(message, now_ns)
            case Execute(request, acknowledge, "RELEASE_ARM", _):
                gone = self._state in (ReleaseState.FIRED, ReleaseState.SEPARATED)
                failure = FailureCode.ALREADY_RELEASED if gone else None  # nothing is left to make safe
                return [*self._make_safe(), executed(request, acknowledge, failure)]
            case Execute(_, _, "RELEASE_FIRE", _):
                return self._fire(message, now_ns)
            case BreakWire():
                return self._separated(now_ns)
            case ParameterChanged(SettableParameter.ARMED_FOR_S, value):
                self._armed_for_s = value
            case Tick("armed") | SafeMode(True):
                return self._make_safe()
            case Tick("missing"):
                return self._missing()
            case Gather(Structure.RELEASE, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    def _arm(self, message: Execute, now_ns: int) -> list[Action]:
        if self._state in (ReleaseState.FIRED, ReleaseState.SEPARATED):
            failure = FailureCode.ALREADY_RELEASED
            return [executed(message.request, message.acknowledge, failure)]
        self._state = ReleaseState.ARMED
        return [
            SetTimer("armed", now_ns + round(self._armed_for_s * SECOND), Tick("armed")),
            Send(names.EVENTS, Occurred(Event.RELEASE_ARMED, {})),
            executed(message.request, message.acknowledge),
        ]

    def _make_safe(self) -> list[Action]:
        if self._state is not ReleaseState.ARMED:
            return []
        self._state = ReleaseState.SAFE
        return [CancelTimer("armed"), Send(names.EVENTS, Occurred(Event.RELEASE_DISARMED, {}))]

    def _fire(self, message: Execute, now_ns: int) -> list[Action]:
        if self._state is not ReleaseState.ARMED:
            never = self._state is ReleaseState.SAFE
            failure = FailureCode.NOT_ARMED if never else FailureCode.ALREADY_RELEASED
            return [executed(message.request, message.acknowledge, failure)]
        self._state = ReleaseState.FIRED
        self._firings += 1
        self._fired_ns = now_ns
        self._request = [message.request, message.acknowledge]
        return [
            CancelTimer("armed"),
            Emit(names.RELEASE_PORT, Fire()),
            Send(names.EVENTS, Occurred(Event.RELEASE_FIRED, {})),
            SetTimer("missing", now_ns + SEPARATION_WITHIN_NS, Tick("missing")),
        ]

    def _separated(self, now_ns: int) -> list[Action]:
        self._wire_open = True
        if self._state is not ReleaseState.FIRED:
            self._state = ReleaseState.SEPARATED
            return []
        self._state = ReleaseState.SEPARATED
        after_us = (now_ns - self._fired_ns) // 1000
        return [
            CancelTimer("missing"),
            Send(names.EVENTS, Occurred(Event.SEPARATION_SEEN, {"after_firing_us": after_us})),
            *self._answer(None),
        ]

    def _missing(self) -> list[Action]:
        return [
            Send(names.EVENTS, Occurred(Event.SEPARATION_MISSING, {})),
            *self._answer(FailureCode.NO_SEPARATION),
        ]

    def _answer(self, failure: FailureCode | None) -> list[Action]:
        if self._request is None:
            return []
        request, acknowledge = self._request
        self._request = None
        return [executed(request, acknowledge, failure)]

    def _values(self) -> dict[str, Any]:
        return {
            "release": self._state.name,
            "break_wire": "ON" if self._wire_open else "OFF",
            "firings": self._firings,
        }

    def retained(self) -> dict[str, Any]:
        """How often it fired; whether armed is never remembered."""
        return {"firings": self._firings}

    def recall(self, retained: dict[str, Any]) -> None:
        self._firings = retained["firings"]

    def save(self) -> dict[str, Any]:
        return {
            "state": int(self._state),
            "armed_for_s": self._armed_for_s,
            "firings": self._firings,
            "fired_ns": self._fired_ns,
            "wire_open": self._wire_open,
            "request": self._request,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._state = ReleaseState(saved["state"])
        self._armed_for_s = saved["armed_for_s"]
        self._firings = saved["firings"]
        self._fired_ns = saved["fired_ns"]
        self._wire_open = saved["wire_open"]
        self._request = saved["request"]
