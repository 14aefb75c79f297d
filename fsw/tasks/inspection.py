"""What the inspector's tasks share: mailboxes, messages, and where free flight takes the camera.

Start axes, metres and seconds from the host's centre, as in `fsw.world.relative_motion`: x away from the Sun
at mission time zero. On board the only force is sunlight's differential pull, which turns with the Sun by a
degree a day; the tide, a hundredth of it within a kilometre, is not modelled.
"""

from math import sqrt

from fsw.dictionary.inspector import InspectorEvent
from fsw.kernel.record import record
from fsw.kernel.snapshot import plain

plain(InspectorEvent)

Vector = tuple[float, float, float]

NAVIGATION = "relative_navigation"
GUIDANCE = "inspection_guidance"
MONITOR = "collision_monitor"
THRUSTERS = "thruster_control"

THRUSTER_PORT = "thrusters"
EVENT_PORT = "events"

EARTH_RATE = 1.990986e-7  # of Earth about the Sun [rad/s]


@plain
@record
class Awake:
    """From the wiring: the tumble has been stopped, sensor and thrusters can be used."""


@plain
@record
class Measured:
    """A cycle's measurements. sighting: position of the camera from the host [m], None where none came.

    gained: velocity that thrusters gave since the cycle before, by the accelerometers [m/s].
    """

    sighting: Vector | None
    gained: Vector


@plain
@record
class Estimate:
    """Where the camera is [m, m/s], and standard deviations of each axis.

    stale_ns: since the newest sighting that was believed.
    """

    at: Vector
    velocity: Vector
    at_deviation: float
    velocity_deviation: float
    stale_ns: int


@plain
@record
class Burn:
    """From guidance: a change of velocity [m/s], which is refused once the monitor has taken over."""

    change: Vector


@plain
@record
class Retreat:
    """From the monitor: a change of velocity [m/s]; whatever burns now ends, and guidance is locked out."""

    change: Vector


@plain
@record
class Isolate:
    """From the monitor: close this thruster's latch valve for good."""

    thruster: int


@plain
@record
class ThrusterFault:
    """From thruster control: it gives what was not asked for (open), or does not give what was."""

    thruster: int
    open: bool


@plain
@record
class Aborted:
    """To guidance: the monitor flies from now on."""


@plain
@record
class Pulse:
    """To the hardware: a thruster opens now for so long; 0 closes it."""

    thruster: int
    on_ns: int


@plain
@record
class CloseLatch:
    """To the hardware: the valve before a thruster closes for good."""

    thruster: int


@plain
@record
class Reported:
    """To the event port: what happened, with its parameters."""

    event: InspectorEvent
    values: dict[str, float | int | str]


def fallen(t_s: float, now_s: float, pull: float) -> Vector:
    """Way [m] that sunlight makes of t_s of free flight from a mission time on.

    pull: differential, away from the Sun [m/s2] (negative where the camera falls sunward). Its direction
    turns meanwhile: the double integral of (cos, sin) of an angle that grows, to its fourth power.
    """
    n = EARTH_RATE
    a, f = n * now_s, n * t_s
    sa, ca = a - a * a * a / 6.0, 1.0 - a * a / 2.0 + a * a * a * a / 24.0
    along = 0.5 * t_s * t_s * (1.0 - f * f / 12.0)
    aside = t_s * t_s * f * (1.0 / 6.0 - f * f / 120.0)
    return pull * (ca * along - sa * aside), pull * (sa * along + ca * aside), 0.0


def fallen_speed(t_s: float, now_s: float, pull: float) -> Vector:
    """Velocity [m/s] of the same."""
    n = EARTH_RATE
    a, f = n * now_s, n * t_s
    sa, ca = a - a * a * a / 6.0, 1.0 - a * a / 2.0 + a * a * a * a / 24.0
    along = t_s * (1.0 - f * f / 6.0)
    aside = t_s * f * (0.5 - f * f / 24.0)
    return pull * (ca * along - sa * aside), pull * (sa * along + ca * aside), 0.0


def margin(
    at: Vector, velocity: Vector, fall: Vector, t_s: float, at_deviation: float, velocity_deviation: float
) -> float:
    """Distance from the host's centre after t_s of free flight, less the deviations given [m]."""
    x = at[0] + velocity[0] * t_s + fall[0]
    y = at[1] + velocity[1] * t_s + fall[1]
    z = at[2] + velocity[2] * t_s + fall[2]
    spread = velocity_deviation * t_s
    return sqrt(x * x + y * y + z * z) - sqrt(at_deviation * at_deviation + spread * spread)
