"""An orbit about a planet: its gravity with J2 to J4, and the Sun's tide; the same bits everywhere.

Planet-centred, axes of the ICRF, in steps of a minute (see `fsw.world.integrator`); the pole stands as it
does at the start, and the Sun as in the middle of each minute, which is wrong by 3e-16 km/s2.

Left out, with what each makes of the way between two bodies 400 m apart at most in 2000 s at 500 km above
Mars: the equator's ellipticity and other tesseral harmonics (some decimetres), solar pressure (some
centimetres), moons, other planets and the air (less).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions.mission_file import Orbit
from fsw.world.ephemeris import GM_KM3_S2, Ephemeris
from fsw.world.flight_path import FlightPath
from fsw.world.integrator import Arc, Field, State
from fsw.world.planets import Planet, planet_named
from fsw.world.special import sine_cosine_degrees
from fsw.world.vectors import Vector, add, cross, dot, length, scale, subtract

_STEP_NS = 60 * SECOND
_SUN_GM = GM_KM3_S2["sun"]


@dataclass(frozen=True, slots=True)
class Elements:
    """Osculating elements, in the equator and node of the planet at J2000 (body-inertial)."""

    semi_major_axis_km: float
    eccentricity: float
    inclination_deg: float
    ascending_node_deg: float
    argument_of_periapsis_deg: float
    true_anomaly_deg: float

    def __post_init__(self) -> None:
        if not (self.semi_major_axis_km > 0.0 and 0.0 <= self.eccentricity < 1.0):
            raise FswError(
                f"orbit with semi-major axis {self.semi_major_axis_km} km, eccentricity {self.eccentricity}: "
                "allowed are positive ones, and eccentricities from 0 to below 1"
            )

    def state(self, planet: Planet) -> State:
        """Planet-centred position [km] and velocity [km/s], axes of the ICRF."""
        node_axis, beyond, pole = planet.equator()
        so, co = sine_cosine_degrees(self.ascending_node_deg)
        si, ci = sine_cosine_degrees(self.inclination_deg)
        node = add(scale(node_axis, co), scale(beyond, so))
        normal = add(scale(pole, ci), scale(cross(node, pole), si))
        sw, cw = sine_cosine_degrees(self.argument_of_periapsis_deg)
        towards = add(scale(node, cw), scale(cross(normal, node), sw))  # periapsis
        ahead = cross(normal, towards)
        sv, cv = sine_cosine_degrees(self.true_anomaly_deg)
        parameter = self.semi_major_axis_km * (1.0 - self.eccentricity * self.eccentricity)
        radius = parameter / (1.0 + self.eccentricity * cv)
        speed = sqrt(planet.gm_km3_s2 / parameter)
        position = add(scale(towards, radius * cv), scale(ahead, radius * sv))
        velocity = add(scale(towards, -speed * sv), scale(ahead, speed * (self.eccentricity + cv)))
        return position, velocity


def gravity(planet: Planet, pole: Vector) -> Callable[[Vector], Vector]:
    """The planet's pull [km/s2] at a planet-centred position [km]; pole: unit, in the same axes."""
    gm = planet.gm_km3_s2
    j2, j3, j4 = planet.zonal
    zx, zy, zz = pole

    def pull(position: Vector) -> Vector:
        x, y, z = position
        r2 = x * x + y * y + z * z
        r = sqrt(r2)
        s = (x * zx + y * zy + z * zz) / r  # sine of the latitude
        s2 = s * s
        q = planet.zonal_radius_km / r
        a2 = j2 * q * q
        a3 = j3 * q * q * q
        a4 = j4 * q * q * q * q
        # Legendre polynomials of degree 2 to 4, and their slopes.
        along = (
            1.0
            - 3.0 * a2 * (1.5 * s2 - 0.5)
            - 4.0 * a3 * (2.5 * s2 - 1.5) * s
            - 5.0 * a4 * ((4.375 * s2 - 3.75) * s2 + 0.375)
        )
        polar = a2 * 3.0 * s + a3 * (7.5 * s2 - 1.5) + a4 * (17.5 * s2 - 7.5) * s
        factor = -gm / r2
        outwards = factor * (along - polar * s) / r
        northwards = factor * polar
        return (
            outwards * x + northwards * zx,
            outwards * y + northwards * zy,
            outwards * z + northwards * zz,
        )

    return pull


class PlanetOrbit(FlightPath):
    """Free flight about a planet from one state: t_ns, and planet-centred km and km/s in ICRF axes."""

    def __init__(self, ephemeris: Ephemeris, planet: Planet, t_ns: int, state: State) -> None:
        super().__init__(ephemeris)
        self.planet = planet
        self._pull = gravity(planet, planet.equator(ephemeris.epoch.tdb_ns(t_ns))[2])
        self._suns: dict[int, Vector] = {}
        self._arc = Arc(t_ns, state, _STEP_NS, self._field_at)

    @classmethod
    def of(cls, figures: Orbit, ephemeris: Ephemeris) -> "PlanetOrbit":
        """From a mission file's elements."""
        planet = planet_named(figures.planet)
        elements = Elements(
            figures.semi_major_axis_km,
            figures.eccentricity,
            figures.inclination_deg,
            figures.ascending_node_deg,
            figures.argument_of_periapsis_deg,
            figures.true_anomaly_deg,
        )
        t_ns = ephemeris.epoch.parse(figures.elements_utc)
        return cls(ephemeris, planet, t_ns, elements.state(planet))

    def _sun(self, minute: int) -> Vector:
        """From the planet, in the middle of a step."""
        if minute not in self._suns:
            t_ns = minute * _STEP_NS + _STEP_NS // 2
            sun, planet = (self.ephemeris.position_km(name, t_ns) for name in ("sun", self.planet.name))
            self._suns[minute] = subtract(sun, planet)
        return self._suns[minute]

    def _field_at(self, t_ns: int) -> Field:
        sun = self._sun(t_ns // _STEP_NS)
        distance = length(sun)
        at_planet = scale(sun, _SUN_GM / (distance * distance * distance))
        pull = self._pull

        def field(position: Vector) -> Vector:
            way = subtract(sun, position)
            distance = length(way)
            tide = subtract(scale(way, _SUN_GM / (distance * distance * distance)), at_planet)
            return add(pull(position), tide)

        return field

    def planet_centred_state(self, t_ns: int) -> State:
        """Position [km] and velocity [km/s] from the planet's centre, axes of the ICRF."""
        return self._arc.state(t_ns)

    def barycentric_state(self, t_ns: int) -> State:
        position, velocity = self._arc.state(t_ns)
        planet_position, planet_velocity = self.ephemeris.state(self.planet.name, t_ns)
        return add(position, planet_position), add(velocity, planet_velocity)

    def altitude_km(self, t_ns: int) -> float:
        """Above the planet's equatorial radius, as altitudes of orbits are given."""
        return length(self.planet_centred_state(t_ns)[0]) - self.planet.equatorial_km

    def latitude_sine(self, t_ns: int) -> float:
        """Sine of the planet-centred latitude below."""
        position = self.planet_centred_state(t_ns)[0]
        return dot(position, self.planet.equator(self.ephemeris.epoch.tdb_ns(t_ns))[2]) / length(position)
