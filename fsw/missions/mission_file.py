"""What a mission file of kind flight holds, as typed values; each section is a table of the file.

Units are in the names. Attributes hold bare values; `MissionFile.figures` holds the same by dotted path
("camera.mass_kg", "station.0.diameter_m") with unit, label and source.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fsw.core.channel_coding import ChannelCode
from fsw.core.errors import FswError
from fsw.core.frame_format import FrameFormat
from fsw.kernel.time import SECOND, Epoch
from fsw.missions.dispersions import Dispersions
from fsw.missions.recontact import Recontact

# Schemas of other kinds find these here, too.
from fsw.missions.schema import COMPUTED as COMPUTED
from fsw.missions.schema import LABELS as LABELS
from fsw.missions.schema import PLAIN as PLAIN
from fsw.missions.schema import UTC as UTC
from fsw.missions.schema import Figure as Figure
from fsw.missions.schema import Label as Label
from fsw.missions.schema import Name as Name
from fsw.missions.schema import OneOf as OneOf
from fsw.missions.schema import Quadruple as Quadruple
from fsw.missions.schema import Triple as Triple
from fsw.missions.schema import Utc as Utc
from fsw.missions.schema import Within as Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """[mission]: what it is, and when it plays. kind: one of `kinds.KINDS`, as the loader sees to."""

    name: Name
    title: Name
    shows: Name
    kind: Name = "flight"
    start_utc: Utc
    default_duration_s: Annotated[float, Within(1, 1e9)]


class Dated:
    """What a mission file of any kind tells by its [mission]."""

    __slots__ = ()
    mission: Identity

    @property
    def name(self) -> str:
        """As on the command line."""
        return self.mission.name

    @property
    def epoch(self) -> Epoch:
        """Mission time zero."""
        return Epoch.from_utc(self.mission.start_utc)

    @property
    def default_duration_ns(self) -> int:
        """Mission time to fly unless said otherwise."""
        return round(self.mission.default_duration_s * SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightIdentity(Identity):
    """[mission] of a flight."""

    release_utc: Utc


@dataclass(frozen=True, slots=True)
class Start:
    """[[trajectory.start]]: a heliocentric ICRF state, good between two manoeuvres."""

    state_utc: Utc
    position_km: Annotated[Triple, Within(-1e10, 1e10)]
    velocity_km_s: Annotated[Triple, Within(-1e3, 1e3)]
    from_utc: Utc | None = None
    to_utc: Utc | None = None


LEAST_PERIAPSIS_KM = {"mars": 3500.0}  # about 100 km above the equator


@dataclass(frozen=True, slots=True)
class Orbit:
    """[trajectory.orbit]: osculating elements about a planet, in its equator and node at J2000."""

    planet: Annotated[str, OneOf("mars")]
    elements_utc: Utc
    semi_major_axis_km: Annotated[float, Within(1, 1e9)]
    eccentricity: Annotated[float, Within(0, 0.99)]
    inclination_deg: Annotated[float, Within(0, 180)]
    ascending_node_deg: Annotated[float, Within(-360, 360)]
    argument_of_periapsis_deg: Annotated[float, Within(-360, 360)]
    true_anomaly_deg: Annotated[float, Within(-360, 360)]

    def __post_init__(self) -> None:
        low_km = self.semi_major_axis_km * (1 - self.eccentricity)
        if low_km <= LEAST_PERIAPSIS_KM[self.planet]:
            raise FswError(
                f"periapsis {low_km:.0f} km from the centre; allowed is above the ground and its air,"
                f" {LEAST_PERIAPSIS_KM[self.planet]:g} km"
            )


@dataclass(frozen=True, slots=True)
class Trajectory:
    """[trajectory]: free flight, either about the Sun from known states, or about a planet.

    path_reference_utc, path_flown_km: how far it had flown when, in flight about the Sun.
    """

    path_reference_utc: Utc | None = None
    path_flown_km: Annotated[float, Within(0, 1e11)] | None = None
    start: tuple[Start, ...] = ()
    orbit: Orbit | None = None

    def __post_init__(self) -> None:
        if bool(self.start) == (self.orbit is not None):
            raise FswError("allowed is one of [[trajectory.start]], about the Sun, and [trajectory.orbit]")
        reference = (self.path_reference_utc is None, self.path_flown_km is None)
        if any(reference) != all(reference) or (self.orbit is not None and not any(reference)):
            raise FswError(
                "path_reference_utc and path_flown_km: allowed are both, with [[trajectory.start]]"
            )
        for before, after in itertools.pairwise(self.start):
            if before.to_utc is None or before.to_utc != after.from_utc:
                raise FswError("start: each from_utc must be the to_utc of the one before")


@dataclass(frozen=True, slots=True)
class Attitude:
    """[attitude]: where the body axes point, and how far control lets them wander.

    The Sun is in the XZ plane, its angle off +X counted towards -Z. So is, on the -Z side, the Earth, whose
    angle then is what Sun and Earth leave; or, with held_utc, the planet as it stands at that time: that
    attitude is held against the stars.
    """

    sun_from_plus_x_deg: Annotated[float, Within(-180, 180)]
    dead_band_deg: Annotated[float, Within(0, 0.1)]
    limit_cycle_s: Annotated[Triple, Within(10, 1e5)]
    earth_from_minus_z_deg: Annotated[float, Within(0, 180)] | None = None
    held_utc: Utc | None = None

    def __post_init__(self) -> None:
        if (self.earth_from_minus_z_deg is None) == (self.held_utc is None):
            raise FswError("allowed is one of earth_from_minus_z_deg and held_utc")


@dataclass(frozen=True, slots=True)
class Clock:
    """[orbiter.clock], [camera.clock]: errors of an oscillator, frequencies as parts of one (fast: positive).

    thermal_swing: of frequency, to either side. wander_s: noise of phase, to either side.
    """

    drift: Annotated[float, Within(-1e-4, 1e-4)]
    ageing_per_day: Annotated[float, Within(-1e-6, 1e-6)]
    thermal_swing: Annotated[float, Within(0, 1e-4)]
    thermal_period_s: Annotated[float, Within(1, 1e7)]
    wander_s: Annotated[float, Within(0, 5e-5)]


@dataclass(frozen=True, slots=True)
class Orbiter:
    """[orbiter]: the spacecraft that releases the camera. Body axes as in [attitude], origin on the
    lower deck's centre, Z towards where the entry capsule sits before it goes its own way."""

    name: Name
    entry_capsule: bool
    launch_utc: Utc
    mass_kg: Annotated[float, Within(1, 1e6)]
    span_m: Annotated[float, Within(0.1, 100)]
    flag_m: Annotated[tuple[float, float], Within(0.01, 10)]
    mass_memory_octets: Annotated[int, Within(1, 1e15)]
    event_store_octets: Annotated[int, Within(4096, 4e9)]
    housekeeping_store_octets: Annotated[int, Within(4096, 4e9)]
    clock_offset_s: Annotated[float, Within(-0.2, 1000)]  # the camera's, set by it, must not go back
    clock: Clock
    release_point_m: Annotated[Triple, Within(-100, 100)]
    release_direction: Annotated[Triple, Within(-1, 1)]

    def __post_init__(self) -> None:
        if not any(self.release_direction):
            raise FswError("release_direction: allowed is any direction but (0, 0, 0)")


SIZES = ("800x600", "1600x1200", "2048x2048")  # picture modes of the camera's firmware


@dataclass(frozen=True, slots=True)
class PictureMode:
    """[[camera.mode]]: a size of picture."""

    width: Annotated[int, Within(800, 2048)]
    height: Annotated[int, Within(600, 2048)]

    def __post_init__(self) -> None:
        if self.name not in SIZES:
            raise FswError(f"width and height {self.name}; allowed are {', '.join(SIZES)}")

    @property
    def name(self) -> str:
        """As on the command line: 800x600."""
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Camera:
    """[camera]: the deployable camera, its lenses, its motion and its power.

    Ranges are those of its firmware (`c_core/flight/camera_unit.h`), where that has one.

    distortion: k1 to k4 of Kannala and Brandt, by which the ground knows directions in a picture; without it
    there are none.
    """

    name: Name
    made_by: Name
    mass_kg: Annotated[float, Within(0.01, 1000)]
    mass_with_release_device_kg: Annotated[float, Within(0.01, 1000)]
    edge_m: Annotated[float, Within(0.01, 10)]
    inertia_kg_m2: Annotated[Triple, Within(1e-9, 1e4)]
    separation_speed_m_s: Annotated[float, Within(0.001, 100)]
    tumble_deg_s: Annotated[float, Within(0, 360)]
    tumble_range_deg_s: Annotated[tuple[float, float], Within(0, 360)]
    battery_wh: Annotated[float, Within(0.001, 1193)]  # in mJ it fits 32 bits
    battery_at_least_h: Annotated[float, Within(0, 1e6)]
    power_w: Annotated[float, Within(0.001, 100)]
    colour: bool
    lenses: Annotated[int, Within(1, 2)]
    lens_axis: Annotated[Triple, Within(-1, 1)]
    field_of_view_deg: Annotated[float, Within(1, 180)]
    f_number: Annotated[float, Within(0.5, 64)]
    pixel_um: Annotated[float, Within(0.5, 50)]
    full_well_electrons: Annotated[float, Within(100, 1e7)]
    read_noise_electrons: Annotated[float, Within(0, 1e4)]
    period_s: Annotated[float, Within(0.1, 4)]
    first_frame_s: Annotated[float, Within(0, 600)]
    exposure_us: Annotated[int, Within(1, 4_000_000)]
    exposure_automatic: bool
    gain: Annotated[float, Within(1, 32)]
    jpeg_ratio: Annotated[float, Within(1, 100)]
    clock: Clock
    default_mode: str
    mode: tuple[PictureMode, ...]
    distortion: Annotated[Quadruple, Within(-1, 1)] | None = None

    def __post_init__(self) -> None:
        names = [mode.name for mode in self.mode]
        if self.default_mode not in names:
            raise FswError(f"default_mode {self.default_mode!r}; allowed are {', '.join(names)}")
        largest, rest = max(self.inertia_kg_m2), sorted(self.inertia_kg_m2)[:2]
        if largest > sum(rest):
            raise FswError("inertia_kg_m2: no body has one moment above the sum of the others")
        if self.battery_wh < self.battery_at_least_h * self.power_w:
            raise FswError(
                f"battery_wh {self.battery_wh:g}; allowed is what lasts battery_at_least_h at power_w"
            )
        if self.exposure_us > 1e6 * self.period_s:
            raise FswError(f"exposure_us {self.exposure_us}; allowed is at most period_s")
        if not any(self.lens_axis):
            raise FswError("lens_axis: allowed is any direction but (0, 0, 0)")


@dataclass(frozen=True, slots=True)
class WifiFiles:
    """[wifi.files]: CFDP between camera and orbiter, where the pictures go as files.

    segment_octets: file data in one packet. crc: of each data unit. check_s is of class 1; the limits,
    and the other times but the last, of class 2. inactivity_s: silence after which a side gives a file up.
    """

    segment_octets: Annotated[int, Within(1, 65000)]
    entity_octets: Annotated[int, Within(1, 4)]
    sequence_octets: Annotated[int, Within(2, 4)]
    checksum: Annotated[str, OneOf("modular", "crc-32", "null")]
    crc: bool
    ack_s: Annotated[float, Within(0.001, 1e5)]
    ack_limit: Annotated[int, Within(1, 1000)]
    nak_s: Annotated[float, Within(0.001, 1e5)]
    nak_limit: Annotated[int, Within(1, 1000)]
    nak_octets: Annotated[int, Within(40, 1400)]
    immediate_nak: bool
    check_s: Annotated[float, Within(0.001, 1e5)]
    inactivity_s: Annotated[float, Within(0.001, 1e5)]

    @property
    def nak_ns(self) -> int:
        return round(self.nak_s * SECOND)

    @property
    def overhead_octets(self) -> int:
        """Of a packet with one segment: its header, the data unit's, the offset, the CRC."""
        return 6 + 4 + 2 * self.entity_octets + self.sequence_octets + 4 + 2 * self.crc


@dataclass(frozen=True, slots=True)
class Wifi:
    """[wifi]: the link from camera to orbiter. picture_class: 'parts', or CFDP class '1' or '2'."""

    frequency_hz: Annotated[float, Within(1e8, 1e11)]
    rate_near_bit_s: Annotated[float, Within(1e3, 1e10)]
    range_m: Annotated[float, Within(1, 1e6)]
    transmit_power_dbm: Annotated[float, Within(-50, 60)]
    antenna_gains_dbi: Annotated[float, Within(-40, 60)]
    noise_figure_db: Annotated[float, Within(0, 30)]
    bandwidth_hz: Annotated[float, Within(1e3, 1e9)]
    other_losses_db: Annotated[float, Within(0, 80)]
    packet_octets: Annotated[int, Within(16, 65536)]
    picture_class: Annotated[str, OneOf("parts", "1", "2")]
    files: WifiFiles

    def __post_init__(self) -> None:
        most = self.packet_octets - self.files.overhead_octets
        if self.files.segment_octets > most:
            raise FswError(
                f"files.segment_octets {self.files.segment_octets}: allowed are up to {most}, which is "
                f"packet_octets less {self.files.overhead_octets} of headers"
            )


@dataclass(frozen=True, slots=True)
class Channel:
    """[[downlink.low.channel]]: a virtual channel, its share of the frames and its insert zone's end."""

    content: Name
    scid: Annotated[int, Within(0, 255)]
    vcid: Annotated[int, Within(0, 63)]
    share: Annotated[float, Within(0, 1)]
    time_code: Annotated[str, OneOf("tianwen1", "tianwen1-lander", "tianwen2")]
    insert_zone_tail: str
    fill: Annotated[int, Within(0, 255)]

    def __post_init__(self) -> None:
        if len(self.insert_zone_tail) != 4 or set(self.insert_zone_tail) - set("0123456789abcdef"):
            raise FswError(f"insert_zone_tail {self.insert_zone_tail!r}; allowed are four digits 0-9, a-f")


@dataclass(frozen=True, slots=True)
class DownlinkMode:
    """[downlink.low], .transition, .high: modulation, coding and frame of one rate."""

    modulation: Annotated[str, OneOf("PCM/PSK/PM", "QPSK")]
    symbol_rate_baud: Annotated[float, Within(1, 1e9)]
    bits_per_symbol: Annotated[int, Within(1, 2)]
    subcarrier_hz: Annotated[float, Within(0, 1e9)]
    modulation_loss_db: Annotated[float, Within(0, 30)]
    antenna: Annotated[str, OneOf("low_gain", "high_gain")]
    g2_inverted: bool
    randomizer: Annotated[str, OneOf("255", "131071")]
    reed_solomon_n: Annotated[int, Within(34, 255)]
    reed_solomon_k: Annotated[int, Within(2, 239)]
    interleave: Annotated[int, Within(1, 8)]
    basis: Annotated[str, OneOf("conventional", "dual")]
    frame_octets: Annotated[int, Within(16, 2048)]
    insert_zone_octets: Annotated[int, Within(0, 64)]
    cadu_octets: Annotated[int, Within(32, 4096)]
    channel: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if self.reed_solomon_n - self.reed_solomon_k not in (16, 32):
            raise FswError("reed_solomon_n - reed_solomon_k: allowed are 16 and 32 check octets")
        if self.frame_octets != self.reed_solomon_k * self.interleave:
            raise FswError(f"frame_octets {self.frame_octets}; allowed is reed_solomon_k * interleave")
        if self.cadu_octets != self.reed_solomon_n * self.interleave + 4:
            raise FswError(f"cadu_octets {self.cadu_octets}; allowed is reed_solomon_n * interleave + 4")
        shares = sum(channel.share for channel in self.channel)
        if abs(shares - 1.0) > 1e-9:
            raise FswError(f"the channels' shares add up to {shares:g}; allowed is 1")

    @property
    def frame_format(self) -> FrameFormat:
        """AOS with an insert zone, without header error control, OCF or FECF."""
        return FrameFormat("aos", self.frame_octets, insert_zone=self.insert_zone_octets)

    @property
    def channel_code(self) -> ChannelCode:
        """The same figures as the coder and the receiver take them."""
        return ChannelCode(
            randomizer="tm255" if self.randomizer == "255" else "tm131071",
            reed_solomon=32 if self.reed_solomon_n - self.reed_solomon_k == 32 else 16,
            basis="dual" if self.basis == "dual" else "conventional",
            interleave=self.interleave,
            convolutional="g2-inverted" if self.g2_inverted else "plain",
        )

    @property
    def frames_per_s(self) -> float:
        """Of the rate-1/2 convolutional code's symbol stream."""
        return self.symbol_rate_baud * self.bits_per_symbol / 2 / (8 * self.cadu_octets)

    @property
    def data_bit_s(self) -> float:
        """Of the transfer frames, without the channel code's check symbols and markers."""
        return self.frames_per_s * 8 * self.frame_octets

    @property
    def frame_period_ns(self) -> int:
        """A frame's time on the air, to the nanosecond."""
        return round(SECOND / self.frames_per_s)


@dataclass(frozen=True, slots=True)
class Downlink:
    """[downlink]: the X-band transmitter, its two rates, and the mode that stands between them.

    ocf_vcid: the one virtual channel with an operational control field, and so with control words.
    """

    frequency_hz: Annotated[float, Within(1e8, 1e11)]
    transmit_power_w: Annotated[float, Within(0.01, 1e5)]
    dish_diameter_m: Annotated[float, Within(0.1, 100)]
    dish_efficiency: Annotated[float, Within(0.05, 1)]
    low_gain_dbi: Annotated[float, Within(-20, 30)]
    line_loss_db: Annotated[float, Within(0, 20)]
    transition_s: Annotated[float, Within(0, 3600)]
    ocf_vcid: Annotated[int, Within(0, 62)]
    ocf_period_s: Annotated[int, Within(1, 3600)]
    low: DownlinkMode
    transition: DownlinkMode
    high: DownlinkMode


@dataclass(frozen=True, slots=True)
class UplinkChannel:
    """[[uplink.channel]]: a virtual channel for telecommands, with both ends of its COP-1 (232.1-B)."""

    content: Name
    vcid: Annotated[int, Within(0, 63)]
    segmented: bool
    maps: Annotated[tuple[int, ...], Within(0, 63)]
    farm_window: Annotated[int, Within(2, 254)]
    farm_boot: Annotated[str, OneOf("open", "lockout")]
    fop_window: Annotated[int, Within(1, 127)]
    t1_margin_s: Annotated[float, Within(0, 86_400)]
    transmission_limit: Annotated[int, Within(1, 255)]
    timeout_type: Annotated[str, OneOf("alert", "suspend")]

    def __post_init__(self) -> None:
        if self.farm_window % 2:
            raise FswError(f"farm_window {self.farm_window}; allowed are even numbers")
        if self.fop_window > self.farm_window // 2:
            raise FswError(f"fop_window {self.fop_window}; allowed is at most half of farm_window")
        if bool(self.maps) != self.segmented:
            raise FswError("maps: allowed are one or more if segmented, else none")


@dataclass(frozen=True, slots=True)
class Uplink:
    """[uplink]: telecommand frames to the orbiter."""

    scid: Annotated[int, Within(0, 1023)]
    frequency_hz: Annotated[float, Within(1e8, 1e11)]
    bit_rate_bit_s: Annotated[float, Within(1, 1e7)]
    receive_gain_dbi: Annotated[float, Within(-20, 60)]
    system_temperature_k: Annotated[float, Within(1, 1e4)]
    modulation_loss_db: Annotated[float, Within(0, 30)]
    randomized: bool
    error_correction: bool
    acquisition_octets: Annotated[int, Within(16, 1024)]
    frame_octets: Annotated[int, Within(9, 1024)]
    channel: tuple[UplinkChannel, ...]
    security: Annotated[str, OneOf("none", "authenticated", "authenticated-encryption")] = "none"
    security_spi: Annotated[int, Within(1, 0xFF00)] = 1
    security_window: Annotated[int, Within(1, 255)] = 255

    def __post_init__(self) -> None:
        numbers = [channel.vcid for channel in self.channel]
        if len(set(numbers)) != len(numbers):
            raise FswError("channel: allowed is each vcid once")


@dataclass(frozen=True, slots=True)
class Station:
    """[[station]]: an antenna on Earth."""

    name: Name
    diameter_m: Annotated[float, Within(0.1, 500)]
    efficiency: Annotated[float, Within(0.05, 1)]
    system_temperature_k: Annotated[float, Within(1, 1e4)]
    transmit_power_w: Annotated[float, Within(0.001, 1e6)]
    latitude_deg: Annotated[float, Within(-90, 90)]
    longitude_deg: Annotated[float, Within(-180, 180)]


@dataclass(frozen=True, slots=True)
class Selection:
    """[selection]: what is sent down unless a telecommand says otherwise.

    rank_by: what the best pictures have most of, lit area with a sharp outline or fine detail; or the newest.
    """

    full_pictures: Annotated[int, Within(0, 10_000)]
    rank_by: Annotated[Literal["lit-area", "detail", "newest"], OneOf("lit-area", "detail", "newest")]
    thumbnail_width: Annotated[int, Within(16, 512)]
    thumbnail_height: Annotated[int, Within(16, 512)]


@dataclass(frozen=True, slots=True)
class Files:
    """[files]: CFDP between orbiter and ground, both ways, and the on-board file store.

    picture_class: 1 unacknowledged, 2 acknowledged. The times are those of a link whose round trip fits
    into them; check_s is of class 1. uplink_segment_octets: file data in one telecommand packet.
    """

    picture_class: Annotated[int, Within(1, 2)]
    segment_octets: Annotated[int, Within(1, 4000)]
    uplink_segment_octets: Annotated[int, Within(1, 900)]
    ack_s: Annotated[float, Within(1, 1e6)]
    ack_limit: Annotated[int, Within(1, 1000)]
    nak_s: Annotated[float, Within(1, 1e6)]
    nak_limit: Annotated[int, Within(1, 1000)]
    immediate_nak: bool
    check_s: Annotated[float, Within(0.001, 1e6)]
    inactivity_s: Annotated[float, Within(1, 1e7)]
    store_octets: Annotated[int, Within(1024, 1 << 26)]

    @property
    def nak_ns(self) -> int:
        return round(self.nak_s * SECOND)


@dataclass(frozen=True, slots=True)
class MissionFile(Dated):
    """A whole mission file of kind flight: a spacecraft, its camera, its radio and its ground."""

    mission: FlightIdentity
    trajectory: Trajectory
    attitude: Attitude
    orbiter: Orbiter
    camera: Camera
    wifi: Wifi
    downlink: Downlink
    uplink: Uplink
    station: tuple[Station, ...]
    selection: Selection
    files: Files
    figures: Annotated[Mapping[str, Figure], COMPUTED] = field(repr=False, hash=False)
    dispersions: Dispersions | None = None
    recontact: Recontact | None = None

    def __post_init__(self) -> None:
        if self.release_ns < 0:
            raise FswError("mission.release_utc: allowed are times from mission.start_utc on")
        if self.attitude.held_utc is not None and self.trajectory.orbit is None:
            raise FswError("attitude.held_utc: allowed is an attitude by the planet with [trajectory.orbit]")

    @property
    def release_ns(self) -> int:
        """Mission time of the release."""
        return self.epoch.parse(self.mission.release_utc)

    @property
    def camera_stays(self) -> bool:
        """The camera is never released: it stays on its spacecraft, which powers it."""
        return False
