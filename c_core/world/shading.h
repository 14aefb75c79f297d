/// shading.h - the radiance that comes back along one ray.
///
/// Sunlight with a hard or sampled penumbra, GGX highlights, one mirror reflection, light that bounced once
/// and light from a planet near by (both by what is baked per vertex). Radiance in W m^-2 sr^-1 in three bands: 600-700, 500-600, 400-500 nm.
/// A scene is built once, read only afterwards, shareable between threads; the caller owns every array.
#pragma once

#include "world/materials.h"
#include "world/planet.h"
#include "world/ray_group.h"

typedef struct {
    float normal[3], uv[2];  ///< uv in metres on the surface
    float bounce[3];         ///< irradiance after one bounce [W m^-2]
    float open[4];           ///< of the open sky, per unit of radiance: even, and growing along x, y, z
    float spare[4];          ///< the bake keeps its sums here; then, of natural ground, its albedo (world/site.h)
} scene_vertex_t;

typedef struct {
    int32_t corner[3];
    uint16_t material, part;
    float normal[3];
    float spare;
} scene_face_t;

typedef struct {
    const bvh_node_t *nodes;
    const bvh_pack_t *packs;
    scene_vertex_t *vertices;
    const scene_face_t *faces;
    const material_t *materials;
    const float *foil;
    int32_t face_count, vertex_count;
} scene_t;

/// What lies about one scene where it is not alone: asked by rays that leave it. Both in the scene's own axes.
typedef struct {
    int (*blocked)(const void *context, const float point[3], const float direction[3]);
    void (*seen)(const void *context, const float point[3], const float direction[3], float radiance[3]);
    const void *context;
} surroundings_t;

typedef struct {
    float direction[3];    ///< towards the Sun, unit
    float irradiance[3];   ///< W m^-2 in the three bands at the scene
    float radius_rad;      ///< angular radius of the disc
    float sunlit;          ///< share of the disc that no planet hides; irradiance is without the rest
    const planet_t *planet;  ///< that shines back; NULL: none
    float glow[4][3];      ///< of planet_glow, or of sky and ground
    const surroundings_t *around;  ///< NULL: nothing but a planet
} sunlight_t;

/// Looks along a ray. @param root where in the tree the ray starts (see ray_caster_focus); pixel_rad angular
/// size of a pixel; `sun` the direction to use for this sample.
/// @return 0 where nothing is hit (radiance untouched), else a key that changes where part, material,
///         facing or shadow does.
uint32_t shading_radiance(const scene_t *self, const bvh_node_t *root, const sunlight_t *light, const float sun[3],
                          const float origin[3], const float direction[3], float pixel_rad, float radiance[3]);

/// As shading_radiance, of what a ray has met already.
uint32_t shading_of_hit(const scene_t *self, const ray_hit_t *hit, const sunlight_t *light, const float sun[3],
                        const float origin[3], const float direction[3], float pixel_rad, float radiance[3]);

/// As shading_of_hit, of what rays from one point close together have met: the same to the bit, for less, since their
/// rays to the Sun and those of mirrors go through the tree together. radiance: (count, 3). @param count to 64.
void shading_of_hits(const scene_t *self, int32_t count, const ray_hit_t hit[RAY_GROUP_RAYS], const sunlight_t *light,
                     const float sun[3], const float origin[3], float (*direction)[3], float pixel_rad,
                     float (*radiance)[3], uint32_t key[RAY_GROUP_RAYS]);

/// Do neighbours with these keys (0: nothing hit) belong to different things, or differ in brightness, in one band, by
/// more than a smooth surface would? @param faint radiance about which no difference counts.
static inline int shading_differs(uint32_t a, uint32_t b, float bright_a, float bright_b, float faint)
{
    return a != b || (a && (bright_a > 1.7f * bright_b + faint || bright_b > 1.7f * bright_a + faint));
}

/// Fills every vertex's `bounce` and `open`. @param position (vertices, 3), pulled-in start points;
/// hemisphere (count, 3): cosine-distributed unit vectors about +z. Cost: vertices * count rays or two.
void shading_bake(const scene_t *self, const sunlight_t *light, const float *position, const float *hemisphere,
                  int32_t count);
