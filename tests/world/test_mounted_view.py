"""What a mounted camera sees: discs of the right width, phase and orientation; stars if exposed for them."""

import math
from itertools import pairwise

import numpy as np
import pytest

from fsw import missions
from fsw.kernel.time import DAY, SECOND
from fsw.missions.mounted import MountedMission
from fsw.world.globe import Globe, draw
from fsw.world.heavens import Heavens
from fsw.world.imaging import Snap
from fsw.world.mounted import MountedView
from fsw.world.planets import axes_of
from fsw.world.surfaces import Earth, Even, surface_of
from fsw.world.vectors import cross, dot, rotate, rotate_back, subtract, unit

MISSION = missions.load("tianwen2-earth-moon", MountedMission)
HEAVENS = Heavens.of(MISSION)
VIEW = MountedView(MISSION, HEAVENS, 7)
TIMES = [MISSION.epoch.parse(one.begin_utc) for one in MISSION.observation]
EARTH_NS, MOON_NS, STARS_NS = TIMES
FOCAL_PX = 1024 / math.tan(math.radians(1.5))


def lit(t_ns):
    """Pixels that any sunlight reaches."""
    return VIEW.radiance(t_ns, 2048, 2048, 100).radiance[:, :, 1] > 0.02


def limb_circle(mask):
    """Centre and radius [px] of the lit limb, and the direction [deg, from the right downwards] to which it
    is lit: of all half circles about the lit area's centre, the one whose edge is the best circle."""
    inner = mask[1:-1, 1:-1] & mask[2:, 1:-1] & mask[:-2, 1:-1] & mask[1:-1, 2:] & mask[1:-1, :-2]
    rows, columns = np.nonzero(mask[1:-1, 1:-1] & ~inner)
    x, y = columns + 1.0, rows + 1.0
    ys, xs = np.nonzero(mask)
    angle = np.arctan2(y - ys.mean(), x - xs.mean())
    best = (math.inf,)
    for middle in np.radians(np.arange(0, 360, 10)):
        near = np.abs(np.angle(np.exp(1j * (angle - middle)))) < math.radians(70)
        a = np.stack([x[near], y[near], np.ones(near.sum())], 1)
        solved, *_ = np.linalg.lstsq(a, x[near] ** 2 + y[near] ** 2, rcond=None)
        cx, cy = solved[:2] / 2
        radius = math.sqrt(solved[2] + cx * cx + cy * cy)
        residual = np.sqrt(np.mean((np.hypot(x[near] - cx, y[near] - cy) - radius) ** 2)) / radius
        best = min(best, (residual, cx, cy, radius))
    _, cx, cy, radius = best
    direction = math.degrees(math.atan2(ys.mean() - cy, xs.mean() - cx))
    return cx, cy, radius, direction


@pytest.mark.parametrize(
    ("t_ns", "body", "degrees", "radius_km", "pixels"),
    [(EARTH_NS, "earth", 1.239, 6378.137, 845), (MOON_NS, "moon", 0.337, 1737.4, 230)],
)
def test_discs_are_as_wide_as_stated(t_ns, body, degrees, radius_km, pixels):
    distance_km = HEAVENS.direction(body, t_ns).distance_km
    assert distance_km == pytest.approx(590_000, abs=50)
    assert 2 * math.degrees(math.asin(radius_km / distance_km)) == pytest.approx(degrees, abs=6e-4)
    cx, cy, radius, direction = limb_circle(lit(t_ns))
    assert 2 * radius == pytest.approx(pixels, rel=0.01)
    assert math.hypot(cx - 1023.5, cy - 1023.5) < 15  # where attitude control holds it
    assert direction == pytest.approx(0.0, abs=2.0)  # the Sun is to the right: the mount says so


@pytest.mark.parametrize(("t_ns", "body"), [(EARTH_NS, "earth"), (MOON_NS, "moon")])
def test_the_terminator_is_where_the_phase_has_it(t_ns, body):
    to_body, to_sun = (HEAVENS.trajectory.to_body(name, t_ns)[0] for name in (body, "sun"))
    phase = math.degrees(math.acos(-dot(unit(to_body), unit(subtract(to_sun, to_body)))))
    mask = lit(t_ns)
    cx, cy, radius, _ = limb_circle(mask)
    row = np.flatnonzero(mask[round(cy)])
    seen = math.degrees(math.acos((cx - row[0]) / radius))
    assert seen == pytest.approx(phase, abs=2.5)


def test_stars_show_only_when_exposed_for_them():
    def points(exposure_us):
        canvas = VIEW.radiance(STARS_NS, 2048, 2048, exposure_us)
        numbers = VIEW.numbers(canvas, exposure_us, 1.0, 1).astype(int)
        middle = numbers[1:-1, 1:-1]
        around = np.max([numbers[1:-1, 2:], numbers[1:-1, :-2], numbers[2:, 1:-1], numbers[:-2, 1:-1]], 0)
        peak = (middle > around) & (middle > np.median(numbers) + 120)
        rows, columns = np.nonzero(peak)
        far = np.hypot(rows - 1023, columns - 1023) > 300  # from the Moon and its light
        return int(far.sum())

    assert points(MISSION.observation[1].exposure_us) == 0
    assert points(500_000) >= 3


def test_land_sea_and_ice_are_where_they_are():
    earth = Earth()
    earth._clouds = np.zeros_like(earth._clouds)

    def brightness(lon, lat):
        lo, la = math.radians(lon), math.radians(lat)
        n = np.array([[math.cos(la) * math.cos(lo)], [math.cos(la) * math.sin(lo)], [math.sin(la)]])
        one = np.ones(1)
        return float(earth.reflectance(n, one, one * 0.5, one * 0.5, (1.0, 0.0, 0.0))[0, 0])

    sahara, arabia, kalahari = brightness(15, 24), brightness(47, 22), brightness(22, -23)
    antarctica, atlantic, congo = brightness(60, -80), brightness(-25, -25), brightness(23, 0)
    assert min(sahara, arabia) > 2 * congo > 3 * atlantic
    assert antarctica > sahara > kalahari > congo


def test_maria_are_dark_and_tycho_is_bright():
    moon = surface_of("moon")

    def albedo(lon, lat):
        lo, la = math.radians(lon), math.radians(lat)
        n = (math.cos(la) * math.cos(lo), math.cos(la) * math.sin(lo), math.sin(la))
        one = np.ones(1)
        return float(moon.reflectance(np.array(n)[:, None], one, one, one, n)[1, 0])

    maria = [albedo(*at) for at in ((-15, 33), (17, 28), (31, 8), (59, 17), (52, -8), (-39, -24), (148, 27))]
    highlands = [albedo(*at) for at in ((0, -35), (30, -45), (-160, 20), (120, 0))]
    assert max(maria) < 0.75 * min(highlands)
    assert albedo(-11.4, -43.3) > 1.15 * max(highlands)


def test_the_moon_keeps_its_face_to_the_earth():
    """Librations: at most 8 deg in longitude and 7 in latitude, and of both signs within a month."""
    epoch = HEAVENS.epoch
    found = []
    for day in range(0, 60, 2):
        t_ns = day * DAY
        positions = [HEAVENS.ephemeris.position_km(name, t_ns) for name in ("earth", "moon")]
        way = unit(subtract(*positions))
        prime, east, pole = axes_of("moon", epoch.tdb_ns(t_ns))
        found.append(
            (math.degrees(math.atan2(dot(way, east), dot(way, prime))), math.degrees(dot(way, pole)))
        )
    longitudes, latitudes = zip(*found, strict=True)
    assert -8.2 < min(longitudes) < -4 < 4 < max(longitudes) < 8.2
    assert -7.0 < min(latitudes) < -5 < 5 < max(latitudes) < 7.0


# ---- pointing -------------------------------------------------------------------------------------


def test_the_boresight_holds_its_target_and_the_sun_its_plane():
    rule = HEAVENS.attitude
    for t_ns, body in ((EARTH_NS, "earth"), (EARTH_NS + 600 * SECOND, "earth"), (MOON_NS, "moon")):
        attitude = rule.target(t_ns)
        look, sun = HEAVENS.direction(body, t_ns).unit, HEAVENS.direction("sun", t_ns).unit
        assert dot(rotate(attitude, (0.0, 0.0, 1.0)), look) == pytest.approx(1.0, abs=1e-12)
        x, y, _ = rotate_back(attitude, sun)
        assert x > 0
        assert y == pytest.approx(0.0, abs=1e-9)
        flown = rotate(rule.attitude(t_ns), (0.0, 0.0, 1.0))
        assert dot(flown, look) > math.cos(math.radians(2 * MISSION.attitude.dead_band_deg))


def test_the_slew_is_smooth_and_its_rate_is_that_of_the_attitude():
    rule = HEAVENS.attitude
    begin_ns = MISSION.epoch.parse(MISSION.observation[1].slew_utc)
    rates = []
    for share in (-0.1, 0.001, 0.2, 0.5, 0.8, 0.999, 1.1):
        t_ns = begin_ns + round(share * 600 * SECOND)
        before, after = rule.target(t_ns - SECOND), rule.target(t_ns + SECOND)
        _, rate = rule.target_state(t_ns)
        for axis in ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)):
            moved = subtract(rotate(after, axis), rotate(before, axis))
            told = cross(rate, rotate(rule.target(t_ns), axis))
            assert all(abs(m / 2 - r) < 2e-6 for m, r in zip(moved, told, strict=True))
        rates.append(math.degrees(math.sqrt(dot(rate, rate))))
    assert rates[0] < 1e-3 > rates[-1]
    assert max(rates) == rates[3] < 0.2
    assert all(abs(a - b) < 0.12 for a, b in pairwise(rates))


# ---- globe ----------------------------------------------------------------------------------------


def a_globe(x=0.0, y=0.0, z=1000.0, sun=(0.0, 0.0, -1.0)):
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return Globe((x, y, z), axes, 5.0, 5.0, sun, (1.0, 1.0, 1.0), Even((0.5, 0.5, 0.5)))


def a_canvas():
    canvas = VIEW.radiance(EARTH_NS, 800, 600, 10)
    canvas.radiance[:] = 0
    canvas.span[:] = 0
    return canvas


def test_a_full_globe_covers_its_area():
    canvas = a_canvas()
    draw(canvas, a_globe())
    radius = FOCAL_PX * 5 / math.sqrt(1000**2 - 5**2)
    assert float(canvas.radiance[:, :, 3].sum()) == pytest.approx(math.pi * radius**2, rel=1e-3)
    assert float(canvas.radiance[300, 400, 0]) == pytest.approx(0.5 / math.pi, rel=1e-3)
    rows = np.flatnonzero(canvas.span[:, 1] > canvas.span[:, 0])
    assert len(rows) == pytest.approx(2 * radius, abs=2)


def test_a_globe_may_be_cut_by_the_picture_or_be_behind():
    canvas = a_canvas()
    assert draw(canvas, a_globe(z=-1000.0)) == 0
    assert draw(canvas, a_globe(x=100.0)) == 0
    half = draw(canvas, a_globe(x=1000 * 400 / FOCAL_PX))
    assert half == pytest.approx(math.pi * 195.5**2 / 2, rel=0.02)


def test_what_is_nearer_hides_what_is_behind():
    canvas = a_canvas()
    draw(canvas, a_globe(sun=(0.0, 0.0, 1.0)))  # its night side
    draw(canvas, a_globe(z=4000.0))
    assert float(canvas.radiance[:, :, 0].max()) == 0.0


def test_pictures_are_the_same_however_they_are_asked_for():
    snap = Snap(0, MOON_NS, 420, 1.0, 800, 600, False)
    again = MountedView(MISSION, HEAVENS, 7)
    assert VIEW.take(snap) == again.take(snap)
    assert VIEW.take(snap) != MountedView(MISSION, HEAVENS, 8).take(snap)


def test_automatic_exposure_makes_the_moon_bright_and_not_too_bright():
    octets, exposure_us = VIEW.take(Snap(0, MOON_NS, 0, 1.0, 800, 600, True))
    numbers = np.frombuffer(octets[-2 * 800 * 600 :], ">u2")
    assert 200 < exposure_us < 2000
    assert 0.5 < np.partition(numbers, -200)[-200] / 4095 < 1.0
    assert np.count_nonzero(numbers == 4095) < 50
