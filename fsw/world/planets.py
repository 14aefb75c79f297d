"""Planets that a spacecraft flies near: gravity, shape and rotation.

Rotation by the IAU's rules (Archinal et al., "Report of the IAU Working Group on Cartographic Coordinates
and Rotational Elements: 2009", Celest. Mech. Dyn. Astr. 109, 2011), linear terms.
"""

from dataclasses import dataclass

from fsw.core.errors import FswError
from fsw.kernel.time import DAY
from fsw.world.special import sine_cosine_degrees
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
