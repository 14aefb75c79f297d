/// file_reception.h - receiving entity of CFDP (CCSDS 727.0-B-5) for one small file at a time.
///
///     FREE --first data unit--> OPEN --whole, checksum right--> CAME --conclude--> FINISHING --ACK--> FREE
///                                 +--cancelled, limit, bad checksum--------------> FINISHING
///
/// Both classes, as the sender says. Class 2: EOF is acknowledged, what is missing is asked for by NAK when EOF has
/// come and again each nak_ms, Finished is said until acknowledged. Class 1: what is missing check_ms after EOF
/// never comes; Finished is said once if the metadata request closure, else the end is silent.
/// A file is the user's once, when it is CAME: every octet there and the checksum right; then `conclude` says
/// whether it was taken, and so tells the sender. While a file comes, data units of others are dropped: their
/// sender says them again. One whose Finished has been said gives way. Late data units of the latest that ended are known as such, an EOF is acknowledged.
///
/// Pulled, not called back; never blocks or allocates. State is flat: copying sizeof(file_reception_t) octets is a
/// snapshot. Times are ns and never go back. Not looked at: file names, and options of the metadata but filestore
/// requests, with which they are refused. No large files, no segment metadata.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/file_delivery.h"

enum {
    FILE_RECEPTION_OCTETS_MAX = 256, ///< The longest file.
    FILE_RECEPTION_GAPS_MAX = 8,     ///< In one NAK; the rest is asked for by the next.
    FILE_RECEPTION_WIDTH_MAX = 8,    ///< Octets of the sender's identifiers: answers carry them as they came.
    FILE_RECEPTION_HEADER_MAX = 4 + 3 * FILE_RECEPTION_WIDTH_MAX,
    FILE_RECEPTION_UNIT_OCTETS = FILE_RECEPTION_HEADER_MAX + 9 + 8 * FILE_RECEPTION_GAPS_MAX + 2,
};

typedef enum { FILE_FREE, FILE_OPEN, FILE_CAME, FILE_FINISHING } file_reception_state_t;

typedef struct {
    uint32_t entity;        ///< Ours.
    uint32_t peer;          ///< The only sender that is heard; another number.
    uint32_t crc;           ///< 1: each data unit ends with a CRC-16, and what comes must.
    uint32_t ack_ms;        ///< Finished is said again when not acknowledged for so long,
    uint32_t ack_limit;     ///< this often in all.
    uint32_t nak_ms;        ///< What is missing is asked for again,
    uint32_t nak_limit;     ///< this often in all; then the file is given up.
    uint32_t check_ms;      ///< Class 1.
    uint32_t inactivity_ms; ///< Before EOF; then the file is given up. Times: 1 to FILE_DELIVERY_TIME_MAX_MS.
} file_reception_parameters_t;

/// Invariants (file_reception_valid): bit i of `have` is set only if octet i has come; size and reach are
/// FILE_RECEPTION_OCTETS_MAX at the most; FREE has no timer and nothing due but an acknowledgement.
typedef struct {
    file_reception_parameters_t parameters;
    uint64_t deadline_ns;
    uint32_t have[FILE_RECEPTION_OCTETS_MAX / 32];
    uint32_t state; ///< file_reception_state_t
    uint32_t sequence;
    uint32_t ended_sequence; ///< Of the latest that ended, if `ended`.
    uint32_t size;           ///< By EOF.
    uint32_t announced;      ///< By the metadata.
    uint32_t reach;          ///< Behind the last octet that has come.
    uint32_t checksum;
    uint32_t expiries;
    uint8_t octets[FILE_RECEPTION_OCTETS_MAX];
    uint8_t head[FILE_RECEPTION_HEADER_MAX]; ///< Header of its data units: flags, widths and identifiers.
    uint8_t answer[FILE_RECEPTION_HEADER_MAX]; ///< Likewise of the EOF to acknowledge.
    uint8_t checksum_type;
    uint8_t metadata;  ///< 1 when they have come.
    uint8_t closure;
    uint8_t end;       ///< 1 when EOF has come.
    uint8_t ended;
    uint8_t answer_due;
    uint8_t answer_condition;
    uint8_t answer_status;
    uint8_t nak_due;
    uint8_t keep_alive_due;
    uint8_t finished_due;
    uint8_t finished; ///< Octet of its condition, delivery code and file status (5.2.3).
    uint8_t spare[6];
    struct {
        uint32_t came;
        uint32_t given_up;
        uint32_t unit[FILE_UNIT_FATES];
    } count; ///< Stop at 2^32 - 1.
} file_reception_t;

bool file_reception_parameters_valid(const file_reception_parameters_t *parameters);

/// FREE. false, and nothing usable, if a parameter is out of its bounds.
bool file_reception_init(file_reception_t *self, const file_reception_parameters_t *parameters);

/// true if the invariants hold: to be asked of a snapshot that comes from elsewhere.
bool file_reception_valid(const file_reception_t *self);

/// FREE, whatever was under way; counters, and which one ended last, are kept.
void file_reception_clear(file_reception_t *self);

/// One data unit toward the receiver, whole. When the state is CAME afterwards, octets[0, size) are a file.
file_unit_t file_reception_receive(file_reception_t *self, uint64_t now_ns, const uint8_t *octets, size_t length);

/// CAME -> FINISHING or FREE: it was taken, or is refused (filestore rejection: the sender hears so).
void file_reception_conclude(file_reception_t *self, bool taken);

/// Whether write has something to say.
bool file_reception_has_output(const file_reception_t *self);

/// The next answer into `out`. Returns its octets; 0 if there is none, or it is longer than `room`.
uint32_t file_reception_write(file_reception_t *self, uint64_t now_ns, uint8_t *out, size_t room);

/// Timers that have run out by now_ns.
void file_reception_poll(file_reception_t *self, uint64_t now_ns);

/// When poll will next have something to do, or FILE_DELIVERY_NEVER.
static inline uint64_t file_reception_next_ns(const file_reception_t *self) {
    return self->deadline_ns;
}
