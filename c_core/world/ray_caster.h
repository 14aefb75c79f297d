/// ray_caster.h - rays against a soup of triangles.
///
/// A tree of boxes, eight to a node (built as a binary tree by the binned surface-area heuristic, then
/// folded), and leaves of up to eight triangles tested together (Moller-Trumbore). Both tests are plain loops
/// over eight lanes, which compilers turn into the widest registers there are. Single precision, only
/// + - * / and comparisons: with contraction off the same hit, to the bit, on every IEEE 754 machine.
/// The caller owns all memory; after the build it is read only and may be shared between threads. Nothing
/// here allocates or fails.
#pragma once

#include <stdint.h>

enum { RAY_CASTER_LANES = 8, RAY_CASTER_MAX_DEPTH = 64 };  ///< Deeper splits become halves by count.

/// leaf[i] >= 0: pack leaf[i]; leaf[i] < 0: node -leaf[i]. Unused lanes have boxes that nothing enters.
typedef struct {
    float low[3][RAY_CASTER_LANES], high[3][RAY_CASTER_LANES];
    int32_t leaf[RAY_CASTER_LANES], spare[RAY_CASTER_LANES];  ///< 256 octets: four cache lines when aligned
} bvh_node_t;

/// Triangles as the test wants them: one corner and two edges each; `face` is the caller's index.
/// Unused lanes have edges of zero, which nothing hits.
typedef struct {
    float corner[3][RAY_CASTER_LANES], edge1[3][RAY_CASTER_LANES], edge2[3][RAY_CASTER_LANES];
    int32_t face[RAY_CASTER_LANES];
} bvh_pack_t;

typedef struct {
    int32_t face;    ///< -1: nothing hit.
    float distance;  ///< In units of the direction's length.
    float u, v;      ///< Barycentric weights of corners 1 and 2.
} ray_hit_t;

/// Octets of scratch that a build of `face_count` triangles needs.
uint64_t ray_caster_scratch_size(int32_t face_count);

/// Builds the tree. @param position (vertices, 3); corner (face_count, 3) vertex indices;
/// nodes: room for face_count + 1; packs: room for face_count; face_count >= 1.
/// @return number of nodes used in the high half, of packs in the low half. O(n log n).
uint64_t ray_caster_build(const float *position, const int32_t *corner, int32_t face_count, bvh_node_t *nodes,
                          bvh_pack_t *packs, void *scratch);

/// Nearest hit with least < distance < most. @param root where to start: `nodes` itself, or a node made by
/// ray_caster_focus for rays within its cone. About 0.1 us for 40,000 triangles.
ray_hit_t ray_caster_nearest(const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                             const float origin[3], const float direction[3], float least, float most);

/// Is anything hit with distance > least?
int ray_caster_blocked(const bvh_node_t *nodes, const bvh_pack_t *packs, const float origin[3],
                       const float direction[3], float least);

/// The parts of the tree that rays from `origin` within a cone (unit axis, cosine and sine of its half
/// angle < 90 deg) may meet, as one node of up to eight: rays of a bundle start there and skip the top of the
/// tree. Conservative, by bounding spheres. @return number of parts; 0: no such ray hits anything.
int ray_caster_focus(const bvh_node_t *nodes, const float origin[3], const float axis[3], float cosine, float sine,
                     bvh_node_t *out);

/// Rays close together: least and greatest of each component of their origins and directions, and of what divides by
/// the direction (both 0 where that says nothing about where a box is entered). What lies below `floor` along `side`
/// none of them meets; side 0: there is no such floor.
typedef struct {
    float origin[3][2], direction[3][2], inverse[3][2], side[3], floor;
} ray_bundle_t;

/// Sets component k of directions and inverses.
void ray_bundle_aim(ray_bundle_t *self, int k, float low, float high);

/// The packs that the rays of a bundle may meet, in no order, each with a distance before which none meets it (in
/// units of the directions' length). @param root as for ray_caster_nearest; leaf and distance: room for `most`.
/// @return how many; -1: more than `most`.
int32_t ray_caster_gather(const bvh_node_t *root, const bvh_node_t *nodes, const ray_bundle_t *rays, int32_t most,
                          int32_t *leaf, float *distance);

/// Many rays at once, for tests: origin and direction (count, 3).
void ray_caster_nearest_many(const bvh_node_t *nodes, const bvh_pack_t *packs, int64_t count,
                             const float *origin, const float *direction, int32_t *face, float *distance);
