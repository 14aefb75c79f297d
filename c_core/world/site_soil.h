/// site_soil.h - what ground and rocks of a site look like.
///
/// They scatter back towards the Sun, carry a map of small relief and the marks of wheels. Points are shaded eight at
/// a time, and their rays to the Sun go through the tree together.
#pragma once

#include "world/ray_group.h"
#include "world/site.h"

enum { SITE_SOIL_POINTS = RAY_GROUP_RAYS };

/// Points of ground and rock that rays from one eye have met, on the way to what they look like.
typedef struct {
    int32_t count;
    float direction[3][SITE_SOIL_POINTS], point[3][SITE_SOIL_POINTS], distance[SITE_SOIL_POINTS];
    float normal[3][SITE_SOIL_POINTS];  ///< of the relief
    float facing[SITE_SOIL_POINTS];     ///< cosine between the face and the Sun
    float above[3][SITE_SOIL_POINTS];   ///< where rays to the Sun start
    float colour[3][SITE_SOIL_POINTS];  ///< albedo over pi
    float bounce[3][SITE_SOIL_POINTS];  ///< irradiance from all but the Sun
    float lit[SITE_SOIL_POINTS];        ///< cosine between the relief and the Sun; 0 in shade
    uint32_t key[SITE_SOIL_POINTS];     ///< less 1
} site_soil_t;

/// Adds the point of `scene`, of natural material, that a ray (site axes, unit) has met; room for SITE_SOIL_POINTS.
void site_soil_put(site_soil_t *soil, const site_t *self, const scene_t *scene, const ray_hit_t *hit, const float direction[3]);

/// What the points look like, once. @param sun direction to use; origin of the eye; radiance (count, 3). Sets their keys.
void site_soil_see(site_soil_t *soil, const site_t *self, const float sun[3], const float origin[3], float pixel_rad,
                   float (*radiance)[3]);
