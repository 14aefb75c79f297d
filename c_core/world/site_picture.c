#include "world/ray_beam.h"
#include "world/site_parts.h"
#include "world/site_soil.h"

#define INVERSE_PI 0.31830989f
enum { TILE = 8, BLOCK = 8 * TILE, SAMPLES = 3, LANES = 8, RAYS = TILE * TILE };

_Static_assert((int)RAYS == (int)RAY_GROUP_RAYS && (int)RAYS == (int)RAY_BEAM_RAYS, "what a tile asks goes at once");
_Static_assert((int)LANES == (int)GROUND_FAN_LANES, "a row of a tile");

typedef struct {
    const site_t *site;
    const lens_t *lens;
    int32_t width, height;
    float rotation[9], origin[3], pixel_rad;
    float local[SITE_BODIES][3];  // the camera in each body's axes
    float sun_side[2][3];
    int fan;  // the camera is where the ground's rings begin
    site_place_t place[SITE_BODIES + 1];  // the last: the still scene
    uint32_t *key;
    float *radiance;
    int32_t ring;  // of the ground that the ray before met
} frame_t;

// Where the rays of a block or a tile of it begin. `still`: asked only where there is no fan.
typedef struct {
    bvh_node_t things, still, body[SITE_BODIES];
    int32_t bodies, index[SITE_BODIES];
    int any_thing, any_still;
} tile_t;

// Rays of one tile.
typedef struct {
    int32_t count;
    float direction[3][RAYS];
    ray_hit_t hit[RAYS];
    int8_t on[RAYS];  // a body, or one of those below
    float radiance[RAYS][3];
    uint32_t key[RAYS];
} rays_t;

enum { GROUND = SITE_BODIES + 1, SKY };  // and SITE_NOBODY: rocks and things

uint64_t site_scratch_size(int32_t width, int32_t height) { return (uint64_t)width * (uint64_t)height * 4 + 64; }

static void ray(const frame_t *self, float x, float y, float out[3])
{
    float d[3];
    optics_unproject(self->lens, x, y, d);
    turn(self->rotation, d, out);
}

// Adds a ray in lens axes; turn_rays is to follow.
static void put_ray(const frame_t *self, rays_t *rays, float x, float y)
{
    int32_t at = rays->count++;
    float d[3];
    optics_unproject(self->lens, x, y, d);
    for (int k = 0; k < 3; k++)
        rays->direction[k][at] = d[k];
}

// Into site axes; and the last ray fills its row.
static void turn_rays(const frame_t *self, rays_t *rays)
{
    const float *r = self->rotation;
    for (int32_t at = rays->count; at % LANES; at++)
        for (int k = 0; k < 3; k++)
            rays->direction[k][at] = rays->direction[k][rays->count - 1];
    for (int32_t at = 0; at < rays->count; at++) {
        float x = rays->direction[0][at], y = rays->direction[1][at], z = rays->direction[2][at];
        for (int k = 0; k < 3; k++)
            rays->direction[k][at] = r[3 * k] * x + r[3 * k + 1] * y + r[3 * k + 2] * z;
    }
}

static inline void ray_of(const rays_t *rays, int32_t at, float out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = rays->direction[k][at];
}

// May a ray of the cone meet the sphere? As the tree asks of its boxes: angle to the middle <= cone + asin(r / d).
static int cone_meets_sphere(const float origin[3], const float axis[3], float cosine, float sine, const float middle[3],
                             float radius)
{
    float c[3] = {middle[0] - origin[0], middle[1] - origin[1], middle[2] - origin[2]};
    float far2 = dot(c, c), tangent2 = far2 - radius * radius * 1.00001f;
    return tangent2 <= 0 || dot(c, axis) >= cosine * sqrtf(tangent2) - sine * radius * 1.00001f - 1e-5f * sqrtf(far2);
}

// @return 1 if its rays may meet more than the ground along its rings.
static int aim(const frame_t *self, int32_t x0, int32_t y0, int32_t x1, int32_t y1, tile_t *tile)
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
    tile->any_still = !self->fan && ray_caster_focus(site->still->nodes, self->origin, axis, cosine, sine, &tile->still) > 0;
    tile->bodies = 0;
    if (cone_meets_sphere(self->origin, axis, cosine, sine, site->middle, site->radius))
        for (int32_t i = 0; i < site->body_count; i++) {
            float d[3];
            turn_back(site->body[i].turn, axis, d);
            if (cone_meets_sphere(self->local[i], d, cosine, sine, site->body[i].middle, site->body[i].radius) &&
                ray_caster_focus(site->body[i].scene->nodes, self->local[i], d, cosine, sine, &tile->body[tile->bodies]))
                tile->index[tile->bodies++] = i;
        }
    return tile->any_thing || tile->any_still || tile->bodies;
}

// Takes what rays meet in one scene where it is nearer than what they have met already. @param turned: the scene's
// axes, as of site_body_t.turn; NULL: the site's own.
static void meet_scene(rays_t *rays, const scene_t *scene, const bvh_node_t *root, const float origin[3],
                       const float *turned, int8_t on)
{
    static const float straight[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const float *r = turned ? turned : straight;
    ray_beam_t beam = {.count = rays->count};
    for (int k = 0; k < 3; k++) {
        beam.origin[k] = origin[k];
        for (int32_t at = 0; at < rays->count; at++)
            beam.direction[k][at] = r[k] * rays->direction[0][at] + r[3 + k] * rays->direction[1][at] +
                                    r[6 + k] * rays->direction[2][at];
    }
    ray_hit_t hit[RAYS];
    ray_beam_nearest(&beam, root, scene->nodes, scene->packs, 1e-3f, hit);
    for (int32_t at = 0; at < rays->count; at++)
        if (hit[at].face >= 0 && hit[at].distance < rays->hit[at].distance) {
            rays->hit[at] = hit[at];
            rays->on[at] = on;
        }
}

static void meet_ground(frame_t *self, rays_t *rays)
{
    const scene_t *still = self->site->still;
    for (int32_t row = 0; row * LANES < rays->count; row++) {
        ray_hit_t hit[LANES];
        float direction[3][LANES];
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < LANES; i++)
                direction[k][i] = rays->direction[k][row * LANES + i];
        uint32_t untold = ground_fan_nearest(&self->site->fan, direction, &self->ring, hit);
        for (int i = 0; i < LANES; i++) {
            int32_t at = row * LANES + i;
            if (untold >> i & 1) {
                float d[3];
                ray_of(rays, at, d);
                hit[i] = ray_caster_nearest(still->nodes, still->nodes, still->packs, self->origin, d, 1e-3f,
                                            rays->hit[at].distance);
            }
            if (hit[i].face >= 0 && hit[i].distance < rays->hit[at].distance)
                rays->hit[at] = hit[i], rays->on[at] = GROUND;
        }
    }
}

// What the rays meet.
static void meet(frame_t *self, const tile_t *tile, rays_t *rays)
{
    turn_rays(self, rays);
    for (int32_t at = 0; at < RAYS; at++)
        rays->hit[at] = (ray_hit_t){-1, 1e30f, 0, 0}, rays->on[at] = SKY;
    const site_t *site = self->site;
    for (int32_t i = 0; i < tile->bodies; i++)
        meet_scene(rays, site->body[tile->index[i]].scene, &tile->body[i], self->local[tile->index[i]],
                   site->body[tile->index[i]].turn, (int8_t)tile->index[i]);
    if (self->fan)
        meet_ground(self, rays);
    else if (tile->any_still)
        meet_scene(rays, site->still, &tile->still, self->origin, 0, GROUND);
    if (self->fan && tile->any_thing)
        meet_scene(rays, site->things, &tile->things, self->origin, 0, SITE_NOBODY);
    for (int32_t at = 0; at < rays->count; at++)
        if (rays->on[at] == GROUND && site->still->faces[rays->hit[at].face].material < site->natural) {
            rays->on[at] = SITE_NOBODY;
            rays->hit[at].face -= site->still->face_count - site->things->face_count;
        }
}

// What those of rays [first, end) see that meet one body, or (SITE_NOBODY) what stands still and is not of soil or rock.
static void see_made(const frame_t *self, rays_t *rays, int32_t first, int32_t end, int32_t on, const float sun[3])
{
    const site_t *site = self->site;
    const scene_t *scene = on == SITE_NOBODY ? site->things : site->body[on].scene;
    ray_hit_t hit[RAYS];
    float direction[RAYS][3], radiance[RAYS][3], local[3] = {sun[0], sun[1], sun[2]};
    uint32_t key[RAYS], part = on == SITE_NOBODY ? 0 : (uint32_t)((on + 1) * SITE_PART_STEP) << 16;
    int32_t which[RAYS], count = 0;
    for (int32_t at = first; at < end; at++) {
        if (rays->on[at] != on || (on == SITE_NOBODY && scene->faces[rays->hit[at].face].material >= site->natural))
            continue;
        float d[3];
        ray_of(rays, at, d);
        for (int k = 0; k < 3; k++)
            direction[count][k] = d[k];
        if (on != SITE_NOBODY)
            turn_back(site->body[on].turn, d, direction[count]);
        hit[count] = rays->hit[at];
        which[count++] = at;
    }
    if (!count)
        return;
    if (on != SITE_NOBODY)
        turn_back(site->body[on].turn, sun, local);
    shading_of_hits(scene, count, hit, &self->place[on].light, local, on == SITE_NOBODY ? self->origin : self->local[on], direction,
                    self->pixel_rad, radiance, key);
    for (int32_t i = 0; i < count; i++) {
        rays->key[which[i]] = key[i] + part;
        for (int k = 0; k < 3; k++)
            rays->radiance[which[i]][k] = radiance[i][k];
    }
}

// What rays [first, end) see: radiance, and a key that changes where part, material, facing or shadow does.
static void see(const frame_t *self, const tile_t *tile, rays_t *rays, int32_t first, int32_t end, const float sun[3])
{
    const site_t *site = self->site;
    site_soil_t soil;
    soil.count = 0;
    uint8_t which[RAYS];
    int any_made = 0;
    for (int32_t at = first; at < end; at++) {
        float d[3];
        ray_of(rays, at, d);
        int32_t on = rays->on[at];
        const scene_t *scene = on == GROUND ? site->still : site->things;
        if (on == SKY) {
            site_sky(site, d, rays->radiance[at]);
            rays->key[at] = 0;
        } else if (on >= SITE_NOBODY && scene->faces[rays->hit[at].face].material >= site->natural) {
            which[soil.count] = (uint8_t)at;
            site_soil_put(&soil, site, scene, &rays->hit[at], d);
        } else {
            any_made = 1;
        }
    }
    if (soil.count) {
        float radiance[RAYS][3];
        site_soil_see(&soil, site, sun, self->origin, self->pixel_rad, radiance);
        for (int32_t i = 0; i < soil.count; i++) {
            rays->key[which[i]] = 1u + soil.key[i];
            for (int k = 0; k < 3; k++)
                rays->radiance[which[i]][k] = radiance[i][k];
        }
    }
    if (any_made) {
        see_made(self, rays, first, end, SITE_NOBODY, sun);
        for (int32_t i = 0; i < tile->bodies; i++)
            see_made(self, rays, first, end, tile->index[i], sun);
    }
}

static inline int32_t least_int(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t most_int(int32_t a, int32_t b) { return a > b ? a : b; }

// Which pixels of a tile belong to another thing than a neighbour, or differ in brightness by more than a smooth
// surface would: bit x of edge[y]. @return how many.
static int32_t find_edges(const frame_t *self, int32_t tx, int32_t ty, float faint, uint8_t edge[TILE])
{
    enum { AROUND = TILE + 2 };
    uint32_t key[AROUND][AROUND];
    float green[AROUND][AROUND];
    for (int32_t j = 0; j < AROUND; j++)
        for (int32_t i = 0; i < AROUND; i++) {
            int32_t x = least_int(most_int(tx + i - 1, 0), self->width - 1);
            int32_t y = least_int(most_int(ty + j - 1, 0), self->height - 1);
            int64_t at = (int64_t)y * self->width + x;
            key[j][i] = self->key[at];
            green[j][i] = self->radiance[4 * at + 1];
        }
    // Between each pixel and the one to its right, and the one below.
    int32_t across[TILE][AROUND], down[TILE + 1][TILE], count = 0;
    for (int j = 0; j < TILE; j++)
        for (int i = 0; i <= TILE; i++) {
            uint32_t a = key[j + 1][i], b = key[j + 1][i + 1];
            float p = green[j + 1][i], q = green[j + 1][i + 1];
            across[j][i] = shading_differs(a, b, p, q, faint);
        }
    for (int j = 0; j <= TILE; j++)
        for (int i = 0; i < TILE; i++) {
            uint32_t a = key[j][i + 1], b = key[j + 1][i + 1];
            float p = green[j][i + 1], q = green[j + 1][i + 1];
            down[j][i] = shading_differs(a, b, p, q, faint);
        }
    for (int j = 0; j < TILE; j++) {
        uint32_t bits = 0;
        for (int i = 0; i < TILE; i++)
            bits |= (uint32_t)(across[j][i] | across[j][i + 1] | down[j][i] | down[j + 1][i]) << i;
        bits &= (1u << least_int(TILE, self->width - tx)) - 1;
        edge[j] = ty + j < self->height ? (uint8_t)bits : 0;
        count += __builtin_popcount(edge[j]);
    }
    return count;
}

static inline float fraction(float x) { return x - (float)(int32_t)x; }

// More rays through some pixels (x, y); each sample has its own place in the pixel and on the Sun's disc.
static void refine(frame_t *self, const tile_t *tile, int32_t count, int32_t (*pixel)[2])
{
    float sun[SAMPLES][3];
    rays_t rays;
    rays.count = 0;
    for (int32_t s = 0; s < SAMPLES; s++) {
        // Additive recurrences of low discrepancy, as in the frame renderer.
        float n = (float)(s + 1), dx = fraction(0.5f + n * 0.7548776662f) - 0.5f, dy = fraction(0.5f + n * 0.5698402910f) - 0.5f;
        float sx = fraction(0.5f + n * 0.6180339887f) * 1.6f - 0.8f, sy = fraction(0.5f + n * 0.4142135624f) * 1.6f - 0.8f;
        for (int k = 0; k < 3; k++)
            sun[s][k] = self->site->sun[k] + sx * self->sun_side[0][k] + sy * self->sun_side[1][k];
        for (int32_t i = 0; i < count; i++)
            put_ray(self, &rays, (float)pixel[i][0] + dx, (float)pixel[i][1] + dy);
    }
    meet(self, tile, &rays);
    for (int32_t s = 0; s < SAMPLES; s++)
        see(self, tile, &rays, s * count, (s + 1) * count, sun[s]);
    for (int32_t i = 0; i < count; i++) {
        float *p = self->radiance + 4 * ((int64_t)pixel[i][1] * self->width + pixel[i][0]);
        for (int32_t at = i; at < SAMPLES * count; at += count) {
            p[3] += rays.key[at] ? 1.0f : 0.0f;
            for (int k = 0; k < 3; k++)
                p[k] += rays.radiance[at][k];
        }
        for (int k = 0; k < 4; k++)
            p[k] *= 1.0f / (SAMPLES + 1);
    }
}

static void refine_edges(frame_t *self, const tile_t *tile, int32_t tx, int32_t ty, const uint8_t edge[TILE])
{
    enum { AT_ONCE = RAYS / SAMPLES };
    int32_t pixel[AT_ONCE][2], count = 0;
    for (int32_t j = 0; j < TILE; j++)
        for (uint32_t bits = edge[j]; bits; bits &= bits - 1) {
            pixel[count][0] = tx + __builtin_ctz(bits), pixel[count][1] = ty + j;
            if (++count < AT_ONCE)
                continue;
            refine(self, tile, count, pixel);
            count = 0;
        }
    if (count)
        refine(self, tile, count, pixel);
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
        site_place(&self->place[i], site, i);
    }
    site_place(&self->place[SITE_NOBODY], site, SITE_STILL);
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

// The middle of each pixel of a tile.
static void draw_tile(frame_t *self, const tile_t *tile, int32_t tx, int32_t ty, site_report_t *report)
{
    int32_t ex = least_int(tx + TILE, self->width), ey = least_int(ty + TILE, self->height), at = 0;
    rays_t rays;
    rays.count = 0;
    for (int32_t y = ty; y < ey; y++)
        for (int32_t x = tx; x < ex; x++)
            put_ray(self, &rays, (float)x, (float)y);
    meet(self, tile, &rays);
    see(self, tile, &rays, 0, rays.count, self->site->sun);
    for (int32_t y = ty; y < ey; y++)
        for (int32_t x = tx; x < ex; x++, at++) {
            int64_t i = (int64_t)y * self->width + x;
            uint32_t key = rays.key[at];
            for (int k = 0; k < 3; k++)
                self->radiance[4 * i + k] = rays.radiance[at][k];
            self->radiance[4 * i + 3] = key ? 1.0f : 0.0f;
            self->key[i] = key;
            report->sky += !key;
            report->ground += key && ((key - 1) >> 9 & 127) == (uint32_t)self->site->natural;
            report->things += key && ((key - 1) >> 9 & 127) != (uint32_t)self->site->natural;
        }
}

site_report_t site_draw(const site_t *self, const canvas_t *canvas, const lens_t *lens, const view_t *view, void *scratch)
{
    int32_t width = canvas->width, height = canvas->height;
    frame_t frame = {.site = self, .lens = lens, .width = width, .height = height, .key = scratch,
                     .pixel_rad = (float)(1 / lens->focal_px), .radiance = canvas->radiance};
    prepare(&frame, view);
    site_report_t report = {0, 0, 0, 0};
    float faint = self->beam[1] * 0.012f * INVERSE_PI;
    tile_t tile;
    for (int32_t by = 0; by < height; by += BLOCK)
        for (int32_t bx = 0; bx < width; bx += BLOCK) {
            int32_t ex = least_int(bx + BLOCK, width), ey = least_int(by + BLOCK, height);
            // A block that meets the ground alone, or nothing, has no tile that meets more.
            int any = aim(&frame, bx, by, ex, ey, &tile);
            for (int32_t ty = by; ty < ey; ty += TILE)
                for (int32_t tx = bx; tx < ex; tx += TILE) {
                    if (any)
                        aim(&frame, tx, ty, least_int(tx + TILE, width), least_int(ty + TILE, height), &tile);
                    draw_tile(&frame, &tile, tx, ty, &report);
                }
        }
    for (int32_t ty = 0; ty < height; ty += TILE)
        for (int32_t tx = 0; tx < width; tx += TILE) {
            uint8_t edge[TILE];
            int32_t edges = find_edges(&frame, tx, ty, faint, edge);
            if (!edges)
                continue;
            aim(&frame, tx, ty, least_int(tx + TILE, width), least_int(ty + TILE, height), &tile);
            refine_edges(&frame, &tile, tx, ty, edge);
            report.refined += edges;
        }
    for (int32_t y = 0; y < height; y++) {
        canvas->span[2 * y] = 0;
        canvas->span[2 * y + 1] = width;
    }
    return report;
}
