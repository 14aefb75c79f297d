/// frame_buffer.h - a camera's picture slots: exposed into, sent from, never torn.
///
/// The caller owns the memory: slots x slot_octets, slot i at i * slot_octets. This keeps the book:
///
///     FREE --open--> EXPOSING --commit--> READY --take--> SENDING --release--> FREE
///                        |                  |                |
///                        +-----fail---------+---drop---------+--> FREE
///
/// A slot being sent is never exposed into, one being exposed into is never sent, and one whose picture
/// was damaged in memory between commit and take is freed and reported, not sent.
/// Never blocks or allocates. State is flat: copying sizeof(frame_buffer_t) octets, with the slot
/// memory, is a snapshot. Cost: commit, store and take read the picture once (its CRC); the rest is a
/// walk over at most FRAME_BUFFER_SLOTS_MAX slots.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_BUFFER_SLOTS_MAX 32u

/// Generation in the upper 24 bits (1 at the least, so that 0 is never a handle), slot in the lower 8.
/// Opening a slot makes all older handles to it stale; a handle recurs after 2^24 - 1 openings of its slot.
typedef uint32_t frame_handle_t;

typedef enum { FRAME_FREE, FRAME_EXPOSING, FRAME_READY, FRAME_SENDING } frame_state_t;

/// What to do when a new exposure finds no free slot.
typedef enum {
    FRAME_SKIP_BEAT,   ///< The new exposure is not made.
    FRAME_DROP_OLDEST, ///< The oldest READY picture gives way; one being sent never does.
} frame_policy_t;

typedef enum {
    FRAME_OK,
    FRAME_NONE,     ///< open: no slot may be used; take: nothing is ready.
    FRAME_STALE,    ///< The handle is not of a picture that is in a slot.
    FRAME_STATE,    ///< The picture is in a slot, but not in the state that this step starts from.
    FRAME_LENGTH,   ///< 0 octets, or more than a slot holds. The slot stays EXPOSING.
    FRAME_DAMAGED,  ///< take: the octets are not those committed. The slot has been freed.
} frame_result_t;

typedef struct {
    uint32_t generation; ///< Of the last opening; 0 before the first.
    uint32_t order;      ///< Of opening, across slots: what "oldest" means. Compared modulo 2^32.
    uint32_t length;     ///< Octets committed; 0 unless READY or SENDING.
    uint16_t crc;        ///< Of those octets, at commit.
    uint8_t state;       ///< frame_state_t
    uint8_t spare;
} frame_slot_t;

/// Invariants (frame_buffer_valid): 1 <= slots <= FRAME_BUFFER_SLOTS_MAX; a length is 1 to slot_octets
/// where the state is READY or SENDING and 0 elsewhere; slots beyond the last are FREE.
typedef struct {
    frame_slot_t slot[FRAME_BUFFER_SLOTS_MAX];
    uint32_t slots;
    uint32_t slot_octets;
    uint32_t policy; ///< frame_policy_t
    uint32_t opened; ///< Openings so far, modulo 2^32.
    struct {
        uint32_t dropped; ///< Whole pictures that gave way to a new exposure or to a restart.
        uint32_t damaged; ///< Pictures found changed in memory.
        uint32_t stale;   ///< Steps refused: handle stale or state wrong.
    } count;
} frame_buffer_t;

/// All slots free. false, and nothing usable, if slots is not 1 to FRAME_BUFFER_SLOTS_MAX, slot_octets
/// is 0, their product is more than 32 bits hold, or the policy is unknown.
bool frame_buffer_init(frame_buffer_t *self, uint32_t slots, uint32_t slot_octets, uint32_t policy);

/// true if the invariants hold: to be asked of a snapshot that comes from elsewhere.
bool frame_buffer_valid(const frame_buffer_t *self);

/// The slot of a handle: 0 to FRAME_BUFFER_SLOTS_MAX - 1 for every handle that open or take gave.
static inline uint32_t frame_slot_of(frame_handle_t handle) {
    return handle & 0xFFu;
}

/// Where the slot's octets begin in the caller's memory.
static inline size_t frame_slot_offset(const frame_buffer_t *self, frame_handle_t handle) {
    return (size_t)frame_slot_of(handle) * self->slot_octets;
}

/// FREE -> EXPOSING. *handle is the new picture's; *dropped the picture that gave way, or 0.
/// FRAME_NONE: no slot is free and the policy, or the lack of a READY picture, leaves none.
frame_result_t frame_buffer_open(frame_buffer_t *self, frame_handle_t *handle, frame_handle_t *dropped);

/// EXPOSING -> READY: the first `length` octets of the slot are the picture.
frame_result_t frame_buffer_commit(frame_buffer_t *self, const uint8_t *memory, frame_handle_t handle,
                                   uint32_t length);

/// Copy the octets into the slot and commit. Changes octets [offset, offset + length) of memory and no
/// other, offset being frame_slot_offset; none at all when the result is not FRAME_OK.
frame_result_t frame_buffer_store(frame_buffer_t *self, uint8_t *memory, frame_handle_t handle,
                                  const uint8_t *octets, uint32_t length);

/// EXPOSING -> FREE: the sensor gave nothing.
frame_result_t frame_buffer_fail(frame_buffer_t *self, frame_handle_t handle);

/// READY -> SENDING for the oldest picture. On FRAME_DAMAGED too *handle tells which picture it was.
frame_result_t frame_buffer_take(frame_buffer_t *self, const uint8_t *memory, frame_handle_t *handle);

/// SENDING -> FREE: sent, or given up.
frame_result_t frame_buffer_release(frame_buffer_t *self, frame_handle_t handle);

/// Every slot FREE, every handle stale: what a restart leaves. READY and SENDING pictures count as dropped.
void frame_buffer_clear(frame_buffer_t *self);

/// How many slots are in `state`.
uint32_t frame_buffer_in(const frame_buffer_t *self, frame_state_t state);
