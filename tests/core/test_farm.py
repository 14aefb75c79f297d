"""FARM-1: against a model written from the table by other means, recorded traces, and hypothesis."""

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fsw.core.errors import FswError
from fsw.core.farm import UNLOCK, Farm, FarmAnswer, FarmState, set_vr
from fsw.core.space_packet import SpacePacket
from fsw.core.telecommand import (
    SEGMENT_WHOLE,
    TelecommandFrame,
    TelecommandReceiver,
    encode_cltu,
    encode_frame,
)
from fsw.protocols.clcw import Clcw

VECTORS = Path(__file__).parents[1] / "vectors"
COP1 = json.loads((VECTORS / "cop1.json").read_text())
CLCW = json.loads((VECTORS / "clcw.json").read_text())


def frame(kind: str, number: int = 0, data: bytes = b"\xa5", channel: int = 1) -> TelecommandFrame:
    return TelecommandFrame(245, channel, kind[0] == "B", kind[1] == "C", number, data, octets=7 + len(data))


def command(name: str, number: int) -> TelecommandFrame:
    if name in ("UNLOCK", "SETVR"):
        return frame("BC", data=UNLOCK if name == "UNLOCK" else set_vr(number))
    return frame(name, number)


def test_the_reports_of_another_implementation_follow_frame_by_frame():
    farm = Farm(1, 10, state=FarmState.OPEN)
    for name, number, clcw in COP1["farm_trace"]:
        farm.feed(command(name, number))
        assert farm.clcw().hex() == clcw, (name, number)


def test_the_first_hours_of_hera_in_flight():
    """Boots locked out; the ground sends BD frames, unlocks, sets V(R), then type-A frames."""
    farm = Farm(1, 10, state=FarmState.LOCKOUT)
    sent = ["BD", "BD", "UNLOCK", "SETVR", *["AD"] * 7]
    reports = [farm.clcw().hex()]
    number = 0
    for name in sent:
        farm.feed(command(name, number if name == "AD" else 0))
        number += name == "AD"
        reports.append(farm.clcw().hex())
    flown = [clcw for clcw, _ in CLCW["real_hera"]]
    assert reports[0] == "01042000"
    assert reports[4] == "01040000"  # between two reports of the real one
    assert [r for i, r in enumerate(reports) if i not in (0, 4)] == flown


@pytest.mark.parametrize("example", CLCW["examples"], ids=lambda e: e["hex"])
def test_a_report_has_its_bits_where_the_standard_has_them(example):
    octets = bytes.fromhex(example["hex"])
    read = Clcw.decode(octets)
    names = {"type": "control_type", "vcid": "virtual_channel", "no_bitlock": "no_bit_lock"}
    for name, value in example.items():
        if name != "hex":
            assert getattr(read, names.get(name, name)) == value, name
    assert read.encode() == octets


@pytest.mark.parametrize("window", [2, 4, 10, 254])
def test_each_number_falls_into_its_part_of_the_window(window):
    half = window // 2
    for ahead in range(256):
        farm = Farm(0, window, state=FarmState.OPEN)
        farm.feed(frame("BC", data=set_vr(200), channel=0))
        verdict = farm.feed(frame("AD", (200 + ahead) % 256, channel=0))
        if ahead == 0:
            expected = "in_order"
        elif ahead <= half - 1:
            expected = "ahead"
        elif ahead >= 256 - half:
            expected = "behind"
        else:
            expected = "outside"
        assert verdict.reason == expected, ahead
        assert farm.state is (FarmState.LOCKOUT if expected == "outside" else FarmState.OPEN)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x01", b"\x00\x00", b"\x82", b"\x82\x00", b"\x82\x01\x05", b"\x82\x00\x05\x00", b"\x83\x00\x05"],
)
def test_a_command_that_is_none_changes_nothing(data):
    farm = Farm(1)
    before = farm.clcw()
    verdict = farm.feed(frame("BC", data=data))
    assert (verdict.answer, verdict.reason) == (FarmAnswer.DISCARD, "invalid")
    assert farm.clcw() == before


def test_lockout_discards_everything_but_expedited_data_and_unlock():
    farm = Farm(1)
    assert not farm.feed(frame("AD", 0)).accepted
    assert farm.feed(frame("BC", data=set_vr(9))).answer is FarmAnswer.DISCARD
    assert farm.expected == 0
    assert farm.feed(frame("BD")).accepted
    assert farm.feed(frame("BC", data=UNLOCK)).answer is FarmAnswer.EXECUTED
    assert farm.feed(frame("AD", 0)).accepted


def test_another_channel_is_not_looked_at():
    farm = Farm(1, state=FarmState.OPEN)
    assert farm.feed(frame("AD", 0, channel=2)).answer is FarmAnswer.OTHER_CHANNEL
    assert farm.expected == 0
    assert farm.counters["other_channel"] == 1


def test_it_stands_between_frames_and_packets():
    farm = Farm(3, state=FarmState.OPEN)
    receiver = TelecommandReceiver(245, accept=farm.accept, segmented=(3,))
    packets = [SpacePacket(apid=1, data=bytes([i, 7]), count=i) for i in range(3)]

    def send(number: int, packet: SpacePacket) -> list[SpacePacket]:
        octets = encode_frame(
            245, 3, packet.encode(), sequence=number, bypass=False, segment=(SEGMENT_WHOLE, 0)
        )
        return receiver.feed(encode_cltu(octets))

    assert [p.data for p in send(0, packets[0])] == [packets[0].data]
    assert send(2, packets[2]) == []
    assert [p.data for p in send(1, packets[1])] == [packets[1].data]
    assert receiver.discarded == {"not_accepted": 1}
    assert Clcw.decode(farm.clcw()) == Clcw(virtual_channel=3, report_value=2)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [((64,), {}), ((-1,), {}), ((0, 3), {}), ((0, 0), {}), ((0, 256), {}), ((0,), {"state": FarmState.WAIT})],
)
def test_nonsense_is_refused_at_the_start(arguments, options):
    with pytest.raises(FswError):
        Farm(*arguments, **options)


def test_a_damaged_snapshot_is_refused_and_leaves_the_state():
    farm = Farm(1, state=FarmState.OPEN)
    good = farm.save()
    for damaged in (b"", good + b"\0", b"\x03" + good[1:], good[:2] + b"\x03" + good[3:], b"\x02" + good[1:]):
        with pytest.raises(FswError):
            farm.load(damaged)
    assert farm.save() == good


class Model:
    """FARM-1 in words: no table, no masks, numbers that only grow."""

    def __init__(self, window: int, locked: bool) -> None:
        self.half, self.locked, self.waiting, self.gap = window // 2, locked, False, False
        self.next, self.b = 256_000, 0

    def data(self, number: int, room: bool) -> bool:
        if room:
            self.released()
        # The number nearest to the one expected that ends in these eight bits.
        absolute = next(
            n for n in range(self.next - self.half, self.next - self.half + 256) if n % 256 == number
        )
        if self.locked:
            return False
        if absolute >= self.next + self.half:
            self.locked = True
        elif self.waiting or absolute < self.next:
            pass
        elif absolute > self.next:
            self.gap = True
        elif not room:
            self.gap = self.waiting = True
        else:
            self.next, self.gap = self.next + 1, False
            return True
        return False

    def released(self) -> None:
        self.waiting = False

    def unlock(self) -> None:
        self.b += 1
        self.locked = self.waiting = self.gap = False

    def set(self, value: int) -> bool:
        self.b += 1
        if self.locked:
            return False
        self.waiting = self.gap = False
        self.next = 256_000 + value
        return True

    def report(self, channel: int) -> bytes:
        return Clcw(
            channel,
            self.next % 256,
            lockout=self.locked,
            wait=self.waiting,
            retransmit=self.gap,
            farm_b=self.b % 4,
        ).encode()


class FarmAgainstModel(RuleBasedStateMachine):
    @initialize(half=st.integers(1, 127), locked=st.booleans(), channel=st.integers(0, 63))
    def start(self, half, locked, channel):
        self.has_room = True
        state = FarmState.LOCKOUT if locked else FarmState.OPEN
        self.farm = Farm(channel, 2 * half, state=state, room=lambda: self.has_room)
        self.model = Model(2 * half, locked)
        self.channel = channel

    def feed(self, kind, number=0, data=b"\x17"):
        return self.farm.feed(frame(kind, number, data, self.channel))

    @rule(ahead=st.one_of(st.just(0), st.integers(-3, 3), st.integers(0, 255)), room=st.booleans())
    def sequenced(self, ahead, room):
        self.has_room = room
        number = (self.farm.expected + ahead) % 256
        assert self.feed("AD", number).accepted == self.model.data(number, room)

    @rule(number=st.integers(0, 255))
    def expedited(self, number):
        self.model.b += 1
        assert self.feed("BD", number).accepted

    @rule()
    def unlock(self):
        self.model.unlock()
        assert self.feed("BC", data=UNLOCK).answer is FarmAnswer.EXECUTED

    @rule(value=st.integers(0, 255))
    def set_vr(self, value):
        expected = FarmAnswer.EXECUTED if self.model.set(value) else FarmAnswer.DISCARD
        assert self.feed("BC", data=set_vr(value)).answer is expected

    @rule(
        data=st.binary(max_size=4).filter(lambda d: d != UNLOCK and not (len(d) == 3 and d[:2] == b"\x82\0"))
    )
    def garbage(self, data):
        assert self.feed("BC", data=data).answer is FarmAnswer.DISCARD

    @rule()
    def reserved_or_invalid(self):
        assert self.feed("AC", data=UNLOCK).answer is FarmAnswer.DISCARD
        self.farm.invalid()

    @rule()
    def released(self):
        self.farm.buffer_released()
        self.model.released()

    @rule()
    def another_unit_goes_on_from_the_snapshot(self):
        other = Farm(0, room=self.farm.room)
        other.load(self.farm.save())
        self.farm = other

    @invariant()
    def same_report(self):
        if hasattr(self, "farm"):
            assert self.farm.clcw() == self.model.report(self.channel)


TestFarmAgainstModel = FarmAgainstModel.TestCase
