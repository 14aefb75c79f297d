/// picture_part.h - how the deployable camera's pictures travel: one part of one picture in one Space Packet.
///
/// THE LAYOUT IS OURS: nothing is published of the real camera's protocol. Space Packet of CCSDS 133.0-B-2,
/// telemetry, no secondary header; its sequence flags (4.1.3.4.2) tell the part's place in the picture:
/// 01 first, 00 continuation, 10 last, 11 the whole picture. All numbers big-endian.
///
///     bits      octets  every part
///       0..47    0-5    Space Packet primary header
///      48..79    6-9    picture number, counted over both lenses, 1 for the first exposure
///      80..111  10-13   offset of this part's data in the picture: a multiple of the part size
///     112..143  14-17   octets in the whole picture
///     144..159  18-19   part size: data octets in every part but the last, which has the rest
///     160..167  20      lens
///     168..175  21      mode: size in the upper 4 bits (picture_size_t), encoding in the lower (picture_encoding_t)
///                       the first part only: the descriptor
///     176..231  22-28   start of exposure, CUC 4+3 of the agency's epoch, no P-field (301.0-B-4 3.2; P-field 2F)
///     232..239  29      0
///     240..271  30-33   exposure [us]
///     272..287  34-35   gain, 8.8 fixed point: 0100 is 1
///     288..303  36-37   width [pixels]
///     304..319  38-39   height [pixels]
///     320..335  40-41   CRC-16 of the whole picture
///                       every part
///               22- or 42-  data
///               the last two  CRC-16 (crc16.h) of all that precedes, primary header included
///
/// CRC-16 over a picture finds every burst up to 16 bits and all but one in 65536 of other changes; each
/// part has its own besides.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PICTURE_PART_AT_NUMBER = 6,
    PICTURE_PART_AT_OFFSET = 10,
    PICTURE_PART_AT_TOTAL = 14,
    PICTURE_PART_AT_SIZE = 18,
    PICTURE_PART_AT_LENS = 20,
    PICTURE_PART_AT_MODE = 21,
    PICTURE_PART_HEADER_OCTETS = 22,
    PICTURE_PART_AT_START = 22,
    PICTURE_PART_AT_SPARE = 29,
    PICTURE_PART_AT_EXPOSURE = 30,
    PICTURE_PART_AT_GAIN = 34,
    PICTURE_PART_AT_WIDTH = 36,
    PICTURE_PART_AT_HEIGHT = 38,
    PICTURE_PART_AT_PICTURE_CRC = 40,
    PICTURE_PART_FIRST_HEADER_OCTETS = 42,
    PICTURE_PART_CRC_OCTETS = 2,
    PICTURE_PART_OVERHEAD_OCTETS = PICTURE_PART_FIRST_HEADER_OCTETS + PICTURE_PART_CRC_OCTETS,
    /// A packet is 65542 octets at the most (133.0-B-2 4.1.3.5.2).
    PICTURE_PART_SIZE_MAX = 65542 - PICTURE_PART_OVERHEAD_OCTETS,
    CUC_4_3_OCTETS = 7,
    PICTURE_PART_DESCRIPTOR_OCTETS = PICTURE_PART_FIRST_HEADER_OCTETS - PICTURE_PART_AT_START,
};

typedef enum { PICTURE_800X600, PICTURE_1600X1200, PICTURE_2048X2048, PICTURE_SIZES } picture_size_t;
typedef enum { PICTURE_JPEG, PICTURE_RAW, PICTURE_ENCODINGS } picture_encoding_t;

/// Raw: 16 bits a pixel, big-endian, in the mosaic's order.
#define PICTURE_RAW_OCTETS_PER_PIXEL 2u

static inline uint8_t picture_mode(uint32_t size, uint32_t encoding) {
    return (uint8_t)(size << 4 | encoding);
}

bool picture_mode_valid(uint8_t mode);
uint16_t picture_mode_width(uint8_t mode);
uint16_t picture_mode_height(uint8_t mode);

/// All that a part says of itself. Where `described` is false, the fields below it are 0.
typedef struct {
    uint64_t start_ns; ///< Start of exposure [ns from the agency's epoch], to the 60 ns that CUC 4+3 resolves.
    uint32_t number;
    uint32_t offset;
    uint32_t total;
    uint32_t size;        ///< Part size.
    uint32_t data_offset; ///< Of the data in the packet.
    uint32_t data_octets;
    uint32_t exposure_us;
    uint16_t gain;
    uint16_t width;
    uint16_t height;
    uint16_t picture_crc;
    uint8_t lens;
    uint8_t mode;
    uint8_t described; ///< 1 for the first part.
} picture_part_t;

/// Octets of the packet that picture_part_write makes for a part at `offset`.
static inline uint32_t picture_part_packet_octets(uint32_t offset, uint32_t data_octets) {
    return (offset == 0 ? (uint32_t)PICTURE_PART_FIRST_HEADER_OCTETS : (uint32_t)PICTURE_PART_HEADER_OCTETS) +
           data_octets + PICTURE_PART_CRC_OCTETS;
}

/// Writes the packet: header, descriptor if part->offset is 0, data, CRC. `out` has room for
/// picture_part_packet_octets(). start_ns is cut, not rounded, to CUC's resolution. Returns its octets.
uint32_t picture_part_write(uint8_t *out, uint32_t apid, uint32_t sequence_count, const picture_part_t *part,
                            const uint8_t *data);

/// Reads a packet whose primary header and CRC are already found good. false if any field contradicts
/// another or the layout: then nothing of it may be used. length: the whole packet, header and CRC included.
/// On true: 1 <= size, offset is a multiple of size, offset + data_octets <= total,
/// data_offset + data_octets + PICTURE_PART_CRC_OCTETS == length, and the mode is valid.
bool picture_part_read(picture_part_t *part, const uint8_t *packet, size_t length);

/// The descriptor alone, its octets 22-41.
void picture_part_describe(uint8_t out[PICTURE_PART_DESCRIPTOR_OCTETS], const picture_part_t *part);

/// Reads it into a part whose mode is valid. false if a field contradicts that or the layout.
bool picture_part_read_descriptor(picture_part_t *part, const uint8_t in[PICTURE_PART_DESCRIPTOR_OCTETS]);

/// Time code CUC 4+3 of a mission time: whole seconds modulo 2^32, and 2^-24 s, rounded down.
void cuc_4_3_write(uint8_t out[CUC_4_3_OCTETS], uint64_t time_ns);

/// The earliest whole nanosecond that cuc_4_3_write would write so: exact for times of whole microseconds
/// is not promised, but writing what was read gives the same octets.
uint64_t cuc_4_3_read(const uint8_t in[CUC_4_3_OCTETS]);
