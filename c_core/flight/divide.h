/// divide.h - 64-bit division for processors that have none.
///
/// A Cortex-M3 divides 32 bits in hardware; for 64 the compiler would call its support library, which
/// this core does without. Cost: one subtraction and shift for each bit of the quotient, so keep it off
/// the paths that run for every packet.

#pragma once

#include <stdint.h>

/// Quotient, rounded down; the rest goes to *remainder. divisor: 1 or more.
static inline uint64_t divide_u64(uint64_t dividend, uint32_t divisor, uint64_t *remainder) {
    uint64_t weight = 1;
    uint64_t part = divisor;
    uint64_t quotient = 0;
    while (part <= dividend >> 1) {
        part <<= 1;
        weight <<= 1;
    }
    for (; weight != 0; weight >>= 1, part >>= 1) {
        if (dividend >= part) {
            dividend -= part;
            quotient |= weight;
        }
    }
    *remainder = dividend;
    return quotient;
}
