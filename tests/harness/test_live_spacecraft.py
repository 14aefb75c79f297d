"""The live spacecraft without sockets: a clock of our own, octets in, frames out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw import dictionary, missions
from fsw.core.channel_coding import ASM
from fsw.core.errors import FswError
from fsw.core.receiver import Receiver
from fsw.core.telecommand import SEGMENT_WHOLE, encode_frame
from fsw.ground.command_link import UplinkSettings
from fsw.ground.commanding import Commander
from fsw.ground.control_centre import ControlCentre
from fsw.ground.receiving import TIANWEN1_LOW, Station
from fsw.harness.live import FrameStream, LiveSpacecraft
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.missions.file_link import ground_link
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")
TENTH = SECOND // 10
UPLINK = UplinkSettings.of(MISSION.uplink)


@pytest.fixture
def live():
    """Makes live spacecraft; closes them."""
    made = []

    def make(**options):
        simulation = Simulation(MISSION, Settings(seed=2, pictures="test-card", link="frames", workers=0))
        made.append(simulation)
        return LiveSpacecraft(simulation, Pace(1.0), **options)

    yield make
    for simulation in made:
        simulation.close()


def run(spacecraft, seconds, wall_ns=0):
    """Units with the wall time [s] of their coming."""
    out = []
    for tick in range(round(seconds * 10) + 1):
        at_ns = wall_ns + tick * TENTH
        out += [(at_ns / SECOND, unit) for unit in spacecraft.advance(at_ns)]
    return out


class Ground:
    """An external control centre on the served CADUs."""

    def __init__(self):
        self.control = ControlCentre(MISSION.epoch, ground_link(MISSION.files), uplink=UPLINK)
        self.station = Station([TIANWEN1_LOW], (245, 82))

    def hear(self, cadus):
        return self.control.receive(self.station.receive_cadus("low", b"".join(cadus), 0))

    def cltu(self, name, arguments=""):
        return self.control.radiate(dictionary.parse_telecommand(name, arguments), 0).cltu


def test_four_cadus_a_second_leave_as_their_last_bits_do(live):
    units = run(live(), 3.0)
    assert len(units) == 12
    assert all(len(unit) == 256 and unit.startswith(ASM) for _, unit in units)
    # 250 ms each, seen by a clock that ticks every 100 ms.
    assert [at for at, _ in units[:4]] == [0.3, 0.5, 0.8, 1.0]


def test_with_light_time_the_first_comes_80_seconds_later(live):
    spacecraft = live(light_time=True)
    spacecraft.pace.set_rate(100.0)
    units = run(spacecraft, 0.9)
    assert len(units) == pytest.approx((90 - 80.37) * 4, abs=1)
    assert spacecraft.advance(0) == []


def test_frames_are_the_cadus_without_their_code(live):
    frames = [unit for _, unit in run(live(output="frame"), 2.0)]
    cadus = [unit for _, unit in run(live(), 2.0)]
    assert {len(frame) for frame in frames} == {220}
    decoded = Receiver(TIANWEN1_LOW.code, 220).feed_cadus(b"".join([*cadus, cadus[0]])).frames
    assert [row.tobytes() for row in decoded][: len(frames)] == frames[: len(decoded)]
    assert len(decoded) >= 8


def test_symbols_are_what_a_viterbi_decoder_takes(live):
    units = [unit for _, unit in run(live(output="symbols"), 6.0)]
    assert {len(unit) for unit in units} == {512}
    bits = np.unpackbits(np.frombuffer(b"".join(units), np.uint8))
    reception = Receiver(TIANWEN1_LOW.code, 220).feed((bits * 255).astype(np.uint8))
    assert len(reception.frames) >= 20
    assert reception.failures == 0


def test_a_telecommand_is_reported_within_two_seconds_without_light_time(live):
    spacecraft, ground = live(), Ground()
    ground.hear(unit for _, unit in run(spacecraft, 1.0))
    assert spacecraft.receive(ground.cltu("PING"))
    ground.hear(unit for _, unit in run(spacecraft, 2.5, SECOND))
    (sent,) = ground.control.telecommands()
    assert [stage for _, stage in sent.history] == ["accepted", "started", "completed"]
    assert "ALIVE" in ground.control.telemetry.latest


def test_a_telecommand_octet_by_octet_is_the_same(live):
    spacecraft, ground = live(), Ground()
    for octet in ground.cltu("WIFI", "state=ON"):
        spacecraft.receive(bytes([octet]))
    ground.hear(unit for _, unit in run(spacecraft, 3.0))
    assert ground.control.telecommands()[0].stage == "completed"


def test_telecommand_frames_are_wrapped_and_bad_ones_refused(live):
    spacecraft, ground = live(input="frame"), Ground()
    commander = Commander(UPLINK)
    frame = commander.radiate(dictionary.parse_telecommand("PING"), 0).frames[0]
    assert spacecraft.receive(frame)
    assert not spacecraft.receive(frame[:-1])
    assert not spacecraft.receive(b"GET / HTTP/1.1\r\n\r\n")
    assert (spacecraft.counts.blocks_in, spacecraft.counts.refused_frame) == (1, 2)
    ground.hear(unit for _, unit in run(spacecraft, 3.0))
    assert "ALIVE" in ground.control.telemetry.latest


@settings(max_examples=15)
@given(st.lists(st.binary(min_size=1, max_size=3000), max_size=8))
def test_garbage_stops_nothing(blocks):
    with Simulation(MISSION, Settings(pictures="test-card", link="frames", workers=0)) as simulation:
        spacecraft, ground = LiveSpacecraft(simulation, Pace(1.0)), Ground()
        wall_ns = 0
        for block in blocks:
            spacecraft.receive(block)
            wall_ns += TENTH
            ground.hear(spacecraft.advance(wall_ns))
        # A broken codeblock or the tail ends whatever the garbage began (231.0-B-4, 5.2.2).
        spacecraft.receive(bytes.fromhex("c5c5c5c5c5c5c579") + b"\x55" * 16)
        spacecraft.receive(ground.cltu("PING"))
        ground.hear(unit for _, unit in run(spacecraft, 3.0, wall_ns))
        assert ground.control.telecommands()[0].stage == "completed"


def test_a_flood_with_light_time_is_refused_before_it_fills_the_uplink_for_hours(live):
    spacecraft = live(light_time=True)
    taken = sum(spacecraft.receive(bytes(10_000)) for _ in range(100))  # 40 s each at 2000 bit/s
    assert taken == 2
    assert spacecraft.counts.refused_busy == 98
    assert not spacecraft.receive(bytes(70_000))
    assert spacecraft.counts.refused_long == 1


def test_after_a_snapshot_is_restored_nothing_of_the_other_flight_comes(live):
    spacecraft = live()
    simulation = spacecraft.simulation
    run(spacecraft, 2.0)
    saved = simulation.snapshot()
    before = [unit for _, unit in run(spacecraft, 5.0, 2 * SECOND)]
    simulation.restore(saved)
    spacecraft.pace.jumped()
    again = [unit for _, unit in run(spacecraft, 3.0, 10 * SECOND)]
    assert simulation.now_ns == 5 * SECOND
    # The beat that was on the air when the snapshot was made is not repeated; the next are the same.
    assert again == before[4:12]


def test_what_is_not_offered_is_refused(live):
    with pytest.raises(FswError, match="allowed are"):
        live(output="packets")


PING = encode_frame(245, 0, bytes(9), segment=(SEGMENT_WHOLE, 0))


@given(st.lists(st.integers(1, 40)))
def test_a_frame_stream_is_cut_the_same_however_it_comes(cuts):
    octets = PING + PING[:-2] + b"\x00\x00"  # the second with a wrong FECF
    stream = FrameStream(245)
    frames, at = [], 0
    for cut in [*cuts, len(octets)]:
        frames += stream.feed(octets[at : at + cut])
        at += cut
    assert frames == [PING]
    assert stream.dropped_octets == len(PING)


@given(st.binary(max_size=3000))
def test_a_frame_stream_holds_at_most_one_frame_of_garbage(octets):
    stream = FrameStream(245)
    frames = stream.feed(octets)
    assert len(octets) - stream.dropped_octets - sum(map(len, frames)) <= 1023
