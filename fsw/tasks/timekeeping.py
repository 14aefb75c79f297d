"""ST[9] time management: how often time is reported, and the steering of the clock by telecommand."""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode, Steering
from fsw.kernel.scheduler import Action, Emit, Send
from fsw.kernel.time import MICROSECOND, SECOND
from fsw.tasks import names
from fsw.tasks.answers import answered
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import ClockSteered, Execute, Occurred, SteerClock, TimeReportRate


class Timekeeping:
    """clock: read here, steered through its port. Nothing to save: the clock keeps itself."""

    def __init__(self, clock: OnBoardClock) -> None:
        self._clock = clock

    def start(self, now_ns: int) -> Iterable[Action]:
        return ()

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(request, acknowledge, name, arguments):
                return answered(request, acknowledge, self._execute(name, arguments, now_ns))
        return ()

    def _execute(self, name: str, arguments: dict[str, Any], now_ns: int) -> list[Action] | FailureCode:
        match name:
            case "TIME_REPORT_RATE":
                return [Send(names.DOWNLINK, TimeReportRate(arguments["rate_exponent"]))]
            case "CLOCK_SET":
                # Rounded up: what its code cannot show must not make it late.
                shown_ns = arguments["seconds"] * SECOND - (-arguments["fraction"] * SECOND >> 24)
                if shown_ns < self._clock.agency_ns(now_ns):
                    return FailureCode.TIME_GOES_BACK
                return _steer(Steering.SET, shown_ns)
            case "CLOCK_SHIFT":
                return _steer(Steering.SHIFT, arguments["shift_us"] * MICROSECOND)
            case "CLOCK_TRIM":
                return _steer(Steering.TRIM, arguments["trim"])
        raise AssertionError(f"{name} is not routed here")

    def save(self) -> dict[str, Any]:
        return {}

    def load(self, saved: dict[str, Any]) -> None:
        pass


def _steer(steering: Steering, amount: int) -> list[Action]:
    steered = Occurred(Event.CLOCK_STEERED, {"steering": steering.name, "steered_by": amount})
    return [
        Emit(names.CLOCK_PORT, SteerClock(int(steering), amount)),
        Send(names.SCHEDULE, ClockSteered()),
        Send(names.EVENTS, steered),
    ]
