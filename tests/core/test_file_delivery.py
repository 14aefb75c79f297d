"""The camera's CFDP sender in C: octet for octet the codec's, and with our receiver over any link."""

import zlib

import hypothesis.strategies as st
import numpy as np
import pytest
from c_file_sender import CHECKSUMS, DEFAULTS, NEVER, UNITS, CFileSender, File
from hypothesis import given

from fsw.core.binding import ffi, lib
from fsw.protocols import cfdp_checksum
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_directives import Ack, Finished, KeepAlive, Nak, Prompt, PromptFor
from fsw.protocols.cfdp_packets import PacketBlock, data_units
from fsw.protocols.cfdp_pdu import Condition, Directive, EndOfFile, FileData, Metadata, Transaction
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_transfer import Faults

SECOND = 1_000_000_000
FILE = File(b"0000000007.jpg", bytes(range(250)) * 2, b"PICT of what")
FAULTS = Faults(5 * SECOND, 1000, 10_000 * SECOND)

widths = st.integers(1, 4)
parameters = st.fixed_dictionaries(
    {
        "segment_octets": st.integers(1, 300),
        "crc": st.integers(0, 1),
        "checksum": st.sampled_from(CHECKSUMS),
        "entity_octets": widths,
        "sequence_octets": widths,
    }
)


def transaction_of(sender, sequence):
    given = sender.parameters
    return Transaction(
        given["source"], sequence, given["destination"], bool(given["acknowledged"]), bool(given["crc"]),
        False, given["entity_octets"], given["sequence_octets"],
    )  # fmt: skip


def units_of(sender, sequence, file):
    """What the codec of the ground makes of the file."""
    transaction, given = transaction_of(sender, sequence), sender.parameters
    name = file.name.decode()
    messages = (file.message,) if file.message else ()
    size, segment = len(file.octets), given["segment_octets"]
    return [
        pdus.encode(Metadata(transaction, given["checksum"], size, name, name, messages)),
        *(
            pdus.encode(FileData(transaction, at, file.octets[at : at + segment]))
            for at in range(0, size, segment)
        ),
        pdus.encode(EndOfFile(transaction, 0, cfdp_checksum.checksum(given["checksum"], file.octets), size)),
    ]


def answer(sender, sequence, content):
    return directives.encode(transaction_of(sender, sequence), content)


@given(parameters, st.binary(max_size=900), st.binary(max_size=64), st.booleans(), st.integers(0, 255))
def test_a_file_is_octet_for_octet_what_the_codec_makes_of_it(given, octets, message, acknowledged, sequence):
    sender = CFileSender(**given, acknowledged=acknowledged)
    file = File(b"0000000007.jpg", octets, message)
    sender.begin(3, sequence, file)
    assert sender.under_way == bool(octets)
    assert sender.produce(0) == units_of(sender, sequence, file)
    assert sender.ended == ([] if acknowledged else [(3, "delivered", 0)])
    assert not sender.has_output


def test_a_transaction_by_hand():
    """Octets counted off 727.0-B-5, 5.1 to 5.3: class 1, widths 1 and 2, modular checksum, no CRC."""
    sender = CFileSender(acknowledged=0, sequence_octets=2, segment_octets=4)
    sender.begin(0, 0x0203, File(b"a", b"\1\2\3\4\5", b"hi"))

    def header(kind, octets):
        return bytes([kind, 0, octets, 0x01, 246, 2, 3, 1])

    assert sender.produce(0) == [
        header(0x24, 14) + b"\7\0\0\0\0\5\1a\1a\2\2hi",
        header(0x34, 8) + b"\0\0\0\0\1\2\3\4",
        header(0x34, 5) + b"\0\0\0\4\5",
        header(0x24, 10) + b"\4\0\6\2\3\4\0\0\0\5",
    ]


@given(st.binary(max_size=600))
def test_checksums_are_those_of_the_ground(octets):
    data = ffi.new("uint8_t[]", octets + b"\0")
    for kind in CHECKSUMS:
        assert lib.file_checksum(kind, data, len(octets)) == cfdp_checksum.checksum(kind, octets)
    assert lib.file_checksum(3, data, len(octets)) == zlib.crc32(octets)


@given(
    parameters, st.booleans(), st.lists(st.integers(1, 400), min_size=1, max_size=60), st.binary(max_size=900)
)
def test_whatever_the_room_the_units_are_the_same(given, acknowledged, rooms, octets):
    whole, pieces = (CFileSender(**given, acknowledged=acknowledged) for _ in range(2))
    file = File(b"name", octets, b"message")
    whole.begin(0, 1, file)
    pieces.begin(0, 1, file)
    units = []
    for room in [*rooms, 10**6]:
        units += pieces.produce(0, room)
        pieces = pieces.copy()
    assert units == whole.produce(0)


def link(units, chance, loss):
    """Some lost, some twice, in any order."""
    arrived = [u for u in units for _ in range(chance.integers(1, 3)) if chance.random() >= loss]
    return [arrived[i] for i in chance.permutation(len(arrived))] if loss else units


@given(
    parameters,
    st.lists(st.binary(max_size=2000), min_size=1, max_size=5),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_acknowledged_files_all_come_whole_over_any_link_that_heals(given, contents, loss, immediate, seed):
    chance = np.random.default_rng(seed)
    sender = CFileSender(**given)
    receiver = Receiver(ReceiverSettings(1, 5, FAULTS, immediate, 5 * SECOND, 1000, telecommand=True))
    events, waiting, now_ns = [], list(enumerate(contents)), 0
    for turn in range(600):
        loss_now = loss if turn < 40 else 0.0
        if waiting and not sender.under_way:
            slot, octets = waiting.pop(0)
            sender.begin(slot, slot, File(b"%d" % slot, octets, b"m%d" % slot))
        for unit in link(sender.produce(now_ns, 1000), chance, loss_now):
            events += receiver.receive(unit, now_ns)
        for unit in link(list(data_units(receiver.produce(600, now_ns))), chance, loss_now):
            assert sender.receive(unit, now_ns) in ("taken", "stranger")
        sender = sender.copy() if turn % 7 == 0 and not sender.ended else sender
        now_ns += SECOND
        events += receiver.poll(now_ns)
        sender.poll(now_ns)
        if not waiting and not sender.files and not receiver.open_transfers and not sender.has_output:
            break
    assert [e for e in events if isinstance(e, FileIncomplete)] == []
    received = {e.sequence: (e.name, e.octets, e.messages) for e in events if isinstance(e, FileReceived)}
    assert received == {i: (str(i), octets, (b"m%d" % i,)) for i, octets in enumerate(contents)}
    assert sorted(slot for slot, _, _ in sender.ended) == list(range(len(contents)))
    assert {fate for _, fate, _ in sender.ended} == {"delivered"}


@given(parameters, st.binary(max_size=2000), st.sampled_from([0.0, 0.1, 0.5]), st.integers(0, 2**32))
def test_an_unacknowledged_file_comes_whole_or_is_told_of(given, octets, loss, seed):
    chance = np.random.default_rng(seed)
    sender = CFileSender(**given, acknowledged=0)
    receiver = Receiver(ReceiverSettings(1, 5, FAULTS))
    sender.begin(0, 9, File(b"x", octets))
    events = []
    units = link(sender.produce(0), chance, loss)
    for unit in units:
        events += receiver.receive(unit, 0)
    events += receiver.poll(10 * SECOND)
    events += receiver.finish()
    assert sender.ended == [(0, "delivered", 0)]
    assert len(events) <= 1 + (loss > 0)
    if set(units) == set(units_of(sender, 9, File(b"x", octets))):
        assert [e.octets for e in events if isinstance(e, FileReceived)] == [octets]
    elif units:
        assert any(isinstance(e, FileIncomplete) or e.__class__.__name__ == "FaultDeclared" for e in events)


def sent(**parameters):
    """A sender whose file has gone out for the first time."""
    sender = CFileSender(**parameters)
    sender.begin(0, 77, FILE)
    return sender, sender.produce(0)


def test_a_nak_brings_what_is_missing_and_the_metadata_first():
    sender, units = sent()
    assert (
        sender.receive(answer(sender, 77, Nak(0, 500, ((0, 0), (200, 210), (400, 500)))), SECOND) == "taken"
    )
    resent = [pdus.decode(unit) for unit in sender.produce(SECOND)]
    assert pdus.encode(resent[0]) == units[0]
    assert [(p.offset, p.octets) for p in resent[1:]] == [
        (200, FILE.octets[200:210]),
        (400, FILE.octets[400:500]),
    ]
    assert sender.state.count.resent_octets == 110


def test_what_the_receiver_waits_for_goes_before_new_files():
    sender, _ = sent()
    sender.begin(1, 78, FILE)
    first = sender.produce(0, most_units=2)
    assert sender.receive(answer(sender, 77, Nak(0, 500, ((0, 7),))), SECOND) == "taken"
    sender.receive(answer(sender, 70, Finished(0, True, 2)), SECOND)  # of long ago: acknowledged before all
    resent, rest = pdus.decode(sender.produce(SECOND, most_units=2)[1]), sender.produce(SECOND)
    assert (resent.transaction.sequence, resent.offset, len(resent.octets)) == (77, 0, 7)
    assert [*first, *rest] == units_of(sender, 78, FILE)


def test_the_end_of_file_is_said_again_until_acknowledged_then_silence_cancels():
    sender, units = sent(ack_limit=4, inactivity_ms=60_000)
    assert sender.next_ns == 5 * SECOND
    sender.poll(5 * SECOND - 1)
    assert not sender.has_output
    sender.poll(5 * SECOND)
    assert sender.produce(5 * SECOND) == [units[-1]]
    assert sender.receive(answer(sender, 77, Ack(Directive.EOF, 0, 1)), 6 * SECOND) == "taken"
    assert sender.next_ns == 66 * SECOND
    sender.receive(answer(sender, 77, KeepAlive(3)), 16 * SECOND)
    assert sender.next_ns == 76 * SECOND
    sender.poll(76 * SECOND)
    (end,) = (pdus.decode(unit) for unit in sender.produce(76 * SECOND))
    assert (end.condition, end.fault_entity, end.file_size) == (Condition.INACTIVITY, 246, 500)
    sender.receive(answer(sender, 77, Ack(Directive.EOF, Condition.INACTIVITY, 1)), 77 * SECOND)
    assert sender.ended == [(0, "cancelled", Condition.INACTIVITY)]
    assert sender.next_ns == NEVER


def test_nobody_acknowledges_it_is_cancelled_and_then_given_up():
    sender, _ = sent(ack_limit=2)
    said, now_ns = [], 0
    while not sender.ended:
        now_ns += SECOND
        sender.poll(now_ns)
        said += [(now_ns // SECOND, pdus.decode(unit).condition) for unit in sender.produce(now_ns)]
    assert said == [(5, 0), (10, Condition.ACK_LIMIT), (15, Condition.ACK_LIMIT)]
    assert (now_ns, sender.ended) == (20 * SECOND, [(0, "cancelled", Condition.ACK_LIMIT)])


def test_without_a_link_no_timer_runs():
    sender = CFileSender()
    sender.begin(0, 1, FILE)
    assert sender.next_ns == NEVER
    sender.produce(0, 1)
    sender.poll(10**15)
    assert (sender.ended, sender.under_way) == ([], True)


@pytest.mark.parametrize("acknowledged", [0, 1])
def test_a_cancelled_file_ends_with_what_was_sent_of_it(acknowledged):
    sender = CFileSender(acknowledged=acknowledged)
    sender.begin(0, 5, FILE)
    sender.produce(0, most_units=2)
    sender.cancel(0)
    (end,) = (pdus.decode(unit) for unit in sender.produce(0))
    assert (end.condition, end.file_size) == (Condition.CANCEL_REQUEST, 200)
    assert end.checksum == cfdp_checksum.modular(FILE.octets[:200])
    assert sender.ended == ([] if acknowledged else [(0, "cancelled", 15)])
    if acknowledged:
        receiver = Receiver(ReceiverSettings(1, 5, FAULTS))
        assert [e.reason for e in receiver.receive(pdus.encode(end), 0)] == ["cancelled"]
        for unit in data_units(receiver.produce(1000, 0)):
            sender.receive(unit, 0)
        assert sender.ended == [(0, "cancelled", 15)]
        for unit in sender.produce(0):
            receiver.receive(unit, 0)
        assert receiver.open_transfers == 0


def test_a_late_acknowledgement_does_not_end_the_cancel():
    sender, _ = sent()
    sender.cancel(0)
    sender.produce(0)
    sender.receive(answer(sender, 77, Ack(Directive.EOF, 0, 1)), 0)
    assert sender.ended == []


@pytest.mark.parametrize(
    ("content", "ended"),
    [
        (Finished(0, True, 2), (0, "delivered", 0)),
        (Finished(Condition.CANCEL_REQUEST, False, 0, (), 1), (0, "refused", 15)),
        (Finished(Condition.NAK_LIMIT, False, 0, (), 1), (0, "refused", 7)),
        (Finished(0, False, 0), (0, "refused", 0)),
        (Ack(Directive.EOF, 0, 2), (0, "unconfirmed", 0)),
        (Ack(Directive.EOF, 0, 3), (0, "unconfirmed", 0)),
    ],
)
def test_what_the_receiver_says_last_decides(content, ended):
    sender, _ = sent()
    assert sender.receive(answer(sender, 77, content), SECOND) == "taken"
    assert sender.ended == [ended]
    said = [directives.read(pdus.decode(unit)) for unit in sender.produce(SECOND)]
    if isinstance(content, Finished):
        assert said == [Ack(Directive.FINISHED, content.condition, 2)]
        sender.receive(answer(sender, 77, content), SECOND)  # the acknowledgement was lost
        again = [directives.read(pdus.decode(unit)) for unit in sender.produce(SECOND)]
        assert again == [Ack(Directive.FINISHED, content.condition, 0)]


def test_more_gaps_than_are_kept_are_asked_for_again():
    sender = CFileSender(segment_octets=1)
    sender.begin(0, 77, FILE)
    sender.produce(0)
    every_other = tuple((i, i + 1) for i in range(0, 500, 2))
    sender.receive(answer(sender, 77, Nak(0, 500, every_other)), SECOND)
    assert len(sender.produce(SECOND)) == lib.FILE_DELIVERY_GAPS_MAX


def wrong(sender):
    good = answer(sender, 77, Nak(0, 500, ((0, 7),)))
    other = Transaction(246, 77, 9, True, bool(sender.parameters["crc"]), False, 1, 4)
    large = Transaction(246, 77, 1, True, bool(sender.parameters["crc"]), True, 1, 4)

    def directive(kind, octets):
        return pdus.encode(pdus.OtherDirective(transaction_of(sender, 77), kind, True, octets))

    forth = pdus.OtherDirective(transaction_of(sender, 77), Directive.NAK, False, bytes(8))
    return [
        (b"", "length"),
        (good[:-1], "length"),
        (good + b"\0", "length"),
        (answer(sender, 77, Prompt(PromptFor.NAK)), "header"),  # toward the receiver
        (pdus.encode(forth), "header"),
        (bytes([good[0] ^ 0x20]) + good[1:], "header"),
        (directives.encode(large, KeepAlive(1)), "header"),
        (directives.encode(other, KeepAlive(1)), "entity"),
        (units_of(sender, 77, FILE)[0], "header"),
        (answer(sender, 78, KeepAlive(1)), "stranger"),
        (directive(Directive.ACK, b"\x51\1"), "directive"),  # of a Finished: it has sent none
        (directive(Directive.NAK, bytes(9)), "length"),
        (directive(Directive.PROMPT, b"\0"), "directive"),
    ]


@pytest.mark.parametrize("crc", [0, 1])
def test_what_is_no_sound_answer_is_dropped_and_counted(crc):
    sender, _ = sent(crc=crc)
    for unit, why in wrong(sender):
        assert sender.receive(unit, SECOND) == why
    counts = {name: sender.state.count.unit[i] for i, name in enumerate(UNITS)}
    assert sum(counts.values()) == len(wrong(sender))
    assert (sender.ended, sender.has_output, counts["taken"]) == ([], False, 0)


def test_an_answer_in_wider_identifiers_is_understood():
    sender, _ = sent()
    wide = Transaction(246, 77, 1, True, entity_octets=8, sequence_octets=8)
    assert sender.receive(directives.encode(wide, Finished(0, True, 2)), 0) == "taken"
    wider = Transaction(246 | 1 << 40, 77, 1, True, entity_octets=8, sequence_octets=8)
    assert sender.receive(directives.encode(wider, Finished(0, True, 2)), 0) == "entity"


@given(st.data(), st.integers(0, 1))
def test_a_flipped_bit_is_found_by_the_crc(data, acknowledged):
    sender, _ = sent(crc=1)
    unit = bytearray(answer(sender, 77, Finished(0, True, 2)))
    unit[data.draw(st.integers(0, len(unit) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert sender.receive(bytes(unit), 0) != "taken"
    assert sender.ended == []


@given(st.lists(st.binary(max_size=60), max_size=8), st.lists(st.binary(max_size=40), max_size=8))
def test_garbage_never_does_harm(garbage, fields):
    sender, _ = sent()
    head = answer(sender, 77, KeepAlive(0))[:10]
    for octets in [*garbage, *(head[:1] + len(f).to_bytes(2, "big") + head[3:] + f for f in fields)]:
        assert sender.receive(octets, SECOND) in UNITS
        sender.produce(SECOND)
    sender.poll(10**14)


def test_a_run_of_segments_with_crcs_is_taken_as_one_and_a_damaged_one_is_left_out():
    _, units = sent(crc=1, segment_octets=50, acknowledged=0)
    units[4] = units[4][:-9] + bytes([units[4][-9] ^ 1]) + units[4][-8:]
    packets = [b"\0\0\0\0\0\0" + unit for unit in units]
    block = PacketBlock(
        np.frombuffer(b"".join(packets), np.uint8), np.array([len(p) for p in packets], np.int64)
    )
    receiver = Receiver(ReceiverSettings(1, 5, FAULTS))
    assert receiver.receive_block(block, 0) == []
    assert receiver.dropped == {"CRC wrong": 1}
    (incomplete,) = receiver.finish()
    assert incomplete.missing == ((150, 200),)


@pytest.mark.parametrize(
    "change",
    [{"segment_octets": 0}, {"segment_octets": 65_001}, {"checksum": 1}, {"entity_octets": 0},
     {"entity_octets": 5}, {"sequence_octets": 5}, {"source": 256}, {"destination": 246}, {"ack_ms": 0},
     {"ack_limit": 0}, {"inactivity_ms": 0}, {"crc": 2}, {"acknowledged": 2}],
    ids=str,
)  # fmt: skip
def test_parameters_out_of_bounds_are_refused(change):
    with pytest.raises(ValueError, match="refused"):
        CFileSender(**change)
    assert CFileSender().parameters == DEFAULTS
