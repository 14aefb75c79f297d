#include "world/planet.h"

#include <math.h>

#include "world/dmath.h"

#define INVERSE_PI 0.31830989f
#define AIR_TOP_KM 90.0  ///< Above it there is no light to speak of.
#define TILE 8

static inline float most_of(float a, float b) { return a > b ? a : b; }
static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float unit(float x) { return x < 0 ? 0.0f : x > 1 ? 1.0f : x; }
static inline double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static inline float step_between(float low, float high, float x)
{
    float t = unit((x - low) / (high - low));
    return t * t * (3 - 2 * t);
}

// e^-x for x >= 0 within 2e-4, smooth.
static inline float fade(float x)
{
    float y = 1 + x * (0.125f + x * (0.0078125f + x * 0.00032552f));
    y = y * y, y = y * y, y = y * y;
    return 1 / y;
}

// What a picture's rays share. Scaled: the axes stretched so that the spheroid is the unit sphere.
typedef struct {
    const planet_t *planet;
    double turn[9];     // scene -> scaled body-fixed
    double origin[3];   // of the camera, scaled
    double outside;     // origin^2 - 1
    float stretch;      // equatorial / polar
    float sun[3];       // body-fixed
    double sun_scene[3];
    float phase_scale[2];
} rays_t;

static rays_t prepare(const planet_t *planet)
{
    rays_t r = {.planet = planet};
    double stretch = planet->equatorial_km / planet->polar_km;
    r.stretch = (float)stretch;
    for (int i = 0; i < 3; i++) {
        double s = i == 2 ? stretch : 1, sun = 0, centre = 0;
        for (int k = 0; k < 3; k++) {
            r.turn[3 * i + k] = planet->to_body[3 * i + k] * s;
            sun += planet->to_body[3 * i + k] * planet->sun[k];
            centre += r.turn[3 * i + k] * planet->centre_km[k];
        }
        r.sun[i] = (float)sun;
        r.origin[i] = -centre / planet->equatorial_km;
        r.sun_scene[i] = planet->sun[i];
    }
    r.outside = dot(r.origin, r.origin) - 1;
    return r;
}

// Henyey-Greenstein, 1 for even scattering.
static inline float scattered(float g, float cosine)
{
    float q = 1 + g * g - 2 * g * cosine;
    return (1 - g * g) / (q * sqrtf(q));
}

static void ground_colour(const planet_ground_t *ground, float out[3], float *icy)
{
    static const float red[3] = {0.320f, 0.160f, 0.070f}, yellow[3] = {0.350f, 0.200f, 0.096f},
                       rock[3] = {0.125f, 0.080f, 0.053f}, clean[3] = {0.74f, 0.71f, 0.67f},
                       dusty[3] = {0.33f, 0.235f, 0.165f};
    float dark = unit(ground->dark + 0.22f * ground->grain), tint = unit(ground->tint + 0.20f * ground->grain);
    // A field that crosses one half makes an edge as sharp as the noise below the texels draws it.
    float ice = step_between(0.44f, 0.56f, ground->ice + 0.10f * ground->grain);
    for (int k = 0; k < 3; k++) {
        float dust = red[k] + (yellow[k] - red[k]) * tint;
        float bare = dust + (rock[k] - dust) * dark;
        float frozen = clean[k] + (dusty[k] - clean[k]) * tint;
        out[k] = bare + (frozen - bare) * ice;
    }
    *icy = ice;
}

// Ground at a unit normal, seen along `view` (body-fixed, towards the camera).
static void ground_radiance(const rays_t *self, const float normal[3], const float view[3], float footprint_km,
                            float radiance[3])
{
    const planet_t *planet = self->planet;
    float km = (float)planet->equatorial_km;
    planet_ground_t ground;
    planet_map_look(planet->map, normal, footprint_km / km, &ground);
    float colour[3], icy;
    ground_colour(&ground, colour, &icy);
    const float *g = ground.gradient;
    float away = g[0] * normal[0] + g[1] * normal[1] + g[2] * normal[2], tilted[3], length2 = 0;
    for (int k = 0; k < 3; k++) {
        tilted[k] = normal[k] - (g[k] - away * normal[k]) * (1.6f / km);
        length2 += tilted[k] * tilted[k];
    }
    float q = 1 / sqrtf(length2), lit = 0, seen = 0, level = 0, phase = 0;
    for (int k = 0; k < 3; k++) {
        lit += tilted[k] * self->sun[k] * q;
        seen += tilted[k] * view[k] * q;
        level += normal[k] * self->sun[k];
        phase += view[k] * self->sun[k];
    }
    lit = most_of(lit, 0) * step_between(-0.015f, 0.03f, level);
    seen = most_of(seen, 0.03f);
    float soil = 0.55f * lit / (lit + seen + 1e-4f) * (1 + 0.30f * phase * most_of(phase, 0)) + 0.62f * lit;
    float ice = lit * (0.92f + 0.08f * phase);
    // A little light comes from the sky when the Sun is low.
    float sky = 0.07f * step_between(-0.12f, 0.25f, level);
    for (int k = 0; k < 3; k++)
        radiance[k] = colour[k] * INVERSE_PI * planet->irradiance[k] * (soil + (ice - soil) * icy + sky);
}

// Adds the air before the ground, and dims the ground.
static void air_over_ground(const rays_t *self, float up, float level, float cosine, float radiance[3])
{
    for (int i = 0; i < 2; i++) {
        const planet_air_t *air = &self->planet->air[i];
        float longest = sqrtf(1.5707963f * (float)self->planet->equatorial_km / air->scale_km);
        float way = 1 / most_of(up, 1 / longest), sunward = 1 / most_of(level, 0.07f);
        float through = fade(air->depth * 0.5f * (way + sunward));
        float share = (1 - fade(air->depth * (way + sunward))) * way / (way + sunward);
        share *= scattered(air->forward, cosine) * 0.25f * step_between(-0.16f, 0.14f, level);
        for (int k = 0; k < 3; k++)
            radiance[k] = radiance[k] * through + share * air->albedo[k] * self->planet->irradiance[k] * INVERSE_PI;
    }
}

// A ray that passes the limb at a height, its lowest point above `normal` (scaled, near enough).
static float air_at_limb(const rays_t *self, float height_km, float level, float cosine, float radiance[3])
{
    float clear = 1;
    for (int i = 0; i < 2; i++) {
        const planet_air_t *air = &self->planet->air[i];
        float ways = sqrtf(6.2831853f * (float)self->planet->equatorial_km / air->scale_km);
        float depth = air->depth * ways * fade(most_of(height_km, 0) / air->scale_km);
        float share = (1 - fade(depth)) * scattered(air->forward, cosine) * 0.25f * step_between(-0.16f, 0.14f, level);
        for (int k = 0; k < 3; k++)
            radiance[k] += share * air->albedo[k] * self->planet->irradiance[k] * INVERSE_PI;
        clear *= fade(depth * 0.5f);
    }
    return 1 - clear;
}

// One ray, scaled and body-fixed. @param cosine of the angle between the ray and the Sun. `edge`: how near the
// limb passes [km], negative inside.
static float along(const rays_t *self, const double d[3], float cosine, float pixel_rad, float radiance[3], float *edge)
{
    double a = dot(d, d), b = dot(d, self->origin), nearest = -b / a;
    radiance[0] = radiance[1] = radiance[2] = 0;
    *edge = 1e9f;
    if (nearest <= 0)
        return 0;
    double c = self->outside, inside = b * b - a * c;
    float km = (float)self->planet->equatorial_km;
    double miss2 = inside < a ? 1 - inside / a : 0;  // of the lowest point from the centre, squared
    float height_km = ((float)sqrt(miss2) - 1) * km;
    *edge = height_km;
    if (inside <= 0) {
        if (height_km > (float)AIR_TOP_KM)
            return 0;
        float level = 0, size2 = 0, low[3];
        for (int k = 0; k < 3; k++) {
            low[k] = (float)(self->origin[k] + nearest * d[k]);
            size2 += low[k] * low[k];
        }
        for (int k = 0; k < 3; k++)
            level += low[k] * self->sun[k];
        return air_at_limb(self, height_km, level / sqrtf(size2), cosine, radiance);
    }
    double t = (-b - sqrt(inside)) / a;
    float normal[3], size2 = 0, view[3], level = 0, up = 0;
    for (int k = 0; k < 3; k++) {
        normal[k] = (float)(self->origin[k] + t * d[k]) * (k == 2 ? self->stretch : 1);
        size2 += normal[k] * normal[k];
    }
    float q = 1 / sqrtf(size2);
    for (int k = 0; k < 3; k++) {
        normal[k] *= q;
        view[k] = (float)-d[k] / (k == 2 ? self->stretch : 1);
        level += normal[k] * self->sun[k];
        up += normal[k] * view[k];
    }
    float footprint_km = (float)t * km * pixel_rad / sqrtf(most_of(up, 0.05f));
    ground_radiance(self, normal, view, footprint_km, radiance);
    air_over_ground(self, up, level, cosine, radiance);
    return 1;
}

static void turned(const double turn[9], const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = turn[3 * i] * v[0] + turn[3 * i + 1] * v[1] + turn[3 * i + 2] * v[2];
}

float planet_radiance(const planet_t *self, const double direction[3], float pixel_rad, float radiance[3])
{
    rays_t rays = prepare(self);
    double q = 1 / sqrt(dot(direction, direction)), v[3] = {direction[0] * q, direction[1] * q, direction[2] * q}, d[3];
    float edge;
    turned(rays.turn, v, d);
    return along(&rays, d, (float)dot(v, self->sun), pixel_rad, radiance, &edge);
}

void planet_glow(const planet_t *self, float glow[4][3])
{
    enum { RAYS = 192 };
    double distance = sqrt(dot(self->centre_km, self->centre_km)), axis[3], side[3], up[3];
    for (int k = 0; k < 3; k++)
        axis[k] = self->centre_km[k] / distance;
    double sign = axis[2] >= 0 ? 1 : -1, a = -1 / (sign + axis[2]), b = axis[0] * axis[1] * a;
    side[0] = 1 + sign * axis[0] * axis[0] * a, side[1] = sign * b, side[2] = -sign * axis[0];
    up[0] = b, up[1] = sign + axis[1] * axis[1] * a, up[2] = -axis[1];
    // Even over the cap that the disc fills: equal steps of the cosine, turned by the golden angle.
    double sine = self->equatorial_km / distance, least_cosine = sqrt(1 - sine * sine);
    float share = (float)(0.5 * (1 - least_cosine)) / (float)RAYS;
    for (int i = 0; i < 4; i++)
        glow[i][0] = glow[i][1] = glow[i][2] = 0;
    for (int i = 0; i < RAYS; i++) {
        double cosine = 1 - (1 - least_cosine) * (i + 0.5) / (double)RAYS, across = sqrt(1 - cosine * cosine), s, c, ray[3];
        float seen[3];
        dmath_sincos(2.399963229728653 * i, &s, &c);
        for (int k = 0; k < 3; k++)
            ray[k] = cosine * axis[k] + across * (c * side[k] + s * up[k]);
        planet_radiance(self, ray, 0.05f, seen);
        for (int k = 0; k < 3; k++) {
            glow[0][k] += share * seen[k];
            for (int j = 0; j < 3; j++)
                glow[1 + j][k] += 3 * share * (float)ray[j] * seen[k];
        }
    }
}

typedef struct {
    const canvas_t *canvas;
    const lens_t *lens;
    rays_t rays;
    double turn[9], sun[3];  // of the row: lens -> scaled body-fixed; the Sun in lens axes
    float pixel_rad, limb_km;
} picture_t;

static float sample(const picture_t *self, float x, float y, float radiance[3], float *edge)
{
    float f[3];
    optics_unproject(self->lens, x, y, f);
    double v[3] = {f[0], f[1], f[2]}, d[3];
    turned(self->turn, v, d);
    return along(&self->rays, d, (float)dot(v, self->sun), self->pixel_rad, radiance, edge);
}

static void row_turn(picture_t *self, const double rotation[9])
{
    for (int i = 0; i < 3; i++) {
        self->sun[i] = 0;
        for (int k = 0; k < 3; k++) {
            self->sun[i] += rotation[3 * k + i] * self->rays.sun_scene[k];
            self->turn[3 * i + k] = 0;
            for (int j = 0; j < 3; j++)
                self->turn[3 * i + k] += self->rays.turn[3 * i + j] * rotation[3 * j + k];
        }
    }
}

// @return 1 if any light or shade fell on the pixel.
static int pixel(const picture_t *self, int32_t x, int32_t y)
{
    float *p = self->canvas->radiance + 4 * ((int64_t)y * self->canvas->width + x);
    if (p[3] >= 1)
        return 0;
    float light[3], edge, cover = sample(self, (float)x, (float)y, light, &edge);
    if (edge > (float)AIR_TOP_KM)
        return 0;
    if (edge < self->limb_km && edge > -self->limb_km) {
        // The limb runs through: more rays, in a pattern of low discrepancy.
        enum { MORE = 7 };
        for (int s = 1; s <= MORE; s++) {
            float dx = 0.5f + (float)s * 0.7548776662f, dy = 0.5f + (float)s * 0.5698402910f, other[3], ignored;
            dx -= (float)(int32_t)dx, dy -= (float)(int32_t)dy;
            cover += sample(self, (float)x + dx - 0.5f, (float)y + dy - 0.5f, other, &ignored);
            for (int k = 0; k < 3; k++)
                light[k] += other[k];
        }
        cover *= 1.0f / (MORE + 1);
        for (int k = 0; k < 3; k++)
            light[k] *= 1.0f / (MORE + 1);
    }
    float behind = 1 - p[3];
    for (int k = 0; k < 3; k++)
        p[k] += behind * light[k];
    p[3] = least_of(p[3] + behind * cover, 1);
    return 1;
}

int32_t planet_draw(const canvas_t *canvas, const lens_t *lens, const view_t *view, const planet_t *planet)
{
    picture_t self = {.canvas = canvas, .lens = lens, .rays = prepare(planet), .pixel_rad = (float)(1 / lens->focal_px)};
    double distance = sqrt(dot(planet->centre_km, planet->centre_km));
    double limb = self.rays.outside > 0 ? sqrt(self.rays.outside) * planet->equatorial_km : 0;
    self.limb_km = (float)limb * self.pixel_rad * 1.2f;
    // A tile is passed by when the ray through its middle is farther from the centre than the air and the tile
    // reach; between rows it also turns.
    double turning = sqrt(dot(view->rate, view->rate)) * view->line_time_s * TILE;
    double reach = dmath_asin((planet->equatorial_km + AIR_TOP_KM) / distance) + (double)self.pixel_rad * TILE + turning;
    double least_cosine = reach < DMATH_PI ? dmath_cos(reach) : -1;
    int32_t drawn = 0;
    for (int32_t ty = 0; ty < canvas->height; ty += TILE) {
        double middle[9], centre[3];
        optics_rotation_at(view, (ty + TILE / 2 - (canvas->height - 1) / 2.0) * view->line_time_s, middle);
        for (int k = 0; k < 3; k++)
            centre[k] = (middle[k] * planet->centre_km[0] + middle[3 + k] * planet->centre_km[1] +
                         middle[6 + k] * planet->centre_km[2]) / distance;
        int32_t first = canvas->width, last = 0;
        for (int32_t tx = 0; tx < canvas->width; tx += TILE) {
            float f[3];
            optics_unproject(lens, (float)tx + TILE / 2 - 0.5f, (float)ty + TILE / 2 - 0.5f, f);
            if ((double)f[0] * centre[0] + (double)f[1] * centre[1] + (double)f[2] * centre[2] < least_cosine)
                continue;
            first = tx < first ? tx : first;
            last = tx + TILE;
        }
        last = last < canvas->width ? last : canvas->width;
        for (int32_t y = ty; y < ty + TILE && y < canvas->height && first < last; y++) {
            double rotation[9];
            optics_rotation_at(view, (y - (canvas->height - 1) / 2.0) * view->line_time_s, rotation);
            row_turn(&self, rotation);
            int32_t low = canvas->width, high = 0;
            for (int32_t x = first; x < last; x++)
                if (pixel(&self, x, y)) {
                    low = x < low ? x : low;
                    high = x + 1;
                    drawn++;
                }
            int32_t *span = canvas->span + 2 * (int64_t)y;
            if (low < high) {
                int empty = span[0] == span[1];
                span[0] = empty || low < span[0] ? low : span[0];
                span[1] = empty || high > span[1] ? high : span[1];
            }
        }
    }
    return drawn;
}
