"""Two entities, their links and filestores: both directions at once, users' operations, resets."""

import random
from dataclasses import dataclass, field

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols import cfdp_filestore as filestore
from fsw.protocols import cfdp_messages as messages
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_directives import PromptFor
from fsw.protocols.cfdp_entity import Answered, Asked, Entity, Event, Peer
from fsw.protocols.cfdp_filestore import FileAction, FileStore, FilestoreRequest, FilestoreResponse
from fsw.protocols.cfdp_messages import (
    DirectoryListingRequest,
    DirectoryListingResponse,
    ProxyPut,
    ProxyPutCancel,
    ProxyPutResponse,
    RemoteResume,
    RemoteStanding,
    RemoteSuspend,
)
from fsw.protocols.cfdp_packets import data_units
from fsw.protocols.cfdp_pdu import Condition
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, SenderSettings
from fsw.protocols.cfdp_transfer import FaultDeclared, Faults, Progress, Resumed, Suspended, TransferEnded

SECOND = 1_000_000_000
PATIENT = Faults(5 * SECOND, 1000, 10_000 * SECOND, 20 * SECOND, 1000)
GROUND, ORBITER = 1, 245
CONTENT = bytes(range(251)) * 4 + b"lopsided"


def _entity(
    entity: int, peer: int, store: FileStore | None, acknowledged: bool = True, **rest: object
) -> Entity:
    sender = SenderSettings(
        entity, peer, 1922, 60, acknowledged=acknowledged, faults=PATIENT, telecommand=entity == GROUND,
        **rest,  # type: ignore[arg-type]
    )  # fmt: skip
    receiver = ReceiverSettings(
        entity, 1922, PATIENT, nak_ns=5 * SECOND, nak_limit=1000, telecommand=entity == GROUND
    )
    return Entity((Peer(sender, receiver),), store)


@dataclass
class Pair:
    """Ground and orbiter over a link that loses, repeats and disorders."""

    acknowledged: bool = True
    chance: random.Random | None = None
    loss: float = 0.0
    room: int = 4000
    rest: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stores = {GROUND: FileStore(), ORBITER: FileStore()}
        self.entities = {entity: self.made(entity) for entity in self.stores}
        self.events: dict[int, list[Event]] = {GROUND: [], ORBITER: []}
        self.now = 0

    def made(self, entity: int) -> Entity:
        return _entity(entity, GROUND + ORBITER - entity, self.stores[entity], self.acknowledged, **self.rest)

    def reset(self, entity: int) -> None:
        """The entity's computer starts anew with what was retained."""
        retained = msgpack.unpackb(msgpack.packb([self.entities[entity].save(), self.stores[entity].save()]))
        self.stores[entity] = FileStore()
        self.stores[entity].load(retained[1])
        self.entities[entity] = self.made(entity)
        self.entities[entity].load(retained[0])

    def step(self) -> None:
        for entity, other in ((ORBITER, GROUND), (GROUND, ORBITER)):
            units = list(data_units(self.entities[entity].produce(self.room, self.now)))
            self.events[entity] += self.entities[entity].events()
            if self.chance is not None:
                units = [u for u in units for _ in (1, 2) if self.chance.random() < (1 - self.loss) * 0.7]
                self.chance.shuffle(units)
            for unit in units:
                self.events[other] += self.entities[other].receive(unit, self.now)
        self.now += SECOND
        for entity in self.entities:
            self.events[entity] += self.entities[entity].poll(self.now)

    def run(self, most: int = 2000) -> None:
        for _ in range(most):
            entities = self.entities.values()
            if not any(e.open_outgoing or e.open_incoming or e.has_output for e in entities):
                return
            if not any(e.has_output for e in entities):  # nothing but a timer can be next
                due = [e.next_deadline_ns for e in entities if e.next_deadline_ns is not None]
                self.now = max(self.now, min(due) - SECOND)
            self.step()
        raise AssertionError("the transfers never end")

    def of(self, entity: int, *kinds: type) -> list[Event]:
        return [event for event in self.events[entity] if isinstance(event, kinds)]


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.floats(0, 0.5),
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from([GROUND, ORBITER])), max_size=6),
)
def test_files_go_both_ways_at_once_through_loss_and_resets(
    seed: int, loss: float, resets: list[tuple[int, int]]
) -> None:
    pair = Pair(chance=random.Random(seed), loss=loss)
    pair.entities[GROUND].put(PutRequest("up", CONTENT, (b"to you",)))
    pair.entities[ORBITER].put(PutRequest("down", CONTENT[::-1]))
    pair.entities[ORBITER].put(PutRequest("down too", b""))
    for step in range(60):
        for when, entity in resets:
            if when == step:
                pair.reset(entity)
        pair.step()
    pair.chance = None
    pair.run()
    assert pair.of(ORBITER, FileReceived) == [FileReceived(GROUND, 0, "up", CONTENT, (b"to you",))]
    assert {e.name: e.octets for e in pair.of(GROUND, FileReceived) if isinstance(e, FileReceived)} == {
        "down": CONTENT[::-1],
        "down too": b"",
    }
    assert len(pair.of(GROUND, FileReceived)) == 2
    assert pair.stores[ORBITER].read("up") == CONTENT
    assert pair.stores[GROUND].read("down") == CONTENT[::-1]
    assert pair.of(GROUND, TransferEnded) == [TransferEnded(GROUND, 0, "up", Condition.NO_ERROR, True)]


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.floats(0, 0.6), st.sampled_from([None, True, False]))
def test_a_file_is_fetched_by_proxy_through_loss(seed: int, loss: float, acknowledged: bool | None) -> None:
    # By class 1 the file itself may be lost; what the asker is told is then not that it came.
    pair = Pair(chance=random.Random(seed), loss=loss)
    pair.stores[ORBITER].write("log", CONTENT)
    asked = pair.entities[GROUND].ask(
        ProxyPut(GROUND, "log", "copy of log", (b"for you",), acknowledged=acknowledged)
    )
    for _ in range(100):
        pair.step()
    pair.chance = None
    pair.run()
    (request,) = pair.of(ORBITER, Asked)
    assert isinstance(request, Asked)
    assert request.granted
    (answer,) = pair.of(GROUND, Answered)
    assert isinstance(answer, Answered)
    assert isinstance(answer.answer, ProxyPutResponse)
    assert (answer.sequence, answer.answer.condition) == (asked, Condition.NO_ERROR)
    files = [e for e in pair.of(GROUND, FileReceived) if isinstance(e, FileReceived)]
    if acknowledged is not False:
        assert [(e.name, e.octets) for e in files] == [("copy of log", CONTENT)]
        assert files[0].messages == (messages.originating(GROUND, asked), b"for you")
        assert pair.stores[GROUND].read("copy of log") == CONTENT


def test_a_proxy_put_of_what_is_not_there_is_refused() -> None:
    pair = Pair()
    for operation in (ProxyPut(GROUND, "none", "x"), ProxyPut(77, "", "")):
        asked = pair.entities[GROUND].ask(operation)
        pair.run()
        refusal = ProxyPutResponse(Condition.FILESTORE_REJECTION, False, 3)
        assert pair.of(GROUND, Answered)[-1] == Answered(asked, refusal)
        assert pair.of(ORBITER, Asked)[-1] == Asked(GROUND, asked, operation, False)


def test_a_proxy_put_can_be_cancelled_by_who_asked_for_it() -> None:
    pair = Pair(room=300)
    pair.stores[ORBITER].write("long", CONTENT * 20)
    asked = pair.entities[GROUND].ask(ProxyPut(GROUND, "long", "long"))
    for _ in range(4):
        pair.step()
    assert pair.entities[GROUND].open_incoming
    pair.entities[GROUND].ask(ProxyPutCancel(), about=(GROUND, asked))
    pair.run()
    (answer,) = pair.of(GROUND, Answered)
    assert answer == Answered(asked, ProxyPutResponse(Condition.CANCEL_REQUEST, False, 3))
    (incomplete,) = pair.of(GROUND, FileIncomplete)
    assert isinstance(incomplete, FileIncomplete)
    assert incomplete.reason == "cancelled"
    assert pair.stores[GROUND].read("long") is None


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.floats(0, 0.5))
def test_a_transfer_is_suspended_and_resumed_at_its_other_end_through_loss(seed: int, loss: float) -> None:
    pair = Pair(room=200, chance=random.Random(seed), loss=loss)
    pair.entities[ORBITER].put(PutRequest("down", CONTENT * 40))
    pair.step()
    asked = pair.entities[GROUND].ask(RemoteSuspend(ORBITER, 0))
    while not pair.of(GROUND, Answered):
        pair.step()
    assert pair.of(GROUND, Answered) == [Answered(asked, RemoteStanding(False, True, 1, ORBITER, 0))]
    (standing,) = (s for s in pair.entities[ORBITER].standings() if s.name == "down")
    assert standing.suspended
    assert 0 < standing.octets < len(CONTENT) * 40
    for _ in range(20):
        pair.step()
    assert pair.entities[ORBITER].standings()[0] == standing
    asked = pair.entities[GROUND].ask(RemoteResume(ORBITER, 0))
    pair.chance = None
    pair.run()
    assert pair.of(GROUND, Answered)[1:] == [Answered(asked, RemoteStanding(True, False, 1, ORBITER, 0))]
    assert pair.stores[GROUND].read("down") == CONTENT * 40
    assert [type(e) for e in pair.of(ORBITER, Suspended, Resumed)] == [Suspended, Resumed]


def test_what_is_not_open_cannot_be_suspended_from_afar() -> None:
    pair = Pair()
    asked = pair.entities[GROUND].ask(RemoteSuspend(ORBITER, 9))
    pair.run()
    assert pair.of(GROUND, Answered) == [Answered(asked, RemoteStanding(False, False, 0, ORBITER, 9))]
    assert pair.of(ORBITER, Asked) == [Asked(GROUND, asked, RemoteSuspend(ORBITER, 9), False)]


def test_a_directory_is_listed() -> None:
    pair = Pair()
    pair.stores[ORBITER].create_directory("logs")
    pair.stores[ORBITER].write("logs/a", b"123")
    asked = pair.entities[GROUND].ask(DirectoryListingRequest("logs", "listing"))
    pair.run()
    assert pair.of(GROUND, Answered) == [Answered(asked, DirectoryListingResponse(True, "logs", "listing"))]
    assert pair.stores[GROUND].read("listing") == b"logs/a\t3\n"
    asked = pair.entities[GROUND].ask(DirectoryListingRequest("none", "listing 2"))
    pair.run()
    assert pair.of(GROUND, Answered)[-1] == Answered(
        asked, DirectoryListingResponse(False, "none", "listing 2")
    )
    assert pair.stores[GROUND].files == ["listing"]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_filestore_requests_are_carried_out_and_answered(acknowledged: bool) -> None:
    pair = Pair(acknowledged, rest={"closure": True})
    wanted = (
        FilestoreRequest(FileAction.CREATE_DIRECTORY, "d").encode(),
        FilestoreRequest(FileAction.RENAME_FILE, "new", "d/new").encode(),
        FilestoreRequest(FileAction.DELETE_FILE, "none").encode(),
    )
    pair.entities[GROUND].put(PutRequest("new", b"octets", filestore_requests=wanted))
    pair.run()
    (ended,) = pair.of(GROUND, TransferEnded)
    assert isinstance(ended, TransferEnded)
    assert ended.delivered
    answers = [filestore.read_response(octets) for octets in ended.filestore_responses]
    assert answers == [
        FilestoreResponse(FileAction.CREATE_DIRECTORY, 0, "d"),
        FilestoreResponse(FileAction.RENAME_FILE, 0, "new", "d/new"),
        FilestoreResponse(FileAction.DELETE_FILE, 1, "none"),
    ]
    assert pair.stores[ORBITER].read("d/new") == b"octets"


def test_a_file_that_the_store_refuses_is_not_said_to_be_there() -> None:
    for acknowledged in (False, True):
        pair = Pair(acknowledged, rest={"closure": True})
        pair.stores[ORBITER].write("held", b"old")
        pair.stores[ORBITER].lock("held", True)
        pair.entities[GROUND].put(PutRequest("held", b"new"))
        pair.run()
        (ended,) = pair.of(GROUND, TransferEnded)
        assert ended == TransferEnded(GROUND, 0, "held", Condition.FILESTORE_REJECTION, False)
        assert pair.of(ORBITER, FileReceived) == []
        assert pair.stores[ORBITER].read("held") == b"old"


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.floats(0, 0.6), st.booleans())
def test_class_1_with_closure_knows_how_it_ended(seed: int, loss: float, reset: bool) -> None:
    pair = Pair(False, random.Random(seed), loss, rest={"closure": True})
    pair.entities[ORBITER].put(PutRequest("down", CONTENT))
    # What is lost stays lost: with a check limit of a thousand times the wait is long, but it ends.
    for step in range(200):
        if reset and step == 5:
            pair.reset(GROUND)
            pair.reset(ORBITER)
        pair.step()
    pair.chance = None
    pair.run(4000)
    (ended,) = pair.of(ORBITER, TransferEnded)
    assert isinstance(ended, TransferEnded)
    whole = pair.of(GROUND, FileReceived)
    assert len(whole) <= 1
    if ended.delivered:
        assert pair.stores[GROUND].read("down") == CONTENT
    else:
        assert ended.condition in (Condition.CHECK_LIMIT, Condition.INACTIVITY)
    if not whole:
        assert len(pair.of(GROUND, FileIncomplete)) <= 1


def test_a_silent_receiver_is_found_out_by_the_check_limit() -> None:
    faults = Faults(check_ns=10 * SECOND, check_limit=3)
    sender = SenderSettings(ORBITER, GROUND, 5, faults=faults, closure=True)
    entity = Entity((Peer(sender, ReceiverSettings(ORBITER, 5)),))
    entity.put(PutRequest("a", b"octets"))
    assert len(entity.produce(999, 0).lengths) == 3
    assert entity.events() == []
    for now in (10, 20):
        assert entity.next_deadline_ns == now * SECOND
        assert entity.poll(now * SECOND) == []
    fault, = entity.poll(30 * SECOND)  # fmt: skip
    assert isinstance(fault, FaultDeclared)
    assert fault.condition == Condition.CHECK_LIMIT
    (end,) = [pdus.decode(unit) for unit in data_units(entity.produce(999, 30 * SECOND))]
    assert isinstance(end, pdus.EndOfFile)
    assert end.condition == Condition.CHECK_LIMIT
    assert entity.events() == [TransferEnded(ORBITER, 0, "a", Condition.CHECK_LIMIT, False)]
    assert (entity.open_outgoing, entity.next_deadline_ns) == (0, None)


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("side", [GROUND, ORBITER])
def test_either_side_suspends_resumes_and_cancels(acknowledged: bool, side: int) -> None:
    pair = Pair(acknowledged, room=200, rest={"closure": True})
    entity = pair.entities[side]
    pair.entities[ORBITER].put(PutRequest("down", CONTENT))
    pair.step()
    (standing,) = entity.standings()
    assert (standing.source, standing.sequence, standing.name) == (ORBITER, 0, "down")
    assert 0 < standing.octets < len(CONTENT) == standing.size
    assert entity.suspend(ORBITER, 0) == [Suspended(ORBITER, 0, Condition.SUSPEND_REQUEST)]
    assert entity.standings()[0].suspended
    for _ in range(50):
        pair.step()
    assert pair.of(GROUND, FileReceived) == [] or side == GROUND
    assert [type(e) for e in entity.resume(ORBITER, 0, pair.now)][:1] == [Resumed]
    for _ in range(2):
        pair.step()
    cancelled = bool(entity.standings())
    pair.events[side] += entity.cancel(ORBITER, 0)
    pair.run()
    assert bool(pair.of(GROUND, FileIncomplete)) == cancelled
    assert bool(pair.of(GROUND, FileReceived)) != cancelled
    # A receiver of class 1 that no longer listens is not heard by a sender that is still sending.
    assert entity.cancel(ORBITER, 99) == entity.suspend(7, 0) == entity.resume(ORBITER, 0, 0) == []


@pytest.mark.parametrize("kind", list(ChecksumType))
def test_widths_checksums_and_large_offsets_go_between_entities(kind: ChecksumType) -> None:
    pair = Pair(
        rest={"checksum_type": kind, "large": True, "crc": True, "entity_octets": 8, "sequence_octets": 1}
    )
    pair.entities[ORBITER].put(PutRequest("down", CONTENT))
    pair.step()
    assert pair.entities[ORBITER].prompt(0, PromptFor.KEEP_ALIVE) or pair.of(GROUND, FileReceived)
    pair.run()
    assert pair.stores[GROUND].read("down") == CONTENT


def test_prompts_go_to_the_transfer_that_is_meant() -> None:
    pair = Pair(room=200)
    pair.entities[ORBITER].put(PutRequest("down", CONTENT))
    pair.step()
    assert pair.entities[ORBITER].prompt(0, PromptFor.KEEP_ALIVE)
    assert not pair.entities[ORBITER].prompt(5, PromptFor.NAK)
    pair.step()
    (progress,) = pair.of(ORBITER, Progress)
    assert isinstance(progress, Progress)
    assert 0 < progress.octets < len(CONTENT)


def test_what_is_for_nobody_here_is_dropped_and_counted() -> None:
    entity = _entity(GROUND, ORBITER, None)
    for transaction in (pdus.Transaction(7, 0, 8), pdus.Transaction(7, 0, GROUND)):
        assert entity.receive(pdus.encode(pdus.FileData(transaction, 0, b"x")), 0) == []
    entity.receive(b"garbage", 0)
    entity.receive(pdus.encode(pdus.FileData(pdus.Transaction(GROUND, 0, ORBITER), 0, b"x")), 0)
    assert entity.drops() == {
        "another entity's": 1,
        "unknown peer": 1,
        "CFDP version 3": 1,
        "for a receiver": 1,
    }


def test_packets_of_a_link_share_one_count_and_say_which_way_they_go() -> None:
    pair = Pair()
    pair.entities[ORBITER].put(PutRequest("down", CONTENT))
    pair.entities[GROUND].put(PutRequest("up", CONTENT))
    for entity, packet_type in ((ORBITER, 0), (GROUND, 1)):
        headers = []
        other = pair.entities[GROUND + ORBITER - entity]
        for _ in range(3):
            for unit in data_units(other.produce(4000, 0)):
                pair.entities[entity].receive(unit, 0)
            block = pair.entities[entity].produce(4000, 0)
            octets, at = block.octets.tobytes(), 0
            for length in block.lengths.tolist():
                headers.append(octets[at : at + 4])
                at += length
        assert [header[0] >> 4 for header in headers] == [packet_type] * len(headers)
        counts = [int.from_bytes(header[2:4], "big") & 0x3FFF for header in headers]
        assert counts == list(range(len(headers)))


def test_answers_can_have_a_way_of_their_own() -> None:
    peer = Peer(SenderSettings(ORBITER, GROUND, 5, 60, acknowledged=True), ReceiverSettings(ORBITER, 6))
    ground, orbiter = _entity(GROUND, ORBITER, None), Entity((peer,))
    orbiter.put(PutRequest("down", CONTENT))
    ground.put(PutRequest("up", CONTENT))
    received = []
    while ground.open_outgoing or orbiter.open_outgoing:
        for unit in data_units(ground.produce(1 << 16, 0)):
            orbiter.receive(unit, 0)
        block = orbiter.produce(1000, 0)
        assert not len(block.lengths) or block.octets[1] == 5
        answers = orbiter.produce_answers(1 << 16, 0)
        assert not len(answers.lengths) or answers.octets[1] == 6
        for unit in [*data_units(block), *data_units(answers)]:
            received += ground.receive(unit, 0)
    assert [type(event) for event in received] == [TransferEnded, FileReceived]
    assert not orbiter.has_answers


def test_what_has_not_begun_can_be_cancelled() -> None:
    entity = _entity(ORBITER, GROUND, None)
    for name in ("a", "b", "c", "d"):
        entity.put(PutRequest(name, CONTENT))
    entity.produce(500, 0)
    ended = entity.cancel_waiting((0, 1, 3))
    assert [event.name for event in ended if isinstance(event, TransferEnded)] == ["b", "d"]
    assert entity.open_outgoing == 2


def test_blocks_go_in_as_units_do() -> None:
    pair = Pair()
    pair.entities[ORBITER].put(PutRequest("down", CONTENT, messages.encode(DirectoryListingRequest("", "l"))))
    block = pair.entities[ORBITER].produce(1 << 16, 0)
    one, many = pair.made(GROUND), pair.made(GROUND)
    single = [event for unit in data_units(block) for event in one.receive(unit, 0)]
    assert many.receive_block(block, 0) == single
    assert [type(event) for event in single] == [FileReceived, Asked]
    assert many.save() == one.save()


def test_wrong_wiring_and_too_much_are_refused() -> None:
    with pytest.raises(FswError, match="allowed are the same at both ends"):
        Peer(SenderSettings(1, 2, 5), ReceiverSettings(3, 5))
    peer = Peer(SenderSettings(1, 2, 5), ReceiverSettings(1, 5))
    with pytest.raises(FswError, match="one link for each"):
        Entity((peer, peer))
    entity = Entity((peer,), most_open=1)
    with pytest.raises(FswError, match="peer 9"):
        entity.put(PutRequest("a", b""), 9)
    entity.put(PutRequest("a", b""))
    with pytest.raises(FswError, match="allowed are up to 1"):
        entity.put(PutRequest("a", b""))


@given(st.lists(st.binary(max_size=60), max_size=5), st.binary(max_size=80))
def test_no_octets_stop_an_entity(units: list[bytes], said: bytes) -> None:
    pair = Pair()
    entity = pair.entities[ORBITER]
    for unit in units:
        entity.receive(unit, 0)
    transaction = pdus.Transaction(GROUND, 3, ORBITER)
    metadata = pdus.Metadata(transaction, 0, 0, "", "", (messages.RESERVED + said,), True, (said,))
    for pdu in (metadata, pdus.EndOfFile(transaction, 0, 0, 0)):
        entity.receive(pdus.encode(pdu), 0)
    entity.produce(1 << 16, 0)
    entity.poll(10**15)
