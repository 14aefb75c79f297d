/// ground_fan.h - the ground as rings about one eye, and rays from there to it.
///
/// Rays from the eye stay between two columns, so that they find the ground by a search along the rings instead of a
/// tree. Column i is seen at the tangent (i - middle) * step from `ahead`. Plain loops over lanes, no allocation.
#pragma once

#include "world/ray_caster.h"

enum { GROUND_FAN_LANES = 8 };

typedef struct {
    float eye[3];
    float ahead[2];          ///< unit
    float step;
    int32_t columns, rings;  ///< that are so spaced: the first of each ring
    int32_t across;          ///< vertices in a ring of the mesh
    const float *position;   ///< (rings, across, 3)
    const float *steepest;   ///< (columns - 1, rings - 1) greatest slope at which the eye sees a corner of the cell
    const float *risen;      ///< and of all cells up to there
} site_fan_t;

/// The ground that eight rays from the eye meet, or none. Directions unit, by component. @param near where the ray
/// before met it: neighbours do so in the same ring, mostly. @return bit i: the fan cannot tell of ray i.
uint32_t ground_fan_nearest(const site_fan_t *self, float (*direction)[GROUND_FAN_LANES], int32_t *near,
                            ray_hit_t hit[GROUND_FAN_LANES]);
