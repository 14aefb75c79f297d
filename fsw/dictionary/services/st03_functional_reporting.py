"""ST[3] parameter functional reporting (ECSS-E-ST-70-41C 6.3.5, 8.3): structures switched together.

A functional reporting definition says of structures, housekeeping and diagnostic ones alike, whether and how
often they are sent: what telemetry is to be while something is going on. Applying it sets them so. Ours in
widths; all structures are of one application process, which is therefore not named.
"""

from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.services.st03_housekeeping import (
    LONGEST_INTERVAL_S,
    MOST_USER_STRUCTURES,
    OrbiterStructure,
)
from fsw.dictionary.telecommand import MOST_IN_A_LIST, Argument, ArgumentGroup

MOST_DEFINITIONS = 16
assert len(OrbiterStructure) + MOST_USER_STRUCTURES <= MOST_IN_A_LIST, "a definition must be able to name all"


class Execution(IntEnum):
    """EXCLUSIVE: what no definition applied names is no longer sent periodically."""

    NON_EXCLUSIVE = 0
    EXCLUSIVE = 1


_U8, _U16 = construct.Int8ub, construct.Int16ub
_DEFINITION = Parameter("definition", _U8, "Functional reporting definition")
_SID = Parameter("sid", _U16, "Which structure")
_PERIODIC = Parameter("periodic", _U8, "Whether it is sent periodically", enumeration=Switch)
_INTERVAL = Parameter("interval_s", _U16, "From report to report", "s")
_STRUCTURES = ArgumentGroup(
    "structures",
    (
        Argument(_SID, names=OrbiterStructure),
        Argument(_PERIODIC),
        Argument(_INTERVAL, 1, LONGEST_INTERVAL_S),
    ),
    "Structures, and how they are to be sent",
    most=MOST_IN_A_LIST,
)
_SOME = Argument(Parameter("definitions", _U8, "Functional reporting definitions"), listed=True)
_SOME_OR_ALL = Argument(
    Parameter("definitions", _U8, "Functional reporting definitions; none for all"), listed=True, least=0
)

_UNKNOWN = FailureCode.UNKNOWN_REPORTING_DEFINITION
_SEEN = "FUNCTIONAL_REPORTING_DEFINITION [3,41] after FUNCTIONAL_REPORTING_REPORT."
_request, _report = partial(request, 3), partial(report, 3)
TELECOMMANDS = (
    _request(
        "FUNCTIONAL_REPORTING_APPLY",
        37,
        "Sends structures as definitions say, intervals beginning now; the later of two counts.",
        "HOUSEKEEPING_PROPERTIES [3,35] and DIAGNOSTICS_PROPERTIES [3,36]; the reports.",
        Argument(Parameter("execution", _U8, "What becomes of other structures", enumeration=Execution)),
        _SOME,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_REPORTING_CREATE",
        38,
        f"Makes a definition; at most {MOST_DEFINITIONS}. It has no effect until it is applied.",
        _SEEN,
        Argument(_DEFINITION),
        _STRUCTURES,
        failures=(
            FailureCode.REPORTING_DEFINITION_EXISTS,
            FailureCode.REPORTING_DEFINITIONS_FULL,
            FailureCode.NO_SUCH_ITEM,
            FailureCode.STRUCTURE_NAMED_TWICE,
        ),
    ),
    _request(
        "FUNCTIONAL_REPORTING_DELETE",
        39,
        "Forgets definitions. What they were applied to stays as it is.",
        _SEEN,
        _SOME,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_REPORTING_REPORT",
        40,
        "Reports definitions, one after the other.",
        "FUNCTIONAL_REPORTING_DEFINITION [3,41].",
        _SOME_OR_ALL,
        failures=(_UNKNOWN,),
    ),
    _request(
        "FUNCTIONAL_REPORTING_ADD",
        42,
        "Adds structures to a definition.",
        _SEEN,
        Argument(_DEFINITION),
        _STRUCTURES,
        failures=(_UNKNOWN, FailureCode.NO_SUCH_ITEM, FailureCode.STRUCTURE_NAMED_TWICE),
    ),
    _request(
        "FUNCTIONAL_REPORTING_REMOVE",
        43,
        "Takes structures from a definition. One that is left without any names none.",
        _SEEN,
        Argument(_DEFINITION),
        Argument(Parameter("sids", _U16, "Structures"), listed=True, names=OrbiterStructure),
        failures=(_UNKNOWN, FailureCode.STRUCTURE_NOT_NAMED),
    ),
    _request(
        "FUNCTIONAL_REPORTING_MODIFY",
        44,
        "Changes how a definition sends structures.",
        _SEEN,
        Argument(_DEFINITION),
        _STRUCTURES,
        failures=(_UNKNOWN, FailureCode.STRUCTURE_NAMED_TWICE, FailureCode.STRUCTURE_NOT_NAMED),
    ),
)
REPORTS = (
    _report(
        "FUNCTIONAL_REPORTING_DEFINITION",
        41,
        "How a definition sends structures",
        _DEFINITION,
        Group("structures", (_SID, _PERIODIC, _INTERVAL), "Structures"),
    ),
)
