#include "world/optics.h"

#include <math.h>

#include "world/dmath.h"

static double radius_of(const lens_t *self, double t)
{
    double t2 = t * t;
    return t * (1 + t2 * (self->k[0] + t2 * (self->k[1] + t2 * (self->k[2] + t2 * self->k[3]))));
}

static double angle_of(const lens_t *self, double radius)
{
    double t = radius;
    for (int i = 0; i < 12; i++) {
        double t2 = t * t;
        double slope =
            1 + t2 * (3 * self->k[0] + t2 * (5 * self->k[1] + t2 * (7 * self->k[2] + t2 * 9 * self->k[3])));
        t -= (radius_of(self, t) - radius) / (slope > 0.1 ? slope : 0.1);
    }
    return t;
}

void optics_lens_init(lens_t *self, int32_t width, int32_t height, double field_of_view_rad, const double k[4],
                      double illumination_power)
{
    for (int i = 0; i < 4; i++)
        self->k[i] = k[i];
    double half_diagonal = sqrt((double)width * width + (double)height * height) / 2;
    self->focal_px = half_diagonal / radius_of(self, field_of_view_rad / 2);
    self->centre_x = (width - 1) / 2.0;
    self->centre_y = (height - 1) / 2.0;
    // Rays are wanted a little beyond the corner: samples of the last pixels, tiles that overhang.
    double most = (half_diagonal + 64.0) / self->focal_px;
    double step = most * most / (double)OPTICS_TABLE;
    self->edge_rad = angle_of(self, most);
    self->steps_per_radius2 = (float)(1 / step);
    for (int i = 0; i <= OPTICS_TABLE + 1; i++) {
        double radius = sqrt(step * i), t = angle_of(self, radius), sine, cosine;
        dmath_sincos(t, &sine, &cosine);
        self->table[i][0] = radius > 0 ? (float)(sine / radius) : 1.0f;
        self->table[i][1] = (float)cosine;
        self->table[i][2] = (float)dmath_pow(cosine > 1e-3 ? cosine : 1e-3, illumination_power);
    }
}

static inline float table_place(const lens_t *self, float X, float Y, int32_t *at)
{
    float place = (X * X + Y * Y) * self->steps_per_radius2;
    if (!(place < (float)OPTICS_TABLE))
        place = (float)OPTICS_TABLE;
    *at = (int32_t)place;
    return place - (float)*at;
}

void optics_unproject(const lens_t *self, float x, float y, float direction[3])
{
    float scale = (float)(1 / self->focal_px);
    float X = (x - (float)self->centre_x) * scale, Y = (y - (float)self->centre_y) * scale;
    int32_t i;
    float f = table_place(self, X, Y, &i);
    const float *a = self->table[i], *b = self->table[i + 1];
    float sine = a[0] + (b[0] - a[0]) * f;
    direction[0] = X * sine;
    direction[1] = Y * sine;
    direction[2] = a[1] + (b[1] - a[1]) * f;
}

float optics_illumination(const lens_t *self, float x, float y)
{
    float scale = (float)(1 / self->focal_px);
    int32_t i;
    float f = table_place(self, (x - (float)self->centre_x) * scale, (y - (float)self->centre_y) * scale, &i);
    return self->table[i][2] + (self->table[i + 1][2] - self->table[i][2]) * f;
}

int optics_project(const lens_t *self, const double direction[3], double *x, double *y)
{
    double across = sqrt(direction[0] * direction[0] + direction[1] * direction[1]);
    double t = dmath_atan2(across, direction[2]);
    double scale = across > 0 ? self->focal_px * radius_of(self, t) / across : 0;
    *x = self->centre_x + direction[0] * scale;
    *y = self->centre_y + direction[1] * scale;
    return t < self->edge_rad;
}

void optics_rotation_at(const view_t *view, double offset_s, double rotation[9])
{
    double w[3] = {view->rate[0], view->rate[1], view->rate[2]};
    double rate = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
    if (!(rate > 0) || offset_s == 0) {
        for (int i = 0; i < 9; i++)
            rotation[i] = view->rotation[i];
        return;
    }
    double s, c, x = w[0] / rate, y = w[1] / rate, z = w[2] / rate;
    dmath_sincos(rate * offset_s, &s, &c);
    double v = 1 - c;  // Rodrigues
    double turn[9] = {c + x * x * v,     x * y * v - z * s, x * z * v + y * s, y * x * v + z * s, c + y * y * v,
                      y * z * v - x * s, z * x * v - y * s, z * y * v + x * s, c + z * z * v};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            rotation[3 * i + j] = view->rotation[3 * i] * turn[j] + view->rotation[3 * i + 1] * turn[3 + j] +
                                  view->rotation[3 * i + 2] * turn[6 + j];
}

int optics_project_rolling(const lens_t *self, const view_t *view, int32_t height, const double direction[3],
                           double offset_s, double *x, double *y)
{
    double row_s = 0;
    int seen = 0;
    // The row decides the instant and the instant the row: a contraction while the picture turns slower
    // than it is read.
    for (int i = 0; i < 4; i++) {
        double r[9], d[3];
        optics_rotation_at(view, row_s + offset_s, r);
        for (int k = 0; k < 3; k++)
            d[k] = r[k] * direction[0] + r[3 + k] * direction[1] + r[6 + k] * direction[2];
        seen = optics_project(self, d, x, y);
        double row = *y < -64 ? -64 : *y > height + 64 ? height + 64 : *y;
        row_s = (row - (height - 1) / 2.0) * view->line_time_s;
        if (!seen)
            break;
    }
    return seen;
}
