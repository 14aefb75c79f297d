"""What the rover's tasks, and the hardware behind their ports, say to each other besides `messages`."""

from fsw.dictionary.identifiers import FailureCode
from fsw.kernel.record import record
from fsw.kernel.snapshot import plain


@plain
@record
class Move:
    """To the wheels: straight on at this speed, 0 to stand."""

    mm_s: int


@plain
@record
class TurnTo:
    """To the wheels: turn in place until the heading is this."""

    heading_mdeg: int


@plain
@record
class ReadWheels:
    """To the wheels: answer with `WheelsTold`."""


@plain
@record
class WheelsTold:
    """From wheels, gyros and hazard cameras.

    Way by the wheels' turns, so far; heading, from north by east, and the same as a unit vector (north,
    east); whether it turns in place; free way, None for farther than seen.
    """

    way_mm: int
    heading_mdeg: int
    forward: tuple[float, float]
    turning: bool
    clear_mm: int | None


@plain
@record
class StopWheels:
    """To driving, from who must: nothing more moves. why: how what was under way fails."""

    why: FailureCode


@plain
@record
class Busy:
    """To the keeper: somebody must not be put to sleep, or may be again."""

    who: str
    busy: bool


@plain
@record
class PowerFor:
    """To driving, from the keeper: whether there is power to drive."""

    enough: bool


@plain
@record
class ReadPower:
    """To the power unit: answer with `PowerTold`."""


@plain
@record
class PowerTold:
    """From the power unit."""

    battery_wh: float
    capacity_wh: float
    wing_w: float
    load_w: float


@plain
@record
class SleepFor:
    """To the computer's wake-up timer: stop now, and start again after so many nanoseconds."""

    ns: int


@plain
@record
class Expose:
    """To the mast camera: look there and take a picture; answered by `Exposed`."""

    azimuth_deg: float
    elevation_deg: float


@plain
@record
class Exposed:
    """From the mast camera: a JPEG."""

    azimuth_deg: float
    elevation_deg: float
    octets: bytes


@plain
@record
class RadioRoom:
    """From the radio while the orbiter's carrier is there, every few seconds: it takes so many octets."""

    octets: int
    rate_kbit_s: int


@plain
@record
class CarrierLost:
    """From the radio: the orbiter is gone."""


@plain
@record
class FromOrbiter:
    """From the radio: octets of the forward link."""

    octets: bytes


@plain
@record
class ToOrbiter:
    """To the radio: PLTUs for the return link. anew, again: how many of their frames were never sent before,
    and how many are repeats; the radio's display shows them."""

    octets: bytes
    anew: int = 0
    again: int = 0
