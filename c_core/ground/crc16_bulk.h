/// crc16_bulk.h - the same CRC as flight/crc16.h by carry-less multiplication, for hosts.
///
/// Where the build has 512-bit VPCLMULQDQ and VBMI (the v4 build), 64 octets are folded at once; in
/// any other build these are crc16() itself. Tests hold the two equal. No state; never fails.
#pragma once

#include "flight/crc16.h"

/// As crc16().
uint16_t crc16_bulk(uint16_t initial, const uint8_t *octets, size_t length);

/// crcs[i] = CRC of octets[offsets[i] .. offsets[i] + lengths[i]), each starting from `initial`.
void crc16_bulk_many(uint16_t initial, const uint8_t *octets, const uint64_t *offsets, const uint32_t *lengths,
                     size_t many, uint16_t *crcs);
