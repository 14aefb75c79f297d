#include "flight/file_reception.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/file_units.h"
#include "flight/octets.h"

#define NS_PER_MS 1000000u
#define CHECK_LIMIT 10u ///< Condition codes (5.2.2) besides those of file_delivery.h.
#define NAK_LIMIT 7u
#define FILE_SIZE_ERROR 6u
#define FILESTORE_REJECTION 4u
#define UNSUPPORTED_CHECKSUM 11u

enum {
    DELIVERED_RETAINED = 0 << 2 | 2, ///< Complete; the file was kept.
    INCOMPLETE_DISCARDED = FILE_FINISHED_INCOMPLETE | 0,
    INCOMPLETE_REJECTED = FILE_FINISHED_INCOMPLETE | 1,
};

/* ---- parameters and state ------------------------------------------------------------------ */

static bool time_valid(uint32_t ms) {
    return ms >= 1 && ms <= FILE_DELIVERY_TIME_MAX_MS;
}

bool file_reception_parameters_valid(const file_reception_parameters_t *p) {
    return p->entity != p->peer && p->crc <= 1 && time_valid(p->ack_ms) && p->ack_limit >= 1 &&
           time_valid(p->nak_ms) && p->nak_limit >= 1 && time_valid(p->check_ms) && time_valid(p->inactivity_ms);
}

bool file_reception_init(file_reception_t *self, const file_reception_parameters_t *parameters) {
    memset(self, 0, sizeof *self);
    self->deadline_ns = FILE_DELIVERY_NEVER;
    if (!file_reception_parameters_valid(parameters)) {
        return false;
    }
    self->parameters = *parameters;
    return true;
}

static bool acknowledged(const file_reception_t *self) {
    return (self->head[0] & FILE_UNIT_UNACKNOWLEDGED) == 0;
}

static bool have(const file_reception_t *self, uint32_t i) {
    return (self->have[i / 32] >> i % 32 & 1u) != 0;
}

bool file_reception_valid(const file_reception_t *self) {
    if (!file_reception_parameters_valid(&self->parameters) || self->state > FILE_FINISHING ||
        self->size > FILE_RECEPTION_OCTETS_MAX || self->reach > FILE_RECEPTION_OCTETS_MAX || self->metadata > 1 ||
        self->end > 1 || self->ended > 1 || self->answer_due > 1 || self->nak_due > 1 || self->keep_alive_due > 1 ||
        self->finished_due > 1 || self->answer_condition > 15 || self->answer_status > 3) {
        return false;
    }
    for (uint32_t i = 0; i < FILE_RECEPTION_OCTETS_MAX; i++) {
        if (i >= self->reach && have(self, i)) {
            return false;
        }
    }
    return self->state != FILE_FREE || (self->deadline_ns == FILE_DELIVERY_NEVER && self->nak_due == 0 &&
                                        self->keep_alive_due == 0 && self->finished_due == 0);
}

/// FREE, and this one is the latest that ended.
static void forget(file_reception_t *self) {
    if (self->state != FILE_FREE) {
        self->ended = 1;
        self->ended_sequence = self->sequence;
    }
    memset(self->have, 0, sizeof self->have);
    self->state = FILE_FREE;
    self->deadline_ns = FILE_DELIVERY_NEVER;
    self->size = self->announced = self->reach = self->checksum = self->expiries = 0;
    self->metadata = self->closure = self->end = 0;
    self->nak_due = self->keep_alive_due = self->finished_due = 0;
}

void file_reception_clear(file_reception_t *self) {
    forget(self);
    self->answer_due = 0;
}

static void count_up(uint32_t *counter) {
    *counter += *counter != UINT32_MAX;
}

static uint64_t after_ms(uint64_t now_ns, uint32_t ms) {
    const uint64_t wait_ns = (uint64_t)ms * NS_PER_MS;
    return now_ns < FILE_DELIVERY_NEVER - wait_ns ? now_ns + wait_ns : FILE_DELIVERY_NEVER - 1;
}

/* ---- how it ends ---------------------------------------------------------------------------- */

/// Finished is due where the sender wants to know.
static void finish(file_reception_t *self, uint32_t condition, uint32_t code) {
    self->nak_due = self->keep_alive_due = 0;
    self->deadline_ns = FILE_DELIVERY_NEVER;
    self->expiries = 0;
    self->finished = (uint8_t)(condition << 4 | code);
    if (acknowledged(self) || self->closure) {
        self->state = FILE_FINISHING;
        self->finished_due = 1;
    } else {
        forget(self);
    }
}

static void give_up(file_reception_t *self, uint32_t condition) {
    count_up(&self->count.given_up);
    finish(self, condition, INCOMPLETE_DISCARDED);
}

void file_reception_conclude(file_reception_t *self, bool taken) {
    if (self->state != FILE_CAME) {
        return;
    }
    if (taken) {
        finish(self, FILE_NO_ERROR, DELIVERED_RETAINED);
    } else {
        finish(self, FILESTORE_REJECTION, INCOMPLETE_REJECTED);
    }
}

/// The first gap at or after `from` below `stop`; false if there is none.
static bool next_gap(const file_reception_t *self, uint32_t from, uint32_t stop, file_gap_t *gap) {
    while (from < stop && have(self, from)) {
        from++;
    }
    gap->start = gap->stop = from;
    while (gap->stop < stop && !have(self, gap->stop)) {
        gap->stop++;
    }
    return from < stop;
}

/// Something has come: perhaps that was the last.
static void look(file_reception_t *self, uint64_t now_ns, bool end_has_just_come) {
    file_gap_t gap;
    if (!self->end) {
        self->deadline_ns = after_ms(now_ns, self->parameters.inactivity_ms);
        return;
    }
    if (self->reach > self->size || (self->metadata && self->announced != 0 && self->announced != self->size)) {
        give_up(self, FILE_SIZE_ERROR);
        return;
    }
    if (!self->metadata || next_gap(self, 0, self->size, &gap)) {
        if (end_has_just_come && acknowledged(self)) {
            self->nak_due = 1;
        } else if (end_has_just_come) {
            self->deadline_ns = after_ms(now_ns, self->parameters.check_ms);
        }
        return;
    }
    if (self->checksum_type != FILE_MODULAR && self->checksum_type != FILE_CRC_32 && self->checksum_type != FILE_NULL) {
        give_up(self, UNSUPPORTED_CHECKSUM);
    } else if (file_checksum(self->checksum_type, self->octets, self->size) != self->checksum) {
        give_up(self, FILE_CHECKSUM_FAILURE);
    } else {
        count_up(&self->count.came);
        self->state = FILE_CAME;
        self->nak_due = self->keep_alive_due = 0;
        self->deadline_ns = FILE_DELIVERY_NEVER;
    }
}

/* ---- data units in -------------------------------------------------------------------------- */

/// Octets of length and value at `at`, which must end at or before `end`.
static bool skip_text(const uint8_t *field, uint32_t *at, uint32_t end) {
    if (*at >= end || field[*at] >= end - *at) {
        return false;
    }
    *at += 1u + field[*at];
    return true;
}

static file_unit_t take_metadata(file_reception_t *self, uint64_t now_ns, const uint8_t *field, uint32_t octets) {
    uint32_t at = 6;
    if (octets < at || !skip_text(field, &at, octets) || !skip_text(field, &at, octets)) {
        return FILE_UNIT_LENGTH;
    }
    while (at < octets) { // options: type, then length and value
        if (field[at] == FILE_TLV_REQUEST) {
            return FILE_UNIT_DIRECTIVE;
        }
        at++;
        if (!skip_text(field, &at, octets)) {
            return FILE_UNIT_LENGTH;
        }
    }
    if (!self->metadata) {
        self->metadata = 1;
        self->closure = field[1] >> 6 & 1u;
        self->checksum_type = field[1] & 15u;
        self->announced = octets_load_u32(field + 2);
        look(self, now_ns, false);
    }
    return FILE_UNIT_TAKEN;
}

static file_unit_t take_data(file_reception_t *self, uint64_t now_ns, const uint8_t *field, uint32_t octets) {
    const uint32_t offset = octets < 4 ? 0 : octets_load_u32(field);
    if (octets < 4 || offset > FILE_RECEPTION_OCTETS_MAX || octets - 4 > FILE_RECEPTION_OCTETS_MAX - offset) {
        return FILE_UNIT_LENGTH;
    }
    bool news = false;
    for (uint32_t i = offset; i < offset + octets - 4; i++) {
        news = news || !have(self, i);
        self->have[i / 32] |= 1u << i % 32;
        self->octets[i] = field[4 + i - offset];
    }
    self->reach = offset + octets - 4 > self->reach ? offset + octets - 4 : self->reach;
    if (news) {
        self->expiries = 0;
    }
    look(self, now_ns, false);
    return FILE_UNIT_TAKEN;
}

/// To be acknowledged, whatever has become of its file.
static void acknowledge(file_reception_t *self, const uint8_t *head, uint32_t condition, uint32_t status) {
    if ((head[0] & FILE_UNIT_UNACKNOWLEDGED) == 0) {
        memcpy(self->answer, head, file_unit_head_octets(head));
        self->answer_due = 1;
        self->answer_condition = (uint8_t)condition;
        self->answer_status = (uint8_t)status;
    }
}

static file_unit_t take_end(file_reception_t *self, uint64_t now_ns, const uint8_t *field, uint32_t octets) {
    if (octets < 10) {
        return FILE_UNIT_LENGTH;
    }
    const uint32_t condition = field[1] >> 4;
    const uint32_t size = octets_load_u32(field + 6);
    acknowledge(self, self->head, condition, FILE_STATUS_ACTIVE);
    if (condition != FILE_NO_ERROR) {
        give_up(self, condition);
    } else if (size > FILE_RECEPTION_OCTETS_MAX) {
        count_up(&self->count.given_up);
        finish(self, FILESTORE_REJECTION, INCOMPLETE_REJECTED);
    } else if (!self->end) {
        self->end = 1;
        self->size = size;
        self->checksum = octets_load_u32(field + 2);
        self->expiries = 0;
        self->deadline_ns = FILE_DELIVERY_NEVER;
        look(self, now_ns, true);
    }
    return FILE_UNIT_TAKEN;
}

static file_unit_t take_prompt(file_reception_t *self, const uint8_t *field, uint32_t octets) {
    if (octets != 2) {
        return FILE_UNIT_LENGTH;
    }
    if (self->state == FILE_OPEN && acknowledged(self)) {
        *((field[1] & 0x80u) != 0 ? &self->keep_alive_due : &self->nak_due) = 1;
    }
    return FILE_UNIT_TAKEN;
}

/// Of the file under way. field: what follows the header, without CRC.
static file_unit_t take_own(file_reception_t *self, uint64_t now_ns, bool data, const uint8_t *field, uint32_t octets) {
    if (octets < 1) {
        return FILE_UNIT_LENGTH;
    }
    if (!data && field[0] == FILE_ACK) {
        if (octets != 3 || field[1] != (FILE_FINISHED << 4 | FILE_ACK_OF_FINISHED)) {
            return octets != 3 ? FILE_UNIT_LENGTH : FILE_UNIT_DIRECTIVE;
        }
        if (self->state == FILE_FINISHING) {
            forget(self);
        }
        return FILE_UNIT_TAKEN;
    }
    if (self->state == FILE_FINISHING || self->state == FILE_CAME) {
        if (!data && field[0] == FILE_EOF && octets >= 10) {
            acknowledge(self, self->head, field[1] >> 4, FILE_STATUS_ACTIVE);
        }
        return FILE_UNIT_STRANGER; // it comes late
    }
    if (data) {
        return take_data(self, now_ns, field, octets);
    }
    switch (field[0]) {
    case FILE_METADATA: return take_metadata(self, now_ns, field, octets);
    case FILE_EOF: return take_end(self, now_ns, field, octets);
    case FILE_PROMPT: return take_prompt(self, field, octets);
    default: return FILE_UNIT_DIRECTIVE;
    }
}

/// Of no file that is known. Metadata, data and EOF begin one.
static file_unit_t take_new(file_reception_t *self, const uint8_t *head, uint32_t sequence, uint64_t now_ns, bool data,
                            const uint8_t *field, uint32_t octets) {
    const bool end = !data && octets >= 10 && field[0] == FILE_EOF;
    if (self->ended && sequence == self->ended_sequence) {
        if (end) {
            acknowledge(self, head, field[1] >> 4, FILE_STATUS_TERMINATED);
        }
        return FILE_UNIT_STRANGER;
    }
    // One that only waits for its acknowledgement has been told of: its sender may have been booted since.
    const bool said = self->state == FILE_FINISHING && (!self->finished_due || self->expiries != 0);
    const bool busy = self->state != FILE_FREE && !said;
    if (busy || (!data && (octets < 1 || (field[0] != FILE_METADATA && field[0] != FILE_EOF)))) {
        return FILE_UNIT_STRANGER;
    }
    forget(self);
    memcpy(self->head, head, file_unit_head_octets(head));
    self->state = FILE_OPEN;
    self->sequence = sequence;
    const file_unit_t what = take_own(self, now_ns, data, field, octets);
    if (what != FILE_UNIT_TAKEN && self->state == FILE_OPEN) { // it began with nothing
        self->state = FILE_FREE;
        self->deadline_ns = FILE_DELIVERY_NEVER;
    }
    return what;
}

static file_unit_t take(file_reception_t *self, uint64_t now_ns, const uint8_t *octets, size_t length) {
    const file_reception_parameters_t *p = &self->parameters;
    const uint32_t either = FILE_UNIT_FILE_DATA | FILE_UNIT_UNACKNOWLEDGED;
    file_unit_content_t unit;
    const file_unit_t what = file_unit_open(octets, length, p->crc ? (uint32_t)FILE_UNIT_WITH_CRC : 0u, either, &unit);
    if (what != FILE_UNIT_TAKEN) {
        return what;
    }
    const bool data = (octets[0] & FILE_UNIT_FILE_DATA) != 0;
    if (data && (octets[3] & FILE_UNIT_SEGMENT_METADATA) != 0) {
        return FILE_UNIT_HEADER;
    }
    if (unit.source != p->peer || unit.destination != p->entity) {
        return FILE_UNIT_ENTITY;
    }
    if (self->state == FILE_FREE || unit.sequence != self->sequence) {
        return take_new(self, octets, unit.sequence, now_ns, data, unit.field, unit.octets);
    }
    if (((octets[0] ^ self->head[0]) & FILE_UNIT_UNACKNOWLEDGED) != 0) {
        return FILE_UNIT_HEADER; // its class does not change
    }
    return take_own(self, now_ns, data, unit.field, unit.octets);
}

file_unit_t file_reception_receive(file_reception_t *self, uint64_t now_ns, const uint8_t *octets, size_t length) {
    const file_unit_t what = take(self, now_ns, octets, length);
    count_up(&self->count.unit[what]);
    return what;
}

/* ---- answers -------------------------------------------------------------------------------- */

/// A directive's data field of so many octets, under the header `head`. 0 if it is longer than `room`.
static uint32_t write_directive(const file_reception_t *self, const uint8_t *head, const uint8_t *field,
                                uint32_t octets, uint8_t *out, size_t room) {
    const uint32_t crc = self->parameters.crc ? (uint32_t)FILE_UNIT_CRC_OCTETS : 0u;
    const uint32_t at = file_unit_head_octets(head);
    if (at + octets + crc > room) {
        return 0;
    }
    memcpy(out, head, at);
    out[0] = (uint8_t)((head[0] & ~(uint32_t)FILE_UNIT_FILE_DATA) | FILE_UNIT_TOWARD_SENDER);
    octets_store_u16(out + 1, octets + crc);
    memcpy(out + at, field, octets);
    if (crc) {
        octets_store_u16(out + at + octets, crc16(CRC16_PRESET, out, at + octets));
    }
    return at + octets + crc;
}

static uint32_t nak_field(const file_reception_t *self, uint8_t *field) {
    const uint32_t stop = self->end ? self->size : self->reach;
    uint32_t octets = 9;
    uint32_t reached = 0;
    file_gap_t gap = {0, 0};
    field[0] = FILE_NAK;
    octets_store_u32(field + 1, 0);
    if (!self->metadata) {
        memset(field + octets, 0, 8);
        octets += 8;
    }
    while (octets + 8 <= 9 + 8 * FILE_RECEPTION_GAPS_MAX && next_gap(self, reached, stop, &gap)) {
        octets_store_u32(field + octets, gap.start);
        octets_store_u32(field + octets + 4, gap.stop);
        octets += 8;
        reached = gap.stop;
    }
    // The scope ends where the list had to.
    octets_store_u32(field + 5, next_gap(self, reached, stop, &gap) ? reached : stop);
    return octets;
}

bool file_reception_has_output(const file_reception_t *self) {
    return self->answer_due || self->finished_due || self->nak_due || self->keep_alive_due;
}

uint32_t file_reception_write(file_reception_t *self, uint64_t now_ns, uint8_t *out, size_t room) {
    uint8_t field[9 + 8 * FILE_RECEPTION_GAPS_MAX] = {0};
    uint32_t octets = 0;
    if (self->answer_due) {
        field[0] = FILE_ACK;
        field[1] = FILE_EOF << 4;
        field[2] = (uint8_t)(self->answer_condition << 4 | self->answer_status);
        octets = write_directive(self, self->answer, field, 3, out, room);
        self->answer_due = octets == 0;
    } else if (self->finished_due) {
        field[0] = FILE_FINISHED;
        field[1] = self->finished;
        uint32_t length = 2;
        // The entity that found the fault (5.2.3), ours, as the header has it.
        if (self->finished >> 4 != FILE_NO_ERROR && self->finished >> 4 != UNSUPPORTED_CHECKSUM) {
            field[2] = FILE_TLV_ENTITY;
            field[3] = 1 + (self->head[3] >> 4 & 7u);
            memcpy(field + 4, self->head + file_unit_head_octets(self->head) - field[3], field[3]);
            length = 4u + field[3];
        }
        octets = write_directive(self, self->head, field, length, out, room);
        if (octets != 0) {
            self->finished_due = 0;
            self->deadline_ns = after_ms(now_ns, self->parameters.ack_ms);
            if (!acknowledged(self)) { // closure of class 1: said once
                forget(self);
            }
        }
    } else if (self->nak_due) {
        const uint32_t length = nak_field(self, field);
        octets = write_directive(self, self->head, field, length, out, room);
        if (octets != 0) {
            self->nak_due = 0;
            if (self->end) {
                self->deadline_ns = after_ms(now_ns, self->parameters.nak_ms);
            }
        }
    } else if (self->keep_alive_due) {
        field[0] = FILE_KEEP_ALIVE;
        octets_store_u32(field + 1, self->reach);
        octets = write_directive(self, self->head, field, 5, out, room);
        self->keep_alive_due = octets == 0;
    }
    return octets;
}

/* ---- time ----------------------------------------------------------------------------------- */

void file_reception_poll(file_reception_t *self, uint64_t now_ns) {
    if (self->deadline_ns == FILE_DELIVERY_NEVER || self->deadline_ns > now_ns) {
        return;
    }
    self->deadline_ns = FILE_DELIVERY_NEVER;
    self->expiries++;
    if (self->state == FILE_FINISHING) {
        if (self->expiries < self->parameters.ack_limit) {
            self->finished_due = 1;
        } else {
            forget(self);
        }
    } else if (!self->end) {
        give_up(self, FILE_INACTIVITY);
    } else if (!acknowledged(self)) {
        give_up(self, CHECK_LIMIT);
    } else if (self->expiries < self->parameters.nak_limit) {
        self->nak_due = 1;
    } else {
        give_up(self, NAK_LIMIT);
    }
}
