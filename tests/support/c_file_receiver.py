"""The camera's CFDP receiver (c_core/flight/file_reception): octets in and out, files taken or refused."""

from c_file_sender import NEVER, UNITS

from fsw.core.binding import ffi, lib

DEFAULTS = {
    "entity": 246,
    "peer": 1,
    "crc": 0,
    "ack_ms": 5000,
    "ack_limit": 1000,
    "nak_ms": 5000,
    "nak_limit": 1000,
    "check_ms": 2000,
    "inactivity_ms": 10_000_000,
}
STATES = ("free", "open", "came", "finishing")


class CFileReceiver:
    """came: the files that came whole, in order. take: whether they are taken."""

    def __init__(self, take=True, **parameters):
        self.parameters, self.take = DEFAULTS | parameters, take
        self.native = ffi.new("file_reception_t *")
        given = ffi.new("file_reception_parameters_t *", self.parameters)
        if not lib.file_reception_init(self.native, given):
            raise ValueError(f"refused: {self.parameters}")
        self.came = []

    @property
    def state(self):
        assert lib.file_reception_valid(self.native)
        return STATES[self.native.state]

    @property
    def next_ns(self):
        return int(self.native.deadline_ns)

    @property
    def idle(self):
        return (
            self.state == "free" and self.next_ns == NEVER and not lib.file_reception_has_output(self.native)
        )

    def receive(self, unit, now_ns):
        given = ffi.from_buffer("uint8_t[]", unit)
        what = lib.file_reception_receive(self.native, now_ns, given, len(unit))
        if self.state == "came":
            self.came.append(bytes(ffi.buffer(self.native.octets, self.native.size)))
            lib.file_reception_conclude(self.native, self.take)
        assert self.state != "came"
        return UNITS[what]

    def produce(self, now_ns, room=10**6):
        units, out = [], ffi.new("uint8_t[]", int(lib.FILE_RECEPTION_UNIT_OCTETS))
        while lib.file_reception_has_output(self.native):
            octets = lib.file_reception_write(self.native, now_ns, out, min(room, len(out)))
            assert self.state != "came"
            if octets == 0:
                break
            assert octets <= room
            units.append(bytes(ffi.buffer(out, octets)))
            room -= octets
        return units

    def poll(self, now_ns):
        lib.file_reception_poll(self.native, now_ns)
        assert self.state != "came"

    def clear(self):
        lib.file_reception_clear(self.native)

    def copy(self):
        other = CFileReceiver(self.take, **self.parameters)
        ffi.memmove(other.native, self.native, ffi.sizeof("file_reception_t"))
        other.came = list(self.came)
        return other
