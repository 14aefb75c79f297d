"""One named value in a packet: its octets, unit, calibration, enumeration and limits."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import construct

from fsw.core.errors import FswError

Raw = int | float | bytes
Engineering = int | float | str | bytes


class SpacePacketField(construct.Construct):  # type: ignore[misc]
    """A whole Space Packet: its own length field tells where it ends."""

    def _parse(self, stream: Any, context: Any, path: Any) -> bytes:
        head = construct.stream_read(stream, _PACKET_HEAD_OCTETS, path)
        size = _packet_octets(head) - _PACKET_HEAD_OCTETS
        return bytes(head + construct.stream_read(stream, size, path))

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:
        construct.stream_write(stream, obj, len(obj), path)
        return obj


_PACKET_HEAD_OCTETS = 6


def _packet_octets(head: bytes) -> int:
    return _PACKET_HEAD_OCTETS + 1 + int.from_bytes(head[4:_PACKET_HEAD_OCTETS], "big")


PACKET = SpacePacketField()
CUC_TIME = construct.Bytes(7)  # on-board time as PUS reports have it


class Value(NamedTuple):
    """A decoded value. `raw` is what the octets say; `value` is calibrated, or the enumeration's text."""

    raw: Raw
    value: Engineering
    unit: str


class Violation(NamedTuple):
    """A value outside its limits. level: 'warning' or 'alarm'; bound: the limit passed."""

    parameter: str
    value: float
    level: Literal["warning", "alarm"]
    bound: float


@dataclass(frozen=True, slots=True)
class Linear:
    """value = raw * scale + offset."""

    scale: float
    offset: float = 0.0
    divisor: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # 234 / 10 is 23.4; 234 * 0.1 is not. Decimal scales divide, so that values print as meant.
        reciprocal = round(1 / self.scale)
        exact = self.scale < 1 and abs(reciprocal * self.scale - 1) < 1e-12
        object.__setattr__(self, "divisor", reciprocal if exact else None)

    def apply(self, raw: float) -> float:
        """Engineering value of a raw one."""
        if self.divisor is not None:
            return raw / self.divisor + self.offset
        return raw * self.scale + self.offset


@dataclass(frozen=True, slots=True)
class Limits:
    """In engineering units; None where a side has no limit. Alarm limits lie outside warning limits."""

    warning_low: float | None = None
    warning_high: float | None = None
    alarm_low: float | None = None
    alarm_high: float | None = None

    def check(self, name: str, value: float) -> Violation | None:
        """The worst limit that `value` passes, or None."""
        if self.alarm_low is not None and value < self.alarm_low:
            return Violation(name, value, "alarm", self.alarm_low)
        if self.alarm_high is not None and value > self.alarm_high:
            return Violation(name, value, "alarm", self.alarm_high)
        if self.warning_low is not None and value < self.warning_low:
            return Violation(name, value, "warning", self.warning_low)
        if self.warning_high is not None and value > self.warning_high:
            return Violation(name, value, "warning", self.warning_high)
        return None


def texts_of(enumeration: type[IntEnum]) -> Mapping[int, str]:
    """Raw value to text."""
    return MappingProxyType({member.value: member.name for member in enumeration})


_INTEGER_CODES = frozenset("BHLQbhlq")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of a report or an argument of a telecommand.

    layout: a construct field of fixed size, octets or text behind their length (Prefixed with
    GreedyBytes, PascalString in UTF-8), `PACKET`, or GreedyBytes in last place.
    overflow: what encoding does with a value that the field cannot hold: 'refuse' raises, 'saturate'
    stays at the end of the scale as a converter does, 'wrap' counts on from zero as a counter does.
    default: the value to encode when none is given; without one the value must be given.
    hidden: octets whose meaning is not known; decoded only on request.
    """

    name: str
    layout: Any
    text: str
    unit: str = ""
    calibration: Linear | None = None
    enumeration: type[IntEnum] | None = None
    limits: Limits | None = None
    overflow: Literal["refuse", "saturate", "wrap"] = "refuse"
    default: Engineering | None = None
    hidden: bool = False

    octets: int | None = field(init=False, repr=False, compare=False)  # None: not of fixed size
    prefix_octets: int = field(init=False, repr=False, compare=False)  # of the length in front, or 0
    is_octets: bool = field(init=False, repr=False, compare=False)
    is_text: bool = field(init=False, repr=False, compare=False)
    is_packet: bool = field(init=False, repr=False, compare=False)
    raw_range: tuple[int, int] | None = field(init=False, repr=False, compare=False)  # of integers
    plain_range: tuple[int, int] = field(init=False, repr=False, compare=False)  # integers that are their raw
    texts: Mapping[int, str] | None = field(init=False, repr=False, compare=False)
    codes: Mapping[str, int] | None = field(init=False, repr=False, compare=False)  # aliases too

    def __post_init__(self) -> None:
        # Asked of construct once: its own sizeof costs more than decoding a packet.
        is_text = isinstance(self.layout, construct.StringEncoded)
        held = self.layout.subcon if is_text else self.layout
        prefixed = isinstance(held, construct.Prefixed)
        is_packet = self.layout is PACKET
        open_sized = prefixed or is_packet or held is construct.GreedyBytes
        octets = None if open_sized else int(self.layout.sizeof())
        object.__setattr__(self, "octets", octets)
        object.__setattr__(self, "prefix_octets", int(held.lengthfield.sizeof()) if prefixed else 0)
        object.__setattr__(self, "is_octets", octets is None or isinstance(self.layout, construct.Bytes))
        object.__setattr__(self, "is_text", is_text)
        object.__setattr__(self, "is_packet", is_packet)
        object.__setattr__(self, "raw_range", _raw_range(self.layout))
        plain = self.enumeration is None and self.calibration is None and self.raw_range is not None
        object.__setattr__(self, "plain_range", self.raw_range if plain else (1, 0))
        named = self.enumeration
        object.__setattr__(self, "texts", None if named is None else texts_of(named))
        codes = None if named is None else {name: int(member) for name, member in named.__members__.items()}
        object.__setattr__(self, "codes", codes)

    @property
    def code(self) -> str | None:
        """The `struct` code of the field, or None where construct alone knows the layout."""
        if isinstance(self.layout, construct.FormatField) and self.layout.fmtstr[0] == ">":
            return str(self.layout.fmtstr[1])
        if isinstance(self.layout, (construct.Bytes, construct.BytesInteger)):
            return f"{self.octets}s"
        return None

    def read(self, octets: bytes, at: int) -> tuple[Raw, int]:
        """The raw value that begins at `at`, and where it ends. Raises FswError when it is cut short."""
        size = self.octets
        if self.prefix_octets:
            start = at + self.prefix_octets
            size = int.from_bytes(octets[at:start], "big")
            if start > len(octets):
                size = len(octets)  # no length, so too long in any case
            at = start
        elif self.is_packet:
            head = octets[at : at + _PACKET_HEAD_OCTETS]
            size = _packet_octets(head) if len(head) == _PACKET_HEAD_OCTETS else len(octets)
        elif size is None:
            size = len(octets) - at
        end = at + size
        if end > len(octets):
            raise FswError(f"{self.name}: {len(octets)} octets end before it does")
        field_octets = bytes(octets[at:end])
        if self.is_octets:
            return field_octets, end
        if isinstance(self.layout, construct.BytesInteger):
            return int.from_bytes(field_octets, "big", signed=bool(self.layout.signed)), end
        raw: Raw = struct.unpack(f">{self.code}", field_octets)[0]
        return raw, end

    def write(self, value: Engineering) -> bytes:
        """The octets of an engineering value. Raises FswError on a value the field cannot hold."""
        raw = self.encode(value)
        if isinstance(raw, bytes):
            return len(raw).to_bytes(self.prefix_octets, "big") + raw if self.prefix_octets else raw
        if isinstance(self.layout, construct.BytesInteger):
            assert self.octets is not None
            return int(raw).to_bytes(self.octets, "big", signed=bool(self.layout.signed))
        return struct.pack(f">{self.code}", raw)

    def decode(self, raw: Raw) -> Value:
        """Calibrate or name a raw value. An undefined enumeration value is shown as its number.

        Raises FswError on text that is not UTF-8.
        """
        if self.is_text:
            assert isinstance(raw, bytes)
            try:
                return Value(raw, raw.decode(), self.unit)
            except UnicodeDecodeError as error:
                raise FswError(f"{self.name}: {raw!r} is not UTF-8") from error
        if self.texts is not None:
            assert isinstance(raw, int)
            return Value(raw, self.texts.get(raw) or str(raw), self.unit)
        if self.calibration is not None:
            assert not isinstance(raw, bytes)
            return Value(raw, self.calibration.apply(raw), self.unit)
        return Value(raw, raw, self.unit)

    def encode(self, value: Engineering) -> Raw:
        """The raw value for an engineering value (an enumeration's text, member or number).

        Raises FswError, naming the parameter, on a value the field cannot hold.
        """
        if type(value) is int and self.plain_range[0] <= value <= self.plain_range[1]:
            return value  # as most are
        if self.codes is not None:
            code = self.codes.get(value) if type(value) is str else None
            return self._encode_enumeration(value) if code is None else code
        if self.is_octets:
            return self._encode_octets(value)
        if isinstance(value, (str, bytes)) or not isinstance(value, (int, float)):
            raise FswError(f"{self.name} = {value!r}: a number is needed{self._in_unit()}")
        bounds = self.raw_range
        if bounds is None:
            raw = float(value)
            return raw if self.calibration is None else self._uncalibrate(raw)
        if not isfinite(value):
            raise FswError(f"{self.name} = {value!r}: a finite number is needed{self._in_unit()}")
        number = round(self._uncalibrate(value)) if self.calibration is not None else round(value)
        low, high = bounds
        if low <= number <= high:
            return number
        if self.overflow == "saturate":
            return low if number < low else high
        if self.overflow == "wrap":
            return low + (number - low) % (high - low + 1)
        scale = f"{self._scaled(low)} to {self._scaled(high)}{self._in_unit()}"
        raise FswError(f"{self.name} = {value!r}: allowed are {scale}")

    def _uncalibrate(self, value: float) -> float:
        assert self.calibration is not None
        return (value - self.calibration.offset) / self.calibration.scale

    def _scaled(self, raw: int) -> float | int:
        if self.calibration is None:
            return raw
        return self.calibration.apply(raw)

    def _in_unit(self) -> str:
        return f" [{self.unit}]" if self.unit else ""

    def _encode_octets(self, value: Engineering) -> bytes:
        if self.is_text and isinstance(value, str):
            value = value.encode()
        most = (1 << 8 * self.prefix_octets) - 1
        if self.prefix_octets and isinstance(value, (bytes, bytearray, memoryview)) and len(value) > most:
            raise FswError(f"{self.name}: {len(value)} octets given; allowed are up to {most}")
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise FswError(f"{self.name} = {value!r}: octets are needed")
        octets = self.octets
        if self.is_packet:
            octets = _packet_octets(value[:_PACKET_HEAD_OCTETS])
        if octets is not None and len(value) != octets:
            raise FswError(f"{self.name}: {len(value)} octets given, {octets} are needed")
        return bytes(value)

    def _encode_enumeration(self, value: Engineering) -> int:
        assert self.enumeration is not None
        assert self.codes is not None
        if isinstance(value, str):
            if value in self.codes:
                return self.codes[value]
        elif isinstance(value, int) and value in (self.texts or {}):
            return int(value)
        allowed = ", ".join(f"{name} ({code})" for name, code in self.codes.items())
        raise FswError(f"{self.name} = {value!r}: allowed are {allowed}")


def _raw_range(layout: Any) -> tuple[int, int] | None:
    if isinstance(layout, construct.BytesInteger):
        signed = bool(layout.signed)
    elif isinstance(layout, construct.FormatField) and layout.fmtstr[1] in _INTEGER_CODES:
        signed = layout.fmtstr[1].islower()
    else:
        return None
    bits = 8 * int(layout.sizeof())
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
