/// rigid_body.h - a rigid body that nothing turns: free tumbling from its moments of inertia.
///
/// Euler's equations in principal axes and the quaternion's own, by the classical Runge-Kutta method in
/// steps of RIGID_BODY_STEP_NS, the quaternion made a unit one after each. Only + - * / and sqrt on
/// doubles, in one fixed order: the same bits on every machine (compiled without contraction).
///
/// The error grows with the fifth power of the rate; what it is after 2000 s is held by the tests
/// (tests/core/test_rigid_body.py). Past 360 deg/s take another tool.
///
/// No memory is kept or allocated; cost is some 0.04 us a step.
#pragma once

#include <stdint.h>

#define RIGID_BODY_STEP_NS 5000000  ///< 5 ms

/// Attitude and rate at one instant. A flat value: copy it to keep it.
typedef struct {
    double attitude[4];  ///< Quaternion w, x, y, z; turns body axes into the inertial frame's. Unit length.
    double rate[3];      ///< Angular velocity in body axes [rad/s].
} rigid_body_t;

/// Moves `self` on by `elapsed_ns` (0 or more): whole steps, then a shorter one for the rest. `inertia`
/// holds the principal moments [kg m2], each positive. Two calls give the bits of one only if the first
/// is of whole steps.
void rigid_body_advance(rigid_body_t *self, const double inertia[3], int64_t elapsed_ns);

/// Fills out[0..count-1]: `self` as it is, and after each further `interval_steps` whole steps.
void rigid_body_checkpoints(const rigid_body_t *self, const double inertia[3], int64_t interval_steps,
                            int64_t count, rigid_body_t *out);
