/// crc16.h - CRC-16/CCITT-FALSE: generator x^16 + x^12 + x^5 + 1, most significant bit first.
///
/// The frame error control field of TM, AOS and TC frames (132.0-B-3 4.1.6, 732.0-B-4 4.1.6,
/// 232.0-B-4 4.1.4.2) and the packet error control of PUS (ECSS-E-ST-70-41C annex B), all preset to
/// ones. The CRC over data followed by its own CRC is zero.
///
/// No state, no initialisation: the tables (8 KB) are constants. Short runs cost about 0.17 ns an
/// octet; from CRC16_FOLD_OCTETS on, folding by XOR alone (see crc16.c) brings it down to 0.04 ns.
/// Never fails. Any length, zero included.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CRC16_PRESET 0xFFFFu
#define CRC16_FOLD_OCTETS 256u ///< From this length on the folding path runs.

/// The CRC of `length` octets, continuing from `initial` (CRC16_PRESET to begin).
uint16_t crc16(uint16_t initial, const uint8_t *octets, size_t length);

/// The CRC of the six octets of a 48-bit value, most significant first: a packet header on its way from
/// a register to memory, where reading it back would wait for the stores.
uint16_t crc16_six(uint16_t initial, uint64_t value);

/// Any routine that computes the same as crc16(): hosts pass a faster one (ground/crc16_bulk.h).
typedef uint16_t crc16_function(uint16_t initial, const uint8_t *octets, size_t length);
