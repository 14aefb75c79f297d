/// packet_bulk.h - space_packet_encode_many() with CRC, for hosts.
///
/// Where the build can (see crc16_bulk.h), a packet of up to 64 octets is put together, checked and
/// stored in one register; longer ones, and every packet of other builds, go the way of
/// flight/space_packet.h. Same octets; tests hold the two equal. No state.
#pragma once

#include "flight/space_packet.h"

/// As space_packet_encode_many() with a CRC.
size_t packet_bulk_encode_many(uint8_t *out, size_t capacity, const space_packet_header_t *common,
                               const uint16_t *apids, const uint16_t *counts, const uint8_t *data,
                               const uint64_t *data_offsets, size_t many, uint64_t *offsets);
