"""Mission files of kind phases: what they must hold, and the flights that they are made of."""

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.dictionary.identifiers import MissionPhase
from fsw.missions.loader import parse
from fsw.missions.mounted import MountedMission
from fsw.missions.phases import PHASES, PhasedMission

NAME = "tianwen2-kamooalewa"
TEXT = missions.text_of(NAME)
MISSION = missions.load(NAME, PhasedMission)


def test_each_phase_is_a_mounted_mission():
    for phase in MISSION.phase:
        flight = MISSION.flight(phase)
        assert isinstance(flight, MountedMission)
        assert flight.has_phases
        assert [one.pictures for one in flight.observation] == [1] * phase.pictures
        assert [one.full_pictures for one in flight.observation][-1] == phase.pictures
        assert flight.epoch.parse(phase.start_utc) == 0
    assert not missions.load("tianwen2-earth-moon", MountedMission).has_phases


def test_phases_are_those_of_telemetry():
    assert {phase.name for phase in MissionPhase} == {"NONE", *PHASES}
    assert [phase.phase for phase in MISSION.phase] == list(PHASES)
    total_s = sum(phase.duration_s for phase in MISSION.phase)
    assert total_s == MISSION.mission.default_duration_s


def test_the_record_is_labelled():
    assert max(MISSION.small_body[0].half_axes_m) * 2 <= 100
    assert min(MISSION.small_body[0].half_axes_m) * 2 >= 40
    figures = MISSION.figures
    assert figures["small_body.0.rotation_s"].label == "derived"
    assert figures["phase.6.sun_distance_au"].label == "stated"
    assert figures["small_body.0.half_axes_m"].label == "assumed"


def test_a_phase_stands_on_its_circle():
    start = MISSION.phase[6].start
    radius = sum(x * x for x in start.position_km) ** 0.5 / 149_597_870.7
    speed = sum(v * v for v in start.velocity_km_s) ** 0.5
    assert radius == pytest.approx(2.19, rel=1e-9)
    assert speed == pytest.approx(29.785 / 2.19**0.5, rel=1e-4)
    across = sum(x * v for x, v in zip(start.position_km, start.velocity_km_s, strict=True))
    assert abs(across) < 1e-3 * 2.19 * 149_597_870.7


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('target = "capsule"', 'target = "moon"', "'moon'; allowed are kamooalewa, capsule, 311p"),
        ("duration_s = { value = 2400.0", "duration_s = { value = 600.0", "allowed is from 1744 on"),
        ('"2026-09-20T06:00:00Z"', '"2026-06-20T06:00:00Z"', "tables in order of time"),
        ('folder = "hover"', 'folder = "approach"', "each folder once"),
        ('value = "TOUCH"', 'value = "KISS"', "'KISS'; allowed are APPROACH"),
    ],
)
def test_what_cannot_be_is_refused(before, after, told):
    assert before in TEXT
    with pytest.raises(FswError, match=r"mine.toml") as error:
        parse(TEXT.replace(before, after, 1), "mine.toml")
    assert told in str(error.value)
