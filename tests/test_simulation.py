"""The whole flight, small: everything works together, twice the same, and broken by a snapshot too."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
END_NS = 150 * SECOND


def fly_selfie(simulation: Simulation) -> None:
    """Telecommands of a short selfie; the pictures come down before `END_NS`."""
    simulation.command("PING", arrive_ns=2 * SECOND)
    simulation.command("WIFI", "ON", arrive_ns=3 * SECOND)
    simulation.command("RELEASE_ARM", arrive_ns=5 * SECOND)
    simulation.command("RELEASE_FIRE", arrive_ns=10 * SECOND)
    simulation.command("SELECT_PICTURES", "4", arrive_ns=50 * SECOND)
    simulation.command("DOWNLINK_RATE", "HIGH", arrive_ns=51 * SECOND)
    simulation.command("DUMP_START", arrive_ns=52 * SECOND)


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flown")
    with Simulation(MISSION, Settings(seed=3, pictures="test-card", workers=0), folder) as simulation:
        fly_selfie(simulation)
        simulation.run_until(END_NS)
        simulation.finish()
        return simulation, simulation.summary(), folder


def test_every_telecommand_is_completed(flown):
    simulation, _, _ = flown
    assert {(sent.name, sent.stage) for sent in simulation.control.telecommands()} == {
        (name, "completed")
        for name in (
            "PING",
            "WIFI",
            "RELEASE_ARM",
            "RELEASE_FIRE",
            "SELECT_PICTURES",
            "DOWNLINK_RATE",
            "DUMP_START",
        )
    }


def test_no_task_had_to_be_restarted_and_no_message_was_lost(flown):
    simulation, _, _ = flown
    for counters in simulation.orbiter.scheduler.counters().values():
        assert (counters.restarts, counters.dropped, counters.overruns) == (0, 0, 0)


def test_news_arrives_one_light_time_later(flown):
    simulation, summary, _ = flown
    ping = simulation.control.telecommands()[0]
    accepted_ns = next(time_ns for time_ns, stage in ping.history if stage == "accepted")
    # The command arrives 2 s into the mission; its report waits for the next frames, a second's worth.
    assert 0 <= accepted_ns / SECOND - 2 - summary["one_way_light_time_s"] < 3
    assert summary["one_way_light_time_s"] == pytest.approx(80.37, abs=0.01)


def test_pictures_are_what_the_camera_took_octet_for_octet(flown):
    simulation, summary, folder = flown
    assert summary["full_frames_received"] == 4
    assert summary["thumbnails_received"] > 70
    assert summary["files_incomplete"] == 0
    from fsw.world.test_card import test_card as card

    sent = hashlib.sha256(card(800, 600)).hexdigest()
    entries = [entry for entry in simulation.control.pictures.entries if entry["kind"] == "full"]
    assert {entry["sha256"] for entry in entries} == {sent}
    for entry in entries:
        assert (folder / "pictures" / entry["file"]).read_bytes() == card(800, 600)


def test_the_receiving_chain_works_for_its_living(flown):
    _, summary, _ = flown
    # Low rate at Es/N0 of 4 dB: one symbol in eighty is wrong; the high rate is nearly clean.
    assert summary["channel_symbol_errors"] > 1000
    assert summary["frames_undecodable"] == 0


def test_the_downlink_file_is_cadus_each_with_its_marker(flown):
    _, summary, folder = flown
    octets = (folder / "downlink.cadu").read_bytes()
    assert hashlib.sha256(octets).hexdigest() == summary["downlink_sha256"]
    at = frames = 0
    while at < len(octets):
        assert octets[at : at + 4] == bytes.fromhex("1acffc1d")
        following = octets[at + 256 : at + 260]
        at += 256 if following in (b"", bytes.fromhex("1acffc1d")) else 1024
        frames += 1
    assert frames == summary["frames_received"]


def test_the_wifi_slots_skipped_would_have_carried_nothing(flown, monkeypatch):
    def in_reach(simulation):
        return simulation.released is not None and simulation.camera.radio_on

    monkeypatch.setattr(Simulation, "_wifi_wanted", in_reach)
    with Simulation(MISSION, Settings(seed=3, pictures="test-card", workers=0)) as simulation:
        fly_selfie(simulation)
        simulation.run_until(END_NS)
        simulation.finish()
        assert simulation.summary()["downlink_sha256"] == flown[1]["downlink_sha256"]


def test_one_seed_gives_one_downlink_and_another_seed_another(flown):
    _, summary, _ = flown
    shas = []
    for seed in (3, 4):
        with Simulation(MISSION, Settings(seed=seed, pictures="test-card", workers=2)) as simulation:
            fly_selfie(simulation)
            simulation.run_until(END_NS)
            simulation.finish()
            shas.append(simulation.summary()["downlink_sha256"])
    assert shas[0] == summary["downlink_sha256"]
    assert shas[1] != summary["downlink_sha256"]


CONTINUE = """
import sys
from pathlib import Path
from fsw import missions
from fsw.simulation import Settings, Simulation
with Simulation(missions.load("tianwen1-cruise"), Settings(seed=3, pictures="test-card")) as simulation:
    simulation.restore(Path(sys.argv[1]).read_bytes())
    simulation.run_until(int(sys.argv[2]))
    simulation.finish()
    print(simulation.summary())
"""


@pytest.mark.parametrize("cut_s", [4.321, 57.05, 137.5])
def test_broken_by_snapshot_and_a_new_process_the_flight_is_the_same(flown, tmp_path, cut_s):
    _, summary, _ = flown
    with Simulation(MISSION, Settings(seed=3, pictures="test-card", workers=0)) as simulation:
        fly_selfie(simulation)
        simulation.run_until(round(cut_s * SECOND))
        file = tmp_path / "flight.snapshot"
        file.write_bytes(simulation.snapshot())
    done = subprocess.run(
        [sys.executable, "-P", "-c", CONTINUE, str(file), str(END_NS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(summary), done.stderr


def test_a_snapshot_of_another_flight_is_refused():
    with Simulation(MISSION, Settings(seed=1, pictures="test-card", workers=0)) as simulation:
        octets = simulation.snapshot()
    with Simulation(MISSION, Settings(seed=2, pictures="test-card", workers=0)) as other:
        with pytest.raises(FswError, match="seed"):
            other.restore(octets)
        with pytest.raises(FswError, match="damaged snapshot"):
            other.restore(octets[:-1])


def test_the_link_may_carry_frames_instead_of_symbols():
    settings = Settings(seed=3, pictures="test-card", link="frames", workers=0)
    with Simulation(MISSION, settings) as simulation:
        fly_selfie(simulation)
        simulation.run_until(END_NS)
        simulation.finish()
        summary = simulation.summary()
    assert summary["full_frames_received"] == 4
    assert summary["symbols_corrected"] == 0


def test_rendered_pictures_are_the_same_whatever_threads_make_them():
    pictures = []
    for workers in (0, 2):
        with Simulation(MISSION, Settings(seed=5, workers=workers)) as simulation:
            fly_selfie(simulation)
            simulation.run_until(14 * SECOND)
            memory = simulation.orbiter.memory
            pictures.append([memory.fetch(f"picture/full/{n}") for n in range(1, 5)])
    assert pictures[0] == pictures[1]
    assert all(picture is not None for picture in pictures[0])


def test_a_size_that_the_sensor_does_not_have_is_refused():
    with pytest.raises(FswError, match="picture size 640x480: allowed are 800x600, 1600x1200"):
        Simulation(MISSION, Settings(size=(640, 480)))


def test_a_telecommand_that_would_come_too_late_is_refused():
    with Simulation(MISSION, Settings(workers=0)) as simulation:
        simulation.run_until(10 * SECOND)
        with pytest.raises(FswError, match=r"PING: too late.*80\.4 s are needed"):
            simulation.command("PING", arrive_ns=20 * SECOND)


def test_files_are_whole_when_the_flight_is_cut_short(tmp_path):
    with Simulation(MISSION, Settings(pictures="test-card", workers=0), tmp_path) as simulation:
        simulation.run_until(90 * SECOND)
    assert (tmp_path / "downlink.cadu").stat().st_size % 256 == 0
    assert Path(tmp_path / "telemetry.sqlite").exists()
    assert (tmp_path / "pictures" / "index.json").read_text() == "[]\n"
