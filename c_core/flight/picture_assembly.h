/// picture_assembly.h - the other end of the camera's link: parts of pictures in, whole pictures out.
///
/// Takes the Space Packets of camera_unit.h as they come from the radio: lost, repeated, out of order,
/// damaged, several pictures at once. A picture is complete when every octet of it has come and its CRC is
/// the one in its descriptor; anything less is reported as incomplete, with what came, never shown as good.
///
///     FREE --first part to come--> OPEN --last part to come, CRC right--> COMPLETE --release--> FREE
///                                   +--timeout, link gone, slot needed, CRC wrong--> FREE (incomplete)
///
/// The caller owns the memory: slots x slot_octets, slot i at i * slot_octets. State is flat: copying
/// sizeof(picture_assembly_t) octets, with the slot memory, is a snapshot. Cost: two passes over the octets of
/// a part (CRC, copy) and one over the whole picture (CRC).

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/picture_part.h"

enum {
    PICTURE_ASSEMBLY_SLOTS_MAX = 16,
    PICTURE_ASSEMBLY_PARTS_MAX = 8192, ///< In one picture.
    PICTURE_ASSEMBLY_FINISHED = 64,    ///< Latest pictures of which late parts are known as such.
};

typedef enum {
    PICTURE_COMPLETE,   ///< In `slot` until released.
    PICTURE_INCOMPLETE, ///< What came of it is still in `slot`, gaps and all, until the next feed.
    PICTURE_HEALTH,     ///< A health packet: octets [offset, offset + length) of what was fed.
    PICTURE_REPORT,     ///< Likewise a report.
} picture_event_kind_t;

typedef enum {
    PICTURE_WHOLE,       ///< Not incomplete.
    PICTURE_TIMED_OUT,   ///< No part of it for timeout_ns.
    PICTURE_LINK_GONE,   ///< picture_assembly_abandon.
    PICTURE_SLOT_NEEDED, ///< The picture that had waited longest gave way to a new one.
    PICTURE_CRC_WRONG,   ///< Every octet came, and they are not the picture.
} picture_reason_t;

typedef struct {
    picture_part_t first; ///< number, total, size, lens, mode; the descriptor's fields if `described`.
    uint64_t offset;
    uint32_t length;
    uint32_t received; ///< Octets of first.total that came.
    uint32_t slot;
    uint32_t kind;   ///< picture_event_kind_t
    uint32_t reason; ///< picture_reason_t
} picture_event_t;

typedef enum { PICTURE_SLOT_FREE, PICTURE_SLOT_OPEN, PICTURE_SLOT_COMPLETE } picture_slot_state_t;

/// Invariants: bit i of `have` is set if and only if part i is in the slot; parts_have counts the bits;
/// received is the sum of those parts' lengths; first.total <= slot_octets.
typedef struct {
    uint64_t latest_ns; ///< When its latest part came.
    picture_part_t first;
    uint32_t parts;
    uint32_t parts_have;
    uint32_t received;
    uint32_t state;
    uint32_t have[PICTURE_ASSEMBLY_PARTS_MAX / 32];
} picture_slot_t;

/// Every packet fed is in exactly one of these.
typedef enum {
    PICTURE_PACKET_PART,      ///< Used.
    PICTURE_PACKET_HEALTH,
    PICTURE_PACKET_REPORT,
    PICTURE_PACKET_DUPLICATE, ///< A part that had come before.
    PICTURE_PACKET_LATE,      ///< A part of a picture already complete or given up.
    PICTURE_PACKET_LENGTH,    ///< Dropped: too short, or not as long as its header says.
    PICTURE_PACKET_CRC,       ///< Dropped: CRC wrong.
    PICTURE_PACKET_HEADER,    ///< Dropped: version, type or secondary header not ours.
    PICTURE_PACKET_APID,      ///< Dropped: not of this camera.
    PICTURE_PACKET_LAYOUT,    ///< Dropped: fields contradict each other.
    PICTURE_PACKET_TOO_LARGE, ///< Dropped: a picture larger than a slot, or in too many parts.
    PICTURE_PACKET_CONTRADICTION, ///< Dropped: says of its picture what earlier parts did not.
    PICTURE_PACKET_FATES,
} picture_packet_fate_t;

/// Which sequence counts of one APID have come. Bit i of `seen`: the count `next` - 1 - i.
typedef struct {
    uint32_t seen;
    uint16_t next;
    uint16_t started;
} picture_sequence_t;

typedef struct {
    picture_slot_t slot[PICTURE_ASSEMBLY_SLOTS_MAX];
    picture_sequence_t sequence[3]; ///< Pictures, health, reports.
    uint32_t finished[PICTURE_ASSEMBLY_FINISHED]; ///< Picture numbers; 0 where unused.
    uint64_t timeout_ns;
    uint32_t finished_next;
    uint32_t slots;
    uint32_t slot_octets;
    uint32_t apid_picture;
    uint32_t apid_health;
    uint32_t apid_report;
    uint32_t spare;
    struct {
        uint64_t lost; ///< Sound packets missing in the sequence counts; one that comes up to 31 late is not.
        uint64_t packet[PICTURE_PACKET_FATES];
        uint64_t complete;
        uint64_t incomplete;
    } count;
} picture_assembly_t;

/// No pictures. false, and nothing usable, if slots is not 1 to PICTURE_ASSEMBLY_SLOTS_MAX, slot_octets is 0,
/// timeout_ns is 0 or the APIDs are not three different ones.
bool picture_assembly_init(picture_assembly_t *self, uint32_t slots, uint32_t slot_octets, uint64_t timeout_ns,
                           uint32_t apid_picture, uint32_t apid_health, uint32_t apid_report);

/// true if the invariants hold: to be asked of a snapshot that comes from elsewhere.
bool picture_assembly_valid(const picture_assembly_t *self);

/// Packet i is octets [offsets[i], offsets[i] + lengths[i]), which the caller has checked to lie in `octets`.
/// Stops early when the events are full, or when a new picture comes and every slot holds a complete one:
/// then release and feed the rest. A packet makes two events at the most, so events_capacity is 2 or more.
/// Writes only into slots that are OPEN, and only where its part lies.
/// Returns the packets used up; *events_written the events.
size_t picture_assembly_feed(picture_assembly_t *self, uint8_t *memory, const uint8_t *octets,
                             const uint64_t *offsets, const uint32_t *lengths, size_t packets, uint64_t now_ns,
                             picture_event_t *events, size_t events_capacity, size_t *events_written);

/// Gives up the pictures of which nothing came for timeout_ns. `events` has room for as many as there are slots.
size_t picture_assembly_expire(picture_assembly_t *self, uint64_t now_ns, picture_event_t *events);

/// The link is gone: gives up every picture that is not complete. Room as for expire.
size_t picture_assembly_abandon(picture_assembly_t *self, picture_event_t *events);

/// When expire will next have something to do, or UINT64_MAX.
uint64_t picture_assembly_next_ns(const picture_assembly_t *self);

/// COMPLETE -> FREE: the caller has taken the picture. false if the slot holds no complete picture.
bool picture_assembly_release(picture_assembly_t *self, uint32_t slot);
