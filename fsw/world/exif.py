"""The EXIF block of a camera's JPEG: what was taken, when, how, and a thumbnail.

CIPA DC-008 (EXIF 2.32): a big-endian TIFF structure of three directories, as the payload of an APP1 segment.
"""

import struct
from dataclasses import dataclass

from fsw.core.errors import FswError

_ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 2, 3, 4, 5, 7
_SIZE = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}
LARGEST = 65533  # an APP1 segment's length field counts itself


@dataclass(frozen=True, slots=True)
class PictureTags:
    """What the camera writes. taken: "YYYY:MM:DD hh:mm:ss" UTC; subsecond: decimal digits after it;
    unique_id: 32 hexadecimal digits."""

    taken: str
    subsecond: str
    exposure_us: int
    iso: int
    lens_model: str
    unique_id: str
    make: str = "SAST"
    model: str = "Separation measurement sensor"
    software: str = "fsw"
    f_number: float = 2.8
    focal_length_mm: float = 2.17
    comment: str = ""

    def __post_init__(self) -> None:
        if len(self.taken) != 19 or self.taken[4] != ":" or self.taken[10] != " ":
            raise FswError(f"taken {self.taken!r}: 'YYYY:MM:DD hh:mm:ss' is expected")
        if not self.subsecond.isdigit():
            raise FswError(f"subsecond {self.subsecond!r}: decimal digits are expected")
        if len(self.unique_id) != 32:
            raise FswError(f"unique_id {self.unique_id!r}: 32 hexadecimal digits are expected")


_Entry = tuple[int, int, bytes]


def _ascii(tag: int, text: str) -> _Entry:
    return tag, _ASCII, text.encode("ascii", "replace") + b"\0"


def _short(tag: int, value: int) -> _Entry:
    return tag, _SHORT, struct.pack(">H", value)


def _long(tag: int, value: int) -> _Entry:
    return tag, _LONG, struct.pack(">I", value)


def _rational(tag: int, numerator: int, denominator: int) -> _Entry:
    return tag, _RATIONAL, struct.pack(">II", numerator, denominator)


def _directory(entries: list[_Entry], start: int, following: int) -> bytes:
    """One image file directory at `start`, its long values behind it."""
    entries = sorted(entries)
    head = struct.pack(">H", len(entries))
    spill_at = start + 2 + 12 * len(entries) + 4
    spill = b""
    for tag, kind, value in entries:
        count = len(value) // _SIZE[kind]
        if len(value) <= 4:
            field = value.ljust(4, b"\0")
        else:
            field = struct.pack(">I", spill_at + len(spill))
            spill += value + b"\0" * (len(value) % 2)
        head += struct.pack(">HHI", tag, kind, count) + field
    return head + struct.pack(">I", following) + spill


def build(tags: PictureTags, width: int, height: int, thumbnail: bytes) -> bytes:
    """The segment's payload, `Exif\\0\\0` first. thumbnail: a small JPEG file, or empty."""
    image = [
        _ascii(0x010F, tags.make),
        _ascii(0x0110, tags.model),
        _short(0x0112, 1),
        _rational(0x011A, 72, 1),
        _rational(0x011B, 72, 1),
        _short(0x0128, 2),
        _ascii(0x0131, tags.software),
        _ascii(0x0132, tags.taken),
        _short(0x0213, 1),
    ]
    detail = [
        _rational(0x829A, tags.exposure_us, 1_000_000),
        _rational(0x829D, round(tags.f_number * 100), 100),
        _short(0x8827, min(tags.iso, 65535)),
        (0x9000, _UNDEFINED, b"0232"),
        _ascii(0x9003, tags.taken),
        _ascii(0x9004, tags.taken),
        (0x9101, _UNDEFINED, b"\1\2\3\0"),
        _rational(0x920A, round(tags.focal_length_mm * 1000), 1000),
        _ascii(0x9291, tags.subsecond),
        (0xA000, _UNDEFINED, b"0100"),
        _short(0xA001, 1),
        _long(0xA002, width),
        _long(0xA003, height),
        _ascii(0xA420, tags.unique_id),
        _ascii(0xA434, tags.lens_model),
    ]
    if tags.comment:
        detail.append((0x9286, _UNDEFINED, b"ASCII\0\0\0" + tags.comment.encode("ascii", "replace")))
    first = 8
    # Sizes do not depend on the offsets written into them: lay out once to measure, once to place.
    second = first + len(_directory([*image, _long(0x8769, 0)], first, 0))
    third = second + len(_directory(detail, second, 0))
    small = [_short(0x0103, 6), _rational(0x011A, 72, 1), _rational(0x011B, 72, 1), _short(0x0128, 2)]
    data = third + len(_directory([*small, _long(0x0201, 0), _long(0x0202, 0)], third, 0))
    small += [_long(0x0201, data), _long(0x0202, len(thumbnail))]
    block = (
        b"Exif\0\0MM\0\x2a"
        + struct.pack(">I", first)
        + _directory([*image, _long(0x8769, second)], first, third if thumbnail else 0)
        + _directory(detail, second, 0)
    )
    if thumbnail:
        block += _directory(small, third, 0) + thumbnail
    if len(block) > LARGEST:
        raise FswError(f"EXIF block of {len(block)} octets: {LARGEST} at most")
    return block
