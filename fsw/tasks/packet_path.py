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
from fsw.protocols.large_packets import Place, split
from fsw.tasks.answers import pus_report
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import PusReport
from fsw.tasks.report_selection import ReportSelection, particular
from fsw.tasks.report_types import KNOWN, Type

LONGEST_REPORT_OCTETS = 1024  # of its packet; what is longer goes in parts (ST[13])
PART_OCTETS = LONGEST_REPORT_OCTETS - pus.TM_OVERHEAD_OCTETS - 4  # behind transaction and number
TRANSFERS = 1 << 16
_GROUND = 1  # destination of reports
_REPORTED = {  # by request of ST[14]: what is told, and the report
    "REPORT": ("TYPES", "FORWARDED_TYPES"),
    "HOUSEKEEPING_REPORT": ("HOUSEKEEPING", "FORWARDING_HOUSEKEEPING_SELECTED"),
    "DIAGNOSTICS_REPORT": ("DIAGNOSTICS", "FORWARDING_DIAGNOSTICS_SELECTED"),
    "EVENTS_REPORT": ("EVENTS", "FORWARDING_EVENTS_BLOCKED"),
}
_SUBTYPE_OF = {Place.FIRST: 1, Place.NEXT: 2, Place.LAST: 3}

# APID, service, subtype, structure or event (0 where there is none), on-board time, packet
Made = tuple[int, int, int, int, bytes, bytes]


class PacketPath:
    def __init__(self, clock: OnBoardClock) -> None:
        self._clock = clock
        self._sequence = pus.SequenceCounters()
        # Each application process counts its own (ECSS-E-ST-70-41C 5.4.2.1).
        self._messages = {apid: pus.MessageCounters() for apid in (ORBITER_APID, LANDER_APID)}
        self._forwarded = ReportSelection(KNOWN)
        self._blocked: frozenset[Type] = frozenset()  # the rest of those known
        self._made: list[Made] = []
        self._transfer = 0  # number of the next large report

    def report(self, report: PusReport, now_ns: int) -> list[bytes]:
        """The packets for the real-time channel: one, those of its parts, or none."""
        type_ = (report.apid, report.service, report.subtype)
        time = self._clock.cuc(now_ns)
        packet = self._encode(report, time, now_ns)
        if len(packet) <= LONGEST_REPORT_OCTETS:
            return self._keep(type_, particular(type_, report.source_data), time, packet)
        # Parts go by the type alone: no structure, of 32 parameters at most, and no event is so long.
        transfer, self._transfer = self._transfer, (self._transfer + 1) % TRANSFERS
        packets = []
        for place, number, part in split(packet, PART_OCTETS):
            head = transfer.to_bytes(2, "big") + number.to_bytes(2, "big")
            one = PusReport(ORBITER_APID, 13, _SUBTYPE_OF[place], head + part)
            packets += self._keep(type_, 0, time, self._encode(one, time, now_ns))
        return packets

    def _encode(self, report: PusReport, time: bytes, now_ns: int) -> bytes:
        return pus.encode_report(
            pus.Report(
                report.apid,
                self._sequence.take(report.apid),
                report.service,
                report.subtype,
                self._messages[report.apid].take(report.service, report.subtype, _GROUND),
                _GROUND,
                time,
                report.source_data,
                self._clock.status(now_ns),
            )
        )

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
        count = self._sequence.take(apid)
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
        return {
            "sequence": self._sequence.save(),
            "messages": [[apid, counters.save()] for apid, counters in self._messages.items()],
            "transfer": self._transfer,
        }

    def count_on(self, counts: dict[str, Any]) -> None:
        self._sequence.load(counts["sequence"])
        for apid, counters in counts["messages"]:
            self._messages[apid].load(counters)
        self._transfer = counts["transfer"]

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
