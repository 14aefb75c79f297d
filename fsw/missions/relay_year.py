"""[mission] kind = "relay": an orbiter as recorder and relay for months; each section is a table of the file.

Nothing is photographed and no frame is made: what counts is when the orbiter hears and is heard, at which
rate, and what that leaves in its recorder.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fsw.core.errors import FswError
from fsw.missions.mission_file import (
    COMPUTED,
    LEAST_PERIAPSIS_KM,
    Dated,
    Figure,
    Identity,
    Name,
    OneOf,
    Station,
    Utc,
    Within,
)


@dataclass(frozen=True, slots=True)
class Plane:
    """[orbit]: how the orbit lies at one epoch, in the planet's equator and node of J2000.

    From there node and periapsis drift by J2, phase by phase, backwards and forwards.
    """

    planet: Annotated[str, OneOf(*LEAST_PERIAPSIS_KM)]
    elements_utc: Utc
    inclination_deg: Annotated[float, Within(0, 180)]
    ascending_node_deg: Annotated[float, Within(-360, 360)]
    argument_of_periapsis_deg: Annotated[float, Within(-360, 360)]


@dataclass(frozen=True, slots=True)
class Phase:
    """[[phase]]: an orbit flown from a time on, at first in its periapsis; altitudes above the equator."""

    name: Name
    from_utc: Utc
    periapsis_altitude_km: Annotated[float, Within(100, 1e6)]
    apoapsis_altitude_km: Annotated[float, Within(100, 1e6)]

    def __post_init__(self) -> None:
        if self.apoapsis_altitude_km < self.periapsis_altitude_km:
            raise FswError("apoapsis_altitude_km: allowed are values from periapsis_altitude_km on")


@dataclass(frozen=True, slots=True)
class Source:
    """[[source]]: what records at bit_s for minutes about each periapsis; or, if not 0, every_s."""

    name: Name
    from_utc: Utc
    to_utc: Utc
    bit_s: Annotated[int, Within(1, 1_000_000_000)]
    minutes: Annotated[float, Within(0.1, 10_000)]
    every_s: Annotated[int, Within(0, 10_000_000)]


@dataclass(frozen=True, slots=True)
class Recorder:
    """[recorder]: observation waits while more than planned_octets are in it."""

    capacity_octets: Annotated[int, Within(1, 10**15)]
    planned_octets: Annotated[int, Within(1, 10**15)]

    def __post_init__(self) -> None:
        if self.planned_octets > self.capacity_octets:
            raise FswError("planned_octets: allowed are values up to capacity_octets")


@dataclass(frozen=True, slots=True)
class HighRate:
    """[downlink]: the X-band transmitter at its high rate, whose baud halves until the link has its margin.

    needed_es_n0_db: of the coded symbols, for the frame error rate that is wanted. frame_octets of every
    cadu_octets behind the rate-1/2 code count as returned.
    """

    frequency_hz: Annotated[float, Within(1e8, 1e11)]
    transmit_power_w: Annotated[float, Within(0.01, 1e5)]
    dish_diameter_m: Annotated[float, Within(0.1, 100)]
    dish_efficiency: Annotated[float, Within(0.05, 1)]
    line_loss_db: Annotated[float, Within(0, 20)]
    modulation_loss_db: Annotated[float, Within(0, 30)]
    needed_es_n0_db: Annotated[float, Within(-10, 30)]
    margin_db: Annotated[float, Within(0, 30)]
    most_baud: Annotated[int, Within(1000, 1_000_000_000)]
    least_baud: Annotated[int, Within(1000, 1_000_000_000)]
    frame_octets: Annotated[int, Within(16, 2048)]
    cadu_octets: Annotated[int, Within(32, 4096)]
    hours_a_day: Annotated[float, Within(0, 24)]

    def __post_init__(self) -> None:
        if self.least_baud > self.most_baud:
            raise FswError("least_baud: allowed are values up to most_baud")
        if self.frame_octets >= self.cadu_octets:
            raise FswError("frame_octets: allowed are values below cadu_octets")

    @property
    def baud_steps(self) -> tuple[int, ...]:
        """From the fastest, each half of the one before."""
        halves = itertools.takewhile(
            lambda baud: baud >= self.least_baud, (self.most_baud >> k for k in range(64))
        )
        return tuple(halves)

    def bit_s(self, baud: int) -> int:
        """Of transfer frames, at QPSK with the rate-1/2 code: an information bit a symbol."""
        return baud * self.frame_octets // self.cadu_octets


@dataclass(frozen=True, slots=True)
class Ground:
    """[ground]: what all stations have in common.

    sun_angle_deg: nearer to the Sun, seen from Earth, nothing is received. lost_passes: their share, by
    weather and faults.
    """

    least_elevation_deg: Annotated[float, Within(0, 80)]
    sun_angle_deg: Annotated[float, Within(0, 90)]
    lost_passes: Annotated[float, Within(0, 1)]


@dataclass(frozen=True, slots=True)
class RelayYear(Dated):
    """A whole mission file of kind relay. The first station that can takes the day's high-rate session."""

    mission: Identity
    orbit: Plane
    phase: tuple[Phase, ...]
    source: tuple[Source, ...]
    recorder: Recorder
    downlink: HighRate
    ground: Ground
    station: tuple[Station, ...]
    figures: Annotated[Mapping[str, Figure], COMPUTED] = field(repr=False, hash=False)

    def __post_init__(self) -> None:
        starts = [self.epoch.parse(phase.from_utc) for phase in self.phase]
        if starts[0] > 0 or any(later <= earlier for earlier, later in itertools.pairwise(starts)):
            raise FswError("phase: allowed are from_utc that rise, the first not after mission.start_utc")
        for number, source in enumerate(self.source):
            if self.epoch.parse(source.to_utc) <= self.epoch.parse(source.from_utc):
                raise FswError(f"source.{number}.to_utc: allowed are times after from_utc")
