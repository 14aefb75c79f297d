"""Ray caster, lens, image sensor and picture development of the C core; mathematics that never varies.

Every function here is pure: the same arguments give the same octets on every machine, build and thread.
The C core runs without the interpreter's lock.
"""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from fsw.core.binding import ffi, lib
from fsw.core.errors import FswError
from fsw.core.flat_struct import check_rows

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

VERTEX = np.dtype(
    [
        ("normal", "<f4", 3),
        ("uv", "<f4", 2),
        ("bounce", "<f4", 3),
        ("open", "<f4", 4),
        ("spare", "<f4", 4),
    ]
)
FACE = np.dtype(
    [("corner", "<i4", 3), ("material", "<u2"), ("part", "<u2"), ("normal", "<f4", 3), ("spare", "<f4")]
)
MATERIAL_FLOATS = ffi.sizeof("material_t") // 4

check_rows(VERTEX, "scene_vertex_t")
check_rows(FACE, "scene_face_t")


def _buffer(kind: str, array: NDArray[Any], writable: bool = False) -> Any:
    return ffi.from_buffer(kind, array, require_writable=writable)


def _aligned(size: int) -> NDArray[np.uint8]:
    """Uninitialised octets that begin on a cache line."""
    room = np.empty(size + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size]


def _map(function: int, x: Any) -> Doubles:
    source = np.asarray(x, np.float64, order="C")
    out = np.empty_like(source)
    lib.dmath_map(function, source.size, _buffer("double[]", source), _buffer("double[]", out, True))
    return out


def sin(x: Any) -> Doubles:
    """Sine of an array [rad], to the same bits everywhere."""
    return _map(lib.DMATH_SIN, x)


def cos(x: Any) -> Doubles:
    return _map(lib.DMATH_COS, x)


def asin(x: Any) -> Doubles:
    return _map(lib.DMATH_ASIN, x)


def acos(x: Any) -> Doubles:
    return _map(lib.DMATH_ACOS, x)


def exp(x: Any) -> Doubles:
    return _map(lib.DMATH_EXP, x)


def log(x: Any) -> Doubles:
    return _map(lib.DMATH_LOG, x)


def cbrt(x: Any) -> Doubles:
    return _map(lib.DMATH_CBRT, x)


def atan2(y: Any, x: Any) -> Doubles:
    a, b = (np.array(v, np.float64, order="C") for v in np.broadcast_arrays(y, x))
    out = np.empty_like(a)
    lib.dmath_map_atan2(
        a.size, _buffer("double[]", a), _buffer("double[]", b), _buffer("double[]", out, True)
    )
    return out


def power(x: Any, exponent: float) -> Doubles:
    """x to the exponent; 0 where x <= 0."""
    source = np.asarray(x, np.float64, order="C")
    out = np.empty_like(source)
    lib.dmath_map_pow(source.size, _buffer("double[]", source), exponent, _buffer("double[]", out, True))
    return out


class Lens:
    """A Kannala-Brandt lens in front of `width` x `height` pixels. Immutable."""

    def __init__(
        self,
        width: int,
        height: int,
        diagonal_field_rad: float,
        distortion: tuple[float, float, float, float],
        illumination_power: float,
    ) -> None:
        if not (2 <= width <= 4096 and 2 <= height <= 4096 and width % 2 == height % 2 == 0):
            raise FswError(f"picture of {width} x {height}: even sizes up to 4096 are allowed")
        if not 0.001 <= diagonal_field_rad <= 2.8:
            raise FswError(f"field of view {diagonal_field_rad} rad: 0.001 to 2.8 is allowed")
        self.width, self.height = width, height
        self._c = ffi.new("lens_t *")
        lib.optics_lens_init(self._c, width, height, diagonal_field_rad, list(distortion), illumination_power)

    @property
    def focal_px(self) -> float:
        return float(self._c.focal_px)

    def project(self, direction: Any) -> tuple[float, float] | None:
        """Picture position [px] of a direction in lens axes; None outside the lens's field."""
        x, y = ffi.new("double *"), ffi.new("double *")
        seen = lib.optics_project(self._c, [float(v) for v in direction], x, y)
        return (x[0], y[0]) if seen else None

    def unproject(self, x: float, y: float) -> tuple[float, float, float]:
        """Unit direction in lens axes of a picture position [px]."""
        out = ffi.new("float[3]")
        lib.optics_unproject(self._c, x, y, out)
        return (out[0], out[1], out[2])

    def project_rolling(
        self, view: "View", direction: Any, offset_s: float = 0.0
    ) -> tuple[float, float] | None:
        """As `project`, for a direction in the scene frame, each row at its own instant."""
        x, y = ffi.new("double *"), ffi.new("double *")
        vector = [float(v) for v in direction]
        seen = lib.optics_project_rolling(self._c, view.to_c(), self.height, vector, offset_s, x, y)
        return (x[0], y[0]) if seen else None

    def illumination(self) -> Floats:
        """Relative illumination (height, width)."""
        out = np.empty((self.height, self.width), np.float32)
        lib.image_sensor_illumination(self._c, self.width, self.height, _buffer("float[]", out, True))
        return out


@dataclass(frozen=True, slots=True)
class View:
    """How a lens looks at the scene during one frame: `rotation` is row major, scene <- lens axes."""

    position_m: tuple[float, ...]
    rotation: tuple[float, ...]
    rate_rad_s: tuple[float, ...]
    line_time_s: float
    exposure_s: float

    def to_c(self) -> Any:
        return ffi.new(
            "view_t *",
            {
                "position": self.position_m,
                "rotation": self.rotation,
                "rate": self.rate_rad_s,
                "line_time_s": self.line_time_s,
                "exposure_s": self.exposure_s,
            },
        )


# What C structures point at lives as long as they do.
_pointed_at: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Sunlight:
    """Sunlight at the scene: unit direction to the Sun, irradiance in three bands [W m^-2], radius [rad].

    planet: that shines back on the scene. sunlit: share of the Sun that it does not hide; the irradiance
    is what is left.
    """

    direction: tuple[float, ...]
    irradiance: tuple[float, ...]
    radius_rad: float
    sunlit: float = 1.0
    planet: "PlanetView | None" = None

    def to_c(self) -> Any:
        light = ffi.new("sunlight_t *", [self.direction, self.irradiance, self.radius_rad, self.sunlit])
        if self.planet is not None:
            light.planet = planet = self.planet.to_c()
            lib.planet_glow(planet, light.glow)
            _pointed_at[light] = planet
        return light


@dataclass(frozen=True, slots=True)
class SkyBody:
    """A disc or point behind the scene; `luminous`: shines by itself with `irradiance` at the camera."""

    direction: tuple[float, ...]
    angular_radius_rad: float
    sun_direction: tuple[float, ...]
    albedo: tuple[float, ...]
    irradiance: tuple[float, ...]
    luminous: bool = False


@dataclass(frozen=True, slots=True)
class Air:
    """One layer: optical depth straight up, scale height, asymmetry of its scattering, albedo per band."""

    depth: float
    scale_km: float
    forward: float
    albedo: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class PlanetView:
    """A planet near by. centre_km: from the camera, scene frame; to_body: row major, body-fixed <- scene;
    sun: from the planet, unit, scene frame; ground: of `planet_ground`."""

    centre_km: tuple[float, ...]
    to_body: tuple[float, ...]
    sun: tuple[float, ...]
    equatorial_km: float
    polar_km: float
    irradiance: tuple[float, ...]
    air: tuple[Air, Air]
    ground: NDArray[np.uint16]

    def __post_init__(self) -> None:
        if self.ground.size != lib.PLANET_MAP_WORDS or self.ground.dtype != np.uint16:
            raise FswError(f"map of {self.ground.size} words: {lib.PLANET_MAP_WORDS} expected")
        x, y, z = self.centre_km
        if x * x + y * y + z * z <= self.equatorial_km * self.equatorial_km:
            raise FswError("planet: the camera is inside of it")

    def to_c(self) -> Any:
        air = [[layer.depth, layer.scale_km, layer.forward, layer.albedo] for layer in self.air]
        return ffi.new(
            "planet_t *",
            {
                "centre_km": self.centre_km,
                "to_body": self.to_body,
                "sun": self.sun,
                "equatorial_km": self.equatorial_km,
                "polar_km": self.polar_km,
                "irradiance": self.irradiance,
                "air": air,
                "map": _buffer("uint16_t[]", self.ground),
            },
        )

    def radiance(self, direction: Any, pixel_rad: float) -> tuple[tuple[float, float, float], float]:
        """Along a ray from the camera (scene frame), per band, and how much it hides of what is behind."""
        out, hidden = ffi.new("float[1][3]"), ffi.new("float[1]")
        vector = ffi.new("double[1][3]", [[float(v) for v in direction]])
        lib.planet_radiance(self.to_c(), 1, vector, pixel_rad, out, hidden)
        return (out[0][0], out[0][1], out[0][2]), float(hidden[0])


def planet_ground(seed: int) -> NDArray[np.uint16]:
    """What the surface of Mars looks like, for `PlanetView`: about a second's work, 9 MB."""
    out = np.empty(lib.PLANET_MAP_WORDS, np.uint16)
    work = np.empty(lib.PLANET_MAP_NORTH**2, np.float32)
    lib.planet_map_make(_buffer("uint16_t[]", out, True), _buffer("float[]", work, True), seed)
    out.flags.writeable = False
    return out


def foil_map(seed: int) -> Floats:
    """Slope maps of crumpled foil with their box-filtered halves."""
    out = np.empty(lib.FOIL_FLOATS, np.float32)
    lib.materials_make_foil(_buffer("float[]", out, True), seed)
    return out


class TriangleScene:
    """Triangles with materials in a tree of boxes. Immutable once built; shareable between threads.

    position (v, 3) [m], normal (v, 3), uv (v, 2) [m], corner (f, 3), material (f,), part (f,);
    materials (n, MATERIAL_FLOATS); foil from `foil_map`.
    """

    def __init__(
        self,
        position: Floats,
        normal: Floats,
        uv: Floats,
        corner: NDArray[np.int32],
        material: NDArray[Any],
        part: NDArray[Any],
        materials: Floats,
        foil: Floats,
    ) -> None:
        faces, vertices = len(corner), len(position)
        if faces < 1 or int(corner.min()) < 0 or int(corner.max()) >= vertices:
            raise FswError(f"{faces} triangles over {vertices} vertices: at least one, all corners existing")
        if materials.shape[1] != MATERIAL_FLOATS or int(material.max()) >= len(materials):
            raise FswError(f"material table {materials.shape}: rows of {MATERIAL_FLOATS}, one per index used")
        if foil.size != lib.FOIL_FLOATS:
            raise FswError(f"foil map of {foil.size} floats: {lib.FOIL_FLOATS} expected")
        self._position = np.ascontiguousarray(position, np.float32)
        self._corner = np.ascontiguousarray(corner, np.int32)
        self._vertices = np.zeros(vertices, VERTEX)
        self._vertices["normal"], self._vertices["uv"] = normal, uv
        a, b, c = (self._position[self._corner[:, k]] for k in range(3))
        e, f = b - a, c - a
        cross = np.stack([e[:, i] * f[:, j] - e[:, j] * f[:, i] for i, j in ((1, 2), (2, 0), (0, 1))], 1)
        length = np.sqrt(cross[:, 0] * cross[:, 0] + cross[:, 1] * cross[:, 1] + cross[:, 2] * cross[:, 2])
        self._faces = np.zeros(faces, FACE)
        self._faces["corner"], self._faces["material"], self._faces["part"] = corner, material, part
        self._faces["normal"] = cross / np.maximum(length, np.float32(1e-20))[:, None]
        self._materials = np.ascontiguousarray(materials, np.float32)
        self._foil = foil
        self._nodes = _aligned((faces + 1) * ffi.sizeof("bvh_node_t"))
        self._packs = _aligned(faces * ffi.sizeof("bvh_pack_t"))
        scratch = np.empty(lib.ray_caster_scratch_size(faces), np.uint8)
        self._c = ffi.new("scene_t *")
        self._c.nodes = _buffer("bvh_node_t[]", self._nodes, True)
        self._c.packs = _buffer("bvh_pack_t[]", self._packs, True)
        self._c.vertices = ffi.cast(
            "scene_vertex_t *", _buffer("uint8_t[]", self._vertices.view(np.uint8), True)
        )
        self._c.faces = ffi.cast("scene_face_t *", _buffer("uint8_t[]", self._faces.view(np.uint8)))
        self._c.materials = ffi.cast("material_t *", _buffer("float[]", self._materials.reshape(-1)))
        self._c.foil = _buffer("float[]", self._foil)
        self._c.face_count, self._c.vertex_count = faces, vertices
        used = lib.ray_caster_build(
            _buffer("float[]", self._position),
            _buffer("int32_t[]", self._corner),
            faces,
            _buffer("bvh_node_t[]", self._nodes, True),
            _buffer("bvh_pack_t[]", self._packs, True),
            _buffer("uint8_t[]", scratch, True),
        )
        self.node_count, self.pack_count = used >> 32, used & 0xFFFFFFFF

    @property
    def face_count(self) -> int:
        return len(self._faces)

    def bake(self, light: Sunlight, hemisphere: Floats) -> None:
        """Light that bounced once, at every vertex. Call once, before sharing. hemisphere (n, 3): cosine."""
        centre = self._centres()
        start = self._position + np.float32(0.08) * (centre - self._position)
        hemisphere = np.ascontiguousarray(hemisphere, np.float32)
        lib.shading_bake(
            self._c,
            light.to_c(),
            _buffer("float[]", np.ascontiguousarray(start, np.float32)),
            _buffer("float[]", hemisphere),
            len(hemisphere),
        )

    @property
    def baked(self) -> NDArray[Any]:
        """What `bake` found, a row of `VERTEX` for each vertex."""
        return self._vertices

    def take_baked(self, rows: NDArray[Any]) -> None:
        """Light from a bake of this scene among others. Call once, before sharing."""
        if rows.shape != self._vertices.shape or rows.dtype != VERTEX:
            raise FswError(f"{rows.shape} baked vertices: {self._vertices.shape} expected")
        for name in ("bounce", "open"):
            self._vertices[name] = rows[name]

    def set_albedo(self, albedo: Floats) -> None:
        """Of natural ground (world/site.h), (v, 3), at each vertex. Call after `bake`, before sharing."""
        if albedo.shape != (len(self._vertices), 3):
            raise FswError(f"albedo {albedo.shape}: {(len(self._vertices), 3)} expected")
        self._vertices["spare"][:, :3] = albedo

    def _centres(self) -> Floats:
        """Mean of the centres of the faces round each vertex (v, 3)."""
        count = len(self._position)
        third = np.float32(1 / 3)
        a, b, c = (self._position[self._corner[:, k]] for k in range(3))
        middle = ((a + b) + c) * third
        total = np.zeros((count, 3))
        number = np.zeros(count)
        for k in range(3):
            number += np.bincount(self._corner[:, k], minlength=count)
            for axis in range(3):
                total[:, axis] += np.bincount(self._corner[:, k], middle[:, axis], count)
        return (total / np.maximum(number, 1)[:, None]).astype(np.float32)

    def nearest(
        self, origin: Floats, direction: Floats, together: bool = False
    ) -> tuple[NDArray[np.int32], Floats]:
        """Faces hit (-1: none) and distances of rays (n, 3); together: in groups of 64, as they come."""
        origin, direction = _rays(origin, direction)
        face, distance = np.empty(len(origin), np.int32), np.empty(len(origin), np.float32)
        (lib.ray_group_nearest_many if together else lib.ray_caster_nearest_many)(
            self._c.nodes,
            self._c.packs,
            len(origin),
            _buffer("float[]", origin),
            _buffer("float[]", direction),
            _buffer("int32_t[]", face, True),
            _buffer("float[]", distance, True),
        )
        return face, distance

    def blocked(self, origin: Floats, side: Floats, direction: tuple[float, ...]) -> NDArray[np.bool_]:
        """Which rays of one direction hit anything, in groups of 64, as they come. side (n, 3): away from the
        surface that they start from; each group goes by its first."""
        origin, side = _rays(origin, side)
        blocked = np.empty(len(origin), np.bool_)
        lib.ray_group_blocked_many(
            self._c.nodes,
            self._c.packs,
            len(origin),
            _buffer("float[]", origin),
            _buffer("float[]", side),
            direction,
            _buffer("uint8_t[]", blocked.view(np.uint8), True),
        )
        return blocked


def _rays(origin: Floats, direction: Floats) -> tuple[Floats, Floats]:
    origin = np.ascontiguousarray(origin, np.float32)
    direction = np.ascontiguousarray(direction, np.float32)
    if origin.shape != direction.shape or origin.ndim != 2 or origin.shape[1] != 3:
        raise FswError(f"rays {origin.shape} and {direction.shape}: both (n, 3)")
    return origin, direction


class Canvas:
    """Radiance of one picture being drawn: `radiance` (h, w, 4) red, green, blue [W m^-2 sr^-1] and coverage;
    `span` (h, 2) columns that may hold light."""

    def __init__(self, lens: Lens, view: View) -> None:
        self.lens, self.view = lens, view
        self._view = view.to_c()
        self.radiance = np.zeros((lens.height, lens.width, 4), np.float32)
        self.span = np.zeros((lens.height, 2), np.int32)
        self._c = ffi.new("canvas_t *")
        self._c.radiance = _buffer("float[]", self.radiance, True)
        self._c.span = _buffer("int32_t[]", self.span, True)
        self._c.width, self._c.height = lens.width, lens.height

    @property
    def dark(self) -> bool:
        return not bool((self.span[:, 0] < self.span[:, 1]).any())

    def draw_scene(self, scene: TriangleScene, light: Sunlight) -> tuple[int, int, int]:
        """Draws the model, first of all. Returns tiles looked into, pixels hit, pixels supersampled."""
        size = lib.frame_renderer_scratch_size(self.lens.width, self.lens.height)
        scratch = np.zeros(size, np.uint8)
        report = lib.frame_renderer_draw(
            scene._c,
            light.to_c(),
            self.lens._c,
            self._view,
            self.lens.width,
            self.lens.height,
            self._c.radiance,
            self._c.span,
            _buffer("uint8_t[]", scratch, True),
        )
        return report.tiles, report.pixels_hit, report.pixels_refined

    def draw_body(self, body: SkyBody) -> bool:
        """Adds a disc or point behind the model."""
        return bool(
            lib.sky_draw_body(
                self._c,
                self.lens._c,
                self._view,
                ffi.new(
                    "sky_body_t *",
                    [
                        body.direction,
                        body.angular_radius_rad,
                        body.sun_direction,
                        body.albedo,
                        body.irradiance,
                        int(body.luminous),
                    ],
                ),
            )
        )

    def draw_planet(self, planet: PlanetView) -> int:
        """Draws it behind the model and before what follows. Returns how many pixels it lies on."""
        return int(lib.planet_draw(self._c, self.lens._c, self._view, planet.to_c()))

    def draw_stars(self, direction: Floats, irradiance: Floats) -> int:
        """Adds points: direction (n, 3), irradiance (n, 3) [W m^-2]. Returns how many are in the picture."""
        if direction.shape != irradiance.shape or direction.shape[1:] != (3,):
            raise FswError(f"stars {direction.shape} and {irradiance.shape}: both (n, 3)")
        return int(
            lib.sky_draw_stars(
                self._c,
                self.lens._c,
                self._view,
                len(direction),
                _buffer("float[]", np.ascontiguousarray(direction, np.float32)),
                _buffer("float[]", np.ascontiguousarray(irradiance, np.float32)),
            )
        )


def sensor_patterns(serial: int, width: int, height: int) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Gain and offset patterns (height, width) of one sensor, standard deviation 32."""
    gain, offset = np.empty((height, width), np.int8), np.empty((height, width), np.int8)
    lib.image_sensor_patterns(
        serial & 0xFFFFFFFF,
        width,
        height,
        _buffer("int8_t[]", gain, True),
        _buffer("int8_t[]", offset, True),
    )
    return gain, offset


@dataclass(frozen=True, slots=True)
class Ghost:
    """A lens ghost: an even disc at x, y [px] holding `energy` (3 bands) [W m^-2 sr^-1 px]."""

    x: float
    y: float
    radius_px: float
    energy: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Glare:
    """Scattered light round a very bright source at x, y [px]: `share` of its `energy`, falling as r^-3."""

    x: float
    y: float
    radius_px: float
    share: float
    energy: tuple[float, float, float]


def expose(
    canvas: Canvas,
    setting: dict[str, Any],
    illumination: Floats,
    gain: NDArray[np.int8],
    offset: NDArray[np.int8],
    seed: int,
    flare: tuple[Ghost | Glare, ...] = (),
) -> NDArray[np.uint16]:
    """Bayer numbers (height, width) of what was drawn. `setting`: fields of sensor_setting_t."""
    width, height = canvas.lens.width, canvas.lens.height
    for name, array in (("illumination", illumination), ("gain", gain), ("offset", offset)):
        if array.shape != (height, width):
            raise FswError(f"{name} {array.shape}: {(height, width)} expected")
    c_setting = ffi.new("sensor_setting_t *", setting)
    across = lib.SENSOR_SKIRT_ACROSS
    cell = (width + across - 1) // across
    skirt = ffi.NULL
    keep = None
    if not canvas.dark:
        size = across * ((height + cell - 1) // cell) * 3
        keep = np.empty(3 * size, np.float32)
        pointer = _buffer("float[]", keep, True)
        most = lib.image_sensor_skirt(
            c_setting, canvas._c.radiance, canvas._c.span, width, height, pointer, pointer + size
        )
        for each in flare:
            if isinstance(each, Glare):
                lib.image_sensor_glare(
                    pointer, width, height, each.x, each.y, each.radius_px, each.share, each.energy
                )
            else:
                lib.image_sensor_ghost(pointer, width, height, each.x, each.y, each.radius_px, each.energy)
        if most > 0 or flare:
            skirt = pointer
    dn = np.empty((height, width), np.uint16)
    row = np.empty(width + 8, np.float32)
    lib.image_sensor_expose(
        c_setting,
        canvas._c.radiance,
        canvas._c.span,
        skirt,
        _buffer("float[]", illumination),
        _buffer("int8_t[]", gain),
        _buffer("int8_t[]", offset),
        seed & 0xFFFFFFFFFFFFFFFF,
        width,
        height,
        _buffer("float[]", row, True),
        _buffer("uint16_t[]", dn, True),
    )
    return dn


_curve = ffi.new("develop_setting_t *")
lib.develop_curve(_curve)
DEVELOP_WHITE = lib.DEVELOP_WHITE


def develop(dn: NDArray[np.uint16], black: int, balance: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Picture (height, width, 3) for the eye. balance: red, green, blue in 1/256, white at DEVELOP_WHITE."""
    height, width = dn.shape
    if height < 6 or width < 6 or height % 2 or width % 2 or width > 4096:
        raise FswError(f"raw picture {width} x {height}: even sizes, 6 to 4096 are allowed")
    setting = ffi.new("develop_setting_t *")
    ffi.memmove(setting, _curve, ffi.sizeof("develop_setting_t"))
    setting.black, setting.balance = black, balance
    work = np.empty(5 * (width + 8), np.int16)
    rgb = np.empty((height, width, 3), np.uint8)
    lib.develop_picture(
        setting,
        _buffer("uint16_t[]", np.ascontiguousarray(dn, np.uint16)),
        width,
        height,
        _buffer("int16_t[]", work, True),
        _buffer("uint8_t[]", rgb, True),
    )
    return rgb


def thumbnail(rgb: NDArray[np.uint8], cell: int) -> NDArray[np.uint8]:
    """Mean of cell x cell pixels."""
    height, width = rgb.shape[:2]
    if not 1 <= cell <= min(height, width) or width // cell > 4096:
        raise FswError(f"cells of {cell} in a picture of {width} x {height}")
    out = np.empty((height // cell, width // cell, 3), np.uint8)
    lib.develop_thumbnail(
        _buffer("uint8_t[]", np.ascontiguousarray(rgb)), width, height, cell, _buffer("uint8_t[]", out, True)
    )
    return out
