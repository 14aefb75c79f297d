"""What a camera sees that is mounted on its spacecraft: pictures of planets, moons and stars.

Everything is a pure function of mission time, so pictures may be taken in any order and in any thread. The
lens is a pinhole with the mission's field of view; smaller pictures are windows about its centre. Directions
are geometric: no light time, no aberration, which both shift Earth and Moon by less than a pixel against the
spacecraft that moves along with them, and stars by 20 seconds of arc.
"""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from io import BytesIO
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fsw.core import render
from fsw.core.render import Canvas, Floats, Lens, SkyBody, Sunlight, TriangleScene, View
from fsw.missions.mounted import TANGENT, MountedMission, SmallBody
from fsw.world import exif, globe, stars
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM
from fsw.world.exif import PictureTags
from fsw.world.globe import Globe
from fsw.world.heavens import Heavens
from fsw.world.image_sensor import BAND_M, PLANCK_LIGHT, SUN_W_M2
from fsw.world.imaging import BODIES, Snap, picture_tags
from fsw.world.materials import Material, material_table
from fsw.world.models.small_body import Rock, rock
from fsw.world.planets import axes_of, spheroid_of
from fsw.world.rendezvous import Encounter, body_axes
from fsw.world.surfaces import surface_of
from fsw.world.vectors import Matrix, Vector, cross, dot, length, rotate, scale, subtract, unit

SUN_RADIUS_KM = 695_700.0
FAINTEST_E = 3.0  # a star that gives fewer electrons in all is not drawn
LEAST_GLOBE_PX = 0.7  # a smaller radius is a point with a phase
QUALITY, THUMBNAIL_QUALITY = 90, 70
THUMBNAIL_WIDTH = 128
LEAST_US, MOST_US = 10, 4_000_000
AUTOMATIC_SHARE = 2 / 3  # of full scale, for what is bright


@dataclass(frozen=True, slots=True)
class _Mode:
    """Lens and fixed patterns of one size of picture."""

    lens: Lens
    illumination: Floats
    gain: NDArray[np.int8]
    offset: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the rays are cast in: a small body's axes (ICRF), the camera's place in them, and its mesh."""

    axes: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    camera_m: Vector = (0.0, 0.0, 0.0)
    scene: TriangleScene | None = None

    def turned(self, v: Vector) -> Vector:
        """A direction of the ICRF in these axes."""
        a, b, c = self.axes
        return (dot(a, v), dot(b, v), dot(c, v))


class MountedView:
    """seed: of the sensor's noise."""

    def __init__(self, mission: MountedMission, heavens: Heavens, seed: int) -> None:
        self._mission = mission
        self._camera = mission.camera
        self._heavens = heavens
        self._seed = seed
        self.focal_px = mission.camera.focal_px
        self._mode = cache(self._make_mode)

    def range_m(self, now_ns: int) -> float:
        """Between camera and spacecraft: none."""
        return 0.0

    # ---- geometry -------------------------------------------------------------------------------

    def axes(self, t_ns: int) -> tuple[Vector, Vector, Vector]:
        """Lens axes in the ICRF: right and down in the picture, boresight."""
        attitude = self._heavens.attitude.attitude(t_ns)
        right, down, look = self._mounting
        return rotate(attitude, right), rotate(attitude, down), rotate(attitude, look)

    @cached_property
    def _mounting(self) -> tuple[Vector, Vector, Vector]:
        mount = self._camera.mount
        look, right = unit(mount.boresight), unit(mount.right)
        return right, cross(look, right), look

    def rate_rad_s(self, t_ns: int) -> Vector:
        """Angular velocity in lens axes."""
        rate = self._heavens.attitude.state(t_ns)[1]
        right, down, look = self._mounting
        return dot(rate, right), dot(rate, down), dot(rate, look)

    def way_km(self, body: str, t_ns: int) -> Vector:
        """To a body's centre, ICRF."""
        return self._heavens.trajectory.to_body(body, t_ns)[0]

    def sun_icrf(self, t_ns: int) -> Vector:
        """Direction to the Sun, unit."""
        return self._heavens.direction("sun", t_ns).unit

    def _view(self, t_ns: int, exposure_s: float, stage: "_Stage") -> View:
        right, down, look = (stage.turned(axis) for axis in self.axes(t_ns))
        return View(
            stage.camera_m,
            tuple(axis[k] for k in range(3) for axis in (right, down, look)),
            self.rate_rad_s(t_ns),
            self._camera.mount.line_time_s,
            exposure_s,
        )

    def _stage(self, t_ns: int) -> "_Stage":
        """The small body that looks largest, if one shows a shape; else empty space."""
        path = self._heavens.trajectory
        best, stage = LEAST_GLOBE_PX, _Stage()
        for body in path.bodies.values() if isinstance(path, Encounter) else ():
            way_km = path.to_body(body.name, t_ns)[0]
            size = self.focal_px * max(body.half_axes_m) / (1000.0 * length(way_km))
            if size > best:
                axes = body_axes(body, t_ns)
                camera_m = tuple(-1000.0 * dot(axis, way_km) for axis in axes)
                best, stage = size, _Stage(axes, camera_m, _scene_of(body))  # type: ignore[arg-type]
        return stage

    def globes(self, t_ns: int) -> list[tuple[str, Globe]]:
        """What shows a disc, nearest first."""
        axes = self.axes(t_ns)
        found = []
        for name, centre_km, sun_km in self._bodies(t_ns):
            equatorial_km, polar_km = spheroid_of(name)
            if self.focal_px * equatorial_km < LEAST_GLOBE_PX * length(centre_km):
                continue
            fixed = axes_of(name, self._heavens.epoch.tdb_ns(t_ns))
            in_lens = tuple(tuple(dot(axis, own) for own in axes) for axis in (*fixed, centre_km))
            sun = unit(sun_km)
            au = length(sun_km) / ASTRONOMICAL_UNIT_KM
            light = tuple(w / (au * au) for w in SUN_W_M2)
            sun_in_lens = tuple(dot(sun, own) for own in axes)
            found.append(
                (
                    name,
                    Globe(
                        in_lens[3],  # type: ignore[arg-type]
                        in_lens[:3],  # type: ignore[arg-type]
                        equatorial_km,
                        polar_km,
                        sun_in_lens,  # type: ignore[arg-type]
                        light,  # type: ignore[arg-type]
                        surface_of(name),
                    ),
                )
            )
        return sorted(found, key=lambda one: one[1].distance_km)

    def _bodies(self, t_ns: int) -> list[tuple[str, Vector, Vector]]:
        """Name, and ways from the spacecraft and to the Sun [km, ICRF]."""
        to_body = self._heavens.trajectory.to_body
        sun = to_body("sun", t_ns)[0]
        ways = [(name, to_body(name, t_ns)[0]) for name in BODIES]
        return [(name, way, subtract(sun, way)) for name, way in ways]

    # ---- light ----------------------------------------------------------------------------------

    def radiance(self, t_ns: int, width: int, height: int, exposure_us: int) -> Canvas:
        """What the lens sees at mid exposure, before the sensor."""
        mode = self._mode(width, height)
        stage = self._stage(t_ns)
        canvas = Canvas(mode.lens, self._view(t_ns, exposure_us * 1e-6, stage))
        sun = self._heavens.direction("sun", t_ns)
        light = tuple(w / (sun.distance_au * sun.distance_au) for w in SUN_W_M2)
        radius, sunward = SUN_RADIUS_KM / sun.distance_km, stage.turned(sun.unit)
        if stage.scene is not None:
            canvas.draw_scene(stage.scene, Sunlight(sunward, light, radius))
        discs = self.globes(t_ns)
        for _, disc in discs:
            globe.draw(canvas, disc)
        drawn = {name for name, _ in discs}
        canvas.draw_body(SkyBody(sunward, radius, sunward, (1, 1, 1), light, True))
        for name, way, to_sun in self._bodies(t_ns):
            if name not in drawn:
                canvas.draw_body(_point(name, stage.turned(way), stage.turned(to_sun)))
        self._draw_stars(canvas, exposure_us, stage)
        return canvas

    def _draw_stars(self, canvas: Canvas, exposure_us: int, stage: "_Stage") -> None:
        electrons = self._responsivity()[1] * exposure_us * 1e-6 * self.focal_px * self.focal_px
        sky = stars.catalogue()
        count = sky.brighter_than(FAINTEST_E / electrons / 3)
        if count:
            x, y, z = (sky.direction[:count, k] for k in range(3))
            turned = np.stack([axis[0] * x + axis[1] * y + axis[2] * z for axis in stage.axes], 1)
            canvas.draw_stars(turned.astype(np.float32), np.ascontiguousarray(sky.irradiance[:count]))

    # ---- sensor ---------------------------------------------------------------------------------

    def _responsivity(self) -> tuple[float, float, float]:
        """Electrons per second per W m^-2 sr^-1 on the boresight, per band, at unit gain."""
        camera, mount = self._camera, self._camera.mount
        pitch_m = camera.pixel_um * 1e-6
        stop = camera.f_number
        gathered = 3.141592653589793 / (4 * stop * stop) * mount.transmission * pitch_m * pitch_m
        r, g, b = (gathered * mount.quantum_efficiency[k] * BAND_M[k] / PLANCK_LIGHT for k in range(3))
        return r, g, b

    @property
    def _full_scale(self) -> int:
        return (1 << self._camera.mount.bits) - 1

    def _electrons_per_dn(self, gain: float) -> float:
        return self._camera.full_well_electrons / (self._full_scale - self._camera.mount.black_dn) / gain

    def _make_mode(self, width: int, height: int) -> _Mode:
        half = sqrt(width * width + height * height) / 2
        field = 2 * float(render.atan2(half, self.focal_px))
        lens = Lens(width, height, field, TANGENT, 4.0)
        gain, offset = render.sensor_patterns(self._seed & 0xFFFF, width, height)
        return _Mode(lens, lens.illumination(), gain, offset)

    def numbers(self, canvas: Canvas, exposure_us: int, gain: float, noise_seed: int) -> NDArray[np.uint16]:
        """What the sensor makes of it (height, width); of a colour sensor a mosaic, RGGB."""
        camera, mount = self._camera, self._camera.mount
        seconds = exposure_us * 1e-6
        electrons = [r * seconds for r in self._responsivity()]
        if not camera.colour:
            electrons = [_add_bands(canvas, electrons)] * 3
        per_dn = self._electrons_per_dn(gain)
        dark = mount.dark_electrons_s * seconds
        setting = {
            "electrons": electrons,
            "dark_electrons": dark,
            "full_well": camera.full_well_electrons * 1.02,
            "read_noise": camera.read_noise_electrons,
            "electrons_per_dn": per_dn,
            "offset_dn": mount.black_dn - dark / per_dn,
            "most_dn": float(self._full_scale),
            "averaged": 1.0,
            "gain_spread": 0.006 / 32,
            "offset_spread": 0.25 / 32,
            "dark_spread": 0.12 / 32,
            "core": 0.115,
            "brightest": 1e5,
            "lobe_share": [mount.scattered * share for share in (0.5, 0.3, 0.2)],
            "lobe_radius": [1.0, 3.0, 11.0],
        }
        height, width = canvas.radiance.shape[:2]
        mode = self._mode(width, height)
        return render.expose(canvas, setting, mode.illumination, mode.gain, mode.offset, noise_seed)

    def develop(self, numbers: NDArray[np.uint16], exposure_us: int, gain: float) -> NDArray[np.uint8]:
        """The picture for the eye: sRGB's curve, (height, width), of a colour sensor (height, width, 3)."""
        camera, mount = self._camera, self._camera.mount
        read, dark = camera.read_noise_electrons, mount.dark_electrons_s * exposure_us * 1e-6
        black = mount.black_dn + round(2 * sqrt(read * read + dark) / self._electrons_per_dn(gain))
        if camera.colour:
            signal = [SUN_W_M2[k] * mount.quantum_efficiency[k] * BAND_M[k] for k in range(3)]
            white = 256 * render.DEVELOP_WHITE / (self._full_scale - mount.black_dn)
            r, g, b = (round(white * signal[1] / s) for s in signal)
            return render.develop(numbers, black, (r, g, b))
        return _tone_curve(black, self._full_scale)[numbers]

    # ---- pictures -------------------------------------------------------------------------------

    def take(self, snap: Snap) -> tuple[bytes, int]:
        """The encoder's output (a JPEG with EXIF and thumbnail, or the raw numbers) and the exposure used."""
        read_ns = round(SECOND_NS * self._camera.mount.line_time_s * snap.height)
        exposure_us = snap.exposure_us or self._metered_us(snap, snap.start_ns + read_ns // 2)
        exposure_us = min(max(exposure_us, LEAST_US), MOST_US)
        middle_ns = snap.start_ns + exposure_us * 500 + read_ns // 2
        canvas = self.radiance(middle_ns, snap.width, snap.height, exposure_us)
        noise_seed = (self._seed * 4 + snap.start_ns * 2 + snap.lens) & (2**63 - 1)
        numbers = self.numbers(canvas, exposure_us, snap.gain, noise_seed)
        if snap.raw:
            return self._raw(numbers, exposure_us, snap.gain), exposure_us
        return self._jpeg(numbers, snap, exposure_us), exposure_us

    def _metered_us(self, snap: Snap, t_ns: int) -> int:
        """Automatic exposure: what is bright shall reach two thirds of full scale."""
        canvas = self.radiance(t_ns, snap.width, snap.height, LEAST_US)
        response = self._responsivity()
        bands = canvas.radiance[::4, ::4]
        r, g, b = (bands[:, :, k].astype(np.float64) * response[k] for k in range(3))
        light = r + g + b
        lit = light[light > 0]
        if lit.size < 30:
            return MOST_US // 20
        bright = float(np.partition(lit, lit.size * 9 // 10)[lit.size * 9 // 10])
        return round(AUTOMATIC_SHARE * self._camera.full_well_electrons / (bright * snap.gain) * 1e6)

    def _jpeg(self, numbers: NDArray[np.uint16], snap: Snap, exposure_us: int) -> bytes:
        picture = self.develop(numbers, exposure_us, snap.gain)
        image = Image.fromarray(picture)
        small = image.resize(
            (THUMBNAIL_WIDTH, max(1, snap.height * THUMBNAIL_WIDTH // snap.width)), Image.Resampling.BOX
        )
        block = exif.build(
            self._tags(snap, exposure_us), snap.width, snap.height, _encoded(small, THUMBNAIL_QUALITY, b"")
        )
        return _encoded(image, QUALITY, block)

    def _raw(self, numbers: NDArray[np.uint16], exposure_us: int, gain: float) -> bytes:
        """Portable grey map, 16 bits big-endian, with what is needed to read it in comments."""
        height, width = numbers.shape
        colours = "# CFA RGGB\n" if self._camera.colour else ""
        head = (
            f"P5\n{colours}# BLACK {self._camera.mount.black_dn}\n# EXPOSURE_US {exposure_us}\n"
            f"# GAIN {gain:g}\n# LENS 0\n{width} {height}\n{self._full_scale}\n"
        )
        return head.encode("ascii") + numbers.astype(">u2").tobytes()

    def _tags(self, snap: Snap, exposure_us: int) -> PictureTags:
        camera = self._camera
        return picture_tags(
            self._mission.epoch,
            self._seed,
            snap,
            exposure_us,
            lens_model=f"{camera.field_of_view_deg:g} deg",
            make=camera.made_by,
            model=camera.name,
            f_number=camera.f_number,
            focal_length_mm=self.focal_px * camera.pixel_um / 1000.0,
        )


SECOND_NS = 1e9


@lru_cache(4)
def _scene_of(body: SmallBody) -> TriangleScene:
    """About a second's work."""
    ground = Material.REGOLITH if body.material == "regolith" else Material.HEAT_SHIELD
    mesh = rock(Rock(body.seed, body.half_axes_m, body.rough, body.craters, body.boulders, ground=ground))
    return TriangleScene(
        mesh.position.astype(np.float32),
        mesh.normal.astype(np.float32),
        mesh.uv.astype(np.float32),
        mesh.corner,
        mesh.material,
        np.zeros(len(mesh.corner), np.uint16),
        material_table(),
        render.foil_map(5),
    )


def _point(name: str, way: Vector, to_sun: Vector) -> SkyBody:
    radius_km, albedo = BODIES[name]
    distance_km, au = length(way), length(to_sun) / ASTRONOMICAL_UNIT_KM
    light = tuple(w / (au * au) for w in SUN_W_M2)
    return SkyBody(scale(way, 1 / distance_km), radius_km / distance_km, unit(to_sun), albedo, light)


def _add_bands(canvas: Canvas, electrons: list[float]) -> float:
    """A sensor without filters: the same mean light in each band; what a unit of it gives in electrons."""
    total = electrons[0] + electrons[1] + electrons[2]
    r, g, b = (np.float32(e / total) for e in electrons)
    light = canvas.radiance
    mean = light[:, :, 0] * r + light[:, :, 1] * g + light[:, :, 2] * b
    light[:, :, :3] = mean[:, :, None]
    return total


@cache
def _tone_curve(black: int, full_scale: int) -> NDArray[np.uint8]:
    """sRGB (IEC 61966-2-1) of what lies between black and full scale."""
    linear = np.clip((np.arange(full_scale + 1) - black) / (full_scale - black), 0.0, 1.0)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * render.power(linear, 1 / 2.4) - 0.055)
    return np.floor(255.0 * curved + 0.5).astype(np.uint8)


def _encoded(image: Image.Image, quality: int, block: bytes) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=False, progressive=False, exif=block)
    return out.getvalue()
