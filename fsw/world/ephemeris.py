"""Sun, Moon and planets from excerpts of JPL's DE421 (see assets/README.md).

The coefficients are read with jplephem; the series are summed here in plain floats, in one fixed
order, and the place within a record is exact integer arithmetic: the same bits on every machine.
Positions are km in the ICRF from the solar system's barycentre, speeds km/s, geometric (no light time,
no aberration).
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND, Epoch
from fsw.world.vectors import Vector, add

SPEED_OF_LIGHT_KM_S = 299_792.458
ASTRONOMICAL_UNIT_KM = 149_597_870.700
# At 1 au; the mean total solar irradiance of Kopp and Lean (2011).
SOLAR_IRRADIANCE_W_M2 = 1360.8

_EXCERPTS = ("de421_excerpt.bsp", "de421_2005.bsp", "de421_2035.bsp")

# GM [km3/s2] of DE421 (its header constants GMS, GM1.., GMB split by EMRAT). Planets beyond Mars, and
# Mars, are barycentres of their systems.
GM_KM3_S2 = {
    "sun": 132712440040.944,
    "mercury": 22032.09,
    "venus": 324858.592,
    "earth": 398600.43623333,
    "moon": 4902.80007623,
    "mars": 42828.375214,
    "jupiter": 126712764.8,
    "saturn": 37940585.2,
    "uranus": 5794548.6,
    "neptune": 6836535.0,
}

# SPK segments (centre, target) to add up for each body.
_CHAINS: dict[str, tuple[tuple[int, int], ...]] = {
    "mercury": ((0, 1),),
    "venus": ((0, 2),),
    "earth_moon_barycentre": ((0, 3),),
    "mars": ((0, 4),),
    "jupiter": ((0, 5),),
    "saturn": ((0, 6),),
    "uranus": ((0, 7),),
    "neptune": ((0, 8),),
    "pluto": ((0, 9),),
    "sun": ((0, 10),),
    "earth": ((0, 3), (3, 399)),
    "moon": ((0, 3), (3, 301)),
}
BODIES = tuple(_CHAINS)


@dataclass(slots=True)
class _Segment:
    """Chebyshev records of one body: equal spans of `span_ns` from `start_ns` (TDB since J2000)."""

    start_ns: int
    span_ns: int
    coefficients: Any  # numpy (3, records, terms), lowest order first
    records: dict[int, tuple[list[float], ...]]

    def record(self, index: int) -> tuple[list[float], ...]:
        found = self.records.get(index)
        if found is None:
            # Highest order first, as Clenshaw's recurrence takes them. Only a cache: never saved.
            found = tuple(axis[index, ::-1].tolist() for axis in self.coefficients)
            self.records[index] = found
        return found

    def locate(self, tdb_ns: int) -> tuple[tuple[list[float], ...], float] | None:
        """The record that holds the instant, and where in it, from -1 to 1."""
        index, offset_ns = divmod(tdb_ns - self.start_ns, self.span_ns)
        if not 0 <= index < self.coefficients.shape[1]:
            return None
        return self.record(index), (2 * offset_ns - self.span_ns) / self.span_ns


@lru_cache(maxsize=1)
def _segments() -> dict[tuple[int, int], tuple[_Segment, ...]]:
    from jplephem.spk import SPK  # numpy, half the start-up time of a program that needs no ephemeris

    found: dict[tuple[int, int], tuple[_Segment, ...]] = {}
    for name in _EXCERPTS:
        with as_file(files("fsw.world") / "assets" / name) as path:
            kernel = SPK.open(str(path))
            for segment in kernel.segments:
                _, _, coefficients = segment.load_array()
                init_s, span_s = segment.daf.read_array(segment.end_i - 3, segment.end_i - 2)
                pair = (segment.center, segment.target)
                table = _Segment(int(init_s) * SECOND, int(span_s) * SECOND, coefficients.copy(), {})
                found[pair] = (*found.get(pair, ()), table)
            del segment, coefficients
            kernel.close()
    return found


def _value(coefficients: list[float], s: float) -> float:
    s2 = 2.0 * s
    w0 = w1 = 0.0
    for coefficient in coefficients[:-1]:
        w0, w1 = coefficient + (s2 * w0 - w1), w0
    return coefficients[-1] + (s * w0 - w1)


def _value_and_slope(coefficients: list[float], s: float) -> tuple[float, float]:
    s2 = 2.0 * s
    w0 = w1 = d0 = d1 = 0.0
    for coefficient in coefficients[:-1]:
        d0, d1 = 2.0 * w0 + (s2 * d0 - d1), d0
        w0, w1 = coefficient + (s2 * w0 - w1), w0
    return coefficients[-1] + (s * w0 - w1), w0 + (s * d0 - d1)


class Ephemeris:
    """Where the bodies are at a mission time. Pure: it holds the epoch and shared tables only."""

    def __init__(self, epoch: Epoch) -> None:
        self.epoch = epoch

    def _locate(self, body: str, t_ns: int) -> list[tuple[tuple[list[float], ...], float, int]]:
        chain = _CHAINS.get(body)
        if chain is None:
            raise FswError(f"body {body!r}: allowed are {', '.join(BODIES)}")
        tdb_ns = self.epoch.tdb_ns(t_ns)
        found = []
        for pair in chain:
            for segment in _segments()[pair]:
                place = segment.locate(tdb_ns)
                if place is not None:
                    found.append((*place, segment.span_ns))
                    break
            else:
                raise FswError(
                    f"no ephemeris at {self.epoch.utc(t_ns)}: it holds 2005-03-01 to 2005-06-01, "
                    "2020-07-01 to 2028-01-01 and 2034-12-01 to 2035-03-01"
                )
        return found

    def position_km(self, body: str, t_ns: int) -> Vector:
        """Barycentric ICRF position of one of `BODIES`."""
        total = (0.0, 0.0, 0.0)
        for (x, y, z), s, _ in self._locate(body, t_ns):
            total = add(total, (_value(x, s), _value(y, s), _value(z, s)))
        return total

    def state(self, body: str, t_ns: int) -> tuple[Vector, Vector]:
        """Barycentric ICRF position [km] and velocity [km/s] of one of `BODIES`."""
        position = velocity = (0.0, 0.0, 0.0)
        for axes, s, span_ns in self._locate(body, t_ns):
            (x, vx), (y, vy), (z, vz) = (_value_and_slope(axis, s) for axis in axes)
            per_second = 2.0 * SECOND / span_ns
            position = add(position, (x, y, z))
            velocity = add(velocity, (vx * per_second, vy * per_second, vz * per_second))
        return position, velocity
