"""The inspector: four tasks on one computer, six thrusters and a proximity sensor."""

from collections.abc import Callable
from math import sqrt
from typing import Any

from fsw.devices.proximity_sensor import ProximitySensor, SensorFault, SensorFaults, SensorFigures
from fsw.devices.thrusters import ThrusterFaults, ThrusterFigures, Thrusters
from fsw.kernel.scheduler import Scheduler, TaskSettings
from fsw.kernel.seeds import Streams
from fsw.kernel.time import SECOND
from fsw.missions.inspection import Inspection
from fsw.tasks.collision_monitor import CollisionMonitor, MonitorFigures
from fsw.tasks.inspection import (
    EVENT_PORT,
    GUIDANCE,
    MONITOR,
    NAVIGATION,
    THRUSTER_PORT,
    THRUSTERS,
    Awake,
    CloseLatch,
    Measured,
    Pulse,
    Reported,
    Vector,
)
from fsw.tasks.inspection_guidance import GuidanceFigures, InspectionGuidance
from fsw.tasks.relative_navigation import NavigationFigures, RelativeNavigation
from fsw.tasks.thruster_control import ThrusterControl
from fsw.tasks.thruster_control import ThrusterFigures as ControlFigures
from fsw.world.relative_motion import push_m_s2
from fsw.world.special import PI, sine_cosine_degrees
from fsw.world.vectors import add, cross, dot, scale, subtract, unit

RADIANS = PI / 180.0
FAULT_M_S = 0.004  # that a cycle's thrust may differ by, and by a part of itself, before it is a fault
FAULT_PART = 0.3
APPROACH_M_S = 0.06
_SENSOR_FAULTS: dict[str, SensorFault] = {
    "sensor-lost": "lost",
    "sensor-frozen": "frozen",
    "sensor-scale": "scale",
}


def waypoints(mission: Inspection) -> tuple[Vector, ...]:
    """On the circle, the first as far towards the Sun as its plane lets it be."""
    normal = unit(mission.circuit.normal)
    sunward = (-1.0, 0.0, 0.0)
    first = unit(subtract(sunward, scale(normal, dot(sunward, normal))))
    aside = cross(normal, first)
    found = []
    for k in range(mission.circuit.waypoints):
        s, c = sine_cosine_degrees(360.0 * k / mission.circuit.waypoints)
        found.append(scale(add(scale(first, c), scale(aside, s)), mission.circuit.radius_m))
    return tuple(found)


def differential_push(mission: Inspection) -> float:
    """The camera's less the host's, at one astronomical unit, away from the Sun [m/s2]: negative."""
    camera, host = mission.camera, mission.host
    return push_m_s2(camera.sunlit_m2, camera.reflection, camera.mass_kg) - push_m_s2(
        host.sunlit_m2, host.reflection, host.mass_kg
    )


class Inspector:
    """report: called with time and what was reported. distance_au: to the Sun, as the ground told it."""

    def __init__(
        self, mission: Inspection, seed: int, distance_au: float, report: Callable[[int, Reported], object]
    ) -> None:
        gas, sensor, fault = mission.thrusters, mission.sensor, mission.fault
        streams = Streams(seed)
        from_ns = round(fault.after_s * SECOND)
        acceleration = gas.thrust_n / mission.camera.mass_kg
        self._report = report
        self.thrusters = Thrusters(
            ThrusterFigures(
                acceleration, round(gas.gas_s * SECOND), gas.thrust_error, gas.misalignment_deg * RADIANS
            ),
            ThrusterFaults(
                fault.thruster if fault.kind == "thruster-dead" else None,
                fault.thruster if fault.kind == "thruster-open" else None,
                from_ns,
            ),
            streams.stream("thrusters"),
        )
        self.sensor = ProximitySensor(
            SensorFigures(
                sensor.error_factor * sensor.range_error_m,
                sensor.error_factor * sensor.range_scale_error,
                sensor.error_factor * sensor.bearing_error_deg * RADIANS,
                sensor.error_factor * sensor.accelerometer_error_m_s,
                sensor.most_range_m,
                sensor.missed,
            ),
            SensorFaults(
                _SENSOR_FAULTS.get(fault.kind, "none"),
                from_ns,
                fault.range_factor,
            ),
            streams.stream("proximity sensor"),
        )
        pull = differential_push(mission) / (distance_au * distance_au)
        self._scheduler = Scheduler(self._tasks(mission, acceleration, pull), self._outside)
        self._scheduler.boot(0)

    @staticmethod
    def _tasks(mission: Inspection, acceleration: float, pull: float) -> list[TaskSettings]:
        sensor, circuit, monitor = mission.sensor, mission.circuit, mission.monitor
        navigation = NavigationFigures(
            pull,
            sensor.range_error_m,
            sqrt((sensor.bearing_error_deg * RADIANS) ** 2 + sensor.range_scale_error**2),
            drift_m_s=0.5 * sensor.accelerometer_error_m_s,
            dead_band_m_s=4.0 * sensor.accelerometer_error_m_s,
            acceleration=acceleration,
        )
        guidance = GuidanceFigures(
            waypoints(mission),
            circuit.hop_s,
            circuit.leave_m_s,
            APPROACH_M_S,
            pull,
        )
        watch = MonitorFigures(
            monitor.enabled,
            monitor.keep_out_m,
            monitor.horizon_s,
            monitor.deviations,
            monitor.retreat_m_s,
            monitor.passive_days * 86_400.0,
            monitor.stale_s,
            0.8 * sensor.most_range_m,
            acceleration,
            pull,
        )
        control = ControlFigures(acceleration, FAULT_M_S, FAULT_PART)
        # The monitor before guidance: what it forbids is not asked for in the same cycle.
        return [
            TaskSettings(THRUSTERS, 1, lambda: ThrusterControl(control)),
            TaskSettings(MONITOR, 2, lambda: CollisionMonitor(watch)),
            TaskSettings(NAVIGATION, 3, lambda: RelativeNavigation(navigation)),
            TaskSettings(GUIDANCE, 4, lambda: InspectionGuidance(guidance)),
        ]

    def _outside(self, port: str, value: Any, now_ns: int) -> None:
        match value:
            case Pulse(thruster, on_ns) if port == THRUSTER_PORT:
                self.thrusters.pulse(thruster, on_ns, now_ns)
            case CloseLatch(thruster) if port == THRUSTER_PORT:
                self.thrusters.close_latch(thruster)
            case Reported() if port == EVENT_PORT:
                self._report(now_ns, value)

    def wake(self, now_ns: int) -> None:
        """The tumble has been stopped; before, the thrusters have no gas."""
        self.thrusters.open_latches()
        self._scheduler.advance(now_ns)
        self._scheduler.post(NAVIGATION, Awake())
        self._scheduler.advance(now_ns)

    def cycle(self, at: Vector, given: Vector, now_ns: int) -> None:
        """One cycle: measures, and lets the tasks run. at: true position [m]; given: true velocity that
        thrusters gave since the cycle before [m/s]. The thrusters must have been advanced to now."""
        self._scheduler.advance(now_ns)
        measured = Measured(self.sensor.sighting(at, now_ns), self.sensor.gained(given))
        # Thruster control need not wait until navigation knows where the camera is.
        self._scheduler.post(THRUSTERS, measured)
        self._scheduler.post(NAVIGATION, measured)
        self._scheduler.advance(now_ns)

    def estimate(self) -> tuple[Vector, Vector]:
        """Position [m] and velocity [m/s] as navigation has them; zero before it has any."""
        task: Any = self._scheduler.task(NAVIGATION)
        saved = task.save()
        return saved["at"], saved["velocity"]

    def restarts(self) -> int:
        """Of tasks, for whatever reason."""
        return sum(counters.restarts for counters in self._scheduler.counters().values())

    def save(self) -> dict[str, Any]:
        return {
            "scheduler": self._scheduler.save(),
            "thrusters": self.thrusters.save(),
            "sensor": self.sensor.save(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._scheduler.load(saved["scheduler"])
        self.thrusters.load(saved["thrusters"])
        self.sensor.load(saved["sensor"])
