"""The relay year: what is in the tables, the same again by the same seed, and the record's total."""

import csv
import json
import sys
from dataclasses import replace
from itertools import pairwise

import pytest

from fsw import cli, missions
from fsw.core.errors import FswError
from fsw.devices.recorder import OCTET
from fsw.harness.relay_year import Year, best_baud
from fsw.kernel.time import DAY, SECOND
from fsw.missions.relay_year import RelayYear
from fsw.world.mean_orbit import phase_orbits
from fsw.world.windows import both, total_ns

MISSION = missions.load("tianwen1-relay", RelayYear)
AT_PARKING = DAY * 30
ORBITS = phase_orbits(MISSION.epoch, MISSION.orbit, MISSION.phase)


@pytest.fixture(scope="module")
def year():
    return Year(MISSION, 1, AT_PARKING)


def test_the_recorder_and_both_tables_agree(year):
    recorder = year.recorder
    assert sum(one.returned for one in year.passes) == recorder.returned > 0
    assert recorder.level == recorder.recorded - recorder.returned
    assert year.days[-1][7] == recorder.returned // OCTET
    assert sum(day[5] for day in year.days) == recorder.returned // OCTET
    assert [day[0] for day in year.days][:2] == ["2021-02-10", "2021-02-11"]
    assert {day[1] for day in year.days} == {"capture", "parking"}


def test_sessions_are_in_clear_passes_one_a_day_and_no_longer_than_allowed(year):
    sessions = [one for one in year.passes if one.sending]
    assert len(sessions) == len({one.rise_ns // DAY for one in sessions})
    for one in sessions:
        assert not one.lost
        assert total_ns(one.sending) <= 5 * 3600 * SECOND
        assert both(one.sending, one.clear) == list(one.sending)
        assert one.rise_ns <= one.sending[0][0] < one.sending[-1][1] <= one.set_ns
        most = total_ns(one.sending) * MISSION.downlink.bit_s(one.baud)
        assert one.returned <= most
    spans = sorted(span for one in sessions for span in one.sending)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_the_rate_falls_with_the_distance_to_the_stated_one_at_400_million_km():
    station = MISSION.station[0]
    rates = [best_baud(MISSION.downlink, station, mkm * 1e6) for mkm in range(50, 401, 10)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 1_024_000  # up to 1 Mbit/s at 400 million km is stated
    assert best_baud(MISSION.downlink, station, 1e11) == 0


def test_the_last_orbit_lies_as_the_elements_say():
    orbit = ORBITS[-1]
    node, periapsis, _ = orbit.angles_deg(MISSION.epoch.parse(MISSION.orbit.elements_utc))
    assert (node, periapsis) == (pytest.approx(100.70), pytest.approx(56.83))
    assert orbit.period_s / 3600 == pytest.approx(7.08, abs=0.03)  # altitudes are rounded
    assert [round(one.period_s / 88775.244, 2) for one in ORBITS[1:3]] == [2.05, 0.33]


def test_conjunction_stops_it_and_the_recorder_fills():
    end_ns = MISSION.epoch.parse("2021-10-01T00:00:00Z")
    late = replace(MISSION, mission=replace(MISSION.mission, start_utc="2021-09-15T00:00:00Z"))
    late = replace(late, phase=(replace(MISSION.phase[2], from_utc="2021-09-15T00:00:00Z"),))
    flown = Year(late, 1, late.epoch.from_tai_ns(MISSION.epoch.tai_ns(end_ns)))
    (begin_ns, until_ns), = flown.outages  # fmt: skip
    assert late.epoch.utc(begin_ns, 0)[:10] == "2021-09-23"
    assert until_ns == flown.end_ns
    assert all(one.rise_ns <= begin_ns for one in flown.passes if one.sending)
    levels = [day[6] for day in flown.days if day[3] < 4.5]
    assert levels == sorted(levels)
    assert levels[-1] > levels[0]


def test_the_year_is_flown_into_tables_and_again_the_same(tmp_path, capsys):
    fly = ["fly", "tianwen1-relay", "--duration", "1900000", "--json", "--out"]
    digests = []
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        assert cli.run([*fly, str(tmp_path / name), "--seed", str(seed)]) == 0
        summary = json.loads(capsys.readouterr().out)
        assert json.loads((tmp_path / name / "summary.json").read_text()) == summary
        digests.append(summary["tables_sha256"])
    assert digests[0] == digests[1]
    with (tmp_path / "first" / "passes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == summary["passes"]
    assert {row["station"] for row in rows} == {station.name for station in MISSION.station}
    assert rows[4]["rise_utc"] < rows[4]["set_utc"]


def test_tables_and_plot_for_analysis(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (the extra analysis)")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (the extra analysis)")
    assert cli.run(["fly", "tianwen1-relay", "--duration", "900000", "--out", str(tmp_path / "out")]) == 0
    assert "no plot" not in capsys.readouterr().out
    table = parquet.read_table(tmp_path / "out" / "days.parquet")
    with (tmp_path / "out" / "days.csv").open() as file:
        assert [str(value) for value in table["recorder_octets"].to_pylist()] == [
            row["recorder_octets"] for row in csv.DictReader(file)
        ]
    assert (tmp_path / "out" / "relay.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("mission", ["tianwen1-relay", "zhurong-rover"])
def test_without_the_extra_there_are_tables_all_the_same_and_a_word_about_it(
    mission, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert cli.run(["fly", mission, "--duration", "200000", "--out", str(tmp_path / "out")]) == 0
    assert "no plot or no Parquet: pip install 'fsw[analysis]'" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert not [name for name in names if name.endswith((".png", ".parquet"))]
    assert len([name for name in names if name.endswith(".csv")]) == 2


@pytest.mark.parametrize(("old", "new", "said"), [
    ('from_utc = { value = "2021-02-10T11:52:00Z"', 'from_utc = { value = "2021-02-10T11:53:00Z"',
     "phase: allowed are from_utc that rise"),
    ("planned_octets = { value = 128000000000", "planned_octets = { value = 512000000000",
     "recorder: planned_octets: allowed are values up to capacity_octets"),
    ("least_baud = { value = 64000", "least_baud = { value = 4096000", "least_baud: allowed are"),
    ("apoapsis_altitude_km = { value = 59000.0", "apoapsis_altitude_km = { value = 200.0", "apoapsis_alt"),
    ('to_utc = { value = "2021-05-14', 'to_utc = { value = "2021-01-14', "to_utc: allowed are times after"),
])  # fmt: skip
def test_figures_that_do_not_fit_are_refused(old, new, said, tmp_path):
    text = missions.text_of("tianwen1-relay")
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(FswError, match=said):
        missions.load(tmp_path / "mine.toml")


def test_the_record_of_the_year_is_about_560_gb(tmp_path, capsys):
    assert cli.run(["fly", "tianwen1-relay", "--json", "--out", str(tmp_path / "out")]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["to_utc"] == "2022-01-01T00:00:00Z"
    assert summary["returned_octets"] / 1e9 == pytest.approx(560, rel=0.04)  # 540 in one report
    assert [[utc[:10] for utc in outage] for outage in summary["sun_outages_utc"]] == [
        ["2021-09-23", "2021-10-23"]
    ]
