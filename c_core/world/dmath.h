/// dmath.h - elementary functions that give the same bits on every machine.
///
/// A C library's sin() may differ from another's in the last place; a picture must not. These are
/// built from + - * / and sqrt alone, which IEEE 754 fixes to the bit, and compiled without fused
/// multiply-add. Double precision, error below 4 units in the last place on the ranges named.
/// Pure: no state, no errno, no exceptions; NaN in, NaN (or a finite value) out, never a trap.
#pragma once

#include <stddef.h>

#define DMATH_PI 3.14159265358979323846

/// |x| < 1e6 rad; beyond it the argument reduction loses digits.
double dmath_sin(double x);
double dmath_cos(double x);
void dmath_sincos(double x, double *sine, double *cosine);

double dmath_atan2(double y, double x);  ///< (-pi, pi]; 0 where both are 0.
double dmath_asin(double x);             ///< Argument clamped to [-1, 1].
double dmath_acos(double x);             ///< Argument clamped to [-1, 1].
double dmath_exp(double x);              ///< 0 below -745, clamped to exp(709) above 709.
double dmath_log(double x);              ///< x > 0; -1e308 otherwise. Subnormals read as the smallest normal.
double dmath_pow(double x, double y);    ///< x > 0: exp(y log x); 0 otherwise.
double dmath_cbrt(double x);
double dmath_sqrt(double x);

/// Which function `dmath_map` applies.
enum dmath_function { DMATH_SIN, DMATH_COS, DMATH_ASIN, DMATH_ACOS, DMATH_EXP, DMATH_LOG, DMATH_CBRT };

/// out[i] = f(x[i]); `out` may be `x`.
void dmath_map(int function, size_t count, const double *x, double *out);
/// out[i] = atan2(y[i], x[i]).
void dmath_map_atan2(size_t count, const double *y, const double *x, double *out);
/// out[i] = x[i] to the power y.
void dmath_map_pow(size_t count, const double *x, double y, double *out);
