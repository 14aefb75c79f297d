"""The whole simulation as octets, and back.

State is plain data: None, bool, int, float, str, bytes, list, tuple, dict, and instances of the
dataclasses and enumerations that were registered with `plain`. Reading a snapshot never runs code
that the file names: an unregistered type is an error.

File: magic `FSWSNAP1`, SHA-256 of the body, body (MessagePack with three extension types).
"""

import dataclasses
import enum
import hashlib
from typing import Any, TypeVar

import msgpack

MAGIC = b"FSWSNAP1"
_DIGEST_OCTETS = 32
_TUPLE, _RECORD, _BIG_INT = 1, 2, 3

T = TypeVar("T", bound=type)
_types: dict[str, type] = {}


class SnapshotError(Exception):
    """The octets are not a snapshot that this version can restore; the text says why."""


def plain(cls: T) -> T:
    """Class decorator: instances of this dataclass or Enum may stand in a snapshot."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if not (dataclasses.is_dataclass(cls) or issubclass(cls, enum.Enum)):
        raise TypeError(f"{name} is neither a dataclass nor an Enum")
    _types[name] = cls
    return cls


def _encode(value: Any) -> Any:
    if isinstance(value, tuple):
        return msgpack.ExtType(_TUPLE, _pack_body(list(value)))
    if isinstance(value, int) and not isinstance(value, enum.Enum):
        octets = (value.bit_length() + 8) // 8
        return msgpack.ExtType(_BIG_INT, value.to_bytes(octets, "big", signed=True))
    cls = type(value)
    name = f"{cls.__module__}.{cls.__qualname__}"
    if _types.get(name) is not cls:
        raise TypeError(f"{name} is not plain data: register it with @plain")
    if isinstance(value, enum.Enum):
        fields: Any = value.value
    else:
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return msgpack.ExtType(_RECORD, _pack_body([name, fields]))


def _decode(code: int, octets: bytes) -> Any:
    if code == _TUPLE:
        return tuple(_unpack_body(octets))
    if code == _BIG_INT:
        return int.from_bytes(octets, "big", signed=True)
    if code == _RECORD:
        name, fields = _unpack_body(octets)
        cls = _types.get(name)
        if cls is None:
            raise SnapshotError(f"holds a {name!r}, which this version does not know")
        if issubclass(cls, enum.Enum):
            return cls(fields)
        instance = object.__new__(cls)
        expected = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        if sorted(fields) != sorted(expected):
            raise SnapshotError(f"holds a {name!r} with fields {sorted(fields)}: expected {expected}")
        for field_name, field_value in fields.items():
            object.__setattr__(instance, field_name, field_value)
        return instance
    raise SnapshotError(f"holds extension type {code}, which this version does not know")


def _pack_body(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value, default=_encode, strict_types=True)
    return packed


def _unpack_body(octets: bytes) -> Any:
    return msgpack.unpackb(octets, ext_hook=_decode, strict_map_key=False)


def pack(value: Any) -> bytes:
    """A snapshot file's octets. Raises TypeError, naming the type, for what is not plain data."""
    body = _pack_body(value)
    return MAGIC + hashlib.sha256(body).digest() + body


def unpack(octets: bytes) -> Any:
    """The value again, equal in every type and bit. Raises SnapshotError, never anything else."""
    if not octets.startswith(MAGIC):
        raise SnapshotError(f"not a snapshot: it begins with {octets[:8]!r}, not {MAGIC!r}")
    body = octets[len(MAGIC) + _DIGEST_OCTETS :]
    if hashlib.sha256(body).digest() != octets[len(MAGIC) : len(MAGIC) + _DIGEST_OCTETS]:
        raise SnapshotError(f"damaged snapshot: the checksum over its {len(body)} octets is wrong")
    try:
        return _unpack_body(body)
    except SnapshotError:
        raise
    except Exception as error:
        raise SnapshotError(f"damaged snapshot: {error}") from error
