"""A mission on one page: what came home, captioned, and the figures behind it: stated, derived, assumed."""

import html
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from fsw.core.errors import FswError
from fsw.ground import contact_sheet
from fsw.ground.whole_file import save
from fsw.missions.mission_file import LABELS, Figure

MOST = 12
COLUMNS = 3
WIDTH, HEIGHT = 640, 480  # of one picture [px]
MARGIN, HEAD, CAPTION, LINE = 16, 86, 46, 17
INNER = COLUMNS * (WIDTH + MARGIN) - MARGIN
_FEW_COLUMNS = {1: 2, 2: 2, 4: 2}  # of so many pictures; they are larger then
QUALITY = 92
_PAPER, _INK, _FAINT = (18, 18, 20), (235, 235, 235), (160, 160, 166)
_LABEL_INK = {"stated": (150, 215, 150), "derived": (150, 190, 235), "assumed": (235, 190, 120)}
# Figures of a flight that no picture shows: parts of their paths begin like this.
_UNSEEN = (
    *("clock", "files", "station", "uplink", "downlink", "wifi", "selection", "mode"),
    *("dispersions", "recontact", "battery", "power", "limit_cycle", "launch", "default_duration", "path_"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture or plot: the file's octets, two lines below it, and where the file is (from the page). wide:
    it is given the sheet's width."""

    octets: bytes
    caption: tuple[str, str]
    link: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What a mission's sheet says. told: of the flight, in one line; lines: in more, if there are. sheet: its
    file's name."""

    name: str
    title: str
    shows: str
    told: str
    shown: tuple[Shown, ...]
    figures: Mapping[str, Figure]
    sheet: str
    lines: tuple[str, ...] = ()


def chosen(entries: Sequence[dict[str, Any]], most: int = MOST) -> list[dict[str, Any]]:
    """Whole full pictures of an index, in order of exposure: where something moves away, as many
    of each doubling of the distance, those that came first (the best, by the choice on board); else evenly in
    time."""
    full = [entry for entry in contact_sheet.chosen(entries, len(entries) or 1) if entry["range_m"]]
    far = [entry["range_m"] for entry in full]
    if len(full) <= most or 2 * min(far) >= max(far):
        return contact_sheet.chosen(entries, most)
    kept = {id(entry) for entry in full}
    bins: dict[int, list[dict[str, Any]]] = {}
    for entry in entries:
        if id(entry) in kept:
            bins.setdefault(int(math.log2(entry["range_m"] / min(far))), []).append(entry)
    taken: list[dict[str, Any]] = []
    while len(taken) < most:
        for number in sorted(bins, reverse=True):
            if bins[number] and len(taken) < most:
                taken.append(bins[number].pop(0))
    return sorted(taken, key=lambda entry: (entry["exposed_at_utc"], entry["lens"]))


def picture_caption(
    entry: Mapping[str, Any], lens: str | None = None, known: Mapping[str, Any] | None = None
) -> tuple[str, str]:
    """Of an entry of a picture index: number, what is seen, time; distance, lens, exposure.

    lens: what to say of it, if more than its letter. known: the emulator's line about the picture, which
    tells how far off a mounted camera's target was.
    """
    known = known or {}
    date, _, clock = str(entry["exposed_at_utc"]).rstrip("Z").partition("T")
    parts = [lens or f"lens {entry['lens']}", f"exposed {_exposure(entry['exposure_us'])}"]
    if entry.get("phase_deg") is not None:
        parts.append(f"phase {entry['phase_deg']:.0f} deg" + (", by lamp" if entry.get("lamp") else ""))
    away_m = 1000.0 * known["target_km"] if known.get("target_km") else entry["range_m"]
    if away_m:
        parts.insert(0, f"distance {_distance(away_m)}")
    target = entry.get("target") or known.get("target")
    seen = f"{target[:1].upper()}{target[1:]}   " if target else ""
    return f"#{entry['picture']}   {seen}{date} {clock} UTC", ",  ".join(parts)


def _exposure(us: int) -> str:
    return f"{us / 1e6:g} s" if us >= 100_000 else f"{us / 1000:g} ms"


def _distance(m: float) -> str:
    if m < 10_000:
        return f"{m:.1f} m"
    return f"{m / 1000:,.0f} km" if m >= 1e6 else f"{m / 1000:.1f} km"


def seen_figures(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Those that decide what the pictures show; all of them where most are of that kind."""
    return {
        path: figure
        for path, figure in figures.items()
        if not any(part.startswith(_UNSEEN) or part.endswith("_octets") for part in path.split("."))
    }


def write_sheet(path: Path, page: Page) -> None:
    """A JPEG: title, what came of the flight, pictures with captions, figures by label. Raises FswError when
    the disk refuses."""
    tiles = [one for one in page.shown if not one.wide]
    wide = [(one, _scaled(one.octets)) for one in page.shown if one.wide]
    columns = _FEW_COLUMNS.get(len(tiles), COLUMNS if len(tiles) <= MOST else COLUMNS + 1)
    sizes = [_size(one.octets) for one in tiles]
    tile_width = min((INNER - (columns - 1) * MARGIN) // columns, max((w for w, _ in sizes), default=INNER))
    tile_height = round(tile_width * max((min(1.0, h / w) for w, h in sizes), default=0.0))
    figures = seen_figures(page.figures)
    head = HEAD + LINE * len(page.lines) + (MARGIN if page.lines else 0)
    plots_top = head + -(-len(tiles) // columns) * (tile_height + CAPTION)
    top = plots_top + sum(image.height + CAPTION for _, image in wide) + MARGIN
    sheet = Image.new("RGB", (INNER + 2 * MARGIN, top + _figures_height(figures) + MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, 10), page.title, _INK, ImageFont.load_default(26))
    draw.text((MARGIN, 42), page.shows, _INK, ImageFont.load_default(15))
    draw.text((MARGIN, 62), page.told, _FAINT, ImageFont.load_default(13))
    for index, line in enumerate(page.lines):
        draw.text((MARGIN, HEAD + LINE * index), line, _FAINT, ImageFont.load_default(13))
    for index, one in enumerate(tiles):
        row, column = divmod(index, columns)
        at = (MARGIN + column * (tile_width + MARGIN), head + row * (tile_height + CAPTION))
        _place(sheet, draw, one, contact_sheet.framed(one.octets, tile_width, tile_height), at)
    for one, image in wide:
        _place(sheet, draw, one, image, (MARGIN, plots_top))
        plots_top += image.height + CAPTION
    _draw_figures(draw, top, sheet.width, figures)
    try:
        sheet.save(path, "JPEG", quality=QUALITY, subsampling="4:4:4")
    except OSError as error:
        raise FswError(f"contact sheet {path}: {error}") from error


def _place(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, one: Shown, image: Image.Image, at: tuple[int, int]
) -> None:
    x, y = at
    sheet.paste(image, (x, y))
    draw.text((x, y + image.height + 3), one.caption[0], _INK, ImageFont.load_default(16))
    draw.text((x, y + image.height + 22), one.caption[1], _FAINT, ImageFont.load_default(14))


def _scaled(octets: bytes) -> Image.Image:
    """As wide as the sheet at most."""
    with Image.open(io.BytesIO(octets)) as image:
        found = image.convert("RGB")
    found.thumbnail((INNER, INNER), Image.Resampling.LANCZOS)
    return found


def _size(octets: bytes) -> tuple[int, int]:
    """Width and height; a common picture's where no decoder takes it."""
    try:
        with Image.open(io.BytesIO(octets)) as image:
            return image.size
    except (OSError, ValueError, SyntaxError):
        return WIDTH, HEIGHT


def _by_label(figures: Mapping[str, Figure]) -> list[tuple[str, list[str]]]:
    lines: dict[str, list[str]] = {label: [] for label in LABELS}
    for path, figure in figures.items():
        lines[figure.label].append(f"{path}  {value_text(figure)}")
    return list(lines.items())


def value_text(figure: Figure) -> str:
    """`0.68 kg`, `(1.21, -0.7, 1.2) m`."""
    value = figure.value
    if isinstance(value, tuple):
        text = "(" + ", ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in value) + ")"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text} {figure.unit}".rstrip()


def _shares(figures: Mapping[str, Figure]) -> list[tuple[str, list[str], int]]:
    """Label, lines, and columns of the page's four that it takes: the longest takes what the others leave."""
    lists = [(label, lines) for label, lines in _by_label(figures) if lines]
    longest = max((len(lines) for _, lines in lists), default=0)
    spare, shares = 4 - len(lists), []
    for label, lines in lists:
        more = spare if len(lines) == longest else 0
        spare -= more
        shares.append((label, lines, 1 + more))
    return shares


def _figures_height(figures: Mapping[str, Figure]) -> int:
    rows = max((-(-len(lines) // columns) for _, lines, columns in _shares(figures)), default=0)
    return (rows + 2) * LINE if rows else 0


def _draw_figures(draw: ImageDraw.ImageDraw, top: int, width: int, figures: Mapping[str, Figure]) -> None:
    font, head = ImageFont.load_default(12), ImageFont.load_default(15)
    column_width, column = (width - 2 * MARGIN) // 4, 0
    for label, lines, columns in _shares(figures):
        x = MARGIN + column * column_width
        draw.text((x, top), label, _LABEL_INK[label], head)
        rows = -(-len(lines) // columns)
        for index, line in enumerate(lines):
            at = (x + index // rows * column_width, top + 6 + LINE * (1 + index % rows))
            draw.text(at, _cut(line, font, column_width - MARGIN), _FAINT, font)
        column += columns


def _cut(line: str, font: Any, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "...") > width:
        line = line[:-1]
    return line + "..."


_STYLE = """
body { background: #121214; color: #ebebeb; font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 1250px }
img { max-width: 100% } a { color: #9bd } td { padding: 0 1em 0 0; vertical-align: top }
table { font-size: 13px } .stated { color: #96d796 } .derived { color: #96beeb } .assumed { color: #ebbe78 }
"""


def write_index(path: Path, pages: Iterable[Page]) -> None:
    """A page of all the sheets; every figure with its label and source. Replaced as a whole."""
    said = html.escape
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>fsw gallery</title>"]
    parts.append(f"<style>{_STYLE}</style><h1>fsw gallery</h1>")
    parts.append(
        "<p>Emulated pictures, as they were received on the emulated ground. Figures are <span class=stated>"
        "stated</span> by a public source, <span class=derived>derived</span> from stated ones, or <span "
        "class=assumed>assumed</span> by fsw.</p>"
    )
    for page in pages:
        parts.append(f"<h2 id={said(page.name)}>{said(page.title)}</h2>")
        told = "<br>".join(said(line) for line in (page.told, *page.lines))
        parts.append(f"<p>{said(page.shows)}<br><small>{told}</small></p>")
        parts.append(f'<a href="{said(page.sheet)}"><img src="{said(page.sheet)}" alt=""></a>')
        parts.append("<p>" + " ".join(_link(one) for one in page.shown) + "</p>")
        parts.append(f"<details><summary>{len(page.figures)} figures</summary><table>")
        parts.extend(_row(at, figure) for at, figure in page.figures.items())
        parts.append("</table></details>")
    save(path, "\n".join(parts) + "\n</html>\n")


def _link(one: Shown) -> str:
    return f'<a href="{html.escape(one.link)}">{html.escape(one.caption[0].split()[0])}</a>'


def _row(path: str, figure: Figure) -> str:
    cells: Sequence[str] = (path, value_text(figure), figure.label, figure.source)
    inner = "".join(f"<td>{html.escape(cell)}" for cell in cells)
    return f"<tr class={figure.label}>{inner}"
