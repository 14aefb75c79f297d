"""What tasks, and the hardware behind their ports, say to each other. Plain data, all of it."""

from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import BootKind, BootReason, FailureCode
from fsw.dictionary.rover import RoverEvent
from fsw.kernel.record import record
from fsw.kernel.snapshot import plain
from fsw.tasks import names

for _enumeration in (BootKind, BootReason, Event, FailureCode, RoverEvent):
    plain(_enumeration)

# ---- telecommands -------------------------------------------------------------------------------


@plain
@record
class Uplinked:
    """Octets from the transponder's receiver: CLTUs, noise and all."""

    octets: bytes


@plain
@record
class ReceiverLock:
    """From the transponder's receiver, when it changes: whether there is a carrier, and bits on it."""

    carrier: bool
    bits: bool


@plain
@record
class ControlWords:
    """To the downlink: the CLCW of each telecommand virtual channel, as they are from now on."""

    words: tuple[bytes, ...]


@plain
@record
class AskControlWords:
    """From the downlink, which has just started: answer with `ControlWords`."""


@plain
@record
class Execute:
    """An accepted request, for the task that carries it out; answered by `Executed`, in time."""

    request: bytes  # request identifier: the telecommand packet's first four octets
    acknowledge: int
    name: str
    arguments: dict[str, Any]


@plain
@record
class Executed:
    """The request is complete, or failed with a code: at its start or later (see `FailureCode`)."""

    request: bytes
    acknowledge: int
    failure: FailureCode | None = None


@plain
@record
class Progressed:
    """A step of the request is done: a report if it asked for those. Steps count from 1."""

    request: bytes
    acknowledge: int
    step: int


@plain
@record
class Submit:
    """To commanding: a telecommand packet that a task releases. Handled as if the radio had brought it.

    answer_to: the mailbox that gets its `Outcome`, or nothing.
    """

    packet: bytes
    answer_to: str = ""


@plain
@record
class Outcome:
    """From commanding: what became of a submitted packet. failure: None when it was completed."""

    request: bytes
    failure: FailureCode | None = None


# ---- reports ------------------------------------------------------------------------------------


@plain
@record
class Occurred:
    """An event, with the values that belong to it."""

    event: Event | RoverEvent
    values: dict[str, Any]


@plain
@record
class PusReport:
    """A PUS report to be numbered, dated and sent."""

    apid: int
    service: int
    subtype: int
    source_data: bytes


@plain
@record
class PlainPacket:
    """A packet without secondary header, in Tianwen-1's own layout."""

    apid: int
    data: bytes


# ---- packet stores ------------------------------------------------------------------------------


@plain
@record
class PacketsMade:
    """From the downlink, every beat: APID, service, subtype (0 without), structure or event (0 where there is
    none), on-board time (CUC) and octets."""

    packets: tuple[tuple[int, int, int, int, bytes, bytes], ...]


@plain
@record
class ReplayWanted:
    """To the downlink: there is something to retrieve, or not; while there is, it tells its room for that."""

    wanted: bool


@plain
@record
class ReplayPackets:
    """To the downlink: whole packets from a store, numbered long ago. channel: 1 or 4."""

    octets: bytes
    channel: int


# ---- housekeeping -------------------------------------------------------------------------------


@plain
@record
class Gather:
    """Answer `reply_to` with the `Values` you have for this structure."""

    sid: int
    reply_to: str = names.HOUSEKEEPING


@plain
@record
class Values:
    """Engineering values of housekeeping parameters, by name."""

    values: dict[str, Any]


# ---- on-board parameters -------------------------------------------------------------------------


@plain
@record
class AskParameters:
    """To parameters, from a task that starts: tell `task` those that it goes by."""

    task: str


@plain
@record
class ParameterChanged:
    """From parameters: a settable parameter has this value from now on (`fsw.dictionary.settings`)."""

    identifier: int
    value: float


@plain
@record
class ReadArea:
    """To the parameter area: mend what can be mended, and tell all words. job: comes back with them."""

    job: int


@plain
@record
class WriteArea:
    """To the parameter area: write these words, by address, and then as `ReadArea`."""

    job: int
    words: dict[int, bytes]


@plain
@record
class AreaTold:
    """From the parameter area: its words, None where two bits or more are wrong; how many were mended."""

    job: int
    words: tuple[bytes | None, ...]
    mended: int


@plain
@record
class ReadMemory:
    """To a memory: tell so many octets from each absolute address on. job: comes back with them."""

    job: int
    memory: int
    spans: tuple[tuple[int, int], ...]


@plain
@record
class WriteMemory:
    """To a memory: write these octets at absolute addresses, and tell what is there then."""

    job: int
    memory: int
    loads: tuple[tuple[int, bytes], ...]


@plain
@record
class MemoryTold:
    """From a memory: the octets asked for, span by span."""

    job: int
    contents: tuple[bytes, ...]


@plain
@record
class SwitchLines:
    """To the devices: pulses to these on/off lines; tell the register POWER_LINES then."""

    job: int
    lines: tuple[int, ...]


@plain
@record
class LoadRegisters:
    """To the devices: load these registers, address and data, and tell what they hold then."""

    job: int
    loads: tuple[tuple[int, bytes], ...]


@plain
@record
class ReadRegisters:
    """To the devices: tell what these registers hold."""

    job: int
    registers: tuple[int, ...]


@plain
@record
class RegistersTold:
    """From the devices: what the registers asked for hold, one by one."""

    job: int
    contents: tuple[bytes, ...]


@plain
@record
class Tick:
    """One of the task's own timers, by name."""

    name: str
    number: int = 0


# ---- modes and resets ---------------------------------------------------------------------------


@plain
@record
class Fault:
    """From events to recovery: an event of more than informative severity has occurred."""

    event: Event | RoverEvent


@plain
@record
class Commanded:
    """From commanding to recovery: the ground was heard, with a telecommand that could be accepted."""


@plain
@record
class ClockSteered:
    """To whoever promises something at an on-board time: the clock was set, shifted or trimmed."""


@plain
@record
class SafeMode:
    """From recovery to those concerned: safe mode begins, or ends."""

    on: bool


@plain
@record
class Reset:
    """To the computer: start anew, for this reason."""

    kind: BootKind
    reason: BootReason


@plain
@record
class Booted:
    """From the computer: it has started. recovered, refused: tasks that found their state fit, or not."""

    kind: BootKind
    reason: BootReason
    boots: int
    recovered: int
    refused: int


# ---- release and Wi-Fi --------------------------------------------------------------------------


@plain
@record
class Fire:
    """To the release mechanism: the pulse."""


@plain
@record
class BreakWire:
    """From the release mechanism: the wire is open."""


@plain
@record
class ReadWire:
    """To the release mechanism: answer with `BreakWire` if the wire is open."""


@plain
@record
class AccessPoint:
    """To the Wi-Fi: on or off."""

    on: bool


@plain
@record
class ToCamera:
    """To the Wi-Fi: one packet for the camera."""

    octets: bytes


@plain
@record
class FromCamera:
    """From the Wi-Fi: packets, back to back; lengths as unsigned 32-bit little-endian numbers."""

    octets: bytes
    lengths: bytes


@plain
@record
class WifiStatus:
    """From the Wi-Fi, every second while it is on."""

    linked: bool
    rate_kbps: int
    signal_dbm: float
    range_m: float


# ---- pictures -----------------------------------------------------------------------------------


@plain
@record
class Picture:
    """A whole picture from the camera, with what is known of it. exposed_at_100us: camera's clock."""

    number: int
    lens: int
    size: int
    coding: int
    exposed_at_100us: int
    exposure_us: int
    range_m: float
    octets: bytes


@plain
@record
class Thumbnail:
    """A picture's thumbnail (JPEG, 1/8 or 1/16 of its size) and how much of it is lit [ppm]."""

    number: int
    lit_ppm: int
    octets: bytes


@plain
@record
class Chosen:
    """From selection: numbers of the pictures for full downlink, best first."""

    numbers: tuple[int, ...]


@plain
@record
class Store:
    """To the mass memory: keep these octets under this key, in place of what is there; tell `to`."""

    key: str
    octets: bytes
    to: str


@plain
@record
class Stored:
    """From the mass memory: kept, or not for want of room, and the octets now in use.

    What was kept outlives a death of the computer; no frame leaves before it outlives a loss of power.
    """

    key: str
    kept: bool
    used_octets: int


@plain
@record
class Fetch:
    """To the mass memory: give `to` the octets under these keys."""

    keys: tuple[str, ...]
    to: str


@plain
@record
class Fetched:
    """From the mass memory, key by key; None where nothing whole is there."""

    octets: dict[str, bytes | None]


@plain
@record
class Delete:
    """To the mass memory: these keys hold nothing any more. Not answered."""

    keys: tuple[str, ...]


@plain
@record
class List:
    """To the mass memory: tell `to` which keys begin so."""

    prefix: str
    to: str


@plain
@record
class Listed:
    """From the mass memory: octets stored under each key that begins with `prefix`, the oldest first."""

    prefix: str
    octets: dict[str, int]


@plain
@record
class MemoryFound:
    """From the mass memory, at the start: what an earlier time has left there."""

    records: int
    used_octets: int


@plain
@record
class MemoryDamaged:
    """From the mass memory: so many octets from `at` on hold no whole record. damaged: all such so far.

    torn: nothing behind them is a record, as when power was lost in the midst of writing one.
    """

    at: int
    octets: int
    torn: bool
    damaged: int


@plain
@record
class MemoryNotFlushed:
    """From the mass memory: the disk does not say that what was kept would outlive a loss of power."""


# ---- downlink -----------------------------------------------------------------------------------


@plain
@record
class DownlinkRoom:
    """From the downlink: the channel of files takes so many octets more."""

    octets: int


@plain
@record
class Radiate:
    """To the transponder: transfer frames, back to back, the first one at `start_ns`.

    high_rate selects modulation and code as in `fsw.dictionary.identifiers.DownlinkRate`.
    """

    high_rate: bool
    start_ns: int
    frames: bytes


# ---- time ---------------------------------------------------------------------------------------


@plain
@record
class TimeReportRate:
    """To the downlink: a time report for every 2**exponent frames of the real-time channel."""

    exponent: int


@plain
@record
class SteerClock:
    """To the clock: see `fsw.dictionary.identifiers.Steering`. amount: nanoseconds to show (SET)
    or to gain (SHIFT), 1e-12 to run faster (TRIM)."""

    steering: int
    amount: int


# ---- navigation and lander ----------------------------------------------------------------------


@plain
@record
class Sample:
    """To sensors, umbilical and receiver: measure now."""


@plain
@record
class Measured:
    """Attitude (w, x, y, z; body to ICRF) and state (km, km/s; ICRF axes, from the Sun or, in orbit,
    the planet) at `at_ns`."""

    at_ns: int
    attitude: tuple[float, float, float, float]
    position_km: tuple[float, float, float]
    velocity_km_s: tuple[float, float, float]
