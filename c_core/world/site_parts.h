/// site_parts.h - what the rooms of a site's picture share: its axes, and who stands in whose light.
#pragma once

#include <math.h>

#include "world/site.h"

#define SITE_SHADED (1u << 8)  ///< In the key of what a ray has met.

enum { SITE_STILL = -1, SITE_NOBODY = SITE_BODIES };

static inline float most_of(float a, float b) { return a > b ? a : b; }
static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float dot(const float a[3], const float b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static inline void normalise(float a[3])
{
    float q = 1.0f / sqrtf(dot(a, a) + 1e-30f);
    a[0] *= q, a[1] *= q, a[2] *= q;
}

static inline void turn(const float rotation[9], const float v[3], float out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = rotation[3 * k] * v[0] + rotation[3 * k + 1] * v[1] + rotation[3 * k + 2] * v[2];
}

static inline void turn_back(const float rotation[9], const float v[3], float out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = rotation[k] * v[0] + rotation[3 + k] * v[1] + rotation[6 + k] * v[2];
}

static inline void to_body(const site_body_t *body, const float point[3], float out[3])
{
    float d[3] = {point[0] - body->at[0], point[1] - body->at[1], point[2] - body->at[2]};
    turn_back(body->turn, d, out);
}

static inline void to_site(const site_body_t *body, const float point[3], float out[3])
{
    turn(body->turn, point, out);
    for (int k = 0; k < 3; k++)
        out[k] += body->at[k];
}

// e^-x for x >= 0 within 2e-4, smooth.
static inline float fade(float x)
{
    float y = 1 + x * (0.125f + x * (0.0078125f + x * 0.00032552f));
    y = y * y, y = y * y, y = y * y;
    return 1 / y;
}

/// Does a body hide that direction from a point (site axes)?
int site_body_blocks(const site_body_t *body, const float point[3], const float direction[3]);

/// Does any but one? @param but the one; or SITE_STILL, SITE_NOBODY.
int site_bodies_block(const site_t *self, int32_t but, const float point[3], const float direction[3]);

/// Does anything but one, what stands still included?
int site_others_block(const site_t *self, int32_t but, const float point[3], const float direction[3]);

/// What of all that stands still throws shadows.
const scene_t *site_casting(const site_t *self);

/// How the shading of one scene sees the rest: a body's, or, of SITE_STILL, of what stands still.
typedef struct {
    const site_t *site;
    int32_t body;
    sunlight_t light;
    surroundings_t around;
} site_place_t;

/// `self` must stay where it is.
void site_place(site_place_t *self, const site_t *site, int32_t body);
