#include "ground/crc16_bulk.h"

#include "ground/crc16_fold512.h"

#if defined(HAS_FOLD512)

WITH_128_BIT_FORM static inline uint16_t bulk(uint16_t initial, const uint8_t *octets, size_t length) {
    // Over long runs the XOR folding of crc16() keeps up with the caches better than multiplication.
    if (length < 2 || length >= 16384) {
        return crc16(initial, octets, length);
    }
    // The odd octets go first, flush with the end of a block whose front stays zero: zeros ahead of a
    // message change nothing, and there is no tail to treat.
    size_t head = (length - 1) % 64 + 1;
    if (head == 1) { // the preset covers two octets: take one by itself, so that a full block is left
        initial = crc16(initial, octets, 1);
        octets++;
        length--;
        head = 64;
    }
    const int preset = initial >> 8 | (initial & 0xFF) << 8;
    const __m512i raw = _mm512_xor_si512(_mm512_maskz_loadu_epi8(~0ULL >> (64 - head), octets),
                                         _mm512_zextsi128_si512(_mm_cvtsi32_si128(preset)));
    __m512i carried = flush_right(raw, (unsigned)head);
    octets += head;
    length -= head;
    const __m512i by_512 = _mm512_set_epi64(X576, X512, X576, X512, X576, X512, X576, X512);
    if (length >= 512) {
        // Four chains at once hide the latency of the multiplication; they meet again at the end.
        const __m512i by_2048 = _mm512_set_epi64(X2112, X2048, X2112, X2048, X2112, X2048, X2112, X2048);
        for (; length % 256; octets += 64, length -= 64) {
            carried = fold(carried, by_512, reversed(_mm512_loadu_si512(octets)));
        }
        // Chain d holds the newest block; a, b, c those one, two, three blocks before it, empty so far.
        __m512i d = carried;
        __m512i a = _mm512_setzero_si512(), b = a, c = a;
        for (; length; octets += 256, length -= 256) {
            a = fold(a, by_2048, reversed(_mm512_loadu_si512(octets)));
            b = fold(b, by_2048, reversed(_mm512_loadu_si512(octets + 64)));
            c = fold(c, by_2048, reversed(_mm512_loadu_si512(octets + 128)));
            d = fold(d, by_2048, reversed(_mm512_loadu_si512(octets + 192)));
        }
        carried = fold(fold(fold(a, by_512, b), by_512, c), by_512, d);
    } else {
        for (; length; octets += 64, length -= 64) {
            carried = fold(carried, by_512, reversed(_mm512_loadu_si512(octets)));
        }
    }
    return reduced(carried);
}

WITH_128_BIT_FORM uint16_t crc16_bulk(uint16_t initial, const uint8_t *octets, size_t length) {
    return bulk(initial, octets, length);
}

#else

uint16_t crc16_bulk(uint16_t initial, const uint8_t *octets, size_t length) {
    return crc16(initial, octets, length);
}

#endif

void crc16_bulk_many(uint16_t initial, const uint8_t *octets, const uint64_t *offsets, const uint32_t *lengths,
                     size_t many, uint16_t *crcs) {
    for (size_t i = 0; i < many; i++) {
        crcs[i] = crc16_bulk(initial, octets + offsets[i], lengths[i]);
    }
}
