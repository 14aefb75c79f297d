"""The orbiter between a rover and the Earth: Proximity-1 below, a store, Tianwen-1's X-band frames above.

While it passes, a quarter of a second of both directions is on the air at a time, at the rate that range and
margin allow; fading spoils some of these portions. What comes whole is stored, and sent on in order in the
high rate while the Earth is in sight: real-time packets in their channel, files in that of replays.

What comes from the Earth is not looked into: telecommand octets wait for the pass and go to the rover as
user-defined data, and the rover's control words come back so and go down in this orbiter's frames. So COP-1
and the security of telecommands hold between the Earth and the rover, COP-P between rover and orbiter.

Of its computer there is the downlink alone, and its clock is exact; its own telemetry is left out.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from fsw.core.radio_channel import flip_bits
from fsw.devices.transponder import Transmission, Transmitter
from fsw.kernel.scheduler import Emit, Send, SetTimer
from fsw.kernel.seeds import Streams
from fsw.kernel.time import SECOND, Epoch, earliest
from fsw.missions.mission_file import MissionFile
from fsw.missions.portrait import PortraitMission
from fsw.protocols.proximity1 import MOST_DATA_OCTETS, Construction, Frame
from fsw.protocols.proximity1_link import LinkEnd, packets_in
from fsw.tasks import messages, names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.downlink import Downlink
from fsw.tasks.file_messages import FilePackets
from fsw.tasks.relayed_downlink import ANSWER_PORTIONS, FILES_PORT, REAL_TIME_PORT, Waiting
from fsw.vehicles.orbiter import FRAMES, HIGH, LOW, Orbiter, control_channel, transmit_modes
from fsw.world.delay_line import DelayLine
from fsw.world.flight_path import FlightPath
from fsw.world.ground_site import GroundSite
from fsw.world.passes import hidden
from fsw.world.relay_hop import RelayHop

PORTION_NS = SECOND // 4
LOOK_NS = SECOND  # between passes
MOST_FORWARD = 12  # units in a portion of the forward link
MOST_UPLINKED_OCTETS = 1 << 18  # that wait for a pass
MOST_REAL_TIME_OCTETS = 30_000  # a second; a quarter of the high rate's frames
DOWNLINK_BUFFER_NS = 10 * SECOND  # in which all that its buffer holds has gone
SPOILED_BIT_ERROR_RATE = 0.02  # in a fade
_CONTROL_WORD_OCTETS = 4


@dataclass(slots=True)
class RelayPass:
    """What a pass brought: Proximity-1 frames of both directions, as their senders count them, new ones and
    repeats; those of the return link that the orbiter accepted, and those it found broken; packets and their
    octets in these, and those packets that its store had no room for."""

    begin_ns: int
    end_ns: int
    frames: int = 0
    frames_again: int = 0
    frames_accepted: int = 0
    frames_broken: int = 0
    packets: int = 0
    octets: int = 0
    packets_dropped: int = 0
    forward_frames: int = 0
    forward_frames_again: int = 0
    least_kbit_s: int = 0
    most_kbit_s: int = 0


class RelayOrbiter:
    """coded, on_air: see `Orbiter`."""

    def __init__(
        self, mission: PortraitMission, site: GroundSite, streams: Streams, coded: bool, on_air: bool
    ) -> None:
        self._site = site
        relay = mission.relay
        self.hop = RelayHop.of(mission.epoch, site.place, relay.orbit, relay.phase, mission.uhf)
        self._lost_portions = mission.uhf.lost_portions
        self._fading = streams.stream("uhf fading")
        self._noise_seed = streams.seed_of("uhf noise")
        self._noise_bits = 0
        self._link = LinkEnd(mission.uhf.spacecraft_id, ANSWER_PORTIONS, MOST_DATA_OCTETS)
        self._downlink = Downlink(
            OnBoardClock(mission.epoch),
            round(mission.downlink.high.frames_per_s),
            control_channel(mission),
            lander=False,
            frames=FRAMES[mission.downlink.low.channel[0].time_code],
            carrier=on_air,
        )
        self._on_air = on_air
        self._transmitter = Transmitter(transmit_modes(mission), coded)
        self._radiated: list[Transmission] = []
        self.on_frames: Callable[[str, int, bytes], object] | None = None  # as of `Orbiter`
        self._stores = {port: Waiting(relay.store_octets) for port in (REAL_TIME_PORT, FILES_PORT)}
        self._high = False  # the rate that was asked for
        self._idle_beats = 0  # in a row, with nothing to send on
        self._uplinked = bytearray()
        self.uplinked_lost = 0
        self._return: DelayLine[bytes] = DelayLine()
        self._forward: DelayLine[bytes] = DelayLine()
        self._beat_ns = 0
        self._portion_ns = 0
        self._session = False
        self.passes: list[RelayPass] = []

    # ---- for the simulation ---------------------------------------------------------------------

    def next_ns(self) -> int | None:
        """When `advance` has work next."""
        return earliest(self._beat_ns, self._portion_ns, self._return.next_ns(), self._forward.next_ns())

    def advance(self, now_ns: int, rover: Orbiter) -> None:
        """All that is due."""
        for _, octets in self._return.arrived(now_ns):
            self._hear(octets, now_ns)
        for _, octets in self._forward.arrived(now_ns):
            rover.receive_uhf(octets, now_ns)
        if self._portion_ns <= now_ns:
            self._exchange(now_ns, rover)
        if self._beat_ns <= now_ns:
            self._beat(now_ns)

    def receive(self, octets: bytes, now_ns: int) -> None:
        """Octets of the X-band receiver; they wait for the next portion."""
        if len(self._uplinked) + len(octets) > MOST_UPLINKED_OCTETS:
            self.uplinked_lost += len(octets)
            return
        self._uplinked += octets

    def radiated(self) -> list[Transmission]:
        """What has gone on the air towards the Earth since the last call."""
        radiated, self._radiated = self._radiated, []
        return radiated

    def sees_earth(self, t_ns: int) -> bool:
        """Whether the planet does not stand between."""
        way = self._site.to_body("earth", t_ns)[0]
        pole = self._site.planet_axes(t_ns)[2]
        return not hidden(self.hop.position_km(t_ns), way, self._site.planet, pole)

    def ahead_ns(self, t_ns: int) -> int:
        """How much sooner a signal from the Earth is here than at the rover, and the other way round."""
        return self.hop.ahead_ns(self._site.to_body("earth", t_ns)[0], t_ns)

    # ---- below: Proximity-1 ---------------------------------------------------------------------

    def _exchange(self, now_ns: int, rover: Orbiter) -> None:
        rate = self.hop.rate_kbit_s(self.hop.look(now_ns)[0]) if self.hop.hears(now_ns) else 0
        if not rate:
            if self._session:
                self._session = False
                rover.carrier_lost(now_ns)
            self._portion_ns = now_ns + LOOK_NS
            return
        self._portion_ns = now_ns + PORTION_NS
        if not self._session:
            self._session = True
            self.passes.append(RelayPass(now_ns, now_ns, least_kbit_s=rate))
            self._change_rate(high=True, now_ns=now_ns)
        one = self.passes[-1]
        one.end_ns = now_ns + PORTION_NS
        one.least_kbit_s, one.most_kbit_s = min(one.least_kbit_s, rate), max(one.most_kbit_s, rate)
        way_ns = self.hop.way_ns(now_ns)
        octet_ns = 8 * SECOND // (1000 * rate)
        for sent in rover.radio(PORTION_NS // octet_ns, rate, now_ns):
            one.frames += sent.anew
            one.frames_again += sent.again
            self._send(self._return, sent.octets, now_ns + way_ns, octet_ns)
        self._send(self._forward, self._say(one), now_ns + way_ns, octet_ns)

    def _say(self, one: RelayPass) -> bytes:
        """The forward link's portion."""
        fop = self._link.fop
        while self._uplinked:
            fop.send(bytes(self._uplinked[:MOST_DATA_OCTETS]), construction=Construction.USER_DEFINED)
            del self._uplinked[:MOST_DATA_OCTETS]
        anew, again = fop.counts["sent"], fop.counts["again"]
        units = self._link.portion(most_units=MOST_FORWARD)
        one.forward_frames += fop.counts["sent"] - anew
        one.forward_frames_again += fop.counts["again"] - again
        return units

    def _send(self, line: DelayLine[bytes], octets: bytes, first_ns: int, octet_ns: int) -> None:
        """On the air, and spoiled if it fades."""
        if self._fading.uniform() < self._lost_portions:
            rate, position = SPOILED_BIT_ERROR_RATE, self._noise_bits
            octets = flip_bits(octets, rate, seed=self._noise_seed, position=position).tobytes()
            self._noise_bits += 8 * len(octets)
        line.send(first_ns + len(octets) * octet_ns, octets)

    def _hear(self, octets: bytes, now_ns: int) -> None:
        one, counts = self.passes[-1], self._link.reader.counts
        broken = counts["crc"]
        for frame in self._link.hear(octets):
            one.frames_accepted += 1
            self._take(frame, one, now_ns)
        one.frames_broken += counts["crc"] - broken

    def _take(self, frame: Frame, one: RelayPass, now_ns: int) -> None:
        if frame.construction is Construction.USER_DEFINED:
            places = range(0, len(frame.data), _CONTROL_WORD_OCTETS)
            words = tuple(frame.data[at : at + _CONTROL_WORD_OCTETS] for at in places)
            self._tell(messages.ControlWords(words), now_ns)
            return
        store = self._stores[FILES_PORT if frame.port == FILES_PORT else REAL_TIME_PORT]
        dropped = store.dropped
        for packet in packets_in(frame.data):
            store.push(packet)
            one.packets += 1
            one.octets += len(packet)
        one.packets_dropped += store.dropped - dropped

    # ---- above: X band --------------------------------------------------------------------------

    def _beat(self, now_ns: int) -> None:
        self._tell(messages.Tick("beat"), now_ns)
        waiting = self._session or any(store.octets for store in self._stores.values())
        self._idle_beats = 0 if waiting else self._idle_beats + 1
        if self._high and self._idle_beats > 5:
            self._change_rate(high=False, now_ns=now_ns)

    def _change_rate(self, high: bool, now_ns: int) -> None:
        if high == self._high:
            return
        self._high = high
        rate = {"rate": (HIGH if high else LOW).upper()}
        self._tell(messages.Execute(b"", 0, "DOWNLINK_RATE", rate), now_ns)

    def _tell(self, message: Any, now_ns: int) -> None:
        """To the downlink; what it asks for is done, what it would tell other tasks has no hearer here."""
        for action in self._downlink.handle(message, now_ns):
            match action:
                case SetTimer(_, due_ns, _):
                    self._beat_ns = due_ns
                case Emit(names.TRANSPONDER_PORT, messages.Radiate(high_rate, start_ns, frames)):
                    mode = HIGH if high_rate else LOW
                    if self._on_air:
                        self._radiated.append(self._transmitter.transmit(mode, start_ns, frames))
                    if self.on_frames is not None:
                        self.on_frames(mode, start_ns, frames)
                case Send(names.FILES, messages.DownlinkRoom(octets)) if self._earth_stays(now_ns):
                    # Told of in the high rate only.
                    self._send_on(REAL_TIME_PORT, MOST_REAL_TIME_OCTETS, now_ns)
                    self._send_on(FILES_PORT, octets, now_ns)

    def _earth_stays(self, now_ns: int) -> bool:
        """Whether the Earth is in sight until the downlink has sent what it is given."""
        return self.sees_earth(now_ns) and self.sees_earth(now_ns + DOWNLINK_BUFFER_NS)

    def _send_on(self, port: int, octets: int, now_ns: int) -> None:
        packets = self._stores[port].take(octets)
        if packets:
            answers = port == REAL_TIME_PORT
            self._downlink.handle(FilePackets(b"".join(packets), answers), now_ns)

    # ---- results and snapshots ------------------------------------------------------------------

    def told(self, epoch: Epoch) -> list[dict[str, Any]]:
        """The passes, with their times in UTC."""
        return [
            {"from_utc": epoch.utc(one.begin_ns), "to_utc": epoch.utc(one.end_ns), **_counts(one)}
            for one in self.passes
        ]

    def save(self) -> dict[str, Any]:
        return {
            "noise_bits": self._noise_bits,
            "link": self._link.save(),
            "downlink": self._downlink.save(),
            "transmitter": self._transmitter.save(),
            "stores": [store.save() for store in self._stores.values()],
            "high": self._high,
            "idle_beats": self._idle_beats,
            "uplinked": bytes(self._uplinked),
            "uplinked_lost": self.uplinked_lost,
            "return": self._return.save(),
            "forward": self._forward.save(),
            "beat_ns": self._beat_ns,
            "portion_ns": self._portion_ns,
            "session": self._session,
            "passes": [asdict(one) for one in self.passes],
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._noise_bits = saved["noise_bits"]
        self._link.load(saved["link"])
        self._downlink.load(saved["downlink"])
        self._transmitter.load(saved["transmitter"])
        for store, state in zip(self._stores.values(), saved["stores"], strict=True):
            store.load(state)
        self._high, self._idle_beats = saved["high"], saved["idle_beats"]
        self._uplinked, self.uplinked_lost = bytearray(saved["uplinked"]), saved["uplinked_lost"]
        self._return.load(saved["return"])
        self._forward.load(saved["forward"])
        self._beat_ns, self._portion_ns = saved["beat_ns"], saved["portion_ns"]
        self._session = saved["session"]
        self.passes = [RelayPass(**one) for one in saved["passes"]]


def _counts(one: RelayPass) -> dict[str, int]:
    return {name: value for name, value in asdict(one).items() if not name.endswith("_ns")}


def relay_of(
    mission: MissionFile, path: FlightPath, streams: Streams, coded: bool, on_air: bool
) -> RelayOrbiter | None:
    """Who sends on what a mission's spacecraft sends: of a rover an orbiter, of all others nobody."""
    if not isinstance(mission, PortraitMission):
        return None
    assert isinstance(path, GroundSite)
    return RelayOrbiter(mission, path, streams, coded, on_air)
