"""A mission in phases (kind phases): each is a flight of its own, into a folder of its own.

phases/N-NAME/    what a flight writes (`fsw.harness.flight`)
phases.png        the first and the last picture of each phase, as received
summary.json      each phase's counts and SHA-256, and that of all of them
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from fsw.ground.contact_sheet import framed
from fsw.ground.pictures import INDEX
from fsw.ground.plan import Plan, Step
from fsw.harness.flight import PICTURES, Flight, prepare_folder
from fsw.harness.outcome import Outcome, concluded, writing
from fsw.harness.progress import watcher
from fsw.harness.stopping import stopping
from fsw.kernel.time import SECOND
from fsw.missions.phases import Phase, PhasedMission
from fsw.simulation import Settings

FOLDER = "phases"
SHEET = "phases.png"
PHASE_BEGINS_NS = SECOND
_TILE, _CAPTION, _MARGIN, _COLUMNS = 400, 44, 12, 4
_KEPT = ("pictures_taken", "full_frames_received", "files_incomplete", "frames_received", "downlink_sha256")


def _lines(summary: Mapping[str, Any]) -> tuple[str, ...]:
    """A line for the whole, and one a phase."""
    phases = summary["phases"]
    full = sum(row["full_frames_received"] for row in phases)
    each = (
        f"{row['start_utc'][:10]}  {row['name']}: "
        f"{row['full_frames_received']} of {row['pictures_taken']} pictures in full, "
        f"{row['frames_received']} frames"
        for row in phases
    )
    return (f"{summary['mission']}, seed {summary['seed']}: {len(phases)} phases, {full} pictures", *each)


def fly(mission: PhasedMission, settings: Mapping[str, Any], folder: Path) -> Outcome:
    """All phases, one after the other; Ctrl-C ends the one that is flown at its next whole step, and all.

    How far it is comes on standard error. Raises FswError when a file cannot be written.
    """
    chosen = Settings(
        settings["seed"], workers=settings.get("workers"), link=settings.get("link") or "symbols"
    )
    rows, tiles = [], []
    total = hashlib.sha256()
    interrupted = False
    for number, phase in enumerate(mission.phase, 1):
        own = folder / FOLDER / f"{number}-{phase.folder}"
        prepare_folder(own)
        print(f"{mission.name}: {phase.name}, {number} of {len(mission.phase)}", file=sys.stderr, flush=True)
        with watcher() as watch:
            flight = Flight(mission.flight(phase), chosen, own, watch=watch)
            begin = Step(PHASE_BEGINS_NS, "MISSION_PHASE", phase.phase)
            flight.plan = Plan((begin, *flight.plan.steps), flight.plan.note)
            with stopping(flight.stop):
                counts = flight.fly().summary
        interrupted = bool(counts["interrupted"])
        total.update(counts["downlink_sha256"].encode())
        rows.append(
            {
                "name": phase.name,
                "phase": phase.phase,
                "folder": f"{FOLDER}/{own.name}",
                "start_utc": phase.start_utc,
                **{name: counts[name] for name in _KEPT},
            }
        )
        tiles += _tiles(phase, own / PICTURES)
        if interrupted:
            break
    summary = {
        "mission": mission.name,
        "seed": settings["seed"],
        "phases": rows,
        "downlink_sha256": total.hexdigest(),
        "interrupted": interrupted,
    }
    with writing(folder):
        _draw(folder / SHEET, tiles)
        return concluded(folder, summary, _lines(summary), summary["downlink_sha256"])


def _tiles(phase: Phase, pictures: Path) -> list[tuple[bytes, str, str]]:
    """The first and the last that came whole: octets, and two lines."""
    entries = (
        json.loads((pictures / INDEX).read_text(encoding="utf-8")) if (pictures / INDEX).exists() else []
    )
    full = sorted(
        (e for e in entries if e["kind"] == "full" and e["complete"]), key=lambda e: str(e["exposed_at_utc"])
    )
    ends = full[:1] + full[-1:] if len(full) > 1 else full
    return [
        ((pictures / entry["file"]).read_bytes(), phase.name, str(entry["exposed_at_utc"])) for entry in ends
    ]


def _draw(path: Path, tiles: list[tuple[bytes, str, str]]) -> None:
    if not tiles:
        return
    rows = -(-len(tiles) // _COLUMNS)
    width, height = _COLUMNS * (_TILE + _MARGIN) + _MARGIN, rows * (_TILE + _CAPTION) + _MARGIN
    sheet = Image.new("RGB", (width, height), (16, 16, 18))
    draw = ImageDraw.Draw(sheet)
    for index, (octets, name, utc) in enumerate(tiles):
        x = _MARGIN + index % _COLUMNS * (_TILE + _MARGIN)
        y = _MARGIN + index // _COLUMNS * (_TILE + _CAPTION)
        sheet.paste(framed(octets, _TILE, _TILE), (x, y))
        draw.text((x, y + _TILE + 2), name, (235, 235, 235), ImageFont.load_default(15))
        draw.text((x, y + _TILE + 20), utc, (150, 150, 150), ImageFont.load_default(13))
    sheet.save(path)
