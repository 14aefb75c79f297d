#include "flight/picture_part.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/divide.h"
#include "flight/octets.h"
#include "flight/space_packet.h"

#define NS_PER_S 1000000000u
#define CUC_FINE_BITS 24
#define DESCRIPTOR_AT(field) (PICTURE_PART_AT_##field - PICTURE_PART_AT_START)

_Static_assert((int)PICTURE_PART_AT_NUMBER == (int)SPACE_PACKET_HEADER_OCTETS, "the part begins after the primary header");
_Static_assert(PICTURE_PART_AT_START + CUC_4_3_OCTETS == PICTURE_PART_AT_SPARE, "the time code fills its field");
_Static_assert((int)PICTURE_PART_CRC_OCTETS == (int)SPACE_PACKET_CRC_OCTETS, "one CRC for all packets");

static const uint16_t width_of[PICTURE_SIZES] = {800, 1600, 2048};
static const uint16_t height_of[PICTURE_SIZES] = {600, 1200, 2048};

bool picture_mode_valid(uint8_t mode) {
    return mode >> 4 < PICTURE_SIZES && (mode & 0xFu) < PICTURE_ENCODINGS;
}

uint16_t picture_mode_width(uint8_t mode) {
    return width_of[(mode >> 4) % PICTURE_SIZES];
}

uint16_t picture_mode_height(uint8_t mode) {
    return height_of[(mode >> 4) % PICTURE_SIZES];
}

void cuc_4_3_write(uint8_t out[CUC_4_3_OCTETS], uint64_t time_ns) {
    uint64_t rest_ns = 0;
    const uint64_t seconds = divide_u64(time_ns, NS_PER_S, &rest_ns);
    uint64_t unused = 0;
    const uint64_t fine = divide_u64(rest_ns << CUC_FINE_BITS, NS_PER_S, &unused);
    octets_store_u32(out, (uint32_t)seconds);
    octets_store_u24(out + 4, (uint32_t)fine);
}

uint64_t cuc_4_3_read(const uint8_t in[CUC_4_3_OCTETS]) {
    const uint64_t fine = (uint64_t)octets_load_u24(in + 4) * NS_PER_S;
    const uint64_t rest_ns = (fine + (1u << CUC_FINE_BITS) - 1) >> CUC_FINE_BITS;
    return (uint64_t)octets_load_u32(in) * NS_PER_S + rest_ns;
}

static uint8_t flags_of(const picture_part_t *part) {
    const bool first = part->offset == 0;
    const bool last = part->offset + part->data_octets == part->total;
    return first ? (last ? SPACE_PACKET_UNSEGMENTED : SPACE_PACKET_FIRST)
                 : (last ? SPACE_PACKET_LAST : SPACE_PACKET_CONTINUATION);
}

void picture_part_describe(uint8_t out[PICTURE_PART_DESCRIPTOR_OCTETS], const picture_part_t *part) {
    cuc_4_3_write(out, part->start_ns);
    out[DESCRIPTOR_AT(SPARE)] = 0;
    octets_store_u32(out + DESCRIPTOR_AT(EXPOSURE), part->exposure_us);
    octets_store_u16(out + DESCRIPTOR_AT(GAIN), part->gain);
    octets_store_u16(out + DESCRIPTOR_AT(WIDTH), part->width);
    octets_store_u16(out + DESCRIPTOR_AT(HEIGHT), part->height);
    octets_store_u16(out + DESCRIPTOR_AT(PICTURE_CRC), part->picture_crc);
}

bool picture_part_read_descriptor(picture_part_t *part, const uint8_t in[PICTURE_PART_DESCRIPTOR_OCTETS]) {
    part->start_ns = cuc_4_3_read(in);
    part->exposure_us = octets_load_u32(in + DESCRIPTOR_AT(EXPOSURE));
    part->gain = octets_load_u16(in + DESCRIPTOR_AT(GAIN));
    part->width = octets_load_u16(in + DESCRIPTOR_AT(WIDTH));
    part->height = octets_load_u16(in + DESCRIPTOR_AT(HEIGHT));
    part->picture_crc = octets_load_u16(in + DESCRIPTOR_AT(PICTURE_CRC));
    return in[DESCRIPTOR_AT(SPARE)] == 0 && part->width == picture_mode_width(part->mode) &&
           part->height == picture_mode_height(part->mode);
}

uint32_t picture_part_write(uint8_t *out, uint32_t apid, uint32_t sequence_count, const picture_part_t *part,
                            const uint8_t *data) {
    const bool first = part->offset == 0;
    const uint32_t octets = picture_part_packet_octets(part->offset, part->data_octets);
    const space_packet_header_t header = {
        .octets = octets,
        .apid = (uint16_t)apid,
        .count = (uint16_t)sequence_count,
        .flags = flags_of(part),
    };
    uint32_t at = PICTURE_PART_HEADER_OCTETS;
    space_packet_store_header(out, &header);
    octets_store_u32(out + PICTURE_PART_AT_NUMBER, part->number);
    octets_store_u32(out + PICTURE_PART_AT_OFFSET, part->offset);
    octets_store_u32(out + PICTURE_PART_AT_TOTAL, part->total);
    octets_store_u16(out + PICTURE_PART_AT_SIZE, part->size);
    out[PICTURE_PART_AT_LENS] = part->lens;
    out[PICTURE_PART_AT_MODE] = part->mode;
    if (first) {
        picture_part_describe(out + PICTURE_PART_AT_START, part);
        at = PICTURE_PART_FIRST_HEADER_OCTETS;
    }
    memcpy(out + at, data, part->data_octets);
    // The data's CRC from its source: loads wider than the stores just made would wait for them.
    const uint16_t crc = crc16(crc16(CRC16_PRESET, out, at), data, part->data_octets);
    octets_store_u16(out + at + part->data_octets, crc);
    return octets;
}

bool picture_part_read(picture_part_t *part, const uint8_t *packet, size_t length) {
    memset(part, 0, sizeof *part);
    if (length < PICTURE_PART_HEADER_OCTETS + PICTURE_PART_CRC_OCTETS) {
        return false;
    }
    const space_packet_header_t header = space_packet_load_header(packet);
    part->number = octets_load_u32(packet + PICTURE_PART_AT_NUMBER);
    part->offset = octets_load_u32(packet + PICTURE_PART_AT_OFFSET);
    part->total = octets_load_u32(packet + PICTURE_PART_AT_TOTAL);
    part->size = octets_load_u16(packet + PICTURE_PART_AT_SIZE);
    part->lens = packet[PICTURE_PART_AT_LENS];
    part->mode = packet[PICTURE_PART_AT_MODE];
    part->described = part->offset == 0;
    part->data_offset = part->described ? PICTURE_PART_FIRST_HEADER_OCTETS : PICTURE_PART_HEADER_OCTETS;
    if (header.octets != length || length <= part->data_offset + PICTURE_PART_CRC_OCTETS) {
        return false;
    }
    part->data_octets = (uint32_t)length - part->data_offset - PICTURE_PART_CRC_OCTETS;
    if (part->size < 1 || part->offset >= part->total || part->offset % part->size != 0) {
        return false;
    }
    const uint32_t rest = part->total - part->offset;
    if (part->data_octets != (rest < part->size ? rest : part->size) || header.flags != flags_of(part)) {
        return false;
    }
    if (part->number == 0 || !picture_mode_valid(part->mode)) {
        return false;
    }
    if (part->described) {
        return picture_part_read_descriptor(part, packet + PICTURE_PART_AT_START);
    }
    return true;
}
