from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.identifiers import Lens, PictureCoding, PictureKind, PictureSize
from fsw.dictionary.picture_label import OCTETS, PictureLabel, decode_label

LABEL = PictureLabel(
    1234, PictureKind.FULL, Lens.B, PictureSize.UXGA_1600X1200, PictureCoding.JPEG, 0x15E5A51B4A, 2000, 23.4
)


def test_label_octets_are_as_documented() -> None:
    octets = LABEL.encode()
    assert octets.hex() == "66737731000004d2010101000015e5a51b4a000007d000ea"
    assert decode_label(octets) == LABEL
    assert not octets.startswith(b"cfdp")  # those are the standard's


def test_files_are_named_by_kind_number_and_coding() -> None:
    assert LABEL.file_name == "full/0001234.jpg"
    raw = PictureLabel(7, PictureKind.FULL, Lens.A, PictureSize(0), PictureCoding.RAW_BAYER, 0, 0, 0.0)
    assert raw.file_name == "full/0000007.raw"
    thumbnail = PictureLabel(7, PictureKind.THUMBNAIL, Lens.A, PictureSize(0), PictureCoding(1), 0, 0, 0.0)
    assert thumbnail.file_name == "thumb/0000007.jpg"


@given(
    st.binary(max_size=2 * OCTETS) | st.binary(min_size=OCTETS - 4, max_size=OCTETS - 4).map(b"fsw1".__add__)
)
def test_any_message_is_a_whole_label_or_none(message: bytes) -> None:
    label = decode_label(message)
    if label is not None:
        assert label.encode() == message
