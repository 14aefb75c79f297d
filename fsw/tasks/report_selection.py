"""Which reports go, for ST[14] and ST[15]: report types, and of some types structures and events."""

from collections.abc import Iterable, Mapping
from typing import Any

from fsw.dictionary import housekeeping
from fsw.dictionary.events import Event
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode
from fsw.dictionary.services.report_selection import MOST_STRUCTURES
from fsw.dictionary.services.st03_housekeeping import (
    DIAGNOSTICS_SUBTYPES,
    FIRST_USER_SID,
    HOUSEKEEPING_SUBTYPES,
)
from fsw.tasks.report_types import KNOWN, ReportTypes, Type

_HOUSEKEEPING, _DIAGNOSTICS = (3, HOUSEKEEPING_SUBTYPES["VALUES"]), (3, DIAGNOSTICS_SUBTYPES["VALUES"])
_EVENT_SERVICE = 5
_FIXED = frozenset((report.apid, report.identifier) for report in housekeeping.REPORTS)


def particular(type_: Type, source_data: bytes) -> int:
    """The structure or event that a report tells of; 0 for one that tells of neither."""
    if type_[1:] in (_HOUSEKEEPING, _DIAGNOSTICS) or (type_[1] == _EVENT_SERVICE and type_[2] <= 4):
        return int.from_bytes(source_data[:2], "big")
    return 0


class Structures:
    """Structures of one kind, by application process: all of them, or those listed.

    fixed: application process and identifier of those that are always there.
    """

    def __init__(self, kind: tuple[int, int], fixed: Iterable[tuple[int, int | None]] = ()) -> None:
        self._apids = frozenset(apid for apid, *service in KNOWN if tuple(service) == kind)
        self._fixed = frozenset(fixed)
        # By structure: one report of how many goes, how many have come since. None for all structures.
        self._listed: dict[int, dict[int, list[int]] | None] = dict.fromkeys(sorted(self._apids))

    def take(self, apid: int, sid: int) -> bool:
        """Whether this report of a structure goes; reports that come are counted."""
        listed = self._listed.get(apid, {})
        if listed is None:
            return True
        if sid not in listed:
            return False
        every, since = listed[sid]
        listed[sid][1] = (since + 1) % every
        return since == 0

    def add(self, applications: list[dict[str, Any]]) -> FailureCode | None:
        """Why not, and then nothing is done."""
        changed = self._copied()
        for application in applications:
            apid, structures = application["apid"], application["structures"]
            if apid not in self._apids:
                return FailureCode.UNKNOWN_APPLICATION
            listed = changed.setdefault(apid, {}) if structures else None
            if structures and listed is None:
                return FailureCode.ALL_SELECTED
            for structure in structures:
                sid = structure["sid"]
                assert listed is not None
                if (apid, sid) not in self._fixed and (apid != ORBITER_APID or sid < FIRST_USER_SID):
                    return FailureCode.UNKNOWN_STRUCTURE
                listed[sid] = [structure["subsampling"], 0]
            changed[apid] = listed
        if sum(len(listed or ()) for listed in changed.values()) > MOST_STRUCTURES:
            return FailureCode.SELECTION_FULL
        self._listed = changed
        return None

    def delete(self, applications: list[dict[str, Any]]) -> FailureCode | None:
        """As `add`."""
        changed = self._copied()
        for application in applications:
            apid, sids = application["apid"], application["sids"]
            if apid not in self._apids:
                return FailureCode.UNKNOWN_APPLICATION
            listed = changed.get(apid, {})
            if apid not in changed or (sids and not set(sids) <= set(listed or ())):
                return FailureCode.NOT_SELECTED
            left = {sid: row for sid, row in (listed or {}).items() if sids and sid not in sids}
            if left:
                changed[apid] = left
            else:
                del changed[apid]
        self._listed = changed
        return None

    def reported(self) -> list[dict[str, Any]]:
        """As the group of a report wants it."""
        return [
            {
                "apid": apid,
                "structures": [
                    {"sid": sid, "subsampling": every} for sid, (every, _) in sorted((listed or {}).items())
                ],
            }
            for apid, listed in sorted(self._listed.items())
        ]

    def _copied(self) -> dict[int, dict[int, list[int]] | None]:
        return {
            apid: None if listed is None else {sid: list(row) for sid, row in listed.items()}
            for apid, listed in self._listed.items()
        }

    def save(self) -> dict[int, dict[int, list[int]] | None]:
        return self._copied()

    def load(self, saved: Mapping[int, Mapping[int, list[int]] | None]) -> None:
        self._listed = {
            apid: None if listed is None else {sid: list(row) for sid, row in listed.items()}
            for apid, listed in saved.items()
        }


class BlockedEvents:
    """Events whose reports are kept back."""

    def __init__(self) -> None:
        self._blocked: set[int] = set()

    def __contains__(self, event: int) -> bool:
        return event in self._blocked

    def block(self, applications: list[dict[str, Any]]) -> FailureCode | None:
        """Why not, and then nothing is done."""
        if any(application["apid"] != ORBITER_APID for application in applications):
            return FailureCode.UNKNOWN_APPLICATION
        events = {event for application in applications for event in application["events"]}
        if not events <= set(Event):
            return FailureCode.UNKNOWN_EVENT
        self._blocked |= events
        return None

    def unblock(self, applications: list[dict[str, Any]]) -> FailureCode | None:
        """As `block`."""
        left = set(self._blocked)
        for application in applications:
            if application["apid"] != ORBITER_APID:
                return FailureCode.UNKNOWN_APPLICATION
            events = set(application["events"] or left)
            if not events or not events <= left:
                return FailureCode.NOT_BLOCKED
            left -= events
        self._blocked = left
        return None

    def reported(self) -> list[dict[str, Any]]:
        """As the group of a report wants it."""
        events = [{"event": event} for event in sorted(self._blocked)]
        return [{"apid": ORBITER_APID, "events": events}] if events else []

    def save(self) -> list[int]:
        return sorted(self._blocked)

    def load(self, saved: Iterable[int]) -> None:
        self._blocked = set(saved)


class ReportSelection:
    """types: selected at first, of those with structures and events all."""

    def __init__(self, types: Iterable[Type] = ()) -> None:
        self.types = ReportTypes(types)
        self._structures = {
            "HOUSEKEEPING": Structures(_HOUSEKEEPING, _FIXED),
            "DIAGNOSTICS": Structures(_DIAGNOSTICS),
        }
        self._blocked = BlockedEvents()

    def takes(self, type_: Type, particular: int) -> bool:
        """Whether a report goes whose type is selected. particular: see there; 0 where there is none."""
        if not particular:
            return True
        if type_[1] == _EVENT_SERVICE:
            return particular not in self._blocked
        kind = "HOUSEKEEPING" if type_[1:] == _HOUSEKEEPING else "DIAGNOSTICS"
        return self._structures[kind].take(type_[0], particular)

    def change(self, what: str, applications: list[dict[str, Any]]) -> FailureCode | None:
        """A request of either service, without its prefix: TYPES_ADD, HOUSEKEEPING_DELETE, EVENTS_BLOCK and
        so on. Why it failed, and then nothing is done."""
        kind, _, how = what.partition("_")
        match kind, how:
            case "TYPES", _:
                known = self.types.change(applications, how == "ADD")
                return None if known else FailureCode.UNKNOWN_REPORT_TYPE
            case "EVENTS", "BLOCK":
                return self._blocked.block(applications)
            case "EVENTS", _:
                return self._blocked.unblock(applications)
            case _, "ADD":
                return self._structures[kind].add(applications)
        return self._structures[kind].delete(applications)

    def reported(self, kind: str) -> list[dict[str, Any]]:
        """TYPES, HOUSEKEEPING, DIAGNOSTICS or EVENTS, as the group of the report wants it."""
        if kind == "TYPES":
            return self.types.reported()
        return self._blocked.reported() if kind == "EVENTS" else self._structures[kind].reported()

    def save(self) -> dict[str, Any]:
        return {
            "types": self.types.save(),
            "structures": {kind: structures.save() for kind, structures in self._structures.items()},
            "blocked": self._blocked.save(),
        }

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "ReportSelection":
        selection = cls()
        selection.types = ReportTypes.load(saved["types"])
        for kind, structures in selection._structures.items():
            structures.load(saved["structures"][kind])
        selection._blocked.load(saved["blocked"])
        return selection
