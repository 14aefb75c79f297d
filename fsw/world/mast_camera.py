"""The rover's own camera on its mast: what it sees of the ground, the lander, and the rover it stands on.

Site axes: x east, y north, z up, from where the wheels first met the ground. Of the way so far the picture
has the straight line from there; a detour leaves no track in it.
"""

from dataclasses import dataclass
from math import atan2, degrees, radians

from fsw.world.drive import Drive, Leg, posture
from fsw.world.dust_sky import Dust
from fsw.world.image_sensor import DEFAULT_GAIN, Exposure
from fsw.world.models.zhurong import HEIGHT_M
from fsw.world.picture_file import encode_jpeg
from fsw.world.scene import Pose
from fsw.world.special import sine_cosine_degrees
from fsw.world.surface import LanderPlace, SurfaceLight, SurfaceStudio, ground_of
from fsw.world.terrain import Outlook
from fsw.world.vectors import Quaternion, Vector, cross, length, quaternion_from_axes

LANDER_NORTH_M = 4.2  # from where the wheels first met the ground: the ramps reach that far
SIZE = (800, 600)
QUALITY = 72
_MAST_M, _HEAD_M, _REACH_M = 0.48, HEIGHT_M - 0.06, 0.20
_SPEED_M_S, _TURN_S = 0.05, 60.0
_ROCK_COVER = 0.04


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the rover stands: from where its wheels first met the ground; heading from north by east."""

    east_m: float
    north_m: float
    heading_deg: float


def attitude(azimuth_deg: float, elevation_deg: float) -> Quaternion:
    """Lens axes in site axes."""
    sine_a, cosine_a = sine_cosine_degrees(azimuth_deg)
    right, ahead = (cosine_a, -sine_a, 0.0), _ahead(azimuth_deg, elevation_deg)
    return quaternion_from_axes(right, cross(ahead, right), ahead)


def _ahead(azimuth_deg: float, elevation_deg: float) -> Vector:
    sine_a, cosine_a = sine_cosine_degrees(azimuth_deg)
    sine_e, cosine_e = sine_cosine_degrees(elevation_deg)
    return (cosine_e * sine_a, cosine_e * cosine_a, sine_e)


def mast_picture(
    stand: Stand,
    azimuth_deg: float,
    elevation_deg: float,
    sun: Vector,
    sun_distance_au: float,
    optical_depth: float,
    seed: int,
    field_deg: float,
    exposure_us: int,
) -> bytes:
    """A JPEG of what the camera sees; azimuth from north by east, sun a unit vector. Takes some seconds."""
    lander = LanderPlace(0.0, LANDER_NORTH_M, radians(-90.0))
    drive = _way_to(stand)
    ground = ground_of(seed, _ROCK_COVER, lander, drive)
    body = posture(drive.at(drive.seconds), ground).body
    ahead = _ahead(azimuth_deg, elevation_deg)
    foot = tuple(
        body.origin[k] + _MAST_M * body.x[k] + _HEAD_M * body.z[k] + _REACH_M * (ahead[k] if k < 2 else 0.0)
        for k in range(3)
    )
    eye = (foot[0], foot[1], foot[2])
    outlook = Outlook(*eye, radians(90.0 - azimuth_deg))
    studio = SurfaceStudio(
        ground, lander, drive, outlook, Dust(optical_depth), sun, sun_distance_au, field_deg
    )
    pose = Pose(eye, attitude(azimuth_deg, elevation_deg))
    light = SurfaceLight(sun, sun_distance_au, drive.seconds)
    exposure = Exposure(*SIZE, exposure_us, DEFAULT_GAIN, 0, seed)
    return encode_jpeg(studio.expose(pose, light, exposure), quality=QUALITY)


def _way_to(stand: Stand) -> Drive:
    """From the ramps to there, then the turn to its heading."""
    way = length((stand.east_m, stand.north_m, 0.0))
    # To a thousandth of a degree: the last bit of an arc tangent differs between machines.
    to_deg = round(degrees(atan2(stand.east_m, stand.north_m)), 3) if way > 0.01 else stand.heading_deg
    turn_deg = (to_deg - stand.heading_deg + 180.0) % 360.0 - 180.0
    legs = [Leg(max(1.0, way / _SPEED_M_S), max(0.01, way))]
    if turn_deg:
        legs.append(Leg(_TURN_S, 0.0, radians(turn_deg)))
    return Drive(0.0, 0.0, radians(90.0 - to_deg), (*legs, Leg(1.0)))
