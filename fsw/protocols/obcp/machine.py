"""Runs a procedure, a slice at a time: time and answers in, happenings out.

`run` never raises and never takes more than its budget of instructions, whatever the octets: what
they ask beyond the limits ends the procedure with its reason. A pure function of what it is told;
its state is plain data.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fsw.kernel.time import SECOND
from fsw.protocols.obcp.instructions import (
    FORMS,
    HIGHEST_INTEGER,
    LOWEST_INTEGER,
    MAX_STACK,
    SLICE,
    Op,
)
from fsw.protocols.obcp.program import REAL, Program

READ_WITHIN_NS = 5 * SECOND
TIMED_OUT = 0xFFFF  # `failure` of a telecommand whose outcome did not come in time
SHORTEST_POLL_NS = 10_000_000  # so that a wait always takes time

Number = int | float


class End(IntEnum):
    """How a procedure ended."""

    COMPLETED = 0
    FAILED = 1  # by its own `fail`; the code is the procedure's
    TELECOMMAND_FAILED = 2  # the code is the telecommand's
    TIME_LIMIT = 3
    INSTRUCTION_LIMIT = 4
    LOOP_LIMIT = 5
    ARITHMETIC = 6
    NO_VALUE = 7  # a housekeeping parameter was not told; the code is its identifier
    BAD_CODE = 8  # the octets have changed since they were checked
    ABORTED = 9  # from outside


@dataclass(frozen=True, slots=True)
class Busy:
    """The budget is used up; run again a little later."""


@dataclass(frozen=True, slots=True)
class Asleep:
    """Nothing to do before `until_ns`, or an answer."""

    until_ns: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Wants the value of a housekeeping parameter: answer with `told`."""

    parameter: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Wants to know when an event occurs: answer with `occurred`."""

    event: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Sending:
    """A telecommand to submit: answer with `outcome`."""

    service: int
    subtype: int
    application_data: bytes
    until_ns: int


@dataclass(frozen=True, slots=True)
class Raised:
    """An event of the procedure; run on."""

    severity: int
    number: int
    value: float


@dataclass(frozen=True, slots=True)
class Reached:
    """A step begins; run on, or keep the procedure here."""

    step: int


@dataclass(frozen=True, slots=True)
class Ended:
    """at: address of the instruction at which it ended."""

    end: End
    code: int
    at: int


Happening = Busy | Asleep | Reading | Awaiting | Sending | Raised | Reached | Ended


class _Failure(Exception):
    def __init__(self, end: End, code: int = 0) -> None:
        self.end, self.code = end, code


class Machine:
    """One run of a procedure. arguments: one number for each that the program declares."""

    def __init__(self, program: Program, arguments: Sequence[Number], now_ns: int) -> None:
        assert len(arguments) == len(program.arguments), "as many arguments as are declared"
        self.program = program
        self._variables: list[Number] = [0] * program.variables
        self.communicate(arguments)
        self._stack: list[Number] = []
        self._at = 0  # of the next instruction
        self._current = 0  # of the latest one
        self._started_ns = now_ns
        self._ok = 1
        self._failure = 0
        self._wait: list[Any] | None = None  # kind, until [ns], what for
        self._ended: list[int] | None = None
        self.executed = 0
        self.step = 0

    @property
    def ended(self) -> Ended | None:
        if self._ended is None:
            return None
        end, code, at = self._ended
        return Ended(End(end), code, at)

    @property
    def awaited_event(self) -> int | None:
        """Identifier of the event that it waits for."""
        return self._wait[2] if self._wait is not None and self._wait[0] == "event" else None

    @property
    def read_parameter(self) -> int | None:
        """Identifier of the parameter that it waits for."""
        return self._wait[2] if self._wait is not None and self._wait[0] == "reading" else None

    def communicate(self, arguments: Sequence[Number]) -> None:
        """New values of the arguments, one for each: what it reads of them from now on."""
        for slot, (given, kind) in enumerate(zip(arguments, self.program.arguments, strict=True)):
            self._variables[slot] = float(given) if kind == REAL else int(given)

    # ---- answers --------------------------------------------------------------------------------

    def told(self, value: Number) -> None:
        """The value of the parameter asked for; of an enumeration, its number."""
        if self._wait is None or self._wait[0] != "reading":
            return
        parameter, self._wait = self._wait[2], None
        try:
            self._push(value)
        except _Failure:
            self._end(End.NO_VALUE, parameter)

    def occurred(self) -> None:
        """The awaited event."""
        if self.awaited_event is not None:
            self._wait, self._ok = None, 1

    def outcome(self, failure: int) -> None:
        """Of the telecommand: 0 when it completed, else its failure code."""
        if self._wait is not None and self._wait[0] == "sending":
            self._wait, self._ok, self._failure = None, int(failure == 0), failure

    def abort(self) -> None:
        if self._ended is None:
            self._end(End.ABORTED, 0)

    def held(self, for_ns: int) -> None:
        """It was suspended so long: that does not count as run time."""
        self._started_ns += for_ns

    # ---- running --------------------------------------------------------------------------------

    def run(self, now_ns: int, budget: int = SLICE) -> Happening:
        """At most `budget` instructions, up to the next happening."""
        if self._ended is None:
            try:
                happening = self._run(now_ns, budget)
            except _Failure as failure:
                self._end(failure.end, failure.code)
            else:
                if happening is not None:
                    return happening
        ended = self.ended
        assert ended is not None
        return ended

    def _run(self, now_ns: int, budget: int) -> Happening | None:
        last_ns = self._started_ns + self.program.run_time_s * SECOND
        if now_ns >= last_ns:
            raise _Failure(End.TIME_LIMIT)
        if self._wait is not None:
            kind, until_ns, what = self._wait
            if now_ns < until_ns:
                return Asleep(until_ns)
            self._wait = None
            if kind == "reading":
                raise _Failure(End.NO_VALUE, what)
            if kind == "event":
                self._ok = 0
            elif kind == "sending":
                self._ok, self._failure = 0, TIMED_OUT
        for _ in range(budget):
            if self.executed >= self.program.instructions:
                raise _Failure(End.INSTRUCTION_LIMIT)
            self.executed += 1
            happening = self._instruction(now_ns, last_ns)
            if happening is not None:
                return happening
            if self._ended is not None:
                return None
        return Busy()

    def _instruction(self, now_ns: int, last_ns: int) -> Happening | None:
        code, at = self.program.code, self._at
        self._current = at
        form = FORMS.get(code[at]) if at < len(code) else None
        # Checked before it was loaded; memory on board may have changed since.
        if form is None or at + 1 + form.operands.size > len(code):
            raise _Failure(End.BAD_CODE)
        op = Op(code[at])
        operands = form.operands.unpack_from(code, at + 1)
        following = at + 1 + form.operands.size
        operation = _OPERATIONS.get(op)
        if operation is not None:
            self._push(operation(*reversed([self._pop() for _ in range(form.pops)])))
            self._at = following
            return None
        if op is Op.STOP:
            self._end(End.COMPLETED, 0)
            return None
        self._at = following
        return self._control(op, operands, now_ns, last_ns)

    def _control(self, op: Op, operands: tuple[Any, ...], now_ns: int, last_ns: int) -> Happening | None:
        """What is more than a calculation."""
        match op:
            case Op.FAIL:
                raise _Failure(End.FAILED, _whole(self._pop()) & 0xFFFF)
            case Op.PUSH_BYTE | Op.PUSH_INTEGER | Op.PUSH_REAL:
                self._push(operands[0])
            case Op.LOAD:
                self._push(self._variables[self._variable(operands[0])])
            case Op.STORE:
                self._variables[self._variable(operands[0])] = self._pop()
            case Op.OK:
                self._push(self._ok)
            case Op.FAILURE:
                self._push(self._failure)
            case Op.ELAPSED:
                self._push((now_ns - self._started_ns) / SECOND)
            case Op.SET_OK:
                self._ok = operands[0]
            case Op.JUMP:
                self._at = operands[0]
            case Op.JUMP_IF_FALSE:
                if not self._pop():
                    self._at = operands[0]
            case Op.COUNT:
                slot = self._variable(operands[0])
                left = _whole(self._variables[slot])
                if left <= 0:
                    raise _Failure(End.LOOP_LIMIT)
                self._variables[slot] = left - 1
            case Op.REQUIRE:
                if not self._ok:
                    raise _Failure(End.TELECOMMAND_FAILED, self._failure)
            case Op.DEADLINE:
                until_ns = now_ns + max(_whole(self._pop()), 0)
                self._variables[self._variable(operands[0])] = min(until_ns, HIGHEST_INTEGER)
            case Op.POLL:
                return self._poll(operands, now_ns, last_ns)
            case Op.STEP:
                self.step = operands[0]
                return Reached(self.step)
            case Op.RAISE:
                return Raised(operands[0], operands[1], float(self._pop()))
            case Op.WAIT:
                return self._begin("time", self._until(now_ns), 0, last_ns)
            case Op.WAIT_EVENT:
                until_ns = self._until(now_ns)
                self._begin("event", until_ns, operands[0], last_ns)
                return Awaiting(operands[0], min(until_ns, last_ns))
            case Op.READ:
                until_ns = now_ns + READ_WITHIN_NS
                self._begin("reading", until_ns, operands[0], last_ns)
                return Reading(operands[0], min(until_ns, last_ns))
            case Op.SEND:
                return self._send(operands[0], now_ns, last_ns)
        return None

    def _poll(self, operands: tuple[Any, ...], now_ns: int, last_ns: int) -> Happening | None:
        period_ns = max(_whole(self._pop()), SHORTEST_POLL_NS)
        deadline_ns = _whole(self._variables[self._variable(operands[0])])
        if now_ns >= deadline_ns:
            self._ok = 0
            return None
        self._at = operands[1]
        return self._begin("time", min(now_ns + period_ns, deadline_ns), 0, last_ns)

    def _send(self, index: int, now_ns: int, last_ns: int) -> Happening:
        if index >= len(self.program.telecommands):
            raise _Failure(End.BAD_CODE)
        command = self.program.telecommands[index]
        until_ns = self._until(now_ns)
        data = bytearray(command.application_data)
        for hole in reversed(command.holes):
            value = _whole(self._pop())
            try:
                octets = value.to_bytes(hole.octets, "big", signed=hole.signed)
            except OverflowError:
                raise _Failure(End.ARITHMETIC) from None
            data[hole.offset : hole.offset + hole.octets] = octets
        self._begin("sending", until_ns, index, last_ns)
        return Sending(command.service, command.subtype, bytes(data), min(until_ns, last_ns))

    def _until(self, now_ns: int) -> int:
        """The end of a wait whose length [ns] is on the stack; a wait always takes time."""
        return now_ns + max(_whole(self._pop()), 1)

    def _begin(self, kind: str, until_ns: int, what: int, last_ns: int) -> Asleep:
        self._wait = [kind, min(until_ns, last_ns), what]
        return Asleep(min(until_ns, last_ns))

    def _variable(self, slot: int) -> int:
        if slot >= len(self._variables):
            raise _Failure(End.BAD_CODE)
        return slot

    def _pop(self) -> Number:
        if not self._stack:
            raise _Failure(End.BAD_CODE)
        return self._stack.pop()

    def _push(self, value: Number) -> None:
        if len(self._stack) >= MAX_STACK:
            raise _Failure(End.BAD_CODE)
        if isinstance(value, float):
            if not math.isfinite(value):
                raise _Failure(End.ARITHMETIC)
        elif not LOWEST_INTEGER <= value <= HIGHEST_INTEGER:
            raise _Failure(End.ARITHMETIC)
        self._stack.append(value)

    def _end(self, end: End, code: int) -> None:
        self._ended = [int(end), code, self._current]
        self._wait = None

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """All but the program."""
        return {
            "variables": list(self._variables),
            "stack": list(self._stack),
            "at": self._at,
            "current": self._current,
            "started_ns": self._started_ns,
            "ok": self._ok,
            "failure": self._failure,
            "wait": None if self._wait is None else list(self._wait),
            "ended": None if self._ended is None else list(self._ended),
            "executed": self.executed,
            "step": self.step,
        }

    @classmethod
    def restored(cls, program: Program, saved: dict[str, Any]) -> "Machine":
        """The run that was saved, of the same program."""
        machine = cls(program, [0] * len(program.arguments), saved["started_ns"])
        machine._variables = list(saved["variables"])
        machine._stack = list(saved["stack"])
        machine._at = saved["at"]
        machine._current = saved["current"]
        machine._ok = saved["ok"]
        machine._failure = saved["failure"]
        machine._wait = None if saved["wait"] is None else list(saved["wait"])
        machine._ended = None if saved["ended"] is None else list(saved["ended"])
        machine.executed = saved["executed"]
        machine.step = saved["step"]
        return machine


def _whole(value: Number) -> int:
    """An integer, of a real its nearest."""
    return value if isinstance(value, int) else round(value)


def _both_whole(calculate: Callable[[int, int], int]) -> Callable[[Number, Number], Number]:
    def checked(a: Number, b: Number) -> Number:
        divisor = _whole(b)
        if divisor == 0:
            raise _Failure(End.ARITHMETIC)
        return calculate(_whole(a), divisor)

    return checked


def _towards_zero(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _divide(a: Number, b: Number) -> Number:
    if b == 0:
        raise _Failure(End.ARITHMETIC)
    return a / b


def _calculate(calculate: Callable[..., Number]) -> Callable[..., Number]:
    def checked(*values: Number) -> Number:
        try:
            return calculate(*values)
        except OverflowError:
            raise _Failure(End.ARITHMETIC) from None

    return checked


def _truth(test: Callable[..., bool]) -> Callable[..., Number]:
    return lambda *values: int(test(*values))


_OPERATIONS: dict[Op, Callable[..., Number]] = {
    Op.ADD: _calculate(operator.add),
    Op.SUBTRACT: _calculate(operator.sub),
    Op.MULTIPLY: _calculate(operator.mul),
    Op.DIVIDE: _calculate(_divide),
    Op.WHOLE_DIVIDE: _both_whole(_towards_zero),
    Op.MODULO: _both_whole(lambda a, b: a - b * _towards_zero(a, b)),
    Op.NEGATE: operator.neg,
    Op.ABSOLUTE: abs,
    Op.MINIMUM: min,
    Op.MAXIMUM: max,
    Op.ROUND: _whole,
    Op.REAL: float,
    Op.EQUAL: _truth(operator.eq),
    Op.UNEQUAL: _truth(operator.ne),
    Op.LESS: _truth(operator.lt),
    Op.LESS_OR_EQUAL: _truth(operator.le),
    Op.GREATER: _truth(operator.gt),
    Op.GREATER_OR_EQUAL: _truth(operator.ge),
    Op.NOT: _truth(operator.not_),
    Op.AND: _truth(lambda a, b: bool(a and b)),
    Op.OR: _truth(lambda a, b: bool(a or b)),
}
