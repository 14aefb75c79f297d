#include "flight/camera_settings.h"

#include "flight/crc16.h"
#include "flight/octets.h"

#define TAG 0x53455453u ///< SETS

enum { AT_LENS = 4, AT_ENCODING = 5, AT_WIDTH = 6, AT_HEIGHT = 8, AT_EXPOSURE = 10, AT_GAIN = 14, AT_PERIOD = 16 };

bool camera_gain_valid(uint32_t gain) {
    return gain == 0 || (gain >= CAMERA_GAIN_MIN && gain <= CAMERA_GAIN_MAX);
}

bool camera_mode_fits(uint32_t slot_octets, uint8_t mode) {
    return (mode & 0xFu) != PICTURE_RAW ||
           (uint32_t)picture_mode_width(mode) * picture_mode_height(mode) * PICTURE_RAW_OCTETS_PER_PIXEL <= slot_octets;
}

uint32_t camera_settings_set_mode(camera_settings_t *self, uint32_t slot_octets, uint8_t selection, uint32_t width,
                                  uint32_t height, uint32_t encoding) {
    if (encoding >= PICTURE_ENCODINGS || selection > CAMERA_BOTH_LENSES) {
        return CAMERA_REFUSED_ARGUMENT;
    }
    for (uint32_t size = 0; size < PICTURE_SIZES && size <= self->largest_size; size++) {
        const uint8_t mode = picture_mode(size, encoding);
        if (picture_mode_width(mode) != width || picture_mode_height(mode) != height) {
            continue;
        }
        if (!camera_mode_fits(slot_octets, mode)) {
            return CAMERA_REFUSED_SLOT;
        }
        for (uint32_t lens = 0; lens < CAMERA_LENSES; lens++) {
            self->mode[lens] = camera_is_for(selection, lens) ? mode : self->mode[lens];
        }
        return 0;
    }
    return CAMERA_REFUSED_ARGUMENT;
}

uint32_t camera_settings_set_exposure(camera_settings_t *self, uint8_t selection, uint32_t exposure_us, uint16_t gain) {
    if (exposure_us > self->period_ms * 1000 || !camera_gain_valid(gain) || selection > CAMERA_BOTH_LENSES) {
        return CAMERA_REFUSED_ARGUMENT;
    }
    for (uint32_t lens = 0; lens < CAMERA_LENSES; lens++) {
        if (camera_is_for(selection, lens)) {
            self->exposure_us[lens] = exposure_us;
            self->gain[lens] = gain;
        }
    }
    return 0;
}

static bool exposures_fit(const camera_settings_t *self, uint32_t period_ms) {
    for (uint32_t lens = 0; lens < CAMERA_LENSES; lens++) {
        if (self->exposure_us[lens] > period_ms * 1000) {
            return false;
        }
    }
    return true;
}

uint32_t camera_settings_set_period(camera_settings_t *self, uint32_t period_ms) {
    if (period_ms < CAMERA_PERIOD_MIN_MS || period_ms > CAMERA_PERIOD_MAX_MS || !exposures_fit(self, period_ms)) {
        return CAMERA_REFUSED_ARGUMENT;
    }
    self->period_ms = period_ms;
    return 0;
}

uint32_t camera_settings_read(camera_settings_t *self, uint32_t slot_octets, const uint8_t *octets, uint32_t length) {
    camera_settings_t next = *self;
    if (length != CAMERA_SETTINGS_FILE_OCTETS || octets_load_u32(octets) != TAG ||
        crc16(CRC16_PRESET, octets, length) != 0) {
        return CAMERA_REFUSED_FILE;
    }
    const uint8_t selection = octets[AT_LENS];
    const uint32_t period_ms = octets_load_u16(octets + AT_PERIOD);
    uint32_t refusal = camera_settings_set_mode(&next, slot_octets, selection, octets_load_u16(octets + AT_WIDTH),
                                                octets_load_u16(octets + AT_HEIGHT), octets[AT_ENCODING]);
    // Judged against the new period, which comes last.
    next.period_ms = CAMERA_PERIOD_MAX_MS;
    refusal = refusal != 0 ? refusal
                           : camera_settings_set_exposure(&next, selection, octets_load_u32(octets + AT_EXPOSURE),
                                                          octets_load_u16(octets + AT_GAIN));
    refusal = refusal != 0 ? refusal : camera_settings_set_period(&next, period_ms);
    if (refusal == 0) {
        *self = next;
    }
    return refusal;
}
