// A camera unit in the hands of an enemy: any telecommands, any answers of the sensor, any budgets, any
// restarts; in parts, and as files of either class. Packets never leave the room given, always carry their CRC, and
// the state stays valid.
#include <stdlib.h>
#include <string.h>

#include "flight/camera_unit.h"
#include "flight/crc16.h"
#include "flight/octets.h"
#include "flight/space_packet.h"

#define SLOTS 3u
#define SLOT_OCTETS 100u
#define GUARD 16u
#define OUT 400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
    if (!held) {
        abort();
    }
}

static void guarded(const uint8_t *octets, size_t length) {
    for (size_t i = 0; i < GUARD; i++) {
        must(octets[i] == 0xA5 && octets[length - 1 - i] == 0xA5);
    }
}

static void transmit(camera_unit_t *unit, const uint8_t *memory, uint64_t now_ns, size_t budget) {
    uint8_t out[OUT + 2 * GUARD];
    uint32_t lengths[OUT / CAMERA_PACKET_OCTETS_MIN];
    size_t written = 0;
    size_t at = GUARD;
    memset(out, 0xA5, sizeof out);
    const size_t packets = camera_unit_transmit(unit, memory, now_ns, budget, out + GUARD, OUT, lengths,
                                                sizeof lengths / sizeof lengths[0], &written);
    must(packets <= sizeof lengths / sizeof lengths[0] && written <= budget && written <= OUT);
    for (size_t i = 0; i < packets; i++) {
        must(space_packet_load_header(out + at).octets == lengths[i]);
        // A data unit has its own, and its packet none.
        const uint32_t header = space_packet_load_header(out + at).apid == 1 && unit->parameters.delivery ? 6 : 0;
        must(crc16(CRC16_PRESET, out + at + header, lengths[i] - header) == 0);
        at += lengths[i];
    }
    must(at == GUARD + written);
    for (; at < sizeof out; at++) {
        must(out[at] == 0xA5);
    }
}

static void receive(camera_unit_t *unit, uint64_t now_ns, const uint8_t *octets, size_t length) {
    uint8_t mended[64];
    const uint32_t accepted = unit->count.accepted;
    (void)camera_unit_receive(unit, now_ns, octets, length);
    if (length < 3 || length > 32) {
        return;
    }
    // The same octets again, in a packet that gets past the checks of the link.
    const space_packet_header_t header = {
        .octets = (uint32_t)length + 8, .apid = 4, .telecommand = 1, .flags = SPACE_PACKET_UNSEGMENTED};
    space_packet_store_header(mended, &header);
    memcpy(mended + 6, octets, length);
    octets_store_u16(mended + 6 + length, crc16(CRC16_PRESET, mended, 6 + length));
    must(camera_unit_receive(unit, now_ns, mended, length + 8) == (unit->state == CAMERA_ON));
    must(unit->count.accepted - accepted <= 2);
    // And as the data field of a data unit from the orbiter, about one of the first pictures.
    if (unit->parameters.delivery == CAMERA_FILES && length >= 10) {
        const bool up = (octets[0] & 16u) != 0; // or of a file to it
        const uint8_t start[] = {up ? (uint8_t)(0x22 | (octets[0] & 0x40u ? 0x10u : 0)) : 0x2A, 0, (uint8_t)(length - 2), 0,
                                 up ? 245 : 246, octets[0] % 16, up ? 246 : 245};
        space_packet_header_t packet = header;
        packet.apid = 5;
        packet.octets = (uint32_t)(6 + sizeof start + length - 4 + 2);
        space_packet_store_header(mended, &packet);
        memcpy(mended + 6, start, sizeof start);
        memcpy(mended + 6 + sizeof start, octets + 1, length - 4);
        octets_store_u16(mended + packet.octets - 2, crc16(CRC16_PRESET, mended + 6, packet.octets - 8));
        (void)camera_unit_receive(unit, now_ns, mended, packet.octets);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    camera_parameters_t parameters = {
        .slots = SLOTS, .slot_octets = SLOT_OCTETS, .part_octets = 30, .period_ms = 1000, .boot_ms = 500,
        .first_frame_ms = 2000, .health_ms = 1000, .patience = 2, .exposure_us = 1000, .gain = 256,
        .largest_size = PICTURE_2048X2048, .battery_limit_mv = 3000, .battery_capacity_mj = 21600000, .power_idle_mw = 1500, .power_imaging_mw = 5000,
        .apid_picture = 1, .apid_health = 2, .apid_report = 3, .apid_telecommand = 4,
    };
    static camera_unit_t unit;
    uint8_t memory[2 * GUARD + SLOTS * SLOT_OCTETS];
    uint8_t picture[SLOT_OCTETS + 4];
    camera_expose_t orders[CAMERA_LENSES];
    frame_handle_t handle = 0;
    uint64_t now_ns = 0;
    if (size < 1) {
        return 0;
    }
    parameters.policy = data[0] & 1u;
    parameters.delivery = data[0] >> 2 & 1u;
    parameters.apid_units = 5;
    parameters.files = (file_delivery_parameters_t){
        .acknowledged = data[0] >> 3 & 1u, .segment_octets = 30, .crc = 1, .source = 246, .destination = 245,
        .entity_octets = 1, .sequence_octets = 1, .ack_ms = 1000, .ack_limit = 2, .inactivity_ms = 3000,
    };
    parameters.uplink = (file_reception_parameters_t){
        .entity = 246, .peer = 245, .crc = 1, .ack_ms = 1000, .ack_limit = 2, .nak_ms = 1000, .nak_limit = 2,
        .check_ms = 500, .inactivity_ms = 3000,
    };
    must(camera_unit_init(&unit, &parameters, 0));
    memset(memory, 0xA5, sizeof memory);
    if ((data[0] & 2u) == 0) { // most of what there is to find lies after the first beat
        camera_unit_separation(&unit, 0);
        now_ns = 2000000000;
    }
    for (size_t i = 1; i + 3 <= size; i += 3) {
        const uint32_t value = octets_load_u16(data + i + 1);
        const size_t length = size - i < value % 40 ? size - i : value % 40;
        switch (data[i] % 8) {
        case 0: camera_unit_separation(&unit, now_ns); break;
        case 1:
            now_ns += (uint64_t)value * 100000;
            break;
        case 2: {
            const uint32_t count = camera_unit_poll(&unit, now_ns, orders);
            must(count <= CAMERA_LENSES && (unit.state != CAMERA_ON || camera_unit_next_ns(&unit) > now_ns));
            for (uint32_t k = 0; k < count; k++) {
                must(orders[k].slot_offset + SLOT_OCTETS <= SLOTS * SLOT_OCTETS);
                handle = orders[k].handle;
            }
            break;
        }
        case 3:
            memset(picture, data[i + 1], sizeof picture);
            (void)camera_unit_store(&unit, memory + GUARD, now_ns, handle, picture, value % sizeof picture);
            break;
        case 4: (void)camera_unit_fail(&unit, now_ns, handle); break;
        case 5: receive(&unit, now_ns, data + i, length); break;
        case 6: transmit(&unit, memory + GUARD, now_ns, value % (2 * OUT)); break;
        default:
            if (value % 16 == 0) {
                camera_unit_restart(&unit, now_ns);
            } else {
                memory[GUARD + value % (SLOTS * SLOT_OCTETS)] ^= 1;
            }
            break;
        }
        guarded(memory, sizeof memory);
        must(camera_unit_valid(&unit));
        must(parameters.delivery == CAMERA_FILES || frame_buffer_in(&unit.frames, FRAME_SENDING) == (unit.sending != 0));
    }
    return 0;
}
