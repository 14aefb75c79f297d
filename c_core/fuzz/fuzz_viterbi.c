/// Any soft symbols, cut anywhere: the same bits; every symbol accounted for.
#include <stdlib.h>
#include <string.h>

#include "ground/viterbi.h"

enum { SYMBOLS_MOST = 20000, OCTETS_MOST = SYMBOLS_MOST / 16 + 2 * VITERBI_FLUSH_OCTETS, GROUPS_MOST = 16 };

static uint8_t octets[2][OCTETS_MOST + 2 * VITERBI_GROUP_OCTETS];
static viterbi_group_t groups[2][GROUPS_MOST];
static uint8_t symbols[SYMBOLS_MOST];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t run(bool invert_g2, size_t count, size_t piece, int k) {
    viterbi_t state;
    viterbi_init(&state, invert_g2);
    size_t found = 0;
    for (size_t at = 0; at < count; at += piece) {
        const size_t part = count - at < piece ? count - at : piece;
        const size_t most = viterbi_most_groups(part);
        const size_t now = viterbi_feed(&state, symbols + at, part, octets[k] + found * VITERBI_GROUP_OCTETS,
                                        groups[k] + found);
        if (now > most) abort();
        found += now;
    }
    found += viterbi_flush(&state, octets[k] + found * VITERBI_GROUP_OCTETS, groups[k] + found);
    if (state.first_symbol != count) abort();
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 8) return 0;
    // A short input is repeated to a stream, so that groups and dropped symbols are reached.
    const size_t count = (size_t)(data[0] << 8 | data[1]) % SYMBOLS_MOST;
    for (size_t i = 0; i < count; i++) symbols[i] = data[4 + i % (size - 4)];
    const bool invert_g2 = data[2] & 1;
    const size_t whole = run(invert_g2, count, SYMBOLS_MOST, 0);
    const size_t parts = run(invert_g2, count, 1 + (size_t)data[3] * 16, 1);
    if (whole != parts) abort();
    uint64_t next = 0;
    for (size_t n = 0; n < whole; n++) {
        if (memcmp(&groups[0][n], &groups[1][n], sizeof groups[0][n]) != 0) abort();
        const viterbi_group_t *group = &groups[0][n];
        if (group->first_symbol != next && group->first_symbol != next + 1) abort();
        if (group->symbol_errors > 2 * group->bits) abort();
        next = group->first_symbol + 2 * (uint64_t)group->bits;
        const size_t at = n * VITERBI_GROUP_OCTETS;
        if (memcmp(octets[0] + at, octets[1] + at, (group->bits + 7) / 8) != 0) abort();
    }
    return 0;
}
