#include "world/planet_map.h"

#include <math.h>
#include <stddef.h>

#include "world/dmath.h"

enum { FACES = 6, NORTH_FACE = 4, GRAIN = FACES, FIELDS = PLANET_MAP_FIELDS, CRATERS = 5200 };

#define GRAIN_SLOPE 0.035f  ///< Height of hummocks over their width.

static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float most_of(float a, float b) { return a > b ? a : b; }
static inline float unit(float x) { return x < 0 ? 0.0f : x > 1 ? 1.0f : x; }
static inline float dot(const float a[3], const float b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static inline float step_between(float low, float high, float x)
{
    float t = unit((x - low) / (high - low));
    return t * t * (3 - 2 * t);
}

static inline uint32_t mix(uint32_t x)
{
    x ^= x >> 16, x *= 0x7FEB352Du;
    x ^= x >> 15, x *= 0x846CA68Bu;
    return x ^ x >> 16;
}

static inline int32_t floor_of(float x)
{
    int32_t i = (int32_t)x;
    return i - (x < (float)i);
}

// Gradient noise, about -0.7 to 0.7, cells of 1; it repeats after `period` cells, a power of two.
static float noise(float x, float y, float z, uint32_t seed, int32_t period)
{
    int32_t i = floor_of(x), j = floor_of(y), k = floor_of(z);
    x -= (float)i, y -= (float)j, z -= (float)k;
    float d[8];
    for (int c = 0; c < 8; c++) {
        int32_t a = (i + (c & 1)) & (period - 1), b = (j + (c >> 1 & 1)) & (period - 1), e = (k + (c >> 2)) & (period - 1);
        uint32_t h = mix((uint32_t)a * 0x9E3779B1u ^ (uint32_t)b * 0x85EBCA77u ^ (uint32_t)e * 0xC2B2AE3Du ^ seed);
        d[c] = ((float)(int32_t)(h & 1023) * (1.0f / 512) - 1) * (x - (float)(c & 1)) +
               ((float)(int32_t)(h >> 10 & 1023) * (1.0f / 512) - 1) * (y - (float)(c >> 1 & 1)) +
               ((float)(int32_t)(h >> 20 & 1023) * (1.0f / 512) - 1) * (z - (float)(c >> 2));
    }
    float wx = x * x * x * (x * (x * 6 - 15) + 10), wy = y * y * y * (y * (y * 6 - 15) + 10);
    float wz = z * z * z * (z * (z * 6 - 15) + 10), e[4];
    for (int c = 0; c < 4; c++)
        e[c] = d[2 * c] + (d[2 * c + 1] - d[2 * c]) * wx;
    float low = e[0] + (e[1] - e[0]) * wy, high = e[2] + (e[3] - e[2]) * wy;
    return low + (high - low) * wz;
}

static float octaves(const float p[3], float scale, int count, float gain, uint32_t seed)
{
    float sum = 0, weight = 1;
    for (int i = 0; i < count; i++) {
        sum += weight * noise(p[0] * scale, p[1] * scale, p[2] * scale, seed + (uint32_t)i, 1 << 16);
        weight *= gain;
        scale *= 2.03f;
    }
    return sum;
}

// Albedo features: longitude east, latitude, half width and half height [deg], tilt [deg], weight (dark above 0).
static const float feature[][6] = {
    {69, 9, 8, 13, 10, 1.0f},     {74, -1, 9, 8, 0, 0.9f},       {-30, 47, 17, 9, -10, 0.95f}, {-38, 37, 10, 7, 0, 0.6f},
    {-2, -6, 11, 4, 0, 1.0f},     {24, -10, 17, 4, 5, 0.9f},     {-22, -14, 8, 8, 0, 0.7f},    {-50, -13, 11, 4, 0, 0.6f},
    {-35, -27, 17, 8, 0, 0.8f},   {100, -17, 17, 8, 15, 0.85f},  {132, -24, 20, 6, 20, 0.95f}, {-152, -31, 20, 5, -10, 0.9f},
    {-88, -27, 6, 4, 0, 0.6f},    {-68, -36, 12, 4, 0, 0.6f},    {40, -44, 8, 7, 0, 0.6f},     {105, 48, 28, 6, 0, 0.6f},
    {150, 52, 24, 6, 0, 0.45f},   {-170, 47, 16, 4, 0, 0.5f},    {157, 11, 9, 3, 10, 0.6f},    {75, 49, 14, 4, 0, 0.5f},
    {20, 58, 40, 6, 0, 0.45f},    {-95, 62, 40, 7, 0, 0.4f},     {-100, -62, 60, 7, 0, 0.35f}, {60, -65, 70, 6, 0, 0.35f},
    {-60, -8, 14, 2, 10, 0.5f},   {5, -38, 25, 6, 0, 0.45f},     {-112, 2, 24, 19, 0, -0.5f},  {20, 20, 22, 14, 0, -0.55f},
    {146, 24, 12, 9, 0, -0.45f},  {70, -42, 12, 8, 0, -0.7f},    {-43, -50, 8, 6, 0, -0.5f},   {-155, 15, 18, 13, 0, -0.45f},
    {-45, 22, 8, 7, 0, -0.3f},    {-120, -25, 20, 8, 0, -0.3f},  {115, 18, 14, 9, 0, -0.45f},  {120, 68, 40, 5, 0, 0.35f},
};
enum { FEATURES = sizeof feature / sizeof feature[0] };

typedef struct {
    float centre[3], east[3], north[3], inverse_width, inverse_height, weight, nearest;
} patch_t;

static void local_frame(float longitude_deg, float latitude_deg, float centre[3], float east[3], float north[3])
{
    double so, co, sa, ca;
    dmath_sincos((double)longitude_deg * (DMATH_PI / 180), &so, &co);
    dmath_sincos((double)latitude_deg * (DMATH_PI / 180), &sa, &ca);
    centre[0] = (float)(ca * co), centre[1] = (float)(ca * so), centre[2] = (float)sa;
    east[0] = (float)-so, east[1] = (float)co, east[2] = 0;
    north[0] = (float)(-sa * co), north[1] = (float)(-sa * so), north[2] = (float)ca;
}

static void make_patches(patch_t patch[FEATURES])
{
    for (int i = 0; i < FEATURES; i++) {
        const float *f = feature[i];
        float e[3], n[3];
        local_frame(f[0], f[1], patch[i].centre, e, n);
        double s, c;
        dmath_sincos((double)f[4] * (DMATH_PI / 180), &s, &c);
        for (int k = 0; k < 3; k++) {
            patch[i].east[k] = e[k] * (float)c + n[k] * (float)s;
            patch[i].north[k] = n[k] * (float)c - e[k] * (float)s;
        }
        patch[i].inverse_width = 57.29578f / f[2];
        patch[i].inverse_height = 57.29578f / f[3];
        patch[i].weight = f[5];
        patch[i].nearest = (float)dmath_cos(1.6 * (double)most_of(f[2], f[3]) * (DMATH_PI / 180));
    }
}

// The residual cap: spiral troughs, a great chasm, an uneven edge; and the dark sea of dunes about it.
static void polar(const float p[3], uint32_t seed, float *dark, float *ice, float *tint, float *height)
{
    double across = sqrt((double)p[0] * (double)p[0] + (double)p[1] * (double)p[1]);
    float colatitude = (float)(dmath_asin(across) * (180 / DMATH_PI));
    double azimuth = dmath_atan2(p[1], p[0]);
    float coarse = octaves(p, 26, 4, 0.5f, seed + 50), fine = octaves(p, 75, 4, 0.6f, seed + 60);
    // The cap reaches farther out about the prime meridian, and its edge is torn.
    float edge = 8.6f + 1.3f * (float)dmath_cos(azimuth + 0.2) + 4.2f * coarse + 2.2f * fine;
    float inside = edge - colatitude;
    float turn = (float)(7 * (azimuth - 1.35 * dmath_log((double)colatitude + 1.2)) + 2.6 * (double)coarse + 0.7 * (double)fine);
    float trough = step_between(0.35f, 0.85f, (float)dmath_sin(turn)) * step_between(1.0f, 3.5f, colatitude);
    float second = step_between(0.55f, 0.95f, (float)dmath_sin(2.3 * (double)turn + 1.3)) * step_between(3.5f, 7.0f, colatitude);
    // Chasma Boreale opens at about 45 deg west.
    double off = azimuth + 45 * DMATH_PI / 180 - 0.12 * ((double)colatitude - 4);
    off -= 2 * DMATH_PI * (double)(off > DMATH_PI) - 2 * DMATH_PI * (double)(off < -DMATH_PI);
    float place = (float)off * most_of(colatitude, 1) / 1.1f;
    float chasm = place * place < 9 ? 1 / (1 + place * place * (1 + place * place)) * step_between(3, 4.5f, colatitude) : 0;
    float cut = unit(trough * (0.75f + fine) + 0.55f * second + chasm);
    float in_cap = step_between(-0.6f, 0.8f, inside);
    *ice = unit(0.5f + inside / 6);
    float dunes = (colatitude - 11.5f - 3 * coarse) / 2.6f;
    float sea = 1 / (1 + dunes * dunes * dunes * dunes) * step_between(-0.7f, 0.3f, (float)dmath_cos(azimuth - 3.2) + 0.5f * coarse);
    *dark = unit(*dark + 0.75f * sea * (1 - in_cap));
    *tint = *tint * (1 - in_cap) + unit(0.10f + 0.80f * cut + 0.5f * fine) * in_cap;
    *height = *height * (1 - 0.7f * in_cap) + (1.6f * step_between(-1, 3, inside) - 0.55f * cut) * in_cap;
}

static void fields_at(const float p[3], const patch_t patch[FEATURES], uint32_t seed, float out[FIELDS])
{
    float q[3], wide[3], close[3];
    for (int k = 0; k < 3; k++)
        wide[k] = p[k] + 0.11f * octaves(p, 3.1f, 2, 0.5f, seed + 10 * (uint32_t)k);
    for (int k = 0; k < 3; k++)
        close[k] = 0.045f * octaves(p, 15, 2, 0.5f, seed + 100 + 10 * (uint32_t)k);
    for (int k = 0; k < 3; k++)
        q[k] = wide[k] + close[k];
    float q1 = 1 / sqrtf(dot(q, q)), sum = 0;
    for (int i = 0; i < FEATURES; i++) {
        const patch_t *f = &patch[i];
        if (dot(p, f->centre) < f->nearest - 0.15f)
            continue;
        float x = dot(q, f->east) * q1 * f->inverse_width, y = dot(q, f->north) * q1 * f->inverse_height;
        if (dot(q, f->centre) > 0)
            sum += f->weight * (1 - step_between(0.3f, 1.8f, x * x + y * y));
    }
    float north = step_between(0.70f, 0.94f, p[2] < 0 ? -p[2] : p[2]);
    float broad = octaves(p, 5.3f, 4, 0.5f, seed + 200), fine = octaves(p, 31, 4, 0.6f, seed + 210);
    float streak_at[3] = {p[0], p[1], p[2] * 3.5f};
    float streak = octaves(streak_at, 9, 3, 0.5f, seed + 220);
    float dark = unit(0.28f + 0.60f * sum + 0.55f * broad + 0.24f * fine * (1 + sum) + 0.20f * streak + 0.14f * north);
    float tint = unit(0.5f + 0.9f * octaves(p, 4.3f, 2, 0.5f, seed + 230) + 0.4f * fine);
    float ridge = octaves(p, 22, 3, 0.55f, seed + 250);
    float height = 1.6f * octaves(p, 3.3f, 3, 0.5f, seed + 240) + 0.35f * (ridge < 0 ? -ridge : ridge) * 2 + 0.12f * fine;
    height *= 1 - 0.45f * north;  // the northern plains are smooth
    float ice = 0;
    if (p[2] > 0.93f)
        polar(p, seed, &dark, &ice, &tint, &height);
    out[0] = dark, out[1] = ice, out[2] = height, out[3] = tint;
}

static ptrdiff_t face_size(int face)
{
    return face == GRAIN ? PLANET_MAP_GRAIN : face == NORTH_FACE ? PLANET_MAP_NORTH : PLANET_MAP_SIDE;
}

static ptrdiff_t words_of(ptrdiff_t size)
{
    ptrdiff_t words = 0;
    for (int level = 0; level < PLANET_MAP_LEVELS; level++, size /= 2)
        words += FIELDS * size * size;
    return words;
}

static ptrdiff_t start_of(int face)
{
    ptrdiff_t start = 0;
    for (int i = 0; i < face; i++)
        start += words_of(face_size(i));
    return start;
}

// Face 2 a looks along axis a, face 2 a + 1 against it; u and v along the next two axes.
static void direction_of(int face, float u, float v, float out[3])
{
    int a = face >> 1;
    float q = 1 / sqrtf(1 + u * u + v * v);
    out[a] = face & 1 ? -q : q;
    out[(a + 1) % 3] = u * q;
    out[(a + 2) % 3] = v * q;
}

static int place_on(const float p[3], int face, float *u, float *v)
{
    int a = face >> 1;
    float depth = face & 1 ? -p[a] : p[a];
    if (depth < 0.3f)
        return 0;
    *u = p[(a + 1) % 3] / depth;
    *v = p[(a + 2) % 3] / depth;
    return 1;
}

static float share(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(mix(*state) >> 8) * (1.0f / 16777216);
}

// Bowls with raised rims, many small and few large; the northern plains have fewer.
static void stamp_craters(float *height, int face, uint32_t seed)
{
    int32_t n = (int32_t)face_size(face);
    uint32_t state = mix(seed + 77);
    for (int i = 0; i < CRATERS; i++) {
        float z = share(&state) * 2 - 1, turn = share(&state), size = share(&state), keep = share(&state);
        double s, c;
        dmath_sincos(2 * DMATH_PI * (double)turn, &s, &c);
        float across = sqrtf(most_of(0, 1 - z * z));
        float centre[3] = {across * (float)c, across * (float)s, z}, u, v;
        float radius = 0.0021f / sqrtf(size + 0.0008f);  // rad
        if ((z > 0.2f && keep > 0.35f) || z > 0.975f || !place_on(centre, face, &u, &v))
            continue;
        float reach = 2.2f * radius * (1 + u * u + v * v);
        int32_t i0 = floor_of((u - reach + 1) * 0.5f * (float)n), i1 = floor_of((u + reach + 1) * 0.5f * (float)n) + 1;
        int32_t j0 = floor_of((v - reach + 1) * 0.5f * (float)n), j1 = floor_of((v + reach + 1) * 0.5f * (float)n) + 1;
        float km = radius * 3390, deep = 0.11f * least_of(km, 10) + 0.012f * most_of(0, km - 10);
        for (int32_t j = j0 < 0 ? 0 : j0; j < (j1 < n ? j1 : n); j++)
            for (int32_t k = i0 < 0 ? 0 : i0; k < (i1 < n ? i1 : n); k++) {
                float p[3];
                direction_of(face, ((float)k + 0.5f) * 2 / (float)n - 1, ((float)j + 0.5f) * 2 / (float)n - 1, p);
                float way[3] = {p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]};
                float r2 = dot(way, way) / (radius * radius);
                float rim = (r2 - 1) * (r2 > 1 ? 0.8f : 3);
                if (r2 < 4.8f)
                    height[j * (ptrdiff_t)n + k] += deep * (0.30f / (1 + rim * rim) - (r2 < 1 ? (1 - r2) * (1 - r2 * 0.5f) : 0));
            }
    }
}

static uint16_t word_of(float x) { return (uint16_t)(unit(x) * 65535 + 0.5f); }

static void make_halves(uint16_t *map, ptrdiff_t n)
{
    for (int level = 1; level < PLANET_MAP_LEVELS; level++, n /= 2) {
        uint16_t *to = map + FIELDS * n * n;
        for (ptrdiff_t j = 0; j < n / 2; j++)
            for (ptrdiff_t i = 0; i < n / 2; i++)
                for (int k = 0; k < FIELDS; k++) {
                    const uint16_t *from = map + FIELDS * (2 * j * n + 2 * i) + k;
                    uint32_t sum = (uint32_t)from[0] + from[FIELDS] + from[FIELDS * n] + from[FIELDS * n + FIELDS];
                    to[FIELDS * (j * (n / 2) + i) + k] = (uint16_t)((sum + 2) / 4);
                }
        map = to;
    }
}

// Albedo, and slopes along u and v, of hummocks from 9 km to 1.
static void make_grain(uint16_t *texels, float *work, uint32_t seed)
{
    int32_t n = PLANET_MAP_GRAIN;
    for (int32_t i = 0; i < n * n; i++) {
        float x = (float)(i % n) / (float)n, y = (float)(i / n) / (float)n, height = 0, albedo = 0;
        for (int32_t octave = 0; octave < 4; octave++) {
            int32_t cells = 16 << octave;
            float c = (float)cells, h = noise(x * c, y * c, 0.5f, seed + (uint32_t)octave, cells);
            height += h * PLANET_MAP_GRAIN_KM / c;
            albedo += 0.5f * noise(x * c, y * c, 0.5f, seed + 9 + (uint32_t)octave, cells) + 0.2f * h;
        }
        work[i] = height;
        texels[FIELDS * i] = word_of(0.5f + 0.5f * albedo);
        texels[FIELDS * i + 3] = 0;
    }
    float slope = (float)n / (2 * PLANET_MAP_GRAIN_KM);
    for (int32_t i = 0; i < n * n; i++) {
        int32_t row = i / n * n, left = row + ((i - 1) & (n - 1)), right = row + ((i + 1) & (n - 1));
        int32_t above = (i + n * n - n) % (n * n), below = (i + n) % (n * n);
        texels[FIELDS * i + 1] = word_of(0.5f + 0.125f * (work[right] - work[left]) * slope);
        texels[FIELDS * i + 2] = word_of(0.5f + 0.125f * (work[below] - work[above]) * slope);
    }
    make_halves(texels, n);
}

void planet_map_make(uint16_t *map, float *work, uint32_t seed)
{
    patch_t patch[FEATURES];
    make_patches(patch);
    for (int face = 0; face < FACES; face++) {
        ptrdiff_t n = face_size(face);
        uint16_t *texels = map + start_of(face);
        for (ptrdiff_t i = 0; i < n * n; i++) {
            float p[3], field[FIELDS];
            direction_of(face, ((float)(i % n) + 0.5f) * 2 / (float)n - 1, ((float)(i / n) + 0.5f) * 2 / (float)n - 1, p);
            fields_at(p, patch, seed, field);
            for (int k = 0; k < FIELDS; k++)
                texels[FIELDS * i + k] = word_of(field[k]);
            work[i] = field[2];
        }
        stamp_craters(work, face, seed);
        for (ptrdiff_t i = 0; i < n * n; i++)
            texels[FIELDS * i + 2] = word_of(0.5f + work[i] / PLANET_MAP_HEIGHT_KM);
        make_halves(texels, n);
    }
    make_grain(map + start_of(GRAIN), work, seed + 300);
}

// Adds the grain at (u, v) of a face. @return its albedo; slopes as height [km] over u and v.
static float look_at_grain(const uint16_t *map, float u, float v, float footprint_rad, float slope[2])
{
    int32_t n = PLANET_MAP_GRAIN;
    float texels = footprint_rad * (PLANET_MAP_RADIUS_KM / PLANET_MAP_GRAIN_KM) * (float)n;
    for (int level = 1; level < PLANET_MAP_LEVELS && texels > 1.41f; level++) {
        map += FIELDS * n * n;
        n /= 2;
        texels *= 0.5f;
    }
    float keep = texels > 1.41f ? most_of(0, 2.41f - texels) : 1;  // beyond the coarsest it fades away
    if (keep <= 0)
        return slope[0] = slope[1] = 0;
    float scale = (PLANET_MAP_RADIUS_KM / PLANET_MAP_GRAIN_KM) * (float)n, x = u * scale, y = v * scale;
    int32_t i = floor_of(x), j = floor_of(y);
    float fx = x - (float)i, fy = y - (float)j, value[3];
    int32_t i0 = i & (n - 1), i1 = (i + 1) & (n - 1), j0 = (j & (n - 1)) * n, j1 = ((j + 1) & (n - 1)) * n;
    const uint16_t *a = map + FIELDS * (j0 + i0), *b = map + FIELDS * (j0 + i1);
    const uint16_t *c = map + FIELDS * (j1 + i0), *d = map + FIELDS * (j1 + i1);
    for (int k = 0; k < 3; k++) {
        float low = (float)a[k] + ((float)b[k] - (float)a[k]) * fx, high = (float)c[k] + ((float)d[k] - (float)c[k]) * fx;
        value[k] = (low + (high - low) * fy) * (1.0f / 65535) - 0.5f;
    }
    slope[0] = value[1] * (8 * PLANET_MAP_RADIUS_KM * GRAIN_SLOPE) * keep;
    slope[1] = value[2] * (8 * PLANET_MAP_RADIUS_KM * GRAIN_SLOPE) * keep;
    return 2 * value[0] * keep;
}

void planet_map_look(const uint16_t *map, const float direction[3], float footprint_rad, planet_ground_t *out)
{
    int axis = 0;
    float most = 0;
    for (int k = 0; k < 3; k++) {
        float size = direction[k] < 0 ? -direction[k] : direction[k];
        if (size > most)
            most = size, axis = k;
    }
    int face = 2 * axis + (direction[axis] < 0), next = (axis + 1) % 3, last = (axis + 2) % 3;
    float inverse = 1 / most, u = direction[next] * inverse, v = direction[last] * inverse;
    ptrdiff_t n = face_size(face);
    float rough[2];
    out->grain = look_at_grain(map + start_of(GRAIN), u, v, footprint_rad, rough);
    map += start_of(face);
    float texels = footprint_rad * (float)n * 0.5f;
    for (int level = 1; level < PLANET_MAP_LEVELS && texels > 1.41f; level++) {
        map += FIELDS * n * n;
        n /= 2;
        texels *= 0.5f;
    }
    float half = (float)n * 0.5f, x = (u + 1) * half - 0.5f, y = (v + 1) * half - 0.5f, top = (float)(n - 1) * 0.99999f;
    x = x < 0 ? 0 : x > top ? top : x;
    y = y < 0 ? 0 : y > top ? top : y;
    ptrdiff_t i = (ptrdiff_t)x, j = (ptrdiff_t)y;
    float fx = x - (float)i, fy = y - (float)j, value[FIELDS];
    const uint16_t *a = map + FIELDS * (j * n + i), *b = a + FIELDS * n;
    for (int k = 0; k < FIELDS; k++) {
        float low = (float)a[k] + ((float)a[k + FIELDS] - (float)a[k]) * fx;
        float high = (float)b[k] + ((float)b[k + FIELDS] - (float)b[k]) * fx;
        value[k] = (low + (high - low) * fy) * (1.0f / 65535);
    }
    out->dark = value[0];
    out->ice = value[1];
    out->tint = value[3];
    // Height over u and v, then over the direction: u and v are its ratios to the face's axis.
    float scale = PLANET_MAP_HEIGHT_KM / 65535 * half * inverse;
    float along_u = (((float)a[FIELDS + 2] - (float)a[2]) * (1 - fy) + ((float)b[FIELDS + 2] - (float)b[2]) * fy) * scale;
    float along_v = (((float)b[2] - (float)a[2]) * (1 - fx) + ((float)b[FIELDS + 2] - (float)a[FIELDS + 2]) * fx) * scale;
    // Ice lies smoother.
    float uneven = (1 - 0.6f * step_between(0.4f, 0.6f, value[1])) * inverse;
    along_u += rough[0] * uneven;
    along_v += rough[1] * uneven;
    out->gradient[next] = along_u;
    out->gradient[last] = along_v;
    out->gradient[axis] = -(along_u * u + along_v * v) * (direction[axis] < 0 ? -1.0f : 1.0f);
}
