"""Tianwen-1's way to Mars against published figures and its own telemetered states."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM, SOLAR_IRRADIANCE_W_M2, SPEED_OF_LIGHT_KM_S
from fsw.world.light_time import LightTime
from fsw.world.trajectory import StartState, Trajectory
from fsw.world.vectors import dot, length, unit

VECTORS = Path(__file__).parent.parent / "vectors" / "tianwen1_states.json"
STATES = json.loads(VECTORS.read_text())["state_vectors"]

# UTC, Earth distance [Mkm], way flown [Mkm], one-way light time [s] and the digits it is given to.
TABLE = [
    ("2020-08-19T15:20:00Z", 8.240, 77.1, 27.5, 0.1),
    ("2020-09-30T16:00:00Z", 24.093, 188.28, 80.37, 0.01),
    ("2020-10-09T14:59:59Z", 29.44, 210.6, 98.2, 0.1),
    ("2020-10-28T14:00:00Z", 44.2, 256.4, 147, 0.5),
    ("2020-11-16T16:00:00Z", 63.81, 300.2, 213, 0.5),
    ("2021-02-05T12:00:00Z", 183.9, 465.4, 614, 0.5),
]

cruise = st.integers(-50 * DAY, 120 * DAY)


def right_ascension_declination(direction):
    x, y, z = direction
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.asin(z))


@pytest.mark.parametrize(("utc", "earth_mkm", "path_mkm", "light_s", "tolerance_s"), TABLE)
def test_table_of_the_cruise(epoch, trajectory, utc, earth_mkm, path_mkm, light_s, tolerance_s):
    t_ns = epoch.parse(utc)
    distance_km = length(trajectory.to_body("earth", t_ns)[0])
    assert distance_km / 1e6 == pytest.approx(earth_mkm, rel=1e-3)
    assert trajectory.path_flown_km(t_ns) / 1e6 == pytest.approx(path_mkm, rel=1e-3)
    light_ns = LightTime(trajectory).one_way_light_time_ns(t_ns)
    assert light_ns / SECOND == pytest.approx(light_s, abs=tolerance_s)


def test_geometry_at_release(epoch, trajectory):
    t_ns = epoch.parse("2020-09-30T16:00:00Z")
    sun = trajectory.to_body("sun", t_ns)[0]
    earth, rate = trajectory.to_body("earth", t_ns)
    au = length(sun) / ASTRONOMICAL_UNIT_KM
    assert au == pytest.approx(1.1612, abs=5e-5)
    assert SOLAR_IRRADIANCE_W_M2 / au**2 == pytest.approx(1009, abs=0.5)
    assert right_ascension_declination(unit(sun)) == pytest.approx((186.47, -3.87), abs=0.005)
    assert right_ascension_declination(unit(earth)) == pytest.approx((182.85, -9.01), abs=0.005)
    assert math.degrees(math.acos(dot(unit(sun), unit(earth)))) == pytest.approx(6.3, abs=0.05)
    assert dot(unit(earth), rate) == pytest.approx(6.30, abs=0.005)


@pytest.mark.parametrize("row", STATES[4:12], ids=lambda row: row["utc"])
def test_telemetered_states_are_met(epoch, trajectory, row):
    """States of 2 August and 7 February (Daniel Estevez et al., CC BY 4.0), two hours and more apart."""
    position, velocity = trajectory.state(epoch.parse(row["utc"].replace(" ", "T")))
    assert math.dist(position, row["state"][:3]) < 0.05
    assert math.dist(velocity, row["state"][3:]) < 5e-6


@pytest.mark.parametrize("row", STATES[12:], ids=lambda row: row["utc"])
def test_telemetered_states_at_mars_are_met_in_distance_and_speed(epoch, trajectory, row):
    """A day's flight later, in other axes about Mars: 361,000 km away, met within 2 km."""
    separation, rate = trajectory.to_body("mars", epoch.parse(row["utc"].replace(" ", "T")))
    assert length(separation) == pytest.approx(math.hypot(*row["state"][:3]), abs=2.5)
    assert length(rate) == pytest.approx(math.hypot(*row["state"][3:]), abs=1e-5)


def test_other_nodes_give_the_same_path(ephemeris, trajectory):
    start = StartState(*_open(trajectory.starts[1]))
    one = Trajectory(ephemeris, [start])
    elsewhere_ns = start.t_ns + 3 * DAY + DAY // 10
    other = Trajectory(ephemeris, [StartState(elsewhere_ns, *one.state(elsewhere_ns))])
    for days in range(-8, 19, 3):
        t_ns = start.t_ns + days * DAY + DAY // 7
        assert math.dist(one.state(t_ns)[0], other.state(t_ns)[0]) < 3e-5
        assert math.dist(one.state(t_ns)[1], other.state(t_ns)[1]) < 1e-10


def test_free_flight_from_one_state_meets_another_beyond_a_small_manoeuvre(epoch, ephemeris, trajectory):
    # From 20 September back to 19 August, across the correction of 20 September (some m/s).
    alone = Trajectory(ephemeris, [StartState(*_open(trajectory.starts[1]))])
    t_ns = epoch.parse("2020-08-19T15:20:00Z")
    assert length(alone.to_body("earth", t_ns)[0]) / 1e6 == pytest.approx(8.240, rel=1e-3)
    assert length(alone.to_body("earth", t_ns)[0]) / SPEED_OF_LIGHT_KM_S == pytest.approx(27.5, abs=0.1)


def _open(start):
    return start.t_ns, start.position_km, start.velocity_km_s


@given(t_ns=cruise)
@settings(max_examples=30)
def test_velocity_is_the_slope_of_position(trajectory, t_ns):
    if trajectory._index(t_ns - 50 * SECOND) != trajectory._index(t_ns + 50 * SECOND):
        return
    before, after = (trajectory.state(t_ns + step * 50 * SECOND)[0] for step in (-1, 1))
    slope = [(b - a) / 100 for a, b in zip(before, after)]
    assert math.dist(slope, trajectory.state(t_ns)[1]) < 1e-8


def test_nodes_do_not_depend_on_the_order_of_asking(ephemeris, trajectory):
    times = [20 * DAY, -8 * DAY - 1, 3, 11 * DAY + 7, -9 * DAY]
    start = StartState(*_open(trajectory.starts[1]))
    forwards, backwards = Trajectory(ephemeris, [start]), Trajectory(ephemeris, [start])
    states = {t: (forwards.state(t), forwards.path_flown_km(t)) for t in times}
    assert {t: (backwards.state(t), backwards.path_flown_km(t)) for t in reversed(times)} == states


def test_flight_there_and_back_is_the_same(ephemeris, trajectory):
    start = StartState(*_open(trajectory.starts[1]))
    there = Trajectory(ephemeris, [start]).state(start.t_ns + 40 * DAY)
    back = Trajectory(ephemeris, [StartState(start.t_ns + 40 * DAY, *there)]).state(start.t_ns)
    assert math.dist(back[0], start.position_km) < 1e-4
    assert math.dist(back[1], start.velocity_km_s) < 1e-11


def test_steps_are_fine_enough_against_a_foreign_integrator(ephemeris, trajectory):
    integrate = pytest.importorskip("scipy.integrate", reason="scipy is not installed")
    start = trajectory.starts[1]
    from fsw.world.ephemeris import GM_KM3_S2
    from fsw.world.trajectory import _acceleration

    sun = ephemeris.state("sun", start.t_ns)
    initial = [*(a + b for a, b in zip(start.position_km, sun[0])), *(
        a + b for a, b in zip(start.velocity_km_s, sun[1]))]  # fmt: skip

    def slope(t_s, y):
        t_ns = start.t_ns + round(t_s * SECOND)
        bodies = [(gm, ephemeris.position_km(name, t_ns)) for name, gm in GM_KM3_S2.items()]
        return [*y[3:], *_acceleration(tuple(y[:3]), bodies)]

    solution = integrate.solve_ivp(slope, (0, 10 * 86400), initial, method="DOP853", rtol=1e-13, atol=1e-9)
    position, velocity = trajectory.barycentric_state(start.t_ns + 10 * DAY)
    assert math.dist(position, solution.y[:3, -1]) < 1e-4
    assert math.dist(velocity, solution.y[3:, -1]) < 1e-10


def test_times_without_a_start_state_are_refused(ephemeris, trajectory):
    start = trajectory.starts[1]
    short = Trajectory(ephemeris, [start])
    with pytest.raises(FswError, match="no start state covers 2020-10-09T15:00"):
        short.state(start.to_ns)
    with pytest.raises(FswError, match="begin where the one before"):
        Trajectory(ephemeris, [start, start])


def test_bits_are_the_same_on_every_machine(trajectory):
    position, velocity = trajectory.state(10 * SECOND)
    assert [value.hex() for value in (*position, *velocity)] == BITS


@given(t_ns=cruise, direction=st.sampled_from(["down", "up"]))
@settings(max_examples=30)
def test_light_leaves_and_arrives_where_the_receiver_is(trajectory, t_ns, direction):
    light = LightTime(trajectory)
    delay_ns = light.one_way_light_time_ns(t_ns, direction)
    earth = trajectory.ephemeris.position_km
    if direction == "down":
        way = math.dist(trajectory.barycentric_state(t_ns)[0], earth("earth", t_ns + delay_ns))
    else:
        way = math.dist(earth("earth", t_ns), trajectory.barycentric_state(t_ns + delay_ns)[0])
    if trajectory._index(t_ns - 120 * SECOND) == trajectory._index(t_ns + 900 * SECOND):
        assert abs(way / SPEED_OF_LIGHT_KM_S * SECOND - delay_ns) <= 1.0


@given(t_ns=st.integers(-8 * DAY, 8 * DAY), later_ns=st.integers(0, 300 * SECOND))
@settings(max_examples=60)
def test_arrivals_keep_the_order_of_departures(trajectory, t_ns, later_ns):
    light = LightTime(trajectory)
    arrivals = [
        t + light.one_way_light_time_ns(t, "down") for t in (t_ns, t_ns + later_ns, t_ns + later_ns + 1)
    ]
    assert arrivals == sorted(arrivals)


def test_there_and_back_takes_twice_as_long_but_for_the_motion(trajectory):
    light = LightTime(trajectory)
    down_ns = light.one_way_light_time_ns(0, "down")
    up_ns = light.one_way_light_time_ns(down_ns, "up")
    # It recedes at 6.3 km/s while the answer is on its way: 80 s x 2 x 6.3 km/s = 1000 km = 3.4 ms.
    assert 2e6 < up_ns - down_ns < 10e6


BITS = [
    "0x1.4878194a7cfe4p+27",
    "0x1.29d9055e544bep+24",
    "0x1.65ab8c7a03d68p+23",
    "0x1.eb32573292c99p+0",
    "0x1.a95243cca1131p+4",
    "0x1.7b7d300795a87p+3",
]
