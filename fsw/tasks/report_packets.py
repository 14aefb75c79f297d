"""Packets of reports: numbered, dated, and in parts (ST[13]) where they would be too long."""

from typing import Any

from fsw.protocols import pus
from fsw.protocols.large_packets import Place, split
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import PusReport

TRANSFERS = 1 << 16
PART_HEAD_OCTETS = 4  # transaction and number
_GROUND = 1  # destination of reports
_SUBTYPE_OF = {Place.FIRST: 1, Place.NEXT: 2, Place.LAST: 3}


class ReportPackets:
    """apids: of the application processes; the first sends the parts. longest: octets of a packet."""

    def __init__(self, clock: OnBoardClock, apids: tuple[int, ...], longest: int) -> None:
        self._clock = clock
        self._longest = longest
        self._parts_apid = apids[0]
        self.sequence = pus.SequenceCounters()
        # Each application process counts its own (ECSS-E-ST-70-41C 5.4.2.1).
        self._messages = {apid: pus.MessageCounters() for apid in apids}
        self._transfer = 0  # number of the next large report

    def of(self, report: PusReport, time: bytes, now_ns: int) -> list[bytes]:
        """The packet of a report, or those of its parts."""
        packet = self._encode(report, time, now_ns)
        if len(packet) <= self._longest:
            return [packet]
        transfer, self._transfer = self._transfer, (self._transfer + 1) % TRANSFERS
        packets = []
        for place, number, part in split(packet, self._longest - pus.TM_OVERHEAD_OCTETS - PART_HEAD_OCTETS):
            head = transfer.to_bytes(2, "big") + number.to_bytes(2, "big")
            one = PusReport(self._parts_apid, 13, _SUBTYPE_OF[place], head + part)
            packets.append(self._encode(one, time, now_ns))
        return packets

    def _encode(self, report: PusReport, time: bytes, now_ns: int) -> bytes:
        return pus.encode_report(
            pus.Report(
                report.apid,
                self.sequence.take(report.apid),
                report.service,
                report.subtype,
                self._messages[report.apid].take(report.service, report.subtype, _GROUND),
                _GROUND,
                time,
                report.source_data,
                self._clock.status(now_ns),
            )
        )

    def counts(self) -> dict[str, Any]:
        """Those that the ground follows."""
        return {
            "sequence": self.sequence.save(),
            "messages": [[apid, counters.save()] for apid, counters in self._messages.items()],
            "transfer": self._transfer,
        }

    def count_on(self, counts: dict[str, Any]) -> None:
        self.sequence.load(counts["sequence"])
        for apid, counters in counts["messages"]:
            self._messages[apid].load(counters)
        self._transfer = counts["transfer"]
