/// randomizer.h - pseudo-randomisation of frames, both directions of the link.
///
/// XOR with a fixed sequence that begins anew with each codeblock (telemetry: codeblock or frame, never
/// the ASM, CCSDS 131.0-B section 10; telecommand: frame before BCH coding, 231.0-B section 6). Applying
/// it twice restores the input. No state, no tables at run time, cannot fail. Cost: about 0.1 ns an octet.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum {
    RANDOMIZER_NONE = 0,
    RANDOMIZER_TM_255 = 1,      ///< x^8+x^7+x^5+x^3+1, 255 bits: 131.0-B-3 and before, Tianwen-1.
    RANDOMIZER_TM_131071 = 2,   ///< x^17+x^14+1, 131071 bits: default since 131.0-B-6.
    RANDOMIZER_TC_255 = 3,      ///< x^8+x^6+x^4+x^3+x^2+x+1, 255 bits: telecommand.
} randomizer_t;

/// XORs `count` octets in place with the sequence from its beginning.
void randomizer_apply(randomizer_t which, uint8_t *octets, size_t count);

/// The same for each of `rows` rows of row_octets octets: many codeblocks at once.
void randomizer_apply_rows(randomizer_t which, uint8_t *octets, size_t row_octets, size_t rows);
