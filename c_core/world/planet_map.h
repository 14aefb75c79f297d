/// planet_map.h - what the surface of Mars looks like, made by rule.
///
/// Six faces of a cube about the planet, the northern one finer, each with its box-filtered halves. A texel
/// holds four smooth fields, from which the colour is made where it is seen, so that edges stay sharp below
/// the size of a texel: how dark the rock is, how deep inside the ice, the height, and the dust on ice or the
/// tint of rock. Classical albedo features and the residual north polar cap stand where they do on Mars;
/// what is between and within them is noise. Names and sizes after the usual maps; no data set is used.
#pragma once

#include <stdint.h>

enum {
    PLANET_MAP_NORTH = 1024,  ///< Texels across the northern face: 6.6 km each at the pole
    PLANET_MAP_SIDE = 256,    ///< and across each of the others.
    PLANET_MAP_LEVELS = 5,
    PLANET_MAP_GRAIN = 512,   ///< Texels across the grain: what is finer than a face's texels, again and again.
    PLANET_MAP_FIELDS = 4,
    PLANET_MAP_WORDS = PLANET_MAP_FIELDS * ((PLANET_MAP_NORTH * PLANET_MAP_NORTH + 5 * PLANET_MAP_SIDE * PLANET_MAP_SIDE +
                                             PLANET_MAP_GRAIN * PLANET_MAP_GRAIN) * 341 / 256),
};

#define PLANET_MAP_HEIGHT_KM 16.0f  ///< From the lowest to the highest that the map can hold.
#define PLANET_MAP_RADIUS_KM 3390.0f
#define PLANET_MAP_GRAIN_KM 150.0f  ///< After which the grain repeats.

typedef struct {
    float dark;         ///< 0 bright dust to 1 dark rock
    float ice;          ///< above 0.5 inside
    float tint;         ///< of rock: 0 red to 1 yellow; of ice: 0 clean to 1 dusty
    float grain;        ///< -1 to 1: unevenness of albedo below the face's texels
    float gradient[3];  ///< of the height, over a change of the unit direction [km]; the grain's included
} planet_ground_t;

/// Fills `map` (PLANET_MAP_WORDS). @param work PLANET_MAP_NORTH squared floats of scratch. Deterministic. About a
/// second.
void planet_map_make(uint16_t *map, float *work, uint32_t seed);

/// The fields at a unit direction (body-fixed, x prime meridian, z north), averaged over `footprint_rad`.
void planet_map_look(const uint16_t *map, const float direction[3], float footprint_rad, planet_ground_t *out);
