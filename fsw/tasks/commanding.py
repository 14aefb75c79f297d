"""Takes telecommands in, decides on their acceptance, routes them, and reports what becomes of them.

ECSS-E-ST-70-41C 6.1 (request verification): every request ends in a report, also when the task that
should execute it never answers.
"""

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FILE_UNITS_APID, FailureCode
from fsw.dictionary.settings import SETTINGS, SettableParameter
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.protocols.telecommand_reception import ReceptionSettings, TelecommandReception
from fsw.tasks import frame_security, names
from fsw.tasks.answers import pus_report
from fsw.tasks.file_messages import FileUnit
from fsw.tasks.messages import (
    AskControlWords,
    AskParameters,
    Commanded,
    ControlWords,
    Execute,
    Executed,
    Gather,
    Occurred,
    Outcome,
    ParameterChanged,
    Progressed,
    ReceiverLock,
    SafeMode,
    Sample,
    Submit,
    Tick,
    Uplinked,
    Values,
)
from fsw.tasks.routing import ORBITER, Computer

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.protocols.sdls_link import SpacecraftSecurity

MAX_PENDING = 64

_FILE_UNITS = (1 << 12 | FILE_UNITS_APID).to_bytes(2, "big")  # no secondary header
PRIMARY_HEADER_OCTETS = 6


class Commanding:
    """settings: of the telecommand channels. security: of their frames, with memory of its own.

    What is accepted but not yet executed fills this task's list; while it is full FARM-1 asks the ground to
    wait, so that no type-AD frame is taken of which the request would have to be refused.
    """

    def __init__(
        self,
        settings: ReceptionSettings,
        security: "SpacecraftSecurity | None" = None,
        computer: Computer = ORBITER,
    ) -> None:
        self._security = security
        self._computer = computer
        self._services = computer.book.known_services()
        self._apids = frozenset({computer.book.apid})
        process = None if security is None else security.process
        self._reception = TelecommandReception(settings, room=self._room, process_security=process)
        self._told: tuple[bytes, ...] = ()  # the control words that the downlink has
        self._locked = self._reception.locked
        self._accepted = 0
        self._rejected = 0
        self._answer_within_s = SETTINGS[SettableParameter.ANSWER_WITHIN_S].default
        self._pending: dict[bytes, list[Any]] = {}  # request: acknowledgement flags, deadline [ns], asker
        self._lost: list[tuple[bytes, int]] = []  # requests that were under way before a restart
        self._safe = False
        self._turns: dict[str, int] = {}  # by asker: the channel whose turn it is to be told of

    def start(self, now_ns: int) -> Iterable[Action]:
        self._locked = self._reception.locked
        lost, self._lost = self._lost, []
        actions = [
            action
            for request, acknowledge in lost
            for action in self._finished(request, acknowledge, FailureCode.LOST_IN_RESET, None)
        ]
        ask = [Send(names.PARAMETERS, AskParameters(names.COMMANDING))] if self._computer.settable else []
        return [Emit(names.RECEIVER_PORT, Sample()), *ask, *self._tell(), *actions]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        if isinstance(message, Gather) and not self._reception.waits:  # as most are: nothing changes by it
            return self._handle(message, now_ns)
        actions = list(self._handle(message, now_ns))
        self._reception.room_made()
        refused = frame_security.refused_frames(self._security)
        return actions + refused + self._lockouts() + self._tell()

    def _handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Uplinked(octets):
                return [
                    action for packet in self._reception.feed(octets) for action in self._take(packet, now_ns)
                ]
            case ReceiverLock(carrier, bits):
                self._reception.set_link(carrier=carrier, bits=bits)
            case AskControlWords():
                self._told = ()
            case SafeMode(on):
                self._safe = on
            case Submit(packet, answer_to):
                return self._request(packet, now_ns, answer_to)
            case Progressed(request, acknowledge, step):
                if request in self._pending:  # who makes progress has time again
                    self._pending[request][1] = now_ns + round(self._answer_within_s * SECOND)
                wanted = acknowledge & pus.Acknowledge.PROGRESS
                return [self._verification(5, request, step=step)] if wanted else []
            case Executed():
                return self._executed(message)
            case ParameterChanged(SettableParameter.ANSWER_WITHIN_S, value):
                self._answer_within_s = value
            case Tick("overdue"):
                return self._overdue(now_ns)
            case Gather(Structure.SECURITY, reply_to):
                return [Send(reply_to, Values(frame_security.values(self._security)))]
            case Gather(Structure.COMPUTER, reply_to):
                return [Send(reply_to, Values(self._values()))]
            case Gather(Structure.RADIO, reply_to):
                return [Send(reply_to, Values({"uplink_cltus": self._reception.starts}))]
            case Gather(Structure.UPLINK, reply_to):
                turn = self._turns.get(reply_to, 0)
                self._turns[reply_to] = (turn + 1) % len(self._reception.farms)
                return [Send(reply_to, Values(self._reception.values(turn)))]
        return ()

    def _room(self, in_hand: int) -> bool:
        return len(self._pending) + in_hand < MAX_PENDING

    def _lockouts(self) -> list[Action]:
        """Events of the channels that were locked, or unlocked."""
        before, self._locked = self._locked, self._reception.locked
        actions: list[Action] = []
        for channel, locked in self._locked.items():
            if locked != before[channel]:
                expected = self._reception.farms[channel].expected
                values = {"virtual_channel": channel, "farm_expected": expected}
                event = Event.FARM_LOCKOUT if locked else Event.FARM_UNLOCKED
                actions.append(Send(names.EVENTS, Occurred(event, values)))
        return actions

    def _tell(self) -> list[Action]:
        """The control words, if they have changed."""
        words = self._reception.control_words()
        if words == self._told:
            return []
        self._told = words
        return [Send(names.DOWNLINK, ControlWords(words))]

    def _take(self, packet: bytes, now_ns: int) -> list[Action]:
        """A packet from the radio: a data unit of CFDP or a telecommand."""
        if packet[:2] == _FILE_UNITS:
            return [Send(names.FILES, FileUnit(packet[PRIMARY_HEADER_OCTETS:]))]
        return self._request(packet, now_ns)

    def _request(self, packet: bytes, now_ns: int, answer_to: str | None = None) -> list[Action]:
        verdict = pus.check_acceptance(packet, self._apids, self._services)
        if isinstance(verdict, pus.AcceptanceFailure):
            return self._refuse(packet, FailureCode(int(verdict)), answer_to)
        found = self._computer.book.recognise_telecommand(
            verdict.service, verdict.subtype, verdict.application_data
        )
        if isinstance(found, FailureCode):
            return self._refuse(packet, found, answer_to)
        command, arguments = found
        request, acknowledge = packet[:4], int(verdict.acknowledge)
        self._accepted += 1
        # Only the ground's count for the command loss timer.
        actions: list[Action] = [Send(names.FDIR, Commanded())] if answer_to is None else []
        if acknowledge & pus.Acknowledge.ACCEPTANCE:
            actions.append(self._verification(1, request))
        # Well formed, so accepted; but reports of two with one identifier could not be told apart.
        if len(self._pending) >= MAX_PENDING or request in self._pending:
            return actions + self._finished(request, acknowledge, FailureCode.QUEUE_FULL, answer_to)
        if self._safe and not command.in_safe_mode:
            return actions + self._finished(request, acknowledge, FailureCode.NOT_IN_SAFE_MODE, answer_to)
        task = self._computer.task_for(command, arguments)
        if command.name == frame_security.PROCEDURE:
            answers, failure = frame_security.execute(self._security, arguments)
            return [*actions, *answers, *self._finished(request, acknowledge, failure, answer_to)]
        if task == names.COMMANDING:  # the connection test: nobody needs to be asked
            actions.append(Send(names.DOWNLINK, pus_report(self._computer.book.report("ALIVE"), {})))
            return actions + self._finished(request, acknowledge, None, answer_to)
        self._pending[request] = [acknowledge, now_ns + round(self._answer_within_s * SECOND), answer_to]
        execute = Execute(request, acknowledge, command.name, arguments)
        actions.append(Send(task, execute))
        actions.append(self._next_overdue())
        return actions

    def _refuse(self, packet: bytes, code: FailureCode, answer_to: str | None) -> list[Action]:
        self._rejected += 1
        packet_id, sequence = int.from_bytes(packet[:2], "big"), int.from_bytes(packet[2:4], "big")
        values = {"request_packet_id": packet_id, "request_sequence": sequence, "failure_code": code.name}
        subtype = 10 if code is FailureCode.UNKNOWN_APID else 2
        return [
            self._verification(subtype, packet[:4], code),
            Send(names.EVENTS, Occurred(Event.TC_REJECTED, values)),
            *_answer(answer_to, packet[:4], code),
        ]

    def _executed(self, answer: Executed) -> list[Action]:
        pending = self._pending.pop(answer.request, None)
        if pending is None:
            return []  # its time had run out, and that was reported
        return self._finished(answer.request, answer.acknowledge, answer.failure, pending[2])

    def _overdue(self, now_ns: int) -> list[Action]:
        actions: list[Action] = []
        for request, (acknowledge, deadline_ns, answer_to) in list(self._pending.items()):
            if deadline_ns <= now_ns:
                del self._pending[request]
                actions += self._finished(request, acknowledge, FailureCode.NO_ANSWER, answer_to)
        return [*actions, self._next_overdue()] if self._pending else actions

    def _next_overdue(self) -> SetTimer:
        return SetTimer(
            "overdue", min(deadline for _, deadline, _ in self._pending.values()), Tick("overdue")
        )

    def _finished(
        self, request: bytes, acknowledge: int, failure: FailureCode | None, answer_to: str | None
    ) -> list[Action]:
        """Reports of start and completion, failures always (6.1.4.3), and the answer to who submitted it."""
        actions: list[Action] = []
        if failure is not None and failure.at_start:
            actions.append(self._verification(4, request, failure))
            return actions + _answer(answer_to, request, failure)
        if acknowledge & pus.Acknowledge.START:
            actions.append(self._verification(3, request))
        if failure is not None:
            actions.append(self._verification(8, request, failure))
        elif acknowledge & pus.Acknowledge.COMPLETION:
            actions.append(self._verification(7, request))
        return actions + _answer(answer_to, request, failure)

    def _verification(
        self, subtype: int, request: bytes, code: FailureCode | None = None, step: int | None = None
    ) -> Send:
        declared = self._computer.book.report_for(self._computer.book.apid, 1, subtype)
        values: dict[str, Any] = {
            "request_packet_id": int.from_bytes(request[:2], "big"),
            "request_sequence": int.from_bytes(request[2:4], "big"),
        }
        if step is not None:
            values["step"] = step
        if code is not None:
            values["failure_code"] = code.name
        return Send(names.DOWNLINK, pus_report(declared, values))

    def _values(self) -> dict[str, Any]:
        return {
            "tc_accepted": self._accepted,
            "tc_rejected": self._rejected,
            "tc_frames_rejected": self._reception.dropped,
        }

    def retained(self) -> dict[str, Any]:
        """Counters, and the requests under way: nobody will answer them any more, but for us.

        And COP-1: a type-AD frame that was acknowledged must not be taken again.
        """
        lost = [[request, row[0]] for request, row in self._pending.items()]
        farms = self._reception.farm_states()
        return {"accepted": self._accepted, "rejected": self._rejected, "lost": lost, "farms": farms}

    def recall(self, retained: dict[str, Any]) -> None:
        self._reception.recall_farms(retained["farms"])
        self._accepted, self._rejected = retained["accepted"], retained["rejected"]
        self._lost = [(request, acknowledge) for request, acknowledge in retained["lost"]]

    def save(self) -> dict[str, Any]:
        return {
            "safe": self._safe,
            "reception": self._reception.save(),
            "told": self._told,
            "accepted": self._accepted,
            "rejected": self._rejected,
            "answer_within_s": self._answer_within_s,
            "pending": copy.deepcopy(self._pending),
            "turns": dict(self._turns),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._reception.load(saved["reception"])
        self._told = saved["told"]
        self._safe = saved["safe"]
        self._locked = self._reception.locked
        self._accepted = saved["accepted"]
        self._rejected = saved["rejected"]
        self._answer_within_s = saved["answer_within_s"]
        self._pending = copy.deepcopy(saved["pending"])
        self._turns = dict(saved["turns"])


def _answer(answer_to: str | None, request: bytes, failure: FailureCode | None) -> list[Action]:
    return [Send(answer_to, Outcome(request, failure))] if answer_to else []
