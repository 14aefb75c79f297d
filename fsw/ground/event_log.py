"""Events as lines of JSON, one each, in the order in which the ground learnt of them.

Three kinds: events of the spacecraft (severity info, low, medium, high), what became of telecommands
(severity "verification", `values` begins with the telecommand's name), and what the ground itself found
(severity "ground"). Times are UTC; spacecraft_utc is null for what the ground says.
"""

import json
from collections.abc import Callable
from typing import Any

from fsw.dictionary.parameter import Value
from fsw.ground.command_link import LinkNotice
from fsw.ground.control_centre import ControlCentre, News
from fsw.ground.files import FileNotice
from fsw.ground.telemetry import Telemetry, event_text
from fsw.kernel.time import Epoch
from fsw.protocols.pus import RequestId

VERIFICATION = 1


class EventLog:
    """Give it all news. write: takes one line, with its newline."""

    def __init__(self, epoch: Epoch, control: ControlCentre, write: Callable[[str], object]) -> None:
        self._epoch = epoch
        self._control = control
        self._write = write

    def note(self, news: News) -> None:
        """Writes the line of an event; other news is left out."""
        entry = self.entry(news)
        if entry is not None:
            self._write(json.dumps(entry) + "\n")

    def entry(self, news: News) -> dict[str, Any] | None:
        """The event as plain data, or None."""
        if isinstance(news, LinkNotice):
            channel = {"virtual_channel": news.virtual_channel}
            return self._ground(news.received_ns, "GROUND_COMMAND_LINK", news.text, channel)
        if isinstance(news, FileNotice):
            return self._ground(news.received_ns, news.name, news.text, dict(news.values))
        if not isinstance(news, Telemetry):
            if news.entry["complete"]:
                return None
            values = {key: news.entry[key] for key in ("file", "octets", "expected_octets", "reason")}
            return self._ground(
                news.received_ns, "GROUND_FILE_INCOMPLETE", "A file did not come whole", values
            )
        report = news.report
        if report is None:
            if news.problem is None:
                return None
            values = {"apid": news.apid, "count": news.count, "problem": news.problem}
            return self._ground(
                news.received_ns, "GROUND_PACKET_UNREADABLE", "A packet was not understood", values
            )
        if report.service == VERIFICATION:
            values = {"telecommand": self._telecommand(news), **_plain(news.values)}
            return self._spacecraft(news, "verification", report.text, values)
        if report.severity is not None:
            return self._spacecraft(news, report.severity, event_text(news), _plain(news.values))
        return None

    def _telecommand(self, verification: Telemetry) -> str | None:
        """The name of the telecommand that a verification report is about; None if we sent no such one."""
        packet_id = verification.values["request_packet_id"].raw
        sequence = verification.values["request_sequence"].raw
        assert isinstance(packet_id, int)
        assert isinstance(sequence, int)
        request = RequestId(packet_id, sequence)
        sent = (sent for sent in reversed(self._control.telecommands()) if sent.request == request)
        return next((each.name for each in sent), None)

    def _spacecraft(
        self, telemetry: Telemetry, severity: str, text: str, values: dict[str, Any]
    ) -> dict[str, Any]:
        assert telemetry.report is not None
        made_ns = telemetry.spacecraft_ns
        return {
            "received_utc": self._epoch.utc(telemetry.received_ns),
            "spacecraft_utc": None if made_ns is None else self._epoch.utc(made_ns),
            "severity": severity,
            "name": telemetry.report.name,
            "text": text,
            "values": values,
        }

    def _ground(self, received_ns: int, name: str, text: str, values: dict[str, Any]) -> dict[str, Any]:
        return {
            "received_utc": self._epoch.utc(received_ns),
            "spacecraft_utc": None,
            "severity": "ground",
            "name": name,
            "text": text,
            "values": values,
        }


def _plain(values: Any) -> dict[str, Any]:
    def of(value: Value) -> Any:
        return value.value.hex() if isinstance(value.value, bytes) else value.value

    return {name: of(value) for name, value in values.items()}
