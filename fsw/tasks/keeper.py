"""Keeps the rover's energy: when it sleeps, when it wakes, whether it may drive.

Once in ten minutes the power unit is read. When the wings no longer carry the computer, for two readings, or
the battery is low, it puts the computer to sleep until the wake-up time of the next sol, or until the next
pass of the orbiter that it was told of; a drive, a session or a pass is let end first, but not when the
battery is low. On the rover's computer this task has the mailbox of recovery, `names.FDIR`.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.rover import RoverEvent, RoverStructure
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.local_time import next_local_ns
from fsw.tasks.messages import Execute, Gather, Occurred, Tick, Values
from fsw.tasks.rover_messages import Busy, PowerFor, PowerTold, ReadPower, SleepFor, StopWheels

LOOK_NS = 600 * SECOND
SETTLE_NS = 2 * SECOND  # between the decision to sleep and sleep, so that the last report is kept
AWAKE_LEAST_NS = 3600 * SECOND
DRIVES_FROM = 0.5  # of the battery
SLEEPS_BELOW = 0.25
EARLY_NS = 120 * SECOND  # before a pass
MOST_PASSES = 128


class Keeper:
    """midnight_ns: a local mean midnight in mission time. wake_minutes: when it wakes, until commanded."""

    def __init__(self, midnight_ns: int, wake_minutes: int) -> None:
        self._midnight_ns = midnight_ns
        self._wake_minutes = wake_minutes
        self._stay_ns = 0  # awake until then
        self._passes: list[list[int]] = []  # begin and end, those to come, in order
        self._dark = 0  # readings in a row in which the wings do not carry the load
        self._told: PowerTold | None = None
        self._busy: list[str] = []
        self._sleeps = 0
        self._settling = False

    def start(self, now_ns: int) -> Iterable[Action]:
        self._passes = [one for one in self._passes if one[1] > now_ns]
        in_pass = bool(self._passes) and self._passes[0][0] - EARLY_NS <= now_ns
        self._stay_ns = self._passes[0][1] if in_pass else now_ns + AWAKE_LEAST_NS
        return [Emit(names.POWER_PORT, ReadPower()), SetTimer("look", now_ns + LOOK_NS, Tick("look"))]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Tick("look"):
                return [Emit(names.POWER_PORT, ReadPower()), SetTimer("look", now_ns + LOOK_NS, Tick("look"))]
            case PowerTold():
                return self._decide(message, now_ns)
            case Tick("sleep"):
                return [Emit(names.COMPUTER_PORT, SleepFor(self._until_waking_ns(now_ns)))]
            case Busy(who, busy):
                self._busy = [one for one in self._busy if one != who] + [who] * busy
            case Execute(request, acknowledge, "WAKE_AT", arguments):
                self._wake_minutes = arguments["minutes"]
                return [executed(request, acknowledge)]
            case Execute(request, acknowledge, "SLEEP", _):
                if self._busy:
                    return [executed(request, acknowledge, FailureCode.BUSY)]
                return [executed(request, acknowledge), *self._sleep(now_ns)]
            case Execute(request, acknowledge, "PASS_AT", arguments):
                return [executed(request, acknowledge, self._note_pass(arguments, now_ns))]
            case Gather(RoverStructure.ENERGY, reply_to):
                return [Send(reply_to, Values(self._values()))] if self._told is not None else []
        return ()

    def _decide(self, told: PowerTold, now_ns: int) -> list[Action]:
        self._told = told
        fill = told.battery_wh / told.capacity_wh
        self._dark = self._dark + 1 if told.wing_w < told.load_w else 0
        actions: list[Action] = [Send(names.DRIVING, PowerFor(fill >= DRIVES_FROM))]
        if self._settling:
            return actions
        if fill < SLEEPS_BELOW:
            actions.append(Send(names.EVENTS, Occurred(RoverEvent.BATTERY_LOW, self._fill())))
            actions.append(Send(names.DRIVING, StopWheels(FailureCode.LOW_POWER)))
            return [*actions, *self._sleep(now_ns)]
        if self._dark >= 2 and now_ns >= self._stay_ns and not self._busy:
            actions += self._sleep(now_ns)
        return actions

    def _sleep(self, now_ns: int) -> list[Action]:
        if self._settling:
            return []
        self._settling = True
        self._sleeps += 1
        values = {**self._fill(), "for_s": self._until_waking_ns(now_ns + SETTLE_NS) // SECOND}
        return [
            Send(names.EVENTS, Occurred(RoverEvent.GOING_TO_SLEEP, values)),
            SetTimer("sleep", now_ns + SETTLE_NS, Tick("sleep")),
        ]

    def _until_waking_ns(self, now_ns: int) -> int:
        """To the next wake-up time or pass; at least a moment."""
        regular_ns = next_local_ns(self._midnight_ns, self._wake_minutes, now_ns)
        passes = [begin - EARLY_NS for begin, _ in self._passes if begin - EARLY_NS > now_ns]
        return min([regular_ns, *passes]) - now_ns

    def _note_pass(self, arguments: dict[str, Any], now_ns: int) -> FailureCode | None:
        if len(self._passes) >= MOST_PASSES:
            return FailureCode.NO_ROOM
        begin = now_ns + arguments["in_s"] * SECOND
        self._passes = sorted([*self._passes, [begin, begin + arguments["for_s"] * SECOND]])
        return None

    def _fill(self) -> dict[str, float]:
        told = self._told
        return {"battery_fill": 0.0 if told is None else 100 * told.battery_wh / told.capacity_wh}

    def _values(self) -> dict[str, Any]:
        assert self._told is not None, "asked before"
        return {
            **self._fill(),
            "battery_wh": self._told.battery_wh,
            "wing_w": self._told.wing_w,
            "load_w": self._told.load_w,
            "wake_minutes": self._wake_minutes,
            "sleeps": self._sleeps,
        }

    def retained(self) -> dict[str, Any]:
        """When it wakes, for which passes, and how often it slept."""
        passes = [list(one) for one in self._passes]
        return {"wake_minutes": self._wake_minutes, "sleeps": self._sleeps, "passes": passes}

    def recall(self, retained: dict[str, Any]) -> None:
        if not 0 <= retained["wake_minutes"] < 1440:
            raise ValueError("retained wake-up time makes no sense")
        self._wake_minutes, self._sleeps = retained["wake_minutes"], retained["sleeps"]
        self._passes = [list(one) for one in retained["passes"]]

    def save(self) -> dict[str, Any]:
        return {
            **self.retained(),
            "stay_ns": self._stay_ns,
            "dark": self._dark,
            "told": self._told,
            "busy": list(self._busy),
            "settling": self._settling,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved)
        self._stay_ns, self._dark, self._told = saved["stay_ns"], saved["dark"], saved["told"]
        self._busy, self._settling = list(saved["busy"]), saved["settling"]
