"""Sends the rover's structures of ST[3], each at its interval.

At its time a structure's owner is asked for its values, and the report is made of the answer. A structure
whose owner does not answer is not sent.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.rover import STRUCTURES, RoverStructure
from fsw.kernel.scheduler import Action, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import pus_report
from fsw.tasks.messages import Gather, Tick, Values

_REPORTS = {RoverStructure(report.identifier or 0): report for report in STRUCTURES}
_OWNERS = {
    RoverStructure.ENERGY: names.FDIR,
    RoverStructure.MOBILITY: names.DRIVING,
    RoverStructure.LINK: names.DOWNLINK,
}
assert set(_OWNERS) == set(_REPORTS) == set(RoverStructure)
_FIRST_NS = 10 * SECOND  # after a boot the others have begun by then


class RoverHousekeeping:
    def __init__(self) -> None:
        self._sent = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        return [
            SetTimer(f"due {int(sid)}", now_ns + _FIRST_NS + k * SECOND, Tick("due", int(sid)))
            for k, sid in enumerate(_OWNERS)
        ]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Tick("due", number):
                sid = RoverStructure(number)
                period_ns = round(_REPORTS[sid].period_s or 0) * SECOND
                return [
                    Send(_OWNERS[sid], Gather(number, names.HOUSEKEEPING)),
                    SetTimer(f"due {number}", now_ns + period_ns, Tick("due", number)),
                ]
            case Values(values):
                for report in _REPORTS.values():
                    if values.keys() == {parameter.name for parameter in report.parameters}:
                        self._sent += 1
                        return [Send(names.DOWNLINK, pus_report(report, values))]
        return ()

    def save(self) -> dict[str, Any]:
        return {"sent": self._sent}

    def load(self, saved: dict[str, Any]) -> None:
        self._sent = saved["sent"]
