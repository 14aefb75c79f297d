"""Directions and light times against skyfield and astropy, where they are installed."""

import json
import math
from importlib.resources import files

import pytest

from fsw.kernel.time import SECOND
from fsw.missions import load
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM, Ephemeris
from fsw.world.heavens import Heavens
from fsw.world.passes import PlanetToEarth
from fsw.world.windows import windows

HOUR = 3600 * SECOND
UTC = ["2020-08-19T15:20:00Z", "2020-09-30T16:00:00Z", "2020-11-16T16:00:00Z", "2021-02-05T12:00:00Z"]


@pytest.fixture(scope="module")
def heavens():
    return Heavens.of(load("tianwen1-cruise"))


@pytest.mark.parametrize("utc", UTC)
def test_planets_and_light_time_are_skyfields(heavens, utc):
    api = pytest.importorskip("skyfield.api", reason="skyfield is not installed")
    jpllib = pytest.importorskip("skyfield.jpllib", reason="skyfield is not installed")
    constants = pytest.importorskip("skyfield.constants", reason="skyfield is not installed")
    timescale = api.load.timescale(builtin=True)
    kernel = jpllib.SpiceKernel(str(files("fsw.world") / "assets" / "de421_excerpt.bsp"))
    t_ns = heavens.epoch.parse(utc)
    day, fraction = heavens.epoch.tdb_julian_date(t_ns)
    moment = timescale.tt_jd(day, fraction)
    assert moment.utc_iso() == utc
    bodies = {"sun": 10, "earth": 399, "moon": 301, "mars": 4, "jupiter": 5}
    for name, number in bodies.items():
        position = heavens.ephemeris.position_km(name, t_ns)
        # 1.7 ms of TDB - TT at up to 60 km/s.
        assert math.dist(position, kernel[number].at(moment).position.km) < 0.12
    # The spacecraft, seen from Earth at the instant its signal comes in.
    delay_s = heavens.light_time.one_way_light_time_ns(t_ns, "down") / 1e9
    arrival = timescale.tt_jd(day, fraction + delay_s / 86400)
    earth = kernel[399].at(arrival).position.km
    way_km = math.dist(earth, heavens.trajectory.barycentric_state(t_ns)[0])
    assert way_km / constants.C * 1000 == pytest.approx(delay_s, abs=1e-6)
    kernel.close()


@pytest.mark.parametrize("utc", UTC)
def test_sun_and_earth_are_where_astropy_has_them(heavens, utc):
    pytest.importorskip("astropy", reason="astropy is not installed")
    from astropy.coordinates import get_body_barycentric, solar_system_ephemeris
    from astropy.time import Time
    from astropy.utils import iers

    with iers.conf.set_temp("auto_download", False), solar_system_ephemeris.set("builtin"):
        moment = Time(utc.removesuffix("Z"), scale="utc")
        t_ns = heavens.epoch.parse(utc)
        day, fraction = heavens.epoch.tdb_julian_date(t_ns)
        assert (moment.tt.jd1 - day) + (moment.tt.jd2 - fraction) == pytest.approx(0.0, abs=1e-11)
        sun, earth = (
            get_body_barycentric(body, moment).xyz.to_value("km") for body in ("sun", "earth")
        )  # fmt: skip
        own_sun, own_earth = (heavens.ephemeris.position_km(body, t_ns) for body in ("sun", "earth"))
        theirs, ours = earth - sun, [e - s for e, s in zip(own_earth, own_sun)]
        # ERFA's series for the Earth is good to some km.
        assert math.dist(theirs, ours) < 20.0
        assert math.dist(ours, (0, 0, 0)) / ASTRONOMICAL_UNIT_KM == pytest.approx(1.0, abs=0.02)


def test_a_state_from_telemetry_is_flown_as_skyfield_places_the_earth(heavens):
    """Distance at the published epochs from the packets themselves, not from our integrator."""
    jpllib = pytest.importorskip("skyfield.jpllib", reason="skyfield is not installed")
    api = pytest.importorskip("skyfield.api", reason="skyfield is not installed")
    kernel = jpllib.SpiceKernel(str(files("fsw.world") / "assets" / "de421_excerpt.bsp"))
    timescale = api.load.timescale(builtin=True)
    from pathlib import Path

    rows = json.loads((Path(__file__).parent / "vectors" / "tianwen1_states.json").read_text())
    for row in rows["state_vectors"][4:12]:
        t_ns = heavens.epoch.parse(row["utc"].replace(" ", "T"))
        moment = timescale.tt_jd(*heavens.epoch.tdb_julian_date(t_ns))
        earth = kernel[399].at(moment).position.km - kernel[10].at(moment).position.km
        own = heavens.earth_distance_km(t_ns)
        assert math.dist(earth, row["state"][:3]) == pytest.approx(own, abs=0.1)
    kernel.close()


@pytest.mark.parametrize("utc", ["2021-02-11T00:00:00Z", "2021-08-01T07:00:00Z", "2021-12-31T12:00:00Z"])
def test_passes_over_the_stations_rise_and_set_as_skyfield_has_them(utc):
    api = pytest.importorskip("skyfield.api", reason="skyfield is not installed")
    jpllib = pytest.importorskip("skyfield.jpllib", reason="skyfield is not installed")
    mission = load("tianwen1-relay")
    epoch = mission.epoch
    way = PlanetToEarth(Ephemeris(epoch), "mars")
    timescale = api.load.timescale(builtin=True)
    kernel = jpllib.SpiceKernel(str(files("fsw.world") / "assets" / "de421_excerpt.bsp"))
    begin_ns = epoch.parse(utc)
    for station in mission.station:
        place = (station.latitude_deg, station.longitude_deg)
        observer = kernel[399] + api.wgs84.latlon(*place)

        def theirs(t_ns, observer=observer):
            """Elevation in degrees, of the mission time at which the signal arrives."""
            arrival = timescale.tt_jd(*epoch.tdb_julian_date(t_ns + way.light_time_ns(t_ns)))
            return observer.at(arrival).observe(kernel[4]).apparent().altaz()[0].degrees

        for hour in range(0, 24, 5):
            t_ns = begin_ns + hour * HOUR
            ours = math.degrees(math.asin(way.elevation_sine(t_ns, *place)))
            assert ours == pytest.approx(theirs(t_ns), abs=0.02)
        mask = math.sin(math.radians(10.0))
        found = windows(
            lambda t_ns, place=place, mask=mask: way.elevation_sine(t_ns, *place) >= mask,
            begin_ns, begin_ns + 24 * HOUR, HOUR // 3, SECOND,
        )  # fmt: skip
        for edge in {edge for window in found for edge in window} - {begin_ns, begin_ns + 24 * HOUR}:
            # A second of time turns the Earth by 0.004 deg.
            assert theirs(edge) == pytest.approx(10.0, abs=0.02)
    kernel.close()


@pytest.mark.parametrize("utc", ["2021-04-01T00:00:00Z", "2021-09-24T00:00:00Z", "2021-10-20T00:00:00Z"])
def test_the_angle_to_the_sun_is_skyfields(utc):
    api = pytest.importorskip("skyfield.api", reason="skyfield is not installed")
    jpllib = pytest.importorskip("skyfield.jpllib", reason="skyfield is not installed")
    epoch = load("tianwen1-relay").epoch
    way = PlanetToEarth(Ephemeris(epoch), "mars")
    timescale = api.load.timescale(builtin=True)
    kernel = jpllib.SpiceKernel(str(files("fsw.world") / "assets" / "de421_excerpt.bsp"))
    t_ns = epoch.parse(utc)
    earth = kernel[399].at(timescale.tt_jd(*epoch.tdb_julian_date(t_ns + way.light_time_ns(t_ns))))
    theirs = earth.observe(kernel[4]).separation_from(earth.observe(kernel[10])).degrees
    assert way.sun_angle_deg(t_ns) == pytest.approx(theirs, abs=0.01)
    kernel.close()
