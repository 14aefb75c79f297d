"""Whether a released camera comes back: against two orbits propagated elsewhere, and against theory."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fsw import missions
from fsw.campaign.recontact import COLUMNS, Question, ask
from fsw.campaign.recontact_files import text_of
from fsw.campaign.relative_motion import Doubles, Nature, Returns, watch
from fsw.cli.recontact import recontact
from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions import MissionFile
from fsw.world.heavens import Heavens
from fsw.world.orbit import PlanetOrbit
from fsw.world.release import release
from fsw.world.vectors import length, rotate, scale, unit

MARS = missions.load("tianwen1-mars", MissionFile)
CRUISE = missions.load("tianwen1-cruise", MissionFile)
RADII = np.array([8.0, 100.0])


def watched(nature: Nature, radius_km: float, push_m_s: Doubles, duration_s: float) -> Returns:
    """Cameras pushed off a host on a circular orbit: rows of outwards, ahead, aside."""
    speed = math.sqrt(nature.gm_km3_s2 / radius_km)
    host = np.array([radius_km, 0.0, 0.0]), np.array([0.0, speed, 0.0])
    count = len(push_m_s)
    cameras = np.tile(host[0], (count, 1)), host[1] + 1e-3 * push_m_s
    return watch(nature, 0, host, cameras, (0.0, np.zeros(count)), duration_s, RADII)


@pytest.fixture(scope="module")
def round_mars() -> Nature:
    """A planet that pulls as a point."""
    heavens = Heavens.of(MARS)
    assert heavens.planet is not None
    return Nature(heavens.ephemeris, replace(heavens.planet, zonal=(0.0, 0.0, 0.0)), (0.0, 0.0, 1.0))


def test_it_agrees_with_two_orbits_propagated_by_another_integrator() -> None:
    """Distances after 2000 s and after one and three revolutions, with J2 to J4 and the Sun's tide."""
    heavens = Heavens.of(MARS)
    path, t_ns = heavens.trajectory, MARS.release_ns
    assert isinstance(path, PlanetOrbit)
    attitude = heavens.attitude.attitude(t_ns)
    planet = path.planet
    nature = Nature(heavens.ephemeris, planet, planet.equator(heavens.epoch.tdb_ns(t_ns))[2])
    directions = ((-0.10, -0.60, 0.79), (0.3, 0.9, 0.1), (0.0, 0.0, -1.0))
    # The host anew from the state that it has then: what it is between its nodes is not quite an orbit.
    path = PlanetOrbit(heavens.ephemeris, planet, t_ns, path.planet_centred_state(t_ns))
    motions = [release(path, t_ns, attitude, (0.0, 0.0, 0.0), direction, 0.2) for direction in directions]
    position, velocity = (np.array(part) for part in path.planet_centred_state(t_ns))
    pushes = np.array([scale(rotate(attitude, unit(direction)), 0.2e-3) for direction in directions])
    host, cameras = (position, velocity), (np.tile(position, (3, 1)), velocity + pushes)
    for duration_s in (2000.0, 25_228.0, 75_700.0):
        found = watch(nature, t_ns, host, cameras, (0.0, np.zeros(3)), duration_s, RADII)
        for motion, end_m in zip(motions, found.end_m, strict=True):
            judge_m = length(motion.position_m(t_ns + round(duration_s * SECOND)))
            assert end_m == pytest.approx(judge_m, rel=1.5e-5, abs=0.02), duration_s


def test_pushed_outwards_or_aside_it_comes_back_as_hill_says(round_mars: Nature) -> None:
    """Clohessy and Wiltshire: outwards it returns after a revolution; aside after half of one; pushed ahead
    it is 6 pi v / n behind after one, having left for good."""
    radius_km = 8900.0
    n = math.sqrt(round_mars.gm_km3_s2 / radius_km**3)
    period_s = 2.0 * math.pi / n
    push = np.array([[0.2, 0.0, 0.0], [0.0, 0.0, 0.2], [0.0, 0.2, 0.0]])
    found = watched(round_mars, radius_km, push, 1.3 * period_s)
    assert found.closest_m[0] < 1.0
    assert found.closest_s[0] == pytest.approx(period_s, rel=1e-3)
    assert found.closest_m[1] < 1.0
    assert found.closest_s[1] == pytest.approx(period_s / 2, rel=1e-3) or found.closest_s[1] == pytest.approx(
        period_s, rel=1e-3
    )
    # First within 100 m: that much before the passage, at the speed with which it left.
    assert found.first_s[1, 0] == pytest.approx(period_s, rel=0.05)
    assert found.first_s[1, 1] == pytest.approx(period_s / 2, rel=0.1)
    assert np.isinf(found.first_s[:, 2]).all()
    after_one = watched(round_mars, radius_km, push, period_s).end_m
    assert after_one[2] == pytest.approx(6.0 * math.pi * 0.2 / n, rel=1e-2)


def test_sunlight_brings_back_what_was_thrown_at_the_sun() -> None:
    """In cruise: back after 2 v / a, having been v^2 / 2 a away, by the difference of the pushes."""
    nature = Nature(Heavens.of(CRUISE).ephemeris, None, None)
    position, velocity = np.array([1.7e8, 0.0, 0.0]), np.array([0.0, 27.0, 0.0])
    push_1au = 5e-10  # km/s2, on the camera alone: ten times a real one, to be quick
    push = push_1au * (149_597_870.7 / 1.7e8) ** 2 * 1e3
    speed = 0.02
    cameras = position[None].copy(), velocity + np.array([[-1e-3 * speed, 0.0, 0.0]])
    returns_s = 2.0 * speed / push
    found = watch(
        nature, 0, (position, velocity), cameras, (0.0, np.array([push_1au])), 1.1 * returns_s, RADII
    )
    assert found.first_s[1, 0] == pytest.approx(returns_s, rel=0.1)
    assert found.closest_m[0] < 15.0  # meanwhile the Sun has moved on by a degree


def test_aimed_at_mars_or_in_cruise_none_comes_back() -> None:
    for mission in (MARS, CRUISE):
        summary = ask(mission, Question(draws=300, days=1.0)).summary
        assert [row["recontacts"] for row in summary["radii"]] == [0, 0, 0, 0]
        for row in summary["radii"]:
            assert row["high_95"] == pytest.approx(1.0 - 0.025 ** (1 / 300))
        assert summary["end_m"]["least"] > 10_000


def test_wherever_it_goes_some_come_back_and_those_left_across_the_path() -> None:
    answer = ask(MARS, Question(draws=1500, days=1.0, any_direction=True))
    columns, rows = answer.columns, answer.summary["radii"]
    assert set(columns) == set(COLUMNS)
    counts = [row["recontacts"] for row in rows]
    assert counts == sorted(counts)
    assert counts[-1] > 40
    back = columns["closest_return_m"] < 1000.0
    assert back.sum() <= counts[-1]
    assert np.abs(columns["ahead_m_s"][back]).max() < 0.05 < np.abs(columns["ahead_m_s"]).max()
    speed = np.sqrt(sum(columns[name] ** 2 for name in ("ahead_m_s", "outwards_m_s", "aside_m_s")))
    assert speed == pytest.approx(columns["speed_m_s"], rel=1e-9)
    # A cube of 8 cm shows between one face and the square root of three of them.
    assert (
        0.0064 * 0.999 < columns["camera_area_m2"].min() < columns["camera_area_m2"].max() < 0.0064 * 3**0.5
    )
    assert text_of(answer.summary).count("\n") >= 6


def test_draws_depend_on_their_seed_and_number_alone() -> None:
    few, again = (ask(MARS, Question(draws=50, days=0.05, seed=3)) for _ in range(2))
    other = ask(MARS, Question(draws=50, days=0.05, seed=4))
    for name in COLUMNS:
        assert np.array_equal(few.columns[name], again.columns[name]), name
    assert not np.array_equal(few.columns["speed_m_s"], other.columns["speed_m_s"])


def test_what_is_not_allowed_is_told() -> None:
    with pytest.raises(FswError, match=r"needs a table \[recontact\]"):
        ask(replace(MARS, recontact=None), Question())
    with pytest.raises(FswError, match=r"allowed are those above the host's own, 8\.1 m"):
        ask(MARS, Question(keep_out_m=(5.0,)))


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    arguments = ["tianwen1-mars", "--draws", "200", "--days", "0.5", "--any-direction", "--json"]
    told = CliRunner().invoke(recontact, arguments, catch_exceptions=False)
    summary = json.loads(told.output)
    assert summary["draws"] == 200
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra 'analysis'")
    pytest.importorskip("matplotlib", reason="needs the extra 'analysis'")
    told = CliRunner().invoke(recontact, [*arguments[:-1], "--out", str(tmp_path)], catch_exceptions=False)
    assert told.output.startswith(
        "tianwen1-mars: 200 releases in any direction, seed 1, watched for 0.5 days"
    )
    table = parquet.read_table(tmp_path / "recontact.parquet")
    assert table.num_rows == 200
    assert table.schema.field("ahead_m_s").metadata[b"unit"] == b"m/s"
    assert json.loads((tmp_path / "recontact.json").read_text(encoding="utf-8")) == summary
    assert (tmp_path / "recontact.png").read_bytes().startswith(b"\x89PNG")
