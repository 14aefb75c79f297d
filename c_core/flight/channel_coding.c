#include "flight/channel_coding.h"

#include <string.h>

size_t channel_codeblock_octets(const channel_code_t *code, size_t frame_octets) {
    if (code->marker_octets > CHANNEL_MOST_MARKER_OCTETS) return 0;
    if (code->randomizer > RANDOMIZER_TM_131071) return 0;
    if (frame_octets < 1 || frame_octets > CHANNEL_LONGEST_FRAME_OCTETS) return 0;
    if (!code->reed_solomon_used) return frame_octets;
    if (!reed_solomon_fits(&code->reed_solomon, frame_octets)) return 0;
    return frame_octets + (size_t)code->reed_solomon.parity_octets * code->reed_solomon.interleave;
}

bool channel_encode(const channel_code_t *code, const uint8_t *frames, size_t frame_octets, size_t count,
                    uint8_t *cadus) {
    const size_t codeblock_octets = channel_codeblock_octets(code, frame_octets);
    if (codeblock_octets == 0) return false;
    for (size_t n = 0; n < count; n++) {
        const uint8_t *frame = frames + n * frame_octets;
        uint8_t *cadu = cadus + n * (code->marker_octets + codeblock_octets);
        uint8_t *codeblock = cadu + code->marker_octets;
        memcpy(cadu, code->marker, code->marker_octets);
        memcpy(codeblock, frame, frame_octets);
        if (code->reed_solomon_used) {
            reed_solomon_encode(&code->reed_solomon, frame, frame_octets, codeblock + frame_octets);
        }
        randomizer_apply((randomizer_t)code->randomizer, codeblock, codeblock_octets);
    }
    return true;
}
