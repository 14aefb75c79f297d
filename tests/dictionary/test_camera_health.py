"""The camera's health packet: what housekeeping takes of it is what its layout says."""

from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary import camera
from fsw.dictionary.identifiers import PictureCoding, PictureSize

MODES = st.sampled_from([size << 4 | coding for size in PictureSize for coding in PictureCoding])


@given(st.binary(min_size=camera.HEALTH_OCTETS, max_size=camera.HEALTH_OCTETS), MODES, MODES)
def test_values_are_those_of_the_layout(octets: bytes, mode: int, other: int) -> None:
    packet = octets[:15] + bytes([mode, other]) + octets[17:]
    layout = camera._HEALTH.parse(packet)
    values = camera.health_values(packet)
    assert values["picture_size"] == PictureSize(layout.mode[0] >> 4).name
    assert values["picture_coding"] == PictureCoding(layout.mode[0] & 15).name
    assert values["exposure_us"] == layout.exposure_us[0]
    assert values["battery_voltage_v"] == layout.battery_mv / 1000
    assert values["battery_used_wh"] == layout.energy_used_mj / 3_600_000
    assert values["camera_temperature_c"] == layout.temperatures_centidegc[0] / 100
    assert values["frames_taken"] == sum(layout.taken)
    assert values["frames_missed"] == sum(layout.missed)
    assert values["frames_sent_by_camera"] == layout.sent
    awake = {0: "ASLEEP", 1: "AWAKE", 2: "TAKING" if layout.imaging else "STOPPED"}
    assert values["camera"] == awake.get(layout.state, "ASLEEP")
