/// file_delivery.h - sending entity of CFDP (CCSDS 727.0-B-5) for files that lie whole in memory.
///
///     FREE --begin--> metadata, segments, EOF --class 1: EOF written----------------------> FREE (delivered)
///                                 |            --class 2: Finished, complete--------------> FREE (delivered)
///                                 +--cancel, time run out--> EOF with its reason --said---> FREE (failed)
///
/// Class 1 (unacknowledged) says each thing once. Class 2 keeps the file until the receiver has told by Finished
/// what became of it: NAKs are answered from the file, EOF is sent again until it is acknowledged (4.7.1), and
/// after that silence is a fault (inactivity). A fault cancels. EOF of a cancelled transfer is said as any
/// other: once in class 1, until acknowledged or to the limit in class 2.
///
/// Pulled, not called back: `next` tells which transfer has something to say, `write` writes one data unit of it.
/// The caller owns files, their names and messages, and brings them with each write; no pointer is kept. State
/// is flat: copying sizeof(file_delivery_t) octets is a snapshot. Times are ns and never go back; timers run
/// from when a data unit is written, so a link that takes nothing lets none run out before its EOF has left.
/// Never blocks or allocates. Cost: write reads the octets that it sends once, and twice with CRC; begin reads
/// the file once (its checksum); the rest is a walk over at most FILE_DELIVERY_OPEN_MAX transfers.
///
/// Data units (5.1): version 1, toward the receiver; file size and offsets of 4 octets (no large files); no
/// segmentation control or segment metadata; CRC as the parameters say. Metadata: no closure, one name for
/// source and destination, one message to the user unless it is empty. Not sent: prompts. Not kept: keep-alives.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/file_units.h"

enum {
    FILE_DELIVERY_OPEN_MAX = 32,    ///< Transfers at a time.
    FILE_DELIVERY_GAPS_MAX = 32,    ///< Missing ranges kept of one; what a NAK names beyond it will ask for again.
    FILE_DELIVERY_ANSWERS_MAX = 16, ///< Acknowledgements that wait; the Finished of one dropped comes again.
    FILE_DELIVERY_TEXT_MAX = 64,    ///< Octets of a file name, and of a message.
    FILE_DELIVERY_WIDTH_MAX = 4,    ///< Octets of our entity identifiers and sequence numbers.
    /// The longest data unit but for its segment.
    FILE_DELIVERY_OVERHEAD_OCTETS = 4 + 3 * FILE_DELIVERY_WIDTH_MAX + 4 + 2,
    /// No data unit but those with a segment is longer.
    FILE_DELIVERY_DIRECTIVE_OCTETS = 4 + 3 * FILE_DELIVERY_WIDTH_MAX + 6 + 2 * (FILE_DELIVERY_TEXT_MAX + 1) +
                                     (FILE_DELIVERY_TEXT_MAX + 2) + 2,
    FILE_DELIVERY_SEGMENT_MAX = 65000,
    FILE_DELIVERY_TIME_MAX_MS = 100000000,
    FILE_DELIVERY_NOBODY = FILE_DELIVERY_OPEN_MAX, ///< `next`: nothing to say.
};

#define FILE_DELIVERY_NEVER UINT64_MAX

/// Condition codes (5.2.2), those that this entity declares itself.
typedef enum {
    FILE_NO_ERROR = 0,
    FILE_ACK_LIMIT = 1,
    FILE_CHECKSUM_FAILURE = 5,
    FILE_INACTIVITY = 8,
    FILE_CANCEL_REQUEST = 15,
} file_condition_t;

/// SANA numbers. Modular: 4.2.2. Null: 0 for every file.
typedef enum { FILE_MODULAR = 0, FILE_CRC_32 = 3, FILE_NULL = 15 } file_checksum_t;

typedef struct {
    uint32_t acknowledged;    ///< 1: class 2.
    uint32_t segment_octets;  ///< File data in one data unit: 1 to FILE_DELIVERY_SEGMENT_MAX.
    uint32_t crc;             ///< 1: each data unit ends with a CRC-16 (crc16.h), and what comes must.
    uint32_t checksum;        ///< file_checksum_t
    uint32_t source;          ///< Entity identifiers that differ and fit entity_octets.
    uint32_t destination;
    uint32_t entity_octets;   ///< 1 to FILE_DELIVERY_WIDTH_MAX, as is
    uint32_t sequence_octets; ///< this one; a sequence number is cut to it.
    uint32_t ack_ms;          ///< EOF is sent again when not acknowledged for so long. Class 2, as the next two:
    uint32_t ack_limit;       ///< this often in all, then it is a fault.
    uint32_t inactivity_ms;   ///< Times: 1 to FILE_DELIVERY_TIME_MAX_MS.
} file_delivery_parameters_t;

/// One file, for the length of a call. name, message: up to FILE_DELIVERY_TEXT_MAX octets.
typedef struct {
    const uint8_t *octets;
    const uint8_t *name;
    const uint8_t *message;
    uint32_t length;
    uint32_t name_octets;
    uint32_t message_octets;
} file_delivery_file_t;

typedef struct {
    uint32_t start;
    uint32_t stop; ///< Not included.
} file_gap_t;

typedef struct {
    uint64_t deadline_ns; ///< FILE_DELIVERY_NEVER while no timer runs.
    uint32_t sequence;
    uint32_t length;
    uint32_t checksum;
    uint32_t offset; ///< Sent for the first time up to here.
    uint32_t expiries;
    uint32_t gaps;
    file_gap_t gap[FILE_DELIVERY_GAPS_MAX]; ///< To be sent again, the first `gaps` of them.
    uint8_t open;
    uint8_t metadata_due;
    uint8_t end_due;
    uint8_t end_acknowledged;
    uint8_t condition; ///< FILE_NO_ERROR, or why it is cancelled.
    uint8_t spare[3];
} file_transfer_t;

typedef struct {
    uint32_t sequence;
    uint8_t condition;
    uint8_t status;
    uint8_t spare[2];
} file_answer_t;

/// How a transfer ended.
typedef enum {
    FILE_GOES_ON,
    FILE_DELIVERED,   ///< Class 1: all of it has been said. Class 2: the receiver has it whole.
    FILE_REFUSED,     ///< The receiver has ended it otherwise, by `condition`.
    FILE_CANCELLED,   ///< We have, by `condition`, and have said so.
    FILE_UNCONFIRMED, ///< The receiver no longer knows of it, and has not said how it ended.
} file_fate_t;

typedef struct {
    uint32_t fate;      ///< file_fate_t; while it is FILE_GOES_ON the rest is 0.
    uint32_t transfer;
    uint32_t condition; ///< Code of 5.2.2.
} file_outcome_t;

/// Invariants (file_delivery_valid): gaps lie below offset <= length; a transfer that is not open is all 0 but
/// for its deadline, which is FILE_DELIVERY_NEVER; one of class 1 has no gaps and no timer.
typedef struct {
    file_delivery_parameters_t parameters;
    file_transfer_t transfer[FILE_DELIVERY_OPEN_MAX];
    file_answer_t answer[FILE_DELIVERY_ANSWERS_MAX];
    uint32_t answers;
    uint32_t spare;
    struct {
        uint32_t resent_octets;
        uint32_t unit[FILE_UNIT_FATES];
    } count; ///< Stop at 2^32 - 1.
} file_delivery_t;

bool file_delivery_parameters_valid(const file_delivery_parameters_t *parameters);

/// No transfers. false, and nothing usable, if a parameter is out of its bounds.
bool file_delivery_init(file_delivery_t *self, const file_delivery_parameters_t *parameters);

/// true if the invariants hold: to be asked of a snapshot that comes from elsewhere.
bool file_delivery_valid(const file_delivery_t *self);

/// Forgets all transfers: what a restart leaves. Counters are kept.
void file_delivery_clear(file_delivery_t *self);

/// Opens transfer number `transfer` (below FILE_DELIVERY_OPEN_MAX, and not open) of this file. sequence: to
/// differ from that of any other transfer that the receiver may remember.
void file_delivery_begin(file_delivery_t *self, uint32_t transfer, uint32_t sequence,
                         const file_delivery_file_t *file);

/// Whether a file is still to be sent to its end for the first time: then a next one had better wait.
bool file_delivery_under_way(const file_delivery_t *self);

/// The transfer that has something to say, or FILE_DELIVERY_NOBODY. What the receiver waits for comes before
/// new data; else the longest open comes first, by sequence number modulo 2^32.
uint32_t file_delivery_next(const file_delivery_t *self);

/// Acknowledgements that wait: they go before anything else, and belong to no transfer.
static inline bool file_delivery_answers(const file_delivery_t *self) {
    return self->answers != 0;
}

/// The next acknowledgement into `out`. Returns its octets; 0 if there is none, or it is longer than `room`.
uint32_t file_delivery_answer(file_delivery_t *self, uint8_t *out, size_t room);

/// The next data unit of `transfer`, which `next` gave, into `out`. Returns its octets; 0, and no change, if it
/// is longer than `room`. *outcome: whether that was its last.
uint32_t file_delivery_write(file_delivery_t *self, uint32_t transfer, const file_delivery_file_t *file,
                             uint64_t now_ns, uint8_t *out, size_t room, file_outcome_t *outcome);

/// One data unit from the receiver, whole. *outcome: what it brought to an end.
file_unit_t file_delivery_receive(file_delivery_t *self, uint64_t now_ns, const uint8_t *octets, size_t length,
                                  file_outcome_t *outcome);

/// Stops sending the file; its EOF says why (a condition other than FILE_NO_ERROR). Without effect on one that
/// is not open, or cancelled already.
void file_delivery_cancel(file_delivery_t *self, uint32_t transfer, uint32_t condition);

/// One timer that has run out by now_ns; call again while *outcome says that a transfer ended. Timers that only
/// make EOF due again are all served by one call.
void file_delivery_poll(file_delivery_t *self, uint64_t now_ns, file_outcome_t *outcome);

/// When poll will next have something to do, or FILE_DELIVERY_NEVER.
uint64_t file_delivery_next_ns(const file_delivery_t *self);

/// The checksum of a file by that type.
uint32_t file_checksum(uint32_t type, const uint8_t *octets, uint32_t length);
