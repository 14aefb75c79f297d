"""A snapshot holds all of a flight: restored into a simulation that went elsewhere, it goes the same way."""

import dataclasses

import pytest

from fsw import missions
from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
# So weak that packets are lost from a few metres on: the Wi-Fi draws from its stream.
WEAK = dataclasses.replace(MISSION, wifi=dataclasses.replace(MISSION.wifi, other_losses_db=56.0))
SETTINGS = Settings(seed=21, pictures="test-card", link="frames", workers=0)
END_NS = 150 * SECOND
# Before anything; uplink under way; exposing; Wi-Fi busy; changing rate; dumping; pictures arriving.
CUTS_NS = [0, 1_500_000_000, 5_100_000_000, 21_050_000_000, 51_500_000_000, 53_250_000_000, 137_700_000_000]


@pytest.fixture(scope="module")
def flown():
    """Snapshots on the way, and at the end the simulation with its own."""
    simulation = Simulation(WEAK, SETTINGS)
    for at_s, name, arguments in (
        (1, "WIFI", "ON"),
        (2, "RELEASE_ARM", ""),
        (3, "RELEASE_FIRE", ""),
        (50, "SELECT_PICTURES", "9"),
        (51, "DOWNLINK_RATE", "HIGH"),
        (52, "DUMP_START", ""),
        (56, "CAMERA_STOP", ""),
    ):
        simulation.command(name, arguments, arrive_ns=at_s * SECOND)
    simulation.uplink(bytes(range(200)), 30 * SECOND)
    snapshots = []
    for cut_ns in CUTS_NS:
        simulation.run_until(cut_ns)
        snapshots.append(simulation.snapshot())
    simulation.run_until(END_NS)
    yield simulation, snapshots, simulation.snapshot()
    simulation.close()


def test_the_flight_had_losses_and_pictures(flown):
    simulation, _, _ = flown
    relay = simulation.orbiter.scheduler.task("relay").save()
    assert relay["complete"] > 20
    assert relay["incomplete"] > 3
    assert simulation.summary()["full_frames_received"] > 0


@pytest.mark.parametrize("cut", range(len(CUTS_NS)))
def test_restored_into_a_used_simulation_the_flight_is_the_same(flown, cut):
    _, snapshots, last = flown
    with Simulation(WEAK, SETTINGS) as used:
        used.command("WIFI", "ON", arrive_ns=SECOND)
        used.command("RELEASE_ARM", arrive_ns=SECOND)
        used.command("RELEASE_FIRE", arrive_ns=SECOND)
        used.run_until(90 * SECOND)
        used.restore(snapshots[cut])
        assert used.snapshot() == snapshots[cut]
        used.run_until(END_NS)
        assert used.snapshot() == last


def test_a_branch_leaves_the_snapshot_as_it_was(flown):
    _, snapshots, last = flown
    with Simulation(WEAK, SETTINGS) as branched:
        branched.restore(snapshots[3])
        branched.uplink(b"\xeb\x90 something else", branched.now_ns - 82 * SECOND)
        branched.run_until(100 * SECOND)
        branched.restore(snapshots[3])
        branched.run_until(END_NS)
        assert branched.snapshot() == last


def test_streams_that_the_saved_flight_had_not_begun_begin_again():
    coded = Settings(seed=21, pictures="test-card", link="symbols", workers=0)
    with Simulation(MISSION, coded) as simulation:
        before = simulation.snapshot()
        ends = []
        for _ in range(2):
            simulation.restore(before)
            simulation.run_until(84 * SECOND)  # the first symbols arrive, and acquisition draws
            ends.append(simulation.snapshot())
    assert ends[0] == ends[1]


@pytest.mark.parametrize("keep", [0, 7, 39, 1000, -1])
def test_a_damaged_snapshot_is_refused_and_changes_nothing(flown, keep):
    _, snapshots, _ = flown
    with Simulation(WEAK, SETTINGS) as simulation:
        simulation.restore(snapshots[1])
        with pytest.raises(FswError, match="snapshot"):
            simulation.restore(snapshots[4][:keep])
        assert simulation.snapshot() == snapshots[1]


def test_a_telecommand_given_later_may_arrive_earlier():
    with Simulation(MISSION, SETTINGS) as simulation:
        late = simulation.command("PING", arrive_ns=300 * SECOND)
        early = simulation.command("PING", arrive_ns=250 * SECOND)
        behind = simulation.command("PING", arrive_ns=250 * SECOND)
    assert 0 <= late - 300 * SECOND < SECOND // 2
    assert 0 <= early - 250 * SECOND < SECOND // 2
    assert early < behind < early + SECOND  # the transmitter sends one after the other


def test_hours_of_octets_do_not_overflow_a_mailbox():
    from fsw.core.telecommand import encode_cltu, encode_frame

    refused = b"\x1f\x80\xc0\x00\x00\x00\x00" * 30  # packets too short for telecommands
    cltu = encode_cltu(encode_frame(MISSION.uplink.scid, 0, refused, segment=(3, 0)), randomize=True)
    with Simulation(MISSION, SETTINGS) as simulation:
        simulation.uplink(cltu * 20, -81 * SECOND)
        simulation.run_until(60 * SECOND)
        counters = simulation.orbiter.scheduler.counters()
        rejected = simulation.orbiter.scheduler.task("commanding").save()["rejected"]
    assert rejected == 600
    assert {(c.dropped, c.restarts) for c in counters.values()} == {(0, 0)}


def test_the_rate_may_change_back_and_forth_on_a_link_of_frames():
    with Simulation(MISSION, SETTINGS) as simulation:
        for at_s, rate in ((2, "HIGH"), (8, "LOW"), (14, "HIGH"), (20, "LOW")):
            simulation.command("DOWNLINK_RATE", rate, arrive_ns=at_s * SECOND)
        simulation.run_until(110 * SECOND)
        simulation.finish()
        assert {sent.stage for sent in simulation.control.telecommands()} == {"completed"}
        assert (simulation.station.failures, simulation.station.discarded) == (0, {})
