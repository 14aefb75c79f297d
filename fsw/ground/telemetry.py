"""Packets to named values: PUS reports, the real packets of Tianwen-1, events, verification.

What arrives is judged, never trusted: a packet that the dictionary does not know, or that contradicts
its declaration, is kept as octets with the reason.
"""

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from fsw import dictionary
from fsw.core.crc import crc16
from fsw.core.errors import FswError
from fsw.dictionary.identifiers import LANDER_APID, ORBITER_APID, STATE_VECTOR_APID, TIME_APID
from fsw.dictionary.parameter import Value, Violation
from fsw.dictionary.pool import BY_NAME
from fsw.dictionary.report import Report
from fsw.dictionary.services.st03_housekeeping import DIAGNOSTICS_SUBTYPES, user_report
from fsw.dictionary.services.st09_time import TIME_CODE, TIME_REPORT
from fsw.dictionary.services.st15_storage import ReplayChannel
from fsw.ground.archive import Archive, ParameterRow
from fsw.kernel.record import record
from fsw.kernel.time import Epoch
from fsw.protocols import pus
from fsw.protocols.time_codes import TIANWEN1

PUS_APIDS = frozenset({ORBITER_APID, LANDER_APID})
_PRIMARY_HEADER_OCTETS = 6
_DEFINITIONS = ("HOUSEKEEPING_DEFINITION", "DIAGNOSTICS_DEFINITION")


@record
class Telemetry:
    """One packet, decoded as far as it can be.

    received_ns: mission time at which its frame came in. spacecraft_ns: mission time it was made, by
    the spacecraft's clock; None where it carries no time. report, values: None when the dictionary does
    not know it; then `problem` says why if it should have been known.
    """

    received_ns: int
    spacecraft_ns: int | None
    spacecraft: int
    virtual_channel: int
    apid: int
    count: int
    octets: bytes
    service: int | None = None
    subtype: int | None = None
    report: Report | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    problem: str | None = None

    @property
    def is_event(self) -> bool:
        return self.service == 5 and self.report is not None


def decode_packet(
    octets: bytes,
    received_ns: int,
    spacecraft: int,
    virtual_channel: int,
    epoch: Epoch,
    defined: Mapping[tuple[int, int], Report] = MappingProxyType({}),
) -> Telemetry:
    """A whole Space Packet (at least 7 octets). Never raises on what a peer sent.

    defined: by subtype and identifier, the structures of ST[3] that telecommands defined.
    """
    apid = int.from_bytes(octets[:2], "big") & 0x7FF
    count = int.from_bytes(octets[2:4], "big") & 0x3FFF
    service = subtype = spacecraft_ns = problem = None
    source_data = octets[_PRIMARY_HEADER_OCTETS:]
    if apid == TIME_APID:
        if len(octets) < pus.ERROR_CONTROL_OCTETS or crc16(octets) != 0:
            problem = "packet error control wrong"
            return Telemetry(
                received_ns, None, spacecraft, virtual_channel, apid, count, octets, problem=problem
            )
        service, subtype = TIME_REPORT.service, TIME_REPORT.subtype
        source_data = source_data[: -pus.ERROR_CONTROL_OCTETS]
    elif apid in PUS_APIDS:
        packet = pus.decode_report(octets)
        if isinstance(packet, str):
            return Telemetry(
                received_ns, None, spacecraft, virtual_channel, apid, count, octets, problem=packet
            )
        service, subtype, source_data = packet.service, packet.subtype, packet.source_data
        spacecraft_ns = epoch.from_posix_ns(pus.decode_time(packet.time))
    report = dictionary.recognise_report(apid, service, subtype, source_data)
    if report is None and subtype is not None and (apid, service) == (ORBITER_APID, 3):
        report = defined.get((subtype, int.from_bytes(source_data[:2], "big")))
    values: Mapping[str, Value] = {}
    violations: tuple[Violation, ...] = ()
    if report is None:
        problem = None if service is None else f"no report [{service},{subtype}] is declared"
    else:
        try:
            values = report.decode(source_data)
            violations = tuple(report.check(values))
        except FswError as error:
            report, problem = None, str(error)
        else:
            if report is TIME_REPORT and values["time_code"].raw != TIME_CODE:
                report, values, problem = None, {}, f"time code 0x{source_data[1]:02x} is not CUC 4+3"
            elif report is TIME_REPORT:
                spacecraft_ns = epoch.from_posix_ns(pus.decode_time(source_data[2 : 2 + pus.TIME_OCTETS]))
            elif apid == STATE_VECTOR_APID:
                ticks = values["state_time"].raw
                assert isinstance(ticks, int)
                spacecraft_ns = epoch.from_posix_ns(TIANWEN1.decode(ticks.to_bytes(6, "big")))
    return Telemetry(
        received_ns,
        spacecraft_ns,
        spacecraft,
        virtual_channel,
        apid,
        count,
        octets,
        service,
        subtype,
        report,
        values,
        violations,
        problem,
    )


def event_text(telemetry: Telemetry) -> str:
    """An event in one line: its text and what belongs to it."""
    assert telemetry.report is not None
    details = ", ".join(
        f"{name} {_plain(value.value)}{' ' + value.unit if value.unit else ''}"
        for name, value in telemetry.values.items()
    )
    return telemetry.report.text + (f": {details}" if details else "")


class TelemetryProcessor:
    """Decodes packets, remembers the latest of each report, and fills the archive if there is one."""

    def __init__(self, epoch: Epoch, archive: Archive | None = None) -> None:
        self._epoch = epoch
        self._archive = archive
        self.latest: dict[str, Telemetry] = {}
        # Structures that telecommands defined, by subtype and SID; when each was told, on board.
        self._defined: dict[tuple[int, int], Report] = {}
        self._defined_ns: dict[tuple[int, int], int] = {}
        self.packets = 0
        self.problems: dict[str, int] = {}

    def process(self, octets: bytes, received_ns: int, spacecraft: int, virtual_channel: int) -> Telemetry:
        """One packet in; its decoded form out, and into the archive."""
        telemetry = self._decode(octets, received_ns, spacecraft, virtual_channel)
        self.packets += 1
        if telemetry.problem is not None:
            self.problems[telemetry.problem] = self.problems.get(telemetry.problem, 0) + 1
        if telemetry.report is not None and not self._is_replay(telemetry, telemetry.report.name):
            self.latest[telemetry.report.name] = telemetry
        if self._archive is not None:
            self._store(telemetry, self._archive)
        if telemetry.report is not None and telemetry.report.name in _DEFINITIONS:
            self._define(telemetry)
        return telemetry

    def _decode(self, octets: bytes, received_ns: int, spacecraft: int, virtual_channel: int) -> Telemetry:
        return decode_packet(octets, received_ns, spacecraft, virtual_channel, self._epoch, self._defined)

    def _define(self, telemetry: Telemetry) -> None:
        """Takes a structure's definition, unless a later one is known: a replay may bring old ones."""
        made_ns, values = telemetry.spacecraft_ns, telemetry.values
        assert made_ns is not None  # PUS reports carry a time
        sid, count = values["sid"].raw, values["parameters"].raw
        assert isinstance(sid, int)
        assert isinstance(count, int)
        identifiers = [values[f"parameters[{k}].parameter"].raw for k in range(count)]
        report = user_report(
            sid,
            [raw for raw in identifiers if isinstance(raw, int)],
            telemetry.subtype == DIAGNOSTICS_SUBTYPES["DEFINITION"],
        )
        if report is None or report.subtype is None:
            return
        key = report.subtype, sid
        if made_ns < self._defined_ns.get(key, made_ns):
            return
        if self._defined.get(key) != report:
            self.latest.pop(report.name, None)  # it was of the structure as it was before
        self._defined[key], self._defined_ns[key] = report, made_ns

    def _is_replay(self, telemetry: Telemetry, name: str) -> bool:
        """It was made before what is known already (ST[15]). On-board time never goes back.

        Of packets without time only those count that come by the channel of replays.
        """
        if telemetry.spacecraft_ns is None:
            return telemetry.virtual_channel == ReplayChannel.REPLAY and name in self.latest
        latest = self.latest.get(name)
        made_ns = None if latest is None else latest.spacecraft_ns
        return made_ns is not None and telemetry.spacecraft_ns < made_ns

    def value(self, report: str, parameter: str) -> Value | None:
        """The latest value of a parameter, or None if none has come."""
        telemetry = self.latest.get(report)
        return None if telemetry is None else telemetry.values.get(parameter)

    def _store(self, telemetry: Telemetry, archive: Archive) -> None:
        received, made = telemetry.received_ns, telemetry.spacecraft_ns
        archive.add_packet(
            received,
            made,
            telemetry.spacecraft,
            telemetry.virtual_channel,
            telemetry.apid,
            telemetry.count,
            telemetry.service,
            telemetry.subtype,
            telemetry.octets,
        )
        report = telemetry.report
        if report is None or report.service == 1:
            return
        if report.severity is not None:
            details = {name: _plain(value.value) for name, value in telemetry.values.items()}
            archive.add_event(received, made, report.severity, report.name, event_text(telemetry), details)
            return
        name = report.name
        rows: list[ParameterRow] = [
            (received, made, name, key, raw, value, unit)
            for key, (raw, value, unit) in telemetry.values.items()
        ]
        archive.add_parameters(rows)

    def save(self) -> dict[str, Any]:
        """The packets behind the latest values are enough: they decode to the same."""
        return {
            "definitions": [
                [*key, self._defined_ns[key], [BY_NAME[one.name].identifier for one in report.parameters]]
                for key, report in self._defined.items()
            ],
            "latest": [
                [t.octets, t.received_ns, t.spacecraft, t.virtual_channel] for t in self.latest.values()
            ],
            "packets": self.packets,
            "problems": dict(self.problems),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._defined, self._defined_ns = {}, {}
        for subtype, sid, made_ns, identifiers in saved["definitions"]:
            report = user_report(sid, identifiers, subtype == DIAGNOSTICS_SUBTYPES["VALUES"])
            assert report is not None
            self._defined[subtype, sid], self._defined_ns[subtype, sid] = report, made_ns
        self.latest = {}
        for octets, received_ns, spacecraft, virtual_channel in saved["latest"]:
            telemetry = self._decode(octets, received_ns, spacecraft, virtual_channel)
            assert telemetry.report is not None
            self.latest[telemetry.report.name] = telemetry
        self.packets = saved["packets"]
        self.problems = dict(saved["problems"])


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
