#include "world/site_soil.h"

#include "world/site_parts.h"

#define INVERSE_PI 0.31830989f
#define LIFT_M 1.5e-3f       ///< Shadow rays start this far off the ground.
#define SHADOWS_END_M 90.0f  ///< No shadow beyond is a pixel long with the Sun high.
#define HAZE_BEGINS_M 15.0f
enum { LANES = 8, RAYS = SITE_SOIL_POINTS };

_Static_assert(RAYS % LANES == 0, "the last points fill their lanes");

// What wheels have done there by now: slopes and brightness are added.
static void marks_at(const site_t *self, float x, float y, float footprint, float slope[2], float *shade)
{
    float u = (x - self->mark_x) / self->mark_pitch - 0.5f, v = (y - self->mark_y) / self->mark_pitch - 0.5f;
    if (!(u >= 0 && v >= 0 && u < (float)(self->mark_columns - 1) && v < (float)(self->mark_rows - 1)))
        return;
    int32_t i = (int32_t)u, j = (int32_t)v;
    float fx = u - (float)i, fy = v - (float)j, sum[3] = {0, 0, 0};
    const site_mark_t *m = self->marks + (int64_t)j * self->mark_columns + i;
    for (int k = 0; k < 4; k++) {
        const site_mark_t *at = m + (k & 1) + (k >> 1) * self->mark_columns;
        if (at->when > self->now)
            continue;
        float w = (k & 1 ? fx : 1 - fx) * (k & 2 ? fy : 1 - fy);
        sum[0] += w * (float)at->slope_x;
        sum[1] += w * (float)at->slope_y;
        sum[2] += w * (float)at->shade;
    }
    // Treads that are finer than the picture do not show one by one.
    float fine = least_of(1, 4 * self->mark_pitch / most_of(footprint, 1e-6f));
    slope[0] += sum[0] * 0.01f * fine;
    slope[1] += sum[1] * 0.01f * fine;
    *shade += sum[2] * (1.0f / 128);
}

// Share of the sky that is left below a body.
static float shelter_at(const site_body_t *body, const float point[3])
{
    float p[3];
    to_body(body, point, p);
    float u = (p[0] / body->shelter_span + 0.5f) * (float)(SITE_SHELTER - 1);
    float v = (p[1] / body->shelter_span + 0.5f) * (float)(SITE_SHELTER - 1);
    if (!(u >= 0 && v >= 0 && u < (float)(SITE_SHELTER - 1) && v < (float)(SITE_SHELTER - 1)))
        return 1;
    int32_t i = (int32_t)u, j = (int32_t)v;
    u -= (float)i, v -= (float)j;
    const float *a = body->shelter + j * SITE_SHELTER + i;
    return (a[0] * (1 - u) + a[1] * u) * (1 - v) + (a[SITE_SHELTER] * (1 - u) + a[SITE_SHELTER + 1] * u) * v;
}

void site_soil_put(site_soil_t *soil, const site_t *self, const scene_t *scene, const ray_hit_t *hit, const float direction[3])
{
    int32_t at = soil->count++;
    const scene_face_t *face = &scene->faces[hit->face];
    const scene_vertex_t *a = &scene->vertices[face->corner[0]], *b = &scene->vertices[face->corner[1]],
                         *c = &scene->vertices[face->corner[2]];
    float u = hit->u, v = hit->v, w = 1 - u - v, open[4];
    for (int i = 0; i < 4; i++)
        open[i] = a->open[i] * w + b->open[i] * u + c->open[i] * v;
    for (int k = 0; k < 3; k++) {
        float glow = open[0] * self->glow[0][k] + open[1] * self->glow[1][k] + open[2] * self->glow[2][k] +
                     open[3] * self->glow[3][k];
        soil->direction[k][at] = direction[k];
        soil->normal[k][at] = a->normal[k] * w + b->normal[k] * u + c->normal[k] * v;
        soil->bounce[k][at] = most_of(glow, 0) + (a->bounce[k] * w + b->bounce[k] * u + c->bounce[k] * v);
        soil->colour[k][at] = a->spare[k] * w + b->spare[k] * u + c->spare[k] * v;
        soil->above[k][at] = face->normal[k];
    }
    soil->distance[at] = hit->distance;
    soil->key[at] = (uint32_t)face->part << 16 | (uint32_t)face->material << 9;
}

// Where the points are, and their relief and colour. 
static void lay(site_soil_t *restrict soil, const site_t *self, const float origin[3], const float sun[3], float pixel_rad, int32_t first)
{
    float footprint[LANES], across[2][LANES], slope[2][LANES], tint[LANES];
    for (int i = 0; i < LANES; i++) {
        int32_t at = first + i;
        for (int k = 0; k < 3; k++)
            soil->point[k][at] = origin[k] + soil->direction[k][at] * soil->distance[at];
        float steep = -(soil->normal[0][at] * soil->direction[0][at] + soil->normal[1][at] * soil->direction[1][at] +
                        soil->normal[2][at] * soil->direction[2][at]);
        footprint[i] = soil->distance[at] * pixel_rad / sqrtf(most_of(steep, 0.02f));
        // The same map again, larger and turned, so that it does not repeat before the eye.
        across[0][i] = 0.1447f * soil->point[0][at] + 0.1043f * soil->point[1][at];
        across[1][i] = 0.1447f * soil->point[1][at] - 0.1043f * soil->point[0][at];
    }
    int32_t rock[LANES] = {0};
    for (int i = 0; i < LANES && first + i < soil->count; i++) {
        int32_t at = first + i;
        float fine[4], coarse[4], x = soil->point[0][at], y = soil->point[1][at];
        rock[i] = (int32_t)(soil->key[at] >> 9 & 127) > self->natural;
        materials_foil_mean(self->soil, x, y + (rock[i] ? soil->point[2][at] : 0), footprint[i], fine);
        materials_foil_mean(self->soil, across[0][i], across[1][i], footprint[i] * 0.178f, coarse);
        slope[0][i] = fine[0] + 0.5f * (coarse[0] - coarse[1] * 0.72f);
        slope[1][i] = fine[1] + 0.5f * (coarse[1] + coarse[0] * 0.72f);
        tint[i] = 1 + fine[3] + 0.8f * coarse[3];
        if (self->marks && !rock[i]) {
            float more[2] = {slope[0][i], slope[1][i]};
            marks_at(self, x, y, footprint[i], more, &tint[i]);
            slope[0][i] = more[0], slope[1][i] = more[1];
        }
        // Level ground has open sky above by pi; the body's shelter takes its share of it.
        float left = 1, point[3] = {x, y, soil->point[2][at]};
        for (int32_t j = 0; j < self->body_count && soil->distance[at] < SHADOWS_END_M; j++)
            if (self->body[j].shelter)
                left *= shelter_at(&self->body[j], point);
        for (int k = 0; k < 3; k++)
            soil->bounce[k][at] *= left;
    }
    for (int i = first + LANES > soil->count ? soil->count - first : LANES; i < LANES; i++)
        slope[0][i] = slope[1][i] = tint[i] = 0;
    for (int i = 0; i < LANES; i++) {
        int32_t at = first + i;
        float x = soil->normal[0][at] - slope[0][i], y = soil->normal[1][at] - slope[1][i];
        float z = soil->normal[2][at] - (rock[i] ? 0.5f * (slope[0][i] - slope[1][i]) : 0);
        float q = 1.0f / sqrtf(x * x + y * y + z * z + 1e-30f);
        x *= q, y *= q, z *= q;
        soil->normal[0][at] = x, soil->normal[1][at] = y, soil->normal[2][at] = z;
        soil->lit[at] = x * sun[0] + y * sun[1] + z * sun[2];
        soil->facing[at] = soil->above[0][at] * sun[0] + soil->above[1][at] * sun[1] + soil->above[2][at] * sun[2];
        for (int k = 0; k < 3; k++) {
            soil->colour[k][at] = soil->colour[k][at] * tint[i] * INVERSE_PI;
            soil->above[k][at] = soil->point[k][at] + soil->above[k][at] * LIFT_M;
        }
    }
}

// Which of the points lie in shade: rays to the Sun go through the tree together.
static void shade(site_soil_t *soil, const site_t *self, const float sun[3])
{
    ray_group_t group = {.side = {0, 0, 1}};
    uint8_t which[RAYS];
    for (int32_t i = 0; i < soil->count; i++) {
        int asks = soil->distance[i] < SHADOWS_END_M && soil->lit[i] > 0, shaded = asks && soil->facing[i] <= 0;
        float from[3] = {soil->above[0][i], soil->above[1][i], soil->above[2][i]};
        if (asks && !shaded && site_bodies_block(self, SITE_NOBODY, from, sun))
            shaded = 1;
        if (shaded)
            soil->key[i] |= SITE_SHADED, soil->lit[i] = 0;
        if (!asks || shaded)
            continue;
        which[group.count] = (uint8_t)i;
        for (int k = 0; k < 3; k++)
            group.origin[k][group.count] = from[k];
        group.count++;
    }
    const scene_t *still = site_casting(self);
    for (uint64_t bits = ray_group_blocked(&group, still->nodes, still->packs, sun, 1e-4f); bits; bits &= bits - 1) {
        int32_t i = which[__builtin_ctzll(bits)];
        soil->key[i] |= SITE_SHADED, soil->lit[i] = 0;
    }
}

static void scatter(const site_soil_t *restrict soil, const site_t *self, const float sun[3], int32_t first,
                    float (*restrict radiance)[LANES])
{
    float shine[LANES];
    for (int i = 0; i < LANES; i++) {
        int32_t at = first + i;
        float x = soil->direction[0][at], y = soil->direction[1][at], z = soil->direction[2][at];
        float lit = most_of(soil->lit[at], 0), phase = -(x * sun[0] + y * sun[1] + z * sun[2]);
        float seen = most_of(-(soil->normal[0][at] * x + soil->normal[1][at] * y + soil->normal[2][at] * z), 0.03f);
        shine[i] = 0.40f * lit / (lit + seen + 1e-4f) * (1 + 0.4f * phase * most_of(phase, 0)) + 0.70f * lit;
    }
    for (int k = 0; k < 3; k++) {
        float beam = self->beam[k];
        for (int i = 0; i < LANES; i++)
            radiance[k][i] = soil->colour[k][first + i] * (beam * shine[i] + soil->bounce[k][first + i]);
    }
}

// Lanes beyond the last point go with the first.
static void pad(float *values, int32_t count)
{
    for (int32_t i = count; i % LANES; i++)
        values[i] = values[0];
}

void site_soil_see(site_soil_t *soil, const site_t *self, const float sun[3], const float origin[3], float pixel_rad,
                    float (*radiance)[3])
{
    pad(soil->distance, soil->count);
    for (int k = 0; k < 3; k++) {
        pad(soil->direction[k], soil->count);
        pad(soil->normal[k], soil->count);
        pad(soil->above[k], soil->count);
        pad(soil->colour[k], soil->count);
        pad(soil->bounce[k], soil->count);
    }
    for (int32_t first = 0; first < soil->count; first += LANES)
        lay(soil, self, origin, sun, pixel_rad, first);
    shade(soil, self, sun);
    for (int32_t first = 0; first < soil->count; first += LANES) {
        float seen[3][LANES];
        scatter(soil, self, sun, first, seen);
        for (int i = 0; i < LANES && first + i < soil->count; i++) {
            int32_t at = first + i;
            for (int k = 0; k < 3; k++)
                radiance[at][k] = seen[k][i];
            if (soil->distance[at] <= HAZE_BEGINS_M)
                continue;
            float clear = fade(self->haze_per_m * (soil->distance[at] - HAZE_BEGINS_M)), sky[3];
            float direction[3] = {soil->direction[0][at], soil->direction[1][at], soil->direction[2][at]};
            site_sky(self, direction, sky);
            for (int k = 0; k < 3; k++)
                radiance[at][k] = radiance[at][k] * clear + sky[k] * (1 - clear);
        }
    }
}
