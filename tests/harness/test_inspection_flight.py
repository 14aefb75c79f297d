"""The inspector flown whole: round its host, away from it when something fails, the same each time."""

import csv
import json
import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from fsw import cli, missions
from fsw.core.errors import FswError
from fsw.ground import received_picture
from fsw.harness import kinds
from fsw.harness.inspection import fly
from fsw.inspection import InspectionFlight, surroundings, without_monitor
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND
from fsw.missions.inspection import Fault, Inspection
from fsw.missions.loader import parse
from fsw.world.surface import lens_of_field
from fsw.world.vectors import rotate_back

START = datetime.fromisoformat("2026-06-01T00:00:00Z")


@pytest.fixture(scope="module")
def mission():
    """Without pictures, which take longer than all else; they have a test of their own."""
    return replace(missions.load("inspector", Inspection), picture=None)


@pytest.fixture(scope="module")
def around(mission):
    return surroundings(mission)


def flown(mission, around, seed=1, fault=None):
    rows = []
    flight = InspectionFlight(
        mission if fault is None else replace(mission, fault=fault), seed, around, rows.append
    )
    flight.fly()
    return flight, rows


def host_axes(sun_icrf):
    """Of the host in the ICRF, as rows: x away from the Sun, y in the ecliptic, z towards its north."""
    x, tilt = -np.array(sun_icrf), math.radians(23.4392911)
    y = np.cross((0.0, -math.sin(tilt), math.cos(tilt)), x)
    y /= np.linalg.norm(y)
    return np.array([x, y, np.cross(x, y)])


def names(flight):
    return [said.event.name for _, said in flight.events]


def test_it_goes_round_once_and_leaves_sunward(mission, around):
    flight, rows = flown(mission, around)
    assert names(flight).count("WAYPOINT_REACHED") == 13
    assert "ABORT" not in names(flight)
    assert flight.contact_ns is None
    assert flight.inspector.restarts() == 0
    # It has been on every side of the host.
    round_it = [row for row in rows if 1800 < row.t_ns / SECOND < 13_700]
    sides = {round(math.degrees(math.atan2(row.at[1], row.at[0])) / 30) % 12 for row in round_it}
    assert len(sides) == 12
    assert all(52.0 < row.distance_m < 66.0 for row in round_it)
    assert rows[-1].at[0] < -50_000.0


def test_navigation_knows_where_it_is(mission, around):
    rows = flown(mission, around, 4)[1]
    near = [row for row in rows if row.estimate is not None and 1500 < row.t_ns / SECOND < 13_000]
    off = [math.dist(row.estimate, row.at) for row in near]
    assert len(off) > 150
    assert sum(off) / len(off) < 1.5  # 1 % of the range, and what the sightings leave
    assert max(off) < 4.0


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (Fault("thruster-open", 3100.0, 0), "THRUSTER_ISOLATED"),
        (Fault("thruster-open", 7000.0, 1), "THRUSTER_ISOLATED"),
        (Fault("thruster-dead", 3000.0, 2), "THRUSTER_DEAD"),
        (Fault("sensor-lost", 4000.0), "SIGHTINGS_LOST"),
        (Fault("sensor-frozen", 4000.0), "SIGHTING_REFUSED"),
        (Fault("sensor-scale", 4000.0, 0, 0.6), "SIGHTING_REFUSED"),
    ],
)
def test_a_fault_ends_the_inspection_and_the_camera_leaves(fault, event, mission, around):
    flight, rows = flown(mission, around, 3, fault)
    assert event in names(flight)
    assert "RETREAT_BURN" in names(flight)
    assert flight.contact_ns is None
    assert flight.keep_out_entered_ns is None
    assert rows[-1].distance_m > 10_000.0


def test_without_the_monitor_an_open_thruster_can_drive_it_into_its_host(mission, around):
    """Of some instants that it may open at; the same ones do no harm with the monitor."""
    struck = []
    for fault in (Fault("thruster-open", 5750.0 + 250.0 * k, 1) for k in range(3)):
        flight, _ = flown(without_monitor(mission), around, 2, fault)
        if flight.contact_ns is not None:
            struck.append(fault)
            assert "CONTACT" not in names(flight)
    assert struck
    assert all(flown(mission, around, 2, fault)[0].contact_ns is None for fault in struck)


def test_the_software_can_be_saved_in_mid_flight_and_goes_on_as_if_nothing_had_been(mission, around):
    fault = Fault("thruster-open", 3100.0, 0)
    broken = replace(mission, fault=fault)
    one = InspectionFlight(broken, 5, around)
    one.fly(3060 * SECOND)
    two = InspectionFlight(broken, 5, around)
    two.inspector.load(unpack(pack(one.inspector.save())))
    at, velocity = one.body.at, one.body.velocity
    for k in range(1, 20):
        t_ns = (3060 + 60 * k) * SECOND
        for each in (one, two):
            each.inspector.thrusters.advance(t_ns)
            each.inspector.cycle(at, (0.05 if k == 3 else 0.0, *velocity[1:]), t_ns)
    assert two.inspector.save() == one.inspector.save()
    assert len(one.events) > 2


def test_the_same_seed_gives_the_same_files(mission, tmp_path):
    told = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        folder = tmp_path / name
        folder.mkdir()
        told.append(fly(mission, {"seed": seed, "duration": 20_000.0}, folder).summary["flight_sha256"])
    assert told[0] == told[1] != told[2]
    same = [(tmp_path / name / "trajectory.csv").read_bytes() for name in "ab"]
    assert same[0] == same[1]
    with (tmp_path / "a" / "trajectory.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(rows[0][axis]) for axis in ("x_m", "y_m", "z_m")] == list(mission.release.point_m)
    assert float(rows[-1]["t_s"]) == 20_000.0
    for line in (tmp_path / "a" / "events.jsonl").read_text().splitlines():
        assert {"t_s", "utc", "event", "severity"} <= json.loads(line).keys()


def test_its_pictures_show_the_host_where_truth_and_lens_have_it(tmp_path, capsys):
    folder = tmp_path / "f"
    assert cli.run(["fly", "inspector", "--duration", "4500", "--out", str(folder)]) == 0
    assert "pictures  3 from 59.3 to 59.5 m, 1 in the host's shade by lamp" in capsys.readouterr().out
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["downlink"]["reports_received"] == len(summary["events"]) == 4
    entries = json.loads((folder / "pictures/index.json").read_text())
    known = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    assert [entry["picture"] for entry in entries] == [0, 1, 2]
    assert [entry["phase_deg"] for entry in entries] == pytest.approx([60, 90, 120], abs=1.5)
    assert [entry["lamp"] for entry in entries] == [False, False, True]
    rows = {row["t_s"]: row for row in csv.DictReader((folder / "trajectory.csv").open(encoding="utf-8"))}
    for entry, line in zip(entries, known, strict=True):
        picture = received_picture.read(folder / "pictures" / entry["file"], "inspector")
        pixels = picture.pixels()
        assert pixels.shape == (600, 800, 3)
        t_s = (datetime.fromisoformat(entry["exposed_at_utc"]) - START).total_seconds()
        assert entry["range_m"] == pytest.approx(float(rows[str(t_s)]["distance_m"]), abs=0.01)
        # The shield's tips to the sides, from where the camera stood, by its attitude and lens.
        lens = lens_of_field(entry["optics"]["field_of_view_deg"], 800, 600)
        host = host_axes(line["sun_icrf"])
        for tip in (7.1, -7.1):
            way = np.array([0.0, 0.0, tip]) - line["position_m"]
            seen = rotate_back(tuple(line["attitude_icrf"]), tuple(way @ host))
            x, y = lens.project(seen / np.linalg.norm(seen))
            lit = np.nonzero(pixels.max(2) > (250 if entry["lamp"] else 60))
            edge = lit[0].min() if tip > 0 else lit[0].max()
            # By lamp the shield's sunlit edge is overexposed by far, and scattered about.
            assert edge == pytest.approx(y, abs=12 if entry["lamp"] else 4)
            assert 0 < x < 800


def test_fsw_fly_hands_it_over_and_says_how_it_went(mission, tmp_path):
    values = {"seed": 1, "out": tmp_path / "f", "force": False, "duration": 4000.0}
    text = kinds.fly(mission, {}, values).text()
    assert "contact   none" in text
    assert "no abort" in text
    assert (tmp_path / "f" / "summary.json").exists()
    pytest.importorskip("matplotlib", reason="matplotlib is in the extra `analysis`")
    assert (tmp_path / "f" / "inspection.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("radius_m = { value = 60.0", "radius_m = { value = 20.0", "above monitor.keep_out_m"),
        ('kind = { value = "none"', 'kind = { value = "rust"', "allowed are none, thruster-dead"),
        ("north_km = { value = -350000.0", "north_km = { value = -3.0", "from 200,000 km on"),
        (
            "high_m = { value = [0.5, 10.6, 7.1]",
            "high_m = { value = [-0.5, 10.6, 7.1]",
            "above those of low_m",
        ),
        ("normal = { value = [0.0, -0.34, 0.94]", "normal = { value = [1.0, 0.0, 0.0]", "way to the Sun"),
        ("direction = { value = [-1.0", "direction = { value = [0.0", "not zero"),
    ],
)
def test_what_a_file_may_not_say_is_said_with_its_line(old, new, said):
    text = missions.text_of("inspector")
    assert old in text
    with pytest.raises(FswError, match=r"^mine.toml:") as error:
        parse(text.replace(old, new), "mine.toml")
    assert said in str(error.value)


def test_a_camera_cannot_be_released_inside_its_host(mission, around):
    inside = replace(mission, release=replace(mission.release, point_m=(-2.4, 0.0, 0.0)))
    with pytest.raises(FswError, match=r"release\.point_m"):
        InspectionFlight(inside, 1, around)


def test_one_that_needs_no_time_to_boot_steers_from_the_first_cycle(mission, around):
    release = replace(mission.release, tumble_deg_s=0.0)
    flight, _ = flown(replace(mission, release=release, camera=replace(mission.camera, boot_s=0.0)), around)
    assert flight.events[0][0] == 60 * SECOND
    assert names(flight)[0] == "AWAKE"
