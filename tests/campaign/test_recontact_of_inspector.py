"""How probable it is that the inspector strikes its host: each run alone, and what the monitor is worth."""

import json

import pytest
from click.testing import CliRunner

from fsw import missions
from fsw.campaign.inspections import fly, rows_of, summary_of, text_of, varied
from fsw.cli.recontact import recontact
from fsw.core.errors import FswError
from fsw.missions.inspection import FAULTS, Inspection
from fsw.missions.loader import parse

MISSION = missions.load("inspector", Inspection)
OPEN = FAULTS.index("thruster-open")


@pytest.fixture(scope="module")
def rows():
    return rows_of(MISSION, 3, 1, workers=1)


def test_each_run_is_drawn_within_its_limits_and_flown_as_drawn():
    dispersions = MISSION.dispersions.varied()
    for run in range(40):
        one = varied(MISSION, 1, run)
        for name, dispersion in dispersions.items():
            assert dispersion.limits[0] <= one.drawn[name] <= dispersion.limits[1]
        assert one.mission.release.speed_m_s == one.drawn["speed_m_s"]
        assert one.mission.camera.boot_s == MISSION.camera.boot_s + one.drawn["late_s"]
        assert one.mission.fault.after_s == one.drawn["fault_after_s"]
        assert one.mission.fault.thruster == one.drawn["thruster"]
    assert len({varied(MISSION, 1, run).seed for run in range(40)}) == 40
    assert {varied(MISSION, 1, run).drawn["thruster"] for run in range(40)} == set(range(6))


def test_a_row_is_the_same_whoever_flies_it_and_in_whatever_order(rows):
    assert len(rows) == 3 * len(FAULTS)
    for number in (5, 0, 16):
        assert fly(MISSION, 1, number) == rows[number]
    again = rows_of(MISSION, 1, 1, workers=2)
    assert again == rows[: len(FAULTS)]


def test_the_flights_of_one_run_differ_by_their_fault_alone(rows):
    drawn = {"speed_m_s", "direction_off_deg", "late_s", "thruster", "sensor_error_factor"}
    for run in range(3):
        of_run = [row for row in rows if row["run"] == run]
        assert [row["fault"] for row in of_run] == list(FAULTS)
        assert len({tuple(row[name] for name in sorted(drawn)) for row in of_run}) == 1


def test_the_summary_counts_and_says_how_sure_it_is(rows):
    struck = [dict(row) for row in rows]
    for row in struck:
        if row["fault"] == "thruster-open":
            row["off_contact_s"] = 100.0
    summary = summary_of(MISSION, 1, struck)
    line = summary["faults"][OPEN]
    assert line["off"]["recontacts"] == 3
    assert line["off"]["probability"] == 1.0
    assert line["off"]["low_95"] == pytest.approx(0.025 ** (1 / 3))  # all of three
    assert line["on"]["high_95"] == pytest.approx(1 - 0.025 ** (1 / 3))  # none of three
    assert summary["task_restarts"] == 0
    assert "thruster-open" in text_of(summary)
    assert json.loads(json.dumps(summary)) == summary


def test_an_open_thruster_strikes_where_the_monitor_does_not_let_it():
    """A run of campaign 1 that does, by its number; with the monitor it does not."""
    row = fly(MISSION, 1, 23 * len(FAULTS) + OPEN)
    assert row["off_contact_s"] is not None
    assert row["on_contact_s"] is None
    assert row["on_aborted"]


def test_the_command_refuses_what_it_has_no_use_for():
    found = CliRunner().invoke(recontact, ["inspector", "--days", "3"])
    assert isinstance(found.exception, FswError)
    assert "--days: inspector is of kind inspection" in str(found.exception)


def test_the_command_writes_its_files_and_a_table(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is in the extra `analysis`")
    pytest.importorskip("matplotlib", reason="matplotlib is in the extra `analysis`")
    found = CliRunner().invoke(recontact, ["inspector", "--draws", "1", "--out", str(tmp_path)])
    assert found.exit_code == 0, found.output
    assert "inspector: 1 releases" in found.output
    assert (tmp_path / "recontact.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((tmp_path / "recontact.json").read_text())["runs"] == 1


def test_a_mission_that_varies_nothing_is_refused():
    text = missions.text_of("inspector")
    bare = text[: text.index("[dispersions.speed_m_s]")] + text[text.index("[fault]") :]
    with pytest.raises(FswError, match="needs tables"):
        rows_of(parse(bare, "mine.toml"), 1, 1, workers=1)
