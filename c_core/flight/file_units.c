#include "flight/file_units.h"

#include "flight/crc16.h"
#include "flight/octets.h"

/// A number of any width; false if it is more than 32 bits hold.
static bool load_number(const uint8_t *octets, uint32_t width, uint32_t *value) {
    bool whole = true;
    *value = 0;
    for (uint32_t i = 0; i < width; i++) {
        whole = whole && *value >> 24 == 0;
        *value = *value << 8 | octets[i];
    }
    return whole;
}

file_unit_t file_unit_open(const uint8_t *octets, size_t length, uint32_t flags, uint32_t either,
                           file_unit_content_t *content) {
    const bool with_crc = (flags & FILE_UNIT_WITH_CRC) != 0;
    const uint32_t crc = with_crc ? (uint32_t)FILE_UNIT_CRC_OCTETS : 0u;
    if (length < FILE_UNIT_HEADER_OCTETS) {
        return FILE_UNIT_LENGTH;
    }
    const uint32_t field_at = file_unit_head_octets(octets);
    if (length != (size_t)field_at + octets_load_u16(octets + 1) || length < (size_t)field_at + crc) {
        return FILE_UNIT_LENGTH;
    }
    if ((octets[0] & ~either) != (FILE_UNIT_VERSION << 5 | flags)) {
        return FILE_UNIT_HEADER;
    }
    if (with_crc && crc16(CRC16_PRESET, octets, length) != 0) {
        return FILE_UNIT_CRC;
    }
    const uint32_t entity = (octets[3] >> 4 & 7u) + 1;
    const uint32_t width = (octets[3] & 7u) + 1;
    const uint8_t *numbers = octets + FILE_UNIT_HEADER_OCTETS;
    content->field = octets + field_at;
    content->octets = (uint32_t)length - field_at - crc;
    const bool whole = load_number(numbers, entity, &content->source) &&
                       load_number(numbers + entity, width, &content->sequence) &&
                       load_number(numbers + entity + width, entity, &content->destination);
    return whole ? FILE_UNIT_TAKEN : FILE_UNIT_ENTITY;
}
