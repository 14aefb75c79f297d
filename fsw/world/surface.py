"""The studio on the ground of Mars: lander, rover, rocks, tracks and sky about a camera that stands still.

Site axes: x east, y north, z up, metres, origin on the ground. What stands still is built and baked once; the
rover is placed in it anew for each frame, body and wheels apart, and the tracks behind it are those that its
drive has made by then. Every picture is a pure function of its arguments, in any thread.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core import render, site
from fsw.core.render import VERTEX, Canvas, Doubles, Floats, Lens, SkyBody, Sunlight, TriangleScene
from fsw.core.site import Fan, PlacedBody, Site, Sky
from fsw.world import optics
from fsw.world.drive import Drive, posture
from fsw.world.dust_sky import Dust, dusty_sky
from fsw.world.image_sensor import SUN_W_M2, Exposure, RawFrame, Sensor
from fsw.world.materials import Material, material_table
from fsw.world.mesh import Mesh, MeshBuilder, Placement, about_z
from fsw.world.models import mars_lander, zhurong
from fsw.world.scene import SUN_RADIUS_RAD_AT_1_AU, Pose, hemisphere
from fsw.world.terrain import (
    Ground,
    GroundFigures,
    Outlook,
    fan_of,
    ground_mesh,
    join,
    rock_mesh,
    scatter,
    soil_map,
)

_FOIL_SEED = 5
_BAKE_RAYS = 48
_SHELTER_M = 4.6
_SHADED_M = 5.0  # from the lander
_TRACK_PITCH_M = 0.012
Sphere = tuple[tuple[float, float, float], float]  # middle and radius
_GROUND_PART, _ROCK_PART, _LANDER_PART = 1, 2, 3


@dataclass(frozen=True, slots=True)
class LanderPlace:
    """x, y [m] and the azimuth of its ramps, from x towards y [rad]."""

    x: float
    y: float
    ramp_azimuth_rad: float


@dataclass(frozen=True, slots=True)
class SurfaceLight:
    """sun_direction: unit, site axes; sun_distance_au; seconds: on the drive's clock."""

    sun_direction: tuple[float, float, float]
    sun_distance_au: float
    seconds: float


def ground_of(seed: int, rock_cover: float, lander: LanderPlace, drive: Drive) -> Ground:
    """The plain with room for what stands and drives there."""
    path = [drive.at(drive.seconds * i / 24) for i in range(25)]
    room = tuple((stand.x, stand.y, 1.2) for stand in path)
    axes = about_z(lander.ramp_azimuth_rad)
    ramps = tuple(
        (lander.x + axes.x[0] * r, lander.y + axes.x[1] * r, 0.8) for r in (2.0, mars_lander.RAMP_FOOT_M)
    )
    here = (lander.x, lander.y, mars_lander.LEG_REACH_M + 0.4)
    return Ground(
        GroundFigures(
            seed,
            rock_cover,
            level=(here, *ramps, *((x, y, 1.0) for x, y, _ in room)),
            clear=(here, *ramps, *((x, y, 0.85) for x, y, _ in room)),
            blast=(lander.x, lander.y, 5.5),
        )
    )


@lru_cache(maxsize=8)
def lens_of_field(field_deg: float, width: int, height: int) -> Lens:
    """The deployable camera's lens, but for its field across the diagonal."""
    field_rad = field_deg * 3.141592653589793 / 180
    return Lens(width, height, field_rad, optics.DISTORTION, optics.ILLUMINATION_POWER)


class SurfaceStudio:
    """One site, one lander, one rover on its drive, one camera. Built once (some seconds); immutable;
    shareable between threads.

    sun: site axes, about which bounced light is baked; it varies slowly. field_deg: of the lens, diagonal.
    """

    def __init__(
        self,
        ground: Ground,
        lander: LanderPlace,
        drive: Drive,
        outlook: Outlook,
        dust: Dust,
        sun: tuple[float, float, float],
        sun_distance_au: float,
        field_deg: float,
        camera_serial: int = 1,
    ) -> None:
        self._ground, self._drive, self._dust = ground, drive, dust
        self._lens = partial(lens_of_field, field_deg)
        self._sky = lru_cache(maxsize=4)(self._make_sky)
        self._sensors = tuple(Sensor(camera_serial * 16 + k, self._lens) for k in (0, 1))
        self._materials, self._foil = material_table(), render.foil_map(_FOIL_SEED)
        sky = self._sky(sun, sun_distance_au)
        light = Sunlight(sun, tuple(float(w) for w in sky.beam), 0.0)
        still, things, fan = self._still(lander, outlook, light, sky)
        self._site = Site(
            still,
            things,
            fan,
            self._level(lander),
            Material.SOIL,
            soil_map(ground.figures.seed),
            self._marks(),
        )
        self._body, self._body_sphere, self._shelter = self._bake_rover(light)
        self._wheel, self._wheel_sphere = self._bake_wheel(light)

    def expose(self, pose: Pose, light: SurfaceLight, exposure: Exposure) -> RawFrame:
        """One frame, as the sensor gives it."""
        canvas = self.radiance(pose, light, exposure)
        return RawFrame(self._sensors[exposure.lens].expose(canvas, exposure), exposure)

    def radiance(self, pose: Pose, light: SurfaceLight, exposure: Exposure) -> Canvas:
        """What the lens sees, before the sensor. The camera stands still: its rate is not looked at."""
        view = optics.view_of(
            pose.position_m,
            pose.attitude,
            (0.0, 0.0, 0.0),
            exposure.lens,
            optics.LINE_TIME_S[exposure.width, exposure.height],
            exposure.exposure_us * 1e-6,
        )
        canvas = Canvas(self._lens(exposure.width, exposure.height), view)
        sky = self._sky(light.sun_direction, light.sun_distance_au)
        self._site.draw(canvas, sky, self._bodies(light.seconds), light.seconds)
        beam = tuple(float(w) for w in sky.beam)
        canvas.draw_body(SkyBody(sky.sun, sky.sun_radius_rad, sky.sun, (1, 1, 1), beam, True))
        return canvas

    def sky(self, light: SurfaceLight) -> Sky:
        """Of the instant."""
        return self._sky(light.sun_direction, light.sun_distance_au)

    def _make_sky(self, sun: tuple[float, float, float], au: float) -> Sky:
        irradiance = tuple(w / (au * au) for w in SUN_W_M2)
        return dusty_sky(self._dust, sun, irradiance, SUN_RADIUS_RAD_AT_1_AU / au)

    def _marks(self) -> site.Marks | None:
        stands = [self._drive.at(self._drive.seconds * i / 200) for i in range(201)]
        lower = (min(s.x for s in stands) - 1.2, min(s.y for s in stands) - 1.2)
        upper = (max(s.x for s in stands) + 1.2, max(s.y for s in stands) + 1.2)
        return self._drive.marks(lower, upper, _TRACK_PITCH_M, self._ground.figures.seed)

    def _bodies(self, seconds: float) -> tuple[PlacedBody, ...]:
        stance = posture(self._drive.at(seconds), self._ground)
        middle, radius = self._body_sphere
        out = [
            _placed(self._body, stance.body, middle, radius, True, self._shelter),
        ]
        middle, radius = self._wheel_sphere
        out += [_placed(self._wheel, wheel, middle, radius, False, None) for wheel in stance.wheels]
        return tuple(out)

    def _level(self, lander: LanderPlace) -> float:
        return float(self._ground.height([lander.x], [lander.y])[0])

    def _still(
        self, lander: LanderPlace, outlook: Outlook, light: Sunlight, sky: Sky
    ) -> tuple[TriangleScene, TriangleScene, Fan]:
        plain, soil = ground_mesh(self._ground, outlook, _GROUND_PART)
        stones = scatter(self._ground.figures, outlook)
        rocks, stone = rock_mesh(self._ground, stones, outlook, _ROCK_PART)
        place = about_z(lander.ramp_azimuth_rad, (lander.x, lander.y, self._level(lander) + 0.02))
        platform = moved(mars_lander.lander(), place, _LANDER_PART)
        still = self._triangles(join([plain, rocks, platform]))
        things = self._triangles(join([rocks, platform]))
        # Only what stands high changes the light about it: the platform, and the ground near by.
        dx, dy = plain.position[:, 0] - lander.x, plain.position[:, 1] - lander.y
        near = dx * dx + dy * dy < _SHADED_M * _SHADED_M
        patch = _part_of(plain, near)
        rows = _open_ground(join([plain, rocks, platform]).normal, sky)
        baked = self._triangles(join([patch, platform]))
        baked.bake(light, hemisphere(_BAKE_RAYS))
        rows[np.nonzero(near)[0]] = baked.baked[: len(patch.position)]
        rows[len(rows) - len(platform.position) :] = baked.baked[len(patch.position) :]
        still.take_baked(rows)
        things.take_baked(rows[len(plain.position) :])
        rest = np.zeros((len(platform.position), 3), np.float32)
        still.set_albedo(np.concatenate([soil, stone, rest]))
        things.set_albedo(np.concatenate([stone, rest]))
        return still, things, fan_of(plain, outlook)

    def _bake_rover(self, light: Sunlight) -> tuple[TriangleScene, Sphere, Floats]:
        """The rover's body with the light that reaches it and the share of sky that it leaves the ground."""
        body = zhurong.body()
        wheels = [moved(zhurong.wheel(), Placement(origin=place), 60) for place in zhurong.WHEELS]
        # Its heading hardly matters: the Sun is baked as it stands when the rover looks south.
        x, y, z = light.direction
        facing = Sunlight((-y, x, z), light.irradiance, 0.0)
        floor = _floor()
        together = self._triangles(join([body, *wheels, floor]))
        together.bake(facing, hemisphere(_BAKE_RAYS))
        alone = self._triangles(body)
        alone.take_baked(together.baked[: len(body.position)])
        open_ = together.baked["open"][len(together.baked) - site.SHELTER**2 :, 0]
        shelter = np.minimum(open_ / np.float32(3.14159265), 1).reshape(site.SHELTER, site.SHELTER)
        return alone, sphere(body), np.ascontiguousarray(shelter, np.float32)

    def _bake_wheel(self, light: Sunlight) -> tuple[TriangleScene, Sphere]:
        wheel = zhurong.wheel()
        scene = self._triangles(wheel)
        scene.bake(Sunlight(light.direction, (0.0, 0.0, 0.0), 0.0), hemisphere(_BAKE_RAYS))
        return scene, sphere(wheel)

    def _triangles(self, mesh: Mesh) -> TriangleScene:
        return mesh.scene(self._materials, self._foil)


def _part_of(mesh: Mesh, chosen: NDArray[np.bool_]) -> Mesh:
    """The triangles that have all their corners among the chosen vertices; those in their old order."""
    index = np.cumsum(chosen) - 1
    faces = chosen[mesh.corner].all(1)
    return Mesh(
        mesh.position[chosen],
        mesh.normal[chosen],
        mesh.uv[chosen],
        index[mesh.corner[faces]].astype(np.int32),
        mesh.material[faces],
        mesh.part[faces],
    )


def _open_ground(normal: Doubles, sky: Sky) -> NDArray[Any]:
    """What a bake would find at vertices with these normals if each stood alone on a sunlit plain."""
    rows = np.zeros(len(normal), VERTEX)
    up = (1 + normal[:, 2]) / 2
    way = normal + np.array([0.0, 0.0, 1.0])
    size = np.sqrt(way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1] + way[:, 2] * way[:, 2])
    rows["open"][:, 0] = 3.141592653589793 * up
    rows["open"][:, 1:] = way / np.maximum(size, 1e-6)[:, None] * (2.0943951023931953 * up)[:, None]
    rows["bounce"] = (3.141592653589793 * (1 - up))[:, None] * sky.ground
    return rows


def _floor() -> Mesh:
    """Level soil below the rover, a vertex for each place of its shelter; the last rows of what is baked."""
    n = site.SHELTER
    at = (np.arange(n) / (n - 1) - 0.5) * _SHELTER_M
    x, y = at[None, :] + np.zeros((n, 1)), at[:, None] + np.zeros((1, n))
    position = np.stack([x, y, np.zeros((n, n))], -1)
    normal = np.zeros_like(position)
    normal[..., 2] = 1.0
    b = MeshBuilder()
    b.grid(position, normal, np.ascontiguousarray(position[..., :2]), Material.SOIL)
    return b.mesh()


def moved(mesh: Mesh, place: Placement, first_part: int) -> Mesh:
    """The mesh placed in the frame outside, its parts numbered on from `first_part`."""
    return Mesh(
        place.turn(mesh.position) + np.array(place.origin),
        place.turn(mesh.normal),
        mesh.uv,
        mesh.corner,
        mesh.material,
        (mesh.part + first_part).astype(np.uint16),
    )


def sphere(mesh: Mesh) -> Sphere:
    """About all of it: middle and radius."""
    low, high = mesh.position.min(0), mesh.position.max(0)
    middle = (low + high) / 2
    d = mesh.position - middle
    reach = sqrt(float((d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1] + d[:, 2] * d[:, 2]).max()))
    return (float(middle[0]), float(middle[1]), float(middle[2])), reach * 1.001


def _placed(
    scene: TriangleScene,
    place: Placement,
    middle: tuple[float, float, float],
    radius: float,
    over_ground: bool,
    shelter: Floats | None,
) -> PlacedBody:
    x, y, z = place.x, place.y, place.z
    turn = (x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2])
    return PlacedBody(scene, turn, place.origin, middle, radius, over_ground, shelter, _SHELTER_M)
