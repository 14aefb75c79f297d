// The index covers what it says, packet by packet; a packet found after damage is one; encoding the
// fields that were read gives the octets back.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "flight/space_packet.h"

enum { MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const size_t length = size - 1;
    crc16_function *const crc = data[0] & 1 ? crc16 : NULL;
    uint8_t *exact = malloc(length);
    uint8_t *copy = malloc(length);
    assert(exact && copy);
    memcpy(exact, data + 1, length);

    uint64_t offset[MOST];
    uint32_t octets[MOST];
    uint16_t apid[MOST], count[MOST];
    uint8_t flags[MOST], telecommand[MOST], secondary_header[MOST], right[MOST];
    const space_packet_index_t index = {offset, octets, apid, count, flags, telecommand, secondary_header, right};
    const size_t most = data[0] >> 2;
    size_t consumed;
    space_packet_stop_t stop;
    const size_t found = space_packet_index(exact, length, &index, most, crc, &consumed, &stop);
    assert(found <= most && consumed <= length);
    assert((stop == SPACE_PACKET_AT_END) == (consumed == length));
    assert(stop != SPACE_PACKET_FULL || found == most);
    assert(stop != SPACE_PACKET_DAMAGED || exact[consumed] >> 5);
    size_t at = 0;
    for (size_t i = 0; i < found; i++) {
        assert(offset[i] == at && octets[i] >= SPACE_PACKET_FEWEST_OCTETS);
        const space_packet_header_t header = {.apid = apid[i],
                                              .count = count[i],
                                              .telecommand = telecommand[i],
                                              .secondary_header = secondary_header[i],
                                              .flags = flags[i]};
        const size_t written = space_packet_encode(copy + at, length - at, &header, exact + at + 6, octets[i] - 6, NULL);
        assert(written == octets[i]);
        assert(right[i] == (crc == NULL || crc16(CRC16_PRESET, exact + at, octets[i]) == 0));
        at += octets[i];
    }
    assert(at == consumed && memcmp(copy, exact, consumed) == 0);

    const space_packet_belief_t belief = {.apids = length >= 256 ? exact : NULL, .crc = crc};
    const size_t next = space_packet_resynchronise(exact, length, data[0], &belief);
    if (next < length) {
        const space_packet_header_t header = space_packet_load_header(exact + next);
        assert(next >= data[0] && header.version == 0 && header.octets <= length - next);
        assert(crc == NULL || crc16(CRC16_PRESET, exact + next, header.octets) == 0);
    }
    free(exact);
    free(copy);
    return 0;
}
