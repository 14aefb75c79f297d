#include "flight/camera_unit_internal.h"

#include <string.h>

#include "flight/crc16.h"
#include "flight/divide.h"
#include "flight/octets.h"
#include "flight/space_packet.h"

enum {
    REPORT_AT_TIME = 6,
    REPORT_AT_KIND = 13,
    REPORT_AT_CODE = 14,
    REPORT_AT_ABOUT = 15,
    REPORT_AT_DETAIL = 16,
    REPORT_AT_CRC = 20,
};

_Static_assert((int)REPORT_AT_CRC + SPACE_PACKET_CRC_OCTETS == (int)CAMERA_REPORT_OCTETS, "the report ends with its CRC");
_Static_assert((int)CAMERA_HEALTH_AT_CRC + (int)SPACE_PACKET_CRC_OCTETS == (int)CAMERA_HEALTH_OCTETS,
               "the health packet ends with its CRC");
_Static_assert((int)CAMERA_HEALTH_AT_DISCARDED + 2 * (int)CAMERA_DISCARDS == (int)CAMERA_HEALTH_AT_REPORTS_LOST,
               "every reason to drop a telecommand has its counter in the health packet");
_Static_assert((int)CAMERA_PACKET_OCTETS_MIN <= (int)PICTURE_PART_HEADER_OCTETS + PICTURE_PART_CRC_OCTETS,
               "no picture part is shorter than the shortest packet");
_Static_assert((int)CAMERA_PACKET_OCTETS_MIN <= (int)CAMERA_REPORT_OCTETS, "no report is shorter either");
_Static_assert((int)PICTURE_FILE_MESSAGE_OCTETS <= (int)FILE_DELIVERY_TEXT_MAX &&
                   (int)PICTURE_FILE_NAME_OCTETS <= (int)FILE_DELIVERY_TEXT_MAX,
               "a picture's name and message go into its metadata");

/* ---- reports and health --------------------------------------------------------------------- */

static uint16_t next_count(uint16_t *sequence) {
    const uint16_t count = *sequence;
    *sequence = (uint16_t)((count + 1u) % SPACE_PACKET_COUNTS);
    return count;
}

static void store_header(uint8_t *out, uint32_t apid, uint16_t count, uint32_t octets) {
    const space_packet_header_t header = {
        .octets = octets, .apid = (uint16_t)apid, .count = count, .flags = SPACE_PACKET_UNSEGMENTED};
    space_packet_store_header(out, &header);
}

static uint32_t write_report(camera_unit_t *self, uint8_t out[CAMERA_REPORT_OCTETS]) {
    const camera_report_entry_t *entry = &self->report[self->reports_first];
    store_header(out, self->parameters.apid_report, next_count(&self->sequence_report), CAMERA_REPORT_OCTETS);
    cuc_4_3_write(out + REPORT_AT_TIME, entry->time_ns);
    out[REPORT_AT_KIND] = entry->kind;
    out[REPORT_AT_CODE] = entry->code;
    out[REPORT_AT_ABOUT] = entry->about;
    octets_store_u32(out + REPORT_AT_DETAIL, entry->detail);
    octets_store_u16(out + REPORT_AT_CRC, crc16(CRC16_PRESET, out, REPORT_AT_CRC));
    self->reports_first = (self->reports_first + 1) % CAMERA_REPORTS_MAX;
    self->reports_waiting--;
    return CAMERA_REPORT_OCTETS;
}

static uint16_t charge_permille(const camera_unit_t *self) {
    const uint32_t capacity_mj = self->parameters.battery_capacity_mj;
    const uint32_t used_mj = camera_unit_energy_mj(self);
    uint64_t unused = 0;
    return used_mj >= capacity_mj
               ? 0
               : (uint16_t)divide_u64((uint64_t)(capacity_mj - used_mj) * 1000, capacity_mj, &unused);
}

static uint16_t up_to_u16(uint32_t value) {
    return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static uint32_t write_health(camera_unit_t *self, uint8_t out[CAMERA_HEALTH_OCTETS]) {
    store_header(out, self->parameters.apid_health, next_count(&self->sequence_health), CAMERA_HEALTH_OCTETS);
    cuc_4_3_write(out + CAMERA_HEALTH_AT_TIME, self->now_ns);
    out[CAMERA_HEALTH_AT_STATE] = (uint8_t)self->state;
    out[CAMERA_HEALTH_AT_IMAGING] = (uint8_t)self->imaging;
    out[CAMERA_HEALTH_AT_RESTARTS] = self->restarts;
    out[CAMERA_HEALTH_AT_WAITING] = (uint8_t)self->reports_waiting;
    out[CAMERA_HEALTH_AT_SPARE] = 0;
    octets_store_u16(out + CAMERA_HEALTH_AT_BATTERY, self->battery_mv);
    octets_store_u16(out + CAMERA_HEALTH_AT_CHARGE, charge_permille(self));
    octets_store_u32(out + CAMERA_HEALTH_AT_ENERGY, camera_unit_energy_mj(self));
    for (uint32_t i = 0; i < CAMERA_TEMPERATURES; i++) {
        octets_store_u16(out + CAMERA_HEALTH_AT_TEMPERATURE + 2 * i, (uint16_t)self->temperature[i]);
    }
    octets_store_u16(out + CAMERA_HEALTH_AT_PERIOD, self->settings.period_ms);
    octets_store_u32(out + CAMERA_HEALTH_AT_BEGUN, self->begun);
    for (uint32_t i = 0; i < CAMERA_LENSES; i++) {
        out[CAMERA_HEALTH_AT_MODE + i] = self->settings.mode[i];
        octets_store_u32(out + CAMERA_HEALTH_AT_EXPOSURE + 4 * i, self->settings.exposure_us[i]);
        octets_store_u16(out + CAMERA_HEALTH_AT_GAIN + 2 * i, self->settings.gain[i]);
        octets_store_u32(out + CAMERA_HEALTH_AT_TAKEN + 4 * i, self->lens[i].count.taken);
        octets_store_u32(out + CAMERA_HEALTH_AT_MISSED + 4 * i, self->lens[i].count.missed);
        octets_store_u16(out + CAMERA_HEALTH_AT_FAILED + 2 * i, up_to_u16(self->lens[i].count.failed));
    }
    octets_store_u32(out + CAMERA_HEALTH_AT_SENT, self->count.sent);
    octets_store_u32(out + CAMERA_HEALTH_AT_DROPPED, self->frames.count.dropped);
    octets_store_u16(out + CAMERA_HEALTH_AT_DAMAGED, up_to_u16(self->frames.count.damaged));
    for (uint32_t state = FRAME_FREE; state <= FRAME_SENDING; state++) {
        out[CAMERA_HEALTH_AT_SLOTS + state] = (uint8_t)frame_buffer_in(&self->frames, (frame_state_t)state);
    }
    octets_store_u32(out + CAMERA_HEALTH_AT_OFFERED, self->offered_octets);
    octets_store_u32(out + CAMERA_HEALTH_AT_OCTETS_SENT, self->link_octets);
    octets_store_u16(out + CAMERA_HEALTH_AT_ACCEPTED, up_to_u16(self->count.accepted));
    octets_store_u16(out + CAMERA_HEALTH_AT_REFUSED, up_to_u16(self->count.refused));
    for (uint32_t i = 0; i < CAMERA_DISCARDS; i++) {
        octets_store_u16(out + CAMERA_HEALTH_AT_DISCARDED + 2 * i, up_to_u16(self->count.discarded[i]));
    }
    octets_store_u16(out + CAMERA_HEALTH_AT_REPORTS_LOST, up_to_u16(self->count.reports_lost));
    octets_store_u16(out + CAMERA_HEALTH_AT_CRC, crc16(CRC16_PRESET, out, CAMERA_HEALTH_AT_CRC));
    self->health_wanted = 0;
    self->offered_octets = 0;
    self->link_octets = 0;
    return CAMERA_HEALTH_OCTETS;
}

/* ---- pictures in parts ---------------------------------------------------------------------- */

/// The next whole picture into SENDING; 0 if there is none. Damaged ones met on the way are reported.
static frame_handle_t begin_picture(camera_unit_t *self, const uint8_t *memory) {
    frame_handle_t handle = 0;
    frame_result_t result = frame_buffer_take(&self->frames, memory, &handle);
    while (result == FRAME_DAMAGED) {
        camera_report_picture(self, CAMERA_PICTURE_DAMAGED, handle);
        result = frame_buffer_take(&self->frames, memory, &handle);
    }
    self->sent_octets = 0;
    self->sending_crc = CRC16_PRESET;
    return result == FRAME_OK ? handle : 0;
}

/// What there is to say of the picture in a slot.
static picture_part_t described(const camera_unit_t *self, uint32_t slot) {
    const camera_picture_t *picture = &self->picture[slot];
    const picture_part_t part = {
        .start_ns = picture->start_ns,
        .number = picture->number,
        .total = self->frames.slot[slot].length,
        .exposure_us = picture->exposure_us,
        .gain = picture->gain,
        .width = picture_mode_width(picture->mode),
        .height = picture_mode_height(picture->mode),
        .picture_crc = self->frames.slot[slot].crc,
        .lens = picture->lens,
        .mode = picture->mode,
    };
    return part;
}

static void end_picture(camera_unit_t *self) {
    const frame_slot_t *slot = &self->frames.slot[frame_slot_of(self->sending)];
    // An upset between two parts: the receiver's check fails as well, here it is told why.
    if (self->sending_crc != slot->crc) {
        self->frames.count.damaged++;
        camera_report_picture(self, CAMERA_PICTURE_DAMAGED, self->sending);
    } else {
        camera_count_up(&self->count.sent, 1);
    }
    (void)frame_buffer_release(&self->frames, self->sending);
    self->sending = 0;
    self->sent_octets = 0;
}

/// The next part of the picture being sent; 0 if it is longer than `room`.
static uint32_t write_part(camera_unit_t *self, const uint8_t *memory, uint8_t *out, size_t room) {
    const frame_slot_t *slot = &self->frames.slot[frame_slot_of(self->sending)];
    const uint8_t *data = memory + frame_slot_offset(&self->frames, self->sending) + self->sent_octets;
    const uint32_t rest = slot->length - self->sent_octets;
    picture_part_t part = described(self, frame_slot_of(self->sending));
    part.offset = self->sent_octets;
    part.size = self->parameters.part_octets;
    part.data_octets = rest < part.size ? rest : part.size;
    if (picture_part_packet_octets(part.offset, part.data_octets) > room) {
        return 0;
    }
    const uint32_t octets =
        picture_part_write(out, self->parameters.apid_picture, next_count(&self->sequence_picture), &part, data);
    self->sending_crc = crc16(self->sending_crc, data, part.data_octets);
    self->sent_octets += part.data_octets;
    if (self->sent_octets == slot->length) {
        end_picture(self);
    }
    return octets;
}

/* ---- pictures as files ---------------------------------------------------------------------- */

/// A picture into a transfer of its own, when none is on its way for the first time. false if there is none.
static bool begin_file(camera_unit_t *self, const uint8_t *memory) {
    const frame_handle_t handle = begin_picture(self, memory);
    if (handle == 0) {
        return false;
    }
    const uint32_t slot = frame_slot_of(handle);
    const file_delivery_file_t file = {
        .octets = memory + frame_slot_offset(&self->frames, handle),
        .length = self->frames.slot[slot].length,
    };
    file_delivery_begin(&self->files, slot, picture_file_sequence(self->picture[slot].number, self->picture[slot].lens),
                        &file);
    return true;
}

/// The next data unit of the picture in a slot; 0 if it is longer than `room`.
static uint32_t write_file(camera_unit_t *self, uint32_t slot, const uint8_t *memory, uint8_t *out, size_t room) {
    uint8_t name[PICTURE_FILE_NAME_OCTETS];
    uint8_t message[PICTURE_FILE_MESSAGE_OCTETS];
    const picture_part_t part = described(self, slot);
    const uint8_t *octets = memory + (size_t)slot * self->frames.slot_octets;
    const file_transfer_t *transfer = &self->files.transfer[slot];
    const file_delivery_file_t file = {
        .octets = octets,
        .name = name,
        .message = message,
        .length = part.total,
        .name_octets = sizeof name,
        .message_octets = sizeof message,
    };
    const uint32_t before = transfer->offset;
    file_outcome_t outcome;
    if (transfer->metadata_due) { // else nobody looks at them
        picture_file_name(name, part.number, part.mode);
        picture_file_message(message, &part);
    }
    const uint32_t written = file_delivery_write(&self->files, slot, &file, self->now_ns, out, room, &outcome);
    if (outcome.fate == FILE_GOES_ON && transfer->offset != before) {
        self->sending_crc = crc16(self->sending_crc, octets + before, transfer->offset - before);
        // An upset on the way: the orbiter's checksum would fail as well, here it is told why.
        if (transfer->offset == transfer->length && self->sending_crc != part.picture_crc) {
            self->frames.count.damaged++;
            camera_report(self, self->now_ns, CAMERA_EVENT, CAMERA_PICTURE_DAMAGED, part.lens, part.number);
            file_delivery_cancel(&self->files, slot, FILE_CHECKSUM_FAILURE);
        }
    }
    camera_settle(self, &outcome);
    return written;
}

static bool unit_waits(const camera_unit_t *self) {
    return file_delivery_answers(&self->files) || file_reception_has_output(&self->uplink) ||
           file_delivery_next(&self->files) != FILE_DELIVERY_NOBODY;
}

/// The next data unit in its packet; 0 if none waits or it is longer than `room`.
static uint32_t write_unit(camera_unit_t *self, const uint8_t *memory, uint8_t *out, size_t room) {
    uint8_t *unit = out + SPACE_PACKET_HEADER_OCTETS;
    uint32_t octets = 0;
    room -= SPACE_PACKET_HEADER_OCTETS;
    if (file_reception_has_output(&self->uplink)) {
        octets = file_reception_write(&self->uplink, self->now_ns, unit, room);
    } else if (file_delivery_answers(&self->files)) {
        octets = file_delivery_answer(&self->files, unit, room);
    } else {
        if (!file_delivery_under_way(&self->files)) {
            (void)begin_file(self, memory);
        }
        const uint32_t slot = file_delivery_next(&self->files);
        if (slot != FILE_DELIVERY_NOBODY) {
            octets = write_file(self, slot, memory, unit, room);
        }
    }
    if (octets == 0) {
        return 0;
    }
    octets += SPACE_PACKET_HEADER_OCTETS;
    store_header(out, self->parameters.apid_picture, next_count(&self->sequence_picture), octets);
    return octets;
}

/* ---- what is sent next ---------------------------------------------------------------------- */

/// The next packet; 0 if nothing waits or it is longer than `room`.
static uint32_t write_next(camera_unit_t *self, const uint8_t *memory, uint8_t *out, size_t room) {
    // Without room for a report nothing may change, or what is sent would depend on the size of `lengths`.
    if (room < CAMERA_REPORT_OCTETS) {
        return 0;
    }
    const bool files = self->parameters.delivery == CAMERA_FILES;
    if (!files && self->sending == 0 && self->reports_waiting == 0 && !self->health_wanted) {
        self->sending = begin_picture(self, memory);
    }
    if (self->reports_waiting != 0) {
        return write_report(self, out);
    }
    if (self->health_wanted) {
        return room < CAMERA_HEALTH_OCTETS ? 0 : write_health(self, out);
    }
    if (files) {
        return write_unit(self, memory, out, room);
    }
    return self->sending == 0 ? 0 : write_part(self, memory, out, room);
}

bool camera_unit_waiting(const camera_unit_t *self) {
    return self->state == CAMERA_ON && (self->reports_waiting != 0 || self->health_wanted || self->sending != 0 ||
                                        frame_buffer_in(&self->frames, FRAME_READY) != 0 ||
                                        (self->parameters.delivery == CAMERA_FILES && unit_waits(self)));
}

size_t camera_unit_transmit(camera_unit_t *self, const uint8_t *memory, uint64_t now_ns, size_t budget_octets,
                            uint8_t *out, size_t capacity, uint32_t *lengths, size_t lengths_capacity,
                            size_t *octets_written) {
    size_t packets = 0;
    size_t at = 0;
    const size_t limit = budget_octets < capacity ? budget_octets : capacity;
    *octets_written = 0;
    camera_advance(self, now_ns);
    if (self->state != CAMERA_ON || budget_octets == 0) {
        return 0;
    }
    camera_count_up(&self->offered_octets, budget_octets);
    while (packets < lengths_capacity) {
        const uint32_t octets = write_next(self, memory, out + at, limit - at);
        if (octets == 0) {
            break;
        }
        camera_count_up(&self->link_octets, octets);
        lengths[packets++] = octets;
        at += octets;
    }
    *octets_written = at;
    return packets;
}
