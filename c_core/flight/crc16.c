#include "flight/crc16.h"

#include <string.h>

// The CRC is linear, so the table for an octet k places before the end of a run needs only its eight
// single-bit values, x^(16+8k+bit) mod P; every entry is an XOR of those, done by the compiler.
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                                   \
    (uint16_t)(((i)&1 ? a : 0) ^ ((i)&2 ? b : 0) ^ ((i)&4 ? c : 0) ^ ((i)&8 ? d : 0) ^ ((i)&16 ? e : 0) ^  \
               ((i)&32 ? f : 0) ^ ((i)&64 ? g : 0) ^ ((i)&128 ? h : 0))
#define ENTRIES_4(i, ...)                                                                                  \
    ENTRY(i, __VA_ARGS__), ENTRY(i + 1, __VA_ARGS__), ENTRY(i + 2, __VA_ARGS__), ENTRY(i + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                                 \
    ENTRIES_4(i, __VA_ARGS__), ENTRIES_4(i + 4, __VA_ARGS__), ENTRIES_4(i + 8, __VA_ARGS__),               \
        ENTRIES_4(i + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                                                                 \
    ENTRIES_16(i, __VA_ARGS__), ENTRIES_16(i + 16, __VA_ARGS__), ENTRIES_16(i + 32, __VA_ARGS__),          \
        ENTRIES_16(i + 48, __VA_ARGS__)
#define TABLE(...)                                                                                         \
    {                                                                                                      \
        ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__), ENTRIES_64(128, __VA_ARGS__),             \
            ENTRIES_64(192, __VA_ARGS__)                                                                   \
    }

static const uint16_t weight[16][256] = {
    TABLE(0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48C4, 0x9188), // weight x^16
    TABLE(0x3331, 0x6662, 0xCCC4, 0x89A9, 0x0373, 0x06E6, 0x0DCC, 0x1B98), // weight x^24
    TABLE(0x3730, 0x6E60, 0xDCC0, 0xA9A1, 0x4363, 0x86C6, 0x1DAD, 0x3B5A), // weight x^32
    TABLE(0x76B4, 0xED68, 0xCAF1, 0x85C3, 0x1BA7, 0x374E, 0x6E9C, 0xDD38), // weight x^40
    TABLE(0xAA51, 0x4483, 0x8906, 0x022D, 0x045A, 0x08B4, 0x1168, 0x22D0), // weight x^48
    TABLE(0x45A0, 0x8B40, 0x06A1, 0x0D42, 0x1A84, 0x3508, 0x6A10, 0xD420), // weight x^56
    TABLE(0xB861, 0x60E3, 0xC1C6, 0x93AD, 0x377B, 0x6EF6, 0xDDEC, 0xABF9), // weight x^64
    TABLE(0x47D3, 0x8FA6, 0x0F6D, 0x1EDA, 0x3DB4, 0x7B68, 0xF6D0, 0xFD81), // weight x^72
    TABLE(0xEB23, 0xC667, 0x9CEF, 0x29FF, 0x53FE, 0xA7FC, 0x5FD9, 0xBFB2), // weight x^80
    TABLE(0x6F45, 0xDE8A, 0xAD35, 0x4A4B, 0x9496, 0x390D, 0x721A, 0xE434), // weight x^88
    TABLE(0xD849, 0xA0B3, 0x5147, 0xA28E, 0x553D, 0xAA7A, 0x44D5, 0x89AA), // weight x^96
    TABLE(0x0375, 0x06EA, 0x0DD4, 0x1BA8, 0x3750, 0x6EA0, 0xDD40, 0xAAA1), // weight x^104
    TABLE(0x4563, 0x8AC6, 0x05AD, 0x0B5A, 0x16B4, 0x2D68, 0x5AD0, 0xB5A0), // weight x^112
    TABLE(0x7B61, 0xF6C2, 0xFDA5, 0xEB6B, 0xC6F7, 0x9DCF, 0x2BBF, 0x577E), // weight x^120
    TABLE(0xAEFC, 0x4DD9, 0x9BB2, 0x2745, 0x4E8A, 0x9D14, 0x2A09, 0x5412), // weight x^128
    TABLE(0xA824, 0x4069, 0x80D2, 0x1185, 0x230A, 0x4614, 0x8C28, 0x0871), // weight x^136
};

static uint16_t by_tables(uint16_t crc, const uint8_t *octets, size_t length) {
    for (; length >= 16; octets += 16, length -= 16) {
        // The 14 octets that do not depend on the running CRC come first, to shorten the chain.
        unsigned sum = 0;
        for (unsigned k = 2; k < 16; k++) {
            sum ^= weight[15 - k][octets[k]];
        }
        crc = (uint16_t)(sum ^ weight[15][octets[0] ^ (crc >> 8)] ^ weight[14][octets[1] ^ (crc & 0xFF)]);
    }
    for (; length >= 4; octets += 4, length -= 4) {
        crc = (uint16_t)(weight[1][octets[2]] ^ weight[0][octets[3]] ^ weight[3][octets[0] ^ (crc >> 8)] ^
                         weight[2][octets[1] ^ (crc & 0xFF)]);
    }
    for (; length; octets++, length--) {
        crc = (uint16_t)(crc << 8 ^ weight[0][octets[0] ^ (crc >> 8)]);
    }
    return crc;
}

// Folding without tables. Over GF(2) squaring a polynomial squares each of its terms, so the sparse
// P = x^16 + x^12 + x^5 + 1 stays sparse: P^(2^k) has the exponents 16, 12, 5, 0 times 2^k. Take a
// message as blocks of 2^k bits. Modulo P (which divides that power)
//     x^(16 B) = x^(12 B) + x^(5 B) + 1,   B = 2^k bits,
// so block i can be removed if it is XORed onto blocks i+4, i+11 and i+16: the CRC stays the same.
// XOR is blind to the order of octets within a block, hence no byte swaps, and block size is free:
// 8, 16 and 64 octets serve ever longer runs, the compiler mapping them on its widest registers.
//
// A window of 16 blocks runs over the message. carried[i] is what block i of the last window holds
// once everything before it is folded in: the quantity to fold onward.
#define DEFINE_FOLD(name, block_t)                                                                         \
    static void name(uint16_t crc, const uint8_t *octets, size_t windows, block_t residue[16]) {           \
        block_t carried[16];                                                                               \
        memcpy(carried, octets, sizeof carried);                                                           \
        uint8_t head[2];                                                                                   \
        memcpy(head, octets, 2);                                                                           \
        head[0] ^= (uint8_t)(crc >> 8);                                                                     \
        head[1] ^= (uint8_t)crc;                                                                            \
        memcpy(carried, head, 2);                                                                          \
        for (unsigned i = 4; i < 11; i++) carried[i] ^= carried[i - 4];                                    \
        for (unsigned i = 11; i < 16; i++) carried[i] ^= carried[i - 4] ^ carried[i - 11];                 \
        for (octets += sizeof carried; windows > 2; octets += sizeof carried, windows--) {                 \
            const block_t *const next = (const block_t *)(const void *)octets;                             \
            for (unsigned i = 0; i < 4; i++) carried[i] ^= next[i] ^ carried[i + 12] ^ carried[i + 5];     \
            for (unsigned i = 4; i < 11; i++) carried[i] ^= next[i] ^ carried[i - 4] ^ carried[i + 5];     \
            for (unsigned i = 11; i < 16; i++) carried[i] ^= next[i] ^ carried[i - 4] ^ carried[i - 11];   \
        }                                                                                                  \
        memcpy(residue, octets, sizeof carried);                                                           \
        for (unsigned i = 0; i < 16; i++) residue[i] ^= carried[i];                                        \
        for (unsigned i = 0; i < 4; i++) residue[i] ^= carried[i + 12];                                    \
        for (unsigned i = 0; i < 11; i++) residue[i] ^= carried[i + 5];                                    \
    }

// Of alignment one and allowed to alias: blocks are read where they lie, at any address.
typedef uint64_t block8_t __attribute__((aligned(1), may_alias));
typedef uint64_t block16_t __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t block64_t __attribute__((vector_size(64), aligned(1), may_alias));
DEFINE_FOLD(fold8, block8_t)
DEFINE_FOLD(fold16, block16_t)
DEFINE_FOLD(fold64, block64_t)

uint16_t crc16_six(uint16_t initial, uint64_t value) {
    const uint64_t v = value ^ (uint64_t)initial << 32;
    return (uint16_t)(weight[5][v >> 40 & 0xFF] ^ weight[4][v >> 32 & 0xFF] ^ weight[3][v >> 24 & 0xFF] ^
                      weight[2][v >> 16 & 0xFF] ^ weight[1][v >> 8 & 0xFF] ^ weight[0][v & 0xFF]);
}

uint16_t crc16(uint16_t initial, const uint8_t *octets, size_t length) {
    uint16_t crc = initial;
    if (length >= 2 * 16 * sizeof(block64_t)) {
        block64_t residue[16];
        const size_t windows = length / sizeof residue;
        fold64(crc, octets, windows, residue);
        crc = crc16(0, (const uint8_t *)residue, sizeof residue);
        octets += windows * sizeof residue;
        length -= windows * sizeof residue;
    }
    if (length >= 2 * 16 * sizeof(block16_t)) {
        block16_t residue[16];
        const size_t windows = length / sizeof residue;
        fold16(crc, octets, windows, residue);
        crc = crc16(0, (const uint8_t *)residue, sizeof residue);
        octets += windows * sizeof residue;
        length -= windows * sizeof residue;
    }
    if (length >= CRC16_FOLD_OCTETS) {
        block8_t residue[16];
        const size_t windows = length / sizeof residue;
        fold8(crc, octets, windows, residue);
        crc = by_tables(0, (const uint8_t *)residue, sizeof residue);
        octets += windows * sizeof residue;
        length -= windows * sizeof residue;
    }
    return by_tables(crc, octets, length);
}
