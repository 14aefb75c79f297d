"""Flies missions of kind line-camera (`fsw.missions.line_camera`): the strips, and what was in them.

What the folder holds afterwards:

    geometry.csv            a row for each time that the line passed over a target
    pictures/NAME.png       each strip, line by line, as the camera stored it
    pictures/NAME-N.png     the part with the Nth view of the target, as it is in the strip
    pictures/NAME-N-rectified.png   the same in the columns' scale, without slant, eight times enlarged
    views.png               all views: as taken, and rectified
    summary.json            counts, scales, SHA-256 of each strip's numbers

All but `wall_s` depend on mission and seed alone. The hashes are of the numbers, line by line, since another
version of zlib may pack the same picture into other octets.
"""

import csv
import hashlib
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fsw.core.errors import FswError
from fsw.harness.flight import PICTURES, SUMMARY
from fsw.missions.line_camera import LineCameraMission
from fsw.world.line_camera import Observatory, StripPlan, View, rectified

GEOMETRY = "geometry.csv"
SHEET = "views.png"
ENLARGED = 4  # times, of views as taken on the sheet; rectified ones are finer already
_GREY = 90
COLUMNS = (
    "strip",
    "view",
    "target",
    "utc",
    "range_km",
    "range_rate_km_s",
    "speed_km_s",
    "m_per_px",
    "along_px_per_line",
    "across_px_per_line",
    "m_per_line",
    "phase_deg",
    "line",
    "column",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """summary: what `summary.json` holds."""

    folder: Path
    summary: dict[str, Any]

    def text(self) -> str:
        """A line for each view, between what was flown and where it is."""
        s = self.summary
        lines = [
            f"{s['mission']}, seed {s['seed']}: {s['strips']} strips, {len(s['views'])} views, "
            f"{s['lines']} lines in {s['wall_s']:.1f} s"
        ]
        for view in s["views"]:
            lines.append(
                f"{view['target']:<13} {view['utc']}  {view['range_km']:7.2f} km "
                f"{view['range_rate_km_s']:+.2f} km/s  {view['m_per_px']:.2f} m/px  "
                f"a line moves {view['along_px_per_line']:+.2f} px ahead, "
                f"{view['across_px_per_line']:+.2f} along itself"
            )
        return "\n".join(
            (*lines, *(f"sha-256   {h}  {n}" for n, h in s["sha256"].items()), f"files     {self.folder}")
        )


def fly(mission: LineCameraMission, settings: Mapping[str, Any], folder: Path) -> Outcome:
    """All strips of a mission into an empty folder. FswError: a target that cannot be met, a file that cannot
    be written."""
    start_s = time.monotonic()
    seed = settings["seed"]
    observatory = Observatory(mission, seed)
    rows: list[dict[str, Any]] = []
    hashes: dict[str, str] = {}
    shown: list[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]] = []
    try:
        (folder / GEOMETRY).touch()
        (folder / PICTURES).mkdir()
        for strip in mission.strip:
            plan = observatory.plan(strip)
            numbers = observatory.expose(plan)
            hashes[strip.name] = hashlib.sha256(numbers.tobytes()).hexdigest()
            _write(folder / PICTURES / f"{strip.name}.png", numbers)
            for view in plan.views:
                rows.append(_row(mission, plan, view))
                part = numbers[slice(*view.lines), slice(*view.columns)]
                stem = f"{strip.name}-{view.number}"
                _write(folder / PICTURES / f"{stem}.png", part)
                level = rectified(numbers, view, observatory.reach_m(strip))
                _write(folder / PICTURES / f"{stem}-rectified.png", level)
                shown.append((_caption(rows[-1]), part, level))
        _sheet(shown).save(folder / SHEET, "PNG")
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        (folder / GEOMETRY).write_text(table.getvalue(), encoding="utf-8")
        summary = {
            "mission": mission.name,
            "seed": seed,
            "strips": len(mission.strip),
            "lines": sum(strip.lines for strip in mission.strip),
            "views": rows,
            "sha256": hashes,
            "left_out": LEFT_OUT,
            "wall_s": round(time.monotonic() - start_s, 3),
        }
        (folder / SUMMARY).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise FswError(f"{error.filename or folder}: {error.strerror or error}") from error
    return Outcome(folder, summary)


LEFT_OUT = (
    "the way to the ground: command, recorder and downlink of this spacecraft",
    "light time and aberration, which shift a whole view by some 20 urad",
    "fixed patterns and scattered light of the camera; stars",
)


def _row(mission: LineCameraMission, plan: StripPlan, view: View) -> dict[str, Any]:
    return {
        "strip": plan.strip.name,
        "view": view.number,
        "target": plan.strip.target,
        "utc": mission.epoch.utc(view.t_ns, 6),
        "range_km": round(view.range_km, 4),
        "range_rate_km_s": round(view.range_rate_km_s, 4),
        "speed_km_s": round(view.speed_km_s, 4),
        "m_per_px": round(view.metres_per_px, 4),
        "along_px_per_line": round(view.along_px, 4),
        "across_px_per_line": round(view.across_px, 4) + 0.0,
        "m_per_line": round(abs(view.along_px) * view.metres_per_px, 4),
        "phase_deg": round(view.phase_deg, 2),
        "line": round(view.centre[0], 2),
        "column": round(view.centre[1], 2),
    }


def _caption(row: dict[str, Any]) -> str:
    return (
        f"{row['target']} at {row['range_km']:.1f} km, {row['utc'][:19]}Z\n"
        f"{row['m_per_px']:.2f} m/px; a line moves {row['along_px_per_line']:+.2f} px ahead, "
        f"{row['across_px_per_line']:+.2f} along itself"
    )


def _sheet(shown: list[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]) -> Image.Image:
    """A row a view: as taken, enlarged, and rectified; brightness by the square root."""
    rows = []
    for caption, part, level in shown:
        taken = Image.fromarray(np.repeat(np.repeat(part, ENLARGED, 0), ENLARGED, 1))
        height, width = max(taken.height, len(level)) + 40, 30 + taken.width + level.shape[1]
        row = Image.new("L", (max(width, 520), height), _GREY)
        ImageDraw.Draw(row).text((10, 4), caption, fill=255)
        bright = [round((value / 255) ** 0.5 * 255) for value in range(256)]
        row.paste(taken.point(bright), (10, 36))
        row.paste(Image.fromarray(level).point(bright), (20 + taken.width, 36))
        rows.append(row)
    sheet = Image.new("L", (max(row.width for row in rows), sum(row.height for row in rows)), _GREY)
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet


def _write(path: Path, numbers: NDArray[np.uint8]) -> None:
    Image.fromarray(np.ascontiguousarray(numbers)).save(path, "PNG")
