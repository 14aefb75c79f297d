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
import math
import re
import tomllib
import types
import typing
from typing import Any

from fsw.core.errors import FswError
from fsw.kernel.time import tai_from_utc
from fsw.missions.kinds import FLIGHT, KINDS, Mission
from fsw.missions.mission_file import COMPUTED, LABELS, PLAIN, UTC, Figure, OneOf, Within

_FIGURE_KEYS = ("value", "unit", "label", "source", "note")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


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
        at = path
        while at and at not in self.lines:
            at = at.rpartition(".")[0]
        line = f":{self.lines[at]}" if at else ""
        key = f"{path}: " if path else ""
        return FswError(f"{self.name}{line}: {key}{message}")

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
                raise self.error(at, "missing")
        if not path:
            values["figures"] = self.figures
        try:
            return cls(**values)
        except FswError as error:
            raise self.error(path, str(error)) from error

    def member(self, member: _Member, given: Any, path: str) -> Any:
        if dataclasses.is_dataclass(member.kind):
            return self.table(typing.cast(type, member.kind), given, path)
        if member.item is not None:
            if not isinstance(given, list) or not given:
                raise self.error(path, f"one or more tables [[{path}]] are needed")
            return tuple(self.table(member.item, table, f"{path}.{n}") for n, table in enumerate(given))
        if PLAIN in member.marks:
            return self.value(member, given, path)
        return self.figure(member, given, path)

    def figure(self, member: _Member, given: Any, path: str) -> Any:
        if not isinstance(given, dict) or "value" not in given:
            example = '{ value = ..., label = "stated", source = "..." }'
            raise self.error(path, f"a figure is needed, as in {example}")
        for key in given:
            if key not in _FIGURE_KEYS:
                raise self.error(path, f"unknown key {key!r}; allowed are {', '.join(_FIGURE_KEYS)}")
        label = given.get("label")
        if label not in LABELS:
            raise self.error(path, f"label {label!r}; allowed are {', '.join(LABELS)}")
        for key in ("source", "unit", "note"):
            if not isinstance(given.get(key, ""), str):
                raise self.error(path, f"{key} {given[key]!r}; allowed is text")
        if not given.get("source", "").strip():
            raise self.error(path, "source is missing: where the figure is stated, or how it came about")
        value = self.value(member, given["value"], path)
        unit, note = given.get("unit", ""), given.get("note", "")
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
                raise self.error(path, f"{given!r}; allowed are lists of {count} numbers")
            return tuple(self.number(member, entry, path) for entry in given)
        if member.kind is float:
            return self.number(member, given, path)
        if member.kind is int:
            if not isinstance(given, int) or isinstance(given, bool):
                raise self.error(path, f"{given!r}; allowed are whole numbers{member.range_text}")
            return self.within(member, given, path)
        if member.kind is bool:
            if not isinstance(given, bool):
                raise self.error(path, f"{given!r}; allowed are true and false")
            return given
        if not isinstance(given, str) or not given.strip():
            raise self.error(path, f"{given!r}; allowed is text in quotes")
        for mark in member.marks:
            if isinstance(mark, OneOf) and given not in mark.choices:
                raise self.error(path, f"{given!r}; allowed are {', '.join(mark.choices)}")
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
            raise self.error(path, f"{given!r}; allowed are lists of different whole numbers")
        return tuple(self.within(member, entry, path) for entry in given)

    def number(self, member: _Member, given: Any, path: str) -> float:
        if not isinstance(given, int | float) or isinstance(given, bool) or not math.isfinite(given):
            raise self.error(path, f"{given!r}; allowed are numbers{member.range_text}")
        return float(self.within(member, given, path))

    def within(self, member: _Member, given: Any, path: str) -> Any:
        span = member.span
        if span is not None and not span.low <= given <= span.high:
            raise self.error(path, f"{given}; allowed are numbers{member.range_text}")
        return given

    @staticmethod
    def _join(path: str, key: str) -> str:
        return f"{path}.{key}" if path else key


def parse(text: str, name: str) -> Mission:
    """The mission in a file's text, of the type its kind has; `name` is what errors call the file."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FswError(f"{name}: not TOML: {error}") from error
    reader, head = _Reader(text, name), tables.get("mission")
    kind = head.get("kind", FLIGHT) if isinstance(head, dict) else FLIGHT
    if not isinstance(kind, str) or kind not in KINDS:
        raise reader.error("mission.kind", f"{kind!r}; allowed are {', '.join(KINDS)}")
    mission: Mission = reader.table(KINDS[kind], tables, "")
    return mission
