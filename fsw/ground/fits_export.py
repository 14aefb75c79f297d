"""A received picture as FITS 4.0 with standard headers; needs astropy (`pip install fsw[astronomy]`).

The lowest row comes first, as programs show it. Colour is a cube of three planes, red, green, blue, in sRGB
as the camera coded it; raw pictures are the sensor's numbers. Times are the camera's clock. World coordinates
are those of the lens (CMLN, CMLT); where the emulator's truth is beside the flight, they are the sky's (RA,
DEC), and the lens's are the alternative C. ATTSRC says which, and that no attitude came down.
"""

import io
from collections.abc import Callable

import numpy as np

from fsw.core.errors import FswError
from fsw.ground.lens_wcs import Card, camera_cards, lens_of, sky_cards
from fsw.ground.received_picture import ReceivedPicture
from fsw.missions import MissionFile

TRUTH_SOURCE = "EMULATOR TRUTH"


def as_fits(picture: ReceivedPicture) -> bytes:
    """One primary array. Raises FswError without astropy."""
    try:
        from astropy.io import fits
        from astropy.time import Time
    except ImportError as error:
        raise FswError("FITS needs astropy, which is not installed: pip install 'fsw[astronomy]'") from error
    pixels = picture.pixels()
    data = pixels[::-1] if picture.raw else np.moveaxis(pixels[::-1], 2, 0)
    unit = fits.PrimaryHDU(np.ascontiguousarray(data))
    header = unit.header
    height, width = pixels.shape[:2]

    def mjd(utc: str) -> float:
        return float(Time(utc, scale="utc").mjd)

    for keyword, value, comment in _cards(picture, mjd, width, height):
        header[keyword] = (value, comment)
    for line in _comments(picture):
        header["COMMENT"] = line
    out = io.BytesIO()
    unit.writeto(out, output_verify="exception", checksum=False)
    return out.getvalue()


def _cards(picture: ReceivedPicture, mjd: Callable[[str], float], width: int, height: int) -> list[Card]:
    entry, mission = picture.entry, picture.mission
    start = str(entry["exposed_at_utc"]).rstrip("Z")
    cards: list[Card] = [
        ("DATE-OBS", start, "start of exposure, by the camera's clock"),
        ("MJD-OBS", mjd(start), "[d] the same"),
        ("TIMESYS", "UTC", ""),
        ("EXPTIME", entry["exposure_us"] / 1e6, "[s]"),
        ("ORIGIN", "fsw", "emulated, no real spacecraft"),
        ("LENS", str(entry["lens"]), ""),
        ("FRAMENUM", int(entry["picture"]), "number of the picture"),
        ("RANGE", float(entry["range_m"]), "[m] to the spacecraft, by the radio link"),
        ("ROWORDER", "BOTTOM-UP", ""),
        ("FILENAME", str(entry["file"]), "as received"),
        ("SHA256", str(entry["sha256"]), ""),
    ]
    if picture.raw:
        cards.append(("BAYERPAT", "GBRG", "of the rows as they are here, lowest first"))
    if isinstance(mission, MissionFile):
        cards += _instrument(mission, width, height)
    return cards + _attitude(picture, mjd, width, height)


def _instrument(mission: MissionFile, width: int, height: int) -> list[Card]:
    camera, figures = mission.camera, mission.figures
    most = max(mode.width for mode in camera.mode)
    pitch = camera.pixel_um * most / width if camera.distortion is not None else camera.pixel_um
    cards: list[Card] = [
        ("TELESCOP", mission.orbiter.name, ""),
        ("INSTRUME", camera.name, ""),
        ("MISSION", mission.name, "as fsw knows it"),
        ("FRATIO", camera.f_number, figures["camera.f_number"].label),
        ("XPIXSZ", pitch, f"[um] {figures['camera.pixel_um'].label}; read out, maybe averaged"),
        ("YPIXSZ", pitch, "[um]"),
    ]
    lens = lens_of(mission, width, height)
    if lens is not None:
        cards.append(("FOCALLEN", lens.focal_px * pitch / 1000, "[mm] derived from field and pixels"))
        cards.append(("FOV", camera.field_of_view_deg, f"[deg] {figures['camera.field_of_view_deg'].label}"))
    return cards


def _attitude(picture: ReceivedPicture, mjd: Callable[[str], float], width: int, height: int) -> list[Card]:
    """World coordinates, and where they are from."""
    mission, truth = picture.mission, picture.truth
    lens = None if mission is None else lens_of(mission, width, height)
    if truth is None:
        none: Card = ("ATTSRC", "NONE", "no attitude of the camera came down")
        return [none] if lens is None else [none, *camera_cards(lens)]
    (w, x, y, z), middle = truth["attitude_icrf"], truth["middle_utc"].rstrip("Z")
    cards: list[Card] = [
        ("ATTSRC", TRUTH_SOURCE, "not known to the ground"),
        ("DATE-AVG", middle, f"true middle of exposure; {TRUTH_SOURCE}"),
        ("MJD-AVG", mjd(middle), "[d] the same"),
        ("ATT_QW", w, "lens axes -> ICRF at DATE-AVG, scalar part"),
        ("ATT_QX", x, ""),
        ("ATT_QY", y, ""),
        ("ATT_QZ", z, ""),
        ("RATE_X", truth["rate_deg_s"][0], "[deg/s] angular velocity, lens axes"),
        ("RATE_Y", truth["rate_deg_s"][1], "[deg/s]"),
        ("RATE_Z", truth["rate_deg_s"][2], "[deg/s]"),
        ("LINETIME", truth["line_time_s"], "[s] from row to row: the lower row is later"),
    ]
    if lens is not None:
        cards += [*sky_cards(lens, (w, x, y, z)), *camera_cards(lens, "C")]
    return cards


def _comments(picture: ReceivedPicture) -> list[str]:
    lines = ["Emulated picture, as received on the emulated ground. Figures: stated,"]
    lines.append("derived or assumed as their comments say.")
    if not picture.raw:
        lines.append("Planes are red, green, blue, 8 bits, sRGB-coded (not linear).")
    if picture.truth is not None:
        lines.append("The attitude is what the emulator knows; nothing of it came down. World")
        lines.append("coordinates hold for the middle row: the shutter rolls (LINETIME, RATE_*).")
    return lines
