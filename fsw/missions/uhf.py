"""The radio between a rover and the orbiter that relays for it, in the mission files of both kinds."""

from dataclasses import dataclass
from typing import Annotated

from fsw.core.errors import FswError
from fsw.missions.mission_file import Within


@dataclass(frozen=True, slots=True)
class Uhf:
    """[uhf]: Proximity-1 between rover and orbiter, at rates that are powers of two. lost_portions: share of
    what goes at a time that fading spoils."""

    spacecraft_id: Annotated[int, Within(0, 1023)]
    frequency_hz: Annotated[float, Within(1e8, 1e9)]
    transmit_power_w: Annotated[float, Within(0.01, 1e3)]
    antenna_gains_dbi: Annotated[float, Within(-20, 40)]
    system_temperature_k: Annotated[float, Within(1, 1e4)]
    losses_db: Annotated[float, Within(0, 30)]
    needed_es_n0_db: Annotated[float, Within(-10, 30)]
    margin_db: Annotated[float, Within(0, 30)]
    least_kbit_s: Annotated[int, Within(1, 4096)]
    most_kbit_s: Annotated[int, Within(1, 4096)]
    least_elevation_deg: Annotated[float, Within(0, 80)]
    most_range_km: Annotated[float, Within(1, 1e6)]
    lost_portions: Annotated[float, Within(0, 0.9)]

    def __post_init__(self) -> None:
        for name in ("least_kbit_s", "most_kbit_s"):
            value = getattr(self, name)
            if value & (value - 1):
                raise FswError(f"{name} {value}: allowed are powers of two")
        if self.least_kbit_s > self.most_kbit_s:
            raise FswError("least_kbit_s: allowed are values up to most_kbit_s")

    @property
    def rates_kbit_s(self) -> tuple[int, ...]:
        """From the fastest."""
        steps = range(self.most_kbit_s.bit_length() - 1, self.least_kbit_s.bit_length() - 2, -1)
        return tuple(1 << step for step in steps)
