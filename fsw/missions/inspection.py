"""[mission] kind = "inspection": a small camera flies round its host; each section is a table of the file.

Directions and points are in the host's axes at the release: x away from the Sun, y across, z as near to the
ecliptic's north as it can be; metres from the host's centre.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated

from fsw.core.errors import FswError
from fsw.missions.dispersions import Dispersion
from fsw.missions.mission_file import Dated, Identity
from fsw.missions.schema import COMPUTED, Figure, Name, OneOf, Triple, Within

FAULTS = (
    "none", "thruster-dead", "thruster-open", "sensor-lost", "sensor-frozen", "sensor-scale", "computer-dead",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HaloOrbit:
    """[halo]: about the outer Lagrange point of Sun and Earth.

    north_km: of the ecliptic, where the orbit crosses the line of Sun and Earth on its sunward side;
    since_crossing_days: before the release.
    """

    north_km: Annotated[float, Within(-700_000, 700_000)]
    since_crossing_days: Annotated[float, Within(0, 200)]

    def __post_init__(self) -> None:
        if abs(self.north_km) < 200_000:
            raise FswError("north_km: allowed are values from 200,000 km on, north or south")


@dataclass(frozen=True, slots=True)
class Part:
    """[[host.part]]: a box, by its corners of least and of greatest coordinates."""

    name: Name
    low_m: Annotated[Triple, Within(-200, 200)]
    high_m: Annotated[Triple, Within(-200, 200)]

    def __post_init__(self) -> None:
        if any(low >= high for low, high in zip(self.low_m, self.high_m, strict=True)):
            raise FswError("high_m: allowed are values above those of low_m")


@dataclass(frozen=True, slots=True)
class Host:
    """[host]: what is looked at. sunlit_m2, reflection: what sunlight pushes on; 1 absorbs, 2 is a mirror."""

    name: Name
    mass_kg: Annotated[float, Within(1, 1e6)]
    sunlit_m2: Annotated[float, Within(0, 1e4)]
    reflection: Annotated[float, Within(0, 2)]
    part: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class InspectorCamera:
    """[camera]: radius_m holds all of it. boot_s: from the release until it acts, if it does not tumble.

    wheels_deg_s2: how fast they stop a tumble. active_s: how long its battery lasts from the release.
    """

    mass_kg: Annotated[float, Within(0.1, 1000)]
    radius_m: Annotated[float, Within(0.01, 5)]
    sunlit_m2: Annotated[float, Within(0, 100)]
    reflection: Annotated[float, Within(0, 2)]
    boot_s: Annotated[float, Within(0, 1e5)]
    wheels_deg_s2: Annotated[float, Within(1e-4, 100)]
    active_s: Annotated[float, Within(0, 1e7)]


@dataclass(frozen=True, slots=True)
class ReleaseFigures:
    """[release]: by a spring."""

    point_m: Annotated[Triple, Within(-200, 200)]
    direction: Annotated[Triple, Within(-1, 1)]
    speed_m_s: Annotated[float, Within(0.001, 10)]
    tumble_deg_s: Annotated[float, Within(0, 360)]

    def __post_init__(self) -> None:
        if not any(self.direction):
            raise FswError("direction: allowed is any that is not zero")


@dataclass(frozen=True, slots=True)
class Gas:
    """[thrusters]: six, two an axis. gas_s: how long one can fire. errors: standard deviations."""

    thrust_n: Annotated[float, Within(1e-6, 10)]
    gas_s: Annotated[float, Within(0, 1e7)]
    thrust_error: Annotated[float, Within(0, 0.5)]
    misalignment_deg: Annotated[float, Within(0, 20)]


@dataclass(frozen=True, slots=True)
class Sensor:
    """[sensor]: one sighting of the host every_s; errors are standard deviations, a cycle's or a flight's.

    missed: part of the sightings that fail. error_factor: what the errors are in truth, of those given here,
    which the software counts on.
    """

    every_s: Annotated[float, Within(1, 3600)]
    range_error_m: Annotated[float, Within(0.001, 100)]
    range_scale_error: Annotated[float, Within(0, 0.5)]
    bearing_error_deg: Annotated[float, Within(0.001, 20)]
    accelerometer_error_m_s: Annotated[float, Within(1e-6, 0.1)]
    most_range_m: Annotated[float, Within(1, 1e6)]
    missed: Annotated[float, Within(0, 1)]
    error_factor: Annotated[float, Within(0.01, 100)] = 1.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """[circuit]: waypoints on a circle about the host's centre, one of them sunward of it.

    normal: to the circle's plane. leave_m_s: speed at which the camera leaves in the end.
    """

    radius_m: Annotated[float, Within(1, 1e5)]
    waypoints: Annotated[int, Within(3, 100)]
    normal: Annotated[Triple, Within(-1, 1)]
    hop_s: Annotated[float, Within(10, 1e6)]
    leave_m_s: Annotated[float, Within(0.001, 10)]

    def __post_init__(self) -> None:
        x, y, z = self.normal
        if x * x >= 0.99 * (x * x + y * y + z * z):
            raise FswError("normal: allowed is any that does not lie along the way to the Sun")


@dataclass(frozen=True, slots=True)
class Monitor:
    """[monitor]: when it acts (see `fsw.tasks.collision_monitor`). keep_out_m: about the host's centre."""

    enabled: bool
    keep_out_m: Annotated[float, Within(1, 1e5)]
    horizon_s: Annotated[float, Within(10, 1e6)]
    deviations: Annotated[float, Within(0, 20)]
    retreat_m_s: Annotated[float, Within(0.001, 10)]
    passive_days: Annotated[float, Within(0.25, 60)]
    stale_s: Annotated[float, Within(1, 1e6)]


@dataclass(frozen=True, slots=True)
class Fault:
    """[fault]: what goes wrong, after_s from the release. thruster: 0 to 5 push along +x -x +y -y +z -z.

    range_factor: that `sensor-scale` multiplies ranges by. From `computer-dead` on nobody acts.
    """

    kind: Annotated[str, OneOf(*FAULTS)]
    after_s: Annotated[float, Within(0, 1e7)] = 0.0
    thruster: Annotated[int, Within(0, 5)] = 0
    range_factor: Annotated[float, Within(0.1, 10)] = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """[picture]: taken at each waypoint, of the host's centre as navigation believes it.

    size: one of the deployable camera's modes. field_of_view_deg: across the diagonal. lamp_w_sr: radiant
    intensity of the camera's lamp, for what the Sun does not reach; lamp_exposure_us, lamp_gain: with it.
    """

    size: Annotated[str, OneOf("800x600", "1600x1200")]
    field_of_view_deg: Annotated[float, Within(5, 150)]
    lamp_w_sr: Annotated[float, Within(0, 1e6)]
    lamp_exposure_us: Annotated[int, Within(10, 2_000_000)]
    lamp_gain: Annotated[float, Within(1, 16)]

    @property
    def size_px(self) -> tuple[int, int]:
        width, _, height = self.size.partition("x")
        return int(width), int(height)


@dataclass(frozen=True, slots=True)
class Radio:
    """[radio]: to the host, which hands frames on to Earth as they are. rate_bit_s: of coded frames."""

    scid: Annotated[int, Within(0, 1023)]
    rate_bit_s: Annotated[int, Within(1000, 1e9)]


@dataclass(frozen=True, slots=True)
class InspectionDispersions:
    """[dispersions]: what `fsw recontact` varies (see `fsw.missions.dispersions`); what is absent stays.

    speed_m_s, tumble_deg_s: in place of the [release]'s figures. direction_off_deg: angle between
    release.direction and the direction flown; about it every azimuth is as likely. late_s: added to
    camera.boot_s. sensor_error_factor, fault_after_s, range_factor: in place of those of [sensor] and
    [fault]. Each of the thrusters is as likely to be the one that fails.
    """

    speed_m_s: Dispersion | None = None
    direction_off_deg: Dispersion | None = None
    tumble_deg_s: Dispersion | None = None
    late_s: Dispersion | None = None
    sensor_error_factor: Dispersion | None = None
    fault_after_s: Dispersion | None = None
    range_factor: Dispersion | None = None

    def varied(self) -> dict[str, Dispersion]:
        """The quantities that are, by name, in the order of the attributes."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: dispersion for name, dispersion in found.items() if dispersion is not None}


@dataclass(frozen=True, slots=True)
class Inspection(Dated):
    """A whole mission file of kind inspection. mission.start_utc: of the release."""

    mission: Identity
    halo: HaloOrbit
    host: Host
    camera: InspectorCamera
    release: ReleaseFigures
    thrusters: Gas
    sensor: Sensor
    circuit: Circuit
    monitor: Monitor
    fault: Fault
    figures: Annotated[Mapping[str, Figure], COMPUTED] = field(repr=False, hash=False)
    dispersions: InspectionDispersions | None = None
    picture: Picture | None = None
    radio: Radio | None = None

    def __post_init__(self) -> None:
        inner = self.circuit.radius_m
        if inner <= self.monitor.keep_out_m:
            raise FswError("circuit.radius_m: allowed are values above monitor.keep_out_m")
