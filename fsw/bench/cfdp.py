"""A file of 10 MB by CFDP class 2, in segments of 1 KB, beside cfdp-py.

Both sides of a transfer in one process, octets between them, nothing lost: packets made, parsed, the file
checked, acknowledged and finished. Ours goes from memory to memory; cfdp-py from file to file, as it comes.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from fsw.bench.figure import Figure
from fsw.protocols.cfdp_checksum import ChecksumType
from fsw.protocols.cfdp_packets import data_units
from fsw.protocols.cfdp_receiver import FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings

FILE_OCTETS = 10_000_000
SEGMENT_OCTETS = 1024
ROOM_OCTETS = 1 << 16  # what a link takes at a time
TIMES = 40
_SENDER, _RECEIVER = 245, 1


def measure() -> list[Figure]:
    """cfdp_10mb."""
    content = np.random.default_rng(20200930).integers(0, 256, FILE_OCTETS, dtype=np.uint8).tobytes()
    ours = min(_ours(content) for _ in range(5))
    value, goal = FILE_OCTETS / ours / 1e6, f"{TIMES} x cfdp-py"
    theirs = _cfdp_py(content)
    if theirs is None:
        return [Figure("cfdp_10mb", value, "MB/s", "cfdp-py (not installed)", None, None, goal, None)]
    peer_value = FILE_OCTETS / theirs / 1e6
    ratio = value / peer_value
    return [Figure("cfdp_10mb", value, "MB/s", "cfdp-py", peer_value, ratio, goal, ratio >= TIMES)]


def _ours(content: bytes) -> float:
    """Seconds."""
    settings = SenderSettings(_SENDER, _RECEIVER, 5, SEGMENT_OCTETS, ChecksumType.CRC_32, acknowledged=True)
    sender, receiver = Sender(settings), Receiver(ReceiverSettings(_RECEIVER, 5))
    received: list[Any] = []
    start = time.perf_counter()
    sender.put(PutRequest("file", content))
    while sender.open_transfers:
        received += receiver.receive_block(sender.produce(ROOM_OCTETS, 0), 0)
        for unit in data_units(receiver.produce(ROOM_OCTETS, 0)):
            sender.receive(unit, 0)
    seconds = time.perf_counter() - start
    assert [event.octets for event in received if isinstance(event, FileReceived)] == [content]
    return seconds


def _cfdp_py(content: bytes) -> float | None:
    """Seconds; None where it is not installed."""
    try:
        from cfdppy import CfdpState
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
        from spacepackets.cfdp import ChecksumType as TheirChecksum
        from spacepackets.cfdp import PduFactory, TransmissionMode
        from spacepackets.countdown import Countdown
        from spacepackets.seqcount import SeqCountProvider
        from spacepackets.util import ByteFieldU16
    except ImportError:
        return None

    def deaf(*_: object, **__: object) -> None:
        """An indication that nobody needs."""

    names = [name for base in (CfdpUserBase, DefaultFaultHandlerBase) for name in base.__abstractmethods__]
    told = dict.fromkeys(names, deaf)
    user = type("User", (CfdpUserBase,), told)
    faults = type("Faults", (DefaultFaultHandlerBase,), told)

    class Check(CheckTimerProvider):  # type: ignore[misc]
        def provide_check_timer(self, *_: object, **__: object) -> Any:
            return Countdown.from_seconds(3600)

    def entity(number: int, peer: int) -> tuple[Any, Any, Any]:
        table = RemoteEntityConfigTable(
            [
                RemoteEntityConfig(
                    entity_id=ByteFieldU16(peer),
                    max_file_segment_len=SEGMENT_OCTETS,
                    max_packet_len=2 * SEGMENT_OCTETS,
                    closure_requested=False,
                    crc_on_transmission=False,
                    default_transmission_mode=TransmissionMode.ACKNOWLEDGED,
                    crc_type=TheirChecksum.CRC_32,
                )
            ]
        )
        return LocalEntityConfig(ByteFieldU16(number), IndicationConfig(), faults()), user(), table

    source = SourceHandler(*entity(_SENDER, _RECEIVER), Check(), SeqCountProvider(16))
    dest = DestHandler(*entity(_RECEIVER, _SENDER), Check())

    def step(handler: Any, unit: bytes | None) -> list[bytes]:
        handler.state_machine(None if unit is None else PduFactory.from_raw(unit))
        out = []
        while handler.packets_ready:
            out.append(bytes(handler.get_next_packet().pdu.pack()))
        return out

    with tempfile.TemporaryDirectory() as folder:
        sent, kept = Path(folder) / "sent", Path(folder) / "kept"
        sent.write_bytes(content)
        start = time.perf_counter()
        source.put_request(TheirPut(ByteFieldU16(_RECEIVER), sent, kept, None, None))
        while source.state != CfdpState.IDLE:
            answers = [answer for unit in step(source, None) for answer in step(dest, unit)]
            for answer in answers or step(dest, None):
                for unit in step(source, answer):
                    step(dest, unit)
        seconds = time.perf_counter() - start
        assert kept.read_bytes() == content
    return seconds
