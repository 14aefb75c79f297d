/// telecommand.h - telecommands over the radio, both ends: CLTU, TC transfer frame, segment.
///
/// Receiving, each step by itself so that what decides between them (FARM-1, authentication) can stand
/// between: octets -> cltu_receiver -> candidate -> telecommand_decode_frame -> telecommand_assemble ->
/// units of space packets. Standards: 231.0-B-4 (synchronisation and coding), 232.0-B-4 (frames).
///
/// Everything is bounded and flat: the state structs hold no pointers, and copying them is a snapshot.
/// Whatever the radio brings is handled; what is no telecommand is counted by reason.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLTU_CODEBLOCK_OCTETS = 8,
    CLTU_INFORMATION_OCTETS = 7, ///< Of each codeblock; the eighth octet is parity and the filler bit.
    CLTU_START_OCTETS = 2,
    CLTU_TAIL_OCTETS = 8,
    CLTU_FILL = 0x55,
    CLTU_ACQUISITION = 0xAA, ///< Alternating bits before the first start sequence (231.0-B-4 section 5) ...
    CLTU_IDLE = 0x55,        ///< ... and before each: those of the idle sequence begin with a zero.
    CLTU_ACQUISITION_OCTETS = 16,
    CLTU_MOST_CODEBLOCKS = 294, ///< Two frames of the greatest length; a longer CLTU is cut and counted.
    CLTU_CANDIDATE_OCTETS = CLTU_MOST_CODEBLOCKS * CLTU_INFORMATION_OCTETS,

    TELECOMMAND_HEADER_OCTETS = 5,
    TELECOMMAND_FECF_OCTETS = 2,
    TELECOMMAND_FRAME_MOST_OCTETS = 1024, ///< 232.0-B-4 4.1.1.2.
    TELECOMMAND_SEGMENT_HEADER_OCTETS = 1,
    TELECOMMAND_SEGMENT_CONTINUATION = 0, ///< Sequence flags of the segment header, 232.0-B-4 table 4-2.
    TELECOMMAND_SEGMENT_FIRST = 1,
    TELECOMMAND_SEGMENT_LAST = 2,
    TELECOMMAND_SEGMENT_WHOLE = 3,
};

// ---- Sending ------------------------------------------------------------------------------------------

typedef struct {
    uint16_t spacecraft_id;  ///< 0 to 1023
    uint8_t virtual_channel; ///< 0 to 63
    uint8_t bypass;          ///< 1: type B, accepted without sequence control
    uint8_t control;         ///< 1: type C, the data are a command to FARM-1 itself
    uint8_t sequence;        ///< N(S)
    int16_t segment_header;  ///< -1: none; else the octet, see TELECOMMAND_SEGMENT_...
} telecommand_header_t;

/// Writes header, segment header, data and FECF.
/// @return octets written; 0 if the frame would pass 1024 octets or `capacity`.
size_t telecommand_encode_frame(uint8_t *out, size_t capacity, const telecommand_header_t *header,
                                const uint8_t *data, size_t data_octets);

/// Octets of a CLTU around `frame_octets`.
size_t cltu_octets(size_t frame_octets);

/// Writes start sequence, codeblocks and tail sequence. The frame alone is randomised, the fill is not
/// (both readings of 231.0-B-4 6.2 meet in the receiver, which drops the fill unread).
/// @return octets written; 0 if `capacity` is too small.
size_t cltu_encode(uint8_t *out, size_t capacity, const uint8_t *frame, size_t frame_octets, bool randomize);

// ---- CLTU reception -----------------------------------------------------------------------------------

/// Goal: find each CLTU in a stream of bits that may begin anywhere, octet boundaries included.
/// SEARCH looks at every bit position for the start sequence EB90, one wrong bit allowed; DECODE takes
/// 64 bits at a time, corrects one wrong bit in each 63 and ends at the first codeblock that cannot be
/// corrected (231.0-B-4 figure 3-2 events E3, E4): the tail sequence is built to be one. With error detection
/// only (`corrects` 0) no bit may be wrong, and up to three in a codeblock are seen for certain.
/// Random bits before a start sequence may look like one themselves and so hide it, for alternating bits that
/// follow are, in one of their two phases, a codeblock with one wrong bit each: corrected, they go on for ever.
/// In the other phase they end the CLTU. So the sender puts both phases before a start sequence, each long
/// enough to hold a whole codeblock at any offset: CLTU_ACQUISITION_OCTETS.
/// The bits of the codeblock that ended a CLTU are searched again, so a start sequence that follows a
/// lost tail is not swallowed.
/// Invariant: filled <= CLTU_CANDIDATE_OCTETS, and candidate[0 .. ready) is whole until the next feed.
typedef struct {
    uint64_t bits;   ///< SEARCH: the latest bits; DECODE: those of the codeblock so far.
    uint32_t held;   ///< How many of `bits` are valid (SEARCH: up to 16).
    uint8_t decoding;
    uint8_t randomized;
    uint8_t randomizer; ///< State of the 8-bit generator within this CLTU.
    uint8_t overlong;   ///< This CLTU has more codeblocks than there is room for.
    uint8_t corrects;   ///< Single error correction; else error detection only.
    uint8_t spare[3];
    uint32_t filled;
    uint32_t ready;
    struct {
        uint32_t starts;           ///< start sequences found
        uint32_t inexact_starts;   ///< of these with one wrong bit
        uint32_t codeblocks;       ///< good or corrected
        uint32_t corrected;        ///< single errors corrected
        uint32_t candidates;       ///< CLTUs that held at least one codeblock
        uint32_t empty;            ///< start sequences with no good codeblock behind
        uint32_t overlong;         ///< CLTUs cut at CLTU_MOST_CODEBLOCKS
    } count;
    uint8_t candidate[CLTU_CANDIDATE_OCTETS];
} cltu_receiver_t;

void cltu_receiver_start(cltu_receiver_t *self, bool randomized, bool corrects);

/// Takes octets until a candidate (the information octets of one CLTU, fill included) is complete.
/// @return octets taken. If self->ready is not 0 afterwards, a candidate waits; call again with the
///         rest. Otherwise all octets were taken.
size_t cltu_receiver_feed(cltu_receiver_t *self, const uint8_t *octets, size_t length);

// ---- Frames -------------------------------------------------------------------------------------------

typedef enum {
    TELECOMMAND_GOOD,
    TELECOMMAND_TOO_SHORT,      ///< fewer octets than a header and a FECF
    TELECOMMAND_BAD_VERSION,    ///< transfer frame version is not 0
    TELECOMMAND_BAD_LENGTH,     ///< the length field is below 7 or passes what was received
    TELECOMMAND_BAD_FECF,
    TELECOMMAND_BAD_SPARE,      ///< the two spare bits are not 0
    TELECOMMAND_BAD_FLAGS,      ///< type A control: reserved (232.0-B-4 table 4-1)
    TELECOMMAND_BAD_SPACECRAFT, ///< for another spacecraft
    TELECOMMAND_VERDICTS,
} telecommand_verdict_t;

typedef struct {
    uint16_t spacecraft_id;
    uint8_t virtual_channel;
    uint8_t bypass;
    uint8_t control;
    uint8_t sequence;
    uint16_t octets;      ///< whole frame; what follows in the candidate is fill or a further frame
    uint16_t data_octets; ///< from octet TELECOMMAND_HEADER_OCTETS on, segment header included
} telecommand_frame_t;

/// The checks before FARM-1 sees a frame, in the order of the verdicts above. `frame` is filled as far
/// as the header could be read.
telecommand_verdict_t telecommand_decode_frame(const uint8_t *octets, size_t length, uint16_t spacecraft_id,
                                               telecommand_frame_t *frame);

// ---- Segments -----------------------------------------------------------------------------------------

/// Puts the segments of one MAP of one virtual channel together in the caller's buffer.
/// Invariant: filled <= capacity; open only between a first and its last segment.
typedef struct {
    uint32_t filled;
    uint8_t open;
    uint8_t spare[3];
    struct {
        uint32_t units;      ///< complete service data units
        uint32_t unfinished; ///< dropped because another began before their last segment
        uint32_t orphans;    ///< continuation or last segments of nothing
        uint32_t overflows;  ///< units dropped because the buffer was too small
    } count;
} telecommand_map_t;

typedef enum {
    TELECOMMAND_MORE,     ///< taken; the unit is not complete
    TELECOMMAND_UNIT,     ///< buffer[0 .. filled) is a unit; it stays there until the next segment
    TELECOMMAND_ORPHAN,   ///< dropped: no first segment came before
    TELECOMMAND_OVERFLOW, ///< dropped, with what was there: too long for the buffer
} telecommand_assembly_t;

/// `flags`: the sequence flags of the segment header; `data`: what follows it.
telecommand_assembly_t telecommand_assemble(telecommand_map_t *self, uint8_t *buffer, size_t capacity,
                                            unsigned flags, const uint8_t *data, size_t data_octets);
