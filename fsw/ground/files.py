"""The ground's end of the file link: a CFDP entity whose data units go up as packets of their own APID.

Pictures go to the picture store. Every other file that comes is kept in the ground's file store, from which
the spacecraft may also ask for files and for listings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsw.dictionary.identifiers import GROUND_ENTITY
from fsw.dictionary.picture_label import decode_label
from fsw.ground.file_store import GroundStore
from fsw.protocols import cfdp_entity as cfdp
from fsw.protocols import cfdp_messages
from fsw.protocols.cfdp_directives import Status
from fsw.protocols.cfdp_entity import Answered, Asked, Entity, Peer
from fsw.protocols.cfdp_filestore import SUCCESSFUL, read_response
from fsw.protocols.cfdp_messages import (
    DirectoryListingRequest,
    DirectoryListingResponse,
    ProxyPut,
    RemoteResume,
    RemoteStanding,
    RemoteSuspend,
)
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived
from fsw.protocols.cfdp_transfer import Progress, Resumed, Suspended, TransferEnded

UNIT_ROOM_OCTETS = 900  # of packets in one telecommand frame


@dataclass(frozen=True, slots=True)
class FileNotice:
    """What the file link has to say to the operator. name: of the event in the log.

    lines: more than a sentence, such as a listing.
    """

    received_ns: int
    name: str
    text: str
    values: Mapping[str, Any]
    alarm: bool = False
    lines: tuple[str, ...] = ()


def transfer_name(source: int, sequence: int) -> str:
    """As operators call a transfer: up3, down7."""
    return f"{'up' if source == GROUND_ENTITY else 'down'}{sequence}"


def ground_entity(link: Peer, store: GroundStore) -> Entity:
    """Keeps files in the store, but pictures, which its user keeps."""
    return Entity((link,), store, users=has_label)


def has_label(messages: tuple[bytes, ...]) -> bool:
    """Whether a file with these messages is a picture."""
    return any(map(decode_label, messages))


def is_picture(event: cfdp.Event) -> bool:
    """Whether it tells how a picture came, or did not; without metadata, what it was is not known."""
    if isinstance(event, FileIncomplete) and event.name is None:
        return True
    return isinstance(event, FileReceived | FileIncomplete) and has_label(event.messages)


def notices(event: cfdp.Event, store: GroundStore, now_ns: int) -> list[FileNotice]:
    """What there is to say of an event of the entity that is not about a picture."""
    match event:
        case TransferEnded():
            return _ended(event, now_ns)
        case Answered():
            return [_answered(event, store, now_ns)]
        case Asked():
            return [_asked(event, now_ns)]
        case Suspended() | Resumed() | Progress():
            kind = type(event).__name__.lower()
            values: dict[str, Any] = {"entity": event.source, "transaction": event.sequence}
            text = f"transfer {transfer_name(event.source, event.sequence)}: {kind}"
            if isinstance(event, Progress):
                text += f", {event.octets} octets are there"
            return [FileNotice(now_ns, "GROUND_FILE_LINK", text, values)]
        case FileReceived():
            return _received(event, now_ns)
        case FileIncomplete():
            values = {
                "file": event.name,
                "octets": event.received_octets,
                "expected_octets": event.expected_octets,
                "reason": event.reason,
            }
            text = f"file {event.name} did not come whole: {event.reason}"
            return [FileNotice(now_ns, "GROUND_FILE_INCOMPLETE", text, values, alarm=True)]
    return []


def _ended(event: TransferEnded, now_ns: int) -> list[FileNotice]:
    values = {
        "file": event.name,
        "transaction": event.sequence,
        "condition": event.condition.name,
        "delivered": event.delivered,
    }
    told = [_performed(event, octets, now_ns) for octets in event.filestore_responses]
    what = f"file {event.name}" if event.name else f"request {transfer_name(event.source, event.sequence)}"
    if event.delivered is False:
        text = f"{what} did not go up: {event.condition.name.replace('_', ' ').lower()}"
        return [FileNotice(now_ns, "GROUND_FILE_NOT_SENT", text, values, alarm=True), *told]
    if not event.name:
        return told
    text = f"{what} " + ("is on board" if event.delivered else "has been sent")
    return [FileNotice(now_ns, "GROUND_FILE_SENT", text, values), *told]


def _performed(event: TransferEnded, octets: bytes, now_ns: int) -> FileNotice:
    """What the spacecraft's file store made of a filestore request."""
    response = read_response(octets)
    if isinstance(response, str):
        text, done = f"an answer of the file store on board cannot be read: {response}", False
    else:
        asked = " ".join(filter(None, (response.action.name.lower(), response.first, response.second)))
        done = response.status == SUCCESSFUL
        text = f"{asked.replace('_', ' ', 1)} on board: " + (
            "done" if done else f"refused, status {response.status}"
        )
    values = {"transaction": event.sequence, "granted": done}
    return FileNotice(now_ns, "GROUND_FILE_REQUEST_ANSWERED", text, values, alarm=not done)


def _answered(event: Answered, store: GroundStore, now_ns: int) -> FileNotice:
    answer = event.answer
    lines: tuple[str, ...] = ()
    if isinstance(answer, DirectoryListingResponse):
        done = answer.listed
        octets = (store.read(answer.file_name) if done else None) or b""
        lines = tuple(octets.decode("utf-8", "replace").splitlines())
        text = f"directory {answer.directory!r} on board: " + ("" if done else "there is none")
        text += f"{len(lines)} entries" if done else ""
    elif isinstance(answer, RemoteStanding):
        done = answer.suspended != answer.resume
        text = f"transfer {transfer_name(answer.source, answer.sequence)} on board: "
        if answer.status == Status.ACTIVE:
            text += "suspended" if answer.suspended else "goes on"
        else:
            text += "no such one"
            done = False
    else:
        done = answer.complete
        asked = transfer_name(GROUND_ENTITY, event.sequence)
        text = f"request {asked} was " + ("granted" if done else "refused")
    values = {"transaction": event.sequence, "granted": done, "lines": list(lines)}
    return FileNotice(now_ns, "GROUND_FILE_REQUEST_ANSWERED", text, values, not done, lines)


def _asked(event: Asked, now_ns: int) -> FileNotice:
    match event.operation:
        case ProxyPut(source_name=name):
            what = f"for file {name}"
        case DirectoryListingRequest(directory=name):
            what = f"for a listing of {name!r}"
        case RemoteSuspend() | RemoteResume() as wanted:
            kind = "suspend" if isinstance(wanted, RemoteSuspend) else "resume"
            what = f"us to {kind} transfer {transfer_name(wanted.source, wanted.sequence)}"
        case _:
            what = "to end what it had asked for"
    text = f"the spacecraft asked {what}: " + ("granted" if event.granted else "refused")
    values = {"entity": event.source, "transaction": event.sequence, "granted": event.granted}
    return FileNotice(now_ns, "GROUND_FILE_ASKED_FOR", text, values)


def _received(event: FileReceived, now_ns: int) -> list[FileNotice]:
    if not (event.name or event.octets):
        return [FileNotice(now_ns, "GROUND_FILE_MESSAGES", "messages without a file have come", {})]
    said = cfdp_messages.read(event.messages)
    if not isinstance(said, str) and isinstance(said.operation, DirectoryListingResponse):
        return []  # its answer is told of
    values = {"file": event.name, "octets": len(event.octets), "transaction": event.sequence}
    text = f"file {event.name} has come, {len(event.octets)} octets"
    return [FileNotice(now_ns, "GROUND_FILE_RECEIVED", text, values)]
