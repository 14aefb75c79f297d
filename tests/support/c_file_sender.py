"""The camera's CFDP sender (c_core/flight/file_delivery) as a thing that sends files: octets in and out."""

from dataclasses import dataclass

from fsw.core.binding import ffi, lib

FATES = ("goes on", "delivered", "refused", "cancelled", "unconfirmed")
UNITS = ("taken", "length", "crc", "header", "entity", "directive", "stranger")
CHECKSUMS = (0, 3, 15)
NEVER = int(lib.FILE_DELIVERY_NEVER)
LARGEST_UNIT = 70_000

DEFAULTS = {
    "acknowledged": 1,
    "segment_octets": 200,
    "crc": 0,
    "checksum": 0,
    "source": 246,
    "destination": 1,
    "entity_octets": 1,
    "sequence_octets": 4,
    "ack_ms": 5000,
    "ack_limit": 1000,
    "inactivity_ms": 10_000_000,
}


@dataclass
class File:
    name: bytes
    octets: bytes
    message: bytes = b""


class CFileSender:
    """One transfer for each slot. ended: slot, fate and condition code of those that have."""

    def __init__(self, **parameters):
        self.parameters = DEFAULTS | parameters
        self.state = ffi.new("file_delivery_t *")
        if not lib.file_delivery_init(self.state, ffi.new("file_delivery_parameters_t *", self.parameters)):
            raise ValueError(f"refused: {self.parameters}")
        self.files = {}
        self.ended = []
        self._outcome = ffi.new("file_outcome_t *")

    def _settle(self):
        outcome = self._outcome
        if outcome.fate:
            self.ended.append((outcome.transfer, FATES[outcome.fate], outcome.condition))
            del self.files[outcome.transfer]
        assert lib.file_delivery_valid(self.state)

    def _as_c(self, file):
        keep = [ffi.new("uint8_t[]", octets or b"\0") for octets in (file.octets, file.name, file.message)]
        sizes = {
            "length": len(file.octets),
            "name_octets": len(file.name),
            "message_octets": len(file.message),
        }
        return keep, ffi.new(
            "file_delivery_file_t *",
            {"octets": keep[0], "name": keep[1], "message": keep[2], **sizes},
        )

    def begin(self, slot, sequence, file):
        self.files[slot] = file
        keep, given = self._as_c(file)
        lib.file_delivery_begin(self.state, slot, sequence, given)
        assert lib.file_delivery_valid(self.state)
        del keep

    @property
    def under_way(self):
        return bool(lib.file_delivery_under_way(self.state))

    @property
    def has_output(self):
        return self.state.answers != 0 or lib.file_delivery_next(self.state) != lib.FILE_DELIVERY_NOBODY

    def produce(self, now_ns, room=10**6, most_units=10**6):
        """Data units, together not more than `room`."""
        units, out = [], ffi.new("uint8_t[]", LARGEST_UNIT)
        while self.has_output and len(units) < most_units:
            free = min(room, LARGEST_UNIT)
            if self.state.answers:
                octets = lib.file_delivery_answer(self.state, out, free)
            else:
                slot = lib.file_delivery_next(self.state)
                keep, given = self._as_c(self.files[slot])
                octets = lib.file_delivery_write(self.state, slot, given, now_ns, out, free, self._outcome)
                self._settle()
                del keep
            if octets == 0:
                break
            assert octets <= free
            units.append(bytes(ffi.buffer(out, octets)))
            room -= octets
        return units

    def receive(self, unit, now_ns):
        what = lib.file_delivery_receive(
            self.state, now_ns, ffi.from_buffer("uint8_t[]", unit), len(unit), self._outcome
        )
        self._settle()
        return UNITS[what]

    def cancel(self, slot, condition=15):
        lib.file_delivery_cancel(self.state, slot, condition)
        assert lib.file_delivery_valid(self.state)

    def poll(self, now_ns):
        while True:
            lib.file_delivery_poll(self.state, now_ns, self._outcome)
            self._settle()
            if not self._outcome.fate:
                break

    @property
    def next_ns(self):
        return int(lib.file_delivery_next_ns(self.state))

    def copy(self):
        """Another one that goes on from this one's octets."""
        other = CFileSender(**self.parameters)
        ffi.memmove(other.state, self.state, ffi.sizeof("file_delivery_t"))
        other.files = dict(self.files)
        return other
