"""Flights that fly themselves: release and camera scheduled, sequenced, by event and by procedure."""

import json
import shlex

import flights
import pytest
from flights import MISSION

from fsw.ground.procedure_words import DictionaryWords
from fsw.kernel.time import SECOND
from fsw.protocols import obcp, pus
from fsw.tasks.clock import OnBoardClock

IDEAL = OnBoardClock(MISSION.epoch)
RELEASE = """
procedure RELEASE_CAMERA (settle_s: real)
limit time 300 s
step 1
send WIFI state=ON
send RELEASE_ARM state=ON
wait settle_s s
step 2
send RELEASE_FIRE
if hk.release != "SEPARATED"
  fail 1
end
wait event CAMERA_AWAKE timeout 60 s
if not ok
  fail 2
end
step 3
try send CAMERA_STOP
wait until hk.frames_taken > 3 timeout 20 s every 2 s
raise low 7 hk.frames_taken
"""


class Flight(flights.Flight):
    def on_board(self, seconds):
        """On-board time, as the spacecraft shows it at a mission time [s]."""
        clock = self.simulation.orbiter.clock
        return pus.TIME_FORMAT.encode(clock.agency_ns(round(seconds * SECOND)))

    def fly(self, until_s):
        super().fly(until_s)
        way_ns = self.simulation.heavens.light_time.one_way_light_time_ns(self.simulation.now_ns, "down")
        self.simulation.run_until(self.simulation.now_ns + way_ns + 5 * SECOND)
        for counters in self.simulation.orbiter.scheduler.counters().values():
            assert (counters.restarts, counters.dropped, counters.overruns) == (0, 0, 0)
        assert self.failures() == []
        self.simulation.finish()

    def all_events(self):
        """Name, mission time [s] as the report's on-board time tells it, and values."""
        clock = self.simulation.orbiter.clock
        found = []
        for told in self.told:
            if getattr(told, "report", None) and told.report.name.startswith("EVENT_"):
                at_ns = clock.mission_ns(IDEAL.agency_ns(told.spacecraft_ns))
                values = {key: value.value for key, value in told.values.items()}
                found.append((told.report.name.removeprefix("EVENT_"), at_ns / SECOND, values))
        return found

    def names(self):
        return [name for name, _, _ in self.all_events()]

    def when(self, name):
        return next(at for found, at, _ in self.all_events() if found == name)


def quoted(rows):
    return shlex.quote(json.dumps(rows))


@pytest.fixture
def flight():
    flight = Flight(seed=3)
    yield flight
    flight.simulation.close()


def test_release_and_camera_start_happen_at_their_scheduled_time(flight):
    plan = [(20, "WIFI ON"), (25, "RELEASE_ARM"), (30.25, "RELEASE_FIRE"), (45.5, "CAMERA_START")]
    rows = [
        {"group": 0, "release_time": flight.on_board(at).hex(), "packet": f"{text} @{9000 + n}"}
        for n, (at, text) in enumerate(plan)
    ]
    flight.command(1, "SCHEDULE_ENABLE")
    flight.command(2, "SCHEDULE_INSERT", f"sub_schedule=1 activities={quoted(rows)}")
    flight.command(4, "SCHEDULE_REPORT_ALL")
    flight.fly(60)
    assert flight.when("RELEASE_ARMED") == pytest.approx(25, abs=1e-4)
    assert flight.when("RELEASE_FIRED") == pytest.approx(30.25, abs=1e-4)
    assert flight.when("SEPARATION_SEEN") == pytest.approx(30.3, abs=0.2)
    assert flight.simulation.orbiter.scheduler.task("relay").save()["complete"] > 3
    summary = next(
        t for t in flight.told if getattr(t, "report", None) and t.report.name == "SCHEDULE_SUMMARY"
    )
    assert [summary.values[f"activities[{n}].count"].value for n in range(4)] == [9000, 9001, 9002, 9003]


def test_a_sequence_releases_the_camera_request_by_request(flight):
    steps = [("WIFI ON", 1000), ("RELEASE_ARM", 4000), ("RELEASE_FIRE", 0), ("DOWNLINK_RATE LOW", 0)]
    rows = [{"packet": f"{text} @{9000 + n}", "delay_ms": ms} for n, (text, ms) in enumerate(steps)]
    flight.command(1, "SEQUENCE_LOAD", f"sequence=FREE entries={quoted(rows)}")
    flight.command(5, "SEQUENCE_ACTIVATE", "FREE")
    flight.fly(20)
    assert flight.when("RELEASE_FIRED") - flight.when("RELEASE_ARMED") == pytest.approx(4, abs=1e-3)
    assert "SEQUENCE_COMPLETED" in flight.names()


def test_a_request_that_fails_ends_its_sequence(flight):
    rows = [
        {"packet": f"{text} @{9000 + n}", "delay_ms": 0} for n, text in enumerate(["RELEASE_FIRE", "PING"])
    ]
    flight.command(1, "SEQUENCE_LOAD", f"sequence=BAD entries={quoted(rows)}")
    flight.command(2, "SEQUENCE_ACTIVATE", "BAD")
    flight.fly(5)
    failed = next(values for name, _, values in flight.all_events() if name == "SEQUENCE_FAILED")
    assert failed == {"sequence": "BAD", "entry": 0, "failure_code": "NOT_ARMED"}


def test_an_event_releases_its_action(flight):
    rows = [{"apid": 1920, "event": 17, "packet": "RELEASE_ARM @9000"}]  # disarmed: arm it again
    flight.command(1, "EVENT_ACTIONS_ADD", f"definitions={quoted(rows)}")
    flight.command(2, "EVENT_ACTIONS_ENABLE")
    flight.command(4, "RELEASE_ARM", "ON")
    flight.command(6, "RELEASE_ARM", "OFF")
    flight.fly(12)
    names = [name for name in flight.names() if name.startswith("RELEASE")]
    assert names == ["RELEASE_ARMED", "RELEASE_DISARMED", "RELEASE_ARMED"]


def test_a_procedure_frees_the_camera_and_watches_it(flight):
    code = obcp.compile_procedure(RELEASE, DictionaryWords()).octets
    flight.command(1, "PROCEDURE_LOAD", f"procedure=RELEASE_CAMERA code={code.hex()}")
    flight.command(
        6, "PROCEDURE_ACTIVATE", "procedure=RELEASE_CAMERA observability=STEPS arguments='{\"value\": 2.5}'"
    )
    flight.fly(60)
    told = [(name, values.get("step")) for name, _, values in flight.all_events() if "PROCEDURE" in name]
    assert told[:3] == [("PROCEDURE_STEP", 1), ("PROCEDURE_STEP", 2), ("PROCEDURE_STEP", 3)]
    assert told[-1] == ("PROCEDURE_COMPLETED", None)
    value = next(values["value"] for name, _, values in flight.all_events() if name == "PROCEDURE_LOW")
    assert value > 3
    assert flight.when("RELEASE_FIRED") - flight.when("RELEASE_ARMED") == pytest.approx(2.5, abs=0.05)


@pytest.mark.parametrize(("kind", "armed"), [("WARM", True), ("COLD", False)])
def test_the_schedule_outlives_a_warm_reset_and_not_a_cold_one(flight, kind, armed):
    rows = [{"group": 0, "release_time": flight.on_board(90).hex(), "packet": "RELEASE_ARM @9000"}]
    flight.command(1, "SCHEDULE_ENABLE")
    flight.command(2, "SCHEDULE_INSERT", f"sub_schedule=1 activities={quoted(rows)}")
    flight.command(5, "COMPUTER_RESET", f"kind={kind}")
    flight.fly(95)
    assert ("RELEASE_ARMED" in flight.names()) is armed
    if armed:
        assert flight.when("RELEASE_ARMED") == pytest.approx(90, abs=1e-4)


def test_a_flight_goes_on_from_a_snapshot_in_the_middle_of_all_of_it():
    def begin():
        flight = Flight(seed=3)
        code = obcp.compile_procedure(RELEASE, DictionaryWords()).octets
        rows = [
            {"group": 0, "release_time": flight.on_board(9.5).hex(), "packet": "SEQUENCE_ACTIVATE S @9000"}
        ]
        entries = [{"packet": f"PING @{9100 + n}", "delay_ms": 700} for n in range(8)]
        flight.command(1, "SCHEDULE_ENABLE")
        flight.command(2, "SEQUENCE_LOAD", f"sequence=S entries={quoted(entries)}")
        flight.command(4, "SCHEDULE_INSERT", f"sub_schedule=1 activities={quoted(rows)}")
        flight.command(5, "PROCEDURE_LOAD", f"procedure=RELEASE_CAMERA code={code.hex()}")
        flight.command(8, "PROCEDURE_ACTIVATE", "RELEASE_CAMERA arguments='{\"value\": 2.5}'")
        return flight.simulation

    whole = begin()
    whole.run_until(30 * SECOND)
    for at_s in (8.5, 10.9, 13):
        first = begin()
        first.run_until(round(at_s * SECOND))
        second = begin()
        second.restore(first.snapshot())
        second.run_until(30 * SECOND)
        assert second.snapshot() == whole.snapshot()
        first.close(), second.close()
    whole.close()
