#include "flight/picture_file.h"

#include <string.h>

#include "flight/octets.h"

#define DIGITS 10u

static const uint8_t tag[PICTURE_FILE_AT_NUMBER] = {'P', 'I', 'C', 'T'};

void picture_file_name(uint8_t out[PICTURE_FILE_NAME_OCTETS], uint32_t number, uint8_t mode) {
    static const uint8_t ending[PICTURE_ENCODINGS][PICTURE_FILE_NAME_OCTETS - DIGITS] = {
        [PICTURE_JPEG] = {'.', 'j', 'p', 'g'},
        [PICTURE_RAW] = {'.', 'r', 'a', 'w'},
    };
    for (uint32_t i = DIGITS; i-- > 0; number /= 10) {
        out[i] = (uint8_t)('0' + number % 10);
    }
    memcpy(out + DIGITS, ending[(mode & 0xFu) % PICTURE_ENCODINGS], sizeof ending[0]);
}

void picture_file_message(uint8_t out[PICTURE_FILE_MESSAGE_OCTETS], const picture_part_t *part) {
    memcpy(out, tag, sizeof tag);
    octets_store_u32(out + PICTURE_FILE_AT_NUMBER, part->number);
    out[PICTURE_FILE_AT_LENS] = part->lens;
    out[PICTURE_FILE_AT_MODE] = part->mode;
    picture_part_describe(out + PICTURE_FILE_AT_DESCRIPTOR, part);
}

bool picture_file_read(picture_part_t *part, const uint8_t in[PICTURE_FILE_MESSAGE_OCTETS]) {
    memset(part, 0, sizeof *part);
    for (uint32_t i = 0; i < sizeof tag; i++) {
        if (in[i] != tag[i]) {
            return false;
        }
    }
    part->number = octets_load_u32(in + PICTURE_FILE_AT_NUMBER);
    part->lens = in[PICTURE_FILE_AT_LENS];
    part->mode = in[PICTURE_FILE_AT_MODE];
    part->described = 1;
    return part->number != 0 && picture_mode_valid(part->mode) &&
           picture_part_read_descriptor(part, in + PICTURE_FILE_AT_DESCRIPTOR);
}
