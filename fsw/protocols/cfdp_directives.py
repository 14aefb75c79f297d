"""The CFDP directives of acknowledged transfers and of closure (CCSDS 727.0-B-5, 5.2.3 to 5.2.8).

`encode` and `read` stand on the codec of all protocol data units (`cfdp_pdu`), which keeps them as octets.
"""

from enum import IntEnum

from fsw.core.errors import FswError
from fsw.kernel.record import record
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_pdu import Condition, Directive, OtherDirective, Transaction
from fsw.protocols.cfdp_tlv import Option, entity_tlv, read_options, tlv


class FileStatus(IntEnum):
    DISCARDED = 0
    REJECTED = 1
    RETAINED = 2
    UNREPORTED = 3


class Status(IntEnum):
    """What an entity knows of a transaction that it acknowledges a directive of."""

    UNDEFINED = 0
    ACTIVE = 1
    TERMINATED = 2
    UNRECOGNIZED = 3


class PromptFor(IntEnum):
    NAK = 0
    KEEP_ALIVE = 1


@record
class Finished:
    """complete: all octets came and the file was kept. fault_entity: where the fault was found."""

    condition: int
    complete: bool
    file_status: int
    filestore_responses: tuple[bytes, ...] = ()
    fault_entity: int | None = None


@record
class Ack:
    """Of an EOF (toward the sender) or a Finished (toward the receiver)."""

    directive: Directive
    condition: int
    status: int


@record
class Nak:
    """What is missing of start..end of the file: octet ranges; (0, 0) is the metadata."""

    start: int
    end: int
    missing: tuple[tuple[int, int], ...]


@record
class Prompt:
    kind: PromptFor


@record
class KeepAlive:
    """progress: how far into the file anything has come [octets]."""

    progress: int


Content = Finished | Ack | Nak | Prompt | KeepAlive


def nak_requests(transaction: Transaction, most_octets: int) -> int:
    """How many missing ranges a NAK of so many octets names; at least one."""
    bare = transaction.header_octets + 1 + 2 * transaction.size_octets + pdus.CRC_OCTETS * transaction.crc
    return max(1, (most_octets - bare) // (2 * transaction.size_octets))


def encode(transaction: Transaction, content: Content) -> bytes:
    """The octets of the whole protocol data unit. Raises FswError on what does not fit."""
    size = transaction.size_octets
    toward_sender = True
    match content:
        case Finished():
            directive = Directive.FINISHED
            octets = bytes([content.condition << 4 | (not content.complete) << 2 | content.file_status])
            for response in content.filestore_responses:
                octets += tlv(Option.FILESTORE_RESPONSE, response, "filestore response")
            if content.fault_entity is not None:
                octets += entity_tlv(content.fault_entity, transaction.entity_octets)
        case Ack():
            directive = Directive.ACK
            subtype = int(content.directive == Directive.FINISHED)
            octets = bytes([content.directive << 4 | subtype, content.condition << 4 | content.status])
            toward_sender = content.directive == Directive.EOF
        case Nak():
            directive = Directive.NAK
            values = [content.start, content.end]
            for low, high in content.missing:
                values += (low, high)
            limit = 1 << 8 * size
            if min(values) < 0 or max(values) >= limit:
                raise FswError(f"CFDP NAK up to {max(values)}: allowed are 0 to {limit - 1}")
            octets = b"".join(value.to_bytes(size, "big") for value in values)
        case Prompt():
            directive, octets, toward_sender = Directive.PROMPT, bytes([content.kind << 7]), False
        case KeepAlive():
            directive, octets = Directive.KEEP_ALIVE, content.progress.to_bytes(size, "big")
    return pdus.encode(OtherDirective(transaction, directive, toward_sender, octets))


def read(pdu: OtherDirective) -> Content | str:
    """What the directive says, or the reason why it says nothing. Never raises."""
    octets, size = pdu.octets, pdu.transaction.size_octets
    match pdu.directive:
        case Directive.FINISHED:
            return _read_finished(octets)
        case Directive.ACK:
            if len(octets) < 2:
                return "ACK too short"
            if octets[0] >> 4 not in (Directive.EOF, Directive.FINISHED):
                return "ACK of a directive that has none"
            return Ack(Directive(octets[0] >> 4), octets[1] >> 4, octets[1] & 3)
        case Directive.NAK:
            if len(octets) < 2 * size or len(octets) % (2 * size):
                return "NAK length wrong"
            values = [int.from_bytes(octets[at : at + size], "big") for at in range(0, len(octets), size)]
            return Nak(values[0], values[1], tuple(zip(values[2::2], values[3::2])))
        case Directive.PROMPT:
            return Prompt(PromptFor(octets[0] >> 7)) if octets else "prompt too short"
        case Directive.KEEP_ALIVE:
            return (
                KeepAlive(int.from_bytes(octets[:size], "big")) if len(octets) >= size else "keep-alive short"
            )
    return f"directive {int(pdu.directive):#04x} out of place"


def _read_finished(octets: bytes) -> Finished | str:
    if not octets:
        return "Finished too short"
    options = read_options(octets, 1)
    if options is None:
        return "Finished cut in an option"
    responses = tuple(value for kind, value in options if kind == Option.FILESTORE_RESPONSE)
    entities = [int.from_bytes(value, "big") for kind, value in options if kind == Option.ENTITY_ID]
    fault = entities[-1] if entities else None
    return Finished(octets[0] >> 4, not octets[0] & 4, octets[0] & 3, responses, fault)


def carries_fault_entity(condition: int) -> bool:
    """A Finished names the entity of the fault, unless there is none or its own checksum is not known."""
    return condition not in (Condition.NO_ERROR, Condition.UNSUPPORTED_CHECKSUM)
