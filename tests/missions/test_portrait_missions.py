"""Mission files of kind portrait: what they must hold, and what a wrong one is told."""

import dataclasses

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.ground.plan import planned
from fsw.kernel.time import SECOND
from fsw.missions import MissionFile
from fsw.missions.loader import parse
from fsw.missions.portrait import PortraitMission
from fsw.missions.relay_year import RelayYear
from fsw.missions.rover import RoverCampaign
from fsw.world.mean_orbit import phase_orbits
from fsw.world.orbit import Elements
from fsw.world.planets import MARS
from fsw.world.vectors import length, subtract

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


def test_every_mission_has_the_same_orbiter_in_the_same_orbit():
    portrait, rover = missions.load(NAME, PortraitMission), missions.load("zhurong-rover", RoverCampaign)
    year, mars = missions.load("tianwen1-relay", RelayYear), missions.load("tianwen1-mars", MissionFile)
    assert portrait.relay.orbit == rover.orbit == year.orbit
    assert portrait.relay.phase == rover.phase == tuple(p for p in year.phase if p.name != "capture")
    assert portrait.site.latitude_deg == rover.site.latitude_deg
    assert dataclasses.replace(portrait.uhf, lost_portions=0.0) == dataclasses.replace(
        rover.uhf, lost_portions=0.0
    )
    elements = mars.trajectory.orbit
    assert elements.elements_utc == year.orbit.elements_utc
    for name in ("inclination_deg", "ascending_node_deg", "argument_of_periapsis_deg"):
        assert getattr(elements, name) == getattr(year.orbit, name)
    # Where telemetry has it on the last day of the year, the phases have it too.
    t_ns = year.epoch.parse(year.orbit.elements_utc)
    mean = phase_orbits(year.epoch, year.orbit, year.phase)[-1]
    place = mean.position_km(t_ns)
    expected = Elements(
        elements.semi_major_axis_km,
        elements.eccentricity,
        elements.inclination_deg,
        elements.ascending_node_deg,
        elements.argument_of_periapsis_deg,
        elements.true_anomaly_deg,
    ).state(MARS)[0]
    assert length(subtract(place, expected)) < 0.004 * length(expected)


def test_it_drives_at_the_stated_speed_and_comes_back():
    legs = missions.load(NAME, PortraitMission).drive.leg
    assert sum(leg.ahead_m for leg in legs) == 0
    for leg in legs:
        if leg.ahead_m:
            assert abs(leg.ahead_m) / leg.seconds == pytest.approx(200 / 3600, rel=0.01)


def test_pictures_are_asked_for_while_the_rover_stands():
    mission = missions.load(NAME, PortraitMission)
    plan = planned(mission, mission.default_duration_ns, WAY_NS)
    assert plan.note == ""
    asked = [step.arrive_ns for step in plan.steps if step.telecommand == "SELECT_PICTURES"]
    assert asked == [mission.leg_end_ns(3) - 2 * SECOND, mission.leg_end_ns(5) + SECOND]
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
        ("2021-02-23T22:29:00Z", "2021-06-02T22:29:00Z", "relay.phase: allowed is a first from_utc"),
    ],
)
def test_what_cannot_be_is_refused(before, after, told):
    assert before in TEXT
    with pytest.raises(FswError, match=r"mine.toml") as error:
        parse(TEXT.replace(before, after, 1), "mine.toml")
    assert told in str(error.value)
