/// line_camera.h - a camera with one line of detectors, as it sweeps past a model.
///
/// Camera axes: +z boresight, +x along the line, +y across it. Each line has its own place, velocity, pose and
/// rate; a ray of a sample starts where the camera is at the sample's own instant. Rays begin near the model,
/// found in double precision: in single precision places 100 km away are 8 mm apart.
#pragma once

#include "world/shading.h"

/// How one line looks at the scene, at the middle of its exposure.
typedef struct {
    double position[3];  ///< m, scene frame
    double velocity[3];  ///< m/s, scene frame
    double rotation[9];  ///< row major: scene vector = rotation * camera vector
    double rate[3];      ///< rad/s, camera axes
} line_view_t;

typedef struct {
    double pixel_rad;      ///< angle between two neighbours on the line
    double exposure_s;     ///< of a line
    double blur_px;        ///< of the optics, standard deviation
    double centre_column;  ///< of the boresight
    double reach_m;        ///< radius of a sphere about the scene's origin that holds all of it
    int32_t samples;       ///< rays a pixel
    int32_t first_column, columns;
} line_camera_t;

/// Mean radiance over each detector, the optics' blur and the exposure.
/// @param views of `lines` lines; first_line: number of the first one, which with the column chooses the
/// samples, so that any part of a strip comes out as in the whole. radiance (lines, columns, 4): red, green,
/// blue [W m^-2 sr^-1], coverage 0..1; all of it is written. Cost: 0.1 us a ray that misses.
void line_camera_draw(const line_camera_t *self, const scene_t *scene, const sunlight_t *light, const line_view_t *views,
                      int32_t first_line, int32_t lines, float *radiance);

typedef struct {
    float full_well;         ///< electrons
    float read_noise;        ///< electrons, rms
    float electrons_per_dn;
    float black_dn;
} line_detector_t;

/// Digitises to eight bits. Noise is a function of seed, line and column alone.
/// @param electrons (lines, columns), mean ones; NULL: dark. dn (lines, columns). Cost: 6 ns a pixel.
void line_camera_read(const line_detector_t *self, const float *electrons, uint64_t seed, int32_t first_line,
                      int32_t lines, int32_t columns, uint8_t *dn);
