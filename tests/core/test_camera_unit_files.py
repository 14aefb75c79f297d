"""The camera's firmware where its pictures go as CFDP files: slots held, upsets found, restarts."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw.core.binding import ffi
from fsw.core.camera_unit import CameraParameters, CameraUnit, FileDelivery
from fsw.core.errors import FswError
from fsw.core.picture_assembly import picture_of_message
from fsw.dictionary import camera
from fsw.dictionary.identifiers import LensSelection, PictureCoding, PictureSize
from fsw.protocols import cfdp_directives as directives
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import checksum
from fsw.protocols.cfdp_directives import Ack, Finished
from fsw.protocols.cfdp_pdu import Condition, Directive, EndOfFile, FileData, Metadata

SECOND = 1_000_000_000
OCTETS = bytes(range(200)) * 10
UNDELIVERED, DAMAGED = 6, 2


def made(acknowledged, slots=4, **files):
    given = FileDelivery(246, 245, acknowledged, 300, True, ack_ms=1000, ack_limit=3, **files)
    unit = CameraUnit(CameraParameters(slots=slots, slot_octets=4000, files=given))
    unit.separation(0)
    return unit


def take(unit, now_ns, octets=OCTETS):
    for order in unit.poll(now_ns):
        unit.commit(order.handle, octets, now_ns)


def said(unit, now_ns, budget=10**6):
    """Data units of pictures, and reports' (code, detail)."""
    octets, lengths = unit.transmit(now_ns, budget)
    units, reports, at = [], [], 0
    for length in lengths.tolist():
        packet = octets[at : at + length].tobytes()
        at += length
        apid = int.from_bytes(packet[:2], "big")
        if apid == 0x310:
            assert packet[2] >> 6 == 3
            units.append(pdus.decode(packet[6:]))
            assert not isinstance(units[-1], str)
        elif apid == 0x312 and packet[13] == 3:
            reports.append((packet[14], int.from_bytes(packet[16:20], "big")))
    return units, reports


def answer(unit, transaction, content, now_ns):
    octets = directives.encode(transaction, content)
    header = b"\x13\x14\xc0\0" + (len(octets) - 1).to_bytes(2, "big")
    return unit.receive(header + octets, now_ns)


def test_a_picture_is_a_file_with_its_number_name_and_descriptor():
    unit = made(False)
    take(unit, 2 * SECOND)
    units, _ = said(unit, 2 * SECOND)
    metadata = [u for u in units if isinstance(u, Metadata)]
    assert [(m.transaction.sequence, m.source_name, m.file_size) for m in metadata] == [
        (2, "0000000001.jpg", 2000),
        (5, "0000000002.jpg", 2000),
    ]
    for lens, one in enumerate(metadata):
        picture = picture_of_message(one.messages[0], one.file_size)
        assert (picture.number, picture.lens, picture.width, picture.encoding) == (
            lens + 1,
            lens,
            800,
            "jpeg",
        )
        assert (picture.total_octets, picture.descriptor.start_ns) == (2000, 2 * SECOND)
    for sequence in (2, 5):
        own = [u for u in units if u.transaction.sequence == sequence]
        assert b"".join(u.octets for u in own if isinstance(u, FileData)) == OCTETS
        assert isinstance(own[-1], EndOfFile)
    assert (unit.counters()["sent"], unit.counters()["slots_free"], unit.waiting) == (2, 4, False)


@pytest.mark.parametrize(
    "message", [b"", b"PICT" + bytes(26), b"PACT" + bytes(3) + b"\1" + bytes(22), bytes(29), bytes(31)]
)
def test_another_message_describes_no_picture(message):
    assert picture_of_message(message, 1) is None


def test_slots_are_held_until_finished_and_beats_wait_for_them():
    unit = made(True)
    for second in (2, 3, 4):
        take(unit, second * SECOND)
        said(unit, second * SECOND)
    counters = unit.counters()
    assert (counters["slots_sending"], counters["no_slot_0"], counters["sent"]) == (4, 1, 0)
    transaction = pdus.Transaction(246, 2, 245, True, True, False, 1, 4)
    assert answer(unit, transaction, Finished(0, True, 2), 4 * SECOND)
    assert (unit.counters()["slots_free"], unit.counters()["sent"]) == (1, 1)
    (acknowledgement,), _ = said(unit, 4 * SECOND)
    assert directives.read(acknowledgement) == Ack(Directive.FINISHED, 0, 2)


@pytest.mark.parametrize("acknowledged", [False, True])
def test_an_upset_on_the_way_cancels_the_file_and_is_reported_once(acknowledged):
    unit = made(acknowledged, slots=1)
    take(unit, 2 * SECOND)
    units, _ = said(unit, 2 * SECOND, 1000)
    assert len([u for u in units if isinstance(u, FileData)]) >= 1
    unit.memory[1999] ^= 1
    units, reports = said(unit, 2 * SECOND)
    assert units[-1].condition == Condition.CHECKSUM_FAILURE
    assert reports == [(DAMAGED, 1)]
    if acknowledged:
        ack = Ack(Directive.EOF, Condition.CHECKSUM_FAILURE, 1)
        answer(unit, units[-1].transaction, ack, 2 * SECOND)
    counters = unit.counters()
    assert (counters["damaged"], counters["sent"], counters["undelivered"], counters["slots_free"]) == (
        1,
        0,
        0,
        1,
    )


def test_what_the_orbiter_never_acknowledges_is_given_up_and_reported():
    unit = made(True, slots=1)
    take(unit, 2 * SECOND)
    conditions = []
    now_ns = 2 * SECOND
    while not unit.counters()["undelivered"]:
        units, _ = said(unit, now_ns)
        conditions += [u.condition for u in units if isinstance(u, EndOfFile)]
        now_ns = unit.next_ns()
        assert now_ns < 30 * SECOND
        unit.poll(now_ns)
    _, reports = said(unit, now_ns)
    assert reports == [(UNDELIVERED, 1)]
    assert conditions[:3] == [0, 0, 0]
    assert set(conditions[3:]) == {Condition.ACK_LIMIT}


@given(st.lists(st.integers(0, 700), max_size=30), st.booleans())
def test_a_copy_from_a_snapshot_says_the_same_whatever_the_budgets(budgets, acknowledged):
    first, second = made(acknowledged), made(acknowledged)
    take(first, 2 * SECOND)
    for i, budget in enumerate(budgets):
        now_ns = 2 * SECOND + i * SECOND // 50
        second.load(first.save())
        mine, theirs = first.transmit(now_ns, budget), second.transmit(now_ns, budget)
        assert mine[0].tobytes() == theirs[0].tobytes()
        assert len(mine[0]) <= budget
        assert first.save() == second.save()


def test_a_restart_forgets_the_files_and_goes_on_with_the_numbers():
    unit = made(True)
    take(unit, 2 * SECOND)
    said(unit, 2 * SECOND, 1000)
    unit.restart(2 * SECOND)
    assert (unit.counters()["slots_free"], unit.counters()["dropped"]) == (4, 2)
    take(unit, 3 * SECOND)
    units, _ = said(unit, 3 * SECOND)
    assert [u.transaction.sequence for u in units if isinstance(u, Metadata)] == [6, 9]


def test_unsound_data_units_are_counted_as_telecommands_are():
    unit = made(True)
    unit.poll(2 * SECOND)
    transaction = pdus.Transaction(246, 2, 245, True, True, False, 1, 4)
    assert not answer(
        unit, pdus.Transaction(246, 2, 9, True, True, False, 1, 4), Finished(0, True, 2), 2 * SECOND
    )
    assert answer(unit, transaction, Finished(0, True, 2), 2 * SECOND)  # of long ago
    assert not unit.receive(b"\x13\x14\xc0\0\0\5\0\0\0\0\0\0", 2 * SECOND)
    counters = unit.counters()
    assert (counters["discarded_header"], counters["discarded_length"]) == (1, 1)
    assert (counters["units_entity"], counters["units_stranger"], counters["uplink_length"]) == (1, 1, 1)


@pytest.mark.parametrize("wrong", [{"source": 245}, {"segment_octets": 0}, {"apid_units": 0x310}], ids=str)
def test_parameters_of_files_out_of_bounds_are_refused(wrong):
    with pytest.raises(FswError, match="out of bounds"):
        CameraParameters(files=FileDelivery(**{"source": 246, "destination": 245} | wrong))


def settings(**changes):
    given = {
        "size": PictureSize.UXGA_1600X1200,
        "coding": PictureCoding.JPEG,
        "exposure_us": 2500,
        "gain_256ths": 0x0200,
        "period_ms": 2000,
        "lens": LensSelection.B,
    }
    return camera.settings_file(**given | changes)


def send(unit, octets, now_ns=2 * SECOND, acknowledged=True, sequence=9):
    """A file to the unit; what it answers, and its reports (kind, code, function, request)."""
    transaction = pdus.Transaction(245, sequence, 246, acknowledged, True, False, 1, 4)
    for one in (
        Metadata(transaction, 0, len(octets), "settings", "settings"),
        FileData(transaction, 0, octets),
        EndOfFile(transaction, 0, checksum(0, octets), len(octets)),
    ):
        packet = pdus.encode(one)
        assert unit.receive(b"\x13\x14\xc0\0" + (len(packet) - 1).to_bytes(2, "big") + packet, now_ns)
    out, lengths = unit.transmit(now_ns, 10**6)
    answers, reports, at = [], [], 0
    for length in lengths.tolist():
        packet = out[at : at + length].tobytes()
        at += length
        one = pdus.decode(packet[6:]) if packet[1] == 0x10 else None
        if isinstance(one, pdus.OtherDirective):
            answers.append(directives.read(one))
        elif packet[1] == 0x12 and packet[13] != 3:
            reports.append((packet[13], packet[14], packet[15], int.from_bytes(packet[16:20], "big")))
    return answers, reports


@pytest.mark.parametrize("acknowledged", [False, True])
def test_a_settings_file_is_taken_whole(acknowledged):
    unit = made(True)
    take(unit, 2 * SECOND)
    answers, reports = send(unit, settings(), 5 * SECOND // 2, acknowledged)
    assert answers == ([Ack(Directive.EOF, 0, 1), Finished(0, True, 2)] if acknowledged else [])
    assert reports == [(1, 0, 7, 9)]
    orders = []
    while len(orders) < 4:
        now_ns = unit.next_ns()
        for order in unit.poll(now_ns):
            unit.fail(order.handle, now_ns)
            orders.append(
                (order.start_ns // SECOND, order.lens, order.exposure_us, order.gain_256ths, order.width)
            )
    assert orders == [
        (second, lens, *((2500, 512, 1600) if lens else (1000, 256, 800)))
        for second in (3, 5)
        for lens in (0, 1)
    ]


@pytest.mark.parametrize(
    ("octets", "refusal"),
    [
        (b"", 5),
        (b"SETS" + bytes(16), 5),
        (settings()[:-1], 5),
        (settings() + b"\0", 5),
        (b"S" + settings()[:-1], 5),
        (settings(exposure_us=2_000_001), 3),
        (settings(exposure_us=0xFFFFFFFF), 3),
        (settings(gain_256ths=255), 3),
        (settings(period_ms=99), 3),
        (settings(period_ms=4001), 3),
        (settings(lens=3), 3),
        (settings(coding=PictureCoding.RAW_BAYER), 4),
    ],
    ids=lambda value: value.hex() if isinstance(value, bytes) else str(value),
)
def test_a_bad_settings_file_is_refused_and_changes_nothing(octets, refusal):
    unit = made(True)
    unit.poll(2 * SECOND)
    before = bytes(ffi.buffer(ffi.addressof(unit._self, "settings")))
    answers, reports = send(unit, octets)
    assert [type(a) for a in answers] == [Ack, Finished]
    assert (answers[1].condition, answers[1].complete) == (Condition.FILESTORE_REJECTION, False)
    assert reports == [(2, refusal, 7, 9)]
    assert bytes(ffi.buffer(ffi.addressof(unit._self, "settings"))) == before
    assert unit.counters()["refused"] == 1


@given(st.binary(max_size=30))
def test_octets_that_are_no_settings_file_change_nothing(octets):
    unit = made(True)
    unit.poll(2 * SECOND)
    before = bytes(ffi.buffer(ffi.addressof(unit._self, "settings")))
    send(unit, b"SETS" + octets)
    assert bytes(ffi.buffer(ffi.addressof(unit._self, "settings"))) == before


def test_a_settings_file_with_a_changed_octet_on_the_way_is_not_taken():
    unit = made(True)
    unit.poll(2 * SECOND)
    transaction = pdus.Transaction(245, 9, 246, True, True, False, 1, 4)
    octets = settings()
    wrong = octets[:10] + bytes([octets[10] ^ 1]) + octets[11:]
    for one in (
        Metadata(transaction, 0, 20, "s", "s"),
        FileData(transaction, 0, wrong),
        EndOfFile(transaction, 0, checksum(0, octets), 20),
    ):
        packet = pdus.encode(one)
        unit.receive(b"\x13\x14\xc0\0" + (len(packet) - 1).to_bytes(2, "big") + packet, 2 * SECOND)
    assert (unit.counters()["accepted"], unit.counters()["refused"]) == (0, 0)
