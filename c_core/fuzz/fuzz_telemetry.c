// Any packets into any format: every frame is whole, the ring keeps its bounds, and the ground reads
// back exactly what was pushed.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "flight/space_packet.h"
#include "flight/telemetry.h"
#include "ground/frames_to_packets.h"

enum { CAPACITY = 700, FRAMES_MOST = 4000, PACKETS_MOST = 4096 };

static uint8_t ring[CAPACITY + 8], partials[F2P_PARTIAL_OCTETS];
static uint8_t pushed[1 << 20], found[1 << 20];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 8) {
        return 0;
    }
    telemetry_format_t format = {.version = data[0] & 1, .ocf = data[0] >> 1 & 1, .fecf = data[0] >> 2 & 1};
    if (format.version == TELEMETRY_AOS) {
        format.fhec = data[0] >> 3 & 1;
        format.insert_zone = data[1] % 16u;
    } else {
        format.secondary_header = data[1] % 16u;
    }
    format.length = telemetry_zone_offset(&format) + 6u + 1u + data[2];
    const telemetry_channel_t channel = {
        .spacecraft_id = data[3], .virtual_channel = data[4] & 7, .idle_apid = 0x7FF, .idle_fill = data[5]};
    static telemetry_sender_t sender;
    static f2p_t ground;
    static f2p_channel_t channels[1];
    static uint64_t offset[PACKETS_MOST];
    static uint32_t length[PACKETS_MOST];
    static uint16_t apid[PACKETS_MOST], count[PACKETS_MOST], scid[PACKETS_MOST];
    static uint8_t vc[PACKETS_MOST];
    static int64_t frame_of[PACKETS_MOST];
    uint8_t verdict, frame_vc;
    uint16_t frame_scid;
    uint32_t frame_count;
    memset(ring, 0, sizeof ring);
    telemetry_sender_start(&sender, &format, &channel, CAPACITY);
    f2p_start(&ground, &format, NULL, 0, 1);
    uint8_t *frame = malloc(format.length);
    assert(frame);
    size_t sent = 0, got = 0, at = 6;
    const telemetry_extras_t none = {0};
    for (int frames = 0; frames < FRAMES_MOST; frames++) {
        while (at + 2 < size && data[at] & 1 && sent < sizeof pushed - CAPACITY) {
            uint8_t packet[CAPACITY];
            const space_packet_header_t header = {.apid = data[at + 1], .count = data[at], .flags = 3};
            const size_t octets = data[at] + 1u;
            memset(packet, data[at + 2], sizeof packet);
            const size_t whole = space_packet_encode(packet, sizeof packet, &header, packet + 300, octets, NULL);
            assert(whole == octets + 6);
            if (telemetry_sender_push(&sender, ring, packet, whole) == TELEMETRY_TAKEN) {
                memcpy(pushed + sent, packet, whole);
                sent += whole;
            }
            at += 3;
        }
        at++;
        telemetry_sender_frame(&sender, ring, &none, frame);
        assert(sender.filled <= CAPACITY && sender.head < CAPACITY && sender.rest <= sender.filled + 0u);
        const f2p_batch_t batch = {found + got, offset, length, apid, count, scid, vc, frame_of,
                                   &verdict, &frame_scid, &frame_vc, &frame_count};
        uint64_t octets;
        f2p_feed(&ground, channels, partials, frame, 1, &batch, &octets);
        assert(verdict == F2P_GOOD);
        got += octets;
        if (at >= size && sender.filled == 0 && sender.idle_left == 0 && sender.rest == 0) {
            break;
        }
    }
    assert(sent == got && memcmp(pushed, found, sent) == 0);
    for (unsigned i = 0; i < F2P_REASONS; i++) {
        assert(channels[0].discarded[i] == 0);
    }
    for (unsigned i = CAPACITY; i < sizeof ring; i++) {
        assert(ring[i] == 0);
    }
    // And the sender refuses what is no packet without touching anything.
    if (telemetry_sender_push(&sender, ring, data, size) == TELEMETRY_NOT_PACKETS) {
        assert(sender.filled == 0);
    }
    free(frame);
    return 0;
}
