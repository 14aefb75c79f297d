/// ray_beam.h - many rays from one point, close together: a tile of a picture.
///
/// The tree is asked once for the leaves that the whole beam may meet, nearest first. Eight rays then go through
/// that list together, one triangle at a time, with what the triangle and the common origin decide worked out
/// before. Triangles are taken a little larger here; whether the one that was found is hit, and where, says the ray
/// caster's own test of it, and if it is not the ray goes through the tree alone. So the hit is the ray caster's to
/// the bit, unless two faces lie within rounding of each other. Plain loops over lanes, no allocation.
#pragma once

#include "world/ray_caster.h"

enum { RAY_BEAM_PACKS = 48, RAY_BEAM_LANES = 8 };

/// The triangles of one pack, seen from the origin: for a direction d, d.a is the determinant, d.b and d.c are the
/// barycentric weights times it, and e the distance times it.
typedef struct {
    float a[3][RAY_CASTER_LANES], b[3][RAY_CASTER_LANES], c[3][RAY_CASTER_LANES], e[RAY_CASTER_LANES];
    int32_t used;
} ray_beam_pack_t;

typedef struct {
    const bvh_node_t *root, *nodes;
    const bvh_pack_t *packs;
    float origin[3];
    int32_t count;                     ///< -1: too many leaves; each ray goes alone.
    int32_t ready;                     ///< How many of `seen` are worked out.
    int32_t leaf[RAY_BEAM_PACKS];      ///< Packs, nearest first.
    float distance[RAY_BEAM_PACKS];    ///< At least so far.
    ray_beam_pack_t seen[RAY_BEAM_PACKS];
} ray_beam_t;

/// A beam of rows of eight rays, of unit directions by component. @param root of ray_caster_focus for a cone that
/// holds them all.
void ray_beam_aim(ray_beam_t *self, const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                  const float origin[3], float (*direction)[3][RAY_BEAM_LANES], int32_t rows);

/// The nearest hits of one of its rows; least as of the ray caster.
void ray_beam_nearest(ray_beam_t *self, float direction[3][RAY_BEAM_LANES], float least,
                      ray_hit_t hit[RAY_BEAM_LANES]);
