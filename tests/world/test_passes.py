"""Who hears whom: shapes that can be worked out by hand. The judge of the Earth's turn is skyfield."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.world.passes import SurfaceSite, hidden, zenith
from fsw.world.planets import MARS
from fsw.world.vectors import dot, length

AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
POLE = AXES[2]


@pytest.mark.parametrize(("position", "way", "is_hidden"), [
    ((-5000.0, 0.0, 3396.0), (1e8, 0.0, 0.0), True),  # over the pole it would pass: the spheroid is flat
    ((-5000.0, 3396.0, 0.0), (1e8, 0.0, 0.0), True),
    ((-5000.0, 3397.0, 0.0), (1e8, 0.0, 0.0), False),
    ((5000.0, 0.0, 0.0), (1e8, 0.0, 0.0), False),  # on this side
])  # fmt: skip
def test_the_planet_hides_what_is_behind_it(position, way, is_hidden):
    if position[2]:
        assert not hidden(position, way, MARS, POLE)
        position = (position[0], position[1], 3376.0)
    assert hidden(position, way, MARS, POLE) is is_hidden


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_site_lies_on_the_spheroid_and_up_is_its_normal(latitude, longitude):
    site = SurfaceSite(MARS, latitude, longitude)
    x, y, z = site.position_km(AXES)
    assert math.degrees(math.atan2(z, math.hypot(x, y))) == pytest.approx(latitude)  # planet-centred
    a2, c2 = MARS.equatorial_km**2, MARS.polar_km**2
    assert (x * x + y * y) / a2 + z * z / c2 == pytest.approx(1.0)
    normal = (x / a2, y / a2, z / c2)
    up = site.up(AXES)
    assert dot(up, normal) / length(normal) == pytest.approx(1.0)
    above = (x + 300.0 * up[0], y + 300.0 * up[1], z + 300.0 * up[2])
    away, sine = site.look(AXES, above)
    assert (away, sine) == (pytest.approx(300.0), pytest.approx(1.0))


def test_the_zenith_is_latitude_and_longitude():
    assert zenith(AXES, 30.0, 90.0) == pytest.approx((0.0, math.sqrt(0.75), 0.5))
