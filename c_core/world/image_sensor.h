/// image_sensor.h - radiance on a colour sensor becomes numbers.
///
/// Lens blur and scattered light, vignetting, Bayer filter (RGGB), quantum efficiency, pixel response and
/// offset patterns, dark signal, full well, shot and read noise, gain, ADC. Noise is a function of frame seed
/// and pixel index alone, so any pixel can be made again, in any order, on any machine.
#pragma once

#include <stdint.h>

#include "world/optics.h"

/// The picture is divided into 100 cells across for scattered light.
enum { SENSOR_SKIRT_ACROSS = 100, SENSOR_SKIRT_MAX_DOWN = 100, SENSOR_LOBES = 3, SENSOR_MAX_GHOSTS = 4 };

typedef struct {
    float electrons[3];      ///< electrons per W m^-2 sr^-1 over the exposure, per band
    float dark_electrons;    ///< mean dark signal over the exposure
    float full_well;         ///< electrons
    float read_noise;        ///< electrons, rms
    float electrons_per_dn;  ///< after the gain
    float offset_dn;         ///< black level
    float most_dn;           ///< 1023 for ten bits
    float averaged;          ///< like-coloured pixels averaged into one: noise variance over this
    float gain_spread;       ///< per unit of the gain pattern
    float offset_spread;     ///< DN per unit of the offset pattern
    float dark_spread;       ///< share of the dark signal per unit of the offset pattern
    float core;              ///< share of light that the lens blurs into each of the 4 nearest neighbours
    float brightest;         ///< radiance above which only image_sensor_glare scatters light
    float lobe_share[SENSOR_LOBES];    ///< share of light scattered into each lobe
    float lobe_radius[SENSOR_LOBES];   ///< its rms radius, in cells
} sensor_setting_t;

/// Mean and standard deviation of the raw noise sum: eight octets of a hash.
#define SENSOR_NOISE_MEAN 1020.0f
#define SENSOR_NOISE_SIGMA 209.02153f

/// Relative illumination of every pixel (height, width).
void image_sensor_illumination(const lens_t *lens, int32_t width, int32_t height, float *out);

/// Fixed patterns of one sensor (height, width): near-Gaussian int8, standard deviation 32, clipped at 127.
void image_sensor_patterns(uint32_t serial, int32_t width, int32_t height, int8_t *gain, int8_t *offset);

/// Scattered light (down, 100, 3), down = ceil(height / cell), cell = ceil(width / 100). @param work: twice
/// the size of `skirt`. @return its greatest radiance.
float image_sensor_skirt(const sensor_setting_t *self, const float *radiance, const int32_t *span, int32_t width,
                         int32_t height, float *skirt, float *work);

/// Adds the glare of a source too bright for the lobes, whose square foundations would show: round,
/// energy * share * radius_px / (2 pi (r^2 + radius_px^2)^1.5), which holds `share` of the energy
/// [radiance * pixels] per band.
void image_sensor_glare(float *skirt, int32_t width, int32_t height, float x, float y, float radius_px, float share,
                        const float energy[3]);

/// Adds a lens ghost to the skirt: an even disc that holds `energy` [radiance * pixels] per band.
void image_sensor_ghost(float *skirt, int32_t width, int32_t height, float x, float y, float radius_px,
                        const float energy[3]);

/// Digitises. @param radiance (height, width, 4), span (height, 2): as of frame_renderer; skirt: NULL where
/// there is none; illumination, gain, offset: as above; row: width + 8 floats of scratch; dn (height, width).
/// Cost: 1 ns a dark pixel, 5 ns a lit one.
void image_sensor_expose(const sensor_setting_t *self, const float *radiance, const int32_t *span, const float *skirt,
                         const float *illumination, const int8_t *gain, const int8_t *offset, uint64_t seed,
                         int32_t width, int32_t height, float *row, uint16_t *dn);
