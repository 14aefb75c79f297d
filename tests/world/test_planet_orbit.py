"""Orbits about Mars against an integrator of another make, and against what is known of Tianwen-1's."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions import load
from fsw.world.ephemeris import GM_KM3_S2
from fsw.world.heavens import Heavens
from fsw.world.orbit import Elements, PlanetOrbit, gravity
from fsw.world.planets import MARS, planet_named
from fsw.world.release import OrbitRelease, release
from fsw.world.vectors import add, cross, dot, length, rotate, scale, subtract, unit

MISSION = load("tianwen1-mars")
HEAVENS = Heavens.of(MISSION)


@pytest.fixture(scope="module")
def mars():
    return HEAVENS


def potential(position, pole):
    """GM/r (1 - sum J_n (R/r)^n P_n), the polynomials by recurrence; complex numbers allowed."""
    r2 = sum(x * x for x in position)
    r = r2**0.5
    s = sum(x * z for x, z in zip(position, pole, strict=True)) / r
    before, now, total = 1.0, s, 1.0
    for n in range(2, 5):
        before, now = now, ((2 * n - 1) * s * now - (n - 1) * before) / n
        total = total - MARS.zonal[n - 2] * (MARS.zonal_radius_km / r) ** n * now
    return MARS.gm_km3_s2 / r * total


def slope(position, pole):
    """Its gradient by complex steps: no digits are lost, and no formula is shared with fsw."""
    step = 1e-30
    return tuple(
        potential([x + 1j * step * (k == axis) for k, x in enumerate(position)], pole).imag / step
        for axis in range(3)
    )


@given(st.tuples(*[st.floats(-1, 1)] * 3), st.floats(1.0, 40.0), st.tuples(*[st.floats(-1, 1)] * 3))
def test_gravity_is_the_slope_of_the_potential(towards, radii, pole):
    if length(towards) < 0.1 or length(pole) < 0.1:
        return
    position, pole = scale(unit(towards), radii * MARS.equatorial_km), unit(pole)
    one, other = gravity(MARS, pole)(position), slope(position, pole)
    assert math.dist(one, other) < 1e-12 * length(other)


def runge_kutta(state, pole, sun_at, t_s, end_s, step_s):
    """Classical, fixed steps, with the Sun where it is at every instant."""

    def rate(t, y):
        p, sun = y[:3], sun_at(t)
        way, far = subtract(sun, p), length(sun)
        near = length(way)
        pull = slope(p, pole)
        tide = [GM_KM3_S2["sun"] * (w / near**3 - s / far**3) for w, s in zip(way, sun, strict=True)]
        return [*y[3:], *(a + b for a, b in zip(pull, tide, strict=True))]

    y = [*state[0], *state[1]]
    while t_s < end_s:
        a = rate(t_s, y)
        b = rate(t_s + step_s / 2, [u + step_s / 2 * v for u, v in zip(y, a, strict=True)])
        c = rate(t_s + step_s / 2, [u + step_s / 2 * v for u, v in zip(y, b, strict=True)])
        d = rate(t_s + step_s, [u + step_s * v for u, v in zip(y, c, strict=True)])
        y = [u + step_s / 6 * (k + 2 * m + 2 * n + q) for u, k, m, n, q in zip(y, a, b, c, d, strict=True)]
        t_s += step_s
    return tuple(y[:3]), tuple(y[3:])


def release_at(heavens, direction=None, speed_m_s=0.2):
    t_ns = MISSION.release_ns
    attitude = heavens.attitude.attitude(t_ns)
    figures = MISSION.orbiter
    return release(
        heavens.trajectory, t_ns, attitude, figures.release_point_m,
        direction or figures.release_direction, speed_m_s,
    )  # fmt: skip


def test_relative_motion_agrees_with_another_integrator_to_a_tenth_of_a_metre(mars):
    released, orbit = release_at(mars), mars.trajectory
    assert isinstance(released, OrbitRelease)
    start_ns = released.t_ns
    pole = MARS.equator(mars.epoch.tdb_ns(0))[2]

    def sun_at(t_s):
        t_ns = start_ns + round(t_s * SECOND)
        return subtract(mars.ephemeris.position_km("sun", t_ns), mars.ephemeris.position_km("mars", t_ns))

    position, velocity = orbit.planet_centred_state(start_ns)
    offset, push = released._point_m, unit(MISSION.orbiter.release_direction)
    q = released.orbiter_attitude
    start = (add(position, scale(offset, 1e-3)), add(velocity, scale(rotate(q, push), 0.2e-3)))
    host, camera = (position, velocity), start
    for t_s in range(0, 2000, 500):
        host = runge_kutta(host, pole, sun_at, t_s, t_s + 500, 10)
        camera = runge_kutta(camera, pole, sun_at, t_s, t_s + 500, 10)
        at_ns = start_ns + (t_s + 500) * SECOND
        relative_m = scale(subtract(camera[0], host[0]), 1e3)
        assert math.dist(released.position_m(at_ns), relative_m) < 0.01
        assert math.dist(orbit.planet_centred_state(at_ns)[0], host[0]) < 1e-4
        assert released.range_m(at_ns) == pytest.approx(math.dist(relative_m, offset), abs=0.01)


def test_relative_motion_agrees_with_scipy(mars):
    integrate = pytest.importorskip("scipy.integrate")
    released = release_at(mars)
    start_ns, end_s = released.t_ns, 2000
    pole = MARS.equator(mars.epoch.tdb_ns(0))[2]
    sun = subtract(mars.ephemeris.position_km("sun", start_ns), mars.ephemeris.position_km("mars", start_ns))

    def rate(_, y):
        way, far = subtract(sun, y[:3]), length(sun)
        near, pull = length(way), slope(list(y[:3]), pole)
        tide = [GM_KM3_S2["sun"] * (w / near**3 - s / far**3) for w, s in zip(way, sun, strict=True)]
        return [*y[3:], *add(pull, tide)]

    ends = []
    for body in (mars.trajectory, released._camera):
        start = [x for part in body.planet_centred_state(start_ns) for x in part]
        solved = integrate.solve_ivp(rate, (0, end_s), start, "DOP853", rtol=1e-11, atol=1e-8)
        ends.append(solved.y[:3, -1])
    relative_m = scale(subtract(ends[1], ends[0]), 1e3)
    assert math.dist(released.position_m(start_ns + end_s * SECOND), relative_m) < 0.1


def test_tides_matter(mars):
    """What a straight line would miss: a push away from Mars gains about 500 m in 2000 s."""
    up = unit(mars.trajectory.planet_centred_state(MISSION.release_ns)[0])
    position, velocity = mars.trajectory.planet_centred_state(MISSION.release_ns)
    camera = PlanetOrbit(
        mars.ephemeris, MARS, MISSION.release_ns, (position, add(velocity, scale(up, 0.2e-3)))
    )
    end_ns = MISSION.release_ns + 2000 * SECOND
    ends = [body.planet_centred_state(end_ns)[0] for body in (camera, mars.trajectory)]
    assert 1000 * math.dist(*ends) == pytest.approx(508, abs=12)


def test_the_orbit_is_the_published_one(mars):
    orbit, epoch = mars.trajectory, mars.epoch
    t_ns = epoch.parse("2021-12-31T16:30:00Z")
    position, velocity = orbit.planet_centred_state(t_ns)
    axis = 1 / (2 / length(position) - dot(velocity, velocity) / MARS.gm_km3_s2)
    assert axis == pytest.approx(8898, abs=1e-6)
    period_h = 2 * math.pi * math.sqrt(axis**3 / MARS.gm_km3_s2) / 3600
    assert period_h == pytest.approx(7.08, abs=0.005)
    normal, pole = unit(cross(position, velocity)), MARS.equator()[2]
    assert math.degrees(math.acos(dot(normal, pole))) == pytest.approx(86.32, abs=1e-9)
    # Northernmost 8.5 min after periapsis, at 498 km, whence Mars is 121 deg wide.
    seconds = range(3 * 3600, 5 * 3600, 10)
    north = max(seconds, key=lambda s: orbit.latitude_sine(t_ns + s * SECOND))
    low = min(seconds, key=lambda s: orbit.altitude_km(t_ns + s * SECOND))
    assert orbit.altitude_km(t_ns + low * SECOND) == pytest.approx(265, abs=1)
    assert north - low == pytest.approx(8.5 * 60, abs=15)
    assert abs(t_ns + north * SECOND - MISSION.release_ns) <= 15 * SECOND
    assert orbit.altitude_km(MISSION.release_ns) == pytest.approx(498, abs=4)
    distance = length(orbit.planet_centred_state(MISSION.release_ns)[0])
    assert 2 * math.degrees(math.asin(MARS.equatorial_km / distance)) == pytest.approx(121, abs=0.5)


def test_where_sun_and_earth_are(mars):
    t_ns = MISSION.release_ns
    pole = MARS.equator(mars.epoch.tdb_ns(t_ns))[2]
    sun = mars.direction("sun", t_ns)
    assert math.degrees(math.asin(dot(sun.unit, pole))) == pytest.approx(12.1, abs=0.05)
    assert sun.distance_au == pytest.approx(1.5366, abs=4e-4)
    assert mars.light_time.one_way_light_time_ns(t_ns) / SECOND == pytest.approx(1168.6, abs=0.5)
    assert mars.earth_distance_km(t_ns) / 1e6 == pytest.approx(350.3, abs=0.2)
    # The dish can reach the Earth and the wings the Sun: it is not behind Mars during the flight.
    for later_s in (0, 1000, 2000, 3300):
        at_ns = t_ns + later_s * SECOND
        down, width = mars.direction("mars", at_ns), MARS.equatorial_km
        for body in ("sun", "earth"):
            angle = math.acos(dot(down.unit, mars.direction(body, at_ns).unit))
            assert angle > math.asin(width / down.distance_km)


def test_light_time_between_its_nodes_is_the_exact_one(mars):
    for t_s in (10, 31, 77, 1013):
        exact = mars.light_time.solve_s(t_s * SECOND, "down") * SECOND
        assert mars.light_time.one_way_light_time_ns(t_s * SECOND) == pytest.approx(exact, abs=25)


def test_the_attitude_turns_mars_below_and_the_sun_into_its_plane_and_is_held(mars):
    attitude = mars.attitude.target(MISSION.release_ns)
    sun, planet = (mars.direction(name, MISSION.release_ns).in_body(attitude) for name in ("sun", "mars"))
    assert sun[1] == pytest.approx(0, abs=1e-12)
    assert planet[1] == pytest.approx(0, abs=1e-12)
    assert math.degrees(math.atan2(-sun[2], sun[0])) == pytest.approx(-30, abs=1e-9)
    assert planet[2] < -0.9
    assert mars.attitude.target_state(MISSION.release_ns + 1000 * SECOND) == (attitude, (0.0, 0.0, 0.0))
    flown = mars.attitude.attitude(MISSION.release_ns + 777 * SECOND)
    turn = 2 * math.acos(min(1.0, abs(sum(a * b for a, b in zip(flown, attitude, strict=True)))))
    assert 0 < math.degrees(turn) < 0.05 * math.sqrt(3) + 1e-6


def test_the_prime_meridian_turns_once_a_sol():
    day = 88_642_663_000_000  # sidereal rotation, ns
    first, later = MARS.axes(0)[0], MARS.axes(day)[0]
    assert math.dist(first, later) < 1e-6
    assert math.dist(first, MARS.axes(day // 2)[0]) == pytest.approx(2, abs=1e-6)
    assert all(length(axis) == pytest.approx(1, abs=1e-12) for axis in MARS.axes(123_456_789_012_345_678))


elements = st.builds(
    Elements,
    st.floats(3600, 30000), st.floats(0, 0.9), st.floats(0, 180), st.floats(-360, 360),
    st.floats(-360, 360), st.floats(-360, 360),
)  # fmt: skip


@given(elements)
def test_elements_give_the_state_that_they_describe(given_elements):
    position, velocity = given_elements.state(MARS)
    e, a = given_elements.eccentricity, given_elements.semi_major_axis_km
    gm = MARS.gm_km3_s2
    assert 1 / (2 / length(position) - dot(velocity, velocity) / gm) == pytest.approx(a, rel=1e-9)
    momentum = cross(position, velocity)
    assert length(momentum) == pytest.approx(math.sqrt(gm * a * (1 - e * e)), rel=1e-12)
    inclination = math.degrees(math.acos(max(-1.0, min(1.0, dot(unit(momentum), MARS.equator()[2])))))
    assert inclination == pytest.approx(given_elements.inclination_deg, abs=1e-5)
    towards = subtract(scale(cross(velocity, momentum), 1 / gm), unit(position))
    assert length(towards) == pytest.approx(e, abs=1e-9)
    along = dot(unit(position), towards)
    assert along == pytest.approx(e * math.cos(math.radians(given_elements.true_anomaly_deg)), abs=1e-9)


@settings(max_examples=10)
@given(st.floats(3700, 9000), st.floats(0, 180), st.floats(0, 360))
def test_energy_is_kept_with_the_tides(radius, inclination, node):
    heavens = HEAVENS
    state = Elements(radius, 0.0, inclination, node, 0.0, 0.0).state(MARS)
    orbit = PlanetOrbit(heavens.ephemeris, MARS, 0, state)
    pole = MARS.equator(heavens.epoch.tdb_ns(0))[2]

    def energy(t_ns):
        position, velocity = orbit.planet_centred_state(t_ns)
        return dot(velocity, velocity) / 2 - potential(position, pole) - tidal(position)

    sun = subtract(heavens.ephemeris.position_km("sun", 0), heavens.ephemeris.position_km("mars", 0))

    def tidal(position):
        far, along = length(sun), dot(position, unit(sun))
        return GM_KM3_S2["sun"] / far**3 * (3 * along**2 - dot(position, position)) / 2

    assert energy(900 * SECOND) == pytest.approx(energy(0), rel=2e-11)


def test_an_orbit_does_not_depend_on_what_was_asked_of_it(mars):
    one, other = (Heavens.of(MISSION).trajectory for _ in range(2))
    times = [7 * SECOND, 12345 * SECOND, -7000 * SECOND, 61 * SECOND]
    assert [one.state(t) for t in times] == [other.state(t) for t in reversed(times)][::-1]


def test_what_cannot_be_flown_is_refused():
    with pytest.raises(FswError, match="eccentricities from 0 to below 1"):
        Elements(8898, 1.0, 0, 0, 0, 0)
    with pytest.raises(FswError, match="allowed are mars"):
        planet_named("vulcan")
