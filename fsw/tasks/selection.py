"""Looks at every picture: makes its thumbnail, measures what is lit and how much detail there is, ranks them.

The camera's JPEG carries a thumbnail in its EXIF (JEITA CP-3451); of raw Bayer frames one is made
here. The lit subject is what stands out of the black sky with a sharp edge: the glare round the Sun is
lit, too, but fades away without one.
"""

import io
import re
import struct
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from fsw.core import lit_subject
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode, PictureCoding
from fsw.dictionary.settings import SETTINGS, SettableParameter
from fsw.kernel.scheduler import Action, Send, Spend
from fsw.kernel.time import MILLISECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.messages import (
    AskParameters,
    Chosen,
    Execute,
    Gather,
    Occurred,
    ParameterChanged,
    Picture,
    Thumbnail,
    Values,
)

LIT_LEVEL = 48  # of 255; the sky with its noise stays below
THUMBNAIL_WIDTH = 100
THUMBNAIL_QUALITY = 75
SHARP_STEP = 20  # of 255, from a lit pixel to a dark neighbour
REPEATS = 3  # pictures before and after one that show much the same: two lenses, two seconds
DETAIL_STEP = 8  # of 255, from a pixel to its neighbours on both sides
EXAMINATION_NS = 4 * MILLISECOND
MOST_THUMBNAIL_PIXELS = 1 << 20  # a header that claims more is not the camera's

_APP1 = b"\xff\xe1"
_ENTRY = {"little": "<HHII", "big": ">HHII"}  # of a TIFF directory: tag, type, count, value
# A 16-bit portable grey map; comments may stand before the width.
_RAW_HEADER = re.compile(rb"P5\n((?:#[^\n]*\n)*)(\d{1,5}) (\d{1,5})\n(\d{1,5})\n")
_BLACK = re.compile(rb"^# BLACK (\d{1,5})$", re.MULTILINE)


RankBy = Literal["lit-area", "detail", "newest"]


class Selection:
    """rank_by: what the best pictures have most of: lit area with a sharp outline, which is a spacecraft
    before black sky, or fine detail, which is one before a planet. Or newest: the latest come first."""

    def __init__(self, rank_by: RankBy = "lit-area") -> None:
        self._rank_by: RankBy = rank_by
        self._lit_ppm: dict[int, int] = {}  # by picture number
        self._detail_ppm: dict[int, int] = {}
        self._lit_enough_ppm = SETTINGS[SettableParameter.LIT_ENOUGH_PPM].default
        self._lit = 0  # pictures with enough of it
        self._chosen: list[int] = []

    def start(self, now_ns: int) -> Iterable[Action]:
        return [Send(names.PARAMETERS, AskParameters(names.SELECTION))]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Picture():
                return self._examine(message)
            case Execute(request, acknowledge, "SELECT_PICTURES", arguments):
                return self._select(int(arguments["count"]), request, acknowledge)
            case ParameterChanged(SettableParameter.LIT_ENOUGH_PPM, value):
                self._lit_enough_ppm = value
                self._lit = self._count_lit()
            case Gather(Structure.MASS_MEMORY, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    def _examine(self, picture: Picture) -> list[Action]:
        thumbnail = thumbnail_of(picture.octets, PictureCoding(picture.coding))
        if thumbnail is None:
            return [Spend(EXAMINATION_NS)]  # whole, but no picture: it stays in the store, unranked
        octets, image = thumbnail
        lit_ppm = lit_subject_ppm(image)
        before_ppm = self._lit_ppm.get(picture.number, 0)
        self._lit += (lit_ppm >= self._lit_enough_ppm) - (before_ppm >= self._lit_enough_ppm)
        self._lit_ppm[picture.number] = lit_ppm
        self._detail_ppm[picture.number] = detail_ppm(image)
        return [
            Spend(EXAMINATION_NS),
            Send(names.MASS_MEMORY, Thumbnail(picture.number, lit_ppm, octets)),
        ]

    def _select(self, count: int, request: bytes, acknowledge: int) -> list[Action]:
        if not self._lit_ppm:
            failure = FailureCode.NOTHING_STORED
            return [executed(request, acknowledge, failure)]
        ranked = self._ranked()
        self._chosen = ranked[:count]
        values = {"selected": len(self._chosen), "stored": len(ranked)}
        return [
            Send(names.MASS_MEMORY, Chosen(tuple(self._chosen))),
            Send(names.EVENTS, Occurred(Event.SELECTION_DONE, values)),
            executed(request, acknowledge),
        ]

    def _ranked(self) -> list[int]:
        """Numbers of all pictures, best first. By detail, near repeats of a better one come last: the
        nearest pictures are so many and so alike that the whole spacecraft would not be among the chosen."""
        if self._rank_by == "newest":
            return sorted(self._lit_ppm, reverse=True)
        rank = self._lit_ppm if self._rank_by == "lit-area" else self._detail_ppm
        ranked = sorted(rank, key=lambda number: (-rank[number], number))
        if self._rank_by == "lit-area":
            return ranked
        first: dict[int, None] = {}
        for number in ranked:
            if not any(near in first for near in range(number - REPEATS, number + REPEATS + 1)):
                first[number] = None
        return [*first, *(number for number in ranked if number not in first)]

    def _count_lit(self) -> int:
        return sum(1 for ppm in self._lit_ppm.values() if ppm >= self._lit_enough_ppm)

    def _values(self) -> dict[str, Any]:
        return {"pictures_lit": self._lit, "pictures_selected": len(self._chosen)}

    def retained(self) -> dict[str, Any]:
        return self.save()

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(retained)

    def save(self) -> dict[str, Any]:
        return {
            "lit_ppm": dict(self._lit_ppm),
            "detail_ppm": dict(self._detail_ppm),
            "lit_enough_ppm": self._lit_enough_ppm,
            "chosen": list(self._chosen),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._lit_ppm = dict(saved["lit_ppm"])
        self._detail_ppm = dict(saved["detail_ppm"])
        self._lit_enough_ppm = saved["lit_enough_ppm"]
        self._lit = self._count_lit()
        self._chosen = list(saved["chosen"])


def lit_subject_ppm(grey: Image.Image) -> int:
    """Lit share of a grey picture [ppm], weighted by the share of its outline that is sharp."""
    lit, outline, sharp = lit_subject.count(grey.tobytes(), grey.width, LIT_LEVEL, SHARP_STEP)
    return lit * sharp * 1_000_000 // (outline * grey.width * grey.height) if outline else 0


def detail_ppm(grey: Image.Image) -> int:
    """Fine structure of a grey picture: pixels that stand out from both neighbours, over all [ppm]."""
    details = lit_subject.details(grey.tobytes(), grey.width, DETAIL_STEP)
    return details * 1_000_000 // (grey.width * grey.height)


def thumbnail_of(octets: bytes, coding: PictureCoding) -> tuple[bytes, Image.Image] | None:
    """A picture's thumbnail, as JPEG octets and decoded to grey; None when the octets hold no picture."""
    if coding is PictureCoding.RAW_BAYER:
        return _thumbnail_of_raw(octets)
    found = exif_thumbnail(octets)
    if found is None:
        return None
    try:
        image = JpegImageFile(io.BytesIO(found))
        if image.width * image.height > MOST_THUMBNAIL_PIXELS:
            return None
        image.draft("L", None)  # only the luminance is decoded: colours would be made to be dropped
        image.load()
    except (OSError, ValueError, SyntaxError):
        return None
    return found, image if image.mode == "L" else image.convert("L")


def exif_thumbnail(jpeg: bytes) -> bytes | None:
    """The JPEG thumbnail of a JPEG file's EXIF segment (IFD1, tags 0201 and 0202), or None."""
    at = 2
    while jpeg[at : at + 2] != _APP1:
        if at + 4 > len(jpeg) or jpeg[at] != 0xFF or jpeg[at + 1] == 0xDA:
            return None
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    tiff = jpeg[at + 10 : at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")]
    order = "little" if tiff[:2] == b"II" else "big"

    def number(where: int, size: int) -> int:
        return int.from_bytes(tiff[where : where + size], order)  # type: ignore[arg-type]

    first = number(4, 4)
    second = number(first + 2 + 12 * number(first, 2), 4)
    if not 0 < second < len(tiff):
        return None
    entry = struct.Struct(_ENTRY[order])
    entries = tiff[second + 2 : second + 2 + entry.size * number(second, 2)]
    whole = len(entries) - len(entries) % entry.size
    tags = {tag: value for tag, _, _, value in entry.iter_unpack(entries[:whole])}
    start, length = tags.get(0x0201, 0), tags.get(0x0202, 0)
    found = tiff[start : start + length]
    return found if length and len(found) == length else None


def _thumbnail_of_raw(octets: bytes) -> tuple[bytes, Image.Image] | None:
    """Of a 16-bit PGM with a Bayer mosaic: means over blocks above black, so grey; full scale is white."""
    head = _RAW_HEADER.match(octets)
    if head is None:
        return None
    columns, rows, most = (int(number) for number in head.groups()[1:])
    found = _BLACK.search(head[1])
    black = 0 if found is None else int(found[1])
    block = columns // THUMBNAIL_WIDTH
    if not (256 <= most <= 0xFFFF and black < most and 0 < block <= rows):
        return None
    if len(octets) != head.end() + 2 * columns * rows:
        return None
    raw = np.frombuffer(octets, ">u2", offset=head.end()).reshape(rows, columns)
    high, wide = rows // block, columns // block
    # Sums of integers: the same octets whatever adds them up.
    sums = (
        raw[: high * block, : wide * block].reshape(high, block, wide, block).sum(axis=(1, 3), dtype=np.int64)
    )
    light = np.clip((sums - black * block**2) / ((most - black) * block**2), 0.0, 1.0)
    # Square root: about the tone curve of the JPEGs, so that both kinds rank alike.
    image = Image.fromarray((255.0 * np.sqrt(light)).astype(np.uint8))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=THUMBNAIL_QUALITY)
    return out.getvalue(), image
