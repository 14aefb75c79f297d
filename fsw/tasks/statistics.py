"""ST[4] parameter statistics: extremes, mean and deviation of parameters, sampled each at its interval.

Samples fall on multiples of the interval, so that parameters of one structure are asked for together. A
parameter that its owners do not tell has no sample that time.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.pool import PARAMETERS, number
from fsw.dictionary.services.st04_statistics import MOST_STATISTICS
from fsw.kernel.scheduler import Action, CancelTimer, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.tasks import names
from fsw.tasks.answers import answered, report
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.gathering import Gathering
from fsw.tasks.messages import Execute, Tick, Values

_NEVER = bytes(7)


@dataclass(slots=True)
class Statistic:
    """Of one parameter. interval_s: from sample to sample. squares: sum of squared deviations."""

    parameter: int
    interval_s: int
    samples: int = 0
    maximum: float = 0.0
    maximum_at: bytes = _NEVER
    minimum: float = 0.0
    minimum_at: bytes = _NEVER
    mean: float = 0.0
    squares: float = 0.0

    def take(self, value: float, at: bytes) -> None:
        """One more sample (B. P. Welford, Technometrics 4, 1962: no cancellation, however many)."""
        self.samples += 1
        if self.samples == 1 or value > self.maximum:
            self.maximum, self.maximum_at = value, at
        if self.samples == 1 or value < self.minimum:
            self.minimum, self.minimum_at = value, at
        step = value - self.mean
        self.mean += step / self.samples
        self.squares += step * (value - self.mean)

    def row(self) -> dict[str, Any]:
        """As it is reported."""
        fields = asdict(self)
        squares = fields.pop("squares")
        del fields["interval_s"]
        return {**fields, "deviation": sqrt(max(0.0, squares) / self.samples) if self.samples else 0.0}


class Statistics:
    """clock: dates samples."""

    def __init__(self, clock: OnBoardClock) -> None:
        self._clock = clock
        self._statistics: dict[int, Statistic] = {}
        self._began = _NEVER
        self._period_s = 0  # 0: not periodic
        self._gathering = Gathering(names.STATISTICS)  # about a second

    def start(self, now_ns: int) -> Iterable[Action]:
        if self._began == _NEVER:
            self._began = self._clock.cuc(now_ns)
        return [*self._next_sample(now_ns), *self._next_report(now_ns)]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Values(values):
                self._sample(self._gathering.answered(values), now_ns)
            case Tick("sample", second):
                self._sample(self._gathering.end(), now_ns)
                return [*self._next_sample(now_ns), *self._ask(second)]
            case Tick("report") if self._period_s:
                report = self._report(now_ns)
                self._reset(now_ns)
                return [report, *self._next_report(now_ns)]
            case Execute(request, acknowledge, name, arguments):
                return answered(request, acknowledge, self._execute(name, arguments, now_ns))
        return ()

    # ---- samples --------------------------------------------------------------------------------

    def _next_sample(self, now_ns: int) -> list[Action]:
        second = now_ns // SECOND
        intervals = {statistic.interval_s for statistic in self._statistics.values()}
        if not intervals:
            return [CancelTimer("sample")]
        due = min((second // interval + 1) * interval for interval in intervals)
        return [SetTimer("sample", due * SECOND, Tick("sample", due))]

    def _next_report(self, now_ns: int) -> list[Action]:
        if not self._period_s:
            return [CancelTimer("report")]
        return [SetTimer("report", now_ns + self._period_s * SECOND, Tick("report"))]

    def _due(self, second: int) -> list[Statistic]:
        return [found for found in self._statistics.values() if second % found.interval_s == 0]

    def _ask(self, second: int) -> list[Action]:
        structures = (PARAMETERS[found.parameter].structure for found in self._due(second))
        return self._gathering.ask(structures, second)

    def _sample(self, second: int | None, now_ns: int) -> None:
        """Of what was asked for at this second, with the answers that are there."""
        if second is None:
            return
        at = self._clock.cuc(now_ns)
        for statistic in self._due(second):
            value = number(statistic.parameter, self._gathering.values)
            if value is not None:
                statistic.take(float(value), at)

    def _reset(self, now_ns: int) -> None:
        self._began = self._clock.cuc(now_ns)
        self._statistics = {
            key: Statistic(found.parameter, found.interval_s) for key, found in self._statistics.items()
        }

    # ---- requests -------------------------------------------------------------------------------

    def _execute(self, name: str, arguments: dict[str, Any], now_ns: int) -> list[Action] | FailureCode:
        match name:
            case "STATISTICS_REPORT":
                return [self._report(now_ns)]
            case "STATISTICS_RESET":
                self._reset(now_ns)
                return []
            case "STATISTICS_ENABLE" | "STATISTICS_DISABLE":
                self._period_s = int(arguments.get("period_s", 0))
                return self._next_report(now_ns)
            case "STATISTICS_ADD":
                return self._add(arguments["parameters"], now_ns)
            case "STATISTICS_DELETE":
                return self._delete([entry["parameter"] for entry in arguments["parameters"]], now_ns)
        return [self._definitions()]

    def _add(self, entries: list[dict[str, Any]], now_ns: int) -> list[Action] | FailureCode:
        added = {entry["parameter"]: Statistic(entry["parameter"], entry["interval_s"]) for entry in entries}
        if not set(added) <= set(PARAMETERS):
            return FailureCode.UNKNOWN_PARAMETER
        if any(PARAMETERS[identifier].parameter.enumeration is not None for identifier in added):
            return FailureCode.CHECK_SENSELESS  # states have no mean
        if len(self._statistics | added) > MOST_STATISTICS:
            return FailureCode.NO_ROOM
        self._statistics |= added
        return self._next_sample(now_ns)

    def _delete(self, identifiers: list[int], now_ns: int) -> list[Action] | FailureCode:
        if not set(identifiers) <= set(self._statistics):
            return FailureCode.NO_SUCH_ITEM
        for identifier in set(identifiers) or set(self._statistics):
            del self._statistics[identifier]
        return self._next_sample(now_ns)

    def _report(self, now_ns: int) -> Send:
        rows = [self._statistics[identifier].row() for identifier in sorted(self._statistics)]
        values = {"start": self._began, "end": self._clock.cuc(now_ns), "parameters": rows}
        return report("STATISTICS_VALUES", values)

    def _definitions(self) -> Send:
        rows = [
            {"parameter": identifier, "interval_s": self._statistics[identifier].interval_s}
            for identifier in sorted(self._statistics)
        ]
        periodic = "ON" if self._period_s else "OFF"
        return report(
            "STATISTICS_DEFINITIONS", {"periodic": periodic, "period_s": self._period_s, "parameters": rows}
        )

    # ---- what outlives this task ----------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """Definitions and what was gathered."""
        return {
            "statistics": [asdict(found) for found in self._statistics.values()],
            "began": self._began,
            "period_s": self._period_s,
        }

    def recall(self, retained: dict[str, Any]) -> None:
        """Raises ValueError when it names a parameter that there is not."""
        found = [Statistic(**row) for row in retained["statistics"]]
        if any(one.parameter not in PARAMETERS or one.interval_s < 1 for one in found):
            raise ValueError("retained statistics make no sense")
        self._statistics = {one.parameter: one for one in found}
        self._began = retained["began"]
        self._period_s = int(retained["period_s"])

    def save(self) -> dict[str, Any]:
        return {**self.retained(), "gathering": self._gathering.save()}

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved)
        self._gathering.load(saved["gathering"])
