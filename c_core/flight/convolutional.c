#include "flight/convolutional.h"

/// Moves bit i to bit 2 i.
static uint64_t spread(uint64_t x) {
    x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
    x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x | x << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    x = (x | x << 2) & UINT64_C(0x3333333333333333);
    return (x | x << 1) & UINT64_C(0x5555555555555555);
}

/// The symbols of the `bits` (at most 32) newest bits of `line`, which has six older ones above them.
static uint64_t symbols_of(uint64_t line, int bits, bool invert_g2) {
    const uint64_t keep = (UINT64_C(1) << bits) - 1;
    const uint64_t c1 = line ^ line >> 1 ^ line >> 2 ^ line >> 3 ^ line >> 6;
    const uint64_t c2 = line ^ line >> 2 ^ line >> 3 ^ line >> 5 ^ line >> 6;
    return spread(c1 & keep) << 1 | spread((invert_g2 ? ~c2 : c2) & keep);
}

void convolutional_encode(convolutional_t *self, const uint8_t *octets, size_t count, uint8_t *symbols) {
    uint64_t line = self->last_bits;
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        line = (line & 0x3f) << 32 | (uint64_t)octets[i] << 24 | (uint64_t)octets[i + 1] << 16 |
               (uint64_t)octets[i + 2] << 8 | octets[i + 3];
        const uint64_t coded = symbols_of(line, 32, self->invert_g2);
        for (int k = 0; k < 8; k++) symbols[2 * i + (size_t)k] = (uint8_t)(coded >> (56 - 8 * k));
    }
    for (; i < count; i++) {
        line = (line & 0x3f) << 8 | octets[i];
        const uint64_t coded = symbols_of(line, 8, self->invert_g2);
        symbols[2 * i] = (uint8_t)(coded >> 8);
        symbols[2 * i + 1] = (uint8_t)coded;
    }
    self->last_bits = (uint8_t)(line & 0x3f);
}
