"""PyPI `puslib` reads our requests and reports and we read its; as a spacecraft it does what we ask."""

import sched
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw import dictionary
from fsw.dictionary.identifiers import GROUND_SOURCE, ORBITER_APID, ORBITER_SCID, TIME_APID, FailureCode
from fsw.dictionary.services.st09_time import TIME_CODE, TIME_REPORT
from fsw.ground.commanding import Commander
from fsw.ground.decode_report import DecodeReport
from fsw.ground.decoding import export_packets
from fsw.ground.telemetry import decode_packet
from fsw.kernel.time import Epoch
from fsw.protocols import pus

pytest.importorskip("puslib", reason="the judge is not installed (extra `judges`)")

import puslib
from puslib.packet import PusTcPacket, PusTmPacket
from puslib.parameter import UInt8Parameter, UInt16Parameter
from puslib.process import Process
from puslib.services.error_codes import CommonErrorCode
from puslib.streams.buffer import QueuedOutput
from puslib.time import CucTime

EPOCH = Epoch.from_utc("2020-09-30T15:59:50Z")
HERA = Path(__file__).resolve().parents[2] / "shared/recordings/hera/2024-10-07T162420_lowrate_frames.u8"
APIDS = st.integers(0, 2046)
OCTETS = st.integers(0, 255)
WORDS = st.integers(0, 65535)


def cuc():
    """Its reader of our times: 4+3, P-field implicit."""
    return CucTime(basic_unit_length=4, frac_unit_length=3, has_preamble=False)


@given(APIDS, st.integers(0, 16383), OCTETS, OCTETS, WORDS, st.integers(0, 15), st.binary(max_size=300))
def test_telecommands_are_the_same(apid, count, service, subtype, source, flags, data):
    ours = pus.encode_telecommand(
        pus.Telecommand(apid, count, service, subtype, source, pus.Acknowledge(flags), data)
    )
    theirs = PusTcPacket.create(
        apid=apid, name=count, service_type=service, service_subtype=subtype, source=source, ack_flags=flags,
        data=data,
    )  # fmt: skip
    assert bytes(theirs) == ours
    read = PusTcPacket.deserialize(ours)
    assert (read.apid, read.name, read.service, read.subservice) == (apid, count, service, subtype)
    assert (read.source, read.app_data or b"") == (source, data)
    assert read.request_id() == pus.RequestId.of(ours).encode()
    for flag in ("ACCEPTANCE", "PROGRESS", "COMPLETION"):
        assert read.ack(puslib.AckFlag[flag]) == bool(flags & pus.Acknowledge[flag])
    assert read.ack(puslib.AckFlag.START_OF_EXECUTION) == bool(flags & pus.Acknowledge.START)
    accepted = pus.check_acceptance(bytes(theirs), frozenset({apid}), {service: frozenset({subtype})})
    assert accepted == pus.Telecommand(apid, count, service, subtype, source, pus.Acknowledge(flags), data)


@given(
    APIDS, st.integers(0, 16383), OCTETS, OCTETS, WORDS, WORDS, st.binary(min_size=7, max_size=7),
    st.integers(0, 15), st.binary(max_size=300),
)  # fmt: skip
def test_reports_are_the_same(apid, count, service, subtype, number, destination, time, status, data):
    report = pus.Report(apid, count, service, subtype, number, destination, time, data, status)
    ours = pus.encode_report(report)
    moment = cuc()
    moment.from_bytes(time)
    theirs = PusTmPacket.create(
        apid=apid, seq_count=count, service_type=service, service_subtype=subtype, msg_type_counter=number,
        destination=destination, time=moment, spacecraft_time_ref_status=status, data=data,
    )  # fmt: skip
    assert bytes(theirs) == ours
    assert pus.decode_report(bytes(theirs)) == report
    read = PusTmPacket.deserialize(ours, cuc_time=cuc())
    assert (read.apid, read.seq_count, read.service, read.subservice) == (apid, count, service, subtype)
    assert (read.counter, read.destination, read.source_data or b"") == (number, destination, data)
    assert read.secondary_header.spacecraft_time_ref_status == status
    assert read.time.time_field == (int.from_bytes(time[:4], "big"), int.from_bytes(time[4:], "big"))


@given(st.binary(max_size=40), st.integers(0, 7), st.integers(1, 255))
def test_both_refuse_what_was_damaged(data, at, wrong):
    whole = pus.encode_telecommand(
        pus.Telecommand(ORBITER_APID, 5, 17, 1, GROUND_SOURCE, pus.Acknowledge.ALL, data)
    )
    damaged = bytearray(whole)
    damaged[6 + at % (len(whole) - 6)] ^= wrong  # the header's length would only ask for more octets
    with pytest.raises(puslib.packet.CrcException):
        PusTcPacket.deserialize(bytes(damaged))
    verdict = pus.check_acceptance(bytes(damaged), frozenset({ORBITER_APID}), {17: frozenset({1})})
    assert verdict is pus.AcceptanceFailure.CHECKSUM_WRONG


# ---- puslib as the spacecraft, our control centre on the ground ----------------------------------------


class Widths(puslib.PusPolicy):
    """Its widths set to ours."""

    def __init__(self):
        super().__init__()
        self.common.pus_version = 2
        self.common.tm.time.has_preamble = False
        self.common.tm.time.frac_unit_length = 3
        self.request_verification.failure_code_type = UInt16Parameter
        self.housekeeping.count_type = UInt8Parameter
        self.numbers = {}

    def PusTmPacket(self, *args, **kwargs):
        key = kwargs["service_type"], kwargs["service_subtype"]
        self.numbers[key] = self.numbers.get(key, -1) + 1
        return PusTmPacket.create(
            *args, pus_version=2, msg_type_counter=self.numbers[key], destination=GROUND_SOURCE, **kwargs
        )


@pytest.fixture
def widths():
    before = puslib.get_policy()
    common, verification = puslib.PusPolicy.Common, puslib.PusPolicy.RequestVerification
    housekeeping = puslib.PusPolicy.Housekeeping
    kept = (
        common.pus_version, common.tm.time.has_preamble, common.tm.time.frac_unit_length,
        verification.failure_code_type, housekeeping.count_type,
    )  # fmt: skip
    puslib.set_policy(Widths())
    yield
    puslib.set_policy(before)
    common.pus_version, common.tm.time.has_preamble, common.tm.time.frac_unit_length = kept[:3]
    verification.failure_code_type, housekeeping.count_type = kept[3:]


class Ship:
    """puslib's application process; what we radiate goes in, what it reports comes out to our ground."""

    def __init__(self):
        self.sent_down = QueuedOutput()
        self.process = Process(
            ORBITER_APID, self.sent_down, sched.scheduler(), housekeeping=True, event_reporting=True,
            function_management=True, test=True,
        )  # fmt: skip
        self.commander = Commander()

    def command(self, name, arguments=""):
        """The reports that come of it, and how our ground judges it."""
        request = dictionary.parse_telecommand(name, arguments)
        packet = self.commander.radiate(request, 0).packet
        self.process.forward(PusTcPacket.deserialize(packet))
        reports = []
        while not self.sent_down.empty():
            telemetry = decode_packet(bytes(self.sent_down.get()), 0, ORBITER_SCID, 1, EPOCH)
            assert telemetry.problem is None
            self.commander.note(telemetry)
            reports.append(telemetry)
        return [report.report.name for report in reports], self.commander.sent[-1]


def as_we_read(code):
    """Its codes are its own, and ours mean something else; the field is where we look for it."""
    ours = {int(one): one.name for one in FailureCode}
    return ours.get(code.value, str(code.value))


@pytest.fixture
def ship(widths):
    return Ship()


def test_it_answers_our_ping_and_we_understand(ship):
    reports, sent = ship.command("PING")
    assert reports == ["ALIVE", "TC_ACCEPTED", "TC_COMPLETED"]
    assert sent.stage == "completed"


def test_it_carries_out_our_requests_of_events(ship):
    events = ship.process._pus_service_5
    release = events.add(int(dictionary.report("EVENT_RELEASE_FIRED").identifier))
    other = events.add(int(dictionary.report("EVENT_LINK_LOST").identifier))
    _, sent = ship.command("EVENTS_DISABLE", "RELEASE_FIRED,LINK_LOST")
    assert sent.stage == "completed"
    assert (release.enabled, other.enabled) == (False, False)
    ship.command("EVENTS_ENABLE", "RELEASE_FIRED")
    assert (release.enabled, other.enabled) == (True, False)
    events.dispatch(release)
    telemetry = decode_packet(bytes(ship.sent_down.get()), 0, ORBITER_SCID, 1, EPOCH)
    assert (telemetry.report.name, telemetry.is_event) == ("EVENT_RELEASE_FIRED", True)
    _, sent = ship.command("EVENTS_ENABLE", "DUMP_DONE")  # it knows no such event
    assert (sent.stage, sent.failure) == ("failed", as_we_read(CommonErrorCode.ILLEGAL_APP_DATA))


def test_it_carries_out_our_requests_of_housekeeping(ship):
    structure = dictionary.report("HOUSEKEEPING_RELEASE")
    housekeeping = ship.process._pus_service_3
    widths = {1: UInt8Parameter, 2: UInt16Parameter}
    parameters = {k: widths[p.octets](k) for k, p in enumerate(structure.parameters)}
    report = housekeeping.add(structure.identifier, 16, parameters, enabled=False)
    reports, sent = ship.command("HOUSEKEEPING_ONCE", "RELEASE")
    assert reports == ["HOUSEKEEPING_RELEASE", "TC_ACCEPTED", "TC_COMPLETED"]
    assert sent.stage == "completed"
    ship.command("HOUSEKEEPING_ENABLE", "RELEASE")
    assert report.enabled
    ship.command("HOUSEKEEPING_DISABLE", "RELEASE")
    assert not report.enabled


def test_it_finds_the_function_that_we_ask_for(ship):
    called = []

    @ship.process.function(
        dictionary.telecommand("WIFI").function, (UInt8Parameter, UInt8Parameter, UInt8Parameter)
    )
    def wifi(count, number, state):
        """puslib takes what stands behind the identifier as it comes: N, argument number, value."""
        called.append((count, number, state))
        return True

    _, sent = ship.command("WIFI", "ON")
    assert sent.stage == "completed"
    assert called == [(1, 1, 1)]
    _, sent = ship.command("CAMERA_STOP")
    assert (sent.stage, sent.failure) == ("failed", as_we_read(CommonErrorCode.PUS8_INVALID_FID))


# ---- a real spacecraft's packets, read by both ---------------------------------------------------------


@pytest.mark.skipif(not HERA.exists(), reason="recordings are absent: ../shared/recordings")
def test_both_read_every_pus_report_of_hera_alike(tmp_path):
    """Recording: Daniel Estevez et al., github.com/daniestevez/jupyter_notebooks, CC BY 4.0."""
    export_packets(DecodeReport(HERA, "hera"), tmp_path / "packets.bin")
    octets, at, types, times = (tmp_path / "packets.bin").read_bytes(), 0, {}, []
    while at < len(octets):
        packet = octets[at : at + int.from_bytes(octets[at + 4 : at + 6], "big") + 7]
        at += len(packet)
        apid = int.from_bytes(packet[:2], "big") & 0x7FF
        if apid == 0x7FF:
            continue  # idle
        if apid == TIME_APID:  # laid out as ours, but for the packet error control
            values = TIME_REPORT.decode(packet[6:])
            assert TIME_REPORT.encode({name: value.raw for name, value in values.items()}) == packet[6:]
            assert (values["rate_exponent"].raw, values["time_code"].raw) == (3, TIME_CODE)
            times.append(values["time_s"].raw)
            continue
        ours = pus.decode_report(packet)
        assert isinstance(ours, pus.Report), ours
        assert pus.encode_report(ours) == packet
        theirs = PusTmPacket.deserialize(packet, cuc_time=cuc())
        assert bytes(theirs) == packet
        assert (theirs.service, theirs.subservice, theirs.counter) == (
            ours.service, ours.subtype, ours.message_count,
        )  # fmt: skip
        assert theirs.source_data == ours.source_data
        assert bytes(theirs.time) == ours.time
        key = ours.service, ours.subtype
        types[key] = types.get(key, 0) + 1
    assert set(types) == {(1, 1), (1, 7), (3, 25), (5, 1), (5, 3)}
    assert sum(types.values()) == 250
    assert len(times) == 6
    assert times == sorted(times)
