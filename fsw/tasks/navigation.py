"""Sends attitude and state vector in Tianwen-1's own packets, APIDs 1281 and 1287."""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary import tianwen1
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import Measured, PlainPacket, Sample, Tick


def _period_ns(period_s: float | None) -> int:
    assert period_s is not None
    return round(period_s * SECOND)


ATTITUDE_PERIOD_NS = _period_ns(tianwen1.ATTITUDE.period_s)
STATE_PERIOD_NS = _period_ns(tianwen1.STATE_VECTOR.period_s)


class Navigation:
    def __init__(self, clock: OnBoardClock) -> None:
        self._clock = clock
        self._state_due_ns = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        self._state_due_ns = now_ns
        return self._sample(now_ns)

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Tick("sample"):
                return self._sample(now_ns)
            case Measured():
                return self._report(message)
        return ()

    def _sample(self, now_ns: int) -> list[Action]:
        return [
            Emit(names.SENSORS_PORT, Sample()),
            SetTimer("sample", now_ns + ATTITUDE_PERIOD_NS, Tick("sample")),
        ]

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

    def save(self) -> dict[str, Any]:
        return {"state_due_ns": self._state_due_ns}

    def load(self, saved: dict[str, Any]) -> None:
        self._state_due_ns = saved["state_due_ns"]
