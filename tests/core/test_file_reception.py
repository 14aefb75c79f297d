"""The camera's CFDP receiver in C: with our sender over any link, and in the hands of an enemy."""

import hypothesis.strategies as st
import numpy as np
import pytest
from c_file_receiver import DEFAULTS, CFileReceiver
from c_file_sender import UNITS
from hypothesis import given

from fsw.core.binding import lib
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType, checksum
from fsw.protocols.cfdp_directives import Ack, FileStatus, Finished, KeepAlive, Nak, Prompt, PromptFor
from fsw.protocols.cfdp_packets import data_units
from fsw.protocols.cfdp_pdu import Condition, Directive, EndOfFile, FileData, Metadata, Transaction
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.protocols.cfdp_transfer import Faults, TransferEnded

SECOND = 1_000_000_000
OCTETS = bytes(range(20))
FAULTS = Faults(5 * SECOND, 1000, 10_000 * SECOND)
LONGEST = int(lib.FILE_RECEPTION_OCTETS_MAX)
KINDS = [ChecksumType.MODULAR, ChecksumType.CRC_32, ChecksumType.NULL]
settings_of_sender = st.fixed_dictionaries(
    {
        "segment_octets": st.integers(1, 300),
        "checksum_type": st.sampled_from(KINDS),
        "crc": st.booleans(),
        "entity_octets": st.integers(1, 8),
        "sequence_octets": st.integers(1, 8),
    }
)


def sender_of(acknowledged=True, **given):
    return Sender(SenderSettings(1, 246, 5, acknowledged=acknowledged, faults=FAULTS, **given))


def link(units, chance, loss):
    arrived = [u for u in units for _ in range(chance.integers(1, 3)) if chance.random() >= loss]
    return [arrived[i] for i in chance.permutation(len(arrived))] if loss else units


@given(
    settings_of_sender,
    st.lists(st.binary(min_size=1, max_size=LONGEST), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_acknowledged_files_come_whole_over_any_link_that_heals(given, contents, loss, take, seed):
    chance = np.random.default_rng(seed)
    sender, receiver = sender_of(**given), CFileReceiver(take, crc=int(given["crc"]))
    ended, now_ns = [], 0
    for octets in contents:  # one at a time, as they are meant
        sender.put(PutRequest("settings", octets))
        for turn in range(400):
            loss_now = loss if turn < 40 else 0.0
            for unit in link(list(data_units(sender.produce(600, now_ns))), chance, loss_now):
                receiver.receive(unit, now_ns)
            for unit in link(receiver.produce(now_ns), chance, loss_now):
                ended += [e for e in sender.receive(unit, now_ns) if isinstance(e, TransferEnded)]
            receiver = receiver.copy()
            now_ns += SECOND
            sender.poll(now_ns)
            receiver.poll(now_ns)
            if not sender.open_transfers and not sender.has_output and receiver.idle:
                break
    assert receiver.came == contents
    fate = (Condition.NO_ERROR, True) if take else (Condition.FILESTORE_REJECTION, False)
    assert [(e.condition, e.delivered) for e in ended] == [fate] * len(contents)


@given(settings_of_sender, st.binary(min_size=1, max_size=LONGEST), st.floats(0, 0.5), st.integers(0, 2**32))
def test_an_unacknowledged_file_comes_whole_or_not_at_all(given, octets, loss, seed):
    chance = np.random.default_rng(seed)
    sender, receiver = sender_of(False, **given), CFileReceiver(crc=int(given["crc"]))
    sender.put(PutRequest("settings", octets))
    units = list(data_units(sender.produce(10**6, 0)))
    arrived = link(units, chance, loss)
    for unit in arrived:
        receiver.receive(unit, 0)
    receiver.poll(10**17)
    receiver.poll(10**17)
    assert receiver.came == ([octets] if set(arrived) == set(units) else [])
    assert receiver.idle


TRANSACTION = Transaction(1, 7, 246, True, entity_octets=1)


def metadata(size=20, kind=0, **more):
    return pdus.encode(Metadata(TRANSACTION, kind, size, "a", "b", **more))


def data(start, stop):
    return pdus.encode(FileData(TRANSACTION, start, OCTETS[start:stop]))


def end(condition=0, octets=OCTETS, **more):
    return pdus.encode(EndOfFile(TRANSACTION, condition, checksum(0, octets), len(octets), **more))


def said(receiver, now_ns=0):
    return [directives.read(pdus.decode(unit)) for unit in receiver.produce(now_ns)]


def told(*units, **parameters):
    receiver = CFileReceiver(**parameters)
    for unit in units:
        assert receiver.receive(unit, 0) == "taken"
    return receiver


def test_gaps_and_metadata_are_asked_for_and_asked_for_again():
    receiver = told(data(3, 5), data(9, 20), end())
    wanted = Nak(0, 20, ((0, 0), (0, 3), (5, 9)))
    assert said(receiver) == [Ack(Directive.EOF, 0, 1), wanted]
    receiver.poll(5 * SECOND)
    assert said(receiver, 5 * SECOND) == [wanted]
    for unit in (metadata(), data(0, 3), data(5, 9)):
        receiver.receive(unit, 6 * SECOND)
    assert (receiver.came, receiver.state) == ([OCTETS], "finishing")
    assert said(receiver) == [Finished(0, True, FileStatus.RETAINED)]
    receiver.receive(directives.encode(TRANSACTION, Ack(Directive.FINISHED, 0, 1)), 7 * SECOND)
    assert receiver.idle
    assert receiver.receive(end(), 8 * SECOND) == "stranger"
    assert said(receiver) == [Ack(Directive.EOF, 0, 2)]
    assert receiver.came == [OCTETS]


def test_more_gaps_than_a_nak_holds_end_its_scope():
    receiver = told(metadata(), *(data(i, i + 1) for i in range(0, 20, 2)), end())
    _, nak = said(receiver)
    assert nak == Nak(0, 16, tuple((i, i + 1) for i in range(1, 16, 2)))


def test_finished_is_said_until_acknowledged_or_to_the_limit():
    receiver = told(metadata(), data(0, 20), end(), ack_limit=3)
    times = []
    for second in range(60):
        receiver.poll(second * SECOND)
        times += [second for answer in said(receiver, second * SECOND) if isinstance(answer, Finished)]
    assert times == [0, 5, 10]
    assert receiver.idle


@pytest.mark.parametrize(
    ("units", "condition"),
    [
        ([metadata(), data(0, 20), end(octets=OCTETS[::-1] + b"!")], Condition.FILE_SIZE_ERROR),
        ([metadata(), data(0, 20), end(octets=b"!" + OCTETS[1:])], Condition.CHECKSUM_FAILURE),
        ([metadata(21), data(0, 20), end()], Condition.FILE_SIZE_ERROR),
        ([metadata(kind=2), data(0, 20), end()], Condition.UNSUPPORTED_CHECKSUM),
        ([metadata(), data(0, 9), end(Condition.CANCEL_REQUEST, fault_entity=1)], Condition.CANCEL_REQUEST),
        ([metadata(999), end(octets=bytes(999))], Condition.FILESTORE_REJECTION),
    ],
)
def test_what_cannot_be_a_file_is_refused_with_its_reason(units, condition):
    receiver = told(*units)
    (finished,) = [answer for answer in said(receiver) if isinstance(answer, Finished)]
    assert (finished.condition, finished.complete) == (condition, False)
    assert finished.fault_entity == (None if condition == Condition.UNSUPPORTED_CHECKSUM else 246)
    assert receiver.came == []
    assert receiver.native.count.given_up == 1


def test_silence_ends_it():
    receiver = told(metadata(), data(0, 9), inactivity_ms=60_000)
    assert receiver.next_ns == 60 * SECOND
    receiver.poll(60 * SECOND)
    assert [a.condition for a in said(receiver)] == [Condition.INACTIVITY]
    receiver = told(metadata(), data(0, 9), end(), nak_limit=2)
    conditions = []
    for second in range(20):
        receiver.poll(second * SECOND)
        conditions += [a.condition for a in said(receiver, second * SECOND) if isinstance(a, Finished)]
    assert conditions[0] == Condition.NAK_LIMIT


def test_prompts_are_answered():
    receiver = told(metadata(), data(0, 5), data(9, 12))
    receiver.receive(directives.encode(TRANSACTION, Prompt(PromptFor.KEEP_ALIVE)), 0)
    assert said(receiver) == [KeepAlive(12)]
    receiver.receive(directives.encode(TRANSACTION, Prompt(PromptFor.NAK)), 0)
    assert said(receiver) == [Nak(0, 12, ((5, 9),))]


def test_closure_of_class_1_is_given_once():
    transaction = Transaction(1, 7, 246, entity_octets=1)
    receiver = CFileReceiver()
    for unit in (
        Metadata(transaction, 0, 20, "a", "a", closure=True),
        FileData(transaction, 0, OCTETS),
        EndOfFile(transaction, 0, checksum(0, OCTETS), 20),
    ):
        assert receiver.receive(pdus.encode(unit), 0) == "taken"
    assert said(receiver) == [Finished(0, True, FileStatus.RETAINED)]
    assert receiver.idle


def test_while_one_comes_another_waits():
    receiver = told(metadata(), data(0, 5))
    other = pdus.encode(Metadata(Transaction(1, 8, 246, True, entity_octets=1), 0, 1, "a", "a"))
    assert receiver.receive(other, 0) == "stranger"
    receiver.clear()
    assert receiver.receive(other, 0) == "taken"
    assert receiver.receive(data(5, 9), 0) == "stranger"  # of the one that was cleared


WRONG = [
    (b"", "length"),
    (metadata()[:-1], "length"),
    (metadata() + b"\0", "length"),
    (bytes([metadata()[0] ^ 0x20]) + metadata()[1:], "header"),
    (directives.encode(TRANSACTION, KeepAlive(1)), "header"),  # toward the sender
    (pdus.encode(FileData(Transaction(1, 7, 246, True, False, True, 1), 0, b"x")), "header"),
    (pdus.encode(FileData(Transaction(1, 7, 246, entity_octets=1), 0, b"x")), "header"),  # another class
    (pdus.encode(FileData(Transaction(1, 7, 246, True, True, entity_octets=1), 0, b"x")), "header"),
    (pdus.encode(FileData(Transaction(9, 7, 246, True, entity_octets=1), 0, b"x")), "entity"),
    (pdus.encode(FileData(Transaction(1, 7, 9, True, entity_octets=1), 0, b"x")), "entity"),
    (pdus.encode(FileData(TRANSACTION, LONGEST, b"x")), "length"),
    (pdus.encode(FileData(TRANSACTION, 0xFFFFFFFF, b"xx")), "length"),
    (metadata(filestore_requests=(b"\x10\1a",)), "directive"),
    (directives.encode(TRANSACTION, Ack(Directive.FINISHED, 0, 1))[:-1] + b"", "length"),
]


@pytest.mark.parametrize(("unit", "why"), WRONG, ids=str)
def test_what_is_no_sound_data_unit_is_dropped_and_counted(unit, why):
    receiver = told(metadata(), data(0, 5))
    before = receiver.copy()
    assert receiver.receive(unit, 0) == why
    assert receiver.native.count.unit[UNITS.index(why)] == 1
    assert (receiver.state, receiver.next_ns, said(receiver)) == (before.state, before.next_ns, [])


@given(st.data())
def test_a_flipped_bit_is_found_by_the_crc(draw):
    transaction = Transaction(1, 7, 246, True, True, entity_octets=1)
    unit = bytearray(pdus.encode(FileData(transaction, 3, b"octets")))
    unit[draw.draw(st.integers(0, len(unit) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    receiver = CFileReceiver(crc=1)
    assert receiver.receive(bytes(unit), 0) != "taken"
    assert receiver.idle


@given(st.lists(st.binary(max_size=60), max_size=8), st.lists(st.binary(max_size=40), max_size=12))
def test_garbage_never_does_harm(garbage, fields):
    receiver = told(metadata())
    head = metadata()[:10]
    made = [
        bytes([head[0] | 16 * (i % 2)]) + len(f).to_bytes(2, "big") + head[3:] + f
        for i, f in enumerate(fields)
    ]
    for octets in [*garbage, *made]:
        assert receiver.receive(octets, SECOND) in UNITS
        receiver.produce(SECOND)
    for _ in range(3000):
        receiver.poll(10**17)
        receiver.produce(0)
        if receiver.idle:
            break
    assert receiver.idle


@pytest.mark.parametrize(
    "change",
    [{"peer": 246}, {"crc": 2}, *({name: 0} for name in DEFAULTS if name.endswith(("ms", "limit")))],
    ids=str,
)
def test_parameters_out_of_bounds_are_refused(change):
    with pytest.raises(ValueError, match="refused"):
        CFileReceiver(**change)
    assert CFileReceiver().idle
