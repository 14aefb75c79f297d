"""What the emulator writes beside a flight: where the camera really looked."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fsw.harness import truth
from fsw.missions import load
from fsw.world import optics
from fsw.world.heavens import Heavens
from fsw.world.imaging import ReleasedCamera, Snap
from fsw.world.mounted import MountedView
from fsw.world.portrait import PlacedView
from fsw.world.scene import Studio
from fsw.world.vectors import rotate

# Lens A looks 20 deg off the Sun, and turns about that.
MOTION = {"speed_m_s": 0.2, "direction": (1.0, 0.0, 0.0), "axis": (0.1, 0.0, 0.995), "rate_deg_s": 20.0}


@pytest.fixture(scope="module")
def camera():
    mission = load("tianwen1-cruise")
    return ReleasedCamera(mission, Heavens.of(mission), Studio(), mission.release_ns, MOTION, 5)


def told(camera, pictures, rendered=True):
    entries = [
        {"file": f"full/{k}", "complete": True, "kind": "full", "coding": "jpeg", "size": "800x600"}
        | {"lens": "AB"[snap.lens], "exposure_us": snap.exposure_us}
        for k, (snap, _) in enumerate(pictures)
    ]
    store = SimpleNamespace(entries=entries, contents=lambda file: pictures[int(file[5:])][1])
    simulation = SimpleNamespace(
        released=camera,
        control=SimpleNamespace(pictures=store),
        settings=SimpleNamespace(pictures="rendered" if rendered else "test-card"),
        epoch=load("tianwen1-cruise").epoch,
    )
    return [json.loads(line) for line in truth.lines(simulation)]


def test_the_sun_is_where_the_truth_has_it(camera):
    """Through attitude, rolling shutter and lens it falls on the middle of the brightest place."""
    snap = Snap(0, camera.release.t_ns + 400_000_000_000, 600, 1.0, 800, 600, False)
    jpeg, _ = camera.take(snap)
    (line,) = told(camera, [(snap, jpeg)])
    assert line["file"] == "full/0"
    assert line["middle_utc"] == "2020-09-30T16:06:40.015300Z"
    # By hand, row by row: where the Sun is when the row on which it falls is read.
    w, *axis = line["attitude_icrf"]
    still = np.array(rotate((w, *(-v for v in axis)), tuple(line["sun_icrf"])))
    lens, rate, row = optics.lens_of(800, 600), np.radians(line["rate_deg_s"]), 299.5
    for _ in range(5):
        x, row = lens.project(still - np.cross(rate, still) * (row - 299.5) * line["line_time_s"])
    with Image.open(io.BytesIO(jpeg)) as image:
        ys, xs = np.nonzero(np.asarray(image)[..., 1] >= 250)
    assert (xs.mean(), ys.mean()) == pytest.approx((x, row), abs=1.0)


def test_lens_b_looks_the_other_way(camera):
    start_ns = camera.release.t_ns + 400_000_000_000
    snaps = [Snap(lens, start_ns, 600, 1.0, 800, 600, False) for lens in (0, 1)]
    lines = told(camera, [(snap, camera.take(snap)[0]) for snap in snaps])
    turn = [line["attitude_icrf"] for line in lines]
    z, x, y = ([rotate(tuple(q), unit) for q in turn] for unit in ((0, 0, 1.0), (1.0, 0, 0), (0, 1.0, 0)))
    assert np.dot(*z) == pytest.approx(-1)
    assert np.dot(*x) == pytest.approx(-1)
    assert np.dot(*y) == pytest.approx(1)
    rates = [np.array(line["rate_deg_s"]) for line in lines]
    assert rates[1] == pytest.approx(rates[0] * (-1, 1, -1))
    assert np.linalg.norm(rates[0]) == pytest.approx(20, rel=0.01)


def test_a_mounted_cameras_target_is_in_the_middle():
    mission = load("tianwen2-earth-moon")
    heavens = Heavens.of(mission)
    view = MountedView(mission, heavens, 1)
    start_ns = mission.epoch.parse("2025-05-30T13:00:01Z")
    jpeg, _ = view.take(Snap(0, start_ns, 420, 1.0, 64, 64, False))
    entry = {"file": "full/0", "complete": True, "kind": "full", "coding": "jpeg", "size": "64x64"}
    store = SimpleNamespace(entries=[entry | {"lens": "A", "exposure_us": 420}], contents=lambda _: jpeg)
    flown = SimpleNamespace(
        released=view,
        control=SimpleNamespace(pictures=store),
        settings=SimpleNamespace(pictures="rendered"),
        mission=mission,
    )
    (line,) = map(json.loads, truth.lines(flown))
    assert line["target"] == "moon"
    assert line["target_km"] == pytest.approx(590_003, abs=5)
    assert line["middle_utc"] == "2025-05-30T13:00:01.000210Z"
    look = rotate(tuple(line["attitude_icrf"]), (0.0, 0.0, 1.0))
    away_deg = np.degrees(np.arccos(np.dot(look, heavens.direction("moon", start_ns).unit)))
    assert away_deg < 3 * mission.attitude.dead_band_deg


def test_a_camera_on_the_ground_turns_with_its_planet():
    mission = load("zhurong-portrait")
    heavens = Heavens.of(mission)
    view = PlacedView(mission, heavens.trajectory, False, 1)
    t_ns = mission.release_ns
    attitude, rate, sun = view.standing(t_ns)
    up = heavens.trajectory.axes(t_ns)[2]
    assert np.dot(sun, up) == pytest.approx(view.light(t_ns).sun_direction[2])
    # Up in the picture is up over the ground, but for its roll of 1.2 deg and its five degrees of dip.
    assert np.dot(rotate(attitude, (0.0, -1.0, 0.0)), up) == pytest.approx(1.0, abs=0.005)
    assert np.linalg.norm(rate) == pytest.approx(2 * np.pi / 88642.66, rel=1e-6)
    later, _, _ = view.standing(t_ns + 10**10)
    turn = np.array(rotate(later, (0.0, 0.0, 1.0))) - rotate(attitude, (0.0, 0.0, 1.0))
    assert turn == pytest.approx(rotate(attitude, tuple(10 * np.cross(rate, (0.0, 0.0, 1.0)))), abs=1e-6)


def test_a_test_card_has_no_truth(camera):
    assert told(camera, [(Snap(0, 0, 600, 1.0, 800, 600, False), b"")], rendered=False) == []
