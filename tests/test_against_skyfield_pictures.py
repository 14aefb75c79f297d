"""Earth and Moon in the pictures, against skyfield's geometry: width, phase, which way up, which side."""

import math
from importlib.resources import files

import numpy as np
import pytest

from fsw import missions
from fsw.missions.mounted import MountedMission
from fsw.world.heavens import Heavens
from fsw.world.mounted import MountedView
from fsw.world.planets import axes_of

api = pytest.importorskip("skyfield.api", reason="skyfield is not installed")
framelib = pytest.importorskip("skyfield.framelib", reason="skyfield is not installed")
jpllib = pytest.importorskip("skyfield.jpllib", reason="skyfield is not installed")

MISSION = missions.load("tianwen2-earth-moon", MountedMission)
HEAVENS = Heavens.of(MISSION)
VIEW = MountedView(MISSION, HEAVENS, 7)
FOCAL_PX = 1024 / math.tan(math.radians(1.5))
EARTH_NS, MOON_NS = (MISSION.epoch.parse(one.begin_utc) for one in MISSION.observation[:2])


def unit(v):
    return np.asarray(v) / np.linalg.norm(v)


@pytest.fixture(scope="module")
def sky():
    kernel = jpllib.SpiceKernel(str(files("fsw.world") / "assets" / "de421_excerpt.bsp"))
    timescale = api.load.timescale(builtin=True)
    yield lambda t_ns: (kernel, timescale.tt_jd(*HEAVENS.epoch.tdb_julian_date(t_ns)))
    kernel.close()


def spacecraft(kernel, moment, t_ns):
    """Barycentric, ICRF [km]; at the state's own instant by skyfield and the state alone."""
    start = MISSION.trajectory.start[0]
    seconds = (t_ns - HEAVENS.epoch.parse(start.state_utc)) / 1e9
    if seconds == 0:
        return kernel[10].at(moment).position.km + np.array(start.position_km)
    return np.array(HEAVENS.trajectory.barycentric_state(t_ns)[0])


@pytest.mark.parametrize(("t_ns", "number", "name"), [(EARTH_NS, 399, "earth"), (MOON_NS, 301, "moon")])
def test_distance_phase_and_sunward_side_are_skyfields(sky, t_ns, number, name):
    kernel, moment = sky(t_ns)
    here = spacecraft(kernel, moment, t_ns)
    body, sun = (kernel[n].at(moment).position.km for n in (number, 10))
    assert np.linalg.norm(body - here) == pytest.approx(590_000, abs=100)
    look, to_sun = unit(body - here), unit(sun - here)
    phase = math.degrees(math.acos(-(look @ unit(sun - body))))
    (_, globe), *_ = [one for one in VIEW.globes(t_ns) if one[0] == name]
    centre = np.array(globe.centre_km)
    ours = math.degrees(math.acos(-(unit(centre) @ np.array(globe.sun))))
    assert ours == pytest.approx(phase, abs=0.001)
    # In the picture: sunwards is the Sun's direction without its part along the line of sight.
    axes = VIEW.axes(t_ns)
    sunward = to_sun - (to_sun @ look) * look
    right, down = (sunward @ np.array(axis) for axis in axes[:2])
    rows, columns = np.nonzero(VIEW.radiance(t_ns, 2048, 2048, 100).radiance[:, :, 1] > 0.02)
    x = 1023.5 + FOCAL_PX * centre[0] / centre[2]
    y = 1023.5 + FOCAL_PX * centre[1] / centre[2]
    seen = math.degrees(math.atan2(rows.mean() - y, columns.mean() - x))
    assert seen == pytest.approx(math.degrees(math.atan2(down, right)), abs=1.0)


def test_the_earth_is_turned_as_skyfield_turns_it(sky):
    """Places on the ground, through skyfield's precession, nutation and rotation, within 0.2 deg."""
    kernel, moment = sky(EARTH_NS)
    del kernel
    rotation = framelib.itrs.rotation_at(moment)
    ours = np.array(axes_of("earth", HEAVENS.epoch.tdb_ns(EARTH_NS)))
    for lon, lat in ((0, 0), (90, 0), (20, 60), (-120, -80)):
        lo, la = math.radians(lon), math.radians(lat)
        fixed = np.array([math.cos(la) * math.cos(lo), math.cos(la) * math.sin(lo), math.sin(la)])
        assert (rotation.T @ fixed) @ (ours.T @ fixed) > math.cos(math.radians(0.2))


def test_coasts_are_where_skyfield_has_them_in_the_picture(sky):
    """The same ground in picture positions that skyfield and the state alone give."""
    kernel, moment = sky(EARTH_NS)
    here = spacecraft(kernel, moment, EARTH_NS)
    earth = kernel[399].at(moment).position.km
    rotation = framelib.itrs.rotation_at(moment)
    axes = np.array(VIEW.axes(EARTH_NS))
    light = VIEW.radiance(EARTH_NS, 2048, 2048, 100).radiance[:, :, 0]

    def seen(lon, lat):
        place = earth + rotation.T @ api.wgs84.latlon(lat, lon).itrs_xyz.km
        x, y, z = axes @ (place - here)
        column, row = round(1023.5 + FOCAL_PX * x / z), round(1023.5 + FOCAL_PX * y / z)
        return float(np.median(light[row - 1 : row + 2, column - 1 : column + 2]))

    # On both sides of coasts under a clear sky, some 200 km apart: Libya, Arabia and Madagascar.
    for land, sea in (((21, 29), (20, 33.5)), ((56, 20), (60, 20)), ((46, -22), (51, -24))):
        assert seen(*land) > 1.5 * seen(*sea)
