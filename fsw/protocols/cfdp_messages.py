"""Reserved messages to user, by which one CFDP user asks another for work (CCSDS 727.0-B-5, 6).

Proxy put: "send me, or a third entity, a file of yours". Directory listing. Remote suspend and resume: "hold
that transfer of ours at your end".
A message that does not begin with `cfdp` is free for missions and is not read here.
"""

from collections.abc import Iterable
from enum import IntEnum

from fsw.kernel.record import record
from fsw.protocols.cfdp_tlv import lv, name_octets, name_of, take_lv

RESERVED = b"cfdp"


class MessageType(IntEnum):
    """The octet after `cfdp`."""

    PROXY_PUT_REQUEST = 0x00
    PROXY_MESSAGE_TO_USER = 0x01
    PROXY_FILESTORE_REQUEST = 0x02
    PROXY_FAULT_HANDLER_OVERRIDE = 0x03
    PROXY_TRANSMISSION_MODE = 0x04
    PROXY_PUT_RESPONSE = 0x07
    PROXY_FILESTORE_RESPONSE = 0x08
    PROXY_PUT_CANCEL = 0x09
    ORIGINATING_TRANSACTION = 0x0A
    PROXY_CLOSURE_REQUEST = 0x0B
    DIRECTORY_LISTING_REQUEST = 0x10
    DIRECTORY_LISTING_RESPONSE = 0x11
    REMOTE_SUSPEND_REQUEST = 0x30
    REMOTE_SUSPEND_RESPONSE = 0x31
    REMOTE_RESUME_REQUEST = 0x38
    REMOTE_RESUME_RESPONSE = 0x39


@record
class ProxyPut:
    """A file that another is to send: to which entity, from which name, under which name.

    acknowledged, closure: None leaves them to the sender.
    """

    destination: int
    source_name: str
    name: str
    messages: tuple[bytes, ...] = ()
    filestore_requests: tuple[bytes, ...] = ()
    fault_handlers: tuple[tuple[int, int], ...] = ()
    acknowledged: bool | None = None
    closure: bool | None = None


@record
class ProxyPutResponse:
    """How a proxy put ended."""

    condition: int
    complete: bool
    file_status: int
    filestore_responses: tuple[bytes, ...] = ()


@record
class ProxyPutCancel:
    """Of the proxy put that the transaction named beside it asked for."""


@record
class DirectoryListingRequest:
    """file_name: under which the listing is to come."""

    directory: str
    file_name: str


@record
class DirectoryListingResponse:
    listed: bool
    directory: str
    file_name: str


@record
class RemoteSuspend:
    """Of a transaction that the asked entity sends or receives (6.5)."""

    source: int
    sequence: int


@record
class RemoteResume:
    """As RemoteSuspend (6.6)."""

    source: int
    sequence: int


@record
class RemoteStanding:
    """Answers both: suspended, as it is now; status: what is known of the transaction, as in an ACK.

    resume: which of the two it answers.
    """

    resume: bool
    suspended: bool
    status: int
    source: int
    sequence: int


Request = ProxyPut | ProxyPutCancel | DirectoryListingRequest | RemoteSuspend | RemoteResume
Response = ProxyPutResponse | DirectoryListingResponse | RemoteStanding
Operation = Request | Response


@record
class UserMessages:
    """What a transaction's messages say. originating: the transaction that this one answers, or is about."""

    operation: Operation | None = None
    originating: tuple[int, int] | None = None


def _reserved(kind: MessageType, value: bytes = b"") -> bytes:
    return RESERVED + bytes([kind]) + value


def _name(name: str) -> bytes:
    return lv(name_octets(name), "file name")


def originating(source: int, sequence: int) -> bytes:
    """Names a transaction."""
    return _reserved(MessageType.ORIGINATING_TRANSACTION, _transaction(source, sequence))


def _transaction(source: int, sequence: int) -> bytes:
    """Identifiers as wide as they need, behind their lengths."""
    entity_octets = max(1, (source.bit_length() + 7) // 8)
    sequence_octets = max(1, (sequence.bit_length() + 7) // 8)
    # Peers read widths of 1, 2, 4 and 8 octets only.
    entity_octets, sequence_octets = (
        next(width for width in (1, 2, 4, 8) if width >= octets)
        for octets in (entity_octets, sequence_octets)
    )
    return (
        bytes([(entity_octets - 1) << 4 | (sequence_octets - 1)])
        + source.to_bytes(entity_octets, "big")
        + sequence.to_bytes(sequence_octets, "big")
    )


def encode(operation: Operation) -> tuple[bytes, ...]:
    """The messages that say it. Raises FswError on what is too long."""
    match operation:
        case ProxyPut():
            return _encode_proxy_put(operation)
        case ProxyPutResponse():
            octet = operation.condition << 4 | (not operation.complete) << 2 | operation.file_status
            responses = operation.filestore_responses
            return (
                _reserved(MessageType.PROXY_PUT_RESPONSE, bytes([octet])),
                *(
                    _reserved(MessageType.PROXY_FILESTORE_RESPONSE, lv(value, "filestore response"))
                    for value in responses
                ),
            )
        case ProxyPutCancel():
            return (_reserved(MessageType.PROXY_PUT_CANCEL),)
        case DirectoryListingRequest():
            names = _name(operation.directory) + _name(operation.file_name)
            return (_reserved(MessageType.DIRECTORY_LISTING_REQUEST, names),)
        case DirectoryListingResponse():
            names = _name(operation.directory) + _name(operation.file_name)
            code = bytes([(not operation.listed) << 7])
            return (_reserved(MessageType.DIRECTORY_LISTING_RESPONSE, code + names),)
        case RemoteSuspend(source, sequence):
            return (_reserved(MessageType.REMOTE_SUSPEND_REQUEST, _transaction(source, sequence)),)
        case RemoteResume(source, sequence):
            return (_reserved(MessageType.REMOTE_RESUME_REQUEST, _transaction(source, sequence)),)
        case RemoteStanding():
            kind = (
                MessageType.REMOTE_RESUME_RESPONSE
                if operation.resume
                else MessageType.REMOTE_SUSPEND_RESPONSE
            )
            octet = operation.suspended << 7 | operation.status << 5
            return (_reserved(kind, bytes([octet]) + _transaction(operation.source, operation.sequence)),)


def _encode_proxy_put(put: ProxyPut) -> tuple[bytes, ...]:
    width = max(1, (put.destination.bit_length() + 7) // 8)
    entity = lv(put.destination.to_bytes(width, "big"), "entity identifier")
    messages = [
        _reserved(MessageType.PROXY_PUT_REQUEST, entity + _name(put.source_name) + _name(put.name)),
        *(_reserved(MessageType.PROXY_MESSAGE_TO_USER, lv(text, "message")) for text in put.messages),
        *(
            _reserved(MessageType.PROXY_FILESTORE_REQUEST, lv(value, "filestore request"))
            for value in put.filestore_requests
        ),
        *(
            _reserved(MessageType.PROXY_FAULT_HANDLER_OVERRIDE, bytes([condition << 4 | handler]))
            for condition, handler in put.fault_handlers
        ),
    ]
    if put.acknowledged is not None:
        messages.append(_reserved(MessageType.PROXY_TRANSMISSION_MODE, bytes([not put.acknowledged])))
    if put.closure is not None:
        messages.append(_reserved(MessageType.PROXY_CLOSURE_REQUEST, bytes([put.closure])))
    return tuple(messages)


def read(messages: Iterable[bytes]) -> UserMessages | str:
    """What the reserved ones among a transaction's messages ask or answer; or why that cannot be read.

    Never raises. Those of types not known here say nothing.
    """
    found: dict[int, list[bytes]] = {}
    for message in messages:
        if message.startswith(RESERVED) and len(message) > len(RESERVED):
            found.setdefault(message[len(RESERVED)], []).append(message[len(RESERVED) + 1 :])
    origin: tuple[int, int] | None = None
    if MessageType.ORIGINATING_TRANSACTION in found:
        origin = _read_transaction(found[MessageType.ORIGINATING_TRANSACTION][0])
        if origin is None:
            return "originating transaction cut"
    operation: Operation | str | None = None
    if MessageType.PROXY_PUT_REQUEST in found:
        operation = _read_proxy_put(found)
    elif MessageType.PROXY_PUT_RESPONSE in found:
        operation = _read_proxy_response(found)
    elif MessageType.PROXY_PUT_CANCEL in found:
        operation = ProxyPutCancel() if origin is not None else "proxy put cancel of nothing"
    elif MessageType.DIRECTORY_LISTING_REQUEST in found:
        names = _read_names(found[MessageType.DIRECTORY_LISTING_REQUEST][0], 0)
        operation = "listing request cut" if names is None else DirectoryListingRequest(*names)
    elif MessageType.DIRECTORY_LISTING_RESPONSE in found:
        octets = found[MessageType.DIRECTORY_LISTING_RESPONSE][0]
        names = _read_names(octets, 1)
        operation = (
            "listing response cut"
            if names is None
            else DirectoryListingResponse(not octets[0] & 0x80, *names)
        )
    else:
        operation = _read_remote(found)
    return operation if isinstance(operation, str) else UserMessages(operation, origin)


def _read_transaction(octets: bytes) -> tuple[int, int] | None:
    if not octets:
        return None
    entity_ends = 2 + (octets[0] >> 4 & 7)
    end = entity_ends + 1 + (octets[0] & 7)
    if len(octets) < end:
        return None
    return int.from_bytes(octets[1:entity_ends], "big"), int.from_bytes(octets[entity_ends:end], "big")


def _read_remote(found: dict[int, list[bytes]]) -> Operation | str | None:
    for kind in (MessageType.REMOTE_SUSPEND_REQUEST, MessageType.REMOTE_RESUME_REQUEST):
        if kind in found:
            asked = _read_transaction(found[kind][0])
            if asked is None:
                return "remote request cut"
            return (
                RemoteSuspend(*asked) if kind == MessageType.REMOTE_SUSPEND_REQUEST else RemoteResume(*asked)
            )
    for kind in (MessageType.REMOTE_SUSPEND_RESPONSE, MessageType.REMOTE_RESUME_RESPONSE):
        if kind in found:
            octets = found[kind][0]
            about = _read_transaction(octets[1:])
            if about is None:
                return "remote response cut"
            resume = kind == MessageType.REMOTE_RESUME_RESPONSE
            return RemoteStanding(resume, bool(octets[0] & 0x80), octets[0] >> 5 & 3, *about)
    return None


def _read_names(octets: bytes, at: int) -> tuple[str, str] | None:
    first = take_lv(octets, at)
    second = None if first is None else take_lv(octets, first[1])
    return None if first is None or second is None else (name_of(first[0]), name_of(second[0]))


def _values(octets: Iterable[bytes]) -> tuple[bytes, ...] | None:
    taken = [take_lv(value, 0) for value in octets]
    return None if None in taken else tuple(value[0] for value in taken if value is not None)


def _read_proxy_put(found: dict[int, list[bytes]]) -> ProxyPut | str:
    octets = found[MessageType.PROXY_PUT_REQUEST][0]
    entity = take_lv(octets, 0)
    names = None if entity is None else _read_names(octets, entity[1])
    texts = _values(found.get(MessageType.PROXY_MESSAGE_TO_USER, []))
    requests = _values(found.get(MessageType.PROXY_FILESTORE_REQUEST, []))
    if entity is None or names is None or texts is None or requests is None:
        return "proxy put request cut"
    overrides = [value[0] for value in found.get(MessageType.PROXY_FAULT_HANDLER_OVERRIDE, []) if value]
    return ProxyPut(
        int.from_bytes(entity[0], "big"),
        *names,
        texts,
        requests,
        tuple((value >> 4, value & 0xF) for value in overrides),
        _flag(found, MessageType.PROXY_TRANSMISSION_MODE, inverted=True),
        _flag(found, MessageType.PROXY_CLOSURE_REQUEST),
    )


def _flag(found: dict[int, list[bytes]], kind: MessageType, inverted: bool = False) -> bool | None:
    values = found.get(kind, [])
    return bool(values[0][0] & 1) != inverted if values and values[0] else None


def _read_proxy_response(found: dict[int, list[bytes]]) -> ProxyPutResponse | str:
    octets = found[MessageType.PROXY_PUT_RESPONSE][0]
    responses = _values(found.get(MessageType.PROXY_FILESTORE_RESPONSE, []))
    if not octets or responses is None:
        return "proxy put response cut"
    return ProxyPutResponse(octets[0] >> 4, not octets[0] & 4, octets[0] & 3, responses)
