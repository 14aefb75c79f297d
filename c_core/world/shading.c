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

// What a reflected or bounced ray met, sunlit or not: no textures, no highlights, no further bounce.
static void plain_radiance(const sunlight_t *light, const surface_t *s, float lit, float out[3])
{
    const material_t *m = s->material;
    for (int k = 0; k < 3; k++)
        out[k] = (m->diffuse[k] + 0.5f * m->specular[k]) * INVERSE_PI * (lit * light->irradiance[k] + s->bounce[k]);
}

static void plain_of_hit(const scene_t *self, const sunlight_t *light, const ray_hit_t *hit, const float origin[3],
                         const float direction[3], float out[3])
{
    surface_t s;
    surface_at(self, light, hit, origin, direction, &s);
    float lit = dot(s.facing, light->direction);
    plain_radiance(light, &s, lit > 0 && sees_sun(self, light, s.point, light->direction) ? lit : 0, out);
}

typedef struct {
    int32_t count;
    float (*seen[RAY_GROUP_RAYS])[3];
    double direction[RAY_GROUP_RAYS][3];
} skyward_t;

// What rays see that leave the scene.
static void see_planet(const planet_t *planet, skyward_t *rays)
{
    float seen[RAY_GROUP_RAYS][3];
    planet_radiance(planet, rays->count, rays->direction, MIRROR_BLUR_RAD, seen, 0);
    for (int32_t i = 0; i < rays->count; i++)
        for (int k = 0; k < 3; k++)
            (*rays->seen[i])[k] = seen[i][k];
}

// Where a ray of a mirror leaves the scene: a planet is looked at later, together with other rays.
static int seen_beyond(const sunlight_t *light, const float point[3], const float r[3], float (*seen)[3], skyward_t *rays)
{
    if (light->around) {
        light->around->seen(light->around->context, point, r, *seen);
    } else if (light->planet) {
        int32_t at = rays->count++;
        rays->seen[at] = seen;
        for (int k = 0; k < 3; k++)
            rays->direction[at][k] = (double)r[k];
    } else {
        return 0;
    }
    return 1;
}

// A surface as one ray sees it, before it is known whether the Sun shines there and what its mirror shows.
typedef struct {
    surface_t s;
    float view[3], n[3], diffuse[3], specular[3];
    float nl, nv, widened;
    float mirror, mirrored[3];  // share that the mirror has, 0: none; the direction in which it looks
    int sunward;                // the face looks towards the Sun
} look_t;

static void look(const scene_t *self, const ray_hit_t *hit, const sunlight_t *light, const float sun[3],
                 const float origin[3], const float direction[3], float pixel_rad, look_t *out)
{
    surface_t *s = &out->s;
    surface_at(self, light, hit, origin, direction, s);
    const material_t *m = s->material;
    float *view = out->view, *n = out->n;
    for (int k = 0; k < 3; k++) {
        view[k] = -direction[k];
        out->diffuse[k] = m->diffuse[k];
        out->specular[k] = m->specular[k];
        n[k] = s->normal[k];
    }
    float footprint = hit->distance * pixel_rad / most_of(dot(s->facing, view), 0.15f);
    if (m->texture > 0)
        materials_texture(m, s->uv[0], s->uv[1], footprint, out->diffuse, out->specular);

    out->widened = 0;
    if (m->crumple > 0) {
        float slope[2], variance, e1[3], e2[3], scale = m->crumple_scale;
        materials_foil_slope(self->foil, s->uv[0] * scale, s->uv[1] * scale, footprint * scale, slope, &variance);
        frame_about(s->normal, e1, e2);
        for (int k = 0; k < 3; k++)
            n[k] -= m->crumple * (slope[0] * e1[k] + slope[1] * e2[k]);
        normalise(n);
        out->widened = least_of(variance * m->crumple * m->crumple, 0.3f);
    }
    out->nv = most_of(dot(n, view), 0.04f), out->nl = dot(n, sun);
    out->sunward = dot(s->facing, sun) > 1e-3f;

    out->mirror = m->mirror * (1 - m->broad);
    if (out->mirror > 0) {
        float *r = out->mirrored, twice = 2 * dot(n, view);
        for (int k = 0; k < 3; k++)
            r[k] = twice * n[k] - view[k];
        float below = dot(r, s->facing);  // a crease must not look into its own surface
        if (below < 0.02f)
            for (int k = 0; k < 3; k++)
                r[k] -= (below - 0.02f) * s->facing[k];
        normalise(r);
    }
}

// @param seen: what the mirror shows; NULL: nothing, or there is none. @return the key.
static uint32_t finish(const look_t *self, const sunlight_t *light, const float sun[3], int shaded, const float *seen,
                       float radiance[3])
{
    const surface_t *s = &self->s;
    const material_t *m = s->material;
    const float *view = self->view, *n = self->n, *diffuse = self->diffuse, *specular = self->specular;
    for (int k = 0; k < 3; k++)
        radiance[k] = 0;
    if (self->nl > 0 && self->sunward && !shaded) {
        float half[3] = {view[0] + sun[0], view[1] + sun[1], view[2] + sun[2]}, gloss[3];
        normalise(half);
        materials_specular(m, specular, self->nl, self->nv, unit(dot(n, half)), unit(dot(view, half)), self->widened, gloss);
        for (int k = 0; k < 3; k++)
            radiance[k] = (diffuse[k] * INVERSE_PI + gloss[k]) * self->nl * light->irradiance[k];
    }
    // Light that came by way of other surfaces: the diffuse part, and the lobes too broad for one ray.
    for (int k = 0; k < 3; k++)
        radiance[k] += (diffuse[k] + (1 - self->mirror) * specular[k]) * s->bounce[k] * INVERSE_PI;
    if (seen) {
        float f = 1 - self->nv, f5 = f * f;
        f5 = f5 * f5 * f;
        for (int k = 0; k < 3; k++)
            radiance[k] += self->mirror * (specular[k] + (most_of(1 - m->roughness, specular[k]) - specular[k]) * f5) *
                           seen[k];
    }
    const float *g = s->face->normal;
    uint32_t facing = (uint32_t)(g[0] * 2.4f + 2.5f) + 5u * (uint32_t)(g[1] * 2.4f + 2.5f) +
                      25u * (uint32_t)(g[2] * 2.4f + 2.5f);
    return 1u + ((uint32_t)s->face->part << 16 | (uint32_t)s->face->material << 9 | (uint32_t)shaded << 8 | facing);
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
    look_t l;
    look(self, hit, light, sun, origin, direction, pixel_rad, &l);
    int shaded = l.sunward && !sees_sun(self, light, l.s.point, sun), any = 0;
    float seen[3];
    if (l.mirror > 0) {
        ray_hit_t other = ray_caster_nearest(self->nodes, self->nodes, self->packs, l.s.point, l.mirrored, 1e-4f, 1e30f);
        skyward_t rays;
        rays.count = 0;
        any = 1;
        if (other.face >= 0)
            plain_of_hit(self, light, &other, l.s.point, l.mirrored, seen);
        else
            any = seen_beyond(light, l.s.point, l.mirrored, &seen, &rays);
        if (rays.count)
            see_planet(light->planet, &rays);
    }
    return finish(&l, light, sun, shaded, any ? seen : 0, radiance);
}

static void put(ray_group_t *group, const float point[3], const float *direction)
{
    int32_t at = group->count++;
    for (int k = 0; k < 3; k++)
        group->origin[k][at] = point[k];
    for (int k = 0; k < 3 && direction; k++)
        group->direction[k][at] = direction[k];
}

static void start(ray_group_t *group, const float side[3])
{
    group->count = 0;
    for (int k = 0; k < 3; k++)
        group->side[k] = side[k];
}

// Sets shaded[i] of the points that `which` lists.
static void ask_sun(const scene_t *self, const sunlight_t *light, ray_group_t *points, const float sun[3],
                    const uint8_t which[RAY_GROUP_RAYS], uint8_t shaded[RAY_GROUP_RAYS])
{
    uint64_t blocked = ray_group_blocked(points, self->nodes, self->packs, sun, 1e-4f);
    for (int32_t j = 0; j < points->count; j++) {
        float point[3] = {points->origin[0][j], points->origin[1][j], points->origin[2][j]};
        shaded[which[j]] = (blocked >> j & 1) || (light->around && light->around->blocked(light->around->context, point, sun));
    }
}

void shading_of_hits(const scene_t *self, int32_t count, const ray_hit_t hit[RAY_GROUP_RAYS], const sunlight_t *light,
                     const float sun[3], const float origin[3], float (*direction)[3], float pixel_rad,
                     float (*radiance)[3], uint32_t key[RAY_GROUP_RAYS])
{
    if (count < 1)
        return;
    look_t l[RAY_GROUP_RAYS];
    ray_group_t group;
    uint8_t which[RAY_GROUP_RAYS] = {0}, shaded[RAY_GROUP_RAYS] = {0}, mirrors[RAY_GROUP_RAYS], any[RAY_GROUP_RAYS] = {0};
    for (int32_t i = 0; i < count; i++)
        look(self, &hit[i], light, sun, origin, direction[i], pixel_rad, &l[i]);
    start(&group, l[0].s.facing);
    for (int32_t i = 0; i < count; i++)
        if (l[i].sunward) {
            which[group.count] = (uint8_t)i;
            put(&group, l[i].s.point, 0);
        }
    ask_sun(self, light, &group, sun, which, shaded);

    ray_hit_t other[RAY_GROUP_RAYS];
    surface_t surface[RAY_GROUP_RAYS];
    float lit[RAY_GROUP_RAYS], seen[RAY_GROUP_RAYS][3];
    uint8_t dark[RAY_GROUP_RAYS] = {0};
    group.count = 0;
    for (int32_t i = 0; i < count; i++)
        if (l[i].mirror > 0) {
            mirrors[group.count] = (uint8_t)i;
            put(&group, l[i].s.point, l[i].mirrored);
        }
    int32_t looking = group.count;
    skyward_t rays;
    rays.count = 0;
    ray_group_nearest(&group, self->nodes, self->nodes, self->packs, 1e-4f, other);
    group.count = 0;
    for (int32_t j = 0; j < looking; j++) {
        int32_t i = mirrors[j];
        if (other[j].face < 0) {
            any[i] = (uint8_t)seen_beyond(light, l[i].s.point, l[i].mirrored, &seen[i], &rays);
            continue;
        }
        any[i] = 1;
        surface_at(self, light, &other[j], l[i].s.point, l[i].mirrored, &surface[j]);
        lit[j] = dot(surface[j].facing, light->direction);
        if (lit[j] <= 0)
            continue;
        if (!group.count)
            start(&group, surface[j].facing);
        which[group.count] = (uint8_t)j;
        put(&group, surface[j].point, 0);
    }
    if (rays.count)
        see_planet(light->planet, &rays);
    ask_sun(self, light, &group, light->direction, which, dark);
    for (int32_t j = 0; j < looking; j++)
        if (other[j].face >= 0)
            plain_radiance(light, &surface[j], lit[j] > 0 && !dark[j] ? lit[j] : 0, seen[mirrors[j]]);
    for (int32_t i = 0; i < count; i++)
        key[i] = finish(&l[i], light, sun, shaded[i], any[i] ? seen[i] : 0, radiance[i]);
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
            plain_of_hit(self, light, &hit, origin, d, seen);
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
