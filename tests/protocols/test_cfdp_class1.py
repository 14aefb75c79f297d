"""Class 1 transfers: whole files come whole, whatever order and company; others are told of."""

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_directives import PromptFor
from fsw.protocols.cfdp_packets import PacketBlock
from fsw.protocols.cfdp_pdu import Condition
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.protocols.cfdp_transfer import FaultDeclared, Faults, Handler, TransferEnded

APID = 1921


def _packets(block: PacketBlock) -> list[bytes]:
    octets, at, packets = block.octets.tobytes(), 0, []
    for length in block.lengths.tolist():
        packets.append(octets[at : at + length])
        at += length
    assert at == len(octets)
    return packets


def _pdus(sender: Sender, room: int = 1 << 30) -> list[bytes]:
    found = []
    while sender.waiting_files:
        packets = _packets(sender.produce(room, 0))
        if not packets:
            break
        found += [packet[6:] for packet in packets]
    return found


def _sender(**settings: object) -> Sender:
    return Sender(SenderSettings(245, 1, APID, **settings))  # type: ignore[arg-type]


files = st.lists(st.binary(max_size=700), min_size=1, max_size=5)


@given(
    files,
    st.integers(1, 300),
    st.integers(400, 2000),
    st.sampled_from([ChecksumType.MODULAR, ChecksumType.CRC_32C, ChecksumType.CRC_32]),
    st.booleans(),
)
def test_files_come_whole_and_packets_are_well_formed(
    contents: list[bytes], segment: int, room: int, kind: ChecksumType, crc: bool
) -> None:
    sender = _sender(segment_octets=segment, checksum_type=kind, crc=crc)
    for number, octets in enumerate(contents):
        assert (
            sender.put(PutRequest(f"thumb/{number:07d}.jpg", octets, (b"fsw1" + bytes([number]),))) == number
        )
    packets = []
    while sender.waiting_files:
        block = _packets(sender.produce(room, 0))
        assert 0 < sum(map(len, block)) <= room
        packets += block
    for count, packet in enumerate(packets):
        assert packet[:2] == APID.to_bytes(2, "big")
        assert int.from_bytes(packet[2:4], "big") == 0xC000 | count
        assert int.from_bytes(packet[4:6], "big") == len(packet) - 7
    receiver = Receiver(ReceiverSettings(1))
    events = [event for packet in packets for event in receiver.receive(packet[6:], 0)]
    assert events == [
        FileReceived(245, number, f"thumb/{number:07d}.jpg", octets, (b"fsw1" + bytes([number]),))
        for number, octets in enumerate(contents)
    ]
    assert receiver.dropped == {}
    assert sender.events() == [
        TransferEnded(245, n, f"thumb/{n:07d}.jpg", Condition.NO_ERROR, None) for n in range(len(contents))
    ]
    assert receiver.next_deadline_ns is None


@given(files, st.data())
def test_order_and_repeats_do_not_matter_within_the_check_time(
    contents: list[bytes], data: st.DataObject
) -> None:
    sender = _sender(segment_octets=100)
    for number, octets in enumerate(contents):
        sender.put(PutRequest(str(number), octets))
    units = _pdus(sender)
    shuffled = data.draw(st.permutations(units + data.draw(st.lists(st.sampled_from(units), max_size=5))))
    receiver = Receiver(ReceiverSettings(1))
    events = [event for unit in shuffled for event in receiver.receive(unit, 5)]
    assert {(e.sequence, e.octets) for e in events if isinstance(e, FileReceived)} == set(enumerate(contents))
    assert len(events) == len(contents)


@given(st.binary(min_size=1, max_size=1000), st.data())
def test_what_is_lost_is_reported_exactly(octets: bytes, data: st.DataObject) -> None:
    sender = _sender(segment_octets=50)
    sender.put(PutRequest("full/0000001.jpg", octets))
    units = _pdus(sender)
    lost = data.draw(st.sets(st.integers(0, len(units) - 1)))
    receiver = Receiver(ReceiverSettings(1, faults=Faults(check_ns=10, inactivity_ns=1000)))
    events = [e for n, unit in enumerate(units) if n not in lost for e in receiver.receive(unit, 0)]
    if not lost:
        assert isinstance(events[0], FileReceived)
        return
    assert events == []
    if len(lost) == len(units):
        return
    end_came = len(units) - 1 not in lost
    deadline = receiver.next_deadline_ns
    assert deadline == (10 if end_came else 1000)
    assert receiver.poll(deadline - 1) == []
    fault, event = receiver.poll(deadline)
    condition = Condition.CHECK_LIMIT if end_came else Condition.INACTIVITY
    assert fault == FaultDeclared(245, 0, condition, Handler.CANCEL)
    assert isinstance(event, FileIncomplete)
    assert event.reason == ("data missing" if end_came else "inactivity")
    assert event.name == (None if 0 in lost else "full/0000001.jpg")
    whole = set(range(len(octets)))
    missing = {
        at for n in lost if 0 < n < len(units) - 1 for at in range(50 * (n - 1), min(50 * n, len(octets)))
    }
    told: set[int] = set()
    for low, high in event.missing:
        told |= set(range(low, len(octets) if high == -1 else high))
    assert told == missing
    assert event.received_octets == len(whole - missing)
    size_known = end_came or 0 not in lost
    assert event.expected_octets == (len(octets) if size_known else None)
    assert receiver.open_transfers == 0


def test_a_wrong_octet_fails_the_checksum() -> None:
    sender = _sender()
    sender.put(PutRequest("a", b"The whole stack before black space"))
    metadata, data, end = _pdus(sender)
    receiver = Receiver(ReceiverSettings(1))
    receiver.receive(metadata, 0)
    receiver.receive(data[:-1] + b"\0", 0)
    _, event = receiver.receive(end, 0)
    assert isinstance(event, FileIncomplete)
    assert (event.reason, event.missing) == ("checksum", ())


def test_a_cancelled_file_is_incomplete_and_the_next_one_comes() -> None:
    sender = _sender(segment_octets=100)
    first = sender.put(PutRequest("a", bytes(1000)))
    dropped = sender.put(PutRequest("b", bytes(10)))
    sender.put(PutRequest("c", b"last"))
    units = [packet[6:] for packet in _packets(sender.produce(500, 0))]
    assert sender.cancel(first) == []
    cancelled = Condition.CANCEL_REQUEST
    assert sender.cancel(dropped) == [TransferEnded(245, dropped, "b", cancelled, False)]
    assert sender.cancel(99) == []
    units += _pdus(sender)
    receiver = Receiver(ReceiverSettings(1))
    events = [event for unit in units for event in receiver.receive(unit, 0)]
    assert [type(event) for event in events] == [FileIncomplete, FileReceived]
    assert isinstance(events[0], FileIncomplete)
    assert events[0].reason == "cancelled"
    assert [(e.condition, e.delivered) for e in sender.events()] == [(cancelled, False), (0, None)]


def test_sizes_that_contradict_are_not_believed() -> None:
    transaction = pdus.Transaction(245, 3, 1)
    receiver = Receiver(ReceiverSettings(1))
    receiver.receive(pdus.encode(pdus.Metadata(transaction, 0, 4, "a", "a")), 0)
    receiver.receive(pdus.encode(pdus.FileData(transaction, 0, b"abcdef")), 0)
    _, event = receiver.receive(pdus.encode(pdus.EndOfFile(transaction, 0, 0, 4)), 0)
    assert isinstance(event, FileIncomplete)
    assert event.reason == "size"


def test_garbage_is_dropped_and_counted_by_reason() -> None:
    receiver = Receiver(ReceiverSettings(1, most_file_octets=1000))
    other = pdus.Transaction(245, 1, 9)
    assert receiver.receive(b"", 0) == []
    receiver.receive(pdus.encode(pdus.FileData(other, 0, b"x")), 0)
    receiver.receive(pdus.encode(pdus.FileData(pdus.Transaction(245, 1, 1), 999, b"xy")), 0)
    receiver.receive(directives.encode(pdus.Transaction(2, 1, 1), directives.Prompt(PromptFor.NAK)), 0)
    assert receiver.dropped == {
        "too short for a header": 1,
        "another entity's": 1,
        "file too large": 1,
        "transaction is not open": 1,
    }
    assert receiver.open_transfers == 0


def test_what_a_peer_can_make_us_keep_is_bounded() -> None:
    receiver = Receiver(ReceiverSettings(1, most_open=2, most_kept_octets=100))
    one, two, three = (pdus.Transaction(245, number, 1) for number in (1, 2, 3))
    events = []
    for transaction in (one, two, three):
        events += receiver.receive(pdus.encode(pdus.FileData(transaction, 0, bytes(40))), 0)
    assert [(e.sequence, e.reason) for e in events if isinstance(e, FileIncomplete)] == [(1, "no room")]
    events = receiver.receive(pdus.encode(pdus.FileData(three, 40, bytes(40))), 0)
    assert [(e.sequence, e.reason) for e in events if isinstance(e, FileIncomplete)] == [(2, "no room")]
    (left,) = receiver.finish()
    assert isinstance(left, FileIncomplete)
    assert (left.sequence, left.received_octets, left.missing) == (3, 80, ((80, -1),))


@settings(max_examples=30)
@given(files, st.integers(0, 40), st.integers(60, 900))
def test_both_ends_go_on_after_saving_and_loading(contents: list[bytes], cut: int, room: int) -> None:
    def fly(break_at: int | None) -> tuple[list[bytes], list[object], object]:
        sender, receiver = _sender(segment_octets=30), Receiver(ReceiverSettings(1))
        for number, octets in enumerate(contents):
            sender.put(PutRequest(str(number), octets, (b"m",)))
        packets: list[bytes] = []
        events: list[object] = []
        for step in range(400):
            if step == break_at:
                state = msgpack.packb([sender.save(), receiver.save()])
                sender, receiver = _sender(segment_octets=30), Receiver(ReceiverSettings(1))
                saved = msgpack.unpackb(state)
                sender.load(saved[0])
                receiver.load(saved[1])
            for packet in _packets(sender.produce(room, step)):
                packets.append(packet)
                events += receiver.receive(packet[6:], step)
        return packets, events, receiver.save()

    assert fly(cut) == fly(None)


def test_wrong_settings_and_names_are_refused() -> None:
    with pytest.raises(FswError, match="segments of 0"):
        _sender(segment_octets=0)
    with pytest.raises(FswError, match="file name of 300"):
        _sender().put(PutRequest("x" * 300, b""))


def test_nothing_is_produced_where_nothing_fits() -> None:
    sender = _sender(segment_octets=1000)
    sender.put(PutRequest("a", bytes(3000)))
    assert len(sender.produce(10, 0).lengths) == 0
    assert len(sender.produce(200, 0).lengths) == 1  # the metadata
    assert len(sender.produce(1000, 0).lengths) == 0
    assert sender.waiting_octets == 3000
    assert len(sender.produce(2100, 0).lengths) == 2
    assert sender.waiting_octets == 1000


def test_a_restarted_sender_is_heard_again() -> None:
    receiver = Receiver(ReceiverSettings(1))
    names = []
    for name in ("first", "second", "second"):
        sender = _sender()
        sender.put(PutRequest(name, b"octets"))
        for unit in _pdus(sender):
            names += [event.name for event in receiver.receive(unit, 0)]
    assert names == ["first", "second"]
    assert receiver.dropped == {"transaction is finished": 3}
