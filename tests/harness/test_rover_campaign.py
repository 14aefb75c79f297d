"""The rover's campaign: tables and telemetry tell the same, the same seed the same, and the record's way."""

import csv
import json
from itertools import pairwise

import pytest
from PIL import Image

from fsw import cli, missions
from fsw.core.errors import FswError
from fsw.harness.rover_campaign import Campaign
from fsw.kernel.time import DAY
from fsw.missions.rover import RoverCampaign

MISSION = missions.load("zhurong-rover", RoverCampaign)


@pytest.fixture(scope="module")
def campaign():
    found = Campaign(MISSION, 1, 20 * DAY)
    found.run()
    return found


def test_the_ground_knows_what_happened_from_packets_alone(campaign):
    ground, chassis = campaign.ground, campaign.rover.chassis
    told = [drive for drive in ground.drives if drive.told]
    assert len(told) >= 8
    assert {drive.told for drive in told} <= {"DRIVE_DONE", "HAZARD_STOP"}
    assert ground.undecodable == 0
    way_m = ground.latest["HOUSEKEEPING_MOBILITY"]["odometer_m"]
    assert way_m == pytest.approx(sum(drive.way_m for drive in told), abs=13.1)
    assert way_m <= chassis.wheels_mm / 1000 + 0.01
    assert 0.9 * chassis.wheels_mm < chassis.way_mm < chassis.wheels_mm
    assert ground.verification["TC_COMPLETED"] == ground.count


def test_after_an_obstacle_it_goes_round_it(campaign):
    drives = campaign.ground.drives
    after = [two.heading_deg for one, two in pairwise(drives) if one.told == "HAZARD_STOP"]
    assert after
    assert set(after) <= {140.0, 220.0}


def test_the_sols_add_up(campaign):
    rows = campaign.sols
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert rows[-1][10] == sum(row[9] for row in rows)
    made = MISSION.rover.science_octets_per_sol * 20 * DAY / 88_775.244e9
    science = rows[-1][10] - campaign.telemetry_octets + rows[-1][11]
    assert science == pytest.approx(made, rel=1e-3)  # returned or still aboard
    assert all(0 <= row[2] < 24.66 for row in rows)


def test_rates_are_powers_of_two_that_fall_with_the_range(campaign):
    rates = [campaign.hop.rate_kbit_s(float(km)) for km in range(100, 60_000, 100)]
    assert rates == sorted(rates, reverse=True)
    assert set(rates) <= {0, *(1 << k for k in range(12))}
    assert (rates[0], rates[-1]) == (2048, 0)


def test_the_same_seed_gives_the_same_files(tmp_path, capsys):
    digests = []
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        fly = ["fly", "zhurong-rover", "--duration", "1000000", "--seed", str(seed), "--json"]
        assert cli.run([*fly, "--out", str(tmp_path / name)]) == 0
        summary = json.loads(capsys.readouterr().out)
        assert json.loads((tmp_path / name / "summary.json").read_text()) == summary
        digests.append(summary["tables_sha256"])
    assert digests[0] == digests[1] != digests[2]
    with (tmp_path / "first" / "drives.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["sent_utc"] > "2021-05-22T02:40:00Z"
    events = [json.loads(line) for line in (tmp_path / "first" / "events.jsonl").read_text().splitlines()]
    assert events[0]["report"] == "EVENT_COMPUTER_STARTED"


def test_225_sols_and_more_than_1400_m(tmp_path, capsys):
    assert cli.run(["fly", "zhurong-rover", "--json", "--out", str(tmp_path / "out")]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["sol"], summary["to_utc"]) == (225, "2022-01-01T00:00:00Z")
    assert 1400 < summary["ground_m"] < summary["odometer_m"] < 1600
    assert summary["brown_outs"] == 0
    assert summary["cop"]["ahead"] > 0  # frames were lost, and came again
    assert summary["undecodable"] == 0
    ((_, octets),) = summary["pictures"]
    with Image.open(tmp_path / "out/pictures/self.jpg") as picture:
        assert picture.size == (800, 600)
        assert (tmp_path / "out/pictures/self.jpg").stat().st_size == octets
    assert "EVENT_MAILBOX_OVERFLOW" not in (tmp_path / "out" / "events.jsonl").read_text()
    with (tmp_path / "out" / "sols.csv").open() as file:
        rows = {int(row["sol"]): row for row in csv.DictReader(file)}
    # Nothing is commanded while the Sun stands between: 23 September to 23 October.
    assert float(rows[131]["odometer_m"]) == float(rows[155]["odometer_m"])


@pytest.mark.parametrize(("old", "new", "said"), [
    ("most_kbit_s = { value = 2048", "most_kbit_s = { value = 2000", "most_kbit_s 2000: allowed are powers"),
    ("least_kbit_s = { value = 1,", "least_kbit_s = { value = 4096,", "least_kbit_s: allowed are values"),
    ('start_utc = { value = "2021-05-14', 'start_utc = { value = "2021-01-14', "phase: allowed is a first"),
])  # fmt: skip
def test_figures_that_do_not_fit_are_refused(old, new, said, tmp_path):
    text = missions.text_of("zhurong-rover")
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(FswError, match=said):
        missions.load(tmp_path / "mine.toml")
