"""Does the released camera come back to its host? The probability, over dispersions of the release.

Re-contact, for a radius: having been farther from the host's origin than that, the camera is nearer again.
With the radius of the sphere that holds all of the host, nobody who is not counted can have touched it, by
coming back; with larger ones it is a keep-out sphere that is entered.

Varied are speed, direction, spin and instant of the release: as [dispersions] say, and on top of that as one
firing of the release mechanism differs from the next. The orbiter's attitude is the one that it should have
at the planned release. Spin decides by its axis: it turns the camera's faces through the sunlight, whose
average push differs from the host's. Its rate decides nothing, as long as it is many turns in a revolution.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.campaign.likelihood import interval
from fsw.campaign.relative_motion import SUNLIGHT_N_M2, Nature, Returns, step, watch
from fsw.campaign.variation import dispersions_of
from fsw.core.errors import FswError
from fsw.devices.release_mechanism import DIRECTION_SPREAD, SPEED_SPREAD
from fsw.kernel.seeds import Streams
from fsw.kernel.time import DAY, SECOND
from fsw.missions import MissionFile
from fsw.missions.dispersions import Dispersion
from fsw.missions.recontact import Recontact
from fsw.world.heavens import Heavens
from fsw.world.orbit import PlanetOrbit
from fsw.world.special import PI
from fsw.world.vectors import rotate, unit

Doubles = npt.NDArray[np.float64]

BLOCK = 4096  # draws propagated together: what fits a processor's cache
KEEP_OUT_M = (50.0, 200.0, 1000.0)
SPIN_PHASES = 24
STEPS_TO_TOGETHER = 4  # from each one's release to the instant at which all are out


@dataclass(frozen=True, slots=True)
class Question:
    """draws: how many releases. days: how long to watch, None for the mission's. keep_out_m: radii besides
    the host's own. any_direction: the camera leaves in whatever direction, all as likely, instead of near the
    mission's own."""

    draws: int = 20_000
    seed: int = 1
    days: float | None = None
    keep_out_m: tuple[float, ...] = KEEP_OUT_M
    any_direction: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """radii_m: the host's own first. columns: an array of `draws` for each name (see `COLUMNS`). summary:
    what the file `recontact.json` holds."""

    radii_m: tuple[float, ...]
    columns: dict[str, Doubles]
    summary: dict[str, Any]


COLUMNS = {
    "speed_m_s": ("m/s", "of the release"),
    "off_nominal_deg": ("deg", "between the way out and the mission's release direction"),
    "late_s": ("s", "after the planned instant"),
    "tumble_deg_s": ("deg/s", "rate of the spin"),
    "camera_area_m2": ("m2", "towards the Sun, averaged over the spin"),
    "ahead_m_s": ("m/s", "of the release's velocity, along the host's own about planet or Sun"),
    "outwards_m_s": ("m/s", "likewise, away from planet or Sun, at right angles to that"),
    "aside_m_s": ("m/s", "likewise, along the orbit's normal"),
    "closest_return_m": (
        "m",
        "least distance from the host's origin since the camera, beyond all radii, began to come nearer "
        "again; infinite where it never did",
    ),
    "closest_return_s": ("s", "when that was, from the release window's end"),
    "end_m": ("m", "distance at the end"),
}


def ask(mission: MissionFile, question: Question) -> Answer:
    """Raises FswError: the mission has no [recontact] or [dispersions], or a value is not allowed."""
    figures = mission.recontact
    if figures is None:
        raise FswError(f"mission {mission.name}: the question of re-contact needs a table [recontact]")
    if any(radius <= figures.host_radius_m for radius in question.keep_out_m):
        raise FswError(f"keep-out radii: allowed are those above the host's own, {figures.host_radius_m:g} m")
    radii = (figures.host_radius_m, *sorted(question.keep_out_m))
    days = figures.days if question.days is None else question.days
    scene = _Scene(mission, figures)
    columns = _drawn(mission, question)
    returns = []
    for at in range(0, question.draws, BLOCK):
        block = {name: values[at : at + BLOCK] for name, values in columns.items()}
        returns.append(scene.watched(block, days * DAY / SECOND, np.array(radii)))
    found = _joined(returns)
    names = ("speed_m_s", "off_nominal_deg", "late_s", "tumble_deg_s")
    table = {name: columns[name] for name in names} | scene.told(columns)
    table["closest_return_m"], table["closest_return_s"] = found.closest_m, found.closest_s
    table["end_m"] = found.end_m
    return Answer(radii, table, _summary(mission, question, days, scene, radii, found))


# ---- draws ------------------------------------------------------------------------------------------


def _drawn(mission: MissionFile, question: Question) -> dict[str, Doubles]:
    """By name: what COLUMNS has of it, directions (n, 3) in body axes, and axes of the spin (n, 3)."""
    varied, camera = dispersions_of(mission).varied(), mission.camera
    streams, count = Streams(question.seed), question.draws

    def source(name: str) -> np.random.Generator:
        # A counted stream of PCG64 and its uniform doubles only: the same in every numpy.
        return np.random.Generator(np.random.PCG64(streams.seed_of(f"recontact {name}")))

    def values(name: str, otherwise: float) -> Doubles:
        return _draws(varied[name], source(name), count) if name in varied else np.full(count, otherwise)

    firing = source("firing")
    speed = values("separation_speed_m_s", camera.separation_speed_m_s)
    speed = speed * (1.0 + SPEED_SPREAD * _normal(firing, count))
    nominal = np.array(unit(mission.orbiter.release_direction))
    if question.any_direction:
        direction = _on_sphere(source("direction"), count)
    else:
        off = np.radians(values("direction_off_deg", 0.0))
        about = 2.0 * PI * source("azimuth").random(count)
        aside = np.cross(nominal, np.eye(3)[np.abs(nominal).argmin()])
        aside /= np.linalg.norm(aside)
        across = np.cos(about)[:, None] * aside + np.sin(about)[:, None] * np.cross(nominal, aside)
        direction = np.cos(off)[:, None] * nominal + np.sin(off)[:, None] * across
        tilt = np.stack([_normal(firing, count) for _ in range(3)], axis=1)
        direction = direction + DIRECTION_SPREAD * tilt
        direction /= np.linalg.norm(direction, axis=1)[:, None]
    sine = np.linalg.norm(np.cross(direction, nominal), axis=1)
    return {
        "speed_m_s": speed,
        "direction": direction,
        "off_nominal_deg": np.degrees(np.arctan2(sine, direction @ nominal)),
        "late_s": values("release_late_s", 0.0),
        "tumble_deg_s": values("tumble_deg_s", camera.tumble_deg_s),
        "spin_axis": _on_sphere(source("spin axis"), count),
    }


def _normal(source: np.random.Generator, count: int) -> Doubles:
    """As `fsw.kernel.seeds.Stream.normal`: within six deviations, the sum of twelve uniform numbers."""
    summed: Doubles = source.random((12, count)).sum(axis=0) - 6.0
    return summed


def _draws(dispersion: Dispersion, source: np.random.Generator, count: int) -> Doubles:
    low, high = dispersion.limits
    if dispersion.mean is None or dispersion.deviation is None:
        uniform: Doubles = low + (high - low) * source.random(count)
        return uniform
    values = np.full(count, np.nan)
    while (missing := np.flatnonzero(np.isnan(values))).size:
        drawn = dispersion.mean + dispersion.deviation * _normal(source, missing.size)
        values[missing] = np.where((low <= drawn) & (drawn <= high), drawn, np.nan)
    return values


def _on_sphere(source: np.random.Generator, count: int) -> Doubles:
    z = 1.0 - 2.0 * source.random(count)
    about = 2.0 * PI * source.random(count)
    radius = np.sqrt(np.maximum(0.0, 1.0 - z * z))
    return np.stack([radius * np.cos(about), radius * np.sin(about), z], axis=1)


# ---- from draws to returns --------------------------------------------------------------------------


class _Scene:
    """The host on its path about the release, and what sunlight does to it."""

    def __init__(self, mission: MissionFile, figures: Recontact) -> None:
        self.mission, self.figures = mission, figures
        heavens = Heavens.of(mission)
        path, release_ns = heavens.trajectory, mission.release_ns
        late = dispersions_of(mission).release_late_s
        early_s, late_s = (0.0, 0.0) if late is None else late.limits
        self.first_ns = release_ns + round(min(early_s, 0.0) * SECOND)
        self.span_s = max(late_s, 0.0) - min(early_s, 0.0) + 1.0
        self.early_s = -min(early_s, 0.0)
        planet = heavens.planet
        pole = None if planet is None else planet.equator(heavens.epoch.tdb_ns(release_ns))[2]
        self.nature = Nature(heavens.ephemeris, planet, pole)
        state = path.planet_centred_state if isinstance(path, PlanetOrbit) else path.state
        position, velocity = state(self.first_ns)
        self.host = np.array(position), np.array(velocity)
        attitude = heavens.attitude.target(release_ns)
        axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        self.body = np.array([rotate(attitude, axis) for axis in axes])  # rows: its axes in the ICRF
        self.sun = self.body @ np.array(heavens.direction("sun", release_ns).unit)  # body axes
        self.host_push = _push_km_s2(figures.host_area_m2, figures.host_reflectivity, mission.orbiter.mass_kg)

    def areas_m2(self, columns: dict[str, Doubles]) -> Doubles:
        """Of the cube that the camera is, towards the Sun, averaged over its spin."""
        z = columns["direction"]
        x = np.cross(np.eye(3)[np.abs(z).argmin(axis=1)], z)
        x /= np.linalg.norm(x, axis=1)[:, None]
        sun = np.stack([x @ self.sun, np.cross(z, x) @ self.sun, z @ self.sun], axis=1)
        axis = columns["spin_axis"]
        along = np.einsum("ij,ij->i", axis, sun)[:, None] * axis
        across, beyond = sun - along, np.cross(axis, sun)
        total = np.zeros(len(z))
        for phase in 2.0 * PI * np.arange(SPIN_PHASES) / SPIN_PHASES:
            total += np.abs(along + np.cos(phase) * across + np.sin(phase) * beyond).sum(axis=1)
        mean: Doubles = self.mission.camera.edge_m**2 * total / SPIN_PHASES
        return mean

    def _released(self, columns: dict[str, Doubles]) -> tuple[Doubles, Doubles, Doubles, Doubles, Doubles]:
        """The host at each release, and what the camera has more than it: position [km], velocity [km/s]."""
        wait_s = columns["late_s"] + self.early_s
        count = len(wait_s)
        position, velocity = (np.tile(part, (count, 1)) for part in self.host)
        position, velocity = self._carried(position, velocity, np.full(count, self.host_push), wait_s)
        push = 1e-3 * (columns["speed_m_s"][:, None] * columns["direction"]) @ self.body
        point = 1e-3 * np.array(self.mission.orbiter.release_point_m) @ self.body
        return position, velocity, point, push, wait_s

    def _carried(
        self, position: Doubles, velocity: Doubles, push: Doubles, by_s: Doubles
    ) -> tuple[Doubles, Doubles]:
        """Each by its own time, a minute or so."""
        field = self.nature.field(self.first_ns, push, position[0])
        h = (by_s / STEPS_TO_TOGETHER)[:, None]
        for _ in range(STEPS_TO_TOGETHER):
            position, velocity = step(field, position, velocity, h)
        return position, velocity

    def watched(self, columns: dict[str, Doubles], duration_s: float, radii_m: Doubles) -> Returns:
        mission, figures = self.mission, self.figures
        position, velocity, point, push, wait_s = self._released(columns)
        sunlight = _push_km_s2(self.areas_m2(columns), figures.camera_reflectivity, mission.camera.mass_kg)
        cameras = self._carried(position + point, velocity + push, sunlight, self.span_s - wait_s)
        host = self._carried(
            self.host[0][None], self.host[1][None], np.array([self.host_push]), np.array([self.span_s])
        )
        return watch(
            self.nature,
            self.first_ns + round(self.span_s * SECOND),
            (host[0][0], host[1][0]),
            cameras,
            (self.host_push, sunlight),
            duration_s,
            radii_m,
        )

    def told(self, columns: dict[str, Doubles]) -> dict[str, Doubles]:
        """What of COLUMNS follows from the draws."""
        position, velocity, _, push, _ = self._released(columns)
        ahead = velocity / np.linalg.norm(velocity, axis=1)[:, None]
        normal = np.cross(position, velocity)
        normal /= np.linalg.norm(normal, axis=1)[:, None]
        axes = {"ahead_m_s": ahead, "outwards_m_s": np.cross(ahead, normal), "aside_m_s": normal}
        parts = {name: 1e3 * np.einsum("ij,ij->i", push, axis) for name, axis in axes.items()}
        return {"camera_area_m2": self.areas_m2(columns)} | parts

    def period_s(self) -> float | None:
        """Of the host about its planet."""
        if self.nature.planet is None:
            return None
        gm = self.nature.gm_km3_s2
        radius, speed = np.linalg.norm(self.host[0]), np.linalg.norm(self.host[1])
        axis = 1.0 / (2.0 / radius - speed * speed / gm)
        return float(2.0 * PI * np.sqrt(axis**3 / gm))


def _push_km_s2(area_m2: Any, reflectivity: float, mass_kg: float) -> Any:
    """Of sunlight at 1 au, away from the Sun."""
    return 1e-3 * SUNLIGHT_N_M2 * reflectivity * area_m2 / mass_kg


def _joined(returns: list[Returns]) -> Returns:
    return Returns(
        *(
            np.concatenate([getattr(block, name) for block in returns], axis=-1)
            for name in ("closest_m", "closest_s", "first_s", "end_m")
        )
    )


def _summary(
    mission: MissionFile,
    question: Question,
    days: float,
    scene: _Scene,
    radii: tuple[float, ...],
    found: Returns,
) -> dict[str, Any]:
    period_s = scene.period_s()
    rows = []
    for radius, first in zip(radii, found.first_s, strict=True):
        came = np.isfinite(first)
        low, high = interval(int(came.sum()), question.draws)
        row: dict[str, Any] = {
            "radius_m": radius,
            "recontacts": int(came.sum()),
            "probability": float(came.mean()),
            "low_95": low,
            "high_95": high,
            "median_first_h": float(np.median(first[came])) / 3600 if came.any() else None,
        }
        if period_s is not None:
            # About the end of the first revolution (and before), the second, ...
            number = np.maximum(1, np.rint(first[came] / period_s)).astype(int)
            row["by_revolution"] = {str(n): int((number == n).sum()) for n in np.unique(number)}
        rows.append(row)
    ever = found.closest_m[np.isfinite(found.closest_m)]
    return {
        "mission": mission.name,
        "draws": question.draws,
        "seed": question.seed,
        "direction": "any" if question.any_direction else "dispersed",
        "days": days,
        "period_h": None if period_s is None else period_s / 3600,
        "radii": rows,
        "closest_return_m": float(ever.min()) if ever.size else None,
        "turned_back": int(ever.size),
        "end_m": {"least": float(found.end_m.min()), "most": float(found.end_m.max())},
    }
