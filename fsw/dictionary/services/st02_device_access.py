"""ST[2] device access (ECSS-E-ST-70-41C 6.2, 8.2): on/off lines and registers, by their addresses. Ours.
Physical and logical devices are in `st02_devices`.

A request is carried out whole or not at all. Nothing hazardous has an address here: the release mechanism is
reached by RELEASE_ARM and RELEASE_FIRE only. Left out: CPDU commands [2,4]. A command pulse distribution unit
is hardware that gets its telecommands from the decoder, past the computer, and works while that does not.
Here the computer is the decoder; the pulses that it gives are DEVICES_SWITCH.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument, ArgumentGroup

MOST_REGISTERS = 16  # of a load
MOST_OCTETS = 8  # of a register's data on the link; no register is as wide


class OnOffAddress(IntEnum):
    """Addresses of on/off lines: a pulse on one switches its device."""

    RELEASE_BAY_HEATER_ON = 0x10
    RELEASE_BAY_HEATER_OFF = 0x11
    SPARE_AMPLIFIER_HEATER_ON = 0x20
    SPARE_AMPLIFIER_HEATER_OFF = 0x21


class RegisterAddress(IntEnum):
    """Addresses of registers."""

    POWER_LINES = 0x01
    RECEIVER_STATUS = 0x10
    RECEIVER_LOCKS = 0x11
    WIFI_STATUS = 0x20
    WIFI_RATE = 0x21
    RELEASE_BAY_WARMTH = 0x30
    SPARE_AMPLIFIER_WARMTH = 0x31
    TEST = 0xF0


@dataclass(frozen=True, slots=True)
class Line:
    """What a pulse switches. bit: of the register POWER_LINES, 0 the least significant."""

    bit: int
    on: bool


@dataclass(frozen=True, slots=True)
class RegisterFormat:
    """octets: width, most significant first. loadable: by ST[2]."""

    octets: int
    text: str
    loadable: bool = False


LINES: dict[int, Line] = {
    OnOffAddress.RELEASE_BAY_HEATER_ON: Line(0, True),
    OnOffAddress.RELEASE_BAY_HEATER_OFF: Line(0, False),
    OnOffAddress.SPARE_AMPLIFIER_HEATER_ON: Line(1, True),
    OnOffAddress.SPARE_AMPLIFIER_HEATER_OFF: Line(1, False),
}
REGISTERS: dict[int, RegisterFormat] = {
    RegisterAddress.POWER_LINES: RegisterFormat(
        2, "bit 0 release bay heater on, 1 spare amplifier heater on"
    ),
    RegisterAddress.RECEIVER_STATUS: RegisterFormat(1, "bit 0 carrier, 1 bits"),
    RegisterAddress.RECEIVER_LOCKS: RegisterFormat(4, "times that it locked on bits"),
    RegisterAddress.WIFI_STATUS: RegisterFormat(1, "bit 0 access point on, 1 camera linked"),
    RegisterAddress.WIFI_RATE: RegisterFormat(2, "kbit/s"),
    RegisterAddress.RELEASE_BAY_WARMTH: RegisterFormat(2, "by its heater, 0.001 K"),
    RegisterAddress.SPARE_AMPLIFIER_WARMTH: RegisterFormat(2, "by its heater, 0.001 K"),
    RegisterAddress.TEST: RegisterFormat(4, "what was loaded last", loadable=True),
}
assert set(LINES) == set(OnOffAddress)
assert set(REGISTERS) == set(RegisterAddress)

_HOLDS = "; ".join(
    f"{register.name} ({REGISTERS[register].octets} octets): {REGISTERS[register].text}"
    for register in RegisterAddress
)
_ADDRESS = construct.Int16ub
_REGISTER = "Which register"
_DATA = Parameter("data", construct.Prefixed(construct.Int8ub, construct.GreedyBytes), "What it holds")

_request, _report = partial(request, 2), partial(report, 2)
TELECOMMANDS = (
    _request(
        "DEVICES_SWITCH",
        1,
        "Sends pulses to on/off devices, in the order given.",
        "TC_COMPLETED comes after the power lines were read back; REGISTERS_DUMP of POWER_LINES, and "
        "release_temperature_c for the heater of the release bay.",
        Argument(Parameter("lines", _ADDRESS, "Addresses of lines"), listed=True, names=OnOffAddress),
        failures=(FailureCode.NO_SUCH_ITEM, FailureCode.BUSY, FailureCode.NOT_KEPT),
    ),
    _request(
        "REGISTERS_LOAD",
        2,
        "Loads registers, in the order given; the data are as long as the register. TEST can be loaded.",
        "TC_COMPLETED comes after they were read back; REGISTERS_DUMP.",
        ArgumentGroup(
            "registers",
            (
                Argument(Parameter("register", _ADDRESS, _REGISTER), names=RegisterAddress),
                Argument(_DATA, 1, MOST_OCTETS),
            ),
            "Registers and their data",
            most=MOST_REGISTERS,
        ),
        failures=(
            FailureCode.NO_SUCH_ITEM,
            FailureCode.MEMORY_READ_ONLY,
            FailureCode.REGISTER_LENGTH_WRONG,
            FailureCode.BUSY,
            FailureCode.NOT_KEPT,
        ),
    ),
    _request(
        "REGISTERS_DUMP",
        5,
        f"Reports what registers hold. {_HOLDS}.",
        "REGISTERS_DUMPED [2,6].",
        Argument(Parameter("registers", _ADDRESS, "Registers"), listed=True, names=RegisterAddress),
        failures=(FailureCode.NO_SUCH_ITEM, FailureCode.BUSY, FailureCode.NO_ANSWER),
    ),
)
REPORTS = (
    _report(
        "REGISTERS_DUMPED",
        6,
        "What registers hold",
        Group(
            "registers",
            (Parameter("register", _ADDRESS, _REGISTER, enumeration=RegisterAddress), _DATA),
            "Registers, in the order asked for",
        ),
    ),
)
