#include "world/ray_caster.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { BINS = 16, LANES = RAY_CASTER_LANES };

typedef struct {
    float low[3], high[3];
} box_t;

// The binary tree on the way: count > 0: a leaf of index[first ...]; else children first and first + 1.
typedef struct {
    box_t box;
    int32_t first, count;
} branch_t;

typedef struct {
    const box_t *box;
    const float (*centre)[3];
    int32_t *index;
    branch_t *branch;
    int32_t branch_count;
    bvh_node_t *nodes;
    bvh_pack_t *packs;
    int32_t node_count, pack_count;
    const float *position;
    const int32_t *corner;
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
    return (uint64_t)face_count * (sizeof(box_t) + 3 * sizeof(float) + sizeof(int32_t) + 2 * sizeof(branch_t)) + 64;
}

static int32_t bin_of(float centre, float low, float scale) { return (int32_t)((centre - low) * scale); }

// Cuts index[first .. first + count) in two and returns the size of the left part.
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
        return count / 2;
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

static void split(builder_t *self, int32_t at, int32_t first, int32_t count, int depth)
{
    branch_t *branch = &self->branch[at];
    branch->box = nothing;
    for (int32_t i = first; i < first + count; i++)
        grow(&branch->box, self->box[self->index[i]].low, self->box[self->index[i]].high);
    branch->first = first;
    branch->count = count;
    if (count <= LANES)
        return;
    int32_t left = depth < RAY_CASTER_MAX_DEPTH / 2 ? partition(self, first, count) : count / 2;
    int32_t child = self->branch_count;
    self->branch_count += 2;
    branch->first = child;
    branch->count = 0;
    split(self, child, first, left, depth + 1);
    split(self, child + 1, first + left, count - left, depth + 1);
}

static int32_t make_pack(builder_t *self, const branch_t *branch)
{
    bvh_pack_t *pack = &self->packs[self->pack_count];
    memset(pack, 0, sizeof *pack);
    for (int32_t i = 0; i < branch->count; i++) {
        int32_t face = self->index[branch->first + i];
        const int32_t *c = self->corner + 3 * (ptrdiff_t)face;
        pack->face[i] = face;
        for (int k = 0; k < 3; k++) {
            pack->corner[k][i] = self->position[3 * (ptrdiff_t)c[0] + k];
            pack->edge1[k][i] = self->position[3 * (ptrdiff_t)c[1] + k] - pack->corner[k][i];
            pack->edge2[k][i] = self->position[3 * (ptrdiff_t)c[2] + k] - pack->corner[k][i];
        }
    }
    return self->pack_count++;
}

// Folds the binary tree under `branch` into one node of up to eight children, opening the largest first.
static void fold(builder_t *self, int32_t at, int32_t branch)
{
    int32_t child[LANES] = {branch}, count = 1;
    while (count < LANES) {
        int32_t largest = -1;
        float area = -1;
        for (int32_t i = 0; i < count; i++)
            if (!self->branch[child[i]].count && half_area(&self->branch[child[i]].box) > area)
                area = half_area(&self->branch[child[i]].box), largest = i;
        if (largest < 0)
            break;
        int32_t first = self->branch[child[largest]].first;
        child[largest] = first;
        child[count++] = first + 1;
    }
    bvh_node_t *node = &self->nodes[at];
    for (int32_t i = 0; i < LANES; i++) {
        const box_t *box = i < count ? &self->branch[child[i]].box : &nothing;
        for (int k = 0; k < 3; k++) {
            node->low[k][i] = box->low[k];
            node->high[k][i] = box->high[k];
        }
        node->leaf[i] = 0;
    }
    for (int32_t i = 0; i < count; i++) {
        const branch_t *b = &self->branch[child[i]];
        if (b->count) {
            node->leaf[i] = make_pack(self, b);
        } else {
            int32_t next = self->node_count++;
            node->leaf[i] = -next;
            fold(self, next, child[i]);
        }
    }
}

uint64_t ray_caster_build(const float *position, const int32_t *corner, int32_t face_count, bvh_node_t *nodes,
                          bvh_pack_t *packs, void *scratch)
{
    box_t *box = scratch;
    branch_t *branch = (branch_t *)(box + face_count);
    float(*centre)[3] = (float(*)[3])(branch + 2 * (ptrdiff_t)face_count);
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
    builder_t self = {.box = box,
                      .centre = (const float(*)[3])centre,
                      .index = index,
                      .branch = branch,
                      .branch_count = 1,
                      .nodes = nodes,
                      .packs = packs,
                      .node_count = 1,
                      .position = position,
                      .corner = corner};
    split(&self, 0, 0, face_count, 0);
    fold(&self, 0, 0);
    return (uint64_t)self.node_count << 32 | (uint64_t)self.pack_count;
}

typedef struct {
    float origin[3], direction[3], inverse[3], least;
} ray_t;

static inline ray_t make_ray(const float origin[3], const float direction[3], float least)
{
    ray_t ray = {.least = least};
    for (int k = 0; k < 3; k++) {
        float x = direction[k];
        ray.origin[k] = origin[k];
        ray.direction[k] = x;
        if (x < 1e-12f && x > -1e-12f)
            x = x < 0 ? -1e-12f : 1e-12f;
        ray.inverse[k] = 1.0f / x;
    }
    return ray;
}

// Bit i: mask[i] is negative. The loops below make masks of 0 and -1.
static inline uint32_t bits_of(const int32_t mask[LANES])
{
#if defined(__AVX__)
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_loadu_si256((const __m256i *)(const void *)mask)));
#elif defined(__SSE2__)
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)mask);
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(mask + 4));
    return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(low)) | (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
    uint32_t bits = 0;
    for (int i = 0; i < LANES; i++)
        bits |= mask[i] < 0 ? 1u << i : 0u;
    return bits;
#endif
}

// Which of a node's boxes the ray enters before `most`, as bits, and where.
static inline uint32_t enter(const bvh_node_t *node, const ray_t *ray, float most, float entry[LANES])
{
    const float *near_x = ray->inverse[0] < 0 ? node->high[0] : node->low[0];
    const float *near_y = ray->inverse[1] < 0 ? node->high[1] : node->low[1];
    const float *near_z = ray->inverse[2] < 0 ? node->high[2] : node->low[2];
    const float *far_x = ray->inverse[0] < 0 ? node->low[0] : node->high[0];
    const float *far_y = ray->inverse[1] < 0 ? node->low[1] : node->high[1];
    const float *far_z = ray->inverse[2] < 0 ? node->low[2] : node->high[2];
    float ox = ray->origin[0], oy = ray->origin[1], oz = ray->origin[2];
    float ix = ray->inverse[0], iy = ray->inverse[1], iz = ray->inverse[2], least = ray->least;
    int32_t mask[LANES];
    for (int i = 0; i < LANES; i++) {
        float a = (near_x[i] - ox) * ix, b = (near_y[i] - oy) * iy, c = (near_z[i] - oz) * iz;
        float near = most_of(most_of(a, b), most_of(c, least));
        a = (far_x[i] - ox) * ix, b = (far_y[i] - oy) * iy, c = (far_z[i] - oz) * iz;
        float far = least_of(least_of(a, b), c) * 1.0000004f;  // rounding must not open a crack between boxes
        far = least_of(far, most);
        entry[i] = near;
        mask[i] = near <= far ? -1 : 0;
    }
    return bits_of(mask);
}

// Tests eight triangles; keeps the nearest, the first of equals. @return 1 if one was hit.
static inline int test_pack(const bvh_pack_t *pack, const ray_t *ray, ray_hit_t *hit)
{
    float ox = ray->origin[0], oy = ray->origin[1], oz = ray->origin[2];
    float dx = ray->direction[0], dy = ray->direction[1], dz = ray->direction[2];
    float least = ray->least, most = hit->distance, u[LANES], v[LANES], t[LANES];
    int32_t mask[LANES];
    for (int i = 0; i < LANES; i++) {
        float ax = pack->edge1[0][i], ay = pack->edge1[1][i], az = pack->edge1[2][i];
        float bx = pack->edge2[0][i], by = pack->edge2[1][i], bz = pack->edge2[2][i];
        float px = dy * bz - dz * by, py = dz * bx - dx * bz, pz = dx * by - dy * bx;
        float determinant = ax * px + ay * py + az * pz;
        float inverse = 1.0f / (determinant == 0 ? 1.0f : determinant);
        float tx = ox - pack->corner[0][i], ty = oy - pack->corner[1][i], tz = oz - pack->corner[2][i];
        float qx = ty * az - tz * ay, qy = tz * ax - tx * az, qz = tx * ay - ty * ax;
        u[i] = (tx * px + ty * py + tz * pz) * inverse;
        v[i] = (dx * qx + dy * qy + dz * qz) * inverse;
        t[i] = (bx * qx + by * qy + bz * qz) * inverse;
        int inside = (determinant != 0) & (u[i] >= 0) & (v[i] >= 0) & (u[i] + v[i] <= 1) & (t[i] > least) & (t[i] < most);
        mask[i] = -inside;
    }
    uint32_t bits = bits_of(mask);
    if (!bits)
        return 0;
    for (int i = 0; i < LANES; i++)
        if (bits >> i & 1 && t[i] < hit->distance) {
            hit->distance = t[i];
            hit->face = pack->face[i];
            hit->u = u[i];
            hit->v = v[i];
        }
    return 1;
}

static inline int lowest_bit(uint32_t bits) { return __builtin_ctz(bits); }

// Children wait on the stack with the distance at which the ray enters them, nearest on top.
typedef struct {
    float entry;
    int32_t leaf;
} waiting_t;

ray_hit_t ray_caster_nearest(const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                             const float origin[3], const float direction[3], float least, float most)
{
    ray_t ray = make_ray(origin, direction, least);
    ray_hit_t hit = {-1, most, 0, 0};
    waiting_t stack[LANES * RAY_CASTER_MAX_DEPTH];
    int depth = 0;
    const bvh_node_t *node = root;
    for (;;) {
        float entry[LANES];
        uint32_t bits = enter(node, &ray, hit.distance, entry);
        int base = depth;
        for (; bits; bits &= bits - 1) {
            int i = lowest_bit(bits), place = depth++;
            for (; place > base && stack[place - 1].entry < entry[i]; place--)
                stack[place] = stack[place - 1];
            stack[place] = (waiting_t){entry[i], node->leaf[i]};
        }
        for (;;) {
            if (!depth)
                return hit;
            depth--;
            if (!(stack[depth].entry < hit.distance))
                continue;
            if (stack[depth].leaf < 0)
                break;
            test_pack(&packs[stack[depth].leaf], &ray, &hit);
        }
        node = &nodes[-stack[depth].leaf];
    }
}

int ray_caster_blocked(const bvh_node_t *nodes, const bvh_pack_t *packs, const float origin[3],
                       const float direction[3], float least)
{
    ray_t ray = make_ray(origin, direction, least);
    ray_hit_t hit = {-1, 1e30f, 0, 0};
    int32_t stack[LANES * RAY_CASTER_MAX_DEPTH];
    int depth = 0;
    int32_t at = 0;
    for (;;) {
        const bvh_node_t *node = &nodes[at];
        float entry[LANES];
        for (uint32_t bits = enter(node, &ray, 1e30f, entry); bits; bits &= bits - 1) {
            int32_t leaf = node->leaf[lowest_bit(bits)];
            if (leaf < 0)
                stack[depth++] = leaf;
            else if (test_pack(&packs[leaf], &ray, &hit))
                return 1;
        }
        if (!depth)
            return 0;
        at = -stack[--depth];
    }
}

// Which of a node's boxes a cone may meet, by their bounding spheres, as bits.
static uint32_t cone_meets(const bvh_node_t *node, const float o[3], const float axis[3], float cosine, float sine)
{
    uint32_t bits = 0;
    for (int i = 0; i < LANES; i++) {
        float radius2 = 0, distance2 = 0, along = 0;
        for (int k = 0; k < 3; k++) {
            float half = (node->high[k][i] - node->low[k][i]) * 0.5f;
            float c = node->low[k][i] + half - o[k];
            radius2 += half * half;
            distance2 += c * c;
            along += c * axis[k];
        }
        radius2 = radius2 * 1.00001f + 1e-8f;
        float tangent2 = distance2 - radius2;
        tangent2 = tangent2 > 0 ? tangent2 : 0;
        // angle(c, axis) <= cone + asin(r / d), by cos(a + b); both angles are below 90 deg
        float bound = cosine * sqrtf(tangent2) - sine * sqrtf(radius2);
        int meets = (tangent2 == 0) | (along >= bound - 1e-5f * sqrtf(distance2));
        bits |= (meets & (node->low[0][i] <= node->high[0][i])) ? 1u << i : 0u;
    }
    return bits;
}

typedef struct {
    box_t box;
    int32_t leaf;
    int stuck;  // would not fit if opened
} part_t;

static part_t part_of(const bvh_node_t *node, int i)
{
    part_t part = {.leaf = node->leaf[i]};
    for (int k = 0; k < 3; k++) {
        part.box.low[k] = node->low[k][i];
        part.box.high[k] = node->high[k][i];
    }
    return part;
}

int ray_caster_focus(const bvh_node_t *nodes, const float origin[3], const float axis[3], float cosine, float sine,
                     bvh_node_t *out)
{
    part_t part[LANES];
    int count = 0;
    for (uint32_t bits = cone_meets(nodes, origin, axis, cosine, sine); bits; bits &= bits - 1)
        part[count++] = part_of(nodes, lowest_bit(bits));
    for (;;) {
        int largest = -1;
        float area = -1;
        for (int i = 0; i < count; i++)
            if (part[i].leaf < 0 && !part[i].stuck && half_area(&part[i].box) > area)
                area = half_area(&part[i].box), largest = i;
        if (largest < 0)
            break;
        const bvh_node_t *node = &nodes[-part[largest].leaf];
        uint32_t bits = cone_meets(node, origin, axis, cosine, sine);
        if (count - 1 + __builtin_popcount(bits) > LANES) {
            part[largest].stuck = 1;
            continue;
        }
        part[largest] = part[--count];
        for (; bits; bits &= bits - 1)
            part[count++] = part_of(node, lowest_bit(bits));
    }
    for (int i = 0; i < LANES; i++) {
        for (int k = 0; k < 3; k++) {
            out->low[k][i] = i < count ? part[i].box.low[k] : nothing.low[k];
            out->high[k][i] = i < count ? part[i].box.high[k] : nothing.high[k];
        }
        out->leaf[i] = i < count ? part[i].leaf : 0;
    }
    return count;
}

void ray_bundle_aim(ray_bundle_t *self, int k, float low, float high)
{
    self->direction[k][0] = low, self->direction[k][1] = high;
    // Ends of opposite sign, or 0, mark a component that says nothing about where a box is entered.
    int one_way = low > 1e-12f || high < -1e-12f;
    self->inverse[k][0] = one_way ? 1.0f / high : 0, self->inverse[k][1] = one_way ? 1.0f / low : 0;
}

// One component of a bundle, as the test of a node wants it. `open`: what is added to where boxes are left.
typedef struct {
    int back;
    float first, last, p, q, open, slow, fast, side;
} span_t;

static span_t span_of(const ray_bundle_t *rays, int k)
{
    float p = rays->inverse[k][0], q = rays->inverse[k][1];
    int back = p < 0, both = p * q <= 0;  // both: some go one way, some the other
    return (span_t){.back = back,
                    .first = rays->origin[k][0],
                    .last = rays->origin[k][1],
                    .p = both ? 0 : p,
                    .q = both ? 0 : q,
                    .open = both ? 1e30f : 0,
                    .slow = rays->direction[k][0],
                    .fast = rays->direction[k][1],
                    .side = rays->side[k]};
}

// How far the rays have spread while they are within a box: of use where they go both ways.
static inline int spreads_to(const span_t *s, float low, float high, float first, float last)
{
    float least = least_of(s->slow * last, s->slow * first), most = most_of(s->fast * last, s->fast * first);
    return (low - s->last <= most + 1e-4f) & (high - s->first >= least - 1e-4f);
}

// Which of a node's boxes any ray of a bundle may enter, as bits, and where at the earliest.
static inline uint32_t bundle_enters(const bvh_node_t *restrict node, const span_t s[restrict 3], float floor,
                                     float entry[restrict LANES])
{
    span_t x = s[0], y = s[1], z = s[2];
    const float *near_x = x.back ? node->high[0] : node->low[0], *far_x = x.back ? node->low[0] : node->high[0];
    const float *near_y = y.back ? node->high[1] : node->low[1], *far_y = y.back ? node->low[1] : node->high[1];
    const float *near_z = z.back ? node->high[2] : node->low[2], *far_z = z.back ? node->low[2] : node->high[2];
    const float *side_x = x.side < 0 ? node->low[0] : node->high[0];
    const float *side_y = y.side < 0 ? node->low[1] : node->high[1];
    const float *side_z = z.side < 0 ? node->low[2] : node->high[2];
    float from_x = x.back ? x.first : x.last, from_y = y.back ? y.first : y.last, from_z = z.back ? z.first : z.last;
    float to_x = x.back ? x.last : x.first, to_y = y.back ? y.last : y.first, to_z = z.back ? z.last : z.first;
    int32_t mask[LANES];
    for (int i = 0; i < LANES; i++) {
        float a = near_x[i] - from_x, b = near_y[i] - from_y, c = near_z[i] - from_z;
        float first = most_of(most_of(least_of(a * x.p, a * x.q), least_of(b * y.p, b * y.q)),
                              most_of(least_of(c * z.p, c * z.q), 0));
        a = far_x[i] - to_x, b = far_y[i] - to_y, c = far_z[i] - to_z;
        float last = least_of(least_of(most_of(a * x.p, a * x.q) + x.open, most_of(b * y.p, b * y.q) + y.open),
                              least_of(most_of(c * z.p, c * z.q) + z.open, 1e30f)) * 1.00001f;
        float reach = side_x[i] * x.side + side_y[i] * y.side + side_z[i] * z.side;
        int meets = (first <= last) & (reach >= floor) & (node->low[0][i] <= node->high[0][i]) &
                    spreads_to(&x, node->low[0][i], node->high[0][i], first, last) &
                    spreads_to(&y, node->low[1][i], node->high[1][i], first, last) &
                    spreads_to(&z, node->low[2][i], node->high[2][i], first, last);
        mask[i] = -meets;
        entry[i] = first * 0.99999f;
    }
    return bits_of(mask);
}

int32_t ray_caster_gather(const bvh_node_t *root, const bvh_node_t *nodes, const ray_bundle_t *rays, int32_t most,
                          int32_t *leaf, float *distance)
{
    int32_t stack[LANES * RAY_CASTER_MAX_DEPTH], depth = 0, count = 0;
    const bvh_node_t *node = root;
    const span_t spans[3] = {span_of(rays, 0), span_of(rays, 1), span_of(rays, 2)};
    for (;;) {
        float entry[LANES];
        for (uint32_t bits = bundle_enters(node, spans, rays->floor, entry); bits; bits &= bits - 1) {
            int i = lowest_bit(bits);
            if (node->leaf[i] < 0) {
                stack[depth++] = -node->leaf[i];
                continue;
            }
            if (count == most)
                return -1;
            leaf[count] = node->leaf[i];
            distance[count++] = entry[i];
        }
        if (!depth)
            return count;
        node = &nodes[stack[--depth]];
    }
}

void ray_caster_nearest_many(const bvh_node_t *nodes, const bvh_pack_t *packs, int64_t count,
                             const float *origin, const float *direction, int32_t *face, float *distance)
{
    for (int64_t i = 0; i < count; i++) {
        ray_hit_t hit = ray_caster_nearest(nodes, nodes, packs, origin + 3 * i, direction + 3 * i, 1e-4f, 1e30f);
        face[i] = hit.face;
        distance[i] = hit.distance;
    }
}
