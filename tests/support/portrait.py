"""A rover, a lander and a camera on Mars, as in the portrait, for tests of the ground's pictures."""

import math

from fsw.world.drive import Drive, Leg
from fsw.world.dust_sky import Dust
from fsw.world.scene import Pose
from fsw.world.surface import LanderPlace, SurfaceStudio, ground_of
from fsw.world.terrain import Outlook
from fsw.world.vectors import quaternion_from_axes

SUN = (-0.196, -0.164, 0.9668)
SUN_AU = 1.655


def scene(rock_cover=0.04):
    """The portrait's site, as its mission file has it, but for figures that do not matter here."""
    lander = LanderPlace(2.7, 0.6, math.radians(-150))
    start, drop = (-2.4, -0.4), (0.2, -10.1)
    ahead = math.dist(start, drop)
    heading = math.atan2(drop[1] - start[1], drop[0] - start[0])
    legs = (Leg(180.0, ahead), Leg(20.0), Leg(180.0, -ahead), Leg(20.0), Leg(60.0, 0.0, 1.2), Leg(20.0))
    drive = Drive(*start, heading, legs)
    ground = ground_of(3, rock_cover, lander, drive)
    eye = (*drop, float(ground.height([drop[0]], [drop[1]])[0]) + 0.3)
    return ground, lander, drive, Outlook(*eye, math.radians(91.5))


def looking(outlook, elevation_deg=-5.0):
    """The pose of a camera there whose lens A looks along the outlook."""
    a, e = outlook.azimuth_rad, math.radians(elevation_deg)
    ahead = (math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e))
    right = (math.sin(a), -math.cos(a), 0.0)
    down = (
        ahead[1] * right[2] - ahead[2] * right[1],
        ahead[2] * right[0] - ahead[0] * right[2],
        ahead[0] * right[1] - ahead[1] * right[0],
    )
    return Pose((outlook.x, outlook.y, outlook.z), quaternion_from_axes(right, down, ahead))


def studio_at(ground, lander, drive, outlook):
    """The studio there."""
    return SurfaceStudio(ground, lander, drive, outlook, Dust(0.5), SUN, SUN_AU, 70.0)
