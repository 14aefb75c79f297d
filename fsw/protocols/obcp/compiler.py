"""Text of a procedure to its program. The language is told in `fsw.protocols.obcp`."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from fsw.core.errors import FswError
from fsw.protocols.obcp.expressions import RESERVED, Code, Expression, Kind, Variable, Word, Wrong, words_of
from fsw.protocols.obcp.instructions import (
    MAX_ARGUMENTS,
    MAX_HOLES,
    MAX_INSTRUCTIONS,
    MAX_PROGRAM_OCTETS,
    MAX_RUN_TIME_S,
    MAX_TELECOMMANDS,
    MAX_VARIABLES,
    Op,
    Severity,
)
from fsw.protocols.obcp.program import INTEGER, REAL, Packaged, Program, Unsound
from fsw.protocols.obcp.vocabulary import Vocabulary

DEFAULT_RUN_TIME_S, DEFAULT_INSTRUCTIONS = 3600, 100_000
ANSWER_WITHIN_S = 61  # by then commanding has given up on it
_UNITS_NS = {"ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000}
_MOST_TOLD = 20
_MOST_BLOCKS = 24  # in one another

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_HEAD = re.compile(r"procedure\s+(?P<name>\w+)\s*(?:\((?P<arguments>.*)\))?\s*\Z")
_DECLARED = re.compile(r"(?P<kind>integer|real)\s+(?P<name>\w+)\s*:=(?P<value>.*)\Z")
_ASSIGNED = re.compile(r"(?P<name>\w+)\s*:=(?P<value>.*)\Z")
_KINDS = {"integer": Kind.INTEGER, "real": Kind.REAL}


class ProcedureError(FswError):
    """Everything that is wrong with the text. messages: line number and what is wrong there."""

    def __init__(self, messages: list[tuple[int, str]]) -> None:
        self.messages = messages
        told = [f"line {line}: {text}" for line, text in messages[:_MOST_TOLD]]
        more = len(messages) - _MOST_TOLD
        super().__init__("\n".join([*told, *([f"and {more} more"] if more > 0 else [])]))


@dataclass(frozen=True, slots=True)
class Compiled:
    """lines: of each address at which a statement begins, the line it comes from, in order."""

    program: Program
    octets: bytes
    lines: tuple[tuple[int, int], ...]

    def line_of(self, at: int) -> int:
        """The line of the instruction at that address."""
        return max(((a, line) for a, line in self.lines if a <= at), default=(0, 0))[1]


@dataclass(slots=True)
class _Block:
    """An open `if`, `while` or `repeat`. top: where its loop begins. skip: the jump that is taken when
    the condition does not hold. ends: jumps to its end."""

    word: str
    line: int
    top: int = 0
    skip: int | None = None
    ends: list[int] = field(default_factory=list)


def compile_procedure(source: str, vocabulary: Vocabulary) -> Compiled:
    """The program of a text. Raises ProcedureError with all that is wrong, line by line."""
    return _Compiler(vocabulary).compile(source)


class _Compiler:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._code = Code()
        self._variables: dict[str, Variable] = {}
        self._slots = 0
        self._arguments: list[int] = []
        self._blocks: list[_Block] = []
        self._telecommands: list[Packaged] = []
        self._name = ""
        self._version = 0
        self._run_time_s = DEFAULT_RUN_TIME_S
        self._instructions = DEFAULT_INSTRUCTIONS
        self._lines: list[tuple[int, int]] = []
        self._line = 0
        self._statements: dict[str, Callable[[str], None]] = {
            "version": self._version_of,
            "limit": self._limit,
            "if": self._if,
            "elif": self._elif,
            "else": self._else,
            "while": self._while,
            "repeat": self._repeat,
            "end": self._end,
            "leave": self._leave,
            "wait": self._wait,
            "send": lambda rest: self._send(rest, required=True),
            "try": self._try,
            "raise": self._raise,
            "step": self._step,
            "stop": self._stop,
            "fail": self._fail,
        }

    def compile(self, source: str) -> Compiled:
        wrong: list[tuple[int, str]] = []
        for self._line, text in enumerate(source.splitlines(), start=1):
            statement = _without_comment(text).strip()
            if not statement:
                continue
            try:
                self._statement(statement)
            except (Wrong, FswError) as error:
                wrong.append((self._line, str(error)))
        wrong += [(block.line, f"{block.word!r} has no 'end'") for block in self._blocks]
        if not self._name:
            wrong.append((1, "'procedure NAME' is missing"))
        if wrong:
            raise ProcedureError(sorted(wrong))
        self._code.put(Op.STOP)
        if len(self._code.octets) > MAX_PROGRAM_OCTETS:  # also keeps addresses in 16 bits
            raise ProcedureError([(self._line, f"the code has {len(self._code.octets)} octets: too long")])
        program = Program(
            self._name,
            self._version,
            self._run_time_s,
            self._instructions,
            tuple(self._arguments),
            self._slots,
            tuple(self._telecommands),
            bytes(self._code.octets),
        )
        octets = program.encode()
        sound = Program.decode(octets)
        if isinstance(sound, Unsound):  # too long, or a value too deep for the stack
            raise ProcedureError([(self._line, sound.reason)])
        return Compiled(program, octets, tuple(self._lines))

    def _statement(self, statement: str) -> None:
        if not self._name:
            return self._procedure(statement)
        if len(self._code.octets) > MAX_PROGRAM_OCTETS:
            raise Wrong(f"the program is longer than {MAX_PROGRAM_OCTETS} octets")
        self._lines.append((self._code.here, self._line))
        word, _, rest = statement.partition(" ")
        if declared := _DECLARED.match(statement):
            return self._declare(declared)
        if assigned := _ASSIGNED.match(statement):
            return self._assign(assigned)
        handler = self._statements.get(word)
        if handler is None:
            raise Wrong(f"{word!r} begins no statement")
        return handler(rest.strip())

    # ---- head -----------------------------------------------------------------------------------

    def _procedure(self, statement: str) -> None:
        head = _HEAD.match(statement)
        if head is None:
            self._name = "unnamed"  # so that the next line is read as what it is
            raise Wrong("a procedure begins with 'procedure NAME' or 'procedure NAME (a: integer, b: real)'")
        self._name = head["name"]
        if not _NAME.match(self._name) or len(self._name) > 32:
            raise Wrong(f"{self._name!r}: a name is a letter, then letters, digits and _, 32 at most")
        declared = [part.strip() for part in (head["arguments"] or "").split(",") if part.strip()]
        if len(declared) > MAX_ARGUMENTS:
            raise Wrong(f"{len(declared)} arguments; allowed are up to {MAX_ARGUMENTS}")
        for part in declared:
            name, _, kind = (text.strip() for text in part.partition(":"))
            if kind not in _KINDS:
                raise Wrong(f"{part!r}: an argument is 'NAME: integer' or 'NAME: real'")
            self._new_variable(name, _KINDS[kind])
            self._arguments.append(INTEGER if kind == "integer" else REAL)

    def _version_of(self, rest: str) -> None:
        self._version = _constant(rest, 0, 0xFFFF)

    def _limit(self, rest: str) -> None:
        words = rest.split()
        if len(words) == 3 and words[0] == "time" and words[2] in ("s", "min"):
            self._run_time_s = _constant(words[1], 1, MAX_RUN_TIME_S) * (60 if words[2] == "min" else 1)
            if self._run_time_s > MAX_RUN_TIME_S:
                raise Wrong(f"allowed are up to {MAX_RUN_TIME_S} s")
        elif len(words) == 2 and words[0] == "instructions":
            self._instructions = _constant(words[1], 1, MAX_INSTRUCTIONS)
        else:
            raise Wrong("'limit time N s', 'limit time N min' or 'limit instructions N'")

    # ---- variables ------------------------------------------------------------------------------

    def _new_slot(self) -> int:
        if self._slots >= MAX_VARIABLES:
            raise Wrong(f"more than {MAX_VARIABLES} variables, those of loops and waits among them")
        self._slots += 1
        return self._slots - 1

    def _new_variable(self, name: str, kind: Kind) -> Variable:
        if not _NAME.match(name) or name in RESERVED or name in self._statements:
            raise Wrong(f"{name!r} cannot be a name")
        if name in self._variables:
            raise Wrong(f"{name!r} is declared already")
        self._variables[name] = Variable(self._new_slot(), kind)
        return self._variables[name]

    def _declare(self, found: re.Match[str]) -> None:
        kind = _KINDS[found["kind"]]
        self._value(found["value"], kind)
        self._code.put(Op.STORE, self._new_variable(found["name"], kind).slot)

    def _assign(self, found: re.Match[str]) -> None:
        variable = self._variables.get(found["name"])
        if variable is None:
            raise Wrong(f"{found['name']!r} is not declared")
        self._value(found["value"], variable.kind)
        self._code.put(Op.STORE, variable.slot)

    def _value(self, text: str | list[Word], needed: Kind) -> None:
        """Code that leaves a value of the kind needed."""
        words = words_of(text) if isinstance(text, str) else text
        kind = Expression(words, self._code, self._variables, self._vocabulary).read()
        if kind is Kind.INTEGER and needed is Kind.REAL:
            self._code.put(Op.REAL)
        elif kind is not needed:
            raise Wrong(f"{needed.value} is needed, this is {kind.value}")

    def _number(self, text: str | list[Word]) -> Kind:
        words = words_of(text) if isinstance(text, str) else text
        kind = Expression(words, self._code, self._variables, self._vocabulary).read()
        if kind is Kind.TRUTH:
            raise Wrong("a number is needed, this is a truth")
        return kind

    def _duration(self, text: str) -> None:
        """Code that leaves nanoseconds."""
        words = words_of(text)
        unit = words[-1].text if words else ""
        if unit not in _UNITS_NS:
            raise Wrong(f"{text!r}: a time ends with ms, s or min")
        self._number(words[:-1])
        self._code.put(Op.PUSH_INTEGER, _UNITS_NS[unit])
        self._code.put(Op.MULTIPLY)
        self._code.put(Op.ROUND)

    # ---- blocks ---------------------------------------------------------------------------------

    def _open(self, word: str, top: int = 0) -> _Block:
        if len(self._blocks) >= _MOST_BLOCKS:
            raise Wrong(f"more than {_MOST_BLOCKS} blocks in one another")
        self._blocks.append(_Block(word, self._line, top))
        return self._blocks[-1]

    def _skip_unless(self, block: _Block, condition: str) -> None:
        self._value(condition, Kind.TRUTH)
        block.skip = self._code.put(Op.JUMP_IF_FALSE, 0)

    def _if(self, rest: str) -> None:
        self._skip_unless(self._open("if"), rest)

    def _branch(self) -> _Block:
        """The open `if` of which another branch begins."""
        if not self._blocks or self._blocks[-1].word != "if" or self._blocks[-1].skip is None:
            raise Wrong("there is no 'if' here")
        block = self._blocks[-1]
        block.ends.append(self._code.put(Op.JUMP, 0))
        assert block.skip is not None
        self._code.land(block.skip)
        block.skip = None
        return block

    def _elif(self, rest: str) -> None:
        self._skip_unless(self._branch(), rest)

    def _else(self, rest: str) -> None:
        _nothing(rest)
        self._branch()

    def _while(self, rest: str) -> None:
        condition, limit, count = rest.rpartition(" limit ")
        if not limit:
            self._open("while")
            raise Wrong("'while CONDITION limit N': how many rounds at most?")
        counter = self._new_slot()
        self._code.integer(_constant(count, 1, MAX_INSTRUCTIONS))
        self._code.put(Op.STORE, counter)
        block = self._open("while", self._code.here)
        self._skip_unless(block, condition)
        self._code.put(Op.COUNT, counter)

    def _repeat(self, rest: str) -> None:
        counter = self._new_slot()
        block = self._open("repeat")
        self._value(rest, Kind.INTEGER)
        self._code.put(Op.STORE, counter)
        block.top = self._code.here
        self._code.put(Op.LOAD, counter)
        self._code.integer(0)
        self._code.put(Op.GREATER)
        block.skip = self._code.put(Op.JUMP_IF_FALSE, 0)
        self._code.put(Op.COUNT, counter)

    def _end(self, rest: str) -> None:
        _nothing(rest)
        if not self._blocks:
            raise Wrong("nothing is open that could end")
        block = self._blocks.pop()
        if block.word != "if":
            self._code.put(Op.JUMP, block.top)
        for jump in [*block.ends, *([] if block.skip is None else [block.skip])]:
            self._code.land(jump)

    def _leave(self, rest: str) -> None:
        _nothing(rest)
        loops = [block for block in self._blocks if block.word != "if"]
        if not loops:
            raise Wrong("there is no loop to leave")
        loops[-1].ends.append(self._code.put(Op.JUMP, 0))

    # ---- waiting --------------------------------------------------------------------------------

    def _wait(self, rest: str) -> None:
        word, _, what = rest.partition(" ")
        if word == "until":
            self._wait_until(what)
        elif word == "event":
            name, _, timeout = what.partition(" timeout ")
            if not timeout:
                raise Wrong("'wait event NAME timeout VALUE UNIT'")
            self._duration(timeout)
            self._code.put(Op.WAIT_EVENT, self._vocabulary.event(name.strip()))
        else:
            self._duration(rest)
            self._code.put(Op.WAIT)

    def _wait_until(self, rest: str) -> None:
        condition, timeout, times = rest.partition(" timeout ")
        if not timeout:
            raise Wrong("'wait until CONDITION timeout VALUE UNIT'")
        length, _, period = times.partition(" every ")
        deadline = self._new_slot()
        self._duration(length)
        self._code.put(Op.DEADLINE, deadline)
        top = self._code.here
        self._value(condition, Kind.TRUTH)
        not_yet = self._code.put(Op.JUMP_IF_FALSE, 0)
        self._code.put(Op.SET_OK, 1)
        done = self._code.put(Op.JUMP, 0)
        self._code.land(not_yet)
        self._duration(period or "1 s")
        self._code.put(Op.POLL, deadline, top)
        self._code.land(done)

    # ---- the rest -------------------------------------------------------------------------------

    def _try(self, rest: str) -> None:
        word, _, what = rest.partition(" ")
        if word != "send":
            raise Wrong("'try' is followed by 'send'")
        self._send(what.strip(), required=False)

    def _send(self, rest: str, *, required: bool) -> None:
        if len(self._telecommands) >= MAX_TELECOMMANDS:
            raise Wrong(f"more than {MAX_TELECOMMANDS} telecommands")
        rest, _, timeout = rest.partition(" timeout ")
        name, _, arguments = rest.strip().partition(" ")
        texts, computed = _arguments_of(arguments)
        word = self._vocabulary.telecommand(name, texts, tuple(computed))
        if len(computed) > MAX_HOLES:
            raise Wrong(f"more than {MAX_HOLES} computed arguments")
        for argument, text in computed.items():
            hole = word.holes[argument]
            kind = self._number(text)
            if hole.shift:
                self._code.put(Op.PUSH_REAL, hole.shift)
                self._code.put(Op.SUBTRACT)
            if hole.scale != 1.0:
                self._code.put(Op.PUSH_REAL, hole.scale)
                self._code.put(Op.DIVIDE)
            elif kind is Kind.REAL and not hole.shift:
                raise Wrong(f"{argument} is an integer: write round()")
            self._code.put(Op.ROUND)
        self._duration(timeout or f"{ANSWER_WITHIN_S} s")
        holes = tuple(word.holes[argument]._replace(scale=1.0, shift=0.0) for argument in computed)
        packaged = Packaged(word.service, word.subtype, word.application_data, holes)
        if packaged not in self._telecommands:
            self._telecommands.append(packaged)
        self._code.put(Op.SEND, self._telecommands.index(packaged))
        if required:
            self._code.put(Op.REQUIRE)

    def _raise(self, rest: str) -> None:
        words = words_of(rest)
        names = {severity.name.lower(): severity for severity in Severity}
        if len(words) < 2 or words[0].text not in names:
            raise Wrong(f"'raise SEVERITY NUMBER [VALUE]', the severity one of {', '.join(names)}")
        number = _constant(words[1].text, 0, 0xFFFF)
        if len(words) > 2:
            self._number(words[2:])
        else:
            self._code.integer(0)
        self._code.put(Op.RAISE, names[words[0].text], number)

    def _step(self, rest: str) -> None:
        self._code.put(Op.STEP, _constant(rest, 1, 0xFFFF))

    def _stop(self, rest: str) -> None:
        _nothing(rest)
        self._code.put(Op.STOP)

    def _fail(self, rest: str) -> None:
        self._code.integer(_constant(rest, 1, 0xFFFF))
        self._code.put(Op.FAIL)


def _without_comment(text: str) -> str:
    quote = ""
    for at, character in enumerate(text):
        if character in ("'", '"') and quote in ("", character):
            quote = "" if quote else character
        elif character == "#" and not quote:
            return text[:at]
    return text


def _constant(text: str, low: int, high: int) -> int:
    try:
        value = int(text.strip(), 0)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise Wrong(f"{text.strip()!r}: a number from {low} to {high} is needed")
    return value


def _nothing(rest: str) -> None:
    if rest:
        raise Wrong(f"{rest!r} is one too many")


def _arguments_of(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Those as an operator writes them, and those in brackets, which are computed."""
    texts: dict[str, str] = {}
    computed: dict[str, str] = {}
    rest = text.strip()
    while rest:
        found = re.match(r"(?P<name>\w+)=", rest)
        if found is None:
            raise Wrong(f"{rest[:20]!r}: arguments are NAME=VALUE or NAME=(VALUE)")
        name, rest = found["name"], rest[found.end() :]
        if name in texts or name in computed:
            raise Wrong(f"{name} is given twice")
        if rest.startswith("("):
            length = _bracketed(rest)
            computed[name], rest = rest[1 : length - 1], rest[length:].strip()
        elif rest[:1] in ("'", '"'):
            length = rest.find(rest[0], 1) + 1
            if length == 0:
                raise Wrong(f"{name}: an open quotation mark")
            texts[name], rest = rest[1 : length - 1], rest[length:].strip()
        else:
            texts[name], _, rest = rest.partition(" ")
            rest = rest.strip()
    return texts, computed


def _bracketed(text: str) -> int:
    """Length of the bracketed part at the beginning of the text."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at + 1
    raise Wrong("a bracket is not closed")
