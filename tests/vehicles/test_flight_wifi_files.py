"""The camera's pictures as CFDP files over the Wi-Fi, flown: loss, a link that goes, resets, snapshots."""

import random
from dataclasses import replace

import numpy as np
import pytest

from fsw import missions
from fsw.devices.image_sensor import Taken
from fsw.dictionary import camera
from fsw.dictionary.identifiers import BootKind, BootReason
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation
from fsw.tasks.relay import Relay
from fsw.world.test_card import test_card as card

FOUND = missions.load("tianwen1-cruise")
# A fifth of the rate: pictures are on their way most of the time.
MISSION = replace(FOUND, wifi=replace(FOUND.wifi, rate_near_bit_s=FOUND.wifi.rate_near_bit_s / 5))
STOP_S = 16  # seven seconds of pictures
RELEASE = ((1, "WIFI", "ON"), (2, "RELEASE_ARM", ""), (3, "RELEASE_FIRE", ""))


class Flight(Simulation):
    """Every picture is another, and what the orbiter gets of each is kept. loss: of packets, both ways."""

    def __init__(self, wifi_class, loss=0.0):
        super().__init__(
            MISSION, Settings(5, pictures="test-card", link="frames", workers=0, wifi_class=wifi_class)
        )
        self.came, self.told, self.taken = {}, [], {}
        self.range_m, self.chance, self.loss = None, random.Random(3), loss
        self._watch_the_sensor()
        self._lose_packets()
        for at_s, name, arguments in RELEASE:
            self.command(name, arguments, arrive_ns=at_s * SECOND)

    def _take(self, shot):
        chance = random.Random(f"{shot.lens} {shot.start_ns}")
        octets = card(shot.width, shot.height) + chance.randbytes(chance.randrange(1, 40_000))
        return Taken(octets, shot.exposure_us)

    def _watch_the_sensor(self):
        unit = self.camera.unit
        commit = unit.commit

        def committed(handle, octets, *rest):
            self.taken[unit._self.picture[handle & 0xFF].number] = bytes(octets)
            return commit(handle, octets, *rest)

        unit.commit = committed

    def _lose_packets(self):
        end_slot, take = self._wifi.end_slot, self._wifi.take_for_camera

        def lossy(slot, octets, lengths):
            octets, lengths = end_slot(slot, octets, lengths)
            kept = np.array([self.chance.random() >= self.loss for _ in lengths], dtype=bool)
            return octets[np.repeat(kept, lengths)], lengths[kept]

        self._wifi.end_slot = lossy
        self._wifi.take_for_camera = lambda: [p for p in take() if self.chance.random() >= self.loss]

    @property
    def files_relay(self):
        return self.orbiter.scheduler.task("relay")

    def _range_m(self, at_ns):
        return super()._range_m(at_ns) if self.range_m is None else self.range_m

    def finish_pictures(self, most_s=200):
        """No more are taken, until every picture has come or been told of."""
        self.run_until(max(self.now_ns, STOP_S * SECOND))
        self.camera.receive(camera.stop(1), self.now_ns)
        while len(self.came) + len(set(self.told)) < len(self.taken):
            assert self.now_ns < most_s * SECOND, "it never ends"
            self.run_until(self.now_ns + SECOND)
        self.run_until(self.now_ns + 10 * SECOND)


@pytest.fixture
def flown(monkeypatch):
    """Makes a flight whose relay, also a restarted one, is watched."""
    picture, lost = Relay._picture, Relay._lost
    flights = []

    def keep(relay, found, octets):
        made = flights[-1]
        assert found.number not in made.came
        made.came[found.number] = octets
        return picture(relay, found, octets)

    def note(relay, found):
        flights[-1].told.append(found.number)
        return lost(relay, found)

    def make(*given, **settings):
        flights.append(Flight(*given, **settings))
        return flights[-1]

    monkeypatch.setattr(Relay, "_picture", keep)
    monkeypatch.setattr(Relay, "_lost", note)
    yield make
    for made in flights:
        made.close()


def values_of(made):
    return made.orbiter.scheduler.task("relay")._link_values()


@pytest.mark.parametrize("wifi_class", ["parts", "1", "2"])
def test_pictures_come_octet_for_octet_as_they_were_taken(flown, wifi_class):
    made = flown(wifi_class)
    made.finish_pictures()
    assert made.came == made.taken
    assert len(made.taken) > 10
    told = values_of(made)
    assert (told["pictures_complete"], told["pictures_incomplete"], told["wifi_packets_lost"]) == (
        len(made.taken),
        0,
        0,
    )
    counters = made.camera.unit.counters()
    assert (counters["sent"], counters["undelivered"], counters["slots_free"]) == (len(made.taken), 0, 8)


def test_acknowledged_pictures_all_come_whole_though_packets_are_lost_both_ways(flown):
    made = flown("2", loss=0.1)
    made.finish_pictures()
    assert made.came == made.taken
    assert (made.told, values_of(made)["pictures_incomplete"]) == ([], 0)
    counters = made.camera.unit.counters()
    assert counters["resent_octets"] > 0
    assert (counters["sent"], counters["slots_free"]) == (len(made.taken), 8)
    assert values_of(made)["wifi_packets_lost"] > 20


@pytest.mark.parametrize("wifi_class", ["parts", "1"])
def test_what_is_not_asked_for_again_is_told_of_and_never_shown_as_good(flown, wifi_class):
    made = flown(wifi_class, loss=0.02)
    made.finish_pictures()
    assert all(made.taken[number] == octets for number, octets in made.came.items())
    assert sorted([*made.came, *made.told]) == sorted(made.taken)
    assert len(made.told) > 1
    assert values_of(made)["pictures_incomplete"] == len(made.told)


def cut(made, from_s, to_s):
    made.run_until(from_s * SECOND)
    made.range_m = 10_000.0
    made.run_until(to_s * SECOND)
    made.range_m = None


def test_acknowledged_pictures_outlast_a_link_that_goes_and_comes(flown):
    made = flown("2")
    cut(made, 9, 17)
    made.finish_pictures()
    assert (made.came, made.told) == (made.taken, [])
    assert made.camera.unit.counters()["no_slot_0"] > 0  # the slots were held


def test_when_the_link_goes_for_good_what_was_cut_is_told_of(flown):
    made = flown("2")
    made.run_until(9 * SECOND)
    made.range_m = 10_000.0
    made.run_until(120 * SECOND)
    begun = {n for n in made.taken if n <= max([*made.came, *made.told])}
    assert set(made.came) | set(made.told) == begun
    assert made.told
    assert all(made.taken[number] == octets for number, octets in made.came.items())


def test_when_the_link_goes_what_was_cut_in_class_1_is_told_of_at_once(flown):
    made = flown("1")
    made.run_until(9 * SECOND + SECOND // 20)
    made.range_m = 10_000.0
    made.run_until(11 * SECOND)
    assert made.told


@pytest.mark.parametrize("what", ["task", "warm", "cold"])
def test_acknowledged_pictures_survive_a_restart_of_the_orbiter(flown, what):
    made = flown("2", loss=0.05)
    made.run_until(10 * SECOND + SECOND // 4)
    assert made.files_relay._files._entity.open_incoming
    before = made.files_relay
    if what == "task":
        scheduler = made.orbiter.scheduler
        scheduler._restart(scheduler._slots["relay"], "exception", "of the test")
        made.run_until(made.now_ns + SECOND)
    else:
        made.orbiter.reset(BootKind[what.upper()], BootReason.TELECOMMAND, made.now_ns)
        made.run_until(made.now_ns + 41 * SECOND)
    assert made.files_relay is not before
    if what == "cold":  # everything is forgotten, and the access point is off
        made.command("WIFI", "ON")
    made.finish_pictures(400)
    assert (made.came, made.told) == (made.taken, [])


def test_a_restart_of_the_camera_loses_what_it_held_and_the_orbiter_tells_what_it_had_begun(flown):
    made = flown("2")
    made.run_until(10 * SECOND + SECOND // 4)
    before = set(made.taken)
    made.camera.unit.restart(made.camera._clock.agency_ns(made.now_ns))
    assert 1 < made.camera.unit.counters()["dropped"] <= 8
    made.run_until(30 * SECOND)
    made.camera.receive(camera.stop(1), made.now_ns)
    made.run_until(100 * SECOND)
    assert set(made.taken) - set(made.came) == before - set(made.came)
    assert 0 < len(before - set(made.came)) <= made.camera.unit.counters()["dropped"]
    assert 0 < len(made.told) <= len(before - set(made.came))
    assert set(made.told) <= before - set(made.came)
    assert all(made.taken[number] == octets for number, octets in made.came.items())


@pytest.mark.parametrize("wifi_class", ["1", "2"])
def test_a_flight_broken_in_a_transfer_goes_on_in_another_simulation(wifi_class):
    settings = Settings(5, pictures="test-card", link="frames", workers=0, wifi_class=wifi_class)
    with Simulation(MISSION, settings) as first, Simulation(MISSION, settings) as second:
        for at_s, name, arguments in RELEASE:
            first.command(name, arguments, arrive_ns=at_s * SECOND)
        first.run_until(9 * SECOND + SECOND // 4)
        assert first.orbiter.scheduler.task("relay")._files._entity.open_incoming
        second.restore(first.snapshot())
        for made in (first, second):
            made.run_until(30 * SECOND)
        assert second.snapshot() == first.snapshot()
        assert values_of(second)["pictures_complete"] > 10


@pytest.mark.parametrize(("wifi_class", "loss"), [("1", 0.0), ("2", 0.2)])
def test_settings_go_to_the_camera_as_a_file_and_hold_from_the_next_picture(flown, wifi_class, loss):
    made = flown(wifi_class, loss=loss)
    said = []
    made.on_news = said.append
    settings = "size=UXGA_1600X1200 gain=2 period_ms=2000"
    made.command("CAMERA_SETTINGS", f"{settings} exposure_us=2000", arrive_ns=10 * SECOND)
    made.command("CAMERA_SETTINGS", f"{settings} exposure_us=2000001", arrive_ns=20 * SECOND)
    made.command("CONNECTION_TEST", "CAMERA", arrive_ns=12 * SECOND)
    made.run_until(150 * SECOND)
    unit = made.camera.unit
    held = unit._self.settings
    assert (list(held.exposure_us), list(held.gain), held.period_ms) == ([2000] * 2, [512] * 2, 2000)
    assert (unit.counters()["accepted"], unit.counters()["refused"]) == (2, 1)
    names_told = [one.report.name for one in said if getattr(one, "report", None)]
    assert names_told.count("TC_COMPLETED") == len(RELEASE) + 2
    assert names_told.count("CONNECTED") == 1
    (refused,) = [
        one for one in said if getattr(one, "report", None) and one.report.name == "TC_NOT_COMPLETED"
    ]
    assert refused.values["failure_code"].value == "REFUSED_BY_CAMERA"
    print(sorted(set(names_told)))
