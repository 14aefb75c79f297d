"""ST[3] housekeeping (ECSS-E-ST-70-41C 6.3, 8.3): requests, and the definitions of structures as reported.

The structures that are always there are in `fsw.dictionary.housekeeping`. Those that the ground defines
have identifiers from 256 on; their reports, [3,25] or of diagnostic ones [3,26], hold the identifier and
the parameters' own fields, in the order defined. No two structures, of whichever kind, have the same
identifier. Diagnostics are sampled as housekeeping is, once a report. Ours in widths; no
parameter comes more than once in a report.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import lru_cache

import construct

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.pool import PARAMETERS, OnBoardParameter
from fsw.dictionary.report import Report
from fsw.dictionary.services.declare import report
from fsw.dictionary.telecommand import MOST_IN_A_LIST, AnyArgument, Argument, ArgumentGroup, Telecommand

FIRST_USER_SID = 256
MOST_USER_STRUCTURES = 16
MOST_IN_A_STRUCTURE = MOST_IN_A_LIST
LONGEST_INTERVAL_S = 65535


class OrbiterStructure(IntEnum):
    """Structures that are always there and that telecommands reach: the sleeping lander takes none."""

    COMPUTER = Structure.COMPUTER
    MASS_MEMORY = Structure.MASS_MEMORY
    RADIO = Structure.RADIO
    SECURITY = Structure.SECURITY
    RELAY = Structure.RELAY
    CAMERA = Structure.CAMERA
    RELEASE = Structure.RELEASE
    FDIR = Structure.FDIR
    UPLINK = Structure.UPLINK


_U16 = construct.Int16ub
_SIDS = Argument(
    Parameter(
        "sids",
        _U16,
        f"Structures: {', '.join(OrbiterStructure.__members__)}, or numbers from {FIRST_USER_SID} on",
    ),
    listed=True,
    names=OrbiterStructure,
)
_NEW_SID = Argument(Parameter("sid", _U16, "Identifier of the structure"), FIRST_USER_SID, 0xFFFF)
_SID = Argument(Parameter("sid", _U16, "Which structure"), names=OrbiterStructure)
_INTERVAL_FIELD = Parameter("interval_s", _U16, "From report to report", "s")
_INTERVAL = Argument(_INTERVAL_FIELD, 1, LONGEST_INTERVAL_S)
_PARAMETERS = Argument(
    Parameter("parameters", _U16, "Parameters, in the order in which they are reported"),
    listed=True,
    names=OnBoardParameter,
)

_USER_SIDS = Argument(Parameter("sids", _U16, "Diagnostic structures"), FIRST_USER_SID, 0xFFFF, listed=True)


def _requests(
    kind: str, sids: Argument, sid: Argument, subtypes: Mapping[str, int]
) -> tuple[Telecommand, ...]:
    """The same nine requests of both kinds of structures. subtypes: of these and of their reports."""
    definition = f"{kind}_DEFINITION [3,{subtypes['DEFINITION']}]."
    values = f"The reports [3,{subtypes['VALUES']}]"
    unknown = (FailureCode.NO_SUCH_ITEM,)

    def request(
        name: str,
        effect: str,
        verification: str,
        *arguments: AnyArgument,
        failures: tuple[FailureCode, ...] = unknown,
    ) -> Telecommand:
        return Telecommand(f"{kind}_{name}", 3, subtypes[name], effect, verification, failures, arguments)

    return (
        request("ONCE", "Sends structures once, now.", f"{values}.", sids),
        request("ENABLE", "Sends structures periodically.", f"{values}.", sids),
        request("DISABLE", "No longer sends structures periodically.", f"{values} stop.", sids),
        request(
            "CREATE",
            f"Defines a structure, not sent periodically at first; at most {MOST_USER_STRUCTURES} in all.",
            definition,
            _NEW_SID,
            _INTERVAL,
            _PARAMETERS,
            failures=(FailureCode.ALREADY_THERE, FailureCode.UNKNOWN_PARAMETER, FailureCode.NO_ROOM),
        ),
        request(
            "DELETE",
            "Forgets structures that were defined by telecommand, are not sent periodically and named by no "
            "functional reporting definition.",
            definition,
            sids,
            failures=(
                *unknown,
                FailureCode.STRUCTURE_FIXED,
                FailureCode.IN_USE,
                FailureCode.STRUCTURE_NAMED,
            ),
        ),
        request(
            "APPEND",
            "Adds parameters at the end of a structure defined by telecommand and not sent periodically.",
            definition,
            sid,
            _PARAMETERS,
            failures=(
                *unknown,
                FailureCode.STRUCTURE_FIXED,
                FailureCode.IN_USE,
                FailureCode.ALREADY_THERE,
                FailureCode.UNKNOWN_PARAMETER,
                FailureCode.NO_ROOM,
            ),
        ),
        request(
            "INTERVALS",
            "Changes how often structures are sent; the new interval begins now.",
            definition,
            ArgumentGroup("structures", (sid, _INTERVAL), "Structures and intervals"),
        ),
        request("DEFINITIONS_REPORT", "Reports what structures hold, one after the other.", definition, sids),
        request(
            "PROPERTIES_REPORT",
            "Reports whether and how often structures are sent periodically.",
            f"{kind}_PROPERTIES [3,{subtypes['PROPERTIES']}].",
            sids,
        ),
    )


HOUSEKEEPING_SUBTYPES = {
    "ONCE": 27, "ENABLE": 5, "DISABLE": 6, "CREATE": 1, "DELETE": 3, "APPEND": 29, "INTERVALS": 31,
    "DEFINITIONS_REPORT": 9, "DEFINITION": 10, "VALUES": 25, "PROPERTIES_REPORT": 33, "PROPERTIES": 35,
}  # fmt: skip
DIAGNOSTICS_SUBTYPES = {
    "ONCE": 28, "ENABLE": 7, "DISABLE": 8, "CREATE": 2, "DELETE": 4, "APPEND": 30, "INTERVALS": 32,
    "DEFINITIONS_REPORT": 11, "DEFINITION": 12, "VALUES": 26, "PROPERTIES_REPORT": 34, "PROPERTIES": 36,
}  # fmt: skip
TELECOMMANDS = (
    *_requests("HOUSEKEEPING", _SIDS, _SID, HOUSEKEEPING_SUBTYPES),
    *_requests("DIAGNOSTICS", _USER_SIDS, _NEW_SID, DIAGNOSTICS_SUBTYPES),
)


def _reports(kind: str, word: str, subtypes: Mapping[str, int]) -> tuple[Report, Report]:
    fields = (
        Parameter("sid", _U16, "Identifier of the structure"),
        Parameter("periodic", construct.Int8ub, "Whether it is sent periodically", enumeration=Switch),
        _INTERVAL_FIELD,
    )
    parameters = Group(
        "parameters",
        (Parameter("parameter", _U16, "Which parameter", enumeration=OnBoardParameter),),
        "Parameters, in the order in which they are reported",
    )
    structures = Group("structures", fields, "Structures")
    return (
        report(
            3,
            f"{kind}_DEFINITION",
            subtypes["DEFINITION"],
            f"What a {word} structure holds",
            *fields,
            parameters,
        ),
        report(
            3,
            f"{kind}_PROPERTIES",
            subtypes["PROPERTIES"],
            f"How often {word} structures are sent",
            structures,
        ),
    )


REPORTS = (
    *_reports("HOUSEKEEPING", "housekeeping", HOUSEKEEPING_SUBTYPES),
    *_reports("DIAGNOSTICS", "diagnostic", DIAGNOSTICS_SUBTYPES),
)


def user_report(sid: int, parameters: Sequence[int], diagnostic: bool = False) -> Report | None:
    """The report of a structure defined by telecommand: HOUSEKEEPING_256 [3,25], DIAGNOSTICS_257 [3,26].

    None where there can be none such: a fixed identifier, no parameters or more than 32, an unknown one,
    one twice.
    """
    return _user_report(sid, tuple(parameters), diagnostic)


@lru_cache(maxsize=4 * MOST_USER_STRUCTURES)
def _user_report(sid: int, parameters: tuple[int, ...], diagnostic: bool) -> Report | None:
    if not FIRST_USER_SID <= sid <= 0xFFFF or not 1 <= len(parameters) <= MOST_IN_A_STRUCTURE:
        return None
    if len(set(parameters)) < len(parameters) or not set(parameters) <= set(PARAMETERS):
        return None
    fields = tuple(PARAMETERS[identifier].parameter for identifier in parameters)
    text = "Defined by telecommand"
    kind, subtypes = (
        ("DIAGNOSTICS", DIAGNOSTICS_SUBTYPES) if diagnostic else ("HOUSEKEEPING", HOUSEKEEPING_SUBTYPES)
    )
    name, subtype = f"{kind}_{sid}", subtypes["VALUES"]
    return Report(name, ORBITER_APID, fields, text, Origin.OURS, 3, subtype, identifier=sid)
