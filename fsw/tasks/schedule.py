"""Releases telecommands at their on-board time: ST[11] (ECSS-E-ST-70-41C 6.11).

The schedule is a list in order of release time, equal times in order of insertion. A timer stands for
the first; since the on-board clock drifts, the clock is asked again when it fires and at least every
`ASK_AGAIN_NS`, and when the clock was steered.
"""

import copy
from bisect import insort_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import FailureCode, WhyDropped
from fsw.dictionary.services.st11_scheduling import Window
from fsw.kernel.scheduler import Action, CancelTimer, Send, SetTimer
from fsw.kernel.snapshot import plain
from fsw.kernel.time import MILLISECOND, SECOND
from fsw.protocols import pus
from fsw.tasks import names
from fsw.tasks.answers import answered, executed, portions, report, together
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.embedded import request_inside
from fsw.tasks.messages import ClockSteered, Execute, Occurred, SafeMode, Submit, Tick

MAX_ACTIVITIES = 256
MAX_OCTETS = 65536  # of all requests waiting
MAX_SUB_SCHEDULES = 32
MAX_GROUPS = 32
LATEST_NS = pus.TIME_FORMAT.decode(b"\xff" * pus.TIME_OCTETS)  # that a report can show
MARGIN_NS = SECOND  # a release time must lie so far ahead
LATE_NS = 60 * SECOND  # what could not be released in time, in a reset or a jump of the clock, may be so late
ASK_AGAIN_NS = 30 * SECOND
AT_ONCE = 16  # releases in one activation: commanding's mailbox is bounded

Identifier = tuple[int, int, int]  # source, APID, packet sequence count


@plain
@dataclass(frozen=True, slots=True)
class Activity:
    """at_ns: release time, as `OnBoardClock.agency_ns` tells it."""

    at_ns: int
    sub_schedule: int
    group: int
    packet: bytes

    @property
    def identifier(self) -> Identifier:
        """Source, APID and packet sequence count of the request."""
        packet = self.packet
        apid, count = int.from_bytes(packet[:2], "big") & 0x7FF, int.from_bytes(packet[2:4], "big") & 0x3FFF
        return int.from_bytes(packet[9:11], "big"), apid, count


class Schedule:
    def __init__(self, clock: OnBoardClock) -> None:
        self._clock = clock
        self._enabled = False
        self._activities: list[Activity] = []
        self._sub_schedules: dict[int, bool] = {}  # enabled
        self._groups: dict[int, bool] = {}
        self._handlers: dict[str, Callable[[dict[str, Any], int], FailureCode | list[Action] | None]] = {
            "SCHEDULE_ENABLE": lambda arguments, now_ns: self._enable(True),
            "SCHEDULE_DISABLE": lambda arguments, now_ns: self._enable(False),
            "SCHEDULE_RESET": self._reset,
            "SCHEDULE_INSERT": self._insert,
            "SCHEDULE_DELETE": self._delete,
            "SCHEDULE_DELETE_FILTERED": self._delete_filtered,
            "SCHEDULE_SHIFT": self._shift,
            "SCHEDULE_SHIFT_FILTERED": lambda a, now_ns: self._shift_together(a, self._filtered(a), now_ns),
            "SCHEDULE_SHIFT_ALL": lambda a, now_ns: self._shift_together(a, self._activities, now_ns),
            "SCHEDULE_REPORT_DETAIL_FILTERED": lambda a, now_ns: _detail(self._filtered(a)),
            "SCHEDULE_REPORT_DETAIL_ALL": lambda a, now_ns: _detail(self._activities),
            "SCHEDULE_REPORT_FILTERED": lambda a, now_ns: _summary(self._filtered(a)),
            "SCHEDULE_REPORT_ALL": lambda a, now_ns: _summary(self._activities),
            "SCHEDULE_SUBSCHEDULES_REPORT": lambda a, now_ns: self._report_sub_schedules(),
            "SCHEDULE_SUBSCHEDULES_ENABLE": lambda a, now_ns: self._switch_sub_schedules(a, True),
            "SCHEDULE_SUBSCHEDULES_DISABLE": lambda a, now_ns: self._switch_sub_schedules(a, False),
            "SCHEDULE_GROUPS_CREATE": self._create_groups,
            "SCHEDULE_GROUPS_DELETE": self._delete_groups,
            "SCHEDULE_GROUPS_ENABLE": lambda a, now_ns: self._switch_groups(a, True),
            "SCHEDULE_GROUPS_DISABLE": lambda a, now_ns: self._switch_groups(a, False),
            "SCHEDULE_GROUPS_REPORT": lambda a, now_ns: self._report_groups(),
        }

    def start(self, now_ns: int) -> Iterable[Action]:
        return self._timer(now_ns)

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case Execute(
                request, acknowledge, "SCHEDULE_REPORT" | "SCHEDULE_REPORT_DETAIL" as name, arguments
            ):
                chosen, failure = self._named(arguments)
                told = _summary(chosen) if name == "SCHEDULE_REPORT" else _detail(chosen)
                return [*(told if chosen else ()), executed(request, acknowledge, failure)]
            case Execute(request, acknowledge, name, arguments):
                answer = self._handlers[name](arguments, now_ns)
                if isinstance(answer, list):
                    return answered(request, acknowledge, answer)
                return [executed(request, acknowledge, answer), *self._timer(now_ns)]
            case Tick("due"):
                return self._due(now_ns)
            case ClockSteered():
                return self._timer(now_ns)
            case SafeMode(True):  # nothing that was planned for a sound spacecraft goes on
                self._enable(False)
        return ()

    # ---- release --------------------------------------------------------------------------------

    def _timer(self, now_ns: int) -> list[Action]:
        if not self._activities:
            return [CancelTimer("due")]
        ahead_ns = self._activities[0].at_ns - self._clock.agency_ns(now_ns)
        at_ns = now_ns + ASK_AGAIN_NS
        if ahead_ns < ASK_AGAIN_NS:
            at_ns = min(at_ns, self._clock.mission_ns(self._activities[0].at_ns))
        return [SetTimer("due", max(at_ns, now_ns), Tick("due"))]

    def _due(self, now_ns: int) -> list[Action]:
        shown_ns = self._clock.agency_ns(now_ns)
        due = [activity for activity in self._activities[:AT_ONCE] if activity.at_ns <= shown_ns]
        actions = [self._release(activity, shown_ns) for activity in due]
        del self._activities[: len(due)]
        self._forget_empty_sub_schedules()
        return [*actions, *self._timer(now_ns)]

    def _release(self, activity: Activity, shown_ns: int) -> Action:
        why = self._hindrance(activity, shown_ns)
        if why is None:
            return Send(names.COMMANDING, Submit(activity.packet))
        packet = activity.packet
        values = {
            "request_packet_id": int.from_bytes(packet[:2], "big"),
            "request_sequence": int.from_bytes(packet[2:4], "big"),
            "dropped": why.name,
        }
        return Send(names.EVENTS, Occurred(Event.ACTIVITY_NOT_RELEASED, values))

    def _hindrance(self, activity: Activity, shown_ns: int) -> WhyDropped | None:
        if not self._enabled:
            return WhyDropped.SCHEDULE_DISABLED
        if not self._sub_schedules[activity.sub_schedule]:
            return WhyDropped.SUB_SCHEDULE_DISABLED
        if activity.group and not self._groups[activity.group]:
            return WhyDropped.GROUP_DISABLED
        return WhyDropped.TOO_LATE if shown_ns - activity.at_ns > LATE_NS else None

    # ---- the schedule ---------------------------------------------------------------------------

    def _enable(self, enabled: bool) -> None:
        self._enabled = enabled

    def _reset(self, arguments: dict[str, Any], now_ns: int) -> None:
        self._enabled = False
        self._activities.clear()
        self._sub_schedules.clear()
        self._groups.clear()

    def _insert(self, arguments: dict[str, Any], now_ns: int) -> FailureCode | None:
        number = arguments["sub_schedule"]
        earliest_ns = self._clock.agency_ns(now_ns) + MARGIN_NS
        failures: list[FailureCode | None] = []
        for entry in arguments["activities"]:
            at_ns = pus.TIME_FORMAT.decode(entry["release_time"])
            activity = Activity(at_ns, number, entry["group"], entry["packet"])
            failure = self._objection(activity, earliest_ns)
            failures.append(failure)
            if failure is None:
                insort_right(self._activities, activity, key=_release_time)
                self._sub_schedules.setdefault(number, True)
        return together(failures)

    def _objection(self, activity: Activity, earliest_ns: int) -> FailureCode | None:
        if request_inside(activity.packet) is None:
            return FailureCode.BAD_REQUEST_INSIDE
        if activity.group and activity.group not in self._groups:
            return FailureCode.NO_SUCH_ITEM
        if activity.at_ns < earliest_ns:
            return FailureCode.RELEASE_TIME_PAST
        if any(other.identifier == activity.identifier for other in self._activities):
            return FailureCode.ALREADY_THERE  # no request could name the one or the other
        octets = sum(len(other.packet) for other in self._activities) + len(activity.packet)
        new = activity.sub_schedule not in self._sub_schedules
        if (
            len(self._activities) >= MAX_ACTIVITIES
            or octets > MAX_OCTETS
            or (new and len(self._sub_schedules) >= MAX_SUB_SCHEDULES)
        ):
            return FailureCode.NO_ROOM
        return None

    def _named(self, arguments: dict[str, Any]) -> tuple[list[Activity], FailureCode | None]:
        """The activities whose requests are named, in order of release, and what that fails with."""
        wanted = [(entry["source"], entry["apid"], entry["count"]) for entry in arguments["requests"]]
        found = [activity for activity in self._activities if activity.identifier in wanted]
        known = {activity.identifier for activity in found}
        missing = [None if one in known else FailureCode.NO_SUCH_ITEM for one in wanted]
        return found, together(missing)

    def _filtered(self, arguments: dict[str, Any]) -> list[Activity]:
        window = Window[arguments["window"]]
        from_ns = pus.TIME_FORMAT.decode(arguments["from_time"])
        to_ns = pus.TIME_FORMAT.decode(arguments["to_time"])
        numbers = [entry["sub_schedule"] for entry in arguments["sub_schedules"]]
        groups = [entry["group"] for entry in arguments["groups"]]
        return [
            activity
            for activity in self._activities
            if (window not in (Window.FROM, Window.FROM_TO) or activity.at_ns >= from_ns)
            and (window not in (Window.TO, Window.FROM_TO) or activity.at_ns <= to_ns)
            and (not numbers or activity.sub_schedule in numbers)
            and (not groups or activity.group in groups)
        ]

    def _delete(self, arguments: dict[str, Any], now_ns: int) -> FailureCode | None:
        chosen, failure = self._named(arguments)
        self._remove(chosen)
        return failure

    def _delete_filtered(self, arguments: dict[str, Any], now_ns: int) -> None:
        self._remove(self._filtered(arguments))

    def _remove(self, chosen: list[Activity]) -> None:
        gone = {activity.identifier for activity in chosen}
        self._activities = [one for one in self._activities if one.identifier not in gone]
        self._forget_empty_sub_schedules()

    def _forget_empty_sub_schedules(self) -> None:
        used = {activity.sub_schedule for activity in self._activities}
        self._sub_schedules = {n: enabled for n, enabled in self._sub_schedules.items() if n in used}

    def _shift(self, arguments: dict[str, Any], now_ns: int) -> FailureCode | None:
        """Each for itself."""
        chosen, missing = self._named(arguments)
        failures = [self._shift_together(arguments, [activity], now_ns) for activity in chosen]
        if missing is not None:
            failures.append(FailureCode.NO_SUCH_ITEM)
        return together(failures)

    def _shift_together(
        self, arguments: dict[str, Any], chosen: list[Activity], now_ns: int
    ) -> FailureCode | None:
        by_ns = arguments["offset_ms"] * MILLISECOND
        earliest_ns = self._clock.agency_ns(now_ns) + MARGIN_NS
        if chosen and chosen[0].at_ns + by_ns < earliest_ns:
            return FailureCode.RELEASE_TIME_PAST
        if chosen and chosen[-1].at_ns + by_ns > LATEST_NS:
            return FailureCode.ARGUMENTS_WRONG
        moved = {activity.identifier for activity in chosen}
        shifted = [
            replace(one, at_ns=one.at_ns + by_ns) if one.identifier in moved else one
            for one in self._activities
        ]
        self._activities = sorted(shifted, key=_release_time)  # stable
        return None

    # ---- sub-schedules and groups ---------------------------------------------------------------

    def _switch_sub_schedules(self, arguments: dict[str, Any], enabled: bool) -> FailureCode | None:
        numbers = [entry["sub_schedule"] for entry in arguments["sub_schedules"]]
        return _switch(self._sub_schedules, numbers, enabled)

    def _switch_groups(self, arguments: dict[str, Any], enabled: bool) -> FailureCode | None:
        return _switch(self._groups, [entry["group"] for entry in arguments["groups"]], enabled)

    def _create_groups(self, arguments: dict[str, Any], now_ns: int) -> FailureCode | None:
        failures: list[FailureCode | None] = []
        for entry in arguments["groups"]:
            if entry["group"] in self._groups:
                failures.append(FailureCode.ALREADY_THERE)
            elif len(self._groups) >= MAX_GROUPS:
                failures.append(FailureCode.NO_ROOM)
            else:
                self._groups[entry["group"]] = entry["status"] == "ON"
                failures.append(None)
        return together(failures)

    def _delete_groups(self, arguments: dict[str, Any], now_ns: int) -> FailureCode | None:
        used = {activity.group for activity in self._activities}
        named = [entry["group"] for entry in arguments["groups"]]
        failures: list[FailureCode | None] = []
        for group in named or [group for group in self._groups if group not in used]:
            if group not in self._groups:
                failures.append(FailureCode.NO_SUCH_ITEM)
            elif group in used:
                failures.append(FailureCode.IN_USE)
            else:
                del self._groups[group]
                failures.append(None)
        return together(failures)

    def _report_sub_schedules(self) -> list[Action]:
        rows = [
            {"sub_schedule": number, "status": _switch_text(enabled)}
            for number, enabled in sorted(self._sub_schedules.items())
        ]
        return [report("SCHEDULE_SUBSCHEDULES", {"sub_schedules": rows})]

    def _report_groups(self) -> list[Action]:
        rows = [
            {"group": number, "status": _switch_text(enabled)}
            for number, enabled in sorted(self._groups.items())
        ]
        return [report("SCHEDULE_GROUPS", {"groups": rows})]

    # ---- state ----------------------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """All of it: a schedule outlives a restart and a warm boot."""
        return self.save()

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(retained)
        # A stranger's until it is known that it makes sense: what does not raises, and all is dropped.
        assert isinstance(self._enabled, bool)
        assert len(self._activities) <= MAX_ACTIVITIES
        for activity in self._activities:
            assert request_inside(activity.packet) is not None
            assert isinstance(self._sub_schedules[activity.sub_schedule], bool)
            assert not activity.group or isinstance(self._groups[activity.group], bool)
        assert self._activities == sorted(self._activities, key=_release_time)

    def save(self) -> dict[str, Any]:
        return {
            "enabled": self._enabled,
            "activities": list(self._activities),
            "sub_schedules": dict(self._sub_schedules),
            "groups": dict(self._groups),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._enabled = saved["enabled"]
        self._activities = copy.copy(saved["activities"])
        self._sub_schedules = dict(saved["sub_schedules"])
        self._groups = dict(saved["groups"])


def _release_time(activity: Activity) -> int:
    return activity.at_ns


def _switch_text(enabled: bool) -> str:
    return "ON" if enabled else "OFF"


def _switch(states: dict[int, bool], numbers: list[int], enabled: bool) -> FailureCode | None:
    """No numbers: all."""
    failures = [None if number in states else FailureCode.NO_SUCH_ITEM for number in numbers]
    for number in numbers or list(states):
        if number in states:
            states[number] = enabled
    return together(failures)


def _detail(activities: list[Activity]) -> list[Action]:
    rows = [_row(activity) | {"packet": activity.packet} for activity in activities]
    sizes = [9 + len(activity.packet) for activity in activities]
    return [report("SCHEDULE_DETAIL", {"activities": portion}) for portion in portions(rows, sizes)]


def _summary(activities: list[Activity]) -> list[Action]:
    rows = []
    for activity in activities:
        source, apid, count = activity.identifier
        rows.append(_row(activity) | {"source": source, "apid": apid, "count": count})
    return [
        report("SCHEDULE_SUMMARY", {"activities": portion}) for portion in portions(rows, [15] * len(rows))
    ]


def _row(activity: Activity) -> dict[str, Any]:
    return {
        "sub_schedule": activity.sub_schedule,
        "group": activity.group,
        "release_time": pus.TIME_FORMAT.encode(activity.at_ns),
    }
