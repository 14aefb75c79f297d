"""Orbits for months: Kepler's equation, and the drift that J2 makes, against the integrated orbit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND, Epoch
from fsw.world.ephemeris import Ephemeris
from fsw.world.mean_orbit import MeanOrbit, eccentric_anomaly_deg
from fsw.world.orbit import Elements, PlanetOrbit
from fsw.world.planets import MARS
from fsw.world.vectors import cross, dot, length, unit


@given(st.floats(-1e5, 1e5), st.floats(0, 0.98))
def test_the_eccentric_anomaly_solves_keplers_equation(mean, e):
    found = eccentric_anomaly_deg(mean, e)
    assert found - math.degrees(e * math.sin(math.radians(found))) == pytest.approx(mean, abs=1e-8)


@given(st.floats(0, 360), st.floats(0, 0.9), st.floats(0, 360))
def test_distances_are_those_of_the_ellipse(mean, e, periapsis):
    orbit = MeanOrbit(MARS, 0, 9000.0, e, 86.0, 100.0, periapsis, mean)
    r = length(orbit.position_km(0))
    assert 9000.0 * (1 - e) * (1 - 1e-9) <= r <= 9000.0 * (1 + e) * (1 + 1e-9)
    start = MeanOrbit(MARS, 0, 9000.0, e, 86.0, 100.0, periapsis, 0.0)
    assert length(start.position_km(0)) == pytest.approx(9000.0 * (1 - e))
    assert length(start.position_km(round(0.5 * start.period_s * SECOND))) == pytest.approx(9000.0 * (1 + e))


def test_the_plane_turns_as_it_does_in_the_integrated_orbit():
    ephemeris = Ephemeris(Epoch.from_utc("2021-12-31T16:30:00Z"))
    elements = Elements(8898.0, 0.5888, 40.0, 100.7, 56.83, 0.0)
    flown = PlanetOrbit(ephemeris, MARS, 0, elements.state(MARS))
    mean = MeanOrbit(MARS, 0, 8898.0, 0.5888, 40.0, 100.7, 56.83, 0.0)

    def node_deg(state):
        node_axis, beyond, pole = MARS.equator()
        normal = unit(cross(*state))
        node = cross(pole, normal)
        return math.degrees(math.atan2(dot(node, beyond), dot(node, node_axis)))

    # Whole revolutions: what J2 makes within one comes and goes.
    end_ns = round(4 * mean.period_s) * SECOND
    turned = node_deg(flown.planet_centred_state(end_ns)) - node_deg(flown.planet_centred_state(0))
    predicted = mean.angles_deg(end_ns)[0] - mean.angles_deg(0)[0]
    assert predicted < -1.0
    assert turned == pytest.approx(predicted, rel=0.02)


def test_an_orbit_that_is_none_is_refused():
    with pytest.raises(FswError, match=r"eccentricity 1\.2: allowed"):
        MeanOrbit(MARS, 0, 9000.0, 1.2, 0.0, 0.0, 0.0, 0.0)
