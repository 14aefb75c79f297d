"""Reads mission files: TOML in, `MissionFile` out, or an error that says where and what is allowed.

Every figure is an inline table:

    mass_kg = { value = 0.68, label = "stated", source = "CNSA" }

with the label stated (by a public source), derived (by calculation) or assumed (by fsw, by analogy).
`unit` may be given where the key does not end in it; `note` may say more. Texts that name and describe
are plain strings. `[mission] kind` decides which dataclass of `kinds.KINDS` is the schema: its names are the
keys.
"""

import dataclasses
import functools
import re
import sys
import tomllib
import types
import typing
from typing import Any

from fsw.core.errors import FswError
from fsw.kernel.time import tai_from_utc
from fsw.missions.kinds import FLIGHT, KINDS, Mission
from fsw.missions.mission_file import COMPUTED, LABELS, PLAIN, UTC, Figure, OneOf, Within
from fsw.missions.units import units_of

_FIGURE_KEYS = ("value", "unit", "label", "source", "note")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*=")
_KEY_FIRST = re.compile(r"[a-z0-9_.]+")  # of a message, which often begins with the key that it is about
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def _lines_of_keys(text: str) -> dict[str, int]:
    """Line number of each key and table, by dotted path; tables of an array are numbered from 0."""
    lines: dict[str, int] = {}
    prefix, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        header, assignment = _HEADER.match(line), _ASSIGNMENT.match(line)
        if header:
            prefix = header.group(2)
            if header.group(1) == "[[":
                index = counts.get(prefix, 0)
                counts[prefix] = index + 1
                prefix = f"{prefix}.{index}"
            lines.setdefault(prefix, number)
        elif assignment:
            path = f"{prefix}.{assignment.group(1)}" if prefix else assignment.group(1)
            lines.setdefault(path, number)
    return lines


@dataclasses.dataclass(frozen=True, slots=True)
class _Member:
    """One key of a table, as the schema has it."""

    kind: Any  # float, int, bool, str, a tuple of numbers, or a dataclass
    item: type | None  # of an array of tables
    marks: tuple[Any, ...]
    needed: bool

    @property
    def span(self) -> Within | None:
        return next((mark for mark in self.marks if isinstance(mark, Within)), None)

    @property
    def range_text(self) -> str:
        return "" if self.span is None else f" from {self.span.low:g} to {self.span.high:g}"

    def needed_at(self, path: str) -> str:
        """What must stand there, in a sentence."""
        if dataclasses.is_dataclass(self.kind):
            return f"a table is needed, with the keys {', '.join(_members(typing.cast(type, self.kind)))}"
        if self.item is not None:
            return f"one or more tables [[{path}]] are needed"
        if PLAIN in self.marks:
            return "text in quotes is needed"
        return 'a figure is needed, as in { value = ..., label = "stated", source = "..." }'


@functools.cache
def _members(cls: type) -> dict[str, _Member]:
    """The keys of a table, from the annotations of its dataclass."""
    members = {}
    hints = typing.get_type_hints(cls, include_extras=True)
    for field in dataclasses.fields(cls):
        kind = hints[field.name]
        if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
            kind = next(arm for arm in typing.get_args(kind) if arm is not type(None))
        marks: tuple[Any, ...] = ()
        if typing.get_origin(kind) is typing.Annotated:
            kind, *rest = typing.get_args(kind)
            marks = tuple(rest)
        if COMPUTED in marks:
            continue
        arms = typing.get_args(kind)
        item = typing.cast(type, arms[0]) if arms and dataclasses.is_dataclass(arms[0]) else None
        members[field.name] = _Member(kind, item, marks, field.default is dataclasses.MISSING)
    return members


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.lines = _lines_of_keys(text)
        self.figures: dict[str, Figure] = {}

    def error(self, path: str, message: str) -> FswError:
        """An error at the key, or the table nearest above it that has a line."""
        line = self.line(path)
        place = self.name if line is None else f"{self.name}:{line}"
        key = f"{path}: " if path else ""
        return FswError(f"{place}: {key}{message}")

    def line(self, path: str) -> int | None:
        """Where a key, or the table nearest above it, is; of an array of tables the first of them."""
        while path:
            for at in (path, f"{path}.0"):
                if at in self.lines:
                    return self.lines[at]
            path = path.rpartition(".")[0]
        return None

    def error_of_table(self, path: str, message: str) -> FswError:
        """What a table's own checks say, at the key that the message begins with."""
        named = _KEY_FIRST.match(message)
        if named is None or self.line(key := self._join(path, named.group().rstrip("."))) is None:
            return self.error(path, message)
        return FswError(f"{self.name}:{self.line(key)}: {path + ': ' if path else ''}{message}")

    def table(self, cls: type, table: Any, path: str) -> Any:
        """A dataclass from a table: each key known, each needed key there, each value checked."""
        members = _members(cls)
        allowed = ", ".join(members)
        if not isinstance(table, dict):
            raise self.error(path, f"a table is needed, with the keys {allowed}")
        for key in table:
            if key not in members:
                raise self.error(self._join(path, key), f"unknown key; allowed are {allowed}")
        values = {}
        for key, member in members.items():
            at = self._join(path, key)
            if key in table:
                values[key] = self.member(member, table[key], at)
            elif member.needed:
                raise self.error(at, f"missing; {member.needed_at(at)}")
        if not path:
            values["figures"] = self.figures
        try:
            return cls(**values)
        except FswError as error:
            raise self.error_of_table(path, str(error)) from error

    def member(self, member: _Member, given: Any, path: str) -> Any:
        if dataclasses.is_dataclass(member.kind):
            return self.table(typing.cast(type, member.kind), given, path)
        if member.item is not None:
            if not isinstance(given, list) or not given:
                raise self.error(path, member.needed_at(path))
            return tuple(self.table(member.item, table, f"{path}.{n}") for n, table in enumerate(given))
        if PLAIN in member.marks:
            return self.value(member, given, path)
        return self.figure(member, given, path)

    def figure(self, member: _Member, given: Any, path: str) -> Any:
        if not isinstance(given, dict) or "value" not in given:
            raise self.error(path, member.needed_at(path))
        for key in given:
            if key not in _FIGURE_KEYS:
                raise self.error(path, f"unknown key {key!r}; allowed are {', '.join(_FIGURE_KEYS)}")
        label = given.get("label")
        if label not in LABELS:
            raise self.error(path, f"label {_shown(label)}; allowed are {', '.join(LABELS)}")
        for key in ("source", "unit", "note"):
            if not isinstance(given.get(key, ""), str):
                raise self.error(path, f"{key} {_shown(given[key])}; allowed is text")
        if not given.get("source", "").strip():
            raise self.error(path, "source is missing: where the figure is stated, or how it came about")
        value = self.value(member, given["value"], path)
        unit, note = given.get("unit", ""), given.get("note", "")
        units = units_of(path)
        if unit and units and unit not in units:
            raise self.error(path, f"unit {unit!r}; allowed is {' or '.join(units)}, in which this key is")
        self.figures[path] = Figure(value, unit, label, given["source"], note)
        return value

    def value(self, member: _Member, given: Any, path: str) -> Any:
        """A checked value: number, whole number, truth, text, or tuple of numbers."""
        if typing.get_origin(member.kind) is tuple:
            arms = typing.get_args(member.kind)
            if arms[-1] is Ellipsis:
                return self.whole_numbers(member, given, path)
            count = len(arms)
            if not isinstance(given, list) or len(given) != count:
                raise self.error(path, f"{_shown(given)}; allowed are lists of {count} numbers")
            return tuple(self.number(member, entry, path) for entry in given)
        if member.kind is float:
            return self.number(member, given, path)
        if member.kind is int:
            if not isinstance(given, int) or isinstance(given, bool):
                raise self.error(path, f"{_shown(given)}; allowed are whole numbers{member.range_text}")
            return self.within(member, given, path)
        if member.kind is bool:
            if not isinstance(given, bool):
                raise self.error(path, f"{_shown(given)}; allowed are true and false")
            return given
        if not isinstance(given, str) or not given.strip():
            raise self.error(path, f"{_shown(given)}; allowed is text in quotes")
        for mark in member.marks:
            if isinstance(mark, OneOf) and given not in mark.choices:
                raise self.error(path, f"{_shown(given)}; allowed are {', '.join(mark.choices)}")
        if UTC in member.marks:
            try:
                tai_from_utc(given)
            except FswError as error:
                raise self.error(path, str(error)) from error
        return given

    def whole_numbers(self, member: _Member, given: Any, path: str) -> tuple[int, ...]:
        """A list of any length, each entry once."""
        good = isinstance(given, list) and all(type(entry) is int for entry in given)
        if not good or len(set(given)) != len(given):
            raise self.error(path, f"{_shown(given)}; allowed are lists of different whole numbers")
        return tuple(self.within(member, entry, path) for entry in given)

    def number(self, member: _Member, given: Any, path: str) -> float:
        real = isinstance(given, int | float) and not isinstance(given, bool)
        if not real or not abs(given) <= sys.float_info.max:  # a nan compares as false
            raise self.error(path, f"{_shown(given)}; allowed are numbers{member.range_text}")
        return float(self.within(member, given, path))

    def within(self, member: _Member, given: Any, path: str) -> Any:
        span = member.span
        if span is not None and not span.low <= given <= span.high:
            raise self.error(path, f"{_shown(given)}; allowed are numbers{member.range_text}")
        return given

    @staticmethod
    def _join(path: str, key: str) -> str:
        return f"{path}.{key}" if path else key


def _shown(given: Any) -> str:
    """As written in Python, shortened: what is wrong may be of any size."""
    try:
        text = repr(given)
    except ValueError:  # a whole number of more digits than Python prints
        return "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


def _not_toml(told: str, text: str, name: str) -> FswError:
    place = _PLACE.search(told)
    if place is None:
        return FswError(f"{name}: not TOML: {told}")
    told = told[: place.start()]
    if place.group(1) is None:
        return FswError(f"{name}:{max(1, len(text.splitlines()))}: not TOML: {told} at the end of the file")
    return FswError(f"{name}:{place.group(1)}: not TOML: {told}, column {place.group(2)}")


def parse(text: str, name: str) -> Mission:
    """The mission in a file's text, of the type its kind has; `name` is what errors call the file."""
    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise FswError(f"{name}: not TOML that can be read: nested too deep") from error
    except ValueError as error:  # Python's own, too: numbers of thousands of digits
        raise _not_toml(str(error), text, name) from error
    reader, head = _Reader(text, name), tables.get("mission")
    kind = head.get("kind", FLIGHT) if isinstance(head, dict) else FLIGHT
    if not isinstance(kind, str) or kind not in KINDS:
        raise reader.error("mission.kind", f"{kind!r}; allowed are {', '.join(KINDS)}")
    mission: Mission = reader.table(KINDS[kind], tables, "")
    return mission
