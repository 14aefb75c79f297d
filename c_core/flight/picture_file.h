/// picture_file.h - how the deployable camera's pictures are called when they travel as CFDP files. OURS.
///
/// Transaction sequence number: picture number x 2 + lens, so that a picture is known though its metadata are lost.
/// File name: ten digits of the picture number, then .jpg or .raw.
/// Message to the user (CCSDS 727.0-B-5, 5.4.3):
///     0-3 the octets PICT  4-7 picture number  8 lens  9 mode  10-29 the descriptor (picture_part.h)

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "flight/picture_part.h"

enum {
    PICTURE_FILE_AT_NUMBER = 4,
    PICTURE_FILE_AT_LENS = 8,
    PICTURE_FILE_AT_MODE = 9,
    PICTURE_FILE_AT_DESCRIPTOR = 10,
    PICTURE_FILE_MESSAGE_OCTETS = PICTURE_FILE_AT_DESCRIPTOR + PICTURE_PART_DESCRIPTOR_OCTETS,
    PICTURE_FILE_NAME_OCTETS = 14,
};

static inline uint32_t picture_file_sequence(uint32_t number, uint32_t lens) {
    return number << 1 | lens;
}

void picture_file_name(uint8_t out[PICTURE_FILE_NAME_OCTETS], uint32_t number, uint8_t mode);

/// Of the part's descriptor, number, lens and mode.
void picture_file_message(uint8_t out[PICTURE_FILE_MESSAGE_OCTETS], const picture_part_t *part);

/// Reads what picture_file_message wrote; all that it does not tell is 0. false if a field contradicts another or
/// the layout.
bool picture_file_read(picture_part_t *part, const uint8_t in[PICTURE_FILE_MESSAGE_OCTETS]);
