"""The flight plan: in order, in time, and for the mission that it is given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import dictionary, missions
from fsw.ground import plan
from fsw.kernel.time import SECOND

MISSION = missions.load("tianwen1-cruise")
LIGHT_TIME_NS = 80_366_000_000


@given(st.integers(1, 10_000), st.integers(0, 200 * SECOND))
def test_telecommands_arrive_in_order_and_the_dump_comes_home(duration_s, light_time_ns):
    found = plan.selfie(MISSION, duration_s * SECOND, light_time_ns)
    times = [step.arrive_ns for step in found.steps]
    assert times == sorted(times)
    assert times[0] >= 0
    names = [step.telecommand for step in found.steps]
    assert ("DUMP_START" in names) == (not found.note)
    if not found.note:
        dump_ns = next(step.arrive_ns for step in found.steps if step.telecommand == "DUMP_START")
        assert dump_ns + 5 * SECOND <= duration_s * SECOND - light_time_ns
        assert dump_ns > MISSION.release_ns + 4 * SECOND
    for step in found.steps:
        dictionary.parse_telecommand(step.telecommand, step.arguments)


@pytest.mark.parametrize("duration_s", [2150, 10_000])
def test_given_time_the_dump_waits_until_the_camera_is_out_of_reach(duration_s):
    found = plan.selfie(MISSION, duration_s * SECOND, LIGHT_TIME_NS)
    selected = next(step for step in found.steps if step.telecommand == "SELECT_PICTURES")
    assert selected.arrive_ns == MISSION.release_ns + 2005 * SECOND
    assert selected.arguments == str(MISSION.selection.full_pictures)


def test_the_least_that_it_names_is_the_least():
    note = plan.selfie(MISSION, 20 * SECOND, LIGHT_TIME_NS).note
    assert note == "20 s is too short for pictures to come down; the least is 105 s"
    assert plan.selfie(MISSION, 104 * SECOND, LIGHT_TIME_NS).note
    assert not plan.selfie(MISSION, 105 * SECOND, LIGHT_TIME_NS).note


def test_the_release_happens_at_the_missions_instant():
    steps = plan.selfie(MISSION, 2150 * SECOND, LIGHT_TIME_NS, 7).steps
    assert [step.arrive_ns for step in steps if step.telecommand == "RELEASE_FIRE"] == [MISSION.release_ns]
    assert [step.arguments for step in steps if step.telecommand == "SELECT_PICTURES"] == ["7"]


def test_housekeeping_releases_nothing():
    assert [step.telecommand for step in plan.housekeeping().steps] == ["PING"]
