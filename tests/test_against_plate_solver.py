"""Somebody else's star tracker, with its own catalogue (Gaia), finds how the emulated camera stood.

A raw picture of two seconds of a rich field is exported as FITS; stars are found in it, taken through the
header's lens coordinates to a tangent plane, and solved lost in space. Where the solver then sees a star must
be, to a pixel, where the header's sky coordinates (the emulator's truth) have it.
"""

import io
from math import cos, radians, sin, tan

import numpy as np
import pytest

from fsw.ground.fits_export import as_fits
from fsw.ground.received_picture import ReceivedPicture
from fsw.missions import load
from fsw.world import optics
from fsw.world.image_sensor import Exposure
from fsw.world.picture_file import encode_raw
from fsw.world.scene import Light, Pose, Studio
from fsw.world.vectors import cross, quaternion_from_axes

tetra3rs = pytest.importorskip("tetra3rs", reason="the plate solver tetra3rs is not installed")
fits = pytest.importorskip("astropy.io.fits", reason="astropy is not installed")
wcs = pytest.importorskip("astropy.wcs")

HALF_FIELD_DEG = 40.0  # of what is solved: stars within it
SCALE = 1000.0  # pixels of the tangent plane a unit
SIGMA = 4.8


@pytest.fixture(scope="module")
def studio():
    return Studio("tianwen1-orbiter")


@pytest.fixture(scope="module")
def database():
    return tetra3rs.SolverDatabase.generate_from_gaia(
        max_fov_deg=2 * HALF_FIELD_DEG, min_fov_deg=2 * HALF_FIELD_DEG, star_max_magnitude=4.5,
        epoch_proper_motion_year=2000, pattern_max_error=0.003,
    )  # fmt: skip


def attitude_towards(ra_deg, dec_deg, roll_rad):
    """Lens axes -> ICRF."""
    ra, dec = radians(ra_deg), radians(dec_deg)
    look = (cos(dec) * cos(ra), cos(dec) * sin(ra), sin(dec))
    east = (-sin(ra), cos(ra), 0.0)
    north = cross(look, east)
    right = tuple(e * cos(roll_rad) + n * sin(roll_rad) for e, n in zip(east, north))
    return quaternion_from_axes(right, cross(look, right), look)


def stars_in(image):
    """x, y (counted from 0), brightness of what stands out of the noise of a frame, brightest first."""
    light = image - np.median(image)
    noise = 1.4826 * np.median(np.abs(light))
    near = np.pad(light, 1)
    rows, columns = light.shape
    total = sum(near[j : j + rows, i : i + columns] for j in range(3) for i in range(3))
    wide = np.pad(total, 2)
    peak = np.max([wide[j : j + rows, i : i + columns] for j in range(5) for i in range(5)], axis=0)
    found = []
    for y, x in zip(*np.nonzero((total == peak) & (total > 3 * SIGMA * noise))):
        if 2 <= x < columns - 2 and 2 <= y < rows - 2:
            part = np.clip(light[y - 1 : y + 2, x - 1 : x + 2], 0, None)
            down, right = np.mgrid[y - 1 : y + 2, x - 1 : x + 2]
            found.append(((part * right).sum() / part.sum(), (part * down).sum() / part.sum(), total[y, x]))
    return sorted(found, key=lambda star: -star[2])


@pytest.mark.parametrize(
    ("ra_deg", "dec_deg", "roll_rad"), [(84.0, 0.0, 0.3), (90.0, -10.0, 4.0), (190.0, -60.0, 3.0)]
)
def test_the_attitude_is_found_to_a_pixel(ra_deg, dec_deg, roll_rad, studio, database):
    attitude = attitude_towards(ra_deg, dec_deg, roll_rad)
    behind = tuple(-axis for axis in optics.turned(optics.rotation_of(attitude), (0.0, 0.0, 1.0)))
    exposure = Exposure(1600, 1200, 2_000_000, 16.0, 0, 7)
    frame = studio.expose(Pose((0.0, 0.0, 4e5), attitude), Light(behind, 1.2), exposure)
    entry = {
        "file": "full/0000001.raw", "picture": 1, "lens": "A", "range_m": 0.0, "sha256": "0" * 64,
        "exposed_at_utc": "2021-01-01T00:00:00.000Z", "exposure_us": exposure.exposure_us,
    }  # fmt: skip
    truth = {
        "attitude_icrf": attitude, "rate_deg_s": (0.0, 0.0, 0.0), "line_time_s": 53e-6,
        "middle_utc": "2021-01-01T00:00:01.031800Z",
    }  # fmt: skip
    picture = ReceivedPicture(encode_raw(frame), entry, truth, load("tianwen1-cruise"))
    with fits.open(io.BytesIO(as_fits(picture))) as units:
        header, image = units[0].header, units[0].data.astype(float)
    lens, sky = wcs.WCS(header, key="C"), wcs.WCS(header)

    points = []
    for x, y, light in stars_in(image):
        around, above = np.radians(lens.all_pix2world([[x, y]], 0)[0])
        if above > radians(90 - HALF_FIELD_DEG):
            radius = SCALE / tan(above)
            points.append((radius * cos(around), radius * sin(around), light))
    side = int(2 * SCALE * tan(radians(HALF_FIELD_DEG)))
    solution = database.solve_from_centroids(
        np.array(points), fov_estimate_deg=2 * HALF_FIELD_DEG, fov_max_error_deg=1.0,
        image_width=side, image_height=side,
    )  # fmt: skip
    assert isinstance(solution, tetra3rs.SolveResult)
    assert solution.num_matches >= 8

    to_camera = np.array(solution.rotation_matrix_icrs_to_camera)
    for x, y in ((799.5, 599.5), (400, 300), (1200, 300), (400, 900), (1200, 900)):
        ra, dec = np.radians(sky.all_pix2world([[x, y]], 0)[0])
        seen = to_camera @ (cos(dec) * cos(ra), cos(dec) * sin(ra), sin(dec))
        angles = np.degrees([[np.arctan2(seen[1], seen[0]), np.arctan2(seen[2], np.hypot(*seen[:2]))]])
        assert lens.all_world2pix(angles, 0)[0] == pytest.approx((x, y), abs=1.0)
