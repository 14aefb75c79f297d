"""Torque-free tumbling: where a released body points at any time, as a pure function of its release."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import check_rows

Quaternion = tuple[float, float, float, float]
Vector = tuple[float, float, float]

STEP_NS: int = lib.RIGID_BODY_STEP_NS
_CHECKPOINT_STEPS = 200
_CHECKPOINT_NS = _CHECKPOINT_STEPS * STEP_NS
assert _CHECKPOINT_NS == 1_000_000_000, "each_second gives them"
_GROW_BY = 64
_LONGEST_NS = 86_400 * 1_000_000_000
_STATE = np.dtype([("attitude", "<f8", 4), ("rate", "<f8", 3)])

check_rows(_STATE, "rigid_body_t")


class Tumble:
    """A body released at time 0 with an attitude and a rate; nothing turns it afterwards.

    inertia_kg_m2: principal moments, about the body's axes. attitude: quaternion (w, x, y, z), body to
    inertial, made a unit one. rate_rad_s: angular velocity in body axes, up to 2 pi rad/s.
    Checkpoints each second make any later time cost some 10 us; they are a cache, not state.
    """

    def __init__(
        self, inertia_kg_m2: Sequence[float], attitude: Sequence[float], rate_rad_s: Sequence[float]
    ) -> None:
        inertia = [float(moment) for moment in inertia_kg_m2]
        quaternion = [float(part) for part in attitude]
        rate = [float(part) for part in rate_rad_s]
        if (
            len(inertia) != 3
            or not all(0.0 < moment < math.inf for moment in inertia)
            or 2.0 * max(inertia) > sum(inertia) * (1.0 + 1e-12)
        ):
            raise FswError(
                f"moments of inertia {inertia}: allowed are three positive ones, none above the sum of "
                "the others"
            )
        norm = math.sqrt(sum(part * part for part in quaternion)) if len(quaternion) == 4 else 0.0
        if not 0.0 < norm < math.inf:
            raise FswError(f"attitude {quaternion}: allowed are four numbers (w, x, y, z), not all zero")
        fastest = 2.0 * math.pi
        if len(rate) != 3 or not sum(part * part for part in rate) <= fastest * fastest:
            raise FswError(f"rate {rate} rad/s: allowed are three numbers, up to {fastest:.6g} rad/s in all")
        self._inertia = ffi.new("double[3]", inertia)
        self._checkpoints = np.zeros(1, dtype=_STATE)
        self._checkpoints[0]["attitude"] = [part / norm for part in quaternion]
        self._checkpoints[0]["rate"] = rate

    def _checkpoints_to(self, index: int) -> npt.NDArray[np.void]:
        """Checkpoints up to `index` and perhaps beyond. Safe in threads: each makes its own, all alike."""
        known = self._checkpoints
        have = len(known)
        if index < have:
            return known
        more = max(index + 1 - have, _GROW_BY)
        grown = np.zeros(have + more, dtype=_STATE)
        grown[:have] = known
        # From the last one on, which is written again with the bits it has.
        start = ffi.new("rigid_body_t *")
        ffi.memmove(start, ffi.from_buffer(grown[have - 1 : have]), _STATE.itemsize)
        out = ffi.from_buffer("rigid_body_t[]", grown[have - 1 :], require_writable=True)
        lib.rigid_body_checkpoints(start, self._inertia, _CHECKPOINT_STEPS, more + 1, out)
        self._checkpoints = grown
        return grown

    def state(self, elapsed_ns: int) -> tuple[Quaternion, Vector]:
        """Attitude (w, x, y, z) and rate [rad/s, body axes] so long after the release, up to a day."""
        if not 0 <= elapsed_ns <= _LONGEST_NS:
            raise FswError(f"{elapsed_ns} ns after release: allowed are 0 to {_LONGEST_NS}")
        index, rest_ns = divmod(elapsed_ns, _CHECKPOINT_NS)
        at = ffi.new("rigid_body_t *")
        checkpoints = self._checkpoints_to(index)
        ffi.memmove(at, ffi.from_buffer(checkpoints[index : index + 1]), _STATE.itemsize)
        lib.rigid_body_advance(at, self._inertia, rest_ns)
        w, x, y, z = at.attitude
        p, q, r = at.rate
        return (w, x, y, z), (p, q, r)

    def each_second(self, count: int) -> npt.NDArray[np.float64]:
        """Attitudes at 0, 1, 2 ... s, (count, 4): those at which the checkpoints stand."""
        attitudes: npt.NDArray[np.float64] = self._checkpoints_to(max(0, count - 1))["attitude"][:count]
        return attitudes.copy()

    def states(
        self, elapsed_ns: Sequence[int] | npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Attitudes (n, 4) and rates (n, 3) at n times."""
        found = [self.state(int(time)) for time in elapsed_ns]
        attitudes = np.array([attitude for attitude, _ in found], dtype=np.float64).reshape(-1, 4)
        rates = np.array([rate for _, rate in found], dtype=np.float64).reshape(-1, 3)
        return attitudes, rates
