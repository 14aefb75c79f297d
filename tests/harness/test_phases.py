"""A mission in phases: each flown into its folder, told in telemetry, summed up in one file."""

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image

from fsw import missions
from fsw.cli import cli
from fsw.harness import kinds, phases
from fsw.missions.phases import PhasedMission

MISSION = missions.load("tianwen2-kamooalewa", PhasedMission)
CAPSULE = replace(MISSION.phase[5], pictures=2, every_s=30.0, duration_s=150.0)


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phases") / "out"
    later = replace(CAPSULE, folder="later", phase="DEPARTURE", start_utc="2027-11-29T09:00:00Z")
    mission = replace(MISSION, phase=(CAPSULE, later))
    values = {"out": folder, "seed": 3, "force": False, "workers": 0, "link": "frames"}
    return kinds.fly(mission, {}, values), folder


def test_each_phase_has_its_pictures_and_its_folder(flown):
    outcome, folder = flown
    assert [row["full_frames_received"] for row in outcome.summary["phases"]] == [2, 2]
    assert sorted(path.name for path in (folder / "phases").iterdir()) == ["1-capsule", "2-later"]
    assert json.loads((folder / "summary.json").read_text()) == outcome.summary
    assert "2 phases, 4 pictures" in outcome.text()
    with Image.open(folder / "phases.png") as sheet:
        assert sheet.width == 4 * 412 + 12
    # The same seed: the two differ by where the capsule stands and which phase was begun.
    first, second = (row["downlink_sha256"] for row in outcome.summary["phases"])
    assert first != second


def test_the_phase_is_in_telemetry(flown):
    _, folder = flown
    for row, phase in (("1-capsule", "CAPSULE_RELEASED"), ("2-later", "DEPARTURE")):
        events = [
            json.loads(line) for line in (folder / f"phases/{row}/events.jsonl").read_text().splitlines()
        ]
        begun = [event for event in events if event["name"] == "EVENT_MISSION_PHASE_BEGUN"]
        assert [event["values"]["mission_phase"] for event in begun] == [phase]
        with sqlite3.connect(folder / f"phases/{row}/telemetry.sqlite") as archive:
            tables = "\n".join(archive.iterdump())
        assert "mission_phase" in tables


def test_a_flight_that_is_stopped_ends_with_the_phase_under_way_and_whole_files(
    tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "out"
    mission = replace(
        MISSION,
        phase=(
            CAPSULE,
            replace(CAPSULE, folder="later", phase="DEPARTURE", start_utc="2027-11-29T09:00:00Z"),
        ),
    )

    @contextmanager
    def at_once(stop):
        stop()
        yield

    monkeypatch.setattr(phases, "stopping", at_once)
    summary = phases.fly(mission, {"seed": 3, "workers": 0, "link": "frames"}, folder).summary
    assert summary["interrupted"]
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert [path.name for path in (folder / "phases").iterdir()] == ["1-capsule"]
    assert json.loads((folder / "phases/1-capsule/summary.json").read_text())["interrupted"]
    assert f"tianwen2-kamooalewa: {CAPSULE.name}, 1 of 2" in capsys.readouterr().err


def test_a_second_flight_clears_the_first_ones_folder(flown):
    _, folder = flown
    kinds.prepare_folder(folder, False, frozenset(kinds.RUNNERS["phases"].writes), "phases")
    assert list(folder.iterdir()) == []


def test_options_that_phases_have_not_are_refused(tmp_path):
    told = CliRunner().invoke(
        cli, ["fly", "tianwen2-kamooalewa", "--duration", "9", "--out", str(tmp_path / "x")]
    )
    assert told.exit_code != 0
    assert "is of kind phases" in str(told.output) + str(told.exception)
    assert not (tmp_path / "x").exists()
