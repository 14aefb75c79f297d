"""What travels with each picture file: a CFDP message to user of ours, and the file's name.

A message to user that does not begin with "cfdp" is free for missions (CCSDS 727.0-B-5, 5.4.3 and
6.1): ours begins with "fsw1". File names: `thumb/0001234.jpg`, `full/0001234.jpg` (`.raw` for Bayer).
"""

from functools import lru_cache

import construct

from fsw.core.errors import FswError
from fsw.dictionary.identifiers import Lens, PictureCoding, PictureKind, PictureSize
from fsw.dictionary.layout import Layout
from fsw.dictionary.parameter import Linear, Parameter
from fsw.kernel.record import record

MARK = b"fsw1"

_LAYOUT = Layout(
    "picture label",
    (
        Parameter("mark", construct.Bytes(4), "Says that the message is a picture label", default=MARK),
        Parameter("picture", construct.Int32ub, "Number of the picture; each exposure has its own"),
        Parameter("kind", construct.Int8ub, "Thumbnail or full frame", enumeration=PictureKind),
        Parameter("lens", construct.Int8ub, "Lens", enumeration=Lens),
        Parameter("size", construct.Int8ub, "Size of the exposure", enumeration=PictureSize),
        Parameter("coding", construct.Int8ub, "Coding of the exposure", enumeration=PictureCoding),
        Parameter(
            "exposed_at",
            construct.BytesInteger(6),
            "Start of the exposure, camera's clock: ticks of 100 us since 2015-12-31T16:00:00Z",
            "100us",
        ),
        Parameter("exposure_us", construct.Int32ub, "Exposure time", "us", overflow="saturate"),
        Parameter("range_m", construct.Int16ub, "Range when exposed", "m", Linear(0.1), overflow="saturate"),
    ),
)
OCTETS = _LAYOUT.octets


@record
class PictureLabel:
    """picture: number; exposed_at_100us: camera's clock, set when it left the orbiter; range_m: to 0.1 m."""

    picture: int
    kind: PictureKind
    lens: Lens
    size: PictureSize
    coding: PictureCoding
    exposed_at_100us: int
    exposure_us: int
    range_m: float

    @property
    def file_name(self) -> str:
        """`thumb/0001234.jpg` and the like. Thumbnails are always JPEG."""
        folder = "thumb" if self.kind == PictureKind.THUMBNAIL else "full"
        raw = self.coding == PictureCoding.RAW_BAYER and self.kind == PictureKind.FULL
        return f"{folder}/{self.picture:07d}.{'raw' if raw else 'jpg'}"

    def encode(self) -> bytes:
        """The message to user. Raises FswError on a value that its field cannot hold."""
        return _LAYOUT.encode(
            {
                "picture": self.picture,
                "kind": self.kind,
                "lens": self.lens,
                "size": self.size,
                "coding": self.coding,
                "exposed_at": self.exposed_at_100us,
                "exposure_us": self.exposure_us,
                "range_m": self.range_m,
            }
        )


@lru_cache(maxsize=64)  # one file's label is asked for at its metadata, at its end and when it is put away
def decode_label(message: bytes) -> PictureLabel | None:
    """The label that a message to user holds, or None when it holds none of ours."""
    if len(message) != OCTETS or not message.startswith(MARK):
        return None
    raw = dict(zip((p.name for p in _LAYOUT.parameters), _LAYOUT.unpack(message), strict=True))
    try:
        return PictureLabel(
            int(raw["picture"]),
            PictureKind(int(raw["kind"])),
            Lens(int(raw["lens"])),
            PictureSize(int(raw["size"])),
            PictureCoding(int(raw["coding"])),
            int(raw["exposed_at"]),
            int(raw["exposure_us"]),
            float(_LAYOUT.parameters[-1].decode(raw["range_m"]).value),
        )
    except (ValueError, FswError):
        return None
