"""The studio: a spacecraft in sunlight before black sky or a planet, and a camera that looks at it.

Scene frame: the orbiter's body axes, metres, right-handed, +Z towards the capsule, wings along +-Y.
Scene -> rays -> radiance -> sensor numbers; every call is a pure function of its arguments, in any thread.
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import sqrt
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from fsw.core import render
from fsw.core.errors import FswError
from fsw.core.render import (
    Air,
    Canvas,
    Floats,
    Ghost,
    Glare,
    PlanetView,
    SkyBody,
    Sunlight,
    TriangleScene,
)
from fsw.world import optics, stars
from fsw.world.image_sensor import SUN_W_M2, Exposure, RawFrame, Sensor, responsivity
from fsw.world.materials import material_table
from fsw.world.models import tianwen1
from fsw.world.models.tianwen1 import Articulation
from fsw.world.optics import Quaternion, Vector

SUN_RADIUS_RAD_AT_1_AU = 0.0046524
_MODELS = {"tianwen1-stack": tianwen1.cruise_stack, "tianwen1-orbiter": tianwen1.orbiter}
_STEP_RAD = 0.1 * 3.141592653589793 / 180  # drives of wings and dish move in steps of 0.1 deg
_BAKE_STEP = 64  # bounced light is made for the Sun's direction to 1/64: it varies slowly
_BAKE_RAYS = 48
_FAINTEST_E = 3.0  # a star that gives fewer electrons in all is not drawn
_KEPT_SCENES = 4


@dataclass(frozen=True, slots=True)
class Pose:
    """Of the camera, in the scene frame. attitude: w, x, y, z, camera body -> scene, at mid frame;
    rate: angular velocity in camera body axes."""

    position_m: Vector
    attitude: Quaternion
    rate_rad_s: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Body:
    """A planet or moon far away, in the scene frame. albedo: Lambert, red, green, blue; sun_direction:
    from the body to the Sun, which decides the lit side; sun_distance_au: the body's own."""

    direction: Vector
    angular_radius_rad: float
    sun_direction: Vector
    sun_distance_au: float
    albedo: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class NearPlanet:
    """A planet that fills much of the sky. centre_km: from the scene's origin, scene frame; axes: of the
    body-fixed frame (prime meridian, 90 deg east, north pole), in the scene frame; sun_direction and
    sun_distance_au: the planet's own."""

    centre_km: Vector
    axes: tuple[Vector, Vector, Vector]
    sun_direction: Vector
    sun_distance_au: float
    equatorial_km: float
    polar_km: float


EARTH_ALBEDO = (0.46, 0.55, 0.72)  # Lambert equivalents of geometric albedo 0.37 and 0.12 in V
MOON_ALBEDO = (0.20, 0.18, 0.15)


_AT_REST = Articulation()


@dataclass(frozen=True, slots=True)
class Light:
    """Of the instant. sun_direction: unit, scene frame; scene_to_icrf: w, x, y, z; bodies as seen from here;
    articulation: where wings and dish stand."""

    sun_direction: Vector
    sun_distance_au: float
    scene_to_icrf: Quaternion = (1.0, 0.0, 0.0, 0.0)
    bodies: tuple[Body, ...] = ()
    planet: NearPlanet | None = None
    articulation: Articulation = _AT_REST


def pointing(sun_direction: Vector, earth_direction: Vector) -> Articulation:
    """Cells towards the Sun (as far as one axis can) and the dish towards the Earth."""
    sx, _, sz = sun_direction
    ex, ey, ez = earth_direction
    return Articulation(
        float(render.atan2(-sz, sx)),
        float(render.atan2(ey, ex)),
        float(render.atan2(ez, sqrt(ex * ex + ey * ey))),
    )


def _unit(v: Vector, what: str) -> Vector:
    size = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
    if not 0.5 < size < 2:
        raise FswError(f"{what} {v}: a unit vector is expected")
    return (v[0] / size, v[1] / size, v[2] / size)


def hemisphere(count: int) -> Floats:
    """Cosine-distributed directions about +z, by the golden angle."""
    i = np.arange(count) + 0.5
    radius, angle = np.sqrt(i / count), i * 2.399963229728653
    return np.stack(
        [radius * render.cos(angle), radius * render.sin(angle), np.sqrt(1 - i / count)], 1
    ).astype(np.float32)


class Studio:
    """One spacecraft and one camera with two lenses. Built once; immutable; shareable between threads.

    The triangles for each stand of wings and dish (in steps of 0.1 deg) are made when first needed, about
    a second, and kept; this changes no result.
    """

    def __init__(self, model: str = "tianwen1-stack", camera_serial: int = 1) -> None:
        if model not in _MODELS:
            raise FswError(f"model {model!r}: allowed are {', '.join(_MODELS)}")
        self._model = _MODELS[model]
        self._materials = material_table()
        self._foil = render.foil_map(5)
        self._sensors = tuple(Sensor(camera_serial * 16 + lens) for lens in (0, 1))
        self._scenes: OrderedDict[tuple[int, ...], TriangleScene] = OrderedDict()
        self._ground: NDArray[np.uint16] | None = None
        self._lock = Lock()

    def expose(self, pose: Pose, light: Light, exposure: Exposure) -> RawFrame:
        """One frame, as the sensor gives it. 800x600: 2 ms of dark sky to 150 ms of spacecraft."""
        canvas = self.radiance(pose, light, exposure)
        flare = self._flare(canvas, light)
        return RawFrame(self._sensors[exposure.lens].expose(canvas, exposure, flare), exposure)

    def radiance(self, pose: Pose, light: Light, exposure: Exposure) -> Canvas:
        """What the lens sees: spacecraft, bodies, Sun and stars, before the sensor."""
        lens = optics.lens_of(exposure.width, exposure.height)
        view = optics.view_of(
            pose.position_m,
            pose.attitude,
            pose.rate_rad_s,
            exposure.lens,
            optics.LINE_TIME_S[exposure.width, exposure.height],
            exposure.exposure_us * 1e-6,
        )
        sun = self._sunlight(light)
        canvas = Canvas(lens, view)
        if light.planet is None:
            canvas.draw_scene(self._scene(light), sun)
        else:
            planet = _planet_view(light.planet, pose.position_m, self._planet_ground())
            left = _sunlit(light.planet, sun)
            dimmed = tuple(w * left for w in sun.irradiance)
            canvas.draw_scene(
                self._scene(light), Sunlight(sun.direction, dimmed, sun.radius_rad, left, planet)
            )
            canvas.draw_planet(planet)
        canvas.draw_body(
            SkyBody(sun.direction, sun.radius_rad, sun.direction, (1, 1, 1), sun.irradiance, True)
        )
        for body in light.bodies:
            canvas.draw_body(_sky_body(body))
        self._draw_stars(canvas, light, exposure)
        return canvas

    def _planet_ground(self) -> NDArray[np.uint16]:
        """Made when first needed: about a second."""
        with self._lock:
            if self._ground is None:
                self._ground = render.planet_ground(_GROUND_SEED)
            return self._ground

    def _sunlight(self, light: Light) -> Sunlight:
        au = light.sun_distance_au
        if not 0.05 < au < 100:
            raise FswError(f"Sun at {au} au: 0.05 to 100 is allowed")
        direction = _unit(light.sun_direction, "Sun direction")
        return Sunlight(direction, tuple(w / (au * au) for w in SUN_W_M2), SUN_RADIUS_RAD_AT_1_AU / au)

    def _scene(self, light: Light) -> TriangleScene:
        sun = self._sunlight(light)
        a = light.articulation
        steps = tuple(round(x / _STEP_RAD) for x in (a.wing_rad, a.dish_azimuth_rad, a.dish_elevation_rad))
        coarse = tuple(round(x * _BAKE_STEP) for x in sun.direction)
        brightness = round(1000 / light.sun_distance_au)
        key = (*steps, *coarse, brightness)
        with self._lock:
            if key in self._scenes:
                self._scenes.move_to_end(key)
                return self._scenes[key]
            scene = self._build(steps, coarse, 1000 / brightness)
            self._scenes[key] = scene
            while len(self._scenes) > _KEPT_SCENES:
                self._scenes.popitem(last=False)
            return scene

    def _build(self, steps: tuple[int, ...], coarse: tuple[int, ...], au: float) -> TriangleScene:
        wing, azimuth, elevation = (step * _STEP_RAD for step in steps)
        mesh = self._model(Articulation(wing, azimuth, elevation))
        scene = mesh.scene(self._materials, self._foil)
        size = sqrt(coarse[0] * coarse[0] + coarse[1] * coarse[1] + coarse[2] * coarse[2])
        direction = (coarse[0] / size, coarse[1] / size, coarse[2] / size)
        scene.bake(
            Sunlight(direction, tuple(w / (au * au) for w in SUN_W_M2), 0.0),
            hemisphere(_BAKE_RAYS),
        )
        return scene

    def _draw_stars(self, canvas: Canvas, light: Light, exposure: Exposure) -> None:
        focal = canvas.lens.focal_px
        electrons = responsivity(exposure.width)[1] * exposure.exposure_us * 1e-6 * focal * focal
        sky = stars.catalogue()
        count = sky.brighter_than(_FAINTEST_E / electrons)
        if not count:
            return
        # ICRS -> scene
        r = optics.rotation_of(light.scene_to_icrf)
        d = sky.direction[:count]
        turned = np.stack([r[k] * d[:, 0] + r[k + 3] * d[:, 1] + r[k + 6] * d[:, 2] for k in range(3)], 1)
        canvas.draw_stars(turned.astype(np.float32), np.ascontiguousarray(sky.irradiance[:count]))

    def _flare(self, canvas: Canvas, light: Light) -> tuple[Ghost | Glare, ...]:
        """The Sun in the picture: light scattered round it, and its reflections between the lens's surfaces,
        faint discs on the line through the centre."""
        sun = self._sunlight(light)
        at = canvas.lens.project_rolling(canvas.view, sun.direction)
        width, height = canvas.lens.width, canvas.lens.height
        if at is None or not (0 <= at[0] < width and 0 <= at[1] < height):
            return ()
        x, y = min(round(at[0]), width - 1), min(round(at[1]), height - 1)
        seen = 1 - float(canvas.radiance[y, x, 3])  # the spacecraft may stand before it
        if seen <= 0:
            return ()
        focal = canvas.lens.focal_px
        r, g, b = (float(w) * focal * focal * seen for w in sun.irradiance)
        flare: list[Ghost | Glare] = [
            Glare(at[0], at[1], radius * width, share, (r, g, b)) for radius, share in _GLARE
        ]
        cx, cy = (width - 1) / 2, (height - 1) / 2
        for place, radius, share, tint in _GHOSTS:
            energy = (r * share * tint[0], g * share * tint[1], b * share * tint[2])
            flare.append(Ghost(cx + place * (at[0] - cx), cy + place * (at[1] - cy), radius * width, energy))
        return tuple(flare)


# Radius / width, share of the Sun's light: close round it, and a veil.
_GLARE = ((0.0075, 0.010), (0.08, 0.004))
# Place along the line through the centre, radius / width, share of the Sun's light, tint of the coating.
_GHOSTS = (
    (-0.55, 0.030, 3.0e-5, (0.6, 1.0, 0.8)),
    (-1.15, 0.055, 6.0e-5, (1.0, 0.7, 1.1)),
    (0.35, 0.020, 1.2e-5, (0.8, 1.0, 1.2)),
)


_GROUND_SEED = 7
# Mars on a clear day: dust, and a thin haze of ice above it (assumed; optical depths of the season).
MARS_AIR = (Air(0.12, 10.0, 0.42, (0.93, 0.64, 0.38)), Air(0.025, 17.0, 0.2, (0.75, 0.88, 1.05)))


def _planet_view(planet: NearPlanet, camera_m: Vector, ground: NDArray[np.uint16]) -> PlanetView:
    x, y, z = (planet.centre_km[k] - camera_m[k] / 1000 for k in range(3))
    return PlanetView(
        (x, y, z),
        (*planet.axes[0], *planet.axes[1], *planet.axes[2]),
        _unit(planet.sun_direction, "Sun direction of the planet"),
        planet.equatorial_km,
        planet.polar_km,
        tuple(w / (planet.sun_distance_au * planet.sun_distance_au) for w in SUN_W_M2),
        MARS_AIR,
        ground,
    )


def _sunlit(planet: NearPlanet, sun: Sunlight) -> float:
    """Share of the Sun's disc that stands clear of the planet, as if it set evenly."""
    x, y, z = planet.centre_km
    distance = sqrt(x * x + y * y + z * z)
    along = (x * sun.direction[0] + y * sun.direction[1] + z * sun.direction[2]) / distance
    apart = float(render.acos(min(1.0, max(-1.0, along))))
    half = float(render.asin(min(1.0, planet.equatorial_km / distance)))
    return min(1.0, max(0.0, 0.5 + (apart - half) / (2 * sun.radius_rad)))


def _sky_body(body: Body) -> SkyBody:
    irradiance = tuple(w / (body.sun_distance_au * body.sun_distance_au) for w in SUN_W_M2)
    return SkyBody(
        _unit(body.direction, "direction of a body"),
        body.angular_radius_rad,
        _unit(body.sun_direction, "Sun direction of a body"),
        body.albedo,
        irradiance,
    )


__all__ = [
    "EARTH_ALBEDO",
    "MOON_ALBEDO",
    "Articulation",
    "Body",
    "Light",
    "NearPlanet",
    "Pose",
    "Studio",
    "pointing",
]
