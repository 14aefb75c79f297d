"""The way of the inspector's events and pictures to Earth.

Events are PUS reports ST[5], pictures CFDP files (class 1: nothing goes up), both in Space Packets on one
virtual channel of TM transfer frames. They go to the host as soon as they are made, which hands the frames on
as they are: a bent pipe, without noise, one light time from the host to Earth. Left out: the host's own
telemetry, housekeeping of the camera, telecommands.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fsw.core.channel_coding import ChannelCode, Octets, encode_cadus
from fsw.core.frame_format import FrameFormat
from fsw.core.telemetry import VirtualChannelSender
from fsw.dictionary.identifiers import INSPECTOR_APID
from fsw.dictionary.inspector_reports import BOOK, event_values
from fsw.ground.receiving import DownlinkMode, ReceivedPacket, Station
from fsw.kernel.time import SECOND, Epoch
from fsw.missions.inspection import Radio
from fsw.protocols import pus
from fsw.protocols.cfdp_packets import PACKET_HEADER_OCTETS
from fsw.protocols.cfdp_receiver import FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.tasks.inspection import Reported

MODE = "relayed"
INTERLEAVE = 5
FRAME = FrameFormat("tm", 223 * INTERLEAVE)
CODE = ChannelCode(randomizer="tm255", interleave=INTERLEAVE)
VIRTUAL_CHANNEL, PICTURE_APID = 0, INSPECTOR_APID + 1
CAMERA_ENTITY, GROUND_ENTITY, GROUND = 2, 1, 1
SEGMENT_OCTETS = 1024
FRAMES_AT_ONCE = 64
_IDLE_FRAMES = 4  # before all else, so that the receiver locks


@dataclass(frozen=True, slots=True)
class Received:
    """reports: when each was made, by its packet, and as the book decodes it. files: when each was whole."""

    reports: list[tuple[int, str, dict[str, object]]]
    files: dict[str, tuple[int, bytes]]
    frames: int


class InspectionDownlink:
    """light_time_ns: from the host. cadu_sink: called with the octets of CADUs as received."""

    def __init__(
        self, radio: Radio, epoch: Epoch, light_time_ns: int, cadu_sink: Callable[[bytes], object]
    ) -> None:
        self._epoch, self._late_ns = epoch, light_time_ns
        mode = DownlinkMode(MODE, FRAME, CODE, radio.rate_bit_s)
        self._cadu_ns = mode.cadu_ns
        self._channel = VirtualChannelSender(FRAME, radio.scid, VIRTUAL_CHANNEL, capacity=1 << 20)
        self._station = Station((mode,), (radio.scid,), cadu_sink=cadu_sink)
        self._sender = Sender(SenderSettings(CAMERA_ENTITY, GROUND_ENTITY, PICTURE_APID, SEGMENT_OCTETS))
        self._sequence, self._messages = pus.SequenceCounters(), pus.MessageCounters()
        self._packets: list[ReceivedPacket] = []
        self._free_ns = 0
        self._idle(_IDLE_FRAMES)

    def report(self, t_ns: int, said: Reported) -> None:
        """Sends an event's packet. What its fields cannot hold stays at the end of their scale."""
        declared = BOOK.report(f"EVENT_{said.event.name}")
        assert declared.service is not None
        assert declared.subtype is not None
        packet = pus.Report(
            INSPECTOR_APID,
            self._sequence.take(INSPECTOR_APID),
            declared.service,
            declared.subtype,
            self._messages.take(declared.service, declared.subtype, GROUND),
            GROUND,
            pus.encode_time(self._epoch.posix_ns(t_ns)),
            declared.encode(event_values(said.values)),
        )
        taken = self._channel.push(pus.encode_report(packet))
        assert taken, "the channel is emptied after each packet and file"
        self._send(t_ns)

    def picture(self, t_ns: int, file: str, octets: bytes) -> None:
        """Sends a file that is there from an instant on."""
        self._sender.put(PutRequest(file, octets))
        while self._sender.open_transfers:
            room = FRAMES_AT_ONCE * FRAME.data_octets
            block = self._sender.produce(room, max(t_ns, self._free_ns))
            if block.octets.size:
                taken = self._channel.push(block.octets)
                assert taken, "as much was asked for as there is room"
            self._send(t_ns)

    def received(self) -> Received:
        """What the ground has of all that was sent, once the carrier is gone."""
        self._idle(_IDLE_FRAMES)
        self._packets += self._station.end_of_signal(MODE)
        receiver = Receiver(ReceiverSettings(GROUND_ENTITY, PICTURE_APID))
        reports: list[tuple[int, str, dict[str, object]]] = []
        files: dict[str, tuple[int, bytes]] = {}
        for packet in self._packets:
            if packet.apid == PICTURE_APID:
                events = receiver.receive(packet.octets[PACKET_HEADER_OCTETS:], packet.received_ns)
                for event in events:
                    if isinstance(event, FileReceived):
                        files[event.name] = (packet.received_ns, event.octets)
            elif packet.apid == INSPECTOR_APID:
                reports += self._read(packet.octets)
        return Received(reports, files, self._station.frames)

    def _read(self, octets: bytes) -> Iterator[tuple[int, str, dict[str, object]]]:
        report = pus.decode_report(octets)
        if isinstance(report, str):
            return
        declared = BOOK.recognise_report(report.apid, report.service, report.subtype, report.source_data)
        if declared is not None:
            t_ns = self._epoch.from_posix_ns(pus.decode_time(report.time))
            decoded = declared.decode(report.source_data)
            values: dict[str, object] = {name: value.value for name, value in decoded.items()}
            yield t_ns, declared.name.removeprefix("EVENT_"), values

    def _idle(self, count: int) -> None:
        self._radiate(self._free_ns, self._channel.frames(count, idle=True))

    def _send(self, t_ns: int) -> None:
        """All that waits; the last frame's rest is idle."""
        count = -(-self._channel.pending_octets // FRAME.data_octets)
        if count:
            self._radiate(t_ns, self._channel.frames(count))

    def _radiate(self, t_ns: int, frames: Octets) -> None:
        begin_ns = max(t_ns, self._free_ns)
        cadus = encode_cadus(frames, CODE)
        self._free_ns = begin_ns + len(cadus) * self._cadu_ns
        self._packets += self._station.receive_cadus(MODE, cadus.tobytes(), begin_ns + self._late_ns)


def light_time_of(away_km: float) -> int:
    """[ns]"""
    return round(away_km / 299_792.458 * SECOND)
