"""What the inspector's camera sees of its host, from any place about it.

Scene frame: the host's axes. The side towards the Sun is sunlit; on the other nothing is, since the shield
shades all of it. From where no sunlit face is to be seen, the camera lights it with a lamp of its own, whose
light is taken as parallel and as meeting each surface once. The Sun's disc is not drawn: the host hides it.
"""

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from fsw.core import render
from fsw.core.render import Canvas, Sunlight, TriangleScene
from fsw.kernel.time import Epoch
from fsw.missions.inspection import Picture
from fsw.world import optics, stars
from fsw.world.exif import PictureTags
from fsw.world.image_sensor import SUN_W_M2, Exposure, RawFrame, Sensor, responsivity
from fsw.world.imaging import Snap, metered_us, picture_tags
from fsw.world.models import space_telescope
from fsw.world.picture_file import encode_jpeg
from fsw.world.scene import SUN_RADIUS_RAD_AT_1_AU, hemisphere
from fsw.world.special import PI
from fsw.world.surface import lens_of_field
from fsw.world.vectors import (
    Matrix,
    Quaternion,
    Vector,
    cross,
    dot,
    length,
    multiply,
    quaternion_from_axes,
    scale,
    subtract,
    unit,
)

SUNWARD: Vector = (-1.0, 0.0, 0.0)
LAMP_FROM_DEG = 100.0  # of phase angle: from the circuit the host is 20 deg wide
_SERIAL = 40  # of the sensor: its fixed patterns
_FAINTEST_E = 3.0
_FOCAL_PER_PX_MM = 0.0022  # of the sensor that all deployable cameras here have


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the camera is at an instant, from the host's centre, and where it looks; host's axes [m].
    host_icrf: these axes."""

    t_ns: int
    at_m: Vector
    look: Vector
    host_icrf: Matrix

    @property
    def attitude(self) -> Quaternion:
        """Lens axes -> host's axes; the host's north is up, as near as can be."""
        z = unit(self.look)
        north = subtract((0.0, 0.0, 1.0), scale(z, z[2]))
        down = unit(scale(north, -1.0))
        return quaternion_from_axes(cross(down, z), down, z)

    @property
    def attitude_icrf(self) -> Quaternion:
        """Lens axes -> ICRF."""
        return multiply(quaternion_from_axes(*self.host_icrf), self.attitude)

    @property
    def distance_m(self) -> float:
        return length(self.at_m)

    @property
    def phase_deg(self) -> float:
        """Sun, host, camera."""
        return float(render.acos(dot(unit(self.at_m), SUNWARD))) * 180.0 / PI


@dataclass(frozen=True, slots=True)
class Taken:
    """octets: a JPEG with EXIF and thumbnail."""

    octets: bytes
    exposure_us: int
    lamp: bool


class HostView:
    """seed: of the sensor's noise. The model is built when first needed, about a second."""

    def __init__(self, figures: Picture, epoch: Epoch, sun_au: float, seed: int) -> None:
        self._figures, self._epoch, self._seed = figures, epoch, seed
        self._lens = partial(lens_of_field, figures.field_of_view_deg)
        self._sensor = Sensor(_SERIAL, self._lens)
        self._sun = Sunlight(
            SUNWARD, tuple(w / (sun_au * sun_au) for w in SUN_W_M2), SUN_RADIUS_RAD_AT_1_AU / sun_au
        )

    def take(self, stand: Stand) -> Taken:
        """One picture; its exposure is metered in sunlight, and the file's with the lamp."""
        figures = self._figures
        width, height = figures.size_px
        lamp = stand.phase_deg > LAMP_FROM_DEG
        snap = Snap(0, stand.t_ns, 0, figures.lamp_gain if lamp else 1.0, width, height, False)
        exposure_us = figures.lamp_exposure_us if lamp else self._metered_us(stand, snap)
        seed = (self._seed * 4 + stand.t_ns * 2) & (2**63 - 1)
        exposure = Exposure(width, height, exposure_us, snap.gain, 0, seed)
        canvas = self.radiance(stand, exposure, lamp)
        raw = RawFrame(self._sensor.expose(canvas, exposure), exposure)
        return Taken(encode_jpeg(raw, tags=self._tags(stand, snap, exposure_us)), exposure_us, lamp)

    def _metered_us(self, stand: Stand, snap: Snap) -> int:
        canvas = self.radiance(stand, Exposure(snap.width, snap.height, 500), False)
        return metered_us(canvas.radiance[::4, ::4, 1], snap)

    def radiance(self, stand: Stand, exposure: Exposure, lamp: bool) -> Canvas:
        """What the lens sees, before the sensor."""
        view = optics.view_of(
            stand.at_m,
            stand.attitude,
            (0.0, 0.0, 0.0),
            0,
            optics.LINE_TIME_S[exposure.width, exposure.height],
            exposure.exposure_us * 1e-6,
        )
        lens = self._lens(exposure.width, exposure.height)
        canvas = Canvas(lens, view)
        canvas.draw_scene(_scene(), self._sun)
        if lamp:
            lit = Canvas(lens, view)
            lit.draw_scene(_unbaked(), self._lamplight(stand))
            canvas.radiance[:, :, :3] += lit.radiance[:, :, :3]
        self._draw_stars(canvas, stand, exposure)
        return canvas

    def _lamplight(self, stand: Stand) -> Sunlight:
        away, total = stand.distance_m, sum(SUN_W_M2)
        power = self._figures.lamp_w_sr / (away * away)
        return Sunlight(unit(stand.at_m), tuple(power * w / total for w in SUN_W_M2), 0.0)

    def _draw_stars(self, canvas: Canvas, stand: Stand, exposure: Exposure) -> None:
        focal = canvas.lens.focal_px
        electrons = responsivity(exposure.width)[1] * exposure.exposure_us * 1e-6 * focal * focal
        sky = stars.catalogue()
        count = sky.brighter_than(_FAINTEST_E / electrons)
        if not count:
            return
        x, y, z = (sky.direction[:count, k] for k in range(3))
        turned = np.stack([axis[0] * x + axis[1] * y + axis[2] * z for axis in stand.host_icrf], 1)
        canvas.draw_stars(turned.astype(np.float32), np.ascontiguousarray(sky.irradiance[:count]))

    def _tags(self, stand: Stand, snap: Snap, exposure_us: int) -> PictureTags:
        figures = self._figures
        return picture_tags(
            self._epoch,
            self._seed,
            snap,
            exposure_us,
            lens_model=f"{figures.field_of_view_deg:g} deg",
            make="fsw",
            model="inspector",
            focal_length_mm=self._lens(1600, 1200).focal_px * _FOCAL_PER_PX_MM,
            comment=f"range {stand.distance_m:.1f} m",
        )


@lru_cache(1)
def _scene() -> TriangleScene:
    """With sunlight that surfaces throw on each other."""
    scene = _triangles()
    scene.bake(Sunlight(SUNWARD, SUN_W_M2, 0.0), hemisphere(48))
    return scene


@lru_cache(1)
def _unbaked() -> TriangleScene:
    return _triangles()


def _triangles() -> TriangleScene:
    return space_telescope.space_telescope().scene(space_telescope.materials(), render.foil_map(5))
