"""Whatever is sent up, whenever: no task dies, every request gets its reports, and the downlink decodes."""

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from fsw import dictionary, missions
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=11, pictures="test-card", link="frames", workers=0)
AGO_NS = 82 * SECOND  # radiated so long ago, octets arrive now
ANSWERED_NS = 62 * SECOND

# What a request may come to: refused, never heard, or accepted and brought to an end.
HISTORIES = {
    (),
    ("failed",),
    ("accepted", "failed"),
    ("accepted", "started", "failed"),
    ("accepted", "started", "completed"),
}


@st.composite
def telecommands(draw):
    command = draw(st.sampled_from(dictionary.telecommands()))
    texts = {}
    for argument in command.arguments:
        parameter = argument.parameter
        if parameter.enumeration is not None:
            of = st.sampled_from([member.name for member in parameter.enumeration])
            some = st.lists(of, min_size=1, max_size=3 if argument.listed else 1)
            texts[parameter.name] = ",".join(draw(some))
        elif argument.minimum is not None:
            least, most = int(argument.minimum), int(argument.maximum)
            texts[parameter.name] = str(draw(st.integers(least, most)))
    return command.name, " ".join(f"{name}={text}" for name, text in texts.items())


class Flight(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.simulation = Simulation(MISSION, SETTINGS)
        self.clean = True  # nothing but whole telecommands has been sent
        self.released = False

    def radiate(self, name, arguments):
        request = dictionary.parse_telecommand(name, arguments)
        return self.simulation.control.radiate(request, self.simulation.now_ns).cltu

    def send(self, octets):
        self.simulation.uplink(octets, self.simulation.now_ns - AGO_NS)

    @rule(telecommand=telecommands())
    def a_telecommand(self, telecommand):
        self.send(self.radiate(*telecommand))

    @precondition(lambda self: not self.released)
    @rule()
    def a_release(self):
        self.released = True
        for name, arguments in (("WIFI", "ON"), ("RELEASE_ARM", ""), ("RELEASE_FIRE", "")):
            self.send(self.radiate(name, arguments))

    @rule(rate=st.sampled_from(["LOW", "HIGH"]))
    def another_rate(self, rate):
        self.send(self.radiate("DOWNLINK_RATE", rate))

    @rule()
    def a_dump(self):
        self.send(self.radiate("SELECT_PICTURES", "3"))
        self.send(self.radiate("DUMP_START", ""))

    @rule(telecommand=telecommands(), flips=st.lists(st.integers(0, 10**4), min_size=1, max_size=6))
    def a_corrupted_telecommand(self, telecommand, flips):
        octets = bytearray(self.radiate(*telecommand))
        for flip in flips:
            octets[flip // 8 % len(octets)] ^= 1 << flip % 8
        self.send(bytes(octets))
        self.clean = False

    @rule(octets=st.binary(max_size=120), starts=st.booleans())
    def octets(self, octets, starts):
        self.send((b"\xeb\x90" if starts else b"") + octets)
        self.clean = False

    @rule(span_ns=st.sampled_from([1, 99_999_999, SECOND, 2_345_678_901, 7 * SECOND]))
    def time(self, span_ns):
        self.simulation.run_until(self.simulation.now_ns + span_ns)

    @rule(span_ns=st.sampled_from([SECOND // 3, 3 * SECOND]))
    def a_snapshot(self, span_ns):
        other = Simulation(MISSION, SETTINGS)
        # Into a simulation that has seen something else.
        other.run_until(5 * SECOND)
        other.restore(self.simulation.snapshot())
        until_ns = self.simulation.now_ns + span_ns
        for one in (self.simulation, other):
            one.run_until(until_ns)
        assert other.snapshot() == self.simulation.snapshot()
        self.simulation.close()
        self.simulation = other

    def teardown(self):
        simulation = self.simulation
        simulation.run_until(simulation.now_ns + ANSWERED_NS)
        way_ns = simulation.heavens.light_time.one_way_light_time_ns(simulation.now_ns, "down")
        simulation.run_until(simulation.now_ns + way_ns + 6 * SECOND)
        simulation.finish()
        self.check(simulation)
        simulation.close()

    def check(self, simulation):
        for name, counters in simulation.orbiter.scheduler.counters().items():
            assert (counters.restarts, counters.dropped, counters.overruns) == (0, 0, 0), name
        for sent in simulation.control.telecommands():
            history = tuple(stage for _, stage in sent.history)
            assert history in HISTORIES, (sent.name, sent.stage, sent.failure)
            assert sent.failure != "NO_ANSWER" or sent.name.startswith("CAMERA"), sent.name
            assert history or not self.clean, f"{sent.name} was not heard"
        summary = simulation.summary()
        assert simulation.station.failures == 0
        cadu_octets = {"low": 256, "high": 1024}
        under_way = [t for _, _, t in simulation._down.save()["under_way"]]
        on_their_way = sum(len(t.symbols) // cadu_octets[t.mode] for t in under_way)
        assert summary["frames_received"] + on_their_way == summary["frames_sent"]
        assert summary["files_incomplete"] <= 1  # the one under way
        unit = simulation.camera.unit.counters()
        relay = simulation.orbiter.scheduler.task("relay").save()
        assert unit["begun"] >= unit["sent"] >= relay["complete"]
        assert relay["complete"] + relay["incomplete"] <= unit["begun"]
        stored = simulation.orbiter.scheduler.task("mass_memory").save()["catalogue"]
        assert len(stored) == relay["complete"]


Flight.TestCase.settings = settings(max_examples=12, stateful_step_count=10)
TestFlight = Flight.TestCase


@pytest.mark.parametrize("step_ns", [333_333_333, 40 * SECOND])
def test_how_time_is_cut_into_steps_changes_nothing(step_ns):
    hashes = []
    for step in (step_ns, 100 * SECOND):
        with Simulation(MISSION, SETTINGS) as simulation:
            simulation.command("WIFI", "ON", arrive_ns=SECOND)
            simulation.command("RELEASE_ARM", arrive_ns=SECOND)
            simulation.command("RELEASE_FIRE", arrive_ns=2 * SECOND)
            while simulation.now_ns < 100 * SECOND:
                simulation.run_until(min(simulation.now_ns + step, 100 * SECOND))
            hashes.append(simulation.snapshot())
    assert hashes[0] == hashes[1]
