"""ST[20] on-board parameter management (ECSS-E-ST-70-41C 6.20, 8.20): requests and reports.

Ours: identifiers of 16 bits, values as binary64 engineering values, of an enumeration its number.
Left out: definitions that tie a parameter to an address [20,4] to [20,7]. A parameter here is a declared
value of a task's, with its limits; a change of where it lies would go round them.
"""

from enum import IntEnum
from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.pool import OnBoardParameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.settings import SettableParameter
from fsw.dictionary.telecommand import Argument, ArgumentGroup

_IDENTIFIER, _VALUE = construct.Int16ub, construct.Float64b
AnyParameter = IntEnum(  # type: ignore[misc]
    "AnyParameter",
    {m.name: int(m) for both in (OnBoardParameter, SettableParameter) for m in both},
)
AnyParameter.__doc__ = "Parameters that are measured (pool) and that are set (settings)."


def _argument(names: type[IntEnum]) -> Argument:
    return Argument(Parameter("parameter", _IDENTIFIER, "Which parameter"), names=names)


_request, _report = partial(request, 20), partial(report, 20)
TELECOMMANDS = (
    _request(
        "PARAMETERS_REPORT",
        1,
        "Reports the values of parameters: measured now, or as set.",
        "PARAMETER_VALUES [20,2].",
        ArgumentGroup("parameters", (_argument(AnyParameter),), "Parameters"),
        failures=(FailureCode.UNKNOWN_PARAMETER, FailureCode.NOT_MEASURED, FailureCode.BUSY),
    ),
    _request(
        "PARAMETERS_SET",
        3,
        "Sets parameters, all or none; what they govern goes by them at once, and after a restart.",
        "PARAMETER_VALUES [20,2] on request; TC_COMPLETED comes after they were read back.",
        ArgumentGroup(
            "parameters",
            (_argument(SettableParameter), Argument(Parameter("value", _VALUE, "Its value from now on"))),
            "Parameters and values",
        ),
        failures=(
            FailureCode.UNKNOWN_PARAMETER,
            FailureCode.PARAMETER_NOT_SETTABLE,
            FailureCode.VALUE_NOT_ALLOWED,
            FailureCode.BUSY,
            FailureCode.NOT_KEPT,
        ),
    ),
)
REPORTS = (
    _report(
        "PARAMETER_VALUES",
        2,
        "Values of parameters",
        Group(
            "parameters",
            (
                Parameter("parameter", _IDENTIFIER, "Which parameter", enumeration=AnyParameter),
                Parameter("value", _VALUE, "Its value"),
            ),
            "Parameters",
        ),
    ),
)
