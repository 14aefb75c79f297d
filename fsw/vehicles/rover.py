"""The rover: its computer's tasks, wired to wheels, power unit and UHF radio.

Asleep the computer is off, and the wake-up timer alone counts. Waking is a warm boot: tasks find what they
retain. Woken with a battery that is nearly empty, the power unit lets it sleep another sol; a battery that
runs empty takes the computer down, and the next boot is cold.
"""

from collections.abc import Callable
from typing import Any

from fsw.core.farm import FarmState
from fsw.devices.chassis import Chassis
from fsw.devices.power_unit import PowerUnit
from fsw.dictionary.identifiers import BootKind, BootReason
from fsw.kernel.scheduler import Scheduler, TaskSettings
from fsw.kernel.time import MILLISECOND, earliest
from fsw.missions.rover import Rover as RoverFigures
from fsw.protocols.telecommand_reception import ChannelSettings, ReceptionSettings
from fsw.tasks import messages, names
from fsw.tasks import rover_messages as rover
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.commanding import Commanding
from fsw.tasks.driving import Driving
from fsw.tasks.events import Events
from fsw.tasks.imaging import Imaging
from fsw.tasks.keeper import Keeper
from fsw.tasks.local_time import SOL_NS
from fsw.tasks.proximity import Proximity
from fsw.tasks.routing import ROVER
from fsw.tasks.rover_housekeeping import RoverHousekeeping

WAKES_FROM = 0.1  # of the battery; below it the power unit does not let the computer wake


class Rover:
    """midnight_ns: a local mean midnight in mission time. spacecraft: of its Proximity-1 frames.

    take: makes the mast camera's picture of a time, azimuth and elevation [deg].
    """

    def __init__(
        self,
        figures: RoverFigures,
        clock: OnBoardClock,
        chassis: Chassis,
        power: PowerUnit,
        midnight_ns: int,
        spacecraft: int,
        take: Callable[[int, float, float], bytes],
    ) -> None:
        self.figures = figures
        self._take = take
        self.clock, self.chassis, self.power = clock, chassis, power
        self._to_orbiter: list[bytes] = []
        self._transmitting = False
        self._wake_ns: int | None = None
        self._cold = False
        self.boots = 1
        self.brown_outs = 0
        mm_s = round(figures.speed_m_h * 1000 / 3600)
        reception = ReceptionSettings(spacecraft, (ChannelSettings(0, boot=FarmState.OPEN),))
        ms = MILLISECOND
        self.scheduler = Scheduler(
            [
                TaskSettings(
                    names.COMMANDING,
                    1,
                    lambda: Commanding(reception, computer=ROVER),
                    mailbox=64,
                    budget_ns=20 * ms,
                ),
                TaskSettings(names.DRIVING, 2, lambda: Driving(mm_s, midnight_ns), mailbox=32),
                TaskSettings(
                    names.FDIR, 3, lambda: Keeper(midnight_ns, figures.wakes_at_minutes), mailbox=32
                ),
                TaskSettings(names.EVENTS, 4, lambda: Events(ROVER), mailbox=64),
                TaskSettings(
                    names.DOWNLINK,
                    5,
                    lambda: Proximity(clock, spacecraft),
                    mailbox=128,
                    budget_ns=50 * ms,
                ),
                TaskSettings(names.IMAGING, 6, lambda: Imaging(midnight_ns), mailbox=16),
                TaskSettings(names.HOUSEKEEPING, 6, RoverHousekeeping, mailbox=32),
            ],
            self._outside,
            trouble_to=names.EVENTS,
        )
        self._draw(0)
        self.scheduler.boot(0)
        self._tell_boot(BootKind.COLD)

    @property
    def awake(self) -> bool:
        """The computer runs."""
        return self._wake_ns is None

    def next_ns(self) -> int | None:
        """When `advance` has work next."""
        return earliest(self.scheduler.next_ns(), self._wake_ns)

    def advance(self, now_ns: int) -> None:
        """Run what is due."""
        if self._wake_ns is not None and self._wake_ns <= now_ns:
            self._wake(self._wake_ns)
        self.scheduler.advance(now_ns)
        if self.awake and self.power.battery_wh <= 0.0:
            self.brown_outs += 1
            self._cold = True
            self._sleep(SOL_NS, now_ns)

    def radio(self, octets: int, rate_kbit_s: int, now_ns: int) -> bytes:
        """The orbiter's carrier is there, and the radio has room for so many octets; what it sends then."""
        if self.awake:
            self._transmitting = True
            self._draw(now_ns)
            self.scheduler.post(names.DOWNLINK, rover.RadioRoom(octets, rate_kbit_s))
            self.scheduler.advance(now_ns)
        sent, self._to_orbiter = b"".join(self._to_orbiter), []
        return sent

    def receive(self, octets: bytes, now_ns: int) -> None:
        """Octets of the forward link; nobody hears them while it sleeps."""
        self.scheduler.post(names.DOWNLINK, rover.FromOrbiter(octets))
        self.scheduler.advance(now_ns)

    def carrier_lost(self, now_ns: int) -> None:
        """The orbiter is gone."""
        self._transmitting = False
        self._draw(now_ns)
        self.scheduler.post(names.DOWNLINK, rover.CarrierLost())
        self.scheduler.advance(now_ns)

    # ---- sleep ----------------------------------------------------------------------------------

    def _sleep(self, for_ns: int, now_ns: int) -> None:
        self.scheduler.halt()
        self.chassis.move(0, now_ns)
        self._transmitting = False
        self._wake_ns = now_ns + for_ns
        self._draw(now_ns)

    def _wake(self, now_ns: int) -> None:
        self.power.advance(now_ns)
        if self.power.fill < WAKES_FROM:
            self._wake_ns = now_ns + SOL_NS
            return
        self._wake_ns = None
        self._draw(now_ns)
        kind = BootKind.COLD if self._cold else BootKind.WARM
        self._cold = False
        self.boots += 1
        recovered, refused = self.scheduler.reboot(now_ns, cold=kind is BootKind.COLD)
        self._tell_boot(kind, recovered, refused)

    def _tell_boot(self, kind: BootKind, recovered: int = 0, refused: int = 0) -> None:
        booted = messages.Booted(kind, BootReason.POWER_ON, self.boots, recovered, refused)
        self.scheduler.post(names.EVENTS, booted)

    def _draw(self, now_ns: int) -> None:
        """What is on draws power."""
        figures = self.figures
        load_w = figures.asleep_w
        if self.awake:
            load_w = figures.awake_w
            load_w += figures.driving_w if self.chassis.moving else 0.0
            load_w += figures.radio_w if self._transmitting else 0.0
        self.power.draw(load_w, now_ns)

    # ---- ports ----------------------------------------------------------------------------------

    def _outside(self, port: str, value: Any, now_ns: int) -> None:
        post = self.scheduler.post
        match port, value:
            case names.WHEELS_PORT, rover.Move(mm_s):
                self.chassis.move(mm_s, now_ns)
                self._draw(now_ns)
            case names.WHEELS_PORT, rover.TurnTo(heading_mdeg):
                self.chassis.turn_to(heading_mdeg / 1000, now_ns)
                self._draw(now_ns)
            case names.WHEELS_PORT, rover.ReadWheels():
                post(names.DRIVING, rover.WheelsTold(*self.chassis.read(now_ns)))
            case names.POWER_PORT, rover.ReadPower():
                power = self.power
                power.advance(now_ns)
                told = (power.battery_wh, power.capacity_wh, power.wing_w(now_ns), power.load_w)
                post(names.FDIR, rover.PowerTold(*told))
            case names.MAST_CAMERA_PORT, rover.Expose(azimuth, elevation):
                octets = self._take(now_ns, azimuth, elevation)
                post(names.IMAGING, rover.Exposed(azimuth, elevation, octets))
            case names.COMPUTER_PORT, rover.SleepFor(ns):
                self._sleep(ns, now_ns)
            case names.UHF_PORT, rover.ToOrbiter(octets, _, _):
                self._to_orbiter.append(octets)
            case names.RECEIVER_PORT, messages.Sample():
                # No direct link to Earth is modelled: telecommands come by way of the orbiter.
                post(names.COMMANDING, messages.ReceiverLock(False, False))
            case _:
                raise AssertionError(f"nothing is wired to {port} for {type(value).__name__}")

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "clock": self.clock.save(),
            "scheduler": self.scheduler.save(),
            "chassis": self.chassis.save(),
            "power": self.power.save(),
            "to_orbiter": list(self._to_orbiter),
            "transmitting": self._transmitting,
            "wake_ns": self._wake_ns,
            "cold": self._cold,
            "boots": self.boots,
            "brown_outs": self.brown_outs,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.clock.load(saved["clock"])
        self.scheduler.load(saved["scheduler"])
        self.chassis.load(saved["chassis"])
        self.power.load(saved["power"])
        self._to_orbiter = list(saved["to_orbiter"])
        self._transmitting, self._wake_ns = saved["transmitting"], saved["wake_ns"]
        self._cold, self.boots, self.brown_outs = saved["cold"], saved["boots"], saved["brown_outs"]
