/// reed_solomon_encoder.h - RS(255,223) and RS(255,239), interleaved, shortened, in either basis.
///
/// CCSDS 131.0-B section 4: field x^8+x^7+x^2+x+1, generator roots alpha^(11 j), j = 128-E .. 127+E.
/// Octet i of the frame belongs to code word i % interleave; the check octets follow the frame, interleaved
/// likewise. A frame shorter than interleave * (255 - 2E) is filled at its front with virtual zeros that are
/// not sent: (252,220) is a 220-octet frame. No state, constant tables of 2.0 KB. Cost: about 2 ns an octet.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REED_SOLOMON_MOST_INTERLEAVE = 8, REED_SOLOMON_WORD_OCTETS = 255 };

/// Managed parameters of the code.
typedef struct {
    uint8_t parity_octets;   ///< Of one code word: 32 (corrects 16) or 16 (corrects 8).
    uint8_t interleave;      ///< 1 to 8 code words a codeblock.
    bool dual_basis;         ///< true: symbols in the dual basis, as the standard asks.
} reed_solomon_code_t;

/// Whether the code's parameters are allowed and fit a frame of this length: a multiple of the interleave,
/// 1 to 255 - 2E octets for each code word.
bool reed_solomon_fits(const reed_solomon_code_t *code, size_t frame_octets);

/// Writes interleave * parity_octets check octets for a frame that fits.
void reed_solomon_encode(const reed_solomon_code_t *code, const uint8_t *frame, size_t frame_octets,
                         uint8_t *check);

/// The octet's name in the other basis (annex F).
uint8_t reed_solomon_to_dual(uint8_t conventional);
uint8_t reed_solomon_to_conventional(uint8_t dual);
