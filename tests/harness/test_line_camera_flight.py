"""`fsw fly mgs-odyssey-express`: what is in the folder, and what is refused."""

import csv
import hashlib
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsw import cli
from fsw.core.errors import FswError
from fsw.ground.decoding import decode_file
from fsw.harness.line_camera import fly
from fsw.harness.strip_downlink import Account, StripDownlink
from fsw.missions import load, text_of
from fsw.missions.line_camera import LineCameraMission
from fsw.missions.loader import parse
from fsw.world.line_camera import Observatory

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
        "index.json",
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
    assert any("own flight software" in line for line in summary["left_out"])
    assert summary["seed"] == 3


def test_what_came_down_is_what_the_camera_took(flown: Path) -> None:
    observatory = Observatory(load(NAME, LineCameraMission), 3)
    strip = observatory.mission.strip[0]
    taken = observatory.expose(observatory.plan(strip))
    received = np.asarray(Image.open(flown / "pictures" / f"{strip.name}.png"))
    assert (received == taken).all()


def test_its_downlink_is_read_by_fsw_decode(flown: Path) -> None:
    """TM frames of 1115 octets in codeblocks of five interleaved words."""
    report = decode_file(flown / "downlink.cadu", "cadu:1279:tm:rs=223:interleave=5:randomizer=255")
    down = json.loads((flown / "summary.json").read_text(encoding="utf-8"))["downlink"]
    assert not report.losses
    assert report.frames == down["frames_sent"] == down["frames_received"]
    assert report.virtual_channels["94/1"]["lost_frames"] == 0
    octets = sum(strip.lines * strip.columns for strip in load(NAME, LineCameraMission).strip)
    # Of each file metadata, segments and an end of file; its head makes it longer than its numbers.
    assert report.apids == {5: sum(-(-(n + 90) // 1024) + 2 for n in (2048 * 256, 16384 * 256))}
    assert octets == 18432 * 256
    assert down["light_time_s"] == pytest.approx(724.6, abs=0.1)
    assert hashlib.sha256((flown / "downlink.cadu").read_bytes()).hexdigest() == down["sha256"]


def played(mission: LineCameraMission, octets: bytes) -> tuple[dict[str, bytes], Account]:
    observatory = Observatory(mission, 1)
    with closing(StripDownlink(mission, observatory.carrier, 7, lambda cadus: None)) as downlink:
        downlink.record("strip", octets)
        return downlink.play_back()


def mission_with(**downlink: object) -> LineCameraMission:
    mission = load(NAME, LineCameraMission)
    return replace(mission, downlink=replace(mission.downlink, **downlink))  # type: ignore[arg-type]


def test_a_weak_signal_loses_frames_and_with_them_the_file() -> None:
    octets = bytes(range(256)) * 400
    files, strong = played(mission_with(), octets)
    assert files == {"strip": octets}
    assert (strong.files_sent, strong.files_received) == (1, 1)
    # A quarter of the power: 6 dB less than the 2.8 dB that there are.
    files, weak = played(mission_with(transmit_power_w=25 / 4), octets)
    assert files == {}
    assert weak.es_n0_db == pytest.approx(strong.es_n0_db - 6.02, abs=0.01)
    assert weak.frames_received < weak.frames_sent == strong.frames_sent
    assert (weak.files_sent, weak.files_received) == (1, 0)


def test_a_strip_that_did_not_come_has_no_picture(tmp_path: Path) -> None:
    strips = tuple(
        replace(strip, lines=256) for strip in load(NAME, LineCameraMission).strip if not strip.again_km
    )
    mission = replace(mission_with(transmit_power_w=1.0), strip=strips)
    outcome = fly(mission, {"seed": 1}, tmp_path)
    assert not list((tmp_path / "pictures").iterdir())
    assert not (tmp_path / "views.png").exists()
    assert "0 of 1 strips whole" in outcome.text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"begin_utc": "2005-04-21T14:45:00Z"}, "at 2005-04-21T14:45:00Z the planet hides the Earth"),
        ({"begin_utc": "2005-04-21T03:30:00Z"}, "the planet is too low at the station"),
        ({"recorder_octets": 1000}, "recorder_octets 1000: too few for strip, 2000 octets beside 0"),
    ],
)
def test_a_play_back_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(FswError, match=message):
        played(mission_with(**change), bytes(2000))


def test_a_play_back_before_the_strips_is_refused(tmp_path: Path) -> None:
    mission = mission_with(begin_utc="2005-04-20T13:59:00Z")
    with pytest.raises(FswError, match="allowed are times after the last line of strip mars-express"):
        fly(mission, {"seed": 1}, tmp_path)


def test_a_file_of_ones_own_flies_twice_into_one_folder_and_gives_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        text_of(NAME)
        .replace(f'name = "{NAME}"', 'name = "mine"')
        .replace('value = 2048, label = "ass', 'value = 256, label = "ass')
    )
    head, _, rest = text.partition('[[strip]]\nname = "odyssey"')
    (tmp_path / "mine.toml").write_text(head + rest[rest.index("[downlink]") :], encoding="utf-8")
    found = []
    for _ in range(2):
        assert cli.run(["fly", str(tmp_path / "mine.toml"), "--out", str(tmp_path / "out")]) == 0
        found.append(
            {name: (tmp_path / "out" / name).read_bytes() for name in ("geometry.csv", "downlink.cadu")}
        )
    assert found[0] == found[1]
    output = capsys.readouterr().out
    assert output.startswith("mine, seed 1: 1 strips, 1 views, 256 lines\n")
    assert output.count("Mars Express  2005-04-20T13:59:48") == 2


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
            r"strip.1: 65536 lines of 256 .* up to camera",
        ),
        ("again_km = { value = 135.0", "again_km = { value = 35.0", "allowed is more than range_km 90"),
        ("columns = { value = 256", "columns = { value = 4096", "strip.0.columns; allowed are up to camera"),
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
