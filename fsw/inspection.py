"""The inspection flight: a small camera, its host and nature on one clock.

What is asked of it: does the camera, once it is off, touch its host again (re-contact), and does it enter
the keep-out sphere, having left it. The truth decides, not what the camera believes.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fsw.core.errors import FswError
from fsw.devices.release_mechanism import DIRECTION_SPREAD, SPEED_SPREAD
from fsw.kernel.seeds import Stream
from fsw.kernel.time import DAY, SECOND
from fsw.missions.inspection import Host, Inspection
from fsw.tasks.inspection import Reported
from fsw.vehicles.inspector import Inspector, differential_push
from fsw.world.halo import AU_KM, SUN_KM, halo
from fsw.world.relative_motion import Box, Neighbour, Neighbourhood, lightness, push_m_s2
from fsw.world.vectors import Vector, add, length, scale, subtract, unit

HOUR_NS = 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the trajectory: true and estimated position in start axes [m], distance of centres, gap
    between surfaces [m], velocity gained by thrust since the line before [m/s]; the estimate is None where
    there is none."""

    t_ns: int
    at: Vector
    velocity: Vector
    estimate: Vector | None
    distance_m: float
    gap_m: float
    gained: Vector


def surroundings(mission: Inspection) -> Neighbourhood:
    """The host on its orbit, and what acts beside it. The same for all flights of a mission: keep it."""
    host = mission.host
    push = push_m_s2(host.sunlit_m2, host.reflection, host.mass_kg)
    return Neighbourhood(
        _halo(mission.halo.north_km, lightness(push)),
        round(mission.halo.since_crossing_days * DAY),
        differential_push(mission),
        parts_of(host),
    )


@functools.lru_cache(maxsize=8)
def _halo(north_km: float, light: float) -> Any:
    return halo(north_km, light)


def parts_of(host: Host) -> tuple[Box, ...]:
    """The host's boxes."""
    return tuple(Box(part.name, part.low_m, part.high_m) for part in host.part)


class InspectionFlight:
    """One flight, from the release on; a contact ends it. around: from `surroundings`. watch: called with
    each row. Raises FswError: the camera is released inside its host."""

    def __init__(
        self,
        mission: Inspection,
        seed: int,
        around: Neighbourhood,
        watch: Callable[[Row], object] = lambda row: None,
    ) -> None:
        self.mission = mission
        self.around = around
        self.events: list[tuple[int, Reported]] = []
        self.keep_out_entered_ns: int | None = None
        self.left_keep_out = False
        self._watch = watch
        release, camera = mission.release, mission.camera
        stream = Stream(seed, "inspector release")
        speed = release.speed_m_s * (1.0 + SPEED_SPREAD * stream.normal())
        tilt = scale((stream.normal(), stream.normal(), stream.normal()), DIRECTION_SPREAD)
        velocity = scale(unit(add(unit(release.direction), tilt)), speed)
        self.body = Neighbour(around, camera.radius_m, release.point_m, velocity)
        if self.body.gap_m() <= 0.0:
            raise FswError("release.point_m: allowed are points further from the host than camera.radius_m")
        sun_km = length(subtract(around.host.state(0)[0], (SUN_KM, 0.0, 0.0)))
        self.inspector = Inspector(
            mission, seed, sun_km / AU_KM, lambda now_ns, said: self.events.append((now_ns, said))
        )
        self.wake_ns = round((camera.boot_s + release.tumble_deg_s / camera.wheels_deg_s2) * SECOND)
        self._gained: Vector = (0.0, 0.0, 0.0)

    def fly(self, until_ns: int | None = None) -> None:
        """All of it: with its software while the battery lasts, then free flight."""
        end_ns = self.mission.default_duration_ns if until_ns is None else until_ns
        fault = self.mission.fault
        active_s = self.mission.camera.active_s
        if fault.kind == "computer-dead":
            active_s = min(active_s, fault.after_s)
        active_ns = min(end_ns, round(active_s * SECOND))
        cycle_ns = round(self.mission.sensor.every_s * SECOND)
        self._row(None)
        t_ns, awake = 0, False
        while t_ns + cycle_ns <= active_ns and self.contact_ns is None:
            t_ns += cycle_ns
            self._advance(t_ns)
            if self.contact_ns is not None:
                self._row(None)
                return
            if t_ns >= self.wake_ns and not awake:
                awake = True
                self.inspector.wake(t_ns)
                self.body.count_anew()
            if awake:
                given, self._gained = self._gained, (0.0, 0.0, 0.0)
                self.inspector.cycle(self.body.at, given, t_ns)
                estimate = self.inspector.estimate()[0]
                self._row(estimate if any(estimate) else None, given)
            else:
                self._row(None)
        while t_ns < end_ns and self.contact_ns is None:
            t_ns = min(end_ns, (t_ns // HOUR_NS + 1) * HOUR_NS)
            self._advance(t_ns)
            self._row(None)

    def _advance(self, until_ns: int) -> None:
        thrusters = self.inspector.thrusters
        while self.body.t_ns < until_ns and self.contact_ns is None:
            change_ns = thrusters.next_ns()
            next_ns = until_ns if change_ns is None else min(until_ns, change_ns)
            thrust = thrusters.acceleration()
            if thrust != (0.0, 0.0, 0.0):
                self._gained = add(self._gained, scale(thrust, (next_ns - self.body.t_ns) / SECOND))
            self.body.fly(next_ns, thrust)
            thrusters.advance(next_ns)

    def _row(self, estimate: Vector | None, given: Vector = (0.0, 0.0, 0.0)) -> None:
        body = self.body
        distance = length(body.at)
        if distance > self.mission.monitor.keep_out_m:
            if not self.left_keep_out:
                body.count_anew()
            self.left_keep_out = True
        elif self.left_keep_out and self.keep_out_entered_ns is None:
            self.keep_out_entered_ns = body.t_ns
        self._watch(Row(body.t_ns, body.at, body.velocity, estimate, distance, body.gap_m(), given))

    @property
    def nearest_m(self) -> float:
        """Least gap since the camera's software took over; until then since it left the keep-out sphere."""
        return self.body.passage.nearest_m

    @property
    def contact_ns(self) -> int | None:
        """When the camera touched its host again."""
        return self.body.passage.contact_ns

    @property
    def aborted(self) -> bool:
        """The monitor has ended the inspection."""
        return any(said.event.name == "ABORT" for _, said in self.events)


def without_monitor(mission: Inspection) -> Inspection:
    """The same, and nobody acts when the camera comes too near."""
    return replace(mission, monitor=replace(mission.monitor, enabled=False))
