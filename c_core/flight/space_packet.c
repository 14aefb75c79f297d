#include "flight/space_packet.h"

#include <string.h>

#include "flight/octets.h"

enum { LONGEST_DATA = SPACE_PACKET_MOST_OCTETS - SPACE_PACKET_HEADER_OCTETS, AHEAD = 4096 };

_Static_assert(LONGEST_DATA == 65536, "the length field counts from one");

/// The header as a 48-bit value: formed in a register, never read back from memory.
static inline uint64_t packed(const space_packet_header_t *header, uint32_t octets) {
    const uint32_t identification = (header->version & 7u) << 13 | (header->telecommand & 1u) << 12 |
                                    (header->secondary_header & 1u) << 11 | (header->apid & 0x7FFu);
    const uint32_t sequence = (header->flags & 3u) << 14 | (header->count & 0x3FFFu);
    return (uint64_t)identification << 32 | sequence << 16 | ((octets - SPACE_PACKET_FEWEST_OCTETS) & 0xFFFFu);
}

static inline void store_packed(uint8_t out[6], uint64_t value) {
    octets_store_u32(out, (uint32_t)(value >> 16));
    octets_store_u16(out + 4, (uint32_t)(value & 0xFFFF));
}

void space_packet_store_header(uint8_t out[6], const space_packet_header_t *header) {
    store_packed(out, packed(header, header->octets));
}

space_packet_header_t space_packet_load_header(const uint8_t in[6]) {
    const uint16_t identification = octets_load_u16(in);
    const uint16_t sequence = octets_load_u16(in + 2);
    return (space_packet_header_t){
        .octets = (uint32_t)octets_load_u16(in + 4) + SPACE_PACKET_FEWEST_OCTETS,
        .apid = identification & 0x7FF,
        .count = sequence & 0x3FFF,
        .version = (uint8_t)(identification >> 13),
        .telecommand = identification >> 12 & 1,
        .secondary_header = identification >> 11 & 1,
        .flags = (uint8_t)(sequence >> 14),
    };
}

size_t space_packet_encode(uint8_t *out, size_t capacity, const space_packet_header_t *header, const uint8_t *data,
                           size_t data_octets, crc16_function *crc) {
    const size_t after_header = data_octets + (crc ? SPACE_PACKET_CRC_OCTETS : 0);
    if (data_octets > LONGEST_DATA || after_header < 1 || after_header > LONGEST_DATA ||
        capacity < SPACE_PACKET_HEADER_OCTETS + after_header) {
        return 0;
    }
    const uint64_t head = packed(header, (uint32_t)(SPACE_PACKET_HEADER_OCTETS + after_header));
    store_packed(out, head);
    uint8_t *const to = out + SPACE_PACKET_HEADER_OCTETS;
    if (data_octets) {
        memcpy(to, data, data_octets);
    }
    if (crc) {
        // From where the octets come, not where they went: those stores are still under way.
        octets_store_u16(to + data_octets, crc(crc16_six(CRC16_PRESET, head), data, data_octets));
    }
    return SPACE_PACKET_HEADER_OCTETS + after_header;
}

size_t space_packet_encode_many(uint8_t *out, size_t capacity, const space_packet_header_t *common,
                                const uint16_t *apids, const uint16_t *counts, const uint8_t *data,
                                const uint64_t *data_offsets, size_t many, crc16_function *crc,
                                uint64_t *offsets) {
    space_packet_header_t header = *common;
    size_t at = 0;
    offsets[0] = 0;
    for (size_t i = 0; i < many; i++) {
        header.apid = apids[i];
        header.count = counts[i];
        const size_t octets = space_packet_encode(out + at, capacity - at, &header, data + data_offsets[i],
                                                  (size_t)(data_offsets[i + 1] - data_offsets[i]), crc);
        if (octets == 0) {
            return i;
        }
        at += octets;
        offsets[i + 1] = at;
    }
    return many;
}

size_t space_packet_index(const uint8_t *octets, size_t length, const space_packet_index_t *index, size_t most,
                          crc16_function *crc, size_t *consumed, space_packet_stop_t *stop) {
    size_t at = 0;
    size_t found = 0;
    for (; at < length; found++) {
        if (octets[at] >> 5) {
            *stop = SPACE_PACKET_DAMAGED;
            *consumed = at;
            return found;
        }
        if (length - at < SPACE_PACKET_FEWEST_OCTETS) {
            break;
        }
        if (length - at > AHEAD) {
            __builtin_prefetch(octets + at + AHEAD);
        }
        const space_packet_header_t header = space_packet_load_header(octets + at);
        if (header.octets > length - at) {
            break;
        }
        if (found == most) {
            *stop = SPACE_PACKET_FULL;
            *consumed = at;
            return found;
        }
        index->offset[found] = at;
        index->octets[found] = header.octets;
        index->apid[found] = header.apid;
        index->count[found] = header.count;
        index->flags[found] = header.flags;
        index->telecommand[found] = header.telecommand;
        index->secondary_header[found] = header.secondary_header;
        index->crc_right[found] = crc == NULL || crc(CRC16_PRESET, octets + at, header.octets) == 0;
        at += header.octets;
    }
    *stop = at < length ? SPACE_PACKET_INCOMPLETE : SPACE_PACKET_AT_END;
    *consumed = at;
    return found;
}

static bool header_believable(const uint8_t *octets, const space_packet_belief_t *belief) {
    const uint16_t apid = octets_load_u16(octets) & 0x7FF;
    return octets[0] >> 5 == 0 && (belief->apids == NULL || belief->apids[apid >> 3] >> (apid & 7) & 1);
}

size_t space_packet_resynchronise(const uint8_t *octets, size_t length, size_t from,
                                  const space_packet_belief_t *belief) {
    for (size_t at = from; at < length && length - at >= SPACE_PACKET_FEWEST_OCTETS; at++) {
        const size_t left = length - at;
        if (!header_believable(octets + at, belief)) {
            continue;
        }
        const size_t whole = (size_t)octets_load_u16(octets + at + 4) + SPACE_PACKET_FEWEST_OCTETS;
        if (whole > left) {
            continue;
        }
        if (belief->crc ? belief->crc(CRC16_PRESET, octets + at, whole) == 0
                        : left - whole < 2 || header_believable(octets + at + whole, belief)) {
            return at;
        }
    }
    return length;
}
