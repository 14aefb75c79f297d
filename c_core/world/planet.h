/// planet.h - a planet near enough to fill the picture: a spheroid with ground, ice and air, lit by the Sun.
///
/// Rays meet the spheroid in double precision. The ground is brighter at low phase and darker where the Sun is
/// low (Lommel-Seeliger and Lambert mixed; ice is Lambert), with slopes from the map's heights and noise below
/// its texels; the air is two layers, dust and a thin high haze, each scattering once. Rows are read one after
/// the other; that the picture smears within an exposure is left out here. What covers a pixel already hides
/// the planet, and the planet covers what is drawn after it.
#pragma once

#include "world/planet_map.h"
#include "world/sky.h"

typedef struct {
    float depth;      ///< optical depth straight up
    float scale_km;   ///< scale height
    float forward;    ///< asymmetry of the scattering, 0 to below 1
    float albedo[3];  ///< of one scattering, per band
} planet_air_t;

typedef struct {
    double centre_km[3];    ///< from the camera, scene frame; outside of the spheroid
    double to_body[9];      ///< row major: body-fixed vector = to_body * scene vector
    double sun[3];          ///< from the planet, unit, scene frame
    double equatorial_km, polar_km;
    float irradiance[3];    ///< sunlight there [W m^-2]
    planet_air_t air[2];
    const uint16_t *map;    ///< of planet_map_make
} planet_t;

/// Radiance along rays from the camera. @param direction (count, 3), scene frame, of any length; pixel_rad: what one
/// sample stands for; radiance (count, 3); hidden (count) or NULL: the share of what is behind that the planet hides, 1
/// on the ground, 0 in the sky. Eight rays take little longer than one.
void planet_radiance(const planet_t *self, int32_t count, double (*direction)[3], float pixel_rad, float (*radiance)[3],
                     float *hidden);

/// Its light as far as surfaces in space notice: radiance, over all directions, about glow[0] + x glow[1] +
/// y glow[2] + z glow[3] (first order of spherical harmonics), per band, scene frame. Cost: 50 us.
void planet_glow(const planet_t *self, float glow[4][3]);

/// Draws the planet behind what is on the canvas. Nothing but a test for each 8 x 8 tile that it does not reach.
/// Cost: 0.15 us a pixel of ground. @return pixels drawn.
int32_t planet_draw(const canvas_t *canvas, const lens_t *lens, const view_t *view, const planet_t *planet);
