"""The stored test frame: what a camera puts out when told to show its test card.

Bars of colour, a grey wedge and fine lines, encoded once for each size. It measures everything of a
flight but the making of pictures.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from fsw.world.exif import PictureTags
from fsw.world.image_sensor import BITS, BLACK_DN, Exposure, RawFrame
from fsw.world.picture_file import encode_jpeg, encode_raw

_BARS = ((255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255))


@cache
def test_card(width: int, height: int) -> bytes:
    """A JPEG of that size with a thumbnail, about as large as a picture full of spacecraft."""
    tags = PictureTags("2020:01:01 00:00:00", "0", 500, 100, "test card", "0" * 32, comment="test card")
    return encode_jpeg(_card(width, height), tags=tags)


@cache
def raw_test_card(width: int, height: int) -> bytes:
    """The same card behind the sensor's colour filter (RGGB), as a raw frame of the sensor."""
    card = _card(width, height).astype(np.uint16)
    mosaic = card[..., 1].copy()
    mosaic[::2, ::2] = card[::2, ::2, 0]
    mosaic[1::2, 1::2] = card[1::2, 1::2, 2]
    dn = BLACK_DN + mosaic * ((1 << BITS) - 1 - BLACK_DN) // 255
    return encode_raw(RawFrame(dn.astype(np.uint16), Exposure(width, height)))


def _card(width: int, height: int) -> NDArray[np.uint8]:
    column = np.arange(width)
    row = np.arange(height)[:, None]
    bars = np.array(_BARS, np.int32)[column * len(_BARS) // width]
    card = np.broadcast_to(bars, (height, width, 3)).copy()
    third = row[:, 0] >= height * 2 // 3
    card[third] = (column * 255 // (width - 1))[None, :, None]
    # Texture from integer arithmetic, so that the encoder has as much to do as with foil.
    texture = ((column * 73 + row * 151) ^ (column * row // 7)) % 20 - 10
    card[~third] += texture[~third][..., None]
    return np.clip(card, 0, 255).astype(np.uint8)
