// Any sequence of steps on a frame buffer, beside a copy of what its memory must hold: a slot's octets, and
// those around it, change only by the step that names them.
#include <stdlib.h>
#include <string.h>

#include "flight/frame_buffer.h"

#define SLOTS 4u
#define SLOT_OCTETS 12u
#define GUARD 16u
#define HANDLES 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
    if (!held) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t memory[2 * GUARD + SLOTS * SLOT_OCTETS];
    uint8_t expected[sizeof memory];
    frame_handle_t handles[HANDLES] = {0};
    uint32_t newest = 0;
    frame_buffer_t frames;
    frame_handle_t dropped = 0;
    frame_handle_t sending = 0;
    if (size < 1) {
        return 0;
    }
    must(frame_buffer_init(&frames, SLOTS, SLOT_OCTETS, data[0] & 1u));
    memset(memory, 0xA5, sizeof memory);
    memcpy(expected, memory, sizeof memory);
    for (size_t i = 1; i + 3 <= size; i += 3) {
        const frame_handle_t handle = handles[data[i + 1] % HANDLES];
        const uint32_t length = data[i + 2] % (SLOT_OCTETS + 4);
        const size_t at = GUARD + frame_slot_offset(&frames, handle);
        switch (data[i] % 7) {
        case 0:
            if (frame_buffer_open(&frames, &handles[newest % HANDLES], &dropped) == FRAME_OK) {
                must(dropped == 0 || frames.policy == FRAME_DROP_OLDEST);
                must(sending == 0 || frame_slot_of(handles[newest % HANDLES]) != frame_slot_of(sending));
                newest++;
            } else {
                handles[newest % HANDLES] = 0;
            }
            break;
        case 1: {
            const size_t room = size - i;
            const uint32_t given = length < room ? length : (uint32_t)room;
            if (frame_buffer_store(&frames, memory + GUARD, handle, data + i, given) == FRAME_OK) {
                must(given >= 1 && given <= SLOT_OCTETS && frame_slot_of(handle) < SLOTS);
                memcpy(expected + at, data + i, given);
            }
            break;
        }
        case 2:
            if (frame_buffer_commit(&frames, memory + GUARD, handle, length) == FRAME_OK) {
                must(frames.slot[frame_slot_of(handle)].length == length);
            }
            break;
        case 3: (void)frame_buffer_fail(&frames, handle); break;
        case 4: {
            frame_handle_t taken = 0;
            const frame_result_t result = frame_buffer_take(&frames, memory + GUARD, &taken);
            must((result == FRAME_NONE) == (taken == 0));
            if (result == FRAME_OK) {
                must(frames.slot[frame_slot_of(taken)].state == FRAME_SENDING);
                if (sending != 0) {
                    must(frame_buffer_release(&frames, sending) == FRAME_OK);
                }
                sending = taken;
            }
            break;
        }
        case 5:
            must((frame_buffer_release(&frames, sending) == FRAME_OK) == (sending != 0));
            sending = 0;
            break;
        default: { // an upset; the rest of the memory stays as it is
            const size_t place = GUARD + (data[i + 1] | (unsigned)data[i + 2] << 8) % (SLOTS * SLOT_OCTETS);
            memory[place] ^= 0x10;
            expected[place] ^= 0x10;
            break;
        }
        }
        must(memcmp(memory, expected, sizeof memory) == 0);
        must(frame_buffer_valid(&frames));
        must(frame_buffer_in(&frames, FRAME_SENDING) == (sending != 0));
    }
    return 0;
}
