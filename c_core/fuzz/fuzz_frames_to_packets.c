// Frames of anything: in one batch and frame by frame the same packets, all whole, within the arrays
// that f2p_most_octets() promises to suffice.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "flight/crc16.h"
#include "flight/octets.h"
#include "flight/space_packet.h"
#include "ground/frames_to_packets.h"

enum { CHANNELS = 3 };

typedef struct {
    f2p_t state;
    f2p_channel_t channels[CHANNELS];
    uint8_t partials[CHANNELS * F2P_PARTIAL_OCTETS];
} receiver_t;

static uint64_t feed(receiver_t *self, const uint8_t *frames, size_t many, uint8_t *into) {
    const uint64_t room = f2p_most_octets(&self->state, self->channels, many);
    const size_t most = (size_t)(room / SPACE_PACKET_FEWEST_OCTETS) + 1;
    uint8_t *octets = malloc(room + 1);
    uint64_t *offset = malloc(most * sizeof *offset);
    uint32_t *length = malloc(most * sizeof *length);
    uint16_t *apid = malloc(most * 2), *count = malloc(most * 2), *scid = malloc(most * 2);
    uint8_t *vc = malloc(most), *verdict = malloc(many + 1), *frame_vc = malloc(many + 1);
    int64_t *frame = malloc(most * sizeof *frame);
    uint16_t *frame_scid = malloc(2 * many + 2);
    uint32_t *frame_count = malloc(4 * many + 4);
    assert(octets && offset && length && apid && count && scid && vc && verdict && frame_vc && frame && frame_scid &&
           frame_count);
    const f2p_batch_t batch = {octets, offset, length, apid, count, scid, vc, frame, verdict, frame_scid, frame_vc, frame_count};
    uint64_t filled;
    const size_t found = f2p_feed(&self->state, self->channels, self->partials, frames, many, &batch, &filled);
    assert(filled <= room && found < most);
    uint64_t at = 0;
    for (size_t i = 0; i < found; i++) {
        const space_packet_header_t header = space_packet_load_header(octets + offset[i]);
        assert(offset[i] == at && header.octets == length[i] && header.version == 0);
        assert(header.apid == apid[i] && header.apid != SPACE_PACKET_IDLE_APID && header.count == count[i]);
        assert(frame[i] < (int64_t)many);
        at += length[i];
    }
    assert(at == filled);
    for (uint32_t i = 0; i < self->state.channels; i++) {
        assert(self->channels[i].held <= SPACE_PACKET_MOST_OCTETS);
    }
    memcpy(into, octets, filled);
    free(octets), free(offset), free(length), free(apid), free(count), free(scid), free(vc), free(verdict);
    free(frame_vc), free(frame), free(frame_scid), free(frame_count);
    return filled;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static receiver_t whole, single;
    static uint8_t first[1 << 20], second[1 << 20];
    if (size < 4 || size > 1 << 16) {
        return 0;
    }
    telemetry_format_t format = {.version = data[0] & 1, .ocf = data[0] >> 1 & 1, .fecf = data[0] >> 2 & 1};
    if (format.version == TELEMETRY_AOS) {
        format.fhec = data[0] >> 3 & 1;
        format.insert_zone = data[1] % 8u;
    }
    format.length = telemetry_zone_offset(&format) + 6u + 1u + data[2] % 64u;
    const size_t many = (size - 3) / format.length;
    uint8_t *frames = malloc(many * format.length + 1);
    assert(frames);
    memcpy(frames, data + 3, many * format.length);
    for (size_t i = 0; i < many && data[0] & 0x10; i++) { // let checks pass, or nothing behind them is tried
        uint8_t *frame = frames + i * format.length;
        if (format.fhec) {
            octets_store_u16(frame + 6, telemetry_fhec(octets_load_u16(frame), frame[5]));
        }
        if (format.fecf) {
            octets_store_u16(frame + format.length - 2, crc16(CRC16_PRESET, frame, format.length - 2));
        }
    }
    memset(&whole, 0, sizeof whole);
    memset(&single, 0, sizeof single);
    f2p_start(&whole.state, &format, NULL, 0, CHANNELS);
    f2p_start(&single.state, &format, NULL, 0, CHANNELS);
    const uint64_t octets = feed(&whole, frames, many, first);
    uint64_t at = 0;
    for (size_t i = 0; i < many; i++) {
        at += feed(&single, frames + i * format.length, 1, second + at);
    }
    assert(at == octets && memcmp(first, second, octets) == 0);
    assert(memcmp(&whole, &single, sizeof whole) == 0);
    free(frames);
    return 0;
}
