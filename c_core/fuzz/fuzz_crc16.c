// Every path of the CRC, and any cut of the message, gives what the definition gives.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ground/crc16_bulk.h"

static uint16_t by_definition(uint16_t crc, const uint8_t *octets, size_t length) {
    while (length--) {
        crc = (uint16_t)(crc ^ *octets++ << 8);
        for (int i = 0; i < 8; i++) {
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
        }
    }
    return crc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4) {
        return 0;
    }
    const uint16_t initial = (uint16_t)(data[0] << 8 | data[1]);
    const size_t length = size - 4;
    const size_t cut = length ? (size_t)(data[2] << 8 | data[3]) % length : 0;
    uint8_t *exact = malloc(length ? length : 1); // its end is the end of the allocation
    assert(exact);
    memcpy(exact, data + 4, length);
    const uint16_t right = by_definition(initial, exact, length);
    assert(crc16(initial, exact, length) == right);
    assert(crc16_bulk(initial, exact, length) == right);
    assert(crc16(crc16_bulk(initial, exact, cut), exact + cut, length - cut) == right);
    free(exact);
    return 0;
}
