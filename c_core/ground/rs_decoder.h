/// rs_decoder.h - decodes the Reed-Solomon code of flight/reed_solomon_encoder.h, many code words at a time.
///
/// Corrects up to E symbols a code word (16 or 8), reports what it corrected, and reports a word as failed
/// when no code word lies within that distance: a correction is applied only after the error pattern was
/// shown to have exactly the syndromes received. (A word with more errors may still lie within E of another
/// code word; no decoder can see that.)
///
/// Method: 64 words side by side, one octet of each in a vector. Syndromes by the factors 3 x 5 x 17 of 255,
/// as a Fourier transform; then, for words that need it, the inversion-free Berlekamp-Massey recursion on
/// one vector, Chien search over all positions at once, and Forney's formula at the roots.
/// The tables live in the caller's struct: written by rs_decoder_init, only read afterwards, so that one
/// struct serves any number of threads. Every build gives the same octets and counts.
/// Cost for (255,223), one core of 2024 with GFNI: about 30 ns a clean word, 0.5 us with 16 errors;
/// portable: 0.3 us and 3 us.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/reed_solomon_encoder.h"

/// A linear map of octets over GF(2), such as multiplication by a constant or a change of basis, in the
/// form that the build's fastest instruction takes. The struct's size is the same in every build.
typedef union {
    uint64_t matrix;         ///< For GFNI.
    uint8_t nibble[2][16];   ///< Images of the low and of the high nibble, for shuffles.
    uint8_t image[8];        ///< Images of the bits, least significant first.
} rs_linear_map_t;

typedef struct {
    reed_solomon_code_t code;
    bool zero_fill;
    uint32_t frame_octets;
    uint32_t fill_octets;                  ///< Virtual fill at the front of each code word.
    uint8_t antilogarithm[512];            ///< alpha^k, twice round.
    uint8_t logarithm[256];
    uint8_t chien[17][256];                ///< [k][position]: X^-k, X the position's locator.
    uint8_t evaluation[256][32];           ///< [position][j]: what a unit error adds to syndrome j.
    rs_linear_map_t times[256];            ///< Multiplication by each element of the field.
    rs_linear_map_t to_conventional;
} rs_decoder_t;

enum { RS_DECODER_FAILED = -1 };

/// Prepares tables (about 0.2 ms). False if the code does not fit the frame (reed_solomon_fits).
/// zero_fill: an error in the virtual fill is impossible and makes a word fail. Without it such errors are
/// corrected like others but not counted: some encoders fill with other octets than zero
/// (Queqiao's runs over the last three octets of the ASM).
bool rs_decoder_init(rs_decoder_t *self, const reed_solomon_code_t *code, size_t frame_octets,
                     bool zero_fill);

/// Decodes `count` codeblocks, `stride` octets from one to the next, each a frame and its check octets (not
/// randomised). Writes the corrected frames one behind the other, and for every code word (interleave of
/// each codeblock) the number of symbols corrected, check octets included, or RS_DECODER_FAILED: then the
/// word's octets are as received. Returns the number of frames whose words are all good.
size_t rs_decoder_decode(const rs_decoder_t *self, const uint8_t *codeblocks, size_t stride, size_t count,
                         uint8_t *frames, int8_t *corrected);
