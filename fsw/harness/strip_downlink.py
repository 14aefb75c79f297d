"""The way of a line camera's strips to Earth: recorder, files, packets, frames, symbols, space, station.

On board a strip is a file in the mass memory, taken from there by a CFDP entity (class 1: nothing goes up),
in Space Packets, in TM transfer frames, coded and sent as symbols; these meet the noise of the link budget
and come in one light time later, at a station that knows the spacecraft from them alone. Left out: what
commands it, and everything else that the real spacecraft sends meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsw.core.errors import FswError
from fsw.core.radio_channel import soft_symbols
from fsw.core.render import asin
from fsw.core.telemetry import VirtualChannelSender
from fsw.devices.mass_memory import MassMemory
from fsw.devices.transponder import TransmitMode, Transmitter
from fsw.ground.receiving import DownlinkMode, ReceivedPacket, Station
from fsw.kernel.time import SECOND
from fsw.missions.line_camera import LineCameraMission
from fsw.protocols.cfdp_packets import PACKET_HEADER_OCTETS
from fsw.protocols.cfdp_receiver import Event, FileReceived, Receiver, ReceiverSettings
from fsw.protocols.cfdp_sender import PutRequest, Sender, SenderSettings
from fsw.world.orbit import PlanetOrbit
from fsw.world.passes import PlanetToEarth, hidden
from fsw.world.radio import SpaceLink, dish_gain_dbi
from fsw.world.special import PI
from fsw.world.vectors import length

MODE = "playback"
SPACECRAFT_ENTITY, GROUND_ENTITY = 94, 1
FRAMES_AT_ONCE = 64
IDLE_FRAMES = 4  # before and after, so that receivers lock and decoders come to the end
LEAST_ELEVATION_DEG = 10.0
MOST_STEP_NS = 60 * SECOND  # between two looks whether the planet hides the Earth


@dataclass(frozen=True, slots=True)
class Account:
    """Of one play-back. Times are of mission; elevation_deg: of the planet above the station."""

    begin_ns: int
    end_ns: int
    light_time_ns: int
    elevation_deg: float
    es_n0_db: float
    frames_sent: int
    frames_received: int
    frames_undecodable: int
    symbols_corrected: int
    files_sent: int
    files_received: int


class StripDownlink:
    """Recorder and radio of one mission's carrier, whose orbit is given, and the station that hears it.

    seed: of the link's noise. cadu_sink: called with the octets of CADUs as received.
    """

    def __init__(
        self,
        mission: LineCameraMission,
        carrier: PlanetOrbit,
        seed: int,
        cadu_sink: Callable[[bytes], object],
    ) -> None:
        self._radio = radio = mission.downlink
        self._mission, self._carrier, self._seed = mission, carrier, seed
        self._memory = MassMemory(radio.recorder_octets)
        frame, code = radio.frame_format, radio.channel_code
        self._mode = DownlinkMode(MODE, frame, code, radio.symbol_rate_baud)
        transmit = TransmitMode(MODE, code, frame.length, self._mode.cadu_ns)
        self._transmitter = Transmitter((transmit,), coded=True)
        self._channel = VirtualChannelSender(frame, radio.scid, radio.vcid, capacity=1 << 20)
        self._station = Station((self._mode,), (radio.scid,), cadu_sink=cadu_sink)
        self._sender = Sender(
            SenderSettings(SPACECRAFT_ENTITY, GROUND_ENTITY, radio.apid, radio.segment_octets)
        )
        self._receiver = Receiver(ReceiverSettings(GROUND_ENTITY, radio.apid))
        self._earth = PlanetToEarth(carrier.ephemeris, carrier.planet.name)

    def close(self) -> None:
        """The recorder is not used any more."""
        self._memory.close()

    def record(self, name: str, octets: bytes) -> None:
        """Keeps a file. FswError: the recorder is full."""
        if not self._memory.store(name, octets):
            raise FswError(
                f"downlink.recorder_octets {self._radio.recorder_octets}: too few for {name}, "
                f"{len(octets)} octets beside {self._memory.used_octets}"
            )

    def play_back(self) -> tuple[dict[str, bytes], Account]:
        """All files in the order in which they were recorded: those that came whole, and an account.

        FswError: the planet hides the Earth, or the station is turned away from the planet, meanwhile.
        """
        begin_ns = now_ns = self._mission.epoch.parse(self._radio.begin_utc)
        light_time_ns = self._earth.light_time_ns(begin_ns)
        es_n0_db = self._es_n0_db(begin_ns)
        looked_ns = begin_ns - MOST_STEP_NS
        waiting = list(self._memory.keys())
        files_sent, over = len(waiting), False
        packets: list[ReceivedPacket] = []
        frames_sent = 0
        frames = self._channel.frames(IDLE_FRAMES, idle=True)
        while len(frames):
            if now_ns - looked_ns >= MOST_STEP_NS:
                self._look(now_ns)
                looked_ns = now_ns
            sent = self._transmitter.transmit(MODE, now_ns, frames.tobytes())
            noisy = soft_symbols(sent.symbols, None, es_n0_db, seed=self._seed, position=sent.first_symbol)
            packets += self._station.receive_symbols(MODE, noisy, now_ns + light_time_ns)
            frames_sent += len(frames)
            now_ns = sent.end_ns
            if waiting and not self._sender.open_transfers:
                self._put(waiting.pop(0))
            frames = self._next_frames(now_ns)
            if not len(frames) and not over:
                over = not waiting and not self._sender.open_transfers
                frames = self._channel.frames(IDLE_FRAMES, idle=True)
        packets += self._station.end_of_signal(MODE)
        files = self._files(packets, now_ns + light_time_ns)
        station = self._station
        account = Account(
            begin_ns=begin_ns,
            end_ns=now_ns,
            light_time_ns=light_time_ns,
            elevation_deg=self._elevation_deg(begin_ns),
            es_n0_db=es_n0_db,
            frames_sent=frames_sent,
            frames_received=station.frames,
            frames_undecodable=station.failures,
            symbols_corrected=station.corrected_symbols,
            files_sent=files_sent,
            files_received=len(files),
        )
        return files, account

    def _put(self, name: str) -> None:
        """A file that was found damaged in the recorder is not sent."""
        octets = self._memory.fetch(name)
        if octets is not None:
            self._sender.put(PutRequest(name, octets))

    def _next_frames(self, now_ns: int) -> NDArray[np.uint8]:
        """As many as there is something to fill with, up to some; the last one's rest is idle."""
        room = FRAMES_AT_ONCE * self._mode.frame.data_octets
        block = self._sender.produce(max(0, room - self._channel.pending_octets), now_ns)
        if block.octets.size:
            taken = self._channel.push(block.octets)
            assert taken, "as much was asked for as there is room"
        count = -(-self._channel.pending_octets // self._mode.frame.data_octets)
        return self._channel.frames(min(FRAMES_AT_ONCE, count))

    def _files(self, packets: list[ReceivedPacket], now_ns: int) -> dict[str, bytes]:
        """What the ground's entity makes of the packets."""
        events: list[Event] = []
        for packet in packets:
            if packet.apid == self._radio.apid:
                events += self._receiver.receive(packet.octets[PACKET_HEADER_OCTETS:], packet.received_ns)
        deadline = self._receiver.next_deadline_ns
        while deadline is not None:
            now_ns = max(now_ns, deadline)
            events += self._receiver.poll(now_ns)
            deadline = self._receiver.next_deadline_ns
        return {event.name: event.octets for event in events if isinstance(event, FileReceived)}

    def _es_n0_db(self, t_ns: int) -> float:
        radio, station = self._radio, self._mission.station
        link = SpaceLink(
            frequency_hz=radio.frequency_hz,
            transmit_power_w=radio.transmit_power_w,
            transmit_gain_dbi=dish_gain_dbi(radio.dish_diameter_m, radio.dish_efficiency, radio.frequency_hz),
            receive_gain_dbi=dish_gain_dbi(station.diameter_m, station.efficiency, radio.frequency_hz),
            system_temperature_k=station.system_temperature_k,
            losses_db=radio.line_loss_db,
        )
        distance_km = length(self._earth.way_km(t_ns))
        return link.es_n0_db(distance_km, radio.symbol_rate_baud, radio.modulation_loss_db)

    def _elevation_deg(self, t_ns: int) -> float:
        station = self._mission.station
        sine = self._earth.elevation_sine(t_ns, station.latitude_deg, station.longitude_deg)
        return float(asin(sine)) * (180.0 / PI)

    def _look(self, t_ns: int) -> None:
        carrier = self._carrier
        pole = carrier.planet.equator(carrier.ephemeris.epoch.tdb_ns(t_ns))[2]
        when = self._mission.epoch.utc(t_ns, 0)
        if hidden(carrier.planet_centred_state(t_ns)[0], self._earth.way_km(t_ns), carrier.planet, pole):
            raise FswError(f"downlink: at {when} the planet hides the Earth; allowed is another begin_utc")
        if self._elevation_deg(t_ns) < LEAST_ELEVATION_DEG:
            raise FswError(
                f"downlink: at {when} the planet is too low at the station; allowed is another begin_utc"
            )
