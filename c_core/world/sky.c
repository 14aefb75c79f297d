#include "world/sky.h"

#include <math.h>

#include "world/dmath.h"

static double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static int32_t floor_of(double x)
{
    int32_t i = (int32_t)x;
    return i - (x < i);
}

double sky_lambert_phase(double phase_rad)
{
    double s, c;
    dmath_sincos(phase_rad, &s, &c);
    return (s + (DMATH_PI - phase_rad) * c) / DMATH_PI;
}

// Adds radiance behind what covers the pixel.
static int add(const canvas_t *canvas, int32_t x, int32_t y, const float light[3])
{
    if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
        return 0;
    float *p = canvas->radiance + 4 * ((int64_t)y * canvas->width + x);
    for (int k = 0; k < 3; k++)
        p[k] += (1 - p[3]) * light[k];
    int32_t *span = canvas->span + 2 * (int64_t)y;
    if (span[0] == span[1]) {
        span[0] = x, span[1] = x + 1;
    } else {
        span[0] = x < span[0] ? x : span[0];
        span[1] = x + 1 > span[1] ? x + 1 : span[1];
    }
    return 1;
}

// A point's irradiance, as radiance over the solid angle of a pixel on the boresight, shared between four pixels.
static int splat(const canvas_t *canvas, const lens_t *lens, double x, double y, const float irradiance[3], double share)
{
    int32_t i = floor_of(x), j = floor_of(y);
    if (i < -1 || j < -1 || i >= canvas->width || j >= canvas->height)
        return 0;
    double fx = x - i, fy = y - j, scale = lens->focal_px * lens->focal_px * share;
    int any = 0;
    for (int k = 0; k < 4; k++) {
        float w = (float)(scale * (k & 1 ? fx : 1 - fx) * (k & 2 ? fy : 1 - fy));
        float light[3] = {irradiance[0] * w, irradiance[1] * w, irradiance[2] * w};
        any |= add(canvas, i + (k & 1), j + (k >> 1), light);
    }
    return any;
}

// How many instants a point's trail needs so that they touch.
static int32_t trail_steps(const lens_t *lens, const view_t *view)
{
    double smear = sqrt(dot(view->rate, view->rate)) * view->exposure_s * lens->focal_px;
    return smear < 0.3 ? 1 : smear > 2000 ? 4000 : 1 + (int32_t)(smear * 2);
}

static int draw_point(const canvas_t *canvas, const lens_t *lens, const view_t *view, const double direction[3],
                      const float irradiance[3])
{
    int any = 0;
    int32_t steps = trail_steps(lens, view);
    for (int32_t i = 0; i < steps; i++) {
        double x, y, when = ((i + 0.5) / steps - 0.5) * view->exposure_s;
        if (optics_project_rolling(lens, view, canvas->height, direction, when, &x, &y))
            any |= splat(canvas, lens, x, y, irradiance, 1.0 / steps);
    }
    return any;
}

// Mean radiance of the body over one pixel, by `grid`^2 rays. @return 0 if none meets it.
static int pixel_of_body(const sky_body_t *body, const lens_t *lens, const double rotation[9], int32_t x, int32_t y,
                         int32_t grid, float light[3])
{
    double sine = dmath_sin(body->angular_radius), sine2 = sine * sine, sum = 0;
    for (int32_t j = 0; j < grid; j++)
        for (int32_t i = 0; i < grid; i++) {
            float d[3];
            double ray[3];
            optics_unproject(lens, (float)x + ((float)i + 0.5f) / (float)grid - 0.5f,
                             (float)y + ((float)j + 0.5f) / (float)grid - 0.5f, d);
            for (int k = 0; k < 3; k++)
                ray[k] = rotation[3 * k] * (double)d[0] + rotation[3 * k + 1] * (double)d[1] + rotation[3 * k + 2] * (double)d[2];
            // Sphere of radius sine at unit distance; the cross product keeps its digits for tiny angles.
            double length2 = dot(ray, ray), along = dot(ray, body->direction);
            double c[3] = {ray[1] * body->direction[2] - ray[2] * body->direction[1],
                           ray[2] * body->direction[0] - ray[0] * body->direction[2],
                           ray[0] * body->direction[1] - ray[1] * body->direction[0]};
            double miss2 = dot(c, c) / length2;
            if (along <= 0 || miss2 >= sine2)
                continue;
            if (body->luminous) {
                sum += 1;
                continue;
            }
            double length = sqrt(length2), reach = along / length - sqrt(sine2 - miss2), lit = 0;
            for (int k = 0; k < 3; k++)
                lit += (ray[k] / length * reach - body->direction[k]) / sine * body->sun_direction[k];
            sum += lit > 0 ? lit : 0;
        }
    double scale = sum / ((double)grid * grid * DMATH_PI);
    for (int k = 0; k < 3; k++)
        light[k] = (float)scale * body->irradiance[k] * (body->luminous ? 1 / (float)sine2 : body->albedo[k]);
    return sum > 0;
}

int sky_draw_body(const canvas_t *canvas, const lens_t *lens, const view_t *view, const sky_body_t *body)
{
    double x, y;
    if (!optics_project_rolling(lens, view, canvas->height, body->direction, 0, &x, &y))
        return 0;
    double radius_px = body->angular_radius * lens->focal_px * 1.3;  // the lens stretches towards the corner
    if (x < -radius_px - 2 || y < -radius_px - 2 || x > canvas->width + radius_px + 2 || y > canvas->height + radius_px + 2)
        return 0;
    if (radius_px < 0.4) {
        double back[3] = {-body->direction[0], -body->direction[1], -body->direction[2]};
        double phase = dmath_acos(dot(back, body->sun_direction));
        double share = body->luminous ? 1 : 2.0 / 3 * sky_lambert_phase(phase) * body->angular_radius * body->angular_radius;
        float irradiance[3];
        for (int k = 0; k < 3; k++)
            irradiance[k] = body->irradiance[k] * (float)share * (body->luminous ? 1 : body->albedo[k]);
        return draw_point(canvas, lens, view, body->direction, irradiance);
    }
    // At least 64 samples across the disc, so that a thin crescent is there.
    int32_t grid = radius_px > 16 ? 4 : 1 + (int32_t)(32 / radius_px);
    int32_t reach = 2 + (int32_t)radius_px, cx = floor_of(x + 0.5), cy = floor_of(y + 0.5);
    int any = 0;
    for (int32_t j = cy - reach; j <= cy + reach; j++) {
        if (j < 0 || j >= canvas->height)
            continue;
        double rotation[9];
        optics_rotation_at(view, (j - (canvas->height - 1) / 2.0) * view->line_time_s, rotation);
        for (int32_t i = cx - reach; i <= cx + reach; i++) {
            float light[3];
            if (i >= 0 && i < canvas->width && pixel_of_body(body, lens, rotation, i, j, grid, light))
                any |= add(canvas, i, j, light);
        }
    }
    return any;
}

int32_t sky_draw_stars(const canvas_t *canvas, const lens_t *lens, const view_t *view, int32_t count,
                       const float *direction, const float *irradiance)
{
    int32_t seen = 0;
    double edge = dmath_cos(lens->edge_rad < 1.5 ? lens->edge_rad : 1.5);
    double turned = sqrt(dot(view->rate, view->rate)) * (canvas->height * view->line_time_s + view->exposure_s);
    for (int32_t i = 0; i < count; i++) {
        double d[3] = {direction[3 * i], direction[3 * i + 1], direction[3 * i + 2]};
        double along = view->rotation[2] * d[0] + view->rotation[5] * d[1] + view->rotation[8] * d[2];
        if (along + turned < edge)
            continue;
        seen += draw_point(canvas, lens, view, d, irradiance + 3 * (int64_t)i);
    }
    return seen;
}
