"""FARM-1, the receiving end of COP-1 (232.1-B-2 section 6): which telecommand frames go on.

One `Farm` guards one virtual channel. `TelecommandReceiver(accept=farm.accept)` puts it where it belongs,
between frame validation and service; `clcw` gives the word for the operational control field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import load_struct
from fsw.core.telecommand import VIRTUAL_CHANNELS, TelecommandFrame

WINDOW_LEAST: int = lib.FARM_WINDOW_LEAST
WINDOW_MOST: int = lib.FARM_WINDOW_MOST
UNLOCK = bytes([lib.FARM_UNLOCK])
"""Data of a type-BC frame that ends a lockout."""


def set_vr(value: int) -> bytes:
    """Data of a type-BC frame that sets V(R)."""
    if not 0 <= value <= 255:
        raise FswError(f"V(R) {value}: allowed are 0 to 255")
    return bytes([lib.FARM_SET_VR, 0, value])


class FarmState(IntEnum):
    """S1, S2 and S3 of the standard."""

    OPEN = lib.FARM_OPEN
    WAIT = lib.FARM_WAIT
    LOCKOUT = lib.FARM_LOCKOUT


class FarmAnswer(Enum):
    """What became of a frame."""

    DISCARD = lib.FARM_DISCARD
    ACCEPT = lib.FARM_ACCEPT
    EXECUTED = lib.FARM_EXECUTED
    OTHER_CHANNEL = lib.FARM_OTHER_CHANNEL


_EVENT_NAMES = {
    lib.FARM_E1_IN_ORDER: "in_order",
    lib.FARM_E2_NO_ROOM: "no_room",
    lib.FARM_E3_AHEAD: "ahead",
    lib.FARM_E4_BEHIND: "behind",
    lib.FARM_E5_OUTSIDE: "outside",
    lib.FARM_E6_EXPEDITED: "expedited",
    lib.FARM_E7_UNLOCK: "unlock",
    lib.FARM_E8_SET_VR: "set_vr",
    lib.FARM_E9_INVALID: "invalid",
    lib.FARM_E10_BUFFER_RELEASE: "buffer_release",
    lib.FARM_E11_REPORT: "report",
}
assert sorted(_EVENT_NAMES) == list(range(lib.FARM_EVENTS)), "each FARM-1 event has a name"


@dataclass(frozen=True, slots=True)
class FarmVerdict:
    """The answer to one frame, and the event of table 6-1 (1 to 9) that it was; 0 on another channel."""

    answer: FarmAnswer
    event: int

    @property
    def accepted(self) -> bool:
        """The frame's data go on to the higher layers."""
        return self.answer is FarmAnswer.ACCEPT

    @property
    def reason(self) -> str:
        """The event in words, as in `Farm.counters`."""
        return _EVENT_NAMES[self.event - 1] if self.event else "other_channel"


class Farm:
    """FARM-1 of one virtual channel.

    window: W, even, 2 to 254; the sender's window must not pass W/2.
    state: OPEN or LOCKOUT at the start; real spacecraft boot in LOCKOUT.
    room: asked at each type-A frame whether its data can be taken now; without it there always is room.
    """

    def __init__(
        self,
        virtual_channel: int,
        window: int = 10,
        *,
        state: FarmState = FarmState.LOCKOUT,
        room: Callable[[], bool] | None = None,
    ) -> None:
        if not 0 <= virtual_channel < VIRTUAL_CHANNELS:
            raise FswError(f"virtual channel {virtual_channel}: allowed are 0 to {VIRTUAL_CHANNELS - 1}")
        if not WINDOW_LEAST <= window <= WINDOW_MOST or window % 2:
            raise FswError(f"FARM window {window}: allowed are even {WINDOW_LEAST} to {WINDOW_MOST}")
        self.room = room
        self._state = ffi.new("farm_t *")
        self._frame = ffi.new("telecommand_frame_t *")
        if not lib.farm_start(self._state, virtual_channel, window, int(state)):
            raise FswError(f"FARM-1 started in {state.name}: allowed are OPEN, LOCKOUT")

    def feed(self, frame: TelecommandFrame) -> FarmVerdict:
        """Events E1 to E9: what becomes of a valid frame."""
        view = self._frame
        view.virtual_channel, view.sequence = frame.virtual_channel, frame.sequence
        view.bypass, view.control, view.data_octets = frame.bypass, frame.control, len(frame.data)
        sequenced = not frame.bypass and frame.virtual_channel == self.virtual_channel
        room = self.room is None or not sequenced or bool(self.room())
        answer = FarmAnswer(lib.farm_frame(self._state, view, ffi.from_buffer("uint8_t[]", frame.data), room))
        return FarmVerdict(answer, 0 if answer is FarmAnswer.OTHER_CHANNEL else self._state.latest + 1)

    def accept(self, frame: TelecommandFrame) -> bool:
        """For `TelecommandReceiver(accept=...)`: data that go on, and commands that were obeyed."""
        return self.feed(frame).answer in (FarmAnswer.ACCEPT, FarmAnswer.EXECUTED)

    def invalid(self) -> None:
        """Event E9: something came that is no valid frame."""
        lib.farm_invalid(self._state)

    def buffer_released(self) -> None:
        """Event E10: the higher layers have room again."""
        lib.farm_buffer_released(self._state)

    def clcw(self) -> bytes:
        """Event E11: the communications link control word now, four octets (232.0-B-4 4.2)."""
        return int(lib.farm_clcw(self._state)).to_bytes(4, "big")

    def set_link(self, *, no_rf: bool, no_bit_lock: bool, status: int = 0) -> None:
        """What the receiver tells about the link, for the report alone. status: 0 to 7, the mission's own."""
        if not 0 <= status <= 7:
            raise FswError(f"CLCW status {status}: allowed are 0 to 7")
        self._state.no_rf, self._state.no_bit_lock, self._state.status = no_rf, no_bit_lock, status

    @property
    def virtual_channel(self) -> int:
        return int(self._state.channel)

    @property
    def window(self) -> int:
        return int(self._state.window)

    @property
    def state(self) -> FarmState:
        return FarmState(self._state.state)

    @property
    def waits(self) -> bool:
        """The Wait flag: a type-AD frame found no room."""
        return bool(self._state.wait)

    @property
    def retransmits(self) -> bool:
        """The Retransmit flag: a type-AD frame is missing."""
        return bool(self._state.retransmit)

    @property
    def expedited(self) -> int:
        """The FARM-B counter, modulo 256."""
        return int(self._state.expedited)

    @property
    def expected(self) -> int:
        """V(R): the number that the next type-A frame must have."""
        return int(self._state.expected)

    @property
    def counters(self) -> dict[str, int]:
        """How often each event came, by its name; and other_channel."""
        counts = {name: int(self._state.count[event]) for event, name in _EVENT_NAMES.items()}
        return {**counts, "other_channel": int(self._state.other_channel)}

    def save(self) -> bytes:
        return bytes(ffi.buffer(self._state))

    def load(self, saved: bytes) -> None:
        """Goes on where `save` was; `room` is the caller's and is not saved."""
        state = ffi.new("farm_t *")
        load_struct(state, saved, "FARM-1")
        if not lib.farm_valid(state):
            raise FswError("saved FARM-1 breaks its invariants: it was damaged, or is no state of FARM-1")
        self._state = state
