#include "world/shading.h"

#include <math.h>

#define LIFT_M 1.0e-3f       ///< Secondary rays start this far off the surface.
#define INVERSE_PI 0.31830989f
#define MIRROR_BLUR_RAD 0.02f  ///< No foil is flat enough to show more of a planet.

static inline float dot(const float a[3], const float b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static inline void normalise(float a[3])
{
    float q = 1.0f / sqrtf(dot(a, a) + 1e-30f);
    a[0] *= q, a[1] *= q, a[2] *= q;
}

static inline float most_of(float a, float b) { return a > b ? a : b; }
static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float unit(float x) { return x < 0 ? 0.0f : x > 1 ? 1.0f : x; }

// Two unit vectors that complete n to a right-handed frame (Frisvad's construction, both poles).
static inline void frame_about(const float n[3], float s[3], float t[3])
{
    float sign = n[2] >= 0 ? 1.0f : -1.0f, a = -1.0f / (sign + n[2]), b = n[0] * n[1] * a;
    s[0] = 1 + sign * n[0] * n[0] * a, s[1] = sign * b, s[2] = -sign * n[0];
    t[0] = b, t[1] = sign + n[1] * n[1] * a, t[2] = -n[1];
}

typedef struct {
    float point[3], normal[3], facing[3];  // facing: geometric normal on the viewer's side
    float uv[2], bounce[3];  // bounce: and the planet's light
    const material_t *material;
    const scene_face_t *face;
} surface_t;

// What comes back from a planet reaches the surface as far as the sky is open there.
static void add_glow(const float glow[4][3], const scene_vertex_t *a, const scene_vertex_t *b, const scene_vertex_t *c,
                     float u, float v, float out[3])
{
    float open[4];
    for (int i = 0; i < 4; i++)
        open[i] = a->open[i] * (1 - u - v) + b->open[i] * u + c->open[i] * v;
    for (int k = 0; k < 3; k++)
        out[k] += most_of(open[0] * glow[0][k] + open[1] * glow[1][k] + open[2] * glow[2][k] + open[3] * glow[3][k], 0);
}

static void surface_at(const scene_t *self, const sunlight_t *light, const ray_hit_t *hit, const float origin[3],
                       const float direction[3], surface_t *out)
{
    const scene_face_t *face = &self->faces[hit->face];
    const scene_vertex_t *a = &self->vertices[face->corner[0]], *b = &self->vertices[face->corner[1]],
                         *c = &self->vertices[face->corner[2]];
    float u = hit->u, v = hit->v, w = 1 - u - v;
    for (int k = 0; k < 3; k++) {
        out->normal[k] = a->normal[k] * w + b->normal[k] * u + c->normal[k] * v;
        out->bounce[k] = (a->bounce[k] * w + b->bounce[k] * u + c->bounce[k] * v) * light->sunlit;
        out->facing[k] = face->normal[k];
    }
    if (light->planet || light->around)
        add_glow(light->glow, a, b, c, u, v, out->bounce);
    out->uv[0] = a->uv[0] * w + b->uv[0] * u + c->uv[0] * v;
    out->uv[1] = a->uv[1] * w + b->uv[1] * u + c->uv[1] * v;
    normalise(out->normal);
    if (dot(out->facing, direction) > 0)
        for (int k = 0; k < 3; k++)
            out->facing[k] = -out->facing[k];
    if (dot(out->normal, out->facing) < 0)
        for (int k = 0; k < 3; k++)
            out->normal[k] = -out->normal[k];
    for (int k = 0; k < 3; k++)
        out->point[k] = origin[k] + direction[k] * hit->distance + out->facing[k] * LIFT_M;
    out->material = &self->materials[face->material];
    out->face = face;
}

static inline int sees_sun(const scene_t *self, const sunlight_t *light, const float point[3], const float sun[3])
{
    return !ray_caster_blocked(self->nodes, self->packs, point, sun, 1e-4f) &&
           !(light->around && light->around->blocked(light->around->context, point, sun));
}

// What a reflected or bounced ray meets: no textures, no highlights, no further bounce.
static void plain_radiance(const scene_t *self, const sunlight_t *light, const ray_hit_t *hit, const float origin[3],
                           const float direction[3], float out[3])
{
    surface_t s;
    surface_at(self, light, hit, origin, direction, &s);
    float lit = dot(s.facing, light->direction);
    if (lit <= 0 || !sees_sun(self, light, s.point, light->direction))
        lit = 0;
    const material_t *m = s.material;
    for (int k = 0; k < 3; k++)
        out[k] = (m->diffuse[k] + 0.5f * m->specular[k]) * INVERSE_PI * (lit * light->irradiance[k] + s.bounce[k]);
}

uint32_t shading_radiance(const scene_t *self, const bvh_node_t *root, const sunlight_t *light, const float sun[3],
                          const float origin[3], const float direction[3], float pixel_rad, float radiance[3])
{
    ray_hit_t hit = ray_caster_nearest(root, self->nodes, self->packs, origin, direction, 1e-3f, 1e30f);
    return hit.face < 0 ? 0 : shading_of_hit(self, &hit, light, sun, origin, direction, pixel_rad, radiance);
}

uint32_t shading_of_hit(const scene_t *self, const ray_hit_t *hit, const sunlight_t *light, const float sun[3],
                        const float origin[3], const float direction[3], float pixel_rad, float radiance[3])
{
    surface_t s;
    surface_at(self, light, hit, origin, direction, &s);
    const material_t *m = s.material;
    float view[3] = {-direction[0], -direction[1], -direction[2]};
    float diffuse[3] = {m->diffuse[0], m->diffuse[1], m->diffuse[2]};
    float specular[3] = {m->specular[0], m->specular[1], m->specular[2]};
    float footprint = hit->distance * pixel_rad / most_of(dot(s.facing, view), 0.15f);
    if (m->texture > 0)
        materials_texture(m, s.uv[0], s.uv[1], footprint, diffuse, specular);

    float widened = 0, n[3] = {s.normal[0], s.normal[1], s.normal[2]};
    if (m->crumple > 0) {
        float slope[2], variance, e1[3], e2[3], scale = m->crumple_scale;
        materials_foil_slope(self->foil, s.uv[0] * scale, s.uv[1] * scale, footprint * scale, slope, &variance);
        frame_about(s.normal, e1, e2);
        for (int k = 0; k < 3; k++)
            n[k] -= m->crumple * (slope[0] * e1[k] + slope[1] * e2[k]);
        normalise(n);
        widened = least_of(variance * m->crumple * m->crumple, 0.3f);
    }

    float nv = most_of(dot(n, view), 0.04f), nl = dot(n, sun);
    int shaded = dot(s.facing, sun) > 1e-3f && !sees_sun(self, light, s.point, sun);
    int lit = nl > 0 && dot(s.facing, sun) > 1e-3f && !shaded;
    for (int k = 0; k < 3; k++)
        radiance[k] = 0;
    if (lit) {
        float half[3] = {view[0] + sun[0], view[1] + sun[1], view[2] + sun[2]}, gloss[3];
        normalise(half);
        materials_specular(m, specular, nl, nv, unit(dot(n, half)), unit(dot(view, half)), widened, gloss);
        for (int k = 0; k < 3; k++)
            radiance[k] = (diffuse[k] * INVERSE_PI + gloss[k]) * nl * light->irradiance[k];
    }

    // Light that came by way of other surfaces: the diffuse part, and the lobes too broad for one ray.
    float mirror = m->mirror * (1 - m->broad);
    for (int k = 0; k < 3; k++)
        radiance[k] += (diffuse[k] + (1 - mirror) * specular[k]) * s.bounce[k] * INVERSE_PI;
    if (mirror > 0) {
        float r[3], twice = 2 * dot(n, view);
        for (int k = 0; k < 3; k++)
            r[k] = twice * n[k] - view[k];
        float below = dot(r, s.facing);  // a crease must not look into its own surface
        if (below < 0.02f)
            for (int k = 0; k < 3; k++)
                r[k] -= (below - 0.02f) * s.facing[k];
        normalise(r);
        ray_hit_t other = ray_caster_nearest(self->nodes, self->nodes, self->packs, s.point, r, 1e-4f, 1e30f);
        if (other.face >= 0 || light->planet || light->around) {
            float seen[3], f = 1 - nv, f5 = f * f;
            f5 = f5 * f5 * f;
            if (other.face >= 0) {
                plain_radiance(self, light, &other, s.point, r, seen);
            } else if (light->around) {
                light->around->seen(light->around->context, s.point, r, seen);
            } else {
                double ray[3] = {(double)r[0], (double)r[1], (double)r[2]};
                planet_radiance(light->planet, ray, MIRROR_BLUR_RAD, seen);
            }
            for (int k = 0; k < 3; k++)
                radiance[k] += mirror * (specular[k] + (most_of(1 - m->roughness, specular[k]) - specular[k]) * f5) *
                               seen[k];
        }
    }
    const float *g = s.face->normal;
    uint32_t facing = (uint32_t)(g[0] * 2.4f + 2.5f) + 5u * (uint32_t)(g[1] * 2.4f + 2.5f) +
                      25u * (uint32_t)(g[2] * 2.4f + 2.5f);
    return 1u + ((uint32_t)s.face->part << 16 | (uint32_t)s.face->material << 9 | (uint32_t)shaded << 8 | facing);
}

void shading_bake(const scene_t *self, const sunlight_t *light, const float *position, const float *hemisphere,
                  int32_t count)
{
    for (int32_t i = 0; i < self->vertex_count; i++) {
        scene_vertex_t *vertex = &self->vertices[i];
        const float *n = vertex->normal;
        float origin[3], e1[3], e2[3], sum[3] = {0, 0, 0}, open[4] = {0, 0, 0, 0};
        frame_about(n, e1, e2);
        for (int k = 0; k < 3; k++)
            origin[k] = position[3 * (int64_t)i + k] + n[k] * 6e-3f;
        for (int32_t j = 0; j < count; j++) {
            const float *h = hemisphere + 3 * (int64_t)j;
            float d[3], seen[3];
            for (int k = 0; k < 3; k++)
                d[k] = h[0] * e1[k] + h[1] * e2[k] + h[2] * n[k];
            ray_hit_t hit = ray_caster_nearest(self->nodes, self->nodes, self->packs, origin, d, 1e-4f, 1e30f);
            if (hit.face < 0) {
                open[0] += 1;
                for (int k = 0; k < 3; k++)
                    open[1 + k] += d[k];
                continue;
            }
            plain_radiance(self, light, &hit, origin, d, seen);
            for (int k = 0; k < 3; k++)
                sum[k] += seen[k];
        }
        // Cosine-distributed directions: irradiance is pi times the mean radiance. The bounce of this pass must
        // not feed itself, so it is kept aside until every vertex is done.
        for (int k = 0; k < 3; k++)
            vertex->spare[k] = sum[k] * (3.14159265f / (float)count);
        for (int k = 0; k < 4; k++)
            vertex->open[k] = open[k] * (3.14159265f / (float)count);
    }
    for (int32_t i = 0; i < self->vertex_count; i++)
        for (int k = 0; k < 3; k++)
            self->vertices[i].bounce[k] = self->vertices[i].spare[k];
}
