"""Sets of report types, as ST[14] and ST[15] add to them, take from them and report them."""

from collections.abc import Iterable, Mapping
from typing import Any

from fsw import dictionary
from fsw.dictionary.identifiers import ORBITER_APID
from fsw.dictionary.services.st03_housekeeping import DIAGNOSTICS_SUBTYPES

Type = tuple[int, int, int]  # APID, service, subtype; the latter two 0 for packets without secondary header

KNOWN: frozenset[Type] = frozenset((r.apid, r.service or 0, r.subtype or 0) for r in dictionary.reports()) | {
    (ORBITER_APID, 3, DIAGNOSTICS_SUBTYPES["VALUES"])  # all its structures are defined by telecommand
}


class ReportTypes:
    def __init__(self, types: Iterable[Type] = ()) -> None:
        self._types = set(types)

    def __contains__(self, type_: Type) -> bool:
        return type_ in self._types

    def __iter__(self) -> Any:
        return iter(sorted(self._types))

    def change(self, applications: list[dict[str, Any]], add: bool) -> bool:
        """Add or take away what a request names; False, and nothing done, when it names an unknown type."""
        chosen = _chosen(applications)
        if chosen is None:
            return False
        self._types = self._types | chosen if add else self._types - chosen
        return True

    def reported(self) -> list[dict[str, Any]]:
        """As the group of a report wants it."""
        tree: dict[int, dict[int, list[int]]] = {}
        for apid, service, subtype in sorted(self._types):
            tree.setdefault(apid, {}).setdefault(service, []).append(subtype)
        return [
            {
                "apid": apid,
                "services": [
                    {"service": service, "subtypes": [{"subtype": subtype} for subtype in subtypes]}
                    for service, subtypes in services.items()
                ],
            }
            for apid, services in tree.items()
        ]

    def save(self) -> list[list[int]]:
        return [list(type_) for type_ in sorted(self._types)]

    @classmethod
    def load(cls, saved: Iterable[Iterable[int]]) -> "ReportTypes":
        types = cls()
        for apid, service, subtype in saved:
            types._types.add((apid, service, subtype))
        return types


def _chosen(applications: list[dict[str, Any]]) -> set[Type] | None:
    """The types that a request names, None when one of them is unknown."""
    chosen: set[Type] = set()
    for application in applications:
        for wanted in _prefixes(application):
            found = {known for known in KNOWN if known[: len(wanted)] == wanted}
            if not found:
                return None
            chosen |= found
    return chosen


def _prefixes(application: Mapping[str, Any]) -> list[tuple[int, ...]]:
    apid = application["apid"]
    prefixes: list[tuple[int, ...]] = []
    for service in application["services"]:
        of_service = (apid, service["service"])
        prefixes += [(*of_service, subtype) for subtype in service["subtypes"]] or [of_service]
    return prefixes or [(apid,)]
