"""What ST[14] and ST[15] select besides report types: structures of housekeeping and diagnostics, and events.

ECSS-E-ST-70-41C 6.14.3.5 to 6.14.3.7 and 6.15.4.5 to 6.15.4.7; widths are ours. A housekeeping report goes if
its type is selected and its structure is: of an application process all structures may be, those that are
not yet defined too, or those listed, each with its subsampling rate. An event goes if its type is selected
and it is not blocked.
"""

from collections.abc import Mapping

import construct

from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import AnyArgument, Argument, ArgumentGroup, Telecommand

MOST_STRUCTURES = 64  # listed of each kind
_U8, _U16 = construct.Int8ub, construct.Int16ub
_APID = Parameter("apid", _U16, "Application process")
_SID = Parameter("sid", _U16, "Structure")
_RATE = Parameter("subsampling", _U8, "One report of so many, the first at once", default=1)

_STRUCTURES_ADDED = ArgumentGroup(
    "applications",
    (
        Argument(_APID, 0, 2046),
        ArgumentGroup(
            "structures",
            (Argument(_SID, names=Structure), Argument(_RATE, 1, 255)),
            "Structures; none for all",
            least=0,
        ),
    ),
    "Application processes",
    most=4,
)
_STRUCTURES_DELETED = ArgumentGroup(
    "applications",
    (
        Argument(_APID, 0, 2046),
        Argument(Parameter("sids", _U16, "Structures; none for all"), listed=True, names=Structure, least=0),
    ),
    "Application processes",
    most=4,
)
_STRUCTURES_REPORTED = Group(
    "applications",
    (_APID, Group("structures", (_SID, _RATE), "Structures; none for all")),
    "Application processes of which some go",
)


def _events(least: int, text: str) -> ArgumentGroup:
    events = Argument(Parameter("events", _U16, text), listed=True, names=Event, least=least)
    return ArgumentGroup("applications", (Argument(_APID, 0, 2046), events), "Application processes", most=4)


_EVENTS_REPORTED = Group(
    "applications",
    (_APID, Group("events", (Parameter("event", _U16, "Which event", enumeration=Event),), "Events")),
    "Application processes of which some do not go",
)


def requests(
    service: int,
    prefix: str,
    does: str,
    subtypes: Mapping[str, int],
    *head: Argument,
    failures: tuple[FailureCode, ...] = (),
) -> tuple[Telecommand, ...]:
    """The same nine of both services. prefix: of the names. does: what becomes of reports that are selected.
    subtypes: of these and of their reports. head: arguments that come first. failures: of all."""

    def declared(
        name: str, effect: str, seen: str, *arguments: AnyArgument, own: tuple[FailureCode, ...] = ()
    ) -> Telecommand:
        verification = f"{prefix}_{seen} [{service},{subtypes[seen]}]"
        if not name.endswith("_REPORT"):
            verification += f" after {prefix}_{seen.partition('_')[0]}_REPORT"
        return request(
            service,
            f"{prefix}_{name}",
            subtypes[name],
            effect,
            f"{verification}.",
            *head,
            *arguments,
            failures=(*failures, *own),
        )

    found = []
    for kind, word in (("HOUSEKEEPING", "housekeeping"), ("DIAGNOSTICS", "diagnostic")):
        found += [
            declared(
                f"{kind}_ADD",
                f"Selects {word} structures, or sets their subsampling: {does}. Where all of an application "
                "process are selected none can be added: delete them first.",
                f"{kind}_SELECTED",
                _STRUCTURES_ADDED,
                own=(
                    FailureCode.UNKNOWN_APPLICATION,
                    FailureCode.UNKNOWN_STRUCTURE,
                    FailureCode.ALL_SELECTED,
                    FailureCode.SELECTION_FULL,
                ),
            ),
            declared(
                f"{kind}_DELETE",
                f"No longer selects {word} structures. Where all of an application process are "
                "selected, only all can be deleted.",
                f"{kind}_SELECTED",
                _STRUCTURES_DELETED,
                own=(FailureCode.UNKNOWN_APPLICATION, FailureCode.NOT_SELECTED),
            ),
            declared(f"{kind}_REPORT", f"Reports which {word} structures are selected.", f"{kind}_SELECTED"),
        ]
    return (
        *found,
        declared(
            "EVENTS_UNBLOCK",
            f"No longer keeps reports of these events back: {does}.",
            "EVENTS_BLOCKED",
            _events(0, "Events; none for all"),
            own=(FailureCode.UNKNOWN_APPLICATION, FailureCode.NOT_BLOCKED),
        ),
        declared(
            "EVENTS_BLOCK",
            "Keeps reports of these events back. On board they are acted upon as before.",
            "EVENTS_BLOCKED",
            _events(1, "Events"),
            own=(FailureCode.UNKNOWN_APPLICATION, FailureCode.UNKNOWN_EVENT),
        ),
        declared("EVENTS_REPORT", "Reports which events are kept back.", "EVENTS_BLOCKED"),
    )


def reports(service: int, prefix: str, subtypes: Mapping[str, int], *head: Parameter) -> tuple[Report, ...]:
    """The three that these requests ask for. head: fields that come first."""
    declared = (
        ("HOUSEKEEPING_SELECTED", "Housekeeping structures that are selected", _STRUCTURES_REPORTED),
        ("DIAGNOSTICS_SELECTED", "Diagnostic structures that are selected", _STRUCTURES_REPORTED),
        ("EVENTS_BLOCKED", "Events that are kept back", _EVENTS_REPORTED),
    )
    return tuple(
        report(service, f"{prefix}_{name}", subtypes[name], text, *head, group)
        for name, text, group in declared
    )
