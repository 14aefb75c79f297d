"""[mission] kind = "rover": a rover on the ground and the orbiter that relays for it; sections are tables."""

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
    Utc,
    Within,
)
from fsw.missions.relay_year import Phase, Plane
from fsw.missions.uhf import Uhf


@dataclass(frozen=True, slots=True)
class Site:
    """[site]: where it landed; latitude planet-centred, longitude east. optical_depth: of the air's dust."""

    planet: Annotated[str, OneOf(*LEAST_PERIAPSIS_KM)]
    latitude_deg: Annotated[float, Within(-90, 90)]
    longitude_deg: Annotated[float, Within(-180, 360)]
    optical_depth: Annotated[float, Within(0.01, 5)]
    obstacle_every_m: Annotated[float, Within(1, 1e5)]
    wheel_slip: Annotated[tuple[float, float], Within(0, 0.9)]


@dataclass(frozen=True, slots=True)
class Rover:
    """[rover]: its wheels, wings and habits."""

    name: Name
    mass_kg: Annotated[float, Within(1, 1e5)]
    speed_m_h: Annotated[float, Within(1, 1e5)]
    turn_deg_s: Annotated[float, Within(0.01, 90)]
    wing_area_m2: Annotated[float, Within(0.01, 1e4)]
    wing_efficiency: Annotated[float, Within(0.01, 1)]
    dust_loss_per_sol: Annotated[float, Within(0, 0.1)]
    dust_loss_most: Annotated[float, Within(0, 0.95)]
    battery_wh: Annotated[float, Within(1, 1e6)]
    charge_efficiency: Annotated[float, Within(0.1, 1)]
    asleep_w: Annotated[float, Within(0, 1e4)]
    awake_w: Annotated[float, Within(0, 1e4)]
    driving_w: Annotated[float, Within(0, 1e4)]
    radio_w: Annotated[float, Within(0, 1e4)]
    wakes_at_minutes: Annotated[int, Within(0, 1439)]
    science_octets_per_sol: Annotated[int, Within(0, 10**12)]
    store_octets: Annotated[int, Within(1, 10**12)]


@dataclass(frozen=True, slots=True)
class Operations:
    """[operations]: what the ground asks of it.

    From first_drive_utc on a drive a sol, in one direction, round obstacles by around_deg; none while Mars is
    nearer to the Sun than sun_angle_deg. With the first drive, one picture by the mast camera.
    """

    first_drive_utc: Utc
    drive_at_minutes: Annotated[int, Within(0, 1439)]
    drive_m: Annotated[float, Within(0.5, 100)]
    heading_deg: Annotated[float, Within(0, 359.99)]
    around_deg: Annotated[float, Within(1, 170)]
    sun_angle_deg: Annotated[float, Within(0, 90)]
    picture_at_minutes: Annotated[int, Within(0, 1439)]
    picture_azimuth_deg: Annotated[float, Within(0, 359.99)]
    picture_elevation_deg: Annotated[float, Within(-80, 80)]


@dataclass(frozen=True, slots=True)
class MastCamera:
    """[mast_camera]: field_of_view_deg: across the diagonal of its 800 x 600 pixels."""

    field_of_view_deg: Annotated[float, Within(10, 150)]
    exposure_us: Annotated[int, Within(10, 2_000_000)]


@dataclass(frozen=True, slots=True)
class RoverCampaign(Dated):
    """A whole mission file of kind rover."""

    mission: Identity
    site: Site
    rover: Rover
    mast_camera: MastCamera
    uhf: Uhf
    operations: Operations
    orbit: Plane
    phase: tuple[Phase, ...]
    figures: Annotated[Mapping[str, Figure], COMPUTED] = field(repr=False, hash=False)

    def __post_init__(self) -> None:
        if self.epoch.parse(self.phase[0].from_utc) > 0:
            raise FswError("phase: allowed is a first from_utc that is not after mission.start_utc")
