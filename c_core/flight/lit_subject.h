/// lit_subject.h - how much of a grey picture is lit, how sharp the outline of that is, how much detail there is.
///
/// A subject in sunlight ends at a sharp edge; glare is lit, too, but fades away without one. Before a lit planet
/// all is lit, and a spacecraft shows by its fine structure. Reads the picture three times, writes nothing but the
/// counts, keeps no state.

#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t lit;     ///< Pixels of `level` or more.
    uint32_t outline; ///< Pairs of neighbours, in a row or a column, of which one is lit.
    uint32_t sharp;   ///< Those of them that differ by `step` or more.
} lit_subject_t;

/// grey: height rows of width pixels, together at most 2^31.
lit_subject_t lit_subject_count(const uint8_t *grey, size_t width, size_t height, uint8_t level, uint8_t step);

/// Pixels that are brighter, or darker, than both neighbours in their row by `step` or more, and the same of
/// columns: fine structure, which neither a planet's limb nor glare has. As above.
uint32_t lit_subject_details(const uint8_t *grey, size_t width, size_t height, uint8_t step);
