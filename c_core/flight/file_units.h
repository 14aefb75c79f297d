/// file_units.h - what all protocol data units of CFDP share (CCSDS 727.0-B-5, 5).
#pragma once

#include <stdbool.h>
#include <stddef.h>
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

/// What a data unit from the other side was. From FILE_UNIT_LENGTH on it was dropped.
typedef enum {
    FILE_UNIT_TAKEN,
    FILE_UNIT_LENGTH,    ///< Not as long as its header says, or as its directive must be.
    FILE_UNIT_CRC,
    FILE_UNIT_HEADER,    ///< Version, type, direction, class, or use of CRC or of large files is not ours.
    FILE_UNIT_ENTITY,    ///< Of other entities.
    FILE_UNIT_DIRECTIVE, ///< None that the other side sends.
    FILE_UNIT_STRANGER,  ///< Of a transaction that is not open.
    FILE_UNIT_FATES,
} file_unit_t;

/// A data unit whose header is understood. field: what follows the header, without CRC.
typedef struct {
    const uint8_t *field;
    uint32_t octets; ///< Of the field.
    uint32_t source;
    uint32_t sequence;
    uint32_t destination;
} file_unit_content_t;

/// Octets of a header (5.1), from its first four.
static inline uint32_t file_unit_head_octets(const uint8_t *head) {
    return FILE_UNIT_HEADER_OCTETS + 2 * ((head[3] >> 4 & 7u) + 1u) + (head[3] & 7u) + 1u;
}

/// Looks into one whole data unit. flags: of its first octet, as they must be but for those of `either`; with
/// FILE_UNIT_WITH_CRC its CRC must be right. FILE_UNIT_TAKEN, or why it is none: LENGTH, HEADER, CRC, or ENTITY
/// where a number is larger than 32 bits hold.
file_unit_t file_unit_open(const uint8_t *octets, size_t length, uint32_t flags, uint32_t either,
                           file_unit_content_t *content);
