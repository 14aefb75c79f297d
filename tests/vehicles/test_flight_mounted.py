"""A camera that stays on its spacecraft: the same software, firmware, files and ground, and other frames."""

import json

import pytest
from flights import Flight as Told
from PIL import Image

from fsw import missions
from fsw.core.errors import FswError
from fsw.ground.decode_command import decode_file
from fsw.harness.flight import Flight
from fsw.kernel.time import SECOND
from fsw.missions.mounted import MountedMission
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen2-earth-moon", MountedMission)
STEPS = (
    (5, "WIFI", "ON"),
    (8, "DOWNLINK_RATE", "HIGH"),
    (20, "CAMERA_STOP", ""),
    (22, "SELECT_PICTURES", "2"),
    (24, "DUMP_START", "SELECTED"),
)


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    """The Earth's pictures, rendered, with noise on the link."""
    folder = tmp_path_factory.mktemp("earth")
    flight = Flight(MISSION, Settings(seed=1), folder, duration_s=330.0, selection=1)
    return flight.fly(), folder


def test_the_picture_comes_home(flown):
    outcome, folder = flown
    summary = outcome.summary
    assert "too short for: the Moon, stars" in summary["note"]
    assert summary["pictures_taken"] == 4
    assert summary["full_frames_received"] == summary["pictures_received"] == 1
    assert summary["files_incomplete"] == summary["frames_undecodable"] == 0
    (entry,) = json.loads((folder / "pictures/index.json").read_text())
    with Image.open(folder / "pictures" / entry["file"]) as picture:
        assert (picture.size, picture.mode) == ((2048, 2048), "L")
        exif = picture.getexif().get_ifd(0x8769)
        assert float(exif[0x829A]) == pytest.approx(MISSION.observation[0].exposure_us * 1e-6)
        assert float(exif[0x920A]) == pytest.approx(215.1, abs=0.1)  # focal length [mm]


def test_frames_are_tianwen_2s(flown):
    """One a second on 237/1, in either length; its little-endian time is the mission's."""
    report = decode_file(flown[1] / "downlink.cadu", "tianwen2").as_json()
    channels = report["virtual_channels"]
    assert set(channels) == {"237/1", "237/2", "237/63"}
    assert sum(row["lost_frames"] for row in channels.values()) == 0
    assert {"1281", "1287", "1920", "1921"} <= set(report["apids"])
    assert report["first_time"].startswith("2025-05-30T09:59:0")
    assert report["last_time"].startswith("2025-05-30T10:04:")
    cadus = (flown[1] / "downlink.cadu").read_bytes()
    assert cadus[:4] == cadus[256:260] == bytes.fromhex("1acffc1d")


def test_a_flight_goes_on_from_a_snapshot_while_pictures_come_down():
    settings = Settings(seed=2, link="frames", workers=0, pictures="test-card")
    with Simulation(MISSION, settings) as whole, Simulation(MISSION, settings) as second:
        for at_s, name, arguments in STEPS:
            whole.command(name, arguments, arrive_ns=at_s * SECOND)
        whole.run_until(31 * SECOND)
        second.restore(whole.snapshot())
        for simulation in (whole, second):
            simulation.run_until(60 * SECOND)
        assert whole.summary()["pictures_taken"] == 2
        assert second.summary() == whole.summary()


def test_there_is_nothing_to_release():
    flight = Told(MISSION)
    flight.command(1, "RELEASE_ARM")
    flight.command(2, "RELEASE_FIRE")
    flight.fly(12)
    assert flight.failures() == [("RELEASE_FIRE", "NO_SEPARATION")]
    assert flight.simulation.camera.pictures_taken == 0


def test_only_cameras_that_have_it_take_the_large_size():
    flight = Told()
    flight.release()
    flight.command(10, "CAMERA_MODE", "SQUARE_2048X2048")
    flight.fly(110)
    assert flight.failures() == [("CAMERA_MODE", "REFUSED_BY_CAMERA")]
    with pytest.raises(FswError, match="allowed are 2048x2048"):
        Simulation(MISSION, Settings(size=(800, 600)))


def test_the_ground_reads_the_spacecrafts_clock():
    flight = Told(MISSION)
    flight.fly(420)
    correlation = flight.simulation.control.time.correlation
    assert correlation is not None
    assert abs(correlation.offset_ns - round(MISSION.orbiter.clock_offset_s * SECOND)) < 100_000
