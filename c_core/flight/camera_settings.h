/// camera_settings.h - what can be set of the deployable camera, and the file that sets all of it at once. OURS.
///
/// Settings file (20 octets): it is taken whole or not at all.
///     0-3 the octets SETS   4 lens u8 (2: both)   5 encoding u8 (picture_encoding_t)
///     6-7 width u16   8-9 height u16 [pixels]     10-13 exposure u32 [us]   14-15 gain u16 [8.8 fixed point]
///     16-17 period u16 [ms]                       18-19 CRC-16 (crc16.h) of all before
/// An exposure or a gain of 0 is left to the sensor's own automatic. The period is of both lenses.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "flight/picture_part.h"

enum {
    CAMERA_LENSES = 2,
    CAMERA_BOTH_LENSES = 2,
    CAMERA_GAIN_MIN = 0x0100,
    CAMERA_GAIN_MAX = 0x2000,
    CAMERA_PERIOD_MIN_MS = 100,
    CAMERA_PERIOD_MAX_MS = 4000,
    CAMERA_SETTINGS_FILE_OCTETS = 20,
};

typedef enum {
    CAMERA_REFUSED_FUNCTION = 1, ///< No such function.
    CAMERA_REFUSED_LENGTH,       ///< Not the octets of arguments that the function takes.
    CAMERA_REFUSED_ARGUMENT,     ///< A value that is not allowed.
    CAMERA_REFUSED_SLOT,         ///< Raw pictures of that size do not fit a slot.
    CAMERA_REFUSED_FILE,         ///< No settings file.
} camera_refusal_t;

typedef struct {
    uint32_t period_ms;
    uint32_t exposure_us[CAMERA_LENSES];
    uint16_t gain[CAMERA_LENSES];
    uint8_t mode[CAMERA_LENSES]; ///< picture_mode()
    uint8_t largest_size;        ///< picture_size_t; of the sensors, never changed
    uint8_t spare;
} camera_settings_t;

static inline bool camera_is_for(uint8_t selection, uint32_t lens) {
    return selection == lens || selection == CAMERA_BOTH_LENSES;
}

bool camera_gain_valid(uint32_t gain);

/// Raw pictures of this mode fit a slot; others tell their length when they are there.
bool camera_mode_fits(uint32_t slot_octets, uint8_t mode);

/// The settings with another mode: 0, or why not (camera_refusal_t), and no change.
uint32_t camera_settings_set_mode(camera_settings_t *self, uint32_t slot_octets, uint8_t selection, uint32_t width,
                                  uint32_t height, uint32_t encoding);

/// Likewise another exposure and gain: up to the period.
uint32_t camera_settings_set_exposure(camera_settings_t *self, uint8_t selection, uint32_t exposure_us, uint16_t gain);

/// Likewise another period: not shorter than an exposure.
uint32_t camera_settings_set_period(camera_settings_t *self, uint32_t period_ms);

/// Likewise all that a settings file says.
uint32_t camera_settings_read(camera_settings_t *self, uint32_t slot_octets, const uint8_t *octets, uint32_t length);
