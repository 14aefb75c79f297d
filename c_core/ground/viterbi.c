#include "ground/viterbi.h"

#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { CHAINS = 4, CHAIN_STEPS = VITERBI_GROUP_STEPS / CHAINS, ERASED = 127 };

_Static_assert(VITERBI_GROUP_STEPS % (CHAINS * 64) == 0, "each chain writes whole words");
_Static_assert(VITERBI_OVERLAP_STEPS % VITERBI_UNIT_STEPS == 0, "units are moved whole");

// ---- branch costs ----------------------------------------------------------------------------------

/// Costs of the four symbol pairs 00, 01, 10, 11, in octets 0 to 3: what each pair disagrees with the
/// symbols received. The pair of their signs costs nothing, so that path costs grow only where the
/// channel erred, and octets hold them for long.
static void find_costs(const uint8_t *symbols, uint8_t flip_second, uint32_t cost[VITERBI_UNIT_STEPS]) {
    for (int i = 0; i < VITERBI_UNIT_STEPS; i++) {
        const uint32_t x = symbols[2 * i];
        const uint32_t y = (uint32_t)symbols[2 * i + 1] ^ flip_second;
        const uint32_t x_one = x >> 7, y_one = y >> 7;
        const uint32_t x_level = ((x ^ (x_one - 1)) & 0x7f) >> 3;
        const uint32_t y_level = ((y ^ (y_one - 1)) & 0x7f) >> 3;
        // Selects with masks, not branches, so that compilers work on many steps at once.
        const uint32_t x_cost = (x_one ? 0x00000101u : 0x01010000u) * x_level;
        const uint32_t y_cost = (y_one ? 0x00010001u : 0x01000100u) * y_level;
        cost[i] = x_cost + y_cost;
    }
}

/// The symbols' top bits, packed, first symbol most significant.
static void pack_signs(const uint8_t *symbols, size_t count, uint8_t *packed) {
    for (size_t i = 0; i < count; i += 8) {
        uint64_t word = 0;
        for (int k = 0; k < 8; k++) word |= (uint64_t)(symbols[i + (size_t)k] >> 7) << 8 * k;
        packed[i / 8] = (uint8_t)(word * UINT64_C(0x8040201008040201) >> 56);
    }
}

// ---- add, compare, select --------------------------------------------------------------------------
// State: the last six bits, newest least significant. State s is reached from s >> 1 and (s >> 1) + 32 by
// the bit s & 1. The pair sent is that of the seven bits; as both generators tap the newest and the oldest
// bit, flipping either one gives the opposite pair.
//
// Path costs differ by 6 * 30 at most (six steps lead from any state to any other) and the least grows by
// 15 a step at most (a state's two branches are opposite pairs). Subtracting sixteens every four steps until
// the least is below 16 thus keeps all below 16 + 60 + 180 = 256.

enum { SLACK = 16 };

static int pair_of(unsigned seven_bits) {
    return __builtin_parity(seven_bits & 0x4f) << 1 | __builtin_parity(seven_bits & 0x6d);
}

#if defined(__AVX512VBMI__)

static void run_unit(uint8_t metric[VITERBI_STATES], const uint32_t cost[VITERBI_UNIT_STEPS],
                     uint64_t decision[VITERBI_UNIT_STEPS]) {
    uint8_t index[4][VITERBI_STATES];
    for (unsigned s = 0; s < VITERBI_STATES; s++) {
        index[0][s] = (uint8_t)(s >> 1);
        index[1][s] = (uint8_t)((s >> 1) + 32);
        index[2][s] = (uint8_t)pair_of(s);
        index[3][s] = (uint8_t)(pair_of(s) ^ 3);
    }
    const __m512i from_low = _mm512_loadu_si512(index[0]), from_high = _mm512_loadu_si512(index[1]);
    const __m512i pair_low = _mm512_loadu_si512(index[2]), pair_high = _mm512_loadu_si512(index[3]);
    const __m512i slack = _mm512_set1_epi8(SLACK);
    __m512i m = _mm512_loadu_si512(metric);
    for (int i = 0; i < VITERBI_UNIT_STEPS; i += 4) {
        for (int k = i; k < i + 4; k++) {
            const __m512i costs = _mm512_set1_epi32((int)cost[k]);
            const __m512i low = _mm512_add_epi8(_mm512_permutexvar_epi8(from_low, m),
                                                _mm512_shuffle_epi8(costs, pair_low));
            const __m512i high = _mm512_add_epi8(_mm512_permutexvar_epi8(from_high, m),
                                                 _mm512_shuffle_epi8(costs, pair_high));
            decision[k] = _mm512_cmplt_epu8_mask(high, low);
            m = _mm512_min_epu8(low, high);
        }
        while (_mm512_cmplt_epu8_mask(m, slack) == 0) m = _mm512_sub_epi8(m, slack);
    }
    _mm512_storeu_si512(metric, m);
}

#elif defined(__AVX2__)

static void run_unit(uint8_t metric[VITERBI_STATES], const uint32_t cost[VITERBI_UNIT_STEPS],
                     uint64_t decision[VITERBI_UNIT_STEPS]) {
    uint8_t pair[2][32];
    for (unsigned j = 0; j < 32; j++) {
        pair[0][j] = (uint8_t)pair_of(2 * j);
        pair[1][j] = (uint8_t)pair_of(2 * j + 1);
    }
    const __m256i pair_even = _mm256_loadu_si256((const __m256i *)pair[0]);
    const __m256i pair_odd = _mm256_loadu_si256((const __m256i *)pair[1]);
    const __m256i slack = _mm256_set1_epi8(SLACK);
    __m256i low = _mm256_loadu_si256((const __m256i *)metric);
    __m256i high = _mm256_loadu_si256((const __m256i *)metric + 1);
    for (int i = 0; i < VITERBI_UNIT_STEPS; i += 4) {
        for (int k = i; k < i + 4; k++) {
            const __m256i costs = _mm256_set1_epi32((int)cost[k]);
            const __m256i even_cost = _mm256_shuffle_epi8(costs, pair_even);
            const __m256i odd_cost = _mm256_shuffle_epi8(costs, pair_odd);
            const __m256i even_low = _mm256_add_epi8(low, even_cost);
            const __m256i odd_low = _mm256_add_epi8(low, odd_cost);
            const __m256i even = _mm256_min_epu8(even_low, _mm256_add_epi8(high, odd_cost));
            const __m256i odd = _mm256_min_epu8(odd_low, _mm256_add_epi8(high, even_cost));
            const __m256i even_kept = _mm256_cmpeq_epi8(even, even_low);
            const __m256i odd_kept = _mm256_cmpeq_epi8(odd, odd_low);
            const __m256i a = _mm256_unpacklo_epi8(even, odd), b = _mm256_unpackhi_epi8(even, odd);
            const __m256i c = _mm256_unpacklo_epi8(even_kept, odd_kept);
            const __m256i d = _mm256_unpackhi_epi8(even_kept, odd_kept);
            low = _mm256_permute2x128_si256(a, b, 0x20);
            high = _mm256_permute2x128_si256(a, b, 0x31);
            const int kept_low = _mm256_movemask_epi8(_mm256_permute2x128_si256(c, d, 0x20));
            const int kept_high = _mm256_movemask_epi8(_mm256_permute2x128_si256(c, d, 0x31));
            decision[k] = ~((uint64_t)(uint32_t)kept_high << 32 | (uint32_t)kept_low);
        }
        for (;;) {
            const __m256i least = _mm256_min_epu8(low, high);
            const __m256i small = _mm256_cmpeq_epi8(_mm256_subs_epu8(slack, least), _mm256_setzero_si256());
            if (_mm256_movemask_epi8(small) != -1) break;
            low = _mm256_sub_epi8(low, slack);
            high = _mm256_sub_epi8(high, slack);
        }
    }
    _mm256_storeu_si256((__m256i *)metric, low);
    _mm256_storeu_si256((__m256i *)metric + 1, high);
}

#else

typedef uint8_t octets16_t __attribute__((vector_size(16)));

static uint32_t top_bits(const octets16_t *v) {
#if defined(__SSE2__)
    return (uint32_t)_mm_movemask_epi8((__m128i)*v);
#else
    uint32_t bits = 0;
    for (int i = 0; i < 16; i++) bits |= (uint32_t)((*v)[i] >> 7) << i;
    return bits;
#endif
}

static void run_unit(uint8_t metric[VITERBI_STATES], const uint32_t cost[VITERBI_UNIT_STEPS],
                     uint64_t decision[VITERBI_UNIT_STEPS]) {
    octets16_t select[4][2];   // [pair][half]: all ones where an even state's branch sends the pair
    for (int pair = 0; pair < 4; pair++) {
        for (unsigned j = 0; j < 32; j++) {
            select[pair][j / 16][j % 16] = pair_of(2 * j) == pair ? 0xff : 0;
        }
    }
    octets16_t state[4];
    memcpy(state, metric, sizeof state);
    for (int i = 0; i < VITERBI_UNIT_STEPS; i++) {
        octets16_t price[4], next[4];
        for (int pair = 0; pair < 4; pair++) {
            const uint64_t repeated = (cost[i] >> 8 * pair & 0xff) * UINT64_C(0x0101010101010101);
            const uint64_t twice[2] = {repeated, repeated};
            memcpy(&price[pair], twice, sizeof twice);
        }
        uint64_t decided = 0;
        for (int half = 0; half < 2; half++) {
            octets16_t even_cost = {0}, odd_cost = {0};
            for (int pair = 0; pair < 4; pair++) {
                even_cost |= price[pair] & select[pair][half];
                odd_cost |= price[pair ^ 3] & select[pair][half];
            }
            const octets16_t even_low = state[half] + even_cost, even_high = state[half + 2] + odd_cost;
            const octets16_t odd_low = state[half] + odd_cost, odd_high = state[half + 2] + even_cost;
            const octets16_t even_turn = (octets16_t)(even_high < even_low);
            const octets16_t odd_turn = (octets16_t)(odd_high < odd_low);
            const octets16_t even = (even_high & even_turn) | (even_low & ~even_turn);
            const octets16_t odd = (odd_high & odd_turn) | (odd_low & ~odd_turn);
            next[2 * half] = __builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                                     22, 7, 23);
            next[2 * half + 1] = __builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                                         29, 14, 30, 15, 31);
            const octets16_t first = __builtin_shufflevector(even_turn, odd_turn, 0, 16, 1, 17, 2, 18, 3, 19,
                                                             4, 20, 5, 21, 6, 22, 7, 23);
            const octets16_t second = __builtin_shufflevector(even_turn, odd_turn, 8, 24, 9, 25, 10, 26, 11,
                                                              27, 12, 28, 13, 29, 14, 30, 15, 31);
            decided |= (uint64_t)(top_bits(&first) | top_bits(&second) << 16) << 32 * half;
        }
        decision[i] = decided;
        memcpy(state, next, sizeof state);
        while (i % 4 == 3) {
            octets16_t large = (octets16_t)(state[0] >= SLACK);
            for (int k = 1; k < 4; k++) large &= (octets16_t)(state[k] >= SLACK);
            if (top_bits(&large) != 0xffff) break;
            for (int k = 0; k < 4; k++) state[k] -= SLACK;
        }
    }
    memcpy(metric, state, sizeof state);
}

#endif

// ---- traceback -------------------------------------------------------------------------------------

static unsigned step_back(unsigned state, uint64_t decision) {
    return state >> 1 | (unsigned)(decision >> state & 1) << 5;
}

static void store_big_endian(uint8_t *octets, uint64_t word) {
    for (int k = 0; k < 8; k++) octets[k] = (uint8_t)(word >> (56 - 8 * k));
}

/// The group's bits by four chains at once, each beginning VITERBI_OVERLAP_STEPS beyond its part: a chain
/// is one long dependency, and four fill the processor.
static void trace_group(const uint64_t *decision, uint8_t octets[VITERBI_GROUP_OCTETS]) {
    unsigned state[CHAINS] = {0};
    for (int i = CHAIN_STEPS + VITERBI_OVERLAP_STEPS - 1; i >= CHAIN_STEPS; i--) {
        for (int c = 0; c < CHAINS; c++) state[c] = step_back(state[c], decision[CHAIN_STEPS * c + i]);
    }
    for (int unit = CHAIN_STEPS - 64; unit >= 0; unit -= 64) {
        uint64_t word[CHAINS] = {0};
        for (int i = unit + 63; i >= unit; i--) {
            for (int c = 0; c < CHAINS; c++) {
                word[c] = word[c] >> 1 | (uint64_t)(state[c] & 1) << 63;
                state[c] = step_back(state[c], decision[CHAIN_STEPS * c + i]);
            }
        }
        for (int c = 0; c < CHAINS; c++) store_big_endian(octets + (CHAIN_STEPS * c + unit) / 8, word[c]);
    }
}

/// How many of the `count` first bits of two strings of octets differ.
static uint32_t differences(const uint8_t *a, const uint8_t *b, size_t count) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count / 8; i++) sum += (uint32_t)__builtin_popcount((unsigned)(a[i] ^ b[i]));
    if (count % 8 != 0) {
        const unsigned kept = 0xff00u >> count % 8 & 0xff;
        sum += (uint32_t)__builtin_popcount((unsigned)(a[count / 8] ^ b[count / 8]) & kept);
    }
    return sum;
}

// ---- the stream ------------------------------------------------------------------------------------

/// No state is more likely than another, and nothing is known of the bits before.
static void restart(viterbi_t *self) {
    memset(self->metric, 0, sizeof self->metric);
    self->steps = 0;
    self->synchronised = false;
    self->bad_groups = 0;
}

void viterbi_init(viterbi_t *self, bool invert_g2) {
    memset(self, 0, sizeof *self);
    self->encoder.invert_g2 = invert_g2;
}

size_t viterbi_most_groups(size_t count) {
    return (count / 2 + VITERBI_HELD_STEPS + VITERBI_UNIT_STEPS) / VITERBI_GROUP_STEPS + 1;
}

/// Compares the group's symbols with the decoded bits encoded again, and drops a symbol if they disagree
/// too often for too long.
static void watch_pairing(viterbi_t *self, uint32_t errors) {
    if (errors <= VITERBI_TOLERATED_ERRORS) {
        self->synchronised = true;
        self->bad_groups = 0;
        return;
    }
    self->bad_groups++;
    if (self->bad_groups < (self->synchronised ? 4 : 1)) return;
    self->first_symbol += 2 * (uint64_t)self->steps + 1;
    restart(self);
    self->drop_symbol = true;
    self->drops++;
}

static void finish_group(viterbi_t *self, uint8_t *octets, viterbi_group_t *group) {
    uint8_t again[2 * VITERBI_GROUP_OCTETS];
    trace_group(self->decision, octets);
    convolutional_encode(&self->encoder, octets, VITERBI_GROUP_OCTETS, again);
    group->first_symbol = self->first_symbol;
    group->bits = VITERBI_GROUP_STEPS;
    group->symbol_errors = differences(again, self->sign, 2 * VITERBI_GROUP_STEPS);
    self->first_symbol += 2 * VITERBI_GROUP_STEPS;
    self->steps -= VITERBI_GROUP_STEPS;
    memmove(self->decision, self->decision + VITERBI_GROUP_STEPS, self->steps * sizeof self->decision[0]);
    memmove(self->sign, self->sign + 2 * VITERBI_GROUP_OCTETS, self->steps / 4);
    watch_pairing(self, group->symbol_errors);
}

static void take_unit(viterbi_t *self, const uint8_t *symbols) {
    uint32_t cost[VITERBI_UNIT_STEPS];
    find_costs(symbols, self->encoder.invert_g2 ? 0xff : 0, cost);
    pack_signs(symbols, 2 * VITERBI_UNIT_STEPS, self->sign + self->steps / 4);
    run_unit(self->metric, cost, self->decision + self->steps);
    self->steps += VITERBI_UNIT_STEPS;
}

size_t viterbi_feed(viterbi_t *self, const uint8_t *symbols, size_t count, uint8_t *octets,
                    viterbi_group_t *groups) {
    const size_t unit = 2 * VITERBI_UNIT_STEPS;
    size_t found = 0;
    while (count > 0) {
        if (self->drop_symbol) {
            self->drop_symbol = false;
            symbols++;
            count--;
            continue;
        }
        if (self->symbols == 0 && count >= unit) {
            take_unit(self, symbols);
            symbols += unit;
            count -= unit;
        } else {
            const size_t room = unit - self->symbols;
            const size_t part = count < room ? count : room;
            memcpy(self->symbol + self->symbols, symbols, part);
            self->symbols += (uint32_t)part;
            symbols += part;
            count -= part;
            if (self->symbols < unit) break;
            self->symbols = 0;
            take_unit(self, self->symbol);
        }
        if (self->steps == VITERBI_HELD_STEPS) {
            finish_group(self, octets + found * VITERBI_GROUP_OCTETS, &groups[found]);
            found++;
        }
    }
    return found;
}

size_t viterbi_flush(viterbi_t *self, uint8_t *octets, viterbi_group_t *group) {
    const uint32_t bits = self->steps + self->symbols / 2;
    const uint64_t end = self->first_symbol + 2 * (uint64_t)self->steps + self->symbols;
    uint64_t decision[VITERBI_HELD_STEPS + VITERBI_UNIT_STEPS];
    uint8_t sign[2 * (VITERBI_HELD_STEPS + VITERBI_UNIT_STEPS) / 8];
    memcpy(decision, self->decision, self->steps * sizeof decision[0]);
    memcpy(sign, self->sign, self->steps / 4);
    uint32_t steps = self->steps;
    if (self->symbols > 1) {
        // Symbols that know nothing fill the unit: they cost nothing and decide nothing.
        uint32_t cost[VITERBI_UNIT_STEPS];
        const uint32_t whole = self->symbols & ~1u;
        memset(self->symbol + whole, ERASED, sizeof self->symbol - whole);
        find_costs(self->symbol, self->encoder.invert_g2 ? 0xff : 0, cost);
        pack_signs(self->symbol, 2 * VITERBI_UNIT_STEPS, sign + steps / 4);
        run_unit(self->metric, cost, decision + steps);
        steps += VITERBI_UNIT_STEPS;
    }
    unsigned state = 0;
    for (unsigned s = 1; s < VITERBI_STATES; s++) {
        if (self->metric[s] < self->metric[state]) state = s;
    }
    memset(octets, 0, VITERBI_FLUSH_OCTETS);
    for (uint32_t i = steps; i-- > 0;) {
        if (i < bits) octets[i / 8] |= (uint8_t)((state & 1) << (7 - i % 8));
        state = step_back(state, decision[i]);
    }
    uint8_t again[2 * VITERBI_FLUSH_OCTETS];
    convolutional_encode(&self->encoder, octets, (bits + 7) / 8, again);
    group->first_symbol = self->first_symbol;
    group->bits = bits;
    group->symbol_errors = differences(again, sign, 2 * (size_t)bits);
    const convolutional_t encoder = {.last_bits = 0, .invert_g2 = self->encoder.invert_g2};
    const uint64_t drops = self->drops;
    memset(self, 0, sizeof *self);
    self->encoder = encoder;
    self->drops = drops;
    self->first_symbol = end;
    return bits > 0;
}
