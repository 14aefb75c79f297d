/// materials.h - what surfaces are made of, and how they scatter sunlight.
///
/// Textures are filtered at the footprint of the pixel: lines and seams by exact integrals, crumpled foil
/// by a chain of slope maps whose lost variance widens the highlight. Nothing sparkles that should not.
#pragma once

#include <stdint.h>

enum material_texture { TEXTURE_PLAIN, TEXTURE_CELLS, TEXTURE_FLAG, TEXTURE_QUILT, TEXTURE_GORES };

/// All floats, so that a table is one array. Reflectances in three bands: red, green, blue.
typedef struct {
    float diffuse[3];        ///< Lambert albedo
    float specular[3];       ///< reflectance at normal incidence
    float roughness;         ///< of the narrow lobe; GGX alpha is its square
    float broad;             ///< share of the broad lobe, 0..1
    float broad_roughness;
    float crumple;           ///< slope of the foil map, 0: flat
    float crumple_scale;     ///< foil maps per span: above 1 finer creases
    float mirror;            ///< share of the narrow lobe that a reflection ray samples; 0: none is cast
    float texture;           ///< one of enum material_texture
    float seam;              ///< darkening at the seams of quilt and gores
    float seam_pitch_m;
    float spare;
} material_t;

/// A square, periodic map of slopes and its box-filtered halves down to 4 x 4, each texel
/// {slope x, slope y, slope^2, 0}; of soil (world/site.h) the last is its brightness about 0.
enum { FOIL_SIZE = 512, FOIL_FLOATS = 4 * (FOIL_SIZE * FOIL_SIZE * 4 - 16) / 3 };
#define FOIL_SPAN_M 1.6f

/// Fills `map` (FOIL_FLOATS): quilted blankets pulled into sharp, shallow creases. Deterministic.
void materials_make_foil(float *map, uint32_t seed);

/// The mean texel about (u, v) [m], over `footprint` [m].
void materials_foil_mean(const float *map, float u, float v, float footprint, float mean[4]);

/// Slopes there, and the variance that was lost with the mean.
void materials_foil_slope(const float *map, float u, float v, float footprint, float slope[2], float *variance);

/// Changes albedo and specular of a textured material at (u, v) [m] seen at `footprint` [m].
void materials_texture(const material_t *self, float u, float v, float footprint, float diffuse[3], float specular[3]);

/// Specular term f_r of the narrow and broad lobe together, per band.
/// nl, nv, nh, vh: cosines; `extra` widens both lobes (slope variance).
void materials_specular(const material_t *self, const float specular[3], float nl, float nv, float nh, float vh,
                        float extra, float out[3]);
