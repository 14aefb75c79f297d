"""What stands below the pictures of a contact sheet."""

from fsw.ground.contact_sheet import caption


def test_a_caption_tells_the_range_or_where_there_is_none_the_exposure() -> None:
    entry = {
        "picture": 12,
        "exposed_at_utc": "2020-09-30T16:00:12.012345Z",
        "lens": "A",
        "range_m": 1.44,
        "exposure_us": 600,
    }
    assert caption(entry) == "#12   16:00:12.0 UTC   1.4 m   lens A"
    assert caption(entry | {"range_m": 0.0}) == "#12   16:00:12.0 UTC   0.6 ms"
