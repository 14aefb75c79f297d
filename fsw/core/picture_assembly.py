"""The receiving end of the camera's link (c_core/flight/picture_assembly.h, which is the manual)."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.camera_unit import ENCODINGS, Encoding, mode_size
from fsw.core.errors import FswError
from fsw.core.flat_struct import load_struct

Reason = Literal["timed out", "link gone", "slot needed", "crc wrong"]
_REASONS: Final[tuple[Reason, ...]] = ("timed out", "link gone", "slot needed", "crc wrong")
_EVENTS_AT_ONCE: Final = 64
_AT_THE_START: Final = np.zeros(1, np.uint64)
_FATES: Final = (
    "part",
    "health",
    "report",
    "duplicate",
    "late",
    "length",
    "crc",
    "header",
    "apid",
    "layout",
    "too_large",
    "contradiction",
)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """How a picture was taken. Only its first part tells this.

    start_ns: ns from the agency's epoch, to 60 ns. gain: 256ths. crc: CRC-16 of the picture's octets.
    """

    start_ns: int
    exposure_us: int
    gain_256ths: int
    crc: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture. descriptor: None if its first part has not come."""

    number: int
    lens: int
    width: int
    height: int
    encoding: Encoding
    total_octets: int
    descriptor: Descriptor | None


@dataclass(frozen=True, slots=True)
class Complete:
    """A whole picture, its CRC right."""

    picture: Picture
    octets: bytes


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A picture given up: received_octets of picture.total_octets came."""

    picture: Picture
    received_octets: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Health:
    """A health packet, whole, its CRC right."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """A report packet, whole, its CRC right."""

    octets: bytes


Event = Complete | Incomplete | Health | Report


def _picture(first: Any) -> Picture:
    width, height = mode_size(first.mode)
    descriptor = None
    if first.described:
        descriptor = Descriptor(first.start_ns, first.exposure_us, first.gain, first.picture_crc)
    return Picture(
        first.number, first.lens, width, height, ENCODINGS[first.mode & 15], first.total, descriptor
    )


def picture_of_message(message: bytes, total_octets: int) -> Picture | None:
    """The picture that a CFDP message to the user describes (picture_file.h); None if it describes none."""
    if len(message) != lib.PICTURE_FILE_MESSAGE_OCTETS:
        return None
    part = ffi.new("picture_part_t *")
    if not lib.picture_file_read(part, message):
        return None
    part.total = total_octets
    return _picture(part)


class PictureAssembler:
    """Pictures out of the camera's packets: whole ones, and word of those that will not be whole.

    slots: pictures in flight at once, 1 to 16. slot_octets: the largest picture. timeout_ns: a picture is
    given up when no part of it has come for so long.
    """

    def __init__(
        self,
        slots: int = 8,
        slot_octets: int = 512 * 1024,
        timeout_ns: int = 10_000_000_000,
        apid_picture: int = 0x310,
        apid_health: int = 0x311,
        apid_report: int = 0x312,
    ) -> None:
        self._self = ffi.new("picture_assembly_t *")
        self._given = (slots, slot_octets, timeout_ns, apid_picture, apid_health, apid_report)
        try:
            good = lib.picture_assembly_init(self._self, *self._given)
        except OverflowError:
            good = False
        if not good:
            raise FswError(
                f"slots {slots} of {slot_octets} octets, timeout {timeout_ns} ns, APIDs {self._given[3:]}: "
                f"allowed are 1 to {lib.PICTURE_ASSEMBLY_SLOTS_MAX} slots, 1 to 2^32 - 1 octets, "
                "1 ns or more, three different APIDs of 0 to 2047"
            )
        self._slot_octets = slot_octets
        self._memory = np.zeros(slots * slot_octets, np.uint8)
        self._memory_c = ffi.from_buffer("uint8_t[]", self._memory, require_writable=True)
        self._events = ffi.new("picture_event_t[]", _EVENTS_AT_ONCE)
        self._written = ffi.new("size_t *")

    def feed(
        self,
        octets: bytes | npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.uint64] | None,
        lengths: npt.NDArray[np.uint32],
        now_ns: int,
    ) -> list[Event]:
        """Packet i is octets[offsets[i] : offsets[i] + lengths[i]]; without offsets they are back to back.
        Events in the order of the packets.

        Any octets will do; what is no sound packet of the camera's is dropped and counted.
        FswError if a packet lies outside the octets.
        """
        data = np.frombuffer(octets, np.uint8)
        sizes = np.ascontiguousarray(lengths, np.uint32)
        if offsets is None:
            if len(sizes) == 1:  # as while only health comes
                starts: npt.NDArray[Any] = _AT_THE_START
                end = int(sizes[0])
            else:
                ends = sizes.cumsum(dtype=np.uint64)
                starts = ends - sizes
                end = int(ends[-1]) if len(ends) else 0
            outside = end > len(data)
        else:
            starts = np.ascontiguousarray(offsets, np.uint64)
            if starts.shape != sizes.shape or starts.ndim != 1:
                raise FswError(
                    f"offsets of shape {starts.shape}, lengths of {sizes.shape}: one of each for a packet"
                )
            room = len(data) - sizes.astype(np.int64)
            outside = bool((room < 0).any() or (starts > room.astype(np.uint64)).any())
        if outside:
            raise FswError(f"a packet lies outside the {len(data)} octets given")
        data_c = ffi.from_buffer("uint8_t[]", data)
        starts_c = ffi.from_buffer("uint64_t[]", starts)
        sizes_c = ffi.from_buffer("uint32_t[]", sizes)
        events: list[Event] = []
        used = 0
        while used < len(starts):
            used += lib.picture_assembly_feed(
                self._self,
                self._memory_c,
                data_c,
                starts_c + used,
                sizes_c + used,
                len(starts) - used,
                self._time(now_ns),
                self._events,
                _EVENTS_AT_ONCE,
                self._written,
            )
            events += self._take(self._written[0], data)
        return events

    def expire(self, now_ns: int) -> list[Event]:
        """Give up the pictures of which nothing has come for timeout_ns."""
        return self._take(lib.picture_assembly_expire(self._self, self._time(now_ns), self._events), None)

    def abandon(self) -> list[Event]:
        """The link is gone: give up every picture that is not complete."""
        return self._take(lib.picture_assembly_abandon(self._self, self._events), None)

    def next_ns(self) -> int | None:
        """When expire will have something to do; None while no picture is in flight."""
        next_ns = int(lib.picture_assembly_next_ns(self._self))
        return None if next_ns == 2**64 - 1 else next_ns

    @staticmethod
    def _time(now_ns: int) -> int:
        if not 0 <= now_ns < 2**63:
            raise FswError(f"time {now_ns} ns: allowed are 0 to 2^63 - 1")
        return now_ns

    def _take(self, count: int, data: npt.NDArray[np.uint8] | None) -> list[Event]:
        return [self._event(self._events[i], data) for i in range(count)]

    def _event(self, event: Any, data: npt.NDArray[np.uint8] | None) -> Event:
        if event.kind == lib.PICTURE_COMPLETE:
            start = event.slot * self._slot_octets
            octets = self._memory[start : start + event.first.total].tobytes()
            lib.picture_assembly_release(self._self, event.slot)
            return Complete(_picture(event.first), octets)
        if event.kind == lib.PICTURE_INCOMPLETE:
            return Incomplete(_picture(event.first), event.received, _REASONS[event.reason - 1])
        assert data is not None
        packet = data[event.offset : event.offset + event.length].tobytes()
        return Health(packet) if event.kind == lib.PICTURE_HEALTH else Report(packet)

    @property
    def lost(self) -> int:
        """Packets, by the sequence counts."""
        return int(self._self.count.lost)

    def counters(self) -> dict[str, int]:
        """Pictures complete and incomplete; packets lost, by the sequence counts; packets fed, by fate."""
        count = self._self.count
        counts = {
            "complete": int(count.complete),
            "incomplete": int(count.incomplete),
            "lost": int(count.lost),
        }
        return counts | {f"packets_{fate}": int(count.packet[i]) for i, fate in enumerate(_FATES)}

    def save(self) -> dict[str, Any]:
        """The state, and the slots of the pictures in flight."""
        slots = {}
        for i in range(self._self.slots):
            if self._self.slot[i].state:
                start = i * self._slot_octets
                slots[str(i)] = self._memory[start : start + self._self.slot[i].first.total].tobytes()
        return {"state": bytes(ffi.buffer(self._self)), "slots": slots}

    def load(self, saved: dict[str, Any]) -> None:
        """Continue from what save gave on an assembler made alike. FswError, and no change, otherwise."""
        state = saved["state"]
        loaded = ffi.new("picture_assembly_t *")
        load_struct(loaded, state, "assembly")
        given = (
            loaded.slots,
            loaded.slot_octets,
            loaded.timeout_ns,
            loaded.apid_picture,
            loaded.apid_health,
            loaded.apid_report,
        )
        if not lib.picture_assembly_valid(loaded) or given != self._given:
            raise FswError("saved assembly: damaged, or of an assembler made otherwise")
        wanted = {str(i): loaded.slot[i].first.total for i in range(loaded.slots) if loaded.slot[i].state}
        if {name: len(slot) for name, slot in saved["slots"].items()} != wanted:
            raise FswError("saved assembly: its slots are not those of its pictures in flight")
        ffi.memmove(self._self, state, len(state))
        for name, slot in saved["slots"].items():
            start = int(name) * self._slot_octets
            self._memory[start : start + len(slot)] = np.frombuffer(slot, np.uint8)
