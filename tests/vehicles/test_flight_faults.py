"""Whole flights in which something goes wrong: what was sent whole is whole, the rest is told."""

import io

import flights
import numpy as np
import pytest
from flights import MISSION
from PIL import Image

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.dictionary.picture_label import OCTETS as LABEL_OCTETS
from fsw.world.radio import WifiState
from fsw.world.test_card import raw_test_card
from fsw.world.test_card import test_card as card


class Flight(flights.Flight):
    def fetch(self, at_s):
        """All pictures, to the ground."""
        self.command(at_s, "SELECT_PICTURES", "1000")
        self.command(at_s + 1, "DOWNLINK_RATE", "HIGH")
        self.command(at_s + 2, "DUMP_START")

    def land(self):
        self.simulation.finish()
        self.simulation.close()

    def full(self):
        """Picture number: index entry and octets, of full frames that came whole."""
        store = self.simulation.control.pictures
        entries = [e for e in store.entries if e["kind"] == "full" and e["complete"]]
        return {e["picture"]: (e, store.contents(e["file"])) for e in entries}


def test_nothing_on_board_is_restarted(lossy, upset, drained, commanded):
    for flight in (lossy, upset, drained, commanded):
        for counters in flight.simulation.orbiter.scheduler.counters().values():
            assert (counters.restarts, counters.dropped) == (0, 0)
        assert flight.simulation.station.failures == 0


# ---- a lossy link that ends ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def lossy():
    """From 12 s on every two hundredth packet is lost; at 40 s the camera is out of range."""
    flight = Flight(seed=9)
    simulation = flight.simulation
    flight.release(2.8)
    flight.fly(12)
    state_at = simulation._wifi._state_at
    lossy_state = WifiState(2e6, 0.005, 0.3, 2.0)
    simulation._wifi._state_at = lambda step: lossy_state if step < 800 else state_at(step)
    flight.fly(40)
    simulation._range_m = lambda now_ns: 400.5
    flight.command(123, "CAMERA_STOP")
    flight.fetch(124)
    flight.fly(240)
    flight.land()
    return flight


def test_pictures_cut_short_are_told_and_not_kept(lossy):
    told = lossy.events("PICTURE_INCOMPLETE")
    relay = lossy.simulation.orbiter.scheduler.task("relay").save()
    assert len(told) == relay["incomplete"] > 3
    assert all(0 < row["octets_received"] < row["octets_expected"] for row in told)
    gone = {row["picture"] for row in told}
    whole = lossy.full()
    assert not gone & set(whole)
    assert all(lossy.simulation.orbiter.memory.fetch(f"picture/full/{number}") is None for number in gone)
    assert len(whole) == relay["complete"] > 20


def test_pictures_that_came_are_exact(lossy):
    assert {octets for _, octets in lossy.full().values()} == {card(800, 600)}


def test_the_end_of_the_link_is_told_and_the_camera_not_commanded_any_more(lossy):
    (lost,) = lossy.events("LINK_LOST")
    assert lost["range_m"] == pytest.approx(0.2 * 37, rel=0.1)
    assert lossy.failures() == [("CAMERA_STOP", "NO_LINK")]
    assert [row["wifi"] for row in lossy.values("HOUSEKEEPING_RELAY")][-1] == "LOST"


def test_every_exposure_is_accounted_for(lossy):
    unit = lossy.simulation.camera.unit.counters()
    taken = unit["taken_0"] + unit["taken_1"]
    waiting = unit["slots_ready"] + unit["slots_sending"] + unit["slots_exposing"]
    assert taken == unit["sent"] + unit["dropped"] + unit["damaged"] + waiting
    packets = lossy.values("HOUSEKEEPING_RELAY")[-1]
    assert packets["wifi_packets_lost"] > 3


def test_a_picture_is_labelled_with_the_instant_of_its_exposure(lossy):
    numbers = sorted(lossy.full())
    times = {number: lossy.full()[number][0]["exposed_at_utc"] for number in numbers}
    # Both lenses expose on the beat, a whole number of seconds after the first one.
    fractions = {time.rstrip("Z").partition(".")[2] for time in times.values()}
    assert len(fractions) == 1
    assert {lossy.full()[number][0]["lens"] for number in numbers} == {"A", "B"}


# ---- upsets -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def upset():
    """Now and then a bit flips in each of the pictures that wait in the camera; the link takes several of
    its slots for each of them."""
    flight = Flight(seed=9)
    flight.release(2.8)
    flight.simulation._wifi._state_at = lambda step: WifiState(3e6, 0.0, 0.0, 20.0)
    unit = flight.simulation.camera.unit
    rng = np.random.default_rng(1)
    for tenth in range(60, 250):
        flight.fly(tenth / 10)
        if rng.random() < 0.7:
            continue
        for slot, octets in unit.save()["pictures"].items():
            at = int(slot) * unit.parameters.slot_octets + int(rng.integers(len(octets)))
            unit.memory[at] ^= 1 << int(rng.integers(8))
    flight.fetch(110)
    flight.fly(240)
    flight.land()
    return flight


def test_a_picture_damaged_in_the_camera_never_comes_as_good(upset):
    found_on_board = upset.simulation.camera.unit.counters()["damaged"]
    found_by_relay = len(upset.events("PICTURE_INCOMPLETE"))
    assert found_on_board > 0
    assert found_by_relay > 0  # damaged while it was sent
    whole = upset.full()
    assert len(whole) > 10
    assert {octets for _, octets in whole.values()} == {card(800, 600)}


# ---- an empty battery ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drained():
    """The battery of a tenth of a watt-hour ends the camera after a minute and a half."""
    flight = Flight(seed=9)
    flight.simulation.camera._battery_wh = 0.1
    flight.release(2.8)
    flight.command(130, "CAMERA_START")
    flight.fly(240)
    flight.land()
    return flight


def test_the_battery_ends_the_camera_and_the_orbiter_notices(drained):
    assert drained.simulation.camera.unit.state == "off"
    assert len(drained.events("LINK_LOST")) == 1
    assert drained.failures() == [("CAMERA_START", "NO_LINK")]
    assert [row["wifi"] for row in drained.values("HOUSEKEEPING_RELAY")][-1] == "LOST"
    volts = [row["battery_voltage_v"] for row in drained.values("HOUSEKEEPING_CAMERA")]
    assert volts == sorted(volts, reverse=True)
    assert 2.3 < volts[-1] < 2.6
    ages = [row["health_age_s"] for row in drained.values("HOUSEKEEPING_CAMERA")]
    assert max(ages) > 30


# ---- the camera's telecommands ------------------------------------------------------------------


@pytest.fixture(scope="module")
def commanded():
    flight = Flight(seed=9)
    flight.release(2.8)
    for at_s, name, arguments in (
        (10, "CAMERA_STOP", ""),
        (20, "CAMERA_MODE", "UXGA_1600X1200 JPEG A"),
        (20.5, "CAMERA_MODE", "SVGA_800X600 RAW_BAYER B"),
        (21, "CAMERA_START", ""),
        (26, "CAMERA_EXPOSURE", "0 A"),
        (30, "CAMERA_EXPOSURE", "1000000 A"),
        (36, "CAMERA_STOP", ""),
    ):
        flight.command(at_s, name, arguments)
    flight.fetch(60)
    flight.fly(270)
    flight.land()
    return flight


def seconds(entry):
    """Mission time of the exposure [s]."""
    clock = entry["exposed_at_utc"].partition("T")[2].rstrip("Z").split(":")
    return (int(clock[0]) - 15) * 3600 + (int(clock[1]) - 59) * 60 + float(clock[2]) - 50


def test_the_camera_stops_and_starts_when_told(commanded):
    assert commanded.failures() == []
    times = sorted({round(seconds(entry), 1) for entry, _ in commanded.full().values()})
    assert times[0] == pytest.approx(5.2, abs=0.3)
    assert not [t for t in times if 10.4 < t < 21 or t > 36.4]
    assert {"TAKING", "STOPPED"} <= {row["camera"] for row in commanded.values("HOUSEKEEPING_CAMERA")}


def test_size_and_coding_are_what_was_commanded_lens_by_lens(commanded):
    kinds = {}
    for entry, octets in commanded.full().values():
        kind = (entry["lens"], entry["size"], entry["coding"], entry["file"].rsplit(".")[-1])
        kinds.setdefault(kind, set()).add(octets)
    assert kinds == {
        ("A", "800x600", "jpeg", "jpg"): {card(800, 600)},
        ("B", "800x600", "jpeg", "jpg"): {card(800, 600)},
        ("A", "1600x1200", "jpeg", "jpg"): {card(1600, 1200)},
        ("B", "800x600", "raw_bayer", "raw"): {raw_test_card(800, 600)},
    }
    assert Image.open(io.BytesIO(card(1600, 1200))).size == (1600, 1200)


def test_a_thumbnail_of_every_picture_is_there(commanded):
    store = commanded.simulation.control.pictures
    thumbnails = {e["picture"]: e for e in store.entries if e["kind"] == "thumbnail" and e["complete"]}
    assert set(thumbnails) == set(commanded.full())
    for entry in thumbnails.values():
        assert Image.open(io.BytesIO(store.contents(entry["file"]))).size == (100, 75)


def test_exposure_is_told_with_each_picture(commanded):
    exposures = {
        round(seconds(e)): e["exposure_us"] for e, _ in commanded.full().values() if e["lens"] == "A"
    }
    assert {us for at, us in exposures.items() if at < 26} == {MISSION.camera.exposure_us}
    assert {us for at, us in exposures.items() if 27 <= at < 30} == {500}  # the test card's own choice
    assert {us for at, us in exposures.items() if at > 31} == {1_000_000}


def test_a_longer_exposure_than_the_period_is_refused():
    with pytest.raises(FswError, match="exposure_us"):
        dictionary.parse_telecommand("CAMERA_EXPOSURE", "1000001")


# ---- rendered -----------------------------------------------------------------------------------


@pytest.mark.parametrize("exposure_us", ["0", "3"])
def test_any_exposure_that_a_telecommand_can_ask_for_gives_a_picture(exposure_us):
    flight = Flight(seed=9, pictures="rendered")
    flight.release(2.8)
    flight.command(3.9, "CAMERA_MODE", "SVGA_800X600 RAW_BAYER")
    flight.command(4.1, "CAMERA_EXPOSURE", f"{exposure_us} BOTH")
    flight.command(6.4, "CAMERA_STOP")
    flight.fly(11)
    memory = flight.simulation.orbiter.memory
    octets = memory.fetch("picture/full/1")[LABEL_OCTETS:]
    flight.land()
    head, _, _ = octets.partition(b"\n800 600\n1023\n")
    lines = head.split(b"\n")
    assert lines[:3] == [b"P5", b"# CFA RGGB", b"# BLACK 64"]
    assert len(octets) == len(head) + len(b"\n800 600\n1023\n") + 2 * 800 * 600
    numbers = np.frombuffer(octets[-2 * 800 * 600 :], ">u2")
    assert numbers.max() <= 1023
    told = int(lines[3].removeprefix(b"# EXPOSURE_US "))
    assert {"0": 50 <= told <= 5000, "3": told == 10}[exposure_us]
    assert flight.simulation.camera.unit.counters()["failed_0"] == 0
