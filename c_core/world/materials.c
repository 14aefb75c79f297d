#include "world/materials.h"

#include <math.h>
#include <stddef.h>

static inline float floor_of(float x)
{
    int32_t i = (int32_t)x;
    return (float)(i - (x < (float)i));
}

static inline float unit(float x) { return x < 0 ? 0.0f : x > 1 ? 1.0f : x; }
static inline float most_of(float a, float b) { return a > b ? a : b; }
static inline float least_of(float a, float b) { return a < b ? a : b; }

static uint32_t mix(uint32_t x)
{
    x ^= x >> 16, x *= 0x7FEB352Du;
    x ^= x >> 15, x *= 0x846CA68Bu;
    return x ^ x >> 16;
}

// Gradient noise on a lattice that repeats every `period` cells.
static float noise(float x, float y, int32_t period, uint32_t seed)
{
    float fx = floor_of(x), fy = floor_of(y);
    int32_t i = (int32_t)fx, j = (int32_t)fy;
    x -= fx, y -= fy;
    float dot[4];
    for (int k = 0; k < 4; k++) {
        int32_t a = (i + (k & 1)) % period, b = (j + (k >> 1)) % period;
        a += a < 0 ? period : 0, b += b < 0 ? period : 0;
        uint32_t h = mix((uint32_t)a + 0x9E3779B9u * (uint32_t)b + seed);
        float gx = (float)(int32_t)(h & 0xFFFF) * (1.0f / 32768) - 1;
        float gy = (float)(int32_t)(h >> 16) * (1.0f / 32768) - 1;
        dot[k] = gx * (x - (float)(k & 1)) + gy * (y - (float)(k >> 1));
    }
    float sx = x * x * x * (x * (x * 6 - 15) + 10), sy = y * y * y * (y * (y * 6 - 15) + 10);
    float top = dot[0] + (dot[1] - dot[0]) * sx, bottom = dot[2] + (dot[3] - dot[2]) * sx;
    return top + (bottom - top) * sy;
}

// Folded noise: creases where the noise crosses zero.
static float crease(float x, float y, int32_t period, uint32_t seed)
{
    float n = noise(x, y, period, seed);
    return n < 0 ? -n : n;
}

static float foil_height(float x, float y, uint32_t seed)
{
    // x, y in spans, 0..1; heights in spans
    float wx = x + 0.020f * noise(x * 9, y * 9, 9, seed + 1), wy = y + 0.020f * noise(x * 9, y * 9, 9, seed + 2);
    float h = 0;
    h += 0.0105f * crease(wx * 7, wy * 7, 7, seed + 3);
    h += 0.0060f * crease(wx * 13, wy * 13, 13, seed + 4);
    h += 0.0034f * crease(wx * 29, wy * 29, 29, seed + 5);
    h += 0.0013f * crease(wx * 61, wy * 61, 61, seed + 6);
    h += 0.0010f * noise(wx * 5, wy * 5, 5, seed + 7);
    return h;
}

void materials_make_foil(float *map, uint32_t seed)
{
    // Heights one row at a time; slopes by central differences, the map repeating.
    const float texel = 1.0f / (float)FOIL_SIZE;
    for (int32_t j = 0; j < FOIL_SIZE; j++)
        for (int32_t i = 0; i < FOIL_SIZE; i++)
            map[4 * (j * FOIL_SIZE + i) + 3] =
                foil_height(((float)i + 0.5f) * texel, ((float)j + 0.5f) * texel, seed);
    for (int32_t j = 0; j < FOIL_SIZE; j++)
        for (int32_t i = 0; i < FOIL_SIZE; i++) {
            int32_t left = (i + FOIL_SIZE - 1) % FOIL_SIZE, right = (i + 1) % FOIL_SIZE;
            int32_t up = (j + FOIL_SIZE - 1) % FOIL_SIZE, down = (j + 1) % FOIL_SIZE;
            float *t = map + 4 * (j * FOIL_SIZE + i);
            t[0] = (map[4 * (j * FOIL_SIZE + right) + 3] - map[4 * (j * FOIL_SIZE + left) + 3]) * ((float)FOIL_SIZE / 2.0f);
            t[1] = (map[4 * (down * FOIL_SIZE + i) + 3] - map[4 * (up * FOIL_SIZE + i) + 3]) * ((float)FOIL_SIZE / 2.0f);
        }
    for (int32_t i = 0; i < FOIL_SIZE * FOIL_SIZE; i++) {
        float *t = map + 4 * i;
        t[0] = least_of(most_of(t[0], -0.8f), 0.8f);
        t[1] = least_of(most_of(t[1], -0.8f), 0.8f);
        t[2] = t[0] * t[0] + t[1] * t[1];
        t[3] = 0;
    }
    float *from = map;
    for (int32_t n = FOIL_SIZE; n > 4; n /= 2) {
        float *to = from + 4 * n * n;
        for (int32_t j = 0; j < n / 2; j++)
            for (int32_t i = 0; i < n / 2; i++)
                for (int k = 0; k < 4; k++)
                    to[4 * (j * n / 2 + i) + k] =
                        0.25f * ((from[4 * (2 * j * n + 2 * i) + k] + from[4 * (2 * j * n + 2 * i + 1) + k]) +
                                 (from[4 * ((2 * j + 1) * n + 2 * i) + k] + from[4 * ((2 * j + 1) * n + 2 * i + 1) + k]));
        from = to;
    }
}

void materials_foil_mean(const float *map, float u, float v, float footprint, float mean[4])
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
    for (int k = 0; k < 4; k++)
        mean[k] = (a[k] * (1 - fx) + b[k] * fx) * (1 - fy) + (c[k] * (1 - fx) + d[k] * fx) * fy;
}

void materials_foil_slope(const float *map, float u, float v, float footprint, float slope[2], float *variance)
{
    float mean[4];
    materials_foil_mean(map, u, v, footprint, mean);
    slope[0] = mean[0];
    slope[1] = mean[1];
    *variance = most_of(mean[2] - mean[0] * mean[0] - mean[1] * mean[1], 0);
}

// Share of the footprint covered by lines `width` wide, one every `pitch`: the exact integral.
static inline float lines(float x, float pitch, float width, float footprint)
{
    float share = width / pitch, window = most_of(footprint / pitch, 1e-4f), middle = x / pitch + share * 0.5f;
    float high = middle + window * 0.5f, low = middle - window * 0.5f;
    float floor_high = floor_of(high), floor_low = floor_of(low);
    return ((floor_high - floor_low) * share + least_of(high - floor_high, share) - least_of(low - floor_low, share)) /
           window;
}

static inline float either(float a, float b) { return 1 - (1 - a) * (1 - b); }

// Flag of China, 30 x 20 units: GB 12982 construction. Five stars, each inside at least four of its five edges.
static void flag(float u, float v, float diffuse[3])
{
    static const float star[5][5] = {{5, 5, 3, 0, -1},
                                     {10, 2, 1, -0.857493f, 0.514496f},
                                     {12, 4, 1, -0.989949f, 0.141421f},
                                     {12, 7, 1, -0.961524f, -0.274721f},
                                     {10, 9, 1, -0.780869f, -0.624695f}};
    static const float edge[5][2] = {{1, 0},
                                     {0.309017f, 0.951057f},
                                     {-0.809017f, 0.587785f},
                                     {-0.809017f, -0.587785f},
                                     {0.309017f, -0.951057f}};
    float x = u / 0.39f * 30, y = (1 - v / 0.26f) * 20;
    int yellow = 0;
    for (int s = 0; s < 5; s++) {
        float dx = x - star[s][0], dy = y - star[s][1], size = star[s][2];
        if (dx * dx + dy * dy > size * size)
            continue;
        float along = dx * star[s][3] + dy * star[s][4], across = -dx * star[s][4] + dy * star[s][3];
        int inside = 0;
        for (int k = 0; k < 5; k++)
            inside += -(along * edge[k][0] + across * edge[k][1]) < size * 0.309017f;
        yellow |= inside >= 4;
    }
    diffuse[0] = yellow ? 0.80f : 0.60f;
    diffuse[1] = yellow ? 0.56f : 0.022f;
    diffuse[2] = yellow ? 0.03f : 0.018f;
}

void materials_texture(const material_t *self, float u, float v, float footprint, float diffuse[3], float specular[3])
{
    switch ((int)self->texture) {
    case TEXTURE_CELLS: {
        // 40 x 80 mm cells, three busbars each, strings of twelve
        float gap = either(lines(u, 0.0405f, 0.0012f, footprint), lines(v, 0.0805f, 0.0014f, footprint));
        float bus = lines(v, 0.0805f / 3, 0.0006f, footprint);
        float string = either(lines(u, 0.486f, 0.006f, footprint), lines(v, 0.966f, 0.010f, footprint));
        float metal = unit(gap * 0.6f + bus * 0.5f + string * 0.9f);
        float tint = floor_of(u / 0.0405f) * 0.35103f + floor_of(v / 0.0805f) * 0.28689f;
        tint = 1 + (tint - floor_of(tint) - 0.5f) * 0.35f * unit(1 - footprint * 25);
        for (int k = 0; k < 3; k++) {
            diffuse[k] = (diffuse[k] * (1 - metal) + 0.185f * metal) * tint;
            specular[k] = specular[k] * (1 - 0.5f * metal);
        }
        break;
    }
    case TEXTURE_FLAG:
        flag(u, v, diffuse);
        break;
    case TEXTURE_QUILT:
    case TEXTURE_GORES: {
        float seam = either(lines(u, self->seam_pitch_m, 0.008f, footprint),
                            lines(v, self->seam_pitch_m * 1.08f, 0.008f, footprint));
        float keep = 1 - seam * self->seam;
        for (int k = 0; k < 3; k++)
            diffuse[k] *= keep, specular[k] *= keep;
        break;
    }
    default:
        break;
    }
}

// D G / 4 with the height-correlated denominator folded in.
static inline float lobe(float alpha2, float nl, float nv, float nh)
{
    float d = nh * nh * (alpha2 - 1) + 1;
    float k = sqrtf(alpha2) * 0.5f;
    float shadowing = (nl * (1 - k) + k) * (nv * (1 - k) + k);
    return alpha2 * 0.25f / (3.14159265f * d * d * shadowing);
}

void materials_specular(const material_t *self, const float specular[3], float nl, float nv, float nh, float vh,
                        float extra, float out[3])
{
    float alpha = self->roughness * self->roughness, wide = self->broad_roughness * self->broad_roughness;
    // The Sun's disc is 0.25 deg in radius: no highlight is sharper.
    float narrow2 = least_of(most_of(alpha * alpha, 2e-5f) + extra, 0.6f);
    float value = (1 - self->broad) * lobe(narrow2, nl, nv, nh);
    if (self->broad > 0)
        value += self->broad * lobe(least_of(wide * wide + extra, 0.9f), nl, nv, nh);
    float m = 1 - vh, m5 = m * m;
    m5 = m5 * m5 * m;
    for (int k = 0; k < 3; k++)
        out[k] = value * (specular[k] + (1 - specular[k]) * m5);
}
