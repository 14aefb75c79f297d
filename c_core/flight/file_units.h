/// file_units.h - numbers that all protocol data units of CFDP share (CCSDS 727.0-B-5, 5).
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    FILE_UNIT_VERSION = 1,
    FILE_UNIT_FILE_DATA = 0x10, ///< Flags of the first octet (5.1).
    FILE_UNIT_TOWARD_SENDER = 0x08,
    FILE_UNIT_UNACKNOWLEDGED = 0x04,
    FILE_UNIT_WITH_CRC = 0x02,
    FILE_UNIT_LARGE = 0x01,
    FILE_UNIT_SEGMENT_METADATA = 0x08, ///< Of the fourth.
    FILE_UNIT_HEADER_OCTETS = 4, ///< Before the identifiers.
    FILE_UNIT_CRC_OCTETS = 2,
    FILE_EOF = 4,
    FILE_FINISHED = 5,
    FILE_ACK = 6,
    FILE_METADATA = 7,
    FILE_NAK = 8,
    FILE_PROMPT = 9,
    FILE_KEEP_ALIVE = 12,
    FILE_ACK_OF_FINISHED = 1, ///< Subtype (5.2.4): 1 for Finished, 0 for all others.
    FILE_TLV_REQUEST = 0,
    FILE_TLV_MESSAGE = 2,
    FILE_TLV_ENTITY = 6,
    FILE_STATUS_UNDEFINED = 0, ///< Not active, and no history is kept.
    FILE_STATUS_ACTIVE = 1,
    FILE_STATUS_TERMINATED = 2,
    FILE_STATUS_UNRECOGNIZED = 3,
    FILE_FINISHED_INCOMPLETE = 4, ///< Delivery code, in the octet of the condition.
};

/// A number of any width; false if it is more than 32 bits hold.
static inline bool file_unit_number(const uint8_t *octets, uint32_t width, uint32_t *value) {
    bool whole = true;
    *value = 0;
    for (uint32_t i = 0; i < width; i++) {
        whole = whole && *value >> 24 == 0;
        *value = *value << 8 | octets[i];
    }
    return whole;
}
