"""The control centre: what the station received goes to telemetry, verification, pictures and archive."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fsw import dictionary
from fsw.dictionary import Request
from fsw.dictionary.identifiers import (
    FILE_UNITS_APID,
    ORBITER_APID,
    PICTURE_FILES_APID,
    FailureCode,
)
from fsw.dictionary.services.st09_time import TIME_REPORT
from fsw.ground.archive import Archive
from fsw.ground.command_link import LinkNotice, UplinkSettings
from fsw.ground.commanding import Commander, Radiation, Sent
from fsw.ground.file_store import GroundStore, MemoryStore
from fsw.ground.files import FileNotice, ground_entity, is_picture, notices
from fsw.ground.large_packets import LargeReports
from fsw.ground.pictures import PictureStore
from fsw.ground.receiving import ReceivedPacket
from fsw.ground.telemetry import Telemetry, TelemetryProcessor
from fsw.ground.time_correlation import Correlation, Sample, TimeCorrelation
from fsw.kernel.time import Epoch
from fsw.protocols import cfdp_entity as cfdp
from fsw.protocols import pus
from fsw.protocols.cfdp_entity import Peer
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived

if TYPE_CHECKING:  # loads OpenSSL, which a link without security does not need
    from fsw.ground.security import GroundSecurity

_PRIMARY_HEADER_OCTETS = 6
_TIME_REPORT_TIME = slice(8, 15)  # behind rate and P-field
_FILE_APIDS = (PICTURE_FILES_APID, FILE_UNITS_APID)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file came to its end: its entry in the index."""

    received_ns: int
    entry: Mapping[str, Any]


News = Telemetry | Picture | LinkNotice | FileNotice
Steer = Literal["suspend", "resume", "cancel"]


class ControlCentre:
    """Give it packets; ask it for values, pictures and what became of telecommands.

    archive and pictures_folder are optional: without them everything is kept in memory. light_time_ns:
    predicted one-way light time of what is received at a mission time; without it the spacecraft's clock
    is not correlated.
    link: the file link's managed parameters; store: of its files, in memory if not given. What `files` has
    to send up goes by `Commander.expedite`.
    """

    def __init__(
        self,
        epoch: Epoch,
        link: Peer,
        archive: Archive | None = None,
        pictures_folder: Path | None = None,
        uplink: UplinkSettings | None = None,
        light_time_ns: Callable[[int], int] | None = None,
        security: "GroundSecurity | None" = None,
        store: GroundStore | None = None,
    ) -> None:
        self._archive = archive
        self.telemetry = TelemetryProcessor(epoch, archive)
        self.pictures = PictureStore(epoch, pictures_folder)
        self.security = security
        self.commander = Commander(uplink, security)
        self.time = None if light_time_ns is None else TimeCorrelation(epoch, light_time_ns, self._note_time)
        self.large = LargeReports()
        self.store = store or MemoryStore()
        self.files = ground_entity(link, self.store)

    def radiate(self, request: Request, now_ns: int, *, map_id: int | None = None) -> Radiation:
        """The CLTUs of a type-BD telecommand; see `Commander.radiate`."""
        return self.commander.radiate(request, now_ns, map_id=map_id)

    def receive(self, packets: Iterable[ReceivedPacket]) -> list[News]:
        """Packets of the station, in order; what is new."""
        news: list[News] = []
        for packet in packets:
            if packet.apid in _FILE_APIDS:
                octets = packet.octets[_PRIMARY_HEADER_OCTETS:]
                news += self._file(self.files.receive(octets, packet.received_ns), packet.received_ns)
                continue
            telemetry = self.telemetry.process(
                packet.octets, packet.received_ns, packet.spacecraft, packet.virtual_channel
            )
            news += self._told(telemetry)
            whole = self.large.take(telemetry)
            if whole is not None:
                received = (packet.received_ns, packet.spacecraft, packet.virtual_channel)
                news += self._told(self.telemetry.process(whole, *received))
        return news

    def _told(self, telemetry: Telemetry) -> list[News]:
        sent = self.commander.note(telemetry)
        if telemetry.report is TIME_REPORT and self.time is not None:
            rate = telemetry.values["rate_exponent"].raw
            assert isinstance(rate, int)
            self.time.report(rate, telemetry.octets[_TIME_REPORT_TIME], telemetry.received_ns)
        if self.security is None:
            return [telemetry]
        return [telemetry, *self._manage_security(self.security, telemetry, sent)]

    def _manage_security(
        self, security: "GroundSecurity", telemetry: Telemetry, sent: Sent | None
    ) -> list[News]:
        """The ground follows a procedure that is complete, and tells what a reply says."""
        channel = self.commander.settings.channels[0].virtual_channel
        if telemetry.report is not None and telemetry.report.name == "SECURITY_REPLY":
            reply = telemetry.values["pdu"].raw
            assert isinstance(reply, bytes)
            return [LinkNotice(telemetry.received_ns, channel, security.describe(reply))]
        completed = telemetry.service == 1 and telemetry.subtype == 7
        if sent is None or sent.name != "SECURITY_PROCEDURE" or not completed:
            return []
        said = security.completed(_procedure_of(sent.packet))
        return [LinkNotice(telemetry.received_ns, channel, text, alarm) for text, alarm in said]

    def tick(self, now_ns: int) -> list[News]:
        """Gives up files for which nothing more has come in time. Call once a second or so."""
        deadline = self.files.next_deadline_ns
        if deadline is None or deadline > now_ns:
            return []
        return self._file(self.files.poll(now_ns), now_ns)

    def finish(self, now_ns: int) -> list[News]:
        """The flight has ended: files still open are incomplete; index and archive are written out."""
        news = self._file(self.files.finish(), now_ns)
        self.flush()
        return news

    def flush(self) -> None:
        """Index and archive as they are now."""
        self.pictures.write_index()
        if self._archive is not None:
            self._archive.commit()

    def telecommands(self) -> list[Sent]:
        """All telecommands sent, with what became of them."""
        return self.commander.sent

    def note_frame(self, count: int, first_bit_ns: int) -> None:
        """A frame of the channel that carries time reports: its count, when its first bit came in."""
        if self.time is not None:
            self.time.frame(count, first_bit_ns)

    def _note_time(self, sample: Sample, found: Correlation | None) -> None:
        if self._archive is None:
            return
        radiated_ns, error_ns = sample
        values: dict[str, tuple[int, str]] = {"clock_error": (error_ns, "ns")}
        if found is not None:
            values |= {
                "clock_error_estimated": (found.error_ns(radiated_ns), "ns"),
                "clock_rate_estimated": (found.rate, "1e-15"),
                "clock_residual": (found.residual_ns, "ns"),
            }
        self._archive.add_parameters(
            [
                (radiated_ns, None, "GROUND_TIME_CORRELATION", name, value, value, unit)
                for name, (value, unit) in values.items()
            ]
        )

    def _file(self, events: list[cfdp.Event], now_ns: int) -> list[News]:
        news: list[News] = []
        for event in events:
            if not (isinstance(event, FileIncomplete | FileReceived) and is_picture(event)):
                news += [self._noted(said) for said in notices(event, self.store, now_ns)]
                continue
            entry = self.pictures.add(event, now_ns)
            if not entry["complete"] and self._archive is not None:
                details = {key: entry[key] for key in ("file", "octets", "expected_octets", "reason")}
                self._archive.add_event(
                    now_ns, None, "ground", "GROUND_FILE_INCOMPLETE", "A file did not come whole", details
                )
            news.append(Picture(now_ns, entry))
        return news

    def _noted(self, said: FileNotice) -> FileNotice:
        if self._archive is not None:
            severity = "alarm" if said.alarm else "ground"
            self._archive.add_event(said.received_ns, None, severity, said.name, said.text, said.values)
        return said

    def steer_file(self, how: Steer, source: int, sequence: int, now_ns: int) -> list[News]:
        """Suspend, resume or cancel a transfer of the file link; nothing if it is not open."""
        match how:
            case "suspend":
                events = self.files.suspend(source, sequence)
            case "resume":
                events = self.files.resume(source, sequence, now_ns)
            case "cancel":
                events = self.files.cancel(source, sequence)
        return self._file(events, now_ns)

    def file_units(self, room_octets: int, now_ns: int) -> tuple[bytes, list[News]]:
        """Packets of the file link for one telecommand frame, and what sending them has ended."""
        block = self.files.produce(room_octets, now_ns).octets.tobytes()
        return block, self._file(self.files.events(), now_ns)

    def save(self) -> dict[str, Any]:
        """Plain data. The archive is saved too, if there is one."""
        return {
            "telemetry": self.telemetry.save(),
            "pictures": self.pictures.save(),
            "commander": self.commander.save(),
            "security": None if self.security is None else self.security.save(),
            "large": self.large.save(),
            "files": self.files.save(),
            "store": self.store.save(),
            "time": None if self.time is None else self.time.save(),
            "archive": None if self._archive is None else self._archive.save(),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self.telemetry.load(saved["telemetry"])
        self.pictures.load(saved["pictures"])
        self.commander.load(saved["commander"])
        if self.security is not None:
            self.security.load(saved["security"])
        self.large.load(saved["large"])
        self.files.load(saved["files"])
        self.store.load(saved["store"])
        if self.time is not None and saved["time"] is not None:
            self.time.load(saved["time"])
        if self._archive is not None and saved["archive"] is not None:
            self._archive.load(saved["archive"])


def _procedure_of(packet: bytes) -> bytes:
    """The protocol data unit in a SECURITY_PROCEDURE that we sent."""
    request = pus.check_acceptance(packet, frozenset({ORBITER_APID}), dictionary.known_services())
    assert isinstance(request, pus.Telecommand)
    found = dictionary.recognise_telecommand(request.service, request.subtype, request.application_data)
    assert not isinstance(found, FailureCode)
    pdu = found[1]["pdu"]
    assert isinstance(pdu, bytes)
    return pdu
