#include "world/rigid_body.h"

#include <math.h>

/// Where a state is, or how fast it changes, in registers: in memory each stage would wait for the stores of
/// the one before.
typedef struct {
    double w, x, y, z, p, q, r;
} flow_t;

/// A state's derivative. pull: of each rate, what Euler's equation multiplies the two others by.
static inline flow_t slope(const flow_t at, const double pull[3])
{
    return (flow_t){
        0.5 * (-at.x * at.p - at.y * at.q - at.z * at.r),
        0.5 * (at.w * at.p + at.y * at.r - at.z * at.q),
        0.5 * (at.w * at.q + at.z * at.p - at.x * at.r),
        0.5 * (at.w * at.r + at.x * at.q - at.y * at.p),
        pull[0] * at.q * at.r,
        pull[1] * at.r * at.p,
        pull[2] * at.p * at.q,
    };
}

static inline flow_t moved(const flow_t from, const flow_t along, double by)
{
    return (flow_t){
        from.w + by * along.w, from.x + by * along.x, from.y + by * along.y, from.z + by * along.z,
        from.p + by * along.p, from.q + by * along.q, from.r + by * along.r,
    };
}

static inline double sum(double k1, double k2, double k3, double k4)
{
    return k1 + 2.0 * k2 + 2.0 * k3 + k4;
}

static inline flow_t step(const flow_t at, const double pull[3], double h)
{
    const flow_t k1 = slope(at, pull);
    const flow_t k2 = slope(moved(at, k1, 0.5 * h), pull);
    const flow_t k3 = slope(moved(at, k2, 0.5 * h), pull);
    const flow_t k4 = slope(moved(at, k3, h), pull);
    const flow_t all = {
        sum(k1.w, k2.w, k3.w, k4.w), sum(k1.x, k2.x, k3.x, k4.x), sum(k1.y, k2.y, k3.y, k4.y),
        sum(k1.z, k2.z, k3.z, k4.z), sum(k1.p, k2.p, k3.p, k4.p), sum(k1.q, k2.q, k3.q, k4.q),
        sum(k1.r, k2.r, k3.r, k4.r),
    };
    flow_t next = moved(at, all, h / 6.0);
    const double norm = sqrt(next.w * next.w + next.x * next.x + next.y * next.y + next.z * next.z);
    next.w /= norm;
    next.x /= norm;
    next.y /= norm;
    next.z /= norm;
    return next;
}

/// `count` whole steps, and one of `rest_ns` if that is not 0.
static void steps(rigid_body_t *self, const double inertia[3], int64_t count, int64_t rest_ns)
{
    const double pull[3] = {
        (inertia[1] - inertia[2]) / inertia[0],
        (inertia[2] - inertia[0]) / inertia[1],
        (inertia[0] - inertia[1]) / inertia[2],
    };
    const double h = (double)RIGID_BODY_STEP_NS * 1e-9;
    const double *a = self->attitude, *b = self->rate;
    flow_t at = {a[0], a[1], a[2], a[3], b[0], b[1], b[2]};
    for (int64_t i = 0; i < count; i++) {
        at = step(at, pull, h);
    }
    if (rest_ns > 0) {
        at = step(at, pull, (double)rest_ns * 1e-9);
    }
    *self = (rigid_body_t){{at.w, at.x, at.y, at.z}, {at.p, at.q, at.r}};
}

void rigid_body_advance(rigid_body_t *self, const double inertia[3], int64_t elapsed_ns)
{
    steps(self, inertia, elapsed_ns / RIGID_BODY_STEP_NS, elapsed_ns % RIGID_BODY_STEP_NS);
}

void rigid_body_checkpoints(const rigid_body_t *self, const double inertia[3], int64_t interval_steps,
                            int64_t count, rigid_body_t *out)
{
    rigid_body_t at = *self;
    for (int64_t i = 0; i < count; i++) {
        out[i] = at;
        steps(&at, inertia, interval_steps, 0);
    }
}
