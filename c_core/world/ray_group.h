/// ray_group.h - up to 64 rays from points of their own, close together: what the surfaces in a tile of a picture ask.
///
/// The tree is asked once for the leaves that any of the rays may meet; all rays then go through that list, one
/// triangle at a time, sixteen rays at once, by the ray caster's own arithmetic: what is hit is the same to the bit
/// (of faces at equal distance it may be another). Groups that spread over too many leaves are cut in two, and in the
/// end rays go alone. Plain loops over lanes, no allocation.
#pragma once

#include "world/ray_caster.h"

enum { RAY_GROUP_RAYS = 64, RAY_GROUP_PACKS = 64, RAY_GROUP_LANES = 16 };

/// By component. `side`: a direction (or 0) away from the surface the rays start from. What lies wholly below the
/// lowest of their origins along it is left out where no ray goes down.
typedef struct {
    int32_t count;
    float side[3];
    float origin[3][RAY_GROUP_RAYS], direction[3][RAY_GROUP_RAYS];
} ray_group_t;

/// Which of the rays, all in this one direction (the group's own are not read), hit anything with distance > least:
/// bit i of the answer for ray i. Writes to origins beyond `count`.
uint64_t ray_group_blocked(ray_group_t *self, const bvh_node_t *nodes, const bvh_pack_t *packs, const float direction[3],
                           float least);

/// The nearest hit of each with distance > least. @param root as for ray_caster_nearest. Writes to origins and
/// directions beyond `count`.
void ray_group_nearest(ray_group_t *self, const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                       float least, ray_hit_t hit[RAY_GROUP_RAYS]);

/// Many rays in groups of 64 as they come, for tests: origin and direction (count, 3), no side.
void ray_group_nearest_many(const bvh_node_t *nodes, const bvh_pack_t *packs, int64_t count, const float *origin,
                            const float *direction, int32_t *face, float *distance);

/// The same of what blocks them: one direction, origin and side (count, 3), of which each group takes its first.
void ray_group_blocked_many(const bvh_node_t *nodes, const bvh_pack_t *packs, int64_t count, const float *origin,
                            const float *side, const float direction[3], uint8_t *blocked);
