"""The frame buffer against a model, its memory octet for octet: what is beyond a slot is never touched."""

from dataclasses import dataclass

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fsw.core.binding import ffi, lib

GUARD_OCTETS = 16


@dataclass
class Slot:
    state: str
    handle: int
    order: int
    octets: bytes = b""


class FrameBufferAgainstModel(RuleBasedStateMachine):
    @initialize(
        slots=st.integers(1, 5), slot_octets=st.integers(1, 40), drop_oldest=st.booleans(), wrap=st.booleans()
    )
    def begin(self, slots, slot_octets, drop_oldest, wrap):
        self.frames = ffi.new("frame_buffer_t *")
        assert lib.frame_buffer_init(self.frames, slots, slot_octets, drop_oldest)
        if wrap:  # orders and generations about to run over
            self.frames.opened = 2**32 - 2
            for i in range(slots):
                self.frames.slot[i].generation = 2**24 - 2
        self.slots, self.slot_octets, self.drop_oldest = slots, slot_octets, drop_oldest
        self.expected = bytearray(range(256)) * (1 + (slots * slot_octets + 2 * GUARD_OCTETS) // 256)
        self.memory = bytearray(self.expected)
        self.view = ffi.from_buffer("uint8_t[]", self.memory)
        self.model: dict[int, Slot] = {}
        self.handles = [0, 0xFFFFFFFF, 0x100 | slots]
        self.opened = 0
        self.dropped = self.damaged = 0
        self.handle = ffi.new("frame_handle_t *")
        self.other = ffi.new("frame_handle_t *")

    @property
    def base(self):
        return self.view + GUARD_OCTETS

    def at(self, i):
        return GUARD_OCTETS + i * self.slot_octets

    def oldest(self):
        ready = [i for i, slot in self.model.items() if slot.state == "ready"]
        return min(ready, key=lambda i: self.model[i].order, default=None)

    def refusal(self, handle, state):
        """What the model says of a step on `handle` that starts from `state`; None: it may be done."""
        slot = self.model.get(handle & 255)
        if slot is None or slot.handle != handle:
            return lib.FRAME_STALE
        return None if slot.state == state else lib.FRAME_STATE

    @rule()
    def open(self):
        result = lib.frame_buffer_open(self.frames, self.handle, self.other)
        oldest = self.oldest()
        gives_way = oldest if len(self.model) == self.slots and self.drop_oldest else None
        if len(self.model) == self.slots and gives_way is None:
            assert (result, self.handle[0], self.other[0]) == (lib.FRAME_NONE, 0, 0)
            return
        assert result == lib.FRAME_OK
        handle = self.handle[0]
        if gives_way is None:
            assert self.other[0] == 0
        else:
            assert self.other[0] == self.model.pop(gives_way).handle
            self.dropped += 1
        assert handle & 255 < self.slots
        assert handle & 255 not in self.model
        assert handle >> 8 != 0
        assert handle not in self.handles
        self.model[handle & 255] = Slot("exposing", handle, self.opened)
        self.opened += 1
        self.handles.append(handle)

    @rule(pick=st.integers(0, 2**16), length=st.integers(0, 48), fill=st.integers(0, 255))
    def store(self, pick, length, fill):
        handle = self.handles[pick % len(self.handles)]
        octets = bytes((fill + 7 * i) & 255 for i in range(length))
        result = lib.frame_buffer_store(self.frames, self.base, handle, ffi.from_buffer(octets), length)
        refusal = self.refusal(handle, "exposing")
        if refusal is not None:
            assert result == refusal
        elif not 1 <= length <= self.slot_octets:
            assert result == lib.FRAME_LENGTH
        else:
            assert result == lib.FRAME_OK
            i = handle & 255
            self.expected[self.at(i) : self.at(i) + length] = octets
            self.model[i].state, self.model[i].octets = "ready", octets

    @rule(pick=st.integers(0, 2**16), length=st.integers(0, 48), fill=st.integers(0, 255))
    def write_in_place_and_commit(self, pick, length, fill):
        handle = self.handles[pick % len(self.handles)]
        refusal = self.refusal(handle, "exposing")
        good = refusal is None and 1 <= length <= self.slot_octets
        if good:
            octets = bytes((fill ^ i) & 255 for i in range(length))
            start = self.at(handle & 255)
            self.memory[start : start + length] = octets
            self.expected[start : start + length] = octets
            self.model[handle & 255].octets = octets
            self.model[handle & 255].state = "ready"
        result = lib.frame_buffer_commit(self.frames, self.base, handle, length)
        assert result == (lib.FRAME_OK if good else lib.FRAME_LENGTH if refusal is None else refusal)

    @rule(pick=st.integers(0, 2**16))
    def fail(self, pick):
        handle = self.handles[pick % len(self.handles)]
        refusal = self.refusal(handle, "exposing")
        assert lib.frame_buffer_fail(self.frames, handle) == (lib.FRAME_OK if refusal is None else refusal)
        if refusal is None:
            del self.model[handle & 255]

    @rule()
    def take(self):
        result = lib.frame_buffer_take(self.frames, self.base, self.handle)
        i = self.oldest()
        if i is None:
            assert (result, self.handle[0]) == (lib.FRAME_NONE, 0)
            return
        slot = self.model[i]
        assert self.handle[0] == slot.handle
        if self.memory[self.at(i) : self.at(i) + len(slot.octets)] == slot.octets:
            assert result == lib.FRAME_OK
            slot.state = "sending"
        else:
            assert result == lib.FRAME_DAMAGED
            self.damaged += 1
            del self.model[i]

    @rule(pick=st.integers(0, 2**16))
    def release(self, pick):
        handle = self.handles[pick % len(self.handles)]
        refusal = self.refusal(handle, "sending")
        assert lib.frame_buffer_release(self.frames, handle) == (lib.FRAME_OK if refusal is None else refusal)
        if refusal is None:
            del self.model[handle & 255]

    @rule(place=st.integers(0, 2**16), bit=st.integers(0, 7))
    def upset_one_bit(self, place, bit):
        place = GUARD_OCTETS + place % (self.slots * self.slot_octets)
        self.memory[place] ^= 1 << bit
        self.expected[place] ^= 1 << bit

    @rule()
    def clear(self):
        lib.frame_buffer_clear(self.frames)
        self.dropped += sum(slot.state in ("ready", "sending") for slot in self.model.values())
        self.model.clear()

    @invariant()
    def memory_is_the_models(self):
        assert self.memory == self.expected

    @invariant()
    def book_is_the_models(self):
        assert lib.frame_buffer_valid(self.frames)
        for state, name in enumerate(["free", "exposing", "ready", "sending"]):
            held = sum(slot.state == name for slot in self.model.values())
            wanted = held if name != "free" else self.slots - len(self.model)
            assert lib.frame_buffer_in(self.frames, state) == wanted
        for i in range(self.slots):
            length = len(self.model[i].octets) if i in self.model and self.model[i].state != "exposing" else 0
            assert self.frames.slot[i].length == length
        assert self.frames.count.dropped == self.dropped
        assert self.frames.count.damaged == self.damaged


TestFrameBuffer = FrameBufferAgainstModel.TestCase
TestFrameBuffer.settings = settings(stateful_step_count=40)


@pytest.mark.parametrize(
    ("slots", "slot_octets", "policy"),
    [(0, 8, 0), (33, 8, 0), (4, 0, 0), (4, 8, 2), (2, 2**31, 0)],
)
def test_a_buffer_out_of_bounds_is_refused(slots, slot_octets, policy):
    assert not lib.frame_buffer_init(ffi.new("frame_buffer_t *"), slots, slot_octets, policy)


def test_a_full_picture_leaves_the_next_slot_alone():
    """The blind spot: a spill of a few octets from one slot into the next is inside the caller's memory."""
    frames = ffi.new("frame_buffer_t *")
    assert lib.frame_buffer_init(frames, 3, 64, lib.FRAME_SKIP_BEAT)
    memory = bytearray(b"\xa5" * 3 * 64)
    handles = ffi.new("frame_handle_t[4]")
    for i in range(3):
        assert lib.frame_buffer_open(frames, handles + i, handles + 3) == lib.FRAME_OK
    picture = bytes(range(64))
    middle = lib.frame_buffer_store(frames, ffi.from_buffer(memory), handles[1], ffi.from_buffer(picture), 64)
    assert middle == lib.FRAME_OK
    assert memory == b"\xa5" * 64 + picture + b"\xa5" * 64


@pytest.mark.parametrize(
    ("field", "value"),
    [("state", 4), ("length", 65), ("length", 0), ("generation", 0), ("generation", 2**24)],
)
def test_a_book_that_contradicts_itself_is_not_valid(field, value):
    frames = ffi.new("frame_buffer_t *")
    lib.frame_buffer_init(frames, 2, 64, lib.FRAME_SKIP_BEAT)
    memory = ffi.new("uint8_t[128]")
    handles = ffi.new("frame_handle_t[2]")
    lib.frame_buffer_open(frames, handles, handles + 1)
    lib.frame_buffer_commit(frames, memory, handles[0], 64)
    assert lib.frame_buffer_valid(frames)
    setattr(frames.slot[0], field, value)
    assert not lib.frame_buffer_valid(frames)
