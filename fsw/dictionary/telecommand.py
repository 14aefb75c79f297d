"""A telecommand: its application data, its effect, how to see that it worked, how it can fail.

Functions (ST[8,1]) carry their identifier (16 bits), the number of arguments (8 bits) and for each
argument its identifier (8 bits) and value, ECSS-E-ST-70-41C 8.8.2.1; the widths are ours. Arguments
are numbered from 1 in the order declared, come in any order, and are all there: defaults are the
ground's, for the operator.
Other services carry their arguments one after the other; those that come N times, behind N (8 bits).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from fsw.core.errors import FswError
from fsw.dictionary.identifiers import GROUND_SOURCE, ORBITER_APID, FailureCode, Origin
from fsw.dictionary.parameter import CUC_TIME, Engineering, Parameter, Raw
from fsw.protocols import pus

FUNCTION_SERVICE, FUNCTION_SUBTYPE = 8, 1
MOST_IN_A_LIST = 32

ArgumentValue = Any  # of an argument: Engineering, of a list: a sequence, of a group: mappings


@dataclass(frozen=True, slots=True)
class Argument:
    """A typed argument. minimum, maximum: allowed engineering values, both included; of octets and text,
    how many octets are allowed.

    listed: the argument is a list of `least` to 32 such values (identifiers of ST[3], ST[5], ST[15]).
    names: of numbers, that an operator may write instead; other numbers come through, and the task they
    are for says that it knows none such.
    """

    parameter: Parameter
    minimum: float | None = None
    maximum: float | None = None
    listed: bool = False
    names: type[IntEnum] | None = None
    least: int = 1

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def text(self) -> str:
        return self.parameter.text

    @property
    def default(self) -> Any:
        """What is taken when nothing is given; None where something must be."""
        return () if self.listed and not self.least else self.parameter.default

    @property
    def default_text(self) -> str:
        """The default as an operator writes it, or nothing."""
        default = self.default
        return "" if default in (None, ()) else default.hex() if isinstance(default, bytes) else str(default)

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        words = self._allowed_once()
        if self.listed:
            words = f"{self.least} to {MOST_IN_A_LIST} of: {words}"
        return words

    def _allowed_once(self) -> str:
        parameter = self.parameter
        if parameter.enumeration is not None:
            return " | ".join(parameter.enumeration.__members__)
        if parameter.is_packet:
            return "a telecommand packet as hexadecimal digits, or NAME ARGUMENTS @COUNT"
        if parameter.layout is CUC_TIME:
            return "on-board time, as UTC (2020-10-01T12:00:00.5Z) or 7 octets as hexadecimal digits"
        if parameter.is_octets:
            low, high = self._octets_allowed()
            many = f"{low}" if low == high else f"up to {high}" if low == 0 else f"{low} to {high}"
            return f"text of {many} octets" if parameter.is_text else f"{many} octets as hexadecimal digits"
        if self.names is not None:
            return f"{self._numbers_allowed()} or a name of {self.names.__name__}"
        return self._numbers_allowed()

    def _numbers_allowed(self) -> str:
        parameter = self.parameter
        bounds = parameter.raw_range
        low_bound = self.minimum if self.minimum is not None else None if bounds is None else bounds[0]
        high_bound = self.maximum if self.maximum is not None else None if bounds is None else bounds[1]
        unit = f" {parameter.unit}" if parameter.unit else ""
        if low_bound is None or high_bound is None:
            return f"a number{unit}"
        return f"{_plain(low_bound)} to {_plain(high_bound)}{unit}"

    def _octets_allowed(self) -> tuple[int, int]:
        parameter = self.parameter
        if parameter.octets is not None:
            return parameter.octets, parameter.octets
        if parameter.is_packet:
            return 7, pus.LONGEST_PACKET_OCTETS
        most = (1 << 8 * parameter.prefix_octets) - 1 if parameter.prefix_octets else 0xFFFF
        return int(self.minimum or 0), most if self.maximum is None else int(self.maximum)

    def write(self, value: Any) -> bytes:
        """Octets of a value, or of a list of them. Raises FswError saying what is allowed."""
        if not self.listed:
            return self._write_one(value)
        values = [value] if isinstance(value, (str, int)) else list(value)
        if not self.least <= len(values) <= MOST_IN_A_LIST:
            raise FswError(f"{self.name}: {len(values)} given; allowed are {self.allowed}")
        return bytes([len(values)]) + b"".join(self._write_one(one) for one in values)

    def _write_one(self, value: Engineering) -> bytes:
        if self.names is not None and isinstance(value, str):
            if value.upper() not in self.names.__members__:
                raise FswError(f"{self.name} = {value!r}: allowed are {self.allowed}")
            value = int(self.names[value.upper()])
        try:
            raw = self.parameter.encode(value)
        except FswError as error:
            raise FswError(f"{self.name} = {value!r}: allowed are {self.allowed}") from error
        self.check(raw)
        return self.parameter.write(value)

    def read(self, octets: bytes, at: int) -> tuple[Any, int]:
        """The engineering value (or list) that begins at `at`, and where it ends. Raises FswError."""
        if not self.listed:
            return self._read_one(octets, at)
        count = octets[at] if at < len(octets) else -1
        if not self.least <= count <= MOST_IN_A_LIST:
            raise FswError(f"{self.name}: N = {count}; allowed are {self.least} to {MOST_IN_A_LIST}")
        values, at = [], at + 1
        for _ in range(count):
            value, at = self._read_one(octets, at)
            values.append(value)
        return values, at

    def _read_one(self, octets: bytes, at: int) -> tuple[Engineering, int]:
        raw, at = self.parameter.read(octets, at)
        self.check(raw)
        return self.parameter.decode(raw).value, at

    def check(self, raw: Raw) -> None:
        """Raises FswError when a decoded value is not allowed."""
        if self.parameter.is_octets:
            assert isinstance(raw, bytes)
            low, high = self._octets_allowed()
            if not low <= len(raw) <= high:
                raise FswError(f"{self.name}: {len(raw)} octets given; allowed are {self.allowed}")
            return
        value = self.parameter.decode(raw).value
        if self.parameter.enumeration is not None:
            if raw not in (self.parameter.texts or {}):
                raise FswError(f"{self.name} = {raw!r}: allowed are {self.allowed}")
        elif isinstance(value, (int, float)) and not (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and value == value
        ):
            raise FswError(f"{self.name} = {value}: allowed are {self.allowed}")

    def parse(self, text: str) -> Any:
        """A value written by a person. Raises FswError saying what is allowed."""
        if self.listed:
            return [self._parse_one(part.strip()) for part in text.split(",") if part.strip()]
        return self._parse_one(text if self.parameter.is_text else text.strip())

    def _parse_one(self, text: str) -> Engineering:
        if self.parameter.is_text:
            return text
        if self.parameter.is_octets:
            try:
                return bytes.fromhex(text.removeprefix("0x"))
            except ValueError as error:
                if self.parameter.is_packet:
                    return written_packet(text)
                if self.parameter.layout is CUC_TIME and (octets := _written_time(text)) is not None:
                    return octets
                raise FswError(f"{self.name} = {text!r}: allowed are {self.allowed}") from error
        if self.parameter.enumeration is not None:
            by_name = {name.upper(): name for name in self.parameter.enumeration.__members__}
            if text.upper() in by_name:
                return by_name[text.upper()]
        if self.names is not None and text.upper() in self.names.__members__:
            return int(self.names[text.upper()])
        try:
            return int(text, 0)
        except ValueError:
            pass
        if self.parameter.calibration is not None or self.parameter.raw_range is None:
            try:
                return float(text)
            except ValueError:
                pass
        raise FswError(f"{self.name} = {text!r}: allowed are {self.allowed}")


@dataclass(frozen=True, slots=True)
class ArgumentGroup:
    """Arguments that come N times (8 bits). On board their value is a list of dictionaries.

    least, most: entries allowed.
    """

    name: str
    fields: tuple["Argument | ArgumentGroup", ...]
    text: str
    least: int = 1
    most: int = MOST_IN_A_LIST

    listed = False

    @property
    def default(self) -> tuple[()] | None:
        return None if self.least else ()

    @property
    def default_text(self) -> str:
        """The default as an operator writes it, or nothing."""
        return "" if self.least else "[]"

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        fields = ", ".join(f"{field.name} ({field.allowed})" for field in self.fields)
        return f"{self.least} to {self.most} of: {fields}"

    def write(self, entries: Any) -> bytes:
        """Octets of a list of mappings. Raises FswError saying what is allowed."""
        if isinstance(entries, (str, bytes, Mapping)) or not isinstance(entries, Sequence):
            raise FswError(f"{self.name} = {entries!r}: a list of entries is needed: {self.allowed}")
        if not self.least <= len(entries) <= self.most:
            raise FswError(f"{self.name}: {len(entries)} given; allowed are {self.allowed}")
        entries_octets = (_write_all(self.name, self.fields, entry) for entry in entries)
        return bytes([len(entries)]) + b"".join(entries_octets)

    def read(self, octets: bytes, at: int) -> tuple[list[dict[str, Any]], int]:
        """The entries that begin at `at`, and where they end. Raises FswError."""
        count = octets[at] if at < len(octets) else -1
        if not self.least <= count <= self.most:
            raise FswError(f"{self.name}: N = {count}; allowed are {self.least} to {self.most}")
        entries, at = [], at + 1
        for _ in range(count):
            entry: dict[str, Any] = {}
            for field in self.fields:
                entry[field.name], at = field.read(octets, at)
            entries.append(entry)
        return entries, at

    def parse(self, text: str) -> list[dict[str, Any]]:
        """Entries as a person writes them: a JSON list of objects (or one object)."""
        try:
            given = json.loads(text)
        except ValueError as error:
            raise FswError(f"{self.name} = {text!r}: a JSON list is needed, of {self.allowed}") from error
        return self.parsed([given] if isinstance(given, dict) else given)

    def parsed(self, given: Any) -> list[dict[str, Any]]:
        """Entries whose texts are still to be read. Raises FswError saying what is allowed."""
        if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
            raise FswError(f"{self.name} = {given!r}: a list of objects is needed, of {self.allowed}")
        fields = {field.name: field for field in self.fields}
        entries = []
        for entry in given:
            unknown = sorted(set(entry) - set(fields))
            if unknown:
                raise FswError(f"{self.name}: no {', '.join(unknown)}; allowed are {', '.join(fields)}")
            entries.append({name: _parsed(fields[name], value) for name, value in entry.items()})
        return entries


AnyArgument = Argument | ArgumentGroup


def _plain(bound: float) -> str:
    """Whole numbers in full, as they are to be written."""
    return str(int(bound)) if bound == int(bound) and abs(bound) < 1e15 else f"{bound:g}"


def _parsed(argument: AnyArgument, value: Any) -> Any:
    if isinstance(value, str):
        return argument.parse(value)
    return argument.parsed(value) if isinstance(argument, ArgumentGroup) else value


def _write_all(owner: str, arguments: Sequence[AnyArgument], values: Any) -> bytes:
    if not isinstance(values, Mapping):
        raise FswError(f"{owner} = {values!r}: values by name are needed")
    given = dict(values)
    parts = [argument.write(_take(owner, argument, given)) for argument in arguments]
    _refuse_the_rest(owner, arguments, given)
    return b"".join(parts)


def _take(owner: str, argument: AnyArgument, given: dict[str, Any]) -> Any:
    value = given.pop(argument.name, argument.default)
    if value is None:
        raise FswError(f"{owner}: {argument.name} is missing; allowed are {argument.allowed}")
    return value


def _refuse_the_rest(owner: str, arguments: Sequence[AnyArgument], given: Mapping[str, Any]) -> None:
    if given:
        allowed = ", ".join(argument.name for argument in arguments) or "none"
        raise FswError(f"{owner}: no argument {', '.join(sorted(given))}; allowed are {allowed}")


@dataclass(frozen=True, slots=True)
class Telecommand:
    """One telecommand. `function` is the function identifier of ST[8,1], or None.

    effect, verification, failures: what it does, how to see that it did, and the failure codes of
    its own (those of acceptance apply to all). hazardous: an operator is asked twice. in_safe_mode: it is
    carried out in safe mode, too.
    """

    name: str
    service: int
    subtype: int
    effect: str
    verification: str
    failures: tuple[FailureCode, ...] = ()
    arguments: tuple[AnyArgument, ...] = ()
    function: int | None = None
    apid: int = ORBITER_APID
    origin: Origin = Origin.OURS
    hazardous: bool = False
    in_safe_mode: bool = True

    def __post_init__(self) -> None:
        is_function = (self.service, self.subtype) == (FUNCTION_SERVICE, FUNCTION_SUBTYPE)
        assert (self.function is not None) == is_function, self.name
        assert not is_function or not any(
            argument.listed or isinstance(argument, ArgumentGroup) for argument in self.arguments
        ), self.name

    def encode(self, arguments: Mapping[str, ArgumentValue] | None = None) -> bytes:
        """Application data of named arguments (engineering values; enumerations by text or number).

        Raises FswError on unknown, missing or forbidden ones, saying what is allowed.
        """
        if self.function is None:
            return _write_all(self.name, self.arguments, arguments or {})
        given = dict(arguments or {})
        parts = [
            bytes([number]) + argument.write(_take(self.name, argument, given))
            for number, argument in enumerate(self.arguments, start=1)
        ]
        _refuse_the_rest(self.name, self.arguments, given)
        return self.function.to_bytes(2, "big") + bytes([len(parts)]) + b"".join(parts)

    def decode(self, application_data: bytes) -> dict[str, Any]:
        """Named engineering values of the application data. Raises FswError on anything illegal."""
        if self.function is None:
            return self._decode_plain(application_data)
        values: dict[str, Any] = {}
        at = 3
        for _ in range(application_data[2] if len(application_data) >= at else 0):
            number = application_data[at] if at < len(application_data) else 0
            if not 1 <= number <= len(self.arguments):
                raise FswError(f"{self.name}: argument {number}; allowed are 1 to {len(self.arguments)}")
            argument = self.arguments[number - 1]
            if argument.name in values:
                raise FswError(f"{self.name}: {argument.name} is given twice")
            values[argument.name], at = argument.read(application_data, at + 1)
        if at != len(application_data):
            raise FswError(f"{self.name}: {len(application_data)} octets do not hold whole arguments")
        missing = [argument.name for argument in self.arguments if argument.name not in values]
        if missing:
            raise FswError(f"{self.name}: {', '.join(missing)} missing")
        return {argument.name: values[argument.name] for argument in self.arguments}

    def _decode_plain(self, data: bytes) -> dict[str, Any]:
        values: dict[str, Any] = {}
        at = 0
        for argument in self.arguments:
            values[argument.name], at = argument.read(data, at)
        if at != len(data):
            raise FswError(f"{self.name}: {len(data) - at} octets too many")
        return values


@dataclass(frozen=True, slots=True)
class Request:
    """A telecommand with its arguments, as an operator asked for it."""

    telecommand: Telecommand
    arguments: dict[str, ArgumentValue]

    def encode(self) -> bytes:
        """Application data."""
        return self.telecommand.encode(self.arguments)


_COUNT = re.compile(r"@(?P<count>\d+)\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written_packet(text: str) -> bytes:
    """A telecommand packet as an operator writes one that another request carries: `NAME ARGUMENTS @COUNT`.

    count: its packet sequence count, 0 if not given, by which the requests inside are told apart. It
    asks for all reports. Raises FswError saying what is allowed.
    """
    from fsw import dictionary  # which imports this module

    words = text.strip()
    counted = _COUNT.search(words)
    if counted is not None:
        words = words[: counted.start()].strip()
    name, _, arguments = words.partition(" ")
    request = dictionary.parse_telecommand(name, arguments)
    command = request.telecommand
    return pus.encode_telecommand(
        pus.Telecommand(
            command.apid,
            int(counted["count"]) if counted is not None else 0,
            command.service,
            command.subtype,
            GROUND_SOURCE,
            pus.Acknowledge.ALL,
            request.encode(),
        )
    )


def _written_time(text: str) -> bytes | None:
    """On-board time of a UTC, or None when it is not one or the clock does not show it."""
    try:
        utc = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (utc if utc.tzinfo is not None else utc.replace(tzinfo=UTC)) - _EPOCH
    posix_ns = (since.days * 86400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    try:
        return pus.encode_time(posix_ns)
    except FswError:
        return None
