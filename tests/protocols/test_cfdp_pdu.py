"""CFDP protocol data units against golden vectors and garbage."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType, checksum, crc_32c
from fsw.protocols.cfdp_pdu import Directive, EndOfFile, FileData, Metadata, OtherDirective, Transaction

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/cfdp.json").read_text())
FILE = bytes.fromhex(VECTORS["file"])
CLASS2 = Transaction(1, 7, 2, acknowledged=True, entity_octets=2, sequence_octets=2)
CLASS1 = Transaction(1, 7, 2, crc=True, entity_octets=2, sequence_octets=2)


def _three(transaction: Transaction) -> dict[str, pdus.Pdu]:
    return {
        "metadata": Metadata(transaction, ChecksumType.CRC_32C, len(FILE), "/img/a.jpg", "/r/a.jpg"),
        "file_data": FileData(transaction, 0, FILE),
        "eof": EndOfFile(transaction, 0, int(VECTORS["crc32c"], 16), len(FILE)),
    }


@pytest.mark.parametrize(
    ("folder", "transaction"), [("class2", CLASS2), ("class1_crc", CLASS1)], ids=["class2", "class1_crc"]
)
def test_data_units_are_the_vectors_octets(folder: str, transaction: Transaction) -> None:
    for name, pdu in _three(transaction).items():
        octets = bytes.fromhex(VECTORS["pdus"][folder][name])
        if name == "metadata":
            decoded = pdus.decode(octets)
            assert isinstance(decoded, Metadata)
            pdu = Metadata(transaction, 2, 16, decoded.source_name, decoded.destination_name)
            assert decoded.source_name == "/img/a.jpg"
        assert pdus.encode(pdu) == octets, name
        assert pdus.decode(octets) == pdu, name


def test_directives_of_class_2_are_recognised_and_kept_whole() -> None:
    kinds = {
        "ack_eof": (Directive.ACK, True),
        "nak": (Directive.NAK, True),
        "finished": (Directive.FINISHED, True),
        "ack_finished": (Directive.ACK, False),
        "keep_alive": (Directive.KEEP_ALIVE, True),
        "prompt_nak": (Directive.PROMPT, False),
    }
    for name, (directive, toward_sender) in kinds.items():
        octets = bytes.fromhex(VECTORS["pdus"]["class2"][name])
        pdu = pdus.decode(octets)
        assert isinstance(pdu, OtherDirective), name
        assert (pdu.directive, pdu.toward_sender) == (directive, toward_sender), name
        assert pdus.encode(pdu) == octets


transactions = st.builds(
    Transaction,
    source=st.integers(0, 255),
    sequence=st.integers(0, 255),
    destination=st.integers(0, 255),
    acknowledged=st.booleans(),
    crc=st.booleans(),
    large=st.booleans(),
    entity_octets=st.integers(1, 8),
    sequence_octets=st.integers(1, 8),
)
sizes = st.integers(0, 2**32 - 1)
units = (
    st.builds(
        Metadata,
        transactions,
        st.integers(0, 15),
        sizes,
        st.text(max_size=40).filter(lambda text: text.isprintable()),
        st.binary(max_size=60).map(lambda octets: octets.decode("utf-8", "surrogateescape")),
        st.lists(st.binary(max_size=50), max_size=3).map(tuple),
        st.booleans(),
        st.lists(st.binary(max_size=50), max_size=2).map(tuple),
        st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=2).map(tuple),
    )
    | st.builds(FileData, transactions, sizes, st.binary(max_size=300))
    | st.builds(EndOfFile, transactions, st.just(0), sizes, sizes, st.none())
    | st.builds(EndOfFile, transactions, st.integers(1, 15), sizes, sizes, st.integers(0, 2**40))
)


@given(units)
def test_every_unit_survives(pdu: pdus.Pdu) -> None:
    octets = pdus.encode(pdu)
    assert pdus.decode(octets) == pdu
    assert pdus.decode(octets + b"\0") == "length field wrong"
    assert isinstance(pdus.decode(octets[:-1]), str)


@given(units, st.data())
def test_crc_catches_a_wrong_bit(pdu: pdus.Pdu, data: st.DataObject) -> None:
    octets = bytearray(pdus.encode(pdu))
    if pdu.transaction.crc:
        octets[data.draw(st.integers(4, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        assert pdus.decode(bytes(octets)) == "CRC wrong"


@given(
    st.binary(max_size=80) | st.binary(max_size=60).map(lambda o: b"\x24\x00" + bytes([len(o)]) + b"\0" + o)
)
def test_no_octets_stop_the_decoder(octets: bytes) -> None:
    pdu = pdus.decode(octets)
    if not isinstance(pdu, str):
        assert pdus.decode(pdus.encode(pdu)) == pdu


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(FswError, match="allowed are 0 to 255"):
        Transaction(256, 0, 1, entity_octets=1)
    with pytest.raises(FswError, match="allowed are up to 255"):
        pdus.encode(Metadata(CLASS1, 0, 0, "x" * 256, ""))
    with pytest.raises(FswError, match="up to 65535"):
        pdus.encode(FileData(CLASS1, 0, bytes(65536)))
    with pytest.raises(FswError, match="file size or offset"):
        pdus.encode(FileData(CLASS1, 2**32, b""))


def test_checksums_are_the_vectors() -> None:
    assert checksum(ChecksumType.CRC_32C, FILE) == int(VECTORS["crc32c"], 16)
    assert checksum(ChecksumType.MODULAR, FILE) == int(VECTORS["modular"], 16)
    assert checksum(ChecksumType.CRC_32, b"123456789") == 0xCBF43926
    assert checksum(ChecksumType.CRC_32C, b"123456789") == 0xE3069283
    assert checksum(ChecksumType.NULL, FILE) == 0
    assert checksum(ChecksumType.MODULAR, b"\x01\x02\x03\x04\x05") == 0x06020304
    with pytest.raises(FswError, match="allowed are MODULAR"):
        checksum(7, FILE)


@given(st.integers(4000, 9000), st.integers(0, 255))
def test_crc_32c_by_lanes_is_that_of_octet_by_octet(length: int, seed: int) -> None:
    octets = bytes((seed + 7 * n + (n >> 5)) & 0xFF for n in range(length))
    register = 0xFFFFFFFF
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert crc_32c(octets) == register ^ 0xFFFFFFFF
