"""Protocol data units of the SDLS extended procedures (CCSDS 355.1-B-1): built and taken apart.

    reply 1 | user 1 | service group 2 | procedure 4 || length of the data in bits 16 || data     (5.3.2)

Sizes left to the mission are those of annex D and of NASA CryptoLib: identifiers of keys and associations
16 bits, keys 256, IV 96, MAC and challenges 128, window 8. Ours: what an event of the log holds.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fsw.core.errors import FswError
from fsw.protocols import sdls_cipher
from fsw.protocols.sdls import Channel, SecurityAssociation
from fsw.protocols.sdls_cipher import IV_OCTETS, MAC_OCTETS
from fsw.protocols.sdls_codes import Service

CHALLENGE_OCTETS = 16
HEADER_OCTETS = 3
REPLY_FLAG = 0x80
NO_MAP = 0x3F


class Procedure(IntEnum):
    """Tags of the commands: service group and procedure (table 5-1)."""

    OTAR = 0x01
    ACTIVATE_KEYS = 0x02
    DEACTIVATE_KEYS = 0x03
    VERIFY_KEYS = 0x04
    DESTROY_KEYS = 0x06
    KEY_INVENTORY = 0x07
    READ_NUMBER = 0x10
    CREATE = 0x11
    DELETE = 0x14
    SET_WINDOW = 0x15
    REKEY = 0x16
    EXPIRE = 0x19
    SET_NUMBER = 0x1A
    START = 0x1B
    STOP = 0x1E
    STATUS = 0x1F
    PING = 0x31
    LOG_STATUS = 0x32
    DUMP_LOG = 0x33
    ERASE_LOG = 0x34
    SELF_TEST = 0x35
    RESET_ALARM = 0x37


def encode_unit(tag: int, data: bytes) -> bytes:
    if 8 * len(data) > 0xFFFF:
        raise FswError(f"procedure data of {len(data)} octets: allowed are up to {0xFFFF // 8}")
    return struct.pack(">BH", tag, 8 * len(data)) + data


# ---- commands, as the ground builds them -------------------------------------------------------------


def encode(procedure: Procedure, data: bytes = b"") -> bytes:
    """A command of any procedure. Raises FswError if the data are too long for the length field."""
    return encode_unit(procedure, data)


def otar(master_key_id: int, master_key: bytes, iv: bytes, keys: Sequence[tuple[int, bytes]]) -> bytes:
    """Over-the-air rekeying: (identifier, key) pairs under a master key. `iv`: never used with it before."""
    if len(iv) != IV_OCTETS:
        raise FswError(f"IV of {len(iv)} octets: allowed is {IV_OCTETS}")
    block = b"".join(struct.pack(">H", number) + octets for number, octets in keys)
    return encode(
        Procedure.OTAR, struct.pack(">H", master_key_id) + iv + sdls_cipher.seal(master_key, iv, block, b"")
    )


def key_list(procedure: Procedure, key_ids: Sequence[int]) -> bytes:
    """ACTIVATE_KEYS, DEACTIVATE_KEYS or DESTROY_KEYS."""
    return encode(procedure, struct.pack(f">{len(key_ids)}H", *key_ids))


def verify_keys(challenges: Sequence[tuple[int, bytes]]) -> bytes:
    """(identifier, 16 octets) pairs; the reply proves that the spacecraft holds the keys."""
    return encode(Procedure.VERIFY_KEYS, b"".join(struct.pack(">H", n) + octets for n, octets in challenges))


def key_inventory(first: int, last: int) -> bytes:
    return encode(Procedure.KEY_INVENTORY, struct.pack(">HH", first, last))


def create(association: SecurityAssociation, header_octets: int = 6) -> bytes:
    """header_octets: of the frame before the security header, for the mask."""
    mask = association.mask_for(header_octets)
    number = association.number.to_bytes(association.anti_replay_octets, "big")
    cipher = b"\x01" if association.service is Service.AUTHENTICATED_ENCRYPTION else b""
    return encode(
        Procedure.CREATE,
        struct.pack(">H", association.spi)
        + bytes((association.service << 6 | association.iv_octets, association.number_octets << 2))
        + bytes((MAC_OCTETS,))
        + bytes((len(cipher),)) + cipher  # encryption suite 1: AES-GCM
        + bytes((association.iv_octets,)) + bytes(association.iv_octets)
        + (b"\x00" if cipher else b"\x01\x01")  # authentication suite 1: AES-CMAC
        + struct.pack(">H", len(mask)) + mask
        + bytes((len(number),)) + number
        + bytes((1, association.window)),
    )  # fmt: skip


def rekey(spi: int, key_id: int, number: int, number_octets: int) -> bytes:
    """Key and the number before the first one to be used. number_octets: of the anti-replay number."""
    return encode(Procedure.REKEY, struct.pack(">HH", spi, key_id) + number.to_bytes(number_octets, "big"))


def start(spi: int, spacecraft_id: int, channels: Sequence[Channel]) -> bytes:
    """From now on for these channels (global MAP identifiers of 32 bits)."""
    words = [
        spacecraft_id << 12
        | channel.virtual_channel << 6
        | (NO_MAP if channel.map_id is None else channel.map_id)
        for channel in channels
    ]
    return encode(Procedure.START, struct.pack(f">H{len(words)}I", spi, *words))


def on_association(procedure: Procedure, spi: int) -> bytes:
    """STOP, EXPIRE, DELETE, READ_NUMBER or STATUS."""
    return encode(procedure, struct.pack(">H", spi))


def set_number(spi: int, number: int, number_octets: int) -> bytes:
    return encode(Procedure.SET_NUMBER, struct.pack(">H", spi) + number.to_bytes(number_octets, "big"))


def set_window(spi: int, window: int) -> bytes:
    return encode(Procedure.SET_WINDOW, struct.pack(">HB", spi, window))


# ---- replies, as the ground reads them ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    """A protocol data unit taken apart. procedure: tag without the reply flag."""

    procedure: int
    is_reply: bool
    data: bytes


def decode(octets: bytes) -> Unit | None:
    """None unless it is one whole unit of this standard and nothing else."""
    if len(octets) < HEADER_OCTETS:
        return None
    tag, bits = struct.unpack_from(">BH", octets)
    data = octets[HEADER_OCTETS:]
    user_defined = bool(tag & 0x40)
    if user_defined or bits != 8 * len(data):
        return None
    return Unit(tag & ~REPLY_FLAG, bool(tag & REPLY_FLAG), data)


def read_reply(octets: bytes) -> dict[str, Any] | None:
    """What a reply says, by name; None if it is no reply that we know.

    KEY_INVENTORY keys: [(identifier, state)]. VERIFY_KEYS answers: [(identifier, iv, sealed challenge)].
    READ_NUMBER spi, number. STATUS spi, last_procedure. LOG_STATUS, ERASE_LOG logged, remaining. DUMP_LOG
    events: [(reason, spi, number)]. SELF_TEST passed. PING nothing but its procedure.
    """
    unit = decode(octets)
    if unit is None or not unit.is_reply:
        return None
    data, size = unit.data, len(unit.data)
    match unit.procedure:
        case Procedure.PING if size == 0:
            return {"procedure": "PING"}
        case Procedure.KEY_INVENTORY if size >= 2 and size == 2 + 3 * int.from_bytes(data[:2], "big"):
            keys = [struct.unpack_from(">HB", data, at) for at in range(2, size, 3)]
            return {"procedure": "KEY_INVENTORY", "keys": keys}
        case Procedure.VERIFY_KEYS if size and size % _ANSWER_OCTETS == 0:
            return {"procedure": "VERIFY_KEYS", "answers": _answers(data)}
        case Procedure.READ_NUMBER if size > 2:
            spi, number = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
            return {"procedure": "READ_NUMBER", "spi": spi, "number": number}
        case Procedure.STATUS if size == 3:
            return {"procedure": "STATUS", "spi": int.from_bytes(data[:2], "big"), "last_procedure": data[2]}
        case Procedure.LOG_STATUS | Procedure.ERASE_LOG if size == 4:
            logged, remaining = struct.unpack(">HH", data)
            name = Procedure(unit.procedure).name
            return {"procedure": name, "logged": logged, "remaining": remaining}
        case Procedure.DUMP_LOG if size % EVENT.size == 0:
            entries = [EVENT.unpack_from(data, at) for at in range(0, size, EVENT.size)]
            events = [(reason, spi, number) for reason, _, spi, number in entries]
            return {"procedure": "DUMP_LOG", "events": events}
        case Procedure.SELF_TEST if size == 1:
            return {"procedure": "SELF_TEST", "passed": data[0] == 0}
    return None


def answer_proves(key: bytes, challenge: bytes, iv: bytes, sealed: bytes) -> bool:
    """Whether the answer to a challenge was made with this key."""
    return sdls_cipher.unseal(key, iv, sealed, b"") == challenge


_ANSWER_OCTETS = 2 + IV_OCTETS + CHALLENGE_OCTETS + MAC_OCTETS
EVENT = struct.Struct(">BHHI")  # reason, octets that follow, SPI, low 32 bits of the number


def _answers(data: bytes) -> list[tuple[int, bytes, bytes]]:
    answers = []
    for at in range(0, len(data), _ANSWER_OCTETS):
        sealed_at = at + 2 + IV_OCTETS
        answers.append(
            (
                int.from_bytes(data[at : at + 2], "big"),
                data[at + 2 : sealed_at],
                data[sealed_at : at + _ANSWER_OCTETS],
            )
        )
    return answers
