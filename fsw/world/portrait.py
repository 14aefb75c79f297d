"""What a camera sees that a rover has put on the ground.

Everything is a pure function of mission time, so pictures may be taken in any order and in any thread.
"""

from math import sqrt

from fsw.kernel.time import SECOND
from fsw.missions.portrait import PortraitMission
from fsw.world.dust_sky import Dust
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM
from fsw.world.exif import PictureTags
from fsw.world.ground_site import GroundSite
from fsw.world.image_sensor import DEFAULT_EXPOSURE_US, PIXEL_PITCH_M, Exposure
from fsw.world.imaging import Snap, encoded, metered_us, ordered, picture_tags
from fsw.world.rover_path import drive_of, from_compass
from fsw.world.scene import Pose
from fsw.world.special import sine_cosine_degrees
from fsw.world.surface import LanderPlace, SurfaceLight, SurfaceStudio, ground_of, lens_of_field
from fsw.world.terrain import Outlook
from fsw.world.vectors import (
    Quaternion,
    Vector,
    add,
    cross,
    length,
    multiply,
    quaternion_from_axes,
    rotate_back,
    scale,
    unit,
)

_ANTENNA_M = 0.9  # of the rover, above the ground


class PlacedView:
    """The camera on the ground. rendered: whether it will take pictures, for which the site is built (some
    seconds). seed: of the sensor's noise."""

    def __init__(self, mission: PortraitMission, site: GroundSite, rendered: bool, seed: int) -> None:
        self._mission, self._site, self._seed = mission, site, seed
        self.drive = drive_of(mission)
        stand = self.drive.at((mission.release_ns - mission.drive_ns) / SECOND)
        x, y = mission.lander.position_m
        lander = LanderPlace(x, y, from_compass(mission.lander.ramp_azimuth_deg))
        ground = ground_of(mission.site.ground_seed, mission.site.rock_cover, lander, self.drive)
        place = mission.camera.stand
        level = float(ground.height([stand.x], [stand.y])[0])
        azimuth = from_compass(place.azimuth_deg)
        self.outlook = Outlook(stand.x, stand.y, level + place.lens_height_m, azimuth)
        self.pose = Pose((stand.x, stand.y, self.outlook.z), self._standing())
        lens = lens_of_field(mission.camera.field_of_view_deg, 1600, 1200)
        self._focal_mm = lens.focal_px * PIXEL_PITCH_M * 1000
        self.studio: SurfaceStudio | None = None
        if rendered:
            light = self.light(mission.release_ns)
            self.studio = SurfaceStudio(
                ground,
                lander,
                self.drive,
                self.outlook,
                Dust(mission.site.optical_depth),
                light.sun_direction,
                light.sun_distance_au,
                mission.camera.field_of_view_deg,
            )

    def _standing(self) -> Quaternion:
        """Lens axes in site axes: right and down in the picture, boresight."""
        stand = self._mission.camera.stand
        sa, ca = sine_cosine_degrees(90.0 - stand.azimuth_deg)
        se, ce = sine_cosine_degrees(stand.elevation_deg)
        sr, cr = sine_cosine_degrees(stand.roll_deg)
        look = (ce * ca, ce * sa, se)
        level = (sa, -ca, 0.0)
        down = cross(look, level)
        right = add(scale(level, cr), scale(down, sr))
        return quaternion_from_axes(right, cross(look, right), look)

    def range_m(self, now_ns: int) -> float:
        """Between camera and rover."""
        stand = self.drive.at((now_ns - self._mission.drive_ns) / SECOND)
        dx, dy = stand.x - self.outlook.x, stand.y - self.outlook.y
        return sqrt(dx * dx + dy * dy + _ANTENNA_M * _ANTENNA_M)

    def standing(self, t_ns: int) -> tuple[Quaternion, Vector, Vector]:
        """Lens axes -> ICRF, their angular velocity in lens axes [rad/s], the Sun's direction (ICRF)."""
        axes = self._site.axes(t_ns)
        attitude = multiply(quaternion_from_axes(*axes), self.pose.attitude)
        rate = rotate_back(attitude, self._site.planet.turning_rad_s(self._mission.epoch.tdb_ns(t_ns)))
        return attitude, rate, unit(self._site.to_body("sun", t_ns)[0])

    def light(self, t_ns: int) -> SurfaceLight:
        """The Sun over the site, and the time on the drive's clock."""
        away = length(self._site.to_body("sun", t_ns)[0]) / ASTRONOMICAL_UNIT_KM
        seconds = (t_ns - self._mission.drive_ns) / SECOND
        return SurfaceLight(self._site.direction("sun", t_ns), away, seconds)

    def take(self, snap: Snap) -> tuple[bytes, int]:
        """The encoder's output (a JPEG with EXIF and thumbnail, or the raw mosaic) and the exposure used."""
        assert self.studio is not None
        exposure, middle_ns = ordered(snap, self._seed, lambda t_ns: self._meter(snap, t_ns))
        raw = self.studio.expose(self.pose, self.light(middle_ns), exposure)
        return encoded(raw, snap, self._tags(snap, exposure.exposure_us)), exposure.exposure_us

    def _meter(self, snap: Snap, t_ns: int) -> int:
        assert self.studio is not None
        trial = Exposure(800, 600, DEFAULT_EXPOSURE_US, 1.0, snap.lens, 0)
        green = self.studio.radiance(self.pose, self.light(t_ns), trial).radiance[::4, ::4, 1]
        return metered_us(green, snap)

    def _tags(self, snap: Snap, exposure_us: int) -> PictureTags:
        return picture_tags(
            self._mission.epoch,
            self._seed,
            snap,
            exposure_us,
            lens_model=f"{self._mission.camera.field_of_view_deg:g} deg",
            focal_length_mm=self._focal_mm,
            comment=f"range {self.range_m(snap.start_ns):.1f} m",
        )
