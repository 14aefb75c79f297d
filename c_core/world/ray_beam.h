/// ray_beam.h - many rays from one point, close together: a tile of a picture.
///
/// The tree is asked once for the leaves that the whole beam may meet, nearest first. Of their triangles those that
/// the beam may meet are left, with what the triangle and the common origin decide worked out before; sixteen rays at
/// once go through them. Triangles are taken a little larger here; whether the one that was found is hit, and where,
/// says the ray caster's own arithmetic, and if it is not the ray goes through the tree alone. So the hit is the ray
/// caster's to the bit, unless two faces lie within rounding of each other. Plain loops over lanes, no allocation.
#pragma once

#include "world/ray_caster.h"

enum { RAY_BEAM_RAYS = 64, RAY_BEAM_PACKS = 48 };

/// Unit directions, by component.
typedef struct {
    int32_t count;
    float origin[3];
    float direction[3][RAY_BEAM_RAYS];
} ray_beam_t;

/// The nearest hit of each with distance > least. @param root of ray_caster_focus for a cone that holds them all.
/// Writes to directions beyond `count`.
void ray_beam_nearest(ray_beam_t *self, const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                      float least, ray_hit_t hit[RAY_BEAM_RAYS]);
