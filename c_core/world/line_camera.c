#include "world/line_camera.h"

#include <math.h>

static inline uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    return x ^ x >> 16;
}

static inline double fraction(double x) { return x - (double)(int64_t)x; }

static inline double length_of(const double v[3]) { return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]); }

// Near enough to normal, standard deviation 1: four octets of noise, whose sum has mean 510 and variance 21845.
static inline double bell(uint32_t noise)
{
    uint32_t sum = (noise & 255) + (noise >> 8 & 255) + (noise >> 16 & 255) + (noise >> 24);
    return ((double)sum - 510.0) * (1.0 / 147.80054);
}

typedef struct {
    double x, y, when;  // pixels off the detector's centre, seconds off the middle of the exposure
} sample_t;

// Additive recurrences of low discrepancy (roots of x^4 = x + 1), from a start of the pixel's own.
static sample_t sample_of(const line_camera_t *self, int32_t number, uint32_t own)
{
    double n = number + 0.5;
    uint32_t first = mix(own), second = mix(own + 0x9E3779B9u), noise = mix(own ^ (uint32_t)number * 0x85EBCA77u);
    sample_t s = {
        .x = fraction(n * 0.8191725133961645 + (first & 0xFFFF) * (1.0 / 65536)) - 0.5,
        .y = fraction(n * 0.6710436067037893 + (first >> 16) * (1.0 / 65536)) - 0.5,
        .when = (fraction(n * 0.5497004779019703 + (second & 0xFFFF) * (1.0 / 65536)) - 0.5) * self->exposure_s,
    };
    s.x += self->blur_px * bell(noise);
    s.y += self->blur_px * bell(mix(noise + 1));
    return s;
}

// Where the ray of a sample starts, near the model, and whereto it goes. @return how far off the camera that is.
static double ray_of(const line_camera_t *self, const line_view_t *view, int32_t column, const sample_t *s, float origin[3],
                     float direction[3])
{
    double c[3] = {(column - self->centre_column + s->x) * self->pixel_rad, s->y * self->pixel_rad, 1};
    // The pose turns by microradians within a line.
    const double *w = view->rate;
    double turned[3] = {c[0] + (w[1] * c[2] - w[2] * c[1]) * s->when, c[1] + (w[2] * c[0] - w[0] * c[2]) * s->when,
                        c[2] + (w[0] * c[1] - w[1] * c[0]) * s->when};
    double size = length_of(turned), from[3], along[3];
    const double *r = view->rotation;
    for (int k = 0; k < 3; k++) {
        along[k] = (r[3 * k] * turned[0] + r[3 * k + 1] * turned[1] + r[3 * k + 2] * turned[2]) / size;
        from[k] = view->position[k] + view->velocity[k] * s->when;
    }
    double way = length_of(from) - self->reach_m;
    way = way > 0 ? way : 0;
    for (int k = 0; k < 3; k++) {
        origin[k] = (float)(from[k] + along[k] * way);
        direction[k] = (float)along[k];
    }
    return way;
}

static void draw_pixel(const line_camera_t *self, const scene_t *scene, const sunlight_t *light, const line_view_t *view,
                       int32_t column, uint32_t own, float out[4])
{
    double sum[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < self->samples; i++) {
        sample_t s = sample_of(self, i, own);
        float origin[3], direction[3], seen[3];
        double way = ray_of(self, view, column, &s, origin, direction);
        // What a pixel covers grows with the way from the camera, not from where the ray begins.
        float pixel_rad = (float)(self->pixel_rad * (1 + way / self->reach_m));
        if (shading_radiance(scene, scene->nodes, light, light->direction, origin, direction, pixel_rad, seen)) {
            for (int k = 0; k < 3; k++)
                sum[k] += (double)seen[k];
            sum[3] += 1;
        }
    }
    for (int k = 0; k < 4; k++)
        out[k] = (float)(sum[k] / self->samples);
}

void line_camera_draw(const line_camera_t *self, const scene_t *scene, const sunlight_t *light, const line_view_t *views,
                      int32_t first_line, int32_t lines, float *radiance)
{
    for (int32_t i = 0; i < lines; i++)
        for (int32_t j = 0; j < self->columns; j++) {
            int32_t column = self->first_column + j;
            uint32_t own = mix(((uint32_t)(first_line + i) * 0x9E3779B1u) ^ (uint32_t)column);
            draw_pixel(self, scene, light, &views[i], column, own, radiance + 4 * ((int64_t)i * self->columns + j));
        }
}

void line_camera_read(const line_detector_t *self, const float *electrons, uint64_t seed, int32_t first_line,
                      int32_t lines, int32_t columns, uint8_t *dn)
{
    uint32_t low = mix((uint32_t)seed), high = mix((uint32_t)(seed >> 32) ^ 0xA511E9B3u) ^ low;
    float per_electron = 1 / self->electrons_per_dn, read2 = self->read_noise * self->read_noise;
    for (int32_t i = 0; i < lines; i++) {
        uint32_t line = mix((uint32_t)(first_line + i) ^ low);
        for (int32_t j = 0; j < columns; j++) {
            int64_t at = (int64_t)i * columns + j;
            float e = electrons ? electrons[at] : 0;
            e = e < self->full_well ? e : self->full_well;
            uint32_t noise = mix((line + (uint32_t)j * 0x9E3779B9u) ^ high);
            float value = (e + (float)bell(noise) * sqrtf(e + read2)) * per_electron + self->black_dn + 0.5f;
            value = value > 0 ? value : 0;
            dn[at] = (uint8_t)(value < 255 ? value : 255);
        }
    }
}
