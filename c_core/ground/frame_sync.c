#include "ground/frame_sync.h"

#include <string.h>

bool frame_sync_init(frame_sync_t *self, const frame_sync_config_t *config) {
    if (config->marker_octets < 1 || config->marker_octets > FRAME_SYNC_MOST_MARKER_OCTETS) return false;
    const unsigned quarter = 2u * config->marker_octets;
    if (config->search_errors >= quarter || config->lock_errors >= quarter) return false;
    if (config->flywheel > FRAME_SYNC_MOST_FLYWHEEL) return false;
    if (config->body_octets < 1 || config->body_octets > FRAME_SYNC_LONGEST_BODY) return false;
    memset(self, 0, sizeof *self);
    self->config = *config;
    for (unsigned k = 0; k < config->marker_octets; k++) self->marker = self->marker << 8 | config->marker[k];
    return true;
}

static uint32_t marker_bits(const frame_sync_t *self) { return 8u * self->config.marker_octets; }

static uint32_t cadu_bits(const frame_sync_t *self) {
    return marker_bits(self) + 8u * self->config.body_octets;
}

/// The 64 bits from a bit of the buffer on; the buffer ends with spare octets for this.
static uint64_t peek(const frame_sync_t *self, uint32_t bit) {
    const uint8_t *octets = self->buffer + bit / 8;
    uint64_t word = 0;
    for (int k = 0; k < 8; k++) word = word << 8 | octets[k];
    const uint32_t shift = bit % 8;
    return shift == 0 ? word : word << shift | (uint64_t)octets[8] >> (8 - shift);
}

/// Bits of an upright marker that are wrong at a place.
static uint32_t marker_errors(const frame_sync_t *self, uint32_t bit) {
    const uint64_t seen = peek(self, bit) >> (64 - marker_bits(self));
    return (uint32_t)__builtin_popcountll(seen ^ self->marker);
}

/// Searches on from the cursor. True: a marker, of the polarity now set, stands there.
static bool search(frame_sync_t *self) {
    const uint32_t most = self->config.search_errors, bits = marker_bits(self);
    while (self->cursor + bits <= self->held) {
        const uint32_t errors = marker_errors(self, self->cursor);
        if (errors <= most || bits - errors <= most) {
            self->inverted = errors > most;
            return true;
        }
        self->cursor++;
        self->anchor = self->cursor;
    }
    return false;
}

/// Copies out the frame whose marker stands at the cursor.
static void give(frame_sync_t *self, uint32_t errors, frame_sync_trust_t trust, uint8_t *body,
                 frame_sync_frame_t *frame) {
    const uint32_t first = self->cursor + marker_bits(self), shift = first % 8;
    const uint8_t *octets = self->buffer + first / 8;
    const uint8_t flip = self->inverted ? 0xff : 0;
    for (uint32_t k = 0; k < self->config.body_octets; k++) {
        const unsigned pair = (unsigned)octets[k] << 8 | octets[k + 1];
        body[k] = (uint8_t)(pair >> (8 - shift)) ^ flip;
    }
    frame->position = self->base + self->cursor;
    frame->marker_errors = (uint8_t)errors;
    frame->trust = (uint8_t)trust;
    frame->inverted = self->inverted;
    self->count.frames++;
}

static uint32_t upright_errors(const frame_sync_t *self, uint32_t bit) {
    const uint32_t errors = marker_errors(self, bit);
    return self->inverted ? marker_bits(self) - errors : errors;
}

typedef enum { NEEDS_BITS, GOES_ON, GAVE_FRAME } step_t;

/// One move of the table in the header.
static step_t step(frame_sync_t *self, uint8_t *body, frame_sync_frame_t *frame) {
    const uint32_t bits = marker_bits(self), period = cadu_bits(self);
    const uint32_t tolerated = self->config.lock_errors;
    switch ((frame_sync_state_t)self->state) {
    case FRAME_SYNC_SEARCH:
        if (!search(self)) return NEEDS_BITS;
        self->state = FRAME_SYNC_CHECK;
        return GOES_ON;
    case FRAME_SYNC_CHECK: {
        if (self->cursor + period + bits > self->held) return NEEDS_BITS;
        const bool confirmed = upright_errors(self, self->cursor + period) <= tolerated;
        give(self, upright_errors(self, self->cursor),
             confirmed ? FRAME_SYNC_CONFIRMED : FRAME_SYNC_UNCONFIRMED, body, frame);
        self->cursor += confirmed ? period : 1;
        self->anchor = self->cursor;
        self->state = confirmed ? FRAME_SYNC_LOCK : FRAME_SYNC_SEARCH;
        self->missing = 0;
        return GAVE_FRAME;
    }
    case FRAME_SYNC_LOCK: {
        if (self->cursor + bits > self->held) return NEEDS_BITS;
        uint32_t errors = upright_errors(self, self->cursor);
        const bool turned = bits - errors <= tolerated;
        const bool missing = errors > tolerated && !turned;
        if (missing && self->missing == self->config.flywheel) {
            self->count.locks_lost++;
            self->state = FRAME_SYNC_SEARCH;
            self->cursor = self->anchor + 1;
            self->anchor = self->cursor;
            return GOES_ON;
        }
        if (self->cursor + period > self->held) return NEEDS_BITS;
        if (turned) {
            self->inverted = !self->inverted;
            self->count.polarity_turns++;
            errors = bits - errors;
        }
        if (missing) {
            self->missing++;
        } else {
            self->missing = 0;
            self->anchor = self->cursor;
        }
        give(self, errors, missing ? FRAME_SYNC_FLYWHEEL : FRAME_SYNC_CONFIRMED, body, frame);
        self->cursor += period;
        return GAVE_FRAME;
    }
    }
    return NEEDS_BITS;
}

/// Forgets whole octets before the anchor.
static void make_room(frame_sync_t *self) {
    const uint32_t octets = self->anchor / 8;
    memmove(self->buffer, self->buffer + octets, (self->held + 7) / 8 - octets);
    self->base += 8 * (uint64_t)octets;
    self->held -= 8 * octets;
    self->cursor -= 8 * octets;
    self->anchor -= 8 * octets;
}

/// Takes as many bits as the buffer has room for.
static size_t append(frame_sync_t *self, const uint8_t *octets, size_t first_bit, size_t bits) {
    const size_t room = 8 * (size_t)(FRAME_SYNC_BUFFER_OCTETS - 16) - self->held;
    size_t count = bits - first_bit < room ? bits - first_bit : room;
    const size_t taken = count;
    while (count > 0) {
        if (self->held % 8 == 0 && first_bit % 8 == 0 && count >= 8) {
            memcpy(self->buffer + self->held / 8, octets + first_bit / 8, count / 8);
            self->held += (uint32_t)(count / 8 * 8);
            first_bit += count / 8 * 8;
            count %= 8;
            continue;
        }
        // As many bits as both octets still hold.
        const size_t source_left = 8 - first_bit % 8, room_left = 8 - self->held % 8;
        size_t part = source_left < room_left ? source_left : room_left;
        if (part > count) part = count;
        const unsigned value = (unsigned)octets[first_bit / 8] >> (source_left - part) & ((1u << part) - 1);
        uint8_t *octet = &self->buffer[self->held / 8];
        const unsigned kept = room_left == 8 ? 0 : *octet & (0xff00u >> (8 - room_left));
        *octet = (uint8_t)((kept & ~((1u << room_left) - 1)) | value << (room_left - part));
        self->held += (uint32_t)part;
        first_bit += part;
        count -= part;
    }
    return taken;
}

size_t frame_sync_feed(frame_sync_t *self, const uint8_t *octets, size_t first_bit, size_t bits,
                       uint8_t *bodies, frame_sync_frame_t *frames, size_t capacity, size_t *taken) {
    size_t found = 0;
    for (;;) {
        while (found < capacity) {
            const step_t step_made = step(self, bodies + found * self->config.body_octets, &frames[found]);
            if (step_made == NEEDS_BITS) break;
            found += step_made == GAVE_FRAME;
        }
        if (found == capacity || first_bit == bits) break;
        make_room(self);
        first_bit += append(self, octets, first_bit, bits);
    }
    *taken = first_bit;
    return found;
}

/// One move when no more bits will come, where `step` would wait for them. True: a frame was given.
static bool step_without_more(frame_sync_t *self, uint8_t *body, frame_sync_frame_t *frame) {
    if (self->state == FRAME_SYNC_CHECK && self->cursor + cadu_bits(self) <= self->held) {
        give(self, upright_errors(self, self->cursor), FRAME_SYNC_UNCONFIRMED, body, frame);
        self->cursor += cadu_bits(self);
        self->anchor = self->cursor;
        self->state = FRAME_SYNC_SEARCH;
        return true;
    }
    // A frame that is not whole, or a lock that may have been an illusion: look for others after the last
    // marker that is sure.
    if (self->state == FRAME_SYNC_LOCK && self->missing == 0 &&
        self->cursor + marker_bits(self) > self->held) {
        self->anchor = self->cursor;
    }
    self->cursor = self->anchor + 1 < self->held ? self->anchor + 1 : self->held;
    self->anchor = self->cursor;
    self->state = FRAME_SYNC_SEARCH;
    return false;
}

size_t frame_sync_flush(frame_sync_t *self, uint8_t *bodies, frame_sync_frame_t *frames, size_t capacity) {
    size_t found = 0;
    while (found < capacity) {
        uint8_t *body = bodies + found * self->config.body_octets;
        const step_t step_made = step(self, body, &frames[found]);
        if (step_made == NEEDS_BITS && self->state == FRAME_SYNC_SEARCH) break;
        found += step_made == GAVE_FRAME;
        if (step_made == NEEDS_BITS) found += step_without_more(self, body, &frames[found]);
    }
    if (found == capacity) return found;
    self->base += self->held;
    self->held = self->cursor = self->anchor = 0;
    self->state = FRAME_SYNC_SEARCH;
    self->missing = 0;
    return found;
}
