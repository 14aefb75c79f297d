"""On-board time in flight: it drifts, is reported and steered, and the ground finds out by how much."""

import pytest

from fsw import missions
from fsw.dictionary.identifiers import TimeStatus
from fsw.kernel.time import MICROSECOND, MILLISECOND, SECOND
from fsw.protocols import pus
from fsw.simulation import Settings, Simulation
from fsw.tasks.clock import OnBoardClock

MISSION = missions.load("tianwen1-cruise")
IDEAL = OnBoardClock(MISSION.epoch)


def error_ns(simulation, t_ns):
    return simulation.orbiter.clock.agency_ns(t_ns) - IDEAL.agency_ns(t_ns)


@pytest.fixture(scope="module")
def flown():
    """Free for 700 s, then trimmed and shifted by what the ground had found."""
    with Simulation(MISSION, Settings(link="frames", pictures="test-card")) as simulation:
        simulation.run_until(700 * SECOND)
        found = simulation.control.time.correlation
        free = found, [error_ns(simulation, t_ns) for t_ns in (found.reference_ns, 620 * SECOND)]
        arrival_ns = simulation.command("CLOCK_TRIM", f"{-found.rate // 1000}")
        shift_us = -found.error_ns(arrival_ns) // MICROSECOND
        simulation.command("CLOCK_SHIFT", f"{shift_us}", arrive_ns=arrival_ns + SECOND)
        # The shift takes 1.7 ms times 1024, the window 32 reports 16 s apart.
        simulation.run_until(1500 * SECOND)
        yield simulation, free


def test_a_free_clock_is_late_and_gains(flown):
    _, (_, (earlier_ns, later_ns)) = flown
    assert -1_800_000 < earlier_ns < later_ns < -1_700_000


def test_the_ground_correlates_it_to_its_last_place(flown):
    _, (found, true) = flown
    assert found.rejected == 0
    assert found.residual_ns < 60
    assert abs(found.offset_ns - true[0]) < 60
    assert abs(found.error_ns(620 * SECOND) - true[1]) < 60
    assert abs(found.rate - 120_000_000) < 10_000_000


def test_steered_by_what_was_found_it_is_right(flown):
    simulation, _ = flown
    for t_ns in (1000 * SECOND, 1500 * SECOND):
        assert abs(error_ns(simulation, t_ns)) < 10 * MICROSECOND
    found = simulation.control.time.correlation
    assert simulation.control.time.steps > 0  # it was followed
    assert abs(found.error_ns(1500 * SECOND) - error_ns(simulation, 1500 * SECOND)) < 200
    assert [sent.stage for sent in simulation.control.telecommands()] == ["completed", "completed"]


def test_reports_carry_the_clocks_time_and_status(flown):
    simulation, _ = flown
    telemetry = simulation.control.telemetry.latest["TIME_REPORT"]
    assert telemetry.problem is None
    assert telemetry.values["time_code"].raw == 0x2F
    status = pus.decode_report(simulation.control.telemetry.latest["HOUSEKEEPING_RADIO"].octets).time_status
    assert status == TimeStatus.SET
    late_ns = telemetry.received_ns - telemetry.spacecraft_ns
    assert 80 * SECOND < late_ns < 82 * SECOND


def test_the_clock_is_in_a_snapshot():
    settings = Settings(link="frames", pictures="test-card")
    with Simulation(MISSION, settings) as one, Simulation(MISSION, settings) as other:
        one.deliver(b"")
        one.orbiter.clock.shift(3 * MILLISECOND, 0)
        one.run_until(200 * SECOND)
        other.restore(one.snapshot())
        assert other.orbiter.clock.agency_ns(201 * SECOND) == one.orbiter.clock.agency_ns(201 * SECOND)
        assert other.control.time.correlation == one.control.time.correlation
        for simulation in (one, other):
            simulation.run_until(230 * SECOND)
        assert other.snapshot() == one.snapshot()
