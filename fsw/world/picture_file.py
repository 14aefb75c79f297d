"""What the camera's encoder puts out: baseline JPEG with EXIF and thumbnail, or the Bayer numbers as PGM."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fsw.core import render
from fsw.world import exif
from fsw.world.exif import PictureTags
from fsw.world.image_sensor import BITS, BLACK_DN, RawFrame, develop

QUALITY = 90  # 60 kB at 800x600 and 240 kB at 1600x1200 when the spacecraft fills the picture
THUMBNAIL_QUALITY = 70
THUMBNAIL_SIZE = (100, 75)


def encode_jpeg(
    picture: RawFrame | NDArray[np.uint8], *, quality: int = QUALITY, tags: PictureTags | None = None
) -> bytes:
    """A baseline JPEG, 4:2:0. With `tags` an EXIF segment that holds a 100 x 75 thumbnail. Pure."""
    rgb = develop(picture) if isinstance(picture, RawFrame) else picture
    height, width = rgb.shape[:2]
    block = b""
    if tags is not None:
        small = render.thumbnail(rgb, max(1, width // THUMBNAIL_SIZE[0]))
        block = exif.build(tags, width, height, _jpeg(small, THUMBNAIL_QUALITY, b""))
    return _jpeg(rgb, quality, block)


def _jpeg(rgb: NDArray[np.uint8], quality: int, block: bytes) -> bytes:
    out = BytesIO()
    height, width = rgb.shape[:2]
    image = Image.frombuffer("RGB", (width, height), rgb, "raw", "RGB", 0, 1)
    image.save(
        out, "JPEG", quality=quality, subsampling="4:2:0", optimize=False, progressive=False, exif=block
    )
    return out.getvalue()


def encode_raw(raw: RawFrame) -> bytes:
    """Portable grey map (P5), 16 bits big-endian, largest value 1023; comments name the colour filter, black
    level and exposure."""
    height, width = raw.dn.shape
    e = raw.exposure
    head = (
        f"P5\n# CFA RGGB\n# BLACK {BLACK_DN}\n# EXPOSURE_US {e.exposure_us}\n"
        f"# GAIN {e.gain:g}\n# LENS {e.lens}\n"
        f"{width} {height}\n{2**BITS - 1}\n"
    )
    return head.encode("ascii") + raw.dn.astype(">u2").tobytes()
