"""Class 2 transfers: through any loss, repeat and disorder the file arrives, or the fault set is declared."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType, proximity_1
from fsw.protocols.cfdp_directives import Ack, Finished, KeepAlive, Nak, Prompt, PromptFor
from fsw.protocols.cfdp_packets import PacketBlock, data_units
from fsw.protocols.cfdp_pdu import Condition, Directive, Metadata, Transaction
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.protocols.cfdp_transfer import (
    FaultDeclared,
    Faults,
    Handler,
    Progress,
    Resumed,
    Suspended,
    TransferEnded,
)

SECOND = 1_000_000_000
FAULTS = Faults(ack_ns=10 * SECOND, ack_limit=3, inactivity_ns=100 * SECOND)
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/cfdp.json").read_text())


def _sender(faults: Faults = FAULTS, limit: int | None = None, large: bool = False, **link: object) -> Sender:
    link = {"segment_octets": 20, "acknowledged": True, **link}
    return Sender(
        SenderSettings(245, 1, 5, faults=faults, large=large, keep_alive_limit_octets=limit, **link)  # type: ignore[arg-type]
    )


def _receiver(**rest: object) -> Receiver:
    rest = {"faults": FAULTS, **rest}
    return Receiver(ReceiverSettings(1, 6, **rest))  # type: ignore[arg-type]


@dataclass
class Link:
    """Both entities, a second at a time. down, up: which data units of each second arrive, how often, in
    which order; whole when None."""

    sender: Sender
    receiver: Receiver
    now: int = 0
    sent: list[object] = field(default_factory=list)
    got: list[object] = field(default_factory=list)
    down: random.Random | None = None
    up: random.Random | None = None
    loss: float = 0.0
    room: int = 1 << 20

    def _through(self, units: list[bytes], chance: random.Random | None) -> list[bytes]:
        if chance is None:
            return units
        arrived = [
            u for u in units for _ in range(chance.choice((1, 1, 1, 2))) if chance.random() >= self.loss
        ]
        if chance.random() < 0.5:
            chance.shuffle(arrived)
        return arrived

    def step(self) -> None:
        for unit in self._through(list(data_units(self.sender.produce(self.room, self.now))), self.down):
            self.got += self.receiver.receive(unit, self.now)
        for unit in self._through(list(data_units(self.receiver.produce(self.room, self.now))), self.up):
            self.sent += self.sender.receive(unit, self.now)
        self.now += SECOND
        self.sent += self.sender.poll(self.now)
        self.got += self.receiver.poll(self.now)

    def run(self, most: int = 3000) -> None:
        for _ in range(most):
            if not (self.sender.open_transfers or self.receiver.open_transfers or self.receiver.has_output):
                return
            self.step()
        raise AssertionError("the transfers never end")


CONTENT = bytes(range(256)) * 3 + b"lopsided"


@pytest.mark.parametrize("kind", list(ChecksumType))
@pytest.mark.parametrize(("crc", "large"), [(False, False), (True, True)])
def test_a_file_comes_whole_and_both_sides_know_it(kind: ChecksumType, crc: bool, large: bool) -> None:
    sender = _sender(checksum_type=kind, crc=crc, large=large, entity_octets=3, sequence_octets=1)
    link = Link(sender, _receiver())
    sender.put(PutRequest("full/1.jpg", CONTENT, (b"label",)))
    sender.put(PutRequest("empty", b""))
    link.run()
    assert link.got == [
        FileReceived(245, 0, "full/1.jpg", CONTENT, (b"label",)),
        FileReceived(245, 1, "empty", b"", ()),
    ]
    assert link.sent == [
        TransferEnded(245, 0, "full/1.jpg", Condition.NO_ERROR, True),
        TransferEnded(245, 1, "empty", Condition.NO_ERROR, True),
    ]
    assert sender.dropped == link.receiver.dropped == {}
    assert (sender.next_deadline_ns, link.receiver.next_deadline_ns) == (None, None)


@settings(max_examples=60)
@given(
    st.lists(st.binary(max_size=900), min_size=1, max_size=3),
    st.integers(0, 2**32),
    st.floats(0, 0.6),
    st.integers(90, 1500),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 40),
    st.integers(60, 1024),
)
def test_whatever_the_link_does_until_it_heals_the_files_arrive_or_a_fault_is_declared(
    contents: list[bytes],
    seed: int,
    loss: float,
    room: int,
    immediate: bool,
    check: int,
    sick: int,
    nak_octets: int,
) -> None:
    chance = random.Random(seed)
    receiver = _receiver(immediate=immediate, nak_delay_ns=check * SECOND, nak_octets=nak_octets)
    link = Link(_sender(), receiver, down=chance, up=chance, loss=loss, room=room)
    for number, octets in enumerate(contents):
        link.sender.put(PutRequest(str(number), octets))
    for _ in range(sick):
        link.step()
    link.down = link.up = None
    link.run()
    whole = {e.sequence: e.octets for e in link.got if isinstance(e, FileReceived)}
    ended = {e.sequence: e for e in link.sent if isinstance(e, TransferEnded)}
    assert sorted(ended) == list(range(len(contents)))
    assert len(whole) == sum(isinstance(e, FileReceived) for e in link.got)
    faults = {e.sequence for e in link.sent + link.got if isinstance(e, FaultDeclared)}
    for number, octets in enumerate(contents):
        assert whole.get(number, octets) == octets
        if number not in faults:
            assert ended[number].delivered
        if ended[number].delivered:
            assert number in whole


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.floats(0, 0.5), st.booleans())
def test_with_patience_every_file_arrives(seed: int, loss: float, immediate: bool) -> None:
    patient = Faults(5 * SECOND, 10_000, 100_000 * SECOND)
    chance = random.Random(seed)
    receiver = _receiver(faults=patient, nak_limit=10_000, immediate=immediate)
    link = Link(_sender(patient), receiver, down=chance, up=chance, loss=loss)
    link.sender.put(PutRequest("a", CONTENT))
    for _ in range(300):
        link.step()
    link.down = link.up = None
    link.run()
    assert [e for e in link.got if isinstance(e, FileReceived)] == [FileReceived(245, 0, "a", CONTENT, ())]
    assert link.sent == [TransferEnded(245, 0, "a", Condition.NO_ERROR, True)]


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(0, 30), st.booleans())
def test_a_save_in_the_middle_changes_nothing(seed: int, cut: int, immediate: bool) -> None:
    def fly(cut: int | None) -> object:
        chance = random.Random(seed)
        options = {"immediate": immediate, "keep_alive_ns": 3 * SECOND}
        link = Link(_sender(), _receiver(**options), down=chance, up=chance, loss=0.3, room=300)
        link.sender.put(PutRequest("a", CONTENT, (b"m",)))
        link.sender.put(PutRequest("b", CONTENT[::-1]))
        for step in range(40):
            if step == cut:
                saved = msgpack.unpackb(msgpack.packb([link.sender.save(), link.receiver.save()]))
                link.sender, link.receiver = _sender(), _receiver(**options)
                link.sender.load(saved[0])
                link.receiver.load(saved[1])
            if step == 12:
                link.sent += link.sender.suspend(1)
            if step == 20:
                link.sent += link.sender.resume(1, link.now)
            link.step()
        return link.sent, link.got, link.sender.save(), link.receiver.save()

    assert fly(cut) == fly(None)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 45), max_size=12), st.booleans(), st.integers(1, 60))
def test_blocks_are_taken_as_their_packets_are(lost: list[int], crc: bool, segment: int) -> None:
    sender = _sender(segment_octets=segment, crc=crc)
    sender.put(PutRequest("a", CONTENT))
    block = sender.produce(1 << 20, 0)
    parts = [unit for n, unit in enumerate(data_units(block)) if n not in lost]
    packets = [b"\0\0\xc0\0" + (len(unit) - 1).to_bytes(2, "big") + unit for unit in parts]
    kept = PacketBlock(np.frombuffer(b"".join(packets), np.uint8), np.array([len(p) for p in packets]))
    one, many = _receiver(immediate=True), _receiver(immediate=True)
    single = [event for unit in parts for event in one.receive(unit, 7)]
    assert many.receive_block(kept, 7) == single
    assert many.save() == one.save()


def test_a_gap_is_asked_for_at_once_or_at_the_end_as_set() -> None:
    for immediate in (True, False):
        sender, receiver = _sender(), _receiver(immediate=immediate)
        sender.put(PutRequest("a", bytes(100)))
        units = list(data_units(sender.produce(1 << 20, 0)))
        naks = []
        for unit in (units[0], units[1], units[4]):
            receiver.receive(unit, 0)
        naks.append([directives.read(pdus.decode(u)) for u in data_units(receiver.produce(999, 0))])  # type: ignore[arg-type]
        receiver.receive(units[6], 0)
        naks.append([directives.read(pdus.decode(u)) for u in data_units(receiver.produce(999, 0))])  # type: ignore[arg-type]
        end = [Ack(Directive.EOF, 0, 1), Nak(0, 100, ((20, 60), (80, 100)))]
        assert naks == [[Nak(0, 60, ((20, 60),))] if immediate else [], end]


def test_missing_metadata_are_asked_for_as_0_to_0() -> None:
    sender, receiver = _sender(), _receiver()
    sender.put(PutRequest("a", b"octets"))
    for unit in list(data_units(sender.produce(1 << 20, 0)))[1:]:
        receiver.receive(unit, 0)
    _, nak = data_units(receiver.produce(999, 0))
    assert directives.read(pdus.decode(nak)) == Nak(0, 6, ((0, 0),))  # type: ignore[arg-type]
    sender.receive(nak, 0)
    (again,) = data_units(sender.produce(999, 0))
    assert isinstance(pdus.decode(again), Metadata)
    assert [type(event) for event in receiver.receive(again, 1)] == [FileReceived]


def test_prompts_are_answered() -> None:
    link = Link(_sender(), _receiver(), room=250)
    link.sender.put(PutRequest("a", bytes(2000)))
    link.step()
    assert link.sender.prompt(0, PromptFor.KEEP_ALIVE)
    assert not link.sender.prompt(9, PromptFor.NAK)
    link.step()
    assert [type(event) for event in link.sent] == [Progress]
    link.sender.prompt(0, PromptFor.NAK)
    for unit in list(data_units(link.sender.produce(400, link.now)))[:1]:
        link.receiver.receive(unit, link.now)
    (nak,) = data_units(link.receiver.produce(999, link.now))
    content = directives.read(pdus.decode(nak))  # type: ignore[arg-type]
    assert isinstance(content, Nak)
    assert content.missing == ()


@pytest.mark.parametrize("handler", list(Handler))
@pytest.mark.parametrize("where", ["ack", "inactivity", "nak", "finish", "checksum", "size", "keep alive"])
def test_each_fault_is_handled_as_set(where: str, handler: Handler) -> None:
    condition = {
        "ack": Condition.ACK_LIMIT, "inactivity": Condition.INACTIVITY, "nak": Condition.NAK_LIMIT,
        "finish": Condition.ACK_LIMIT, "checksum": Condition.CHECKSUM_FAILURE,
        "size": Condition.FILE_SIZE_ERROR, "keep alive": Condition.KEEP_ALIVE_LIMIT,
    }[where]  # fmt: skip
    faults = Faults(10 * SECOND, 3, 100 * SECOND, handlers={condition: handler})
    sender, receiver = _sender(faults, limit=50), _receiver(faults=faults)
    sender.put(PutRequest("a", bytes(100)))
    units = list(data_units(sender.produce(1 << 20, 0)))
    transaction = Transaction(245, 0, 1, acknowledged=True)
    events: list[object] = []
    if where in ("ack", "keep alive"):
        if where == "keep alive":
            events += sender.receive(directives.encode(transaction, KeepAlive(49)), 0)
            assert isinstance(events.pop(0), Progress)
        else:
            for now in range(0, 29 * SECOND + 1, SECOND):
                assert sender.poll(now) == []
                sender.produce(999, now)
            events = sender.poll(30 * SECOND)
        entity: Sender | Receiver = sender
    else:
        entity = receiver
        if where == "checksum":
            units[2] = units[2][:-1] + b"!"
        if where == "size":
            units[2] = pdus.encode(pdus.FileData(transaction, 95, b"0123456789"))
        if where == "inactivity":
            units = units[:3]
        if where == "nak":
            del units[2]
        for unit in units:
            events += receiver.receive(unit, 0)
        for now in range(0, 150 * SECOND, SECOND):
            if any(isinstance(e, FaultDeclared) for e in events):
                break
            list(receiver.produce(999, now).lengths)
            events += receiver.poll(now)
    declared = [event for event in events if isinstance(event, FaultDeclared)]
    assert declared == [FaultDeclared(245, 0, condition, handler)]
    rest = events[events.index(declared[0]) + 1 :]
    answers = [pdus.decode(unit) for unit in data_units(entity.produce(999, 999 * SECOND))]
    assert entity.open_transfers == (
        0 if handler == Handler.ABANDON or (where, handler) == ("finish", 1) else 1
    )
    if handler == Handler.SUSPEND:
        assert rest == [Suspended(245, 0, condition)]
        assert entity.next_deadline_ns is None
    if handler == Handler.CANCEL and where != "finish":
        if entity is sender:
            (end,) = answers
            assert isinstance(end, pdus.EndOfFile)
            assert (end.condition, end.fault_entity) == (condition, 245)
        else:
            assert isinstance(rest[-1], FileIncomplete)
            finished = directives.read(answers[-1])  # type: ignore[arg-type]
            assert finished == Finished(condition, False, 0, (), 1)
    if handler == Handler.ABANDON:
        assert all(not isinstance(a, pdus.OtherDirective) or a.directive == Directive.ACK for a in answers)
    if handler == Handler.IGNORE:
        assert [type(event) for event in rest] == ([FileReceived] if where == "checksum" else [])


def test_cancelling_from_either_side_ends_both() -> None:
    for by_sender in (True, False):
        link = Link(_sender(), _receiver(), room=250)
        link.sender.put(PutRequest("a", bytes(2000)))
        link.step()
        if by_sender:
            link.sent += link.sender.cancel(0)
        else:
            link.got += link.receiver.cancel(245, 0)
        link.run()
        assert [(type(e), e.reason) for e in link.got if isinstance(e, FileIncomplete)] == [
            (FileIncomplete, "cancelled")
        ]
        assert link.sent == [TransferEnded(245, 0, "a", Condition.CANCEL_REQUEST, False)]


def test_a_cancel_that_nobody_hears_is_abandoned() -> None:
    sender = _sender()
    sender.put(PutRequest("a", bytes(2000)))
    sender.produce(250, 0)
    assert sender.cancel(0) == []
    events: list[object] = []
    for now in range(0, 40 * SECOND, SECOND):
        sender.produce(999, now)
        events += sender.poll(now)
    assert events == [
        FaultDeclared(245, 0, Condition.ACK_LIMIT, Handler.CANCEL),
        TransferEnded(245, 0, "a", Condition.ACK_LIMIT, False, True),
    ]


def test_a_suspended_transfer_is_silent_until_it_is_resumed() -> None:
    link = Link(_sender(), _receiver(), room=250)
    link.sender.put(PutRequest("a", CONTENT))
    link.step()
    assert link.sender.suspend(0) == [Suspended(245, 0, Condition.SUSPEND_REQUEST)]
    assert link.receiver.suspend(245, 0) == [Suspended(245, 0, Condition.SUSPEND_REQUEST)]
    for _ in range(500):
        assert len(link.sender.produce(9999, link.now).lengths) == 0
        link.step()
    assert link.sent == link.got == []
    assert link.sender.resume(0, link.now) == [Resumed(245, 0)]
    assert link.receiver.resume(245, 0, link.now) == [Resumed(245, 0)]
    link.run()
    assert link.got == [FileReceived(245, 0, "a", CONTENT, ())]


contents = (
    st.builds(
        Finished,
        st.integers(0, 15),
        st.booleans(),
        st.integers(0, 3),
        st.lists(st.binary(max_size=20), max_size=2).map(tuple),
        st.none() | st.integers(0, 2**40),
    )
    | st.builds(
        Ack, st.sampled_from([Directive.EOF, Directive.FINISHED]), st.integers(0, 15), st.integers(0, 3)
    )
    | st.builds(
        Nak,
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1),
        st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), max_size=4).map(tuple),
    )
    | st.builds(Prompt, st.sampled_from(PromptFor))
    | st.builds(KeepAlive, st.integers(0, 2**32 - 1))
)


@given(contents, st.booleans(), st.booleans())
def test_every_directive_survives(content: directives.Content, crc: bool, large: bool) -> None:
    octets = directives.encode(Transaction(3, 9, 7, True, crc, large, 1, 2), content)
    pdu = pdus.decode(octets)
    assert isinstance(pdu, pdus.OtherDirective)
    assert directives.read(pdu) == content


def test_directives_are_the_vectors_octets() -> None:
    transaction = Transaction(1, 7, 2, acknowledged=True, entity_octets=2, sequence_octets=2)
    for name, content in {
        "ack_eof": Ack(Directive.EOF, 0, 1),
        "nak": Nak(0, 16, ((0, 0), (4, 9))),
        "finished": Finished(0, True, 2),
        "ack_finished": Ack(Directive.FINISHED, 0, 1),
        "keep_alive": KeepAlive(16),
        "prompt_nak": Prompt(PromptFor.NAK),
    }.items():
        assert directives.encode(transaction, content).hex() == VECTORS["pdus"]["class2"][name], name


@given(
    st.sampled_from(list(Directive)).flatmap(
        lambda d: st.binary(max_size=40).map(
            lambda o: b"\x20\0" + bytes([len(o) + 1]) + b"\x13\0\xf5\0\0\0\0\0\x01" + bytes([d]) + o
        )
    )
    | st.binary(max_size=60)
)
def test_no_octets_stop_an_entity(octets: bytes) -> None:
    sender, receiver = _sender(), _receiver(immediate=True, most_file_octets=10_000)
    sender.put(PutRequest("a", bytes(100)))
    units = list(data_units(sender.produce(1 << 20, 0)))
    receiver.receive(units[0], 0)
    for entity in (sender, receiver):
        entity.receive(octets, 0)
        entity.poll(10**12)
        entity.produce(1 << 20, 10**12)


def test_what_a_peer_can_make_us_keep_is_bounded() -> None:
    receiver = _receiver(most_open=2, most_kept_octets=100)
    events: list[object] = []
    for number in range(3):
        transaction = Transaction(245, number, 1, acknowledged=True)
        events += receiver.receive(pdus.encode(pdus.FileData(transaction, 0, bytes(60))), 0)
    assert receiver.dropped == {"no room for the file": 1, "no room for another transfer": 1}
    assert [e.reason for e in events if isinstance(e, FileIncomplete)] == ["no room"]


def test_a_directive_again_is_acknowledged_again() -> None:
    link = Link(_sender(), _receiver())
    link.sender.put(PutRequest("a", b"octets"))
    units = list(data_units(link.sender.produce(1 << 20, 0)))
    for unit in units:
        link.receiver.receive(unit, 0)
    _, finished = data_units(link.receiver.produce(999, 0))
    link.sender.receive(finished, 0)
    (ack,) = data_units(link.sender.produce(999, 0))
    link.receiver.receive(ack, 0)
    link.receiver.receive(units[-1], 0)
    assert [directives.read(pdus.decode(u)) for u in data_units(link.receiver.produce(999, 0))] == [  # type: ignore[arg-type]
        Ack(Directive.EOF, 0, directives.Status.TERMINATED)
    ]
    link.sender.receive(finished, 0)
    assert list(data_units(link.sender.produce(999, 0))) == [ack]


def test_the_proximity_1_checksum_is_its_polynomials_remainder() -> None:
    octets = bytes((7 * n + (n >> 3)) & 0xFF for n in range(9001))
    register = 0
    for octet in octets:
        register ^= octet << 24
        for _ in range(8):
            register = (register << 1 ^ (0x00A00805 if register >> 31 else 0)) & 0xFFFFFFFF
    assert proximity_1(octets) == register


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(FswError, match="more than 0"):
        Faults(ack_ns=0)
    with pytest.raises(FswError, match="NAK time"):
        _receiver(nak_ns=0)
    with pytest.raises(FswError, match="APID 2047"):
        ReceiverSettings(1, 2047)


def _content(unit: bytes) -> object:
    pdu = pdus.decode(unit)
    assert isinstance(pdu, pdus.OtherDirective)
    return directives.read(pdu)


def test_what_was_never_sent_is_not_sent_again() -> None:
    sender = _sender()
    sender.put(PutRequest("a", bytes(100)))
    sender.produce(1 << 20, 0)
    transaction = Transaction(245, 0, 1, acknowledged=True)
    sender.receive(directives.encode(transaction, Nak(0, 9999, ((90, 9999), (5000, 6000)))), 0)
    (again,) = [pdus.decode(unit) for unit in data_units(sender.produce(1 << 20, 0))]
    assert again == pdus.FileData(transaction, 90, bytes(10))


def test_a_long_nak_is_several_with_their_scopes_side_by_side() -> None:
    receiver = _receiver(nak_octets=40)
    sender = _sender(segment_octets=10)
    sender.put(PutRequest("a", bytes(100)))
    units = list(data_units(sender.produce(1 << 20, 0)))
    for unit in [units[0], *units[1:-1:2], units[-1]]:
        receiver.receive(unit, 0)
    assert len(receiver.produce(10, 0).lengths) == 0  # no room: all of it waits
    _, *naks = [_content(unit) for unit in data_units(receiver.produce(1 << 20, 0))]
    assert naks == [
        Nak(0, 40, ((10, 20), (30, 40))),
        Nak(40, 80, ((50, 60), (70, 80))),
        Nak(80, 100, ((90, 100),)),
    ]


def test_the_nak_limit_is_how_often_it_is_asked() -> None:
    sender, receiver = _sender(), _receiver(nak_limit=3)
    sender.put(PutRequest("a", bytes(100)))
    units = list(data_units(sender.produce(1 << 20, 0)))
    for unit in (units[0], units[-1]):
        receiver.receive(unit, 0)
    asked, events, now = 0, [], 0
    while not events:
        asked += sum(isinstance(_content(unit), Nak) for unit in data_units(receiver.produce(1 << 20, now)))
        now += SECOND
        events = receiver.poll(now)
    assert (asked, now) == (3, 30 * SECOND)
    assert events[0] == FaultDeclared(245, 0, Condition.NAK_LIMIT, Handler.CANCEL)


def test_gaps_not_yet_asked_for_are_saved_too() -> None:
    sender, receiver = _sender(), _receiver(immediate=True)
    sender.put(PutRequest("a", bytes(100)))
    units = list(data_units(sender.produce(1 << 20, 0)))
    for unit in (units[0], units[3]):
        receiver.receive(unit, 0)
    saved, receiver = receiver.save(), _receiver(immediate=True)
    receiver.load(saved)
    assert receiver.save() == saved
    assert [_content(unit) for unit in data_units(receiver.produce(999, 0))] == [Nak(0, 40, ((0, 40),))]


def test_room_is_free_again_when_files_are_done() -> None:
    link = Link(_sender(), _receiver(most_kept_octets=1000, most_open=2))
    for _ in range(5):
        link.sender.put(PutRequest("a", CONTENT))
        link.run()
    assert [type(event) for event in link.got] == [FileReceived] * 5
