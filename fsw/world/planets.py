"""Planets that a spacecraft flies near: gravity, shape and rotation.

Rotation by the IAU's rules (Archinal et al., "Report of the IAU Working Group on Cartographic Coordinates
and Rotational Elements: 2009", Celest. Mech. Dyn. Astr. 109, 2011), linear terms.
"""

from dataclasses import dataclass

from fsw.core.errors import FswError
from fsw.kernel.time import DAY
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Matrix, Vector, add, cross, scale

_CENTURY_NS = 36525 * DAY


@dataclass(frozen=True, slots=True)
class Planet:
    """gm_km3_s2: of the planet alone. zonal: J2, J3, J4 for zonal_radius_km. equatorial_km, polar_km: of
    its spheroid. Degrees at J2000, and what they change: the pole's right ascension and declination
    in a century, the prime meridian in a day."""

    name: str
    gm_km3_s2: float
    zonal: Vector
    zonal_radius_km: float
    equatorial_km: float
    polar_km: float
    pole_right_ascension_deg: tuple[float, float]
    pole_declination_deg: tuple[float, float]
    prime_meridian_deg: tuple[float, float]

    def equator(self, tdb_ns: int = 0) -> Matrix:
        """Axes of the planet's equator, in the ICRF: its ascending node on the ICRF's, and the pole.

        tdb_ns: since J2000. That of J2000 is the frame which orbit programs call body-inertial.
        """
        centuries = tdb_ns / _CENTURY_NS
        alpha, alpha_rate = self.pole_right_ascension_deg
        delta, delta_rate = self.pole_declination_deg
        sa, ca = sine_cosine_degrees(alpha + alpha_rate * centuries)
        sd, cd = sine_cosine_degrees(delta + delta_rate * centuries)
        pole = (cd * ca, cd * sa, sd)
        node = (-sa, ca, 0.0)
        return node, cross(pole, node), pole

    def axes(self, tdb_ns: int) -> Matrix:
        """Body-fixed axes in the ICRF: prime meridian, 90 deg east, north pole."""
        node, beyond, pole = self.equator(tdb_ns)
        turn, rate = self.prime_meridian_deg
        days, rest_ns = divmod(tdb_ns, DAY)
        # Whole turns first: millions of degrees would leave few digits.
        sw, cw = sine_cosine_degrees((turn + rate * days % 360.0 + rate * (rest_ns / DAY)) % 360.0)
        prime = add(scale(node, cw), scale(beyond, sw))
        return prime, cross(pole, prime), pole

    def turning_rad_s(self, tdb_ns: int) -> Vector:
        """Angular velocity, ICRF."""
        return scale(self.equator(tdb_ns)[2], self.prime_meridian_deg[1] * PI / 180.0 / 86400.0)


# Gravity: GMM-2B (Lemoine et al., J. Geophys. Res. 106, 2001). Shape: Archinal et al.
MARS = Planet(
    name="mars",
    gm_km3_s2=42828.371901,
    zonal=(1.95545367944545e-3, 3.14498094262035e-5, -1.53773961526397e-5),
    zonal_radius_km=3397.0,
    equatorial_km=3396.19,
    polar_km=3376.20,
    pole_right_ascension_deg=(317.68143, -0.1061),
    pole_declination_deg=(52.88650, -0.0609),
    prime_meridian_deg=(176.630, 350.89198226),
)

PLANETS = {planet.name: planet for planet in (MARS,)}


def planet_named(name: str) -> Planet:
    """One of `PLANETS`."""
    if name not in PLANETS:
        raise FswError(f"planet {name!r}: allowed are {', '.join(PLANETS)}")
    return PLANETS[name]


# Equatorial and polar radius [km] of what is drawn as a globe (Archinal et al.).
_SPHEROIDS = {
    "earth": (6378.137, 6356.752),
    "moon": (1737.4, 1737.4),
    "mars": (3396.19, 3376.20),
    "venus": (6051.8, 6051.8),
    "jupiter": (71492.0, 66854.0),
}
# Pole's right ascension and declination, prime meridian; each with its rate (Archinal et al.).
_ROTATIONS = {
    "earth": ((0.0, -0.641), (90.0, -0.557), (190.147, 360.9856235)),
    "mars": (MARS.pole_right_ascension_deg, MARS.pole_declination_deg, MARS.prime_meridian_deg),
    "venus": ((272.76, 0.0), (67.16, 0.0), (160.20, -1.4813688)),
    "jupiter": ((268.056595, -0.006499), (64.495303, 0.002413), (284.95, 870.5360000)),
}
# The Moon's: arguments E1 to E13 [deg] and their daily rates, and what their sines (of the declination:
# cosines) add to the pole's right ascension and declination, and to the prime meridian.
_MOON_TERMS = (
    (125.045, -0.0529921, -3.8787, 1.5419, 3.5610),
    (250.089, -0.1059842, -0.1204, 0.0239, 0.1208),
    (260.008, 13.0120009, 0.0700, -0.0278, -0.0642),
    (176.625, 13.3407154, -0.0172, 0.0068, 0.0158),
    (357.529, 0.9856003, 0.0, 0.0, 0.0252),
    (311.589, 26.4057084, 0.0072, -0.0029, -0.0066),
    (134.963, 13.0649930, 0.0, 0.0009, -0.0047),
    (276.617, 0.3287146, 0.0, 0.0, -0.0046),
    (34.226, 1.7484877, 0.0, 0.0, 0.0028),
    (15.134, -0.1589763, -0.0052, 0.0008, 0.0052),
    (119.743, 0.0036096, 0.0, 0.0, 0.0040),
    (239.961, 0.1643573, 0.0, 0.0, 0.0019),
    (25.053, 12.9590088, 0.0043, -0.0009, -0.0044),
)


def spheroid_of(name: str) -> tuple[float, float]:
    """Equatorial and polar radius [km] of a body that can be seen as a globe."""
    return _SPHEROIDS[name]


def axes_of(name: str, tdb_ns: int) -> Matrix:
    """Body-fixed axes in the ICRF: prime meridian, 90 deg east, north pole; to a tenth of a degree."""
    days, centuries = tdb_ns / DAY, tdb_ns / _CENTURY_NS
    if name == "moon":
        alpha, delta = 269.9949 + 0.0031 * centuries, 66.5392 + 0.0130 * centuries
        turn = 38.3213 + _turned(13.17635815, tdb_ns) - 1.4e-12 * days * days
        for argument, rate, to_alpha, to_delta, to_turn in _MOON_TERMS:
            sine, cosine = sine_cosine_degrees((argument + rate * days) % 360.0)
            alpha, delta, turn = alpha + to_alpha * sine, delta + to_delta * cosine, turn + to_turn * sine
    else:
        (alpha, alpha_rate), (delta, delta_rate), (turn, rate) = _ROTATIONS[name]
        alpha, delta = alpha + alpha_rate * centuries, delta + delta_rate * centuries
        turn += _turned(rate, tdb_ns)
    (sa, ca), (sd, cd) = sine_cosine_degrees(alpha), sine_cosine_degrees(delta)
    sw, cw = sine_cosine_degrees(turn % 360.0)
    pole, node = (cd * ca, cd * sa, sd), (-sa, ca, 0.0)
    prime = add(scale(node, cw), scale(cross(pole, node), sw))
    return prime, cross(pole, prime), pole


def _turned(rate: float, tdb_ns: int) -> float:
    """Degrees since J2000 at a daily rate, whole turns left out: millions would leave few digits."""
    days, rest_ns = divmod(tdb_ns, DAY)
    return rate * days % 360.0 + rate * (rest_ns / DAY)
