"""How the ground of Earth and Moon, and the Earth's air, look from afar; other bodies are even.

Maps are baked (tools/bake_globes.py, assets/README.md says of what) and read when first needed. The Earth:
dry and green land, ice, sea with the Sun's glint, clouds of no real day, and one scattering in clear air. The
Moon: Lommel-Seeliger's law, an exponential phase function, albedo and slopes. Nothing beyond the limb: the
Earth's air there is half a pixel high from half a million kilometres.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fsw.core import render
from fsw.core.render import Doubles
from fsw.world.globe import Surface
from fsw.world.imaging import BODIES
from fsw.world.vectors import Vector

# Albedo in red, green and blue of the ground's levels: sea, forest to bright desert, ice.
_SEA = (0.025, 0.035, 0.065)
_FOREST, _DESERT = (0.10, 0.12, 0.06), (0.46, 0.36, 0.24)
_ICE_FROM, _ICE_TO = (0.58, 0.61, 0.64), (0.76, 0.78, 0.80)
_CLOUD = (0.74, 0.75, 0.77)
_RAYLEIGH = (0.045, 0.095, 0.215)  # optical depths at 650, 550 and 450 nm
_GLINT, _GLINT_SPREAD = 0.021, 0.030  # Fresnel's reflectance, and the mean square slope of waves in a breeze
_MOON_TINT = (1.10, 1.0, 0.86)
_MOON_FADES = 0.85  # of brightness, per radian of phase angle
_MOON_ALBEDO, _MOON_SLOPE = 0.25, 0.4  # full scale of the map's numbers


@dataclass(frozen=True, slots=True)
class Even:
    """A Lambert sphere of one albedo a band."""

    albedo: tuple[float, float, float]

    def reflectance(
        self, normal: Doubles, mu0: Doubles, mu: Doubles, cos_phase: Doubles, sun: Vector
    ) -> Doubles:
        lit = np.maximum(mu0, 0.0)
        return np.stack([albedo * lit for albedo in self.albedo])


class _Place:
    """Where points of a sphere lie in an equirectangular map, for sampling between its pixels."""

    def __init__(self, normal: Doubles, shape: tuple[int, ...]) -> None:
        height, width = shape[:2]
        x = (render.atan2(normal[1], normal[0]) / (2 * 3.141592653589793) + 0.5) * width - 0.5
        y = (0.5 - render.asin(np.clip(normal[2], -1.0, 1.0)) / 3.141592653589793) * height - 0.5
        left, top = np.floor(x), np.floor(y)
        self._fx, self._fy = x - left, y - top
        column, row = left.astype(np.int64), top.astype(np.int64)
        self._columns = column % width, (column + 1) % width
        self._rows = np.clip(row, 0, height - 1), np.clip(row + 1, 0, height - 1)

    def sample(self, plane: NDArray[np.float32]) -> Doubles:
        """Bilinear."""
        (left, right), (above, below) = self._columns, self._rows
        top = plane[above, left] + self._fx * (plane[above, right] - plane[above, left])
        bottom = plane[below, left] + self._fx * (plane[below, right] - plane[below, left])
        return np.asarray(top + self._fy * (bottom - top), np.float64)


def _asset(name: str) -> NDArray[np.uint8]:
    octets = files("fsw.world").joinpath("assets", name).read_bytes()
    return np.asarray(Image.open(BytesIO(octets)))


class Earth:
    """From its maps."""

    def __init__(self) -> None:
        levels = _asset("earth_ground.png")
        table = np.array([_ground_albedo(level) for level in range(16)], np.float32)
        self._ground = [np.ascontiguousarray(table[levels, band]) for band in range(3)]
        self._sea = (levels == 0).astype(np.float32)
        self._clouds = _asset("earth_clouds.png").astype(np.float32) / np.float32(15)

    def reflectance(
        self, normal: Doubles, mu0: Doubles, mu: Doubles, cos_phase: Doubles, sun: Vector
    ) -> Doubles:
        lit = np.maximum(mu0, 0.0)
        low = np.maximum(mu0, 0.03)
        place = _Place(normal, self._sea.shape)
        clouds = _Place(normal, self._clouds.shape).sample(self._clouds)
        open_sky = 1.0 - 0.95 * clouds
        glint = place.sample(self._sea) * self._glint(mu0, mu, cos_phase) * open_sky
        # Thick cloud is brighter under a high Sun than Lambert's law has it at a low one.
        thick = clouds * (0.80 + 0.20 * lit)
        air = 1.0 / mu + 1.0 / low
        scattering = 0.75 * (1.0 + cos_phase * cos_phase) / 4.0
        out = np.empty((3, normal.shape[1]))
        for band in range(3):
            ground = place.sample(self._ground[band])
            face = (ground * (1.0 - thick) + _CLOUD[band] * thick) * lit + glint
            # Above clouds there is half of the air.
            depth = _RAYLEIGH[band] * (1.0 - 0.5 * clouds)
            through = 1.0 - np.minimum(0.95, 0.5 * depth * air / (1.0 + 0.5 * depth * air))
            haze = low / (mu + low) * scattering * (1.0 - render.exp(-depth * air))
            out[band] = face * through + haze * np.minimum(1.0, lit / 0.06)
        return out

    @staticmethod
    def _glint(mu0: Doubles, mu: Doubles, cos_phase: Doubles) -> Doubles:
        """The Sun in a rough sea (Cox and Munk's law, a Gaussian of the slopes that mirror it)."""
        half = np.sqrt(np.maximum(1e-9, 2.0 + 2.0 * cos_phase))
        cosine = np.clip((np.maximum(mu0, 0.0) + mu) / half, 0.2, 1.0)
        slope2 = 1.0 / (cosine * cosine) - 1.0
        spread = render.exp(-slope2 / _GLINT_SPREAD) / _GLINT_SPREAD
        square = cosine * cosine
        return np.where(mu0 > 0.0, _GLINT * spread / (4.0 * np.maximum(mu, 0.1) * square * square), 0.0)


def _ground_albedo(level: int) -> tuple[float, ...]:
    if level == 0:
        return _SEA
    low, high, share = (
        (_FOREST, _DESERT, (level - 1) / 10) if level < 12 else (_ICE_FROM, _ICE_TO, (level - 12) / 3)
    )
    return tuple(a + (b - a) * share for a, b in zip(low, high, strict=True))


class Moon:
    """From its map."""

    def __init__(self) -> None:
        levels = (_asset("moon.png") // 8).astype(np.float32) / np.float32(31)
        self._albedo = np.ascontiguousarray(levels[..., 0] * np.float32(_MOON_ALBEDO))
        self._slopes = [
            np.ascontiguousarray((levels[..., k] * 2 - 1) * np.float32(_MOON_SLOPE)) for k in (1, 2)
        ]

    def reflectance(
        self, normal: Doubles, mu0: Doubles, mu: Doubles, cos_phase: Doubles, sun: Vector
    ) -> Doubles:
        place = _Place(normal, self._albedo.shape)
        albedo, east, north = (place.sample(plane) for plane in (self._albedo, *self._slopes))
        nx, ny, nz = normal
        across = np.sqrt(np.maximum(nx * nx + ny * ny, 1e-12))
        ex, ey = -ny / across, nx / across
        # North is normal x east. The ground's own normal leans against its slopes.
        tilted = (
            nx - east * ex + north * nz * ey,
            ny - east * ey - north * nz * ex,
            nz - north * (nx * ey - ny * ex),
        )
        size = np.sqrt(1.0 + east * east + north * north)
        local = (tilted[0] * sun[0] + tilted[1] * sun[1] + tilted[2] * sun[2]) / size
        # Where the Sun has set for the globe, hills are in its shadow; over the last three degrees evenly.
        lit = np.maximum(local, 0.0) * np.clip(mu0 / 0.05, 0.0, 1.0)
        fades = render.exp(-_MOON_FADES * render.acos(np.clip(cos_phase, -1.0, 1.0)))
        face = albedo * fades * 2.0 * lit / (lit + mu)
        return np.stack([tint * face for tint in _MOON_TINT])


@cache
def surface_of(name: str) -> Surface:
    """Of "earth", "moon" or another body that shines in the sky."""
    if name == "earth":
        return Earth()
    if name == "moon":
        return Moon()
    return Even(BODIES[name][1])
