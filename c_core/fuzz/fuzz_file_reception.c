// A CFDP receiver and a sender who is its enemy: any data units, whole or with their checks made right, any rooms,
// any times. What is written never leaves the room given and has its length and CRC; the state stays valid; a file
// that came has the checksum that was announced; left alone, the receiver is free in the end.
#include <stdlib.h>
#include <string.h>

#include "flight/crc16.h"
#include "flight/file_reception.h"
#include "flight/octets.h"

#define GUARD 16u
#define OUT 160u
#define HEAD 7u ///< Identifiers of one octet each.

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
    if (!held) {
        abort();
    }
}

static void write_some(file_reception_t *self, uint64_t now_ns, size_t room) {
    uint8_t out[OUT + 2 * GUARD];
    memset(out, 0xA5, sizeof out);
    const bool waits = file_reception_has_output(self);
    const uint32_t octets = file_reception_write(self, now_ns, out + GUARD, room);
    must(octets <= room && (octets == 0 || waits) && (octets != 0 || !waits || room < FILE_RECEPTION_UNIT_OCTETS));
    for (size_t k = 0; k < sizeof out; k++) {
        must((k >= GUARD && k < GUARD + octets) || out[k] == 0xA5);
    }
    if (octets != 0) {
        const uint8_t *unit = out + GUARD;
        must((unit[0] & 0x18u) == 0x08);
        must(4u + 2 * ((unit[3] >> 4 & 7u) + 1) + (unit[3] & 7u) + 1 + octets_load_u16(unit + 1) == octets);
        must(!self->parameters.crc || crc16(CRC16_PRESET, unit, octets) == 0);
    }
}

static void receive(file_reception_t *self, uint64_t now_ns, const uint8_t *octets, size_t length) {
    const file_unit_t what = file_reception_receive(self, now_ns, octets, length);
    must(what < FILE_UNIT_FATES && file_reception_valid(self));
    if (self->state == FILE_CAME) {
        must(self->size <= FILE_RECEPTION_OCTETS_MAX);
        must(file_checksum(self->checksum_type, self->octets, self->size) == self->checksum);
        file_reception_conclude(self, (octets[length - 1] & 1u) != 0);
        must(self->state != FILE_CAME && file_reception_valid(self));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static file_reception_t self;
    uint8_t mended[128];
    uint64_t now_ns = 0;
    if (size < 1) {
        return 0;
    }
    const file_reception_parameters_t parameters = {
        .entity = 246, .peer = 245, .crc = data[0] & 1u, .ack_ms = 1000, .ack_limit = 3, .nak_ms = 1000,
        .nak_limit = 3, .check_ms = 500, .inactivity_ms = 3000,
    };
    must(file_reception_init(&self, &parameters));
    for (size_t i = 1; i + 3 <= size; i += 3) {
        const uint32_t value = octets_load_u16(data + i + 1);
        const size_t length = size - i < value % 60 ? size - i : value % 60;
        switch (data[i] % 6) {
        case 0: now_ns += (uint64_t)value * 1000000; break;
        case 1: file_reception_poll(&self, now_ns); break;
        case 2:
            if (length > 0) {
                receive(&self, now_ns, data + i, length);
            }
            break;
        case 3:
        case 4: // the same octets as the data field of one of its sender's units
            if (length >= 2) {
                const uint32_t flags = 0x20u | (data[i] & 0x14u) | parameters.crc << 1;
                const uint8_t head[HEAD] = {(uint8_t)flags, 0, (uint8_t)(length - 1 + 2 * parameters.crc), 0, 245,
                                            data[i] >> 6, 246};
                memcpy(mended, head, HEAD);
                memcpy(mended + HEAD, data + i + 1, length - 1);
                octets_store_u16(mended + HEAD + length - 1, crc16(CRC16_PRESET, mended, HEAD + length - 1));
                receive(&self, now_ns, mended, HEAD + length - 1 + 2 * parameters.crc);
            }
            break;
        default: write_some(&self, now_ns, value % OUT); break;
        }
        must(file_reception_valid(&self));
    }
    for (uint32_t k = 0; k < 64; k++) {
        now_ns += 4000000000u;
        file_reception_poll(&self, now_ns);
        while (file_reception_has_output(&self)) {
            write_some(&self, now_ns, OUT);
        }
    }
    must(self.state == FILE_FREE && file_reception_next_ns(&self) == FILE_DELIVERY_NEVER);
    return 0;
}
