"""How sure a share of draws makes a probability: the interval of Clopper and Pearson (Biometrika 26, 1934).

It holds the true probability at least as often as it says, whatever that is; also where nothing was counted.
"""

from math import exp, lgamma, log

from fsw.core.errors import FswError

_TINY = 1e-300
_TERMS = 2000


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised one, I_x(a, b), by its continued fraction (Abramowitz and Stegun, 26.5.8)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x))
    if x > (a + 1.0) / (a + b + 2.0):  # there the other end's fraction converges
        return 1.0 - front * _fraction(b, a, 1.0 - x) / b
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    """Lentz's way of evaluating it."""
    c, d = 1.0, 1.0 / _off_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _off_zero(1.0 + term * d)
            c = _off_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < 1e-14:
            return value
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def interval(counted: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Lowest and highest probability that `counted` of `of` draws leave, two-sided. FswError: none drawn."""
    if not 0 <= counted <= of or of < 1 or not 0.0 < level < 1.0:
        raise FswError(f"{counted} of {of} at {level}: allowed are 0 to all of one or more, and 0 to 1")
    tail = (1.0 - level) / 2.0
    # P(X >= k) = I_p(k, n - k + 1): as p rises, so does it.
    low = 0.0 if counted == 0 else _solved(counted, of - counted + 1, tail)
    high = 1.0 if counted == of else _solved(counted + 1, of - counted, 1.0 - tail)
    return low, high


def _solved(a: float, b: float, wanted: float) -> float:
    """x with I_x(a, b) = wanted, by bisection to the last place that counts."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if incomplete_beta(a, b, middle) < wanted:
            low = middle
        else:
            high = middle
        if high - low <= 1e-13 * high:
            break
    return (low + high) / 2.0
