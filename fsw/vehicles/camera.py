"""The deployable camera: its firmware (C), two sensors, a battery and thermometers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.core.camera_unit import CameraParameters, CameraUnit
from fsw.devices.battery import voltage_mv
from fsw.devices.gauges import reading
from fsw.devices.image_sensor import ImageSensor, Shot, Taken, read_out_ns
from fsw.devices.oscillator import Oscillator
from fsw.dictionary import camera as link
from fsw.kernel.time import SECOND, earliest
from fsw.missions.mission_file import MissionFile
from fsw.missions.mounted import MountedMission
from fsw.tasks.clock import OnBoardClock
from fsw.vehicles.camera_link import SLOTS, file_delivery
from fsw.vehicles.timing import oscillator_figures

SLOT_OCTETS = 4 << 20  # a raw frame of 1600x1200 fits
BATTERY_LIMIT_MV = 2400
POWER_IDLE_MW = 1500
PACKET_OVERHEAD_OCTETS = 44
INSTRUMENTS_EVERY_NS = SECOND
PATIENCE_BEATS = 3
ENDLESS_PATIENCE_BEATS = 2**32 - 1


def _read_out(mission: MissionFile) -> Callable[[int], int]:
    if not isinstance(mission, MountedMission):
        return read_out_ns
    mounted_ns = round(mission.camera.mount.read_out_s * SECOND)
    return lambda width: mounted_ns


class Camera:
    """take: makes the picture of a shot (see `fsw.devices.image_sensor`). size: (width, height) [px].

    sensors: false for ones that never answer, and firmware that waits for them without end.
    """

    def __init__(
        self,
        mission: MissionFile,
        seed: int,
        take: Callable[[Shot], Taken],
        size: tuple[int, int],
        workers: int | None = None,
        *,
        sensors: bool = True,
    ) -> None:
        figures = mission.camera
        period_ms = round(1000 * figures.period_s)
        self._period_ns = period_ms * 1_000_000
        self._clock = OnBoardClock(mission.epoch, Oscillator(oscillator_figures(figures.clock), seed))
        self._seed = seed
        self._battery_wh = figures.battery_wh
        self._sensors = sensors
        self.unit = CameraUnit(
            CameraParameters(
                slots=SLOTS,
                slot_octets=SLOT_OCTETS,
                part_octets=mission.wifi.packet_octets - PACKET_OVERHEAD_OCTETS,
                period_ms=period_ms,
                first_frame_ms=round(1000 * figures.first_frame_s),
                exposure_us=0 if figures.exposure_automatic else figures.exposure_us,
                gain_256ths=round(256 * figures.gain),
                width=size[0],
                height=size[1],
                largest_size=max((mode.width, mode.height) for mode in figures.mode),
                single_lens=figures.lenses == 1,
                battery_limit_mv=BATTERY_LIMIT_MV,
                battery_capacity_mj=round(figures.battery_wh * 3_600_000),
                power_idle_mw=POWER_IDLE_MW,
                power_imaging_mw=round(1000 * figures.power_w),
                apid_picture=link.PICTURE_APID,
                apid_health=link.HEALTH_APID,
                apid_report=link.REPORT_APID,
                apid_telecommand=link.TELECOMMAND_APID,
                patience=PATIENCE_BEATS if sensors else ENDLESS_PATIENCE_BEATS,
                files=file_delivery(mission.wifi),
            ),
            self._clock.agency_ns(0),
        )
        self.sensor = ImageSensor(take, self._period_ns, workers, self._beats_later, _read_out(mission))
        self._instruments_ns: int | None = None
        self._stands: tuple[int | None, bool, bool] | None = None

    @property
    def pictures_taken(self) -> int:
        """Exposures that gave a picture, both lenses."""
        counters = self.unit.counters()
        return counters["taken_0"] + counters["taken_1"]

    @property
    def radio_on(self) -> bool:
        """The Wi-Fi station is awake."""
        return (self._stands or self._standing())[2]

    def wants_link(self) -> tuple[bool, bool]:
        """Whether packets wait for the Wi-Fi, and whether its station is awake."""
        return (self._stands or self._standing())[1:]

    def separate(self, now_ns: int, shown_ns: int) -> None:
        """The break-wire has opened. shown_ns: what the orbiter's clock, which set ours till then, shows."""
        self._stands = None
        self._clock.synchronise(shown_ns, now_ns)
        self.unit.separation(self._clock.agency_ns(now_ns))
        self._instruments_ns = now_ns

    def next_ns(self) -> int | None:
        """When `advance` has work next."""
        return (self._stands or self._standing())[0]

    def _standing(self) -> tuple[int | None, bool, bool]:
        """When there is work next, whether packets wait, whether its radio is on: found out once after each
        call that can change it, and asked by the simulation many times a second."""
        if self._stands is None:
            unit_ns = self.unit.next_ns()
            unit_ns = None if unit_ns is None else self._clock.mission_ns(unit_ns)
            next_ns = earliest(unit_ns, self.sensor.next_ns(), self._instruments_ns)
            self._stands = next_ns, self.unit.waiting, self.unit.state == "on"
        return self._stands

    def _beats_later(self, start_ns: int, beats: int) -> int:
        return self._clock.mission_ns(self._clock.agency_ns(start_ns) + beats * self._period_ns)

    def advance(self, now_ns: int) -> None:
        """Read out, expose, measure: whatever is due."""
        self._stands = None
        agency_ns = self._clock.agency_ns(now_ns)
        for handle, taken in self.sensor.ready(now_ns):
            self.unit.commit(handle, taken.octets, agency_ns, taken.exposure_us)
        orders = self.unit.poll(agency_ns)
        for order in orders if self._sensors else ():
            shot = Shot(
                order.lens,
                self._clock.mission_ns(order.start_ns),
                order.exposure_us,
                order.gain_256ths,
                order.width,
                order.height,
                order.encoding,
            )
            self.sensor.order(order.handle, shot)
        if self._instruments_ns is not None and self._instruments_ns <= now_ns:
            self._instruments_ns += INSTRUMENTS_EVERY_NS
            self._measure(now_ns, agency_ns)  # last: the unit has counted its energy up to now

    def _measure(self, now_ns: int, agency_ns: int) -> None:
        body = round(100 * reading("camera_temperature_c", now_ns, self._seed))
        cell = round(100 * reading("battery_temperature_c", now_ns, self._seed))
        volts = voltage_mv(self._battery_wh, self.unit.energy_mj)
        self.unit.set_inputs(agency_ns, volts, (body, body + 40, cell))

    def transmit(self, now_ns: int, octets: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
        """Packets for the link, at most so many octets, and their lengths."""
        self._stands = None
        return self.unit.transmit(self._clock.agency_ns(now_ns), octets)

    def receive(self, packet: bytes, now_ns: int) -> None:
        """A packet from the orbiter."""
        self._stands = None
        self.unit.receive(packet, self._clock.agency_ns(now_ns))

    def close(self) -> None:
        """Stop the sensor's threads."""
        self.sensor.close()

    def save(self) -> dict[str, Any]:
        return {
            "unit": self.unit.save(),
            "clock": self._clock.save(),
            "sensor": self.sensor.save(),
            "instruments_ns": self._instruments_ns,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._stands = None
        self.unit.load(saved["unit"])
        self._clock.load(saved["clock"])
        self.sensor.load(saved["sensor"])
        self._instruments_ns = saved["instruments_ns"]
