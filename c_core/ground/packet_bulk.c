#include "ground/packet_bulk.h"

#include "flight/octets.h"
#include "ground/crc16_bulk.h"
#include "ground/crc16_fold512.h"

#if defined(HAS_FOLD512)

enum { SHORT_DATA = 64 - SPACE_PACKET_HEADER_OCTETS - SPACE_PACKET_CRC_OCTETS };

/// A packet that fits into one register, CRC included.
WITH_128_BIT_FORM static inline void encode_short(uint8_t *out, uint64_t head, const uint8_t *data, unsigned octets) {
    const __m512i shift = _mm512_set_epi8(57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, //
                                          41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, //
                                          25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, //
                                          9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0);
    const __mmask64 header_places = 0x3F;
    const unsigned covered = SPACE_PACKET_HEADER_OCTETS + octets;
    const __mmask64 used = ~0ULL >> (64 - covered);
    const __m512i header =
        _mm512_zextsi128_si512(_mm_cvtsi64_si128((long long)__builtin_bswap64(head << 16)));
    const __m512i payload = _mm512_maskz_loadu_epi8(used >> SPACE_PACKET_HEADER_OCTETS, data);
    const __m512i packet = _mm512_mask_permutexvar_epi8(header, (__mmask64)~header_places, shift, payload);
    _mm512_mask_storeu_epi8(out, used, packet);
    const __m512i preset = _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)CRC16_PRESET));
    octets_store_u16(out + covered, reduced(flush_right(_mm512_xor_si512(packet, preset), covered)));
}

size_t packet_bulk_encode_many(uint8_t *out, size_t capacity, const space_packet_header_t *common,
                               const uint16_t *apids, const uint16_t *counts, const uint8_t *data,
                               const uint64_t *data_offsets, size_t many, uint64_t *offsets) {
    const space_packet_header_t bare = {.octets = SPACE_PACKET_FEWEST_OCTETS,
                                        .version = common->version,
                                        .telecommand = common->telecommand,
                                        .secondary_header = common->secondary_header,
                                        .flags = common->flags};
    uint8_t first[8] = {0};
    space_packet_store_header(first + 2, &bare);
    const uint64_t fixed = octets_load_u64(first);
    size_t at = 0;
    offsets[0] = 0;
    for (size_t i = 0; i < many; i++) {
        const size_t octets = (size_t)(data_offsets[i + 1] - data_offsets[i]);
        const size_t whole = octets + SPACE_PACKET_HEADER_OCTETS + SPACE_PACKET_CRC_OCTETS;
        if (octets <= SHORT_DATA && whole <= capacity - at) {
            const uint64_t head = fixed | (uint64_t)(apids[i] & 0x7FFu) << 32 | (uint64_t)(counts[i] & 0x3FFFu) << 16 |
                                  (whole - SPACE_PACKET_FEWEST_OCTETS);
            encode_short(out + at, head, data + data_offsets[i], (unsigned)octets);
            at += whole;
        } else {
            space_packet_header_t header = bare;
            header.apid = apids[i];
            header.count = counts[i];
            const size_t written = space_packet_encode(out + at, capacity - at, &header, data + data_offsets[i],
                                                       octets, crc16_bulk);
            if (written == 0) {
                return i;
            }
            at += written;
        }
        offsets[i + 1] = at;
    }
    return many;
}

#else

size_t packet_bulk_encode_many(uint8_t *out, size_t capacity, const space_packet_header_t *common,
                               const uint16_t *apids, const uint16_t *counts, const uint8_t *data,
                               const uint64_t *data_offsets, size_t many, uint64_t *offsets) {
    return space_packet_encode_many(out, capacity, common, apids, counts, data, data_offsets, many, crc16_bulk,
                                    offsets);
}

#endif
