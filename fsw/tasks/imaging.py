"""Takes pictures by the mast camera, at a local time that was commanded, and reports them whole."""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.rover import PICTURE, RoverEvent
from fsw.kernel.scheduler import Action, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import executed, pus_report
from fsw.tasks.local_time import next_local_ns
from fsw.tasks.messages import Execute, Occurred, Tick
from fsw.tasks.rover_messages import Expose, Exposed

SETTLE_NS = 60 * SECOND  # after a boot


class Imaging:
    """midnight_ns: a local mean midnight in mission time."""

    def __init__(self, midnight_ns: int) -> None:
        self._midnight_ns = midnight_ns
        self._plan: list[Any] | None = None  # when, azimuth, elevation
        self._taken = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        if self._plan is None:
            return []
        return [SetTimer("plan", max(self._plan[0], now_ns + SETTLE_NS), Tick("plan"))]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(request, acknowledge, "PLAN_PICTURE", arguments):
                at_ns = next_local_ns(self._midnight_ns, arguments["minutes"], now_ns)
                self._plan = [at_ns, arguments["azimuth_deg"], arguments["elevation_deg"]]
                return [SetTimer("plan", at_ns, Tick("plan")), executed(request, acknowledge)]
            case Tick("plan") if self._plan is not None:
                (_, azimuth, elevation), self._plan = self._plan, None
                return [Emit(names.MAST_CAMERA_PORT, Expose(azimuth, elevation))]
            case Exposed(azimuth, elevation, octets):
                self._taken += 1
                values = {"number": self._taken, "azimuth_deg": azimuth, "elevation_deg": elevation}
                told = {"number": self._taken, "octets": len(octets)}
                return [
                    Send(names.EVENTS, Occurred(RoverEvent.PICTURE_TAKEN, told)),
                    Send(names.DOWNLINK, pus_report(PICTURE, {**values, "jpeg": octets})),
                ]
        return ()

    def retained(self) -> dict[str, Any]:
        """All of it."""
        return self.save()

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(retained)

    def save(self) -> dict[str, Any]:
        return {"plan": None if self._plan is None else list(self._plan), "taken": self._taken}

    def load(self, saved: dict[str, Any]) -> None:
        self._plan = None if saved["plan"] is None else list(saved["plan"])
        self._taken = saved["taken"]
