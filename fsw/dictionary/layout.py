"""Turns a list of parameters into octets and back.

The construct Struct is the declaration (printed, exported, tested); a precompiled `struct.Struct`
does the work where every field is of fixed size, about ten times as fast. A test holds the two to
the same octets.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import construct

from fsw.core.errors import FswError
from fsw.dictionary.parameter import Engineering, Parameter, Raw, Value, Violation


class Layout:
    """The fields of one packet, in order. Immutable; one per declaration, made at import."""

    def __init__(self, owner: str, parameters: Sequence[Parameter]) -> None:
        names = [parameter.name for parameter in parameters]
        assert len(set(names)) == len(names), f"{owner}: a parameter is declared twice"
        assert all(parameter.octets is not None for parameter in parameters[:-1]), (
            f"{owner}: octets of open length are last"
        )
        self.owner = owner
        self.parameters = tuple(parameters)
        self.construct = construct.Struct(*(p.name / p.layout for p in parameters))
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
        self._shown = tuple((i, p, p.name) for i, p in enumerate(self.parameters) if not p.hidden)
        self._limited = tuple(p for p in self.parameters if p.limits is not None)

    def unpack(self, octets: bytes) -> list[Raw]:
        """Raw values in order. Raises FswError when the length is not the layout's."""
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
        fields: list[Any] = list(raws)
        tail = fields.pop() if self.open_ended else b""
        for index, signed in self._wide.items():
            size = self.parameters[index].octets
            assert size is not None
            fields[index] = fields[index].to_bytes(size, "big", signed=signed)
        return self._packer.pack(*fields) + tail

    def decode(self, octets: bytes, hidden: bool = False) -> dict[str, Value]:
        """Named values; with `hidden`, also the octets whose meaning is not known."""
        raws = self.unpack(octets)
        if hidden:
            return {p.name: p.decode(raw) for p, raw in zip(self.parameters, raws, strict=True)}
        return {name: parameter.decode(raws[i]) for i, parameter, name in self._shown}

    def encode(self, values: Mapping[str, Engineering]) -> bytes:
        """Octets of named engineering values. Raises FswError on unknown, missing or unfit ones."""
        raws: list[Raw] = []
        found = 0
        for parameter in self.parameters:
            value = values.get(parameter.name)
            if value is None:
                value = parameter.default
                if value is None:
                    raise FswError(f"{self.owner}: {parameter.name} is missing")
            else:
                found += 1
            raws.append(parameter.encode(value))
        if found != len(values):
            known = [parameter.name for parameter in self.parameters]
            unknown = ", ".join(sorted(set(values) - set(known)))
            raise FswError(f"{self.owner}: unknown {unknown}; allowed are {', '.join(known)}")
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
