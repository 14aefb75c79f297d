"""An outside judge for CFDP: PyPI spacepackets reads what we send, we read what it makes."""

import pytest

pytest.importorskip("spacepackets", reason="spacepackets is not installed (PyPI)")

from spacepackets.cfdp import ChecksumType as TheirChecksum
from spacepackets.cfdp import ConditionCode, CrcFlag, FaultHandlerCode, LargeFileFlag, TransmissionMode
from spacepackets.cfdp.conf import PduConfig
from spacepackets.cfdp.pdu import EofPdu, FileDataPdu, MetadataParams, MetadataPdu
from spacepackets.cfdp.pdu.file_data import FileDataParams
from spacepackets.cfdp.tlv import (
    CfdpTlv,
    FaultHandlerOverrideTlv,
    FilestoreActionCode,
    FileStoreRequestTlv,
    FilestoreResponseStatusCode,
    FileStoreResponseTlv,
    TlvType,
)
from spacepackets.util import ByteFieldU16, ByteFieldU32

from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType, crc_32c
from fsw.protocols.cfdp_filestore import FileAction, FilestoreRequest, FilestoreResponse
from fsw.protocols.cfdp_receiver import FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings

PICTURE = bytes(range(256)) * 9 + b"end"
LABEL = b"fsw1" + bytes(range(21))


def _config(crc: bool) -> PduConfig:
    return PduConfig(
        transaction_seq_num=ByteFieldU32(0),
        trans_mode=TransmissionMode.UNACKNOWLEDGED,
        source_entity_id=ByteFieldU16(245),
        dest_entity_id=ByteFieldU16(1),
        crc_flag=CrcFlag.WITH_CRC if crc else CrcFlag.NO_CRC,
        file_flag=LargeFileFlag.NORMAL,
    )


@pytest.mark.parametrize("crc", [False, True], ids=["bare", "crc"])
def test_they_read_our_transfer(crc: bool) -> None:
    sender = Sender(
        SenderSettings(245, 1, 1921, segment_octets=256, crc=crc, checksum_type=ChecksumType.CRC_32C)
    )
    sender.put(PutRequest("full/0000001.jpg", PICTURE, (LABEL,)))
    block = sender.produce(1 << 20, 0)
    octets, at, units = block.octets.tobytes(), 0, []
    for length in block.lengths.tolist():
        units.append(octets[at + 6 : at + length])
        at += length
    metadata = MetadataPdu.unpack(units[0])
    assert metadata.source_file_name == metadata.dest_file_name == "full/0000001.jpg"
    assert metadata.file_size == len(PICTURE)
    assert metadata.checksum_type == TheirChecksum.CRC_32C
    (option,) = metadata.options or []
    assert (option.tlv_type, bytes(option.value)) == (TlvType.MESSAGE_TO_USER, LABEL)
    assembled = bytearray(len(PICTURE))
    for unit in units[1:-1]:
        data = FileDataPdu.unpack(unit)
        assert data.pdu_header.source_entity_id.value == 245
        assembled[data.offset : data.offset + len(data.file_data)] = data.file_data
    assert assembled == PICTURE
    end = EofPdu.unpack(units[-1])
    assert end.file_size == len(PICTURE)
    assert int.from_bytes(end.file_checksum, "big") == crc_32c(PICTURE)


@pytest.mark.parametrize("crc", [False, True], ids=["bare", "crc"])
def test_we_read_their_transfer(crc: bool) -> None:
    config = _config(crc)
    units = [
        MetadataPdu(
            config,
            MetadataParams(False, TheirChecksum.CRC_32C, len(PICTURE), "a.jpg", "b.jpg"),
            options=[CfdpTlv(TlvType.MESSAGE_TO_USER, LABEL)],
        ).pack(),
        *(
            FileDataPdu(config, FileDataParams(PICTURE[at : at + 500], at)).pack()
            for at in range(0, len(PICTURE), 500)
        ),
        EofPdu(
            config, crc_32c(PICTURE).to_bytes(4, "big"), len(PICTURE), condition_code=ConditionCode.NO_ERROR
        ).pack(),
    ]
    receiver = Receiver(ReceiverSettings(1))
    events = [event for unit in units for event in receiver.receive(bytes(unit), 0)]
    assert events == [FileReceived(245, 0, "b.jpg", PICTURE, (LABEL,))]
    assert receiver.dropped == {}


def test_our_units_are_theirs_octet_for_octet() -> None:
    transaction = pdus.Transaction(245, 0, 1)
    theirs = FileDataPdu(_config(False), FileDataParams(PICTURE[:300], 600)).pack()
    assert pdus.encode(pdus.FileData(transaction, 600, PICTURE[:300])) == bytes(theirs)


@pytest.mark.parametrize("action", list(FileAction))
def test_filestore_options_are_theirs_octet_for_octet(action: FileAction) -> None:
    theirs = FilestoreActionCode(int(action))
    two = action in (FileAction.RENAME_FILE, FileAction.APPEND_FILE, FileAction.REPLACE_FILE)
    first, second = "logs/first", "second" if two else ""
    request = FileStoreRequestTlv(theirs, first, second if two else None)
    assert FilestoreRequest(action, first, second).encode() == bytes(request.pack())[2:]
    status = FilestoreResponseStatusCode(int(action) << 4 | 15)
    response = FileStoreResponseTlv(theirs, status, first, second if two else None)
    ours = FilestoreResponse(action, 15, first, second).encode()
    packed = bytes(response.pack())[2:]
    assert ours == packed or ours == packed + b"\0"  # it leaves out an empty message


def test_they_read_our_metadata_with_every_option() -> None:
    requests = (FilestoreRequest(FileAction.DELETE_FILE, "old").encode(),)
    transaction = pdus.Transaction(245, 0, 1)
    overrides = ((int(ConditionCode.NAK_LIMIT_REACHED), 3),)
    unit = pdus.encode(
        pdus.Metadata(
            transaction,
            0,
            9,
            "a",
            "b",
            (LABEL,),
            True,
            requests,
            overrides,
        )
    )
    metadata = MetadataPdu.unpack(unit)
    assert metadata.closure_requested
    store, label, override = metadata.options or []
    assert FileStoreRequestTlv.from_tlv(store).first_file_name == "old"
    assert (label.tlv_type, bytes(label.value)) == (TlvType.MESSAGE_TO_USER, LABEL)
    theirs = FaultHandlerOverrideTlv(ConditionCode.NAK_LIMIT_REACHED, FaultHandlerCode.IGNORE_ERROR)
    assert bytes(override.pack()) == bytes(theirs.pack())
