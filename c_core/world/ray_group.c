#include "world/ray_group.h"

enum { LANES = RAY_GROUP_LANES, RAYS = RAY_GROUP_RAYS, PACKS = RAY_GROUP_PACKS };

#define BELOW_M 1.0e-4f  ///< By so much lower than every ray is below for certain.

static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float most_of(float a, float b) { return a > b ? a : b; }

typedef struct {
    int32_t count;
    int32_t leaf[PACKS];
    float distance[PACKS];
    float side[3], height;  // nothing lower is met
} list_t;

static void spread(const float values[RAYS], int32_t first, int32_t count, float out[2])
{
    float low[LANES], high[LANES];
    for (int i = 0; i < LANES; i++)
        low[i] = high[i] = values[first + i];
    for (int32_t j = first + LANES; j < first + count; j += LANES)
        for (int i = 0; i < LANES; i++) {
            low[i] = least_of(low[i], values[j + i]);
            high[i] = most_of(high[i], values[j + i]);
        }
    out[0] = low[0], out[1] = high[0];
    for (int i = 1; i < LANES; i++) {
        out[0] = least_of(out[0], low[i]);
        out[1] = most_of(out[1], high[i]);
    }
}

// The leaves that rays [first, first + count) may meet, nearest first. @param one: the direction of all, or NULL.
static void find_leaves(const ray_group_t *self, int32_t first, int32_t count, const bvh_node_t *root,
                        const bvh_node_t *nodes, const float *one, list_t *out)
{
    ray_bundle_t rays;
    for (int k = 0; k < 3; k++) {
        spread(self->origin[k], first, count, rays.origin[k]);
        float ends[2] = {one ? one[k] : 0, one ? one[k] : 0};
        if (!one)
            spread(self->direction[k], first, count, ends);
        ray_bundle_aim(&rays, k, ends[0], ends[1]);
    }
    float height[RAYS] = {0}, rise[RAYS] = {0}, ends[2];
    const float *s = self->side;
    for (int32_t j = first; j < first + count; j++) {
        height[j] = self->origin[0][j] * s[0] + self->origin[1][j] * s[1] + self->origin[2][j] * s[2];
        rise[j] = one ? 0 : self->direction[0][j] * s[0] + self->direction[1][j] * s[1] + self->direction[2][j] * s[2];
    }
    spread(rise, first, count, ends);
    int up = one ? one[0] * s[0] + one[1] * s[1] + one[2] * s[2] >= 0 : ends[0] >= 0;
    spread(height, first, count, ends);
    rays.floor = up ? ends[0] - BELOW_M : -1e30f;
    for (int k = 0; k < 3; k++)
        rays.side[k] = up ? s[k] : 0;
    out->height = rays.floor;
    for (int k = 0; k < 3; k++)
        out->side[k] = rays.side[k];
    out->count = ray_caster_gather(root, nodes, &rays, PACKS, out->leaf, out->distance);
}

static void sort(list_t *list)
{
    for (int32_t i = 1; i < list->count; i++) {
        int32_t leaf = list->leaf[i], j = i;
        float distance = list->distance[i];
        for (; j > 0 && list->distance[j - 1] > distance; j--)
            list->leaf[j] = list->leaf[j - 1], list->distance[j] = list->distance[j - 1];
        list->leaf[j] = leaf, list->distance[j] = distance;
    }
}

// Which triangles of a pack reach above the list's floor.
static inline uint32_t above(const list_t *list, const bvh_pack_t *pack)
{
    float reach[RAY_CASTER_LANES];
    const float *s = list->side;
    for (int i = 0; i < RAY_CASTER_LANES; i++) {
        float a = pack->corner[0][i] * s[0] + pack->corner[1][i] * s[1] + pack->corner[2][i] * s[2];
        float b = pack->edge1[0][i] * s[0] + pack->edge1[1][i] * s[1] + pack->edge1[2][i] * s[2];
        float c = pack->edge2[0][i] * s[0] + pack->edge2[1][i] * s[1] + pack->edge2[2][i] * s[2];
        reach[i] = a + most_of(most_of(b, c), 0);
    }
    uint32_t bits = 0;
    for (int i = 0; i < RAY_CASTER_LANES; i++)
        bits |= (uint32_t)(reach[i] >= list->height) << i;
    return bits;
}

static void pad(float values[RAYS], int32_t count)
{
    for (int32_t i = count; i % LANES; i++)
        values[i] = values[0];
}

// One triangle against rays of one direction: sets to -1 the masks of those that hit it.
static inline void shade(const bvh_pack_t *restrict pack, int i, const ray_group_t *restrict self, int32_t first,
                         int32_t count, const float d[3], float least, int32_t *restrict hit)
{
    float ax = pack->edge1[0][i], ay = pack->edge1[1][i], az = pack->edge1[2][i];
    float bx = pack->edge2[0][i], by = pack->edge2[1][i], bz = pack->edge2[2][i];
    float cx = pack->corner[0][i], cy = pack->corner[1][i], cz = pack->corner[2][i];
    float dx = d[0], dy = d[1], dz = d[2];
    float px = dy * bz - dz * by, py = dz * bx - dx * bz, pz = dx * by - dy * bx;
    float determinant = ax * px + ay * py + az * pz;
    if (determinant == 0)
        return;
    float inverse = 1.0f / determinant;
    for (int32_t j = first; j < first + count; j += LANES)
        for (int l = 0; l < LANES; l++) {
            float tx = self->origin[0][j + l] - cx, ty = self->origin[1][j + l] - cy, tz = self->origin[2][j + l] - cz;
            float qx = ty * az - tz * ay, qy = tz * ax - tx * az, qz = tx * ay - ty * ax;
            float u = (tx * px + ty * py + tz * pz) * inverse, v = (dx * qx + dy * qy + dz * qz) * inverse;
            float t = (bx * qx + by * qy + bz * qz) * inverse;
            int inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > least) & (t < 1e30f);
            hit[j + l] |= -inside;
        }
}

static void blocked(ray_group_t *self, int32_t first, int32_t count, const bvh_node_t *nodes, const bvh_pack_t *packs,
                    const float direction[3], float least, int32_t hit[RAYS])
{
    list_t list;
    find_leaves(self, first, count, nodes, nodes, direction, &list);
    if (list.count < 0 && count > LANES) {
        int32_t half = (count / 2 + LANES - 1) / LANES * LANES;
        blocked(self, first, half, nodes, packs, direction, least, hit);
        blocked(self, first + half, count - half, nodes, packs, direction, least, hit);
        return;
    }
    if (list.count < 0)
        for (int32_t j = first; j < first + count; j++) {
            float origin[3] = {self->origin[0][j], self->origin[1][j], self->origin[2][j]};
            hit[j] = -ray_caster_blocked(nodes, packs, origin, direction, least);
        }
    for (int32_t n = 0; n < list.count; n++) {
        const bvh_pack_t *pack = &packs[list.leaf[n]];
        for (uint32_t bits = above(&list, pack); bits; bits &= bits - 1)
            shade(pack, __builtin_ctz(bits), self, first, count, direction, least, hit);
    }
}

uint64_t ray_group_blocked(ray_group_t *self, const bvh_node_t *nodes, const bvh_pack_t *packs, const float direction[3],
                           float least)
{
    int32_t hit[RAYS] = {0}, count = (self->count + LANES - 1) / LANES * LANES;
    if (!self->count)
        return 0;
    for (int k = 0; k < 3; k++)
        pad(self->origin[k], self->count);
    blocked(self, 0, count, nodes, packs, direction, least, hit);
    uint64_t bits = 0;
    for (int32_t i = 0; i < self->count; i++)
        bits |= (uint64_t)(hit[i] & 1) << i;
    return bits;
}

typedef struct {
    float distance[RAYS], u[RAYS], v[RAYS];
    int32_t face[RAYS];
} found_t;

// One triangle against rays of their own directions: keeps what is nearer than what was found.
static inline void meet(const bvh_pack_t *restrict pack, int i, const ray_group_t *restrict self, int32_t first,
                        int32_t count, float least, found_t *restrict best)
{
    float ax = pack->edge1[0][i], ay = pack->edge1[1][i], az = pack->edge1[2][i];
    float bx = pack->edge2[0][i], by = pack->edge2[1][i], bz = pack->edge2[2][i];
    float cx = pack->corner[0][i], cy = pack->corner[1][i], cz = pack->corner[2][i];
    int32_t face = pack->face[i];
    for (int32_t j = first; j < first + count; j += LANES) {
        float u[LANES], v[LANES], t[LANES];
        int32_t mask[LANES];
        for (int l = 0; l < LANES; l++) {
            float dx = self->direction[0][j + l], dy = self->direction[1][j + l], dz = self->direction[2][j + l];
            float px = dy * bz - dz * by, py = dz * bx - dx * bz, pz = dx * by - dy * bx;
            float determinant = ax * px + ay * py + az * pz;
            float inverse = 1.0f / (determinant == 0 ? 1.0f : determinant);
            float tx = self->origin[0][j + l] - cx, ty = self->origin[1][j + l] - cy, tz = self->origin[2][j + l] - cz;
            float qx = ty * az - tz * ay, qy = tz * ax - tx * az, qz = tx * ay - ty * ax;
            u[l] = (tx * px + ty * py + tz * pz) * inverse;
            v[l] = (dx * qx + dy * qy + dz * qz) * inverse;
            t[l] = (bx * qx + by * qy + bz * qz) * inverse;
            int inside = (determinant != 0) & (u[l] >= 0) & (v[l] >= 0) & (u[l] + v[l] <= 1) & (t[l] > least) &
                         (t[l] < best->distance[j + l]);
            mask[l] = -inside;
        }
        for (int l = 0; l < LANES; l++) {
            best->distance[j + l] = mask[l] ? t[l] : best->distance[j + l];
            best->u[j + l] = mask[l] ? u[l] : best->u[j + l];
            best->v[j + l] = mask[l] ? v[l] : best->v[j + l];
            best->face[j + l] = mask[l] ? face : best->face[j + l];
        }
    }
}

static void nearest(ray_group_t *self, int32_t first, int32_t count, const bvh_node_t *root, const bvh_node_t *nodes,
                    const bvh_pack_t *packs, float least, found_t *best)
{
    list_t list;
    find_leaves(self, first, count, root, nodes, 0, &list);
    if (list.count < 0 && count > LANES) {
        int32_t half = (count / 2 + LANES - 1) / LANES * LANES;
        nearest(self, first, half, root, nodes, packs, least, best);
        nearest(self, first + half, count - half, root, nodes, packs, least, best);
        return;
    }
    if (list.count < 0)
        for (int32_t j = first; j < first + count; j++) {
            float origin[3] = {self->origin[0][j], self->origin[1][j], self->origin[2][j]};
            float direction[3] = {self->direction[0][j], self->direction[1][j], self->direction[2][j]};
            ray_hit_t hit = ray_caster_nearest(root, nodes, packs, origin, direction, least, 1e30f);
            best->distance[j] = hit.distance, best->u[j] = hit.u, best->v[j] = hit.v, best->face[j] = hit.face;
        }
    sort(&list);
    for (int32_t n = 0; n < list.count; n++) {
        float ends[2];
        spread(best->distance, first, count, ends);
        if (list.distance[n] > ends[1])
            break;
        const bvh_pack_t *pack = &packs[list.leaf[n]];
        for (uint32_t bits = above(&list, pack); bits; bits &= bits - 1)
            meet(pack, __builtin_ctz(bits), self, first, count, least, best);
    }
}

void ray_group_nearest(ray_group_t *self, const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                       float least, ray_hit_t hit[RAYS])
{
    found_t best;
    int32_t count = (self->count + LANES - 1) / LANES * LANES;
    if (!self->count)
        return;
    for (int k = 0; k < 3; k++) {
        pad(self->origin[k], self->count);
        pad(self->direction[k], self->count);
    }
    for (int32_t i = 0; i < count; i++) {
        best.distance[i] = 1e30f, best.u[i] = best.v[i] = 0;
        best.face[i] = -1;
    }
    nearest(self, 0, count, root, nodes, packs, least, &best);
    for (int32_t i = 0; i < self->count; i++)
        hit[i] = (ray_hit_t){best.face[i], best.distance[i], best.u[i], best.v[i]};
}

void ray_group_nearest_many(const bvh_node_t *nodes, const bvh_pack_t *packs, int64_t count, const float *origin,
                            const float *direction, int32_t *face, float *distance)
{
    for (int64_t first = 0; first < count; first += RAYS) {
        ray_group_t group = {.count = (int32_t)(count - first < RAYS ? count - first : RAYS)};
        ray_hit_t hit[RAYS];
        for (int32_t i = 0; i < group.count; i++)
            for (int k = 0; k < 3; k++) {
                group.origin[k][i] = origin[3 * (first + i) + k];
                group.direction[k][i] = direction[3 * (first + i) + k];
            }
        ray_group_nearest(&group, nodes, nodes, packs, 1e-4f, hit);
        for (int32_t i = 0; i < group.count; i++) {
            face[first + i] = hit[i].face;
            distance[first + i] = hit[i].distance;
        }
    }
}

void ray_group_blocked_many(const bvh_node_t *nodes, const bvh_pack_t *packs, int64_t count, const float *origin,
                            const float *side, const float direction[3], uint8_t *blocked)
{
    for (int64_t first = 0; first < count; first += RAYS) {
        ray_group_t group = {.count = (int32_t)(count - first < RAYS ? count - first : RAYS)};
        for (int k = 0; k < 3; k++) {
            group.side[k] = side[3 * first + k];
            for (int32_t i = 0; i < group.count; i++)
                group.origin[k][i] = origin[3 * (first + i) + k];
        }
        uint64_t bits = ray_group_blocked(&group, nodes, packs, direction, 1e-4f);
        for (int32_t i = 0; i < group.count; i++)
            blocked[first + i] = (uint8_t)(bits >> i & 1);
    }
}
