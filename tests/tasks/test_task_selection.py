"""Selection: thumbnails of whatever the camera sends, and the ranking by what is lit."""

import io

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode, PictureCoding
from fsw.tasks import names
from fsw.tasks.messages import Chosen, Execute, Gather, Picture, Thumbnail
from fsw.tasks.selection import Selection, exif_thumbnail, thumbnail_of
from fsw.world.exif import PictureTags
from fsw.world.image_sensor import Exposure, RawFrame
from fsw.world.picture_file import encode_jpeg, encode_raw

TAGS = PictureTags("2020:10:01 00:00:00", "0", 500, 100, "lens A", "0" * 32)


def jpeg(lit):
    """800x600, its left part white: a share of `lit`."""
    rgb = np.zeros((600, 800, 3), np.uint8)
    rgb[:, : round(800 * lit)] = 250
    return encode_jpeg(rgb, tags=TAGS)


def raw(lit, width=800, height=600):
    dn = np.full((height, width), 64, np.uint16)
    dn[:, : round(width * lit)] = 900
    return encode_raw(RawFrame(dn, Exposure(width, height)))


def picture(number, octets, coding=PictureCoding.JPEG):
    return Picture(number, 0, 0, int(coding), 0, 500, 1.0, octets)


@pytest.fixture
def selection(bench):
    return bench.of(names.SELECTION)


@pytest.mark.parametrize("lit", [0.0, 0.25, 0.75])
def test_the_thumbnail_in_a_jpeg_is_measured_as_it_is(selection, lit):
    octets = jpeg(lit)
    selection.tell(picture(7, octets))
    (thumbnail,) = selection.sent(names.MASS_MEMORY, Thumbnail)
    assert (thumbnail.number, thumbnail.octets) == (7, exif_thumbnail(octets))
    assert thumbnail.octets in octets
    assert Image.open(io.BytesIO(thumbnail.octets)).size == (100, 75)
    assert thumbnail.lit_ppm == pytest.approx(1e6 * lit, abs=10_000)


@pytest.mark.parametrize("lit", [0.0, 0.25, 0.75])
@pytest.mark.parametrize("size", [(800, 600), (1600, 1200)])
def test_a_thumbnail_is_made_of_a_raw_frame_and_measured_alike(selection, lit, size):
    selection.tell(picture(7, raw(lit, *size), PictureCoding.RAW_BAYER))
    (thumbnail,) = selection.sent(names.MASS_MEMORY, Thumbnail)
    image = Image.open(io.BytesIO(thumbnail.octets))
    assert (image.size, image.mode) == ((100, 75), "L")
    assert thumbnail.lit_ppm == pytest.approx(1e6 * lit, abs=10_000)
    levels = np.asarray(image)
    if lit == 0.25:
        assert levels[:, :20].mean() == pytest.approx(255 * ((900 - 64) / (1023 - 64)) ** 0.5, abs=3)
        assert levels[:, 30:].mean() < 3


GARBAGE = [
    b"",
    b"\xff",
    b"\xff\xd8",
    jpeg(0.5)[:200],
    encode_jpeg(np.zeros((600, 800, 3), np.uint8)),  # no EXIF
    raw(0.5)[:-1],
    raw(0.5) + b"\0",
    b"P5\n1 1\n1023\n\0\0",  # narrower than a thumbnail
    b"P5\n99999 99999\n1023\n",
    b"P5\n800 0\n1023\n",
    b"P5\n0 600\n1023\n",
    b"P5\n# BLACK 2000\n100 1\n1023\n" + bytes(200),
    b"P6\n800 600\n255\n" + bytes(10),
    b"GIF89a" + bytes(100),
    raw(0.5).replace(b"1023", b"0000", 1),
]


@pytest.mark.parametrize("coding", PictureCoding)
@pytest.mark.parametrize("octets", GARBAGE)
def test_what_is_no_picture_has_no_thumbnail_and_no_rank(selection, bench, octets, coding):
    selection.tell(picture(1, octets, coding))
    assert selection.sent(names.MASS_MEMORY) == []
    selection.tell(bench.execute("SELECT_PICTURES", "5"))
    assert selection.executed() == [FailureCode.NOTHING_STORED]


@given(at=st.integers(0, 3000), octets=st.binary(min_size=1, max_size=12))
def test_a_damaged_head_never_raises(at, octets):
    for good, coding in ((jpeg(0.5), PictureCoding.JPEG), (raw(0.5), PictureCoding.RAW_BAYER)):
        where = at % 150 if coding is PictureCoding.RAW_BAYER else at
        found = thumbnail_of(good[:where] + octets + good[where + len(octets) :], coding)
        assert found is None or found[1].width * found[1].height <= 1 << 20


def test_a_thumbnail_that_claims_to_be_a_giant_is_refused(selection):
    good = jpeg(0.5)
    small = exif_thumbnail(good)
    frame_header = small.index(b"\xff\xc0")
    giant = small[: frame_header + 5] + b"\xff\xff\xff\xff" + small[frame_header + 9 :]
    selection.tell(picture(1, good.replace(small, giant)))
    assert selection.sent(names.MASS_MEMORY) == []


def test_the_most_lit_are_chosen_and_of_equals_the_earliest(selection, bench):
    for number, lit in ((4, 0.5), (2, 0.1), (9, 0.9), (3, 0.5), (5, 0.0)):
        selection.tell(picture(number, jpeg(lit)))
    for count, chosen in ((3, (9, 3, 4)), (0, ()), (1000, (9, 3, 4, 2, 5))):
        selection.tell(bench.execute("SELECT_PICTURES", str(count)))
        assert selection.sent(names.MASS_MEMORY) == [Chosen(chosen)]
        assert selection.events() == [("SELECTION_DONE", {"selected": len(chosen), "stored": 5})]
        assert selection.executed() == [None]
    selection.tell(Gather(Structure.MASS_MEMORY))
    assert selection.values() == {"pictures_lit": 4, "pictures_selected": 5}


def test_by_detail_near_repeats_come_last():
    """Of a row of like pictures every fourth is chosen first, then what was passed over, best first."""
    rows = np.zeros((600, 800, 3), np.uint8)
    selection = Selection("detail")
    for number in range(1, 13):
        rows[16 * number : 16 * number + 8, 100:700] = 200  # each has more detail than the one before
        selection.handle(picture(number, encode_jpeg(rows, tags=TAGS)), 0)
    actions = selection.handle(Execute(b"", 0, "SELECT_PICTURES", {"count": 6}), 0)
    chosen = next(a.message for a in actions if isinstance(getattr(a, "message", None), Chosen))
    assert chosen.numbers == (12, 8, 4, 11, 10, 9)


def test_before_a_planet_detail_ranks_higher_than_light():
    rgb = np.zeros((600, 800, 3), np.uint8)
    for row in range(200, 400, 16):  # a fence, much less lit than half a planet
        rgb[row : row + 8, 300:500] = 200
    fence, planet = encode_jpeg(rgb, tags=TAGS), jpeg(0.5)
    for rank_by, best in (("lit-area", 1), ("detail", 2)):
        selection = Selection(rank_by)
        selection.handle(picture(1, planet), 0)
        selection.handle(picture(2, fence), 0)
        again = Selection(rank_by)
        again.recall(selection.retained())
        for one in (selection, again):
            actions = one.handle(Execute(b"", 0, "SELECT_PICTURES", {"count": 1}), 0)
            chosen = next(a.message for a in actions if isinstance(getattr(a, "message", None), Chosen))
            assert chosen.numbers == (best,)
