"""Halo orbits about the outer Lagrange point of Sun and Earth: the circular restricted three-body problem.

Earth and Moon are one body at their common centre, on a circle of one astronomical unit. Inertial axes
through the barycentre: at mission time zero x points from the Sun to Earth, z to the ecliptic's north. Left
out: that Earth's orbit is an ellipse (1.7 % of distances), the Moon's own pull. Of the *relative* motion of
two bodies a kilometre apart these are some per cent of the tide, which is itself a hundredth of sunlight's
part near a large sunshield.

A halo orbit crosses the x-z plane at right angles twice a turn, which is how it is found (differential
correction; Howell, 1984). Sunlight's push on a body is a part `lightness` of the Sun's pull taken away.
"""

from dataclasses import dataclass
from math import sqrt

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, SECOND
from fsw.world.ephemeris import GM_KM3_S2
from fsw.world.integrator import Arc, Field, State
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import Vector

AU_KM = 149_597_870.7
SUN_GM = GM_KM3_S2["sun"]
EARTH_GM = GM_KM3_S2["earth"] + GM_KM3_S2["moon"]
RATE = sqrt((SUN_GM + EARTH_GM) / (AU_KM * AU_KM * AU_KM))  # of Earth about the Sun [rad/s]
SUN_KM = -AU_KM * EARTH_GM / (SUN_GM + EARTH_GM)  # along the line of the two, from the barycentre
EARTH_KM = AU_KM + SUN_KM

_STEP_NS = DAY
_RATE_DEG = RATE * 180.0 / PI
# A halo's crossing sunward of the point, in units of distance and speed of the two; refined from there.
_GUESS_X, _GUESS_SPEED = 1.0083, 0.0098
_ITERATIONS = 12


def turned(vector: Vector, t_ns: int) -> Vector:
    """From axes that turn with the two bodies to inertial ones."""
    s, c = sine_cosine_degrees(_RATE_DEG * (t_ns / SECOND))
    x, y, z = vector
    return c * x - s * y, s * x + c * y, z


def turned_back(vector: Vector, t_ns: int) -> Vector:
    """From inertial axes to those that turn."""
    s, c = sine_cosine_degrees(_RATE_DEG * (t_ns / SECOND))
    x, y, z = vector
    return c * x + s * y, c * y - s * x, z


@dataclass(frozen=True, slots=True)
class Pull:
    """On a body, as `integrator.Arc` asks for it. lightness: what sunlight takes of the Sun's pull."""

    lightness: float

    def __call__(self, t_ns: int) -> Field:
        sx, sy, _ = turned((SUN_KM, 0.0, 0.0), t_ns)
        ex, ey, _ = turned((EARTH_KM, 0.0, 0.0), t_ns)
        sun_gm = SUN_GM * (1.0 - self.lightness)

        def field(position: Vector) -> Vector:
            px, py, pz = position
            ax, ay, az = sx - px, sy - py, -pz
            r2 = ax * ax + ay * ay + az * az
            bx, by, bz = ex - px, ey - py, -pz
            q2 = bx * bx + by * by + bz * bz
            f, g = sun_gm / (r2 * sqrt(r2)), EARTH_GM / (q2 * sqrt(q2))
            return f * ax + g * bx, f * ay + g * by, f * az + g * bz

        return field


def outer_point_km(lightness: float = 0.0) -> float:
    """Distance of the outer Lagrange point (L2) from the barycentre, for a body of that lightness."""
    low, high = EARTH_KM + 1e6, EARTH_KM + 2e6
    for _ in range(80):
        x = 0.5 * (low + high)
        sun, earth = x - SUN_KM, x - EARTH_KM
        inward = SUN_GM * (1.0 - lightness) / (sun * sun) + EARTH_GM / (earth * earth)
        if RATE * RATE * x < inward:
            low = x
        else:
            high = x
    return 0.5 * (low + high)


def _inertial(x_km: float, z_km: float, speed: float, t_ns: int = 0) -> State:
    """Of a crossing of the x-z plane at right angles; speed [km/s]: along y, in axes that turn."""
    return turned((x_km, 0.0, z_km), t_ns), turned((0.0, speed + RATE * x_km, 0.0), t_ns)


def _rotating(arc: Arc, t_ns: int) -> State:
    position, velocity = arc.state(t_ns)
    x, y, z = turned_back(position, t_ns)
    vx, vy, vz = turned_back(velocity, t_ns)
    return (x, y, z), (vx + RATE * y, vy - RATE * x, vz)


@dataclass(frozen=True, slots=True)
class Halo:
    """x_km, z_km, speed_km_s: of its crossing sunward of the point. period_ns: of a whole turn."""

    lightness: float
    x_km: float
    z_km: float
    speed_km_s: float
    period_ns: int

    def arc(self, since_crossing_ns: int) -> Arc:
        """The flight of a body that crossed so long before mission time zero."""
        t_ns = -since_crossing_ns
        return Arc(
            t_ns, _inertial(self.x_km, self.z_km, self.speed_km_s, t_ns), _STEP_NS, Pull(self.lightness)
        )

    def from_point_km(self, arc: Arc, t_ns: int) -> Vector:
        """Of the body, from the Lagrange point, in axes that turn with the two."""
        x, y, z = _rotating(arc, t_ns)[0]
        return x - outer_point_km(self.lightness), y, z


def _half_turn(lightness: float, x_km: float, z_km: float, speed: float) -> tuple[int, State]:
    """When the plane is next crossed, and how, in axes that turn."""
    arc = Arc(0, _inertial(x_km, z_km, speed), _STEP_NS, Pull(lightness))
    day = 20
    while _rotating(arc, day * DAY)[0][1] > 0.0:
        day += 1
        if day > 200:
            raise FswError(f"no halo orbit with its crossing {z_km:g} km from the ecliptic was found")
    low, high = (day - 1) * DAY, day * DAY
    while high - low > 1:
        middle = (low + high) // 2
        if _rotating(arc, middle)[0][1] > 0.0:
            low = middle
        else:
            high = middle
    return high, _rotating(arc, high)


def halo(z_km: float, lightness: float) -> Halo:
    """The one whose crossing sunward of the point is z_km north of the ecliptic.

    Raises FswError when there is none near where they are known to be (100,000 to 700,000 km).
    """
    x, speed = _GUESS_X * AU_KM, _GUESS_SPEED * RATE * AU_KM
    dx, dv = 1.0, 1e-6  # [km], [km/s]: steps of the differences
    for _ in range(_ITERATIONS):
        half_ns, (_, (vx, _, vz)) = _half_turn(lightness, x, z_km, speed)
        if abs(vx) + abs(vz) < 1e-11:
            return Halo(lightness, x, z_km, speed, 2 * half_ns)
        _, (_, (vx1, _, vz1)) = _half_turn(lightness, x + dx, z_km, speed)
        _, (_, (vx2, _, vz2)) = _half_turn(lightness, x, z_km, speed + dv)
        a, b, c, d = (vx1 - vx) / dx, (vx2 - vx) / dv, (vz1 - vz) / dx, (vz2 - vz) / dv
        determinant = a * d - b * c
        step_x, step_v = (d * vx - b * vz) / determinant, (a * vz - c * vx) / determinant
        # Newton's step, shortened while it is longer than what is linear here.
        shorten = max(1.0, abs(step_x) / 3e4, abs(step_v) / 0.02)
        x, speed = x - step_x / shorten, speed - step_v / shorten
    raise FswError(f"no halo orbit with its crossing {z_km:g} km from the ecliptic was found")
