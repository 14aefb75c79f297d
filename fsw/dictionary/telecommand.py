"""A telecommand: its application data, its effect, how to see that it worked, how it can fail.

Functions (ST[8,1]) carry their identifier (16 bits), the number of arguments (8 bits) and for each
argument its identifier (8 bits) and value, ECSS-E-ST-70-41C 8.8.2.1; the widths are ours. Arguments
are numbered from 1 in the order declared, come in any order, and are all there: defaults are the
ground's, for the operator.
Other services carry N (8 bits) and N identifiers of 16 bits, or nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fsw.core.errors import FswError
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin
from fsw.dictionary.layout import Layout
from fsw.dictionary.parameter import Engineering, Parameter, Raw

FUNCTION_SERVICE, FUNCTION_SUBTYPE = 8, 1
MOST_IN_A_LIST = 32

ArgumentValue = Engineering | Sequence[Engineering]


@dataclass(frozen=True, slots=True)
class Argument:
    """A typed argument. minimum, maximum: allowed engineering values, both included.

    listed: the argument is a list of 1 to 32 such values (identifiers of ST[3] and ST[5]).
    """

    parameter: Parameter
    minimum: float | None = None
    maximum: float | None = None
    listed: bool = False
    layout: Layout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", Layout(self.parameter.name, (self.parameter,)))

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        parameter = self.parameter
        if parameter.enumeration is not None:
            words = " | ".join(parameter.enumeration.__members__)
        else:
            bounds = parameter.raw_range
            assert bounds is not None, "arguments are integers or enumerations"
            low = bounds[0] if self.minimum is None else self.minimum
            high = bounds[1] if self.maximum is None else self.maximum
            words = f"{low:g} to {high:g}" + (f" {parameter.unit}" if parameter.unit else "")
        if self.listed:
            words = f"1 to {MOST_IN_A_LIST} of: {words}"
        return words

    def encode(self, value: Engineering) -> bytes:
        """Octets of one value. Raises FswError saying what is allowed."""
        try:
            raw = self.parameter.encode(value)
        except FswError as error:
            raise FswError(f"{self.name} = {value!r}: allowed are {self.allowed}") from error
        self.check(raw)
        return self.layout.pack([raw])

    def check(self, raw: Raw) -> None:
        """Raises FswError when a decoded value is not allowed."""
        value = self.parameter.decode(raw).value
        if self.parameter.enumeration is not None:
            if raw not in (self.parameter.texts or {}):
                raise FswError(f"{self.name} = {raw!r}: allowed are {self.allowed}")
        elif isinstance(value, (int, float)) and not (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
        ):
            raise FswError(f"{self.name} = {value}: allowed are {self.allowed}")

    def parse(self, text: str) -> ArgumentValue:
        """A value written by a person. Raises FswError saying what is allowed."""
        if self.listed:
            return [self._parse_one(part.strip()) for part in text.split(",") if part.strip()]
        return self._parse_one(text.strip())

    def _parse_one(self, text: str) -> Engineering:
        if self.parameter.enumeration is not None:
            by_name = {name.upper(): name for name in self.parameter.enumeration.__members__}
            if text.upper() in by_name:
                return by_name[text.upper()]
        try:
            return int(text, 0)
        except ValueError:
            pass
        if self.parameter.calibration is not None:
            try:
                return float(text)
            except ValueError:
                pass
        raise FswError(f"{self.name} = {text!r}: allowed are {self.allowed}")


@dataclass(frozen=True, slots=True)
class Telecommand:
    """One telecommand. `function` is the function identifier of ST[8,1], or None.

    effect, verification, failures: what it does, how to see that it did, and the failure codes of
    its own (those of acceptance apply to all).
    """

    name: str
    service: int
    subtype: int
    effect: str
    verification: str
    failures: tuple[FailureCode, ...] = ()
    arguments: tuple[Argument, ...] = ()
    function: int | None = None
    apid: int = ORBITER_APID
    origin: Origin = Origin.OURS
    hazardous: bool = False

    def __post_init__(self) -> None:
        is_function = (self.service, self.subtype) == (FUNCTION_SERVICE, FUNCTION_SUBTYPE)
        assert (self.function is not None) == is_function, self.name
        assert not any(argument.listed for argument in self.arguments) or len(self.arguments) == 1, self.name

    def encode(self, arguments: Mapping[str, ArgumentValue] | None = None) -> bytes:
        """Application data of named arguments (engineering values; enumerations by text or number).

        Raises FswError on unknown, missing or forbidden ones, saying what is allowed.
        """
        given = dict(arguments or {})
        parts: list[bytes] = []
        count = 0
        for number, argument in enumerate(self.arguments, start=1):
            value: Any = given.pop(argument.name, argument.parameter.default)
            if value is None:
                raise FswError(f"{self.name}: {argument.name} is missing; allowed are {argument.allowed}")
            if argument.listed:
                parts.append(_encode_list(argument, value))
                continue
            parts += [bytes([number])] * (self.function is not None) + [argument.encode(value)]
            count += 1
        if given:
            allowed = ", ".join(a.name for a in self.arguments) or "none"
            raise FswError(f"{self.name}: no argument {', '.join(sorted(given))}; allowed are {allowed}")
        head = b"" if self.function is None else self.function.to_bytes(2, "big") + bytes([count])
        return head + b"".join(parts)

    def decode(self, application_data: bytes) -> dict[str, Any]:
        """Named engineering values of the application data. Raises FswError on anything illegal."""
        if self.function is None:
            return self._decode_plain(application_data)
        values: dict[str, Any] = {}
        rest = application_data[3:]
        for _ in range(application_data[2] if len(application_data) >= 3 else 0):
            number = rest[0] if rest else 0
            if not 1 <= number <= len(self.arguments):
                raise FswError(f"{self.name}: argument {number}; allowed are 1 to {len(self.arguments)}")
            argument = self.arguments[number - 1]
            if argument.name in values:
                raise FswError(f"{self.name}: {argument.name} is given twice")
            values[argument.name] = _decode_value(argument, rest[1 : 1 + argument.layout.octets])
            rest = rest[1 + argument.layout.octets :]
        if rest or len(application_data) < 3:
            raise FswError(f"{self.name}: {len(application_data)} octets do not hold whole arguments")
        missing = [argument.name for argument in self.arguments if argument.name not in values]
        if missing:
            raise FswError(f"{self.name}: {', '.join(missing)} missing")
        return {argument.name: values[argument.name] for argument in self.arguments}

    def _decode_plain(self, data: bytes) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for argument in self.arguments:
            size = argument.layout.octets
            if argument.listed:
                count = data[0] if data else 0
                if not 1 <= count <= MOST_IN_A_LIST or len(data) != 1 + count * size:
                    raise FswError(f"{self.name}: N = {count} with {len(data)} octets")
                data = data[1:]
                values[argument.name] = [
                    _decode_value(argument, data[at : at + size]) for at in range(0, len(data), size)
                ]
                data = b""
            else:
                values[argument.name] = _decode_value(argument, data[:size])
                data = data[size:]
        if data:
            raise FswError(f"{self.name}: {len(data)} octets too many")
        return values


@dataclass(frozen=True, slots=True)
class Request:
    """A telecommand with its arguments, as an operator asked for it."""

    telecommand: Telecommand
    arguments: dict[str, ArgumentValue]

    def encode(self) -> bytes:
        """Application data."""
        return self.telecommand.encode(self.arguments)


def _encode_list(argument: Argument, values: Any) -> bytes:
    if isinstance(values, (str, int)):
        values = [values]
    values = list(values)
    if not 1 <= len(values) <= MOST_IN_A_LIST:
        raise FswError(f"{argument.name}: {len(values)} given; allowed are {argument.allowed}")
    return bytes([len(values)]) + b"".join(argument.encode(value) for value in values)


def _decode_value(argument: Argument, octets: bytes) -> Engineering:
    raw = argument.layout.unpack(octets)[0]
    argument.check(raw)
    return argument.parameter.decode(raw).value
