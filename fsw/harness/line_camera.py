"""Flies missions of kind line-camera (`fsw.missions.line_camera`): the strips, and what was in them.

What the folder holds afterwards:

    geometry.csv            a row for each time that the line passed over a target
    downlink.cadu           the channel access data units as received, one after the other
    pictures/NAME.png       each strip as received, line by line
    pictures/NAME-N.png     the part with the Nth view of the target, as it is in the strip
    pictures/NAME-N-rectified.png   the same in the columns' scale, without slant, eight times enlarged
    pictures/index.json     of the strips and of the parts as they are in them
    truth.jsonl             how the camera stood in the middle of each (`fsw.harness.truth`)
    views.png               all views: rectified, to one scale, and as taken
    summary.json            counts, scales, SHA-256 of each strip's numbers and of the downlink

All but `wall_s` depend on mission and seed alone. The strips' hashes are of the numbers, line by line, since
another version of zlib may pack the same picture into other octets. A strip that did not come whole has no
pictures.
"""

import csv
import hashlib
import io
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fsw.core.errors import FswError
from fsw.harness import picture_folder, truth
from fsw.harness.flight import DOWNLINK, PICTURES
from fsw.harness.outcome import Outcome, concluded, writing
from fsw.harness.strip_downlink import Account, StripDownlink
from fsw.kernel.seeds import Streams
from fsw.kernel.time import SECOND
from fsw.missions.line_camera import LineCameraMission, Strip
from fsw.world.line_camera import Observatory, StripPlan, View, rectified
from fsw.world.vectors import quaternion_from_axes, unit

GEOMETRY = "geometry.csv"
SHEET = "views.png"
ENLARGED, MOST_LINES = 4, 90  # on the sheet: views as taken, the lines in their middle
PX_PER_M, SHOWN_M = 24, 18  # on the sheet: rectified views
LEAST_WIDTH = 400
HEAD = 74
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


def _lines(s: Mapping[str, Any]) -> tuple[str, ...]:
    """A line for each view, between what was flown and how it came down."""
    down = s["downlink"]
    views = (
        f"{view['target']:<13} {view['utc']}  {view['range_km']:7.2f} km "
        f"{view['range_rate_km_s']:+.2f} km/s  {view['m_per_px']:.2f} m/px  "
        f"a line moves {view['along_px_per_line']:+.2f} px ahead, "
        f"{view['across_px_per_line']:+.2f} along itself"
        for view in s["views"]
    )
    return (
        f"{s['mission']}, seed {s['seed']}: {s['strips']} strips, {len(s['views'])} views, "
        f"{s['lines']} lines",
        *views,
        f"downlink  {down['frames_sent']} frames sent, {down['frames_received']} received, "
        f"{down['frames_undecodable']} undecodable, {down['symbols_corrected']} symbols corrected; "
        f"{down['files_received']} of {down['files_sent']} strips whole, "
        f"{down['light_time_s']:.1f} s later",
    )


def fly(mission: LineCameraMission, settings: Mapping[str, Any], folder: Path) -> Outcome:
    """All strips of a mission into an empty folder, by way of the downlink. FswError: a target that cannot be
    met, a play-back that cannot be heard, a file that cannot be written."""
    start_s = time.monotonic()
    seed = settings["seed"]
    observatory = Observatory(mission, seed)
    digest = hashlib.sha256()
    with writing(folder):
        (folder / GEOMETRY).touch()
        (folder / PICTURES).mkdir()
        with (folder / DOWNLINK).open("wb") as cadus:

            def keep(octets: bytes) -> None:
                digest.update(octets)
                cadus.write(octets)

            link_seed = Streams(seed).seed_of("downlink")
            with closing(StripDownlink(mission, observatory.carrier, link_seed, keep)) as downlink:
                plans = [_taken(observatory, strip, downlink) for strip in mission.strip]
                files, account = downlink.play_back()
        strips = {name: _numbers(octets) for name, octets in files.items()}
        rows = [_row(mission, plan, view) for plan in plans for view in plan.views]
        _pictures(folder, observatory, plans, strips, rows, account)
        _table(folder / GEOMETRY, rows)
        summary = {
            "mission": mission.name,
            "seed": seed,
            "strips": len(mission.strip),
            "lines": sum(strip.lines for strip in mission.strip),
            "views": rows,
            "sha256": {name: hashlib.sha256(n.tobytes()).hexdigest() for name, n in strips.items()},
            "downlink": _told(mission, account) | {"sha256": digest.hexdigest()},
            "left_out": LEFT_OUT,
            "wall_s": round(time.monotonic() - start_s, 3),
        }
        return concluded(folder, summary, _lines(summary), digest.hexdigest())


def _taken(observatory: Observatory, strip: Strip, downlink: StripDownlink) -> StripPlan:
    """A strip from its plan to the recorder."""
    mission, plan = observatory.mission, observatory.plan(strip)
    end_ns = plan.start_ns + strip.lines * mission.camera.line_time_ns
    if end_ns > mission.epoch.parse(mission.downlink.begin_utc):
        raise FswError(f"downlink.begin_utc: allowed are times after the last line of strip {strip.name}")
    numbers = observatory.expose(plan)
    downlink.record(strip.name, _file(mission, plan, numbers))
    return plan


def _file(mission: LineCameraMission, plan: StripPlan, numbers: NDArray[np.uint8]) -> bytes:
    """A portable grey map (P5), whose comments tell when its lines were taken."""
    lines, columns = numbers.shape
    head = (
        f"P5\n# {plan.strip.name}\n# FIRST LINE FROM {mission.epoch.utc(plan.start_ns, 9)}\n"
        f"# LINE TIME {mission.camera.line_time_ns} ns\n{columns} {lines}\n255\n"
    )
    return head.encode("ascii") + numbers.tobytes()


def _numbers(octets: bytes) -> NDArray[np.uint8]:
    """Of such a file."""
    return np.asarray(Image.open(io.BytesIO(octets)))


def _pictures(
    folder: Path,
    observatory: Observatory,
    plans: list[StripPlan],
    strips: dict[str, NDArray[np.uint8]],
    rows: list[dict[str, Any]],
    account: Account,
) -> None:
    captions = {(row["strip"], row["view"]): _caption(observatory.mission, row) for row in rows}
    shown = []
    kept: list[tuple[picture_folder.Entry, bytes]] = []
    known: list[str] = []

    def add(plan: StripPlan, file: str, numbers: NDArray[np.uint8], view: View | None = None) -> None:
        octets = _png(numbers)
        kept.append((_entry(observatory, plan, file, octets, numbers.shape, view, account), octets))
        known.append(_known(observatory, plan, file, numbers.shape, view))

    for plan in plans:
        name = plan.strip.name
        if name not in strips:
            continue
        numbers = strips[name]
        add(plan, f"{name}.png", numbers)
        for view in plan.views:
            part = numbers[slice(*view.lines), slice(*view.columns)]
            level = rectified(numbers, view, observatory.reach_m(plan.strip))
            add(plan, f"{name}-{view.number}.png", part, view)
            (folder / PICTURES / f"{name}-{view.number}-rectified.png").write_bytes(_png(level))
            scaled = rectified(numbers, view, SHOWN_M / 2, view.metres_per_px * PX_PER_M)
            middle = len(part) // 2
            half = MOST_LINES // 2
            near = part[max(0, middle - half) : middle + half]
            shown.append((captions[name, view.number], near, scaled))
    picture_folder.write(folder, kept, known)
    if shown:
        _sheet(shown).save(folder / SHEET, "PNG")


def _entry(
    observatory: Observatory,
    plan: StripPlan,
    file: str,
    octets: bytes,
    shape: tuple[int, ...],
    view: View | None,
    account: Account,
) -> picture_folder.Entry:
    """Of a strip, or of the part of it that holds a view."""
    mission, strip = observatory.mission, plan.strip
    line_ns = mission.camera.line_time_ns
    first_line, first_column = (0, 0) if view is None else (view.lines[0], view.columns[0])
    return picture_folder.entry(
        file,
        octets,
        kind="strip" if view is None else "view",
        picture=mission.strip.index(strip) + 1,
        size=f"{shape[1]}x{shape[0]}",
        coding="png",
        exposed_at_utc=mission.epoch.utc(plan.start_ns + first_line * line_ns, 6),
        exposure_us=line_ns / 1000,
        range_m=None if view is None else round(view.range_km * 1000, 1),
        received_at_utc=mission.epoch.utc(account.end_ns + account.light_time_ns),
        target=strip.target,
        line_camera={
            "telescope": mission.carrier.name,
            "instrument": mission.camera.name,
            "pixel_rad": mission.camera.pixel_rad,
            "line_time_s": line_ns / SECOND,
            "boresight_column": (strip.columns - 1) / 2 - first_column,
        },
    )


def _known(
    observatory: Observatory, plan: StripPlan, file: str, shape: tuple[int, ...], view: View | None
) -> str:
    """How the camera stood in the middle of it."""
    mission, line_ns = observatory.mission, observatory.mission.camera.line_time_ns
    first_line = 0 if view is None else view.lines[0]
    middle_ns = plan.start_ns + first_line * line_ns + shape[0] * line_ns // 2
    return truth.line(
        file,
        mission.epoch.utc(middle_ns, 6),
        quaternion_from_axes(*plan.sweep.axes(middle_ns)),
        (-plan.sweep.rate_rad_s, 0.0, 0.0),
        line_ns / SECOND,
        unit(observatory.to_body("sun", middle_ns)),
    )


def _table(path: Path, rows: list[dict[str, Any]]) -> None:
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(table.getvalue(), encoding="utf-8")


def _told(mission: LineCameraMission, account: Account) -> dict[str, Any]:
    """The account of the play-back, for the summary."""
    told = asdict(account)
    begin_ns, end_ns, light_time_ns = (told.pop(name) for name in ("begin_ns", "end_ns", "light_time_ns"))
    return {
        "begin_utc": mission.epoch.utc(begin_ns),
        "seconds": round((end_ns - begin_ns) / SECOND, 3),
        "light_time_s": round(light_time_ns / SECOND, 3),
        "elevation_deg": round(told.pop("elevation_deg"), 2),
        "es_n0_db": round(told.pop("es_n0_db"), 3),
        **told,
    }


LEFT_OUT = (
    "what commands the spacecraft, and all else that it sends: its own flight software is not flown",
    "the camera's compression; how the real spacecraft's recorder and frames were laid out",
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


def _caption(mission: LineCameraMission, row: dict[str, Any]) -> str:
    camera = mission.camera
    return (
        f"{row['target']} at {row['range_km']:.1f} km, {row['utc'][:19]}Z\n"
        f"{camera.focal_length_m:g} m f/{camera.f_number:g}; each line exposed {camera.line_time_us:g} us\n"
        f"{row['m_per_px']:.2f} m/px; a line moves {row['along_px_per_line']:+.2f} px ahead, "
        f"{row['across_px_per_line']:+.2f} along itself\n"
        "rectified, and as taken (the lines about its middle)"
    )


def _sheet(shown: list[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]) -> Image.Image:
    """A column a view: rectified, all to one scale, and as taken, enlarged; brightness by the square root."""
    bright = [round((value / 255) ** 0.5 * 255) for value in range(256)]
    columns = []
    for caption, part, level in shown:
        taken = Image.fromarray(np.repeat(np.repeat(part, ENLARGED, 0), ENLARGED, 1)).point(bright)
        width, height = max(len(level), taken.width, LEAST_WIDTH), HEAD + len(level) + taken.height
        column = Image.new("L", (width + 20, height + 20), _GREY)
        ImageDraw.Draw(column).text((10, 6), caption, 255, ImageFont.load_default(12))
        column.paste(Image.fromarray(level).point(bright), (10, HEAD))
        column.paste(taken, (10, HEAD + 10 + len(level)))
        columns.append(column)
    sheet = Image.new("L", (sum(c.width for c in columns), max(c.height for c in columns)), _GREY)
    left = 0
    for column in columns:
        sheet.paste(column, (left, 0))
        left += column.width
    return sheet


def _png(numbers: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(numbers)).save(out, "PNG")
    return out.getvalue()
