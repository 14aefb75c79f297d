"""From a mission file, a campaign's seed and a run's number to the mission that this run flies.

Each quantity has a stream of its own, named for run and quantity: what is varied besides it, and how many
runs there are, change nothing of what it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fsw.core.errors import FswError
from fsw.kernel.seeds import Stream, Streams
from fsw.kernel.time import SECOND
from fsw.missions import Mission, MissionFile
from fsw.missions.dispersions import Dispersions
from fsw.world.special import sine_cosine_degrees
from fsw.world.vectors import Vector, add, cross, scale, unit

AZIMUTH = "azimuth_deg"  # of the direction, about the nominal one


@dataclass(frozen=True, slots=True)
class Variation:
    """One run. seed: of its flight. drawn: by quantity, and the azimuth where the direction is varied."""

    run: int
    seed: int
    mission: MissionFile
    drawn: dict[str, float]


def varied(mission: MissionFile, campaign_seed: int, run: int) -> Variation:
    """Run `run` of the campaign with that seed, from 0. Raises FswError if the mission varies nothing."""
    drawn = {}
    for name, dispersion in dispersions_of(mission).varied().items():
        drawn[name] = dispersion.draw(Stream(campaign_seed, f"run {run}/{name}"))
    if "direction_off_deg" in drawn:
        drawn[AZIMUTH] = Stream(campaign_seed, f"run {run}/{AZIMUTH}").between(0.0, 360.0)
    seed = Streams(campaign_seed).seed_of(f"run {run}")
    return Variation(run, seed, with_values(mission, drawn), drawn)


def varies_a_release(mission: Mission) -> bool:
    """Whether a campaign can fly it: it sets a camera free, and says what varies."""
    return isinstance(mission, MissionFile) and not mission.camera_stays and mission.dispersions is not None


def dispersions_of(mission: MissionFile) -> Dispersions:
    """What it varies. Raises FswError if that is nothing."""
    if mission.dispersions is None:
        raise FswError(f"mission {mission.name}: a campaign needs tables [dispersions.*], and it has none")
    return mission.dispersions


def check_limits(mission: MissionFile) -> None:
    """Raises FswError if a mission at one of the limits is not allowed, rather than in mid-campaign."""
    for name, dispersion in dispersions_of(mission).varied().items():
        for limit in dispersion.limits:
            try:
                with_values(mission, {name: limit})
            except FswError as error:
                raise FswError(f"dispersions.{name}.limits: at {limit:g}: {error}") from error


def with_values(mission: MissionFile, drawn: dict[str, float]) -> MissionFile:
    """The mission with these values in place of its own. Raises FswError where they do not go together."""
    for name, value in drawn.items():
        if name in _APPLY:
            mission = _APPLY[name](mission, value)
    if "direction_off_deg" in drawn:
        nominal = unit(mission.orbiter.release_direction)
        direction = tilted(nominal, drawn["direction_off_deg"], drawn.get(AZIMUTH, 0.0))
        mission = replace(mission, orbiter=replace(mission.orbiter, release_direction=direction))
    return mission


def tilted(nominal: Vector, off_deg: float, azimuth_deg: float) -> Vector:
    """A unit vector so far from another, in a direction counted about it from an arbitrary, fixed one."""
    least = min(range(3), key=lambda k: abs(nominal[k]))
    other: Vector = tuple(1.0 if k == least else 0.0 for k in range(3))  # type: ignore[assignment]
    aside = unit(cross(other, nominal))
    beyond = cross(nominal, aside)
    (so, co), (sa, ca) = sine_cosine_degrees(off_deg), sine_cosine_degrees(azimuth_deg)
    return unit(add(scale(nominal, co), scale(add(scale(aside, ca), scale(beyond, sa)), so)))


def _camera(name: str) -> Callable[[MissionFile, float], MissionFile]:
    def apply(mission: MissionFile, value: float) -> MissionFile:
        figures: dict[str, float] = {name: value}
        return replace(mission, camera=replace(mission.camera, **figures))  # type: ignore[arg-type]

    return apply


def _wifi_loss(mission: MissionFile, db: float) -> MissionFile:
    return replace(mission, wifi=replace(mission.wifi, other_losses_db=mission.wifi.other_losses_db + db))


def _sun_off(mission: MissionFile, deg: float) -> MissionFile:
    angle = mission.attitude.sun_from_plus_x_deg + deg
    return replace(mission, attitude=replace(mission.attitude, sun_from_plus_x_deg=angle))


def _release_late(mission: MissionFile, late_s: float) -> MissionFile:
    utc = mission.epoch.utc(mission.release_ns + round(late_s * SECOND), 9)
    return replace(mission, mission=replace(mission.mission, release_utc=utc))


_APPLY: dict[str, Callable[[MissionFile, float], MissionFile]] = {
    "separation_speed_m_s": _camera("separation_speed_m_s"),
    "tumble_deg_s": _camera("tumble_deg_s"),
    "battery_wh": _camera("battery_wh"),
    "wifi_loss_db": _wifi_loss,
    "sun_off_deg": _sun_off,
    "release_late_s": _release_late,
}
