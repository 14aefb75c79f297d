"""Drives the rover: distance by odometry, heading, and a stop before what the hazard cameras see.

STANDING --TURN--> TURNING --heading--> STANDING, completed
STANDING --DRIVE--> TURNING --heading--> DRIVING --far enough--> STANDING, completed
                       +-- hazard, STOP, no power --+----------> STANDING, failed

The wheels are asked a step of half a metre at a time; each step, and each look while it turns, is a progress
report, and gains time from commanding. Started anew it stands: the wheels are told so. A drive can be kept
for a local time, and outlives sleep; what becomes of it, events tell.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.rover import DriveState, RoverEvent, RoverStructure
from fsw.kernel.scheduler import Action, CancelTimer, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed
from fsw.tasks.local_time import next_local_ns
from fsw.tasks.messages import Execute, Gather, Occurred, Progressed, Tick, Values
from fsw.tasks.rover_messages import Busy, Move, PowerFor, ReadWheels, StopWheels, TurnTo, WheelsTold

STEP_MM = 500
CLEAR_MM = 1500  # nearer than that the wheels stop
LOOK_NS = 5 * SECOND  # while turning
LATEST_NS = 3600 * SECOND  # a kept drive that is later than that is dropped
SETTLE_NS = 60 * SECOND  # after a boot


class Driving:
    """mm_s: the wheels' speed. midnight_ns: a local mean midnight in mission time."""

    def __init__(self, mm_s: int, midnight_ns: int) -> None:
        self._mm_s = mm_s
        self._midnight_ns = midnight_ns
        self._plan: list[Any] | None = None  # a drive that is kept: when, and its arguments
        self._state = DriveState.STANDING
        self._power = True
        self._way_mm = 0  # by the wheels, as last told
        self._heading_mdeg = 0
        self._north_mm = 0.0
        self._east_mm = 0.0
        self._drives = 0
        self._hazard_stops = 0
        # Of what is under way: request, acknowledgement, where it began, how far, steps reported.
        self._request: list[Any] | None = None
        self._from_mm = 0
        self._distance_mm = 0
        self._steps = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        actions: list[Action] = [Emit(names.WHEELS_PORT, Move(0)), Emit(names.WHEELS_PORT, ReadWheels())]
        if self._plan is not None:
            actions.append(SetTimer("plan", max(self._plan[0], now_ns + SETTLE_NS), Tick("plan")))
        return actions

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(request, acknowledge, "STOP", _):
                return [*self._stop(FailureCode.ABORTED), executed(request, acknowledge)]
            case Execute(request, acknowledge, "PLAN_DRIVE", arguments):
                return [*self._keep(arguments, now_ns), executed(request, acknowledge)]
            case Tick("plan"):
                return self._planned(now_ns)
            case Execute(request, acknowledge, name, arguments):
                failure = self._refusal()
                if failure is not None:
                    return [executed(request, acknowledge, failure)]
                self._request = [request, acknowledge]
                return self._begin(name, arguments, now_ns)
            case Tick("look") if self._state is not DriveState.STANDING:
                return [Emit(names.WHEELS_PORT, ReadWheels())]
            case WheelsTold():
                return self._told(message, now_ns)
            case StopWheels(why):
                return self._stop(why)
            case PowerFor(enough):
                self._power = enough
                return [] if enough else self._stop(FailureCode.LOW_POWER)
            case Gather(RoverStructure.MOBILITY, reply_to):
                return [Send(reply_to, Values(self._values()))]
        return ()

    def _refusal(self) -> FailureCode | None:
        if self._state is not DriveState.STANDING:
            return FailureCode.BUSY
        return None if self._power else FailureCode.LOW_POWER

    def _keep(self, arguments: dict[str, Any], now_ns: int) -> list[Action]:
        at_ns = next_local_ns(self._midnight_ns, arguments["minutes"], now_ns)
        drive = {name: arguments[name] for name in ("distance_m", "heading_deg")}
        self._plan = [at_ns, drive]
        return [SetTimer("plan", at_ns, Tick("plan"))]

    def _planned(self, now_ns: int) -> list[Action]:
        if self._plan is None:
            return []
        (at_ns, drive), self._plan = self._plan, None
        late = now_ns - at_ns > LATEST_NS
        failure = FailureCode.RELEASE_TIME_PAST if late else self._refusal()
        if failure is not None:
            return [_event(RoverEvent.PLAN_DROPPED, {"failure_code": failure.name})]
        return self._begin("DRIVE", drive, now_ns)

    def _begin(self, name: str, arguments: dict[str, Any], now_ns: int) -> list[Action]:
        self._state = DriveState.TURNING
        self._from_mm, self._distance_mm = self._way_mm, round(1000 * arguments.get("distance_m", 0.0))
        self._steps = 0
        self._drives += name == "DRIVE"
        return [
            Send(names.FDIR, Busy(names.DRIVING, True)),
            Emit(names.WHEELS_PORT, TurnTo(round(1000 * arguments["heading_deg"]))),
            SetTimer("look", now_ns + LOOK_NS, Tick("look")),
        ]

    def _told(self, told: WheelsTold, now_ns: int) -> list[Action]:
        gone = told.way_mm - self._way_mm
        self._north_mm += gone * told.forward[0]
        self._east_mm += gone * told.forward[1]
        self._way_mm, self._heading_mdeg = told.way_mm, told.heading_mdeg
        match self._state:
            case DriveState.TURNING:
                if told.turning:
                    return [*self._progress(), SetTimer("look", now_ns + LOOK_NS, Tick("look"))]
                if not self._distance_mm:
                    return self._end(None)
                # The look before the first step: an obstacle may be there already.
                self._state = DriveState.DRIVING
                return self._drive_on(told, now_ns)
            case DriveState.DRIVING:
                return self._drive_on(told, now_ns)
        return []

    def _drive_on(self, told: WheelsTold, now_ns: int) -> list[Action]:
        left_mm = self._distance_mm - self._done_mm
        if left_mm <= 0:
            return [_event(RoverEvent.DRIVE_DONE, self._way()), *self._end(None)]
        if told.clear_mm is not None and told.clear_mm < CLEAR_MM:
            self._hazard_stops += 1
            values = {**self._way(), "clear_m": told.clear_mm / 1000}
            return [_event(RoverEvent.HAZARD_STOP, values), *self._end(FailureCode.HAZARD_AHEAD)]
        progress = self._progress() if self._done_mm else []
        ahead_ns = -(-min(left_mm, STEP_MM) * SECOND // self._mm_s)
        return [
            *progress,
            Emit(names.WHEELS_PORT, Move(self._mm_s)),
            SetTimer("look", now_ns + ahead_ns, Tick("look")),
        ]

    def _progress(self) -> list[Action]:
        """A step is done; nobody is told of those of a kept drive."""
        self._steps += 1
        if self._request is None:
            return []
        return [Send(names.COMMANDING, Progressed(self._request[0], self._request[1], min(self._steps, 255)))]

    @property
    def _done_mm(self) -> int:
        return self._way_mm - self._from_mm

    def _way(self) -> dict[str, float]:
        return {"way_m": self._done_mm / 1000}

    def _stop(self, why: FailureCode) -> list[Action]:
        """What is under way fails; nothing if nothing is."""
        if self._state is DriveState.STANDING:
            return []
        driven = self._state is DriveState.DRIVING
        told = [_event(RoverEvent.DRIVE_STOPPED, self._way())] if driven else []
        return [*told, *self._end(why)]

    def _end(self, failure: FailureCode | None) -> list[Action]:
        asked, self._request = self._request, None
        self._state = DriveState.STANDING
        return [
            CancelTimer("look"),
            Emit(names.WHEELS_PORT, Move(0)),
            Send(names.FDIR, Busy(names.DRIVING, False)),
            *([] if asked is None else [executed(asked[0], asked[1], failure)]),
        ]

    def _values(self) -> dict[str, Any]:
        return {
            "drive_state": self._state.name,
            "odometer_m": self._way_mm / 1000,
            "heading_deg": self._heading_mdeg / 1000,
            "north_m": self._north_mm / 1000,
            "east_m": self._east_mm / 1000,
            "drives": self._drives,
            "hazard_stops": self._hazard_stops,
        }

    def retained(self) -> dict[str, Any]:
        """Where it reckons to be, and its counters; what was under way is not taken up again."""
        return {
            "way_mm": self._way_mm,
            "north_mm": self._north_mm,
            "east_mm": self._east_mm,
            "drives": self._drives,
            "hazard_stops": self._hazard_stops,
            "plan": None if self._plan is None else list(self._plan),
        }

    def recall(self, retained: dict[str, Any]) -> None:
        self._plan = None if retained["plan"] is None else list(retained["plan"])
        self._way_mm = retained["way_mm"]
        self._north_mm, self._east_mm = retained["north_mm"], retained["east_mm"]
        self._drives, self._hazard_stops = retained["drives"], retained["hazard_stops"]

    def safeguarded(self) -> dict[str, Any]:
        """As `retained`: a rover that has lost its way is no use."""
        return self.retained()

    def recover(self, safeguarded: dict[str, Any]) -> None:
        self.recall(safeguarded)

    def save(self) -> dict[str, Any]:
        return {
            **self.retained(),
            "state": int(self._state),
            "power": self._power,
            "heading_mdeg": self._heading_mdeg,
            "request": None if self._request is None else list(self._request),
            "from_mm": self._from_mm,
            "distance_mm": self._distance_mm,
            "steps": self._steps,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved)
        self._state = DriveState(saved["state"])
        self._power, self._heading_mdeg = saved["power"], saved["heading_mdeg"]
        self._request = None if saved["request"] is None else list(saved["request"])
        self._from_mm, self._distance_mm = saved["from_mm"], saved["distance_mm"]
        self._steps = saved["steps"]


def _event(event: RoverEvent, values: dict[str, Any]) -> Send:
    return Send(names.EVENTS, Occurred(event, values))
