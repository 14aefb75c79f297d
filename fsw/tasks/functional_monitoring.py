"""ST[12] functional monitoring: what the task `monitoring` knows of functions, and how it judges them.

A functional monitor is checked in each beat in which one of its parameter monitors is. It raises its event
when it fails, not while it stays failed.
"""

from collections.abc import Collection, Container, Iterable
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode, FunctionalStatus, Protection, Switch
from fsw.dictionary.monitors import MOST_FUNCTIONAL_MONITORS, FunctionalMonitor, valid
from fsw.kernel.scheduler import Action, Send
from fsw.tasks import names
from fsw.tasks.answers import portions, report
from fsw.tasks.messages import Occurred

_UNCHECKED, _FAILED = FunctionalStatus.UNCHECKED, FunctionalStatus.FAILED


class FunctionalMonitoring:
    """functional: on board and enabled at first."""

    def __init__(self, functional: Iterable[FunctionalMonitor]) -> None:
        self._on = True
        self._functional = {one.identifier: one for one in functional}
        self._enabled = sorted(self._functional)
        self._protected: list[int] = []
        self._status: dict[int, int] = {}  # UNCHECKED is not kept

    def forget(self) -> None:
        """Nothing is known of any function."""
        self._status = {}

    def unsettle(self, monitor: int) -> None:
        """That parameter monitor begins anew."""
        for identifier in [one for one in self._status if self._goes_by(one, (monitor,))]:
            del self._status[identifier]

    # ---- checks ---------------------------------------------------------------------------------

    def structures(self, due: Collection[int]) -> set[int]:
        """Housekeeping structures that conditions look at when these parameter monitors are checked."""
        found = {self._functional[identifier].structure for identifier in self._due(due)}
        return {structure for structure in found if structure is not None}

    def check(self, due: Collection[int], failing: Container[int], told: dict[str, Any]) -> list[Action]:
        """After the parameter monitors `due` were checked. failing: those that are LOW or HIGH. told: what
        the owners of structures said."""
        actions: list[Action] = []
        for identifier in self._due(due):
            functional = self._functional[identifier]
            count = sum(monitor in failing for monitor in functional.monitors)
            status = FunctionalStatus.INVALID
            if valid(functional, told):
                status = _FAILED if count >= functional.least_failing else FunctionalStatus.RUNNING
            before = self._status.get(identifier, _UNCHECKED)
            self._status[identifier] = int(status)
            if status is _FAILED and before != _FAILED:
                values = {
                    "functional_monitor": identifier,
                    "failing": count,
                    "least_failing": functional.least_failing,
                }
                actions.append(Send(names.EVENTS, Occurred(Event(functional.event), values)))
        return actions

    def _due(self, monitors: Collection[int]) -> list[int]:
        if not self._on:
            return []
        return [identifier for identifier in self._enabled if self._goes_by(identifier, monitors)]

    def _goes_by(self, identifier: int, monitors: Collection[int]) -> bool:
        return any(monitor in monitors for monitor in self._functional[identifier].monitors)

    # ---- for the parameter monitors -------------------------------------------------------------

    def uses(self, monitors: Collection[int]) -> bool:
        """Whether a functional monitor goes by one of these."""
        return any(self._goes_by(identifier, monitors) for identifier in self._functional)

    def protects(self, monitors: Collection[int]) -> bool:
        """Whether a protected one does."""
        return any(self._goes_by(identifier, monitors) for identifier in self._protected)

    # ---- requests -------------------------------------------------------------------------------

    def execute(
        self, name: str, arguments: dict[str, Any], monitors: Container[int]
    ) -> list[Action] | FailureCode:
        """monitors: the parameter monitors that there are."""
        match name:
            case "FUNCTIONAL_MONITORING_ENABLE" | "FUNCTIONAL_MONITORING_DISABLE":
                on = name == "FUNCTIONAL_MONITORING_ENABLE"
                if on != self._on:
                    self._on = on
                    self.forget()
                return []
            case "FUNCTIONAL_MONITORING_STATUS_REPORT":
                return self._report_status()
            case "FUNCTIONAL_MONITORS_ADD":
                return self._add(arguments["functional_monitors"], monitors)
        chosen = sorted(set(arguments["functional_monitors"]))
        if any(identifier not in self._functional for identifier in chosen):
            return FailureCode.UNKNOWN_FUNCTIONAL_MONITOR
        match name:
            case "FUNCTIONAL_MONITORS_REPORT":
                return self._report_definitions(chosen or sorted(self._functional))
            case "FUNCTIONAL_MONITORS_DELETE":
                return self._delete(chosen)
            case "FUNCTIONAL_MONITORS_PROTECT":
                self._protected = sorted({*self._protected, *chosen})
                return []
            case "FUNCTIONAL_MONITORS_UNPROTECT":
                self._protected = [one for one in self._protected if one not in chosen]
                return []
        for identifier in chosen:
            self._status.pop(identifier, None)
        kept = [identifier for identifier in self._enabled if identifier not in chosen]
        self._enabled = sorted([*kept, *chosen]) if name == "FUNCTIONAL_MONITORS_ENABLE" else kept
        return []

    def _add(self, entries: list[dict[str, Any]], monitors: Container[int]) -> list[Action] | FailureCode:
        added: dict[int, FunctionalMonitor] = {}
        for entry in entries:
            fields = dict(entry)
            identifier = fields.pop("functional_monitor")
            functional = FunctionalMonitor(identifier, **{**fields, "monitors": tuple(fields["monitors"])})
            if identifier in self._functional or identifier in added:
                return FailureCode.FUNCTIONAL_MONITOR_EXISTS
            wrong = functional.wrong(monitors)
            if wrong is not None:
                return wrong
            added[identifier] = functional
        if len(self._functional) + len(added) > MOST_FUNCTIONAL_MONITORS:
            return FailureCode.FUNCTIONAL_MONITORS_FULL
        self._functional |= added
        return []

    def _delete(self, chosen: list[int]) -> list[Action] | FailureCode:
        if any(identifier in self._protected for identifier in chosen):
            return FailureCode.FUNCTIONAL_MONITOR_PROTECTED
        if any(identifier in self._enabled for identifier in chosen):
            return FailureCode.FUNCTIONAL_MONITOR_ENABLED
        for identifier in chosen:
            del self._functional[identifier]
        return []

    # ---- reports --------------------------------------------------------------------------------

    def _report_definitions(self, identifiers: list[int]) -> list[Action]:
        rows, octets = [], []
        for identifier in identifiers:
            functional = self._functional[identifier]
            rows.append(
                {
                    **self._switches(identifier),
                    "validity_parameter": functional.validity_parameter,
                    "validity_mask": functional.validity_mask,
                    "validity_expected": functional.validity_expected,
                    "event": functional.event,
                    "least_failing": functional.least_failing,
                    "monitors": [{"monitor": monitor} for monitor in functional.monitors],
                }
            )
            octets.append(18 + 2 * len(functional.monitors))
        return [
            report("FUNCTIONAL_MONITORING_DEFINITIONS", {"functional_monitors": portion})
            for portion in portions(rows, octets)
        ]

    def _report_status(self) -> list[Action]:
        rows = [
            {**self._switches(identifier), "status": self._status.get(identifier, int(_UNCHECKED))}
            for identifier in sorted(self._functional)
        ]
        values = {"functional_monitoring": Switch(self._on).name, "functional_monitors": rows}
        return [report("FUNCTIONAL_MONITORING_STATUS", values)]

    def _switches(self, identifier: int) -> dict[str, Any]:
        return {
            "functional_monitor": identifier,
            "protection": Protection(identifier in self._protected).name,
            "enabled": Switch(identifier in self._enabled).name,
        }

    # ---- what outlives the task -----------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """Definitions and switches; no status, which is found anew."""
        return {
            "on": self._on,
            "functional": list(self._functional.values()),
            "enabled": list(self._enabled),
            "protected": list(self._protected),
        }

    def recall(self, retained: dict[str, Any], monitors: Container[int]) -> None:
        """Raises ValueError when a definition makes no sense with these parameter monitors."""
        functional = {one.identifier: one for one in retained["functional"]}
        known = set(functional)
        if (
            len(functional) > MOST_FUNCTIONAL_MONITORS
            or any(one.wrong(monitors) is not None for one in functional.values())
            or not {*retained["enabled"], *retained["protected"]} <= known
        ):
            raise ValueError("retained functional monitors make no sense")
        self._take(retained)

    def save(self) -> dict[str, Any]:
        return {**self.retained(), "status": dict(self._status)}

    def load(self, saved: dict[str, Any]) -> None:
        self._take(saved)
        self._status = dict(saved["status"])

    def _take(self, saved: dict[str, Any]) -> None:
        self._on = bool(saved["on"])
        self._functional = {one.identifier: one for one in saved["functional"]}
        self._enabled = sorted(saved["enabled"])
        self._protected = sorted(saved["protected"])
