"""Whatever is sent up, whenever: no task dies, every request gets its reports, and the downlink decodes."""

import json
import math
import shlex
from itertools import combinations

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from fsw import dictionary, missions
from fsw.core.telecommand import encode_cltu, encode_frame
from fsw.dictionary.telecommand import ArgumentGroup
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.protocols.pus import Acknowledge
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
SETTINGS = Settings(seed=11, pictures="test-card", link="frames", workers=0)
AGO_NS = 82 * SECOND  # radiated so long ago, octets arrive now
ANSWERED_NS = 62 * SECOND

# Not drawn at random: a rule of its own sends them; or they silence the reports of others.
APART = {"COMPUTER_RESET", "FORWARDING_DELETE"}


def histories(acknowledge):
    """Stages that the ground may be told of a request that nothing disturbed, by what it asked for."""

    def asked(flag, stage):
        return (stage,) if acknowledge & flag else ()

    accepted = asked(Acknowledge.ACCEPTANCE, "accepted")
    started = (*accepted, *asked(Acknowledge.START, "started"))
    return {
        ("failed",),
        (*accepted, "failed"),
        (*started, "failed"),
        (*started, *asked(Acknowledge.COMPLETION, "completed")),
    }


# What is released on board is numbered apart from what the ground sends, and asks for no reports.
INSIDE = st.builds(
    lambda count: pus.encode_telecommand(pus.Telecommand(1920, count, 17, 1, 1, pus.Acknowledge.NONE, b"")),
    st.integers(16000, 16383),
).map(bytes.hex)


@st.composite
def written(draw, argument):
    """An allowed argument as an operator writes it."""
    if isinstance(argument, ArgumentGroup):
        count = draw(st.integers(argument.least, min(argument.most, 3)))
        rows = [{field.name: draw(written(field)) for field in argument.fields} for _ in range(count)]
        return json.dumps(rows)
    parameter = argument.parameter
    if parameter.enumeration is not None:
        of = st.sampled_from([member.name for member in parameter.enumeration])
        return ",".join(draw(st.lists(of, min_size=1, max_size=3 if argument.listed else 1)))
    if parameter.is_packet:
        return draw(INSIDE)
    if parameter.is_text:
        return draw(st.sampled_from(["A", "B"]))
    if parameter.is_octets:
        return draw(st.sampled_from(["00", "ff"])) * (parameter.octets or 4)
    low, high = -1000.0, 1000.0
    if parameter.raw_range is not None:
        low, high = (parameter.decode(raw).value for raw in parameter.raw_range)
    least = low if argument.minimum is None else max(argument.minimum, -1e9)
    most = high if argument.maximum is None else min(argument.maximum, 1e9)
    return str(draw(st.integers(math.ceil(least), math.floor(most))))


@st.composite
def telecommands(draw):
    command = draw(st.sampled_from([c for c in dictionary.telecommands() if c.name not in APART]))
    given = [a for a in command.arguments if a.default is None or draw(st.booleans())]
    texts = [f"{argument.name}={shlex.quote(draw(written(argument)))}" for argument in given]
    return command.name, " ".join(texts)


class Flight(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.simulation = Simulation(MISSION, SETTINGS)
        self.clean = True  # nothing but whole telecommands has been sent, to a computer that runs
        self.released = False
        self.kept = []  # CLTUs
        self.acknowledge = {}  # of requests sent once
        self.repeated = set()
        self.resets = 0

    def radiate(self, name, arguments, acknowledge=Acknowledge.ALL):
        request = dictionary.parse_telecommand(name, arguments)
        made = self.simulation.control.commander.radiate(request, self.simulation.now_ns, acknowledge)
        self.acknowledge[made.request] = acknowledge
        return made.cltu

    def send(self, octets):
        self.simulation.uplink(octets, self.simulation.now_ns - AGO_NS)

    @rule(telecommand=telecommands(), acknowledge=st.integers(0, 15))
    def a_telecommand(self, telecommand, acknowledge):
        cltu = self.radiate(*telecommand, Acknowledge(acknowledge))
        self.kept = [*self.kept[-3:], cltu]
        self.send(cltu)

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(0, 3))
    def the_same_again(self, which):
        self.repeated |= set(self.acknowledge)  # one of these: their reports may come twice
        self.send(self.kept[which % len(self.kept)])

    @rule(
        apid=st.sampled_from([1920, 1920, 5, 1936]),
        service=st.one_of(st.sampled_from(sorted(dictionary.known_services())), st.integers(0, 255)),
        subtype=st.integers(0, 40),
        data=st.binary(max_size=24),
    )
    def a_forged_one(self, apid, service, subtype, data):
        """Well formed, by somebody who knows the protocol and not the dictionary."""
        if service == 8:
            return  # by chance it may be a function, and a reset among them
        forged = pus.Telecommand(apid, 9000, service, subtype, 77, Acknowledge.ALL, data)
        frame = encode_frame(MISSION.uplink.scid, 0, pus.encode_telecommand(forged), segment=(3, 0))
        self.send(encode_cltu(frame, randomize=True))

    @rule(on=st.booleans())
    def safe_mode(self, on):
        self.send(self.radiate("SAFE_MODE", "ON" if on else "OFF"))

    @rule(kind=st.sampled_from(["WARM", "COLD"]))
    def a_reset(self, kind):
        self.send(self.radiate("COMPUTER_RESET", kind))
        self.clean = False
        self.resets += 1

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
            assert (counters.restarts, counters.overruns) == (0, 0), name
            assert counters.dropped == 0 or self.resets, name
        for sent in simulation.control.telecommands():
            self.check_reports(sent)
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
        assert len(stored) >= relay["complete"]  # a cold boot forgets the count, never the pictures
        assert len(stored) == relay["complete"] or self.resets

    def check_reports(self, sent):
        """Exactly the reports that it asked for and no other."""
        history = tuple(stage for _, stage in sent.history if stage != "in progress")
        acknowledge = self.acknowledge[sent.request]
        allowed = histories(acknowledge)
        if sent.request in self.repeated:
            assert set(history) <= set().union(*allowed), (sent.name, history)
            return
        if self.resets:  # unheard while the computer booted, lost before they went down, or forgotten
            allowed = {some for one in allowed for n in range(len(one) + 1) for some in combinations(one, n)}
        if not self.clean:
            allowed = {*allowed, ()}
        assert history in allowed, (sent.name, acknowledge, history, sent.failure)
        camera = sent.name.startswith("CAMERA")
        assert sent.failure != "NO_ANSWER" or camera or not self.clean, sent.name


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
