"""Values and conditions: text to instructions that leave one value on the stack."""

import re
import struct
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from fsw.core.errors import FswError
from fsw.protocols.obcp.instructions import FORMS, HIGHEST_INTEGER, Op
from fsw.protocols.obcp.vocabulary import Vocabulary

MAX_NESTING = 24  # brackets in brackets


class Kind(Enum):
    """What a value is."""

    INTEGER = "an integer"
    REAL = "a real"
    TRUTH = "a truth"


class Wrong(Exception):
    """What is wrong with a line; the compiler adds its number."""


class Variable(NamedTuple):
    slot: int
    kind: Kind


class Code:
    """Instructions as they are written, with targets that are filled in later."""

    def __init__(self) -> None:
        self.octets = bytearray()

    def put(self, op: Op, *operands: int | float) -> int:
        """Its address."""
        at = len(self.octets)
        self.octets.append(op)
        self.octets += FORMS[op].operands.pack(*operands)
        return at

    def integer(self, value: int) -> None:
        if -128 <= value <= 127:
            self.put(Op.PUSH_BYTE, value)
        else:
            self.put(Op.PUSH_INTEGER, value)

    def land(self, jump: int, target: int | None = None) -> None:
        """The jump at that address goes to the target, or here."""
        after = jump + 1 + FORMS[self.octets[jump]].operands.size
        struct.pack_into(">H", self.octets, after - 2, len(self.octets) if target is None else target)

    @property
    def here(self) -> int:
        return len(self.octets)


class Word(NamedTuple):
    sort: str  # number, text, name or sign
    text: str


_WORDS = re.compile(
    r"\s*(?:(?P<number>0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])"
    r'|"(?P<text>[^"]*)"|(?P<name>[A-Za-z_][\w.]*)|(?P<sign>!=|<=|>=|:=|[-+*/()=<>,]))'
)


def words_of(text: str) -> list[Word]:
    """Raises Wrong at what is no word."""
    found: list[Word] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _WORDS.match(text, at)
        if match is None:
            raise Wrong(f"{text[at:].strip()[:20]!r} is not understood")
        assert match.lastgroup is not None
        found.append(Word(match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


_COMPARISONS = {
    "=": Op.EQUAL,
    "!=": Op.UNEQUAL,
    "<": Op.LESS,
    "<=": Op.LESS_OR_EQUAL,
    ">": Op.GREATER,
    ">=": Op.GREATER_OR_EQUAL,
}
_SUMS = {"+": Op.ADD, "-": Op.SUBTRACT}
_PRODUCTS = {"*": Op.MULTIPLY, "/": Op.DIVIDE, "div": Op.WHOLE_DIVIDE, "mod": Op.MODULO}
_RESERVED = frozenset({"and", "or", "not", "div", "mod", "true", "false", "ok", "failure", "elapsed"})
RESERVED = _RESERVED | {"abs", "min", "max", "round", "real", "integer", "hk"}


class Expression:
    """Reads one expression from the words and writes its code."""

    def __init__(
        self, words: list[Word], code: Code, variables: Mapping[str, Variable], vocabulary: Vocabulary
    ) -> None:
        self._words = words
        self._at = 0
        self._depth = 0
        self._code = code
        self._variables = variables
        self._vocabulary = vocabulary
        self._texts: Mapping[str, int] | None = None  # of the enumeration just read, if it was one

    def read(self) -> Kind:
        """The kind of the value. Raises Wrong."""
        kind = self._or()
        if self._at < len(self._words):
            raise Wrong(f"{self._words[self._at].text!r} is one too many")
        return kind

    def _next(self) -> str:
        """The next word if it is a name or a sign."""
        if self._at < len(self._words) and self._words[self._at].sort in ("name", "sign"):
            return self._words[self._at].text
        return ""

    def _or(self) -> Kind:
        return self._joined("or", Op.OR, lambda: self._joined("and", Op.AND, self._not))

    def _joined(self, word: str, op: Op, part: Callable[[], Kind]) -> Kind:
        kind = part()
        while self._next() == word:
            self._at += 1
            _need(kind is Kind.TRUTH and part() is Kind.TRUTH, f"{word!r} joins truths")
            self._code.put(op)
        return kind

    def _not(self) -> Kind:
        if self._next() != "not":
            return self._comparison()
        self._at += 1
        self._deeper()
        _need(self._not() is Kind.TRUTH, "'not' needs a truth")
        self._depth -= 1
        self._code.put(Op.NOT)
        return Kind.TRUTH

    def _comparison(self) -> Kind:
        self._texts = None
        kind = self._sum()
        op = _COMPARISONS.get(self._next())
        if op is None:
            return kind
        texts = self._texts
        self._at += 1
        _need(kind is not Kind.TRUTH, "a truth is not compared; write 'not' or nothing")
        if self._at < len(self._words) and self._words[self._at].sort == "text":
            text = self._words[self._at].text
            _need(texts is not None, f'"{text}": only a parameter with texts is compared with a text')
            assert texts is not None
            _need(text in texts, f'"{text}": allowed are {", ".join(texts)}')
            self._code.integer(texts[text])
            self._at += 1
        else:
            _need(self._sum() is not Kind.TRUTH, "a truth is not compared")
        self._code.put(op)
        return Kind.TRUTH

    def _sum(self) -> Kind:
        return self._chain(_SUMS, lambda: self._chain(_PRODUCTS, self._factor))

    def _chain(self, operations: Mapping[str, Op], part: Callable[[], Kind]) -> Kind:
        kind = part()
        while (op := operations.get(self._next())) is not None:
            sign = self._next()
            self._at += 1
            other = part()
            self._texts = None
            _need(Kind.TRUTH not in (kind, other), f"{sign!r} needs numbers")
            if op in (Op.WHOLE_DIVIDE, Op.MODULO):
                _need(kind is other is Kind.INTEGER, f"{sign!r} needs integers")
            real = op is Op.DIVIDE or Kind.REAL in (kind, other)
            kind = Kind.REAL if real else Kind.INTEGER
            self._code.put(op)
        return kind

    def _factor(self) -> Kind:
        if self._next() != "-":
            return self._primary()
        self._at += 1
        self._deeper()
        kind = self._factor()
        self._depth -= 1
        self._texts = None
        _need(kind is not Kind.TRUTH, "'-' needs a number")
        self._code.put(Op.NEGATE)
        return kind

    def _primary(self) -> Kind:
        _need(self._at < len(self._words), "a value is missing")
        word = self._words[self._at]
        self._at += 1
        if word.sort == "number":
            return self._number(word.text)
        if word.sort == "text":
            raise Wrong(f'"{word.text}": a text is only compared, on the right')
        if word.text == "(":
            self._deeper()
            kind = self._or()
            self._depth -= 1
            self._expect(")")
            return kind
        if word.sort == "sign":
            raise Wrong(f"{word.text!r} where a value is needed")
        return self._name(word.text)

    def _number(self, text: str) -> Kind:
        if text.startswith("0x") or text.isdigit():
            value = int(text, 0) if text.startswith("0x") else int(text)
            _need(value <= HIGHEST_INTEGER, f"{text} does not fit 64 bits")
            self._code.integer(value)
            return Kind.INTEGER
        _need(float(text) != float("inf"), f"{text} is too large")
        self._code.put(Op.PUSH_REAL, float(text))
        return Kind.REAL

    def _name(self, name: str) -> Kind:
        if name in self._variables:
            slot, kind = self._variables[name]
            self._code.put(Op.LOAD, slot)
            return kind
        if name.startswith("hk."):
            try:
                parameter = self._vocabulary.parameter(name[3:])
            except FswError as error:
                raise Wrong(str(error)) from error
            self._code.put(Op.READ, parameter.identifier)
            self._texts = parameter.texts or None
            return Kind.REAL if parameter.real else Kind.INTEGER
        match name:
            case "true" | "false":
                self._code.integer(int(name == "true"))
                return Kind.TRUTH
            case "ok":
                self._code.put(Op.OK)
                return Kind.TRUTH
            case "failure":
                self._code.put(Op.FAILURE)
                return Kind.INTEGER
            case "elapsed":
                self._code.put(Op.ELAPSED)
                return Kind.REAL
            case "abs" | "round" | "real":
                return self._function_of_one(name)
            case "min" | "max":
                kinds = self._arguments(2)
                self._code.put(Op.MINIMUM if name == "min" else Op.MAXIMUM)
                return Kind.REAL if Kind.REAL in kinds else Kind.INTEGER
        raise Wrong(f"{name!r} is not declared")

    def _function_of_one(self, name: str) -> Kind:
        (kind,) = self._arguments(1)
        self._code.put({"abs": Op.ABSOLUTE, "round": Op.ROUND, "real": Op.REAL}[name])
        return {"abs": kind, "round": Kind.INTEGER, "real": Kind.REAL}[name]

    def _arguments(self, count: int) -> list[Kind]:
        self._expect("(")
        self._deeper()
        kinds = []
        for number in range(count):
            if number:
                self._expect(",")
            kinds.append(self._or())
        self._depth -= 1
        self._expect(")")
        self._texts = None
        _need(Kind.TRUTH not in kinds, "a number is needed")
        return kinds

    def _expect(self, sign: str) -> None:
        _need(self._next() == sign, f"{sign!r} is missing")
        self._at += 1

    def _deeper(self) -> None:
        self._depth += 1
        _need(self._depth <= MAX_NESTING, f"more than {MAX_NESTING} brackets in brackets")


def _need(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Wrong(otherwise)
