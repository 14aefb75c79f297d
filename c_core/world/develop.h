/// develop.h - raw Bayer numbers become a picture for the eye.
///
/// Black level, white balance, Malvar-He-Cutler interpolation (ICASSP 2004) in 16-bit integers, sRGB curve
/// (IEC 61966-2-1). Integers throughout: the same octets everywhere. What saturates turns white.
#pragma once

#include <stdint.h>

/// Numbers inside: black 0, white DEVELOP_WHITE.
enum { DEVELOP_WHITE = 1918, DEVELOP_CURVE = 2048 };

typedef struct {
    int32_t black;            ///< DN subtracted
    int32_t balance[3];       ///< red, green, blue: multiplied, then divided by 256; white = DEVELOP_WHITE
    uint8_t curve[DEVELOP_CURVE];
} develop_setting_t;

/// Fills the sRGB curve.
void develop_curve(develop_setting_t *self);

/// @param dn (height, width) RGGB, even sizes, width <= 4096; rgb (height, width, 3);
/// work: 5 * (width + 8) int16. Cost: about 4 ns a pixel.
void develop_picture(const develop_setting_t *self, const uint16_t *dn, int32_t width, int32_t height, int16_t *work,
                     uint8_t *rgb);

/// Mean of cell x cell pixels: rgb (height, width, 3) to (height / cell, width / cell, 3).
void develop_thumbnail(const uint8_t *rgb, int32_t width, int32_t height, int32_t cell, uint8_t *out);
