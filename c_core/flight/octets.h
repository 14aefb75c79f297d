/// octets.h - big-endian loads and stores, the only way values meet the wire.
///
/// Octet by octet, so alignment and the processor's own order never matter; compilers turn each into
/// one load or store and a byte swap. No bounds are checked here: the caller has checked the length.
#pragma once

#include <stdint.h>

static inline uint16_t octets_load_u16(const uint8_t in[2]) {
    return (uint16_t)((unsigned)in[0] << 8 | in[1]);
}

static inline uint32_t octets_load_u24(const uint8_t in[3]) {
    return (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
}

static inline uint32_t octets_load_u32(const uint8_t in[4]) {
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static inline uint64_t octets_load_u64(const uint8_t in[8]) {
    return (uint64_t)octets_load_u32(in) << 32 | octets_load_u32(in + 4);
}

static inline void octets_store_u16(uint8_t out[2], uint32_t value) {
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static inline void octets_store_u24(uint8_t out[3], uint32_t value) {
    out[0] = (uint8_t)(value >> 16);
    out[1] = (uint8_t)(value >> 8);
    out[2] = (uint8_t)value;
}

static inline void octets_store_u32(uint8_t out[4], uint32_t value) {
    octets_store_u16(out, value >> 16);
    octets_store_u16(out + 2, value);
}

static inline void octets_store_u64(uint8_t out[8], uint64_t value) {
    octets_store_u32(out, (uint32_t)(value >> 32));
    octets_store_u32(out + 4, (uint32_t)value);
}
