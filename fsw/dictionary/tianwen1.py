"""The two real packets of Tianwen-1's orbiter whose meaning is known, in their real layout.

Source: recordings decoded by Daniel Estevez et al. (github.com/daniestevez/jupyter_notebooks, data
CC BY 4.0). Neither has a secondary header. The octets between the known fields have unknown meaning:
hidden here, zero when we encode.
"""

import construct

from fsw.dictionary.identifiers import ATTITUDE_APID, STATE_VECTOR_APID, Origin
from fsw.dictionary.parameter import Linear, Parameter
from fsw.dictionary.report import Report

EPOCH_UTC = "2015-12-31T16:00:00Z"  # of the orbiter's clock
CLOCK_TICK_NS = 100_000

QUATERNION_SCALE = 1e-4


def _unknown(number: int, octets: int) -> Parameter:
    return Parameter(
        f"unknown_{number}", construct.Bytes(octets), "Meaning not known", default=bytes(octets), hidden=True
    )


def _state(name: str, unit: str, text: str) -> Parameter:
    return Parameter(name, construct.Float64b, text, unit)


def _quaternion(name: str, text: str) -> Parameter:
    return Parameter(name, construct.Int16sb, text, calibration=Linear(QUATERNION_SCALE), overflow="saturate")


STATE_VECTOR = Report(
    "STATE_VECTOR",
    STATE_VECTOR_APID,
    (
        _unknown(1, 12),
        Parameter(
            "state_time",
            construct.BytesInteger(6),
            f"Time of the state: ticks of 100 us since {EPOCH_UTC}",
            "100us",
        ),
        _unknown(2, 48),
        _state("position_x", "km", "Position, ICRF; from the Sun in cruise, from Mars in orbit"),
        _state("position_y", "km", "Position, ICRF"),
        _state("position_z", "km", "Position, ICRF"),
        _state("velocity_x", "km/s", "Velocity, ICRF"),
        _state("velocity_y", "km/s", "Velocity, ICRF"),
        _state("velocity_z", "km/s", "Velocity, ICRF"),
    ),
    "Where the orbiter believes it is",
    Origin.TIANWEN_1,
    period_s=32.0,
)

ATTITUDE = Report(
    "ATTITUDE",
    ATTITUDE_APID,
    (
        _unknown(1, 36),
        _quaternion("attitude_w", "Quaternion body to ICRF, scalar part"),
        _quaternion("attitude_x", "Quaternion body to ICRF"),
        _quaternion("attitude_y", "Quaternion body to ICRF"),
        _quaternion("attitude_z", "Quaternion body to ICRF"),
        _unknown(2, 14),
    ),
    "How the orbiter is pointed; whole packet 64 octets",
    Origin.TIANWEN_1,
    period_s=2.0,
)

REPORTS = (STATE_VECTOR, ATTITUDE)
