"""ST[2] physical and logical devices: what an instruction means on the device bus, and how it went.

Plain data, which the task `device_access` keeps while it waits: a command is ["switch", line] or
["load", address, octets]; an acquisition is [transaction, address, octets expected, bit or None].
"""

from typing import Any

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.services.st02_device_access import LINES, REGISTERS
from fsw.dictionary.services.st02_devices import (
    LOGICAL_DEVICES,
    BusUnit,
    DeviceCommand,
    TransactionStatus,
)
from fsw.kernel.scheduler import Send
from fsw.tasks.answers import report
from fsw.tasks.messages import LoadRegisters, SwitchLines

COMMANDING = frozenset({"PHYSICAL_DEVICES_COMMAND", "LOGICAL_DEVICES_COMMAND"})
ACQUIRING = frozenset({"PHYSICAL_DEVICES_ACQUIRE", "LOGICAL_DEVICES_ACQUIRE"})
_UNITS = frozenset(BusUnit)


def understood(name: str, instructions: list[dict[str, Any]]) -> list[list[Any]] | FailureCode:
    """The instructions of a request as plain data, or why they make no sense."""
    found: list[list[Any]] = []
    for instruction in instructions:
        one = _physical(instruction) if name.startswith("PHYSICAL") else _logical(instruction)
        if isinstance(one, FailureCode):
            return one
        found.append(one)
    return found


def _physical(instruction: dict[str, Any]) -> list[Any] | FailureCode:
    if instruction["device"] not in _UNITS:
        return FailureCode.NO_SUCH_DEVICE
    address = instruction["device"] << 4 | instruction["sub_address"]
    if "data" in instruction:
        return ["load", address, instruction["data"]]
    return [instruction["transaction"], address, instruction["octets"], None]


def _logical(instruction: dict[str, Any]) -> list[Any] | FailureCode:
    device = LOGICAL_DEVICES.get(instruction["device"])
    if device is None:
        return FailureCode.NO_SUCH_DEVICE
    if "parameter" in instruction:
        source = device.parameters.get(instruction["parameter"])
        if source is None:
            return FailureCode.NO_SUCH_DEVICE_PARAMETER
        octets = REGISTERS[source.register].octets
        return [instruction["transaction"], int(source.register), octets, source.bit]
    command, octets = instruction["command"], instruction["arguments"]
    if command == DeviceCommand.SWITCH and device.lines is not None:
        if octets not in (b"\0", b"\1"):
            return FailureCode.DEVICE_ARGUMENTS_WRONG
        return ["switch", int(device.lines[octets[0]])]
    if command == DeviceCommand.LOAD and device.loaded is not None:
        if len(octets) != REGISTERS[device.loaded].octets:
            return FailureCode.DEVICE_ARGUMENTS_WRONG
        return ["load", int(device.loaded), octets]
    return FailureCode.NO_SUCH_DEVICE_COMMAND


def question(job: int, command: list[Any]) -> SwitchLines | LoadRegisters:
    """What the devices are told to do."""
    match command:
        case ["switch", line]:
            return SwitchLines(job, (line,))
        case ["load", address, octets]:
            return LoadRegisters(job, ((address, octets),))
    raise AssertionError(command)


def failed(command: list[Any], contents: tuple[bytes, ...]) -> FailureCode | None:
    """By what the devices told then: why the command failed, or None."""
    if len(contents) != 1 or not contents[0]:
        return FailureCode.NO_ANSWER
    match command:
        case ["switch", line]:
            on = int.from_bytes(contents[0], "big") >> LINES[line].bit & 1
            return None if on == LINES[line].on else FailureCode.NOT_KEPT
        case ["load", _, octets]:
            return None if contents[0] == octets else FailureCode.NOT_KEPT
    raise AssertionError(command)


def acquired(
    name: str, acquisitions: list[list[Any]], contents: tuple[bytes, ...]
) -> tuple[list[Send], list[FailureCode | None]]:
    """Reports of what the devices told, and how each acquisition failed, None for success."""
    reports: list[Send] = []
    failures: list[FailureCode | None] = []
    told = contents if len(contents) == len(acquisitions) else (b"",) * len(acquisitions)
    for (transaction, _, octets, bit), data in zip(acquisitions, told, strict=True):
        status = TransactionStatus.OK
        if len(data) != octets:
            status = TransactionStatus.WRONG_LENGTH if data else TransactionStatus.NO_RESPONSE
            data = b""
        elif bit is not None:
            data = bytes([int.from_bytes(data, "big") >> bit & 1])
        kind = "PHYSICAL" if name.startswith("PHYSICAL") else "LOGICAL"
        values = {"transaction": transaction, "status": status.name, "data": data}
        reports.append(report(f"{kind}_DEVICE_DATA", values))
        failures.append(None if status is TransactionStatus.OK else FailureCode.NO_ANSWER)
    return reports, failures
