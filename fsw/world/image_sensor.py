"""The deployable camera's sensor, and what becomes of its numbers.

A common two-megapixel colour sensor with a JPEG encoder beside it: 1600 x 1200 pixels of 2.2 um; in the
800 x 600 mode it averages four like-coloured pixels, which leaves the signal and halves the noise. The
figures are assumed, of that class; each is named once, here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core import render
from fsw.core.errors import FswError
from fsw.core.render import Floats
from fsw.world import optics

PIXEL_PITCH_M = 2.2e-6
BITS = 10
BLACK_DN = 64
FULL_WELL_E = 12000.0
READ_NOISE_E = 12.0
DARK_E_PER_S = 60.0
QUANTUM_EFFICIENCY = (0.336, 0.416, 0.36)  # filter included; red, green, blue
BAND_M = (650e-9, 550e-9, 450e-9)
SUN_W_M2 = (158.0, 184.0, 168.0)  # 600-700, 500-600, 400-500 nm, at 1 au; 1361 over the whole spectrum
PLANCK_LIGHT = 6.62607015e-34 * 2.99792458e8
EXPOSURE_US = range(10, 2_000_001)
GAIN = (1.0, 16.0)
DEFAULT_EXPOSURE_US = 500  # sunlit white paint at 1.16 au reaches two thirds of full scale
DEFAULT_GAIN = 1.0
ISO_AT_UNIT_GAIN = 100


@dataclass(frozen=True, slots=True)
class Exposure:
    """One frame's settings. lens 0 looks along camera +z, lens 1 along -z; `frame_seed` makes the noise."""

    width: int = 800
    height: int = 600
    exposure_us: int = DEFAULT_EXPOSURE_US
    gain: float = DEFAULT_GAIN
    lens: int = 0
    frame_seed: int = 0

    def __post_init__(self) -> None:
        if (self.width, self.height) not in optics.LINE_TIME_S:
            raise FswError(f"picture of {self.width}x{self.height}: 800x600 or 1600x1200")
        if self.exposure_us not in EXPOSURE_US:
            raise FswError(
                f"exposure of {self.exposure_us} us: {EXPOSURE_US.start} to {EXPOSURE_US.stop - 1}"
            )
        if not GAIN[0] <= self.gain <= GAIN[1]:
            raise FswError(f"gain of {self.gain}: {GAIN[0]} to {GAIN[1]}")
        if self.lens not in (0, 1):
            raise FswError(f"lens {self.lens}: 0 or 1")


@dataclass(frozen=True, slots=True, eq=False)
class RawFrame:
    """Bayer numbers (height, width) uint16 of 10 bits, RGGB, black at BLACK_DN."""

    dn: NDArray[np.uint16]
    exposure: Exposure


def responsivity(width: int) -> tuple[float, float, float]:
    """Electrons per second per W m^-2 sr^-1 on the boresight, per band, at unit gain.

    pi / 4N^2 * transmission * pixel area * quantum efficiency * wavelength / hc; the same in both modes,
    since the small one averages.
    """
    if width not in (800, 1600):
        raise FswError(f"width {width}: 800 or 1600")
    gathered = 3.141592653589793 / (4 * optics.F_NUMBER**2) * optics.TRANSMISSION * PIXEL_PITCH_M**2
    r, g, b = (gathered * QUANTUM_EFFICIENCY[k] * BAND_M[k] / PLANCK_LIGHT for k in range(3))
    return (r, g, b)


def electrons_per_dn(gain: float) -> float:
    return FULL_WELL_E / ((1 << BITS) - 1 - BLACK_DN) / gain


def averaged_pixels(width: int) -> int:
    return 4 if width == 800 else 1


def setting_of(exposure: Exposure) -> dict[str, Any]:
    """The C core's sensor settings for one exposure."""
    seconds = exposure.exposure_us * 1e-6
    dark, per_dn = DARK_E_PER_S * seconds, electrons_per_dn(exposure.gain)
    return {
        "electrons": [r * seconds for r in responsivity(exposure.width)],
        "dark_electrons": dark,
        "full_well": FULL_WELL_E * 1.02,
        "read_noise": READ_NOISE_E,
        "electrons_per_dn": per_dn,
        "offset_dn": BLACK_DN - dark / per_dn,  # the sensor's masked rows hold black where it is
        "most_dn": float(2**BITS - 1),
        "averaged": float(averaged_pixels(exposure.width)),
        "gain_spread": 0.008 / 32,
        "offset_spread": 0.25 / 32,
        "dark_spread": 0.12 / 32,
        "core": 0.115,  # without it points finer than the colour filter would come out coloured
        "brightest": 1e4,  # some 250 times white: glints scatter by the lobes, the Sun by its own glare
        "lobe_share": [0.006, 0.004, 0.003],
        "lobe_radius": [1.0, 3.0, 11.0],
    }


def white_balance() -> tuple[int, int, int]:
    """Factors in 1/256 that make sunlight on white equal in all bands and full scale DEVELOP_WHITE."""
    signal = [SUN_W_M2[k] * QUANTUM_EFFICIENCY[k] * BAND_M[k] for k in range(3)]
    scale = 256 * render.DEVELOP_WHITE / (2**BITS - 1 - BLACK_DN)
    r, g, b = (round(scale * signal[1] / s) for s in signal)
    return (r, g, b)


_BALANCE = white_balance()


def develop(raw: RawFrame) -> NDArray[np.uint8]:
    """The picture (height, width, 3) for the eye: sRGB, daylight balance, black two sigma of read noise up.

    Without that step dark sky would cost the encoder more octets than the spacecraft does.
    """
    e = raw.exposure
    variance = READ_NOISE_E**2 + DARK_E_PER_S * e.exposure_us * 1e-6
    noise_dn = sqrt(variance / averaged_pixels(e.width)) / electrons_per_dn(e.gain)
    return render.develop(raw.dn, BLACK_DN + round(2 * noise_dn), _BALANCE)


def expected_dn(albedo: float, sun_distance_au: float, exposure: Exposure, band: int = 1) -> float:
    """Mean number of a white card square to the Sun, on the boresight, without scattered light."""
    radiance = albedo * SUN_W_M2[band] / sun_distance_au**2 / 3.141592653589793
    electrons = radiance * responsivity(exposure.width)[band] * exposure.exposure_us * 1e-6
    return BLACK_DN + electrons / electrons_per_dn(exposure.gain)


class Sensor:
    """One physical sensor behind one lens: its fixed patterns, for each mode. Immutable."""

    def __init__(self, serial: int, lens_of: Callable[[int, int], render.Lens] = optics.lens_of) -> None:
        self._serial = serial
        self._modes: dict[int, tuple[Floats, NDArray[np.int8], NDArray[np.int8]]] = {}
        for width, height in optics.LINE_TIME_S:
            gain, offset = render.sensor_patterns(serial * 2 + (width > 800), width, height)
            self._modes[width] = (lens_of(width, height).illumination(), gain, offset)

    def expose(
        self, canvas: render.Canvas, exposure: Exposure, flare: tuple[render.Ghost | render.Glare, ...] = ()
    ) -> NDArray[np.uint16]:
        """Numbers (height, width) of the radiance on the canvas."""
        illumination, gain, offset = self._modes[exposure.width]
        seed = (exposure.frame_seed * 0x9E3779B97F4A7C15 + self._serial) & 0xFFFFFFFFFFFFFFFF
        return render.expose(canvas, setting_of(exposure), illumination, gain, offset, seed, flare)
