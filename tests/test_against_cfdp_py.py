"""An outside judge for CFDP: PyPI cfdp-py sends to us and receives from us, over a link that loses,
repeats and disorders data units, until it heals. Its clock is ours."""

import random
from pathlib import Path

import pytest
from c_file_receiver import CFileReceiver
from c_file_sender import CFileSender, File

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
from spacepackets.cfdp.defs import TransactionId
from spacepackets.cfdp.lv import CfdpLv
from spacepackets.cfdp.pdu import AckPdu, DirectiveType, FinishedPdu, TransactionStatus
from spacepackets.cfdp.tlv import (
    DirectoryListingRequest,
    DirectoryParams,
    ProxyPutRequest,
    ProxyPutRequestParams,
    ReservedCfdpMessage,
)
from spacepackets.countdown import Countdown
from spacepackets.seqcount import SeqCountProvider
from spacepackets.util import ByteFieldU8, ByteFieldU16

from fsw.ground.file_store import FolderStore
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_entity import Entity, Peer
from fsw.protocols.cfdp_filestore import FileStore
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
        self.reserved: list[ReservedCfdpMessage] = []

    def transaction_indication(self, *_: object) -> None: ...
    def eof_sent_indication(self, *_: object) -> None: ...
    def transaction_finished_indication(self, params: object) -> None:
        told = params.finished_params  # type: ignore[attr-defined]
        self.finished.append((told.condition_code, int(told.delivery_code)))

    def metadata_recv_indication(self, params: object) -> None:
        for message in params.msgs_to_user or []:  # type: ignore[attr-defined]
            if (reserved := message.to_reserved_msg_tlv()) is not None:
                self.reserved.append(reserved)

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

    def __init__(
        self, entity: int, peer: int, kind: ChecksumType, crc: bool, acknowledged: bool, closure: bool = False
    ) -> None:
        self.user = _User()
        local = LocalEntityConfig(ByteFieldU16(entity), IndicationConfig(), _Faults())
        table = RemoteEntityConfigTable(
            [
                RemoteEntityConfig(
                    entity_id=ByteFieldU16(peer),
                    max_file_segment_len=200,
                    max_packet_len=1024,
                    closure_requested=closure,
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
                if isinstance(pdu, AckPdu):
                    continue
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


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
def test_closure_of_class_1_is_understood_by_them(
    seed: int, loss: float, clock: list[int], tmp_path: Path
) -> None:
    them = Them(_THEIRS, _OURS, ChecksumType.CRC_32, False, False, True)
    us = Sender(
        SenderSettings(
            _OURS, _THEIRS, 5, 200, ChecksumType.CRC_32, closure=True, faults=Faults(check_limit=9)
        )
    )
    us.put(PutRequest(str(tmp_path / "received"), CONTENT))
    chance = random.Random(seed)
    units = list(data_units(us.produce(1 << 20, 0)))
    # Metadata and end of file come, or it would have nothing to tell.
    forth = [units[0], *_link(units[1:-1], chance, loss), units[-1]]
    events = []
    for _ in range(12):
        for unit in them.turn(them.handlers[0], forth):
            events += us.receive(unit, clock[0])
        forth = []
        clock[0] += 2 * SECOND
        events += us.poll(clock[0])
        us.produce(1 << 20, clock[0])
        events += us.events()
    (ended,) = [event for event in events if isinstance(event, TransferEnded)]
    assert ended.delivered == (loss == 0.0)
    if ended.delivered:
        assert (tmp_path / "received").read_bytes() == CONTENT


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "lossy"])
def test_closure_of_class_1_is_given_to_them(lost: bool, clock: list[int], tmp_path: Path) -> None:
    them = Them(_THEIRS, _OURS, ChecksumType.MODULAR, False, False, True)
    (tmp_path / "sent").write_bytes(CONTENT)
    request = TheirPut(ByteFieldU16(_OURS), tmp_path / "sent", Path("kept"), None, None)
    assert them.handlers[1].put_request(request)
    us = Receiver(ReceiverSettings(_OURS, 5, Faults(check_ns=SECOND)))
    units = them.turn(them.handlers[1], [])
    if lost:
        del units[3]
    events = [event for unit in units for event in us.receive(unit, clock[0])]
    clock[0] += SECOND
    events += us.poll(clock[0])
    them.turn(them.handlers[1], list(data_units(us.produce(999, clock[0]))))
    assert isinstance(events[-1], FileIncomplete if lost else FileReceived)
    assert them.user.finished == [
        (ConditionCode.CHECK_LIMIT_REACHED, 1) if lost else (ConditionCode.NO_ERROR, 0)
    ]
    assert us.open_transfers == 0


def _sequence(unit: bytes) -> int:
    pdu = pdus.decode(unit)
    assert not isinstance(pdu, str)
    return pdu.transaction.sequence


def _source(unit: bytes) -> int:
    pdu = pdus.decode(unit)
    assert not isinstance(pdu, str)
    return pdu.transaction.source


class Asking:
    """Their user asks our entity, over a link that loses, repeats and disorders until it heals."""

    def __init__(self, seed: int, loss: float, clock: list[int], folder: Path | None = None) -> None:
        self.them = Them(_THEIRS, _OURS, ChecksumType.CRC_32, False, True)
        self.store: FileStore | FolderStore = FileStore() if folder is None else FolderStore(folder)
        sender = SenderSettings(_OURS, _THEIRS, 5, 200, ChecksumType.CRC_32, acknowledged=True, faults=FAULTS)
        receiver = ReceiverSettings(_OURS, 5, FAULTS, nak_ns=5 * SECOND, nak_limit=1000)
        self.us = Entity((Peer(sender, receiver),), self.store)
        self.chance, self.loss, self.clock = random.Random(seed), loss, clock
        self.events: list[object] = []

    def ask(self, message: ReservedCfdpMessage, finished: int) -> None:
        """Until their user has been told so often that something has finished."""
        request = TheirPut(
            ByteFieldU16(_OURS), None, None, None, None, msgs_to_user=[message.to_generic_msg_to_user_tlv()]
        )
        dest, source = self.them.handlers
        assert source.put_request(request)
        back: list[bytes] = []
        waiting: list[bytes] = []
        for turn in range(400):
            loss = self.loss if turn < 40 else 0.0
            # Its receiver serves one transaction at a time: ours take turns.
            first = min(map(_sequence, waiting), default=0)
            now = [unit for unit in waiting if _sequence(unit) == first]
            waiting = [unit for unit in waiting if _sequence(unit) != first]
            out = self.them.turn(source, back) + self.them.turn(dest, now)
            for unit in _link(out, self.chance, loss):
                self.events += self.us.receive(unit, self.clock[0])
            units = list(data_units(self.us.produce(1500, self.clock[0])))
            # It forgets an end of file that came before the metadata: they come, and first.
            metadata = [unit for unit in units if isinstance(pdus.decode(unit), pdus.Metadata)]
            rest = [unit for unit in units if unit not in metadata]
            arrived = metadata + _link(rest, self.chance, loss)
            waiting += [unit for unit in arrived if _source(unit) == _OURS]
            back = [unit for unit in arrived if _source(unit) == _THEIRS]
            self.clock[0] += SECOND
            self.events += self.us.poll(self.clock[0])
            if len(self.them.user.finished) >= finished and not self.us.open_outgoing:
                return
        raise AssertionError("it never ends")


@pytest.mark.parametrize("in_folder", [False, True], ids=["memory", "folder"])
@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
def test_they_fetch_a_file_by_proxy(
    seed: int, loss: float, in_folder: bool, clock: list[int], tmp_path: Path
) -> None:
    asking = Asking(seed, loss, clock, tmp_path / "store" if in_folder else None)
    asking.store.write("log", CONTENT)
    params = ProxyPutRequestParams(
        ByteFieldU16(_THEIRS), CfdpLv.from_str("log"), CfdpLv.from_path(tmp_path / "copy")
    )
    asking.ask(ProxyPutRequest(params), 3)
    assert (tmp_path / "copy").read_bytes() == CONTENT
    reserved = asking.them.user.reserved
    answers = [answer for m in reserved if (answer := m.get_proxy_put_response_params())]
    assert [(int(a.condition_code), int(a.delivery_code), int(a.file_status)) for a in answers] == [(0, 0, 2)]
    asked = [origin for m in reserved if (origin := m.get_originating_transaction_id())]
    assert asked == [TransactionId(ByteFieldU8(_THEIRS), ByteFieldU8(0))] * 2


@pytest.mark.parametrize("in_folder", [False, True], ids=["memory", "folder"])
@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
def test_they_list_a_directory(
    seed: int, loss: float, in_folder: bool, clock: list[int], tmp_path: Path
) -> None:
    asking = Asking(seed, loss, clock, tmp_path / "store" if in_folder else None)
    asking.store.create_directory("logs")
    asking.store.write("logs/one", CONTENT)
    params = DirectoryParams.from_strs("logs", str(tmp_path / "listing"))
    asking.ask(DirectoryListingRequest(params), 2)
    assert (tmp_path / "listing").read_bytes() == b"logs/one\t3001\n"
    answers = [a for m in asking.them.user.reserved if (a := m.get_dir_listing_response_params())]
    assert [(listed, told.dir_path_as_str) for listed, told in answers] == [(True, "logs")]


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


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
@pytest.mark.parametrize("kind", [ChecksumType.MODULAR, ChecksumType.CRC_32, ChecksumType.NULL])
def test_they_receive_what_the_cameras_firmware_sends(
    seed: int,
    loss: float,
    kind: ChecksumType,
    clock: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    crc = seed % 2
    them = Them(_THEIRS, 246, kind, bool(crc), True)
    camera = CFileSender(entity_octets=2, crc=crc, checksum=int(kind))
    camera.begin(0, 15, File(b"0000000007.jpg", CONTENT, b"PICT" + bytes(26)))
    chance = random.Random(seed)
    for turn in range(400):
        chance_of_loss = loss if turn < 60 else 0.0
        forth = _link(camera.produce(clock[0], 1500), chance, chance_of_loss)
        for unit in _link(them.turn(them.handlers[0], forth), chance, chance_of_loss):
            assert camera.receive(unit, clock[0]) in ("taken", "stranger")
        clock[0] += SECOND
        camera.poll(clock[0])
        if camera.ended and not camera.has_output and them.user.finished:
            break
    assert camera.ended == [(0, "delivered", 0)]
    assert (tmp_path / "0000000007.jpg").read_bytes() == CONTENT
    assert them.user.finished == [(ConditionCode.NO_ERROR, 0)]


def test_they_receive_the_cameras_file_of_class_1(
    clock: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    them = Them(_THEIRS, 246, ChecksumType.MODULAR, True, False)
    camera = CFileSender(entity_octets=2, crc=1, acknowledged=0)
    camera.begin(0, 15, File(b"picture", CONTENT))
    assert them.turn(them.handlers[0], camera.produce(0)) == []
    assert (tmp_path / "picture").read_bytes() == CONTENT
    assert them.user.finished == [(ConditionCode.NO_ERROR, 0)]


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
@pytest.mark.parametrize("kind", [ChecksumType.MODULAR, ChecksumType.CRC_32, ChecksumType.NULL])
@pytest.mark.parametrize("take", [True, False], ids=["taken", "refused"])
def test_the_cameras_firmware_receives_what_they_send(
    seed: int, loss: float, kind: ChecksumType, take: bool, clock: list[int], tmp_path: Path
) -> None:
    crc = seed % 2
    them = Them(_THEIRS, 246, kind, bool(crc), True)
    camera = CFileReceiver(take, crc=crc)
    (tmp_path / "sent").write_bytes(CONTENT[:250])
    assert them.handlers[1].put_request(
        TheirPut(ByteFieldU16(246), tmp_path / "sent", Path("settings"), None, None)
    )
    chance = random.Random(seed)
    back: list[bytes] = []
    for turn in range(400):
        chance_of_loss = loss if turn < 60 else 0.0
        for unit in _link(them.turn(them.handlers[1], back), chance, chance_of_loss):
            assert camera.receive(unit, clock[0]) in ("taken", "stranger")
        back = _link(camera.produce(clock[0]), chance, chance_of_loss)
        clock[0] += SECOND
        camera.poll(clock[0])
        if them.user.finished and camera.idle:
            break
    assert camera.came == [CONTENT[:250]]
    assert camera.idle
    rejected = (ConditionCode.FILESTORE_REJECTION, 1)
    assert them.user.finished == [(ConditionCode.NO_ERROR, 0) if take else rejected]
