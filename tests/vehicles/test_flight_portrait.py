"""A camera that a rover puts on the ground: the whole way of its pictures, on a shortened drive."""

import dataclasses
import json
import math

import numpy as np
import pytest
from flights import Flight as Told
from PIL import Image

from fsw import missions
from fsw.harness.flight import Flight
from fsw.kernel.time import SECOND
from fsw.missions.portrait import DriveLeg, PortraitMission
from fsw.simulation import Settings, Simulation
from fsw.world.heavens import Heavens
from fsw.world.passes import SurfaceSite
from fsw.world.planets import MARS
from fsw.world.relay_hop import RelayHop
from fsw.world.vectors import cross, dot, rotate, scale, subtract

WHOLE = missions.load("zhurong-portrait", PortraitMission)


def shortened():
    """Fast, so that a test need not draw hundreds of pictures."""
    legs = (
        DriveLeg("away", 5.0, ahead_m=10.1),
        DriveLeg("camera down", 5.0),
        DriveLeg("back", 3.0, ahead_m=-10.1),
        DriveLeg("frontal picture", 3.0, full_pictures=1),
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


def test_a_flight_goes_on_from_a_snapshot_while_the_rover_backs_up():
    settings = Settings(seed=2, link="frames", workers=0, pictures="test-card")
    with Simulation(MISSION, settings) as whole, Simulation(MISSION, settings) as second:
        for at_s, name, arguments in (
            (3, "WIFI", "ON"),
            (11, "RELEASE_ARM", ""),
            (16, "RELEASE_FIRE", ""),
            (24, "SELECT_PICTURES", "1"),
            (25, "DUMP_START", "SELECTED"),
        ):
            whole.command(name, arguments, arrive_ns=at_s * SECOND)
        whole.run_until(21 * SECOND)
        second.restore(whole.snapshot())
        for simulation in (whole, second):
            simulation.run_until(40 * SECOND)
        assert whole.summary()["pictures_taken"] > 15
        assert second.summary() == whole.summary()


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
    HOP = RelayHop.of(WHOLE, HEAVENS.trajectory)

    def test_the_pass_is_where_other_geometry_has_it(self):
        """The orbiter's year looks from places by their geodetic latitude: 0.3 deg of the planet apart."""
        site = SurfaceSite(MARS, WHOLE.site.latitude_deg + 0.26, WHOLE.site.longitude_deg)
        for utc in ("09:31:00", "09:33:30", "09:36:50", "09:39:00", "09:42:00"):
            t_ns = WHOLE.epoch.parse(f"2021-06-01T{utc}Z")
            axes = MARS.axes(WHOLE.epoch.tdb_ns(t_ns))
            range_km, sine = site.look(axes, self.HOP.orbiter.planet_centred_state(t_ns)[0])
            ours_km, ours = self.HOP.look(t_ns)
            assert ours_km == pytest.approx(range_km, abs=12)
            assert math.degrees(math.asin(ours)) == pytest.approx(math.degrees(math.asin(sine)), abs=1.2)

    def test_it_holds_both_portraits(self):
        hears = [self.HOP.hears(t * SECOND) for t in range(0, 1200, 5)]
        assert hears.index(True) * 5 == pytest.approx(330, abs=10)  # 09:32:30
        assert sum(hears) * 5 == pytest.approx(485, abs=15)
        for leg in (3, 5):
            assert self.HOP.hears(WHOLE.leg_end_ns(leg))
            assert self.HOP.hears(WHOLE.leg_end_ns(leg) + 60 * SECOND)
        assert self.HOP.way_ns(WHOLE.leg_end_ns(3)) == pytest.approx(773 / 299792 * SECOND, rel=0.02)

    def test_nothing_comes_down_before_it(self):
        """Light needs 1125 s; the rover's transmitter is on from the start, a minute before the pass."""
        times = {"start_utc": "2021-06-01T09:31:30Z", "release_utc": "2021-06-01T09:34:50Z"}
        drive = dataclasses.replace(WHOLE.drive, start_utc="2021-06-01T09:31:31Z")
        start = dataclasses.replace(WHOLE.mission, **times)
        flight = Told(dataclasses.replace(WHOLE, mission=start, drive=drive))
        flight.fly(1125 + 40)
        assert flight.simulation.x_band.heard == ""
        flight.fly(1125 + 75)
        assert flight.simulation.x_band.heard == "low"
        assert flight.simulation.station.frames > 4


class TestAttitude:
    HEAVENS = Heavens.of(MISSION)

    def test_it_looks_where_it_drives(self):
        east, north, up = self.HEAVENS.trajectory.axes(12 * SECOND)
        attitude = self.HEAVENS.attitude.attitude(12 * SECOND)
        ahead, above = rotate(attitude, (1.0, 0.0, 0.0)), rotate(attitude, (0.0, 0.0, 1.0))
        assert math.degrees(math.atan2(dot(ahead, east), dot(ahead, north))) == pytest.approx(165.0)
        assert dot(above, up) == pytest.approx(1.0)

    @pytest.mark.parametrize("at_s", [12.0, 27.5, 40.0])
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
