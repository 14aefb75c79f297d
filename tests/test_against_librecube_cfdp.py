"""An outside judge for CFDP: LibreCube's cfdp (PyPI) sends to us and receives from us, over a link that
loses, repeats and disorders data units, until it heals. Its threads are stopped: its events run when we
say, and its timers run out when we say."""

import queue
import random
from pathlib import Path

import pytest
from c_file_receiver import CFileReceiver
from c_file_sender import CFileSender, File

pytest.importorskip("cfdp.machines", reason="LibreCube's cfdp is not installed (PyPI)")

from cfdp import CfdpEntity
from cfdp.constants import ActionCode, ConditionCode, MachineState, TransmissionMode
from cfdp.filestore import NativeFileStore
from cfdp.meta import DirectoryListingRequest, ProxyPutRequest
from cfdp.meta import FilestoreRequest as TheirRequest
from cfdp.meta.message import RemoteResumeRequest as TheirResume
from cfdp.meta.message import RemoteResumeResponse as TheirResumed
from cfdp.meta.message import RemoteSuspendRequest as TheirSuspend
from cfdp.meta.message import RemoteSuspendResponse as TheirSuspended
from cfdp.transport.base import Transport

from fsw.protocols import cfdp_messages
from fsw.protocols import cfdp_pdu as pdus
from fsw.protocols.cfdp_entity import Answered, Asked, Entity, Peer
from fsw.protocols.cfdp_filestore import FileAction, FileStore, FilestoreRequest
from fsw.protocols.cfdp_messages import DirectoryListingRequest as OurListingRequest
from fsw.protocols.cfdp_messages import (
    DirectoryListingResponse,
    ProxyPut,
    RemoteResume,
    RemoteStanding,
    RemoteSuspend,
)
from fsw.protocols.cfdp_packets import data_units
from fsw.protocols.cfdp_pdu import Condition
from fsw.protocols.cfdp_receiver import FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.protocols.cfdp_transfer import Faults, TransferEnded

SECOND = 1_000_000_000
CONTENT = random.Random(1).randbytes(9001)
FAULTS = Faults(5 * SECOND, 1000, 10_000 * SECOND)
_OURS, _THEIRS = 245, 1


class _Pipe(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.out: list[bytes] = []

    def request(self, data: bytes) -> None:
        self.out.append(bytes(data))


class Them(CfdpEntity):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            _THEIRS,
            NativeFileStore(str(folder)),
            _Pipe(),
            transaction_finished_indication_required=True,
            transaction_inactivity_limit=None,
            positive_ack_timer_interval=None,
            positive_ack_timer_expiration_limit=None,
            nak_timer_interval=None,
            nak_timer_expiration_limit=None,
        )
        self.shutdown()
        self._event_thread.join()
        self._message_thread.join()
        self.finished: list[int] = []

    def transaction_finished_indication(
        self, transaction_id: object, condition_code: int, *_: object
    ) -> None:
        self.finished.append(condition_code)

    def _run(self) -> None:
        self._transfers()
        while not self._messages_to_user_queue.empty():
            if (message := self._messages_to_user_queue.get()) != 0:
                self.process_user_message(message)
                self._transfers()

    def _transfers(self) -> None:
        while True:
            try:
                event, pdu = self._event_queue.get_nowait()
            except queue.Empty:
                return
            if machine := self.machines.get(event.transaction.id):
                machine.update_state(event, pdu)

    def turn(self, arrived: list[bytes], timers: bool = False) -> list[bytes]:
        self._run()
        for unit in arrived:
            self.pdu_received(unit)
            self._run()
        if timers:
            for machine in list(self.machines.values()):
                if machine.state != MachineState.COMPLETED:
                    for name in ("ack_timer", "nak_timer"):
                        if hasattr(machine, name):
                            getattr(machine, name)._expired()
                            self._run()
        out, self.transport.out = self.transport.out, []
        return out


def _link(units: list[bytes], chance: random.Random, loss: float) -> list[bytes]:
    if not loss:
        return units
    arrived = [u for u in units for _ in range(chance.choice((1, 1, 2))) if chance.random() >= loss]
    chance.shuffle(arrived)
    return arrived


PATTERNS = [(0, 0.0), (1, 0.2), (2, 0.4), (3, 0.2), (4, 0.6), (5, 0.3)]


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
def test_they_receive_what_we_send(seed: int, loss: float, tmp_path: Path) -> None:
    them = Them(tmp_path)
    us = Sender(SenderSettings(_OURS, _THEIRS, 5, 700, acknowledged=True, faults=FAULTS))
    us.put(PutRequest("received", CONTENT))
    chance = random.Random(seed)
    events = []
    for turn in range(300):
        loss_now = loss if turn < 60 else 0.0
        units = list(data_units(us.produce(4000, turn * SECOND)))
        # Its receiver forgets the names when anything comes before the metadata: they come, and first.
        metadata = units[:1] if turn == 0 else []
        forth = metadata + _link(units[len(metadata) :], chance, loss_now)
        for unit in _link(them.turn(forth, turn % 5 == 0), chance, loss_now):
            events += us.receive(unit, turn * SECOND)
        events += us.poll((turn + 1) * SECOND)
        if not us.open_transfers and not us.has_output:
            break
    assert events == [TransferEnded(_OURS, 0, "received", Condition.NO_ERROR, True)]
    assert (tmp_path / "received").read_bytes() == CONTENT
    assert set(them.finished) <= {ConditionCode.NO_ERROR}


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
@pytest.mark.parametrize("immediate", [False, True], ids=["deferred", "immediate"])
def test_we_receive_what_they_send(seed: int, loss: float, immediate: bool, tmp_path: Path) -> None:
    them = Them(tmp_path)
    (tmp_path / "sent").write_bytes(CONTENT)
    them.put(_OURS, "sent", "kept", transmission_mode=TransmissionMode.ACKNOWLEDGED)
    us = Receiver(ReceiverSettings(_OURS, 5, FAULTS, immediate, 5 * SECOND, 1000))
    chance = random.Random(seed)
    back: list[bytes] = []
    events = []
    for turn in range(300):
        loss_now = loss if turn < 60 else 0.0
        for unit in _link(them.turn(back, turn % 5 == 4), chance, loss_now):
            events += us.receive(unit, turn * SECOND)
        back = _link(list(data_units(us.produce(4000, turn * SECOND))), chance, loss_now)
        events += us.poll((turn + 1) * SECOND)
        if them.finished and not us.open_transfers and not us.has_output:
            break
    assert events == [FileReceived(_THEIRS, 1, "kept", CONTENT, ())]
    assert them.finished == [ConditionCode.NO_ERROR]


def test_cancelling_is_understood_from_and_by_them(tmp_path: Path) -> None:
    them = Them(tmp_path)
    us = Sender(SenderSettings(_OURS, _THEIRS, 5, 700, acknowledged=True, faults=FAULTS))
    us.put(PutRequest("received", CONTENT))
    back = them.turn(list(data_units(us.produce(4000, 0))))
    us.cancel(0)
    back += them.turn(list(data_units(us.produce(4000, 0))))
    events = [event for unit in back for event in us.receive(unit, 0)]
    assert events == [TransferEnded(_OURS, 0, "received", Condition.CANCEL_REQUEST, False)]
    assert them.finished == [ConditionCode.CANCEL_REQUEST_RECEIVED]


def test_class_1_goes_both_ways(tmp_path: Path) -> None:
    them = Them(tmp_path)
    sender = Sender(SenderSettings(_OURS, _THEIRS, 5, 700))
    sender.put(PutRequest("received", CONTENT))
    assert them.turn(list(data_units(sender.produce(1 << 20, 0)))) == []
    assert (tmp_path / "received").read_bytes() == CONTENT
    (tmp_path / "sent").write_bytes(CONTENT)
    them.put(_OURS, "sent", "kept", transmission_mode=TransmissionMode.UNACKNOWLEDGED)
    receiver = Receiver(ReceiverSettings(_OURS))
    events = [event for unit in them.turn([]) for event in receiver.receive(unit, 0)]
    assert events == [FileReceived(_THEIRS, 1, "kept", CONTENT, ())]


def _ours(folder: Path, **rest: bool) -> tuple[Them, Entity, FileStore]:
    store = FileStore()
    store.create_directory("logs")
    store.write("logs/one", CONTENT)
    sender = SenderSettings(_OURS, _THEIRS, 5, 700, faults=FAULTS, **rest)
    receiver = ReceiverSettings(_OURS, 5, FAULTS, nak_ns=5 * SECOND, nak_limit=1000)
    return Them(folder), Entity((Peer(sender, receiver),), store), store


def _fly(them: Them, us: Entity, seed: int, loss: float, most: int = 120) -> list[object]:
    """Until nothing is under way. Metadata come, and first: its receiver forgets the names otherwise."""
    chance = random.Random(seed)
    events: list[object] = []
    for turn in range(most):
        loss_now = loss if turn < 40 else 0.0
        units = list(data_units(us.produce(4000, turn * SECOND)))
        metadata = [unit for unit in units if isinstance(pdus.decode(unit), pdus.Metadata)]
        forth = metadata + _link([u for u in units if u not in metadata], chance, loss_now)
        # It cannot read the message that tells how a proxy put ended.
        forth = [unit for unit in forth if b"cfdp\x07" not in unit]
        for unit in _link(them.turn(forth, turn % 5 == 4), chance, loss_now):
            events += us.receive(unit, turn * SECOND)
        events += us.poll((turn + 1) * SECOND)
    return events


PROXY_PATTERNS = [(0, 0.0), (1, 0.2), (2, 0.4)]


@pytest.mark.parametrize(("seed", "loss"), PROXY_PATTERNS)
def test_they_fetch_a_file_by_proxy_and_list_a_directory(seed: int, loss: float, tmp_path: Path) -> None:
    them, us, store = _ours(tmp_path, acknowledged=True)
    them.put(
        _OURS,
        transmission_mode=TransmissionMode.ACKNOWLEDGED,
        messages_to_user=[ProxyPutRequest(_THEIRS, "logs/one", "copy")],
    )
    them.put(
        _OURS,
        transmission_mode=TransmissionMode.ACKNOWLEDGED,
        messages_to_user=[DirectoryListingRequest("logs", "listing")],
    )
    events = _fly(them, us, seed, loss)
    assert [e.granted for e in events if isinstance(e, Asked)] == [True, True]
    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert (tmp_path / "listing").read_bytes() == store.listing("logs") == b"logs/one\t9001\n"


@pytest.mark.parametrize(("seed", "loss"), PROXY_PATTERNS)
def test_we_fetch_a_file_by_proxy_and_list_a_directory(seed: int, loss: float, tmp_path: Path) -> None:
    them, us, store = _ours(tmp_path, acknowledged=True)
    (tmp_path / "theirs").write_bytes(CONTENT[::-1])
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inner").write_bytes(b"four")
    us.ask(ProxyPut(_OURS, "theirs", "fetched"))
    listing = us.ask(OurListingRequest("sub", "listed"))
    events = _fly(them, us, seed, loss)
    assert store.read("fetched") == CONTENT[::-1]
    assert b"inner,4," in (store.read("listed") or b"")
    assert [event for event in events if isinstance(event, Answered)] == [
        Answered(listing, DirectoryListingResponse(True, "sub", "listed"))
    ]


def test_they_carry_out_our_filestore_requests(tmp_path: Path) -> None:
    them, us, _ = _ours(tmp_path, acknowledged=True)
    wanted = [
        FilestoreRequest(FileAction.CREATE_DIRECTORY, "made"),
        FilestoreRequest(FileAction.RENAME_FILE, "sent", "made/sent"),
        FilestoreRequest(FileAction.APPEND_FILE, "made/sent", "made/sent"),
    ]
    us.put(PutRequest("sent", b"octets", filestore_requests=tuple(r.encode() for r in wanted)))
    _fly(them, us, 0, 0.0, 10)
    assert (tmp_path / "made" / "sent").read_bytes() == b"octetsoctets"


def test_we_carry_out_their_filestore_requests(tmp_path: Path) -> None:
    them, us, store = _ours(tmp_path)
    (tmp_path / "sent").write_bytes(CONTENT)
    them.put(
        _OURS,
        "sent",
        "logs/two",
        transmission_mode=TransmissionMode.ACKNOWLEDGED,
        filestore_requests=[
            TheirRequest(ActionCode.DELETE_FILE, "logs/one"),
            TheirRequest(ActionCode.RENAME_FILE, "logs/two", "three"),
        ],
    )
    _fly(them, us, 0, 0.0, 10)
    assert store.files == ["three"]
    assert store.read("three") == CONTENT


@pytest.mark.parametrize(("source", "sequence"), [(245, 3), (1, 300), (513, 0xABCD)])
def test_remote_suspend_and_resume_are_the_same_octets(source: int, sequence: int) -> None:
    pairs = [
        (TheirSuspend(source, sequence), RemoteSuspend(source, sequence)),
        (TheirResume(source, sequence), RemoteResume(source, sequence)),
        (TheirSuspended(source, sequence, 1, 1), RemoteStanding(False, True, 1, source, sequence)),
        (TheirResumed(source, sequence, 0, 2), RemoteStanding(True, False, 2, source, sequence)),
    ]
    for theirs, ours in pairs:
        (message,) = cfdp_messages.encode(ours)
        assert theirs.encode()[2:] == message
        assert cfdp_messages.read([theirs.encode()[2:]]) == cfdp_messages.UserMessages(ours)


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
def test_they_receive_what_the_cameras_firmware_sends(seed: int, loss: float, tmp_path: Path) -> None:
    them = Them(tmp_path)
    camera = CFileSender(segment_octets=700)
    camera.begin(0, 15, File(b"0000000007.jpg", CONTENT))  # it knows no messages but CFDP's own
    chance = random.Random(seed)
    for turn in range(300):
        loss_now = loss if turn < 60 else 0.0
        units = camera.produce(turn * SECOND, 4000)
        metadata = units[:1] if turn == 0 else []  # as above
        forth = metadata + _link(units[len(metadata) :], chance, loss_now)
        for unit in _link(them.turn(forth, turn % 5 == 0), chance, loss_now):
            assert camera.receive(unit, turn * SECOND) in ("taken", "stranger")
        camera.poll((turn + 1) * SECOND)
        if camera.ended and not camera.has_output:
            break
    assert camera.ended == [(0, "delivered", 0)]
    assert (tmp_path / "0000000007.jpg").read_bytes() == CONTENT
    assert set(them.finished) <= {ConditionCode.NO_ERROR}


def test_they_understand_that_the_camera_has_cancelled(tmp_path: Path) -> None:
    them = Them(tmp_path)
    camera = CFileSender(segment_octets=700)
    camera.begin(0, 15, File(b"picture", CONTENT))
    units = camera.produce(0, 3000)
    camera.cancel(0)
    for turn in range(3):
        for unit in them.turn(units):
            camera.receive(unit, turn * SECOND)
        units = camera.produce(turn * SECOND)
    assert camera.ended == [(0, "cancelled", int(Condition.CANCEL_REQUEST))]
    assert them.finished == [ConditionCode.CANCEL_REQUEST_RECEIVED]


@pytest.mark.parametrize(("seed", "loss"), PATTERNS)
@pytest.mark.parametrize("mode", [TransmissionMode.ACKNOWLEDGED, TransmissionMode.UNACKNOWLEDGED])
def test_the_cameras_firmware_receives_what_they_send(
    seed: int, loss: float, mode: TransmissionMode, tmp_path: Path
) -> None:
    them = Them(tmp_path)
    (tmp_path / "sent").write_bytes(CONTENT[:250])
    them.put(246, "sent", "settings", transmission_mode=mode)
    camera = CFileReceiver()
    chance = random.Random(seed)
    back: list[bytes] = []
    for turn in range(300):
        lost = loss if turn < 60 and mode == TransmissionMode.ACKNOWLEDGED else 0.0
        for unit in _link(them.turn(back, turn % 5 == 4), chance, lost):
            assert camera.receive(unit, turn * SECOND) in ("taken", "stranger")
        back = _link(camera.produce(turn * SECOND), chance, lost)
        camera.poll((turn + 1) * SECOND)
        if them.finished and camera.idle:
            break
    assert camera.came == [CONTENT[:250]]
    assert camera.idle
    assert set(them.finished) == {ConditionCode.NO_ERROR}
