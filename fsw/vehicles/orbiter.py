"""The orbiter: its computer's tasks, wired to transponder, mass memory, release mechanism and Wi-Fi."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fsw.core.farm import FarmState
from fsw.devices.device_bus import Heater, LoadedRegister
from fsw.devices.gauges import heater_cycles, reading
from fsw.devices.log_file import FolderLogFile
from fsw.devices.mass_memory import MassMemory
from fsw.devices.onboard_memory import ProgramImage, ScratchMemory
from fsw.devices.oscillator import Oscillator
from fsw.devices.parameter_area import ParameterArea
from fsw.devices.release_mechanism import NoMechanism, ReleaseMechanism
from fsw.devices.transponder import Transmission, TransmitMode, Transmitter, UplinkReceiver
from fsw.devices.wifi import WifiChannel
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import LANDER, Structure
from fsw.dictionary.identifiers import (
    BootKind,
    BootReason,
    Steering,
    Task,
)
from fsw.dictionary.services.st02_device_access import REGISTERS, RegisterAddress
from fsw.dictionary.services.st06_memory import MEMORIES, Memory
from fsw.dictionary.settings import SETTINGS, word
from fsw.kernel.scheduler import Scheduler, TaskSettings
from fsw.kernel.seeds import Stream, Streams
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.missions.file_link import board_link, board_store
from fsw.missions.mission_file import DownlinkMode, MissionFile
from fsw.missions.mounted import MountedMission
from fsw.missions.portrait import PortraitMission
from fsw.protocols.telecommand_reception import ChannelSettings, ReceptionSettings
from fsw.tasks import messages, names, rover_messages
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.commanding import Commanding
from fsw.tasks.device_access import DeviceAccess
from fsw.tasks.downlink import TIANWEN1, TIANWEN2, ControlChannel, Downlink
from fsw.tasks.event_actions import EventActions
from fsw.tasks.events import Events
from fsw.tasks.fdir import Fdir
from fsw.tasks.files import Files, FilesSettings
from fsw.tasks.housekeeping import Housekeeping
from fsw.tasks.lander import Lander
from fsw.tasks.large_packets import LargePackets
from fsw.tasks.mass_memory import MassMemory as MassMemoryTask
from fsw.tasks.memory import MemoryManagement
from fsw.tasks.monitoring import Monitoring
from fsw.tasks.navigation import Navigation
from fsw.tasks.packet_store_set import default_stores
from fsw.tasks.packet_stores import PacketStores
from fsw.tasks.parameters import Parameters
from fsw.tasks.procedures import Procedures
from fsw.tasks.relay import Relay
from fsw.tasks.relayed_downlink import RelayedDownlink
from fsw.tasks.release import Release
from fsw.tasks.schedule import Schedule
from fsw.tasks.selection import Selection
from fsw.tasks.sequences import Sequences
from fsw.tasks.statistics import Statistics
from fsw.tasks.timekeeping import Timekeeping
from fsw.vehicles.camera_link import relay_peer
from fsw.vehicles.device_wiring import device_bus
from fsw.vehicles.timing import oscillator_figures

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.protocols.sdls_link import SpacecraftSecurity

LOW, HIGH = "low", "high"
FRAMES = {"tianwen1": TIANWEN1, "tianwen2": TIANWEN2}  # by the time code of the first channel
_TASK_NAMES = {task.name.lower(): task.name for task in Task}
# Modelled: the loader checks the image and, on a cold boot, clears the memory.
BOOT_NS = {BootKind.WARM: 8 * SECOND, BootKind.COLD: 40 * SECOND}


class Sky(Protocol):
    """What the orbiter's sensors look at."""

    def measured(
        self, now_ns: int
    ) -> tuple[tuple[float, float, float, float], tuple[float, float, float], tuple[float, float, float]]:
        """Attitude (body to ICRF), position [km], velocity [km/s]."""
        ...


def transmit_modes(mission: MissionFile) -> tuple[TransmitMode, TransmitMode]:
    """The transmitter's modes, from the mission's figures."""

    def mode(name: str, figures: DownlinkMode) -> TransmitMode:
        return TransmitMode(name, figures.channel_code, figures.frame_octets, figures.frame_period_ns)

    return mode(LOW, mission.downlink.low), mode(HIGH, mission.downlink.high)


def reception_settings(mission: MissionFile) -> ReceptionSettings:
    """The telecommand receiver's managed parameters, from the mission's figures."""
    channels = tuple(
        ChannelSettings(
            channel.vcid,
            channel.maps,
            channel.farm_window,
            FarmState.OPEN if channel.farm_boot == "open" else FarmState.LOCKOUT,
        )
        for channel in mission.uplink.channel
    )
    uplink = mission.uplink
    return ReceptionSettings(uplink.scid, channels, uplink.randomized, uplink.error_correction)


def control_channel(mission: MissionFile) -> ControlChannel:
    """Where control words go down, from the mission's figures."""
    return ControlChannel(mission.downlink.ocf_vcid, mission.downlink.ocf_period_s * SECOND)


class Orbiter:
    """seed: of the gauges. coded: see `Transmitter`. on_air: false leaves it without a carrier.
    memory_folder: where the mass memory's log outlives this object; None for a memory that is empty at first
    and gone in the end. Raises FswError when it cannot be used.

    on_frames: told of transfer frames as they go to the transmitter, for those who attach to it.
    """

    def __init__(
        self,
        mission: MissionFile,
        streams: Streams,
        sky: Sky,
        wifi: WifiChannel,
        *,
        coded: bool = True,
        on_air: bool = True,
        memory_folder: Path | None = None,
        security: "SpacecraftSecurity | None" = None,
    ) -> None:
        figures = oscillator_figures(mission.orbiter.clock, mission.orbiter.clock_offset_s)
        self.clock = OnBoardClock(mission.epoch, Oscillator(figures, streams.seed_of("orbiter clock")))
        self._sky = sky
        self._seed = streams.seed_of("gauges")
        self._wifi = wifi
        self.mechanism = _mechanism(mission, streams.stream("release"))
        log = None if memory_folder is None else FolderLogFile(memory_folder)
        self._entry_capsule = mission.orbiter.entry_capsule
        self.memory = MassMemory(mission.orbiter.mass_memory_octets, log)
        self.parameters = ParameterArea([word(setting.default) for setting in SETTINGS.values()])
        self.scratch = ScratchMemory(MEMORIES[Memory.SCRATCH].octets)
        self.program = ProgramImage(MEMORIES[Memory.PROGRAM].octets)
        self.transmitter = Transmitter(transmit_modes(mission), coded)
        self._on_air = on_air
        self._radiated: list[Transmission] = []
        self._to_orbiter: list[rover_messages.ToOrbiter] = []  # by UHF, where it hears of the Earth that way
        self.on_frames: Callable[[str, int, bytes], object] | None = None  # mode, start [ns], frames
        self.receiver = UplinkReceiver()
        self.release_bay_heater = Heater()
        self.spare_amplifier_heater = Heater()
        self.test_register = LoadedRegister(REGISTERS[RegisterAddress.TEST].octets)
        self.devices = device_bus(
            self.receiver, wifi, self.release_bay_heater, self.spare_amplifier_heater, self.test_register
        )
        self.security = security
        self._load_since: dict[str, tuple[int, int]] = {}  # by asker: busy time and time when last told
        self._fills: dict[str, dict[str, float]] = {}  # by asker: fullest mailboxes since last told
        high_rate = round(mission.downlink.high.frames_per_s)
        self.scheduler = Scheduler(
            _tasks(mission, self.clock, high_rate, security, on_air), self._outside, trouble_to=names.EVENTS
        )
        self._boots = 0
        self._boot: list[int] | None = [0, int(BootKind.COLD), int(BootReason.POWER_ON)]  # when, kind, why
        if found := len(self.memory.keys()):
            self.scheduler.post(names.MASS_MEMORY, messages.MemoryFound(found, self.memory.used_octets))
        self._tell_of_damage()
        self.scheduler.boot(0)
        self._booted(0)

    # ---- for the simulation ---------------------------------------------------------------------

    def next_ns(self) -> int | None:
        """When `advance` has work next."""
        next_ns = self.scheduler.next_ns()
        for other_ns in (
            self.mechanism.next_ns(),
            self.receiver.next_ns() if self.receiver.carrier else None,
            None if self._boot is None else self._boot[0],
        ):
            if other_ns is not None and (next_ns is None or other_ns < next_ns):
                next_ns = other_ns
        return next_ns

    def advance(self, now_ns: int) -> dict[str, Any] | None:
        """Run what is due. Returns the motion of the camera in the moment in which it leaves."""
        motion = self.mechanism.opened(now_ns)
        if motion is not None:
            self.scheduler.post(names.RELEASE, messages.BreakWire())
        if self._boot is not None and self._boot[0] <= now_ns:
            self._booted(now_ns)
        if self.receiver.advance(now_ns):
            self._tell_lock()
        self.scheduler.advance(now_ns)
        return motion

    def reset(self, kind: BootKind, reason: BootReason, now_ns: int) -> None:
        """The computer stops here, and starts again when it has booted. The hardware goes on."""
        self.scheduler.halt()
        self._boot = [now_ns + BOOT_NS[kind], int(kind), int(reason)]

    def _booted(self, now_ns: int) -> None:
        assert self._boot is not None
        _, kind, reason = self._boot
        self._boot = None
        self._boots += 1
        recovered = refused = 0
        if self.scheduler.halted():
            recovered, refused = self.scheduler.reboot(now_ns, cold=kind == BootKind.COLD)
        booted = messages.Booted(BootKind(kind), BootReason(reason), self._boots, recovered, refused)
        self.scheduler.post(names.FDIR, booted)
        self.scheduler.post(names.EVENTS, booted)
        if self.security is not None and self.security.published:
            self.scheduler.post(names.EVENTS, messages.Occurred(Event.SECURITY_KEYS_PUBLISHED, {}))

    def receive(self, octets: bytes, now_ns: int) -> None:
        """What the transponder's receiver makes of the uplink, errors and all."""
        if self.receiver.hear(now_ns):
            self._tell_lock()
        self.scheduler.post(names.COMMANDING, messages.Uplinked(octets))
        self.scheduler.advance(now_ns)

    def _tell_lock(self) -> None:
        lock = messages.ReceiverLock(self.receiver.carrier, self.receiver.bits)
        self.scheduler.post(names.COMMANDING, lock)

    def receive_wifi(self, octets: bytes, lengths: bytes, now_ns: int) -> None:
        """Packets from the camera."""
        self.scheduler.post(names.RELAY, messages.FromCamera(octets, lengths))
        self.scheduler.advance(now_ns)

    def wifi_status(self, now_ns: int) -> None:
        """Once a second: what the Wi-Fi driver shows."""
        self.scheduler.post(names.RELAY, messages.WifiStatus(**self._wifi.status()))
        self.scheduler.advance(now_ns)

    def radiated(self) -> list[Transmission]:
        """What has gone on the air since the last call."""
        radiated, self._radiated = self._radiated, []
        return radiated

    # ---- UHF, of a rover ------------------------------------------------------------------------

    def radio(self, octets: int, rate_kbit_s: int, now_ns: int) -> list[rover_messages.ToOrbiter]:
        """The orbiter's carrier is there, and the radio has room for so many octets; what it sends then."""
        if not self.scheduler.halted():
            self.scheduler.post(names.DOWNLINK, rover_messages.RadioRoom(octets, rate_kbit_s))
            self.scheduler.advance(now_ns)
        sent, self._to_orbiter = self._to_orbiter, []
        return sent

    def receive_uhf(self, octets: bytes, now_ns: int) -> None:
        """What came by UHF."""
        self.scheduler.post(names.DOWNLINK, rover_messages.FromOrbiter(octets))
        self.scheduler.advance(now_ns)

    def carrier_lost(self, now_ns: int) -> None:
        """The orbiter is gone."""
        self.scheduler.post(names.DOWNLINK, rover_messages.CarrierLost())
        self.scheduler.advance(now_ns)

    # ---- ports ----------------------------------------------------------------------------------

    def _outside(self, port: str, value: Any, now_ns: int) -> None:
        post = self.scheduler.post
        match port, value:  # the busiest first
            case names.GAUGES_PORT, messages.Gather(sid, reply_to):
                post(reply_to, messages.Values(self._gauges(Structure(sid), reply_to, now_ns)))
            case names.SENSORS_PORT, messages.Sample():
                attitude, position, velocity = self._sky.measured(now_ns)
                post(names.NAVIGATION, messages.Measured(now_ns, attitude, position, velocity))
            case names.TRANSPONDER_PORT, messages.Radiate(high_rate, start_ns, frames):
                # What telemetry tells of as stored must outlive anything from now on.
                if not self.memory.flush() and self.memory.flushes_failed == 1:
                    post(names.MASS_MEMORY, messages.MemoryNotFlushed())
                mode = HIGH if high_rate else LOW
                if self._on_air:
                    self._radiated.append(self.transmitter.transmit(mode, start_ns, frames))
                if self.on_frames is not None:
                    self.on_frames(mode, start_ns, frames)
            case names.UHF_PORT, rover_messages.ToOrbiter():
                self._to_orbiter.append(value)
            case names.UHF_PORT, messages.Uplinked():
                if self.receiver.hear(now_ns):
                    self._tell_lock()
                post(names.COMMANDING, value)
            case names.MEMORY_PORT, _:
                self._remember(value)
                self._tell_of_damage()
            case names.WIFI_PORT, messages.AccessPoint(on):
                self._wifi.switch(on)
            case names.WIFI_PORT, messages.ToCamera(octets):
                self._wifi.send_to_camera(octets)
            case names.RELEASE_PORT, messages.Fire():
                self.mechanism.fire(now_ns)
            case names.RELEASE_PORT, messages.ReadWire():
                if self.mechanism.wire_open:
                    post(names.RELEASE, messages.BreakWire())
            case names.COMPUTER_PORT, messages.Reset(kind, reason):
                self.reset(kind, reason, now_ns)
            case names.RECEIVER_PORT, messages.Sample():
                self._tell_lock()
            case names.LANDER_PORT, messages.Sample():
                if self._entry_capsule:  # else the umbilical's end is open, and nobody answers
                    post(names.LANDER, messages.Values(self._lander_values(now_ns)))
            case names.CLOCK_PORT, messages.SteerClock(steering, amount):
                self._steer(Steering(steering), amount, now_ns)
            case names.PARAMETER_AREA_PORT, messages.ReadArea(job):
                post(names.PARAMETERS, messages.AreaTold(job, *self.parameters.read()))
            case names.PARAMETER_AREA_PORT, messages.WriteArea(job, words):
                self.parameters.write(words)
                post(names.PARAMETERS, messages.AreaTold(job, *self.parameters.read()))
            case names.ONBOARD_MEMORY_PORT, messages.ReadMemory(job, memory, spans):
                post(names.MEMORY, messages.MemoryTold(job, self._octets_of(Memory(memory), spans)))
            case names.ONBOARD_MEMORY_PORT, messages.WriteMemory(job, memory, loads):
                assert memory == Memory.SCRATCH, "nothing else is loaded"
                for address, octets in loads:
                    self.scratch.write(address - MEMORIES[Memory.SCRATCH].start, octets)
                spans = tuple((address, len(octets)) for address, octets in loads)
                post(names.MEMORY, messages.MemoryTold(job, self._octets_of(Memory.SCRATCH, spans)))
            case names.DEVICES_PORT, _:
                post(names.DEVICE_ACCESS, messages.RegistersTold(value.job, self._devices(value, now_ns)))
            case _:
                raise AssertionError(f"nothing is wired to {port} for {type(value).__name__}")

    def _devices(self, value: Any, now_ns: int) -> tuple[bytes, ...]:
        """Does what is asked; what the registers hold then."""
        match value:
            case messages.SwitchLines(_, lines):
                for address in lines:
                    self.devices.pulse(address, now_ns)
                registers: tuple[int, ...] = (RegisterAddress.POWER_LINES,)
            case messages.LoadRegisters(_, loads):
                for address, octets in loads:
                    self.devices.write(address, octets)
                registers = tuple(address for address, _ in loads)
            case messages.ReadRegisters(_, registers):
                pass
            case _:
                raise AssertionError(f"the devices do not know {type(value).__name__}")
        return tuple(self.devices.read(address, now_ns) for address in registers)

    def _steer(self, steering: Steering, amount: int, now_ns: int) -> None:
        if steering is Steering.SET:
            self.clock.set(amount, now_ns)
        elif steering is Steering.SHIFT:
            self.clock.shift(amount, now_ns)
        else:
            self.clock.trim(amount, now_ns)

    def _remember(self, value: Any) -> None:
        post, memory = self.scheduler.post, self.memory
        match value:
            case messages.Store(key, octets, to):
                kept = memory.store(key, octets)
                post(to, messages.Stored(key, kept, memory.used_octets))
            case messages.Fetch(keys, to):
                post(to, messages.Fetched({key: memory.fetch(key) for key in keys}))
            case messages.Delete(keys):
                for key in keys:
                    memory.delete(key)
            case messages.List(prefix, to):
                post(to, messages.Listed(prefix, memory.keys(prefix)))
            case _:
                raise AssertionError(f"the mass memory does not know {type(value).__name__}")

    def _tell_of_damage(self) -> None:
        for damage in self.memory.take_damage():
            torn = damage.what == "tail"
            told = messages.MemoryDamaged(damage.at, damage.octets, torn, self.memory.damaged)
            self.scheduler.post(names.MASS_MEMORY, told)

    def _octets_of(self, memory: Memory, spans: tuple[tuple[int, int], ...]) -> tuple[bytes, ...]:
        read = {
            Memory.PROGRAM: self.program.raw,
            Memory.SCRATCH: self.scratch.raw,
            Memory.PARAMETER_AREA: self.parameters.raw,
        }[memory]
        return tuple(read(address - MEMORIES[memory].start, octets) for address, octets in spans)

    def _lander_values(self, now_ns: int) -> dict[str, Any]:
        gauges = [p.name for p in LANDER.parameters if p.name != "lander_heater_cycles"]
        values: dict[str, Any] = {name: reading(name, now_ns, self._seed) for name in gauges}
        return values | {"lander_heater_cycles": heater_cycles(now_ns)}

    def _gauges(self, sid: Structure, asker: str, now_ns: int) -> dict[str, Any]:
        if sid is Structure.COMPUTER:
            return self._computer_values(asker, now_ns)
        if sid is Structure.RADIO:
            names_of_gauges = ("transmit_power_w", "amplifier_temperature_c")
            values: dict[str, Any] = {name: reading(name, now_ns, self._seed) for name in names_of_gauges}
            return values | {"uplink_lock": "ON" if self.receiver.carrier else "OFF"}
        if sid is Structure.RELEASE:
            name = "release_temperature_c"
            warmth = self.release_bay_heater.warmth(now_ns) / 1000.0
            return {name: reading(name, now_ns, self._seed) + warmth}
        return {}

    def _computer_values(self, asker: str, now_ns: int) -> dict[str, Any]:
        counters = self.scheduler.counters()
        busy_then, then_ns = self._load_since.get(asker, (0, 0))
        busy_ns, span_ns = self.scheduler.busy_ns - busy_then, now_ns - then_ns
        self._load_since[asker] = (self.scheduler.busy_ns, now_ns)
        fills = self._fullest_mailboxes(asker)
        fullest = max(fills, key=fills.__getitem__)
        restarts = overruns = dropped = 0
        for counter in counters.values():
            restarts += counter.restarts
            overruns += counter.overruns
            dropped += counter.dropped
        return {
            "uptime_s": now_ns // SECOND,
            "cpu_load": 100.0 * busy_ns / span_ns if span_ns else 0.0,
            "tasks": len(counters),
            "task_restarts": restarts,
            "budget_overruns": overruns,
            "messages_waiting": self.scheduler.waiting(),
            "fullest_mailbox": 100.0 * fills[fullest],
            "fullest_mailbox_of": _TASK_NAMES[fullest],
            "mailbox_overflows": dropped,
        }

    def _fullest_mailboxes(self, asker: str) -> dict[str, float]:
        """Greatest fills since this asker was last told: the others' questions take nothing from it."""
        latest = self.scheduler.take_fullest_mailboxes()
        for fills in self._fills.values():
            for name, fill in latest.items():
                if fill > fills[name]:
                    fills[name] = fill
        told = self._fills.get(asker, latest)
        self._fills[asker] = dict.fromkeys(latest, 0.0)
        return told

    # ---- snapshots ------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the mass memory's file."""
        self.memory.close()

    def save(self) -> dict[str, Any]:
        return {
            "clock": self.clock.save(),
            "scheduler": self.scheduler.save(),
            "mechanism": self.mechanism.save(),
            "memory": self.memory.save(),
            "transmitter": self.transmitter.save(),
            "receiver": self.receiver.save(),
            "to_orbiter": list(self._to_orbiter),
            "security": None if self.security is None else self.security.save(),
            "boots": self._boots,
            "boot": None if self._boot is None else list(self._boot),
            "load_since": dict(self._load_since),
            "fills": {asker: dict(fills) for asker, fills in self._fills.items()},
            "parameters": self.parameters.save(),
            "scratch": self.scratch.save(),
            "program": self.program.save(),
            "release_bay_heater": self.release_bay_heater.save(),
            "spare_amplifier_heater": self.spare_amplifier_heater.save(),
            "test_register": self.test_register.save(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.clock.load(saved["clock"])
        self.scheduler.load(saved["scheduler"])
        self.mechanism.load(saved["mechanism"])
        self.memory.load(saved["memory"])
        self.transmitter.load(saved["transmitter"])
        self.receiver.load(saved["receiver"])
        self._to_orbiter = list(saved["to_orbiter"])
        if self.security is not None:
            self.security.load(saved["security"])
        self._boots = saved["boots"]
        self._boot = None if saved["boot"] is None else list(saved["boot"])
        self._load_since = dict(saved["load_since"])
        self._fills = {asker: dict(fills) for asker, fills in saved["fills"].items()}
        self.parameters.load(saved["parameters"])
        self.scratch.load(saved["scratch"])
        self.program.load(saved["program"])
        self.release_bay_heater.load(saved["release_bay_heater"])
        self.spare_amplifier_heater.load(saved["spare_amplifier_heater"])
        self.test_register.load(saved["test_register"])


def _mechanism(mission: MissionFile, stream: Stream) -> ReleaseMechanism:
    if mission.camera_stays:
        return NoMechanism(stream)
    camera = mission.camera
    return ReleaseMechanism(
        camera.separation_speed_m_s, mission.orbiter.release_direction, camera.tumble_deg_s, stream
    )


def file_settings(mission: MissionFile) -> FilesSettings:
    files = mission.files
    return FilesSettings(board_link(files), files.picture_class == 2, board_store(files))


def _tasks(
    mission: MissionFile,
    clock: OnBoardClock,
    high_frames_per_second: int,
    security: "SpacecraftSecurity | None",
    on_air: bool,
) -> list[TaskSettings]:
    """By priority: what must not wait comes first; budgets in modelled time."""
    ms = MILLISECOND
    frames = FRAMES[mission.downlink.low.channel[0].time_code]

    def commanding() -> Commanding:
        return Commanding(reception_settings(mission), security)

    def downlink() -> Downlink | RelayedDownlink:
        if isinstance(mission, PortraitMission):
            return RelayedDownlink(clock, mission.uhf.spacecraft_id, on_air)
        lander = mission.orbiter.entry_capsule
        return Downlink(clock, high_frames_per_second, control_channel(mission), lander, frames, on_air)

    def relay() -> Relay:
        return Relay(clock, relay_peer(mission), on_bus_power=mission.camera_stays)

    def housekeeping() -> Housekeeping:
        return Housekeeping(isinstance(mission, MountedMission) and mission.has_phases)

    def mass_memory() -> MassMemoryTask:
        return MassMemoryTask(mission.orbiter.mass_memory_octets)

    def packet_stores() -> PacketStores:
        figures = mission.orbiter
        return PacketStores(
            figures.mass_memory_octets,
            lambda: default_stores(figures.event_store_octets, figures.housekeeping_store_octets),
        )

    return [
        TaskSettings(names.COMMANDING, 1, commanding, mailbox=64, budget_ns=20 * ms),
        TaskSettings(names.RELEASE, 2, Release, mailbox=16),
        TaskSettings(names.FDIR, 3, Fdir),
        TaskSettings(names.DOWNLINK, 3, downlink, mailbox=256, budget_ns=50 * ms, heartbeat_ns=5 * SECOND),
        TaskSettings(names.EVENTS, 4, Events, mailbox=128),
        TaskSettings(names.SCHEDULE, 4, lambda: Schedule(clock), mailbox=32),
        TaskSettings(names.EVENT_ACTIONS, 4, EventActions, mailbox=128),
        TaskSettings(names.NAVIGATION, 5, lambda: Navigation(clock), mailbox=8, heartbeat_ns=10 * SECOND),
        TaskSettings(names.LANDER, 6, Lander, mailbox=8, heartbeat_ns=60 * SECOND),
        TaskSettings(names.TIMEKEEPING, 6, lambda: Timekeeping(clock), mailbox=8),
        TaskSettings(names.RELAY, 7, relay, mailbox=32, budget_ns=20 * ms),
        TaskSettings(names.MASS_MEMORY, 8, mass_memory, mailbox=64, budget_ns=20 * ms),
        TaskSettings(names.FILES, 8, lambda: Files(file_settings(mission)), mailbox=128, budget_ns=50 * ms),
        TaskSettings(names.LARGE_PACKETS, 9, LargePackets, mailbox=16),
        TaskSettings(names.PACKET_STORES, 9, packet_stores, mailbox=64, budget_ns=20 * ms),
        TaskSettings(names.SELECTION, 9, lambda: Selection(mission.selection.rank_by), mailbox=32),
        TaskSettings(names.MONITORING, 9, lambda: Monitoring(clock), mailbox=32, heartbeat_ns=120 * SECOND),
        TaskSettings(names.STATISTICS, 9, lambda: Statistics(clock), mailbox=32),
        TaskSettings(names.MEMORY, 9, MemoryManagement, mailbox=16),
        TaskSettings(names.DEVICE_ACCESS, 9, DeviceAccess, mailbox=16),
        TaskSettings(names.PARAMETERS, 9, Parameters, mailbox=32),
        TaskSettings(names.SEQUENCES, 10, Sequences, mailbox=32),
        TaskSettings(names.PROCEDURES, 11, Procedures, mailbox=128, budget_ns=20 * ms),
        TaskSettings(names.HOUSEKEEPING, 10, housekeeping, mailbox=32, heartbeat_ns=60 * SECOND),
    ]
