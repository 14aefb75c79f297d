#include "ground/rs_decoder.h"

#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { LANES = 64, WORD = REED_SOLOMON_WORD_OCTETS, MOST_PARITY = 32, LOCATOR = 11 };

#if defined(__AVX512BW__)
enum { REGISTER = 64 };
#elif defined(__AVX2__)
enum { REGISTER = 32 };
#else
enum { REGISTER = 16 };
#endif

typedef uint8_t wide_t __attribute__((vector_size(REGISTER)));

/// 64 octets in as many of the build's registers as they fill.
typedef struct {
    wide_t part[LANES / REGISTER];
} octets64_t;

static const octets64_t zeros;

static inline octets64_t sum_of(octets64_t a, octets64_t b) {
    for (int k = 0; k < LANES / REGISTER; k++) a.part[k] ^= b.part[k];
    return a;
}

// ---- the field -------------------------------------------------------------------------------------

/// alpha^(11 exponent), the code's own primitive element raised.
static uint8_t beta(const rs_decoder_t *self, unsigned exponent) {
    return self->antilogarithm[LOCATOR * exponent % WORD];
}

static uint8_t product(const rs_decoder_t *self, uint8_t a, uint8_t b) {
    if (a == 0 || b == 0) return 0;
    return self->antilogarithm[self->logarithm[a] + self->logarithm[b]];
}

static void set_map(rs_linear_map_t *map, const uint8_t image[8]) {
#if defined(__GFNI__) && defined(__AVX512BW__)
    // Octet 7 - i of the matrix selects the input bits that make output bit i.
    map->matrix = 0;
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 8; k++) map->matrix |= (uint64_t)(image[k] >> i & 1) << (8 * (7 - i) + k);
    }
#elif defined(__AVX2__)
    memset(map, 0, sizeof *map);
    for (int nibble = 0; nibble < 16; nibble++) {
        for (int k = 0; k < 4; k++) {
            if ((nibble >> k & 1) == 0) continue;
            map->nibble[0][nibble] ^= image[k];
            map->nibble[1][nibble] ^= image[4 + k];
        }
    }
#else
    memcpy(map->image, image, 8);
#endif
}

/// The map applied to each octet.
static inline octets64_t linear(octets64_t in, const rs_linear_map_t *map) {
#if defined(__GFNI__) && defined(__AVX512BW__)
    const __m512i matrix = _mm512_set1_epi64((long long)map->matrix);
    in.part[0] = (wide_t)_mm512_gf2p8affine_epi64_epi8((__m512i)in.part[0], matrix, 0);
#elif defined(__AVX2__)
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)map->nibble[0]));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)map->nibble[1]));
    const __m256i nibble = _mm256_set1_epi8(15);
    for (int k = 0; k < LANES / REGISTER; k++) {
        const __m256i x = (__m256i)in.part[k];
        const __m256i a = _mm256_shuffle_epi8(low, _mm256_and_si256(x, nibble));
        const __m256i b = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
        in.part[k] = (wide_t)_mm256_xor_si256(a, b);
    }
#else
    for (int k = 0; k < LANES / REGISTER; k++) {
        const wide_t x = in.part[k];
        wide_t sum = {0};
        for (int bit = 0; bit < 8; bit++) {
            const uint8_t mask = (uint8_t)(1 << bit);
            sum ^= (wide_t)((x & mask) == mask) & map->image[bit];
        }
        in.part[k] = sum;
    }
#endif
    return in;
}

/// element * sum + term: a step of Horner's rule.
static inline octets64_t horner(octets64_t sum, const rs_linear_map_t *element, octets64_t term) {
    return sum_of(linear(sum, element), term);
}

static inline octets64_t load(const uint8_t octets[LANES]) {
    octets64_t out;
    memcpy(&out, octets, LANES);
    return out;
}

bool rs_decoder_init(rs_decoder_t *self, const reed_solomon_code_t *code, size_t frame_octets,
                     bool zero_fill) {
    if (!reed_solomon_fits(code, frame_octets)) return false;
    memset(self, 0, sizeof *self);
    self->code = *code;
    self->zero_fill = zero_fill;
    self->frame_octets = (uint32_t)frame_octets;
    self->fill_octets = (uint32_t)((size_t)(WORD - code->parity_octets) - frame_octets / code->interleave);
    unsigned value = 1;
    for (unsigned k = 0; k < 2 * WORD; k++) {
        self->antilogarithm[k] = (uint8_t)value;
        if (k < WORD) self->logarithm[value] = (uint8_t)k;
        value = value << 1 ^ (value & 0x80 ? 0x187u : 0u);
    }
    for (unsigned element = 0; element < 256; element++) {
        uint8_t image[8];
        for (int k = 0; k < 8; k++) image[k] = product(self, (uint8_t)element, (uint8_t)(1 << k));
        set_map(&self->times[element], image);
    }
    uint8_t image[8];
    for (int k = 0; k < 8; k++) {
        const uint8_t bit = (uint8_t)(1 << k);
        image[k] = code->dual_basis ? reed_solomon_to_conventional(bit) : bit;
    }
    set_map(&self->to_conventional, image);
    const unsigned first = 128u - code->parity_octets / 2u;
    for (unsigned position = 0; position < WORD; position++) {
        const unsigned exponent = WORD - 1 - position;
        for (unsigned k = 0; k < 17; k++) {
            self->chien[k][position] = beta(self, (WORD - exponent) * k % WORD);
        }
        for (unsigned j = 0; j < code->parity_octets; j++) {
            self->evaluation[position][j] = beta(self, exponent * (first + j) % WORD);
        }
    }
    return true;
}

// ---- 64 words side by side -------------------------------------------------------------------------

typedef struct {
    uint8_t row[LANES][256];           ///< Whole words, fill and one spare octet zero.
    octets64_t column[256];           ///< [position]: that octet of each word.
    octets64_t syndrome[MOST_PARITY];
} batch_t;

#if defined(__AVX512VBMI__)

/// Six perfect shuffles exchange the six index bits of the row with the six of the column.
static void transpose_square(const uint8_t *rows, octets64_t *columns) {
    uint8_t index[2][LANES];
    for (int i = 0; i < LANES; i++) {
        index[0][i] = (uint8_t)(i / 2 + (i & 1) * LANES);
        index[1][i] = (uint8_t)(i / 2 + LANES / 2 + (i & 1) * LANES);
    }
    const __m512i front = _mm512_loadu_si512(index[0]);
    const __m512i back = _mm512_loadu_si512(index[1]);
    __m512i square[2][LANES];
    for (int i = 0; i < LANES; i++) square[0][i] = _mm512_loadu_si512(rows + 256 * i);
    for (int round = 0; round < 6; round++) {
        const __m512i *from = square[round & 1];
        __m512i *to = round == 5 ? (__m512i *)columns : square[(round & 1) ^ 1];
        for (int i = 0; i < LANES / 2; i++) {
            to[2 * i] = _mm512_permutex2var_epi8(from[i], front, from[i + LANES / 2]);
            to[2 * i + 1] = _mm512_permutex2var_epi8(from[i], back, from[i + LANES / 2]);
        }
    }
}

#else

static void exchange(uint64_t *a, uint64_t *b, int shift, uint64_t mask) {
    const uint64_t differ = (*a >> shift ^ *b) & mask;
    *b ^= differ;
    *a ^= differ << shift;
}

static uint64_t load_little_endian(const uint8_t *octets) {
    uint64_t word = 0;
    for (int k = 0; k < 8; k++) word |= (uint64_t)octets[k] << 8 * k;
    return word;
}

/// In squares of eight by eight octets, each in eight words.
static void transpose_square(const uint8_t *rows, octets64_t *columns) {
    uint8_t *out = (uint8_t *)columns;
    for (int across = 0; across < LANES; across += 8) {
        for (int down = 0; down < LANES; down += 8) {
            uint64_t word[8];
            for (int k = 0; k < 8; k++) word[k] = load_little_endian(rows + 256 * (down + k) + across);
            for (int k = 0; k < 4; k++) exchange(&word[k], &word[k + 4], 32, 0x00000000ffffffff);
            for (int k = 0; k < 8; k += k % 4 == 1 ? 3 : 1) {
                exchange(&word[k], &word[k + 2], 16, 0x0000ffff0000ffff);
            }
            for (int k = 0; k < 8; k += 2) exchange(&word[k], &word[k + 1], 8, 0x00ff00ff00ff00ff);
            for (int k = 0; k < 8; k++) {
                for (int i = 0; i < 8; i++) out[LANES * (across + k) + down + i] = (uint8_t)(word[k] >> 8 * i);
            }
        }
    }
}

#endif

/// The received polynomial at the generator's roots, for all words: the column of exponent n stands at
/// position 254 - n. In place: 255 points become 3 x 85 (exponents mod 3 of the root), then 15 x 17, and
/// each root then needs the 17 of its own class only.
static void find_syndromes(const rs_decoder_t *self, batch_t *batch) {
    octets64_t *const last = batch->column + WORD - 1;
    const rs_linear_map_t *cube_root = &self->times[beta(self, 85)];
    for (int k = 0; k < 85; k++) {
        octets64_t *const first = last - k, *const second = first - 85, *const third = second - 85;
        const octets64_t a = *first, b = *second, c = *third;
        const octets64_t turned = linear(sum_of(b, c), cube_root);
        *first = sum_of(a, sum_of(b, c));
        *second = sum_of(sum_of(a, c), turned);
        *third = sum_of(sum_of(a, b), turned);
    }
    const rs_linear_map_t *fifteenth_root[15];
    for (unsigned q = 0; q < 15; q++) fifteenth_root[q] = &self->times[beta(self, 17 * q)];
    for (int third = 0; third < 3; third++) {
        for (int k = 0; k < 17; k++) {
            octets64_t *base = last - 85 * third - k;
            octets64_t sum[5];
            for (int s = 0; s < 5; s++) {
                const rs_linear_map_t *root = fifteenth_root[third + 3 * s];
                sum[s] = base[-4 * 17];
                for (int m = 3; m >= 0; m--) sum[s] = horner(sum[s], root, base[-17 * m]);
            }
            for (int s = 0; s < 5; s++) base[-17 * s] = sum[s];
        }
    }
    const unsigned first = 128u - self->code.parity_octets / 2u;
    for (unsigned j = 0; j < self->code.parity_octets; j += 4) {
        const octets64_t *base[4];
        const rs_linear_map_t *root[4];
        octets64_t sum[4];
        for (unsigned i = 0; i < 4; i++) {
            const unsigned q = (first + j + i) % 15;
            base[i] = last - 85 * (q % 3) - 17 * (q / 3);
            root[i] = &self->times[beta(self, first + j + i)];
            sum[i] = *(base[i] - 16);
        }
        for (int k = 15; k >= 0; k--) {
            for (unsigned i = 0; i < 4; i++) sum[i] = horner(sum[i], root[i], *(base[i] - k));
        }
        for (unsigned i = 0; i < 4; i++) batch->syndrome[j + i] = sum[i];
    }
}

// ---- one word --------------------------------------------------------------------------------------

/// Octet i + 1 of the input in octet i.
static inline octets64_t shift_down(octets64_t in) {
#if defined(__AVX512BW__)
    const __m512i words = (__m512i)in.part[0];
    const __m512i above = _mm512_maskz_alignr_epi64(0x7f, words, words, 1);
    in.part[0] = (wide_t)_mm512_or_si512(_mm512_srli_epi64(words, 8), _mm512_slli_epi64(above, 56));
#elif defined(__AVX2__)
    const __m256i low = (__m256i)in.part[0], high = (__m256i)in.part[1];
    const __m256i middle = _mm256_permute2x128_si256(low, high, 0x21);
    const __m256i top = _mm256_permute2x128_si256(high, high, 0x81);
    in.part[0] = (wide_t)_mm256_alignr_epi8(middle, low, 1);
    in.part[1] = (wide_t)_mm256_alignr_epi8(top, high, 1);
#else
    uint8_t octets[LANES + 1];
    memcpy(octets, &in, LANES);
    octets[LANES] = 0;
    memcpy(&in, octets + 1, LANES);
#endif
    return in;
}

/// Inversion-free Berlekamp-Massey (Sarwate and Shanbhag's riBM): the discrepancies in octets 0 up, the
/// error locator above them, all updated alike. Leaves the evaluator's upper half in octets 0 .. E-1 and
/// the locator in E .. 2E, both times one common factor.
static void find_locator(const rs_decoder_t *self, const uint8_t *syndrome, uint8_t result[LANES]) {
    const int parity = self->code.parity_octets;
    uint8_t begin[LANES] = {0};
    memcpy(begin, syndrome, (size_t)parity);
    begin[parity + parity / 2] = 1;
    octets64_t delta = load(begin), theta = delta;
    uint8_t gamma = 1;
    int k = 0;
    for (int round = 0; round < parity; round++) {
        const uint8_t discrepancy = delta.part[0][0];
        const octets64_t shifted = shift_down(delta);
        delta = horner(shifted, &self->times[gamma], linear(theta, &self->times[discrepancy]));
        if (discrepancy != 0 && k >= 0) {
            theta = shifted;
            gamma = discrepancy;
            k = -k - 1;
        } else {
            k++;
        }
    }
    memcpy(result, &delta, LANES);
}

typedef struct {
    int count;
    uint8_t position[16];
    uint8_t value[16];
} error_pattern_t;

/// Bit i: octet i is zero.
static inline uint64_t zero_octets(octets64_t in) {
#if defined(__AVX512BW__)
    return _mm512_testn_epi8_mask((__m512i)in.part[0], (__m512i)in.part[0]);
#else
    uint64_t bits = 0;
    for (int k = 0; k < LANES / REGISTER; k++) {
        const wide_t zero = (wide_t)(in.part[k] == 0);
#if defined(__AVX2__)
        const uint32_t mask = (uint32_t)_mm256_movemask_epi8((__m256i)zero);
#elif defined(__SSE2__)
        const uint32_t mask = (uint32_t)_mm_movemask_epi8((__m128i)zero);
#else
        uint32_t mask = 0;
        for (int i = 0; i < REGISTER; i++) mask |= (uint32_t)(zero[i] & 1) << i;
#endif
        bits |= (uint64_t)mask << REGISTER * k;
    }
    return bits;
#endif
}

/// Chien search and Forney's formula. False if the locator has not as many roots as its degree.
static bool find_errors(const rs_decoder_t *self, const uint8_t solved[LANES], error_pattern_t *pattern) {
    const int most = self->code.parity_octets / 2;
    const uint8_t *evaluator = solved, *locator = solved + most;
    int degree = most;
    while (degree > 0 && locator[degree] == 0) degree--;
    pattern->count = 0;
    for (unsigned start = 0; start < 256; start += LANES) {
        octets64_t even = zeros, odd = zeros;   // powers of the locator: a root where they are equal
        for (int k = 0; k <= degree; k += 2) {
            even = sum_of(even, linear(load(self->chien[k] + start), &self->times[locator[k]]));
            if (k == degree) break;
            odd = sum_of(odd, linear(load(self->chien[k + 1] + start), &self->times[locator[k + 1]]));
        }
        uint64_t roots = zero_octets(sum_of(even, odd));
        if (start + LANES > WORD) roots &= UINT64_MAX >> 1;
        if (roots == 0) continue;
        octets64_t above = zeros;
        for (int k = 0; k < degree; k++) {
            above = sum_of(above, linear(load(self->chien[k] + start), &self->times[evaluator[k]]));
        }
        uint8_t upper[LANES], slope[LANES];
        memcpy(upper, &above, LANES);
        memcpy(slope, &odd, LANES);
        for (; roots != 0; roots &= roots - 1) {
            const unsigned lane = (unsigned)__builtin_ctzll(roots);
            const unsigned position = start + lane;
            if (pattern->count == degree) return false;
            if (position < self->fill_octets && self->zero_fill) return false;
            if (slope[lane] == 0 || upper[lane] == 0) return false;
            // upper(X^-1) X^-(128+E) / (X^-1 locator'(X^-1)), by logarithms
            const unsigned turn = self->logarithm[self->chien[1][position]] * (128u + (unsigned)most) % WORD;
            const unsigned logarithm =
                self->logarithm[upper[lane]] + turn + WORD - self->logarithm[slope[lane]];
            pattern->position[pattern->count] = (uint8_t)position;
            pattern->value[pattern->count] = self->antilogarithm[logarithm % WORD];
            pattern->count++;
        }
    }
    return degree > 0 && pattern->count == degree;
}

/// Whether the errors found make exactly the syndromes received.
static bool explains(const rs_decoder_t *self, const error_pattern_t *pattern, const uint8_t *syndrome) {
    octets64_t sum = zeros;
    for (int k = 0; k < pattern->count; k++) {
        uint8_t unit[LANES] = {0};
        memcpy(unit, self->evaluation[pattern->position[k]], MOST_PARITY);
        sum = sum_of(sum, linear(load(unit), &self->times[pattern->value[k]]));
    }
    uint8_t found[LANES];
    memcpy(found, &sum, LANES);
    return memcmp(found, syndrome, self->code.parity_octets) == 0;
}

// ---- codeblocks ------------------------------------------------------------------------------------

/// Decodes the words `from` to `from + lanes` of the sequence of all words of all codeblocks.
static void decode_batch(const rs_decoder_t *self, batch_t *batch, const uint8_t *codeblocks, size_t stride,
                         size_t from, size_t lanes, uint8_t *frames, int8_t *corrected) {
    const size_t interleave = self->code.interleave;
    const size_t sent = WORD - self->fill_octets;
    const size_t data = sent - self->code.parity_octets;
    for (size_t lane = 0; lane < lanes; lane++) {
        const size_t block = (from + lane) / interleave, word = (from + lane) % interleave;
        const uint8_t *octets = codeblocks + block * stride + word;
        uint8_t *row = batch->row[lane] + self->fill_octets;
        if (interleave == 1) {
            memcpy(row, octets, sent);
        } else {
            for (size_t k = 0; k < sent; k++) row[k] = octets[k * interleave];
        }
    }
    for (unsigned part = 0; part < 256; part += LANES) {
        transpose_square(batch->row[0] + part, batch->column + part);
    }
    if (self->code.dual_basis) {
        for (unsigned position = self->fill_octets; position < WORD; position++) {
            batch->column[position] = linear(batch->column[position], &self->to_conventional);
        }
    }
    find_syndromes(self, batch);
    uint64_t clean = UINT64_MAX;
    for (int j = 0; j < self->code.parity_octets; j++) clean &= zero_octets(batch->syndrome[j]);
    const uint8_t *syndromes = (const uint8_t *)batch->syndrome;
    for (size_t lane = 0; lane < lanes; lane++) {
        corrected[from + lane] = 0;
        if (clean >> lane & 1) continue;
        uint8_t syndrome[MOST_PARITY] = {0}, solved[LANES];
        for (size_t j = 0; j < self->code.parity_octets; j++) syndrome[j] = syndromes[LANES * j + lane];
        find_locator(self, syndrome, solved);
        error_pattern_t pattern;
        if (!find_errors(self, solved, &pattern) || !explains(self, &pattern, syndrome)) {
            corrected[from + lane] = RS_DECODER_FAILED;
            continue;
        }
        const size_t block = (from + lane) / interleave, word = (from + lane) % interleave;
        for (int k = 0; k < pattern.count; k++) {
            if (pattern.position[k] < self->fill_octets) continue;
            const size_t place = pattern.position[k] - self->fill_octets;
            corrected[from + lane]++;
            if (place >= data) continue;
            const uint8_t value = pattern.value[k];
            frames[block * self->frame_octets + place * interleave + word] ^=
                self->code.dual_basis ? reed_solomon_to_dual(value) : value;
        }
    }
}

size_t rs_decoder_decode(const rs_decoder_t *self, const uint8_t *codeblocks, size_t stride, size_t count,
                         uint8_t *frames, int8_t *corrected) {
    batch_t batch;
    memset(batch.row, 0, sizeof batch.row);
    const size_t interleave = self->code.interleave;
    for (size_t block = 0; block < count; block++) {
        memcpy(frames + block * self->frame_octets, codeblocks + block * stride, self->frame_octets);
    }
    const size_t words = count * interleave;
    for (size_t from = 0; from < words; from += LANES) {
        const size_t lanes = words - from < LANES ? words - from : LANES;
        decode_batch(self, &batch, codeblocks, stride, from, lanes, frames, corrected);
    }
    size_t good = 0;
    for (size_t block = 0; block < count; block++) {
        int failed = 0;
        for (size_t word = 0; word < interleave; word++) failed |= corrected[block * interleave + word] < 0;
        good += !failed;
    }
    return good;
}
