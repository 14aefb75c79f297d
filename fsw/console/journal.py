"""What has come down, in lines, numbered; each session reads on from where it was."""

from collections import deque

from fsw.console.text import Line, say
from fsw.console.words import clock
from fsw.dictionary.report import Severity
from fsw.ground.command_link import LinkNotice
from fsw.ground.commanding import Sent
from fsw.ground.control_centre import News, Picture
from fsw.ground.files import FileNotice
from fsw.ground.telemetry import Telemetry, event_text
from fsw.kernel.time import SECOND, Epoch

MOST_KEPT = 2000
THUMBNAILS_A_LINE = 100
THUMBNAILS_WITHIN_NS = 2 * SECOND
STYLE_OF: dict[Severity | None, str] = {"info": "", "low": "warning", "medium": "warning", "high": "alarm"}


def event_line(telemetry: Telemetry, epoch: Epoch) -> Line:
    """Received, made on board, severity, text."""
    assert telemetry.report is not None
    made = "?" if telemetry.spacecraft_ns is None else clock(epoch, telemetry.spacecraft_ns)
    severity = telemetry.report.severity or "info"
    return [
        ("dim", f"{clock(epoch, telemetry.received_ns)}  on board {made}  "),
        (STYLE_OF[severity], f"{severity:<6}  {event_text(telemetry)}"),
    ]


class Journal:
    """The latest lines, and the latest events. Bounded: the oldest go first."""

    def __init__(self, epoch: Epoch) -> None:
        self._epoch = epoch
        self._lines: deque[Line] = deque(maxlen=MOST_KEPT)
        self.written = 0  # lines ever
        self.events: deque[Telemetry] = deque(maxlen=MOST_KEPT)
        self._out_of_limits: dict[str, str] = {}  # parameter: level
        self._thumbnails: list[Picture] = []  # whole ones that wait for their common line

    def write(self, *lines: Line) -> None:
        """Lines for every session."""
        if self._thumbnails:
            lines = (self._many(self._thumbnails), *lines)
            self._thumbnails = []
        self._lines.extend(lines)
        self.written += len(lines)

    def since(self, number: int, now_ns: int) -> list[Line]:
        """Lines from that number on, as far as they are kept."""
        if self._thumbnails and now_ns - self._thumbnails[-1].received_ns > THUMBNAILS_WITHIN_NS:
            self.write()
        missing = min(self.written - number, len(self._lines))
        return [self._lines[index] for index in range(len(self._lines) - missing, len(self._lines))]

    def clear(self) -> None:
        """Another flight: its past is not this one's."""
        self.events.clear()
        self._thumbnails.clear()
        self._out_of_limits.clear()

    def note(self, news: News, stage: Sent | None) -> None:
        """A packet or picture; stage: the telecommand it verifies, if it does."""
        if isinstance(news, Picture):
            self._note_picture(news)
        elif isinstance(news, LinkNotice):
            text = f"telecommand channel {news.virtual_channel}: {news.text}"
            self.write([self._head(news.received_ns), ("alarm" if news.alarm else "good", text)])
        elif isinstance(news, FileNotice):
            told = [self._head(news.received_ns), ("alarm" if news.alarm else "good", news.text)]
            self.write(told, *say(*("  " + line.replace("\t", "  ") for line in news.lines)))
        elif news.is_event:
            self.events.append(news)
            self.write(event_line(news, self._epoch))
        elif stage is not None:
            self.write(self._stage(news, stage))
        else:
            self._limits(news)

    def _head(self, received_ns: int) -> tuple[str, str]:
        return ("dim", f"{clock(self._epoch, received_ns)}  ")

    def _note_picture(self, picture: Picture) -> None:
        if picture.entry["kind"] != "thumbnail" or not picture.entry["complete"]:
            self.write(self._picture(picture))
            return
        self._thumbnails.append(picture)
        if len(self._thumbnails) >= THUMBNAILS_A_LINE:
            self.write()

    def _many(self, pictures: list[Picture]) -> Line:
        if len(pictures) == 1:
            return self._picture(pictures[0])
        first, last = pictures[0], pictures[-1]
        text = f"{len(pictures)} thumbnails, {first.entry['file']} to {last.entry['file']}"
        return [self._head(last.received_ns), ("good", text)]

    def _picture(self, picture: Picture) -> Line:
        entry = picture.entry
        if entry["complete"]:
            return [
                self._head(picture.received_ns),
                ("good", f"picture {entry['file']}, {entry['octets']} octets"),
            ]
        text = f"picture {entry['file']} did not come whole: {entry['reason']}"
        return [self._head(picture.received_ns), ("warning", text)]

    def _stage(self, telemetry: Telemetry, sent: Sent) -> Line:
        assert telemetry.report is not None
        stage = telemetry.report.name.removeprefix("TC_").replace("_", " ").lower()
        text = f"telecommand {sent.name} (count {sent.request.sequence & 0x3FFF}) {stage}"
        failure = telemetry.values.get("failure_code")
        if failure is not None:
            text += ": " + str(failure.value)
        return [self._head(telemetry.received_ns), ("good" if failure is None else "alarm", text)]

    def _limits(self, telemetry: Telemetry) -> None:
        """One line when a value leaves its limits, gets worse, or comes back: not one a packet."""
        if telemetry.report is None:
            return
        now = {violation.parameter: violation for violation in telemetry.violations}
        for name in telemetry.values:
            violation = now.get(name)
            before = self._out_of_limits.get(name)
            level = None if violation is None else violation.level
            if level == before:
                continue
            head = self._head(telemetry.received_ns)
            if violation is None:
                del self._out_of_limits[name]
                self.write([head, ("good", f"{name} is within its limits again")])
                continue
            self._out_of_limits[name] = violation.level
            unit = telemetry.values[name].unit
            beyond = "above" if violation.value > violation.bound else "below"
            text = f"{violation.level} {name} {violation.value:g} {unit} is {beyond} {violation.bound:g}"
            self.write([head, (violation.level, text)])
