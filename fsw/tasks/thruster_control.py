"""Turns changes of velocity into pulses of thrusters, and compares what those gave with what was asked.

Guidance burns until the monitor retreats; from then on only the monitor does.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.inspector import InspectorEvent
from fsw.kernel.record import record
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.kernel.time import SECOND
from fsw.tasks.inspection import (
    EVENT_PORT,
    MONITOR,
    THRUSTER_PORT,
    Burn,
    CloseLatch,
    Isolate,
    Measured,
    Pulse,
    Reported,
    Retreat,
    ThrusterFault,
    Vector,
)

THRUSTER_COUNT = 6


@record
class ThrusterFigures:
    """acceleration: of one thruster [m/s2]. fault_m_s, fault_part: what a cycle may give more or less than
    asked for, plus that part of what was asked for."""

    acceleration: float
    fault_m_s: float
    fault_part: float


class ThrusterControl:
    def __init__(self, figures: ThrusterFigures) -> None:
        self._figures = figures
        self._locked = False
        self._asked: list[tuple[int, int, int]] = []  # thruster, from and to [ns]
        self._then_ns = 0
        self._wrong: list[int] = []  # thrusters known to be faulty

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Burn(change):
                if self._locked:
                    return [Emit(EVENT_PORT, Reported(InspectorEvent.BURN_REFUSED, {}))]
                return self._burn(change, now_ns)
            case Retreat(change):
                self._locked = True
                return self._burn(change, now_ns)
            case Isolate(thruster):
                report = Reported(InspectorEvent.THRUSTER_ISOLATED, {"thruster": thruster})
                return [Emit(THRUSTER_PORT, CloseLatch(thruster)), Emit(EVENT_PORT, report)]
            case Measured(_, gained):
                return self._compare(gained, now_ns)
        return ()

    def _burn(self, change: Vector, now_ns: int) -> list[Action]:
        """Replaces whatever burns now."""
        actions: list[Action] = []
        for thruster, _, end_ns in self._asked:
            if end_ns > now_ns:
                actions.append(Emit(THRUSTER_PORT, Pulse(thruster, 0)))
        self._asked = [(k, begin, min(end, now_ns)) for k, begin, end in self._asked if begin < now_ns]
        for axis, part in enumerate(change):
            on_ns = round(abs(part) / self._figures.acceleration * SECOND)
            if on_ns:
                thruster = 2 * axis + (part < 0.0)
                self._asked.append((thruster, now_ns, now_ns + on_ns))
                actions.append(Emit(THRUSTER_PORT, Pulse(thruster, on_ns)))
        return actions

    def _compare(self, gained: Vector, now_ns: int) -> list[Action]:
        """What the accelerometers show since the last time, against the pulses."""
        expected = [0.0] * THRUSTER_COUNT
        for thruster, begin_ns, end_ns in self._asked:
            on_ns = max(0, min(end_ns, now_ns) - max(begin_ns, self._then_ns))
            expected[thruster] += self._figures.acceleration * on_ns / SECOND
        self._asked = [entry for entry in self._asked if entry[2] > now_ns]
        self._then_ns = now_ns
        actions: list[Action] = []
        for axis in range(3):
            asked = expected[2 * axis] - expected[2 * axis + 1]
            more = gained[axis] - asked
            if abs(more) <= self._figures.fault_m_s + self._figures.fault_part * abs(asked):
                continue
            # Too little of what was asked for is a dead thruster, unless it went the other way.
            dead = asked * more < 0.0 and gained[axis] * asked > -self._figures.fault_m_s * abs(asked)
            thruster = 2 * axis + ((asked if dead else more) < 0.0)
            if thruster not in self._wrong:
                self._wrong.append(thruster)
                event = InspectorEvent.THRUSTER_DEAD if dead else InspectorEvent.THRUSTER_OPEN
                values: dict[str, float | int | str] = {"thruster": thruster, "off_m_s": round(more, 4)}
                actions += [
                    Emit(EVENT_PORT, Reported(event, values)),
                    Send(MONITOR, ThrusterFault(thruster, not dead)),
                ]
        return actions

    def save(self) -> dict[str, Any]:
        return {
            "locked": self._locked,
            "asked": list(self._asked),
            "then_ns": self._then_ns,
            "wrong": list(self._wrong),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._locked, self._then_ns = saved["locked"], saved["then_ns"]
        self._asked, self._wrong = list(saved["asked"]), list(saved["wrong"])
