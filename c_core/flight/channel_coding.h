/// channel_coding.h - transfer frames into channel access data units (CADUs), CCSDS 131.0-B.
///
/// Order: Reed-Solomon encode, randomise, attach the ASM; the convolutional encoder then runs over the
/// endless stream of CADUs (convolutional.h). The host owns all memory; nothing is kept between calls.
/// Cost: the Reed-Solomon encoder's, about 2 ns an octet.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/convolutional.h"
#include "flight/randomizer.h"
#include "flight/reed_solomon_encoder.h"

enum { CHANNEL_MOST_MARKER_OCTETS = 8, CHANNEL_LONGEST_FRAME_OCTETS = 65536 };

/// Managed parameters of a channel; fixed for a mission phase.
typedef struct {
    uint8_t marker[CHANNEL_MOST_MARKER_OCTETS];   ///< Attached sync marker, 1ACFFC1D as a rule.
    uint8_t marker_octets;                        ///< 0 (codeblocks alone) to 8.
    uint8_t randomizer;                           ///< A randomizer_t.
    bool reed_solomon_used;
    reed_solomon_code_t reed_solomon;
} channel_code_t;

/// Octets between marker and marker: the frame and its check octets. 0 if the code does not fit the frame.
size_t channel_codeblock_octets(const channel_code_t *code, size_t frame_octets);

/// Codes `count` frames, one behind the other, into as many CADUs of marker_octets + codeblock octets each.
/// Returns false, writing nothing, if the code does not fit the frame.
bool channel_encode(const channel_code_t *code, const uint8_t *frames, size_t frame_octets, size_t count,
                    uint8_t *cadus);
