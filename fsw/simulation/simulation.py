"""World, vehicles, links and ground on one clock.

A simulation is advanced, never running by itself: `run_until` steps from one event to the next, in a
fixed order, and the same settings give the same octets on every machine. `snapshot` gives all of its
state; `restore` goes on as if nothing had happened.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsw import dictionary
from fsw.core.errors import FswError
from fsw.devices.image_sensor import Shot, Taken
from fsw.devices.wifi import SLOT_NS, WifiChannel
from fsw.ground.archive import Archive
from fsw.ground.command_link import Initiation, UplinkSettings
from fsw.ground.commanding import Service
from fsw.ground.control_centre import ControlCentre, News, Steer
from fsw.ground.file_store import FolderStore
from fsw.ground.files import UNIT_ROOM_OCTETS
from fsw.ground.receiving import DownlinkMode as ReceiveMode
from fsw.ground.receiving import ReceivedPacket, Station
from fsw.ground.recording import Recording
from fsw.kernel.seeds import Streams
from fsw.kernel.snapshot import SnapshotError, pack, unpack
from fsw.kernel.time import SECOND
from fsw.missions.file_link import ground_link
from fsw.missions.mission_file import DownlinkMode, MissionFile
from fsw.protocols.cfdp_messages import Request as FileRequest
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.fop import Directive
from fsw.simulation.security import security_of, security_summary
from fsw.simulation.settings import DEFAULTS, Settings
from fsw.simulation.x_band import XBandDown, XBandUp
from fsw.vehicles.camera import Camera
from fsw.vehicles.orbiter import HIGH, LOW, Orbiter
from fsw.vehicles.relay_orbiter import relay_of
from fsw.world import heavens as sky
from fsw.world.camera_view import CameraView, view_of
from fsw.world.image_sensor import DEFAULT_EXPOSURE_US
from fsw.world.imaging import Snap
from fsw.world.test_card import raw_test_card, test_card

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.ground.security import GroundSecurity

WIFI_STATUS_NS = SECOND


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
        settings: Settings = DEFAULTS,
        folder: Path | None = None,
        on_news: Callable[[News], object] | None = None,
        memory: Path | None = None,
        files: Path | None = None,
        heavens: sky.Heavens | None = None,
    ) -> None:
        self.mission = mission = settings.chosen(mission)
        self.settings = settings
        self.epoch = mission.epoch
        self.heavens = sky.Heavens.of(mission) if heavens is None else heavens
        self.streams = Streams(settings.seed)
        self.now_ns = 0
        rendered = settings.pictures == "rendered"
        self._view_from = view_of(mission, self.heavens, rendered, self.streams.seed_of("sensor"))
        self.released: CameraView | None = None  # the camera, once it is on
        self._motion: list[Any] | None = None  # release time, motion
        self._mounted = mission.camera_stays
        self.on_news = on_news
        self._wifi = WifiChannel(sky.wifi(mission), self.streams.stream("wifi"), mission.wifi.packet_octets)
        self._wifi_ns = 0
        self._wifi_status_ns = 0
        ground_security, board_security = security_of(mission, settings.keys)
        coded, on_air = settings.link == "symbols", settings.link != "none"
        self.orbiter = Orbiter(
            mission,
            self.streams,
            _Sensors(self),
            self._wifi,
            coded=coded,
            on_air=on_air,
            memory_folder=memory,
            security=board_security,
        )
        # A stored picture is at hand: threads would only wait for each other.
        workers = settings.workers if rendered else 0
        seed = self.streams.seed_of("gauges")
        sensors = settings.pictures != "none"
        size = settings.picture_size(mission)
        self.camera = Camera(mission, seed, self._take, size, workers, sensors=sensors)
        self._held: list[tuple[int, bytes, int | None]] = []  # protected when they leave: time, packet, MAP
        self._units_ns = 0  # when the next frame of the file link may leave
        self._units_wait = False  # whether there is anything for it: asked when it may have changed
        self.relay = relay_of(mission, self.heavens.trajectory, self.streams, coded, on_air)
        self.radio = self.orbiter if self.relay is None else self.relay  # whom the Earth talks to
        self._open_outputs(folder, ground_security, files)
        octet_ns = self.control.commander.link.transmitter.octet_ns
        self.x_band_up = XBandUp(mission, self.heavens, self.streams, octet_ns, self.relay)
        self._up = self.x_band_up.under_way
        self.x_band = XBandDown(mission, self.heavens, self.streams, self.station, self._tell, self.relay)
        self._down = self.x_band.under_way

    def _open_outputs(
        self, folder: Path | None, security: "GroundSecurity | None", files: Path | None
    ) -> None:
        mission = self.mission
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._recording = Recording(folder)
        except OSError as error:
            raise FswError(f"output folder {folder}: {error}") from error
        archive = None
        if folder is not None:
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
            self._recording.keep,
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

    def __enter__(self) -> "Simulation":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Whole files, whatever happened."""
        self.camera.close()
        self.control.flush()
        self._recording.close()
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
            arrival_ns = self.x_band_up.radiate(transmitter.radiate_cltu(cltu, radiate_ns, self.now_ns))
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
            self.x_band_up.radiate(burst)
        for notice in notices:
            self._announce(notice)

    def uplink(self, octets: bytes, radiate_ns: int | None = None) -> int:
        """Radiate octets (CLTUs) as they are; the mission time at which their last bit arrives."""
        at_ns = self.now_ns if radiate_ns is None else radiate_ns
        return self.x_band_up.radiate(
            self.control.commander.link.transmitter.radiate(octets, at_ns, self.now_ns)
        )

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

    def _send_units(self, now_ns: int) -> None:
        """A frame of the file link: one at a time, so that telecommands get between them."""
        packets, news = self.control.file_units(UNIT_ROOM_OCTETS, now_ns)
        for one in news:
            self._announce(one)
        self._units_ns = now_ns + SECOND  # where nothing fits
        if packets:
            transmitter = self.control.commander.link.transmitter
            for cltu in self.control.commander.expedite(packets, now_ns):
                burst = transmitter.radiate_cltu(cltu, now_ns, now_ns)
                self._units_ns = burst.end_ns
                self.x_band_up.radiate(burst)
        self._units_wait = self.control.files.has_output

    def deliver(self, octets: bytes) -> None:
        """Octets at the orbiter's receiver now: no light time, no noise, as from a test rack."""
        self.x_band_up.deliver(octets, self.now_ns)

    # ---- time -----------------------------------------------------------------------------------

    def next_ns(self) -> int | None:
        """When something happens next."""
        link_ns = self.control.commander.link.next_ns()
        return self._due_ns(self.orbiter.next_ns(), self.camera.next_ns(), link_ns)

    def _due_ns(self, orbiter_ns: int | None, camera_ns: int | None, link_ns: int | None) -> int:
        """When something happens next, with what orbiter, camera and commanding say of themselves."""
        due_ns = self._wifi_status_ns
        for other_ns in (
            orbiter_ns,
            None if self.relay is None else self.relay.next_ns(),
            camera_ns,
            self._up.next_ns(),
            self._down.next_ns(),
            link_ns,
            self._held[0][0] if self._held else None,
            self._units_ns if self._units_wait else None,
        ):
            if other_ns is not None and other_ns < due_ns:
                due_ns = other_ns
        return self._wifi_ns if self._wifi_ns < due_ns and self._wifi_wanted() else due_ns

    def run_until(self, until_ns: int) -> None:
        """Everything up to and including `until_ns` has happened afterwards."""
        while True:
            # Asked once a step: who is not due in it says the same when its turn comes.
            orbiter_ns, camera_ns = self.orbiter.next_ns(), self.camera.next_ns()
            link_ns = self.control.commander.link.next_ns()
            next_ns = self._due_ns(orbiter_ns, camera_ns, link_ns)
            if next_ns > until_ns:
                break
            self._step(max(next_ns, self.now_ns), orbiter_ns, camera_ns, link_ns)
        self.now_ns = max(self.now_ns, until_ns)

    def finish(self) -> None:
        """The flight is over: what has arrived is decoded to its last frame."""
        self.x_band.finish()
        for news in self.control.finish(self.now_ns):
            self._announce(news)

    def _step(self, now_ns: int, orbiter_ns: int | None, camera_ns: int | None, link_ns: int | None) -> None:
        """All that is due now, in a fixed order. orbiter_ns, camera_ns, link_ns (commanding's): when these
        have work next."""
        self.now_ns = now_ns
        while self._held and self._held[0][0] <= now_ns:
            radiate_ns, packet, map_id = self._held.pop(0)
            self._radiate_cltus(self.control.commander.expedite(packet, now_ns, map_id=map_id), radiate_ns)
            link_ns = self.control.commander.link.next_ns()
        for _, octets in self._up.arrived(now_ns):
            self.radio.receive(octets, now_ns)
            orbiter_ns = self.orbiter.next_ns()
        if self.relay is not None and _due(self.relay.next_ns(), now_ns):
            self.relay.advance(now_ns, self.orbiter)
            orbiter_ns = self.orbiter.next_ns()
        if orbiter_ns is not None and orbiter_ns <= now_ns:
            motion = self.orbiter.advance(now_ns)
            if motion is None and self._motion is None and self._mounted and self._wifi.on:
                motion = {}  # the wire brings the power
            if motion is not None:
                self._separate(now_ns, motion)
                camera_ns = self.camera.next_ns()
        if camera_ns is not None and camera_ns <= now_ns:
            self.camera.advance(now_ns)
        status = self._wifi_status_ns <= now_ns
        if self._wifi_ns <= now_ns and (status or self._wifi_wanted()):
            self._wifi_slot(now_ns)
        if status:
            self._wifi_status_ns += WIFI_STATUS_NS
            self.orbiter.wifi_status(now_ns)
        for transmission in self.radio.radiated():
            self.x_band.radiate(transmission)
        for arrival_ns, transmission in self._down.arrived(now_ns):
            self.x_band.receive(transmission, arrival_ns)
            link_ns = self.control.commander.link.next_ns()
        if link_ns is not None and link_ns <= now_ns:
            self.control.commander.link.advance(now_ns)
            self._settle()
        if self._units_wait and self._units_ns <= now_ns:
            self._send_units(now_ns)

    # ---- camera and Wi-Fi -----------------------------------------------------------------------

    def _separate(self, now_ns: int, motion: dict[str, Any]) -> None:
        self._motion = [now_ns, motion]
        self.released = self._view_from(now_ns, motion)
        self.camera.separate(now_ns, self.orbiter.clock.agency_ns(now_ns))
        self._wifi_ns = now_ns

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

    # ---- ground ---------------------------------------------------------------------------------

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
            "frames_sent": self.x_band.frames_sent,
            "frames_received": self.station.frames,
            "frames_undecodable": self.station.failures,
            "channel_symbols": self.station.channel_symbols,
            "channel_symbol_errors": self.station.channel_symbol_errors,
            "symbols_corrected": self.station.corrected_symbols,
            "one_way_light_time_s": self.heavens.light_time.one_way_light_time_ns(0, "down") / SECOND,
            **({} if self.relay is None else {"relay_passes": self.relay.told(self.epoch)}),
            **security_summary(self.orbiter.security),
            "downlink_sha256": self._recording.sha256,
        }

    def snapshot(self) -> bytes:
        """The whole simulation as the octets of a file (see `fsw.kernel.snapshot`)."""
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
                "relay": None if self.relay is None else self.relay.save(),
                "camera": self.camera.save(),
                "x_band_up": self.x_band_up.save(),
                "x_band": self.x_band.save(),
                "held": [list(held) for held in self._held],
                "units_ns": self._units_ns,
                "station": self.station.save(),
                "control": self.control.save(),
                "cadus": self._recording.save(),
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
            self.released = self._view_from(*self._motion)
        self._wifi.load(saved["wifi"])
        self._wifi_ns = saved["wifi_ns"]
        self._wifi_status_ns = saved["wifi_status_ns"]
        self.orbiter.load(saved["orbiter"])
        if self.relay is not None:
            self.relay.load(saved["relay"])
        self.camera.load(saved["camera"])
        self.x_band_up.load(saved["x_band_up"])
        self.x_band.load(saved["x_band"])
        self._held = [(radiate_ns, packet, map_id) for radiate_ns, packet, map_id in saved["held"]]
        self._units_ns = saved["units_ns"]
        self.station.load(saved["station"])
        self.control.load(saved["control"])
        self._units_wait = self.control.files.has_output
        self._recording.load(saved["cadus"])


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
