"""The instructions of the byte code, and every limit that a procedure meets.

An instruction is one octet and its operands, big-endian. A value on the stack or in a variable is an
integer of 64 bits or a real of 64 bits; truth is the integer 0 or 1.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

SLICE = 100  # instructions in one activation
MAX_INSTRUCTIONS = 1_000_000  # in all
MAX_RUN_TIME_S = 7 * 86400  # mission time
MAX_PROGRAM_OCTETS = 4096
MAX_VARIABLES = 64
MAX_ARGUMENTS = 16
MAX_STACK = 32
MAX_TELECOMMANDS = 64
MAX_TELECOMMAND_OCTETS = 512  # application data
MAX_HOLES = 16  # computed arguments of one telecommand

LOWEST_INTEGER, HIGHEST_INTEGER = -(1 << 63), (1 << 63) - 1


class Severity(IntEnum):
    """Of the events that procedures raise: the subtypes of ST[5]."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4


class Op(IntEnum):
    """Operation codes; what they do is told in `Machine`."""

    STOP = 0x01
    FAIL = 0x02
    STEP = 0x03
    RAISE = 0x04
    SEND = 0x05
    REQUIRE = 0x06
    WAIT = 0x07
    WAIT_EVENT = 0x08
    DEADLINE = 0x09
    POLL = 0x0A
    SET_OK = 0x0B

    PUSH_BYTE = 0x10
    PUSH_INTEGER = 0x11
    PUSH_REAL = 0x12
    LOAD = 0x13
    STORE = 0x14
    READ = 0x15
    OK = 0x16
    FAILURE = 0x17
    ELAPSED = 0x18

    ADD = 0x20
    SUBTRACT = 0x21
    MULTIPLY = 0x22
    DIVIDE = 0x23
    WHOLE_DIVIDE = 0x24
    MODULO = 0x25
    NEGATE = 0x26
    ABSOLUTE = 0x27
    MINIMUM = 0x28
    MAXIMUM = 0x29
    ROUND = 0x2A
    REAL = 0x2B

    EQUAL = 0x30
    UNEQUAL = 0x31
    LESS = 0x32
    LESS_OR_EQUAL = 0x33
    GREATER = 0x34
    GREATER_OR_EQUAL = 0x35
    NOT = 0x36
    AND = 0x37
    OR = 0x38

    JUMP = 0x40
    JUMP_IF_FALSE = 0x41
    COUNT = 0x42


@dataclass(frozen=True, slots=True)
class Form:
    """operands: their layout. pops, pushes: values of the stack (`SEND` pops one more for each hole)."""

    operands: struct.Struct
    pops: int
    pushes: int


def _form(operands: str, pops: int = 0, pushes: int = 0) -> Form:
    return Form(struct.Struct(">" + operands), pops, pushes)


_BINARY, _UNARY = _form("", 2, 1), _form("", 1, 1)
FORMS: dict[int, Form] = {
    Op.STOP: _form(""),
    Op.FAIL: _form("", 1),
    Op.STEP: _form("H"),  # number
    Op.RAISE: _form("BH", 1),  # severity, number
    Op.SEND: _form("B", 1),  # index of the telecommand
    Op.REQUIRE: _form(""),
    Op.WAIT: _form("", 1),
    Op.WAIT_EVENT: _form("H", 1),  # event identifier
    Op.DEADLINE: _form("B", 1),  # variable
    Op.POLL: _form("BH", 1),  # variable, target
    Op.SET_OK: _form("B"),
    Op.PUSH_BYTE: _form("b", 0, 1),
    Op.PUSH_INTEGER: _form("q", 0, 1),
    Op.PUSH_REAL: _form("d", 0, 1),
    Op.LOAD: _form("B", 0, 1),  # variable
    Op.STORE: _form("B", 1),  # variable
    Op.READ: _form("H", 0, 1),  # parameter identifier
    Op.OK: _form("", 0, 1),
    Op.FAILURE: _form("", 0, 1),
    Op.ELAPSED: _form("", 0, 1),
    **{op: _BINARY for op in (Op.ADD, Op.SUBTRACT, Op.MULTIPLY, Op.DIVIDE, Op.WHOLE_DIVIDE, Op.MODULO)},
    **{op: _BINARY for op in (Op.MINIMUM, Op.MAXIMUM, Op.AND, Op.OR)},
    **{op: _BINARY for op in Op if Op.EQUAL <= op <= Op.GREATER_OR_EQUAL},
    **{op: _UNARY for op in (Op.NEGATE, Op.ABSOLUTE, Op.ROUND, Op.REAL, Op.NOT)},
    Op.JUMP: _form("H"),  # target
    Op.JUMP_IF_FALSE: _form("H", 1),  # target
    Op.COUNT: _form("B"),  # variable
}
assert set(FORMS) == set(Op)
TAKE_VARIABLE = frozenset({Op.DEADLINE, Op.POLL, Op.LOAD, Op.STORE, Op.COUNT})
TAKE_TARGET = frozenset({Op.JUMP, Op.JUMP_IF_FALSE, Op.POLL})  # their last operand
NO_NEXT = frozenset({Op.STOP, Op.FAIL, Op.JUMP})  # what follows in the text is not run next
