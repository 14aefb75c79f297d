"""Those who operate the rover by way of the orbiter: they learn of it from packets alone.

The orbiter's end of Proximity-1 is here too: what it hears goes to the ground a light time later, what the
ground sends waits in it for the next session.
"""

from dataclasses import dataclass, field
from typing import Any

from fsw.dictionary.identifiers import GROUND_SOURCE, ROVER_APID
from fsw.dictionary.rover import BOOK, PICTURE
from fsw.kernel.time import Epoch
from fsw.protocols import pus
from fsw.protocols.large_packets import Place, Reassembler
from fsw.protocols.proximity1_link import LinkEnd, packets_in

MOST_FORWARD = 12  # units in a portion: the rover's mailboxes hold their telecommands
_OUTCOMES = ("DRIVE_DONE", "HAZARD_STOP", "DRIVE_STOPPED", "PLAN_DROPPED")


class OrbiterRadio:
    """The other end of the rover's link."""

    def __init__(self, spacecraft: int) -> None:
        self.link = LinkEnd(spacecraft)

    def send(self, packet: bytes) -> None:
        """A telecommand, to wait here for the next session."""
        self.link.fop.send(packet)

    def hear(self, octets: bytes) -> list[bytes]:
        """Octets of the return link; the packets in them."""
        return [packet for frame in self.link.hear(octets) for packet in packets_in(frame.data)]

    def say(self) -> bytes:
        """The forward link's next portion: a control word, and what waits."""
        return self.link.portion(most_units=MOST_FORWARD)


@dataclass(slots=True)
class Drive:
    """A drive as it was asked for, and what telemetry told of it."""

    sent_ns: int
    distance_m: float
    heading_deg: float
    told: str = ""
    way_m: float = 0.0
    told_utc: str = ""
    clear_m: float | None = None


@dataclass(slots=True)
class Ground:
    """Telecommands out, reports in.

    drives: all that were asked for. reports: (time, name, values) of all but housekeeping. latest: newest
    values of each structure. verification: how many of each report of ST[1]. pictures: time of the report,
    and JPEG.
    """

    epoch: Epoch
    count: int = 0
    drives: list[Drive] = field(default_factory=list)
    reports: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    latest: dict[str, dict[str, Any]] = field(default_factory=dict)
    verification: dict[str, int] = field(default_factory=dict)
    undecodable: int = 0
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
    picture_asked: bool = False
    parts: Reassembler = field(default_factory=lambda: Reassembler(16, pus.LONGEST_PACKET_OCTETS))

    def telecommand(self, name: str, arguments: dict[str, Any]) -> bytes:
        """The packet of a telecommand, all of whose reports are asked for."""
        request = BOOK.parse_telecommand(name, arguments)
        command = request.telecommand
        packet = pus.encode_telecommand(
            pus.Telecommand(
                ROVER_APID,
                self.count,
                command.service,
                command.subtype,
                GROUND_SOURCE,
                pus.Acknowledge.ALL,
                request.encode(),
            )
        )
        self.count = (self.count + 1) % pus.COUNTS
        return packet

    def plan_drive(self, now_ns: int, minutes: int, distance_m: float, heading_deg: float) -> bytes:
        """The packet that asks for a drive, which is noted."""
        self.drives.append(Drive(now_ns, distance_m, heading_deg))
        values = {"minutes": minutes, "distance_m": distance_m, "heading_deg": heading_deg}
        return self.telecommand("PLAN_DRIVE", values)

    def waiting_for(self) -> Drive | None:
        """The drive of which nothing was told yet: the latest, since it replaces those before."""
        return self.drives[-1] if self.drives and not self.drives[-1].told else None

    def take(self, packet: bytes) -> None:
        """A packet of the rover."""
        report = pus.decode_report(packet)
        declared = (
            None
            if isinstance(report, str)
            else BOOK.recognise_report(report.apid, report.service, report.subtype, report.source_data)
        )
        if isinstance(report, str) or declared is None:
            self.undecodable += 1
            return
        posix_ns = pus.decode_time(report.time)
        utc = self.epoch.utc(self.epoch.from_posix_ns(posix_ns), 0)
        values: dict[str, Any] = {
            name: value.value.hex() if isinstance(value.value, bytes) else value.value
            for name, value in declared.decode(report.source_data).items()
        }
        if report.service == 3:
            self.latest[declared.name] = values
            return
        if report.service == 13:
            place = (Place.FIRST, Place.NEXT, Place.LAST)[report.subtype - 1]
            head, part = report.source_data[:4], report.source_data[4:]
            transfer, number = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
            whole = self.parts.take(transfer, place, number, part)
            if isinstance(whole, bytes):
                self.take(whole)
            return
        if declared is PICTURE:
            self.pictures.append((utc, bytes.fromhex(values.pop("jpeg"))))
        if report.service == 1:
            self.verification[declared.name] = self.verification.get(declared.name, 0) + 1
        self.reports.append((utc, declared.name, values))
        name = declared.name.removeprefix("EVENT_")
        drive = self.waiting_for()
        if name in _OUTCOMES and drive is not None:
            drive.told, drive.told_utc = name, utc
            drive.way_m, drive.clear_m = values.get("way_m", 0.0), values.get("clear_m")
