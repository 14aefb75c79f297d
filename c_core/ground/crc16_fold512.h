/// crc16_fold512.h - the steps of a CRC over 64 octets at a time, shared by the wide paths of ground/.
///
/// Empty unless the build has 512-bit VPCLMULQDQ and VBMI; then HAS_FOLD512 is defined. Internal.
#pragma once

#if defined(__AVX512BW__) && defined(__AVX512VBMI__) && defined(__VPCLMULQDQ__)
#define HAS_FOLD512

#include <stdint.h>

#include <immintrin.h>

// Compilers count the 128-bit form as a feature of its own; no processor has the 512-bit form without it.
#define WITH_128_BIT_FORM __attribute__((target("pclmul")))

// Powers of x modulo P: the tests compare with crc16() over every length, so a wrong one cannot hide.
enum {
    X64 = 0xB861,
    X512 = 0x13FC,
    X576 = 0x8832,
    X2048 = 0xFD50,
    X2112 = 0xF17E,
};
#define FOLD512_FLOOR_X64_BY_P 0x111303471A041LL ///< Quotient of x^64 by P, for the last (Barrett) reduction.
#define FOLD512_P 0x11021

/// Octet order of each 128-bit lane reversed: the first octet of the message is the highest power.
static inline __m512i reversed(__m512i block) {
    const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    return _mm512_shuffle_epi8(block, order);
}

/// `carried` times x^(the distance that `powers` stands for), plus the block found there.
static inline __m512i fold(__m512i carried, __m512i powers, __m512i block) {
    return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(carried, powers, 0x11),
                                     _mm512_clmulepi64_epi128(carried, powers, 0x00), block, 0x96);
}

/// 512 bits times x^16, modulo P.
WITH_128_BIT_FORM static inline uint16_t reduced(__m512i v) {
    // Each 64-bit word is multiplied by its own weight x^(place + 16) mod P: eight products below x^80.
    const __m512i weights = _mm512_set_epi64(0xEB23, 0x1021, 0x45B4, 0x10E2, 0xB8E0, 0x8DDC, 0x9FE5, 0xBD64);
    const __m512i products = _mm512_xor_si512(_mm512_clmulepi64_epi128(v, weights, 0x11),
                                              _mm512_clmulepi64_epi128(v, weights, 0x00));
    const __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(products), _mm512_extracti64x4_epi64(products, 1));
    const __m128i sum = _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    const __m128i high = _mm_clmulepi64_si128(sum, _mm_cvtsi32_si128(X64), 0x01);
    const __m128i low = _mm_xor_si128(sum, high); // the 64 bits of interest are in the lower word
    const __m128i tall = _mm_srli_epi64(low, 16);
    const __m128i quotient =
        _mm_srli_si128(_mm_clmulepi64_si128(tall, _mm_cvtsi64_si128(FOLD512_FLOOR_X64_BY_P), 0x00), 6);
    const __m128i multiple = _mm_clmulepi64_si128(quotient, _mm_cvtsi32_si128(FOLD512_P), 0x00);
    return (uint16_t)_mm_cvtsi128_si32(_mm_xor_si128(low, multiple));
}

/// A message of 1 to 64 octets, as it lies in memory, set flush with the end of the block and reversed
/// lane by lane: the zeros then in front change nothing.
static inline __m512i flush_right(__m512i message, unsigned octets) {
    const __m512i place = _mm512_set_epi8(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, //
                                          32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, //
                                          16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, //
                                          0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i skip = _mm512_set1_epi8((char)(64 - octets));
    return _mm512_maskz_permutexvar_epi8(_mm512_cmpge_epu8_mask(place, skip), _mm512_sub_epi8(place, skip), message);
}

#endif
