// A CFDP sender and a receiver who is its enemy: any data units, whole or with their checks made right, any
// rooms, any times. What is written never leaves the room given and has its length and CRC; the state stays valid;
// every transfer that begins ends once at the most, and its octets are only ever those of its file.
#include <stdlib.h>
#include <string.h>

#include "flight/crc16.h"
#include "flight/file_delivery.h"
#include "flight/octets.h"

#define GUARD 16u
#define OUT 300u
#define FILES 4u
#define FILE_OCTETS 90u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
    if (!held) {
        abort();
    }
}

static uint8_t content[FILES][FILE_OCTETS];

static file_delivery_file_t file_of(uint32_t i) {
    static const uint8_t text[FILE_DELIVERY_TEXT_MAX] = "a name, and a message";
    const file_delivery_file_t file = {
        .octets = content[i], .name = text, .message = text, .length = FILE_OCTETS - i,
        .name_octets = 8 + i, .message_octets = i * 7,
    };
    return file;
}

static void ended(const file_delivery_t *self, bool *open, const file_outcome_t *outcome) {
    if (outcome->fate == FILE_GOES_ON) {
        return;
    }
    must(outcome->transfer < FILES && open[outcome->transfer] && self->transfer[outcome->transfer].open == 0);
    must(outcome->condition <= 15);
    open[outcome->transfer] = false;
}

static uint32_t field_at(const file_delivery_t *self) {
    return 4 + 2 * self->parameters.entity_octets + self->parameters.sequence_octets;
}

static void write_some(file_delivery_t *self, bool *open, uint64_t now_ns, size_t room) {
    uint8_t out[OUT + 2 * GUARD];
    file_outcome_t outcome = {0};
    memset(out, 0xA5, sizeof out);
    room = room > OUT ? OUT : room;
    const uint32_t answers = self->answers;
    const uint32_t i = file_delivery_next(self);
    uint32_t octets = file_delivery_answer(self, out + GUARD, room);
    if (answers == 0) {
        must(octets == 0);
        if (i == FILE_DELIVERY_NOBODY) {
            return;
        }
        must(i < FILES && open[i]);
        const file_delivery_file_t file = file_of(i);
        octets = file_delivery_write(self, i, &file, now_ns, out + GUARD, room, &outcome);
        must(octets != 0 || room < FILE_DELIVERY_DIRECTIVE_OCTETS);
    }
    ended(self, open, &outcome);
    must(octets <= room);
    for (size_t k = 0; k < sizeof out; k++) {
        must((k >= GUARD && k < GUARD + octets) || out[k] == 0xA5);
    }
    if (octets == 0) {
        return;
    }
    const uint8_t *unit = out + GUARD;
    must(octets_load_u16(unit + 1) + field_at(self) == octets && unit[0] >> 5 == 1);
    must(!self->parameters.crc || crc16(CRC16_PRESET, unit, octets) == 0);
    if ((unit[0] & 0x10u) != 0) {
        const uint32_t offset = octets_load_u32(unit + field_at(self));
        const uint32_t length = octets - field_at(self) - 4 - 2 * self->parameters.crc;
        must(length >= 1 && length <= self->parameters.segment_octets && offset + length <= FILE_OCTETS - i);
        must(memcmp(unit + field_at(self) + 4, content[i] + offset, length) == 0);
    }
}

static void receive(file_delivery_t *self, bool *open, uint64_t now_ns, const uint8_t *octets, size_t length) {
    uint8_t mended[128];
    file_outcome_t outcome;
    const uint32_t head = field_at(self);
    (void)file_delivery_receive(self, now_ns, octets, length, &outcome);
    ended(self, open, &outcome);
    if (length < 2 || length > 80) {
        return;
    }
    // The same octets again as the data field of one of its own receiver's units.
    const uint32_t crc = 2 * self->parameters.crc;
    const uint32_t field = (uint32_t)length - 1;
    memset(mended, 0, sizeof mended);
    mended[0] = (uint8_t)(0x28 | self->parameters.crc << 1);
    octets_store_u16(mended + 1, field + crc);
    mended[3] = (uint8_t)((self->parameters.entity_octets - 1) << 4 | (self->parameters.sequence_octets - 1));
    mended[3 + self->parameters.entity_octets] = (uint8_t)self->parameters.source;
    mended[3 + self->parameters.entity_octets + self->parameters.sequence_octets] = octets[0] % 8;
    mended[head - 1] = (uint8_t)self->parameters.destination;
    memcpy(mended + head, octets + 1, field);
    octets_store_u16(mended + head + field, crc16(CRC16_PRESET, mended, head + field));
    const file_unit_t what = file_delivery_receive(self, now_ns, mended, head + field + crc, &outcome);
    ended(self, open, &outcome);
    must(what == FILE_UNIT_TAKEN || what == FILE_UNIT_LENGTH || what == FILE_UNIT_DIRECTIVE ||
         what == FILE_UNIT_STRANGER || (what == FILE_UNIT_HEADER && !self->parameters.acknowledged));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static file_delivery_t self;
    bool open[FILES] = {false};
    uint64_t now_ns = 0;
    uint32_t begun = 0;
    if (size < 2) {
        return 0;
    }
    const file_delivery_parameters_t parameters = {
        .acknowledged = (data[0] & 1u) == 0, .segment_octets = 1 + data[1] % 40u, .crc = data[0] >> 1 & 1u,
        .checksum = (data[0] & 4u) ? FILE_CRC_32 : FILE_MODULAR, .source = 246, .destination = 245,
        .entity_octets = 1 + (data[0] >> 3 & 3u), .sequence_octets = 1 + (data[0] >> 5 & 3u),
        .ack_ms = 1000, .ack_limit = 2, .inactivity_ms = 3000,
    };
    for (uint32_t i = 0; i < FILES; i++) {
        for (uint32_t k = 0; k < FILE_OCTETS; k++) {
            content[i][k] = (uint8_t)(i * 91 + k);
        }
    }
    must(file_delivery_init(&self, &parameters));
    for (size_t i = 2; i + 3 <= size; i += 3) {
        const uint32_t value = octets_load_u16(data + i + 1);
        const size_t length = size - i < value % 60 ? size - i : value % 60;
        file_outcome_t outcome;
        switch (data[i] % 8) {
        case 0:
        case 1:
            if (!open[value % FILES]) {
                const file_delivery_file_t file = file_of(value % FILES);
                file_delivery_begin(&self, value % FILES, begun++ % 8, &file);
                open[value % FILES] = true;
            }
            break;
        case 2: now_ns += (uint64_t)value * 1000000; break;
        case 3:
            do {
                file_delivery_poll(&self, now_ns, &outcome);
                ended(&self, open, &outcome);
            } while (outcome.fate != FILE_GOES_ON);
            must(file_delivery_next_ns(&self) > now_ns);
            break;
        case 4: file_delivery_cancel(&self, value % FILES, 1 + value / FILES % 15); break;
        case 5: receive(&self, open, now_ns, data + i, length); break;
        default: write_some(&self, open, now_ns, value % (2 * OUT)); break;
        }
        must(file_delivery_valid(&self));
        for (uint32_t k = 0; k < FILES; k++) {
            must(open[k] == (self.transfer[k].open != 0));
        }
    }
    return 0;
}
