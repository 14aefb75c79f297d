"""Both ends of the file link, CFDP between orbiter and ground, from a mission's figures.

What a mission sets for the link holds for both; the ends differ in the APIDs and sizes of what they send,
and in what they keep.
"""

from fsw.dictionary.identifiers import FILE_UNITS_APID, GROUND_ENTITY, ORBITER_ENTITY, PICTURE_FILES_APID
from fsw.missions.mission_file import Files, WifiFiles
from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_entity import Peer
from fsw.protocols.cfdp_filestore import FileStoreSettings
from fsw.protocols.cfdp_receiver import ReceiverSettings
from fsw.protocols.cfdp_sender import SenderSettings
from fsw.protocols.cfdp_transfer import Faults

UPLINK_NAK_OCTETS = 400  # of the packets in one telecommand frame
DOWNLINK_NAK_OCTETS = 256  # a real-time frame of the low rate holds 212


def board_link(files: Files) -> Peer:
    """The orbiter's end: files go down as the mission's class says, answers among the real-time packets."""
    faults = faults_of(files)
    sender = SenderSettings(
        ORBITER_ENTITY, GROUND_ENTITY, PICTURE_FILES_APID, files.segment_octets, faults=faults
    )
    receiver = ReceiverSettings(
        ORBITER_ENTITY,
        FILE_UNITS_APID,
        faults,
        files.immediate_nak,
        files.nak_ns,
        files.nak_limit,
        nak_octets=DOWNLINK_NAK_OCTETS,
        most_file_octets=files.store_octets,
        most_kept_octets=2 * files.store_octets,
    )
    return Peer(sender, receiver)


def ground_link(files: Files) -> Peer:
    """The ground's end: files go up acknowledged, in telecommand packets."""
    faults = faults_of(files)
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
        nak_octets=UPLINK_NAK_OCTETS,
        telecommand=True,
    )
    return Peer(sender, receiver)


def board_store(files: Files) -> FileStoreSettings:
    """Of the file store on board: one file may fill it."""
    return FileStoreSettings(files.store_octets, files.store_octets)


def faults_of(files: Files | WifiFiles) -> Faults:
    """Limits and times of a link's transfers."""
    return Faults.of_seconds(files.ack_s, files.ack_limit, files.inactivity_s, files.check_s)
