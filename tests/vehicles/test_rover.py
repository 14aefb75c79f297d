"""The rover as a vehicle: real telecommand packets in by Proximity-1, reports out, sleep, and snapshots."""

import pytest

from fsw.devices.chassis import Chassis
from fsw.devices.power_unit import PowerUnit
from fsw.harness.rover_operations import Ground, OrbiterRadio
from fsw.kernel.seeds import Stream
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND
from fsw.missions import load
from fsw.missions.rover import RoverCampaign
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.local_time import MINUTE_NS, SOL_NS
from fsw.vehicles.rover import Rover

MISSION = load("zhurong-rover", RoverCampaign)
HOUR = 3600 * SECOND
MORNING = -600 * MINUTE_NS  # of the midnight: mission time begins at ten


def picture(now_ns, azimuth_deg, elevation_deg):
    """In place of the scene: octets that tell what was asked for."""
    return f"{now_ns} {azimuth_deg} {elevation_deg} ".encode() * 100


class Bench:
    """A rover with its link always there; wing_w: constant, or a function of mission time."""

    def __init__(self, wing_w=300.0, every_m=1e6, battery_wh=1200.0):
        wing = wing_w if callable(wing_w) else lambda t_ns: wing_w
        chassis = Chassis(Stream(3, "ground"), every_m, (0.05, 0.05), 1.0)
        power = PowerUnit(wing, 1200.0, 0.9)
        power.battery_wh = battery_wh
        clock = OnBoardClock(MISSION.epoch)
        self.rover = Rover(MISSION.rover, clock, chassis, power, MORNING, 82, picture)
        self.radio, self.ground, self.now_ns = OrbiterRadio(82), Ground(MISSION.epoch), 0

    def command(self, name, **arguments):
        self.radio.send(self.ground.telecommand(name, arguments))

    def run(self, seconds, step=10, link=True):
        end_ns = self.now_ns + seconds * SECOND
        if not link:
            self.rover.carrier_lost(self.now_ns)
        while self.now_ns < end_ns:
            if link and self.rover.awake:
                for packet in self.radio.hear(self.rover.radio(20_000, 8, self.now_ns)):
                    self.ground.take(packet)
                self.rover.receive(self.radio.say(), self.now_ns)
            self.now_ns = min(end_ns, self.now_ns + step * SECOND)
            next_ns = self.rover.next_ns()
            while next_ns is not None and next_ns < self.now_ns:
                self.rover.advance(next_ns)
                next_ns = self.rover.next_ns()
            self.rover.advance(self.now_ns)

    def names(self):
        return [name for _, name, _ in self.ground.reports]


def test_a_telecommand_drives_it_and_is_verified_at_each_stage():
    bench = Bench()
    bench.command("DRIVE", distance_m=3.0, heading_deg=90.0)
    bench.run(400)
    stages = [name for name in bench.names() if name.startswith("TC_")]
    assert (stages[0], stages[-2:]) == ("TC_ACCEPTED", ["TC_STARTED", "TC_COMPLETED"])
    assert set(stages[1:-2]) == {"TC_PROGRESS"}
    assert len(stages) == 1 + 17 + 5 + 2  # looks while turning by 90 deg, steps of half a metre
    assert bench.rover.chassis.wheels_mm == pytest.approx(3000, abs=60)
    assert bench.rover.chassis.east_mm == pytest.approx(2850, abs=60)
    assert "EVENT_DRIVE_DONE" in bench.names()
    bench.run(900)
    mobility = bench.ground.latest["HOUSEKEEPING_MOBILITY"]
    assert mobility["odometer_m"] == pytest.approx(3.0, abs=0.06)
    assert mobility["east_m"] == pytest.approx(3.0, abs=0.06)  # it does not know of slip
    assert bench.ground.undecodable == 0


def test_it_stops_before_an_obstacle_and_says_why():
    bench = Bench(every_m=1.0)
    bench.command("DRIVE", distance_m=60.0, heading_deg=90.0)
    bench.run(1500)
    (values,) = [values for _, name, values in bench.ground.reports if name == "TC_NOT_COMPLETED"]
    assert values["failure_code"] == "HAZARD_AHEAD"
    (hazard,) = [values for _, name, values in bench.ground.reports if name == "EVENT_HAZARD_STOP"]
    assert 0.5 < hazard["clear_m"] < 1.5
    assert not bench.rover.chassis.moving


def test_a_telecommand_that_it_does_not_know_is_refused():
    bench = Bench()
    packet = bytearray(bench.ground.telecommand("PING", {}))
    packet[7] = 200  # another service
    bench.radio.send(bytes(packet))
    bench.run(60)
    assert "TC_NOT_ACCEPTED" in bench.names()
    assert "EVENT_TC_REJECTED" in bench.names()
    bench.command("PING")
    bench.run(60)
    assert bench.names()[-1] == "TC_COMPLETED"
    assert "ALIVE" in bench.names()


def test_a_picture_is_taken_at_its_time_and_comes_down_whole_in_parts():
    bench = Bench()
    bench.command("PLAN_PICTURE", minutes=610, azimuth_deg=12.5, elevation_deg=-20.0)
    bench.run(900)
    at_ns = MORNING + 610 * MINUTE_NS
    ((_, octets),) = bench.ground.pictures
    assert octets == picture(at_ns, 12.5, -20.0)
    assert "EVENT_PICTURE_TAKEN" in bench.names()


def test_it_sleeps_when_it_is_dark_and_wakes_in_the_morning_with_what_it_knew():
    day = lambda t_ns: 300.0 if (t_ns - MORNING) % SOL_NS < 1000 * MINUTE_NS else 0.0  # noqa: E731
    bench = Bench(day)
    bench.command("DRIVE", distance_m=2.0, heading_deg=180.0)
    bench.run(300)
    bench.run(12 * 3600, step=600, link=False)
    assert not bench.rover.awake
    assert bench.rover.power.load_w == MISSION.rover.asleep_w
    wakes_ns = bench.rover.next_ns()
    assert wakes_ns == MORNING + SOL_NS + 540 * MINUTE_NS
    bench.run((wakes_ns - bench.now_ns) // SECOND + 900)
    assert bench.rover.awake
    assert bench.rover.boots == 2
    assert bench.ground.latest["HOUSEKEEPING_MOBILITY"]["odometer_m"] == pytest.approx(2.0, abs=0.06)
    told = [values for _, name, values in bench.ground.reports if name == "EVENT_COMPUTER_STARTED"]
    assert [(row["boot_kind"], row["tasks_refused"]) for row in told] == [("COLD", 0), ("WARM", 0)]


def test_an_empty_battery_is_a_cold_boot_but_the_way_is_not_forgotten():
    bench = Bench(wing_w=0.0, battery_wh=400.0)
    bench.run(60)
    bench.rover.power.battery_wh = 5.0  # faster than the keeper looks
    bench.run(590, link=False)
    assert not bench.rover.awake
    assert bench.rover.brown_outs == 1
    bench.rover.power.battery_wh = 60.0
    first_ns = bench.rover.next_ns()
    bench.run((first_ns - bench.now_ns) // SECOND + 60, step=3600, link=False)
    assert not bench.rover.awake  # too little to wake: the next sol
    bench.rover.power.battery_wh = 900.0
    bench.run((bench.rover.next_ns() - bench.now_ns) // SECOND + 60, step=3600)
    assert bench.rover.awake
    bench.run(60)
    told = [values for _, name, values in bench.ground.reports if name == "EVENT_COMPUTER_STARTED"]
    assert told[-1]["boot_kind"] == "COLD"


def test_a_snapshot_in_the_middle_of_a_drive_goes_on_as_the_trunk_does():
    trunk = Bench(every_m=30.0)
    trunk.command("DRIVE", distance_m=9.0, heading_deg=200.0)
    trunk.run(97, step=7)
    octets = pack(trunk.rover.save())
    branch = Bench(every_m=30.0)
    branch.rover.load(unpack(octets))
    assert pack(branch.rover.save()) == octets
    for bench in (trunk, branch):
        bench.now_ns = trunk.now_ns if bench is branch else bench.now_ns
    start_ns = trunk.now_ns
    sent = []
    for bench in (trunk, branch):
        bench.now_ns, heard = start_ns, []
        for step in range(1, 60):
            bench.rover.advance(start_ns + step * 10 * SECOND)
            heard.append(bench.rover.radio(20_000, 8, start_ns + step * 10 * SECOND))
        sent.append(heard)
    assert sent[0] == sent[1]
    assert pack(trunk.rover.save()) == pack(branch.rover.save())
