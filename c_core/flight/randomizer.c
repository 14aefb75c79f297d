#include "flight/randomizer.h"

#include <string.h>

#include "flight/randomizer_tables.inc"

enum { DEGREE = 17, TAP = 14 };

/// 255 bits are 255 octets, as 8 and 255 have no common factor.
static void apply_periodic(const uint8_t sequence[255], uint8_t *octets, size_t count) {
    while (count > 0) {
        const size_t part = count < 255 ? count : 255;
        for (size_t i = 0; i < part; i++) octets[i] ^= sequence[i];
        octets += part;
        count -= part;
    }
}

/// Squaring six times turns the recurrence of bits into the same recurrence of 64-bit words:
/// w[n+17] = w[n+14] ^ w[n], lane by lane, so the octet order within a word does not matter.
static void apply_long(uint8_t *octets, size_t count) {
    uint64_t words[DEGREE];
    memcpy(words, telemetry_131071, sizeof words);
    while (count > 0) {
        uint8_t sequence[sizeof words];
        memcpy(sequence, words, sizeof words);
        const size_t part = count < sizeof words ? count : sizeof words;
        for (size_t i = 0; i < part; i++) octets[i] ^= sequence[i];
        octets += part;
        count -= part;
        for (int i = 0; i < DEGREE; i++) words[i] ^= words[(i + TAP) % DEGREE];
    }
}

void randomizer_apply(randomizer_t which, uint8_t *octets, size_t count) {
    switch (which) {
    case RANDOMIZER_TM_255: apply_periodic(telemetry_255, octets, count); break;
    case RANDOMIZER_TC_255: apply_periodic(telecommand_255, octets, count); break;
    case RANDOMIZER_TM_131071: apply_long(octets, count); break;
    case RANDOMIZER_NONE: break;
    }
}

void randomizer_apply_rows(randomizer_t which, uint8_t *octets, size_t row_octets, size_t rows) {
    for (size_t row = 0; row < rows; row++) randomizer_apply(which, octets + row * row_octets, row_octets);
}
