"""The excerpt of DE421 against jplephem's own evaluation, and the errors it gives."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jplephem.spk import SPK

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND, Epoch
from fsw.world.ephemeris import BODIES, Ephemeris

CHAINS = {"sun": [(0, 10)], "mars": [(0, 4)], "earth": [(0, 3), (3, 399)], "moon": [(0, 3), (3, 301)]}


@pytest.fixture(scope="module")
def kernel():
    from importlib.resources import files

    with SPK.open(str(files("fsw.world") / "assets" / "de421_excerpt.bsp")) as kernel:
        yield kernel


@given(body=st.sampled_from(sorted(CHAINS)), t_ns=st.integers(-90 * DAY, 2640 * DAY))
@settings(max_examples=60)
def test_positions_and_speeds_are_jplephems(kernel, ephemeris, body, t_ns):
    day, fraction = ephemeris.epoch.tdb_julian_date(t_ns)
    parts = [kernel[pair].compute_and_differentiate(day, fraction) for pair in CHAINS[body]]
    position, velocity = ephemeris.state(body, t_ns)
    assert position == ephemeris.position_km(body, t_ns)
    for axis in range(3):
        assert position[axis] == pytest.approx(sum(part[0][axis] for part in parts), abs=2e-3, rel=1e-12)
        expected_km_s = sum(part[1][axis] for part in parts) / 86400
        assert velocity[axis] == pytest.approx(expected_km_s, abs=1e-9)


def test_bits_are_the_same_on_every_machine(ephemeris):
    position, velocity = ephemeris.state("earth", 10 * SECOND)
    assert [value.hex() for value in (*position, *velocity)] == BITS


def test_2005_has_its_own_excerpt():
    ephemeris = Ephemeris(Epoch.from_utc("2005-04-21T00:00:00Z"))
    for body in BODIES:
        ephemeris.position_km(body, 0)
    # Mars Global Surveyor's Mars: 1.4 au from the Sun.
    au = math.dist(ephemeris.position_km("mars", 0), ephemeris.position_km("sun", 0)) / 149597870.7
    assert 1.38 < au < 1.67


def test_neighbouring_records_meet(ephemeris):
    # Records of the Moon are four days: across two of their borders it moves on smoothly.
    for days in range(0, 12):
        before = ephemeris.state("moon", days * DAY - 1)
        after = ephemeris.state("moon", days * DAY)
        assert math.dist(before[0], after[0]) < 1e-4


def test_times_and_bodies_outside_are_refused(ephemeris):
    with pytest.raises(FswError, match="no ephemeris at 2030-"):
        ephemeris.position_km("earth", ephemeris.epoch.parse("2030-01-01T00:00:00Z"))
    with pytest.raises(FswError, match="allowed are mercury, venus"):
        ephemeris.position_km("vulcan", 0)


BITS = [
    "0x1.196d7406974a5p+27",
    "0x1.254cef7e248a5p+24",
    "0x1.fd6f4e504ab90p+22",
    "-0x1.1e4bf39ece940p+2",
    "0x1.af717dfecf794p+4",
    "0x1.7612a65379d6bp+3",
]
