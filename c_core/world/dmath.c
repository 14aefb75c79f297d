#include "world/dmath.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// pi/2 in three parts of 33 bits: k * part is exact for |k| < 2^20.
static const double half_pi_1 = 1.57079632673412561417e+00;
static const double half_pi_2 = 6.07710050630396597660e-11;
static const double half_pi_3 = 2.02226624879595063154e-21;
static const double ln2_high = 6.93147180369123816490e-01;
static const double ln2_low = 1.90821492927058770002e-10;

// Round to nearest through the integer unit: independent of the rounding mode library calls.
static double nearest(double x) { return (double)(int64_t)(x < 0 ? x - 0.5 : x + 0.5); }

static double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

// Taylor about 0 on |x| <= pi/4: the first term left out is below 1e-19.
static double sine_kernel(double x)
{
    double z = x * x;
    double p = -1.0 / 355687428096000.0 * z + 1.0 / 1307674368000.0;
    p = -p * z + 1.0 / 6227020800.0;
    p = p * z - 1.0 / 39916800.0;
    p = p * z + 1.0 / 362880.0;
    p = p * z - 1.0 / 5040.0;
    p = p * z + 1.0 / 120.0;
    p = p * z - 1.0 / 6.0;
    return x + x * z * p;
}

static double cosine_kernel(double x)
{
    double z = x * x;
    double p = 1.0 / 20922789888000.0 * z - 1.0 / 87178291200.0;
    p = p * z + 1.0 / 479001600.0;
    p = p * z - 1.0 / 3628800.0;
    p = p * z + 1.0 / 40320.0;
    p = p * z - 1.0 / 720.0;
    p = p * z + 1.0 / 24.0;
    return 1.0 - z * 0.5 + z * z * p;
}

void dmath_sincos(double x, double *sine, double *cosine)
{
    x = clamp(x, -1e9, 1e9);
    double k = nearest(x * (2.0 / DMATH_PI));
    double r = ((x - k * half_pi_1) - k * half_pi_2) - k * half_pi_3;
    double s = sine_kernel(r), c = cosine_kernel(r);
    switch ((int64_t)k & 3) {
    case 0: *sine = s, *cosine = c; break;
    case 1: *sine = c, *cosine = -s; break;
    case 2: *sine = -s, *cosine = -c; break;
    default: *sine = -c, *cosine = s; break;
    }
}

double dmath_sin(double x)
{
    double s, c;
    dmath_sincos(x, &s, &c);
    return s;
}

double dmath_cos(double x)
{
    double s, c;
    dmath_sincos(x, &s, &c);
    return c;
}

// 0 <= x <= 1: two half-angle steps bring it under tan(pi/16), then the series.
static double atan_unit(double x)
{
    double scale = 4.0;
    x = x / (1.0 + sqrt(1.0 + x * x));
    x = x / (1.0 + sqrt(1.0 + x * x));
    double z = x * x, p = 1.0 / 23.0;
    p = 1.0 / 21.0 - z * p;
    p = 1.0 / 19.0 - z * p;
    p = 1.0 / 17.0 - z * p;
    p = 1.0 / 15.0 - z * p;
    p = 1.0 / 13.0 - z * p;
    p = 1.0 / 11.0 - z * p;
    p = 1.0 / 9.0 - z * p;
    p = 1.0 / 7.0 - z * p;
    p = 1.0 / 5.0 - z * p;
    p = 1.0 / 3.0 - z * p;
    return scale * (x - x * z * p);
}

double dmath_atan2(double y, double x)
{
    double ay = y < 0 ? -y : y, ax = x < 0 ? -x : x;
    if (!(ax > 0) && !(ay > 0))
        return 0;
    double a = ay > ax ? DMATH_PI / 2 - atan_unit(ax / ay) : atan_unit(ay / ax);
    if (x < 0)
        a = DMATH_PI - a;
    return y < 0 ? -a : a;
}

double dmath_asin(double x)
{
    x = clamp(x, -1, 1);
    return dmath_atan2(x, sqrt((1 - x) * (1 + x)));
}

double dmath_acos(double x)
{
    x = clamp(x, -1, 1);
    return dmath_atan2(sqrt((1 - x) * (1 + x)), x);
}

static double power_of_two(int64_t k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double dmath_exp(double x)
{
    if (!(x > -745))
        return 0;
    x = clamp(x, -745, 709);
    double k = nearest(x * 1.44269504088896340736);
    double r = (x - k * ln2_high) - k * ln2_low;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    int64_t half = (int64_t)k / 2;  // in two steps, so that subnormal results round once
    return p * power_of_two(half) * power_of_two((int64_t)k - half);
}

double dmath_log(double x)
{
    if (!(x > 0))
        return -1e308;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t k = (int64_t)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFu) | (1023ull << 52);
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356237309504880)
        m *= 0.5, k += 1;
    // log m = 2 atanh s; |s| < 0.1716
    double s = (m - 1) / (m + 1), z = s * s, p = 1.0 / 23.0;
    p = p * z + 1.0 / 21.0;
    p = p * z + 1.0 / 19.0;
    p = p * z + 1.0 / 17.0;
    p = p * z + 1.0 / 15.0;
    p = p * z + 1.0 / 13.0;
    p = p * z + 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z + 1.0 / 7.0;
    p = p * z + 1.0 / 5.0;
    p = p * z + 1.0 / 3.0;
    return (double)k * ln2_high + (2 * s + (2 * s * z * p + (double)k * ln2_low));
}

double dmath_pow(double x, double y) { return x > 0 ? dmath_exp(y * dmath_log(x)) : 0; }

double dmath_cbrt(double x)
{
    double a = x < 0 ? -x : x;
    if (!(a > 1e-300))
        return 0;
    double y = dmath_exp(dmath_log(a) / 3);
    y = y - (y * y * y - a) / (3 * y * y);  // one Newton step takes the last digits back
    return x < 0 ? -y : y;
}

double dmath_sqrt(double x) { return x > 0 ? sqrt(x) : 0; }

void dmath_map(int function, size_t count, const double *x, double *out)
{
    double (*const table[])(double) = {dmath_sin, dmath_cos, dmath_asin, dmath_acos,
                                       dmath_exp, dmath_log, dmath_cbrt};
    double (*f)(double) = table[function];
    for (size_t i = 0; i < count; i++)
        out[i] = f(x[i]);
}

void dmath_map_atan2(size_t count, const double *y, const double *x, double *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = dmath_atan2(y[i], x[i]);
}

void dmath_map_pow(size_t count, const double *x, double y, double *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = dmath_pow(x[i], y);
}
