"""The deployable camera's firmware (c_core/flight/camera_unit.h, which is the manual and has the layouts)."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import load_struct

Encoding = Literal["jpeg", "raw"]
CameraState = Literal["asleep", "booting", "on", "off"]

LENSES: Final = int(lib.CAMERA_LENSES)
HEALTH_OCTETS: Final = int(lib.CAMERA_HEALTH_OCTETS)
REPORT_OCTETS: Final = int(lib.CAMERA_REPORT_OCTETS)
PART_OVERHEAD_OCTETS: Final = int(lib.PICTURE_PART_OVERHEAD_OCTETS)
ENCODINGS: Final[tuple[Encoding, ...]] = ("jpeg", "raw")
_STATES: Final[tuple[CameraState, ...]] = ("asleep", "booting", "on", "off")
_POLICIES: Final = ("skip-beat", "drop-oldest")
_SLOT_STATES: Final = ("free", "exposing", "ready", "sending")
_DISCARDS: Final = ("length", "crc", "header", "apid", "radio_off")
_UNITS: Final = ("taken", "length", "crc", "header", "entity", "directive", "stranger")
_LATEST_NS: Final = 2**63 - 1
_NEVER: Final = int(lib.CAPTURE_NEVER)
_RESULTS: Final = {
    lib.FRAME_STALE: "no picture is in a slot under this handle",
    lib.FRAME_STATE: "the picture under this handle is not being exposed",
    lib.FRAME_LENGTH: "a picture has 1 octet to what a slot holds",
}


def mode_code(width: int, height: int, encoding: Encoding) -> int:
    """The mode octet of picture_part.h. FswError if the sensor has no such mode."""
    for code in range(256):
        if (
            lib.picture_mode_valid(code)
            and ENCODINGS[code & 15] == encoding
            and mode_size(code) == (width, height)
        ):
            return code
    raise FswError(
        f"picture mode {width}x{height} {encoding!r}: allowed are 800x600, 1600x1200 and 2048x2048, "
        "'jpeg' and 'raw'"
    )


def mode_size(code: int) -> tuple[int, int]:
    """(width, height) in pixels of a mode octet."""
    return int(lib.picture_mode_width(code)), int(lib.picture_mode_height(code))


@dataclass(frozen=True, slots=True)
class FileDelivery:
    """How pictures go as CFDP files (c_core/flight/file_delivery.h, which is the manual).

    acknowledged: class 2, for which the times and the limit are. segment_octets: file data in one data
    unit. crc: of each data unit. checksum: SANA's number of modular (0), CRC-32 (3) or null (15). source,
    destination: entity identifiers of entity_octets. apid_units: of what comes from the receiver. nak_ms,
    nak_limit, check_ms: of settings files, which come the other way (file_reception.h).
    """

    source: int
    destination: int
    acknowledged: bool = False
    segment_octets: int = 1024
    crc: bool = False
    checksum: int = 0
    entity_octets: int = 1
    sequence_octets: int = 4
    ack_ms: int = 2000
    ack_limit: int = 30
    inactivity_ms: int = 60_000
    apid_units: int = 0x314
    nak_ms: int = 2000
    nak_limit: int = 10
    check_ms: int = 500

    def as_c(self) -> dict[str, dict[str, int]]:
        """Values of file_delivery_parameters_t and file_reception_parameters_t in camera_parameters_t."""
        own = ("apid_units", "nak_ms", "nak_limit", "check_ms")
        uplink = ("crc", "ack_ms", "ack_limit", "nak_ms", "nak_limit", "check_ms", "inactivity_ms")
        return {
            "files": {name: int(getattr(self, name)) for name in self.__slots__ if name not in own},
            "uplink": {"entity": self.source, "peer": self.destination}
            | {name: int(getattr(self, name)) for name in uplink},
        }


@dataclass(frozen=True, slots=True)
class CameraParameters:
    """What is fixed when the unit is built. The default figures are assumed: little is known of the real one.

    slots x slot_octets: picture memory. policy: what a beat does when no slot is free. part_octets: picture
    data in one packet, which is up to PART_OVERHEAD_OCTETS longer. first_frame_ms: from separation to the
    first beat. patience: beats that the sensor may take to answer. gain: 256ths. Exposure or gain 0: the
    sensor's own automatic. largest_size: the sensors have this and those before it. single_lens: lens 0 takes
    every exposure. files: None for pictures in parts. Bounds: camera_unit.h.
    """

    slots: int = 16
    slot_octets: int = 512 * 1024
    policy: Literal["skip-beat", "drop-oldest"] = "skip-beat"
    part_octets: int = 1356
    period_ms: int = 1000
    boot_ms: int = 800
    first_frame_ms: int = 2000
    health_ms: int = 1000
    patience: int = 3
    exposure_us: int = 1000
    gain_256ths: int = 256
    width: int = 800
    height: int = 600
    encoding: Encoding = "jpeg"
    largest_size: tuple[int, int] = (1600, 1200)
    single_lens: bool = False
    battery_limit_mv: int = 4000
    battery_capacity_mj: int = 21_600_000
    power_idle_mw: int = 1500
    power_imaging_mw: int = 5000
    apid_picture: int = 0x310
    apid_health: int = 0x311
    apid_report: int = 0x312
    apid_telecommand: int = 0x313
    files: FileDelivery | None = None

    def __post_init__(self) -> None:
        unit = ffi.new("camera_unit_t *")
        if not lib.camera_unit_init(unit, self.as_c(), 0):
            raise FswError(
                f"{self}: out of bounds; see camera_parameters_t in c_core/flight/camera_unit.h "
                "(raw pictures must fit a slot, the exposure the period, and the APIDs must differ) and, of "
                "files, file_delivery_parameters_t in file_delivery.h"
            )

    def as_c(self) -> Any:
        """camera_parameters_t of these. FswError if one does not fit its field."""
        if self.policy not in _POLICIES:
            raise FswError(f"policy {self.policy!r}: allowed are {', '.join(_POLICIES)}")
        values: dict[str, Any] = {
            "policy": _POLICIES.index(self.policy),
            "gain": self.gain_256ths,
            "mode": mode_code(self.width, self.height, self.encoding),
            "largest_size": mode_code(*self.largest_size, "jpeg") >> 4,
        }
        if self.files is not None:
            values |= {"delivery": lib.CAMERA_FILES, "apid_units": self.files.apid_units}
            values |= self.files.as_c()
        own = ("gain_256ths", "width", "height", "encoding", "policy", "files", "largest_size")
        values |= {name: getattr(self, name) for name in self.__slots__ if name not in own}
        try:
            return ffi.new("camera_parameters_t *", values)
        except (OverflowError, TypeError) as error:
            raise FswError(f"{self}: every number is whole, from 0 to 2^32 - 1 ({error})") from error


@dataclass(frozen=True, slots=True)
class Expose:
    """An order to the sensor: expose now, and answer with commit or fail.

    start_ns: ns from the agency's epoch. gain: 256ths. slot_octets: the longest picture to commit.
    Exposure or gain 0: the sensor chooses, and commit tells what.
    """

    lens: int
    handle: int
    number: int
    start_ns: int
    exposure_us: int
    gain_256ths: int
    width: int
    height: int
    encoding: Encoding
    slot_octets: int


class CameraUnit:
    """One camera: its firmware's state and its picture memory.

    Times are ns from the agency's epoch, 0 to 2^63 - 1, and never go back: FswError if one does.
    """

    def __init__(self, parameters: CameraParameters, now_ns: int = 0) -> None:
        self.parameters = parameters
        self._self = ffi.new("camera_unit_t *")
        self.memory: npt.NDArray[np.uint8] = np.zeros(parameters.slots * parameters.slot_octets, np.uint8)
        self._memory = ffi.from_buffer("uint8_t[]", self.memory, require_writable=True)
        self._expose = ffi.new("camera_expose_t[]", LENSES)
        self._written = ffi.new("size_t *")
        self._grow(0)
        if not 0 <= now_ns <= _LATEST_NS:
            raise FswError(f"time {now_ns} ns: allowed are 0 to 2^63 - 1")
        lib.camera_unit_init(self._self, parameters.as_c(), now_ns)

    def _grow(self, octets: int) -> None:
        """Room for `octets` of packets in one transmit."""
        self._out = np.zeros(octets, np.uint8)
        self._lengths = np.zeros(octets // int(lib.CAMERA_PACKET_OCTETS_MIN), np.uint32)
        self._out_c = ffi.from_buffer("uint8_t[]", self._out)
        self._lengths_c = ffi.from_buffer("uint32_t[]", self._lengths)

    def _time(self, now_ns: int) -> int:
        if not self._self.now_ns <= now_ns <= _LATEST_NS:
            raise FswError(f"time {now_ns} ns: allowed are {self._self.now_ns} (the latest told) to 2^63 - 1")
        return now_ns

    def separation(self, now_ns: int) -> None:
        """The break-wire has opened: boot, and expose from first_frame_ms on. Has no effect but once."""
        lib.camera_unit_separation(self._self, self._time(now_ns))

    def restart(self, now_ns: int) -> None:
        """A watchdog or an upset starts the unit anew; pictures waiting are lost and counted as dropped."""
        lib.camera_unit_restart(self._self, self._time(now_ns))

    def set_inputs(self, now_ns: int, battery_mv: int, temperatures_centidegc: tuple[int, int, int]) -> None:
        """What its instruments measure: battery [mV]; lens 0, lens 1, battery [0.01 degC].

        Under battery_limit_mv the unit shuts down for good.
        """
        coldest, warmest = min(temperatures_centidegc), max(temperatures_centidegc)
        if not 0 <= battery_mv <= 0xFFFF or not -0x8000 <= coldest <= warmest <= 0x7FFF:
            raise FswError(
                f"battery {battery_mv} mV, temperatures {temperatures_centidegc} x 0.01 degC: allowed are "
                "0 to 65535 and -32768 to 32767"
            )
        if len(temperatures_centidegc) != lib.CAMERA_TEMPERATURES:
            raise FswError(
                f"{len(temperatures_centidegc)} temperatures given: {lib.CAMERA_TEMPERATURES} are measured"
            )
        lib.camera_unit_set_inputs(
            self._self, self._time(now_ns), battery_mv, ffi.new("int16_t[]", temperatures_centidegc)
        )

    def poll(self, now_ns: int) -> list[Expose]:
        """The exposures to make now, at most one for each lens."""
        count = lib.camera_unit_poll(self._self, self._time(now_ns), self._expose)
        return [
            Expose(
                order.lens,
                order.handle,
                order.number,
                order.start_ns,
                order.exposure_us,
                order.gain,
                order.width,
                order.height,
                ENCODINGS[order.encoding],
                self.parameters.slot_octets,
            )
            for order in (self._expose[i] for i in range(count))
        ]

    def next_ns(self) -> int | None:
        """When to poll next; None while only an event from outside can change anything."""
        next_ns = int(lib.camera_unit_next_ns(self._self))
        return None if next_ns == _NEVER else next_ns

    def commit(
        self,
        handle: int,
        octets: bytes | bytearray | memoryview | npt.NDArray[np.uint8],
        now_ns: int,
        exposure_us: int | None = None,
        gain_256ths: int | None = None,
    ) -> bool:
        """The sensor answers: these octets are the picture. They are copied into its slot.

        exposure_us, gain_256ths: what the sensor chose where the order left it to it (0); None: as ordered.
        False if the unit has given that exposure up meanwhile (no answer in time, restart, power lost).
        FswError if the octets are none or more than slot_octets.
        """
        view = ffi.from_buffer("uint8_t[]", octets)
        if not 1 <= len(view) <= self.parameters.slot_octets:
            raise FswError(f"picture of {len(view)} octets: allowed are 1 to {self.parameters.slot_octets}")
        self._chose(self._handle(handle), exposure_us, gain_256ths)
        result = lib.camera_unit_store(self._self, self._memory, self._time(now_ns), handle, view, len(view))
        return bool(result == lib.FRAME_OK)

    def _chose(self, handle: int, exposure_us: int | None, gain_256ths: int | None) -> None:
        if exposure_us is None and gain_256ths is None:
            return
        picture = self._self.picture[(handle & 0xFF) % int(lib.FRAME_BUFFER_SLOTS_MAX)]
        exposure_us = picture.exposure_us if exposure_us is None else exposure_us
        gain_256ths = picture.gain if gain_256ths is None else gain_256ths
        if not 0 <= exposure_us <= 0xFFFFFFFF or not 0 <= gain_256ths <= 0xFFFF:
            raise FswError(
                f"exposure {exposure_us} us, gain {gain_256ths}/256: allowed are 0 to 2^32 - 1 and 0 to 65535"
            )
        lib.camera_unit_chose(self._self, handle, exposure_us, gain_256ths)

    def fail(self, handle: int, now_ns: int) -> bool:
        """The sensor answers: it has no picture. False as for commit."""
        return bool(
            lib.camera_unit_fail(self._self, self._time(now_ns), self._handle(handle)) == lib.FRAME_OK
        )

    @staticmethod
    def _handle(handle: int) -> int:
        if not 0 <= handle <= 0xFFFFFFFF:
            raise FswError(f"handle {handle}: allowed are those that poll gave")
        return handle

    def receive(self, octets: bytes, now_ns: int) -> bool:
        """One packet from the link. False if it was dropped and counted; the answer to others is a report."""
        view = ffi.from_buffer("uint8_t[]", octets)
        return bool(lib.camera_unit_receive(self._self, self._time(now_ns), view, len(view)))

    def transmit(
        self, now_ns: int, budget_octets: int
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
        """Whole packets that the link takes now, back to back, and their lengths.

        At most budget_octets; what the next packet does not fit into is the caller's to carry over.
        0: the link is down.
        """
        if budget_octets < 0:
            raise FswError(f"budget {budget_octets} octets: allowed are 0 or more")
        if budget_octets > len(self._out):
            self._grow(max(budget_octets, 2 * len(self._out)))
        packets = lib.camera_unit_transmit(
            self._self,
            self._memory,
            self._time(now_ns),
            budget_octets,
            self._out_c,
            len(self._out),
            self._lengths_c,
            len(self._lengths),
            self._written,
        )
        return self._out[: self._written[0]].copy(), self._lengths[:packets].copy()

    @property
    def waiting(self) -> bool:
        """Packets wait for the link."""
        return bool(lib.camera_unit_waiting(self._self))

    @property
    def state(self) -> CameraState:
        return _STATES[int(self._self.state)]

    @property
    def imaging(self) -> bool:
        """Beats run, or will once booted."""
        return bool(self._self.imaging)

    @property
    def power_mw(self) -> int:
        """What the unit draws now."""
        return int(lib.camera_unit_power_mw(self._self))

    @property
    def energy_mj(self) -> int:
        """What it has drawn since separation."""
        return int(lib.camera_unit_energy_mj(self._self))

    def counters(self) -> dict[str, int]:
        """Everything that the unit counts, by name; per lens with its number."""
        unit = self._self
        counts = {
            "begun": unit.begun,
            "sent": unit.count.sent,
            "undelivered": unit.count.undelivered,
            "dropped": unit.frames.count.dropped,
            "damaged": unit.frames.count.damaged,
            "stale": unit.frames.count.stale,
            "accepted": unit.count.accepted,
            "refused": unit.count.refused,
            "reports_waiting": unit.reports_waiting,
            "reports_lost": unit.count.reports_lost,
            "restarts": unit.restarts,
        }
        for i in range(LENSES):
            lens = unit.lens[i].count
            counts |= {
                f"taken_{i}": lens.taken,
                f"failed_{i}": lens.failed,
                f"missed_{i}": lens.missed,
                f"no_slot_{i}": lens.no_slot,
                f"busy_{i}": lens.busy,
            }
        counts |= {f"discarded_{why}": unit.count.discarded[i] for i, why in enumerate(_DISCARDS)}
        counts |= {f"units_{what}": unit.files.count.unit[i] for i, what in enumerate(_UNITS)}
        counts["resent_octets"] = unit.files.count.resent_octets
        counts |= {f"uplink_{what}": unit.uplink.count.unit[i] for i, what in enumerate(_UNITS)}
        counts |= {
            f"slots_{state}": lib.frame_buffer_in(ffi.addressof(unit, "frames"), i)
            for i, state in enumerate(_SLOT_STATES)
        }
        return {name: int(value) for name, value in counts.items()}

    def save(self) -> dict[str, Any]:
        """The state, and the octets of the pictures in the slots."""
        frames = self._self.frames
        pictures = {}
        for i in range(frames.slots):
            start = i * frames.slot_octets
            if frames.slot[i].length:
                pictures[str(i)] = self.memory[start : start + frames.slot[i].length].tobytes()
        return {"state": bytes(ffi.buffer(self._self)), "pictures": pictures}

    def load(self, saved: dict[str, Any]) -> None:
        """Continue from what save gave on a unit of the same parameters; otherwise FswError, no change."""
        loaded = ffi.new("camera_unit_t *")
        state = saved["state"]
        load_struct(loaded, state, "camera state")
        own = bytes(ffi.buffer(self.parameters.as_c()))
        if not lib.camera_unit_valid(loaded) or bytes(ffi.buffer(ffi.addressof(loaded, "parameters"))) != own:
            raise FswError("saved camera state: damaged, or of a unit with other parameters")
        frames = loaded.frames
        wanted = {str(i): frames.slot[i].length for i in range(frames.slots) if frames.slot[i].length}
        if {name: len(picture) for name, picture in saved["pictures"].items()} != wanted:
            raise FswError("saved camera state: its pictures are not those that its slots hold")
        ffi.memmove(self._self, state, len(state))
        for name, picture in saved["pictures"].items():
            start = int(name) * frames.slot_octets
            self.memory[start : start + len(picture)] = np.frombuffer(picture, np.uint8)
