"""The sleeping lander stack's housekeeping, by the umbilical, on its own spacecraft identifier."""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.housekeeping import LANDER
from fsw.dictionary.identifiers import LANDER_APID, FailureCode
from fsw.kernel.scheduler import Action, CancelTimer, Emit, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed, report
from fsw.tasks.messages import Execute, Sample, Tick, Values

assert LANDER.period_s is not None
PERIOD_NS = round(LANDER.period_s * SECOND)
GIVE_UP_NS = 60 * SECOND


class Lander:
    def __init__(self) -> None:
        self._asked: list[Any] | None = None  # the connection test that waits: request, acknowledgement

    def start(self, now_ns: int) -> Iterable[Action]:
        return [SetTimer("sample", now_ns + SECOND, Tick("sample"))]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Tick("sample"):
                return [
                    Emit(names.LANDER_PORT, Sample()),
                    SetTimer("sample", now_ns + PERIOD_NS, Tick("sample")),
                ]
            case Values(values):
                return [*self._connected(), report("HOUSEKEEPING_LANDER", values)]
            case Execute(request, acknowledge, "CONNECTION_TEST", _):
                if self._asked is not None:
                    return [executed(request, acknowledge, FailureCode.BUSY)]
                self._asked = [request, acknowledge]
                # The umbilical's answer is the proof; the test fails by commanding's clock without one.
                return [
                    Emit(names.LANDER_PORT, Sample()),
                    SetTimer("asked", now_ns + GIVE_UP_NS, Tick("asked")),
                ]
            case Tick("asked"):
                self._asked = None
        return ()

    def _connected(self) -> list[Action]:
        if self._asked is None:
            return []
        (request, acknowledge), self._asked = self._asked, None
        return [
            CancelTimer("asked"),
            report("CONNECTED", {"application": LANDER_APID}),
            executed(request, acknowledge),
        ]

    def save(self) -> dict[str, Any]:
        return {"asked": None if self._asked is None else list(self._asked)}

    def load(self, saved: dict[str, Any]) -> None:
        self._asked = None if saved["asked"] is None else list(saved["asked"])
