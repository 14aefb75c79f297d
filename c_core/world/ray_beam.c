#include "world/ray_beam.h"

enum { LANES = 16, RAYS = RAY_BEAM_RAYS, PACKS = RAY_BEAM_PACKS, FACES = RAY_CASTER_LANES };

/// By how much triangles are taken larger, in barycentric weights; and distances smaller, as a share.
#define LARGER 1.0e-4f
#define NEARER 0.9999f

static inline float least_of(float a, float b) { return a < b ? a : b; }
static inline float most_of(float a, float b) { return a > b ? a : b; }

typedef struct {
    int32_t count;         // -1: too many leaves
    int32_t leaf[PACKS];   // nearest first
    float distance[PACKS]; // at least so far
    float middle[3], half[3];  // of the directions' spread, by component
} leaves_t;

static void find_leaves(const ray_beam_t *self, const bvh_node_t *root, const bvh_node_t *nodes, leaves_t *out)
{
    ray_bundle_t rays;
    for (int k = 0; k < 3; k++) {
        float low[LANES], high[LANES];
        for (int l = 0; l < LANES; l++)
            low[l] = high[l] = self->direction[k][l];
        for (int32_t j = LANES; j < self->count; j += LANES)
            for (int l = 0; l < LANES; l++) {
                low[l] = least_of(low[l], self->direction[k][j + l]);
                high[l] = most_of(high[l], self->direction[k][j + l]);
            }
        for (int l = 1; l < LANES; l++) {
            low[0] = least_of(low[0], low[l]);
            high[0] = most_of(high[0], high[l]);
        }
        rays.origin[k][0] = rays.origin[k][1] = self->origin[k];
        ray_bundle_aim(&rays, k, low[0], high[0]);
        rays.side[k] = 0;
        out->middle[k] = (low[0] + high[0]) * 0.5f;
        out->half[k] = (high[0] - low[0]) * 0.5f + 1e-6f;
    }
    rays.floor = -1e30f;
    out->count = ray_caster_gather(root, nodes, &rays, PACKS, out->leaf, out->distance);
    for (int32_t i = 1; i < out->count; i++) {
        int32_t leaf = out->leaf[i], j = i;
        float distance = out->distance[i];
        for (; j > 0 && out->distance[j - 1] > distance; j--)
            out->leaf[j] = out->leaf[j - 1], out->distance[j] = out->distance[j - 1];
        out->leaf[j] = leaf, out->distance[j] = distance;
    }
}

// The triangles of one pack, seen from the origin: for a direction d, d.a is the determinant, d.b and d.c are the
// barycentric weights times it, and e the distance times it.
typedef struct {
    float a[3][FACES], b[3][FACES], c[3][FACES], e[FACES];
} seen_t;

// The greatest that d.(x, y, z) may be.
static inline float reach(const leaves_t *of, float x, float y, float z)
{
    return of->middle[0] * x + of->middle[1] * y + of->middle[2] * z + of->half[0] * (x < 0 ? -x : x) +
           of->half[1] * (y < 0 ? -y : y) + of->half[2] * (z < 0 ? -z : z);
}

// @return which of them the beam may meet, as bits.
static uint32_t work_out(const bvh_pack_t *restrict pack, const float origin[3], const leaves_t *restrict of,
                         seen_t *restrict out)
{
    int32_t meets[FACES];
    for (int i = 0; i < FACES; i++) {
        float ax = pack->edge1[0][i], ay = pack->edge1[1][i], az = pack->edge1[2][i];
        float bx = pack->edge2[0][i], by = pack->edge2[1][i], bz = pack->edge2[2][i];
        float tx = origin[0] - pack->corner[0][i], ty = origin[1] - pack->corner[1][i], tz = origin[2] - pack->corner[2][i];
        float nx = by * az - bz * ay, ny = bz * ax - bx * az, nz = bx * ay - by * ax;
        float ux = by * tz - bz * ty, uy = bz * tx - bx * tz, uz = bx * ty - by * tx;
        float qx = ty * az - tz * ay, qy = tz * ax - tx * az, qz = tx * ay - ty * ax;
        float e = bx * qx + by * qy + bz * qz;
        out->a[0][i] = nx, out->a[1][i] = ny, out->a[2][i] = nz;
        out->b[0][i] = ux, out->b[1][i] = uy, out->b[2][i] = uz;
        out->c[0][i] = qx, out->c[1][i] = qy, out->c[2][i] = qz;
        out->e[i] = e;
        // A hit ahead has a determinant of e's sign, and weights of 0 and more, with their sum 1 or less: each says on
        // which side of a plane through the origin a direction is. Lanes without a triangle have e = 0.
        float s = e > 0 ? 1.0f : -1.0f, more = 2 * LARGER;
        nx *= s, ny *= s, nz *= s, ux *= s, uy *= s, uz *= s, qx *= s, qy *= s, qz *= s;
        float front = reach(of, nx, ny, nz), left = reach(of, ux + more * nx, uy + more * ny, uz + more * nz);
        float right = reach(of, qx + more * nx, qy + more * ny, qz + more * nz), far = 1 + more;
        float beyond = reach(of, far * nx - ux - qx, far * ny - uy - qy, far * nz - uz - qz);
        meets[i] = (e != 0) & (front >= 0) & (left >= 0) & (right >= 0) & (beyond >= 0);
    }
    uint32_t bits = 0;
    for (int i = 0; i < FACES; i++)
        bits |= (uint32_t)meets[i] << i;
    return bits;
}

typedef struct {
    float distance[RAYS];
    int32_t where[RAYS];  // in which pack of the list; -1: none
} best_t;

typedef struct {
    float distance[RAYS], u[RAYS], v[RAYS];
    int32_t face[RAYS];
} hits_t;

_Static_assert((int)PACKS <= 64, "a bit for each");

// One triangle against all rays. Masks of 0 and -1, and stores without conditions, so that compilers see lanes.
static void meet(const seen_t *restrict seen, int f, int32_t at, const ray_beam_t *restrict self, float least,
                 best_t *restrict best)
{
    float ax = seen->a[0][f], ay = seen->a[1][f], az = seen->a[2][f], bx = seen->b[0][f], by = seen->b[1][f],
          bz = seen->b[2][f], cx = seen->c[0][f], cy = seen->c[1][f], cz = seen->c[2][f], e = seen->e[f];
    for (int32_t j = 0; j < self->count; j += LANES) {
        float t[LANES];
        int32_t mask[LANES];
        for (int l = 0; l < LANES; l++) {
            float dx = self->direction[0][j + l], dy = self->direction[1][j + l], dz = self->direction[2][j + l];
            float determinant = dx * ax + dy * ay + dz * az;
            float inverse = 1.0f / (determinant == 0 ? 1.0f : determinant);
            float u = (dx * bx + dy * by + dz * bz) * inverse, v = (dx * cx + dy * cy + dz * cz) * inverse;
            t[l] = e * inverse;
            int better = (determinant != 0) & (u >= -LARGER) & (v >= -LARGER) & (u + v <= 1 + LARGER) & (t[l] > least) &
                         (t[l] < best->distance[j + l]);
            mask[l] = -better;
        }
        for (int l = 0; l < LANES; l++) {
            best->distance[j + l] = mask[l] ? t[l] : best->distance[j + l];
            best->where[j + l] = (best->where[j + l] & ~mask[l]) | (at & mask[l]);
        }
    }
}

// One triangle of a pack by the ray caster's arithmetic, for the rays that found their hit in that pack.
static void confirm(const bvh_pack_t *restrict pack, int f, int32_t at, const ray_beam_t *restrict self, float least,
                    const best_t *restrict best, hits_t *restrict out)
{
    float ax = pack->edge1[0][f], ay = pack->edge1[1][f], az = pack->edge1[2][f];
    float bx = pack->edge2[0][f], by = pack->edge2[1][f], bz = pack->edge2[2][f];
    float tx = self->origin[0] - pack->corner[0][f], ty = self->origin[1] - pack->corner[1][f];
    float tz = self->origin[2] - pack->corner[2][f];
    float qx = ty * az - tz * ay, qy = tz * ax - tx * az, qz = tx * ay - ty * ax;
    float along = bx * qx + by * qy + bz * qz;
    int32_t face = pack->face[f];
    for (int32_t j = 0; j < self->count; j += LANES) {
        float u[LANES], v[LANES], t[LANES];
        int32_t mask[LANES];
        for (int l = 0; l < LANES; l++) {
            float dx = self->direction[0][j + l], dy = self->direction[1][j + l], dz = self->direction[2][j + l];
            float px = dy * bz - dz * by, py = dz * bx - dx * bz, pz = dx * by - dy * bx;
            float determinant = ax * px + ay * py + az * pz;
            float inverse = 1.0f / (determinant == 0 ? 1.0f : determinant);
            u[l] = (tx * px + ty * py + tz * pz) * inverse;
            v[l] = (dx * qx + dy * qy + dz * qz) * inverse;
            t[l] = along * inverse;
            int inside = (determinant != 0) & (u[l] >= 0) & (v[l] >= 0) & (u[l] + v[l] <= 1) & (t[l] > least) &
                         (t[l] < out->distance[j + l]) & (best->where[j + l] == at);
            mask[l] = -inside;
        }
        for (int l = 0; l < LANES; l++) {
            out->u[j + l] = mask[l] ? u[l] : out->u[j + l];
            out->v[j + l] = mask[l] ? v[l] : out->v[j + l];
            out->distance[j + l] = mask[l] ? t[l] : out->distance[j + l];
            out->face[j + l] = mask[l] ? face : out->face[j + l];
        }
    }
}

void ray_beam_nearest(ray_beam_t *self, const bvh_node_t *root, const bvh_node_t *nodes, const bvh_pack_t *packs,
                      float least, ray_hit_t hit[RAYS])
{
    int32_t count = self->count;
    if (count < 1)
        return;
    for (; self->count % LANES; self->count++)
        for (int k = 0; k < 3; k++)
            self->direction[k][self->count] = self->direction[k][0];
    leaves_t leaves;
    best_t best;
    hits_t found;
    uint32_t met[PACKS];
    find_leaves(self, root, nodes, &leaves);
    for (int i = 0; i < RAYS; i++) {
        best.distance[i] = found.distance[i] = 1e30f;
        best.where[i] = found.face[i] = -1;
        found.u[i] = found.v[i] = 0;
    }
    for (int32_t n = 0; n < leaves.count; n++) {
        float most = 0;
        for (int32_t i = 0; i < self->count; i++)
            most = most_of(best.distance[i], most);
        if (leaves.distance[n] > most)
            break;
        seen_t seen;
        met[n] = work_out(&packs[leaves.leaf[n]], self->origin, &leaves, &seen);
        for (uint32_t bits = met[n]; bits; bits &= bits - 1)
            meet(&seen, __builtin_ctz(bits), n, self, least * NEARER, &best);
    }
    uint64_t done = 0;  // packs
    for (int32_t i = 0; i < self->count; i++) {
        int32_t n = best.where[i];
        if (n < 0 || done >> n & 1)
            continue;
        done |= (uint64_t)1 << n;
        for (uint32_t bits = met[n]; bits; bits &= bits - 1)
            confirm(&packs[leaves.leaf[n]], __builtin_ctz(bits), n, self, least, &best, &found);
    }
    self->count = count;
    for (int32_t i = 0; i < count; i++) {
        hit[i] = (ray_hit_t){found.face[i], found.distance[i], found.u[i], found.v[i]};
        // The face that was found must be the one that is hit: beside its edge another may be, or none.
        int missed = best.where[i] >= 0 && !(found.distance[i] <= best.distance[i] * (1 + LARGER));
        if (missed || leaves.count < 0) {
            float direction[3] = {self->direction[0][i], self->direction[1][i], self->direction[2][i]};
            hit[i] = ray_caster_nearest(root, nodes, packs, self->origin, direction, least, 1e30f);
        }
    }
}
