#include "ground/viterbi.h"

#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum {
    STATES = 64,
    CHAINS = 4,
    CHAIN_STEPS = VITERBI_GROUP_STEPS / CHAINS,
    WARM_SYMBOLS = 2 * VITERBI_WARM_STEPS,
    GROUP_SYMBOLS = 2 * VITERBI_GROUP_STEPS,
    BLOCK_SYMBOLS = 2 * VITERBI_BLOCK_STEPS,
    ERASED = 127,
};

_Static_assert(VITERBI_GROUP_STEPS % (CHAINS * 64) == 0, "each chain writes whole words");
_Static_assert(VITERBI_BLOCK_STEPS % 4 == 0, "costs are kept small every four steps");

typedef uint32_t costs_t[VITERBI_BLOCK_STEPS];
typedef uint64_t decisions_t[VITERBI_BLOCK_STEPS];   // bit s: state s was reached from (s >> 1) + 32

// ---- branch costs ----------------------------------------------------------------------------------

/// A symbol's distance from the middle, 0 to 127, as 0 to 15, rounded.
static uint32_t level_of(uint32_t distance) {
    const uint32_t level = (distance + 4) >> 3;
    return level - (level >> 4);
}

/// Costs of the four symbol pairs 00, 01, 10, 11, in octets 0 to 3: what each pair disagrees with the
/// symbols received. The pair of their signs costs nothing, so that path costs grow only where the
/// channel erred, and octets hold them for long.
static void find_costs(const uint8_t *symbols, uint8_t flip_second, costs_t cost) {
    for (int i = 0; i < VITERBI_BLOCK_STEPS; i++) {
        const uint32_t x = symbols[2 * i];
        const uint32_t y = (uint32_t)symbols[2 * i + 1] ^ flip_second;
        const uint32_t x_one = x >> 7, y_one = y >> 7;
        const uint32_t x_level = level_of((x ^ (x_one - 1)) & 0x7f);
        const uint32_t y_level = level_of((y ^ (y_one - 1)) & 0x7f);
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
        for (int k = 0; k < 8; k++) word |= (uint64_t)symbols[i + (size_t)k] << 8 * k;
        word = word >> 7 & UINT64_C(0x0101010101010101);
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

/// One block, or two side by side: each is one chain of dependent steps.
static inline void run_side_by_side(const costs_t *cost, decisions_t *decision, int blocks,
                                    uint8_t metric[][STATES]) {
    uint8_t index[4][STATES];
    for (unsigned s = 0; s < STATES; s++) {
        index[0][s] = (uint8_t)(s >> 1);
        index[1][s] = (uint8_t)((s >> 1) + 32);
        index[2][s] = (uint8_t)pair_of(s);
        index[3][s] = (uint8_t)(pair_of(s) ^ 3);
    }
    const __m512i from_low = _mm512_loadu_si512(index[0]), from_high = _mm512_loadu_si512(index[1]);
    const __m512i pair_low = _mm512_loadu_si512(index[2]), pair_high = _mm512_loadu_si512(index[3]);
    const __m512i slack = _mm512_set1_epi8(SLACK);
    __m512i m[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (int i = 0; i < VITERBI_BLOCK_STEPS; i += 4) {
        for (int k = i; k < i + 4; k++) {
            for (int b = 0; b < blocks; b++) {
                const __m512i costs = _mm512_set1_epi32((int)cost[b][k]);
                const __m512i low = _mm512_add_epi8(_mm512_permutexvar_epi8(from_low, m[b]),
                                                    _mm512_shuffle_epi8(costs, pair_low));
                const __m512i high = _mm512_add_epi8(_mm512_permutexvar_epi8(from_high, m[b]),
                                                     _mm512_shuffle_epi8(costs, pair_high));
                decision[b][k] = _mm512_cmplt_epu8_mask(high, low);
                m[b] = _mm512_min_epu8(low, high);
            }
        }
        for (int b = 0; b < blocks; b++) {
            while (_mm512_cmplt_epu8_mask(m[b], slack) == 0) m[b] = _mm512_sub_epi8(m[b], slack);
        }
    }
    for (int b = 0; b < blocks; b++) _mm512_storeu_si512(metric[b], m[b]);
}

#elif defined(__AVX2__)

/// One block, or two side by side: each is one chain of dependent steps.
static inline void run_side_by_side(const costs_t *cost, decisions_t *decision, int blocks,
                                    uint8_t metric[][STATES]) {
    uint8_t pair[2][32];
    for (unsigned j = 0; j < 32; j++) {
        pair[0][j] = (uint8_t)pair_of(2 * j);
        pair[1][j] = (uint8_t)pair_of(2 * j + 1);
    }
    const __m256i pair_even = _mm256_loadu_si256((const __m256i *)pair[0]);
    const __m256i pair_odd = _mm256_loadu_si256((const __m256i *)pair[1]);
    const __m256i slack = _mm256_set1_epi8(SLACK);
    __m256i low[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    __m256i high[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int i = 0; i < VITERBI_BLOCK_STEPS; i += 4) {
        for (int k = i; k < i + 4; k++) {
            for (int n = 0; n < blocks; n++) {
                const __m256i costs = _mm256_set1_epi32((int)cost[n][k]);
                const __m256i even_cost = _mm256_shuffle_epi8(costs, pair_even);
                const __m256i odd_cost = _mm256_shuffle_epi8(costs, pair_odd);
                const __m256i even_low = _mm256_add_epi8(low[n], even_cost);
                const __m256i odd_low = _mm256_add_epi8(low[n], odd_cost);
                const __m256i even = _mm256_min_epu8(even_low, _mm256_add_epi8(high[n], odd_cost));
                const __m256i odd = _mm256_min_epu8(odd_low, _mm256_add_epi8(high[n], even_cost));
                const __m256i even_kept = _mm256_cmpeq_epi8(even, even_low);
                const __m256i odd_kept = _mm256_cmpeq_epi8(odd, odd_low);
                const __m256i a = _mm256_unpacklo_epi8(even, odd), b = _mm256_unpackhi_epi8(even, odd);
                const __m256i c = _mm256_unpacklo_epi8(even_kept, odd_kept);
                const __m256i d = _mm256_unpackhi_epi8(even_kept, odd_kept);
                low[n] = _mm256_permute2x128_si256(a, b, 0x20);
                high[n] = _mm256_permute2x128_si256(a, b, 0x31);
                const int kept_low = _mm256_movemask_epi8(_mm256_permute2x128_si256(c, d, 0x20));
                const int kept_high = _mm256_movemask_epi8(_mm256_permute2x128_si256(c, d, 0x31));
                decision[n][k] = ~((uint64_t)(uint32_t)kept_high << 32 | (uint32_t)kept_low);
            }
        }
        for (int n = 0; n < blocks; n++) {
            for (;;) {
                const __m256i lack = _mm256_subs_epu8(slack, _mm256_min_epu8(low[n], high[n]));
                if (_mm256_testz_si256(lack, lack) == 0) break;
                low[n] = _mm256_sub_epi8(low[n], slack);
                high[n] = _mm256_sub_epi8(high[n], slack);
            }
        }
    }
    for (int n = 0; n < blocks; n++) {
        _mm256_storeu_si256((__m256i *)metric[n], low[n]);
        _mm256_storeu_si256((__m256i *)metric[n] + 1, high[n]);
    }
}

#else

typedef uint8_t octets16_t __attribute__((vector_size(16)));

static uint32_t top_bits(octets16_t v) {
#if defined(__SSE2__)
    return (uint32_t)_mm_movemask_epi8((__m128i)v);
#else
    uint32_t bits = 0;
    for (int i = 0; i < 16; i++) bits |= (uint32_t)(v[i] >> 7) << i;
    return bits;
#endif
}

static octets16_t interleave_front(octets16_t a, octets16_t b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

static octets16_t interleave_back(octets16_t a, octets16_t b) {
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

static void run_one(const uint32_t *cost, uint64_t *decision, uint8_t metric[STATES]) {
    octets16_t select[4][2];   // [pair][half]: all ones where an even state's branch sends the pair
    for (int pair = 0; pair < 4; pair++) {
        for (unsigned j = 0; j < 32; j++) {
            select[pair][j / 16][j % 16] = pair_of(2 * j) == pair ? 0xff : 0;
        }
    }
    octets16_t state[4];
    memset(state, 0, sizeof state);
    for (int i = 0; i < VITERBI_BLOCK_STEPS; i++) {
        octets16_t price[4], next[4];
        for (int pair = 0; pair < 4; pair++) {
            const octets16_t nothing = {0};
            price[pair] = nothing + (uint8_t)(cost[i] >> 8 * pair);
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
            next[2 * half] = interleave_front(even, odd);
            next[2 * half + 1] = interleave_back(even, odd);
            decided |= (uint64_t)top_bits(interleave_front(even_turn, odd_turn)) << 32 * half;
            decided |= (uint64_t)top_bits(interleave_back(even_turn, odd_turn)) << (32 * half + 16);
        }
        decision[i] = decided;
        memcpy(state, next, sizeof state);
        while (i % 4 == 3) {
            octets16_t large = (octets16_t)(state[0] >= SLACK);
            for (int k = 1; k < 4; k++) large &= (octets16_t)(state[k] >= SLACK);
            if (top_bits(large) != 0xffff) break;
            for (int k = 0; k < 4; k++) state[k] -= SLACK;
        }
    }
    memcpy(metric, state, sizeof state);
}

static inline void run_side_by_side(const costs_t *cost, decisions_t *decision, int blocks,
                                    uint8_t metric[][STATES]) {
    for (int b = 0; b < blocks; b++) run_one(cost[b], decision[b], metric[b]);
}

#endif

/// Decisions of one or two blocks, and the path costs at their ends.
static void run_blocks(const costs_t *cost, decisions_t *decision, int blocks, uint8_t metric[][STATES]) {
    if (blocks == 2) run_side_by_side(cost, decision, 2, metric);
    else run_side_by_side(cost, decision, 1, metric);
}

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

/// Begins before any symbol: what came earlier is unknown.
static void forget_history(viterbi_t *self) {
    memset(self->symbol, ERASED, WARM_SYMBOLS);
    self->synchronised = false;
    self->bad_groups = 0;
}

void viterbi_init(viterbi_t *self, bool invert_g2) {
    memset(self, 0, sizeof *self);
    self->encoder.invert_g2 = invert_g2;
    self->symbols = WARM_SYMBOLS;
    forget_history(self);
}

size_t viterbi_most_groups(size_t count) { return (count + BLOCK_SYMBOLS) / GROUP_SYMBOLS + 1; }

/// Forgets the first `count` symbols held.
static void move_down(viterbi_t *self, uint32_t count) {
    memmove(self->symbol, self->symbol + count, self->symbols - count);
    self->symbols -= count;
    self->first_symbol += count;
}

/// Describes the bits decoded from the symbols at `at`, by encoding them again.
static void describe(viterbi_t *self, const uint8_t *octets, uint32_t at, uint32_t bits,
                     viterbi_group_t *group) {
    uint8_t sign[2 * VITERBI_FLUSH_OCTETS], again[2 * VITERBI_FLUSH_OCTETS];
    const uint32_t whole = (bits + 7) / 8;
    pack_signs(self->symbol + at, 16 * (size_t)whole, sign);
    convolutional_encode(&self->encoder, octets, whole, again);
    group->first_symbol = self->first_symbol + at - WARM_SYMBOLS;
    group->bits = bits;
    group->symbol_errors = differences(again, sign, 2 * (size_t)bits);
}

/// Whether the symbols are to be paired anew after this group.
static bool pairing_is_wrong(viterbi_t *self, const viterbi_group_t *group) {
    if (group->symbol_errors <= VITERBI_TOLERATED_ERRORS) {
        self->synchronised = true;
        self->bad_groups = 0;
        return false;
    }
    self->bad_groups++;
    return self->bad_groups >= (self->synchronised ? 4 : 1);
}

/// Decodes the one or two blocks held. Returns how many groups stand: a symbol dropped after the first
/// makes the second void.
static size_t take_blocks(viterbi_t *self, int blocks, uint8_t *octets, viterbi_group_t *groups) {
    costs_t cost[2];
    decisions_t decision[2];
    uint8_t metric[2][STATES];
    const uint8_t flip = self->encoder.invert_g2 ? 0xff : 0;
    for (int b = 0; b < blocks; b++) find_costs(self->symbol + GROUP_SYMBOLS * b, flip, cost[b]);
    run_blocks((const costs_t *)cost, decision, blocks, metric);
    for (int b = 0; b < blocks; b++) {
        const uint32_t at = WARM_SYMBOLS + GROUP_SYMBOLS * (uint32_t)b;
        uint8_t *out = octets + VITERBI_GROUP_OCTETS * b;
        trace_group(decision[b] + VITERBI_WARM_STEPS, out);
        describe(self, out, at, VITERBI_GROUP_STEPS, &groups[b]);
        if (pairing_is_wrong(self, &groups[b])) {
            move_down(self, GROUP_SYMBOLS * (uint32_t)(b + 1) + 1);
            forget_history(self);
            self->drops++;
            return (size_t)b + 1;
        }
    }
    move_down(self, GROUP_SYMBOLS * (uint32_t)blocks);
    return (size_t)blocks;
}

size_t viterbi_feed(viterbi_t *self, const uint8_t *symbols, size_t count, uint8_t *octets,
                    viterbi_group_t *groups) {
    size_t found = 0;
    for (;;) {
        const size_t room = sizeof self->symbol - self->symbols;
        const size_t part = count < room ? count : room;
        memcpy(self->symbol + self->symbols, symbols, part);
        self->symbols += (uint32_t)part;
        symbols += part;
        count -= part;
        if (self->symbols < BLOCK_SYMBOLS) return found;
        const int blocks = self->symbols == sizeof self->symbol ? 2 : 1;
        found += take_blocks(self, blocks, octets + found * VITERBI_GROUP_OCTETS, groups + found);
    }
}

size_t viterbi_flush(viterbi_t *self, uint8_t *octets, viterbi_group_t *group) {
    const uint32_t bits = (self->symbols - WARM_SYMBOLS) / 2;
    const uint32_t left = self->symbols - WARM_SYMBOLS;
    costs_t cost[1];
    decisions_t decision[1];
    uint8_t metric[1][STATES];
    // Symbols that know nothing fill the block: they cost nothing and leave the best path the best.
    memset(self->symbol + WARM_SYMBOLS + 2 * bits, ERASED, sizeof self->symbol - WARM_SYMBOLS - 2 * bits);
    find_costs(self->symbol, self->encoder.invert_g2 ? 0xff : 0, cost[0]);
    run_blocks((const costs_t *)cost, decision, 1, metric);
    unsigned state = 0;
    for (unsigned s = 1; s < STATES; s++) {
        if (metric[0][s] < metric[0][state]) state = s;
    }
    memset(octets, 0, VITERBI_FLUSH_OCTETS);
    for (uint32_t i = VITERBI_BLOCK_STEPS; i-- > VITERBI_WARM_STEPS;) {
        const uint32_t bit = i - VITERBI_WARM_STEPS;
        if (bit < bits) octets[bit / 8] |= (uint8_t)((state & 1) << (7 - bit % 8));
        state = step_back(state, decision[0][i]);
    }
    describe(self, octets, WARM_SYMBOLS, bits, group);
    self->symbols = WARM_SYMBOLS;
    self->first_symbol += left;
    self->encoder.last_bits = 0;
    memset(self->symbol, 0, sizeof self->symbol);
    forget_history(self);
    return bits > 0;
}
