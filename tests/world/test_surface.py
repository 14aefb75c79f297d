"""The ground of Mars: where the Sun stands, what the sky scatters, rocks, tracks, and the picture of all."""

import dataclasses
import math
from pathlib import Path

import builds
import numpy as np
import pytest
from portrait import SUN, looking, scene, studio_at

from fsw.bench import frames
from fsw.core.errors import FswError
from fsw.core.render import Canvas
from fsw.core.site import MARK, Site
from fsw.kernel.time import Epoch
from fsw.world import dust_sky, optics
from fsw.world.drive import Leg, posture, steering
from fsw.world.dust_sky import Dust, dusty_sky, two_stream
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM, Ephemeris
from fsw.world.ground_site import GroundSite
from fsw.world.image_sensor import SUN_W_M2, Exposure
from fsw.world.models import mars_lander, zhurong
from fsw.world.passes import SurfaceSite
from fsw.world.planets import MARS
from fsw.world.surface import SurfaceLight
from fsw.world.terrain import GroundFigures, Outlook, RockNumbers, scatter, soil_map
from fsw.world.vectors import dot, length

HOUR = 3600 * 10**9
EPOCH = Epoch.from_utc("2021-06-01T00:00:00Z")
FLATTENED = (MARS.equatorial_km / MARS.polar_km) ** 2
NORMAL_DEG = math.degrees(math.atan(math.tan(math.radians(25.066)) * FLATTENED))
SITE = GroundSite(Ephemeris(EPOCH), SurfaceSite(MARS, 25.066, 109.925, 3393.0))


@pytest.fixture(scope="module")
def place():
    return scene()


@pytest.fixture(scope="module")
def studio(place):
    return studio_at(*place)


def mars24(julian_utc, east_deg, north_deg):
    """Local true solar time [h] and the Sun's direction (east, north, up): Allison and McEwen, Planet. Space
    Sci. 48 (2000), and Mars24's notes; latitude of the spheroid's normal, planet-centred declination."""
    day = julian_utc - 2451545.0 + 69.184 / 86400
    anomaly = math.radians(19.3871 + 0.52402073 * day)
    terms = (
        (0.0071, 2.2353, 49.409),
        (0.0057, 2.7543, 168.173),
        (0.0039, 1.1177, 191.837),
        (0.0037, 15.7866, 21.736),
        (0.0021, 2.1354, 15.704),
        (0.0020, 2.4694, 95.528),
        (0.0018, 32.8493, 49.095),
    )
    centre = (
        (10.691 + 3e-7 * day) * math.sin(anomaly)
        + 0.623 * math.sin(2 * anomaly)
        + 0.050 * math.sin(3 * anomaly)
        + 0.005 * math.sin(4 * anomaly)
        + sum(a * math.cos(math.radians(0.985626 * day / t + p)) for a, t, p in terms)
    )
    season = math.radians(270.3871 + 0.524038496 * day + centre)
    equation = 2.861 * math.sin(2 * season) - 0.071 * math.sin(4 * season) - centre
    mean = 24 * ((julian_utc + 69.184 / 86400 - 2451549.5) / 1.0274912517 + 44796.0 - 0.0009626)
    true_h = (mean + (east_deg + equation) / 15) % 24
    sun = math.asin(0.42565 * math.sin(season))
    hour, north = math.radians((true_h - 12) * 15), math.radians(north_deg)
    sine = math.sin(north) * math.sin(sun) + math.cos(north) * math.cos(sun) * math.cos(hour)
    east = -math.cos(sun) * math.sin(hour)
    along = math.cos(north) * math.sin(sun) - math.sin(north) * math.cos(sun) * math.cos(hour)
    return true_h, (east, along, sine)


class TestWhereTheSunStands:
    def test_all_day_it_is_where_mars24_has_it(self):
        """Mars24 knows the prime meridian to 0.0003 sol, which is 0.1 deg."""
        for hour in range(2, 15):
            expected = mars24(2459366.5 + hour / 24, 109.925, NORMAL_DEG)[1]
            apart = math.degrees(math.dist(SITE.direction("sun", hour * HOUR), expected))
            assert apart < 0.12

    def test_noon_and_one_in_the_afternoon_are_those_of_the_record(self):
        """Facts: 84.8 deg at noon, over a sphere; the portrait's 13:00 local time."""
        highest = max(
            math.degrees(math.asin(SITE.direction("sun", m * HOUR // 60)[2])) for m in range(420, 600)
        )
        assert highest == pytest.approx(84.8 - (NORMAL_DEG - 25.066), abs=0.05)
        at_one = EPOCH.parse("2021-06-01T09:34:10Z")
        days = at_one / (24 * HOUR)
        assert mars24(2459366.5 + days, 109.925, NORMAL_DEG)[0] == pytest.approx(13.0, abs=0.005)
        assert math.degrees(math.asin(SITE.direction("sun", at_one)[2])) == pytest.approx(75.2, abs=0.1)

    def test_sunlight_is_that_of_the_record(self):
        au = length(SITE.to_body("sun", 9 * HOUR)[0]) / ASTRONOMICAL_UNIT_KM
        assert 1360.8 / au**2 == pytest.approx(495, abs=1.5)

    def test_it_turns_with_mars(self):
        position, velocity = SITE.planet_centred_state(9 * HOUR)
        east, north, up = SITE.axes(9 * HOUR)
        assert length(position) == pytest.approx(3393.0)
        assert dot(velocity, east) == pytest.approx(
            3393 * math.cos(math.radians(25.066)) * 7.0882e-5, rel=1e-4
        )
        assert abs(dot(velocity, up)) < 1e-6
        assert abs(dot(velocity, north)) < 1e-6

    @pytest.mark.parametrize("bad", [(91.0, 0.0, 3400.0), (0.0, 400.0, 3400.0), (0.0, 0.0, 0.0)])
    def test_places_that_are_none_are_refused(self, bad):
        with pytest.raises(FswError, match="allowed"):
            SurfaceSite(MARS, *bad)


class TestSky:
    @pytest.fixture
    def sky(self):
        return dusty_sky(Dust(0.5), SUN, tuple(w / 1.655**2 for w in SUN_W_M2), 0.003)

    @pytest.fixture
    def site(self, studio):
        return studio._site

    def test_grains_that_swallow_nothing_lose_nothing(self):
        for depth in (0.1, 0.5, 2.0):
            for mu in (0.2, 0.6, 0.97):
                assert sum(two_stream(depth, 0.9999999, 0.65, mu)) == pytest.approx(1.0, abs=2e-3)

    def test_thin_air_takes_what_it_takes_once(self):
        through, back = two_stream(1e-4, 0.9, 0.65, 0.7)
        assert 1 - through - back == pytest.approx(0.1 * 1e-4 / 0.7, rel=0.01)

    def test_phase_functions_scatter_all_the_light(self):
        """Mean over all directions 1, by Gauss's rule instead of the tables."""
        node, weight = np.polynomial.legendre.leggauss(400)
        for band in range(3):
            assert (dust_sky.phase_function(node, band) * weight).sum() / 2 == pytest.approx(1.0, abs=1e-6)

    def test_the_ground_gets_what_the_sky_gives(self, sky, site):
        """The sky as the C core has it, summed over a grid of directions, and the beam, light the ground."""
        total = np.zeros(3)
        n = 60
        for i in range(n):
            z = math.sqrt((i + 0.5) / n)
            for a in np.arange(2 * n) * math.pi / n:
                ring = math.sqrt(1 - z * z)
                total += site.sky_radiance(sky, (ring * math.cos(a), ring * math.sin(a), z))
        total *= math.pi / (2 * n * n)
        expected = np.array(dust_sky.MEAN_SOIL) / math.pi * (sky.beam * SUN[2] + total)
        assert sky.ground == pytest.approx(expected, rel=0.02)
        # A third of it or so by the sky, as landers on Mars measure at such dust.
        assert 0.15 < total[1] / (total[1] + sky.beam[1] * SUN[2]) < 0.45

    def test_it_is_butterscotch_and_bluer_about_the_sun(self, sky, site):
        def colour(x, y, z):
            size = math.sqrt(x * x + y * y + z * z)
            white = np.array(site.sky_radiance(sky, (x / size, y / size, z / size))) / SUN_W_M2
            return white / white[0]

        aside = colour(0.9, 0.4, 0.5)
        near = colour(SUN[0] + 0.08, SUN[1], SUN[2])
        assert 0.65 < aside[1] < 0.9
        assert 0.35 < aside[2] < 0.65
        assert near[2] > 1.3 * aside[2]

    def test_its_glow_is_its_light_on_level_ground(self, sky, site):
        """The first-order fit keeps the irradiance: pi g0 + 2 pi / 3 gz."""
        for k in range(3):
            by_fit = math.pi * sky.sky_glow[0, k] + 2 * math.pi / 3 * sky.sky_glow[3, k]
            by_ground = sky.ground[k] * math.pi / dust_sky.MEAN_SOIL[k] - sky.beam[k] * SUN[2]
            assert by_fit == pytest.approx(by_ground, rel=0.15)

    def test_at_the_horizon_the_sun_goes_out(self):
        low = dusty_sky(Dust(0.5), (0.99, 0.0, 0.02), (60.0, 70.0, 60.0), 0.003)
        gone = dusty_sky(Dust(0.5), (1.0, 0.0, -0.01), (60.0, 70.0, 60.0), 0.003)
        assert (low.beam > 0).all()
        assert (gone.beam == 0).all()
        assert (gone.ground == 0).all()

    def test_dust_that_cannot_be_is_refused(self):
        with pytest.raises(FswError, match="optical depth"):
            Dust(0.0)


class TestGround:
    def test_rocks_cover_what_the_law_says(self):
        """Golombek and Rapp: those wider than D cover k e^(-q D); summed from the numbers by size."""
        k = 0.05
        numbers = RockNumbers(k)
        size = np.geomspace(0.1, 1.99, 4000)
        wider = np.array([numbers.wider(d) for d in size])
        area = (-(np.diff(wider)) * math.pi / 4 * ((size[1:] + size[:-1]) / 2) ** 2).sum()
        q = 1.79 + 0.152 / k
        assert area == pytest.approx(k * (math.exp(-q * 0.1) - math.exp(-q * 1.99)), rel=0.01)

    def test_sizes_are_drawn_by_their_numbers(self):
        numbers = RockNumbers(0.04)
        drawn = np.array([numbers.draw(0.03, 0.6, (i + 0.5) / 2000) for i in range(2000)])
        for d in (0.04, 0.08, 0.2):
            share = (numbers.wider(d) - numbers.wider(0.6)) / (numbers.wider(0.03) - numbers.wider(0.6))
            assert (drawn > d).mean() == pytest.approx(share, abs=0.003)

    def test_as_many_lie_there_as_the_law_has(self):
        figures = GroundFigures(9, 0.06)
        rocks = scatter(figures, Outlook(1.0, 2.0, 0.3, 1.0), 40.0)
        away = np.array([math.hypot(r.x - 1, r.y - 2) for r in rocks])
        wide = np.array([r.diameter_m for r in rocks])
        for near, far in ((4.0, 12.0), (12.0, 35.0)):
            seen = ((away > near) & (away < far) & (wide > 0.16)).sum()
            numbers = RockNumbers(0.06)
            expected = (numbers.wider(0.16) - numbers.wider(0.65)) * 0.8 * (far**2 - near**2)
            assert seen == pytest.approx(expected, abs=3.5 * math.sqrt(expected))

    def test_nothing_lies_where_something_stands(self, place):
        ground, lander, drive, outlook = place
        for rock in scatter(ground.figures, outlook):
            assert math.hypot(rock.x - lander.x, rock.y - lander.y) > mars_lander.LEG_REACH_M
            for i in range(0, 481, 20):
                stand = drive.at(i)
                assert math.hypot(rock.x - stand.x, rock.y - stand.y) > 0.85

    def test_soil_does_not_show_where_it_repeats(self):
        """Periodic: the step across the seam is like any other."""
        first = soil_map(3)[: 4 * 512 * 512].reshape(512, 512, 4)
        inside = np.abs(np.diff(first[..., 3], axis=1)).mean()
        assert 0.5 < np.abs(first[:, 0, 3] - first[:, -1, 3]).mean() / inside < 1.15

    def test_rock_covers_beyond_the_law_are_refused(self):
        with pytest.raises(FswError, match="rock cover"):
            RockNumbers(0.9)


class TestDrive:
    def test_it_goes_out_and_comes_back(self, place):
        _, _, drive, _ = place
        assert drive.at(-5) == drive.at(0)
        out, back, end = drive.at(180), drive.at(380), drive.at(1e6)
        assert math.hypot(out.x + 2.4, out.y + 0.4) == pytest.approx(10.04, abs=0.01)
        assert (back.x, back.y) == pytest.approx((-2.4, -0.4))
        assert end.heading_rad - back.heading_rad == pytest.approx(1.2)
        assert back.wheel_way_m == pytest.approx((0.0,) * 6)

    def test_wheels_roll_the_way_they_go(self, place):
        """In a turn each wheel's centre moves along its own steered axis by what it rolls."""
        ground, _, drive, _ = place
        a, b = drive.at(430.0), drive.at(430.5)
        for number, wheel in enumerate(zhurong.WHEELS):
            ends = []
            for stand in (a, b):
                c, s = math.cos(stand.heading_rad), math.sin(stand.heading_rad)
                ends.append((stand.x + c * wheel[0] - s * wheel[1], stand.y + s * wheel[0] + c * wheel[1]))
            axis = steering(wheel, 1.0).x
            c, s = math.cos(a.heading_rad), math.sin(a.heading_rad)
            ahead = (c * axis[0] - s * axis[1], s * axis[0] + c * axis[1])
            moved = (ends[1][0] - ends[0][0]) * ahead[0] + (ends[1][1] - ends[0][1]) * ahead[1]
            assert moved == pytest.approx(b.wheel_way_m[number] - a.wheel_way_m[number], rel=1e-3)
        assert ground is not None

    def test_wheels_touch_the_ground(self, place):
        ground, _, drive, _ = place
        for t in (0.0, 90.0, 180.0, 300.0, 450.0):
            for wheel in posture(drive.at(t), ground).wheels:
                x, y, z = wheel.origin
                assert z - zhurong.WHEEL_RADIUS_M == pytest.approx(
                    float(ground.height([x], [y])[0]), abs=0.03
                )

    def test_tracks_are_where_wheels_have_been(self, place):
        _, _, drive, _ = place
        marks = drive.marks((-4.0, -12.0), (2.0, 2.0), 0.02, 3)
        assert marks.squares.dtype == MARK

        def when(x, y):
            return marks.squares["when"][int((y - marks.y) / 0.02), int((x - marks.x) / 0.02)]

        for t in (60.0, 120.0):
            stand = drive.at(t)
            c, s = math.cos(stand.heading_rad), math.sin(stand.heading_rad)
            for wheel in zhurong.WHEELS:
                x, y = stand.x + c * wheel[0] - s * wheel[1], stand.y + s * wheel[0] + c * wheel[1]
                assert when(x, y) <= t + 1.5
            assert when(stand.x, stand.y) > 1e9  # between the wheels nothing

    def test_a_leg_does_one_thing(self):
        for bad in ((0.0, 1.0, 0.0), (5.0, 1.0, 1.0)):
            with pytest.raises(FswError, match="leg"):
                Leg(*bad)


class TestPicture:
    EXPOSURE = Exposure(800, 600, 2500)

    def shot(self, studio, place, seconds, elevation_deg=-5.0):
        return studio.radiance(
            looking(place[3], elevation_deg), SurfaceLight(SUN, 1.655, seconds), self.EXPOSURE
        )

    def test_rover_left_lander_right_horizon_between(self, studio, place):
        canvas = self.shot(studio, place, 380.0)
        covered = canvas.radiance[..., 3]
        lens = studio._lens(800, 600)
        # Where mast and antenna of the lander stand against the sky, by the lens alone.
        ground, lander, drive, outlook = place
        stance = posture(drive.at(380.0), ground)
        mast = stance.body.direction((0.48, 0.0, 1.6))
        top = tuple(mast[k] + stance.body.origin[k] for k in range(3))
        a, b = (
            self.pixel(lens, canvas, outlook, top),
            self.pixel(lens, canvas, outlook, (lander.x, lander.y, 1.0)),
        )
        assert a[0] < 350 < 450 < b[0]
        assert covered[round(a[1]), round(a[0])] == 1
        assert covered[round(a[1]), round(a[0]) + 40] == 0  # sky beside the mast
        assert covered[round(b[1]), round(b[0])] == 1
        assert covered[590].min() == 1
        assert covered[5].max() == 0
        a = outlook.azimuth_rad + math.radians(26)
        lens_horizon = lens.project_rolling(canvas.view, (math.cos(a), math.sin(a), -0.001))[1]
        horizon = [int(np.argmax(covered[:, x] > 0.5)) for x in range(4, 60, 4)]
        assert np.median(horizon) == pytest.approx(lens_horizon, abs=8)

    def pixel(self, lens, canvas, outlook, point):
        d = (point[0] - outlook.x, point[1] - outlook.y, point[2] - outlook.z)
        return lens.project_rolling(canvas.view, d)

    def test_rays_from_the_eye_find_what_the_tree_finds(self, studio, place):
        """The search along the rings and the tree of boxes are two ways to the same ground."""
        canvas = self.shot(studio, place, 380.0)
        site = studio._site
        slow = Site(site._still, site._things, None, site._level_m, site._natural, site._soil, site._marks)
        other = Canvas(canvas.lens, canvas.view)
        counts = slow.draw(other, studio.sky(SurfaceLight(SUN, 1.655, 380.0)), studio._bodies(380.0), 380.0)
        assert sum(counts[:3]) == 800 * 600
        apart = np.abs(other.radiance[..., 1] - canvas.radiance[..., 1]) / canvas.radiance[..., 1].mean()
        assert (apart > 0.02).mean() < 2e-4

    def test_tracks_appear_behind_it(self, studio, place):
        """Before the drive there are none; afterwards the ground is darker where they are."""
        before, after = (self.shot(studio, place, t).radiance[..., 1] for t in (0.0, 380.0))
        ratio = after / np.maximum(before, 1e-3)
        _, _, _, outlook = place
        lens, view = studio._lens(800, 600), self.shot(studio, place, 0.0)
        stand = place[2].at(300.0)
        c, s = math.cos(stand.heading_rad), math.sin(stand.heading_rad)
        ground = place[0]
        for side in (0.62, -0.62):
            x, y = stand.x - s * side, stand.y + c * side
            u, v = self.pixel(lens, view, outlook, (x, y, float(ground.height([x], [y])[0])))
            assert 0.6 < ratio[round(v), round(u)] < 0.9
        x, y = stand.x, stand.y
        u, v = self.pixel(lens, view, outlook, (x, y, float(ground.height([x], [y])[0])))
        assert ratio[round(v), round(u)] == pytest.approx(1.0, abs=0.02)

    def test_the_ground_below_the_rover_is_in_shade(self, studio, place):
        """Beam and most of the sky are hidden there."""
        canvas = self.shot(studio, place, 380.0)
        stand = place[2].at(380.0)
        spot = (stand.x, stand.y - 0.1, float(place[0].height([stand.x], [stand.y])[0]))
        u, v = self.pixel(studio._lens(800, 600), canvas, place[3], spot)
        before = self.shot(studio, place, 100.0)
        assert canvas.radiance[round(v), round(u), 1] < 0.35 * before.radiance[round(v), round(u), 1]

    def test_the_same_at_any_time_and_in_any_order(self, studio, place):
        first = self.shot(studio, place, 250.0).radiance
        self.shot(studio, place, 20.0)
        assert (self.shot(studio, place, 250.0).radiance == first).all()
        raw = studio.expose(looking(place[3]), SurfaceLight(SUN, 1.655, 250.0), self.EXPOSURE)
        assert 250 < np.median(raw.dn) < 900

    def test_rows_of_another_make_are_refused(self, studio):
        site = studio._site
        with pytest.raises(FswError, match="soil map"):
            Site(site._still, site._things, None, 0.0, 18, np.zeros(5, np.float32), None)
        with pytest.raises(FswError, match="at most"):
            site.draw(
                Canvas(optics.lens_of(800, 600), optics.view_of((0, 0, 1), (1, 0, 0, 0), (0, 0, 0), 0, 0, 0)),
                studio.sky(SurfaceLight(SUN, 1.655, 0.0)),
                studio._bodies(0.0) * 2,
                0.0,
            )
        with pytest.raises(FswError, match="vertices"):
            dataclasses.replace(site._fan, across=7)


def test_the_frame_that_the_bench_takes_shows_ground_sky_and_rover():
    view, shot = frames.portrait()
    exposure = Exposure(exposure_us=shot.exposure_us, lens=shot.lens)
    drawn = view.studio.radiance(view.pose, view.light(shot.start_ns), exposure).radiance
    assert 0.6 < (drawn[..., 3] > 0).mean() < 0.75
    later = view.studio.radiance(view.pose, view.light(shot.start_ns + 10**9), exposure).radiance
    assert (np.abs(later - drawn) > 0.1).mean() < 2e-3  # the rover stands


SAME = """
import hashlib, sys
sys.path.insert(0, {folder!r})
from portrait import SUN, SUN_AU, looking, scene, studio_at
from fsw.core import binding
from fsw.world.image_sensor import Exposure
from fsw.world.surface import SurfaceLight
place = scene(rock_cover=0.006)
studio = studio_at(*place)
digest = hashlib.sha256()
for seconds in (470.0,):
    canvas = studio.radiance(looking(place[3]), SurfaceLight(SUN, SUN_AU, seconds), Exposure(800, 600))
    digest.update(canvas.radiance.tobytes())
print(binding.variant, digest.hexdigest())
"""

# gcc and clang, with and without wide registers. A change of ground, models, sky or shading changes it.
KNOWN = "2321e11367c015438825b1660aa0ecb196bb806cf51b938e9ed0b536dbbb7730"


def test_every_build_gives_the_same_numbers():
    found = builds.digests(SAME.format(folder=str(Path(builds.__file__).parent)))
    assert set(found.values()) == {KNOWN}, found
