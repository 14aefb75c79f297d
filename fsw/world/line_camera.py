"""A camera with one line of detectors, swept past another spacecraft: where its lines are, and what they see.

A strip is made line by line: each has its own time, and with it the place of both spacecraft, the pose and
their rates; within a line, the samples of a pixel are spread over its exposure as they are over its area, so
that what moves smears. Then electrons, noise and eight bits. All is a pure function of mission and seed.

Assumed or left out: the targets' attitude (`encounter.body_axes`), held against the stars for the tenth of a
second in which the line passes over one; fixed patterns and scattered light of the camera; stars; the planet
behind, which is refused rather than left out.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from fsw.core import render
from fsw.core.errors import FswError
from fsw.core.line_camera import LINE_VIEW, LineDetector, LineOptics, draw_lines, read_lines
from fsw.core.render import Floats, PlanetView, Sunlight, TriangleScene
from fsw.kernel.seeds import Stream, Streams
from fsw.kernel.time import SECOND
from fsw.missions.line_camera import LineCamera, LineCameraMission, Strip
from fsw.world.encounter import Encounter, Sweep, body_axes, sweep_once, sweep_twice
from fsw.world.ephemeris import ASTRONOMICAL_UNIT_KM, Ephemeris
from fsw.world.image_sensor import PLANCK_LIGHT, SUN_W_M2
from fsw.world.materials import material_table
from fsw.world.models.mars_express import mars_express
from fsw.world.models.odyssey import odyssey
from fsw.world.orbit import PlanetOrbit
from fsw.world.planets import planet_named
from fsw.world.scene import MARS_AIR, SUN_RADIUS_RAD_AT_1_AU
from fsw.world.special import PI
from fsw.world.vectors import Matrix, Vector, dot, length, scale, subtract, unit

_MODELS = {"odyssey": odyssey, "mars-express": mars_express}
_AIR_KM = 100.0  # a line of sight that comes nearer to the ground would show the planet's limb
_MARGIN_LINES = 8
_MARGIN_COLUMNS = 8
_BAKE_RAYS = 48
_GROUND_SEED = 7
# First and last wavelength [nm], sunlight [W/m2 at 1 au], and which of the renderer's bands stands for it:
# beyond 700 nm it is taken that surfaces are as bright as in the red.
_BANDS = ((500, 600, SUN_W_M2[1], 1), (600, 700, SUN_W_M2[0], 0), (700, 800, 127.0, 0), (800, 900, 98.0, 0))


@dataclass(frozen=True, slots=True)
class View:
    """The line over a target. along, across: px by which it moves in a line, ahead and along the line; lines
    and columns of the strip that may hold it, first and one past the last; centre: its line and column.
    phase_deg: Sun, target, camera."""

    number: int
    t_ns: int
    range_km: float
    range_rate_km_s: float
    speed_km_s: float
    metres_per_px: float
    along_px: float
    across_px: float
    phase_deg: float
    centre: tuple[float, float]
    lines: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True)
class StripPlan:
    """One sweep: start_ns: the first line's exposure begins. views: in order of time."""

    strip: Strip
    encounter: Encounter
    sweep: Sweep
    start_ns: int
    views: tuple[View, ...]


def responsivity(camera: LineCamera) -> tuple[float, float, float]:
    """Electrons of a line's exposure per W m^-2 sr^-1, by the renderer's bands (red, green, blue)."""
    area = (camera.pixel_um * 1e-6) ** 2
    gathered = PI / (4 * camera.f_number**2) * camera.transmission * area * camera.line_time_us * 1e-6
    found = [0.0, 0.0, 0.0]
    low, high = camera.band_nm
    for first, last, sun, band in _BANDS:
        share = max(0.0, min(high, last) - max(low, first)) / (last - first)
        metres = (first + last) / 2 * 1e-9
        found[band] += (
            share * sun / SUN_W_M2[band] * gathered * camera.quantum_efficiency * metres / PLANCK_LIGHT
        )
    return found[0], found[1], found[2]


class Observatory:
    """A mission's spacecraft, camera and light. seed: of pointing errors and noise."""

    def __init__(self, mission: LineCameraMission, seed: int) -> None:
        self.mission = mission
        self.ephemeris = Ephemeris(mission.epoch)
        self._seed = seed
        self._planet = planet_named(mission.carrier.orbit.planet)
        self.carrier = PlanetOrbit.of(mission.carrier.orbit, self.ephemeris)

    def to_body(self, body: str, t_ns: int) -> Vector:
        """From the planet [km], ICRF."""
        there, here = (self.ephemeris.position_km(name, t_ns) for name in (body, self._planet.name))
        return subtract(there, here)

    def plan(self, strip: Strip) -> StripPlan:
        """When and where its lines are. FswError where the target cannot be met, or has the planet behind."""
        target = self.mission.target_named(strip.target)
        near_ns = self.mission.epoch.parse(target.orbit.elements_utc)
        encounter = Encounter(self.carrier, PlanetOrbit.of(target.orbit, self.ephemeris), near_ns)
        meet = [encounter.receding_ns(range_km) for range_km in strip.ranges_km]
        if len(meet) == 2:
            sweep = sweep_twice(encounter, *meet)
        else:
            assert strip.scan_rate_deg_s is not None
            assert strip.scan_tilt_deg is not None
            sweep = sweep_once(encounter, meet[0], strip.scan_rate_deg_s * (PI / 180), strip.scan_tilt_deg)
        stream = Stream(self._seed, f"pointing {strip.name}")  # the same each time it is planned
        error = self.mission.carrier.pointing_error_urad * 1e-6
        sweep = sweep.shifted(error * stream.normal(), error * stream.normal())
        start_ns = (meet[0] + meet[-1]) // 2 - strip.lines * self.mission.camera.line_time_ns // 2
        views = tuple(
            self._view(strip, encounter, sweep, start_ns, t_ns, n) for n, t_ns in enumerate(meet, 1)
        )
        return StripPlan(strip, encounter, sweep, start_ns, views)

    def _view(
        self, strip: Strip, encounter: Encounter, sweep: Sweep, start_ns: int, near_ns: int, number: int
    ) -> View:
        camera = self.mission.camera
        t_ns = sweep.crossing_ns(encounter, near_ns)
        if encounter.lowest_km(t_ns) < self._planet.equatorial_km + _AIR_KM:
            raise FswError(f"strip {strip.name}: the planet is behind {strip.target}; allowed is black sky")
        pixel, line_s = camera.pixel_rad, camera.line_time_ns / SECOND
        across, along = (rate * line_s / pixel for rate in sweep.drift(encounter, t_ns))
        column = (strip.columns - 1) / 2 + sweep.place(encounter, t_ns)[0] / pixel
        line = (t_ns - start_ns) / camera.line_time_ns - 0.5
        way, velocity = encounter.relative(t_ns)
        reach_px = self.reach_m(strip) / (length(way) * 1000 * pixel)
        half = ceil(reach_px / abs(along)) + _MARGIN_LINES
        wide = ceil(reach_px + half * abs(across)) + _MARGIN_COLUMNS
        lines = max(0, round(line) - half), min(strip.lines, round(line) + half + 1)
        columns = max(0, round(column) - wide), min(strip.columns, round(column) + wide + 1)
        if lines[0] >= lines[1] or columns[0] >= columns[1]:
            raise FswError(f"strip {strip.name}: {strip.target} is outside of it")
        sun = unit(self.to_body("sun", t_ns))
        return View(
            number=number,
            t_ns=t_ns,
            range_km=length(way),
            range_rate_km_s=dot(unit(way), velocity),
            speed_km_s=length(velocity),
            metres_per_px=length(way) * 1000 * pixel,
            along_px=along,
            across_px=across,
            phase_deg=float(render.acos(-dot(unit(way), sun))) * 180 / PI,
            centre=(line, column),
            lines=lines,
            columns=columns,
        )

    def reach_m(self, strip: Strip) -> float:
        """Radius of a sphere about the origin of its target's body axes that holds all of it."""
        mesh = _MODELS[self.mission.target_named(strip.target).model]((0.8, 0.0, -0.6), (0.6, 0.0, -0.8))
        return float(np.sqrt((mesh.position * mesh.position).sum(1).max())) + 0.5

    def lines(self, plan: StripPlan, frame: Matrix, first: int, end: int) -> NDArray[np.void]:
        """Lines `first` to before `end` as the core takes them, in a scene frame with these axes (ICRF)."""
        line_ns = self.mission.camera.line_time_ns
        rows = np.empty(end - first, LINE_VIEW)
        for row, line in enumerate(range(first, end)):
            t_ns = plan.start_ns + line * line_ns + line_ns // 2
            way, velocity = plan.encounter.relative(t_ns)
            axes = plan.sweep.axes(t_ns)
            rows["position_m"][row] = [-1000 * dot(way, axis) for axis in frame]
            rows["velocity_m_s"][row] = [-1000 * dot(velocity, axis) for axis in frame]
            rows["rotation"][row] = [[dot(camera, axis) for camera in axes] for axis in frame]
        rows["rate_rad_s"] = (-plan.sweep.rate_rad_s, 0.0, 0.0)
        return rows

    def radiance(self, plan: StripPlan, view: View) -> Floats:
        """Of the part of the strip that may hold the target: (lines, columns, 4), see `draw_lines`."""
        camera, strip = self.mission.camera, plan.strip
        orbit = plan.encounter.target
        sun_km, earth_km = (self.to_body(body, view.t_ns) for body in ("sun", "earth"))
        frame = body_axes(orbit, view.t_ns, unit(sun_km))
        sun, earth = (unit(_in_frame(frame, v)) for v in (sun_km, earth_km))
        scene, light = self._scene(strip, sun, earth), self._light(orbit, frame, sun_km, view.t_ns)
        optics = LineOptics(
            camera.pixel_rad,
            camera.line_time_ns / SECOND,
            camera.blur_px,
            (strip.columns - 1) / 2,
            camera.samples,
        )
        rows = self.lines(plan, frame, *view.lines)
        return draw_lines(optics, scene, self.reach_m(strip), light, rows, view.lines[0], view.columns)

    def _scene(self, strip: Strip, sun: Vector, earth: Vector) -> TriangleScene:
        mesh = _MODELS[self.mission.target_named(strip.target).model](sun, earth)
        scene = mesh.scene(material_table(), render.foil_map(5))
        au = length(self.to_body("sun", self.mission.epoch.parse(self.mission.mission.start_utc)))
        au /= ASTRONOMICAL_UNIT_KM
        scene.bake(Sunlight(sun, tuple(w / (au * au) for w in SUN_W_M2), 0.0), _hemisphere())
        return scene

    def _light(self, orbit: PlanetOrbit, frame: Matrix, sun_km: Vector, t_ns: int) -> Sunlight:
        """Sunlight, and what comes back from the planet below."""
        au = length(sun_km) / ASTRONOMICAL_UNIT_KM
        place = orbit.planet_centred_state(t_ns)[0]
        sun, along = unit(sun_km), dot(place, unit(sun_km))
        beside = length(subtract(place, scale(sun, along)))
        lit = 0.0 if along < 0 and beside < self._planet.equatorial_km else 1.0
        axes = self._planet.axes(self.mission.epoch.tdb_ns(t_ns))
        planet = PlanetView(
            _in_frame(frame, scale(place, -1.0)),
            tuple(dot(body, axis) for body in axes for axis in frame),
            _in_frame(frame, sun),
            self._planet.equatorial_km,
            self._planet.polar_km,
            tuple(w / (au * au) for w in SUN_W_M2),
            MARS_AIR,
            _ground(),
        )
        irradiance = tuple(lit * w / (au * au) for w in SUN_W_M2)
        return Sunlight(_in_frame(frame, sun), irradiance, SUN_RADIUS_RAD_AT_1_AU / au, lit, planet)

    def expose(self, plan: StripPlan) -> NDArray[np.uint8]:
        """The whole strip (lines, columns)."""
        camera, strip = self.mission.camera, plan.strip
        detector = LineDetector(
            camera.full_well_electrons,
            camera.read_noise_electrons,
            camera.electrons_per_dn,
            camera.black_dn,
        )
        electrons = np.zeros((strip.lines, strip.columns), np.float32)
        red, green, blue = (np.float32(r) for r in responsivity(camera))
        for view in plan.views:
            light = self.radiance(plan, view)
            lines, columns = slice(*view.lines), slice(*view.columns)
            electrons[lines, columns] += red * light[..., 0] + green * light[..., 1] + blue * light[..., 2]
        seed = Streams(self._seed).seed_of(f"noise {strip.name}")
        return read_lines(detector, electrons, seed, 0, electrons.shape)


def rectified(strip: NDArray[np.uint8], view: View, reach_m: float, finer: float = 8.0) -> NDArray[np.uint8]:
    """The target as if a frame camera had taken it: by what it moved in a line, the lines are brought to the
    columns' scale and their slant is taken out; `finer` pixels for each. Left: along the line, up: ahead.

    Bilinear, by the mean rates at the crossing: as a ground would do it, from attitude and orbits.
    """
    half = reach_m / view.metres_per_px
    count = 2 * ceil(half * finer)
    at = (np.arange(count) - (count - 1) / 2) / finer
    x, y = at[None, :], -at[:, None]  # px of the camera, from the target's centre
    line = view.centre[0] - y / view.along_px + 0 * x
    column = view.centre[1] + x - y * view.across_px / view.along_px
    top, left = np.floor(line).astype(int), np.floor(column).astype(int)
    fy, fx = line - top, column - left
    out = np.zeros(line.shape)
    for dy, wy in ((0, 1 - fy), (1, fy)):
        for dx, wx in ((0, 1 - fx), (1, fx)):
            i = np.clip(top + dy, 0, strip.shape[0] - 1)
            j = np.clip(left + dx, 0, strip.shape[1] - 1)
            out += wy * wx * strip[i, j]
    return (out + 0.5).astype(np.uint8)


@cache
def _ground() -> NDArray[np.uint16]:
    """Of the planet below, made when first needed: about a second."""
    return render.planet_ground(_GROUND_SEED)


def _in_frame(frame: Matrix, v: Vector) -> Vector:
    return dot(v, frame[0]), dot(v, frame[1]), dot(v, frame[2])


def _hemisphere() -> Floats:
    """Cosine-distributed directions about +z, by the golden angle."""
    i = np.arange(_BAKE_RAYS) + 0.5
    radius, angle = np.sqrt(i / _BAKE_RAYS), i * 2.399963229728653
    parts = [radius * render.cos(angle), radius * render.sin(angle), np.sqrt(1 - i / _BAKE_RAYS)]
    return np.stack(parts, 1).astype(np.float32)
