"""The flight at Mars: the orbiter alone, its camera on an orbit of its own, 1169 s of light time."""

import dataclasses
import json

import pytest
from PIL import Image

from fsw import missions
from fsw.core.errors import FswError
from fsw.ground.decode_command import decode_file
from fsw.ground.plan import Plan, Step
from fsw.harness.flight import Flight
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation
from fsw.world import optics
from fsw.world.vectors import add, cross, dot, length, scale, subtract, unit

MISSION = missions.load("tianwen1-mars")
SETTINGS = Settings(seed=4, pictures="test-card", link="frames", workers=0)


def commanded(simulation):
    for at_s, name, arguments in ((1, "WIFI", "ON"), (2, "RELEASE_ARM", ""), (3, "RELEASE_FIRE", "")):
        simulation.command(name, arguments, arrive_ns=at_s * SECOND)


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    """The first half minute, with real pictures."""
    folder = tmp_path_factory.mktemp("mars")
    settings = Settings(seed=1, link="frames", workers=0)
    flight = Flight(MISSION, settings, folder, duration_s=1198.0, selection=5)
    # Nothing that is taken later would come down in time.
    steps = [*flight.plan.steps, Step(19 * SECOND, "CAMERA_STOP")]
    flight.plan = Plan(tuple(sorted(steps, key=lambda step: step.arrive_ns)))
    return flight.fly(), folder


def test_pictures_come_home_from_mars(flown):
    outcome, folder = flown
    summary = outcome.summary
    assert summary["one_way_light_time_s"] == pytest.approx(1168.6, abs=0.5)
    assert summary["full_frames_received"] == 5
    assert summary["thumbnails_received"] == summary["pictures_received"] >= 10
    assert summary["files_incomplete"] == summary["frames_undecodable"] == 0
    with Image.open(folder / "contact_sheet.jpg") as sheet:
        assert sheet.size == (1660, 734)
    events = [json.loads(line)["name"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert any("SEPARAT" in name for name in events)


def test_the_camera_sees_orbiter_and_mars(flown):
    """Near by: spacecraft and ground fill the picture; its far lens sees sky or Mars only."""
    _, folder = flown
    index = json.loads((folder / "pictures/index.json").read_text())
    full = [entry for entry in index if entry["kind"] == "full"]
    assert all(0.2 < entry["range_m"] < 3.0 for entry in full)
    for entry in full[:2]:
        with Image.open(folder / "pictures" / entry["file"]) as picture:
            assert picture.size == (800, 600)
            grey = picture.convert("L").resize((80, 60))
            assert sum(level > 48 for level in grey.tobytes()) > 1000


# Tips of the wings, corners of the bus, dish and boom, body axes [m].
CORNERS = [
    *((x, y, z) for x in (-0.6, 0.6) for y in (-8.0, 8.0) for z in (-0.3, 1.9)),
    *((x, y, z) for x in (-1.5, 1.5) for y in (-1.5, 1.5) for z in (-1.3, 1.9)),
    (2.8, -1.2, -2.0), (2.8, 1.2, -2.0), (2.8, 0.0, 0.3), (-2.2, 0.9, 4.2),
]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_flight_shows_part_of_the_orbiter_with_the_cap_the_whole_before_mars_and_a_portrait(seed):
    """By geometry: what is in the frames of the first five minutes, whatever the tumble."""
    with Simulation(MISSION, dataclasses.replace(SETTINGS, seed=seed)) as simulation:
        commanded(simulation)
        simulation.run_until(4 * SECOND)
        camera = simulation.released
    assert camera is not None
    start_ns, lens = camera.release.t_ns, optics.lens_of(800, 600)
    part_and_cap = whole_before_mars = 0
    best_portrait_rad = 0.0
    for second in range(2, 300):
        t_ns = start_ns + second * SECOND
        pose, light = camera.pose(t_ns), camera.light(t_ns)
        planet = light.planet
        for side in (0, 1):
            view = optics.view_of(pose.position_m, pose.attitude, pose.rate_rad_s, side, 5e-5, 1.8e-3)

            def inside(direction, view=view):
                at = lens.project_rolling(view, direction)
                return at is not None and 0 <= at[0] < 800 and 0 <= at[1] < 600

            seen = [inside(subtract(corner, pose.position_m)) for corner in CORNERS]
            pole = add(planet.centre_km, scale(planet.axes[2], planet.polar_km))
            away = unit(scale(pose.position_m, -1))
            behind = dot(away, unit(planet.centre_km)) > 0 and length(cross(away, planet.centre_km)) < 3370
            part_and_cap += any(seen) and not all(seen) and inside(pole)
            whole_before_mars += all(seen) and behind
            if all(seen):
                best_portrait_rad = max(best_portrait_rad, 16 / length(pose.position_m))
    assert part_and_cap >= 5
    assert whole_before_mars >= 10
    assert best_portrait_rad > 0.6  # 34 deg across: a third of the picture and more


def test_the_downlink_is_the_orbiters_alone(flown):
    _, folder = flown
    report = decode_file(folder / "downlink.cadu", "tianwen1", None).as_json()
    assert report["frames"] > 100
    assert {"245/1", "245/3", "245/4"} <= set(report["virtual_channels"])
    assert all(channel.startswith("245/") for channel in report["virtual_channels"])


def test_the_high_rate_is_one_megabit_per_second():
    high = MISSION.downlink.high
    assert high.frames_per_s == 125
    assert high.frames_per_s * high.cadu_octets * 8 == pytest.approx(1e6, rel=0.03)


def test_a_snapshot_holds_the_flight_about_mars():
    with Simulation(MISSION, SETTINGS) as simulation:
        commanded(simulation)
        simulation.run_until(20 * SECOND)
        middle = simulation.snapshot()
        simulation.run_until(40 * SECOND)
        assert simulation.released is not None
        assert simulation.released.range_m(40 * SECOND) == pytest.approx(37 * 0.2, rel=0.1)
        end = simulation.snapshot()
    with Simulation(MISSION, SETTINGS) as other:
        other.restore(middle)
        assert other.snapshot() == middle
        other.run_until(40 * SECOND)
        assert other.snapshot() == end
    with (
        Simulation(missions.load("tianwen1-cruise"), SETTINGS) as cruise,
        pytest.raises(FswError, match="mars"),
    ):
        cruise.restore(middle)


def test_without_a_capsule_nobody_answers_on_its_umbilical():
    """And where it is on board it does: the same orbit with the capsule sends the lander's frames."""
    whole = dataclasses.replace(MISSION.orbiter, entry_capsule=True)
    counts = {}
    for mission in (MISSION, dataclasses.replace(MISSION, orbiter=whole)):
        with Simulation(mission, SETTINGS) as simulation:
            sent = []
            simulation.orbiter.on_frames = lambda mode, start_ns, frames, sent=sent: sent.append(frames)
            simulation.run_until(30 * SECOND)
            octets = b"".join(bytes(frames) for frames in sent)
            scids = {(octets[at] << 8 | octets[at + 1]) >> 6 & 0xFF for at in range(0, len(octets), 220)}
            counts[mission.orbiter.entry_capsule] = scids
    assert counts == {False: {245}, True: {245, 82}}
