/// viterbi.h - soft-decision Viterbi decoder of the code of flight/convolutional.h, with node synchronisation.
///
/// Symbols are octets in offset binary: 0 a sure 0, 255 a sure 1, 127 and 128 know nothing. Hard decisions
/// are the octets 0 and 255. Five bits of each are used (sign and 15 levels), within 0.02 dB of all eight.
///
/// The stream is endless and the state flat. Bits come in groups of 1024, and each group is decoded by itself:
/// path costs settle over the 64 steps before it, and each bit is traced back from 128 steps beyond it or
/// more (9 and 18 constraint lengths). So groups are independent, two of them fill a processor that one
/// leaves waiting, and nothing depends on how the symbols are cut into calls, nor on the build. Bits lag
/// the symbols by 128 to 1152 steps; viterbi_flush gives the rest.
///
/// Node synchronisation: each group is encoded again and compared with the symbols' signs. Too many
/// differences mean that the decoder pairs the second symbol of one bit with the first of the next; it then
/// drops one symbol and starts afresh, after one bad group while searching, after four once it was right.
/// The inverse of a stream decodes to the inverse bits: frame_sync resolves polarity.
///
/// Cost, one core of 2024: 3 ns a bit with AVX-512, 5 ns with AVX2, 15 ns portable. Cannot fail.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/convolutional.h"

enum {
    VITERBI_GROUP_STEPS = 1024,     ///< Bits handed out together.
    VITERBI_WARM_STEPS = 64,        ///< Steps before a group.
    VITERBI_OVERLAP_STEPS = 128,    ///< Steps beyond a group.
    VITERBI_BLOCK_STEPS = VITERBI_WARM_STEPS + VITERBI_GROUP_STEPS + VITERBI_OVERLAP_STEPS,
    VITERBI_GROUP_OCTETS = VITERBI_GROUP_STEPS / 8,
    VITERBI_FLUSH_OCTETS = (VITERBI_GROUP_STEPS + VITERBI_OVERLAP_STEPS) / 8,
    /// Of a group's 2048 symbols: more that differ from its bits encoded again mean wrong pairing (11.7 %).
    /// Noise alone, or symbols paired wrongly, differ in 13.0 +- 0.4 %; at Es/N0 = -1 dB, where RS(255,223)
    /// begins to fail, it is 10.4 %.
    VITERBI_TOLERATED_ERRORS = 240,
};

/// One run of decoded bits.
typedef struct {
    uint64_t first_symbol;     ///< Position in the stream of the first symbol of the first bit.
    uint32_t bits;             ///< 1024, or what flush found.
    uint32_t symbol_errors;    ///< Symbols whose sign the decoder overruled, of 2 * bits.
} viterbi_group_t;

/// Invariant between calls: fewer symbols than a block has are held; the first 2 * VITERBI_WARM_STEPS of
/// them were decoded already, or know nothing at the start of a stream.
typedef struct {
    uint8_t symbol[2 * (VITERBI_BLOCK_STEPS + VITERBI_GROUP_STEPS)];
    uint32_t symbols;
    uint64_t first_symbol;     ///< Position of the first symbol not yet decoded.
    convolutional_t encoder;   ///< Encodes the decoded bits again.
    bool synchronised;         ///< A good group since the last drop.
    uint8_t bad_groups;
    uint64_t drops;
} viterbi_t;

void viterbi_init(viterbi_t *self, bool invert_g2);

/// The most groups that feeding `count` symbols can give.
size_t viterbi_most_groups(size_t count);

/// Takes `count` symbols; writes VITERBI_GROUP_OCTETS octets for each group. Returns the number of groups.
size_t viterbi_feed(viterbi_t *self, const uint8_t *symbols, size_t count, uint8_t *octets,
                    viterbi_group_t *groups);

/// Ends the stream: the bits still held, up to VITERBI_FLUSH_OCTETS octets, last one zero-filled; a single
/// symbol left over is dropped. Returns 0 or 1 groups. The decoder then expects a new stream, whose
/// positions go on.
size_t viterbi_flush(viterbi_t *self, uint8_t *octets, viterbi_group_t *group);
