"""Mission files of kind mounted: what they must hold, and what a wrong one is told."""

import math

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions import MissionFile
from fsw.missions.loader import parse
from fsw.missions.mounted import MountedMission

NAME = "tianwen2-earth-moon"
TEXT = missions.text_of(NAME)


def test_a_mounted_mission_is_flown_where_flights_are():
    mission = missions.load(NAME, MissionFile)
    assert isinstance(mission, MountedMission)
    assert mission.wifi is mission.data_link
    assert mission.wifi.range_m == math.inf
    assert mission.camera.lenses == 1
    with pytest.raises(FswError, match="not released"):
        _ = mission.release_ns


def test_every_figure_of_the_record_bears_its_label():
    figures = missions.load(NAME).figures
    for path in ("orbiter.launch_utc", "observation.0.target", "downlink.high.frame_octets"):
        assert figures[path].label == "stated"
    assert figures["trajectory.start.0.position_km"].label == "derived"
    for path in ("camera.field_of_view_deg", "observation.0.begin_utc", "downlink.high.randomizer"):
        assert figures[path].label == "assumed"


def test_observations_end_with_their_last_beat():
    mission = missions.load(NAME, MountedMission)
    earth = mission.observation[0]
    assert mission.end_of(earth) - mission.epoch.parse(earth.begin_utc) == 16 * SECOND


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('kind = "mounted"', 'kind = "thrown"', "'thrown'; allowed are flight, mounted"),
        ("value = [1.0, 0.0, 0.0]", "value = [1.0, 0.0, 0.1]", "right angles"),
        (
            'slew_utc = { value = "2025-05-30T12:30:00Z"',
            'slew_utc = { value = "2025-05-30T10:00:10Z"',
            "observation.1.slew_utc: allowed are times after the pictures before",
        ),
        (
            'slew_utc = { value = "2025-05-30T12:30:00Z"',
            'slew_utc = { value = "2025-05-30T12:55:00Z"',
            "observation.1.begin_utc: allowed are times after the slew",
        ),
        ('value = "moon"', 'value = "pluto"', "observation.1.target: 'pluto'; allowed are earth, moon"),
        ("[data_link]", "[wifi]", "unknown key; allowed are"),
    ],
)
def test_what_cannot_be_is_refused(before, after, told):
    assert before in TEXT
    with pytest.raises(FswError, match=r"mine.toml") as error:
        parse(TEXT.replace(before, after, 1), "mine.toml")
    assert told in str(error.value)
