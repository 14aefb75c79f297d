"""A camera that a rover puts on the ground: the whole way of its pictures, on a shortened drive."""

import dataclasses
import json
import math

import numpy as np
import pytest
from flights import Flight as Told
from PIL import Image

from fsw import missions
from fsw.dictionary.identifiers import ORBITER_APID
from fsw.harness.flight import Flight
from fsw.kernel.time import SECOND
from fsw.missions.portrait import DriveLeg, PortraitMission
from fsw.protocols.clcw import Clcw
from fsw.simulation import Settings, Simulation
from fsw.world.heavens import Heavens
from fsw.world.mean_orbit import orbit_at
from fsw.world.orbit import PlanetOrbit
from fsw.world.planets import MARS
from fsw.world.relay_hop import RelayHop
from fsw.world.vectors import add, cross, dot, length, rotate, scale, subtract

WHOLE = missions.load("zhurong-portrait", PortraitMission)


def shortened():
    """Fast, so that a test need not draw hundreds of pictures."""
    legs = (
        DriveLeg("away", 5.0, ahead_m=10.1),
        DriveLeg("camera down", 5.0),
        DriveLeg("back", 3.0, ahead_m=-10.1),
        DriveLeg("frontal picture", 6.0, full_pictures=1),
        DriveLeg("turn in place", 3.0, turn_deg=70.0),
        DriveLeg("side picture", 3.0, full_pictures=1),
    )
    start, drive, release = (f"2021-06-01T09:33:{second}Z" for second in ("00", "10", "16"))
    mission = dataclasses.replace(WHOLE.mission, start_utc=start, release_utc=release)
    drive = dataclasses.replace(WHOLE.drive, start_utc=drive, leg=legs)
    return dataclasses.replace(WHOLE, mission=mission, drive=drive)


MISSION = shortened()


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portrait")
    flight = Flight(MISSION, Settings(seed=1, size=(800, 600), link="frames"), folder, duration_s=1190.0)
    return flight.fly().summary, folder


def picture(flown, number):
    entries = json.loads((flown[1] / "pictures/index.json").read_text())
    full = sorted((e for e in entries if e["kind"] == "full"), key=lambda e: e["picture"])
    with Image.open(flown[1] / "pictures" / full[number]["file"]) as image:
        return np.asarray(image).astype(float), image.getexif().get_ifd(0x8769)


def test_pictures_come_home_by_way_of_the_rover(flown):
    summary = flown[0]
    assert summary["pictures_taken"] >= 10
    assert summary["thumbnails_received"] == summary["pictures_taken"]
    assert summary["full_frames_received"] == 2
    assert summary["files_incomplete"] == summary["frames_undecodable"] == 0
    assert summary["one_way_light_time_s"] == pytest.approx(1125, abs=1)


def test_both_portraits_are_there(flown):
    """The rover alone, left of the middle, changes between them; lander, ground and sky stay."""
    (front, tags), (side, _) = picture(flown, 0), picture(flown, 1)
    assert front.shape == (600, 800, 3)
    assert b"range 10." in tags[0x9286] or "range 10." in str(tags[0x9286])
    change = np.abs(front - side).mean(2) > 30
    assert change[:, :400].sum() > 2500
    assert change[:, 440:].sum() < 0.03 * change[:, :400].sum()
    for image in (front, side):
        red, green, blue = image[20:120, 350:450].reshape(-1, 3).mean(0)
        assert red > green > blue > 60  # butterscotch
        red, green, blue = image[500:590].reshape(-1, 3).mean(0)
        assert red > 1.3 * green > 1.3 * 1.2 * blue


def test_a_flight_goes_on_from_snapshots_at_any_point_of_the_hop():
    """Before the release, in the middle of portions, of what fades, and of what the orbiter stores."""
    fading = dataclasses.replace(MISSION, uhf=dataclasses.replace(MISSION.uhf, lost_portions=0.25))
    settings = Settings(seed=2, link="frames", workers=0, pictures="test-card")
    with Simulation(fading, settings) as whole, Simulation(fading, settings) as second:
        for at_s, name, arguments in (
            (3, "WIFI", "ON"),
            (11, "RELEASE_ARM", ""),
            (16, "RELEASE_FIRE", ""),
            (20, "DOWNLINK_RATE", "HIGH"),
            (24, "SELECT_PICTURES", "1"),
            (25, "DUMP_START", "SELECTED"),
        ):
            whole.command(name, arguments, arrive_ns=at_s * SECOND)
        snapshots = []
        for cut_ns in (4_000_000_000, 16_251_300_000, 21_010_000_000, 27_130_000_000, 31_777_777_777):
            whole.run_until(cut_ns)
            snapshots.append(whole.snapshot())
        whole.run_until(40 * SECOND)
        (one,) = whole.relay.passes
        assert one.frames_again > 5
        assert one.octets > 100_000
        assert whole.summary()["pictures_taken"] > 15
        for octets in snapshots:
            second.restore(octets)
            second.run_until(40 * SECOND)
            assert second.snapshot() == whole.snapshot()


def test_the_range_is_that_of_the_drive():
    settings = Settings(seed=2, link="frames", workers=0, pictures="test-card")
    with Simulation(MISSION, settings) as simulation:
        for at_s, name in ((3, "RELEASE_ARM"), (16, "RELEASE_FIRE")):
            simulation.command(name, "ON" if name == "WIFI" else "", arrive_ns=at_s * SECOND)
        simulation.run_until(17 * SECOND)
        placed = simulation.released
        assert placed.range_m(17 * SECOND) == pytest.approx(0.9)
        assert placed.range_m(25 * SECOND) == pytest.approx(math.hypot(10.1, 0.9))


class TestRelay:
    HEAVENS = Heavens.of(WHOLE)
    HOP = RelayHop.of(WHOLE.epoch, HEAVENS.trajectory.place, WHOLE.relay.orbit, WHOLE.relay.phase, WHOLE.uhf)

    def test_the_pass_is_where_other_geometry_has_it(self):
        """A sphere about the planet's centre, and an orbit integrated numerically from the same elements."""
        begin_ns = WHOLE.epoch.parse("2021-06-01T09:29:00Z")
        mean = orbit_at(self.HOP.orbits, begin_ns)
        before, place, after = (mean.position_km(begin_ns + k * SECOND // 2) for k in (-1, 0, 1))
        path = PlanetOrbit(
            self.HEAVENS.trajectory.ephemeris, MARS, begin_ns, (place, subtract(after, before))
        )
        for minute in range(0, 10, 3):
            t_ns = begin_ns + minute * 60 * SECOND
            prime, east, pole = MARS.axes(WHOLE.epoch.tdb_ns(t_ns))
            lat, lon = math.radians(25.066), math.radians(109.925)
            level = add(
                scale(prime, math.cos(lat) * math.cos(lon)), scale(east, math.cos(lat) * math.sin(lon))
            )
            radial = add(level, scale(pole, math.sin(lat)))
            way = subtract(path.planet_centred_state(t_ns)[0], scale(radial, 3388.5))
            ours_km, ours = self.HOP.look(t_ns)
            assert ours_km == pytest.approx(length(way), abs=15)
            slant = math.degrees(math.asin(dot(way, radial) / length(way)))
            assert math.degrees(math.asin(ours)) == pytest.approx(slant, abs=1.0)

    def test_it_holds_both_portraits_and_the_release(self):
        hears = [self.HOP.hears(t * SECOND) for t in range(0, 1200, 5)]
        assert hears.index(True) * 5 == pytest.approx(125, abs=10)  # 09:29:04
        assert sum(hears) * 5 == pytest.approx(540, abs=15)
        for t_ns in (WHOLE.release_ns, WHOLE.leg_end_ns(3), WHOLE.leg_end_ns(5) + 60 * SECOND):
            assert self.HOP.hears(t_ns)
        assert self.HOP.way_ns(WHOLE.leg_end_ns(3)) == pytest.approx(440 / 299792 * SECOND, rel=0.1)

    def test_what_waits_for_the_pass_goes_through_it_in_both_directions(self):
        """Light needs 1125 s. The pass begins 124 s after the mission; before it nobody hears the rover."""
        flight = Told(WHOLE)
        flight.command(10, "PING")
        flight.fly(123)
        assert flight.simulation.relay.passes == []
        assert flight.simulation.orbiter.receiver.locks == 0
        flight.fly(1125 + 120)
        assert flight.simulation.station.frames > 400  # the orbiter's own
        assert flight.reports("HOUSEKEEPING_COMPUTER") == flight.reports("TC_COMPLETED") == []
        flight.fly(1125 + 140)
        assert len(flight.reports("HOUSEKEEPING_COMPUTER")) > 5  # from before the pass
        assert len(flight.reports("TC_COMPLETED")) == 1
        assert flight.simulation.x_band.heard == "high"
        flight.fly(1125 + 680)  # the pass is over, and all is sent
        assert flight.simulation.x_band.heard == "low"

    def test_behind_the_planet_the_orbiter_keeps_what_it_has_stored(self, monkeypatch):
        flight = Told(MISSION)
        relay = flight.simulation.relay
        monkeypatch.setattr(relay, "sees_earth", lambda t_ns: not 20 <= t_ns / SECOND < 60)
        flight.fly(1125 + 80)
        flight.simulation.finish()
        received_s = [t.received_ns / SECOND - 1125 for t in flight.told if getattr(t, "report", None)]
        assert not [at_s for at_s in received_s if 21.5 < at_s < 59.5]
        counts = [t.count for t in flight.told if getattr(t, "apid", 0) == ORBITER_APID]
        assert counts == list(range(len(counts)))  # none is missing
        assert max(received_s) > 75

    def test_what_fades_is_sent_again_and_nothing_is_lost(self):
        """With a third of all portions spoiled."""
        mission = dataclasses.replace(MISSION, uhf=dataclasses.replace(MISSION.uhf, lost_portions=0.33))
        flight = Told(mission)
        for at_s in range(3, 60, 3):
            flight.command(at_s, "PING")
        flight.fly(1125 + 75)
        (one,) = flight.simulation.relay.passes
        assert one.frames_broken > 10
        assert one.frames_again > 10
        assert one.frames_accepted == pytest.approx(one.frames, abs=3)  # a few are under way
        assert one.forward_frames_again > 0
        assert len(flight.reports("TC_COMPLETED")) == 19
        counts = [t.count for t in flight.reports("HOUSEKEEPING_COMPUTER")]
        assert len(counts) > 5

    @pytest.mark.parametrize("kind", ["WARM", "COLD"])
    def test_both_ends_find_each_other_after_a_reset_of_the_rover(self, kind):
        flight = Told(MISSION)
        flight.command(20, "COMPUTER_RESET", f"kind={kind}")
        flight.command(90, "PING")
        flight.fly(1125 + 120)
        assert [e["boot_reason"] for e in flight.events("COMPUTER_STARTED")] == ["POWER_ON", "TELECOMMAND"]
        assert [sent.stage for sent in flight.simulation.control.telecommands()] == ["completed"] * 2

    def test_the_rovers_control_words_come_down_in_the_orbiters_frames(self):
        flight = Told(MISSION)
        flight.fly(1125 + 20)
        word = flight.simulation.control.commander.link._channels[0].word
        assert Clcw.decode(word).lockout


class TestAttitude:
    HEAVENS = Heavens.of(MISSION)

    def test_it_looks_where_it_drives(self):
        east, north, up = self.HEAVENS.trajectory.axes(12 * SECOND)
        attitude = self.HEAVENS.attitude.attitude(12 * SECOND)
        ahead, above = rotate(attitude, (1.0, 0.0, 0.0)), rotate(attitude, (0.0, 0.0, 1.0))
        assert math.degrees(math.atan2(dot(ahead, east), dot(ahead, north))) == pytest.approx(165.0)
        assert dot(above, up) == pytest.approx(1.0)

    @pytest.mark.parametrize("at_s", [12.0, 30.5, 40.0])
    def test_its_rate_is_that_of_its_attitude(self, at_s):
        """Driving, turning in place, standing on a planet that turns."""
        t_ns, step_ns = round(at_s * SECOND), SECOND // 20
        for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
            before, after = (
                rotate(self.HEAVENS.attitude.attitude(t_ns + k * step_ns), axis) for k in (-1, 1)
            )
            rate = rotate(self.HEAVENS.attitude.attitude(t_ns), self.HEAVENS.attitude.state(t_ns)[1])
            expected = cross(rate, rotate(self.HEAVENS.attitude.attitude(t_ns), axis))
            moved = scale(subtract(after, before), SECOND / (2 * step_ns))
            assert moved == pytest.approx(expected, abs=4e-4)
