"""How a small body moves beside a host that orbits a Lagrange point, and whether it touches it.

Start axes, fixed against the stars: at mission time zero x points from the Sun to the host, y lies across in
the ecliptic, the way Earth goes, z completes them towards the north. Metres and seconds, from the host's
centre. The host keeps its own x axis away from the Sun, so its body axes turn by a degree a day.

The body falls sunward, since sunlight pushes a host with a large shield harder than it, and follows the
tide of Sun and Earth: its gradient at the host, which is exact to a millionth of the tide within a kilometre
(1e-17 m/s2). Both are taken as constant over blocks of an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from fsw.kernel.time import SECOND
from fsw.world.halo import AU_KM, EARTH_GM, EARTH_KM, SUN_GM, SUN_KM, Halo, turned
from fsw.world.vectors import Matrix, Vector, cross, dot, length, scale, subtract, unit

SUNLIGHT_PA = 1361.0 / 299_792_458.0  # on what absorbs it, at one astronomical unit
_BLOCK_NS = 3600 * SECOND


def push_m_s2(area_m2: float, coefficient: float, mass_kg: float) -> float:
    """What sunlight makes of a body at one astronomical unit; coefficient: 1 absorbs, 2 is a mirror."""
    return SUNLIGHT_PA * area_m2 * coefficient / mass_kg


def lightness(push: float) -> float:
    """That push as a part of the Sun's pull."""
    return push * 1e-3 * AU_KM * AU_KM / SUN_GM


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the host, in its body axes [m]: corners of least and of greatest coordinates."""

    name: str
    low: Vector
    high: Vector

    def distance(self, at: Vector) -> float:
        """From a point [m] to its surface; 0 inside."""
        total = 0.0
        for k in range(3):
            out = max(self.low[k] - at[k], 0.0, at[k] - self.high[k])
            total += out * out
        return sqrt(total)


@dataclass(frozen=True, slots=True)
class Block:
    """An hour about the host: tide [1/s2]; sunlight's push on the body less that on the host [m/s2]."""

    tide: tuple[float, float, float, float, float, float]  # xx, xy, xz, yy, yz, zz
    pull: Vector
    axes: Matrix  # the host's, in start axes

    def acceleration(self, at: Vector, thrust: Vector) -> Vector:
        """[m/s2]"""
        xx, xy, xz, yy, yz, zz = self.tide
        x, y, z = at
        return (
            xx * x + xy * y + xz * z + self.pull[0] + thrust[0],
            xy * x + yy * y + yz * z + self.pull[1] + thrust[1],
            xz * x + yz * y + zz * z + self.pull[2] + thrust[2],
        )

    def to_body(self, vector: Vector) -> Vector:
        """From start axes into the host's."""
        return dot(self.axes[0], vector), dot(self.axes[1], vector), dot(self.axes[2], vector)


def _axes_from(away: Vector) -> Matrix:
    """x along a direction, z as near to the ecliptic's north as it can be."""
    x = unit(away)
    y = unit(cross((0.0, 0.0, 1.0), x))
    return x, y, cross(x, y)


class Neighbourhood:
    """What is about the host, hour by hour: made when first asked for, the same whatever was asked before.

    since_crossing_ns: of the halo's crossing sunward of the point, until mission time zero. differential:
    sunlight's push on the body less that on the host, at one astronomical unit [m/s2]. parts: of the host.
    """

    def __init__(self, halo: Halo, since_crossing_ns: int, differential: float, parts: Sequence[Box]) -> None:
        self.halo = halo
        self.host = halo.arc(since_crossing_ns)
        self.differential = differential
        self.parts = tuple(parts)
        away = subtract(self.host.state(0)[0], (SUN_KM, 0.0, 0.0))
        self.axes = _axes_from(away)  # start axes, in inertial ones
        self._blocks: dict[int, Block] = {}

    def block(self, t_ns: int) -> Block:
        """Of the hour that holds the instant."""
        index = t_ns // _BLOCK_NS
        found = self._blocks.get(index)
        if found is None:
            found = self._blocks[index] = self._made(index * _BLOCK_NS + _BLOCK_NS // 2)
        return found

    def block_end_ns(self, t_ns: int) -> int:
        """The first instant after the hour that holds this one."""
        return (t_ns // _BLOCK_NS + 1) * _BLOCK_NS

    def into_start_axes(self, vector: Vector) -> Vector:
        """From inertial axes."""
        return dot(self.axes[0], vector), dot(self.axes[1], vector), dot(self.axes[2], vector)

    def _made(self, t_ns: int) -> Block:
        host = self.host.state(t_ns)[0]
        from_sun = subtract(host, turned((SUN_KM, 0.0, 0.0), t_ns))
        from_earth = subtract(host, turned((EARTH_KM, 0.0, 0.0), t_ns))
        # The body beside the host feels the Sun's pull less its own lightness; 1e-5 of it, left out here.
        total = [0.0] * 6
        for gm, way in ((SUN_GM, from_sun), (EARTH_GM, from_earth)):
            r = length(way)
            x, y, z = self.into_start_axes(scale(way, 1.0 / r))
            k = gm / (r * r * r)
            xx, yy, zz = 3.0 * x * x - 1.0, 3.0 * y * y - 1.0, 3.0 * z * z - 1.0
            terms = (xx, 3.0 * x * y, 3.0 * x * z, yy, 3.0 * y * z, zz)
            total = [sum + k * term for sum, term in zip(total, terms, strict=True)]
        r = length(from_sun)
        pull = scale(self.into_start_axes(from_sun), self.differential * AU_KM * AU_KM / (r * r * r))
        axes = tuple(self.into_start_axes(axis) for axis in _axes_from(from_sun))
        xx, xy, xz, yy, yz, zz = total
        return Block((xx, xy, xz, yy, yz, zz), pull, (axes[0], axes[1], axes[2]))

    def gap(self, at: Vector, t_ns: int) -> float:
        """From a point [m, start axes] to the nearest part of the host [m]; 0 inside one."""
        body = self.block(t_ns).to_body(at)
        return min(part.distance(body) for part in self.parts)


@dataclass(slots=True)
class Passage:
    """What is known of the way so far. nearest_m: from surface to surface, since `Neighbour.count_anew`;
    contact_ns: when the first contact was."""

    nearest_m: float
    nearest_ns: int
    contact_ns: int | None = None


class Neighbour:
    """The small body. radius_m: of the sphere about its centre that holds all of it.

    Its motion ends with a contact.
    """

    SHORTEST_NS = SECOND // 500
    FREE_NS = 1800 * SECOND  # longest step without thrust
    TOUCH_M = 1e-3

    def __init__(self, around: Neighbourhood, radius_m: float, at: Vector, velocity: Vector) -> None:
        self.around = around
        self.radius_m = radius_m
        self.t_ns = 0
        self.at = at
        self.velocity = velocity
        self.passage = Passage(around.gap(at, 0) - radius_m, 0)

    def count_anew(self) -> None:
        """The nearest approach is that from now on."""
        self.passage.nearest_m, self.passage.nearest_ns = self.gap_m(), self.t_ns

    def gap_m(self) -> float:
        """Between the two surfaces; negative within radius_m inside."""
        return self.around.gap(self.at, self.t_ns) - self.radius_m

    def fly(self, until_ns: int, thrust: Vector = (0.0, 0.0, 0.0)) -> None:
        """On to an instant, under constant thrust [m/s2, start axes].

        A step goes a quarter of the way to the host's surface at most, so no contact is jumped over: one is
        when the surfaces are within a millimetre, or nearer than what is flown in the shortest step.
        """
        passage = self.passage
        gap = self.gap_m()
        while self.t_ns < until_ns and passage.contact_ns is None:
            block = self.around.block(self.t_ns)
            end_ns = min(until_ns, self.around.block_end_ns(self.t_ns), self.t_ns + self.FREE_NS)
            ax, ay, az = pull = block.acceleration(self.at, thrust)
            # A time t in which speed * t + push * t * t / 2 is no more than the way allowed.
            way = 0.25 * max(gap, 0.0)
            reach_s = way / (length(self.velocity) + sqrt(0.5 * length(pull) * way) + 1e-12)
            step_ns = min(end_ns - self.t_ns, max(self.SHORTEST_NS, int(min(reach_s, 1e6) * SECOND)))
            dt = step_ns / SECOND
            x, y, z = self.at
            u, v, w = self.velocity
            h = 0.5 * dt * dt
            self.at = (x + u * dt + ax * h, y + v * dt + ay * h, z + w * dt + az * h)
            bx, by, bz = block.acceleration(self.at, thrust)
            h = 0.5 * dt
            self.velocity = (u + (ax + bx) * h, v + (ay + by) * h, w + (az + bz) * h)
            self.t_ns += step_ns
            gap = self.gap_m()
            if gap < passage.nearest_m:
                passage.nearest_m, passage.nearest_ns = gap, self.t_ns
            if gap < self.TOUCH_M:
                passage.contact_ns = self.t_ns
