#include "world/ray_caster.h"

#include <math.h>
#include <stddef.h>

enum { BINS = 16, LEAF = 3, LEAF_MAX = 16 };

typedef struct {
    float low[3], high[3];
} box_t;

typedef struct {
    const box_t *box;
    const float (*centre)[3];
    int32_t *index;
    bvh_node_t *nodes;
    int32_t node_count;
} builder_t;

static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float most_of(float a, float b) { return a > b ? a : b; }

static const box_t nothing = {{1e30f, 1e30f, 1e30f}, {-1e30f, -1e30f, -1e30f}};

static void grow(box_t *box, const float low[3], const float high[3])
{
    for (int k = 0; k < 3; k++) {
        box->low[k] = least_of(box->low[k], low[k]);
        box->high[k] = most_of(box->high[k], high[k]);
    }
}

static float half_area(const box_t *box)
{
    float x = box->high[0] - box->low[0], y = box->high[1] - box->low[1], z = box->high[2] - box->low[2];
    return x * y + y * z + z * x;
}

uint64_t ray_caster_scratch_size(int32_t face_count)
{
    return (uint64_t)face_count * (sizeof(box_t) + 3 * sizeof(float) + sizeof(int32_t)) + 64;
}

static int32_t bin_of(float centre, float low, float scale) { return (int32_t)((centre - low) * scale); }

// Where to cut index[first .. first + count): partitions it and returns the size of the left part, 0: a leaf.
static int32_t partition(builder_t *self, int32_t first, int32_t count)
{
    box_t centres = nothing;
    for (int32_t i = first; i < first + count; i++)
        grow(&centres, self->centre[self->index[i]], self->centre[self->index[i]]);
    float best = 1e30f;
    int axis = -1;
    int32_t cut = 0;
    for (int k = 0; k < 3; k++) {
        float extent = centres.high[k] - centres.low[k];
        if (extent < 1e-9f)
            continue;
        float scale = (float)BINS * 0.9999f / extent;
        box_t bin[BINS];
        int32_t held[BINS] = {0}, right_count[BINS];
        float right_area[BINS];
        for (int j = 0; j < BINS; j++)
            bin[j] = nothing;
        for (int32_t i = first; i < first + count; i++) {
            int32_t t = self->index[i], j = bin_of(self->centre[t][k], centres.low[k], scale);
            held[j]++;
            grow(&bin[j], self->box[t].low, self->box[t].high);
        }
        box_t sum = nothing;
        int32_t n = 0;
        for (int j = BINS - 1; j > 0; j--) {
            grow(&sum, bin[j].low, bin[j].high);
            n += held[j];
            right_count[j] = n;
            right_area[j] = n ? half_area(&sum) : 0;
        }
        sum = nothing;
        n = 0;
        for (int j = 0; j < BINS - 1; j++) {
            grow(&sum, bin[j].low, bin[j].high);
            n += held[j];
            if (!n || !right_count[j + 1])
                continue;
            float cost = half_area(&sum) * (float)n + right_area[j + 1] * (float)right_count[j + 1];
            if (cost < best)
                best = cost, axis = k, cut = j;
        }
    }
    if (axis < 0)
        return count <= LEAF_MAX ? 0 : count / 2;
    float scale = (float)BINS * 0.9999f / (centres.high[axis] - centres.low[axis]);
    int32_t i = first, j = first + count - 1;
    while (i <= j) {
        int32_t t = self->index[i];
        if (bin_of(self->centre[t][axis], centres.low[axis], scale) <= cut) {
            i++;
        } else {
            self->index[i] = self->index[j];
            self->index[j--] = t;
        }
    }
    return i - first;
}

static void split(builder_t *self, int32_t node, int side, int32_t first, int32_t count, int depth)
{
    box_t bounds = nothing;
    for (int32_t i = first; i < first + count; i++)
        grow(&bounds, self->box[self->index[i]].low, self->box[self->index[i]].high);
    bvh_node_t *parent = &self->nodes[node];
    for (int k = 0; k < 3; k++) {
        parent->low[side][k] = bounds.low[k];
        parent->high[side][k] = bounds.high[k];
    }
    int32_t left = count <= LEAF || depth >= RAY_CASTER_MAX_DEPTH - 2 ? 0 : partition(self, first, count);
    if (!left) {
        parent->first[side] = first;
        parent->count[side] = count;
        return;
    }
    int32_t child = self->node_count++;
    parent->first[side] = child;
    parent->count[side] = 0;
    split(self, child, 0, first, left, depth + 1);
    split(self, child, 1, first + left, count - left, depth + 1);
}

int32_t ray_caster_build(const float *position, const int32_t *corner, int32_t face_count, bvh_node_t *nodes,
                         bvh_triangle_t *triangles, void *scratch)
{
    box_t *box = scratch;
    float(*centre)[3] = (float(*)[3])(box + face_count);
    int32_t *index = (int32_t *)(centre + face_count);
    for (int32_t i = 0; i < face_count; i++) {
        index[i] = i;
        box[i] = nothing;
        for (int j = 0; j < 3; j++)
            grow(&box[i], position + 3 * (ptrdiff_t)corner[3 * (ptrdiff_t)i + j],
                 position + 3 * (ptrdiff_t)corner[3 * (ptrdiff_t)i + j]);
        for (int k = 0; k < 3; k++)
            centre[i][k] = (box[i].low[k] + box[i].high[k]) * 0.5f;
    }
    builder_t self = {box, (const float(*)[3])centre, index, nodes, 1};
    int32_t left = face_count > 1 ? partition(&self, 0, face_count) : 0;
    split(&self, 0, 0, 0, left ? left : face_count, 1);
    if (left) {
        split(&self, 0, 1, left, face_count - left, 1);
    } else {
        for (int k = 0; k < 3; k++)
            nodes[0].low[1][k] = 1e30f, nodes[0].high[1][k] = -1e30f;
        nodes[0].first[1] = 0;
        nodes[0].count[1] = -1;
    }
    for (int32_t i = 0; i < face_count; i++) {
        const int32_t *c = corner + 3 * (ptrdiff_t)index[i];
        bvh_triangle_t *t = &triangles[i];
        t->face = index[i];
        for (int k = 0; k < 3; k++) {
            t->corner[k] = position[3 * (ptrdiff_t)c[0] + k];
            t->edge1[k] = position[3 * (ptrdiff_t)c[1] + k] - t->corner[k];
            t->edge2[k] = position[3 * (ptrdiff_t)c[2] + k] - t->corner[k];
        }
    }
    return self.node_count;
}

#define MISSED 3e38f

// Entry distance into a child's box, or MISSED.
static inline float enter(const bvh_node_t *node, int side, const float origin[3], const float inverse[3], float least,
                          float most)
{
    const float *low = node->low[side], *high = node->high[side];
    float a = (low[0] - origin[0]) * inverse[0], b = (high[0] - origin[0]) * inverse[0];
    float near = least_of(a, b), far = most_of(a, b);
    a = (low[1] - origin[1]) * inverse[1], b = (high[1] - origin[1]) * inverse[1];
    near = most_of(near, least_of(a, b)), far = least_of(far, most_of(a, b));
    a = (low[2] - origin[2]) * inverse[2], b = (high[2] - origin[2]) * inverse[2];
    near = most_of(near, least_of(a, b)), far = least_of(far, most_of(a, b));
    far *= 1.0000004f;  // rounding must not open a crack between boxes
    near = most_of(near, least);
    return near <= least_of(far, most) ? near : MISSED;
}

static inline void invert(const float direction[3], float inverse[3])
{
    for (int k = 0; k < 3; k++) {
        float x = direction[k];
        if (x < 1e-12f && x > -1e-12f)
            x = x < 0 ? -1e-12f : 1e-12f;
        inverse[k] = 1.0f / x;
    }
}

// Triangles of one leaf; with `any` the first hit ends it.
static inline int leaf(const bvh_triangle_t *t, int32_t count, const float o[3], const float d[3], float least,
                       ray_hit_t *hit, int any)
{
    for (const bvh_triangle_t *end = t + count; t < end; t++) {
        const float *e1 = t->edge1, *e2 = t->edge2;
        float px = d[1] * e2[2] - d[2] * e2[1], py = d[2] * e2[0] - d[0] * e2[2], pz = d[0] * e2[1] - d[1] * e2[0];
        float determinant = e1[0] * px + e1[1] * py + e1[2] * pz;
        float sign = determinant < 0 ? -1.0f : 1.0f;
        determinant *= sign;
        float tx = o[0] - t->corner[0], ty = o[1] - t->corner[1], tz = o[2] - t->corner[2];
        float u = (tx * px + ty * py + tz * pz) * sign;
        if (u < 0 || u > determinant)
            continue;
        float qx = ty * e1[2] - tz * e1[1], qy = tz * e1[0] - tx * e1[2], qz = tx * e1[1] - ty * e1[0];
        float v = (d[0] * qx + d[1] * qy + d[2] * qz) * sign;
        if (v < 0 || u + v > determinant || !(determinant > 0))
            continue;
        float inverse = 1.0f / determinant;
        float distance = (e2[0] * qx + e2[1] * qy + e2[2] * qz) * sign * inverse;
        if (distance > least && distance < hit->distance) {
            hit->distance = distance;
            hit->face = t->face;
            hit->u = u * inverse;
            hit->v = v * inverse;
            if (any)
                return 1;
        }
    }
    return 0;
}

static inline void walk(const bvh_node_t *nodes, const bvh_triangle_t *triangles, const float o[3], const float d[3],
                        float least, ray_hit_t *hit, int any)
{
    float inverse[3];
    invert(d, inverse);
    int32_t stack[2 * RAY_CASTER_MAX_DEPTH];
    float entry[2 * RAY_CASTER_MAX_DEPTH];
    int depth = 0;
    int32_t at = 0;
    for (;;) {
        const bvh_node_t *node = &nodes[at];
        float near[2];
        for (int side = 0; side < 2; side++)
            near[side] = enter(node, side, o, inverse, least, hit->distance);
        int first = near[1] < near[0];
        int32_t next = -1;
        for (int step = 0; step < 2; step++) {
            int side = step ? !first : first;
            if (!(near[side] < hit->distance) || node->count[side] < 0)
                continue;
            if (node->count[side]) {
                if (leaf(triangles + node->first[side], node->count[side], o, d, least, hit, any))
                    return;
            } else if (next < 0) {
                next = node->first[side];
            } else {
                stack[depth] = node->first[side];
                entry[depth++] = near[side];
            }
        }
        if (next < 0) {
            do {
                if (!depth)
                    return;
                depth--;
            } while (!(entry[depth] < hit->distance));
            next = stack[depth];
        }
        at = next;
    }
}

ray_hit_t ray_caster_nearest(const bvh_node_t *nodes, const bvh_triangle_t *triangles, const float origin[3],
                             const float direction[3], float least, float most)
{
    ray_hit_t hit = {-1, most, 0, 0};
    walk(nodes, triangles, origin, direction, least, &hit, 0);
    return hit;
}

int ray_caster_blocked(const bvh_node_t *nodes, const bvh_triangle_t *triangles, const float origin[3],
                       const float direction[3], float least)
{
    ray_hit_t hit = {-1, 1e30f, 0, 0};
    walk(nodes, triangles, origin, direction, least, &hit, 1);
    return hit.face >= 0;
}

static int cone_meets(const bvh_node_t *nodes, int32_t at, const float o[3], const float axis[3], float cosine,
                      float sine, int depth)
{
    const bvh_node_t *node = &nodes[at];
    for (int side = 0; side < 2; side++) {
        if (node->count[side] < 0)
            continue;
        float c[3], radius2 = 0, distance2 = 0, along = 0;
        for (int k = 0; k < 3; k++) {
            float half = (node->high[side][k] - node->low[side][k]) * 0.5f;
            c[k] = node->low[side][k] + half - o[k];
            radius2 += half * half;
            distance2 += c[k] * c[k];
            along += c[k] * axis[k];
        }
        radius2 = radius2 * 1.00001f + 1e-8f;
        int meets = distance2 <= radius2;
        if (!meets) {
            // angle(c, axis) <= cone + asin(r / d), by cos(a + b); both angles are below 90 deg
            float tangent2 = distance2 - radius2;
            float bound = cosine * sqrtf(tangent2) - sine * sqrtf(radius2);
            meets = along >= bound - 1e-5f * sqrtf(distance2);
        }
        if (meets && (node->count[side] > 0 || depth <= 0 ||
                      cone_meets(nodes, node->first[side], o, axis, cosine, sine, depth - 1)))
            return 1;
    }
    return 0;
}

int ray_caster_cone_may_hit(const bvh_node_t *nodes, const float origin[3], const float axis[3], float cosine,
                            float sine, int depth)
{
    return cone_meets(nodes, 0, origin, axis, cosine, sine, depth);
}

void ray_caster_nearest_many(const bvh_node_t *nodes, const bvh_triangle_t *triangles, int64_t count,
                             const float *origin, const float *direction, int32_t *face, float *distance)
{
    for (int64_t i = 0; i < count; i++) {
        ray_hit_t hit = ray_caster_nearest(nodes, triangles, origin + 3 * i, direction + 3 * i, 1e-4f, 1e30f);
        face[i] = hit.face;
        distance[i] = hit.distance;
    }
}
