#include "flight/telecommand.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/octets.h"

enum {
    START_SEQUENCE = 0xEB90,
    START_BITS = 16,
    CODEBLOCK_BITS = 64,
    BCH_GENERATOR = 0x45, ///< x^7 + x^6 + x^2 + 1 without its highest term
    RANDOMIZER_START = 0xFF,
};

static const uint8_t tail_sequence[CLTU_TAIL_OCTETS] = {0xC5, 0xC5, 0xC5, 0xC5, 0xC5, 0xC5, 0xC5, 0x79};

_Static_assert(CLTU_CANDIDATE_OCTETS >= TELECOMMAND_FRAME_MOST_OCTETS + CLTU_INFORMATION_OCTETS - 1,
               "the longest frame with its fill fits into a candidate");

/// x^8 + x^6 + x^4 + x^3 + x^2 + x + 1 (231.0-B-4 6.4): the next octet of the sequence FF 39 9E 5A 68 ...
static uint8_t randomizer_octet(uint8_t *state) {
    const uint8_t octet = *state;
    for (unsigned i = 0; i < 8; i++) {
        const unsigned s = *state;
        const unsigned next = (s >> 7 ^ s >> 6 ^ s >> 5 ^ s >> 4 ^ s >> 3 ^ s >> 1) & 1;
        *state = (uint8_t)(s << 1 | next);
    }
    return octet;
}

/// Remainder of the 56 information bits times x^7.
static unsigned bch_remainder(uint64_t information) {
    unsigned remainder = 0;
    for (unsigned i = 56; i-- > 0;) {
        const unsigned feedback = (remainder >> 6 ^ (unsigned)(information >> i)) & 1;
        remainder = (remainder << 1 & 0x7F) ^ (feedback ? BCH_GENERATOR : 0);
    }
    return remainder;
}

// Which of the 63 code bits, the first sent being 0, is wrong if the syndrome is this; -1: more than one.
// x^7 + x^6 + x^2 + 1 = (x + 1)(x^6 + x + 1), so any even number of errors gives a syndrome of even
// weight, never that of a single error: two errors are always seen.
static const int8_t wrong_bit[128] = {
    -1, 62, 61, -1, 60, -1, -1, 36, 59, -1, -1, 27, -1, 14, 35, -1,
    58, -1, -1, 46, -1, 10, 26, -1, -1, 17, 13, -1, 34, -1, -1,  6,
    57, -1, -1, 51, -1, 31, 45, -1, -1, 39,  9, -1, 25, -1, -1, 22,
    -1,  1, 16, -1, 12, -1, -1, 19, 33, -1, -1, 41, -1,  3,  5, -1,
    56, -1, -1, -1, -1, 55, 50, -1, -1, 49, 30, -1, 44, -1, -1, 54,
    -1, 29, 38, -1,  8, -1, -1, 48, 24, -1, -1, 53, -1, 43, 21, -1,
    -1, 37,  0, -1, 15, -1, -1, 28, 11, -1, -1, 47, -1,  7, 18, -1,
    32, -1, -1, 52, -1, 23, 40, -1, -1, 20,  2, -1,  4, -1, -1, 42,
};

size_t telecommand_encode_frame(uint8_t *out, size_t capacity, const telecommand_header_t *header,
                                const uint8_t *data, size_t data_octets) {
    const size_t segment_octets = header->segment_header < 0 ? 0 : TELECOMMAND_SEGMENT_HEADER_OCTETS;
    const size_t overhead = TELECOMMAND_HEADER_OCTETS + segment_octets + TELECOMMAND_FECF_OCTETS;
    if (data_octets > TELECOMMAND_FRAME_MOST_OCTETS - overhead || capacity < overhead + data_octets) {
        return 0;
    }
    const size_t octets = overhead + data_octets;
    octets_store_u16(out, (header->bypass & 1u) << 13 | (header->control & 1u) << 12 | (header->spacecraft_id & 0x3FFu));
    octets_store_u16(out + 2, (header->virtual_channel & 0x3Fu) << 10 | (uint32_t)(octets - 1));
    out[4] = header->sequence;
    if (segment_octets) {
        out[5] = (uint8_t)header->segment_header;
    }
    if (data_octets) {
        memcpy(out + TELECOMMAND_HEADER_OCTETS + segment_octets, data, data_octets);
    }
    octets_store_u16(out + octets - TELECOMMAND_FECF_OCTETS,
                     crc16(CRC16_PRESET, out, octets - TELECOMMAND_FECF_OCTETS));
    return octets;
}

size_t cltu_octets(size_t frame_octets) {
    const size_t codeblocks = (frame_octets + CLTU_INFORMATION_OCTETS - 1) / CLTU_INFORMATION_OCTETS;
    return CLTU_START_OCTETS + codeblocks * CLTU_CODEBLOCK_OCTETS + CLTU_TAIL_OCTETS;
}

size_t cltu_encode(uint8_t *out, size_t capacity, const uint8_t *frame, size_t frame_octets, bool randomize) {
    const size_t whole = cltu_octets(frame_octets);
    if (capacity < whole) {
        return 0;
    }
    uint8_t randomizer = RANDOMIZER_START;
    octets_store_u16(out, START_SEQUENCE);
    uint8_t *block = out + CLTU_START_OCTETS;
    for (size_t at = 0; at < frame_octets; at += CLTU_INFORMATION_OCTETS, block += CLTU_CODEBLOCK_OCTETS) {
        uint64_t information = 0;
        for (size_t i = 0; i < CLTU_INFORMATION_OCTETS; i++) {
            uint8_t octet = CLTU_FILL;
            if (at + i < frame_octets) {
                octet = frame[at + i] ^ (randomize ? randomizer_octet(&randomizer) : 0);
            }
            information = information << 8 | octet;
        }
        // 231.0-B-4 3.3: the parity bits are sent complemented, the filler bit after them is 0.
        octets_store_u64(block, information << 8 | (~bch_remainder(information) & 0x7F) << 1);
    }
    memcpy(block, tail_sequence, sizeof tail_sequence);
    return whole;
}

void cltu_receiver_start(cltu_receiver_t *self, bool randomized, bool corrects) {
    memset(self, 0, sizeof *self);
    self->randomized = randomized;
    self->corrects = corrects;
}

static void search_bit(cltu_receiver_t *self, unsigned bit) {
    self->bits = self->bits << 1 | bit;
    self->held += self->held < START_BITS;
    if (self->held < START_BITS) {
        return;
    }
    const uint64_t difference = (self->bits ^ START_SEQUENCE) & 0xFFFF;
    if (difference == 0 || (self->corrects && (difference & (difference - 1)) == 0)) {
        self->count.starts++;
        self->count.inexact_starts += difference != 0;
        self->decoding = 1;
        self->overlong = 0;
        self->randomizer = RANDOMIZER_START;
        self->bits = 0;
        self->held = 0;
        self->filled = 0;
    }
}

/// @return whether the codeblock was good or could be corrected.
static bool take_codeblock(cltu_receiver_t *self) {
    uint64_t information = self->bits >> 8;
    const unsigned parity = ~(unsigned)(self->bits >> 1) & 0x7F;
    const unsigned syndrome = bch_remainder(information) ^ parity;
    if (syndrome) {
        const int wrong = wrong_bit[syndrome];
        if (wrong < 0 || !self->corrects) {
            return false;
        }
        if (wrong < 56) {
            information ^= (uint64_t)1 << (55 - wrong);
        }
        self->count.corrected++;
    }
    self->count.codeblocks++;
    if (self->filled == CLTU_CANDIDATE_OCTETS) {
        self->count.overlong += !self->overlong;
        self->overlong = 1;
        return true;
    }
    for (unsigned i = 0; i < CLTU_INFORMATION_OCTETS; i++) {
        const uint8_t octet = (uint8_t)(information >> (48 - 8 * i));
        self->candidate[self->filled++] = octet ^ (self->randomized ? randomizer_octet(&self->randomizer) : 0);
    }
    return true;
}

static void take_bit(cltu_receiver_t *self, unsigned bit) {
    if (!self->decoding) {
        search_bit(self, bit);
        return;
    }
    self->bits = self->bits << 1 | bit;
    if (++self->held < CODEBLOCK_BITS) {
        return;
    }
    const uint64_t codeblock = self->bits;
    if (take_codeblock(self)) {
        self->bits = 0;
        self->held = 0;
        return;
    }
    self->count.candidates += self->filled != 0;
    self->count.empty += self->filled == 0;
    self->ready = self->filled;
    self->decoding = 0;
    self->bits = 0;
    self->held = 0;
    // Search the codeblock again. It cannot complete another: after a start sequence 48 bits are left.
    for (unsigned i = CODEBLOCK_BITS; i-- > 0;) {
        const unsigned again = (unsigned)(codeblock >> i) & 1;
        if (self->decoding) {
            self->bits = self->bits << 1 | again;
            self->held++;
        } else {
            search_bit(self, again);
        }
    }
}

size_t cltu_receiver_feed(cltu_receiver_t *self, const uint8_t *octets, size_t length) {
    self->ready = 0;
    for (size_t at = 0; at < length;) {
        const uint8_t octet = octets[at++];
        for (unsigned i = 8; i-- > 0;) {
            take_bit(self, octet >> i & 1u);
        }
        if (self->ready) {
            return at;
        }
    }
    return length;
}

telecommand_verdict_t telecommand_decode_frame(const uint8_t *octets, size_t length, uint16_t spacecraft_id,
                                               telecommand_frame_t *frame) {
    memset(frame, 0, sizeof *frame);
    if (length < TELECOMMAND_HEADER_OCTETS + TELECOMMAND_FECF_OCTETS) {
        return TELECOMMAND_TOO_SHORT;
    }
    const uint16_t first = octets_load_u16(octets);
    const uint16_t second = octets_load_u16(octets + 2);
    frame->bypass = first >> 13 & 1;
    frame->control = first >> 12 & 1;
    frame->spacecraft_id = first & 0x3FF;
    frame->virtual_channel = (uint8_t)(second >> 10);
    frame->sequence = octets[4];
    frame->octets = (uint16_t)((second & 0x3FF) + 1);
    if (first >> 14) {
        return TELECOMMAND_BAD_VERSION;
    }
    if (frame->octets < TELECOMMAND_HEADER_OCTETS + TELECOMMAND_FECF_OCTETS || frame->octets > length) {
        return TELECOMMAND_BAD_LENGTH;
    }
    frame->data_octets = (uint16_t)(frame->octets - TELECOMMAND_HEADER_OCTETS - TELECOMMAND_FECF_OCTETS);
    if (crc16(CRC16_PRESET, octets, frame->octets) != 0) {
        return TELECOMMAND_BAD_FECF;
    }
    if (first >> 10 & 3) {
        return TELECOMMAND_BAD_SPARE;
    }
    if (frame->control && !frame->bypass) {
        return TELECOMMAND_BAD_FLAGS;
    }
    return frame->spacecraft_id == spacecraft_id ? TELECOMMAND_GOOD : TELECOMMAND_BAD_SPACECRAFT;
}

telecommand_assembly_t telecommand_assemble(telecommand_map_t *self, uint8_t *buffer, size_t capacity,
                                            unsigned flags, const uint8_t *data, size_t data_octets) {
    const bool begins = flags & TELECOMMAND_SEGMENT_FIRST;
    const bool ends = flags & TELECOMMAND_SEGMENT_LAST;
    if (begins) {
        self->count.unfinished += self->open;
        self->filled = 0;
    } else if (!self->open) {
        self->count.orphans++;
        return TELECOMMAND_ORPHAN;
    }
    self->open = 0;
    if (data_octets > capacity - self->filled) {
        self->filled = 0;
        self->count.overflows++;
        return TELECOMMAND_OVERFLOW;
    }
    if (data_octets) {
        memcpy(buffer + self->filled, data, data_octets);
    }
    self->filled += (uint32_t)data_octets;
    if (!ends) {
        self->open = 1;
        return TELECOMMAND_MORE;
    }
    self->count.units++;
    return TELECOMMAND_UNIT;
}
