#include "flight/frame_buffer.h"

#include <string.h>

#include "flight/crc16.h"

#define GENERATION_MAX 0xFFFFFFu

_Static_assert(FRAME_BUFFER_SLOTS_MAX <= 256, "a slot number must fit the handle's lower 8 bits");

static frame_handle_t handle_of(const frame_buffer_t *self, uint32_t slot) {
    return self->slot[slot].generation << 8 | slot;
}

bool frame_buffer_init(frame_buffer_t *self, uint32_t slots, uint32_t slot_octets, uint32_t policy) {
    memset(self, 0, sizeof *self);
    if (slots < 1 || slots > FRAME_BUFFER_SLOTS_MAX || slot_octets < 1 || policy > FRAME_DROP_OLDEST) {
        return false;
    }
    if (slot_octets > UINT32_MAX / slots) {
        return false;
    }
    self->slots = slots;
    self->slot_octets = slot_octets;
    self->policy = policy;
    return true;
}

bool frame_buffer_valid(const frame_buffer_t *self) {
    if (self->slots < 1 || self->slots > FRAME_BUFFER_SLOTS_MAX || self->slot_octets < 1 ||
        self->slot_octets > UINT32_MAX / self->slots || self->policy > FRAME_DROP_OLDEST) {
        return false;
    }
    for (uint32_t i = 0; i < FRAME_BUFFER_SLOTS_MAX; i++) {
        const frame_slot_t *slot = &self->slot[i];
        const bool holds = slot->state == FRAME_READY || slot->state == FRAME_SENDING;
        if (slot->state > FRAME_SENDING || slot->generation > GENERATION_MAX) {
            return false;
        }
        if (slot->state != FRAME_FREE && (i >= self->slots || slot->generation == 0)) {
            return false;
        }
        if (holds ? slot->length < 1 || slot->length > self->slot_octets : slot->length != 0) {
            return false;
        }
    }
    return true;
}

/// The slot if the handle is live and the picture in `state`; counts the refusal otherwise.
static frame_result_t find(frame_buffer_t *self, frame_handle_t handle, frame_state_t state,
                           frame_slot_t **found) {
    const uint32_t i = frame_slot_of(handle);
    if (i >= self->slots || handle_of(self, i) != handle || self->slot[i].state == FRAME_FREE) {
        self->count.stale++;
        return FRAME_STALE;
    }
    if (self->slot[i].state != state) {
        self->count.stale++;
        return FRAME_STATE;
    }
    *found = &self->slot[i];
    return FRAME_OK;
}

static void set_free(frame_slot_t *slot) {
    slot->state = FRAME_FREE;
    slot->length = 0;
    slot->crc = 0;
}

/// The slot of an exposure that may be committed with so many octets.
static frame_result_t find_for(frame_buffer_t *self, frame_handle_t handle, uint32_t length,
                               frame_slot_t **found) {
    const frame_result_t result = find(self, handle, FRAME_EXPOSING, found);
    if (result != FRAME_OK) {
        return result;
    }
    return length < 1 || length > self->slot_octets ? FRAME_LENGTH : FRAME_OK;
}

static void set_ready(frame_slot_t *slot, const uint8_t *octets, uint32_t length) {
    slot->length = length;
    slot->crc = crc16(CRC16_PRESET, octets, length);
    slot->state = FRAME_READY;
}

static frame_result_t free_from(frame_buffer_t *self, frame_handle_t handle, frame_state_t state) {
    frame_slot_t *slot = NULL;
    const frame_result_t result = find(self, handle, state, &slot);
    if (result == FRAME_OK) {
        set_free(slot);
    }
    return result;
}

/// The oldest picture in READY, or `slots` if there is none.
static uint32_t oldest_ready(const frame_buffer_t *self) {
    uint32_t oldest = self->slots;
    uint32_t greatest_age = 0;
    for (uint32_t i = 0; i < self->slots; i++) {
        const uint32_t age = self->opened - self->slot[i].order;
        if (self->slot[i].state == FRAME_READY && (oldest == self->slots || age > greatest_age)) {
            oldest = i;
            greatest_age = age;
        }
    }
    return oldest;
}

frame_result_t frame_buffer_open(frame_buffer_t *self, frame_handle_t *handle, frame_handle_t *dropped) {
    uint32_t i = 0;
    *handle = 0;
    *dropped = 0;
    while (i < self->slots && self->slot[i].state != FRAME_FREE) {
        i++;
    }
    if (i == self->slots && self->policy == FRAME_DROP_OLDEST) {
        i = oldest_ready(self);
        if (i < self->slots) {
            *dropped = handle_of(self, i);
            self->count.dropped++;
            set_free(&self->slot[i]);
        }
    }
    if (i == self->slots) {
        return FRAME_NONE;
    }
    frame_slot_t *slot = &self->slot[i];
    slot->generation = slot->generation == GENERATION_MAX ? 1 : slot->generation + 1;
    slot->order = self->opened++;
    slot->state = FRAME_EXPOSING;
    *handle = handle_of(self, i);
    return FRAME_OK;
}

frame_result_t frame_buffer_commit(frame_buffer_t *self, const uint8_t *memory, frame_handle_t handle,
                                   uint32_t length) {
    frame_slot_t *slot = NULL;
    const frame_result_t result = find_for(self, handle, length, &slot);
    if (result == FRAME_OK) {
        set_ready(slot, memory + frame_slot_offset(self, handle), length);
    }
    return result;
}

frame_result_t frame_buffer_store(frame_buffer_t *self, uint8_t *memory, frame_handle_t handle,
                                  const uint8_t *octets, uint32_t length) {
    frame_slot_t *slot = NULL;
    const frame_result_t result = find_for(self, handle, length, &slot);
    if (result == FRAME_OK) {
        memcpy(memory + frame_slot_offset(self, handle), octets, length);
        // The CRC of what was handed over, not of what the slot now holds: a memory that does not keep it is
        // found too.
        set_ready(slot, octets, length);
    }
    return result;
}

frame_result_t frame_buffer_fail(frame_buffer_t *self, frame_handle_t handle) {
    return free_from(self, handle, FRAME_EXPOSING);
}

frame_result_t frame_buffer_take(frame_buffer_t *self, const uint8_t *memory, frame_handle_t *handle) {
    const uint32_t i = oldest_ready(self);
    if (i == self->slots) {
        *handle = 0;
        return FRAME_NONE;
    }
    frame_slot_t *slot = &self->slot[i];
    *handle = handle_of(self, i);
    if (crc16(CRC16_PRESET, memory + frame_slot_offset(self, *handle), slot->length) != slot->crc) {
        self->count.damaged++;
        set_free(slot);
        return FRAME_DAMAGED;
    }
    slot->state = FRAME_SENDING;
    return FRAME_OK;
}

frame_result_t frame_buffer_release(frame_buffer_t *self, frame_handle_t handle) {
    return free_from(self, handle, FRAME_SENDING);
}

void frame_buffer_clear(frame_buffer_t *self) {
    for (uint32_t i = 0; i < self->slots; i++) {
        frame_slot_t *slot = &self->slot[i];
        self->count.dropped += slot->state == FRAME_READY || slot->state == FRAME_SENDING;
        set_free(slot);
    }
}

uint32_t frame_buffer_in(const frame_buffer_t *self, frame_state_t state) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < self->slots; i++) {
        found += self->slot[i].state == (uint8_t)state;
    }
    return found;
}
