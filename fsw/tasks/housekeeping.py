"""Sends the structures of ST[3], each at its interval or on request, and defines further ones.
Functional reporting is in `fsw.tasks.functional_reporting`.

At its time a structure's owners and gauges are asked for their values; a moment later the report is
made of the newest ones. A structure of which a value is not yet known is not sent: no report ever
shows a number that nobody measured.
"""

from collections.abc import Iterable
from typing import Any

from fsw.dictionary.housekeeping import REPORTS, Structure
from fsw.dictionary.identifiers import LANDER_APID, FailureCode
from fsw.dictionary.pool import PARAMETERS
from fsw.dictionary.report import Report
from fsw.dictionary.services.st03_housekeeping import (
    LONGEST_INTERVAL_S,
    MOST_IN_A_STRUCTURE,
    MOST_USER_STRUCTURES,
    user_report,
)
from fsw.kernel.scheduler import Action, CancelTimer, Send, SetTimer
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.tasks import names
from fsw.tasks.answers import answered, pus_report, report
from fsw.tasks.functional_reporting import PREFIX, FunctionalReporting
from fsw.tasks.messages import Execute, Tick, Values
from fsw.tasks.routing import OWNERS, gather

COMPOSE_AFTER_NS = MILLISECOND

_FIXED = {
    report.identifier: report
    for report in REPORTS
    if report.apid != LANDER_APID and report.identifier is not None
}
_INTERVALS_S = {sid: round(report.period_s or 0) for sid, report in _FIXED.items()}
_PARAMETERS_OF: dict[int, list[int]] = {
    sid: [identifier for identifier, found in PARAMETERS.items() if found.structure == sid] for sid in _FIXED
}


def _owners_of(parameters: list[int]) -> list[int]:
    return sorted({int(PARAMETERS[identifier].structure) for identifier in parameters})


_OWNERS_OF = {sid: _owners_of(parameters) for sid, parameters in _PARAMETERS_OF.items()}
assert set(_FIXED) == {int(sid) for sid in OWNERS}
assert all(_INTERVALS_S[sid] == report.period_s for sid, report in _FIXED.items())


class Housekeeping:
    """phases: whether the mission has some, and so the structure that tells of them."""

    def __init__(self, phases: bool = False) -> None:
        self._pool: dict[str, Any] = {}
        self._fixed = [int(sid) for sid in OWNERS if phases or sid is not Structure.MISSION]
        self._enabled = list(self._fixed)
        self._intervals_s = {sid: _INTERVALS_S[sid] for sid in self._fixed}  # of all structures
        self._defined: dict[int, list[int]] = {}  # parameters of those that telecommands defined
        self._diagnostic: list[int] = []  # which of these are diagnostic ones
        self._functional = FunctionalReporting()

    def start(self, now_ns: int) -> Iterable[Action]:
        # Staggered, so that the reports do not crowd one frame.
        return [
            SetTimer(f"due {sid}", now_ns + (2 * k + 1) * SECOND // 8, Tick("due", sid))
            for k, sid in enumerate(self._intervals_s)
        ]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Values(values):
                self._pool.update(values)
            case Tick("due", sid) if sid in self._intervals_s:
                collected = self._collect(sid, now_ns) if sid in self._enabled else []
                return [self._next(sid, now_ns), *collected]
            case Tick("compose", sid) if sid in self._intervals_s:
                return self._compose(sid)
            case Execute(request, acknowledge, name, arguments):
                return answered(request, acknowledge, self._execute(name, arguments, now_ns))
        return ()

    # ---- reports --------------------------------------------------------------------------------

    def _next(self, sid: int, now_ns: int) -> SetTimer:
        return SetTimer(f"due {sid}", now_ns + self._intervals_s[sid] * SECOND, Tick("due", sid))

    def _collect(self, sid: int, now_ns: int) -> list[Action]:
        actions = [action for owner in self._owners(sid) for action in gather(owner, names.HOUSEKEEPING)]
        actions.append(SetTimer(f"compose {sid}", now_ns + COMPOSE_AFTER_NS, Tick("compose", sid)))
        return actions

    def _compose(self, sid: int) -> list[Action]:
        declared, pool = self._report(sid), self._pool
        try:
            values = {parameter.name: pool[parameter.name] for parameter in declared.parameters}
        except KeyError:
            return []
        return [Send(names.DOWNLINK, pus_report(declared, values))]

    def _parameters(self, sid: int) -> list[int]:
        return self._defined[sid] if sid in self._defined else _PARAMETERS_OF[sid]

    def _owners(self, sid: int) -> list[int]:
        """The structures whose owners know this one's values."""
        return _owners_of(self._defined[sid]) if sid in self._defined else _OWNERS_OF[sid]

    def _report(self, sid: int) -> Report:
        if sid not in self._defined:
            return _FIXED[sid]
        declared = user_report(sid, self._defined[sid], sid in self._diagnostic)
        assert declared is not None
        return declared

    def _definition(self, sid: int) -> Send:
        values = {
            **self._properties(sid),
            "parameters": [{"parameter": identifier} for identifier in self._parameters(sid)],
        }
        kind = "DIAGNOSTICS" if sid in self._diagnostic else "HOUSEKEEPING"
        return report(f"{kind}_DEFINITION", values)

    def _properties(self, sid: int) -> dict[str, Any]:
        return {
            "sid": sid,
            "periodic": "ON" if sid in self._enabled else "OFF",
            "interval_s": self._intervals_s[sid],
        }

    # ---- requests -------------------------------------------------------------------------------

    def _execute(self, name: str, arguments: dict[str, Any], now_ns: int) -> list[Action] | FailureCode:
        if name == f"{PREFIX}APPLY":
            return self._apply(arguments["definitions"], arguments["execution"] == "EXCLUSIVE", now_ns)
        if name.startswith(PREFIX):
            return self._functional.execute(name, arguments, self._intervals_s)
        kind, _, what = name.partition("_")
        diagnostic = kind == "DIAGNOSTICS"
        if what == "CREATE":
            return self._create(arguments, diagnostic, now_ns)
        if what == "INTERVALS":
            intervals_s = {entry["sid"]: entry["interval_s"] for entry in arguments["structures"]}
            sids = sorted(intervals_s)
        else:
            sids = [arguments["sid"]] if what == "APPEND" else sorted(set(arguments["sids"]))
        if not all(sid in self._intervals_s and (sid in self._diagnostic) == diagnostic for sid in sids):
            return FailureCode.NO_SUCH_ITEM
        match what:
            case "INTERVALS":
                self._intervals_s |= intervals_s
                return [self._next(sid, now_ns) for sid in sids]
            case "APPEND":
                return self._append(sids[0], arguments["parameters"])
            case "ONCE":
                return [action for sid in sids for action in self._collect(sid, now_ns)]
            case "DEFINITIONS_REPORT":
                return [self._definition(sid) for sid in sids]
            case "PROPERTIES_REPORT":
                return [report(f"{kind}_PROPERTIES", {"structures": [self._properties(sid) for sid in sids]})]
            case "DELETE":
                return self._delete(sids)
        kept = [sid for sid in self._enabled if sid not in sids]
        self._enabled = sorted([*kept, *sids]) if what == "ENABLE" else kept
        return []

    def _apply(self, definitions: list[int], exclusive: bool, now_ns: int) -> list[Action] | FailureCode:
        sending = self._functional.chosen(definitions)
        if isinstance(sending, FailureCode):
            return sending
        kept = [] if exclusive else [sid for sid in self._enabled if sid not in sending]
        self._enabled = sorted([*kept, *(sid for sid, (periodic, _) in sending.items() if periodic)])
        self._intervals_s |= {sid: interval_s for sid, (_, interval_s) in sending.items()}
        return [self._next(sid, now_ns) for sid in sorted(sending)]

    def _create(self, arguments: dict[str, Any], diagnostic: bool, now_ns: int) -> list[Action] | FailureCode:
        sid, parameters = arguments["sid"], arguments["parameters"]
        if sid in self._intervals_s:
            return FailureCode.ALREADY_THERE
        if len(self._defined) >= MOST_USER_STRUCTURES:
            return FailureCode.NO_ROOM
        wrong = _wrong(parameters)
        if wrong is not None:
            return wrong
        self._defined[sid] = list(parameters)
        self._intervals_s[sid] = arguments["interval_s"]
        if diagnostic:
            self._diagnostic.append(sid)
        return [self._next(sid, now_ns)]

    def _append(self, sid: int, parameters: list[int]) -> list[Action] | FailureCode:
        refused = self._refused([sid])
        if refused is not None:
            return refused
        longer = [*self._defined[sid], *parameters]
        wrong = _wrong(longer)
        if wrong is not None:
            return wrong
        self._defined[sid] = longer
        return []

    def _delete(self, sids: list[int]) -> list[Action] | FailureCode:
        refused = self._refused(sids)
        if refused is not None:
            return refused
        if self._functional.names(sids):
            return FailureCode.STRUCTURE_NAMED
        for sid in sids:
            del self._defined[sid], self._intervals_s[sid]
        self._diagnostic = [sid for sid in self._diagnostic if sid not in sids]
        return [CancelTimer(f"{timer} {sid}") for sid in sids for timer in ("due", "compose")]

    def _refused(self, sids: list[int]) -> FailureCode | None:
        """Why one of these definitions cannot be changed, or None."""
        if not set(sids) <= set(self._defined):
            return FailureCode.STRUCTURE_FIXED
        return FailureCode.IN_USE if any(sid in self._enabled for sid in sids) else None

    # ---- what outlives this task ----------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """Switches, intervals and definitions."""
        return {
            "enabled": list(self._enabled),
            "intervals_s": dict(self._intervals_s),
            "defined": {sid: list(parameters) for sid, parameters in self._defined.items()},
            "diagnostic": list(self._diagnostic),
            "functional": self._functional.save(),
        }

    def recall(self, retained: dict[str, Any]) -> None:
        """Raises ValueError when a definition makes no sense."""
        defined = {sid: list(parameters) for sid, parameters in retained["defined"].items()}
        intervals_s = dict(retained["intervals_s"])
        if (
            len(defined) > MOST_USER_STRUCTURES
            or any(user_report(sid, parameters) is None for sid, parameters in defined.items())
            or set(intervals_s) != set(self._fixed) | set(defined)
            or not all(1 <= interval_s <= LONGEST_INTERVAL_S for interval_s in intervals_s.values())
            or not set(retained["enabled"]) <= set(intervals_s)
            or not set(retained["diagnostic"]) <= set(defined)
        ):
            raise ValueError("retained structures make no sense")
        self._functional.load(retained["functional"], intervals_s)
        self._enabled = list(retained["enabled"])
        self._intervals_s, self._defined = intervals_s, defined
        self._diagnostic = list(retained["diagnostic"])

    def save(self) -> dict[str, Any]:
        return {**self.retained(), "pool": dict(self._pool)}

    def load(self, saved: dict[str, Any]) -> None:
        self.recall(saved)
        self._pool = dict(saved["pool"])


def _wrong(parameters: list[int]) -> FailureCode | None:
    """Why a structure cannot hold these, or None."""
    if not set(parameters) <= set(PARAMETERS):
        return FailureCode.UNKNOWN_PARAMETER
    if len(set(parameters)) < len(parameters):
        return FailureCode.ALREADY_THERE
    return FailureCode.NO_ROOM if len(parameters) > MOST_IN_A_STRUCTURE else None
