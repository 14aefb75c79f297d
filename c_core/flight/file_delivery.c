#include "flight/file_delivery.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/file_units.h"
#include "flight/octets.h"

#define NS_PER_MS 1000000u

_Static_assert((int)FILE_DELIVERY_OVERHEAD_OCTETS ==
                   (int)FILE_UNIT_HEADER_OCTETS + 3 * (int)FILE_DELIVERY_WIDTH_MAX + 4 + (int)FILE_UNIT_CRC_OCTETS,
               "a segment travels behind header and offset, before a CRC");

/* ---- parameters and state ------------------------------------------------------------------ */

static bool fits(uint32_t value, uint32_t octets) {
    return octets >= 4 || value >> 8 * octets == 0;
}

static bool time_valid(uint32_t ms) {
    return ms >= 1 && ms <= FILE_DELIVERY_TIME_MAX_MS;
}

bool file_delivery_parameters_valid(const file_delivery_parameters_t *p) {
    return p->acknowledged <= 1 && p->crc <= 1 && p->segment_octets >= 1 &&
           p->segment_octets <= FILE_DELIVERY_SEGMENT_MAX &&
           (p->checksum == FILE_MODULAR || p->checksum == FILE_CRC_32 || p->checksum == FILE_NULL) &&
           p->entity_octets >= 1 && p->entity_octets <= FILE_DELIVERY_WIDTH_MAX && p->sequence_octets >= 1 &&
           p->sequence_octets <= FILE_DELIVERY_WIDTH_MAX && p->source != p->destination &&
           fits(p->source, p->entity_octets) && fits(p->destination, p->entity_octets) && time_valid(p->ack_ms) &&
           p->ack_limit >= 1 && time_valid(p->inactivity_ms);
}

void file_delivery_clear(file_delivery_t *self) {
    memset(self->transfer, 0, sizeof self->transfer);
    for (uint32_t i = 0; i < FILE_DELIVERY_OPEN_MAX; i++) {
        self->transfer[i].deadline_ns = FILE_DELIVERY_NEVER;
    }
    self->answers = 0;
}

bool file_delivery_init(file_delivery_t *self, const file_delivery_parameters_t *parameters) {
    memset(self, 0, sizeof *self);
    if (!file_delivery_parameters_valid(parameters)) {
        return false;
    }
    self->parameters = *parameters;
    file_delivery_clear(self);
    return true;
}

static bool transfer_valid(const file_transfer_t *transfer, bool acknowledged) {
    if (transfer->open == 0) {
        return transfer->deadline_ns == FILE_DELIVERY_NEVER && transfer->gaps == 0;
    }
    if (transfer->open > 1 || transfer->metadata_due > 1 || transfer->end_due > 1 || transfer->end_acknowledged > 1 ||
        transfer->offset > transfer->length || transfer->gaps > FILE_DELIVERY_GAPS_MAX || transfer->condition > 15) {
        return false;
    }
    for (uint32_t i = 0; i < transfer->gaps; i++) {
        if (transfer->gap[i].start >= transfer->gap[i].stop || transfer->gap[i].stop > transfer->offset) {
            return false;
        }
    }
    return acknowledged || (transfer->gaps == 0 && transfer->deadline_ns == FILE_DELIVERY_NEVER);
}

bool file_delivery_valid(const file_delivery_t *self) {
    if (!file_delivery_parameters_valid(&self->parameters) || self->answers > FILE_DELIVERY_ANSWERS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < FILE_DELIVERY_OPEN_MAX; i++) {
        if (!transfer_valid(&self->transfer[i], self->parameters.acknowledged != 0)) {
            return false;
        }
    }
    return true;
}

static void count_up(uint32_t *counter, uint32_t more) {
    *counter = more > UINT32_MAX - *counter ? UINT32_MAX : *counter + more;
}

/* ---- checksums ------------------------------------------------------------------------------ */

/// 4.2.2: the sum of the file's words of four octets, the last one filled up with zeros.
static uint32_t modular(const uint8_t *octets, uint32_t length) {
    uint32_t sum = 0;
    uint32_t at = 0;
    for (; length - at >= 4; at += 4) {
        sum += octets_load_u32(octets + at);
    }
    for (uint32_t i = at; i < length; i++) {
        sum += (uint32_t)octets[i] << (24 - 8 * (i - at));
    }
    return sum;
}

/// IEEE 802.3, four bits at a time: a table of 64 octets instead of 1024.
static uint32_t crc_32(const uint8_t *octets, uint32_t length) {
    static const uint32_t of[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t crc = UINT32_MAX;
    for (uint32_t i = 0; i < length; i++) {
        crc ^= octets[i];
        crc = of[crc & 15u] ^ crc >> 4;
        crc = of[crc & 15u] ^ crc >> 4;
    }
    return ~crc;
}

uint32_t file_checksum(uint32_t type, const uint8_t *octets, uint32_t length) {
    return type == FILE_MODULAR ? modular(octets, length) : type == FILE_CRC_32 ? crc_32(octets, length) : 0;
}

/* ---- data units out ------------------------------------------------------------------------- */

static uint32_t store_number(uint8_t *out, uint32_t value, uint32_t octets) {
    for (uint32_t i = 0; i < octets; i++) {
        out[i] = (uint8_t)(value >> 8 * (octets - 1 - i));
    }
    return octets;
}

static uint32_t header_octets(const file_delivery_parameters_t *p) {
    return FILE_UNIT_HEADER_OCTETS + 2 * p->entity_octets + p->sequence_octets;
}

/// Octets of a whole data unit with a data field of so many.
static uint32_t unit_octets(const file_delivery_parameters_t *p, uint32_t field_octets) {
    return header_octets(p) + field_octets + (p->crc ? (uint32_t)FILE_UNIT_CRC_OCTETS : 0u);
}

/// Writes the header (5.1); returns its octets.
static uint32_t store_header(const file_delivery_parameters_t *p, uint8_t *out, uint32_t sequence, uint32_t flags,
                             uint32_t field_octets) {
    uint32_t at = FILE_UNIT_HEADER_OCTETS;
    out[0] = (uint8_t)(FILE_UNIT_VERSION << 5 | flags | (p->acknowledged ? 0u : (uint32_t)FILE_UNIT_UNACKNOWLEDGED) |
                       (p->crc ? (uint32_t)FILE_UNIT_WITH_CRC : 0u));
    octets_store_u16(out + 1, field_octets + (p->crc ? (uint32_t)FILE_UNIT_CRC_OCTETS : 0u));
    out[3] = (uint8_t)((p->entity_octets - 1) << 4 | (p->sequence_octets - 1));
    at += store_number(out + at, p->source, p->entity_octets);
    at += store_number(out + at, sequence, p->sequence_octets);
    at += store_number(out + at, p->destination, p->entity_octets);
    return at;
}

/// The CRC, if there is one, behind `octets` of a data unit; returns the octets of the whole.
static uint32_t seal(const file_delivery_parameters_t *p, uint8_t *out, uint32_t octets) {
    if (!p->crc) {
        return octets;
    }
    octets_store_u16(out + octets, crc16(CRC16_PRESET, out, octets));
    return octets + FILE_UNIT_CRC_OCTETS;
}

static uint32_t store_text(uint8_t *out, const uint8_t *text, uint32_t octets) {
    out[0] = (uint8_t)octets;
    memcpy(out + 1, text, octets);
    return 1 + octets;
}

static uint32_t write_metadata(const file_delivery_t *self, const file_transfer_t *transfer,
                               const file_delivery_file_t *file, uint8_t *out, size_t room) {
    const file_delivery_parameters_t *p = &self->parameters;
    const uint32_t message_octets = file->message_octets ? 2 + file->message_octets : 0;
    const uint32_t field = 6 + 2 * (1 + file->name_octets) + message_octets;
    if (unit_octets(p, field) > room) {
        return 0;
    }
    uint32_t at = store_header(p, out, transfer->sequence, 0, field);
    out[at] = FILE_METADATA;
    out[at + 1] = (uint8_t)p->checksum;
    octets_store_u32(out + at + 2, transfer->length);
    at += 6;
    at += store_text(out + at, file->name, file->name_octets);
    at += store_text(out + at, file->name, file->name_octets);
    if (message_octets) {
        out[at] = FILE_TLV_MESSAGE;
        at += 1 + store_text(out + at + 1, file->message, file->message_octets);
    }
    return seal(p, out, at);
}

static uint32_t write_end(const file_delivery_t *self, const file_transfer_t *transfer,
                          const file_delivery_file_t *file, uint8_t *out, size_t room) {
    const file_delivery_parameters_t *p = &self->parameters;
    const bool cancelled = transfer->condition != FILE_NO_ERROR;
    const uint32_t field = 10 + (cancelled ? 2 + p->entity_octets : 0);
    if (unit_octets(p, field) > room) {
        return 0;
    }
    uint32_t at = store_header(p, out, transfer->sequence, 0, field);
    // That of a cancelled transfer covers what was sent (4.6.6.1.1).
    const uint32_t sum =
        cancelled ? file_checksum(p->checksum, file->octets, transfer->offset) : transfer->checksum;
    out[at] = FILE_EOF;
    out[at + 1] = (uint8_t)(transfer->condition << 4);
    octets_store_u32(out + at + 2, sum);
    octets_store_u32(out + at + 6, transfer->offset);
    at += 10;
    if (cancelled) {
        out[at] = FILE_TLV_ENTITY;
        out[at + 1] = (uint8_t)p->entity_octets;
        at += 2 + store_number(out + at + 2, p->source, p->entity_octets);
    }
    return seal(p, out, at);
}

/// Octets start..stop of the file, as many as a segment has; *data_octets is how many.
static uint32_t write_data(const file_delivery_t *self, const file_transfer_t *transfer,
                           const file_delivery_file_t *file, uint32_t start, uint32_t stop, uint8_t *out, size_t room,
                           uint32_t *data_octets) {
    const file_delivery_parameters_t *p = &self->parameters;
    const uint32_t octets = stop - start < p->segment_octets ? stop - start : p->segment_octets;
    if (unit_octets(p, 4 + octets) > room) {
        return 0;
    }
    const uint32_t offset_at = store_header(p, out, transfer->sequence, FILE_UNIT_FILE_DATA, 4 + octets);
    const uint32_t data_at = offset_at + 4;
    const uint8_t *data = file->octets + start;
    octets_store_u32(out + offset_at, start);
    memcpy(out + data_at, data, octets);
    *data_octets = octets;
    if (!p->crc) {
        return data_at + octets;
    }
    // The data's CRC from its source: loads wider than the stores just made would wait for them.
    octets_store_u16(out + data_at + octets, crc16(crc16(CRC16_PRESET, out, data_at), data, octets));
    return data_at + octets + FILE_UNIT_CRC_OCTETS;
}

/* ---- transfers ------------------------------------------------------------------------------ */

static uint64_t after_ms(uint64_t now_ns, uint32_t ms) {
    const uint64_t wait_ns = (uint64_t)ms * NS_PER_MS;
    return now_ns < FILE_DELIVERY_NEVER - wait_ns ? now_ns + wait_ns : FILE_DELIVERY_NEVER - 1;
}

static void end(file_delivery_t *self, uint32_t i, file_fate_t fate, uint32_t condition, file_outcome_t *outcome) {
    memset(&self->transfer[i], 0, sizeof self->transfer[i]);
    self->transfer[i].deadline_ns = FILE_DELIVERY_NEVER;
    outcome->fate = fate;
    outcome->transfer = i;
    outcome->condition = condition;
}

void file_delivery_begin(file_delivery_t *self, uint32_t i, uint32_t sequence, const file_delivery_file_t *file) {
    const uint32_t octets = self->parameters.sequence_octets;
    file_transfer_t *transfer = &self->transfer[i];
    memset(transfer, 0, sizeof *transfer);
    transfer->open = 1;
    transfer->sequence = octets >= 4 ? sequence : sequence & ((1u << 8 * octets) - 1);
    transfer->length = file->length;
    transfer->checksum = file_checksum(self->parameters.checksum, file->octets, file->length);
    transfer->metadata_due = 1;
    transfer->end_due = 1;
    transfer->deadline_ns = FILE_DELIVERY_NEVER;
}

void file_delivery_cancel(file_delivery_t *self, uint32_t i, uint32_t condition) {
    file_transfer_t *transfer = &self->transfer[i];
    if (!transfer->open || transfer->condition != FILE_NO_ERROR) {
        return;
    }
    transfer->condition = (uint8_t)condition;
    transfer->metadata_due = 0;
    transfer->gaps = 0;
    transfer->end_due = 1;
    transfer->end_acknowledged = 0;
    transfer->expiries = 0;
    transfer->deadline_ns = FILE_DELIVERY_NEVER;
}

static bool first_pass(const file_transfer_t *transfer) {
    return transfer->open && transfer->condition == FILE_NO_ERROR && transfer->offset < transfer->length;
}

bool file_delivery_under_way(const file_delivery_t *self) {
    for (uint32_t i = 0; i < FILE_DELIVERY_OPEN_MAX; i++) {
        if (first_pass(&self->transfer[i])) {
            return true;
        }
    }
    return false;
}

uint32_t file_delivery_next(const file_delivery_t *self) {
    uint32_t found = FILE_DELIVERY_NOBODY;
    bool found_waits = false;
    for (uint32_t i = 0; i < FILE_DELIVERY_OPEN_MAX; i++) {
        const file_transfer_t *transfer = &self->transfer[i];
        const bool new_data = first_pass(transfer);
        const bool waits = !new_data || transfer->gaps != 0;
        if (!transfer->open || (!transfer->metadata_due && !transfer->end_due && transfer->gaps == 0)) {
            continue;
        }
        const bool older = found == FILE_DELIVERY_NOBODY ||
                           transfer->sequence - self->transfer[found].sequence > UINT32_MAX / 2;
        if (found == FILE_DELIVERY_NOBODY || (waits && !found_waits) || (waits == found_waits && older)) {
            found = i;
            found_waits = waits;
        }
    }
    return found;
}

uint32_t file_delivery_answer(file_delivery_t *self, uint8_t *out, size_t room) {
    const file_delivery_parameters_t *p = &self->parameters;
    if (self->answers == 0 || unit_octets(p, 3) > room) {
        return 0;
    }
    const file_answer_t answer = self->answer[0];
    self->answers--;
    for (uint32_t i = 0; i < self->answers; i++) {
        self->answer[i] = self->answer[i + 1];
    }
    const uint32_t at = store_header(p, out, answer.sequence, 0, 3);
    out[at] = FILE_ACK;
    out[at + 1] = FILE_FINISHED << 4 | FILE_ACK_OF_FINISHED;
    out[at + 2] = (uint8_t)(answer.condition << 4 | answer.status);
    return seal(p, out, at + 3);
}

/// EOF has just been written.
static void said_end(file_delivery_t *self, uint32_t i, uint64_t now_ns, file_outcome_t *outcome) {
    file_transfer_t *transfer = &self->transfer[i];
    transfer->end_due = 0;
    if (self->parameters.acknowledged) {
        transfer->deadline_ns = after_ms(now_ns, self->parameters.ack_ms);
    } else {
        end(self, i, transfer->condition == FILE_NO_ERROR ? FILE_DELIVERED : FILE_CANCELLED, transfer->condition,
            outcome);
    }
}

uint32_t file_delivery_write(file_delivery_t *self, uint32_t i, const file_delivery_file_t *file, uint64_t now_ns,
                             uint8_t *out, size_t room, file_outcome_t *outcome) {
    file_transfer_t *transfer = &self->transfer[i];
    uint32_t data = 0;
    uint32_t octets = 0;
    memset(outcome, 0, sizeof *outcome);
    if (transfer->metadata_due) {
        octets = write_metadata(self, transfer, file, out, room);
        transfer->metadata_due = octets == 0;
    } else if (transfer->gaps != 0) {
        file_gap_t *gap = &transfer->gap[0];
        octets = write_data(self, transfer, file, gap->start, gap->stop, out, room, &data);
        count_up(&self->count.resent_octets, data);
        gap->start += data;
        if (gap->start == gap->stop) {
            transfer->gaps--;
            for (uint32_t k = 0; k < transfer->gaps; k++) {
                transfer->gap[k] = transfer->gap[k + 1];
            }
        }
        if (octets != 0 && transfer->end_acknowledged) {
            transfer->deadline_ns = after_ms(now_ns, self->parameters.inactivity_ms);
        }
    } else if (first_pass(transfer)) {
        octets = write_data(self, transfer, file, transfer->offset, transfer->length, out, room, &data);
        transfer->offset += data;
    } else if (transfer->end_due) {
        octets = write_end(self, transfer, file, out, room);
        if (octets != 0) {
            said_end(self, i, now_ns, outcome);
        }
    }
    return octets;
}

/* ---- data units in -------------------------------------------------------------------------- */

static uint32_t transfer_of(const file_delivery_t *self, uint32_t sequence) {
    for (uint32_t i = 0; i < FILE_DELIVERY_OPEN_MAX; i++) {
        if (self->transfer[i].open && self->transfer[i].sequence == sequence) {
            return i;
        }
    }
    return FILE_DELIVERY_NOBODY;
}

/// 5.2.4. The end of file has come; or the receiver does not know any more what that is.
static file_unit_t take_ack(file_delivery_t *self, uint32_t i, uint64_t now_ns, const uint8_t *field,
                            uint32_t octets, file_outcome_t *outcome) {
    if (octets != 3) {
        return FILE_UNIT_LENGTH;
    }
    if (field[1] >> 4 != FILE_EOF) {
        return FILE_UNIT_DIRECTIVE;
    }
    if (i == FILE_DELIVERY_NOBODY) {
        return FILE_UNIT_STRANGER;
    }
    file_transfer_t *transfer = &self->transfer[i];
    // One of an EOF without an error may be late: it says nothing of the EOF that cancels.
    if (field[2] >> 4 != transfer->condition || first_pass(transfer)) {
        return FILE_UNIT_TAKEN;
    }
    const uint32_t status = field[2] & 3u;
    if (transfer->condition != FILE_NO_ERROR) {
        end(self, i, FILE_CANCELLED, transfer->condition, outcome);
    } else if (status == FILE_STATUS_TERMINATED || status == FILE_STATUS_UNRECOGNIZED) {
        end(self, i, FILE_UNCONFIRMED, FILE_NO_ERROR, outcome);
    } else {
        transfer->end_due = 0;
        transfer->end_acknowledged = 1;
        transfer->expiries = 0;
        transfer->deadline_ns = after_ms(now_ns, self->parameters.inactivity_ms);
    }
    return FILE_UNIT_TAKEN;
}

/// 5.2.3. Always acknowledged, also long after its transfer has ended.
static file_unit_t take_finished(file_delivery_t *self, uint32_t i, uint32_t sequence, const uint8_t *field,
                                 uint32_t octets, file_outcome_t *outcome) {
    if (octets < 2) {
        return FILE_UNIT_LENGTH;
    }
    const uint32_t condition = field[1] >> 4;
    if (self->answers < FILE_DELIVERY_ANSWERS_MAX) {
        file_answer_t *answer = &self->answer[self->answers++];
        memset(answer, 0, sizeof *answer);
        answer->sequence = sequence;
        answer->condition = (uint8_t)condition;
        answer->status = i == FILE_DELIVERY_NOBODY ? FILE_STATUS_UNDEFINED : FILE_STATUS_TERMINATED;
    }
    if (i == FILE_DELIVERY_NOBODY) {
        return FILE_UNIT_STRANGER;
    }
    const uint32_t cancelled = self->transfer[i].condition;
    const bool whole = condition == FILE_NO_ERROR && (field[1] & FILE_FINISHED_INCOMPLETE) == 0;
    if (whole || cancelled == FILE_NO_ERROR) {
        end(self, i, whole ? FILE_DELIVERED : FILE_REFUSED, condition, outcome);
    } else {
        end(self, i, FILE_CANCELLED, cancelled, outcome);
    }
    return FILE_UNIT_TAKEN;
}

static void add_gap(file_transfer_t *transfer, uint32_t start, uint32_t stop) {
    stop = stop < transfer->offset ? stop : transfer->offset; // the rest comes anyway
    for (uint32_t i = 0; i < transfer->gaps; i++) {
        if (start >= transfer->gap[i].start && stop <= transfer->gap[i].stop) {
            return;
        }
    }
    if (start < stop && transfer->gaps < FILE_DELIVERY_GAPS_MAX) {
        transfer->gap[transfer->gaps].start = start;
        transfer->gap[transfer->gaps].stop = stop;
        transfer->gaps++;
    }
}

/// 5.2.6: scope, then pairs of what is missing; 0 to 0 is the metadata.
static file_unit_t take_nak(file_delivery_t *self, uint32_t i, uint64_t now_ns, const uint8_t *field,
                            uint32_t octets) {
    if (octets < 9 || octets % 8 != 1) {
        return FILE_UNIT_LENGTH;
    }
    if (i == FILE_DELIVERY_NOBODY) {
        return FILE_UNIT_STRANGER;
    }
    file_transfer_t *transfer = &self->transfer[i];
    if (transfer->condition != FILE_NO_ERROR) {
        return FILE_UNIT_TAKEN;
    }
    for (uint32_t at = 9; at < octets; at += 8) {
        const uint32_t start = octets_load_u32(field + at);
        const uint32_t stop = octets_load_u32(field + at + 4);
        if (start == 0 && stop == 0) {
            transfer->metadata_due = 1;
        } else {
            add_gap(transfer, start, stop);
        }
    }
    if (transfer->end_acknowledged) {
        transfer->deadline_ns = after_ms(now_ns, self->parameters.inactivity_ms);
    }
    return FILE_UNIT_TAKEN;
}

static file_unit_t take_directive(file_delivery_t *self, uint32_t sequence, uint64_t now_ns, const uint8_t *field,
                                  uint32_t octets, file_outcome_t *outcome) {
    const uint32_t i = transfer_of(self, sequence);
    if (octets < 1) {
        return FILE_UNIT_LENGTH;
    }
    switch (field[0]) {
    case FILE_ACK: return take_ack(self, i, now_ns, field, octets, outcome);
    case FILE_FINISHED: return take_finished(self, i, sequence, field, octets, outcome);
    case FILE_NAK: return take_nak(self, i, now_ns, field, octets);
    case FILE_KEEP_ALIVE:
        if (octets != 5) {
            return FILE_UNIT_LENGTH;
        }
        if (i == FILE_DELIVERY_NOBODY) {
            return FILE_UNIT_STRANGER;
        }
        if (self->transfer[i].end_acknowledged) {
            self->transfer[i].deadline_ns = after_ms(now_ns, self->parameters.inactivity_ms);
        }
        return FILE_UNIT_TAKEN;
    default: return FILE_UNIT_DIRECTIVE;
    }
}

static file_unit_t take(file_delivery_t *self, uint64_t now_ns, const uint8_t *octets, size_t length,
                        file_outcome_t *outcome) {
    const file_delivery_parameters_t *p = &self->parameters;
    file_unit_content_t unit;
    const uint32_t flags = FILE_UNIT_TOWARD_SENDER | (p->crc ? (uint32_t)FILE_UNIT_WITH_CRC : 0u);
    const file_unit_t what = file_unit_open(octets, length, flags, 0, &unit);
    if (what != FILE_UNIT_TAKEN) {
        return what;
    }
    if (!p->acknowledged) { // nothing comes back in class 1
        return FILE_UNIT_HEADER;
    }
    if (unit.source != p->source || unit.destination != p->destination) {
        return FILE_UNIT_ENTITY;
    }
    return take_directive(self, unit.sequence, now_ns, unit.field, unit.octets, outcome);
}

file_unit_t file_delivery_receive(file_delivery_t *self, uint64_t now_ns, const uint8_t *octets, size_t length,
                                  file_outcome_t *outcome) {
    memset(outcome, 0, sizeof *outcome);
    const file_unit_t what = take(self, now_ns, octets, length, outcome);
    count_up(&self->count.unit[what], 1);
    return what;
}

/* ---- time ----------------------------------------------------------------------------------- */

void file_delivery_poll(file_delivery_t *self, uint64_t now_ns, file_outcome_t *outcome) {
    memset(outcome, 0, sizeof *outcome);
    for (uint32_t i = 0; i < FILE_DELIVERY_OPEN_MAX; i++) {
        file_transfer_t *transfer = &self->transfer[i];
        if (transfer->deadline_ns == FILE_DELIVERY_NEVER || transfer->deadline_ns > now_ns) {
            continue;
        }
        transfer->deadline_ns = FILE_DELIVERY_NEVER;
        if (transfer->end_acknowledged) {
            file_delivery_cancel(self, i, FILE_INACTIVITY);
            continue;
        }
        transfer->expiries++;
        if (transfer->expiries < self->parameters.ack_limit) {
            transfer->end_due = 1;
        } else if (transfer->condition == FILE_NO_ERROR) {
            file_delivery_cancel(self, i, FILE_ACK_LIMIT);
        } else { // nobody answers: a fault while cancelling ends it (4.6.6.1)
            end(self, i, FILE_CANCELLED, transfer->condition, outcome);
            return;
        }
    }
}

uint64_t file_delivery_next_ns(const file_delivery_t *self) {
    uint64_t next_ns = FILE_DELIVERY_NEVER;
    for (uint32_t i = 0; i < FILE_DELIVERY_OPEN_MAX; i++) {
        next_ns = self->transfer[i].deadline_ns < next_ns ? self->transfer[i].deadline_ns : next_ns;
    }
    return next_ns;
}
