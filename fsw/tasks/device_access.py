"""ST[2] device access: pulses to on/off devices, registers loaded and dumped, physical and logical devices.

What is switched or loaded is read back before it is called done.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st02_device_access import LINES, REGISTERS
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.tasks import names
from fsw.tasks.answers import executed, report, together
from fsw.tasks.device_transactions import ACQUIRING, COMMANDING, acquired, failed, question, understood
from fsw.tasks.messages import (
    Execute,
    LoadRegisters,
    ReadRegisters,
    RegistersTold,
    SwitchLines,
)

MOST_JOBS = 8


class DeviceAccess:
    def __init__(self) -> None:
        self._jobs: dict[int, list[Any]] = {}  # by number: name, request, acknowledge, what was asked
        self._number = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case RegistersTold(job, contents):
                return self._told(job, contents)
            case Execute(request, acknowledge, name, arguments):
                failure = self._refused(name, arguments)
                if failure is not None:
                    return [executed(request, acknowledge, failure)]
                return self._begin(name, request, acknowledge, arguments)
        return ()

    def _refused(self, name: str, arguments: dict[str, Any]) -> FailureCode | None:
        if name == "DEVICES_SWITCH":
            if any(address not in LINES for address in arguments["lines"]):
                return FailureCode.NO_SUCH_ITEM
        elif name == "REGISTERS_DUMP":
            if any(address not in REGISTERS for address in arguments["registers"]):
                return FailureCode.NO_SUCH_ITEM
        elif name in COMMANDING | ACQUIRING:
            instructions = understood(name, arguments["instructions"])
            if isinstance(instructions, FailureCode):
                return instructions
        else:
            for entry in arguments["registers"]:
                found = REGISTERS.get(entry["register"])
                if found is None:
                    return FailureCode.NO_SUCH_ITEM
                if not found.loadable:
                    return FailureCode.MEMORY_READ_ONLY
                if len(entry["data"]) != found.octets:
                    return FailureCode.REGISTER_LENGTH_WRONG
        return FailureCode.BUSY if len(self._jobs) >= MOST_JOBS else None

    def _begin(self, name: str, request: bytes, acknowledge: int, arguments: dict[str, Any]) -> list[Action]:
        self._number += 1
        asked: list[Any]
        to_devices: SwitchLines | LoadRegisters | ReadRegisters
        if name == "DEVICES_SWITCH":
            asked = list(arguments["lines"])
            to_devices = SwitchLines(self._number, tuple(asked))
        elif name == "REGISTERS_LOAD":
            asked = [[entry["register"], entry["data"]] for entry in arguments["registers"]]
            to_devices = LoadRegisters(self._number, tuple((address, data) for address, data in asked))
        elif name == "REGISTERS_DUMP":
            asked = list(arguments["registers"])
            to_devices = ReadRegisters(self._number, tuple(asked))
        else:
            instructions = understood(name, arguments["instructions"])
            assert not isinstance(instructions, FailureCode), "refused before"
            if name in COMMANDING:
                return self._command_on(name, request, acknowledge, instructions, [])
            asked = instructions
            to_devices = ReadRegisters(self._number, tuple(address for _, address, _, _ in asked))
        self._jobs[self._number] = [name, request, acknowledge, asked]
        return [Emit(names.DEVICES_PORT, to_devices)]

    def _command_on(
        self,
        name: str,
        request: bytes,
        acknowledge: int,
        commands: list[list[Any]],
        failures: list[FailureCode | None],
    ) -> list[Action]:
        """The first of the commands that are left, or the end. failures: of those before."""
        if not commands:
            return [executed(request, acknowledge, together(failures))]
        self._jobs[self._number] = [name, request, acknowledge, [commands, failures]]
        return [Emit(names.DEVICES_PORT, question(self._number, commands[0]))]

    def _told(self, number: int, contents: tuple[bytes, ...]) -> list[Action]:
        match self._jobs.pop(number, None):
            case ["DEVICES_SWITCH", request, acknowledge, lines]:
                done = len(contents) == 1 and _switched(lines, int.from_bytes(contents[0], "big"))
                return [executed(request, acknowledge, None if done else FailureCode.NOT_KEPT)]
            case ["REGISTERS_LOAD", request, acknowledge, loads]:
                latest = {address: data for address, data in loads}
                kept = list(contents) == [latest[address] for address, _ in loads]
                return [executed(request, acknowledge, None if kept else FailureCode.NOT_KEPT)]
            case ["REGISTERS_DUMP", request, acknowledge, registers]:
                if [len(data) for data in contents] != [REGISTERS[at].octets for at in registers]:
                    return [executed(request, acknowledge, FailureCode.NO_ANSWER)]
                return [_dumped(registers, contents), executed(request, acknowledge)]
            case [name, request, acknowledge, asked] if name in ACQUIRING:
                reports, failures = acquired(name, asked, contents)
                return [*reports, executed(request, acknowledge, together(failures))]
            case [name, request, acknowledge, [commands, failures]]:
                self._number += 1
                failures = [*failures, failed(commands[0], contents)]
                return self._command_on(name, request, acknowledge, commands[1:], failures)
        return []

    # ---- what outlives this task ----------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """The number goes on, so that an answer to what its predecessor asked is not taken for its own."""
        return {"number": self._number}

    def recall(self, retained: dict[str, Any]) -> None:
        self._number = int(retained["number"])

    def save(self) -> dict[str, Any]:
        return {"jobs": {key: list(job) for key, job in self._jobs.items()}, "number": self._number}

    def load(self, saved: dict[str, Any]) -> None:
        self._jobs = {key: list(job) for key, job in saved["jobs"].items()}
        self._number = saved["number"]


def _switched(lines: list[int], power_lines: int) -> bool:
    """Whether each device is as the last pulse to it says."""
    wanted = {LINES[at].bit: LINES[at].on for at in lines}
    return all(bool(power_lines >> bit & 1) == on for bit, on in wanted.items())


def _dumped(registers: list[int], contents: tuple[bytes, ...]) -> Send:
    entries = [{"register": at, "data": data} for at, data in zip(registers, contents, strict=True)]
    return report("REGISTERS_DUMPED", {"registers": entries})
