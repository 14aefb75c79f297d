/// site.h - a place on a dusty planet by day: ground, rocks and what stands on them, bodies that move, the sky.
///
/// Axes: x east, y north, z up, metres. What stands still is one scene of triangles, baked once; each body that
/// moves is a scene of its own with a pose, so that a frame rebuilds nothing. Ground and rocks ("natural"
/// materials) scatter back towards the Sun, carry a map of small relief and the marks that wheels have left by
/// now; all else is shaded by world/shading. The sky is two tables: light that was scattered once, by phase angle
/// and elevation, and light that was scattered more often, by elevation. Far ground fades into it.
/// The camera stands still during a frame. Left out: that bodies see each other in their mirrors (they see
/// ground and sky), and, while the Sun is high, that relief shades relief.
#pragma once

#include "world/ground_fan.h"
#include "world/shading.h"
#include "world/sky.h"

enum { SITE_BODIES = 8, SITE_SKY_STEPS = 256, SITE_SHELTER = 48, SITE_PART_STEP = 64 };

/// A rigid body at its place. `glow`: what shines on it, in site axes, as in sunlight_t.
typedef struct {
    const scene_t *scene;
    float turn[9];              ///< row major: site vector = turn * body vector
    float at[3];                ///< of its origin [m]
    float middle[3], radius;    ///< a sphere about it, body axes
    float glow[4][3];
    const float *shelter;       ///< (SITE_SHELTER, SITE_SHELTER) share of the sky that the ground below it sees, y major; NULL: none
    float shelter_span;         ///< metres across, centred on the body's origin, along its x and y
} site_body_t;

/// What a wheel did to one square of ground.
typedef struct {
    float when;                 ///< [s], on the clock of site_t.now; above it: untouched
    int8_t slope_x, slope_y;    ///< 1/100
    int8_t shade;               ///< 1/128 brighter
    int8_t spare;
} site_mark_t;

typedef struct {
    const scene_t *still;
    const scene_t *things;      ///< its last faces again, without the ground
    site_fan_t fan;             ///< columns 0: none
    float level;                ///< of the ground where they stand [m]
    int32_t natural;            ///< materials from here on are soil and rock
    int32_t body_count;
    site_body_t body[SITE_BODIES];
    float middle[3], radius;    ///< a sphere about all bodies
    float sun[3], sun_radius;   ///< unit; rad
    float beam[3];              ///< sunlight that reaches the ground, across the ray [W m^-2]
    float ground[3];            ///< mean radiance of sunlit ground [W m^-2 sr^-1]
    float shade[3];             ///< and of ground in shade
    float glow[4][3];           ///< of the sky, for what stands still
    float haze_per_m;           ///< extinction along the ground
    float sky_once[SITE_SKY_STEPS + 1][3];   ///< by the root of the sine of elevation: scattered once, for an even phase function
    float sky_often[SITE_SKY_STEPS + 1][3];  ///< and more often
    float phase[SITE_SKY_STEPS + 1][3];      ///< phase function by the sine of half the angle from the Sun
    const float *soil;          ///< slopes and brightness, laid out as a foil map
    const site_mark_t *marks;   ///< (mark_rows, mark_columns), or NULL
    int32_t mark_columns, mark_rows;
    float mark_x, mark_y, mark_pitch;  ///< of the first square's corner, and between squares [m]
    float now;
} site_t;

/// Radiance of the sky along a unit vector; below the horizon, that at the horizon.
void site_sky(const site_t *self, const float direction[3], float radiance[3]);

/// Octets of scratch for a picture: zeroed by the caller before the call.
uint64_t site_scratch_size(int32_t width, int32_t height);

typedef struct {
    int32_t sky, ground, things, refined;  ///< pixels
} site_report_t;

/// Draws the whole picture: radiance (height, width, 4) and spans as of frame_renderer_draw; coverage is 0 in
/// the sky, so that the Sun's disc can be drawn behind. Cost: some 15 ns a pixel of sky, 0.2 us of ground.
site_report_t site_draw(const site_t *self, const canvas_t *canvas, const lens_t *lens, const view_t *view, void *scratch);
