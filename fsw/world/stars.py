"""The fixed stars to V = 7: directions and the light they send, in the sensor's three bands."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from fsw.core import render
from fsw.core.render import Floats

# Irradiance of a V = 0, B-V = 0 star in red, green and blue [W m^-2], and how B-V tilts them.
_ZERO = (1.75e-9, 3.3e-9, 5.2e-9)
_TILT = (0.55, 0.1, -0.9)
_LN_TEN = 2.302585092994046


@dataclass(frozen=True, slots=True)
class Stars:
    """Brightest first. direction (n, 3) ICRS unit vectors, irradiance (n, 3) [W m^-2], magnitude (n,) V."""

    direction: NDArray[np.float64]
    irradiance: Floats
    magnitude: NDArray[np.float64]

    def brighter_than(self, green_w_m2: float) -> int:
        """How many of the first stars can send at least this much green light."""
        # V decides to within the colour term; half a magnitude of margin covers it.
        limit = -2.5 / _LN_TEN * float(render.log([max(green_w_m2, 1e-30) / _ZERO[1]])[0]) + 0.5
        return int(np.searchsorted(self.magnitude, limit))


@cache
def catalogue() -> Stars:
    """Reads the table once. See assets/STARS.md for its layout and origin."""
    layout = np.dtype([("ra", "<u4"), ("dec", "<i4"), ("v", "<i2"), ("bv", "<i2")])
    table = np.frombuffer(files("fsw.world").joinpath("assets/stars.bin").read_bytes(), layout)
    ra = table["ra"].astype(np.float64) * (np.pi / 2**31)
    dec = table["dec"].astype(np.float64) * (np.pi / 2**31)
    v, bv = table["v"] / 1000.0, table["bv"] / 1000.0
    across = render.cos(dec)
    direction = np.stack([across * render.cos(ra), across * render.sin(ra), render.sin(dec)], 1)
    light = [_ZERO[k] * render.exp((-0.4 * _LN_TEN) * v + (0.4 * _LN_TEN * _TILT[k]) * bv) for k in range(3)]
    return Stars(direction, np.stack(light, 1).astype(np.float32), v)
