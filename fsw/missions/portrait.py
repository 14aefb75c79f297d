"""What a mission file of kind portrait holds: a rover on Mars puts a camera on the ground and is seen by it.

The tables are a flight's (`fsw.missions.mission_file`), the rover in the place of the orbiter, but for what
only a camera in free flight has: no trajectory and attitude, no motion of its own. Instead there is a place
on Mars ([site]), the platform that stands there ([lander]), a drive ([drive], [[drive.leg]]), an orbiter that
passes over ([relay], [uhf]), and how the camera stands ([camera.stand]). Azimuths are compass bearings:
from north over east. Fields marked COMPUTED are the flight's that are not there.
"""

from dataclasses import dataclass
from typing import Annotated

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions.mission_file import (
    COMPUTED,
    Attitude,
    Camera,
    MissionFile,
    Name,
    OneOf,
    Orbiter,
    Trajectory,
    Triple,
    Utc,
    Within,
)
from fsw.missions.relay_year import Phase, Plane
from fsw.missions.uhf import Uhf

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Site:
    """[site]: a place on a planet (planet-centred latitude), its air and its ground. Positions at the site
    are metres east and north of it. rock_cover: share of the ground under rocks; ground_seed: of relief and
    rocks."""

    planet: Annotated[str, OneOf("mars")]
    latitude_deg: Annotated[float, Within(-89, 89)]
    longitude_deg: Annotated[float, Within(-180, 360)]
    radius_km: Annotated[float, Within(3360, 3420)]
    optical_depth: Annotated[float, Within(0.05, 3)]
    rock_cover: Annotated[float, Within(0.001, 0.3)]
    ground_seed: Annotated[int, Within(0, 1_000_000)]


@dataclass(frozen=True, slots=True)
class Platform:
    """[lander]: where it stands and which way its ramps lead down."""

    name: Name
    position_m: Annotated[Pair, Within(-50, 50)]
    ramp_azimuth_deg: Annotated[float, Within(-360, 360)]


@dataclass(frozen=True, slots=True)
class DriveLeg:
    """[[drive.leg]]: so far ahead (negative: backwards), or turned so far to the left in place, or neither: a
    wait. seconds: how long it takes. full_pictures: of what was taken last, so many are sent down in full
    when the leg is over."""

    name: Name
    seconds: Annotated[float, Within(1, 1e5)]
    ahead_m: Annotated[float, Within(-100, 100)] = 0.0
    turn_deg: Annotated[float, Within(-360, 360)] = 0.0
    full_pictures: Annotated[int, Within(0, 100)] = 0

    def __post_init__(self) -> None:
        if self.ahead_m and self.turn_deg:
            raise FswError("ahead_m and turn_deg: allowed is one of them in a leg")


@dataclass(frozen=True, slots=True)
class DriveTable:
    """[drive]: where the rover stands at the start of the first leg, and when that is."""

    start_utc: Utc
    position_m: Annotated[Pair, Within(-50, 50)]
    heading_deg: Annotated[float, Within(-360, 360)]
    leg: tuple[DriveLeg, ...]


@dataclass(frozen=True, slots=True)
class Relay:
    """[relay]: the orbiter that stores and passes on what it hears of the rover. store_octets: of
    real-time packets, and of files."""

    name: Name
    store_octets: Annotated[int, Within(1, 10**12)]
    orbit: Plane
    phase: tuple[Phase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rover(Orbiter):
    """[orbiter]: the rover. Body axes: X ahead, Z up, origin on the ground below its middle."""

    entry_capsule: Annotated[bool, COMPUTED] = False
    release_point_m: Annotated[Triple, COMPUTED] = (0.0, 0.0, 0.4)
    release_direction: Annotated[Triple, COMPUTED] = (0.0, 0.0, -1.0)


@dataclass(frozen=True, slots=True)
class Stand:
    """[camera.stand]: how the camera stands where it was put down, below the rover's middle. roll_deg: of the
    picture, its right side down."""

    lens_height_m: Annotated[float, Within(0.03, 0.45)]
    azimuth_deg: Annotated[float, Within(-360, 360)]
    elevation_deg: Annotated[float, Within(-40, 40)]
    roll_deg: Annotated[float, Within(-30, 30)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCamera(Camera):
    """[camera]. field_of_view_deg: across the picture's diagonal."""

    inertia_kg_m2: Annotated[Triple, COMPUTED] = (1.0, 1.0, 1.0)
    separation_speed_m_s: Annotated[float, COMPUTED] = 0.05
    tumble_deg_s: Annotated[float, COMPUTED] = 0.0
    tumble_range_deg_s: Annotated[Pair, COMPUTED] = (0.0, 0.0)
    lenses: Annotated[int, Within(1, 1)]
    lens_axis: Annotated[Triple, COMPUTED] = (0.0, 0.0, 1.0)
    field_of_view_deg: Annotated[float, Within(10, 88)]
    stand: Stand


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitMission(MissionFile):
    """A whole mission file of kind portrait. mission.release_utc: the camera is put down."""

    trajectory: Annotated[Trajectory, COMPUTED] = None  # type: ignore[assignment]  # a place on the ground
    attitude: Annotated[Attitude, COMPUTED] = None  # type: ignore[assignment]  # the drive decides
    orbiter: Rover
    camera: PlacedCamera
    site: Site
    lander: Platform
    drive: DriveTable
    relay: Relay
    uhf: Uhf

    def __post_init__(self) -> None:
        if self.epoch.parse(self.relay.phase[0].from_utc) > 0:
            raise FswError("relay.phase: allowed is a first from_utc that is not after mission.start_utc")
        begin_ns, drive_ns = self.release_ns, self.drive_ns
        if not drive_ns <= begin_ns < self.leg_end_ns(len(self.drive.leg) - 1):
            raise FswError("mission.release_utc: allowed are times in the drive")
        for number, leg in enumerate(self.drive.leg):
            if leg.full_pictures and self.leg_end_ns(number) <= begin_ns:
                raise FswError(
                    f"drive.leg.{number}.full_pictures: allowed are legs that end after the release"
                )
            moving = leg.ahead_m or leg.turn_deg
            from_ns = self.leg_end_ns(number) - round(leg.seconds * SECOND)
            if moving and from_ns < begin_ns < self.leg_end_ns(number):
                raise FswError("mission.release_utc: allowed are times in which the rover stands")

    @property
    def drive_ns(self) -> int:
        """Mission time at which the first leg begins."""
        return self.epoch.parse(self.drive.start_utc)

    def leg_end_ns(self, number: int) -> int:
        """Mission time at which a leg is over."""
        return self.drive_ns + sum(round(leg.seconds * SECOND) for leg in self.drive.leg[: number + 1])
