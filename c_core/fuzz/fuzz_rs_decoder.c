/// Any codeblock, under any code: what is called corrected is a code word within the bound.
#include <stdlib.h>
#include <string.h>

#include "flight/reed_solomon_encoder.h"
#include "ground/rs_decoder.h"

static rs_decoder_t decoder;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4) return 0;
    const reed_solomon_code_t code = {
        .parity_octets = data[0] & 1 ? 32 : 16,
        .interleave = (uint8_t)(1 + (data[0] >> 1 & 7)),
        .dual_basis = data[0] >> 4 & 1,
    };
    const bool zero_fill = data[0] >> 5 & 1;
    const size_t interleave = code.interleave, parity = code.parity_octets;
    const size_t most = 255 - parity, frame_octets = (1 + data[1] % most) * interleave;
    if (!rs_decoder_init(&decoder, &code, frame_octets, zero_fill)) abort();
    const size_t block_octets = frame_octets + parity * interleave;
    uint8_t block[8 * 255] = {0}, frame[8 * 239], check[8 * 32];
    int8_t corrected[8];
    // Half of the inputs are patterns of errors on a code word, so that corrections happen.
    const bool errors_only = data[0] >> 6 & 1;
    for (size_t i = 0; i + 2 < size && i < block_octets; i++) block[i] = data[i + 2];
    if (errors_only) {
        uint8_t clean[8 * 255];
        for (size_t i = 0; i < frame_octets; i++) clean[i] = (uint8_t)(data[2] + 31 * i);
        reed_solomon_encode(&code, clean, frame_octets, clean + frame_octets);
        for (size_t i = 0; i < block_octets; i++) block[i] ^= clean[i];
    }
    const size_t good = rs_decoder_decode(&decoder, block, block_octets, 1, frame, corrected);
    reed_solomon_encode(&code, frame, frame_octets, check);
    bool all = true;
    for (size_t word = 0; word < interleave; word++) {
        size_t distance = 0, changed = 0;
        for (size_t i = word; i < frame_octets; i += interleave) changed += frame[i] != block[i];
        for (size_t i = word; i < parity * interleave; i += interleave) {
            distance += check[i] != block[frame_octets + i];
        }
        if (corrected[word] == RS_DECODER_FAILED) {
            all = false;
            if (changed != 0) abort();
        } else {
            if (corrected[word] < 0 || (size_t)corrected[word] > parity / 2) abort();
            if (zero_fill && changed + distance != (size_t)corrected[word]) abort();
        }
    }
    if (good != all) abort();
    return 0;
}
