#include "world/frame_renderer.h"

#include <math.h>
#include <string.h>

#include "world/ray_beam.h"

/// Under this many pixels in active tiles, every one of them is supersampled: far models have no large faces.
#define SMALL_PIXELS 6000
/// A picture that smears by more [px] is sampled everywhere; below, an edge only reaches this many pixels farther.
#define SMEAR_EVERYWHERE 2.5
enum { SAMPLES_BLURRED = 31, SAMPLES_SMALL = 15, SAMPLES_MEDIUM = 7, SAMPLES_LARGE = 3 };

typedef struct {
    const scene_t *scene;
    const sunlight_t *light;
    const lens_t *lens;
    int32_t width, height, instants;
    double smear_px;
    float origin[3], pixel_rad;
    float *rows;        // (instants, height, 9) rotations
    uint32_t *key;      // (height, width)
    uint8_t *refine;    // (height, width)
    int32_t *active;    // tile numbers
    bvh_node_t *focus;  // of each active tile
    float sun_side[2][3];
    float *radiance;
} frame_t;

static int32_t tiles_across(int32_t pixels) { return (pixels + RENDER_TILE - 1) / RENDER_TILE; }

uint64_t frame_renderer_scratch_size(int32_t width, int32_t height)
{
    uint64_t pixels = (uint64_t)width * (uint64_t)height;
    uint64_t tiles = (uint64_t)tiles_across(width) * (uint64_t)tiles_across(height);
    return tiles * (sizeof(bvh_node_t) + 4) + pixels * 5 + (uint64_t)height * RENDER_MAX_INSTANTS * 9 * 4 + 64;
}

static void turn(const float rotation[9], const float d[3], float out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = rotation[3 * k] * d[0] + rotation[3 * k + 1] * d[1] + rotation[3 * k + 2] * d[2];
}

static void ray(const frame_t *self, int32_t instant, int32_t row, float x, float y, float out[3])
{
    float d[3];
    optics_unproject(self->lens, x, y, d);
    turn(self->rows + 9 * ((int64_t)instant * self->height + row), d, out);
}

// The cone about a block of pixels, as seen over all the instants: its axis, and the sine of its half angle.
static float cone_about(const frame_t *self, int32_t x0, int32_t y0, int32_t x1, int32_t y1, float axis[3])
{
    float corner[8][3];
    axis[0] = axis[1] = axis[2] = 0;
    int n = 0;
    int32_t last = self->instants - 1;
    for (int i = 0; i < (last ? 8 : 4); i++) {
        int32_t row = i & 2 ? y1 - 1 : y0;
        ray(self, i & 4 ? last : 0, row, (float)(i & 1 ? x1 : x0) - 0.5f + (i & 1 ? 0.5f : -0.5f),
            (float)row + (i & 2 ? 1.0f : -1.0f), corner[n]);
        for (int k = 0; k < 3; k++)
            axis[k] += corner[n][k];
        n++;
    }
    float length = sqrtf(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]), cosine = 1;
    for (int k = 0; k < 3; k++)
        axis[k] /= length;
    for (int i = 0; i < n; i++) {
        float c = corner[i][0] * axis[0] + corner[i][1] * axis[1] + corner[i][2] * axis[2];
        cosine = c < cosine ? c : cosine;
    }
    // Sides of a block bulge by no more than this beyond its corners.
    return sqrtf(cosine < 1 ? 1 - cosine * cosine : 0) * 1.03f + 1e-4f;
}

#define WIDEST_SINE 0.98f  ///< Of a cone that is worth a test.

static int block_may_hit(const frame_t *self, int32_t x0, int32_t y0, int32_t x1, int32_t y1, bvh_node_t *focus)
{
    float axis[3], sine = cone_about(self, x0, y0, x1, y1, axis);
    if (sine > WIDEST_SINE) {
        *focus = self->scene->nodes[0];
        return 1;
    }
    return ray_caster_focus(self->scene->nodes, self->origin, axis, sqrtf(1 - sine * sine), sine, focus) > 0;
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

static int32_t find_tiles(frame_t *self)
{
    enum { BLOCK = 8 * RENDER_TILE };
    int32_t across = tiles_across(self->width), count = 0;
    for (int32_t by = 0; by < self->height; by += BLOCK)
        for (int32_t bx = 0; bx < self->width; bx += BLOCK) {
            int32_t ex = least(bx + BLOCK, self->width), ey = least(by + BLOCK, self->height);
            bvh_node_t whole;
            if (!block_may_hit(self, bx, by, ex, ey, &whole))
                continue;
            for (int32_t y = by; y < ey; y += RENDER_TILE)
                for (int32_t x = bx; x < ex; x += RENDER_TILE)
                    if (block_may_hit(self, x, y, least(x + RENDER_TILE, self->width),
                                      least(y + RENDER_TILE, self->height), &self->focus[count]))
                        self->active[count++] = y / RENDER_TILE * across + x / RENDER_TILE;
        }
    return count;
}

typedef struct {
    int32_t x0, y0, x1, y1;
} area_t;

static area_t area_of(const frame_t *self, int32_t tile)
{
    int32_t across = tiles_across(self->width);
    int32_t x = tile % across * RENDER_TILE, y = tile / across * RENDER_TILE;
    return (area_t){x, y, least(x + RENDER_TILE, self->width), least(y + RENDER_TILE, self->height)};
}

static inline int differ(const frame_t *self, int64_t a, int64_t b, float faint)
{
    return shading_differs(self->key[a], self->key[b], self->radiance[4 * a + 1], self->radiance[4 * b + 1], faint);
}

static void mark_edges(frame_t *self, int32_t tile, float faint)
{
    area_t a = area_of(self, tile);
    int64_t width = self->width;
    // Most tiles are within one smooth surface, and so is what borders on them.
    area_t b = {a.x0 > 0 ? a.x0 - 1 : 0, a.y0 > 0 ? a.y0 - 1 : 0, least(a.x1 + 1, self->width), least(a.y1 + 1, self->height)};
    uint32_t key = self->key[b.y0 * width + b.x0];
    float low = self->radiance[4 * (b.y0 * width + b.x0) + 1], high = low;
    int same = 1;
    for (int32_t y = b.y0; y < b.y1 && same; y++)
        for (int32_t x = b.x0; x < b.x1; x++) {
            float green = self->radiance[4 * (y * width + x) + 1];
            same &= self->key[y * width + x] == key;
            low = green < low ? green : low;
            high = green > high ? green : high;
        }
    if (same && !shading_differs(key, key, low, high, faint))
        return;
    for (int32_t y = a.y0; y < a.y1; y++)
        for (int32_t x = a.x0; x < a.x1; x++) {
            int64_t i = y * width + x;
            int edge = (x > 0 && differ(self, i, i - 1, faint)) ||
                       (x + 1 < self->width && differ(self, i, i + 1, faint)) ||
                       (y > 0 && differ(self, i, i - width, faint)) ||
                       (y + 1 < self->height && differ(self, i, i + width, faint));
            self->refine[i] = (uint8_t)edge;
        }
}

// As far as the picture smears, what is beside an edge mixes with it.
static void widen_edges(frame_t *self, int32_t tile, int32_t reach)
{
    enum { EDGE = 1, BESIDE = 2 };
    area_t a = area_of(self, tile);
    for (int32_t y = a.y0; y < a.y1; y++)
        for (int32_t x = a.x0; x < a.x1; x++)
            for (int32_t j = y - reach; j <= y + reach && self->refine[(int64_t)y * self->width + x] == 0; j++)
                for (int32_t i = x - reach; i <= x + reach; i++)
                    if (i >= 0 && j >= 0 && i < self->width && j < self->height &&
                        self->refine[(int64_t)j * self->width + i] == EDGE) {
                        self->refine[(int64_t)y * self->width + x] = BESIDE;
                        break;
                    }
}

static inline float fraction(float x) { return x - (float)(int32_t)x; }

enum { TILE_PIXELS = RENDER_TILE * RENDER_TILE };

_Static_assert((int)TILE_PIXELS <= (int)RAY_BEAM_RAYS && (int)TILE_PIXELS <= (int)RAY_GROUP_RAYS,
               "a tile is one beam; a sample of each of its pixels is one group");

// More samples of some pixels (x, y) of a tile, one of each at a time.
static void refine(frame_t *self, const bvh_node_t *root, int32_t count, int32_t (*pixel)[2], int32_t samples)
{
    float sum[TILE_PIXELS][4];
    uint32_t own[TILE_PIXELS];
    for (int32_t n = 0; n < count; n++) {
        const float *from = self->radiance + 4 * ((int64_t)pixel[n][1] * self->width + pixel[n][0]);
        for (int k = 0; k < 4; k++)
            sum[n][k] = from[k];
        own[n] = ((uint32_t)pixel[n][0] * 0x9E3779B1u ^ (uint32_t)pixel[n][1] * 0x85EBCA77u) >> 8;
    }
    for (int32_t s = 1; s <= samples; s++) {
        // Additive recurrences of low discrepancy: x, y (plastic number), Sun's disc and instant (golden ratio).
        float dx = fraction(0.5f + (float)s * 0.7548776662f) - 0.5f;
        float dy = fraction(0.5f + (float)s * 0.5698402910f) - 0.5f;
        float sx = fraction(0.5f + (float)s * 0.6180339887f) * 1.6f - 0.8f;
        float sy = fraction(0.5f + (float)s * 0.4142135624f) * 1.6f - 0.8f, sun[3];
        for (int k = 0; k < 3; k++)
            sun[k] = self->light->direction[k] + sx * self->sun_side[0][k] + sy * self->sun_side[1][k];
        ray_beam_t rays = {.count = count, .origin = {self->origin[0], self->origin[1], self->origin[2]}};
        ray_hit_t hit[TILE_PIXELS];
        float along[TILE_PIXELS][3], seen[TILE_PIXELS][3];
        for (int32_t n = 0; n < count; n++) {
            // Instants in turn, from a start of the pixel's own: few samples make noise, not stripes.
            int32_t turn_of = s * self->instants / (samples + 1);
            int32_t instant = (int32_t)(((uint32_t)turn_of + own[n]) % (uint32_t)self->instants);
            ray(self, instant, pixel[n][1], (float)pixel[n][0] + dx, (float)pixel[n][1] + dy, along[n]);
            for (int k = 0; k < 3; k++)
                rays.direction[k][n] = along[n][k];
        }
        ray_beam_nearest(&rays, root, self->scene->nodes, self->scene->packs, 1e-3f, hit);
        int32_t at[TILE_PIXELS], hits = 0;
        for (int32_t n = 0; n < count; n++)
            if (hit[n].face >= 0) {
                hit[hits] = hit[n];
                for (int k = 0; k < 3; k++)
                    along[hits][k] = along[n][k];
                at[hits++] = n;
            }
        uint32_t key[TILE_PIXELS];
        shading_of_hits(self->scene, hits, hit, self->light, sun, self->origin, along, self->pixel_rad, seen, key);
        for (int32_t j = 0; j < hits; j++) {
            for (int k = 0; k < 3; k++)
                sum[at[j]][k] += seen[j][k];
            sum[at[j]][3] += 1;
        }
    }
    for (int32_t n = 0; n < count; n++)
        for (int k = 0; k < 4; k++)
            self->radiance[4 * ((int64_t)pixel[n][1] * self->width + pixel[n][0]) + k] = sum[n][k] / (float)(samples + 1);
}

static void prepare(frame_t *self, const view_t *view)
{
    double rate = sqrt(view->rate[0] * view->rate[0] + view->rate[1] * view->rate[1] + view->rate[2] * view->rate[2]);
    double smear_px = rate * view->exposure_s * self->lens->focal_px;
    self->smear_px = smear_px;
    self->instants = smear_px > 0.6 ? 1 + (int32_t)(smear_px * 1.5 < RENDER_MAX_INSTANTS - 2 ? smear_px * 1.5 + 1
                                                                                            : RENDER_MAX_INSTANTS - 1)
                                    : 1;
    if (smear_px <= SMEAR_EVERYWHERE)
        self->instants |= 1;  // what is not sampled further is seen in the middle
    for (int32_t i = 0; i < self->instants; i++) {
        double within = ((i + 0.5) / self->instants - 0.5) * view->exposure_s;
        for (int32_t row = 0; row < self->height; row++) {
            double r[9], when = (row - (self->height - 1) / 2.0) * view->line_time_s + within;
            float *out = self->rows + 9 * ((int64_t)i * self->height + row);
            optics_rotation_at(view, when, r);
            for (int k = 0; k < 9; k++)
                out[k] = (float)r[k];
        }
    }
    // Two directions across the Sun's disc.
    const float *s = self->light->direction;
    int least_axis = s[0] * s[0] < 0.5f ? 0 : 1;
    float other[3] = {0, 0, 0};
    other[least_axis] = 1;
    float e[3] = {s[1] * other[2] - s[2] * other[1], s[2] * other[0] - s[0] * other[2], s[0] * other[1] - s[1] * other[0]};
    float q = self->light->radius_rad / sqrtf(e[0] * e[0] + e[1] * e[1] + e[2] * e[2] + 1e-30f);
    for (int k = 0; k < 3; k++)
        self->sun_side[0][k] = e[k] * q;
    const float *f = self->sun_side[0];
    self->sun_side[1][0] = s[1] * f[2] - s[2] * f[1];
    self->sun_side[1][1] = s[2] * f[0] - s[0] * f[2];
    self->sun_side[1][2] = s[0] * f[1] - s[1] * f[0];
}

render_report_t frame_renderer_draw(const scene_t *scene, const sunlight_t *light, const lens_t *lens, const view_t *view,
                                    int32_t width, int32_t height, float *radiance, int32_t *span, void *scratch)
{
    int64_t pixels = (int64_t)width * height;
    frame_t self = {.scene = scene, .light = light, .lens = lens, .width = width, .height = height};
    self.focus = scratch;
    self.rows = (float *)(self.focus + (int64_t)tiles_across(width) * tiles_across(height));
    self.key = (uint32_t *)(self.rows + (int64_t)height * RENDER_MAX_INSTANTS * 9);
    self.active = (int32_t *)(self.key + pixels);
    self.refine = (uint8_t *)(self.active + (int64_t)tiles_across(width) * tiles_across(height));
    self.radiance = radiance;
    self.pixel_rad = (float)(1 / lens->focal_px);
    for (int k = 0; k < 3; k++)
        self.origin[k] = (float)view->position[k];
    for (int32_t y = 0; y < height; y++)
        span[2 * y] = span[2 * y + 1] = 0;
    prepare(&self, view);

    render_report_t report = {.tiles = find_tiles(&self)};
    ray_beam_t beam = {.origin = {self.origin[0], self.origin[1], self.origin[2]}};
    int32_t middle = self.instants / 2;
    for (int32_t t = 0; t < report.tiles; t++) {
        area_t a = area_of(&self, self.active[t]);
        int32_t wide = a.x1 - a.x0, count = 0, pixel[TILE_PIXELS];
        for (int32_t y = a.y0; y < a.y1; y++)
            for (int32_t x = a.x0; x < a.x1; x++) {
                float d[3];
                ray(&self, middle, y, (float)x, (float)y, d);
                for (int k = 0; k < 3; k++)
                    beam.direction[k][(y - a.y0) * wide + x - a.x0] = d[k];
            }
        beam.count = wide * (a.y1 - a.y0);
        ray_hit_t hit[TILE_PIXELS];
        float along[TILE_PIXELS][3], seen[TILE_PIXELS][3];
        ray_beam_nearest(&beam, &self.focus[t], scene->nodes, scene->packs, 1e-3f, hit);
        for (int32_t i = 0; i < beam.count; i++) {
            if (hit[i].face < 0)
                continue;
            hit[count] = hit[i];
            for (int k = 0; k < 3; k++)
                along[count][k] = beam.direction[k][i];
            pixel[count++] = (a.y0 + i / wide) * width + a.x0 + i % wide;
        }
        if (!count)
            continue;
        uint32_t key[TILE_PIXELS];
        shading_of_hits(scene, count, hit, light, light->direction, self.origin, along, self.pixel_rad, seen, key);
        for (int32_t n = 0; n < count; n++) {
            float *out = radiance + 4 * (int64_t)pixel[n];
            for (int k = 0; k < 3; k++)
                out[k] = seen[n][k];
            out[3] = 1;
            self.key[pixel[n]] = key[n];
        }
        report.pixels_hit += count;
    }
    int everywhere =
        (int64_t)report.tiles * RENDER_TILE * RENDER_TILE <= SMALL_PIXELS || self.smear_px > SMEAR_EVERYWHERE;
    float faint = light->irradiance[1] * 0.012f * 0.31830989f;
    if (!everywhere)
        for (int32_t t = 0; t < report.tiles; t++)
            mark_edges(&self, self.active[t], faint);
    if (!everywhere && self.instants > 1)
        for (int32_t t = 0; t < report.tiles; t++)
            widen_edges(&self, self.active[t], (int32_t)(self.smear_px * 0.5 + 0.5));
    int32_t samples = self.instants > SAMPLES_SMALL ? SAMPLES_BLURRED : SAMPLES_SMALL;
    if (!everywhere)
        samples = (int64_t)report.tiles * RENDER_TILE * RENDER_TILE <= pixels / 8 || self.instants > 3 ? SAMPLES_MEDIUM
                                                                                                      : SAMPLES_LARGE;
    for (int32_t t = 0; t < report.tiles; t++) {
        area_t a = area_of(&self, self.active[t]);
        int32_t pixel[TILE_PIXELS][2], count = 0;
        for (int32_t y = a.y0; y < a.y1; y++) {
            for (int32_t x = a.x0; x < a.x1; x++)
                if (everywhere || self.refine[(int64_t)y * width + x]) {
                    pixel[count][0] = x;
                    pixel[count++][1] = y;
                }
            if (span[2 * y] == span[2 * y + 1]) {
                span[2 * y] = a.x0;
                span[2 * y + 1] = a.x1;
            } else {
                span[2 * y] = least(span[2 * y], a.x0);
                span[2 * y + 1] = span[2 * y + 1] > a.x1 ? span[2 * y + 1] : a.x1;
            }
        }
        if (count)
            refine(&self, &self.focus[t], count, pixel, samples);
        report.pixels_refined += count;
    }
    return report;
}
