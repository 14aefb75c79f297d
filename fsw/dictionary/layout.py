"""Turns a list of parameters, and counted groups of them, into octets and back.

The construct Struct is the declaration (printed, exported, tested); a precompiled `struct.Struct`
does the work where every field is of fixed size, about ten times as fast. A test holds the two to
the same octets. From the first field of open size on, field follows field.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import construct

from fsw.core.errors import FswError
from fsw.dictionary.parameter import Parameter, Raw, Value, Violation

Flat = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that come N times, behind N. In a decoded report they are `name[0].field` and so on.

    fields: parameters or groups. count_octets: width of N. least, most: entries allowed.
    """

    name: str
    fields: tuple["Parameter | Group", ...]
    text: str
    count_octets: int = 1
    least: int = 0
    most: int = 255

    @property
    def default(self) -> Any:
        """No entries, where there may be none."""
        return None if self.least else ()

    @property
    def construct(self) -> Any:
        """The same as a construct declaration."""
        count = construct.BytesInteger(self.count_octets)
        return construct.PrefixedArray(count, construct.Struct(*(_named(field) for field in self.fields)))

    def write(self, entries: Any) -> bytes:
        """Octets of a list of mappings. Raises FswError on unknown, missing or unfit values."""
        if isinstance(entries, (str, bytes, Mapping)) or not isinstance(entries, Sequence):
            raise FswError(f"{self.name} = {entries!r}: a list of entries is needed")
        if not self.least <= len(entries) <= self.most:
            raise FswError(f"{self.name}: {len(entries)} given; allowed are {self.least} to {self.most}")
        parts = [len(entries).to_bytes(self.count_octets, "big")]
        parts += (write_fields(self.name, self.fields, entry) for entry in entries)
        return b"".join(parts)

    def read(self, octets: bytes, at: int) -> tuple[list[Flat], int]:
        """The entries that begin at `at`, and where they end. Raises FswError when they are cut short."""
        start = at + self.count_octets
        count = int.from_bytes(octets[at:start], "big")
        if start > len(octets) or not self.least <= count <= self.most:
            raise FswError(f"{self.name}: N = {count}; allowed are {self.least} to {self.most}")
        entries = []
        at = start
        for _ in range(count):
            entry, at = read_fields(self.fields, octets, at)
            entries.append(entry)
        return entries, at


Field = Parameter | Group


def _named(field: Field) -> Any:
    return field.name / (field.construct if isinstance(field, Group) else field.layout)


def read_fields(fields: Sequence[Field], octets: bytes, at: int) -> tuple[Flat, int]:
    """Values of fields one after the other from `at` on, groups flattened, and where they end."""
    values: Flat = {}
    for field in fields:
        if isinstance(field, Parameter):
            raw, at = field.read(octets, at)
            values[field.name] = field.decode(raw)
            continue
        entries, at = field.read(octets, at)
        values[field.name] = Value(len(entries), len(entries), "")
        for index, entry in enumerate(entries):
            values |= {f"{field.name}[{index}].{name}": value for name, value in entry.items()}
    return values, at


def write_fields(owner: str, fields: Sequence[Field], values: Mapping[str, Any]) -> bytes:
    """Octets of named values; a group's are a list of mappings. Raises FswError as `Layout.encode`."""
    if not isinstance(values, Mapping):
        raise FswError(f"{owner} = {values!r}: values by name are needed")
    parts = []
    found = 0
    for field in fields:
        value: Any = values.get(field.name)
        if value is None:
            value = field.default
            if value is None:
                raise FswError(f"{owner}: {field.name} is missing")
        else:
            found += 1
        parts.append(field.write(value))
    if found != len(values):
        raise _unknown(owner, fields, values)
    return b"".join(parts)


def _unknown(owner: str, fields: Sequence[Field], values: Mapping[str, Any]) -> FswError:
    known = [field.name for field in fields]
    unknown = ", ".join(sorted(set(values) - set(known)))
    return FswError(f"{owner}: unknown {unknown}; allowed are {', '.join(known)}")


class Layout:
    """The fields of one packet, in order. Immutable; one per declaration, made at import.

    parameters: those before the first of open size, which the precompiled way takes; octets to the end
    of the packet may close them. tail: the other fields, if there are any.
    """

    def __init__(self, owner: str, fields: Sequence[Field]) -> None:
        names = [field.name for field in fields]
        assert len(set(names)) == len(names), f"{owner}: a parameter is declared twice"
        assert all(not _to_the_end(field) for field in fields[:-1]), (
            f"{owner}: octets of open length are last"
        )
        fixed_fields = _fixed_ahead(fields)
        parameters = [field for field in fields[:fixed_fields] if isinstance(field, Parameter)]
        self.owner = owner
        self.fields = tuple(fields)
        self.parameters = tuple(parameters)
        self.tail = tuple(fields[fixed_fields:])
        self.construct = construct.Struct(*(_named(field) for field in fields))
        self.open_ended = bool(parameters) and parameters[-1].octets is None
        fixed = self.parameters[:-1] if self.open_ended else self.parameters
        codes = [parameter.code for parameter in fixed]
        assert None not in codes, f"{owner}: a field is neither a big-endian number nor octets"
        self._packer = struct.Struct(">" + "".join(str(code) for code in codes))
        # Integers of 3, 5, 6, 7 octets have no struct code: they travel as octets.
        self._wide = {
            index: bool(parameter.layout.signed)
            for index, parameter in enumerate(fixed)
            if isinstance(parameter.layout, construct.BytesInteger)
        }
        self.octets = self._packer.size
        # What encoding asks of each: its name, and which integers are their own raw values.
        self._encoded = tuple((p.name, *p.plain_range, p) for p in self.parameters)
        self._shown = tuple((i, p, p.name) for i, p in enumerate(self.parameters) if not p.hidden)
        self._limited = tuple(p for p in self.parameters if p.limits is not None)

    def unpack(self, octets: bytes) -> list[Raw]:
        """Raw values in order, of a layout without tail. Raises FswError when the length is not its own."""
        assert not self.tail, f"{self.owner}: its fields are of open size"
        if len(octets) != self.octets and not (self.open_ended and len(octets) > self.octets):
            or_more = " or more" if self.open_ended else ""
            raise FswError(f"{self.owner}: {len(octets)} octets given, {self.octets}{or_more} are needed")
        raws: list[Raw] = list(self._packer.unpack_from(octets))
        for index, signed in self._wide.items():
            wide = raws[index]
            assert isinstance(wide, bytes)
            raws[index] = int.from_bytes(wide, "big", signed=signed)
        if self.open_ended:
            raws.append(bytes(octets[self.octets :]))
        return raws

    def pack(self, raws: Sequence[Raw]) -> bytes:
        """Octets of raw values that the fields can hold."""
        if not self._wide and not self.open_ended:
            return self._packer.pack(*raws)
        fields: list[Any] = list(raws)
        tail = fields.pop() if self.open_ended else b""
        for index, signed in self._wide.items():
            size = self.parameters[index].octets
            assert size is not None
            fields[index] = fields[index].to_bytes(size, "big", signed=signed)
        return self._packer.pack(*fields) + tail

    def decode(self, octets: bytes, hidden: bool = False) -> dict[str, Value]:
        """Named values; with `hidden`, also the octets whose meaning is not known.

        Raises FswError when the octets are not as declared: too few, too many, no text.
        """
        if self.tail:
            return self._decode_with_tail(octets, hidden)
        raws = self.unpack(octets)
        if hidden:
            return {p.name: p.decode(raw) for p, raw in zip(self.parameters, raws, strict=True)}
        return {name: parameter.decode(raws[i]) for i, parameter, name in self._shown}

    def _decode_with_tail(self, octets: bytes, hidden: bool) -> dict[str, Value]:
        values, end = read_fields(self.fields, octets, 0)
        if end != len(octets):
            raise FswError(f"{self.owner}: {len(octets)} octets given, {end} are declared")
        if hidden:
            return values
        concealed = {field.name for field in self.fields if isinstance(field, Parameter) and field.hidden}
        return {name: value for name, value in values.items() if name not in concealed}

    def encode(self, values: Mapping[str, Any]) -> bytes:
        """Octets of named engineering values; a group's are a list of mappings.

        Raises FswError on unknown, missing or unfit ones.
        """
        if self.tail:
            return write_fields(self.owner, self.fields, values)
        raws: list[Raw] = []
        found = 0
        for name, low, high, parameter in self._encoded:
            value = values.get(name)
            if value is None:
                value = parameter.default
                if value is None:
                    raise FswError(f"{self.owner}: {name} is missing")
            else:
                found += 1
            if type(value) is int and low <= value <= high:  # as most are
                raws.append(value)
            else:
                raws.append(parameter.encode(value))
        if found != len(values):
            raise _unknown(self.owner, self.fields, values)
        return self.pack(raws)

    def check(self, values: Mapping[str, Value]) -> list[Violation]:
        """Limits that decoded values pass."""
        found = []
        for parameter in self._limited:
            assert parameter.limits is not None
            value = values[parameter.name].value
            if isinstance(value, (int, float)):
                violation = parameter.limits.check(parameter.name, value)
                if violation is not None:
                    found.append(violation)
        return found


def _to_the_end(field: Field) -> bool:
    return isinstance(field, Parameter) and not (
        field.octets is not None or field.prefix_octets or field.is_packet
    )


def _fixed_ahead(fields: Sequence[Field]) -> int:
    """Fields that the precompiled way takes: those of fixed size in front, and octets to the end."""
    for index, field in enumerate(fields):
        if isinstance(field, Group) or (field.octets is None and not _to_the_end(field)):
            return index
    return len(fields)
