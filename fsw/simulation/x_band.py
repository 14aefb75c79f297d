"""The X band, both ways: over the light time and through noise, between station and spacecraft."""

from collections.abc import Callable
from typing import Any

from fsw.core.radio_channel import flip_bits, soft_symbols
from fsw.devices.transponder import Transmission
from fsw.ground.receiving import ReceivedPacket, Station
from fsw.ground.transmitter import Burst
from fsw.kernel.seeds import Streams
from fsw.kernel.time import SECOND
from fsw.missions.mission_file import MissionFile
from fsw.vehicles.orbiter import HIGH, LOW
from fsw.vehicles.relay_orbiter import RelayOrbiter
from fsw.world import heavens as sky
from fsw.world.delay_line import DelayLine

ES_N0_STEP_DB = 0.01  # the channel's table is made anew at each step, some minutes apart
DISTANCE_STEP_NS = 10 * SECOND  # in which the distance changes by less than 1e-5 of it
# A receiver that meets a new carrier misses its first symbols and may lock to the wrong polarity.
ACQUISITION_SYMBOLS = (200, 1800)
UPLINK_SLICE_OCTETS = 64


class XBandUp:
    """From the station's transmitter to the spacecraft's receiver, or its relay's.

    octet_ns: how long one takes. under_way: what was radiated and has not arrived.
    """

    def __init__(
        self,
        mission: MissionFile,
        heavens: sky.Heavens,
        streams: Streams,
        octet_ns: int,
        relay: RelayOrbiter | None,
    ) -> None:
        self._mission = mission
        self._heavens = heavens
        self._seed = streams.seed_of("uplink noise")
        self._octet_ns = octet_ns
        self._relay = relay
        self._link = sky.uplink(mission, sky.station_named(mission))
        self._bits = 0  # radiated so far: the place of the next in the noise
        self.under_way: DelayLine[bytes] = DelayLine()

    def radiate(self, burst: Burst) -> int:
        """On its way, with the noise that it will meet; the mission time at which its last bit arrives."""
        octets = burst.octets
        way_ns = self._heavens.light_time.one_way_light_time_ns(burst.start_ns, "up")
        if self._relay is not None:
            way_ns -= self._relay.ahead_ns(burst.end_ns + way_ns)
        arrival_ns = burst.end_ns + way_ns
        distance_km = self._heavens.earth_distance_km(max(0, arrival_ns))
        rate = sky.uplink_bit_error_rate(self._mission, self._link, distance_km)
        received = flip_bits(octets, rate, seed=self._seed, position=self._bits)
        self._bits += 8 * len(octets)
        # As the bits come in: the receiver must not meet an hour's octets in one instant.
        for at in range(0, len(octets), UPLINK_SLICE_OCTETS):
            piece = received[at : at + UPLINK_SLICE_OCTETS].tobytes()
            later_ns = (len(octets) - at - len(piece)) * self._octet_ns
            self.under_way.send(arrival_ns - later_ns, piece)
        return arrival_ns

    def deliver(self, octets: bytes, now_ns: int) -> None:
        """At the receiver now: no light time, no noise."""
        for at in range(0, len(octets), UPLINK_SLICE_OCTETS):
            self.under_way.send(now_ns, octets[at : at + UPLINK_SLICE_OCTETS])

    def save(self) -> dict[str, Any]:
        return {"under_way": self.under_way.save(), "bits": self._bits}

    def load(self, saved: dict[str, Any]) -> None:
        self.under_way.load(saved["under_way"])
        self._bits = saved["bits"]


class XBandDown:
    """From the orbiter's transmitter to the station.

    tell: told of the packets that the station has made of what it received. relay: the orbiter that sends on
    what a rover gave it, or None.

    heard: the mode that the station receives, LOW or HIGH; '' before the first signal. under_way: what was
    radiated and has not arrived.
    """

    def __init__(
        self,
        mission: MissionFile,
        heavens: sky.Heavens,
        streams: Streams,
        station: Station,
        tell: Callable[[list[ReceivedPacket]], None],
        relay: RelayOrbiter | None,
    ) -> None:
        self._heavens = heavens
        self._streams = streams
        self._station = station
        self._tell = tell
        self._modes = {LOW: mission.downlink.low, HIGH: mission.downlink.high}
        antenna = sky.station_named(mission)
        self._links = {name: sky.downlink(mission, mode, antenna) for name, mode in self._modes.items()}
        self._distance = (-1, 0.0)  # number of its step in time, and from the Earth [km]: only a cache
        self._relay = relay
        self.under_way: DelayLine[Transmission] = DelayLine()
        self.heard = ""
        self._heard_ns = 0  # until when; with a relay in between only
        self._inverted = False  # the polarity to which the station's receiver has locked
        self.frames_sent = 0

    @property
    def locked(self) -> bool:
        """The station has lock on the mode that it hears."""
        return bool(self.heard) and self._station.locked(self.heard)

    def radiate(self, transmission: Transmission) -> None:
        """On its way, where somebody hears it."""
        figures = self._modes[transmission.mode]
        span_ns = transmission.end_ns - transmission.start_ns
        self.frames_sent += round(span_ns / figures.frame_period_ns)
        # As of the first bit; within the second that it lasts the way changes by some tens of microseconds.
        way_ns = self._heavens.light_time.one_way_light_time_ns(transmission.start_ns, "down")
        if self._relay is not None:
            if not self._relay.sees_earth(transmission.start_ns):
                return
            way_ns -= self._relay.ahead_ns(transmission.start_ns)
        self.under_way.send(transmission.end_ns + way_ns, transmission)

    def receive(self, transmission: Transmission, arrival_ns: int) -> None:
        """Its last bit has arrived."""
        mode = transmission.mode
        start_ns = arrival_ns - (transmission.end_ns - transmission.start_ns)
        rises = self._relay is not None and start_ns - self._heard_ns > SECOND  # behind the planet until now
        self._heard_ns = arrival_ns if self._relay is not None else 0
        if self.heard not in ("", mode) or (self.heard and rises):
            self._tell(self._station.end_of_signal(self.heard))
        self.heard = mode
        if not transmission.coded:
            self._tell(self._station.receive_cadus(mode, transmission.symbols, start_ns))
            return
        missed = 0
        if transmission.first_symbol == 0 or rises:
            least, most = ACQUISITION_SYMBOLS
            stream = self._streams.stream("acquisition")
            missed = least + stream.below(most - least)
            self._inverted = bool(stream.below(2))
        soft = soft_symbols(
            transmission.symbols,
            es_n0_db=self._es_n0_db(transmission),
            seed=self._streams.seed_of(f"downlink noise {mode}"),
            position=transmission.first_symbol,
            inverted=self._inverted,
        )
        missed_ns = missed * (arrival_ns - start_ns) // soft.size
        self._tell(self._station.receive_symbols(mode, soft[missed:], start_ns + missed_ns))

    def _es_n0_db(self, transmission: Transmission) -> float:
        """Of one binary channel symbol: QPSK carries two."""
        figures = self._modes[transmission.mode]
        step = transmission.start_ns // DISTANCE_STEP_NS
        if self._distance[0] != step:
            self._distance = (step, self._heavens.earth_distance_km(step * DISTANCE_STEP_NS))
        distance_km = self._distance[1]
        es_n0_db = sky.downlink_es_n0_db(figures, self._links[transmission.mode], distance_km)
        es_n0_db -= 3.010299956639812 if figures.bits_per_symbol == 2 else 0.0
        return round(es_n0_db / ES_N0_STEP_DB) * ES_N0_STEP_DB

    def finish(self) -> None:
        """No more will come: what has arrived is decoded to its last frame."""
        if self.heard:
            self._tell(self._station.end_of_signal(self.heard))

    def save(self) -> dict[str, Any]:
        return {
            "under_way": self.under_way.save(),
            "heard": self.heard,
            "heard_ns": self._heard_ns,
            "inverted": self._inverted,
            "frames_sent": self.frames_sent,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.under_way.load(saved["under_way"])
        self.heard = saved["heard"]
        self._heard_ns = saved["heard_ns"]
        self._inverted = saved["inverted"]
        self.frames_sent = saved["frames_sent"]
