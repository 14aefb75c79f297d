"""A flying orbiter whose telecommands are protected: what is not genuine and fresh is never obeyed."""

import dataclasses
import hashlib

import flights
import pytest
from flights import MISSION
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.core.telecommand import encode_cltu, encode_frame
from fsw.dictionary.identifiers import BootKind, BootReason, FailureCode, SecurityService
from fsw.kernel.time import SECOND
from fsw.protocols import sdls_pdu
from fsw.protocols.sdls_codes import Service
from fsw.protocols.sdls_keys import LinkKeys
from fsw.protocols.sdls_pdu import Procedure
from fsw.protocols.sdls_procedures import Failure
from fsw.tasks import messages, names

AUTHENTICATED = dataclasses.replace(
    MISSION, uplink=dataclasses.replace(MISSION.uplink, security="authenticated", security_window=20)
)
HEADER, FECF = 5, 2


def keys(name: str, flight: int = 1) -> LinkKeys:
    octets = {n: hashlib.sha256(f"{name} {n}".encode()).digest() for n in (1, *range(128, 136))}
    return LinkKeys(octets, flight)


class Flight(flights.Flight):
    """`cltu` makes one that the ground would send; `hear` delivers it."""

    def __init__(self, mission=MISSION, named="mine", **chosen):
        super().__init__(mission, **chosen, **({} if named is None else {"keys": keys(named)}))

    def cltu(self, name="PING", arguments=""):
        request = dictionary.parse_telecommand(name, arguments)
        return self.simulation.control.radiate(request, self.simulation.now_ns).cltu

    def frame(self, name="PING", arguments=""):
        request = dictionary.parse_telecommand(name, arguments)
        (frame,) = self.simulation.control.radiate(request, self.simulation.now_ns).frames
        return frame

    def hear(self, *cltus):
        for cltu in cltus:
            self.simulation.deliver(cltu)
            self.simulation.run_until(self.simulation.now_ns + SECOND // 10)

    def counts(self):
        return self.simulation.orbiter.security.unit.counters

    def obeyed(self):
        """Telecommands that the computer accepted or rejected: that it saw at all."""
        saved = self.simulation.orbiter.scheduler.task("commanding").save()
        return saved["accepted"] + saved["rejected"]

    def land(self):
        """Everything that is under way comes down."""
        self.simulation.run_until(self.simulation.now_ns + 90 * SECOND)
        self.simulation.finish()
        self.simulation.close()

    def pings_answered(self):
        return len(self.reports("ALIVE"))


def with_data(frame, data):
    """The same frame with other data, and a FECF that fits: only security can tell."""
    return encode_frame(MISSION.uplink.scid, (frame[2] >> 2) & 0x3F, data, bypass=True)


@pytest.mark.parametrize("mission", [MISSION, AUTHENTICATED], ids=["encrypted", "authenticated"])
def test_forged_replayed_stale_and_unprotected_commands_are_counted_reported_and_never_executed(mission):
    flight = Flight(mission)
    wire = [encode_cltu(frame, randomize=True) for frame in (flight.frame() for _ in range(4))]
    flight.hear(wire[1], wire[3])
    assert (flight.obeyed(), flight.counts()["accepted"]) == (2, 2)
    flight.hear(wire[3], wire[1], wire[0], wire[2])  # replayed twice; stale twice
    assert flight.counts()["replayed"] == 4
    stranger = Flight(mission, named="a stranger's")
    for _ in range(5):
        forged = stranger.cltu()
    flight.hear(forged)
    assert flight.counts()["bad_mac"] == 1
    plain = encode_frame(MISSION.uplink.scid, 0, b"\x1f\x80\xc0\x00\x00\x05abcdef", segment=(3, 0))
    flight.hear(encode_cltu(plain, randomize=True))
    assert flight.counts()["unknown_association"] == 1
    ahead = [flight.cltu() for _ in range(mission.uplink.security_window + 1)]
    flight.hear(ahead[-1], ahead[-2])
    assert (flight.counts()["outside_window"], flight.counts()["accepted"]) == (1, 3)
    assert flight.obeyed() == flight.counts()["accepted"]
    flight.land()
    stranger.land()
    refused = sum(many for name, many in flight.counts().items() if name != "accepted")
    told = [event["refusal"] for event in flight.events("SECURITY_REJECTED")]
    assert len(told) == refused == flight.simulation.summary()["security_refused"]
    assert told[:6] == ["REPLAYED"] * 4 + ["BAD_MAC", "UNKNOWN_ASSOCIATION"]
    assert flight.pings_answered() == flight.counts()["accepted"]
    housekeeping = flight.simulation.control.telemetry.latest["HOUSEKEEPING_SECURITY"].values
    assert housekeeping["frames_refused"].raw == refused
    assert housekeeping["frames_replayed"].raw == 4
    assert housekeeping["security_alarm"].value == "ON"
    assert housekeeping["security_keys"].value == "OWN"
    stages = {sent.stage for sent in flight.simulation.control.telecommands()}
    assert stages <= {"radiated", "completed"}, "nobody was told of a request that was never obeyed"


@pytest.mark.parametrize("mission", [MISSION, AUTHENTICATED], ids=["encrypted", "authenticated"])
def test_no_flipped_bit_is_obeyed_even_under_a_frame_check_that_fits(mission):
    flight = Flight(mission)
    frame = flight.frame("RELEASE_ARM")
    data = frame[HEADER:-FECF]
    frames = []
    for bit in range(0, 8 * len(data), 5):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        frames.append(with_data(frame, bytes(flipped)))
    flight.hear(*(encode_cltu(each, randomize=True) for each in frames))
    assert flight.obeyed() == flight.counts()["accepted"] == 0
    assert sum(flight.counts().values()) == len(frames)
    flight.hear(encode_cltu(frame, randomize=True))
    assert flight.obeyed() == flight.counts()["accepted"] == 1
    flight.simulation.close()


def test_frames_cut_short_or_grown_are_not_obeyed():
    flight = Flight()
    frame = flight.frame()
    data = frame[HEADER:-FECF]
    flight.hear(*(encode_cltu(with_data(frame, data[:n]), randomize=True) for n in range(len(data))))
    flight.hear(encode_cltu(with_data(frame, data + b"\0"), randomize=True))
    assert (flight.obeyed(), sum(flight.counts().values())) == (0, len(data) + 1)
    flight.simulation.close()


@pytest.fixture(scope="module")
def hostile():
    flight = Flight()
    yield flight
    flight.simulation.close()


@settings(max_examples=30)
@given(data=st.data())
def test_whatever_an_attacker_sends_nothing_new_is_obeyed(hostile, data):
    """Recorded frames cut, joined, repeated, changed: each is obeyed once at most, and nothing else is."""
    flight = hostile
    before = flight.counts()["accepted"]
    recorded = [flight.frame() for _ in range(3)]
    draw = data.draw
    for _ in range(draw(st.integers(1, 6))):
        frame = draw(st.sampled_from(recorded))
        octets = bytearray(frame[HEADER:-FECF])
        match draw(st.sampled_from(["as it was", "changed", "cut", "joined", "rubbish"])):
            case "changed":
                octets[draw(st.integers(0, len(octets) - 1))] ^= draw(st.integers(1, 255))
            case "cut":
                del octets[draw(st.integers(0, len(octets) - 1)) :]
            case "joined":
                octets += draw(st.sampled_from(recorded))[HEADER:-FECF]
            case "rubbish":
                octets = bytearray(draw(st.binary(max_size=60)))
        flight.hear(encode_cltu(with_data(frame, bytes(octets)), randomize=True))
    obeyed = flight.counts()["accepted"] - before
    assert obeyed <= len(recorded)
    assert flight.obeyed() == flight.counts()["accepted"]


def test_numbers_outlive_a_restart_of_the_task_that_uses_them():
    flight = Flight()
    wire = [flight.cltu() for _ in range(2)]
    flight.hear(wire[0])
    scheduler = flight.simulation.orbiter.scheduler
    scheduler.post(names.COMMANDING, messages.Uplinked("not octets"))  # kills the task
    flight.simulation.run_until(flight.simulation.now_ns + SECOND)
    assert scheduler.counters()["commanding"].restarts == 1
    flight.hear(wire[0])
    assert flight.counts()["replayed"] == 1
    flight.hear(wire[1])
    assert flight.counts()["accepted"] == 2
    flight.simulation.close()


@pytest.mark.parametrize("kind", BootKind)
def test_numbers_keys_and_counts_outlive_a_reset_of_the_computer(kind):
    flight = Flight()
    simulation = flight.simulation
    wire = [flight.cltu() for _ in range(3)]
    flight.hear(wire[0], wire[1], wire[1])
    for command in simulation.control.security.renew(131, "AD"):
        flight.hear(flight.cltu("SECURITY_PROCEDURE", f"pdu={command.hex()}"))
    before = flight.counts()
    keys_before = simulation.orbiter.security.unit.save()["keys"]
    simulation.orbiter.reset(kind, BootReason.TELECOMMAND, simulation.now_ns)
    simulation.run_until(simulation.now_ns + 120 * SECOND)
    assert flight.counts() == before
    assert simulation.orbiter.security.unit.save()["keys"] == keys_before
    flight.hear(*wire)
    assert flight.counts()["replayed"] == before["replayed"] + 3
    flight.hear(flight.cltu())
    assert flight.counts()["accepted"] == before["accepted"] + 1
    simulation.close()


def test_the_downlink_does_not_depend_on_the_keys():
    downlinks = set()
    for named in ("mine", "yours"):
        flight = Flight(named=named)
        flight.simulation.command("PING", arrive_ns=2 * SECOND)
        flight.simulation.run_until(100 * SECOND)
        downlinks.add(flight.simulation.summary()["downlink_sha256"])
        assert flight.pings_answered() == 1
        flight.simulation.close()
    assert len(downlinks) == 1


def test_a_command_for_later_is_not_stale_when_others_go_before_it():
    flight = Flight()
    simulation = flight.simulation
    late_ns = simulation.command("PING", arrive_ns=200 * SECOND)
    simulation.command("PING", arrive_ns=150 * SECOND)
    simulation.command("PING")
    middle = simulation.snapshot()
    simulation.run_until(300 * SECOND)
    assert (flight.pings_answered(), flight.counts()["accepted"]) == (3, 3)
    assert 0 <= late_ns - 200 * SECOND < SECOND
    assert {sent.stage for sent in simulation.control.telecommands()} == {"completed"}
    whole = simulation.snapshot()
    simulation.restore(middle)
    simulation.run_until(300 * SECOND)
    assert simulation.snapshot() == whole, "what waits and what is known of the keys is in the snapshot"
    simulation.close()


def test_in_order_and_expedited_commands_do_not_make_each_other_stale():
    flight = Flight()
    simulation = flight.simulation
    simulation.run_until(100 * SECOND)
    simulation.initiate()
    simulation.run_until(300 * SECOND)
    for _ in range(3):
        simulation.command("PING", service="AD")
        simulation.command("PING")
    simulation.run_until(600 * SECOND)
    assert flight.pings_answered() == 6
    assert {sent.stage for sent in simulation.control.telecommands()} == {"completed"}
    assert sum(flight.counts().values()) == flight.counts()["accepted"] == 6
    simulation.close()


def test_keys_are_renewed_in_flight_and_the_ground_follows():
    flight = Flight()
    simulation = flight.simulation

    def send(*commands):
        for command in commands:
            simulation.command("SECURITY_PROCEDURE", f"pdu={command.hex()}")
        simulation.run_until(simulation.now_ns + 190 * SECOND)

    ground = simulation.control.security
    recorded = flight.cltu()
    send(*ground.renew(131, "BD"))
    assert ground.roles == {"AD": 1, "BD": 4}
    send(*ground.retire(2), sdls_pdu.key_inventory(128, 131))
    board = simulation.orbiter.security.unit
    assert board.keys[129].octets == b""
    assert board.associations == ground.unit.associations
    flight.hear(recorded)
    assert flight.counts()["unknown_association"] == 1
    said = [news.text for news in flight.told if hasattr(news, "text")]
    assert "key 131 proven" in said
    assert "type-BD frames are protected by SPI 4 from now on" in said
    assert "keys on board: 128 ACTIVE, 129 DESTROYED, 130 ACTIVE, 131 ACTIVE" in said
    send(sdls_pdu.on_association(Procedure.STOP, 4), b"\x2f\x00\x00")
    failed = [sent.failure for sent in simulation.control.telecommands() if sent.stage == "failed"]
    assert failed == ["SECURITY_ASSOCIATION_IN_USE", "SECURITY_UNKNOWN_PROCEDURE"]
    assert ground.unit.associations[4] == board.associations[4]
    simulation.close()


def test_a_flight_without_security_says_so_and_refuses_its_management():
    flight = Flight(named=None)
    flight.simulation.command("SECURITY_PROCEDURE", "pdu=310000")
    flight.simulation.run_until(200 * SECOND)
    (sent,) = flight.simulation.control.telecommands()
    assert (sent.stage, sent.failure) == ("failed", "SECURITY_OFF")
    values = flight.simulation.control.telemetry.latest["HOUSEKEEPING_SECURITY"].values
    assert (values["security"].value, values["security_keys"].value) == ("OFF", "NONE")
    summary = flight.simulation.summary()
    assert (summary["security"], summary["security_keys"]) == ("none", None)
    flight.simulation.close()


def test_a_mission_that_asks_for_security_without_keys_flies_with_published_ones_and_says_so():
    flight = Flight(AUTHENTICATED, named=None)
    flight.simulation.command("PING")
    flight.simulation.run_until(200 * SECOND)
    assert len(flight.events("SECURITY_KEYS_PUBLISHED")) == 1
    assert flight.pings_answered() == 1
    summary = flight.simulation.summary()
    assert summary["security"] == "authentication"
    assert summary["security_keys"] == "published test keys, which protect nothing"
    flight.simulation.close()


def test_a_snapshot_of_a_protected_flight_needs_a_protected_flight():
    protected, plain = Flight(), Flight(named=None)
    with pytest.raises(FswError, match="snapshot with protected telecommands: this simulation has none"):
        plain.simulation.restore(protected.simulation.snapshot())
    with pytest.raises(FswError, match="snapshot without protected telecommands: this simulation has them"):
        protected.simulation.restore(plain.simulation.snapshot())
    protected.simulation.close()
    plain.simulation.close()


def test_the_dictionary_names_what_the_protocol_does():
    services = {each.name: int(each) for each in SecurityService if each}
    assert services == {each.name: int(each) for each in Service}
    for failure in Failure:
        assert FailureCode(FailureCode.SECURITY_OFF + failure).name == f"SECURITY_{failure.name}"
