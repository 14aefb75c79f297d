// Any packets into an assembly, as they come and with length, CRC and header put right: what is complete has
// the descriptor's CRC, every packet has one fate, and a part never leaves its slot.
#include <stdlib.h>
#include <string.h>

#include "flight/crc16.h"
#include "flight/octets.h"
#include "flight/picture_assembly.h"
#include "flight/space_packet.h"

#define SLOTS 2u
#define SLOT_OCTETS 64u
#define GUARD 16u
#define EVENTS 2u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
    if (!held) {
        abort();
    }
}

/// What the packet says, in a packet that gets past the checks of the link.
static uint32_t mend(uint8_t *out, const uint8_t *octets, uint32_t length) {
    const uint32_t rest = length < 7 ? 1 : length - 6;
    const space_packet_header_t header = {
        .octets = rest + 8, .apid = 1, .flags = length > 0 ? octets[0] & 3u : 0, .count = (uint16_t)length};
    memset(out, 0, rest + 8);
    space_packet_store_header(out, &header);
    if (length >= 7) {
        memcpy(out + 6, octets + 6, rest);
    }
    octets_store_u16(out + 6 + rest, crc16(CRC16_PRESET, out, 6 + rest));
    return rest + 8;
}

/// A sound part of one of four pictures, which now and then contradicts the others or has the wrong CRC.
static uint32_t part_of(uint8_t *out, const uint8_t *octets, uint32_t length) {
    static const uint8_t zeros[2 * SLOT_OCTETS];
    if (length < 3) {
        return 0;
    }
    const uint32_t which = octets[0] % 4u;
    picture_part_t part = {.number = which + 1, .total = 11 * which + 12, .size = 10, .width = 800, .height = 600};
    part.total += octets[2] == 0xFF ? 30 : 0;
    part.lens = octets[2] == 0xFE;
    part.offset = octets[1] % ((part.total + 9) / 10) * part.size;
    part.data_octets = part.total - part.offset < part.size ? part.total - part.offset : part.size;
    part.picture_crc = octets[2] == 0xFD ? 0 : crc16(CRC16_PRESET, zeros, part.total);
    return picture_part_write(out, 1, octets[2], &part, zeros);
}

static void take(picture_assembly_t *self, const uint8_t *memory, const picture_event_t *events, size_t count,
                 size_t fed) {
    for (size_t i = 0; i < count; i++) {
        const picture_event_t *event = &events[i];
        if (event->kind == PICTURE_COMPLETE) {
            must(event->received == event->first.total && event->first.total <= SLOT_OCTETS && event->first.described);
            must(crc16(CRC16_PRESET, memory + event->slot * SLOT_OCTETS, event->first.total) ==
                 event->first.picture_crc);
            must(picture_assembly_release(self, event->slot));
        } else if (event->kind == PICTURE_INCOMPLETE) {
            must(event->received < event->first.total || event->reason == PICTURE_CRC_WRONG);
        } else {
            must(event->offset + event->length <= fed);
        }
    }
}

static void feed(picture_assembly_t *self, uint8_t *memory, const uint8_t *octets, uint32_t length, uint64_t now_ns) {
    const uint64_t offset = 0;
    picture_event_t events[EVENTS];
    size_t written = 0;
    while (picture_assembly_feed(self, memory + GUARD, octets, &offset, &length, 1, now_ns, events, EVENTS,
                                 &written) == 0) {
        must(false); // every complete picture was released, so a slot can always be had
    }
    must(written <= EVENTS);
    take(self, memory + GUARD, events, written, length);
    for (size_t i = 0; i < GUARD; i++) {
        must(memory[i] == 0xA5 && memory[GUARD + SLOTS * SLOT_OCTETS + i] == 0xA5);
    }
    must(picture_assembly_valid(self));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static picture_assembly_t self;
    uint8_t memory[2 * GUARD + SLOTS * SLOT_OCTETS];
    uint8_t mended[512];
    picture_event_t events[SLOTS];
    uint64_t now_ns = 0;
    uint64_t packets = 0;
    uint64_t fates = 0;
    must(picture_assembly_init(&self, SLOTS, SLOT_OCTETS, 100, 1, 2, 3));
    memset(memory, 0xA5, sizeof memory);
    for (size_t i = 0; i + 2 <= size;) {
        const uint32_t wanted = (data[i + 1] & 3u) == 1 ? 3 : data[i];
        const uint32_t length = wanted < size - i - 2 ? wanted : (uint32_t)(size - i - 2);
        const uint8_t step = data[i + 1];
        now_ns += step >> 2;
        i += 2;
        if ((step & 3u) == 0) {
            feed(&self, memory, data + i, length, now_ns);
            packets++;
        } else if ((step & 3u) == 3) {
            take(&self, memory + GUARD, events, picture_assembly_expire(&self, now_ns, events), 0);
        } else {
            const uint32_t octets =
                (step & 3u) == 1 ? part_of(mended, data + i, length) : mend(mended, data + i, length);
            feed(&self, memory, mended, octets, now_ns);
            packets++;
        }
        i += length;
    }
    take(&self, memory + GUARD, events, picture_assembly_abandon(&self, events), 0);
    must(picture_assembly_next_ns(&self) == UINT64_MAX);
    for (uint32_t fate = 0; fate < PICTURE_PACKET_FATES; fate++) {
        fates += self.count.packet[fate];
    }
    must(fates == packets);
    return 0;
}
