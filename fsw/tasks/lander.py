"""The sleeping lander stack's housekeeping, by the umbilical, on its own spacecraft identifier."""

from collections.abc import Iterable
from typing import Any

from fsw import dictionary
from fsw.dictionary.housekeeping import LANDER
from fsw.dictionary.identifiers import LANDER_APID
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.messages import PusReport, Sample, Tick, Values

assert LANDER.period_s is not None
PERIOD_NS = round(LANDER.period_s * SECOND)


class Lander:
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
                data = dictionary.report("HOUSEKEEPING_LANDER").encode(values)
                return [Send(names.DOWNLINK, PusReport(LANDER_APID, 3, 25, data))]
        return ()

    def save(self) -> dict[str, Any]:
        return {}

    def load(self, saved: dict[str, Any]) -> None:
        pass
