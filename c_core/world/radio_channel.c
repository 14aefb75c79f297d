#include "world/radio_channel.h"

// ---- arithmetic that is the same everywhere: + - * / of doubles, in the order written -----------------

static const double ln_2 = 0.69314718055994530942;
static const double ln_10 = 2.30258509299404568402;
static const double sqrt_half = 0.70710678118654752440;
static const double two_over_sqrt_pi = 1.12837916709551257390;

static double exponential(double x) {
    const int halvings = (int)(x / ln_2 + (x < 0 ? -0.5 : 0.5));
    const double rest = x - halvings * ln_2;
    double sum = 1;
    for (int k = 18; k > 0; k--) sum = 1 + sum * rest / k;
    for (int k = 0; k < halvings; k++) sum *= 2;
    for (int k = 0; k > halvings; k--) sum *= 0.5;
    return sum;
}

/// The complementary error function of x >= 0: power series, then continued fraction.
static double tail(double x) {
    if (x > 26) return 0;
    if (x < 2) {
        double term = x, sum = x;
        for (int k = 1; k < 60; k++) {
            term = -term * x * x / k;
            sum += term / (2 * k + 1);
        }
        return 1 - two_over_sqrt_pi * sum;
    }
    double fraction = x;
    for (int k = 80; k > 0; k--) fraction = x + 0.5 * k / fraction;
    return 0.5 * two_over_sqrt_pi * exponential(-x * x) / fraction;
}

/// Chance that a standard normal variable is below z.
static double normal_below(double z) {
    return z < 0 ? 0.5 * tail(-z * sqrt_half) : 1 - 0.5 * tail(z * sqrt_half);
}

// ---- random numbers by counting ----------------------------------------------------------------------

static const double amplitude_steps = 64;

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit decides every output bit.
static inline uint64_t mixed(uint64_t x) {
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t random_at(uint64_t stream, uint64_t counter) {
    return mixed(stream + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/// Seeds that differ by one, and the two uses of one seed, give unrelated streams.
static uint64_t stream_of(uint64_t seed, uint64_t use) { return mixed(mixed(seed) ^ use); }

// ---- the channel -------------------------------------------------------------------------------------

void radio_channel_init(radio_channel_t *self, double es_n0_db) {
    const double db = es_n0_db > -30 ? (es_n0_db < 40 ? es_n0_db : 40) : -30;
    const double deviation_steps = amplitude_steps * sqrt_half * exponential(-db * ln_10 / 20);
    // Chances in 2^-32; one column of Walker's table holds 2^24 of them.
    uint64_t chance[256], before = 0;
    for (int octet = 0; octet < 256; octet++) {
        const double below = normal_below((octet + 1 - 128 - amplitude_steps) / deviation_steps);
        const uint64_t upto = octet == 255 ? UINT64_C(1) << 32 : (uint64_t)(below * 4294967296.0 + 0.5);
        chance[octet] = upto - before;
        before = upto;
    }
    const uint64_t full = UINT64_C(1) << 24;
    uint8_t small[256] = {0}, large[256] = {0};
    int smalls = 0, larges = 0;
    for (int octet = 0; octet < 256; octet++) {
        if (chance[octet] < full) small[smalls++] = (uint8_t)octet;
        else large[larges++] = (uint8_t)octet;
    }
    while (smalls > 0 && larges > 0) {
        const uint8_t poor = small[--smalls], rich = large[larges - 1];
        self->column[poor] = (uint32_t)(chance[poor] << 8) | rich;
        chance[rich] -= full - chance[poor];
        if (chance[rich] < full) {
            larges--;
            small[smalls++] = rich;
        }
    }
    // The chances sum to 256 columns exactly, so only full columns are left: each is its own alias.
    while (larges > 0) {
        const uint8_t octet = large[--larges];
        self->column[octet] = (uint32_t)((full - 1) << 8) | octet;
    }
}

static inline uint8_t draw(const radio_channel_t *self, uint32_t random) {
    const uint32_t octet = random >> 24, column = self->column[octet];
    return (uint8_t)((random & 0xffffff) < column >> 8 ? octet : column & 0xff);
}

void radio_channel_soft_symbols(const radio_channel_t *self, const uint8_t *packed, size_t count,
                                uint64_t seed, uint64_t position, bool inverted, uint8_t *soft) {
    const uint64_t stream = stream_of(seed, 1);
    const unsigned turn = inverted ? 1 : 0;
    size_t i = 0;
    if (position % 2 == 0) {
        for (; i + 8 <= count; i += 8) {
            const unsigned ones = packed[i / 8] ^ (0u - turn);
            for (unsigned pair = 0; pair < 4; pair++) {
                const uint64_t random = random_at(stream, (position + i) / 2 + pair);
                const unsigned first = ones >> (7 - 2 * pair) & 1, second = ones >> (6 - 2 * pair) & 1;
                soft[i + 2 * pair] = draw(self, (uint32_t)random) ^ (uint8_t)(first - 1);
                soft[i + 2 * pair + 1] = draw(self, (uint32_t)(random >> 32)) ^ (uint8_t)(second - 1);
            }
        }
    }
    for (; i < count; i++) {
        const unsigned one = ((unsigned)packed[i / 8] >> (7 - i % 8) & 1) ^ turn;
        const uint64_t random = random_at(stream, (position + i) / 2) >> 32 * ((position + i) % 2);
        soft[i] = draw(self, (uint32_t)random) ^ (uint8_t)(one - 1);
    }
}

uint64_t radio_channel_flip_bits(uint8_t *octets, size_t count, double bit_error_rate, uint64_t seed,
                                 uint64_t position) {
    if (!(bit_error_rate > 0)) return 0;
    const uint64_t stream = stream_of(seed, 2);
    const bool always = bit_error_rate >= 1;
    const uint64_t below = always ? 0 : (uint64_t)(bit_error_rate * 18446744073709551616.0);
    uint64_t flips = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned pattern = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            const bool flip = always || random_at(stream, position + 8 * (uint64_t)i + bit) < below;
            pattern = pattern << 1 | flip;
            flips += flip;
        }
        octets[i] ^= (uint8_t)pattern;
    }
    return flips;
}
