#include "flight/capture.h"

#include <string.h>

#include "flight/divide.h"

bool capture_init(capture_t *self, uint32_t period_ns, uint32_t patience) {
    memset(self, 0, sizeof *self);
    self->due_ns = CAPTURE_NEVER;
    self->period_ns = period_ns;
    self->patience = patience;
    return period_ns >= CAPTURE_PERIOD_MIN_NS && patience >= 1;
}

bool capture_valid(const capture_t *self) {
    return self->period_ns >= CAPTURE_PERIOD_MIN_NS && self->patience >= 1 && self->waited <= self->patience;
}

void capture_start(capture_t *self, uint64_t first_ns) {
    self->due_ns = first_ns;
}

void capture_stop(capture_t *self) {
    self->due_ns = CAPTURE_NEVER;
}

bool capture_set_period(capture_t *self, uint32_t period_ns) {
    if (period_ns < CAPTURE_PERIOD_MIN_NS) {
        return false;
    }
    self->period_ns = period_ns;
    return true;
}

/// Moves due_ns to the first beat after now; returns the beats that have come, 1 at the least.
static uint64_t beats_due(capture_t *self, uint64_t now_ns) {
    const uint64_t late_ns = now_ns - self->due_ns;
    uint64_t since_beat_ns = late_ns;
    uint64_t beats = 1;
    if (late_ns >= self->period_ns) {
        beats += divide_u64(late_ns, self->period_ns, &since_beat_ns);
    }
    const uint64_t to_next_ns = self->period_ns - since_beat_ns;
    self->due_ns = now_ns > CAPTURE_NEVER - to_next_ns ? CAPTURE_NEVER : now_ns + to_next_ns;
    return beats;
}

static void add(uint32_t *counter, uint64_t more) {
    *counter = more > UINT32_MAX - *counter ? UINT32_MAX : *counter + (uint32_t)more;
}

capture_action_t capture_poll(capture_t *self, frame_buffer_t *frames, uint64_t now_ns, capture_exposure_t *out) {
    out->handle = 0;
    out->dropped = 0;
    out->failed = 0;
    if (self->due_ns == CAPTURE_NEVER || now_ns < self->due_ns) {
        return CAPTURE_NOTHING;
    }
    const uint64_t beats = beats_due(self, now_ns);
    if (self->exposing != 0) {
        if (beats < self->patience - self->waited) {
            self->waited += (uint32_t)beats;
            add(&self->count.missed, beats);
            add(&self->count.busy, beats);
            return CAPTURE_NOTHING;
        }
        out->failed = self->exposing;
        (void)frame_buffer_fail(frames, self->exposing);
        (void)capture_failed(self, self->exposing);
    }
    add(&self->count.missed, beats - 1);
    if (frame_buffer_open(frames, &out->handle, &out->dropped) != FRAME_OK) {
        add(&self->count.missed, 1);
        add(&self->count.no_slot, 1);
        return CAPTURE_NOTHING;
    }
    self->exposing = out->handle;
    self->waited = 0;
    return CAPTURE_EXPOSE;
}

/// Ends the exposure under way, if it is this one, and counts it.
static bool finish(capture_t *self, frame_handle_t handle, uint32_t *counter) {
    if (handle == 0 || handle != self->exposing) {
        return false;
    }
    self->exposing = 0;
    self->waited = 0;
    add(counter, 1);
    return true;
}

bool capture_exposed(capture_t *self, frame_handle_t handle) {
    return finish(self, handle, &self->count.taken);
}

bool capture_failed(capture_t *self, frame_handle_t handle) {
    return finish(self, handle, &self->count.failed);
}
