#include "world/image_sensor.h"

#include <math.h>
#include <string.h>

static inline uint32_t mix(uint32_t x)
{
    x ^= x >> 16, x *= 0x7FEB352Du;
    x ^= x >> 15, x *= 0x846CA68Bu;
    return x ^ x >> 16;
}

// Sum of the four octets of a word.
static inline uint32_t octet_sum(uint32_t x)
{
    x = (x & 0x00FF00FFu) + (x >> 8 & 0x00FF00FFu);
    return (x & 0xFFFFu) + (x >> 16);
}

// Eight octets of two hashes: mean 1020, variance 8 (256^2 - 1) / 12, excess kurtosis -0.15.
static inline uint32_t noise_sum(uint32_t index, uint32_t seed_low, uint32_t seed_high)
{
    uint32_t a = mix(index * 0x9E3779B1u + seed_low);
    uint32_t b = mix(a ^ seed_high);
    return octet_sum(a) + octet_sum(b);
}

void image_sensor_illumination(const lens_t *lens, int32_t width, int32_t height, float *out)
{
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++)
            out[(int64_t)y * width + x] = optics_illumination(lens, (float)x, (float)y);
}

void image_sensor_patterns(uint32_t serial, int32_t width, int32_t height, int8_t *gain, int8_t *offset)
{
    int64_t pixels = (int64_t)width * height;
    for (int plane = 0; plane < 2; plane++) {
        int8_t *out = plane ? offset : gain;
        for (int64_t i = 0; i < pixels; i++) {
            int32_t pixel = (int32_t)noise_sum((uint32_t)i, mix(serial + (uint32_t)plane), ~serial);
            // Columns share an amplifier: a quarter of the offset pattern runs down them.
            int32_t column = plane ? (int32_t)noise_sum((uint32_t)(i % width), mix(serial + 2), ~serial) : 1020;
            int32_t value = (pixel - 1020) * (plane ? 30 : 32) / 209 + (column - 1020) * 11 / 209;
            out[i] = (int8_t)(value > 127 ? 127 : value < -127 ? -127 : value);
        }
    }
}

static int32_t cell_size(int32_t width) { return (width + SENSOR_SKIRT_ACROSS - 1) / SENSOR_SKIRT_ACROSS; }
static int32_t cells_down(int32_t width, int32_t height) { return (height + cell_size(width) - 1) / cell_size(width); }

// Moving average of 2 r + 1 cells along one axis, zero outside.
static void box(const float *from, float *to, int32_t lines, int32_t line_stride, int32_t count, int32_t stride, int32_t r)
{
    float scale = 1.0f / (float)(2 * r + 1);
    for (int32_t line = 0; line < lines; line++)
        for (int k = 0; k < 3; k++) {
            const float *a = from + (int64_t)line * line_stride + k;
            float *b = to + (int64_t)line * line_stride + k;
            double sum = 0;
            for (int32_t i = 0; i < r && i < count; i++)
                sum += (double)a[(int64_t)i * stride];
            for (int32_t i = 0; i < count; i++) {
                if (i + r < count)
                    sum += (double)a[(int64_t)(i + r) * stride];
                if (i - r - 1 >= 0)
                    sum -= (double)a[(int64_t)(i - r - 1) * stride];
                b[(int64_t)i * stride] = (float)(sum > 0 ? sum : 0) * scale;
            }
        }
}

float image_sensor_skirt(const sensor_setting_t *self, const float *radiance, const int32_t *span, int32_t width,
                         int32_t height, float *skirt, float *work)
{
    int32_t cell = cell_size(width), across = SENSOR_SKIRT_ACROSS, down = cells_down(width, height);
    int64_t size = (int64_t)across * down * 3;
    float *grid = work, *other = work + size, area = 1.0f / (float)(cell * cell), most = 0;
    memset(grid, 0, (size_t)size * sizeof *grid);
    memset(skirt, 0, (size_t)size * sizeof *skirt);
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = span[2 * y]; x < span[2 * y + 1]; x++) {
            const float *p = radiance + 4 * ((int64_t)y * width + x);
            float *g = grid + 3 * ((int64_t)(y / cell) * across + x / cell);
            for (int k = 0; k < 3; k++)
                g[k] += (p[k] < self->brightest ? p[k] : self->brightest) * area;
        }
    // Each lobe starts from the one before: three box passes near enough make a Gaussian.
    for (int lobe = 0; lobe < SENSOR_LOBES; lobe++) {
        int32_t r = (int32_t)(self->lobe_radius[lobe] + 0.5f);
        for (int pass = 0; pass < 3; pass++) {
            box(grid, other, down, across * 3, across, 3, r);
            box(other, grid, across, 3, down, across * 3, r);
        }
        for (int64_t i = 0; i < size; i++)
            skirt[i] += self->lobe_share[lobe] * grid[i];
    }
    for (int64_t i = 0; i < size; i++)
        most = skirt[i] > most ? skirt[i] : most;
    return most;
}

void image_sensor_glare(float *skirt, int32_t width, int32_t height, float x, float y, float radius_px, float share,
                        const float energy[3])
{
    int32_t cell = cell_size(width), across = SENSOR_SKIRT_ACROSS, down = cells_down(width, height);
    float scale = share * radius_px * (0.5f / 3.14159265f);
    for (int32_t j = 0; j < down; j++)
        for (int32_t i = 0; i < across; i++) {
            float dx = ((float)i + 0.5f) * (float)cell - 0.5f - x, dy = ((float)j + 0.5f) * (float)cell - 0.5f - y;
            float r2 = dx * dx + dy * dy + radius_px * radius_px, profile = scale / (r2 * sqrtf(r2));
            for (int k = 0; k < 3; k++)
                skirt[3 * ((int64_t)j * across + i) + k] += profile * energy[k];
        }
}

void image_sensor_ghost(float *skirt, int32_t width, int32_t height, float x, float y, float radius_px,
                        const float energy[3])
{
    int32_t cell = cell_size(width), across = SENSOR_SKIRT_ACROSS, down = cells_down(width, height);
    float radius = radius_px / (float)cell, cx = (x + 0.5f) / (float)cell - 0.5f, cy = (y + 0.5f) / (float)cell - 0.5f;
    float share = 1.0f / (3.14159265f * radius_px * radius_px);
    for (int32_t j = 0; j < down; j++)
        for (int32_t i = 0; i < across; i++) {
            float dx = (float)i - cx, dy = (float)j - cy, d = sqrtf(dx * dx + dy * dy);
            float inside = radius + 0.5f - d;  // soft over one cell
            inside = inside < 0 ? 0 : inside > 1 ? 1 : inside;
            for (int k = 0; k < 3; k++)
                skirt[3 * ((int64_t)j * across + i) + k] += inside * share * energy[k];
        }
}

// One band of one row of the skirt, at every pixel.
static void add_skirt(const float *skirt, int32_t band, int32_t first, int32_t y, int32_t width, int32_t height,
                      float scale, const float *illumination, float *row)
{
    int32_t cell = cell_size(width), across = SENSOR_SKIRT_ACROSS, down = cells_down(width, height);
    float line[SENSOR_SKIRT_ACROSS], most = 0;
    float v = ((float)y + 0.5f) / (float)cell - 0.5f;
    v = v < 0 ? 0 : v;
    int32_t j = (int32_t)v, j1 = j + 1 < down ? j + 1 : down - 1;
    j = j < down ? j : down - 1;
    float f = v - (float)j;
    for (int32_t i = 0; i < across; i++) {
        line[i] = scale * (skirt[3 * ((int64_t)j * across + i) + band] * (1 - f) +
                           skirt[3 * ((int64_t)j1 * across + i) + band] * f);
        most = line[i] > most ? line[i] : most;
    }
    if (most < 0.02f)  // electrons: lost in the noise
        return;
    float per_cell = 1.0f / (float)cell;
    for (int32_t x = first; x < width; x += 2) {
        float u = ((float)x + 0.5f) * per_cell - 0.5f;
        u = u < 0 ? 0 : u;
        int32_t i = (int32_t)u, i1 = i + 1 < across ? i + 1 : across - 1;
        float g = u - (float)i;
        row[x] += (line[i] * (1 - g) + line[i1] * g) * illumination[x];
    }
}

// Electrons of the light in row y between columns a and b: lens blur, scattered share taken out, colour filter.
static void add_light(const sensor_setting_t *self, const float *radiance, const float *illumination, int32_t y,
                      int32_t width, int32_t height, int32_t a, int32_t b, float kept, float *row)
{
    float side = self->core, middle = 1 - 4 * side;
    const float *line = radiance + 4 * (int64_t)y * width;
    const float *above = y > 0 ? line - 4 * (int64_t)width : line;
    const float *below = y + 1 < height ? line + 4 * (int64_t)width : line;
    for (int32_t x = a; x < b; x++) {
        int32_t band = (y & 1) + (x & 1);  // RGGB
        int32_t left = x > 0 ? x - 1 : x, right = x + 1 < width ? x + 1 : x;
        float light = middle * line[4 * x + band] +
                      side * ((line[4 * left + band] + line[4 * right + band]) + (above[4 * x + band] + below[4 * x + band]));
        row[x] += light * kept * self->electrons[band] * illumination[x];
    }
}

void image_sensor_expose(const sensor_setting_t *self, const float *radiance, const int32_t *span, const float *skirt,
                         const float *illumination, const int8_t *gain, const int8_t *offset, uint64_t seed,
                         int32_t width, int32_t height, float *row, uint16_t *dn)
{
    uint32_t low = mix((uint32_t)seed), high = mix((uint32_t)(seed >> 32) ^ 0xA511E9B3u) ^ low;
    float kept = 1;
    for (int lobe = 0; lobe < SENSOR_LOBES; lobe++)
        kept -= self->lobe_share[lobe];
    float read2 = self->read_noise * self->read_noise, thinner = 1.0f / self->averaged;
    float per_electron = 1.0f / self->electrons_per_dn, most = self->most_dn, black = self->offset_dn + 0.5f;
    float noise_scale = 1.0f / SENSOR_NOISE_SIGMA, full = self->full_well;
    for (int32_t y = 0; y < height; y++) {
        int64_t start = (int64_t)y * width;
        memset(row, 0, (size_t)width * sizeof *row);
        int32_t a = width, b = 0;
        for (int32_t j = y > 0 ? y - 1 : y; j <= y + 1 && j < height; j++)
            if (span[2 * j] < span[2 * j + 1]) {
                a = span[2 * j] < a ? span[2 * j] : a;
                b = span[2 * j + 1] > b ? span[2 * j + 1] : b;
            }
        if (a < b)
            add_light(self, radiance, illumination + start, y, width, height, a > 0 ? a - 1 : 0,
                      b < width ? b + 1 : width, kept, row);
        if (skirt)
            for (int32_t x = 0; x < 2; x++) {
                int32_t band = (y & 1) + x;
                add_skirt(skirt, band, x, y, width, height, self->electrons[band], illumination + start, row);
            }
        const int8_t *gain_row = gain + start, *offset_row = offset + start;
        uint16_t *out = dn + start;
        uint32_t first = (uint32_t)start;
        for (int32_t x = 0; x < width; x++) {
            float pattern = (float)offset_row[x];
            float e = row[x] * (1 + self->gain_spread * (float)gain_row[x]) +
                      self->dark_electrons * (1 + self->dark_spread * pattern);
            e = e < full ? e : full;
            float noise = ((float)(int32_t)noise_sum(first + (uint32_t)x, low, high) - SENSOR_NOISE_MEAN) * noise_scale;
            e += noise * sqrtf((e + read2) * thinner);
            float value = e * per_electron + (black + self->offset_spread * pattern);
            value = value > 0 ? value : 0;
            value = value < most ? value : most;
            out[x] = (uint16_t)(int32_t)value;
        }
    }
}
