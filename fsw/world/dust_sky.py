"""The sky of Mars by day: sunlight that reaches the ground through dust, and what the dust scatters.

Plane-parallel. Light scattered once is exact for its phase function: radiance = omega E P / (4 pi)
mu0 / (mu0 - mu) (e^(-tau/mu0) - e^(-tau/mu)) (Chandrasekhar, "Radiative Transfer", 1960, chapter III). All
light that the ground receives comes from the delta-Eddington solution (Meador and Weaver, J. Atmos. Sci. 37,
1980) with the ground's albedo below; what single scattering does not explain of it is spread by elevation.
Grains scatter forward, the more so the shorter the wave, and swallow blue: hence a butterscotch sky that is
bluish about the Sun. Albedo and asymmetry of the grains are near those of Ockert-Bell et al. (J. Geophys.
Res. 102, 1997); the narrow lobe is assumed.
"""

from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np

from fsw.core import render
from fsw.core.errors import FswError
from fsw.core.render import Doubles
from fsw.core.site import SKY_STEPS, Sky
from fsw.world.special import exp

GRAIN_ALBEDO = (0.97, 0.90, 0.75)  # red, green, blue, as all triples here
GRAIN_ASYMMETRY = (0.63, 0.67, 0.72)
NARROW_SHARE = (0.04, 0.06, 0.09)  # of the scattered light, in a lobe of its own about the Sun
NARROW_ASYMMETRY = 0.93
BACK_SHARE, BACK_ASYMMETRY = 0.05, -0.25
SCALE_HEIGHT_M = 11_000.0
LEAST_SINE = 0.045  # the air is a shell: at the horizon 22 times what it is overhead
MEAN_SOIL = (0.285, 0.155, 0.080)
_RINGS = 64  # of the sky, for sums over it


@dataclass(frozen=True, slots=True)
class Dust:
    """optical_depth: straight up, in visible light."""

    optical_depth: float

    def __post_init__(self) -> None:
        if not 0.01 <= self.optical_depth <= 5:
            raise FswError(f"optical depth of {self.optical_depth}: 0.01 to 5 is allowed")


def _lobe(asymmetry: float, cosine: Doubles) -> Doubles:
    """Henyey and Greenstein; its mean over all directions is 1."""
    q = 1 + asymmetry * asymmetry - 2 * asymmetry * cosine
    return (1 - asymmetry * asymmetry) / (q * np.sqrt(q))


def phase_function(cosine: Doubles, band: int) -> Doubles:
    """Of the dust, mean 1."""
    rest = 1 - NARROW_SHARE[band] - BACK_SHARE
    return (
        rest * _lobe(GRAIN_ASYMMETRY[band], cosine)
        + NARROW_SHARE[band] * _lobe(NARROW_ASYMMETRY, cosine)
        + BACK_SHARE * _lobe(BACK_ASYMMETRY, cosine)
    )


def two_stream(depth: float, albedo: float, asymmetry: float, mu: float) -> tuple[float, float]:
    """Share of the light across a level surface above that comes out below (direct and scattered), and that
    is thrown back; delta-Eddington."""
    forward = asymmetry * asymmetry
    depth *= 1 - albedo * forward
    albedo = albedo * (1 - forward) / (1 - albedo * forward)
    g = asymmetry / (1 + asymmetry)
    g1, g2 = (7 - albedo * (4 + 3 * g)) / 4, -(1 - albedo * (4 - 3 * g)) / 4
    g3 = (2 - 3 * g * mu) / 4
    g4 = 1 - g3
    a1, a2 = g1 * g4 + g2 * g3, g1 * g3 + g2 * g4
    k = sqrt(g1 * g1 - g2 * g2)
    if abs(1 - k * mu) < 1e-4:
        mu *= 1.0003  # the solution's removable pole
    up, down, direct = exp(k * depth), exp(-k * depth), exp(-depth / mu)
    scale = albedo / ((1 - k * k * mu * mu) * ((k + g1) * up + (k - g1) * down))
    through = direct * (
        1
        - scale
        * (
            (1 + k * mu) * (a1 + k * g4) * up
            - (1 - k * mu) * (a1 - k * g4) * down
            - 2 * k * (g4 + a1 * mu) / direct
        )
    )
    back = scale * (
        (1 - k * mu) * (a2 + k * g3) * up
        - (1 + k * mu) * (a2 - k * g3) * down
        - 2 * k * (g3 - a2 * mu) * direct
    )
    return through, back


def _thin(mu: Doubles, mu0: float, depth: float) -> Doubles:
    """mu0 / (mu0 - mu) (e^(-depth/mu0) - e^(-depth/mu)), also where mu is mu0."""
    near = np.abs(mu - mu0) < 1e-4
    apart = np.where(near, 1.0, mu0 - mu)
    direct = exp(-depth / mu0)
    return np.where(near, depth / mu0 * direct, mu0 / apart * (direct - render.exp(-depth / mu)))


def dusty_sky(
    dust: Dust,
    sun: tuple[float, float, float],
    irradiance: tuple[float, ...],
    sun_radius_rad: float,
) -> Sky:
    """sun: unit, z up; irradiance: above the air, across the ray, three bands [W m^-2].

    Where the Sun is lower than LEAST_SINE (2.6 deg) it is taken to stand there, and dimmed to nothing at the
    horizon.
    """
    depth = dust.optical_depth
    mu0 = max(sun[2], LEAST_SINE)
    up = min(1.0, max(0.0, sun[2] / LEAST_SINE))
    step = np.arange(SKY_STEPS + 1) / SKY_STEPS
    mu = np.sqrt(step * step * step * step + LEAST_SINE * LEAST_SINE) / sqrt(1 + LEAST_SINE * LEAST_SINE)
    cosine = 1 - 2 * step * step
    once, often, phase = (np.zeros((SKY_STEPS + 1, 3)) for _ in range(3))
    beam, ground, shade = np.zeros(3), np.zeros(3), np.zeros(3)
    # Directions that stand for equal shares of the sky's projected area (cosine-weighted), and of the sphere.
    level, across = _spiral(_RINGS * 24)
    cosine_of = sun[0] * across[:, 0] + sun[1] * across[:, 1] + sun[2] * level
    spread = 0.45 + 0.55 * (1 - render.exp(-depth / mu))
    for k in range(3):
        energy = irradiance[k] * up
        beam[k] = energy * exp(-depth / mu0)
        once[:, k] = GRAIN_ALBEDO[k] * energy / (4 * 3.141592653589793) * _thin(mu, mu0, depth)
        phase[:, k] = phase_function(cosine, k)
        ways = np.sqrt(level * level + LEAST_SINE * LEAST_SINE) / sqrt(1 + LEAST_SINE * LEAST_SINE)
        radiance = GRAIN_ALBEDO[k] * energy / (4 * 3.141592653589793) * _thin(ways, mu0, depth)
        first = _mean(radiance * phase_function(cosine_of, k)) * 3.141592653589793
        asymmetry = (
            (1 - NARROW_SHARE[k] - BACK_SHARE) * GRAIN_ASYMMETRY[k]
            + NARROW_SHARE[k] * NARROW_ASYMMETRY
            + BACK_SHARE * BACK_ASYMMETRY
        )
        through, _ = two_stream(depth, GRAIN_ALBEDO[k], asymmetry, mu0)
        _, back = two_stream(depth, GRAIN_ALBEDO[k], asymmetry, 0.5)
        total = mu0 * energy * through / (1 - MEAN_SOIL[k] * back)
        more = max(0.0, total - mu0 * beam[k] - first)
        even = _mean(0.45 + 0.55 * (1 - render.exp(-depth / ways))) * 3.141592653589793
        often[:, k] = more / even * spread
        sky = first + more
        ground[k] = MEAN_SOIL[k] / 3.141592653589793 * (mu0 * beam[k] + sky)
        shade[k] = MEAN_SOIL[k] / 3.141592653589793 * sky * 0.6  # shade is near what makes it
    return Sky(
        sun,
        sun_radius_rad,
        beam.astype(np.float32),
        ground.astype(np.float32),
        shade.astype(np.float32),
        _fit(sun, once, often, None),
        _fit(sun, once, often, ground),
        depth / SCALE_HEIGHT_M,
        once.astype(np.float32),
        often.astype(np.float32),
        phase.astype(np.float32),
    )


def _mean(values: Doubles) -> float:
    """Rounded once: numpy's own sums may differ between processors."""
    return fsum(values.tolist()) / len(values)


def _spiral(count: int) -> tuple[Doubles, Doubles]:
    """z (count,) and x, y (count, 2) of directions above the horizon, as many as their cosines say."""
    i = np.arange(count) + 0.5
    z = np.sqrt(1 - i / count)
    r, angle = np.sqrt(i / count), i * 2.399963229728653
    return z, np.stack([r * render.cos(angle), r * render.sin(angle)], 1)


def sky_at(z: Doubles, cosine: Doubles, once: Doubles, often: Doubles) -> Doubles:
    """Radiance (n, 3) by the tables at sines of elevation and cosines of the angle from the Sun."""
    place = np.sqrt(np.maximum(z, 0)) * SKY_STEPS
    i = np.minimum(place.astype(np.int64), SKY_STEPS - 1)
    part = (place - i)[:, None]
    phase = np.stack([phase_function(cosine, k) for k in range(3)], 1)
    first = (once[i] * (1 - part) + once[i + 1] * part) * phase
    both: Doubles = first + (often[i] * (1 - part) + often[i + 1] * part)
    return both


def _fit(
    sun: tuple[float, float, float], once: Doubles, often: Doubles, ground: Doubles | None
) -> render.Floats:
    """(4, 3): radiance about g0 + x g1 + y g2 + z g3, best in the mean square over the sky or, with `ground`
    below the horizon, over all directions."""
    count = _RINGS * 24
    i = np.arange(count) + 0.5
    z = 1 - i / count if ground is None else 1 - 2 * i / count
    r, angle = np.sqrt(1 - z * z), i * 2.399963229728653
    x, y = r * render.cos(angle), r * render.sin(angle)
    cosine = np.clip(sun[0] * x + sun[1] * y + sun[2] * z, -1, 1)
    radiance = sky_at(z, cosine, once, often)
    if ground is not None:
        radiance = np.where((z < 0)[:, None], ground, radiance)
    base = [np.ones(count), x, y, z]
    normal = [[fsum((a * b).tolist()) for b in base] for a in base]
    out = np.zeros((4, 3), np.float32)
    for k in range(3):
        out[:, k] = _solve(normal, [fsum((a * radiance[:, k]).tolist()) for a in base])
    return out


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination of a positive definite system, in plain floats."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    n = len(rows)
    for i in range(n):
        for j in range(i + 1, n):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [b - factor * a for a, b in zip(rows[i], rows[j], strict=True)]
    out = [0.0] * n
    for i in reversed(range(n)):
        out[i] = (rows[i][n] - sum(rows[i][j] * out[j] for j in range(i + 1, n))) / rows[i][i]
    return out
