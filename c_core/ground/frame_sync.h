/// frame_sync.h - finds the frames in a stream of bits by their attached sync markers (ASM).
///
/// Any bit alignment, either polarity, markers with some bit errors. Three states:
///
/// | state  | marker seen where                        | then                                             |
/// |--------|------------------------------------------|--------------------------------------------------|
/// | search | anywhere, at most search_errors wrong    | check                                            |
/// | check  | one CADU later, at most lock_errors wrong | give the frame as confirmed; lock               |
/// |        | not there                                | give it as unconfirmed; search from the next bit |
/// | lock   | where expected, at most lock_errors wrong | give the frame when it is complete              |
/// |        | missing, up to `flywheel` times in a row | give the frame, marked                           |
/// |        | missing once more                        | search again from the last marker seen           |
///
/// The bits since the last marker seen are kept, so that searching again loses none: after a bit slip the
/// first whole frame is found. A marker found inverted while locked turns the polarity. Nothing depends on
/// how the bits are cut into calls. State is flat; memory is bounded by the longest frame. Cannot fail.
/// Cost: about 2 ns a bit while searching, 0.1 ns while locked.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_SYNC_LONGEST_BODY = 4096,   ///< Octets between marker and marker.
    FRAME_SYNC_MOST_FLYWHEEL = 3,
    FRAME_SYNC_MOST_MARKER_OCTETS = 8,
    /// From the last marker seen to the end of a frame that the flywheel gives, and room to read on.
    FRAME_SYNC_BUFFER_OCTETS =
        (FRAME_SYNC_MOST_FLYWHEEL + 3) * (FRAME_SYNC_LONGEST_BODY + FRAME_SYNC_MOST_MARKER_OCTETS) + 16,
};

typedef struct {
    uint8_t marker[FRAME_SYNC_MOST_MARKER_OCTETS];
    uint8_t marker_octets;    ///< 1 to 8.
    uint8_t search_errors;    ///< Fewer than a quarter of the marker's bits, as lock_errors.
    uint8_t lock_errors;
    uint8_t flywheel;         ///< Frames given without marker before lock is lost: 0 to 3.
    uint32_t body_octets;     ///< 1 to FRAME_SYNC_LONGEST_BODY.
} frame_sync_config_t;

typedef enum { FRAME_SYNC_SEARCH = 0, FRAME_SYNC_CHECK = 1, FRAME_SYNC_LOCK = 2 } frame_sync_state_t;

/// How sure a frame is.
typedef enum {
    FRAME_SYNC_CONFIRMED = 0,     ///< Markers at both ends, or while locked.
    FRAME_SYNC_UNCONFIRMED = 1,   ///< A marker before it, none after it.
    FRAME_SYNC_FLYWHEEL = 2,      ///< No marker before it; given because the stream was locked.
} frame_sync_trust_t;

typedef struct {
    uint64_t position;        ///< Of the marker's first bit in the stream.
    uint8_t marker_errors;
    uint8_t trust;            ///< A frame_sync_trust_t.
    bool inverted;            ///< As received; the frame given is upright.
} frame_sync_frame_t;

/// Invariants: base + cursor is the bit looked at next; anchor <= cursor <= held; the buffer holds `held`
/// bits, the first of them bit `base` of the stream.
typedef struct {
    frame_sync_config_t config;
    uint64_t marker;          ///< Right-aligned.
    uint64_t base;
    uint32_t held;
    uint32_t cursor;
    uint32_t anchor;          ///< Lock: the last marker seen; otherwise as cursor.
    uint8_t state;            ///< A frame_sync_state_t.
    uint8_t missing;          ///< Markers missing in a row.
    bool inverted;
    struct { uint64_t frames, locks_lost, polarity_turns; } count;
    uint8_t buffer[FRAME_SYNC_BUFFER_OCTETS];
} frame_sync_t;

/// False, changing nothing, if the configuration is not allowed.
bool frame_sync_init(frame_sync_t *self, const frame_sync_config_t *config);

/// Takes the bits `first_bit` up to `bits` of `octets` (most significant first), until they or the room for
/// `capacity` frames of body_octets each are used up. Returns the number of frames; *taken is the bit to
/// go on from: call again with it as first_bit until it equals `bits`.
size_t frame_sync_feed(frame_sync_t *self, const uint8_t *octets, size_t first_bit, size_t bits,
                       uint8_t *bodies, frame_sync_frame_t *frames, size_t capacity, size_t *taken);

/// Ends the stream: the whole frames that await confirmation are given, unconfirmed, and if the last marker
/// was missing the search goes over the rest. Returns their number; call again while it equals `capacity`.
/// Then the next bit fed begins a new search; positions go on.
size_t frame_sync_flush(frame_sync_t *self, uint8_t *bodies, frame_sync_frame_t *frames, size_t capacity);
