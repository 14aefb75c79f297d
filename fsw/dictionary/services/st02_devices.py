"""ST[2] device access (ECSS-E-ST-70-41C 6.2.7, 8.2): physical and logical devices. Ours.

Physical devices are the units on the device bus. Its protocol: a unit is reached by its number and a
sub-address, takes octets or gives as many as it is asked for, and from a sub-address where nothing is there
comes no response. What a unit is sent is not checked before: [2,2] and [2,5] are for the registers that are
known on board, this is for what is in no table.

Logical devices are what these units are for. The software knows the lines and registers behind them.

Instructions are carried out in the order given, all of them, whether or not one before has failed; but none
when one of them makes no sense. Of each acquisition there is one report.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.services.st02_device_access import MOST_OCTETS, OnOffAddress, RegisterAddress
from fsw.dictionary.telecommand import Argument, ArgumentGroup

MOST_INSTRUCTIONS = 16


class BusUnit(IntEnum):
    """Physical devices: the upper part of the addresses of registers."""

    POWER = 0x0
    RECEIVER = 0x1
    WIFI = 0x2
    THERMOMETERS = 0x3
    TEST = 0xF


class LogicalDevice(IntEnum):
    RELEASE_BAY_HEATER = 1
    SPARE_AMPLIFIER_HEATER = 2
    RECEIVER = 3
    WIFI = 4
    TEST = 5


class DeviceCommand(IntEnum):
    """SWITCH: one octet, 0 off or 1 on. LOAD: as many octets as the device holds."""

    SWITCH = 1
    LOAD = 2


class DeviceParameter(IntEnum):
    """STATE: one octet, bit 0 on, heater or access point, or carrier; 1 bits, or linked. WARMTH: 0.001 K.
    LOCKS: times. RATE: kbit/s. CONTENTS: what was loaded last."""

    STATE = 1
    WARMTH = 2
    LOCKS = 3
    RATE = 4
    CONTENTS = 5


class TransactionStatus(IntEnum):
    """How an acquisition went: WRONG_LENGTH when the device gave another number of octets."""

    OK = 0
    NO_RESPONSE = 1
    WRONG_LENGTH = 2


@dataclass(frozen=True, slots=True)
class Source:
    """Where a parameter is read: in a register, or in one bit of it, 0 the least significant."""

    register: int
    bit: int | None = None


@dataclass(frozen=True, slots=True)
class LogicalFormat:
    """lines: pulses that switch it off and on. loaded: the register that LOAD loads. parameters: by
    DeviceParameter."""

    lines: tuple[int, int] | None = None
    loaded: int | None = None
    parameters: dict[int, Source] = field(default_factory=dict)


LOGICAL_DEVICES: dict[int, LogicalFormat] = {
    LogicalDevice.RELEASE_BAY_HEATER: LogicalFormat(
        lines=(OnOffAddress.RELEASE_BAY_HEATER_OFF, OnOffAddress.RELEASE_BAY_HEATER_ON),
        parameters={
            DeviceParameter.STATE: Source(RegisterAddress.POWER_LINES, 0),
            DeviceParameter.WARMTH: Source(RegisterAddress.RELEASE_BAY_WARMTH),
        },
    ),
    LogicalDevice.SPARE_AMPLIFIER_HEATER: LogicalFormat(
        lines=(OnOffAddress.SPARE_AMPLIFIER_HEATER_OFF, OnOffAddress.SPARE_AMPLIFIER_HEATER_ON),
        parameters={
            DeviceParameter.STATE: Source(RegisterAddress.POWER_LINES, 1),
            DeviceParameter.WARMTH: Source(RegisterAddress.SPARE_AMPLIFIER_WARMTH),
        },
    ),
    LogicalDevice.RECEIVER: LogicalFormat(
        parameters={
            DeviceParameter.STATE: Source(RegisterAddress.RECEIVER_STATUS),
            DeviceParameter.LOCKS: Source(RegisterAddress.RECEIVER_LOCKS),
        },
    ),
    LogicalDevice.WIFI: LogicalFormat(
        parameters={
            DeviceParameter.STATE: Source(RegisterAddress.WIFI_STATUS),
            DeviceParameter.RATE: Source(RegisterAddress.WIFI_RATE),
        },
    ),
    LogicalDevice.TEST: LogicalFormat(
        loaded=RegisterAddress.TEST,
        parameters={DeviceParameter.CONTENTS: Source(RegisterAddress.TEST)},
    ),
}
assert set(LOGICAL_DEVICES) == set(LogicalDevice)
assert {address >> 4 for address in RegisterAddress} == set(BusUnit)

_U8, _U16 = construct.Int8ub, construct.Int16ub
_OCTETS = construct.Prefixed(_U8, construct.GreedyBytes)
_TRANSACTION = Parameter("transaction", _U16, "Which acquisition: its report bears this number")
_UNIT = Argument(Parameter("device", _U8, "Which unit on the device bus"), names=BusUnit)
_SUB_ADDRESS = Argument(Parameter("sub_address", _U8, "Where in the unit"), 0, 15)
_DEVICE = Argument(Parameter("device", _U8, "Which device"), names=LogicalDevice)
_STATUS = Parameter("status", _U8, "How it went", enumeration=TransactionStatus)
_DATA = Parameter("data", _OCTETS, "What the device gave; nothing unless OK")
_TEXT = "Instructions"

_CAN_COMMAND = "; ".join(
    f"{LogicalDevice(device).name}: {'SWITCH' if found.lines else 'LOAD'}"
    for device, found in LOGICAL_DEVICES.items()
    if found.lines or found.loaded
)
_CAN_TELL = "; ".join(
    f"{LogicalDevice(device).name}: {', '.join(DeviceParameter(one).name for one in found.parameters)}"
    for device, found in LOGICAL_DEVICES.items()
)
_COMMANDED = "TC_COMPLETED comes after what was done was read back."
_WHILE_COMMANDING = (FailureCode.BUSY, FailureCode.NO_ANSWER, FailureCode.NOT_KEPT, FailureCode.PARTLY_DONE)
_WHILE_ACQUIRING = (FailureCode.BUSY, FailureCode.NO_ANSWER, FailureCode.PARTLY_DONE)

_request, _report = partial(request, 2), partial(report, 2)
TELECOMMANDS = (
    _request(
        "PHYSICAL_DEVICES_COMMAND",
        7,
        "Sends octets to units on the device bus.",
        f"{_COMMANDED} PHYSICAL_DEVICES_ACQUIRE.",
        ArgumentGroup(
            "instructions",
            (
                _UNIT,
                _SUB_ADDRESS,
                Argument(Parameter("data", _OCTETS, "What it is sent"), 1, MOST_OCTETS),
            ),
            _TEXT,
            most=MOST_INSTRUCTIONS,
        ),
        failures=(FailureCode.NO_SUCH_DEVICE, *_WHILE_COMMANDING),
    ),
    _request(
        "PHYSICAL_DEVICES_ACQUIRE",
        8,
        "Asks units on the device bus for octets.",
        "PHYSICAL_DEVICE_DATA [2,9], one for each.",
        ArgumentGroup(
            "instructions",
            (
                Argument(_TRANSACTION),
                _UNIT,
                _SUB_ADDRESS,
                Argument(Parameter("octets", _U8, "How many it is asked for"), 1, MOST_OCTETS),
            ),
            _TEXT,
            most=MOST_INSTRUCTIONS,
        ),
        failures=(FailureCode.NO_SUCH_DEVICE, *_WHILE_ACQUIRING),
    ),
    _request(
        "LOGICAL_DEVICES_COMMAND",
        10,
        f"Commands devices. {_CAN_COMMAND}.",
        f"{_COMMANDED} LOGICAL_DEVICES_ACQUIRE.",
        ArgumentGroup(
            "instructions",
            (
                _DEVICE,
                Argument(Parameter("command", _U8, "What it is to do"), names=DeviceCommand),
                Argument(Parameter("arguments", _OCTETS, "As the command needs them"), 0, MOST_OCTETS),
            ),
            _TEXT,
            most=MOST_INSTRUCTIONS,
        ),
        failures=(
            FailureCode.NO_SUCH_DEVICE,
            FailureCode.NO_SUCH_DEVICE_COMMAND,
            FailureCode.DEVICE_ARGUMENTS_WRONG,
            *_WHILE_COMMANDING,
        ),
    ),
    _request(
        "LOGICAL_DEVICES_ACQUIRE",
        11,
        f"Asks devices for parameters. {_CAN_TELL}.",
        "LOGICAL_DEVICE_DATA [2,12], one for each.",
        ArgumentGroup(
            "instructions",
            (
                Argument(_TRANSACTION),
                _DEVICE,
                Argument(Parameter("parameter", _U8, "What is asked for"), names=DeviceParameter),
            ),
            _TEXT,
            most=MOST_INSTRUCTIONS,
        ),
        failures=(
            FailureCode.NO_SUCH_DEVICE,
            FailureCode.NO_SUCH_DEVICE_PARAMETER,
            *_WHILE_ACQUIRING,
        ),
    ),
)
REPORTS = (
    _report("PHYSICAL_DEVICE_DATA", 9, "What a unit on the device bus gave", _TRANSACTION, _STATUS, _DATA),
    _report("LOGICAL_DEVICE_DATA", 12, "What a device tells of a parameter", _TRANSACTION, _STATUS, _DATA),
)
