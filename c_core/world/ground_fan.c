#include "world/ground_fan.h"

#include <math.h>

enum { LANES = GROUND_FAN_LANES };

typedef struct {
    float a[3][LANES], b[3][LANES], c[3][LANES], e[3][LANES];  // corners of a cell: a, c across
} cells_t;

typedef struct {
    float distance[LANES], u[LANES], v[LANES];
    int32_t which[LANES];  // 0: neither triangle, 1: a b c, 2: a c e
} met_t;

// Moller-Trumbore, as the tree's.
static inline void meet(float (*restrict p)[LANES], float (*restrict q)[LANES], float (*restrict r)[LANES],
                        const float eye[3], float (*restrict d)[LANES], int32_t which, met_t *restrict met)
{
    for (int i = 0; i < LANES; i++) {
        float ax = q[0][i] - p[0][i], ay = q[1][i] - p[1][i], az = q[2][i] - p[2][i];
        float bx = r[0][i] - p[0][i], by = r[1][i] - p[1][i], bz = r[2][i] - p[2][i];
        float tx = eye[0] - p[0][i], ty = eye[1] - p[1][i], tz = eye[2] - p[2][i];
        float px = d[1][i] * bz - d[2][i] * by, py = d[2][i] * bx - d[0][i] * bz, pz = d[0][i] * by - d[1][i] * bx;
        float determinant = ax * px + ay * py + az * pz;
        float inverse = 1.0f / (determinant == 0 ? 1.0f : determinant);
        float qx = ty * az - tz * ay, qy = tz * ax - tx * az, qz = tx * ay - ty * ax;
        float u = (tx * px + ty * py + tz * pz) * inverse, v = (d[0][i] * qx + d[1][i] * qy + d[2][i] * qz) * inverse;
        float distance = (bx * qx + by * qy + bz * qz) * inverse;
        // A hair wider than the triangle: no ray falls between two.
        int inside = (determinant != 0) & (u >= -1e-5f) & (v >= -1e-5f) & (u + v <= 1.00001f) & (distance > 1e-3f) &
                     (distance < met->distance[i]);
        met->distance[i] = inside ? distance : met->distance[i];
        met->u[i] = inside ? u : met->u[i];
        met->v[i] = inside ? v : met->v[i];
        met->which[i] = inside ? which : met->which[i];
    }
}

// The first ring from `from` on of which a cell in the column is as steep as the ray.
static inline int32_t next_ring(const float *steepest, int32_t cells, int32_t from, float slope)
{
    while (from < cells && steepest[from] < slope)
        from++;
    return from;
}

// The first ring up to which the ground has risen to the ray.
static inline int32_t first_ring(const float *risen, int32_t cells, int32_t near, float slope)
{
    if (near > 0 && risen[near - 1] < slope && (near == cells || risen[near] >= slope))
        return near;
    int32_t low = 0, high = cells;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (risen[middle] < slope)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t ground_fan_nearest(const site_fan_t *self, float (*d)[LANES], int32_t *near, ray_hit_t hit[LANES])
{
    float ahead[LANES], at[LANES], slope[LANES];
    for (int i = 0; i < LANES; i++) {
        ahead[i] = d[0][i] * self->ahead[0] + d[1][i] * self->ahead[1];
        float left = d[1][i] * self->ahead[0] - d[0][i] * self->ahead[1];
        at[i] = left / (ahead[i] * self->step) + 0.5f * (float)(self->columns - 1);
        slope[i] = d[2][i] / sqrtf(d[0][i] * d[0][i] + d[1][i] * d[1][i]) - 1e-6f;
    }
    int32_t cells = self->rings - 1, column[LANES], ring[LANES];
    uint32_t untold = 0, left = 0;
    for (int i = 0; i < LANES; i++) {
        hit[i] = (ray_hit_t){-1, 1e30f, 0, 0};
        if (ahead[i] < 0.05f || !(at[i] >= 0 && at[i] < (float)(self->columns - 1))) {
            untold |= 1u << i;
            continue;
        }
        column[i] = (int32_t)at[i];
        *near = ring[i] = first_ring(self->risen + (int64_t)column[i] * cells, cells, *near, slope[i]);
        left |= (uint32_t)(*near < cells) << i;
    }
    while (left) {
        cells_t cell;
        met_t met;
        for (int i = 0; i < LANES; i++) {
            met.distance[i] = 1e30f, met.u[i] = met.v[i] = 0, met.which[i] = 0;
            if (!(left >> i & 1)) {
                for (int k = 0; k < 3; k++)
                    cell.a[k][i] = cell.b[k][i] = cell.c[k][i] = cell.e[k][i] = 0;
                continue;
            }
            ring[i] = next_ring(self->steepest + (int64_t)column[i] * cells, cells, ring[i], slope[i]);
            int32_t here = ring[i] < cells ? ring[i] : cells - 1;
            const float *a = self->position + 3 * ((int64_t)here * self->across + column[i]);
            const float *b = a + 3 * (int64_t)self->across;
            for (int k = 0; k < 3; k++)
                cell.a[k][i] = a[k], cell.e[k][i] = a[3 + k], cell.b[k][i] = b[k], cell.c[k][i] = b[3 + k];
        }
        meet(cell.a, cell.b, cell.c, self->eye, d, 1, &met);
        meet(cell.a, cell.c, cell.e, self->eye, d, 2, &met);
        for (uint32_t bits = left; bits; bits &= bits - 1) {
            int i = __builtin_ctz(bits);
            if (ring[i] == cells) {  // over the horizon by a hair, or between two columns by less
                untold |= 1u << i;
            } else if (met.which[i]) {
                int32_t face = ring[i] * (self->across - 1) + column[i];
                hit[i] = (ray_hit_t){met.which[i] == 1 ? face : face + cells * (self->across - 1), met.distance[i],
                                     met.u[i], met.v[i]};
            } else {
                ring[i]++;
                continue;
            }
            left &= ~(1u << i);
        }
    }
    return untold;
}
