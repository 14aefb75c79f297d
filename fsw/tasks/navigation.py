"""Sends attitude and state vector in Tianwen-1's own packets, APIDs 1281 and 1287; knows the phase."""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary import tianwen1
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode, MissionPhase
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import Execute, Gather, Measured, Occurred, PlainPacket, Sample, Tick, Values


def _period_ns(period_s: float | None) -> int:
    assert period_s is not None
    return round(period_s * SECOND)


ATTITUDE_PERIOD_NS = _period_ns(tianwen1.ATTITUDE.period_s)
STATE_PERIOD_NS = _period_ns(tianwen1.STATE_VECTOR.period_s)


class Navigation:
    def __init__(self, clock: OnBoardClock) -> None:
        self._clock = clock
        self._state_due_ns = 0
        self._phase = MissionPhase.NONE
        self._phase_ns = 0
        self._phases = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        self._state_due_ns = now_ns
        return self._sample(now_ns)

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Tick("sample"):
                return self._sample(now_ns)
            case Measured():
                return self._report(message)
            case Execute(request, acknowledge, "MISSION_PHASE", arguments):
                return self._begin(MissionPhase[arguments["mission_phase"]], request, acknowledge, now_ns)
            case Gather(Structure.MISSION, reply_to):
                return [Send(reply_to, Values(self._values(now_ns)))]
        return ()

    def _sample(self, now_ns: int) -> list[Action]:
        return [
            Emit(names.SENSORS_PORT, Sample()),
            SetTimer("sample", now_ns + ATTITUDE_PERIOD_NS, Tick("sample")),
        ]

    def _begin(self, phase: MissionPhase, request: bytes, acknowledge: int, now_ns: int) -> list[Action]:
        if phase is self._phase:
            return [executed(request, acknowledge, FailureCode.ALREADY_SO)]
        self._phase, self._phase_ns = phase, now_ns
        self._phases += 1
        begun = Occurred(Event.MISSION_PHASE_BEGUN, {"mission_phase": phase.name})
        return [Send(names.EVENTS, begun), executed(request, acknowledge)]

    def _values(self, now_ns: int) -> dict[str, Any]:
        return {
            "mission_phase": self._phase.name,
            "phase_s": (now_ns - self._phase_ns) // SECOND,
            "phases_begun": self._phases,
        }

    def _report(self, measured: Measured) -> list[Action]:
        attitude = dict(zip(("attitude_w", "attitude_x", "attitude_y", "attitude_z"), measured.attitude))
        actions: list[Action] = [self._packet(tianwen1.ATTITUDE.apid, tianwen1.ATTITUDE.encode(attitude))]
        if measured.at_ns >= self._state_due_ns:
            self._state_due_ns += STATE_PERIOD_NS
            state: dict[str, int | float] = {"state_time": self._clock.ticks(measured.at_ns)}
            state |= zip(("position_x", "position_y", "position_z"), measured.position_km)
            state |= zip(("velocity_x", "velocity_y", "velocity_z"), measured.velocity_km_s)
            actions.append(self._packet(tianwen1.STATE_VECTOR.apid, tianwen1.STATE_VECTOR.encode(state)))
        return actions

    @staticmethod
    def _packet(apid: int, data: bytes) -> Send:
        return Send(names.DOWNLINK, PlainPacket(apid, data))

    def retained(self) -> dict[str, Any]:
        """The phase: it outlives a boot."""
        return {"phase": int(self._phase), "phase_ns": self._phase_ns, "phases": self._phases}

    def recall(self, retained: dict[str, Any]) -> None:
        self._phase = MissionPhase(retained["phase"])
        self._phase_ns, self._phases = retained["phase_ns"], retained["phases"]

    def save(self) -> dict[str, Any]:
        return {"state_due_ns": self._state_due_ns, **self.retained()}

    def load(self, saved: dict[str, Any]) -> None:
        self._state_due_ns = saved["state_due_ns"]
        self.recall(saved)
