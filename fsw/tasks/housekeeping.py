"""Sends the ST[3,25] structures, each at its period or on request.

At its time a structure's owners and gauges are asked for their values; a moment later the report is
made of the newest ones. A structure of which a value is not yet known is not sent: no report ever
shows a number that nobody measured.
"""

from collections.abc import Iterable
from typing import Any

from fsw import dictionary
from fsw.dictionary.housekeeping import REPORTS, Structure
from fsw.dictionary.identifiers import LANDER_APID, ORBITER_APID
from fsw.kernel.scheduler import Action, Send, SetTimer
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.tasks import names
from fsw.tasks.messages import Execute, Executed, PusReport, Tick, Values
from fsw.tasks.routing import OWNERS, gather

COMPOSE_AFTER_NS = MILLISECOND

_PERIOD_NS = {
    Structure(report.identifier): round(report.period_s * SECOND)
    for report in REPORTS
    if report.apid != LANDER_APID and report.identifier is not None and report.period_s is not None
}
assert set(_PERIOD_NS) == set(OWNERS)


class Housekeeping:
    def __init__(self) -> None:
        self._pool: dict[str, Any] = {}
        self._enabled = [int(sid) for sid in OWNERS]

    def start(self, now_ns: int) -> Iterable[Action]:
        # Staggered, so that the reports do not crowd one frame.
        return [
            SetTimer(f"due {int(sid)}", now_ns + (2 * k + 1) * SECOND // 8, Tick("due", int(sid)))
            for k, sid in enumerate(OWNERS)
        ]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Values(values):
                self._pool.update(values)
            case Tick("due", sid):
                again = SetTimer(f"due {sid}", now_ns + _PERIOD_NS[Structure(sid)], message)
                return [again, *(self._collect(sid, now_ns) if sid in self._enabled else ())]
            case Tick("compose", sid):
                return self._compose(Structure(sid))
            case Execute(request, acknowledge, name, arguments):
                done = Send(names.COMMANDING, Executed(request, acknowledge))
                return [*self._execute(name, arguments, now_ns), done]
        return ()

    def _execute(self, name: str, arguments: dict[str, Any], now_ns: int) -> list[Action]:
        sids = sorted({int(Structure[text]) for text in arguments["sids"]})
        if name == "HOUSEKEEPING_ONCE":
            return [action for sid in sids for action in self._collect(sid, now_ns)]
        kept = [sid for sid in self._enabled if sid not in sids]
        self._enabled = sorted([*kept, *sids]) if name == "HOUSEKEEPING_ENABLE" else kept
        return []

    def _collect(self, sid: int, now_ns: int) -> list[Action]:
        return [
            *gather(Structure(sid), names.HOUSEKEEPING),
            SetTimer(f"compose {sid}", now_ns + COMPOSE_AFTER_NS, Tick("compose", sid)),
        ]

    def _compose(self, sid: Structure) -> list[Action]:
        report = dictionary.report(f"HOUSEKEEPING_{sid.name}")
        values = {p.name: self._pool[p.name] for p in report.parameters if p.name in self._pool}
        if len(values) < len(report.parameters):
            return []
        return [Send(names.DOWNLINK, PusReport(ORBITER_APID, 3, 25, report.encode(values)))]

    def retained(self) -> dict[str, Any]:
        return {"enabled": list(self._enabled)}

    def recall(self, retained: dict[str, Any]) -> None:
        self._enabled = list(retained["enabled"])

    def save(self) -> dict[str, Any]:
        return {"pool": dict(self._pool), "enabled": list(self._enabled)}

    def load(self, saved: dict[str, Any]) -> None:
        self._pool = dict(saved["pool"])
        self._enabled = list(saved["enabled"])
