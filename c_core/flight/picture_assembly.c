#include "flight/picture_assembly.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/space_packet.h"

_Static_assert(PICTURE_ASSEMBLY_PARTS_MAX % 32 == 0, "whole words of part bits");

#define NO_SLOT UINT32_MAX

bool picture_assembly_init(picture_assembly_t *self, uint32_t slots, uint32_t slot_octets, uint64_t timeout_ns,
                           uint32_t apid_picture, uint32_t apid_health, uint32_t apid_report) {
    memset(self, 0, sizeof *self);
    if (slots < 1 || slots > PICTURE_ASSEMBLY_SLOTS_MAX || slot_octets < 1 || timeout_ns == 0) {
        return false;
    }
    if (apid_picture >= SPACE_PACKET_APIDS || apid_health >= SPACE_PACKET_APIDS || apid_report >= SPACE_PACKET_APIDS ||
        apid_picture == apid_health || apid_picture == apid_report || apid_health == apid_report) {
        return false;
    }
    self->slots = slots;
    self->slot_octets = slot_octets;
    self->timeout_ns = timeout_ns;
    self->apid_picture = apid_picture;
    self->apid_health = apid_health;
    self->apid_report = apid_report;
    return true;
}

static uint32_t part_octets(const picture_part_t *first, uint32_t part) {
    const uint32_t rest = first->total - part * first->size;
    return rest < first->size ? rest : first->size;
}

static uint32_t parts_of(const picture_part_t *first) {
    return (first->total - 1) / first->size + 1;
}

static bool has(const picture_slot_t *slot, uint32_t part) {
    return (slot->have[part / 32] >> part % 32 & 1u) != 0;
}

static bool slot_valid(const picture_slot_t *slot, uint32_t slot_octets) {
    const picture_part_t *first = &slot->first;
    uint32_t have = 0;
    uint32_t received = 0;
    if (slot->state == PICTURE_SLOT_FREE) {
        return true;
    }
    if (slot->state > PICTURE_SLOT_COMPLETE || !picture_mode_valid(first->mode) || first->number == 0 ||
        first->size < 1 || first->total < 1 || first->total > slot_octets || slot->parts != parts_of(first) ||
        slot->parts > PICTURE_ASSEMBLY_PARTS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < slot->parts; i++) {
        if (has(slot, i)) {
            have++;
            received += part_octets(first, i);
        }
    }
    return have >= 1 && have == slot->parts_have && received == slot->received &&
           (slot->state == PICTURE_SLOT_COMPLETE) == (have == slot->parts) && has(slot, 0) == (first->described != 0);
}

static bool sequences_valid(const picture_assembly_t *self) {
    for (uint32_t i = 0; i < 3; i++) {
        if (self->sequence[i].next >= SPACE_PACKET_COUNTS || self->sequence[i].started > 1) {
            return false;
        }
    }
    return true;
}

bool picture_assembly_valid(const picture_assembly_t *self) {
    if (self->slots < 1 || self->slots > PICTURE_ASSEMBLY_SLOTS_MAX || self->slot_octets < 1 ||
        self->timeout_ns == 0 || self->finished_next >= PICTURE_ASSEMBLY_FINISHED || !sequences_valid(self)) {
        return false;
    }
    for (uint32_t i = 0; i < PICTURE_ASSEMBLY_SLOTS_MAX; i++) {
        if (!slot_valid(&self->slot[i], self->slot_octets) ||
            (i >= self->slots && self->slot[i].state != PICTURE_SLOT_FREE)) {
            return false;
        }
    }
    return true;
}

/* ---- pictures ------------------------------------------------------------------------------- */

static void remember_finished(picture_assembly_t *self, uint32_t number) {
    self->finished[self->finished_next] = number;
    self->finished_next = (self->finished_next + 1) % PICTURE_ASSEMBLY_FINISHED;
}

static bool is_finished(const picture_assembly_t *self, uint32_t number) {
    for (uint32_t i = 0; i < PICTURE_ASSEMBLY_FINISHED; i++) {
        if (self->finished[i] == number) {
            return true;
        }
    }
    return false;
}

/// Ends picture `i`: complete, or given up for `reason`.
static void finish(picture_assembly_t *self, uint32_t i, picture_reason_t reason, picture_event_t *event) {
    picture_slot_t *slot = &self->slot[i];
    memset(event, 0, sizeof *event);
    event->first = slot->first;
    event->received = slot->received;
    event->slot = i;
    event->kind = reason == PICTURE_WHOLE ? PICTURE_COMPLETE : PICTURE_INCOMPLETE;
    event->reason = reason;
    slot->state = reason == PICTURE_WHOLE ? PICTURE_SLOT_COMPLETE : PICTURE_SLOT_FREE;
    *(reason == PICTURE_WHOLE ? &self->count.complete : &self->count.incomplete) += 1;
    remember_finished(self, slot->first.number);
}

static uint32_t slot_of(const picture_assembly_t *self, uint32_t number) {
    for (uint32_t i = 0; i < self->slots; i++) {
        if (self->slot[i].state == PICTURE_SLOT_OPEN && self->slot[i].first.number == number) {
            return i;
        }
    }
    return NO_SLOT;
}

/// A slot for a new picture: a free one, else the open one that has waited longest for a part.
static uint32_t slot_to_open(const picture_assembly_t *self) {
    uint32_t chosen = NO_SLOT;
    for (uint32_t i = 0; i < self->slots; i++) {
        const picture_slot_t *slot = &self->slot[i];
        if (slot->state == PICTURE_SLOT_FREE) {
            return i;
        }
        if (slot->state == PICTURE_SLOT_OPEN &&
            (chosen == NO_SLOT || slot->latest_ns < self->slot[chosen].latest_ns)) {
            chosen = i;
        }
    }
    return chosen;
}

static void open_slot(picture_slot_t *slot, const picture_part_t *part) {
    memset(slot, 0, sizeof *slot);
    slot->state = PICTURE_SLOT_OPEN;
    slot->first.number = part->number;
    slot->first.total = part->total;
    slot->first.size = part->size;
    slot->first.lens = part->lens;
    slot->first.mode = part->mode;
    slot->parts = parts_of(part);
}

static bool contradicts(const picture_part_t *first, const picture_part_t *part) {
    return first->total != part->total || first->size != part->size || first->lens != part->lens ||
           first->mode != part->mode;
}

/// The part into its slot. Returns whether it was new.
static bool add_part(picture_slot_t *slot, uint8_t *slot_memory, const picture_part_t *part, const uint8_t *data) {
    const uint32_t i = part->offset / part->size;
    if (has(slot, i)) {
        return false;
    }
    memcpy(slot_memory + part->offset, data, part->data_octets);
    slot->have[i / 32] |= 1u << i % 32;
    slot->parts_have++;
    slot->received += part->data_octets;
    if (part->described) {
        slot->first = *part;
    }
    return true;
}

/* ---- packets -------------------------------------------------------------------------------- */

/// PICTURE_PACKET_PART, _HEALTH or _REPORT if the packet is sound, or why not.
static picture_packet_fate_t look_at(const picture_assembly_t *self, const uint8_t *packet, uint32_t length) {
    if (length < SPACE_PACKET_FEWEST_OCTETS + SPACE_PACKET_CRC_OCTETS) {
        return PICTURE_PACKET_LENGTH;
    }
    space_packet_header_t header = {0}; // set for gcc 12's path analysis, which does not follow the call
    header = space_packet_load_header(packet);
    if (header.octets != length) {
        return PICTURE_PACKET_LENGTH;
    }
    if (crc16(CRC16_PRESET, packet, length) != 0) {
        return PICTURE_PACKET_CRC;
    }
    if (header.version != 0 || header.telecommand != 0 || header.secondary_header != 0) {
        return PICTURE_PACKET_HEADER;
    }
    return header.apid == self->apid_picture  ? PICTURE_PACKET_PART
           : header.apid == self->apid_health ? PICTURE_PACKET_HEALTH
           : header.apid == self->apid_report ? PICTURE_PACKET_REPORT
                                              : PICTURE_PACKET_APID;
}

/// Counts what the sequence count leaped over as lost, and no longer what comes late.
static void follow_sequence(picture_assembly_t *self, picture_packet_fate_t kind, uint32_t count) {
    picture_sequence_t *sequence = &self->sequence[kind];
    const uint32_t ahead = (count - sequence->next) % SPACE_PACKET_COUNTS;
    if (!sequence->started || ahead < SPACE_PACKET_COUNTS / 2) {
        self->count.lost += sequence->started ? ahead : 0;
        // Before the first nothing was counted as lost, so nothing of it may come late.
        sequence->seen = !sequence->started ? UINT32_MAX : ahead + 1 < 32 ? sequence->seen << (ahead + 1) | 1u : 1u;
        sequence->started = 1;
        sequence->next = (uint16_t)((count + 1) % SPACE_PACKET_COUNTS);
        return;
    }
    const uint32_t behind = SPACE_PACKET_COUNTS - 1 - ahead;
    if (behind < 32 && (sequence->seen >> behind & 1u) == 0) {
        sequence->seen |= 1u << behind;
        self->count.lost--;
    }
}

typedef struct {
    picture_event_t *event;
    size_t events;
    uint8_t *memory;
    uint64_t now_ns;
} feeding_t;

/// What becomes of a part; PICTURE_PACKET_FATES if it must wait for a slot to be released.
static picture_packet_fate_t take_part(picture_assembly_t *self, feeding_t *feeding, const uint8_t *packet,
                                       uint32_t length) {
    picture_part_t part;
    if (!picture_part_read(&part, packet, length)) {
        return PICTURE_PACKET_LAYOUT;
    }
    if (part.total > self->slot_octets || parts_of(&part) > PICTURE_ASSEMBLY_PARTS_MAX) {
        return PICTURE_PACKET_TOO_LARGE;
    }
    uint32_t i = slot_of(self, part.number);
    if (i == NO_SLOT) {
        if (is_finished(self, part.number)) {
            return PICTURE_PACKET_LATE;
        }
        i = slot_to_open(self);
        if (i == NO_SLOT) {
            return PICTURE_PACKET_FATES;
        }
        if (self->slot[i].state == PICTURE_SLOT_OPEN) {
            finish(self, i, PICTURE_SLOT_NEEDED, &feeding->event[feeding->events++]);
        }
        open_slot(&self->slot[i], &part);
    }
    picture_slot_t *slot = &self->slot[i];
    uint8_t *slot_memory = feeding->memory + (size_t)i * self->slot_octets;
    if (contradicts(&slot->first, &part)) {
        return PICTURE_PACKET_CONTRADICTION;
    }
    if (!add_part(slot, slot_memory, &part, packet + part.data_offset)) {
        return PICTURE_PACKET_DUPLICATE;
    }
    slot->latest_ns = feeding->now_ns;
    if (slot->parts_have == slot->parts) {
        const bool right = crc16(CRC16_PRESET, slot_memory, slot->first.total) == slot->first.picture_crc;
        finish(self, i, right ? PICTURE_WHOLE : PICTURE_CRC_WRONG, &feeding->event[feeding->events++]);
    }
    return PICTURE_PACKET_PART;
}

size_t picture_assembly_feed(picture_assembly_t *self, uint8_t *memory, const uint8_t *octets,
                             const uint64_t *offsets, const uint32_t *lengths, size_t packets, uint64_t now_ns,
                             picture_event_t *events, size_t events_capacity, size_t *events_written) {
    feeding_t feeding = {.event = events, .events = 0, .memory = memory, .now_ns = now_ns};
    size_t used = 0;
    for (; used < packets && feeding.events + 2 <= events_capacity; used++) {
        const uint8_t *packet = octets + offsets[used];
        const picture_packet_fate_t kind = look_at(self, packet, lengths[used]);
        picture_packet_fate_t fate = kind;
        if (fate == PICTURE_PACKET_PART) {
            fate = take_part(self, &feeding, packet, lengths[used]);
            if (fate == PICTURE_PACKET_FATES) {
                break;
            }
        } else if (fate == PICTURE_PACKET_HEALTH || fate == PICTURE_PACKET_REPORT) {
            picture_event_t *event = &feeding.event[feeding.events++];
            memset(event, 0, sizeof *event);
            event->kind = fate == PICTURE_PACKET_HEALTH ? PICTURE_HEALTH : PICTURE_REPORT;
            event->offset = offsets[used];
            event->length = lengths[used];
        }
        if (kind <= PICTURE_PACKET_REPORT) {
            follow_sequence(self, kind, space_packet_load_header(packet).count);
        }
        self->count.packet[fate]++;
    }
    *events_written = feeding.events;
    return used;
}

/* ---- endings -------------------------------------------------------------------------------- */

static bool is_old(const picture_assembly_t *self, const picture_slot_t *slot, uint64_t now_ns) {
    return now_ns >= slot->latest_ns && now_ns - slot->latest_ns >= self->timeout_ns;
}

size_t picture_assembly_expire(picture_assembly_t *self, uint64_t now_ns, picture_event_t *events) {
    size_t written = 0;
    for (uint32_t i = 0; i < self->slots; i++) {
        if (self->slot[i].state == PICTURE_SLOT_OPEN && is_old(self, &self->slot[i], now_ns)) {
            finish(self, i, PICTURE_TIMED_OUT, &events[written++]);
        }
    }
    return written;
}

size_t picture_assembly_abandon(picture_assembly_t *self, picture_event_t *events) {
    size_t written = 0;
    for (uint32_t i = 0; i < self->slots; i++) {
        if (self->slot[i].state == PICTURE_SLOT_OPEN) {
            finish(self, i, PICTURE_LINK_GONE, &events[written++]);
        }
    }
    return written;
}

uint64_t picture_assembly_next_ns(const picture_assembly_t *self) {
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t i = 0; i < self->slots; i++) {
        const picture_slot_t *slot = &self->slot[i];
        if (slot->state == PICTURE_SLOT_OPEN && slot->latest_ns < next_ns - self->timeout_ns) {
            next_ns = slot->latest_ns + self->timeout_ns;
        }
    }
    return next_ns;
}

bool picture_assembly_release(picture_assembly_t *self, uint32_t slot) {
    if (slot >= self->slots || self->slot[slot].state != PICTURE_SLOT_COMPLETE) {
        return false;
    }
    self->slot[slot].state = PICTURE_SLOT_FREE;
    return true;
}
