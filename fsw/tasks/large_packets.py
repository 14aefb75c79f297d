"""ST[13], uplink: puts large requests together of their parts, and has them carried out.

What comes of a request is told by its own verification reports; those of the parts tell of the parts. A
transfer whose next part does not come in time, or that goes wrong, is dropped and reported.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.scheduler import Action, CancelTimer, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.protocols.large_packets import AbortReason, Place, Reassembler
from fsw.protocols.pus import LONGEST_PACKET_OCTETS
from fsw.tasks import names
from fsw.tasks.answers import executed, report
from fsw.tasks.messages import Execute, Submit, Tick

PART_WITHIN_NS = 60 * SECOND
MOST_TRANSFERS = 4

_PLACES = {"LARGE_FIRST": Place.FIRST, "LARGE_NEXT": Place.NEXT, "LARGE_LAST": Place.LAST}
_FAILURES = {
    AbortReason.OUT_OF_ORDER: FailureCode.PART_OUT_OF_ORDER,
    AbortReason.TOO_LONG: FailureCode.REQUEST_TOO_LONG,
    AbortReason.TOO_MANY: FailureCode.QUEUE_FULL,
    AbortReason.UNKNOWN: FailureCode.UNKNOWN_TRANSFER,
}


class LargePackets:
    def __init__(self) -> None:
        self._transfers = Reassembler(MOST_TRANSFERS, LONGEST_PACKET_OCTETS)

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(_, _, name, arguments):
                return self._part(message, _PLACES[name], arguments, now_ns)
            case Tick("part", transfer) if transfer in self._transfers:
                self._transfers.drop(transfer)
                return [_aborted(transfer, AbortReason.TIMED_OUT)]
        return ()

    def _part(self, execute: Execute, place: Place, arguments: dict[str, Any], now_ns: int) -> list[Action]:
        transfer = arguments["transaction"]
        actions: list[Action] = []
        if place is Place.FIRST and transfer in self._transfers:
            actions.append(_aborted(transfer, AbortReason.BEGUN_ANEW))
        result = self._transfers.take(transfer, place, arguments["part_number"], arguments["part"])
        timer = f"part {transfer}"
        failure = None
        if isinstance(result, AbortReason):
            failure = _FAILURES[result]
            actions += [CancelTimer(timer), _aborted(transfer, result)]
        elif result is None:
            actions.append(SetTimer(timer, now_ns + PART_WITHIN_NS, Tick("part", transfer)))
        else:
            actions += [CancelTimer(timer), Send(names.COMMANDING, Submit(result))]
        return [*actions, executed(execute.request, execute.acknowledge, failure)]

    def save(self) -> dict[str, Any]:
        return {"transfers": self._transfers.save()}

    def load(self, saved: dict[str, Any]) -> None:
        self._transfers.load(saved["transfers"])


def _aborted(transfer: int, reason: AbortReason) -> Send:
    values = {"transaction": transfer, "reason": reason.name}
    return report("LARGE_UPLINK_ABORTED", values)
