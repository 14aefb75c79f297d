/// space_packet.h - Space Packets (CCSDS 133.0-B-2): encode, decode, index, find the next after damage.
///
/// A packet is a 6-octet header (figure 4-1: version 3 bits, type 1, secondary header flag 1, APID 11,
/// sequence flags 2, count or name 14, data length 16 = octets after the header less one) and 1 to
/// 65536 octets of data. "With CRC" means that the last two octets of the data are a CRC-16 over all
/// before them (PUS packet error control).
///
/// No state. The caller owns every buffer; nothing is written past the capacities given. Where a
/// `crc16_function *` is asked for, null means packets without CRC, crc16 the flight's own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/crc16.h"

enum {
    SPACE_PACKET_HEADER_OCTETS = 6,
    SPACE_PACKET_CRC_OCTETS = 2,
    SPACE_PACKET_FEWEST_OCTETS = 7,    ///< 133.0-B-2 4.1.1.3: at least one octet of data.
    SPACE_PACKET_MOST_OCTETS = 65542,
    SPACE_PACKET_IDLE_APID = 0x7FF,    ///< 4.1.3.3.4.4.
    SPACE_PACKET_APIDS = 2048,
    SPACE_PACKET_COUNTS = 16384,       ///< The count is modulo this, per APID.
    SPACE_PACKET_CONTINUATION = 0,
    SPACE_PACKET_FIRST = 1,
    SPACE_PACKET_LAST = 2,
    SPACE_PACKET_UNSEGMENTED = 3,
};

typedef struct {
    uint32_t octets; ///< Whole packet, header included: 7 to 65542.
    uint16_t apid;
    uint16_t count;
    uint8_t version;
    uint8_t telecommand; ///< Packet type: 1 telecommand, 0 telemetry.
    uint8_t secondary_header;
    uint8_t flags;
} space_packet_header_t;

/// Writes the six octets; fields are cut to their widths. `octets` must be 7 to 65542.
void space_packet_store_header(uint8_t out[6], const space_packet_header_t *header);

/// Reads the six octets. Any six octets can be read; version 0 alone is a Space Packet.
space_packet_header_t space_packet_load_header(const uint8_t in[6]);

/// Writes one packet: header (its `octets` is set here), data, CRC if `crc`.
/// @return octets written; 0 if `capacity` or a packet's bounds do not allow it: nothing is written.
size_t space_packet_encode(uint8_t *out, size_t capacity, const space_packet_header_t *header, const uint8_t *data,
                           size_t data_octets, crc16_function *crc);

/// Many packets, one after the other: packet i has APID apids[i], count counts[i] and the data
/// data[data_offsets[i] .. data_offsets[i+1]); type and flags as in `common`. offsets[0 .. many] get
/// where each begins, and the end. Stops before the first that does not fit or has no legal length.
/// @return packets written.
size_t space_packet_encode_many(uint8_t *out, size_t capacity, const space_packet_header_t *common,
                                const uint16_t *apids, const uint16_t *counts, const uint8_t *data,
                                const uint64_t *data_offsets, size_t many, crc16_function *crc,
                                uint64_t *offsets);

/// Where an index ended.
typedef enum {
    SPACE_PACKET_AT_END,     ///< All octets are whole packets.
    SPACE_PACKET_INCOMPLETE, ///< The octets from there on are the start of a packet: wait for more.
    SPACE_PACKET_DAMAGED,    ///< The octets from there on are no Space Packet: version is not 0.
    SPACE_PACKET_FULL,       ///< The arrays are full.
} space_packet_stop_t;

/// The caller's arrays, each of at least as many elements as packets may be found.
typedef struct {
    uint64_t *offset;
    uint32_t *octets;
    uint16_t *apid;
    uint16_t *count;
    uint8_t *flags;
    uint8_t *telecommand;
    uint8_t *secondary_header;
    uint8_t *crc_right; ///< 1: the CRC over the packet is zero; 0: not; always 1 if `crc` is null.
} space_packet_index_t;

/// Walks packets from octet 0. Reads ahead of itself, since the walk is bound by memory latency.
/// @return packets found; *consumed: octets they fill; *stop: why it ended.
size_t space_packet_index(const uint8_t *octets, size_t length, const space_packet_index_t *index, size_t most,
                          crc16_function *crc, size_t *consumed, space_packet_stop_t *stop);

/// What a packet must be to be believed after damage. Version 0 and a legal place in the buffer always.
typedef struct {
    const uint8_t *apids; ///< 256 octets, bit (apid % 8) of octet (apid / 8) set if allowed; null: any.
    crc16_function *crc;  ///< Not null: its CRC must be right. Null: the header after it, if it is in
                          ///< the buffer, must be believable too.
} space_packet_belief_t;

/// The first offset >= from at which a whole believable packet begins; `length` if there is none.
/// Costs a look at each octet, and a CRC for each header that could be one.
size_t space_packet_resynchronise(const uint8_t *octets, size_t length, size_t from,
                                  const space_packet_belief_t *belief);
