"""PUS-C packets against golden vectors and garbage."""

import json
from binascii import crc_hqx
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols.pus import (
    AcceptanceFailure,
    Acknowledge,
    MessageCounters,
    Report,
    RequestId,
    SequenceCounters,
    Telecommand,
    check_acceptance,
    decode_report,
    encode_report,
    encode_telecommand,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/pus.json").read_text())
TIME = bytes.fromhex("0001e2408000ff")
SERVICES = {17: frozenset({1}), 8: frozenset({1}), 11: frozenset({4})}
APIDS = frozenset({82})


def test_telecommands_are_the_vectors_octets() -> None:
    tc = VECTORS["spacepackets"]["tc"]
    for name, count, service, subtype, data in (
        ("tc_17_1", 0x22, 17, 1, b""),
        ("tc_8_1_fid0007_args0102", 0x23, 8, 1, bytes.fromhex("00070102")),
    ):
        expected = bytes.fromhex(tc[name])
        source = int.from_bytes(expected[9:11], "big")
        made = encode_telecommand(Telecommand(82, count, service, subtype, source, Acknowledge(0b1001), data))
        assert made == expected


def test_reports_are_the_vectors_octets() -> None:
    for name, packet in VECTORS["spacepackets"]["tm"].items():
        octets = bytes.fromhex(packet)
        report = decode_report(octets)
        assert isinstance(report, Report), name
        assert (report.apid, report.time) == (82, TIME)
        _, service, subtype, *_ = name.split("_")
        assert (report.service, report.subtype) == (int(service), int(subtype))
        assert encode_report(report) == octets


@pytest.mark.parametrize("packet", VECTORS["real_hera"]["packets"], ids=lambda p: p["hex"][:8])
def test_real_packets_of_hera_are_read_and_written_back(packet: dict) -> None:
    octets = bytes.fromhex(packet["hex"])
    report = decode_report(octets)
    assert isinstance(report, Report)
    assert (report.apid, [report.service, report.subtype]) == (packet["apid"], packet["st"])
    assert encode_report(report) == octets


def test_pus_a_is_told_apart() -> None:
    euclid = bytes.fromhex(VECTORS["real_euclid"]["packets"][0]["hex"])
    longer = euclid[:4] + (len(euclid) + 10 - 7).to_bytes(2, "big") + euclid[6:] + bytes(10)
    assert decode_report(longer) == "PUS version 1"


TELECOMMAND = Telecommand(82, 0x22, 17, 1, 1, Acknowledge.ALL, b"")


def test_acceptance_gives_the_telecommand_or_the_failure() -> None:
    good = encode_telecommand(TELECOMMAND)
    assert check_acceptance(good, APIDS, SERVICES) == TELECOMMAND
    assert RequestId.of(good) == TELECOMMAND.request_id
    assert RequestId.of(good).encode() == good[:4]
    failure = AcceptanceFailure
    assert check_acceptance(good[:-1], APIDS, SERVICES) is failure.LENGTH_WRONG
    assert check_acceptance(good + b"\0", APIDS, SERVICES) is failure.LENGTH_WRONG
    assert check_acceptance(good, frozenset({1}), SERVICES) is failure.UNKNOWN_APID
    assert check_acceptance(good[:-1] + b"\0", APIDS, SERVICES) is failure.CHECKSUM_WRONG
    assert check_acceptance(good, APIDS, {8: frozenset({1})}) is failure.UNKNOWN_SERVICE
    assert check_acceptance(good, APIDS, {17: frozenset({3})}) is failure.UNKNOWN_SUBTYPE
    assert check_acceptance(b"", APIDS, SERVICES) is failure.LENGTH_WRONG


def _with_checksum(octets: bytes) -> bytes:
    return octets + crc_hqx(octets, 0xFFFF).to_bytes(2, "big")


def test_acceptance_refuses_other_versions_and_kinds() -> None:
    good = encode_telecommand(TELECOMMAND)[:-2]
    pus_a = good[:6] + b"\x1f" + good[7:]
    assert check_acceptance(_with_checksum(pus_a), APIDS, SERVICES) is AcceptanceFailure.VERSION_WRONG
    telemetry = bytes([good[0] & 0xEF]) + good[1:]
    assert check_acceptance(_with_checksum(telemetry), APIDS, SERVICES) is AcceptanceFailure.VERSION_WRONG
    bare = bytes([good[0] & 0xF7]) + good[1:]
    assert check_acceptance(_with_checksum(bare), APIDS, SERVICES) is AcceptanceFailure.NO_SECONDARY_HEADER
    short = _with_checksum(good[:4] + b"\x00\x02" + good[6:7])
    assert check_acceptance(short, APIDS, SERVICES) is AcceptanceFailure.LENGTH_WRONG


@given(st.binary(max_size=64))
def test_no_octets_stop_acceptance_or_decoding(octets: bytes) -> None:
    assert not isinstance(check_acceptance(octets, APIDS, SERVICES), Telecommand)
    assert isinstance(decode_report(octets), (str, Report))


@given(
    bit=st.integers(0, 8 * 13 - 1),
)
def test_no_single_bit_error_is_accepted(bit: int) -> None:
    octets = bytearray(encode_telecommand(TELECOMMAND))
    octets[bit // 8] ^= 0x80 >> bit % 8
    apids = APIDS | {82 ^ 1 << n for n in range(11)}
    assert not isinstance(check_acceptance(bytes(octets), apids, SERVICES), Telecommand)


@given(
    st.builds(
        Report,
        apid=st.integers(0, 2046),
        count=st.integers(0, 16383),
        service=st.integers(0, 255),
        subtype=st.integers(0, 255),
        message_count=st.integers(0, 65535),
        destination=st.integers(0, 65535),
        time=st.binary(min_size=7, max_size=7),
        source_data=st.binary(max_size=300),
        time_status=st.integers(0, 15),
    )
)
def test_reports_survive(report: Report) -> None:
    octets = encode_report(report)
    assert decode_report(octets) == report
    assert isinstance(decode_report(octets + b"\0"), str)
    assert isinstance(decode_report(octets[:-1]), str)


def test_wrong_values_are_refused_saying_what_is_allowed() -> None:
    with pytest.raises(FswError, match="APID 2047"):
        encode_telecommand(Telecommand(2047, 0, 17, 1, 0, Acknowledge.ALL, b""))
    with pytest.raises(FswError, match="0 to 16383"):
        encode_telecommand(Telecommand(1, 16384, 17, 1, 0, Acknowledge.ALL, b""))
    with pytest.raises(FswError, match="7 are needed"):
        encode_report(Report(1, 0, 17, 2, 0, 0, b"", b""))
    with pytest.raises(FswError, match="packet of"):
        encode_report(Report(1, 0, 17, 2, 0, 0, TIME, bytes(66000)))


def test_counters_run_per_type_and_destination_and_wrap() -> None:
    counters = MessageCounters()
    assert [counters.take(3, 25, 1), counters.take(3, 25, 1), counters.take(3, 25, 2)] == [0, 1, 0]
    other = MessageCounters()
    other.load(counters.save())
    assert other.take(3, 25, 1) == 2
    for _ in range(65536 - 3):
        other.take(3, 25, 1)
    assert other.take(3, 25, 1) == 0
    sequence = SequenceCounters()
    assert [sequence.take(5, 16383), sequence.take(5), sequence.take(5)] == [0, 16383, 0]
    again = SequenceCounters()
    again.load(sequence.save())
    assert again.take(5) == 1
