"""What a mission file of kind mounted holds: a spacecraft whose camera stays on it, and what it looks at.

The tables are a flight's (`fsw.missions.mission_file`), but for what only a released camera has: no release,
no motion and battery of the camera's own, no Wi-Fi. Instead the camera has a place and a lens of its own
([camera.mount]), a wire to the computer ([data_link]), and a list of what to look at when ([[observation]]),
which the attitude and the flight plan follow. Fields marked COMPUTED are the flight's that are not there.
"""

import itertools
from dataclasses import dataclass
from math import inf, nan
from typing import Annotated

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND
from fsw.missions.mission_file import (
    COMPUTED,
    Attitude,
    Camera,
    FlightIdentity,
    MissionFile,
    Name,
    OneOf,
    Orbiter,
    Triple,
    Utc,
    Wifi,
    Within,
)

TARGETS = ("earth", "moon", "mars", "venus", "jupiter", "sun")  # besides small bodies of the file
RIGHT_ANGLE = 1e-6  # how far the sine of an angle may be from 1
# The lens is drawn by the powers 3, 5, 7, 9 of the rectilinear projection r = tan t.
TANGENT = (1 / 3, 2 / 15, 17 / 315, 62 / 2835)


@dataclass(frozen=True, slots=True, kw_only=True)
class MountedIdentity(FlightIdentity):
    """[mission]."""

    release_utc: Annotated[Utc, COMPUTED] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedAttitude(Attitude):
    """[attitude]: the camera's boresight looks at what is observed; the Sun is in the body's XZ plane, so
    that wings along Y can face it (with the boresight along +Z it is on the +X side). Between two
    observations the spacecraft turns about one axis, its rate a smooth bell."""

    sun_from_plus_x_deg: Annotated[float, COMPUTED] = 0.0
    earth_from_minus_z_deg: Annotated[float | None, COMPUTED] = None
    held_utc: Annotated[Utc | None, COMPUTED] = None

    def __post_init__(self) -> None:
        """The observations decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host(Orbiter):
    """[orbiter]: the spacecraft that carries the camera. Body axes: as boresight and attitude have them."""

    entry_capsule: Annotated[bool, COMPUTED] = False
    flag_m: Annotated[tuple[float, float], COMPUTED] = (nan, nan)
    release_point_m: Annotated[Triple, COMPUTED] = (nan, nan, nan)
    release_direction: Annotated[Triple, COMPUTED] = (nan, nan, nan)


@dataclass(frozen=True, slots=True)
class Mount:
    """[camera.mount]: how the camera stands on its spacecraft, in body axes, and its optics and sensor beyond
    those of [camera]. right: of the picture. read_out_s: from an exposure's end to the picture. line_time_s:
    from one row's exposure to the next one's; 0 for a global shutter. quantum_efficiency: red, green, blue;
    of each band, too, where there is no colour filter. scattered: share of the light round what it came from.
    """

    boresight: Annotated[Triple, Within(-1, 1)]
    right: Annotated[Triple, Within(-1, 1)]
    transmission: Annotated[float, Within(0.01, 1)]
    quantum_efficiency: Annotated[Triple, Within(0, 1)]
    bits: Annotated[int, Within(8, 14)]
    black_dn: Annotated[int, Within(0, 1000)]
    dark_electrons_s: Annotated[float, Within(0, 1e5)]
    line_time_s: Annotated[float, Within(0, 0.01)]
    read_out_s: Annotated[float, Within(0.001, 60)]
    scattered: Annotated[float, Within(0, 0.2)]

    def __post_init__(self) -> None:
        b, r = self.boresight, self.right
        lengths = sum(x * x for x in b) * sum(x * x for x in r)
        if not lengths or abs(sum(x * y for x, y in zip(b, r, strict=True))) > RIGHT_ANGLE * lengths**0.5:
            raise FswError("boresight and right: allowed are two directions at right angles")


@dataclass(frozen=True, slots=True, kw_only=True)
class MountedCamera(Camera):
    """[camera]. field_of_view_deg: across the picture's width. power_w: while it takes pictures."""

    mass_with_release_device_kg: Annotated[float, COMPUTED] = nan
    edge_m: Annotated[float, COMPUTED] = nan
    inertia_kg_m2: Annotated[Triple, COMPUTED] = (1.0, 1.0, 1.0)
    separation_speed_m_s: Annotated[float, COMPUTED] = nan
    tumble_deg_s: Annotated[float, COMPUTED] = 0.0
    tumble_range_deg_s: Annotated[tuple[float, float], COMPUTED] = (0.0, 0.0)
    battery_wh: Annotated[float, COMPUTED] = 1000.0  # the spacecraft's power does not run out
    battery_at_least_h: Annotated[float, COMPUTED] = 0.0
    lenses: Annotated[int, COMPUTED] = 1
    lens_axis: Annotated[Triple, COMPUTED] = (0.0, 0.0, 1.0)
    field_of_view_deg: Annotated[float, Within(0.01, 120)]
    pixel_um: Annotated[float, Within(0.5, 50)]
    period_s: Annotated[float, Within(0.1, 4)]
    mount: Mount

    @property
    def focal_px(self) -> float:
        """Of every size of picture: smaller ones are windows about the centre."""
        from fsw.core import render  # numpy, which a list of missions does not need

        half_rad = self.field_of_view_deg * (3.141592653589793 / 360.0)
        tangent = float(render.sin(half_rad)) / float(render.cos(half_rad))
        return max(mode.width for mode in self.mode) / 2 / tangent


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLink(Wifi):
    """[data_link]: the wire from the camera to the spacecraft's computer, which loses nothing.

    rate_near_bit_s: net. picture_class and files: as of [wifi].
    """

    frequency_hz: Annotated[float, COMPUTED] = nan
    range_m: Annotated[float, COMPUTED] = inf
    transmit_power_dbm: Annotated[float, COMPUTED] = nan
    antenna_gains_dbi: Annotated[float, COMPUTED] = nan
    noise_figure_db: Annotated[float, COMPUTED] = nan
    bandwidth_hz: Annotated[float, COMPUTED] = nan
    other_losses_db: Annotated[float, COMPUTED] = nan


@dataclass(frozen=True, slots=True)
class Observation:
    """[[observation]]: what the camera looks at, and when. slew_utc: the spacecraft begins to turn to it, for
    slew_s; begin_utc: the camera's beats begin; pictures: so many beats; full_pictures: of these and of what
    is stored, the best so many are sent down in full when they are over."""

    name: Name
    target: str
    slew_utc: Utc
    slew_s: Annotated[float, Within(0, 1e5)]
    begin_utc: Utc
    pictures: Annotated[int, Within(1, 1000)]
    exposure_us: Annotated[int, Within(10, 1_000_000)]
    full_pictures: Annotated[int, Within(0, 1000)]


@dataclass(frozen=True, slots=True)
class SmallBody:
    """[[small_body]]: something near by that no ephemeris has, made by seed: an ellipsoid with swells,
    craters and boulders. rough: of the swells, 1 as rubble has them. spin_deg: its prime meridian's
    angle from its equator's node at the mission's start. material: of the ground."""

    name: Name
    half_axes_m: Annotated[Triple, Within(0.01, 1e5)]
    seed: Annotated[int, Within(0, 2**31 - 1)]
    rough: Annotated[float, Within(0, 2)]
    craters: Annotated[int, Within(0, 500)]
    boulders: Annotated[int, Within(0, 2000)]
    material: Annotated[str, OneOf("regolith", "heat-shield")]
    rotation_s: Annotated[float, Within(1, 1e9)]
    pole_right_ascension_deg: Annotated[float, Within(-360, 360)]
    pole_declination_deg: Annotated[float, Within(-90, 90)]
    spin_deg: Annotated[float, Within(-360, 360)]


@dataclass(frozen=True, slots=True)
class Waypoint:
    """[[waypoint]]: where the spacecraft stands from the centre of a small body, and when; between two of one
    body it goes straight. phase_deg: from the Sun's direction, seen from there."""

    body: Name
    at_utc: Utc
    distance_m: Annotated[float, Within(0.01, 1e9)]
    phase_deg: Annotated[float, Within(0, 180)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MountedMission(MissionFile):
    """A whole mission file of kind mounted."""

    mission: MountedIdentity
    attitude: PointedAttitude
    orbiter: Host
    camera: MountedCamera
    data_link: DataLink
    observation: tuple[Observation, ...]
    small_body: tuple[SmallBody, ...] = ()
    waypoint: tuple[Waypoint, ...] = ()
    has_phases: Annotated[bool, COMPUTED] = False  # it is a phase of a mission: see `fsw.missions.phases`
    wifi: Annotated[Wifi, COMPUTED] = None  # type: ignore[assignment]  # the data link, once made

    def __post_init__(self) -> None:
        if self.wifi is None:
            object.__setattr__(self, "wifi", self.data_link)
        near = [body.name for body in self.small_body]
        for number, point in enumerate(self.waypoint):
            if point.body not in near:
                raise FswError(f"waypoint.{number}.body: allowed is the name of a [[small_body]]")
        for name in near:
            times = [self.epoch.parse(point.at_utc) for point in self.waypoint if point.body == name]
            if not times or sorted(set(times)) != times:
                raise FswError(f"waypoint: allowed are one or more in order of time for {name}")
        parse, end_ns = self.epoch.parse, 0
        for number, one in enumerate(self.observation):
            if one.target not in (*TARGETS, *near):
                allowed = ", ".join((*TARGETS, *near))
                raise FswError(f"observation.{number}.target: {one.target!r}; allowed are {allowed}")
            slew_ns, begin_ns = parse(one.slew_utc), parse(one.begin_utc)
            over_ns = slew_ns + round(one.slew_s * SECOND)
            if begin_ns < max(over_ns, 0):
                raise FswError(
                    f"observation.{number}.begin_utc: allowed are times after the slew, and after the start"
                )
            if number and slew_ns < end_ns:
                raise FswError(f"observation.{number}.slew_utc: allowed are times after the pictures before")
            end_ns = self.end_of(one)
        for before, after in itertools.pairwise(self.observation):
            if parse(after.begin_utc) <= parse(before.begin_utc):
                raise FswError("observation: allowed are tables in order of time")

    @property
    def release_ns(self) -> int:
        raise FswError(f"mission {self.name}: its camera is not released")

    @property
    def camera_stays(self) -> bool:
        return True

    def observed_at(self, t_ns: int) -> Observation:
        """The latest whose pictures have begun, or the first."""
        begun = [one for one in self.observation if self.epoch.parse(one.begin_utc) <= t_ns + SECOND]
        return (begun or self.observation)[-1 if begun else 0]

    def end_of(self, observation: Observation) -> int:
        """Mission time at which its last beat is over."""
        period_ns = round(self.camera.period_s * SECOND)
        return self.epoch.parse(observation.begin_utc) + observation.pictures * period_ns
