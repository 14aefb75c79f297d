"""ST[3] housekeeping (ECSS-E-ST-70-41C 6.3, 8.3): requests, and the definitions of structures as reported.

The structures that are always there are in `fsw.dictionary.housekeeping`. Those that the ground defines
have identifiers from 256 on; their reports [3,25] hold the identifier and the parameters' own fields, in
the order defined. Ours in widths; no parameter comes more than once in a report.
"""

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

import construct

from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, Origin, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.pool import PARAMETERS, OnBoardParameter
from fsw.dictionary.report import Report
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
_DEFINITION = "HOUSEKEEPING_DEFINITION [3,10]."


def _request(
    name: str,
    subtype: int,
    effect: str,
    verification: str,
    *arguments: AnyArgument,
    failures: tuple[FailureCode, ...] = (FailureCode.NO_SUCH_ITEM,),
) -> Telecommand:
    return Telecommand(f"HOUSEKEEPING_{name}", 3, subtype, effect, verification, failures, arguments)


TELECOMMANDS = (
    _request("ONCE", 27, "Sends structures once, now.", "The reports [3,25].", _SIDS),
    _request("ENABLE", 5, "Sends structures periodically.", "The reports [3,25].", _SIDS),
    _request("DISABLE", 6, "No longer sends structures periodically.", "The reports [3,25] stop.", _SIDS),
    _request(
        "CREATE",
        1,
        f"Defines a structure, not sent periodically at first; at most {MOST_USER_STRUCTURES}.",
        _DEFINITION,
        _NEW_SID,
        _INTERVAL,
        _PARAMETERS,
        failures=(FailureCode.ALREADY_THERE, FailureCode.UNKNOWN_PARAMETER, FailureCode.NO_ROOM),
    ),
    _request(
        "DELETE",
        3,
        "Forgets structures that were defined by telecommand and are not sent periodically.",
        _DEFINITION,
        _SIDS,
        failures=(FailureCode.NO_SUCH_ITEM, FailureCode.STRUCTURE_FIXED, FailureCode.IN_USE),
    ),
    _request(
        "APPEND",
        29,
        "Adds parameters at the end of a structure defined by telecommand and not sent periodically.",
        _DEFINITION,
        _SID,
        _PARAMETERS,
        failures=(
            FailureCode.NO_SUCH_ITEM,
            FailureCode.STRUCTURE_FIXED,
            FailureCode.IN_USE,
            FailureCode.ALREADY_THERE,
            FailureCode.UNKNOWN_PARAMETER,
            FailureCode.NO_ROOM,
        ),
    ),
    _request(
        "INTERVALS",
        31,
        "Changes how often structures are sent; the new interval begins now.",
        _DEFINITION,
        ArgumentGroup("structures", (_SID, _INTERVAL), "Structures and intervals"),
    ),
    _request(
        "DEFINITIONS_REPORT", 9, "Reports what structures hold, one after the other.", _DEFINITION, _SIDS
    ),
)

REPORTS = (
    Report(
        "HOUSEKEEPING_DEFINITION",
        ORBITER_APID,
        (
            Parameter("sid", _U16, "Identifier of the structure"),
            Parameter("periodic", construct.Int8ub, "Whether it is sent periodically", enumeration=Switch),
            _INTERVAL_FIELD,
        ),
        "What a housekeeping structure holds",
        Origin.OURS,
        3,
        10,
        groups=(
            Group(
                "parameters",
                (Parameter("parameter", _U16, "Which parameter", enumeration=OnBoardParameter),),
                "Parameters, in the order in which they are reported",
            ),
        ),
    ),
)


def user_report(sid: int, parameters: Sequence[int]) -> Report | None:
    """The report [3,25] of a structure defined by telecommand: HOUSEKEEPING_256 and so on.

    None where there can be none such: a fixed identifier, no parameters or more than 32, an unknown one,
    one twice.
    """
    return _user_report(sid, tuple(parameters))


@lru_cache(maxsize=4 * MOST_USER_STRUCTURES)
def _user_report(sid: int, parameters: tuple[int, ...]) -> Report | None:
    if not FIRST_USER_SID <= sid <= 0xFFFF or not 1 <= len(parameters) <= MOST_IN_A_STRUCTURE:
        return None
    if len(set(parameters)) < len(parameters) or not set(parameters) <= set(PARAMETERS):
        return None
    fields = tuple(PARAMETERS[identifier].parameter for identifier in parameters)
    text = "Defined by telecommand"
    return Report(f"HOUSEKEEPING_{sid}", ORBITER_APID, fields, text, Origin.OURS, 3, 25, identifier=sid)
