// Whatever frames come, FARM-1 keeps its invariants; type-A data go on in order, each number once; the report
// says what the state is; what does not concern V(R) leaves it.
#include <assert.h>
#include <string.h>

#include "flight/farm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    farm_t farm;
    if (size < 3) {
        return 0;
    }
    const farm_state_t start = (farm_state_t)(data[2] % 4);
    const bool sensible = data[0] < 64 && data[1] >= 2 && data[1] % 2 == 0 &&
                          (start == FARM_OPEN || start == FARM_LOCKOUT);
    assert(farm_start(&farm, data[0], data[1], start) == sensible);
    if (!sensible) {
        return 0;
    }
    for (size_t at = 3; at + 2 <= size;) {
        const unsigned what = data[at];
        telecommand_frame_t frame = {
            .virtual_channel = (uint8_t)(farm.channel ^ (what >> 7)),
            .bypass = what & 1,
            .control = what >> 1 & 1,
            .sequence = (uint8_t)(what & 0x40 ? data[at + 1] : farm.expected + data[at + 1] % 3u - 1u),
            .data_octets = (uint16_t)(what >> 4 & 3),
        };
        at += 2;
        if (frame.data_octets > size - at) {
            frame.data_octets = (uint16_t)(size - at);
        }
        const farm_t before = farm;
        const bool room = what >> 2 & 1;
        const farm_verdict_t verdict = farm_frame(&farm, &frame, data + at, room);
        assert(farm_valid(&farm));
        if (verdict == FARM_OTHER_CHANNEL) {
            assert(what >> 7 && farm.expected == before.expected && farm.state == before.state);
        } else if (!frame.bypass && verdict == FARM_ACCEPT) {
            assert(!frame.control && room && before.state != FARM_LOCKOUT && frame.sequence == before.expected);
            assert(farm.expected == (uint8_t)(before.expected + 1) && !farm.retransmit && !farm.wait);
        } else if (verdict != FARM_EXECUTED) {
            assert(farm.expected == before.expected);
        }
        assert((verdict == FARM_ACCEPT && frame.bypass) <= (farm.expedited == (uint8_t)(before.expedited + 1)));
        if (what & 8) {
            farm_buffer_released(&farm);
            assert(farm_valid(&farm) && !farm.wait);
        }
        const uint32_t word = farm_clcw(&farm);
        assert((word & 0xFF) == farm.expected && (word >> 18 & 0x3F) == farm.channel && word >> 24 == 1);
        assert((word >> 13 & 1) == (farm.state == FARM_LOCKOUT) && (word >> 11 & 1) == farm.retransmit);
        at += frame.data_octets;
    }
    return 0;
}
