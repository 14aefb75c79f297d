"""A received picture as FITS 4.0 with standard headers; needs astropy (`pip install fsw[astronomy]`).

The lowest row comes first, as programs show it. Colour is a cube of three planes, red, green, blue, in sRGB
as the camera coded it; raw pictures and strips of a line camera are the sensor's numbers. Times are the
camera's clock. World coordinates are those of the lens (CMLN, CMLT); where the emulator's truth is beside the
flight, they are the sky's (RA, DEC), and the lens's are the alternative C. ATTSRC says which, and that no
attitude came down. A strip's are the angle along the line and the time (`fsw.ground.strip_wcs`).
"""

import io
from collections.abc import Callable
from math import radians
from typing import Any

import numpy as np

from fsw.core.errors import FswError
from fsw.ground.lens_wcs import Card, LensFigures, camera_cards, drawn_lens, lens_of, sky_cards
from fsw.ground.received_picture import ReceivedPicture
from fsw.ground.strip_wcs import strip_cards
from fsw.missions import MissionFile
from fsw.missions.mounted import MountedCamera
from fsw.missions.phases import PhasedMission

TRUTH_SOURCE = "EMULATOR TRUTH"


def as_fits(picture: ReceivedPicture) -> bytes:
    """One primary array. Raises FswError without astropy."""
    try:
        from astropy.io import fits
        from astropy.time import Time
    except ImportError as error:
        raise FswError("FITS needs astropy, which is not installed: pip install 'fsw[astronomy]'") from error
    pixels = picture.pixels()
    data = pixels[::-1] if pixels.ndim == 2 else np.moveaxis(pixels[::-1], 2, 0)
    unit = fits.PrimaryHDU(np.ascontiguousarray(data))
    header = unit.header
    height, width = pixels.shape[:2]

    def mjd(utc: str) -> float:
        return float(Time(utc, scale="utc").mjd)

    for keyword, value, comment in _cards(picture, mjd, width, height):
        header[keyword] = (value, comment)
    for line in _comments(picture, pixels.ndim == 3):
        header["COMMENT"] = line
    out = io.BytesIO()
    unit.writeto(out, output_verify="exception", checksum=False)
    return out.getvalue()


def _cards(picture: ReceivedPicture, mjd: Callable[[str], float], width: int, height: int) -> list[Card]:
    entry, truth = picture.entry, picture.truth or {}
    start = str(entry["exposed_at_utc"]).rstrip("Z")
    strip = entry.get("line_camera")
    cards: list[Card] = [
        ("DATE-OBS", start, "exposure begins; the camera's clock"),
        ("MJD-OBS", mjd(start), "[d] the same"),
        ("TIMESYS", "UTC", ""),
        ("EXPTIME", entry["exposure_us"] / 1e6, "[s] of each line" if strip else "[s]"),
        ("ORIGIN", "fsw", "emulated, no real spacecraft"),
        ("FRAMENUM", int(entry["picture"]), "number of the picture"),
        ("ROWORDER", "BOTTOM-UP", "of the rows as they are here"),
        ("FILENAME", str(entry["file"]), "as received"),
        ("SHA256", str(entry["sha256"]), ""),
    ]
    target = entry.get("target") or truth.get("target")
    if target:
        cards.append(("OBJECT", str(target), "what the camera was to look at"))
    if truth.get("target_km") is not None:
        cards.append(("OBJDIST", float(truth["target_km"]), f"[km] to its centre; {TRUTH_SOURCE}"))
    if entry["lens"]:
        cards.append(("LENS", str(entry["lens"]), ""))
    if entry["range_m"]:
        said = "[m] to what is seen" if target else "[m] to the spacecraft, by the radio link"
        cards.append(("RANGE", float(entry["range_m"]), said))
    if picture.raw:
        cards.append(("BAYERPAT", "GBRG", "of the rows as they are here, lowest first"))
    cards += _instrument(picture, width, height)
    if strip:
        return cards + strip_cards(strip, start, mjd(start), height) + _standing(truth, mjd)
    return cards + _attitude(picture, mjd, width, height)


def _lens(picture: ReceivedPicture, width: int, height: int) -> LensFigures | None:
    """As the index has it, or by the mission file."""
    optics = picture.entry.get("optics")
    if optics is None:
        return None if picture.mission is None else lens_of(picture.mission, width, height)
    return drawn_lens(width, height, radians(optics["field_of_view_deg"]) / 2, tuple(optics["distortion"]))


def _instrument(picture: ReceivedPicture, width: int, height: int) -> list[Card]:
    mission, optics = picture.mission, picture.entry.get("optics")
    cards: list[Card] = [] if mission is None else [("MISSION", mission.name, "as fsw knows it")]
    if strip := picture.entry.get("line_camera"):
        return [*cards, ("TELESCOP", str(strip["telescope"]), ""), ("INSTRUME", str(strip["instrument"]), "")]
    if optics is not None:
        cards += [
            ("TELESCOP", str(optics["telescope"]), ""),
            ("INSTRUME", str(optics["instrument"]), ""),
            ("FOV", float(optics["field_of_view_deg"]), "[deg] across the diagonal"),
        ]
        return cards
    if isinstance(mission, MissionFile | PhasedMission):
        cards += _of_mission(mission, width, height)
    return cards


def _of_mission(mission: MissionFile | PhasedMission, width: int, height: int) -> list[Card]:
    camera, figures = mission.camera, mission.figures
    most = max(mode.width for mode in camera.mode)
    # A small picture of a deployable camera is the whole sensor's, averaged; a mounted one's is a window.
    pitch = camera.pixel_um if isinstance(camera, MountedCamera) else camera.pixel_um * most / width
    side = "width" if isinstance(camera, MountedCamera) else "diagonal"
    cards: list[Card] = [
        ("TELESCOP", mission.orbiter.name, ""),
        ("INSTRUME", camera.name, ""),
        ("FRATIO", camera.f_number, figures["camera.f_number"].label),
        ("XPIXSZ", pitch, f"[um] {figures['camera.pixel_um'].label}; read out, maybe averaged"),
        ("YPIXSZ", pitch, "[um]"),
    ]
    lens = lens_of(mission, width, height)
    if lens is not None:
        said = f"[deg] {figures['camera.field_of_view_deg'].label}; across the {side}"
        cards.append(("FOCALLEN", lens.focal_px * pitch / 1000, "[mm] derived from field and pixels"))
        cards.append(("FOV", camera.field_of_view_deg, said))
    return cards


def _attitude(picture: ReceivedPicture, mjd: Callable[[str], float], width: int, height: int) -> list[Card]:
    """World coordinates, and where they are from."""
    truth, lens = picture.truth, _lens(picture, width, height)
    cards = _standing(truth or {}, mjd)
    if truth is None:
        return cards if lens is None else [*cards, *camera_cards(lens)]
    if lens is not None:
        w, x, y, z = truth["attitude_icrf"]
        cards += [*sky_cards(lens, (w, x, y, z)), *camera_cards(lens, "C")]
    return cards


def _standing(truth: dict[str, Any], mjd: Callable[[str], float]) -> list[Card]:
    """How the camera stood."""
    if not truth:
        return [("ATTSRC", "NONE", "no attitude of the camera came down")]
    (w, x, y, z), middle = truth["attitude_icrf"], truth["middle_utc"].rstrip("Z")
    return [
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


def _comments(picture: ReceivedPicture, colour: bool) -> list[str]:
    lines = ["Emulated picture, as received on the emulated ground. Figures: stated,"]
    lines.append("derived or assumed as their comments say.")
    if colour:
        lines.append("Planes are red, green, blue, 8 bits, sRGB-coded (not linear).")
    elif not picture.raw and "line_camera" not in picture.entry:
        lines.append("Grey, 8 bits, sRGB-coded (not linear).")
    if picture.truth is not None:
        lines.append("The attitude is what the emulator knows; nothing of it came down.")
    if "line_camera" in picture.entry:
        lines.append("Each line has its own time, and the boresight turns meanwhile by RATE_X")
        lines.append("about the lens's x axis: no sky coordinates hold for a whole strip.")
    elif picture.truth is not None:
        lines.append("World coordinates hold for the middle row: a shutter that rolls has a")
        lines.append("LINETIME, and turns by RATE_* meanwhile.")
    return lines
