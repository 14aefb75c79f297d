"""A compiled procedure, and the check that stands between its octets and the spacecraft.

Octets, big-endian: `OBCP`, format 1 (8 bits), version (16), length of the name (8) and name (ASCII),
run time limit [s] (32), instruction limit (32), number of arguments (8) and the type of each (8: 0
integer, 1 real), number of variables, arguments among them (8), number of telecommands (8), for each
service (8), subtype (8), holes (8), per hole offset (16), octets (8), signed (8), length (16) and
application data; length of the code (16), code, CRC-32 of all before.

What `decode` returns is sound: each instruction whole, each operand in range, each jump to the
beginning of an instruction, the stack never above its limit, below zero, or of two depths at one
place, and no way past the end.
"""

import struct
from binascii import crc32
from dataclasses import dataclass

from fsw.protocols.obcp.instructions import (
    FORMS,
    MAX_ARGUMENTS,
    MAX_HOLES,
    MAX_INSTRUCTIONS,
    MAX_PROGRAM_OCTETS,
    MAX_RUN_TIME_S,
    MAX_STACK,
    MAX_TELECOMMAND_OCTETS,
    MAX_TELECOMMANDS,
    MAX_VARIABLES,
    NO_NEXT,
    TAKE_TARGET,
    TAKE_VARIABLE,
    Op,
    Severity,
)
from fsw.protocols.obcp.vocabulary import Hole

MAGIC, FORMAT = b"OBCP", 1
INTEGER, REAL = 0, 1
_CRC_OCTETS = 4


@dataclass(frozen=True, slots=True)
class Unsound:
    """Why octets are no program."""

    reason: str


@dataclass(frozen=True, slots=True)
class Packaged:
    """A telecommand of a program. holes: in the order in which their values lie on the stack."""

    service: int
    subtype: int
    application_data: bytes
    holes: tuple[Hole, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """arguments: types in order, `INTEGER` or `REAL`; they are the first variables."""

    name: str
    version: int
    run_time_s: int
    instructions: int
    arguments: tuple[int, ...]
    variables: int
    telecommands: tuple[Packaged, ...]
    code: bytes

    def encode(self) -> bytes:
        """The octets that go on board. The program must be sound."""
        name = self.name.encode("ascii")
        parts = [MAGIC, struct.pack(">BHB", FORMAT, self.version, len(name)), name]
        parts.append(struct.pack(">IIB", self.run_time_s, self.instructions, len(self.arguments)))
        parts.append(bytes([*self.arguments, self.variables, len(self.telecommands)]))
        for command in self.telecommands:
            parts.append(struct.pack(">BBB", command.service, command.subtype, len(command.holes)))
            parts += [struct.pack(">HBB", hole.offset, hole.octets, hole.signed) for hole in command.holes]
            parts.append(struct.pack(">H", len(command.application_data)) + command.application_data)
        parts.append(struct.pack(">H", len(self.code)) + self.code)
        octets = b"".join(parts)
        return octets + crc32(octets).to_bytes(_CRC_OCTETS, "big")

    @staticmethod
    def decode(octets: bytes) -> "Program | Unsound":
        """The program in octets from anywhere, or why there is none. Never raises."""
        if len(octets) > MAX_PROGRAM_OCTETS:
            return Unsound(f"{len(octets)} octets; allowed are up to {MAX_PROGRAM_OCTETS}")
        if not octets.startswith(MAGIC) or len(octets) < len(MAGIC) + _CRC_OCTETS:
            return Unsound("not a program")
        if crc32(octets[:-_CRC_OCTETS]) != int.from_bytes(octets[-_CRC_OCTETS:], "big"):
            return Unsound("CRC wrong")
        try:
            program = _read(_Reader(octets[len(MAGIC) : -_CRC_OCTETS]))
        except _Short:
            return Unsound("cut short")
        except ValueError as error:
            return Unsound(str(error))
        reason = _fault_of(program)
        return program if reason is None else Unsound(reason)


class _Short(Exception):
    """The octets end before a field does."""


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def octets(self, count: int) -> bytes:
        found = self._octets[self._at : self._at + count]
        if len(found) < count:
            raise _Short
        self._at += count
        return found

    def number(self, octets: int) -> int:
        return int.from_bytes(self.octets(octets), "big")

    def done(self) -> bool:
        return self._at == len(self._octets)


def _read(reader: _Reader) -> Program:
    if (found := reader.number(1)) != FORMAT:
        raise ValueError(f"format {found}; known is {FORMAT}")
    version = reader.number(2)
    name = reader.octets(reader.number(1)).decode("ascii")
    run_time_s, instructions = reader.number(4), reader.number(4)
    arguments = tuple(reader.octets(reader.number(1)))
    variables = reader.number(1)
    telecommands = []
    for _ in range(reader.number(1)):
        service, subtype, holes = reader.number(1), reader.number(1), reader.number(1)
        where = tuple(Hole(reader.number(2), reader.number(1), bool(reader.number(1))) for _ in range(holes))
        telecommands.append(Packaged(service, subtype, reader.octets(reader.number(2)), where))
    code = reader.octets(reader.number(2))
    if not reader.done():
        raise ValueError("octets after the code")
    return Program(name, version, run_time_s, instructions, arguments, variables, tuple(telecommands), code)


def _fault_of(program: Program) -> str | None:
    if not program.name.isidentifier():
        return f"name {program.name!r}"
    if not 1 <= program.run_time_s <= MAX_RUN_TIME_S:
        return f"run time limit {program.run_time_s} s; allowed are 1 to {MAX_RUN_TIME_S}"
    if not 1 <= program.instructions <= MAX_INSTRUCTIONS:
        return f"instruction limit {program.instructions}; allowed are 1 to {MAX_INSTRUCTIONS}"
    if len(program.arguments) > MAX_ARGUMENTS or not set(program.arguments) <= {INTEGER, REAL}:
        return f"arguments {program.arguments}; allowed are up to {MAX_ARGUMENTS} integers and reals"
    if not len(program.arguments) <= program.variables <= MAX_VARIABLES:
        return f"{program.variables} variables; allowed are up to {MAX_VARIABLES}"
    if len(program.telecommands) > MAX_TELECOMMANDS:
        return f"{len(program.telecommands)} telecommands; allowed are up to {MAX_TELECOMMANDS}"
    for command in program.telecommands:
        octets = len(command.application_data)
        if octets > MAX_TELECOMMAND_OCTETS or len(command.holes) > MAX_HOLES:
            return f"a telecommand of {octets} octets and {len(command.holes)} computed arguments"
        if any(not 1 <= h.octets <= 8 or h.offset + h.octets > octets for h in command.holes):
            return "a computed argument outside its telecommand"
    return _fault_of_code(program)


def _fault_of_code(program: Program) -> str | None:
    starts: dict[int, tuple[int, tuple[int | float, ...], int]] = {}  # operation, operands, next
    at = 0
    while at < len(program.code):
        form = FORMS.get(program.code[at])
        if form is None:
            return f"at {at}: operation {program.code[at]} is not known"
        after = at + 1 + form.operands.size
        if after > len(program.code):
            return f"at {at}: cut short"
        operands = form.operands.unpack_from(program.code, at + 1)
        fault = _fault_of_operands(program.code[at], operands, program)
        if fault is not None:
            return f"at {at}: {fault}"
        starts[at] = (program.code[at], operands, after)
        at = after
    return _fault_of_flow(program, starts)


def _fault_of_operands(op: int, operands: tuple[int | float, ...], program: Program) -> str | None:
    if op in TAKE_VARIABLE and operands[0] >= program.variables:
        return f"variable {operands[0]}"
    if op == Op.SEND and operands[0] >= len(program.telecommands):
        return f"telecommand {operands[0]}"
    if op == Op.RAISE and operands[0] not in tuple(Severity):
        return f"severity {operands[0]}"
    if op == Op.SET_OK and operands[0] > 1:
        return f"ok is set to {operands[0]}"
    return None


def _fault_of_flow(
    program: Program, starts: dict[int, tuple[int, tuple[int | float, ...], int]]
) -> str | None:
    """Follows every way through the code; of each place the stack's depth is known once and for all."""
    depths: dict[int, int] = {}
    waiting: list[tuple[int, int]] = [(0, 0)]
    while waiting:
        at, depth = waiting.pop()
        if at not in starts:
            return f"the code is left, or entered between instructions, at {at}"
        if at in depths:
            if depths[at] != depth:
                return f"at {at}: the stack holds {depths[at]} or {depth}"
            continue
        depths[at] = depth
        op, operands, after = starts[at]
        form = FORMS[op]
        holes = len(program.telecommands[int(operands[0])].holes) if op == Op.SEND else 0
        left = depth - form.pops - holes
        if left < 0 or left + form.pushes > MAX_STACK:
            return f"at {at}: the stack holds {depth}"
        left += form.pushes
        if op in TAKE_TARGET:
            waiting.append((int(operands[-1]), left))
        if op not in NO_NEXT:
            waiting.append((after, left))
    return None
