"""What a mission file of kind phases holds: a mission of years, of which each phase is a flight of its own.

The tables are those of kind mounted (`fsw.missions.mounted`), but for where it flies and what it looks at:
[[phase]] says both. Nothing is flown between phases, so each begins with a spacecraft that has just started,
and is told by telecommand which phase begins.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Annotated

from fsw.core.errors import FswError
from fsw.kernel.time import SECOND, Epoch
from fsw.missions.mission_file import (
    COMPUTED,
    Dated,
    Downlink,
    Figure,
    Files,
    Identity,
    Name,
    OneOf,
    Selection,
    Start,
    Station,
    Trajectory,
    Triple,
    Uplink,
    Utc,
    Within,
)
from fsw.missions.mounted import (
    DataLink,
    Host,
    MountedCamera,
    MountedIdentity,
    MountedMission,
    Observation,
    PointedAttitude,
    SmallBody,
    Waypoint,
)

GM_SUN_KM3_S2 = 132_712_440_041.0
AU_KM = 149_597_870.7
OBLIQUITY_DEG = 23.4392911
RADIAN = 3.141592653589793 / 180
PHASES = ("APPROACH", "HOVER", "TOUCH", "SAMPLE_STOWED", "DEPARTURE", "CAPSULE_RELEASED", "COMET_APPROACH")


@dataclass(frozen=True, slots=True)
class Phase:
    """[[phase]]: a time of the mission, where the spacecraft is then, and what its camera sees.

    phase: as telemetry has it. sun_distance_au, longitude_deg: of the spacecraft, in the ecliptic of
    J2000; it flies a circle from there. target: a small body of the file. from_m, to_m: from its
    centre, at the phase's beginning and end; phase_angle_deg: of the Sun there, seen from the target.
    first_picture_s: after the beginning; the others follow every_s apart.
    """

    name: Name
    folder: Name
    phase: Annotated[str, OneOf(*PHASES)]
    start_utc: Utc
    duration_s: Annotated[float, Within(60, 1e5)]
    sun_distance_au: Annotated[float, Within(0.2, 40)]
    longitude_deg: Annotated[float, Within(0, 360)]
    target: Name
    from_m: Annotated[float, Within(0.01, 1e9)]
    to_m: Annotated[float, Within(0.01, 1e9)]
    phase_angle_deg: Annotated[float, Within(1, 179)]
    first_picture_s: Annotated[float, Within(20, 1e5)]
    every_s: Annotated[float, Within(20, 1e5)]
    pictures: Annotated[int, Within(1, 20)]
    exposure_us: Annotated[int, Within(10, 1_000_000)]

    @property
    def start(self) -> Start:
        """On a circle about the Sun, heliocentric, ICRF."""
        from fsw.core import render  # numpy, which a list of missions does not need

        angles = [self.longitude_deg * RADIAN, OBLIQUITY_DEG * RADIAN]
        (x, cos_tilt), (y, sin_tilt) = render.cos(angles).tolist(), render.sin(angles).tolist()
        radius_km = self.sun_distance_au * AU_KM
        speed = sqrt(GM_SUN_KM3_S2 / radius_km)

        def equatorial(a: float, b: float, size: float) -> Triple:
            return (size * a, size * b * cos_tilt, size * b * sin_tilt)

        return Start(self.start_utc, equatorial(x, y, radius_km), equatorial(-y, x, speed))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasedMission(Dated):
    """A whole mission file of kind phases."""

    mission: Identity
    attitude: PointedAttitude
    orbiter: Host
    camera: MountedCamera
    data_link: DataLink
    downlink: Downlink
    uplink: Uplink
    station: tuple[Station, ...]
    selection: Selection
    files: Files
    small_body: tuple[SmallBody, ...]
    phase: tuple[Phase, ...]
    figures: Annotated[Mapping[str, Figure], COMPUTED] = field(repr=False, hash=False)

    def __post_init__(self) -> None:
        bodies = [body.name for body in self.small_body]
        for number, one in enumerate(self.phase):
            if one.target not in bodies:
                raise FswError(f"phase.{number}.target: {one.target!r}; allowed are {', '.join(bodies)}")
            needed_s = one.first_picture_s + (one.pictures - 1) * one.every_s + 4
            if one.duration_s < needed_s:
                raise FswError(
                    f"phase.{number}.duration_s: allowed is from {needed_s:g} on, for its pictures"
                )
        if len({one.folder for one in self.phase}) < len(self.phase):
            raise FswError("phase: allowed is each folder once")
        for before, after in itertools.pairwise(self.phase):
            if self.epoch.parse(after.start_utc) <= self.epoch.parse(before.start_utc):
                raise FswError("phase: allowed are tables in order of time")

    def flight(self, phase: Phase) -> MountedMission:
        """The phase as a mission of kind mounted. All its pictures come down behind the last one."""
        epoch = Epoch.from_utc(phase.start_utc)

        def utc(seconds: float) -> str:
            return epoch.utc(round(seconds * SECOND), 3)

        (body,) = (body for body in self.small_body if body.name == phase.target)
        observations = tuple(
            Observation(
                f"{phase.name}, {number + 1}",
                phase.target,
                utc(0) if number == 0 else utc(phase.first_picture_s + number * phase.every_s - 0.001),
                0.0,
                utc(phase.first_picture_s + number * phase.every_s),
                1,
                phase.exposure_us,
                phase.pictures if number + 1 == phase.pictures else 0,
            )
            for number in range(phase.pictures)
        )
        ways = ((0.0, phase.from_m), (phase.duration_s, phase.to_m))
        return MountedMission(
            mission=MountedIdentity(
                name=self.name,
                title=phase.name,
                shows=phase.name,
                kind="mounted",
                start_utc=phase.start_utc,
                default_duration_s=phase.duration_s,
            ),
            trajectory=Trajectory(start=(phase.start,)),
            attitude=self.attitude,
            orbiter=self.orbiter,
            camera=self.camera,
            data_link=self.data_link,
            downlink=self.downlink,
            uplink=self.uplink,
            station=self.station,
            selection=self.selection,
            files=self.files,
            observation=observations,
            small_body=(body,),
            waypoint=tuple(
                Waypoint(body.name, utc(at_s), distance_m, phase.phase_angle_deg) for at_s, distance_m in ways
            ),
            has_phases=True,
            figures=self.figures,
        )
