"""On-board time in flight: it drifts, is reported, and the ground finds out by how much."""

import pytest

from fsw import missions
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation
from fsw.tasks.clock import OnBoardClock

MISSION = missions.load("tianwen1-cruise")
IDEAL = OnBoardClock(MISSION.epoch)


def fly():
    return Simulation(MISSION, Settings(link="frames", pictures="test-card"))


def error_ns(simulation, t_ns):
    return simulation.orbiter.clock.agency_ns(t_ns) - IDEAL.agency_ns(t_ns)


@pytest.fixture(scope="module")
def flown():
    with fly() as simulation:
        simulation.run_until(800 * SECOND)
        yield simulation


def test_the_ground_correlates_the_clock(flown):
    found = flown.control.time.correlation
    assert found.samples == 32
    assert found.rejected == 0
    for t_ns in (found.reference_ns, 700 * SECOND):
        assert abs(found.error_ns(t_ns) - error_ns(flown, t_ns)) < 1_000
    print(found, error_ns(flown, found.reference_ns))
