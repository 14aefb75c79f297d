"""Astronomers' tools open what `fsw export` writes: astropy checks it, and wcslib agrees with our lens."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fsw.ground import lens_wcs
from fsw.ground.fits_export import as_fits
from fsw.ground.received_picture import ReceivedPicture
from fsw.missions import load
from fsw.world import mast_camera, optics, stars
from fsw.world.heavens import Heavens
from fsw.world.image_sensor import Exposure, RawFrame
from fsw.world.imaging import Snap
from fsw.world.line_camera import Observatory
from fsw.world.mounted import MountedView
from fsw.world.picture_file import encode_jpeg, encode_raw
from fsw.world.surface import lens_of_field
from fsw.world.vectors import quaternion_from_axes, rotate_back

fits = pytest.importorskip("astropy.io.fits", reason="astropy is not installed")
wcs = pytest.importorskip("astropy.wcs")

MISSION = load("tianwen1-cruise")
MOST_PX = 1e-3  # 0.1 is what is asked for; the projection is the lens's own
ENTRY = {
    "file": "full/0000007.jpg", "picture": 7, "lens": "B", "range_m": 12.5, "sha256": "ab" * 32,
    "exposed_at_utc": "2020-09-30T16:00:02.293Z", "exposure_us": 600,
}  # fmt: skip
TRUTH = {
    "attitude_icrf": (0.5, -0.5, 0.1, 0.7), "rate_deg_s": (1.0, 2.0, 3.0), "line_time_s": 5e-5,
    "middle_utc": "2020-09-30T16:00:02.310629Z",
}  # fmt: skip


def header_with(cards):
    header = fits.Header()
    for keyword, value, comment in cards:
        header[keyword] = (value, comment)
    return header


def directions(lens):
    """Of pixels over the whole picture, corners included: places from 0 at the upper left, and lens axes."""
    xs, ys = np.linspace(0, lens.width - 1, 23), np.linspace(0, lens.height - 1, 17)
    places = [(x, y) for y in ys for x in xs]
    return np.array(places), np.array([lens.unproject(x, y) for x, y in places], np.float64)


@pytest.mark.parametrize("size", [(800, 600), (1600, 1200)])
def test_lens_coordinates_are_the_lenss_own_over_the_whole_field(size):
    lens = optics.lens_of(*size)
    figures = lens_wcs.lens_of(MISSION, *size)
    assert figures.focal_px == pytest.approx(lens.focal_px, rel=1e-12)
    found = wcs.WCS(header_with(lens_wcs.camera_cards(figures)))
    _, seen = directions(lens)
    angles = np.degrees(
        [np.arctan2(seen[:, 1], seen[:, 0]), np.arctan2(seen[:, 2], np.hypot(*seen[:, :2].T))]
    )
    # Back by the lens in doubles: its table of directions is in single precision.
    exact = np.array([lens.project(direction) for direction in seen])
    pixels = found.all_world2pix(angles.T, 1)
    assert np.abs(pixels[:, 0] - 1 - exact[:, 0]).max() < MOST_PX
    assert np.abs(size[1] - pixels[:, 1] - exact[:, 1]).max() < MOST_PX


@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: sum(x * x for x in q) > 0.01))
def test_sky_coordinates_follow_the_attitude(q):
    length = sum(x * x for x in q) ** 0.5
    attitude = tuple(x / length for x in q)
    lens = optics.lens_of(800, 600)
    found = wcs.WCS(header_with(lens_wcs.sky_cards(lens_wcs.lens_of(MISSION, 800, 600), attitude)))
    places, seen = directions(lens)
    places, seen = places[::13], seen[::13]
    sky = seen @ np.array(optics.rotation_of(attitude)).reshape(3, 3).T
    world = np.degrees(
        [np.arctan2(sky[:, 1], sky[:, 0]) % (2 * np.pi), np.arctan2(sky[:, 2], np.hypot(*sky[:, :2].T))]
    )
    pixels = found.all_world2pix(world.T, 1)
    exact = np.array([lens.project(direction) for direction in seen])
    assert np.abs(pixels[:, 0] - 1 - exact[:, 0]).max() < MOST_PX
    assert np.abs(600 - pixels[:, 1] - exact[:, 1]).max() < MOST_PX


def opened(octets):
    with fits.open(io.BytesIO(octets), checksum=True) as units:
        units.verify("exception")
        return units[0].header.copy(), units[0].data.copy()


def test_a_colour_picture_is_a_verified_cube_with_standard_headers():
    rgb = np.zeros((600, 800, 3), np.uint8)
    rgb[:300, :, 0], rgb[300:, 400:, 2] = 200, 100  # red above, blue below on the right
    octets = as_fits(ReceivedPicture(encode_jpeg(rgb), ENTRY, TRUTH, MISSION))
    assert octets == as_fits(ReceivedPicture(encode_jpeg(rgb), ENTRY, TRUTH, MISSION))
    header, data = opened(octets)
    assert data.shape == (3, 600, 800)
    assert data[0, 500, 100] == pytest.approx(200, abs=4)  # rows count upwards
    assert data[2, 100, 700] == pytest.approx(100, abs=4)
    assert data[2, 500, 700] < 8
    assert header["DATE-OBS"] == "2020-09-30T16:00:02.293"
    assert header["MJD-OBS"] == pytest.approx(59122 + (16 * 3600 + 2.293) / 86400, abs=1e-9)
    assert header["EXPTIME"] == 600e-6
    assert "Tianwen-1" in header["TELESCOP"]
    assert header["INSTRUME"] == MISSION.camera.name
    assert (header["LENS"], header["RANGE"], header["FRAMENUM"]) == ("B", 12.5, 7)
    assert header["FOCALLEN"] == pytest.approx(2.137, abs=1e-3)
    assert [header[f"ATT_Q{axis}"] for axis in "WXYZ"] == list(TRUTH["attitude_icrf"])
    assert header["ATTSRC"] == "EMULATOR TRUTH"
    assert wcs.WCS(header).celestial.wcs.ctype[0] == "RA---ZPN"
    assert not [line for line in header["COMMENT"] if len(line) > 72]


def test_without_truth_no_attitude_is_claimed():
    rgb = np.zeros((1200, 1600, 3), np.uint8)
    header, _ = opened(as_fits(ReceivedPicture(encode_jpeg(rgb), ENTRY, None, MISSION)))
    assert header["ATTSRC"] == "NONE"
    assert header["CTYPE1"] == "CMLN-ZPN"
    assert not [key for key in header if key.startswith(("ATT_", "RATE_", "DATE-AVG", "RADESYS"))]


def test_without_a_mission_no_optics_are_claimed():
    rgb = np.zeros((600, 800, 3), np.uint8)
    header, _ = opened(as_fits(ReceivedPicture(encode_jpeg(rgb), ENTRY, TRUTH, None)))
    assert not [key for key in header if key.startswith(("CTYPE", "FOV", "FOCALLEN", "TELESCOP"))]


def test_raw_numbers_stay_what_the_sensor_gave():
    dn = np.arange(600 * 800, dtype=np.uint16).reshape(600, 800) % 1024
    octets = encode_raw(RawFrame(dn, Exposure()))
    header, data = opened(
        as_fits(ReceivedPicture(octets, ENTRY | {"file": "full/0000007.raw"}, None, MISSION))
    )
    assert (data[::-1] == dn).all()
    # The lowest row is odd: green and blue of RGGB.
    assert header["BAYERPAT"] == "GBRG"


def test_stars_of_a_mounted_camera_are_where_the_sky_coordinates_say():
    """The picture of the mission's long exposure, with the Moon's glare in it, through JPEG."""
    mission = load("tianwen2-earth-moon")
    view = MountedView(mission, Heavens.of(mission), 1)
    start_ns = mission.epoch.parse(mission.observation[2].begin_utc)
    octets, exposure_us = view.take(Snap(0, start_ns, 500_000, 1.0, 2048, 2048, False))
    middle_ns = start_ns + exposure_us * 500
    known = {
        "attitude_icrf": quaternion_from_axes(*view.axes(middle_ns)), "rate_deg_s": (0, 0, 0),
        "line_time_s": 0.0, "middle_utc": mission.epoch.utc(middle_ns, 6),
        "target": "moon", "target_km": 592_271.0,
    }  # fmt: skip
    entry = ENTRY | {"lens": "A", "range_m": 0.0, "exposure_us": exposure_us}
    header, data = opened(as_fits(ReceivedPicture(octets, entry, known, mission)))
    assert data.shape == (2048, 2048)
    assert (header["OBJECT"], header["OBJDIST"]) == ("moon", 592_271.0)
    assert "RANGE" not in header
    found = wcs.WCS(header).celestial
    sky = stars.catalogue()
    look = np.array(view.axes(middle_ns)[2])
    near = np.nonzero(sky.direction @ look > np.cos(np.radians(1.4)))[0][:40]
    x, y, z = sky.direction[near].T.astype(float)
    places = found.all_world2pix(np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))]).T, 1)
    seen = 0
    for place in places:
        column, row = (round(float(p)) - 1 for p in place)
        part = data[row - 6 : row + 7, column - 6 : column + 7].astype(float)
        light = np.clip(part - np.median(part) - 12, 0, None)
        if part.shape != (13, 13) or light.max() < 40:
            continue  # outside, faint, or in the glare
        rows, columns = np.indices(light.shape)
        at = (light * columns).sum() / light.sum() + column - 5, (light * rows).sum() / light.sum() + row - 5
        assert at == pytest.approx(tuple(place), abs=0.4)
        seen += 1
    assert seen >= 2


def test_a_strips_axes_are_angle_and_time():
    """At the place of its target in the strip: the sweep's angle to it, and the time."""
    observatory = Observatory(load("mgs-odyssey-express"), 1)
    mission = observatory.mission
    plan = observatory.plan(mission.strip[1])
    for view in plan.views:
        line_ns = mission.camera.line_time_ns
        lines, columns = (end - begin for begin, end in (view.lines, view.columns))
        start = mission.epoch.utc(plan.start_ns + view.lines[0] * line_ns, 6)
        said = {
            "telescope": "MGS", "instrument": "MOC", "pixel_rad": mission.camera.pixel_rad,
            "line_time_s": line_ns / 1e9,
            "boresight_column": (plan.strip.columns - 1) / 2 - view.columns[0],
        }  # fmt: skip
        out = io.BytesIO()
        Image.fromarray(np.zeros((lines, columns), np.uint8)).save(out, "PNG")
        entry = ENTRY | {"exposed_at_utc": start, "lens": None, "line_camera": said, "target": "Odyssey"}
        header, data = opened(as_fits(ReceivedPicture(out.getvalue(), entry, None, mission)))
        assert data.shape == (lines, columns)
        row, column = lines - (view.centre[0] - view.lines[0]), view.centre[1] - view.columns[0] + 1
        ((angle_deg, seconds),) = wcs.WCS(header).all_pix2world([[column, row]], 1)
        along = plan.sweep.place(plan.encounter, view.t_ns)[0]
        assert np.radians(angle_deg) == pytest.approx(along, abs=1e-9)
        assert header["DATEREF"] == start.rstrip("Z")
        begin_ns = plan.start_ns + view.lines[0] * line_ns
        assert begin_ns + seconds * 1e9 == pytest.approx(view.t_ns, abs=2000)


def test_the_rovers_own_picture_has_its_lens_from_the_index():
    mission = load("zhurong-rover")
    field_deg = mission.mast_camera.field_of_view_deg
    octets = encode_jpeg(np.zeros((*mast_camera.SIZE[::-1], 3), np.uint8))
    said = {"telescope": "Zhurong", "instrument": "mast camera", "field_of_view_deg": field_deg}
    entry = ENTRY | {"lens": None, "optics": said | {"distortion": optics.DISTORTION}}
    # Axes of the site in place of the sky's: declination is elevation, right ascension is from east to north.
    known = TRUTH | {"attitude_icrf": mast_camera.attitude(30.0, -22.0)}
    header, _ = opened(as_fits(ReceivedPicture(octets, entry, known, mission)))
    found = wcs.WCS(header).celestial
    lens = lens_of_field(field_deg, *mast_camera.SIZE)
    for azimuth_deg in (30.0, 50.0):
        ((x, y),) = found.all_world2pix([[90.0 - azimuth_deg, 0.0]], 1)
        away = (np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg)), 0.0)
        exact = lens.project(rotate_back(tuple(known["attitude_icrf"]), away))
        assert (x - 1, mast_camera.SIZE[1] - y) == pytest.approx(exact, abs=MOST_PX)
    assert header["INSTRUME"] == "mast camera"
