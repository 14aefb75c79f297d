"""Functions of one number that give the same bits on every machine.

libm's exp, log and sin differ by a bit from one C library to the next. These use + - * / and sqrt
only, in a fixed order, which IEEE 754 rounds alike everywhere. Accuracy against `math`: exp, log and
log10 within 4e-16 relative (log near 1: absolute), sine and cosine within 4e-16 absolute, erfc within
2e-13 relative down to 1e-300.
"""

import math
from typing import Final

from fsw.core.errors import FswError

PI: Final = 3.141592653589793
_LN2_HIGH: Final = 0.6931471803691238  # the upper 33 bits, so that k * _LN2_HIGH is exact
_LN2_LOW: Final = 1.9082149292705877e-10
_LN10: Final = 2.302585092994046
_LN10_OVER_10: Final = 0.2302585092994046
_SQRT_HALF: Final = 0.7071067811865476
_TWO_OVER_SQRT_PI: Final = 1.1283791670955126
_ONE_OVER_SQRT_PI: Final = 0.5641895835477563
_EXP_TOO_SMALL: Final = -745.0
_EXP_TOO_LARGE: Final = 709.7
_ERFC_TOO_SMALL: Final = 26.5

_INVERSE_FACTORIAL: Final = tuple(1.0 / math.factorial(n) for n in range(20))


def exp(x: float) -> float:
    """e to the x; 0 below -745, FswError above 709.7."""
    if x < _EXP_TOO_SMALL:
        return 0.0
    if x > _EXP_TOO_LARGE:
        raise FswError(f"exp({x}): allowed are arguments up to {_EXP_TOO_LARGE}")
    k = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW  # |r| <= ln 2 / 2
    total = 0.0
    for coefficient in _INVERSE_FACTORIAL[14:1:-1]:
        total = (total + coefficient) * r
    return math.ldexp(1.0 + (r + r * total), k)


def log(x: float) -> float:
    """Natural logarithm of a positive number."""
    if not 0.0 < x < math.inf:
        raise FswError(f"logarithm of {x}: allowed are positive numbers")
    mantissa, k = math.frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa, k = 2.0 * mantissa, k - 1
    # ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| < 0.172.
    s = (mantissa - 1.0) / (mantissa + 1.0)
    s2 = s * s
    total = 0.0
    for n in range(23, 1, -2):
        total = (total + 1.0 / n) * s2
    return k * _LN2_HIGH + (k * _LN2_LOW + 2.0 * (s + s * total))


def log10(x: float) -> float:
    """Decimal logarithm of a positive number."""
    return log(x) / _LN10


def from_decibels(level_db: float) -> float:
    """10^(level/10)."""
    return exp(level_db * _LN10_OVER_10)


def decibels(ratio: float) -> float:
    """10 log10(ratio) of a positive power ratio."""
    return 10.0 * log(ratio) / _LN10


def erfc(x: float) -> float:
    """Complementary error function; 0 above 26.5, where it leaves the range of a float."""
    if x < 0.0:
        return 2.0 - erfc(-x)
    if x > _ERFC_TOO_SMALL:
        return 0.0
    x2 = x * x
    if x < 2.0:
        # erf = 2/sqrt(pi) exp(-x^2) sum of (2 x^2)^n x / (2n+1)!!, all terms positive.
        term = total = x
        for n in range(1, 60):
            term *= 2.0 * x2 / (2 * n + 1)
            total += term
        return 1.0 - _TWO_OVER_SQRT_PI * exp(-x2) * total
    # Laplace's continued fraction x + (1/2)/(x + (2/2)/(x + ...)), from its far end.
    fraction = x
    for n in range(80, 0, -1):
        fraction = x + 0.5 * n / fraction
    return _ONE_OVER_SQRT_PI * exp(-x2) / fraction


def sine_cosine_degrees(angle_deg: float) -> tuple[float, float]:
    """Sine and cosine of an angle in degrees; exact at multiples of 90."""
    quarter = math.floor(angle_deg / 90.0 + 0.5)
    x = (angle_deg - 90.0 * quarter) * (PI / 180.0)
    x2 = x * x
    sine = 0.0
    for coefficient in _INVERSE_FACTORIAL[19:1:-2]:
        sine = (coefficient - sine) * x2
    sine = x - x * sine
    cosine = 0.0
    for coefficient in _INVERSE_FACTORIAL[18:1:-2]:
        cosine = (coefficient - cosine) * x2
    cosine = 1.0 - cosine
    return ((sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine))[quarter % 4]
