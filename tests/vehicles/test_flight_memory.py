"""A mass memory in a folder: the next flight finds what the last one stored, and hears of what is damaged."""

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.devices.log_file import NAME
from fsw.ground.telemetry import Telemetry
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=5, pictures="test-card", link="frames", workers=0)


def flown(simulation, *telecommands, until_s):
    for at_s, name, arguments in telecommands:
        simulation.command(name, arguments, arrive_ns=at_s * SECOND)
    simulation.run_until(until_s * SECOND)
    simulation.finish()


def received(simulation):
    pictures = simulation.control.pictures
    return {e["file"]: pictures.contents(e["file"]) for e in pictures.entries if e["complete"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of a flight that took pictures and sent none."""
    folder = tmp_path_factory.mktemp("memory")
    with Simulation(MISSION, SETTINGS, memory=folder) as simulation:
        release = (
            (1, "WIFI", "ON"),
            (2, "RELEASE_ARM", ""),
            (3, "RELEASE_FIRE", ""),
            (20, "CAMERA_STOP", ""),
        )
        flown(simulation, *release, until_s=25)
        with pytest.raises(FswError, match="in use"):
            Simulation(MISSION, SETTINGS, memory=folder)
    return folder


def test_the_next_flight_sends_the_pictures_of_the_last_one(folder, tmp_path):
    log = (folder / NAME).read_bytes()
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    flipped = bytearray(log)
    flipped[len(log) // 2] ^= 1
    (damaged / NAME).write_bytes(flipped[:-100])
    dump = ((1, "DOWNLINK_RATE", "HIGH"), (3, "DUMP_START", "THUMBNAILS"))
    got = {}
    for memory in (folder, damaged):
        told = []
        with Simulation(MISSION, SETTINGS, memory=memory, on_news=told.append) as simulation:
            flown(simulation, *dump, until_s=100)
            events = [news.report.name for news in told if isinstance(news, Telemetry) and news.report]
            got[memory] = received(simulation), events
    whole, events = got[folder]
    assert len(whole) >= 20
    assert events.count("EVENT_MASS_MEMORY_FOUND") == 1
    assert not {"EVENT_MASS_MEMORY_DAMAGED", "EVENT_MASS_MEMORY_TORN"} & set(events)
    rest, events = got[damaged]
    assert events.count("EVENT_MASS_MEMORY_DAMAGED") == events.count("EVENT_MASS_MEMORY_TORN") == 1
    assert len(whole) - 2 <= len(rest) <= len(whole)
    assert rest.items() <= whole.items()


def test_a_snapshot_takes_the_place_of_what_the_folder_held(folder, tmp_path):
    with Simulation(MISSION, SETTINGS) as other:
        empty = other.snapshot()
    with Simulation(MISSION, SETTINGS, memory=tmp_path) as simulation:
        simulation.orbiter.memory.store("picture/full/1", bytes(100))
        simulation.restore(empty)
    with Simulation(MISSION, SETTINGS, memory=tmp_path) as simulation:
        assert simulation.orbiter.memory.keys() == {}
        assert simulation.snapshot() == empty
