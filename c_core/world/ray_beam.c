#include "world/ray_beam.h"

enum { LANES = RAY_BEAM_LANES };

/// By how much triangles are taken larger, in barycentric weights; and distances smaller, as a share.
#define LARGER 1.0e-4f
#define NEARER 0.9999f

void ray_beam_aim(ray_beam_t *self, const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                  const float origin[3], float (*direction)[3][LANES], int32_t rows)
{
    self->root = root, self->nodes = nodes, self->packs = packs;
    self->ready = 0;
    ray_bundle_t rays;
    for (int k = 0; k < 3; k++) {
        float low = direction[0][k][0], high = low;
        for (int32_t j = 0; j < rows; j++)
            for (int i = 0; i < LANES; i++) {
                low = direction[j][k][i] < low ? direction[j][k][i] : low;
                high = direction[j][k][i] > high ? direction[j][k][i] : high;
            }
        self->origin[k] = rays.origin[k][0] = rays.origin[k][1] = origin[k];
        ray_bundle_aim(&rays, k, low, high);
        rays.side[k] = 0;
    }
    rays.floor = -1e30f;
    self->count = ray_caster_gather(root, nodes, &rays, RAY_BEAM_PACKS, self->leaf, self->distance);
    for (int32_t i = 1; i < self->count; i++) {
        int32_t leaf = self->leaf[i], j = i;
        float distance = self->distance[i];
        for (; j > 0 && self->distance[j - 1] > distance; j--)
            self->leaf[j] = self->leaf[j - 1], self->distance[j] = self->distance[j - 1];
        self->leaf[j] = leaf, self->distance[j] = distance;
    }
}

static void work_out(const bvh_pack_t *pack, const float origin[3], ray_beam_pack_t *out)
{
    out->used = 0;
    for (int i = 0; i < RAY_CASTER_LANES; i++) {
        float ax = pack->edge1[0][i], ay = pack->edge1[1][i], az = pack->edge1[2][i];
        float bx = pack->edge2[0][i], by = pack->edge2[1][i], bz = pack->edge2[2][i];
        float tx = origin[0] - pack->corner[0][i], ty = origin[1] - pack->corner[1][i], tz = origin[2] - pack->corner[2][i];
        out->a[0][i] = by * az - bz * ay, out->a[1][i] = bz * ax - bx * az, out->a[2][i] = bx * ay - by * ax;
        out->b[0][i] = by * tz - bz * ty, out->b[1][i] = bz * tx - bx * tz, out->b[2][i] = bx * ty - by * tx;
        float qx = ty * az - tz * ay, qy = tz * ax - tx * az, qz = tx * ay - ty * ax;
        out->c[0][i] = qx, out->c[1][i] = qy, out->c[2][i] = qz;
        out->e[i] = bx * qx + by * qy + bz * qz;
    }
    // Triangles of a pack come first, lanes without one have edges of zero.
    for (int i = 0; i < RAY_CASTER_LANES; i++)
        if (out->a[0][i] != 0 || out->a[1][i] != 0 || out->a[2][i] != 0)
            out->used = i + 1;
}

// All the triangles of one pack against eight rays: best distances so far, and in which pack of the list they were.
// Masks of 0 and -1, and stores without conditions, so that compilers see lanes.
static void meet(const ray_beam_pack_t *restrict pack, int32_t at, float d[restrict 3][LANES], float least,
                 float best[restrict LANES], int32_t where[restrict LANES])
{
    for (int32_t j = 0; j < pack->used; j++) {
        float ax = pack->a[0][j], ay = pack->a[1][j], az = pack->a[2][j], bx = pack->b[0][j], by = pack->b[1][j],
              bz = pack->b[2][j], cx = pack->c[0][j], cy = pack->c[1][j], cz = pack->c[2][j], e = pack->e[j];
        float t[LANES];
        int32_t mask[LANES];
        for (int i = 0; i < LANES; i++) {
            float determinant = d[0][i] * ax + d[1][i] * ay + d[2][i] * az;
            float inverse = 1.0f / (determinant == 0 ? 1.0f : determinant);
            float u = (d[0][i] * bx + d[1][i] * by + d[2][i] * bz) * inverse;
            float v = (d[0][i] * cx + d[1][i] * cy + d[2][i] * cz) * inverse;
            t[i] = e * inverse;
            int better = (determinant != 0) & (u >= -LARGER) & (v >= -LARGER) & (u + v <= 1 + LARGER) & (t[i] > least) &
                         (t[i] < best[i]);
            mask[i] = -better;
        }
        for (int i = 0; i < LANES; i++) {
            best[i] = mask[i] ? t[i] : best[i];
            where[i] = (where[i] & ~mask[i]) | (at & mask[i]);
        }
    }
}

void ray_beam_nearest(ray_beam_t *self, float d[3][LANES], float least, ray_hit_t hit[LANES])
{
    float best[LANES];
    int32_t where[LANES];
    for (int i = 0; i < LANES; i++)
        best[i] = 1e30f, where[i] = -1;
    for (int32_t n = 0; n < self->count; n++) {
        float most = 0;
        for (int i = 0; i < LANES; i++)
            most = best[i] > most ? best[i] : most;
        if (self->distance[n] > most)
            break;
        if (n == self->ready)
            work_out(&self->packs[self->leaf[self->ready++]], self->origin, &self->seen[n]);
        meet(&self->seen[n], n, d, least * NEARER, best, where);
    }
    for (int i = 0; i < LANES; i++) {
        float direction[3] = {d[0][i], d[1][i], d[2][i]};
        hit[i] = (ray_hit_t){-1, 1e30f, 0, 0};
        if (where[i] >= 0)
            hit[i] = ray_caster_test(&self->packs[self->leaf[where[i]]], self->origin, direction, least);
        else if (self->count >= 0)
            continue;
        // The face that was found must be the one that is hit: beside its edge another may be, or none.
        if (hit[i].face < 0 || hit[i].distance > best[i] * (1 + LARGER))
            hit[i] = ray_caster_nearest(self->root, self->nodes, self->packs, self->origin, direction, least, 1e30f);
    }
}
