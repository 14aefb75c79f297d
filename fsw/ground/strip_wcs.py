"""What the pixels of a line camera's strip stand for, as FITS world coordinates.

One axis is the line, whose pixels look along an arc: an angle off the boresight. The other is time: each line
was exposed after the one before (Rots et al. 2015, paper IV: an axis of type UTC, seconds from DATEREF).
Sky coordinates hold for a line, not for a strip. Its file keeps the order of a picture file: top line last.
"""

from math import degrees
from typing import Any

from fsw.ground.lens_wcs import Card


def strip_cards(strip: dict[str, Any], start_utc: str, start_mjd: float, lines: int) -> list[Card]:
    """strip: of the index, `line_camera`: pixel_rad, line_time_s, boresight_column (counted from 0 at the
    left). start_utc, start_mjd: when the first line's exposure began, which is the uppermost."""
    line_s = float(strip["line_time_s"])
    return [
        ("WCSAXES", 2, ""),
        ("CTYPE1", "LINEANG", "angle along the line, off the boresight"),
        ("CUNIT1", "deg", ""),
        ("CRPIX1", float(strip["boresight_column"]) + 1, "the boresight"),
        ("CRVAL1", 0.0, ""),
        ("CDELT1", degrees(strip["pixel_rad"]), "between neighbours on the line"),
        ("CTYPE2", "UTC", "middle of each line's exposure"),
        ("CUNIT2", "s", ""),
        ("CRPIX2", float(lines), "the first line"),
        ("CRVAL2", line_s / 2, "from DATEREF"),
        ("CDELT2", -line_s, "the line below is later"),
        ("DATEREF", start_utc, "the first line's exposure begins"),
        ("MJDREF", start_mjd, "[d] the same"),
    ]
