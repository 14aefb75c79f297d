"""The line camera of the C core: radiance of the lines of a strip, each from its own place and pose.

Pure, and the same octets on every machine, build and thread. Runs without the interpreter's lock.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import check_rows
from fsw.core.render import Floats, Sunlight, TriangleScene

LINE_VIEW = np.dtype(
    [
        ("position_m", "<f8", 3),
        ("velocity_m_s", "<f8", 3),
        ("rotation", "<f8", (3, 3)),
        ("rate_rad_s", "<f8", 3),
    ]
)
check_rows(LINE_VIEW, "line_view_t")


@dataclass(frozen=True, slots=True)
class LineOptics:
    """pixel_rad: between neighbours on the line; blur_px: standard deviation of the optics' image of a point;
    centre_column: of the boresight; samples: rays a pixel."""

    pixel_rad: float
    exposure_s: float
    blur_px: float
    centre_column: float
    samples: int = 64

    def __post_init__(self) -> None:
        if not (1e-9 < self.pixel_rad < 0.01 and 0 <= self.blur_px < 100 and self.exposure_s >= 0):
            raise FswError(f"{self}: pixels from 1e-9 to 0.01 rad, blur below 100 px, exposures from 0")
        if not 1 <= self.samples <= 4096:
            raise FswError(f"{self.samples} samples a pixel: 1 to 4096 are allowed")


def draw_lines(
    optics: LineOptics,
    scene: TriangleScene,
    reach_m: float,
    light: Sunlight,
    views: NDArray[np.void],
    first_line: int,
    columns: tuple[int, int],
) -> Floats:
    """Radiance (lines, columns, 4) [W m^-2 sr^-1], and coverage, of the columns from the first to before the
    second.

    views: LINE_VIEW of each line, camera axes +x along the line, +z boresight. reach_m: radius of a sphere
    about the scene's origin that holds it. The samples go by the line's number (from first_line) and the
    column, so that a part comes out as in the whole.
    """
    first, end = columns
    if views.dtype != LINE_VIEW or views.ndim != 1 or not first < end or not reach_m > 0:
        raise FswError(f"lines {views.dtype} {views.shape}, columns {first} to {end}, reach {reach_m} m")
    light_c = light.to_c()
    camera = ffi.new(
        "line_camera_t *",
        [
            optics.pixel_rad,
            optics.exposure_s,
            optics.blur_px,
            optics.centre_column,
            reach_m,
            optics.samples,
            first,
            end - first,
        ],
    )
    out = np.empty((len(views), end - first, 4), np.float32)
    if len(views):
        octets = np.ascontiguousarray(views).view(np.uint8)
        lib.line_camera_draw(
            camera,
            scene._c,
            light_c,
            ffi.cast("line_view_t *", ffi.from_buffer("uint8_t[]", octets)),
            first_line,
            len(views),
            ffi.from_buffer("float[]", out, require_writable=True),
        )
    return out


@dataclass(frozen=True, slots=True)
class LineDetector:
    """full_well, read_noise: electrons; black_dn: what is read without light, of 255."""

    full_well: float
    read_noise: float
    electrons_per_dn: float
    black_dn: float


def read_lines(
    detector: LineDetector, electrons: Floats | None, seed: int, first_line: int, shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Numbers (lines, columns) of the mean electrons, or of darkness; noise by seed, line and column."""
    lines, columns = shape
    if lines < 1 or columns < 1 or (electrons is not None and electrons.shape != shape):
        raise FswError(f"strip of {lines} lines, {columns} columns: positive, and those of the electrons")
    light = ffi.NULL
    if electrons is not None:
        light = ffi.from_buffer("float[]", np.ascontiguousarray(electrons, np.float32))
    d = detector
    dn = np.empty(shape, np.uint8)
    lib.line_camera_read(
        ffi.new("line_detector_t *", [d.full_well, d.read_noise, d.electrons_per_dn, d.black_dn]),
        light,
        seed & 0xFFFFFFFFFFFFFFFF,
        first_line,
        lines,
        columns,
        ffi.from_buffer("uint8_t[]", dn, require_writable=True),
    )
    return dn
