"""What a campaign varies from flight to flight: [dispersions] of a mission file.

Each quantity is a table of its own, absent where it is not varied:

    [dispersions.separation_speed_m_s]
    distribution = "normal"
    limits = { value = [0.16, 0.24], unit = "m/s", label = "assumed", source = "..." }
    mean = { value = 0.2, unit = "m/s", label = "stated", source = "..." }
    deviation = { value = 0.01, unit = "m/s", label = "assumed", source = "..." }
"""

from dataclasses import dataclass, fields
from typing import Annotated

from fsw.core.errors import FswError
from fsw.kernel.seeds import Stream
from fsw.missions.schema import PLAIN, OneOf, Within


@dataclass(frozen=True, slots=True)
class Dispersion:
    """One quantity. limits: lowest and highest value, of either distribution.

    uniform: every value between the limits as likely. normal: of that mean and standard deviation, drawn
    again while outside the limits (so the mean must be between them); the sum of twelve uniform numbers,
    as everywhere in fsw, which is normal within a hundredth of its density up to three deviations.
    """

    distribution: Annotated[str, PLAIN, OneOf("uniform", "normal")]
    limits: Annotated[tuple[float, float], Within(-1e9, 1e9)]
    mean: Annotated[float, Within(-1e9, 1e9)] | None = None
    deviation: Annotated[float, Within(1e-12, 1e9)] | None = None

    def __post_init__(self) -> None:
        low, high = self.limits
        if not low < high:
            raise FswError(f"limits {low:g} to {high:g}; allowed is the lower one first")
        normal = self.distribution == "normal"
        if (self.mean is not None) != normal or (self.deviation is not None) != normal:
            raise FswError("mean, deviation: allowed are both with 'normal', and neither with 'uniform'")
        if self.mean is not None and not low <= self.mean <= high:
            raise FswError(f"mean {self.mean:g}; allowed is a value between the limits")

    def draw(self, stream: Stream) -> float:
        """One value; how many numbers it takes from the stream is not fixed."""
        low, high = self.limits
        if self.mean is None or self.deviation is None:
            return stream.between(low, high)
        while True:
            value = self.mean + self.deviation * stream.normal()
            if low <= value <= high:
                return value


@dataclass(frozen=True, slots=True)
class Dispersions:
    """[dispersions]: what is varied; the rest is as the mission file has it.

    separation_speed_m_s, tumble_deg_s, battery_wh: in place of the [camera]'s figures.
    direction_off_deg: angle between orbiter.release_direction and the direction flown; about it every
    azimuth is as likely. wifi_loss_db: added to wifi.other_losses_db. sun_off_deg: added to
    attitude.sun_from_plus_x_deg. release_late_s: added to mission.release_utc; negative is early.
    """

    separation_speed_m_s: Dispersion | None = None
    direction_off_deg: Dispersion | None = None
    tumble_deg_s: Dispersion | None = None
    wifi_loss_db: Dispersion | None = None
    battery_wh: Dispersion | None = None
    sun_off_deg: Dispersion | None = None
    release_late_s: Dispersion | None = None

    def __post_init__(self) -> None:
        if not self.varied():
            names = ", ".join(field.name for field in fields(self))
            raise FswError(f"nothing is varied; allowed are {names}")
        off = self.direction_off_deg
        if off is not None and not (off.limits[0] >= 0.0 and off.limits[1] <= 180.0):
            raise FswError("direction_off_deg.limits; allowed are angles from 0 to 180")

    def varied(self) -> dict[str, Dispersion]:
        """The quantities that are, by name, in the order of the attributes."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: dispersion for name, dispersion in found.items() if dispersion is not None}
