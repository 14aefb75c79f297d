#include "ground/frames_to_packets.h"

#include <string.h>

#include "flight/octets.h"
#include "flight/space_packet.h"
#include "ground/crc16_bulk.h"

_Static_assert((int)F2P_PARTIAL_OCTETS >= (int)SPACE_PACKET_MOST_OCTETS, "any packet fits into a row");

enum { AOS_BACKWARDS = 1 << 23 }; ///< Half of the 24-bit count.

/// Where a batch stands.
typedef struct {
    const f2p_batch_t *out;
    uint64_t octets;
    size_t packets;
} cursor_t;

void f2p_start(f2p_t *self, const telemetry_format_t *format, const uint8_t *ours, uint64_t without_packets,
               uint32_t channels_most) {
    memset(self, 0, sizeof *self);
    self->format = *format;
    self->without_packets = without_packets;
    self->channels_most = channels_most;
    if (ours) {
        memcpy(self->ours, ours, sizeof self->ours);
    } else {
        memset(self->ours, 0xFF, sizeof self->ours);
    }
}

uint64_t f2p_most_octets(const f2p_t *self, const f2p_channel_t *channels, size_t frames) {
    uint64_t octets = (uint64_t)frames * telemetry_zone_octets(&self->format);
    for (uint32_t i = 0; i < self->channels; i++) {
        octets += channels[i].held;
    }
    return octets;
}

// ---- Header error correction ---------------------------------------------------------------------------

static const uint8_t power[30] = {1, 2, 4, 8, 3, 6, 12, 11, 5, 10, 7, 14, 15, 13, 9,
                                  1, 2, 4, 8, 3, 6, 12, 11, 5, 10, 7, 14, 15, 13, 9};
static const uint8_t logarithm[16] = {0, 0, 1, 4, 2, 8, 5, 10, 3, 14, 9, 7, 6, 13, 11, 12};

static unsigned times(unsigned a, unsigned b) {
    return a && b ? power[logarithm[a] + logarithm[b]] : 0u;
}

static unsigned over(unsigned a, unsigned b) {
    return a ? power[logarithm[a] + 15 - logarithm[b]] : 0u;
}

int f2p_correct_header(uint8_t header[5]) {
    enum { NIBBLES = 10, FIRST_ROOT = 6 };
    unsigned nibble[NIBBLES];
    for (unsigned i = 0; i < NIBBLES; i++) {
        nibble[i] = i % 2 ? header[i / 2] & 0xFu : header[i / 2] >> 4;
    }
    unsigned syndrome[4] = {0, 0, 0, 0};
    for (unsigned j = 0; j < 4; j++) {
        for (unsigned i = 0; i < NIBBLES; i++) {
            syndrome[j] = times(syndrome[j], power[FIRST_ROOT + j]) ^ nibble[i];
        }
    }
    if ((syndrome[0] | syndrome[1] | syndrome[2] | syndrome[3]) == 0) {
        return 0;
    }
    // Peterson's direct solution. The locator x^2 + s1 x + s2 of two errors has one factor x if the
    // determinant vanishes and there is but one.
    unsigned s1, s2;
    const unsigned determinant = times(syndrome[1], syndrome[1]) ^ times(syndrome[0], syndrome[2]);
    if (determinant) {
        s1 = over(times(syndrome[1], syndrome[2]) ^ times(syndrome[0], syndrome[3]), determinant);
        s2 = over(times(syndrome[2], syndrome[2]) ^ times(syndrome[1], syndrome[3]), determinant);
    } else if (syndrome[0]) {
        s1 = over(syndrome[1], syndrome[0]);
        s2 = 0;
    } else {
        return -1;
    }
    unsigned place[2], roots = 0;
    for (unsigned i = 0; i < NIBBLES && roots < 2; i++) {
        const unsigned x = power[NIBBLES - 1 - i];
        if ((times(x, x) ^ times(s1, x) ^ s2) == 0) {
            place[roots++] = i;
        }
    }
    if (roots != (determinant ? 2u : 1u)) {
        return -1;
    }
    const unsigned x0 = power[NIBBLES - 1 - place[0]];
    unsigned scaled = syndrome[0]; // each error times x^6 of its place
    if (roots == 2) {
        const unsigned x1 = power[NIBBLES - 1 - place[1]];
        const unsigned other = over(syndrome[1] ^ times(syndrome[0], x0), x0 ^ x1);
        nibble[place[1]] ^= over(other, power[logarithm[x1] * 6 % 15]);
        scaled ^= other;
    }
    nibble[place[0]] ^= over(scaled, power[logarithm[x0] * 6 % 15]);
    // The code word is believed only if it is one: four syndromes, two errors leave no doubt otherwise.
    uint8_t fixed[5];
    for (unsigned i = 0; i < 5; i++) {
        fixed[i] = (uint8_t)(nibble[2 * i] << 4 | nibble[2 * i + 1]);
    }
    if (telemetry_fhec(octets_load_u16(fixed), fixed[2]) != octets_load_u16(fixed + 3)) {
        return -1;
    }
    memcpy(header, fixed, sizeof fixed);
    return (int)roots;
}

// ---- Packets out of one channel's zones ------------------------------------------------------------------

static void drop_held(f2p_channel_t *channel, f2p_reason_t reason) {
    channel->discarded[reason] += channel->held != 0;
    channel->held = 0;
}

static void note(cursor_t *cursor, f2p_channel_t *channel, const space_packet_header_t *header, uint64_t offset,
                 int64_t frame) {
    const f2p_batch_t *out = cursor->out;
    const size_t i = cursor->packets++;
    out->offset[i] = offset;
    out->length[i] = header->octets;
    out->apid[i] = header->apid;
    out->count[i] = header->count;
    out->spacecraft_id[i] = channel->spacecraft_id;
    out->virtual_channel[i] = channel->virtual_channel;
    out->frame[i] = frame;
    channel->packets++;
}

/// The held packet and the `octets` at the start of `zone` must make up exactly one packet.
static void finish_held(f2p_channel_t *channel, const uint8_t *row, const uint8_t *zone, uint32_t octets,
                        int64_t batch_start, cursor_t *cursor) {
    uint8_t *to = cursor->out->octets + cursor->octets;
    memcpy(to, row, channel->held);
    memcpy(to + channel->held, zone, octets);
    const uint32_t whole = channel->held + octets;
    const space_packet_header_t header = space_packet_load_header(to);
    channel->held = 0;
    if (header.apid == SPACE_PACKET_IDLE_APID) {
        channel->idle_packets++;
        return;
    }
    note(cursor, channel, &header, cursor->octets, (int64_t)channel->held_frame - batch_start);
    cursor->octets += whole;
}

/// Octets that the held packet still lacks; what its header needs if that is not whole.
static uint32_t lacking(const f2p_channel_t *channel, const uint8_t *row, const uint8_t *zone, uint32_t octets) {
    uint8_t header[SPACE_PACKET_HEADER_OCTETS];
    const uint32_t have = channel->held < sizeof header ? channel->held : (uint32_t)sizeof header;
    memcpy(header, row, have);
    if (have < sizeof header) {
        const uint32_t more = (uint32_t)sizeof header - have;
        if (octets < more) {
            return more + 1; // its header is not known yet, and at least one octet of data follows it
        }
        memcpy(header + have, zone, more);
    }
    return space_packet_load_header(header).octets - channel->held;
}

static void take_zone(f2p_t *self, f2p_channel_t *channel, uint8_t *row, const uint8_t *zone, uint32_t zone_octets,
                      uint32_t pointer, int64_t batch_start, cursor_t *cursor) {
    if (pointer == TELEMETRY_ONLY_IDLE_DATA) {
        channel->idle_frames++;
        drop_held(channel, F2P_BAD_POINTER);
        return;
    }
    const bool starts = pointer != TELEMETRY_NO_PACKET_STARTS;
    if (starts && pointer >= zone_octets) {
        drop_held(channel, F2P_BAD_POINTER);
        channel->discarded[F2P_BAD_POINTER] += !channel->orphan;
        channel->orphan = 1;
        return;
    }
    const uint32_t before = starts ? pointer : zone_octets;
    if (channel->held) {
        const uint32_t lack = lacking(channel, row, zone, before);
        if (lack == before) {
            finish_held(channel, row, zone, before, batch_start, cursor);
        } else if (lack > before && !starts) {
            memcpy(row + channel->held, zone, before);
            channel->held += before;
        } else {
            drop_held(channel, F2P_BAD_POINTER);
            channel->orphan = !starts;
        }
    } else if (before && !channel->orphan) {
        channel->discarded[F2P_TRUNCATED]++;
        channel->orphan = 1;
    }
    if (!starts) {
        return;
    }
    channel->orphan = 0;
    const int64_t frame = (int64_t)self->frames_seen - batch_start;
    uint32_t at = pointer;
    uint32_t run = pointer; // packets from here to `at` are not copied yet
    bool damaged = false;
    while (at < zone_octets) {
        if (zone[at] >> 5) {
            damaged = true;
            break;
        }
        if (zone_octets - at < SPACE_PACKET_FEWEST_OCTETS) {
            break;
        }
        const space_packet_header_t header = space_packet_load_header(zone + at);
        if (header.octets > zone_octets - at) {
            break;
        }
        if (header.apid == SPACE_PACKET_IDLE_APID) {
            memcpy(cursor->out->octets + cursor->octets, zone + run, at - run);
            cursor->octets += at - run;
            channel->idle_packets++;
            at += header.octets;
            run = at;
            continue;
        }
        note(cursor, channel, &header, cursor->octets + (at - run), frame);
        at += header.octets;
    }
    memcpy(cursor->out->octets + cursor->octets, zone + run, at - run);
    cursor->octets += at - run;
    if (damaged) {
        channel->discarded[F2P_BAD_PACKET_HEADER]++;
        channel->orphan = 1;
    } else if (at < zone_octets) {
        channel->held = zone_octets - at;
        channel->held_frame = self->frames_seen;
        memcpy(row, zone + at, channel->held);
    }
}

// ---- Frames ----------------------------------------------------------------------------------------------

static uint32_t find_channel(f2p_t *self, f2p_channel_t *channels, uint16_t spacecraft_id, uint8_t virtual_channel) {
    uint32_t i = 0;
    for (; i < self->channels; i++) {
        if (channels[i].spacecraft_id == spacecraft_id && channels[i].virtual_channel == virtual_channel) {
            return i;
        }
    }
    if (i < self->channels_most) {
        memset(&channels[i], 0, sizeof channels[i]);
        channels[i].spacecraft_id = spacecraft_id;
        channels[i].virtual_channel = virtual_channel;
        self->channels++;
    }
    return i;
}

/// @return false if the frame repeats the one before it.
static bool follow_count(f2p_channel_t *channel, uint32_t count, uint32_t mask) {
    if (channel->counted && count != channel->next_count) {
        const uint32_t missed = (count - channel->next_count) & mask;
        if (missed == mask) {
            channel->repeated++;
            return false;
        }
        channel->gaps++;
        if (missed < AOS_BACKWARDS) {
            channel->lost_frames += missed;
        } else {
            channel->restarts++;
        }
        drop_held(channel, F2P_GAP);
        channel->orphan = 0;
    }
    channel->counted = 1;
    channel->next_count = (count + 1) & mask;
    return true;
}

typedef struct {
    uint32_t count;
    uint32_t pointer;
    uint16_t spacecraft_id;
    uint8_t virtual_channel;
    uint8_t version;
    uint8_t replay;
} frame_header_t;

static frame_header_t load_frame_header(const uint8_t *frame) {
    const uint16_t first = octets_load_u16(frame);
    frame_header_t header = {.version = (uint8_t)(first >> 14)};
    if (header.version == TELEMETRY_TM) {
        header.spacecraft_id = first >> 4 & 0x3FF;
        header.virtual_channel = first >> 1 & 7;
        header.count = frame[3];
    } else {
        header.spacecraft_id = first >> 6 & 0xFF;
        header.virtual_channel = first & 0x3F;
        header.count = octets_load_u24(frame + 2);
        header.replay = frame[5] >> 7;
    }
    return header;
}

static f2p_verdict_t take_frame(f2p_t *self, f2p_channel_t *channels, uint8_t *partials, const uint8_t *frame,
                                uint32_t zone_offset, uint32_t zone_octets, int64_t batch_start, cursor_t *cursor,
                                frame_header_t *header) {
    const telemetry_format_t *format = &self->format;
    f2p_verdict_t verdict = F2P_GOOD;
    *header = load_frame_header(frame);
    if (format->fecf && crc16_bulk(CRC16_PRESET, frame, format->length) != 0) {
        return F2P_BAD_FECF;
    }
    if (format->fhec) {
        uint8_t word[5] = {frame[0], frame[1], frame[5], frame[6], frame[7]};
        const int corrected = f2p_correct_header(word);
        if (corrected < 0) {
            return F2P_BAD_FHEC;
        }
        if (corrected) {
            const uint8_t right[6] = {word[0], word[1], frame[2], frame[3], frame[4], word[2]};
            *header = load_frame_header(right);
            verdict = F2P_CORRECTED;
        }
    }
    if (header->version > TELEMETRY_AOS) {
        return F2P_BAD_VERSION;
    }
    if (header->version != format->version ||
        !(self->ours[header->spacecraft_id >> 3] >> (header->spacecraft_id & 7) & 1)) {
        return F2P_FOREIGN;
    }
    const uint32_t which = find_channel(self, channels, header->spacecraft_id, header->virtual_channel);
    if (which == self->channels_most) {
        return F2P_NO_CHANNEL;
    }
    f2p_channel_t *channel = &channels[which];
    const bool aos = format->version == TELEMETRY_AOS;
    channel->frames++;
    channel->replays += header->replay;
    if (aos && header->virtual_channel == TELEMETRY_AOS_IDLE_CHANNEL) {
        channel->idle_frames++; // 732.0-B-4 4.1.2.2.3: its count need not go on
        return verdict;
    }
    if (!follow_count(channel, header->count, aos ? 0xFFFFFF : 0xFF)) {
        return F2P_REPEATED;
    }
    if (self->without_packets >> header->virtual_channel & 1) {
        return verdict;
    }
    const uint32_t pointer = octets_load_u16(aos ? frame + zone_offset - 2 : frame + 4) & 0x7FF;
    if (!aos && frame[4] & 0x40) {
        return verdict; // 132.0-B-3 4.1.2.7.3: synchronisation flag 1 means no packets
    }
    take_zone(self, channel, partials + (size_t)which * F2P_PARTIAL_OCTETS, frame + zone_offset, zone_octets, pointer,
              batch_start, cursor);
    return verdict;
}

size_t f2p_feed(f2p_t *self, f2p_channel_t *channels, uint8_t *partials, const uint8_t *frames, size_t many,
                const f2p_batch_t *batch, uint64_t *octets) {
    const uint32_t zone_offset = telemetry_zone_offset(&self->format);
    const uint32_t zone_octets = telemetry_zone_octets(&self->format);
    const int64_t batch_start = (int64_t)self->frames_seen;
    cursor_t cursor = {.out = batch};
    for (size_t i = 0; i < many; i++, frames += self->format.length) {
        frame_header_t header;
        const f2p_verdict_t verdict =
            take_frame(self, channels, partials, frames, zone_offset, zone_octets, batch_start, &cursor, &header);
        self->verdicts[verdict]++;
        self->frames_seen++;
        batch->verdict[i] = (uint8_t)verdict;
        batch->frame_spacecraft_id[i] = header.spacecraft_id;
        batch->frame_virtual_channel[i] = header.virtual_channel;
        batch->frame_count[i] = header.count;
    }
    *octets = cursor.octets;
    return cursor.packets;
}
