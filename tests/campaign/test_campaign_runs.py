"""Campaigns of short flights: the same rows, whoever flies them, in whatever order, however often killed."""

import functools
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from deadly_runs import MISSION, SHORT, deadly, hopeless

from fsw import cli
from fsw.campaign import crew
from fsw.campaign.command import run_campaign
from fsw.campaign.flight import FlightSettings, columns, fly
from fsw.campaign.ledger import Ledger
from fsw.campaign.results import rank_correlation, summary_of, values_of
from fsw.campaign.variation import check_limits, dispersions_of, tilted, varied
from fsw.cli.campaign import campaign
from fsw.core.errors import FswError
from fsw.ground.plan import release_only
from fsw.kernel.time import SECOND
from fsw.missions.dispersions import Dispersion
from fsw.simulation import Settings, Simulation


def test_a_row_has_every_column_and_depends_on_its_run_alone() -> None:
    one, again, other = fly(MISSION, SHORT, 3), fly(MISSION, SHORT, 3), fly(MISSION, SHORT, 4)
    assert one == again
    assert one["seed"] != other["seed"]
    names = [column.name for column in columns(dispersions_of(MISSION))]
    assert sorted(one) == sorted(names)
    assert one["error"] is None
    assert one["flown_s"] == 45.0
    assert one["link_end_s"] is None
    assert json.loads(json.dumps(one)) == one


def test_drawn_values_are_flown() -> None:
    variation = varied(MISSION, 7, 0)
    drawn, mission = variation.drawn, variation.mission
    assert mission.camera.separation_speed_m_s == drawn["separation_speed_m_s"]
    assert mission.camera.battery_wh == drawn["battery_wh"]
    assert mission.wifi.other_losses_db == MISSION.wifi.other_losses_db + drawn["wifi_loss_db"]
    assert mission.release_ns - MISSION.release_ns == pytest.approx(drawn["release_late_s"] * 1e9, abs=1)
    row = fly(MISSION, SHORT, 0)
    assert 0.018 <= row["separation_s"] - mission.release_ns / 1e9 < 1.0  # the telecommand's bits come first
    assert row["speed_m_s"] == pytest.approx(drawn["separation_speed_m_s"], rel=0.13)
    assert row["off_nominal_deg"] == pytest.approx(drawn["direction_off_deg"], abs=6.0)


def test_one_quantity_less_changes_no_other() -> None:
    assert MISSION.dispersions is not None
    fewer = replace(MISSION, dispersions=replace(MISSION.dispersions, tumble_deg_s=None))
    all_drawn, rest = varied(MISSION, 7, 5).drawn, varied(fewer, 7, 5).drawn
    assert rest == {name: value for name, value in all_drawn.items() if name != "tumble_deg_s"}


@pytest.mark.parametrize("off_deg", [0.0, 0.3, 90.0, 180.0])
@pytest.mark.parametrize("azimuth_deg", [0.0, 111.0])
def test_a_tilted_direction_is_that_far_off(off_deg: float, azimuth_deg: float) -> None:
    nominal = (0.48, -0.6, 0.64)
    cosine = sum(a * b for a, b in zip(nominal, tilted(nominal, off_deg, azimuth_deg), strict=True))
    assert cosine == pytest.approx(math.cos(math.radians(off_deg)), abs=1e-12)


def test_limits_that_no_mission_allows_are_told_at_the_start() -> None:
    assert MISSION.dispersions is not None
    weak = replace(MISSION.dispersions, battery_wh=Dispersion("uniform", (1.0, 6.0)))
    check_limits(MISSION)
    with pytest.raises(FswError, match=r"dispersions.battery_wh.limits: at 1: .*battery_at_least_h"):
        check_limits(replace(MISSION, dispersions=weak))


def test_a_flight_ends_with_its_link_and_says_why() -> None:
    near = replace(MISSION, wifi=replace(MISSION.wifi, range_m=8.0))
    row = fly(near, FlightSettings(), 1)
    assert row["link_end_why"] == "range"
    assert row["range_end_s"] == pytest.approx(8.0 / row["speed_m_s"], rel=1e-9)
    assert row["range_end_s"] - 3.5 < row["link_end_s"] <= row["range_end_s"]
    assert row["flown_s"] == pytest.approx(row["separation_s"] + row["link_end_s"] + 5.0)
    assert row["pictures_due"] == 2 * math.ceil(row["link_end_s"] - 2.0)
    assert row["pictures_deliverable"] == pytest.approx(row["pictures_due"], rel=1e-6)
    assert row["pictures_taken"] == 0


def test_what_a_link_would_have_brought_is_what_it_brings() -> None:
    """Judged by a flight with pictures over the same link: each that was taken came over."""
    settings = FlightSettings(campaign_seed=7, pictures="test-card", link="frames", duration_s=130.0)
    row = fly(MISSION, settings, 0)
    assert row["pictures_taken"] > 40
    assert row["pictures_received"] <= row["pictures_taken"] <= row["pictures_due"]
    assert row["pictures_deliverable"] == pytest.approx(row["pictures_due"], rel=1e-3)
    assert row["wifi_sent_octets"] > 50_000 * 40


def test_a_killed_process_costs_nothing_but_time(tmp_path: Path) -> None:
    rows = list(crew.local(functools.partial(deadly, tmp_path, 2), range(5), 2))
    assert (tmp_path / "killed").exists()
    assert sorted(row["run"] for row in rows) == list(range(5))
    assert {row["run"]: row for row in rows}[2] == fly(MISSION, SHORT, 2)


def test_killed_outright_it_leaves_no_process_and_no_half_row_behind(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'analysis'")
    pytest.importorskip("pyarrow", reason="needs the extra 'analysis'")
    told = "import sys; from fsw.cli import main; main(sys.argv[1:])"
    options = ["--runs", "60", "--seed", "7", "--duration", "45", "--workers", "2", "--out", str(tmp_path)]
    command = [sys.executable, "-c", told, "campaign", "tianwen1-cruise", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "6 of 60 runs\n"
        process.kill()
        # Its workers hold the other end of this pipe, too: it ends when the last of them has.
        process.stderr.read()
    with Ledger(tmp_path / "runs.log", {"seed": 7}) as ledger:
        assert 6 <= len(ledger.rows) < 60
        last = max(ledger.rows)
        assert ledger.rows[last] == fly(MISSION, SHORT, last)


def test_processes_that_only_die_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "FRUITLESS", 1)
    with pytest.raises(FswError, match="the processes that fly the runs die"):
        list(crew.local(hopeless, range(2), 1))


def test_a_flight_without_pictures_continues_from_a_snapshot_as_if_nothing_had_happened() -> None:
    def begun() -> Simulation:
        simulation = Simulation(MISSION, Settings(7, link="none", pictures="none"))
        for step in release_only(MISSION).steps:
            simulation.command(step.telecommand, step.arguments, arrive_ns=step.arrive_ns)
        return simulation

    with begun() as whole, begun() as broken, begun() as continued:
        whole.run_until(40 * SECOND)
        broken.run_until(23 * SECOND)
        continued.restore(broken.snapshot())
        continued.run_until(40 * SECOND)
        assert continued.snapshot() == whole.snapshot()
        assert whole.x_band.frames_sent == 0
        counters = whole.camera.unit.counters()
        assert (counters["begun"], counters["taken_0"], counters["failed_0"]) == (2, 0, 0)
        assert counters["busy_0"] > 20  # beats that wait for the first exposure's end
        assert whole.wifi.sent_packets > 20
        # As much as a camera that takes pictures: 5 W from its start on.
        assert whole.camera.unit.energy_mj == pytest.approx(5000 * (40.0 - 10.0), rel=0.15)


def test_ranks_correlate() -> None:
    rows = [{"a": value} for value in (3.0, None, 1.0, 2.0, 2.0)]
    values = values_of(rows, "a")
    assert list(values) == [3.0, 1.0, 2.0, 2.0]
    assert rank_correlation(values, values**3) == pytest.approx(1.0)
    assert rank_correlation(values, -values) == pytest.approx(-1.0)
    assert rank_correlation(values, values * 0) == 0.0


def test_summary_counts_what_failed() -> None:
    rows = [fly(MISSION, SHORT, 0), {**fly(MISSION, SHORT, 1), "error": "why", "separation_s": None}]
    summary = summary_of(rows, columns(dispersions_of(MISSION)), {"mission": "m", "seed": 1})
    assert summary["failed"] == [1]
    assert summary["not_released"] == 0
    assert summary["quantities"]["flown_s"]["p50"] == 45.0


def test_a_campaign_goes_on_where_it_was_killed_and_writes_the_same_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'analysis'")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra 'analysis'")
    first, second = tmp_path / "first", tmp_path / "second"
    summary = run_campaign(MISSION, SHORT, 3, first, 1)
    table = parquet.read_table(first / "runs.parquet")
    assert table.column("run").to_pylist() == [0, 1, 2]
    assert table.to_pylist() == [
        {name: row[name] for name in table.column_names} for row in (fly(MISSION, SHORT, k) for k in range(3))
    ]
    assert table.schema.field("closest_m").metadata[b"unit"] == b"m"
    # Killed in the middle of a line: one run is whole.
    second.mkdir()
    lines = (first / "runs.log").read_bytes().splitlines(keepends=True)
    (second / "runs.log").write_bytes(b"".join(lines[:2]) + lines[2][:40])
    assert run_campaign(MISSION, SHORT, 3, second, 1) == summary
    for name in ("runs.parquet", "summary.json", "distributions.png", "dependence.png"):
        assert (second / name).read_bytes() == (first / name).read_bytes(), name
    with pytest.raises(FswError, match="holds run 2 already"):
        run_campaign(MISSION, SHORT, 2, first, 1)
    with pytest.raises(FswError, match="seed 7, and this is one with 8"):
        run_campaign(MISSION, FlightSettings(campaign_seed=8, duration_s=45.0), 3, first, 1)


def test_a_run_alone_prints_its_row() -> None:
    arguments = ["tianwen1-cruise", "--run", "3", "--seed", "7", "--duration", "45"]
    told = CliRunner().invoke(campaign, arguments, catch_exceptions=False)
    assert told.exit_code == 0
    assert json.loads(told.output) == fly(MISSION, SHORT, 3)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'analysis'")
    pytest.importorskip("pyarrow", reason="needs the extra 'analysis'")
    (tmp_path / "letters").write_text("dear", encoding="utf-8")
    with pytest.raises(FswError, match="holds letters, not from a campaign"):
        run_campaign(MISSION, SHORT, 1, tmp_path)


@pytest.mark.parametrize(
    "mission", ["inspector", "tianwen1-relay", "tianwen2-earth-moon", "zhurong-portrait"]
)
def test_a_mission_that_releases_nothing_varied_is_told_which_ones_do(mission, capsys):
    assert cli.run(["campaign", mission, "--runs", "2"]) == 2
    told = capsys.readouterr().err
    assert f"mission {mission}: a campaign varies how a camera is released" in told
    assert "allowed are tianwen1-cruise, tianwen1-mars, and your own" in told
