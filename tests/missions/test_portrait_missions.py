"""Mission files of kind portrait: what they must hold, and what a wrong one is told."""

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.ground.plan import planned
from fsw.kernel.time import SECOND
from fsw.missions import MissionFile
from fsw.missions.loader import parse
from fsw.missions.portrait import PortraitMission

NAME = "zhurong-portrait"
TEXT = missions.text_of(NAME)
WAY_NS = 1125 * SECOND


def test_it_is_flown_where_flights_are():
    mission = missions.load(NAME, MissionFile)
    assert isinstance(mission, PortraitMission)
    assert mission.camera.lenses == 1


def test_every_figure_of_the_record_bears_its_label():
    figures = missions.load(NAME).figures
    for path in ("site.latitude_deg", "site.longitude_deg", "drive.leg.0.ahead_m", "orbiter.mass_kg"):
        assert figures[path].label == "stated"
    for path in ("drive.leg.0.seconds", "site.radius_km"):
        assert figures[path].label == "derived"
    for path in ("camera.field_of_view_deg", "camera.stand.lens_height_m", "mission.start_utc"):
        assert figures[path].label == "assumed"


def test_it_drives_at_the_stated_speed_and_comes_back():
    legs = missions.load(NAME, PortraitMission).drive.leg
    assert sum(leg.ahead_m for leg in legs) == 0
    for leg in legs:
        if leg.ahead_m:
            assert abs(leg.ahead_m) / leg.seconds == pytest.approx(200 / 3600, rel=0.01)


def test_pictures_are_asked_for_behind_both_stands():
    mission = missions.load(NAME, PortraitMission)
    plan = planned(mission, mission.default_duration_ns, WAY_NS)
    assert plan.note == ""
    asked = [step.arrive_ns for step in plan.steps if step.telecommand == "SELECT_PICTURES"]
    assert asked == [mission.leg_end_ns(3) + SECOND, mission.leg_end_ns(5) + SECOND]
    stop = next(step for step in plan.steps if step.telecommand == "CAMERA_STOP")
    assert stop.arrive_ns == mission.leg_end_ns(5)


def test_a_time_too_short_says_for_what():
    mission = missions.load(NAME, PortraitMission)
    plan = planned(mission, mission.leg_end_ns(4) + WAY_NS, WAY_NS)
    assert plan.note.endswith("too short for: side picture")
    assert sum(step.telecommand == "DUMP_START" for step in plan.steps) == 1
    none = planned(mission, mission.release_ns, WAY_NS)
    assert "DOWNLINK_RATE" not in {step.telecommand for step in none.steps}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("09:30:20Z", "09:29:20Z", "release_utc: allowed are times in which the rover stands"),
        ("09:30:20Z", "09:59:20Z", "release_utc: allowed are times in the drive"),
        ("turn_deg = ", "ahead_m = { value = 1.0, label = 'assumed', source = 'no' }\nturn_deg = ", "one of"),
        ("value = 25.066", "value = 95.0", "numbers from -89 to 89"),
        ("lens_height_m = { value = 0.30", "lens_height_m = { value = 0.60", "numbers from 0.03 to 0.45"),
        ("[site]\n", "[trajectory]\n[site]\n", "unknown key; allowed are"),
    ],
)
def test_what_cannot_be_is_refused(before, after, told):
    assert before in TEXT
    with pytest.raises(FswError, match=r"mine.toml") as error:
        parse(TEXT.replace(before, after, 1), "mine.toml")
    assert told in str(error.value)
