"""The two small structures that CFDP builds its options from (CCSDS 727.0-B-5, 5.1.9 and 5.4).

LV: a length octet and a value. TLV: a type octet before it.
"""

from enum import IntEnum

from fsw.core.errors import FswError

MOST_VALUE_OCTETS = 255


class Option(IntEnum):
    """TLV types (5.4)."""

    FILESTORE_REQUEST = 0x00
    FILESTORE_RESPONSE = 0x01
    MESSAGE_TO_USER = 0x02
    FAULT_HANDLER_OVERRIDE = 0x04
    FLOW_LABEL = 0x05
    ENTITY_ID = 0x06


def lv(value: bytes, what: str) -> bytes:
    """Length and value. Raises FswError, naming `what`, if it is too long."""
    if len(value) > MOST_VALUE_OCTETS:
        raise FswError(f"CFDP {what} of {len(value)} octets: allowed are up to {MOST_VALUE_OCTETS}")
    return bytes([len(value)]) + value


def tlv(kind: Option, value: bytes, what: str) -> bytes:
    return bytes([kind]) + lv(value, what)


def take_lv(octets: bytes, at: int) -> tuple[bytes, int] | None:
    """The value at `at` and where it ends; None where the octets do not hold it."""
    if at >= len(octets) or at + 1 + octets[at] > len(octets):
        return None
    end = at + 1 + octets[at]
    return octets[at + 1 : end], end


def read_options(octets: bytes, at: int) -> list[tuple[int, bytes]] | None:
    """All TLVs from `at` on; None where one is cut."""
    found = []
    while at < len(octets):
        value = take_lv(octets, at + 1)
        if value is None:
            return None
        found.append((octets[at], value[0]))
        at = value[1]
    return found


def entity_tlv(entity: int, least_octets: int) -> bytes:
    width = max(least_octets, (entity.bit_length() + 7) // 8)
    return tlv(Option.ENTITY_ID, entity.to_bytes(width, "big"), "entity identifier")


def name_of(value: bytes) -> str:
    """A file name. Octets that are not UTF-8 stay as lone surrogates: a name is a peer's word, not a path."""
    return value.decode("utf-8", "surrogateescape")


def name_octets(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
