"""A contact sheet: the full pictures that came home, small, on one page, each with its caption."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from fsw.core.errors import FswError
from fsw.ground.pictures import PictureStore

MOST = 16
COLUMNS = 4
WIDTH, HEIGHT = 400, 300  # of one picture [px]
CAPTION, TITLE, MARGIN = 26, 46, 12
_PAPER, _INK, _FAINT = (18, 18, 20), (235, 235, 235), (150, 150, 155)
QUALITY = 88


def chosen(entries: Sequence[dict[str, Any]], most: int = MOST) -> list[dict[str, Any]]:
    """Which whole full pictures to show, in order of exposure; evenly thinned out when there are more."""
    full = [entry for entry in entries if entry["complete"] and entry["kind"] == "full"]
    jpeg = sorted((e for e in full if e["coding"] == "jpeg"), key=lambda e: (e["exposed_at_utc"], e["lens"]))
    if len(jpeg) <= most:
        return jpeg
    return [jpeg[index * (len(jpeg) - 1) // (most - 1)] for index in range(most)]


def write(path: Path, pictures: PictureStore, title: str, subtitle: str) -> int:
    """A JPEG of the full pictures in `pictures`; how many it shows. None to show: no file."""
    entries = chosen(pictures.entries)
    if not entries:
        return 0
    columns = min(COLUMNS, len(entries))
    rows = -(-len(entries) // columns)
    cell_width, cell_height = WIDTH + MARGIN, HEIGHT + CAPTION + MARGIN
    sheet = Image.new("RGB", (columns * cell_width + MARGIN, TITLE + rows * cell_height + MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, 8), title, _INK, ImageFont.load_default(18))
    draw.text((MARGIN, 29), subtitle, _FAINT, ImageFont.load_default(12))
    font = ImageFont.load_default(14)
    for index, entry in enumerate(entries):
        left = MARGIN + index % columns * cell_width
        top = TITLE + MARGIN // 2 + index // columns * cell_height
        sheet.paste(framed(pictures.contents(entry["file"]), WIDTH, HEIGHT), (left, top))
        draw.text((left, top + HEIGHT + 5), caption(entry), _INK, font)
    try:
        sheet.save(path, "JPEG", quality=QUALITY)
    except OSError as error:
        raise FswError(f"contact sheet {path}: {error}") from error
    return len(entries)


def caption(entry: dict[str, Any]) -> str:
    """`#12  16:00:12.0 UTC  1.4 m  lens A`; of a camera that stays on board `#3  10:00:08.9 UTC  0.6 ms`."""
    clock = str(entry["exposed_at_utc"])[11:21]
    if not entry["range_m"]:
        return f"#{entry['picture']}   {clock} UTC   {entry['exposure_us'] / 1000:g} ms"
    return f"#{entry['picture']}   {clock} UTC   {entry['range_m']:.1f} m   lens {entry['lens']}"


def framed(octets: bytes, width: int, height: int) -> Image.Image:
    """A picture in a frame of that size. One that a decoder refuses is an empty frame: no more than came."""
    try:
        opened = Image.open(io.BytesIO(octets))
        opened.draft("RGB", (width, height))
        image = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return Image.new("RGB", (width, height), _FAINT)
    image.thumbnail((width, height), Image.Resampling.LANCZOS)
    frame = Image.new("RGB", (width, height))
    frame.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return frame
