#include "world/develop.h"

#include <stddef.h>
#include <string.h>

#include "world/dmath.h"

void develop_curve(develop_setting_t *self)
{
    for (int32_t i = 0; i < DEVELOP_CURVE; i++) {
        double x = i < DEVELOP_WHITE ? (double)i / (double)DEVELOP_WHITE : 1;
        double y = x <= 0.0031308 ? 12.92 * x : 1.055 * dmath_pow(x, 1 / 2.4) - 0.055;
        self->curve[i] = (uint8_t)(int32_t)(y * 255 + 0.5);
    }
}

enum { MARGIN = 4 };

// A row as two half rows, even columns and odd, each with two reflected neighbours at either end.
typedef struct {
    int16_t *even, *odd;
} halves_t;

static halves_t halves(int16_t *work, int32_t width, int32_t slot)
{
    int32_t half = width / 2 + MARGIN;
    int16_t *base = work + (ptrdiff_t)slot * 2 * half + 2;
    return (halves_t){base, base + half};
}

static void load(const develop_setting_t *self, const uint16_t *dn, int32_t width, int32_t y, halves_t to)
{
    int32_t a = self->balance[y & 1], b = self->balance[(y & 1) + 1], n = width / 2;
    for (int32_t i = 0; i < n; i++) {
        int32_t p = ((int32_t)dn[2 * i] - self->black) * a >> 8;
        int32_t q = ((int32_t)dn[2 * i + 1] - self->black) * b >> 8;
        to.even[i] = (int16_t)(p < DEVELOP_WHITE ? p : DEVELOP_WHITE);
        to.odd[i] = (int16_t)(q < DEVELOP_WHITE ? q : DEVELOP_WHITE);
    }
    to.even[-1] = to.even[1], to.odd[-1] = to.odd[0];  // reflected, so that colours stay in place
    to.even[-2] = to.even[1], to.odd[-2] = to.odd[1];
    to.even[n] = to.even[n - 1], to.odd[n] = to.odd[n - 2];
    to.even[n + 1] = to.even[n - 2], to.odd[n + 1] = to.odd[n - 2];
}

static inline int32_t within(int32_t x)
{
    x >>= 4;
    return x < 0 ? 0 : x > DEVELOP_WHITE ? DEVELOP_WHITE : x;
}

// One output row. For a site at column c with neighbours left l and right r of the other half row; `n2` etc. are
// rows two away, `n1` one away. Sums carry 16 times the value.
static void interpolate(const halves_t row[5], int32_t n, int odd_row, const uint8_t *curve, uint8_t *rgb, int16_t *plane)
{
    int16_t *g_even = plane, *far_even = plane + n, *near_odd = plane + 2 * n, *far_odd = plane + 3 * n;
    const int16_t *e0 = row[0].even, *e1 = row[1].even, *e2 = row[2].even, *e3 = row[3].even, *e4 = row[4].even;
    const int16_t *o0 = row[0].odd, *o1 = row[1].odd, *o2 = row[2].odd, *o3 = row[3].odd, *o4 = row[4].odd;
    // In an even row, even columns are red among green; odd columns green between red. In an odd row, odd columns
    // are blue among green, even columns green between blue. The corner sites hold the far colour.
    if (!odd_row) {
        for (int32_t i = 0; i < n; i++) {
            int32_t c = e2[i], cross = o2[i - 1] + o2[i] + e1[i] + e3[i];
            int32_t wide = e2[i - 1] + e2[i + 1] + e0[i] + e4[i];
            int32_t corner = o1[i - 1] + o1[i] + o3[i - 1] + o3[i];
            g_even[i] = (int16_t)within(8 * c + 4 * cross - 2 * wide + 8);
            far_even[i] = (int16_t)within(12 * c + 4 * corner - 3 * wide + 8);
        }
        for (int32_t i = 0; i < n; i++) {
            int32_t c = o2[i], h1 = e2[i] + e2[i + 1], v1 = o1[i] + o3[i], h2 = o2[i - 1] + o2[i + 1], v2 = o0[i] + o4[i];
            int32_t corner = e1[i] + e1[i + 1] + e3[i] + e3[i + 1];
            near_odd[i] = (int16_t)within(10 * c + 8 * h1 - 2 * h2 - 2 * corner + v2 + 8);
            far_odd[i] = (int16_t)within(10 * c + 8 * v1 - 2 * v2 - 2 * corner + h2 + 8);
        }
    } else {
        for (int32_t i = 0; i < n; i++) {
            int32_t c = o2[i], cross = e2[i] + e2[i + 1] + o1[i] + o3[i];
            int32_t wide = o2[i - 1] + o2[i + 1] + o0[i] + o4[i];
            int32_t corner = e1[i] + e1[i + 1] + e3[i] + e3[i + 1];
            g_even[i] = (int16_t)within(8 * c + 4 * cross - 2 * wide + 8);
            far_even[i] = (int16_t)within(12 * c + 4 * corner - 3 * wide + 8);
        }
        for (int32_t i = 0; i < n; i++) {
            int32_t c = e2[i], h1 = o2[i - 1] + o2[i], v1 = e1[i] + e3[i], h2 = e2[i - 1] + e2[i + 1], v2 = e0[i] + e4[i];
            int32_t corner = o1[i - 1] + o1[i] + o3[i - 1] + o3[i];
            near_odd[i] = (int16_t)within(10 * c + 8 * h1 - 2 * h2 - 2 * corner + v2 + 8);
            far_odd[i] = (int16_t)within(10 * c + 8 * v1 - 2 * v2 - 2 * corner + h2 + 8);
        }
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t even = e2[i] > 0 ? e2[i] : 0, odd = o2[i] > 0 ? o2[i] : 0;
        uint8_t *p = rgb + 6 * i;
        if (!odd_row) {
            p[0] = curve[even], p[1] = curve[g_even[i]], p[2] = curve[far_even[i]];
            p[3] = curve[near_odd[i]], p[4] = curve[odd], p[5] = curve[far_odd[i]];
        } else {
            p[0] = curve[far_odd[i]], p[1] = curve[even], p[2] = curve[near_odd[i]];
            p[3] = curve[far_even[i]], p[4] = curve[g_even[i]], p[5] = curve[odd];
        }
    }
}

static int32_t reflect(int32_t y, int32_t height)
{
    y = y < 0 ? -y : y;
    return y < height ? y : 2 * (height - 1) - y;
}

void develop_picture(const develop_setting_t *self, const uint16_t *dn, int32_t width, int32_t height, int16_t *work,
                     uint8_t *rgb)
{
    int16_t plane[4 * 2048];
    for (int32_t y = 0; y < 2; y++)
        load(self, dn + (ptrdiff_t)y * width, width, y, halves(work, width, y));
    for (int32_t y = 0; y < height; y++) {
        if (y + 2 < height)
            load(self, dn + (ptrdiff_t)(y + 2) * width, width, y + 2, halves(work, width, (y + 2) % 5));
        halves_t row[5];
        for (int32_t k = 0; k < 5; k++)
            row[k] = halves(work, width, reflect(y + k - 2, height) % 5);
        interpolate(row, width / 2, y & 1, self->curve, rgb + 3 * (ptrdiff_t)y * width, plane);
    }
}

void develop_thumbnail(const uint8_t *rgb, int32_t width, int32_t height, int32_t cell, uint8_t *out)
{
    int32_t across = width / cell, down = height / cell, area = cell * cell;
    uint32_t sum[3 * 4096];
    for (int32_t j = 0; j < down; j++) {
        memset(sum, 0, (size_t)across * 3 * sizeof *sum);
        for (int32_t y = j * cell; y < (j + 1) * cell; y++) {
            const uint8_t *p = rgb + 3 * (ptrdiff_t)y * width;
            for (int32_t i = 0; i < across; i++)
                for (int32_t x = 0; x < cell; x++, p += 3)
                    for (int k = 0; k < 3; k++)
                        sum[3 * i + k] += p[k];
        }
        for (int32_t i = 0; i < 3 * across; i++)
            out[3 * (ptrdiff_t)j * across + i] = (uint8_t)((sum[i] + (uint32_t)area / 2) / (uint32_t)area);
    }
}
