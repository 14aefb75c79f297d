"""The capture loop of one lens against a model that walks every beat."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fsw.core.binding import ffi, lib

SECOND_NS = 1_000_000_000


class CaptureAgainstModel(RuleBasedStateMachine):
    @initialize(
        period_ns=st.sampled_from([lib.CAPTURE_PERIOD_MIN_NS, 333_333_333, SECOND_NS, 4_000_000_000]),
        patience=st.integers(1, 4),
        first_ns=st.integers(0, 10 * SECOND_NS),
        slots=st.integers(1, 3),
        drop_oldest=st.booleans(),
    )
    def begin(self, period_ns, patience, first_ns, slots, drop_oldest):
        self.capture, self.frames = ffi.new("capture_t *"), ffi.new("frame_buffer_t *")
        assert lib.capture_init(self.capture, period_ns, patience)
        assert lib.frame_buffer_init(self.frames, slots, 8, drop_oldest)
        lib.capture_start(self.capture, first_ns)
        self.memory = ffi.new("uint8_t[]", 8 * slots)
        self.out = ffi.new("capture_exposure_t *")
        self.period_ns, self.patience, self.due_ns, self.now_ns = period_ns, patience, first_ns, 0
        self.beats = 0
        self.under_way, self.waited = 0, 0
        self.stopped = False

    def poll(self):
        """One poll at now_ns, foretold by walking the beats one by one."""
        beats = 0
        while not self.stopped and self.due_ns <= self.now_ns:
            beats += 1
            self.due_ns += self.period_ns
        counts = {name: getattr(self.capture.count, name) for name in ("taken", "failed", "missed")}
        slot_to_be_had = lib.frame_buffer_in(self.frames, lib.FRAME_FREE) > 0 or (
            self.frames.policy == lib.FRAME_DROP_OLDEST
            and lib.frame_buffer_in(self.frames, lib.FRAME_READY) > 0
        )
        action = lib.capture_poll(self.capture, self.frames, self.now_ns, self.out)
        self.beats += beats
        if beats == 0:
            assert (action, self.out.handle, self.out.dropped, self.out.failed) == (
                lib.CAPTURE_NOTHING,
                0,
                0,
                0,
            )
            return
        if self.under_way and self.waited + beats < self.patience:
            self.waited += beats
            assert action == lib.CAPTURE_NOTHING
            assert self.capture.count.missed == counts["missed"] + beats
            return
        if self.under_way:
            assert self.out.failed == self.under_way
            assert self.capture.count.failed == counts["failed"] + 1
            self.under_way = 0
        elif not slot_to_be_had:
            assert (action, self.out.handle) == (lib.CAPTURE_NOTHING, 0)
            assert self.capture.count.missed == counts["missed"] + beats
            return
        assert action == lib.CAPTURE_EXPOSE
        assert self.out.handle != 0
        assert self.capture.count.missed == counts["missed"] + beats - 1
        self.under_way, self.waited = self.out.handle, 0

    @rule(share=st.integers(0, 1000))
    def poll_within_a_beat(self, share):
        self.now_ns += self.period_ns * share // 1000
        self.poll()

    @rule()
    def poll_on_the_beat(self):
        self.now_ns = max(self.now_ns, self.due_ns)
        self.poll()

    @rule(late_ns=st.integers(0, 100 * SECOND_NS))
    def poll_late(self, late_ns):
        # bounded in beats, since the model walks each
        self.now_ns += min(late_ns, 2000 * self.period_ns)
        self.poll()

    @precondition(lambda self: self.under_way)
    @rule()
    def expose(self):
        assert lib.frame_buffer_commit(self.frames, self.memory, self.under_way, 8) == lib.FRAME_OK
        assert lib.capture_exposed(self.capture, self.under_way)
        assert not lib.capture_exposed(self.capture, self.under_way)
        self.under_way = 0

    @precondition(lambda self: self.under_way)
    @rule()
    def fail(self):
        assert lib.frame_buffer_fail(self.frames, self.under_way) == lib.FRAME_OK
        assert lib.capture_failed(self.capture, self.under_way)
        assert not lib.capture_failed(self.capture, self.under_way)
        self.under_way = 0

    @rule()
    def send_one(self):
        handle = ffi.new("frame_handle_t *")
        if lib.frame_buffer_take(self.frames, self.memory, handle) == lib.FRAME_OK:
            assert lib.frame_buffer_release(self.frames, handle[0]) == lib.FRAME_OK

    @rule()
    def stop(self):
        lib.capture_stop(self.capture)
        self.stopped = True

    @rule(wait_ns=st.integers(0, 3 * SECOND_NS))
    def start(self, wait_ns):
        self.poll()
        self.due_ns, self.stopped = self.now_ns + wait_ns, False
        lib.capture_start(self.capture, self.due_ns)

    @rule(period_ns=st.integers(0, 2**32 - 1))
    def set_period(self, period_ns):
        self.poll()  # beats already due keep their distance
        good = period_ns >= lib.CAPTURE_PERIOD_MIN_NS
        assert lib.capture_set_period(self.capture, period_ns) == good
        if good:
            self.period_ns = period_ns

    @invariant()
    def every_beat_is_accounted_for(self):
        count = self.capture.count
        assert count.taken + count.failed + count.missed + bool(self.under_way) == self.beats
        assert count.no_slot + count.busy <= count.missed
        assert self.capture.exposing == self.under_way

    @invariant()
    def the_beat_is_kept(self):
        assert self.capture.due_ns == (lib.CAPTURE_NEVER if self.stopped else self.due_ns)


TestCapture = CaptureAgainstModel.TestCase
TestCapture.settings = settings(stateful_step_count=40)


@given(
    first_ns=st.integers(0, 2**62), late_ns=st.integers(0, 2**63 - 1), period_ns=st.integers(10**6, 2**32 - 1)
)
def test_a_call_however_late_makes_one_exposure_and_keeps_the_beat(first_ns, late_ns, period_ns):
    capture, frames = ffi.new("capture_t *"), ffi.new("frame_buffer_t *")
    lib.capture_init(capture, period_ns, 1)
    lib.frame_buffer_init(frames, 4, 8, lib.FRAME_SKIP_BEAT)
    lib.capture_start(capture, first_ns)
    now_ns = first_ns + late_ns
    out = ffi.new("capture_exposure_t *")
    assert lib.capture_poll(capture, frames, now_ns, out) == lib.CAPTURE_EXPOSE
    assert lib.capture_poll(capture, frames, now_ns, out) == lib.CAPTURE_NOTHING
    assert now_ns < capture.due_ns <= now_ns + period_ns
    assert (capture.due_ns - first_ns) % period_ns == 0
    assert capture.count.missed == min(late_ns // period_ns, 2**32 - 1)


@pytest.mark.parametrize(
    ("period_ns", "patience"), [(lib.CAPTURE_PERIOD_MIN_NS - 1, 1), (0, 1), (SECOND_NS, 0)]
)
def test_a_loop_out_of_bounds_is_refused(period_ns, patience):
    assert not lib.capture_init(ffi.new("capture_t *"), period_ns, patience)
