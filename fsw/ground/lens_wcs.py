"""Where the pixels of a picture look, as FITS world coordinates (Calabretta and Greisen 2002, paper II).

The lens of Kannala and Brandt, r = f (t + k1 t^3 + k2 t^5 + k3 t^7 + k4 t^9), is the zenithal polynomial
projection ZPN itself: PV2_1 = 1, PV2_3 = k1, PV2_5 = k2, ..., so nothing is fitted and no residual is left.
Rows of a FITS picture are counted upwards, those of the lens downwards.

Lens axes: x to the right of the picture, y down, z boresight.
"""

from dataclasses import dataclass
from math import asin, atan2, cos, degrees, pi, radians, sin, sqrt

from fsw.core.errors import FswError
from fsw.missions import Mission, MissionFile
from fsw.missions.mounted import TANGENT, MountedCamera
from fsw.missions.phases import PhasedMission

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Card = tuple[str, float | int | str, str]


@dataclass(frozen=True, slots=True)
class LensFigures:
    """A lens over `width` x `height` pixels, by the mission. distortion: k1 to k4."""

    width: int
    height: int
    focal_px: float
    distortion: tuple[float, float, float, float]


def lens_of(mission: Mission, width: int, height: int) -> LensFigures | None:
    """The mission's lens over a picture of that size; None where the mission file does not say how it
    distorts. That of a camera which stays on board is a pinhole, drawn by powers; of others the field of view
    is across the diagonal."""
    if not isinstance(mission, MissionFile | PhasedMission):
        return None
    camera = mission.camera
    half = sqrt(width * width + height * height) / 2
    if isinstance(camera, MountedCamera):
        return drawn_lens(width, height, atan2(half, camera.focal_px), TANGENT)
    if camera.distortion is None:
        return None
    return drawn_lens(width, height, radians(camera.field_of_view_deg) / 2, camera.distortion)


def drawn_lens(width: int, height: int, t: float, k: tuple[float, float, float, float]) -> LensFigures:
    """The picture's corners are `t` [rad] off the boresight."""
    radius = t * (1 + t**2 * (k[0] + t**2 * (k[1] + t**2 * (k[2] + t**2 * k[3]))))
    return LensFigures(width, height, sqrt(width * width + height * height) / 2 / radius, k)


def _axes(q: Quaternion) -> tuple[Vector, Vector, Vector]:
    """The lens's x, y and z axes in the ICRF."""
    w, x, y, z = q
    n = w * w + x * x + y * y + z * z
    if not 0.99 < n < 1.01:
        raise FswError(f"attitude {q}: a quaternion of length 1 is expected")
    w, x, y, z = (v / sqrt(n) for v in q)
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
        (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)),
    )


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def camera_cards(lens: LensFigures, alternate: str = "") -> list[Card]:
    """Lens angles: CMLT is 90 deg less the angle off the boresight; CMLN goes round it, from the lens's x
    axis (right) over its y axis (down)."""
    # The boresight is the pole of these angles, and native longitude then runs from below to the right.
    return _cards(lens, ("CMLN", "CMLT"), (90.0, 90.0), ((-1.0, 0.0), (0.0, 1.0)), alternate)


def sky_cards(lens: LensFigures, attitude: Quaternion) -> list[Card]:
    """Right ascension and declination (ICRS), for a lens that stands so: lens axes -> ICRF."""
    right, down, look = _axes(attitude)
    ra, dec = atan2(look[1], look[0]), asin(max(-1.0, min(1.0, look[2])))
    east = (-sin(ra), cos(ra), 0.0)
    north = (-sin(dec) * cos(ra), -sin(dec) * sin(ra), cos(dec))
    matrix = (
        (_dot(right, east), -_dot(down, east)),
        (_dot(right, north), -_dot(down, north)),
    )
    cards = _cards(lens, ("RA--", "DEC-"), (degrees(ra) % 360.0, degrees(dec)), matrix, "")
    return [("RADESYS", "ICRS", "of the world coordinates"), *cards]


def _cards(
    lens: LensFigures,
    names: tuple[str, str],
    at: tuple[float, float],
    matrix: tuple[tuple[float, float], tuple[float, float]],
    a: str,
) -> list[Card]:
    step = 180 / pi / lens.focal_px
    cards: list[Card] = [(f"WCSAXES{a}", 2, "")] if not a else []
    for k in (0, 1):
        size = (lens.width, lens.height)[k]
        cards += [
            (f"CTYPE{k + 1}{a}", f"{names[k]}-ZPN", ""),
            (f"CUNIT{k + 1}{a}", "deg", ""),
            (f"CRPIX{k + 1}{a}", (size + 1) / 2, "the boresight"),
            (f"CRVAL{k + 1}{a}", at[k], "the boresight"),
            (f"CDELT{k + 1}{a}", step, "on the boresight"),
        ]
    cards += [(f"PC{i + 1}_{j + 1}{a}", matrix[i][j], "") for i in (0, 1) for j in (0, 1)]
    cards.append((f"LONPOLE{a}", 180.0, ""))
    odd = (1.0, *lens.distortion)  # powers 1, 3, 5, 7, 9 of the angle off the boresight [rad]
    for power in range(10):
        said = f"Kannala-Brandt k{power // 2}" if power % 2 and power > 1 else ""
        cards.append((f"PV2_{power}{a}", odd[power // 2] if power % 2 else 0.0, said))
    return cards
