/// sky.h - what is behind the spacecraft: the Sun's disc, planets and moons, stars.
///
/// Everything is added behind what frame_renderer_draw has drawn (by its coverage) and widens the spans.
/// Discs are supersampled spheres; what is far smaller than a pixel is a point of the right irradiance.
#pragma once

#include "world/optics.h"

typedef struct {
    float *radiance;  ///< (height, width, 4), as of frame_renderer_draw
    int32_t *span;    ///< (height, 2)
    int32_t width, height;
} canvas_t;

/// A sphere far away, lit by the Sun: Lambert with albedo per band, or, with `luminous`, an even disc.
typedef struct {
    double direction[3];      ///< unit, scene frame
    double angular_radius;    ///< rad
    double sun_direction[3];  ///< from the body to the Sun, unit, scene frame
    float albedo[3];          ///< Lambert; for a luminous disc ignored
    float irradiance[3];      ///< sunlight at the body [W m^-2]; for a luminous disc its own at the camera
    int32_t luminous;
} sky_body_t;

/// @return 1 if any light fell into the picture.
int sky_draw_body(const canvas_t *canvas, const lens_t *lens, const view_t *view, const sky_body_t *body);

/// Points of light, brightest first. @param direction (count, 3) unit, scene frame; irradiance (count, 3)
/// [W m^-2] at the camera. A star trails when the view turns during the exposure.
/// @return how many fell into the picture.
int32_t sky_draw_stars(const canvas_t *canvas, const lens_t *lens, const view_t *view, int32_t count,
                       const float *direction, const float *irradiance);

/// Share of the sunlight at full phase that a Lambert sphere sends at a phase angle: 1 at 0, 0 at pi.
double sky_lambert_phase(double phase_rad);
