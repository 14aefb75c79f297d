#include "flight/reed_solomon_encoder.h"

#include "flight/reed_solomon_tables.inc"

bool reed_solomon_fits(const reed_solomon_code_t *code, size_t frame_octets) {
    if (code->parity_octets != 32 && code->parity_octets != 16) return false;
    if (code->interleave < 1 || code->interleave > REED_SOLOMON_MOST_INTERLEAVE) return false;
    const size_t most = (size_t)(REED_SOLOMON_WORD_OCTETS - code->parity_octets) * code->interleave;
    return frame_octets > 0 && frame_octets <= most && frame_octets % code->interleave == 0;
}

uint8_t reed_solomon_to_dual(uint8_t conventional) { return dual_of_conventional[conventional]; }

uint8_t reed_solomon_to_conventional(uint8_t dual) { return conventional_of_dual[dual]; }

/// Divides `lanes` code words at once: each division is one long chain of dependent steps, and side by
/// side they fill the processor. The parity register keeps the next octet in its lowest eight bits.
static inline void divide(const uint64_t *feedback, int words, bool dual, const uint8_t *frame,
                          size_t steps, size_t stride, int lanes, uint8_t *check) {
    uint64_t parity[4][4] = {{0}};
    for (size_t i = 0; i < steps; i++) {
        for (int lane = 0; lane < lanes; lane++) {
            uint64_t *p = parity[lane];
            const uint8_t octet = frame[i * stride + (size_t)lane];
            const unsigned next = ((dual ? conventional_of_dual[octet] : octet) ^ (unsigned)p[0]) & 0xff;
            const uint64_t *low = feedback + (next & 15) * (unsigned)words;
            const uint64_t *high = feedback + (16 + (next >> 4)) * (unsigned)words;
            for (int w = 0; w < words; w++) {
                const uint64_t above = w + 1 < words ? p[w + 1] << 56 : 0;
                p[w] = (p[w] >> 8 | above) ^ low[w] ^ high[w];
            }
        }
    }
    for (int k = 0; k < 8 * words; k++) {
        for (int lane = 0; lane < lanes; lane++) {
            const uint8_t octet = (uint8_t)(parity[lane][k / 8] >> 8 * (k % 8));
            check[(size_t)k * stride + (size_t)lane] = dual ? dual_of_conventional[octet] : octet;
        }
    }
}

static inline void divide_all(const uint64_t *feedback, int words, bool dual, const uint8_t *frame,
                              size_t steps, size_t interleave, uint8_t *check) {
    size_t word = 0;
    for (; word + 4 <= interleave; word += 4) {
        divide(feedback, words, dual, frame + word, steps, interleave, 4, check + word);
    }
    for (; word < interleave; word++) {
        divide(feedback, words, dual, frame + word, steps, interleave, 1, check + word);
    }
}

void reed_solomon_encode(const reed_solomon_code_t *code, const uint8_t *frame, size_t frame_octets,
                         uint8_t *check) {
    const size_t interleave = code->interleave;
    const size_t steps = frame_octets / interleave;
    // Constants at each call let the compiler unroll the register's words.
    if (code->parity_octets == 32 && code->dual_basis) {
        divide_all(&feedback_32[0][0][0], 4, true, frame, steps, interleave, check);
    } else if (code->parity_octets == 32) {
        divide_all(&feedback_32[0][0][0], 4, false, frame, steps, interleave, check);
    } else if (code->dual_basis) {
        divide_all(&feedback_16[0][0][0], 2, true, frame, steps, interleave, check);
    } else {
        divide_all(&feedback_16[0][0][0], 2, false, frame, steps, interleave, check);
    }
}
