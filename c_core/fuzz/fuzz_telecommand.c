// The CLTU receiver gives the same candidates whole and octet by octet and keeps its bounds; frames and
// segments made of them stay within what was received; a CLTU around the input brings it back.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "flight/crc16.h"
#include "flight/telecommand.h"

enum { SEGMENT_CAPACITY = 600 };

static telecommand_map_t map;
static uint8_t unit[SEGMENT_CAPACITY + 8];

static void use(const uint8_t *candidate, size_t length) {
    telecommand_frame_t frame;
    uint8_t *exact = malloc(length);
    assert(exact);
    memcpy(exact, candidate, length);
    if (telecommand_decode_frame(exact, length, 0x123, &frame) == TELECOMMAND_GOOD) {
        assert(frame.octets <= length && frame.data_octets + 7u == frame.octets);
        assert(crc16(CRC16_PRESET, exact, frame.octets) == 0 && frame.spacecraft_id == 0x123);
    }
    // Not only valid frames: assembly must stand any flags and any data.
    for (size_t at = 0; at < length;) {
        const size_t piece = exact[at] % 64u < length - at - 1 ? exact[at] % 64u : length - at - 1;
        const telecommand_assembly_t verdict =
            telecommand_assemble(&map, unit, SEGMENT_CAPACITY, exact[at] >> 6, exact + at + 1, piece);
        assert(map.filled <= SEGMENT_CAPACITY);
        assert((verdict == TELECOMMAND_MORE) == map.open);
        at += piece + 1;
    }
    for (unsigned i = SEGMENT_CAPACITY; i < sizeof unit; i++) {
        assert(unit[i] == 0);
    }
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static cltu_receiver_t whole, single;
    memset(&map, 0, sizeof map);
    if (size < 2) {
        return 0;
    }
    const bool randomized = data[0] & 1, corrects = data[0] & 2;
    cltu_receiver_start(&whole, randomized, corrects);
    cltu_receiver_start(&single, randomized, corrects);
    size_t fed = 0;
    for (size_t at = 0; at < size;) {
        at += cltu_receiver_feed(&whole, data + at, size - at);
        assert(at <= size && whole.filled <= CLTU_CANDIDATE_OCTETS);
        for (; fed < at; fed++) {
            assert(cltu_receiver_feed(&single, data + fed, 1) == 1);
            assert(single.ready == 0 || fed + 1 == at);
        }
        assert(single.ready == whole.ready && memcmp(single.candidate, whole.candidate, whole.ready) == 0);
        if (whole.ready) {
            use(whole.candidate, whole.ready);
        }
    }
    assert(memcmp(&whole, &single, sizeof whole) == 0);

    if (size <= TELECOMMAND_FRAME_MOST_OCTETS) {
        static uint8_t cltu[2000];
        const size_t octets = cltu_encode(cltu, sizeof cltu, data, size, randomized);
        assert(octets == cltu_octets(size));
        cltu_receiver_start(&whole, randomized, corrects);
        assert(cltu_receiver_feed(&whole, cltu, octets) == octets);
        assert(whole.ready >= size && whole.ready < size + 7 && memcmp(whole.candidate, data, size) == 0);
    }
    return 0;
}
