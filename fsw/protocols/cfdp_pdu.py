"""CFDP protocol data units on the wire (CCSDS 727.0-B-5, 5): octets to values and back.

Fixed header: version 3 bits = 001, type 1 (1 file data), direction 1 (1 toward the sender), mode 1
(1 unacknowledged), CRC flag 1, large file flag 1; data field length 16; segmentation control 1, entity
identifier octets - 1 (3), segment metadata flag 1, sequence number octets - 1 (3); source entity,
sequence number, destination entity. The data field length counts the CRC where there is one.
"""

from binascii import crc_hqx
from enum import IntEnum

from fsw.core.errors import FswError
from fsw.kernel.record import record
from fsw.protocols.cfdp_tlv import Option, entity_tlv, lv, name_octets, name_of, read_options, take_lv, tlv

VERSION = 1
FIXED_HEADER_OCTETS = 4
CRC_OCTETS = 2
MOST_DATA_FIELD_OCTETS = 65535


class Directive(IntEnum):
    EOF = 0x04
    FINISHED = 0x05
    ACK = 0x06
    METADATA = 0x07
    NAK = 0x08
    PROMPT = 0x09
    KEEP_ALIVE = 0x0C


class Condition(IntEnum):
    """Condition codes (5.2.2)."""

    NO_ERROR = 0
    ACK_LIMIT = 1
    KEEP_ALIVE_LIMIT = 2
    INVALID_MODE = 3
    FILESTORE_REJECTION = 4
    CHECKSUM_FAILURE = 5
    FILE_SIZE_ERROR = 6
    NAK_LIMIT = 7
    INACTIVITY = 8
    INVALID_STRUCTURE = 9
    CHECK_LIMIT = 10
    UNSUPPORTED_CHECKSUM = 11
    SUSPEND_REQUEST = 14
    CANCEL_REQUEST = 15


@record
class Transaction:
    """Who sends, to whom, and the number: the identity of a transfer, and how its PDUs are coded.

    Entities are compared as numbers: a peer may send them in another width.
    """

    source: int
    sequence: int
    destination: int
    acknowledged: bool = False
    crc: bool = False
    large: bool = False
    entity_octets: int = 2
    sequence_octets: int = 4

    def __post_init__(self) -> None:
        if not (1 <= self.entity_octets <= 8 and 1 <= self.sequence_octets <= 8):
            raise FswError(
                f"CFDP identifiers of {self.entity_octets} and {self.sequence_octets} octets: "
                "allowed are 1 to 8"
            )
        entities = 1 << 8 * self.entity_octets
        if not (0 <= self.source < entities and 0 <= self.destination < entities):
            raise FswError(
                f"CFDP entities {self.source}, {self.destination}: allowed are 0 to {entities - 1}"
            )
        if not 0 <= self.sequence < 1 << 8 * self.sequence_octets:
            raise FswError(
                f"CFDP sequence number {self.sequence}: allowed are 0 to "
                f"{(1 << 8 * self.sequence_octets) - 1}"
            )

    @property
    def key(self) -> tuple[int, int]:
        """Source entity and sequence number."""
        return self.source, self.sequence

    @property
    def header_octets(self) -> int:
        return FIXED_HEADER_OCTETS + 2 * self.entity_octets + self.sequence_octets

    @property
    def size_octets(self) -> int:
        """Octets of a file size or offset."""
        return 8 if self.large else 4

    def header(self, data_field_octets: int, file_data: bool, toward_sender: bool = False) -> bytes:
        """The PDU header; `data_field_octets` without the CRC."""
        length = data_field_octets + CRC_OCTETS * self.crc
        if length > MOST_DATA_FIELD_OCTETS:
            raise FswError(f"CFDP data field of {length} octets: allowed are up to {MOST_DATA_FIELD_OCTETS}")
        flags = (
            VERSION << 5
            | file_data << 4
            | toward_sender << 3
            | (not self.acknowledged) << 2
            | self.crc << 1
            | self.large
        )
        return (
            bytes([flags])
            + length.to_bytes(2, "big")
            + bytes([(self.entity_octets - 1) << 4 | self.sequence_octets - 1])
            + self.source.to_bytes(self.entity_octets, "big")
            + self.sequence.to_bytes(self.sequence_octets, "big")
            + self.destination.to_bytes(self.entity_octets, "big")
        )


@record
class Metadata:
    """messages: to the user, in order. closure: the receiver is asked for a Finished PDU.

    filestore_requests: as `cfdp_filestore` codes them. fault_handlers: overrides, (condition, handler).
    """

    transaction: Transaction
    checksum_type: int
    file_size: int
    source_name: str
    destination_name: str
    messages: tuple[bytes, ...] = ()
    closure: bool = False
    filestore_requests: tuple[bytes, ...] = ()
    fault_handlers: tuple[tuple[int, int], ...] = ()


@record
class FileData:
    transaction: Transaction
    offset: int
    octets: bytes


@record
class EndOfFile:
    """fault_entity: where the fault was found; None without error."""

    transaction: Transaction
    condition: int
    checksum: int
    file_size: int
    fault_entity: int | None = None


@record
class OtherDirective:
    """A directive that only acknowledged transfers use: its octets after the directive code."""

    transaction: Transaction
    directive: Directive
    toward_sender: bool
    octets: bytes


Pdu = Metadata | FileData | EndOfFile | OtherDirective


def encode(pdu: Pdu) -> bytes:
    """Octets of a PDU, CRC included if its transaction uses one. Raises FswError on what does not fit."""
    transaction = pdu.transaction
    toward_sender = False
    match pdu:
        case Metadata():
            field = _metadata_field(pdu)
        case FileData():
            field = _size(transaction, pdu.offset) + pdu.octets
        case EndOfFile():
            field = (
                bytes([Directive.EOF, pdu.condition << 4])
                + pdu.checksum.to_bytes(4, "big")
                + _size(transaction, pdu.file_size)
            )
            if pdu.condition != Condition.NO_ERROR:
                field += entity_tlv(pdu.fault_entity or 0, transaction.entity_octets)
        case OtherDirective():
            field, toward_sender = bytes([pdu.directive]) + pdu.octets, pdu.toward_sender
    octets = transaction.header(len(field), isinstance(pdu, FileData), toward_sender) + field
    if transaction.crc:
        octets += crc_hqx(octets, 0xFFFF).to_bytes(2, "big")
    return octets


def _size(transaction: Transaction, value: int) -> bytes:
    limit = 1 << 8 * transaction.size_octets
    if not 0 <= value < limit:
        raise FswError(f"CFDP file size or offset {value}: allowed are 0 to {limit - 1}")
    return value.to_bytes(transaction.size_octets, "big")


def _metadata_field(pdu: Metadata) -> bytes:
    overrides = [bytes([condition << 4 | handler]) for condition, handler in pdu.fault_handlers]
    return b"".join(
        [
            bytes([Directive.METADATA, pdu.closure << 6 | pdu.checksum_type]),
            _size(pdu.transaction, pdu.file_size),
            lv(name_octets(pdu.source_name), "file name"),
            lv(name_octets(pdu.destination_name), "file name"),
            *(tlv(Option.FILESTORE_REQUEST, value, "filestore request") for value in pdu.filestore_requests),
            *(tlv(Option.MESSAGE_TO_USER, value, "message") for value in pdu.messages),
            *(tlv(Option.FAULT_HANDLER_OVERRIDE, value, "override") for value in overrides),
        ]
    )


def decode(octets: bytes) -> Pdu | str:
    """The PDU in the octets, which must be one whole PDU, or the reason why there is none. Never raises."""
    if len(octets) < FIXED_HEADER_OCTETS:
        return "too short for a header"
    flags, widths = octets[0], octets[3]
    if flags >> 5 != VERSION:
        return f"CFDP version {flags >> 5}"
    entity, sequence = (widths >> 4 & 7) + 1, (widths & 7) + 1
    data_at = FIXED_HEADER_OCTETS + 2 * entity + sequence
    end = data_at + (octets[1] << 8 | octets[2])
    if len(octets) != end:
        return "length field wrong"
    crc = bool(flags & 2)
    if crc:
        if end - data_at < CRC_OCTETS or crc_hqx(octets, 0xFFFF) != 0:
            return "CRC wrong"
        end -= CRC_OCTETS
    transaction = Transaction(
        int.from_bytes(octets[4 : 4 + entity], "big"),
        int.from_bytes(octets[4 + entity : 4 + entity + sequence], "big"),
        int.from_bytes(octets[4 + entity + sequence : data_at], "big"),
        not flags & 4,
        crc,
        bool(flags & 1),
        entity,
        sequence,
    )
    field = bytes(octets[data_at:end])
    if flags & 0x10:
        return _decode_file_data(transaction, field, bool(widths & 8))
    if not field:
        return "directive code missing"
    if field[0] == Directive.METADATA:
        return _decode_metadata(transaction, field)
    if field[0] == Directive.EOF:
        return _decode_end_of_file(transaction, field)
    if field[0] in Directive._value2member_map_:
        return OtherDirective(transaction, Directive(field[0]), bool(flags & 8), field[1:])
    return f"directive {field[0]:#04x}"


def _decode_file_data(transaction: Transaction, field: bytes, segment_metadata: bool) -> FileData | str:
    at = 0
    if segment_metadata:
        if not field:
            return "segment metadata missing"
        at = 1 + (field[0] & 0x3F)
    data_at = at + transaction.size_octets
    if len(field) < data_at:
        return "file data too short"
    return FileData(transaction, int.from_bytes(field[at:data_at], "big"), field[data_at:])


def _decode_metadata(transaction: Transaction, field: bytes) -> Metadata | str:
    names_at = 2 + transaction.size_octets
    if len(field) < names_at:
        return "metadata too short"
    source = take_lv(field, names_at)
    destination = None if source is None else take_lv(field, source[1])
    if source is None or destination is None:
        return "metadata cut in a file name"
    options = read_options(field, destination[1])
    if options is None:
        return "metadata cut in an option"
    overrides = [value[0] for kind, value in options if kind == Option.FAULT_HANDLER_OVERRIDE and value]
    return Metadata(
        transaction,
        field[1] & 0xF,
        int.from_bytes(field[2:names_at], "big"),
        name_of(source[0]),
        name_of(destination[0]),
        tuple(value for kind, value in options if kind == Option.MESSAGE_TO_USER),
        bool(field[1] & 0x40),
        tuple(value for kind, value in options if kind == Option.FILESTORE_REQUEST),
        tuple((value >> 4, value & 0xF) for value in overrides),
    )


def _decode_end_of_file(transaction: Transaction, field: bytes) -> EndOfFile | str:
    fault_at = 6 + transaction.size_octets
    if len(field) < fault_at:
        return "EOF too short"
    condition = field[1] >> 4
    fault = None
    if condition != Condition.NO_ERROR and field[fault_at : fault_at + 1] == bytes([Option.ENTITY_ID]):
        entity = take_lv(field, fault_at + 1)
        fault = None if entity is None else int.from_bytes(entity[0], "big")
    return EndOfFile(
        transaction,
        condition,
        int.from_bytes(field[2:6], "big"),
        int.from_bytes(field[6:fault_at], "big"),
        fault,
    )
