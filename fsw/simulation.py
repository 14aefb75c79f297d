"""World, vehicles, links and ground on one clock.

A simulation is advanced, never running by itself: `run_until` steps from one event to the next, in a
fixed order, and the same settings give the same octets on every machine. `snapshot` gives all of its
state; `restore` goes on as if nothing had happened.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.core.radio_channel import flip_bits, soft_symbols
from fsw.devices.image_sensor import Shot, Taken
from fsw.devices.transponder import Transmission
from fsw.devices.wifi import SLOT_NS, WifiChannel
from fsw.ground.archive import Archive
from fsw.ground.command_link import Initiation, UplinkSettings
from fsw.ground.commanding import Service
from fsw.ground.control_centre import ControlCentre, News, Steer
from fsw.ground.file_store import FolderStore
from fsw.ground.files import UNIT_ROOM_OCTETS
from fsw.ground.receiving import DownlinkMode as ReceiveMode
from fsw.ground.receiving import ReceivedPacket, Station
from fsw.ground.transmitter import Burst
from fsw.kernel.seeds import Streams
from fsw.kernel.snapshot import SnapshotError, pack, unpack
from fsw.kernel.time import SECOND, earliest
from fsw.missions.file_link import ground_link
from fsw.missions.mission_file import DownlinkMode, MissionFile
from fsw.missions.mounted import MountedMission
from fsw.missions.portrait import PortraitMission
from fsw.protocols.cfdp_messages import Request as FileRequest
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.fop import Directive
from fsw.vehicles.camera import Camera
from fsw.vehicles.orbiter import HIGH, LOW, Orbiter
from fsw.world import heavens as sky
from fsw.world.delay_line import DelayLine
from fsw.world.ground_site import GroundSite
from fsw.world.image_sensor import DEFAULT_EXPOSURE_US
from fsw.world.imaging import ReleasedCamera, Snap
from fsw.world.mounted import MountedView
from fsw.world.portrait import PlacedView
from fsw.world.relay_hop import RelayHop
from fsw.world.scene import Studio
from fsw.world.test_card import raw_test_card, test_card

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.ground.security import GroundSecurity
    from fsw.protocols.sdls_keys import LinkKeys
    from fsw.protocols.sdls_link import SpacecraftSecurity

WIFI_STATUS_NS = SECOND
ES_N0_STEP_DB = 0.01  # the channel's table is made anew at each step, some minutes apart
DISTANCE_STEP_NS = 10 * SECOND  # in which the distance changes by less than 1e-5 of it
UPLINK_SLICE_OCTETS = 64
# A receiver that meets a new carrier misses its first symbols and may lock to the wrong polarity.
ACQUISITION_SYMBOLS = (200, 1800)

Pictures = Literal["rendered", "test-card", "none"]
Link = Literal["symbols", "frames", "none"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a flight depends on, besides its mission file.

    size: of the pictures [px], None for the mission's. link: the X-band carries soft symbols with noise,
    or CADUs without; 'none': the orbiter's transmitter has no carrier: reports are made and stored on
    board, but no frames, and the ground hears nothing.
    pictures: what the sensors see, or a stored test card; 'none': the sensors never answer, the camera draws
    its power and sends its health, and takes no picture. workers: threads that make pictures, None for one a
    processor; they change no result. keys: of both ends of the telecommand link,
    which they protect. picture_class: of CFDP for picture files, 1 or 2, None for the mission's.
    wifi_class: how pictures come from the camera, 'parts' or CFDP class '1' or '2', None for the mission's.
    """

    seed: int = 1
    size: tuple[int, int] | None = None
    link: Link = "symbols"
    pictures: Pictures = "rendered"
    workers: int | None = None
    keys: "LinkKeys | None" = None
    picture_class: int | None = None
    wifi_class: str | None = None


class Simulation:
    """folder: where `pictures/`, `downlink.cadu` and `telemetry.sqlite` go; None keeps all in memory.

    on_news: told of everything that comes down, as it comes; may be set later. memory: folder of the
    orbiter's mass memory, which then outlives the flight and is found again by the next one; restoring a
    snapshot replaces what it holds. files: folder of the ground's file store, which snapshots leave alone;
    None keeps those files in memory. heavens: of this very mission, where they are at hand already. Close
    it, or use a with statement.
    """

    def __init__(
        self,
        mission: MissionFile,
        settings: Settings = Settings(),
        folder: Path | None = None,
        on_news: Callable[[News], object] | None = None,
        memory: Path | None = None,
        files: Path | None = None,
        heavens: sky.Heavens | None = None,
    ) -> None:
        if settings.picture_class is not None:
            link = replace(mission.files, picture_class=settings.picture_class)
            mission = replace(mission, files=link)
        if settings.wifi_class is not None:
            mission = replace(mission, wifi=replace(mission.wifi, picture_class=settings.wifi_class))
        self.mission = mission
        self.settings = settings
        self.epoch = mission.epoch
        self._mounted = isinstance(mission, MountedMission)
        self.heavens = sky.Heavens.of(mission) if heavens is None else heavens
        self.streams = Streams(settings.seed)
        self.now_ns = 0
        self.released: ReleasedCamera | MountedView | PlacedView | None = None  # the camera, once it is on
        self._motion: list[Any] | None = None  # release time, motion
        self._studio: Studio | None = None
        self.on_news = on_news
        self._wifi = WifiChannel(sky.wifi(mission), self.streams.stream("wifi"), mission.wifi.packet_octets)
        self._wifi_ns = 0
        self._wifi_status_ns = 0
        ground_security, board_security = _security_of(mission, settings.keys)
        self.orbiter = Orbiter(
            mission,
            self.streams,
            _Sensors(self),
            self._wifi,
            coded=settings.link == "symbols",
            on_air=settings.link != "none",
            memory_folder=memory,
            security=board_security,
        )
        # A stored picture is at hand: threads would only wait for each other.
        workers = settings.workers if settings.pictures == "rendered" else 0
        seed = self.streams.seed_of("gauges")
        sensors = settings.pictures != "none"
        self.camera = Camera(mission, seed, self._take, self._size(), workers, sensors=sensors)
        self._up: DelayLine[bytes] = DelayLine()
        self._down: DelayLine[Transmission] = DelayLine()
        self._antenna = sky.station_named(mission)
        self._links = {name: sky.downlink(mission, self._mode(name), self._antenna) for name in (LOW, HIGH)}
        self._distance = (-1, 0.0)  # number of its step in time, and from the Earth [km]: only a cache
        self._uplink_bits = 0
        self._held: list[tuple[int, bytes, int | None]] = []  # protected when they leave: time, packet, MAP
        self._units_ns = 0  # when the next frame of the file link may leave
        self._units_wait = False  # whether there is anything for it: asked when it may have changed
        self._heard = ""  # the mode that the station receives
        self._hop = _hop_of(mission, self.heavens)
        self._heard_ns = 0  # until when; with a hop in between only
        self._inverted = False  # the polarity to which its receiver has locked
        self.frames_sent = 0
        self._open_outputs(folder, ground_security, files)

    def _open_outputs(
        self, folder: Path | None, security: "GroundSecurity | None", files: Path | None
    ) -> None:
        mission = self.mission
        self._folder = folder
        self._cadus = bytearray()
        self._cadu_file: Any = None
        self._cadu_hash = hashlib.sha256()
        archive = None
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._cadu_file = (folder / "downlink.cadu").open("w+b")
            except OSError as error:
                raise FswError(f"output folder {folder}: {error}") from error
            archive = Archive(folder / "telemetry.sqlite", self.epoch)
            archive.note("mission", mission.name)
            archive.note("seed", self.settings.seed)
        self.archive = archive
        pictures_folder = None if folder is None else folder / "pictures"
        self.control = ControlCentre(
            self.epoch,
            ground_link(mission.files),
            archive,
            pictures_folder,
            UplinkSettings.of(mission.uplink),
            self._light_time_ns,
            security,
            None if files is None else FolderStore(files),
        )
        downlink = mission.downlink
        ocf = frozenset({downlink.ocf_vcid})
        modes = [_receive_mode(LOW, downlink.low, ocf), _receive_mode(HIGH, downlink.high, ocf)]
        self.station = Station(
            modes,
            {channel.scid for mode in (downlink.low, downlink.high) for channel in mode.channel},
            archive,
            self._keep_cadus,
            # The first channel's frames' times are what time reports tell.
            (downlink.low.channel[0].scid, downlink.low.channel[0].vcid),
            self.control.note_frame,
        )

    def _light_time_ns(self, received_ns: int) -> int:
        """One-way light time of what is received at `received_ns`, as flight dynamics predict it."""
        way_ns = self.heavens.light_time.one_way_light_time_ns(0, "down")
        for _ in range(3):  # each round gains the factor v/c
            way_ns = self.heavens.light_time.one_way_light_time_ns(max(0, received_ns - way_ns), "down")
        return way_ns

    def _keep_cadus(self, octets: bytes) -> None:
        self._cadu_hash.update(octets)
        if self._cadu_file is not None:
            self._cadu_file.write(octets)
        else:
            self._cadus += octets

    def __enter__(self) -> "Simulation":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Whole files, whatever happened."""
        self.camera.close()
        self.control.flush()
        if self._cadu_file is not None:
            self._cadu_file.close()
        if self.archive is not None:
            self.archive.close()
        self.orbiter.close()

    # ---- commanding -----------------------------------------------------------------------------

    def command(
        self,
        name: str,
        arguments: str = "",
        *,
        arrive_ns: int | None = None,
        service: Service = "BD",
        map_id: int | None = None,
    ) -> int:
        """Radiate a telecommand, at once or so that it arrives at `arrive_ns`; its mission time of arrival.

        One that must have left before the mission began is already under way when it begins. With service
        'AD' it goes in order behind those before it, and is sent again until the spacecraft has it: the time
        is the earliest then; `initiate` the service first. Raises FswError on an unknown telecommand, a
        forbidden argument, an AD service that is not open.
        """
        request = dictionary.parse_telecommand(name, arguments)
        if service == "AD":
            if arrive_ns is not None:
                raise FswError(f"{name}: the AD service sends in order, at once; a time is allowed with BD")
            self.control.commander.send(request, self.now_ns, map_id=map_id)
            self._settle()
            return self.now_ns + self.heavens.light_time.one_way_light_time_ns(self.now_ns, "up")
        radiate_ns = self.now_ns
        if arrive_ns is not None:
            way_ns = self.heavens.light_time.one_way_light_time_ns(arrive_ns, "down")
            radiate_ns = arrive_ns - way_ns
            if radiate_ns < self.now_ns and self.now_ns > 0:
                utc = self.epoch.utc(arrive_ns)
                raise FswError(f"{name}: too late to arrive at {utc}; {way_ns / SECOND:.1f} s are needed")
        if self.control.security is not None and radiate_ns > self.now_ns:
            packet, octets = self.control.commander.prepare(request, radiate_ns)
            self._held.append((radiate_ns, packet, map_id))
            self._held.sort(key=lambda held: held[0])
            end_ns = radiate_ns + octets * self.control.commander.link.transmitter.octet_ns
            return end_ns + self.heavens.light_time.one_way_light_time_ns(radiate_ns, "up")
        return self._radiate_cltus(self.control.radiate(request, radiate_ns, map_id=map_id).cltus, radiate_ns)

    def _radiate_cltus(self, cltus: tuple[bytes, ...], radiate_ns: int) -> int:
        transmitter = self.control.commander.link.transmitter
        arrival_ns = radiate_ns
        for cltu in cltus:
            arrival_ns = self._put_on_link(transmitter.radiate_cltu(cltu, radiate_ns, self.now_ns))
        return arrival_ns

    def initiate(self, how: Initiation = "auto", *, value: int = 0) -> str:
        """Open the AD service of the usual virtual channel, T1 above the round trip; in words, how.

        See `CommandLink.initiate`; on_news tells when it is open.
        """
        way_ns = self.heavens.light_time.one_way_light_time_ns(self.now_ns, "up")
        link = self.control.commander.link
        said = link.initiate(self.now_ns, how, round_trip_ns=2 * way_ns, value=value)
        self._settle()
        return said

    def direct(self, directive: Directive, value: int = 0) -> None:
        """Any directive to FOP-1 of the usual virtual channel. Raises FswError if it is rejected."""
        self.control.commander.link.direct(directive, self.now_ns, value)
        self._settle()

    def _settle(self) -> None:
        """What the commanding side has for the link and for the operator."""
        bursts, notices = self.control.commander.settle(self.now_ns)
        for burst in bursts:
            self._put_on_link(burst)
        for notice in notices:
            self._announce(notice)

    def uplink(self, octets: bytes, radiate_ns: int | None = None) -> int:
        """Radiate octets (CLTUs) as they are; the mission time at which their last bit arrives."""
        at_ns = self.now_ns if radiate_ns is None else radiate_ns
        return self._put_on_link(self.control.commander.link.transmitter.radiate(octets, at_ns, self.now_ns))

    def _put_on_link(self, burst: Burst) -> int:
        """On its way, with the noise that it will meet; the mission time at which its last bit arrives."""
        mission, octets = self.mission, burst.octets
        way_ns = self.heavens.light_time.one_way_light_time_ns(burst.start_ns, "up")
        arrival_ns = burst.end_ns + way_ns
        distance_km = self.heavens.earth_distance_km(max(0, arrival_ns))
        rate = sky.uplink_bit_error_rate(mission, sky.uplink(mission, self._antenna), distance_km)
        received = flip_bits(
            octets, rate, seed=self.streams.seed_of("uplink noise"), position=self._uplink_bits
        )
        self._uplink_bits += 8 * len(octets)
        octet_ns = self.control.commander.link.transmitter.octet_ns
        # As the bits come in: the receiver must not meet an hour's octets in one instant.
        for at in range(0, len(octets), UPLINK_SLICE_OCTETS):
            piece = received[at : at + UPLINK_SLICE_OCTETS].tobytes()
            later_ns = (len(octets) - at - len(piece)) * octet_ns
            self._up.send(arrival_ns - later_ns, piece)
        return arrival_ns

    def send_file(self, request: PutRequest) -> int:
        """Send a file up by CFDP; its transaction sequence number. Raises FswError on a name too long."""
        sequence = self.control.files.put(request)
        self._units_wait = True
        return sequence

    def ask_for_file(self, operation: FileRequest, about: tuple[int, int] | None = None) -> int:
        """Ask the spacecraft for a file or a listing by CFDP (see `Entity.ask`); our transaction's number."""
        sequence = self.control.files.ask(operation, about=about)
        self._units_wait = True
        return sequence

    def steer_file(self, how: Steer, source: int, sequence: int) -> None:
        """Suspend, resume or cancel a transfer of the ground's; nothing if it is not open."""
        for one in self.control.steer_file(how, source, sequence, self.now_ns):
            self._announce(one)
        self._units_wait = self.control.files.has_output

    def _units_due_ns(self) -> int | None:
        """When the file link has a frame to send: one at a time, so that telecommands get between them."""
        return self._units_ns if self._units_wait else None

    def _send_units(self, now_ns: int) -> None:
        packets, news = self.control.file_units(UNIT_ROOM_OCTETS, now_ns)
        for one in news:
            self._announce(one)
        self._units_ns = now_ns + SECOND  # where nothing fits
        if packets:
            transmitter = self.control.commander.link.transmitter
            for cltu in self.control.commander.expedite(packets, now_ns):
                burst = transmitter.radiate_cltu(cltu, now_ns, now_ns)
                self._units_ns = burst.end_ns
                self._put_on_link(burst)
        self._units_wait = self.control.files.has_output

    def deliver(self, octets: bytes) -> None:
        """Octets at the orbiter's receiver now: no light time, no noise, as from a test rack."""
        for at in range(0, len(octets), UPLINK_SLICE_OCTETS):
            self._up.send(self.now_ns, octets[at : at + UPLINK_SLICE_OCTETS])

    @property
    def heard(self) -> str:
        """The downlink mode that the station receives: 'low', 'high', or '' before the first signal."""
        return self._heard

    # ---- time -----------------------------------------------------------------------------------

    def next_ns(self) -> int | None:
        """When something happens next."""
        return earliest(
            self.orbiter.next_ns(),
            self.camera.next_ns(),
            self._up.next_ns(),
            self._down.next_ns(),
            self.control.commander.link.next_ns(),
            self._held[0][0] if self._held else None,
            self._units_due_ns(),
            self._wifi_status_ns,
            self._wifi_ns if self._wifi_wanted() else None,
        )

    def run_until(self, until_ns: int) -> None:
        """Everything up to and including `until_ns` has happened afterwards."""
        while True:
            next_ns = self.next_ns()
            if next_ns is None or next_ns > until_ns:
                break
            self._step(max(next_ns, self.now_ns))
        self.now_ns = max(self.now_ns, until_ns)

    def finish(self) -> None:
        """The flight is over: what has arrived is decoded to its last frame."""
        if self._heard:
            self._tell(self.station.end_of_signal(self._heard))
        for news in self.control.finish(self.now_ns):
            self._announce(news)

    def _step(self, now_ns: int) -> None:
        """All that is due now, in a fixed order."""
        self.now_ns = now_ns
        while self._held and self._held[0][0] <= now_ns:
            radiate_ns, packet, map_id = self._held.pop(0)
            self._radiate_cltus(self.control.commander.expedite(packet, now_ns, map_id=map_id), radiate_ns)
        for _, octets in self._up.arrived(now_ns):
            self.orbiter.receive(octets, now_ns)
        if _due(self.orbiter.next_ns(), now_ns):
            motion = self.orbiter.advance(now_ns)
            if motion is not None:
                self._separate(now_ns, motion)
            elif self._motion is None and self._mounted and self._wifi.on:
                self._separate(now_ns, {})  # the wire brings the power
        if _due(self.camera.next_ns(), now_ns):
            self.camera.advance(now_ns)
        status = self._wifi_status_ns <= now_ns
        if self._wifi_ns <= now_ns and (status or self._wifi_wanted()):
            self._wifi_slot(now_ns)
        if status:
            self._wifi_status_ns += WIFI_STATUS_NS
            self.orbiter.wifi_status(now_ns)
        for transmission in self.orbiter.radiated():
            self._radiate(transmission)
        for arrival_ns, transmission in self._down.arrived(now_ns):
            self._receive(transmission, arrival_ns)
        if _due(self.control.commander.link.next_ns(), now_ns):
            self.control.commander.link.advance(now_ns)
            self._settle()
        if _due(self._units_due_ns(), now_ns):
            self._send_units(now_ns)

    # ---- camera and Wi-Fi -----------------------------------------------------------------------

    def _size(self) -> tuple[int, int]:
        modes = {(mode.width, mode.height): mode.name for mode in self.mission.camera.mode}
        if self.settings.size is None:
            return next(size for size, name in modes.items() if name == self.mission.camera.default_mode)
        if self.settings.size not in modes:
            width, height = self.settings.size
            raise FswError(f"picture size {width}x{height}: allowed are {', '.join(modes.values())}")
        return self.settings.size

    def _separate(self, now_ns: int, motion: dict[str, Any]) -> None:
        self._motion = [now_ns, motion]
        self._follow_release()
        self.camera.separate(now_ns, self.orbiter.clock.agency_ns(now_ns))
        self._wifi_ns = now_ns

    def _follow_release(self) -> None:
        assert self._motion is not None
        seed = self.streams.seed_of("sensor")
        if isinstance(self.mission, MountedMission):
            self.released = MountedView(self.mission, self.heavens, seed)
            return
        if isinstance(self.mission, PortraitMission):
            if not isinstance(self.released, PlacedView):  # a snapshot's is the one that stands there already
                site, rendered = self.heavens.trajectory, self.settings.pictures == "rendered"
                assert isinstance(site, GroundSite)
                self.released = PlacedView(self.mission, site, rendered, seed)
            return
        if self._studio is None and self.settings.pictures == "rendered":
            capsule = self.mission.orbiter.entry_capsule
            self._studio = Studio("tianwen1-stack" if capsule else "tianwen1-orbiter")
        t_ns, motion = self._motion
        self.released = ReleasedCamera(self.mission, self.heavens, self._studio, t_ns, motion, seed)

    def _take(self, shot: Shot) -> Taken:
        """Pure: called from the sensor's threads, and ahead of time."""
        if self.settings.pictures == "test-card":
            card = raw_test_card if shot.encoding == "raw" else test_card
            return Taken(card(shot.width, shot.height), shot.exposure_us or DEFAULT_EXPOSURE_US)
        assert self.released is not None
        snap = Snap(
            shot.lens,
            shot.start_ns,
            shot.exposure_us,
            shot.gain_256ths / 256,
            shot.width,
            shot.height,
            shot.encoding == "raw",
        )
        return Taken(*self.released.take(snap))

    @property
    def wifi(self) -> WifiChannel:
        """The link between camera and orbiter, for those who watch it."""
        return self._wifi

    def _range_m(self, now_ns: int) -> float:
        return 0.0 if self.released is None else self.released.range_m(now_ns)

    def _wifi_wanted(self) -> bool:
        """Something waits for the link, and the camera's radio is on and in range. Other slots are skipped:
        the status, once a second, tells how the link stands."""
        if self.released is None:
            return False
        waiting, radio_on = self.camera.wants_link()
        if not radio_on or not (waiting or self._wifi.waiting):
            return False
        return self._range_m(self.now_ns) < self.mission.wifi.range_m + 1.0

    def _wifi_slot(self, now_ns: int) -> None:
        """The latest slot, with all that were skipped before it."""
        slot_ns = now_ns - (now_ns - self._wifi_ns) % SLOT_NS
        self._wifi_ns = slot_ns + SLOT_NS
        if slot_ns < now_ns:
            self._wifi.pass_slots(self._range_m(slot_ns), self.camera.radio_on)
            return
        slot = self._wifi.begin_slot(self._range_m(now_ns), self.camera.radio_on)
        for packet in self._wifi.take_for_camera():
            self.camera.receive(packet, now_ns)
        octets, lengths = self._wifi.end_slot(slot, *self.camera.transmit(now_ns, slot.octets))
        if len(lengths):
            self.orbiter.receive_wifi(octets.tobytes(), lengths.astype("<u4").tobytes(), now_ns)

    # ---- X-band ---------------------------------------------------------------------------------

    def _mode(self, name: str) -> DownlinkMode:
        return self.mission.downlink.high if name == HIGH else self.mission.downlink.low

    def _radiate(self, transmission: Transmission) -> None:
        figures = self._mode(transmission.mode)
        span_ns = transmission.end_ns - transmission.start_ns
        self.frames_sent += round(span_ns / figures.frame_period_ns)
        # As of the first bit; within the second that it lasts the way changes by some tens of microseconds.
        way_ns = self.heavens.light_time.one_way_light_time_ns(transmission.start_ns, "down")
        if self._hop is not None:
            if not self._hop.hears(transmission.start_ns):
                return
            way_ns += self._hop.way_ns(transmission.start_ns)
        self._down.send(transmission.end_ns + way_ns, transmission)

    def _receive(self, transmission: Transmission, arrival_ns: int) -> None:
        mode = transmission.mode
        start_ns = arrival_ns - (transmission.end_ns - transmission.start_ns)
        rises = self._hop is not None and start_ns - self._heard_ns > SECOND  # a new pass
        self._heard_ns = arrival_ns if self._hop is not None else 0
        if self._heard not in ("", mode) or (self._heard and rises):
            self._tell(self.station.end_of_signal(self._heard))
        self._heard = mode
        if not transmission.coded:
            self._tell(self.station.receive_cadus(mode, transmission.symbols, start_ns))
            return
        missed = 0
        if transmission.first_symbol == 0 or rises:
            least, most = ACQUISITION_SYMBOLS
            stream = self.streams.stream("acquisition")
            missed = least + stream.below(most - least)
            self._inverted = bool(stream.below(2))
        soft = soft_symbols(
            transmission.symbols,
            es_n0_db=self._es_n0_db(transmission),
            seed=self.streams.seed_of(f"downlink noise {mode}"),
            position=transmission.first_symbol,
            inverted=self._inverted,
        )
        missed_ns = missed * (arrival_ns - start_ns) // soft.size
        self._tell(self.station.receive_symbols(mode, soft[missed:], start_ns + missed_ns))

    def _es_n0_db(self, transmission: Transmission) -> float:
        """Of one binary channel symbol: QPSK carries two."""
        figures = self._mode(transmission.mode)
        step = transmission.start_ns // DISTANCE_STEP_NS
        if self._distance[0] != step:
            self._distance = (step, self.heavens.earth_distance_km(step * DISTANCE_STEP_NS))
        distance_km = self._distance[1]
        es_n0_db = sky.downlink_es_n0_db(figures, self._links[transmission.mode], distance_km)
        es_n0_db -= 3.010299956639812 if figures.bits_per_symbol == 2 else 0.0
        return round(es_n0_db / ES_N0_STEP_DB) * ES_N0_STEP_DB

    def _tell(self, packets: list[ReceivedPacket]) -> None:
        fields = self.station.take_fields()
        for field in fields:
            self.control.commander.link.control_word(field.octets, field.received_ns, self.now_ns)
        if fields:
            self._settle()
        for news in [*self.control.receive(packets), *self.control.tick(self.now_ns)]:
            self._announce(news)
        self._units_wait = self.control.files.has_output

    def _announce(self, news: News) -> None:
        if self.on_news is not None:
            self.on_news(news)

    @property
    def locked(self) -> bool:
        """The station has lock on the mode that it hears."""
        return bool(self._heard) and self.station.locked(self._heard)

    # ---- results and snapshots ------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """Counts so far."""
        entries = self.control.pictures.entries
        whole = [entry for entry in entries if entry["complete"]]
        return {
            "mission": self.mission.name,
            "seed": self.settings.seed,
            "simulated_s": self.now_ns / SECOND,
            "pictures_taken": self.camera.pictures_taken,
            "pictures_received": len({entry["picture"] for entry in whole}),
            "thumbnails_received": sum(entry["kind"] == "thumbnail" for entry in whole),
            "full_frames_received": sum(entry["kind"] == "full" for entry in whole),
            "files_incomplete": len(entries) - len(whole),
            "frames_sent": self.frames_sent,
            "frames_received": self.station.frames,
            "frames_undecodable": self.station.failures,
            "channel_symbols": self.station.channel_symbols,
            "channel_symbol_errors": self.station.channel_symbol_errors,
            "symbols_corrected": self.station.corrected_symbols,
            "one_way_light_time_s": self.heavens.light_time.one_way_light_time_ns(0, "down") / SECOND,
            **self._security_summary(),
            "downlink_sha256": self._cadu_hash.hexdigest(),
        }

    def _security_summary(self) -> dict[str, Any]:
        """What protected the telecommands. Refused: frames, by the spacecraft."""
        security = self.orbiter.security
        if security is None:
            return {"security": "none", "security_keys": None, "security_refused": 0}
        refused = sum(security.unit.refused.values())
        keys = "published test keys, which protect nothing" if security.published else "own"
        service = security.service.name.lower().replace("_", " ")
        return {"security": service, "security_keys": keys, "security_refused": refused}

    def snapshot(self) -> bytes:
        """The whole simulation as the octets of a file (see `fsw.kernel.snapshot`)."""
        if self._cadu_file is not None:
            self._cadu_file.flush()
            self._cadu_file.seek(0)
            cadus = self._cadu_file.read()
        else:
            cadus = bytes(self._cadus)
        settings = self.settings
        return pack(
            {
                "mission": self.mission.name,
                "start_utc": self.mission.mission.start_utc,
                "settings": [settings.seed, settings.size, settings.link, settings.pictures],
                "now_ns": self.now_ns,
                "streams": self.streams.save(),
                "motion": self._motion,
                "wifi": self._wifi.save(),
                "wifi_ns": self._wifi_ns,
                "wifi_status_ns": self._wifi_status_ns,
                "orbiter": self.orbiter.save(),
                "camera": self.camera.save(),
                "up": self._up.save(),
                "down": self._down.save(),
                "uplink_bits": self._uplink_bits,
                "held": [list(held) for held in self._held],
                "units_ns": self._units_ns,
                "heard": self._heard,
                "heard_ns": self._heard_ns,
                "inverted": self._inverted,
                "frames_sent": self.frames_sent,
                "station": self.station.save(),
                "control": self.control.save(),
                "cadus": cadus,
            }
        )

    def restore(self, octets: bytes) -> None:
        """Become the simulation of a snapshot. Raises FswError when it is of another mission or settings."""
        try:
            saved = unpack(octets)
        except SnapshotError as error:
            raise FswError(f"snapshot: {error}") from error
        settings = self.settings
        ours = [settings.seed, settings.size, settings.link, settings.pictures]
        theirs = saved["settings"]
        if saved["mission"] != self.mission.name or saved["start_utc"] != self.mission.mission.start_utc:
            raise FswError(f"snapshot of mission {saved['mission']}: this is {self.mission.name}")
        protected = saved["orbiter"]["security"] is not None
        if protected != (self.orbiter.security is not None):
            raise FswError(
                f"snapshot {'with' if protected else 'without'} protected telecommands: this simulation has"
                f" {'none' if protected else 'them'}; keys are chosen at its start"
            )
        if theirs != ours:
            raise FswError(f"snapshot with seed, size, link, pictures {theirs}: this simulation has {ours}")
        self.now_ns = saved["now_ns"]
        self.streams.load(saved["streams"])
        self._motion = saved["motion"]
        self.released = None
        if self._motion is not None:
            self._follow_release()
        self._wifi.load(saved["wifi"])
        self._wifi_ns = saved["wifi_ns"]
        self._wifi_status_ns = saved["wifi_status_ns"]
        self.orbiter.load(saved["orbiter"])
        self.camera.load(saved["camera"])
        self._up.load(saved["up"])
        self._down.load(saved["down"])
        self._uplink_bits = saved["uplink_bits"]
        self._held = [(radiate_ns, packet, map_id) for radiate_ns, packet, map_id in saved["held"]]
        self._units_ns = saved["units_ns"]
        self._heard = saved["heard"]
        self._heard_ns = saved["heard_ns"]
        self._inverted = saved["inverted"]
        self.frames_sent = saved["frames_sent"]
        self.station.load(saved["station"])
        self.control.load(saved["control"])
        self._units_wait = self.control.files.has_output
        if self._cadu_file is not None:
            self._cadu_file.seek(0)
            self._cadu_file.truncate()
        self._cadus.clear()
        self._cadu_hash = hashlib.sha256()
        self._keep_cadus(saved["cadus"])


def _security_of(
    mission: MissionFile, keys: "LinkKeys | None"
) -> "tuple[GroundSecurity | None, SpacecraftSecurity | None]":
    """Both ends' security: as the mission says, and where keys are given in any case.

    A mission that asks for it without anybody's keys gets published ones, and the spacecraft says so.
    """
    service = mission.uplink.security
    if service == "none" and keys is None:
        return None, None
    from fsw.ground.security import GroundSecurity
    from fsw.protocols.sdls_codes import Service
    from fsw.protocols.sdls_keys import LinkKeys
    from fsw.protocols.sdls_link import LinkSecurity, SpacecraftSecurity

    security = LinkSecurity(
        Service.AUTHENTICATION if service == "authenticated" else Service.AUTHENTICATED_ENCRYPTION,
        mission.uplink.security_spi,
        mission.uplink.security_window,
        mission.uplink.scid,
        {channel.vcid: channel.maps for channel in mission.uplink.channel},
    )
    keys = LinkKeys.test() if keys is None else keys
    return GroundSecurity(keys, security), SpacecraftSecurity(keys, security)


def _hop_of(mission: MissionFile, heavens: sky.Heavens) -> RelayHop | None:
    if not isinstance(mission, PortraitMission):
        return None
    assert isinstance(heavens.trajectory, GroundSite)
    return RelayHop.of(mission, heavens.trajectory)


def _due(next_ns: int | None, now_ns: int) -> bool:
    return next_ns is not None and next_ns <= now_ns


def _receive_mode(name: str, figures: DownlinkMode, ocf_channels: frozenset[int]) -> ReceiveMode:
    symbol_rate = round(figures.symbol_rate_baud * figures.bits_per_symbol)
    return ReceiveMode(
        name, figures.frame_format, figures.channel_code, symbol_rate, ocf_channels=ocf_channels
    )


class _Sensors:
    """What the orbiter's star tracker and orbit determination look at."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def measured(self, now_ns: int) -> tuple[Any, Any, Any]:
        heavens = self._simulation.heavens
        position, velocity = heavens.navigation_state(now_ns)
        return heavens.attitude.attitude(now_ns), position, velocity
