"""Packet Utilization Standard, version C (ECSS-E-ST-70-41C): secondary headers, counters, acceptance.

Telecommand: version 4 bits = 2, acknowledgement flags 4, service 8, subtype 8, source 16, application
data, packet error control 16 (clause 7.4.4). Report: version 4 = 2, time reference status 4, service 8,
subtype 8, message type counter 16, destination 16, time (CUC 4+3, P-field implicit 0x2F: ours), source
data, packet error control 16 (clause 7.4.3). Packet error control: CRC-16/CCITT-FALSE over all before.
"""

import struct
from binascii import crc_hqx
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import Any

from fsw.core.errors import FswError
from fsw.kernel.record import record
from fsw.protocols.time_codes import TIANWEN1, CucFormat

VERSION = 2
PRIMARY_HEADER_OCTETS = 6
TIME_OCTETS = 7
ERROR_CONTROL_OCTETS = 2
LONGEST_PACKET_OCTETS = 65542
COUNTS = 1 << 14  # of the packet sequence count
MESSAGE_COUNTS = 1 << 16

_UNSEGMENTED = 0b11 << 14
_SECONDARY_HEADER = 1 << 11
_TELECOMMAND = 1 << 12
_TC = struct.Struct(">HHHBBBH")
_TM = struct.Struct(">HHHBBBHH")
_IDENTIFIER = struct.Struct(">HH")

TC_OVERHEAD_OCTETS = _TC.size + ERROR_CONTROL_OCTETS
TM_OVERHEAD_OCTETS = _TM.size + TIME_OCTETS + ERROR_CONTROL_OCTETS


# Ours: the orbiter's clock is Tianwen-1's (UTC without leap seconds since 2015-12-31T16:00:00Z); its
# PUS reports show it in 2^-24 s.
TIME_FORMAT = CucFormat(4, 3, "agency", implicit=True)
TIME_EPOCH_POSIX_NS = TIANWEN1.decode(bytes(TIANWEN1.octets))


def encode_time(posix_ns: int) -> bytes:
    """The 7 octets of report time at a POSIX time. Raises FswError before the clock's epoch."""
    return TIME_FORMAT.encode(posix_ns - TIME_EPOCH_POSIX_NS)


def decode_time(octets: bytes) -> int:
    """POSIX nanoseconds of the 7 octets of report time."""
    return TIME_EPOCH_POSIX_NS + TIME_FORMAT.decode(octets)


class Acknowledge(IntFlag):
    """Reports asked for. Bit order of clause 7.4.4.1: bit 3 of the octet's low half is acceptance's."""

    NONE = 0
    ACCEPTANCE = 1
    START = 2
    PROGRESS = 4
    COMPLETION = 8
    ALL = 15


class AcceptanceFailure(IntEnum):
    """Why a telecommand packet is not accepted (the failure codes of [1,2] and [1,10])."""

    UNKNOWN_APID = 1
    LENGTH_WRONG = 2
    CHECKSUM_WRONG = 3
    VERSION_WRONG = 4
    UNKNOWN_SERVICE = 5
    UNKNOWN_SUBTYPE = 6
    NO_SECONDARY_HEADER = 9


@record
class RequestId:
    """The first four octets of a telecommand packet: what verification reports refer to."""

    packet_id: int
    sequence: int

    @property
    def apid(self) -> int:
        return self.packet_id & 0x7FF

    @property
    def count(self) -> int:
        return self.sequence & 0x3FFF

    def encode(self) -> bytes:
        return _IDENTIFIER.pack(self.packet_id, self.sequence)

    @classmethod
    def of(cls, packet: bytes) -> "RequestId":
        """Of a packet with at least four octets."""
        return cls(*_IDENTIFIER.unpack_from(packet))


@record
class Telecommand:
    """A telecommand packet, taken apart."""

    apid: int
    count: int
    service: int
    subtype: int
    source: int
    acknowledge: Acknowledge
    application_data: bytes

    @property
    def request_id(self) -> RequestId:
        return RequestId(_TELECOMMAND | _SECONDARY_HEADER | self.apid, _UNSEGMENTED | self.count)


@record
class Report:
    """A telemetry packet, taken apart. time: the 7 octets of CUC 4+3; time_status: 4 bits."""

    apid: int
    count: int
    service: int
    subtype: int
    message_count: int
    destination: int
    time: bytes
    source_data: bytes
    time_status: int = 0


def encode_telecommand(telecommand: Telecommand) -> bytes:
    """The Space Packet, error control included. Raises FswError on a value its field cannot hold."""
    length = TC_OVERHEAD_OCTETS + len(telecommand.application_data)
    _check(telecommand.apid, telecommand.count, telecommand.service, telecommand.subtype, length)
    if not 0 <= telecommand.source < 1 << 16:
        raise FswError(f"source {telecommand.source}: allowed are 0 to 65535")
    packet = (
        _TC.pack(
            _TELECOMMAND | _SECONDARY_HEADER | telecommand.apid,
            _UNSEGMENTED | telecommand.count,
            length - PRIMARY_HEADER_OCTETS - 1,
            VERSION << 4 | telecommand.acknowledge,
            telecommand.service,
            telecommand.subtype,
            telecommand.source,
        )
        + telecommand.application_data
    )
    return packet + crc_hqx(packet, 0xFFFF).to_bytes(2, "big")


def encode_report(report: Report) -> bytes:
    """The Space Packet, error control included. Raises FswError on a value its field cannot hold."""
    length = TM_OVERHEAD_OCTETS + len(report.source_data)
    _check(report.apid, report.count, report.service, report.subtype, length)
    if len(report.time) != TIME_OCTETS:
        raise FswError(f"time of {len(report.time)} octets: {TIME_OCTETS} are needed (CUC 4+3)")
    if not (0 <= report.message_count < MESSAGE_COUNTS and 0 <= report.destination < 1 << 16):
        raise FswError(
            f"message count {report.message_count}, destination {report.destination}: allowed are 0 to 65535"
        )
    packet = (
        _TM.pack(
            _SECONDARY_HEADER | report.apid,
            _UNSEGMENTED | report.count,
            length - PRIMARY_HEADER_OCTETS - 1,
            VERSION << 4 | report.time_status & 0xF,
            report.service,
            report.subtype,
            report.message_count,
            report.destination,
        )
        + report.time
        + report.source_data
    )
    return packet + crc_hqx(packet, 0xFFFF).to_bytes(2, "big")


def check_acceptance(
    packet: bytes, apids: frozenset[int], services: Mapping[int, frozenset[int]]
) -> Telecommand | AcceptanceFailure:
    """The telecommand in a received packet, or why it is not accepted. Never raises.

    apids: of the applications on board; services: subtypes known, by service. The order of the checks
    is that of the fields on the wire, but the checksum comes first of all that it covers.
    """
    if len(packet) < PRIMARY_HEADER_OCTETS + 1:
        return AcceptanceFailure.LENGTH_WRONG
    if int.from_bytes(packet[4:6], "big") + PRIMARY_HEADER_OCTETS + 1 != len(packet):
        return AcceptanceFailure.LENGTH_WRONG
    packet_id = int.from_bytes(packet[:2], "big")
    if packet_id & 0x7FF not in apids:
        return AcceptanceFailure.UNKNOWN_APID
    if crc_hqx(packet, 0xFFFF) != 0:
        return AcceptanceFailure.CHECKSUM_WRONG
    if packet_id >> 12 != _TELECOMMAND >> 12:  # packet version 0, type telecommand
        return AcceptanceFailure.VERSION_WRONG
    if not packet_id & _SECONDARY_HEADER:
        return AcceptanceFailure.NO_SECONDARY_HEADER
    if len(packet) < TC_OVERHEAD_OCTETS:
        return AcceptanceFailure.LENGTH_WRONG
    _, sequence, _, flags, service, subtype, source = _TC.unpack_from(packet)
    if flags >> 4 != VERSION:
        return AcceptanceFailure.VERSION_WRONG
    if service not in services:
        return AcceptanceFailure.UNKNOWN_SERVICE
    if subtype not in services[service]:
        return AcceptanceFailure.UNKNOWN_SUBTYPE
    return Telecommand(
        packet_id & 0x7FF,
        sequence & 0x3FFF,
        service,
        subtype,
        source,
        Acknowledge(flags & 0xF),
        bytes(packet[_TC.size : -ERROR_CONTROL_OCTETS]),
    )


def decode_report(packet: bytes) -> Report | str:
    """The report in a received telemetry packet, or the reason why it is none. Never raises."""
    if len(packet) < TM_OVERHEAD_OCTETS:
        return "too short for a PUS report"
    packet_id, sequence, length, flags, service, subtype, count, destination = _TM.unpack_from(packet)
    if length + PRIMARY_HEADER_OCTETS + 1 != len(packet):
        return "length field wrong"
    if packet_id >> 11 != _SECONDARY_HEADER >> 11:
        return "no telemetry packet with secondary header"
    if flags >> 4 != VERSION:
        return f"PUS version {flags >> 4}"
    if crc_hqx(packet, 0xFFFF) != 0:
        return "packet error control wrong"
    data_at = _TM.size + TIME_OCTETS
    return Report(
        packet_id & 0x7FF,
        sequence & 0x3FFF,
        service,
        subtype,
        count,
        destination,
        bytes(packet[_TM.size : data_at]),
        bytes(packet[data_at:-ERROR_CONTROL_OCTETS]),
        flags & 0xF,
    )


class MessageCounters:
    """Message type counters: one per service, subtype and destination, modulo 65536 (clause 5.4.2.1)."""

    def __init__(self) -> None:
        self._next: dict[tuple[int, int, int], int] = {}

    def take(self, service: int, subtype: int, destination: int) -> int:
        """The count for the next report of this type to this destination."""
        key = (service, subtype, destination)
        count = self._next.get(key, 0)
        self._next[key] = (count + 1) % MESSAGE_COUNTS
        return count

    def save(self) -> dict[str, Any]:
        return {"next": [[*key, count] for key, count in sorted(self._next.items())]}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._next = {(row[0], row[1], row[2]): row[3] for row in saved["next"]}


class SequenceCounters:
    """Packet sequence counts: one per APID, modulo 16384 (CCSDS 133.0-B-2, 4.1.3.4.3)."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def take(self, apid: int, packets: int = 1) -> int:
        """The count of the next packet on this APID; `packets` of them are numbered from it."""
        count = self._next.get(apid, 0)
        self._next[apid] = (count + packets) % COUNTS
        return count

    def save(self) -> dict[str, Any]:
        return {"next": [[apid, count] for apid, count in sorted(self._next.items())]}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._next = {row[0]: row[1] for row in saved["next"]}


def _check(apid: int, count: int, service: int, subtype: int, length: int) -> None:
    if not 0 <= apid < 2047:
        raise FswError(f"APID {apid}: allowed are 0 to 2046")
    if not 0 <= count < COUNTS:
        raise FswError(f"packet sequence count {count}: allowed are 0 to {COUNTS - 1}")
    if not (0 <= service < 256 and 0 <= subtype < 256):
        raise FswError(f"type [{service},{subtype}]: allowed are 0 to 255 each")
    if length > LONGEST_PACKET_OCTETS:
        raise FswError(f"packet of {length} octets: allowed are up to {LONGEST_PACKET_OCTETS}")
