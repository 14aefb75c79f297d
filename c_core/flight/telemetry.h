/// telemetry.h - packets into telemetry frames: one virtual channel of AOS (732.0-B-4) or TM (132.0-B-3).
///
/// Whole packets are pushed into a bounded ring in the caller's memory and leave in frames of one fixed
/// length, spanning them as they come. A frame is made whenever the link asks, so what is missing is
/// filled: with an idle packet after the last packet (at least 7 octets, so it may span into the next
/// frame), or, if nothing at all is waiting, with idle data under first header pointer 0x7FE.
///
/// State is flat and holds no pointer: its octets and those of the ring are the snapshot. A push costs a
/// copy and a look at each header; a frame costs a copy and its CRC.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TELEMETRY_AOS = 1, ///< The transfer frame version number, as on the wire.
    TELEMETRY_TM = 0,
    TELEMETRY_AOS_HEADER_OCTETS = 6,
    TELEMETRY_TM_HEADER_OCTETS = 6,
    TELEMETRY_FHEC_OCTETS = 2,
    TELEMETRY_POINTER_OCTETS = 2,
    TELEMETRY_OCF_OCTETS = 4,
    TELEMETRY_FECF_OCTETS = 2,
    TELEMETRY_NO_PACKET_STARTS = 0x7FF, ///< First header pointer, 732.0-B-4 4.1.4.2.3, 132.0-B-3 4.1.2.7.6.
    TELEMETRY_ONLY_IDLE_DATA = 0x7FE,
    TELEMETRY_AOS_IDLE_CHANNEL = 63,
};

/// Managed parameters of one physical channel, shared by both ends.
typedef struct {
    uint32_t length;         ///< octets of a whole frame
    uint32_t insert_zone;    ///< octets, AOS
    uint8_t version;         ///< TELEMETRY_AOS or TELEMETRY_TM
    uint8_t fhec;            ///< AOS: frame header error control present
    uint8_t ocf;             ///< operational control field present
    uint8_t fecf;            ///< frame error control field present
    uint8_t secondary_header; ///< TM: octets, identification included; 0: none
    uint8_t spare[3];
} telemetry_format_t;

/// Octets before the packet zone, and of the packet zone.
uint32_t telemetry_zone_offset(const telemetry_format_t *format);
uint32_t telemetry_zone_octets(const telemetry_format_t *format);

/// Frame header error control of AOS (732.0-B-4 4.1.2.6): four parity nibbles of RS(10,6) over GF(16)
/// for the master and virtual channel id (octets 0, 1) and the signalling field (octet 5).
uint16_t telemetry_fhec(uint16_t identification, uint8_t signalling);

/// Goals: no packet is torn or reordered; every frame has its full length; the same pushes and pulls
/// give the same octets. Invariants: filled <= capacity; rest <= filled, and rest octets at the head of
/// the ring finish a packet already begun; idle_left < 7 octets of an idle packet are still owed.
typedef struct {
    telemetry_format_t format;
    uint32_t capacity;       ///< of the ring, octets
    uint32_t head, filled;   ///< of the ring
    uint32_t rest;
    uint32_t frame_count;    ///< AOS: modulo 2^24; TM: modulo 256
    uint16_t spacecraft_id;
    uint16_t idle_apid;
    uint16_t idle_count;     ///< sequence count of idle packets
    uint8_t virtual_channel;
    uint8_t master_count;    ///< TM master channel frame count, if the caller gives none
    uint8_t replay, cycle_in_use, cycle, signalling_spare; ///< AOS signalling field
    uint8_t idle_fill;
    uint8_t idle_left;
    uint8_t idle_octets[7];
    uint8_t spare[5];
    struct {
        uint32_t frames, idle_frames, packets, idle_packets;
        uint32_t refused; ///< pushes refused for want of room
    } count;
} telemetry_sender_t;

typedef struct {
    uint16_t spacecraft_id, idle_apid;
    uint8_t virtual_channel, replay, cycle_in_use, cycle, signalling_spare, idle_fill;
} telemetry_channel_t;

void telemetry_sender_start(telemetry_sender_t *self, const telemetry_format_t *format,
                            const telemetry_channel_t *channel, uint32_t capacity);

typedef enum { TELEMETRY_TAKEN, TELEMETRY_NO_ROOM, TELEMETRY_NOT_PACKETS } telemetry_push_t;

/// `octets` are whole Space Packets, taken all or none. `ring` has the capacity given at start.
telemetry_push_t telemetry_sender_push(telemetry_sender_t *self, uint8_t *ring, const uint8_t *octets,
                                       size_t length);

/// What goes into a frame besides packets; null: zeros.
typedef struct {
    const uint8_t *insert_zone;  ///< AOS: format.insert_zone octets; TM: the secondary header's data
    const uint8_t *ocf;          ///< 4 octets
    const uint8_t *master_count; ///< TM: the master channel frame count, 1 octet; null: counted here
} telemetry_extras_t;

/// Makes the next frame: format.length octets into `out`.
void telemetry_sender_frame(telemetry_sender_t *self, const uint8_t *ring, const telemetry_extras_t *extras,
                            uint8_t *out);

/// As telemetry_sender_frame, but always of idle data only; what is pending waits.
/// Only between packets: it is the caller's bug to ask for it while one is begun (self->rest or
/// self->idle_left not 0), and the ground would drop that packet.
void telemetry_sender_idle_frame(telemetry_sender_t *self, const telemetry_extras_t *extras, uint8_t *out);

/// `many` frames at once; extras point to the first of arrays with rows of their size each.
/// `idle`: telemetry_sender_idle_frame instead.
void telemetry_sender_frames(telemetry_sender_t *self, const uint8_t *ring, const telemetry_extras_t *extras,
                             uint8_t *out, size_t many, bool idle);
