/// capture.h - the once-per-second capture loop of one lens.
///
/// Never blocks, allocates, reads a clock or calls back: the host brings time, this answers.
/// State is flat: copying sizeof(capture_t) octets is a snapshot.
///
/// The host calls capture_poll; on CAPTURE_EXPOSE it exposes into the slot named, then says how it went:
/// capture_exposed (the slot is committed) or capture_failed. A lens makes one exposure at a time.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "flight/frame_buffer.h"

#define CAPTURE_NEVER UINT64_MAX
/// 1 ms: bounds the steps that a late call takes to find its beat.
#define CAPTURE_PERIOD_MIN_NS 1000000u

typedef enum { CAPTURE_NOTHING, CAPTURE_EXPOSE } capture_action_t;

/// Invariant: beats passed since start = taken + failed + missed + (1 if an exposure is under way).
typedef struct {
    uint64_t due_ns;         ///< Next beat [ns, mission time]; CAPTURE_NEVER when stopped.
    uint32_t period_ns;      ///< CAPTURE_PERIOD_MIN_NS or more.
    uint32_t patience;       ///< Beats that an exposure may stay unanswered before it counts as failed.
    frame_handle_t exposing; ///< The exposure under way, or 0.
    uint32_t waited;         ///< Beats since it began.
    struct {
        uint32_t taken;   ///< Exposures that were committed.
        uint32_t failed;  ///< Exposures that gave nothing, or no answer within `patience` beats.
        uint32_t missed;  ///< Beats without an exposure, for whatever reason; of these
        uint32_t no_slot; ///<   no slot could be had,
        uint32_t busy;    ///<   the exposure before was still under way; the rest were skipped by a late call.
    } count;
} capture_t;

typedef struct {
    frame_handle_t handle;  ///< Where to expose into.
    frame_handle_t dropped; ///< The picture that gave way for it, or 0. Set also on CAPTURE_NOTHING.
    frame_handle_t failed;  ///< An exposure given up for want of an answer, or 0. Likewise.
} capture_exposure_t;

/// Stopped, counters at 0. false if the period is under CAPTURE_PERIOD_MIN_NS or patience is 0.
bool capture_init(capture_t *self, uint32_t period_ns, uint32_t patience);

/// true if the state could have come about: to be asked of a snapshot that comes from elsewhere.
bool capture_valid(const capture_t *self);

/// First beat at first_ns, then one each period.
void capture_start(capture_t *self, uint64_t first_ns);

/// No more beats. An exposure under way may still be answered.
void capture_stop(capture_t *self);

/// Beats after the next come `period_ns` apart. false, and no change, if under CAPTURE_PERIOD_MIN_NS.
bool capture_set_period(capture_t *self, uint32_t period_ns);

/// Call at any rate. CAPTURE_EXPOSE once a period, with the slot to expose into; the host fills it,
/// then commits. A late call makes one exposure, counts each beat it skipped as missed, keeps the beat.
capture_action_t capture_poll(capture_t *self, frame_buffer_t *frames, uint64_t now_ns, capture_exposure_t *out);

/// The exposure was committed. false, and no change, if `handle` is not the one under way.
bool capture_exposed(capture_t *self, frame_handle_t handle);

/// The exposure gave nothing; its slot is the caller's to free. false as for capture_exposed.
bool capture_failed(capture_t *self, frame_handle_t handle);
