"""An outside judge for CFDP: PyPI cfdp-py sends to us and receives from us, over a link that loses,
repeats and disorders data units, until it heals. Its clock is ours."""

import random
from pathlib import Path

import pytest

pytest.importorskip("cfdppy", reason="cfdp-py is not installed (PyPI)")

from cfdppy.exceptions import NoRemoteEntityConfigFound, PduIgnoredForDest, PduIgnoredForSource
from cfdppy.handler.dest import DestHandler
from cfdppy.handler.source import SourceHandler
from cfdppy.mib import (
    CheckTimerProvider,
    DefaultFaultHandlerBase,
    IndicationConfig,
    LocalEntityConfig,
    RemoteEntityConfig,
    RemoteEntityConfigTable,
)
from cfdppy.request import PutRequest as TheirPut
from cfdppy.user import CfdpUserBase
from spacepackets import countdown
from spacepackets.cfdp import ChecksumType as TheirChecksum
from spacepackets.cfdp import ConditionCode, PduFactory, TransmissionMode
from spacepackets.cfdp.pdu import AckPdu, DirectiveType, FinishedPdu, TransactionStatus
from spacepackets.countdown import Countdown
from spacepackets.seqcount import SeqCountProvider
from spacepackets.util import ByteFieldU16

from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_packets import data_units
from fsw.protocols.cfdp_pdu import Condition
from fsw.protocols.cfdp_receiver import FileIncomplete, FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.protocols.cfdp_transfer import Faults, TransferEnded

SECOND = 1_000_000_000
CONTENT = random.Random(1).randbytes(3001)
FAULTS = Faults(5 * SECOND, 1000, 10_000 * SECOND)
_OURS, _THEIRS = 245, 1
_TERMINATED = TransactionStatus.TERMINATED
CHECKSUMS = [ChecksumType.MODULAR, ChecksumType.CRC_32C, ChecksumType.CRC_32, ChecksumType.NULL]


class _Faults(DefaultFaultHandlerBase):
    def notice_of_suspension_cb(self, *_: object) -> None: ...
    def notice_of_cancellation_cb(self, *_: object) -> None: ...
    def abandoned_cb(self, *_: object) -> None: ...
    def ignore_cb(self, *_: object) -> None: ...


class _User(CfdpUserBase):
    def __init__(self) -> None:
        super().__init__()
        self.finished: list[tuple[ConditionCode, int]] = []

    def transaction_indication(self, *_: object) -> None: ...
    def eof_sent_indication(self, *_: object) -> None: ...
    def transaction_finished_indication(self, params: object) -> None:
        told = params.finished_params  # type: ignore[attr-defined]
        self.finished.append((told.condition_code, int(told.delivery_code)))

    def metadata_recv_indication(self, *_: object) -> None: ...
    def file_segment_recv_indication(self, *_: object) -> None: ...
    def report_indication(self, *_: object) -> None: ...
    def suspended_indication(self, *_: object) -> None: ...
    def resumed_indication(self, *_: object) -> None: ...
    def fault_indication(self, *_: object) -> None: ...
    def abandoned_indication(self, *_: object) -> None: ...
    def eof_recv_indication(self, *_: object) -> None: ...


class _Check(CheckTimerProvider):
    def provide_check_timer(self, *_: object, **__: object) -> Countdown:
        return Countdown.from_seconds(5)


class Them:
    """One of their handlers, octets in and out."""

    def __init__(self, entity: int, peer: int, kind: ChecksumType, crc: bool, acknowledged: bool) -> None:
        self.user = _User()
        local = LocalEntityConfig(ByteFieldU16(entity), IndicationConfig(), _Faults())
        table = RemoteEntityConfigTable(
            [
                RemoteEntityConfig(
                    entity_id=ByteFieldU16(peer),
                    max_file_segment_len=200,
                    max_packet_len=1024,
                    closure_requested=False,
                    crc_on_transmission=crc,
                    default_transmission_mode=TransmissionMode(not acknowledged),
                    crc_type=TheirChecksum(int(kind)),
                    positive_ack_timer_interval_seconds=5,
                    positive_ack_timer_expiration_limit=1000,
                    nak_timer_interval_seconds=5,
                    nak_timer_expiration_limit=1000,
                    check_limit=1000,
                )
            ]
        )
        self.handlers: tuple[DestHandler, SourceHandler] = (
            DestHandler(local, self.user, table, _Check()),
            SourceHandler(local, self.user, table, _Check(), SeqCountProvider(16)),
        )

    def turn(self, handler: DestHandler | SourceHandler, arrived: list[bytes]) -> list[bytes]:
        """All that arrived goes in, all that is ready comes out."""
        out = []
        while (holder := handler.get_next_packet()) is not None:  # a cancel's
            out.append(bytes(holder.pdu.pack()))
        for unit in [*arrived, *[None] * 40]:
            try:
                handler.state_machine(None if unit is None else PduFactory.from_raw(unit))
            except (PduIgnoredForDest, PduIgnoredForSource):
                pass
            except NoRemoteEntityConfigFound:
                # It has forgotten the transaction, and leaves it to its user to answer a Finished again.
                pdu = PduFactory.from_raw(unit or b"")
                assert isinstance(pdu, FinishedPdu)
                ack = AckPdu(
                    pdu.pdu_header.pdu_conf, DirectiveType.FINISHED_PDU, pdu.condition_code, _TERMINATED
                )
                out.append(bytes(ack.pack()))
            while handler.packets_ready:
                holder = handler.get_next_packet()
                assert holder is not None
                out.append(bytes(holder.pdu.pack()))
        return out


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [0]
    monkeypatch.setattr(countdown, "time_ms", lambda: now[0] // 1_000_000)
    return now


def _link(units: list[bytes], chance: random.Random, loss: float) -> list[bytes]:
    if not loss:
        return units
    arrived = [u for u in units for _ in range(chance.choice((1, 1, 2))) if chance.random() >= loss]
    chance.shuffle(arrived)
    return arrived


PATTERNS = [(0, 0.0), (1, 0.2), (2, 0.4), (3, 0.2), (4, 0.6)]


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
@pytest.mark.parametrize("kind", CHECKSUMS)
def test_they_receive_what_we_send(
    seed: int, loss: float, kind: ChecksumType, clock: list[int], tmp_path: Path
) -> None:
    crc = bool(seed % 2)
    them = Them(_THEIRS, _OURS, kind, crc, True)
    us = Sender(SenderSettings(_OURS, _THEIRS, 5, 200, kind, crc, acknowledged=True, faults=FAULTS))
    path = tmp_path / "received"
    us.put(PutRequest(str(path), CONTENT))
    chance = random.Random(seed)
    events = []
    for turn in range(400):
        chance_of_loss = loss if turn < 60 else 0.0
        forth = _link(list(data_units(us.produce(1500, clock[0]))), chance, chance_of_loss)
        back = _link(them.turn(them.handlers[0], forth), chance, chance_of_loss)
        for unit in back:
            events += us.receive(unit, clock[0])
        clock[0] += SECOND
        events += us.poll(clock[0])
        if not us.open_transfers and not us.has_output and them.user.finished:
            break
    assert events == [TransferEnded(_OURS, 0, str(path), Condition.NO_ERROR, True)]
    assert path.read_bytes() == CONTENT
    assert them.user.finished == [(ConditionCode.NO_ERROR, 0)]


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
@pytest.mark.parametrize("kind", CHECKSUMS)
@pytest.mark.parametrize("immediate", [False, True], ids=["deferred", "immediate"])
def test_we_receive_what_they_send(
    seed: int, loss: float, kind: ChecksumType, immediate: bool, clock: list[int], tmp_path: Path
) -> None:
    them = Them(_THEIRS, _OURS, kind, bool(seed % 2), True)
    us = Receiver(ReceiverSettings(_OURS, 5, FAULTS, immediate, 5 * SECOND, 1000))
    (tmp_path / "sent").write_bytes(CONTENT)
    request = TheirPut(ByteFieldU16(_OURS), tmp_path / "sent", Path("kept"), None, None)
    assert them.handlers[1].put_request(request)
    chance = random.Random(seed)
    back: list[bytes] = []
    events = []
    for turn in range(400):
        chance_of_loss = loss if turn < 60 else 0.0
        for unit in _link(them.turn(them.handlers[1], back), chance, chance_of_loss):
            events += us.receive(unit, clock[0])
        back = _link(list(data_units(us.produce(1500, clock[0]))), chance, chance_of_loss)
        clock[0] += SECOND
        events += us.poll(clock[0])
        if them.user.finished and not us.open_transfers and not us.has_output:
            break
    assert events == [FileReceived(_THEIRS, 0, "kept", CONTENT, ())]
    assert them.user.finished == [(ConditionCode.NO_ERROR, 0)]


@pytest.mark.parametrize("crc", [False, True], ids=["bare", "crc"])
def test_class_1_goes_both_ways(crc: bool, clock: list[int], tmp_path: Path) -> None:
    them = Them(_THEIRS, _OURS, ChecksumType.CRC_32C, crc, False)
    sender = Sender(SenderSettings(_OURS, _THEIRS, 5, 200, ChecksumType.CRC_32C, crc))
    sender.put(PutRequest(str(tmp_path / "received"), CONTENT))
    assert them.turn(them.handlers[0], list(data_units(sender.produce(1 << 20, 0)))) == []
    assert (tmp_path / "received").read_bytes() == CONTENT
    (tmp_path / "sent").write_bytes(CONTENT)
    assert them.handlers[1].put_request(
        TheirPut(ByteFieldU16(_OURS), tmp_path / "sent", Path("kept"), None, None)
    )
    receiver = Receiver(ReceiverSettings(_OURS))
    events = [e for unit in them.turn(them.handlers[1], []) for e in receiver.receive(unit, 0)]
    assert events == [FileReceived(_THEIRS, 0, "kept", CONTENT, ())]


# Not judged here is our sender's cancel: spacepackets 0.32 reads the condition of an EOF sixteenfold.
@pytest.mark.parametrize("by_them", [True, False], ids=["theirs", "ours"])
def test_a_cancel_while_we_receive_is_understood(by_them: bool, clock: list[int], tmp_path: Path) -> None:
    them = Them(_THEIRS, _OURS, ChecksumType.MODULAR, False, True)
    us = Receiver(ReceiverSettings(_OURS, 5, FAULTS, False, 5 * SECOND, 1000))
    (tmp_path / "sent").write_bytes(CONTENT)
    source = them.handlers[1]
    assert source.put_request(TheirPut(ByteFieldU16(_OURS), tmp_path / "sent", Path("kept"), None, None))
    events = []
    for unit in them.turn(source, [])[:5]:
        events += us.receive(unit, 0)
    if by_them:
        assert source.transaction_id is not None
        assert source.cancel_request(source.transaction_id)
    else:
        events += us.cancel(_THEIRS, 0)
    for _ in range(30):
        back = them.turn(source, list(data_units(us.produce(4000, clock[0]))))
        for unit in back:
            events += us.receive(unit, clock[0])
        clock[0] += SECOND
        events += us.poll(clock[0])
    (incomplete,) = events
    assert isinstance(incomplete, FileIncomplete)
    assert incomplete.reason == "cancelled"
    assert (us.open_transfers, us.has_output) == (0, False)
    assert [condition for condition, _ in them.user.finished] == [ConditionCode.CANCEL_REQUEST_RECEIVED]
