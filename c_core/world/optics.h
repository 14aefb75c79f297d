/// optics.h - a wide-angle lens in front of a rolling shutter.
///
/// Kannala-Brandt projection: image radius = focal * (t + k1 t^3 + k2 t^5 + k3 t^7 + k4 t^9), t the
/// angle off the boresight (J. Kannala, S. Brandt, PAMI 28 (2006); OpenCV's "fisheye"). Lens axes:
/// boresight +z, +x to the right of the picture, +y down; pixel (0, 0) is centred at x = y = 0.
/// Row r of h is exposed (r - (h - 1) / 2) * line_time after mid frame.
#pragma once

#include <stdint.h>

enum { OPTICS_TABLE = 2048 };

/// Immutable after optics_lens_init; shareable. `table` is indexed by squared image radius: smooth in
/// it, so that linear interpolation is good to 1e-7 rad.
typedef struct {
    double focal_px, centre_x, centre_y;
    double k[4];
    double edge_rad;         ///< Angle at the corner of the picture, plus a margin; beyond it nothing is imaged.
    float steps_per_radius2;
    float table[OPTICS_TABLE + 2][3];  ///< sin(t) / radius, cos(t), relative illumination.
} lens_t;

/// How the lens looks at the scene during one frame.
typedef struct {
    double position[3];   ///< m, scene frame
    double rotation[9];   ///< row major: scene vector = rotation * lens vector, at mid frame
    double rate[3];       ///< rad/s, lens axes
    double line_time_s;
    double exposure_s;
} view_t;

/// @param field_of_view_rad across the picture's diagonal. `illumination_power` n: falls off as cos^n.
void optics_lens_init(lens_t *self, int32_t width, int32_t height, double field_of_view_rad, const double k[4],
                      double illumination_power);

/// Unit direction in lens axes of a point of the picture [px].
void optics_unproject(const lens_t *self, float x, float y, float direction[3]);

/// Where a direction (any length, lens axes) falls [px]. @return 0 where it is outside the lens's field.
int optics_project(const lens_t *self, const double direction[3], double *x, double *y);

/// Relative illumination there, 1 on the boresight.
float optics_illumination(const lens_t *self, float x, float y);

/// Rotation of the view `offset_s` after mid frame.
void optics_rotation_at(const view_t *view, double offset_s, double rotation[9]);

/// Where a scene direction falls, allowing for each row's own instant. @param offset_s after the middle of
/// that row's exposure. @return 0 outside.
int optics_project_rolling(const lens_t *self, const view_t *view, int32_t height, const double direction[3],
                           double offset_s, double *x, double *y);
