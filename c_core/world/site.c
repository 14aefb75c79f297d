#include "world/site.h"

#include <math.h>

#define INVERSE_PI 0.31830989f
#define LIFT_M 1.5e-3f         ///< Shadow rays start this far off the ground.
#define SHADOWS_END_M 90.0f    ///< No shadow beyond is a pixel long with the Sun high.
#define HAZE_BEGINS_M 15.0f
#define HIGH_SUN 0.45f         ///< Sine of its elevation, from which no relief of a plain throws a shadow.
enum { TILE = 8, SAMPLES = 3 };

static inline float most_of(float a, float b) { return a > b ? a : b; }
static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float dot(const float a[3], const float b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static inline float floor_of(float x)
{
    float f = (float)(int32_t)x;
    return f - (f > x ? 1.0f : 0.0f);
}

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

static inline void look_up(const float table[][3], float place, float out[3])
{
    float at = place * (float)SITE_SKY_STEPS;
    int32_t i = (int32_t)at;
    i = i < SITE_SKY_STEPS ? i : SITE_SKY_STEPS - 1;
    at -= (float)i;
    for (int k = 0; k < 3; k++)
        out[k] = table[i][k] + (table[i + 1][k] - table[i][k]) * at;
}

void site_sky(const site_t *self, const float direction[3], float radiance[3])
{
    float up = sqrtf(least_of(most_of(direction[2], 0), 1)), phase[3], once[3];
    float half2 = 0.5f - 0.5f * dot(direction, self->sun);
    look_up(self->sky_once, up, once);
    look_up(self->sky_often, up, radiance);
    look_up(self->phase, sqrtf(least_of(most_of(half2, 0), 1)), phase);
    for (int k = 0; k < 3; k++)
        radiance[k] += once[k] * phase[k];
}

// Does a ray come within a sphere ahead of its start?
static inline int near_sphere(const float middle[3], float radius, const float origin[3], const float direction[3])
{
    float c[3], along = 0, far2 = 0, size2 = dot(direction, direction);
    for (int k = 0; k < 3; k++) {
        c[k] = middle[k] - origin[k];
        along += c[k] * direction[k];
        far2 += c[k] * c[k];
    }
    float spare2 = far2 - radius * radius;
    return spare2 < 0 || (along > 0 && along * along > spare2 * size2);
}

static int body_blocks(const site_body_t *body, const float point[3], const float direction[3])
{
    float p[3], d[3];
    to_body(body, point, p);
    turn_back(body->turn, direction, d);
    return near_sphere(body->middle, body->radius, p, d) && ray_caster_blocked(body->scene->nodes, body->scene->packs, p, d, 1e-4f);
}

enum { STILL = -1, NOBODY = SITE_BODIES };

// Site axes; `but` does not count.
static int others_block(const site_t *self, int32_t but, const float point[3], const float direction[3])
{
    if (near_sphere(self->middle, self->radius, point, direction))
        for (int32_t i = 0; i < self->body_count; i++)
            if (i != but && body_blocks(&self->body[i], point, direction))
                return 1;
    const scene_t *still = self->sun[2] > HIGH_SUN ? self->things : self->still;
    return but != STILL && ray_caster_blocked(still->nodes, still->packs, point, direction, 1e-4f);
}

// ---- What the shading of one scene asks about the rest ---------------------------------------------------

typedef struct {
    const site_t *site;
    int32_t body;  // or STILL
    sunlight_t light;
    surroundings_t around;
} place_t;

static int blocked_beside(const void *context, const float point[3], const float direction[3])
{
    const place_t *self = context;
    if (self->body < 0)
        return others_block(self->site, STILL, point, direction);
    const site_body_t *body = &self->site->body[self->body];
    float p[3], d[3];
    to_site(body, point, p);
    turn(body->turn, direction, d);
    return others_block(self->site, self->body, p, d);
}

static void seen_beside(const void *context, const float point[3], const float direction[3], float radiance[3])
{
    const place_t *self = context;
    const site_t *site = self->site;
    float d[3] = {direction[0], direction[1], direction[2]};
    if (self->body >= 0)
        turn(site->body[self->body].turn, direction, d);
    if (d[2] >= 0) {
        site_sky(site, d, radiance);
        return;
    }
    // The ground in a mirror: level, at the foot of what stands there, in its shadow or not.
    const site_body_t *body = self->body < 0 ? 0 : &site->body[self->body];
    float p[3] = {point[0], point[1], point[2]}, foot[3];
    if (body)
        to_site(body, point, p);
    float t = most_of(((body ? body->at[2] : site->level) - p[2]) / d[2], 0);
    for (int k = 0; k < 3; k++)
        foot[k] = p[k] + d[k] * t;
    foot[2] += 0.01f;
    int dark = body ? body_blocks(body, foot, site->sun)
                    : ray_caster_blocked(site->things->nodes, site->things->packs, foot, site->sun, 1e-4f);
    for (int k = 0; k < 3; k++)
        radiance[k] = dark ? site->shade[k] : site->ground[k];
}

static void place(place_t *self, const site_t *site, int32_t body)
{
    self->site = site;
    self->body = body;
    self->around = (surroundings_t){blocked_beside, seen_beside, self};
    self->light = (sunlight_t){.radius_rad = site->sun_radius, .sunlit = 1, .around = &self->around};
    const float(*glow)[3] = body < 0 ? site->glow : site->body[body].glow;
    for (int k = 0; k < 3; k++) {
        self->light.direction[k] = site->sun[k];
        self->light.irradiance[k] = site->beam[k];
        for (int i = 0; i < 4; i++)
            self->light.glow[i][k] = glow[i][k];
    }
    if (body < 0)
        return;
    const float *r = site->body[body].turn;
    turn_back(r, site->sun, self->light.direction);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 3; i++)
            self->light.glow[1 + i][k] = r[i] * glow[1][k] + r[3 + i] * glow[2][k] + r[6 + i] * glow[3][k];
}

// ---- Ground and rocks ------------------------------------------------------------------------------------

// Slopes along u and v and brightness about 0, at the footprint.
static void soil_at(const float *map, float u, float v, float footprint, float out[3])
{
    int32_t n = FOIL_SIZE;
    float texels = footprint * ((float)FOIL_SIZE / FOIL_SPAN_M);
    while (texels > 1.41f && n > 4) {
        map += 4 * n * n;
        n >>= 1;
        texels *= 0.5f;
    }
    float x = u * ((float)n / FOIL_SPAN_M) - 0.5f, y = v * ((float)n / FOIL_SPAN_M) - 0.5f;
    float fx = floor_of(x), fy = floor_of(y);
    int32_t i = (int32_t)fx & (n - 1), j = (int32_t)fy & (n - 1), i1 = (i + 1) & (n - 1), j1 = (j + 1) & (n - 1);
    fx = x - fx, fy = y - fy;
    const float *a = map + 4 * (j * n + i), *b = map + 4 * (j * n + i1);
    const float *c = map + 4 * (j1 * n + i), *d = map + 4 * (j1 * n + i1);
    for (int k = 0; k < 3; k++) {
        int m = k < 2 ? k : 3;
        out[k] = (a[m] * (1 - fx) + b[m] * fx) * (1 - fy) + (c[m] * (1 - fx) + d[m] * fx) * fy;
    }
}

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

static uint32_t natural(const site_t *self, const scene_t *scene, const ray_hit_t *hit, const float sun[3],
                        const float origin[3], const float direction[3], float pixel_rad, float radiance[3])
{
    const scene_face_t *face = &scene->faces[hit->face];
    const scene_vertex_t *a = &scene->vertices[face->corner[0]], *b = &scene->vertices[face->corner[1]],
                         *c = &scene->vertices[face->corner[2]];
    float u = hit->u, v = hit->v, w = 1 - u - v, n[3], bounce[3], albedo[3], open[4], p[3];
    for (int k = 0; k < 3; k++) {
        n[k] = a->normal[k] * w + b->normal[k] * u + c->normal[k] * v;
        bounce[k] = a->bounce[k] * w + b->bounce[k] * u + c->bounce[k] * v;
        albedo[k] = a->spare[k] * w + b->spare[k] * u + c->spare[k] * v;
        p[k] = origin[k] + direction[k] * hit->distance;
    }
    for (int i = 0; i < 4; i++)
        open[i] = a->open[i] * w + b->open[i] * u + c->open[i] * v;
    int rock = face->material > self->natural;
    float steep = -dot(n, direction), footprint = hit->distance * pixel_rad / sqrtf(most_of(steep, 0.02f));
    float slope[2], fine[3], coarse[3];
    soil_at(self->soil, p[0], p[1] + (rock ? p[2] : 0), footprint, fine);
    // The same map again, larger and turned, so that it does not repeat before the eye.
    soil_at(self->soil, 0.1447f * p[0] + 0.1043f * p[1], 0.1447f * p[1] - 0.1043f * p[0], footprint * 0.178f, coarse);
    slope[0] = fine[0] + 0.5f * (coarse[0] - coarse[1] * 0.72f);
    slope[1] = fine[1] + 0.5f * (coarse[1] + coarse[0] * 0.72f);
    float tint = 1 + fine[2] + 0.8f * coarse[2];
    if (self->marks && !rock)
        marks_at(self, p[0], p[1], footprint, slope, &tint);
    n[0] -= slope[0], n[1] -= slope[1];
    if (rock)
        n[2] -= 0.5f * (slope[0] - slope[1]);
    normalise(n);

    // Level ground has open sky above by pi; the body's shelter takes its share of it.
    float left = 1;
    for (int32_t i = 0; i < self->body_count && hit->distance < SHADOWS_END_M; i++)
        if (self->body[i].shelter)
            left *= shelter_at(&self->body[i], p);
    float lit = dot(n, sun), facing = dot(face->normal, sun);
    int shaded = 0;
    if (hit->distance < SHADOWS_END_M && lit > 0) {
        float q[3];
        for (int k = 0; k < 3; k++)
            q[k] = p[k] + face->normal[k] * LIFT_M;
        shaded = facing <= 0 || others_block(self, NOBODY, q, sun);
    }
    lit = shaded ? 0 : most_of(lit, 0);
    float seen = most_of(-dot(n, direction), 0.03f), phase = -dot(direction, sun);
    float soil = 0.40f * lit / (lit + seen + 1e-4f) * (1 + 0.4f * phase * most_of(phase, 0)) + 0.70f * lit;
    for (int k = 0; k < 3; k++) {
        float glow = open[0] * self->glow[0][k] + open[1] * self->glow[1][k] + open[2] * self->glow[2][k] +
                     open[3] * self->glow[3][k];
        radiance[k] = albedo[k] * tint * INVERSE_PI * (self->beam[k] * soil + (most_of(glow, 0) + bounce[k]) * left);
    }
    if (hit->distance > HAZE_BEGINS_M) {
        float clear = fade(self->haze_per_m * (hit->distance - HAZE_BEGINS_M)), sky[3];
        site_sky(self, direction, sky);
        for (int k = 0; k < 3; k++)
            radiance[k] = radiance[k] * clear + sky[k] * (1 - clear);
    }
    return 1u + ((uint32_t)face->part << 16 | (uint32_t)face->material << 9 | (uint32_t)shaded << 8);
}

// ---- Rays from the eye to the ground ---------------------------------------------------------------------

// Moller-Trumbore, as the tree's.
static int meets(const float *p, const float *q, const float *r, const float origin[3], const float d[3], ray_hit_t *hit)
{
    float a[3], b[3], t[3];
    for (int k = 0; k < 3; k++)
        a[k] = q[k] - p[k], b[k] = r[k] - p[k], t[k] = origin[k] - p[k];
    float px = d[1] * b[2] - d[2] * b[1], py = d[2] * b[0] - d[0] * b[2], pz = d[0] * b[1] - d[1] * b[0];
    float determinant = a[0] * px + a[1] * py + a[2] * pz;
    float inverse = 1.0f / (determinant == 0 ? 1.0f : determinant);
    float qx = t[1] * a[2] - t[2] * a[1], qy = t[2] * a[0] - t[0] * a[2], qz = t[0] * a[1] - t[1] * a[0];
    float u = (t[0] * px + t[1] * py + t[2] * pz) * inverse, v = (d[0] * qx + d[1] * qy + d[2] * qz) * inverse;
    float distance = (b[0] * qx + b[1] * qy + b[2] * qz) * inverse;
    // A hair wider than the triangle: no ray falls between two.
    if (determinant == 0 || u < -1e-5f || v < -1e-5f || u + v > 1.00001f || !(distance > 1e-3f && distance < hit->distance))
        return 0;
    hit->distance = distance;
    hit->u = u, hit->v = v;
    return 1;
}

// The ground that a ray from the eye meets, or none. @param near where the ray before met it: neighbours do so in
// the same ring, mostly. @return 0: the fan cannot tell.
static int fan_nearest(const site_fan_t *fan, const float d[3], int32_t *near, ray_hit_t *hit)
{
    float ahead = d[0] * fan->ahead[0] + d[1] * fan->ahead[1], left = d[1] * fan->ahead[0] - d[0] * fan->ahead[1];
    if (ahead < 0.05f)
        return 0;
    float at = left / (ahead * fan->step) + 0.5f * (float)(fan->columns - 1);
    if (!(at >= 0 && at < (float)(fan->columns - 1)))
        return 0;
    int32_t i = (int32_t)at, cells = fan->rings - 1, low = 0, high = cells;
    float slope = d[2] / sqrtf(d[0] * d[0] + d[1] * d[1]) - 1e-6f;
    const float *risen = fan->risen + (int64_t)i * cells, *steepest = fan->steepest + (int64_t)i * cells;
    int32_t middle = *near;
    if (middle > 0 && middle < cells && risen[middle] >= slope && risen[middle - 1] < slope)
        low = high = middle;
    while (low < high) {
        middle = (low + high) / 2;
        if (risen[middle] < slope)
            low = middle + 1;
        else
            high = middle;
    }
    *near = low;
    if (low == cells)
        return 1;
    for (int32_t j = low; j < cells; j++) {
        if (steepest[j] < slope)
            continue;
        const float *a = fan->position + 3 * ((int64_t)j * fan->across + i), *e = a + 3;
        const float *b = a + 3 * (int64_t)fan->across, *c = b + 3;
        int32_t face = j * (fan->across - 1) + i;
        int found = meets(a, b, c, fan->eye, d, hit);
        if (found)
            hit->face = face;
        if (meets(a, c, e, fan->eye, d, hit)) {
            hit->face = face + cells * (fan->across - 1);
            found = 1;
        }
        if (found)
            return 1;
    }
    return 0;  // over the horizon by a hair, or between two columns by less
}

// ---- The picture -----------------------------------------------------------------------------------------

typedef struct {
    const site_t *site;
    const lens_t *lens;
    int32_t width, height;
    float rotation[9], origin[3], pixel_rad;
    float local[SITE_BODIES][3];  // the camera in each body's axes
    float sun_side[2][3];
    int fan;  // the camera is where the ground's rings begin
    place_t place[SITE_BODIES + 1];  // the last: the still scene
    uint32_t *key;
    float *radiance;
} frame_t;

// Where the rays of one tile begin.
typedef struct {
    bvh_node_t things, still, body[SITE_BODIES];
    int32_t bodies, index[SITE_BODIES];
    int any_thing, any_still;
    int32_t ring;  // of the ground that the ray before met
} tile_t;

uint64_t site_scratch_size(int32_t width, int32_t height) { return (uint64_t)width * (uint64_t)height * 4 + 64; }

static void ray(const frame_t *self, float x, float y, float out[3])
{
    float d[3];
    optics_unproject(self->lens, x, y, d);
    turn(self->rotation, d, out);
}

// May a ray of the cone meet the sphere? As the tree asks of its boxes: angle to the middle <= cone + asin(r / d).
static int cone_meets_sphere(const float origin[3], const float axis[3], float cosine, float sine, const float middle[3],
                             float radius)
{
    float c[3] = {middle[0] - origin[0], middle[1] - origin[1], middle[2] - origin[2]};
    float far2 = dot(c, c), tangent2 = far2 - radius * radius * 1.00001f;
    return tangent2 <= 0 || dot(c, axis) >= cosine * sqrtf(tangent2) - sine * radius * 1.00001f - 1e-5f * sqrtf(far2);
}

static void aim(const frame_t *self, int32_t x0, int32_t y0, int32_t x1, int32_t y1, tile_t *tile)
{
    float corner[4][3], axis[3] = {0, 0, 0}, cosine = 1;
    for (int i = 0; i < 4; i++) {
        ray(self, (float)(i & 1 ? x1 : x0 - 1), (float)(i & 2 ? y1 : y0 - 1), corner[i]);
        for (int k = 0; k < 3; k++)
            axis[k] += corner[i][k];
    }
    normalise(axis);
    for (int i = 0; i < 4; i++)
        cosine = least_of(cosine, dot(corner[i], axis));
    float sine = sqrtf(cosine < 1 ? 1 - cosine * cosine : 0) * 1.03f + 1e-4f;
    cosine = sqrtf(1 - sine * sine);
    const site_t *site = self->site;
    tile->any_thing = ray_caster_focus(site->things->nodes, self->origin, axis, cosine, sine, &tile->things) > 0;
    tile->any_still = self->fan ? -1 : ray_caster_focus(site->still->nodes, self->origin, axis, cosine, sine, &tile->still);
    tile->bodies = 0;
    tile->ring = 0;
    if (!cone_meets_sphere(self->origin, axis, cosine, sine, site->middle, site->radius))
        return;
    for (int32_t i = 0; i < site->body_count; i++) {
        float d[3];
        turn_back(site->body[i].turn, axis, d);
        if (cone_meets_sphere(self->local[i], d, cosine, sine, site->body[i].middle, site->body[i].radius) &&
            ray_caster_focus(site->body[i].scene->nodes, self->local[i], d, cosine, sine, &tile->body[tile->bodies]))
            tile->index[tile->bodies++] = i;
    }
}

static uint32_t look(const frame_t *self, tile_t *tile, const float d[3], const float sun[3], float radiance[3])
{
    const site_t *site = self->site;
    ray_hit_t best = {-1, 1e30f, 0, 0};
    int32_t on = NOBODY;
    float direction[3];
    for (int32_t i = 0; i < tile->bodies; i++) {
        const site_body_t *body = &site->body[tile->index[i]];
        float t[3];
        turn_back(body->turn, d, t);
        ray_hit_t hit = ray_caster_nearest(&tile->body[i], body->scene->nodes, body->scene->packs,
                                           self->local[tile->index[i]], t, 1e-3f, best.distance);
        if (hit.face < 0)
            continue;
        best = hit;
        on = tile->index[i];
        for (int k = 0; k < 3; k++)
            direction[k] = t[k];
    }
    ray_hit_t hit = {-1, 1e30f, 0, 0};
    const scene_t *scene = site->still;
    if (self->fan && !fan_nearest(&site->fan, d, &tile->ring, &hit))
        hit = ray_caster_nearest(scene->nodes, scene->nodes, scene->packs, self->origin, d, 1e-3f, best.distance);
    else if (tile->any_still > 0)
        hit = ray_caster_nearest(&tile->still, scene->nodes, scene->packs, self->origin, d, 1e-3f, best.distance);
    if (self->fan && tile->any_thing) {
        ray_hit_t thing = ray_caster_nearest(&tile->things, site->things->nodes, site->things->packs, self->origin, d, 1e-3f,
                                             least_of(hit.distance, best.distance));
        if (thing.face >= 0) {
            hit = thing;
            scene = site->things;
        }
    }
    if (hit.face >= 0 && hit.distance < best.distance) {
        if (scene == site->still && scene->faces[hit.face].material < site->natural) {
            scene = site->things;
            hit.face -= site->still->face_count - scene->face_count;
        }
        if (scene->faces[hit.face].material >= site->natural)
            return natural(site, scene, &hit, sun, self->origin, d, self->pixel_rad, radiance);
        return shading_of_hit(scene, &hit, &self->place[NOBODY].light, sun, self->origin, d, self->pixel_rad, radiance);
    }
    if (on != NOBODY) {
        const place_t *place = &self->place[on];
        float local[3];
        turn_back(site->body[on].turn, sun, local);
        return shading_of_hit(site->body[on].scene, &best, &place->light, local, self->local[on], direction,
                              self->pixel_rad, radiance) + ((uint32_t)((on + 1) * SITE_PART_STEP) << 16);
    }
    site_sky(site, d, radiance);
    return 0;
}

static inline int differ(const frame_t *self, int64_t a, int64_t b, float faint)
{
    return shading_differs(self->key[a], self->key[b], self->radiance[4 * a + 1], self->radiance[4 * b + 1], faint);
}

static inline float fraction(float x) { return x - (float)(int32_t)x; }

static void refine(const frame_t *self, tile_t *tile, int32_t x, int32_t y)
{
    float *pixel = self->radiance + 4 * ((int64_t)y * self->width + x);
    float sum[4] = {pixel[0], pixel[1], pixel[2], pixel[3]};
    for (int32_t s = 1; s <= SAMPLES; s++) {
        // Additive recurrences of low discrepancy, as in the frame renderer.
        float dx = fraction(0.5f + (float)s * 0.7548776662f) - 0.5f, dy = fraction(0.5f + (float)s * 0.5698402910f) - 0.5f;
        float sx = fraction(0.5f + (float)s * 0.6180339887f) * 1.6f - 0.8f;
        float sy = fraction(0.5f + (float)s * 0.4142135624f) * 1.6f - 0.8f, d[3], sun[3], seen[3];
        ray(self, (float)x + dx, (float)y + dy, d);
        for (int k = 0; k < 3; k++)
            sun[k] = self->site->sun[k] + sx * self->sun_side[0][k] + sy * self->sun_side[1][k];
        sum[3] += look(self, tile, d, sun, seen) ? 1.0f : 0.0f;
        for (int k = 0; k < 3; k++)
            sum[k] += seen[k];
    }
    for (int k = 0; k < 4; k++)
        pixel[k] = sum[k] * (1.0f / (SAMPLES + 1));
}

static void prepare(frame_t *self, const view_t *view)
{
    const site_t *site = self->site;
    for (int k = 0; k < 9; k++)
        self->rotation[k] = (float)view->rotation[k];
    for (int k = 0; k < 3; k++)
        self->origin[k] = (float)view->position[k];
    for (int32_t i = 0; i < site->body_count; i++) {
        to_body(&site->body[i], self->origin, self->local[i]);
        place(&self->place[i], site, i);
    }
    place(&self->place[NOBODY], site, STILL);
    self->fan = site->fan.columns > 1;
    for (int k = 0; k < 3; k++)
        self->fan &= self->origin[k] == site->fan.eye[k];
    // Two directions across the Sun's disc.
    const float *s = site->sun;
    float e[3] = {s[1], -s[0], 0};
    if (e[0] * e[0] + e[1] * e[1] < 1e-6f)
        e[0] = 1, e[1] = 0;
    normalise(e);
    const float f[3] = {s[1] * e[2] - s[2] * e[1], s[2] * e[0] - s[0] * e[2], s[0] * e[1] - s[1] * e[0]};
    for (int k = 0; k < 3; k++) {
        self->sun_side[0][k] = e[k] * site->sun_radius;
        self->sun_side[1][k] = f[k] * site->sun_radius;
    }
}

static int32_t least_int(int32_t a, int32_t b) { return a < b ? a : b; }

site_report_t site_draw(const site_t *self, const canvas_t *canvas, const lens_t *lens, const view_t *view, void *scratch)
{
    int32_t width = canvas->width, height = canvas->height;
    frame_t frame = {.site = self, .lens = lens, .width = width, .height = height, .key = scratch,
                     .pixel_rad = (float)(1 / lens->focal_px), .radiance = canvas->radiance};
    prepare(&frame, view);
    site_report_t report = {0, 0, 0, 0};
    float faint = self->beam[1] * 0.012f * INVERSE_PI;
    for (int32_t ty = 0; ty < height; ty += TILE)
        for (int32_t tx = 0; tx < width; tx += TILE) {
            int32_t ex = least_int(tx + TILE, width), ey = least_int(ty + TILE, height);
            tile_t tile;
            aim(&frame, tx, ty, ex, ey, &tile);
            for (int32_t y = ty; y < ey; y++)
                for (int32_t x = tx; x < ex; x++) {
                    int64_t i = (int64_t)y * width + x;
                    float d[3];
                    ray(&frame, (float)x, (float)y, d);
                    uint32_t key = look(&frame, &tile, d, self->sun, canvas->radiance + 4 * i);
                    frame.key[i] = key;
                    canvas->radiance[4 * i + 3] = key ? 1.0f : 0.0f;
                    report.sky += !key;
                    report.ground += key && ((key - 1) >> 9 & 127) == (uint32_t)self->natural;
                    report.things += key && ((key - 1) >> 9 & 127) != (uint32_t)self->natural;
                }
        }
    for (int32_t ty = 0; ty < height; ty += TILE)
        for (int32_t tx = 0; tx < width; tx += TILE) {
            int32_t ex = least_int(tx + TILE, width), ey = least_int(ty + TILE, height);
            uint8_t edge[TILE * TILE];
            int any = 0;
            for (int32_t y = ty; y < ey; y++)
                for (int32_t x = tx; x < ex; x++) {
                    int64_t i = (int64_t)y * width + x;
                    int is = (x > 0 && differ(&frame, i, i - 1, faint)) ||
                             (x + 1 < width && differ(&frame, i, i + 1, faint)) ||
                             (y > 0 && differ(&frame, i, i - width, faint)) ||
                             (y + 1 < height && differ(&frame, i, i + width, faint));
                    edge[(y - ty) * TILE + x - tx] = (uint8_t)is;
                    any |= is;
                }
            if (!any)
                continue;
            tile_t tile;
            aim(&frame, tx, ty, ex, ey, &tile);
            for (int32_t y = ty; y < ey; y++)
                for (int32_t x = tx; x < ex; x++)
                    if (edge[(y - ty) * TILE + x - tx]) {
                        refine(&frame, &tile, x, y);
                        report.refined++;
                    }
        }
    for (int32_t y = 0; y < height; y++) {
        canvas->span[2 * y] = 0;
        canvas->span[2 * y + 1] = width;
    }
    return report;
}
