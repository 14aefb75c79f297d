"""Request verification: every request gets exactly the reports that it asked for."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsw import dictionary
from fsw.core.telecommand import encode_cltu, encode_frame
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.protocols.telecommand_reception import ChannelSettings, ReceptionSettings
from fsw.tasks import names
from fsw.tasks.commanding import MAX_PENDING, Commanding
from fsw.tasks.messages import (
    Execute,
    Executed,
    Gather,
    Outcome,
    Progressed,
    PusReport,
    Submit,
    Uplinked,
    Values,
)


def cltu(packet):
    return encode_cltu(encode_frame(245, 0, packet, segment=(3, 0)), randomize=True)


def packet_of(name, arguments="", count=0, acknowledge=15):
    request = dictionary.parse_telecommand(name, arguments)
    command = request.telecommand
    acknowledge = pus.Acknowledge(acknowledge)
    return pus.encode_telecommand(
        pus.Telecommand(1920, count, command.service, command.subtype, 1, acknowledge, request.encode())
    )


def changed(packet, at, value):
    """With these octets there, and an error control that fits."""
    octets = packet[:at] + value + packet[at + len(value) : -2]
    return octets + pus.crc_hqx(octets, 0xFFFF).to_bytes(2, "big")


@pytest.fixture
def commanding(bench):
    return bench.of(names.COMMANDING)


@pytest.fixture(scope="module")
def reports(bench):
    """Subtypes of the ST[1] reports in the latest answers, with their failure codes."""

    def found(task):
        told = []
        for report in task.sent(names.DOWNLINK, PusReport):
            _, values = bench.decoded(report)
            if report.service == 1:
                told.append((report.subtype, values.get("failure_code")))
        return told

    return found


ANSWER_WITHIN_NS = 60 * SECOND  # at first
FAILURES = {
    "UNKNOWN_APID": lambda p: changed(p, 0, b"\x18\x05"),
    "CHECKSUM_WRONG": lambda p: p[:-1] + bytes([p[-1] ^ 1]),
    "NO_SECONDARY_HEADER": lambda p: changed(p, 0, b"\x17\x80"),
    "VERSION_WRONG": lambda p: changed(p, 6, b"\x1f"),
    "UNKNOWN_SERVICE": lambda p: changed(p, 7, b"\x63"),
    "UNKNOWN_SUBTYPE": lambda p: changed(p, 8, b"\x63"),
    "UNKNOWN_FUNCTION": lambda p: changed(p, 11, b"\x7f\xff"),
    "ILLEGAL_ARGUMENT": lambda p: changed(p, 13, b"\x09"),
    "LENGTH_WRONG": lambda p: changed(p[:4] + b"\x00\x03" + p[6:8], 8, b"") + b"",
}


@pytest.mark.parametrize("code", FAILURES)
@pytest.mark.parametrize("acknowledge", [0, 15])
def test_a_refused_request_is_reported_whatever_it_asked_for(commanding, reports, code, acknowledge):
    packet = packet_of("WIFI", "ON", acknowledge=acknowledge)
    if code == "LENGTH_WRONG":  # a whole packet, too short for a telecommand
        packet = b"\x1f\x80\xc0\x00\x00\x03" + b"\x2f\x08"
        packet += pus.crc_hqx(packet, 0xFFFF).to_bytes(2, "big")
    else:
        packet = FAILURES[code](packet)
    commanding.tell(Uplinked(cltu(packet)))
    assert reports(commanding) == [(10 if code == "UNKNOWN_APID" else 2, code)]
    request = {
        "request_packet_id": int.from_bytes(packet[:2], "big"),
        "request_sequence": int.from_bytes(packet[2:4], "big"),
    }
    assert commanding.events() == [("TC_REJECTED", {**request, "failure_code": code})]
    assert not any(
        commanding.sent(name, Execute) for name in names.__dict__.values() if isinstance(name, str)
    )
    commanding.tell(Gather(Structure.COMPUTER))
    assert commanding.values() == {"tc_accepted": 0, "tc_rejected": 1, "tc_frames_rejected": 0}


@pytest.mark.parametrize("acknowledge", range(16))
@pytest.mark.parametrize("failure", [None, FailureCode.BUSY, FailureCode.NO_SEPARATION])
def test_acknowledgement_flags_choose_the_reports(commanding, reports, acknowledge, failure):
    commanding.tell(Uplinked(cltu(packet_of("WIFI", "ON", 5, acknowledge))))
    told = reports(commanding)
    (execute,) = commanding.sent(names.RELAY, Execute)
    assert (execute.name, execute.arguments["state"]) == ("WIFI", "ON")
    commanding.tell(Executed(execute.request, execute.acknowledge, failure))
    told += reports(commanding)
    accepted = [(1, None)] if acknowledge & 1 else []
    started = [(3, None)] if acknowledge & 2 else []
    completed = [(7, None)] if acknowledge & 8 else []
    expected = {
        None: accepted + started + completed,
        FailureCode.BUSY: [*accepted, (4, "BUSY")],
        FailureCode.NO_SEPARATION: accepted + started + [(8, "NO_SEPARATION")],
    }
    assert told == expected[failure]


def test_the_connection_test_is_answered_at_once(commanding, reports):
    commanding.tell(Uplinked(cltu(packet_of("PING"))))
    assert reports(commanding) == [(1, None), (3, None), (7, None)]
    types = [(r.service, r.subtype) for r in commanding.sent(names.DOWNLINK, PusReport)]
    assert types == [(1, 1), (17, 2), (1, 3), (1, 7)]


def test_a_task_that_never_answers_is_reported_after_a_minute(commanding, reports):
    commanding.tell(Uplinked(cltu(packet_of("WIFI", "ON", 1))), SECOND)
    commanding.tell(Uplinked(cltu(packet_of("WIFI", "OFF", 2))), 9 * SECOND)
    assert commanding.timers["overdue"].at_ns == SECOND + ANSWER_WITHIN_NS
    commanding.expire("overdue")
    assert reports(commanding) == [(3, None), (8, "NO_ANSWER")]
    assert commanding.timers["overdue"].at_ns == 9 * SECOND + ANSWER_WITHIN_NS
    commanding.expire("overdue")
    assert reports(commanding) == [(3, None), (8, "NO_ANSWER")]
    assert commanding.timers == {}


def test_an_answer_after_its_time_reports_nothing_more(commanding, reports):
    packet = packet_of("WIFI", "ON", 1)
    commanding.tell(Uplinked(cltu(packet)))
    commanding.expire("overdue")
    commanding.tell(Executed(packet[:4], 15))
    assert reports(commanding) == []


def test_a_request_of_which_the_first_is_not_done_cannot_start(commanding, reports):
    packet = packet_of("WIFI", "ON", 1)
    commanding.tell(Uplinked(cltu(packet)))
    commanding.tell(Uplinked(cltu(packet)))
    assert reports(commanding) == [(1, None), (4, "QUEUE_FULL")]
    assert commanding.sent(names.RELAY) == []
    commanding.tell(Executed(packet[:4], 15))
    assert reports(commanding) == [(3, None), (7, None)]
    commanding.tell(Uplinked(cltu(packet)))
    assert reports(commanding) == [(1, None)]  # the identifier is free again


def test_more_requests_than_are_kept_cannot_start(commanding, reports):
    for count in range(MAX_PENDING):
        commanding.tell(Uplinked(cltu(packet_of("WIFI", "ON", count))))
        assert reports(commanding) == [(1, None)]
    commanding.tell(Uplinked(cltu(packet_of("WIFI", "ON", MAX_PENDING))))
    assert reports(commanding) == [(1, None), (4, "QUEUE_FULL")]


@given(cut=st.integers(1, 39), idle=st.integers(0, 20))
def test_an_uplink_in_pieces_and_after_an_idle_sequence_is_the_same(bench, reports, cut, idle):
    task = bench.of(names.COMMANDING)
    octets = b"\x55" * idle + cltu(packet_of("PING"))
    told = []
    for piece in (octets[:cut], octets[cut:]):
        task.tell(Uplinked(piece))
        told += reports(task)
    assert told == [(1, None), (3, None), (7, None)]


def test_every_failure_of_acceptance_has_its_test():
    codes = {code.name for code in pus.AcceptanceFailure} | {"ILLEGAL_ARGUMENT", "UNKNOWN_FUNCTION"}
    assert set(FAILURES) == codes == {code.name for code in FailureCode if code < 16}


def test_a_packet_that_a_task_submits_is_handled_as_the_radios_and_its_outcome_told(commanding, reports):
    packet = packet_of("WIFI", "ON", count=3)
    commanding.tell(Submit(packet, names.RELEASE))
    assert reports(commanding) == [(1, None)]
    assert [e.name for e in commanding.sent(names.RELAY, Execute)] == ["WIFI"]
    commanding.tell(Executed(packet[:4], 15))
    assert reports(commanding) == [(3, None), (7, None)]
    assert commanding.sent(names.RELEASE) == [Outcome(packet[:4])]


@pytest.mark.parametrize("answer_to", ["", names.RELEASE])
def test_a_submitted_packet_that_is_refused_is_reported_and_told(commanding, reports, answer_to):
    packet = changed(packet_of("WIFI", "ON"), 7, b"\xc8")
    commanding.tell(Submit(packet, answer_to))
    assert reports(commanding) == [(2, "UNKNOWN_SERVICE")]
    told = [Outcome(packet[:4], FailureCode.UNKNOWN_SERVICE)] if answer_to else []
    assert commanding.sent(names.RELEASE) == told


def test_a_submitted_packet_without_an_answer_fails_for_who_submitted_it(commanding):
    packet = packet_of("WIFI", "ON")
    commanding.tell(Submit(packet, names.RELEASE))
    commanding.expire("overdue")
    assert commanding.sent(names.RELEASE) == [Outcome(packet[:4], FailureCode.NO_ANSWER)]


@pytest.mark.parametrize("acknowledge", range(16))
def test_steps_are_reported_to_those_who_asked(commanding, reports, acknowledge):
    commanding.tell(Progressed(b"\x1f\x80\xc0\x07", acknowledge, 2))
    assert reports(commanding) == ([(5, None)] if acknowledge & pus.Acknowledge.PROGRESS else [])


def test_who_asks_of_the_uplink_is_told_of_each_channel_in_its_turn(bench):
    channels = tuple(ChannelSettings(channel, (0,), window=10) for channel in (0, 5))
    task = bench.of(names.COMMANDING, lambda: Commanding(ReceptionSettings(245, channels)))

    def told(asker):
        task.tell(Gather(Structure.UPLINK, asker))
        (values,) = task.sent(asker, Values)
        return values.values["farm_channel"]

    # What one is told takes nothing from the other.
    assert [told(names.HOUSEKEEPING) for _ in range(3)] == [0, 5, 0]
    assert [told(asker) for asker in (names.STATISTICS, names.HOUSEKEEPING) * 2] == [0, 5, 5, 0]
