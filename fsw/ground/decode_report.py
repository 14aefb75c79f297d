"""What decoding a recording found, as values, as JSON and as a table."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from fsw.ground.alignment import Damage
from fsw.protocols.clcw import Clcw

ALL_GOOD, USAGE, LOSSES, NOTHING = 0, 2, 3, 4
EXIT_CODES = """exit codes:
  0  everything in the file was decoded
  2  usage: unknown format, or no such file
  3  decoded, but something was lost or damaged (it says what)
  4  nothing decodable in the file"""


@dataclass(slots=True)
class DecodeReport:
    """frames: whole frames in the file, or found in its symbols. virtual_channels: by 'SCID/VC', with
    frames, gaps, lost_frames, packets. control_words: by 'SCID/VC', how many operational control fields,
    and the last one's octets. discarded: what was dropped, by reason. first_time, last_time: by
    the spacecraft's own clock, ISO 8601 UTC, or seconds where its epoch is not published; None where
    the format has no time. damages: where, how many octets, what. losses: anything was lost."""

    path: Path
    format_text: str
    octets: int = 0
    frames: int = 0
    virtual_channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    control_words: dict[str, dict[str, Any]] = field(default_factory=dict)
    packets: int = 0
    idle_packets: int = 0
    apids: dict[int, int] = field(default_factory=dict)
    discarded: dict[str, int] = field(default_factory=dict)
    corrected_symbols: int = 0
    repaired_frames: int = 0
    first_time: str | None = None
    last_time: str | None = None
    damages: list[Damage] = field(default_factory=list)
    damaged_octets: int = 0
    losses: bool = False

    @property
    def exit_code(self) -> int:
        """See EXIT_CODES."""
        if not self.packets and not any(row["good"] for row in self.virtual_channels.values()):
            return NOTHING
        return LOSSES if self.losses else ALL_GOOD

    def as_json(self) -> dict[str, Any]:
        """Plain data; keys are texts."""
        return {
            "file": str(self.path),
            "format": self.format_text,
            "octets": self.octets,
            "frames": self.frames,
            "virtual_channels": self.virtual_channels,
            "control_words": {
                name: {"fields": row["fields"], "last": row["last"].hex(), "means": control_word(row["last"])}
                for name, row in self.control_words.items()
            },
            "packets": self.packets,
            "idle": self.idle_packets,
            "apids": {str(apid): count for apid, count in sorted(self.apids.items())},
            "discarded": dict(sorted(self.discarded.items())),
            "corrected_symbols": self.corrected_symbols,
            "repaired_frames": self.repaired_frames,
            "first_time": self.first_time,
            "last_time": self.last_time,
            "damaged_octets": self.damaged_octets,
            "damages": [
                {
                    "position": damage.position,
                    "octets": damage.octets,
                    "what": damage.what,
                    "harmless": damage.harmless,
                }
                for damage in self.damages
            ],
            "exit_code": self.exit_code,
        }


def control_word(octets: bytes) -> str:
    """An operational control field in words (232.0-B-4 4.2)."""
    word = Clcw.decode(octets)
    if word.control_type:
        return "no CLCW"
    flags = ("no_rf", "no_bit_lock", "lockout", "wait", "retransmit")
    told = [name.replace("_", " ") for name in flags if getattr(word, name)]
    numbers = f"telecommand channel {word.virtual_channel}, N(R) {word.report_value}, FARM-B {word.farm_b}"
    return ", ".join([numbers, *told])


def render_report(report: DecodeReport, width: int = 100) -> str:
    """The report as text with tables, for a terminal of that width."""
    console = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    console.print(f"{report.path}  [{report.format_text}]", markup=False, soft_wrap=True)
    console.print(f"{report.octets} octets, {report.frames} frames, {report.packets} packets", markup=False)
    if report.first_time is not None:
        console.print(f"spacecraft time {report.first_time} to {report.last_time}", markup=False)
    channels = Table("SCID/VC", "frames", "gaps", "lost", "packets", title="Virtual channels")
    for name, row in report.virtual_channels.items():
        channels.add_row(name, *(str(row[key]) for key in ("frames", "gaps", "lost_frames", "packets")))
    if report.virtual_channels:
        console.print(channels)
    if report.control_words:
        words = Table("SCID/VC", "fields", "last", "means", title="Operational control fields")
        for name, row in report.control_words.items():
            words.add_row(name, str(row["fields"]), row["last"].hex(), control_word(row["last"]))
        console.print(words)
    if report.apids:
        apids = Table("APID", "packets", title="Applications")
        for apid, count in sorted(report.apids.items()):
            apids.add_row(str(apid), str(count))
        console.print(apids)
    if report.discarded:
        dropped = Table("reason", "count", title="Discarded")
        for reason, count in sorted(report.discarded.items()):
            dropped.add_row(reason, str(count))
        console.print(dropped)
    if report.corrected_symbols:
        console.print(f"{report.corrected_symbols} symbols corrected", markup=False)
    for damage in report.damages[:20]:
        console.print(f"at octet {damage.position}: {damage.octets} octets: {damage.what}", markup=False)
    if len(report.damages) > 20:
        console.print(f"... and {len(report.damages) - 20} more damages", markup=False)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()
