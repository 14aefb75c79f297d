/// convolutional.h - the rate 1/2, constraint length 7 convolutional encoder.
///
/// CCSDS 131.0-B section 3: G1 = 171, G2 = 133 (octal), symbols in the order C1, C2; the standard inverts
/// C2, some links (Tianwen-1's high rate) do not. The stream is endless: state is kept from call to call,
/// so cutting the input changes nothing. Symbols are packed, first symbol most significant. Cannot fail.
/// Cost: about 0.5 ns an input bit.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Flat; zeros and `invert_g2` set begin a stream.
typedef struct {
    uint8_t last_bits;   ///< The last six input bits, newest least significant.
    bool invert_g2;      ///< The standard's inverted C2.
} convolutional_t;

/// Encodes `count` octets into 2 * `count` octets of symbols.
void convolutional_encode(convolutional_t *self, const uint8_t *octets, size_t count, uint8_t *symbols);
