/// Any bits, cut anywhere: the same frames, in order, each the bits that stand behind its position.
#include <stdlib.h>
#include <string.h>

#include "ground/frame_sync.h"

enum { BODY_MOST = 40, FRAMES_MOST = 4096 };

static uint8_t bodies[2][FRAMES_MOST * BODY_MOST];
static frame_sync_frame_t frames[2][FRAMES_MOST];
static frame_sync_t sync_state;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t run(const frame_sync_config_t *config, const uint8_t *bits, size_t count, size_t piece, int k) {
    if (!frame_sync_init(&sync_state, config)) abort();
    size_t found = 0, at = 0;
    while (at < count) {
        const size_t end = piece == 0 || at + piece > count ? count : at + piece;
        size_t taken = at;
        do {
            // Room for one at a time in the pieces, for many in the whole.
            const size_t room = least(FRAMES_MOST - found, piece ? 1 : 64);
            if (room == 0) return found;
            found += frame_sync_feed(&sync_state, bits, taken, end, bodies[k] + found * config->body_octets,
                                     frames[k] + found, room, &taken);
        } while (taken < end);
        at = end;
    }
    for (;;) {
        const size_t room = least(FRAMES_MOST - found, 3);
        if (room == 0) return found;
        size_t taken = 0;
        // Frames that found no room while the bits were taken come before the flush.
        const size_t more = frame_sync_feed(&sync_state, bits, 0, 0, bodies[k] + found * config->body_octets,
                                            frames[k] + found, room, &taken);
        found += more;
        if (more == 0) break;
    }
    for (;;) {
        const size_t room = least(FRAMES_MOST - found, 3);
        if (room == 0) return found;
        const size_t more = frame_sync_flush(&sync_state, bodies[k] + found * config->body_octets,
                                             frames[k] + found, room);
        found += more;
        if (more < room) return found;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 6 || size > 4000) return 0;
    frame_sync_config_t config = {
        .marker_octets = (uint8_t)(1 + data[0] % 4),
        .search_errors = data[1] % 4,
        .lock_errors = data[1] >> 2 & 3,
        .flywheel = data[1] >> 4 & 3,
        .body_octets = 1u + data[2] % BODY_MOST,
    };
    memcpy(config.marker, "\x1a\xcf\xfc\x1d", config.marker_octets);
    const unsigned quarter = 2u * config.marker_octets;
    if (config.search_errors >= quarter || config.lock_errors >= quarter) return 0;
    const size_t piece = 1 + data[3];
    const uint8_t *bits = data + 4;
    const size_t count = 8 * (size - 4);
    const size_t whole = run(&config, bits, count, 0, 0);
    const size_t parts = run(&config, bits, count, piece, 1);
    if (whole != parts) abort();
    if (memcmp(bodies[0], bodies[1], whole * config.body_octets) != 0) abort();
    for (size_t n = 0; n < whole; n++) {
        const frame_sync_frame_t *a = &frames[0][n], *b = &frames[1][n];
        if (a->position != b->position || a->trust != b->trust || a->inverted != b->inverted) abort();
        const uint64_t first = a->position + 8u * config.marker_octets;
        if (first + 8u * config.body_octets > count) abort();
        for (uint32_t i = 0; i < 8 * config.body_octets; i++) {
            const unsigned sent = bits[(first + i) / 8] >> (7 - (first + i) % 8) & 1;
            const unsigned given = bodies[0][n * config.body_octets + i / 8] >> (7 - i % 8) & 1;
            if ((sent ^ given) != a->inverted) abort();
        }
    }
    return 0;
}
