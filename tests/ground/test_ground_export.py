"""`fsw export`: a received picture as PNG, and refusals that say what is allowed."""

import hashlib
import io
import json
import math
import re
import xml.etree.ElementTree as xml

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fsw import cli
from fsw.core.errors import FswError
from fsw.ground.lens_wcs import lens_of
from fsw.ground.png_export import NAMESPACE
from fsw.ground.received_picture import raw_numbers, read
from fsw.missions import load
from fsw.world import optics
from fsw.world.exif import PictureTags
from fsw.world.image_sensor import Exposure, RawFrame
from fsw.world.picture_file import encode_jpeg, encode_raw
from fsw.world.surface import lens_of_field

TAGS = PictureTags("2020:09:30 16:00:02", "295329", 600, 100, "lens B, 120 deg", "0" * 32)
RGB = np.random.default_rng(1).integers(0, 256, (600, 800, 3), np.uint8)
DN = np.random.default_rng(2).integers(0, 1024, (600, 800), np.uint16)
TRUTH = {"file": "full/0000007.jpg", "middle_utc": "2020-09-30T16:00:02.3Z", "attitude_icrf": [1.0, 0, 0, 0]}


@pytest.fixture
def flight(tmp_path):
    """A flight's folder: a colour picture, a raw one, one that came in part."""
    files = {
        "full/0000007.jpg": encode_jpeg(RGB, tags=TAGS),
        "full/0000008.raw": encode_raw(RawFrame(DN, Exposure())),
        "full/0000009.jpg": b"half",
    }
    entries = []
    for file, octets in files.items():
        path = tmp_path / "pictures" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        entries.append(
            {
                "file": file,
                "picture": int(file[5:12]),
                "lens": "B",
                "exposed_at_utc": "2020-09-30T16:00:02.293Z",
                "exposure_us": 600,
                "range_m": 12.5,
                "received_at_utc": "2020-09-30T16:05:00.000Z",
                "sha256": hashlib.sha256(octets).hexdigest(),
                "complete": octets != b"half",
            }
        )
    (tmp_path / "pictures/index.json").write_text(json.dumps(entries))
    (tmp_path / "summary.json").write_text('{"mission": "tianwen1-cruise"}')
    (tmp_path / "truth.jsonl").write_text(json.dumps(TRUTH) + "\n")
    return tmp_path


def encoded_grey(numbers):
    out = io.BytesIO()
    Image.fromarray(numbers).save(out, "JPEG")
    return out.getvalue()


def xmp_of(image):
    """Attributes of its XMP packet's one description."""
    packet = re.sub(r"<\?xpacket.*?\?>", "", image.text["XML:com.adobe.xmp"])
    (description,) = xml.fromstring(packet).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    return description.attrib


def test_a_png_holds_the_same_pixels_and_what_is_known(flight, tmp_path, capsys):
    path = flight / "pictures/full/0000007.jpg"
    assert cli.run(["export", str(path), "--out", str(tmp_path / "out")]) == 0
    image = Image.open(tmp_path / "out/0000007.png")
    assert (np.asarray(image) == np.asarray(Image.open(path))).all()
    assert capsys.readouterr().out.startswith(str(tmp_path / "out/0000007.png"))
    assert image.text["Creation Time"] == "2020-09-30T16:00:02.293Z"
    assert image.text["Source"] == "tianwen1-cruise"
    details = image.getexif().get_ifd(0x8769)
    assert (details[0x829A], details[0xA434]) == (600e-6, "lens B, 120 deg")
    xmp = xmp_of(image)
    assert xmp[f"{{{NAMESPACE}}}RangeMetres"] == "12.5"
    assert xmp[f"{{{NAMESPACE}}}EmulatorTruthAttitudeICRF"] == "1.0 0 0 0"
    assert len((tmp_path / "out/0000007.png").read_bytes()) > 1000


def test_without_truth_no_attitude_is_told(flight, tmp_path):
    path = str(flight / "pictures/full/0000007.jpg")
    assert cli.run(["export", path, "--out", str(tmp_path), "--attitude", "none"]) == 0
    assert b"EmulatorTruth" not in (tmp_path / "0000007.png").read_bytes()


def test_a_raw_picture_keeps_its_numbers(flight, tmp_path):
    assert cli.run(["export", str(flight / "pictures/full/0000008.raw"), "--out", str(tmp_path)]) == 0
    image = Image.open(tmp_path / "0000008.png")
    assert image.mode == "I;16"
    assert (np.asarray(image) == DN).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: None, "not in .*index.json"),
        (lambda p: (p / "full/0000009.jpg").unlink(), "No such file"),
        (lambda p: (p / "index.json").unlink(), "allowed are pictures as received"),
        (lambda p: (p / "index.json").write_text("{"), "is not JSON"),
        (lambda p: (p.parent / "truth.jsonl").write_text("{"), "is not JSON"),
    ],
)
def test_what_was_not_received_is_refused(flight, change, said):
    change(flight / "pictures")
    with pytest.raises(FswError, match=said):
        read(flight / "pictures/full/0000009.jpg")


def test_a_picture_that_was_changed_since_is_refused(flight, capsys):
    path = flight / "pictures/full/0000007.jpg"
    path.write_bytes(path.read_bytes() + b"\0")
    assert cli.run(["export", str(path)]) == 2
    assert capsys.readouterr().err == f"fsw: {path}: not what was received\n"


def test_two_that_would_go_to_one_file_are_refused(flight, tmp_path, capsys):
    path = str(flight / "pictures/full/0000007.jpg")
    assert cli.run(["export", path, path, "--out", str(tmp_path)]) == 2
    assert "0000007.png: two of the pictures would be written there" in capsys.readouterr().err
    assert not (tmp_path / "0000007.png").exists()


@given(st.integers(0, 60), st.binary(max_size=30))
def test_raw_pictures_that_are_cut_or_changed_are_refused(at, instead):
    whole = encode_raw(RawFrame(DN[:2, :4], Exposure()))
    assert (raw_numbers(whole) == DN[:2, :4]).all()
    for hurt in (whole[:at], whole[:at] + instead):
        if hurt == whole:
            continue
        try:
            raw_numbers(hurt)
        except FswError:
            continue
        # What is still taken is another whole picture.
        assert hurt.startswith(b"P5\n")
    with pytest.raises(FswError):
        raw_numbers(whole + b"\0")


@pytest.mark.parametrize("name", ["tianwen1-cruise", "tianwen1-mars", "zhurong-portrait"])
@pytest.mark.parametrize("size", [(800, 600), (1600, 1200)])
def test_the_ground_knows_the_lens_that_pictures_are_drawn_with(name, size):
    mission = load(name)
    drawn = lens_of_field(mission.camera.field_of_view_deg, *size)
    known = lens_of(mission, *size)
    assert known.focal_px == pytest.approx(drawn.focal_px, rel=1e-12)
    assert known.distortion == optics.DISTORTION


@pytest.mark.parametrize("name", ["tianwen2-earth-moon", "tianwen2-kamooalewa"])
def test_a_mounted_cameras_small_picture_is_a_window_of_the_large_one(name):
    mission = load(name)
    pinhole_px = 1024 / math.tan(math.radians(1.5))
    for side in (2048, 1024):
        assert lens_of(mission, side, side).focal_px == pytest.approx(pinhole_px, rel=1e-9)


def test_a_grey_picture_stays_grey(flight, tmp_path):
    octets = encoded_grey(RGB[..., 0])
    (flight / "pictures/full/0000007.jpg").write_bytes(octets)
    entries = json.loads((flight / "pictures/index.json").read_text())
    entries[0] |= {"sha256": hashlib.sha256(octets).hexdigest(), "target": "the Moon", "lens": None}
    (flight / "pictures/index.json").write_text(json.dumps(entries))
    path = str(flight / "pictures/full/0000007.jpg")
    assert cli.run(["export", path, "--out", str(tmp_path / "out")]) == 0
    image = Image.open(tmp_path / "out/0000007.png")
    assert image.mode == "L"
    said = "picture 7, the Moon, exposed 600 us, 12.5 m from what is seen; emulated"
    assert image.text["Description"] == said


def test_jpeg_that_no_decoder_takes_is_an_error(flight):
    path = flight / "pictures/full/0000007.jpg"
    octets = path.read_bytes()[:200]
    path.write_bytes(octets)
    entries = json.loads((flight / "pictures/index.json").read_text())
    entries[0]["sha256"] = hashlib.sha256(octets).hexdigest()
    (flight / "pictures/index.json").write_text(json.dumps(entries))
    with pytest.raises(FswError, match="not a picture"):
        read(path).pixels()
    assert io.BytesIO(octets).read(2) == b"\xff\xd8"
