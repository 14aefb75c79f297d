"""A place on a dusty planet: still ground and things, bodies that move, the sky (c_core/world/site.h).

Axes: x east, y north, z up, metres. Every call is pure; the C core runs without the interpreter's lock.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import check_rows
from fsw.core.render import Canvas, Floats, TriangleScene

SKY_STEPS = lib.SITE_SKY_STEPS
SHELTER = lib.SITE_SHELTER
MOST_BODIES = lib.SITE_BODIES

MARK = np.dtype([("when", "<f4"), ("slope", "i1", 2), ("shade", "i1"), ("spare", "i1")])
check_rows(MARK, "site_mark_t")


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """Tables (SKY_STEPS + 1, 3) as in site_t; beam, ground, shade (3,); glow (4, 3) of the sky, and of sky
    and ground together."""

    sun: tuple[float, float, float]
    sun_radius_rad: float
    beam: Floats
    ground: Floats
    shade: Floats
    sky_glow: Floats
    whole_glow: Floats
    haze_per_m: float
    once: Floats
    often: Floats
    phase: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What wheels did to the ground: MARK (rows, columns) from corner x, y in squares of `pitch` [m]."""

    squares: NDArray[Any]
    x: float
    y: float
    pitch: float


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """Ground in rings about one eye, as in site_fan_t. position (rings * across, 3): the first vertices of
    the still scene, whose first faces are its cells; steepest, risen (columns - 1, rings - 1)."""

    eye: tuple[float, float, float]
    ahead: tuple[float, float]
    step: float
    across: int
    position: Floats
    steepest: Floats
    risen: Floats

    def __post_init__(self) -> None:
        columns, rings = self.steepest.shape[0] + 1, self.steepest.shape[1] + 1
        if self.position.shape != (rings * self.across, 3) or columns > self.across:
            raise FswError(f"fan {rings} x {self.across}, {columns} columns: {self.position.shape} vertices")
        for array in (self.position, self.steepest, self.risen):
            if array.dtype != np.float32 or not array.flags.c_contiguous:
                raise FswError("fan: contiguous float32 expected")
        if self.risen.shape != self.steepest.shape:
            raise FswError(f"fan: {self.risen.shape} risen, {self.steepest.shape} expected")


@dataclass(frozen=True, slots=True, eq=False)
class PlacedBody:
    """turn: row major, site <- body axes; middle, radius: of a sphere about it, body axes. over_ground: its
    own bake had ground below it, so that only the sky is left to shine on it."""

    scene: TriangleScene
    turn: tuple[float, ...]
    at: tuple[float, float, float]
    middle: tuple[float, float, float]
    radius: float
    over_ground: bool
    shelter: Floats | None = None
    shelter_span_m: float = 1.0


class Site:
    """Everything that stands still. Immutable; shareable between threads.

    still: ground and things; things: its last faces again, without the ground, which
    lies at level_m about them; fan: how rays from one eye find the ground
    (from elsewhere they go through the tree). natural: materials from here on are soil and rock, with albedo
    at each vertex. soil: a map of small relief, as `render.foil_map` lays it out.
    """

    def __init__(
        self,
        still: TriangleScene,
        things: TriangleScene,
        fan: Fan | None,
        level_m: float,
        natural: int,
        soil: Floats,
        marks: Marks | None,
    ) -> None:
        if soil.size != lib.FOIL_FLOATS or soil.dtype != np.float32:
            raise FswError(f"soil map of {soil.size} {soil.dtype}: {lib.FOIL_FLOATS} float32 expected")
        if marks is not None and (marks.squares.ndim != 2 or marks.squares.dtype != MARK):
            raise FswError(f"marks {marks.squares.shape} {marks.squares.dtype}: a field of MARK expected")
        if fan is not None and still.face_count < 2 * fan.steepest.shape[1] * (fan.across - 1):
            raise FswError("fan: more cells than the still scene has faces")
        self._still, self._things, self._fan, self._level_m = still, things, fan, level_m
        self._natural, self._soil, self._marks = natural, soil, marks

    def _to_c(self, sky: Sky, bodies: tuple[PlacedBody, ...], now_s: float) -> tuple[Any, list[Any]]:
        if len(bodies) > MOST_BODIES:
            raise FswError(f"{len(bodies)} bodies: at most {MOST_BODIES}")
        c = ffi.new("site_t *")
        keep: list[Any] = []
        c.still, c.natural, c.body_count, c.now = self._still._c, self._natural, len(bodies), now_s
        c.things, c.level = self._things._c, self._level_m
        if self._fan is not None:
            keep += self._spread(c.fan, self._fan)
        for place, body in zip(c.body, bodies, strict=False):
            place.scene, place.turn, place.at = body.scene._c, body.turn, body.at
            place.middle, place.radius = body.middle, body.radius
            glow = sky.sky_glow if body.over_ground else sky.whole_glow
            place.glow = glow.tolist()
            if body.shelter is not None:
                if body.shelter.shape != (SHELTER, SHELTER) or body.shelter.dtype != np.float32:
                    raise FswError(f"shelter {body.shelter.shape}: {(SHELTER, SHELTER)} float32 expected")
                place.shelter = shelter = ffi.from_buffer("float[]", body.shelter)
                place.shelter_span = body.shelter_span_m
                keep.append(shelter)
        c.middle, c.radius = _sphere_about(bodies)
        c.sun, c.sun_radius, c.haze_per_m = sky.sun, sky.sun_radius_rad, sky.haze_per_m
        for name, values in (("beam", sky.beam), ("ground", sky.ground), ("shade", sky.shade)):
            setattr(c, name, values.tolist())
        c.glow = sky.sky_glow.tolist()
        for name, table in (("sky_once", sky.once), ("sky_often", sky.often), ("phase", sky.phase)):
            if table.shape != (SKY_STEPS + 1, 3):
                raise FswError(f"{name} {table.shape}: {(SKY_STEPS + 1, 3)} expected")
            rows = np.ascontiguousarray(table, np.float32)
            ffi.memmove(getattr(c, name), ffi.from_buffer(rows), rows.nbytes)
        c.soil = soil = ffi.from_buffer("float[]", self._soil)
        keep.append(soil)
        if self._marks is not None:
            squares = np.ascontiguousarray(self._marks.squares)
            pointer = ffi.from_buffer(squares.reshape(-1).view(np.uint8))
            c.marks = ffi.cast("site_mark_t *", pointer)
            keep += [squares, pointer]
            c.mark_rows, c.mark_columns = squares.shape
            c.mark_x, c.mark_y, c.mark_pitch = self._marks.x, self._marks.y, self._marks.pitch
        return c, keep

    @staticmethod
    def _spread(c: Any, fan: Fan) -> list[Any]:
        c.eye, c.ahead, c.step, c.across = fan.eye, fan.ahead, fan.step, fan.across
        c.columns, c.rings = fan.steepest.shape[0] + 1, fan.steepest.shape[1] + 1
        arrays = [ffi.from_buffer("float[]", a) for a in (fan.position, fan.steepest, fan.risen)]
        c.position, c.steepest, c.risen = arrays
        return arrays

    def draw(
        self, canvas: Canvas, sky: Sky, bodies: tuple[PlacedBody, ...], now_s: float
    ) -> tuple[int, int, int, int]:
        """Draws the whole picture; the camera stands still. now_s: what wheels did later does not show yet.
        Returns pixels of sky, of ground, of rocks and things, and those supersampled."""
        c, keep = self._to_c(sky, bodies, now_s)
        size = lib.site_scratch_size(canvas.lens.width, canvas.lens.height)
        scratch = np.zeros(size, np.uint8)
        report = lib.site_draw(
            c, canvas._c, canvas.lens._c, canvas._view, ffi.from_buffer(scratch, require_writable=True)
        )
        del keep
        return report.sky, report.ground, report.things, report.refined

    def sky_radiance(self, sky: Sky, direction: Any) -> tuple[float, float, float]:
        """Along a unit vector [W m^-2 sr^-1]."""
        c, keep = self._to_c(sky, (), 0.0)
        out = ffi.new("float[3]")
        lib.site_sky(c, [float(v) for v in direction], out)
        del keep
        return (out[0], out[1], out[2])


def _sphere_about(bodies: tuple[PlacedBody, ...]) -> tuple[list[float], float]:
    """Centred on the mean of the bodies' own, site axes; a radius of 0 where there are none."""
    centres = []
    for body in bodies:
        t, m = body.turn, body.middle
        centres.append(
            [t[3 * k] * m[0] + t[3 * k + 1] * m[1] + t[3 * k + 2] * m[2] + body.at[k] for k in range(3)]
        )
    if not centres:
        return [0.0, 0.0, -1e6], 0.0
    middle = [sum(c[k] for c in centres) / len(centres) for k in range(3)]
    reach = 0.0
    for c, body in zip(centres, bodies, strict=True):
        d = [c[k] - middle[k] for k in range(3)]
        reach = max(reach, float(np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])) + body.radius)
    return middle, reach
