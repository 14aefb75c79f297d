#include "flight/telemetry.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/octets.h"
#include "flight/space_packet.h"

_Static_assert((int)TELEMETRY_FHEC_OCTETS * 2 == 4, "four parity nibbles");

uint32_t telemetry_zone_offset(const telemetry_format_t *format) {
    if (format->version == TELEMETRY_TM) {
        return TELEMETRY_TM_HEADER_OCTETS + format->secondary_header;
    }
    return TELEMETRY_AOS_HEADER_OCTETS + (format->fhec ? TELEMETRY_FHEC_OCTETS : 0u) + format->insert_zone +
           TELEMETRY_POINTER_OCTETS;
}

uint32_t telemetry_zone_octets(const telemetry_format_t *format) {
    return format->length - telemetry_zone_offset(format) - (format->ocf ? TELEMETRY_OCF_OCTETS : 0u) -
           (format->fecf ? TELEMETRY_FECF_OCTETS : 0u);
}

uint16_t telemetry_fhec(uint16_t identification, uint8_t signalling) {
    // Generator (x + a^6)(x + a^7)(x + a^8)(x + a^9) over GF(16) with a^4 = a + 1: its four lower
    // coefficients, each times every nibble, packed as x^3 x^2 x^1 x^0.
    static const uint16_t multiple[16] = {
        0x0000, 0x8281, 0x3432, 0xB6B3, 0x6864, 0xEAE5, 0x5C56, 0xDED7,
        0xC3C8, 0x4149, 0xF7FA, 0x757B, 0xABAC, 0x292D, 0x9F9E, 0x1D1F,
    };
    const uint32_t message = (uint32_t)identification << 8 | signalling;
    uint16_t parity = 0;
    for (unsigned i = 6; i-- > 0;) {
        const unsigned feedback = (parity >> 12 ^ message >> (4 * i)) & 0xF;
        parity = (uint16_t)(parity << 4) ^ multiple[feedback];
    }
    return parity;
}

void telemetry_sender_start(telemetry_sender_t *self, const telemetry_format_t *format,
                            const telemetry_channel_t *channel, uint32_t capacity) {
    memset(self, 0, sizeof *self);
    self->format = *format;
    self->capacity = capacity;
    self->spacecraft_id = channel->spacecraft_id;
    self->virtual_channel = channel->virtual_channel;
    self->replay = channel->replay;
    self->cycle_in_use = channel->cycle_in_use;
    self->cycle = channel->cycle;
    self->signalling_spare = channel->signalling_spare;
    self->idle_fill = channel->idle_fill;
    self->idle_apid = channel->idle_apid;
}

static void ring_read(const telemetry_sender_t *self, const uint8_t *ring, uint8_t *out, uint32_t octets) {
    const uint32_t until_end = self->capacity - self->head;
    const uint32_t first = octets < until_end ? octets : until_end;
    memcpy(out, ring + self->head, first);
    memcpy(out + first, ring, octets - first);
}

static void ring_drop(telemetry_sender_t *self, uint32_t octets) {
    const uint32_t until_end = self->capacity - self->head;
    self->head = octets < until_end ? self->head + octets : octets - until_end;
    self->filled -= octets;
}

telemetry_push_t telemetry_sender_push(telemetry_sender_t *self, uint8_t *ring, const uint8_t *octets,
                                       size_t length) {
    uint32_t packets = 0;
    for (size_t at = 0; at < length; packets++) {
        if (length - at < SPACE_PACKET_FEWEST_OCTETS) {
            return TELEMETRY_NOT_PACKETS;
        }
        const space_packet_header_t header = space_packet_load_header(octets + at);
        if (header.version != 0 || header.octets > length - at) {
            return TELEMETRY_NOT_PACKETS;
        }
        at += header.octets;
    }
    if (length > self->capacity - self->filled) {
        self->count.refused++;
        return TELEMETRY_NO_ROOM;
    }
    if (length == 0) {
        return TELEMETRY_TAKEN;
    }
    const uint32_t until_end = self->capacity - self->head;
    const uint32_t tail = self->filled < until_end ? self->head + self->filled : self->filled - until_end;
    const uint32_t room = self->capacity - tail;
    const uint32_t first = length < room ? (uint32_t)length : room;
    memcpy(ring + tail, octets, first);
    memcpy(ring, octets + first, length - first);
    self->filled += (uint32_t)length;
    self->count.packets += packets;
    return TELEMETRY_TAKEN;
}

/// Fills the zone from `at` on with an idle packet; what does not fit is owed to the next frame.
static void fill_with_idle_packet(telemetry_sender_t *self, uint8_t *zone, uint32_t at, uint32_t zone_octets) {
    uint8_t packet[SPACE_PACKET_FEWEST_OCTETS];
    const uint32_t room = zone_octets - at;
    const space_packet_header_t header = {
        .octets = room < SPACE_PACKET_FEWEST_OCTETS  ? SPACE_PACKET_FEWEST_OCTETS
                  : room > SPACE_PACKET_MOST_OCTETS ? SPACE_PACKET_MOST_OCTETS
                                                    : room,
        .apid = self->idle_apid,
        .count = self->idle_count,
        .flags = SPACE_PACKET_UNSEGMENTED,
    };
    self->idle_count = (uint16_t)((self->idle_count + 1) % SPACE_PACKET_COUNTS);
    self->count.idle_packets++;
    space_packet_store_header(packet, &header);
    packet[SPACE_PACKET_HEADER_OCTETS] = self->idle_fill;
    if (room < sizeof packet) {
        memcpy(zone + at, packet, room);
        self->idle_left = (uint8_t)(sizeof packet - room);
        memcpy(self->idle_octets, packet + room, self->idle_left);
        return;
    }
    memset(zone + at, self->idle_fill, header.octets);
    memcpy(zone + at, packet, sizeof packet);
}

/// @return the first header pointer.
static uint32_t fill_zone(telemetry_sender_t *self, const uint8_t *ring, uint8_t *zone, uint32_t zone_octets) {
    uint32_t at = 0;
    uint32_t pointer = TELEMETRY_NO_PACKET_STARTS;
    if (self->idle_left) {
        at = self->idle_left < zone_octets ? self->idle_left : zone_octets;
        memcpy(zone, self->idle_octets, at);
        self->idle_left = (uint8_t)(self->idle_left - at);
        for (unsigned i = 0; i < self->idle_left; i++) {
            self->idle_octets[i] = self->idle_octets[i + at];
        }
    } else if (self->filled == 0) {
        memset(zone, self->idle_fill, zone_octets);
        self->count.idle_frames++;
        return TELEMETRY_ONLY_IDLE_DATA;
    }
    while (at < zone_octets && self->filled) {
        if (self->rest == 0) {
            uint8_t header[SPACE_PACKET_HEADER_OCTETS];
            ring_read(self, ring, header, sizeof header);
            self->rest = space_packet_load_header(header).octets;
            pointer = pointer == TELEMETRY_NO_PACKET_STARTS ? at : pointer;
        }
        const uint32_t room = zone_octets - at;
        const uint32_t part = self->rest < room ? self->rest : room;
        ring_read(self, ring, zone + at, part);
        ring_drop(self, part);
        self->rest -= part;
        at += part;
    }
    while (at < zone_octets) {
        pointer = pointer == TELEMETRY_NO_PACKET_STARTS ? at : pointer;
        const uint32_t room = zone_octets - at;
        fill_with_idle_packet(self, zone, at, zone_octets);
        at += room < SPACE_PACKET_MOST_OCTETS ? room : SPACE_PACKET_MOST_OCTETS;
    }
    return pointer;
}

static void put(uint8_t *out, const uint8_t *octets, uint32_t length) {
    if (octets) {
        memcpy(out, octets, length);
    } else {
        memset(out, 0, length);
    }
}

static void store_tm_headers(telemetry_sender_t *self, const telemetry_extras_t *extras, uint32_t pointer,
                             uint8_t *out) {
    const telemetry_format_t *format = &self->format;
    octets_store_u16(out, (self->spacecraft_id & 0x3FFu) << 4 | (self->virtual_channel & 7u) << 1 | format->ocf);
    out[2] = extras->master_count ? *extras->master_count : self->master_count++;
    out[3] = (uint8_t)self->frame_count;
    // Synchronisation flag 0, packet order 0, segment length id 11 (132.0-B-3 4.1.2.7).
    octets_store_u16(out + 4, (format->secondary_header ? 1u << 15 : 0u) | 3u << 11 | pointer);
    if (format->secondary_header) {
        // Version 00, then the length of the secondary header less one.
        out[6] = (uint8_t)(format->secondary_header - 1);
        put(out + 7, extras->insert_zone, format->secondary_header - 1u);
    }
    self->frame_count = (self->frame_count + 1) & 0xFF;
}

static void store_aos_headers(telemetry_sender_t *self, const telemetry_extras_t *extras, uint32_t pointer,
                              uint8_t *out) {
    const telemetry_format_t *format = &self->format;
    const uint16_t identification = (uint16_t)(TELEMETRY_AOS << 14 | (self->spacecraft_id & 0xFFu) << 6 |
                                               (self->virtual_channel & 0x3Fu));
    const uint8_t signalling = (uint8_t)((self->replay & 1u) << 7 | (self->cycle_in_use & 1u) << 6 |
                                         (self->signalling_spare & 3u) << 4 | (self->cycle & 0xFu));
    octets_store_u16(out, identification);
    octets_store_u24(out + 2, self->frame_count);
    out[5] = signalling;
    out += TELEMETRY_AOS_HEADER_OCTETS;
    if (format->fhec) {
        octets_store_u16(out, telemetry_fhec(identification, signalling));
        out += TELEMETRY_FHEC_OCTETS;
    }
    put(out, extras->insert_zone, format->insert_zone);
    octets_store_u16(out + format->insert_zone, pointer);
    self->frame_count = (self->frame_count + 1) & 0xFFFFFF;
    if (self->frame_count == 0 && self->cycle_in_use) {
        self->cycle = (self->cycle + 1) & 0xF; // 732.0-B-4 4.1.2.5.4: the count goes on in the cycle
    }
}

static void make_frame(telemetry_sender_t *self, const uint8_t *ring, const telemetry_extras_t *extras,
                       uint8_t *out, bool idle) {
    const telemetry_format_t *format = &self->format;
    const uint32_t zone_octets = telemetry_zone_octets(format);
    uint8_t *zone = out + telemetry_zone_offset(format);
    uint32_t pointer = TELEMETRY_ONLY_IDLE_DATA;
    if (idle) {
        memset(zone, self->idle_fill, zone_octets);
        self->count.idle_frames++;
    } else {
        pointer = fill_zone(self, ring, zone, zone_octets);
    }
    if (format->version == TELEMETRY_TM) {
        store_tm_headers(self, extras, pointer, out);
    } else {
        store_aos_headers(self, extras, pointer, out);
    }
    if (format->ocf) {
        put(zone + zone_octets, extras->ocf, TELEMETRY_OCF_OCTETS);
    }
    if (format->fecf) {
        const uint32_t covered = format->length - TELEMETRY_FECF_OCTETS;
        octets_store_u16(out + covered, crc16(CRC16_PRESET, out, covered));
    }
    self->count.frames++;
}

void telemetry_sender_frame(telemetry_sender_t *self, const uint8_t *ring, const telemetry_extras_t *extras,
                            uint8_t *out) {
    make_frame(self, ring, extras, out, false);
}

void telemetry_sender_idle_frame(telemetry_sender_t *self, const telemetry_extras_t *extras, uint8_t *out) {
    make_frame(self, NULL, extras, out, true);
}

void telemetry_sender_frames(telemetry_sender_t *self, const uint8_t *ring, const telemetry_extras_t *extras,
                             uint8_t *out, size_t many, bool idle) {
    const telemetry_format_t *format = &self->format;
    const uint32_t zone_row = format->version == TELEMETRY_AOS ? format->insert_zone
                              : format->secondary_header       ? format->secondary_header - 1u
                                                               : 0u;
    telemetry_extras_t row = *extras;
    for (size_t i = 0; i < many; i++, out += format->length) {
        make_frame(self, ring, &row, out, idle);
        row.insert_zone += row.insert_zone ? zone_row : 0;
        row.ocf += row.ocf ? TELEMETRY_OCF_OCTETS : 0;
        row.master_count += row.master_count ? 1 : 0;
    }
}
