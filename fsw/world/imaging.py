"""What the released camera sees: its place and attitude, the light, and pictures of its host.

Everything is a pure function of mission time once the release is known, so pictures may be taken in any
order and in any thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core.render import Floats
from fsw.core.rigid_body import Tumble
from fsw.kernel.time import Epoch
from fsw.missions.mission_file import MissionFile
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM
from fsw.world.exif import PictureTags
from fsw.world.heavens import Heavens
from fsw.world.image_sensor import (
    DEFAULT_EXPOSURE_US,
    EXPOSURE_US,
    FULL_WELL_E,
    ISO_AT_UNIT_GAIN,
    Exposure,
    RawFrame,
    responsivity,
)
from fsw.world.optics import LINE_TIME_S
from fsw.world.picture_file import encode_jpeg, encode_raw
from fsw.world.release import release, tumble
from fsw.world.scene import (
    EARTH_ALBEDO,
    MOON_ALBEDO,
    Articulation,
    Body,
    Light,
    NearPlanet,
    Pose,
    Studio,
    pointing,
)
from fsw.world.vectors import (
    Quaternion,
    Vector,
    conjugate,
    cross,
    length,
    multiply,
    quaternion_from_axes,
    rotate_back,
    scale,
    subtract,
    unit,
)

# Radius [km] and Lambert albedo (red, green, blue) of what shines in the sky.
BODIES: dict[str, tuple[float, tuple[float, float, float]]] = {
    "earth": (6371.0, EARTH_ALBEDO),
    "moon": (1737.4, MOON_ALBEDO),
    "venus": (6051.8, (1.05, 1.0, 0.85)),
    "mars": (3389.5, (0.33, 0.20, 0.11)),
    "jupiter": (69911.0, (0.80, 0.76, 0.68)),
}
NEAR_RAD = 0.02  # angular radius of some ten pixels, from which on a planet's ground and air are drawn
METERED_W_M2_SR = 0.2  # darker is sky, or shadow
METERED_PIXELS = 30
LEAST_AUTOMATIC_US, MOST_AUTOMATIC_US = 50, 5000
_LENS_NAMES = ("A", "B")


@dataclass(frozen=True, slots=True)
class Snap:
    """What to take. start_ns: mission time at which the exposure of the first row begins. exposure_us: 0
    is automatic."""

    lens: int
    start_ns: int
    exposure_us: int
    gain: float
    width: int
    height: int
    raw: bool


def metered_us(green: Floats, snap: Snap) -> int:
    """Automatic exposure of a picture by its radiance in green: two thirds of full scale, but for glints."""
    lit = green[green > METERED_W_M2_SR]
    if lit.size < METERED_PIXELS:
        return DEFAULT_EXPOSURE_US
    bright = float(np.partition(lit, lit.size * 9 // 10)[lit.size * 9 // 10])
    full_scale_s = FULL_WELL_E / (bright * responsivity(snap.width)[1] * snap.gain)
    return min(max(round(full_scale_s * 1e6 * 2 / 3), LEAST_AUTOMATIC_US), MOST_AUTOMATIC_US)


def ordered(snap: Snap, seed: int, metered: Callable[[int], int]) -> tuple[Exposure, int]:
    """A frame's settings, and the time of its middle [ns].

    seed: of the sensor's noise. metered: what an automatic exposure of a time is [us].
    """
    read_out_ns = read_out_of(snap.width, snap.height)
    frame_seed = (seed * 4 + snap.start_ns * 2 + snap.lens) & (2**63 - 1)
    exposure_us = snap.exposure_us or metered(snap.start_ns + read_out_ns // 2)
    # A sensor asked for less than it can do does the least that it can, and tells so.
    exposure_us = min(max(exposure_us, EXPOSURE_US.start), EXPOSURE_US.stop - 1)
    middle_ns = snap.start_ns + exposure_us * 500 + read_out_ns // 2
    return Exposure(snap.width, snap.height, exposure_us, snap.gain, snap.lens, frame_seed), middle_ns


class ReleasedCamera:
    """A camera on its way since `t_ns`, with the motion that the release mechanism gave it.

    studio: where pictures are taken; None for a camera of which only the way is of interest. motion:
    speed_m_s, direction (orbiter's axes), axis (camera's axes), rate_deg_s. seed: of the sensor's noise.
    """

    def __init__(
        self,
        mission: MissionFile,
        heavens: Heavens,
        studio: Studio | None,
        t_ns: int,
        motion: dict[str, Any],
        seed: int,
    ) -> None:
        self._mission = mission
        self._heavens = heavens
        self._studio = studio
        self._seed = seed
        host = heavens.attitude.attitude(t_ns)
        self.release = release(
            heavens.trajectory,
            t_ns,
            host,
            mission.orbiter.release_point_m,
            tuple(motion["direction"]),
            motion["speed_m_s"],
        )
        self._tumble: Tumble = tumble(
            mission.camera.inertia_kg_m2,
            multiply(host, _stowed(tuple(motion["direction"]))),
            tuple(motion["axis"]),
            motion["rate_deg_s"],
        )
        # Wings and dish stand still while pictures are taken: the light turns by 3e-4 deg in an hour.
        self._articulation = self._pointing(t_ns, host)

    def range_m(self, now_ns: int) -> float:
        """Distance between camera and orbiter."""
        return self.release.range_m(now_ns)

    def each_second(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """At the release and each second after it: places from the orbiter's origin [m], (count, 3), and
        attitudes, camera to ICRF, (count, 4); ICRF axes both."""
        way = self.release
        return way.each_second_m(count), self._tumble.each_second(count)

    def pose(self, t_ns: int) -> Pose:
        """Of the camera in the orbiter's body axes."""
        host = self._heavens.attitude.attitude(t_ns)
        attitude, rate = self._tumble.state(t_ns - self.release.t_ns)
        position = self.release.position_from_orbiter_m(t_ns, host)
        return Pose(position, multiply(conjugate(host), attitude), rate)

    def light(self, t_ns: int) -> Light:
        """Sun, planets and stars in the orbiter's body axes."""
        heavens = self._heavens
        host = heavens.attitude.attitude(t_ns)
        sun = heavens.direction("sun", t_ns)
        bodies, planet = [], self._near_planet(t_ns, host)
        for name, (radius_km, albedo) in BODIES.items():
            if planet is not None and heavens.planet is not None and name == heavens.planet.name:
                continue
            seen = heavens.direction(name, t_ns)
            to_sun = subtract(scale(sun.unit, sun.distance_km), scale(seen.unit, seen.distance_km))
            bodies.append(
                Body(
                    seen.in_body(host),
                    radius_km / seen.distance_km,
                    rotate_back(host, unit(to_sun)),
                    length(to_sun) / ASTRONOMICAL_UNIT_KM,
                    albedo,
                )
            )
        return Light(sun.in_body(host), sun.distance_au, host, tuple(bodies), planet, self._articulation)

    def sun_icrf(self, t_ns: int) -> Vector:
        """Direction to the Sun, unit."""
        return self._heavens.direction("sun", t_ns).unit

    def _near_planet(self, t_ns: int, host: Quaternion) -> NearPlanet | None:
        """The planet about which the orbiter flies, unless it is so far that a disc will do."""
        heavens, figures = self._heavens, self._heavens.planet
        if figures is None:
            return None
        seen = heavens.direction(figures.name, t_ns)
        if figures.equatorial_km < NEAR_RAD * seen.distance_km:
            return None
        sun = heavens.direction("sun", t_ns)
        centre_km = scale(seen.unit, seen.distance_km)
        to_sun = subtract(scale(sun.unit, sun.distance_km), centre_km)
        prime, east, pole = figures.axes(heavens.epoch.tdb_ns(t_ns))
        return NearPlanet(
            rotate_back(host, centre_km),
            (rotate_back(host, prime), rotate_back(host, east), rotate_back(host, pole)),
            rotate_back(host, unit(to_sun)),
            length(to_sun) / ASTRONOMICAL_UNIT_KM,
            figures.equatorial_km,
            figures.polar_km,
        )

    def _pointing(self, t_ns: int, host: Quaternion) -> Articulation:
        sun, earth = (self._heavens.direction(name, t_ns).in_body(host) for name in ("sun", "earth"))
        return pointing(sun, earth)

    def take(self, snap: Snap) -> tuple[bytes, int]:
        """The encoder's output (a JPEG with EXIF and thumbnail, or the raw mosaic) and the exposure used."""
        exposure, middle_ns = ordered(snap, self._seed, lambda t_ns: self._meter(snap, t_ns))
        assert self._studio is not None
        raw = self._studio.expose(self.pose(middle_ns), self.light(middle_ns), exposure)
        return encoded(raw, snap, self._tags(snap, exposure.exposure_us)), exposure.exposure_us

    def _meter(self, snap: Snap, t_ns: int) -> int:
        """Automatic exposure: what is lit shall reach two thirds of full scale, but for its glints."""
        trial = Exposure(800, 600, DEFAULT_EXPOSURE_US, 1.0, snap.lens, 0)
        assert self._studio is not None
        green = self._studio.radiance(self.pose(t_ns), self.light(t_ns), trial).radiance[::4, ::4, 1]
        return metered_us(green, snap)

    def _tags(self, snap: Snap, exposure_us: int) -> PictureTags:
        return picture_tags(
            self._mission.epoch,
            self._seed,
            snap,
            exposure_us,
            lens_model=f"lens {_LENS_NAMES[snap.lens]}, 120 deg",
            comment=f"range {self.range_m(snap.start_ns):.1f} m",
        )


def picture_tags(epoch: Epoch, seed: int, snap: Snap, exposure_us: int, **of_camera: Any) -> PictureTags:
    """What a camera writes of a picture. of_camera: the tags that do not follow from the rest."""
    date, _, time = epoch.utc(snap.start_ns, 6).removesuffix("Z").partition("T")
    second, _, fraction = time.partition(".")
    return PictureTags(
        taken=f"{date.replace('-', ':')} {second}",
        subsecond=fraction,
        exposure_us=exposure_us,
        iso=round(ISO_AT_UNIT_GAIN * snap.gain),
        unique_id=f"{seed & 0xFFFFFFFFFFFFFFFF:016x}{snap.start_ns * 2 + snap.lens:016x}",
        **of_camera,
    )


def encoded(raw: RawFrame, snap: Snap, tags: PictureTags) -> bytes:
    """A frame as its encoder gives it: the mosaic, or a JPEG."""
    return encode_raw(raw) if snap.raw else encode_jpeg(raw, tags=tags)


def read_out_of(width: int, height: int) -> int:
    """From the first row's exposure to the last one's [ns]. A picture's middle is half of it and half of the
    exposure after its start."""
    return round(1e9 * LINE_TIME_S[width, height] * height)


def _stowed(direction: Vector) -> Quaternion:
    """Camera to orbiter axes before the release: lens A looks out along the way it will go."""
    z_axis = unit(direction)
    least = min(range(3), key=lambda k: abs(z_axis[k]))
    other: Vector = tuple(1.0 if k == least else 0.0 for k in range(3))  # type: ignore[assignment]
    x_axis = unit(cross(other, z_axis))
    return quaternion_from_axes(x_axis, cross(z_axis, x_axis), z_axis)
