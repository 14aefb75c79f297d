"""The downlink by way of an orbiter: what waits, what goes first, and what comes the other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.dictionary.identifiers import ORBITER_APID, DownlinkRate
from fsw.kernel.scheduler import Emit, Send
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND, Epoch
from fsw.protocols import pus
from fsw.protocols.proximity1 import Construction, Frame, Plcw, UnitReader, unit
from fsw.protocols.proximity1_link import LinkEnd, packets_in
from fsw.tasks import names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.file_messages import FilePackets
from fsw.tasks.messages import (
    ControlWords,
    DownlinkRoom,
    Execute,
    PlainPacket,
    PusReport,
    ReplayPackets,
    ReplayWanted,
    SafeMode,
    Tick,
    Uplinked,
)
from fsw.tasks.relayed_downlink import FILES_OCTETS, REPLAY_OCTETS, RelayedDownlink, Waiting
from fsw.tasks.rover_messages import CarrierLost, FromOrbiter, RadioRoom

CLOCK = OnBoardClock(Epoch.from_utc("2021-06-01T09:27:00Z"))
ALIVE = PusReport(ORBITER_APID, 17, 2, b"")
HIGH = Execute(b"\x18\x80\xc0\x00", 0, "DOWNLINK_RATE", {"rate": "HIGH"})


def packet(octets, apid=1922):
    return (apid << 32 | 0xC000 << 16 | octets - 7).to_bytes(6, "big") + bytes(octets - 6)


@pytest.fixture
def task():
    return RelayedDownlink(CLOCK, 82)


def sent_by(task, room=100_000):
    """The orbiter's end hears a portion: frames of data."""
    (action,) = [a for a in task.handle(RadioRoom(room, 256), 0) if isinstance(a, Emit)]
    assert action.port == names.UHF_PORT
    assert len(action.value.octets) <= max(room, 16)
    frames = [f for f in UnitReader().feed(action.value.octets) if not f.supervisory]
    assert len(frames) == action.value.anew + action.value.again
    return frames


def test_reports_wait_for_the_orbiter_and_go_before_files(task):
    task.handle(FilePackets(packet(900) * 3), 0)
    for _ in range(5):
        task.handle(ALIVE, 0)
    task.handle(FilePackets(packet(40), answers=True), 0)
    frames = sent_by(task)
    assert [frame.port for frame in frames] == [0, 1, 1]
    packets = [one for frame in frames for one in packets_in(frame.data)]
    assert [len(one) for one in packets[-4:]] == [40, 900, 900, 900]
    assert [pus.decode_report(one).count for one in packets[:5]] == [0, 1, 2, 3, 4]


def test_files_are_asked_for_in_the_high_rate_and_while_the_orbiter_passes(task):
    def room_told():
        sent = [a for a in task.handle(Tick("beat"), SECOND) if isinstance(a, Send)]
        return {a.to: a.message.octets for a in sent if isinstance(a.message, DownlinkRoom)}

    assert room_told() == {}
    sent_by(task)
    assert room_told() == {}
    task.handle(HIGH, 0)
    assert room_told() == {names.FILES: FILES_OCTETS}
    task.handle(FilePackets(packet(1000)), 0)
    task.handle(ReplayWanted(True), 0)
    told = room_told()
    assert told[names.PACKET_STORES] == REPLAY_OCTETS
    assert told[names.FILES] == FILES_OCTETS - 1000 - REPLAY_OCTETS - pus.LONGEST_PACKET_OCTETS
    task.handle(CarrierLost(), 0)
    assert room_told() == {}
    sent_by(task)
    task.handle(SafeMode(True), 0)
    assert names.FILES not in room_told()


def test_control_words_go_at_the_begin_of_a_session_and_when_they_change(task):
    def words_in(frames):
        return [f.data for f in frames if f.construction is Construction.USER_DEFINED]

    task.handle(ControlWords((b"1234", b"5678")), 0)
    assert words_in(sent_by(task)) == [b"12345678"]
    assert words_in(sent_by(task)) == []
    task.handle(ControlWords((b"1235", b"5678")), 0)
    assert words_in(sent_by(task)) == [b"12355678"]
    task.handle(CarrierLost(), 0)
    assert words_in(sent_by(task))[-1] == b"12355678"


def test_telecommand_octets_go_to_the_receiver_in_order_and_once(task):
    orbiter = LinkEnd(82)
    orbiter.fop.send(b"a cltu", construction=Construction.USER_DEFINED)
    orbiter.fop.send(packet(20))  # for nobody here
    orbiter.fop.send(b"another", construction=Construction.USER_DEFINED)
    said = orbiter.portion()
    heard = [action for _ in range(2) for action in task.handle(FromOrbiter(said), 0)]
    assert heard == [Emit(names.UHF_PORT, Uplinked(b"a cltu")), Emit(names.UHF_PORT, Uplinked(b"another"))]


def test_what_no_frame_holds_and_what_finds_no_room_is_counted():
    waiting = Waiting(3000)
    for octets in (2044, 2000, 900, 200):
        waiting.push(bytes(octets))
    assert (waiting.dropped, waiting.octets, waiting.room) == (2, 2900, 100)
    assert [len(one) for one in waiting.take(1999)] == []
    assert [len(one) for one in waiting.take(2899)] == [2000]
    assert [len(one) for one in waiting.take(3000)] == [900]
    assert waiting.octets == 0


def test_without_a_radio_nothing_waits():
    task = RelayedDownlink(CLOCK, 82, carrier=False)
    task.handle(ALIVE, 0)
    task.handle(FilePackets(packet(900)), 0)
    assert task.save()["real_time"]["packets"] == task.save()["files"]["packets"] == []


def test_a_warm_boot_keeps_what_waits_and_a_cold_one_the_counts(task):
    for _ in range(3):
        task.handle(ALIVE, 0)
    sent_by(task, 60)
    warm, cold = RelayedDownlink(CLOCK, 82), RelayedDownlink(CLOCK, 82)
    warm.recall(unpack(pack(task.retained())))
    cold.recover(unpack(pack(task.safeguarded())))
    for one in (warm, cold):
        one.handle(ALIVE, 0)
    counts = [
        [pus.decode_report(p).count for frame in sent_by(one) for p in packets_in(frame.data)]
        for one in (warm, cold)
    ]
    assert counts == [[0, 1, 2, 3], [3]]


MESSAGES = st.one_of(
    st.builds(lambda n: PusReport(ORBITER_APID, 17, 2, bytes(n)), st.integers(0, 3000)),
    st.builds(PlainPacket, st.just(ORBITER_APID), st.binary(min_size=1, max_size=50)),
    st.builds(
        lambda sizes, answers: FilePackets(b"".join(map(packet, sizes)), answers),
        st.lists(st.integers(7, 2100), max_size=5),
        st.booleans(),
    ),
    st.builds(
        lambda n, channel: ReplayPackets(packet(n), channel), st.integers(7, 900), st.sampled_from([1, 4])
    ),
    st.builds(ReplayWanted, st.booleans()),
    st.builds(RadioRoom, st.integers(0, 9000), st.just(8)),
    st.just(CarrierLost()),
    st.just(Tick("beat")),
    st.just(HIGH),
    st.builds(SafeMode, st.booleans()),
    st.lists(st.binary(min_size=4, max_size=4), max_size=3).map(lambda words: ControlWords(tuple(words))),
    st.binary(max_size=60).map(FromOrbiter),
    st.integers(0, 6).map(lambda n: FromOrbiter(unit(Frame(82, Plcw(n).encode(), 0, True, True)))),
    st.builds(
        lambda n, data: FromOrbiter(unit(Frame(82, data, n, construction=Construction.USER_DEFINED))),
        st.integers(0, 2),
        st.binary(max_size=30),
    ),
)


@given(st.lists(MESSAGES, max_size=30))
def test_whatever_comes_portions_fit_and_a_snapshot_says_the_same(messages):
    task = RelayedDownlink(CLOCK, 82)
    for message in messages:
        twin = RelayedDownlink(CLOCK, 82)
        twin.load(unpack(pack(task.save())))
        actions = list(task.handle(message, SECOND))
        assert list(twin.handle(message, SECOND)) == actions
        for action in actions:
            if isinstance(action, Emit) and isinstance(message, RadioRoom):
                assert len(action.value.octets) <= max(message.octets, 14)
    assert task.save()["rate"] in set(DownlinkRate)
