"""`fsw fly mgs-odyssey-express`: what is in the folder, and what is refused."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsw import cli
from fsw.core.errors import FswError
from fsw.missions import text_of
from fsw.missions.loader import parse

NAME = "mgs-odyssey-express"


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mgs") / "flight"
    assert cli.run(["fly", NAME, "--seed", "3", "--out", str(folder)]) == 0
    return folder


def test_the_folder_holds_strips_views_and_geometry(flown: Path) -> None:
    folder = flown
    views = ("mars-express-1", "odyssey-1", "odyssey-2")
    pictures = {f"{name}{kind}.png" for name in views for kind in ("", "-rectified")}
    assert {path.name for path in (folder / "pictures").iterdir()} == {
        *pictures,
        "mars-express.png",
        "odyssey.png",
    }
    with (folder / "geometry.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert [(row["strip"], row["view"]) for row in rows] == [
        ("mars-express", "1"),
        ("odyssey", "1"),
        ("odyssey", "2"),
    ]
    assert [round(float(row["m_per_px"]), 2) for row in rows] == [0.93, 0.33, 0.5]


def test_the_summary_tells_the_hash_of_each_strip_and_what_is_left_out(flown: Path) -> None:
    folder = flown
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    for name, digest in summary["sha256"].items():
        numbers = np.asarray(Image.open(folder / "pictures" / f"{name}.png"))
        assert hashlib.sha256(numbers.tobytes()).hexdigest() == digest
    assert any("downlink" in line for line in summary["left_out"])
    assert summary["seed"] == 3


def test_a_flown_folder_may_be_flown_into_again_and_the_seed_decides(
    flown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (flown / "geometry.csv").read_bytes()
    assert cli.run(["fly", NAME, "--seed", "3", "--out", str(flown)]) == 0
    assert (flown / "geometry.csv").read_bytes() == before
    output = capsys.readouterr().out
    assert output.startswith(f"{NAME}, seed 3: 2 strips, 3 views, 18432 lines in ")
    assert output.count("Mars Odyssey ") == 2


def test_a_foreign_folder_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    assert cli.run(["fly", NAME, "--out", str(tmp_path)]) == 2
    assert "not from a flight" in capsys.readouterr().err
    assert (tmp_path / "letter.txt").exists()


def test_options_of_other_kinds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["fly", NAME, "--duration", "30"]) == 2
    assert "of kind line-camera; allowed are --out, --seed, --force, --json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        (
            'target = "Mars Odyssey"',
            'target = "Viking"',
            r"strip.1.target 'Viking'; allowed are 'Mars Express'",
        ),
        (
            "lines = { value = 16384",
            "lines = { value = 65536",
            r"strip.1: 65536 lines of 512 .* up to camera",
        ),
        ("again_km = { value = 135.0", "again_km = { value = 35.0", "allowed is more than range_km 90"),
        ("columns = { value = 512", "columns = { value = 4096", "strip.0.columns; allowed are up to camera"),
        ('name = "odyssey"', 'name = "mars-express"', "allowed is each name once"),
        ("scan_tilt_deg", "# scan_tilt_deg", "scan_tilt_deg: allowed, and needed, with scan_rate_deg_s"),
        ("scan_rate_deg_s", "# scan_rate_deg_s", "allowed is one of again_km and scan_rate_deg_s"),
    ],
)
def test_files_that_make_no_sense_are_refused(was: str, becomes: str, message: str) -> None:
    text = text_of(NAME)
    assert was in text
    with pytest.raises(FswError, match=message):
        parse(text.replace(was, becomes, 1), "mine.toml")
