#include "world/rigid_body.h"

#include <math.h>

/// A state's derivative, in the state's own shape.
static rigid_body_t slope(const rigid_body_t *at, const double inertia[3])
{
    const double w = at->attitude[0], x = at->attitude[1], y = at->attitude[2], z = at->attitude[3];
    const double p = at->rate[0], q = at->rate[1], r = at->rate[2];
    rigid_body_t result;
    result.attitude[0] = 0.5 * (-x * p - y * q - z * r);
    result.attitude[1] = 0.5 * (w * p + y * r - z * q);
    result.attitude[2] = 0.5 * (w * q + z * p - x * r);
    result.attitude[3] = 0.5 * (w * r + x * q - y * p);
    result.rate[0] = (inertia[1] - inertia[2]) / inertia[0] * q * r;
    result.rate[1] = (inertia[2] - inertia[0]) / inertia[1] * r * p;
    result.rate[2] = (inertia[0] - inertia[1]) / inertia[2] * p * q;
    return result;
}

static rigid_body_t moved(const rigid_body_t *from, const rigid_body_t *along, double by)
{
    rigid_body_t result;
    for (int i = 0; i < 4; i++) {
        result.attitude[i] = from->attitude[i] + by * along->attitude[i];
    }
    for (int i = 0; i < 3; i++) {
        result.rate[i] = from->rate[i] + by * along->rate[i];
    }
    return result;
}

static void step(rigid_body_t *self, const double inertia[3], double h)
{
    const rigid_body_t k1 = slope(self, inertia);
    const rigid_body_t at2 = moved(self, &k1, 0.5 * h);
    const rigid_body_t k2 = slope(&at2, inertia);
    const rigid_body_t at3 = moved(self, &k2, 0.5 * h);
    const rigid_body_t k3 = slope(&at3, inertia);
    const rigid_body_t at4 = moved(self, &k3, h);
    const rigid_body_t k4 = slope(&at4, inertia);
    const double sixth = h / 6.0;
    double norm2 = 0.0;
    for (int i = 0; i < 4; i++) {
        self->attitude[i] +=
            sixth * (k1.attitude[i] + 2.0 * k2.attitude[i] + 2.0 * k3.attitude[i] + k4.attitude[i]);
        norm2 += self->attitude[i] * self->attitude[i];
    }
    for (int i = 0; i < 3; i++) {
        self->rate[i] += sixth * (k1.rate[i] + 2.0 * k2.rate[i] + 2.0 * k3.rate[i] + k4.rate[i]);
    }
    const double norm = sqrt(norm2);
    for (int i = 0; i < 4; i++) {
        self->attitude[i] /= norm;
    }
}

static void steps(rigid_body_t *self, const double inertia[3], int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        step(self, inertia, (double)RIGID_BODY_STEP_NS * 1e-9);
    }
}

void rigid_body_advance(rigid_body_t *self, const double inertia[3], int64_t elapsed_ns)
{
    steps(self, inertia, elapsed_ns / RIGID_BODY_STEP_NS);
    const int64_t rest_ns = elapsed_ns % RIGID_BODY_STEP_NS;
    if (rest_ns > 0) {
        step(self, inertia, (double)rest_ns * 1e-9);
    }
}

void rigid_body_checkpoints(const rigid_body_t *self, const double inertia[3], int64_t interval_steps,
                            int64_t count, rigid_body_t *out)
{
    rigid_body_t at = *self;
    for (int64_t i = 0; i < count; i++) {
        out[i] = at;
        steps(&at, inertia, interval_steps);
    }
}
