"""The camera's primary battery: voltage by what was drawn from it."""

import itertools

# Lithium-manganese cell under a light load: depth of discharge, volts (assumed, after data sheets).
_CURVE = ((0.0, 3.10), (0.05, 2.95), (0.50, 2.85), (0.80, 2.70), (0.93, 2.50), (1.0, 2.0), (1.2, 0.5))


def voltage_mv(capacity_wh: float, used_mj: int) -> int:
    """Terminal voltage after `used_mj` millijoules of `capacity_wh`, linear between the curve's points."""
    depth = used_mj / (capacity_wh * 3_600_000.0)
    for (d0, v0), (d1, v1) in itertools.pairwise(_CURVE):
        if depth <= d1:
            return round(1000.0 * (v0 + (v1 - v0) * (depth - d0) / (d1 - d0)))
    return round(1000.0 * _CURVE[-1][1])
