#include "world/planet.h"

#include <math.h>

#include "world/dmath.h"

#define INVERSE_PI 0.31830989f
#define AIR_TOP_KM 90.0  ///< Above it there is no light to speak of.
enum { TILE = 8, LANES = 8 };

static inline float most_of(float a, float b) { return a > b ? a : b; }
static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline int32_t least_int(int32_t a, int32_t b) { return a < b ? a : b; }
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

// A ray's share of each of what follows stands in a lane, so that compilers make vectors of the loops. Lanes in which
// a step has no meaning go through it with what they hold; their results are not taken.
typedef float lanes_t[LANES];

// Ground at unit normals. `ground`: whether there is any; the other lanes stay as they are.
static void ground_radiance(const rays_t *self, lanes_t *restrict normal, lanes_t *restrict view, const lanes_t footprint_km,
                            const int32_t ground[LANES], lanes_t *restrict radiance)
{
    static const float red[3] = {0.320f, 0.160f, 0.070f}, yellow[3] = {0.350f, 0.200f, 0.096f},
                       rock[3] = {0.125f, 0.080f, 0.053f}, clean[3] = {0.74f, 0.71f, 0.67f},
                       dusty[3] = {0.33f, 0.235f, 0.165f};
    const planet_t *planet = self->planet;
    float km = (float)planet->equatorial_km;
    lanes_t dark = {0}, ice = {0}, tint = {0}, grain = {0}, g[3] = {{0}};
    for (int i = 0; i < LANES; i++) {
        if (!ground[i])
            continue;
        float direction[3] = {normal[0][i], normal[1][i], normal[2][i]};
        planet_ground_t texel;
        planet_map_look(planet->map, direction, footprint_km[i] / km, &texel);
        dark[i] = texel.dark, ice[i] = texel.ice, tint[i] = texel.tint, grain[i] = texel.grain;
        for (int k = 0; k < 3; k++)
            g[k][i] = texel.gradient[k];
    }
    const float *sun = self->sun;
    lanes_t soil, frozen, icy, sky;
    for (int i = 0; i < LANES; i++) {
        float away = g[0][i] * normal[0][i] + g[1][i] * normal[1][i] + g[2][i] * normal[2][i], tilted[3], length2 = 0;
        for (int k = 0; k < 3; k++) {
            tilted[k] = normal[k][i] - (g[k][i] - away * normal[k][i]) * (1.6f / km);
            length2 += tilted[k] * tilted[k];
        }
        float q = 1 / sqrtf(length2), lit = 0, seen = 0, level = 0, phase = 0;
        for (int k = 0; k < 3; k++) {
            lit += tilted[k] * sun[k] * q;
            seen += tilted[k] * view[k][i] * q;
            level += normal[k][i] * sun[k];
            phase += view[k][i] * sun[k];
        }
        lit = most_of(lit, 0) * step_between(-0.015f, 0.03f, level);
        seen = most_of(seen, 0.03f);
        soil[i] = 0.55f * lit / (lit + seen + 1e-4f) * (1 + 0.30f * phase * most_of(phase, 0)) + 0.62f * lit;
        frozen[i] = lit * (0.92f + 0.08f * phase);
        // A little light comes from the sky when the Sun is low.
        sky[i] = 0.07f * step_between(-0.12f, 0.25f, level);
        // A field that crosses one half makes an edge as sharp as the noise below the texels draws it.
        icy[i] = step_between(0.44f, 0.56f, ice[i] + 0.10f * grain[i]);
        dark[i] = unit(dark[i] + 0.22f * grain[i]);
        tint[i] = unit(tint[i] + 0.20f * grain[i]);
    }
    for (int k = 0; k < 3; k++) {
        float irradiance = planet->irradiance[k];
        for (int i = 0; i < LANES; i++) {
            float dust = red[k] + (yellow[k] - red[k]) * tint[i];
            float bare = dust + (rock[k] - dust) * dark[i];
            float cold = clean[k] + (dusty[k] - clean[k]) * tint[i];
            float colour = bare + (cold - bare) * icy[i];
            float light = colour * INVERSE_PI * irradiance * (soil[i] + (frozen[i] - soil[i]) * icy[i] + sky[i]);
            radiance[k][i] = ground[i] ? light : radiance[k][i];
        }
    }
}

// Adds the air before the ground, and dims the ground.
static void air_over_ground(const rays_t *self, const lanes_t up, const lanes_t level, const lanes_t cosine,
                            const int32_t ground[LANES], lanes_t *restrict radiance)
{
    for (int n = 0; n < 2; n++) {
        const planet_air_t *air = &self->planet->air[n];
        float lowest = 1 / sqrtf(1.5707963f * (float)self->planet->equatorial_km / air->scale_km);
        lanes_t through, share;
        for (int i = 0; i < LANES; i++) {
            float way = 1 / most_of(up[i], lowest), sunward = 1 / most_of(level[i], 0.07f);
            through[i] = fade(air->depth * 0.5f * (way + sunward));
            share[i] = (1 - fade(air->depth * (way + sunward))) * way / (way + sunward);
            share[i] *= scattered(air->forward, cosine[i]) * 0.25f * step_between(-0.16f, 0.14f, level[i]);
        }
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < LANES; i++) {
                float light = radiance[k][i] * through[i] +
                              share[i] * air->albedo[k] * self->planet->irradiance[k] * INVERSE_PI;
                radiance[k][i] = ground[i] ? light : radiance[k][i];
            }
    }
}

// Rays that pass the limb at a height, the Sun at `level` over their lowest points.
static void air_at_limb(const rays_t *self, const lanes_t height_km, const lanes_t level, const lanes_t cosine,
                        const int32_t limb[LANES], lanes_t *restrict radiance, float cover[restrict LANES])
{
    lanes_t clear;
    for (int i = 0; i < LANES; i++)
        clear[i] = 1;
    for (int n = 0; n < 2; n++) {
        const planet_air_t *air = &self->planet->air[n];
        float ways = sqrtf(6.2831853f * (float)self->planet->equatorial_km / air->scale_km);
        lanes_t share;
        for (int i = 0; i < LANES; i++) {
            float depth = air->depth * ways * fade(most_of(height_km[i], 0) / air->scale_km);
            share[i] = (1 - fade(depth)) * scattered(air->forward, cosine[i]) * 0.25f * step_between(-0.16f, 0.14f, level[i]);
            clear[i] *= fade(depth * 0.5f);
        }
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < LANES; i++) {
                float light = radiance[k][i] + share[i] * air->albedo[k] * self->planet->irradiance[k] * INVERSE_PI;
                radiance[k][i] = limb[i] ? light : radiance[k][i];
            }
    }
    for (int i = 0; i < LANES; i++)
        cover[i] = limb[i] ? 1 - clear[i] : cover[i];
}

typedef struct {
    int32_t wanted[LANES];       // 0: nobody asks
    double direction[3][LANES];  // scaled and body-fixed
    lanes_t cosine;              // of the angle between the ray and the Sun
    lanes_t radiance[3], cover;  // answers; cover as of planet_radiance
    lanes_t edge;                // how near the limb passes [km], negative inside
} sight_t;

static void along(const rays_t *self, float pixel_rad, sight_t *restrict s)
{
    const double *origin = self->origin;
    float km = (float)self->planet->equatorial_km;
    double reach[LANES], height[LANES];  // along the ray to the ground, or to its lowest point
    int32_t ground[LANES], limb[LANES], any_ground = 0, any_limb = 0;
    for (int i = 0; i < LANES; i++) {
        double x = s->direction[0][i], y = s->direction[1][i], z = s->direction[2][i];
        double a = x * x + y * y + z * z, b = x * origin[0] + y * origin[1] + z * origin[2], nearest = -b / a;
        double inside = b * b - a * self->outside;
        double miss2 = inside < a ? 1 - inside / a : 0;  // of the lowest point from the centre, squared
        height[i] = sqrt(miss2);
        double to_ground = (-b - sqrt(inside > 0 ? inside : 0)) / a;
        reach[i] = inside > 0 ? to_ground : nearest;
        ground[i] = s->wanted[i] & (nearest > 0) & (inside > 0);
        limb[i] = s->wanted[i] & (nearest > 0) & (inside <= 0);
    }
    for (int i = 0; i < LANES; i++) {
        float height_km = ((float)height[i] - 1) * km;
        s->edge[i] = ground[i] | limb[i] ? height_km : 1e9f;
        limb[i] &= height_km <= (float)AIR_TOP_KM;
        s->cover[i] = (float)ground[i];
        any_ground |= ground[i], any_limb |= limb[i];
    }
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < LANES; i++)
            s->radiance[k][i] = 0;
    lanes_t place[3], level;
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < LANES; i++)
            place[k][i] = (float)(origin[k] + reach[i] * s->direction[k][i]);
    if (any_limb) {
        for (int i = 0; i < LANES; i++) {
            float size2 = place[0][i] * place[0][i] + place[1][i] * place[1][i] + place[2][i] * place[2][i];
            float up = place[0][i] * self->sun[0] + place[1][i] * self->sun[1] + place[2][i] * self->sun[2];
            level[i] = up / sqrtf(size2);
        }
        air_at_limb(self, s->edge, level, s->cosine, limb, s->radiance, s->cover);
    }
    if (!any_ground)
        return;
    lanes_t view[3], up, footprint_km;
    for (int i = 0; i < LANES; i++)
        place[2][i] *= self->stretch;
    for (int i = 0; i < LANES; i++) {
        float q = 1 / sqrtf(place[0][i] * place[0][i] + place[1][i] * place[1][i] + place[2][i] * place[2][i]);
        up[i] = level[i] = 0;
        for (int k = 0; k < 3; k++) {
            place[k][i] *= q;
            view[k][i] = (float)-s->direction[k][i] / (k == 2 ? self->stretch : 1);
            level[i] += place[k][i] * self->sun[k];
            up[i] += place[k][i] * view[k][i];
        }
        footprint_km[i] = (float)reach[i] * km * pixel_rad / sqrtf(most_of(up[i], 0.05f));
    }
    ground_radiance(self, place, view, footprint_km, ground, s->radiance);
    air_over_ground(self, up, level, s->cosine, ground, s->radiance);
}

// Turned into the scaled axes, and against the Sun. Lanes of v by component.
static inline void aim(const double turn[9], const double sun[3], double v[restrict 3][LANES], sight_t *restrict sight)
{
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < LANES; i++)
            sight->direction[k][i] = turn[3 * k] * v[0][i] + turn[3 * k + 1] * v[1][i] + turn[3 * k + 2] * v[2][i];
    for (int i = 0; i < LANES; i++)
        sight->cosine[i] = (float)(v[0][i] * sun[0] + v[1][i] * sun[1] + v[2][i] * sun[2]);
}

void planet_radiance(const planet_t *self, int32_t count, double (*direction)[3], float pixel_rad, float (*radiance)[3],
                     float *hidden)
{
    rays_t rays = prepare(self);
    sight_t sight;
    for (int32_t first = 0; first < count; first += LANES) {
        double v[3][LANES];
        for (int i = 0; i < LANES; i++) {
            sight.wanted[i] = first + i < count;
            const double *d = direction[sight.wanted[i] ? first + i : count - 1];
            double q = 1 / sqrt(dot(d, d));
            for (int k = 0; k < 3; k++)
                v[k][i] = d[k] * q;
        }
        aim(rays.turn, self->sun, v, &sight);
        along(&rays, pixel_rad, &sight);
        for (int i = 0; i < LANES && first + i < count; i++) {
            for (int k = 0; k < 3; k++)
                radiance[first + i][k] = sight.radiance[k][i];
            if (hidden)
                hidden[first + i] = sight.cover[i];
        }
    }
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
    double sine = self->equatorial_km / distance, least_cosine = sqrt(1 - sine * sine), ray[RAYS][3];
    float share = (float)(0.5 * (1 - least_cosine)) / (float)RAYS, seen[RAYS][3];
    for (int i = 0; i < RAYS; i++) {
        double cosine = 1 - (1 - least_cosine) * (i + 0.5) / (double)RAYS, across = sqrt(1 - cosine * cosine), s, c;
        dmath_sincos(2.399963229728653 * i, &s, &c);
        for (int k = 0; k < 3; k++)
            ray[i][k] = cosine * axis[k] + across * (c * side[k] + s * up[k]);
    }
    planet_radiance(self, RAYS, ray, 0.05f, seen, 0);
    for (int i = 0; i < 4; i++)
        glow[i][0] = glow[i][1] = glow[i][2] = 0;
    for (int i = 0; i < RAYS; i++)
        for (int k = 0; k < 3; k++) {
            glow[0][k] += share * seen[i][k];
            for (int j = 0; j < 3; j++)
                glow[1 + j][k] += 3 * share * (float)ray[i][j] * seen[i][k];
        }
}

typedef struct {
    const canvas_t *canvas;
    const lens_t *lens;
    rays_t rays;
    double turn[9], sun[3];  // of the row: lens -> scaled body-fixed; the Sun in lens axes
    float pixel_rad, limb_km;
} picture_t;

static void look(const picture_t *self, const lanes_t x, const lanes_t y, sight_t *sight)
{
    double v[3][LANES];
    for (int i = 0; i < LANES; i++) {
        float f[3];
        optics_unproject(self->lens, x[i], y[i], f);
        for (int k = 0; k < 3; k++)
            v[k][i] = (double)f[k];
    }
    aim(self->turn, self->sun, v, sight);
    along(&self->rays, self->pixel_rad, sight);
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

// The limb runs through a pixel whose middle has been seen: more rays, in a pattern of low discrepancy.
static void refine(const picture_t *self, int32_t x, int32_t y, float light[3], float *cover)
{
    enum { MORE = LANES - 1 };
    lanes_t dx, dy;
    sight_t sight;
    for (int s = 0; s < LANES; s++) {
        float u = 0.5f + (float)s * 0.7548776662f, v = 0.5f + (float)s * 0.5698402910f;
        sight.wanted[s] = 1;
        dx[s] = (float)x + (u - (float)(int32_t)u) - 0.5f, dy[s] = (float)y + (v - (float)(int32_t)v) - 0.5f;
    }
    look(self, dx, dy, &sight);
    for (int s = 1; s <= MORE; s++) {
        *cover += sight.cover[s];
        for (int k = 0; k < 3; k++)
            light[k] += sight.radiance[k][s];
    }
    *cover *= 1.0f / (MORE + 1);
    for (int k = 0; k < 3; k++)
        light[k] *= 1.0f / (MORE + 1);
}

// Draws pixels x0 to x1 of a row, at most as many as there are lanes. `ends`: grows to hold those on which light or
// shade fell. @return how many.
static int32_t draw_some(const picture_t *self, int32_t x0, int32_t x1, int32_t y, int32_t ends[2])
{
    float *pixel = self->canvas->radiance + 4 * ((int64_t)y * self->canvas->width + x0);
    int32_t any = 0, drawn = 0;
    sight_t sight;
    lanes_t across, down;
    for (int i = 0; i < LANES; i++) {
        sight.wanted[i] = x0 + i < x1 && pixel[4 * i + 3] < 1;
        any |= sight.wanted[i];
        across[i] = (float)(x0 + i), down[i] = (float)y;
    }
    if (!any)
        return 0;
    look(self, across, down, &sight);
    for (int32_t i = 0; i < x1 - x0; i++) {
        float *p = pixel + 4 * i, edge = sight.edge[i], cover = sight.cover[i];
        float light[3] = {sight.radiance[0][i], sight.radiance[1][i], sight.radiance[2][i]};
        if (!sight.wanted[i] || edge > (float)AIR_TOP_KM)
            continue;
        if (edge < self->limb_km && edge > -self->limb_km)
            refine(self, x0 + i, y, light, &cover);
        float behind = 1 - p[3];
        for (int k = 0; k < 3; k++)
            p[k] += behind * light[k];
        p[3] = least_of(p[3] + behind * cover, 1);
        ends[0] = least_int(ends[0], x0 + i), ends[1] = x0 + i + 1;
        drawn++;
    }
    return drawn;
}

int32_t planet_draw(const canvas_t *canvas, const lens_t *lens, const view_t *view, const planet_t *planet)
{
    picture_t self = {.canvas = canvas, .lens = lens, .rays = prepare(planet), .pixel_rad = (float)(1 / lens->focal_px)};
    double distance = sqrt(dot(planet->centre_km, planet->centre_km));
    double limb = self.rays.outside > 0 ? sqrt(self.rays.outside) * planet->equatorial_km : 0;
    self.limb_km = (float)limb * self.pixel_rad * 1.2f;
    // A tile is passed by when the ray through its middle is farther from the centre than the air and the tile
    // reach; between rows it also turns.
    double turning = sqrt(dot(view->rate, view->rate)) * view->line_time_s * (double)TILE;
    double reach = dmath_asin((planet->equatorial_km + AIR_TOP_KM) / distance) + (double)self.pixel_rad * (double)TILE + turning;
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
            first = least_int(tx, first);
            last = tx + TILE;
        }
        last = least_int(last, canvas->width);
        for (int32_t y = ty; y < ty + TILE && y < canvas->height && first < last; y++) {
            double rotation[9];
            optics_rotation_at(view, (y - (canvas->height - 1) / 2.0) * view->line_time_s, rotation);
            row_turn(&self, rotation);
            int32_t ends[2] = {canvas->width, 0};
            for (int32_t x = first; x < last; x += LANES)
                drawn += draw_some(&self, x, least_int(x + LANES, last), y, ends);
            int32_t *span = canvas->span + 2 * (int64_t)y;
            if (ends[0] < ends[1]) {
                int empty = span[0] == span[1];
                span[0] = empty || ends[0] < span[0] ? ends[0] : span[0];
                span[1] = empty || ends[1] > span[1] ? ends[1] : span[1];
            }
        }
    }
    return drawn;
}
