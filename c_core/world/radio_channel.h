/// radio_channel.h - what a radio link does to symbols: noise, and for hard links bit errors.
///
/// A symbol of energy Es in white Gaussian noise of density N0 arrives as an octet in offset binary (0 a sure
/// 0, 255 a sure 1): the amplitude stands 64 steps from the middle, the noise has 64 / sqrt(2 Es/N0) steps.
/// Random numbers are counted, not drawn: what happens to a symbol depends on the seed and its position
/// alone, so cutting the stream or sharing it among threads changes nothing. The distribution of the 256
/// octets is exact to 2^-32, from arithmetic that is the same on every machine (no mathematics library).
/// Cost: 1 ns a symbol; 2 ns a bit for flips; 0.1 ms to prepare.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The distribution of the octet received for a one, as Walker's aliases; a zero gives 255 minus it.
/// Written by radio_channel_init, then only read.
typedef struct {
    uint32_t column[256];   ///< Chance of the column itself in 2^-24 (upper 24 bits); its alias (lower 8).
} radio_channel_t;

/// Es/N0 in decibels, -30 to 40; beyond, the nearest of these.
void radio_channel_init(radio_channel_t *self, double es_n0_db);

/// `count` packed symbols, first one most significant and `position` its number in the stream, into octets.
void radio_channel_soft_symbols(const radio_channel_t *self, const uint8_t *packed, size_t count,
                                uint64_t seed, uint64_t position, bool inverted, uint8_t *soft);

/// Inverts each of the bits of `count` octets with the chance bit_error_rate (0 to 1); `position` is the
/// first bit's number in the stream. Returns how many.
uint64_t radio_channel_flip_bits(uint8_t *octets, size_t count, double bit_error_rate, uint64_t seed,
                                 uint64_t position);
