"""What a flight of any kind ends in: a folder with `summary.json`, and some lines to read of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.core.errors import FswError
from fsw.ground.whole_file import write_whole
from fsw.harness.tables import MISSING

SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """summary: what `summary.json` holds. lines: what it says of the flight. sha256: of what the flight made
    that depends on mission and settings alone. remark: behind the folder's name."""

    folder: Path
    summary: dict[str, Any]
    lines: tuple[str, ...]
    sha256: str
    remark: str = ""

    def text(self) -> str:
        """The summary in some lines."""
        return "\n".join((*self.lines, f"sha-256   {self.sha256}", f"files     {self.folder}{self.remark}"))


def concluded(
    folder: Path, summary: dict[str, Any], lines: tuple[str, ...], sha256: str, remark: str = ""
) -> Outcome:
    """The summary is written, last of all files. Raises OSError."""
    write_whole(folder / SUMMARY, json.dumps(summary, indent=1) + "\n")
    return Outcome(folder, summary, lines, sha256, remark)


def analysis_note(complete: bool) -> str:
    """For a summary: what the folder lacks, where not all of plot and tables could be written."""
    return "" if complete else f"no plot or no Parquet: {MISSING}"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What goes wrong with a file below is told as FswError."""
    try:
        yield
    except OSError as error:
        raise FswError(f"{error.filename or folder}: {error.strerror or error}") from error
