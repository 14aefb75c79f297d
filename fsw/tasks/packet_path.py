"""The way of every report on board: numbered and dated, forwarded (ST[14]), kept for storage (ST[15]).

A packet is made once. What the forwarding control lets through goes to the real-time channel; all of it is
gathered, and given to the packet stores once a beat. A report whose packet would be too long goes in parts
(ST[13]), each a packet of its own, which take the way of the report.
"""

from typing import Any

from fsw import dictionary
from fsw.core.crc import crc16
from fsw.dictionary.identifiers import LANDER_APID, ORBITER_APID, TIME_APID, FailureCode
from fsw.protocols import pus
from fsw.tasks.answers import pus_report
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import PusReport
from fsw.tasks.report_packets import ReportPackets
from fsw.tasks.report_selection import ReportSelection, particular
from fsw.tasks.report_types import KNOWN, Type

LONGEST_REPORT_OCTETS = 1024  # of its packet; what is longer goes in parts (ST[13])
_REPORTED = {  # by request of ST[14]: what is told, and the report
    "REPORT": ("TYPES", "FORWARDED_TYPES"),
    "HOUSEKEEPING_REPORT": ("HOUSEKEEPING", "FORWARDING_HOUSEKEEPING_SELECTED"),
    "DIAGNOSTICS_REPORT": ("DIAGNOSTICS", "FORWARDING_DIAGNOSTICS_SELECTED"),
    "EVENTS_REPORT": ("EVENTS", "FORWARDING_EVENTS_BLOCKED"),
}

# APID, service, subtype, structure or event (0 where there is none), on-board time, packet
Made = tuple[int, int, int, int, bytes, bytes]


class PacketPath:
    def __init__(self, clock: OnBoardClock) -> None:
        self._clock = clock
        self._packets = ReportPackets(clock, (ORBITER_APID, LANDER_APID), LONGEST_REPORT_OCTETS)
        self._forwarded = ReportSelection(KNOWN)
        self._blocked: frozenset[Type] = frozenset()  # the rest of those known
        self._made: list[Made] = []

    def report(self, report: PusReport, now_ns: int) -> list[bytes]:
        """The packets for the real-time channel: one, those of its parts, or none."""
        type_ = (report.apid, report.service, report.subtype)
        time = self._clock.cuc(now_ns)
        packets = self._packets.of(report, time, now_ns)
        if len(packets) == 1:
            return self._keep(type_, particular(type_, report.source_data), time, packets[0])
        # Parts go by the type alone: no structure, of 32 parameters at most, and no event is so long.
        return [kept for packet in packets for kept in self._keep(type_, 0, time, packet)]

    def plain(self, apid: int, data: bytes, now_ns: int) -> list[bytes]:
        """As `report`, of a packet without secondary header."""
        return self._keep((apid, 0, 0), 0, self._clock.cuc(now_ns), self._numbered(apid, data))

    def time_report(self, data: bytes) -> list[bytes]:
        """As `plain`, of the spacecraft time packet, which alone of these has error control.

        It tells the time of the frame in which it goes, so it is never stored.
        """
        packet = self._numbered(TIME_APID, data + bytes(pus.ERROR_CONTROL_OCTETS))
        packet = packet[: -pus.ERROR_CONTROL_OCTETS]
        packet += crc16(packet).to_bytes(2, "big")
        return [] if (TIME_APID, 0, 0) in self._blocked else [packet]

    def _numbered(self, apid: int, data: bytes) -> bytes:
        count = self._packets.sequence.take(apid)
        return (apid << 32 | (0xC000 | count) << 16 | len(data) - 1).to_bytes(6, "big") + data

    def _keep(self, type_: Type, which: int, time: bytes, packet: bytes) -> list[bytes]:
        self._made.append((*type_, which, time, packet))
        forwarded = type_ not in self._blocked and self._forwarded.takes(type_, which)
        return [packet] if forwarded else []

    def take_made(self) -> tuple[Made, ...]:
        """What was made since the last call."""
        made, self._made = tuple(self._made), []
        return made

    # ---- forwarding control ---------------------------------------------------------------------

    def execute(self, name: str, arguments: dict[str, Any]) -> FailureCode | PusReport | None:
        """A request of ST[14]: why it failed, the report it asked for, or nothing more to say."""
        what = name.removeprefix("FORWARDING_")
        if what in _REPORTED:
            kind, report = _REPORTED[what]
            return pus_report(dictionary.report(report), {"applications": self._forwarded.reported(kind)})
        if what in {"ADD", "DELETE"}:
            what = f"TYPES_{what}"
        failure = self._forwarded.change(what, arguments["applications"])
        self._blocked = KNOWN - set(self._forwarded.types)
        return failure

    # ---- snapshots ------------------------------------------------------------------------------

    def forwarded(self) -> dict[str, Any]:
        """What goes down as it is made, as `forward` takes it."""
        return self._forwarded.save()

    def forward(self, selected: dict[str, Any]) -> None:
        self._forwarded = ReportSelection.load(selected)
        self._blocked = KNOWN - set(self._forwarded.types)

    def counts(self) -> dict[str, Any]:
        """Those that the ground follows."""
        return self._packets.counts()

    def count_on(self, counts: dict[str, Any]) -> None:
        self._packets.count_on(counts)

    def save(self) -> dict[str, Any]:
        return {
            "counts": self.counts(),
            "forwarded": self.forwarded(),
            "made": [list(made) for made in self._made],
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.count_on(saved["counts"])
        self.forward(saved["forwarded"])
        self._made = [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in saved["made"]]
