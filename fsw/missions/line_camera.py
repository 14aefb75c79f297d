"""What a mission file of kind line-camera holds: a camera with one line of detectors that is swept past other
spacecraft about the same planet.

Fields as in `fsw.missions.mission_file`, whose orbits these are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fsw.core.channel_coding import ChannelCode
from fsw.core.errors import FswError
from fsw.core.frame_format import FrameFormat
from fsw.missions.mission_file import (
    COMPUTED,
    Dated,
    Figure,
    Identity,
    Name,
    OneOf,
    Orbit,
    Station,
    Utc,
    Within,
)

MODELS = ("mars-express", "odyssey")


@dataclass(frozen=True, slots=True)
class Carrier:
    """[carrier]: the spacecraft that carries the camera. pointing_error_urad: standard deviation of where the
    boresight is off its course, along and across, drawn by the seed for each strip."""

    name: Name
    orbit: Orbit
    pointing_error_urad: Annotated[float, Within(0, 1000)]


@dataclass(frozen=True, slots=True)
class Target:
    """[[target]]: a spacecraft that is looked at; its closest approach is within ten minutes of its elements'
    time."""

    name: Name
    model: Annotated[str, OneOf(*MODELS)]
    orbit: Orbit


@dataclass(frozen=True, slots=True)
class LineCamera:
    """[camera]: one line of detectors at the focus of a telescope, read every line_time_us and exposed all of
    that time.

    blur_px: standard deviation of a point's image, optics and pointing's jitter together. band_nm: first and
    last wavelength. black_dn: what is read without light. buffer_octets: what a strip must fit into.
    samples: rays that are cast for a pixel.
    """

    name: Name
    made_by: Name
    focal_length_m: Annotated[float, Within(0.01, 100)]
    f_number: Annotated[float, Within(0.5, 100)]
    pixel_um: Annotated[float, Within(0.5, 100)]
    detectors: Annotated[int, Within(2, 100_000)]
    line_time_us: Annotated[float, Within(1, 1e6)]
    bits: Annotated[int, Within(8, 8)]
    band_nm: Annotated[tuple[float, float], Within(500, 900)]
    blur_px: Annotated[float, Within(0, 10)]
    transmission: Annotated[float, Within(0.01, 1)]
    quantum_efficiency: Annotated[float, Within(0.01, 1)]
    full_well_electrons: Annotated[float, Within(100, 1e7)]
    read_noise_electrons: Annotated[float, Within(0, 1e4)]
    electrons_per_dn: Annotated[float, Within(0.01, 1e5)]
    black_dn: Annotated[float, Within(0, 100)]
    buffer_octets: Annotated[int, Within(1, 1e12)]
    samples: Annotated[int, Within(1, 4096)]

    @property
    def pixel_rad(self) -> float:
        """Between two neighbours on the line."""
        return self.pixel_um * 1e-6 / self.focal_length_m

    @property
    def line_time_ns(self) -> int:
        return round(self.line_time_us * 1000)


@dataclass(frozen=True, slots=True)
class Strip:
    """[[strip]]: one sweep, whose lines make one picture.

    The line meets its target when that, as it recedes, is range_km away. With again_km it meets it a second
    time at that range: the sweep goes along the target's apparent way, at the rate by which it falls behind
    first and catches up later. Without, scan_rate_deg_s is the rate, and scan_tilt_deg what the sweep's
    direction is off the target's. The middle of the strip is that of the times at which they meet.
    """

    name: Name
    target: Name
    range_km: Annotated[float, Within(0.1, 1e5)]
    lines: Annotated[int, Within(16, 1_000_000)]
    columns: Annotated[int, Within(16, 100_000)]
    again_km: Annotated[float, Within(0.1, 1e5)] | None = None
    scan_rate_deg_s: Annotated[float, Within(-10, 10)] | None = None
    scan_tilt_deg: Annotated[float, Within(-90, 90)] | None = None

    def __post_init__(self) -> None:
        if (self.again_km is None) == (self.scan_rate_deg_s is None):
            raise FswError("allowed is one of again_km and scan_rate_deg_s")
        if self.again_km is not None and self.again_km <= self.range_km:
            raise FswError(f"again_km {self.again_km:g}; allowed is more than range_km {self.range_km:g}")
        if (self.scan_tilt_deg is None) != (self.scan_rate_deg_s is None):
            raise FswError("scan_tilt_deg: allowed, and needed, with scan_rate_deg_s")

    @property
    def ranges_km(self) -> tuple[float, ...]:
        return (self.range_km,) if self.again_km is None else (self.range_km, self.again_km)


@dataclass(frozen=True, slots=True)
class Playback:
    """[downlink]: the recorder that holds the strips, and how it is played back to Earth from begin_utc on.

    TM transfer frames (CCSDS 132.0-B) on one virtual channel, Reed-Solomon (255, 223) with dual basis,
    pseudo-randomised, convolutional. segment_octets: file data in one packet.
    """

    recorder_octets: Annotated[int, Within(1, 1e12)]
    begin_utc: Utc
    frequency_hz: Annotated[float, Within(1e8, 1e11)]
    transmit_power_w: Annotated[float, Within(0.01, 1e5)]
    dish_diameter_m: Annotated[float, Within(0.1, 100)]
    dish_efficiency: Annotated[float, Within(0.05, 1)]
    line_loss_db: Annotated[float, Within(0, 20)]
    modulation_loss_db: Annotated[float, Within(0, 30)]
    symbol_rate_baud: Annotated[int, Within(100, 1e8)]
    scid: Annotated[int, Within(0, 1023)]
    vcid: Annotated[int, Within(0, 6)]
    apid: Annotated[int, Within(0, 2046)]
    interleave: Annotated[int, Within(1, 8)]
    randomizer: Annotated[str, OneOf("255", "131071")]
    segment_octets: Annotated[int, Within(16, 4000)]

    @property
    def frame_format(self) -> FrameFormat:
        """As long as the code's words hold."""
        return FrameFormat("tm", 223 * self.interleave)

    @property
    def channel_code(self) -> ChannelCode:
        return ChannelCode(
            randomizer="tm255" if self.randomizer == "255" else "tm131071",
            interleave=self.interleave,
            convolutional="g2-inverted",
        )


@dataclass(frozen=True, slots=True)
class LineCameraMission(Dated):
    """A whole mission file of kind line-camera."""

    mission: Identity
    carrier: Carrier
    camera: LineCamera
    target: tuple[Target, ...]
    strip: tuple[Strip, ...]
    downlink: Playback
    station: Station
    figures: Annotated[Mapping[str, Figure], COMPUTED] = field(repr=False, hash=False)

    def __post_init__(self) -> None:
        targets = [target.name for target in self.target]
        planets = {target.orbit.planet for target in self.target} | {self.carrier.orbit.planet}
        if len(planets) != 1:
            raise FswError(f"orbits about {', '.join(sorted(planets))}; allowed is one planet for all")
        for number, strip in enumerate(self.strip):
            if strip.target not in targets:
                raise FswError(
                    f"strip.{number}.target {strip.target!r}; allowed are {', '.join(map(repr, targets))}"
                )
            if strip.columns > self.camera.detectors:
                raise FswError(f"strip.{number}.columns; allowed are up to camera.detectors")
            if strip.lines * strip.columns > self.camera.buffer_octets:
                raise FswError(
                    f"strip.{number}: {strip.lines} lines of {strip.columns} columns; allowed are up to "
                    f"camera.buffer_octets, {self.camera.buffer_octets}"
                )
        if len({strip.name for strip in self.strip}) != len(self.strip):
            raise FswError("strip: allowed is each name once")

    def target_named(self, name: str) -> Target:
        return next(target for target in self.target if target.name == name)
