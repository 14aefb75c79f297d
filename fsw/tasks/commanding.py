"""Takes telecommands in, decides on their acceptance, routes them, and reports what becomes of them.

ECSS-E-ST-70-41C 6.1 (request verification): every request ends in a report, also when the task that
should execute it never answers.
"""

import copy
from collections.abc import Iterable
from typing import Any

from fsw import dictionary
from fsw.core.telecommand import TelecommandReceiver
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode
from fsw.kernel.scheduler import Action, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.tasks import names
from fsw.tasks.messages import Execute, Executed, Gather, Occurred, PusReport, Tick, Uplinked, Values

ANSWER_WITHIN_NS = 60 * SECOND
MAX_PENDING = 64

_FIRST_COMPLETION_CODE = 64
_SERVICES = dictionary.known_services()
_APIDS = frozenset({ORBITER_APID})
_TASK_OF = {
    "RELEASE_ARM": names.RELEASE,
    "RELEASE_FIRE": names.RELEASE,
    "WIFI": names.RELAY,
    "CAMERA_START": names.RELAY,
    "CAMERA_STOP": names.RELAY,
    "CAMERA_MODE": names.RELAY,
    "CAMERA_EXPOSURE": names.RELAY,
    "SELECT_PICTURES": names.SELECTION,
    "DOWNLINK_RATE": names.DOWNLINK,
    "DUMP_START": names.MASS_MEMORY,
    "DUMP_STOP": names.MASS_MEMORY,
    "HOUSEKEEPING_ONCE": names.HOUSEKEEPING,
    "HOUSEKEEPING_ENABLE": names.HOUSEKEEPING,
    "HOUSEKEEPING_DISABLE": names.HOUSEKEEPING,
    "EVENTS_ENABLE": names.EVENTS,
    "EVENTS_DISABLE": names.EVENTS,
}
assert set(_TASK_OF) | {"PING"} == {command.name for command in dictionary.telecommands()}


class Commanding:
    """spacecraft_id: of the telecommand frames. randomized: whether CLTUs are (managed parameter)."""

    def __init__(self, spacecraft_id: int, randomized: bool) -> None:
        self._receiver = TelecommandReceiver(spacecraft_id, randomized, segmented=(0,))
        self._accepted = 0
        self._rejected = 0
        self._pending: dict[bytes, list[int]] = {}  # request: acknowledgement flags, deadline [ns]

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Uplinked(octets):
                return [
                    action
                    for packet in self._receiver.feed(octets)
                    for action in self._request(packet.encode(), now_ns)
                ]
            case Executed():
                return self._executed(message)
            case Tick("overdue"):
                return self._overdue(now_ns)
            case Gather(Structure.COMPUTER):
                return [Send(names.HOUSEKEEPING, Values(self._values()))]
            case Gather(Structure.RADIO):
                cltus = self._receiver.counters["starts"]
                return [Send(names.HOUSEKEEPING, Values({"uplink_cltus": cltus}))]
        return ()

    def _request(self, packet: bytes, now_ns: int) -> list[Action]:
        verdict = pus.check_acceptance(packet, _APIDS, _SERVICES)
        if isinstance(verdict, pus.AcceptanceFailure):
            return self._refuse(packet, FailureCode(int(verdict)))
        found = dictionary.recognise_telecommand(verdict.service, verdict.subtype, verdict.application_data)
        if isinstance(found, FailureCode):
            return self._refuse(packet, found)
        command, arguments = found
        request, acknowledge = packet[:4], int(verdict.acknowledge)
        self._accepted += 1
        actions: list[Action] = []
        if acknowledge & pus.Acknowledge.ACCEPTANCE:
            actions.append(_verification(1, request))
        # Well formed, so accepted; but reports of two with one identifier could not be told apart.
        if len(self._pending) >= MAX_PENDING or request in self._pending:
            return actions + self._finished(request, acknowledge, FailureCode.QUEUE_FULL)
        if command.name == "PING":
            actions.append(Send(names.DOWNLINK, PusReport(ORBITER_APID, 17, 2, b"")))
            return actions + self._finished(request, acknowledge, None)
        deadline_ns = now_ns + ANSWER_WITHIN_NS
        self._pending[request] = [acknowledge, deadline_ns]
        execute = Execute(request, acknowledge, command.name, arguments)
        actions.append(Send(_TASK_OF[command.name], execute))
        actions.append(SetTimer("overdue", min(d for _, d in self._pending.values()), Tick("overdue")))
        return actions

    def _refuse(self, packet: bytes, code: FailureCode) -> list[Action]:
        self._rejected += 1
        packet_id, sequence = int.from_bytes(packet[:2], "big"), int.from_bytes(packet[2:4], "big")
        values = {"request_packet_id": packet_id, "request_sequence": sequence, "failure_code": code.name}
        subtype = 10 if code is FailureCode.UNKNOWN_APID else 2
        return [
            _verification(subtype, packet[:4], code),
            Send(names.EVENTS, Occurred(Event.TC_REJECTED, values)),
        ]

    def _executed(self, answer: Executed) -> list[Action]:
        if self._pending.pop(answer.request, None) is None:
            return []  # its time had run out, and that was reported
        return self._finished(answer.request, answer.acknowledge, answer.failure)

    def _overdue(self, now_ns: int) -> list[Action]:
        actions: list[Action] = []
        for request, (acknowledge, deadline_ns) in list(self._pending.items()):
            if deadline_ns <= now_ns:
                del self._pending[request]
                actions += self._finished(request, acknowledge, FailureCode.NO_ANSWER)
        if self._pending:
            actions.append(SetTimer("overdue", min(d for _, d in self._pending.values()), Tick("overdue")))
        return actions

    def _finished(self, request: bytes, acknowledge: int, failure: FailureCode | None) -> list[Action]:
        """Reports of start and completion. Failures are always reported (6.1.4.3)."""
        if failure is not None and failure < _FIRST_COMPLETION_CODE:
            return [_verification(4, request, failure)]
        actions: list[Action] = []
        if acknowledge & pus.Acknowledge.START:
            actions.append(_verification(3, request))
        if failure is not None:
            actions.append(_verification(8, request, failure))
        elif acknowledge & pus.Acknowledge.COMPLETION:
            actions.append(_verification(7, request))
        return actions

    def _values(self) -> dict[str, Any]:
        dropped = sum(self._receiver.discarded.values())
        return {"tc_accepted": self._accepted, "tc_rejected": self._rejected, "tc_frames_rejected": dropped}

    def save(self) -> dict[str, Any]:
        return {
            "receiver": self._receiver.save(),
            "accepted": self._accepted,
            "rejected": self._rejected,
            "pending": copy.deepcopy(self._pending),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._receiver.load(saved["receiver"])
        self._accepted = saved["accepted"]
        self._rejected = saved["rejected"]
        self._pending = copy.deepcopy(saved["pending"])


def _verification(subtype: int, request: bytes, code: FailureCode | None = None) -> Send:
    report = dictionary.report_for(ORBITER_APID, 1, subtype)
    values: dict[str, Any] = {
        "request_packet_id": int.from_bytes(request[:2], "big"),
        "request_sequence": int.from_bytes(request[2:4], "big"),
    }
    if code is not None:
        values["failure_code"] = code.name
    return Send(names.DOWNLINK, PusReport(ORBITER_APID, 1, subtype, report.encode(values)))
