"""The ground's end of the file link: a CFDP entity whose data units go up as packets of their own APID."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsw.dictionary.identifiers import FILE_UNITS_APID, GROUND_ENTITY, ORBITER_ENTITY
from fsw.missions.mission_file import Files
from fsw.protocols import cfdp_entity as cfdp
from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_entity import Answered, Peer
from fsw.protocols.cfdp_messages import DirectoryListingResponse
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived, ReceiverSettings
from fsw.protocols.cfdp_sender import SenderSettings
from fsw.protocols.cfdp_transfer import Faults, Progress, Resumed, Suspended, TransferEnded

UNIT_ROOM_OCTETS = 900  # of packets in one telecommand frame
NAK_OCTETS = 400


@dataclass(frozen=True, slots=True)
class FileNotice:
    """What the file link has to say to the operator. name: of the event in the log."""

    received_ns: int
    name: str
    text: str
    values: Mapping[str, Any]
    alarm: bool = False


def orbiter_peer(files: Files | None = None) -> Peer:
    """The link to the orbiter, from a mission's figures; without them, as tests of parts need it."""
    if files is None:
        sender = SenderSettings(GROUND_ENTITY, ORBITER_ENTITY, FILE_UNITS_APID, telecommand=True)
        return Peer(sender, ReceiverSettings(GROUND_ENTITY, FILE_UNITS_APID, telecommand=True))
    faults = Faults.of_seconds(files.ack_s, files.ack_limit, files.inactivity_s, files.check_s)
    sender = SenderSettings(
        GROUND_ENTITY,
        ORBITER_ENTITY,
        FILE_UNITS_APID,
        files.uplink_segment_octets,
        ChecksumType.CRC_32,
        acknowledged=True,
        faults=faults,
        telecommand=True,
    )
    receiver = ReceiverSettings(
        GROUND_ENTITY,
        FILE_UNITS_APID,
        faults,
        files.immediate_nak,
        files.nak_ns,
        files.nak_limit,
        nak_octets=NAK_OCTETS,
        telecommand=True,
    )
    return Peer(sender, receiver)


def is_message(event: FileReceived | FileIncomplete) -> bool:
    """Whether only messages came, and no file."""
    return isinstance(event, FileReceived) and not (event.name or event.octets)


def notice(event: cfdp.Event, now_ns: int) -> FileNotice | None:
    """What there is to say of an event of the entity that is not a file that came, or did not."""
    match event:
        case TransferEnded() if event.name:
            values = {
                "file": event.name,
                "transaction": event.sequence,
                "condition": event.condition.name,
                "delivered": event.delivered,
            }
            if event.delivered is False:
                text = f"file {event.name} did not go up: {event.condition.name.replace('_', ' ').lower()}"
                return FileNotice(now_ns, "GROUND_FILE_NOT_SENT", text, values, alarm=True)
            text = f"file {event.name} " + ("is on board" if event.delivered else "has been sent")
            return FileNotice(now_ns, "GROUND_FILE_SENT", text, values)
        case Answered():
            answer = event.answer
            done = answer.listed if isinstance(answer, DirectoryListingResponse) else answer.complete
            text = f"request {event.sequence} of the file link was " + ("granted" if done else "refused")
            values = {"transaction": event.sequence, "granted": done}
            return FileNotice(now_ns, "GROUND_FILE_REQUEST_ANSWERED", text, values, alarm=not done)
        case Suspended() | Resumed() | Progress():
            kind = type(event).__name__.lower()
            values = {"entity": event.source, "transaction": event.sequence}
            return FileNotice(
                now_ns, "GROUND_FILE_LINK", f"transfer {event.source}/{event.sequence}: {kind}", values
            )
        case FileReceived():
            return FileNotice(now_ns, "GROUND_FILE_MESSAGES", "messages without a file have come", {})
    return None
