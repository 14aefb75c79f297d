"""The deployable camera's two lenses: where a direction falls in a picture, and how rows are read.

Camera body axes: lens 0 looks along +z, lens 1 along -z; in both, picture down is body +y. Lens axes:
boresight +z, +x to the right of the picture, +y down; so lens 1's x and z are the body's reversed.
Field of view: 120 deg across the DIAGONAL of the picture (as data sheets of small lenses state it), which is
96 deg across its width. Focal length, f-number and distortion are assumed.
"""

from functools import cache
from math import sqrt

from fsw.core.errors import FswError
from fsw.core.render import Lens, View

DIAGONAL_FIELD_DEG = 120.0
DISTORTION = (-0.02, 0.004, 0.0, 0.0)  # Kannala-Brandt k1..k4
ILLUMINATION_POWER = 2.2  # a retrofocus lens falls off less than cos^4
F_NUMBER = 2.8
TRANSMISSION = 0.85
LINE_TIME_S = {(800, 600): 50e-6, (1600, 1200): 53e-6}

Quaternion = tuple[float, float, float, float]
Vector = tuple[float, float, float]


@cache
def lens_of(width: int, height: int) -> Lens:
    """The lens over a picture of 800 x 600 or 1600 x 1200."""
    if (width, height) not in LINE_TIME_S:
        allowed = ", ".join(f"{w}x{h}" for w, h in LINE_TIME_S)
        raise FswError(f"picture of {width}x{height}: the sensor has {allowed}")
    field = DIAGONAL_FIELD_DEG * 3.141592653589793 / 180
    return Lens(width, height, field, DISTORTION, ILLUMINATION_POWER)


def rotation_of(q: Quaternion) -> tuple[float, ...]:
    """Row-major matrix of a quaternion w, x, y, z (normalised here)."""
    w, x, y, z = q
    norm = sqrt(w * w + x * x + y * y + z * z)
    if not norm > 1e-9:
        raise FswError(f"attitude {q}: a quaternion of length about 1 is expected")
    w, x, y, z = w / norm, x / norm, y / norm, z / norm
    return (
        1 - 2 * (y * y + z * z),
        2 * (x * y - w * z),
        2 * (x * z + w * y),
        2 * (x * y + w * z),
        1 - 2 * (x * x + z * z),
        2 * (y * z - w * x),
        2 * (x * z - w * y),
        2 * (y * z + w * x),
        1 - 2 * (x * x + y * y),
    )


def turned(rotation: tuple[float, ...], v: Vector) -> Vector:
    """rotation * v."""
    r = rotation
    return (
        r[0] * v[0] + r[1] * v[1] + r[2] * v[2],
        r[3] * v[0] + r[4] * v[1] + r[5] * v[2],
        r[6] * v[0] + r[7] * v[1] + r[8] * v[2],
    )


def turned_back(rotation: tuple[float, ...], v: Vector) -> Vector:
    """The inverse of `turned`."""
    r = rotation
    return (
        r[0] * v[0] + r[3] * v[1] + r[6] * v[2],
        r[1] * v[0] + r[4] * v[1] + r[7] * v[2],
        r[2] * v[0] + r[5] * v[1] + r[8] * v[2],
    )


def view_of(
    position_m: Vector,
    attitude: Quaternion,
    rate_rad_s: Vector,
    lens: int,
    line_time_s: float,
    exposure_s: float,
) -> View:
    """How lens 0 or 1 of the camera body looks at the scene during one frame."""
    if lens not in (0, 1):
        raise FswError(f"lens {lens}: 0 (body +z) or 1 (body -z)")
    r = rotation_of(attitude)
    s = 1.0 if lens == 0 else -1.0
    sign = (s, 1.0, s)
    return View(
        position_m,
        tuple(r[i] * sign[i % 3] for i in range(9)),
        (rate_rad_s[0] * s, rate_rad_s[1], rate_rad_s[2] * s),
        line_time_s,
        exposure_s,
    )
