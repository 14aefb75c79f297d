"""Both ends of CFDP on the Wi-Fi, between camera and orbiter, from a mission's figures."""

from fsw.core.camera_unit import FileDelivery
from fsw.dictionary import camera as link
from fsw.dictionary.identifiers import CAMERA_ENTITY, ORBITER_ENTITY
from fsw.missions.file_link import faults_of
from fsw.missions.mission_file import MissionFile, Wifi
from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_entity import Peer
from fsw.protocols.cfdp_receiver import ReceiverSettings
from fsw.protocols.cfdp_sender import SenderSettings
from fsw.tasks.camera_files import PICTURES_UNDER_WAY
from fsw.tasks.relay import LARGEST_PICTURE_OCTETS

SLOTS = 8  # pictures that the camera holds
_CHECKSUMS = {"modular": ChecksumType.MODULAR, "crc-32": ChecksumType.CRC_32, "null": ChecksumType.NULL}


def file_delivery(wifi: Wifi) -> FileDelivery | None:
    """The camera's end of CFDP on the Wi-Fi; None where pictures go in parts."""
    if wifi.picture_class == "parts":
        return None
    files = wifi.files
    return FileDelivery(
        CAMERA_ENTITY,
        ORBITER_ENTITY,
        wifi.picture_class == "2",
        files.segment_octets,
        files.crc,
        _CHECKSUMS[files.checksum],
        files.entity_octets,
        files.sequence_octets,
        max(1, round(1000 * files.ack_s)),
        files.ack_limit,
        max(1, round(1000 * files.inactivity_s)),
        link.UNITS_APID,
        max(1, round(1000 * files.nak_s)),
        files.nak_limit,
        max(1, round(1000 * files.check_s)),
    )


def relay_peer(mission: MissionFile) -> Peer | None:
    """The orbiter's end of CFDP on the Wi-Fi; None where pictures come in parts."""
    if mission.wifi.picture_class == "parts":
        return None
    files, us, apid = mission.wifi.files, ORBITER_ENTITY, link.UNITS_APID
    faults = faults_of(files)
    sender = SenderSettings(
        us,
        CAMERA_ENTITY,
        apid,
        files.segment_octets,
        _CHECKSUMS[files.checksum],
        files.crc,
        files.entity_octets,
        files.sequence_octets,
        mission.wifi.picture_class == "2",
        faults=faults,
        telecommand=True,
    )
    receiver = ReceiverSettings(
        us,
        apid,
        faults,
        files.immediate_nak,
        files.nak_ns,
        files.nak_limit,
        nak_octets=files.nak_octets,
        most_file_octets=LARGEST_PICTURE_OCTETS,
        most_open=PICTURES_UNDER_WAY,
        most_kept_octets=SLOTS * LARGEST_PICTURE_OCTETS,  # all that the camera can hold
        telecommand=True,
    )
    return Peer(sender, receiver)
