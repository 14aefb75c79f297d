"""ST[3] parameter functional reporting: the definitions that the task `housekeeping` keeps and applies."""

from collections.abc import Collection
from typing import Any

from fsw.dictionary.identifiers import FailureCode, Switch
from fsw.dictionary.services.st03_functional_reporting import MOST_DEFINITIONS
from fsw.dictionary.services.st03_housekeeping import LONGEST_INTERVAL_S
from fsw.kernel.scheduler import Action
from fsw.tasks.answers import report

PREFIX = "FUNCTIONAL_REPORTING_"
# By structure: whether it is sent periodically, and from report to report [s].
Sending = dict[int, list[int]]


class FunctionalReporting:
    def __init__(self) -> None:
        self._definitions: dict[int, Sending] = {}

    def names(self, sids: Collection[int]) -> bool:
        """Whether a definition names one of these structures."""
        return any(sid in sending for sending in self._definitions.values() for sid in sids)

    def chosen(self, definitions: list[int]) -> Sending | FailureCode:
        """What these say together, the later before the earlier."""
        together: Sending = {}
        for definition in definitions:
            if definition not in self._definitions:
                return FailureCode.UNKNOWN_REPORTING_DEFINITION
            together |= self._definitions[definition]
        return together

    def execute(
        self, name: str, arguments: dict[str, Any], known: Collection[int]
    ) -> list[Action] | FailureCode:
        """A request but that to apply definitions. known: structures that there are."""
        match name.removeprefix(PREFIX):
            case "CREATE":
                return self._create(arguments["definition"], arguments["structures"], known)
            case "DELETE" | "REPORT" as what:
                chosen = arguments["definitions"] or sorted(self._definitions)
                if not set(chosen) <= set(self._definitions):
                    return FailureCode.UNKNOWN_REPORTING_DEFINITION
                if what == "REPORT":
                    return [self._report(definition) for definition in chosen]
                for definition in set(chosen):
                    del self._definitions[definition]
                return []
        found = self._definitions.get(arguments["definition"])
        if found is None:
            return FailureCode.UNKNOWN_REPORTING_DEFINITION
        if "sids" in arguments:
            return _remove(found, arguments["sids"])
        added = name == f"{PREFIX}ADD"
        given = _sending(arguments["structures"], known if added else found)
        if given is None:
            return FailureCode.NO_SUCH_ITEM if added else FailureCode.STRUCTURE_NOT_NAMED
        if len(given) < len(arguments["structures"]) or (added and set(given) & set(found)):
            return FailureCode.STRUCTURE_NAMED_TWICE
        found |= given
        return []

    def _create(
        self, definition: int, structures: list[dict[str, Any]], known: Collection[int]
    ) -> list[Action] | FailureCode:
        if definition in self._definitions:
            return FailureCode.REPORTING_DEFINITION_EXISTS
        if len(self._definitions) >= MOST_DEFINITIONS:
            return FailureCode.REPORTING_DEFINITIONS_FULL
        given = _sending(structures, known)
        if given is None:
            return FailureCode.NO_SUCH_ITEM
        if len(given) < len(structures):
            return FailureCode.STRUCTURE_NAMED_TWICE
        self._definitions[definition] = given
        return []

    def _report(self, definition: int) -> Action:
        rows = [
            {"sid": sid, "periodic": periodic, "interval_s": interval_s}
            for sid, (periodic, interval_s) in sorted(self._definitions[definition].items())
        ]
        return report("FUNCTIONAL_REPORTING_DEFINITION", {"definition": definition, "structures": rows})

    # ---- what outlives the task -----------------------------------------------------------------

    def save(self) -> dict[int, Sending]:
        return {
            definition: {sid: list(row) for sid, row in sending.items()}
            for definition, sending in self._definitions.items()
        }

    def load(self, saved: dict[int, Sending], known: Collection[int]) -> None:
        """Raises ValueError when a definition makes no sense with these structures."""
        for sending in saved.values():
            for sid, (periodic, interval_s) in sending.items():
                if (
                    sid not in known
                    or periodic not in set(Switch)
                    or not 1 <= interval_s <= LONGEST_INTERVAL_S
                ):
                    raise ValueError("retained functional reporting makes no sense")
        self._definitions = {
            definition: {sid: list(row) for sid, row in sending.items()}
            for definition, sending in saved.items()
        }


def _sending(structures: list[dict[str, Any]], known: Collection[int]) -> Sending | None:
    """By structure; None when one is unknown."""
    if any(structure["sid"] not in known for structure in structures):
        return None
    return {
        structure["sid"]: [int(Switch[structure["periodic"]]), structure["interval_s"]]
        for structure in structures
    }


def _remove(found: Sending, sids: list[int]) -> list[Action] | FailureCode:
    if not set(sids) <= set(found):
        return FailureCode.STRUCTURE_NOT_NAMED
    for sid in set(sids):
        del found[sid]
    return []
